"""fit() does what a loop written by hand does, tells how it goes, and can go on later."""

import math
import random

import pytest
from example_trainings import ENGINES, net, parameters, seeded

from micronn import train
from micronn.checkpoint import load_training, save
from micronn.data import batches, moons, split, yin_yang
from micronn.losses import cross_entropy, hinge
from micronn.nn import MLP
from micronn.optim import SGD, Adam, cosine_schedule
from micronn.training.fit import evaluate, fit, steps
from micronn.training.metrics import accuracy
from micronn.training.traced import predict


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_ends_where_the_plain_loop_ends(engine):
    data = yin_yang(50, rng=seeded())
    plain, model = net(nouts=(6, 3)), net(nouts=(6, 3))
    wanted = train.fit(plain, cross_entropy, data, Adam(plain.parameters()), 3, 8, seeded(3))
    told = fit(model, cross_entropy, data, Adam(model.parameters()), 3, 8, seeded(3), engine=engine)
    assert parameters(model) == pytest.approx(parameters(plain), rel=1e-9, abs=1e-12)
    assert [s[:2] for s in told] == [s[:2] for s in wanted]
    assert [s.loss for s in told] == pytest.approx([s.loss for s in wanted], rel=1e-9)


def test_a_training_follows_torch():
    # The same starting weights, batches and optimiser; torch does the arithmetic.
    torch = pytest.importorskip("torch")
    data, model = yin_yang(60, rng=seeded()), net(nouts=(5, 3), activation="relu")
    layers = []
    for layer in model.layers:
        linear = torch.nn.Linear(len(layer.neurons[0].w), len(layer.neurons)).double()
        linear.weight.data = torch.tensor([[w.data for w in n.w] for n in layer.neurons]).double()
        linear.bias.data = torch.tensor([n.b.data for n in layer.neurons]).double()
        layers += [linear, torch.nn.ReLU()]
    theirs = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(theirs.parameters(), 0.01)
    rng = seeded(5)
    for _ in range(4):
        for inputs, targets in batches(data, 16, rng):
            optimizer.zero_grad()
            outputs = theirs(torch.tensor(inputs).double())
            torch.nn.functional.cross_entropy(outputs, torch.tensor(targets)).backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.4)
            optimizer.step()
    ours = Adam(model.parameters(), 0.01)
    fit(model, cross_entropy, data, ours, 4, 16, clip=0.4, engine="graph", rng=seeded(5))
    # torch divides by the length + 1e-6, so clipped gradients differ in the sixth digit.
    for k, layer in enumerate(model.layers):
        weights = [[w.data for w in neuron.w] for neuron in layer.neurons]
        assert torch.allclose(torch.tensor(weights).double(), theirs[2 * k].weight, atol=1e-6)


def test_two_moons_are_told_apart_by_a_small_net():
    data, model = moons(100, rng=seeded()), MLP(2, [16, 16, 1], rng=seeded())
    optimizer, rng = Adam(model.parameters(), 0.02), seeded()
    told = steps(model, hinge, data, optimizer, 100, metric=accuracy, rng=rng, engine="python")
    assert any(step.metric == 1.0 for step in told)


def test_a_step_tells_where_the_training_stands():
    examples, validation, _ = split(moons(50, rng=seeded()), rng=seeded())
    model = net()
    told = fit(model, hinge, examples, SGD(model.parameters(), 0.1), 2, 8, seeded(),
               validation=validation, metric=accuracy, engine="graph")  # fmt: skip
    assert [(step.step, step.epoch) for step in told] == [(4, 1), (8, 2)]
    last = told[-1]
    inputs, targets = validation
    loss = hinge([model(x) for x in inputs], targets).data
    assert last.validation_loss == pytest.approx(loss)
    assert last.metric == accuracy(predict(model, inputs), targets)
    assert (last.lr, last.engine) == (0.1, "graph")
    assert 0.0 < told[0].seconds < last.seconds


def test_the_loss_of_a_step_is_the_mean_before_each_step():
    # A learning rate of 0 leaves the model as it is: every mean is the same.
    data, model = moons(30, rng=seeded()), net()
    whole = hinge([model(x) for x in data[0]], data[1]).data
    for step in fit(model, hinge, data, SGD(model.parameters(), 0.0), 2, 7, rng=seeded()):
        assert step.loss == pytest.approx(whole)


def test_grads_are_those_of_the_last_batch_and_sizes_are_their_root_mean_square():
    data, model = moons(20, rng=seeded()), net()
    (step,) = fit(model, hinge, data, SGD(model.parameters(), 0.0), 1, 20, rng=seeded())
    found = [p.grad for p in model.parameters()]
    model.zero_grad()
    hinge([model(x) for x in data[0]], data[1]).backward()
    assert found == pytest.approx([p.grad for p in model.parameters()])
    size = math.sqrt(sum(p.grad**2 for p in model.layers[0].parameters()) / 18)
    assert step.gradients == {"layers.0": pytest.approx(size), "layers.1": pytest.approx(
        math.sqrt(sum(p.grad**2 for p in model.layers[1].parameters()) / 7))}  # fmt: skip


def test_steps_come_as_often_as_asked_for_and_after_each_epoch():
    data, model = moons(50, rng=seeded()), net()
    steps = list(
        fit(model, hinge, data, SGD(model.parameters(), 0.1), 2, 10, every=2, rng=seeded())
    )
    assert [(s.step, s.epoch) for s in steps] == [(2, 1), (4, 1), (5, 1), (7, 2), (9, 2), (10, 2)]


