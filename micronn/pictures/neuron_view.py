"""The neurons view: weights and bias become rows of one card instead of cards.

Every number of the net is still there.  The derivative beside a weight is that of the
neuron's output by its input, which is the slope of the activation times the weight,
and both factors stand on the card.
"""

from dataclasses import dataclass
from math import isfinite

from micronn.graph.neurons import LayerFold, NeuronFold
from micronn.pictures.cards import (
    Card,
    Lane,
    Sketch,
    Wire,
    derivative,
    largest,
    limits,
    message_wire,
    shade_scale,
)
from micronn.pictures.folded_cards import NeuronRow, NeuronTable, neuron_card, neuron_header
from micronn.pictures.grouping import Plan, homes
from micronn.pictures.layer_view import bar_words, bundles, finished, input_cards, rest_cards
from micronn.pictures.value_view import ValueCards, values_legend
from micronn.support.text import clean, fmt


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
        found = [*input_cards(plan, m), *cards, *rest_cards(plan, m)]
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
        corner = neuron_name(neuron, place) + ("  output" if is_root else "") + born(plan, neuron)
        table.widen([*rows, *results], neuron_header(expression(neuron), corner))
        css = "root" if is_root else "op"
        parts.append((f"L{number}n{place}", css, expression(neuron), corner, rows, results))
    return [neuron_card(*part, table, m) for part in parts]


def neuron_name(neuron: NeuronFold, place: int) -> str:
    """neuron 3 for the scope layers.0.neurons.3, else the last word of the scope."""
    last = neuron.scope.rpartition(".")[2]
    return f"neuron {last}" if last.isdigit() else clean(last) or f"neuron {place}"


def born(plan: Plan, neuron: NeuronFold) -> str:
    """first +∞ if the neuron made nan or infinity out of finite numbers, else nothing."""
    nodes, call = plan.graph.nodes, neuron.calls[0]
    made = [nodes[k].data for k in (call.z, call.out) if not isfinite(nodes[k].data)]
    read = (*call.inputs, *neuron.weights, *([] if neuron.bias is None else [neuron.bias]))
    if not made or len(neuron.calls) > 1 or not all(isfinite(nodes[k].data) for k in read):
        return ""
    return f"  first {fmt(made[0])}"


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
