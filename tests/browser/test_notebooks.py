"""How graphs and networks show themselves in a notebook cell: the picture, then the page.

The page runs in a frame that has no address, no storage and no right to send a form, so every
control that works on a page of its own is used here again.
"""

import base64
from html.parser import HTMLParser

import pytest
from recorded_run import recorded
from step_pages import bulb, neuron

from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP
from micronn.pictures import draw_network

pytestmark = pytest.mark.browser


class Tags(HTMLParser):
    """Every tag of a text, with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def graph():
    a, b = Value(-2.0, 'a"><script>alert(1)</script>'), Value(3.0, "b")
    f = (a * b) * (a + b)
    f.backward()
    return draw(f)


def network():
    return draw_network(MLP(2, [3, 1]), [1.0, 2.0], title='"><script>alert(1)</script>')


@pytest.mark.parametrize("picture", [graph(), network()], ids=["graph", "network"])
def test_a_notebook_gets_the_picture_first_and_the_page_in_a_frame(picture):
    tags = Tags(picture._repr_html_()).found
    assert [tag for tag, _ in tags] == ["img", "details", "summary", "iframe"]
    image, page = tags[0][1]["src"], tags[3][1]["srcdoc"]
    kind, _, data = image.partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode("utf-8") == picture.svg == picture._repr_svg_()
    assert page.lower().startswith("<!doctype html>")


@pytest.fixture
def cell(visit, tmp_path):
    """A function that opens a notebook with one narrow cell, and gives its page and its frame.

    At the end, as after every visit, nothing may have been heard, neither from the frame.
    """

    def cell_(shown):
        path, style = tmp_path / "notebook.html", "width:640px;outline:1px solid"
        html = f'<!doctype html><meta charset="utf-8"><div id="cell" style="{style}">{shown}</div>'
        path.write_text(html, "utf-8")
        page = visit(path)
        if page.query_selector("summary"):
            page.click("summary")
        return page, page.query_selector("iframe").content_frame()

    return cell_


# What a reader can use; in a table, the first row stands for all.
# All but those of further rows, and the projector's, which a narrow frame has not.
CONTROLS = """() => [...document.querySelectorAll("button, select, input, summary")]
    .filter(e => !e.closest("tbody tr + tr") && e.id !== "projector")
    .map(e => e.id || e.localName)"""


class Hand:
    """Uses the controls of a frame, and remembers which."""

    def __init__(self, page, frame):
        self.page, self.frame, self.used = page, frame, set()

    def click(self, name):
        self.used.add(name)
        self.frame.click(name if name == "summary" else f"#{name}")

    def choose(self, name, value):
        self.used.add(name)
        self.frame.select_option(f"#{name}", value)

    def fill(self, name, text):
        self.used.add(name)
        self.frame.fill(f"#{name}", text)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def at(self):
        """Where the slider stands, which is the step shown."""
        return int(self.frame.input_value("#slider"))

    def said(self):
        return self.frame.inner_text("#say")

    def arrives(self, step):
        for _ in range(1000):
            if self.at() == step:
                return True
            self.page.wait_for_timeout(20)
        return False


def assert_turned_by_every_control(hand, last, speeds):
    """Buttons, slider, keys and play turn the leaves from 0 to last; the theme changes."""
    ways = [("next", 1), ("last", last), ("back", last - 1), ("first", 0)]
    for name, step in ways:
        hand.click(name)
        assert hand.at() == step, name
    hand.fill("slider", "2")
    assert hand.at() == 2
    hand.frame.focus("#play")
    keys = [("ArrowRight", 3), ("ArrowLeft", 2), ("End", last), ("Home", 0)]
    for key, step in keys:
        hand.press(key)
        assert hand.at() == step, key
    slow, fast = speeds
    hand.choose("speed", slow)
    hand.click("play")
    assert hand.arrives(1)
    hand.click("play")  # pauses
    assert hand.frame.get_attribute("#play", "aria-pressed") == "false"
    assert hand.at() < last
    hand.choose("speed", fast)
    hand.fill("slider", str(last - 1))
    hand.click("play")
    assert hand.arrives(last)  # and stops there
    assert hand.frame.get_attribute("#play", "aria-pressed") == "false"
    hand.choose("speed", slow)
    hand.click("play")  # from the end it starts again
    assert hand.at() < last
    hand.click("last")
    for theme, background in (("dark", "rgb(16, 21, 27)"), ("light", "rgb(255, 255, 255)")):
        hand.choose("theme", theme)
        shown = "getComputedStyle(document.body).backgroundColor"
        assert hand.frame.evaluate(shown) == background


def test_every_control_of_the_step_page_works_in_a_notebook(cell):
    page, frame = cell(draw(bulb())._repr_html_())
    hand = Hand(page, frame)
    assert_turned_by_every_control(hand, last=11, speeds=("2400", "700"))
    frame.click("#n1 text")  # b: at the end there is no later step, so its first
    assert hand.at() == 1
    hand.press("b")
    assert hand.at() == 4
    hand.press("f")
    assert hand.at() == 1
    hand.press("b")
    hand.used.add("button")  # that of the table's first row: a
    frame.click("th button")
    assert hand.at() == 7
    hand.used.add("summary")
    for folded in (".stage + figcaption div", "#words", ".keys p"):
        assert not frame.is_visible(folded)
        fold = f"summary:has(+ {folded.split()[-1]})"
        frame.click(fold)
        assert frame.is_visible(folded)
        frame.click(fold)

    hand.choose("mode", "gradients")
    assert frame.inner_text("#title") == "Question 1 of 5"
    hand.fill("typed", "2")
    hand.click("check")
    assert hand.said().startswith("You typed 2; the gradient of f is 1.")
    hand.click("onward")
    hand.fill("typed", "one")
    hand.press("Enter")
    assert hand.said().startswith("Type a number")
    hand.click("hint")
    assert hand.said().startswith("The rule is")
    hand.fill("typed", "1")
    hand.press("Enter")
    assert hand.said().startswith("Right: the gradient of d is 1.")
    hand.press("Enter")
    hand.click("reveal")
    assert hand.said().startswith("The gradient of e is −6.")
    hand.press("Enter")
    for answer in ("-3", "-8"):
        page.keyboard.type(answer)
        hand.press("Enter")
        assert hand.said().startswith("Right:")
        hand.press("Enter")
    assert hand.said().startswith("3 of 5 right, 1 with a hint.")
    hand.click("onward")  # again
    assert frame.inner_text("#title") == "Question 1 of 5"
    hand.choose("mode", "data")
    assert frame.inner_text("#title") == "Question 1 of 3"
    hand.choose("mode", "")
    assert hand.at() == 7
    hand.press("Tab", "p")
    assert frame.inner_text("#title") == "Question 1 of 5"
    hand.press("Escape")
    assert frame.inner_text("#count") == "step 7 of 11"

    hand.used.add("input")  # that of the table's first row: a; f = (a b) (a + b), b = 3
    frame.fill("tbody input", "1")
    assert frame.inner_text("#changed") == "a is 1, f is 12."
    hand.fill("rate", "0.01")
    hand.click("downhill")  # df/da = 2ab + b² = 15
    assert frame.text_content("#n0_data") == "0.85"
    hand.click("undo")
    assert frame.text_content("#n0_data") == "1"
    hand.click("reset")
    assert frame.text_content("#n0_data") == "−2"
    assert hand.used == set(frame.evaluate(CONTROLS))


def test_every_control_of_the_replay_works_in_a_notebook(cell):
    page, frame = cell(recorded(steps=12)._repr_html_())
    hand = Hand(page, frame)
    assert_turned_by_every_control(hand, last=11, speeds=("500", "70"))
    frame.focus("#play")
    hand.press("PageUp")
    assert hand.at() == 1
    hand.press("PageDown")
    assert hand.at() == 11
    for name, shown, hidden in (("grads", "g", "w"), ("weights", "w", "g")):
        hand.used.add(name)
        frame.click(f"label[for={name}]")
        first = "#network > svg:not([hidden]) .{} >> nth=0"
        assert frame.is_visible(first.format(shown))
        assert not frame.is_visible(first.format(hidden))
    hand.click("summary")
    hand.used.add("button")
    frame.click("tbody tr:nth-child(3) button")
    assert hand.at() == 2
    frame.click("#network .neuron:visible:has(#wu1_1)")
    frame.click("#example-L0n1 > text:first-of-type")
    assert frame.is_visible("#scene .card >> nth=0")
    hand.click("up")
    assert frame.evaluate("document.activeElement.id") == "example-L0n1"
    assert hand.used == set(frame.evaluate(CONTROLS))


@pytest.mark.parametrize(
    "shown",
    [draw(neuron()[0])._repr_html_(), recorded(steps=2)._repr_html_()],
    ids=["graph", "replay"],
)
def test_no_picture_is_wider_than_its_cell_and_no_frame_may_do_more_than_run_scripts(cell, shown):
    for tag, attributes in Tags(shown).found:
        if tag == "iframe":
            assert attributes["sandbox"] == "allow-scripts"
    page, frame = cell(shown)
    for part in page.query_selector_all("#cell img, #cell iframe"):
        box = part.bounding_box()
        assert 600 < box["width"] <= 640
    assert frame.evaluate("origin") == "null"
