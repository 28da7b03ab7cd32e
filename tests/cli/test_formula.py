"""What may be typed, what it means, and what is said about everything else."""

import ast
import math
import re

import mpmath
import pytest
from operations import OPERATIONS

from micronn.cli.formula import ExpressionError, parse, read_numbers
from micronn.engine import Value, topological_order

# Python's own reading of the same text gives the expected number.
MEANINGS = [
    ("-x**2", lambda x, y: -(x**2)),
    ("(-x)**2", lambda x, y: (-x) ** 2),
    ("2**-x", lambda x, y: 2**-x),
    ("2**3**2", lambda x, y: 2**3**2),
    ("2**-x**2", lambda x, y: 2 ** -(x**2)),
    ("x**-y", lambda x, y: x**-y),
    ("-x**-y*2", lambda x, y: -(x**-y) * 2),
    ("x-y-1", lambda x, y: x - y - 1),
    ("x/y/2", lambda x, y: x / y / 2),
    ("x-y*2+1", lambda x, y: x - y * 2 + 1),
    ("x*-y", lambda x, y: x * -y),
    ("- -x", lambda x, y: x),
    ("x - -+-y", lambda x, y: x - y),
    ("+x", lambda x, y: +x),
    (".5*x + 2.*y + 1e-1", lambda x, y: 0.5 * x + 2.0 * y + 1e-1),
    ("x**(1/3)", lambda x, y: x ** (1 / 3)),
    ("((x))", lambda x, y: x),
    (" x\t*\n y ", lambda x, y: x * y),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meaning"), MEANINGS)
def test_an_expression_means_what_it_means_in_python(text, meaning):
    assert parse(text)({"x": 1.75, "y": 0.6}).data == meaning(1.75, 0.6)


def python_tree(node):
    """What Python's own parser makes of an expression: (operation, operands...), or a name."""
    if isinstance(node, ast.Name):
        return node.id
    operands = (node.operand,) if isinstance(node, ast.UnaryOp) else (node.left, node.right)
    signs = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "Pow": "**", "USub": "neg"}
    return signs[type(node.op).__name__], *map(python_tree, operands)


def graph_tree(value):
    """The same of a graph."""
    return (value.op, *map(graph_tree, value.operands)) if value.operands else value.label


@pytest.mark.parametrize(
    "text",
    ["-x*y", "-x/y", "x*-y", "x/-y*x", "-x**y", "x**-y", "x**-y*x", "-x+y", "x--y", "-x-y",
     "-x*-y/-x", "--x*y", "-(x*y)", "x-y+x", "x/y*x", "x/(y*x)", "x**y**x", "(x**y)**x"],
)  # fmt: skip
def test_an_expression_becomes_the_graph_that_python_would_build(text):
    # Numbers alone would not tell: (-x)*y and -(x*y) are the same one.
    expected = python_tree(ast.parse(text, mode="eval").body)
    assert graph_tree(parse(text)({"x": 1.75, "y": 0.6})) == expected


TYPED = [name for name, case in OPERATIONS.items() if case.typed]


@pytest.mark.parametrize("name", TYPED)
def test_the_operations_of_the_engine_can_be_typed(name):
    for point in OPERATIONS[name].points:
        root = parse(OPERATIONS[name].typed)(dict(zip("abcd", point, strict=False)))
        expected = float(OPERATIONS[name].exact(*map(mpmath.mpf, point)))
        assert (root.op, root.data) == (name, pytest.approx(expected, rel=1e-15))


def test_functions_take_expressions_and_lists_of_any_length():
    numbers = {"x": 0.5, "y": -1.25}
    assert parse("maximum(tanh(x) * 2, -(y))")(numbers).data == 1.25
    assert parse("total(x, y, 3, x)")(numbers).data == 2.75
    assert parse("mean(x, y)")(numbers).data == -0.375


def test_names_become_labelled_leaves_each_once():
    root = parse("w*x + b*x")({"x": 2, "w": -3, "b": 1})
    leaves = [node.label for node in topological_order(root) if not node.operands]
    assert sorted(leaves) == ["b", "w", "x"]


def test_every_call_builds_a_graph_of_its_own():
    cube = parse("x*x*x")
    first, second = cube({"x": 2.0}), cube({"x": 3.0})
    first.backward()
    assert (first.data, second.data, second.operands[1].grad) == (8.0, 27.0, 0.0)


def test_a_value_given_for_a_name_is_the_leaf():
    x = Value(2.0, "x")
    parse("x*x*x")({"x": x}).backward()
    assert x.grad == 12.0


def test_names_may_come_from_any_alphabet_and_may_be_python_keywords():
    assert parse("λ*größe + lambda + if")({"λ": 2, "größe": 3, "lambda": 4, "if": 5}).data == 15


