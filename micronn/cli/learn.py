"""The lessons, wherever micronn is installed: a wheel carries demos/ as micronn/lessons.

micronn learn             which there are
micronn learn 2           one of them: its question, what it prints, what to change
micronn learn 2 --copy    its program into this folder, to be changed
"""

import argparse
import ast
import os
import re
import runpy
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import IO, Any, NamedTuple

from rich.console import Console
from rich.text import Text

import micronn
from micronn.cli.command import Commands, Note, add_command
from micronn.cli.programs import ProgramError, as_script, stopped
from micronn.support.text import brief, clipped


class Lesson(NamedTuple):
    """A program of the lessons, as their table has it, and its docstring.

    group: what it is about, with some of its neighbours.
    evening: whether it is one of those for a first evening.
    """

    number: int
    path: Path
    group: str
    evening: bool
    about: str

    @property
    def title(self) -> str:
        """What is behind the number in its first line."""
        return self.about.partition("\n")[0].partition(".")[2].strip()


def learn_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """List the lessons, or run one, or copy one."""
    known = lessons()
    if args.lesson is None:
        if args.copy:
            raise ValueError("--copy takes the number of a lesson; micronn learn lists them")
        return listed(known, console)
    lesson = chosen(args.lesson, known)
    if args.copy:
        return copied(lesson, console)
    before = files_here()
    try:
        with paged(console):
            shown(lesson, console)
    except Enough:
        return 0
    written = [name for name, moment in files_here().items() if before.get(name) != moment]
    if written:
        console.print(f"written here, in {os.getcwd()}: {brief(sorted(written))}", soft_wrap=True)
    again = f"micronn learn {lesson.number} --copy puts its program here, to be changed"
    later = known[known.index(lesson) + 1 :]
    tonight = [one for one in later if lesson.evening and one.evening]
    onward = f"; micronn learn {(tonight or later)[0].number} goes on" if later else ""
    console.print(again + onward, soft_wrap=True)
    return 0


# Which there are


def lessons() -> list[Lesson]:
    """The lessons in their order, from the table that lies beside them."""
    folder, found, group = lessons_folder(), [], ""
    for row in (folder / "README.md").read_text("utf-8").splitlines():
        if link := re.match(r"\|[^|]*\[(\d+)\]\((\S+\.py)\)", row):
            path = folder / link[2]
            about = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            found.append(Lesson(int(link[1]), path, group, "★" in row, about))
        elif heading := re.match(r"\|[ |]*\*\*(.+?)\*\*", row):
            group = heading[1]
    return found


def lessons_folder() -> Path:
    """Where the lessons lie: in the package, or, in a checkout, beside it."""
    package = Path(micronn.__file__).parent
    folders = package / "lessons", package.parent / "demos"
    for folder in folders:
        if (folder / "README.md").is_file():
            return folder
    raise FileNotFoundError(f"the lessons are not in {folders[0]}; install micronn again")


def listed(known: list[Lesson], console: Console) -> int:
    """Print the lessons, a line each, below what they are about."""
    group = ""
    for lesson in known:
        if lesson.group != group:
            group = lesson.group
            console.print(Text(group, style="bold"), soft_wrap=True)
        mark = "★" if lesson.evening else " "
        console.print(f" {mark} {lesson.number:2}  {lesson.title}", soft_wrap=True)
    console.print()
    if any(lesson.evening for lesson in known):
        console.print("★ is for the first evening", soft_wrap=True)
    console.print("micronn learn 1 runs the first", soft_wrap=True)
    return 0


def chosen(text: str, known: list[Lesson]) -> Lesson:
    """The lesson of that number."""
    for lesson in known:
        if text.isdecimal() and lesson.number == int(text):
            return lesson
    if re.fullmatch(r"[-+]?\d+", text):
        numbers = [lesson.number for lesson in known]
        known_as = f"they are {min(numbers)} to {max(numbers)}; micronn learn lists them"
        raise ValueError(f"there is no lesson {clipped(text)}; {known_as}")
    fits = [lesson for lesson in known if text and text.lower() in lesson.about.lower()]
    words = [f"  micronn learn {lesson.number:2}   {lesson.title}" for lesson in fits]
    about = (
        ", and these have that word:\n" + "\n".join(words) if fits else "; micronn learn lists them"
    )
    raise ValueError(f"a lesson has a number, got {clipped(text)!r}{about}")


# One of them


