"""Numbers are honest, colours mean one thing each, names are harmless."""

import math
import random

import pytest

from micronn.pictures.palette import DARK, LIGHT, SHADES, scale, shade, style, wire
from micronn.pictures.svg import escape, svg_text, text_width, units
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


def test_shades_step_by_a_factor_of_ten():
    m = 3.0
    below = math.nextafter(1.0, 0.0), math.nextafter(0.1, 0.0)
    assert [shade(x, m) for x in (1.0, below[0], 0.1, below[1])] == ["pos3", "pos2", "pos2", "pos1"]
    assert [shade(-x, m) for x in (1.0, 0.1, 1e-9)] == ["neg3", "neg2", "neg1"]
    assert shade(-0.0, m) == "zero"
    assert shade(0.0, 0.0) == "zero"
    assert {shade(x, m) for x in (math.nan, math.inf, -math.inf)} == {"bad"}
    assert set(SHADES) == {shade(s * x, m) for s in (-1, 1) for x in (0.0, 1e-9, 0.5, 2.0)}


def test_the_scale_is_the_largest_finite_size():
    assert scale([1.0, -4.0, math.inf, math.nan]) == 4.0
    assert scale([math.nan]) == 0.0


def test_the_dash_of_a_wire_repeats_the_sign_and_its_width_the_size():
    assert [wire(x, 1.0) for x in (0.5, -0.5, 0.05, -0.001, 0.0)] == [
        ("epos", 2.6, ""), ("eneg", 2.6, "6 3"), ("epos", 1.7, ""),
        ("eneg", 1.0, "6 3"), ("ezero", 1.2, "1.5 3"),
    ]  # fmt: skip
    assert wire(math.nan, 1.0) == ("bad", 3.0, "")


def test_every_light_colour_belongs_to_one_token_so_that_a_rule_can_turn_it_dark():
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)
    sheet = style()
    for token, colour in LIGHT.items():
        assert f'[fill="{colour}"]{{fill:var(--{token})}}' in sheet
        assert f'[stroke="{colour}"]{{stroke:var(--{token})}}' in sheet


def luminance(colour):
    """WCAG 2.2's relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lin = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]


def contrast(a, b):
    """WCAG 2.2's contrast ratio."""
    light, dark = sorted([luminance(a), luminance(b)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_lines_stand_out_from_what_is_behind_them(palette):
    # WCAG 2.2 asks 4.5 : 1 of text and 3 : 1 of lines that carry meaning.
    for token in SHADES:
        assert contrast(palette["ink"], palette[token]) >= 4.5, token
    for ground in ("card", "lane", "bg"):
        for text in ("ink", "mut", "input", "param", "const", "op", "root", "bad"):
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
        for line in ("epos", "eneg", "ezero", "rule"):
            assert contrast(palette[line], palette[ground]) >= 3.0, (line, ground)
    assert contrast(palette["badink"], palette["bad"]) >= 4.5


def test_a_name_becomes_harmless_and_short():
    assert clean("loss") == "loss"
    assert clean("\x00\ud800\u202e\uffff\n") == "\ufffd" * 5
    assert clean(" \t ") == clean("") == clean("\u3000") == ""
    assert clean("w" * 14 + "x" * 100 + "y" * 13) == "w" * 14 + "…" + "y" * 13


def test_wide_characters_take_the_room_they_need():
    assert columns("abc") == 3
    assert columns("漢字") == 4
    assert columns("🙂") == 2.5
    assert columns("e\u0301") == 1
    assert text_width("abc", 10) == 18.0


def test_markup_in_a_text_stays_text():
    assert escape("<a href='x'>\"&") == "&lt;a href=&#39;x&#39;&gt;&quot;&amp;"
    assert "<b>" not in svg_text(0, 0, "<b>", id="n0")


def test_a_coordinate_has_at_most_one_decimal():
    assert [units(x) for x in (1.0, 1.04, 1.06, -0.04, -2.5)] == ["1", "1", "1.1", "0", "-2.5"]


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
