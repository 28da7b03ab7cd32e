"""The program beside its graph: the lines that made the values of a step page.

A line marks its cards, and a card its line.  Without JavaScript it is a list to read.
"""

from micronn.graph.lines import Line
from micronn.graph.rows import Graph
from micronn.pictures.paint import ids
from micronn.pictures.paint.svg import escape
from micronn.support.text import brief


def source_panel(graph: Graph) -> str:
    """The lines that made a graph, in the order of their files, as HTML; "" if none is known."""
    made: dict[Line, list[int]] = {}
    for row in graph.nodes:
        if row.line:
            made.setdefault(row.line, []).append(row.k)
    items = []
    for line in sorted(made):
        cards, names = map(ids.value, made[line]), [graph.nodes[k].title for k in made[line]]
        says = f"{line.place} made {brief(names)}."
        items.append(
            f'<li data-n="{" ".join(cards)}" data-says="{escape(says)}">'
            f"<span>{escape(line.place)}</span> <code>{escape(line.text)}</code></li>"
        )
    if not items:
        return ""
    return (
        '<section id="source" aria-label="the program"><h2>Lines that made these values</h2>'
        f'<ul class="mono">{"".join(items)}</ul><p id="says" role="status"></p></section>\n'
    )
