"""A model as columns of numbers, and where each of them stands in the picture.

The first column is the inputs, then one for each layer.  If there is an example, its
numbers are read off a run of the model, or off the graph of a loss, where they have
gradients too.  Of a wide column only the 16 units that matter most are drawn.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from typing import Any

from micronn.engine import Value, topological_order, total
from micronn.nn import Layer, Module, Neuron, inputs
from micronn.pictures.network.weight_images import side_of
from micronn.pictures.paint.palette import scale
from micronn.pictures.paint.svg import text_width
from micronn.support.number import as_float, number_of
from micronn.support.numeric import logistic, logsumexp, magnitude
from micronn.support.text import Place, clean

MOST = 16  # units drawn in one column
FEW = 8  # up to so many units in the tallest column, circles have room for a number
TOP = 84  # where the columns begin, below the headings

Layers = list[Sequence[Neuron]]
Run = Sequence[Any]  # of one column: Values or plain numbers, or None where nothing is known


@dataclass
class Column:
    """The inputs, or the neurons of one layer, from top to bottom.

    neurons: empty for the inputs.
    numbers: by field, "data" and "grad", the number of each unit; None if not known.
    drawn: the indices of the units that are drawn, in order.
    was: what parameters held when the numbers were computed, of those that hold another now.
    ran: whether the parameters have gradients; if not, there are only zeros to be seen.
    shares: of the outputs, the probability of each class, where they are logits.
    k: which column it is, 0 for the inputs.
    middles: how far down the middle of each unit drawn is.
    """

    heading: str
    names: list[str]
    neurons: Sequence[Neuron]
    numbers: dict[str, list[float | None]]
    drawn: list[int]
    was: Mapping[Value, float]
    ran: bool
    k: int = 0
    x: float = 0.0
    radius: float = 0.0
    shares: Sequence[float] = ()
    middles: dict[int, float] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    offsets: dict[str, tuple[list[float], float]] = field(default_factory=dict)

    def scale(self, field: str) -> float:
        """What the shades of this column are measured against."""
        if (own := f"own {field}") not in self.sizes:
            self.sizes[own] = scale([x for x in self.numbers[field] if x is not None])
        return self.sizes[own]

    def biases(self, field: str) -> tuple[list[float], float]:
        """The biases of its neurons, and what their shades are measured against."""
        if field not in self.offsets:
            numbers = [self.held(neuron.b, field) for neuron in self.neurons]
            self.offsets[field] = numbers, scale(numbers)
        return self.offsets[field]

    def held(self, parameter: Value, field: str) -> float:
        """The data of a parameter when the numbers were computed, or its gradient."""
        grad = field == "grad"
        number = parameter.grad if grad else self.was.get(parameter, parameter.data)
        return number if isinstance(number, Place) else as_float(number)

    def unit_name(self, unit: int) -> str:
        """The text beside a unit: its name, or only its index where others are left out."""
        name = self.names[unit]
        elided = len(self.drawn) < len(self.names)
        name = str(unit) if elided and name in ("", f"x{unit}", f"y{unit}") else name
        return f"{name} {percent(self.shares[unit])}" if self.shares else name

    @property
    def answer(self) -> int | None:
        """The unit of the likeliest class, if the outputs have probabilities that are known."""
        known = self.shares and not isinstance(self.shares[0], Place)
        return self.shares.index(max(self.shares)) if known else None

    def name_width(self) -> float:
        """The room that the names of the units drawn need."""
        return max(text_width(self.unit_name(unit), 11) for unit in self.drawn)

    def largest(self, field: str) -> float:
        """The size of the largest weight of the layer, drawn or not; of its gradient likewise."""
        if field not in self.sizes:
            weights = chain.from_iterable([neuron.w for neuron in self.neurons])
            if field == "data" and self.was:
                self.sizes[field] = scale([self.held(w, field) for w in weights])
            else:
                self.sizes[field] = scale(map(attrgetter(field), weights))
        return self.sizes[field]

    # The inputs as an image

    @property
    def pixels(self) -> int:
        """The number of pixels along a side if the inputs are a square image, else 0."""
        known = self.numbers["data"][0] is not None
        return side_of(len(self.names)) if known else 0

    @property
    def pixel_size(self) -> int:
        """The side of one pixel of the image."""
        return max(1, min(12, 168 // self.pixels))


# From a model to columns of numbers


def layers_of(model: Module) -> Layers:
    """The neurons of each layer; each layer reads all of the one before it."""
    if isinstance(model, Neuron):
        return [[model]]
    layers = [model] if isinstance(model, Layer) else getattr(model, "layers", None)
    if not layers or not all(isinstance(layer, Layer) for layer in layers):
        raise TypeError(
            f"draw_network draws an MLP, a Layer or a Neuron, got {type(model).__name__}; "
            "to draw any computation, pass its result to micronn.draw.draw"
        )
    for before, after in pairwise(layers):
        if len(after.neurons[0].w) != len(before.neurons):
            raise ValueError(
                f"each layer reads the one before it, got {after!r} behind {before!r}; "
                "draw such layers one by one"
            )
    return [layer.neurons for layer in layers]


def read_runs(layers: Layers, x: Run | None, root: Value | None) -> list[Run]:
    """The inputs of one example and what each layer says, as they stand in the graph of root.

    x: the example; left out, it is read off the graph, if that holds one alone.
    """
    sizes = [len(layers[0][0].w), *map(len, layers)]
    if x is None and root is not None:
        xs = examples(layers, root)
        x = xs[0] if len(xs) == 1 else None
    if x is None:
        return [[None] * size for size in sizes]
    runs: list[Run] = [inputs(x, sizes[0])]
    for neurons in layers:
        runs.append([neuron(runs[-1]) for neuron in neurons])
    return recorded(runs, root) if root is not None else runs


def columns_of(
    layers: Layers,
    runs: list[Run],
    differentiated: bool,
    of_graph: bool = False,
    was: Mapping[Value, float] | None = None,
    drawn: list[list[int]] | None = None,
) -> list[Column]:
    """The columns of a model, with these numbers in them.

    differentiated: whether a backward() has reached them.
    of_graph: whether only a backward() of their graph gave the parameters their gradients.
    drawn: which units of each column to draw; left out, those that matter most.
    """
    was, sizes = was or {}, list(map(len, runs))
    parameters = (p for neurons in layers for neuron in neurons for p in neuron.parameters())
    ran = differentiated or not of_graph and any(p.grad != 0.0 for p in parameters)
    return [
        Column(
            heading=f"layer {k}{' · output' * (k == len(layers))}" if k else "input",
            names=names(k, sizes, run),
            neurons=layers[k - 1] if k else (),
            numbers={
                "data": [None if v is None else number_of(was.get(v, v)) for v in run],
                "grad": [getattr(value, "grad", None) if differentiated else None for value in run],
            },
            drawn=drawn[k] if drawn else most_active(run, layers[k] if k < len(layers) else ()),
            was=was,
            ran=ran,
        )
        for k, run in enumerate(runs)
    ]


def examples(layers: Layers, root: Value) -> list[Run]:
    """What the model was run on in the graph of root."""
    first = layers[0][0].w
    return [
        node.local_grads if node.op == "weighted_sum" else node.operands[len(first) :]
        for node in topological_order(root)
        if node.op in ("weighted_sum", "dot") and list(node.operands[: len(first)]) == first
    ]


def recorded(runs: list[Run], root: Value) -> list[Run]:
    """The same Values as they stand in the graph of root, where they have gradients.

    Two computed Values are the same if they come from the same operation on the same
    operands and, where it read plain numbers, on the same numbers.
    """
    order = topological_order(root)
    made = {step(node, node.operands): node for node in order if node.op}
    known = {node: node for node in order}
    for node in topological_order(total(runs[-1])):
        if node.op and node not in known:
            operands = tuple([known[operand] for operand in node.operands])
            known[node] = made.get(step(node, operands), node)
        known.setdefault(node, node)
    if any(known[output] is output for output in runs[-1]):
        raise ValueError(
            "root was not computed from model(x) with this x; pass the x and the loss of one run"
        )
    return [[known.get(value, value) for value in run] for run in runs]


def step(node: Value, operands: tuple[Value, ...]) -> tuple[Any, ...]:
    """What tells a computed Value, or a constant, from another one."""
    numbers = {"weighted_sum": node.local_grads, "const": (node.data,)}.get(node.op, ())
    return node.op, operands, numbers


def names(k: int, sizes: list[int], run: Run) -> list[str]:
    """What stands beside each unit: an input's label, else x0, x1, ..., and y0, y1, ..."""
    if 0 < k < len(sizes) - 1:
        return [""] * sizes[k]
    letter = "y" if k else "x"
    usual = [letter] if sizes[k] == 1 else [f"{letter}{i}" for i in range(sizes[k])]
    labels = [clean(getattr(value, "label", "")) for value in run]
    return [label or name for label, name in zip(labels, usual, strict=True)]


