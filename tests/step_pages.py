"""Graphs for the step page, and what can be asked of the page in a browser."""

import math
import random
import re

from boxes import overlaps

from micronn.engine import Value
from micronn.nn import MLP

# What a learner may type as an answer, and the number it is, or None; for Python and for the page.
TYPED = {
    "1": 1.0, "-0.5": -0.5, "−0,5": -0.5, " +2. ": 2.0, ".5": 0.5, "1E-3": 1e-3,
    "inf": math.inf, "−∞": -math.inf, "Infinity": math.inf,
    "": None, "one": None, "1+1": None, "1/3": 1 / 3, " −3 / 4": -0.75, "1e1/-,5": -20.0,
    "1/0": None, "1/": None, "/2": None, "1/2/3": None, "inf/2": None, "1//2": None,
    "0x10": None, "1_0": None,
    "١": None, "1e": None, "--1": None, "__import__('os')": None,
}  # fmt: skip

# Where every card's frame and texts are on the screen.
FRAMES = """() => {
    const box = e => (r => [r.left, r.top, r.right, r.bottom])(e.getBoundingClientRect());
    const texts = card => [...card.querySelectorAll('text')].filter(e => e.textContent);
    const svg = document.querySelector('.stage > svg');
    return {scale: svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
        cards: [...document.querySelectorAll('.card')].map(card => ({
            frame: box(card.querySelector('rect')),
            texts: texts(card).map(e => [e.textContent, ...box(e)])}))};
}"""
# Sets an address, and ends when the page has followed it.
FOLLOWED = """hash => new Promise(done => {
    addEventListener("hashchange", done, {once: true});
    if (location.hash === hash) done(); else location.hash = hash;
})"""
# Presses a key and looks in the same moment: a page that plays goes on while a test asks again.
PRESSED = """([key, look]) => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    return look.map(([id, name]) => document.getElementById(id).getAttribute(name));
}"""

# The same look at every step, in one go.
AT_EVERY_STEP = """() => {
    const press = key => document.body.dispatchEvent(new KeyboardEvent('keydown', key));
    for (const seen = [];;) {
        seen.push(LOOK);
        if (document.getElementById('next').ariaDisabled === 'true') return seen;
        press({key: 'ArrowRight', bubbles: true});
    }
}"""


def bulb(*labels):
    """f = d*e, d = a*b, e = a+b at a = -2, b = 3; labels for a, b, d, e, f."""
    a, b = Value(-2.0), Value(3.0)
    d, e = a * b, a + b
    f = d * e
    for value, label in zip((a, b, d, e, f), labels or "abdef", strict=True):
        value.label = label
    f.backward()
    return f


def neuron():
    """A 2-2-1 net with its loss: parameters, constants and a value used twice."""
    model = MLP(2, [2, 1], activation="tanh", rng=random.Random(5))
    loss = (model([Value(0.5, "x0"), Value(-1.0, "x1")]) - 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss, model


def not_finite():
    """(a*a) * z + 1 with a*a beyond the floats."""
    a, z = Value(1e200, "a"), Value(0.0, "z")
    return (a * a) * z + 1.0


def long_sum():
    """A grad that is short at the end, 2, and long before: -123456789 + 123456789 + 2."""
    a = Value(1.0, "a")
    return a * -123456789.0 + a * 123456789.0 + a * 2.0


def step_of(page):
    """The step that address, slider and counter agree on."""
    count = re.fullmatch(r"step (\d+) of \d+", page.inner_text("#count"))[1]
    assert page.url.endswith(f"#step-{count}")
    assert page.input_value("#slider") == count
    assert page.get_attribute("#slider", "aria-valuetext") == page.inner_text("#title")
    return int(count)


def last_step(page):
    """How many steps the page has."""
    return int(page.get_attribute("#slider", "max"))


def assert_cards_hold_their_texts(seen):
    """Every text lies in its card's frame, no two texts and no two frames overlap."""
    scale = seen["scale"]
    assert overlaps([card["frame"] for card in seen["cards"]]) == []
    for card in seen["cards"]:
        left, top, right, bottom = card["frame"]
        for text, x0, y0, x1, y1 in card["texts"]:
            assert x0 >= left - scale, text
            assert y0 >= top - scale, text
            assert x1 <= right + scale, text
            assert y1 <= bottom + 2 * scale, text
        assert overlaps([text[1:] for text in card["texts"]], scale) == []


def follow(page, hash):
    """Set the address of a page, and wait until the page has followed it."""
    page.evaluate(FOLLOWED, hash)


def pressed(page, key, *look):
    """Press a key, and give the attributes, as (id, name), that elements have at once."""
    return page.evaluate(PRESSED, [key, look])


def at_every_step(page, look):
    """What an expression of JavaScript gives at each step, from this one to the last."""
    return page.evaluate(AT_EVERY_STEP.replace("LOOK", f"({look})"))
