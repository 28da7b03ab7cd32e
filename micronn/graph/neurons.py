"""A neuron is a shape that returns in a graph: a weighted sum, a bias, perhaps a curve.

A graph of a net has thousands of values and only a few ideas.  Here the ideas are
found again: which values belong to a call of one neuron, which neurons stand side by
side in a layer, and which calls are the same neuron on another example.  Nothing was
recorded for that.  It is read off the names of the parameters and off the shape, so
a net built by hand folds like one built by Neuron and Layer.

    w[0]*x[0] + w[1]*x[1] + b     as products and sums, or as one dot
    tanh(that)                    or any curve of that sum alone, such as z * sigmoid(z)
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from micronn.graph.operations import glyph, halves, kind_and_number, operation
from micronn.graph.rows import Graph

MOST_BENDS = 50  # operations that an activation is made of
Key = tuple[str, tuple[int, ...]]  # of a neuron: its scope and its weights


class Call(NamedTuple):
    """One call of a neuron.

    inputs: what each weight is multiplied with, by index in the graph.
    reads: where it is read: (index of the product or dot, number of the operand).
    z: the weighted sum with its bias; out: the same, or its activation.
    slope: d(out)/d(z).
    """

    inputs: list[int]
    reads: list[tuple[int, int]]
    z: int
    out: int
    slope: float


@dataclass
class NeuronFold:
    """A neuron and all its calls.

    scope: its dotted name, which its parameters begin with.
    weights, bias: indices of its parameters; bias is None if it has none.
    activation: what bends the weighted sum, see activation_of; "" if nothing does.
    """

    scope: str
    weights: list[int]
    bias: int | None
    activation: str
    calls: list[Call] = field(default_factory=list)


@dataclass
class LayerFold:
    """Neurons side by side, in the order of their first calls."""

    scope: str
    neurons: list[NeuronFold] = field(default_factory=list)

    @property
    def params(self) -> list[int]:
        """The indices of all its parameters."""
        return [
            k
            for neuron in self.neurons
            for k in (*neuron.weights, *([] if neuron.bias is None else [neuron.bias]))
        ]

    @property
    def outs(self) -> list[int]:
        """The indices of all its outputs, neuron by neuron."""
        return [call.out for neuron in self.neurons for call in neuron.calls]


class Folds(NamedTuple):
    """The layers of a graph, and for each value inside one, which neuron of which layer.

    layers: in the order in which they were first called.
    home: index -> (number of the layer, number of the neuron in it).
    """

    layers: list[LayerFold]
    home: dict[int, tuple[int, int]]


@dataclass
class Sum:
    """Part of a weighted sum of one scope: triples of weight, input and where it is read."""

    scope: str
    terms: list[tuple[int, int, tuple[int, int]]]
    bias: int | None
    members: list[int]
    inputs: set[int]


def find_folds(graph: Graph) -> Folds:
    """Every neuron call in a graph, gathered into neurons and layers."""
    scopes = parameter_scopes(graph)
    if not scopes:
        return Folds([], {})
    readers = readers_of(graph)
    neurons: dict[Key, NeuronFold] = {}
    members: dict[int, Key] = {}
    for z, found in weighted_sums(graph, scopes, readers).items():
        bend = bend_of(graph, z, readers)
        weights, inputs, reads = map(list, zip(*found.terms, strict=True))
        key = found.scope, tuple(weights)
        if key not in neurons:
            activation = activation_of(graph, found.scope, bend)
            neurons[key] = NeuronFold(found.scope, weights, found.bias, activation)
        out, slope = (bend[-1] if bend else z), slope_of(graph, z, bend)
        neurons[key].calls.append(Call(inputs, reads, z, out, slope))
        own = [*found.members, *weights, *bend, *constants_of(graph, bend, readers)]
        own += [] if found.bias is None else [found.bias]
        members.update(dict.fromkeys(own, key))
    return gathered(neurons, members)


def gathered(neurons: dict[Key, NeuronFold], members: dict[int, Key]) -> Folds:
    """Neurons into layers: those of one scope, else those whose scopes have one parent."""
    crowd: defaultdict[str, int] = defaultdict(int)
    for neuron in neurons.values():
        crowd[neuron.scope] += 1
    layers: dict[str, LayerFold] = {}
    seat = {}
    for key, neuron in neurons.items():
        scope = neuron.scope if crowd[neuron.scope] > 1 else parent(neuron.scope)
        layer = layers.setdefault(scope, LayerFold(scope))
        seat[key] = list(layers).index(scope), len(layer.neurons)
        layer.neurons.append(neuron)
    return Folds(list(layers.values()), {k: seat[key] for k, key in members.items()})


# Scopes: what stands before the last part of a dotted name


def parameter_scopes(graph: Graph) -> dict[int, str]:
    """The scope of each parameter; a name such as "w1" is nobody's and has none.

    In layers.0.neurons.3.w.2 it is layers.0.neurons.3.  A neuron on its own has the
    names w.0, w.1, b, and the scope "".
    """
    alone = any(scope_of(name) == "" and "." in name for name in graph.params.values())
    found = {k: scope_of(name) for k, name in graph.params.items()}
    return {k: scope for k, scope in found.items() if scope or alone}


def scope_of(name: str) -> str:
    """A dotted name without its last word and the numbers behind it.

    >>> scope_of("layers.0.neurons.3.w.2"), scope_of("layers.0.neurons.3.b"), scope_of("w1")
    ('layers.0.neurons.3', 'layers.0.neurons.3', '')
    """
    parts = name.split(".")
    while parts and parts[-1].isdigit():
        parts.pop()
    return ".".join(parts[:-1])


def parent(scope: str) -> str:
    """The scope of the list that a numbered scope stands in; one without number is its own.

    >>> parent("layers.0.neurons.3"), parent("output")
    ('layers.0', 'output')
    """
    parts = scope.split(".")
    return ".".join(parts[:-2]) if parts[-1].isdigit() else scope


# Shapes


def readers_of(graph: Graph) -> list[list[int]]:
    """For each value, who reads it: one that reads it twice is listed twice."""
    readers: list[list[int]] = [[] for _ in graph.nodes]
    for row in graph.nodes:
        for k in row.operands:
            readers[k].append(row.k)
    return readers


def weighted_sums(graph: Graph, scopes: dict[int, str], readers: list[list[int]]) -> dict[int, Sum]:
    """The largest weighted sums, by the index of their result, in the order of the graph.

    Products and dots start a sum; a + or Σ over sums of one scope, a bias and zeros
    makes a larger one of them.  A sum that somebody else reads too is not taken apart.
    """
    sums: dict[int, Sum] = {}
    for k in range(len(graph)):
        op = graph.nodes[k].op
        if op in ("*", "dot"):
            found = product(graph, k, scopes)
        elif op in ("+", "sum"):
            found = merged(graph, k, scopes, readers, sums)
        else:
            found = None
        if found:
            sums[k] = found
    return {
        k: found
        for k, found in sums.items()
        if found.bias is not None or len(found.terms) > 1 or graph.nodes[k].op == "dot"
    }


def product(graph: Graph, k: int, scopes: dict[int, str]) -> Sum | None:
    """A product or a dot as a weighted sum, if one side is one scope's parameters."""
    operands = graph.nodes[k].operands
    left, right = halves(operands)
    for weights, inputs, first in ((left, right, len(left)), (right, left, 0)):
        scope = scopes.get(weights[0])
        mine = scope is not None and all(scopes.get(w) == scope for w in weights)
        if mine and not any(scopes.get(x) == scope for x in inputs):
            terms = [
                (w, x, (k, first + i)) for i, (w, x) in enumerate(zip(weights, inputs, strict=True))
            ]
            return Sum(scope or "", terms, None, [k], set(inputs))
    return None


