"""The chain rule can walk the other way: from a leaf to the results, along with the numbers.

backward() begins at one result and gives each Value how fast that result moves with it,
its gradient.  Forward mode begins at one leaf, with a seed, and gives each Value how fast it
moves itself when the leaf does: its tangent.  Value and tangent together are a dual number.

    grad of operand += local derivative × grad of node         from the result, to all leaves
    tangent of node += local derivative × tangent of operand   from a leaf, to all results

Each multiplies once for each wire that it walks.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> f = (a * b) * (a + b)  # = a²b + ab², so df/da = 2ab + b² and df/db = a² + 2ab
    >>> tangents(f, {a: 1.0})[f], tangents(f, {b: 1.0})[f], tangents(f, {a: 1.0, b: 1.0})[f]
    (-3.0, -8.0, -11.0)
"""

import copy
import math
from collections.abc import Iterable, Mapping
from typing import Any

from micronn.engine import Value, topological_order
from micronn.graph.rows import Graph, Rest
from micronn.graph.steps import among
from micronn.support.number import as_float, message, shown
from micronn.support.text import clipped


def tangents(y: Value | Iterable[Value], seeds: Mapping[Value, float]) -> dict[Value, float]:
    """How fast each Value below y, and y itself, moves when some leaves do.

    y: the result, or several; one walk serves all of them, where backward() takes one each.
    seeds: how fast each of some leaves moves.  {x: 1.0} gives derivatives by x.  Several
        leaves are a direction v, and the tangent of y is then the directional derivative, the
        Jacobian-vector product (JVP): the sum of dy/dx * v[x] over these leaves.

    What depends on none of them has the tangent 0.  As with backward(), the local derivatives
    are those of the moment in which y was computed, whatever leaves hold now, and 0 * inf
    shows as nan.  Nothing is written into the Values.

    Raises TypeError for what is no Value or no dict, and ValueError for a seed that is not
    finite, and for a Value that was computed or that y was not computed from.

    Source: Wengert, "A simple automatic derivative evaluation program", 1964.  JAX's name for
    it is jax.jvp, PyTorch's torch.func.jvp.

    >>> x = Value(3.0)
    >>> square, cube = x * x, x**3
    >>> found = tangents([square, cube], {x: 1.0})
    >>> found[square], found[cube]
    (6.0, 27.0)
    """
    order = below(y)
    found = checked(seeds, set(order))
    walk(zip(order, order, strict=True), found)
    return {node: found.get(node, 0.0) for node in order}


def walk(nodes: Iterable[tuple[Any, Any]], tangent: dict[Any, float]) -> None:
    """Give a tangent to all that depends on those which have one already.

    nodes: in topological order, what each is called in the dict and as an operand, and itself.
    """
    for key, node in nodes:
        for operand, local_grad in zip(node.operands, node.local_grads, strict=True):
            if operand in tangent:  # else nothing comes along this wire
                product = message(node.op, local_grad, tangent[operand])
                tangent[key] = tangent.get(key, 0.0) + product  # the chain rule


def in_forward_mode(graph: Graph, seeds: Mapping[Value, float]) -> Graph:
    """The same graph with tangents in place of gradients, for pictures.

    seeds: as for tangents(), which says what is refused.
    """
    starts = {graph.index[v]: x for v, x in checked(seeds, set(graph.index)).items()}
    tangent = dict(starts)
    walk(enumerate(graph.nodes), tangent)
    other, other.nodes = copy.copy(graph), []
    for row in graph.nodes:
        products = [
            message(row.op, local_grad, tangent[k]) if k in tangent else None
            for k, local_grad in zip(row.operands, row.local_grads, strict=True)
        ]
        seed = Rest("seed", starts[row.k]) if row.k in starts else None
        grad, sent = tangent.get(row.k, 0.0), tuple(products)
        other.nodes.append(row._replace(grad=grad, rest=seed, sent=sent))
    other.ran, other.forward = True, among([graph.nodes[k].title for k in sorted(starts)])
    return other


def below(y: Value | Iterable[Value]) -> list[Value]:
    """All that one or several results were computed from, and they themselves, in order."""
    results = [y] if isinstance(y, Value) else y
    results = list(results) if isinstance(results, Iterable) else [results]
    wrong = [item for item in results if not isinstance(item, Value)]
    if wrong or not results:
        what = clipped(repr(wrong[0] if wrong else results))
        raise TypeError(f"forward mode ends at a Value, or at several in a list, got {what}")
    end = Value(0.0)
    end.operands = tuple(results)
    return topological_order(end)[:-1]


def checked(seeds: Mapping[Value, float], inside: set[Value]) -> dict[Value, float]:
    """The seeds as floats, if they are those of leaves inside a graph."""
    if not isinstance(seeds, Mapping) or not seeds:
        what = clipped(repr(seeds))
        raise TypeError(f"seeds are a dict from leaf to number, such as {{x: 1.0}}, got {what}")
    found = {}
    for leaf, seed in seeds.items():
        if not isinstance(leaf, Value):
            raise TypeError(f"a seed is that of a Value, got {clipped(repr(leaf))}")
        if leaf.operands:
            raise ValueError(
                f"forward mode starts at a leaf, and {shown(leaf)} was computed by {leaf.op!r}; "
                "seed what it was computed from"
            )
        if leaf not in inside:
            raise ValueError(
                f"{shown(leaf)} is no part of this graph, so nothing in it moves with it; seed a "
                "leaf that the result was computed from"
            )
        found[leaf] = as_float(seed)
        if not math.isfinite(found[leaf]):
            raise ValueError(f"a seed is a finite number, got {found[leaf]} for {shown(leaf)}")
    return found
