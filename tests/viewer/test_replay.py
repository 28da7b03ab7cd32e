"""A recorded run: the right numbers kept, honest pages, and nothing changed by looking."""

import json
import math
import random
import re

import pytest

from micronn.data import moons
from micronn.engine import Value
from micronn.losses import hinge
from micronn.nn import MLP, Module, Neuron
from micronn.optim import SGD
from micronn.training.fit import steps
from micronn.training.metrics import accuracy
from micronn.viewer.flipbook import ALPHABET
from micronn.viewer.recorder import Recorder
from micronn.viewer.run import classes

HOSTILE = "</script><script>alert(1)</script>\u2028"


def squared(out, target):
    return (out - target) ** 2


def run(steps=4, nouts=(3, 1), data=True, **keywords):
    """An MLP that learns two moons, recorded before every step."""
    inputs, targets = moons(20, noise=0.1, rng=random.Random(7))
    model = MLP(2, list(nouts), activation="tanh", rng=random.Random(2))
    optimizer = SGD(model.parameters(), lr=0.1)
    keywords = {"loss": squared, "example": (inputs[0], targets[0]), **keywords}
    recorder = Recorder(model, data=(inputs, targets) if data else None, **keywords)
    for step in range(steps):
        loss = sum(squared(model(x), t) for x, t in zip(inputs, targets, strict=True)) / 20
        optimizer.zero_grad()
        loss.backward()
        recorder.snapshot(step, loss, validation_loss=2.0 * loss, right=step / 10)
        optimizer.step()
    return recorder


def book_of(html):
    """What the page's script reads."""
    return json.loads(re.search(r'id="mn-data">(.*?)</script>', html, re.DOTALL)[1])


# What is kept


def test_a_snapshot_keeps_the_numbers_of_its_moment():
    model = Neuron(1)
    recorder = Recorder(model)
    for step, number in enumerate((0.25, 0.5)):
        model.w[0].data, model.b.grad = number, -number
        recorder.snapshot(step, Value(number))
    first, second = recorder.snapshots()
    assert (first.data[0], first.grads[1], first.numbers) == (0.25, -0.25, {"loss": 0.25})
    assert (second.data[0], second.grads[1], second.numbers) == (0.5, -0.5, {"loss": 0.5})


@pytest.mark.parametrize(
    ("calls", "every", "most", "steps"),
    [
        (5, 1, 200, [0, 1, 2, 3, 4]),
        (5, 2, 200, [0, 2, 4]),
        (6, 2, 200, [0, 2, 4, 5]),  # and the last
        (5, 1, 4, [0, 2, 4]),  # the fifth is one too many: every second stays
        (9, 1, 4, [0, 4, 8]),
        (12, 1, 4, [0, 4, 8, 11]),
        (1, 10, 2, [0]),
    ],
)
def test_snapshots_are_kept_evenly_and_the_last_in_any_case(calls, every, most, steps):
    recorder = Recorder(MLP(1, [1]), every=every, most=most)
    for step in range(calls):
        recorder.snapshot(step, 1.0)
    assert [snapshot.step for snapshot in recorder.snapshots()] == steps


def test_a_curve_goes_through_every_call():
    recorder = Recorder(MLP(1, [1]), every=10)
    for step in range(25):
        recorder.snapshot(step, step / 2.0)
    assert recorder.run.curves["loss"] == [(step, step / 2.0) for step in range(25)]


def test_recording_and_drawing_change_nothing():
    recorder = run()
    model = recorder.run.model
    before = [(p.data, p.grad) for p in model.parameters()]
    recorder.to_html()
    recorder._repr_svg_()
    assert [(p.data, p.grad) for p in model.parameters()] == before


def test_fit_is_recorded_step_by_step():
    data = moons(20, rng=random.Random(7))
    model = MLP(2, [3, 1], rng=random.Random(2))
    recorder = Recorder(model, loss=hinge, example=(data[0][0], data[1][0]), data=data)
    run = steps(
        model, hinge, data, SGD(model.parameters(), 0.1), 3, validation=data, metric=accuracy,
        engine="graph", rng=random.Random(1),
    )  # fmt: skip
    seen = [(step.step, step.loss, step.metric) for step in recorder.record(run, "accuracy")]
    assert len(seen) == 3
    kept = recorder.snapshots()
    assert [(s.step, s.numbers["loss"], s.numbers["accuracy"]) for s in kept] == seen
    assert list(kept[-1].data) == [p.data for p in model.parameters()]
    assert "Loss" in recorder.to_html()


# What the page says


def test_the_page_tells_every_snapshot_in_words():
    recorder = run()
    book = book_of(recorder.to_html())
    assert book["titles"][2] == "Step 2, snapshot 3 of 4"
    loss = recorder.snapshots()[2].numbers["loss"]
    words = r"Loss ([\d.]+), validation loss ([\d.]+), right 0.2. The gradient is largest in"
    shown = re.match(words, book["says"][2])
    assert float(shown[1]) == pytest.approx(loss, rel=5e-4)
    assert float(shown[2]) == pytest.approx(2 * loss, rel=5e-4)


