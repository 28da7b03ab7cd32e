"""A picture too wide for a screen is broken into lines, as text is.

It is cut where no card stands.  A wire that is cut there goes on at the right margin, below
its line and back to the left margin of the next: one path still, and each on a track of its
own, so that none crosses another on the way.

    >>> fitting([(0, 300), (340, 600), (650, 900)], [20, 20], 700)
    [range(0, 1), range(1, 3)]
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from micronn.pictures.layout.layout import MARGIN, Box, Layout, Point, Route

BEND = 5.0  # the radius of a corner of a wire
TRACK, TRACKS = 6.0, 60.0  # the room of a track, and the most that all together take
APART = 24.0  # between two lines, beside the tracks
ARROW = 14.0  # the end of a wire, where its arrow is
STEP = 32.0  # in which a width is tried, so that a unit more or less changes nothing
LANE = 8.0  # what a lane is wider than its cards, at either side

Span = tuple[float, float]
Path = list[Point]  # of Bezier curves: a point, and for each curve two controls and a point


class Line(NamedTuple):
    """A part of a layout from left to right, what moves it, and where it then ends below."""

    span: Span
    dx: float
    dy: float
    bottom: float

    def to(self, point: Point) -> Point:
        """Where a point of it goes."""
        return point[0] + self.dx, point[1] + self.dy


def in_lines(layout: Layout, boxes: Sequence[Box], labels: Sequence[Span], widest: float) -> Layout:
    """A layout in as few lines as fit a width, each about as long as the others.

    boxes: of the cards.  labels: from where to where they reach.  Neither is ever cut.
    """
    if layout.width <= widest:
        return layout
    spans = joined(
        [*[(box[0], box[2]) for box in boxes], *labels, *map(uncut, layout.wires.values())]
    )
    gaps = [(a[1], b[0]) for a, b in pairwise(spans)]
    rooms = [room(crossing(layout, sum(gap) / 2)) for gap in gaps]
    margins = [(b - a) / 2 + wide for (a, b), wide in zip(gaps, rooms, strict=True)]
    parts = fitting(spans, margins, widest - 2 * MARGIN)
    cuts = [sum(gaps[part[-1]]) / 2 for part in parts[:-1]]
    paths = {name: sliced(route.points, cuts) for name, route in layout.wires.items()}
    lines: list[Line] = []
    y, across = MARGIN, 0.0
    for number, part in enumerate(parts):
        left, right = spans[part[0]][0], spans[part[-1]][1]
        before, after = ([0.0, *margins, 0.0][i] for i in (part[0], part[-1] + 1))
        lanes = [box for found in layout.lanes.values() for box in found]
        here = [box for box in (*boxes, *lanes) if box[0] < right and box[2] > left]
        high = [p[1] for found in paths.values() for p in found.get(number, ())]
        high += [y for box in here for y in (box[1], box[3])]
        dy = y - min(high)
        lines.append(Line((left - LANE, right + LANE), MARGIN + before - left, dy, max(high) + dy))
        y = lines[-1].bottom + APART + [*rooms, 0.0][part[-1]]
        across = max(across, before + right - left + after)

    def line_at(x: float) -> Line:
        return lines[bisect_right(cuts, x)]

    return Layout(
        across + 2 * MARGIN,
        lines[-1].bottom + MARGIN,
        {name: line_at(middle[0]).to(middle) for name, middle in layout.nodes.items()},
        {
            name: Route(
                path, line_at(layout.wires[name].tip[0]).to(layout.wires[name].tip),
                line_at(layout.wires[name].label[0]).to(layout.wires[name].label)
            )
            for name, path in turned(paths, lines, cuts).items()
        },
        {name: clipped(found, lines) for name, found in layout.lanes.items()},
    )  # fmt: skip


# Where to cut


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def uncut(route: Route) -> Span:
    """The part of a wire that is never cut: its arrow, or all of it if it runs backward."""
    start, end = route.points[0][0], route.tip[0]
    arrow = min(end - ARROW, route.points[-1][0] - 1), end + ARROW / 2  # it ends before its card
    return (end, start) if end < start else arrow


def crossing(layout: Layout, x: float) -> int:
    """How many wires cross a place."""
    return sum(r.points[0][0] < x < r.points[-1][0] for r in layout.wires.values())


def room(count: int) -> float:
    """How much room the tracks of so many wires take."""
    return min(TRACK * count, TRACKS)


def fitting(spans: Sequence[Span], margins: Sequence[float], most: float) -> list[range]:
    """Which spans stand in which line: as few lines as fit, and of about one width.

    margins: what is needed beside each gap between two of them, if it is cut.
    """

    def width(i: int, j: int) -> float:
        before, after = [0.0, *margins, 0.0][i], [0.0, *margins, 0.0][j + 1]
        return before + spans[j][1] - spans[i][0] + after

    def filled(most: float) -> list[range]:
        lines, i = [], 0
        while i < len(spans):
            fits = [j for j in range(i, len(spans)) if width(i, j) <= most]
            lines.append(range(i, max(fits, default=i) + 1))
            i = lines[-1].stop
        return lines

    fewest, even = len(filled(most)), most
    while even > STEP and len(filled(even - STEP)) == fewest:
        even -= STEP
    return filled(even)


# Wires and lanes that are cut


def sliced(path: Path, cuts: Sequence[float]) -> dict[int, Path]:
    """The parts of a path in each line that it runs through.

    One that is a single curve keeps its height up to the cut and from there on.
    """
    (_, y0), (x1, _), (x2, _), (_, y1) = path[0], path[1], path[-2], path[-1]
    between = [x for x in cuts if path[0][0] < x < path[-1][0]]
    if len(path) == 4 and x1 == x2 and len(between) == 1:
        number, x = cuts.index(between[0]), between[0]
        return {number: straight(path[0], (x, y0)), number + 1: straight((x, y1), path[-1])}
    found, number = {}, bisect_right(cuts, path[0][0])
    while number < len(cuts) and path[-1][0] > cuts[number]:
        found[number], path = split(path, cuts[number])
        number += 1
    return {**found, number: path}


def straight(a: Point, b: Point) -> Path:
    """A line as a curve."""
    return [a, a, b, b]


def split(path: Path, x: float) -> tuple[Path, Path]:
    """A path up to where it comes to x, and what follows."""
    k = next(k for k in range(3, len(path), 3) if path[k][0] > x)
    low, high = 0.0, 1.0
    for _ in range(30):
        t = (low + high) / 2
        first, rest = halves(path[k - 3 : k + 1], t)
        low, high = (t, high) if first[-1][0] < x else (low, t)
    return [*path[: k - 3], *first], [*rest, *path[k + 1 :]]


def halves(curve: Path, t: float) -> tuple[Path, Path]:
    """A Bezier curve before and behind the point t of it, by de Casteljau's construction."""
    first, rest = [curve[0]], [curve[-1]]
    while len(curve) > 1:
        curve = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in pairwise(curve)]
        first.append(curve[0])
        rest.insert(0, curve[-1])
    return first, rest


