"""How graphs and networks show themselves in a notebook cell: the picture, then the page."""

import base64
from html.parser import HTMLParser

import pytest

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


def test_the_picture_loads_and_the_page_steps_inside_a_notebook(page, tmp_path):
    cell = tmp_path / "cell.html"
    cell.write_text(f'<!doctype html><meta charset="utf-8">{graph()._repr_html_()}', "utf-8")
    page.goto(cell.as_uri())
    assert page.evaluate("document.images[0].naturalWidth") > 100
    page.click("summary")
    frame = page.frame_locator("iframe")
    frame.locator("#next").click()
    assert "Forward 1" in frame.locator("#now").inner_text()
