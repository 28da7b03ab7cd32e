"""Forward and backward for a batch of examples, with a graph for each.

This is what happens inside a training step before the optimiser moves: guess, say
what the guess costs, walk back through the graph; for every example of the batch.
The gradient of the batch is the average of the gradients of its examples.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from micronn.check.nonfinite import trace_nonfinite
from micronn.engine import Value
from micronn.losses import l2_penalty, loss_of
from micronn.support.numeric import DomainError

REFUSED = (DomainError, ZeroDivisionError, OverflowError)


class NotFinite(ArithmeticError):
    """A loss or a gradient is nan or infinite, or an operation was refused.

    advice: what to try, if it is not a smaller learning rate.
    """

    def __init__(self, message: str, advice: str = ""):
        super().__init__(message)
        self.advice = advice


class OnGraph:
    """A new graph for every example.

    model, loss: as for cost().  params: whose gradients are wanted.
    l2: how much the sum of the squares of params adds to the loss.
    """

    def __init__(self, model, loss: Callable, params: Sequence[Value], l2: float = 0.0):
        self.model, self.loss, self.params, self.l2 = model, loss, params, l2

    def gradient(self, inputs, targets) -> float:
        """The mean loss of a batch; its gradient is left in the grad of each parameter.

        Raises NotFinite, with the place where the first such number began.
        """
        self.zero_grad()
        whole = 0.0
        for x, target in zip(inputs, targets, strict=True):
            whole += self.example(x, target).data
        for p in self.params:
            p.grad /= len(inputs)
        penalty = self.penalty()
        if not all(math.isfinite(p.grad) for p in self.params):
            self.blame(inputs, targets)
        return whole / len(inputs) + penalty

    def zero_grad(self):
        """Set every grad to 0: the model's, and those of parameters that the loss has."""
        self.model.zero_grad()
        for p in self.params:
            p.grad = 0.0

    def example(self, x, target) -> Value:
        """Forward and backward for one example."""
        try:
            value = loss_of(self.loss, self.model(x), target)
        except REFUSED as refusal:
            raise NotFinite(f"{refusal}, in the loss of an example with target {target}") from None
        if not math.isfinite(value.data):
            raise self.trouble(f"the loss is {value.data}", value, x)
        value.backward()
        return value

    def penalty(self) -> float:
        """l2 times the sum of squares; adds its gradient."""
        if not self.l2:
            return 0.0
        penalty = self.l2 * l2_penalty(self.params)
        penalty.backward()
        return penalty.data

    def blame(self, inputs, targets):
        """Find the example whose gradient is not finite, and raise NotFinite."""
        for x, target in zip(inputs, targets, strict=True):
            self.zero_grad()
            value = self.example(x, target)
            if trace_nonfinite(value, self.model):
                raise self.trouble("a gradient is not finite", value, x)
        raise NotFinite("the gradients of the batch are too large to be added up")

    def trouble(self, what, value, x) -> NotFinite:
        """What to raise for an example: where it began, and whether the example is to blame."""
        given = all(math.isfinite(number) for number in x)
        advice = "" if given else "Repair that example, or leave it out."
        return NotFinite(f"{what}: {trace_nonfinite(value, self.model)}", advice)

    def losses(self, inputs, targets) -> float:
        """The mean loss, without gradients."""
        values = [
            loss_of(self.loss, self.model(x), t) for x, t in zip(inputs, targets, strict=True)
        ]
        mean = math.fsum([value.data for value in values]) / len(values)
        return mean + (self.l2 * l2_penalty(self.params).data if self.l2 else 0.0)


def predict(model, inputs: Iterable[Sequence[float]]) -> list:
    """What a model says about each input: a float, or a list of floats, for each.

    >>> from micronn.nn import Neuron
    >>> neuron = Neuron(1, "linear")
    >>> neuron.w[0].data, neuron.b.data = 2.0, 1.0
    >>> predict(neuron, [[0.0], [3.0]])
    [1.0, 7.0]
    """
    outputs = [model(x) for x in inputs]
    return [[v.data for v in y] if isinstance(y, list) else y.data for y in outputs]
