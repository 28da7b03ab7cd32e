"""fit() does what a loop written by hand does, on every engine, and stops when it must."""

import math
import random
import re

import pytest

from micronn.checkpoint import load_training, save
from micronn.compiler.build import NoMachine, find_compiler
from micronn.data import batches, curve, moons, split, xor, yin_yang
from micronn.engine import Value, mean
from micronn.losses import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    l2_penalty,
    mae,
    mse,
)
from micronn.nn import MLP, Module, Neuron
from micronn.optim import SGD, Adam, AdamW, cosine_schedule
from micronn.train import Diverged, early_stopping, evaluate, fit
from micronn.training.eager import predict
from micronn.training.metrics import accuracy, rmse
from micronn.training.traced import NotRecordable


def chance(seed=7):
    return random.Random(seed)


def net(nin=2, nouts=(6, 1), activation="tanh"):
    return MLP(nin, nouts, activation=activation, rng=chance())


def parameters(model):
    return [p.data for p in model.parameters()]


def has_machine():
    from micronn.compiler import compile_graph

    try:
        find_compiler()
        compile_graph(Value(1.0) * 2.0, [], backend="machine")
    except NoMachine:
        return False
    return True


MACHINE = pytest.param(
    "machine", marks=pytest.mark.skipif(not has_machine(), reason="no C compiler")
)
PROGRAMS = ["python", MACHINE]
ENGINES = ["graph", *PROGRAMS]


def squared(output, target):
    return (output - target) ** 2


def fourth_powers(output, target):
    return mean([(a - b) ** 4 for a, b in zip(output, target, strict=True)])


# The loop


def test_fit_is_the_loop_that_one_would_write_by_hand():
    data, model = moons(50, rng=chance()), net()
    by_hand = net()
    optimizer, rng = SGD(by_hand.parameters(), 0.1), chance(3)
    for _ in range(3):
        for inputs, targets in batches(data, 8, rng):
            by_hand.zero_grad()
            hinge([by_hand(x) for x in inputs], targets).backward()
            optimizer.step()
    list(fit(model, hinge, data, SGD(model.parameters(), 0.1), 3, 8, engine="graph", rng=chance(3)))
    assert parameters(model) == pytest.approx(parameters(by_hand), rel=1e-12, abs=1e-15)


def test_a_training_follows_torch():
    # The same starting weights, batches and optimiser; torch does the arithmetic.
    torch = pytest.importorskip("torch")
    data, model = yin_yang(60, rng=chance()), net(nouts=(5, 3), activation="relu")
    layers = []
    for layer in model.layers:
        linear = torch.nn.Linear(len(layer.neurons[0].w), len(layer.neurons)).double()
        linear.weight.data = torch.tensor([[w.data for w in n.w] for n in layer.neurons]).double()
        linear.bias.data = torch.tensor([n.b.data for n in layer.neurons]).double()
        layers += [linear, torch.nn.ReLU()]
    theirs = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(theirs.parameters(), 0.01)
    rng = chance(5)
    for _ in range(4):
        for inputs, targets in batches(data, 16, rng):
            optimizer.zero_grad()
            outputs = theirs(torch.tensor(inputs).double())
            torch.nn.functional.cross_entropy(outputs, torch.tensor(targets)).backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.4)
            optimizer.step()
    ours = Adam(model.parameters(), 0.01)
    list(fit(model, cross_entropy, data, ours, 4, 16, clip=0.4, engine="graph", rng=chance(5)))
    # torch divides by the length + 1e-6, so clipped gradients differ in the sixth digit.
    for k, layer in enumerate(model.layers):
        weights = [[w.data for w in neuron.w] for neuron in layer.neurons]
        assert torch.allclose(torch.tensor(weights).double(), theirs[2 * k].weight, atol=1e-6)


def test_two_moons_are_told_apart_by_a_small_net():
    data, model = moons(100, rng=chance()), MLP(2, [16, 16, 1], rng=chance())
    optimizer, rng = Adam(model.parameters(), 0.02), chance()
    steps = fit(model, hinge, data, optimizer, 100, metric=accuracy, rng=rng, engine="python")
    assert any(step.metric == 1.0 for step in steps)


