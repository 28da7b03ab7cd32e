"""The step page in a real browser: keys, buttons, address, paper, narrow screens, no script."""

import shutil
import subprocess

import pytest
from step_pages import (
    FRAMES,
    assert_cards_hold_their_texts,
    at_every_step,
    bulb,
    follow,
    last_step,
    long_sum,
    neuron,
    not_finite,
    pressed,
    step_of,
)

from micronn.draw import draw
from micronn.engine import Value
from micronn.support.text import clean

pytestmark = pytest.mark.browser

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "\u202eright to left\x00",
    "w" * 10_000,
    "\\{}|<>\"' & &lt;",
    "日本語のとても長い名前 🦉",
]

# The texts of the picture's cards; then everything a step may change.
TEXTS = "[...document.querySelectorAll('.stage .card text')].map(e => [e.id, e.textContent])"
STATE = (
    "document.querySelector('.stage > svg').outerHTML + document.querySelector('.words').innerHTML"
)
# The data and grad of every card with a ring.
RINGED = """() => [...document.querySelectorAll('.card:has(.halo)')].map(card =>
    ['data', 'grad'].map(kind => document.getElementById(card.id + '_' + kind).textContent))"""


# Steps


def test_the_last_step_shows_the_texts_of_the_static_picture(stepping):
    page = stepping(bulb())
    still = stepping(bulb(), java_script_enabled=False)
    svg = draw(bulb()).svg
    page.keyboard.press("End")
    assert page.evaluate(TEXTS) == still.evaluate(TEXTS)
    for id, text in page.evaluate(TEXTS):
        assert not id or f">{text}</text>" in svg


def test_every_address_is_that_many_presses_of_the_arrow_key_there_and_back(stepping):
    page = stepping(bulb())
    states = []
    for k in range(last_step(page) + 1):
        assert step_of(page) == k
        states.append(page.evaluate(STATE))
        page.keyboard.press("ArrowRight")
    for k in reversed(range(last_step(page) + 1)):
        assert (step_of(page), page.evaluate(STATE)) == (k, states[k])
        page.keyboard.press("ArrowLeft")
    for k, state in enumerate(states):
        address = page.url.partition("#")[0]
        page.goto("about:blank")
        page.goto(f"{address}#step-{k}")
        page.wait_for_selector("#given:not([hidden])")
        assert page.evaluate(STATE) == state


def test_a_page_opened_at_a_step_is_the_page_that_was_stepped_there(stepping):
    page = stepping(not_finite())
    last = last_step(page)
    for _ in range(last):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(STATE) == stepping(not_finite(), hash=f"#step-{last}").evaluate(STATE)
    assert 'style=""' not in page.content()


@pytest.mark.parametrize("make", [neuron, lambda: (not_finite(), None)], ids=["net", "not finite"])
def test_parameters_constants_and_nan_step_there_and_back_too(stepping, make):
    page = stepping(*make())
    forth = at_every_step(page, STATE)
    for k in reversed(range(len(forth))):
        follow(page, f"#step-{k}")
        assert page.evaluate(STATE) == forth[k]


@pytest.mark.parametrize(
    "make",
    [lambda: (bulb(), None), neuron, lambda: (not_finite(), None), lambda: (long_sum(), None)],
    ids=["product and sum", "net", "not finite", "long sum"],
)
def test_at_every_step_texts_stay_in_their_cards(stepping, make):
    for seen in at_every_step(stepping(*make()), f"({FRAMES})()"):
        assert_cards_hold_their_texts(seen)


@pytest.mark.parametrize("width", [320, 1200])
def test_the_card_where_the_rule_is_applied_is_always_in_sight(stepping, width):
    page = stepping(*neuron(), width=width)
    middles = """() => [...document.querySelectorAll('.halo.core')].map(ring => {
        const r = ring.getBoundingClientRect(), s = ring.closest('.stage').getBoundingClientRect();
        const x = (r.left + r.right) / 2, y = (r.top + r.bottom) / 2;
        return [x, s.left, s.right, y, s.top, s.bottom] })"""
    for rings in at_every_step(page, f"({middles})()"):
        for x, left, right, y, top, bottom in rings:
            assert left < x < right
            assert top < y < bottom


