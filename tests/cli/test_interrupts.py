"""Ctrl-C at any moment: one line, status 130, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import micronn

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends itself signals")

# Each program sends itself Ctrl-C at a moment of its own, and so needs no clock.  It may
# have been started by one that ignores Ctrl-C, and would inherit that.
BEGIN = """
import atexit, os, signal, sys
ctrl_c = lambda *_: os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
END = """
from micronn.__main__ import main
sys.argv = ["micronn", "--version"]
sys.exit(main())
"""

WHILE_IMPORTING = """
class Finder:
    def find_spec(self, name, *_):
        if name == "micronn.cli.main":
            ctrl_c()
sys.meta_path.insert(0, Finder())
"""
WHILE_RUNNING = """
import micronn.cli.main as command
command.run = ctrl_c
"""
WHILE_IT_IS_ANSWERED = """
say, command.say = command.say, lambda *words: (say(*words), ctrl_c())
"""
AT_THE_END = """
atexit.register(ctrl_c)
"""


def run(*moments, **options):
    """A process that sends itself Ctrl-C at these moments."""
    root = str(Path(micronn.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, "-c", "".join([BEGIN, *moments, END])],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


@pytest.mark.parametrize(
    "moments",
    [
        [WHILE_IMPORTING],
        [WHILE_RUNNING],
        [WHILE_RUNNING, WHILE_IT_IS_ANSWERED],
        [WHILE_RUNNING, WHILE_IT_IS_ANSWERED, AT_THE_END],
        [WHILE_RUNNING, AT_THE_END],
    ],
)
def test_ctrl_c_ends_a_command_with_a_line_whenever_it_comes_and_however_often(moments):
    done = run(*moments)
    assert done.returncode == 130
    assert (done.stdout, done.stderr) == ("", "micronn: error: interrupted\n")


def test_ctrl_c_after_the_work_is_done_changes_nothing():
    done = run(AT_THE_END)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"micronn {micronn.__version__}\n"


def test_a_command_that_was_started_to_ignore_ctrl_c_does_so():
    ignored = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    done = run(ignored, WHILE_IMPORTING, AT_THE_END)
    assert (done.returncode, done.stderr) == (0, "")
