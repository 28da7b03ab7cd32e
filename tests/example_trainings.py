"""What the tests of training share: small nets, losses of one's own, and the engines."""

import random

import pytest

from micronn.compiler.build import NoMachine
from micronn.compiler.program import compile_graph
from micronn.engine import Value, mean
from micronn.nn import MLP


def seeded(seed=7):
    return random.Random(seed)


def net(nin=2, nouts=(6, 1), activation="tanh"):
    return MLP(nin, nouts, activation=activation, rng=seeded())


def parameters(model):
    return [p.data for p in model.parameters()]


def has_machine():
    try:
        compile_graph(Value(1.0) * 2.0, [], backend="machine")
    except NoMachine:
        return False
    return True


MACHINE = pytest.param(
    "machine",
    marks=pytest.mark.skipif(not has_machine(), reason="no C compiler and no WebAssembly"),
)
PROGRAMS = ["python", MACHINE]
ENGINES = ["graph", *PROGRAMS]


def squared(output, target):
    return (output - target) ** 2


def fourth_powers(output, target):
    return mean([(a - b) ** 4 for a, b in zip(output, target, strict=True)])
