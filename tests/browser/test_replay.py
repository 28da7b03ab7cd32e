"""The replay page as a browser shows it: by keyboard, on paper, without a network."""

import random
import re
from functools import partial

import pytest
from boxes import overlaps
from step_pages import follow, pressed

from micronn.data import moons
from micronn.engine import Value
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.pictures.views.grouping import make_plan
from micronn.support.text import fmt
from micronn.viewer.runs.replay import Recorder

pytestmark = pytest.mark.browser

HOSTILE = "</script></title><script>alert(1)</script><img src=x onerror=alert(1)>"
STATE = """() => [...document.querySelectorAll(".stage > svg:not([hidden])")]
    .map(svg => svg.outerHTML).join("") + document.getElementById("now").innerHTML"""

# The network without what makes its neurons buttons, where there is a script.
AS_AN_IMAGE = """for (const part of document.querySelectorAll("#network svg, #network .neuron")) {
    for (const name of ["tabindex", "role", "aria-label", "style"]) part.removeAttribute(name);
    if (part.matches("svg")) for (const [name, value] of [["role", "img"],
        ["aria-labelledby", "network-mn-t network-mn-d"]]) part.setAttribute(name, value);
}"""


@pytest.fixture(scope="module")
def run():
    """Seven snapshots of a net on two moons; every name comes from somebody who means harm."""
    inputs, targets = moons(30, noise=0.1, rng=random.Random(7))
    model = MLP(2, [10, 1], activation="tanh", rng=random.Random(2))
    optimizer = SGD(model.parameters(), lr=0.5)
    x = [Value(number, HOSTILE) for number in inputs[0]]
    recorder = Recorder(
        model, loss=lambda out, t: (out - t) ** 2, example=(x, targets[0]),
        data=(inputs, targets), title=HOSTILE,
    )  # fmt: skip
    for step in range(7):
        loss = sum((model(x) - t) ** 2 for x, t in zip(inputs, targets, strict=True)) / 30
        optimizer.zero_grad()
        loss.backward()
        recorder.snapshot(10 * step, loss, 1.1 * loss, **{HOSTILE: 0.5})
        optimizer.step()
    return recorder


@pytest.fixture(scope="module")
def file(run, tmp_path_factory):
    """The page of the run."""
    return run.save(tmp_path_factory.mktemp("replay") / "run.html")


@pytest.fixture
def opened(visit, file):
    """A function that opens the page of the run."""
    return partial(visit, file, height=700)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def wait_for(page, value):
    """Wait until the slider is there; the page itself lets nobody evaluate text to wait for."""
    for _ in range(600):
        if page.input_value("#slider") == value:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the slider is still at {page.input_value('#slider')}")


def test_every_address_equals_so_many_presses_of_the_arrow_key(opened):
    walker = opened()
    for k in range(7):
        assert walker.evaluate("location.hash") == f"#step-{k}"
        if k in (0, 3, 6):
            assert walker.evaluate(STATE) == opened(f"#step-{k}").evaluate(STATE)
        press(walker, "ArrowRight")


def test_going_back_and_forth_restores_every_picture(opened):
    page = opened("#step-3")
    before = page.evaluate(STATE)
    press(page, "End", "Home", "ArrowRight", "ArrowRight", "ArrowRight")
    assert page.evaluate(STATE) == before
    press(page, "ArrowLeft")
    assert page.evaluate(STATE) != before


def test_the_last_page_shows_what_the_file_holds_without_a_script(opened):
    plain = opened(java_script_enabled=False).inner_html("#network")
    page = opened()
    press(page, "End")
    page.evaluate(AS_AN_IMAGE)
    # setting attributes one by one may change their order, writes <title></title> out, and may
    # leave an empty style="" where a style was taken away
    names = r'[\w-]+="[^"]+"|>[^<]+<'
    assert sorted(re.findall(names, page.inner_html("#network"))) == sorted(
        re.findall(names, plain)
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1366, 650), (1920, 1080)])
def test_border_loss_and_network_are_beside_each_other_on_a_wide_screen(opened, width, height):
    page = opened(width=width, height=height)
    plane, curves, network = [
        page.locator(f"#{name} svg").bounding_box() for name in ("plane", "curves", "network")
    ]
    assert plane["y"] + plane["height"] <= curves["y"]
    assert curves["y"] + curves["height"] / 2 <= height
    assert plane["x"] + plane["width"] <= network["x"] < width
    assert network["y"] < plane["y"] + 150
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_pictures_move_with_a_step(opened):
    page = opened()
    before = {
        name: page.inner_html(f"#{name}")
        for name in ("plane", "curves", "sizes", "network", "example")
    }
    press(page, "End")
    for name, html in before.items():
        assert page.inner_html(f"#{name}") != html, name