def test_an_operation_that_was_typed_is_in_the_graph():
    root = parse("2*3 - x/4")({"x": 8})
    assert [node.op for node in topological_order(root) if node.operands] == ["*", "/", "-"]


def test_a_plain_exponent_asks_for_no_gradient_of_its_own():
    # As a Value, the exponent of a negative base would have the slope NaN.
    root = parse("x**(4/2)")({"x": -3.0})
    root.backward()
    assert root.op == "**2"
    assert root.operands[0].grad == -6.0


# Text, and what the first line of the message must say.
REFUSALS = [
    ("", "empty"),
    ("  ", "empty"),
    ("x+", "ends too early"),
    ("x y", "operator is missing before 'y'"),
    ("2x", "operator is missing before 'x'"),
    ("2(x)", "operator is missing before '('"),
    ("1_000", "'_000'"),
    ("0x10", "'x10'"),
    ("(x", "never closed"),
    ("tanh(x", "never closed"),
    ("x)", "never opened"),
    ("()", "missing before ')'"),
    ("tanh()", "missing before ')'"),
    ("*x", "missing before '*'"),
    ("x//2", "missing before '/'"),
    ("x,y", "comma"),
    ("(x,y)", "comma"),
    ("tanh(x,y)", "tanh takes 1 argument, got 2"),
    ("maximum(x)", "maximum takes 2 arguments, got 1"),
    ("tanh", "tanh is a function"),
    ("x + tanh*2", "tanh is a function"),
    ("x(2)", "unknown function 'x'"),
    ("print(x)", "unknown function 'print'"),
    ("__import__(x)", "unknown function '__import__'"),
    ("x.data", "'.'"),
    ("x[0]", "'['"),
    ("'text'", '"\'"'),
    ("x == 2", "'='"),
    ("x < 2", "'<'"),
    ("x % 2", "'%'"),
    ("x @ y", "'@'"),
    ("lambda: 0", "':'"),
    ("x if y else 1", "before 'if'"),
    ("not x", "before 'x'"),
    ("x; y", "no line can read the result of this one"),
    ("x = 2", "'=' has no meaning here"),  # that is a number for a name, which comes later
    ("x = -2; x*y", "'=' has no meaning here"),
    ("h = x; h = y", "'h' is computed twice"),
    ("z = h*y; h = x", "'h' is read here before its line gives it a value"),
    ("x = x + 1", "'x' is read here before its line gives it a value"),
    ("x = y*y", "'x' is given as a number too"),
    ("h = ; h*x", "the expression ends too early"),
    ("tanh = x*y", "tanh is a function"),
    ("h = (x; h*y)", "this parenthesis is never closed"),
    ("h = k = x", "'=' has no meaning here"),
    ("h.a = x", "'.'"),
    ("x²", "'²'"),
    ("x*٣", "'٣'"),  # a digit, but not one of 0 to 9
    ("·", "'·'"),  # may stand within a name, but not begin one
    ("１*x", "'１'"),
    ("z*2", "'z' has no number"),
    ("1e999", "beyond the largest float"),
    ("9**9**9", "beyond the largest float"),
    ("exp(1000)", "beyond the largest float"),
    ("log(0)", "log needs a number above zero"),
    ("sqrt(-x)", "sqrt"),
    ("(-8)**(1/3)", "negative number"),
    ("1/0", "division of 1.0 by zero"),
    ("0**-1", "zero has no negative power"),
    ("x\x1b[31m", r"'\x1b'"),
    ("\udc80", r"'\udc80'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSALS)
def test_anything_else_is_refused_naming_the_culprit(text, reason):
    with pytest.raises(ExpressionError) as caught:
        parse(text)({"x": 1.0, "y": 2.0})
    assert reason in str(caught.value).splitlines()[0]
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "sigmoid(w*x) + tahn(b)",
            [
                "unknown function 'tahn'",
                "",
                "    sigmoid(w*x) + tahn(b)",
                "                   ^^^^",
                "Did you mean 'tanh'?",
            ],
        ),
        (
            "日本*X",
            [
                "'X' has no number",
                "",
                "    日本*X",
                "         ^",  # each of the two signs is two columns wide
                "Did you mean 'x'?",
            ],
        ),
    ],
)
def test_a_message_points_at_the_place_and_offers_the_nearest_name(text, lines):
    with pytest.raises(ExpressionError) as caught:
        parse(text)({"w": 1, "x": 1, "日本": 1})
    assert str(caught.value).splitlines() == lines


