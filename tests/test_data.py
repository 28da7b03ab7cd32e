"""Toy data has the shape, the order and the difficulty that its docstrings promise."""

import math
import random

import pytest

from micronn.data import (
    batches,
    blobs,
    circles,
    curve,
    line,
    moons,
    spirals,
    split,
    wave,
    xor,
    yin_yang,
)
from micronn.support.toys import yin_yang_class

TWO_CLASSES = [moons, circles, spirals, xor]
CLASS_INDEX = [blobs, yin_yang]
QUANTITIES = [line, curve, wave]
ALL = TWO_CLASSES + CLASS_INDEX + QUANTITIES
NOISY = [make for make in ALL if make is not yin_yang]


@pytest.mark.parametrize("make", ALL)
def test_every_set_is_two_lists_of_n(make):
    inputs, targets = make(30, rng=random.Random(1))
    assert len(inputs) == len(targets) == 30
    assert len({len(x) for x in inputs}) == 1
    assert all(type(number) is float for x in inputs for number in x)


@pytest.mark.parametrize("make", ALL)
def test_a_seed_decides_every_point_and_leaves_the_global_state_alone(make):
    random.seed(3)
    before = random.getstate()
    assert make(30, rng=random.Random(7)) == make(30, rng=random.Random(7))
    assert make(30, rng=random.Random(7)) != make(30, rng=random.Random(8))
    assert random.getstate() == before


@pytest.mark.parametrize("make", ALL)
def test_without_rng_the_global_seed_decides(make):
    random.seed(3)
    first = make(20)
    random.seed(3)
    assert make(20) == first


@pytest.mark.parametrize("make", TWO_CLASSES)
def test_two_classes_take_turns_as_minus_and_plus_one(make):
    assert make(6, rng=random.Random(1))[1] == [-1.0, 1.0] * 3


@pytest.mark.parametrize("make", CLASS_INDEX)
def test_classes_are_whole_numbers_from_zero(make):
    targets = make(30, rng=random.Random(1))[1]
    assert sorted(set(targets)) == [0, 1, 2]
    assert all(type(target) is int for target in targets)
    assert targets.count(0) == targets.count(1) == targets.count(2)


@pytest.mark.parametrize("make", QUANTITIES)
def test_quantities_are_floats(make):
    assert all(type(target) is float for target in make(9, rng=random.Random(1))[1])


def test_moons_without_noise_are_two_half_circles():
    inputs, targets = moons(101, noise=0.0)
    for (x, y), target in zip(inputs, targets, strict=True):
        if target < 0:
            assert y >= 0.0
            assert math.hypot(x, y) == pytest.approx(1.0)
        else:
            assert y <= 0.5
            assert math.hypot(x - 1.0, y - 0.5) == pytest.approx(1.0)


def test_circles_without_noise_have_radius_one_and_a_half_and_no_point_twice():
    inputs, targets = circles(40, noise=0.0)
    radii = [math.hypot(*point) for point in inputs]
    assert radii == pytest.approx([1.0 if t < 0 else 0.5 for t in targets])
    assert min(math.dist(a, b) for a in inputs for b in inputs if a is not b) > 0.1


