"""Two graphs as one picture: what is one card, which numbers stand on it, and what is marked."""

import ctypes
import math
import random
import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from drawn import SVG, parsed, words_in
from example_graphs import HOSTILE, hostile, net
from hypothesis import given, settings
from hypothesis import strategies as st

from micronn import tiny
from micronn.draw import compare
from micronn.engine import Value, topological_order
from micronn.graph import Graph
from micronn.graph.matching import matched, sides
from micronn.optim import SGD
from micronn.pictures.paint.palette import LIGHT
from micronn.pictures.views.compare_view import compared, pairs_of
from micronn.support.text import clean


def hill(w, goal=5.0):
    """(2w - 5)², which is 9 with slope -12 at w = 1, and 2.25 with slope -6 at 1.75."""
    h = w * 2.0
    h.label = "h"
    loss = (h - goal) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def cards_of(made):
    """The cards of a picture, as elements."""
    return [
        e for e in parsed(made.svg)[0].iter(f"{SVG}g") if e.get("class", "").startswith("card ")
    ]


def card(made, name):
    """The texts on the card of that name, without its sign and corner."""
    texts = next(texts for texts in map(words_in, cards_of(made)) if name in texts)
    return texts[texts.index("data") :]


def framed(made):
    """The names of the cards with a thick frame around them."""
    thick = f"{SVG}path[@stroke='#a45200']"
    found = [e for e in cards_of(made) if e.find(thick) is not None]
    return [e.find(f"{SVG}title").text.split(":")[0] for e in found]


def random_graph(rng, size=12):
    """Some operations on a few leaves, of which some have names."""
    values = [Value(rng.uniform(-2.0, 2.0), rng.choice(["", "x", "y", "z"])) for _ in range(3)]
    for _ in range(size):
        a, b = rng.choice(values), rng.choice([*values, 2.0])
        made = rng.choice([lambda a, b: a + b, lambda a, b: a * b, lambda a, _: a.tanh()])(a, b)
        made.label = rng.choice(["", "", "", "h", "k"])
        values.append(made)
    values[-1].backward()
    return values[-1]


# Two moments


def test_both_moments_of_a_step_stand_on_each_card_with_the_difference():
    w = Value(1.0, "w")
    optimizer = SGD([w], lr=0.0625)
    before = Graph(hill(w))
    optimizer.step()
    optimizer.zero_grad()
    made = compare(before, hill(w))
    assert made.title == "loss = (w × 2 − 5)²: before → after"
    numbers = ["data", "1", "→", "1.75", "Δ +0.75", "grad", "−12", "→", "−6", "Δ +6"]
    assert card(made, "w") == numbers
    assert card(made, "loss")[:5] == ["data", "9", "→", "2.25", "Δ −6.75"]
    assert card(made, "loss")[5:] == ["grad", "+1", "="]
    constant = next(e for e in cards_of(made) if "const" in words_in(e))
    assert not constant.find(f"{SVG}rect").get("stroke-dasharray")  # as only a ghost has
    assert framed(made) == ["w"]
    assert "The difference begins at w (data 1 → 1.75)." in made.svg
    assert "Output loss 9 → 2.25." in made.sketch.caption
    assert "w: before data = 1.0, grad = -12.0; after data = 1.75, grad = -6.0" in made.svg


def test_of_a_net_that_took_a_step_the_title_says_which_and_no_frame_is_around_every_weight():
    loss, model = net()
    before = Graph(loss, model)
    for parameter in model.parameters():
        parameter.data += 0.01
    made = compare(before, model([1.0, 0.5]).tanh(), model)
    assert made.title.startswith("before: MLP 2-3-1, ")
    moved = compare(before, loss, model)
    assert moved.title.startswith("MLP 2-3-1, ")
    assert framed(moved) == []
    assert "and 10 more." in " ".join(moved.sketch.notes)
    assert "thick" not in moved.svg


def test_a_recorded_loss_is_compared_as_it_was_computed_although_its_leaves_have_moved():
    w = Value(1.0, "w")
    first = hill(w)
    w.data = 1.75
    made = compare(first, (w * 2.0 - 5.0) ** 2)
    assert card(made, "w")[:4] == ["data", "1", "→", "1.75"]
    assert "w has changed since: it was 1, now 1.75." in made.svg
    assert "No backward() yet" in made.svg


