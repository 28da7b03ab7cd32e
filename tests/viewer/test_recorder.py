"""A recorded run: the right numbers kept, and nothing changed by looking."""

import random
import re

import pytest
from recorded_run import recorded, squared

from micronn.data import moons
from micronn.engine import Value
from micronn.losses import hinge
from micronn.nn import MLP, Module, Neuron
from micronn.optim import SGD
from micronn.training.fit import fit, steps
from micronn.training.metrics import accuracy
from micronn.viewer.runs.replay import Recorder

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
    assert recorder.curves["loss"] == [(step, step / 2.0) for step in range(25)]


def test_recording_and_drawing_change_nothing():
    recorder = recorded()
    model = recorder.model
    before = [(p.data, p.grad) for p in model.parameters()]
    recorder.to_html()
    recorder._repr_svg_()
    assert [(p.data, p.grad) for p in model.parameters()] == before


def test_a_training_is_recorded_step_by_step_from_the_untrained_model_on():
    data = moons(20, rng=random.Random(7))
    model = MLP(2, [3, 1], rng=random.Random(2))
    untrained = [p.data for p in model.parameters()]
    recorder = Recorder(model, loss=hinge, example=(data[0][0], data[1][0]), data=data)
    run = steps(
        model, hinge, data, SGD(model.parameters(), 0.1), 3, validation=data, metric=accuracy,
        engine="graph", rng=random.Random(1),
    )  # fmt: skip
    seen = [(step.step, step.loss, step.metric) for step in recorder.record(run, "accuracy")]
    assert len(seen) == 3
    start, *kept = recorder.snapshots()
    assert (start.step, start.numbers) == (0, {})
    assert list(start.data) == untrained
    assert [(s.step, s.numbers["loss"], s.numbers["accuracy"]) for s in kept] == seen
    assert list(kept[-1].data) == [p.data for p in model.parameters()]
    assert "Loss" in recorder.to_html()


def test_a_training_that_is_over_cannot_be_recorded():
    # Every Step would be noted with the last numbers of the model.
    model = MLP(2, [1], rng=random.Random(2))
    told = fit(model, hinge, moons(8), SGD(model.parameters(), 0.1), 3)
    with pytest.raises(TypeError, match=r"is over.*write steps\("):
        list(Recorder(model).record(told))
    with pytest.raises(TypeError, match=r"got a Step, .*write steps\("):
        Recorder(model).record(told[0])  # as one writes in a loop of one's own; refused at once


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
        (
            lambda: Recorder(MLP(1, [1]), example=([1.0], 99), loss=max),
            TypeError,
            "is a Value, got 99",
        ),
        (lambda: Recorder(MLP(1, [1]), data=([["a"]], [1])), TypeError, "'a'"),
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
    recorder = recorded(2)
    path = recorder.save(tmp_path / "run.html")
    assert path.read_text("utf-8") == recorder.to_html()
    with pytest.raises(ValueError, match=r"end the name in \.html"):
        recorder.save(tmp_path / "run.svg")
    with pytest.raises(OSError, match="missing"):
        recorder.save(tmp_path / "missing" / "run.html")
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]


def test_who_saves_a_page_can_be_told_how_far_it_is(tmp_path):
    told = []
    recorded(3).save(tmp_path / "run.html", lambda done, count: told.append((done, count)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_notebook_shows_the_page_and_without_scripts_the_network():
    recorder = recorded(2)
    assert recorder._repr_svg_().startswith("<svg")
    frame = recorder._repr_html_()
    assert frame.startswith("<iframe ")
    assert frame.count("<") == 2  # the page inside is text
    assert Recorder(MLP(1, [1]))._repr_html_() is None
