"""The page of a training that goes on: when there is one, and what it says where there is none."""

import json
import random
import re

import pytest

from micronn.data import moons
from micronn.engine import computed
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD, Adam, cosine_schedule
from micronn.pictures.paint.svg import text_width
from micronn.support.text import fmt
from micronn.training import steps
from micronn.viewer import Recorder


def recorder_of(n=20, nouts=(3, 1), make=SGD, loss=mse, **keywords):
    data = moons(n, noise=0.1, rng=random.Random(7))
    model = MLP(2, list(nouts), "tanh", rng=random.Random(2))
    return Recorder(
        model, loss=loss, data=data, optimizer=make(model.parameters(), 0.1), **keywords
    )


def book_of(html):
    """What the page's script reads."""
    return json.loads(re.search(r'id="mn-data">(.*?)</script>', html, re.DOTALL)[1])


def note_of(html):
    return re.search(r'<p class="note">(.*?)</p>', html)[1]


def test_a_model_that_was_never_recorded_has_a_page_that_trains():
    html = recorder_of().to_html()
    assert "'wasm-unsafe-eval'" in html
    assert [state["step"] for state in book_of(html)["states"]] == [0]
    assert "with SGD: each step reads all 20 examples" in html


def test_the_page_says_in_which_order_it_takes_batches():
    html = recorder_of(batch_size=8).to_html()
    assert "each step reads the next 8 of 20 examples, in the order of the data" in html


def test_a_recorder_without_an_optimizer_replays_as_before():
    recorder = recorder_of()
    recorder.optimizer = None
    recorder.snapshot(0, 1.0)
    html = recorder.to_html()
    assert "wasm" not in html
    assert "films" in book_of(html)
    assert note_of(html) == ""


def test_states_that_are_too_many_for_a_page_are_thinned_evenly_with_both_ends():
    recorder = recorder_of(make=Adam, nouts=(20, 20, 1))  # 501 parameters, 3 numbers for each
    for step in range(100):
        recorder.snapshot(step, 1.0)
        recorder.optimizer.steps += 1
    states = [state["step"] for state in book_of(recorder.to_html())["states"]]
    assert (states[0], states[-1]) == (0, 99)
    assert 60 < len(states) < 70
    assert {b - a for a, b in zip(states, states[1:], strict=False)} == {1, 2}
    assert len(recorder.to_html()) < 1_500_000


def test_the_rate_of_a_schedule_is_the_one_that_it_has_reached():
    # Halfway from 0.4 to 0 a cosine is at 0.2.
    recorder = recorder_of()
    recorder.optimizer.lr, recorder.optimizer.steps = cosine_schedule(0.4, 10), 5
    assert book_of(recorder.to_html())["lr"] == pytest.approx(0.2)


def decides(output, target):
    return (output - target) ** 2 if target > 0 else (output - target) ** 4


def own(output, target):
    error = output - target
    return computed(error.data**3, "cube", (error,), (3 * error.data**2,))


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"loss": decides}, "model or loss decide by the numbers of an example."),
        ({"loss": own}, "the compiler has no &#39;cube&#39;"),
        ({"nouts": (300, 300, 1)}, "20 examples and 91,501 parameters are too many for one"),
    ],
)
def test_what_cannot_train_in_a_page_is_replayed_and_the_page_says_why(keywords, words):
    recorder = recorder_of(**keywords)
    recorder.snapshot(0, 1.0)
    html = recorder.to_html()
    assert "films" in book_of(html)
    assert words in note_of(html)
    assert note_of(html).startswith("This page replays a training, and cannot go on with it: ")


def test_what_an_optimizer_needs_is_asked_for_at_once():
    model = MLP(2, [1])
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises(TypeError, match=r"pass data=\(inputs, targets\) too"):
        Recorder(model, loss=mse, optimizer=optimizer)
    with pytest.raises(TypeError, match="loss"):
        Recorder(model, data=([[1.0, 2.0]], [1.0]), optimizer=optimizer)
    with pytest.raises(ValueError, match="moves none of this model's parameters"):
        Recorder(MLP(2, [1]), loss=mse, data=([[1.0, 2.0]], [1.0]), optimizer=optimizer)
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        Recorder(model, batch_size=0)


def test_recording_for_a_page_that_trains_changes_nothing_in_the_training():
    runs = []
    for record in (False, True):
        recorder = recorder_of()
        told = steps(recorder.model, mse, recorder.data, recorder.optimizer, 5, 4, random.Random(1))
        for _ in recorder.record(told) if record else told:
            pass
        recorder.to_html()
        runs.append([p.data for p in recorder.model.parameters()])
        assert all(type(p.data) is float for p in recorder.model.parameters())
        assert recorder.optimizer.steps == 25
    assert runs[0] == runs[1]


def test_what_stands_over_the_curve_has_room_beside_the_longest_loss():
    # In training_charts.js the loss begins at 58, size 12; the other ends at 348, size 10.
    words = book_of(recorder_of().to_html())["words"]
    loss = 58 + text_width(words["at"].replace("{loss}", fmt(-1.2345e-5)), 12)
    assert loss + 6 < 348 - text_width(words["validation"], 10)
