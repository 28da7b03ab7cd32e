"""Questions, marks, the quiz in the terminal and the sheets of paper."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from step_pages import TYPED

from micronn.engine import Value, mean, total
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.viewer.questions.quiz import (
    Score,
    allowed,
    known,
    questions,
    read_number,
    take,
)

PRODUCT = ["(a*b)*(a+b)", "a=-2", "b=3"]  # by hand: v2 = -6, v3 = 1, v4 = -6


def product_and_sum():
    """f = d*e, d = a*b, e = a+b at a = -2, b = 3."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    d, e = a * b, a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


def quiz(root, about="gradients"):
    """The questions of a graph."""
    return questions(Story(Graph(root)), about)


# Questions


def test_gradients_are_asked_from_the_output_back_each_after_those_it_needs():
    asked = quiz(product_and_sum())
    assert [(q.ask, q.answer) for q in asked] == [
        ("gradient of f", 1.0),
        ("gradient of d", 1.0),
        ("gradient of e", -6.0),
        ("gradient of a", -3.0),
        ("gradient of b", -8.0),
    ]


def test_data_is_asked_in_the_order_in_which_it_is_computed():
    asked = quiz(product_and_sum(), "data")
    assert [(q.ask, q.answer) for q in asked] == [
        ("data of d", -6.0),
        ("data of e", 1.0),
        ("data of f", -6.0),
    ]


def test_a_missed_sum_is_explained_message_by_message():
    assert quiz(product_and_sum())[4].lesson == (
        "from e: 1 × (−6) = −6",
        "from d: (−2) × 1 = −2",
        "together: −6 + (−2) = −8",
        "A sum passes every change through unchanged.",
        "A product scales each operand by the other one.",
    )


def test_nobody_is_asked_for_the_gradient_of_a_constant():
    assert [q.ask for q in quiz(Value(3.0, "x") * 2.0 + 1.0)] == [
        "gradient of v4",
        "gradient of v2",
        "gradient of x",
    ]


def test_every_value_is_asked_once_however_often_it_is_used():
    x = Value(2.0, "x")
    asked = quiz(total([x] * 12 + [mean([x, x])]))
    assert [q.ask for q in asked] == ["gradient of v2", "gradient of v1", "gradient of x"]
    assert asked[-1].answer == 13.0


def test_asking_about_something_else_is_refused():
    with pytest.raises(ValueError, match="gradients, data"):
        quiz(Value(1.0), "slopes")


# Marks


@pytest.mark.parametrize(("typed", "number"), TYPED.items())
def test_only_a_number_is_read_as_one(typed, number):
    assert read_number(typed) == number


def test_one_percent_is_allowed_and_not_two():
    (seed, slope) = quiz(Value(2.0, "x") * 5.0)[0], quiz(Value(2.0, "x") * 5.0)[-1]
    assert [seed.mark(typed) for typed in ("1", "1.01", "0.99", "1.02", "-1")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert slope.mark("5") is True
    assert slope.mark("2") is False


def test_a_sum_that_cancels_may_be_off_as_much_as_its_rounded_terms():
    # 100.01 - 100 is 0.01; somebody who reads 100.0 off a picture gets 0.
    low, high = allowed(0.01, [100.01, -100.0])
    assert low < 0.0 < 0.01 < high < 1.0


def test_an_exact_zero_must_be_zero():
    assert allowed(0.0, [0.0]) == (0.0, 0.0)


def test_infinite_and_undefined_answers_are_marked():
    a, z = Value(1e200, "a"), Value(0.0, "z")
    infinite, undefined = quiz((a * a) * z, "data")
    assert [infinite.mark(t) for t in ("inf", "-inf", "nan", "1e308")] == [
        True,
        False,
        False,
        False,
    ]
    assert [undefined.mark(t) for t in ("nan", "0", "inf")] == [True, False, False]


def test_the_bounds_of_the_largest_answer_are_still_numbers():
    assert all(map(math.isfinite, allowed(1.7e308, [1.7e308])))


# A round of questions


def play(lines, root=None):
    """The score of a quiz whose learner types these lines and then ends the input."""
    typed, told = iter(lines), []
    score = take(quiz(root or product_and_sum()), lambda prompt: next(typed, None), told.append)
    return score, told


def test_a_round_ends_with_its_score():
    score, told = play(["1", "1", "-6", "12", "-8"])
    assert score == Score(4, 5, 5)
    assert str(score) == "4 of 5 right"
    assert "    together: −6 + 3 = −3" in told


def test_a_round_may_end_early_and_says_what_was_not_asked():
    assert str(play(["1", "2"])[0]) == "1 of 2 right; 3 not asked"


def test_what_is_no_number_keeps_the_question_open_and_a_question_mark_gives_a_hint():
    score, told = play(["?", "help", "1"])
    assert score == Score(1, 1, 5)
    assert told[0] == "  hint: ∂f/∂f: the output moves as fast as itself"
    assert told[1].startswith("  type a number")


def test_what_is_asked_is_not_told_before():
    f = product_and_sum()
    assert known(Story(Graph(f)), "gradients")[-1] == "computed  f = d × e = −6"
    assert known(Story(Graph(f)), "data")[-1] == "computed  f = d × e"


# The command


def command(*arguments, typed=""):
    """`micronn quiz` in a process of its own, with this text on its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "micronn", "quiz", *arguments],
        input=typed, capture_output=True, text=True, encoding="utf-8", timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parent.parent.parent), "PYTHONUTF8": "1"},
    )  # fmt: skip


def test_the_command_marks_piped_answers():
    done = command(*PRODUCT, typed="1\n1\n-6\n-3\n-8\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("5 of 5 right\n")


def test_the_command_ends_with_the_score_when_the_input_ends():
    done = command(*PRODUCT, typed="1\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("1 of 1 right; 4 not asked\n")


def test_the_command_can_ask_for_data():
    done = command(*PRODUCT, "--about", "data", typed="-6\n1\n-6\n")
    assert done.stdout.endswith("3 of 3 right\n")


def test_a_formula_that_makes_no_sense_is_refused_before_any_question():
    done = command("a +", "a=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "micronn: error:" in done.stderr
