"""A Value among Python's numbers: what it takes for one, and how it compares, prints and copies.

None of it is needed to understand how gradients come about.  The engine makes Values
out of Numbers: it adds the operations, the graph and backward().
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, SupportsFloat, TypeVar

from micronn.support.text import clipped

N = TypeVar("N", bound="Number")


class Number:
    """What a Value shares with other Python objects.  The engine says what its fields mean."""

    __slots__ = ()

    data: float
    grad: float
    op: str
    operands: tuple[Any, ...]
    local_grads: tuple[float, ...]
    label: str
    was: float  # set on leaves alone

    # Text and truth

    def __repr__(self) -> str:
        label = f", label={clipped(self.label)!r}" if self.label else ""
        return f"Value(data={self.data!r}, grad={self.grad!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    def __bool__(self) -> bool:
        return self.data != 0.0

    # No conversion in passing: math.sin(v) would give a number without a gradient, in silence

    def lost(self, *_: Any) -> NoReturn:
        """Refuse to become a plain number, whoever asks."""
        raise TypeError(
            f"{shown(self)} is a Value, and a plain number would lose its gradient; "
            "use v.data for the number, int(v.data) for an index, "
            "and v.sin() instead of math.sin(v) to record it"
        )

    __float__ = __int__ = __index__ = __round__ = __trunc__ = __floor__ = __ceil__ = lost

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: Any) -> Any:
        """What NumPy asks before it computes: its numbers are welcome, its arrays are not."""
        name = ufunc.__name__
        if name in ("equal", "not_equal"):
            return name == "not_equal"
        if name not in NUMPY_OPERATORS or method != "__call__":
            raise TypeError(
                f"NumPy's {name} would lose the gradient of {shown(self)}; use v.data for the "
                f"number, and an operation of Values, such as v.sin(), to record it"
            )
        numbers = [x if isinstance(x, Number) else as_float(x) for x in inputs]
        return NUMPY_OPERATORS[name](*numbers)

    # Order, by the number; == stays identity, so that a Value can be a key of a dict

    def __lt__(self, other: Number | float) -> bool:
        return self.data < number_of(other)

    def __le__(self, other: Number | float) -> bool:
        return self.data <= number_of(other)

    def __gt__(self, other: Number | float) -> bool:
        return self.data > number_of(other)

    def __ge__(self, other: Number | float) -> bool:
        return self.data >= number_of(other)

    @property
    def _prev(self) -> tuple[Any, ...]:
        """micrograd's name for the operands."""
        return self.operands

    @property
    def _op(self) -> str:
        """micrograd's name for the operation; "" for anything not computed."""
        return self.op if self.operands else ""

    def _backward(self) -> None:
        """micrograd's name for one step of backward(): the chain rule, from here to the operands.

        Called by hand from the output on, once for each Value and after all that read it:
        o.grad = 1.0; o._backward(); n._backward(); ...
        """
        for operand, local_grad in zip(self.operands, self.local_grads, strict=True):
            operand.grad += message(self.op, local_grad, self.grad)

    def __copy__(self: N) -> N:
        return restored(type(self), *fields(self), own=own(self))


NUMPY_OPERATORS = {  # by NumPy's names
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "power": operator.pow, "less": operator.lt,
    "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
}  # fmt: skip


# The chain rule

LEAVE_OUT = {"relu", "maximum", "minimum", "gate", "**0", "**-0"}


def message(op: str, local_grad: float, upstream: float) -> float:
    """What an operation sends back to an operand: its local derivative times its own grad.

    relu, maximum, minimum, gate and **0 leave an operand out where their slope is 0: it does not
    change the result, so it gets 0, also where the grad is inf or nan.  As in PyTorch, that
    is not so of a slope that only happens to be 0, such as that of x * 0: 0 * inf is nan.
    """
    return passed(upstream, local_grad) if op in LEAVE_OUT else local_grad * upstream


def passed(upstream: float, local_grad: float) -> float:
    """What is left of a grad behind an operation that leaves operands out."""
    return local_grad * upstream if local_grad else 0.0


# What is a number


def as_float(x: SupportsFloat) -> float:
    """A number of any kind as a float; nothing but a number passes."""
    if type(x) is float:
        return x
    if type(x) is int:
        return float(x)
    kind = getattr(getattr(x, "dtype", None), "kind", "f")  # NumPy: bool, int, unsigned, float
    shape = getattr(x, "shape", ())
    is_number = hasattr(x, "__float__") and kind in "biuf" and shape == ()
    if isinstance(x, (str, bytes, complex, Number, type)) or not is_number:
        what, advice = f"{clipped(repr(x))} ({type(x).__name__})", "pass a float or an int"
        if isinstance(x, Number):
            advice = "pass its .data"
        elif shape:
            what = f"an array of shape {shape}"
            advice = "take its numbers one by one, [x * v for x in array], or array.item() of one"
        raise TypeError(f"a Value holds one real number, got {what}; {advice}")
    number = float(x)
    if math.isinf(number) and x != number:  # a Decimal, or a NumPy longdouble
        raise OverflowError(f"{clipped(repr(x))} is beyond the largest float, 1.8e308; scale it")
    return number


