"""Work done on a thread with little stack, where recursion over a graph would show at once."""

import sys
import threading

# Python 3.13 takes chains of objects apart by recursion when they are dropped, up to a depth
# that needs between 640 and 768 kB; 3.11 and 3.12 do it on any stack.
SMALL = 1024 * 1024 if sys.version_info[:2] == (3, 13) else 256 * 1024


def on_a_small_stack(work, size=SMALL):
    """Run work on a thread with size bytes of stack; return and raise what it does."""
    returned, raised = [], []

    def run():
        try:
            returned.append(work())
        except BaseException as error:
            raised.append(error)

    before = threading.stack_size(size)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    if raised:
        raise raised[0]
    return returned[0]