def test_the_size_of_a_layer_is_the_root_of_its_mean_square():
    model = MLP(1, [1, 2])
    recorder = Recorder(model)
    for parameter, grad in zip(model.parameters(), (3.0, 4.0, 1.0, -1.0, 1.0, -1.0), strict=True):
        parameter.grad = grad
    recorder.snapshot(0, 1.0)
    # sqrt((9 + 16) / 2) = 3.5355..., sqrt(4 / 4) = 1
    assert ">3.536</td>" in recorder.to_html()
    assert "The gradient is largest in layer 1, 3.536." in recorder.to_html()


def test_every_film_has_a_page_for_every_snapshot():
    book = book_of(run().to_html())
    assert set(book["films"]) == {"plane", "curves", "sizes", "network", "example"}
    for film in book["films"].values():
        assert len(film["cuts"]) == 4
        for scene in film["scenes"]:
            assert all(len(pages) == 4 for _, _, _, pages in scene)


def test_the_example_is_worked_out_with_the_weights_of_each_snapshot():
    # f = (w x - t)**2 with x = 2, t = 1:  w = 1 gives 1, w = 0.5 gives 0, w = 0 gives 1
    model = MLP(1, [1])
    weight, bias = model.parameters()
    bias.data = 0.0
    recorder = Recorder(model, loss=squared, example=([2.0], 1.0))
    for step, number in enumerate((1.0, 0.5, 0.0)):
        weight.data = number
        recorder.snapshot(step, 1.0)
    book = book_of(recorder.to_html())
    (scene,) = book["films"]["example"]["scenes"]
    texts = [
        [values[ALPHABET.index(page)] for page in pages]
        for _, attribute, values, pages in scene
        if attribute == ""
    ]
    assert ["1", "0.5", "0"] in texts  # the weight
    assert ["2", "1", "0"] in texts  # the output
    # d f / d w = 2 (w x - t) x
    assert ["+4", "0", "−4"] in texts


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"data": False}, {"plane"}),
        ({"example": None}, {"example"}),
        ({"example": None, "data": False}, {"plane", "example"}),
    ],
)
def test_what_a_run_has_nothing_for_is_left_out(change, missing):
    html = run(2, **change).to_html()
    assert {"plane", "curves", "sizes", "network", "example"} - set(
        book_of(html)["films"]
    ) == missing
    assert html.count(" hidden><h2>") == len(missing)


@pytest.mark.parametrize("nouts", [(2,), (3,), (4, 3)])
def test_models_with_several_outputs_have_a_plane(nouts):
    inputs, targets = [[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]], [0, 1, 2]
    recorder = Recorder(MLP(2, nouts), data=(inputs, targets))
    recorder.snapshot(0, 1.0)
    assert "plane" in book_of(recorder.to_html())["films"]


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([-1.0, 1.0, -1.0], [0, 1, 0]),
        ([0, 2, 1], [0, 2, 1]),
        ([Value(0.0), Value(1.0)], [0, 1]),
        ([k / 10 for k in range(11)], [0] * 11),  # numbers to predict, no classes
    ],
)
def test_targets_become_classes(targets, expected):
    assert classes(targets) == expected


def test_a_run_that_ends_in_nan_is_shown_as_it_was():
    model = MLP(2, [3, 1], rng=random.Random(1))
    recorder = Recorder(model, loss=squared, example=([1.0, 2.0], 0.0), data=([[1.0, 2.0]], [0]))
    recorder.snapshot(0, 0.5)
    for parameter in model.parameters():
        parameter.data = parameter.grad = math.nan
    recorder.snapshot(1, math.nan, math.inf)
    html = recorder.to_html()
    assert "Loss NaN, validation loss +∞." in html
    assert not re.search(r'(x|y|d|width|height|r)="[^"]*(nan|inf)', html)


def test_a_run_that_runs_away_says_where_its_loss_cannot_be_computed():
    # about (1e201)**2 is beyond the largest float, and the engine refuses it
    model = MLP(2, [3, 1], rng=random.Random(1))
    recorder = Recorder(model, loss=squared, example=([1.0, 2.0], 0.0), data=([[1.0, 2.0]], [0]))
    recorder.snapshot(0, 0.5)
    for parameter in model.parameters():
        parameter.data = 1e100
    recorder.snapshot(1, math.inf)
    html = recorder.to_html()
    assert "There is no loss here: " in html
    assert book_of(html)["films"]["example"]["cuts"] == "01"


def test_the_same_run_gives_the_same_page():
    assert run().to_html() == run().to_html()