def merged(
    graph: Graph,
    k: int,
    scopes: dict[int, str],
    readers: list[list[int]],
    sums: dict[int, Sum],
) -> Sum | None:
    """The sum that an addition makes of its operands, which are taken out of `sums`.

    A neuron reads an input once: parts that share one are two neurons added up.
    """
    operands = graph.nodes[k].operands
    parts = [j for j in operands if j in sums and len(readers[j]) == 1]
    if not parts:
        return None
    rest = [j for j in operands if j not in sums or len(readers[j]) > 1]
    scope = sums[parts[0]].scope
    biases = [j for j in rest if scopes.get(j) == scope]
    zeros = [j for j in rest if graph.nodes[j].role == "const" and graph.nodes[j].data == 0.0]
    known = [sums[j].bias for j in parts if sums[j].bias is not None] + biases
    fits = all(sums[j].scope == scope for j in parts) and len(known) < 2
    fits = fits and all(sums[parts[0]].inputs.isdisjoint(sums[j].inputs) for j in parts[1:])
    if not fits or len(biases) + len(zeros) < len(rest):
        return None
    whole = sums.pop(parts[0])  # extended, not copied: a sum of 784 products stays quick
    for j in parts[1:]:
        part = sums.pop(j)
        whole.terms += part.terms
        whole.members += part.members
        whole.inputs |= part.inputs
    whole.members += [*zeros, k]
    whole.bias = known[0] if known else None
    return whole


