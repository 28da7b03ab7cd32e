"""A program gives what its graph gives, in Python, in C, one example at a time and by blocks.

The graph is the reference here: the tests of the engine compare it with PyTorch and
with exact arithmetic.
"""

import math
import os
import pickle
import random
import signal
import threading
from array import array

import pytest
from programs import (
    GRAPHS,
    ROWS,
    by_graph,
    close,
    each_backend,
    machine_only,
    native_only,
    program_of,
    task,
)
from small_stack import on_a_small_stack

from micronn.compiler import NoMachine, UnknownOperation, compile_graph, machine
from micronn.compiler.python_source import write_source
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


@each_backend
@pytest.mark.parametrize("name", GRAPHS)
def test_a_program_gives_the_value_and_gradients_of_its_graph_for_new_numbers(name, backend):
    program, w = program_of(GRAPHS[name], backend)
    for row in ROWS[:9]:
        for p in w:
            p.data, p.grad = p.data * 0.9, 0.0
        value, dx, dw = by_graph(GRAPHS[name], row, [p.data for p in w])
        assert program(*row) == (pytest.approx(value, rel=1e-12), close(dx))
        assert [p.grad for p in w] == close(dw)


@each_backend
@pytest.mark.parametrize("count", [0, 1, 2, 31, 33, 275])
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
@pytest.mark.parametrize("k", [2**53, 2**53 + 2, 10**16, -(2**53), 2**52, 3])
def test_the_slope_of_a_power_has_its_sign_at_any_exponent(k, backend):
    # d(x**k)/dx = k * x**(k-1), and (-1)**(k-1) is 1 for an odd k and -1 for an even one.
    x, w = Value(1.0), Value(float(k))
    for root in (x**k, x**w):
        program = compile_graph(root, [x], [w] if root.op == "**" else [], backend=backend)
        assert program(-1.0)[1] == [k if k % 2 else -k]


@each_backend
def test_logsumexp_keeps_what_the_others_add_to_the_largest(backend):
    x, y = Value(1.0), Value(2.0)
    program = compile_graph(logsumexp([x, y]), [x, y], backend=backend)
    # mpmath: log(1 + e**-39.9)
    assert program(-39.9, 0.0)[0] == pytest.approx(4.6951575726311966e-18, rel=1e-14, abs=0.0)
    assert program(0.0, -39.9)[0] == pytest.approx(4.6951575726311966e-18, rel=1e-14, abs=0.0)


LEFT_OUT = [  # each is 0 for x = -2 and around it: the slope by x is 1, of the x beside it
    lambda x: x.relu().sqrt() + x,
    lambda x: maximum(x, 0.0).sqrt() + x,
    lambda x: minimum(-x, 0.0).sqrt() + x,
    lambda x: (x**0 - 1.0).sqrt() + x,
]


@each_backend
@pytest.mark.parametrize("build", LEFT_OUT)
def test_what_does_not_change_a_result_gets_no_share_of_an_infinite_gradient(build, backend):
    x = Value(-2.0)
    program = compile_graph(build(x), [x], backend=backend)
    assert program(-2.0) == (-2.0, [1.0])
    if program.machine:  # C itself says so, and does not leave it to Python
        rows = array("d", [-2.0] * 40), 40
        assert list(program.machine.run(rows, array("d"))[1]) == [1.0] * 40


@each_backend
@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("terms", [2, 40])
@pytest.mark.parametrize("learned", [True, False])
def test_products_that_overflow_are_not_hidden_by_being_added_unrounded(
    learned, terms, count, backend
):
    # inf - inf is nan, and tanh of it; 1e400 - 1e400 in one rounding would be a number.
    x = [Value(1.0) for _ in range(terms)]
    w = [Value(1e200 * (-1) ** k) for k in range(terms)]
    factors = w if learned else [number.data * z / z for number, z in zip(w, x, strict=True)]
    program = compile_graph(dot(factors, x).tanh(), x, w if learned else [], backend)
    found = program.values([[1e200] * terms] * count)
    assert all(map(math.isnan, found))


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


