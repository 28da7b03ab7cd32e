"""A generator does nothing until a loop asks it, so one that trains says it if nobody asks.

>>> import warnings
>>> @told_if_unused
... def steps(n):
...     yield from range(n)
>>> list(steps(3))
[0, 1, 2]
>>> with warnings.catch_warnings(record=True) as told:
...     warnings.simplefilter("always")
...     _ = steps(3), None
...     del _
>>> print(told[0].message)
steps(...) took no step; loop over it, for step in steps(...), or call fit(...)
"""

import functools
import sys
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
NONE = "steps(...) took no step; loop over it, for step in steps(...), or call fit(...)"


class Steps(Generator[T, None, None]):
    """What a generator hands out; warns when it is dropped before it was asked for anything."""

    def __init__(self, steps: Iterator[T]):
        self.steps: Any = steps
        self.asked = False

    def send(self, value: None) -> T:
        self.asked = True
        step: T = self.steps.send(value)
        return step

    def throw(self, *error: Any) -> T:
        step: T = self.steps.throw(*error)
        return step

    def __repr__(self) -> str:
        return "<the steps of a training, one at a time>" if self.asked else f"<{NONE}>"

    def __del__(self) -> None:
        if not self.asked and not sys.is_finalizing():
            warnings.warn(NONE, RuntimeWarning, stacklevel=2)


def told_if_unused(function: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """A function that returns a generator, which warns if nobody loops over it."""

    @functools.wraps(function)
    def started(*args: P.args, **options: P.kwargs) -> Iterator[T]:
        return Steps(function(*args, **options))

    return started
