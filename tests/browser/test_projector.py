"""Everything larger for a projector, by one key and one button; the equation on the picture."""

import pytest
from step_pages import at_every_step, bulb, neuron, step_of

pytestmark = pytest.mark.browser

LETTER = "document.querySelector('#title').getBoundingClientRect().height"
BESIDE = "document.getElementById('beside').checkVisibility()"


def turned_on(page):
    return page.get_attribute("#projector", "aria-pressed") == "true"


def test_one_key_and_one_button_make_everything_one_and_a_half_times_as_large(stepping):
    page = stepping(bulb(), width=1920, height=1080)
    small = page.evaluate(LETTER)
    page.keyboard.press("z")
    assert turned_on(page)
    assert page.evaluate(LETTER) == pytest.approx(1.6 * small, abs=1)
    page.click("#projector")
    assert not turned_on(page)
    assert page.evaluate(LETTER) == small
    assert step_of(page) == 0


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_on_a_projector_nothing_is_outside_of_the_window(stepping, size):
    page = stepping(*neuron(), width=size[0], height=size[1])
    page.keyboard.press("z")
    page.wait_for_function("""(e => e.scrollWidth <= innerWidth && e.scrollHeight <= innerHeight)(
        document.documentElement)""")
    for control in page.query_selector_all("[role=toolbar] :is(button, select, input)"):
        box = control.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= size[1]


def test_on_a_projector_the_equation_also_stands_on_the_picture_over_no_card_of_the_step(stepping):
    page = stepping(bulb(), width=1280, height=720)
    assert not page.evaluate(BESIDE)
    page.keyboard.press("z")
    look = """() => {
        const box = e => { const r = e.getBoundingClientRect();
            return [r.left, r.top, r.right, r.bottom]; };
        const label = document.getElementById("beside");
        return {text: label.textContent, own: document.getElementById("equation").textContent,
            label: box(label), stage: box(label.parentElement),
            cards: [...document.querySelectorAll(".card:has(.halo)")]
                .map(card => box(card.querySelector("rect")))};
    }"""
    seen = [found for found in at_every_step(page, f"({look})()") if found["own"]]
    assert len(seen) == 3 + 1 + 6  # forward, seed, backward
    for found in seen:
        assert found["text"] == found["own"]
        left, top, right, bottom = found["label"]
        stage = found["stage"]
        assert stage[0] <= left < right <= stage[2]
        assert stage[1] <= top < bottom <= stage[3]
        assert bottom - top >= 40
        for x0, y0, x1, y1 in found["cards"]:
            assert min(right, x1) <= max(left, x0) + 1 or min(bottom, y1) <= max(top, y0) + 1


def test_while_it_asks_no_equation_stands_on_the_picture(stepping):
    page = stepping(bulb(), width=1280, height=720, hash="#step-6")
    page.keyboard.press("z")
    assert page.evaluate(BESIDE)
    page.keyboard.press("p")
    assert not page.evaluate(BESIDE)


def test_a_narrow_window_has_no_projector(stepping):
    page = stepping(bulb(), width=390, height=844)
    assert not page.is_visible("#projector")
    page.keyboard.press("z")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
