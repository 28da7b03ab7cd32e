"""Formulas by hand against backward(): each knows nothing of the other."""

import random

import pytest

from micronn.check import by_hand as byhand
from micronn.check.gradcheck import three_ways
from micronn.engine import Value, dot
from micronn.losses import binary_cross_entropy, cross_entropy, mse
from micronn.nn import MLP, Neuron

ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid"]


def grads(values):
    return [value.grad for value in values]


def test_dot():
    a, b = [Value(1.5), Value(-2.0)], [Value(3.0), Value(0.5)]
    (dot(a, b) * 2.0).backward()
    slopes = byhand.dot([1.5, -2.0], [3.0, 0.5], upstream=2.0)
    assert list(slopes.values()) == grads(a + b)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_neuron(activation):
    unit = Neuron(3, activation, rng=random.Random(2))
    x = [Value(0.5), Value(-1.0), Value(2.0)]
    (unit(x) * -3.0).backward()
    w, b = [p.data for p in unit.w], unit.b.data
    slopes = byhand.neuron(w, b, [0.5, -1.0, 2.0], activation, upstream=-3.0)
    assert list(slopes.values()) == pytest.approx(grads([*unit.w, unit.b, *x]), rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "formula", "targets"),
    [
        (mse, byhand.mse, [1.0, 0.0, -2.0]),
        (binary_cross_entropy, byhand.binary_cross_entropy, [1.0, 0.0, 0.3]),
        (cross_entropy, byhand.cross_entropy, 2),
    ],
)
def test_losses(loss, formula, targets):
    outputs = [0.5, -1.5, 2.5]
    values = [Value(y) for y in outputs]
    loss(values, targets).backward()
    assert formula(outputs, targets) == pytest.approx(grads(values), rel=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlp(activation):
    model = MLP(2, [4, 3, 2], activation=[activation] * 2 + ["linear"], rng=random.Random(3))
    x = [0.5, -1.0]
    cross_entropy(model(x), 1).backward()
    slopes = byhand.mlp(model, x, lambda outputs: byhand.cross_entropy(outputs, 1))
    assert slopes.keys() == dict(model.named_parameters()).keys()
    for name, p in model.named_parameters():
        assert slopes[name] == pytest.approx(p.grad, rel=1e-9, abs=1e-15), name


def test_three_ways_agree_and_the_curve_has_its_valley():
    model = MLP(2, [3, 1], activation="sigmoid", rng=random.Random(4))
    x = [0.5, -1.0]
    by_hand = byhand.mlp(model, x, lambda outputs: byhand.binary_cross_entropy(outputs, [1]))
    table = three_ways(
        lambda: binary_cross_entropy([model(x)], [1]), model.named_parameters(), by_hand
    )
    assert table
    errors = dict(table.curve)
    assert min(errors, key=errors.get) in (1e-4, 1e-5, 1e-6)
    assert errors[1e-1] > 1e3 * errors[1e-5] < errors[1e-12]
    assert "OFF" not in str(table)


def test_a_wrong_formula_stands_out():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    table = three_ways(lambda: w * x, [w, x], {"w": 3.0, "x": 3.0})
    assert not table
    assert [line.split()[0] for line in str(table).splitlines() if "OFF" in line] == ["x"]


def test_a_parameter_without_a_number_by_hand_is_refused():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    with pytest.raises(ValueError, match="no number by hand for x"):
        three_ways(lambda: w * x, [w, x], {"w": 3.0})
