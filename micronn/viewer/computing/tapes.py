"""What a page needs to run tapes as Python does: the machine and the tapes, as plain data.

machine.js reads them.  A page that takes them along asks html_page for wasm=True.

    >>> from micronn.compiler.tape import write_tape
    >>> from micronn.engine import Value
    >>> x = Value(2.0)
    >>> data = tape_data(write_tape([x * 3.0], [x], []))
    >>> data["outputs"], data["constants"]
    ([2], 'AAAAAAAACEA=')
"""

import base64
import functools
import gzip
import struct
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from micronn.compiler.tape import Tape


@functools.cache
def machine_data() -> str:
    """The machine for float64, compressed, as text: 62 kB instead of 200."""
    module = files("micronn.compiler").joinpath("machine-float64.wasm").read_bytes()
    return base64.b64encode(gzip.compress(module, mtime=0)).decode()


def tape_data(tape: Tape) -> dict[str, Any]:
    """A tape for a page."""
    return {
        "inputs": tape.inputs,
        "weights": tape.weights,
        "slots": tape.slots,
        "quiet": tape.quiet,
        "direct": tape.direct,
        "instructions": tape.instructions,
        "lists": tape.lists,
        "outputs": tape.outputs,
        "constants": packed(tape.constants),
    }


def packed(numbers: Iterable[float]) -> str:
    """Numbers as text, in all their bits: nan, infinities and -0.0 survive, which JSON lacks."""
    given = list(numbers)
    return base64.b64encode(struct.pack(f"<{len(given)}d", *given)).decode()
