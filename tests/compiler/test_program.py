"""A program gives what its graph gives, in Python, in C, one example at a time and by blocks.

The graph is the reference here: the tests of the engine compare it with PyTorch and
with exact arithmetic.
"""

import math
import random
import threading
import time
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import OPERATIONS

from micronn.compiler import NoMachine, UnknownOperation, compile_graph, machine
from micronn.compiler.machine import Trainer, library
from micronn.compiler.python_source import write_source
from micronn.compiler.rebuild import rebuilt
from micronn.compiler.tape import write_tape
from micronn.engine import (
    DomainError,
    Value,
    computed,
    dot,
    logsumexp,
    maximum,
    mean,
    minimum,
    topological_order,
    total,
)
from micronn.losses import cross_entropy
from micronn.nn import MLP, Neuron
from micronn.optim import SGD, Adam, AdamW

try:
    library("float64")
    BACKENDS = ["python", "machine"]
except NoMachine:  # the tests of the machine are skipped where there is no compiler
    BACKENDS = ["python", pytest.param("machine", marks=pytest.mark.skip("no C compiler"))]
each_backend = pytest.mark.parametrize("backend", BACKENDS)
machine_only = pytest.mark.skipif(len(BACKENDS) < 2 or not isinstance(BACKENDS[1], str),
                                  reason="no C compiler")  # fmt: skip


def fan(learned, value):
    """One Value times each of some parameters and constants: scalars that lie side by side."""
    return total([dot([weight], [value]) for weight in [*learned, 3.0, 4.0]])


def of_operation(case):
    """An operation of inputs and parameters, one of them used once more beside it; x > 0."""

    def recipe(x, y, w, u):
        first = x * w * w if case.positive else y * w
        return case.build(*[first, x, u, y * u][: case.takes]) * w + y

    return recipe


# Graphs of two inputs x, y and two parameters w, u; x > 0: every operation, and more.
GRAPHS = {name: of_operation(case) for name, case in OPERATIONS.items()} | {
    "+ of leaves": lambda x, y, w, u: x + w,
    "- of a constant": lambda x, y, w, u: 2.0 - x - w,
    "* of one leaf twice": lambda x, y, w, u: x * w * x,
    "/ both ways": lambda x, y, w, u: w / x + x / u,
    "sum of one leaf twice": lambda x, y, w, u: total([x, w, x, y * u]),
    "mean of one leaf twice": lambda x, y, w, u: mean([x, w, x, y * u]),
    "logsumexp of three": lambda x, y, w, u: logsumexp([x, w, y * u]),
    "maximum of equals": lambda x, y, w, u: maximum(y * w, w * y),
    "2**": lambda x, y, w, u: 2.0 ** (y * w),
    "dot": lambda x, y, w, u: dot([w, u], [x, y]),
    "dot, sides changed": lambda x, y, w, u: dot([x, y], [w, u]) + u,
    "dot of inputs": lambda x, y, w, u: dot([x, y * w], [y, x]),
    "dot of weights in another order": lambda x, y, w, u: dot([u, w], [x, y]),
    "dot of weights with themselves": lambda x, y, w, u: dot([w, u], [w, u]) * x,
    "weighted_sum": lambda x, y, w, u: dot([3.0, -4.0], [w * x, u * y]),
    "a neuron with a constant for bias": lambda x, y, w, u: (dot([w, u], [x, y]) + 0.5).tanh(),
    "learned and fixed weights of one Value": lambda x, y, w, u: fan([w, u], y.tanh()),
    "learned and fixed biases": lambda x, y, w, u: (dot([w], [y]) + u) * (dot([u], [y]) + 5.0),
    "an input alone": lambda x, y, w, u: x,
    "a parameter alone": lambda x, y, w, u: w,
    "a constant alone": lambda x, y, w, u: Value(7.0),
    "one Value everywhere": lambda x, y, w, u: x * x + x / x - dot([x, x], [x, w]),
}
ROWS = [[0.5 + 0.07 * k, math.sin(k)] for k in range(70)]  # two full blocks and a rest


def by_graph(recipe, row, weights):
    """Value, gradients of inputs, gradients of parameters: the graph built for these numbers."""
    x = [Value(number) for number in row]
    w = [Value(number) for number in weights]
    root = recipe(*x, *w)
    root.backward()
    return root.data, [v.grad for v in x], [v.grad for v in w]


