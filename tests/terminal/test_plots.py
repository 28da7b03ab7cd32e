"""Pictures in characters: in many colours, in none, and of the same size in both."""

import io
import math

import pytest
from consoles import in_colours, in_marks
from rich.console import Console

from micronn.terminal.images import grey_image, signed_image
from micronn.terminal.plots import Curves, bars, decision_plane, fitted_curve, landscape

# Planes


def left_or_right(points):
    """A model that is sure: class 0 left of x = 0, class 1 right of it."""
    return [[1.0, 0.0] if x < 0.0 else [0.0, 1.0] for x, _ in points]


def test_a_decision_plane_shows_what_the_model_believes_and_the_examples():
    plane = decision_plane(left_or_right, [[-1.0, -1.0], [1.0, 1.0]], [0, 1], 15, 14)
    lines = in_marks(plane)
    assert [line[0] for line in lines] == [" "] * 7
    assert [line[-1] for line in lines] == ["."] * 7
    assert lines[0][-2] == "x"  # top right
    assert lines[-1][1] == "o"  # bottom left


def test_a_model_that_is_not_sure_is_paler():
    def half_sure(points):
        return [[0.5 - x / 4, 0.5 + x / 4] for x, _ in points]

    colours = decision_plane(half_sure, [[-1.0, 0.0], [1.0, 0.1]], [0, 1], 21, 4).colours[0]
    assert sum(colours[10]) > sum(colours[15]) > sum(colours[20])


def test_a_fitted_curve_shows_the_model_and_the_points():
    # y = x goes through both points, from the bottom left to the top right.
    picture = fitted_curve(lambda xs: [x for (x,) in xs], [[0.0], [1.0]], [0.0, 1.0], 15, 14)
    lines = in_marks(picture)
    assert lines[0].rstrip().endswith("#")
    assert lines[-1].startswith("#")
    missed = fitted_curve(lambda xs: [9.0 for _ in xs], [[0.0], [1.0]], [0.0, 1.0], 15, 14)
    assert "".join(in_marks(missed)).split() == ["o", "o"]


def test_examples_all_in_one_place_still_have_a_plane_around_them():
    plane = decision_plane(left_or_right, [[2.0, 2.0]], [1], 10, 10)
    assert any("x" in line for line in in_marks(plane))


# Landscapes


def test_a_landscape_is_darkest_in_the_valley_and_says_what_it_spans():
    bowl = [[(x - 5) ** 2 + (y - 5) ** 2 + 1.0 for x in range(11)] for y in range(11)]
    lines = in_marks(landscape(bowl, path=[(0, 0)]))
    assert lines[0][0] == "o"
    assert lines[2][5] == " "
    assert lines[-1] == "from 1 (dark) to 51 (bright), in equal steps"


def test_losses_that_span_a_factor_of_100_are_shown_in_logarithms():
    assert "in logarithms" in in_marks(landscape([[1.0, 100.0]]))[-1]
    assert "in equal steps" in in_marks(landscape([[0.0, 100.0]]))[-1]


def test_a_landscape_with_infinite_cliffs_is_drawn():
    assert in_marks(landscape([[1.0, 2.0, math.inf, math.nan]]))[0] == " @@@"


# Curves


def test_a_falling_curve_goes_from_the_top_left_to_the_bottom_right():
    lines = in_marks(Curves({"train": [3.0, 2.0, 1.0]}, height=6))
    assert lines[0].split()[0] == "3"
    assert lines[3].split()[0] == "1"
    assert lines[0].index("*") < lines[1].index("*") < lines[3].index("*")
    assert lines[4].split() == ["1", "epoch", "3"]
    assert "train 1" in lines[5]


def test_two_curves_are_told_apart_without_colour():
    lines = in_marks(Curves({"train": [1.0, 1.0], "validation": [2.0, 2.0]}, height=6))
    assert "o" in lines[0]
    assert "*" not in lines[0]
    assert "*" in lines[3]
    assert "** train 1" in lines[5]
    assert "oo validation 2" in lines[5]


