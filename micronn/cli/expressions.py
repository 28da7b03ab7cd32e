"""The commands that take an expression and a number for each of its names.

micronn draw "tanh(w*x + b)" w=0.5 x=2 b=-1      a picture of every number
micronn draw net.py:loss                         the same of a program of one's own
micronn explain "(a + b)*b" a=-2 b=3             the same in the terminal
micronn check "exp(x)/x" x=0.5                   backward() against finite differences
micronn quiz "(a + b)*b" a=-2 b=3                work the gradients out yourself
"""

import argparse
import sys
import webbrowser
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from rich.console import Console

from micronn.check.gradcheck import gradcheck, step_size_table
from micronn.cli import programs
from micronn.cli.command import A_FILE, Commands, Note, Option, Run, add_command, whole
from micronn.cli.formula import Expression, parse, read_numbers
from micronn.draw import draw
from micronn.engine import Value, topological_order
from micronn.grade.sheets import FIND, PAPERS, class_set, save_class_set
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.pictures.views.render import Picture
from micronn.support.text import clipped, counted
from micronn.terminal.tables import backward_table, check_table, computation_tree, verdict_table
from micronn.viewer.questions.quiz import ABOUT, known, questions, take
from micronn.viewer.questions.worksheet import save_worksheet

# Commands


def draw_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Draw the graph of an expression, or what a program holds, into a file."""
    where = programs.place(args.expression)
    if where is None:
        return reading(draw_expression)(args, console, note)
    if args.numbers:
        raise ValueError(
            f"numbers are given to an expression, and {where.path} is a program, got "
            f"{clipped(args.numbers[0])}; set it in the program, or leave it out"
        )
    picture, what = programs.picture(where, args.detail, args.params, args.lines)
    return written(picture, what, args, console, note)


def draw_expression(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Draw the graph of an expression into a file."""
    leaves = args.expression.leaves(args.numbers)
    params = programs.chosen(args.params, leaves) if args.params else None
    root: Value = args.expression(leaves)
    root.backward()
    what = counted(len(topological_order(root)), "value")
    return written(draw(root, params, args.detail), what, args, console, note)


def written(
    picture: Picture, what: str, args: argparse.Namespace, console: Console, note: Note
) -> int:
    """Save a picture, say so, and show it if that is asked for."""
    path = picture.save(args.output, args.animate)
    console.print(f"wrote {path}: {what}", soft_wrap=True)
    if args.open and not webbrowser.open(path.resolve().as_uri()):
        note(f"no browser was found; open {path} yourself")
    return 0


def explain_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Show the computation as a tree and the backward pass as a table."""
    root = differentiated(args)
    console.print(computation_tree(root))
    console.print()
    console.print(backward_table(root))
    return 0


def check_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Show the slopes by backward() beside finite differences; 1 if they disagree."""
    expression, leaves = args.expression, args.expression.leaves(args.numbers)
    if not leaves:
        raise ValueError("no name, nothing to nudge; put a variable in, such as x, and x=0.5")
    verdict = gradcheck(lambda: expression(leaves), leaves.values())
    if args.table:
        console.print(check_table(step_size_table(lambda: expression(leaves), leaves.values())))
    console.print(verdict_table(verdict.rows))
    if verdict.ok:
        for row in verdict.rows:
            if row.note:
                note(f"for {clipped(row.name)} both give the average of two slopes. {row.note}")
        return 0
    off = verdict.worst
    note(
        f"for {clipped(off.name)} backward() gives {off.autograd:.9g}, and the finite difference "
        f"with h = {off.h:.0e} gives {off.numeric:.9g}. {off.note}".rstrip()
    )
    return 1


