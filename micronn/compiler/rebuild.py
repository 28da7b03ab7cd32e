"""The graph behind a program: its Values in order, and the same graph with other numbers."""

from collections.abc import Iterable, Mapping, Sequence

from micronn.engine import Value, topological_order, total
from micronn.graph.operations import OPERATIONS, again, operation
from micronn.support.text import clipped


class UnknownOperation(NotImplementedError):
    """The graph holds an operation that only the engine knows; the message names it."""


def nodes_below(roots: Sequence[Value]) -> list[Value]:
    """All that the roots were computed from, and they themselves, operands first.

    Raises UnknownOperation for the first operation that the compiler cannot write.
    """
    several = len(roots) > 1  # then one walk to their sum, which is not kept
    order = topological_order(total(roots))[:-1] if several else topological_order(roots[0])
    for op in dict.fromkeys(node.op for node in order if node.operands):
        if not operation(op).machine:
            raise UnknownOperation(
                f"the compiler has no {clipped(repr(op))}; it knows {', '.join(OPERATIONS)}; "
                'build the graph from those, or run it as it is: engine="graph"'
            )
    return order


def rebuilt(order: Iterable[Value], given: Mapping[Value, float]) -> dict[Value, Value]:
    """The graph built once more, with new numbers at some leaves: a new Value for each.

    Raises whatever the operations raise for these numbers.
    """
    nodes: dict[Value, Value] = {}
    for node in order:
        if node.operands:
            new = again(node, [nodes[operand] for operand in node.operands])
        else:
            new = Value(given.get(node, node.data))
        new.label = node.label
        nodes[node] = new
    return nodes