def test_how_often_steps_come_does_not_change_the_training():
    data = moons(50, rng=seeded())
    ends = []
    for every in (None, 1, 3):
        model = net()
        optimizer = Adam(model.parameters(), 0.05)
        fit(model, hinge, data, optimizer, 2, 8, every=every, engine="graph", rng=seeded())
        ends.append(parameters(model))
    assert ends[0] == ends[1] == ends[2]


def test_validation_examples_are_never_learned_from():
    examples, validation, _ = split(moons(50, rng=seeded()), rng=seeded())
    ends = []
    for part in (None, validation):
        model = net()
        optimizer = SGD(model.parameters(), 0.1)
        fit(model, hinge, examples, optimizer, 2, validation=part, engine="graph", rng=seeded())
        ends.append(parameters(model))
    assert ends[0] == ends[1]


def test_without_rng_the_global_seed_decides():
    ends = []
    for _ in range(2):
        random.seed(3)
        model = net()
        fit(model, hinge, moons(30), SGD(model.parameters(), 0.1), 2, 8, engine="graph")
        ends.append(parameters(model))
    assert ends[0] == ends[1]


# Going on later


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("lr", "clip"), [(0.05, None), (cosine_schedule(0.1, 30), None), (0.05, 0.2)]
)
def test_a_training_that_goes_on_ends_like_one_that_was_never_stopped(tmp_path, engine, lr, clip):
    data, path = moons(40, rng=seeded()), tmp_path / "model.json"

    def trained(model, optimizer, rng, epochs, done=0):
        optimizer.lr = lr
        told = fit(model, hinge, data, optimizer, epochs, 8, rng, done=done, clip=clip,
                   engine=engine)  # fmt: skip
        return [(step.step, step.epoch, step.loss) for step in told]

    straight = net()
    told = trained(straight, Adam(straight.parameters(), 0.05), seeded(1), 6)
    model, rng = net(), seeded(1)
    optimizer = Adam(model.parameters(), 0.05)
    first = trained(model, optimizer, rng, 3)
    save(model, path, optimizer, rng, epoch=3)
    back = load_training(path)
    second = trained(back.model, back.optimizer, back.rng, 6, done=back.epoch)
    assert first + second == told
    assert parameters(back.model) == parameters(straight)


# Measuring


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluate_measures_and_changes_nothing(engine):
    data, model = yin_yang(30, rng=seeded()), net(nouts=(4, 3))
    before = parameters(model), [p.grad for p in model.parameters()]
    score = evaluate(model, cross_entropy, data, accuracy, engine)
    outputs = [[value.data for value in model(x)] for x in data[0]]
    losses = [cross_entropy(model(x), t).data for x, t in zip(*data, strict=True)]
    assert score.loss == pytest.approx(sum(losses) / 30)
    assert score.metric == accuracy(outputs, data[1])
    assert (parameters(model), [p.grad for p in model.parameters()]) == before
    assert evaluate(model, cross_entropy, data, engine=engine).metric is None


def test_predict_gives_floats():
    model = net()
    assert predict(model, [[1.0, 2.0]]) == [model([1.0, 2.0]).data]
    assert predict(net(nouts=(2, 3)), [[1.0, 2.0]]) == [
        [value.data for value in net(nouts=(2, 3))([1.0, 2.0])]
    ]


# Mistakes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"every": 0}, "every must be at least 1"),
        ({"done": -1}, "done must be at least 0"),
        ({"clip": 0.0}, "clip is a length above 0"),
        ({"clip": math.nan}, "clip is a length above 0"),
        ({"l2": -1.0}, "l2 must be 0 or above"),
        ({"engine": "cuda"}, "unknown engine 'cuda'; choose one of auto, graph"),
        ({"data": ([[1.0, 2.0]], [])}, "1 inputs and 0 targets"),
        ({"data": ([], [])}, "empty"),
        ({"validation": ([[1.0, 2.0]], [])}, "1 inputs and 0 targets"),
        ({"loss": "hinge"}, "loss is a function, got 'hinge'"),
        ({"metric": 0.5}, "metric is a function"),
        ({"done": 1}, "1 of 1 epochs are done already"),
        ({"data": [[1.0, 2.0]]}, "a data set is a pair"),
        ({"optimizer": 0.1}, r"SGD\(model.parameters\(\), 0.1\); got MLP and float"),
        ({"optimizer": SGD(net().parameters(), 0.1)}, "moves none of this model's parameters"),
        ({"engine": "python", "data": ([[1.0, 2.0, 3.0]], [1.0])}, "expected 2 inputs, got 3"),
    ],
)
def test_wrong_arguments_are_refused_at_once(change, message):
    model = net()
    optimizer = SGD(model.parameters(), 0.1)
    arguments = {"loss": hinge, "data": moons(8), "optimizer": optimizer, "epochs": 1}
    with pytest.raises((ValueError, TypeError), match=message):
        fit(model, **{**arguments, **change})


def test_a_class_that_the_model_does_not_have_is_refused():
    model = net(nouts=(4, 2))
    data = [[0.0, 1.0]] * 3, [0, 1, 2]
    for engine in ("graph", "python"):
        with pytest.raises(IndexError, match="target 2 names no class"):
            fit(model, cross_entropy, data, SGD(model.parameters(), 0.1), 1, engine=engine)


def test_rows_of_another_length_are_refused():
    model = net()
    data = [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0, 2.0]], [1.0, -1.0, 1.0]
    for engine in ("graph", "python"):
        with pytest.raises(ValueError, match="expected 2 inputs, got 3|row"):
            fit(model, hinge, data, SGD(model.parameters(), 0.1), 1, engine=engine)
