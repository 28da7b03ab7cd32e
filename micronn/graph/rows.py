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
from itertools import chain
from typing import Any, NamedTuple

from micronn.engine import Value, topological_order
from micronn.graph.lines import Line, made
from micronn.graph.moment import Changes, changed_since, same
from micronn.nn import Module
from micronn.support.collector import collector_paused
from micronn.support.number import as_float, message
from micronn.support.text import Place, clean, clipped, fmt

Parameters = Module | Mapping[str, Value] | Iterable[tuple[str, Value]] | None


class Use(NamedTuple):
    """One reading of a value: by row `user`, as its operand number `j`.

    message: what comes back along it, local derivative times upstream gradient.
    """

    user: int
    j: int
    message: float


class Rest(NamedTuple):
    """What the messages in a graph do not account for in a gradient, so that they add up.

    word: "before" for what a leaf held before this pass, or got or lost after it; "cleared"
        for what has been taken away since, by zero_grad(), say; "not yet" for messages that
        were not added yet, in a backward pass walked by hand; "elsewhere" for what came
        along operations outside this graph; "seed" for the tangent a leaf starts with.
    size: what it adds to the messages.
    """

    word: str
    size: float

    def __str__(self) -> str:
        return f"{self.word} {fmt(self.size, sign=True)}"


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
    rest: what its gradient holds beside the messages from its uses, if anything.
    now: of a leaf that was changed since the graph was computed, what it holds now; data
        is what was computed with.
    gives: of a computed value whose operands do not give its data, what they give.
    sent: in forward mode, where grad is the tangent, what each operand sends, local derivative
        times its tangent; None for one that no seed moves.
    line: the line of the program that made it, if lines were recorded then.
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
    rest: Rest | None = None
    now: float | None = None
    gives: float | None = None
    sent: tuple[float | None, ...] | None = None
    line: Line | None = None

    @property
    def title(self) -> str:
        """What it is called where it is shown: its name, else v<k>."""
        return clean(self.name) or f"v{self.k}"

    @property
    def current(self) -> float:
        """What it holds now."""
        return self.data if self.now is None else self.now

    @property
    def change(self) -> str:
        """What has changed since: the number that a leaf held, or what a result would be now."""
        if self.now is not None:
            return f"was {fmt(self.data)}"
        return "" if self.gives is None else f"now gives {fmt(self.gives)}"

    def message(self, j: int) -> float:
        """What it sends back to operand j: local derivative times upstream gradient.

        In forward mode, what operand j sends to it.
        """
        if self.sent is not None:
            return self.sent[j] or 0.0
        return message(self.op, self.local_grads[j], self.grad)