def program_of(recipe, backend, weights=(0.8, -1.1), **options):
    """The program recorded at other inputs than those it will get, and its parameters."""
    x, w = [Value(1.3), Value(0.4)], [Value(number) for number in weights]
    return compile_graph(recipe(*x, *w), x, w, backend=backend, **options), w


def close(numbers, relative=1e-12):
    return pytest.approx(list(numbers), rel=relative, abs=1e-15)


@each_backend
@pytest.mark.parametrize("name", GRAPHS)
def test_a_program_gives_the_value_and_gradients_of_its_graph_for_new_numbers(name, backend):
    program, w = program_of(GRAPHS[name], backend)
    for row in ROWS[:9]:
        for p in w:
            p.data, p.grad = p.data * 0.9, 0.0
        value, dx, dw = by_graph(GRAPHS[name], row, [p.data for p in w])
        assert program(*row) == (
            pytest.approx(value, rel=1e-12),
            close(dx),
        )
        assert [p.grad for p in w] == close(dw)


@each_backend
@pytest.mark.parametrize("count", [0, 1, 2, 31, 32, 33, 70])
@pytest.mark.parametrize("name", GRAPHS)
def test_a_batch_gives_what_its_examples_give(name, backend, count):
    program, w = program_of(GRAPHS[name], backend)
    found = [by_graph(GRAPHS[name], row, [p.data for p in w]) for row in ROWS[:count]]
    assert program.values(ROWS[:count]) == close([value for value, _, _ in found])
    rows = program.gradients(ROWS[:count])
    assert [dx for row in rows for dx in row] == close([x for _, dx, _ in found for x in dx])
    for k, p in enumerate(w):  # sums of many terms: relative to their size before they cancel
        terms = [dw[k] for _, _, dw in found]
        assert abs(p.grad - math.fsum(terms)) <= 1e-12 * math.fsum(map(abs, terms))


# Several results


@each_backend
@pytest.mark.parametrize("count", [0, 1, 33, 70])
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


# Random graphs

TAME = [  # operations of any number that do not grow fast
    case.build
    for name, case in OPERATIONS.items()
    if case.takes == 1 and not case.positive and name != "exp" and name[:2] != "**"
]
BINARY = [Value.__add__, Value.__sub__, Value.__mul__, maximum, minimum]


def random_graph(rng, leaves, operations):
    """A graph that uses old and new nodes alike, in every kind of operation."""
    nodes = list(leaves)
    for _ in range(operations):
        kind, several = rng.random(), rng.choices(nodes, k=rng.randint(1, 6))
        if kind < 0.4:
            node = rng.choice(TAME)(rng.choice(nodes))
        elif kind < 0.7:
            node = rng.choice(BINARY)(
                rng.choice(nodes), rng.choice([*nodes, Value(rng.uniform(-2, 2))])
            )
        elif kind < 0.8:
            node = dot(several, rng.choices(nodes, k=len(several))).tanh()
        elif kind < 0.9:
            node = dot(several, [rng.uniform(-1, 1) for _ in several]).sin()
        else:
            node = rng.choice([mean, total, logsumexp])(several).tanh()
        nodes.append(node)
    return total(nodes[-5:])


@each_backend
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), operations=st.integers(1, 80))
def test_random_graphs(backend, seed, operations):
    rng = random.Random(seed)
    x, w = ([Value(rng.uniform(-2, 2)) for _ in range(4)] for _ in range(2))
    root = random_graph(rng, x + w, operations)
    program, order = compile_graph(root, x, w, backend=backend), topological_order(root)
    rows = [[rng.uniform(-2, 2) for _ in x] for _ in range(34)]
    found, sums, sizes = [], [0.0] * 4, [1e-3] * 4
    for row in rows:
        nodes = rebuilt(order, dict(zip(x, row, strict=True)))
        nodes[root].backward()
        found.append((nodes[root].data, [nodes[v].grad if v in nodes else 0.0 for v in x]))
        for k, p in enumerate(w):
            grad = nodes[p].grad if p in nodes else 0.0
            sums[k], sizes[k] = sums[k] + grad, sizes[k] + abs(grad)
    largest = max(abs(g) for _, dx in found for g in dx) + 1.0
    assert program.values(rows) == pytest.approx(
        [value for value, _ in found], rel=1e-11, abs=1e-13
    )
    for dx, (_, expected) in zip(program.gradients(rows), found, strict=True):
        assert dx == pytest.approx(expected, rel=1e-11, abs=1e-13 * largest)
    for p, expected, size in zip(w, sums, sizes, strict=True):
        assert abs(p.grad - expected) <= 1e-12 * size * largest


