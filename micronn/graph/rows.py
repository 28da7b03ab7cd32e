"""The graph behind a Value as plain rows: numbered, ordered, named, each with its part.

A picture, a page, a tree in the terminal and a table of steps all tell the same
story: which values there are, in which order they were computed, who reads whom, and
which message each reader sends back.  Here the story is read off the recorded Values
once, as rows of plain numbers and texts; how it looks is decided elsewhere.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> f = (a + b) * b
    >>> f.backward()
    >>> for row in Graph(f).rows():
    ...     print(row.k, row.title, row.op or row.role, row.operands, row.data, row.grad)
    0 a input () -2.0 3.0
    1 b input () 3.0 4.0
    2 v2 + (0, 1) 1.0 3.0
    3 v3 * (2, 1) 3.0 1.0
"""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from micronn.engine import Value, topological_order
from micronn.nn import Module
from micronn.support.collector import collector_paused
from micronn.support.text import clean, clipped

Parameters = Module | Mapping[str, Value] | Iterable[tuple[str, Value]] | None


class Use(NamedTuple):
    """One reading of a value: by row `user`, as its operand number `j`.

    message: what comes back along it, local derivative times upstream gradient.
    """

    user: int
    j: int
    message: float


class Row(NamedTuple):
    """One value of a graph.

    k: its index in the order; operands come before what is made of them.
    role: "input", "param" or "const" if it was given, "op" if it was computed,
        "root" for the computed value that the graph is about.
    name: its label, else its name as a parameter, else "".
    op: what made it; "" if it was given.
    operands: the k of each operand, in order, repeats kept.
    local_grads: d(this)/d(operand), one for each operand.
    uses: every reading of it, in the order in which the readers were computed; see
        Graph.rows().
    """

    k: int
    role: str
    name: str
    op: str
    data: float
    grad: float
    operands: tuple[int, ...]
    local_grads: tuple[float, ...]
    uses: tuple[Use, ...] = ()

    @property
    def title(self) -> str:
        """What it is called where it is shown: its name, else v<k>."""
        return clean(self.name) or f"v{self.k}"


