"""A neuron is a shape that returns in a graph: a weighted sum, a bias, perhaps a curve.

A graph of a net has thousands of values and only a few ideas.  Here the ideas are
found again: which values belong to a call of one neuron, which neurons stand side by
side in a layer, and which calls are the same neuron on another example.  Nothing was
recorded for that.  It is read off the names of the parameters and off the shape, so
a net built by hand folds like one built by Neuron and Layer, and so do matrices whose
names end in two indices, however they are written: wq.3.2, wq[3][2], wq_3_2.

    w[0]*x[0] + w[1]*x[1] + b     as products and sums, or as one dot
    tanh(that)                    or any curve of that sum alone, such as z * sigmoid(z)
"""

import copy
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from os.path import commonprefix
from typing import Any, NamedTuple

from micronn.graph.operations import glyph, halves, kind_and_number, operation
from micronn.graph.rows import Graph, Row

MOST_AFTER = 50  # operations that an activation is made of
SIGNS = r"[._:,/ ()\[\]]"  # between the indices in a name
INDICES = rf"{SIGNS}*(?:[0-9]+{SIGNS}+){{2,}}"  # at the end of a name, which is read backwards
Key = tuple[str, tuple[int, ...]]  # of a neuron: its scope and its weights


class Call(NamedTuple):
    """One call of a neuron.

    inputs: what each weight is multiplied with, by index in the graph.
    reads: where it is read: (index of the product or dot, number of the operand).
    z: the weighted sum with its bias; out: the same, or its activation.
    after_z: the operations from z to out, its activation; none if they are the same.
    """

    inputs: list[int]
    reads: list[tuple[int, int]]
    z: int
    out: int
    after_z: list[int]

    def slope(self, graph: Graph) -> float:
        """d(out)/d(z), by the chain rule."""
        grads = defaultdict(float, {self.out: 1.0})
        for k in reversed(self.after_z):
            row = graph.nodes[k]
            for j, slope in zip(row.operands, row.local_grads, strict=True):
                grads[j] += slope * grads[k]
        return grads[self.z]


@dataclass
class NeuronFold:
    """A neuron and all its calls.

    scope: its dotted name, which its parameters begin with.
    weights, bias: indices of its parameters; bias is None if it has none.
    activation: what the weighted sum goes through, see activation_of; "" if nothing.
    """

    scope: str
    weights: list[int]
    bias: int | None
    activation: str
    calls: list[Call] = field(default_factory=list)

    @property
    def params(self) -> list[int]:
        """The indices of its weights and its bias."""
        return [*self.weights, *([] if self.bias is None else [self.bias])]


@dataclass
class LayerFold:
    """Neurons side by side, in the order of their first calls; rows of a matrix in their own."""

    scope: str
    neurons: list[NeuronFold] = field(default_factory=list)

    @property
    def params(self) -> list[int]:
        """The indices of all its parameters."""
        return [k for neuron in self.neurons for k in neuron.params]

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

    def out_name(self, number: int, index: int) -> str:
        """What the output of a neuron is called: h1.0 inside the net, y at its end."""
        if self.hidden(number):
            return f"h{number + 1}.{index}"
        return "y" if len(self.layers[number].neurons) == 1 else f"y{index}"

    def hidden(self, number: int) -> bool:
        """Whether another layer reads this one."""
        others = [neuron for layer in self.layers[number + 1 :] for neuron in layer.neurons]
        read = {self.home.get(k, (None,))[0] for other in others for k in other.calls[0].inputs}
        return number in read


@dataclass
class Sum:
    """Part of a weighted sum of one scope: triples of weight, input and where it is read."""

    scope: str
    terms: list[tuple[int, int, tuple[int, int]]]
    bias: int | None
    members: list[int]
    inputs: set[int]


Names = dict[int, str]  # dotted, of parameters, by their index in the graph
Scopes = dict[int, str]  # of parameters, likewise
Sums = dict[int, Sum]  # by the index of the result


