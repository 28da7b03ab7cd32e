"""Even spacing, circles and noise, as the toy data needs them."""

import math
import random

import pytest

from micronn.support.toys import (
    add_noise,
    alternating,
    jittered,
    linspace,
    on_circle,
    twice_each,
)


def test_linspace_meets_both_ends_and_a_single_number_is_the_low_end():
    assert linspace(-1.0, 1.0, 5) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert linspace(-1.0, 1.0, 1) == [-1.0]


def test_each_number_comes_twice_and_an_odd_one_out_comes_once():
    assert twice_each(5) == [0.0, 0.0, 0.5, 0.5, 1.0]
    assert twice_each(1) == twice_each(1, ring=True) == [0.0]
    assert twice_each(8, ring=True) == [0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]
    assert alternating(3) == [-1.0, 1.0, -1.0]


def test_a_quarter_turn_from_the_right_is_up():
    assert on_circle(2.0, 0.25) == pytest.approx([0.0, 2.0], abs=1e-15)
    assert on_circle(2.0, 1.0) == pytest.approx([2.0, 0.0], abs=1e-15)


def test_noise_has_the_spread_it_is_asked_for():
    # The root mean square of 4,000 draws is within 4/sqrt(8,000) of the spread: 4.5 %.
    moved = add_noise([5.0] * 4000, 0.5, random.Random(3))
    assert math.sqrt(sum((x - 5.0) ** 2 for x in moved) / 4000) == pytest.approx(0.5, rel=0.045)
    assert jittered([[1.0, 2.0]], 0.0, None) == [[1.0, 2.0]]
