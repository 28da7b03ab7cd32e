"""Every engine gives the numbers of the graph, and options mean the same on each."""

import math

import pytest
from example_trainings import ENGINES, PROGRAMS, fourth_powers, net, parameters, seeded, squared

from micronn.data import curve, moons, xor, yin_yang
from micronn.engine import Value
from micronn.losses import binary_cross_entropy, cross_entropy, hinge, huber, l2_penalty, mae, mse
from micronn.nn import Module, Neuron
from micronn.optim import SGD, Adam, AdamW, cosine_schedule
from micronn.training.fit import fit
from micronn.training.metrics import accuracy, rmse
from micronn.training.traced import NotTraceable


def reviews():
    inputs = [[0.1 * k, 1.0 - 0.2 * k] for k in range(12)]
    return inputs, [1.0 - k % 2 for k in range(12)]


def copies():
    inputs = [[math.sin(k), math.cos(2 * k), 0.1 * k] for k in range(12)]
    return inputs, inputs


CASES = {
    "hinge": (lambda: moons(40, rng=seeded()), (6, 1), hinge),
    "binary cross-entropy": (reviews, (6, 1), binary_cross_entropy),
    "cross-entropy": (lambda: yin_yang(40, rng=seeded()), (6, 3), cross_entropy),
    "mse": (lambda: curve(40, rng=seeded()), (6, 1), mse),
    "mae": (lambda: curve(40, rng=seeded()), (6, 1), mae),
    "huber": (lambda: curve(40, rng=seeded()), (6, 1), huber),
    "own": (lambda: curve(40, rng=seeded()), (6, 1), squared),
    "lists": (copies, (2, 3), mse),
    "own on lists": (copies, (2, 3), fourth_powers),
}
OPTIONS = {
    "plain": {},
    "l2": {"l2": 0.01},
    "clip": {"clip": 0.1},
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
    told = fit(model, loss, data, optimizer, 3, validation=validation, metric=metric,
               engine=engine, rng=seeded(), **options)  # fmt: skip
    assert {step.engine for step in told} == {engine}
    numbers = [
        (s.step, s.epoch, s.loss, s.validation_loss, s.metric, s.lr, *s.gradients.values())
        for s in told
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
        lambda p: SGD(p, cosine_schedule(0.05, 12)),
    ],
    ids=["momentum", "adam", "adamw", "schedule"],
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
    data, model = moons(30, rng=seeded()), net()
    first, last = model.layers
    before = [p.data for p in first.parameters()], [p.data for p in last.parameters()]
    optimizer = SGD(last.parameters(), 0.1)
    (step,) = fit(model, hinge, data, optimizer, 1, engine=engine, rng=seeded())
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
    fit(model, lambda y, t: (y + offset - t) ** 2, data, optimizer, 60, engine=engine)
    assert offset.data == pytest.approx(3.0)


def test_a_loss_with_an_if_runs_on_the_graph():
    def lopsided(output, target):
        return (output - target) ** 2 if target > 0 else 3.0 * (output - target) ** 2

    data, model = moons(20, rng=seeded()), net()
    with pytest.warns(RuntimeWarning, match="example 1 costs .* by the graph of example 0"):
        (step,) = fit(model, lopsided, data, SGD(model.parameters(), 0.1), 1, rng=seeded())
    assert step.engine == "graph"
    with pytest.raises(NotTraceable, match='use engine="graph"'):
        fit(model, lopsided, data, SGD(model.parameters(), 0.1), 1, engine="python")


def test_an_if_that_shows_only_later_is_noticed():
    # While recording, every error is above 0.5, so one branch is recorded.  Later the
    # other one counts, and program and graph no longer agree.
    def own_huber(output, target):
        error = abs(output - target)
        return error * error if error < 0.5 else error - 0.25

    data = [[0.1 * k] for k in range(10)], [5.0] * 10

    def trained(engine):
        model = Neuron(1, "linear", rng=seeded())
        optimizer = SGD(model.parameters(), 0.3)
        told = fit(model, own_huber, data, optimizer, 40, 5, engine=engine, rng=seeded())
        return told, parameters(model)

    _, wanted = trained("graph")
    with pytest.warns(RuntimeWarning, match="on graphs.*decide by the numbers") as warned:
        told, found = trained("auto")
    assert len(warned) == 1
    assert told[0].engine != "graph"
    assert told[-1].engine == "graph"
    assert found == pytest.approx(wanted)


class Choosy(Module):
    """A model of one's own, whose graph depends on its input."""

    def __init__(self):
        self.w = [Value(0.5), Value(-0.5)]

    def __call__(self, x):
        return self.w[0] * x[0] if x[0] > 0.5 else self.w[1] * x[1]


def test_a_model_that_chooses_runs_on_the_graph():
    model, data = Choosy(), xor(8, rng=seeded())
    with pytest.warns(RuntimeWarning, match="decide by the numbers"):
        (step,) = fit(model, mse, data, SGD(model.parameters(), 0.1), 1, rng=seeded())
    assert step.engine == "graph"


def test_l2_is_weight_decay_of_twice_its_size_in_plain_sgd():
    # The slope of l2 * p**2 is 2 * l2 * p.
    data, ends = moons(30, rng=seeded()), []
    for l2, decay in ((0.01, 0.0), (0.0, 0.02)):
        model = net()
        optimizer = SGD(model.parameters(), 0.1, weight_decay=decay)
        fit(model, hinge, data, optimizer, 3, l2=l2, engine="graph", rng=seeded())
        ends.append(parameters(model))
    assert ends[0] == pytest.approx(ends[1])


def test_l2_is_part_of_the_losses_told():
    data, model = moons(30, rng=seeded()), net()
    plain = hinge([model(x) for x in data[0]], data[1]).data
    optimizer = SGD(model.parameters(), 0.0)
    (step,) = fit(model, hinge, data, optimizer, 1, validation=data, l2=0.5, rng=seeded())
    wanted = plain + 0.5 * l2_penalty(model.parameters()).data
    assert step.loss == pytest.approx(wanted)
    assert step.validation_loss == pytest.approx(wanted)
