"""The gradient as a graph: a slope that is made of Values has slopes itself.

backward() multiplies local derivatives, which are numbers, and the result is a number.  Here
the same walk multiplies Values.  The rules are the texts by which operations.py tells the
compiler how a gradient grows; for "tanh" that is  {d} * (1.0 - {v} * {v}).  Read with Values
in place of numbers, they record what they compute.

    >>> x = Value(2.0, "x")
    >>> y = x**3
    >>> slope = grad(y, x)  # 3x²
    >>> slope.data, grad(slope, x).data, grad(grad(slope, x), x).data
    (12.0, 12.0, 6.0)
"""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeAlias, overload

from micronn.engine import Value, as_value, dot, topological_order, total
from micronn.graph.custom import custom_operation
from micronn.graph.moment import changed_since
from micronn.graph.operations import kind_and_number, operation, partner
from micronn.graph.slopes import gate, gelu_slope
from micronn.support.arguments import listed
from micronn.support.collector import collector_paused
from micronn.support.number import LEAVE_OUT, number_of, shown
from micronn.support.text import clipped

Part: TypeAlias = Value | float  # a float is a constant: it is the same for all inputs


@overload
def grad(y: Value, x: Value) -> Value: ...
@overload
def grad(y: Value, x: Iterable[Value]) -> list[Value]: ...
@collector_paused()
def grad(y: Value, x: Value | Iterable[Value]) -> Value | list[Value]:
    """dy/dx as a Value, recorded like any other: draw it, compile it, differentiate it again.

    y: what is differentiated, one Value.
    x: by what: a Value, or several; leaves, or computed Values on the way to y.

    Returns a Value for one x, and a list for several, with the numbers that y.backward() would
    add to their grads, which stay as they are.  Where y does not depend on an x it is a
    constant 0, as in JAX; PyTorch refuses that.  Where a slope is a number that the engine
    refuses to compute, such as that of sqrt at 0, it is an operation "edge_slope" that
    holds it; compile_graph() refuses that one.

    Raises TypeError for what is no Value, ValueError if a leaf has changed since y was computed,
    and NotImplementedError for an operation of your own, of which only numbers are known.

    PyTorch's name for it is torch.autograd.grad with create_graph=True.

    >>> w, b = Value(3.0, "w"), Value(1.0, "b")
    >>> grad(w * w + 2.0 * b, [w, b])
    [Value(data=6.0, grad=0.0, label='d/dw'), Value(data=2.0, grad=0.0, label='d/db')]
    """
    xs = listed(x, "what to differentiate by") if isinstance(x, Iterable) else [x]
    for value in (y, *xs):
        if not isinstance(value, Value):
            what = clipped(repr(value))
            raise TypeError(
                f"grad() is of one Value, by Values, got {what}; write grad(y, [a, b]), or of a "
                "model grad(loss, model.parameters())"
            )
    order = checked(topological_order(y))
    wanted, inside, old = set(xs), set(xs), set(order)  # inside: all that depends on an x
    for node in order:
        if not inside.isdisjoint(node.operands):
            inside.add(node)
    parts: dict[Value, list[Part]] = {y: [1.0]}
    found: dict[Value, Value] = {}
    for node in reversed(order):
        if node in inside and node in parts:
            upstream = added(parts.pop(node))
            for j, operand in enumerate(node.operands):
                if operand in inside:
                    parts.setdefault(operand, []).append(message(node, j, upstream, inside))
            if node.label or node in wanted:
                found[node] = named(as_value(upstream), y, node, old)
    slopes = [found[v] if v in found else named(as_value(0.0), y, v, old) for v in xs]
    return slopes[0] if isinstance(x, Value) else slopes


@overload
def hessian(y: Value, x: Value) -> Value: ...
@overload
def hessian(y: Value, x: Iterable[Value]) -> list[list[Value]]: ...
def hessian(y: Value, x: Value | Iterable[Value]) -> Value | list[list[Value]]:
    """All second derivatives: row i, column j is d(dy/dx[i])/dx[j].  Of one x it is a Value.

    >>> a, b = Value(2.0), Value(3.0)
    >>> [[h.data for h in row] for row in hessian(a * a * b, [a, b])]
    [[6.0, 4.0], [4.0, 0.0]]
    """
    if isinstance(x, Value):
        return grad(grad(y, x), x)
    xs = listed(x, "what to differentiate by")
    return [grad(slope, xs) for slope in grad(y, xs)]


def hessian_vector_product(
    y: Value, xs: Sequence[Value], v: Sequence[Value | float]
) -> list[Value]:
    """The Hessian of y by xs times a vector v, in a few walks instead of one for each row.

    It is the gradient of the slope along v: d(dot(dy/dxs, v))/dxs, as v stands still.
    Source: Pearlmutter, "Fast exact multiplication by the Hessian", 1994.

    >>> a, b = Value(2.0), Value(3.0)
    >>> [h.data for h in hessian_vector_product(a * a * b, [a, b], [1.0, 10.0])]
    [46.0, 4.0]
    """
    xs = listed(xs, "what to differentiate by")
    along = listed(v, "numbers of the vector, one for each x", len(xs))
    return grad(dot(grad(y, xs), [number_of(x) for x in along]), xs)


# One step back, in Values


