"""Images out of characters: two pixels to each, in many colours or in marks."""

import math

import pytest
from consoles import in_colours, in_marks

from micronn.terminal.canvas import rgb
from micronn.terminal.images import gallery, grey_image, signed_image, square
from micronn.terminal.plots import Curves


def test_a_character_shows_two_pixels_one_above_the_other():
    lines = in_colours(grey_image([[0.0], [1.0], [0.5], [0.5]]))
    assert len(lines) == 2
    assert "38;2;0;0;0" in lines[0]  # in front: black, the pixel above
    assert "48;2;255;255;255" in lines[0]  # behind: white, the pixel below
    assert "38;2;127;127;127" in lines[1]


def test_without_colours_an_image_is_made_of_marks():
    assert in_marks(grey_image([[0.0, 0.5, 1.0]])) == [" =@"]


def test_a_reader_who_wants_no_colour_gets_marks(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert in_colours(grey_image([[0.0, 0.5, 1.0]])) == [" =@"]
    assert "**" in "".join(in_colours(Curves({"train": [1.0, 1.0]}, height=4)))


def test_brightness_beyond_black_and_white_is_cut_off():
    assert grey_image([[-3.0, 7.0]]).colours[0] == [(0, 0, 0), (255, 255, 255)]


def test_a_sign_is_a_colour_and_a_mark():
    image = signed_image([[2.0, -2.0, 0.0, math.nan]])
    assert image.colours[0] == [rgb("epos"), rgb("eneg"), (255, 255, 255), rgb("bad")]
    assert in_marks(image) == ["#= ?"]


def test_an_image_needs_rows_of_one_length():
    for rows in ([], [[]], [[1.0], [1.0, 2.0]]):
        with pytest.raises(ValueError, match="equally long"):
            grey_image(rows)


def test_a_gallery_puts_named_images_side_by_side():
    image = grey_image([[1.0, 1.0, 1.0]] * 4)
    lines = in_marks(gallery({"a": image, "b": image, "c": image}), width=12)
    assert [line.split() for line in lines if line.strip()] == [
        ["a", "b"], ["@@@", "@@@"], ["@@@", "@@@"], ["c"], ["@@@"], ["@@@"],
    ]  # fmt: skip


def test_784_numbers_are_28_rows_of_28():
    assert square(range(9)) == [range(3), range(3, 6), range(6, 9)]
    with pytest.raises(ValueError, match="783 numbers"):
        square([0.0] * 783)
