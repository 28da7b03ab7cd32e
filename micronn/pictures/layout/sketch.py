"""A picture before it is laid out: cards, wires and lanes, and the text that describes them.

A wire is painted as the message that flows back along it: its colour and dashes are the
sign, its width is the size.  Its arrow points forward, the way the data went.  The DOT text
holds every name and number of the picture, and any Graphviz can draw it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from micronn.pictures.layout.layout import Box, Point, Route
from micronn.pictures.paint.cards import Card, dot_text
from micronn.pictures.paint.legend import Item
from micronn.pictures.paint.palette import LIGHT, MINUS, ZERO, wire
from micronn.pictures.paint.svg import svg_line, svg_rect, svg_text, svg_title, units
from micronn.support.text import OPENS, fmt, typical

LIGHTEST = 100  # the weight of a wire, if all have the same
NOTE = 100  # characters in a line of a note
LEAST_NOTE, MOST_NOTE = 60, 150  # in a narrow picture, and in a wide one

End = tuple[str, str]  # where a wire begins or ends: a card and a port of its record, or ""


@dataclass
class Wire:
    """A wire between two cards.

    label: up to two lines of text above it.
    """

    id: str
    tail: End
    head: End
    token: str
    width: float
    dash: str
    title: str
    label: tuple[str, ...] = ()
    minlen: int = 1


@dataclass
class Lane:
    """A group of cards with a name; lanes stand inside lanes."""

    id: str
    name: str
    inside: str = ""


@dataclass
class Sketch:
    """Cards, wires, lanes, and what is said about them.

    title: what is computed, in a line, above the cards.
    caption: a sentence or two with the most important numbers.
    notes: sentences that stand under the picture, whatever its legend.
    ranksep: the room between two columns of cards, in inches.
    """

    cards: list[Card]
    wires: list[Wire]
    caption: str
    legend: list[Item]
    notes: Sequence[str] = ()
    title: str = ""
    lanes: list[Lane] = field(default_factory=list)
    ranksep: float = 0.5


def message_wire(
    id: str, tail: End, head: End, name: str, factors: tuple[float, float], back: float,
    m: float | None, forward: bool = False,
) -> Wire:  # fmt: skip
    """The wire of one operand, drawn as the message that flows back along it.

    name: of the operand.  factors: local derivative and upstream gradient.  back: the message.
    m: the largest gradient; None if there are none yet, and so no messages.
    forward: whether the message goes forward: the second factor is the operand's tangent.
    """
    local, upstream = factors
    if m is None:
        title = f"local derivative by {name}: {fmt(local)}"
        return Wire(id, tail, head, "rule", 1.7, "", title)
    to, other = ("from", "tangent") if forward else ("to", "upstream")
    title = (
        f"message {to} {name}: local {fmt(local)} × {other} {fmt(upstream, sign=True)}"
        f" = {fmt(back, sign=True)}"
    )
    return Wire(id, tail, head, *wire(back, m), title)


# As DOT text


def dot_source(sketch: Sketch, told: bool = False, weights: int = 1) -> str:
    """A sketch as DOT text; everything a wire or a lane is named with is ASCII.

    A Graphviz without a font library counts bytes as characters, and those names
    would push the cards apart; the cards themselves have a fixed size.
    weights: how many different weights the wires take in turns.
    told: with title and notes above the cards, for which only a picture that is read has room.
    """
    lines = [
        "digraph micronn {",
        f"graph [rankdir=LR nodesep=0.2 ranksep={sketch.ranksep} pad=0.15 "
        'outputorder=edgesfirst fontname="Courier New" fontsize=11];',
        'node [fixedsize=true fontname="Courier New" fontsize=10 margin=0];',
        'edge [arrowsize=0.6 fontname="Courier New" fontsize=10 weight=100];',
        *lane_lines(sketch, ""),
        *[dot_node(card) for card in sketch.cards if not card.lane],
        *[dot_edge(item, LIGHTEST + 37 * k % weights) for k, item in enumerate(sketch.wires)],
    ]
    if told:  # last, or every lane would get this label too
        above = wrapped([sketch.title, *sketch.notes])
        text = "".join([f"{dot_text(line)}\\l" for line in above])
        lines += [f'graph [label="{text}" labelloc=t labeljust=l];'] * bool(text)
    return "\n".join([*lines, "}"]) + "\n"


def dot_shape(sketch: Sketch) -> str:
    """What two sketches of one layout share: the sizes of cards, the ends and labels of wires.

    Digits are all equally wide, so of the labels only their length counts.
    """
    cards = [(card.id, card.shape, card.width, card.height, card.lane) for card in sketch.cards]
    wires = [
        (w.id, w.tail, w.head, re.sub("[0-9]", "0", typical("\n".join(w.label))))
        for w in sketch.wires
    ]
    return f"{cards}{wires}"


def wrapped(notes: Sequence[str], room: int = NOTE) -> list[str]:
    """Notes in lines of so many characters, or a few more where there is hardly any room."""
    most = max(room, LEAST_NOTE)
    return [line for note in notes for line in ([note] if OPENS in note else wrap(note, most))]


def lane_lines(sketch: Sketch, outer: str) -> list[str]:
    """The clusters of a sketch, those inside a cluster between its braces."""
    lines = []
    for lane in [lane for lane in sketch.lanes if lane.inside == outer]:
        name = dot_text(lane.name.encode("ascii", "replace").decode())
        lines += [
            f"subgraph {lane.id} {{",
            f'graph [label="{name}" labeljust=l margin=8];',
            *[dot_node(card) for card in sketch.cards if card.lane == lane.id],
            *lane_lines(sketch, lane.id),
            "}",
        ]
    return lines


def dot_node(card: Card) -> str:
    """A card as a box of its size."""
    return (
        f"{card.id} [id={card.id} shape={card.shape} width={card.width / 72:.4f} "
        f'height={card.height / 72:.4f} color="{LIGHT[card.css]}" label="{card.label}"];'
    )


def dot_edge(item: Wire, weight: int) -> str:
    """A wire from port to port, in the colour and dashes of its message."""
    tail, head = ":".join(filter(None, item.tail)), ":".join(filter(None, item.head))
    style = {MINUS[2]: " style=dashed", ZERO[2]: " style=dotted"}.get(item.dash, "")
    label = "\\n".join([dot_text(line) for line in (*item.label, " ")]) if item.label else ""
    label = label.replace("→", "->").replace("←", "<-")
    return (
        f'{tail}:e -> {head}:w [id={item.id} color="{LIGHT[item.token]}" penwidth={item.width:.1f}'
        + style
        + (f' label="{label}"' if label else "")
        + (f" minlen={item.minlen}" if item.minlen > 1 else "")
        + (f" weight={weight}" if weight > LIGHTEST else "")
        + "];"
    )


# As SVG, where Graphviz put them


def wire_svg(item: Wire, route: Route, prefix: str = "") -> str:
    """A wire along its route, its arrow pointing the way the numbers went.

    Of the lines of its label an empty one was kept below them, above the wire.
    """
    way, tip, (x, y) = route.points, route.tip, route.label
    top = y - 6 * (len(item.label) + 1) + 9
    lines = [svg_text(x, top + 12 * i, t, 10, "mut", "middle") for i, t in enumerate(item.label)]
    curve = f"M{pair(way[0])}C{' '.join(map(pair, way[1:]))}"
    return (
        f'<g id="{prefix}{item.id}" class="wire">{svg_title(item.title)}'
        + svg_line(curve, item.token, item.width, item.dash, "line")
        + f'<path class="head" d="{arrow(way[-1], tip, item.width)}" fill="{LIGHT[item.token]}"/>'
        + "".join(lines)
        + "</g>"
    )


def pair(point: Point) -> str:
    """A point in a path."""
    return f"{units(point[0])} {units(point[1])}"


def arrow(before: Point, tip: Point, width: float) -> str:
    """A triangle that ends at the tip, as long as the wire's width asks for."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    shrink = arrow_length(width) / (math.hypot(dx, dy) or 1.0)
    dx, dy = dx * shrink, dy * shrink
    right = tip[0] - dx - 0.4 * dy, tip[1] - dy + 0.4 * dx
    left = tip[0] - dx + 0.4 * dy, tip[1] - dy - 0.4 * dx
    return f"M{pair(tip)}L{pair(right)}L{pair(left)}z"


def arrow_length(width: float) -> float:
    """How long the arrow of a wire so wide is."""
    return 5.8 + 1.55 * width


def lane_svg(lane: Lane, box: Box) -> str:
    """The ground a group of cards stands on; nested lanes take turns with the background."""
    x0, y0, x1, y1 = box
    ground = svg_rect(x0, y0, x1 - x0, y1 - y0, "bg" if lane.inside else "lane", "hair", 1, 10)
    return f'<g class="lane">{ground}{svg_text(x0 + 9, y0 + 15, lane.name, 11, "mut")}</g>'
