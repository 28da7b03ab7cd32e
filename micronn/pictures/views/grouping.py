"""Where every value goes when a graph is drawn on few cards.

A net on a hundred examples is sixty thousand values, and a picture of them all shows
nothing.  Here each value gets a home: its neuron, its column of inputs, or the
values between and after the layers.  The number of homes does not grow with the batch.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from micronn.graph.again import numbers
from micronn.graph.neurons import Folds, find_folds, readers_of
from micronn.graph.rows import Graph
from micronn.pictures.paint import ids
from micronn.pictures.paint.palette import scale
from micronn.support.text import clean

T = TypeVar("T")
MOST_INPUTS = 8  # input columns that get a card each in the layers view


@dataclass
class Plan:
    """Which card every value of a graph is on.

    columns: the given values that only neurons read, by (layer, number of the weight).
    rest: what is in no neuron and no column, by level: how many layers lie before it.
    calls: how often the busiest neuron was called.
    known: what else a view has found out about these places.
    """

    graph: Graph
    folds: Folds
    columns: dict[tuple[int, int], list[int]]
    rest: dict[int, list[int]]
    calls: int
    known: dict[Any, Any] = field(default_factory=dict)

    def again(self, graph: Graph) -> "Plan":
        """The plan of the graph of another run, where every value has the same place."""
        return replace(self, graph=graph)

    def once(self, key: object, find: Callable[[], T]) -> T:
        """What was found out under that key, by this plan or one that it was made from."""
        if key not in self.known:
            self.known[key] = find()
        found: T = self.known[key]
        return found

    @property
    def batched(self) -> bool:
        """Whether some neuron was called more than once."""
        return self.calls > 1

    @cached_property
    def m(self) -> float:
        """The largest gradient."""
        nodes = self.graph.nodes
        own = self.once("own", lambda: [row.k for row in nodes if row.role != "const"])
        return scale(numbers(self.graph, own, "grad"))

    @property
    def shading(self) -> float | None:
        """The same, or None if there are no gradients yet."""
        return self.m if self.graph.ran else None

    @cached_property
    def sent(self) -> list[float]:
        """What the messages to each value add up to."""
        return self.graph.received()[0]

    @property
    def steps(self) -> list[list[int]]:
        """The rest again, as what is done to each example: on a batch, a card for each."""
        return self.once("steps", lambda: alike(self))

    def neuron_cards(self) -> int:
        """How many cards the neurons view has."""
        neurons = sum(len(layer.neurons) for layer in self.folds.layers)
        if self.batched:
            return neurons + len(self.columns) + len(self.steps)
        return neurons + sum(map(len, self.columns.values())) + sum(map(len, self.rest.values()))

    def full_name(self, number: int) -> str:
        """The name of a layer with the net around it, if that has a name."""
        return " ".join(filter(None, self.names_of(number)))

    def names_of(self, number: int) -> tuple[str, str]:
        """The name of the net around a layer, if it has one, and the layer's own name."""
        *outer, word, digits = ["", "", *self.folds.layers[number].scope.split(".")]
        if digits.isdigit() and word == "layers":
            return clean(".".join(filter(None, outer))), f"layer {int(digits) + 1}"
        return "", clean(self.folds.layers[number].scope) or "layer"

    def input_name(self, column: tuple[int, int]) -> str:
        """What a column of inputs is called: its label if all have one, else x0, x1..."""
        return self.shared_label(self.columns[column]) or f"x{column[1]}"

    def out_name(self, layer: int, neuron: int) -> str:
        """What an output is called: its label, h1.0 inside the net, y at its end."""
        return self.out_label(layer, neuron) or self.folds.out_name(layer, neuron)

    def out_label(self, layer: int, neuron: int) -> str:
        """The label of the outputs of a neuron, if all have the same one."""
        return self.shared_label(
            [call.out for call in self.folds.layers[layer].neurons[neuron].calls]
        )

    def shared_label(self, ks: Sequence[int]) -> str:
        """The label of some values, if all have the same one."""
        labels = {self.graph.nodes[k].name for k in ks}
        return clean(labels.pop()) if len(labels) == 1 else ""


