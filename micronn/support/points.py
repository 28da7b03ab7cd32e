"""What toy data is made of: even spacing, points on a circle, a little noise."""

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
