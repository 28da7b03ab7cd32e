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
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from micronn.pictures.palette import LIGHT, SHADES, shade, wire
from micronn.pictures.svg import escape, svg_chip, svg_line, svg_rect, svg_text, text_width, units
from micronn.support.text import columns, fmt

ROW = 20  # the height of a row
MOST_ROWS = 8  # of operands, messages or weights on one card
SIDE = 14  # what a column of numbers needs beside its text


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

    def svg(self, x: float, y: float, prefix: str = "") -> str:
        """The card with its top left corner at x, y."""
        return (
            f'<g id="{prefix}{self.id}" class="card {self.css}" '
            f'transform="translate({units(x)} {units(y)})">'
            f"<title>{escape(self.title)}</title>{''.join(self.body)}</g>"
        )


@dataclass
class Wire:
    """A wire between two cards; a port is a field of the card's record, or "".

    label: up to two lines of text above it.
    """

    id: str
    tail: str
    head: str
    tail_port: str
    head_port: str
    token: str
    width: float
    dash: str
    title: str
    label: tuple[str, ...] = ()
    minlen: int = 1


class Port(NamedTuple):
    """A row at the side of a card: its text, and the id of that text."""

    text: str
    id: str = ""


# Choosing rows


def largest(sizes: Sequence[float], most: int = MOST_ROWS) -> list[int]:
    """Which rows are shown: all, or the 7 of the largest size in their own order.

    nan counts as the largest of all.

    >>> largest([5.0, -1.0, 2.0], most=2)
    [0]
    """
    if len(sizes) <= most:
        return list(range(len(sizes)))
    order = sorted(
        range(len(sizes)),
        key=lambda i: (-abs(sizes[i]) if sizes[i] == sizes[i] else -math.inf, i),
    )
    return sorted(order[: most - 1])


class Ports(NamedTuple):
    """The rows at one side of a card, and in which row each wire ends: 0 is below the header."""

    rows: list[Port]
    places: dict[Hashable, int]


def ports(
    numbers: Sequence[float], sizes: Sequence[float], text: Callable, id: str, keys=None
) -> Ports:
    """Rows for many numbers; what is not among the largest shares the last, "… n more".

    sizes: how large each number counts.
    keys: what the wires are called, one for each number; 0, 1, 2... if left out.
    """
    shown = largest(sizes)
    rows = [Port(text(numbers[i]), f"{id}{row}") for row, i in enumerate(shown)]
    if len(shown) < len(numbers):
        rows.append(Port(f"… {len(numbers) - len(shown)} more", f"{id}{len(shown)}"))
    place = {i: row for row, i in enumerate(shown)}
    names = range(len(numbers)) if keys is None else keys
    return Ports(rows, {name: place.get(i, len(shown)) for i, name in enumerate(names)})


def derivative(x: float) -> str:
    """A local derivative as a card shows it."""
    return f"∂ {fmt(x)}"


def message(x: float) -> str:
    """A message as a card shows it."""
    return f"← {fmt(x, sign=True)}"


# DOT labels


def record(*cells: Sequence[tuple[str, str]]) -> str:
    """Columns of (port, text) fields as a record label; all columns are made equally long."""
    high = max(map(len, cells))
    padded = [[*column, *[("", "")] * (high - len(column))] for column in cells]
    texts = [
        " | ".join([f"{p and f'<{p}> '}{dot_text(t)}" for p, t in column]) for column in padded
    ]
    return "{ " + " | ".join([f"{{ {text} }}" for text in texts]) + " }"


def record_width(*cells: Sequence[tuple[str, str]]) -> float:
    """The room that Graphviz's own font needs for a record, so that it never warns."""
    return sum([max([columns(text) for _, text in column]) * 6.7 + 6.0 for column in cells]) + 2


def dot_text(text: str) -> str:
    """Text inside a DOT label, where Graphviz reads &#1; as one character."""
    return "".join(["\\" + c if c in '\\{}|<>"' else c for c in text]).replace("&", "&amp;")


# The value card


@dataclass
class Face:
    """What a value card shows.

    named: whether the name is more than a number in the order.
    rows_in, rows_out: local derivatives at its left, messages at its right.
    corner: a word at the top right.
    first_bad: its data is nan or infinite, though its operands are not.
    stub: the picture stops here, though it has operands.
    """

    id: str
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

    @property
    def bad(self) -> bool:
        """Whether a number on it is nan or infinite."""
        return not (math.isfinite(self.data) and math.isfinite(self.grad))


