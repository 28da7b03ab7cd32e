"""A film is honest: from the last picture and the tracks, every page comes back."""

import random
import re
import xml.etree.ElementTree as ET

import pytest

from micronn.nn import MLP
from micronn.pictures.network.network_columns import layers_of
from micronn.pictures.views.layer_view import cells
from micronn.viewer.runs.flipbook import ALPHABET, film
from micronn.viewer.runs.replay import film_columns, film_frame


def page_of(book, k):
    """What a browser shows on page k: the elements of its scene after the tracks."""
    scene = book.scenes[ALPHABET.index(book.cuts[k])]
    elements = list(ET.fromstring(scene.svg).iter())
    for number, attribute, values, pages in scene.tracks:
        value = values[ALPHABET.index(pages[k])]
        if attribute == "":
            elements[number].text = value
        elif value is None:
            elements[number].attrib.pop(attribute, None)
        else:
            elements[number].set(attribute, value)
    return elements


def seen(elements):
    """Tags, attributes and texts of what can be seen; what a film adds has no attributes."""
    return sorted(
        (e.tag.split("}")[-1], sorted(e.attrib.items()), (e.text or "").strip())
        for e in elements
        if e.tag.split("}")[-1] != "style" and (e.attrib or (e.text or "").strip())
    )


def svg(*parts):
    return "<svg>" + "".join(parts) + "</svg>"


FILMS = {
    "a number changes": [svg("<text x='1'>1</text>"), svg("<text x='1'>2</text>")],
    "an attribute comes and goes": [
        svg("<path d='M0 0' fill='a'/>"),
        svg("<path d='M0 0'/>"),
        svg("<path d='M0 0' fill='b'/>"),
    ],
    "neighbours come and go": [
        svg("<g><path d='M1'/><path d='M2'/></g><text>a</text>"),
        svg("<g><path d='M3'/></g><text>a</text>"),
        svg("<g><path d='M4'/><path d='M5'/><path d='M6'/></g><text>b</text>"),
    ],
    "another shape": [svg("<path d='M1'/>"), svg("<text>t</text>"), svg("<path d='M2'/>")],
    "characters that XML writes as entities": [
        svg("<text id='a &amp; b'>1 &lt; 2</text><path d='M1'/>\n<g><text>&quot;</text></g>"),
        svg("<text id='&quot;&#39;&apos;'>&#39; &gt;</text><path d='M1'/>\n<g><text>x</text></g>"),
        svg("<text id=''></text><path d='M2'/>\n<g><text>&amp;lt;</text></g>"),
    ],
    "inner groups": [
        svg("<g fill='a'><text>1</text></g><g fill='b'><text>2</text></g>"),
        svg("<g fill='a'><text>1</text></g>"),
    ],
}


@pytest.mark.parametrize("frames", FILMS.values(), ids=FILMS)
def test_every_page_comes_back_whatever_was_shown_before(frames):
    book = film(frames)
    for k in range(len(frames)):
        assert seen(page_of(book, k)) == seen(ET.fromstring(frames[k]).iter())


def test_every_state_of_a_network_comes_back():
    model = MLP(2, [10, 1], rng=random.Random(1))
    layers, frames = layers_of(model), []
    empty = [[None] * 2, [None] * 10, [None]]
    drawn = [list(range(len(column))) for column in empty]
    for k in range(6):
        for parameter in model.parameters():
            parameter.data += random.Random(k).uniform(-1.0, 1.0)
        if k == 4:
            model.layers[0].neurons[0].w[0].data = float("nan")
        frames.append(film_frame(film_columns(layers, empty, drawn, False), "t", "p-"))
    book = film(frames)
    assert len(book.scenes) == 1
    for k in range(6):
        assert seen(page_of(book, k)) == seen(ET.fromstring(frames[k]).iter())


def test_a_matrix_changes_its_colours_cell_by_cell():
    # two cells; drawn as one path a shade, they would be other paths on every page
    cell = "M{} 5v9h9v-9z"
    one = svg(f'<path fill="a" d="{cell.format(1)}{cell.format(11)}"/>')
    two = svg(f'<path fill="a" d="{cell.format(1)}"/>', f'<path fill="b" d="{cell.format(11)}"/>')
    book = film([one, two])
    assert book.scenes[0].tracks == [(2, "fill", ["a", "b"], "01")]
    assert [e.get("d") for e in page_of(book, 0)[1:]] == [cell.format(1), cell.format(11)]


def test_the_pixels_of_an_image_are_no_cells_whatever_their_size():
    # 18 pixels a side are 9 units each, as large as a cell; some stand alone, some in runs
    model, x = MLP(324, [2], rng=random.Random(1)), [float(k % 5 > 2 or k == 2) for k in range(324)]
    layers, frames = layers_of(model), []
    runs = [x, [0.0] * 2]
    for _ in range(2):
        model.parameters()[0].data += 1.0
        frames.append(film_frame(film_columns(layers, runs, [[0, 2], [0, 1]], False), "t", "p-"))
    book = film(frames)
    for k in range(2):
        assert seen(page_of(book, k)) == seen(ET.fromstring(frames[k]).iter())


def test_pages_that_are_alike_need_no_tracks():
    assert film([svg("<text>same</text>")] * 3).scenes[0].tracks == []


@pytest.mark.parametrize("attribute", ["onclick", "href", "style", "xlink"])
def test_nothing_that_could_load_or_run_may_change(attribute):
    with pytest.raises(ValueError, match=attribute):
        film([svg(f"<g {attribute}='a'/>"), svg(f"<g {attribute}='b'/>")])


def test_a_thousand_pages_are_a_film_and_one_more_is_refused():
    frames = [svg(f"<text>{k}</text>") for k in range(1001)]
    book = film(frames[:1000])
    assert [page_of(book, k)[1].text for k in (0, 500, 999)] == ["0", "500", "999"]
    with pytest.raises(ValueError, match="at most 1000 pages"):
        film(frames)


def test_matrices_whose_shades_come_and_go_have_their_colours_on_every_page():
    # the expected colour of each cell is read off the frame itself
    rng = random.Random(3)
    frames = []
    for page in range(12):
        numbers = [rng.choice([0.0, 1.0, -1.0, 0.01, 0.2]) for _ in range(8)]
        both = [cells(numbers, [4, 4], 0, 0), cells(numbers[:3], [3], 80, 0)]
        words = f"<text>{page}</text>"
        frames.append(svg(f"<g>{words}{both[0]}{both[1]}</g>", f"<g>{both[0]}{words}</g>"))
    book = film(frames)
    assert len(book.scenes) == 1
    for page, frame in enumerate(frames):
        wanted = [pair for group in re.findall("<g>.*?</g>", frame) for pair in colours(group)]
        found = page_of(book, page)
        assert [e.text for e in found if e.tag == "text"] == [str(page)] * 2
        shown = [(e.get("d"), e.get("fill")) for e in found if e.tag == "path"]
        assert sorted(shown) == sorted(wanted)


def colours(group):
    """The path of each cell in a group of paths, and its colour."""
    return [
        (cell, fill)
        for fill, d in re.findall('<path fill="([^"]*)" d="([^"]*)"', group)
        for cell in re.findall("M[^z]*z", d)
    ]
