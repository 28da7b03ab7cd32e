"""Anything with parameters: they are found, cleared, copied, saved and set by name."""

import copy
import math
import random

import pytest

from micronn.engine import Value
from micronn.nn import MLP, Module, Neuron


def test_a_module_of_ones_own_finds_its_parameters():
    class Cell(Module):
        def __init__(self):
            self.gates = {"unused": 1}
            self.inner = [Neuron(1), (Value(5.0), "text")]
            self.seen = Value(1.0) * 2.0

    assert [name for name, _ in Cell().named_parameters()] == [
        "inner.0.w.0",
        "inner.0.b",
        "inner.1.0",
    ]


def test_zero_grad_clears_parameters_also_of_nan_and_nothing_else():
    model = MLP(2, [2, 1])
    x = Value(1.0)
    x.grad = 3.0
    for parameter, grad in zip(model.parameters(), [math.nan, math.inf, 2.0], strict=False):
        parameter.grad = grad
    before = model.state_dict()
    model.zero_grad()
    assert all(parameter.grad == 0.0 for parameter in model.parameters())
    assert (x.grad, model.state_dict()) == (3.0, before)


def test_a_deep_copy_of_a_model_is_independent_also_after_use():
    model = MLP(2, [2, 1], rng=random.Random(0))
    model([1.0, 2.0]).backward()
    twin = copy.deepcopy(model)
    assert twin.state_dict() == model.state_dict()
    twin.parameters()[0].data = 99.0
    twin.zero_grad()
    assert model.parameters()[0].data != 99.0
    assert any(p.grad for p in model.parameters())
    twin([1.0, 2.0]).backward()
    assert twin.parameters()[-1].grad == 1.0


def test_state_dict_goes_out_and_comes_back():
    model, other = MLP(2, [2, 1]), MLP(2, [2, 1])
    other.load_state_dict(model.state_dict())
    assert other([0.3, 0.7]).data == model([0.3, 0.7]).data


def test_a_state_that_does_not_fit_changes_nothing():
    model = MLP(1, [1])
    before = model.state_dict()
    for state, error in (
        ({**before, "more": 1.0}, ValueError),
        ({"layers.0.neurons.0.b": 1.0}, ValueError),
        ({**before, "layers.0.neurons.0.b": "1"}, TypeError),
    ):
        with pytest.raises(error):
            model.load_state_dict(state)
        assert model.state_dict() == before
