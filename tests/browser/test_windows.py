"""Every page in windows from a phone's to a projector's: nothing is wider than the window."""

import random
import re

import pytest
from recorded_run import recorded
from step_pages import bulb

from micronn.nn import MLP
from micronn.pictures import draw_network
from micronn.viewer import to_html
from micronn.viewer.questions.worksheet import worksheet

pytestmark = pytest.mark.browser


def loss_on(n):
    """The loss of a net on so many examples."""
    model = MLP(2, [5, 1], rng=random.Random(0))
    loss = sum((model([x, 1.0]) - 1.0) ** 2 for x in range(n))
    loss.backward()
    return loss, model


PAGES = {
    "steps": lambda: to_html(bulb()),
    "folded": lambda: to_html(*loss_on(6)),
    "network": lambda: draw_network(loss_on(1)[1], [1.0, 2.0]).html,
    "worksheet": lambda: worksheet(*loss_on(1))[0],
    "replay": lambda: recorded(steps=3).to_html(),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_its_window(visit, tmp_path, name):
    path = tmp_path / "page.html"
    path.write_text(PAGES[name](), "utf-8")
    page = visit(path)
    for width, height in (
        (320, 700),
        (390, 844),
        (940, 700),
        (1060, 900),
        (1280, 720),
        (1366, 650),
        (1920, 1080),
    ):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "projected"), [(1280, False), (1280, True), (1920, True)])
def test_the_controls_of_a_replay_stand_in_one_line(visit, tmp_path, width, projected):
    path = tmp_path / "page.html"
    path.write_text(PAGES["replay"](), "utf-8")
    page = visit(path, width=width, height=720)
    if projected:
        page.keyboard.press("z")
    bar = page.query_selector("[role=toolbar]")
    boxes = [e.bounding_box() for e in bar.query_selector_all("button, select, input")]
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) <= 1
    assert max(box["x"] + box["width"] for box in boxes) <= width


@pytest.mark.parametrize("wide", [False, True])
def test_a_wide_picture_is_printed_across_the_paper(visit, tmp_path, wide):
    path, loss_and_model = tmp_path / "page.html", loss_on(1)
    single = loss_and_model[1].parameters()[0]
    path.write_text(to_html(*loss_and_model) if wide else to_html(single), "utf-8")
    visit(path).pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "page.pdf").read_bytes())
    assert (float(box[1]) > float(box[2])) == wide


def test_chosen_tabs_and_colours_keep_their_look_where_colours_are_forced(visit, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(PAGES["network"](), "utf-8")
    page = visit(path, forced_colors="active")
    ground = "name => getComputedStyle(document.querySelector(name)).backgroundColor"
    labels = [page.evaluate(ground, f"#{name} + label") for name in ("weights", "grads")]
    assert labels[0] != labels[1]
    path.write_text(to_html(*loss_on(1)), "utf-8")
    page = visit(path, forced_colors="active")
    swatches = [page.evaluate(ground, f"figcaption .{name}") for name in ("neg3", "zero", "pos3")]
    assert len(set(swatches)) == 3


@pytest.mark.parametrize("width", [960, 1060, 1280])
def test_the_word_computed_stands_in_one_piece_in_the_table(visit, tmp_path, width):
    path = tmp_path / "page.html"
    path.write_text(PAGES["steps"](), "utf-8")
    page = visit(path, width=width, height=720)
    pieces = page.evaluate("""() => {
        const cells = [...document.querySelectorAll("tbody td:nth-child(2)")];
        return cells.filter(cell => cell.textContent.startsWith("computed,")).map(cell => {
            const range = document.createRange(), text = cell.firstChild;
            range.setStart(text, 0);
            range.setEnd(text, "computed,".length);
            return range.getClientRects().length;
        });
    }""")
    assert set(pieces) == {1}
