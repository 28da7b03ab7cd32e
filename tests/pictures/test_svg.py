"""Texts in a picture stay texts, and coordinates stay short."""

from micronn.pictures.paint.svg import escape, svg_text, text_width, units


def test_a_text_takes_the_room_of_its_columns():
    assert text_width("abc", 10) == 18.0


def test_markup_in_a_text_stays_text():
    assert escape("<a href='x'>\"&") == "&lt;a href=&#39;x&#39;&gt;&quot;&amp;"
    assert "<b>" not in svg_text(0, 0, "<b>", id="n0")


def test_a_coordinate_has_at_most_one_decimal():
    assert [units(x) for x in (1.0, 1.04, 1.06, -0.04, -2.5)] == ["1", "1", "1.1", "0", "-2.5"]
