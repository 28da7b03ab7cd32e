"""The same batch, without building a graph for each example: recorded once, then run.

The loss of one example is recorded with its inputs and its target as leaves, and
compiled (compiler.py).  The numbers are those of the graph, and they come a hundred
to a thousand times faster.

That works only if every example has the same graph.  A model or a loss that decides
with a Python `if` has several, so a few different examples are compared first.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from micronn.compiler.machine import NoMachine
from micronn.compiler.program import compile_graph
from micronn.engine import Value, dot, topological_order
from micronn.losses import cross_entropy, l2_penalty, loss_of
from micronn.support.vectors import as_list
from micronn.training.eager import OnGraph

ROOM = 4_000_000  # doubles that are copied in new order at a time: 32 MB
ENGINES = ("auto", "graph", "machine", "python")


class NotRecordable(ValueError):
    """The graph depends on the example, so one recording cannot stand for all."""


class OnProgram:
    """One recorded graph for all examples.

    graph: the model, loss and parameters that it does the same for.
    data: a pair of inputs and targets; the graph is recorded from the first of them.
    backend: "machine" or "python".

    Raises NotRecordable if several examples give several graphs, and NoMachine.
    """

    def __init__(self, graph: OnGraph, data, backend: str):
        self.recording = Recording(graph)
        root, leaves = self.recording.checked(*data)
        self.program = compile_graph(root, leaves, graph.params, backend)
        self.params, self.name = graph.params, self.program.backend
        self.width = len(leaves)
        self.rows = self.flat(*data)

    def flat(self, inputs, targets) -> array:
        """Examples as rows of the program's inputs, all in one array."""
        rows = array("d")
        for x, target in zip(inputs, targets, strict=True):
            add_row(rows, x, self.recording.numbers(target), self.width)
        return rows

    def picked(self, places: Iterable[int]) -> array:
        """The rows of these examples."""
        view, size = memoryview(self.rows).cast("B"), 8 * self.width
        picked = array("d")
        picked.frombytes(b"".join([view[k * size : (k + 1) * size] for k in places]))
        return picked

    def gradient(self, places: Sequence[int]) -> float:
        """The mean loss of a batch; its gradient is left in the grad of each parameter."""
        weights = [p.data for p in self.params]
        value, grads = self.program.value_and_grad(weights, self.picked(places))
        for p, grad in zip(self.params, grads, strict=True):
            p.grad = grad
        return value

    def train(self, batches: Sequence[Sequence[int]], optimizer) -> float:
        """A step for each batch, all of one size, without leaving the program.

        Returns the sum of the losses of all examples.
        """
        size = len(batches[0])
        many = max(1, ROOM // (size * self.width))
        whole = 0.0
        for k in range(0, len(batches), many):
            rows = self.picked([place for batch in batches[k : k + many] for place in batch])
            (mean,) = self.program.train(rows, optimizer, epochs=1, batch_size=size)
            whole += mean * (len(rows) // self.width)
        return whole

    def losses(self, rows: array) -> float:
        """The mean loss of examples made by flat(), without gradients."""
        values = self.program.values(rows)
        return math.fsum(values) / len(values)


class Recording:
    """Records the loss of an example as a graph with inputs and targets as its leaves.

    For cross_entropy with the index of a class, the leaves hold the chance of each
    class, 1 for the right one: the index itself would choose the graph.
    """

    def __init__(self, graph: OnGraph):
        self.model, self.loss = graph.model, graph.loss
        self.params, self.l2 = graph.params, graph.l2
        self.classes = 0

    def checked(self, inputs, targets) -> tuple[Value, list[Value]]:
        """The graph of the first example, if other examples have the same one."""
        places = sample(targets)
        graphs = [self.graph(inputs[k], targets[k]) for k in places]
        shapes = [shape(root, leaves, self.params) for root, leaves in graphs]
        for k, other in zip(places, shapes, strict=True):
            if other != shapes[0]:
                raise NotRecordable(
                    f"examples {places[0]} and {k} give different graphs, so model or loss decide "
                    'by the numbers of an example; use engine="graph"'
                )
        return graphs[0]

    def graph(self, x, target) -> tuple[Value, list[Value]]:
        """The loss of one example, and the leaves that stand for it."""
        x = [Value(number) for number in x]
        output = self.model(x)
        if self.loss is cross_entropy and not isinstance(target, (list, tuple)):
            self.classes = len(output)
        goal = [Value(number) for number in self.numbers(target)]
        single = not self.classes and not isinstance(target, (list, tuple))
        root = loss_of(self.loss, output, goal[0] if single else goal)
        return (root + self.l2 * l2_penalty(self.params) if self.l2 else root), x + goal

    def numbers(self, target) -> list[float]:
        """A target as the numbers that its leaves take."""
        if not self.classes:
            return as_list(target)
        chances = [0.0] * self.classes
        if not 0 <= target < self.classes:
            raise IndexError(
                f"target {target} names no class; {self.classes} outputs have 0 to "
                f"{self.classes - 1}"
            )
        chances[target] = 1.0
        return chances


def sample(targets, most=8) -> list[int]:
    """The places of a few examples with different targets, then of the first ones."""
    different: dict[Any, int] = {}
    for k, target in enumerate(targets[:1000]):
        different.setdefault(repr(target), k)
    return sorted({*list(different.values())[:most], *range(min(2, len(targets)))})


def shape(root, leaves, params) -> list:
    """All of a graph but the numbers of its leaves: two graphs of one shape are one program."""
    order = topological_order(root)
    place = {node: k for k, node in enumerate(order)}
    given = {leaf: k for k, leaf in enumerate([*leaves, *params])}
    return [
        (node.op, [place[x] for x in node.operands], node.op == "weighted_sum" and node.local_grads)
        if node.operands else given.get(node, node.data)
        for node in order
    ]  # fmt: skip


def program_for(graph: OnGraph, data, engine: str) -> OnProgram | None:
    """What does the same as graph, where the engine allows it and it can be recorded."""
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}; choose one of {', '.join(ENGINES)}")
    if engine == "graph":
        return None
    if engine != "auto":
        return OnProgram(graph, data, engine)
    try:
        return OnProgram(graph, data, "machine")
    except NoMachine:
        return OnProgram(graph, data, "python")
    except (NotRecordable, TypeError):
        return None


class OutputProgram:
    """All outputs of a model in one run of a program that has a single root.

    The root is the weighted sum of the outputs, with a weight for each as a further
    input.  The slope of that sum by a weight is the output itself, so the gradient
    of the weights holds every output; their own value, 0, does not matter.
    """

    def __init__(self, model, x, backend: str):
        leaves = [Value(number) for number in x]
        output = model(leaves)
        self.single = not isinstance(output, list)
        outputs = as_list(output)
        weights = [Value(0.0) for _ in outputs]
        root, params = dot(weights, outputs), model.parameters()
        try:
            name = "machine" if backend == "auto" else backend
            self.program = compile_graph(root, leaves + weights, params, name)
        except NoMachine:
            if backend == "machine":
                raise
            self.program = compile_graph(root, leaves + weights, params, "python")
        self.zeros, self.width = [0.0] * len(weights), len(leaves) + len(weights)

    def __call__(self, inputs) -> list:
        """What the model says about each input."""
        found = []
        for k in range(0, len(inputs), 512):
            rows = array("d")
            for x in inputs[k : k + 512]:
                add_row(rows, x, self.zeros, self.width)
            found += self.run(rows)
        return [output[0] for output in found] if self.single else found

    def run(self, rows):
        """The outputs for each row; no grad is touched."""
        count = len(rows) // self.width
        slopes = self.program.run(rows, count, self.program.weights()).inputs
        ends = range(self.width, len(rows) + 1, self.width)
        return [list(slopes[end - len(self.zeros) : end]) for end in ends]


def add_row(rows: array, x, more, width):
    """Add an example to the rows; a wrong length would shift all that follow."""
    if len(x) + len(more) != width:
        raise ValueError(
            f"expected {width - len(more)} inputs, got {len(x)}, or targets of several lengths; "
            "every example needs equally many"
        )
    rows.extend(x)
    rows.extend(more)