def test_two_hundred_snapshots_of_a_small_net_stay_under_3_megabytes():
    rng = random.Random(1)
    inputs, targets = moons(100, rng=rng)
    model = MLP(2, [16, 16, 1], rng=rng)
    recorder = Recorder(model, loss=squared, example=(inputs[0], 1.0), data=(inputs, targets))
    sizes = {}
    for step in range(25):
        for parameter in model.parameters():  # every number moves at every step
            parameter.data += rng.gauss(0.0, 0.03)
            parameter.grad = rng.gauss(0.0, 1.0)
        recorder.snapshot(step, rng.random(), rng.random())
        if step in (4, 24):
            sizes[step] = len(recorder.to_html().encode())
    # A page grows by at most the same for each further snapshot.
    assert sizes[4] + (sizes[24] - sizes[4]) / 20 * 195 < 3_000_000


# Text from outside


def test_titles_labels_and_names_of_metrics_are_data():
    model = MLP(2, [2, 1])
    x = [Value(1.0, HOSTILE), Value(2.0, "<img src=x onerror=alert(1)>")]
    recorder = Recorder(model, loss=squared, example=(x, 1.0), data=([[1, 2]], [0]), title=HOSTILE)
    recorder.snapshot(0, 1.0, **{HOSTILE: 0.5, "<b>": 1.0})
    html = recorder.to_html()
    assert html.count("<script") == 2  # its data and its program
    assert "<img" not in html
    assert "<b>" not in html.replace('<b id="step">', "")
    assert "\u2028" not in html
    assert book_of(html)["says"]


# Wrong input


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (lambda: Recorder(Module()), TypeError, "MLP"),
        (lambda: Recorder(MLP(1, [1]), example=([1.0], 1.0)), TypeError, "pass loss="),
        (lambda: Recorder(MLP(1, [1]), example=3, loss=squared), TypeError, "x and target, got 3"),
        (lambda: Recorder(MLP(1, [1]), data=5), TypeError, "all targets, got 5"),
        (lambda: Recorder(MLP(1, [1])).snapshot(0, None), TypeError, "has a loss"),
        (lambda: Recorder(MLP(1, [1]), data=([[1.0]], [])), ValueError, "1 inputs and 0 targets"),
        (lambda: Recorder(MLP(1, [1]), data=[[1.0], [2.0], [3.0]]), TypeError, "got [[1.0]"),
        (lambda: Recorder(MLP(1, [1]), title=7), TypeError, "a title is text, got 7"),
        (lambda: Recorder(MLP(1, [1]), every=0), ValueError, "at least 1, got 0"),
        (lambda: Recorder(MLP(1, [1]), every=1.5), TypeError, "whole number"),
        (lambda: Recorder(MLP(2, [1]), example=([1.0], 1.0), loss=squared), ValueError, "2 inputs"),
        (lambda: Recorder(MLP(1, [1]), example=([1.0], 99), loss=max), TypeError, "gives a Value"),
        (lambda: Recorder(MLP(1, [1]), data=([["a"]], [1])), ValueError, "'a'"),
        (lambda: Recorder(MLP(1, [1]), most=1), ValueError, "at least 2, got 1"),
        (lambda: Recorder(MLP(1, [1])).to_html(), ValueError, "nothing is recorded yet"),
        (lambda: Recorder(MLP(1, [1])).snapshot(0, "low"), TypeError, "'low'"),
        (lambda: Recorder(MLP(1, [1])).snapshot(0.5, 1.0), TypeError, "0.5"),
    ],
)
def test_wrong_input_is_refused_in_words(attempt, error, words):
    with pytest.raises(error, match=re.escape(words)):
        attempt()


@pytest.mark.parametrize("step", [3, 2, -1])
def test_steps_go_up(step):
    recorder = Recorder(MLP(1, [1]))
    recorder.snapshot(3, 1.0)
    with pytest.raises(ValueError, match=f"steps go up, got {step} after 3"):
        recorder.snapshot(step, 1.0)


# Files and notebooks


def test_a_page_is_saved_whole_or_not_at_all(tmp_path):
    recorder = run(2)
    path = recorder.save(tmp_path / "run.html")
    assert path.read_text("utf-8") == recorder.to_html()
    with pytest.raises(ValueError, match=r"end the name in \.html"):
        recorder.save(tmp_path / "run.svg")
    with pytest.raises(OSError, match="missing"):
        recorder.save(tmp_path / "missing" / "run.html")
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]


def test_a_notebook_shows_the_page_and_without_scripts_the_network():
    recorder = run(2)
    assert recorder._repr_svg_().startswith("<svg")
    frame = recorder._repr_html_()
    assert frame.startswith("<iframe ")
    assert frame.count("<") == 2  # the page inside is text
    assert Recorder(MLP(1, [1]))._repr_html_() is None