def outputs_named(graph: Graph) -> Graph:
    """A graph in which the outputs of neurons have names, where they have no labels.

    Of a neuron that was called several times no output gets one, as it would not be its own.

    >>> from micronn.engine import Value
    >>> from micronn.nn import Neuron
    >>> neuron = Neuron(2)
    >>> [row.title for row in outputs_named(Graph(neuron([1.0, 2.0]) * 3.0, neuron)).nodes][-3:]
    ['y', 'v8', 'v9']
    """
    folds, other, taken = find_folds(graph), copy.copy(graph), {row.name for row in graph.nodes}
    other.nodes, other.folds = [*graph.nodes], folds
    for number, layer in enumerate(folds.layers):
        for index, neuron in enumerate(layer.neurons):
            k, name = neuron.calls[0].out, folds.out_name(number, index)
            if len(neuron.calls) == 1 and name not in taken and not graph.nodes[k].name:
                other.nodes[k] = graph.nodes[k]._replace(name=name)
    return other


def find_folds(graph: Graph) -> Folds:
    """Every neuron call in a graph, gathered into neurons and layers."""
    names = {k: dotted(name) for k, name in graph.params.items()}
    scopes = parameter_scopes(names)
    if not scopes:
        return Folds([], {})
    readers = readers_of(graph)
    neurons: dict[Key, NeuronFold] = {}
    members: dict[int, Key] = {}
    for z, found in weighted_sums(graph, scopes, readers).items():
        if found.bias is None and len(found.terms) == 1 and graph.nodes[z].op != "dot":
            continue  # a product alone is no neuron
        after_z = operations_after(graph, z, readers)
        weights, inputs, reads = map(list, zip(*found.terms, strict=True))
        key = found.scope, tuple(weights)
        if key not in neurons:
            activation = activation_of(graph, found.scope, after_z)
            neurons[key] = NeuronFold(found.scope, weights, found.bias, activation)
        neurons[key].calls.append(Call(inputs, reads, z, after_z[-1] if after_z else z, after_z))
        read = [j for k in after_z for j in graph.nodes[k].operands]  # z, each other and numbers
        numbers = [j for j in read if set(readers[j]) <= set(after_z)]
        own = [*found.members, *weights, *after_z, *numbers]
        own += [] if found.bias is None else [found.bias]
        members.update(dict.fromkeys(own, key))
    return gathered(neurons, members, names)


def gathered(neurons: dict[Key, NeuronFold], members: dict[int, Key], names: Names) -> Folds:
    """Neurons into layers: those of one matrix, one list or one scope.

    A layer is called by what its matrix or list is in, or by its own name if that has several.
    """
    places = places_of(neurons, names)
    several = Counter(around for around, _ in set(places.values()))
    layers: dict[str, LayerFold] = {}
    for key, neuron in neurons.items():
        around, block = places[key]
        scope = block if several[around] > 1 else around
        layers.setdefault(scope, LayerFold(scope)).neurons.append(neuron)
    seat: dict[Key, tuple[int, int]] = {}
    for number, layer in enumerate(layers.values()):
        if all(matrix_of(names[neuron.weights[0]]) != neuron.scope for neuron in layer.neurons):
            layer.neurons.sort(key=lambda neuron: min([indices(names[w]) for w in neuron.weights]))
        for index, neuron in enumerate(layer.neurons):
            seat[neuron.scope, tuple(neuron.weights)] = number, index
    return Folds(list(layers.values()), {k: seat[key] for k, key in members.items()})


def places_of(neurons: dict[Key, NeuronFold], names: Names) -> dict[Key, tuple[str, str]]:
    """For each neuron the matrix or list that it stands in, behind the scope around that."""
    crowd = Counter(scope for scope, _ in neurons)
    matrices = {}
    for key in neurons:  # several for one neuron, such as w and u of w*x + u*h: what they are in
        found = {matrix_of(names[w]) for w in key[1]}
        matrices[key] = ".".join(commonprefix([name.split(".") for name in found]))
    tall = {without_numbers(name) for name, n in Counter(matrices.values()).items() if n > 1}
    places = {}
    for key, matrix in matrices.items():
        scope = key[0]
        if matrix != scope:  # matrices of one row each, w.7 of w.7.0.2, are rows themselves
            table = without_numbers(matrix)
            block = matrix if table in tall else table
            places[key] = scope or block, block
        elif crowd[scope] > 1:
            places[key] = scope, scope
        else:
            *listed, last = scope.split(".")
            places[key] = parent(scope), ".".join(listed) if last.isdigit() else scope
    return places


