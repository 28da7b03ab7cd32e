"""Work that makes many objects and no cycles is done without Python's cycle collector.

It would walk all of them again and again: half the time of a picture of 65,000 values.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """The collector rests in the block or function that stands under this, then is as before."""
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()
