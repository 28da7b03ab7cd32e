"""The loop of train.py is the loop that one would write by hand, and stops when it must."""

import math
import random
from functools import partial

import pytest
from example_trainings import net, parameters, seeded, squared

from micronn import training
from micronn.data import batches, moons
from micronn.engine import Value, mean
from micronn.losses import cross_entropy, hinge, huber, takes_lists
from micronn.nn import MLP, Neuron
from micronn.optim import SGD
from micronn.train import Diverged, fit, steps, train_batch


def test_fit_is_the_loop_that_one_would_write_by_hand():
    data, model = moons(50, rng=seeded()), net()
    by_hand = net()
    optimizer, rng = SGD(by_hand.parameters(), 0.1), seeded(3)
    for _ in range(3):
        for inputs, targets in batches(data, 8, rng):
            by_hand.zero_grad()
            hinge([by_hand(x) for x in inputs], targets).backward()
            optimizer.step()
    told = fit(model, hinge, data, SGD(model.parameters(), 0.1), 3, 8, seeded(3))
    assert parameters(model) == pytest.approx(parameters(by_hand), rel=1e-12, abs=1e-15)
    assert [(step.step, step.epoch) for step in told] == [(7, 1), (14, 2), (21, 3)]


def test_the_gradient_of_a_batch_is_the_gradient_of_the_mean_loss():
    model = MLP(2, [3, 2], activation="tanh", rng=seeded(1))
    inputs, targets = [[0.1, 0.2], [-1.0, 0.5], [2.0, 0.0]], [0, 1, 1]
    optimizer = SGD(model.parameters(), 0.0)
    for _ in range(2):  # grads of an earlier batch do not count
        loss = train_batch(model, cross_entropy, inputs, targets, optimizer)
    found = [p.grad for p in model.parameters()]
    model.zero_grad()
    pairs = zip(inputs, targets, strict=True)
    average = mean([cross_entropy(model(x), t) for x, t in pairs])
    average.backward()
    assert loss == pytest.approx(average.data)
    assert found == pytest.approx([p.grad for p in model.parameters()])


def test_a_long_gradient_is_shortened_before_the_step():
    # (w * 1 + b - 7)**2 at w = 3, b = 4 has slope 0; towards 12 both slopes are -10.
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 3.0, 4.0
    train_batch(model, squared, [[1.0]], [12.0], SGD(model.parameters(), 1.0), clip=math.sqrt(2.0))
    assert parameters(model) == pytest.approx([4.0, 5.0])


def test_steps_come_one_by_one_and_a_break_stops():
    model = net()
    optimizer = SGD(model.parameters(), 0.1)
    for step in steps(model, hinge, moons(20, rng=seeded()), optimizer, 10, 5, seeded()):
        if step.epoch == 2:
            break
    assert (step.step, optimizer.steps) == (8, 8)


def test_without_rng_the_global_seed_decides_the_order():
    ends = []
    for _ in range(2):
        random.seed(3)
        model = net()
        fit(model, hinge, moons(30), SGD(model.parameters(), 0.1), 2, 8)
        ends.append(parameters(model))
    assert ends[0] == ends[1]


def test_a_loss_that_explodes_stops_with_step_and_epoch_and_the_parameters_before():
    model = Neuron(1, "linear", rng=seeded())
    data = [[100.0 * k] for k in range(1, 9)], [200.0 * k for k in range(1, 9)]
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises(Diverged, match="smaller learning rate") as caught:
        fit(model, squared, data, optimizer, 200, 4, seeded())
    assert caught.value.step == optimizer.steps + 1
    assert caught.value.epoch == optimizer.steps // 2 + 1
    assert f"stops at step {caught.value.step}, in epoch {caught.value.epoch}" in str(caught.value)
    assert all(map(math.isfinite, parameters(model)))


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda y, t: ((y - t) ** 2).sqrt(), "gradient inf|gradient nan"),  # infinitely steep at 0
        (lambda y, t: (1000.0 * y).exp(), "exp of 1000.0 is beyond the largest float"),
        (lambda y, t: (y - 2.0).log(), "log needs a number above zero"),
        (lambda y, t: y * math.inf, "loss is inf"),
    ],
)
def test_what_is_not_finite_stops_before_the_step(loss, words):
    model = Neuron(1, "linear")
    model.w[0].data, model.b.data = 1.0, 0.0
    with pytest.raises(Diverged, match=words) as caught:
        fit(model, loss, ([[1.0]], [1.0]), SGD(model.parameters(), 0.1), 1)
    assert (caught.value.step, caught.value.epoch) == (1, 1)
    assert parameters(model) == [1.0, 0.0]


