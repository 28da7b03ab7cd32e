"""Folded pictures are of one moment too: what moved, what was held before, what is not yet."""

import random
import re

import pytest
from drawn import SVG, parsed, words_in
from example_graphs import fresh, held_by_fresh, moved_twice, net

from micronn.draw import draw
from micronn.engine import Value, mean
from micronn.nn import MLP, Neuron
from micronn.pictures.paint.palette import LIGHT, SHADES

FOLDED = [(detail, examples) for detail in ("neurons", "layers") for examples in (0, 5)]


def number(text):
    """A number as pictures write it."""
    return float(text.replace("−", "-"))


def cards_of(svg, first):
    """The texts of all cards whose id begins so."""
    _, found = parsed(svg)
    return {id: words_in(card) for id, card in found.items() if re.fullmatch(rf"{first}\d+", id)}


def titles(svg, css="wire"):
    """The tooltips of all wires, or all cards."""
    return re.findall(rf'<g id="\w+" class="{css}[^>]*><title>([^<]*)', svg)


def by_hand():
    """y = w * x + b at w = 2, x = 3, b = 1: the slope by x is 2, the gradient of w 3."""
    w, b = Value(2.0), Value(1.0)
    y = w * 3.0 + b
    return y, w, b, {"n.w.0": w, "n.b": b}


def test_a_weight_that_moved_shows_both_numbers_and_its_neuron_the_slope_it_had():
    y, w, _, params = by_hand()
    y.backward()
    w.data = 2.5
    made = draw(y, params, "neurons")
    (texts,) = cards_of(made.svg, "L0n").values()
    assert ["w.0", "was 2", "2.5", "+3"] == texts[texts.index("w.0") :][:4]
    assert "∂ 2" in texts
    assert f'fill="{LIGHT["eneg"]}" textLength="30"' in made.svg  # the colour of "was 2"
    assert "w.0 2.5 was 2 +3" in made.dot
    assert "n.w.0 has changed since: it was 2, now 2.5." in made.dot


def test_only_the_lines_of_weights_that_moved_change_in_a_picture_of_neurons():
    loss, model = net()
    before = draw(loss, model, "neurons").svg
    for p in model.parameters():
        p.data += 0.5
    after = draw(loss, model, "neurons").svg
    assert titles(after) == titles(before)  # every message, local slope times upstream
    slopes = [re.findall("(?:∂|tanh′) [^<]*", svg) for svg in (before, after)]
    assert slopes[0] == slopes[1]
    was = [text for texts in cards_of(after, r"L\dn").values() for text in texts if "was" in text]
    assert len(was) == len(model.parameters())


def test_cards_whose_numbers_stayed_are_no_wider_than_ever():
    loss, model = net()
    before = [card.width for card in draw(loss, model, "neurons").sketch.cards]
    model.layers[1].neurons[0].b.data = 9.0
    after = [card.width for card in draw(loss, model, "neurons").sketch.cards]
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize("examples", [0, 5])
def test_what_a_parameter_held_before_and_its_messages_add_up_to_the_chip_of_a_neuron(examples):
    loss, model = moved_twice(examples)
    svg, sums = draw(loss, model, "neurons").svg, 0
    for texts in cards_of(svg, r"L\dn").values():
        for i, text in enumerate(texts):
            if text.startswith("before"):
                before, message = map(number, re.findall(r"[+−][\d.e−]+", text))
                chip = number(texts[i + 2])
                assert abs(before + message - chip) < 1e-3 * (abs(before) + abs(message))
                sums += 1
    assert sums == len(model.parameters())


def test_an_infinite_gradient_from_before_hides_no_message():
    y, w, _, params = by_hand()
    w.grad = float("inf")
    y.backward()
    assert "before +∞ ← +3" in draw(y, params, "neurons").svg