def turned(
    paths: Mapping[str, Mapping[int, Path]], lines: Sequence[Line], cuts: Sequence[float]
) -> dict[str, Path]:
    """The paths with their parts where their lines are, and turns between these."""
    made: dict[str, Path] = {name: [] for name in paths}
    for number, line in enumerate(lines):
        cut = [name for name, found in paths.items() if number - 1 in found and number in found]
        outer = by_height(made, cut, -1)
        inner = by_height({name: paths[name][number] for name in cut}, cut, 0)
        for name in cut:
            step = room(len(cut)) / len(cut)
            a, b = made[name][-1], line.to(paths[name][number][0])
            far, y = step * (len(cut) - outer[name]), lines[number - 1].bottom + APART / 2
            left = b[0] - step * (inner[name] + 1)
            made[name] += turn(a, b, (a[0] + far, y + far - step / 2), left)
        for name, found in paths.items():
            moved = [line.to(point) for point in found.get(number, ())]
            made[name] += moved[bool(made[name]) :]
    return made


def by_height(paths: Mapping[str, Path], names: Sequence[str], at: int) -> dict[str, int]:
    """The number of each path in the order of their first or last points from the top."""
    order = sorted(names, key=lambda name: paths[name][at][1])
    return {name: number for number, name in enumerate(order)}


def turn(a: Point, b: Point, corner: Point, left: float) -> Path:
    """The curves from a to b, around the end of a line and back to the beginning of the next."""
    (right, y), far = corner, BEND
    ends = [
        ((right, a[1]), (right, a[1] + far)), ((right, y - far), (right, y - far)),
        ((right, y), (right - far, y)), ((left + far, y), (left + far, y)),
        ((left, y), (left, y + far)), ((left, b[1] - far), (left, b[1] - far)),
        ((left, b[1]), b),
    ]  # fmt: skip
    return [point for bend, end in ends for point in (bend, bend, end)]


def clipped(boxes: Sequence[Box], lines: Sequence[Line]) -> list[Box]:
    """The parts of a lane in each line."""
    found = []
    for line in lines:
        for x0, y0, x1, y1 in boxes:
            a, b = max(x0, line.span[0]), min(x1, line.span[1])
            if b - a > 2 * LANE:
                found.append((*line.to((a, y0)), *line.to((b, y1))))
    return found