# Nets


@each_backend
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu"])
def test_a_net_compiled_gives_the_nets_loss_and_gradients(activation, backend):
    rng = random.Random(3)
    model = MLP(40, [7, 5, 3], activation, rng=rng)  # 40: a dot long enough to be slices
    x, t = [Value(0.1) for _ in range(40)], [Value(c) for c in (0.0, 1.0, 0.0)]
    program = compile_graph(cross_entropy(model(x), t), x + t, model.parameters(), backend)
    rows = [[rng.gauss(0, 1) for _ in range(40)] + [1.0, 0.0, 0.0] for _ in range(37)]
    losses = [cross_entropy(model(row[:40]), 0) for row in rows]
    mean(losses).backward()
    expected = [p.grad for p in model.parameters()]
    assert program.values(rows) == close([loss.data for loss in losses])
    value, grads = program.value_and_grad([p.data for p in model.parameters()], rows)
    assert value == pytest.approx(mean(losses).data, rel=1e-12)
    assert list(grads) == pytest.approx(expected, rel=1e-11, abs=1e-14)


@each_backend
def test_weights_shared_by_several_neurons_collect_all_their_gradients(backend):
    w = [Value(0.3), Value(-0.7), Value(0.2)]
    recipe = lambda *x: total([dot(w, x[k : k + 3]).tanh() for k in range(4)])  # noqa: E731
    x = [Value(0.1 * k) for k in range(6)]
    program = compile_graph(recipe(*x), x, w, backend)
    program(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    got = [p.grad for p in w]
    for p in w:
        p.grad = 0.0
    recipe(*map(Value, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0))).backward()
    assert got == close([p.grad for p in w])


@each_backend
def test_the_graph_stays_as_it_was_and_calls_do_not_depend_on_each_other(backend):
    x, w = Value(2.0), Value(3.0)
    root = (x * w).tanh()
    root.backward()
    before = [(node.data, node.grad) for node in topological_order(root)]
    program = compile_graph(root, [x], backend=backend)
    assert program(0.1) == (program(5.0), program(0.1))[1]
    assert [(node.data, node.grad) for node in topological_order(root)] == before


@each_backend
def test_choices_follow_the_new_input_and_a_python_if_does_not(backend):
    x = Value(2.0)
    program = compile_graph(abs(x.relu() - 1.0) + maximum(x, 0.5), [x], backend=backend)
    assert program(-3.0) == (1.5, [0.0])  # relu is off, and 0.5 the larger
    frozen = compile_graph(x * 2.0 if x.data > 0 else x * 100.0, [x], backend=backend)
    assert frozen(-1.0) == (-2.0, [2.0])


@each_backend
def test_parameters_are_read_afresh_and_their_grads_added(backend):
    x, w = Value(2.0), Value(3.0)
    program = compile_graph(x * w, [x], [w], backend)
    w.data, w.grad = 5.0, 1.0
    assert program(4.0) == (20.0, [5.0])
    assert w.grad == 5.0  # 1 + 4


@each_backend
def test_an_input_outside_the_graph_has_gradient_zero(backend):
    x, z = Value(2.0), Value(1.0)
    assert compile_graph(x * 3.0, [x, z], backend=backend)(1.0, 9.0) == (3.0, [3.0, 0.0])


@each_backend
@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, -0.0, 5e-324, 1e308])
def test_odd_constants_survive(number, backend):
    x, c = Value(1.0), Value(number, "c")
    value, (slope,) = compile_graph(x * c, [x], backend=backend)(2.0)
    assert repr(value) == repr(2.0 * number)
    assert slope == pytest.approx(number, abs=0.0, nan_ok=True)


