"""Gradient checking: it passes what is right, and it catches derivatives made wrong on purpose."""

import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from micronn.check.gradcheck import gradcheck, step_size_table
from micronn.engine import Value, computed, logsumexp, maximum, minimum
from micronn.losses import binary_cross_entropy, cross_entropy
from micronn.nn import MLP


def wrong_square(x):
    """x * x whose derivative forgets the 2."""
    return computed(x.data * x.data, "square", (x,), (x.data,))


def wrong_sign(a, b):
    """a - b whose second derivative has the sign of a sum."""
    return computed(a.data - b.data, "-", (a, b), (1.0, 1.0))


def slightly_wrong_tanh(x):
    """tanh whose derivative is a thousandth too large."""
    t = math.tanh(x.data)
    return computed(t, "tanh", (x,), (1.001 * (1.0 - t * t),))


@pytest.mark.parametrize(
    ("f", "off", "error"),
    [  # what is off, and by how much, at a = 2, b = -1
        (lambda a, b: wrong_square(a) * b, ["a"], abs(2 * 2 * -1 - 2 * -1)),
        (lambda a, b: wrong_sign(a * 3.0, b), ["b"], 2.0),
        (lambda a, b: wrong_sign(a, b * b) * a, ["b"], abs(2 * -1 * 2) * 2),
        (lambda a, b: a * slightly_wrong_tanh(b), ["b"], 0.001 * 2 * (1 - math.tanh(-1) ** 2)),
    ],
)
def test_a_wrong_derivative_is_caught_named_and_measured(f, off, error):
    a, b = Value(2.0, "a"), Value(-1.0, "b")
    report = gradcheck(lambda: f(a, b), [a, b])
    assert not report
    assert [row.name for row in report.rows if not row.ok] == off
    assert report.worst.name == off[0]
    assert report.worst.error == pytest.approx(error, rel=1e-5)
    assert str(report).count("OFF") == len(off)


def test_an_infinite_slope_where_the_curve_has_none_is_caught():
    x = Value(1.0)
    row = gradcheck(lambda: computed(2.0 * x.data, "double", (x,), (math.inf,)), [x]).rows[0]
    assert (row.ok, row.numeric) == (False, pytest.approx(2.0))


def test_a_lost_contribution_is_caught():
    # An engine that writes = for += keeps one of the two slopes of a + a.
    a = Value(3.0)
    report = gradcheck(lambda: computed(a.data + a.data, "+", (a,), (1.0,)), [a])
    assert (report.rows[0].autograd, report.ok) == (1.0, False)
    assert report.rows[0].numeric == pytest.approx(2.0)


def away_from_kinks(rng):
    return rng.choice([-1.0, 1.0]) * rng.uniform(0.1, 2.0)


@pytest.mark.parametrize("seed", range(5))
def test_right_derivatives_pass(seed):
    rng = random.Random(seed)
    a, b, c = (Value(away_from_kinks(rng), name) for name in "abc")

    def f():
        bent = (a * b).tanh() + (a - c).sigmoid() / (b * b + 1.0) + abs(c) ** 1.5
        return logsumexp([bent, a.relu() * 3.0, (-b).softplus(), c.sin() * a.gelu()]).exp()

    report = gradcheck(f, [a, b, c])
    assert report, str(report)


def test_a_net_passes_with_the_names_of_its_parameters():
    model = MLP(2, [3, 2], activation="tanh", rng=random.Random(1))
    report = gradcheck(lambda: cross_entropy(model([0.5, -1.0]), 1), model.named_parameters())
    assert report
    assert [row.name for row in report.rows] == [name for name, _ in model.named_parameters()]


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1e3, 1e9])
def test_the_nudge_follows_the_size_of_large_parameters(size):
    x = Value(size)
    assert gradcheck(lambda: x * x * x, [x])


def test_data_and_grads_are_left_as_they_were():
    x, w = Value(0.1), Value(3.0)
    x.grad, w.grad = 7.0, 5.0
    gradcheck(lambda: x * w, [w])
    assert (x.data, x.grad, w.data, w.grad) == (0.1, 7.0, 3.0, 5.0)


