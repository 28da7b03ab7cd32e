"""The values view: one card for each value, one wire for each reading of it.

Whoever reads the picture can redo the chain rule with it: each card shows the local
derivative of every operand, the gradient, and, where a value is read more than once,
each message that was added up.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import isfinite

from micronn.graph.operations import glyph
from micronn.graph.rows import Graph, Row
from micronn.pictures import ids
from micronn.pictures.cards import (
    Card,
    Face,
    Ports,
    derivative,
    largest,
    message,
    ports,
    value_card,
)
from micronn.pictures.edges import Wire, message_wire
from micronn.pictures.legend import value_legend
from micronn.pictures.palette import scale
from micronn.pictures.sketch import Sketch
from micronn.support.text import counted, fmt


def values_view(
    graph: Graph, chosen: Sequence[int], prefix: str = "", blank: tuple[str, ...] = ()
) -> Sketch:
    """A card for each of the chosen nodes; where the picture stops, a stub.

    blank: ("grad",), or ("grad", "data"), for a sheet on which the gradients, and the data
        of computed values, are to be written in.
    """
    rows = graph.rows(chosen)
    m = scale([row.grad for row in rows if row.role != "const"])
    cards = ValueCards(graph, rows, m, prefix, blank=blank)
    inside = {row.k for row in rows}
    wires = [
        cards.wire(row, j)
        for row in rows
        if row.k not in cards.below
        for j, k in enumerate(row.operands)
        if k in inside
    ]
    title, caption = sentences(rows, len(graph))
    items = value_legend(m, "operand", bool(cards.outs))
    if blank:
        wires = [replace(item, token="rule", width=1.7, dash="", title="") for item in wires]
        title = caption = ""
    return Sketch([cards.card(row) for row in rows], wires, title, caption, items)


def window(graph: Graph, most: int) -> list[int]:
    """The nodes nearest to the root: whole levels, or of a first level that is too wide
    those operands of the root that get a row.
    """
    chosen, root = graph.window(most), len(graph) - 1
    if len(chosen) > 1:
        return chosen
    row = graph.nodes[root]
    shown = largest([slope * row.grad for slope in row.local_grads])
    return sorted({root, *[row.operands[j] for j in shown]})


class ValueCards:
    """The cards of some rows of a graph, and the ports where their wires begin and end.

    m: the largest gradient of the picture.
    folded: operands that are not among the rows are drawn elsewhere in the picture, so
        no row is a stub.
    blank: as for values_view.
    """

    def __init__(
        self,
        graph: Graph,
        rows: list[Row],
        m: float,
        prefix: str = "",
        folded: bool = False,
        blank: tuple[str, ...] = (),
    ):
        self.graph, self.m, self.prefix, self.blank = graph, m, prefix, blank
        inside, root = {row.k for row in rows}, len(graph) - 1
        cut = [row.k for row in rows if not inside.issuperset(row.operands)]
        stubs = [k for k in cut if k != root and not folded]
        self.below = graph.counts_below(stubs)
        self.ins = {row.k: ports_in(row) for row in rows if row.k not in self.below}
        self.outs = {row.k: ports_out(row) for row in rows if len(row.uses) > 1}

    def card(self, row: Row, name: str = "") -> Card:
        """The card of a row.  name: what to call a value that has no name."""
        return value_card(self.face(row, name), self.m, self.prefix)

    def face(self, row: Row, name: str) -> Face:
        """What the card of a row shows."""
        k, below = row.k, self.below.get(row.k)
        operands_fine = all(isfinite(self.graph.nodes[j].data) for j in row.operands)
        blank = self.blank if row.operands else self.blank[:1]
        shown = below is None and "data" not in blank
        first_bad = shown and operands_fine and not isfinite(row.data)
        corner = {"op": "", "root": "output"}.get(row.role, row.role)
        if below is not None:
            corner = f"from {counted(below, 'value')}"
        elif first_bad:
            corner = f"{corner} first {fmt(row.data)}".strip()
        return Face(
            k,
            row.role,
            glyph(row.op),
            name if name and not row.name else row.title,
            bool(row.name or name),
            row.data,
            row.grad,
            self.ins[k].rows if k in self.ins else [],
            self.outs[k].rows if k in self.outs else [],
            corner,
            first_bad,
            below is not None,
            blank,
        )

    def wire(self, row: Row, j: int, tail: tuple[str, str] | None = None) -> Wire:
        """The wire that brings operand j to a row, from its card or from the given port."""
        source = row.operands[j]
        return message_wire(
            ids.edge(row.k, j),
            tail or self.tail(source, row.k, j),
            (ids.value(row.k), ids.operand_port(self.ins[row.k].row_of[j])),
            self.graph.nodes[source].title,
            row.local_grads[j],
            row.grad,
            self.m,
        )

    def tail(self, source: int, user: int, j: int) -> tuple[str, str]:
        """The card and port where the wire to one use of a value begins."""
        port = ids.use_port(self.outs[source].row_of[user, j]) if source in self.outs else ""
        return ids.value(source), port


def ports_in(row: Row) -> Ports:
    """The rows of local derivatives; of many, those with the largest messages."""
    sizes = [slope * row.grad for slope in row.local_grads]
    id = partial(ids.derivative, row.k)
    return ports(row.local_grads, sizes, derivative, id, range(len(sizes)))


def ports_out(row: Row) -> Ports:
    """The rows of messages, one for each use."""
    messages = [use.message for use in row.uses]
    keys = [(use.user, use.j) for use in row.uses]
    return ports(messages, messages, message, partial(ids.message, row.k), keys)


def sentences(rows: list[Row], values: int) -> tuple[str, str]:
    """The title and the description of a picture of values, with the numbers in words."""
    root, given = rows[-1], [row for row in rows if row.role in ("input", "param")]
    caption = counted(values, "value")
    if values > len(rows):
        caption += f", the {len(rows)} nearest to the output shown"
    caption += f", from left to right. Output {root.title} = {fmt(root.data)}."
    if given:
        facts = ", ".join([f"{row.title} = {fmt(row.data)}" for row in given[:12]])
        slopes = ", ".join([f"{row.title} {fmt(row.grad, sign=True)}" for row in given[:12]])
        caption += f" Given {facts}. Gradients {slopes}."
    return f"Computation of {root.title}", caption