def most_active(run: Run, readers: Sequence[Neuron]) -> list[int]:
    """The units to draw: of too many, those with the largest |data|, of equals the most used.

    readers: the neurons that read them.  Without data, the units with the largest weights
        there: of an image these are pixels that a trained net uses, and not its corners.
    """
    every = range(len(run))
    if len(run) <= MOST:
        return list(every)
    data = [0.0 if unit is None else magnitude(number_of(unit)) for unit in run]
    used = [sum([magnitude(neuron.w[i].data) for neuron in readers]) for i in every]
    return sorted(sorted(every, key=lambda i: (-data[i], -used[i]))[:MOST])


def tell_classes(columns: list[Column], classes: Sequence[str], logits: bool) -> None:
    """Put the names of the classes, and their probabilities, beside the outputs.

    logits: whether several outputs are known to be those of classes, though not of which.
    """
    last = columns[-1]
    data = [number for number in last.numbers["data"] if number is not None]
    if classes:
        check_classes(classes, len(last.names))
    if len(classes) == len(last.names) > 1:
        last.names = [clean(name) for name in classes]
    if data and logits and isinstance(data[0], Place):
        last.shares = [Place.of("%", [x, *data]) for x in data]
        return
    if not data or not all(map(math.isfinite, data)):
        return
    if len(data) > 1 and (classes or logits):
        last.shares = logsumexp(data)[1]
    elif classes:
        bounded = last.neurons[0].activation == "sigmoid"
        above = data[0] if bounded else logistic(data[0])
        last.names, last.shares = [f"{last.names[0]}: {clean(classes[1])}"], [above]