@each_backend
@pytest.mark.parametrize("count", [1, 40])
def test_a_sum_keeps_the_small_terms_between_large_ones_that_cancel(count, backend):
    # Added in this order in floats: 1e100 swallows both ones, and the sum is 0.
    x = [Value(0.0) for _ in range(4)]
    program = compile_graph(total(x), x, backend=backend)
    assert program.values([[1.0, 1e100, 1.0, -1e100]] * count) == [2.0] * count


@each_backend
@pytest.mark.parametrize("count", [1, 40])
def test_a_mean_of_numbers_whose_sum_is_too_large_is_their_mean_all_the_same(count, backend):
    # tanh would hide that the sum, 5.1e308, is beyond the largest float.
    x = [Value(1.0) for _ in range(3)]
    program = compile_graph((mean(x) * 1e-308).tanh(), x, backend=backend)
    assert program.values([[1.7e308] * 3] * count) == close([math.tanh(1.7)] * count)


@each_backend
def test_gradients_that_cancel_are_added_in_an_order_that_no_overflow_depends_on(backend):
    # One after the other the sum stays below 1e308; every eighth together is infinite.
    x, w = Value(1.0), Value(1e-308)
    program = compile_graph(x * w, [x], [w], backend)
    program.gradients([[1e308], [-1e308]] * 8)
    assert w.grad == 0.0


@each_backend
def test_an_odd_example_changes_nothing_about_the_others(backend):
    x, z = [Value(1.0) for _ in range(33)], Value(1.0)
    root = dot([v * 2.0 for v in x], [v * 3.0 for v in x]) * z
    program = compile_graph(root, [*x, z], backend=backend)
    good, odd = [1.0] * 34, [1.0] * 33 + [math.inf]  # 33 * 2 * 3 = 198
    assert program.values([good, odd, good]) == [198.0, math.inf, 198.0]
    first, between, last = program.gradients([good, odd, good])
    assert first == last == [12.0] * 33 + [198.0]
    assert between == [math.inf] * 33 + [198.0]
    several = compile_graph([root, root * 2.0], [*x, z], backend=backend)
    assert several.values([good, odd]) == [[198.0, 396.0], [math.inf, math.inf]]


@machine_only
def test_a_refused_example_is_left_to_the_graph_and_no_text_is_written_for_it():
    # Python takes far longer to compile a text of a million lines than to build the graph.
    x = Value(1.0, "x")
    program = compile_graph(x.log() + 1.0, [x], backend="machine")
    with pytest.raises(DomainError, match="x = -1.0"):
        program.values([[1.0], [-1.0]])
    assert not vars(program).keys() & {"source", "function"}


# What a program refuses


@each_backend
@pytest.mark.parametrize("numbers", [(), (1.0,), (1.0, 2.0, 3.0), ("1", 2.0), (None, 1.0),
                                     ([1.0], 2.0), (1j, 2.0), (Value(1.0), 2.0)])  # fmt: skip
def test_a_wrong_number_or_kind_of_inputs_is_refused(numbers, backend):
    program, w = program_of(GRAPHS["dot"], backend)
    with pytest.raises((TypeError, ValueError)):
        program(*numbers)
    assert [p.grad for p in w] == [0.0, 0.0]


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
@pytest.mark.parametrize(
    "op", ["own_bend", "copy", "layer", "tanh 2", "leaky_relu", "**two", "a\nb"]
)
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
    assert on_a_small_stack(lambda: compile_graph(node, [x])(0.25)) == (0.25, [1.0])


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


@machine_only
@pytest.mark.parametrize("row", [[1e39, 1e-39], [1e-30, 1e30], [1e25, 1e25]])
def test_an_example_beyond_the_range_of_float32_gets_the_numbers_of_the_graph(row):
    # 3.4e38 is the largest.
    x, y, w = Value(1.0), Value(1.0), Value(1.0)
    root = ((x * y) * y * (w * 1e-30)).tanh()
    program = compile_graph(root, [x, y], [w], "machine", "float32")
    exact = compile_graph(root, [x, y], [w], "python")
    (found, _), (expected, _) = program.values([row, [0.5, 0.5]]), exact.values([row, [0.5, 0.5]])
    assert found == pytest.approx(expected, rel=1e-6)
    assert program(*row)[0] == pytest.approx(expected, rel=1e-6)


