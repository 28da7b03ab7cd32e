"""A card is a small table: what a value is, what it holds, what comes in, what goes back.

Cards are painted here, each at its own origin, before anybody knows where it will
stand: its size decides the layout, and not the other way round.  One row is 20 units
high, so a wire that ends at row k ends beside the number it belongs to.

        ╭─────────┬────────────────────┬──────────╮
        │ ×  name                        output   │
        │ ∂ −3    │ data       −6      │ ← +0.25  │   row 1
        │ ∂ 2     │ grad   [ +0.5000 ] │ ← +0.25  │   row 2
        ╰─────────┴────────────────────┴──────────╯
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from micronn.pictures import ids
from micronn.pictures.palette import shade
from micronn.pictures.svg import (
    svg_chip,
    svg_line,
    svg_rect,
    svg_text,
    svg_title,
    text_width,
    units,
)
from micronn.support.numeric import magnitude
from micronn.support.text import columns, fmt

ROW = 20  # the height of a row
MOST_ROWS = 8  # of operands, messages or weights on one card
SIDE = 14  # what a column of derivatives or messages needs beside its text
EDGE = 8  # between border, operation and name
LABELS = 36  # the words data and grad, before the numbers
GAP = 6  # behind the numbers
CHIP = 10.6  # what the chip around a number needs beside it
NUMBER = 50.4  # the least room that a number gets, seven characters


@dataclass
class Card:
    """A painted card.

    css: its class, which is the kind of value: input, param, const, op, root.
    label: what Graphviz knows of it, a record or, if shape is "box", plain text.
    """

    id: str
    css: str
    title: str
    width: float
    height: float
    label: str
    body: list[str] = field(default_factory=list)
    shape: str = "record"
    lane: str = ""

    def svg(self, middle: tuple[float, float], prefix: str = "") -> str:
        """The card around its middle."""
        x, y = middle[0] - self.width / 2, middle[1] - self.height / 2
        return (
            f'<g id="{prefix}{self.id}" class="card {self.css}" '
            f'transform="translate({units(x)} {units(y)})">'
            f"{svg_title(self.title)}{''.join(self.body)}</g>"
        )


class Port(NamedTuple):
    """A row at the side of a card: its text, and the id of that text."""

    text: str
    id: str


Cell = tuple[str, str]  # a field of a record: its port, or "", and its text


# Choosing rows


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


class Ports(NamedTuple):
    """The rows at one side of a card, and in which row each wire ends: 0 is below the header."""

    rows: list[Port]
    row_of: dict[Hashable, int]


def ports(
    numbers: Sequence[float],
    sizes: Sequence[float],
    text: Callable[[float], str],
    id: Callable[[int], str],
    keys: Iterable[Hashable],
) -> Ports:
    """Rows for many numbers; what is not among the largest shares the last, "… n more".

    sizes: how large each number counts.  id: of the text in a row.
    keys: what the wires are called, one for each number.
    """
    shown = largest(sizes)
    rows = [Port(text(numbers[i]), id(row)) for row, i in enumerate(shown)]
    if len(shown) < len(numbers):
        rows.append(Port(f"… {len(numbers) - len(shown)} more", id(len(shown))))
    row_of = {i: row for row, i in enumerate(shown)}
    return Ports(rows, {key: row_of.get(i, len(shown)) for i, key in enumerate(keys)})


def derivative(x: float) -> str:
    """A local derivative as a card shows it."""
    return f"∂ {fmt(x)}"


def message(x: float) -> str:
    """A message as a card shows it."""
    return f"← {fmt(x, sign=True)}"


# DOT labels


def record(*cells: Sequence[Cell]) -> str:
    """Columns of (port, text) fields as a record label; all columns are made equally long."""
    high = max(map(len, cells))
    padded = [[*column, *[("", "")] * (high - len(column))] for column in cells]
    texts = [
        " | ".join([f"{p and f'<{p}> '}{dot_text(t)}" for p, t in column]) for column in padded
    ]
    return "{ " + " | ".join([f"{{ {text} }}" for text in texts]) + " }"


def record_width(*cells: Sequence[Cell]) -> float:
    """The room that Graphviz's own font needs for a record, so that it never warns."""
    return sum([max([columns(text) for _, text in column]) * 6.7 + 6.0 for column in cells]) + 2


def dot_text(text: str) -> str:
    """Text inside a DOT label, where Graphviz reads &#1; as one character."""
    return "".join(["\\" + c if c in '\\{}|<>"' else c for c in text]).replace("&", "&amp;")


# The value card


@dataclass
class Face:
    """What a value card shows.

    k: the number of the value, from which its ids are made.
    named: whether the name is more than a number in the order.
    rows_in, rows_out: local derivatives at its left, messages at its right.
    corner: a word at the top right.
    first_bad: its data is nan or infinite, though its operands are not.
    stub: the picture stops here, though it has operands.
    blank: "grad" or "data" for numbers that are to be written in; what would give them
        away is left out.
    """

    k: int
    css: str
    glyph: str
    name: str
    named: bool
    data: float
    grad: float
    rows_in: list[Port] = field(default_factory=list)
    rows_out: list[Port] = field(default_factory=list)
    corner: str = ""
    first_bad: bool = False
    stub: bool = False
    blank: tuple[str, ...] = ()

    @property
    def bad(self) -> bool:
        """Whether a number that it shows is nan or infinite."""
        known = {"data": self.data, "grad": self.grad}
        return not all(math.isfinite(x) for name, x in known.items() if name not in self.blank)


