"""A program of one's own, drawn by the command: what it holds, and how it is refused."""

import sys
from pathlib import Path

import pytest

from micronn.cli.main import main
from micronn.cli.programs import place
from micronn.engine import Value
from micronn.graph import line_of

NET = """
import random
from helper import target
from micronn.nn import MLP
model = MLP(2, [2, 1], rng=random.Random(1))
first = model.layers[0]
y = model([1.0, 2.0])
loss = (y - target) ** 2
loss.backward()
number = loss.data
"""
RAW = """
from micronn.engine import Value
from micronn.optim import SGD
w, b = Value(2.0), Value(1.0, "bias")
optimizer = SGD([w, b], lr=0.1)
h = (w * 3.0 + b).tanh()
o = h * h
o.backward()
"""
FAILS = """
from micronn.engine import Value

def half(x):
    return (x - 2.0).log()

half(Value(1.0))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with programs, and the command standing in it."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "net.py": NET, "helper.py": "target = 0.5", "raw.py": RAW, "fails.py": FAILS,
        "none.py": "x = [1, 2]", "syntax.py": "x = (", "ends.py": "import sys; sys.exit(3)",
    }.items():  # fmt: skip
        Path(name).write_text(text, "utf-8")
    yield
    sys.modules.pop("helper", None)


def drawn(*arguments):
    """The SVG that the command draws."""
    assert main(["draw", *arguments, "-o", "out.svg"]) == 0
    return Path("out.svg").read_text("utf-8")


def refused(capsys, status, *arguments):
    """What the command says on stderr when it draws nothing."""
    assert main(["draw", *arguments, "-o", "out.svg"]) == status
    assert not Path("out.svg").exists()
    out, err = capsys.readouterr()
    assert (out, err.count("error:")) == ("", 1)
    return err


def test_a_value_of_a_program_is_drawn_with_the_parameters_of_its_model(capsys):
    svg = drawn("net.py:loss", "--detail", "values")
    assert svg.count('class="card param"') == 9  # 2·2 + 2 of the first layer, 2 + 1 of the second
    assert ">loss<" in svg
    assert capsys.readouterr().out == "wrote out.svg: 20 values\n"


def test_values_have_the_names_that_the_program_gave_them_and_keep_their_labels():
    svg = drawn("raw.py:o")
    for name in (">w<", ">bias<", ">h<", ">o<"):
        assert name in svg
    assert ">b<" not in svg


def test_a_picture_of_a_program_says_which_line_made_each_value_unless_that_is_not_wanted():
    svg, plain = drawn("raw.py:o"), drawn("raw.py:o", "--no-lines")
    assert svg.count(">raw.py:6<") == 4  # 3.0, the product, the sum and its tanh
    assert "made at raw.py:7: o = h * h" in svg
    assert "raw.py" not in plain
    assert line_of(Value(1.0)) is None  # no lines are recorded any longer


def test_without_a_model_the_optimiser_tells_what_is_a_parameter():
    assert drawn("raw.py:o").count('class="card param"') == 2
    assert drawn("raw.py:o", "--params", "w").count('class="card param"') == 1


def test_a_model_of_a_program_is_drawn_as_a_network(capsys):
    assert "2-2-1" in drawn("net.py:model")
    assert capsys.readouterr().out == "wrote out.svg: network 2-2-1\n"
    assert "2-2" in drawn("net.py:first")


def test_a_program_runs_as_python_would_run_it(capsys):
    Path("deep").mkdir()
    Path("deep/beside.py").write_text("number = 3.0")
    lines = [
        "import sys, beside",
        "from micronn.engine import Value",
        "print(__name__, sys.argv, __file__)",
        "x = Value(beside.number)",
    ]
    Path("deep/it.py").write_text("\n".join(lines))
    before = list(sys.path), sys.argv
    drawn("deep/it.py:x")
    sys.modules.pop("beside")
    assert "__main__ ['deep/it.py'] deep/it.py\n" in capsys.readouterr().out
    assert (sys.path, sys.argv) == before


def test_an_error_of_the_program_is_shown_with_its_own_lines_and_none_of_ours(capsys):
    err = refused(capsys, 1, "fails.py:x")
    assert "fails.py stopped with an error" in err
    assert 'File "fails.py", line 7, in <module>\n    half(Value(1.0))' in err
    assert 'File "fails.py", line 5, in half\n    return (x - 2.0).log()' in err
    made = "made at fails.py:5: return (x - 2.0).log()"
    assert err.endswith(f"log needs a number above zero, got -1.0 ({made})\n")
    assert err.count("File ") == 2


@pytest.mark.parametrize(
    ("status", "arguments", "reason"),
    [
        (2, ["net.py"], "say what to draw of net.py, as in net.py:loss"),
        (2, ["net.py"], "net.py:loss   Value 0.8003, 20 values"),
        (2, ["net.py:"], "net.py:model   MLP(2 -> 2 relu -> 1 linear)"),
        (2, ["net.py:los"], "net.py has no name 'los'. Did you mean 'loss'?"),
        (2, ["net.py:number"], "is the float 0.8002699656997094, which remembers no graph"),
        (2, ["none.py:x"], "x in none.py is of type list"),
        (2, ["none.py"], "no name holds a Value or a model"),
        (2, ["net.py:loss", "x=2"], "net.py is a program, got x=2"),
        (2, ["raw.py:o", "--params", "W"], "'W' is not there, so it is no parameter. Did you mean"),
        (2, ["raw.py:o", "--params", "h"], "'h' is computed, so it is no parameter."),
        (1, ["no.py:x"], "no.py: No such file or directory"),
        (1, ["syntax.py:x"], "SyntaxError: '(' was never closed"),
        (1, ["ends.py:x"], "ends.py ended itself with exit(3)"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(capsys, status, arguments, reason):
    assert reason in refused(capsys, status, *arguments)


@pytest.mark.parametrize("command", ["explain", "check", "quiz"])
def test_the_other_commands_say_that_they_take_an_expression(capsys, command):
    assert main([command, "net.py:loss"]) == 2
    assert "micronn draw draws what a program holds" in capsys.readouterr().err


def test_only_a_file_that_is_named_as_a_program_is_run(capsys):
    # No formula names a file: a dot stands in numbers alone, and a colon nowhere.
    for formula in ("x*y", "raw", "raw.o", "x.py*2", "py:x", ".5*x"):
        assert place(formula) is None
    refused(capsys, 2, "raw.o")
    assert place("a folder/it.py:loss") == ("a folder/it.py", "loss")