def shown(lesson: Lesson, console: Console) -> None:
    """Its question, what it prints, and what to change in it.

    Raises OSError, or ProgramError if it stops in another way.
    """
    lines = lesson.about.splitlines()[1:]
    question = "\n".join([line for line in lines if not line.startswith("Run:")]).strip()
    console.print(Text(f"Lesson {lesson.number}.  {lesson.title}", style="bold"), soft_wrap=True)
    console.print(f"\n{question}\n", soft_wrap=True)
    if isinstance(sys.stdout, Pages):
        sys.stdout.wait("Enter runs it")
    try:
        with as_script(str(lesson.path)):
            runpy.run_path(str(lesson.path), run_name="__main__")
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        what = f"lesson {lesson.number} needs {name}, which is not installed"
        raise ProgramError(f"{what}; pip install {name}, and run it again") from None
    except OSError:
        raise  # such as a folder in which it may not write
    except Exception as error:
        raise ProgramError(stopped(str(lesson.path), error)) from None
    _, heading, ideas = lesson.path.read_text("utf-8").partition("\n# Change it:")
    if heading:
        ideas = re.sub(r"^# ?", "", ideas.rstrip(), flags=re.MULTILINE)
        console.print(f"\nChange it:{ideas}\n", soft_wrap=True)


def files_here() -> dict[str, int]:
    """The files of this folder, and when each was written last."""
    return {entry.name: entry.stat().st_mtime_ns for entry in os.scandir() if entry.is_file()}


def copied(lesson: Lesson, console: Console) -> int:
    """Put a lesson into this folder, and what it imports of its neighbours."""
    names = re.findall(r"^(?:from|import) (\w+)", lesson.path.read_text("utf-8"), re.MULTILINE)
    beside = [lesson.path.with_name(f"{name}.py") for name in names]
    sources = [lesson.path, *[path for path in beside if path.is_file()]]
    for path in sources:
        if os.path.lexists(path.name):
            raise ValueError(f"{path.name} is here already; rename it, or go to another folder")
    for path in sources:
        shutil.copyfile(path, path.name)
        console.print(f"wrote {path.name}", soft_wrap=True)
    on_path = shutil.which("python")
    ours = on_path and Path(on_path).parent == Path(sys.executable).parent
    python = "python" if ours else sys.executable
    console.print(f"change it, then: {python} {lesson.path.name}", soft_wrap=True)
    return 0


# Pages


class Enough(BaseException):
    """The reader ended a lesson; not an Exception, which a lesson may catch."""


class Pages:
    """A terminal that waits for Enter before lines that were not read would leave it."""

    def __init__(self, console: Console, terminal: IO[str]):
        self.console, self.terminal = console, terminal
        self.column = self.row = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.terminal, name)

    def write(self, text: str) -> int:
        """Write, with a pause where the screen is full."""
        for part in text.splitlines(keepends=True):
            width = len(re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]|\n", "", part))
            rows = 1 + max(0, self.column + width - 1) // self.console.width
            if not self.column and self.row and self.row + rows > self.console.height - 2:
                self.wait("Enter goes on, q ends")
            self.terminal.write(part)
            ended = part.endswith("\n")
            self.row, self.column = self.row + ended * rows, 0 if ended else self.column + width
        return len(text)

    def wait(self, prompt: str) -> None:
        """Let the reader read; raises Enough for q and for the end of the input."""
        self.terminal.write(f"[{prompt}] ")
        self.terminal.flush()
        answer = sys.stdin.readline()
        if not answer:  # Ctrl-D, which ends no line
            self.terminal.write("\n")
        if not answer or answer.strip().lower().startswith("q"):
            raise Enough
        self.row = 0


@contextmanager
def paged(console: Console) -> Iterator[None]:
    """Page what is printed, where somebody sits before the screen."""
    streams = sys.stdin, sys.stdout
    if all(stream is not None and stream.isatty() for stream in streams):
        with redirect_stdout(Pages(console, sys.stdout)):
            yield
    else:
        yield


def add_to(commands: Commands) -> None:
    """Give a parser this command."""
    option = add_command(commands, "learn", "list the lessons, or run one", "2", learn_command)
    number = option("lesson", nargs="?", metavar="N", help="which; left out, they are listed")
    number.completer = lambda **_: {  # type: ignore[attr-defined]  # for argcomplete
        str(lesson.number): lesson.title for lesson in lessons()
    }
    option("--copy", action="store_true", help="put its program into this folder, to be changed")
