"""The commands for whoever writes an engine: the exercise, and what is wrong with it.

micronn exercise mine                     an engine in eight small steps
micronn grade mine                        which step stands, and what comes next
micronn grade engine.py                   what is wrong with it, and why
micronn grade handed_in/ --json all.json  a table of a whole class
"""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from micronn.cli.command import A_FILE, Commands, Note, add_command, check_places, whole
from micronn.grade import grade
from micronn.grade.exercise import STEPS, is_exercise, where_it_stands, write_exercise
from micronn.grade.grader import Grade
from micronn.grade.report import as_json, as_junit, page_of, picture_of, told
from micronn.support.files import write_atomically
from micronn.support.text import counted, printable


def add_to(commands: Commands) -> None:
    """The commands and what they take."""
    option = add_command(
        commands, "exercise", "write an engine yourself, in eight small steps", "mine",
        exercise_command,
    )  # fmt: skip
    option("folder", metavar="FOLDER", help="where the starter and the steps are written")
    option = add_command(
        commands, "grade", "find out what is wrong with an engine of your own, and why",
        "engine.py -o wrong.html", grade_command,
    )  # fmt: skip
    option("engines", nargs="+", metavar="FILE", help="engine.py, engine.py:Class, or a folder")
    option(
        "--hint",
        type=whole,
        default=0,
        metavar="N",
        help="of an exercise: hint N for its next step",
    )
    option("-o", "--output", help="draw the first fault, as .svg or as a page, .html", **A_FILE)
    option("--pages", metavar="FOLDER", help="a page for each engine with a fault")
    option("--json", help="write all that was found as JSON", **A_FILE)
    option("--junit", help="write it as JUnit XML, for a gradebook", **A_FILE)


def exercise_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Write the exercise."""
    engine, steps = write_exercise(Path(args.folder))
    console.print(f"wrote {steps}, to read, and {engine}, to write in", soft_wrap=True)
    console.print(f"then: micronn grade {args.folder}", soft_wrap=True)
    return 0


def grade_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Grade each engine, or say where an exercise stands; 1 if any is wrong or not done."""
    if len(args.engines) == 1 and is_exercise(Path(args.engines[0])):
        done, lines = where_it_stands(Path(args.engines[0]), args.hint)
        console.print("\n".join(lines), soft_wrap=True)
        return 0 if done == len(STEPS) else 1
    if args.hint:
        raise ValueError("--hint is for a folder that micronn exercise has written")
    engines = [engine for text in args.engines for engine in engines_in(text)]
    written = {"-o": args.output, "--json": args.json, "--junit": args.junit}
    check_places({f"engine {path.name}": str(path) for path, _ in engines}, written)
    if args.output and len(engines) > 1:
        raise ValueError(f"-o draws one engine, got {len(engines)}; use --pages FOLDER")
    grades = [grade(path, cls) for path, cls in engines]
    if len(grades) == 1:
        console.print("\n".join(told(grades[0])), soft_wrap=True)
    else:
        console.print(table(grades))
    for path, text in (args.json, as_json), (args.junit, as_junit):
        if path:
            write_atomically(path, text(grades))
            console.print(f"wrote {path}", soft_wrap=True)
    for graded in grades:
        for path in drawings(graded, args):
            draw_fault(graded, path, console, note)
    return 0 if all(graded.is_right for graded in grades) else 1


def engines_in(text: str) -> list[tuple[Path, str | None]]:
    """The files that a word names, each with the class that it names, if it does."""
    path = Path(text)
    if path.is_dir():
        found = sorted(path.glob("*.py"))
        if not found:
            raise ValueError(f"no .py file in {text}; name a folder with engines")
        return [(file, None) for file in found]
    name, colon, cls = text.rpartition(":")
    if colon and cls.isidentifier() and not path.exists():
        path = Path(name)
    if path.suffix != ".py":
        raise ValueError(f"an engine is a Python file, got {text!r}; end the name in .py")
    path.stat()  # or the system says what is missing
    return [(path, cls if colon and path != Path(text) else None)]


def drawings(graded: Grade, args: argparse.Namespace) -> list[Path]:
    """Where the first fault of an engine is to be drawn."""
    pages = [Path(args.pages, f"{graded.file.stem}.html")] if args.pages else []
    return [*([Path(args.output)] if args.output else []), *pages]


def draw_fault(graded: Grade, path: Path, console: Console, note: Note) -> None:
    """Draw the first finding that has numbers."""
    drawn = [finding for finding in graded.findings if finding.first_wrong()]
    if not drawn:
        note(f"nothing to draw for {printable(graded.file.name)}: no number of it is wrong")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in (".html", ".htm"):
        write_atomically(path, page_of(drawn[0]))
    else:
        picture_of(drawn[0]).save(path)
    console.print(f"wrote {path}: {drawn[0].cause}", soft_wrap=True)


def table(grades: list[Grade]) -> Table:
    """A row for each engine: how far it is right, and what is wrong first."""
    table = Table(
        "file", "class", "right on", "what is wrong", title=counted(len(grades), "engine")
    )
    for graded in grades:
        passed = f"{graded.passed} of {graded.tried}"
        verdict = graded.verdict.removeprefix("wrong: ")
        table.add_row(graded.file.name, graded.name, passed, verdict)
    return table
