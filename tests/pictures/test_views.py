"""The view that is chosen can be read, and says how much it folds or leaves out."""

import random
import re
import sys

import pytest
from drawn import SVG, cards, chain, parsed, words_in
from example_graphs import net, shared, valley

from micronn.draw import draw
from micronn.engine import Value, dot, mean, topological_order, total
from micronn.graph import line_of, record_lines
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.pictures.views.folded_cards import span


@pytest.mark.parametrize(
    ("values", "expected"), [(30, 30), (31, 31), (60, 60), (61, 40), (500, 40)]
)
def test_without_neurons_up_to_sixty_values_are_all_drawn(values, expected):
    assert cards(draw(chain(values))) == expected


def padded_net(values, nouts, nin=2):
    """A net whose graph has as many values as wanted, and whose loss part is a chain."""
    model = MLP(nin, nouts, activation="tanh", rng=random.Random(7))
    out = model([Value(float(i)) for i in range(nin)])
    size = draw(out, model, "layers").sketch.caption.partition(" ")[0]
    for _ in range(values - int(size)):
        out = out.sin()
    return out, model


@pytest.mark.parametrize(("values", "view"), [(30, "values"), (31, "neurons")])
def test_from_31_values_on_a_single_neuron_is_folded(values, view):
    root, model = padded_net(values, [1], nin=10)
    assert draw(root, model).svg == draw(root, model, view).svg


def test_from_the_second_neuron_on_neurons_are_drawn_however_few_the_values():
    root, model = padded_net(0, [1, 1])  # two inputs, five parameters, two dots, a tanh
    assert cards(draw(root, model, "values")) < 30
    assert draw(root, model).svg == draw(root, model, "neurons").svg
    assert cards(draw(root, model)) == 2 + 2


def test_the_small_net_with_its_loss_is_nine_cards():
    # x0, x1, three neurons and one, t, y - t, and its square: 29 values.
    assert cards(draw(*net())) == 9
    assert "Forward 1 of" in draw(*net()).as_page()  # which still steps through the values


@pytest.mark.parametrize(("count", "view"), [(24, "neurons"), (25, "layers")])
def test_up_to_24_cards_show_neurons_and_more_show_layers(count, view):
    root, model = padded_net(40, [4, 1])
    more = count - cards(draw(root, model, "neurons"))
    for _ in range(more):
        root = root.sin()
    assert cards(draw(root, model, "neurons")) == count
    assert draw(root, model).svg == draw(root, model, view).svg


@pytest.mark.parametrize(("width", "view"), [(12, "neurons"), (13, "layers")])
def test_a_layer_of_up_to_twelve_neurons_shows_them(width, view):
    root, model = padded_net(0, [width, 1])
    assert draw(root, model).svg == draw(root, model, view).svg


def test_the_size_of_a_picture_does_not_grow_with_the_batch():
    one, hundred = (draw(*net(n, (16, 16, 1))) for n in (1, 100))
    assert cards(one) == cards(hundred) == 6
    assert abs(len(one.svg) / len(hundred.svg) - 1) < 0.1


def three_classes(examples):
    """The mean of a loss that reads several outputs of a net on so many examples."""
    rng = random.Random(7)
    model = MLP(2, [4, 3], rng=rng)
    xs = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(examples)]
    loss = mean([cross_entropy(model(x), i % 3) for i, x in enumerate(xs)])
    loss.backward()
    return loss, model


def running_sum(examples):
    """A loss that Python's sum() adds up."""
    model = MLP(2, [4, 1], rng=random.Random(7))
    loss = sum((model([float(i), 1.0]) - 1.0) ** 2 for i in range(examples))
    loss.backward()
    return loss, model