def percent(share: float) -> str:
    """A probability, six characters wide."""
    return share.mark("%") if isinstance(share, Place) else f"{share:6.1%}"


def check_classes(classes: Sequence[str], count: int) -> None:
    """Refuse names that do not fit the outputs."""
    wanted = count if count > 1 else 2
    if len(classes) != wanted:
        outputs = f"{count} outputs" if count > 1 else "one output, above 0 or not,"
        raise ValueError(f"{outputs} tell {wanted} classes apart, got {len(classes)} names")


def has_softmax(root: Value, outputs: Run) -> bool:
    """Whether root takes the log-sum-exp of these outputs, as cross-entropy does."""
    for node in topological_order(root):
        if node.op == "logsumexp" and len(node.operands) == len(outputs):
            less = [v.operands[0] if v.op == "-" else v for v in node.operands]
            if all(a is b for a, b in zip(less, outputs, strict=True)):
                return True
    return False


# Where everything goes


def place(columns: list[Column]) -> None:
    """Give every unit drawn its place; columns are centred on one another."""
    big = max(len(column.drawn) for column in columns) <= FEW
    radius, pitch, gap = (21, 54, 190) if big else (11, 28, 240)
    first = columns[0]
    image = first.pixels * first.pixel_size + 20 if first.pixels else 0
    left = math.ceil(max(40.0, first.name_width() + 26) + image)
    for k, column in enumerate(columns):
        column.k, column.x, column.radius = k, left + radius + k * gap, radius
        gaps = accumulate([unit > before + 1 for before, unit in pairwise([-1, *column.drawn])])
        column.middles = {
            unit: TOP + radius + row * pitch + 12 * gap
            for row, (unit, gap) in enumerate(zip(column.drawn, gaps, strict=True))
        }
    lowest = bottom(columns)
    for column in columns:
        shift = (lowest - bottom([column])) / 2
        column.middles = {unit: y + shift for unit, y in column.middles.items()}


def bottom(columns: list[Column]) -> float:
    """Where the longest column ends."""
    return max(
        column.middles[column.drawn[-1]]
        + column.radius
        + 12 * (column.drawn[-1] < len(column.names) - 1)  # for the dots of those left out
        for column in columns
    )
