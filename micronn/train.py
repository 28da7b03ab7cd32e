"""The training loop: guess, measure, find the slope, step; again and again.

    >>> import random
    >>> from micronn.data import line
    >>> from micronn.losses import mse
    >>> from micronn.nn import Neuron
    >>> from micronn.optim import SGD
    >>> neuron = Neuron(1, "linear", rng=random.Random(7))
    >>> optimizer = SGD(neuron.parameters(), lr=0.3)
    >>> for step in fit(neuron, mse, line(50, noise=0.0), optimizer, epochs=30, batch_size=10):
    ...     pass
    >>> round(neuron.w[0].data, 3), round(neuron.b.data, 3)  # the line is 2x + 1
    (2.0, 1.0)

`fit` hands out a Step after every epoch, with the model as it is then.  Whatever
should happen on the way (print, draw, save, stop) is written in the body of your
own loop: `break` stops, and `early_stopping(fit(...), model)` is a loop around a
loop.  A batch is one forward and backward pass for each example and the average of
their gradients; then the optimiser moves every parameter a little.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from micronn.data import Examples, select, shuffled
from micronn.engine import Value
from micronn.nn import Module
from micronn.optim import Optimizer, Schedule, clip_gradient, learning_rate
from micronn.support.arguments import check_callable, check_examples, count
from micronn.support.text import layer_name
from micronn.support.vectors import root_mean_square
from micronn.training.eager import REFUSED, NotFinite, OnGraph, predict
from micronn.training.metrics import accuracy
from micronn.training.traced import OnProgram, OutputProgram, program_for

Metric = Callable[[Sequence, Sequence], float]


class Step(NamedTuple):
    """Where a training stands.

    step: how many steps the optimiser has taken.  epoch: the current one, from 1.
    loss: the mean over the examples since the last Step, each before its own step.
    validation_loss: the mean over the validation set; None without one.
    metric: of the validation set, or of the training set without one; None if none
        was asked for.
    gradients: root mean square of the last batch's gradient, by layer.
    lr: the learning rate of the last step.
    seconds: since the training began.
    engine: what ran: "graph", "machine" or "python".
    """

    step: int
    epoch: int
    loss: float
    validation_loss: float | None
    metric: float | None
    gradients: dict[str, float]
    lr: float
    seconds: float
    engine: str


class Score(NamedTuple):
    """How good a model is on a data set: mean loss, and metric or None."""

    loss: float
    metric: float | None


class Diverged(ArithmeticError):
    """A loss or gradient is no longer a finite number.

    step: the step that could not be taken.  epoch: the epoch it belongs to.
    The model keeps the parameters it had before that step.
    """

    def __init__(self, step: int, epoch: int, lr: float, trouble: NotFinite):
        self.step, self.epoch = step, epoch
        advice = trouble.advice or (
            f"Try a smaller learning rate than {lr:g}, clip=1.0, or inputs scaled to about -1 to 1."
        )
        super().__init__(f"training stops at step {step}, in epoch {epoch}: {trouble}\n{advice}")


def fit(
    model: Module,
    loss: Callable,
    data: Examples,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int = 32,
    validation: Examples | None = None,
    metric: Metric | None = None,
    schedule: Schedule | None = None,
    clip: float | None = None,
    l2: float = 0.0,
    every: int | None = None,
    done: int = 0,
    engine: str = "auto",
    rng=None,
) -> Iterator[Step]:
    """Train a model on shuffled mini-batches, and tell how it goes.

    loss: what an example costs, loss(output, target) -> Value: cross_entropy or one
        of your own; mse, mae, huber, hinge and binary_cross_entropy may be passed too.
    data: a pair of inputs and targets, as micronn.data makes them.
    optimizer: moves the parameters it was built with; others stay.
    epochs: how often to go through all examples.
    batch_size: examples for each step; the last batch of an epoch may be smaller.
    validation: examples that are only measured, never learned from.
    metric: accuracy, rmse, or any function of outputs (floats, or lists of floats)
        and targets.
    schedule: the learning rate of step 0, 1, 2, ...; left out, optimizer.lr stays.
    clip: the longest that the gradient of a batch may be, all parameters together; a
        longer one is shortened.
    l2: adds l2 * (sum of the squares of the parameters) to every loss reported.
    every: a Step after so many batches and after each epoch; left out, only these.
    done: how many of the epochs were done earlier, by a training that goes on.
    engine: "graph" builds a graph for every example, which is slow and shows all;
        "machine" records it once and runs it in C, "python" in Python, with the same
        numbers; "auto" is the fastest that works.  A model or loss of your own that
        decides with an `if` on numbers wants "graph".
    rng: decides the order of the examples; Python's own random module if left out.
        The order is that of micronn.data.batches.

    After a Step, the grad of each parameter is the gradient of the last batch.

    Raises ValueError or TypeError, when called, for arguments that do not fit; and,
    while it runs, Diverged when a loss or a gradient is no longer finite, with the
    step and the place in the graph where that began.
    """
    for name, n in (("epochs", epochs), ("batch_size", batch_size), ("every", every)):
        count(1 if n is None else n, name)
    count(done, "done", least=0)
    if clip is not None and not 0.0 < clip < math.inf:
        raise ValueError(f"clip is a length above 0, got {clip!r}; 1.0 is usual")
    if not 0.0 <= l2 < math.inf:
        raise ValueError(f"l2 must be 0 or above, got {l2!r}; 0.0001 is usual")
    check_callable(loss=loss, metric=metric or accuracy, schedule=schedule or float)
    check_optimizer(model, optimizer)
    for part in (data, validation or data):
        check_examples(part)
    loop = Loop(model, loss, data, optimizer, batch_size, schedule, clip, l2, engine)
    judge = None
    if validation is not None or metric is not None:
        judge = Judge(loop.graph, loop.program, validation or data, metric)
    return steps(loop, judge, validation is not None, range(done + 1, epochs + 1), every, rng)


def steps(loop, judge, validated, epochs, every, rng) -> Iterator[Step]:
    """The epochs, with a Step after each and wherever else one is due."""
    start = time.perf_counter()
    for epoch in epochs:
        order = shuffled(loop.data, rng)
        size = loop.batch_size
        batches = [order[k : k + size] for k in range(0, len(order), size)]
        for k in range(0, len(batches), every or len(batches)):
            loss = loop.advance(batches[k : k + (every or len(batches))], epoch)
            if judge:
                judge.program = loop.program
            yield Step(
                loop.optimizer.steps,
                epoch,
                loss,
                judge.loss() if validated else None,
                judge.metric() if judge else None,
                {
                    name: root_mean_square([p.grad for p in params])
                    for name, params in loop.layers.items()
                },
                learning_rate(loop.optimizer.lr, loop.optimizer.steps - 1),
                time.perf_counter() - start,
                loop.program.name if loop.program else "graph",
            )


class Loop:
    """What takes a step: the model's gradient of a batch, then the optimiser."""

    def __init__(self, model, loss, data, optimizer, batch_size, schedule, clip, l2, engine):
        self.data, self.optimizer = data, optimizer
        self.batch_size, self.schedule, self.clip = batch_size, schedule, clip
        self.layers = layers_of(model, optimizer.params)
        self.graph = OnGraph(model, loss, optimizer.params, l2)
        self.program = program_for(self.graph, data, engine)

    def advance(self, batches, epoch) -> float:
        """A step for each batch; returns the mean loss of their examples.

        If the program's numbers are not finite, the steps are taken once more on the
        graph, which can say where that begins.  If they are not the graph's numbers,
        the graph is used from there on.
        """
        if self.program is None:
            return self.on_graph(batches, epoch)
        before = state_of(self.optimizer)
        try:
            mean = self.on_program(self.program, batches)
            if self.is_finite(mean):
                if self.agrees(self.program, batches[-1][0]):
                    return mean
                self.program = None
        except REFUSED:
            pass
        restore(self.optimizer, before)
        return self.on_graph(batches, epoch)

    def on_graph(self, batches, epoch) -> float:
        """Every step on a new graph for each example."""
        total = 0.0
        for batch in batches:
            try:
                total += self.graph.gradient(*select(self.data, batch)) * len(batch)
            except NotFinite as trouble:
                step = self.optimizer.steps + 1
                lr = learning_rate(self.optimizer.lr, step - 1)
                raise Diverged(step, epoch, lr, trouble) from None
            self.step()
        return total / sum(map(len, batches))

    def on_program(self, program, batches) -> float:
        """All steps but the last inside the program, if nothing is to be done in between."""
        inside = [] if self.clip else batches[:-1]
        total = 0.0
        if inside:
            if self.schedule:
                self.optimizer.lr = self.schedule
            total += program.train(inside, self.optimizer)
        for batch in batches[len(inside) :]:
            total += program.gradient(batch) * len(batch)
            self.step()
        return total / sum(map(len, batches))

    def step(self):
        """Move the parameters by their grads."""
        if self.schedule:
            self.optimizer.lr = self.schedule
        if self.clip:
            clip_gradient(self.optimizer.params, self.clip)
        self.optimizer.step()

    def is_finite(self, mean) -> bool:
        """True if the loss, the parameters and their last gradients are finite."""
        params = self.optimizer.params
        numbers = [mean, *[p.data for p in params], *[p.grad for p in params]]
        return all(map(math.isfinite, numbers))

    def agrees(self, program, place) -> bool:
        """True if program and graph give one loss for this example, as they should."""
        here = program.losses(program.picked([place]))
        there = self.graph.losses(*select(self.data, [place]))
        return math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12)