def test_a_step_tells_where_the_training_stands():
    train, validation, _ = split(moons(50, rng=chance()), rng=chance())
    model = net()
    steps = list(
        fit(model, hinge, train, SGD(model.parameters(), 0.1), 2, 8, validation, accuracy,
            engine="graph", rng=chance())
    )  # fmt: skip
    assert [(step.step, step.epoch) for step in steps] == [(4, 1), (8, 2)]
    last = steps[-1]
    inputs, targets = validation
    loss = hinge([model(x) for x in inputs], targets).data
    assert last.validation_loss == pytest.approx(loss)
    assert last.metric == accuracy(predict(model, inputs), targets)
    assert (last.lr, last.engine) == (0.1, "graph")
    assert steps[0].seconds < last.seconds < 60


def test_the_loss_of_a_step_is_the_mean_before_each_step():
    # A learning rate of 0 leaves the model as it is: every mean is the same.
    data, model = moons(30, rng=chance()), net()
    whole = hinge([model(x) for x in data[0]], data[1]).data
    for step in fit(model, hinge, data, SGD(model.parameters(), 0.0), 2, 7, rng=chance()):
        assert step.loss == pytest.approx(whole)


def test_grads_are_those_of_the_last_batch_and_sizes_are_their_root_mean_square():
    data, model = moons(20, rng=chance()), net()
    (step,) = fit(model, hinge, data, SGD(model.parameters(), 0.0), 1, 20, rng=chance())
    found = [p.grad for p in model.parameters()]
    model.zero_grad()
    hinge([model(x) for x in data[0]], data[1]).backward()
    assert found == pytest.approx([p.grad for p in model.parameters()])
    size = math.sqrt(sum(p.grad**2 for p in model.layers[0].parameters()) / 18)
    assert step.gradients == {"layers.0": pytest.approx(size), "layers.1": pytest.approx(
        math.sqrt(sum(p.grad**2 for p in model.layers[1].parameters()) / 7))}  # fmt: skip


def test_steps_come_as_often_as_asked_for_and_after_each_epoch():
    data, model = moons(50, rng=chance()), net()
    steps = list(
        fit(model, hinge, data, SGD(model.parameters(), 0.1), 2, 10, every=2, rng=chance())
    )
    assert [(s.step, s.epoch) for s in steps] == [(2, 1), (4, 1), (5, 1), (7, 2), (9, 2), (10, 2)]


def test_how_often_steps_come_does_not_change_the_training():
    data = moons(50, rng=chance())
    ends = []
    for every in (None, 1, 3):
        model = net()
        optimizer = Adam(model.parameters(), 0.05)
        list(fit(model, hinge, data, optimizer, 2, 8, every=every, engine="graph", rng=chance()))
        ends.append(parameters(model))
    assert ends[0] == ends[1] == ends[2]


def test_validation_examples_are_never_learned_from():
    train, validation, _ = split(moons(50, rng=chance()), rng=chance())
    ends = []
    for part in (None, validation):
        model = net()
        optimizer = SGD(model.parameters(), 0.1)
        list(fit(model, hinge, train, optimizer, 2, validation=part, engine="graph", rng=chance()))
        ends.append(parameters(model))
    assert ends[0] == ends[1]


def test_without_rng_the_global_seed_decides():
    ends = []
    for _ in range(2):
        random.seed(3)
        model = net()
        list(fit(model, hinge, moons(30), SGD(model.parameters(), 0.1), 2, 8, engine="graph"))
        ends.append(parameters(model))
    assert ends[0] == ends[1]


# The engines


def reviews():
    inputs = [[0.1 * k, 1.0 - 0.2 * k] for k in range(12)]
    return inputs, [1.0 - k % 2 for k in range(12)]


def copies():
    inputs = [[math.sin(k), math.cos(2 * k), 0.1 * k] for k in range(12)]
    return inputs, inputs


CASES = {
    "hinge": (lambda: moons(40, rng=chance()), (6, 1), hinge),
    "binary cross-entropy": (reviews, (6, 1), binary_cross_entropy),
    "cross-entropy": (lambda: yin_yang(40, rng=chance()), (6, 3), cross_entropy),
    "mse": (lambda: curve(40, rng=chance()), (6, 1), mse),
    "mae": (lambda: curve(40, rng=chance()), (6, 1), mae),
    "huber": (lambda: curve(40, rng=chance()), (6, 1), huber),
    "own": (lambda: curve(40, rng=chance()), (6, 1), squared),
    "lists": (copies, (2, 3), mse),
    "own on lists": (copies, (2, 3), fourth_powers),
}
OPTIONS = {
    "plain": {},
    "l2": {"l2": 0.01},
    "clip": {"clip": 0.1},
    "schedule": {"schedule": cosine_schedule(0.05, 12)},
    "every": {"every": 2},
    "one batch": {"batch_size": 1000},
    "one example": {"batch_size": 1},
}


