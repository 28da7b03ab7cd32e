"""What toy data is made of: even spacing, points on a circle, a little noise.

And more of it for further evenings, each set asking something that moons and lines do not:

    -1.0 or +1.0   one of two classes     spirals
    0, 1, 2, ...   the index of a class   blobs yin_yang
    any float      a quantity             wave
"""

import math
from collections.abc import Sequence
from typing import Any

from micronn.support.arguments import Rng, count, non_negative, rng_or_default

Examples = tuple[Sequence[Sequence[float]], Sequence[Any]]  # inputs and their targets


def linspace(low: float, high: float, n: int) -> list[float]:
    """n numbers from low to high, evenly spaced."""
    return [low + (high - low) * k / max(n - 1, 1) for k in range(n)]


def twice_each(n: int, ring: bool = False) -> list[float]:
    """n numbers from 0 to 1, evenly spaced but each there twice: once for each of two classes.

    ring: the way from 0 to 1 is closed, so 1 would be 0 again and is left out.

    >>> twice_each(6), twice_each(4, ring=True)
    ([0.0, 0.0, 0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 0.5])
    """
    numbers = linspace(0.0, 1.0, (count(n, "n") + 1) // 2 + ring)
    return [numbers[k // 2] for k in range(n)]


def alternating(n: int) -> list[float]:
    """-1.0 and +1.0 in turn: the targets of two classes."""
    return [1.0 if k % 2 else -1.0 for k in range(n)]


def on_circle(radius: float, turns: float) -> list[float]:
    """The point [x, y] so far from the middle, after so many turns from the right."""
    angle = 2.0 * math.pi * turns
    return [radius * math.cos(angle), radius * math.sin(angle)]


def jittered(points: Sequence[Sequence[float]], noise: float, rng: Rng) -> list[list[float]]:
    """Each point moved a little at random, in every coordinate."""
    return [add_noise(point, noise, rng) for point in points]


def add_noise(numbers: Sequence[float], noise: float, rng: Rng) -> list[float]:
    """Each number plus one from a bell curve around 0, whose spread is noise."""
    rng, noise = rng_or_default(rng), non_negative(noise, "noise")
    return [x + rng.gauss(0.0, noise) for x in numbers]


# More data sets


def spirals(n: int = 200, noise: float = 0.02, turns: float = 1.5, rng: Rng = None) -> Examples:
    """Two arms wound around each other: every turn asks for more bends in the answer.

    n, noise, rng: as for moons.
    turns: how often an arm goes around the middle.  The arms are 0.9 / (2 turns) apart.

    Returns n inputs [x, y], at most about 1 from the middle, and targets -1.0 or +1.0.
    """
    way = enumerate(twice_each(n))  # from the middle, 0, to the end of the arm, 1
    points = [on_circle(0.1 + 0.9 * t, turns * t + 0.5 * (k % 2)) for k, t in way]
    return jittered(points, noise, rng), alternating(n)


def blobs(n: int = 150, classes: int = 3, noise: float = 0.5, rng: Rng = None) -> Examples:
    """Round clouds of points: the easy case, which straight lines can part.

    n, rng: as for moons.
    classes: how many clouds, at least 1; their centres lie on a circle of radius 2.
    noise: the spread of a cloud.

    Returns n inputs [x, y] and targets 0 to classes - 1.
    """
    targets = [k % count(classes, "classes") for k in range(count(n, "n"))]
    points = [on_circle(2.0, target / classes) for target in targets]
    return jittered(points, noise, rng), targets


def yin_yang(n: int = 300, rng: Rng = None) -> Examples:
    """The old sign, in three classes: one half, the other half, and the two eyes.

    n, rng: as for moons.  Each class has a third of the points, which are drawn from
    the whole of its area, so some lie close to a border.

    Returns n inputs [x, y] inside a circle of radius 1 and targets 0, 1 or 2 (eyes).

    Source: Kriener, Goeltz, Petrovici, "The Yin-Yang dataset", 2022.
    """
    rng, inputs = rng_or_default(rng), []
    targets = [k % 3 for k in range(count(n, "n"))]
    for target in targets:
        while True:  # draw from the square until a point lies in the right part
            x, y = rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)
            if math.hypot(x, y) <= 1.0 and yin_yang_class(x, y) == target:
                break
        inputs.append([x, y])
    return inputs, targets


def yin_yang_class(x: float, y: float) -> int:
    """Which part of the sign a point lies in: 0, 1, or 2 for an eye.

    The border between the halves runs along two half circles of radius 0.5.
    """
    left, right = math.hypot(x + 0.5, y), math.hypot(x - 0.5, y)
    if min(left, right) < 0.2:
        return 2
    return 0 if left < 0.5 or (y > 0.0 and right >= 0.5) else 1


def wave(n: int = 200, window: int = 8, noise: float = 0.05, rng: Rng = None) -> Examples:
    """A sound of two tones: from the last few samples, say the next one.

    n, noise, rng: as for line.
    window: how many samples the net is given, at least 1.

    Returns n inputs of `window` samples, oldest first, and the sample after them as
    target; all between about -1 and 1.  The tones repeat every 20 and 7 samples.
    """
    turn, samples = 2.0 * math.pi, range(count(n, "n") + count(window, "window"))
    tones = [0.6 * math.sin(turn * t / 20.0) + 0.4 * math.sin(turn * t / 7.0) for t in samples]
    sound = add_noise(tones, noise, rng)
    return [sound[k : k + window] for k in range(n)], sound[window:]
