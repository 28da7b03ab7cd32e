"""What the commands share: how one is described, and what it gets when it runs.

A command gets its arguments, a rich console for what it has to show, and `note` for
remarks beside it; it returns the exit status.
"""

import argparse
from collections.abc import Callable
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
    command.set_defaults(run=run)
    return command.add_argument
