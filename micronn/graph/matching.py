"""Two graphs side by side: which numbers are compared, and which rows stand for one value.

Two rows are one if they are the same Value, have the same name, or were computed in the same
way: op and operands.  Graphs of one structure are paired from their roots down.  Else pairs
grow upwards from the leaves and downwards from pairs; the rest exists on one side alone.

    >>> x, w, b = Value(2.0, "x"), Value(3.0, "w"), Value(1.0, "b")
    >>> one, other = Graph(x * w), Graph(w * x + b)
    >>> [(one.nodes[j].title, other.nodes[k].title) for j, k in matched(one, other).items()]
    [('x', 'x'), ('w', 'w'), ('v2', 'v2')]
"""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from micronn.engine import Value
from micronn.graph.notes import listed, notes
from micronn.graph.rows import Graph, Parameters, Row
from micronn.support.number import as_float
from micronn.support.text import clipped

OPERANDS = ("operands", "_prev", "prev", "_children", "children", "parents")  # in engines


def sides(before: Any, after: Any, params: Parameters) -> tuple[Graph, Graph, list[str]]:
    """Both graphs with the numbers to compare, and what must be said of these.

    Two moments of one recording show what each leaf held in each.  Two Values that share
    leaves share their gradients too, so each side shows what its own messages add up to.

    Raises ValueError if before is a Value whose leaves have moved too far to tell what it was
    computed with, and TypeError for what is no graph.
    """
    one, other = graph_of(before, params), graph_of(after, params)
    told, both = [], [value for value in one.index if value in other.index]
    if [*one.index][-1] is [*other.index][-1]:
        moved = any(row.change for row in [*one.nodes, *other.nodes])
        told += ["Leaves have moved, and nothing was computed anew from them."] * moved
        one, other = at_last(one), at_last(other)
    elif isinstance(before, Value):
        gone = [row.title for row in one.nodes if row.gives is not None]
        if gone:
            raise ValueError(
                f"{listed(gone)}: computed from numbers that leaves no longer hold; keep the "
                "moment while it is there, before = Graph(loss), and compare that"
            )
        held = [value for value in both if one.nodes[one.index[value]].rest]
        if held and isinstance(after, Value):
            names = listed([one.nodes[one.index[value]].title for value in held])
            told = [f"Both sides read {names}: each grad is what one side's messages add up to."]
            one, other = of_one_pass(one, held), of_one_pass(other, held)
    return one, other, [*dict.fromkeys([*told, *notes(one), *notes(other)])]


def at_last(graph: Graph) -> Graph:
    """The same graph with what its leaves hold now."""
    new = copy.copy(graph)
    new.nodes = [row._replace(data=row.current, now=None, gives=None) for row in graph.nodes]
    return new


def of_one_pass(graph: Graph, leaves: Iterable[Value]) -> Graph:
    """The same graph, with no gradient of these leaves but that of its own pass."""
    new, sums = copy.copy(graph), graph.received()[0]
    new.nodes = [*graph.nodes]
    for k in [graph.index[leaf] for leaf in leaves]:
        new.nodes[k] = graph.nodes[k]._replace(grad=sums[k], rest=None)
    return new


# Somebody's own engine


def graph_of(thing: Any, params: Parameters) -> Graph:
    """A Graph itself, that of a Value, or that of the result of an engine of one's own."""
    if isinstance(thing, Graph):
        return thing
    return Graph(thing, params) if isinstance(thing, Value) else foreign(thing)


def foreign(root: Any) -> Graph:
    """The graph of an object that has data, grad and, by one of the usual names, operands."""
    graph, index, to_do = copy.copy(Graph(Value(0.0))), dict[Any, int](), [(root, False)]
    graph.nodes, begun = [], set[int]()
    while to_do:
        node, operands_are_done = to_do.pop()
        if id(node) in index:
            continue
        operands = operands_of(node)
        if not operands_are_done:
            if id(node) in begun:
                what = clipped(repr(node))
                raise ValueError(f"{what} is an operand of itself, and no graph goes in a circle")
            begun.add(id(node))
            to_do += [(node, True), *[(x, False) for x in reversed(operands)]]
            continue
        k = index[id(node)] = len(index)
        role = "input" if not operands else "root" if node is root else "op"
        op, name = [str(first_of(node, *two) or "") for two in (("op", "_op"), ("label", "name"))]
        data, grad = as_float(node.data), as_float(first_of(node, "grad") or 0.0)
        ks = tuple([index[id(x)] for x in operands])
        graph.nodes.append(Row(k, role, name, op if ks else "", data, grad, ks, ()))
    graph.index, graph.ran = index, graph.nodes[-1].grad != 0.0
    return graph