def test_every_step_has_one_live_text_with_the_numbers_of_the_cards_it_rings(stepping):
    page = stepping(bulb())
    for _ in range(last_step(page) + 1):
        live = page.query_selector_all("[aria-live]")
        assert len(live) == 1
        said = live[0].inner_text().replace("(", "").replace(")", "")
        title, ringed = page.inner_text("#title"), page.evaluate(RINGED)
        assert (ringed == []) == (title in ("Start", "Done"))
        for data, grad in ringed:
            number = data if "Forward" in title else grad.removeprefix("+")
            assert number in said
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize(
    ("act", "step"),
    [
        (lambda page: page.keyboard.press("End"), 11),
        (lambda page: page.keyboard.press("Home"), 0),
        (lambda page: page.keyboard.press("f"), 1),
        (lambda page: page.keyboard.press("b"), 4),
        (lambda page: page.click("#first"), 0),
        (lambda page: page.click("#back"), 2),
        (lambda page: page.click("#next"), 4),
        (lambda page: page.click("#last"), 11),
        (lambda page: page.fill("#slider", "7"), 7),
        (lambda page: page.focus("#slider") or page.keyboard.press("ArrowRight"), 4),
        (lambda page: follow(page, "#step-9"), 9),
        (lambda page: follow(page, "#step-999"), 11),
        (lambda page: follow(page, "#nonsense"), 0),
        (lambda page: page.click("#n1 text"), 6 + 2),  # b is next touched by e -> b
        (lambda page: page.click("th button >> text=d"), 5),  # d is next touched by f -> d
        (lambda page: page.keyboard.press("Control+ArrowRight"), 3),
    ],
)
def test_keys_buttons_slider_address_and_cards_lead_to_the_same_steps(stepping, act, step):
    page = stepping(bulb(), hash="#step-3")
    act(page)
    assert step_of(page) == step


def test_play_runs_to_the_end_and_stops(stepping):
    page = stepping(bulb(), hash="#step-9")
    page.select_option("#speed", "700")
    page.click("body", position={"x": 5, "y": 5})
    assert pressed(page, " ", ("play", "aria-pressed")) == ["true"]
    for _ in range(300):
        page.wait_for_timeout(100)
        if page.url.endswith("#step-11"):
            break
    assert page.get_attribute("#play", "aria-pressed") == "false"
    assert step_of(page) == 11


def test_space_on_a_focused_button_presses_that_button_alone(stepping):
    page = stepping(bulb())
    page.focus("#next")
    page.keyboard.press("Space")
    assert step_of(page) == 1
    assert page.get_attribute("#play", "aria-pressed") == "false"


@pytest.mark.parametrize(("name", "end"), [("next", 11), ("back", 0), ("last", 11), ("first", 0)])
def test_the_focus_stays_on_a_button_that_has_come_to_an_end(stepping, name, end):
    page = stepping(bulb(), hash=f"#step-{11 - end}")
    page.focus(f"#{name}")
    for _ in range(13):
        page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.id") == name
    assert (step_of(page), page.get_attribute("#play", "aria-pressed")) == (end, "false")
    dimmed = "[...document.querySelectorAll('[aria-disabled=true]')].map(e => e.id)"
    assert page.evaluate(dimmed) == (["next", "last"] if end else ["first", "back"])
    assert float(page.evaluate(f"getComputedStyle(document.getElementById('{name}')).opacity")) < 1


def test_a_forward_step_is_told_once_in_numbers_and_once_in_python(stepping):
    page = stepping(bulb(), hash="#step-2")
    assert page.inner_text("#say").strip() == "e = a + b = (−2) + 3 = 1."
    assert page.inner_text("#code") == "e = a + b"
    assert not page.is_visible("#equation")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.is_visible("#equation")


def test_the_head_of_a_wire_is_drawn_over_the_rings(stepping):
    page = stepping(bulb(), hash="#step-8")
    later = "([a, b]) => !!(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING)"
    ring, head = page.query_selector(".halo.glow"), page.query_selector(".wire.on .head")
    assert page.evaluate(later, [ring, head])


def test_a_tooltip_tells_no_number_before_the_last_step(stepping):
    page = stepping(bulb())
    tips = "[...document.querySelectorAll('.card title, .wire title')].map(e => e.textContent)"
    *early, last = at_every_step(page, tips)
    assert len(last) == 5 + 6  # cards and wires
    assert all(last)
    for seen in early:
        assert not any(seen)


# Everybody, everywhere


