"""Which line of a program made a Value: looked up once, while the Value is made.

    with record_lines():
        x = Value(2.0, "x")  # net.py:2
        h = x - 3.0          # net.py:3
        h.log()              # refused: the message says that h was made at net.py:3

A graph knows what it was computed from, and nothing of the text that a learner typed.  That
stands in the frames of the functions that are running: the innermost one that belongs to no
library is the learner's own.  So what a model makes inside of nn.py is of the line that called it.

The engine keeps no place for a line, and pays nothing for one.  While lines are recorded, a
few of its functions are exchanged for others, which note the line in a table beside the graph;
a Value that nobody holds any more leaves the table, too.
"""

import linecache
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache, wraps
from threading import RLock
from types import FrameType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from micronn import engine
from micronn.engine import Value
from micronn.support import number
from micronn.support.number import Number
from micronn.support.text import Place, brief, clean, clipped, printable

LIBRARY = tuple([os.path.dirname(path) + os.sep for path in (engine.__file__, os.__file__)])
INSTALLED = ("site-packages", "dist-packages")
LONGEST = 200  # characters of a line's text that are kept


class Line(NamedTuple):
    """A line of a program.

    file: as Python names it, a path or such as <stdin>.  number: counted from 1.
    function: the one that it stands in, "" for none.
    text: as it was typed, without its indent; "" where the text is not known.
    name: of the file without its folders; of a notebook's cell, In[3].
    """

    file: str
    number: int
    function: str
    text: str
    name: str

    @property
    def place(self) -> str:
        """Where it is, in short: net.py:12."""
        return f"{self.name}:{self.number}"

    def __str__(self) -> str:
        return f"{self.place}: {clipped(self.text)}" if self.text else self.place


made: WeakKeyDictionary[Number, Line] = WeakKeyDictionary()
known: dict[tuple[str, int, str], Line] = {}  # each line once, while they are recorded
begun: set["record_lines"] = set()  # what has not ended yet
lock = RLock()


class record_lines:  # noqa: N801, used as a function is
    """From now on each new Value remembers the line of the program that made it.

    Until record_lines(False), or to the end of a with-block:

    >>> with record_lines():
    ...     x = Value(2.0, "x")
    >>> line_of(x).text, line_of(x * x)
    ('x = Value(2.0, "x")', None)

    The line is that of the innermost function that is part of no library: neither of
    micronn, nor of Python's own, nor of installed packages.  It counts in all threads.  Pictures
    and step pages of these Values show their lines, and a refusal, such as of the log of -1,
    names the line where its operand was made.  Each Value takes some microseconds longer.

    on: False ends all recording, wherever it was begun.  Lines that are known stay known.
    """

    def __init__(self, on: bool = True) -> None:
        with lock:
            if on:
                begun.add(self)
            else:
                begun.clear()
            exchange(bool(begun))

    def __repr__(self) -> str:  # as a notebook shows it
        return "record_lines()"

    def __enter__(self) -> "record_lines":
        return self

    def __exit__(self, *_: object) -> None:
        with lock:
            begun.discard(self)
            exchange(bool(begun))


def line_of(value: Value) -> Line | None:
    """The line that made a Value; None if it is not known, or of anything else."""
    return made.get(value) if isinstance(value, Number) else None


def made_at(lines: Iterable[Line | None]) -> str:
    """Where something was made, to be appended to a sentence; "" if that is not known."""
    found = list(dict.fromkeys([line for line in lines if line]))
    if len(found) == 1:
        return f", made at {found[0]}"
    return f", made at {brief([line.place for line in found], 3)}" if found else ""


# Finding the line


def note(value: Number) -> None:
    """Remember the line that is making a Value, if one is."""
    frame: FrameType | None = sys._getframe(1)
    while frame and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    if frame:
        code = frame.f_code
        key = code.co_filename, frame.f_lineno, code.co_name
        made[value] = known.get(key) or known.setdefault(key, read(frame))


@cache
def is_library(file: str) -> bool:
    """Whether a file is no part of the learner's program."""
    return file.startswith((*LIBRARY, "<frozen ")) or any(name in file for name in INSTALLED)


def read(frame: FrameType) -> Line:
    """The line that a frame is at."""
    code = frame.f_code
    file, at = code.co_filename, frame.f_lineno or code.co_firstlineno
    linecache.checkcache(file)  # it may have been edited since
    text = printable(linecache.getline(file, at, frame.f_globals).strip()[:LONGEST])
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    named = getattr(getattr(shell, "compile", None), "format_code_name", lambda file: None)
    cell = named(file)  # ("Cell", "In[3]"); None for a file
    name = cell[1] if cell else os.path.basename(file)
    return Line(file, at, code.co_name.replace("<module>", ""), text, clean(name))


# What is exchanged in the engine while lines are recorded


def noting(makes: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes a Value, and then notes its line."""

    @wraps(makes)
    def made_and_noted(*args: Any, **kwargs: Any) -> Any:
        value = makes(*args, **kwargs)
        note(value)
        return value

    return made_and_noted


def as_float(x: Any) -> float:
    """For the engine: the number of a leaf, whose Value is being made just now."""
    caller = sys._getframe(1)
    if caller.f_code is Value.__init__.__code__:  # to set this each time would slow the class
        note(caller.f_locals["self"])
    return number.as_float(x)


plainly = number.shown


def shown_and_made(x: Number | float) -> str:
    """For messages: a Value, and where it was made."""
    line = made.get(x) if isinstance(x, Number) and x.op != "const" else None
    is_template = isinstance(number.number_of(x), Place)
    return plainly(x) + (f" (made at {line})" if line and not is_template else "")


EXCHANGED: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "computed": (engine.computed, noting(engine.computed)),
    "restored": (number.restored, noting(number.restored)),
    "shown": (plainly, shown_and_made),
}


def exchange(on: bool) -> None:
    """Put the functions that note lines in place of the plain ones, or back, wherever they are."""
    if (vars(engine)["as_float"] is as_float) is on:
        return
    known.clear()
    vars(engine)["as_float"] = as_float if on else number.as_float
    ours = [vars(module) for name, module in [*sys.modules.items()] if name.startswith("micronn.")]
    for name, (plain, noted) in EXCHANGED.items():
        old, new = (plain, noted) if on else (noted, plain)
        for names in ours:
            if names.get(name) is old:
                names[name] = new