def test_a_message_about_a_long_expression_shows_the_part_around_the_place():
    with pytest.raises(ExpressionError) as caught:
        parse("a+" * 500 + "$" + "+a" * 500)
    _, _, text, carets, _ = str(caught.value).splitlines()
    assert len(text) < 90
    assert text[carets.index("^")] == "$"


N = 10_000
BIG = [
    "(" * N + "x" + ")" * N,
    "(" * N,
    "-" * N + "x",
    "tanh(" * N + "x" + ")" * N,
    "exp(" * N + "x" + ")" * N,
    "x" + "**x" * N,
    "2" + "**2" * N,
    "(x)**" * N + "x",
    "x" + "+x" * N,
    "x" * 100_000,
    "9" * 100_000,
    "0." + "9" * 100_000,
    "x(" * N,
]


def outcome(text):
    """The number, or what is said in its place."""
    try:
        return parse(text)({"x": 1.0}).data
    except ExpressionError as error:
        return str(error)


@pytest.mark.parametrize("text", BIG, ids=lambda text: text[:8])
def test_ten_thousand_levels_and_huge_words_are_computed_or_refused(text):
    result = outcome(text)
    assert math.isfinite(result) if isinstance(result, float) else len(result) < 500


# NAME=NUMBER


def test_numbers_are_given_by_name():
    given = read_numbers(["x=2", " w = -0.5", "b=+1e-3", "θ=.25", "n=3."])
    assert given == {"x": 2.0, "w": -0.5, "b": 0.001, "θ": 0.25, "n": 3.0}


@pytest.mark.parametrize(
    ("assignments", "reason"),
    [
        (["x"], "'x' is not NAME=NUMBER"),
        (["=2"], "'=2' is not NAME=NUMBER"),
        (["1=2"], "'1=2' is not NAME=NUMBER"),
        (["a b=2"], "'a b=2' is not NAME=NUMBER"),
        (["x.y=2"], "'x.y=2' is not NAME=NUMBER"),
        (["x="], "x='': not a decimal number"),
        (["x==2"], "x='=2': not a decimal number"),
        (["x=abc"], "x='abc': not a decimal number"),
        (["x=1_000"], "x='1_000': not a decimal number"),
        (["x=0x10"], "x='0x10': not a decimal number"),
        (["x=1,5"], "x='1,5': not a decimal number"),
        (["x=1+1"], "x='1+1': not a decimal number"),
        (["x=٣"], "x='٣': not a decimal number"),
        (["x=nan"], "x='nan': not a decimal number"),
        (["x=-inf"], "x='-inf': not a decimal number"),
        (["x=1e999"], "x=1e999: beyond the largest float"),
        (["x=1\x1b[0m"], "x='1?[0m': not a decimal number"),
        (["tanh=2"], "tanh is a function"),
        (["x=1", "x=2"], "x is given twice"),
        (["x=1", "x=1"], "x is given twice"),
    ],
)
def test_an_assignment_of_another_form_is_refused_naming_the_culprit(assignments, reason):
    with pytest.raises(ExpressionError, match="^" + re.escape(reason)):
        read_numbers(assignments)


# Several lines


def test_a_line_with_a_name_computes_what_the_lines_below_read():
    # tanh(0.5·2 − 1) = tanh 0 = 0 and its slope is 1, so y = 0.25 and dy/dw1 = w2·x = 6.
    f = parse("h = tanh(w1*x + b1); y = w2*h + b2")
    assert f.names == ["w1", "x", "b1", "w2", "b2"]
    numbers = {"w1": 0.5, "x": 2.0, "b1": -1.0, "w2": 3.0, "b2": 0.25}
    leaves = f.leaves(numbers)
    y = f(leaves)
    y.backward()
    assert (y.label, y.data, leaves["w1"].grad) == ("y", 0.25, 6.0)
    assert {value.label for value in topological_order(y)} >= {"h", "y", *numbers}


def test_lines_end_with_a_semicolon_or_where_an_operand_is_complete():
    lines = "\n\nh = (a\n  + b) *\n  2 ;\n;k = h\n\n h*k\n"
    assert parse(lines)({"a": 1.0, "b": 2.0}).data == 36.0


def test_a_value_that_another_line_only_names_again_keeps_its_label():
    assert parse("k = x; k*k")({"x": 3.0}).operands[0].label == "x"


def test_a_result_without_a_name_has_no_label():
    assert parse("h = x*x; h + 1")({"x": 3.0}).label == ""


def test_an_error_in_a_line_shows_that_line():
    with pytest.raises(ExpressionError) as caught:
        parse("h = x*x\ny = tahn(h)\nz = y*y")
    assert str(caught.value).splitlines()[2:4] == ["    y = tahn(h)", "        ^^^^"]