def value_card(face: Face, m: float, prefix: str = "") -> Card:
    """One value: operation and name, local derivatives, data over gradient, messages.

    m: the largest gradient of the picture, against which shades are measured.
    """
    high = max(2, len(face.rows_in), len(face.rows_out))
    data, grad = fmt(face.data), fmt(face.grad, sign=True)
    left, right = column_width(face.rows_in), column_width(face.rows_out)
    chip = max(NUMBER, text_width(data), text_width(grad)) + CHIP
    cells = value_cells(face, data, grad, high)
    corner = text_width(face.corner, 10) + 12 if face.corner else 0
    header = name_left(face.glyph) + text_width(face.name) + EDGE + corner
    columns = left + (LABELS + GAP) + chip + right
    width = math.ceil(max(columns, header, record_width(*cells)))
    title = f"{face.name}: {face.glyph or face.css}, data = {face.data!r}, grad = {face.grad!r}"
    card = Card(
        ids.value(face.k),
        face.css,
        "" if face.blank else title,
        width,
        ROW * (high + 1),
        record(*cells),
    )
    token = "bad" if face.first_bad else "mut" if face.css == "op" else face.css
    ink = "ink" if face.named else "mut"
    card.body += frame(card, "bad" if face.bad else face.css, face.stub)
    card.body += heading(width, face.glyph, face.name, face.corner, token, ink)
    given = ([], []) if face.blank else (face.rows_in, face.rows_out)
    card.body += side(given[0], left / 2, prefix)
    if face.rows_in:
        card.body.append(upright(left, ROW, card.height))
    card.body += numbers(face, left, width - left - right, ROW * high / 2, m, prefix)
    card.body += side(given[1], width - right / 2, prefix)
    if face.rows_out:
        card.body.append(upright(width - right, ROW, card.height))
    return card


def value_cells(face: Face, data: str, grad: str, high: int) -> list[list[Cell]]:
    """The columns of a value card's record."""
    blank = [("", "")] * ((high - 2) // 2)
    middle = [*blank, ("", f"data {data}"), ("", f"grad {grad}")]
    if not face.rows_in:
        cells = [[("", f"{face.glyph} {face.name}".strip()), *middle]]
    else:
        left = [(ids.operand_port(row), port.text) for row, port in enumerate(face.rows_in)]
        cells = [[("", face.glyph), *left], [("", face.name), *middle]]
    if face.rows_out:
        right = [(ids.use_port(row), port.text) for row, port in enumerate(face.rows_out)]
        cells.append([("", face.corner), *right])
    return [[*column, *[("", "")] * (high + 1 - len(column))] for column in cells]


def column_width(rows: Sequence[Port]) -> float:
    """The width of a column of derivatives or messages."""
    return max([text_width(port.text) for port in rows], default=-SIDE) + SIDE


def frame(card: Card, stroke: str, dashed: bool = False) -> list[str]:
    """The border of a card: square if it was given, round if it was computed."""
    wide = 3 if stroke == "bad" else 1 if card.css in ("const", "op") or dashed else 2
    radius = 10 if card.css in ("op", "root") else 0
    dash = "4 3" if card.css == "const" or dashed else ""
    inner = card.width - wide, card.height - wide
    box = svg_rect(wide / 2, wide / 2, *inner, "card", stroke, wide, radius, dash)
    return [box, svg_line(f"M0 {ROW}L{units(card.width)} {ROW}", stroke)]


def name_left(glyph: str) -> float:
    """Where a name begins, behind the operation."""
    return EDGE + (text_width(glyph) + EDGE if glyph else 0)


def heading(
    width: float, glyph: str, name: str, corner: str, token: str, ink: str = "ink"
) -> list[str]:
    """Operation, name, and in its own colour the word in the corner."""
    return [
        svg_text(EDGE, 14, glyph, fill="op", bold=True),
        svg_text(name_left(glyph), 14, name, fill=ink, bold=True),
        svg_text(width - EDGE, 14, corner, 10, token, "end"),
    ]


def side(rows: Sequence[Port], x: float, prefix: str) -> list[str]:
    """A column of derivatives or messages around x."""
    return [
        svg_text(x, ROW * row + 34, port.text, 12, "mut", "middle", id=prefix + port.id)
        for row, port in enumerate(rows)
    ]


def upright(x: float, top: float, bottom: float) -> str:
    """A thin line between two columns."""
    return svg_line(f"M{units(x)} {units(top)}L{units(x)} {units(bottom)}", "hair")


def numbers(face: Face, x: float, width: float, y: float, m: float, prefix: str) -> list[str]:
    """Data above gradient; only the gradient has a colour, unless data is nan or infinite."""
    data, grad = fmt(face.data), fmt(face.grad, sign=True)
    data_id, grad_id = prefix + ids.data(face.k), prefix + ids.grad(face.k)
    left, chip = x + LABELS, width - LABELS - GAP
    if "data" in face.blank:
        top = blank_box(left, y, chip)
    elif math.isfinite(face.data):
        top = svg_text(left + chip / 2, y + 14, data, anchor="middle", id=data_id)
    else:
        top = svg_chip(left, y, chip, data, "bad", data_id)
    token = shade(face.grad, m)
    if face.css == "const" and token != "bad":
        token = "zero"  # nobody will use it
    return [
        svg_text(x + 7, y + 14, "data", 10, "mut"),
        svg_text(x + 7, y + 34, "grad", 10, "mut"),
        top,
        blank_box(left, y + ROW, chip)
        if "grad" in face.blank
        else svg_chip(left, y + ROW, chip, grad, token, grad_id),
    ]


def blank_box(x: float, y: float, width: float) -> str:
    """A chip to write a number in."""
    return svg_rect(x, y + 2, width, 15, "bg", "rule", radius=4)
