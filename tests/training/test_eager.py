"""On graphs: what is made small, and where a number began that is not finite."""

import math
import random

import pytest

from micronn.losses import mse
from micronn.nn import MLP, Neuron
from micronn.optim import SGD
from micronn.training.eager import NotFinite, Objective, eager_outputs


def neuron():
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 3.0, 4.0
    return model


def test_l2_adds_its_penalty_and_its_gradient():
    # 0.5 * (3**2 + 4**2) = 12.5, with slopes 3 and 4; the loss itself is 0.
    model = neuron()
    objective = Objective(model, mse, model.parameters(), l2=0.5)
    assert objective.step([[1.0]], [7.0], SGD(model.parameters(), 0.0), math.inf) == 12.5
    assert [p.grad for p in model.parameters()] == [3.0, 4.0]
    assert objective.losses([[1.0]], [7.0]) == 12.5


def test_the_penalty_is_that_of_the_parameters_as_they_are():
    model = neuron()
    objective = Objective(model, mse, model.parameters(), l2=1.0)
    model.b.data = 0.0
    assert objective.losses([[1.0]], [3.0]) == 9.0


def test_grads_of_parameters_that_are_not_learned_are_those_of_the_batch_too():
    model = neuron()
    objective = Objective(model, mse, model.w)
    for _ in range(2):
        objective.step([[1.0]], [6.0], SGD(model.w, 0.0), math.inf)
    assert model.b.grad == 2.0  # 2 * (7 - 6)


def test_trouble_names_the_parameter_where_it_began():
    model = MLP(1, [2, 1], rng=random.Random(1))
    model.layers[1].neurons[0].b.data = float("nan")
    objective = Objective(model, mse, model.parameters())
    with pytest.raises(NotFinite, match=r"layers\.1\.neurons\.0\.b is nan"):
        objective.step([[1.0]], [0.0], SGD(model.parameters(), 0.1), math.inf)


def test_gradients_that_are_finite_one_by_one_may_be_too_large_together():
    # Both slopes of 1.7e308 * (w + b) are finite; the length of that gradient is not.
    model = neuron()
    objective = Objective(model, lambda y, t: 1.7e308 * y, model.parameters())
    model.w[0].data = model.b.data = 0.0
    with pytest.raises(NotFinite, match="too large to be added up"):
        objective.step([[1.0]], [0.0], SGD(model.parameters(), 0.1), math.inf)


def test_predictions_are_plain_numbers():
    outputs = eager_outputs(MLP(1, [2], rng=random.Random(1)), [[1.0], [2.0]])
    assert [[type(number) for number in output] for output in outputs] == [[float, float]] * 2