@machine_only
def test_a_slope_beyond_the_range_of_float32_is_the_one_of_the_graph():
    # x*y*y at 1e-30 and 1e30: y*y = 1e60 by x, 2*x*y = 2 by y
    x, y = Value(1.0), Value(1.0)
    program = compile_graph((x * y) * y, [x, y], [], "machine", "float32")
    assert program(1e-30, 1e30) == (pytest.approx(1e30), pytest.approx([1e60, 2.0]))


def test_without_a_compiler_the_python_backend_runs_and_says_so(monkeypatch):
    def missing(kind, dtype):
        raise NoMachine("no C compiler found; install one")

    monkeypatch.setattr(machine, "library", missing)
    x = Value(2.0)
    with pytest.warns(RuntimeWarning, match="no C compiler found; install one"):
        program = compile_graph(x * 3.0, [x])
    assert program.backend == "python"
    assert program(4.0) == (12.0, [3.0])
    with pytest.raises(NoMachine):
        compile_graph(x * 3.0, [x], backend="machine")


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


@native_only
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forked_while_a_thread_runs_a_program_can_run_it_too(monkeypatch):
    x = Value(1.0)
    program = compile_graph(x.tanh(), [x], [], "native")
    functions, inside, done = (
        program.machine.library.functions,
        threading.Event(),
        threading.Event(),
    )

    def held(*arguments):
        inside.set()
        return done.wait(60) and run(*arguments)

    run = functions.machine_run
    monkeypatch.setattr(functions, "machine_run", held)
    found = []
    thread = threading.Thread(target=lambda: found.extend(program.values([[0.0]])))
    thread.start()
    assert inside.wait(60)
    monkeypatch.setattr(functions, "machine_run", run)
    child = os.fork()
    if not child:
        signal.alarm(10)  # to end a child that hangs
        os._exit(program.values([[0.0], [0.0]]) != [0.0, 0.0])
    assert os.waitpid(child, 0)[1] == 0
    done.set()
    thread.join()
    assert found == [0.0]


@each_backend
@pytest.mark.parametrize(("width", "rows", "step"), [(5, 5, 1), (4, 4, 3), (8, 9, 2), (4, 4, 4)])
def test_weights_that_several_neurons_share_get_the_gradients_of_all(backend, width, rows, step):
    # Neuron j has the weights from j * step on, so the rows of weights overlap, as they
    # do in a matrix with equal diagonals.  d/dw of a sum is the sum of the inputs met.
    x = [Value(float(k + 1)) for k in range(width)]
    w = [Value(0.5) for _ in range((rows - 1) * step + width)]
    root = total([dot(w[j * step : j * step + width], x) for j in range(rows)])
    met = [0.0] * len(w)
    for j in range(rows):
        for k in range(width):
            met[j * step + k] += k + 1.0
    for count in (1, 3):
        for p in w:
            p.grad = 0.0
        compile_graph(root, x, w, backend).gradients([[v.data for v in x]] * count)
        assert [p.grad for p in w] == [count * g for g in met]


@each_backend
def test_a_pickled_program_is_compiled_again_for_the_same_leaves(backend):
    x, w = Value(0.5, "x"), Value(2.0, "w")
    program = compile_graph((w * x).tanh(), [x], [w], backend=backend)
    again = pickle.loads(pickle.dumps(program))
    assert (again.backend, again(0.25)) == (program.backend, program(0.25))
    assert again.params[0].grad == w.grad  # its own w, which the call above found
    again.params[0].data = 3.0
    assert again(0.25)[0] == pytest.approx(math.tanh(0.75))
    assert (w.data, again.inputs[0].label) == (2.0, "x")
