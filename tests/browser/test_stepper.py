"""The page in a real browser: keys, buttons, address, paper, narrow screens, no script."""

import random
import re
import shutil
import subprocess

import pytest

from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP
from micronn.support.text import clean
from micronn.viewer.stepper import to_html

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
    "document.querySelector('.stage > svg').outerHTML + document.querySelector('.two').innerHTML"
)
FRAMES = """() => {
    const box = e => (r => [r.left, r.top, r.right, r.bottom])(e.getBoundingClientRect());
    const texts = card => [...card.querySelectorAll('text')].filter(e => e.textContent);
    const svg = document.querySelector('.stage > svg');
    return {scale: svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
        cards: [...document.querySelectorAll('.card')].map(card => ({
            frame: box(card.querySelector('rect')),
            texts: texts(card).map(e => [e.textContent, ...box(e)])}))};
}"""
# The data and grad of every card with a ring.
RINGED = """() => [...document.querySelectorAll('.card:has(.halo)')].map(card =>
    ['data', 'grad'].map(kind => document.getElementById(card.id + '_' + kind).textContent))"""
# The same look at every step, in one go.
AT_EVERY_STEP = """() => {
    const press = key => document.body.dispatchEvent(new KeyboardEvent('keydown', key));
    for (const seen = [];;) {
        seen.push(LOOK);
        if (document.getElementById('next').disabled) return seen;
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


@pytest.fixture
def opened(browser, tmp_path):
    """A function that opens the page of a graph; at the end, the page must have been quiet."""
    contexts, heard = [], []

    def open_(root, params=None, title=None, hash="", width=1200, height=800, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(to_html(root, params, title=title), "utf-8")
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(dialog.message) or dialog.dismiss())
        page.on(
            "request",
            lambda request: request.url.startswith(path.as_uri()) or heard.append(request.url),
        )
        page.goto(path.as_uri() + hash)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert heard == []


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


def overlaps(boxes, slack=1.0):
    """The pairs of boxes (left, top, right, bottom) that cover each other."""
    return [
        (a, b)
        for k, a in enumerate(boxes)
        for b in boxes[:k]
        if min(a[2], b[2]) - max(a[0], b[0]) > slack and min(a[3], b[3]) - max(a[1], b[1]) > slack
    ]


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


def at_every_step(page, look):
    """What an expression of JavaScript gives at each step, from this one to the last."""
    return page.evaluate(AT_EVERY_STEP.replace("LOOK", f"({look})"))


# Steps


def test_the_last_step_shows_the_texts_of_the_static_picture(opened):
    page = opened(bulb())
    still = opened(bulb(), java_script_enabled=False)
    svg = draw(bulb()).svg
    page.keyboard.press("End")
    assert page.evaluate(TEXTS) == still.evaluate(TEXTS)
    for id, text in page.evaluate(TEXTS):
        assert not id or f">{text}</text>" in svg


def test_every_address_is_that_many_presses_of_the_arrow_key_there_and_back(opened):
    page = opened(bulb())
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
        assert page.evaluate(STATE) == state


@pytest.mark.parametrize("make", [neuron, lambda: (not_finite(), None)], ids=["net", "not finite"])
def test_parameters_constants_and_nan_step_there_and_back_too(opened, make):
    page = opened(*make())
    forth = at_every_step(page, STATE)
    for k in reversed(range(len(forth))):
        page.evaluate(f"location.hash = '#step-{k}'")
        page.wait_for_timeout(5)
        assert page.evaluate(STATE) == forth[k]


@pytest.mark.parametrize(
    "make",
    [lambda: (bulb(), None), neuron, lambda: (not_finite(), None), lambda: (long_sum(), None)],
    ids=["product and sum", "net", "not finite", "long sum"],
)
def test_at_every_step_texts_stay_in_their_cards(opened, make):
    for seen in at_every_step(opened(*make()), f"({FRAMES})()"):
        assert_cards_hold_their_texts(seen)


@pytest.mark.parametrize("width", [320, 1200])
def test_the_card_where_the_rule_is_applied_is_always_in_sight(opened, width):
    page = opened(*neuron(), width=width)
    middles = """() => [...document.querySelectorAll('.halo.core')].map(ring => {
        const r = ring.getBoundingClientRect(), s = ring.closest('.stage').getBoundingClientRect();
        const x = (r.left + r.right) / 2, y = (r.top + r.bottom) / 2;
        return [x, s.left, s.right, y, s.top, s.bottom] })"""
    for rings in at_every_step(page, f"({middles})()"):
        for x, left, right, y, top, bottom in rings:
            assert left < x < right
            assert top < y < bottom


def test_every_step_has_one_live_text_with_the_numbers_of_the_cards_it_rings(opened):
    page = opened(bulb())
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
        (lambda page: page.evaluate("location.hash = '#step-9'"), 9),
        (lambda page: page.evaluate("location.hash = '#step-999'"), 11),
        (lambda page: page.evaluate("location.hash = '#nonsense'"), 0),
        (lambda page: page.click("#n1 text"), 6 + 2),  # b is next touched by e -> b
        (lambda page: page.click("th button >> text=d"), 5),  # d is next touched by f -> d
        (lambda page: page.keyboard.press("Control+ArrowRight"), 3),
    ],
)
def test_keys_buttons_slider_address_and_cards_lead_to_the_same_steps(opened, act, step):
    page = opened(bulb(), hash="#step-3")
    act(page)
    page.wait_for_timeout(20)
    assert step_of(page) == step


def test_play_runs_to_the_end_and_stops(opened):
    page = opened(bulb(), hash="#step-9")
    page.select_option("#speed", "700")
    page.click("body", position={"x": 5, "y": 5})
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-pressed") == "true"
    for _ in range(50):
        page.wait_for_timeout(100)
        if page.url.endswith("#step-11"):
            break
    assert page.get_attribute("#play", "aria-pressed") == "false"
    assert step_of(page) == 11


def test_space_on_a_focused_button_presses_that_button_alone(opened):
    page = opened(bulb())
    page.focus("#next")
    page.keyboard.press("Space")
    assert step_of(page) == 1
    assert page.get_attribute("#play", "aria-pressed") == "false"


# Everybody, everywhere


def test_the_tab_key_visits_graph_buttons_slider_selects_names_and_details(opened):
    page = opened(bulb(), hash="#step-3")
    seen = []
    for _ in range(16):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("(e => e.className + e.id || e.textContent)(document.activeElement)")
        )
    buttons = ["first", "back", "play", "next", "last"]
    selects = ["speed", "theme", "mode"]
    assert seen == ["stage fit", *buttons, "slider", *selects, *["mono"] * 5, "Every step in words"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_controls_are_big_enough_and_show_their_focus(opened, scheme, width):
    page = opened(bulb(), hash="#step-3", color_scheme=scheme, width=width)
    for control in page.query_selector_all(
        "[role=toolbar] button, [role=toolbar] select, #slider, th button"
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
def test_the_page_fits_a_narrow_screen(opened, hash):
    for root in (bulb(), bulb(*HOSTILE[:5])):
        page = opened(root, hash=hash, width=320, height=700, title=HOSTILE[4])
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_nothing_moves_for_those_who_asked_for_less_motion(opened):
    calm = opened(bulb(), hash="#step-5", reduced_motion="reduce")
    assert calm.evaluate("document.getAnimations().length") == 0
    lively = opened(bulb(), hash="#step-5", reduced_motion="no-preference")
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
    opened, scheme, theme, background
):
    page = opened(bulb(), color_scheme=scheme)
    page.select_option("#theme", theme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
    assert page.evaluate("getComputedStyle(document.querySelector('.bg')).fill") == background
    page.emulate_media(media="print")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.bg')).fill")
        == "rgb(255, 255, 255)"
    )


@pytest.mark.parametrize("hash", ["#step-0", "#step-6", "#predict-gradients"])
def test_on_paper_the_page_is_a_worked_solution(opened, tmp_path, hash):
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext: apt install poppler-utils")
    page = opened(bulb(), hash=hash)
    before = page.evaluate(STATE), page.url
    page.pdf(path=tmp_path / "page.pdf")
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "page.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    words = " ".join(text.split())
    for row in ("a input −2 −3", "b input 3 −8", "d computed, × −6 +1", "f output, × −6 +1"):
        assert row in words
    for k in range(1, 7):
        assert f"Backward {k} of 6" in words
    assert "Because b is used 2 times, its gradient is a sum: −6 + (−2) = −8." in words
    for control in ("Play", "Back ", "step 6 of", "speed", "Check", "Hint"):
        assert control not in words.replace("Backward", "").replace("backward", "")
    assert (page.evaluate(STATE), page.url) == before


def test_without_javascript_everything_is_there_and_no_control_is_dead(opened):
    page = opened(bulb(), java_script_enabled=False)
    assert page.text_content("#n1_grad") == "−8"
    assert "Backward 6 of 6: d → b" in page.inner_text("main")
    assert [row.inner_text().split() for row in page.query_selector_all("tbody tr")][0] == [
        "a",
        "input",
        "−2",
        "−3",
    ]
    assert [e for e in page.query_selector_all("button, select, input") if e.is_visible()] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_cleaned_and_do_nothing(opened, name):
    page = opened(bulb(*[name] * 5), title=name)
    at_every_step(page, "1")
    page.keyboard.press("p")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.eval_on_selector_all("script", "all => all.length") == 2
    assert page.eval_on_selector_all("img, iframe, object, link, a", "all => all.length") == 0
    assert page.eval_on_selector("tbody th button", "e => e.textContent") == clean(name)
    assert_cards_hold_their_texts(page.evaluate(FRAMES))


def test_a_folded_page_has_a_picture_a_table_and_no_controls(opened):
    model = MLP(2, [5, 1], rng=random.Random(0))
    loss = sum((model([x, 1.0]) - 1.0) ** 2 for x in range(6))
    loss.backward()
    page = opened(loss, model, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert [
        e for e in page.query_selector_all("button, select, input, details") if e.is_visible()
    ] == []
    assert page.is_visible("table")


# Predict, then reveal


def predict(page, *answers):
    """Type the answers, each with Enter to check it and Enter to go on; what was said."""
    said = []
    for answer in answers:
        page.keyboard.type(answer)
        page.keyboard.press("Enter")
        said.append(page.inner_text("#say"))
        page.keyboard.press("Enter")
    return said


def test_gradients_are_predicted_with_the_keyboard_alone(opened):
    page = opened(bulb())
    page.keyboard.press("p")
    assert page.url.endswith("#predict-gradients")
    said = predict(page, "1", "1.005", "−6", "3", "-8,0")
    assert [text.splitlines()[0] for text in said] == [
        "Right: the gradient of f is 1.",
        "Right: the gradient of d is 1.",
        "Right: the gradient of e is −6.",
        "You typed 3; the gradient of a is −3.",
        "Right: the gradient of b is −8.",
    ]
    assert (
        said[3].splitlines()[1:]
        == [
            "",
            "from e: 1 × (−6) = −6",
            "from d: 3 × 1 = 3",
            "together: −6 + 3 = −3",
            "A sum passes every change through unchanged.",
            "A product scales each operand by the other one.",
        ]
        or "together: −6 + 3 = −3" in said[3]
    )
    assert page.inner_text("#title") == "Score"
    assert page.inner_text("#say").split("\n")[0] == "4 of 5 right."
    assert "Missed: gradient of a." in page.inner_text("#say")
    page.keyboard.press("Enter")
    assert page.inner_text("#title") == "Question 1 of 5"
    page.keyboard.press("Escape")
    assert step_of(page) == 0


def test_data_is_predicted_in_the_order_of_the_forward_pass(opened):
    page = opened(bulb(), hash="#predict-data")
    said = predict(page, "-6", "1", "-6")
    assert [text.splitlines()[0] for text in said] == [
        "Right: the data of d is −6.",
        "Right: the data of e is 1.",
        "Right: the data of f is −6.",
    ]
    assert page.inner_text("#say").startswith("3 of 3 right.")


def test_no_card_warns_of_infinity_before_it_is_computed_or_asked(opened):
    page = opened(not_finite())
    frames = "cards => cards.map(c => getComputedStyle(c.querySelector('rect')).stroke)"
    bad, corner = "rgb(180, 0, 42)", ".card text:visible:text-matches('first')"
    warned = []
    for _ in range(last_step(page) + 1):
        strokes = page.eval_on_selector_all(".card", frames)
        warned.append((strokes.count(bad), page.locator(corner).count()))
        page.keyboard.press("ArrowRight")
    assert warned[0] == (0, 0)  # a = 1e200 and z = 0 are finite
    assert warned[1] == (1, 1)  # a*a is not
    assert warned[2] == (2, 1)  # and what is computed from it
    assert warned == sorted(warned)
    page.select_option("#mode", "data")
    assert bad not in page.eval_on_selector_all(".card", frames)
    assert page.locator(corner).count() == 0


def test_a_wide_picture_is_moved_by_keyboard_without_a_step(opened):
    page = opened(bulb(), hash="#step-0", width=320)
    page.focus(".stage")
    moved = "frame => frame.scrollLeft"
    page.keyboard.press("Shift+ArrowRight")
    once = page.eval_on_selector(".stage", moved)
    page.keyboard.press("Shift+ArrowRight")
    assert 0 < once < page.eval_on_selector(".stage", moved)
    page.keyboard.press("Shift+ArrowLeft")
    assert page.eval_on_selector(".stage", moved) == once
    assert step_of(page) == 0


@pytest.mark.parametrize("width", [320, 830, 1200])
def test_numbers_of_nine_characters_fit_the_table_and_its_head_stays_in_sight(opened, width):
    root = sum((Value(-1.234e-4, f"x{k}") * 1.0 for k in range(1, 12)), Value(-1.234e-4, "x0"))
    page = opened(root, width=width)
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")  # the last row of the backward pass is bold
    wide = "cells => cells.filter(c => c.scrollWidth > c.clientWidth).map(c => c.textContent)"
    assert page.eval_on_selector_all("td.number", wide) == []
    page.eval_on_selector(".scroll", "frame => { frame.scrollTop = frame.scrollHeight; }")
    top, head = page.evaluate(
        "[...document.querySelectorAll('.scroll, thead th')].slice(0, 2)"
        ".map(e => e.getBoundingClientRect().top)"
    )
    assert page.eval_on_selector(".scroll", "frame => frame.scrollTop") > 0
    assert head == top


@pytest.mark.parametrize("about", ["gradients", "data"])
def test_no_answer_can_be_read_off_the_page_before_it_is_given(opened, about):
    page = opened(bulb(), hash=f"#predict-{about}")
    kind = "grad" if about == "gradients" else "data"
    asked = {"gradients": ["n4", "n2", "n3", "n0", "n1"], "data": ["n2", "n3", "n4"]}[about]
    for k in range(len(asked)):
        for card in asked[k:]:
            assert page.text_content(f"#{card}_{kind}") == "?"
            column = 3 if kind == "data" else 4
            cell = page.query_selector(f"tr[data-n={card}] td:nth-child({column})")
            assert (cell.text_content(), cell.get_attribute("title")) == ("?", None)
        assert not page.is_visible("details")
        assert page.eval_on_selector(".stage title, .stage desc", "e => e.textContent") == ""
        assert (
            page.eval_on_selector_all(
                ".stage .wire title, .card title", "all => all.map(e => e.textContent).join('')"
            )
            == ""
        )
        predict(page, "0")


def test_every_question_shows_what_is_needed_and_no_text_leaves_its_card(opened):
    page = opened(*neuron(), hash="#predict-gradients")
    while page.inner_text("#title") != "Score":
        assert_cards_hold_their_texts(page.evaluate(FRAMES))
        assert page.query_selector("tr.on") is not None
        predict(page, "0")


def test_what_is_no_number_is_not_counted_and_a_hint_is(opened):
    page = opened(bulb(), hash="#predict-gradients")
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    assert page.inner_text("#say").startswith("Type a number")
    assert page.inner_text("#title") == "Question 1 of 5"
    page.fill("#typed", "1")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.click("#hint")
    assert page.inner_text("#say") == "The rule is ∂f/∂d = e."
    predict(page, "1")
    page.click("#reveal")
    assert page.inner_text("#say").startswith("The gradient of e is −6.")
    page.keyboard.press("Enter")
    predict(page, "-3", "-8")
    assert page.inner_text("#say").startswith("4 of 5 right, 1 with a hint.")


def test_infinite_and_undefined_answers_are_typed_as_words(opened):
    page = opened(not_finite(), hash="#predict-data")
    said = predict(page, "inf", "nan", "NaN")
    assert all(text.startswith("Right") for text in said)


def test_a_single_value_offers_no_data_to_predict(opened):
    page = opened(Value(2.0, "x"), hash="#predict-data")
    assert step_of(page) == 0
    assert page.eval_on_selector("#mode option[value=data]", "e => e.disabled")
