"""What is asked of a list of numbers: its size, its largest, its shares."""

import math
import sys

import pytest

from micronn.engine import Value
from micronn.support.numeric import (
    as_list,
    logsumexp,
    mean,
    power,
    predicted_class,
    root_mean_square,
)


def test_a_root_mean_square_does_not_overflow_before_its_time():
    assert root_mean_square([1e200, 1e200]) == pytest.approx(1e200)
    assert root_mean_square([3.0, 4.0]) == pytest.approx(math.sqrt(12.5))


@pytest.mark.parametrize(
    ("output", "threshold", "expected"),
    [
        (0.2, 0.0, 1),
        ([0.2], 0.0, 1),
        ([-0.2], 0.0, 0),
        ([0.2], 0.5, 0),
        ([1.0, 3.0], 0.0, 1),
        ([1, 0, 5, 2], 0.0, 2),
        ([1.0, 3.0, 3.0], 0.0, 1),  # the first of equal scores
    ],
)
def test_the_class_of_an_output(output, threshold, expected):
    assert predicted_class(output, threshold) == expected


def test_softmax_gives_shares_and_survives_large_scores():
    assert logsumexp([0.0, math.log(3.0)])[1] == pytest.approx([0.25, 0.75])
    assert logsumexp([1e4, -1e4])[1] == [1.0, 0.0]


def test_one_number_is_a_list_of_one():
    value = Value(1.0)
    assert as_list(value) == [value]
    assert as_list(2.5) == [2.5]
    assert as_list((1, 2)) == [1, 2]


@pytest.mark.parametrize(
    ("numbers", "exact"),
    [  # mpmath, 60 digits
        ([-435.2, 1e-162, -84.6], 1.814206969409617e-37),
        ([-39.9, 0.0], 4.6951575726311966e-18),
        ([0.0, -745.0], 4.9e-324),
        ([0.0, 0.0, -40.0], 0.6931471805599453),
    ],
)
def test_logsumexp_keeps_what_the_others_add_to_the_largest(numbers, exact):
    assert logsumexp(numbers)[0] == pytest.approx(exact, rel=1e-14, abs=0.0)


def test_a_mean_of_the_largest_floats_is_a_float():
    top = sys.float_info.max
    for n in (1, 2, 3, 7, 1000):
        assert mean([top] * n) == top
        assert mean([-top] * n) == -top
    assert mean([top, -top, 3.0]) == 1.0
    assert mean([top, math.inf]) == math.inf
    assert math.isnan(mean([top, math.nan]))


@pytest.mark.parametrize("k", [2**53, 2**53 + 2, 10**16, -(2**53), 2**60, 2**52, 3, -2])
def test_the_slope_of_a_power_of_minus_one_has_the_sign_of_its_exponent_less_one(k):
    # d(x**k)/dx = k * x**(k-1), and (-1)**(k-1) is 1 for an odd k and -1 for an even one.
    assert power(-1.0, float(k))[1] == (k if k % 2 else -k)