class One(float):
    """The 1 that begins a chain: it multiplies nothing, and records nothing."""

    def __mul__(self, other: Any) -> Any:
        return other


def message(node: Value, j: int, upstream: Part, inside: set[Value]) -> Part:
    """What a node sends back to operand j: local derivative times upstream gradient.

    What leaves operands out, as relu does, needs the upstream gradient itself: 0 * inf is nan.
    """
    if upstream == 0.0 and math.isfinite(node.local_grads[j]):  # a constant, not a Value
        return 0.0
    if node.op in LEAVE_OUT:
        return by_rule(node, j, upstream, inside)
    return times(upstream, by_rule(node, j, One(1.0), inside))


def by_rule(node: Value, j: int, d: Part, inside: set[Value]) -> Part:
    """The rule of an operation for its operand j, with d for the gradient of its result."""
    operands, slopes, n = node.operands, rules(node.op), len(node.operands)
    if not slopes and node.op != EDGE:
        raise NotImplementedError(
            f"grad() has no rule for {clipped(repr(node.op))}, an operation of your own, which "
            "knows its slopes as numbers; build it from operations of Values, or use backward()"
        )
    first = operands[0], operands[-1]  # both of two, which are all that a rule may name
    a, b = [x.data if x.op == "const" and x not in inside else x for x in first]
    k = kind_and_number(node.op)[1]
    with suppress(ArithmeticError, ValueError):  # the engine refuses what only backward() knows
        if slopes:
            share = (operands[j] - node).exp() if node.op == "logsumexp" else 1.0 / n
            part = slopes[j % len(slopes)](a, b, node, d, k, share, partner(node, j))
            if not math.isnan(number_of(part)):
                return part
    slope = node.local_grads[j] if slopes else math.nan
    return times(d, custom_operation(EDGE, slope, operands, [math.nan] * n))


def times(d: Part, slope: Part) -> Part:
    """d * slope, without recording factors of 1 or 0; 0 * inf must show."""
    for one, other in ((d, slope), (slope, d)):
        if isinstance(one, float):
            if abs(one) == 1.0:
                return other if one > 0.0 else -other
            if one == 0.0 and math.isfinite(number_of(other)):
                return 0.0
    return d * slope


def added(parts: Sequence[Part]) -> Part:
    """The sum of all that came back to a Value."""
    values: list[Part] = [part for part in parts if isinstance(part, Value)]
    constant = sum(part for part in parts if not isinstance(part, Value))
    if constant or not values:
        values.append(float(constant))
    if len(values) > 2:
        return total(values)
    return values[0] if len(values) == 1 else values[0] + values[1]


def checked(order: list[Value]) -> list[Value]:
    """The order, if every operation still gives what was recorded."""
    since = changed_since(order)
    for value, other in [*since.moved.items(), *since.misfits.items()]:
        raise ValueError(
            f"{shown(value)} has changed since y was computed, or what it was computed from has "
            f"(it goes with {other!r}), and grad() would mix both; compute y again"
        )
    return order


def named(slope: Value, y: Value, x: Value, old: set[Value]) -> Value:
    """A slope with a label, if it is new and x has one: dL/dw, and d(dL/dw)/dw."""
    if x.label and not slope.label and slope not in old:
        names = [f"({v.label})" if "/" in v.label else v.label for v in (y, x)]
        slope.label = "d{}/d{}".format(*names)
    return slope


# The words of the rules, for Values

EDGE = "edge_slope"


@lru_cache(1000)
def rules(op: str) -> tuple[Callable[..., Part], ...]:
    """The rules of an operation, one for each operand or one for all; none if it has no row."""
    words = ("a", "b", "v", "d", "k", "share", "partner")
    start, names = f"lambda {', '.join(words)}: ", {word: word for word in words}
    codes = [
        compile(start + text.format(**names), __file__, "eval") for text in operation(op).python[1:]
    ]
    return tuple([eval(code, WORDS) for code in codes])  # noqa: S307


def sign(a: Value) -> Value:
    return gate(1.0, a) - gate(1.0, -a)


def is_larger(a: Part, b: Part) -> Value:
    return 0.5 + 0.5 * sign(as_value(a) - b)


def passed(d: Part, slope: Value) -> Part:
    return times(d, slope) if isinstance(d, float) else gate(d * slope, slope)


def power(a: Part, k: Part) -> Part:
    return a if isinstance(k, float) and k == 1.0 else a**k


def power_slope(a: Value, k: Part) -> Part:
    return k * a**k / a if abs(number_of(k)) >= 2.0**53 else k * power(a, k - 1.0)


def exponent_slope(a: Part, k: Value, v: Value) -> Value:
    return v * (a.log() if isinstance(a, Value) else math.log(a))


def gelu_curve(a: Value) -> Value:
    bell = (-0.5 * a * a).exp() / math.sqrt(2.0 * math.pi)
    return 2.0 * bell - a * (a * bell)


WORDS = {
    "cos": Value.cos, "sin": Value.sin, "sigmoid": Value.sigmoid, "gate": gate,
    "gelu_slope": gelu_slope, "gelu_curve": gelu_curve, "leak": lambda a, k: k + gate(1.0 - k, a),
    "sign": sign, "is_larger": is_larger, "passed": passed, "pow": power,
    "power_slope": power_slope, "exponent_slope": exponent_slope,
}  # fmt: skip
