"""The gradient as a graph: its numbers are backward()'s, and it has right slopes itself."""

import importlib
import math
import random

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf
from operations import AT_EACH_POINT, OPERATIONS, built
from programs import each_backend

from micronn.compiler import UnknownOperation, compile_graph
from micronn.engine import Value, dot, logsumexp, maximum, mean, minimum, topological_order, total
from micronn.graph import (
    custom_operation,
    grad,
    hessian,
    hessian_vector_product,
    line_of,
    record_lines,
)
from micronn.nn import MLP

inf, nan = math.inf, math.nan
SEEDS = st.integers(0, 2**32)
at_each_point = pytest.mark.parametrize(("name", "point"), AT_EACH_POINT)

# Their slopes are constant on both sides of a kink, and at the kink as backward() has it.
BENT = {"abs", "relu", "leaky_relu 0.01", "leaky_relu 0.25", "gate", "maximum", "minimum"}


def near(number, exact, least=1e-15):
    """Whether a number is the exact one to 12 digits; nan is nan."""
    both = float(number), float(exact)
    return both[0] == both[1] or all(map(math.isnan, both)) or (
        abs(both[0] - both[1]) <= 1e-12 * abs(both[1]) + least
    )  # fmt: skip


def random_graph(rng, leaves, operations):
    """The sum of some nodes: every operation that the tests know, on moderate numbers."""
    nodes = list(leaves)
    for _ in range(operations):
        name = rng.choice(list(OPERATIONS))
        first, *others = rng.choices(nodes, k=OPERATIONS[name].takes)
        first = first * first + 0.5 if OPERATIONS[name].positive else first
        if name == "/":
            others = [others[0] * others[0] + 0.5]
        nodes.append((OPERATIONS[name].build(first, *others) * rng.uniform(-1, 1)).sin())
    return total(nodes)


# The first derivative is backward()'s


@at_each_point
def test_the_slope_of_an_operation_is_its_local_derivative(name, point):
    y = built(name, point)
    slopes = grad(y, y.operands)
    assert all(map(near, [s.data for s in slopes], y.local_grads))


@pytest.mark.parametrize(
    ("name", "point"), [(name, row[0]) for name, case in OPERATIONS.items() for row in case.limits]
)
def test_the_slope_of_an_operation_is_its_local_derivative_far_out_too(name, point):
    y = built(name, point)
    assert all(map(near, [s.data for s in grad(y, y.operands)], y.local_grads))


@settings(max_examples=100)
@given(seed=SEEDS, operations=st.integers(0, 60))
def test_a_gradient_has_the_numbers_of_backward(seed, operations):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2, 2)) for _ in range(4)]
    y = random_graph(rng, leaves, operations)
    slopes = grad(y, leaves)
    y.backward()
    largest = max(abs(leaf.grad) for leaf in leaves)
    for slope, leaf in zip(slopes, leaves, strict=True):
        assert near(slope.data, leaf.grad, 1e-13 * largest)


def test_a_gradient_by_a_computed_value_counts_all_ways_from_it():
    # y = h² + 3h with h = 2x, so dy/dh = 2h + 3 and dy/dx is twice that
    x = Value(1.0)
    h = 2.0 * x
    y = h * h + 3.0 * h
    assert [slope.data for slope in grad(y, [h, x, y])] == [7.0, 14.0, 1.0]


def test_what_a_result_does_not_depend_on_has_the_slope_0():
    x, other = Value(1.0, "x"), Value(2.0, "b")
    slopes = grad(x * x, [other, x])
    assert [slope.data for slope in slopes] == [0.0, 2.0]
    assert grad(slopes[0], x).data == 0.0
    assert grad(x - x, x).data == 0.0


def test_grad_leaves_the_grads_of_values_alone():
    x = Value(3.0)
    x.grad = 7.0
    grad(x * x, x)
    assert x.grad == 7.0


# Second derivatives


def second(name, i, j, point):
    """d²(operation)/(d operand i, d operand j), by mpmath's differences with 60 digits."""
    if name in BENT:
        return mpf(0)
    order = tuple(int(k == j) for k in range(len(point)))
    return mpmath.diff(OPERATIONS[name].slopes[i], tuple(map(mpf, point)), order)


@at_each_point
def test_the_second_derivatives_of_every_operation_are_those_of_mpmath(name, point):
    y = built(name, point)
    for i, row in enumerate(hessian(y, y.operands)):
        for j, found in enumerate(row):
            assert near(found.data, second(name, i, j, point)), (i, j)


