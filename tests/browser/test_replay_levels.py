"""Down the levels of a replay, from the network to a message, with the numbers of a snapshot."""

import random
from functools import cache

import pytest
from step_pages import follow

from micronn.engine import Value
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.pictures.views.grouping import make_plan
from micronn.pictures.views.neuron_part import Parts
from micronn.support.text import fmt
from micronn.viewer import Recorder

pytestmark = pytest.mark.browser

FOCUS = "document.activeElement.getAttribute('aria-label')"
# The texts on each card of the values that are open, after its name.
CARDS = """[...document.querySelectorAll('#scene .card')].map(card =>
    [...card.querySelectorAll('text')].map(text => text.textContent))"""


def squared(out, target):
    return (out - target) ** 2


@cache
def small():
    """A net of 2, 3 and 1 neurons that learns one example for four steps."""
    return recorded(MLP(2, [3, 1], "tanh", rng=random.Random(4)), squared, ([0.5, -1.5], 1.0))


@cache
def wide():
    """A net that reads twenty numbers and tells three classes apart: a card for each layer."""
    model = MLP(20, [14, 3], "relu", rng=random.Random(5))
    return recorded(model, cross_entropy, ([0.1 * k - 0.7 for k in range(20)], 2))


def recorded(model, loss, example):
    """A recorder of four steps with this example alone."""
    recorder, optimizer = Recorder(model, loss=loss, example=example), SGD(model.parameters(), 0.2)
    for step in range(4):
        optimizer.zero_grad()
        now = loss(model([Value(x) for x in example[0]]), example[1])
        now.backward()
        recorder.snapshot(step, now)
        optimizer.step()
    return recorder


@pytest.fixture
def opened(visit, tmp_path):
    """A function that opens the page of a run."""

    def open_(recorder, **options):
        page = visit(recorder.save(tmp_path / "run.html"), **options)
        page.wait_for_selector(".levels")
        return page

    return open_


def said(row):
    """The two numbers of a row as the page says them."""
    return f"data {fmt(row.data)}, grad {fmt(row.grad, sign=True)}"


def go_down(page, by, selector):
    """Open what an element shows, by mouse or, where it has the focus already, by key."""
    if by == "mouse":
        page.click(selector)
    else:
        page.keyboard.press("Enter")


@pytest.mark.parametrize("by", ["mouse", "keys"])
@pytest.mark.parametrize("run", [small, wide], ids=["by neuron", "by layer"])
def test_from_the_network_to_a_message_and_back_each_number_is_found_again(opened, run, by):
    page = opened(run())
    for step, moment in enumerate(run().moments()):
        follow(page, f"#step-{step}")
        parts = Parts(make_plan(moment.graph))
        row = parts.rows[parts.calls[0][1].out]
        is_folded = run is wide
        # the network: the second neuron of the first layer
        if by == "mouse":
            page.click("#network .neuron:visible:has(#wu1_1)")
        else:
            page.focus("#network .neuron:visible:has(#wu1_1)")
            page.keyboard.press("Enter")
        # its card, or its layer's with a list of neurons
        card = "#example-L0" if is_folded else "#example-L0n1"
        assert f"#{page.evaluate('document.activeElement.id')}" == card
        go_down(page, by, f"{card} > text:first-of-type")
        if is_folded:
            neuron = page.locator("#told li button").nth(1)
            assert said(row) in neuron.inner_text()
            neuron.focus()
            go_down(page, by, "#told li:nth-of-type(2) button")
        # the neuron: its values, its output first
        assert page.evaluate(FOCUS) == f"h1.1: {said(row)}"
        assert said(row) in page.inner_text("#told h2")
        # the value: all its messages
        first = parts.rows[row.k].uses[-1]
        message = page.locator("#told li button").first
        assert message.inner_text() == fmt(first.message, sign=True)
        assert page.locator("#told li").count() == len(parts.rows[row.k].uses)
        # the message: its two factors
        message.focus()
        go_down(page, by, "#told li button")
        sender = parts.rows[first.user]
        factors = [fmt(sender.local_grads[first.j]), fmt(sender.grad, sign=True)]
        assert page.locator("#told .boxes b").all_inner_texts() == [
            fmt(first.message, sign=True), *factors
        ]  # fmt: skip
        # and up
        page.keyboard.press("Escape")
        assert page.evaluate(FOCUS) == f"h1.1: {said(row)}"
        page.keyboard.press("Escape")
        if is_folded:
            page.keyboard.press("Escape")
        assert f"#{page.evaluate('document.activeElement.id')}" == card
        assert not page.is_visible("#levels")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.querySelector('#wu1_1') !== null")
        assert page.evaluate("location.hash") == f"#step-{step}"
    assert step == 3


