"""The graph behind a Value as plain rows: numbered, ordered, named, each with its part.

A picture, a page, a tree in the terminal and a table of steps all tell the same
story: which values there are, in which order they were computed, who reads whom, and
which message each reader sends back.  Here the story is read off the recorded Values
once, as rows of plain numbers and texts; how it looks is decided elsewhere.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> f = (a + b) * b
    >>> f.backward()
    >>> for row in Graph(f).rows():
    ...     print(row.k, row.name, row.op or row.role, row.operands, row.data, row.grad)
    0 a input () -2.0 3.0
    1 b input () 3.0 4.0
    2 v2 + (0, 1) 1.0 3.0
    3 v3 * (2, 1) 3.0 1.0
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from micronn.engine import Value, as_value, topological_order
from micronn.support.number import restored
from micronn.support.text import clipped


class Use(NamedTuple):
    """One reading of a value: by row `user`, as its operand number `j`.

    message: what comes back along it, local derivative times upstream gradient.
    """

    user: int
    j: int
    message: float


class Row(NamedTuple):
    """One value of a graph.

    k: its place in the order; operands come before what is made of them.
    role: "input", "param" or "const" if it was given, "op" if it was computed,
        "root" for the computed value that the graph is about.
    name: its label, else its name as a parameter, else v<k>.
    named: whether the name is more than v<k>.
    operands: the k of each operand, in order, repeats kept.
    local_grads: d(this)/d(operand), one for each operand.
    uses: every reading of it, in the order in which the readers were computed.
    """

    k: int
    role: str
    name: str
    named: bool
    op: str
    data: float
    grad: float
    operands: tuple[int, ...]
    local_grads: tuple[float, ...]
    uses: tuple[Use, ...]


class Graph:
    """Every Value below root, in order, and how to read them as rows.

    params: what model.named_parameters() gives, or a model, or a dict from name to
        Value: which given Values are parameters, and what they are called.
    open_dots: show each `dot` as its products and their sum.

    The plain numbers that a `weighted_sum` reads become constants.  Neurons that read the
    very same numbers read the same constants.  The Values themselves stay untouched.

    Raises TypeError if root is not a Value or params holds something else.
    """

    def __init__(self, root: Value, params=None, open_dots: bool = False):
        if not isinstance(root, Value):
            raise TypeError(
                f"a picture starts from a Value, got {clipped(repr(root))} "
                f"({type(root).__name__}); pass the output of a computation, such as a loss"
            )
        self.names = {value: name for name, value in named(params)}
        self.nodes: list[Value] = []  # a Value, or what stands in for it
        self.place: dict[Value, int] = {}
        self.numbers: dict[int, list[Value]] = {}  # id of a tuple of numbers -> constants
        for value in topological_order(root):
            self.add(value, open_dots)
        self.fill_constants()

    def __len__(self) -> int:
        return len(self.nodes)

    # From Values to nodes

    def add(self, value: Value, open_dots: bool = False) -> None:
        """Append a Value to the order, with the constants and products it stands for."""
        node = self.with_constants(value) if value.op == "weighted_sum" else value
        if open_dots and node.op == "dot":
            node = self.opened(node)
        self.place[value] = len(self.nodes)
        self.nodes.append(node)

    def with_constants(self, value: Value) -> Value:
        """The `dot` that a `weighted_sum` is: its weights, then the numbers as constants."""
        weights, numbers = value.operands, value.local_grads
        if id(numbers) not in self.numbers:
            self.numbers[id(numbers)] = list(map(as_value, numbers))
            for constant in self.numbers[id(numbers)]:
                self.add(constant)
        operands = (*weights, *self.numbers[id(numbers)])
        slopes = (*numbers, *[weight.data for weight in weights])
        return restored(Value, value.data, value.grad, "dot", operands, slopes, value.label)

    def opened(self, node: Value) -> Value:
        """The sum of products that a `dot` is; the products join the order."""
        n, products = len(node.operands) // 2, []
        for i in range(n):
            pair, slopes = node.operands[i::n], node.local_grads[i::n]
            product = restored(Value, pair[0].data * pair[1].data, node.grad, "*", pair, slopes, "")
            self.add(product)
            products.append(product)
        return restored(Value, node.data, node.grad, "sum", tuple(products), (1.0,) * n, node.label)

    def fill_constants(self) -> None:
        """Give the constants of `weighted_sum` their gradients, added in backward()'s order."""
        made = {constant for constants in self.numbers.values() for constant in constants}
        for node in reversed(self.nodes) if made else ():
            for operand, slope in zip(node.operands, node.local_grads, strict=True):
                if operand in made:
                    operand.grad += slope * node.grad

    # From nodes to rows

    def role(self, k: int) -> str:
        """What part node k plays: input, param, const, op or root."""
        node = self.nodes[k]
        if node.operands:
            return "root" if k == len(self.nodes) - 1 else "op"
        if node in self.names:
            return "param"
        return node.op or "input"

    def name(self, k: int) -> str:
        """The label of node k, else its name as a parameter, else ""."""
        node = self.nodes[k]
        name = node.label if node.label.strip() else self.names.get(node, "")
        return name if name.strip() else ""

    def operands(self, k: int) -> tuple[int, ...]:
        """The k of each operand of node k."""
        place = self.place
        return tuple([place[operand] for operand in self.nodes[k].operands])

    def uses(self, chosen: Iterable[int]) -> dict[int, list[Use]]:
        """Who reads the chosen nodes.  The messages of one node add up to its grad,
        for a given Value to what the last backward() added; see in_backward_order.
        """
        found: dict[int, list[Use]] = {k: [] for k in chosen}
        place = self.place
        for user, node in enumerate(self.nodes):
            for j, operand in enumerate(node.operands):
                uses = found.get(place[operand])
                if uses is not None:
                    uses.append(Use(user, j, node.local_grads[j] * node.grad))
        return found

    def rows(self, chosen: Iterable[int] | None = None) -> list[Row]:
        """The rows of the chosen nodes, in the order of the graph; all of them if left out."""
        uses = self.uses(range(len(self.nodes)) if chosen is None else sorted(set(chosen)))
        return [self.row(k, tuple(uses[k])) for k in uses]

    def row(self, k: int, uses: tuple[Use, ...] = ()) -> Row:
        """The row of node k."""
        node, name = self.nodes[k], self.name(k)
        return Row(
            k,
            self.role(k),
            name or f"v{k}",
            bool(name),
            node.op if node.operands else "",
            node.data,
            node.grad,
            self.operands(k),
            node.local_grads if node.operands else (),
            uses,
        )

    # Parts of the graph

    def window(self, most: int) -> list[int]:
        """The nodes nearest to the root: whole levels, breadth first, up to `most` nodes."""
        inside = {len(self.nodes) - 1: None}
        level = list(inside)
        while level:
            below = dict.fromkeys([j for k in level for j in self.operands(k) if j not in inside])
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
                for operand in self.operands(k):
                    masks[operand] |= masks[k]
        seen = Counter(masks)
        return {
            k: sum(n for mask, n in seen.items() if mask >> i & 1) - 1 for i, k in enumerate(chosen)
        }


def in_backward_order(uses: Iterable[Use]) -> list[Use]:
    """The uses of one node in the order in which backward() adds their messages."""
    return sorted(uses, key=lambda use: (-use.user, use.j))


def named(params) -> list[tuple[str, Value]]:
    """Parameters as (name, Value) pairs, from a model, a dict or pairs."""
    if params is None:
        return []
    if hasattr(params, "named_parameters"):
        params = params.named_parameters()
    if not isinstance(params, Iterable):
        params = [params]  # refused below, in the same words
    pairs = list(params.items() if isinstance(params, Mapping) else params)
    for pair in pairs:
        is_pair = isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)
        if not is_pair or not isinstance(pair[1], Value):
            raise TypeError(
                f"params holds (name, Value) pairs, got {clipped(repr(pair))}; "
                "pass a model, model.named_parameters(), or a dict from name to Value"
            )
    return pairs
