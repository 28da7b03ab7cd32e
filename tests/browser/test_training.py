"""A page that goes on with a training: driven by a person, computed as by Python."""

import random
import re

import pytest

from micronn.data import blobs, moons, xor
from micronn.engine import Value, mean
from micronn.graph.neurons import outputs_named
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.losses import cross_entropy, hinge, loss_of, mse
from micronn.nn import MLP
from micronn.optim import SGD, Adam, AdamW
from micronn.pictures.charts import Axis
from micronn.pictures.views.grouping import make_plan
from micronn.support.text import fmt
from micronn.training import steps
from micronn.viewer import Recorder
from micronn.viewer.computing.computing import picture_of

pytestmark = pytest.mark.browser

STEPS = 50
STATE = """() => ({
    columns: [...state().columns], step: state().step, loss: state().loss,
    note: state().note, lines: futures.lines.map(line => line.length), current: futures.current,
})"""


def net(*nouts, activation="tanh"):
    return MLP(2, nouts, activation, rng=random.Random(2))


def two_moons(n=40):
    return moons(n, noise=0.1, rng=random.Random(7))


def three_blobs():
    return blobs(45, rng=random.Random(3))


# A model, its loss, its data, its optimiser, and how many examples a step reads
TASKS = {
    "xor 2-4-1, SGD": lambda: (net(4, 1), mse, xor(4, noise=0.0), lambda p: SGD(p, 0.5), None),
    "moons 2-8-8-1, Adam": lambda: (net(8, 8, 1), mse, two_moons(), lambda p: Adam(p, 0.05), None),
    "3 classes, batches": lambda: (
        net(6, 3), cross_entropy, three_blobs(), lambda p: AdamW(p, 0.05), 20,
    ),
    "hinge, momentum": lambda: (
        net(5, 1, activation="relu"), hinge, two_moons(), lambda p: SGD(p, 0.1, 0.9), 7,
    ),
}  # fmt: skip


@pytest.fixture
def opened(visit, tmp_path):
    """A function that opens the page of a recorder and waits until it can train."""

    def open_(recorder, **options):
        return ready(visit(recorder.save(tmp_path / "page.html"), **options))

    return open_


def ready(page):
    page.wait_for_selector("#change:not([hidden])")
    return page


def train_in_python(model, loss, data, optimizer, batch_size, count=STEPS):
    """The steps of micronn.train, with the batches in the order of the data."""
    inputs, targets = data
    size = batch_size or len(targets)
    batches = [slice(k, k + size) for k in range(0, len(targets), size)]
    for k in range(optimizer.steps, optimizer.steps + count):
        batch = batches[k % len(batches)]
        pairs = zip(inputs[batch], targets[batch], strict=True)
        optimizer.zero_grad()
        mean([loss_of(loss, model(x), target) for x, target in pairs]).backward()
        optimizer.step()


def mean_loss(model, loss, data):
    pairs = zip(*data, strict=True)
    return sum(loss_of(loss, model(x), target).data for x, target in pairs) / len(data[1])


def parameters(model):
    return [p.data for p in model.parameters()]


def close(numbers):
    return pytest.approx(numbers, rel=1e-9, abs=1e-12)


def press(page, key, times=1):
    for _ in range(times):
        page.keyboard.press(key)


# The same numbers


@pytest.mark.parametrize("name", TASKS)
def test_fifty_steps_in_the_page_are_fifty_steps_in_python(opened, name):
    model, loss, data, make, batch_size = TASKS[name]()
    optimizer = make(model.parameters())
    page = opened(Recorder(model, loss=loss, data=data, optimizer=optimizer, batch_size=batch_size))
    press(page, "ArrowRight", STEPS)
    there = page.evaluate(STATE)
    train_in_python(model, loss, data, optimizer, batch_size)
    assert there["step"] == STEPS
    assert there["columns"][: len(parameters(model))] == close(parameters(model))
    assert there["loss"] == close(mean_loss(model, loss, data))
    memory = [number for column in optimizer.state.values() for number in column]
    assert there["columns"][len(parameters(model)) :] == close(memory)


def test_a_training_that_python_began_goes_on_in_the_page_as_in_python(opened):
    model, loss, data = net(4, 1), mse, two_moons(20)
    optimizer = Adam(model.parameters(), 0.02)
    recorder = Recorder(model, loss=loss, data=data, optimizer=optimizer)
    recorder.snapshot(0, mean_loss(model, loss, data))
    for step in recorder.record(steps(model, loss, data, optimizer, epochs=6, batch_size=20)):
        assert step.step == optimizer.steps
    page = opened(recorder)
    assert page.input_value("#slider") == "0"
    press(page, "End")
    assert page.evaluate(STATE)["columns"][: len(parameters(model))] == parameters(model)
    press(page, "ArrowRight", 10)
    train_in_python(model, loss, data, optimizer, None, 10)
    there = page.evaluate(STATE)
    assert (there["step"], page.inner_text("#step")) == (16, "Step 16")
    assert there["columns"][: len(parameters(model))] == close(parameters(model))


