"""The gradient of a known layer is a formula that fits on paper; no engine is needed.

Before there were engines, somebody worked these out for each kind of layer and typed
them in.  Here they are, on plain numbers, to be set beside what backward() finds for
the same layer.  The last one, `mlp`, is back-propagation as the textbooks print it:
the last layer first, each layer's error made from the error of the layer after it.

    >>> cross_entropy([0.0, 0.0], target=1)  # softmax says 1/2 and 1/2, and should say 0 and 1
    [0.5, -0.5]
"""

import math
from collections.abc import Callable, Sequence

from micronn.support.vectors import softmax

# What each activation does, and its slope, for a weighted sum z


def logistic(z: float) -> float:
    """1 / (1 + e**-z)."""
    return 0.5 * (1.0 + math.tanh(0.5 * z))


ACTIVATIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (lambda z: z, lambda z: 1.0),
    "relu": (lambda z: max(z, 0.0), lambda z: 1.0 if z > 0.0 else 0.0),
    "tanh": (math.tanh, lambda z: 1.0 / math.cosh(z) ** 2),
    "sigmoid": (logistic, lambda z: logistic(z) * logistic(-z)),
}

# Losses: d(loss)/d(output), one number for each output


def mse(preds: Sequence[float], targets: Sequence[float]) -> list[float]:
    """2 * (pred - target) / n, for the average of the squared errors of n examples."""
    return [2.0 * (p - t) / len(preds) for p, t in zip(preds, targets, strict=True)]


def binary_cross_entropy(logits: Sequence[float], targets: Sequence[float]) -> list[float]:
    """(sigmoid(logit) - target) / n: how far the chance is off, and nothing else."""
    return [(logistic(z) - t) / len(logits) for z, t in zip(logits, targets, strict=True)]


def cross_entropy(logits: Sequence[float], target: int) -> list[float]:
    """softmax(logits), less 1 for the right class."""
    return [p - (k == target) for k, p in enumerate(softmax(logits))]


# Layers: d(loss)/d(parameter) by the parameter's name, from upstream = d(loss)/d(output)


def dot(a: Sequence[float], b: Sequence[float], upstream: float = 1.0) -> dict[str, float]:
    """For a[0]*b[0] + a[1]*b[1] + ...: each number's slope is its partner.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    {'a.0': 3.0, 'a.1': 4.0, 'b.0': 1.0, 'b.1': 2.0}
    """
    of_a = {f"a.{k}": upstream * number for k, number in enumerate(b)}
    return of_a | {f"b.{k}": upstream * number for k, number in enumerate(a)}


def neuron(
    w: Sequence[float],
    b: float,
    x: Sequence[float],
    activation: str = "linear",
    upstream: float = 1.0,
) -> dict[str, float]:
    """For activation(w[0]*x[0] + w[1]*x[1] + ... + b): error = upstream * slope at the sum.

    The bias gets the error, each weight the error times its input, and each input
    the error times its weight.

    >>> neuron([2.0, -1.0], b=0.5, x=[3.0, 4.0])
    {'w.0': 3.0, 'w.1': 4.0, 'b': 1.0, 'x.0': 2.0, 'x.1': -1.0}
    """
    z = sum(p * q for p, q in zip(w, x, strict=True)) + b
    error = upstream * ACTIVATIONS[activation][1](z)
    slopes = {f"w.{k}": error * number for k, number in enumerate(x)} | {"b": error}
    return slopes | {f"x.{k}": error * number for k, number in enumerate(w)}


def mlp(model, x: Sequence[float], loss_slopes: Callable) -> dict[str, float]:
    """For layers one after another: back-propagation, the last layer first.

    model: an MLP; only the numbers of its neurons' w, b and activation are read.
    x: one example, shape (nin,).
    loss_slopes: from the outputs, shape (nout,), to d(loss)/d(output) of each, such
        as lambda outputs: mse(outputs, targets).

    Returns the slope of every parameter by its name, such as layers.0.neurons.3.w.2.

    Source: Rumelhart, Hinton, Williams, "Learning representations by
    back-propagating errors", 1986.
    """
    signals = signals_of(model, x)
    upstream = loss_slopes(signals[-1])
    slopes: dict[str, float] = {}
    for i in reversed(range(len(model.layers))):
        below = [0.0] * len(signals[i])
        for j, unit in enumerate(model.layers[i].neurons):
            own = neuron(*numbers_of(unit), signals[i], unit.activation, upstream[j])
            below = [error + own.pop(f"x.{k}") for k, error in enumerate(below)]
            slopes |= {f"layers.{i}.neurons.{j}.{name}": slope for name, slope in own.items()}
        upstream = below  # what each neuron of the layer below gets back from all that read it
    return slopes


def signals_of(model, x: Sequence[float]) -> list[list[float]]:
    """What each layer reads, and in the end what the last one says."""
    signals = [list(x)]
    for layer in model.layers:
        outputs = []
        for unit in layer.neurons:
            w, b = numbers_of(unit)
            z = sum(p * q for p, q in zip(w, signals[-1], strict=True)) + b
            outputs.append(ACTIVATIONS[unit.activation][0](z))
        signals.append(outputs)
    return signals


def numbers_of(unit) -> tuple[list[float], float]:
    """The weights and the bias of a neuron as plain numbers."""
    return [w.data for w in unit.w], unit.b.data
