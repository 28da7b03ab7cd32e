"""Schedules: functions from a step, 0, 1, 2, ..., to the learning rate of that step.

Large steps get near the lowest loss, small ones reach it: most schedules fall.  One of
your own is any such function:  SGD(params, lr=lambda step: 0.1 / (1 + step)).
"""

import math
from collections.abc import Callable

from micronn.support.arguments import count, non_negative

Schedule = Callable[[int], float]


def learning_rate(lr: float | Schedule, step: int) -> float:
    """The rate of a step: lr itself, or what the schedule says."""
    return non_negative(lr(step) if callable(lr) else lr, "lr")


def cosine_schedule(lr: float, steps: int, lowest: float = 0.0) -> Schedule:
    """From lr down to lowest in `steps` steps, gently at both ends; then it stays there.

    Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm
    restarts", 2017, formula 5.  torch's CosineAnnealingLR.
    Raises ValueError for an lr or lowest below 0, or for steps below 1.

    >>> schedule = cosine_schedule(1.0, steps=100)
    >>> schedule(0), round(schedule(50), 4), schedule(100), schedule(500)
    (1.0, 0.5, 0.0, 0.0)
    """
    lr, steps = non_negative(lr, "lr"), count(steps, "steps")
    lowest = non_negative(lowest, "lowest")

    def schedule(step: int) -> float:
        done = min(step / steps, 1.0)
        return lowest + (lr - lowest) * 0.5 * (1.0 + math.cos(math.pi * done))

    return schedule


def warmup_schedule(steps: int, then: float | Schedule) -> Schedule:
    """Rises evenly for `steps` steps to where `then`, a number or a schedule, begins.

    Raises ValueError for steps below 1.

    >>> schedule = warmup_schedule(4, cosine_schedule(1.0, steps=2))
    >>> [schedule(step) for step in range(7)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.0]
    """
    first, steps = learning_rate(then, 0), count(steps, "steps")

    def schedule(step: int) -> float:
        if step < steps:
            return first * (step + 1) / steps
        return learning_rate(then, step - steps)

    return schedule
