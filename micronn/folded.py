"""The folded views: a neuron or a whole layer on one card, and many examples on top.

A net on a hundred examples is sixty thousand values, and a picture of them all shows
nothing.  Here every value gets a home among a few cards: its neuron or layer, its
column of inputs, or the values between and after the layers; a wire between two
cards stands for all readings across.  Picture size does not grow with the batch.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from math import isfinite, log2

from micronn.blocks import (
    Block,
    Fact,
    NeuronRow,
    NeuronTable,
    facts_card,
    layer_card,
    neuron_card,
    neuron_header,
    rms,
    span,
)
from micronn.folds import Folds, LayerFold, NeuronFold, single_readers
from micronn.graph import Graph
from micronn.looks import clean, fmt, glyph, scale, shade
from micronn.paint import (
    Card,
    Lane,
    Sketch,
    Wire,
    derivative,
    largest,
    limits,
    message_wire,
    shade_scale,
    words,
)
from micronn.values import ValueCards, values_legend

MOST_INPUTS = 8  # input columns that get a card each in the layers view


@dataclass
class Plan:
    """Which card every value of a graph is on.

    columns: the given values that only neurons read, by (layer, number of the weight).
    rest: what is in no neuron and no column, by level: how many layers lie before it.
    calls: how often the busiest neuron was called.
    """

    graph: Graph
    folds: Folds
    columns: dict[tuple[int, int], list[int]]
    rest: dict[int, list[int]]
    calls: int

    @property
    def batched(self) -> bool:
        """Whether some neuron was called more than once."""
        return self.calls > 1

    @property
    def m(self) -> float:
        """The largest gradient."""
        return scale([node.grad for node in self.graph.nodes if node.op != "const"])

    def neuron_cards(self) -> int:
        """How many cards the neurons view has."""
        neurons = sum(len(layer.neurons) for layer in self.folds.layers)
        if self.batched:
            return neurons + len(self.columns) + len(self.rest)
        return neurons + sum(map(len, self.columns.values())) + sum(map(len, self.rest.values()))

    def widest(self) -> int:
        """How many neurons the widest layer has."""
        return max(len(layer.neurons) for layer in self.folds.layers)

    def layer_name(self, number: int) -> str:
        """What a layer is called: layer 1 for layers.0, else its own name."""
        return self.names_of(number)[1]

    def names_of(self, number: int) -> tuple[str, str]:
        """The name of the net around a layer, if it has one, and the layer's own name."""
        *outer, word, digits = ["", "", *self.folds.layers[number].scope.split(".")]
        if digits.isdigit() and word == "layers":
            return clean(".".join(filter(None, outer))), f"layer {int(digits) + 1}"
        return "", clean(self.folds.layers[number].scope) or "layer"

    def input_name(self, column: tuple[int, int]) -> str:
        """What a column of inputs is called: its label if all have one, else x0, x1..."""
        labels = {self.graph.name(k) for k in self.columns[column]}
        label = clean(labels.pop()) if len(labels) == 1 else ""
        return label or f"x{column[1]}"

    def out_name(self, layer: int, neuron: int) -> str:
        """What an output is called: its label, h1.0 inside the net, y at its end."""
        fold = self.folds.layers[layer]
        out = fold.neurons[neuron].calls[0].out
        label = clean(self.graph.name(out)) if not self.batched else ""
        if label or self.hidden(layer):
            return label or f"h{layer + 1}.{neuron}"
        return "y" if len(fold.neurons) == 1 else f"y{neuron}"

    def hidden(self, layer: int) -> bool:
        """Whether another layer reads this one."""
        home, others = self.folds.home, self.folds.layers[layer + 1 :]
        return any(
            home.get(k, (None,))[0] == layer
            for other in others
            for neuron in other.neurons
            for k in neuron.calls[0].inputs
        )


def make_plan(graph: Graph, folds: Folds) -> Plan:
    """Find every value its place."""
    columns = input_columns(graph, folds)
    placed = {k for ks in columns.values() for k in ks} | folds.home.keys()
    rest: defaultdict[int, list[int]] = defaultdict(list)
    for k, level in levels(graph, folds, placed).items():
        rest[level].append(k)
    calls = max(len(neuron.calls) for layer in folds.layers for neuron in layer.neurons)
    return Plan(graph, folds, columns, dict(sorted(rest.items())), calls)


