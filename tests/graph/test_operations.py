"""What is said about an operation is true: symbols and formulas are worked out and compared."""

import math
import re

import pytest

from micronn.engine import (
    Value,
    dot,
    logsumexp,
    maximum,
    mean,
    minimum,
    total,
)
from micronn.graph.operations import OPERATIONS as TABLE
from micronn.graph.operations import code, formula, glyph, operation, rule

A, B = 0.75, -1.25  # both inside every domain that is used below

OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: -a,
    lambda a, b: a**b,
    lambda a, b: a**3,
    lambda a, b: b**2,
    lambda a, b: a**1,
    lambda a, b: a**0,
    lambda a, b: a**-0.5,
    lambda a, b: abs(a),
    lambda a, b: abs(b),
    lambda a, b: abs(a * 0.0),
    lambda a, b: a.exp(),
    lambda a, b: a.log(),
    lambda a, b: a.sqrt(),
    lambda a, b: a.sin(),
    lambda a, b: a.cos(),
    lambda a, b: a.tanh(),
    lambda a, b: a.sigmoid(),
    lambda a, b: a.relu(),
    lambda a, b: b.relu(),
    lambda a, b: a.leaky_relu(0.2),
    lambda a, b: b.leaky_relu(0.2),
    lambda a, b: a.softplus(),
    lambda a, b: a.gelu(),
    lambda a, b: maximum(a, b),
    lambda a, b: minimum(a, b),
    lambda a, b: maximum(a, a),
    lambda a, b: total([a, b, a]),
    lambda a, b: mean([a, b, b]),
    lambda a, b: logsumexp([a, b]),
    lambda a, b: dot([a, b], [b, b]),
]


def results():
    """Every operation as a Value, with the names of its operands."""
    found = []
    for build in OPERATIONS:
        a, b = Value(A, "a"), Value(B, "b")
        y = build(a, b)
        names = [operand.label or "z" for operand in y.operands]
        found.append(pytest.param(y, names, id=f"{y.op} {','.join(names)}"))
    return found


WORDS = {
    "a": A, "b": B, "z": 0.0, "e": math.e, "log": math.log, "cos": math.cos, "sin": math.sin,
    "exp": math.exp, "sqrt": math.sqrt, "tanh": math.tanh, "max": max, "min": min, "abs": abs,
    "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "gelu": lambda x: x * WORDS["P"](x),
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x, slope: x if x > 0.0 else slope * x,
    "logsumexp": lambda *x: math.log(sum(map(math.exp, x))),
    "P": lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)),
    "p": lambda x: math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi),
}  # fmt: skip


def worked_out(text, **more):
    """The number that a formula of a textbook stands for."""
    for sign, python in [
        ("×", "*"),
        ("÷", "/"),
        ("−", "-"),
        ("^", "**"),
        ("²", "**2"),
        ("³", "**3"),
    ]:
        text = text.replace(sign, python)
    text = re.sub(r"\|(.*?)\|", r"abs(\1)", text)
    text = re.sub(r"[*][*](-[\d.]+)", r"**(\1)", text)
    return eval(text, {"__builtins__": {}}, WORDS | more)  # noqa: S307


@pytest.mark.parametrize(("y", "names"), results())
def test_the_symbol_of_a_rule_is_the_local_derivative(y, names):
    for j, slope in enumerate(y.local_grads):
        found = rule(y.op, j, slope, names, "y")
        assert worked_out(found.symbol, y=y.data) == pytest.approx(slope, rel=1e-12)
        assert found.sentence.endswith(".")


@pytest.mark.parametrize(("y", "names"), results())
def test_the_formula_of_an_operation_is_its_data(y, names):
    assert worked_out(formula(y.op, names)) == pytest.approx(y.data, rel=1e-12)


@pytest.mark.parametrize(("y", "names"), results())
def test_the_code_of_an_operation_makes_the_same_value(y, names):
    made = {"Value": Value, "abs": abs, "dot": dot, "total": total, "mean": mean}
    made |= {"logsumexp": logsumexp, "maximum": maximum, "minimum": minimum}
    given = {"a": Value(A), "b": Value(B), "z": Value(0.0)}
    again = eval(code(y.op, names), {"__builtins__": {}}, made | given)  # noqa: S307
    assert (again.op, again.data, again.local_grads) == (y.op, y.data, y.local_grads)


def test_every_operation_above_has_a_rule_and_every_rule_an_operation_above():
    made = [build(Value(A), Value(B)).op for build in OPERATIONS]
    assert all(operation(op).slopes or operation(op).cases for op in made)
    told = {id(row) for op, row in TABLE.items() if op != "weighted_sum"}  # shown as a dot
    assert told <= {id(operation(op)) for op in made}


def test_a_long_sum_is_shortened_in_the_formula():
    parts = [f"x{i}" for i in range(100)]
    assert formula("sum", parts) == "x0 + x1 + x2 + x3 + x4 + x5 + x6 + … (93 more)"


def test_a_slope_that_is_nan_is_said_to_be_so():
    assert "NaN" in rule("relu", 0, math.nan, ["x"], "y").why


def test_an_operation_without_a_rule_still_gets_its_number():
    assert rule("swish", 0, 0.25, ["x"], "y").symbol == "0.25"


def test_operations_have_glyphs_and_unknown_ones_their_name():
    ops = ["+", "-", "*", "/", "**2", "**3", "**0.5", "**"]
    ops += ["sum", "weighted_sum", "maximum", "tanh"]
    expected = ["+", "−", "×", "÷", "x²", "x³", "x^0.5", "x^k", "Σ", "dot", "max", "tanh"]
    assert [glyph(op) for op in ops] == expected
    assert glyph("leaky_relu 0.01") == "leaky_relu 0.01"
