"""The same numbers without building a graph for each example: traced once, then run.

The loss of one example is recorded with its inputs and its target as leaves, and
compiled (compiler/program.py).  The numbers are those of the graph, and they come a
hundred to a thousand times faster where there is a C compiler, else about twice as fast.

That works only if every example has the same graph.  A model or a loss that decides
with a Python `if` has several, so a few different examples are tried on both first.
"""

import math
import warnings
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from micronn.compiler.build import NoMachine
from micronn.compiler.program import Program, compile_graph
from micronn.data import Examples
from micronn.engine import Value, topological_order
from micronn.losses import loss_of
from micronn.nn import Module
from micronn.optim import Optimizer
from micronn.support.arguments import check_learns, choice, class_index
from micronn.support.numeric import as_list
from micronn.train import NOT_FINITE
from micronn.training.eager import Objective, eager_outputs

ROOM = 4_000_000  # doubles that are copied in new order at a time: 32 MB
ENGINES = {name: name for name in ("auto", "graph", "machine", "python")}
T = TypeVar("T")
DECIDES = 'model or loss decide by the numbers of an example; use engine="graph"'


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
        inputs, targets = data
        first = min(losses)
        root, leaves = self.graph(inputs[first], targets[first])
        self.program = compile_graph(root, leaves, self.params, backend)
        self.name, self.width = self.program.backend, len(leaves)
        for k, loss in losses.items():
            self.rows = self.encoded([inputs[k]], [targets[k]])
            found = self.losses(self.batch([0]))
            if not same(found, loss):
                raise NotTraceable(
                    f"example {k} costs {loss:.6g}, and by the graph of example {first} "
                    f"{found:.6g}: {DECIDES}"
                )

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
        losses = 0.0
        for k in range(0, len(batches), many):
            rows = self.batch(chain.from_iterable(batches[k : k + many]))
            (mean,) = self.program.train(rows, optimizer, epochs=1, batch_size=size)
            losses += mean * (len(rows) // self.width)
        return losses

    def losses(self, rows: "array[float]") -> float:
        """The mean loss of rows of examples, without gradients."""
        values = self.program.values(rows)
        return math.fsum(values) / len(values)


def sample(targets: Sequence[Any], most: int = 32) -> list[int]:
    """The indices of a few examples with different targets, then of the first ones."""
    different: dict[Any, int] = {}
    for k, target in enumerate(targets[:1000]):
        different.setdefault(repr(target), k)
    return sorted({*list(different.values())[:most], *range(min(2, len(targets)))})


def same(a: float, b: float) -> bool:
    """True if two ways to one number agree, as they should but for its last digits."""
    return a == b or a != a and b != b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


# Which engine


def by_engine(make: Callable[[str], T], engine: str) -> T | None:
    """What `make` makes for a backend; None where the graph is to do it.

    With "auto", whatever it refuses is left to the graph, with a warning that says what.
    """
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
    except NOT_FINITE as refusal:  # steps on graphs say at which step, and where
        on_the_graph(str(refusal))
        return None
    first = loss_of(objective.loss, objective.model(inputs[0]), targets[0])
    check_learns(topological_order(first), objective.params)
    classes = class_count(objective, data, losses)

    def traced(backend: str) -> TracedLoss:
        """With the probabilities of classes if it can be, or else with a target as it is."""
        try:
            return TracedLoss(objective, data, losses, classes, backend)
        except (AttributeError, LookupError, TypeError, ValueError) as refusal:
            if not classes:
                raise
            try:
                return TracedLoss(objective, data, losses, 0, backend)
            except (AttributeError, LookupError, TypeError, ValueError) as second:
                raise refusal if isinstance(refusal, NotTraceable) else second from None

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
    program = None
    if choice(ENGINES, engine, "engine") != "graph" and len(inputs):
        program = by_engine(lambda backend: traced_outputs(model, inputs, backend), engine)

    def outputs(inputs: Sequence[Any]) -> list[Any]:
        if not program:
            return eager_outputs(model, inputs)
        parts = [inputs[k : k + 512] for k in range(0, len(inputs), 512)]  # to save room
        return [y for part in parts for y in program.values(part)]

    return outputs


def traced_outputs(model: Module, inputs: Sequence[Any], backend: str) -> Program:
    """The outputs of a model as a program, if it gives those of several inputs."""
    leaves = [Value(number) for number in inputs[0]]
    program = compile_graph(model(leaves), leaves, model.parameters(), backend)
    few = [inputs[k] for k in {0, len(inputs) // 2, len(inputs) - 1}]
    for found, output in zip(program.values(few), eager_outputs(model, few), strict=True):
        if not all(map(same, as_list(found), as_list(output))):
            raise NotTraceable(DECIDES)
    return program


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