def test_a_frozen_neuron_and_another_rate_are_those_of_an_optimizer_without_its_weights(opened):
    model, loss, data, *_ = TASKS["xor 2-4-1, SGD"]()
    page = opened(
        Recorder(model, loss=loss, data=data, optimizer=SGD(model.parameters(), 0.5, 0.9))
    )
    page.select_option("#neuron", label="layer 1, neuron 2")
    page.click("#freeze")
    page.fill("#lr", "0.25")
    page.press("#lr", "Enter")
    assert page.inner_text("#notice") == "The next steps have the learning rate 0.25."
    page.focus("#next")
    press(page, "ArrowRight", STEPS)
    frozen = model.layers[0].neurons[2].parameters()
    learned = [p for p in model.parameters() if p not in frozen]
    before = [p.data for p in frozen]
    train_in_python(model, loss, data, SGD(learned, 0.25, 0.9), None)
    assert [p.data for p in frozen] == before
    there = page.evaluate(STATE)["columns"]
    assert there[: len(parameters(model))] == close(parameters(model))


def test_a_typed_weight_goes_on_as_in_python(opened):
    model, loss, data, make, _ = TASKS["moons 2-8-8-1, Adam"]()
    optimizer = make(model.parameters())
    page = opened(Recorder(model, loss=loss, data=data, optimizer=optimizer))
    press(page, "ArrowRight", 5)
    page.select_option("#neuron", label="layer 2, neuron 1")
    page.fill("#numbers input >> nth=3", "-1.5")
    page.press("#numbers input >> nth=3", "Enter")
    changed = page.evaluate(STATE)
    assert (changed["step"], changed["note"]) == (
        5,
        "Here w3 of layer 2, neuron 1 was set to −1.5.",
    )
    page.focus("#next")
    press(page, "ArrowRight", 5)
    train_in_python(model, loss, data, optimizer, None, 5)
    model.layers[1].neurons[1].w[3].data = -1.5
    assert changed["loss"] == close(mean_loss(model, loss, data))
    train_in_python(model, loss, data, optimizer, None, 5)
    there = page.evaluate(STATE)
    assert there["columns"][: len(parameters(model))] == close(parameters(model))
    assert there["lines"] == [12]  # nothing was left behind: one future


def test_a_change_in_the_past_opens_a_future_and_the_old_one_stays_on_the_curve(opened):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    press(page, "ArrowRight", 30)
    first = page.evaluate(STATE)
    paths = "document.querySelectorAll('#curves path[stroke-width=\"1.8\"]').length"
    assert (page.evaluate(paths), page.is_visible("#futures")) == (1, False)
    page.fill("#slider", "10")
    press(page, "ArrowRight", 5)  # nothing is changed: the same future again
    assert page.evaluate(STATE)["lines"] == [31]
    page.fill("#slider", "10")
    page.fill("#lr", "0.05")
    page.press("#lr", "Enter")
    page.focus("#next")
    press(page, "ArrowRight", 20)
    second = page.evaluate(STATE)
    assert (second["step"], second["lines"], second["current"]) == (30, [31, 31], 1)
    assert second["columns"] != first["columns"]
    assert page.evaluate(paths) == 2
    train_in_python(model, loss, data, SGD(model.parameters(), 0.5), None, 10)
    train_in_python(model, loss, data, SGD(model.parameters(), 0.05), None, 20)
    assert second["columns"] == close(parameters(model))
    page.click("#futures button >> nth=0")  # back to the old one, where they part
    assert (page.input_value("#slider"), page.input_value("#lr")) == ("11", "0.5")
    press(page, "End")
    assert page.evaluate(STATE)["columns"] == first["columns"]


def test_a_rate_that_is_set_before_going_back_counts_from_there(opened):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    press(page, "ArrowRight", 10)
    page.fill("#lr", "0.125")
    page.press("#lr", "Enter")
    page.fill("#slider", "4")
    assert page.input_value("#lr") == "0.125"
    press(page, "ArrowRight")
    assert page.evaluate(STATE)["lines"] == [11, 6]
    page.fill("#slider", "2")  # where the next step was taken with the old one
    assert page.input_value("#lr") == "0.5"
    press(page, "ArrowRight", 2)
    assert page.input_value("#lr") == "0.125"


# What moves, and what is said