@pytest.mark.parametrize(
    "graph",
    [lambda n: net(n, (16, 16, 1)), lambda n: net(n, (4, 1)), three_classes, running_sum],
    ids=["mse of a wide net", "mse", "cross entropy", "a running sum"],
)
def test_neurons_on_a_batch_are_the_same_cards_as_on_an_example(graph):
    one, few, many = (draw(*graph(n), "neurons") for n in (1, 7, 50))
    assert cards(one) == cards(few) == cards(many)
    assert len(many.svg) < 1.1 * len(one.svg)


def test_the_cards_of_a_batch_say_what_was_done_to_each_example():
    tree, _ = parsed(draw(*net(50), "neurons").svg)
    drawn = [words_in(g)[:2] for g in tree.iter(f"{SVG}g") if (g.get("class") or "")[:5] == "card "]
    assert [["−", "50 values"], ["x²", "50 values"]] == [w for w in drawn if w[0] in ("−", "x²")]
    assert ["50 values", "input"] in drawn  # the targets


def test_the_wires_of_a_batch_are_as_wide_as_their_messages_are_large():
    root, model = net(50)
    svg = draw(root, model, "neurons").svg.replace("−", "-")
    sent = re.findall(r"<title>1 value forward, messages of rms (\S+) back</title>", svg)
    wide = re.findall(r'forward, messages[^"]*"line"[^>]*stroke-width="([\d.]+)"', svg)
    pairs = sorted(zip(map(float, sent), map(float, wide), strict=True))
    assert len(pairs) == 2 * 3 + 3
    assert [width for _, width in pairs] == sorted(width for _, width in pairs)


def test_a_folded_picture_says_how_much_it_folds():
    made = draw(*net(100, (16, 16, 1)))
    _, ids = parsed(made.svg)
    count = re.match(r"[\d,]+ values in 6 cards", ids["mn-d"].text)
    assert count
    assert count.group() in made.svg.partition('class="notes"')[2]
    assert count.group() in draw(*net(100, (16, 16, 1)), legend=False).svg.partition("</desc>")[2]


def test_a_stub_says_how_much_is_behind_it():
    made = draw(chain(100))
    assert "from 60 values" in made.svg
    assert "from 60 values" not in draw(chain(100), detail="values").svg


def test_the_mean_of_a_batch_names_its_losses_and_their_range():
    root, model = net(100, (16, 16, 1))
    losses = [value.data for value in root.operands]
    made = draw(root, model)
    assert "100 losses" in made.svg
    assert span(losses) in made.svg


def test_a_net_inside_a_module_has_a_lane_around_its_layers():
    root, model = net()
    params = [(f"encoder.{name}", value) for name, value in model.named_parameters()]
    tree, _ = parsed(draw(root, params, "neurons").svg)
    lanes = [words_in(g)[0] for g in tree.iter(f"{SVG}g") if g.get("class") == "lane"]
    assert lanes == ["encoder", "layer 1", "layer 2"]


# Large graphs


