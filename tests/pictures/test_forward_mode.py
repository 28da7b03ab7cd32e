"""A picture of forward mode: tangents in place of gradients, and messages that go forward."""

import math
import re

import pytest
from drawn import SVG, parsed, words_in
from example_graphs import net
from hypothesis import given
from hypothesis import strategies as st

from micronn.draw import draw
from micronn.engine import Value, dot
from micronn.graph.forward import in_forward_mode
from micronn.graph.rows import Graph


def survey():
    """ln(x1) + x1 x2 - sin(x2) at (2, 5), as in the survey of Baydin et al., 2018, tables 2, 3."""
    x1, x2 = Value(2.0, "x1"), Value(5.0, "x2")
    y = x1.log() + x1 * x2 - x2.sin()
    y.label = "y"
    return y, x1, x2


def card(made, k):
    """The texts on the card of a row, from top to bottom as they stand in the file."""
    return words_in(parsed(made.svg)[1][f"n{k}"])


def test_each_card_shows_the_tangent_and_what_it_is_the_sum_of():
    y, x1, _ = survey()
    made = draw(y, forward={x1: 1.0})
    # Table 2 of the survey, tangents of v-1, v1, v0, v2, v3, v4, v5: 1, 0.5, 0, 5, 0, 5.5, 5.5
    tangents = ["+1", "+0.5", "0", "+5", "+5.5", "0", "+5.5"]
    assert [card(made, k)[-1 - (k == 0)] for k in range(7)] == tangents
    assert "seed +1" in card(made, 0)
    assert "∂ 0.5 → +0.5" in card(made, 1)
    assert card(made, 4)[2:4] == ["∂ 1 → +0.5", "∂ 1 → +5"]
    assert card(made, 6)[3:5] == ["∂ 1 → +5.5", "∂ −1"]  # x2 does not move, nor does its sine


def test_the_picture_says_that_it_is_forward_mode_and_from_where_and_speaks_of_no_gradient():
    y, x1, x2 = survey()
    made = draw(y, forward={x1: 1.0, x2: -0.5})
    assert made.title == "y = log(x1) + x1 × x2 − sin(x2), in forward mode from x1 and x2"
    assert "Forward mode, seeds: x1 +1, x2 −0.5." in made.svg
    assert "Tangent of y +4.642." in made.sketch.caption  # 5.5 - (2 - cos 5)/2 = 4.64183...
    assert "→ = ∂ × tangent of the card it comes from; tangent = sum of →" in made.svg
    said = [made.dot, *[e.text or "" for e in parsed(made.svg)[0].iter() if e.tag != f"{SVG}style"]]
    assert not re.search("grad|upstream|←|backward", " ".join(said))
    assert "Forward mode" in draw(y, forward={x1: 1.0}, title="mine").svg


def test_a_wire_shows_what_comes_along_it_and_one_with_no_seed_behind_it_is_grey():
    y, x1, x2 = survey()
    tree, parts = parsed(draw(y, forward={x2: 1.0}).svg)
    title = parts["e6_1"].find(f"{SVG}title").text
    assert title == "message from v5: local −1 × tangent +0.2837 = −0.2837"  # cos 5 = 0.28366
    assert parts["e6_1"].find(f"{SVG}path").get("stroke-dasharray") == "6 3"  # negative
    assert parts["e1_0"].find(f"{SVG}title").text == "local derivative by x1: 0.5"
    assert parts["e1_0"].find(f"{SVG}path").get("stroke") == "#838e9a"  # the token "rule"


def test_it_is_drawn_whether_backward_has_run_or_not_and_nothing_is_written_into_the_values():
    y, x1, _ = survey()
    before = draw(y, forward={x1: 1.0}).svg
    y.backward()
    x1.grad += 4.0
    assert draw(y, forward={x1: 1.0}).svg == before
    assert (x1.grad, y.grad) == (9.5, 1.0)


