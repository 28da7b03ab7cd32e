"""How many steps of a step page have what they are about in sight at once, in which window.

Run:    python tests/visibility.py
Takes:  about a minute, and a Chromium

A step is about an equation, a sentence, the card where the rule is applied (active) and the
card whose number changes (receiving: in the forward pass the active card itself), and the
wires between them.  Each counts as in sight if nothing of it is outside of the window or
cut off by a frame.  The last column is the height of the letters on cards, in pixels, at
the step that draws them smallest.
"""

import random
import shutil
import tempfile
from pathlib import Path

from step_pages import at_every_step

from micronn.engine import Value, total
from micronn.losses import hinge
from micronn.nn import MLP
from micronn.viewer import to_html

WINDOWS = [(1280, 720), (1366, 650), (1920, 1080), (390, 844)]
PARTS = ("equation", "sentence", "code", "active", "wires", "receiving", "all")

# What of the step on the page is in sight; a part that the step has not is left out.
IN_SIGHT = """() => {
    const at = id => document.getElementById(id);
    const seen = element => {
        let {left, top, right, bottom} = element.getBoundingClientRect();
        const within = frame => left >= frame.left - .5 && top >= frame.top - .5 &&
            right <= frame.right + .5 && bottom <= frame.bottom + .5;
        for (let e = element.parentElement; e; e = e.parentElement) {
            if (getComputedStyle(e).overflowY === "visible" || e === document.body) continue;
            if (!within(e.getBoundingClientRect())) return false;
        }
        return within({left: 0, top: 0, right: innerWidth, bottom: innerHeight});
    };
    const phase = at("now").dataset.phase, shown = at("equation").getClientRects().length > 0;
    const active = [...document.querySelectorAll(".card:has(.core)")];
    const dashed = [...document.querySelectorAll(".card:has(.dash)")];
    const parts = {
        sentence: [at("say").firstChild],
        equation: at("equation").childElementCount === 0 ? [] :
            [shown ? at("equation") : at("say").firstChild],
        code: at("code").textContent ? [at("code")] : [],
        wires: phase === "backward" ? [...document.querySelectorAll(".wire.on .line")] : [],
        active, receiving: phase === "backward" ? dashed : active,
    };
    const found = Object.entries(parts).filter(([, all]) => all.length)
        .map(([name, all]) => [name, all.every(seen)]);
    const scale = document.querySelector(".stage").style.getPropertyValue("--scale");
    return {phase, letters: 12 * scale, all: found.every(([, fine]) => fine),
        ...Object.fromEntries(found)};
}"""


def neuron():
    """The neuron of the README: 10 cards."""
    x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
    w1, w2 = Value(-3.0, "w1"), Value(1.0, "w2")
    b = Value(6.8813735870195432, "b")
    o = (x1 * w1 + x2 * w2 + b).tanh()
    o.label = "o"
    return o, None


def xor():
    """The net of the README that learns XOR, and its loss on one of the four examples."""
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(7))
    return hinge([model([Value(1.0, "x0"), Value(0.0, "x1")])], [1]), model


def mlp_241():
    """MLP 2-4-1 with a squared loss: 36 cards."""
    model = MLP(2, [4, 1], rng=random.Random(0))
    return (model([Value(0.5, "x0"), Value(-1.0, "x1")]) - 1.0) ** 2, model


def twelve():
    """Two neurons in a chain, times the first input: a wire as long as the picture; 12 cards."""
    x, w, b = Value(0.5, "x"), Value(-3.0, "w"), Value(1.0, "b")
    v, c = Value(2.0, "v"), Value(0.25, "c")
    y = ((x * w + b).tanh() * v + c).tanh() * x
    y.label = "y"
    return y, None


def long_chain():
    """A chain of 12 cards, longer than any window is wide."""
    x = Value(0.5, "x")
    for _ in range(11):
        x = x.tanh()
    return x, None


def sum_of_eleven():
    """One operation that sends eleven messages in one step; 12 cards."""
    return total([Value(0.25 * k - 1.0, f"x{k}") for k in range(11)]), None


GRAPHS = {
    "neuron": neuron,
    "XOR": xor,
    "MLP 2-4-1": mlp_241,
    "twelve": twelve,
    "chain": long_chain,
    "sum": sum_of_eleven,
}
SMALL = ["neuron", "twelve", "chain", "sum"]  # of up to 12 cards


def count(steps):
    """Of each part, in how many of the steps that have it, it is in sight."""
    return {
        part: (
            sum([step.get(part, False) for step in steps]),
            sum([part in step for step in steps]),
        )
        for part in PARTS
    }


def main():
    """Print the table."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    print(
        f"{'page (cards)':17}{'window':11}"
        + "".join([f"{part:>10}" for part in PARTS])
        + "   letters"
    )
    with sync_playwright() as session, tempfile.TemporaryDirectory() as folder:
        browser = session.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, make in GRAPHS.items():
            path = Path(folder, "page.html")
            path.write_text(to_html(*make()), "utf-8")
            for width, height in WINDOWS:
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(path.as_uri())
                cards = len(page.query_selector_all(".card"))
                steps = at_every_step(page, f"({IN_SIGHT})()")
                texts = [f"{seen:>3} of {total:<2}" for seen, total in count(steps).values()]
                texts.append(f"{min([step['letters'] for step in steps]):8.1f}")
                print(f"{name} ({cards})".ljust(16), f"{width}x{height}".ljust(10), *texts)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