def of_floats(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands, after the data of those that are Values became floats, whatever it was."""
    for operand in operands:
        if type(operand) is not float:
            operand.data = as_float(operand.data)
    return operands


def repeated(op: str, operands: tuple[N, ...]) -> N:
    """An operation once more, on floats; NumPy's numbers have rules of their own."""
    kind, _, number = op.partition(" ")
    function: Callable[..., N] = OPERATORS.get(kind) or getattr(type(operands[0]), kind)
    return function(*of_floats(operands), *map(float, number.split()))


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "neg": operator.neg, "abs": abs,
}  # fmt: skip


def number_of(x: Number | SupportsFloat) -> float:
    """The number that a Value holds, or that x is."""
    return x.data if isinstance(x, Number) else as_float(x)


def shown(x: Number | float) -> str:
    """A Value as a message names it: x = -1.0, or only the number if it has no label."""
    label = clipped(x.label) if isinstance(x, Number) else ""
    return f"{label} = {number_of(x)!r}" if label else repr(number_of(x))


# Copies of a graph, from its Values in topological order: no recursion, so any depth

FIELDS = tuple(Number.__annotations__)
fields_of_all = operator.attrgetter(*FIELDS[:-1])


def fields(value: Number) -> tuple[Any, ...]:
    """What a Value holds, in the order of FIELDS."""
    return *fields_of_all(value), getattr(value, "was", value.data)


def own(value: Number) -> dict[str, Any]:
    """What a subclass of Value keeps besides, by name: class Node(Value): pass, node.m = 0.0."""
    if type(value).__base__ is Number:
        return {}
    state: Any = object.__getstate__(value)  # its __dict__, and all that is in __slots__
    slots = {name: x for name, x in state[1].items() if name not in FIELDS}
    return {**(state[0] or {}), **slots}


def restored(kind: type[N], *held: Any, own: Mapping[str, Any] | None = None) -> N:
    """A Value that holds these FIELDS, and what a subclass keeps besides."""
    value = object.__new__(kind)
    for name, field in [*zip(FIELDS, held, strict=True), *(own or {}).items()]:
        setattr(value, name, field)
    return value


def deep_copied(order: Sequence[N], memo: dict[int, Any]) -> N:
    """The last Value of a graph, copied with all the others; memo keeps each copy by id."""
    for node in order:
        if id(node) not in memo:
            data, grad, op, operands, *rest = fields(node)
            twins = tuple([memo[id(operand)] for operand in operands])
            twin = memo[id(node)] = restored(type(node), data, grad, op, twins, *rest)
            for name, x in own(node).items():
                setattr(twin, name, copy.deepcopy(x, memo))
    copied: N = memo[id(order[-1])]
    return copied


def pickled(order: Sequence[Number]) -> tuple[Any, ...]:
    """For pickle: a leaf as it is, a computed Value with its graph as flat rows.

    Leaves pickled together stay shared.  Two computed Values pickled together
    come back with a graph each.
    """
    root = order[-1]
    if not root.operands:
        return restored, (type(root), *fields(root)), (None, own(root))  # set one by one
    index = {node: k for k, node in enumerate(order)}
    rows: list[Number | tuple[Any, ...]] = []
    for node in order:
        data, grad, op, operands, *rest = fields(node)
        places = [index[operand] for operand in operands]
        row = type(node), own(node), data, grad, op, places, *rest
        rows.append(row if operands else node)
    return from_rows, (rows,)


def from_rows(rows: Sequence[N | tuple[Any, ...]]) -> N:
    """The last Value of a graph written as rows: leaves, and fields with operands by index."""
    nodes: list[N] = []
    for row in rows:
        if isinstance(row, tuple):
            kind, besides, data, grad, op, places, *rest = row
            operands = tuple([nodes[k] for k in places])
            row = restored(kind, data, grad, op, operands, *rest, own=besides)
        nodes.append(row)
    return nodes[-1]


# Ctrl-C in the middle of backward()


class KeptLeaves(NamedTuple):
    """with KeptLeaves(order, held): if the block fails, every leaf has the grad it held before.

    order: the computed Values of a graph, whose grads are 0 then.
    """

    order: Sequence[Any]
    held: Mapping[Any, float]

    def __enter__(self) -> None:
        pass

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        cleared: list[Any] = []
        if failure is not None:  # KeyboardInterrupt, most likely
            for node in self.order:
                for touched in (node, *node.operands):
                    cleared += [touched] if touched.grad is None else []
                    touched.grad = self.held.get(touched, 0.0)
        if cleared and failure is TypeError:
            which = f"the grad of {shown(cleared[0])} was set to None"
            raise TypeError(f"{which}; to clear it, set it to 0.0") from None
