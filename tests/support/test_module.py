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


# PyTorch's state_dict().  Its Linear layer computes weight @ x + bias, so a row of the weight
# is what one neuron has.


class Tensor:
    """What is asked of a tensor, without PyTorch."""

    def __init__(self, numbers):
        self.numbers = numbers
        row = numbers[0] if numbers and isinstance(numbers[0], list) else None
        self.shape = (len(numbers),) if row is None else (len(numbers), len(row))

    def tolist(self):
        return self.numbers


LINEAR = {
    "0.weight": Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    "0.bias": Tensor([0.1, 0.2, 0.3]),
    "2.weight": Tensor([[-1.0, -2.0, -3.0]]),
    "2.bias": Tensor([0.5]),
}


@pytest.mark.parametrize(
    ("first", "second"), [("0", "2"), ("2", "10"), ("fc1", "fc2"), ("hidden", "answer")]
)
def test_linear_layers_of_pytorch_are_loaded_by_rows(first, second):
    names = {"0": first, "2": second}
    state = {f"{names[name[0]]}{name[1:]}": tensor for name, tensor in LINEAR.items()}
    model = MLP(2, [3, 1])
    model.load_state_dict(state)
    assert [parameter.data for parameter in model.parameters()] == [
        *(1.0, 2.0, 0.1, 3.0, 4.0, 0.2, 5.0, 6.0, 0.3),
        *(-1.0, -2.0, -3.0, 0.5),
    ]


def test_layers_with_numbers_for_names_follow_their_numbers():
    # A file format that sorts by letters has 10 before 2.
    state = {f"{k}.{kind}": Tensor(x) for k in (10, 2) for kind, x in
             (("weight", [[float(k)]]), ("bias", [0.0]))}  # fmt: skip
    model = MLP(1, [1, 1])
    model.load_state_dict(state)
    assert [layer.neurons[0].w[0].data for layer in model.layers] == [2.0, 10.0]


@pytest.mark.parametrize("model", [MLP(2, [4, 1]), MLP(3, [3, 1]), MLP(2, [3]), Neuron(2)])
def test_tensors_of_other_sizes_are_refused_with_the_model_they_fit(model):
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"build the model with MLP\(2, \[3, 1\]\)"):
        model.load_state_dict(LINEAR)
    assert model.state_dict() == before


class Cube(Tensor):
    shape = (3, 1, 2, 2)

    def __init__(self):
        pass


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"conv.weight": Cube(), "conv.bias": Tensor([0.0] * 3)}, r"'conv' .* \(3, 1, 2, 2\)"),
        ({"0.weight": LINEAR["0.weight"]}, r"'0' .* a bias .* it has weight of shape \(3, 2\)"),
        ({"1.weight": Tensor([1.0]), "1.bias": Tensor([0.0])}, r"it has .*weight of shape \(1,\)"),
        ({**LINEAR, "1.running_mean": Tensor([0.0])}, r"'1' .* running_mean"),
        ({**LINEAR, "0.bias": Tensor([0.0])}, r"bias of shape \(1,\) and weight of shape \(3, 2\)"),
        ({**LINEAR, "0.bias": 3.0}, r"bias of shape \(\)"),
        ({"\x1b]0;x\x07.\n": Tensor([1.0])}, "\ufffd]0;x\ufffd' is none of PyTorch's Linear"),
    ],
)
def test_other_layers_of_pytorch_are_refused_in_words(state, words):
    model = MLP(2, [3, 1])
    before = model.state_dict()
    with pytest.raises(ValueError, match=words) as caught:
        model.load_state_dict(state)
    assert str(caught.value).isprintable()
    assert model.state_dict() == before


def test_a_name_in_a_refusal_is_short_and_commands_no_terminal():
    with pytest.raises(ValueError, match="fits another model") as caught:
        MLP(1, [1]).load_state_dict({"\x1b[2J" * 1000: 1.0})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "gelu"])
def test_a_net_of_pytorch_answers_the_same_here(activation):
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    named = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "softplus": "Softplus"}
    curve = getattr(torch.nn, named.get(activation, "GELU"))
    linear = torch.nn.Linear
    theirs = torch.nn.Sequential(linear(3, 16), curve(), linear(16, 8), curve(), linear(8, 2))
    ours = MLP(3, [16, 8, 2], activation)
    ours.load_state_dict(theirs.state_dict())  # float32 numbers, which floats hold exactly
    x = [0.3, -1.25, 2.0]
    outputs = theirs.double()(torch.tensor(x, dtype=torch.float64)).tolist()
    assert [output.data for output in ours(x)] == pytest.approx(outputs, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("state", [[1.0], None, MLP(1, [1])], ids=["list", "None", "model"])
def test_a_state_that_is_no_dictionary_is_refused_in_words(state):
    # a model in place of its state_dict() is the likeliest: model.load_state_dict(net)
    with pytest.raises(TypeError, match=r"a dictionary.*pass what its state_dict\(\) gives"):
        MLP(1, [1]).load_state_dict(state)
