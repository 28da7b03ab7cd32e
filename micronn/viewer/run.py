"""A training run in numbers: the model, the example it is watched on, and what it learned from.

Everything here can be worked out again from a snapshot, which holds the parameters of one
moment: the model as it was, the loss of the example, how large the gradient was.

    >>> from micronn.nn import MLP
    >>> run = Run(MLP(2, [3, 1]))
    >>> run.layer_sizes(Snapshot(0, {}, [0.0] * 13, [2.0] * 13))
    [2.0, 2.0]
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, cast

from micronn.engine import Value
from micronn.losses import loss_of
from micronn.nn import Module
from micronn.pictures.network_columns import layers_of
from micronn.support.arguments import check_pairs, check_text, pair
from micronn.support.numeric import root_mean_square
from micronn.support.text import clean, clipped

Loss = Callable[[Any, Any], Value]
Example = tuple[Sequence[Value | float], Any]  # an input and its target
Point = tuple[list[float], int]  # an input and its class


class Snapshot(NamedTuple):
    """A moment of a run: every number that its pictures need.

    numbers: losses and metrics, by name.
    data, grads: of every parameter, in the order of model.parameters().
    """

    step: int
    numbers: dict[str, float]
    data: Sequence[float]
    grads: Sequence[float]


class Run:
    """What learned, and on what; the arguments are those of Recorder.

    layers: the neurons of each layer.
    indices: for each layer, which of the model's parameters are its own.
    points: each input with its class, if there are data.
    curves: the numbers of every step, by name.
    """

    def __init__(
        self,
        model: Module,
        loss: Loss | None = None,
        example: Example | None = None,
        data: tuple[Sequence[Any], Sequence[Any]] | None = None,
        threshold: float | None = None,
        title: str = "",
    ):
        check_text(title, "title")
        self.model, self.loss, self.example = model, loss, example
        self.layers = layers_of(model)
        index = {p: k for k, p in enumerate(model.parameters())}
        self.indices = [[index[p] for n in layer for p in (*n.w, n.b)] for layer in self.layers]
        self.points = None if data is None else points(*pair(data, DATA))
        bounded = self.layers[-1][0].activation == "sigmoid"
        self.threshold = threshold if threshold is not None else 0.5 if bounded else 0.0
        self.title = clean(title) or "A training run"
        self.curves: dict[str, list[tuple[int, float]]] = {}
        if example is not None:
            self.check_example(*pair(example, "an example is a pair, x and target"))

    def check_example(self, x: Sequence[Value | float], target: Any) -> None:
        """Work the example out once, so that a mistake in it shows before the training."""
        if not callable(self.loss):
            raise TypeError(
                f"the graph of an example ends in its loss; pass loss=f(output, target), "
                f"got {self.loss!r}"
            )
        root = self.cost(self.model, x, target)
        if not isinstance(root, Value):
            raise TypeError(f"loss(output, target) gives a Value, got {clipped(repr(root))}")

    def cost(self, model: Module, x: Sequence[Value | float], target: Any) -> Value:
        """The loss of a model on one example, whose inputs have gradients too."""
        output = cast(Callable[..., Any], model)(named_inputs(x))
        return loss_of(cast(Loss, self.loss), output, target)

    def example_loss(self, model: Module) -> Value:
        """The loss of the example after backward(); gradients are those of this example alone."""
        model.zero_grad()
        root = self.cost(model, *cast(Example, self.example))
        root.backward()
        return root

    def states(self, snapshots: Iterable[Snapshot]) -> Iterator[Module]:
        """A model of its own, put into the state of one snapshot after the other."""
        model = deepcopy(self.model)
        for snapshot in snapshots:
            put(model, snapshot)
            yield model

    def layer_sizes(self, snapshot: Snapshot) -> list[float]:
        """The root mean square of the gradients of each layer's parameters."""
        return [root_mean_square([snapshot.grads[k] for k in own]) for own in self.indices]


DATA = "data is a pair, all inputs and all targets"


def put(model: Module, snapshot: Snapshot) -> None:
    """Set every parameter of a model and its gradient to what they were."""
    for p, data, grad in zip(model.parameters(), snapshot.data, snapshot.grads, strict=True):
        p.data, p.grad = data, grad


def named_inputs(x: Sequence[Value | float]) -> list[Value]:
    """Inputs as named Values, so that they have gradients too."""
    return [
        Value(float(number), getattr(number, "label", "") or f"x{k}") for k, number in enumerate(x)
    ]


def points(inputs: Sequence[Any], targets: Sequence[Any]) -> list[Point]:
    """Each example as its inputs and its class."""
    check_pairs(inputs, targets, "inputs")
    numbers = [[float(number) for number in x] for x in inputs]
    return list(zip(numbers, classes(targets), strict=True))


def classes(targets: Iterable[Any]) -> list[int]:
    """Targets as classes 0, 1, 2, ...: the smallest is 0.  Of numbers to predict, all are 0."""
    numbers = [float(target) for target in targets]
    kinds = sorted(set(numbers))
    return [kinds.index(number) if len(kinds) <= 10 else 0 for number in numbers]
