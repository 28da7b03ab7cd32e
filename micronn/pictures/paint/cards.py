"""A card is a small table: what a value is, what it holds, what comes in, what goes back.

Cards are painted each at its own origin, before anybody knows where it will stand: its
size decides the layout, and not the other way round.  One row is 20 units high, so a
wire that ends at row k ends beside the number it belongs to.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from micronn.pictures.paint.svg import svg_line, svg_rect, svg_text, svg_title, text_width, units
from micronn.support.numeric import magnitude
from micronn.support.text import columns

ROW = 20  # the height of a row
TALL = 30  # that of a row to write in: the box is 27 high, on paper 7 mm
MOST_ROWS = 8  # of operands, messages or weights on one card
EDGE = 8  # between border, operation and name
NUMBER = 50.4  # the least room that a number gets, seven characters

Cell = tuple[str, str]  # a field of a record: its port, or "", and its text


@dataclass
class Card:
    """A painted card.

    css: its class, which is the kind of value: input, param, const, op, root.
    label: what Graphviz knows of it, a record or, if shape is "box", plain text.
    ports: of a record, the port or "" in each row of each column.
    row: how high a row is.
    """

    id: str
    css: str
    title: str
    width: float
    height: float
    label: str
    shape: str = "box"
    body: list[str] = field(default_factory=list)
    lane: str = ""
    ports: list[list[str]] = field(default_factory=list)
    row: float = ROW

    def svg(self, middle: tuple[float, float], prefix: str = "") -> str:
        """The card around its middle."""
        x, y = middle[0] - self.width / 2, middle[1] - self.height / 2
        return (
            f'<g id="{prefix}{self.id}" class="card {self.css}" '
            f'transform="translate({units(x)} {units(y)})">'
            f"{svg_title(self.title)}{''.join(self.body)}</g>"
        )

    def frame(self, stroke: str, dashed: bool = False) -> None:
        """Paint the border: square if the value was given, round if it was computed."""
        wide = 3 if stroke == "bad" else 1 if self.css in ("const", "op") or dashed else 2
        radius = 10 if self.css in ("op", "root") else 0
        dash = "4 3" if self.css == "const" or dashed else ""
        inner = self.width - wide, self.height - wide
        self.body += [
            svg_rect(wide / 2, wide / 2, *inner, "card", stroke, wide, radius, dash),
            svg_line(f"M0 {self.row}L{units(self.width)} {self.row}", stroke),
        ]

    def heading(self, glyph: str, name: str, corner: str, token: str, ink: str = "ink") -> None:
        """Paint operation, name, and in its own colour the word in the corner."""
        y = self.row / 2 + 4
        self.body += [
            svg_text(EDGE, y, glyph, fill="op", bold=True),
            svg_text(name_left(glyph), y, name, fill=ink, bold=True),
            svg_text(self.width - EDGE, y, corner, 10, token, "end"),
        ]

    def foot(self, text: str) -> None:
        """Paint a last row with a small text, if there is one."""
        if text:
            top, right = self.height - self.row, self.width - 2
            self.body.append(svg_line(f"M2 {units(top)}L{units(right)} {units(top)}", "hair"))
            self.body.append(svg_text(EDGE, top + 14, text, 10, "mut"))

    def upright(self, x: float, bottom: float) -> None:
        """Paint a thin line between two columns, from below the header down."""
        self.body.append(svg_line(f"M{units(x)} {self.row}L{units(x)} {units(bottom)}", "hair"))


def frame_around(width: float, height: float, room: float = 7.0, thick: float = 6.0) -> str:
    """A thick frame around a card of this size."""
    across, down = width + 2.0 * room, height + 2.0 * room
    path = f"M{-room} {-room}h{units(across)}v{units(down)}h{units(-across)}z"
    return svg_line(path, "eneg", thick)


def name_left(glyph: str) -> float:
    """Where a name begins, behind the operation."""
    return EDGE + (text_width(glyph) + EDGE if glyph else 0)


def largest(sizes: Sequence[float], most: int = MOST_ROWS) -> list[int]:
    """Which rows are shown: all, or the 7 of the largest size in their own order.

    nan counts as the largest of all.

    >>> largest([5.0, -1.0, 2.0], most=2)
    [0]
    """
    if len(sizes) <= most:
        return list(range(len(sizes)))
    order = sorted(range(len(sizes)), key=lambda i: (-magnitude(sizes[i]), i))
    return sorted(order[: most - 1])


# What Graphviz knows of a card


def record_card(
    id: str, css: str, title: str, width: float, rows: int, *cells: Sequence[Cell], row: float = ROW
) -> Card:
    """A card of so many rows whose wires end at ports: the cells of each of its columns.

    All columns are made equally long, and the card as wide as Graphviz's own font
    needs, so that it never warns.
    """
    needed = [max([columns(text) for _, text in column]) * 6.2 + 2.0 for column in cells]
    width = math.ceil(max(width, sum(needed) + 2))
    texts, ports = [], []
    for column in cells:
        padded = [*column, *[("", "")] * (max(map(len, cells)) - len(column))]
        ports.append([port for port, _ in padded])
        fields = [f"{port and f'<{port}> '}{dot_text(text)}" for port, text in padded]
        texts.append(f"{{ {' | '.join(fields)} }}")
    label = f"{{ {' | '.join(texts)} }}"
    return Card(id, css, title, width, row * rows, label, "record", ports=ports, row=row)


def box_card(id: str, css: str, title: str, width: float, height: float, lines: list[str]) -> Card:
    """A card that wires end at anywhere, and the lines of text that stand in it."""
    label = "\\n".join([dot_text(line) for line in lines])
    return Card(id, css, title, math.ceil(width), height, label)


def dot_text(text: str) -> str:
    """Text inside a DOT label, where Graphviz reads &#1; as one character."""
    return "".join(["\\" + c if c in '\\{}|<>"' else c for c in text]).replace("&", "&amp;")
