"""A picture says every number, is a harmless file, and is the same every time."""

import math
import os
import random
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from drawn import NAMES, SVG, parsed, picture, words_in
from example_graphs import HOSTILE, hostile, net, neuron, overflow, plain_net, shared

from micronn.draw import draw
from micronn.engine import Value, total
from micronn.nn import MLP
from micronn.pictures.paint.palette import LIGHT
from micronn.support.text import clean, fmt

# What a picture says


def test_the_neuron_shows_the_numbers_that_are_worked_out_by_hand():
    # x1w1 = 2*-3, n = -6 + 0 + 6.881, o = tanh(n) = 1/sqrt(2), 1 - o*o = 1/2.
    root, params = neuron()
    _, ids = parsed(draw(root, params).svg)
    data = {"n0": "2", "n1": "−3", "n2": "−6", "n3": "0", "n4": "1", "n5": "0", "n6": "−6",
            "n7": "6.881", "n8": "0.8814", "n9": "0.7071"}  # fmt: skip
    grad = {"n0": "−1.500", "n1": "+1.000", "n2": "+0.5000", "n3": "+0.5000", "n4": "0",
            "n5": "+0.5000", "n6": "+0.5000", "n7": "+0.5000", "n8": "+0.5000",
            "n9": "+1"}  # fmt: skip
    assert {id: ids[f"{id}_data"].text for id in data} == data
    assert {id: words_in(ids[f"{id}_grad"])[0] for id in grad} == grad
    assert [ids[f"n2_p{j}"].text for j in (0, 1)] == ["∂ −3", "∂ 2"]
    assert ids["n9_p0"].text == "∂ 0.5000"


def test_every_card_names_its_value_its_operation_and_its_kind():
    root, params = neuron()
    _, ids = parsed(draw(root, params).svg)
    assert words_in(ids["n0"])[:4] == ["x1", "input", "data", "grad"]
    assert words_in(ids["n1"])[:2] == ["w1", "param"]
    assert words_in(ids["n2"])[:2] == ["×", "x1w1"]
    assert words_in(ids["n9"])[:3] == ["tanh", "o", "output"]
    assert ids["n1"].find(f"{SVG}title").text == (
        "w1: param, data = -3.0, grad = 0.9999999999999996"
    )


def test_a_value_read_twice_has_two_wires_two_derivatives_and_two_messages():
    a = Value(3.0, "a")
    y = a * a
    y.backward()
    _, ids = parsed(draw(y).svg)
    assert {"e1_0", "e1_1"} <= ids.keys()
    assert [ids[f"n1_p{j}"].text for j in (0, 1)] == ["∂ 3", "∂ 3"]
    assert [ids[f"n0_m{j}"].text for j in (0, 1)] == ["← +3", "← +3"]
    assert words_in(ids["n0_grad"]) == ["+6"]


def test_the_card_where_infinity_was_born_says_so():
    root, _ = overflow()
    svg = draw(root).svg
    _, ids = parsed(svg)
    assert svg.count("first +∞") == 1
    assert "first +∞" in words_in(ids["n1"])
    assert "first NaN" not in svg
    assert svg.count("first ") == 1
    assert ids["n1"].find(f"{SVG}rect").get("stroke") == LIGHT["bad"]


def test_a_neuron_that_makes_infinity_of_finite_numbers_says_so():
    model = MLP(1, [2, 1], rng=random.Random(7))
    model.layers[0].neurons[1].w[0].data = 1e300
    out = model([Value(1e300, "x")])
    out.backward()
    svg = draw(out, model, "neurons").svg
    assert svg.count("first +∞</text>") == svg.count("neuron 1  first +∞</text>") == 1


def test_without_parameters_a_given_value_is_a_leaf_and_a_typed_number_is_quieter():
    x = Value(2.0, "x")
    y = x * 3.0 - 1.0
    y.backward()
    _, ids = parsed(draw(y).svg)
    kinds = [words_in(ids[f"n{k}"])[1] for k in (0, 1, 3)]
    assert kinds == ["leaf", "const", "const"]
    frames = [ids[f"n{k}"].find(f"{SVG}rect") for k in (0, 1)]
    assert [frame.get("stroke-width") for frame in frames] == ["2", "1"]
    assert ids["n1_grad"][0].get("fill") == LIGHT["zero"]  # though its gradient is 2
    wires = [ids[f"e2_{j}"].find(f"{SVG}path").get("stroke-width") for j in (0, 1)]
    assert wires == ["2.6", "1"]  # 3 and 2 of at most 3 are both strong


