"""The number and the slope of every operation, down to the last digits and out to the edges.

Expected numbers come from hand calculation, from mpmath (60 digits), or are limits
that a school book gives; test_against_torch.py compares the same operations with
PyTorch where it is installed.
"""

import math
import warnings

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from operations import OPERATIONS, built

from micronn.engine import DomainError, Value, dot, logsumexp, maximum, mean, minimum, total
from micronn.nn import MLP

inf, nan = math.inf, math.nan


def slopes(f, *numbers):
    """The gradient of f at the numbers, by backward()."""
    leaves = [Value(number) for number in numbers]
    f(*leaves).backward()
    return [leaf.grad for leaf in leaves]


# Values and slopes against mpmath

NUMBERS = [
    sign * number
    for number in (5e-324, 1e-310, 1e-200, 1e-9, 0.1, 0.5, 0.75, 1.0, 1.5, 3.0, 7.7, 20.0, 36.9,
                   100.0, 700.0, 1e9, 1e150, 1e300)
    for sign in (1.0, -1.0)
]  # fmt: skip


def points_of(name):
    """Where an operation is compared: at all numbers, two operands beside a few others."""
    if OPERATIONS[name].takes > 2 or name in ("logsumexp", "weighted_sum", "gelu_slope"):
        return OPERATIONS[name].points  # these may cancel
    if OPERATIONS[name].takes == 1:
        return [(x,) for x in NUMBERS]
    return [pair for x in NUMBERS for y in (1.0, 2.0, -0.75) for pair in ((x, y), (y, x))]


@pytest.mark.parametrize("name", OPERATIONS)
def test_values_are_within_4_ulp_and_slopes_within_1e_12(name):
    case, compared = OPERATIONS[name], 0
    for point in points_of(name):
        try:
            value = built(name, point)
        except (ArithmeticError, ValueError):
            continue
        exact = [mpmath.mpf(x) for x in point]
        assert value.op == name
        if math.isfinite(value.data):
            data = case.exact(*exact)
            assert abs(value.data - data) <= 4 * math.ulp(float(data)), point
        for local_grad, slope in zip(value.local_grads, case.slopes, strict=True):
            known = slope(*exact)
            if isinstance(known, mpmath.mpc):  # the log of a negative base
                assert math.isnan(local_grad), point
            elif math.isinf(float(known)):
                assert local_grad == float(known), point
            else:
                assert abs(local_grad - known) <= max(1e-12 * abs(known), 1e-15), point
        compared += 1
    assert compared >= min(10, len(case.points))


@given(st.floats(-45.0, 40.0) | st.floats(-39.0, -37.0))
def test_gelu_keeps_its_digits_in_the_far_tail(number):
    exact = OPERATIONS["gelu"].exact(mpmath.mpf(number))
    assert abs(Value(number).gelu().data - exact) <= 4 * math.ulp(float(exact))


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_arithmetic_is_python_float_arithmetic_to_the_bit(a, b):
    pairs = [(Value(a) + b, a + b), (Value(a) - b, a - b), (Value(a) * b, a * b),
             (a + Value(b), a + b), (a - Value(b), a - b), (a * Value(b), a * b)]  # fmt: skip
    if b:
        pairs += [(Value(a) / b, a / b), (a / Value(b), a / b)]
    for ours, python in pairs:
        assert repr(ours.data) == repr(python)


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) > 1e-150))
def test_x_over_x_is_one_with_slope_zero(number):
    x = Value(number)
    y = x / x
    y.backward()
    assert (y.data, x.grad) == (1.0, 0.0)


POWERS_AT_ZERO = [  # exponent, value at 0, slope at 0 (PyTorch 2, float64)
    (0, 1.0, 0.0),
    (1, 0.0, 1.0),
    (2, 0.0, 0.0),
    (0.5, 0.0, inf),
    (1.5, 0.0, 0.0),
    (3, 0.0, 0.0),
]


@pytest.mark.parametrize(("exponent", "data", "slope"), POWERS_AT_ZERO)
def test_powers_at_zero(exponent, data, slope):
    x = Value(0.0)
    y = x**exponent
    y.backward()
    assert (y.data, x.grad) == (data, slope)


def test_sqrt_at_zero_has_an_infinite_slope():
    x = Value(0.0)
    y = x.sqrt()
    y.backward()
    assert (y.data, x.grad) == (0.0, inf)


def test_negative_bases_take_whole_exponents():
    assert slopes(lambda x: x**3, -2.0) == [12.0]
    assert slopes(lambda x: x**-2, -2.0) == [0.25]