def value_card(face: Face, m: float, prefix: str = "") -> Card:
    """One value: operation and name, local derivatives, data over gradient, messages."""
    high = max(2, len(face.rows_in), len(face.rows_out))
    data, grad = fmt(face.data), fmt(face.grad, sign=True)
    left = column_width(face.rows_in)
    right = column_width(face.rows_out)
    chip = max(50.4, text_width(data), text_width(grad)) + 10.6
    cells = value_cells(face, data, grad, high)
    header = 16 + text_width(face.glyph) + (8 if face.glyph else 0) + text_width(face.name)
    corner = text_width(face.corner, 10) + 12 if face.corner else 0
    width = math.ceil(max(left + 42 + chip + right, header + corner, record_width(*cells)))
    middle = width - left - right
    words = face.glyph or face.css
    card = Card(
        face.id,
        face.css,
        f"{face.name}: {words}, data = {face.data!r}, grad = {face.grad!r}",
        width,
        ROW * (high + 1),
        record(*cells),
    )
    card.body += frame(card, "bad" if face.bad else face.css, face.css, face.stub)
    card.body += heading(card, face)
    card.body += side(face.rows_in, left / 2, prefix)
    if face.rows_in:
        card.body.append(upright(left, ROW, card.height))
    card.body += numbers(face, left, middle, ROW * high / 2, (data, grad), m, prefix)
    card.body += side(face.rows_out, width - right / 2, prefix)
    if face.rows_out:
        card.body.append(upright(width - right, ROW, card.height))
    return card


