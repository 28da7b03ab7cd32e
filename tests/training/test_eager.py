"""On graphs: what is made small, and where a number began that is not finite."""

import random

import pytest

from micronn.losses import mse
from micronn.nn import MLP, Neuron
from micronn.optim import SGD
from micronn.train import Diverged
from micronn.training.eager import Objective, eager_outputs
from micronn.training.fit import fit


def neuron(w=3.0, b=4.0):
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = w, b
    return model


def test_l2_adds_its_penalty_and_its_gradient():
    # 0.5 * (3**2 + 4**2) = 12.5, with slopes 3 and 4; the loss itself is 0.
    model = neuron()
    optimizer = SGD(model.parameters(), 0.0)
    (step,) = fit(model, mse, ([[1.0]], [7.0]), optimizer, 1, l2=0.5, engine="graph")
    assert step.loss == 12.5
    assert [p.grad for p in model.parameters()] == [3.0, 4.0]
    assert Objective(model, mse, model.parameters(), l2=0.5).losses([[1.0]], [7.0]) == 12.5


def test_the_penalty_is_that_of_the_parameters_as_they_are():
    model = neuron()
    objective = Objective(model, mse, model.parameters(), l2=1.0)
    model.b.data = 0.0
    assert objective.losses([[1.0]], [3.0]) == 9.0


def test_grads_of_parameters_that_are_not_learned_are_those_of_the_batch_too():
    model = neuron()
    fit(model, mse, ([[1.0]], [6.0]), SGD(model.w, 0.0), 2, engine="graph")
    assert model.b.grad == 2.0  # 2 * (7 - 6)


def trouble(model, loss):
    """What a training on one example, 1 with target 0, says when it stops."""
    with pytest.raises(Diverged) as caught:
        fit(model, loss, ([[1.0]], [0.0]), SGD(model.parameters(), 0.1), 1, engine="graph")
    return str(caught.value)


def test_trouble_names_the_parameter_where_it_began():
    model = MLP(1, [2, 1], rng=random.Random(1))
    model.layers[1].neurons[0].b.data = float("nan")
    assert "layers.1.neurons.0.b is nan" in trouble(model, mse)


def test_gradients_that_are_finite_one_by_one_may_be_too_large_together():
    # Both slopes of 1.7e308 * (w + b) are finite; the length of that gradient is not.
    said = trouble(neuron(0.0, 0.0), lambda y, t: 1.7e308 * y)
    assert "too large to be added up" in said


def test_predictions_are_plain_numbers():
    outputs = eager_outputs(MLP(1, [2], rng=random.Random(1)), [[1.0], [2.0]])
    assert [[type(number) for number in output] for output in outputs] == [[float, float]] * 2
