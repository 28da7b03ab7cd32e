"""An operation of the reader's own is one call, and every reader of a graph takes it."""

import copy
import math
import pickle
import random

import pytest
from operations import EACH

from micronn.check import gradcheck, trace_nonfinite, why
from micronn.compiler import UnknownOperation, compile_graph
from micronn.draw import draw
from micronn.engine import Value
from micronn.graph import Graph, Story, custom_operation
from micronn.graph.operations import code, formula, kind_and_number
from micronn.nn import ACTIVATIONS, MLP
from micronn.viewer.questions.quiz import questions


def swish(x):
    """x * s, where s is the sigmoid of x; its slope is s + x * s * (1 - s)."""
    s = 1.0 / (1.0 + math.exp(-x.data))
    return custom_operation("swish", x.data * s, [x], [s + x.data * s * (1.0 - s)])


def test_it_gives_what_the_same_formula_of_the_engines_operations_gives():
    x, twin = Value(0.5, "x"), Value(0.5)
    y, z = swish(x * 2.0) + x, (twin * 2.0) * (twin * 2.0).sigmoid() + twin
    y.backward()
    z.backward()
    assert (y.data, x.grad) == pytest.approx((z.data, twin.grad), rel=1e-14)


def test_it_passes_a_gradient_check_and_a_wrong_slope_fails_it():
    x = Value(0.5)
    assert gradcheck(lambda: swish(x), [x])
    assert not gradcheck(lambda: custom_operation("half", x.data / 2.0, [x], [2.0]), [x])


def test_it_may_read_several_values_and_plain_numbers():
    a, b = Value(2.0), Value(3.0)
    y = custom_operation("fused", a.data * b.data + 4.0, (a, b, 4), (b.data, a.data, 1))
    y.backward()
    assert (y.data, a.grad, b.grad) == (10.0, 3.0, 2.0)
    assert [operand.op for operand in y.operands] == ["", "", "const"]
    assert [type(number) for number in (y.data, *y.local_grads)] == [float] * 4


def test_it_is_told_as_a_function_in_formulas_and_in_code():
    x = Value(0.5, "x")
    assert (formula("swish", ["x"]), code("swish", ["x"])) == ("swish(x)", "swish(x)")
    assert code("elu 0.5", ["x"]) == "elu(x, 0.5)"
    steps = Story(Graph(swish(x) * 2.0)).steps
    assert any(step.code == "v1 = swish(x)" for step in steps)
    assert any("swish computed this slope together with its value" in s.why.lower() for s in steps)


@pytest.mark.parametrize("suffix", [".svg", ".dot", ".html"])
def test_it_is_drawn_in_every_form(suffix, tmp_path):
    y = swish(Value(0.5, "x")) * 2.0
    y.backward()
    path = tmp_path / f"own{suffix}"
    draw(y).save(path)
    assert "swish" in path.read_text("utf-8")


def test_it_is_explained_asked_for_and_searched():
    x = Value(0.5, "x")
    y = swish(x) * 2.0
    y.backward()
    assert "swish" in str(why(x, y))
    assert len(questions(Story(Graph(y)))) == 3  # two numbers, and the slope of x
    assert trace_nonfinite(y) is None


def test_it_bends_the_neurons_of_a_net(monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "swish", swish)
    model = MLP(2, [3, 1], "swish", rng=random.Random(7))
    model([1.0, -2.0]).backward()
    assert all(p.grad for p in model.parameters())


def test_it_is_copied_and_pickled():
    y = swish(Value(0.5)) * 2.0
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        twin.backward()
        assert twin.operands[0].op == "swish"


def test_a_compiled_program_is_refused_by_name():
    x = Value(0.5)
    with pytest.raises(UnknownOperation, match="no 'swish'"):
        compile_graph(swish(x) * 2.0, [x])


@pytest.mark.parametrize("op", [*EACH, "const", "total", "leaky_relu"])
def test_the_name_of_an_operation_of_the_engine_is_taken(op):
    kind = kind_and_number(op)[0]
    with pytest.raises(ValueError, match="called by a word|of the engine.*choose another"):
        custom_operation(kind, 1.0, [Value(1.0)], [1.0])


WRONG = [
    (("", 1.0, [1.0], [1.0]), ValueError, "called by a word, .* got ''"),
    (("my op", 1.0, [1.0], [1.0]), ValueError, "'my op'"),
    (("<b>", 1.0, [1.0], [1.0]), ValueError, "'<b>'"),
    ((3, 1.0, [1.0], [1.0]), TypeError, "name of an operation is text, got 3"),
    (("own", Value(1.0), [1.0], [1.0]), TypeError, r"pass its \.data"),
    (("own", "1", [1.0], [1.0]), TypeError, "'1'"),
    (("own", 1.0, ["1"], [1.0]), TypeError, "'1'"),
    (("own", 1.0, [1.0], [None]), TypeError, "None"),
    (("own", 1.0, [1.0, 2.0], [1.0]), ValueError, "expected 2 local derivatives.* got 1"),
    (("own", 1.0, [1.0], [1.0, 2.0]), ValueError, "expected 1 local derivatives.* got 2"),
    (("own", 1.0, [], []), ValueError, "at least one operand"),
    (("own", 1.0, Value(1.0), [1.0]), TypeError, "operands is a list"),
    (("own", 1.0, [1.0], 1.0), TypeError, "local derivatives.* is a list"),
]


@pytest.mark.parametrize(("arguments", "error", "words"), WRONG)
def test_what_cannot_be_an_operation_is_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        custom_operation(*arguments)
