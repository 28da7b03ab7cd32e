"""What every picture is painted with: colours, SVG elements, ids, cards; and a page around it."""
