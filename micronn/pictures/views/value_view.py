"""The values view: one card for each value, one wire for each reading of it.

Whoever reads the picture can redo the chain rule with it: each card shows the local
derivative of every operand, the gradient, and, where a value is read more than once,
each message that was added up.

        ╭─────────┬────────────────────┬──────────╮
        │ ×  name                        output   │
        │ ∂ −3    │ data       −6      │ ← +0.25  │   row 1
        │ ∂ 2     │ grad   [ +0.5000 ] │ ← +0.25  │   row 2
        ╰─────────┴────────────────────┴──────────╯

Where lines were recorded, one more row at the bottom says which made it: net.py:12.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import NamedTuple

from micronn.graph.lines import made_at
from micronn.graph.operations import glyph
from micronn.graph.rows import Graph, Row
from micronn.pictures.layout.sketch import End, Sketch, Wire, message_wire
from micronn.pictures.paint import ids
from micronn.pictures.paint.cards import (
    EDGE,
    NUMBER,
    ROW,
    TALL,
    Card,
    Cell,
    largest,
    name_left,
    record_card,
)
from micronn.pictures.paint.legend import value_legend, words
from micronn.pictures.paint.palette import idle, odd, scale, shade
from micronn.pictures.paint.svg import svg_chip, svg_rect, svg_text, text_width
from micronn.support.text import counted, fmt

SIDE = 14  # what a column of derivatives or messages needs beside its text
LABELS = {"grad": 36, "tangent": 54}  # the words data and grad, before the numbers
GAP = 6  # behind the numbers
BOX = 78  # the width of a box to write in, on paper 20 mm
CHIP = 10.6  # what the chip around a number needs beside it


def values_view(
    graph: Graph, chosen: Sequence[int], prefix: str = "", blank: Sequence[str] = ()
) -> Sketch:
    """A card for each of the chosen nodes; where the picture stops, a stub.

    blank: ("grad",), or ("grad", "data"), for a sheet on which the gradients, and the data
        of computed values, are to be written in; what would give them away is left out.
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
    caption = "" if blank else sentence(rows, len(graph), graph.ran and not graph.forward)
    if graph.forward:
        caption += f" Tangent of {rows[-1].title} {fmt(rows[-1].grad, sign=True)}."
    part = [f"{len(rows)} of {len(graph):,} values are shown: those nearest to the output."]
    by, known = "card by that operand", m if graph.ran else None
    items = value_legend(known, by, bool(cards.outs), bool(graph.forward))
    if any(row.line for row in rows) and not blank:
        items.append(words("below: the file and line that made it"))
    if blank:
        wires = [replace(item, token="rule", width=1.7, dash="", title="") for item in wires]
    notes = part if len(rows) < len(graph) else []
    caption = " ".join([*notes, caption])
    return Sketch([cards.card(row) for row in rows], wires, caption, items, notes)


def window(graph: Graph, most: int) -> list[int]:
    """The nodes nearest to the root: whole levels, or of a first level that is too wide
    those operands of the root that get a row.
    """
    chosen, root = graph.window(most), len(graph) - 1
    if len(chosen) > 1:
        return chosen
    row = graph.nodes[root]
    shown = largest([row.message(j) for j in range(len(row.operands))])
    return sorted({root, *[row.operands[j] for j in shown]})


# The rows at the sides of a card


class Port(NamedTuple):
    """A row at the side of a card: its text, and the id of that text.

    given: whether it stands on a sheet too on which messages are to be written in.
    """

    text: str
    id: str
    given: bool = False


class Ports(NamedTuple):
    """The rows at one side of a card, and in which row each wire ends: 0 is below the header."""

    rows: list[Port]
    row_of: dict[Hashable, int]


def ports_in(row: Row) -> Ports:
    """The rows of local derivatives; of many, those with the largest messages."""
    slopes = row.local_grads
    sizes = [row.message(j) for j in range(len(slopes))]
    id = partial(ids.derivative, row.k)
    came = row.sent or [None] * len(slopes)
    return ports(sizes, lambda i: derivative(slopes[i], came[i]), id, range(len(sizes)))


