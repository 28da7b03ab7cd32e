"""A computation that runs again makes the same graph with other numbers.

Of a training run many pictures are drawn of one graph.  What can be found out once, such as
who reads whom, is kept, and of a wide net only those rows are made that somebody asks for.

    >>> def run(w):
    ...     loss = (w * 3.0 - 1.0) ** 2
    ...     loss.backward()
    ...     return loss
    >>> first = Graph(run(Value(2.0, "w")))
    >>> second = again(first, order_like(first, run(Value(1.0, "w"))))
    >>> second.nodes[0].data, second.nodes[0].grad
    (1.0, 12.0)
"""

import copy
from collections.abc import Sequence
from operator import attrgetter, is_
from typing import Any, NamedTuple, cast

from micronn.engine import Value
from micronn.graph.rows import Graph, Row

LOOK = attrgetter("op", "label")  # of a Value


class Shape(NamedTuple):
    """What the graphs of two runs of one computation share.

    looks: operation and label of each Value.  consts: the number of each constant, by k.
    computed: the k and the operands of what was computed, the root first.
    rows: of the first of these graphs.
    """

    looks: list[tuple[str, str]]
    consts: dict[int, float]
    computed: list[tuple[int, tuple[int, ...]]]
    rows: Sequence[Row]


class Rows(Sequence[Row]):
    """The rows of a graph of this shape; each is made when it is asked for.

    Nothing has changed since they were computed, and no gradient holds more than one pass.
    """

    def __init__(self, shape: Shape, order: Sequence[Value], data: list[float], grad: list[float]):
        self.shape, self.order, self.data, self.grad = shape, order, data, grad

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        k = range(len(self))[index]
        like, slopes = self.shape.rows[k], self.order[k].local_grads
        known = k, like.role, like.name, like.op, self.data[k], self.grad[k], like.operands
        return Row(*known, slopes, line=like.line)


def order_like(graph: Graph, root: Value) -> list[Value] | None:
    """The Values below the root of another run, each at the place that it has in a graph.

    None for the run of another computation.
    """
    shape = shape_of(graph)
    order: list[Any] = [*[None] * (len(graph.nodes) - 1), root]
    for k, places in shape.computed:  # from the root down, so that each is known in time
        if len(places) != len(order[k].operands):
            return None
        for place, operand in zip(places, order[k].operands, strict=True):
            if order[place] is None:
                order[place] = operand
            elif order[place] is not operand:
                return None
    if len(graph.index) != len(graph.nodes):  # some of them stand for several
        return None
    new = [k for k, is_old in enumerate(map(is_, order, graph.index)) if not is_old]
    alike = all(shape.looks[k] == LOOK(order[k]) for k in new)
    return order if alike and all(order[k].data == x for k, x in shape.consts.items()) else None


def again(graph: Graph, order: Sequence[Value] | None) -> Graph | None:
    """The graph of another run of the same computation; None if it is another one.

    order: from order_like(), just computed, and differentiated from cleared gradients:
        nothing has changed since, and no gradient holds more than this pass.
    """
    if order is None or not (graph.ran and order[-1].grad):
        return None
    data, grad = [value.data for value in order], [value.grad for value in order]
    if {float} != {*map(type, data), *map(type, grad)}:
        return None
    other, index = copy.copy(graph), {value: k for k, value in enumerate(order)}
    if len(index) < len(order):
        return None
    other.index, other.nodes = index, cast(Any, Rows(shape_of(graph), order, data, grad))
    return other


def shape_of(graph: Graph) -> Shape:
    """What it shares with others, found out if it is the first of them."""
    if isinstance(graph.nodes, Rows):
        return graph.nodes.shape
    consts = {row.k: row.data for row in graph.nodes if row.role == "const"}
    computed = [(row.k, row.operands) for row in reversed(graph.nodes) if row.operands]
    return Shape(list(map(LOOK, graph.index)), consts, computed, graph.nodes)


def numbers(graph: Graph, ks: Sequence[int], field: str) -> list[float]:
    """The "data" or the "grad" of some rows."""
    if isinstance(graph.nodes, Rows):
        return list(map(getattr(graph.nodes, field).__getitem__, ks))
    return [getattr(graph.nodes[k], field) for k in ks]


def column(graph: Graph, field: str) -> list[float]:
    """The "data" or the "grad" of all rows."""
    if isinstance(graph.nodes, Rows):
        return cast(list[float], getattr(graph.nodes, field))
    return [getattr(row, field) for row in graph.nodes]


def is_fresh(graph: Graph) -> bool:
    """Whether it is known that nothing has changed since, and no gradient holds more."""
    return isinstance(graph.nodes, Rows)