def outcome(use):
    """What a call gives, or the type of the error it raises."""
    try:
        return use()
    except (ValueError, ArithmeticError) as error:
        return type(error)


ODD = [math.inf, -math.inf, math.nan, -0.0, 0.0, 1e300, -1e300, 5e-324, 710.0, -1000.0]


@each_backend
@pytest.mark.parametrize("name", GRAPHS)
def test_edges_behave_as_in_the_graph(name, backend):
    program, w = program_of(GRAPHS[name], backend)
    for row in [(a, b) for a in ODD for b in (ODD[0], ODD[2], 0.0, 2.0)]:
        expected = outcome(lambda row=row: by_graph(GRAPHS[name], row, [p.data for p in w]))
        got = outcome(lambda row=row: program(*row))
        if isinstance(expected, type):
            assert got is expected
            continue
        (value, dx), expected = got, expected[:2]
        assert value == pytest.approx(expected[0], rel=1e-12, nan_ok=True)
        assert dx == pytest.approx(expected[1], rel=1e-12, abs=1e-15, nan_ok=True)


@each_backend
def test_a_domain_error_names_the_node_and_leaves_the_grads_alone(backend):
    x, w = Value(2.0, "x"), Value(1.0)
    inner = x - 1.0
    inner.label = "what is left"
    program = compile_graph(inner.log() * w, [x], [w], backend)
    good = [[2.0 + k] for k in range(40)]
    with pytest.raises(DomainError, match=r"what is left = -0.5"):
        program.gradients([*good, [0.5], *good])
    assert w.grad == 0.0


# What a program refuses


@each_backend
@pytest.mark.parametrize("numbers", [(), (1.0,), (1.0, 2.0, 3.0), ("1", 2.0), (None, 1.0),
                                     ([1.0], 2.0), (1j, 2.0), (Value(1.0), 2.0)])  # fmt: skip
def test_a_wrong_number_or_kind_of_inputs_is_refused(numbers, backend):
    program, w = program_of(GRAPHS["dot"], backend)
    with pytest.raises((TypeError, ValueError)):
        program(*numbers)
    assert [p.grad for p in w] == [0.0, 0.0]


@each_backend
@pytest.mark.parametrize("batch", [[1.0, 2.0], [[1.0]], [[1.0, 2.0], [1.0]], "ab", ["ab"], None,
                                   3.0, [[1.0, "2"]], [[1.0, None]], {1.0: 2.0},
                                   array("d", [1.0] * 3), [[[1.0], 2.0]], [Value(1.0)],
                                   [[1.0, 2j]]])  # fmt: skip
def test_a_batch_of_another_shape_or_kind_is_refused(batch, backend):
    program, w = program_of(GRAPHS["dot"], backend)
    for use in (program.values, program.gradients, lambda b: program.value_and_grad([1.0, 1.0], b),
                lambda b: program.train(b, SGD(w, 0.1), 1)):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            use(batch)


@pytest.mark.parametrize(
    ("root", "inputs", "params", "options"),
    [
        (1.0, [], [], {}),
        ([], [], [], {}),
        ([Value(1.0), 1.0], [], [], {}),
        ("ab", [], [], {}),
        (Value(1.0), Value(1.0), [], {}),
        (Value(1.0), [1.0], [], {}),
        (Value(1.0), [Value(1.0) * 2.0], [], {}),
        (Value(1.0), [], [Value(1.0) + 1.0], {}),
        (Value(1.0), [], [], {"backend": "cuda"}),
        (Value(1.0), [], [], {"dtype": "float16"}),
    ],
)
def test_compile_graph_refuses_what_it_cannot_record(root, inputs, params, options):
    with pytest.raises((TypeError, ValueError)):
        compile_graph(root, inputs, params, **options)


def own_operation(op, x):
    """x * sigmoid(x) as one operation, of which the compiler knows nothing."""
    s = 1.0 / (1.0 + math.exp(-x.data))
    return computed(x.data * s, op, (x,), (s + x.data * s * (1.0 - s),))