class Graph:
    """Every Value below root, in order, read once: later changes of the Values change no row.

    params: what model.named_parameters() gives, or a model, or a dict from name to
        Value: which given Values are parameters, and what they are called.
    open_dots: show each `dot` as its products and their sum.

    nodes: a row for each value, without its uses.
    index: the k of each Value.  params: the name of each parameter in the graph, by k.
    model: what params was, if it was a model.

    The plain numbers that a `weighted_sum` reads become constants.  Neurons that read
    the very same numbers read the same constants.

    Raises TypeError if root is not a Value or params holds something else.
    """

    @collector_paused
    def __init__(self, root: Value, params: Parameters = None, open_dots: bool = False):
        if not isinstance(root, Value):
            raise TypeError(
                f"a graph starts from a Value, got {clipped(repr(root))} "
                f"({type(root).__name__}); pass the output of a computation, such as a loss"
            )
        self.model = params if hasattr(params, "named_parameters") else None
        self.names = {value: name for name, value in named(params)}
        self.nodes: list[Row] = []
        self.index: dict[Value, int] = {}
        self.numbers: dict[int, tuple[int, ...]] = {}  # id of a tuple of numbers -> its constants
        self.read(topological_order(root), open_dots)
        last = self.nodes[-1]
        if last.operands:
            self.nodes[-1] = last._replace(role="root")
        self.fill_constants({k for constants in self.numbers.values() for k in constants})
        self.params = {self.index[p]: name for p, name in self.names.items() if p in self.index}

    def __len__(self) -> int:
        return len(self.nodes)

    # From Values to rows

    def read(self, order: list[Value], open_dots: bool) -> None:
        """Append the row of each Value, after the constants and products it stands for."""
        index, nodes, names = self.index, self.nodes, self.names
        for value in order:
            name = value.label if value.label.strip() else names.get(value, "")
            name = name if name.strip() else ""
            op, slopes = value.op, value.local_grads
            operands = tuple(map(index.__getitem__, value.operands))
            if op == "weighted_sum":
                op, operands = "dot", operands + self.constants(slopes)
                slopes += tuple([weight.data for weight in value.operands])
            if open_dots and op == "dot":
                op, operands = "sum", self.products(value.grad, operands, slopes)
                slopes = (1.0,) * len(operands)
            role = "op" if operands else "param" if value in names else op or "input"
            index[value] = k = len(nodes)
            op = op if operands else ""
            nodes.append(Row(k, role, name, op, value.data, value.grad, operands, slopes))

    def constants(self, numbers: tuple[float, ...]) -> tuple[int, ...]:
        """Append plain numbers as constants, or find them if that was done before."""
        if id(numbers) not in self.numbers:
            ks = range(len(self.nodes), len(self.nodes) + len(numbers))
            self.nodes += [
                Row(k, "const", "", "", x, 0.0, (), ()) for k, x in zip(ks, numbers, strict=True)
            ]
            self.numbers[id(numbers)] = tuple(ks)
        return self.numbers[id(numbers)]

    def products(
        self, grad: float, operands: tuple[int, ...], slopes: tuple[float, ...]
    ) -> tuple[int, ...]:
        """Append the products that a `dot` adds up; each has the gradient of the sum."""
        n, start = len(operands) // 2, len(self.nodes)
        for i in range(n):
            data = self.nodes[operands[i]].data * self.nodes[operands[n + i]].data
            pair = operands[i::n], slopes[i::n]
            self.nodes.append(Row(start + i, "op", "", "*", data, grad, *pair))
        return tuple(range(start, start + n))

    def fill_constants(self, made: set[int]) -> None:
        """Give these constants their gradients, added up in backward()'s order."""
        grads = dict.fromkeys(made, 0.0)
        for row in reversed(self.nodes) if made else ():
            for k, slope in zip(row.operands, row.local_grads, strict=True):
                if k in grads:
                    grads[k] += slope * row.grad
        for k, grad in grads.items():
            self.nodes[k] = self.nodes[k]._replace(grad=grad)

    def with_grads(self, grads: Sequence[float]) -> "Graph":
        """The same graph with other gradients, one for each row."""
        other = copy.copy(self)
        other.nodes = [row._replace(grad=g) for row, g in zip(self.nodes, grads, strict=True)]
        return other

    # Who reads whom

    def rows(self, chosen: Iterable[int] | None = None) -> list[Row]:
        """The chosen rows with their uses, in the order of the graph; all of them if left out.

        The messages of one row add up to its grad, for a given Value to what the last
        backward() added.  It adds those of the last reader first.
        """
        ks = range(len(self)) if chosen is None else sorted(set(chosen))
        found: dict[int, list[Use]] = {k: [] for k in ks}
        for row in self.nodes:
            for j, k in enumerate(row.operands):
                if k in found:
                    found[k].append(Use(row.k, j, row.local_grads[j] * row.grad))
        return [self.nodes[k]._replace(uses=tuple(uses)) for k, uses in found.items()]

    # Parts of the graph

    def window(self, most: int) -> list[int]:
        """The nodes nearest to the root: whole levels, breadth first, up to `most` nodes."""
        inside = {len(self.nodes) - 1: None}
        level = list(inside)
        while level:
            read = [j for k in level for j in self.nodes[k].operands]
            below = dict.fromkeys([j for j in read if j not in inside])
            if len(inside) + len(below) > most:
                break
            inside.update(below)
            level = list(below)
        return sorted(inside)

    def counts_below(self, chosen: Iterable[int]) -> dict[int, int]:
        """From how many values each of the chosen nodes was computed.

        One walk for all of them: bit i of a node's mask says that the i-th chosen
        node stands above it.
        """
        chosen = list(chosen)
        masks = [0] * len(self.nodes)
        for i, k in enumerate(chosen):
            masks[k] = 1 << i
        for k in range(len(self.nodes) - 1, -1, -1):
            if masks[k]:
                for operand in self.nodes[k].operands:
                    masks[operand] |= masks[k]
        seen = Counter(masks)
        return {
            k: sum(n for mask, n in seen.items() if mask >> i & 1) - 1 for i, k in enumerate(chosen)
        }


def named(params: Parameters) -> list[tuple[str, Value]]:
    """Parameters as (name, Value) pairs, from a model, a dict or pairs."""
    if params is None:
        return []
    if hasattr(params, "named_parameters"):
        params = params.named_parameters()
    given = params.items() if isinstance(params, Mapping) else params
    pairs = list(given if isinstance(given, Iterable) else [given])  # no list is refused below
    for pair in pairs:
        is_pair = isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)
        if not is_pair or not isinstance(pair[1], Value):
            raise TypeError(
                f"params holds (name, Value) pairs, got {clipped(repr(pair))}; "
                "pass a model, model.named_parameters(), or a dict from name to Value"
            )
    return pairs
