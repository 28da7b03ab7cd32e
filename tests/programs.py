"""What the tests of the compiler share: graphs of every operation, and both backends."""

import math
import random

import pytest
from operations import OPERATIONS

from micronn.compiler import NoMachine, compile_graph
from micronn.compiler.machine import LIBRARIES, library
from micronn.engine import Value, dot, logsumexp, maximum, mean, total
from micronn.nn import MLP


def kind_of_machine(kind):
    """The kind as a parameter of tests, which are skipped where there is no such machine."""
    try:
        library(kind, "float64")
        return kind
    except NoMachine as problem:
        return pytest.param(kind, marks=pytest.mark.skip(str(problem)))


MACHINES = [kind_of_machine(kind) for kind in LIBRARIES]
BACKENDS = ["python", *MACHINES]
each_backend = pytest.mark.parametrize("backend", BACKENDS)
each_machine = pytest.mark.parametrize("kind", MACHINES)
has_native = isinstance(MACHINES[0], str)
native_only = pytest.mark.skipif(not has_native, reason="no C compiler")
machine_only = pytest.mark.skipif(
    not any(isinstance(kind, str) for kind in MACHINES), reason="no C compiler and no WebAssembly"
)


def long_dot(x, y, other=None):
    """33 multiples of x, each times its own multiple of y: rows too long to write term by term."""
    left = [x * (1.0 + 0.1 * k) for k in range(33)]
    right = [y * (2.0 - 0.1 * k) for k in range(33)] if other is None else other(left)
    return dot(left, right)


def with_and_without(weighted, bias):
    """A weighted sum that is read twice, so that no layer may do it in one with its bias."""
    return (weighted + bias) * weighted


def fan(learned, value):
    """One Value times each of some parameters and constants: scalars that lie side by side."""
    return total([dot([weight], [value]) for weight in [*learned, 3.0, 4.0]])


def of_operation(case):
    """An operation of inputs and parameters, one of them used once more beside it; x > 0."""

    def recipe(x, y, w, u):
        first = x * w * w if case.positive else y * w
        return case.build(*[first, x, u, y * u][: case.takes]) * w + y

    return recipe


# Graphs of two inputs x, y and two parameters w, u; x > 0: every operation, and more.
GRAPHS = {name: of_operation(case) for name, case in OPERATIONS.items()} | {
    "+ of leaves": lambda x, y, w, u: x + w,
    "- of a constant": lambda x, y, w, u: 2.0 - x - w,
    "* of one leaf twice": lambda x, y, w, u: x * w * x,
    "/ both ways": lambda x, y, w, u: w / x + x / u,
    "sum of one leaf twice": lambda x, y, w, u: total([x, w, x, y * u]),
    "mean of one leaf twice": lambda x, y, w, u: mean([x, w, x, y * u]),
    "logsumexp of three": lambda x, y, w, u: logsumexp([x, w, y * u]),
    "maximum of equals": lambda x, y, w, u: maximum(y * w, w * y),
    "2**": lambda x, y, w, u: 2.0 ** (y * w),
    "dot": lambda x, y, w, u: dot([w, u], [x, y]),
    "dot, sides changed": lambda x, y, w, u: dot([x, y], [w, u]) + u,
    "dot of inputs": lambda x, y, w, u: dot([x, y * w], [y, x]),
    "dot of weights in another order": lambda x, y, w, u: dot([u, w], [x, y]),
    "dot of weights with themselves": lambda x, y, w, u: dot([w, u], [w, u]) * x,
    "long dot of computed rows": lambda x, y, w, u: long_dot(x * w, y + u),
    "long dot of one row twice": lambda x, y, w, u: long_dot(x * w, y, list),
    "long dot of a row and its reverse": lambda x, y, w, u: long_dot(
        y * u, x, lambda row: row[::-1]
    ),
    "weighted_sum": lambda x, y, w, u: dot([3.0, -4.0], [w * x, u * y]),
    "a neuron with a constant for bias": lambda x, y, w, u: (dot([w, u], [x, y]) + 0.5).tanh(),
    "one sum with its bias and without": lambda x, y, w, u: with_and_without(dot([w], [y]), u),
    "a neuron with two biases": lambda x, y, w, u: u + (dot([w, u], [x, y]) + w),
    "a neuron with two constants for biases": lambda x, y, w, u: (dot([w], [x]) + 0.5) + 3.0,
    "plain weights with two biases": lambda x, y, w, u: (dot([3.0, -4.0], [x, y]) + w) + 0.25,
    "learned and fixed weights of one Value": lambda x, y, w, u: fan([w, u], y.tanh()),
    "learned and fixed biases": lambda x, y, w, u: (dot([w], [y]) + u) * (dot([u], [y]) + 5.0),
    "an input alone": lambda x, y, w, u: x,
    "a parameter alone": lambda x, y, w, u: w,
    "a constant alone": lambda x, y, w, u: Value(7.0),
    "one Value everywhere": lambda x, y, w, u: x * x + x / x - dot([x, x], [x, w]),
}
ROWS = [[0.5 + 0.07 * k, math.sin(k)] for k in range(275)]  # two full blocks and a rest


def by_graph(recipe, row, weights):
    """Value, gradients of inputs, gradients of parameters: the graph built for these numbers."""
    x = [Value(number) for number in row]
    w = [Value(number) for number in weights]
    root = recipe(*x, *w)
    root.backward()
    return root.data, [v.grad for v in x], [v.grad for v in w]


def program_of(recipe, backend, weights=(0.8, -1.1), **options):
    """The program recorded at other inputs than those it will get, and its parameters."""
    x, w = [Value(1.3), Value(0.4)], [Value(number) for number in weights]
    return compile_graph(recipe(*x, *w), x, w, backend=backend, **options), w


def close(numbers, relative=1e-12):
    return pytest.approx(list(numbers), rel=relative, abs=1e-15)


def task():
    """A small net, the leaves of one example, its loss, and 75 examples."""
    rng = random.Random(5)
    model = MLP(2, [6, 6, 1], "tanh", rng=rng)
    x = [Value(0.3), Value(0.2), Value(1.0)]
    rows = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(75)]
    rows = [[a, b, 1.0 if a * b > 0 else -1.0] for a, b in rows]
    return model, (model(x[:2]) - x[2]) ** 2, x, rows
