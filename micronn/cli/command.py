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
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # of the parser of `micronn`


def add_command(
    commands: Commands, name: str, summary: str, example: str, run: Run
) -> argparse.ArgumentParser:
    """A parser for the arguments of one more command, which `run` carries out."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example: micronn {name} {example}",
        allow_abbrev=False,
    )
    command.set_defaults(run=run)
    return command
