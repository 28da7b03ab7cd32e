"""The network picture and its page as a browser shows them."""

import random

import pytest
from boxes import overlaps

from micronn.engine import Value
from micronn.nn import MLP
from micronn.pictures import draw_network

pytestmark = pytest.mark.browser

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)>"

TEXT_BOXES = """() => [...document.querySelectorAll('svg text')]
    .map(text => { const r = text.getBoundingClientRect();
                   return [r.left, r.top, r.right, r.bottom, text.textContent] })"""
NUMBERS_OUTSIDE = """() => [...document.querySelectorAll('.neuron')].filter(unit => {
    const text = unit.querySelector('text');
    if (!text) return false;
    const inner = text.getBoundingClientRect();
    const outer = unit.querySelector('circle, rect').getBoundingClientRect();
    return inner.left < outer.left - 1 || inner.right > outer.right + 1
        || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
}).length"""


def small_picture(show="weights", **keywords):
    """MLP 3-5-1 after backward(), one input named by somebody who means harm."""
    model = MLP(3, [5, 1], activation="tanh", rng=random.Random(3))
    x = [Value(0.00012345, HOSTILE), Value(-1.5), Value(-12345.6)]
    loss = (model(x) - 1.0) ** 2
    loss.backward()
    return draw_network(model, x, show=show, root=loss, **keywords)


def wide_picture(show="weights"):
    """MLP 100-18-3 with an image of 10 × 10 as input."""
    model = MLP(100, [18, 3], rng=random.Random(3))
    return draw_network(model, [k / 100 for k in range(100)], show=show)


@pytest.fixture
def opened(visit, tmp_path):
    """A function that saves a picture and opens it."""
    return lambda picture, name="network.html", **options: visit(
        picture.save(tmp_path / name), height=700, **options
    )


@pytest.mark.parametrize("font", ["inherit", "serif", "'Liberation Sans Narrow'"])
@pytest.mark.parametrize("make", [small_picture, wide_picture])
def test_texts_do_not_touch_and_numbers_stay_in_their_circles(opened, make, font):
    page = opened(make("both"), "network.svg", width=2400)
    page.evaluate(f'document.querySelector(".mn").style.fontFamily = "{font}"')
    boxes = page.evaluate(TEXT_BOXES)
    assert len(boxes) > 20
    assert overlaps(boxes) == []
    assert page.evaluate(NUMBERS_OUTSIDE) == 0


@pytest.mark.parametrize(
    ("scheme", "media", "background"),
    [
        ("light", "screen", "rgb(255, 255, 255)"),
        ("dark", "screen", "rgb(16, 21, 27)"),
        ("dark", "print", "rgb(255, 255, 255)"),
    ],
)
@pytest.mark.parametrize("name", ["network.svg", "network.html"])
def test_colours_follow_the_screen_and_paper_is_white(opened, scheme, media, background, name):
    page = opened(small_picture(), name, color_scheme=scheme)
    page.emulate_media(media=media)
    assert page.eval_on_selector(".bg", "e => getComputedStyle(e).fill") == background


def test_arrow_keys_switch_between_weights_and_gradients(opened):
    page = opened(small_picture())
    shown = "['.w', '.g'].map(c => document.querySelector(c).getClientRects().length > 0)"
    assert page.evaluate(shown) == [True, False]
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(shown) == [False, True]
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(shown) == [True, False]


def test_the_page_opens_at_the_view_that_was_asked_for(opened):
    page = opened(small_picture("grads"))
    assert page.is_checked("#grads")


def test_the_page_fits_a_narrow_screen_and_its_switch_a_finger(opened):
    page = opened(small_picture(title=HOSTILE), width=320)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for label in page.query_selector_all("label"):
        assert label.bounding_box()["height"] >= 40


def test_hostile_names_are_shown_and_do_nothing(opened):
    page = opened(small_picture(title=HOSTILE))
    assert page.query_selector_all("script, img") == []
    assert page.inner_text("h1").startswith("</title><scri")
