"""Toy data: problems small enough to see, each hard in one way of its own.

A data set is a pair of lists of one length: inputs, each a list of floats, and
targets, so that targets[k] answers inputs[k].
What a target is depends on the question, and its type says which:

    -1.0 or +1.0   one of two classes         moons circles spirals xor
    0, 1, 2, ...   the index of a class       blobs yin_yang
    any float      a quantity to predict      line curve wave

    >>> train, validation, test = split(moons(100))
    >>> inputs, targets = train
    >>> len(inputs), len(targets)
    (60, 60)

Classes take turns, so the first few examples of a set already hold all of them.
Spirals, blobs, yin_yang and wave are in support/toys.py, with what all are made of.
"""

import math
from collections.abc import Iterator, Sequence

from micronn.support.arguments import Rng, check_examples, count, fraction, rng_or_default
from micronn.support.toys import Examples as Examples
from micronn.support.toys import add_noise, alternating, jittered, linspace, on_circle, twice_each
from micronn.support.toys import blobs as blobs
from micronn.support.toys import spirals as spirals
from micronn.support.toys import wave as wave
from micronn.support.toys import yin_yang as yin_yang

# Two classes, -1.0 and +1.0


def moons(n: int = 100, noise: float = 0.1, rng: Rng = None) -> Examples:
    """Two half circles that reach into each other: no straight line parts them.

    n: how many points, half of them in each moon.
    noise: the spread of a bell curve added to both coordinates.  The moons are 0.5
        apart; with noise up to about 0.1 a small net can tell all points apart.
    rng: draws the random numbers; Python's own random module if left out.

    Returns n inputs [x, y] and targets -1.0 (the upper moon) or +1.0.  For losses
    that want 0 and 1:  (target + 1) / 2.

    Raises ValueError for an n below 1 or a noise below 0, TypeError for an n that is no
    whole number or an rng that cannot draw random numbers; all data sets do.

    >>> moons(2, noise=0.0)
    ([[1.0, 0.0], [0.0, 0.5]], [-1.0, 1.0])
    """
    points = []
    for k, t in enumerate(twice_each(n)):  # t goes along the half circle, from 0 to 1
        x, y = math.cos(math.pi * t), math.sin(math.pi * t)
        points.append([1.0 - x, 0.5 - y] if k % 2 else [x, y])
    return jittered(points, noise, rng), alternating(n)


def circles(n: int = 100, noise: float = 0.05, rng: Rng = None) -> Examples:
    """A circle inside another: without a hidden layer a net draws only straight borders.

    n, noise, rng: as for moons.  The radii are 1 and 0.5.

    Returns n inputs [x, y] and targets -1.0 (the outer circle) or +1.0.
    """
    turns = twice_each(n, ring=True)  # each from 0 to 1, a share of the full circle
    points = [on_circle(0.5 if k % 2 else 1.0, turns[k]) for k in range(n)]
    return jittered(points, noise, rng), alternating(n)


def xor(n: int = 100, noise: float = 0.1, rng: Rng = None) -> Examples:
    """Either, but not both: the smallest problem that needs a hidden layer.

    n, noise, rng: as for moons.  The points lie around the corners of a square.

    Returns n inputs [a, b], each near 0 or 1, and targets +1.0 where one of the two
    is 1, else -1.0.  The truth table itself is xor(4, noise=0.0).

    >>> inputs, targets = xor(4, noise=0.0)
    >>> inputs
    [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]
    """
    corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]  # no, yes, no, yes
    points = [corners[k % 4] for k in range(count(n, "n"))]
    return jittered(points, noise, rng), alternating(n)


# Quantities


def line(
    n: int = 50, noise: float = 0.3, slope: float = 2.0, intercept: float = 1.0, rng: Rng = None
) -> Examples:
    """Points around a straight line, for the best fit of one neuron without an activation.

    n, rng: as for moons.
    noise: the spread of a bell curve added to each target, so the mean squared error
        of the true line is about noise**2.

    Returns n inputs [x] from -1 to 1 and targets slope * x + intercept + noise.

    >>> line(3, noise=0.0)
    ([[-1.0], [0.0], [1.0]], [-1.0, 1.0, 3.0])
    """
    xs = linspace(-1.0, 1.0, count(n, "n"))
    return [[x] for x in xs], add_noise([slope * x + intercept for x in xs], noise, rng)


def curve(n: int = 50, noise: float = 0.2, rng: Rng = None) -> Examples:
    """Points around one wave of a sine: too curved for a line, easy to learn with all its noise.

    n, noise, rng: as for line.

    Returns n inputs [x] from -1 to 1 and targets sin(pi * x) + noise.
    """
    xs = linspace(-1.0, 1.0, count(n, "n"))
    return [[x] for x in xs], add_noise([math.sin(math.pi * x) for x in xs], noise, rng)


# Parts of a data set


def split(
    data: Examples, validation: float = 0.2, test: float = 0.2, rng: Rng = None
) -> tuple[Examples, Examples, Examples]:
    """Shuffle the examples and deal them out: to learn from, to choose by, to judge by.

    data: a pair of inputs and targets, equally many.
    validation, test: shares of all examples, from 0 to 1; the rest is for training.
    rng: as for moons.

    Returns three such pairs: train, validation, test.  No example is in two of them.

    Raises ValueError for shares that leave nothing to train on, and for inputs and
    targets of different length.

    >>> [len(targets) for _, targets in split(line(10), validation=0.3, test=0.1)]
    [6, 3, 1]
    """
    order = random_order(data, rng)
    validation_end = len(order) - round(fraction(test, "test") * len(order))
    train_end = validation_end - round(fraction(validation, "validation") * len(order))
    if train_end < 1:
        raise ValueError(
            f"validation={validation}, test={test} leave none of {len(order)} examples; take less"
        )
    train, between = order[:train_end], order[train_end:validation_end]
    return select(data, train), select(data, between), select(data, order[validation_end:])


def batches(data: Examples, batch_size: int, rng: Rng = None) -> Iterator[Examples]:
    """The examples in a new random order, a few at a time; one pass is an epoch.

    data: a pair of inputs and targets, equally many.
    batch_size: how many at a time, at least 1; the last batch holds what is left.
    rng: as for moons.

    Raises ValueError, at once and not at the first batch, for a batch_size below 1, and
    for inputs and targets of different length.

    >>> [len(targets) for _, targets in batches(line(10), batch_size=4)]
    [4, 4, 2]
    """
    size, order = count(batch_size, "batch_size"), random_order(data, rng)
    return (select(data, order[k : k + size]) for k in range(0, len(order), size))


def select(data: Examples, indices: Sequence[int]) -> Examples:
    """The examples with these indices, in this order."""
    inputs, targets = data
    return [inputs[k] for k in indices], [targets[k] for k in indices]


def random_order(data: Examples, rng: Rng = None) -> list[int]:
    """The indices of all examples in random order."""
    check_examples(data)
    order = list(range(len(data[1])))
    rng_or_default(rng).shuffle(order)
    return order
