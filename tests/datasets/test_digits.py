"""Drawn pictures look like what their targets say, and differ as handwriting does."""

import math
import random

import pytest

from micronn.compiler.build import NoMachine, compilers
from micronn.data import select
from micronn.datasets.digits import SHAPES, SIDE, digits, drawn, picture, pixels, shapes
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.optim import Adam, cosine_schedule
from micronn.training.fit import evaluate, fit
from micronn.training.metrics import accuracy


def mean_picture(pictures):
    return [sum(column) / len(pictures) for column in zip(*pictures, strict=True)]


def test_digits_are_784_greys_with_their_digit_in_turn():
    inputs, targets = digits(20, rng=random.Random(1))
    assert targets == list(range(10)) * 2
    assert all(len(x) == SIDE * SIDE == 784 for x in inputs)
    assert all(type(grey) is float and 0.0 <= grey <= 1.0 for x in inputs for grey in x)


@pytest.mark.parametrize("make", [digits, shapes])
def test_a_seed_decides_every_pixel_and_leaves_the_global_state_alone(make):
    random.seed(3)
    before = random.getstate()
    assert make(12, rng=random.Random(7)) == make(12, rng=random.Random(7))
    assert make(12, rng=random.Random(7)) != make(12, rng=random.Random(8))
    assert random.getstate() == before


def test_no_two_drawings_of_a_digit_are_alike():
    inputs, _ = digits(300, rng=random.Random(1))
    assert len(set(map(tuple, inputs))) == 300


def test_most_of_the_paper_stays_white_and_some_is_inked():
    inputs, _ = digits(100, rng=random.Random(1))
    inked = [sum(grey > 0.5 for grey in x) / 784 for x in inputs]
    assert 0.02 < min(inked)
    assert max(inked) < 0.35


def test_specks_are_as_many_as_asked_for():
    # Specks are drawn last, so the same seed gives the same first digit without them.
    clean, _ = digits(1, specks=0, rng=random.Random(4))
    spoilt, _ = digits(1, specks=9, rng=random.Random(4))
    differ = sum(a != b for a, b in zip(clean[0], spoilt[0], strict=True))
    assert 5 <= differ <= 9


def test_a_digit_is_nearest_to_the_mean_of_its_own_kind_more_often_than_by_chance():
    # Chance is 1 in 10.  That it stays far from 1 is the point of drawing by hand.
    inputs, targets = digits(600, rng=random.Random(2))
    means = [mean_picture(inputs[c:400:10]) for c in range(10)]
    right = 0
    for x, target in zip(inputs[400:], targets[400:], strict=True):
        distances = [math.dist(mean, x) for mean in means]
        right += distances.index(min(distances)) == target
    assert 0.6 < right / 200 < 0.97


def test_a_linear_model_makes_more_mistakes_than_a_net_with_hidden_layers():
    try:
        compilers()
    except NoMachine:
        pytest.skip("no C compiler, and Python alone would take minutes")
    data = digits(6000, rng=random.Random(3))
    train, test = select(data, range(5000)), select(data, range(5000, 6000))
    scores = []
    for nouts in ([10], [16, 16, 10]):
        model = MLP(784, nouts, rng=random.Random(0))
        optimizer = Adam(model.parameters(), cosine_schedule(0.004, 1570))
        fit(model, cross_entropy, train, optimizer, 10, rng=random.Random(0))
        scores.append(evaluate(model, cross_entropy, test, accuracy).metric)
    linear, deep = scores
    assert 0.9 < linear < deep - 0.01
    assert deep > 0.95


def test_a_line_looks_only_at_the_pixels_within_its_reach():
    # On a sheet of 28, a line from 3.2 to 5.1 with a reach of 1: not 28, but 4 rows.
    assert list(pixels(3.2, 5.1, 1.0, 28)) == [3, 4, 5, 6]
    assert list(pixels(-2.0, 0.5, 1.0, 28)) == [0, 1]
    assert len(pixels(30.0, 33.0, 1.0, 28)) == 0


def test_shapes_are_the_wanted_one_and_any_other_in_turn():
    inputs, targets = shapes(40, wanted="cross", rng=random.Random(1))
    assert targets == [1.0, -1.0] * 20
    assert {len(x) for x in inputs} == {144}
    # A cross inks the middle, where every other shape leaves paper.
    middle = [max(x[12 * row + column] for row in (5, 6) for column in (5, 6)) for x in inputs]
    assert sum(middle[::2]) > 2 * sum(middle[1::2])


def test_a_picture_is_the_grey_at_each_place():
    inputs, targets = picture(16)
    assert len(inputs) == len(targets) == 256
    assert inputs[0] == [-1.0, -1.0]
    assert inputs[15] == [1.0, -1.0]
    assert inputs[-1] == [1.0, 1.0]
    assert min(targets) == 0.0
    assert max(targets) == 1.0
    rows = [targets[k : k + 16] for k in range(0, 256, 16)]
    assert all(row == pytest.approx(row[::-1]) for row in rows)  # a face is symmetric


def test_a_line_inks_what_the_pen_touches():
    # From (1, 2) to (5, 2) with a pen of radius 0.5: reach 1, so only that row is inked.
    grey = drawn([[(1, 2), (5, 2)]], side=7, radius=0.5)
    assert [k for k, ink in enumerate(grey) if ink] == [2 * 7 + x for x in range(1, 6)]
    assert grey[2 * 7 + 3] == 1.0


def test_a_line_off_the_sheet_is_cut_at_its_edge():
    assert drawn([[(-9, -9), (-5, -4)]], side=4, radius=1.0) == [0.0] * 16


def test_wrong_requests_are_refused_in_words():
    with pytest.raises(ValueError, match=r"unknown shape 'star'; choose one of circle, square"):
        shapes(4, wanted="star")
    with pytest.raises(ValueError, match="n must be at least 1"):
        digits(0)
    with pytest.raises(TypeError, match=r"use random\.Random\(7\)"):
        digits(4, rng=7)
    with pytest.raises(ValueError, match="side must be at least 2"):
        picture(1)
    assert set(SHAPES) == {"circle", "square", "triangle", "cross"}