@pytest.mark.parametrize("name", [n for n, c in OPERATIONS.items() if c.takes == 1])
def test_the_third_derivative_of_every_function_is_that_of_mpmath(name):
    for point in OPERATIONS[name].points:
        y = built(name, point)
        (x,) = y.operands
        third = grad(grad(grad(y, x), x), x).data
        exact = 0.0 if name in BENT else mpmath.diff(OPERATIONS[name].slopes[0], point[0], 2)
        assert near(third, exact, 1e-14)


@settings(max_examples=25)
@given(seed=SEEDS, operations=st.integers(1, 12))
def test_backward_through_a_gradient_gives_the_second_derivatives(seed, operations):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2, 2)) for _ in range(3)]
    y = random_graph(rng, leaves, operations)
    rows = hessian(y, leaves)
    largest = max(abs(h.data) for row in rows for h in row)
    for slope, row in zip(grad(y, leaves), rows, strict=True):
        for leaf in leaves:
            leaf.grad = 0.0
        slope.backward()
        for leaf, found in zip(leaves, row, strict=True):
            assert near(leaf.grad, found.data, 1e-12 * largest)


@settings(max_examples=25)
@given(seed=SEEDS, operations=st.integers(1, 12))
def test_a_hessian_is_symmetric_and_its_product_with_a_vector_is_the_matrix_times_it(
    seed, operations
):
    rng = random.Random(seed)
    leaves, v = ([Value(rng.uniform(-2, 2)) for _ in range(3)] for _ in "xv")
    y = random_graph(rng, leaves, operations)
    h = [[found.data for found in row] for row in hessian(y, leaves)]
    least = 1e-12 * max(abs(number) for row in h for number in row) + 1e-15
    for k, found in enumerate(hessian_vector_product(y, leaves, v)):
        assert near(found.data, sum(h[k][i] * v[i].data for i in range(3)), 10.0 * least)
        assert all(near(h[k][i], h[i][k], least) for i in range(3))


def test_the_hessian_by_one_value_is_one_value():
    x = Value(2.0)
    assert hessian(x**3, x).data == 12.0


# Against JAX


def in_jax():
    """What tests/in_jax.py has."""
    pytest.importorskip("jax")
    return importlib.import_module("in_jax")


def compare_with_jax(seeds):
    """Gradients and Hessians times a vector, of random graphs."""
    theirs = in_jax()
    for seed in seeds:
        rng = random.Random(seed)
        recipe = theirs.random_recipe(rng, leaves=3, steps=rng.randint(1, 4))
        point, v = ([rng.uniform(-2, 2) for _ in range(3)] for _ in "xv")
        function = theirs.jax.grad(
            lambda *x, r=recipe: theirs.computed(r, list(x), theirs.IN_JAX), argnums=(0, 1, 2)
        )
        first, product = theirs.jax.jvp(function, tuple(point), tuple(v))
        leaves = [Value(x) for x in point]
        y = theirs.computed(recipe, leaves, theirs.OURS)
        for ours, exact in (
            (grad(y, leaves), list(map(float, first))),
            (hessian_vector_product(y, leaves, v), list(map(float, product))),
        ):
            largest = max(map(abs, exact))
            expected = pytest.approx(exact, rel=1e-9, abs=1e-11 * largest + 1e-15)
            assert [slope.data for slope in ours] == expected, seed


def test_random_graphs_have_the_second_derivatives_of_jax():
    compare_with_jax(range(6))


@pytest.mark.slow
def test_a_hundred_random_graphs_have_the_second_derivatives_of_jax():
    compare_with_jax(range(100))


@pytest.mark.wide
def test_a_thousand_random_graphs_have_the_second_derivatives_of_jax():
    compare_with_jax(range(1000))


def small_loss(w, x, functions):
    """A net of two inputs, three hidden units and one output, and its loss; 13 weights."""
    tanh, sigmoid, log = functions
    hidden = [tanh(w[3 * k] * x[0] + w[3 * k + 1] * x[1] + w[3 * k + 2]) for k in range(3)]
    return -log(sigmoid(w[9] * hidden[0] + w[10] * hidden[1] + w[11] * hidden[2] + w[12]))


def test_the_hessian_of_a_small_net_is_that_of_jax():
    theirs, rng = in_jax(), random.Random(1)
    jax, jnp = theirs.jax, theirs.jnp
    numbers, x = [rng.uniform(-1, 1) for _ in range(13)], [0.5, -1.5]
    expected = jax.jit(
        jax.hessian(lambda w: small_loss(list(w), x, (jnp.tanh, jax.nn.sigmoid, jnp.log)))
    )(jnp.array(numbers))
    w = [Value(number) for number in numbers]
    found = hessian(small_loss(w, x, (Value.tanh, Value.sigmoid, Value.log)), w)
    for row, exact in zip(found, expected.tolist(), strict=True):
        assert [h.data for h in row] == pytest.approx(exact, rel=1e-9, abs=1e-12)


