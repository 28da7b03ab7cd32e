"""Equal operations of a level become one instruction, wherever their operands lie."""

import random

from micronn.compiler.tape import write_tape
from micronn.engine import Value, dot, logsumexp, mean, topological_order, total
from micronn.nn import MLP


def test_the_tape_is_a_table_with_a_line_for_each_instruction():
    model = MLP(2, [3, 1], rng=random.Random(1))
    x = [Value(1.0), Value(2.0)]
    tape = write_tape([model(x)], x, model.parameters())
    assert [step.op for step in tape.instructions] == ["LAYER", "RELU", "LAYER"]
    assert str(tape).splitlines()[1].split() == ["1", "RELU", "v5..v7", "=", "v2..v4"]


def test_a_layer_of_any_width_is_one_instruction_and_so_is_its_activation():
    for width in (1, 16, 200):
        model = MLP(4, [width, width, 1], "tanh", rng=random.Random(1))
        x = [Value(1.0) for _ in range(4)]
        tape = write_tape([model(x)], x, model.parameters())
        assert [step.op for step in tape.instructions] == ["LAYER", "TANH"] * 2 + ["LAYER"]
        assert [step.times for step in tape.instructions] == [width] * 4 + [1]


def test_parameters_and_constants_are_two_arrays_so_no_layer_reads_both():
    # w0, w1, c0, c1 are evenly spaced, and so are the biases; they lie in two arrays.
    y, w = Value(0.5), [Value(1.0), Value(2.0)]
    fan = total([dot([weight], [y]) for weight in [*w, 3.0, 4.0]])
    layers = [s for s in write_tape([fan], [y], w).instructions if s.op == "LAYER"]
    assert [(step.times, step.b) for step in layers] == [(2, 0), (2, 2)]
    biases = (dot([w[0]], [y]) + w[1]) * (dot([w[1]], [y]) + 5.0)
    layers = [s for s in write_tape([biases], [y], w).instructions if s.op == "LAYER"]
    assert sorted((step.times, step.b, step.bias) for step in layers) == [(1, 0, 1), (1, 1, 2)]


def test_equal_operations_of_a_level_are_one_instruction_wherever_their_operands_lie():
    rng = random.Random(2)
    x = [Value(rng.uniform(-1, 1)) for _ in range(5)]
    nodes = list(x)
    for _ in range(20):
        previous, pairs = nodes[-8:], [rng.choices(nodes, k=2) for _ in range(10)]
        nodes += [a * b + rng.choice(previous) for a, b in pairs]
    root, level = total(nodes), {}
    for node in topological_order(root):
        level[node] = 1 + max(map(level.get, node.operands), default=-1)
    kinds = {(level[node], node.op) for node in level if node.operands}
    steps = write_tape([root], x, []).instructions
    assert len(steps) == len(kinds)
    assert sum(step.times for step in steps) == sum(1 for node in level if node.operands)


def test_results_of_several_terms_are_one_instruction_if_these_are_equally_many():
    x = [Value(float(k)) for k in range(6)]
    root = total([
        dot(x[::2], x[1::2]), dot(x[:3], x[3:]), dot(x[:2], x[4:]),
        logsumexp(x[::2]), logsumexp(x[1::2]), mean(x[::3]), mean(x[1:]),
    ])  # fmt: skip
    steps = write_tape([root], x, []).instructions
    found = sorted((step.op, step.times, step.n) for step in steps)
    assert found == [
        ("DOT", 1, 2), ("DOT", 2, 3), ("LOGSUMEXP", 2, 3), ("MEAN", 1, 2), ("MEAN", 1, 5),
        ("SUM", 1, 7),
    ]  # fmt: skip


def test_inputs_are_read_directly_up_to_the_first_that_is_needed_in_a_slot():
    x, w = [Value(0.5) for _ in range(300)], [Value(1.0) for _ in range(600)]
    both = dot(w[:150], x[:150]) * dot(w[150:450], x)

    def direct(*roots):
        return write_tape(roots, x, w).direct

    assert direct(both) == 300
    assert direct(both * x[299]) == 0  # a layer that reads it needs them all in slots
    assert direct(dot(w[:150], x[:150]) * x[299]) == 299
    assert direct(dot(w[:150], x[:150]) * dot(w[150:450], [*x[150:], *x[:150]])) == 0
    assert direct(dot(w[:150], x[150:]) + dot(w[150:300], x[100:250]) + x[260]) == 100
    assert direct(dot(w[:20], x[:20])) == 0  # so few are weighed sooner in slots
    assert direct(both, x[3]) == 0  # a result


def test_only_a_layer_copies_what_it_reads_and_only_once():
    x, w = ([Value(float(k)) for k in range(8)] for _ in range(2))
    sums = [dot(w[:4], x[::2]), dot(w[4:], x[::2]), dot(x[1::2], x[::2]), mean(x[::3])]
    tape = write_tape([total(sums)], x, w)
    copies = [step for step in tape.instructions if step.op == "COPY"]
    assert [(step.times, tape.lists[step.a :][:4]) for step in copies] == [(4, [0, 2, 4, 6])]


def test_a_long_list_is_shown_by_its_ends():
    x = [Value(float(k)) for k in range(40)]
    assert str(write_tape([total(x[::2])], x, [])).endswith(
        "SUM        v40 = v0 v2 v4 v6 ... (20 in all) ... v38"
    )
    assert str(write_tape([total(x)], x, [])).endswith("v40 = v0..v39")