class Graph:
    """Every Value below root, in order, read once: later changes of the Values change no row.

    It tells of the moment in which root was computed; see Row for what has changed since.

    params: what model.named_parameters() gives, or a model, or a dict from name to
        Value: which given Values are parameters, and what they are called.
    open_dots: show each `dot` as its products and their sum.

    nodes: a row for each value, without its uses.
    index: the k of each Value.  params: the name of each parameter in the graph, by k.
    model: what params was, if it was a model.
    ran: whether backward() has reached root.  Until then every gradient is 0 here, and what
        leaves hold from before is their rest.
    forward: in forward mode, the names of the leaves it starts from; else "".
    folds: its neurons, once they were looked for: see neurons.py.

    The plain numbers that a `weighted_sum` reads become constants.  Neurons that read
    the very same numbers read the same constants.

    Raises TypeError if root is not a Value or params holds something else, and for a data or
    grad that was set to what is no number.
    """

    forward = ""
    folds: Any = None

    @collector_paused()
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
        order = topological_order(root)
        held = [numbers(value) for value in order]
        self.ran = root.grad != 0.0
        self.read(order, held, open_dots, changed_since(order))
        if root.operands:
            self.nodes[-1] = self.nodes[-1]._replace(role="root")
        self.settle()
        self.params = {self.index[p]: name for p, name in self.names.items() if p in self.index}

    def __len__(self) -> int:
        return len(self.nodes)

    # From Values to rows

    def read(
        self, order: list[Value], held: list[tuple[float, float]], open_dots: bool, since: Changes
    ) -> None:
        """Append the row of each Value, after the constants and products it stands for."""
        index, nodes, names = self.index, self.nodes, self.names
        for value, (data, grad) in zip(order, held, strict=True):
            start = len(nodes)
            name = value.label if value.label.strip() else names.get(value, "")
            name = name if name.strip() else ""
            op, slopes = value.op, value.local_grads
            operands = tuple(map(index.__getitem__, value.operands))
            if op == "weighted_sum":
                op, operands = "dot", operands + self.constants(slopes)
                slopes += tuple([nodes[index[v]].data for v in value.operands])
            if open_dots and op == "dot":
                op, operands = "sum", self.products(grad, operands, slopes)
                slopes = (1.0,) * len(operands)
            role = "op" if operands else "param" if value in names else op or "input"
            index[value] = k = len(nodes)
            op = op if operands else ""
            row = Row(k, role, name, op, data, grad, operands, slopes)
            if value in since.moved:
                row = row._replace(data=as_float(since.moved[value]), now=data)
            elif value in since.misfits:
                row = row._replace(gives=since.misfits[value])
            if op == "sum" != value.op:  # its products tell what moved
                added = sum([nodes[j].data for j in operands], 0.0)
                row = row._replace(gives=None if same(added, row.data) else added)
            nodes.append(row)
            if line := made.get(value):
                nodes[start:] = [row._replace(line=line) for row in nodes[start:]]

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
        """Append the products that a `dot` adds up; each has the gradient of the sum.

        The slope by one factor is the other, so slopes are the numbers that were multiplied.
        """
        n, start = len(operands) // 2, len(self.nodes)
        for i in range(n):
            (a, b), (y, x) = operands[i::n], slopes[i::n]
            row = Row(start + i, "op", "", "*", x * y, grad, (a, b), (y, x))
            u, v = self.nodes[a].data, self.nodes[b].data
            fits_now = same(x, u) and same(y, v)
            self.nodes.append(row if fits_now else row._replace(gives=u * v))
        return tuple(range(start, start + n))

    def settle(self) -> None:
        """Give the constants that were made their gradients, and each row its rest."""
        nodes, held = self.nodes, [row.grad for row in self.nodes]
        sums = sizes = [0.0] * len(nodes)
        if self.ran:
            sums, sizes = self.received()
        else:
            nodes[:] = [row._replace(grad=0.0) for row in nodes]
        for k in chain.from_iterable(self.numbers.values()):
            held[k] = sums[k]
            nodes[k] = nodes[k]._replace(grad=sums[k])
        pairs = zip(nodes[:-1], zip(held, sums, sizes, strict=True), strict=False)
        off = [row for row, three in pairs if not fits(*three) and (self.ran or not row.operands)]
        by_hand = any(row.operands and not row.grad for row in off)
        other_pass = self.ran and nodes[-1].grad != 1.0
        for row in off:
            word = "elsewhere" if row.operands or other_pass else "before"
            if self.ran and row.grad == 0.0:
                word = "not yet" if by_hand else "cleared"
            nodes[row.k] = row._replace(rest=Rest(word, lacking(held[row.k], sums[row.k])))

    def received(self) -> tuple[list[float], list[float]]:
        """What the messages to each row add up to, in backward()'s order, and their sizes do."""
        sums, sizes = [0.0] * len(self.nodes), [0.0] * len(self.nodes)
        for row in reversed(self.nodes):
            for j, k in enumerate(row.operands):
                size = row.message(j)
                sums[k] += size
                sizes[k] += abs(size)
        return sums, sizes

    def with_grads(self, grads: Sequence[float]) -> "Graph":
        """The same graph after a backward() that ends with these gradients, one for each row.

        Leaves begin it with what they held before.
        """
        other, pairs = copy.copy(self), zip(self.nodes, grads, strict=True)
        other.ran = True
        other.nodes = [row._replace(grad=g, rest=held_before(row)) for row, g in pairs]
        return other

    def was(self) -> dict[Value, float]:
        """The leaves that have changed since, with what was computed with."""
        rows = {value: self.nodes[k] for value, k in self.index.items()}
        return {value: row.data for value, row in rows.items() if row.now is not None}

    def kind(self, row: Row) -> str:
        """The word for a row's role: without any parameters, a given value is just a leaf."""
        return "leaf" if row.role == "input" and not self.names else row.role

    @property
    def word(self) -> str:
        """What the numbers beside the data are."""
        return "tangent" if self.forward else "grad"

    # Who reads whom

    def rows(self, chosen: Iterable[int] | None = None) -> list[Row]:
        """The chosen rows with their uses, in the order of the graph; all of them if left out.

        The messages of a row and its rest add up to its grad.  backward() adds those of the
        last reader first.  Before backward() there are none.
        """
        ks = range(len(self)) if chosen is None else sorted(set(chosen))
        found: dict[int, list[Use]] = {k: [] for k in ks}
        for row in self.nodes if self.ran and not self.forward else ():
            for j, k in enumerate(row.operands):
                if k in found:
                    found[k].append(Use(row.k, j, row.message(j)))
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


def numbers(value: Value) -> tuple[float, float]:
    """The data and grad of a Value as floats, whatever kind of number they were set to."""
    try:
        return as_float(value.data), as_float(value.grad)
    except TypeError:
        raise TypeError(
            f"{value!r} should hold numbers; set data and grad to floats, 0.0 to clear a grad"
        ) from None


def fits(grad: float, total: float, size: float) -> bool:
    """Whether messages of this total and of this size in all make a gradient, but for rounding."""
    return same(grad, total) or abs(grad - total) < 1e-12 * size


def lacking(total: float, part: float) -> float:
    """The shortest number that makes a part up to the total, so that 0.1 is not 0.1000000001."""
    rest = total - part
    if isinstance(rest, Place):
        return rest
    texts = [f"{rest:.{digits}g}" for digits in range(1, 17)]
    return next((float(text) for text in texts if float(text) + part == total), rest)


def held_before(row: Row) -> Rest | None:
    """What a leaf held before the pass."""
    return row.rest if row.rest and row.rest.word == "before" else None


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
