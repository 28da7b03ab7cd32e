"""What stands between cards: wires along their routes, and lanes behind groups of cards.

A wire is painted as the message that flows back along it: its colour and dashes are the
sign, its width is the size.  Its arrow points forward, the way the data went.
"""

import math
from dataclasses import dataclass

from micronn.pictures.layout import Box, Point, Route
from micronn.pictures.palette import LIGHT, wire
from micronn.pictures.svg import svg_line, svg_rect, svg_text, svg_title, units
from micronn.support.text import fmt


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


def message_wire(
    id: str, tail: tuple[str, str], head: tuple[str, str], name: str,
    local: float, upstream: float, m: float,
) -> Wire:  # fmt: skip
    """The wire of one operand, drawn as the message that flows back along it.

    tail, head: the card and the port of each end.  name: of the operand.
    local, upstream: the two factors of the message.  m: the largest gradient.
    """
    back = local * upstream
    title = (
        f"message to {name}: local {fmt(local)} × upstream {fmt(upstream, sign=True)}"
        f" = {fmt(back, sign=True)}"
    )
    return Wire(id, tail[0], head[0], tail[1], head[1], *wire(back, m), title)


def wire_svg(item: Wire, route: Route, prefix: str = "") -> str:
    """A wire along its route, its arrow pointing the way the numbers went."""
    way, tip = route.points, route.tip
    curve = f"M{pair(way[0])}C{' '.join(map(pair, way[1:]))}"
    return (
        f'<g id="{prefix}{item.id}" class="wire">{svg_title(item.title)}'
        + svg_line(curve, item.token, item.width, item.dash, "line")
        + f'<path class="head" d="{arrow(way[-1], tip, item.width)}" fill="{LIGHT[item.token]}"/>'
        + "".join(wire_label(item, route.label))
        + "</g>"
    )


def pair(point: Point) -> str:
    """A point in a path."""
    return f"{units(point[0])} {units(point[1])}"


def arrow(before: Point, tip: Point, width: float) -> str:
    """A triangle that ends at the tip, as long as the wire's width asks for."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    shrink = (5.8 + 1.55 * width) / (math.hypot(dx, dy) or 1.0)
    dx, dy = dx * shrink, dy * shrink
    right = tip[0] - dx - 0.4 * dy, tip[1] - dy + 0.4 * dx
    left = tip[0] - dx + 0.4 * dy, tip[1] - dy - 0.4 * dx
    return f"M{pair(tip)}L{pair(right)}L{pair(left)}z"


def wire_label(item: Wire, middle: Point) -> list[str]:
    """The lines of text of a wire; an empty one was kept below them, above the wire."""
    x, y = middle
    top = y - 6 * (len(item.label) + 1) + 9
    return [
        svg_text(x, top + 12 * i, line, 10, "mut", "middle") for i, line in enumerate(item.label)
    ]


@dataclass
class Lane:
    """A group of cards with a name; lanes stand inside lanes."""

    id: str
    name: str
    inside: str = ""
    depth: int = 0


def lane_svg(lane: Lane, box: Box) -> str:
    """The ground a group of cards stands on; nested lanes take turns with the background."""
    x0, y0, x1, y1 = box
    ground = svg_rect(x0, y0, x1 - x0, y1 - y0, "bg" if lane.depth % 2 else "lane", "hair", 1, 10)
    return f'<g class="lane">{ground}{svg_text(x0 + 9, y0 + 15, lane.name, 11, "mut")}</g>'