def input_columns(graph: Graph, folds: Folds) -> dict[tuple[int, int], list[int]]:
    """The given values that neurons read, by layer and number of the weight."""
    columns: defaultdict[tuple[int, int], dict[int, None]] = defaultdict(dict)
    seen: set[int] = set()
    for number, layer in enumerate(folds.layers):
        for neuron in layer.neurons:
            for call in neuron.calls:
                for i, k in enumerate(call.inputs):
                    if k not in seen and k not in folds.home and not graph.nodes[k].operands:
                        seen.add(k)
                        columns[number, i][k] = None
    return {column: list(ks) for column, ks in columns.items()}


def levels(graph: Graph, folds: Folds, placed: set[int]) -> dict[int, int]:
    """For each value that has no place yet, how many layers lie before it.

    A given value, such as a target, belongs to its first reader.
    """
    level = [0] * len(graph)
    layer_level: dict[int, int] = {}
    outs = {k: i for i, layer in enumerate(folds.layers) for k in layer.outs}
    given: dict[int, int] = {}
    for k in range(len(graph)):
        for j in graph.operands(k):
            at = level[j]
            if j in folds.home and not graph.nodes[j].operands and k not in folds.home:
                at = layer_level.get(folds.home[j][0], 0)  # a parameter, read by a penalty
            level[k] = max(level[k], at)
        if k in outs:
            level[k] = layer_level.setdefault(outs[k], level[k] + 1)
        elif k not in placed:
            for j in graph.operands(k):
                if j not in placed and not graph.nodes[j].operands:
                    given.setdefault(j, level[k])
    return {k: given.get(k, level[k]) for k in range(len(graph)) if k not in placed}


# The neurons view


def neurons_view(plan: Plan, prefix: str = "") -> Sketch:
    """A card for each neuron; inputs and losses as values, or folded if there is a batch."""
    m = plan.m
    cards: list[Card] = []
    lanes: list[Lane] = []
    for number, layer in enumerate(plan.folds.layers):
        lane = f"cluster_{number}"
        lanes += lanes_of(plan, number, lane)
        for card in neuron_cards(plan, number, layer, m):
            card.lane = lane
            cards.append(card)
    if plan.batched:
        found = [*input_cards(plan, m), *cards, *rest_cards(plan, m, prefix)]
        home = homes(plan, neurons=True)
        wires = bundles(plan, home)
        items = [shade_scale("gradient", limits(m)), bar_words()]
    else:
        singles, wires, uses = single_values(plan, m, prefix)
        found = in_order(plan, cards, singles)
        items = values_legend(m, "input", uses)
    in_lane = {card.id for card in cards}
    for wire in wires:
        wire.minlen = 2 if wire.head in in_lane and wire.tail not in in_lane else 1
    return finished(plan, found, wires, items, lanes, 0.6)


def lanes_of(plan: Plan, number: int, id: str) -> list[Lane]:
    """The lane of a layer, and before it the lane of the net around it, once."""
    outer, name = plan.names_of(number)
    if not outer:
        return [Lane(id, name)]
    around = [plan.names_of(other)[0] for other in range(number + 1)]
    first = f"cluster_net{around.index(outer)}"
    new = [Lane(first, outer)] if outer not in around[:-1] else []
    return [*new, Lane(id, name, first, 1)]


def neuron_cards(plan: Plan, number: int, layer: LayerFold, m: float) -> list[Card]:
    """The cards of the neurons of a layer, their columns equally wide."""
    table, parts = NeuronTable(), []
    root = len(plan.graph) - 1
    for place, neuron in enumerate(layer.neurons):
        rows, results = neuron_rows(plan, neuron, plan.out_name(number, place))
        is_root = any(call.out == root for call in neuron.calls)
        corner = neuron_name(neuron, place) + ("  output" if is_root else "")
        table.widen([*rows, *results], neuron_header(expression(neuron), corner))
        css = "root" if is_root else "op"
        parts.append((f"L{number}n{place}", css, expression(neuron), corner, rows, results))
    return [neuron_card(*part, table, m) for part in parts]


