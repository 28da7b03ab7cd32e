"""A page's numbers and words, and how they follow when a reader changes one of them."""
