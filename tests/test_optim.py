"""Optimisers: the formulas of PyTorch, a memory of their own, and refusals in words."""

import json
import math
import random

import pytest

from micronn.engine import Value
from micronn.optim import (
    SGD,
    Adam,
    AdamW,
    adam_rule,
    clip_gradient,
    cosine_schedule,
    momentum_rule,
)

SETTINGS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.1}),
]
KINDS = {"SGD": SGD, "Adam": Adam, "AdamW": AdamW}
settings = pytest.mark.parametrize(("kind", "arguments"), SETTINGS)


def give_grads(params, rng):
    for p in params:
        p.grad = rng.gauss(0.0, 3.0)


@settings
def test_twenty_steps_go_where_torch_goes(kind, arguments):
    torch = pytest.importorskip("torch")
    rng = random.Random(3)
    params = [Value(rng.gauss(0.0, 2.0)) for _ in range(6)]
    tensor = torch.tensor([p.data for p in params], dtype=torch.float64, requires_grad=True)
    ours = KINDS[kind](params, **arguments)
    theirs = getattr(torch.optim, kind)([tensor], **arguments)
    for step in range(20):
        give_grads(params, rng)
        tensor.grad = torch.tensor([p.grad for p in params], dtype=torch.float64)
        ours.lr = theirs.param_groups[0]["lr"] = 0.05 / (1 + step)
        ours.step()
        theirs.step()
    assert [p.data for p in params] == pytest.approx(tensor.tolist(), rel=0, abs=1e-9)


def test_the_first_steps_by_hand():
    # p = 1, g = 2, lr = 0.1.  Momentum: velocity 2, then 0.9 * 2 + 2 = 3.8.
    # Adam: corrected averages 2 and 4, so a step of lr * 2 / (sqrt(4) + eps).
    p = Value(1.0)
    p.grad = 2.0
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    optimizer.step()
    assert p.data == pytest.approx(0.8)
    optimizer.step()
    assert p.data == pytest.approx(0.8 - 0.38)
    q = Value(1.0)
    q.grad = 2.0
    Adam([q], lr=0.1).step()
    assert q.data == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("kind", "arguments", "after"),
    [  # p = 1, g = 2, lr = 0.1: the averages are 2 and 4, as above
        (Adam, {"eps": 0.5}, 1 - 0.1 * 2 / (2 + 0.5)),  # not 2 / sqrt(4 + 0.5)
        (Adam, {"eps": 0.5, "weight_decay": 1.0}, 1 - 0.1 * 3 / (3 + 0.5)),  # g becomes 2 + 1
        (AdamW, {"weight_decay": 0.5}, 1 * (1 - 0.1 * 0.5) - 0.1),  # the step is not shrunk
        (SGD, {"weight_decay": 0.5}, 1 - 0.1 * (2 + 0.5)),
    ],
)
def test_where_eps_and_weight_decay_stand_in_the_formula(kind, arguments, after):
    p = Value(1.0)
    p.grad = 2.0
    kind([p], lr=0.1, **arguments).step()
    assert p.data == pytest.approx(after, rel=1e-7)


@settings
def test_a_rule_gives_the_same_numbers_for_floats_and_for_values(kind, arguments):
    optimizer = KINDS[kind]([Value(0.5)], **({"lr": 0.1} | arguments))
    memory = [0.25 + k for k in range(len(optimizer.state))]

    def moved(p, g, memory, numbers):
        p, g = optimizer.decayed(p, g, numbers["lr"])
        return optimizer.rule(p, g, *memory, **numbers, **optimizer.constants)

    numbers = optimizer.step_arguments()
    plain = moved(0.5, -1.5, memory, numbers)
    values = {name: Value(x) for name, x in numbers.items()}
    recorded = moved(Value(0.5), Value(-1.5), map(Value, memory), values)
    assert [value.data for value in recorded] == list(plain)
    assert len(plain) == 1 + len(memory)


