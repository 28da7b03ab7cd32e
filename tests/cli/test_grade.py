"""The command that tries somebody else's engine."""

import json

import pytest
from engines import CLOSURES, wrong_engine

from micronn.cli.main import main


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_wrong_engine_is_status_1_and_is_drawn(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(wrong_engine("= for += everywhere"))
    assert main(["grade", "mine.py", "-o", "wrong.svg"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("mine.py, class Value: wrong: backward() sets the gradient")
    assert "<- the first wrong grad" in out
    assert (tmp_path / "wrong.svg").read_text("utf-8").startswith("<svg")


def test_a_right_engine_is_status_0_and_draws_nothing(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(CLOSURES)
    assert main(["grade", "mine.py:Value"]) == 0
    assert "no wrong number, but a limit" in capsys.readouterr().out


def test_a_folder_becomes_a_table_with_a_page_for_each_wrong_engine(tmp_path, capsys):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text(CLOSURES)
    (tmp_path / "class" / "ben.py").write_text(wrong_engine("no seed"))
    command = ["grade", "class", "--json", "all.json", "--junit", "all.xml", "--pages", "pages"]
    assert main(command) == 1
    assert "2 engines" in capsys.readouterr().out
    grades = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert [(one["file"], one["right"]) for one in grades] == [("ada.py", True), ("ben.py", False)]
    assert (tmp_path / "pages" / "ben.html").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.py"], "none.py: No such file or directory"),
        (["engine.txt"], "end the name in .py"),
        (["empty"], "no .py file in empty"),
        (["mine.py", "mine.py", "-o", "x.svg"], "-o draws one engine, got 2"),
        (["mine.py", "-o", "mine.py"], "would overwrite"),
    ],
)
def test_what_cannot_be_graded_is_refused_in_a_line(words, message, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine.py").write_text(CLOSURES)
    assert main(["grade", *words]) in (1, 2)
    heard = capsys.readouterr()
    assert message in heard.err
    assert heard.out == ""
    assert (tmp_path / "mine.py").read_text() == CLOSURES


def test_a_class_that_is_not_there_is_named_with_those_that_are(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(CLOSURES)
    assert main(["grade", "mine.py:Scalar"]) == 1
    assert "there is no class 'Scalar' in this file; its classes: Value" in capsys.readouterr().out


def test_of_several_classes_with_a_backward_the_engine_is_the_one_with_operators(tmp_path, capsys):
    """Functions have a backward() too, as PyTorch's, and each operation may be a subclass."""
    others = "class Add:\n    def backward(self):\n        pass\n\n\nclass Sum(Scalar):\n    pass\n"
    text = CLOSURES.replace("Value", "Scalar")
    (tmp_path / "mine.py").write_text(f"{text}\n\n{others}")
    assert main(["grade", "mine.py"]) == 0
    assert capsys.readouterr().out.startswith("mine.py, class Scalar: no wrong number")