def neuron_name(neuron: NeuronFold, place: int) -> str:
    """neuron 3 for the scope layers.0.neurons.3, else the last word of the scope."""
    last = neuron.scope.rpartition(".")[2]
    return f"neuron {last}" if last.isdigit() else clean(last) or f"neuron {place}"


def expression(neuron: NeuronFold) -> str:
    """What a neuron computes: tanh(w·x + b)."""
    inner = "w·x" if neuron.bias is None else "w·x + b"
    return f"{neuron.activation}({inner})" if neuron.activation else inner


def shown_weights(plan: Plan, neuron: NeuronFold) -> list[int]:
    """The numbers of the weights that get a row: those with the largest gradients."""
    return largest([plan.graph.nodes[w].grad for w in neuron.weights])


def neuron_rows(plan: Plan, neuron: NeuronFold, out_name: str):
    """The rows of a neuron card: parameters, then z and the output."""
    nodes, once = plan.graph.nodes, len(neuron.calls) == 1
    call = neuron.calls[0]
    z, out = nodes[call.z], nodes[call.out]
    curve = out.local_grads[0] if call.out != call.z else 1.0
    shown, rows = shown_weights(plan, neuron), []
    for i in shown:
        weight = nodes[neuron.weights[i]]
        slope = derivative(curve * weight.data) if once else ""
        rows.append(parameter_row(plan, neuron, neuron.weights[i], slope))
    if len(shown) < len(neuron.weights):
        rows.append(NeuronRow("", f"… {len(neuron.weights) - len(shown)} more weights"))
    if neuron.bias is not None:
        rows.append(parameter_row(plan, neuron, neuron.bias, ""))
    if not once:
        outs = [nodes[call.out] for call in neuron.calls]
        data, grad = [out.data for out in outs], [out.grad for out in outs]
        return rows, [NeuronRow("", f"{out_name} × {len(outs)}", data, grad)]
    if call.out == call.z:
        return rows, [NeuronRow("", out_name, out.data, out.grad)]
    prime = f"{neuron.activation}′ {fmt(curve)}"
    return rows, [
        NeuronRow("", "z", z.data, z.grad),
        NeuronRow(prime, out_name, out.data, out.grad),
    ]


def parameter_row(plan: Plan, neuron: NeuronFold, k: int, slope: str) -> NeuronRow:
    """The row of a weight or a bias, by its label or what its name adds to the neuron's."""
    node = plan.graph.nodes[k]
    name = node.label or plan.graph.name(k).removeprefix(neuron.scope).removeprefix(".")
    return NeuronRow(slope, clean(name), node.data, node.grad)


def single_values(plan: Plan, m: float, prefix: str):
    """Value cards for what is in no neuron, all wires, and whether a card lists messages."""
    graph, home = plan.graph, plan.folds.home
    outside = [k for ks in (*plan.columns.values(), *plan.rest.values()) for k in ks]
    rows = graph.rows(outside)
    cards = ValueCards(graph, rows, m, prefix, whole=True)
    names = {k: plan.input_name(column) for column, ks in plan.columns.items() for k in ks}
    tails = Tails(plan, cards)
    wires = []
    for number, layer in enumerate(plan.folds.layers):
        for place, neuron in enumerate(layer.neurons):
            wires += neuron_wires(plan, (number, place), neuron, tails, names, m)
    for row in rows:
        for j, k in enumerate(row.operands):
            wires.append(cards.wire(row, j, tails.of(k, row.k, j) if k in home else None))
    return [cards.card(row, names.get(row.k, "")) for row in rows], wires, bool(cards.outs)


@dataclass
class Tails:
    """Where the wires of single readings begin."""

    plan: Plan
    cards: ValueCards

    def of(self, k: int, user: int, j: int) -> tuple[str, str]:
        """The card and port of value k for one reading of it."""
        home = self.plan.folds.home.get(k)
        if home is None:
            return self.cards.tail(k, user, j)
        neuron = self.plan.folds.layers[home[0]].neurons[home[1]]
        port = "o" if any(call.out == k for call in neuron.calls) else ""
        return f"L{home[0]}n{home[1]}", port