# Compiled


KINKS = {  # functions of a and b, recorded on one side of each kink, and run on all of them
    "relu": lambda a, b: (a * b).relu() * a,
    "leaky_relu": lambda a, b: (a * b).leaky_relu(0.2) * a,
    "abs": lambda a, b: abs(a * b) * a,
    "maximum": lambda a, b: maximum(a, b) * a,
    "minimum": lambda a, b: minimum(a, b) * b,
    "relu of relu": lambda a, b: (a.relu() * b - 1.0).relu().sqrt() * b,
    "sum": lambda a, b: total([a.relu(), mean([abs(b), a]), logsumexp([a, b])]) ** 2,
}
ROWS = [[x, y] for x in (-2.0, -0.5, 0.0, 1.5, 3.0) for y in (-1.0, 0.0, 1.5, 3.0)]


def by_backward(function, row):
    """The numbers that the gradient at a row has in the engine; None if it refuses to compute."""
    a, b = Value(row[0]), Value(row[1])
    function(a, b).backward()
    return [a.grad, b.grad]


@each_backend
@pytest.mark.parametrize("name", [name for name in KINKS if name != "relu of relu"])
def test_a_compiled_gradient_decides_at_kinks_by_the_new_numbers(backend, name):
    a, b = Value(1.0), Value(2.0)
    program = compile_graph(grad(KINKS[name](a, b), [a, b]), [a, b], backend=backend)
    for row, found in zip(ROWS, program.values(ROWS), strict=True):
        assert all(map(near, found, by_backward(KINKS[name], row))), row


@each_backend
def test_a_compiled_gradient_is_right_or_refuses_where_a_slope_is_infinite(backend):
    # sqrt of a relu: where that is off its slope is 0, behind the infinite one of sqrt at 0
    a, b = Value(1.0), Value(2.0)
    program = compile_graph(grad(KINKS["relu of relu"](a, b), [a, b]), [a, b], backend=backend)
    for row in ROWS:
        try:
            (found,) = program.values([row])
        except ZeroDivisionError:
            assert KINKS["relu of relu"](*map(Value, row)).operands[0].data == 0.0
        else:
            assert all(map(near, found, by_backward(KINKS["relu of relu"], row))), row


@each_backend
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_compiled_gradient_of_every_operation_is_right_at_other_inputs(backend, name):
    point = OPERATIONS[name].points[0]
    y = built(name, point)
    leaves = list(dict.fromkeys(y.operands))
    program = compile_graph([*grad(y, leaves), y], leaves, backend=backend)
    others = [1.5, 0.25, 0.75, 1.25][: len(point)]
    (found,) = program.values([others])
    assert all(map(near, found, built(name, tuple(others)).local_grads))


def test_a_program_of_a_gradient_has_gradients_itself():
    x = Value(0.5)
    program = compile_graph(grad(x.tanh(), x), [x])
    t = math.tanh(2.0)
    value, (slope,) = program(2.0)
    assert near(value, 1.0 - t * t)
    assert near(slope, -2.0 * t * (1.0 - t * t))


