"""One trace stands for all examples, or it is refused."""

import functools
import random
import warnings

import pytest
from example_trainings import PROGRAMS

from micronn.compiler import NoMachine, UnknownOperation
from micronn.datasets.digits import digits
from micronn.datasets.mnist import load_mnist
from micronn.engine import Value
from micronn.graph import custom_operation
from micronn.losses import cross_entropy, mse, softmax
from micronn.nn import MLP, Module, Neuron
from micronn.optim import SGD
from micronn.train import train_batch
from micronn.training.eager import Objective
from micronn.training.fit import evaluate, fit
from micronn.training.traced import NotTraceable, predict, predictor, sample, traced_loss


def grads(model):
    return [p.grad for p in model.parameters()]


@pytest.mark.parametrize("engine", ["auto", *PROGRAMS])
@pytest.mark.parametrize("nouts", [[1], [4, 3], [2, 1]])
def test_every_engine_predicts_the_same(nouts, engine):
    model = MLP(2, nouts, activation="tanh", rng=random.Random(1))
    inputs = [[0.1 * k, 1.0 - 0.3 * k] for k in range(600)]
    outputs = predictor(model, inputs, engine)
    for number in (0.0, 0.5):  # the parameters are read as they are now
        model.parameters()[0].data += number
        found, wanted = outputs(inputs), predict(model, inputs)
        assert [pytest.approx(y, rel=1e-12) for y in wanted] == found
        assert predict(model, inputs, engine) == found


@pytest.mark.parametrize("engine", ["auto", "graph", "python"])
def test_no_inputs_have_no_outputs(engine):
    assert predict(Neuron(1), [], engine) == []


def test_looking_at_outputs_leaves_grads_alone():
    model = Neuron(1, rng=random.Random(1))
    for p in model.parameters():
        p.grad = 5.0
    predict(model, [[1.0], [2.0]], "python")
    assert grads(model) == [5.0, 5.0]


def test_program_and_graph_leave_the_same_gradient():
    model = MLP(2, [3, 2], activation="relu", rng=random.Random(1))
    data = [[0.1, 0.2], [-1.0, 0.5], [2.0, 0.0]], [0, 1, 1]
    objective = Objective(model, cross_entropy, model.parameters(), l2=0.01)
    program = traced_loss(objective, data, "python")
    optimizer = SGD(model.parameters(), 0.0)
    picked = [data[0][2], data[0][0]], [1, 0]
    wanted = train_batch(model, objective.penalised(), *picked, optimizer), grads(model)
    assert program.gradient([2, 0]) == pytest.approx(wanted[0], rel=1e-12)
    assert grads(model) == pytest.approx(wanted[1], rel=1e-12)


def test_a_number_that_slips_into_the_graph_is_noticed():
    # The loss reads the target as a plain number, which then is a constant of the trace.
    model = Neuron(1, "linear", rng=random.Random(1))

    def loss(y, t):
        return (y - getattr(t, "data", t)) ** 2

    objective = Objective(model, loss, model.parameters())
    with pytest.raises(NotTraceable, match="example 1 costs .* by the graph of example 0"):
        traced_loss(objective, ([[1.0], [1.0]], [1.0, 2.0]), "python")


def test_a_loss_that_takes_a_value_for_something_else_is_noticed():
    model = Neuron(1, "linear", rng=random.Random(1))
    objective = Objective(model, lambda y, t: y * type(t).__name__.count("V"), model.parameters())
    with pytest.raises(NotTraceable, match="example 0 costs 0, and by the graph of example 0 "):
        traced_loss(objective, ([[1.0], [1.0]], [1.0, 2.0]), "python")


class Smoothed:
    """A loss of one's own with a setting, made of one of the library's."""

    def __init__(self, share):
        self.share = share

    def __call__(self, output, target):
        return (1.0 - self.share) * cross_entropy(output, target)

    def of_pair(self, output, target):
        return self(output, target)


def named(output, target):
    return cross_entropy(output, target)


WRAPPED = {
    "def": named,
    "object": Smoothed(0.1),
    "method": Smoothed(0.1).of_pair,
    "lambda": lambda output, target: cross_entropy(output, target),
    "partial": functools.partial(cross_entropy),
    "scaled": lambda output, target: 2.0 * cross_entropy(output, target),
}