class Judge:
    """Measures a model on a data set, on the graph or by a program."""

    def __init__(self, graph: OnGraph, program: OnProgram | None, data, measure: Metric | None):
        self.graph, self.program, self.measure = graph, program, measure
        self.inputs, self.targets = data
        if program:
            self.rows = program.flat(*data)
            self.outputs = OutputProgram(graph.model, self.inputs[0], program.name)

    def loss(self) -> float:
        """The mean loss."""
        if self.program:
            return self.program.losses(self.rows)
        return self.graph.losses(self.inputs, self.targets)

    def metric(self) -> float | None:
        """The metric of the model's outputs."""
        if not self.measure:
            return None
        if self.program:
            return self.measure(self.outputs(self.inputs), self.targets)
        return self.measure(predict(self.graph.model, self.inputs), self.targets)


def evaluate(
    model: Module,
    loss: Callable,
    data: Examples,
    metric: Metric | None = None,
    engine: str = "auto",
) -> Score:
    """How good a model is on examples: once, at the end, on a test set it never saw.

    loss, data, metric, engine: as for fit.

    Raises ValueError or TypeError for arguments that do not fit.
    """
    check_examples(data)
    graph = OnGraph(model, loss, model.parameters())
    judge = Judge(graph, program_for(graph, data, engine), data, metric)
    return Score(judge.loss(), judge.metric())


