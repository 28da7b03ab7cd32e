"""What is refused, as which kind of mistake, and that the words name it."""

import math
import random

import pytest

from micronn.support.arguments import (
    check_callable,
    check_pairs,
    check_text,
    choice,
    class_index,
    count,
    flat_list,
    integer,
    listed,
    pair,
    rng_or_default,
)


class Whole:
    """Counts as a whole number, as NumPy's integers do."""

    def __index__(self):
        return 7


@pytest.mark.parametrize("n", [7, Whole()])
def test_whole_numbers_of_any_kind_become_int(n):
    assert type(integer(n, "n")) is int
    assert (integer(n, "n"), count(n, "n"), class_index(n, 8)) == (7, 7, 7)


@pytest.mark.parametrize("n", [1.0, True, "1", None, math.nan, [1]])
def test_what_is_no_whole_number_is_a_type_error(n):
    for check in (integer, count):
        with pytest.raises(TypeError, match="epochs must be a whole number, got"):
            check(n, "epochs")
    with pytest.raises(TypeError, match="the index of a class"):
        class_index(n, 3)


@pytest.mark.parametrize(("n", "least"), [(0, 1), (-1, 0), (1, 2), (-(10**400), 1)])
def test_a_count_below_the_least_is_a_value_error(n, least):
    assert count(least, "steps", least) == least
    with pytest.raises(ValueError, match=f"steps must be at least {least}, got -?[0-9]"):
        count(n, "steps", least)


@pytest.mark.parametrize("k", [-1, 3])
def test_an_index_outside_the_classes_is_an_index_error(k):
    with pytest.raises(IndexError, match=f"target {k} names no class; 3 classes have 0 to 2"):
        class_index(k, 3)


def test_without_rng_it_is_pythons_own_random():
    rng = random.Random(1)
    assert rng_or_default(rng) is rng
    random.seed(5)
    first = rng_or_default(None).random()
    random.seed(5)
    assert random.random() == first
    with pytest.raises(TypeError, match=r"got 7; use random\.Random\(7\)"):
        rng_or_default(7)


@pytest.mark.parametrize("name", ["rleu", None, ["relu"]])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    assert choice({"relu": 1, "tanh": 2}, "tanh", "activation") == 2
    with pytest.raises(ValueError, match=r"unknown activation .*choose one of relu, tanh"):
        choice({"relu": 1, "tanh": 2}, name, "activation")


@pytest.mark.parametrize("items", [[1, 2], (1, 2), range(1, 3), iter([1, 2])])
def test_anything_in_order_is_a_list(items):
    assert listed(items, "x", 2) == (1, 2)


@pytest.mark.parametrize("items", ["12", b"12", {1, 2}, frozenset({1, 2}), {1: 2}])
def test_text_and_what_has_no_order_is_no_list(items):
    with pytest.raises(TypeError, match=f"x is a list .*got a {type(items).__name__}"):
        listed(items, "x")


def test_the_hint_for_a_bare_number_is_one_that_works():
    # [1.0] is right where one input is asked for; where two are, it would be refused too.
    with pytest.raises(TypeError, match=r"got one number, 1.0; write \[1.0\]$"):
        listed(1.0, "inputs", 1)
    with pytest.raises(TypeError, match=r"write all 2 of them in brackets, \[..., ...\]$"):
        listed(1.0, "inputs", 2)


def test_a_wrong_length_is_refused_naming_both():
    with pytest.raises(ValueError, match="expected 3 inputs, got 2"):
        listed([1, 2], "inputs", 3)
    with pytest.raises(ValueError, match="2 preds and 3 targets"):
        check_pairs([1, 2], [1, 2, 3], "preds")
    with pytest.raises(ValueError, match=r"preds and targets are empty; at least one example"):
        check_pairs([], [], "preds")


@pytest.mark.parametrize("items", [[[1.0]], [1.0, (2.0,)]])
def test_a_list_inside_a_flat_list_is_refused(items):
    assert flat_list((1.0, 2.0), "preds") == (1.0, 2.0)
    with pytest.raises(TypeError, match="preds is a flat list of numbers, got a list inside"):
        flat_list(items, "preds")


@pytest.mark.parametrize("x", [0.9, (1,), (1, 2, 3), "ab", {1, 2}])
def test_a_pair_is_two_in_order(x):
    assert pair([1, 2], "betas is a pair") == [1, 2]
    with pytest.raises(TypeError, match="betas is a pair, got .*; put both in one pair of"):
        pair(x, "betas is a pair")


def test_text_and_functions_are_told_from_others():
    check_text("", "title")
    check_callable(loss=max)
    with pytest.raises(TypeError, match="a title is text, got 7"):
        check_text(7, "title")
    with pytest.raises(TypeError, match="loss is a function, got 'mse'; pass it without quotes"):
        check_callable(loss="mse")


def test_a_long_thing_is_cut_in_the_message():
    with pytest.raises(TypeError) as caught:
        count("x" * 10_000, "n")
    assert len(str(caught.value)) < 200
