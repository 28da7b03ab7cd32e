"""The program beside its graph: a line marks its cards, a card its line."""

import runpy

import pytest
from example_graphs import HOSTILE
from step_pages import FRAMES, assert_cards_hold_their_texts, bulb, step_of

from micronn.graph import record_lines

pytestmark = pytest.mark.browser

# f = d*e, d = a*b, e = a+b: cards n0 to n4 are a, b, d, e, f, of lines 2, 2, 3, 4, 5.
PROGRAM = """from micronn.engine import Value
a, b = Value(-2.0, "a"), Value(3.0, "b")
d = a * b
e = a + b
f = d * e
f.backward()
"""
PRESSED = "[...document.querySelectorAll('#source [aria-pressed=true]')].map(e => e.innerText)"
MARKED = "[...document.querySelectorAll('.halo.line')].map(halo => halo.parentNode.id)"
SAYS = "document.getElementById('says').textContent"


def root_of(text, path):
    path.write_text(text, "utf-8")
    with record_lines():
        return runpy.run_path(str(path), run_name="__main__")["f"]


@pytest.fixture
def sourced(stepping, tmp_path):
    """A function that opens the step page of a program, at an address."""
    return lambda hash="", **options: stepping(
        root_of(PROGRAM, tmp_path / "net.py"), hash=hash, **options
    )


def line_on(page):
    """The one line that is marked, if one is."""
    return [" ".join(text.split()) for text in page.evaluate(PRESSED)]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (0, []),
        (1, ["net.py:3 d = a * b"]),
        (2, ["net.py:4 e = a + b"]),
        (3, ["net.py:5 f = d * e"]),
        (5, ["net.py:5 f = d * e"]),  # f sends to d
        (9, ["net.py:3 d = a * b"]),  # d sends to a
    ],
)
def test_a_step_marks_the_line_of_the_card_where_the_rule_is_applied(sourced, step, line):
    assert line_on(sourced(f"#step-{step}")) == line


def test_a_line_that_is_pressed_marks_its_cards_and_says_so_and_the_step_stays(sourced):
    page = sourced("#step-3")
    page.click("#source button >> nth=0")
    assert page.evaluate(MARKED) == ["n0", "n1"]
    assert line_on(page) == ['net.py:2 a, b = Value(-2.0, "a"), Value(3.0, "b")']
    assert page.evaluate(SAYS) == "net.py:2 made a, b."
    assert step_of(page) == 3
    page.click("#source button >> nth=1")
    assert page.evaluate(MARKED) == ["n2"]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(MARKED) == []


def test_tab_leads_from_the_picture_to_the_lines_one_by_one_and_stops_nowhere_else(sourced):
    page, seen = sourced("#step-3"), []
    page.focus(".stage")
    assert line_on(page) == ["net.py:5 f = d * e"]  # still that of the step
    for _ in range(16):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("(e => e.id || e.innerText)(document.activeElement)"))
    assert [" ".join(text.split()) for text in (seen[0], *seen[-5:])] == [
        "n4", 'net.py:2 a, b = Value(-2.0, "a"), Value(3.0, "b")', "net.py:3 d = a * b",
        "net.py:4 e = a + b", "net.py:5 f = d * e", "downhill",
    ]  # fmt: skip


def test_stepping_there_and_back_leaves_the_lines_as_they_were(sourced):
    page = sourced("#step-0")
    html = "document.getElementById('source').outerHTML"
    before = page.evaluate(html)
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate(html) == before


def test_lines_are_pressed_by_keyboard(sourced):
    page = sourced("#step-1")
    page.focus("#source button >> nth=2")
    page.keyboard.press("Enter")
    assert (page.evaluate(MARKED), step_of(page)) == (["n3"], 1)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert (page.evaluate(MARKED), step_of(page)) == (["n4"], 1)


def test_a_card_that_is_clicked_or_walked_to_marks_its_line_and_is_read_with_it(sourced):
    page = sourced("#step-0")
    page.click("#n3 text >> nth=0")
    assert line_on(page) == ["net.py:4 e = a + b"]
    assert page.evaluate(SAYS) == "net.py:4 made v3."
    page.focus("#n3")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "n0"
    assert line_on(page) == ['net.py:2 a, b = Value(-2.0, "a"), Value(3.0, "b")']
    label = page.get_attribute("#n0", "aria-label")
    assert label.endswith("net.py:2")


def test_a_page_without_lines_has_no_such_part(stepping):
    assert stepping(bulb()).query_selector("#source") is None


@pytest.mark.parametrize("width", [320, 390, 1280, 1920])
def test_the_lines_fit_in_every_window(sourced, width):
    page = sourced("#step-7", width=width, height=800)
    across = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(across) <= 0
    assert page.locator("#source").bounding_box()["width"] <= width
    assert_cards_hold_their_texts(page.evaluate(FRAMES))


def test_paper_and_a_page_without_scripts_list_the_lines(sourced):
    page = sourced(java_script_enabled=False)
    assert page.locator("#source li").all_text_contents()[1] == "net.py:3 d = a * b"
    assert page.locator("#source button").count() == 0
    printed = sourced()
    printed.emulate_media(media="print")
    assert printed.locator("#source code >> nth=3").is_visible()
    assert not printed.locator("#says").is_visible()


def test_hostile_text_of_a_program_is_text(stepping, tmp_path):
    names = [name for name in HOSTILE if name.isprintable() and "\n" not in name]
    lines = [f"f = f + 1.0  # {name}" for name in names]
    start = "from micronn.engine import Value\nf = Value(1.0)"
    page = stepping(root_of("\n".join([start, *lines]), tmp_path / "<img src=x>&'\".py"))
    shown = page.evaluate("[...document.querySelectorAll('#source code')].map(e => e.textContent)")
    assert [text[:200] for text in shown[1:]] == [line.strip()[:200] for line in lines]
    assert page.locator("#source :is(img, script, svg, title, font)").count() == 0
    page.click("#source button >> nth=3")
    assert "<img src=x>&'\".py:5 made " in page.evaluate(SAYS)
