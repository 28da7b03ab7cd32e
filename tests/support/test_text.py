"""Numbers are honest and read from plain digits alone, names are harmless."""

import math
import random

import pytest

from micronn.support.text import clean, columns, decimal, fmt, layer_name

# number -> text, worked out by hand: up to four digits exact, else four digits with zeros
TABLE = [
    (2.0, "2"), (6.8813735870195432, "6.881"), (0.1 + 0.2, "0.3000"), (0.99999, "1.000"),
    (1234.5, "1234"), (12345.0, "1.234e4"), (10000.0, "1e4"), (0.001, "0.001"),
    (0.0009999, "9.999e−4"), (-5e-05, "−5e−5"), (1.7976931348623157e308, "1.798e308"),
    (5e-324, "5e−324"), (-0.0, "0"), (math.nan, "NaN"), (-math.inf, "−∞"), (math.inf, "+∞"),
    (0.5, "0.5"), (-1.5, "−1.5"), (math.tanh(9.0), "1.000"), (0.49999999999999983, "0.5000"),
    (9999.5, "1.000e4"), (0.00099999, "0.001000"), (1000.0, "1000"), (1e22, "1e22"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "text"), TABLE)
def test_a_short_number_is_exact_and_a_padded_one_is_rounded(number, text):
    assert fmt(number) == text


def test_gradients_carry_their_sign():
    assert [fmt(x, sign=True) for x in (0.5, -0.5, 0.0, math.inf)] == ["+0.5", "−0.5", "0", "+∞"]


def test_ten_thousand_random_doubles_are_shown_within_half_a_thousandth():
    rng = random.Random(7)
    for _ in range(10_000):
        x = rng.choice([-1, 1]) * rng.random() * 10.0 ** rng.randint(-320, 308)
        text = fmt(x, sign=True)
        assert len(text) <= 11
        assert (text == "0") == (x == 0.0)
        value = float(text.replace("−", "-"))
        assert abs(value - x) <= 5e-4 * abs(x) + 5e-324


def test_a_name_becomes_harmless_and_short():
    assert clean("loss") == "loss"
    assert clean("\x00\ud800\u202e\uffff\n") == "\ufffd" * 5
    assert clean(" \t ") == clean("") == clean("\u3000") == ""
    assert clean("w" * 14 + "x" * 100 + "y" * 13) == "w" * 14 + "…" + "y" * 13


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # man, woman, girl: drawn as one


@pytest.mark.parametrize("name", [FAMILY, "می\u200cخواهم", "\u0915\u094d\u200d\u0937"])
def test_what_joins_letters_of_a_script_or_pictographs_stays(name):
    assert clean(name) == name


@pytest.mark.parametrize("name", ["a\u200db", "\u200dx", "1\u200c", "\u200d", "م\u200d a"])
def test_what_joins_nothing_is_shown_as_a_mark(name):
    assert "\ufffd" in clean(name)
    assert not {"\u200c", "\u200d"} & set(clean(name))


def test_marks_that_turn_the_direction_are_never_kept():
    assert clean("م\u202eم\u2066م\u200fم") == "م\ufffdم\ufffdم\ufffdم"


def test_a_family_takes_the_room_of_one_pictograph_and_a_joiner_none():
    assert columns(FAMILY) == columns("\U0001f468") == columns("\U0001f468\U0001f3fd") == 2.5
    assert columns("می\u200cخواهم") == 7


def test_wide_characters_take_the_room_they_need():
    assert columns("abc") == 3
    assert columns("漢字") == 4
    assert columns("🙂") == 2.5
    assert columns("e\u0301") == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2.0), ("-0.5", -0.5), (" +.5\n", 0.5), ("3.", 3.0), ("1e-3", 0.001), ("1E3", 1000.0),
        ("1e999", math.inf), ("-1e999", -math.inf),
        ("", None), ("one", None), ("nan", None), ("inf", None), ("1_000", None), ("0x10", None),
        ("1,5", None), ("--1", None), ("1 2", None), ("٣", None), (".", None), ("1e", None),
    ],
)  # fmt: skip
def test_a_number_is_read_from_plain_digits_alone(text, number):
    assert decimal(text) == number


def test_a_long_row_of_digits_is_read_once_and_not_once_for_each_digit():
    # With two places for a digit in the pattern, this takes n**2 / 2 steps: many minutes.
    assert decimal("1" * 200_000 + "x") is None
    assert decimal("1" * 200_000) == math.inf


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("layers.0.neurons.3.w.2", "layers.0"),
        ("neurons.3.b", "neurons"),
        ("w.0", "w"),
        ("shift", "shift"),
        ("encoder.layers.1.neurons.0.b", "encoder.layers.1"),
    ],
)
def test_a_parameters_name_tells_its_layer(name, layer):
    assert layer_name(name) == layer
