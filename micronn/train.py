"""The training loop: what does the model say, how wrong is it, which way is less wrong, step.

    >>> import random
    >>> from micronn.data import line
    >>> from micronn.losses import mse
    >>> from micronn.nn import Neuron
    >>> from micronn.optim import SGD
    >>> neuron = Neuron(1, "linear", rng=random.Random(7))
    >>> optimizer = SGD(neuron.parameters(), lr=0.3)
    >>> told = fit(neuron, mse, line(50, noise=0.0), optimizer, epochs=30, batch_size=10)
    >>> told[0].loss > 1.0, told[-1].loss < 0.001
    (True, True)
    >>> round(neuron.w[0].data, 3), round(neuron.b.data, 3)  # the line is 2x + 1
    (2.0, 1.0)

`train_batch` is one step of learning, and all that there is to it.  `steps` repeats it,
batch by batch, for some epochs (passes over all examples).  The same loop for long runs,
a hundred times faster and with a validation set, is another file: micronn/training/.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from micronn.data import Examples, batches
from micronn.engine import DomainError, Value, mean, topological_order
from micronn.losses import loss_of
from micronn.nn import Module
from micronn.optim import Optimizer, clip_gradient
from micronn.support.arguments import Rng, check_callable, check_learns, count
from micronn.support.unused import told_if_unused

Loss = Callable[[Any, Any], Value]  # loss(output, target): what one example costs

NOT_FINITE = (ArithmeticError, DomainError)  # numbers too large, or none for an operation


class Step(NamedTuple):
    """Where a training stands.  What follows the loss is told by micronn.training alone."""

    step: int  # how many steps the optimiser has taken
    epoch: int  # the current one, from 1
    loss: float  # the mean of the examples' losses since the last Step, as they were then
    lr: float = math.nan  # the learning rate of the last step
    validation_loss: float | None = None  # the mean over the validation set
    metric: float | None = None  # of the validation set, or of the training set without one
    gradients: dict[str, float] = {}  # root mean square of the last batch's, by layer
    seconds: float = 0.0  # since the training began
    engine: str = "graph"  # what ran: "graph", "machine" or "python"


class Diverged(ArithmeticError):
    """A loss or gradient is no longer a finite number.

    step: the step that could not be taken.  epoch: the epoch it belongs to.
    The model keeps the parameters it had before that step.
    """

    def __init__(self, step: int, epoch: int, why: str, advice: str):
        self.step, self.epoch = step, epoch
        super().__init__(f"training stops at step {step}, in epoch {epoch}: {why}\n{advice}")


def train_batch(
    model: Module, loss: Loss, inputs: Sequence[Any], targets: Sequence[Any],
    optimizer: Optimizer, clip: float = math.inf,
) -> float:  # fmt: skip
    """One step of learning from a batch of examples; returns their mean loss before it.

    loss: what an example costs, loss(output, target) -> Value: cross_entropy or one of your
        own; mse, mae, huber, hinge and binary_cross_entropy may be passed too.
    clip: the longest that the gradient may be; fit() never shortens it, loops of your own may.

    Raises, and takes no step, where a number is not finite or no parameter is in the loss.
    """
    optimizer.zero_grad()  # or this gradient would be added to the last one
    losses = []
    for x, target in zip(inputs, targets, strict=True):
        output = model(x)  # forward: what does the model say?
        losses.append(loss_of(loss, output, target))  # how wrong is that?
    average = mean(losses)
    average.backward()  # which way would each parameter make it worse?
    length = clip_gradient(optimizer.params, clip)
    if not (math.isfinite(average.data) and math.isfinite(length)):
        raise ArithmeticError(f"the loss is {average.data}, the length of its gradient {length}")
    if not length:
        check_learns(topological_order(average), optimizer.params)
    optimizer.step()  # a little the other way
    return average.data


@told_if_unused
def steps(
    model: Module, loss: Loss, data: Examples, optimizer: Optimizer, epochs: int,
    batch_size: int = 32, rng: Rng = None,
) -> Iterator[Step]:  # fmt: skip
    """Train a model, a Step after each epoch: `for step in steps(...)`, and `break` stops.

    data: a pair of inputs and targets, as micronn.data makes them.
    epochs: how often to go through all examples, each time in a new order.
    batch_size: examples for each step; the last batch of an epoch may be smaller.
    rng: decides the order of the examples; Python's own random module if left out.

    Raises Diverged where a loss or a gradient is no longer finite.
    """
    check_training(model, loss, optimizer)
    for epoch in range(1, count(epochs, "epochs") + 1):
        total = 0.0
        for inputs, targets in batches(data, batch_size, rng):
            try:
                total += train_batch(model, loss, inputs, targets, optimizer) * len(targets)
            except NOT_FINITE as trouble:
                advice = "Try a smaller learning rate, or inputs scaled to about -1 to 1."
                raise Diverged(optimizer.steps + 1, epoch, str(trouble), advice) from trouble
        yield Step(optimizer.steps, epoch, total / len(data[1]))


def fit(
    model: Module, loss: Loss, data: Examples, optimizer: Optimizer, epochs: int,
    batch_size: int = 32, rng: Rng = None,
) -> list[Step]:  # fmt: skip
    """Train a model to the end; returns the list of what steps() yields, a Step for each epoch."""
    return list(steps(model, loss, data, optimizer, epochs, batch_size, rng))


def check_training(model: Module, loss: Loss, optimizer: Optimizer) -> None:
    """Refuse what would train nothing."""
    check_callable(loss=loss)
    if not isinstance(model, Module) or not isinstance(optimizer, Optimizer):
        got = f"{type(model).__name__} and {type(optimizer).__name__}"
        raise TypeError(f"training needs a model and, say, SGD(model.parameters(), 0.1); got {got}")
    if not {*optimizer.params} & {*model.parameters()}:
        raise ValueError(
            "the optimizer moves none of this model's parameters; build it with model.parameters()"
        )
