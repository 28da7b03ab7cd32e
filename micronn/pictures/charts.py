"""A training run as pictures in numbers: curves over its steps, and the plane of its answers.

Each function gives the parts of one SVG picture, in colours that follow the screen.
A chart is the same on every page of a replay but for a cursor; what the cursor is at
stands beside it in words.

    >>> axis = Axis(0.0, 10.0, 100.0, 300.0)
    >>> axis(5.0), axis.ticks()
    (200.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0])
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from micronn.pictures.paint import ids
from micronn.pictures.paint.palette import LIGHT, SHADES, scale, shade
from micronn.pictures.paint.svg import (
    box,
    pixel_path,
    svg_circle,
    svg_frame,
    svg_line,
    svg_text,
    units,
)
from micronn.support.numeric import predicted_class
from micronn.support.text import clean, fmt

Point = tuple[float, float]

EQUAL = "logarithmic: equal heights are equal factors"
TIMES = "logarithmic: each line is {factor} times the one below"
POINTS = 600  # a curve is drawn through at most so many
CELLS = 60  # the plane is coloured in so many cells a side
EXAMPLES = 400  # at most so many examples are drawn on the plane


class Axis(NamedTuple):
    """Where numbers from low to high go between two places; log: by factors."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, number: float) -> float:
        """The place of a number; one beyond the axis stands at its end."""
        low, high, number = (
            math.log(max(x, 5e-324)) if self.log else x for x in (*self[:2], number)
        )
        share = (number - low) / (high - low) if high > low else 0.5
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))

    def ticks(self) -> list[float]:
        """Three to seven round numbers on the axis; its ends, where there are none."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            pace = max(1, math.ceil((last - first) / 5))
            tens = [10.0**power for power in range(first, last + 1, pace)]
            if len(tens) < 3:
                all_ = [n * 10.0**k for k in range(first - 1, last + 1) for n in (1, 2, 5)]
                tens = [number for number in all_ if self.low <= number <= self.high]
            return tens if len(tens) > 1 else [self.low, self.high]
        if not self.high > self.low:
            return [self.low]
        rough = (self.high - self.low) / 5
        ten = 10.0 ** math.floor(math.log10(rough))
        pace_ = next(ten * times for times in (1, 2, 5, 10) if ten * times >= rough)
        first, last = math.ceil(self.low / pace_), math.floor(self.high / pace_)
        # 3 * 0.2 is 0.6000000000000001
        return [float(f"{number * pace_:.9g}") for number in range(first, last + 1)]

    def words(self) -> str:
        """What a logarithmic axis is, for those who read it; nothing of another one."""
        if not self.log:
            return ""
        below, above, *_ = self.ticks()
        factor = above / below
        if factor < 9.0:
            return EQUAL
        return TIMES.format(factor=f"{factor:,.0f}")


def axis_for(numbers: Iterable[float], start: float, end: float) -> Axis:
    """An axis that all finite numbers fit on: by factors if they are above 0 and far apart."""
    finite = [number for number in numbers if math.isfinite(number)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if low > 0.0 and high > 20.0 * low:
        return Axis(low, high, start, end, log=True)
    return Axis(min(0.0, low), high if high > min(0.0, low) else low + 1.0, start, end)


class Curve(NamedTuple):
    """A line through (step, number), with its name and its look."""

    name: str
    points: Sequence[Point]
    token: str
    dash: str = ""

    def at(self, step: float) -> float:
        """Its number at a step, or the last one before it; nan before its start."""
        return next((y for x, y in reversed(self.points) if x <= step), math.nan)


@lru_cache(64)  # a film needs it once for all its frames
def curve_path(points: tuple[Point, ...], across: Axis, up: Axis) -> str:
    """The curve as a path; a number that is not finite leaves a gap."""
    pace = math.ceil(len(points) / POINTS)
    chosen = [*points[:-1:pace], *points[-1:]]
    pieces = []
    for finite, run in groupby(chosen, lambda point: math.isfinite(point[1])):
        if finite:
            places = [f"{units(across(x))} {units(up(y))}" for x, y in run]
            pieces.append("M" + "L".join(places) + ("h0" if len(places) == 1 else ""))
    return "".join(pieces)


def curves(
    lines: Sequence[Curve], step: float, title: str, prefix: str = "", reach: Sequence[float] = ()
) -> str:
    """Losses over the steps of a run, with a cursor at one step.

    The number of each curve at that step stands beside its name, where it has one.
    reach: more steps that the axis shows.
    """
    width, left = 360.0, 58.0
    top = 34.0 + 16 * len(lines)
    foot = top + 204.0
    steps = [*reach, *[x for curve in lines for x, _ in curve.points]]
    across = Axis(min(steps), max(steps), left, width - 12)
    up = axis_for([y for curve in lines for _, y in curve.points], foot, top)
    caption = ", ".join(filter(None, ["loss", up.words()]))
    parts = [*grid(across, up), svg_text(left, top - 10, caption, 10, "mut")]
    for k, curve in enumerate(lines):
        parts.append(
            svg_line(curve_path(tuple(curve.points), across, up), curve.token, 1.8, curve.dash)
        )
        y = 14.0 + 16 * k
        parts.append(svg_line(f"M{units(left)} {units(y)}h28", curve.token, 1.8, curve.dash))
        known = step >= curve.points[0][0]
        words = f"{clean(curve.name)} {fmt(curve.at(step)) if known else ''}".strip()
        parts.append(svg_text(left + 36, y + 4, words, 12))
    parts += cursor(across(step), top, foot)
    for curve in [curve for curve in lines if step >= curve.points[0][0]]:
        number = curve.at(step)
        where = up(number) if math.isfinite(number) else foot
        parts.append(svg_circle(across(step), where, 4, curve.token, "bg", 1.5))
    desc = " ".join(
        [f"{c.name}: from {fmt(c.points[0][1])} to {fmt(c.points[-1][1])}." for c in lines]
    )
    return svg_frame(width, foot + 44, title, desc, parts, prefix)


STEPS = "step of training"


def grid(across: Axis, up: Axis) -> Iterator[str]:
    """Hair lines at round numbers, and the numbers."""
    for number in up.ticks():
        y = up(number)
        yield svg_line(f"M{units(across.start)} {units(y)}H{units(across.end)}", "hair")
        yield svg_text(across.start - 6, y + 3.5, fmt(number, digits=3), 10, "mut", "end")
    yield from step_axis(across, up.start)


def step_axis(across: Axis, foot: float) -> Iterator[str]:
    """Round numbers of steps below a chart, and what they are."""
    for number in across.ticks():
        if number == round(number):
            yield svg_line(f"M{units(across(number))} {units(foot)}v4", "rule")
            yield svg_text(across(number), foot + 16, fmt(number), 10, "mut", "middle")
    yield svg_text((across.start + across.end) / 2, foot + 32, STEPS, 10, "mut", "middle")


def cursor(x: float, top: float, foot: float) -> Iterator[str]:
    """A vertical line at the step that is shown: a bright one with a dark one inside."""
    path = f"M{units(x)} {units(top)}V{units(foot)}"
    yield svg_line(path, "now", 5)
    yield svg_line(path, "ink", 1)


def rows(lines: Sequence[Curve], step: float, title: str, prefix: str = "") -> str:
    """A small curve for each row, all on one scale by factors, with its number at the cursor."""
    width, pitch, left, right = 360.0, 48.0, 74.0, 274.0
    steps = [x for curve in lines for x, _ in curve.points]
    across = Axis(min(steps), max(steps), left, right)
    sizes = [y for curve in lines for _, y in curve.points if 0.0 < y < math.inf] or [1.0]
    parts = []
    for row, curve in enumerate(lines):
        foot, number = 12 + pitch * (row + 1), curve.at(step)
        up = Axis(min(sizes), max(sizes), foot - 6, foot - pitch + 12, log=True)
        above = tuple([(x, y if y > 0.0 else math.nan) for x, y in curve.points])
        parts.append(svg_line(f"M{units(left)} {units(foot)}H{units(right)}", "hair"))
        parts.append(svg_line(curve_path(above, across, up), curve.token, 1.8))
        parts += cursor(across(step), foot - pitch + 8, foot)
        where = up(number) if number > 0.0 else foot
        parts.append(svg_circle(across(step), where, 4, curve.token, "bg", 1.5))
        parts.append(svg_text(left - 12, foot - 14, clean(curve.name), 12, anchor="end"))
        parts.append(svg_text(right + 14, foot - 14, fmt(number), 12))
    foot = 12 + pitch * len(lines)
    span = f"{fmt(min(sizes), digits=2)} to {fmt(max(sizes), digits=2)}"
    parts += [
        *step_axis(across, foot),
        svg_text(12, foot + 52, f"each row goes from {span}, logarithmic:", 10, "mut"),
        svg_text(12, foot + 66, "equal heights are equal factors", 10, "mut"),
    ]
    desc = " ".join([f"{curve.name}: {fmt(curve.at(step))}." for curve in lines])
    return svg_frame(width, foot + 76, title, desc, parts, prefix)


# The plane of a net with two inputs


class Plane(NamedTuple):
    """A piece of the plane, and where it is drawn."""

    across: Axis
    up: Axis

    def cells(self, columns: int = CELLS, rows: int = CELLS) -> list[list[float]]:
        """The middle of each cell, row by row from the top left."""
        x, y = self.across, self.up
        xs = [x.low + (x.high - x.low) * (k + 0.5) / columns for k in range(columns)]
        ys = [y.high - (y.high - y.low) * (k + 0.5) / rows for k in range(rows)]
        return [[x, y] for y in ys for x in xs]


def plane_around(points: Sequence[Sequence[float]]) -> Plane:
    """The plane that shows all points, with a tenth more on every side."""
    (x, x_high), (y, y_high) = (span([point[k] for point in points]) for k in (0, 1))
    height = min(300.0, max(180.0, 300.0 * (y_high - y) / (x_high - x)))
    return Plane(Axis(x, x_high, 44.0, 344.0), Axis(y, y_high, 16.0 + height, 16.0))


def span(numbers: Iterable[float]) -> tuple[float, float]:
    """From the smallest finite number to the largest, and a tenth of that more."""
    finite = [number for number in numbers if math.isfinite(number)] or [0.0]
    low, high = min(finite), max(finite)
    more = (high - low) / 10 or 1.0
    return low - more, high + more


def answers_svg(
    plane: Plane,
    answers: Sequence[Sequence[float]],
    threshold: float,
    examples: Sequence[tuple[Sequence[float], int]],
    chosen: Sequence[float] | None,
    names: Sequence[str],
    title: str,
    prefix: str = "",
) -> str:
    """What a net answers all over the plane, and the examples it learns from.

    answers: for each of plane.cells(), the numbers that come out of the net.
    threshold: where there is one number, the one that parts two classes.
    examples: (point, class) pairs, a class being a number from 0.
    chosen: the point of the example that the other pictures show, or None.
    names: of the two inputs.
    """
    fields = [field(answer, threshold) for answer in answers]
    classes = [predicted_class(answer, threshold) for answer in answers]
    border = svg_line(borders(plane, classes), "ink", 1.6)
    parts = [*colours(plane, fields), f'<g id="{ids.border}">{border}</g>']
    several = len(answers[0]) > 2
    parts += numbers_on(plane, classes) if several else []
    for k, (point, kind) in enumerate(examples[:EXAMPLES]):
        parts.append(f'<g id="{ids.example(k)}">{mark(plane, point, kind, several)}</g>')
    if chosen is not None:
        x, y = plane.across(chosen[0]), plane.up(chosen[1])
        rings = svg_circle(x, y, 9, "none", "now", 4) + svg_circle(x, y, 7, "none", "ink", 1.5)
        parts.append(f'<g id="{ids.chosen}">{rings}</g>')
    parts += plane_frame(plane, names)
    kinds = sorted({kind for _, kind in examples})
    between = "the border between the answers (decision boundary)"
    desc = f"{len(examples)} examples of {len(kinds)} classes, and {between}."
    return svg_frame(plane.across.end + 16, plane.up.start + 44, title, desc, parts, prefix)


def field(answer: Sequence[float], threshold: float) -> float:
    """How clearly, and for which class: above 0 for class 1, below for class 0.

    With more than two classes there is no one number; the borders alone tell.
    """
    if len(answer) == 1:
        return answer[0] - threshold
    return answer[1] - answer[0] if len(answer) == 2 else 0.0


def colours(plane: Plane, fields: Sequence[float]) -> Iterator[str]:
    """The cells, coloured by how clear the answer is."""
    left, top = plane.across.start, plane.up.end
    wide, high = (plane.across.end - left) / CELLS, (plane.up.start - top) / CELLS
    largest, at = scale(fields), f"translate({units(left)} {units(top)})"
    shades = [shade(number, largest) for number in fields]
    for token in (*SHADES, "bad"):
        name, path = ids.cells(token), pixel_path(shades, token, CELLS, wide, high)
        yield f'<path id="{name}" transform="{at}" fill="{LIGHT[token]}" d="{path}"/>'


def numbers_on(plane: Plane, classes: Sequence[int]) -> Iterator[str]:
    """The number of the class, on every sixth cell in both directions."""
    for k, ((x, y), kind) in enumerate(zip(plane.cells(), classes, strict=True)):
        if k % CELLS % 6 == k // CELLS % 6 == 3:
            x, y = plane.across(x), plane.up(y) + 4
            yield svg_text(x, y, str(kind), 10, "mut", "middle", id=ids.class_number(k))


def borders(plane: Plane, classes: Sequence[int]) -> str:
    """Lines between neighbouring cells of different classes."""
    left, top = plane.across.start, plane.up.end
    wide, high = (plane.across.end - left) / CELLS, (plane.up.start - top) / CELLS
    pieces = []
    for k, kind in enumerate(classes):
        row, column = divmod(k, CELLS)
        x, y = left + column * wide, top + row * high
        if column and classes[k - 1] != kind:
            pieces.append(f"M{units(x)} {units(y)}v{units(high)}")
        if row and classes[k - CELLS] != kind:
            pieces.append(f"M{units(x)} {units(y)}h{units(wide)}")
    return "".join(pieces)


def mark(plane: Plane, point: Sequence[float], kind: int, several: bool) -> str:
    """An example: a ring for class 0, a cross for class 1; of several, the number of its class."""
    x, y = plane.across(point[0]), plane.up(point[1])
    if several or kind > 1:
        return svg_text(x, y + 4, str(kind), 11, anchor="middle", bold=True)
    if kind == 0:
        return svg_circle(x, y, 3, "card", "ink", 1.2)
    cross = f"M{units(x - 3.5)} {units(y)}h7M{units(x)} {units(y - 3.5)}v7"
    return svg_line(cross, "card", 4) + svg_line(cross, "ink", 1.6)


def plane_frame(plane: Plane, names: Sequence[str]) -> Iterator[str]:
    """The edge of the plane, its limits, and the names of its two directions."""
    x, y = plane
    yield svg_line(box(x.start, y.end, x.end - x.start, y.start - y.end), "rule")
    for number in x.ticks():
        yield svg_text(x(number), y.start + 14, fmt(number), 10, "mut", "middle")
    for number in y.ticks():
        yield svg_text(x.start - 5, y(number) + 3.5, fmt(number), 10, "mut", "end")
    yield svg_text((x.start + x.end) / 2, y.start + 30, names[0], 11, anchor="middle")
    if names[1]:
        yield svg_text(2, y.end - 4, names[1], 11)