@pytest.mark.slow
def test_the_source_of_a_gradients_program_has_the_slopes_of_jax():
    # The text of the program of y is run by JAX, which differentiates it twice; that of the
    # program of dy/dx is run as it is, and once more by JAX.
    theirs = in_jax()
    jax, jnp = theirs.jax, theirs.jnp
    plain = ("exp", "log", "sqrt", "sin", "cos", "tanh", "sign", "maximum")
    names = {name: getattr(jnp, name) for name in plain} | {
        name: theirs.IN_JAX[name] for name in ("sigmoid", "softplus", "gelu", "gelu_slope", "gate")
    }
    names |= {
        "pow": jnp.power, "power_slope": lambda a, k: k * a ** (k - 1.0),
        "exponent_slope": lambda a, k, v: v * jnp.log(a), "exact_sum": sum,
        "leak": lambda a, k: jnp.where(a > 0, 1.0, k), "mean": lambda x: sum(x) / len(x),
        "gelu_curve": jax.grad(theirs.IN_JAX["gelu_slope"]), "passed": lambda d, s: d * s,
        "is_larger": lambda a, b: jnp.where(a > b, 1.0, 0.0),
    }  # fmt: skip

    def run(program):
        space = dict(names)
        exec(program.source, space)  # noqa: S102
        return lambda x: space["program"]([x, 0.75], [])[0][0]

    x, w = Value(0.3), Value(0.75)
    h = (x * w).tanh() + (x / w).gelu() * (w**x).sigmoid() + maximum(x, w * 0.1).softplus()
    y = total([h.sin(), (h * h + 1.0).sqrt(), (x - 1.0).leaky_relu(), abs(x - 0.5) ** 3, x.relu()])
    y = y * mean([x.exp(), h.cos(), (x + 1.0).log()])
    slope = grad(y, x)
    first, again = (compile_graph(root, [x, w], backend="python") for root in (y, slope))
    for point in (0.9,):
        exact = float(jax.grad(run(first))(point)), float(jax.grad(jax.grad(run(first)))(point))
        assert near(again.values([[point, 0.75]])[0], exact[0])
        assert near(again.gradients([[point, 0.75]])[0][0], exact[1], 1e-12)
        assert near(jax.grad(run(again))(point), exact[1], 1e-12)


# Kinks and poles


def test_second_slopes_at_kinks_are_0():
    x = Value(0.0)
    for y in (x.relu(), abs(x), x.leaky_relu(0.3), maximum(x, 0.0), minimum(0.0, x)):
        assert grad(grad(y, x), x).data == 0.0


def test_the_slopes_of_sqrt_and_of_roots_at_0_are_infinite_as_in_backward():
    x = Value(0.0)
    for y in (x.sqrt(), x**0.5, x ** Value(0.25)):
        slope = grad(y, x)
        assert slope.data == inf
        assert math.isnan(grad(slope, x).data)
        with pytest.raises(UnknownOperation, match="edge_slope"):
            compile_graph(slope, [x])


def test_a_zero_upstream_times_an_infinite_slope_shows_as_nan():
    # y = 0 * sqrt(x) at x = 0: backward() sends 0 * inf
    for zero in (Value(0.0), 0.0):
        x = Value(0.0)
        y = zero * x.sqrt()
        slope = grad(y, x)
        y.backward()
        assert math.isnan(slope.data)
        assert math.isnan(x.grad)


def test_what_is_left_out_gets_0_of_an_infinite_slope():
    # as backward() has it: sqrt at 0 has an infinite slope, of which a closed relu passes 0
    for build in (
        lambda x: x.relu().sqrt(), lambda x: maximum(x, 0.0).sqrt(), lambda x: (x**0 - 1.0).sqrt(),
    ):  # fmt: skip
        x = Value(-1.0)
        y = build(x)
        y.backward()
        assert grad(y, x).data == x.grad == 0.0


@pytest.mark.parametrize(
    ("a", "k"), [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (-2.0, 3.0), (-2.0, 0.0)]
)
def test_powers_at_the_edge_have_the_slopes_of_backward(a, k):
    a, k = Value(a), Value(k)
    y = a**k
    y.backward()
    assert all(map(near, [slope.data for slope in grad(y, [a, k])], [a.grad, k.grad]))


def test_a_power_whose_slope_is_beyond_any_float_has_the_slope_of_backward():
    x = Value(1e-200)
    y = x**-1
    y.backward()
    assert grad(y, x).data == x.grad == -inf


def test_slopes_of_maximum_between_infinite_operands_are_those_of_backward():
    x = Value(inf)
    assert grad(maximum(x, inf), x).data == 0.5


# What is recorded


def test_factors_of_1_and_ways_that_lead_nowhere_are_not_recorded():
    x, w, b = Value(2.0), Value(3.0), Value(1.0)
    y = total([w * x, b.exp().sin(), -b])
    assert grad(y, w) is x
    assert grad(y, x) is w
    assert grad(b + x, x).op == "const"
    assert grad(mean([x]) * 5.0 / 4.0, x).data == 1.25
    assert not grad(mean([x]) * 5.0 / 4.0, x).operands
    assert grad(dot([w, x], [0.0, 1.0]), w).op == "const"


def test_a_gradient_has_a_few_nodes_for_each_operand():
    rng = random.Random(1)
    leaves = [Value(rng.uniform(-2, 2)) for _ in range(4)]
    y = random_graph(rng, leaves, 400)
    edges = sum(len(node.operands) for node in topological_order(y))
    nodes = topological_order(total(grad(y, leaves)))
    assert len(nodes) < 6 * edges


