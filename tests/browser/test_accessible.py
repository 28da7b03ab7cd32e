"""axe-core finds nothing to mend on any page, in any state, light or dark.

axe knows the rules of WCAG that a machine can check: names of controls, contrast, order of
headings, what is hidden from whom.
"""

import random
from functools import partial

import pytest
from example_graphs import net, neuron, overflow, shared, valley

from micronn.data import moons
from micronn.draw import draw
from micronn.engine import Value
from micronn.graph import record_lines
from micronn.losses import cross_entropy, mse
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.pictures import draw_network
from micronn.viewer import Recorder, save_worksheet

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def axe():
    """What examines a page."""
    package = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs: pip install axe-playwright-python"
    )
    return package.Axe()


def picture(graph, *arguments):
    """What writes the page of a graph, or a file of another kind."""

    def write(path):
        root, params = graph()
        return draw(root, params, *arguments).save(path)

    return write


def logarithm():
    y = Value(2.0, "x").log() * 3.0
    y.backward()
    return y, None


def with_lines(path):
    with record_lines():
        root, params = shared()
    return draw(root, params).save(path)


def network(path):
    model = MLP(2, [3, 1], rng=random.Random(7))
    return draw_network(model, x=[1.0, -2.0], show="both").save(path)


def image_network(path):
    model = MLP(64, [4, 3], rng=random.Random(7))
    return draw_network(model, x=[k % 7 / 7 for k in range(64)], classes=["0", "1", "2"]).save(path)


def worksheet(path):
    return save_worksheet(shared()[0], path)[0]


def answers(path):
    return save_worksheet(shared()[0], path)[1]


def recorded(trainable):
    """What writes the page of a training, with or without what it needs to go on."""

    def write(path):
        data = moons(20, noise=0.1, rng=random.Random(7))
        model = MLP(2, [4, 1], "tanh", rng=random.Random(2))
        optimizer = SGD(model.parameters(), 0.5)
        more = {"optimizer": optimizer} if trainable else {}
        example = (data[0][0], data[1][0])
        recorder = Recorder(model, loss=mse, data=data, example=example, **more)
        for step in range(3):
            loss = mse([model(x) for x in data[0]], data[1])
            optimizer.zero_grad()
            loss.backward()
            recorder.snapshot(step, loss)
            optimizer.step()
        return recorder.save(path)

    return write


def image_replay(path):
    """The run of a net that reads 8 x 8 pixels and tells three classes apart."""
    model, image = MLP(64, [3, 3], rng=random.Random(7)), [k % 3 / 2 for k in range(64)]
    recorder = Recorder(model, loss=cross_entropy, example=(image, 2), classes=["a", "b", "c"])
    for step in range(2):
        recorder.snapshot(step, 1.0)
    return recorder.save(path)


WAIT = ("wait", "#change:not([hidden])")
FIELD = ("wait", "input.given >> nth=0")
STEPPING, ANSWER = picture(shared), ("fill", "#typed", "7")
ASKED = ("select", "#mode", "gradients")
LEVELS, NEURON = picture(net, "network"), ("click", '.hot[aria-label*="neuron 1 of layer 1"]')
WIDE = picture(partial(net, nouts=(6, 6, 1)), "network")
LINES = ("click", "#source button >> nth=0")
HERE, MESSAGE = ("press", "Enter"), ("click", "#told li button >> nth=0")
# The page, and what is done to it: a key pressed, a control clicked, filled or selected.
STATES = {
    "step page": (STEPPING,),
    "step page, a forward step": (STEPPING, ("press", "f")),
    "step page, a backward step": (STEPPING, ("press", "b"), ("press", "ArrowRight")),
    "step page, the last step": (STEPPING, ("press", "End")),
    "step page, everything unfolded": (STEPPING, ("unfold",)),
    "step page, all larger": (STEPPING, ("press", "z"), ("press", "b"), ("press", "ArrowRight")),
    "step page, a line of the program": (with_lines, LINES),
    "step page, asked": (STEPPING, ASKED),
    "step page, answered wrong": (STEPPING, ASKED, ANSWER, ("press", "Enter")),
    "step page, told": (STEPPING, ASKED, ("click", "#reveal")),
    "step page, asked for data": (STEPPING, ("select", "#mode", "data"), ("click", "#hint")),
    "step page, nan and infinity": (picture(overflow), ("press", "End")),
    "step page, a number changed": (STEPPING, FIELD, ("fill", "input.given >> nth=0", "2.5")),
    "step page, what is no number": (STEPPING, FIELD, ("fill", "input.given >> nth=0", "two")),
    "step page, no logarithm": (picture(logarithm), FIELD, ("fill", "input.given", "-1")),
    "step page, a step downhill": (picture(neuron), FIELD, ("click", "#downhill")),
    "neurons": (picture(net, "neurons"),),
    "layers": (picture(net, "layers"),),
    "from the network": (LEVELS,),
    "one level down": (LEVELS, NEURON),
    "two levels down": (LEVELS, NEURON, HERE),
    "a value among its steps": (LEVELS, NEURON, HERE, HERE, HERE),
    "a value of a net without steps": (WIDE, NEURON, HERE, HERE),
    "a message on its wire": (WIDE, NEURON, HERE, HERE, MESSAGE),
    "from the network, gradients": (LEVELS, ("click", "label[for=grads]")),
    "window": (picture(valley), ("unfold",)),
    "network": (network,),
    "network that reads an image": (image_network, ("click", "label[for=grads]")),
    "questions on paper": (worksheet,),
    "answers on paper": (answers,),
    "replay": (recorded(False), ("press", "ArrowRight"), ("unfold",)),
    "replay of a net that reads an image": (image_replay, ("press", "ArrowRight")),
    "training": (recorded(True),),
    "training that went on": (recorded(True), ("press", "End"), ("press", "ArrowRight")),
    "training, a neuron frozen": (recorded(True), WAIT, ("press", "End"), ("click", "#freeze")),
    "training, a weight typed": (recorded(True), WAIT, ("fill", "#numbers input >> nth=0", "2")),
    "training, gradients": (recorded(True), ("click", "label[for=grads]"), ("unfold",)),
}


def act(page, kind, target="", text=""):
    """Do to a page what a reader does."""
    if kind == "press":
        page.keyboard.press(target)
    elif kind == "wait":
        page.wait_for_selector(target)
    elif kind == "unfold":
        page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
    else:
        {"click": page.click, "fill": page.fill, "select": page.select_option}[kind](
            target, *filter(None, [text])
        )


HALF = [pytest.param(x, marks=pytest.mark.wide if k % 2 else []) for k, x in enumerate(STATES)]


@pytest.mark.parametrize("state", HALF)
def test_axe_finds_nothing_to_mend(visit, axe, tmp_path, state):
    """All rules in the light; in the dark only the contrast of colours can differ."""
    write, *done = STATES[state]
    page = visit(write(tmp_path / "page.html"))
    for action in done:
        act(page, *action)
    told = []
    for scheme, options in (("light", None), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        found = axe.run(page, options=options).response
        for rule in found["violations"]:
            nodes = [node["html"][:200] for node in rule["nodes"]][:3]
            told.append((scheme, rule["id"], rule["help"], nodes))
    assert told == []
