"""Training a program takes the steps that the graph would take, in both backends."""

import inspect
import itertools
import linecache
import math
import sys

import pytest
from programs import each_backend, each_machine, machine_only, task

from micronn import optim
from micronn.compiler import compile_graph, machine, training
from micronn.compiler.machine import Trainer
from micronn.engine import DomainError, Value, computed, mean
from micronn.optim import SGD, Adam, AdamW, Optimizer

TRACED = [inspect.getsourcefile(module) for module in (machine, training, optim)]
OPTIMIZERS = {
    "sgd": lambda params: SGD(params, lr=0.1),
    "weight decay": lambda params: SGD(params, lr=0.1, weight_decay=0.01),
    "momentum": lambda params: SGD(params, lr=0.05, momentum=0.9),
    "nesterov": lambda params: SGD(
        params, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.001
    ),
    "adam": lambda params: Adam(params, lr=0.01),
    "adamw": lambda params: AdamW(params, lr=0.01),
}


@each_backend
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_takes_the_steps_that_the_graph_takes(name, backend):
    model, loss, x, rows = task()
    params = model.parameters()
    program, start = compile_graph(loss, x, params, backend), [p.data for p in params]
    for p in params:
        p.grad = 3.0
    optimizer = OPTIMIZERS[name](params)
    losses = list(program.train(rows, optimizer, epochs=4, batch_size=32))
    got, state = [p.data for p in params], optimizer.state_dict()
    assert {p.grad for p in params} == {3.0}

    for p, number in zip(params, start, strict=True):
        p.data = number
    reference, expected = OPTIMIZERS[name](params), []
    for _ in range(4):
        whole = 0.0
        for first in (0, 32, 64):
            batch = rows[first : first + 32]
            model.zero_grad()
            batch_loss = mean([(model(row[:2]) - row[2]) ** 2 for row in batch])
            batch_loss.backward()
            reference.step()
            whole += batch_loss.data * len(batch)
        expected.append(whole / len(rows))
    assert losses == pytest.approx(expected, rel=1e-9)
    assert got == pytest.approx([p.data for p in params], rel=1e-9)
    assert state["steps"] == reference.steps == 12
    for column, numbers in reference.state.items():
        assert state["state"][column] == pytest.approx(numbers, rel=1e-9, abs=1e-14)


# Rules that machine.c does in one pass


@each_machine
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_in_one_pass_takes_the_steps_of_its_tape_to_the_bit(name, dtype, kind, monkeypatch):
    found = []
    for _ in ("in one pass", "by its tape"):
        model, loss, x, rows = task()
        program = compile_graph(loss, x, model.parameters(), kind, dtype)
        optimizer = OPTIMIZERS[name](model.parameters())
        known = training.known_rule(optimizer)
        losses = list(program.train(rows, optimizer, epochs=3, batch_size=32))
        found.append((losses, [p.data for p in model.parameters()], optimizer.state_dict()))
        assert (known is None) == (name == "nesterov" or len(found) == 2)
        monkeypatch.setattr(training, "known_rule", lambda optimizer: None)
    assert found[0] == found[1]


@each_machine
def test_adam_in_one_pass_refuses_what_floats_are_too_small_for(kind):
    # Without a gradient the step is 0 / (0 + eps), and 1e-50 is 0 in float32.
    x, w = Value(1.0), Value(1.0)
    program = compile_graph(w * x, [x], [w], kind, "float32")
    optimizer = Adam([w], lr=0.5, eps=1e-50)
    assert training.known_rule(optimizer)
    list(program.train([[0.0]], optimizer, 1))
    assert (w.data, optimizer.steps) == (1.0, 1)


class HalfDecay(SGD):
    def decayed(self, p, g, lr):
        return p * 0.5, g


class Slower(Adam):
    def step_arguments(self):
        return {"correction1": 1.0, "correction2": 1.0, "lr": 0.001}