def neuron_wires(plan: Plan, seat, neuron: NeuronFold, tails: Tails, names, m) -> list[Wire]:
    """A wire for each input of a neuron, ending at the row of its weight."""
    nodes, call = plan.graph.nodes, neuron.calls[0]
    shown = shown_weights(plan, neuron)
    row = {i: place for place, i in enumerate(shown)}
    curve = nodes[call.out].local_grads[0] if call.out != call.z else 1.0
    wires = []
    for i, (k, (user, j)) in enumerate(zip(call.inputs, call.reads, strict=True)):
        home = plan.folds.home.get(k)
        name = names.get(k) or (plan.out_name(*home) if home else clean(plan.graph.name(k)))
        slope = curve * nodes[neuron.weights[i]].data
        ends = tails.of(k, user, j), (f"L{seat[0]}n{seat[1]}", f"i{row.get(i, len(shown))}")
        id = f"w{seat[0]}_{seat[1]}_{i}"
        wires.append(message_wire(id, *ends, name or f"v{k}", slope, nodes[call.out].grad, m))
    return wires


def in_order(plan: Plan, neurons: list[Card], singles: list[Card]) -> list[Card]:
    """Cards in the order of the graph: a neuron where its output is."""
    place = {
        f"L{i}n{j}": neuron.calls[0].out
        for i, layer in enumerate(plan.folds.layers)
        for j, neuron in enumerate(layer.neurons)
    }
    return sorted([*neurons, *singles], key=lambda card: place.get(card.id) or int(card.id[1:]))


# The layers view


def layers_view(plan: Plan, prefix: str = "") -> Sketch:
    """A card for each layer, each column of inputs, and what comes between and after."""
    m, root = plan.m, len(plan.graph) - 1
    cards = input_cards(plan, m, MOST_INPUTS)
    for number, layer in enumerate(plan.folds.layers):
        is_root = root in layer.outs
        cards.append(layer_block_card(plan, number, layer, is_root))
    cards += rest_cards(plan, m, prefix)
    home = homes(plan, neurons=False)
    return finished(plan, cards, bundles(plan, home), folded_legend(), [], 0.3)


def layer_block_card(plan: Plan, number: int, layer: LayerFold, is_root: bool) -> Card:
    """A layer with its weights, biases and outputs as blocks."""
    nodes, neurons = plan.graph.nodes, layer.neurons
    nin = max(len(neuron.weights) for neuron in neurons)
    weights = [[nodes[w] for w in neuron.weights] for neuron in neurons]
    blocks = [block("W", turned(weights) if len(neurons) > 1 else weights)]
    biases = [nodes[neuron.bias] for neuron in neurons if neuron.bias is not None]
    if biases:
        blocks.append(block("b", [biases]))
    outs = [[nodes[k] for k in layer.outs]]
    out_name = "out h" if plan.hidden(number) else "out y"
    blocks.append(block(out_name, outs, bar=len(layer.outs) > len(neurons)))
    shape = f"{nin} → {len(neurons)}  {neurons[0].activation or 'linear'}"
    return layer_card(
        f"L{number}",
        "root" if is_root else "op",
        " ".join(filter(None, plan.names_of(number))),
        shape,
        f"{len(set(layer.params)):,} params",
        blocks,
        "output" if is_root else "",
    )


def block(name: str, matrix, bar: bool = False) -> Block:
    """A block of a layer card from a matrix of nodes."""
    data = [[node.data for node in row] for row in matrix]
    return Block(name, data, [[node.grad for node in row] for row in matrix], bar)


def turned(rows: list[list]) -> list[list]:
    """A matrix with rows and columns exchanged; rows of unequal length end early."""
    high = max(map(len, rows))
    return [[row[i] for row in rows if i < len(row)] for i in range(high)]


# Cards that both views share