def test_every_picture_moves_with_a_step(opened):
    model, loss, data, make, _ = TASKS["moons 2-8-8-1, Adam"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    names = ["plane", "curves", "network", "now"]
    before = [page.inner_html(f"#{name}") for name in names]
    press(page, "ArrowRight", 3)
    for name, html in zip(names, before, strict=True):
        assert page.inner_html(f"#{name}") != html, name
    page.focus("#weights")
    press(page, "ArrowRight")  # the gradients
    after = page.inner_html("#network")
    page.focus("#next")
    press(page, "ArrowRight")
    assert page.inner_html("#network") != after


def test_the_network_shows_the_chosen_example_as_python_computes_it(opened):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    page.select_option("#pick", label="2, target −1")
    x = [Value(number) for number in data[0][2]]
    hidden = model.layers[0](x)
    root = loss_of(loss, model.layers[1](hidden)[0], data[1][2])
    root.backward()
    units = "learner.example(state(), learner.row(chosen))"
    assert page.evaluate(units)["data"][1] == close([unit.data for unit in hidden])
    assert page.evaluate(units)["grad"][:2] == [
        close([unit.grad for unit in column]) for column in (x, hidden)
    ]
    ring = page.evaluate("document.querySelector('#plane_chosen circle').getAttribute('cx')")
    page.select_option("#pick", label="0, target −1")
    assert ring != page.evaluate(
        "document.querySelector('#plane_chosen circle').getAttribute('cx')"
    )


@pytest.mark.parametrize("pick", [0, 3])
def test_the_graph_of_the_chosen_example_is_the_one_that_python_draws(opened, pick):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    optimizer = make(model.parameters())
    page = opened(Recorder(model, loss=loss, data=data, optimizer=optimizer))
    press(page, "ArrowRight", 7)
    page.select_option("#pick", str(pick))
    train_in_python(model, loss, data, optimizer, None, 7)
    model.zero_grad()
    x, target = [Value(number, f"x{k}") for k, number in enumerate(data[0][pick])], data[1][pick]
    root = loss_of(loss, model(x), Value(target, "target"))
    drawn = picture_of(Story(outputs_named(Graph(root, model))).graph)
    shown = "[...document.querySelectorAll('#example text')].map(text => text.textContent)"
    assert page.evaluate(shown) == re.findall(r"<text[^>]*>([^<]*)</text>", drawn)


def test_of_a_graph_with_too_many_cards_it_says_how_many_values_there_are(opened):
    model, loss, data, make, _ = TASKS["moons 2-8-8-1, Adam"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    assert "161 values, too many for a card each" in page.inner_text("#example")


def test_the_axes_of_the_page_are_those_of_python(opened):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    rng, axes = random.Random(5), []
    for _ in range(500):
        low, high = sorted([10 ** rng.uniform(-6, 4), 10 ** rng.uniform(-6, 4)])
        axes += [(low, high, 10.0, 90.0, True), (0.0, high, 10.0, 90.0, False)]
        axes.append((-low, high, 10.0, 90.0, False))
    there = page.evaluate(
        "axes => axes.map(axis => new Axis(...axis))"
        ".map(axis => [axis.ticks(), axis.words(words), axis.at(axis.high / 3)])",
        axes,
    )
    for axis, (ticks, said, place) in zip([Axis(*axis) for axis in axes], there, strict=True):
        assert ticks == pytest.approx(axis.ticks(), rel=1e-12)
        assert (said, place) == (axis.words(), pytest.approx(axis(axis.high / 3), rel=1e-9))


def test_a_click_chooses_an_example_or_a_neuron(opened):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    page.click("#plane_x3")
    assert page.input_value("#pick") == "3"
    page.click("#wu1_2 text")
    assert (page.input_value("#neuron"), page.inner_text("#whose")) == ("0,2", "layer 1, neuron 2")
    root = loss_of(loss, model([Value(x) for x in data[0][3]]), Value(data[1][3]))
    plan = make_plan(Graph(root, model))
    texts = page.locator("#example .card:has(.ring) text").all_text_contents()
    assert fmt(plan.graph.nodes[plan.folds.layers[0].neurons[2].calls[0].out].data) in texts


def test_play_takes_steps_until_it_is_paused(opened):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    page.select_option("#speed", label="fast")
    page.click("#play")
    while int(page.input_value("#slider")) < 20:
        page.wait_for_timeout(50)
    assert page.get_attribute("#play", "aria-pressed") == "true"
    page.click("#play")
    at = page.input_value("#slider")
    page.wait_for_timeout(200)
    assert page.input_value("#slider") == at == page.evaluate("location.hash.slice(6)")


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("#lr", "-1", "A learning rate is a number of at least 0, not “-1”"),
        ("#lr", "fast", "not “fast”"),
        ("#numbers input >> nth=0", "a half", "“a half” is no number"),
        ("#numbers input >> nth=0", "1e999", "“1e999” is no number"),
    ],
)
def test_what_is_no_number_is_refused_in_words(opened, field, typed, words):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    page = opened(Recorder(model, loss=loss, data=data, optimizer=make(model.parameters())))
    before = page.evaluate(STATE)
    page.fill(field, typed)
    page.press(field, "Enter")
    assert words in page.inner_text("#notice")
    assert page.evaluate(STATE) == before


