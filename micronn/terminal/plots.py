"""Plots out of characters: decision planes, landscapes, curves and bars for a terminal.

Areas are painted two pixels to a character, curves in Braille at eight dots to one, or
in marks where there are too few colours: nothing is said by colour alone.

    >>> Console(color_system=None, force_terminal=False).print(bars({"a": 2.0, "b": -1.0}, 6))
    a ■■■■■■ +2
    b ■■■    −1
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from rich.color import blend_rgb, parse_rgb_hex
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from micronn.pictures.charts import Axis, Plane, span
from micronn.pictures.paint.palette import scale
from micronn.support.numeric import predicted_class
from micronn.support.text import fmt
from micronn.terminal.canvas import BLACK, WHITE, Canvas, has_colours, rgb
from micronn.terminal.images import GREY_MARKS, Pixel, Rows, painted

# Marks stand in for colours where there are none.
PLANE_MARKS = " .:-~^`'_;"  # behind the points, one for each class
POINT_MARKS = "ox+*#vsa&%"  # the points, one for each class
LINE_MARKS = "*o+x"
CLASSES = [rgb(token) for token in ("neg3", "pos3", "input", "param", "now", "bad", "mut")]
VALLEY, SLOPE, PEAK = [parse_rgb_hex(colour) for colour in ("0c2c5e", "4d9780", "fff3cd")]
LINES = ["#58a6f0", "#ec9339", "#71ccaf", "#b8a2fb"]  # of curves, on light and on dark


# Planes


def decision_plane(
    probabilities: Callable[[list[list[float]]], Rows],
    inputs: Rows,
    classes: Sequence[int],
    width: int = 40,
    height: int = 40,
) -> Canvas:
    """Which class a model predicts at every point, and the examples it should have seen.

    probabilities: from a list of points [x, y] to the probability of each class there.
    inputs, classes: the examples: points, and for each the index of its class.
    width, height: in pixels.

    A point has the colour of its likeliest class, paler the less sure the model is.
    """
    canvas = Canvas(width, height)
    plane = plane_on(canvas, inputs)
    points = plane.cells(canvas.width, canvas.height)
    for k, shares in enumerate(probabilities(points)):
        winner = predicted_class(shares)
        sure = (shares[winner] - 1.0 / len(shares)) / (1.0 - 1.0 / len(shares))
        colour = blend_rgb(WHITE, CLASSES[winner % len(CLASSES)], 0.15 + 0.45 * sure)
        canvas.paint(k % width, k // width, colour, PLANE_MARKS[winner % len(PLANE_MARKS)])
    for point, index in zip(inputs, classes, strict=True):
        colour = blend_rgb(CLASSES[index % len(CLASSES)], BLACK, 0.35)
        canvas.paint(*pixel_at(plane, *point), colour, POINT_MARKS[index % len(POINT_MARKS)])
    return canvas


def fitted_curve(
    answer: Callable[[list[list[float]]], Sequence[float]],
    inputs: Rows,
    targets: Sequence[float],
    width: int = 40,
    height: int = 40,
) -> Canvas:
    """The curve of a model of one input, and the points that it should come close to.

    answer: from a list of inputs [x] to the model's number for each.
    """
    canvas = Canvas(width, height)
    points = [(x[0], y) for x, y in zip(inputs, targets, strict=True)]
    plane = plane_on(canvas, points)
    for x, y in points:
        canvas.paint(*pixel_at(plane, x, y), CLASSES[0], "o")
    xs = [x for x, _ in plane.cells(width, 1)]
    for x, y in zip(xs, answer([[x] for x in xs]), strict=True):
        if plane.up.low <= y <= plane.up.high:
            canvas.paint(*pixel_at(plane, x, y), rgb("epos"), "#")
    return canvas


def plane_on(canvas: Canvas, points: Rows) -> Plane:
    """The plane that shows all points, with a tenth more on every side, on a whole canvas."""
    (left, right), (bottom, top) = [span([point[k] for point in points]) for k in (0, 1)]
    return Plane(Axis(left, right, 0.0, canvas.width), Axis(bottom, top, canvas.height, 0.0))


def pixel_at(plane: Plane, x: float, y: float) -> tuple[int, int]:
    """The pixel that a point is in."""
    column, row = int(plane.across(x)), int(plane.up(y))
    return min(column, int(plane.across.end) - 1), min(row, int(plane.up.start) - 1)


def landscape(heights: Rows, path: Sequence[tuple[int, int]] = ()) -> Group:
    """A loss landscape from above, in ten bands like a map: dark valleys, bright peaks.

    Each step up is the same share of the way from the lowest to the highest, in
    logarithms if the losses span a factor of 100.

    heights: rows of losses, the top row first.
    path: pixels (column, row) to mark, such as the steps of an optimiser.
    """
    level = axis_over([height for row in heights for height in row], 0.0, 10.0)

    def on_map(height: float) -> Pixel:
        band = min(9, int(level(height if height == height else math.inf)))
        share = band / 9
        colour = blend_rgb(VALLEY, SLOPE, share * 2)
        if share >= 0.5:
            colour = blend_rgb(SLOPE, PEAK, share * 2 - 1)
        return colour, GREY_MARKS[band]

    canvas = painted(heights, on_map)
    for x, y in path:
        canvas.paint(x, y, rgb("bad"), "o")
    words = "in logarithms" if level.log else "in equal steps"
    span_ = f"from {fmt(level.low)} (dark) to {fmt(level.high)} (bright), {words}"
    return Group(canvas, Text(span_, "dim"))


def axis_over(numbers: Sequence[float], start: float, end: float) -> Axis:
    """From the smallest finite number to the largest; by factors if they span 100."""
    finite = [number for number in numbers if math.isfinite(number)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return Axis(low, high, start, end, log=low > 0.0 and high / low >= 100.0)


# Curves

Series = Mapping[str, Sequence[float]]


class Curves:
    """Lines over steps, such as the losses of training and validation.

    series: name to numbers, one for each step; those that are not finite leave a gap.
    height: in lines, axis and legend included, at least 4, or 5 if it is logarithmic.
    width: in characters; the whole terminal if left out.
    unit: what a step is, for the axis.

    The vertical axis goes from the smallest to the largest number, in logarithms if
    they span a factor of 100, and says so.
    """

    def __init__(
        self, series: Series, height: int = 12, width: int | None = None, unit: str = "epoch"
    ):
        if not series or not all(series.values()):
            raise ValueError("a curve needs at least one number in every series")
        self.series = {name: list(numbers) for name, numbers in series.items()}
        self.width, self.unit = width, unit
        self.up = axis_over([x for numbers in self.series.values() for x in numbers], 1.0, 0.0)
        self.height = max(4 + self.up.log, height)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(24, min(self.width or options.max_width, options.max_width))
        columns, lines = width - 11, self.height - 2 - self.up.log
        in_colour = has_colours(console, options)
        ticks = {0: fmt(self.up.high), lines - 1: fmt(self.up.low)}
        for k, row in enumerate(self.drawn(columns, lines, in_colour)):
            tick = f"{ticks.get(k, ''):>9} {'|' if k in ticks else ' '}"
            yield Text.assemble((tick, "dim"), row)
        last = f"{self.unit} {max(map(len, self.series.values())):,}"
        yield Text(f"{' ' * 11}1{last:>{columns - 1}}", "dim")
        yield from self.legend(in_colour, width)

    def trace(self, numbers: Sequence[float], across: int, down: int) -> Iterator[tuple[int, int]]:
        """The dots (x, y) of one line on a grid of dots, joined from column to column."""
        longest = max(map(len, self.series.values()))
        before = None
        for x in range(across):
            step = x * (longest - 1) / max(1, across - 1)
            k = math.floor(step)
            if k >= len(numbers) or (longest == 1 and x):
                return
            after = numbers[min(k + 1, len(numbers) - 1)]
            number = numbers[k] + (after - numbers[k]) * (step - k)
            if not math.isfinite(number):
                before = None
                continue
            y = round(self.up(number) * (down - 1))
            first, last = sorted((y if before is None else before, y))
            yield from [(x, between) for between in range(first, last + 1)]
            before = y

    def drawn(self, columns: int, lines: int, in_colour: bool) -> list[Text]:
        """The lines in Braille, 2 x 4 dots a character, or in marks; where two meet, the later."""
        wide, high = (2, 4) if in_colour else (1, 1)
        cells: dict[tuple[int, int], tuple[int, int]] = {}  # which series, and its dots
        for k, numbers in enumerate(self.series.values()):
            for x, y in self.trace(numbers, columns * wide, lines * high):
                _, dots = cells.get((x // wide, y // high), (k, 0))
                cells[x // wide, y // high] = k % 4, dots | BRAILLE[y % 4][x % 2]

        def character(x: int, y: int) -> tuple[str, str]:
            if (x, y) not in cells:
                return " ", ""
            k, dots = cells[x, y]
            return (chr(0x2800 + dots), LINES[k]) if in_colour else (LINE_MARKS[k], "")

        return [Text.assemble(*[character(x, y) for x in range(columns)]) for y in range(lines)]

    def legend(self, in_colour: bool, width: int) -> Iterator[Text]:
        """Which line is which, and where it stands now; below it, if the axis is logarithmic.

        Where there is no room for all names, they are cut short, and the numbers never.
        """
        texts = {name: fmt(numbers[-1]) for name, numbers in self.series.items()}
        total = sum([len(name) + len(text) + 6 for name, text in texts.items()]) - 1
        room = (width + 1) // len(texts) - max(map(len, texts.values())) - 6
        line = Text(" ", no_wrap=True, overflow="crop")
        for k, (name, text) in enumerate(texts.items()):
            mark = ("━━", LINES[k % 4]) if in_colour else (LINE_MARKS[k % 4] * 2, "")
            if total > width and len(name) > room:
                name = f"{name[: max(0, room - 1)]}…"
            line.append(*mark).append(f" {name} {text}  ")
        yield line
        if self.up.log:
            yield Text(" logarithmic: equal heights are equal factors"[:width], "dim")


BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # the bit of each dot


# Bars

signed = partial(fmt, sign=True)


def bars(
    numbers: Mapping[str, float],
    width: int = 30,
    factors: bool = False,
    show: Callable[[float], str] = signed,
) -> Table:
    """A bar for each number, blue for + and orange for -, with the number beside it.

    width: of the longest bar, in characters.
    factors: make each factor of ten a sixth of the width, as gradients vanish by
        factors; a bar of no length is a millionth of the longest, or less.
    show: how the number is written.
    """
    table = Table.grid(padding=(0, 1))
    largest = scale(numbers.values())
    for name, number in numbers.items():
        share = abs(number) / largest if largest and math.isfinite(number) else 0.0
        if factors and share:
            share = max(0.0, 1.0 + math.log10(share) / 6.0)
        style = LINES[0] if number > 0.0 else LINES[1]
        table.add_row(Text(name), Text("■" * round(share * width), style), show(number))
    return table
