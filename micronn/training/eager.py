"""What a training makes small, on graphs: and where a number began that is not finite.

The steps themselves are those of micronn.train, one graph for each batch.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from micronn.check.nonfinite import trace_nonfinite
from micronn.engine import Value
from micronn.losses import l2_penalty, loss_of
from micronn.nn import Module
from micronn.train import NOT_FINITE, Loss


@dataclass
class Objective:
    """What a training makes small: the loss of each example, and large parameters.

    loss: what an example costs, loss(output, target).
    params: those that are learned.
    l2: how much the sum of their squares adds to each loss.
    """

    model: Module
    loss: Loss
    params: Sequence[Value]
    l2: float = 0.0

    def penalised(self) -> Loss:
        """The loss with its penalty, for the parameters as they are now."""
        if not self.l2:
            return self.loss
        penalty = self.l2 * l2_penalty(self.params)
        return lambda output, target: loss_of(self.loss, output, target) + penalty

    def losses(self, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
        """The mean loss of examples, without gradients."""
        loss, pairs = self.penalised(), zip(inputs, targets, strict=True)
        values = [loss_of(loss, self.model(x), target).data for x, target in pairs]
        return math.fsum(values) / len(values)

    def zero_grad(self) -> None:
        """Set every grad to 0: the model's, and those of parameters that the loss has."""
        self.model.zero_grad()
        for p in self.params:
            p.grad = 0.0

    def trouble(self, inputs: Sequence[Any], targets: Sequence[Any]) -> tuple[str, str]:
        """What is not finite in a batch, and where that began; and advice, if it is the data."""
        for x, target in zip(inputs, targets, strict=True):
            self.zero_grad()
            try:
                value = loss_of(self.loss, self.model(x), target)
            except NOT_FINITE as refusal:
                return f"{refusal}, in the loss of an example with target {target}", ""
            value.backward()
            where = trace_nonfinite(value, self.model)
            if where:
                finite = math.isfinite(value.data)
                what = "a gradient is not finite" if finite else f"the loss is {value.data}"
                given = all(math.isfinite(number) for number in x)
                advice = "" if given else "Repair that example, or leave it out."
                return f"{what}: {where}", advice
        return "the gradients of the batch are too large to be added up", ""


def eager_outputs(model: Module, inputs: Iterable[Any]) -> list[Any]:
    """What a model says about each input: a float, or a list of floats, for each."""
    outputs = [model(x) for x in inputs]
    return [[v.data for v in y] if isinstance(y, list) else y.data for y in outputs]
