"""Forward mode: tangents walk from leaves to results, and agree with what backward() finds."""

import math
import random

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from operations import OPERATIONS

from micronn.engine import Value, dot, maximum, topological_order
from micronn.graph import tangents
from micronn.graph.custom import custom_operation


def survey():
    """f(x1, x2) = ln(x1) + x1 x2 - sin(x2) at (2, 5): the example of Baydin, Pearlmutter, Radul
    and Siskind, "Automatic differentiation in machine learning: a survey", 2018, tables 2 and 3.
    """
    x1, x2 = Value(2.0, "x1"), Value(5.0, "x2")
    return x1.log() + x1 * x2 - x2.sin(), x1, x2


def test_a_leaf_with_seed_1_gives_the_derivative_of_the_result_by_it():
    y, x1, x2 = survey()
    assert y.data == pytest.approx(11.652, abs=5e-4)  # as printed in tables 2 and 3
    assert tangents(y, {x1: 1.0})[y] == 5.5  # table 2: 1/x1 + x2
    assert tangents(y, {x2: 1.0})[y] == pytest.approx(1.716, abs=5e-4)  # table 3
    assert tangents(y, {x2: 1.0})[y] == 2.0 - math.cos(5.0)


def test_several_seeds_are_a_direction_and_scale():
    y, x1, x2 = survey()
    # Gradient (5.5, 2 - cos 5) times direction (3, -2)
    assert tangents(y, {x1: 3.0, x2: -2.0})[y] == pytest.approx(16.5 - 2.0 * (2.0 - math.cos(5.0)))


def test_every_value_has_the_tangent_that_calculus_gives_it():
    x, c = Value(0.5), Value(2.0)
    square, constant = x * x, c.exp()
    root = square.exp() + constant
    found = tangents(root, {x: 1.0})
    assert set(found) == set(topological_order(root))
    assert found[x] == 1.0
    assert found[c] == found[constant] == 0.0  # they do not depend on x
    assert found[square] == 1.0  # 2x
    assert found[root] == pytest.approx(float(mpmath.exp("0.25")))  # 2x e**(x*x), with 2x = 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_has_the_tangents_of_its_exact_slopes(name):
    case = OPERATIONS[name]
    for point in case.points:
        leaves = [Value(number) for number in point]
        y, exact = case.build(*leaves), [mpmath.mpf(number) for number in point]
        for leaf, slope in zip(leaves, case.slopes, strict=True):
            wanted = pytest.approx(float(slope(*exact)), rel=1e-12, abs=1e-300)
            assert tangents(y, {leaf: 1.0})[y] == wanted


def random_graph(rng, size=25):
    """A graph of a few leaves and of all operations, in which each number stays small."""
    leaves = [Value(rng.uniform(-2.0, 2.0)) for _ in range(4)]
    nodes = list(leaves)
    for _ in range(size):
        case = OPERATIONS[rng.choice(list(OPERATIONS))]
        operands = [rng.choice(nodes).sin() ** 2 + 0.5 for _ in range(case.takes)]
        nodes.append(case.build(*operands) * rng.uniform(-1.0, 1.0))
    return dot(nodes, [1.0] * len(nodes)), leaves


@given(st.integers(0, 10**9))
def test_forward_along_a_direction_is_the_gradient_times_that_direction(seed):
    rng = random.Random(seed)
    y, leaves = random_graph(rng)
    direction = {leaf: rng.uniform(-1.0, 1.0) for leaf in leaves}
    y.backward()
    parts = [leaf.grad * direction[leaf] for leaf in leaves]
    tolerance = 1e-12 * sum(map(abs, parts)) + 1e-13
    assert tangents(y, direction)[y] == pytest.approx(sum(parts), abs=tolerance)
    for leaf in leaves:
        scale = 1e-12 * max(abs(leaf.grad), 1.0)
        assert tangents(y, {leaf: 1.0})[y] == pytest.approx(leaf.grad, abs=scale)


def test_one_walk_serves_several_results():
    t = Value(2.0)
    results = [t * t, t**3, t * t * 5.0 + 1.0, t]
    found = tangents(results, {t: 1.0})
    assert [found[y] for y in results] == [4.0, 12.0, 20.0, 1.0]  # 2t, 3t², 10t, 1


class Counted(float):
    """A float that notes each time it is multiplied."""

    times = 0

    def __mul__(self, other):
        Counted.times += 1
        return float(self) * other


def multiplications(walk, root):
    """How many local derivatives a walk through a graph multiplies."""
    for node in topological_order(root):
        node.local_grads = tuple(map(Counted, node.local_grads))
    Counted.times = 0
    walk()
    return Counted.times


