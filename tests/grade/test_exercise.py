"""The exercise: eight steps, each of which stands when, and only when, its rule holds."""

from pathlib import Path

import pytest

from micronn import tiny
from micronn.cli.main import main
from micronn.grade.exercise import STEPS, TEXT, where_it_stands, write_exercise

PAGE = Path(tiny.__file__).read_text("utf-8")
MORE = """
    def __neg__(self):
        return Value(-self.data, (self,), (-1.0,))

    def __pow__(self, k):
        return Value(self.data**k, (self,), (k * self.data ** (k - 1),))

    def __truediv__(self, other):
        return self * other**-1

    def tanh("""
SOLUTION = PAGE.replace("\n    def tanh(", MORE).replace(
    "class Neuron:",
    "def zero_grad(values):\n    for value in values:\n        value.grad = 0.0\n\n\nclass Neuron:",
)
BREADTH_FIRST = """
        order = [self]
        for node in order:
            order += [x for x in dict.fromkeys(node.operands) if x not in order]
        order.reverse()
"""

STOPS = [  # the step that does not stand, and what is missing for it
    (1, "def __add__", "def plus"),
    (2, "def __mul__", "def times"),
    (2, "for node in reversed(order):", "for node in [self]:"),
    (3, "operand.grad += local_grad", "operand.grad = local_grad"),
    (4, "        order = self.topological_order()\n", BREADTH_FIRST),
    (5, "(1.0 - t * t,)", "(1.0 - t,)"),
    (6, "(k * self.data ** (k - 1),)", "(self.data ** (k - 1),)"),
    (6, "def __truediv__", "def divided_by"),
    (7, "node.grad = 0.0  #", "pass  #"),
    (7, "def zero_grad", "def zero"),
    (8, "class Neuron:", "class Cell:"),
    (8, ", self.b).tanh()", ", self.b)"),
]


@pytest.fixture
def folder(tmp_path):
    """A folder with the exercise in it."""
    write_exercise(tmp_path / "mine")
    return tmp_path / "mine"


def test_the_starter_stands_at_the_first_step(folder):
    done, lines = where_it_stands(folder)
    assert done == 0
    assert lines[0] == "1. Add                            next"
    assert any("unsupported operand type(s) for +" in line for line in lines)


@pytest.mark.parametrize(("step", "right", "wrong"), STOPS)
def test_a_step_stands_only_when_its_rule_holds(step, right, wrong, folder):
    assert right in SOLUTION
    (folder / "engine.py").write_text(SOLUTION.replace(right, wrong), "utf-8")
    done, lines = where_it_stands(folder)
    assert done == step - 1, lines


def test_the_solution_is_the_page_of_tiny_and_a_few_lines(folder):
    (folder / "engine.py").write_text(SOLUTION, "utf-8")
    done, lines = where_it_stands(folder)
    assert done == len(STEPS) == 8, lines


def test_hints_come_one_at_a_time_and_are_not_in_the_text(folder, capsys):
    text = (folder / "STEPS.md").read_text("utf-8")
    assert all(hint[:40] not in text for step in STEPS for hint in step.hints)
    assert all(step.text in text for step in STEPS)
    assert main(["grade", str(folder), "--hint", "1"]) == 1
    out = capsys.readouterr().out
    assert STEPS[0].hints[0] in out
    assert STEPS[0].hints[1] not in out


def test_an_engine_that_is_there_is_never_written_over(folder, capsys):
    (folder / "engine.py").write_text("# hours of work\n")
    assert main(["exercise", str(folder)]) == 2
    assert "engine.py is there already" in capsys.readouterr().err
    assert (folder / "engine.py").read_text() == "# hours of work\n"


def test_a_mistake_in_the_syntax_is_told_with_its_line(folder):
    (folder / "engine.py").write_text("class Value:\n    def __add__(self other):\n", "utf-8")
    assert where_it_stands(folder)[1][0].endswith("line 2")


def test_each_step_has_checks_and_hints():
    assert TEXT.count("\n## ") == len(STEPS)
    assert all(step.programs and step.hints and step.text for step in STEPS)