def test_keys_buttons_slider_and_address_agree(opened):
    page = opened()

    def at():
        return [
            page.input_value("#slider"),
            page.inner_text("#step").split(",")[0],
            page.evaluate("location.hash"),
            page.evaluate("document.querySelector('tr.on').cells[0].textContent"),
            page.get_attribute("#slider", "aria-valuetext").split(",")[0],
        ]

    def place(k):
        return [str(k), f"Step {10 * k}", f"#step-{k}", str(10 * k), f"Step {10 * k}"]

    assert at() == place(0)
    page.click("#next")
    assert at() == place(1)
    page.click("#last")
    assert at() == place(6)
    assert page.get_attribute("#next", "aria-disabled") == "true"
    page.click("#back")
    assert at() == place(5)
    page.click("#first")
    assert at() == place(0)
    page.focus("#slider")
    press(page, "ArrowRight", "ArrowRight")
    assert at() == place(2)
    page.fill("#slider", "4")
    assert at() == place(4)
    press(page, "PageUp")
    assert at() == place(0)
    follow(page, "#step-3")
    assert at() == place(3)


@pytest.mark.parametrize(
    ("hash", "shown"),
    [("#step-99", "6"), ("#step--1", "0"), ("#step-", "0"), ("#else", "0"), ("#step-1e9", "1")],
)
def test_any_address_opens(opened, hash, shown):
    assert opened(hash).input_value("#slider") == shown


def test_play_goes_to_the_end_and_stops(opened):
    page = opened()
    page.select_option("#speed", "70")
    page.evaluate("document.activeElement.blur()")
    looks = ("play", "aria-pressed"), ("now", "aria-live")
    assert pressed(page, " ", *looks) == ["true", "off"]  # nobody can listen that fast
    wait_for(page, "6")
    assert page.get_attribute("#play", "aria-pressed") == "false"
    assert page.get_attribute("#now", "aria-live") == "polite"


def test_space_on_a_button_presses_only_that_button(opened):
    page = opened()
    page.focus("#next")
    press(page, " ")
    assert page.input_value("#slider") == "1"
    assert page.get_attribute("#play", "aria-pressed") == "false"


def test_the_network_switches_between_weights_and_gradients(opened):
    page = opened("#step-2")
    shown = (
        "['.w', '.g'].map(c => document.querySelector('#network ' + c).getClientRects().length > 0)"
    )
    assert page.evaluate(shown) == [True, False]
    page.focus("#weights")
    press(page, "ArrowRight")
    assert page.evaluate(shown) == [False, True]
    assert page.input_value("#slider") == "2"  # the arrow belonged to the switch


def test_everything_is_reached_by_tab_in_reading_order(opened):
    page = opened("#step-2")
    order = []
    for _ in range(16):
        press(page, "Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.localName"))
    expected = ["first", "back", "play", "next", "last", "slider", "speed", "theme"]
    assert order[:9] == [*expected, "projector"]
    assert order[9:13] == ["weights", "network", "g", "example"]  # g: the neurons
    assert order[13].startswith("example-")  # the cards
    assert order[14] == "summary"


def test_controls_are_large_enough(opened):
    page = opened()
    for selector in (
        "[role=toolbar] button",
        "select",
        "input[type=range]",
        ".switch label",
        "summary",
    ):
        for control in page.query_selector_all(selector):
            assert control.bounding_box()["height"] >= 40, selector


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_is_visible(opened, scheme):
    page = opened(color_scheme=scheme)
    press(page, "Tab", "Tab", "Tab")
    style = page.evaluate(
        "(s => [s.outlineStyle, s.outlineWidth])(getComputedStyle(document.activeElement))"
    )
    assert style == ["solid", "3px"]


@pytest.mark.parametrize(
    ("scheme", "theme", "media", "background"),
    [
        ("light", "auto", "screen", "rgb(255, 255, 255)"),
        ("dark", "auto", "screen", "rgb(16, 21, 27)"),
        ("dark", "light", "screen", "rgb(255, 255, 255)"),
        ("light", "dark", "screen", "rgb(16, 21, 27)"),
        ("dark", "dark", "print", "rgb(255, 255, 255)"),
        ("light", "dark", "print", "rgb(255, 255, 255)"),
    ],
)
def test_page_and_pictures_take_the_same_theme(opened, scheme, theme, media, background):
    page = opened(color_scheme=scheme)
    page.select_option("#theme", theme)
    page.emulate_media(media=media)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
    fills = "[...document.querySelectorAll('.bg')].map(e => getComputedStyle(e).fill)"
    assert set(page.evaluate(fills)) == {background}


