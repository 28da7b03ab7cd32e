"""Whatever an engine does, it ends as a finding, and nothing outside its folder changes."""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from engines import CLOSURES

from micronn.grade import child, grade, trial
from micronn.grade.report import told

BEGIN = "class Value:\n    def __init__(self, data):\n        self.data, self.grad = data, 0.0\n"
ADD = "    def __add__(self, other):\n        {}\n    def backward(self): pass\n"

HOSTILE = {  # what it does, and what is said of it
    "ends its process": (BEGIN + ADD.format("import os; os._exit(3)"), "ended the process"),
    "exits": (BEGIN + ADD.format("raise SystemExit(3)"), "SystemExit"),
    "never ends": (BEGIN + ADD.format("while True: pass"), "not ended after"),
    "never ends when imported": ("while True: pass", "not ended after"),
    "recursion": (BEGIN + ADD.format("return self + other"), "RecursionError"),
    "starts a process": (BEGIN + ADD.format("import os; os.fork()"), "starts or stops a process"),
    "runs a command": (BEGIN + ADD.format("import os; os.system('true')"), "starts or stops"),
    "prints without end": (BEGIN + ADD.format("while True: print('x' * 10**6)"), "printed more"),
    "writes elsewhere": (BEGIN + ADD.format("open(TARGET, 'w')"), "writes a file"),
    "deletes a file": (BEGIN + ADD.format("import os; os.remove(TARGET)"), "changes files"),
    "deletes its folder": (
        BEGIN + ADD.format("import shutil; shutil.rmtree(__file__.rpartition('/')[0])"),
        "changes files",
    ),
    "deletes all": (
        BEGIN + ADD.format("import os, shutil; shutil.rmtree(os.path.dirname(TARGET))"),
        "changes files",
    ),
    "calls home": (BEGIN + ADD.format("import socket; socket.socket()"), "opens a connection"),
    "loads a library": (BEGIN + ADD.format("import ctypes; ctypes.CDLL(None)"), "loads a library"),
    "a destructor that raises": (
        BEGIN + "    def __del__(self): raise KeyError('gone')\n" + ADD.format("return self"),
        "KeyError",
    ),
    "data that is none": (
        BEGIN.replace("= data,", "= [data],") + ADD.format("return self"), "a Value holds a number",
    ),
    "a lying exception": (
        "class Odd(Exception):\n    def __str__(self): raise self\n" + BEGIN
        + ADD.format("raise Odd"), "Odd",
    ),
    "eats memory": (BEGIN + ADD.format("x = bytearray(10 << 30)"), "MemoryError"),
    "no Python": ("class Value(:\n", "SyntaxError: "),
    "no engine": ("x = 3\n", "no class in this file has a method backward()"),
    "an import that is not there": ("import no_such_module_anywhere\n", "no_such_module"),
    "answers for the grader": (
        BEGIN + ADD.format("import os; [os.write(fd, b'[]\\n') for fd in range(3, 20)]"), "",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """An endless loop is called so after two seconds."""
    monkeypatch.setattr(trial, "SECONDS", 2.0)


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_an_engine_does_is_a_finding(name, tmp_path):
    text, word = HOSTILE[name]
    target = tmp_path / "precious" / "work.txt"
    target.parent.mkdir()
    target.write_text("years of work")
    path = tmp_path / "engine.py"
    path.write_text(text.replace("TARGET", repr(str(target))), "utf-8")
    before = sorted(map(str, tmp_path.rglob("*")))
    found = grade(path)
    assert not found.is_right
    assert word in "\n".join(told(found)), told(found)
    assert sorted(map(str, tmp_path.rglob("*"))) == before
    assert target.read_text() == "years of work"


def test_a_file_too_large_to_be_an_engine_is_not_read(tmp_path):
    path = tmp_path / "engine.py"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    assert "104,857,600 bytes" in grade(path).findings[0].cause


def test_what_an_engine_says_reaches_the_terminal_without_control_characters(tmp_path):
    path = tmp_path / "engine.py"
    path.write_text(BEGIN + ADD.format(r"raise KeyError('\x1b]0;mine\x07')"), "utf-8")
    assert "\x1b" not in "\n".join(told(grade(path)))


def test_an_engine_that_hangs_once_is_still_tried_on_the_rest(tmp_path):
    path = tmp_path / "engine.py"
    hangs = "while self.data == 2.0: pass\n        t = math.tanh("
    path.write_text(CLOSURES.replace("t = math.tanh(", hangs))
    found = grade(path)
    assert [finding.kind for finding in found.findings if not finding.is_limit] == ["one"]
    assert found.passed > 90


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc, to see processes")
def test_nothing_runs_on_when_an_engine_was_graded(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # other tests have processes too
    path = tmp_path / "an_engine_that_hangs.py"
    path.write_text(BEGIN + ADD.format("while True: pass"))
    grade(path)
    for process in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            assert not os.readlink(process).startswith(str(tmp_path))


def test_the_kernel_lets_a_confined_process_write_in_its_own_folder_alone(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "precious").write_text("years of work")
    tried = """if True:
        import os, sys
        from pathlib import Path
        from micronn.grade.child import confine
        top = Path(sys.argv[1])
        print(confine(top / "own"))
        (top / "own" / "mine").write_text("mine")
        for deed in (lambda: (top / "new").write_text("x"), lambda: (top / "own2").mkdir(),
                     lambda: (top / "precious").write_text(""), (top / "precious").unlink,
                     lambda: os.truncate(top / "precious", 0),
                     lambda: (top / "precious").rename(top / "own" / "stolen")):
            try:
                deed()
                print("it was let")
            except OSError:
                pass
    """
    done = subprocess.run(
        [sys.executable, "-c", tried, str(tmp_path)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(child.__file__).parents[2])},
    )  # fmt: skip
    if done.stdout.startswith("False"):
        pytest.skip("this system has no Landlock")
    assert done.stdout == "True\n"
    assert (tmp_path / "precious").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "precious"]
