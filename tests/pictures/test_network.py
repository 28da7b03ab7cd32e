"""The network picture: honest numbers, the right neurons, safe and complete files."""

import math
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from micronn.engine import Value, mean, topological_order
from micronn.losses import cross_entropy, mse
from micronn.nn import MLP, Layer, Module, Neuron
from micronn.pictures import draw_network
from micronn.pictures.paint.palette import LIGHT

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\\N & \\G <b>",
    "a\x00b\ud800c\u202ed\uffff",
    "w" * 10_000,
    "名前",
]


def small(x=None, **keywords):
    """MLP 3-5-1 with a squared loss, drawn after backward()."""
    model = MLP(3, [5, 1], activation="tanh", rng=random.Random(3))
    x = x or [Value(0.8, "a"), Value(-1.5, "b"), Value(0.3, "c")]
    loss = (model(x) - 1.0) ** 2
    loss.backward()
    return model, draw_network(model, x, root=loss, **keywords)


def digit_reader(show="weights", activation="tanh"):
    """MLP 784-16-16-10, an image of a bar whose ink differs from pixel to pixel."""
    model = MLP(784, [16, 16, 10], activation=activation, rng=random.Random(3))
    image = [0.0] * 784
    for k in range(40):
        image[28 * (k // 4 + 9) + 12 + k % 4] = (k * 7 % 40 + 1) / 40
    x = [Value(ink) for ink in image]
    loss = cross_entropy(model(x), 3)
    loss.backward()
    return image, draw_network(model, x, show=show, root=loss)


def elements(picture):
    return ET.fromstring(picture.svg).iter()


def texts(picture):
    return [element.text for element in elements(picture) if element.tag == SVG + "text"]


def tooltips(picture):
    return [e.text for e in elements(picture) if e.tag == SVG + "title"][1:]


def line_groups(picture):
    """Stroke and dash pattern of each group of lines, with the tooltips of its lines."""
    for group in elements(picture):
        lines = group.findall(SVG + "path")
        if group.tag == SVG + "g" and lines and lines[0].find(SVG + "title") is not None:
            yield group.get("stroke"), group.get("stroke-dasharray"), [x[0].text for x in lines]


# Numbers


def test_a_view_of_weights_shows_every_weight_once():
    model, picture = small()
    shown = [title for _, _, titles in line_groups(picture) for title in titles]
    assert len(shown) == 3 * 5 + 5 * 1
    weight = model.layers[0].neurons[4].w[2].data
    (text,) = [title for title in shown if title.startswith("w 2→4:")]
    assert float(text.split()[-1].replace("−", "-")) == pytest.approx(weight, rel=5e-4)


def test_activations_are_what_each_layer_says():
    # the second column of MLP 1-2-1 with weights set by hand: relu(2 * 3), relu(-2 * 3)
    model = MLP(1, [2, 1])
    for neuron, weight in zip(model.layers[0].neurons, (2.0, -2.0), strict=True):
        neuron.w[0].data, neuron.b.data = weight, 0.0
    titles = tooltips(draw_network(model, [3.0]))
    assert any(title.startswith("layer 1 #0: data = 6.0;") for title in titles)
    assert any(title.startswith("layer 1 #1: data = 0.0;") for title in titles)


def test_gradients_of_activations_are_read_off_the_graph_of_the_loss():
    # y = w x with w = 3, loss = y**2: dloss/dy = 2 * 6 = 12, dloss/dx = 12 * 3 = 36
    model = Neuron(1, activation="linear")
    model.w[0].data, model.b.data = 3.0, 0.0
    x = Value(2.0, "x")
    loss = model([x]) ** 2
    loss.backward()
    titles = tooltips(draw_network(model, [x], show="grads", root=loss))
    assert "input x: data = 2.0, grad = 36.0" in titles
    assert any(t.startswith("layer 1 · output y: data = 6.0, grad = 12.0;") for t in titles)
    assert "grad 0→0: +24" in titles  # dloss/dw = 12 * 2


def test_of_a_batch_the_example_asked_for_is_shown():
    model = MLP(1, [1], rng=random.Random(1))
    model.layers[0].neurons[0].w[0].data, model.layers[0].neurons[0].b.data = 1.0, 0.0
    batch = [[1.0], [2.0], [3.0]]
    loss = sum((model(x) - 1.0) ** 2 for x in batch)
    loss.backward()
    # dloss/dy = 2 * (y - 1)
    for x, grad in zip(batch, (0.0, 2.0, 4.0), strict=True):
        titles = tooltips(draw_network(model, x, root=loss))
        assert any(f"y: data = {x[0]}, grad = {grad};" in title for title in titles)


def test_x_may_be_left_out_if_the_graph_holds_one_example():
    model = MLP(2, [3, 1], rng=random.Random(4))
    losses = [(model(x) - 1.0) ** 2 for x in ([1.0, 2.0], [Value(3.0), 4.0])]
    for loss, x in zip(losses, ("1.0", "3.0"), strict=True):
        assert any(f"input x0: data = {x}" in t for t in tooltips(draw_network(model, root=loss)))
    both = tooltips(draw_network(model, root=sum(losses)))
    assert any("input x0: no data" in title for title in both)


@pytest.mark.parametrize("activation", ["linear", "leaky_relu", "sigmoid", "gelu", "softplus"])
def test_every_activation_is_found_in_the_graph(activation):
    model = MLP(2, [2, 2], activation=[activation, activation], rng=random.Random(5))
    loss = sum(model([0.5, Value(-1.0)]))
    loss.backward()
    with pytest.raises(ValueError, match="not computed from"):
        draw_network(model, [0.5, Value(-1.0)], root=loss)  # another input Value
    x = [0.5, Value(-1.0)]
    loss = sum(model(x))
    loss.backward()
    titles = tooltips(draw_network(model, x, root=loss))
    assert sum("grad = 1.0;" in title for title in titles) >= 2  # both outputs


def test_drawing_changes_no_number():
    model, _ = small()
    before = [(p.data, p.grad) for p in model.parameters()]
    draw_network(model, [1.0, 2.0, 3.0], show="both")
    assert [(p.data, p.grad) for p in model.parameters()] == before


def test_without_data_circles_are_empty_and_weights_are_there():
    picture = draw_network(MLP(3, [5, 1]))
    assert sum(e.get("fill") == LIGHT["card"] for e in elements(picture)) == 3 + 5 + 1
    assert any("no data" in title for title in tooltips(picture))


def test_nan_and_infinity_are_loud_and_reach_no_coordinate():
    model = MLP(2, [2, 1], rng=random.Random(2))
    model.layers[0].neurons[0].w[0].data = float("nan")
    model.layers[0].neurons[1].w[0].data = float("inf")
    picture = draw_network(model, [1.0, 1.0])
    assert not re.search(r'"[^">]*\b(nan|inf)\b[^">]*"', picture.svg)
    bad = [title for stroke, _, titles in line_groups(picture) for title in titles
           if stroke == LIGHT["bad"]]  # fmt: skip
    assert sorted(bad) == ["w 0→0: NaN", "w 0→1: +∞"]
    assert "NaN" in texts(picture)


# Looks


def test_only_colours_of_the_palette_appear():
    for picture in (small(show="both")[1], digit_reader("both")[1]):
        for element in elements(picture):
            for attribute in ("fill", "stroke"):
                assert element.get(attribute, "none") in {*LIGHT.values(), "none"}


def test_the_sign_of_a_line_is_its_dash_too():
    for show in ("weights", "grads"):
        for stroke, dash, titles in line_groups(digit_reader(show)[1]):
            for title in titles:
                number = title.split()[-1]
                look = {"+": ("epos", None), "−": ("eneg", "6 3"), "0": ("ezero", "1.5 3")}
                token, expected = look[number[0]]
                assert (stroke, dash) == (LIGHT[token], expected), title


def test_a_small_negative_neuron_carries_a_stroke():
    _, picture = digit_reader()
    for element in elements(picture):
        circles = element.findall(SVG + "circle")
        if circles:
            data = float(re.search(r"data = ([^,;]+)", element[0].text)[1])
            bias = float(re.search(r"bias: data = ([^,;]+)", element[0].text)[1])
            strokes = len(element.findall(SVG + "path"))
            assert strokes == (data < 0.0) + (bias < 0.0)


def test_the_strongest_line_is_drawn_last_and_widest():
    _, picture = digit_reader()
    widths = [float(e.get("stroke-width")) for e in elements(picture)
              if e.get("stroke-opacity") is not None]  # fmt: skip
    columns = [k for k, width in enumerate(widths) if k and width < widths[k - 1]]
    assert len(columns) == 2  # widths grow, and start afresh for the second and third pair
    assert max(widths) == 2.5
    assert "max |w| 0.25" in texts(picture)  # U(-1/4, 1/4) for 16 inputs, 256 times


def test_every_unit_and_line_has_a_tooltip_and_the_picture_has_a_name():
    _, picture = small()
    root = ET.fromstring(picture.svg)
    assert root.get("role") == "img"
    assert root.find(SVG + "title").text
    assert "y = " in root.find(SVG + "desc").text
    units = [e for e in root.iter() if e.get("class") == "neuron"]
    assert len(units) == 9
    assert all(unit[0].tag == SVG + "title" and unit[0].text for unit in units)


def test_numbers_stand_inside_circles_with_their_sign_in_the_view_of_gradients():
    _, picture = small(show="grads")
    numbers = [text for text in texts(picture) if re.fullmatch(r"[+−][\d.e−]+", text)]
    assert len(numbers) == 9


# Wide layers


def test_of_784_inputs_the_16_with_the_most_ink_are_drawn():
    image, picture = digit_reader()
    inky = sorted(sorted(range(784), key=lambda i: -image[i])[:16])
    assert "16 of 784 shown" in texts(picture)
    names = [text for text in texts(picture) if re.fullmatch(r"\d{3}", text)]
    assert list(map(int, names)) == inky
    assert "28 × 28 input" in texts(picture)


def test_of_equally_inky_pixels_those_with_the_largest_weights_are_drawn():
    model = MLP(64, [1])
    for i, weight in enumerate(model.layers[0].neurons[0].w):
        weight.data = 1.0 if i >= 40 else 0.1
    names = [text for text in texts(draw_network(model, [1.0] * 64)) if re.fullmatch(r"\d+", text)]
    assert names[:16] == [str(i) for i in range(40, 56)]


# What an answer is


def logits(*numbers):
    """A net whose outputs are these numbers, whatever it reads."""
    model = MLP(1, [len(numbers)])
    for neuron, number in zip(model.layers[0].neurons, numbers, strict=True):
        neuron.w[0].data, neuron.b.data = 0.0, number
    return model


def test_outputs_stand_with_the_names_and_the_probabilities_of_their_classes():
    # softmax of 0, log 2, log 5: the shares 1 : 2 : 5 of 8
    model = logits(0.0, math.log(2.0), math.log(5.0))
    picture = draw_network(model, [1.0], classes=["cat", "dog", "<owl>"])
    shown = [text for text in texts(picture) if text and text.endswith("%")]
    assert shown == ["cat  12.5%", "dog  25.0%", "<owl>  62.5%"]
    assert "The model answers <owl>, with a probability of 62.5%." in texts(picture)
    bold = [e.text for e in elements(picture) if e.get("font-weight") == "bold"]
    assert "<owl>  62.5%" in bold
    assert "cat  12.5%" not in bold


def test_the_graph_of_a_cross_entropy_tells_that_outputs_are_logits():
    model = logits(0.0, math.log(3.0))
    loss = cross_entropy(model([1.0]), 1)
    loss.backward()
    assert "y1  75.0%" in texts(draw_network(model, root=loss))
    other = mse(model([1.0]), [1.0, 2.0])
    other.backward()
    assert not any("%" in (text or "") for text in texts(draw_network(model, root=other)))


@pytest.mark.parametrize(("activation", "number"), [("linear", 0.0), ("sigmoid", 0.0)])
def test_one_output_stands_with_the_probability_of_the_second_class(activation, number):
    # logistic(0) = 1/2, as a logit and behind a sigmoid
    neuron = Neuron(1, activation)
    neuron.w[0].data, neuron.b.data = 0.0, number
    shown = texts(draw_network(neuron, [1.0], classes=["no", "yes"]))
    assert "y: yes  50.0%" in shown
    assert "The model gives yes a probability of 50.0%." in shown


def test_a_page_of_an_image_reader_shows_the_weights_of_each_neuron_as_images():
    model = MLP(64, [3, 1])
    for i, weight in enumerate(model.layers[0].neurons[0].w):
        weight.data = -2.0 if i == 9 else 0.5  # row 1, column 1
    html = draw_network(model).html
    assert "The weights of each neuron of layer 1, as images" in html
    assert html.count(">neuron ") >= 3
    assert ">max −2<" in html
    assert f'<path stroke="{LIGHT["neg3"]}" d="M1 1h1"/>' in html
    assert "as images</text>" not in draw_network(MLP(63, [3, 1])).html


@pytest.mark.parametrize("show", ["weights", "grads", "both"])
def test_the_digit_reader_stays_under_200_kilobytes(show):
    _, picture = digit_reader(show)
    assert len(picture.svg.encode()) < 200_000
    assert len(picture.html.encode()) < 260_000  # and 16 images of weights


def test_without_data_a_wide_layer_shows_the_units_with_the_largest_weights():
    # Of 20 inputs four have no weight, as the corners of an image that is never inked there.
    model = MLP(20, [18, 1])
    for k, neuron in enumerate(model.layers[0].neurons):
        for i, weight in enumerate(neuron.w):
            weight.data = 0.0 if i in (0, 1, 18, 19) else 0.1 * (k + 1)
    for k, weight in enumerate(model.layers[1].neurons[0].w):
        weight.data = 0.0 if k in (0, 17) else -1.0
    picture = draw_network(model)
    names = [int(text) for text in texts(picture) if re.fullmatch(r"\d+", text)]
    assert names[:16] == list(range(2, 18))
    assert names[16:32] == list(range(1, 17))
    assert "16 of 20 shown" in texts(picture)
    assert "16 of 18 shown" in texts(picture)


@pytest.mark.parametrize(("nin", "shown"), [(49, False), (63, False), (64, True), (81, True)])
def test_a_square_of_at_least_64_inputs_is_shown_as_an_image(nin, shown):
    model = MLP(nin, [2])
    assert ('class="image"' in draw_network(model, [0.5] * nin).svg) == shown
    assert 'class="image"' not in draw_network(model).svg


@pytest.mark.parametrize(("nin", "drawn"), [(16, 16), (17, 16)])
def test_16_units_are_drawn_whole_and_17_are_not(nin, drawn):
    picture = draw_network(MLP(nin, [1]))
    assert sum("input" in title for title in tooltips(picture)) == drawn


# Text from outside


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_and_titles_are_data(label):
    _, picture = small(x=[Value(1.0, label), Value(2.0), Value(3.0)], title=label)
    root = ET.fromstring(picture.svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "g", "path", "rect", "circle", "text"}
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
    assert "<script" not in picture.html
    assert "<img" not in picture.html
    assert picture.html.encode("utf-8").decode("utf-8") == picture.html


def test_the_same_model_gives_the_same_bytes_in_every_process():
    program = (
        "import random; from micronn.nn import MLP\n"
        "from micronn.pictures import draw_network\n"
        "picture = draw_network(MLP(3, [5, 1], rng=random.Random(1)), [1, 2, 3], show='both')\n"
        "import sys; sys.stdout.buffer.write((picture.svg + picture.html).encode())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0]) > 5000


# Wrong input


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (lambda: draw_network(Value(1.0)), TypeError, "micronn.draw"),
        (lambda: draw_network(MLP), TypeError, "got type"),
        (lambda: draw_network(MLP(2, [1]), show="all"), ValueError, '"both"'),
        (lambda: draw_network(MLP(2, [3]), classes=["a"]), ValueError, "3 classes apart, got 1"),
        (lambda: draw_network(MLP(2, [1]), classes=["a"]), ValueError, "2 classes apart, got 1"),
        (lambda: draw_network(MLP(2, [1]), title=7), TypeError, "a title is text, got 7"),
        (lambda: draw_network(MLP(2, [1]), [1.0]), ValueError, "expected 2 inputs, got 1"),
        (lambda: draw_network(MLP(2, [1]), "ab"), TypeError, "a str"),
        (lambda: draw_network(MLP(2, [1]), root=3.0), TypeError, "backward"),
        (lambda: draw_network(MLP(2, [1]), [1, 2], root=3.0), TypeError, "backward"),
        (lambda: draw_network(MLP(2, [1]), [1, 2], root=Value(1.0)), ValueError, "not computed"),
    ],
)
def test_wrong_input_is_refused_in_words(attempt, error, words):
    with pytest.raises(error, match=re.escape(words)):
        attempt()


def test_layers_that_do_not_fit_each_other_are_refused():
    model = Module()
    model.layers = [Layer(2, 3), Layer(2, 1)]
    with pytest.raises(ValueError, match=r"behind Layer\(2 -> 3 relu\)"):
        draw_network(model)


# Files


def test_a_picture_is_saved_as_what_it_can_be_and_nothing_else(tmp_path):
    _, picture = small()
    for name, text in [("a.svg", picture.svg), ("a.html", picture.html)]:
        assert picture.save(tmp_path / name).read_text("utf-8") == text
    with pytest.raises(ValueError, match=r"\.svg, \.html, \.png or \.pdf, got 'a\.dot'"):
        picture.save(tmp_path / "a.dot")
    with pytest.raises(OSError, match="missing"):
        picture.save(tmp_path / "missing" / "a.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.svg"]


# Of one moment


def lines_of(picture, word):
    """The numbers of all lines of a view, by the units they join."""
    pairs = [re.fullmatch(rf"{word} (\d+→\d+): (.*)", text) for text in tooltips(picture)]
    return [found.groups() for found in pairs if found]


def test_a_model_without_gradients_shows_no_picture_of_zeros_but_says_so():
    model = MLP(2, [3, 1], rng=random.Random(3))
    picture = draw_network(model, show="grads")
    assert {text for _, text in lines_of(picture, "grad")} == {"none yet"}
    assert "No gradients yet: call backward() on a loss of this model." in texts(picture)
    assert "max |grad| 0" not in texts(picture)
    assert "grad = 0" not in picture.svg
    strokes = {stroke for stroke, _, _ in line_groups(picture)}
    assert strokes == {LIGHT["rule"]}
    assert LIGHT["zero"] not in picture.svg.partition('class="g"')[2].partition("legend")[0]


def test_of_a_page_only_the_view_of_gradients_says_that_there_are_none():
    page = draw_network(MLP(2, [3, 1], rng=random.Random(3))).html
    weights, grads = page.partition('class="w"')[2].split('class="g"')
    assert "No gradients yet" not in weights
    assert "No gradients yet" in grads


def test_a_loss_of_zero_has_gradients_to_be_shown():
    model = MLP(2, [2, 1], rng=random.Random(1))
    out = model([1.0, 2.0])
    loss = out - out.data
    loss.backward()
    assert (loss.data, model.layers[1].neurons[0].b.grad) == (0.0, 1.0)
    picture = draw_network(model, show="grads", root=loss)
    assert "No gradients yet" not in picture.svg
    assert "none yet" not in {text for _, text in lines_of(picture, "grad")}


def test_before_backward_on_the_loss_no_circle_shows_a_gradient():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(3))
    (model([1.0, 2.0]) ** 2).backward()
    loss = model([0.5, -1.0]) ** 2
    picture = draw_network(model, show="grads", root=loss, legend=False)
    assert "No gradients yet: call backward() on a loss of this model." in texts(picture)
    assert {text for _, text in lines_of(picture, "grad")} == {"none yet"}
    assert "Held before this pass" in picture.svg
    numbers = [text for text in texts(picture) if re.fullmatch(r"[+−]?[\d.]+", text)]
    assert numbers == ["2", "3", "1"]  # how many units a column has
    loss.backward()
    assert "No gradients yet" not in draw_network(model, show="grads", root=loss).svg


