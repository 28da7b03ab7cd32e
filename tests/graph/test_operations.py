"""What is said about an operation is true: symbols and formulas are worked out and compared."""

import math
import re

import mpmath
import pytest
from operations import AT_EACH_POINT, OPERATIONS, built

from micronn.engine import Value, dot, logsumexp, maximum, mean, minimum, total
from micronn.graph.operations import OPERATIONS as TABLE
from micronn.graph.operations import (
    TIGHT,
    again,
    code,
    formula,
    glyph,
    kind_and_number,
    nested,
    operation,
    rule,
    why_small,
)
from micronn.graph.rows import Graph
from micronn.graph.slopes import gate, gelu_slope

at_each_point = pytest.mark.parametrize(("name", "point"), AT_EACH_POINT)


def of_function(exact):
    """One of mpmath's functions for plain numbers."""
    return lambda *numbers: float(exact(*map(mpmath.mpf, numbers)))


WORDS = {name: of_function(case.exact) for name, case in OPERATIONS.items()} | {
    "e": math.e, "max": max, "min": min, "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "P": lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)),
    "p": lambda x: math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi),
}  # fmt: skip


def told(name, point):
    """The row of an operation as pictures tell it, and its operands by name."""
    graph = Graph(built(name, point))
    row = graph.nodes[-1]
    return row, {graph.nodes[k].title: graph.nodes[k].data for k in row.operands}


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


@at_each_point
def test_the_symbol_of_a_rule_is_the_local_derivative(name, point):
    row, operands = told(name, point)
    for j, slope in enumerate(row.local_grads):
        found = rule(row.op, j, slope, list(operands), "y")
        number = worked_out(found.symbol, **operands, y=row.data)
        assert number == pytest.approx(slope, rel=1e-12)
        assert found.sentence.endswith(".")


@at_each_point
def test_the_formula_of_an_operation_is_its_data(name, point):
    row, operands = told(name, point)
    number = worked_out(formula(row.op, list(operands)), **operands)
    assert number == pytest.approx(row.data, rel=1e-12)


@at_each_point
def test_the_code_of_an_operation_makes_the_same_value(name, point):
    made = {"Value": Value, "abs": abs, "dot": dot, "total": total, "mean": mean}
    made |= {"logsumexp": logsumexp, "maximum": maximum, "minimum": minimum}
    made |= {"gate": gate, "gelu_slope": gelu_slope}
    row, operands = told(name, point)
    given = {name: Value(number) for name, number in operands.items()}
    typed = code(row.op, list(operands))
    made_again = eval(typed, {"__builtins__": {}}, made | given)  # noqa: S307
    found = made_again.op, made_again.data, made_again.local_grads
    assert found == (row.op, row.data, row.local_grads)


@at_each_point
def test_an_operation_called_again_makes_the_same_value(name, point):
    y = built(name, point)
    once_more = again(y, y.operands)
    assert (once_more.op, once_more.data, once_more.local_grads) == (y.op, y.data, y.local_grads)


def test_every_row_of_the_table_is_tried_and_gives_reasons():
    assert {id(row) for row in TABLE.values()} <= {id(operation(name)) for name in OPERATIONS}
    assert all(row.slopes or row.cases for row in TABLE.values())


def test_an_op_is_taken_apart_in_one_way():
    ops = ["tanh", "**", "**3", "**-0.5", "**inf", "leaky_relu 0.01", "my own", "my own 2", "**x"]
    assert [kind_and_number(op) for op in ops] == [
        ("tanh", None), ("**", None), ("**", 3.0), ("**", -0.5), ("**", math.inf),
        ("leaky_relu", 0.01), ("my own", None), ("my own 2", None), ("**x", None),
    ]  # fmt: skip


def test_a_minus_sign_binds_more_tightly_than_a_product_and_less_than_a_power():
    minus = ("−b", operation("neg").binds)
    assert nested("*", [minus, ("a", TIGHT)]) == "−b × a"
    assert nested("/", [("a", TIGHT), minus]) == "a ÷ −b"
    assert nested("**2", [minus]) == "(−b)²"
    assert nested("neg", [("a × b", operation("*").binds)]) == "−(a × b)"


def test_a_long_sum_is_shortened_in_the_formula():
    parts = [f"x{i}" for i in range(100)]
    assert formula("sum", parts) == "x0 + x1 + x2 + x3 + x4 + x5 + x6 + … (93 more)"


def test_a_slope_that_is_nan_is_said_to_be_so():
    assert "NaN" in rule("relu", 0, math.nan, ["x"], "y").why


def test_an_operation_without_a_rule_still_gets_its_number():
    assert rule("unheard of", 0, 0.25, ["x"], "y").symbol == "0.25"
    assert formula("unheard of", ["x", "y"]) == "unheard of(x, y)"
    assert code("unheard_of 2", ["x"]) == "unheard_of(x, 2)"
    assert why_small("unheard_of 2", "x = 3") == "unheard_of flat at x = 3"


def test_operations_have_glyphs_and_unknown_ones_their_name():
    ops = ["+", "-", "*", "/", "**2", "**3", "**0.5", "**"]
    ops += ["sum", "weighted_sum", "maximum", "tanh"]
    expected = ["+", "−", "×", "÷", "x²", "x³", "x^0.5", "x^k", "Σ", "dot", "max", "tanh"]
    assert [glyph(op) for op in ops] == expected
    assert glyph("leaky_relu 0.01") == "leaky_relu 0.01"