def calls_in(work):
    """How many functions are called while some work is done: its length on any machine."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def products(model, x):
    """The model as chains of products and sums, many values a neuron."""
    for layer in model.layers:
        x = [sum((w * xi for w, xi in zip(n.w, x, strict=True)), n.b).tanh() for n in layer.neurons]
    return x[0]


def test_folding_takes_four_times_the_steps_for_four_times_the_values():
    # Anything that walks the graph once for each of its parts would take sixteen times as many.
    model = MLP(2, [16, 16, 1], activation="tanh", rng=random.Random(7))
    steps, sizes = [], []
    for examples in (10, 40):
        batch = [products(model, [Value(0.1), Value(0.2)]) ** 2 for _ in range(examples)]
        loss = total(batch)
        loss.backward()
        made = draw(loss, model)
        assert cards(made) == 6
        sizes.append(int(made.sketch.caption.split()[0].replace(",", "")))
        steps.append(calls_in(lambda loss=loss: draw(loss, model).dot))
    assert 3.5 < sizes[1] / sizes[0] < 4
    assert steps[1] / steps[0] < 4.5


@pytest.mark.parametrize("shape", ["chain of 3,000", "fan of 300", "ladder of 200", "million"])
def test_big_graphs_are_drawn_on_few_cards(shape):
    x = Value(1.0, "x")
    if shape == "chain of 3,000":
        root = chain(3000)
    elif shape == "fan of 300":
        root = total([x * float(i) for i in range(300)])
    else:
        root = x
        for _ in range(200 if shape == "ladder of 200" else 1_000_000):
            root = root + root if shape == "ladder of 200" else -root
    made = draw(root)
    assert 1 < cards(made) <= 40
    assert len(made.svg) < 130_000


def test_a_picture_of_sixty_cards_stays_small():
    root, _ = valley()
    assert len(draw(root).svg) < 130_000
    assert len(draw(chain(60)).svg) < 130_000


@pytest.mark.parametrize("scope", ["", "block.", "layers.0."])
def test_the_card_of_a_row_says_which_row_of_its_matrix_it_is(scope):
    rows = [[Value(0.1 * k), Value(1.0)] for k in range(3)]
    x = [Value(1.0), Value(2.0)]
    first = [dot(rows[k], x).tanh() for k in (2, 0, 1)]
    root = total([h * h for h in first])
    params = {f"{scope}wq.{k}.{i}": w for k, row in enumerate(rows) for i, w in enumerate(row)}
    found = words_in(parsed(draw(root, params, "neurons").svg)[0])
    cards = [k for k, text in enumerate(found) if re.fullmatch("neuron [0-9]", text)]
    assert len(cards) == 3
    for k in cards:
        weight = next(text for text in found[k:] if "wq." in text)
        assert re.search(r"wq\.(\d)", weight)[1] == found[k][-1]


# Where lines were recorded


def with_lines(graph, *arguments, **options):
    """A graph made while lines are recorded."""
    with record_lines():
        return graph(*arguments, **options)


def test_a_card_says_which_line_made_its_value_and_its_tooltip_what_stands_there():
    root, _ = with_lines(shared)
    picture = draw(root)
    tree, ids = parsed(picture.svg)
    lines = [line_of(value) for value in topological_order(root)]
    for k, line in enumerate(lines):
        assert words_in(ids[f"n{k}"])[-1] == line.place
        assert ids[f"n{k}"].findtext(f"{SVG}title").endswith(f", made at {line}")
    assert picture.dot.count(lines[-1].place) == lines.count(lines[-1])
    assert "below: the file and line that made it" in words_in(tree)


def test_a_card_with_a_line_is_one_row_higher():
    plain, lined = draw(shared()[0]).sketch.cards, draw(with_lines(shared)[0]).sketch.cards
    assert [card.height + 20 for card in plain] == [card.height for card in lined]


@pytest.mark.parametrize("view", ["neurons", "layers"])
def test_folded_cards_tell_in_their_tooltip_which_line_called_the_model(view):
    root, model = with_lines(net)
    line = line_of(root.operands[0].operands[0])
    found = re.findall(r"<title>([^<]*made at [^<]*)</title>", draw(root, model, view).svg)
    folded = [title for title in found if f", made at {line}".split("(")[0] in title]
    assert len(folded) >= (4 if view == "neurons" else 2)


def test_a_neuron_card_says_which_line_called_the_model_if_it_is_one():
    root, model = with_lines(net)
    line = line_of(root.operands[0].operands[0])
    _, ids = parsed(draw(root, model, "neurons").svg)
    assert [words_in(ids[f"L0n{i}"]).count(line.place) for i in range(3)] == [1, 1, 1]
    with record_lines():
        outputs = [model([1.0, 2.0]),
                   model([2.0, 1.0])]  # fmt: skip
    _, ids = parsed(draw(total(outputs), model, "neurons").svg)
    assert not any(".py:" in text for text in words_in(ids["L0n0"]))
    second = [line_of(output).place for output in outputs]
    assert f", made at {', '.join(second)}" in ids["L0n0"].findtext(f"{SVG}title")