def run(case, engine, build, **options):
    make, nouts, loss = CASES[case]
    data = make()
    model = net(len(data[0][0]), nouts)
    optimizer = build(model.parameters())
    options = {"batch_size": 8, **options}
    validation = (data[0][:5], data[1][:5])
    metric = accuracy if case in ("hinge", "binary cross-entropy", "cross-entropy") else rmse
    steps = list(
        fit(model, loss, data, optimizer, 3, validation=validation, metric=metric,
            engine=engine, rng=chance(), **options)
    )  # fmt: skip
    assert {step.engine for step in steps} == {engine}
    numbers = [
        (s.step, s.epoch, s.loss, s.validation_loss, s.metric, s.lr, *s.gradients.values())
        for s in steps
    ]
    return parameters(model), numbers


@pytest.mark.parametrize("engine", PROGRAMS)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize(
    "build",
    [
        lambda p: SGD(p, 0.1, momentum=0.9),
        lambda p: Adam(p, 0.02),
        lambda p: AdamW(p, 0.02),
    ],
    ids=["momentum", "adam", "adamw"],
)
def test_options_mean_the_same_on_every_engine(engine, options, build):
    there, wanted = run("hinge", "graph", build, **options)
    here, found = run("hinge", engine, build, **options)
    assert here == pytest.approx(there, rel=1e-9, abs=1e-12)
    assert [pytest.approx(row, rel=1e-9, abs=1e-12) for row in wanted] == found


@pytest.mark.parametrize("engine", PROGRAMS)
@pytest.mark.parametrize("case", CASES)
def test_losses_are_the_same_on_every_engine(engine, case):
    there, wanted = run(case, "graph", lambda p: SGD(p, 0.05), l2=0.001)
    here, found = run(case, engine, lambda p: SGD(p, 0.05), l2=0.001)
    assert here == pytest.approx(there, rel=1e-9, abs=1e-12)
    assert [pytest.approx(row, rel=1e-9, abs=1e-12) for row in wanted] == found


@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_that_the_optimiser_was_not_given_stay(engine):
    data, model = moons(30, rng=chance()), net()
    first, last = model.layers
    before = [p.data for p in first.parameters()], [p.data for p in last.parameters()]
    optimizer = SGD(last.parameters(), 0.1)
    (step,) = fit(model, hinge, data, optimizer, 1, engine=engine, rng=chance())
    assert [p.data for p in first.parameters()] == before[0]
    assert [p.data for p in last.parameters()] != before[1]
    assert step.gradients.keys() == {"layers.1"}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_may_have_a_parameter_of_its_own(engine):
    # A learned offset, with no model to speak of: it goes to the mean of the targets.
    model, offset = Neuron(1, "linear"), Value(0.0)
    data = [[0.0]] * 4, [1.0, 2.0, 3.0, 6.0]
    model.b.data = 0.0
    optimizer = SGD([*model.w, offset], 0.2)
    list(fit(model, lambda y, t: (y + offset - t) ** 2, data, optimizer, 60, engine=engine))
    assert offset.data == pytest.approx(3.0)


def test_a_loss_with_an_if_runs_on_the_graph():
    def lopsided(output, target):
        return (output - target) ** 2 if target > 0 else 3.0 * (output - target) ** 2

    data, model = moons(20, rng=chance()), net()
    (step,) = fit(model, lopsided, data, SGD(model.parameters(), 0.1), 1, rng=chance())
    assert step.engine == "graph"
    with pytest.raises(NotRecordable, match='use engine="graph"'):
        fit(model, lopsided, data, SGD(model.parameters(), 0.1), 1, engine="python")


