"""What is often asked of a list of numbers: how large, which is largest, which share each has."""

import math
from collections.abc import Sequence
from typing import Any


def root_mean_square(numbers: Sequence[float]) -> float:
    """The typical size of some numbers.

    >>> root_mean_square([1.0, -7.0])
    5.0
    """
    return math.hypot(*numbers) / math.sqrt(len(numbers))


def magnitude(x: float) -> float:
    """How large a number is whatever its sign; nan is as large as infinity."""
    return abs(x) if x == x else math.inf


def predicted_class(output: float | Sequence[float], threshold: float = 0.0) -> int:
    """The class that a model's output stands for.

    output: one score, alone or in a list, which stands for class 1 above the threshold
        and else for class 0; or a score for each class, of which the first largest wins.
    threshold: 0.0 for a score without limits, 0.5 for a probability.

    >>> predicted_class(-0.3), predicted_class(0.8), predicted_class([0.1, 0.7, 0.2])
    (0, 1, 1)
    """
    scores = as_list(output)
    return int(scores[0] > threshold) if len(scores) == 1 else scores.index(max(scores))


def softmax(logits: Sequence[float]) -> list[float]:
    """Scores as probabilities, which add up to 1.

    >>> softmax([0.0, 1000.0])
    [0.0, 1.0]
    """
    top = max(logits)
    weights = [math.exp(logit - top) for logit in logits]
    return [weight / sum(weights) for weight in weights]


def as_list(x: Any) -> list[Any]:
    """x as a list; one number, or one Value, is a list of one."""
    return list(x) if hasattr(x, "__iter__") else [x]