def test_what_leaves_no_longer_hold_is_refused_with_a_way_round():
    w = Value(1.0, "w")
    first = hill(w)
    w.data = 1.75
    second = hill(w)  # backward() has overwritten what w remembers
    with pytest.raises(ValueError, match=r"^h.*no longer hold.*before = Graph\(loss\)"):
        compare(first, second)


def test_one_recording_at_two_moments_shows_what_moved_and_says_that_nothing_followed():
    w = Value(1.0, "w")
    loss = hill(w)
    before = Graph(loss)
    w.data = 1.75
    made = compare(before, loss)
    assert card(made, "w")[:5] == ["data", "1", "→", "1.75", "Δ +0.75"]
    assert card(made, "h")[:3] == ["data", "2", "="]
    assert "Leaves have moved, and nothing was computed anew from them." in made.svg
    assert "as it was computed, with 1" not in made.svg
    both = compare(loss, loss)  # the same moment twice, after the leaf has moved
    assert card(both, "w")[:3] == ["data", "1.75", "="]
    assert "nothing was computed anew" in both.svg


def test_leaves_of_both_sides_show_the_gradient_that_each_side_sent():
    x = Value(3.0, "x")
    one, other = x * x, x * x * x
    one.backward()
    other.backward()
    assert x.grad == 6.0 + 27.0
    made = compare(one, other)
    assert card(made, "x")[4:7] == ["+6", "→", "+27"]
    told = "Both sides read x: each grad is what one side's messages add up to."
    assert made.sketch.notes[-1] == told


def test_a_kept_moment_shows_the_gradients_that_leaves_hold_and_says_what_is_of_before():
    x = Value(3.0, "x")
    one = x * x
    one.backward()
    before = Graph(one)
    other = x * x
    other.backward()  # and no zero_grad()
    made = compare(before, other)
    assert card(made, "x")[-4:] == ["+6", "→", "+12", "Δ +6"]
    assert "Held before this pass, or changed after it: x +6." in made.svg


def test_a_side_without_backward_has_a_dash_for_its_gradients():
    x = Value(3.0, "x")
    fresh, done = x * 2.0, x * 2.0
    done.backward()
    assert card(compare(fresh, done), "x")[-4:] == ["grad", "–", "→", "+2"]
    assert card(compare(fresh, fresh), "x")[-1] == "grad"


# Two engines


def broken_tiny():
    """The Value of micronn/tiny.py that sets a gradient where it should add."""
    page = Path(tiny.__file__).read_text("utf-8")
    names = {"__name__": "broken"}
    changed = page.replace("operand.grad += local_grad", "operand.grad = local_grad")
    exec(changed, names)  # noqa: S102 (our own page, with a change of ours)
    return names["Value"]


def shared_product(kind):
    """c + c b with c = a b, at a = 2 and b = 3."""
    a, b = kind(2.0), kind(3.0)
    c = a * b
    y = c + c * b
    y.backward()
    return y


def test_the_first_wrong_card_of_a_wrong_engine_stands_out():
    # By hand dy/dc = 1 + b = 4; the last message alone is b = 3, or 1, as the order has it.
    for right in (tiny.Value, Value):
        made = compare(
            shared_product(right), shared_product(broken_tiny()), names=("right", "wrong")
        )
        assert framed(made) == ["v2"]
        assert card(made, "v2") == ["data", "6", "=", "grad", "+4", "→", "+3", "Δ −1"]
        assert "Of 5 cards: 3 differ." in made.svg
    assert made.title == "v0 × v1 + v0 × v1 × v1: right → wrong"


class Micrograd:
    """A Value in the way of micrograd: a set of children, and ReLU for the name of relu."""

    def __init__(self, data, children=(), op="", label=""):
        self.data, self.grad, self._prev, self._op, self.label = data, 0, set(children), op, label

    def __mul__(self, other):
        return Micrograd(self.data * other.data, (self, other), "*")

    def relu(self):
        return Micrograd(max(self.data, 0.0), (self,), "ReLU")