def test_a_mistake_in_the_data_is_not_taken_for_divergence():
    model = net()
    with pytest.raises(ValueError, match="targets of -1 or"):
        fit(model, hinge, ([[0.0, 1.0]], [0.0]), SGD(model.parameters(), 0.1), 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"loss": "hinge"}, "loss is a function, got 'hinge'"),
        ({"data": ([[1.0, 2.0]], [])}, "1 inputs and 0 targets"),
        (
            {"optimizer": 0.1},
            r"SGD\(model.parameters\(\), 0.1\); got MLP and float",
        ),
        ({"optimizer": SGD([Value(0.0)], 0.1)}, "moves none of this model's parameters"),
    ],
)
def test_wrong_arguments_are_refused(change, message):
    model = net()
    optimizer = SGD(model.parameters(), 0.1)
    arguments = {"loss": hinge, "data": moons(8), "optimizer": optimizer, "epochs": 1}
    with pytest.raises((ValueError, TypeError), match=message):
        fit(model, **{**arguments, **change})


LEARNERS = pytest.mark.parametrize("fit", [fit, training.fit], ids=["train", "training"])


@LEARNERS
@pytest.mark.parametrize("lost", [
    lambda output, target: (output.data - target) ** 2,
    lambda output, target: Value((output.data - 1.0) ** 2),
    lambda output, target: Value(1.0) * 2.0,
    lambda output, target: None,
])  # fmt: skip
def test_a_loss_that_lost_the_way_to_the_parameters_is_refused_and_does_not_train_nothing(
    fit, lost
):
    # the number of .data has no graph, so every gradient would be 0 and every step nothing
    model = net()
    before = parameters(model)
    with pytest.raises(
        (TypeError, ValueError), match=r"from the (model's )?output itself.* \.data"
    ):
        fit(model, lost, moons(8), SGD(model.parameters(), 0.1), 1)
    assert parameters(model) == before


@LEARNERS
def test_a_net_without_any_gradient_goes_on_since_its_loss_does_depend_on_it(fit):
    model = MLP(2, [2, 1], "relu", rng=seeded())
    for neuron in model.layers[0].neurons:
        neuron.b.data = -100.0  # dead: every relu has slope 0
    model.layers[1].neurons[0].b.data = 5.0
    data = [[0.1, 0.2], [0.3, 0.4]], [1, 1]  # far on the right side: hinge is 0
    assert fit(model, hinge, data, SGD(model.parameters(), 0.1), 2)[-1].loss == 0.0


@LEARNERS
@pytest.mark.parametrize("loss", [
    partial(huber, delta=0.5),
    lambda preds, targets: huber(preds, targets, delta=0.5),
    lambda preds, targets: mean([abs(p - t) for p, t in zip(preds, targets, strict=True)]),
])  # fmt: skip
def test_a_loss_over_lists_is_told_that_it_is_called_for_one_example_and_how_it_is_marked(
    fit, loss
):
    model = net()
    with pytest.raises(TypeError, match=r"called for one example.* passed as takes_lists\(loss\)"):
        fit(model, loss, moons(8), SGD(model.parameters(), 0.1), 1)
    told = fit(model, takes_lists(partial(loss)), moons(8), SGD(model.parameters(), 0.1), 1)
    assert math.isfinite(told[-1].loss)
