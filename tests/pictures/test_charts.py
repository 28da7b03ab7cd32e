"""Charts: numbers stand where the axis says, and borders where the answers change."""

import math
import re

import pytest

from micronn.pictures.charts import (
    CELLS,
    Axis,
    Curve,
    answers_svg,
    axis_for,
    curve_path,
    curves,
    plane_around,
    rows,
)
from micronn.pictures.paint.palette import LIGHT


def numbers(path):
    return [tuple(map(float, place.split())) for place in re.findall(r"[ML]([\d.]+ [\d.]+)", path)]


def test_an_axis_puts_numbers_in_proportion():
    axis = Axis(0.0, 10.0, 100.0, 300.0)
    assert [axis(x) for x in (0.0, 2.5, 10.0)] == [100.0, 150.0, 300.0]
    assert [axis(x) for x in (-5.0, 99.0, math.inf)] == [100.0, 300.0, 300.0]  # at its ends


def test_an_axis_by_factors_gives_every_factor_of_ten_the_same_room():
    axis = Axis(0.001, 10.0, 0.0, 400.0, log=True)
    assert [axis(x) for x in (0.001, 0.01, 0.1, 1.0, 10.0)] == pytest.approx(
        [0, 100, 200, 300, 400]
    )


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 10.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-1.2, 2.2, [-1.0, 0.0, 1.0, 2.0]),
        (0.0, 0.07, [0.0, 0.02, 0.04, 0.06]),
        (3.0, 3.0, [3.0]),
    ],
)
def test_ticks_are_round_numbers_on_the_axis(low, high, ticks):
    assert Axis(low, high, 0.0, 1.0).ticks() == ticks  # 0.6, not 0.6000000000000001


@pytest.mark.parametrize(
    ("low", "high", "ticks", "words"),
    [
        (0.008, 0.7, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5], "equal heights are equal factors"),
        (0.02, 0.5, [0.02, 0.05, 0.1, 0.2, 0.5], "equal heights are equal factors"),
        (0.001, 5.0, [0.001, 0.01, 0.1, 1.0], "each line is 10 times the one below"),
        (1e-12, 1.0, [1e-12, 1e-9, 1e-6, 1e-3, 1.0], "each line is 1,000 times the one below"),
    ],
)
def test_a_logarithmic_axis_has_enough_ticks_and_says_what_it_is(low, high, ticks, words):
    axis = Axis(low, high, 0.0, 1.0, log=True)
    assert axis.ticks() == pytest.approx(ticks)
    assert axis.words() == f"logarithmic: {words}"
    assert Axis(low, high, 0.0, 1.0).words() == ""


@pytest.mark.parametrize(("least", "said"), [(0.001, True), (0.5, False)])
def test_curves_name_both_axes_and_say_in_words_if_one_is_logarithmic(least, said):
    svg = curves([Curve("validation loss", [(0, 1.0), (100, least)], "op")], 0, "t")
    assert ">step of training</text>" in svg
    assert (
        re.search(r">loss, logarithmic: each line is 10 times the one below<", svg)
        if said
        else (">loss</text>" in svg and "logarithmic" not in svg)
    )
    assert ">step of training</text>" in rows(
        [Curve("layer 1", [(0, 1.0), (9, 2.0)], "op")], 0, "t"
    )


def test_before_its_first_number_a_curve_has_none_and_the_axis_stays():
    curve, reach = Curve("loss", [(10, 0.5), (20, 0.25)], "op"), [0, 10, 20]
    before, after = (curves([curve], step, "t", reach=reach) for step in (0, 10))
    assert ">loss</text>" in before
    assert "NaN" not in before
    assert before.count("<circle") == 0
    assert after.count("<circle") == 1
    line = re.compile(r'd="(M[^"]+L[^"]+)"')
    assert line.findall(before) == line.findall(after)


@pytest.mark.parametrize(
    ("given", "log"),
    [([1.0, 19.0], False), ([1.0, 21.0], True), ([0.0, 21.0], False), ([-1.0, 21.0], False)],
)
def test_numbers_far_apart_and_above_zero_stand_by_factors(given, log):
    assert axis_for(given, 0.0, 1.0).log == log


