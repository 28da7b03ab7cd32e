"""One recording stands for all examples, or it is refused."""

import random

import pytest

from micronn.datasets.digits import digits
from micronn.datasets.mnist import load_mnist
from micronn.engine import Value
from micronn.losses import cross_entropy, mse
from micronn.nn import MLP, Neuron
from micronn.optim import SGD
from micronn.train import fit
from micronn.training.eager import OnGraph, predict
from micronn.training.traced import NotRecordable, OnProgram, OutputProgram, sample, shape


def grads(model):
    return [p.grad for p in model.parameters()]


@pytest.mark.parametrize("nouts", [[1], [4, 3], [2, 1]])
def test_every_output_is_found_in_one_run(nouts):
    model = MLP(2, nouts, activation="tanh", rng=random.Random(1))
    inputs = [[0.1 * k, 1.0 - 0.3 * k] for k in range(600)]
    program = OutputProgram(model, inputs[0], "python")
    for number in (0.0, 0.5):  # the program reads the parameters as they are now
        model.parameters()[0].data += number
        found, wanted = program(inputs), predict(model, inputs)
        assert [pytest.approx(y, rel=1e-12) for y in wanted] == found


def test_looking_at_outputs_leaves_grads_alone():
    model = Neuron(1, rng=random.Random(1))
    for p in model.parameters():
        p.grad = 5.0
    OutputProgram(model, [1.0], "python")([[1.0], [2.0]])
    assert grads(model) == [5.0, 5.0]


def test_program_and_graph_leave_the_same_gradient():
    model = MLP(2, [3, 2], activation="relu", rng=random.Random(1))
    data = [[0.1, 0.2], [-1.0, 0.5], [2.0, 0.0]], [0, 1, 1]
    graph = OnGraph(model, cross_entropy, model.parameters(), l2=0.01)
    program = OnProgram(graph, data, "python")
    wanted = graph.gradient([data[0][2], data[0][0]], [1, 0]), grads(model)
    assert program.gradient([2, 0]) == pytest.approx(wanted[0], rel=1e-12)
    assert grads(model) == pytest.approx(wanted[1], rel=1e-12)


def test_two_graphs_have_one_shape_if_only_their_leaves_differ():
    w = Value(2.0)

    def shape_of(number, power):
        x = Value(number)
        return shape((w * x) ** power + 1.0, [x], [w])

    assert shape_of(1.0, 2) == shape_of(5.0, 2)
    assert shape_of(1.0, 2) != shape_of(1.0, 3)


def test_a_number_that_slips_into_the_graph_is_noticed():
    # The loss reads the target as a float, which then is a constant of the recording.
    model = Neuron(1, "linear", rng=random.Random(1))
    graph = OnGraph(model, lambda y, t: (y - float(t)) ** 2, model.parameters())
    with pytest.raises(NotRecordable, match="examples 0 and 1 give different graphs"):
        OnProgram(graph, ([[1.0], [1.0]], [1.0, 2.0]), "python")


def test_the_examples_compared_have_different_targets():
    assert sample([0, 0, 0, 1, 0, 2]) == [0, 1, 3, 5]
    assert len(sample(list(range(100)))) == 8
    assert sample([1.0]) == [0]


def test_an_example_of_another_length_is_refused():
    model = Neuron(2, "linear", rng=random.Random(1))
    graph = OnGraph(model, mse, model.parameters())
    with pytest.raises(ValueError, match="expected 2 inputs, got 1"):
        OnProgram(graph, ([[1.0, 2.0]] * 2 + [[1.0]], [1.0, 1.0, 1.0]), "python")


def test_pictures_that_are_made_when_asked_for_can_be_learned_from(tmp_path):
    pictures, labels = digits(20, rng=random.Random(1))
    header = b"\0\0\x08\3" + b"".join(n.to_bytes(4, "big") for n in (20, 28, 28))
    pixels = bytes(round(255 * grey) for picture in pictures for grey in picture)
    (tmp_path / "images").write_bytes(header + pixels)
    (tmp_path / "labels").write_bytes(b"\0\0\x08\1" + (20).to_bytes(4, "big") + bytes(labels))
    data = load_mnist(tmp_path / "images", tmp_path / "labels")
    model = MLP(784, [4, 10], rng=random.Random(1))
    optimizer = SGD(model.parameters(), 0.1)
    first, *_, last = fit(model, cross_entropy, data, optimizer, 8, 5, rng=random.Random(1))
    assert last.loss < first.loss
