"""A training stops loudly where a number is not finite, and early where it gets no better."""

import math
import re

import pytest
from example_trainings import ENGINES, PROGRAMS, net, parameters, seeded, squared

from micronn.data import moons
from micronn.losses import hinge
from micronn.nn import Neuron
from micronn.optim import SGD
from micronn.train import Diverged
from micronn.training.fit import early_stopping, evaluate, fit, steps


def diverging(engine, loss=squared):
    model = Neuron(1, "linear", rng=seeded())
    data = [[100.0 * k] for k in range(1, 9)], [200.0 * k for k in range(1, 9)]
    with pytest.raises(Diverged) as caught:
        fit(model, loss, data, SGD(model.parameters(), 0.1), 200, 4,
                 engine=engine, rng=seeded())  # fmt: skip
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
    assert re.search(r"the loss is inf: the data of v\d+ is inf: \(.*e\+1\d\d\) × \(", str(error))
    assert "Try a smaller learning rate than 0.1, clip=1.0" in str(error)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_that_is_not_finite_stops_too(engine):
    # sqrt has an infinite slope at 0, where this model is right from the start.
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 1.0, 0.0
    data = [[1.0], [2.0]], [1.0, 5.0]
    with pytest.raises(Diverged, match="sqrt"):
        fit(model, lambda y, t: ((y - t) ** 2).sqrt(), data, SGD(model.parameters(), 0.1), 1,
                 engine=engine, rng=seeded())  # fmt: skip
    assert parameters(model) == [1.0, 0.0]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_operation_that_is_refused_stops_with_its_name(engine):
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 1.0, 0.0
    data = [[1.0], [2.0], [1000.0]], [0.0, 0.0, 0.0]
    with pytest.raises(Diverged, match="exp of 1000.0 is beyond the largest float"):
        fit(model, lambda y, t: y.exp() - t, data, SGD(model.parameters(), 1e-9), 1,
                 engine=engine, rng=seeded())  # fmt: skip


def test_an_operation_refused_from_the_start_stops_at_the_first_step():
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 1.0, 0.0
    optimizer = SGD(model.parameters(), 0.1)
    with (
        pytest.warns(RuntimeWarning, match="on graphs.*exp of 1000.0"),
        pytest.raises(Diverged, match="exp of 1000.0 is beyond the largest float") as caught,
    ):
        fit(model, lambda y, t: y.exp() - t, ([[1000.0]], [0.0]), optimizer, 1)
    assert (caught.value.step, parameters(model)) == (1, [1.0, 0.0])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_missing_from_the_data_is_told_from_a_wrong_learning_rate(engine, number):
    model = net()
    data = [[0.0, 1.0], [0.0, number]], [1.0, -1.0]
    with pytest.raises(Diverged, match="Repair that example") as caught:
        fit(model, hinge, data, SGD(model.parameters(), 0.1), 1, engine=engine)
    assert "learning rate" not in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_that_stopped_can_be_repeated_with_a_smaller_rate(engine):
    model, _ = diverging(engine)
    data = [[1.0], [2.0]], [2.0, 4.0]
    model.w[0].data = model.b.data = 0.0
    steps = fit(model, squared, data, SGD(model.parameters(), 0.1), 50, engine=engine)
    assert steps[-1].loss < 0.1


def test_a_mistake_in_the_data_is_not_taken_for_divergence():
    model = net()
    data = [[0.0, 1.0]], [0.0]
    with pytest.raises(ValueError, match="targets of -1 or"):
        fit(model, hinge, data, SGD(model.parameters(), 0.1), 1, engine="graph")


def test_early_stopping_waits_and_goes_back_to_the_best_model():
    model, other = net(), net()
    losses = [5.0, 4.0, 4.5, 4.2, 4.0, 3.0]  # 4.0 again is no lower
    seen = []

    def falling():
        for k, loss in enumerate(losses):
            for p in model.parameters():
                p.data = float(k)
            (step,) = fit(other, hinge, moons(4), SGD(other.parameters(), 0.0), 1, engine="graph")
            yield step._replace(validation_loss=loss)

    for step in early_stopping(falling(), model, patience=3):
        seen.append(step.validation_loss)
    assert seen == losses[:5]
    assert set(parameters(model)) == {1.0}


def test_leaving_the_loop_goes_back_to_the_best_model_too():
    data, model = moons(30, rng=seeded()), net()
    run = steps(model, hinge, data, SGD(model.parameters(), 0.1), 50, rng=seeded())
    kept = early_stopping(run, model)
    next(kept)
    best = parameters(model)
    for p in model.parameters():
        p.data += 1.0
    kept.close()
    assert parameters(model) == best


def test_fit_stops_early_too_and_keeps_the_same_best_model_as_a_loop_does():
    data, validation = moons(20, rng=seeded(1)), moons(10, noise=0.5, rng=seeded(2))
    models, told = (net(), net()), []
    for model, whole in zip(models, (False, True), strict=True):
        arguments = model, hinge, data, SGD(model.parameters(), 1.0), 200, 8, seeded(3)
        if whole:
            told.append(fit(*arguments, validation=validation, patience=3))
        else:
            run = steps(*arguments, validation=validation)
            told.append(list(early_stopping(run, model, patience=3)))
    assert [step.step for step in told[0]] == [step.step for step in told[1]]
    assert len(told[0]) < 200
    assert parameters(models[0]) == parameters(models[1])
    best = evaluate(models[1], hinge, validation).loss
    assert best == min(s.validation_loss for s in told[1])


def test_a_training_that_is_over_cannot_be_stopped():
    model = net()
    told = fit(model, hinge, moons(4), SGD(model.parameters(), 0.1), 2)
    with pytest.raises(TypeError, match=r"got a list, .*is over.*write steps\("):
        early_stopping(told, model)