def test_curves_have_eight_dots_a_character_where_there_is_colour():
    text = "".join(in_colours(Curves({"train": [1.0, 2.0]}, height=6)))
    assert any("\u2801" <= char <= "\u28ff" for char in text)


def test_a_number_that_is_not_finite_leaves_a_gap():
    lines = in_marks(Curves({"train": [1.0, 1.0, math.nan, 1.0, 1.0]}, height=6, width=52))
    row = next(line for line in lines if "*" in line)
    assert "* " in row.strip()
    assert row.count("*") < 36


@pytest.mark.parametrize("numbers", [[1.0], [0.0, 0.0], [math.nan], [-1e300, 1e300], [math.inf, 1]])
def test_odd_curves_are_drawn(numbers):
    assert len(in_marks(Curves({"train": numbers}, height=8))) == 8


def test_a_curve_without_numbers_is_refused():
    for series in ({}, {"train": []}):
        with pytest.raises(ValueError, match="at least one number"):
            Curves(series)


# Bars and tables


def test_the_largest_number_has_the_longest_bar():
    lines = in_marks(bars({"a": 2.0, "b": -1.0, "c": 0.0}, width=10))
    assert [line.count("■") for line in lines] == [10, 5, 0]
    assert [line.split()[-1] for line in lines] == ["+2", "−1", "0"]


def test_as_factors_each_ten_is_a_sixth_of_the_width():
    lines = in_marks(bars({"a": 1.0, "b": 0.1, "c": 1e-3, "d": 1e-9}, width=12, factors=True))
    assert [line.count("■") for line in lines] == [12, 10, 6, 0]


# Everywhere

PICTURES = [
    grey_image([[k / 40 for k in range(40)]] * 7),
    signed_image([[math.sin(k) for k in range(40)]] * 8),
    decision_plane(left_or_right, [[-1.0, -1.0], [1.0, 1.0]], [0, 1], 40, 20),
    Curves({"train": [1.0, 0.1, 0.001], "validation": [1.0, 0.5, 0.3]}, height=8, width=40),
]


@pytest.mark.parametrize("picture", PICTURES, ids=["grey", "signed", "plane", "curves"])
def test_a_picture_has_the_same_size_in_every_terminal(picture):
    sizes = set()
    for options in (
        {"color_system": None},
        {"color_system": "truecolor", "force_terminal": True, "no_color": True},
        {"color_system": "standard", "force_terminal": True},
        {"color_system": "256", "force_terminal": True},
        {"color_system": "truecolor", "force_terminal": True},
    ):
        console = Console(file=io.StringIO(), width=60, **options)
        lines = console.render_lines(picture, pad=False)
        sizes.add((len(lines), max(sum(len(part.text) for part in line) for line in lines)))
    assert len(sizes) == 1


@pytest.mark.parametrize("picture", PICTURES, ids=["grey", "signed", "plane", "curves"])
def test_an_ascii_terminal_gets_ascii(picture):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    Console(file=file, width=60, color_system=None).print(picture)
    file.flush()
    assert file.buffer.getvalue().strip()


@pytest.mark.parametrize("width", [30, 38, 60, 120])
def test_in_a_legend_words_give_way_before_numbers_and_the_axis_says_that_it_is_logarithmic(width):
    curves = Curves({"training": [1.5, 0.001234], "validation": [1.5, 0.6131]}, 8, width)
    lines = in_marks(curves)
    legend, words = lines[-2], lines[-1]
    assert "0.001234" in legend
    assert legend.rstrip().endswith("0.6131")
    assert ("training" in legend and "validation" in legend) == (width >= 60)
    assert words.startswith(" logarithmic")
    assert all(len(line) <= width for line in lines)
    assert len(lines) == 8
