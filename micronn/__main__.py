"""The command: arguments in, pictures and tables out, and an exit status that is true.

    micronn draw "tanh(w*x + b)" w=0.5 x=2 b=-1      a picture of every number
    micronn explain "(a + b)*b" a=-2 b=3             the same in the terminal
    micronn check "exp(x)/x" x=0.5                   backward() against nudging

Exit status: 0 done; 1 it could not be done, or the check found a fault; 2 what was
typed makes no sense.  Then one message stands on stderr, and no file was touched.
"""

import argparse
import codecs
import io
import os
import re
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

import micronn
from micronn.draw import DETAILS, draw
from micronn.engine import Value, clipped, topological_order
from micronn.expr import Expression, parse, read_numbers
from micronn.gradcheck import gradcheck, nudge_table
from micronn.layout import NoLayout
from micronn.terminal import backward_table, check_table, computation_tree

EXPRESSION_COMMANDS = ("draw", "explain", "check")
VALUED_OPTIONS = ("-o", "--output", "--detail")  # of the expression commands
FLAGS = ("-h", "--help", "--open")


# The commands that take an expression


def draw_command(args: argparse.Namespace) -> int:
    """Draw the graph of an expression into a file."""
    expression, numbers = read(args)
    root = differentiated(expression, numbers)
    path = Path(args.output)
    try:
        draw(root, detail=args.detail).save(path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror or error}") from None
    count = len(topological_order(root))
    print(f"wrote {path}: {count:,} value{'s' if count > 1 else ''}")
    point_out_unused(expression, numbers)
    if args.open and not webbrowser.open(path.resolve().as_uri()):
        note(f"no browser was found; open {path} yourself")
    return 0


def explain_command(args: argparse.Namespace) -> int:
    """Print the computation as a tree and the backward pass as a table."""
    expression, numbers = read(args)
    root = differentiated(expression, numbers)
    console = Console()
    console.print(computation_tree(root))
    console.print()
    console.print(backward_table(root))
    point_out_unused(expression, numbers)
    return 0


def check_command(args: argparse.Namespace) -> int:
    """Print the slopes by backward() beside those by nudging; 1 if they disagree."""
    expression, numbers = read(args)
    leaves = expression.leaves(numbers)
    if not leaves:
        raise ValueError("no name, nothing to nudge; put a variable in, such as x, and x=0.5")
    every_h = nudge_table(lambda: expression(leaves), leaves.values())
    verdict = gradcheck(lambda: expression(leaves), leaves.values())
    Console().print(check_table(every_h))
    point_out_unused(expression, numbers)
    if verdict.ok:
        print("backward() and nudging agree")
        return 0
    off = verdict.worst
    complain(
        f"for {clipped(off.name)} backward() gives {off.autograd:.9g} and nudging by "
        f"{off.h:.0e} gives {off.nudged:.9g}. {off.note}".rstrip()
    )
    return 1


def read(args: argparse.Namespace) -> tuple[Expression, dict[str, float]]:
    """What was typed: the expression and the numbers for its names."""
    return parse(args.expression), read_numbers(args.numbers)


def differentiated(expression: Expression, numbers: Mapping[str, float]) -> Value:
    """The root of the graph, after backward()."""
    root = expression(numbers)
    root.backward()
    return root


def point_out_unused(expression: Expression, numbers: Mapping[str, float]) -> None:
    """Say which numbers the expression does not ask for."""
    unused = [clipped(name) for name in numbers if name not in expression.names]
    if unused:
        note(f"not in the expression, so not used: {', '.join(unused)}")


# Arguments


class Parser(argparse.ArgumentParser):
    """argparse with an error of one line."""

    def error(self, message):
        self.exit(2, f"micronn: error: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    top = Parser(
        prog="micronn",
        description="See every number of the chain rule.",
        epilog="micronn COMMAND --help says more about a command.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"micronn {micronn.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    drawing = expression_parser(
        commands, "draw", "draw an expression with its gradients", draw_command
    )
    drawing.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="graph.svg",
        help="where to: .svg, .html (steps through), .dot, .png or .pdf; default graph.svg",
    )
    drawing.add_argument("--detail", choices=DETAILS, default="auto", help="what a card stands for")
    drawing.add_argument("--open", action="store_true", help="show it in the browser")
    expression_parser(commands, "explain", "print the forward and backward pass", explain_command)
    expression_parser(commands, "check", "compare backward() with nudging", check_command)
    return top


def expression_parser(commands, name, summary, run) -> argparse.ArgumentParser:
    """The parser of a command that takes an expression and numbers for its names."""
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f'example: micronn {name} "tanh(w*x + b)" w=0.5 x=2 b=-1',
        allow_abbrev=False,
    )
    command.add_argument("expression", metavar="EXPR", help='a formula, in quotes: "tanh(w*x + b)"')
    command.add_argument("numbers", metavar="NAME=NUMBER", nargs="*", help="a number for each name")
    command.set_defaults(run=run)
    return command


def options_first(arguments: Sequence[str]) -> list[str]:
    """The arguments of an expression command, sorted: options, --, expression, numbers.

    So an expression may begin with a minus, and an option may stand anywhere.

    >>> options_first(["-x**2", "-o", "out.svg", "x=3"])
    ['-o', 'out.svg', '--', '-x**2', 'x=3']
    """
    options, words, rest = [], [], iter(arguments)
    for argument in rest:
        if argument in VALUED_OPTIONS:
            options += [argument, *[value for value in [next(rest, None)] if value is not None]]
        elif argument in FLAGS or re.match(r"--[a-z]{2}", argument):
            options.append(argument)
        elif argument != "--":
            words.append(argument)
    return [*options, "--", *words]


# Streams


def note(message: str) -> None:
    """A remark beside the result."""
    say(f"micronn: note: {message}")


def complain(message: str) -> None:
    """The reason why there is no result."""
    say(f"micronn: error: {message}")


def say(line: str) -> None:
    if sys.stderr is not None:
        print(line, file=sys.stderr)


PLAIN = {"−": "-", "×": "*", "÷": "/", "∂": "d", "…": "...", "∞": "inf", "Σ": "sum", "■": "#"}
PLAIN |= {"²": "^2", "³": "^3"}


def in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    """What an ASCII terminal is shown for the characters it has not: a codec error handler."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    plain = [PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing]
    return "".join(plain), error.end


codecs.register_error("micronn", in_plain_letters)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None:  # closed before we began
        sys.stdout = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="micronn")
    if arguments[:1] and arguments[0] in EXPRESSION_COMMANDS:
        arguments[1:] = options_first(arguments[1:])
    try:
        args = parser().parse_args(arguments)
        status = args.run(args)
        sys.stdout.flush()
        return status
    except SystemExit as end:  # argparse: --help, or arguments that make no sense
        return end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ValueError as error:
        complain(str(error))
        return 2
    except (OSError, NoLayout) as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
