"""The walls of the house: a file imports only from rooms on floors below its own.

So any file can be read knowing only what is under it, and a room upstairs can be
taken away without breaking what it stands on.  A room is a folder, or a file of the
package itself.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "micronn"

# Bottom first.  Each room with the rooms it may import, besides itself.
PATH = {"engine", "nn", "losses", "optim", "data", "support"}
ROOMS: dict[str, set[str]] = {
    "tiny": set(),
    "support": set(),
    "data": {"support"},
    "engine": {"support"},
    "nn": {"engine", "support"},
    "losses": {"engine", "support"},
    "optim": {"engine", "support"},
    "train": PATH,
    "checkpoint": PATH,
    "datasets": PATH,
    "graph": PATH,
    "check": PATH | {"graph"},
    "compiler": PATH | {"graph"},
    "training": PATH | {"train", "datasets", "check", "compiler"},
    "export": PATH | {"graph", "checkpoint", "compiler"},
    "pictures": PATH | {"graph"},
    "viewer": PATH | {"train", "graph", "pictures", "compiler", "training"},
    "draw": PATH | {"graph", "pictures", "viewer"},
    "grade": PATH | {"graph", "pictures", "viewer"},
    "terminal": PATH | {"graph", "check", "pictures", "training"},
}
ROOMS["cli"] = set(ROOMS)
ROOMS["__main__"] = {"cli"}
ROOMS["__init__"] = {"draw", "pictures"}

# Two rooms have rooms of their own, bottom first.
INNER = {
    "pictures": ("paint", "layout", "views", "network"),
    "viewer": ("toolbar", "questions", "computing", "levels", "steps", "runs"),
}

# The rooms that people read first need nothing but Python.
STANDARD_LIBRARY_ONLY = PATH | {"tiny", "train", "graph", "check", "checkpoint"}
RICH = {"terminal", "cli"}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    """The room a file lies in: a folder of the package, or the file itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path):
    """The file as a test names it."""
    return str(path.relative_to(PACKAGE))


def imports(path):
    """Every module named in an import statement of the file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: say from which file, micronn.…"
            if node.module == "micronn":
                yield from (f"micronn.{alias.name}" for alias in node.names)
            else:
                yield node.module


def calls(path):
    """Every call in the file: what is called, as text, and its first argument, if it is one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            constant = node.args and isinstance(node.args[0], ast.Constant)
            yield ast.unparse(node.func), node.args[0].value if constant else None


def reached(module):
    """The room that a module name of ours lies in."""
    return module.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_from_its_own_room_and_those_below(path):
    room = room_of(path)
    assert room in ROOMS, f"{name_of(path)} has no place in the house yet"
    for module in imports(path):
        if module.startswith("micronn."):
            assert reached(module) in ROOMS[room] | {room}, f"{name_of(path)} reaches {module}"


def test_the_table_of_rooms_has_floors():
    # A room may use only rooms named above it in the table, so no two can lean on each other.
    below = set()
    for room, uses in ROOMS.items():
        assert uses <= below, f"{room} uses {uses - below}, which do not stand below it"
        below.add(room)
    assert {room_of(path) for path in FILES} <= below


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.parent.name in INNER], ids=name_of)
def test_a_room_within_a_room_imports_only_those_below_it(path):
    outer, inner = path.relative_to(PACKAGE).parts[:2]
    below = INNER[outer][: INNER[outer].index(inner) + 1]
    for module in imports(path):
        if module.startswith(f"micronn.{outer}."):
            assert module.split(".")[2] in below, f"{name_of(path)} reaches {module}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_import_hides_from_the_table(path):
    for called, what in calls(path):
        if called.split(".")[-1] in ("import_module", "__import__"):
            assert isinstance(what, str), f"{name_of(path)} hides what it imports"
            assert not what.startswith("micronn"), f"{name_of(path)} hides {what}"


@pytest.mark.parametrize("room", [room for room in ROOMS if not room.startswith("__")])
def test_what_a_room_really_loads_is_what_the_table_says(room):
    # In a fresh process, and with every file of the room, not only its front door.
    files = [path for path in FILES if room_of(path) == room]
    modules = [".".join(("micronn", *p.relative_to(PACKAGE).with_suffix("").parts)) for p in files]
    names = ", ".join(module.removesuffix(".__init__") for module in modules)
    program = f"import sys, {names}\nprint(*[m for m in sys.modules if m.startswith('micronn.')])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    below, more = set(), {room}
    while more - below:
        below |= more
        more = set().union(*[ROOMS[name] for name in below])
    assert {reached(module) for module in done.stdout.split()} <= below


def test_the_training_loop_loads_the_evening_path_and_support_alone():
    program = "import micronn.train, sys; print(*sorted(k for k in sys.modules if 'micronn.' in k))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {reached(module) for module in done.stdout.split()} <= PATH | {"train"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_what_is_read_first_needs_the_standard_library_alone(path):
    if room_of(path) in STANDARD_LIBRARY_ONLY:
        for module in imports(path):
            assert module.split(".")[0] in {"micronn", *sys.stdlib_module_names}, module


def test_the_engine_knows_nothing_but_arithmetic():
    ours = {module for module in imports(PACKAGE / "engine.py") if module.startswith("micronn.")}
    assert {reached(module) for module in ours} <= {"support"}


def test_only_what_speaks_to_a_terminal_imports_rich():
    users = {room_of(p) for p in FILES if "rich" in {m.split(".")[0] for m in imports(p)}}
    assert users == RICH


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_below_the_command_line_prints_or_exits(path):
    if room_of(path) not in ("cli", "__main__", "tiny"):  # tiny is a program too
        assert not {"print", "exit", "quit", "input"} & {called for called, _ in calls(path)}
