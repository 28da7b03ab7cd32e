"""A fold is honest: its bars add up, its maximum has a sign, nan is never hidden."""

import math

import pytest

from micronn.engine import Value
from micronn.graph.rows import Graph
from micronn.pictures.paint.cards import largest
from micronn.pictures.views.folded_cards import census, largest_and_rms, span
from micronn.pictures.views.layer_view import Block, Shape


def test_the_shares_of_a_census_add_up_and_follow_the_shades():
    # Against the largest, 3: strong from 1, mid from 0.1.
    numbers = [3.0, 1.0, 0.5, 0.05, 0.0, -0.05, -0.5, -1.0, math.nan, math.inf]
    assert census(numbers) == [
        ("neg3", 0.1), ("neg2", 0.1), ("neg1", 0.1), ("zero", 0.1), ("pos1", 0.1),
        ("pos2", 0.1), ("pos3", 0.2), ("bad", 0.2),
    ]  # fmt: skip


def test_the_largest_is_named_with_its_sign():
    assert largest_and_rms([3.0, -4.0, 0.0]) == "max −4  rms 2.89"  # sqrt(25/3)
    assert largest_and_rms([1.0, math.nan]).startswith("max NaN")


def test_a_span_names_both_ends_and_never_hides_nan():
    assert span([2.0, -1.0, 0.5]) == "−1 … 2"
    assert span([2.0, 2.0]) == "2"
    assert span([0.5, -0.5], sign=True) == "−0.5 … +0.5"
    assert span([1.0, math.nan, 2.0]) == "NaN"


@pytest.mark.parametrize(("side", "folded"), [(32, False), (33, True)])
def test_a_block_longer_than_32_in_a_direction_becomes_a_census(side, folded):
    graph = Graph(Value(1.0))
    assert Block(graph, Shape("b", [side], [0] * side)).folded is folded
    assert Block(graph, Shape("W", [1] * side, [0] * side)).folded is folded


def test_of_many_rows_the_seven_largest_are_kept_in_their_own_order():
    sizes = [1.0, -9.0, 3.0, 8.0, -2.0, 7.0, 6.0, 5.0, 4.0]
    assert largest(sizes) == [1, 2, 3, 5, 6, 7, 8]
    assert largest(sizes[:8]) == list(range(8))
    assert 2 in largest([0.1, 9.0, math.nan, *sizes])