def quiz_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Ask for each gradient in turn, or write the questions on a sheet."""
    if args.sheets is not None:
        return write_class_set(args, console)
    if args.about == FIND:
        raise ValueError(f"--about {FIND} asks on paper; say how many sheets, as in --sheets 30")
    root = differentiated(args)
    if args.worksheet:
        sheets = save_worksheet(root, html_path(args.worksheet), about=args.about)
        console.print("wrote " + " and ".join(map(str, sheets)), soft_wrap=True)
        return 0
    story = Story(Graph(root))
    asked = questions(story, args.about)
    if not asked:
        raise ValueError("no name, nothing to ask; put a variable in, such as x, and x=0.5")
    for line in known(story, args.about):
        console.print(line)
    console.print("? gives a hint, Ctrl-D ends")
    console.print(str(take(asked, partial(line_from, console), console.print)))
    return 0


def write_class_set(args: argparse.Namespace, console: Console) -> int:
    """Write as many different sheets as were asked for, and their key."""
    path = html_path(args.worksheet or "sheets.html")
    count = at_least_one(args.sheets)
    formula: Expression = args.expression
    free = [name for name in formula.names if name not in args.numbers]
    if not free and args.numbers:
        raise ValueError("every name has a number, so all sheets would be alike; leave some out")
    make = partial(with_numbers, formula, args.numbers)
    sheets = class_set(make, free, count, args.seed, args.about, args.paper, formula.text)
    console.print("wrote " + " and ".join(map(str, save_class_set(path, *sheets))), soft_wrap=True)
    return 0


def with_numbers(
    formula: Expression, given: Mapping[str, float], numbers: Mapping[str, float | Value]
) -> Value:
    """The root with the numbers that were typed and those of a sheet."""
    return formula({**given, **numbers})


def at_least_one(count: int) -> int:
    """How many sheets."""
    if not 1 <= count <= MOST_SHEETS:
        raise ValueError(f"--sheets is from 1 to {MOST_SHEETS}, got {count}")
    return count


def html_path(text: str) -> Path:
    """The place of a worksheet."""
    path = Path(text)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"a worksheet is a page, got {path.name!r}; end the name in .html")
    return path


# What they share


def differentiated(args: argparse.Namespace) -> Value:
    """The root of the graph, after backward()."""
    root: Value = args.expression(args.numbers)
    root.backward()
    return root


def reading(run: Run) -> Run:
    """The command with expression and numbers read first; at the end it tells the unused ones."""

    def command(args: argparse.Namespace, console: Console, note: Note) -> int:
        if where := programs.place(args.expression):
            raise ValueError(
                f"{where.path} is a program, and this command takes an expression; "
                "micronn draw draws what a program holds"
            )
        args.expression, args.numbers = parse(args.expression), read_numbers(args.numbers)
        status = run(args, console, note)
        unused = [clipped(name) for name in args.numbers if name not in args.expression.names]
        if unused:
            note(f"not in the expression, so not used: {', '.join(unused)}")
        unread = [clipped(name) for name, read in args.expression.computed.items() if not read]
        if unread:
            note(f"computed, but not read by the result: {', '.join(unread)}")
        return status

    return command


def line_from(console: Console, prompt: str) -> str | None:
    """The line typed behind a prompt; None when there are no more."""
    if sys.stdin is None:  # closed before we began
        return None
    try:
        return console.input(prompt)
    except EOFError:
        console.print()
        return None


# Arguments

MOST_SHEETS = 200
EXAMPLE, NUMBERS = '"tanh(w*x + b)" w=0.5 x=2 b=-1', "a number for each name"
CARDS = ("auto", "values", "neurons", "layers")  # what a picture may have a card for


def add_to(commands: Commands) -> None:
    """Give a parser these commands."""
    summary = "draw an expression, or a Value of a program, with its gradients"
    option = add_command(commands, "draw", summary, EXAMPLE, draw_command)
    what = 'a formula, in quotes: "o = tanh(w*x + b)"; several lines, with ; between them: '
    option("expression", metavar="EXPR", help=f'{what}"h = w*x; tanh(h + b)"; or net.py:NAME')
    option("numbers", metavar="NAME=NUMBER", nargs="*", help=NUMBERS)
    params = "which names are parameters: w,b"
    option("--params", metavar="NAMES", help=params)
    places = "where to: .svg, .html (steps through), .dot, .png or .pdf; default graph.svg"
    option("-o", "--output", **A_FILE, default="graph.svg", help=places)
    details = "values: a card for every value, up to 500; auto: as many as stay readable"
    option("--detail", choices=CARDS, default="auto", help=details)
    plain = "do not say which lines of net.py made the values"
    option("--no-lines", dest="lines", action="store_false", help=plain)
    option("--animate", action="store_true", help="an .svg that plays the two passes")
    option("--open", action="store_true", help="show it in the browser")
    add(commands, "explain", "print the forward and the backward pass", explain_command)
    option = add(commands, "check", "compare backward() with finite differences", check_command)
    option("--table", action="store_true", help="also show what each size of a nudge gives")
    option = add(commands, "quiz", "work the gradients out yourself", quiz_command)
    asked = "what is asked; fault: the first wrong number of a wrong engine (with --sheets)"
    option("--about", choices=(*ABOUT, FIND), default=ABOUT[0], help=asked)
    option("--worksheet", **A_FILE, help="a .html sheet to print instead")
    option("--sheets", type=whole, metavar="N", help="N sheets with other numbers, and one key")
    option("--seed", type=whole, default=0, help="another seed gives other sheets; default 0")
    option("--paper", choices=tuple(PAPERS), default="A4", help="of the sheets; default A4")


def add(commands: Commands, name: str, summary: str, run: Run) -> Option:
    """One command that takes an expression and numbers for its names."""
    option = add_command(commands, name, summary, EXAMPLE, reading(run))
    option("expression", metavar="EXPR", help='a formula, in quotes: "tanh(w*x + b)"')
    option("numbers", metavar="NAME=NUMBER", nargs="*", help=NUMBERS)
    return option
