"""Colours mean one thing each, and stand out from what is behind them."""

import math

import pytest

from micronn.pictures.paint.palette import DARK, LIGHT, SHADES, scale, shade, style, wire


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