def test_an_engine_that_keeps_operands_in_a_set_is_matched_by_name_and_number():
    def graph(kind, *names):
        a, b = [
            kind(x, **{"label": name} if name else {})
            for x, name in zip((2.0, 3.0), names, strict=True)
        ]
        y = (a * a * b).relu()
        y.grad = 1.0
        return y

    for names in (("a", "b"), ("", "")):
        made = compare(graph(Value, *names), graph(Micrograd, *names), rel_tol=0)
        assert "only" not in made.svg
        assert made.svg.count('class="card ') == 5


def test_operands_in_a_set_stand_in_the_order_of_their_names():
    names = [f"x{k:02}" for k in range(12)]
    leaves = [Micrograd(1.0, label=name) for name in reversed(names)]
    graph, _, _ = sides(Micrograd(12.0, leaves, "sum"), Value(1.0), None)
    assert [row.name for row in graph.nodes] == [*names, ""]


def single(x):
    """A number rounded to float32."""
    return ctypes.c_float(x).value


class Single:
    """An engine that rounds every result to float32."""

    def __init__(self, data, operands=(), local_grads=(), op=""):
        self.data, self.op, self.grad, self.operands = single(data), op, 0.0, operands
        self.local_grads = [single(slope) for slope in local_grads]

    def __add__(self, other):
        return Single(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        return Single(self.data * other.data, (self, other), (other.data, self.data), "*")

    def tanh(self):
        t = math.tanh(self.data)
        return Single(t, (self,), (1.0 - t * t,), "tanh")

    def backward(self):
        self.grad = 1.0
        for node in reversed(tiny.Value.topological_order(self)):
            for operand, slope in zip(node.operands, node.local_grads, strict=True):
                operand.grad = single(operand.grad + single(slope * node.grad))


def test_float32_differs_from_float64_by_rounding_and_not_where_it_is_exact():
    def graph(kind):
        y = (kind(0.5) * kind(0.1) + kind(0.3)).tanh()
        y.backward()
        return y

    wide, narrow = graph(Value), graph(Single)
    made = compare(wide, narrow, names=("float64", "float32"), rel_tol=1e-6)
    assert card(made, "v0")[:3] == ["data", "0.5", "="]
    # 0.1 as a float32 is 0.100000001490116119384765625, so 1.490116e-8 of it away
    assert card(made, "v1")[:5] == ["data", "0.1", "→", "0.1000", "≈ 1.490e−8"]
    assert "Δ" not in made.svg
    assert framed(made) == []
    assert "differ by rounding" in made.svg
    assert "≈ differs by rounding: this share of the larger number, at most 1e−6" in made.svg
    assert "Δ" in compare(wide, narrow).svg


# Two structures


def test_a_term_that_one_side_has_alone_is_a_ghost_and_the_rest_is_one():
    def graph(with_penalty):
        x, w, b = Value(2.0, "x"), Value(-3.0, "w"), Value(1.0, "b")
        y = (x * w + b).relu()
        return y + w * w if with_penalty else y

    made = compare(graph(False), graph(True))
    assert "Of 8 cards: 2 only after." in made.svg
    assert "dashed card or wire: one side alone has it" in made.svg
    tree, parts = parsed(made.svg)
    assert words_in(parts["n6"])[:3] == ["×", "v6", "+ only after"]
    assert words_in(parts["n7"])[2] == "output, + only after"
    assert words_in(parts["n5"])[2] == "output of before"
    assert parts["n6"].find(f"{SVG}rect").get("stroke-dasharray")
    assert not parts["n5"].find(f"{SVG}rect").get("stroke-dasharray")
    assert parts["e7_5"].find(f"{SVG}title").text == "v5 into v7, only after"
    assert parts["e7_5"].find(f"{SVG}path").get("stroke-dasharray")
    strokes = [parts[id].find(f"{SVG}path").get("stroke") for id in ("e7_5", "e5_4")]
    assert strokes == [LIGHT["rule"], LIGHT["op"]]


def test_graphs_of_one_structure_are_paired_by_it_whatever_their_numbers():
    def graph(a, b):
        y = Value(a) - Value(b)
        y.backward()
        return y

    one, other = Graph(graph(1.0, 2.0)), Graph(graph(2.0, 1.0))
    assert matched(one, other) == {0: 0, 1: 1, 2: 2}


def test_equal_numbers_on_one_side_are_not_taken_for_one_on_the_other():
    x = Value(3.0, "x")
    one, other = Graph(x * 2.0 + 2.0), Graph((x * 2.0).tanh())
    assert sorted(matched(one, other).values()) == [0, 1, 2]


def test_a_given_value_and_a_computed_one_of_its_name_are_two_cards():
    x = Value(3.0, "x")
    h = x.tanh()
    h.label = "h"
    made = compare(h * x, Value(0.5, "h") * x)
    assert "Of 4 cards: 1 differ, 1 only before, 1 only after." in made.svg


def test_an_operation_that_was_put_in_between_leaves_both_ends_matched():
    def graph(relu):
        x, w = Value(2.0, "x"), Value(-3.0, "w")
        z = x * w
        y = (z.relu() if relu else z) * 4.0 - 1.0
        y.backward()
        return y

    made = compare(graph(True), graph(False), names=("with relu", "without"))
    shown, titles = parsed(made.svg)[1], {f"{SVG}title"}
    lone = [e.text for part in shown.values() for e in part if e.tag in titles and "only" in e.text]
    assert lone == [
        "v2 into v3, only with relu",
        "v2 into v5, only without",
        "v3 into v5, only with relu",
    ]
    # relu(-6) is 0: other data of ×4 and of the output, and no gradient for x, w, x w and the 4
    assert "Of 8 cards: 6 differ, 1 only with relu." in made.svg


def test_values_of_one_name_are_one_card_which_says_what_else_was_done():
    def graph(bend):
        h = getattr(Value(2.0, "x"), bend)()
        h.label = "h"
        return h * 3.0

    made = compare(graph("tanh"), graph("relu"))
    assert "tanh → relu" in made.svg
    assert "only" not in made.svg
    assert framed(made) == ["h"]


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_every_row_of_both_sides_is_on_one_card_with_its_own_numbers(seed, other_seed):
    one, other = [Graph(random_graph(random.Random(s))) for s in (seed, other_seed)]
    pairs = pairs_of(one, other, 1e-9)
    for side, graph in enumerate((one, other)):
        rows = [pair.rows[side] for pair in pairs if pair.rows[side]]
        assert sorted(row.k for row in rows) == list(range(len(graph)))
        for pair in pairs:
            row = pair.rows[side]
            made_of = {p.rows[side].k for p in pairs if p.k in pair.operands[side]}
            assert made_of == set(row.operands if row else ())
    for pair in pairs:
        assert any(pair.rows)
        p, q = pair.rows
        if p and q:
            assert bool(p.operands) == bool(q.operands)
            assert pair.lines == (
                compared(p.data, q.data, 1e-9),
                compared(p.grad, q.grad, 1e-9, sign=True),
            )


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_a_graph_beside_itself_or_its_like_has_no_mark(seed):
    one, like = random_graph(random.Random(seed)), random_graph(random.Random(seed))
    for made in (compare(one, one), compare(one, like), compare(Graph(one), one)):
        assert not re.search("Δ|≈|only|thick|dashed|differ", made.dot)
        assert "all are the same on both sides" in made.dot
        assert len(made.sketch.cards) == len(topological_order(one))


def test_nan_and_infinity_are_compared_like_numbers():
    nan, inf = math.nan, math.inf
    assert compared(nan, nan, 0.0).mark == compared(inf, inf, 0.0).mark == "="
    assert compared(1.0, nan, 1.0) == ("1", "NaN", "Δ NaN", "bad")
    assert compared(0.0, nan, 1.0) == ("0", "NaN", "Δ NaN", "bad")
    assert compared(1.0, inf, 1.0) == ("1", "+∞", "Δ +∞", "bad")
    assert compared(1e308, -1e308, 1.0).difference == "Δ −∞"
    assert compared(0.0, 5e-324, 0.5) == ("0", "5e−324", "Δ +5e−324", "pos3")


# The picture


def test_a_value_that_is_its_own_operand_is_refused():
    own = SimpleNamespace(data=1.0, grad=0.0, operands=[Value(2.0)])
    between = SimpleNamespace(data=1.0, grad=0.0, operands=[own, own])
    assert compare(between, between).dot
    own.operands.append(between)
    with pytest.raises(ValueError, match="an operand of itself"):
        compare(Value(1.0), between)


def test_hostile_names_are_cleaned_and_stay_inside():
    root, params = hostile()
    other, _ = hostile()
    made = compare(root, other, params, names=('<script>"', "]]>\x00\ud800"), title="a\x07<b>")
    tree, parts = parsed(made.svg)
    assert not list(tree.iter(f"{SVG}script"))
    assert made.title == "a\ufffd<b>"
    shown = [words_in(element)[0] for element in cards_of(made)]
    assert {clean(name) for name in HOSTILE if clean(name)} <= {*shown}


def test_two_given_values_of_two_names_are_two_ghosts():
    made = compare(Value(1.0, "a"), Value(2.0, "b"))
    assert "Of 2 cards: 1 only before, 1 only after." in made.svg
    assert "dashed" in made.svg
    assert made.sketch.caption == "2 cards, from left to right."


def test_only_colours_of_the_palette_and_coordinates_of_one_decimal():
    made = compare(random_graph(random.Random(1)), random_graph(random.Random(2)))
    drawn = made.svg.split("</style>")[1]
    assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawn)) <= {*LIGHT.values(), "none"}
    places = re.findall(r' (?:x|y|width|height|d|transform|textLength)="([^"]*)"', drawn)
    assert not [place for place in places if re.search(r"\d\.\d\d", place)]