def test_data_is_put_back_when_f_fails_on_the_way():
    x = Value(0.1)
    calls = []

    def f():
        calls.append(x.data)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return x * 2.0

    with pytest.raises(KeyboardInterrupt):
        gradcheck(f, [x])
    assert calls[3] != 0.1
    assert x.data == 0.1


# A curve that bends within h is smooth all the same: there a smaller h gives a better slope.
SMOOTH = {  # each with where it may be asked: from, to, in size
    "log": (Value.log, 1e-9, 1e9), "sqrt": (Value.sqrt, 1e-9, 1e9),
    "reciprocal": (lambda x: 1.0 / x, 1e-4, 1e4), "power": (lambda x: x**2.5, 1e-4, 1e3),
    "exp": (Value.exp, 1e-9, 30.0), "tanh": (Value.tanh, 1e-9, 4.0),
    "sigmoid": (Value.sigmoid, 1e-9, 8.0), "softplus": (Value.softplus, 1e-9, 30.0),
    "gelu": (Value.gelu, 1e-9, 3.0), "sin": (Value.sin, 1e-9, 100.0),
    "wave": (lambda x: (2.0 / x).cos(), 0.01, 10.0),
    "fast wave": (lambda x: (x * 1e4).sin(), 1e-3, 1.0),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "x"),
    [("log", 0.001), ("log", 0.005), ("log", 1e-6), ("sqrt", 1e-5), ("wave", 0.08), ("wave", 0.01)],
)
def test_a_curve_that_bends_within_h_is_neither_off_nor_a_kink(name, x):
    x = Value(x, "x")
    row = gradcheck(lambda: SMOOTH[name][0](x), [x]).rows[0]
    assert (row.ok, row.note) == (True, "")


@given(st.sampled_from(sorted(SMOOTH)), st.floats(0.0, 1.0), st.booleans())
def test_every_smooth_slope_passes_without_a_note_and_no_wrong_one_does(name, where, down):
    function, low, high = SMOOTH[name]
    negative = down and name not in ("log", "sqrt", "power")
    x = Value(math.copysign(low * (high / low) ** where, -negative), "x")
    y = function(x)
    row = gradcheck(lambda: function(x), [x]).rows[0]
    assert (row.ok, row.note) == (True, ""), str(row)

    def wrong():
        y = function(x)
        return computed(y.data, "wrong", (y,), (1.001,))

    assume(abs(row.autograd) > 1e-4 * max(1.0, abs(y.data)))  # or rounding hides a thousandth of it
    row = gradcheck(wrong, [x]).rows[0]
    assert (row.ok, row.note) == (False, ""), str(row)


@pytest.mark.parametrize(
    ("f", "at", "agrees", "below", "above"),
    [  # what backward() says at a kink: relu 0, abs 0 and a tie 1/2
        (Value.relu, 0.0, False, 0, 1),
        (lambda x: x.leaky_relu(0.1), 0.0, False, 0.1, 1),
        (abs, 0.0, True, -1, 1),
        (lambda x: maximum(x, 3.0), 3.0, True, 0, 1),
        (lambda x: minimum(3.0, x), 3.0, True, 1, 0),
        (lambda x: abs(x - 1.0) * 500.0 + x**3, 1.0, True, -497, 503),
    ],
)
def test_a_kink_is_named_and_off_unless_backward_gives_the_average(f, at, agrees, below, above):
    x = Value(at, "x")
    row = gradcheck(lambda: f(x), [x]).rows[0]
    assert row.numeric == pytest.approx((below + above) / 2, rel=1e-2)
    assert (row.below, row.above) == pytest.approx((below, above), rel=1e-2)
    assert row.note == f"a kink: slope {below} below, {above} above"
    assert row.ok is agrees


@pytest.mark.parametrize("x", [1e-6, -1e-6, 3e-9])
def test_near_a_kink_there_is_a_slope(x):
    x = Value(x, "x")
    row = gradcheck(lambda: x.relu() * 3.0, [x]).rows[0]
    assert (row.ok, row.note) == (True, "")
    assert row.numeric == pytest.approx(3.0 if x > 0.0 else 0.0)


