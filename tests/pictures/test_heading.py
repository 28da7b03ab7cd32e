"""A picture pasted anywhere says what it computes, and by which rule."""

import random

import pytest
from drawn import SVG, parsed, words_in
from example_graphs import fresh, hostile, net, neuron, plain_net, shared, valley

from micronn.draw import draw
from micronn.engine import Value, total
from micronn.graph.rows import Graph
from micronn.support.text import fmt, printable

TITLES = {
    "a formula": (neuron, "o = tanh(x1 × w1 + x2 × w2 + b)"),
    "a value read twice": (shared, "a × a + a × b × (a + b)"),
    "a net and its loss": (net, "MLP 2-3-1, loss = (y − t)²"),
    "a net without a loss": (plain_net, "MLP 2-3-1, y"),
    "a net on a batch": (lambda: net(100), "MLP 2-3-1, loss = mean of 100 losses"),
    "a formula too long to read": (valley, "v191, from 191 values"),
    "a value alone": (lambda: (Value(2.0, "a"), None), "a"),
}


def above(svg):
    """The lines above the cards, and where the first card begins."""
    tree, _ = parsed(svg)
    groups = {g.get("class"): g for g in tree.iter(f"{SVG}g")}
    tops = [float(g.get("transform")[:-1].split()[1]) for g in groups["cards"]]
    return groups.get("heading"), min(tops)


@pytest.mark.parametrize("name", TITLES)
def test_every_picture_says_above_its_cards_what_it_computes(name):
    graph, title = TITLES[name]
    made = draw(*graph())
    heading, top = above(made.svg)
    assert words_in(heading) == [title]
    assert float(heading[0].get("y")) < top
    assert made.title == title
    assert f'graph [label="{title}\\l' in made.dot
    assert parsed(made.svg)[1]["mn-t"].text == title


def test_a_title_of_one_s_own_is_shown_cleaned_in_lines_that_the_picture_has_room_for():
    made = draw(Value(1.0, "x"), title="why \x00 <b> " + "so long " * 30)
    heading, _ = above(made.svg)
    lines = words_in(heading)
    assert len(lines) > 1
    assert lines[0].startswith("why \ufffd <b> so long")
    assert all(14 + float(line.get("textLength")) <= made.width for line in heading)
    assert "why \ufffd" in made.as_page()


@pytest.mark.parametrize("graph", [neuron, lambda: net(5)], ids=["steps", "folded"])
def test_a_page_says_its_title_once(graph):
    made = draw(*graph())
    page = made.as_page().partition("<body>")[2]
    assert "<h1>" + made.title in page.replace("&#39;", "'")
    assert 'class="heading"' not in page


def test_hostile_names_in_a_title_are_cleaned():
    made = draw(*hostile(), "values")
    assert made.title == printable(made.title)


@pytest.mark.parametrize("graph", [neuron, net], ids=["values", "neurons"])
def test_the_legend_begins_with_the_chain_rule(graph):
    tree, _ = parsed(draw(*graph()).svg)
    (legend,) = [g for g in tree.iter(f"{SVG}g") if g.get("class") == "legend"]
    words = words_in(legend)
    assert words[0] == "← = ∂ × grad of the card it came from; grad = sum of ←"
    assert any(text.startswith("∂ local derivative of this card by that ") for text in words)


def test_output_is_the_word_of_the_root_alone():
    tree, _ = parsed(draw(*neuron()).svg)
    assert [text for text in words_in(tree) if "output" in text] == ["output"]


def test_before_backward_the_legend_speaks_of_no_message():
    assert "←" not in "".join(words_in(parsed(draw(*fresh()).svg)[0]))


def test_a_chip_is_as_wide_as_its_number_asks_for_whatever_the_name():
    wide = []
    for name in ("x", "a name that is long"):
        y = Value(2.0, name) * 3.0
        y.backward()
        wide.append(parsed(draw(y).svg)[1]["n0_grad"][0].get("width"))
    assert wide[0] == wide[1]


def test_a_reader_of_svg_without_style_sheets_is_told_a_font():
    assert parsed(draw(*neuron()).svg)[0].get("font-family") == "monospace"


@pytest.mark.parametrize("seed", range(20))
def test_the_messages_of_a_card_added_from_the_lowest_up_are_its_gradient_to_the_last_bit(seed):
    rng = random.Random(seed)
    leaves = [Value(rng.gauss(0, 1), f"x{i}") for i in range(3)]
    made = list(leaves)
    for _ in range(12):
        a, b = rng.choice(made), rng.choice(made)
        made.append(rng.choice([lambda a=a, b=b: a * b, lambda a=a, b=b: a + b, a.tanh, a.sin])())
    root = total(made)
    leaves[0].grad = 0.1  # what it holds already is the top row
    root.backward()
    svg = draw(root, detail="values").svg
    _, ids = parsed(svg)
    assert "the lowest ← is added first" in svg
    for row in Graph(root).rows():
        added = 0.0
        for use in reversed(row.uses):
            added += use.message
        assert (
            row.k == len(Graph(root)) - 1
            or added + (row.rest.size if row.rest else 0.0) == row.grad
        )
        shown = [ids[f"n{row.k}_m{i}"].text for i in range(len(row.uses)) if 1 < len(row.uses) < 9]
        heights = [float(ids[f"n{row.k}_m{i}"].get("y")) for i in range(len(shown))]
        assert shown == [f"← {fmt(use.message, sign=True)}" for use in row.uses[: len(shown)]]
        assert heights == sorted(heights)