@each_backend
@pytest.mark.parametrize("op", ["swish", "copy", "layer", "tanh 2", "leaky_relu", "**two", "a\nb"])
def test_an_operation_of_ones_own_is_refused_by_name_with_the_way_round(op, backend):
    # "copy" and "layer" are instructions of the machine, but no operations of the engine.
    x = Value(0.5)
    for root in (own_operation(op, x), (own_operation(op, x) * 2.0).tanh()):
        with pytest.raises(UnknownOperation, match="knows") as refusal:
            compile_graph(root, [x], backend=backend)
        assert str(refusal.value).startswith(f"the compiler has no {op!r}; it knows +, -, ")
        assert str(refusal.value).endswith('engine="graph"')
        for write in (write_source, write_tape):
            with pytest.raises(UnknownOperation):
                write([root], [x], [])


def test_a_value_listed_twice_is_refused():
    x = Value(1.0)
    for inputs, params in (([x, x], []), ([], [x, x]), ([x], [x])):
        with pytest.raises(ValueError, match="twice|both"):
            compile_graph(x * 2.0, inputs, params)


@each_backend
def test_numpy_arrays_and_other_buffers_of_doubles_are_batches(backend):
    np = pytest.importorskip("numpy")
    program, _ = program_of(GRAPHS["tanh"], backend)
    expected = program.values(ROWS)
    rows = np.array(ROWS)
    frozen = rows.copy()
    frozen.flags.writeable = False
    for batch in (
        rows,
        frozen,
        rows.ravel(),
        array("d", rows.ravel()),
        np.asfortranarray(rows),
        iter(ROWS),
    ):
        assert program.values(batch) == expected
    assert program.values(rows.astype("float32")) == pytest.approx(expected, rel=1e-6)
    assert program.values(np.zeros((0, 2))) == []
    with pytest.raises(ValueError, match="shape"):
        program.values(np.zeros((2, 3)))


# The source

LABELS = ["x\nimport os", '"""', "v0 = 1", "# comment", "\r\f\x0b\x00", "\u2028exit()", "\ud800",
          "größe", "__import__('os').system('false')", "a" * 10_000]  # fmt: skip


@each_backend
@pytest.mark.parametrize("label", LABELS)
def test_labels_never_become_code(label, backend):
    x, w, c = Value(2.0, label), Value(3.0, label), Value(4.0, label)
    root = x * w + c
    root.label = label
    program = compile_graph(root, [x], [w], backend)
    assert program(5.0) == (19.0, [3.0])
    code = [line.split("#")[0] for line in program.source.splitlines()]
    clean = compile_graph(Value(2.0) * 1.0, []).source  # a source without labels
    assert "import" not in "".join(code)
    assert "import" not in clean
    assert all(character.isprintable() or character == "\n" for character in program.source)


def test_the_source_says_which_leaf_is_a_constant():
    x, c = Value(2.0), Value(3.0, "rate")
    assert "rate, a constant: no input, no parameter" in compile_graph(x * c, [x]).source


def test_every_operation_is_a_line_and_every_backward_line_a_chain_rule():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    source = compile_graph((x * w).sin() ** 2, [x], [w]).source
    forward = source.split("# forward")[1].split("# backward")[0].split("\n")
    assert [line.strip() for line in forward if line.strip()] == [
        "v2 = v0 * v1", "v3 = sin(v2)", "v4 = v3 ** 2.0",
    ]  # fmt: skip
    for line in (
        "d4 = 1.0",
        "d3 = d4 * (2.0 * v3)",
        "d2 = d3 * cos(v2)",
        "d0 = d2 * v1",
        "d1 = d2 * v0",
    ):
        assert f"    {line}\n" in source


def test_the_tape_is_a_table_with_a_line_for_each_instruction():
    model = MLP(2, [3, 1], rng=random.Random(1))
    x = [Value(1.0), Value(2.0)]
    tape = compile_graph(model(x), x, model.parameters(), backend="python").tape
    assert [step.op for step in tape.instructions] == ["LAYER", "RELU", "LAYER"]
    assert str(tape).splitlines()[1].split() == ["1", "RELU", "v5..v7", "=", "v2..v4"]


# Size


