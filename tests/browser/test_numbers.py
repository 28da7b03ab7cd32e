"""A number in a page looks as Python writes it: the script's own format, against Python's."""

import base64
import json
import math
import random
import struct
import sys
from array import array
from functools import cache
from pathlib import Path

import pytest

from micronn.pictures.paint.palette import scale, shade, wire
from micronn.support.text import fmt, number
from micronn.viewer.computing import __file__ as here

pytestmark = pytest.mark.browser

# What the script gives for many numbers, one text a line.
ASKED = """([text, ask]) => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return [...new Float64Array(bytes.buffer)].map(new Function("x", "return " + ask));
}"""
LIMITS = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, sys.float_info.max, 2.0**53, 1e16, 1e22]


@cache
def doubles(count=100_000):
    """Doubles of any bits, short decimals, numbers halfway between two of four digits."""
    rng = random.Random(4)
    found = [*LIMITS, *[10.0**k for k in range(-12, 23)]]
    found += [x for k in range(-12, 23) for x in (10.0**k * (1 - 2**-53), 0.99995 * 10.0**k)]
    while len(found) < count:
        found.append(struct.unpack("d", rng.randbytes(8))[0])
        found.append(rng.gauss(0.0, 1.0) * 10.0 ** rng.randint(-8, 8))
        found.append(rng.randint(-99_999, 99_999) * 10.0 ** rng.randint(-9, 9))
        found.append((rng.randint(1000, 9999) + 0.5) * 2.0 ** rng.randint(-3, 14))
        found.append((rng.randint(10_000, 99_999) * 10 + 5) / 10.0 ** rng.randint(-9, 9))
    return found[:count]


@pytest.fixture
def ask(page):
    """A function that asks the script for a text of each of many numbers x."""
    page.add_script_tag(content=Path(here).with_name("numbers.js").read_text("utf-8"))

    def ask_(numbers, text):
        bytes = base64.b64encode(array("d", numbers).tobytes()).decode()
        return page.evaluate(ASKED, [bytes, text])

    return ask_


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("fmt(x)", fmt),
        ("fmt(x, true)", lambda x: fmt(x, sign=True)),
        ("number(x)", number),
        ("repr(x)", repr),
    ],
)
def test_a_number_is_written_as_python_writes_it(ask, text, python):
    numbers = doubles()
    assert ask(numbers, text) == list(map(python, numbers))


def test_a_number_has_the_colour_and_its_wire_the_width_that_python_gives_it(ask):
    numbers = list(doubles(20_000))
    for m in (0.0, 1.0, 3e-5, 7e11):
        numbers[:4] = [m, -m / 3.0, m / 30.0, -m / 30.0]
        told = ask(numbers, f"JSON.stringify([shade(x, {m}), wire(x, {m})])")
        want = [[shade(x, m), list(wire(x, m))] for x in numbers]
        assert list(map(json.loads, told)) == want
    sizes = ask([2.0, 0.0], "scale([-x, Infinity, NaN])")
    assert sizes == [scale([-x, math.inf, math.nan]) for x in (2.0, 0.0)]