def test_both_modes_multiply_once_for_each_wire_that_they_walk():
    x, w = Value(3.0), Value(2.0)
    y = ((x * w) + (w * w)) * x  # eight wires, four of them on the ways up from x
    assert multiplications(y.backward, y) == 8
    assert multiplications(lambda: tangents(y, {x: 1.0}), y) == 4  # x*w, x*w + w*w, and y twice
    chain = Value(1.0)
    start = chain
    for _ in range(1000):
        chain = chain * chain * 1.0  # three wires that move with it, and one from a constant
    assert multiplications(chain.backward, chain) == 4000
    assert multiplications(lambda: tangents(chain, {start: 1.0}), chain) == 3000


def test_a_graph_may_be_as_deep_as_it_likes():
    x = Value(0.5)
    y = x
    for _ in range(100_000):
        y = y + 0.0
    assert tangents(y, {x: 1.0})[y] == 1.0


def test_nothing_is_written_into_the_values():
    y, x1, x2 = survey()
    y.backward()
    before = [(node.data, node.grad) for node in topological_order(y)]
    tangents(y, {x1: 1.0})
    assert [(node.data, node.grad) for node in topological_order(y)] == before


def test_a_leaf_that_moved_leaves_the_derivatives_of_the_moment_as_with_backward():
    x = Value(3.0)
    y = x * x
    x.data = 100.0
    y.backward()
    assert tangents(y, {x: 1.0})[y] == x.grad == 6.0


def test_zero_times_infinity_shows():
    x = Value(0.0)
    y = (x * 0.0).sqrt()  # its slope is infinite, and 0 comes along
    assert math.isnan(tangents(y, {x: 1.0})[y])
    y.backward()
    assert math.isnan(x.grad)
    assert tangents(x.sqrt(), {x: 1.0}).popitem()[1] == math.inf
    assert math.isnan(tangents(x.sqrt(), {x: 0.0}).popitem()[1])  # as jax.jvp says


def test_a_pole_that_the_leaf_does_not_move_spoils_nothing():
    x, c = Value(3.0), Value(0.0)
    y = x * x + c.sqrt()
    y.backward()
    assert (tangents(y, {x: 1.0})[y], x.grad, c.grad) == (6.0, 6.0, math.inf)


def test_what_relu_and_maximum_leave_out_sends_nothing_even_if_it_is_infinite():
    x, z = Value(0.0), Value(1.0)
    y = maximum(x.sqrt(), z)  # sqrt has tangent inf there, and is the smaller of the two
    assert tangents(y, {x: 1.0, z: 5.0})[y] == 5.0
    y = (x.sqrt() - 1.0).relu()
    assert tangents(y, {x: 1.0})[y] == 0.0


def test_operations_of_ones_own_and_leaves_alone_have_tangents_too():
    x = Value(2.0)
    y = custom_operation("thrice", 6.0, [x], [3.0])
    assert tangents(y, {x: 2})[y] == 6.0  # an int is a number
    assert tangents(x, {x: 1.0}) == {x: 1.0}


@pytest.mark.parametrize(
    ("y", "seeds", "error", "said"),
    [
        (lambda x: 3.0, lambda x: {x: 1.0}, TypeError, "ends at a Value, .* got 3.0"),
        (lambda x: [], lambda x: {x: 1.0}, TypeError, "several in a list, got \\[\\]"),
        (lambda x: [x, "x"], lambda x: {x: 1.0}, TypeError, "got 'x'"),
        (lambda x: x * x, lambda x: x, TypeError, "a dict .*{x: 1.0}, got Value"),
        (lambda x: x * x, lambda x: {}, TypeError, "a dict .*{x: 1.0}, got {}"),
        (lambda x: x * x, lambda x: {"x": 1.0}, TypeError, "that of a Value, got 'x'"),
        (lambda x: x * x, lambda x: {x: "1"}, TypeError, "one real number, got '1'"),
        (lambda x: x * x, lambda x: {x: x}, TypeError, "pass its .data"),
        (lambda x: x * x, lambda x: {x: math.nan}, ValueError, "finite number, got nan for x = 3"),
        (lambda x: x * x, lambda x: {x: -math.inf}, ValueError, "finite number, got -inf"),
        (lambda x: x * x, lambda x: {x: 10**400}, OverflowError, "too large"),
        (lambda x: x * x, lambda x: {Value(1.0, "z"): 1.0}, ValueError, "z = 1.0 is no part of"),
        (lambda x: x * x, lambda x: {x * x: 1.0}, ValueError, "9.0 was computed by '\\*'; seed"),
    ],
)
def test_a_wrong_result_or_seed_is_refused_with_what_is_wrong_and_what_to_do(y, seeds, error, said):
    x = Value(3.0, "x")
    with pytest.raises(error, match=said):
        tangents(y(x), seeds(x))