# Scopes: what stands before the last part of a dotted name


def dotted(name: str) -> str:
    """A name with dots before its indices, if it ends in two of them or they are in brackets.

    >>> dotted("layer[0].wq[3][2]"), dotted("wq_3_2"), dotted("w[3, 2]"), dotted("w_2")
    ('layer.0.wq.3.2', 'wq.3.2', 'w.3.2', 'w_2')
    """
    name = re.sub(r"\[([0-9]+)\]", r".\1", name)
    end = re.match(INDICES, name[::-1])  # from its end, as no regular expression looks back
    if not end:
        return name
    start = len(name) - end.end()
    return ".".join([name[:start], *re.findall("[0-9]+", name[start:])])


def parameter_scopes(names: Names) -> Scopes:
    """The scope of each parameter; a name such as "w1" is nobody's and has none.

    In layers.0.neurons.3.w.2 it is layers.0.neurons.3.  A neuron on its own has the
    names w.0, w.1, b, and the scope "".
    """
    alone = any(scope_of(name) == "" and "." in name for name in names.values())
    found = {k: scope_of(name) for k, name in names.items()}
    return {k: scope for k, scope in found.items() if scope or alone}


def scope_of(name: str) -> str:
    """A dotted name without its last word and the numbers behind it.

    >>> scope_of("layers.0.neurons.3.w.2"), scope_of("layers.0.neurons.3.b"), scope_of("w1")
    ('layers.0.neurons.3', 'layers.0.neurons.3', '')
    """
    return without_numbers(name).rpartition(".")[0]


def matrix_of(name: str) -> str:
    """The matrix that a parameter is in, if its name ends in two indices; else its scope.

    >>> matrix_of("layers.0.wq.3.2"), matrix_of("layers.0.bq.3")
    ('layers.0.wq', 'layers.0')
    """
    *matrix, row, column = ["", *name.split(".")]
    listed = row.isdigit() and column.isdigit()
    return ".".join(matrix[1:]) if listed else scope_of(name)


def without_numbers(name: str) -> str:
    """A dotted name without the numbers that it ends in.

    >>> without_numbers("conv.w.0.1"), without_numbers("conv")
    ('conv.w', 'conv')
    """
    parts = name.split(".")
    while parts and parts[-1].isdigit():
        parts.pop()
    return ".".join(parts)


def indices(name: str) -> list[tuple[int, str]]:
    """The numbers that a dotted name ends in, the longer the larger: w.10.2 is behind w.9.2."""
    numbers = re.findall("[0-9]+", name[len(without_numbers(name)) :])
    return [(len(number), number) for number in numbers]


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


def weighted_sums(graph: Graph, scopes: Scopes, readers: list[list[int]]) -> Sums:
    """The largest weighted sums, by the index of their result, in the order of the graph.

    Products and dots start a sum; a + or Σ over sums of one scope, a bias and zeros
    makes a larger one of them.  A sum that somebody else reads too is not taken apart.
    Weights have one bias: what is added to them in one call and not in another is none,
    such as a row for each place in a text.
    """
    sums = sums_with(graph, scopes, readers)
    biases = defaultdict(set)
    for found in sums.values():
        biases[found.scope, tuple([w for w, _, _ in found.terms])].add(found.bias)
    changing = set().union(*[given for given in biases.values() if len(given - {None}) > 1])
    if not changing:
        return sums
    return sums_with(graph, {k: scopes[k] for k in scopes.keys() - changing}, readers)