def ports_out(row: Row) -> Ports:
    """The rows of messages, one for each use, below what the gradient held beside them."""
    sizes = [use.message for use in row.uses]
    keys = [(use.user, use.j) for use in row.uses]
    rows, row_of = ports(sizes, lambda i: message(sizes[i]), partial(ids.message, row.k), keys)
    if row.rest is None:
        return Ports(rows, row_of)
    first = Port(str(row.rest), ids.held(row.k), True)
    return Ports([first, *rows], {key: at + 1 for key, at in row_of.items()})


def is_sum(row: Row) -> bool:
    """Whether a gradient is made of several parts, which its card then shows."""
    return len(row.uses) > 1 or row.rest is not None


Namer = Callable[[int], str]  # what a row of a column says, or what it is called


def ports(sizes: Sequence[float], text: Namer, id: Namer, keys: Iterable[Hashable]) -> Ports:
    """Rows for many numbers; what is not among the largest shares the last, "… n more".

    sizes: how large each number counts.  text: of a number.  id: of the text in a row.
    keys: what the wires are called, one for each number.
    """
    shown = largest(sizes)
    rows = [Port(text(i), id(row)) for row, i in enumerate(shown)]
    if len(shown) < len(sizes):
        rows.append(Port(f"… {len(sizes) - len(shown)} more", id(len(shown))))
    row_of = {i: row for row, i in enumerate(shown)}
    return Ports(rows, {key: row_of.get(i, len(shown)) for i, key in enumerate(keys)})


def derivative(x: float, came: float | None = None) -> str:
    """A local derivative as a card shows it, and in forward mode what comes of it."""
    return f"∂ {fmt(x)}" + ("" if came is None else f" → {fmt(came, sign=True)}")


def message(x: float) -> str:
    """A message as a card shows it."""
    return f"← {fmt(x, sign=True)}"


# The cards