@pytest.mark.parametrize("given", [[], [math.nan], [math.inf, -math.inf], [5.0], [0.0], [-3.0]])
def test_an_axis_can_be_made_for_any_numbers(given):
    axis = axis_for(given, 0.0, 1.0)
    assert all(0.0 <= axis(x) <= 1.0 for x in (0.0, 1e9, -1e9))
    assert axis.ticks()


def test_a_number_that_is_not_finite_leaves_a_gap():
    path = curve_path(
        ((0, 0.0), (1, 1.0), (2, math.nan), (3, math.inf), (4, 2.0), (5, 4.0)),
        Axis(0, 10, 0.0, 10.0),
        Axis(0, 4, 0.0, 4.0),
    )
    assert path == "M0 0L1 1M4 2L5 4"


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    points = tuple([(k, float(k)) for k in range(100_000)])
    places = numbers(curve_path(points, Axis(0, 99_999, 0.0, 100.0), Axis(0, 99_999, 0.0, 100.0)))
    assert len(places) <= 602
    assert places[0] == (0.0, 0.0)
    assert places[-1] == (100.0, 100.0)


def test_the_number_beside_a_name_is_the_one_at_the_cursor():
    curve = Curve("loss", [(0, 0.9), (10, 0.5), (20, 0.25)], "op")
    for step, text in [(0, "0.9"), (10, "0.5"), (15, "0.5"), (20, "0.25")]:
        assert f">loss {text}</text>" in curves([curve], step, "t")


def test_rows_share_one_scale():
    # 0.01 and 1 are the ends of the scale in both rows
    low, high = Curve("a", [(0, 0.01), (1, 0.01)], "op"), Curve("b", [(0, 1.0), (1, 1.0)], "op")
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', rows([low, high], 0, "t"))]
    assert heights[0] == 60 - 6  # the foot of the first row, and 6 for air
    assert heights[1] == 108 - 48 + 12  # the head of the second row


def test_the_plane_shows_every_point():
    points = [[-3.0, 1.0], [5.0, 2.0], [math.nan, 1.5]]
    plane = plane_around(points)
    assert (plane.across.low, plane.across.high) == pytest.approx((-3.8, 5.8))
    assert (plane.up.low, plane.up.high) == pytest.approx((0.9, 2.1))
    cells = plane.cells()
    assert len(cells) == CELLS * CELLS
    assert cells[0][0] < cells[1][0]  # to the right
    assert cells[0][1] > cells[CELLS][1]  # then down


def test_the_border_stands_where_the_answer_changes_its_sign():
    # the answer is x: the border is the vertical line x = 0, from top to bottom
    plane = plane_around([[-1.0, -1.0], [1.0, 1.0]])
    answers = [[x] for x, _ in plane.cells()]
    svg = answers_svg(plane, answers, 0.0, [([0.5, 0.5], 1)], None, ["a", "b"], "t")
    (border,) = re.findall(
        r'd="([^"]+v[^"]+)" fill="none" stroke="#1b2027" stroke-width="1.6"', svg
    )[:1]
    places = re.findall(r"M([\d.]+) ([\d.]+)v([\d.]+)", border)
    assert {float(x) for x, _, _ in places} == {plane.across(0.0)}
    assert len(places) == CELLS
    for token in ("pos3", "neg3"):
        assert f'fill="{LIGHT[token]}" d="M' in svg


def test_classes_beyond_two_are_written_on_the_plane():
    plane = plane_around([[-1.0, -1.0], [1.0, 1.0]])
    answers = [[-x, x - 0.1, 9.0 if y > 0.9 else -9.0] for x, y in plane.cells()]
    svg = answers_svg(plane, answers, 0.0, [([0.5, 0.5], 2)], None, ["a", "b"], "t")
    assert {">0</text>", ">1</text>", ">2</text>"} <= set(re.findall(r">\d</text>", svg))


def test_nan_answers_reach_no_coordinate():
    plane = plane_around([[0.0, 0.0], [1.0, 1.0]])
    svg = answers_svg(
        plane, [[math.nan]] * len(plane.cells()), 0.0, [([0.5, 0.5], 0)], None, ["", ""], "t"
    )
    assert f'fill="{LIGHT["bad"]}" d="M0 0h300' in svg
    assert "nan" not in svg