def test_the_row_of_a_wrong_slope_is_that_of_least_error():
    # d(log x)/dx = 1/x = 1000; with h = 1e-5 the curvature makes 1000.03 of it.
    x = Value(0.001, "x")
    row = gradcheck(lambda: computed(math.log(x.data), "log", (x,), (999.0,)), [x]).rows[0]
    assert (row.ok, row.note) == (False, "")
    assert row.numeric == pytest.approx(1000.0, rel=1e-6)


def test_what_is_right_at_once_is_nudged_once():
    # Twice to see that f repeats itself, then down and up.
    x, calls = Value(2.0), []
    gradcheck(lambda: (calls.append(1), x * x)[1], [x])
    assert len(calls) == 4


def test_the_edge_of_a_domain_is_off_and_says_so():
    x = Value(0.0, "x")
    row = gradcheck(lambda: x.sqrt(), [x]).rows[0]
    assert not row.ok
    assert math.isnan(row.numeric)
    assert row.note.startswith("no value at -1e-05: sqrt needs a number of at least zero")


def test_a_nudge_lost_in_rounding_is_off_and_says_so():
    x = Value(1e9, "x")
    row = step_size_table(lambda: x * 2.0, [x], [1e-12])[0]
    assert not row.ok
    assert row.note == "h = 1e-12 is lost beside 1e+09"


def test_the_error_of_nudging_has_a_valley():
    # d(e**x)/dx at 1 is e.  The curvature costs h*h * e/6, cancelling digits about 2e-16 * e/h.
    x = Value(1.0)
    rows = step_size_table(lambda: x.exp(), [x])
    error = {row.h: row.error for row in rows}
    assert len(rows) == 12
    assert all(row.autograd == math.e for row in rows)
    for h in (1e-1, 1e-2, 1e-3):
        assert error[h] == pytest.approx(h * h * math.e / 6, rel=0.01)
    assert min(error[1e-5], error[1e-6]) < 1e-9
    assert error[1e-12] > 1e-6


def test_unnamed_parameters_are_numbered_and_labels_used():
    a, b = Value(1.0, "a"), Value(2.0)
    rows = gradcheck(lambda: a * b, [a, b, ("weight", b)]).rows
    assert [row.name for row in rows] == ["a", "parameters[1]", "weight"]


def test_a_parameter_that_f_does_not_use_has_slope_zero():
    a, b = Value(1.0), Value(2.0)
    assert [row.autograd for row in gradcheck(lambda: a * 3.0, [a, b]).rows] == [3.0, 0.0]


def test_binary_cross_entropy_passes_far_from_zero():
    z = Value(25.0)
    assert gradcheck(lambda: binary_cross_entropy([z], [1]), [z])


@pytest.mark.parametrize(
    ("check", "error", "words"),
    [
        (lambda a, y: gradcheck(lambda: y, [a]), ValueError, "same Value twice"),
        (lambda a, y: gradcheck(lambda: a * random.random(), [a]), ValueError, "random seed"),
        (lambda a, y: gradcheck(lambda: 1.0, [a]), TypeError, "must give one Value"),
        (lambda a, y: gradcheck(y, [a]), TypeError, "f is a function"),
        (lambda a, y: gradcheck(lambda: a * 2.0, a), TypeError, "list of Values"),
        (lambda a, y: gradcheck(lambda: a * 2.0, [1.0]), TypeError, "not a Value"),
        (lambda a, y: gradcheck(lambda: a * 2.0, [y]), ValueError, "'\\*' computed"),
        (lambda a, y: gradcheck(lambda: a * 2.0, []), ValueError, "no parameters"),
        (lambda a, y: gradcheck(lambda: a * 2.0, [a], h=0.0), ValueError, "above 0"),
        (lambda a, y: step_size_table(lambda: a * 2.0, [a], [-1.0]), ValueError, "above 0"),
    ],
)
def test_what_cannot_be_checked_is_refused(check, error, words):
    a = Value(2.0, "a")
    with pytest.raises(error, match=words):
        check(a, a * 3.0)