class ValueCards:
    """The cards of some rows of a graph, and the ports where their wires begin and end.

    m: the largest gradient of the picture, against which shades are measured.
    elsewhere: where wires begin that come from other cards; with them no row is a stub.
    blank: as for values_view.
    """

    def __init__(
        self,
        graph: Graph,
        rows: list[Row],
        m: float,
        prefix: str = "",
        *,
        elsewhere: Mapping[int, End] | None = None,
        blank: Sequence[str] = (),
    ):
        self.graph, self.m, self.prefix, self.blank = graph, m, prefix, blank
        self.elsewhere = elsewhere or {}
        inside, root = {row.k for row in rows}, len(graph) - 1
        cut = [row.k for row in rows if not inside.issuperset(row.operands)]
        stubs = [k for k in cut if k != root and not elsewhere]
        self.below = graph.counts_below(stubs)
        self.ins = {row.k: ports_in(row) for row in rows if row.k not in self.below}
        self.outs = {row.k: ports_out(row) for row in rows if is_sum(row)}

    def card(self, row: Row, name: str = "") -> Card:
        """One value: operation and name, local derivatives, data over gradient, messages.

        name: what to call a value that has no name.
        """
        sign, named = glyph(row.op), row.name or name
        name = name if name and not row.name else row.title
        ins = self.ins[row.k].rows if row.k in self.ins else []
        outs = self.outs[row.k].rows if row.k in self.outs else []
        corner, token = self.corner(row)
        texts = data, grad = fmt(row.current), fmt(row.grad, sign=True) if self.graph.ran else ""
        high = max(2, len(ins), len(outs))
        left, right = [
            max([self.port_width(port) + SIDE for port in ports], default=0)
            for ports in (ins, outs)
        ]
        chip = max(NUMBER, text_width(data), text_width(grad)) + CHIP
        chip = max(chip, BOX * bool(self.blank))
        tall = TALL if self.blank else ROW
        columns = left + (LABELS[self.graph.word] + GAP) + chip + right
        header = name_left(sign) + text_width(name) + EDGE
        header += text_width(corner, 10) + 12 if corner else 0
        line = row.line.place if row.line and not self.blank else ""
        needed = max(columns, header, text_width(line, 10) + 2 * EDGE)
        changed = f"{data} {corner}" if token == "eneg" else data
        cells = record_cells(
            (sign, name, corner), (f"data {changed}", f"{self.graph.word} {grad}"), ins, outs
        )
        if line:
            cells[0] += [*[("", "")] * (high + 1 - len(cells[0])), ("", line)]
        title = "" if self.blank else self.words(row, name)
        rows = high + 1 + bool(line)
        card = record_card(ids.value(row.k), row.role, title, needed, rows, *cells, row=tall)
        known = {"data", "grad"}.difference(self.blanks(row))
        seen = [getattr(row, field) for field in sorted(known)]
        card.frame(odd(seen, row.role), row.k in self.below)
        card.heading(sign, name, corner, token, "ink" if named else "mut")
        bottom = tall * (high + 1)
        self.side(card, ins, left / 2, left, bottom)
        card.body += self.numbers(row, texts, (left, tall * high / 2), chip, tall)
        self.side(card, outs, card.width - right / 2, card.width - right, bottom)
        card.foot(line)
        return card

    def words(self, row: Row, name: str) -> str:
        """What a card says of itself: the name, and its numbers with all digits."""
        words = f"{name}: {glyph(row.op) or self.graph.kind(row)}, data = {row.current!r}"
        words += f", was {row.data!r}" if row.now is not None else ""
        words += f", {self.graph.word} = {row.grad!r}" if self.graph.ran else ""
        return words + made_at([row.line])

    def corner(self, row: Row) -> tuple[str, str]:
        """The word at the top right of a card, and its colour.

        A given value that was changed says what it was.  Where nan or infinity begins, it
        says so: data is not finite, all operands are.
        """
        if row.change:
            return row.change, "eneg"
        word, token = kind_in_corner(self.graph, row)
        if row.k in self.below:
            return f"from {counted(self.below[row.k], 'value')}", token
        fine = isfinite(row.data) or "data" in self.blanks(row)
        if fine or not all(isfinite(self.graph.nodes[j].data) for j in row.operands):
            return word, token
        return first(word, row.data), "bad"

    def port_width(self, port: Port) -> float:
        """The room for a derivative or a message, or for the box that it is written in."""
        if self.blank and not port.given:
            return text_width(port.text[0]) + 6 + BOX
        return text_width(port.text)

    def side(self, card: Card, rows: Sequence[Port], x: float, edge: float, bottom: float) -> None:
        """Paint a column of derivatives or messages around x, and the line at its edge."""
        for row, port in enumerate(rows):
            y, id = card.row * (row + 1.5) + 4, self.prefix + port.id
            if self.blank and not port.given:
                left = x - self.port_width(port) / 2
                card.body.append(svg_text(left, y, port.text[0], 12, "mut"))
                card.body.append(blank_box(left + 13.2, card.row * (row + 1), BOX, card.row))
            else:
                card.body.append(svg_text(x, y, port.text, 12, "mut", "middle", id=id))
        if rows:
            card.upright(edge, bottom)

    def blanks(self, row: Row) -> Sequence[str]:
        """Which numbers of a row are to be written in; the data of a given one never is."""
        return self.blank if row.operands else self.blank[:1]

    def numbers(
        self, row: Row, texts: tuple[str, str], at: tuple[float, float], chip: float, tall: float
    ) -> list[str]:
        """Data above gradient; only the gradient has a colour, unless data is nan or infinite.

        at: the top left corner.  tall: how high a row is.
        chip: how wide its colour is, as the number asks for and not the name above it.
        """
        (x, y), blank, air = at, self.blanks(row), (tall - ROW) / 2
        left = x + LABELS[self.graph.word]
        data_id, grad_id = self.prefix + ids.data(row.k), self.prefix + ids.grad(row.k)
        is_idle = row.role == "const" and not self.graph.forward
        token = idle(row.grad) if is_idle else shade(row.grad, self.m)
        data = svg_text(left + chip / 2, y + air + 14, texts[0], anchor="middle", id=data_id)
        if odd_data := odd([row.current]):
            data = svg_chip(left, y + air, chip, texts[0], odd_data, data_id)
        elif row.change:
            edge = svg_rect(left, y + air + 2, chip, 15, "card", "eneg", radius=4, dash="4 3")
            data = edge + data
        below, ran = y + tall + air, self.graph.ran
        grad = svg_chip(left, below, chip, texts[1], token, grad_id) if ran else ""
        return [
            svg_text(x + 7, y + air + 14, "data", 10, "mut"),
            svg_text(x + 7, below + 14, self.graph.word, 10, "mut"),
            blank_box(left, y, chip, tall) if "data" in blank else data,
            blank_box(left, y + tall, chip, tall) if "grad" in blank else grad,
        ]

    def wire(self, row: Row, j: int) -> Wire:
        """The wire that brings operand j to a row."""
        id, tail = ids.edge(row.k, j), self.tail(row.operands[j], row.k, j)
        head = ids.value(row.k), ids.operand_port(self.ins[row.k].row_of[j])
        name = self.graph.nodes[row.operands[j]].title
        m, factors = self.m if self.graph.ran else None, (row.local_grads[j], row.grad)
        if row.sent is not None:
            factors = row.local_grads[j], self.graph.nodes[row.operands[j]].grad
            m = None if row.sent[j] is None else m
        forward = row.sent is not None
        made = message_wire(id, tail, head, name, factors, row.message(j), m, forward)
        thin = self.graph.nodes[row.operands[j]].role == "const" and made.token != "bad"
        return replace(made, width=1.0) if thin else made  # a message that nobody uses

    def tail(self, source: int, user: int, j: int) -> End:
        """The card and port where the wire to one use of a value begins."""
        row = self.outs[source].row_of.get((user, j)) if source in self.outs else None
        return self.elsewhere.get(
            source, (ids.value(source), "" if row is None else ids.use_port(row))
        )


