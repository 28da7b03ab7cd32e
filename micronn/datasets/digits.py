"""Drawn data: pictures made from strokes, so that no file has to be fetched.

A picture is a list of grey values from 0.0 (paper) to 1.0 (ink), row by row.  Like
handwriting, no two drawings of a digit are alike: each has its own slant, size,
place, width, wobble and specks, and most digits are written in several ways.

    >>> import random
    >>> inputs, targets = digits(100, rng=random.Random(7))
    >>> len(inputs[0]), targets[:12]
    (784, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
"""

import math
from collections.abc import Sequence
from random import Random

from micronn.support.arguments import Rng, choice, count, rng_or_default
from micronn.support.toys import Examples

Point = tuple[float, float]
Stroke = list[Point]  # the corners of a line from a pen put down once

SIDE = 28  # pixels in each row and column of a digit, as in MNIST


# Data sets


def digits(n: int = 1000, specks: int = 5, rng: Rng = None) -> Examples:
    """Handwriting, so to speak: drawn digits of 28 x 28 pixels, the classes in turn.

    n: how many pictures, at least 1; a thousand take about a third of a second.
    specks: how many pixels of each are spoilt by a random grey.
    rng: the random generator; Python's own random module if left out.

    Returns n inputs of 784 greys from 0.0 (paper) to 1.0 (ink), row by row, and the
    digits 0 to 9 as targets.  Of 100 new ones a linear model that was trained on
    10,000 misreads about 3, a 784-16-16-10 net about 1.
    """
    rng = rng_or_default(rng)
    targets = [k % 10 for k in range(count(n, "n"))]
    inputs = []
    for target in targets:
        strokes = by_hand(rng.choice(DIGITS[target]), SIDE, rng)
        inputs.append(spoilt(drawn(strokes, SIDE, rng.uniform(0.6, 1.5)), specks, rng))
    return inputs, targets


def shapes(n: int = 200, wanted: str = "triangle", specks: int = 3, rng: Rng = None) -> Examples:
    """One shape against the rest, in pictures of 12 x 12 pixels.

    n, specks, rng: as for digits.
    wanted: a name in SHAPES.

    Returns n inputs of 144 greys and targets +1.0 (the wanted shape) and -1.0 (any
    other one) in turn.

    Raises ValueError for a shape of another name.
    """
    choice(SHAPES, wanted, "shape")
    rng, others = rng_or_default(rng), sorted(SHAPES.keys() - {wanted})
    targets = [-1.0 if k % 2 else 1.0 for k in range(count(n, "n"))]
    names = [wanted if target > 0.0 else rng.choice(others) for target in targets]
    pictures = [drawn(by_hand(SHAPES[name], 12, rng), 12, rng.uniform(0.4, 0.8)) for name in names]
    return [spoilt(picture, specks, rng) for picture in pictures], targets


def picture(side: int = 16) -> Examples:
    """A smiling face as a function of the point, to be drawn again by a net.

    side: pixels in each row and column, at least 2.

    Returns side * side inputs [x, y], from -1.0 (left, top) to 1.0 (right, bottom),
    row by row, and the grey at each point as target, from 0.0 to 1.0.
    """
    count(side, "side", least=2)
    across = [2.0 * k / (side - 1) - 1.0 for k in range(side)]
    middle = (side - 1) / 2.0
    strokes = [[(middle + middle * x, middle + middle * y) for x, y in line] for line in FACE]
    return [[x, y] for y in across for x in across], drawn(strokes, side, side / 20.0)


# Strokes, on a sheet from (-1, -1) at the top left to (1, 1) at the bottom right


def arc(x: float, y: float, width: float, height: float, start: float, end: float) -> Stroke:
    """A piece of an ellipse around (x, y); degrees run clockwise from three o'clock."""
    pieces = max(2, round(abs(end - start) / 30))
    angles = [math.radians(start + (end - start) * k / pieces) for k in range(pieces + 1)]
    return [(x + width * math.cos(a), y + height * math.sin(a)) for a in angles]


