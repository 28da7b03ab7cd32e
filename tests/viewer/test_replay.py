"""The page of a recorded run: what it says and shows at every snapshot, and its size."""

import base64
import gzip
import json
import math
import os
import random
import re
import subprocess
import sys

import pytest
from recorded_run import recorded, squared

from micronn.data import moons
from micronn.engine import Value
from micronn.graph.neurons import outputs_named
from micronn.graph.rows import Graph
from micronn.losses import cross_entropy, mse
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.pictures.network.network_columns import columns_of, layers_of, place, read_runs
from micronn.pictures.network.network_svg import VIEWS, network_svg
from micronn.pictures.network.weight_images import weight_images
from micronn.pictures.views.render import render
from micronn.support.numeric import logsumexp
from micronn.training import steps
from micronn.training.traced import predict
from micronn.viewer.runs.flipbook import ALPHABET
from micronn.viewer.runs.flipbook import film as film_of
from micronn.viewer.runs.replay import Recorder, panels
from micronn.viewer.runs.run import classes, named_inputs, put_grads

HOSTILE = "</script><script>alert(1)</script>\u2028"


def book_of(html):
    """What the page's script reads."""
    book = json.loads(re.search(r'id="mn-data">(.*?)</script>', html, re.DOTALL)[1])
    return book | {"films": json.loads(gzip.decompress(base64.b64decode(book["films"])))}


def frames_of(recorder, *names):
    """The frames of these panels, one after the other."""
    painters = panels(recorder)
    frames = [[painters[name](moment) for name in names] for moment in recorder.moments()]
    return zip(*frames, strict=True)


# What the page says


def test_the_page_tells_every_snapshot_in_words():
    recorder = recorded()
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
    book = book_of(recorded().to_html())
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


# What a frame must not say: all is of the moment of its snapshot
OF_ANOTHER_MOMENT = re.compile(
    "Held before|changed since|Taken away|not here any more|From outside|On its way|No backward"
)


def own_loop(clear):
    """A loop of one's own, with or without zero_grad(), recorded before and after each step."""
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(2))
    optimizer = SGD(model.parameters(), lr=0.1)
    recorder = Recorder(model, loss=squared, example=([0.5, -1.0], 1.0))
    recorder.snapshot(0, 1.0)
    for step in range(1, 4):
        loss = squared(model([0.5, -1.0]), 1.0) + squared(model([1.0, 2.0]), 0.0)
        if clear:
            optimizer.zero_grad()
        loss.backward()
        recorder.snapshot(2 * step, loss)
        optimizer.step()
        recorder.snapshot(2 * step + 1, loss)
    return recorder


def trained(engine):
    """A training of micronn's own."""
    data = moons(20, noise=0.1, rng=random.Random(7))
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(2))
    optimizer = SGD(model.parameters(), lr=0.1)
    recorder = Recorder(model, loss=mse, example=(data[0][0], data[1][0]), data=data)
    recorder.snapshot(0, 1.0)
    for _ in recorder.record(steps(model, mse, data, optimizer, epochs=3, engine=engine)):
        pass
    return recorder


@pytest.mark.parametrize(
    "run",
    [lambda: own_loop(True), lambda: own_loop(False), lambda: trained("graph"),
     lambda: trained("machine")],
    ids=["zero_grad", "no zero_grad", "graph", "machine"],
)  # fmt: skip
def test_every_frame_of_a_replay_is_of_its_own_moment(run):
    recorder = run()
    for _ in range(2):
        for frames in frames_of(recorder, "example", "network"):
            assert not [frame for frame in frames if OF_ANOTHER_MOMENT.search(frame)]


def test_a_replay_leaves_no_gradient_in_what_its_loss_reads():
    # A target that is a Value, and a penalty on the model itself with a weight of its own.
    target, factor = Value(1.0, "t"), Value(0.1, "c")
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(2))

    def loss(out, t):
        return squared(out, t) + factor * sum(p * p for p in model.parameters())

    recorder = Recorder(model, loss=loss, example=([0.5, -1.0], target))
    for step in range(3):
        model.zero_grad()
        loss(model([1.0, 2.0]), 1.0).backward()
        recorder.snapshot(step, 1.0)
    before = [target.grad, factor.grad, *[p.grad for p in model.parameters()]]
    for frames in frames_of(recorder, "example", "network"):
        assert not [frame for frame in frames if OF_ANOTHER_MOMENT.search(frame)]
    assert [target.grad, factor.grad, *[p.grad for p in model.parameters()]] == before