def test_what_step_arguments_gives_is_all_that_changes_from_step_to_step():
    # The recorded rule, run by hand with step_arguments() and state, is the optimiser.
    rng = random.Random(4)
    p, q = Value(1.0), 1.0
    optimizer = Adam([p], lr=0.1)
    m, v = 0.0, 0.0
    for _ in range(5):
        give_grads([p], rng)
        q, m, v = adam_rule(q, p.grad, m, v, **optimizer.step_arguments(), **optimizer.constants)
        optimizer.step()
        assert (q, [m], [v]) == (p.data, optimizer.state["m"], optimizer.state["v"])


@settings
def test_a_parameter_whose_grads_were_always_zero_stays(kind, arguments):
    still, moving = Value(2.0), Value(2.0)
    optimizer = KINDS[kind]([still, moving], **({"lr": 0.1} | arguments | {"weight_decay": 0.0}))
    for _ in range(5):
        still.grad, moving.grad = 0.0, 1.0
        optimizer.step()
    assert still.data == 2.0
    assert moving.data < 2.0


def test_step_keeps_grads_and_zero_grad_clears_them():
    p = Value(1.0)
    p.grad = 2.0
    optimizer = SGD((x for x in [p]), lr=0.1)
    optimizer.step()
    assert p.grad == 2.0
    optimizer.zero_grad()
    assert p.grad == 0.0


def test_two_optimisers_on_one_parameter_keep_their_own_memory():
    def path(others):
        p = Value(1.0)
        optimizer = SGD([p], lr=0.1, momentum=0.9)
        bystanders = [Adam([p], lr=0.0) for _ in range(others)]
        for _ in range(4):
            p.grad = 2.0
            for one in [optimizer, *bystanders]:
                one.step()
        return p.data

    assert path(others=1) == path(others=0)


def test_a_parameter_listed_twice_moves_once():
    p = Value(1.0)
    p.grad = 1.0
    SGD([p, p], lr=0.5).step()
    assert p.data == 0.5


@settings
def test_a_saved_state_goes_on_as_if_nothing_had_happened(kind, arguments):
    def run(saved_after):
        rng = random.Random(5)
        params = [Value(1.0), Value(-2.0)]
        optimizer = KINDS[kind](params, **({"lr": 0.1} | arguments))
        for step in range(8):
            if step == saved_after:
                text = json.dumps(optimizer.state_dict())
                optimizer = KINDS[kind](params, **({"lr": 0.9} | arguments))
                optimizer.load_state_dict(json.loads(text))
            give_grads(params, rng)
            optimizer.step()
        return [p.data for p in params]

    assert run(saved_after=3) == run(saved_after=None)


def test_a_state_that_does_not_fit_is_refused_and_changes_nothing():
    p = Value(1.0)
    optimizer = Adam([p])
    good = optimizer.state_dict()
    for bad, error in [
        (SGD([p], lr=0.1).state_dict(), ValueError),
        (AdamW([p]).state_dict(), ValueError),
        (Adam([p, Value(2.0)]).state_dict(), ValueError),
        ({}, ValueError),
        (good | {"state": {"m": [1.0], "v": ["2"]}}, TypeError),
        (good | {"steps": 2.5}, TypeError),
        (good | {"steps": -1}, ValueError),
        (good | {"lr": math.nan}, ValueError),
    ]:
        with pytest.raises(error):
            optimizer.load_state_dict(bad)
        assert optimizer.state_dict() == good


