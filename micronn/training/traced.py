"""The same numbers without building a graph for each example: traced once, then run.

The loss of one example is recorded with its inputs and its target as leaves, and
compiled (compiler/program.py).  The numbers are those of the graph, and they come a
hundred to a thousand times faster.

That works only if every example has the same graph.  A model or a loss that decides
with a Python `if` has several, so a few different examples are compared first.
"""

import math
import warnings
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from micronn.compiler.build import NoMachine
from micronn.compiler.program import compile_graph
from micronn.data import Examples
from micronn.engine import Value, topological_order
from micronn.losses import loss_of
from micronn.nn import Module
from micronn.optim import Optimizer
from micronn.support.arguments import choice, class_index
from micronn.support.vectors import as_list
from micronn.train import NOT_FINITE
from micronn.training.eager import Objective, eager_outputs

ROOM = 4_000_000  # doubles that are copied in new order at a time: 32 MB
ENGINES = {name: name for name in ("auto", "graph", "machine", "python")}
T = TypeVar("T")


class NotTraceable(ValueError):
    """The graph depends on the example, so one trace cannot stand for all."""


class TracedLoss:
    """The loss of an example as a program: its inputs and its target are leaves of the graph.

    objective: what is made small, on graphs; the program does the same.
    data: a pair of inputs and targets; the graph is recorded from the first of them.
    losses: by the index of a few examples, what they cost on the graph.
    classes: above 0 if the target is the index of a class.  Its leaves then hold the
        probability of each class, 1 for the right one: the index would choose the graph.

    Raises NotTraceable if these examples give several graphs, and what compile_graph does.
    """

    def __init__(
        self, objective: Objective, data: Examples, losses: dict[int, float], classes: int,
        backend: str,
    ):  # fmt: skip
        self.objective, self.params, self.classes = objective, objective.params, classes
        root, leaves = self.checked(data, losses)
        self.program = compile_graph(root, leaves, self.params, backend)
        self.name, self.width = self.program.backend, len(leaves)
        self.rows: list[bytes] = []

    def checked(self, data: Examples, losses: dict[int, float]) -> tuple[Value, list[Value]]:
        """The graph of the first example, if others have the same one, and these losses."""
        inputs, targets = data
        graphs = {k: self.graph(inputs[k], targets[k]) for k in losses}
        params, first = self.params, min(losses)
        shapes = {k: shape([root], [*x, *params]) for k, (root, x) in graphs.items()}
        for k, loss in losses.items():
            if shapes[k] != shapes[first]:
                raise NotTraceable(
                    f"examples {first} and {k} give different graphs, so model or loss decide "
                    'by the numbers of an example; use engine="graph"'
                )
            if not same(graphs[k][0].data, loss):
                raise NotTraceable(
                    f"example {k} costs something else when its target is a Value; "
                    'use engine="graph"'
                )
        return graphs[first]

    def graph(self, x: Sequence[float], target: Any) -> tuple[Value, list[Value]]:
        """The loss of one example, and the leaves that stand for it."""
        leaves = [Value(number) for number in x]
        goal = [Value(number) for number in self.numbers(target)]
        single = not self.classes and not isinstance(target, (list, tuple))
        output = self.objective.model(leaves)
        root = loss_of(self.objective.penalised(), output, goal[0] if single else goal)
        return root, leaves + goal

    def numbers(self, target: Any) -> list[float]:
        """A target as the numbers that its leaves take."""
        if not self.classes:
            return as_list(target)
        probabilities = [0.0] * self.classes
        probabilities[class_index(target, self.classes)] = 1.0
        return probabilities

    def encoded(self, inputs: Iterable[Any], targets: Iterable[Any]) -> list[bytes]:
        """Each example as a row of the program's inputs, doubles in bytes."""
        rows = []
        for x, target in zip(inputs, targets, strict=True):
            goal = self.numbers(target)
            if len(x) + len(goal) != self.width:  # it would shift all that follow
                raise ValueError(
                    f"expected {self.width - len(goal)} inputs, got {len(x)}, or targets of "
                    "several lengths; every example needs equally many"
                )
            rows.append(array("d", [*x, *goal]).tobytes())
        return rows

    def batch(self, indices: Iterable[int]) -> "array[float]":
        """The rows of these examples."""
        return array("d", b"".join([self.rows[k] for k in indices]))

    def gradient(self, indices: Sequence[int]) -> float:
        """The mean loss of a batch; its gradient is left in the grad of each parameter."""
        weights = [p.data for p in self.params]
        value, grads = self.program.value_and_grad(weights, self.batch(indices))
        for p, grad in zip(self.params, grads, strict=True):
            p.grad = grad
        return value

    def train(self, batches: Sequence[Sequence[int]], optimizer: Optimizer) -> float:
        """A step for each batch, all of one size, without leaving the program.

        Returns the sum of the losses of all examples.
        """
        size = len(batches[0])
        many = max(1, ROOM // (size * self.width))
        total = 0.0
        for k in range(0, len(batches), many):
            rows = self.batch(chain.from_iterable(batches[k : k + many]))
            (mean,) = self.program.train(rows, optimizer, epochs=1, batch_size=size)
            total += mean * (len(rows) // self.width)
        return total

    def losses(self, rows: "array[float]") -> float:
        """The mean loss of rows of examples, without gradients."""
        values = self.program.values(rows)
        return math.fsum(values) / len(values)


def sample(targets: Sequence[Any], most: int = 8) -> list[int]:
    """The indices of a few examples with different targets, then of the first ones."""
    different: dict[Any, int] = {}
    for k, target in enumerate(targets[:1000]):
        different.setdefault(repr(target), k)
    return sorted({*list(different.values())[:most], *range(min(2, len(targets)))})


def shape(roots: Sequence[Value], leaves: Sequence[Value]) -> list[Any]:
    """All of a graph but the numbers of these leaves: two graphs of one shape are one program."""
    order = list(dict.fromkeys([node for root in roots for node in topological_order(root)]))
    index = {node: k for k, node in enumerate(order)}
    given = {leaf: k for k, leaf in enumerate(leaves)}
    return [
        (node.op, [index[x] for x in node.operands], node.op == "weighted_sum" and node.local_grads)
        if node.operands else given.get(node, node.data)
        for node in order
    ]  # fmt: skip


def same(a: float, b: float) -> bool:
    """True if two ways to one number agree, as they should but for its last digits."""
    return a == b or a != a and b != b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


# Which engine


def by_engine(make: Callable[[str], T], engine: str) -> T | None:
    """What `make` makes for a backend; None where the graph is to do it.

    With "auto", whatever it refuses is left to the graph, with a warning that says what.
    """
    if engine == "graph":
        return None
    if engine != "auto":
        return make(engine)
    try:
        try:
            return make("machine")
        except NoMachine:
            return make("python")
    except Exception as refusal:  # whatever it is: there is a way that works
        on_the_graph(f"{refusal}" or repr(refusal))
        return None


def on_the_graph(why: str) -> None:
    """Warn that the slow way is taken."""
    warnings.warn(
        f'running on graphs, some 50 times slower than a program (engine="graph" says so): {why}',
        RuntimeWarning,
        stacklevel=5,
    )


def traced_loss(objective: Objective, data: Examples, engine: str) -> TracedLoss | None:
    """The loss as a program, where the engine allows it and it can be traced.

    Raises what model and loss raise for a few examples: a mistake shows at once.
    """
    if choice(ENGINES, engine, "engine") == "graph":
        return None
    inputs, targets = data
    try:
        losses = {k: objective.losses([inputs[k]], [targets[k]]) for k in sample(targets)}
    except NOT_FINITE:
        return None  # steps on the graph say where that begins
    classes = class_count(objective, data, losses)

    def traced(backend: str) -> TracedLoss:
        """With the probabilities of classes if it can be, or else with a target as it is."""
        try:
            return TracedLoss(objective, data, losses, classes, backend)
        except (AttributeError, LookupError, TypeError, ValueError):
            if not classes:
                raise
            return TracedLoss(objective, data, losses, 0, backend)

    program = by_engine(traced, engine)
    if program:
        program.rows = program.encoded(*data)
    return program


def class_count(objective: Objective, data: Examples, sampled: Iterable[int]) -> int:
    """How many classes there are, if these targets are indices of classes; else 0."""
    inputs, targets = data
    output = objective.model(inputs[0])
    if not isinstance(output, list) or hasattr(objective.loss, "takes_lists"):
        return 0
    names = [targets[k] for k in sampled]
    return len(output) * all(hasattr(t, "__index__") and 0 <= t < len(output) for t in names)


# Outputs


def predictor(
    model: Module, inputs: Sequence[Any], engine: str = "auto"
) -> Callable[[Sequence[Any]], list[Any]]:
    """A function from inputs to what the model says about each, with its numbers of then.

    inputs: some examples; the outputs are recorded from the first of them.
    engine: as for fit().
    """
    choice(ENGINES, engine, "engine")
    program = by_engine(lambda backend: traced_outputs(model, inputs[:8], backend), engine)
    return program or (lambda inputs: eager_outputs(model, inputs))


def traced_outputs(
    model: Module, inputs: Sequence[Any], backend: str
) -> Callable[[Sequence[Any]], list[Any]]:
    """The outputs of a model as a program, if it has the same graph for all these inputs."""
    params, graphs = model.parameters(), []
    for x in inputs:
        leaves = [Value(number) for number in x]
        graphs.append((model(leaves), leaves))
    shapes = [shape(as_list(output), [*leaves, *params]) for output, leaves in graphs]
    if any(other != shapes[0] for other in shapes):
        raise NotTraceable("the model decides by its inputs, so several have different graphs")
    program = compile_graph(*graphs[0], params, backend)

    def outputs(inputs: Sequence[Any]) -> list[Any]:
        """512 examples at a time, for the sake of room."""
        parts = [inputs[k : k + 512] for k in range(0, len(inputs), 512)]
        return [y for part in parts for y in program.values(part)]

    return outputs


def predict(model: Module, inputs: Sequence[Any], engine: str = "graph") -> list[Any]:
    """What a model says about each input: a float, or a list of floats, for each.

    engine: "graph"; or, quicker for hundreds of inputs, one that records it once: "auto",
        "machine", "python".

    >>> from micronn.nn import Neuron
    >>> neuron = Neuron(1, "linear")
    >>> neuron.w[0].data, neuron.b.data = 2.0, 1.0
    >>> predict(neuron, [[0.0], [3.0]])
    [1.0, 7.0]
    """
    return predictor(model, inputs, engine)(inputs)