def test_a_value_that_is_read_often_gets_one_sum():
    x = Value(0.5)
    y = total([x.sin() for _ in range(100)])
    slope = grad(y, x)
    assert (slope.op, len(slope.operands)) == ("sum", 100)


def test_a_chain_of_100_000_operations_has_a_gradient():
    x = Value(0.5)
    y = x
    for _ in range(100_000):
        y = y.sin()
    slope = grad(y, x)
    y.backward()
    assert near(slope.data, x.grad, 0.0)


def test_a_mean_of_50_000_values_has_a_gradient_without_walking_all_of_them_for_each():
    xs = [Value(float(k)) for k in range(50_000)]
    assert {slope.data for slope in grad(mean(xs), xs)} == {1 / 50_000}


def test_slopes_are_labelled_by_what_they_are_of():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    loss = (w * x).tanh()
    loss.label = "L"
    by_w, by_x = grad(loss, [w, x])
    assert (by_w.label, by_x.label) == ("dL/dw", "dL/dx")
    assert grad(by_w, x).label == "d(dL/dw)/dx"
    assert grad(by_w * by_w, by_w).label == "d/d(dL/dw)"
    assert grad(w * x, w).label == "x"  # the slope of a product is the other factor itself


def test_the_values_of_a_gradient_are_of_the_line_that_asked_for_it():
    with record_lines():
        x = Value(0.5)
        y = (x.relu() * x).gelu()
        slope = grad(y, x)
    new = [node for node in topological_order(slope) if node not in topological_order(y)]
    assert {line_of(node).text for node in new} == {"slope = grad(y, x)"}


def test_a_gradient_of_a_net_is_that_of_backward():
    model = MLP(2, [3, 1], rng=random.Random(1))
    loss = (model([0.5, -1.0]) - 1.0) ** 2
    slopes = grad(loss, model.parameters())
    loss.backward()
    assert all(near(s.data, p.grad) for s, p in zip(slopes, model.parameters(), strict=True))


# What is refused


def test_an_operation_of_ones_own_is_named():
    x = Value(0.5)
    y = custom_operation("swish", 0.3, [x * 2.0], [0.7])
    with pytest.raises(NotImplementedError, match="no rule for 'swish'.*backward"):
        grad(y * y, x)
    assert grad(y * y, y).data == 0.6


def test_a_leaf_that_has_changed_since_is_named():
    w = Value(3.0, "w")
    y = w * w
    w.data = 5.0
    with pytest.raises(ValueError, match=r"w = 5.0 has changed since .* compute y again"):
        grad(y, w)


@pytest.mark.parametrize("args", [(3.0, Value(1.0)), (Value(1.0), 3.0), (Value(1.0), [2.0]),
                                  ([Value(1.0)], Value(1.0))])  # fmt: skip
def test_what_is_no_value_is_refused(args):
    with pytest.raises(TypeError, match="Value|list"):
        grad(*args)


def test_who_asks_for_the_gradient_by_a_model_is_told_of_its_parameters():
    model = MLP(1, [1])
    with pytest.raises(TypeError, match=r"got MLP.*write .*model\.parameters\(\)"):
        grad(model([1.0]), model)


def test_a_hessian_vector_product_takes_any_list_of_the_right_length():
    # d²(ab)/da db = 1, so the matrix [[0, 1], [1, 0]] turns (3, 5) round.
    a, b = Value(2.0), Value(7.0)
    products = hessian_vector_product(a * b, (x for x in (a, b)), (k for k in (3.0, 5.0)))
    assert [h.data for h in products] == [5.0, 3.0]
    for wrong in ([1.0], [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match="expected 2 numbers of the vector"):
            hessian_vector_product(a * b, [a, b], wrong)
    with pytest.raises(TypeError, match="is a list, got one number"):
        hessian_vector_product(a * b, [a, b], 1.0)


# Newton's method


def test_newton_finds_the_bottom_of_a_bowl_in_one_step():
    # The Hessian of a quadratic form does not change: one step is all that it takes.
    a, b = Value(5.0), Value(-4.0)
    y = 3.0 * a * a + 2.0 * a * b + 2.0 * b * b - a
    (p, q), (_, r) = [[h.data for h in row] for row in hessian(y, [a, b])]
    g, h = (slope.data for slope in grad(y, [a, b]))
    det = p * r - q * q
    a.data -= (r * g - q * h) / det
    b.data -= (p * h - q * g) / det
    # 6a + 2b = 1 and 2a + 4b = 0 have the solution 1/5, -1/10
    assert near(a.data, 0.2, 1e-14)
    assert near(b.data, -0.1, 1e-14)
