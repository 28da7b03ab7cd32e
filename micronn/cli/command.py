"""What the commands share: how one is described, and what it gets when it runs.

A command gets its arguments, a rich console for what it has to show, and `note` for
remarks beside it; it returns the exit status.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from rich.console import Console

Note = Callable[[str], None]
Run = Callable[[argparse.Namespace, Console, Note], int]
Option = Callable[..., argparse.Action]  # what adds an argument to a command
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # of `micronn`


def add_command(commands: Commands, name: str, summary: str, example: str, run: Run) -> Option:
    """One more command, which `run` carries out; what is returned adds arguments to it."""
    about = f"{summary[0].upper()}{summary[1:]}."
    example = f"example: micronn {name} {example}"
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=about, epilog=example, allow_abbrev=False
    )
    command.set_defaults(run=run, command=command)
    return command.add_argument


def a_file(text: str) -> str:
    """The name of a file, for an argument; "" is none."""
    if not text:
        raise argparse.ArgumentTypeError("a file needs a name, got an empty text")
    return text


def whole(text: str) -> int:
    """A whole number, for an argument."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number; write one such as 7"
        ) from None


def decimal(text: str) -> float:
    """A number, for an argument."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number; write one such as 0.1") from None


def separator(text: str) -> str:
    """What stands between the cells of a table, for an argument; what is hard to type has a name.

    >>> [separator(text) for text in ("|", "tab", "space")]
    ['|', '\\t', ' ']
    """
    return {"tab": "\t", "\\t": "\t", "space": " "}.get(text, text)


A_FILE: dict[str, Any] = {"metavar": "FILE", "type": a_file}  # of an argument
A_SEPARATOR: dict[str, Any] = {
    "type": separator, "default": "", "metavar": "MARK",
    "help": "of a table, where line 1 does not show it: | or tab or space",
}  # fmt: skip


def check_places(read: Mapping[str, str | None], written: Mapping[str, str | None]) -> None:
    """Refuse to write over a file that is read, or two results into one file.

    read, written: the names of files, by what the user calls them; None where there is none.
    """
    taken = [(what, path, "read") for what, path in read.items() if path]
    for what, path in written.items():
        for other, place, use in taken if path else []:
            if same_file(str(path), place):
                raise ValueError(
                    f"{what} {path} would overwrite {place}, which is {use} too ({other}); "
                    "choose another name"
                )
        taken += [(what, path, "written")] if path else []


def same_file(a: str, b: str) -> bool:
    """Whether two names lead to one file, also by links, and also if it is not there yet."""
    both = os.path.exists(a) and os.path.exists(b)
    return os.path.samefile(a, b) if both else os.path.realpath(a) == os.path.realpath(b)


def refused(error: Exception) -> str:
    """What could not be done, or what the system refused, and for which file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