@each_backend
@pytest.mark.parametrize("kind", [HalfDecay, Slower])
def test_a_rule_of_which_a_part_is_overridden_is_the_one_that_is_taken(kind, backend):
    x, w = Value(1.0), Value(4.0)
    program, optimizer = compile_graph(w * x, [x], [w], backend), kind([w], lr=0.25)
    assert training.known_rule(optimizer) is None
    list(program.train([[1.0]], optimizer, 1))
    # 4 / 2 - 0.25 * 1; and m = 0.1, v = 0.001 uncorrected: 4 - 0.001 * 0.1 / sqrt(0.001)
    assert w.data == pytest.approx(1.75 if kind is HalfDecay else 4.0 - 1e-4 / math.sqrt(1e-3))


@each_machine
def test_the_losses_do_not_depend_on_how_quick_the_machine_is(kind, monkeypatch):
    def losses():
        model, loss, x, rows = task()
        program = compile_graph(loss, x, model.parameters(), kind)
        return list(program.train(rows, SGD(model.parameters(), 0.1), epochs=5, batch_size=3))

    quick = losses()
    monkeypatch.setattr(training, "PATIENCE", 1e-9)  # one batch, then look for Ctrl-C
    assert losses() == quick


@each_backend
def test_the_slope_of_a_power_is_finite_where_the_power_below_it_is_not(backend):
    # d(w**0.005)/dw = 0.005 * w**-0.995, and 1e-310**-0.995 alone is beyond any float.
    # By mpmath: 0.005 * 10**(310 * 0.995 - 310) * 1e310 = 1.409e306
    x, w = Value(1.0), Value(1e-310)
    program = compile_graph(w**0.005 * x, [x], [w], backend)
    list(program.train([[1.0]], SGD([w], lr=1e-306), 1))
    assert w.data == pytest.approx(-1.40919, rel=1e-5)


@each_backend
def test_what_is_changed_between_epochs_counts_from_the_next_on(backend):
    x, w = Value(1.0), Value(10.0)
    program, optimizer = compile_graph(w * x, [x], [w], backend), SGD([w], lr=1.0)
    seen = []
    for _ in program.train([[1.0]], optimizer, 3):
        seen.append(w.data)
        w.data, optimizer.lr = 100.0, 2.0
    assert seen == [9.0, 98.0, 98.0]


@each_backend
def test_parameters_may_come_to_the_optimizer_in_another_order(backend):
    x, w, u = Value(1.0), Value(1.0), Value(1.0)
    program = compile_graph(w * x + u * x * 3.0, [x], [w, u], backend)
    optimizer = SGD([u, w], lr=0.1, momentum=0.5)
    list(program.train([[1.0]], optimizer, 1))
    assert [w.data, u.data] == pytest.approx([0.9, 0.7])
    assert optimizer.state["velocity"] == [3.0, 1.0]


@each_backend
def test_training_stops_with_the_graphs_error_at_the_last_good_step(backend):
    x, w = Value(1.0, "x"), Value(1.0, "w")
    program, optimizer = compile_graph(w * x.log(), [x], [w], backend), SGD([w], lr=1.0)
    rows = [[math.e]] * 3 + [[-1.0]] + [[math.e]]
    with pytest.raises(DomainError, match="x = -1.0"):
        list(program.train(rows, optimizer, 1, batch_size=1))
    assert w.data == pytest.approx(-2.0)
    assert optimizer.steps == 3
    assert w.grad == 0.0


def halving_rule(p, g, lr):
    """A rule with an operation of its own, which no compiler knows."""
    if not isinstance(p, Value):
        return [p - lr * g / 2.0]
    return [p - computed(lr.data * g.data / 2.0, "half", (lr, g), (g.data / 2.0, lr.data / 2.0))]


