"""What is asked of a list of numbers: its size, its largest, its shares."""

import math

import pytest

from micronn.engine import Value
from micronn.support.numeric import as_list, logsumexp, predicted_class, root_mean_square


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