def test_the_tab_key_visits_graph_card_toolbar_names_and_details(stepping):
    page = stepping(bulb(), hash="#step-3")
    seen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("(e => e.id || e.className || e.textContent)(document.activeElement)")
        )
    buttons = ["first", "back", "play", "next", "last"]
    rest = ["slider", "speed", "theme", "projector", "mode"]
    numbers = ["downhill", "rate", "undo", "reset"]
    table = ["mono", "given", "mono", "given", "mono", "mono", "mono"]
    folded = ["Every step in words", "Keys"]
    assert seen == ["stage fit", "n4", *buttons, *rest, *numbers, *table, *folded]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_controls_are_big_enough_and_show_their_focus(stepping, scheme, width):
    page = stepping(bulb(), hash="#step-3", color_scheme=scheme, width=width)
    for control in page.query_selector_all(
        "[role=toolbar] :is(button:visible, select), #slider, th button, summary:visible"
    ):
        box = control.bounding_box()
        least = 28 if control.evaluate("e => e.matches('th button')") else 40
        assert box["height"] >= least
        assert box["width"] >= least
        control.focus()
        page.keyboard.press("Shift")  # a key, so that focus counts as visible
        outline = control.evaluate(
            "e => [getComputedStyle(e).outlineStyle, parseFloat(getComputedStyle(e).outlineWidth)]"
        )
        assert outline == ["solid", 3]


@pytest.mark.parametrize(
    "hash", ["#step-0", "#step-5", "#step-11", "#predict-gradients", "#predict-data"]
)
def test_the_page_fits_a_narrow_screen(stepping, hash):
    for root in (bulb(), bulb(*HOSTILE[:5])):
        page = stepping(root, hash=hash, width=320, height=700, title=HOSTILE[4])
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_nothing_moves_for_those_who_asked_for_less_motion(stepping):
    calm = stepping(bulb(), hash="#step-5", reduced_motion="reduce")
    assert calm.evaluate("document.getAnimations().length") == 0
    lively = stepping(bulb(), hash="#step-5", reduced_motion="no-preference")
    assert lively.evaluate("document.getAnimations().length") == 1


@pytest.mark.parametrize(
    ("scheme", "theme", "background"),
    [
        ("light", "auto", "rgb(255, 255, 255)"),
        ("dark", "auto", "rgb(16, 21, 27)"),
        ("dark", "light", "rgb(255, 255, 255)"),
        ("light", "dark", "rgb(16, 21, 27)"),
    ],
)
def test_page_and_picture_follow_the_screen_or_the_readers_choice(
    stepping, scheme, theme, background
):
    page = stepping(bulb(), color_scheme=scheme)
    page.select_option("#theme", theme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
    assert page.evaluate("getComputedStyle(document.querySelector('.bg')).fill") == background
    page.emulate_media(media="print")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.bg')).fill")
        == "rgb(255, 255, 255)"
    )


@pytest.mark.parametrize("hash", ["#step-0", "#step-6", "#predict-gradients"])
def test_on_paper_the_page_is_a_worked_solution(stepping, tmp_path, hash):
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext: apt install poppler-utils")
    page = stepping(bulb(), hash=hash)
    before = page.evaluate(STATE), page.url
    page.pdf(path=tmp_path / "page.pdf")
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "page.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    words = " ".join(text.split())
    for row in ("a leaf −2 −3", "b leaf 3 −8", "d computed, × −6 +1", "f output, × −6 +1"):
        assert row in words
    for k in range(1, 7):
        assert f"Backward {k} of 6" in words
    assert "Because b is used 2 times, its gradient is a sum: −6 + (−2) = −8." in words
    for control in ("Play", "Back ", "step 6 of", "speed", "Check", "Hint"):
        assert control not in words.replace("Backward", "").replace("backward", "")
    assert (page.evaluate(STATE), page.url) == before


def test_without_javascript_everything_is_there_and_no_control_is_dead(stepping):
    page = stepping(bulb(), java_script_enabled=False)
    assert page.text_content("#n1_grad") == "−8"
    assert "Backward 6 of 6: d → b" in page.inner_text("main")
    assert [row.inner_text().split() for row in page.query_selector_all("tbody tr")][0] == [
        "a",
        "leaf",
        "−2",
        "−3",
    ]
    assert [e for e in page.query_selector_all("button, select, input") if e.is_visible()] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_cleaned_and_do_nothing(stepping, name):
    page = stepping(bulb(*[name] * 5), title=name)
    at_every_step(page, "1")
    page.keyboard.press("p")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.eval_on_selector_all("script", "all => all.length") == 2
    assert page.eval_on_selector_all("img, iframe, object, link, a", "all => all.length") == 0
    assert page.eval_on_selector("tbody th button", "e => e.textContent") == clean(name)
    assert_cards_hold_their_texts(page.evaluate(FRAMES))


def test_a_folded_page_has_a_picture_a_table_and_no_controls(stepping):
    loss = Value(2.0, "x")
    for _ in range(70):  # without neurons, so that there are no other levels either
        loss = loss * 1.01
    loss.backward()
    page = stepping(loss, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert [
        e for e in page.query_selector_all("button, select, input, details") if e.is_visible()
    ] == []
    assert page.is_visible("table")
