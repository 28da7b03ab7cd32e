"""Which layers of a net learn, and what is worth a try where one does not?

A net that does not learn looks like any other from outside: a loss that stays.
Inside, a layer may get no gradient, its units may be stuck where their curve is
flat, or its steps may be too large or too small for its weights.  `health` measures
these four for each layer, says in a line what they mean, and suggests an experiment.

    >>> import random
    >>> from micronn.nn import MLP
    >>> model = MLP(2, [4, 1], activation="tanh", rng=random.Random(7))
    >>> model([0.5, -1.0]).backward()
    >>> print(health(model, [[0.5, -1.0], [1.0, 2.0]]))
    layer         gradient    weight    update   dead saturated
    layers.0       1.8e-01   4.4e-01         -      -        0%  healthy
    layers.1       6.5e-01   2.6e-01         -      -         -  healthy
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from micronn.engine import Value, topological_order, total
from micronn.nn import Module
from micronn.optim import Optimizer
from micronn.support.numeric import as_list, root_mean_square
from micronn.support.text import layer_name

FLAT = 0.05  # a unit is saturated where its slope is below this share of its steepest
STEEPEST = {"tanh": 1.0, "sigmoid": 0.25}
Units = dict[Value, list[tuple[str, float]]]  # of each unit: its op and slope, each time it fired


@dataclass(frozen=True)
class LayerHealth:
    """How one layer is doing.

    name: the part of its parameters' names that they share.
    gradient, weight: root mean square of the grads and of the parameters.
    update: how far the next step moves the parameters, as a share of their size; None
        without an optimiser.  About 0.001 is usual.
    dead: the share of relu units that are off for every input; None without relus.
    saturated: the share of tanh and sigmoid outputs, over units and inputs, where the
        curve is nearly flat; None without such units.
    reading: the numbers in a line.
    experiment: what is worth a try; empty if nothing stands out.
    """

    name: str
    gradient: float
    weight: float
    update: float | None
    dead: float | None
    saturated: float | None
    reading: str = ""
    experiment: str = ""

    def __str__(self) -> str:
        numbers = f"{self.gradient:>9.1e} {self.weight:>9.1e} {written(self.update, '.1e'):>9}"
        shares = f"{written(self.dead, '.0%'):>6} {written(self.saturated, '.0%'):>9}"
        advice = f"; {self.experiment}" if self.experiment else ""
        return f"{self.name:<12} {numbers} {shares}  {self.reading}{advice}"


@dataclass(frozen=True)
class Health:
    """The health of a model: a LayerHealth for each layer, first layer first."""

    layers: tuple[LayerHealth, ...]

    def __str__(self) -> str:
        numbers = f"{'gradient':>9} {'weight':>9} {'update':>9} {'dead':>6} {'saturated':>9}"
        return "\n".join([f"{'layer':<12} {numbers}", *map(str, self.layers)])


def health(model: Module, inputs: Iterable[Any], optimizer: Optimizer | None = None) -> Health:
    """How each layer of a model is doing, with a reading and an experiment to try.

    model: a Module, such as an MLP.
    inputs: examples to watch the units on; a mini-batch is enough.
    optimizer: where the next step would go; left out, nothing is said of updates.

    The gradients are those that the last backward() left.  Nothing is changed.
    Raises ValueError for no inputs.

    Source of the usual size of updates: Karpathy, CS231n notes, "Neural networks
    part 3", 2015.
    """
    layers = parameters_by_layer(model)
    outputs = [y for x in inputs for y in as_list(model(x))]
    if not outputs:
        raise ValueError("no inputs to watch the model on; pass a mini-batch")
    units = slopes_by_unit(outputs, layers)
    moved = {}
    if optimizer is not None:
        moved = {p: row[0] for p, row in zip(optimizer.params, optimizer.next_step(), strict=True)}
    found = [measured(name, layers[name], units[name], moved) for name in layers]
    return Health(tuple(read(layer, found[-1].gradient) for layer in found))


def parameters_by_layer(model: Module) -> dict[str, list[Value]]:
    """The parameters of a model by the name of their layer."""
    layers: dict[str, list[Value]] = {}
    for name, p in model.named_parameters():
        layers.setdefault(layer_name(name), []).append(p)
    return layers


def slopes_by_unit(
    outputs: Sequence[Value], layers: Mapping[str, Sequence[Value]]
) -> dict[str, Units]:
    """For each layer, and each unit in it, the op and the slope of each time it fired.

    A node belongs to the latest layer of which it has read a parameter; all nodes
    that have last read the same parameter, such as a bias, are one unit.
    """
    rank = {p: k for k, ps in enumerate(layers.values()) for p in ps}
    unit = {p: p for p in rank}  # node -> the parameter that stands for its unit
    found: dict[str, Units] = {name: {} for name in layers}
    names = list(layers)
    for node in topological_order(total(outputs)):
        owners = [unit[operand] for operand in node.operands if operand in unit]
        if owners:
            owner = unit[node] = max(reversed(owners), key=lambda p: rank[p])
            if node.op == "relu" or node.op in STEEPEST:
                slopes = found[names[rank[owner]]].setdefault(owner, [])
                slopes.append((node.op, node.local_grads[0]))
    return found


def measured(
    name: str, parameters: Sequence[Value], units: Units, moved: Mapping[Value, float]
) -> LayerHealth:
    """The numbers of one layer, not yet read."""
    relus = [all(s == 0.0 for _, s in fired) for fired in units.values() if fired[0][0] == "relu"]
    squashed = [(op, s) for fired in units.values() for op, s in fired if op in STEEPEST]
    flat = [s < FLAT * STEEPEST[op] for op, s in squashed]
    weight = root_mean_square([p.data for p in parameters])
    update = None
    if moved and weight:
        steps = [moved.get(p, p.data) - p.data for p in parameters]
        update = root_mean_square(steps) / weight
    gradient = root_mean_square([p.grad for p in parameters])
    return LayerHealth(name, gradient, weight, update, share(relus), share(flat))


# What is said of a layer: the first row whose test holds, for a layer and the gradient
# of the last one, in words, with an experiment.  of_last and of_weight are the gradient
# as a share of the last layer's, and of the layer's own weights.
READINGS: Sequence[tuple[Callable[[LayerHealth, float], bool], str, str]] = (
    (lambda layer, last: not math.isfinite(layer.gradient),
     "gradients are not finite", "ask trace_nonfinite(loss) where it began"),
    (lambda layer, last: layer.gradient == last == 0.0,
     "no gradient", "call loss.backward() first"),
    (lambda layer, last: (layer.dead or 0.0) >= 0.5,
     "{layer.dead:.0%} of the relus are dead",
     'try a smaller learning rate, init="he" or leaky_relu'),
    (lambda layer, last: (layer.saturated or 0.0) >= 0.5,
     "{layer.saturated:.0%} of the outputs are saturated",
     'try init="xavier", smaller inputs or relu'),
    (lambda layer, last: layer.gradient < 1e-3 * last,
     "vanishing: {of_last:.0e} of the last layer's gradient",
     'try relu, init="xavier" or fewer layers'),
    (lambda layer, last: layer.gradient > 1e3 * layer.weight > 0.0,
     "exploding: a gradient {of_weight:.0e} times the weights",
     "try smaller starting weights or clipped gradients"),
    (lambda layer, last: layer.update is not None and layer.update > 0.1,
     "each step changes much", "try a tenth of the learning rate"),
    (lambda layer, last: layer.update is not None and layer.update < 1e-5,
     "each step changes little", "try ten times the learning rate"),
    (lambda layer, last: True, "healthy", ""),
)  # fmt: skip


def read(layer: LayerHealth, last: float) -> LayerHealth:
    """The layer with its reading; last is the gradient of the last layer."""
    words, experiment = next(row[1:] for row in READINGS if row[0](layer, last))
    of_last, of_weight = layer.gradient / (last or 1.0), layer.gradient / (layer.weight or 1.0)
    reading = words.format(layer=layer, of_last=of_last, of_weight=of_weight)
    return replace(layer, reading=reading, experiment=experiment)


# Numbers


def share(answers: Sequence[bool]) -> float | None:
    """How many of the answers are yes, from 0 to 1; None without any."""
    return sum(answers) / len(answers) if answers else None


def written(number: float | None, spec: str) -> str:
    """A number as text, or a dash."""
    return "-" if number is None else format(number, spec)
