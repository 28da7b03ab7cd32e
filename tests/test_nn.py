"""What neurons, layers and nets promise: shapes, starts, parameters, refusals."""

import math
import random

import pytest

from micronn.checkpoint import load, save
from micronn.data import xor
from micronn.engine import Value
from micronn.losses import mse
from micronn.nn import ACTIVATIONS, MLP, Layer, Neuron
from micronn.optim import SGD


def test_a_neuron_is_a_weighted_sum_through_its_activation():
    # tanh(2·(-3) + 0·1 + 6.8813735870195432) = tanh(0.8813735870195432) = 1/√2
    neuron = Neuron(2, activation="tanh")
    neuron.load_state_dict({"w.0": -3.0, "w.1": 1.0, "b": 6.8813735870195432})
    out = neuron([2.0, 0.0])
    out.backward()
    assert math.isclose(out.data, 1 / math.sqrt(2), rel_tol=1e-15)
    # d tanh/dz = 1 - 1/2, times the inputs 2 and 0
    assert [round(p.grad, 12) for p in neuron.parameters()] == [1.0, 0.0, 0.5]


def test_parameters_are_the_weights_then_the_bias():
    neuron = Neuron(2)
    assert neuron.parameters() == [neuron.w[0], neuron.w[1], neuron.b]


def test_parameters_have_dotted_names_in_the_same_order():
    model = MLP(2, [2, 1])
    names = [name for name, _ in model.named_parameters()]
    assert names == [
        "layers.0.neurons.0.w.0",
        "layers.0.neurons.0.w.1",
        "layers.0.neurons.0.b",
        "layers.0.neurons.1.w.0",
        "layers.0.neurons.1.w.1",
        "layers.0.neurons.1.b",
        "layers.1.neurons.0.w.0",
        "layers.1.neurons.0.w.1",
        "layers.1.neurons.0.b",
    ]
    assert [p for _, p in model.named_parameters()] == model.parameters()


def test_the_digit_reader_of_the_articles_has_13_002_parameters():
    # 784·16 + 16 + 16·16 + 16 + 16·10 + 10
    assert len(MLP(784, [16, 16, 10]).parameters()) == 13_002


@pytest.mark.parametrize("module", [Neuron(3), Layer(3, 2), MLP(3, [2, 1])], ids=repr)
@pytest.mark.parametrize("length", [0, 1, 2, 4])
def test_a_wrong_number_of_inputs_is_refused_naming_both(module, length):
    with pytest.raises(ValueError, match=f"expected 3 inputs, got {length}"):
        module([1.0] * length)


@pytest.mark.parametrize("x", [1.0, Value(1.0), None, {1.0}, {1.0: 2.0}, "1", b"1"], ids=repr)
def test_inputs_that_are_no_list_are_refused_in_words(x):
    for module in (Neuron(1), Layer(1, 1), MLP(1, [1])):
        with pytest.raises(TypeError, match="list"):
            module(x)


@pytest.mark.parametrize("thing", ["1", None, [1.0], 1j])
def test_inputs_that_are_no_numbers_are_refused(thing):
    with pytest.raises(TypeError):
        MLP(2, [1])([1.0, thing])


def test_inputs_may_be_of_any_kind_and_are_left_alone():
    np = pytest.importorskip("numpy")
    model = MLP(2, [3, 1], rng=random.Random(1))
    x = [1, 2]
    expected = model([1.0, 2.0]).data
    for same in (x, (1, 2), range(1, 3), [Value(1.0), 2], np.array([1.0, 2.0]), iter(x)):
        assert math.isclose(model(same).data, expected, rel_tol=1e-15)
    assert x == [1, 2]


def test_gradients_reach_inputs_that_are_values():
    neuron = Neuron(2, activation="linear")
    neuron.load_state_dict({"w.0": 3.0, "w.1": -4.0, "b": 0.0})
    x = [Value(1.0), Value(1.0)]
    neuron(x).backward()
    assert [v.grad for v in x] == [3.0, -4.0]


def test_a_layer_gives_a_list_and_a_net_with_one_output_a_value():
    assert isinstance(Layer(2, 1)([1.0, 2.0]), list)
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)
    assert len(MLP(2, [3, 2])([1.0, 2.0])) == 2


@pytest.mark.parametrize("nouts", [[1], [1, 1, 1], [3, 1, 3], (2, 1), range(1, 3)])
def test_layers_of_width_one_work_anywhere_and_nouts_is_any_sequence(nouts):
    before = list(nouts)
    out = MLP(1, nouts)([0.5])
    assert list(nouts) == before
    assert isinstance(out, Value) == (before[-1] == 1)


