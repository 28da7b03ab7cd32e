"""The picture that plays by itself, at every moment, as a browser shows it."""

import pytest
from example_graphs import neuron, overflow, shared

from micronn.draw import draw
from micronn.engine import Value
from micronn.viewer import to_html

pytestmark = pytest.mark.browser

# What is seen of the cards: each text with its card, and what colour is behind it.
SEEN = """() => {
  const seen = e => e.textContent && getComputedStyle(e).visibility === 'visible';
  const ground = e => e.parentElement.matches('.card') ? ''
      : getComputedStyle(e.parentElement.querySelector('rect')).fill;
  return [...document.querySelectorAll('g.card text')].filter(seen)
      .map(e => [e.closest('.card').id, e.textContent, ground(e)].join(' ')).sort();
}"""
AT = """seconds => document.getAnimations().forEach(animation => {
  animation.pause();
  animation.currentTime = seconds * 1000;
})"""
# The line above the equation that is seen now: which step it is.
STEP = """() => [...document.querySelectorAll('svg > g:not([aria-hidden]) > text[font-size="11"]')]
  .filter(e => getComputedStyle(e).visibility === 'visible').map(e => e.textContent)"""
WHOLE = "() => Math.max(...document.getAnimations().map(a => a.effect.getTiming().duration)) / 1000"


def held():
    """A sum whose gradient began with one from before."""
    x = Value(2.0, "x")
    (x * x).backward()
    y = x * x + x * 3.0
    y.backward()
    return y, None


def moved():
    """A leaf that was changed after its graph was computed, as by an optimiser."""
    w = Value(2.0, "w")
    loss = (w - 5.0) ** 2
    loss.backward()
    w.data -= 0.1 * w.grad
    return loss, {"w": w}


@pytest.fixture
def playing(visit, tmp_path):
    """A function that opens the animation of a graph."""

    def open_(graph, **options):
        root, params = graph()
        return visit(draw(root, params).save(tmp_path / "plays.svg", animate=True), **options)

    return open_


def moments(page):
    """What is seen of the cards during each step, in order."""
    found = []
    for half_seconds in range(int(2 * page.evaluate(WHOLE))):
        page.evaluate(AT, half_seconds / 2 + 0.25)
        (step,) = page.evaluate(STEP)
        if not found or found[-1][0] != step:
            found.append((step, page.evaluate(SEEN)))
    return found


@pytest.mark.parametrize("graph", [neuron, shared, overflow, held, moved], ids=lambda g: g.__name__)
def test_at_every_step_it_shows_what_the_step_page_shows(graph, playing, visit, tmp_path):
    path = tmp_path / "steps.html"
    path.write_text(to_html(*graph()), "utf-8")
    page, plays = visit(path), moments(playing(graph))
    for step, seen in plays:
        assert page.inner_text("#title") == step
        assert page.evaluate(SEEN) == seen, step
        page.keyboard.press("ArrowRight")
    assert page.get_attribute("#next", "aria-disabled") == "true"


@pytest.mark.parametrize("media", [{"reduced_motion": "reduce"}, {"media": "print"}])
def test_for_readers_who_want_no_motion_and_on_paper_it_is_the_finished_picture(playing, media):
    page = playing(shared)
    finished = moments(page)[-1]
    page.reload()
    page.evaluate(AT, 1.0)
    assert page.evaluate(SEEN) != finished[1]
    page.emulate_media(**media)
    assert page.evaluate("document.getAnimations().length") == 0
    assert (page.evaluate(STEP), page.evaluate(SEEN)) == ([finished[0]], finished[1])
    assert page.evaluate("getComputedStyle(document.querySelector('.bar')).visibility") == "hidden"


@pytest.mark.parametrize(
    ("wish", "moves"), [([], True), (["--force-prefers-reduced-motion"], False)]
)
def test_in_an_image_it_plays_but_for_readers_who_want_no_motion(
    start_browser, tmp_path, wish, moves
):
    # What a page is told to emulate does not reach its images; what the system says does.
    root, params = neuron()
    draw(root, params).save(tmp_path / "plays.svg", animate=True)
    (tmp_path / "page.html").write_text("<!doctype html><body><img src=plays.svg>", "utf-8")
    browser = start_browser(*wish)
    try:
        page = browser.new_page(reduced_motion="null")
        page.goto((tmp_path / "page.html").as_uri())
        shown = [page.screenshot()]
        while len(shown) < 40 and len(set(shown)) == 1:  # the first step takes 2.5 seconds
            page.wait_for_timeout(100)
            shown.append(page.screenshot())
    finally:
        browser.close()
    assert (len(set(shown)) > 1) == moves