def test_a_step_that_fails_moves_nothing():
    params = [Value(1.0), Value(1.0)]
    params[0].grad, params[1].grad = 1.0, "oops"
    with pytest.raises(TypeError):
        SGD(params, lr=0.1).step()
    assert params[0].data == 1.0


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda w: SGD([w], lr=-0.1), ValueError),
        (lambda w: SGD([w], lr=math.nan), ValueError),
        (lambda w: SGD([w], lr=math.inf), ValueError),
        (lambda w: SGD([w], lr="0.1"), TypeError),
        (lambda w: SGD([w], lr=None), TypeError),
        (lambda w: SGD([w], lr=0.1, momentum=-0.9), ValueError),
        (lambda w: SGD([w], lr=0.1, nesterov=True), ValueError),
        (lambda w: SGD([w], lr=0.1, weight_decay=-1.0), ValueError),
        (lambda w: SGD([], lr=0.1), ValueError),
        (lambda w: SGD(w, lr=0.1), TypeError),
        (lambda w: SGD([1.0], lr=0.1), TypeError),
        (lambda w: SGD([("w", w)], lr=0.1), TypeError),
        (lambda w: SGD([w * 2.0], lr=0.1), ValueError),
        (lambda w: Adam([w], lr=-0.1), ValueError),
        (lambda w: Adam([w], betas=(0.9, 1.0)), ValueError),
        (lambda w: Adam([w], betas=(-0.1, 0.9)), ValueError),
        (lambda w: Adam([w], betas=0.9), TypeError),
        (lambda w: Adam([w], eps=0.0), ValueError),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(build, error):
    with pytest.raises(error):
        build(Value(1.0))


def test_a_learning_rate_set_later_is_checked_at_the_step():
    optimizer = SGD([Value(1.0)], lr=0.1)
    optimizer.lr = math.nan
    with pytest.raises(ValueError, match="lr must be a finite number"):
        optimizer.step()


def test_lr_may_be_a_schedule_of_the_steps():
    # With a gradient of 1 all the time, each step is as long as its learning rate.
    p, path = Value(0.0), []
    optimizer = SGD([p], lr=lambda step: 1.0 / 2**step)
    for _ in range(4):
        p.grad = 1.0
        optimizer.step()
        path.append(-p.data)
    assert path == [1.0, 1.5, 1.75, 1.875]
    optimizer.lr = 0.125
    optimizer.step()
    assert p.data == -2.0


@pytest.mark.parametrize("lr", [lambda step: -1.0, lambda step: "fast", lambda step: None])
def test_a_schedule_is_asked_at_once_what_it_says(lr):
    with pytest.raises((ValueError, TypeError), match="lr"):
        Adam([Value(1.0)], lr=lr)


def test_a_schedule_stays_when_a_saved_state_is_loaded():
    def run(saved_after):
        p = Value(1.0)
        optimizer = Adam([p], lr=cosine_schedule(0.1, 8))
        for step in range(8):
            if step == saved_after:
                saved = json.loads(json.dumps(optimizer.state_dict()))
                optimizer = Adam([p], lr=cosine_schedule(0.1, 8))
                optimizer.load_state_dict(saved)
            p.grad = p.data
            optimizer.step()
        return p.data

    assert run(saved_after=3) == run(saved_after=None)


@settings
def test_the_arguments_of_an_optimiser_build_it_again(kind, arguments):
    optimizer = KINDS[kind]([Value(1.0)], **({"lr": 0.1} | arguments))
    twin = KINDS[kind]([Value(1.0)], lr=optimizer.lr, **optimizer.arguments())
    assert (twin.rule, twin.constants, twin.weight_decay) == (
        optimizer.rule,
        optimizer.constants,
        optimizer.weight_decay,
    )


def test_momentum_is_a_sum_of_old_slopes():
    # velocity after n steps of slope 1 is 1 + 0.5 + 0.25 + ... -> 2
    p, velocity = 0.0, 0.0
    for _ in range(60):
        p, velocity = momentum_rule(p, 1.0, velocity, lr=0.1, momentum=0.5)
    assert velocity == pytest.approx(2.0)


def test_clipping_keeps_the_direction_and_limits_the_length():
    a, b = Value(0.0), Value(0.0)
    a.grad, b.grad = 3.0, 4.0
    assert clip_gradient([a, b], 1.0) == 5.0
    assert [a.grad, b.grad] == pytest.approx([0.6, 0.8])
    assert clip_gradient([a, b], 2.0) == pytest.approx(1.0)
    assert [a.grad, b.grad] == pytest.approx([0.6, 0.8])
