"""What a step is about is in sight at once: the picture and the explanation fit the window."""

import pytest
from step_pages import at_every_step
from visibility import GRAPHS, IN_SIGHT, SMALL, WINDOWS, count

pytestmark = pytest.mark.browser

PHONE = (390, 844)
WIDE = [window for window in WINDOWS if window != PHONE]
SIZE = "{}x{}".format


@pytest.fixture
def steps(stepping):
    """A function that gives what is in sight at every step of a graph in a window."""

    def steps_(name, width, height):
        page = stepping(*GRAPHS[name](), width=width, height=height)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        return at_every_step(page, f"({IN_SIGHT})()")

    return steps_


@pytest.mark.parametrize("window", WIDE, ids=lambda window: SIZE(*window))
@pytest.mark.parametrize("name", SMALL)
def test_of_up_to_12_cards_everything_that_a_step_is_about_is_in_sight(steps, name, window):
    found = steps(name, *window)
    assert all(step["all"] for step in found), count(found)
    assert {step["phase"] for step in found} >= {"forward", "seed", "backward"}


@pytest.mark.parametrize("window", WIDE, ids=lambda window: SIZE(*window))
@pytest.mark.parametrize("name", ["XOR", "MLP 2-4-1"])
def test_of_a_net_the_explanation_and_the_card_that_changes_are_in_sight(steps, name, window):
    for part, (seen, total) in count(steps(name, *window)).items():
        if part in ("equation", "sentence", "code", "receiving"):
            assert seen == total > 0, part


@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "sum"])
def test_on_a_phone_the_card_that_changes_is_in_sight(steps, name):
    found = steps(name, *PHONE)
    seen, total = count(found)["receiving"]
    assert seen == total > 0
    assert min(step["letters"] for step in found) >= 7


def test_on_a_phone_the_card_that_sends_is_in_sight_where_eleven_receive(steps):
    seen, total = count(steps("sum", *PHONE))["active"]
    assert seen == total > 0


def test_the_controls_of_a_wide_window_stand_in_one_line_in_its_sight(stepping):
    for width, height in WIDE:
        page = stepping(*GRAPHS["neuron"](), width=width, height=height)
        bar = page.query_selector("[role=toolbar]")
        boxes = [e.bounding_box() for e in bar.query_selector_all("button, select, input")]
        middles = {round(box["y"] + box["height"] / 2) for box in boxes}
        assert max(middles) - min(middles) <= 1
        assert max(box["y"] + box["height"] for box in boxes) <= height
        assert max(box["x"] + box["width"] for box in boxes) <= width
