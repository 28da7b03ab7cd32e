"""The command `micronn`: what was typed, what is said where, and the exit status.

What the commands do stands in expressions.py, train.py and models.py.  Here are the
manners that all of them share.  Exit status: 0 done; 1 it could not be done, or a
check found a fault; 2 what was typed makes no sense.  A refusal is one message on
stderr, with nothing on stdout.
"""

import argparse
import codecs
import io
import os
import re
import shlex
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from itertools import islice
from typing import NoReturn

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

import micronn
from micronn.cli import expressions, grade, learn, models, programs, train
from micronn.cli.command import refused
from micronn.export import NoPackage
from micronn.pictures.layout.layout import NoLayout
from micronn.pictures.paint.images import NoRenderer
from micronn.support.text import clipped, did_you_mean, printable

# Arguments


class CommandParser(argparse.ArgumentParser):
    """argparse, with an error of one line.

    commands: the names of those that it leads to.
    """

    commands: Collection[str] = ()

    def error(self, message: str) -> NoReturn:
        say("error", f"{message}; see {self.prog} --help")
        self.exit(2)


def parser() -> CommandParser:
    """What may be typed."""
    top = CommandParser(
        prog="micronn",
        description="See every number of the chain rule.",
        epilog="micronn COMMAND --help says more about a command.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"micronn {micronn.__version__}")
    commands = top.add_subparsers(metavar="COMMAND")
    for file in (learn, expressions, train, models, grade):
        file.add_to(commands)
    top.commands = commands.choices
    return top


WORDY = ("draw", "explain", "check", "quiz", "predict")  # their words may begin with a minus
VALUED = (
    "--sheets",
    "--seed",
    "--paper",
    "--params",
    "-o",
    "--output",
    "--detail",
    "--worksheet",
    "--about",
    "--csv",
    "--separator",
    "--images",
    "--index",
)


def options_first(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command that takes words, sorted: options, --, words.

    So an expression or a number may begin with a minus, and options may stand anywhere.

    >>> options_first(["-x**2", "-o", "out.svg", "x=3"])
    ['-o', 'out.svg', '--', '-x**2', 'x=3']
    """
    options: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument in VALUED:
            options += [argument, *islice(rest, 1)]
        elif argument == "-h" or re.match(r"--[a-z]{2}", argument):
            options.append(argument)
        elif argument != "--":
            words.append(argument)
    return [*options, "--", *words]


# What is said: text from files reaches the terminal here, and nothing that it would obey


class SafeConsole(Console):
    """A console whose only control characters are rich's own."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=safe(segment.text))


def safe(text: object) -> str:
    """Lines of text with no other control character."""
    return "\n".join(map(printable, str(text).split("\n")))


def say(kind: str, message: object) -> None:
    """A line on stderr, if there is one: a note beside the result, or the error that is all."""
    if sys.stderr is not None:
        print(safe(f"micronn: {kind}: {message}"), file=sys.stderr)


note = partial(say, "note")


PLAIN = {"−": "-", "×": "*", "÷": "/", "∂": "d", "…": "...", "∞": "inf", "Σ": "sum", "■": "#"}
PLAIN |= {"²": "^2", "³": "^3", "·": ".", "–": "-", "★": "*"}


def in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    """What a terminal is shown for characters that it has not: a codec error handler."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    plain = [PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing]
    return "".join(plain), error.end


codecs.register_error("micronn", in_plain_letters)


# Running a command

NOT_DONE = (OSError, ArithmeticError, NoLayout, NoRenderer, NoPackage, programs.ProgramError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status."""
    if "_ARGCOMPLETE" in os.environ:
        return complete()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None:  # closed before we began
        sys.stdout = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="micronn")
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    if arguments[:1] and arguments[0] in WORDY:
        arguments[1:] = options_first(arguments[1:])
    try:
        status = run(arguments)
        sys.stdout.flush()  # a full disk is an error too
        return status
    except BrokenPipeError:  # the reader, such as head, has seen enough
        let_go()
        return 1
    except ValueError as error:
        say("error", error)
        return 2
    except NOT_DONE as error:
        say("error", refused(error))
        let_go()
        return 1
    except MemoryError:
        say("error", "there is not enough memory; take a smaller model or fewer examples")
        return 1
    except KeyboardInterrupt:
        say("error", "interrupted")
        return 130


def complete() -> int:
    """Tell a shell how the word that is being typed may end; argcomplete talks to it, and exits."""
    with suppress(ImportError):
        import argcomplete

        argcomplete.autocomplete(parser())
    return 1


def let_go() -> None:
    """Write what is still to be written, or nowhere if the place takes no more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(arguments: Sequence[str]) -> int:
    """Parse the arguments and do what they say; warnings become notes."""
    top, first = parser(), next(iter(arguments), "-")
    if not first.startswith("-") and first not in top.commands:
        advice = did_you_mean(first, top.commands) or f"Choose one of {', '.join(top.commands)}."
        raise ValueError(f"there is no command {clipped(first)!r}. {advice}")
    try:
        with redirect_stdout(io.StringIO()) as about:
            args, unknown = top.parse_known_args(arguments)
            if unknown:  # the command says it, and not `micronn`, so that its help is named
                getattr(args, "command", top).error(f"no argument of it: {shlex.join(unknown)}")
    except SystemExit as end:  # --help and --version, or arguments that make no sense
        sys.stdout.write(about.getvalue())  # argparse would not say that it cannot
        return end.code if isinstance(end.code, int) else 1
    if "run" not in args:
        if sys.stderr is not None:
            top.print_help(sys.stderr)
        raise ValueError("a COMMAND is needed; micronn learn is a good one to begin with")
    args.typed = arguments
    console = SafeConsole(markup=False, highlight=False, emoji=False)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)  # also under python -W error
        warnings.showwarning = lambda message, *_: note(message)
        status: int = args.run(args, console, note)
    return status
