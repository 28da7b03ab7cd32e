"""What a Value keeps of how it was made, what it takes for a number, and what it refuses."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from micronn.engine import Value, dot, topological_order

# The graph that is recorded


def test_a_value_starts_with_its_number_and_no_gradient():
    x = Value(2)
    assert (x.data, x.grad, x.op, x.operands, x.local_grads, x.label) == (2.0, 0.0, "", (), (), "")
    assert repr(x).startswith("Value(data=2.0, grad=0")


def test_an_operation_keeps_its_operands_in_order_and_repeats_them():
    x, y = Value(3.0), Value(4.0)
    assert (x - y).operands == (x, y)
    assert (x * x).operands == (x, x)
    assert (x * x)._prev == (x, x)
    assert (x * x)._op == "*"
    assert Value(1.0)._op == ""


def test_a_plain_number_becomes_a_constant_with_its_own_node():
    x = Value(3.0)
    y = 2 * x
    assert y.operands[0].op == "const"
    assert y.operands[0].data == 2.0
    assert y.operands[1] is x


def test_what_was_typed_is_what_is_recorded():
    x = Value(2.0)
    ops = [(x - 1).op, (x / 2).op, (-x).op, (x**3).op, (x**0.5).op, (x**x).op, (2**x).op]
    assert ops == ["-", "/", "neg", "**3", "**0.5", "**", "**"]


def test_augmented_assignment_makes_a_new_value():
    x = Value(1.0)
    alias = x
    x += 1
    assert (alias.data, x.data) == (1.0, 2.0)
    assert alias is not x


def test_operands_stay_as_they_were():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    for result in (x + y, x - y, x * y, x / y, x**y, -x, x.tanh(), dot([x, y], [y, x])):
        result.backward()
    assert (x.data, x.op, x.operands, x.label) == (2.0, "", (), "x")
    assert (y.data, y.op, y.operands, y.label) == (3.0, "", (), "y")


def test_topological_order_puts_operands_first_and_each_value_once():
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = c + a
    root = d * c
    order = topological_order(root)
    assert order == [a, b, c, d, root]


# Kinds of numbers


@pytest.mark.parametrize("number", [2, 2.0, Decimal("2"), Fraction(2)])
def test_numbers_of_every_kind_become_floats(number):
    x = Value(3.0)
    for data in (Value(number).data, (x * number).operands[1].data, (number * x).operands[0].data):
        assert type(data) is float
        assert data == 2.0


@pytest.mark.parametrize(
    "thing",
    ["2", b"2", None, [2.0], (2.0,), {2: 2}, 2j, float, object(), {2.0}],
    ids=lambda thing: type(thing).__name__,
)
def test_what_is_not_a_number_is_refused_everywhere(thing):
    x = Value(1.0)
    for use in (
        lambda: Value(thing),
        lambda: x + thing,
        lambda: thing + x,
        lambda: x - thing,
        lambda: thing - x,
        lambda: x * thing,
        lambda: thing * x,
        lambda: x / thing,
        lambda: thing / x,
        lambda: x**thing,
        lambda: thing**x,
    ):
        with pytest.raises(TypeError):
            use()


def test_a_value_of_a_value_is_refused():
    with pytest.raises(TypeError, match="Value"):
        Value(Value(2.0))


def test_a_whole_number_beyond_floats_is_refused_at_once():
    for use in (lambda: Value(10**400), lambda: Value(1.0) + 10**400):
        with pytest.raises(OverflowError):
            use()


def test_a_decimal_beyond_floats_is_refused_at_once_and_infinity_is_not():
    for use in (lambda: Value(Decimal("1e400")), lambda: Value(1.0) * Decimal("-1e400")):
        with pytest.raises(OverflowError, match=r"1E\+400.* beyond the largest float"):
            use()
    assert Value(Decimal("inf")).data == math.inf
    np = pytest.importorskip("numpy")
    with pytest.raises(OverflowError, match="beyond the largest float"):
        Value(np.longdouble("1e400"))
    assert Value(np.longdouble("-inf")).data == Value(np.float32("-inf")).data == -math.inf


def test_a_label_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="label"):
        Value(1.0, 2.0)


def test_numpy_numbers_work_on_both_sides_and_arrays_on_neither():
    np = pytest.importorskip("numpy")
    x = Value(3.0, "x")
    for number in (np.float64(2), np.float32(2), np.int64(2), np.array(2.0), np.uint8(2)):
        for y in (x * number, number * x, x + number - number, Value(number) * x):
            assert type(y) is Value
            assert type(y.data) is float
        assert (number * x).data == 6.0
        assert (number / x).data == 2.0 / 3.0
        assert (number**x).data == 8.0
        assert (number < x, number >= x, number == x, number != x) == (True, False, False, True)
    for array in (np.array([1.0, 2.0]), np.array([1.0]), np.array([x, x], object)):
        for use in (lambda a: x * a, lambda a: a * x, lambda a: a - x, lambda a: x - a, Value):
            with pytest.raises(TypeError, match=r"an array of shape .* \[x \* v for x in array\]"):
                use(array)
        with pytest.raises(TypeError, match="an array of shape"):
            array -= x
        assert (x == array, array == x) == (False, False)
    for thing in (np.array("2"), np.array(1j)):
        for use in (lambda a: x * a, lambda a: a * x, Value):
            with pytest.raises(TypeError):
                use(thing)


def test_a_function_of_numpy_would_lose_the_gradient_and_says_so():
    np = pytest.importorskip("numpy")
    x = Value(3.0, "x")
    for use in (np.sin, np.isnan, np.float64, lambda x: np.array([x], float), lambda x: x // 2.0,
                lambda x: np.float64(2.0) // x):  # fmt: skip
        with pytest.raises(TypeError) as caught:
            use(x)
        assert "x = 3.0" in str(caught.value) or "//" in str(caught.value)
    with pytest.raises(TypeError, match=r"NumPy's sin .* v\.data .* v\.sin\(\)"):
        np.sin(x)
