"""What must be seen, checked where it is seen: in a browser."""

import pytest
from example_graphs import PICTURES, moved_twice, net

from micronn.draw import draw

pytestmark = pytest.mark.browser

NAMES = list(PICTURES)
FONTS = [
    "",
    "DejaVu Serif, Liberation Serif, serif",
    "Liberation Sans Narrow, Arial Narrow, sans-serif",
]

# Every card with its frame and its texts as they are on the screen.
BOXES = """() => [...document.querySelectorAll('g.card')].map(card => {
  const box = e => { const r = e.getBoundingClientRect();
                     return [r.left, r.top, r.right, r.bottom] };
  return {id: card.id, frame: box(card.querySelector('rect')),
          texts: [...card.querySelectorAll('text')].map(t => [t.textContent, ...box(t)])}
})"""


@pytest.fixture(scope="module")
def svgs():
    """Every picture, drawn once."""
    drawn = {}
    for name, (graph, options) in PICTURES.items():
        root, params = graph()
        drawn[name] = draw(root, params, **options).svg
    return drawn


def show(page, svg, font=""):
    """Open the picture in the page, with another font if one is given."""
    force = f"<style>.mn, .mn text {{font-family: {font} !important}}</style>" if font else ""
    page.set_content(f"<!doctype html><meta charset=utf-8>{force}<body style='margin:0'>{svg}")


def overlap(a, b):
    """Whether two boxes share more than a hair's breadth."""
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.5


@pytest.mark.parametrize("font", FONTS, ids=["own font", "serif", "narrow"])
@pytest.mark.parametrize("name", NAMES)
def test_every_text_lies_inside_its_card_and_beside_its_neighbours(page, svgs, name, font):
    show(page, svgs[name], font)
    cards = page.evaluate(BOXES)
    assert cards
    for card in cards:
        left, top, right, bottom = card["frame"]
        boxes = [text[1:] for text in card["texts"]]
        for text, x0, y0, x1, y1 in card["texts"]:
            inside = x0 >= left - 1 and y0 >= top - 1 and x1 <= right + 1 and y1 <= bottom + 2
            assert inside, (card["id"], text, (x0, y0, x1, y1), card["frame"])
        for i, box in enumerate(boxes):
            crowd = [card["texts"][j] for j in range(i) if overlap(box, boxes[j])]
            assert not crowd, (card["id"], card["texts"][i], crowd)


@pytest.mark.parametrize("name", NAMES)
def test_no_two_cards_overlap(page, svgs, name):
    show(page, svgs[name])
    frames = [card["frame"] for card in page.evaluate(BOXES)]
    assert not [
        (i, j) for i in range(len(frames)) for j in range(i) if overlap(frames[i], frames[j])
    ]


def test_screens_may_be_dark_and_paper_is_always_light(page, svgs):
    show(page, svgs["neuron"])
    fill = "() => getComputedStyle(document.querySelector('.bg')).fill"
    for media, scheme, expected in [
        ("screen", "light", "rgb(255, 255, 255)"),
        ("screen", "dark", "rgb(16, 21, 27)"),
        ("print", "light", "rgb(255, 255, 255)"),
        ("print", "dark", "rgb(255, 255, 255)"),
    ]:
        page.emulate_media(media=media, color_scheme=scheme)
        assert page.evaluate(fill) == expected, (media, scheme)


def test_dark_colours_reach_every_shape_and_text(page, svgs):
    # On a dark screen nothing may keep a light colour of the palette.
    from micronn.pictures.paint.palette import DARK

    allowed = {tuple(int(h[i : i + 2], 16) for i in (1, 3, 5)) for h in DARK.values()}
    page.emulate_media(color_scheme="dark")
    for name in ("shared", "layers on a batch", "neurons"):
        show(page, svgs[name])
        paints = page.evaluate(
            """() => [...document.querySelectorAll('svg [fill], svg [stroke]')].flatMap(e => {
                 const s = getComputedStyle(e); return [s.fill, s.stroke] })"""
        )
        for paint in set(paints) - {"none"}:
            rgb = tuple(int(x) for x in paint.removeprefix("rgb(").removesuffix(")").split(","))
            assert rgb in allowed, (name, paint)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_asks_for_nothing_and_complains_about_nothing(page, svgs, tmp_path, name):
    file = tmp_path / "picture.svg"
    file.write_text(svgs[name], "utf-8")
    requests, messages = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("dialog", lambda dialog: messages.append("dialog"))
    page.goto(file.as_uri())
    assert requests == [file.as_uri()]
    assert messages == []
    assert page.evaluate("document.querySelectorAll('script, image, foreignObject, a').length") == 0


@pytest.mark.parametrize("name", NAMES)
def test_signs_survive_without_colour(page, svgs, name):
    # What an eye that sees no colours has to go by: characters and dashes.
    show(page, svgs[name])
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
    negative = ["#fde9d8", "#f8c08f", "#ec9339"]
    chips = page.evaluate(
        """() => [...document.querySelectorAll('g.card g')].map(g =>
             [g.querySelector('rect').getAttribute('fill'), g.querySelector('text').textContent])"""
    )
    assert all("−" in text for fill, text in chips if fill in negative)
    dashes = page.evaluate(
        """() => [...document.querySelectorAll('.line[stroke="#a45200"]')].map(p =>
             getComputedStyle(p).strokeDasharray)"""
    )
    assert "none" not in dashes


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_the_table_below_a_folded_picture_has_room_for_what_changed(page, width):
    root, params = moved_twice()
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(draw(root, params, "neurons").as_page())
    cells = page.evaluate(
        "[...document.querySelectorAll('tbody td')].map(c => [c.scrollWidth, c.clientWidth])"
    )
    assert "now " in page.inner_text("tbody")
    assert "before " in page.inner_text("tbody")
    assert all(needed <= given for needed, given in cells)


def test_paper_takes_sixty_rows_of_a_long_table_and_says_so(page):
    root, params = net(20, (4, 1))
    page.set_content(draw(root, params).as_page())
    page.emulate_media(media="print")
    shown = "[...document.querySelectorAll('tbody tr')].filter(r => r.offsetHeight).length"
    told = "getComputedStyle(document.querySelector('.scroll'), '::after').content"
    assert page.evaluate(shown) == 60
    assert "first 60 values" in page.evaluate(told)
    page.emulate_media(media="screen")
    assert page.evaluate(shown) > 60
    assert page.evaluate(told) == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_colours_are_forced_a_picture_keeps_its_own(page, svgs, scheme):
    show(page, svgs["neuron"])
    page.emulate_media(color_scheme=scheme, forced_colors="active")
    fills = page.evaluate(
        """() => ['.bg', '.legend rect', '#n2_grad rect', '#n2_grad text'].map(
             one => getComputedStyle(document.querySelector(one)).fill)"""
    )
    page.emulate_media(color_scheme=scheme, forced_colors="none")
    again = page.evaluate(
        """() => ['.bg', '.legend rect', '#n2_grad rect', '#n2_grad text'].map(
             one => getComputedStyle(document.querySelector(one)).fill)"""
    )
    assert fills == again