def test_before_the_first_backward_a_film_of_a_network_has_no_gradients_and_stays_one_film():
    recorder = own_loop(True)
    ((first, second, *others),) = frames_of(recorder, "network")
    assert "none yet" in first
    assert "none yet" not in second
    (scene,) = film_of([first, second, *others]).scenes
    assert "none yet" not in scene.svg  # the last page


@pytest.mark.parametrize("nouts", [[1], [3, 1], [16, 16, 1]], ids=["values", "neurons", "layers"])
def test_a_frame_is_the_picture_drawn_anew_of_its_moment(nouts):
    rng = random.Random(5)
    model = MLP(2, nouts, rng=rng)
    recorder = Recorder(model, loss=squared, example=([0.5, -1.0], 1.0), title="t")
    for step in range(4):
        for p in model.parameters():
            p.data, p.grad = p.data * rng.choice([-10.0, 0.1, 1.5]), rng.gauss(0.0, 1.0)
        recorder.snapshot(step, 1.0)
    example, network = panels(recorder)["example"], panels(recorder)["network"]
    for moment in recorder.moments():
        drawn, shown = example(moment), network(moment)
        root = recorder.cost(moment.model, named_inputs([0.5, -1.0]), 1.0)
        moment.model.zero_grad()
        root.backward()
        anew = outputs_named(Graph(root, moment.model.named_parameters()))
        assert drawn == render(anew, prefix="example-", headed=False).svg
        put_grads(moment.params, moment.snapshot)
        layers = layers_of(moment.model)
        columns = columns_of(layers, read_runs(layers, None, root), root.grad != 0.0, of_graph=True)
        place(columns)
        views = [view._replace(steady=True) for view in VIEWS.values()]
        assert shown == network_svg(columns, "t", views, apart=False, prefix="network-")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"data": False}, {"plane"}),
        ({"example": None}, {"example"}),
        ({"example": None, "data": False}, {"plane", "example"}),
    ],
)
def test_what_a_run_has_nothing_for_is_left_out(change, missing):
    html = recorded(2, **change).to_html()
    assert {"plane", "curves", "sizes", "network", "example"} - set(
        book_of(html)["films"]
    ) == missing
    assert html.count(" hidden><h2>") == len(missing) + 1  # two inputs are no image


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


def test_the_same_run_gives_the_same_page_in_every_process():
    assert recorded().to_html() == recorded().to_html()
    program = (
        "import hashlib; from recorded_run import recorded; "
        "print(hashlib.sha256(recorded().to_html().encode()).hexdigest())"
    )
    path = os.pathsep.join(sys.path)
    pages = {
        subprocess.check_output(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        )
        for seed in ("0", "12345")
    }
    assert len(pages) == 1


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


# A net that reads images


def reader(classes=(), snapshots=25):
    """A net for images of 8 x 8 pixels and three classes, whose weights move at random."""
    rng = random.Random(3)
    model = MLP(64, [4, 3], "tanh", rng=rng)
    image = [1.0 if 20 <= k < 30 else 0.0 for k in range(64)]
    recorder = Recorder(model, loss=cross_entropy, example=(image, 2), classes=classes)
    for step in range(snapshots):
        for p in model.parameters():
            p.data, p.grad = p.data + rng.gauss(0.0, 0.2), rng.gauss(0.0, 1.0)
        recorder.snapshot(step, 1.0)
    return recorder


@pytest.mark.parametrize("classes", [(), ["cat", "dog", "owl"]])
def test_the_page_says_at_every_snapshot_what_the_model_answers_and_how_probable_it_is(classes):
    recorder = reader(classes)
    book = book_of(recorder.to_html())
    for moment, said in zip(recorder.moments(), book["says"], strict=True):
        shares = logsumexp(predict(moment.model, [recorder.example[0]])[0])[1]
        best = shares.index(max(shares))
        name = classes[best] if classes else f"y{best}"
        assert f"The model answers {name}, with a probability of {max(shares):.1%}." in said
        assert said.endswith("The example is owl.") or not classes
    (scene,) = book["films"]["network"]["scenes"]
    texts = {value for _, attribute, values, _ in scene if attribute == "" for value in values}
    assert any(re.fullmatch(r"(cat|y0) +[\d.]+%", text or "") for text in texts)


def test_a_run_of_an_image_reader_shows_its_weights_as_images_ten_times_and_at_the_end():
    recorder = reader(snapshots=26)
    (frames,) = frames_of(recorder, "images")
    assert len(set(frames)) == 10  # snapshots 0, 3, ... 24, and 25
    assert frames[-1] == weight_images(recorder.layers[0], "images-")
    html = recorder.to_html()
    assert "Drawn anew after every 3 snapshots, and at the last." in html
    assert " hidden><h2>What each neuron" not in html
    assert " hidden><h2>What each neuron" in recorded(2).to_html()


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