def kind_in_corner(graph: Graph, row: Row) -> tuple[str, str]:
    """What a value is, as its card says at the top right, and the colour of that."""
    word = {"op": "", "root": "output"}.get(row.role, graph.kind(row))
    return word, "mut" if row.role == "op" else row.role


def first(word: str, x: float) -> str:
    """The corner of a card where nan or infinity begins."""
    return f"{word} first {fmt(x)}".strip()


def record_cells(
    header: tuple[str, str, str], texts: tuple[str, str], ins: Sequence[Port], outs: Sequence[Port]
) -> list[list[Cell]]:
    """The columns of a value card's record: its sign, name and corner above ports and numbers."""
    sign, name, corner = header
    high = max(2, len(ins), len(outs))
    above = [("", "")] * ((high - 2) // 2)
    middle = [*above, *[("", text) for text in texts]]
    cells = [[("", name if ins else f"{sign} {name}".strip()), *middle]]
    if ins:
        left = [(ids.operand_port(row), port.text) for row, port in enumerate(ins)]
        cells.insert(0, [("", sign), *left])
    if outs:
        right = [(ids.use_port(row), port.text) for row, port in enumerate(outs)]
        cells.append([("", corner), *right])
    return cells


def blank_box(x: float, y: float, width: float, tall: float) -> str:
    """A box to write a number in, in a row of that height."""
    return svg_rect(x, y + 1.5, width, tall - 3, "bg", "rule", radius=4)


def sentence(rows: list[Row], values: int, ran: bool) -> str:
    """The description of a picture of values, with the numbers in words."""
    root, given = rows[-1], [row for row in rows if row.role in ("input", "param")]
    caption = f"{counted(values, 'value')}, from left to right. "
    caption += f"Output {root.title} = {fmt(root.data)}."
    if given:
        facts = ", ".join([f"{row.title} = {fmt(row.data)}" for row in given[:12]])
        slopes = ", ".join([f"{row.title} {fmt(row.grad, sign=True)}" for row in given[:12]])
        caption += f" Given {facts}." + f" Gradients {slopes}." * ran
    return caption
