"""The step page without a mouse and without eyes: along the wires, and what is announced."""

import pytest
from step_pages import bulb, neuron, pressed, step_of

pytestmark = pytest.mark.browser

# f = d*e, d = a*b, e = a+b: cards n0 to n4 are a, b, d, e, f.
A, B, D, E, F = (f"n{k}" for k in range(5))


def focused(page):
    return page.evaluate("document.activeElement.id")


def walked(page, *keys):
    """Where each key leads the focus to."""
    places = []
    for key in keys:
        page.keyboard.press(key)
        places.append(focused(page))
    return places


@pytest.fixture
def at_f(stepping):
    """The page at the step that sends a message from f, the focus on the card of f."""
    page = stepping(bulb(), hash="#step-5")
    page.focus(".stage")
    assert walked(page, "Tab") == [F]
    return page


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        (["ArrowLeft", "ArrowDown", "ArrowUp"], [D, E, D]),
        (["ArrowLeft", "ArrowLeft", "ArrowDown"], [D, A, B]),
        (["ArrowLeft", "ArrowDown", "ArrowLeft", "ArrowRight"], [D, E, A, E]),  # back where it was
        (["ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight"], [D, A, D, F]),
        (["ArrowRight", "ArrowUp", "ArrowDown"], [F, F, F]),  # nothing reads the output
        (["ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowUp"], [D, A, A, A]),  # nor makes a leaf
    ],
)
def test_arrow_keys_walk_the_wires_from_card_to_card_and_turn_no_step(at_f, keys, places):
    assert walked(at_f, *keys) == places
    assert step_of(at_f) == 5


def test_from_a_card_with_several_readers_down_leads_to_the_next_of_them(stepping):
    page = stepping(bulb(), hash="#step-11")
    page.focus(f"#{B}")
    assert walked(page, "ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp") == [D, E, E, D]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_card_is_pressed_like_a_button(at_f, key):
    at_f.focus(f"#{B}")
    at_f.keyboard.press(key)
    assert (step_of(at_f), focused(at_f)) == (8, B)  # b is next touched by e -> b


def test_a_click_on_a_card_leaves_the_arrow_keys_to_the_steps(stepping):
    page = stepping(bulb())
    page.click(f"#{B} text")
    before = step_of(page)
    page.keyboard.press("ArrowRight")
    assert step_of(page) == before + 1


def test_a_card_says_what_stands_on_it_now_line_by_line(stepping):
    page = stepping(bulb(), hash="#step-0")
    says = "id => document.getElementById(id).getAttribute('aria-label')"
    assert page.evaluate(says, B) == "b leaf data 3 grad 0"
    assert page.evaluate(says, D) == "× d data grad 0"
    page.keyboard.press("End")
    assert page.evaluate(says, B) == "b leaf data 3 ← −2 grad −8 ← −6"
    assert page.evaluate(says, D) == "× d ∂ 3 data −6 ∂ −2 grad +1"


def test_the_card_that_has_the_focus_is_in_sight(stepping):
    page = stepping(*neuron(), width=390, height=844)
    page.focus("[tabindex='0'].card")
    inside = """() => {
        const card = document.activeElement.querySelector("rect").getBoundingClientRect();
        const frame = document.querySelector(".stage").getBoundingClientRect();
        return frame.left <= card.left && card.right <= frame.right &&
            frame.top <= card.top && card.bottom <= frame.bottom;
    }"""
    seen = set()
    for key in ["ArrowRight"] * 8 + ["ArrowLeft"] * 7 + ["ArrowDown"] * 3:
        page.keyboard.press(key)
        seen.add(focused(page))
        assert page.evaluate(inside)
    assert len(seen) > 6


def test_play_is_not_read_out_but_where_it_stops_is(stepping):
    page = stepping(bulb())
    live = ("say", "aria-live")
    assert pressed(page, " ", live) == ["off"]
    page.evaluate("""() => { window.told = 0; new MutationObserver(() => { told += 1; }).observe(
        document.getElementById("say"), {childList: true, subtree: true, characterData: true}) }""")
    assert pressed(page, " ", live) == ["polite"]
    page.wait_for_function("told > 0")


def test_the_focus_is_on_a_control_after_the_questions_are_left(stepping):
    page = stepping(bulb())
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    assert focused(page) == "next"


def test_a_picture_whose_cards_can_be_visited_is_no_image_and_its_cards_have_names(stepping):
    page = stepping(bulb())
    assert page.get_attribute(".stage > svg", "role") == "group"
    assert page.locator(".card[tabindex]").count() == 5
    assert page.locator(".card[tabindex='0']").count() == 1
    still = stepping(bulb(), java_script_enabled=False)
    assert still.get_attribute(".stage > svg", "role") == "img"
    assert still.locator("[tabindex].card").count() == 0


def test_while_it_asks_no_card_says_its_answer(stepping):
    page = stepping(bulb(), hash="#predict-gradients")
    labels = page.eval_on_selector_all(".card", "all => all.map(e => e.getAttribute('aria-label'))")
    assert all("grad ?" in label for label in labels)
