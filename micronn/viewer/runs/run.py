"""A training run in numbers: the model, what it learned from, and snapshots taken on the way.

A snapshot holds the parameters of one moment, and everything else can be worked out again
from it: the model as it was, the loss of an example, how large the gradient was.

    >>> from micronn.nn import MLP
    >>> run = Run(MLP(2, [3, 1]))
    >>> run.snapshot(step=0, loss=0.69)
    >>> run.layer_sizes(run.snapshots()[0])
    [0.0, 0.0]
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, cast

from micronn.engine import Value, as_value, topological_order
from micronn.graph.again import again, order_like
from micronn.graph.neurons import outputs_named
from micronn.graph.rows import Graph
from micronn.losses import loss_of
from micronn.nn import Module
from micronn.optim import Optimizer
from micronn.pictures.network.network_columns import check_classes, layers_of
from micronn.support.arguments import check_pairs, check_text, count, integer, pair
from micronn.support.number import number_of
from micronn.support.numeric import root_mean_square
from micronn.support.text import clean
from micronn.train import NOT_FINITE, Step, check_training
from micronn.training.fit import under_way

MOST_NUMBERS = 100_000  # of examples and states in a page on which a training goes on: 1 MB

Loss = Callable[[Any, Any], Value]
Example = tuple[Sequence[Value | float], Any]  # an input and its target


class Snapshot(NamedTuple):
    """A moment of a run: every number that its pictures need.

    numbers: losses and metrics, by name.
    data, grads: of every parameter, in the order of model.parameters().
    taken: how many steps the optimiser has taken.
    columns: all parameters that it moves, then each number that it remembers of them.
    """

    step: int
    numbers: dict[str, float]
    data: Sequence[float]
    grads: Sequence[float]
    taken: int = 0
    columns: Sequence[float] = ()


class Moment(NamedTuple):
    """A snapshot with a model in its state.

    params: of the model.
    graph: of the example's loss, if there is one.  same: whether its shape is that of the
        moment before.  refusal: why there is none, in words.
    """

    snapshot: Snapshot
    model: Module
    params: Sequence[Value]
    graph: Graph | None
    same: bool
    refusal: str


class Run:
    """What learned, on what, and how; the arguments are those of Recorder.

    layers: the neurons of each layer.
    learned: the parameters of the model, and what else the optimiser moves.
    indices: for each layer, which of the model's parameters are its own.
    points: each input with its class; of data that are on no plane, the first.
    curves: the numbers of every step, by name.
    kept: snapshots at equal distances.  last: the latest, kept or not.
    """

    def __init__(
        self,
        model: Module,
        *,
        loss: Loss | None = None,
        example: Example | None = None,
        data: tuple[Sequence[Any], Sequence[Any]] | None = None,
        threshold: float | None = None,
        every: int = 1,
        most: int = 200,
        title: str = "A training run",
        optimizer: Optimizer | None = None,
        batch_size: int | None = None,
        classes: Sequence[str] | None = (),
    ):
        check_text(title, "title")
        self.model, self.loss, self.example, self.data = model, loss, example, data
        self.optimizer, self.classes = optimizer, classes
        self.batch_size = None if batch_size is None else count(batch_size, "batch_size")
        self.layers = layers_of(model)
        if classes:
            check_classes(classes, len(self.layers[-1]))
        index = {p: k for k, p in enumerate(model.parameters())}
        self.indices = [[index[p] for n in layer for p in (*n.w, n.b)] for layer in self.layers]
        if data is not None:
            inputs, targets = pair(data, "data is a pair, all inputs and all targets")
            check_pairs(inputs, targets, "inputs")
        self.points = [] if data is None else points(data, len(self.layers[0][0].w) == 2)
        bounded = self.layers[-1][0].activation == "sigmoid"
        self.threshold = threshold if threshold is not None else 0.5 if bounded else 0.0
        self.title = clean(title) or "A training run"
        self.every, self.most = count(every, "every"), count(most, "most", least=2)
        self.curves: dict[str, list[tuple[int, float]]] = {}
        self.kept: list[Snapshot] = []
        self.last: Snapshot | None = None
        self.sizes: dict[int, tuple[Sequence[float], list[float]]] = {}  # of layers, as asked for
        self.calls = 0
        if example is not None:
            self.check_example(*pair(example, "an example is a pair, x and target"))
        self.learned = model.parameters()
        if optimizer is not None:
            if data is None:
                raise TypeError("an optimizer trains on data; pass data=(inputs, targets) too")
            check_training(model, cast(Loss, loss), optimizer)
            self.learned = list(dict.fromkeys([*self.learned, *optimizer.params]))

    def check_example(self, x: Sequence[Value | float], target: Any) -> None:
        """Work the example out once, so that a mistake in it shows before the training."""
        if not callable(self.loss):
            raise TypeError(
                f"an example has a loss; pass loss=f(output, target), got {self.loss!r}"
            )
        self.cost(self.model, named_inputs(x), target)

    # What is kept

    def snapshot(
        self,
        step: int,
        loss: Value | float,
        validation_loss: Value | float | None = None,
        **metrics: Value | float | None,
    ) -> None:
        """Note the losses and metrics of a step, and keep the model if its turn has come.

        Call it after backward(), at every step: the curves are drawn through all calls.
        step: a whole number, larger than at the call before.
        loss, validation_loss, metrics: numbers or Values; a metric may have any name.

        Raises ValueError for a step that goes back, TypeError for what is no number.
        """
        integer(step, "step")
        if self.last is not None and step <= self.last.step:
            raise ValueError(f"steps go up, got {step} after {self.last.step}")
        if loss is None:
            raise TypeError("every snapshot has a loss, got None; pass the number of this step")
        given = {"loss": loss, "validation loss": validation_loss, **metrics}
        numbers = {name: as_value(x).data for name, x in given.items() if x is not None}
        self.keep(self.taken(step, numbers))

    def keep(self, snapshot: Snapshot) -> None:
        """Note the numbers of a snapshot, and keep it if its turn has come."""
        for name, number in snapshot.numbers.items():
            self.curves.setdefault(name, []).append((snapshot.step, number))
        self.last = snapshot
        if self.calls % self.every == 0:
            self.kept.append(self.last)
        self.calls += 1
        if len(self.kept) > self.most:
            self.kept, self.every = self.kept[::2], self.every * 2

    def taken(self, step: int, numbers: dict[str, float]) -> Snapshot:
        """A snapshot of now."""
        parameters, optimizer = self.model.parameters(), self.optimizer
        data = array("d", [p.data for p in parameters])
        grads = array("d", [p.grad for p in parameters])
        if optimizer is None:
            return Snapshot(step, numbers, data, grads)
        if self.most_states() < 2:
            return Snapshot(step, numbers, data, grads, optimizer.steps)
        index = {p: k for k, p in enumerate(optimizer.params)}
        columns = array("d", [p.data for p in self.learned])
        for column in optimizer.state.values():
            columns.extend([column[index[p]] if p in index else 0.0 for p in self.learned])
        return Snapshot(step, numbers, data, grads, optimizer.steps, columns)

    def most_states(self) -> int:
        """How many states, with all that the optimiser remembers, have room in a page."""
        inputs, _ = self.data or ((), ())
        examples = len(inputs) * (len(inputs[0]) + len(self.layers[-1])) if inputs else 0
        names = self.optimizer.names if self.optimizer else ()
        return (MOST_NUMBERS - examples) // (len(self.learned) * (1 + len(names)))

    def record(self, steps: Iterable[Step], metric: str = "metric") -> Iterator[Step]:
        """Hand on the Steps of micronn.training.steps, and note each of them.

        metric: what to call the metric of the Steps, such as "accuracy".
        The model as it is before a training's first step is snapshot 0; its loss is told
        by snapshot(0, loss) before the loop.

        >>> from micronn.losses import mse
        >>> from micronn.nn import MLP
        >>> from micronn.optim import SGD
        >>> from micronn.training import steps
        >>> from micronn.viewer import Recorder
        >>> model, data = MLP(1, [1]), ([[1.0], [2.0]], [3.0, 5.0])
        >>> recorder = Recorder(model, title="a line")
        >>> run = steps(model, mse, data, SGD(model.parameters(), lr=0.1), epochs=3)
        >>> [step.epoch for step in recorder.record(run)], len(recorder.snapshots())
        ([1, 2, 3], 4)
        """
        run = under_way(steps, "recorded")  # what is no training is refused at once

        def noted() -> Iterator[Step]:
            """The Steps, after a snapshot of the model at each of them."""
            start = self.taken(self.optimizer.steps if self.optimizer else 0, {})
            for step in run:
                if self.last is None and step.epoch == 1:
                    self.most += 1  # beside the others
                    self.keep(start)
                self.snapshot(step.step, step.loss, step.validation_loss, **{metric: step.metric})
                yield step

        return noted()

    def snapshots(self) -> list[Snapshot]:
        """The snapshots that the page shows: those kept, and the last one.

        Before the first one, with an optimiser, the model as it is.
        """
        if self.last is None and self.optimizer is not None:
            return [self.taken(self.optimizer.steps, {})]
        if self.last is None:
            raise ValueError("nothing is recorded yet; call snapshot(step, loss) in the loop")
        return self.kept if self.kept[-1] is self.last else [*self.kept, self.last]

    @property
    def shown(self) -> Example:
        """The example that the page of a training begins with."""
        inputs, targets = self.data or ((), ())
        return self.example or (inputs[0], targets[0])

    # What it tells

    def cost(self, model: Module, x: Sequence[Value | float], target: Any) -> Value:
        """The loss of a model on one example."""
        output = cast(Callable[..., Any], model)(x)
        return loss_of(cast(Loss, self.loss), output, target)

    def moments(self) -> Iterator[Moment]:
        """A model of its own, put into the state of one snapshot after the other, with the graph
        of the example's loss, if there is an example; all gradients are of this example alone.

        What else the loss reads, such as a target or a weight of its own, has its gradient
        back as soon as the graph is read.
        """
        model, graph = deepcopy(self.model), None
        params, x = model.parameters(), named_inputs(self.example[0] if self.example else ())
        for snapshot in self.snapshots():
            for p, data in zip(params, snapshot.data, strict=True):
                p.data = data
            same, refusal = False, ""
            try:
                if self.example:
                    graph, same = self.graph(model, {*params, *x}, x, graph)
            except NOT_FINITE as error:
                graph, refusal = None, f"There is no loss here: {error}"
            yield Moment(snapshot, model, params, graph, same, refusal)

    def graph(
        self, model: Module, own: set[Value], x: Sequence[Value], like: Graph | None
    ) -> tuple[Graph, bool]:
        """The graph of the example's loss, after a backward pass from cleared gradients.

        own: the model's parameters and the inputs x.  like: the graph of another moment.
        Returns also whether it has the shape of that one.
        """
        root = self.cost(model, x, cast(Example, self.example)[1])
        known = order_like(like, root) if like else None
        order = known or topological_order(root)
        others = [value for value in {*order} - own if not value.operands]  # shared
        held = [(leaf, leaf.grad, getattr(leaf, "was", leaf.data)) for leaf in others]
        for leaf in (*own, *others):
            leaf.grad = 0.0
        try:
            root.backward()
            same = again(like, known) if like else None
            return same or outputs_named(Graph(root, model.named_parameters())), same is not None
        finally:
            for leaf, grad, was in held:
                leaf.grad, leaf.was = grad, was

    def layer_sizes(self, snapshot: Snapshot) -> list[float]:
        """The root mean square of the gradients of each layer's parameters."""
        if (key := id(snapshot.grads)) not in self.sizes:  # which stay the same, and alive here
            sizes = [root_mean_square([snapshot.grads[k] for k in own]) for own in self.indices]
            self.sizes[key] = snapshot.grads, sizes
        return self.sizes[key][1]


def put_grads(params: Sequence[Value], snapshot: Snapshot) -> None:
    """Give every parameter its gradient in the training."""
    for p, grad in zip(params, snapshot.grads, strict=True):
        p.grad = grad


def named_inputs(x: Sequence[Value | float]) -> list[Value]:
    """Inputs as named Values, so that they have gradients too."""
    return [
        Value(number_of(number), getattr(number, "label", "") or f"x{k}")
        for k, number in enumerate(x)
    ]


def points(data: Any, all_of_them: bool) -> list[tuple[list[float], int]]:
    """Each example as its inputs and its class; or the first one alone."""
    inputs, targets = data if all_of_them else [part[:1] for part in data]
    numbers = [[number_of(number) for number in x] for x in inputs]
    return list(zip(numbers, classes(targets), strict=True))


def classes(targets: Iterable[Any]) -> list[int]:
    """Targets as classes 0, 1, 2, ...: the smallest is 0.  Of numbers to predict, all are 0."""
    numbers = [number_of(target) for target in targets]
    kinds = sorted(set(numbers))
    return [kinds.index(number) if len(kinds) <= 10 else 0 for number in numbers]
