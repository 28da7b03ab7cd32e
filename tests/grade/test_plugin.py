"""pytest --micronn-engine=engine.py:Value, in another folder with another project's tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from engines import CLOSURES, wrong_engine

import micronn

ROOT = Path(micronn.__file__).parent.parent


@pytest.fixture
def run(tmp_path):
    """A function that runs pytest in a folder that has a test of its own."""
    (tmp_path / "test_theirs.py").write_text("def test_theirs():\n    assert 1 + 1 == 2\n")

    def run_(engine, *options):
        (tmp_path / "mine.py").write_text(engine, "utf-8")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "micronn.grade.plugin", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip

    return run_


def test_without_the_option_nothing_is_added(run):
    assert "1 passed in" in run(CLOSURES).stdout


def test_each_rule_is_a_test_beside_those_of_the_project(run):
    done = run(wrong_engine("square forgotten in tanh"), "--micronn-engine=mine.py:Value", "-rf")
    assert done.returncode == 1
    assert "one: a.tanh()" in done.stdout
    assert "comes out as 1 - y" in done.stdout
    assert "skipped" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_file_that_is_not_there_is_refused_in_a_line(run):
    done = run(CLOSURES, "--micronn-engine=theirs.py")
    assert done.returncode == 4
    assert "--micronn-engine=theirs.py: No such file" in done.stderr + done.stdout