def input_cards(plan: Plan, m: float, most: int | None = None) -> list[Card]:
    """A card for each column of inputs; above `most` columns, one for all of a layer."""
    cards, crowded = [], crowded_layers(plan, most)
    for number in crowded:
        columns = [ks for column, ks in plan.columns.items() if column[0] == number]
        name = f"{len(columns):,} inputs" + times(max(map(len, columns)))
        cards.append(spread_card(plan, f"X{number}", name, [k for ks in columns for k in ks], m))
    for column, ks in plan.columns.items():
        if column[0] not in crowded:
            name = plan.input_name(column) + times(len(ks) if plan.batched else 1)
            cards.append(spread_card(plan, f"x{column[0]}_{column[1]}", name, ks, m))
    return cards


def crowded_layers(plan: Plan, most: int | None) -> list[int]:
    """The layers that read more than `most` columns of inputs."""
    counts: defaultdict[int, int] = defaultdict(int)
    for number, _ in plan.columns:
        counts[number] += 1
    return [number for number, n in counts.items() if most is not None and n > most]


def times(n: int) -> str:
    """× 100, or nothing for once."""
    return f" × {n:,}" if n > 1 else ""


def spread_card(plan: Plan, id: str, name: str, ks: list[int], m: float, corner="") -> Card:
    """Many values on one card: from where to where their data and their gradients reach."""
    nodes = [plan.graph.nodes[k] for k in ks]
    data, grad = [node.data for node in nodes], [node.grad for node in nodes]
    role = plan.graph.role(ks[0])
    word = " min…max" if len(ks) > 1 else ""
    token = "zero" if role == "const" else shade(max(grad, key=size), m)
    facts = [
        Fact(f"data{word}", span(data), "" if all(map(isfinite, data)) else "bad"),
        Fact(f"grad{word}", span(grad, sign=True), token),
    ]
    return facts_card(id, role, "", name, corner or {"op": ""}.get(role, role), facts)


def counted(n: int, word: str) -> str:
    """A number of things: 1 loss, 100 losses."""
    return f"{n:,} {word}{'' if n == 1 else 'es' if word.endswith('s') else 's'}"


def size(x: float) -> float:
    """How large a number is; nan is the largest of all."""
    return abs(x) if x == x else math.inf


def rest_cards(plan: Plan, m: float, prefix: str) -> list[Card]:
    """The values between and after the layers, a card for each level."""
    cards, root = [], len(plan.graph) - 1
    for level, ks in plan.rest.items():
        if root in ks:
            cards.append(root_card(plan, f"R{level}", ks, m, prefix))
        else:
            name = counted(len(ks), "value")
            made = [k for k in ks if plan.graph.nodes[k].operands] or ks
            cards.append(spread_card(plan, f"R{level}", name, made, m))
    return cards


def root_card(plan: Plan, id: str, ks: list[int], m: float, prefix: str) -> Card:
    """The output, with what it is the mean or the sum of."""
    root = plan.graph.rows([len(plan.graph) - 1])[0]
    word, terms = terms_of(plan.graph, root.k)
    if terms:
        facts = [
            Fact(f"{word} of", counted(len(terms), "loss" if word == "mean" else "value")),
            Fact("min…max", span([plan.graph.nodes[k].data for k in terms])),
        ]
    else:
        facts = [Fact("folds", counted(len(ks), "value"))]
    facts += [
        Fact("data", fmt(root.data), "" if isfinite(root.data) else "bad"),
        Fact("grad", fmt(root.grad, sign=True), shade(root.grad, m)),
    ]
    name = clean(root.name) or f"v{root.k}"
    return facts_card(id, "root", glyph(root.op), name, "output", facts)