def value_cells(face: Face, data: str, grad: str, high: int):
    """The columns of a value card's record."""
    blank = [("", "")] * ((high - 2) // 2)
    middle = [*blank, ("", f"data {data}"), ("", f"grad {grad}")]
    if not face.rows_in:
        cells = [[("", f"{face.glyph} {face.name}".strip()), *middle]]
    else:
        left = [(f"i{row}", port.text) for row, port in enumerate(face.rows_in)]
        cells = [[("", face.glyph), *left], [("", face.name), *middle]]
    if face.rows_out:
        right = [(f"m{row}", port.text) for row, port in enumerate(face.rows_out)]
        cells.append([("", face.corner), *right])
    return [[*column, *[("", "")] * (high + 1 - len(column))] for column in cells]


def column_width(rows: Sequence[Port]) -> float:
    """The width of a column of derivatives or messages."""
    return max([text_width(port.text) for port in rows], default=-SIDE) + SIDE


def frame(card: Card, stroke: str, css: str, dashed: bool = False) -> list[str]:
    """The border of a card: square if it was given, round if it was computed."""
    wide = 3 if stroke == "bad" else 1 if css in ("const", "op") or dashed else 2
    radius = 10 if css in ("op", "root") else 0
    dash = "4 3" if css == "const" or dashed else ""
    inner = card.width - wide, card.height - wide
    box = svg_rect(wide / 2, wide / 2, *inner, "card", stroke, wide, radius, dash)
    return [box, svg_line(f"M0 {ROW}L{units(card.width)} {ROW}", stroke)]


def heading(card: Card, face: Face) -> list[str]:
    """Operation, name and corner word."""
    x = 8 + (text_width(face.glyph) + 8 if face.glyph else 0)
    token = "bad" if face.first_bad else "mut" if face.css == "op" else face.css
    return [
        svg_text(8, 14, face.glyph, fill="op", bold=True),
        svg_text(x, 14, face.name, fill="ink" if face.named else "mut", bold=True),
        svg_text(card.width - 8, 14, face.corner, 10, token, "end"),
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


def numbers(face: Face, x: float, width: float, y: float, texts, m: float, prefix: str):
    """Data above gradient; only the gradient has a colour, unless data is nan or infinite."""
    data, grad = texts
    chip = x + 36, width - 42
    ids = f"{prefix}{face.id}_data", f"{prefix}{face.id}_grad"
    if math.isfinite(face.data):
        top = svg_text(chip[0] + chip[1] / 2, y + 14, data, anchor="middle", id=ids[0])
    else:
        top = svg_chip(chip[0], y, chip[1], data, "bad", ids[0])
    token = shade(face.grad, m)
    if face.css == "const" and token != "bad":
        token = "zero"  # nobody will use it
    return [
        svg_text(x + 7, y + 14, "data", 10, "mut"),
        svg_text(x + 7, y + 34, "grad", 10, "mut"),
        top,
        svg_chip(chip[0], y + ROW, chip[1], grad, token, ids[1]),
    ]


# Wires and lanes, once their places are known


def wire_svg(item: Wire, route, prefix: str = "") -> str:
    """A wire along its route, its arrow pointing the way the numbers went."""
    way, tip = route.points, route.tip
    curve = f"M{pair(way[0])}C{' '.join(map(pair, way[1:]))}"
    return (
        f'<g id="{prefix}{item.id}" class="wire"><title>{escape(item.title)}</title>'
        + svg_line(curve, item.token, item.width, item.dash, "line")
        + f'<path class="head" d="{arrow(way[-1], tip, item.width)}" fill="{LIGHT[item.token]}"/>'
        + "".join(wire_label(item, route.label))
        + "</g>"
    )


def pair(point: tuple[float, float]) -> str:
    """A point in a path."""
    return f"{units(point[0])} {units(point[1])}"


def arrow(before: tuple[float, float], tip: tuple[float, float], width: float) -> str:
    """A triangle that ends at the tip, as long as the wire's width asks for."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    shrink = (5.8 + 1.55 * width) / (math.hypot(dx, dy) or 1.0)
    dx, dy = dx * shrink, dy * shrink
    right = tip[0] - dx - 0.4 * dy, tip[1] - dy + 0.4 * dx
    left = tip[0] - dx + 0.4 * dy, tip[1] - dy - 0.4 * dx
    return f"M{pair(tip)}L{pair(right)}L{pair(left)}z"


def wire_label(item: Wire, middle: tuple[float, float]) -> list[str]:
    """The lines of text of a wire; an empty one was kept below them, above the wire."""
    x, y = middle
    top = y - 6 * (len(item.label) + 1) + 9
    return [
        svg_text(x, top + 12 * i, line, 10, "mut", "middle") for i, line in enumerate(item.label)
    ]


def message_wire(
    id: str, tail: tuple[str, str], head: tuple[str, str], name: str,
    local: float, upstream: float, m: float,
) -> Wire:  # fmt: skip
    """The wire of one operand, drawn as the message that flows back along it."""
    back = local * upstream
    title = (
        f"message to {name}: local {fmt(local)} × upstream {fmt(upstream, sign=True)}"
        f" = {fmt(back, sign=True)}"
    )
    return Wire(id, tail[0], head[0], tail[1], head[1], *wire(back, m), title)


@dataclass
class Lane:
    """A group of cards with a name; lanes stand inside lanes."""

    id: str
    name: str
    inside: str = ""
    depth: int = 0


def lane_svg(lane: Lane, box: tuple[float, float, float, float]) -> str:
    """The ground a group of cards stands on; nested lanes take turns with the background."""
    x0, y0, x1, y1 = box
    ground = svg_rect(x0, y0, x1 - x0, y1 - y0, "bg" if lane.depth % 2 else "lane", "hair", 1, 10)
    return f'<g class="lane">{ground}{svg_text(x0 + 9, y0 + 15, lane.name, 11, "mut")}</g>'


@dataclass
class Sketch:
    """A picture before it is laid out: cards, wires, lanes, and what is said about them.

    caption: a sentence or two with the most important numbers.
    legend: items as `words`, `shade_scale` and `wire_styles` make them.
    """

    cards: list[Card]
    wires: list[Wire]
    title: str
    caption: str
    legend: list
    lanes: list[Lane] = field(default_factory=list)
    ranksep: float = 0.5


# The legend


def legend(items, width: float, top: float) -> tuple[str, float, float]:
    """Items side by side, in as many lines as the width asks for.

    Returns the group, the width it needs and its bottom.
    """
    x, y, right, parts = 14.0, top, width, []
    for item_width, paint in items:
        if x > 14 and x + item_width > width - 8:
            x, y = 14.0, y + 19
        parts.append(paint(x, y))
        right = max(right, x + item_width + 8)
        x += item_width + 18
    return f'<g class="legend" aria-hidden="true">{"".join(parts)}</g>', right, y + 14


def words(text: str):
    """A legend item that is a sentence."""
    return text_width(text, 10), lambda x, y: svg_text(x, y + 10, text, 10, "mut")


def shade_scale(word: str, limits: str):
    """A legend item: the seven shades and where one ends and the next begins."""
    lead = text_width(word, 10) + 6

    def paint(x: float, y: float) -> str:
        cells = [svg_rect(x + lead + 20 * i, y, 20, 13, token) for i, token in enumerate(SHADES)]
        signs = [
            svg_text(x + lead + 10 + 60 * i, y + 10, sign, 10, anchor="middle")
            for i, sign in enumerate("−0+")
        ]
        limit = svg_text(x + lead + 146, y + 10, limits, 10, "mut")
        return svg_text(x, y + 10, word, 10, "mut") + "".join(cells + signs) + limit

    return lead + 146 + text_width(limits, 10), paint


def wire_styles():
    """A legend item: the three kinds of wires."""
    lead = text_width("message on a wire", 10) + 6
    kinds = [("+", "epos", ""), ("−", "eneg", "6 3"), ("0", "ezero", "1.5 3")]

    def paint(x: float, y: float) -> str:
        parts = [svg_text(x, y + 10, "message on a wire", 10, "mut")]
        for i, (sign, token, dash) in enumerate(kinds):
            at = x + lead + 44 * i
            parts.append(svg_line(f"M{units(at)} {units(y + 6.5)}h24", token, 2, dash))
            parts.append(svg_text(at + 28, y + 10, sign, 10, "mut"))
        return "".join(parts)

    return lead + 44 * 2 + 34, paint


def limits(m: float) -> str:
    """Where pale, mid and strong begin, with two digits."""
    if m == 0.0:
        return "every gradient is 0"
    low, high = (fmt(float(f"{limit:.1e}")) for limit in (m / 30.0, m / 3.0))
    return f"pale < {low} ≤ mid < {high} ≤ strong"