SIZES = [
    (2, [], ValueError),
    (0, [1], ValueError),
    (2, [0], ValueError),
    (2, [3, -1], ValueError),
    (2.0, [1], TypeError),
    ("2", [1], TypeError),
    (True, [1], TypeError),
    (2, [1.5], TypeError),
    (2, [None], TypeError),
    (2, 3, TypeError),
    (2, "31", TypeError),
    (2, None, TypeError),
    (2, {3, 1}, TypeError),
]


@pytest.mark.parametrize(("nin", "nouts", "error"), SIZES)
def test_impossible_sizes_are_refused(nin, nouts, error):
    with pytest.raises(error):
        MLP(nin, nouts)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"rleu.*relu"):
        MLP(2, [1], activation=["rleu"])
    with pytest.raises(ValueError, match=r"xaver.*xavier"):
        Neuron(2, init="xaver")
    with pytest.raises(ValueError, match="expected 2 activations"):
        MLP(2, [3, 1], activation=["relu"])
    with pytest.raises(TypeError, match=r"random\.Random"):
        MLP(2, [1], rng=7)


def test_a_bare_input_is_refused_with_a_hint_that_works():
    # [1.0] is what a net of one input wants; of a net of two inputs it would be refused too.
    with pytest.raises(TypeError, match=r"write \[1.0\]$"):
        MLP(1, [4, 1])(1.0)
    with pytest.raises(TypeError, match=r"write all 2 of them in brackets"):
        MLP(2, [4, 1])(1.0)


@pytest.fixture
def own_bend():
    """An activation of one's own, z * sigmoid(z), for as long as a test runs."""
    ACTIVATIONS["own_bend"] = lambda z: z * z.sigmoid()
    yield
    del ACTIVATIONS["own_bend"]


def test_an_activation_of_ones_own_is_one_line(own_bend, tmp_path):
    # Its value at 1 is 1 / (1 + 1/e) = 0.7310585786300049, its slope s + s(1 - s) there.
    neuron = Neuron(1, activation="own_bend")
    neuron.load_state_dict({"w.0": 1.0, "b": 0.0})
    out = neuron([1.0])
    out.backward()
    s = 0.7310585786300049
    assert (out.data, neuron.b.grad) == pytest.approx((s, s + s * (1 - s)), rel=1e-15)
    # It trains, and comes back from a file.
    model = MLP(2, [4, 1], activation="own_bend", rng=random.Random(1))
    optimizer = SGD(model.parameters(), lr=0.5)
    inputs, targets = xor(4, noise=0.0)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss = mse([model(x) for x in inputs], targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    assert losses[-1] < 0.1 * losses[0]
    save(model, tmp_path / "own_bend.json")
    back = load(tmp_path / "own_bend.json")
    assert repr(back) == "MLP(2 -> 4 own_bend -> 1 linear)"
    assert [back(x).data for x in inputs] == [model(x).data for x in inputs]


def test_activations_can_be_given_layer_by_layer():
    model = MLP(2, [3, 2], activation=["tanh", "sigmoid"])
    assert repr(model) == "MLP(2 -> 3 tanh -> 2 sigmoid)"
    assert all(0.0 < out.data < 1.0 for out in model([5.0, -5.0]))


def test_one_activation_is_for_the_hidden_layers_and_the_last_stays_linear():
    assert repr(MLP(2, [3, 1])) == "MLP(2 -> 3 relu -> 1 linear)"
    assert repr(Layer(2, 3)) == "Layer(2 -> 3 relu)"
    assert repr(Neuron(2, "tanh")) == "Neuron(2 -> 1 tanh)"


def test_a_nan_weight_gives_a_nan_output():
    for activation in ("relu", "tanh", "sigmoid", "gelu", "softplus", "leaky_relu"):
        model = MLP(2, [2, 1], activation=activation)
        model.layers[0].neurons[0].w[0].data = math.nan
        assert math.isnan(model([1.0, 1.0]).data)


def test_micrograds_training_loop_runs_as_it_is_written_there():
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    points = [([math.cos(k), math.sin(k)], 1 if math.cos(k) > 0 else -1) for k in range(20)]
    losses = []
    for k in range(15):
        scores = [model(x) for x, _ in points]
        margins = [(1 + -y * score).relu() for (_, y), score in zip(points, scores, strict=True)]
        data_loss = sum(margins) * (1.0 / len(margins))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 15
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        losses.append(total_loss.data)
    assert losses[-1] < 0.2 * losses[0]