def test_both_slopes_of_a_power():
    # d(a^k)/da = k·a^(k-1) = 3·4,  d(a^k)/dk = a^k·log(a) = 8·log(2)
    assert slopes(lambda a, k: a**k, 2.0, 3.0) == [12.0, 8.0 * math.log(2.0)]
    assert slopes(lambda k: 2**k, 3.0) == [8.0 * math.log(2.0)]
    assert math.isnan(slopes(lambda a, k: a**k, -2.0, 3.0)[1])
    # 0^k is 0 for every k > 0, and a^0 is 1 for every a: both flat, and PyTorch says so at 0^0.
    assert slopes(lambda a, k: a**k, 0.0, 2.0)[1] == 0.0
    assert slopes(lambda a, k: a**k, 0.0, 0.0) == [0.0, 0.0]


def test_relu_and_abs_have_slope_zero_at_zero():
    assert slopes(Value.relu, 0.0) == [0.0]
    assert slopes(abs, 0.0) == [0.0]
    assert slopes(Value.relu, -0.0) == [0.0]


@pytest.mark.parametrize("name", OPERATIONS)
def test_far_out_functions_give_their_limit(name):
    for point, data, slopes in OPERATIONS[name].limits:
        y = built(name, point)
        assert (y.data, y.local_grads) == (data, slopes)


@pytest.mark.parametrize("name", OPERATIONS)
def test_nan_goes_through_every_function(name):
    point = OPERATIONS[name].points[0]
    for k in range(len(point)):
        data = built(name, (*point[:k], nan, *point[k + 1 :])).data
        known = (name, data) in (("**0", 1.0), ("gate", 0.0))  # as for Python's floats; when closed
        assert math.isnan(data) or known


def test_nan_goes_through_every_operation():
    for left, right in ((nan, 1.0), (1.0, nan)):
        a, b = Value(left), Value(right)
        for y in (a + b, a - b, a * b, a / b, maximum(a, b), minimum(a, b), dot([a], [b]),
                  total([a, b]), mean([a, b]), logsumexp([a, b])):  # fmt: skip
            assert math.isnan(y.data)
    assert math.isnan((Value(nan) ** 2).data)
    assert math.isnan((Value(0.0) ** Value(nan)).data)


def test_logsumexp_takes_nan_and_infinity_beside_numbers_too_big_for_exp():
    assert math.isnan(logsumexp([nan, 1000.0]).data)
    assert math.isnan(logsumexp([1000.0, nan]).data)
    # The largest takes the whole share, as in the limit.
    top = logsumexp([inf, 1000.0])
    assert (top.data, top.local_grads) == (inf, (1.0, 0.0))


def test_a_power_of_a_subnormal_number_has_its_finite_slope():
    # mpmath: 0.046 * a**(0.046 - 1), where a**(0.046 - 1) alone is beyond any float
    assert slopes(lambda a: a**0.046, 5e-324) == [pytest.approx(1.249934539237164e307, rel=1e-12)]


REFUSED = [  # what is typed, what it raises, what the message names
    (lambda x: x.log(), 0.0, DomainError, "log"),
    (lambda x: x.log(), -1.0, DomainError, "log"),
    (lambda x: x.sqrt(), -1.0, DomainError, "sqrt"),
    (lambda x: x.sin(), inf, DomainError, "sin"),
    (lambda x: x.cos(), -inf, DomainError, "cos"),
    (lambda x: x**0.5, -2.0, DomainError, r"\*\*"),
    (lambda x: (-2.0) ** x, 0.5, DomainError, r"\*\*"),
    (lambda x: 1 / x, 0.0, ZeroDivisionError, "division"),
    (lambda x: x / 0, 0.0, ZeroDivisionError, "division"),
    (lambda x: x**-1, 0.0, ZeroDivisionError, r"\*\*"),
    (lambda x: x.exp(), 1000.0, OverflowError, "exp"),
    (lambda x: x**2, 1e200, OverflowError, r"\*\*"),
]


@pytest.mark.parametrize(("expression", "number", "error", "word"), REFUSED)
def test_what_floats_refuse_is_refused_when_built_naming_the_operand(
    expression, number, error, word
):
    with pytest.raises(error, match=word) as caught:
        expression(Value(number, "my x"))
    assert f"my x = {number!r}" in str(caught.value)
    assert not isinstance(caught.value, TypeError)