@pytest.mark.parametrize("run", [small, wide], ids=["by neuron", "by layer"])
def test_what_is_open_shows_the_numbers_of_each_snapshot_that_is_turned_to(opened, run):
    page = opened(run())
    page.click("#network .neuron:visible:has(#wu1_1)")
    page.keyboard.press("Enter")
    if run is wide:
        page.click("#told li:nth-of-type(2) button")
    shades = set()
    for step, moment in enumerate(run().moments()):
        follow(page, f"#step-{step}")
        part = Parts(make_plan(moment.graph)).neuron(0, 1)
        cards = page.evaluate(CARDS)
        shades |= {*page.evaluate("""[...document.querySelectorAll('#scene .card > g > rect')]
            .map(rect => rect.getAttribute('fill'))""")}  # fmt: skip
        assert len(cards) == len(part.chosen)
        for row in part.rows():
            found = [texts for texts in cards if row.title in texts]
            if not found and run is wide:
                continue  # of many weights, those of the first snapshot stay
            (texts,) = found
            if not row.title.endswith("more products"):
                assert fmt(row.data) in texts, row.title
            assert fmt(row.grad, sign=True) in texts, row.title
            for slope in row.local_grads:
                assert f"∂ {fmt(slope)}" in texts, row.title
    assert len(shades) > 3


def test_a_number_in_a_line_of_a_card_opens_that_number(opened):
    page = opened(small())
    follow(page, "#step-2")
    moment = list(small().moments())[2]
    parts = Parts(make_plan(moment.graph))
    bias = moment.graph.nodes[parts.plan.folds.layers[0].neurons[2].bias]
    page.locator("#example-L0n2 text", has_text=fmt(bias.data)).click()
    assert page.evaluate(FOCUS) == f"b: {said(bias)}"


def test_arrow_keys_lead_from_value_to_value_and_turn_no_snapshot(opened):
    page = opened(small())
    follow(page, "#step-1")
    page.click("#example-L1n0")
    before = page.evaluate(FOCUS)
    page.keyboard.press("ArrowLeft")
    after = page.evaluate(FOCUS)
    assert (before[:2], after[:2]) == ("y:", "w·"), (before, after)
    assert page.evaluate("location.hash") == "#step-1"
    page.click("#up")
    assert page.evaluate("document.activeElement.id") == "example-L1n0"
    page.keyboard.press("PageUp")
    assert page.evaluate("location.hash") == "#step-0"


def test_a_snapshot_without_a_loss_has_no_numbers_below_it(opened):
    recorder = recorded(MLP(2, [3, 1], "tanh", rng=random.Random(4)), squared, ([0.5, -1.5], 1.0))
    for p in recorder.model.parameters():
        p.data = 1e200
    recorder.snapshot(9, float("inf"))
    page = opened(recorder)
    follow(page, "#step-1")
    page.click("#example-L1n0")
    assert "·" not in page.inner_text("#told h2")
    follow(page, "#step-4")
    assert page.inner_text("#told h2") == "y: data ·, grad ·"
