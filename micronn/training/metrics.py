"""Scores for people: a loss is for descending, a metric says how good a model is.

A loss must have a slope everywhere; accuracy has none (a step on or off), so it can
be read but not descended.  Both are needed: a loss may fall while the accuracy stays.

    >>> accuracy([[0.1, 2.0], [3.0, -1.0]], [1, 1])  # argmax says 1, then 0
    0.5
"""

from collections.abc import Sequence
from typing import Any

from micronn.support.arguments import check_pairs
from micronn.support.number import number_of
from micronn.support.numeric import as_list, predicted_class, root_mean_square

Output = float | Sequence[float]


def right_class(target: float) -> int:
    """The class that a target stands for: its index; or 1 for +1 and 0 for -1."""
    return max(int(target), 0)


def accuracy(outputs: Sequence[Output], targets: Sequence[float], threshold: float = 0.0) -> float:
    """The share of examples whose class the model guesses, from 0 to 1.

    outputs: one for each example, as for predicted_class().
    targets: -1 and +1, or 0 and 1, or indices of classes.

    Raises ValueError for lists of different length or empty ones.
    """
    pairs = paired(outputs, targets)
    return sum(predicted_class(o, threshold) == right_class(t) for o, t in pairs) / len(pairs)


def confusion_matrix(
    outputs: Sequence[Output], targets: Sequence[float], threshold: float = 0.0
) -> list[list[int]]:
    """How often each class was taken for each: row = the right class, column = the guess.

    outputs, targets, threshold: as for accuracy, and Raises too.  What is on the
    diagonal is right.

    >>> confusion_matrix([2.0, -1.0, 0.5], [1.0, -1.0, -1.0])
    [[1, 1], [0, 1]]
    """
    pairs = [(right_class(t), predicted_class(o, threshold)) for o, t in paired(outputs, targets)]
    n = max(2, len(as_list(outputs[0])), *[1 + max(pair) for pair in pairs])
    counts = [[0] * n for _ in range(n)]
    for right, guessed in pairs:
        counts[right][guessed] += 1
    return counts


def rmse(outputs: Sequence[Output], targets: Sequence[Any]) -> float:
    """Root mean squared error: the usual size of an error, in the targets' own unit.

    outputs, targets: numbers, or lists of equally many numbers, for each example.
    Raises as accuracy does.

    >>> rmse([1.0, 5.0], [0.0, 2.0])  # sqrt((1 + 9) / 2)
    2.23606797749979
    """
    errors = [
        number_of(a) - number_of(b)
        for output, target in paired(outputs, targets)
        for a, b in zip(as_list(output), as_list(target), strict=True)
    ]
    return root_mean_square(errors)


def paired(outputs: Sequence[Any], targets: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each output with its target."""
    check_pairs(outputs, targets, "outputs")
    return list(zip(outputs, targets, strict=True))
