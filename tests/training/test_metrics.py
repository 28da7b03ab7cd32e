"""Metrics count what a person would count."""

import pytest

from micronn.engine import Value
from micronn.training.metrics import accuracy, confusion_matrix, rmse


@pytest.mark.parametrize(
    ("outputs", "targets", "threshold", "share"),
    [
        ([0.2, -0.1, 3.0, -9.0], [1.0, -1.0, -1.0, 1.0], 0.0, 0.5),  # -1 and +1
        ([0.2, -0.1, 3.0, -9.0], [1, 0, 0, 0], 0.0, 0.75),  # 0 and 1
        ([0.2, 0.6], [0.0, 1.0], 0.5, 1.0),  # probabilities
        ([[1.0, 2.0, 0.0], [0.0, 0.0, 5.0]], [1, 0], 0.0, 0.5),  # indices
        ([0.0], [1.0], 0.0, 0.0),  # exactly between: class 0
    ],
)
def test_accuracy_is_the_share_of_right_guesses(outputs, targets, threshold, share):
    assert accuracy(outputs, targets, threshold) == share


def test_rows_of_a_confusion_matrix_are_the_right_classes():
    # Two 0s taken for 0 and 2; one 1 taken for 2; no 2 at all.
    outputs = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    assert confusion_matrix(outputs, [0, 0, 1]) == [[1, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_a_confusion_matrix_of_two_classes_has_four_fields_even_if_one_is_missing():
    assert confusion_matrix([-1.0, -2.0], [-1.0, -1.0]) == [[2, 0], [0, 0]]


def test_the_diagonal_adds_up_to_the_accuracy():
    outputs, targets = [0.3, -0.4, 2.0, -1.0, 0.1], [1.0, 1.0, 1.0, -1.0, -1.0]
    counts = confusion_matrix(outputs, targets)
    assert sum(counts[k][k] for k in range(2)) / 5 == accuracy(outputs, targets)


def test_rmse_takes_numbers_or_lists():
    assert rmse([3.0, 0.0], [0.0, 4.0]) == pytest.approx(12.5**0.5)
    assert rmse([[3.0, 0.0]], [[0.0, 4.0]]) == pytest.approx(12.5**0.5)
    assert rmse([Value(3.0), Value(0.0)], [0.0, Value(4.0)]) == pytest.approx(12.5**0.5)


@pytest.mark.parametrize("metric", [accuracy, confusion_matrix, rmse])
def test_lists_that_do_not_fit_are_refused(metric):
    with pytest.raises(ValueError, match="2 outputs and 1 targets"):
        metric([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="at least one"):
        metric([], [])
