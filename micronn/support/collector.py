"""Work that makes many objects and no cycles is done without Python's cycle collector.

It would walk all of them again and again: half the time of a picture of 65,000 values.
"""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def collector_paused(work: Callable[P, R]) -> Callable[P, R]:
    """The same function; the collector rests while it runs, and then is as it was before."""

    @wraps(work)
    def rested(*args: P.args, **kwargs: P.kwargs) -> R:
        was_running = gc.isenabled()
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            if was_running:
                gc.enable()

    return rested