def operands_of(node: Any) -> list[Any]:
    """What a node was computed from; those of a set in the order of their names and numbers."""
    found = first_of(node, *OPERANDS)
    if not isinstance(found, (tuple, list, set, frozenset)) or not hasattr(node, "data"):
        raise TypeError(
            "compare() takes Values, Graphs, and results of an engine of your own that have data, "
            f"grad and operands (or _prev, children), got {clipped(repr(node))}"
        )
    if isinstance(found, (tuple, list)):
        return [*found]
    return sorted(found, key=lambda x: (str(first_of(x, "label", "name")), as_float(x.data)))


def first_of(node: Any, *names: str) -> Any:
    """The first of these attributes that a node has; None if it has none."""
    return next((getattr(node, name) for name in names if hasattr(node, name)), None)


# Which rows are one


def matched(one: Graph, other: Graph) -> dict[int, int]:
    """For each row of one graph that the other has too, the k there."""
    pairs = {one.index[value]: other.index[value] for value in one.index if value in other.index}
    names = [Counter([row.name for row in graph.nodes]) for graph in (one, other)]
    twins = {row.name: row for row in other.nodes}
    for row in one.nodes:
        alone = row.name and all(count[row.name] == 1 for count in names)
        twin = twins[row.name] if alone and row.k not in pairs else None
        if twin and twin.k not in pairs.values() and bool(row.operands) == bool(twin.operands):
            pairs[row.k] = twin.k
    whole, ends = dict(pairs), {len(one) - 1: len(other) - 1}
    if downwards(one, other, whole, ends) and len(whole) == len(one) == len(other):
        return whole
    count = -1
    while count < len(pairs):
        count = len(pairs)
        upwards(one, other, pairs)
        downwards(one, other, pairs, {**ends, **pairs})
    return pairs


def fit(row: Row, twin: Row) -> bool:
    """Whether rows may be one: leaves not of two names, results of one operation, if known."""
    if not row.operands or not twin.operands:
        both_given = not row.operands and not twin.operands
        return both_given and (row.name == twin.name or not (row.name and twin.name))
    return not (row.op and twin.op) or row.op.casefold() == twin.op.casefold()


def upwards(one: Graph, other: Graph, pairs: dict[int, int]) -> None:
    """Pair what was computed in the same way from what is paired, and leaves of one number."""
    made, taken = dict[Any, list[Row]](), set(pairs.values())
    for twin in other.nodes:
        key = frozenset(twin.operands), None if twin.operands else twin.data
        made.setdefault(key, []).append(twin)
    for row in one.nodes:
        if row.k not in pairs and all(j in pairs for j in row.operands):
            key = frozenset([pairs[j] for j in row.operands]), None if row.operands else row.data
            for twin in made.get(key, ()):
                if twin.k not in taken and row.k not in pairs and fit(row, twin):
                    pairs[row.k] = twin.k
                    taken.add(twin.k)


def downwards(one: Graph, other: Graph, pairs: dict[int, int], ends: Mapping[int, int]) -> bool:
    """Pair these, and what they were computed from, in order; whether nothing hindered it."""
    to_do, seen, taken, fine = [*ends.items()], set[tuple[int, int]](), set(pairs.values()), True
    while to_do:
        j, k = both = to_do.pop()
        row, twin = one.nodes[j], other.nodes[k]
        free = j not in pairs and k not in taken and fit(row, twin)
        if both in seen or pairs.get(j) != k and not free:
            fine = fine and both in seen
            continue
        seen.add(both)
        pairs[j] = k
        taken.add(k)
        if len(row.operands) == len(twin.operands):
            to_do += zip(row.operands, twin.operands, strict=True)
    return fine