@pytest.mark.parametrize("width", [320, 1200])
def test_no_sideways_scroll(opened, width):
    page = opened("#step-3", width=width)
    page.click("summary")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [320, 1200])
def test_play_and_step_are_told_apart_by_their_words(opened, width):
    page = opened("#step-3", width=width)
    assert "Play" in page.inner_text("#play")
    assert "Step" in page.inner_text("#next")


@pytest.mark.parametrize("stage", ["#network", "#example"])
def test_wide_pictures_are_moved_by_keyboard_without_a_step(opened, stage):
    page = opened("#step-3", width=320)
    page.focus(stage)
    moved = "frame => frame.scrollLeft"
    press(page, "Shift+ArrowRight", "Shift+ArrowRight")
    twice = page.eval_on_selector(stage, moved)
    press(page, "Shift+ArrowLeft")
    assert 0 < page.eval_on_selector(stage, moved) < twice
    assert page.evaluate("location.hash") == "#step-3"


def test_nothing_moves_by_itself(opened):
    page = opened("#step-1", reduced_motion="reduce")
    press(page, "ArrowRight")
    assert page.evaluate("document.getAnimations().length") == 0


def test_without_a_script_the_end_of_the_run_and_all_numbers_are_there(opened):
    page = opened(java_script_enabled=False)
    assert page.inner_text("#step") == "Step 60, snapshot 7 of 7"
    assert len(page.query_selector_all("tbody tr")) == 7
    assert page.is_visible("table")
    for dead in ("[role=toolbar]", ".keys"):
        assert not page.is_visible(dead)
    assert page.is_visible("#network svg")


def test_on_paper_the_run_is_at_its_end_with_all_snapshots_and_no_controls(opened):
    page = opened("#step-2")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.inner_text("#step").startswith("Step 60")
    assert page.is_visible("table")
    assert not page.is_visible("[role=toolbar]")
    assert not page.is_visible(".switch label")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.inner_text("#step").startswith("Step 20")
    page.emulate_media(media="screen")
    assert not page.is_visible("table")
    assert page.pdf().startswith(b"%PDF")
    assert page.inner_text("#step").startswith("Step 20")


def test_hostile_names_are_shown_and_do_nothing(opened):
    page = opened("#step-4")
    assert len(page.query_selector_all("script")) == 2
    assert page.query_selector_all("img, iframe, [onerror]") == []
    assert page.inner_text("h1").startswith("</script></tit")
    page.click("summary")
    assert "</script></tit" in page.inner_text("thead")
    assert "</script></tit" in page.inner_text("#say")


def test_texts_of_charts_do_not_touch(opened):
    page = opened("#step-3")
    for name in ("curves", "sizes"):
        boxes = page.evaluate(
            """id => [...document.querySelectorAll("#" + id + " text")].map(text => {
                const r = text.getBoundingClientRect();
                return [r.left, r.top, r.right, r.bottom, text.textContent] })""",
            name,
        )
        frame = page.query_selector(f"#{name} svg").bounding_box()
        for a in boxes:
            assert a[0] >= frame["x"] - 1, a[4]
            assert a[2] <= frame["x"] + frame["width"] + 1, a[4]
        assert overlaps(boxes) == []


# From the network to the graph

CARD = "[...document.activeElement.querySelectorAll('text')].map(e => e.textContent)"


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_a_neuron_opens_its_card_with_the_numbers_of_the_same_snapshot(opened, run, by):
    page = opened()
    for k, moment in enumerate(run.moments()):
        follow(page, f"#step-{k}")
        plan = make_plan(moment.graph)
        call = plan.folds.layers[0].neurons[3].calls[0]
        neuron = page.locator("#network .neuron:visible:has(#wu1_3)")
        if by == "mouse":
            neuron.click()
        else:
            page.focus("#network .neuron:has(#wu1_0)")
            press(page, "ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight", "Enter")
        texts = page.evaluate(CARD)
        for row in (moment.graph.nodes[call.z], moment.graph.nodes[call.out]):
            assert fmt(row.data) in texts
            assert fmt(row.grad, sign=True) in texts
        assert page.locator("#example .ring").count() == 2
        page.keyboard.press("Backspace")
        assert page.evaluate("document.activeElement.querySelector('#wu1_3') !== null")
    assert k > 2
