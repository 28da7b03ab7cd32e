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
"""

import math
from collections.abc import Iterator, Sequence

from micronn.support.arguments import check_pairs, count, pair, rng_or_default

Examples = tuple[Sequence[Sequence[float]], Sequence]  # inputs and their targets


# Two classes, -1.0 and +1.0


def moons(n: int = 100, noise: float = 0.1, rng=None) -> Examples:
    """Two half circles that reach into each other: no straight line parts them.

    n: how many points, half of them in each moon.
    noise: the spread of a bell curve added to both coordinates.  The moons are 0.5
        apart, so up to about 0.1 a small net can tell all of them apart.
    rng: where chance comes from; Python's own random module if left out.

    Returns n inputs [x, y] and targets -1.0 (the upper moon) or +1.0.  For losses
    that want 0 and 1:  (target + 1) / 2.

    Raises ValueError for an n below 1 or a noise below 0, TypeError for an n that is
    no whole number or an rng that is none; all data sets do.

    >>> moons(2, noise=0.0)
    ([[1.0, 0.0], [0.0, 0.5]], [-1.0, 1.0])
    """
    rng, halves = checked(n, noise, rng), paces(n)
    upper = [(math.cos(math.pi * t), math.sin(math.pi * t)) for t in halves]
    points = [(1.0 - x, 0.5 - y) if k % 2 else (x, y) for k, (x, y) in enumerate(upper)]
    return [blurred(point, noise, rng) for point in points], signs(n)


def circles(n: int = 100, noise: float = 0.05, rng=None) -> Examples:
    """A circle inside another: a net that only adds its inputs cannot close a curve.

    n, noise, rng: as for moons.  The radii are 1 and 0.5.

    Returns n inputs [x, y] and targets -1.0 (the outer circle) or +1.0.
    """
    rng, angles = checked(n, noise, rng), [2.0 * math.pi * t for t in paces(n, closed=True)]
    radii = [0.5 if k % 2 else 1.0 for k in range(n)]
    points = [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    return [blurred(point, noise, rng) for point in points], signs(n)


def spirals(n: int = 200, noise: float = 0.02, turns: float = 1.5, rng=None) -> Examples:
    """Two arms wound around each other: every turn asks for more bends in the answer.

    n, noise, rng: as for moons.
    turns: how often an arm goes around the middle.  The arms are 0.9 / (2 turns) apart.

    Returns n inputs [x, y], at most about 1 from the middle, and targets -1.0 or +1.0.
    """
    rng, points = checked(n, noise, rng), []
    for k, t in enumerate(paces(n)):
        radius, angle = 0.1 + 0.9 * t, 2.0 * math.pi * (turns * t + 0.5 * (k % 2))
        points.append((radius * math.cos(angle), radius * math.sin(angle)))
    return [blurred(point, noise, rng) for point in points], signs(n)


def xor(n: int = 100, noise: float = 0.1, rng=None) -> Examples:
    """Either, but not both: the smallest problem that needs a hidden layer.

    n, noise, rng: as for moons.  The points lie around the corners of a square.

    Returns n inputs [a, b], each near 0 or 1, and targets +1.0 where one of the two
    is 1, else -1.0.  The truth table itself is xor(4, noise=0.0).

    >>> inputs, targets = xor(4, noise=0.0)
    >>> inputs
    [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]
    """
    rng, corners = checked(n, noise, rng), [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
    return [blurred(corners[k % 4], noise, rng) for k in range(n)], signs(n)


# Several classes, by index


def blobs(n: int = 150, classes: int = 3, noise: float = 0.5, rng=None) -> Examples:
    """Round clouds of points: the easy case, which straight lines can part.

    n, rng: as for moons.
    classes: how many clouds, at least 1; their centres lie on a circle of radius 2.
    noise: the spread of a cloud.

    Returns n inputs [x, y] and targets 0 to classes - 1.
    """
    rng, angle = checked(n, noise, rng), 2.0 * math.pi / count(classes, "classes")
    centres = [(2.0 * math.cos(angle * c), 2.0 * math.sin(angle * c)) for c in range(classes)]
    inputs = [blurred(centres[k % classes], noise, rng) for k in range(n)]
    return inputs, [k % classes for k in range(n)]


def yin_yang(n: int = 300, rng=None) -> Examples:
    """The old sign, in three classes: one half, the other half, and the two eyes.

    n, rng: as for moons.  Each class has a third of the points, which are drawn from
    the whole of its area, so some lie close to a border.

    Returns n inputs [x, y] inside a circle of radius 1 and targets 0, 1 or 2 (eyes).

    Source: Kriener, Goeltz, Petrovici, "The Yin-Yang dataset", 2022.
    """
    rng, inputs = checked(n, 0.0, rng), []
    for k in range(n):
        point = within_circle(rng)
        while yin_yang_class(*point) != k % 3:
            point = within_circle(rng)
        inputs.append(point)
    return inputs, [k % 3 for k in range(n)]


def yin_yang_class(x: float, y: float) -> int:
    """Which part of the sign a point lies in: 0, 1, or 2 for an eye.

    The border between the halves runs along two half circles of radius 0.5.
    """
    left, right = math.hypot(x + 0.5, y), math.hypot(x - 0.5, y)
    if min(left, right) < 0.2:
        return 2
    return 0 if left < 0.5 or (y > 0.0 and right >= 0.5) else 1


# Quantities


def line(
    n: int = 50, noise: float = 0.3, slope: float = 2.0, intercept: float = 1.0, rng=None
) -> Examples:
    """Points around a straight line, for the best fit of one neuron without a curve.

    n, rng: as for moons.
    noise: the spread of a bell curve added to each target, so the mean squared error
        of the true line is about noise**2.

    Returns n inputs [x] from -1 to 1 and targets slope * x + intercept + noise.

    >>> line(3, noise=0.0)
    ([[-1.0], [0.0], [1.0]], [-1.0, 1.0, 3.0])
    """
    rng, xs = checked(n, noise, rng), even(-1.0, 1.0, n)
    return [[x] for x in xs], [slope * x + intercept + rng.gauss(0, noise) for x in xs]


def curve(n: int = 50, noise: float = 0.2, rng=None) -> Examples:
    """Points around one wave of a sine: too bent for a line, easy to overfit.

    n, noise, rng: as for line.

    Returns n inputs [x] from -1 to 1 and targets sin(pi * x) + noise.
    """
    rng, xs = checked(n, noise, rng), even(-1.0, 1.0, n)
    return [[x] for x in xs], [math.sin(math.pi * x) + rng.gauss(0, noise) for x in xs]


def wave(n: int = 200, window: int = 8, noise: float = 0.05, rng=None) -> Examples:
    """A sound of two tones: from the last few samples, say the next one.

    n, noise, rng: as for line.
    window: how many samples the net hears, at least 1.

    Returns n inputs of `window` samples, oldest first, and the sample after them as
    target; all between about -1 and 1.  The tones repeat every 20 and 7 samples.
    """
    rng, window = checked(n, noise, rng), count(window, "window")
    turn = 2.0 * math.pi
    sound = [
        0.6 * math.sin(turn * t / 20.0) + 0.4 * math.sin(turn * t / 7.0) + rng.gauss(0, noise)
        for t in range(n + window)
    ]
    return [sound[k : k + window] for k in range(n)], sound[window:]


# Parts of a data set


def split(
    data: Examples, validation: float = 0.2, test: float = 0.2, rng=None
) -> tuple[Examples, Examples, Examples]:
    """Shuffle the examples and deal them out: to learn from, to choose by, to judge by.

    data: a pair of inputs and targets, equally many.
    validation, test: shares of the whole, from 0 to 1; the rest is for training.
    rng: where chance comes from; Python's own random module if left out.

    Returns three such pairs: train, validation, test.  No example is in two of them.

    Raises ValueError for shares that leave nothing to train on, and for inputs and
    targets of different length.

    >>> [len(targets) for _, targets in split(line(10), validation=0.3, test=0.1)]
    [6, 3, 1]
    """
    order = shuffled(data, rng)
    n_validation, n_test = share(validation, order, "validation"), share(test, order, "test")
    n_train = len(order) - n_validation - n_test
    if n_train < 1:
        raise ValueError(
            f"validation={validation} and test={test} leave none of {len(order)} examples "
            "to train on; together they must stay below 1"
        )
    end = n_train + n_validation
    return (
        picked(data, order[:n_train]),
        picked(data, order[n_train:end]),
        picked(data, order[end:]),
    )


def batches(data: Examples, batch_size: int, rng=None) -> Iterator[Examples]:
    """The examples in a new random order, a few at a time; one pass is an epoch.

    data: a pair of inputs and targets, equally many.
    batch_size: how many at a time, at least 1; the last batch holds what is left.
    rng: where chance comes from; Python's own random module if left out.

    Raises ValueError, when called, for a batch_size below 1, and for inputs and
    targets of different length.

    >>> [len(targets) for _, targets in batches(line(10), batch_size=4)]
    [4, 4, 2]
    """
    step, order = count(batch_size, "batch_size"), shuffled(data, rng)
    return (picked(data, order[k : k + step]) for k in range(0, len(order), step))


def picked(data: Examples, places: Sequence[int]) -> Examples:
    """The examples at these places, in this order."""
    inputs, targets = data
    return [inputs[k] for k in places], [targets[k] for k in places]


# Small helpers


def shuffled(data: Examples, rng=None) -> list[int]:
    """The places of all examples in random order."""
    check_examples(data)
    order = list(range(len(data[1])))
    rng_or_default(rng).shuffle(order)
    return order


def check_examples(data: Examples) -> None:
    """Refuse anything but equally many inputs and targets, at least one of each."""
    inputs, targets = pair(data, "a data set is a pair, inputs and targets")
    check_pairs(inputs, targets, "inputs")


def share(fraction, order, name):
    """How many examples a share of the whole is."""
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"{name} is a share of the whole, from 0 to 1, got {fraction!r}")
    return round(fraction * len(order))


def signs(n):
    """-1.0 and +1.0 in turn."""
    return [1.0 if k % 2 else -1.0 for k in range(n)]


def paces(n, closed=False):
    """From 0 to 1 in even paces, each taken twice: once by each of two classes.

    closed: the way is a ring, where 1 would be 0 again and is left out.
    """
    walkers = (n + 1) // 2
    return [k // 2 / max(walkers - (not closed), 1) for k in range(n)]


def even(low, high, n):
    """n numbers from low to high, evenly spaced."""
    return [low + (high - low) * k / max(n - 1, 1) for k in range(n)]


def blurred(point, noise, rng):
    """A point moved a little at random."""
    return [coordinate + rng.gauss(0.0, noise) for coordinate in point]


def within_circle(rng):
    """A point [x, y] anywhere inside the circle of radius 1."""
    while True:
        point = [rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)]
        if math.hypot(*point) <= 1.0:
            return point


def checked(n, noise, rng):
    """The source of chance, after a look at what every data set is asked for."""
    count(n, "n")
    if not 0.0 <= noise < math.inf:
        raise ValueError(f"noise is a spread, 0 or above, got {noise!r}")
    return rng_or_default(rng)
