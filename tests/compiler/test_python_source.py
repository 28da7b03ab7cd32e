"""The source has a line for each operation, and no label ever becomes code."""

import random

import pytest
from programs import each_backend

from micronn.compiler import compile_graph
from micronn.engine import Value, dot, topological_order
from micronn.nn import MLP

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


@pytest.mark.parametrize("width", [1, 16, 40])
def test_a_net_has_a_line_for_each_operation_however_wide_it_is(width):
    # Forward: one line a node.  Backward: one for each weight and input of a short sum.
    model = MLP(4, [width, 1], "tanh", rng=random.Random(1))
    x = [Value(0.1) for _ in range(4)]
    root = model(x)
    source = compile_graph(root, x, model.parameters(), backend="python").source
    forward = source.split("# forward\n")[1].split("\n\n")[0]
    operations = sum(1 for node in topological_order(root) if node.operands)
    assert forward.count(" = ") == operations + (width > 32)  # and the list a long sum reads


def test_every_row_that_a_long_sum_reads_has_a_name_of_its_own():
    # 33 times 2 * 3, and by each factor 33 times the other: 6 * 33, 3 * 33, 2 * 33.
    a, b = Value(1.0), Value(1.0)
    root = dot([a * 2.0 for _ in range(33)], [b * 3.0 for _ in range(33)])
    program = compile_graph(root, [a, b], backend="python")
    assert program(1.0, 1.0) == (198.0, [198.0, 198.0])
    assert program(2.0, 5.0) == (1980.0, [990.0, 396.0])


def test_a_long_sum_that_was_zero_when_it_was_recorded_is_written_like_any_other():
    x, w = Value(0.0), Value(3.0)
    root = dot([x * 1.0 for _ in range(33)], [w * 1.0 for _ in range(33)])
    assert compile_graph(root, [x], [w], backend="python")(2.0) == (198.0, [99.0])


def test_a_long_sum_over_weights_that_are_frozen_reads_those():
    # The last layer alone is learned; the others' weights are constants of the program.
    model = MLP(4, [40, 40, 1], "tanh", rng=random.Random(1))
    x = [Value(0.1 * k) for k in range(4)]
    root = model(x)
    program = compile_graph(root, x, model.layers[-1].parameters(), backend="python")
    assert program.values([[0.0, 0.1, 0.2, 0.3]]) == pytest.approx([root.data], rel=1e-12)
