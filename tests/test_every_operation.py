"""Every operation of the engine is known to every reader, and to the table of the tests.

The names are taken out of engine.py and slopes.py, so an operation that is added there alone
fails here, and the message says which reader does not know it yet.
"""

import ast
import re
from pathlib import Path

import pytest
from operations import OPERATIONS, built
from programs import BACKENDS

import micronn.engine
import micronn.graph.slopes
from micronn.check.gradcheck import gradcheck
from micronn.cli.formula import parse
from micronn.compiler import machine as native
from micronn.compiler.program import compile_graph
from micronn.compiler.tape import write_tape
from micronn.engine import Value, dot
from micronn.graph.neurons import find_folds
from micronn.graph.operations import OPERATIONS as TABLE
from micronn.graph.operations import formula, glyph, kind_and_number, operation, rule
from micronn.graph.rows import Graph
from micronn.graph.steps import Story

MACHINE = Path(native.__file__).with_name("operations.h").read_text("utf-8")
NOT_TYPED = {"dot", "weighted_sum", "gate", "gelu_slope"}  # two lists; slopes of others


def operations_of(module):
    """Patterns of every op that a file gives to a function that makes Values."""
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    makers = {"computed": 1}  # name of a function -> at which place it takes an op
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            if "op" in names:
                makers[node.name] = names.index("op")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in makers:
            yield from texts(node.args[makers[node.func.id]])


def texts(argument):
    """The texts that an expression may be, as patterns: what is filled in may be anything."""
    if isinstance(argument, ast.JoinedStr):
        parts = [getattr(part, "value", None) for part in argument.values]
        yield "".join(re.escape(part) if isinstance(part, str) else ".+" for part in parts)
    else:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)


FILES = (micronn.engine, micronn.graph.slopes)
MADE = sorted({op for file in FILES for op in operations_of(file)} - {"", "const"})


def test_the_names_are_found():
    assert {"\\+", "\\*\\*.+", "\\*\\*", "tanh", "maximum", "dot", "leaky_relu\\ .+"} <= {*MADE}


def names_of(pattern):
    """The rows of the tests' table for an operation of the engine."""
    found = [name for name in OPERATIONS if re.fullmatch(pattern, name)]
    assert found, f"tests/operations.py has no row for the operation {pattern}"
    return found


@pytest.mark.parametrize("pattern", MADE)
def test_every_operation_has_a_row_for_its_readers(pattern):
    for name in names_of(pattern):
        row = operation(name)
        assert row.machine, f"graph/operations.py has no row for {name}"
        assert row.takes in (None, OPERATIONS[name].takes)
        assert row.call or name == "weighted_sum"


@pytest.mark.parametrize("pattern", MADE)
def test_every_operation_is_told_with_a_reason_for_its_slope(pattern):
    for name in names_of(pattern):
        y = built(name, OPERATIONS[name].points[0])
        names = [operand.label for operand in y.operands]
        assert glyph(name)
        assert all(part in formula(name, names) for part in names)
        for j, slope in enumerate(y.local_grads):
            assert "computed this slope" not in rule(name, j, slope, names, "y").why
        story = Story(Graph(y))
        assert sum(len(step.messages) for step in story.steps) >= len(names)
        assert not any("computed this slope" in step.why for step in story.steps)


@pytest.mark.parametrize("pattern", MADE)
def test_every_operation_can_be_typed(pattern):
    for name in names_of(pattern):
        case = OPERATIONS[name]
        if case.typed:
            numbers = dict(zip("abcd", case.points[0], strict=False))
            assert parse(case.typed)(numbers).op == name
    assert NOT_TYPED.intersection(names_of(pattern)) or any(
        OPERATIONS[name].typed for name in names_of(pattern)
    )


@pytest.mark.parametrize("pattern", MADE)
def test_every_function_of_one_value_bends_a_neuron(pattern):
    for name in names_of(pattern):
        if operation(name).typed and OPERATIONS[name].takes == 1:
            w, b = Value(0.5), Value(0.25)
            out = OPERATIONS[name].build(dot([w], [2.0]) + b)
            ((layer),) = find_folds(Graph(out * 2.0, {"n.w": w, "n.b": b})).layers
            assert layer.neurons[0].activation == kind_and_number(name)[0]


@pytest.mark.parametrize("pattern", MADE)
def test_every_operation_passes_a_gradient_check(pattern):
    for name in names_of(pattern):
        leaves = [Value(x) for x in OPERATIONS[name].points[0]]
        assert gradcheck(lambda case=OPERATIONS[name], leaves=leaves: case.build(*leaves), leaves)


@pytest.mark.parametrize("pattern", MADE)
def test_every_operation_is_compiled(pattern):
    for name in names_of(pattern):
        point = OPERATIONS[name].points[0]
        y = built(name, point)
        leaves = list(y.operands)
        machine = operation(name).machine
        assert re.search(rf"\b{machine}\b", MACHINE), f"operations.h has no row {machine}"
        assert machine in {step.op for step in write_tape([y], leaves, []).instructions}
        for backend in [name for name in BACKENDS if isinstance(name, str)]:
            data, slopes = compile_graph(y, leaves, backend=backend)(*point)
            assert data == pytest.approx(y.data, rel=1e-14)
            assert slopes == pytest.approx(list(y.local_grads), rel=1e-14)


def test_the_table_has_no_row_that_the_engine_does_not_make():
    ops = [op[:-1] + "3" if op.endswith("k") else op for op in TABLE]  # **k, leaky_relu k
    assert [op for op in ops if not any(re.fullmatch(pattern, op) for pattern in MADE)] == []
