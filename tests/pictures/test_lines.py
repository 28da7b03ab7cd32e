"""A picture fits a screen: what is too wide is broken into lines, and no wire is lost."""

import random
import re
from math import inf

import pytest
from drawn import SVG, chain, parsed
from example_graphs import fresh, moved_twice, net, penalty, shared
from hypothesis import given
from hypothesis import strategies as st

from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP
from micronn.pictures.layout.layout import Route
from micronn.pictures.layout.lines import fitting, sliced
from micronn.pictures.layout.placing import placed
from micronn.pictures.views.render import WIDEST


def skipping():
    """A chain whose first value is read again at its end."""
    x = Value(1.0, "x")
    root = x
    for _ in range(14):
        root = root.tanh()
    root = root * x
    root.backward()
    return root, None


WIDE = {
    "a chain": lambda: (chain(60), None),
    "a window": lambda: (chain(1000), None),
    "a wire across lines": skipping,
    "a deep net": lambda: net(0, (3, 3, 3, 3, 3, 1)),
    "a net": lambda: net(0, (4, 4, 1)),
    "a net that moved": moved_twice,
    "a batch": lambda: net(20, (4, 4, 1)),
    "layers": lambda: net(20, (16, 16, 1)),
    "many layers": lambda: net(3, (16, 16, 16, 16, 16, 16, 1)),
    "a penalty": penalty,
}
NARROW = {"values": shared, "a small net": net, "before backward": fresh}


@pytest.fixture(scope="module")
def drawn():
    """Each of the wide pictures, drawn once."""
    return {name: draw(*graph()) for name, graph in WIDE.items()}


def box(card):
    """Left, top, right and bottom of a card."""
    x, y = (float(n) for n in re.findall(r"-?[\d.]+", card.get("transform")))
    frame = card.find(f"{SVG}rect")
    return x, y, x + float(frame.get("width")) + 3, y + float(frame.get("height")) + 3


def curve(wire):
    """The points of a wire, and many places between them."""
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", wire.find(f"{SVG}path").get("d"))]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    places = []
    for k in range(0, len(points) - 1, 3):
        for t in [i / 20 for i in range(21)]:
            parts = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3]
            four = list(zip(parts, points[k : k + 4], strict=True))
            places.append(
                tuple(sum(share * point[axis] for share, point in four) for axis in (0, 1))
            )
    return places


@pytest.mark.parametrize("name", WIDE)
def test_no_picture_is_wider_than_a_screen(name, drawn):
    made = drawn[name]
    tree, _ = parsed(made.svg)
    assert made.width <= WIDEST
    wide = placed(made.sketch)
    assert wide.width > WIDEST  # without lines it would be
    boxes = [box(card) for card in tree.iter(f"{SVG}g") if "card " in (card.get("class") or "")]
    assert max(right for _, _, right, _ in boxes) < made.width


@pytest.mark.parametrize("name", NARROW)
def test_a_picture_that_fits_stays_in_one_line(name):
    sketch = draw(*NARROW[name]()).sketch
    assert placed(sketch, WIDEST) == placed(sketch, inf)


@pytest.mark.parametrize("name", WIDE)
def test_a_wire_that_is_cut_still_runs_from_card_to_card(name, drawn):
    made = drawn[name]
    _, ids = parsed(made.svg)
    for wire in made.sketch.wires:
        places = curve(ids[wire.id])
        tail, head = box(ids[wire.tail[0]]), box(ids[wire.head[0]])
        (x0, y0), (x1, y1) = places[0], places[-1]
        assert abs(x0 - tail[2]) < 8
        assert tail[1] <= y0 <= tail[3]
        assert 0 < head[0] - x1 < 16
        assert head[1] <= y1 <= head[3]


@pytest.mark.parametrize("name", WIDE)
def test_no_wire_turns_behind_a_card_and_none_leaves_the_picture(name, drawn):
    made = drawn[name]
    tree, ids = parsed(made.svg)
    boxes = {card.id: box(ids[card.id]) for card in made.sketch.cards}
    for wire in made.sketch.wires:
        for x, y in curve(ids[wire.id]):
            assert 0 < x < made.width
            assert 0 < y < float(tree.get("height"))
            under = [id for id, (a, b, c, d) in boxes.items() if a + 6 < x < c - 6 and b < y < d]
            assert not set(under) - {wire.tail[0], wire.head[0]}


def test_a_page_that_scrolls_keeps_its_picture_in_one_line():
    page = draw(chain(20)).as_page()
    assert int(re.search(r"--w:(\d+)", page)[1]) > WIDEST


@given(
    st.lists(st.tuples(st.floats(1, 50), st.floats(1, 300)), min_size=1, max_size=12),
    st.floats(200, 900),
)
def test_lines_hold_every_part_once_in_order_and_are_as_few_as_fit(parts, most):
    spans, margins, x = [], [], 0.0
    for gap, wide in parts:
        spans.append((x + gap, x + gap + wide))
        margins.append(gap)
        x += gap + wide
    margins.pop()
    lines = fitting(spans, margins, most)
    assert [k for line in lines for k in line] == list(range(len(spans)))
    around = [0.0, *margins, 0.0]

    def width(line):
        inner = spans[line[-1]][1] - spans[line[0]][0]
        return around[line[0]] + inner + around[line[-1] + 1]

    assert all(len(line) == 1 or width(line) <= most for line in lines)
    if width(range(len(spans))) <= most:
        assert len(lines) == 1


def test_a_sliced_path_is_the_same_path():
    route = Route([(0.0, 0.0), (30.0, 5.0), (60.0, 50.0), (100.0, 40.0)], (106.0, 40.0), (0.0, 0.0))
    parts = sliced(route.points, [20.0, 70.0])
    assert list(parts) == [0, 1, 2]
    assert parts[0][0] == (0.0, 0.0)
    assert parts[2][-1] == (100.0, 40.0)
    for before, after, x in ((0, 1, 20.0), (1, 2, 70.0)):
        assert parts[before][-1] == pytest.approx(parts[after][0])
        assert parts[after][0][0] == pytest.approx(x)


def test_a_net_at_random_fits_too():
    rng = random.Random(3)
    for _ in range(10):
        sizes = [rng.randint(1, 8) for _ in range(rng.randint(1, 5))]
        model = MLP(rng.randint(1, 5), [*sizes, 1], rng=rng)
        loss = (model([Value(1.0) for _ in range(len(model.layers[0].neurons[0].w))]) - 1.0) ** 2
        loss.backward()
        made = draw(loss, model)
        assert made.svg
        assert made.width <= WIDEST