def test_weights_that_moved_are_drawn_as_the_activations_were_computed_with():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(3))
    loss = (model([0.5, -1.0]) - 1.0) ** 2
    loss.backward()
    before = {show: draw_network(model, show=show, root=loss) for show in ("weights", "grads")}
    for p in model.parameters():
        p.data -= 0.5 * p.grad
    for show, picture in before.items():
        after = draw_network(model, show=show, root=loss)
        assert tooltips(after) == tooltips(picture)
        assert "13 of 13 parameters have changed since" in after.svg
        assert "13 of 13 parameters have changed since" in after.html
    now = draw_network(model, x=[0.5, -1.0])  # computed anew, with the weights of now
    assert lines_of(now, "w") != lines_of(before["weights"], "w")
    assert "changed since" not in now.svg


def test_gradients_that_weights_held_before_the_loss_are_told():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(3))
    for _ in range(2):
        loss = (model([0.5, -1.0]) - 1.0) ** 2
        loss.backward()
    assert "Held before this pass" in draw_network(model, show="grads", root=loss).svg
    assert "Held before this pass" in draw_network(model, root=loss).html


def test_of_a_batch_the_picture_says_how_many_examples_it_shows():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(3))
    xs = [[0.5, -1.0], [1.0, 2.0], [0.0, 0.3]]
    loss = mean([(model(x) - 1.0) ** 2 for x in xs])
    loss.backward()
    assert "3 examples in this graph, none of them is shown" in draw_network(model, root=loss).svg
    assert (
        "3 examples in this graph, 1 of them is shown." in draw_network(model, xs[1], root=loss).svg
    )
    one = (model(xs[0]) - 1.0) ** 2
    one.backward()
    assert "examples in this graph" not in draw_network(model, root=one).svg


def test_typed_inputs_that_came_to_hold_one_number_are_still_told_apart():
    model = MLP(3, [1], activation="tanh", rng=random.Random(3))
    out = model([Value(0.5, "x0"), 4.0, 2.0])
    out.backward()
    for leaf in topological_order(out):
        leaf.data = 7.0 if leaf.op == "const" else leaf.data
    picture = draw_network(model, root=out)
    assert "2 values have changed since" in picture.svg
    assert {"4", "2"} <= set(texts(picture))  # what was computed with
    assert "7" not in texts(picture)