def test_a_training_that_leaves_the_numbers_stops_and_says_so(opened):
    model, data = net(2, 1, activation="relu"), two_moons(10)
    optimizer = SGD(model.parameters(), 1e200)
    page = opened(Recorder(model, loss=mse, data=data, optimizer=optimizer))
    page.click("#play")
    while page.get_attribute("#play", "aria-pressed") == "true":
        page.wait_for_timeout(20)
    assert "the loss or its gradient is no longer a finite number" in page.inner_text("#notice")
    reached = page.evaluate(STATE)
    assert page.evaluate("state().columns.every(Number.isFinite)")
    press(page, "ArrowRight")
    assert page.evaluate(STATE) == reached


# Wherever the page is opened


def test_it_trains_in_a_sandboxed_frame_without_an_address(visit, tmp_path):
    model, loss, data, make, _ = TASKS["xor 2-4-1, SGD"]()
    recorder = Recorder(model, loss=loss, data=data, optimizer=make(model.parameters()))
    path = tmp_path / "notebook.html"
    path.write_text(f'<!doctype html><meta charset="utf-8">{recorder._repr_html_()}')
    (frame,) = [each for each in visit(path).frames if each.parent_frame]
    frame.wait_for_selector("#change:not([hidden])")
    frame.press("#next", "Enter")
    frame.press("#next", "ArrowRight")
    assert frame.inner_text("#step") == "Step 2"


def test_without_a_script_the_last_snapshot_is_there_and_no_dead_control(visit, tmp_path):
    model, loss, data, make, _ = TASKS["moons 2-8-8-1, Adam"]()
    optimizer = make(model.parameters())
    recorder = Recorder(model, loss=loss, data=data, optimizer=optimizer)
    for _ in recorder.record(steps(model, loss, data, optimizer, epochs=3)):
        pass
    page = visit(recorder.save(tmp_path / "page.html"), java_script_enabled=False)
    for name in ("plane", "curves", "sizes", "network", "example"):
        assert page.is_visible(f"#{name} svg"), name
    assert len(page.query_selector_all("tbody tr")) == 4  # the untrained net, and three epochs
    for dead in ("[role=toolbar]", ".keys", "#change", "#notice"):
        assert not page.is_visible(dead)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_training_page_fits_its_window(opened, width):
    model, loss, data, make, _ = TASKS["moons 2-8-8-1, Adam"]()
    recorder = Recorder(model, loss=loss, data=data, optimizer=make(model.parameters()))
    page = opened(recorder, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert len(recorder.to_html()) < 1_500_000


def test_from_the_network_down_to_a_message_by_keys_with_the_numbers_of_each_step(opened):
    model, loss, data, make, batch_size = TASKS["xor 2-4-1, SGD"]()
    optimizer = make(model.parameters())
    page = opened(Recorder(model, loss=loss, data=data, optimizer=optimizer, batch_size=batch_size))
    page.wait_for_selector(".levels")
    focus = "document.activeElement.getAttribute('aria-label')"
    page.focus("#network .neuron:visible:has(#wu1_0)")
    press(page, "ArrowDown", 2)
    press(page, "Enter")
    assert (page.input_value("#neuron"), page.inner_text("#whose")) == ("0,2", "layer 1, neuron 2")
    press(page, "Enter")  # on its card
    for taken in range(2):
        train_in_python(model, loss, data, optimizer, batch_size, taken)
        model.zero_grad()
        root = loss_of(loss, model([Value(x) for x in data[0][0]]), Value(data[1][0]))
        root.backward()
        graph = Graph(root, model)
        row = graph.rows()[make_plan(graph).folds.layers[0].neurons[2].calls[0].out]
        said = f"h1.2: data {fmt(row.data)}, grad {fmt(row.grad, sign=True)}"
        assert page.inner_text("#told h2") == said
        page.click("#next")
    page.focus("#told li button")
    press(page, "Enter")
    assert page.inner_text("#told h2").startswith("message to h1.2 from ")
    press(page, "Escape")
    assert page.evaluate(focus).startswith("h1.2: ")
    press(page, "Escape")
    assert not page.is_visible("#levels")
    press(page, "Escape")
    assert page.evaluate("document.activeElement.querySelector('#wu1_2') !== null")
