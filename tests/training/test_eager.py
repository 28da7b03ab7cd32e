"""The gradient of a batch is the average over its examples, whatever the loss takes."""

import random

import pytest

from micronn.engine import mean
from micronn.losses import cross_entropy, mse
from micronn.nn import MLP, Neuron
from micronn.training.eager import NotFinite, OnGraph, predict


def test_the_gradient_of_a_batch_is_the_gradient_of_the_mean_loss():
    model = MLP(2, [3, 2], activation="tanh", rng=random.Random(1))
    inputs, targets = [[0.1, 0.2], [-1.0, 0.5], [2.0, 0.0]], [0, 1, 1]
    passes = OnGraph(model, cross_entropy, model.parameters())
    loss = passes.gradient(inputs, targets)
    found = [p.grad for p in model.parameters()]
    model.zero_grad()
    pairs = zip(inputs, targets, strict=True)
    whole = mean([cross_entropy(model(x), t) for x, t in pairs])
    whole.backward()
    assert loss == pytest.approx(whole.data)
    assert found == pytest.approx([p.grad for p in model.parameters()])


def test_grads_of_an_earlier_batch_do_not_count():
    model = Neuron(1, "linear", rng=random.Random(1))
    passes = OnGraph(model, mse, model.parameters())
    passes.gradient([[1.0]], [5.0])
    first = [p.grad for p in model.parameters()]
    passes.gradient([[1.0]], [5.0])
    assert [p.grad for p in model.parameters()] == first


def test_l2_adds_its_penalty_and_its_gradient():
    # 0.5 * (3**2 + 4**2) = 12.5, with slopes 3 and 4; the loss itself is 0.
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 3.0, 4.0
    passes = OnGraph(model, mse, model.parameters(), l2=0.5)
    assert passes.gradient([[1.0]], [7.0]) == 12.5
    assert [p.grad for p in model.parameters()] == [3.0, 4.0]
    assert passes.losses([[1.0]], [7.0]) == 12.5


def test_trouble_names_the_parameter_where_it_began():
    model = MLP(1, [2, 1], rng=random.Random(1))
    model.layers[1].neurons[0].b.data = float("nan")
    with pytest.raises(NotFinite, match=r"layers\.1\.neurons\.0\.b is nan"):
        OnGraph(model, mse, model.parameters()).gradient([[1.0]], [0.0])


def test_predictions_are_plain_numbers():
    outputs = predict(MLP(1, [2], rng=random.Random(1)), [[1.0], [2.0]])
    assert [[type(number) for number in output] for output in outputs] == [[float, float]] * 2