def test_a_gradient_that_was_cleared_shows_what_was_taken_away():
    y, _, _, params = by_hand()
    y.backward()
    for p in params.values():
        p.grad = 0.0
    svg = draw(y, params, "neurons").svg
    assert "cleared −3 ← +3" in svg
    assert "cleared −1 ← +1" in svg


def test_a_layer_says_how_many_of_its_numbers_moved_and_how_much_it_held_before():
    y, w, b, params = by_hand()
    y.backward()
    y = w * 3.0 + b
    y.backward()
    w.data, b.data = 2.5, 1.5
    texts = cards_of(draw(y, params, "layers").svg, "L")["L0"]
    assert texts.count("1 of 1 changed since") == 2
    assert "before +3" in texts
    assert "max +2  rms 2" in texts  # what was computed with
    loss, model = moved_twice(5)
    texts = cards_of(draw(loss, model, "layers").svg, "L")["L0"]
    assert "6 of 6 changed since" in texts
    assert [text for text in texts if text.startswith("before in 6: rms ")]


def test_an_input_that_moved_says_so_on_its_card():
    model = Neuron(1, "tanh", rng=random.Random(7))
    x = Value(2.0, "x")
    (model([x]) * model([3.0])).backward()
    loss = model([x])
    loss.backward()
    x.data = 2.5
    for detail in ("neurons", "layers"):
        svg = draw(loss, model, detail).svg
        assert "was 2<" in svg
        assert ">2.5<" in svg
        assert "before " in svg


# Before backward()


@pytest.mark.parametrize(("detail", "examples"), FOLDED)
def test_before_backward_no_folded_picture_shows_a_gradient(detail, examples):
    loss, model = fresh(examples)
    picture = draw(loss, model, detail)
    svg, shades = picture.svg, [LIGHT[token] for token in SHADES]
    assert "No backward() yet" in svg
    assert "←" not in svg
    assert "grad rms" not in picture.dot
    assert "grad =" not in svg
    assert "message to" not in svg
    cards = svg.partition('class="cards"')[2].partition('class="notes"')[0]
    assert 'fill="' + LIGHT["zero"] not in cards
    wires = re.findall(r'class="line"[^>]*stroke="([^"]*)"', svg)
    assert wires
    assert {*wires} <= {LIGHT["rule"], LIGHT["op"]}
    if detail == "neurons" and not examples:
        assert not any(f'fill="{colour}"' in cards for colour in shades)
    loss.backward()
    assert "No backward()" not in draw(loss, model, detail).svg


def test_before_backward_a_neuron_shows_what_its_weights_hold_from_before():
    y, w, _, params = by_hand()
    w.grad = 4.0
    (texts,) = cards_of(draw(y, params, "neurons").svg, "L0n").values()
    assert "before +4" in texts
    assert "+4" not in texts


def test_before_backward_a_layer_is_wide_enough_for_what_it_holds_from_before():
    svg = draw(*held_by_fresh(), "layers").svg
    assert "before in 6: rms" in svg
    _, found = parsed(svg)
    for card in (found["L0"], found["L1"]):
        right = float(card.find(f"{SVG}rect").get("width"))
        left_aligned = [text for text in card.iter(f"{SVG}text") if not text.get("text-anchor")]
        ends = [float(text.get("x")) + float(text.get("textLength")) for text in left_aligned]
        assert max(ends) < right


# Sentences


def test_of_many_parameters_that_moved_three_are_named_and_all_are_counted():
    rng = random.Random(7)
    model = MLP(10, [25, 1], rng=rng)
    loss = model([rng.gauss(0, 1) for _ in range(10)])
    loss.backward()
    for p in model.parameters()[:288]:
        p.data += 1.0
    (_, note) = draw(loss, model).sketch.notes
    assert note.startswith("288 of 301 parameters have changed since: layers.1.neurons.")
    assert "and 285 more. This shows the graph as it was computed." in note
    assert len(note) < 220


