"""`python -m micronn` is the command `micronn`, and this is how both begin and end.

Ctrl-C ends a command with status 130 and one line, also while its files are still being
imported; a second Ctrl-C, at the end, is not needed and changes nothing.
"""

import os
import signal
import sys
from types import FrameType


class Interrupts:
    """What Ctrl-C does: at first it ends the process, then the command, once, and then nothing."""

    def __init__(self) -> None:
        self.importing, self.over = True, False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.importing:
            os.write(2, b"micronn: error: interrupted\n")
            os._exit(130)  # nothing has begun that could need an end
        if not self.over:
            self.over = True
            raise KeyboardInterrupt


def main() -> int:
    """Run the command that was typed; returns its exit status."""
    interrupts = Interrupts()
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not so under nohup
    if ours:
        signal.signal(signal.SIGINT, interrupts)
    from micronn.cli.main import main as command  # here, so that Ctrl-C may come before it

    status = 130
    try:
        interrupts.importing = False
        status = command()
        interrupts.over = True
    except KeyboardInterrupt:
        pass
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return status


if __name__ == "__main__":
    sys.exit(main())
