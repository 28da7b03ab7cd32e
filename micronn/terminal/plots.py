"""Pictures out of characters: images, decision planes, curves and bars for a terminal.

Areas are painted two pixels to a character, curves in Braille at eight dots to one.
Where there are too few colours the same picture, of the same size, is made of marks
such as " .:+#"; nothing is said by colour alone.

Every function returns something that rich can print or save, and prints nothing.

    >>> image = grey_image([[0.0, 0.5, 1.0], [0.0, 0.5, 1.0]])
    >>> Console(color_system=None, force_terminal=False).print(image)
     =@
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from micronn.pictures.palette import scale, shade
from micronn.support.text import fmt
from micronn.support.vectors import predicted_class
from micronn.terminal.canvas import BLACK, WHITE, Canvas, Colour, has_colours, mix, rgb

# Marks stand in for colours where there are none.

GREY_MARKS = " .:-=+*#%@"
SIGNED_MARKS = {
    "neg3": "=", "neg2": "-", "neg1": ",", "zero": " ", "pos1": ".", "pos2": "+", "pos3": "#",
    "bad": "?",
}  # fmt: skip
PLANE_MARKS = " .:-~^`'_;"  # behind the points, one for each class
POINT_MARKS = "ox+*#vsa&%"  # the points, one for each class
LINE_MARKS = "*o+x"
CLASSES = [rgb(token) for token in ("neg3", "pos3", "input", "param", "now", "bad", "mut")]
LINES = ["#58a6f0", "#ec9339", "#71ccaf", "#b8a2fb"]  # of curves, on light and on dark


# Images


def grey_image(pixels: Sequence[Sequence[float]]) -> Canvas:
    """A picture of rows of brightness, 0 for black to 1 for white; beyond is cut off.

    >>> grey_image([[0.0, 1.0], [1.0, 0.0]]).colours[0]
    [(0, 0, 0), (255, 255, 255)]
    """
    canvas = canvas_for(pixels)
    for y, row in enumerate(pixels):
        for x, brightness in enumerate(row):
            light = min(1.0, max(0.0, brightness)) if brightness == brightness else 0.0
            canvas.paint(x, y, mix(BLACK, WHITE, light), GREY_MARKS[round(light * 9)])
    return canvas


def signed_image(numbers: Sequence[Sequence[float]], largest: float | None = None) -> Canvas:
    """A picture of rows of numbers such as weights: + blue, - orange, the larger the stronger.

    largest: the size shown in full colour; the largest there is if left out.
    """
    largest = scale(x for row in numbers for x in row) if largest is None else largest
    canvas = canvas_for(numbers)
    for y, row in enumerate(numbers):
        for x, number in enumerate(row):
            canvas.paint(x, y, *signed_pixel(number, largest))
    return canvas


def signed_pixel(number: float, largest: float) -> tuple[Colour, str]:
    """The colour and the mark of one number."""
    token = shade(number, largest)
    if token == "bad":
        return rgb("bad"), SIGNED_MARKS[token]
    full = rgb("epos" if number > 0.0 else "eneg")
    return mix(WHITE, full, min(1.0, abs(number) / (largest or 1.0))), SIGNED_MARKS[token]


def heat_strip(numbers: Sequence[float], largest: float | None = None) -> Canvas:
    """Numbers such as the activations of a layer as a strip, two characters each."""
    twice = [x for number in numbers for x in (number, number)]
    return signed_image([twice, twice], largest)


def gallery(images: Mapping[str, RenderableType]) -> Columns:
    """Images side by side, as many in a row as there is room for, each below its name."""
    framed = [Group(Text(name, "dim"), image) for name, image in images.items()]
    return Columns(framed, padding=(0, 2))


def square(numbers: Sequence[float]) -> list[Sequence[float]]:
    """A flat list as the rows of a square image; 784 numbers make 28 rows of 28.

    Raises ValueError if the count is no square.
    """
    side = math.isqrt(len(numbers))
    if side == 0 or side * side != len(numbers):
        raise ValueError(f"{len(numbers)} numbers make no square image; pass rows of pixels")
    return [numbers[start : start + side] for start in range(0, len(numbers), side)]


def canvas_for(rows: Sequence[Sequence[float]]) -> Canvas:
    """An empty canvas of the size of rows of numbers, which must be equally long."""
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("an image is at least one row of numbers, and all rows are equally long")
    return Canvas(len(rows[0]), len(rows))


# Planes


Belief = Sequence[float]  # how much a model believes in each class; the shares add up to 1


def decision_plane(
    believe: Callable[[list[list[float]]], Sequence[Belief]],
    inputs: Sequence[Sequence[float]],
    classes: Sequence[int],
    width: int = 40,
    height: int = 40,
) -> Canvas:
    """Which class a model sees at every place, and the examples it should have seen.

    believe: from a list of points [x, y] to the model's belief at each of them.
    inputs, classes: the examples: points, and for each the index of its class.
    width, height: in pixels.

    A place has the colour of its likeliest class, paler the less sure the model is.
    """
    box = box_around(inputs)
    canvas = Canvas(width, height)
    places = [place_at(box, canvas, x, y) for y in range(canvas.height) for x in range(width)]
    for k, belief in enumerate(believe(places)):
        winner = predicted_class(belief)
        sure = (belief[winner] - 1.0 / len(belief)) / (1.0 - 1.0 / len(belief))
        colour = mix(WHITE, CLASSES[winner % len(CLASSES)], 0.15 + 0.45 * sure)
        canvas.paint(k % width, k // width, colour, PLANE_MARKS[winner % len(PLANE_MARKS)])
    for point, index in zip(inputs, classes, strict=True):
        colour = mix(CLASSES[index % len(CLASSES)], BLACK, 0.35)
        canvas.paint(*pixel_at(box, canvas, point), colour, POINT_MARKS[index % len(POINT_MARKS)])
    return canvas


def fitted_curve(
    answer: Callable[[list[list[float]]], Sequence[float]],
    inputs: Sequence[Sequence[float]],
    targets: Sequence[float],
    width: int = 40,
    height: int = 40,
) -> Canvas:
    """The curve of a model of one input, and the points that it should come close to.

    answer: from a list of inputs [x] to the model's number for each.
    inputs, targets: the examples.
    width, height: in pixels.
    """
    box = box_around([[x[0], y] for x, y in zip(inputs, targets, strict=True)])
    canvas = Canvas(width, height)
    for point, target in zip(inputs, targets, strict=True):
        canvas.paint(*pixel_at(box, canvas, [point[0], target]), CLASSES[0], "o")
    xs = [place_at(box, canvas, column, 0)[0] for column in range(width)]
    for x, y in zip(xs, answer([[x] for x in xs]), strict=True):
        if box[1] <= y <= box[3]:
            canvas.paint(*pixel_at(box, canvas, [x, y]), rgb("epos"), "#")
    return canvas


Box = tuple[float, float, float, float]  # left, bottom, right, top


def box_around(points: Sequence[Sequence[float]]) -> Box:
    """The points and a tenth more on every side."""
    (left, right), (bottom, top) = [(min(side), max(side)) for side in zip(*points, strict=True)]
    dx, dy = (right - left) / 10.0 or 1.0, (top - bottom) / 10.0 or 1.0
    return left - dx, bottom - dy, right + dx, top + dy


def place_at(box: Box, canvas: Canvas, x: int, y: int) -> list[float]:
    """The point in the middle of a pixel."""
    left, bottom, right, top = box
    across, down = (x + 0.5) / canvas.width, (y + 0.5) / canvas.height
    return [left + (right - left) * across, top - (top - bottom) * down]


def pixel_at(box: Box, canvas: Canvas, point: Sequence[float]) -> tuple[int, int]:
    """The pixel that a point is in."""
    left, bottom, right, top = box
    across, down = (point[0] - left) / (right - left), (top - point[1]) / (top - bottom)
    x, y = int(across * canvas.width), int(down * canvas.height)
    return min(max(x, 0), canvas.width - 1), min(max(y, 0), canvas.height - 1)


def landscape(
    heights: Sequence[Sequence[float]], path: Sequence[tuple[int, int]] = (), bands: int = 10
) -> RenderableType:
    """A loss landscape from above, in bands like a map: dark valleys, bright peaks.

    heights: rows of losses, the top row first.
    path: pixels (column, row) to mark, such as the steps of an optimiser.
    bands: how many bands, 2 to 10; each step up is the same share of the way from
        the lowest to the highest, in logarithms if the losses span a factor of 100.
    """
    finite = [height for row in heights for height in row if math.isfinite(height)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    level = math.log if spans_factors(low, high) else float
    canvas = canvas_for(heights)
    for y, row in enumerate(heights):
        for x, height in enumerate(row):
            share = share_between(level(low), level(high), level(min(height, high)))
            band = min(bands - 1, int(share * bands)) / (bands - 1)
            canvas.paint(x, y, on_map(band), GREY_MARKS[round(band * 9)])
    for x, y in path:
        canvas.paint(x, y, rgb("bad"), "o")
    words = "in logarithms" if level is math.log else "in equal steps"
    return Group(canvas, Text(f"from {fmt(low)} (dark) to {fmt(high)} (bright), {words}", "dim"))


def on_map(share: float) -> Colour:
    """Dark blue for 0 over green to pale yellow for 1; brighter all the way."""
    valley, slope, peak = (12, 44, 94), (77, 151, 128), (255, 243, 205)
    return mix(valley, slope, share * 2) if share < 0.5 else mix(slope, peak, share * 2 - 1)


def spans_factors(low: float, high: float) -> bool:
    """Whether numbers from low to high are better compared as factors."""
    return low > 0.0 and high / low >= 100.0


def share_between(low: float, high: float, x: float) -> float:
    """How far x is on the way from low to high, from 0 to 1; nan counts as 1."""
    if high <= low:
        return 0.0
    return min(1.0, max(0.0, (x - low) / (high - low))) if x == x else 1.0


# Curves


class Curves:
    """Lines over steps, such as the losses of training and validation.

    series: name to numbers, one for each step; those that are not finite leave a gap.
    height: in lines, axis and legend included, at least 4.
    width: in characters; the whole terminal if left out.
    unit: what a step is, for the axis.

    The vertical axis goes from the smallest to the largest number, in logarithms if
    they span a factor of 100, and says so.
    """

    def __init__(
        self,
        series: Mapping[str, Sequence[float]],
        height: int = 12,
        width: int | None = None,
        unit: str = "epoch",
    ):
        if not series or not all(series.values()):
            raise ValueError("a curve needs at least one number in every series")
        self.series = {name: list(numbers) for name, numbers in series.items()}
        self.height, self.width, self.unit = max(4, height), width, unit
        finite = [x for numbers in self.series.values() for x in numbers if math.isfinite(x)]
        self.low, self.high = min(finite, default=0.0), max(finite, default=0.0)
        self.level: Callable[[float], float] = float
        if spans_factors(self.low, self.high):
            self.level = math.log

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(24, min(self.width or options.max_width, options.max_width))
        columns, lines = width - 11, self.height - 2
        in_colour = has_colours(console, options)
        rows = self.in_braille(columns, lines) if in_colour else self.in_marks(columns, lines)
        ticks = {0: fmt(self.high), lines - 1: fmt(self.low)}
        for k, row in enumerate(rows):
            yield Text.assemble(
                (f"{ticks.get(k, ''):>9} ", "dim"), ("|" if k in ticks else " ", "dim"), row
            )
        last = f"{self.unit} {max(map(len, self.series.values())):,}"
        yield Text(f"{' ' * 11}1{last:>{columns - 1}}", "dim")
        yield self.legend(in_colour)

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
            share = share_between(self.level(self.low), self.level(self.high), self.level(number))
            y = round((1.0 - share) * (down - 1))
            first, last = sorted((y if before is None else before, y))
            yield from [(x, between) for between in range(first, last + 1)]
            before = y

    def in_braille(self, columns: int, lines: int) -> list[Text]:
        """The lines at 2 x 4 dots a character; where two meet, the later one gives the colour."""
        bits = [[0] * columns for _ in range(lines)]
        colours = [[""] * columns for _ in range(lines)]
        for (_, numbers), colour in zip(self.series.items(), LINES * 3, strict=False):
            for x, y in self.trace(numbers, columns * 2, lines * 4):
                bits[y // 4][x // 2] |= BRAILLE[y % 4][x % 2]
                colours[y // 4][x // 2] = colour
        return [
            Text.assemble(
                *[
                    (chr(0x2800 + dots) if dots else " ", colour)
                    for dots, colour in zip(*row, strict=True)
                ]
            )
            for row in zip(bits, colours, strict=True)
        ]

    def in_marks(self, columns: int, lines: int) -> list[Text]:
        """The lines at one mark a character, one mark for each line."""
        marks = [[" "] * columns for _ in range(lines)]
        for (_, numbers), mark in zip(self.series.items(), LINE_MARKS * 3, strict=False):
            for x, y in self.trace(numbers, columns, lines):
                marks[y][x] = mark
        return [Text("".join(row)) for row in marks]

    def legend(self, in_colour: bool) -> Text:
        """Which line is which, and where it stands now."""
        line = Text(" ", no_wrap=True, overflow="ellipsis")
        for k, (name, numbers) in enumerate(self.series.items()):
            mark = ("━━", LINES[k % 4]) if in_colour else (LINE_MARKS[k % 4] * 2, "")
            now = f" {fmt(numbers[-1])}" if numbers else ""
            line.append(*mark).append(f" {name}{now}  ")
        return line.append("logarithmic" if self.level is math.log else "", "dim")


BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # the bit of each dot


# Bars and tables


def bars(numbers: Mapping[str, float], width: int = 30, factors: bool = False) -> Table:
    """A bar for each number, blue for + and orange for -, with the number beside it.

    width: of the longest bar, in characters.
    factors: make each factor of ten a sixth of the width, as gradients vanish by
        factors; a bar of no length is a millionth of the longest, or less.
    """
    table = Table.grid(padding=(0, 1))
    largest = scale(numbers.values())
    for name, number in numbers.items():
        share = abs(number) / largest if largest and math.isfinite(number) else 0.0
        if factors and share:
            share = max(0.0, 1.0 + math.log10(share) / 6.0)
        style = LINES[0] if number > 0.0 else LINES[1]
        table.add_row(Text(name), Text("■" * round(share * width), style), fmt(number, sign=True))
    return table


def confusion_table(counts: Sequence[Sequence[int]], names: Sequence[str] = ()) -> Table:
    """How often each class was taken for each other; the right answers are the diagonal.

    counts: counts[true][said], a square.
    names: of the classes; their indices if left out.
    """
    names = list(names) or [str(k) for k in range(len(counts))]
    table = Table("is\\said", *names, "right", padding=(0, 1) if len(names) < 8 else 0)
    for column in table.columns[1:]:
        column.justify = "right"
    for true, row in enumerate(counts):
        cells = [
            Text(str(n) if n else "·", cell_style(n, said == true)) for said, n in enumerate(row)
        ]
        share = f"{row[true] / sum(row):.0%}" if sum(row) else "–"
        table.add_row(names[true], *cells, share)
    return table


def cell_style(count: int, right: bool) -> str:
    """Right answers green, wrong ones red, none at all faint."""
    return "bold green" if right and count else "bold red" if count else "dim"