def make_plan(graph: Graph) -> Plan | None:
    """Find every value of a graph its place; None if there are no neurons in it."""
    folds = graph.folds or find_folds(graph)
    if not folds.layers:
        return None
    columns = input_columns(graph, folds)
    placed = {k for ks in columns.values() for k in ks} | folds.home.keys()
    rest: defaultdict[int, list[int]] = defaultdict(list)
    for k, level in levels(graph, folds, placed).items():
        rest[level].append(k)
    calls = max(len(neuron.calls) for layer in folds.layers for neuron in layer.neurons)
    return Plan(graph, folds, columns, dict(sorted(rest.items())), calls)


def input_columns(graph: Graph, folds: Folds) -> dict[tuple[int, int], list[int]]:
    """The given values that neurons read, by layer and number of the weight."""
    columns: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    seen = set(folds.home)
    for number, layer in enumerate(folds.layers):
        calls = [call for neuron in layer.neurons for call in neuron.calls]
        for i, k in chain.from_iterable([enumerate(call.inputs) for call in calls]):
            if k not in seen and not graph.nodes[k].operands:
                seen.add(k)
                columns[number, i].append(k)
    return dict(columns)


def levels(graph: Graph, folds: Folds, placed: set[int]) -> dict[int, int]:
    """For each value that has no place yet, how many layers lie before it.

    A given value, such as a target, belongs to its first reader; a penalty that reads
    the parameters of a layer belongs behind that layer.
    """
    level = [0] * len(graph)
    layer_level: dict[int, int] = {}
    outs = {k: i for i, layer in enumerate(folds.layers) for k in layer.outs}
    layer_of = {k: i for i, layer in enumerate(folds.layers) for k in layer.params}
    given: dict[int, int] = {}
    for k, row in enumerate(graph.nodes):
        operands = row.operands
        level[k] = max([level[j] for j in operands], default=0)
        if k in outs:
            level[k] = layer_level.setdefault(outs[k], level[k] + 1)
        elif k not in placed:
            read = [layer_level.get(layer_of[j], 0) for j in operands if j in layer_of]
            level[k] = max([level[k], *read])
            given.update({j: level[k] for j in operands if j not in given})
    loose = [k for k in range(len(graph)) if k not in placed]
    return {k: level[k] if graph.nodes[k].operands else given.get(k, 0) for k in loose}


def alike(plan: Plan) -> list[list[int]]:
    """The values of the rest that are made by one operation from the values of the same cards.

    So a batch has as many cards as an example has.  Given values go together if they are
    read at the same place, and so do the additions of a running sum.  Of several neurons
    that are read the first one counts: one score minus that of the right class, say.
    """
    nodes, readers = plan.graph.nodes, readers_of(plan.graph)
    loose = sorted([k for ks in plan.rest.values() for k in ks])
    inside, numbers = set(loose), dict[object, int]()
    card: dict[int, object] = dict(plan.folds.home)
    card |= {k: ids.input_column(*column) for column, ks in plan.columns.items() for k in ks}
    for k in loose:
        row = nodes[k]
        sums = [j for j in row.operands if j in inside and nodes[j].op == row.op == "+"]
        if sums and len(readers[sums[0]]) == 1:
            card[k] = card[sums[0]]
        else:
            read = dict.fromkeys([card[j] for j in row.operands])
            others = [seat for seat in read if isinstance(seat, tuple)][1:]
            made = row.op or row.role, *[seat for seat in read if seat not in others]
            card[k] = numbers.setdefault(made, len(numbers))
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for k in loose:
        kind, reader = card[k], next((j for j in readers[k] if j in inside), k)
        if not nodes[k].operands and reader != k:
            operands = nodes[reader].operands
            place = operands.index(k) if len(operands) <= MOST_INPUTS else 0
            kind = kind, card[reader], place
        groups[kind].append(k)
    level = {k: number for number, ks in plan.rest.items() for k in ks}
    return sorted(groups.values(), key=lambda ks: (level[ks[0]], ks[0]))


# The card of each value