def test_an_if_that_shows_only_later_is_noticed():
    # While recording, every error is above 0.5, so one branch is recorded.  Later the
    # other one counts, and program and graph no longer agree.
    def own_huber(output, target):
        error = abs(output - target)
        return error * error if error < 0.5 else error - 0.25

    data = [[0.1 * k] for k in range(10)], [5.0] * 10
    ends = []
    for engine in ("graph", "auto"):
        model = Neuron(1, "linear", rng=chance())
        optimizer = SGD(model.parameters(), 0.3)
        steps = list(fit(model, own_huber, data, optimizer, 40, 5, engine=engine, rng=chance()))
        ends.append(parameters(model))
    assert steps[0].engine != "graph"
    assert steps[-1].engine == "graph"
    assert ends[0] == pytest.approx(ends[1])


class Choosy(Module):
    """A model of one's own, whose graph depends on its input."""

    def __init__(self):
        self.w = [Value(0.5), Value(-0.5)]

    def __call__(self, x):
        return self.w[0] * x[0] if x[0] > 0.5 else self.w[1] * x[1]


def test_a_model_that_chooses_runs_on_the_graph():
    model = Choosy()
    (step,) = fit(model, mse, xor(8, rng=chance()), SGD(model.parameters(), 0.1), 1, rng=chance())
    assert step.engine == "graph"


def test_l2_is_weight_decay_of_twice_its_size_in_plain_sgd():
    # The slope of l2 * p**2 is 2 * l2 * p.
    data, ends = moons(30, rng=chance()), []
    for l2, decay in ((0.01, 0.0), (0.0, 0.02)):
        model = net()
        optimizer = SGD(model.parameters(), 0.1, weight_decay=decay)
        list(fit(model, hinge, data, optimizer, 3, l2=l2, engine="graph", rng=chance()))
        ends.append(parameters(model))
    assert ends[0] == pytest.approx(ends[1])


def test_l2_is_part_of_the_losses_told():
    data, model = moons(30, rng=chance()), net()
    plain = hinge([model(x) for x in data[0]], data[1]).data
    optimizer = SGD(model.parameters(), 0.0)
    (step,) = fit(model, hinge, data, optimizer, 1, validation=data, l2=0.5, rng=chance())
    wanted = plain + 0.5 * l2_penalty(model.parameters()).data
    assert step.loss == pytest.approx(wanted)
    assert step.validation_loss == pytest.approx(wanted)


# Stopping


def diverging(engine, loss=squared):
    model = Neuron(1, "linear", rng=chance())
    data = [[100.0 * k] for k in range(1, 9)], [200.0 * k for k in range(1, 9)]
    with pytest.raises(Diverged) as caught:
        list(fit(model, loss, data, SGD(model.parameters(), 0.1), 200, 4,
                 engine=engine, rng=chance()))  # fmt: skip
    return model, caught.value


@pytest.mark.parametrize("engine", [*PROGRAMS, "auto"])
def test_a_loss_that_explodes_stops_at_the_same_step_on_every_engine(engine):
    model, here = diverging(engine)
    _, there = diverging("graph")
    assert (here.step, here.epoch) == (there.step, there.epoch)
    assert all(map(math.isfinite, parameters(model)))


@pytest.mark.parametrize("engine", ENGINES)
def test_it_says_the_step_the_place_and_what_to_try(engine):
    _, error = diverging(engine, lambda y, t: (y - t) * (y - t))
    assert f"stops at step {error.step}, in epoch {error.epoch}" in str(error)
    assert re.search(r"the loss is inf: the data of v\d+ is inf: \(.*e\+1\d\d\) \* \(", str(error))
    assert "Try a smaller learning rate than 0.1, clip=1.0" in str(error)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_that_is_not_finite_stops_too(engine):
    # sqrt has an infinite slope at 0, where this model is right from the start.
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 1.0, 0.0
    data = [[1.0], [2.0]], [1.0, 5.0]
    with pytest.raises(Diverged, match="sqrt"):
        list(fit(model, lambda y, t: ((y - t) ** 2).sqrt(), data, SGD(model.parameters(), 0.1), 1,
                 engine=engine, rng=chance()))  # fmt: skip
    assert parameters(model) == [1.0, 0.0]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_operation_that_is_refused_stops_with_its_name(engine):
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 1.0, 0.0
    data = [[1.0], [2.0], [1000.0]], [0.0, 0.0, 0.0]
    with pytest.raises(Diverged, match="exp of 1000.0 is beyond the largest float"):
        list(fit(model, lambda y, t: y.exp() - t, data, SGD(model.parameters(), 1e-9), 1,
                 engine=engine, rng=chance()))  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_missing_from_the_data_is_told_from_a_wrong_learning_rate(engine, number):
    model = net()
    data = [[0.0, 1.0], [0.0, number]], [1.0, -1.0]
    with pytest.raises(Diverged, match="Repair that example") as caught:
        list(fit(model, hinge, data, SGD(model.parameters(), 0.1), 1, engine=engine))
    assert "learning rate" not in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_that_stopped_can_be_repeated_with_a_smaller_rate(engine):
    model, _ = diverging(engine)
    data = [[1.0], [2.0]], [2.0, 4.0]
    model.w[0].data = model.b.data = 0.0
    steps = list(fit(model, squared, data, SGD(model.parameters(), 0.1), 50, engine=engine))
    assert steps[-1].loss < 0.1