@pytest.mark.parametrize("engine", ["auto", *PROGRAMS])
@pytest.mark.parametrize("loss", WRAPPED.values(), ids=WRAPPED.keys())
def test_a_wrapped_loss_of_classes_is_compiled_like_the_loss_itself(loss, engine):
    model = MLP(2, [3, 3], rng=random.Random(1))
    data = [[0.1, 0.2], [-1.0, 0.5], [2.0, 0.0]], [0, 1, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (step,) = fit(model, loss, data, SGD(model.parameters(), 0.1), 1, engine=engine)
    assert step.engine in ("machine", "python")


def test_a_number_that_is_whole_is_no_class_for_a_loss_that_reads_numbers():
    # Two outputs, a mean and a width; the target is a whole number from 0 to 1.
    def off(output, target):
        return ((output[0] - target) / (1.0 + output[1] * output[1])) ** 2

    model = MLP(1, [2], rng=random.Random(1))
    data = [[0.0], [1.0]], [0, 1]
    (step,) = fit(model, off, data, SGD(model.parameters(), 0.1), 1, engine="python")
    assert step.engine == "python"


def test_a_loss_that_needs_the_index_runs_on_graphs_with_a_word_why():
    model = MLP(2, [3], rng=random.Random(1))
    data = [[0.1, 0.2], [-1.0, 0.5], [2.0, 0.0]], [0, 1, 2]
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.warns(RuntimeWarning, match="on graphs.*for an index") as warned:
        (step,) = fit(model, lambda y, t: -softmax(y)[t].log(), data, optimizer, 1)
    assert (len(warned), step.engine) == (1, "graph")


def own_bend(z):
    """An operation of one's own, which no compiler knows."""
    s = z.sigmoid().data
    return custom_operation("own_bend", z.data * s, [z], [s * (1.0 + z.data * (1.0 - s))])


def test_an_operation_that_the_compiler_does_not_know_runs_on_graphs_with_a_word_why():
    model = Neuron(1, "linear", rng=random.Random(1))
    data, optimizer = ([[1.0], [2.0]], [1.0, 2.0]), SGD(model.parameters(), 0.1)

    def loss(y, t):
        return (own_bend(y) - t) ** 2

    with pytest.warns(RuntimeWarning, match="on graphs.*own_bend") as warned:
        (step,) = fit(model, loss, data, optimizer, 1)
    assert (len(warned), step.engine) == (1, "graph")
    for engine in ("machine", "python"):
        with pytest.raises(UnknownOperation, match="own_bend"):
            fit(model, loss, data, optimizer, 1, engine=engine)


def test_a_mistake_in_a_loss_is_no_reason_to_go_slow():
    # It is raised at once, without a warning.
    model = Neuron(1, "linear", rng=random.Random(1))
    with pytest.raises(AttributeError, match="squared"):
        fit(model, lambda y, t: (y - t).squared(), ([[1.0]], [1.0]), SGD(model.parameters(), 1), 1)


def test_without_a_machine_auto_is_python_without_a_word(monkeypatch):
    def none(tape, dtype, kind):
        raise NoMachine("no C compiler and no WebAssembly")

    monkeypatch.setattr("micronn.compiler.program.Machine", none)
    model = Neuron(1, "linear", rng=random.Random(1))
    data, optimizer = ([[1.0], [2.0]], [1.0, 2.0]), SGD(model.parameters(), 0.1)
    (step,) = fit(model, mse, data, optimizer, 1)
    assert step.engine == "python"
    assert predict(model, data[0], "auto") == pytest.approx(predict(model, data[0]))
    with pytest.raises(NoMachine):
        fit(model, mse, data, optimizer, 1, engine="machine")


def test_evaluating_says_it_too():
    model = Neuron(1, "linear", rng=random.Random(1))
    with pytest.warns(RuntimeWarning, match="on graphs"):
        score = evaluate(model, lambda y, t: y - float(t), ([[1.0], [2.0]], [1.0, 2.0]))
    assert score.metric is None


class Choosy(Module):
    """A model of one's own, whose graph depends on its input."""

    def __init__(self):
        self.w = [Value(2.0), Value(0.5)]

    def __call__(self, x):
        return self.w[0] * x[0] if x[0] > 0.5 else self.w[1] + x[0]


def test_a_model_that_chooses_is_not_predicted_by_one_of_its_graphs():
    inputs = [[0.0], [1.0]]
    with pytest.warns(RuntimeWarning, match="on graphs.*decide by the numbers"):
        assert predict(Choosy(), inputs, "auto") == [0.5, 2.0]


def test_an_if_on_one_of_many_classes_is_noticed():
    # The last of 27 letters counts double, and comes last.
    def loss(output, target):
        return cross_entropy(output, target) * (2.0 if target == 26 else 1.0)

    model = MLP(1, [27], rng=random.Random(1))
    objective = Objective(model, loss, model.parameters())
    data = [[0.1 * k] for k in range(27)], list(range(27))
    with pytest.warns(RuntimeWarning, match="example 26 costs .* by the graph of example 0"):
        assert traced_loss(objective, data, "auto") is None


def test_the_examples_compared_have_different_targets():
    assert sample([0, 0, 0, 1, 0, 2]) == [0, 1, 3, 5]
    assert len(sample(list(range(100)))) == 32
    assert sample([1.0]) == [0]


def test_an_example_of_another_length_is_refused():
    model = Neuron(2, "linear", rng=random.Random(1))
    objective = Objective(model, mse, model.parameters())
    with pytest.raises(ValueError, match="expected 2 inputs, got 1"):
        traced_loss(objective, ([[1.0, 2.0]] * 2 + [[1.0]], [1.0, 1.0, 1.0]), "python")


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