@each_backend
def test_20_000_operations_without_regularity_compile(backend):
    rng = random.Random(1)
    x = [Value(rng.uniform(0.5, 1.5)) for _ in range(20)]
    nodes = list(x)
    for _ in range(20_000):
        a, b = rng.choice(nodes[-50:]), rng.choice(nodes[-50:])
        nodes.append(
            rng.choice([lambda: a + b, lambda: a * b, a.tanh, b.sin, lambda: a - b])().tanh()
        )
    root = nodes[-1]
    program = compile_graph(root, x, backend=backend)
    root.backward()
    assert program(*[v.data for v in x]) == (
        pytest.approx(root.data, rel=1e-9), pytest.approx([v.grad for v in x], rel=1e-9, abs=1e-12),
    )  # fmt: skip


@machine_only
def test_a_chain_of_100_000_operations_is_no_matter_of_recursion():
    x = node = Value(0.5)
    for _ in range(100_000):
        node = node * 1.0
    found = []
    threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=lambda: found.append(compile_graph(node, [x])(0.25)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(0)
    assert found == [(0.25, [1.0])]


# Training

OPTIMIZERS = {
    "sgd": lambda params: SGD(params, lr=0.1),
    "weight decay": lambda params: SGD(params, lr=0.1, weight_decay=0.01),
    "momentum": lambda params: SGD(params, lr=0.05, momentum=0.9),
    "nesterov": lambda params: SGD(
        params, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.001
    ),
    "adam": lambda params: Adam(params, lr=0.01),
    "adamw": lambda params: AdamW(params, lr=0.01),
}


def task():
    """A small net, the leaves of one example, its loss, and 75 examples."""
    rng = random.Random(5)
    model = MLP(2, [6, 6, 1], "tanh", rng=rng)
    x = [Value(0.3), Value(0.2), Value(1.0)]
    rows = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(75)]
    rows = [[a, b, 1.0 if a * b > 0 else -1.0] for a, b in rows]
    return model, (model(x[:2]) - x[2]) ** 2, x, rows


@each_backend
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_takes_the_steps_that_the_graph_takes(name, backend):
    model, loss, x, rows = task()
    params = model.parameters()
    program, start = compile_graph(loss, x, params, backend), [p.data for p in params]
    for p in params:
        p.grad = 3.0
    optimizer = OPTIMIZERS[name](params)
    losses = list(program.train(rows, optimizer, epochs=4, batch_size=32))
    got, state = [p.data for p in params], optimizer.state_dict()
    assert {p.grad for p in params} == {3.0}

    for p, number in zip(params, start, strict=True):
        p.data = number
    reference, expected = OPTIMIZERS[name](params), []
    for _ in range(4):
        whole = 0.0
        for first in (0, 32, 64):
            batch = rows[first : first + 32]
            model.zero_grad()
            batch_loss = mean([(model(row[:2]) - row[2]) ** 2 for row in batch])
            batch_loss.backward()
            reference.step()
            whole += batch_loss.data * len(batch)
        expected.append(whole / len(rows))
    assert losses == pytest.approx(expected, rel=1e-9)
    assert got == pytest.approx([p.data for p in params], rel=1e-9)
    assert state["steps"] == reference.steps == 12
    for column, numbers in reference.state.items():
        assert state["state"][column] == pytest.approx(numbers, rel=1e-9, abs=1e-14)


@each_backend
def test_what_is_changed_between_epochs_counts_from_the_next_on(backend):
    x, w = Value(1.0), Value(10.0)
    program, optimizer = compile_graph(w * x, [x], [w], backend), SGD([w], lr=1.0)
    seen = []
    for _ in program.train([[1.0]], optimizer, 3):
        seen.append(w.data)
        w.data, optimizer.lr = 100.0, 2.0
    assert seen == [9.0, 98.0, 98.0]


@each_backend
def test_parameters_may_come_to_the_optimizer_in_another_order(backend):
    x, w, u = Value(1.0), Value(1.0), Value(1.0)
    program = compile_graph(w * x + u * x * 3.0, [x], [w, u], backend)
    optimizer = SGD([u, w], lr=0.1, momentum=0.5)
    list(program.train([[1.0]], optimizer, 1))
    assert [w.data, u.data] == pytest.approx([0.9, 0.7])
    assert optimizer.state["velocity"] == [3.0, 1.0]


