"""Predict, then reveal: the questions of the step page in a real browser."""

import pytest
from step_pages import (
    FRAMES,
    TYPED,
    assert_cards_hold_their_texts,
    bulb,
    last_step,
    neuron,
    not_finite,
    step_of,
)

from micronn.engine import Value

pytestmark = pytest.mark.browser


def predict(page, *answers):
    """Type the answers, each with Enter to check it and Enter to go on; what was said."""
    said = []
    for answer in answers:
        page.keyboard.type(answer)
        page.keyboard.press("Enter")
        said.append(page.inner_text("#say"))
        page.keyboard.press("Enter")
    return said


def test_gradients_are_predicted_with_the_keyboard_alone(stepping):
    page = stepping(bulb())
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


def test_data_is_predicted_in_the_order_of_the_forward_pass(stepping):
    page = stepping(bulb(), hash="#predict-data")
    said = predict(page, "-6", "1", "-6")
    assert [text.splitlines()[0] for text in said] == [
        "Right: the data of d is −6.",
        "Right: the data of e is 1.",
        "Right: the data of f is −6.",
    ]
    assert page.inner_text("#say").startswith("3 of 3 right.")


def test_no_card_warns_of_infinity_before_it_is_computed_or_asked(stepping):
    page = stepping(not_finite())
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


def test_a_wide_picture_is_moved_by_keyboard_without_a_step(stepping):
    page = stepping(bulb(), hash="#step-0", width=320)
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
def test_numbers_of_nine_characters_fit_the_table_and_its_head_stays_in_sight(stepping, width):
    root = sum((Value(-1.234e-4, f"x{k}") * 1.0 for k in range(1, 12)), Value(-1.234e-4, "x0"))
    page = stepping(root, width=width)
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")  # the last row of the backward pass is bold
    wide = "cells => cells.filter(c => c.scrollWidth > c.clientWidth).map(c => c.textContent)"
    assert page.eval_on_selector_all("td.number", wide) == []
    frame = ".words" if width == 1200 else ".scroll"  # what scrolls
    page.eval_on_selector(f"{frame} tbody tr:last-child", "row => row.scrollIntoView()")
    top, head = (
        page.eval_on_selector(name, "e => e.getBoundingClientRect().top")
        for name in (frame, "thead th")
    )
    assert page.eval_on_selector(frame, "frame => frame.scrollTop") > 0
    assert abs(head - top) <= 1  # its border


@pytest.mark.parametrize("about", ["gradients", "data"])
def test_no_answer_can_be_read_off_the_page_before_it_is_given(stepping, about):
    page = stepping(bulb(), hash=f"#predict-{about}")
    kind = "grad" if about == "gradients" else "data"
    asked = {"gradients": ["n4", "n2", "n3", "n0", "n1"], "data": ["n2", "n3", "n4"]}[about]
    for k in range(len(asked)):
        for card in asked[k:]:
            assert page.text_content(f"#{card}_{kind}") == "?"
            column = 3 if kind == "data" else 4
            cell = page.query_selector(f"tr[data-n={card}] td:nth-child({column})")
            assert (cell.text_content(), cell.get_attribute("title")) == ("?", None)
        assert not page.is_visible("#words")
        assert not page.is_visible(".words summary")
        assert page.eval_on_selector(".stage title, .stage desc", "e => e.textContent") == ""
        assert (
            page.eval_on_selector_all(
                ".stage .wire title, .card title", "all => all.map(e => e.textContent).join('')"
            )
            == ""
        )
        predict(page, "0")


def test_every_question_shows_what_is_needed_and_no_text_leaves_its_card(stepping):
    page = stepping(*neuron(), hash="#predict-gradients")
    while page.inner_text("#title") != "Score":
        assert_cards_hold_their_texts(page.evaluate(FRAMES))
        assert page.query_selector("tr.on") is not None
        predict(page, "0")


def test_what_is_no_number_is_not_counted_and_a_hint_is(stepping):
    page = stepping(bulb(), hash="#predict-gradients")
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


def test_infinite_and_undefined_answers_are_typed_as_words(stepping):
    page = stepping(not_finite(), hash="#predict-data")
    said = predict(page, "inf", "nan", "NaN")
    assert all(text.startswith("Right") for text in said)


def test_the_page_reads_what_is_typed_as_python_does(stepping):
    page = stepping(bulb())
    for typed, number in TYPED.items():
        asked = {"low": number, "high": number, "word": str(number)}
        found = page.evaluate("([asked, typed]) => isRight(asked, typed)", [asked, typed])
        assert found == (None if number is None else True), typed


def test_a_single_value_offers_no_data_to_predict(stepping):
    page = stepping(Value(2.0, "x"), hash="#predict-data")
    assert step_of(page) == 0
    assert page.eval_on_selector("#mode option[value=data]", "e => e.disabled")