def test_a_leaf_that_moved_is_drawn_with_what_was_computed_with():
    x = Value(3.0, "x")
    y = x * x
    x.data = 4.0
    made = draw(y, forward={x: 1.0})
    assert "was 3" in made.svg
    assert "∂ 3 → +3" in made.svg
    assert card(made, 1)[-1] == "+6"
    assert "x has changed since: it was 3, now 4." in made.svg


def test_the_products_of_an_open_dot_have_tangents_too():
    x, w = Value(3.0, "x"), Value(math.inf, "w")
    made = draw(dot([x, w], [2.0, 0.0]), open_dots=True, forward={x: 1.0})
    graph = Graph(dot([x, w], [2.0, 0.0]), None, True)
    assert [row.grad for row in in_forward_mode(graph, {x: 1.0}).nodes] == [1, 0, 0, 0, 2, 0, 2]
    assert "∂ 2 → +2" in made.svg


def test_nan_and_infinity_are_loud():
    x = Value(0.0, "x")
    made = draw((x * 0.0).sqrt(), forward={x: 1.0})
    assert "∂ +∞ → NaN" in made.svg
    assert card(made, 3)[-1] == "NaN"


@given(st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3), st.floats(-2.0, 2.0))
def test_on_every_card_the_messages_add_up_to_the_tangent(numbers, seed):
    a, b, c = [Value(number) for number in numbers]
    y = ((a * b + c.tanh()) * a - dot([a, b], [b, c])).sin() + a
    for row in in_forward_mode(Graph(y), {a: 1.0, c: seed}).nodes:
        parts = [row.message(j) for j in range(len(row.operands))]
        if row.operands:
            assert row.grad == sum(parts) or math.isclose(row.grad, sum(parts), abs_tol=1e-12)
        else:
            assert row.grad == (row.rest.size if row.rest else 0.0)


def test_a_net_is_drawn_value_by_value_and_a_large_graph_from_its_output_on():
    loss, model = net()
    made = draw(loss, model, forward={model.parameters()[0]: 1.0})
    assert made.svg.count('class="card ') == 29
    x = Value(1.0, "x")
    y = x
    for _ in range(100):
        y = y * 1.0
    assert "those nearest to the output" in draw(y, forward={x: 1.0}).svg


@pytest.mark.parametrize("detail", ["neurons", "layers", "network"])
def test_forward_mode_is_not_folded_and_says_so(detail):
    loss, model = net()
    with pytest.raises(ValueError, match=f"a card for each value, got detail='{detail}'; leave"):
        draw(loss, model, detail, forward={model.parameters()[0]: 1.0})


def test_there_is_no_page_of_it_and_it_does_not_play_and_says_so(tmp_path):
    y, x1, _ = survey()
    made = draw(y, forward={x1: 1.0})
    with pytest.raises(ValueError, match="no page of steps .* save it as .svg"):
        made.save(tmp_path / "a.html")
    with pytest.raises(ValueError, match="no steps to play; draw"):
        made.save(tmp_path / "a.svg", animate=True)
    assert list(tmp_path.iterdir()) == []
    assert made._repr_html_() == made.image()


def test_a_constant_may_be_seeded_and_is_no_zero_then():
    y = Value(2.0, "x") * 3.0
    made = draw(y, forward={y.operands[1]: 1.0})
    assert 'fill="#e2e6ea"' not in str(made.svg.split('id="n1"')[1].split('id="n2"')[0])  # zero


def test_wrong_seeds_are_refused():
    y, x1, _ = survey()
    with pytest.raises(ValueError, match="forward mode starts at a leaf, and .* computed by '\\+'"):
        draw(y, forward={y.operands[0]: 1.0})
    with pytest.raises(TypeError, match="such as {x: 1.0}, got {}"):
        draw(y, forward={})
    with pytest.raises(TypeError, match="such as {x: 1.0}, got Value"):
        draw(y, forward=x1)