@each_backend
def test_training_stops_with_the_graphs_error_at_the_last_good_step(backend):
    x, w = Value(1.0, "x"), Value(1.0, "w")
    program, optimizer = compile_graph(w * x.log(), [x], [w], backend), SGD([w], lr=1.0)
    rows = [[math.e]] * 3 + [[-1.0]] + [[math.e]]
    with pytest.raises(DomainError, match="x = -1.0"):
        list(program.train(rows, optimizer, 1, batch_size=1))
    assert w.data == pytest.approx(-2.0)
    assert optimizer.steps == 3
    assert w.grad == 0.0


@machine_only
def test_ctrl_c_leaves_parameters_and_optimizer_at_the_same_step(monkeypatch):
    model, loss, x, rows = task()
    params = model.parameters()
    program, optimizer = compile_graph(loss, x, params, "machine"), Adam(params)
    train, calls = Trainer.train, []

    def interrupted(self, first, last, numbers):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(last - first)
        return train(self, first, last, numbers)

    monkeypatch.setattr(Trainer, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(program.train(rows, optimizer, 10, batch_size=5))
    assert optimizer.steps == sum(calls) == 3
    monkeypatch.undo()
    stopped = [p.data for p in params]
    model, loss, x, rows = task()
    program, optimizer = (
        compile_graph(loss, x, model.parameters(), "machine"),
        Adam(model.parameters()),
    )
    list(program.train(rows[:15], optimizer, 1, batch_size=5))
    assert stopped == [p.data for p in params]


@each_backend
def test_train_refuses_what_it_cannot_do_before_the_first_epoch(backend):
    x, w = Value(1.0), Value(1.0)
    program, optimizer = compile_graph(x * w, [x], [w], backend), SGD([w], 0.1)
    for arguments in (
        ([], optimizer, 1), ([[1.0]], SGD([Value(1.0)], 0.1), 1), ([[1.0]], None, 1),
        ([[1.0]], optimizer, -1), ([[1.0]], optimizer, 1.5), ([[1.0]], optimizer, 1, 0),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            program.train(*arguments)


# Kinds of machine


@machine_only
def test_float32_agrees_to_its_seven_digits():
    model, loss, x, rows = task()
    program = compile_graph(loss, x, model.parameters(), "machine", "float32")
    exact = compile_graph(loss, x, model.parameters(), "machine")
    assert program.values(rows) == pytest.approx(exact.values(rows), rel=1e-4, abs=1e-6)
    weights = exact.weights()
    got, expected = (p.value_and_grad(weights, rows)[1] for p in (program, exact))
    assert list(got) == pytest.approx(list(expected), rel=1e-4, abs=1e-5)


def test_without_a_compiler_the_python_backend_runs_and_says_so(monkeypatch):
    def missing(dtype):
        raise NoMachine("no C compiler found; install one")

    monkeypatch.setattr(machine, "library", missing)
    x = Value(2.0)
    with pytest.warns(RuntimeWarning, match="no C compiler found; install one"):
        program = compile_graph(x * 3.0, [x])
    assert program.backend == "python"
    assert program(4.0) == (12.0, [3.0])
    with pytest.raises(NoMachine):
        compile_graph(x * 3.0, [x], backend="machine")


@each_backend
def test_a_compiled_4_16_16_1_net_is_at_least_twice_as_fast_as_its_graph(backend):
    model, row = MLP(4, [16, 16, 1], rng=random.Random(1)), [0.1, -0.2, 0.3, 0.4]
    x = [Value(number) for number in row]
    program = compile_graph(model(x), x, model.parameters(), backend)

    def best(use):
        times = []
        for _ in range(40):
            start = time.perf_counter()
            use()
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(lambda: program(*row)) * 2 < best(lambda: model(list(map(Value, row))).backward())


@machine_only
def test_threads_may_share_a_program():
    neuron = Neuron(3, "tanh", rng=random.Random(1))
    x = [Value(0.1), Value(0.2), Value(0.3)]
    program = compile_graph(neuron(x), x, neuron.parameters(), "machine")
    rows = [[0.01 * k, 1.0, -0.02 * k] for k in range(64)]
    expected, found = program.values(rows), []
    threads = [
        threading.Thread(
            target=lambda: found.extend(program.values(rows) == expected for _ in range(50))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 200