def terms_of(graph: Graph, k: int) -> tuple[str, list[int]]:
    """What node k is the mean or the sum of; nothing if it is neither."""
    node, operands = graph.nodes[k], list(graph.operands(k))
    if node.op in ("mean", "sum"):
        return node.op, operands
    if node.op in ("*", "/"):
        numbers = [j for j in operands if graph.nodes[j].op == "const"]
        others = [j for j in operands if j not in numbers]
        if len(numbers) == 1 and len(others) == 1:
            word, terms = (
                terms_of(graph, others[0])
                if graph.nodes[others[0]].op in ("+", "sum")
                else ("", [])
            )
            factor = graph.nodes[numbers[0]].data
            share = 1.0 / factor if node.op == "/" and factor else factor
            if word == "sum" and math.isclose(share * len(terms), 1.0):
                return "mean", terms
    if node.op == "+":
        return "sum", added_up(graph, k)
    return "", []


def added_up(graph: Graph, k: int) -> list[int]:
    """The terms of a chain of additions, without the 0 that Python's sum() starts from."""
    readers, terms, to_do = single_readers(graph), [], [k]
    while to_do:
        j = to_do.pop()
        node = graph.nodes[j]
        if node.op == "+" and (j == k or j in readers):
            to_do += reversed(graph.operands(j))
        elif node.op != "const" or node.data != 0.0:
            terms.append(j)
    return terms


# Wires that stand for many readings


def homes(plan: Plan, neurons: bool) -> dict[int, str]:
    """The card of each value, with a card for each neuron or for each layer."""
    home = {
        k: f"L{seat[0]}n{seat[1]}" if neurons else f"L{seat[0]}"
        for k, seat in plan.folds.home.items()
    }
    crowded = crowded_layers(plan, None if neurons else MOST_INPUTS)
    for (number, i), ks in plan.columns.items():
        home.update(dict.fromkeys(ks, f"X{number}" if number in crowded else f"x{number}_{i}"))
    for level, ks in plan.rest.items():
        home.update(dict.fromkeys(ks, f"R{level}"))
    return home


def bundles(plan: Plan, home: dict[int, str]) -> list[Wire]:
    """One wire from card to card for all readings between them."""
    graph = plan.graph
    found: defaultdict[tuple[str, str], dict[int, None]] = defaultdict(dict)
    for user in range(len(graph)):
        for k in graph.operands(user):
            if home[k] != home[user]:
                found[home[k], home[user]][k] = None
    return [bundle(plan, tail, head, list(ks)) for (tail, head), ks in found.items()]


def bundle(plan: Plan, tail: str, head: str, ks: list[int]) -> Wire:
    """The wire for all readings of values ks; its width says how many there are a call.

    The wires of single columns and of single neurons have no label: they would be many.
    """
    width = len(ks) if not plan.batched else max(1, round(len(ks) / plan.calls))
    shown = width if head[0] == "L" else len(ks)
    slope = fmt(rms([plan.graph.nodes[k].grad for k in ks]), digits=3)
    count = counted(shown, "value")
    single = tail[0] == "x" or "n" in tail + head
    label = () if single else (f"{count} →", f"← grad rms {slope}")
    title = f"{count} forward, gradients of rms {slope} back"
    return Wire(
        f"{tail}_{head}", tail, head, "", "", "op", 1.2 + 0.6 * log2(width), "", title, label
    )


# The words around a folded picture


def finished(plan: Plan, cards, wires, items, lanes, ranksep: float) -> Sketch:
    """A sketch with its caption, which starts with what is folded."""
    graph = plan.graph
    root = graph.nodes[-1]
    name = clean(graph.name(len(graph) - 1)) or f"v{len(graph) - 1}"
    count = f"{len(graph):,} values in {len(cards)} cards"
    layers = [
        f"{' '.join(filter(None, plan.names_of(i)))} of {len(layer.neurons)}"
        for i, layer in enumerate(plan.folds.layers)
    ]
    caption = f"{count}: {', '.join(layers)}. Output {name} = {fmt(root.data)}."
    return Sketch(cards, wires, f"Computation of {name}", caption, [words(count), *items],
                  lanes, ranksep)  # fmt: skip


def folded_legend() -> list:
    """The items of the legend of layer cards."""
    text = "strong: at least 1/3 of the largest in its block; mid: at least 1/30; pale: less"
    return [shade_scale("shade", text), words("matrix: one column per neuron"), bar_words()]


def bar_words():
    """The item that explains a census."""
    return words("bar: how many values fall in each shade")
