"""The first nan or infinity of a graph, and the numbers around it."""

import math

import pytest

from micronn.check.nonfinite import trace_nonfinite
from micronn.engine import Value, dot
from micronn.optim import SGD


def test_a_graph_of_finite_numbers_has_none():
    x = Value(2.0)
    y = x * x
    y.backward()
    assert trace_nonfinite(y) is None


def test_the_first_number_that_is_not_finite_is_found_with_those_around_it():
    x, big = Value(0.5, "x"), Value(1e200, "big")
    born = big * big
    found = trace_nonfinite((born * 0.0 + x).tanh() + 1.0)
    assert (found.kind, found.node) == ("data", born)
    assert "is inf: (big = 1e+200) × (big = 1e+200)" in found.sentence


def test_a_given_nan_is_its_own_origin():
    x = Value(math.nan, "x")
    found = trace_nonfinite(x * 2.0)
    assert found.node is x
    assert found.sentence == "the data of x is nan, as given"


def test_a_nan_among_plain_inputs_is_found_in_the_sum_that_reads_it():
    w = [Value(1.0), Value(2.0)]
    found = trace_nonfinite(dot(w, [1.0, math.nan]).tanh())
    assert found.node.op == "weighted_sum"
    assert "reads the plain input nan" in found.sentence
    assert found.advice == "look for it in the data set"


def test_a_local_derivative_is_found_where_all_data_is_finite():
    x = Value(0.0, "x")
    found = trace_nonfinite(x.sqrt() * 2.0)
    assert (found.kind, found.node.op) == ("local derivative", "sqrt")
    assert "by x is inf: sqrt(x = 0)" in found.sentence


def test_a_grad_that_overflows_is_found_with_the_message_that_did_it():
    # 1e-300 * 1e200 * 1e200 is 1e100, but going back 1e200 * 1e200 is too much.
    x = Value(1e-300, "x")
    y = (x * 1e200) * 1e200
    y.backward()
    found = trace_nonfinite(y)
    assert (found.kind, found.node) == ("grad", x)
    assert "sends 1e+200 * 1e+200" in found.sentence


def test_messages_that_only_overflow_together_are_found_too():
    x = Value(1e-300, "x")
    y = x * 1.5e308 + x * 1.5e308
    y.backward()
    assert "2 messages add up to that" in trace_nonfinite(y).sentence


def test_a_grad_left_from_before_is_told_from_a_new_one():
    x = Value(1.0, "x")
    x.grad = math.nan
    y = x * 2.0
    y.backward()
    assert "left from an earlier backward()" in trace_nonfinite(y).sentence


def test_trace_nonfinite_takes_a_value():
    with pytest.raises(TypeError, match="starts from a Value"):
        trace_nonfinite([Value(1.0)])


def test_the_search_needs_no_recursion_and_changes_nothing():
    x = y = Value(1.0)
    for _ in range(20_000):
        y = y + 1.0
    x.grad, y.grad = 5.0, 7.0
    assert trace_nonfinite(y) is None
    assert (x.grad, y.grad) == (5.0, 7.0)


# One moment


def test_a_number_is_looked_for_where_the_graph_was_computed_not_where_leaves_are_now():
    big = Value(1e200, "big")
    y = big * big + 1.0
    y.backward()
    big.data = 1.0
    found = trace_nonfinite(y)
    assert "the data of v1 is inf: (big = 1e+200) × (big = 1e+200)" in found.sentence
    assert "big has changed since: it was 1e200, now 1." in found.sentence


def test_a_given_nan_is_found_though_it_was_mended_since():
    x = Value(math.nan, "x")
    y = x * 2.0
    y.backward()
    x.data = 3.0
    found = trace_nonfinite(y)
    assert found.node is x
    assert found.sentence == "the data of x is nan, as given; it was changed since, to 3"


def test_a_leaf_that_became_infinite_after_the_graph_is_not_taken_for_its_cause():
    # 1e-300 * 1e200 * 1e200 is 1e100, but going back 1e200 * 1e200 is too much.
    x = Value(1e-300, "x")
    y = (x * 1e200) * 1e200
    y.backward()
    SGD([x], lr=0.1).step()
    assert x.data == -math.inf
    assert trace_nonfinite(y).kind == "grad"


def test_a_leaf_that_was_changed_to_nan_in_a_finite_graph_is_found_last():
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    x.data = math.nan
    found = trace_nonfinite(y)
    assert (found.kind, found.node) == ("data", x)
    assert found.sentence == "the data of x is nan now; the graph was computed with 2"


def test_a_result_that_was_overwritten_is_not_told_as_a_product():
    a = Value(2.0, "a")
    h = a * 3.0
    h.label, h.data = "h", math.nan
    found = trace_nonfinite(h + 1.0)
    assert found.sentence == "the data of h is nan, and its operands give 6 now"