def test_spiral_arms_keep_their_distance():
    # Half a turn of an arm with 1.5 turns over a radius of 0.9 is 0.3 outward;
    # from a point to the neighbouring arm it is therefore at most 0.3.
    inputs, targets = spirals(400, noise=0.0)
    a = [p for p, t in zip(inputs, targets, strict=True) if t < 0]
    b = [p for p, t in zip(inputs, targets, strict=True) if t > 0]
    nearest = [min(math.dist(p, q) for q in b) for p in a]
    assert min(nearest) > 0.15
    assert max(nearest[len(a) // 3 :]) < 0.31


def test_xor_is_the_truth_table_at_four_points_without_noise():
    inputs, targets = xor(4, noise=0.0)
    table = {tuple(x): t for x, t in zip(inputs, targets, strict=True)}
    assert table == {(0, 0): -1, (0, 1): 1, (1, 0): 1, (1, 1): -1}


def test_yin_yang_halves_are_each_other_turned_around():
    # Turning the sign by half a turn swaps the halves and the eyes.
    inputs, targets = yin_yang(300, rng=random.Random(2))
    turned = [yin_yang_class(-x, -y) for x, y in inputs]
    assert turned == [{0: 1, 1: 0, 2: 2}[t] for t in targets]
    assert all(math.hypot(*point) <= 1.0 for point in inputs)


@pytest.mark.parametrize(
    ("point", "part"),
    [((0, 0.7), 0), ((0, -0.7), 1), ((-0.5, -0.3), 0), ((0.5, 0.3), 1), ((0.5, 0.1), 2)],
)
def test_yin_yang_parts_are_where_the_sign_has_them(point, part):
    assert yin_yang_class(*point) == part


def test_blobs_of_the_default_spread_can_be_told_apart_by_the_nearest_centre():
    # Centres 2*sqrt(3) apart, half of it is 3.46 spreads: at most 1 in 1,000 strays
    # over each of two borders.
    inputs, targets = blobs(600, rng=random.Random(5))
    angles = [math.atan2(y, x) % (2 * math.pi) for x, y in inputs]
    guesses = [round(angle / (2 * math.pi / 3)) % 3 for angle in angles]
    assert sum(g == t for g, t in zip(guesses, targets, strict=True)) >= 596


def test_noise_is_the_spread_of_the_targets_of_a_line():
    # The sample deviation of 2000 draws is within 0.3 +- 4 * 0.3 / sqrt(4000).
    inputs, targets = line(2000, noise=0.3, slope=-4.0, intercept=2.0, rng=random.Random(4))
    errors = [t - (-4.0 * x + 2.0) for (x,), t in zip(inputs, targets, strict=True)]
    deviation = math.sqrt(sum(e * e for e in errors) / len(errors))
    assert deviation == pytest.approx(0.3, abs=0.019)


def test_a_curve_without_noise_is_a_sine():
    inputs, targets = curve(5, noise=0.0)
    assert inputs == [[-1.0], [-0.5], [0.0], [0.5], [1.0]]
    assert targets == pytest.approx([0.0, -1.0, 0.0, 1.0, 0.0])


def test_a_wave_asks_for_the_sample_after_the_window():
    inputs, targets = wave(10, window=3, rng=random.Random(1))
    assert inputs[1] == [inputs[0][1], inputs[0][2], targets[0]]
    assert inputs[9][-1] == targets[8]


def test_split_deals_every_example_out_once():
    data = line(101, rng=random.Random(1))
    parts = split(data, validation=0.25, test=0.1, rng=random.Random(1))
    assert [len(part[1]) for part in parts] == [66, 25, 10]
    dealt = [(*x, t) for part in parts for x, t in zip(*part, strict=True)]
    assert sorted(dealt) == sorted((*x, t) for x, t in zip(*data, strict=True))


def test_split_may_leave_a_part_empty_but_not_the_training_part():
    data = line(10)
    assert split(data, validation=0.0, test=0.0)[1:] == (([], []), ([], []))
    with pytest.raises(ValueError, match="leave none of 10 examples"):
        split(data, validation=0.5, test=0.5)


def test_batches_hold_every_example_once_in_a_new_order_each_time():
    data, rng = line(100, rng=random.Random(1)), random.Random(2)
    first = [x[0] for batch in batches(data, 16, rng) for x in batch[0]]
    second = [x[0] for batch in batches(data, 16, rng) for x in batch[0]]
    assert sorted(first) == sorted(second) == [x for (x,) in data[0]]
    assert first != second
    assert first != sorted(first)


def test_batches_keep_inputs_with_their_targets():
    data = line(50, noise=0.0)
    for batch in batches(data, 7, random.Random(1)):
        assert batch[1] == pytest.approx([2.0 * x + 1.0 for (x,) in batch[0]])


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError)])
def test_a_count_that_is_no_count_is_refused(make, n, error):
    with pytest.raises(error, match="n "):
        make(n)


@pytest.mark.parametrize("make", NOISY)
@pytest.mark.parametrize("noise", [-0.1, math.nan, math.inf])
def test_noise_that_is_no_spread_is_refused(make, noise):
    with pytest.raises(ValueError, match="noise must be a finite number of at least 0"):
        make(10, noise=noise)


@pytest.mark.parametrize("make", ALL)
def test_a_seed_in_place_of_an_rng_is_refused(make):
    with pytest.raises(TypeError, match=r"use random\.Random\(7\)"):
        make(10, rng=7)


def test_batches_and_split_refuse_what_is_not_a_set_of_examples():
    with pytest.raises(ValueError, match="2 inputs and 1 targets"):
        split(([[1.0], [2.0]], [1.0]))
    with pytest.raises(ValueError, match="empty"):
        batches(([], []), 4)
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        batches(line(4), 0)
    with pytest.raises(ValueError, match="test is a share"):
        split(line(4), test=20)