def sums_with(graph: Graph, scopes: Scopes, readers: list[list[int]]) -> Sums:
    """The weighted sums of these parameters, each with the bias that was added to it."""
    sums: Sums = {}
    for row in graph.nodes:
        found = None
        if row.op in ("*", "dot"):
            found = product(row, scopes)
        elif row.op in ("+", "sum"):
            parts = [j for j in row.operands if j in sums and len(readers[j]) == 1]
            found = merged(graph, row, parts, scopes, sums) if parts else None
        if found:
            sums[row.k] = found
    return sums


def product(row: Row, scopes: Scopes) -> Sum | None:
    """A product or a dot as a weighted sum, if one side is one scope's parameters."""
    left, right = halves(row.operands)
    for weights, inputs, first in ((left, right, len(left)), (right, left, 0)):
        scope = scopes.get(weights[0])
        mine = all(scopes.get(w) == scope for w in weights)
        if scope is not None and mine and not any(scopes.get(x) == scope for x in inputs):
            reads = [(row.k, first + i) for i in range(len(inputs))]
            terms = list(zip(weights, inputs, reads, strict=True))
            return Sum(scope, terms, None, [row.k], set(inputs))
    return None


def merged(graph: Graph, row: Row, parts: list[int], scopes: Scopes, sums: Sums) -> Sum | None:
    """The sum that an addition makes of these of its operands, which are taken out of `sums`.

    A neuron reads an input once: parts that share one are two neurons added up.
    """
    whole, *others = [sums[j] for j in parts]
    taken = set(parts)
    rest = [graph.nodes[j] for j in row.operands if j not in taken]
    biases = [other.k for other in rest if scopes.get(other.k) == whole.scope]
    zeros = [other.k for other in rest if other.role == "const" and other.data == 0.0]
    known = [part.bias for part in (whole, *others) if part.bias is not None] + biases
    fits = all(p.scope == whole.scope and whole.inputs.isdisjoint(p.inputs) for p in others)
    if not fits or len(known) > 1 or len(biases) + len(zeros) < len(rest):
        return None
    for j in parts:
        del sums[j]
    for part in others:  # whole is extended, not copied: a sum of 784 products stays quick
        whole.terms += part.terms
        whole.members += part.members
        whole.inputs |= part.inputs
    whole.members += [*zeros, row.k]
    whole.bias = known[0] if known else None
    return whole


# Activations


def operations_after(graph: Graph, z: int, readers: list[list[int]]) -> list[int]:
    """The operations of an activation function on z, the output last; none if there is none.

    They read z, each other and plain numbers alone, and nobody else reads what they make
    on the way.  One of them is a function: adding or squaring alone is no activation.
    """
    inside, waiting = [z], set(readers[z])
    while waiting and len(inside) <= MOST_AFTER:
        k = min(waiting)
        others = set(graph.nodes[k].operands).difference(inside)
        if any(graph.nodes[j].role != "const" for j in others):
            break
        inside.append(k)
        waiting.remove(k)
        if not waiting:
            return inside[1:] if any(is_function(graph.nodes[j].op) for j in inside[1:]) else []
        waiting.update(readers[k])
    return []


@cache
def is_function(op: str) -> bool:
    """Whether an operation has a name that is called, such as tanh, and one or two operands."""
    row = operation(op)
    return row.takes is not None if row.typed else not row.machine  # an unknown one has a name


def activation_of(graph: Graph, scope: str, after_z: list[int]) -> str:
    """What to call an activation function: its one operation, or what its neuron says.

    A neuron that does not say a word of its own is called by all the operations.
    """
    kinds = [kind_and_number(graph.nodes[k].op)[0] for k in after_z]
    if len(kinds) < 2:
        return "".join(kinds)
    neuron: Any = graph.model
    for part in filter(None, scope.split(".")):
        listed = part.isdigit() and isinstance(neuron, (list, tuple))
        neuron = neuron[int(part)] if listed else getattr(neuron, part, None)
    said = getattr(neuron, "activation", None)
    if isinstance(said, str) and said != "linear" and not operation(said).machine:
        return said
    return " ".join(map(glyph, kinds))
