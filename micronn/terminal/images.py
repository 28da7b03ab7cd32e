"""Grids of numbers as images: brightness as grey, numbers with a sign as blue and orange.

A sign is told by its mark too, and never by colour alone.

    >>> from rich.console import Console
    >>> image = grey_image([[0.0, 0.5, 1.0], [0.0, 0.5, 1.0]])
    >>> Console(color_system=None, force_terminal=False).print(image)
     =@
"""

import math
from collections.abc import Callable, Mapping, Sequence

from rich.color import blend_rgb
from rich.color_triplet import ColorTriplet
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.text import Text

from micronn.pictures.paint.palette import scale, shade
from micronn.terminal.canvas import BLACK, WHITE, Canvas, rgb

Rows = Sequence[Sequence[float]]
Pixel = tuple[ColorTriplet, str]  # its colour and its mark
GREY_MARKS = " .:-=+*#%@"
SIGNED_MARKS = {
    "neg3": "=", "neg2": "-", "neg1": ",", "zero": " ", "pos1": ".", "pos2": "+", "pos3": "#",
    "bad": "?",
}  # fmt: skip


def grey_image(pixels: Rows) -> Canvas:
    """A picture of rows of brightness, 0 for black to 1 for white; beyond is cut off.

    >>> [colour.hex for colour in grey_image([[0.0, 1.0], [1.0, 0.0]]).colours[0]]
    ['#000000', '#ffffff']
    """

    def grey(brightness: float) -> Pixel:
        light = min(1.0, max(0.0, brightness)) if brightness == brightness else 0.0
        return blend_rgb(BLACK, WHITE, light), GREY_MARKS[round(light * 9)]

    return painted(pixels, grey)


def signed_image(numbers: Rows) -> Canvas:
    """A picture of rows of numbers such as weights: + blue, - orange, the larger the stronger."""
    largest = scale(x for row in numbers for x in row)

    def signed(number: float) -> Pixel:
        token = shade(number, largest)
        if token == "bad":
            return rgb("bad"), SIGNED_MARKS[token]
        strength = min(1.0, abs(number) / (largest or 1.0))
        colour = blend_rgb(WHITE, rgb("epos" if number > 0.0 else "eneg"), strength)
        return colour, SIGNED_MARKS[token]

    return painted(numbers, signed)


def painted(rows: Rows, pixel: Callable[[float], Pixel]) -> Canvas:
    """Rows of numbers, which must be equally long, as a canvas; pixel is asked for each number."""
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("an image is at least one row of numbers, and all rows are equally long")
    canvas = Canvas(len(rows[0]), len(rows))
    for y, row in enumerate(rows):
        for x, number in enumerate(row):
            canvas.paint(x, y, *pixel(number))
    return canvas


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
