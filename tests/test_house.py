"""The walls of the house: a file imports only from floors below its own.

So any file can be read knowing only what is under it, and a room upstairs can be
taken away without breaking what it stands on.
"""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "micronn"
FLOORS = [
    {"engine", "files", "data", "texts", "table", "metrics", "mnist", "native", "looks", "byhand"},
    {
        "drawn",
        "nn",
        "losses",
        "optim",
        "gradcheck",
        "explain",
        "health",
        "graph",
        "expr",
        "rules",
        "tape",
        "source",
    },
    {"compiler", "canvas", "passes", "tasks", "folds", "paint", "story", "charts", "film"},
    {
        "recorded",
        "checkpoint",
        "layout",
        "values",
        "blocks",
        "plan",
        "network",
        "terminal",
        "plots",
    },
    {"train", "folded", "dashboard", "seen"},
    {"neurons"},
    {"draw"},
    {"quiz"},
    {"viewer", "replay"},
    {"cli_expressions", "cli_train", "cli_models"},
    {"__main__"},
]
# The rooms that people read first need nothing but Python.
STANDARD_LIBRARY_ONLY = {"engine", "nn", "losses", "optim", "data", "gradcheck", "explain", "expr"}
FILES = sorted(PACKAGE.glob("*.py"))


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


def floor(name):
    """The floor a file lives on."""
    found = [level for level, rooms in enumerate(FLOORS) if name in rooms]
    assert found, f"{name}.py has no place in the house yet"
    return found[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_imports_only_from_the_floors_below_its_own(path):
    if path.stem == "__init__":
        return
    for module in imports(path):
        if module.startswith("micronn."):
            room = module.split(".")[1]
            assert floor(room) < floor(path.stem), f"{path.name} reaches up to {room}"


@pytest.mark.parametrize("name", sorted(STANDARD_LIBRARY_ONLY))
def test_the_rooms_on_the_evening_path_need_the_standard_library_alone(name):
    for module in imports(PACKAGE / f"{name}.py"):
        assert module.split(".")[0] in {"micronn", *sys.stdlib_module_names}


def test_the_engine_knows_nothing_but_arithmetic():
    assert set(imports(PACKAGE / "engine.py")) == {"math", "operator"}


def test_only_the_terminal_files_import_rich():
    users = {path.stem for path in FILES if "rich" in {m.split(".")[0] for m in imports(path)}}
    commands = {"cli_expressions", "cli_train", "cli_models", "__main__"}
    assert users <= {"terminal", "canvas", "plots", "dashboard", "seen"} | commands


def test_nothing_below_the_command_line_prints_or_exits():
    for path in FILES:
        if path.stem == "__main__":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"print", "exit", "quit", "input"}, path.name