def extent(text):
    """From where to where a text reaches."""
    x, width = float(text.get("x")), float(text.get("textLength"))
    left = x - {"end": width, "middle": width / 2}.get(text.get("text-anchor"), 0.0)
    return left, left + width


@pytest.mark.parametrize("name", ["b", "a name of quite some length", "名前名前名前名前"])
def test_texts_stand_inside_their_cards_and_beside_each_other(name):
    def graph(kind, x):
        return (Value(x, name).exp() * Value(-0.1234567, name + "2") * kind).tanh()

    one, other = graph(1.0, 1.23456), graph(Value(3.0, "extra"), -9.87654321e-5)
    one.backward()
    made = compare(one, other, names=("before", "a side with a long name"))
    for element in cards_of(made):
        width, rows = float(element.find(f"{SVG}rect").get("width")), {}
        for text in element.iter(f"{SVG}text"):
            rows.setdefault(float(text.get("y")) // 20, []).append(extent(text))
        for row in map(sorted, rows.values()):
            assert row[0][0] >= 2
            assert row[-1][1] <= width - 2
            assert all(a[1] <= b[0] + 0.2 for a, b in pairwise(row))


def test_the_legend_explains_the_marks_that_there_are_and_can_be_left_out():
    w = Value(1.0, "w")
    before = Graph(hill(w))
    w.grad = 0.0
    same = compare(before, hill(w))
    w.data = 2.0
    other = compare(before, hill(w))
    for sentence in ("Δ difference", "thick frame: the difference begins here"):
        assert sentence in other.svg
        assert sentence not in same.svg
    assert "a → b: from one side to the other" in same.svg
    assert "a → b: from" not in compare(before, hill(w), legend=False, prefix="p").svg


def test_what_cannot_be_compared_is_refused_with_what_to_do():
    x = Value(1.0, "x")
    y = x * 2.0
    with pytest.raises(TypeError, match=r"compare\(\) takes Values.*got 3.0"):
        compare(y, 3.0)
    with pytest.raises(TypeError, match="compare"):
        compare(None, y)
    with pytest.raises(ValueError, match="3 cards are more than the limit of 2; compare a part"):
        compare(y, y, limit=2)
    with pytest.raises(ValueError, match="names tell two sides apart"):
        compare(y, y, names=("a", "a"))
    with pytest.raises(TypeError, match="names are"):
        compare(y, y, names="before")
    with pytest.raises(ValueError, match="rel_tol"):
        compare(y, y, rel_tol=-1)
    with pytest.raises(ValueError, match="no page of steps"):
        compare(y, y).as_page()
