"""Two pixels to a character: what every picture in a terminal is painted on.

A character is about twice as high as wide, so half of one is a square: "▀" with a
colour in front and another behind shows two.  Where there are too few colours, each
character shows a mark instead, and the picture keeps its size.

    >>> canvas = Canvas(2, 2)
    >>> canvas.paint(1, 0, BLACK, "#")
    >>> Console(color_system=None, force_terminal=False).print(canvas)
     #
"""

from functools import lru_cache

from rich.color import Color, parse_rgb_hex
from rich.color_triplet import ColorTriplet
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

from micronn.pictures.paint.palette import LIGHT

RANK = " .:-=+*#%@,~^`'_;oxvsa&?"  # of two marks in a character the later one shows

BLACK, WHITE = ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)


def rgb(token: str) -> ColorTriplet:
    """The colour of a token of the light palette."""
    return parse_rgb_hex(LIGHT[token].removeprefix("#"))


class Canvas:
    """A grid of pixels, each a colour and a mark, shown two to a character.

    width, height: in pixels; an odd height is rounded up.
    """

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height + height % 2
        self.colours = [[WHITE] * width for _ in range(self.height)]
        self.marks = [[" "] * width for _ in range(self.height)]

    def paint(self, x: int, y: int, colour: ColorTriplet, mark: str) -> None:
        """Set one pixel; x goes right and y goes down from the top left."""
        self.colours[y][x], self.marks[y][x] = colour, mark

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.width, self.width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        many = console.color_system in ("256", "truecolor") and has_colours(console, options)
        for y in range(0, self.height, 2):
            for x in range(min(self.width, options.max_width)):
                yield self.character(x, y, many)
            yield Segment.line()

    def character(self, x: int, y: int, many_colours: bool) -> Segment:
        """The pixels at (x, y) and below it: halves of a block, or the mark that matters more."""
        if many_colours:
            return Segment("▀", style_of(self.colours[y][x], self.colours[y + 1][x]))
        y += RANK.find(self.marks[y + 1][x]) > RANK.find(self.marks[y][x])
        return Segment(self.marks[y][x], style_of(self.colours[y][x]))


def has_colours(console: Console, options: ConsoleOptions) -> bool:
    """Whether the terminal has colours to use; NO_COLOR in the environment forbids them."""
    return bool(console.color_system) and not console.no_color and not options.ascii_only


@lru_cache(maxsize=10_000)  # a picture has few colours, and making a Style takes long
def style_of(front: ColorTriplet, behind: ColorTriplet | None = None) -> Style:
    """A style of plain colours."""
    back = Color.from_triplet(behind) if behind else None
    return Style.from_color(Color.from_triplet(front), back)