def early_stopping(
    steps: Iterable[Step], model: Module, patience: int = 5, least: float = 0.0
) -> Iterator[Step]:
    """Hand on the Steps until the loss no longer falls, then go back to the best model.

    steps: fit(...), with a validation set; without one the training loss decides.
    patience: how many Steps to wait for a loss lower than the lowest so far.
    least: by how much lower.

    However the loop ends, the model has the parameters of its best Step then.
    Raises ValueError for a patience below 1, TypeError for one that is no whole number.

    Source: Prechelt, "Early stopping - but when?", 1998.
    """
    count(patience, "patience")
    lowest, best, waited = math.inf, model.state_dict(), 0
    try:
        for step in steps:
            loss = step.loss if step.validation_loss is None else step.validation_loss
            waited += 1
            if loss < lowest - least:
                lowest, best, waited = loss, model.state_dict(), 0
            yield step
            if waited >= patience:
                return
    finally:
        model.load_state_dict(best)


def layers_of(model: Module, params) -> dict[str, list[Value]]:
    """The params by the name of the layer that holds them."""
    moved = set(params)
    layers: dict[str, list[Value]] = {}
    for name, p in model.named_parameters():
        if p in moved:
            layers.setdefault(layer_name(name), []).append(p)
    return layers


# Going back


def state_of(optimizer):
    """All that a step changes."""
    return [p.data for p in optimizer.params], optimizer.state_dict()


def restore(optimizer, state):
    """Undo the steps since state_of()."""
    data, memory = state
    for p, number in zip(optimizer.params, data, strict=True):
        p.data = number
    optimizer.load_state_dict(memory)


# Checks


def check_optimizer(model, optimizer):
    """Refuse what does not train this model."""
    if not isinstance(model, Module) or not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit needs a model and an optimizer, such as SGD(model.parameters(), 0.1), "
            f"got {type(model).__name__} and {type(optimizer).__name__}"
        )
    if not {*optimizer.params} & {*model.parameters()}:
        raise ValueError(
            "the optimizer moves none of this model's parameters; build it with model.parameters()"
        )
