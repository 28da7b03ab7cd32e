"""What Tab completes, as argcomplete tells it to a shell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import micronn

ROOT = str(Path(micronn.__file__).parent.parent)


def completed(line, folder, *, before=""):
    """How the last word of a line may end; the shell's part is played by its variables."""
    answer = folder / "answer"
    asked = {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "COMP_LINE": line,
        "COMP_POINT": str(len(line)), "COMP_TYPE": "9", "PYTHONPATH": ROOT,
    }  # fmt: skip
    program = f"{before}import sys; from micronn.__main__ import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env={**os.environ, **asked},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    return [word.strip() for word in answer.read_text().splitlines()] if answer.exists() else []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("micronn dr", ["draw"]),
        ("micronn e", ["explain", "export", "exercise"]),
        ("micronn train mo", ["moons"]),
        ("micronn train moons --ba", ["--batch-size"]),
        ("micronn train moons --activation ta", ["tanh"]),
        ("micronn draw x --detail val", ["values"]),
        ("micronn learn 15", ["15"]),
        ("micronn show m", ["my.json"]),
        ("micronn export my.json --to to", ["torch"]),
    ],
)
def test_a_word_that_was_begun_is_completed(line, words, tmp_path):
    pytest.importorskip("argcomplete")
    (tmp_path / "my.json").write_text("{}")
    assert completed(line, tmp_path) == words


def test_without_argcomplete_nothing_is_completed_and_nothing_is_said(tmp_path):
    assert (
        completed("micronn dr", tmp_path, before="import sys; sys.modules['argcomplete'] = None;")
        == []
    )