@machine_only
def test_a_rule_that_the_machine_does_not_know_steps_in_python_and_says_so():
    x, w = Value(1.0), Value(1.0)
    program = compile_graph(w * x, [x], [w])
    with pytest.warns(RuntimeWarning, match="steps are taken in Python.*no 'half'") as warned:
        epochs = program.train([[1.0], [3.0]], Optimizer([w], 0.5, halving_rule, []), 1)
    assert list(epochs) == [2.0]
    assert (w.data, w.grad, len(warned)) == (0.5, 0.0, 1)


@machine_only
def test_ctrl_c_leaves_parameters_and_optimizer_at_the_same_step(monkeypatch):
    model, loss, x, rows = task()
    params = model.parameters()
    program, optimizer = compile_graph(loss, x, params, "machine"), Adam(params)
    train, calls = Trainer.train, []

    def interrupted(self, first, last, *arguments):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(last - first)
        return train(self, first, last, *arguments)

    monkeypatch.setattr(training, "PATIENCE", 1e-9)  # so that every batch is a call of its own

    monkeypatch.setattr(Trainer, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(program.train(rows, optimizer, 10, batch_size=5))
    assert optimizer.steps == sum(calls) == 2
    monkeypatch.undo()
    stopped = [p.data for p in params]
    model, loss, x, rows = task()
    program, optimizer = (
        compile_graph(loss, x, model.parameters(), "machine"),
        Adam(model.parameters()),
    )
    list(program.train(rows[:10], optimizer, 1, batch_size=5))
    assert stopped == [p.data for p in params]


def interrupted(at, use):
    """Press Ctrl-C at the so-manieth line of a training that use() comes to; whether it came.

    Never at a `try:`, as Python looks for Ctrl-C only in calls and when a loop goes round.
    """
    lines = 0

    def trace(frame, event, _):
        nonlocal lines
        if frame.f_code.co_filename not in TRACED:
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        lines += event in ("call", "line") and line != "try:"
        if lines == at:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        use()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@each_backend
def test_ctrl_c_at_any_line_leaves_what_belongs_to_one_step(backend):
    # One of the batches is done by the graph: its value is infinite, its gradient is not.
    x, y, w, b = (Value(1.0) for _ in range(4))
    program = compile_graph((w * x + b) ** 2 + y, [x, y], [w, b], backend)
    rows = [[1.0, 0.0], [-2.0, 0.0], [0.5, math.inf], [3.0, 0.0]]
    # Where Adam is after so many steps: by the graph, step by step
    optimizer, after = Adam([b, w], lr=0.1), []
    for row in [*rows, rows[0]]:
        after.append([w.data, b.data, *itertools.chain(*optimizer.memory)])
        optimizer.zero_grad()
        ((w * row[0] + b) ** 2).backward()
        optimizer.step()
    list(program.train(rows, Adam([b, w]), 1))  # what is written or kept once, now
    for at in itertools.count(1):
        w.data, b.data, w.grad, b.grad = 1.0, 1.0, 7.0, 7.0
        optimizer = Adam([b, w], lr=0.1)
        came = interrupted(at, lambda o=optimizer: list(program.train(rows, o, 1, batch_size=1)))
        found = [w.data, b.data, *itertools.chain(*optimizer.memory)]
        assert found == pytest.approx(after[optimizer.steps], rel=1e-12), at
        assert (w.grad, b.grad) == (7.0, 7.0)
        if not came:
            break
    assert at > 100
    assert optimizer.steps == 4


@each_backend
def test_train_refuses_what_it_cannot_do_before_the_first_epoch(backend):
    x, w = Value(1.0), Value(1.0)
    program, optimizer = compile_graph(x * w, [x], [w], backend), SGD([w], 0.1)
    for arguments in (
        ([], optimizer, 1), ([[1.0]], SGD([Value(1.0)], 0.1), 1), ([[1.0]], None, 1),
        ([[1.0]], optimizer, -1), ([[1.0]], optimizer, 1.5), ([[1.0]], optimizer, 1, 0),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            program.train(*arguments)