def test_names_that_were_given_win_over_all_others():
    model = MLP(2, [2, 1], activation="tanh", rng=random.Random(7))
    model.layers[0].neurons[0].w[0].label = "slope"
    out = model([Value(1.0, "age"), 2.0])
    out.label = "answer"
    loss = (out - Value(1.0, "truth")) ** 2
    loss.backward()
    for detail in ("values", "neurons"):
        texts = words_in(parsed(draw(loss, model, detail).svg)[0])
        assert {"slope", "age", "answer", "truth"} <= set(texts)
    assert draw(loss, model).title == "MLP 2-2-1, (answer − truth)²"


def test_a_wire_says_its_message_as_a_sum_to_check():
    root, params = neuron()
    _, ids = parsed(draw(root, params).svg)
    title = ids["e2_0"].find(f"{SVG}title").text
    assert title == "message to x1: local −3 × upstream +0.5000 = −1.500"
    line = ids["e2_0"].find(f"{SVG}path")
    assert (line.get("stroke"), line.get("stroke-dasharray")) == (LIGHT["eneg"], "6 3")


def test_before_backward_no_gradient_is_drawn_and_the_picture_says_so():
    y = Value(2.0, "a") * 3.0
    picture = draw(y)
    assert "No backward() yet" in picture.svg
    assert "No backward() yet" in picture.dot
    shown = ElementTree.fromstring(picture.svg)
    texts = ["".join(text.itertext()) for text in shown.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("grad") == 3  # a row for it on every card, and nothing in it
    assert not any(text.startswith(("←", "+", "−")) or text == "0" for text in texts)
    y.backward()
    assert "No backward()" not in draw(y).svg


def test_a_leaf_that_moved_and_one_that_held_gradient_say_so_in_every_text():
    w = Value(2.0, "w")
    (w * w).backward()  # leaves 4 in w.grad
    loss = (w - 5.0) ** 2
    loss.backward()  # adds -6
    w.data = 2.6
    picture = draw(loss)
    for text in (picture.svg, picture.dot, picture.as_page()):
        assert "was 2" in text
        assert "before +4" in text
        assert "2.6" in text
        assert not re.search(
            "[>= ]2\\.4\\b", text
        )  # no sum is made of the number that was not there


def test_notes_stand_under_the_picture_without_a_legend_too():
    y = Value(2.0, "a") * 3.0
    assert "No backward() yet" in draw(y, legend=False).svg
    assert 'class="notes"' in draw(y, legend=False).svg


def test_more_than_eight_operands_show_the_seven_with_the_largest_messages():
    xs = [Value(float(i), f"x{i}") for i in range(10)]
    y = total([x * x for x in xs])
    z = total([y, *xs])
    z.backward()
    svg = draw(z, detail="values").svg
    assert svg.count("… 3 more") == 1  # of the ten squares
    assert svg.count("… 4 more") == 1  # of y and ten x


def test_a_wire_is_dashed_for_a_negative_message_and_dotted_for_none_in_dot_too():
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(1.0, "c")
    z = total([a * 5.0, -b, c * 0.0])  # messages: to a 5, to b -1, to c 0
    z.backward()
    dot = draw(z).dot
    styles = {}
    for name in "abc":
        node = re.search(rf"^(n\d+) .* {name} \| data", dot, re.M)[1]
        line = re.search(rf"^{node}:e -> .*$", dot, re.M)[0]
        styles[name] = re.findall(r"style=(\w+)", line)
    assert styles == {"a": [], "b": ["dashed"], "c": ["dotted"]}


def test_an_opened_dot_is_its_products():
    root, model = plain_net()
    closed, opened = (draw(root, model, "values", open_dots=on).dot for on in (False, True))
    assert closed.count("dot |") == 4
    assert "dot |" not in opened
    assert opened.count("{ × |") == 2 + 2 + 2 + 3


def test_plain_numbers_that_the_first_layer_reads_are_called_x():
    root, model = plain_net()
    svg = draw(root, model, "neurons").svg
    _, ids = parsed(svg)
    inputs = [words_in(card) for card in ids.values() if card.get("class") == "card const"]
    assert [words[:2] for words in inputs] == [["x0", "const"], ["x1", "const"]]


def test_neuron_cards_keep_every_number_of_every_parameter():
    root, model = net()
    svg = draw(root, model, "neurons").svg
    for parameter in model.parameters():
        assert f">{fmt(parameter.data)}</text>" in svg
        assert f">{fmt(parameter.grad, sign=True)}</text>" in svg


def test_drawing_changes_nothing():
    root, model = net()
    before = [(v.data, v.grad, v.label, v.op) for v in (root, *model.parameters())]
    for detail in ("values", "neurons", "layers"):
        draw(root, model, detail).svg  # noqa: B018
    assert before == [(v.data, v.grad, v.label, v.op) for v in (root, *model.parameters())]


# What a file is made of


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_is_well_formed_and_spoken(name):
    tree, ids = parsed(picture(name).svg)
    assert tree.get("role") == "img"
    assert tree.get("aria-labelledby") == "mn-t mn-d"
    assert ids["mn-t"].text.strip()
    assert ids["mn-d"].text.strip()
    shapes = [e for e in tree.iter() if (e.get("class") or "").split(" ")[0] in ("card", "wire")]
    assert shapes
    assert all(shape.find(f"{SVG}title").text.strip() for shape in shapes)
    all_ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(all_ids) == len(set(all_ids))


@pytest.mark.parametrize("name", NAMES)
def test_no_colour_but_the_palette_s_and_no_active_content(name):
    svg = picture(name).svg
    tree, _ = parsed(svg)
    paints = {e.get(a) for e in tree.iter() for a in ("fill", "stroke")} - {None, "none"}
    assert paints <= set(LIGHT.values())
    kinds = {e.tag.removeprefix(SVG) for e in tree.iter()}
    assert kinds <= {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
    names = {a for e in tree.iter() for a in e.attrib}
    assert not [a for a in names if a.startswith("on") or "href" in a or a == "style"]
    assert "nan" not in " ".join(e.get("d", "") + e.get("x", "") for e in tree.iter())


@pytest.mark.parametrize("name", NAMES)
def test_coordinates_have_at_most_one_decimal(name):
    tree, _ = parsed(picture(name).svg)
    for e in tree.iter():
        for a in ("x", "y", "width", "height", "d", "transform", "textLength"):
            assert not re.search(r"\.\d\d|e[+-]?\d|inf", e.get(a, "")), (a, e.get(a))


@pytest.mark.parametrize("name", NAMES)
def test_librsvg_draws_every_picture(name, tmp_path):
    rsvg = shutil.which("rsvg-convert")
    if not rsvg:
        pytest.skip("needs rsvg-convert: apt install librsvg2-bin")
    file = picture(name).save(tmp_path / "a.svg")
    done = subprocess.run([rsvg, str(file)], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"\x89PNG")


def test_hostile_names_are_shown_cleaned():
    root, params = hostile()
    _, ids = parsed(draw(root, params, "values").svg)
    shown = [words_in(ids[f"n{k}"])[0] for k in range(len(HOSTILE))]
    assert shown == [clean(name) or f"v{k}" for k, name in enumerate(HOSTILE)]


def test_a_name_like_a_character_reference_is_text():
    # Graphviz would read &#1; as a control character, which its own answer may not hold.
    picture = draw(Value(1.0, "&#1;&lt;"))
    _, ids = parsed(picture.svg)
    assert words_in(ids["n0"])[0] == "&#1;&lt;"
    assert "&amp;#1;&amp;lt;" in picture.dot


def test_a_prefix_keeps_the_ids_of_two_pictures_apart():
    root, params = neuron()
    first, second = (parsed(draw(root, params, prefix=p).svg)[1] for p in ("a_", "b_"))
    assert not first.keys() & second.keys()
    assert "a_n2_p0" in first
    assert "a_e2_0" in first


def test_the_legend_can_be_left_out():
    root, _ = shared()
    assert 'class="legend"' in draw(root).svg
    assert 'class="legend"' not in draw(root, legend=False).svg


# The same every time


PROGRAM = """
import sys
sys.path.insert(0, "tests")
from example_graphs import PICTURES
from micronn.draw import draw
for graph, options in PICTURES.values():
    root, params = graph()
    picture = draw(root, params, **options)
    sys.stdout.buffer.write((picture.dot + picture.svg).encode())
"""


def test_two_processes_with_other_hash_seeds_give_the_same_bytes():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_every_line_of_the_notes_begins_at_the_left_and_ends_within_a_page():
    made = picture("neurons that moved")
    tree, _ = parsed(made.svg)
    (notes,) = [group for group in tree.iter(f"{SVG}g") if group.get("class") == "notes"]
    lines = [[float(text.get(key)) for key in ("x", "y", "textLength")] for text in notes]
    assert len(lines) >= 3
    assert {x for x, _, _ in lines} == {14.0}
    assert len({y for _, y, _ in lines}) == len(lines)
    assert max(length for _, _, length in lines) < min(made.width, 1000)


@pytest.mark.parametrize("detail", ["values", "neurons"])
def test_a_wire_carries_the_message_that_backward_sends_not_0_times_infinity(detail):
    # relu leaves x out where its slope is 0, so x.grad is 0, as in PyTorch, though the
    # gradient of relu(x) is 1e308 * 10, beyond any float.
    x, w, b = Value(-1.0, "x"), Value(1.0), Value(0.0)
    y = (x * w + b).relu()
    z = y * 1e308 * 10.0
    z.backward()
    assert (y.grad, x.grad) == (math.inf, 0.0)
    svg = draw(z, {"n.w.0": w, "n.b": b}, detail).svg
    (title,) = re.findall("<title>message to x: ([^<]*)", svg)
    assert title.endswith(" = 0")
    assert "NaN" not in svg
