"""Equal operations side by side become one instruction."""

import random

from micronn.compiler.tape import write_tape
from micronn.engine import Value, dot, topological_order, total
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


def test_a_graph_without_regularity_has_no_more_instructions_than_operations():
    rng = random.Random(2)
    x = [Value(rng.uniform(-1, 1)) for _ in range(5)]
    nodes = list(x)
    for _ in range(300):
        nodes.append((rng.choice(nodes[-10:]) * rng.choice(nodes)).tanh())
    tape, order = write_tape([nodes[-1]], x, []), topological_order(nodes[-1])
    assert 100 < len(tape.instructions) <= sum(1 for node in order if node.operands)