class Home(NamedTuple):
    """A card of a folded picture.  kind: "neuron", "layer", "column", "inputs" or "rest"."""

    id: str
    kind: str


Readings = dict[tuple[Home, Home], list[int]]  # what one card reads of another


def readings(plan: Plan, neurons: bool) -> Readings:
    """All that is read from card to card, with a card for each neuron or for each layer."""
    home = homes(plan, neurons)
    found: defaultdict[tuple[Home, Home], dict[int, None]] = defaultdict(dict)
    for row in plan.graph.nodes:
        for k in row.operands:
            if home[k] != home[row.k]:
                found[home[k], home[row.k]][k] = None
    return {cards: list(ks) for cards, ks in found.items()}


def homes(plan: Plan, neurons: bool) -> dict[int, Home]:
    """The card of each value, with a card for each neuron or for each layer."""
    home = {
        k: Home(ids.neuron(*seat), "neuron") if neurons else Home(ids.layer(seat[0]), "layer")
        for k, seat in plan.folds.home.items()
    }
    for card, _, ks in input_cards(plan, neurons):
        home.update(dict.fromkeys(ks, card))
    for number, ks in rest_cards(plan, neurons):
        home.update(dict.fromkeys(ks, Home(ids.rest(number), "rest")))
    return home


def rest_cards(plan: Plan, neurons: bool) -> list[tuple[int, list[int]]]:
    """The cards of the rest, numbered: one a level, or where neurons are shown one a step."""
    return list(enumerate(plan.steps)) if neurons else list(plan.rest.items())


def input_cards(plan: Plan, neurons: bool) -> list[tuple[Home, str, list[int]]]:
    """The cards of inputs, their names and values: one a column, or one for a crowded layer."""
    crowded: defaultdict[int, list[list[int]]] = defaultdict(list)
    cards = []
    counts = Counter([number for number, _ in plan.columns])
    for column, ks in plan.columns.items():
        if counts[column[0]] > MOST_INPUTS and not neurons:
            crowded[column[0]].append(ks)
        else:
            name = plan.input_name(column) + times(len(ks) if plan.batched else 1)
            cards.append((Home(ids.input_column(*column), "column"), name, ks))
    shared = []
    for number, columns in crowded.items():
        name = f"{len(columns):,} inputs" + times(max(map(len, columns)))
        every = [k for ks in columns for k in ks]
        shared.append((Home(ids.all_inputs(number), "inputs"), name, every))
    return shared + cards


def times(n: int) -> str:
    """× 100, or nothing for once."""
    return f" × {n:,}" if n > 1 else ""


# What the output is made of


def terms_of(graph: Graph, k: int) -> tuple[str, list[int]]:
    """What node k is the "mean" or the "sum" of; "" and nothing if it is neither.

    A sum times 1/n, or divided by n, is a mean of n.
    """
    node = graph.nodes[k]
    operands = list(node.operands)
    if node.op in ("mean", "sum"):
        return node.op, operands
    if node.op == "+":
        return "sum", added_up(graph, k)
    numbers = [j for j in operands if graph.nodes[j].role == "const"]
    if node.op not in ("*", "/") or len(numbers) != 1 or (node.op, *numbers) == ("/", operands[0]):
        return "", []
    inner = operands[0] if numbers[0] == operands[1] else operands[1]
    terms = terms_of(graph, inner)[1] if graph.nodes[inner].op in ("+", "sum") else []
    factor = graph.nodes[numbers[0]].data
    times = factor if node.op == "/" else 1.0 / factor if factor else 0.0
    return ("mean", terms) if terms and math.isclose(times, len(terms)) else ("", [])


def added_up(graph: Graph, k: int) -> list[int]:
    """The terms of a chain of additions, without the 0 that Python's sum() starts from."""
    readers, terms, to_do = readers_of(graph), [], [k]
    while to_do:
        j = to_do.pop()
        node = graph.nodes[j]
        if node.op == "+" and (j == k or len(readers[j]) == 1):
            to_do += reversed(node.operands)
        elif node.role != "const" or node.data != 0.0:
            terms.append(j)
    return terms