def test_a_power_of_data_set_to_another_kind_of_number_is_one_of_floats():
    np = pytest.importorskip("numpy")
    x = Value(1.0)
    with warnings.catch_warnings(action="ignore"):  # NumPy warns before we refuse
        for data, exponent, error in ((-2.0, 0.5, DomainError), (1e200, 2, OverflowError),
                                      (0.0, -1, ZeroDivisionError)):  # fmt: skip
            x.data = np.float64(data)
            with pytest.raises(error):
                x**exponent
    for x.data in (3, np.float32(3.0), np.int64(3), True + 2):
        y = x**2
        assert (type(y.data), y.data, y.local_grads) == (float, 9.0, (6.0,))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of overflow
@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "int64", "int"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_data_set_to_another_kind_of_number_computes_as_the_float_of_its_size(name, kind):
    kind = int if kind == "int" else getattr(pytest.importorskip("numpy"), kind)
    case = OPERATIONS[name]
    for point in case.points:
        numbers = [float(kind(x)) for x in point]
        leaves, others = [Value(x) for x in numbers], [Value(x) for x in numbers]
        for leaf, x in zip(others, numbers, strict=True):
            leaf.data = kind(x)
        try:
            expected = case.build(*leaves)
        except (ArithmeticError, ValueError) as refusal:
            with pytest.raises(type(refusal)):
                case.build(*others)
            continue
        found = case.build(*others)
        expected.backward()
        found.backward()
        assert repr(found.data) == repr(expected.data)
        assert [repr(v.grad) for v in others] == [repr(v.grad) for v in leaves]


def test_weights_set_to_numpy_numbers_give_a_net_of_floats():
    np = pytest.importorskip("numpy")
    weights = np.array([0.1, 0.2, 0.3, -0.4, 0.5, 0.6, 0.7], dtype=np.float32)
    model, other = MLP(2, [2, 1], "linear"), MLP(2, [2, 1], "linear")
    for p, q, w in zip(model.parameters(), other.parameters(), [*weights, *weights], strict=False):
        p.data, q.data = w, float(w)
    y = model([0.7, -0.3])
    assert (type(y.data), y.data) == (float, other([0.7, -0.3]).data)
    y.backward()
    assert all(type(p.grad) is float for p in model.parameters())


def test_a_domain_error_is_a_value_error():
    assert issubclass(DomainError, ValueError)


def test_overflow_in_plus_minus_times_gives_infinity_as_floats_do():
    x = Value(1e308)
    assert ((x + x).data, (-x - x).data, (x * 10.0).data) == (inf, -inf, inf)


# Operations on several Values


def test_n_ary_operations_by_hand():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    assert slopes(lambda a, b: dot([a, b], [b, a]), 2.0, 5.0) == [10.0, 4.0]
    assert (total([a, b, c]).data, mean([a, b, c]).data) == (6.0, 2.0)
    assert slopes(lambda a, b: mean([a, b, a, 4.0]), 1.0, 2.0) == [0.5, 0.25]
    assert slopes(lambda a, b: logsumexp([a, b]), 7.0, 7.0) == [0.5, 0.5]
    assert logsumexp([1000.0, 1000.0]).data == 1000.0 + math.log(2.0)
    assert logsumexp([-inf, 0.0]).data == 0.0
    assert logsumexp([-inf, -inf]).data == -inf


def test_sums_do_not_lose_small_terms_or_overflow_on_the_way():
    assert total([1e16, 1.0, -1e16]).data == 1.0
    assert mean([1e308, 1e308]).data == 1e308
    assert total([1e308, 1e308]).data == inf


def test_dot_with_plain_numbers_asks_for_no_gradient_of_them():
    w = [Value(1.0), Value(2.0)]
    numbers = (3.0, 4.0)
    for y in (dot(w, numbers), dot(numbers, w)):
        assert (y.data, y.op) == (11.0, "weighted_sum")
        assert (y.operands, y.local_grads) == (tuple(w), numbers)
    assert dot([1, 2], [3, 4]).data == 11.0


def test_dot_refuses_lists_that_do_not_match():
    with pytest.raises(ValueError, match="2 and 1"):
        dot([Value(1.0), Value(2.0)], [3.0])
    for nothing in (dot, lambda a, b: total(a), lambda a, b: mean(a), lambda a, b: logsumexp(a)):
        with pytest.raises(ValueError, match="at least one"):
            nothing([], [])
    with pytest.raises(TypeError, match="set"):
        total({1.0, 2.0})


def test_maximum_and_minimum_share_the_slope_of_a_tie():
    assert slopes(maximum, 1.0, 2.0) == [0.0, 1.0]
    assert slopes(minimum, 1.0, 2.0) == [1.0, 0.0]
    assert slopes(maximum, 2.0, 2.0) == [0.5, 0.5]
    assert slopes(lambda x: maximum(x, 0), -1.0) == [0.0]