def test_a_mistake_in_the_data_is_not_taken_for_divergence():
    model = net()
    data = [[0.0, 1.0]], [0.0]
    with pytest.raises(ValueError, match="targets of -1 or"):
        list(fit(model, hinge, data, SGD(model.parameters(), 0.1), 1, engine="graph"))


def test_early_stopping_waits_and_goes_back_to_the_best_model():
    model, other = net(), net()
    losses = [5.0, 4.0, 4.5, 4.2, 4.0, 3.0]  # 4.0 again is no lower
    seen = []

    def steps():
        for k, loss in enumerate(losses):
            for p in model.parameters():
                p.data = float(k)
            (step,) = fit(other, hinge, moons(4), SGD(other.parameters(), 0.0), 1, engine="graph")
            yield step._replace(validation_loss=loss)

    for step in early_stopping(steps(), model, patience=3):
        seen.append(step.validation_loss)
    assert seen == losses[:5]
    assert set(parameters(model)) == {1.0}


def test_leaving_the_loop_goes_back_to_the_best_model_too():
    data, model = moons(30, rng=chance()), net()
    steps = early_stopping(
        fit(model, hinge, data, SGD(model.parameters(), 0.1), 50, rng=chance()), model
    )
    next(steps)
    best = parameters(model)
    for p in model.parameters():
        p.data += 1.0
    steps.close()
    assert parameters(model) == best


# Going on later


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("options", [{}, {"schedule": cosine_schedule(0.1, 30)}, {"clip": 0.2}])
def test_a_training_that_goes_on_ends_like_one_that_was_never_stopped(tmp_path, engine, options):
    data, path = moons(40, rng=chance()), tmp_path / "model.json"

    def train(model, optimizer, rng, epochs, done=0):
        steps = fit(model, hinge, data, optimizer, epochs, 8, done=done, engine=engine, rng=rng,
                    **options)  # fmt: skip
        return [(step.step, step.epoch, step.loss) for step in steps]

    straight = net()
    told = train(straight, Adam(straight.parameters(), 0.05), chance(1), 6)
    model, rng = net(), chance(1)
    optimizer = Adam(model.parameters(), 0.05)
    first = train(model, optimizer, rng, 3)
    save(model, path, optimizer, rng, epoch=3)
    back = load_training(path)
    second = train(back.model, back.optimizer, back.rng, 6, done=back.epoch)
    assert first + second == told
    assert parameters(back.model) == parameters(straight)


# Measuring


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluate_measures_and_changes_nothing(engine):
    data, model = yin_yang(30, rng=chance()), net(nouts=(4, 3))
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
        ({"schedule": 0.1}, "schedule is a function"),
        ({"data": [[1.0, 2.0]]}, "a data set is a pair"),
        ({"optimizer": 0.1}, r"such as SGD\(model.parameters\(\), 0.1\), got MLP and float"),
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
            list(fit(model, cross_entropy, data, SGD(model.parameters(), 0.1), 1, engine=engine))


def test_rows_of_another_length_are_refused():
    model = net()
    data = [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0, 2.0]], [1.0, -1.0, 1.0]
    for engine in ("graph", "python"):
        with pytest.raises(ValueError, match="expected 2 inputs, got 3|row"):
            list(fit(model, hinge, data, SGD(model.parameters(), 0.1), 1, engine=engine))