# Every way to write a digit: which it is, and its strokes.
LOOP = arc(-0.3, 0.7, 0.2, 0.15, 180, 320)  # at the foot of a 2
BELLY = arc(-0.1, 0.35, 0.6, 0.5, -110, 140)  # of a 5
WAYS: list[tuple[int, list[Stroke]]] = [
    (0, [arc(0, 0, 0.6, 0.9, -90, 270)]),
    (0, [arc(0, 0, 0.45, 0.85, -60, 300)]),
    (1, [[(0, -0.9), (0, 0.9)]]),
    (1, [[(-0.4, -0.5), (0.05, -0.9), (0.05, 0.9)]]),
    (1, [[(-0.3, -0.6), (0, -0.9), (0, 0.9)], [(-0.4, 0.9), (0.4, 0.9)]]),
    (2, [[*arc(0, -0.4, 0.55, 0.5, -170, 40), (-0.6, 0.9), (0.65, 0.9)]]),
    (2, [[*arc(0, -0.45, 0.5, 0.45, -160, 60), (-0.5, 0.8), *LOOP, (0.65, 0.9)]]),
    (3, [[*arc(-0.05, -0.45, 0.5, 0.45, -160, 90), *arc(-0.05, 0.45, 0.6, 0.45, -90, 160)]]),
    (3, [[(-0.5, -0.9), (0.5, -0.9), (-0.1, -0.15), *arc(-0.05, 0.4, 0.6, 0.5, -90, 150)]]),
    (4, [[(0.2, -0.9), (-0.65, 0.35), (0.65, 0.35)], [(0.3, -0.3), (0.3, 0.9)]]),
    (4, [[(-0.5, -0.9), (-0.55, 0.05), (0.5, 0.05)], [(0.45, -0.9), (0.4, 0.9)]]),
    (5, [[(0.55, -0.9), (-0.4, -0.9), (-0.5, -0.1), *arc(-0.05, 0.35, 0.6, 0.53, -120, 150)]]),
    (5, [[(-0.4, -0.85), (-0.45, -0.1), *BELLY], [(-0.4, -0.85), (0.6, -0.9)]]),
    (6, [[(0.35, -0.9), (-0.2, -0.5), *arc(0, 0.4, 0.55, 0.5, 180, -190)]]),
    (6, [[(0.0, -0.9), *arc(0.2, 0.3, 0.7, 0.6, 180, 90), *arc(0.05, 0.5, 0.45, 0.4, 80, -180)]]),
    (7, [[(-0.6, -0.85), (0.6, -0.85), (-0.15, 0.9)]]),
    (7, [[(-0.6, -0.85), (0.6, -0.85), (-0.1, 0.9)], [(-0.3, 0.0), (0.5, 0.0)]]),
    (8, [arc(0, -0.45, 0.45, 0.45, 90, 450), arc(0, 0.45, 0.55, 0.45, -90, 270)]),
    (8, [[*arc(0, -0.45, 0.45, 0.43, -20, -270), *arc(0, 0.45, 0.5, 0.45, -90, 180), (0.4, -0.6)]]),
    (9, [arc(0, -0.4, 0.5, 0.5, 0, 360), [(0.5, -0.4), (0.4, 0.9)]]),
    (9, [[*arc(-0.05, -0.4, 0.5, 0.5, -20, -360), (0.5, 0.2), *arc(0, 0.4, 0.5, 0.5, 10, 150)]]),
]
DIGITS = [[strokes for k, strokes in WAYS if k == digit] for digit in range(10)]

SHAPES: dict[str, list[Stroke]] = {
    "circle": [arc(0, 0, 0.85, 0.85, 0, 360)],
    "square": [[(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8)]],
    "triangle": [[(0, -0.9), (0.9, 0.8), (-0.9, 0.8), (0, -0.9)]],
    "cross": [[(-0.8, -0.8), (0.8, 0.8)], [(0.8, -0.8), (-0.8, 0.8)]],
}

FACE: list[Stroke] = [
    arc(0, 0, 0.85, 0.85, 0, 360),
    [(-0.35, -0.35), (-0.35, -0.2)],
    [(0.35, -0.35), (0.35, -0.2)],
    arc(0, 0.1, 0.45, 0.4, 10, 170),
]


# From strokes to pixels


def by_hand(strokes: Sequence[Stroke], side: int, rng: Random) -> list[Stroke]:
    """The strokes as an unsteady hand would put them on a sheet of side x side pixels.

    They are bent by a slow wave and a little shake, slanted, stretched, turned, and
    shifted; together that leaves no pixel which only one digit would ink.
    """
    wide, high = 0.36 * side * rng.uniform(0.8, 0.95), 0.36 * side * rng.uniform(0.85, 1.0)
    slant, turn = rng.gauss(0.15, 0.06), rng.gauss(0.0, 0.03)
    bend, phase = rng.uniform(0.0, 0.5), rng.uniform(0.0, 2.0 * math.pi)
    right, down = [(side - 1) / 2.0 + side / 28.0 * rng.uniform(-0.5, 0.5) for _ in "xy"]

    def on_sheet(x: float, y: float) -> Point:
        x += bend * math.sin(3.0 * y + phase) - slant * y + rng.gauss(0.0, 0.03)
        y += bend * math.cos(3.0 * x + phase) + rng.gauss(0.0, 0.03)
        x, y = wide * x, high * y
        return right + x - turn * y, down + y + turn * x

    return [[on_sheet(x, y) for x, y in stroke] for stroke in strokes]


def drawn(strokes: Sequence[Stroke], side: int, radius: float) -> list[float]:
    """A picture of strokes, given in pixels, with a round pen of that radius."""
    grey = [0.0] * (side * side)
    for stroke in strokes:
        for start, end in zip(stroke[:-1], stroke[1:], strict=True):
            draw_line(grey, side, start, end, radius + 0.5)
    return grey


def draw_line(grey: list[float], side: int, start: Point, end: Point, reach: float) -> None:
    """Ink every pixel within reach of the line; the last pixel of the reach fades out."""
    (ax, ay), (bx, by) = start, end
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy or 1.0
    for y in pixels(ay, by, reach, side):
        for x in pixels(ax, bx, reach, side):
            t = ((x - ax) * dx + (y - ay) * dy) / squared  # how far along, 0 to 1
            t = 0.0 if t < 0.0 else 1.0 if t > 1.0 else t
            ink = reach - math.hypot(ax + t * dx - x, ay + t * dy - y)
            if ink > grey[y * side + x]:
                grey[y * side + x] = ink if ink < 1.0 else 1.0


def pixels(a: float, b: float, reach: float, side: int) -> range:
    """The rows, or columns, that a line from a to b can ink."""
    first, last = math.ceil(min(a, b) - reach), math.floor(max(a, b) + reach)
    return range(max(first, 0), min(last + 1, side))


def spoilt(picture: list[float], specks: int, rng: Random) -> list[float]:
    """The picture with a few pixels of any grey."""
    for _ in range(count(specks, "specks", least=0)):
        picture[rng.randrange(len(picture))] = rng.random()
    return picture