# Activations


def bend_of(graph: Graph, z: int, readers: list[list[int]]) -> list[int]:
    """The operations that bend z, the output last; none if nothing does.

    They read z, each other and plain numbers alone, and nobody else reads what they make
    on the way.  One of them is a function: adding or squaring alone is no activation.
    """
    inside = {z}
    waiting = [*readers[z]]  # one entry for each reading of what is inside
    while waiting and len(inside) <= MOST_BENDS:
        k = min(waiting)
        constants = {j for j in graph.nodes[k].operands if graph.nodes[j].role == "const"}
        if not inside.issuperset(set(graph.nodes[k].operands) - constants):
            break
        inside.add(k)
        waiting = [j for j in waiting if j != k]
        if not waiting:
            bend = sorted(inside - {z})
            return bend if any(is_function(graph.nodes[j].op) for j in bend) else []
        waiting += readers[k]
    return []


def constants_of(graph: Graph, bend: list[int], readers: list[list[int]]) -> list[int]:
    """The plain numbers that only these operations read."""
    read = [j for k in bend for j in graph.nodes[k].operands if graph.nodes[j].role == "const"]
    return [j for j in read if set(readers[j]).issubset(bend)]


def is_function(op: str) -> bool:
    """Whether an operation has a name that is called, such as tanh, and one or two operands."""
    row = operation(op)
    return row.takes is not None if row.typed else not row.machine  # an unknown one has a name


def slope_of(graph: Graph, z: int, bend: list[int]) -> float:
    """d(output)/d(z), by the chain rule."""
    grads = defaultdict(float, {(bend or [z])[-1]: 1.0})
    for k in reversed(bend):
        row = graph.nodes[k]
        for j, slope in zip(row.operands, row.local_grads, strict=True):
            grads[j] += slope * grads[k]
    return grads[z]


def activation_of(graph: Graph, scope: str, bend: list[int]) -> str:
    """What to call operations that bend a sum: the one there is, or what its neuron says.

    A neuron that does not say a word of its own is called by all the operations.
    """
    kinds = [kind_and_number(graph.nodes[k].op)[0] for k in bend]
    if len(kinds) > 1:
        neuron: Any = graph.model
        for part in filter(None, scope.split(".")):
            listed = part.isdigit() and isinstance(neuron, (list, tuple))
            neuron = neuron[int(part)] if listed else getattr(neuron, part, None)
        said = getattr(neuron, "activation", None)
        if isinstance(said, str) and said != "linear" and not operation(said).machine:
            return said
    return " ".join(map(glyph, kinds)) if len(kinds) > 1 else "".join(kinds)
