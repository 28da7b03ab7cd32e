"""A program of several results gives all of them for each example, and no gradients."""

import math
import random

import pytest
from programs import ROWS, close, each_backend

from micronn.compiler import compile_graph
from micronn.engine import DomainError, Value, dot
from micronn.nn import MLP
from micronn.optim import SGD


@each_backend
@pytest.mark.parametrize("count", [0, 1, 33, 275])
@pytest.mark.parametrize("size", [1, 2, 30])
def test_a_program_of_several_roots_gives_a_list_for_each_example(size, count, backend):
    # Among the roots are one twice, one below another, a leaf of each kind and a neuron's sum.
    def roots(x, y, w, u):
        s = dot([w, u], [x, y])
        return ([s.tanh(), s, s + 0.5, x, w, Value(7.0), s] * 5)[:size]

    x, w = [Value(1.3), Value(0.4)], [Value(0.8), Value(-1.1)]
    program = compile_graph(roots(*x, *w), x, w, backend)
    expected = [[root.data for root in roots(*map(Value, row), *w)] for row in ROWS[:count]]
    found = program.values(ROWS[:count])
    assert [len(values) for values in found] == [size] * count
    assert sum(found, []) == close(sum(expected, []))


@each_backend
def test_a_net_of_several_outputs_is_run_in_one_go(backend):
    model = MLP(40, [7, 3], "tanh", rng=random.Random(3))
    x = [Value(0.1) for _ in range(40)]
    rows = [[math.sin(k + j) for j in range(40)] for k in range(37)]
    program = compile_graph(model(x), x, model.parameters(), backend)
    model.parameters()[0].data = 2.0  # parameters are read afresh
    for row, found in zip(rows, program.values(rows), strict=True):
        assert found == close([output.data for output in model(row)])


@each_backend
def test_several_roots_refuse_as_their_graph_does_and_let_infinity_through(backend):
    x = Value(2.0, "x")
    program = compile_graph([x * 2.0, x.log()], [x], backend=backend)
    assert program.values([[1.0], [math.inf]]) == [[2.0, 0.0], [math.inf, math.inf]]
    with pytest.raises(DomainError, match="x = -1.0"):
        program.values([[1.0], [-1.0]])


@each_backend
def test_what_needs_one_root_refuses_several_in_words(backend):
    x, w = Value(2.0), Value(3.0)
    program = compile_graph([x * w, x], [x], [w], backend)
    for use in (
        lambda: program(1.0),
        lambda: program.gradients([[1.0]]),
        lambda: program.value_and_grad([3.0], [[1.0]]),
        lambda: program.train([[1.0]], SGD([w], 0.1), 1),
    ):
        with pytest.raises(ValueError, match=r"computes 2; compile .* total\(\)"):
            use()
    assert w.grad == 0.0
    alone = compile_graph([x * w], [x], [w], backend)  # a list of one: one number all the same
    assert (alone(4.0), alone.values([[4.0]])) == ((12.0, [3.0]), [[12.0]])