@pytest.mark.parametrize(("detail", "examples"), FOLDED)
def test_every_fold_says_in_sight_how_many_values_it_folds(detail, examples):
    loss, model = net(examples)
    loss.backward()
    picture = draw(loss, model, detail, legend=False)
    count = rf"\d+ values in {len(picture.sketch.cards)} cards\."
    assert re.search(rf'class="notes".*{count}', picture.svg)
    assert re.search(count, picture.dot)
    assert len(re.findall(count, picture.svg.partition("</desc>")[0])) == 1


# Names


def test_a_given_value_is_a_leaf_where_no_parameters_were_named_and_else_an_input():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    y = x * w
    assert words_in(parsed(draw(y).svg)[1]["n0"])[:2] == ["x", "leaf"]
    assert words_in(parsed(draw(y, {"w": w}).svg)[1]["n0"])[:2] == ["x", "input"]
    assert "<td>leaf</td>" in draw(y).as_page()
    assert "<td>input</td>" in draw(y, {"w": w}).as_page()


def test_names_that_the_learner_gave_stand_on_folded_cards():
    y, w, b, params = by_hand()
    n = w * 3.0 + b
    n.label = "n"
    o = n.tanh()
    o.label = "o"
    target = Value(0.5, "target")
    loss = (o - target) ** 2
    loss.label = "loss"
    (texts,) = cards_of(draw(loss, params, "neurons").svg, "L0n").values()
    assert "n" in texts
    assert "o" in texts
    assert "z" not in texts
    layers = draw(loss, params, "layers").svg
    assert ">out o<" in layers
    assert ">loss<" in layers
    outs = [w * x + b for x in (1.0, 2.0)]
    for out in outs:
        out.label = "p"
    assert ">out p<" in draw(mean(outs), params, "layers").svg
    assert ">p × 2<" in draw(mean(outs), params, "neurons").svg


def test_a_single_value_between_layers_keeps_its_name():
    y, w, b, params = by_hand()
    square = y**2
    square.label = "square"
    params |= {"m.w.0": Value(0.5), "m.b": Value(0.1)}
    out = params["m.w.0"] * square + params["m.b"]
    svg = draw(out, params, "layers").svg
    assert ">square<" in svg
    assert ">1 value<" not in svg


def test_typed_numbers_are_quieter_than_values():
    y, w, b, params = by_hand()
    frames = {}
    for detail in ("values", "neurons", "layers"):
        _, found = parsed(draw(y, params, detail).svg)
        const = {id: card for id, card in found.items() if card.get("class") == "card const"}
        frames |= {(detail, id): card[1] for id, card in const.items()}
    assert len(frames) == 3
    for frame in frames.values():
        assert (frame.get("stroke-width"), frame.get("stroke-dasharray")) == ("1", "4 3")


# The page


def test_the_table_below_a_folded_picture_tells_of_one_moment_too():
    y, w, b, params = by_hand()
    page = draw(y, params, "neurons").as_page()
    rows = page.partition("<tbody")[2]
    assert "data-slot" in rows
    assert "_grad" not in rows  # no gradient before backward()
    y.backward()
    (w * 3.0 + b).backward()
    w.data = 2.5
    rows = draw(y, params, "neurons").as_page().partition("<tbody")[2]
    assert "2</span><small>now 2.5</small>" in rows
    assert "+6</span><small>before +3</small>" in rows


def test_a_neuron_shows_the_slope_it_sends_back_by_also_after_a_second_pass():
    # y = 2 * 3 + 1, then w = 2.5 and backward() again: y was recorded with slope 2 by x,
    # and sends back 2 * 1, whatever w holds by then.
    y, w, _, params = by_hand()
    y.backward()
    w.data = 2.5
    y.backward()
    made = draw(y, params, "neurons")
    assert "∂ 2" in cards_of(made.svg, "L0n")["L0n0"]
    assert titles(made.svg) == ["message to x0: local 2 × upstream +1 = +2"]
