"""exp, tanh and sigmoid are computed by the machine itself, and keep their digits."""

import math
import random
from array import array

import pytest
from programs import each_machine

from micronn.compiler import compile_graph
from micronn.engine import Value


def logistic(x):
    """1 / (1 + e**-x) without a power that overflows."""
    power = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else power) / (1.0 + power)


# What Python's math gives, which is off by at most two units in the last digit
OPERATIONS = {
    "exp": (Value.exp, math.exp),
    "tanh": (Value.tanh, math.tanh),
    "sigmoid": (Value.sigmoid, logistic),
}
SPECIAL = [
    0.0, -0.0, 5e-324, -5e-324, 1e-310, -1e-20, 709.78, -708.4, -745.13, -745.14, -746.0, -1e308,
    math.log(2) / 2, -math.log(2) / 2, 22.0, -22.1, -math.inf, math.nan,
]  # fmt: skip


def numbers():
    """Numbers of all sizes below 709, where the power is the largest float."""
    rng = random.Random(1)
    usual = [rng.uniform(-3.0, 3.0) for _ in range(1500)]
    large = [rng.uniform(-750.0, 709.0) for _ in range(1000)]
    small = [rng.choice([-1.0, 1.0]) * 10.0 ** rng.uniform(-320, 2) for _ in range(500)]
    return [*SPECIAL, *usual, *large, *small]


@each_machine
@pytest.mark.parametrize("name", OPERATIONS)
def test_powers_of_e_keep_their_digits_whatever_the_size_of_the_number(name, kind):
    operation, reference = OPERATIONS[name]
    x, given = Value(0.5), numbers()
    found = compile_graph(operation(x), [x], backend=kind).values([[number] for number in given])
    for number, mine in zip(given, found, strict=True):
        expected = reference(number)
        if math.isnan(expected):
            assert math.isnan(mine)
        else:
            assert abs(mine - expected) <= 4 * math.ulp(expected), number
            assert math.copysign(1.0, mine) == math.copysign(1.0, expected), number


@each_machine
@pytest.mark.parametrize("name", OPERATIONS)
def test_in_floats_they_keep_the_digits_that_a_float_has(name, kind):
    operation, reference = OPERATIONS[name]
    x, given = Value(0.5), array("f", [number for number in numbers() if abs(number) < 80.0])
    program = compile_graph(operation(x), [x], backend=kind, dtype="float32")
    found = program.values([[number] for number in given])
    expected = [reference(number) for number in given]
    assert found == pytest.approx(expected, rel=2.5e-7, abs=1e-44)  # two units of 2**-23


@each_machine
@pytest.mark.parametrize("count", [1, 7, 8, 33])
def test_a_number_gives_the_same_in_every_lane(count, kind):
    x = Value(0.5)
    program = compile_graph((x.exp().tanh() * 0.1).sigmoid(), [x], backend=kind)
    assert {*program.values([[0.7]] * count)} == {*program.values([[0.7]])}
