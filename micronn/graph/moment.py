"""A graph keeps the moment in which it was computed; here is what has changed since.

A computed Value keeps its number and its slopes, whatever happens to its operands.  So a
leaf that was changed later, by hand or by an optimizer's step(), no longer fits what was
made of it.  That is found out by doing each operation again.

    >>> w = Value(2.0, "w")
    >>> y = w * 3.0
    >>> w.data = 2.6
    >>> changed_since([*y.operands, y]).moved
    {Value(data=2.6, grad=0.0, label='w'): 2.0}
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from micronn.engine import Value
from micronn.graph.custom import computed_with
from micronn.graph.operations import again


class Changes(NamedTuple):
    """What no longer fits in a graph.

    moved: the leaves that hold another number now, with the one that was computed with.
    misfits: the computed Values that fit neither what their operands held nor what they
        hold, with what these give now; nan if that is refused.
    """

    moved: dict[Value, float]
    misfits: dict[Value, float]


def changed_since(order: Sequence[Value]) -> Changes:
    """Which Values of a graph, in topological order, have changed since it was computed.

    What a leaf held is known if it still had that number at its last backward(), if it
    began with it, or if an operation of one's own read it.
    """
    leaves = [value for value in order if not value.operands]
    before = {leaf: getattr(leaf, "was", leaf.data) for leaf in leaves}
    for node in order if computed_with else ():
        pairs = zip(node.operands, computed_with.get(node, ()), strict=False)
        before |= {operand: held for operand, held in pairs if operand in before}
    before = {leaf: was for leaf, was in before.items() if not same(was, leaf.data)}
    moved: dict[Value, float] = {}
    misfits = [node for node in order if node.operands and misfit(node, {}) is not None]
    unknown: set[Value] = set()  # what they held was another number still
    for node in misfits:
        held = {leaf: before[leaf] for leaf in node.operands if leaf in before}
        if misfit(node, before) is None:
            moved |= held
        elif len(held) == 1:
            unknown |= held.keys()
    moved = {leaf: was for leaf, was in moved.items() if leaf not in unknown}
    suspects = {*misfits, *[n for n in order if moved and not moved.keys().isdisjoint(n.operands)]}
    found = {node: misfit(node, moved) for node in order if node in suspects}
    return Changes(moved, {node: gives for node, gives in found.items() if gives is not None})


def misfit(node: Value, then: Mapping[Value, float]) -> float | None:
    """What a node's operation gives for operands that hold `then`; None if that fits the node."""
    operands = (
        [Value(then[v]) if v in then else v for v in node.operands] if then else node.operands
    )
    try:
        result = again(node, operands)
    except (ArithmeticError, ValueError):
        return float("nan")
    except (AttributeError, TypeError):  # an operation of one's own
        held = computed_with.get(node) or [getattr(v, "was", v.data) for v in operands]
        fits = all(same(was, v.data) for was, v in zip(held, operands, strict=True))
        return None if fits else node.data
    if (result.data, result.local_grads) == (node.data, node.local_grads):
        return None  # the usual case, quickly; nan is equal to nothing
    pairs = zip((node.data, *node.local_grads), (result.data, *result.local_grads), strict=True)
    return None if all(same(a, b) for a, b in pairs) else result.data


def same(a: float, b: float) -> bool:
    """Whether two numbers are one number; nan is nan."""
    return a == b or (a != a and b != b)
