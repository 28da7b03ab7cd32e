"""The health of a net: four measures a layer, each on a net made ill on purpose."""

import math
import random

import pytest

from micronn.check.health import health
from micronn.engine import Value
from micronn.losses import mse
from micronn.nn import MLP, Module
from micronn.optim import SGD, Adam

INPUTS = [[x / 4.0, (x * 7 % 5) / 2.0 - 1.0] for x in range(-8, 9)]


def trained_once(nouts, activation, prepare=lambda model: None):
    model = MLP(2, nouts, activation=activation, rng=random.Random(7))
    prepare(model)
    mse([model(x) for x in INPUTS], [x[0] for x in INPUTS]).backward()
    return model


def test_a_healthy_net_is_called_healthy():
    model = trained_once([8, 8, 1], "tanh")
    layers = health(model, INPUTS, SGD(model.parameters(), lr=0.01)).layers
    assert [layer.name for layer in layers] == ["layers.0", "layers.1", "layers.2"]
    assert {layer.reading for layer in layers} == {"healthy"}


def test_sizes_are_root_mean_squares_of_grads_and_parameters():
    model = MLP(1, [1])
    w, b = model.parameters()
    w.data, b.data, w.grad, b.grad = 3.0, 4.0, 6.0, 8.0
    layer = health(model, [[1.0]], SGD([w, b], lr=0.01)).layers[0]
    assert layer.weight == pytest.approx(math.sqrt((9 + 16) / 2))
    assert layer.gradient == pytest.approx(math.sqrt((36 + 64) / 2))
    # The step is lr * grad, and grad is twice the parameter.
    assert layer.update == pytest.approx(0.02)


def test_a_relu_is_dead_if_it_is_off_for_every_input():
    def prepare(model):
        for neuron in model.layers[0].neurons[:3]:
            neuron.b.data = -100.0
        for neuron in model.layers[0].neurons[3:]:
            neuron.b.data = 100.0

    model = trained_once([4, 1], "relu", prepare)
    hidden, last = health(model, INPUTS).layers
    assert hidden.dead == 0.75
    assert hidden.saturated is None
    assert "75% of the relus are dead" in hidden.reading
    assert "leaky_relu" in hidden.experiment
    assert last.dead is None


def test_a_relu_that_is_off_for_some_inputs_is_alive():
    def prepare(model):
        for neuron in model.layers[0].neurons:
            neuron.w[0].data, neuron.w[1].data, neuron.b.data = 1.0, 0.0, 0.1

    assert health(trained_once([4, 1], "relu", prepare), INPUTS).layers[0].dead == 0.0


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_units_far_out_on_their_curve_are_saturated(activation):
    def prepare(model):
        for neuron in model.layers[0].neurons:
            neuron.b.data = 50.0

    hidden = health(trained_once([4, 1], activation, prepare), INPUTS).layers[0]
    assert hidden.saturated == 1.0
    assert "saturated" in hidden.reading


def test_a_deep_sigmoid_net_is_told_that_its_gradient_vanishes():
    layers = health(trained_once([6] * 6 + [1], "sigmoid"), INPUTS).layers
    assert layers[0].gradient < 1e-3 * layers[-1].gradient
    assert "vanishing" in layers[0].reading
    assert layers[-1].reading == "healthy"


def test_large_weights_make_the_gradient_explode():
    def prepare(model):
        for p in model.parameters():
            p.data *= 20.0

    layers = health(trained_once([6, 6, 6, 1], "leaky_relu", prepare), INPUTS).layers
    assert "exploding" in layers[0].reading


@pytest.mark.parametrize(
    ("lr", "words"), [(10.0, "a tenth of the learning rate"), (1e-8, "ten times the learning rate")]
)
def test_steps_that_are_too_large_or_too_small_are_pointed_out(lr, words):
    model = trained_once([8, 1], "tanh")
    for layer in health(model, INPUTS, SGD(model.parameters(), lr=lr)).layers:
        assert words in layer.experiment


def test_the_update_is_what_the_optimiser_will_do_and_nothing_moves():
    model = trained_once([4, 1], "tanh")
    optimizer = Adam(model.parameters(), lr=0.01)
    before, state = model.state_dict(), optimizer.state_dict()
    found = health(model, INPUTS, optimizer).layers
    assert (model.state_dict(), optimizer.state_dict()) == (before, state)
    optimizer.step()
    for layer in found:
        own = [name for name in before if name.startswith(layer.name)]
        after = model.state_dict()
        moved = math.hypot(*[after[name] - before[name] for name in own])
        assert layer.update == pytest.approx(moved / math.hypot(*[before[name] for name in own]))


def test_without_backward_there_is_no_gradient_to_read():
    model = MLP(2, [3, 1], rng=random.Random(7))
    assert {layer.reading for layer in health(model, INPUTS).layers} == {"no gradient"}


def test_a_gradient_that_is_nan_sends_the_reader_to_its_origin():
    model = trained_once([3, 1], "tanh")
    model.parameters()[0].grad = math.nan
    assert "trace_nonfinite" in health(model, INPUTS).layers[0].experiment


def test_units_are_watched_in_models_of_the_readers_own():
    class Own(Module):
        """Two units written out, the second one dead."""

        def __init__(self):
            self.w = [Value(1.0), Value(1.0)]
            self.shift = [Value(0.5), Value(-50.0)]

        def __call__(self, x):
            return [(x * w + s).relu() for w, s in zip(self.w, self.shift, strict=True)]

    w, shift = health(Own(), [Value(1.0), Value(2.0)]).layers
    assert (w.name, shift.name, shift.dead) == ("w", "shift", 0.5)


def test_no_inputs_are_refused():
    with pytest.raises(ValueError, match="no inputs"):
        health(MLP(2, [1]), [])


def test_the_text_has_a_line_for_each_layer():
    text = str(health(trained_once([4, 1], "relu"), INPUTS))
    assert [line.split()[0] for line in text.splitlines()] == ["layer", "layers.0", "layers.1"]
