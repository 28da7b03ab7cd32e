"""The neurons view: weights and bias become rows of one card instead of cards.

Every number of the net is still there.  The derivative beside a weight is that of the
neuron's output by its input, which is the slope of the activation times the weight,
and both factors stand on the card.
"""

from math import isfinite

from micronn.graph.neurons import LayerFold, NeuronFold
from micronn.pictures import ids
from micronn.pictures.cards import Card, derivative, largest
from micronn.pictures.edges import Lane, Wire, message_wire
from micronn.pictures.folded_cards import NeuronFace, NeuronRow, NeuronTable, neuron_card
from micronn.pictures.grouping import Plan, homes
from micronn.pictures.layer_view import bundles, finished, input_cards, rest_cards
from micronn.pictures.legend import bar_words, gradient_scale, value_legend
from micronn.pictures.sketch import Sketch
from micronn.pictures.value_view import ValueCards
from micronn.support.text import clean, fmt

End = tuple[str, str]  # where a wire begins or ends: a card and a port


def neurons_view(plan: Plan, prefix: str = "") -> Sketch:
    """A card for each neuron; inputs and losses as values, or folded if there is a batch."""
    m = plan.m
    cards: list[Card] = []
    lanes: list[Lane] = []
    for number, layer in enumerate(plan.folds.layers):
        lanes += lanes_of(plan, number)
        for card in neuron_cards(plan, number, layer, m):
            card.lane = ids.layer_lane(number)
            cards.append(card)
    if plan.batched:
        found = [*input_cards(plan, m), *cards, *rest_cards(plan, m)]
        home = homes(plan, neurons=True)
        wires = bundles(plan, home)
        items = [gradient_scale(m), bar_words()]
    else:
        singles, wires, uses = single_values(plan, m, prefix)
        found = in_order(plan, cards, singles)
        items = value_legend(m, "input", uses)
    in_lane = {card.id for card in cards}
    for wire in wires:
        wire.minlen = 2 if wire.head in in_lane and wire.tail not in in_lane else 1
    return finished(plan, found, wires, items, lanes, 0.6)


def lanes_of(plan: Plan, number: int) -> list[Lane]:
    """The lane of a layer, and before it the lane of the net around it, once."""
    id, (outer, name) = ids.layer_lane(number), plan.names_of(number)
    if not outer:
        return [Lane(id, name)]
    around = [plan.names_of(other)[0] for other in range(number + 1)]
    first = ids.net_lane(around.index(outer))
    new = [Lane(first, outer)] if outer not in around[:-1] else []
    return [*new, Lane(id, name, first, 1)]


def neuron_cards(plan: Plan, number: int, layer: LayerFold, m: float) -> list[Card]:
    """The cards of the neurons of a layer, their columns equally wide."""
    table = NeuronTable()
    faces = [neuron_face(plan, number, index) for index in range(len(layer.neurons))]
    for face in faces:
        table.widen(face)
    return [neuron_card(face, table, m) for face in faces]


def neuron_face(plan: Plan, number: int, index: int) -> NeuronFace:
    """What the card of a neuron shows."""
    neuron, root = plan.folds.layers[number].neurons[index], len(plan.graph) - 1
    rows, results = neuron_rows(plan, neuron, plan.out_name(number, index))
    is_root = any(call.out == root for call in neuron.calls)
    corner = neuron_name(neuron, index) + ("  output" if is_root else "") + born(plan, neuron)
    css = "root" if is_root else "op"
    return NeuronFace(ids.neuron(number, index), css, expression(neuron), corner, rows, results)


def neuron_name(neuron: NeuronFold, index: int) -> str:
    """neuron 3 for the scope layers.0.neurons.3, else the last word of the scope."""
    last = neuron.scope.rpartition(".")[2]
    return f"neuron {last}" if last.isdigit() else clean(last) or f"neuron {index}"


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


def neuron_rows(
    plan: Plan, neuron: NeuronFold, out_name: str
) -> tuple[list[NeuronRow], list[NeuronRow]]:
    """The rows of a neuron card: parameters, then z and the output."""
    nodes, once = plan.graph.nodes, len(neuron.calls) == 1
    call = neuron.calls[0]
    z, out = nodes[call.z], nodes[call.out]
    shown, rows = shown_weights(plan, neuron), []
    for i in shown:
        weight = nodes[neuron.weights[i]]
        slope = derivative(call.slope * weight.data) if once else ""
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
    prime = f"{neuron.activation}′ {fmt(call.slope)}"
    return rows, [
        NeuronRow("", "z", z.data, z.grad),
        NeuronRow(prime, out_name, out.data, out.grad),
    ]


def parameter_row(plan: Plan, neuron: NeuronFold, k: int, slope: str) -> NeuronRow:
    """The row of a weight or a bias, by its label or what its name adds to the neuron's."""
    node = plan.graph.nodes[k]
    name = node.name.removeprefix(neuron.scope).removeprefix(".")
    return NeuronRow(slope, clean(name), node.data, node.grad)


def single_values(plan: Plan, m: float, prefix: str) -> tuple[dict[int, Card], list[Wire], bool]:
    """Value cards for what is in no neuron, all wires, and whether a card lists messages."""
    outside = [k for ks in (*plan.columns.values(), *plan.rest.values()) for k in ks]
    rows = plan.graph.rows(outside)
    cards = ValueCards(plan.graph, rows, m, prefix, folded=True)
    names = {k: plan.input_name(column) for column, ks in plan.columns.items() for k in ks}
    wires = []
    for number, layer in enumerate(plan.folds.layers):
        for index in range(len(layer.neurons)):
            wires += neuron_wires(plan, (number, index), cards, names, m)
    for row in rows:
        for j, k in enumerate(row.operands):
            wires.append(cards.wire(row, j, tail_of(plan, cards, k, row.k, j)))
    singles = {row.k: cards.card(row, names.get(row.k, "")) for row in rows}
    return singles, wires, bool(cards.outs)


def tail_of(plan: Plan, cards: ValueCards, k: int, user: int, j: int) -> End:
    """The card and port where the wire of one reading of value k begins."""
    home = plan.folds.home.get(k)
    if home is None:
        return cards.tail(k, user, j)
    neuron = plan.folds.layers[home[0]].neurons[home[1]]
    port = ids.OUTPUT_PORT if any(call.out == k for call in neuron.calls) else ""
    return ids.neuron(*home), port


def neuron_wires(
    plan: Plan, seat: tuple[int, int], cards: ValueCards, names: dict[int, str], m: float
) -> list[Wire]:
    """A wire for each input of a neuron, ending at the row of its weight.

    seat: the number of its layer, and its own.  names: of inputs.
    """
    neuron = plan.folds.layers[seat[0]].neurons[seat[1]]
    nodes, call = plan.graph.nodes, neuron.calls[0]
    shown = shown_weights(plan, neuron)
    row_of = {i: row for row, i in enumerate(shown)}
    wires = []
    for i, (k, (user, j)) in enumerate(zip(call.inputs, call.reads, strict=True)):
        home = plan.folds.home.get(k)
        name = names.get(k) or (plan.out_name(*home) if home else nodes[k].title)
        slope = call.slope * nodes[neuron.weights[i]].data
        head = ids.neuron(*seat), ids.operand_port(row_of.get(i, len(shown)))
        id, tail = ids.weight_edge(*seat, i), tail_of(plan, cards, k, user, j)
        wires.append(message_wire(id, tail, head, name, slope, nodes[call.out].grad, m))
    return wires


def in_order(plan: Plan, neurons: list[Card], singles: dict[int, Card]) -> list[Card]:
    """Cards in the order of the graph: a neuron where its output is."""
    outs = [neuron.calls[0].out for layer in plan.folds.layers for neuron in layer.neurons]
    cards = singles | dict(zip(outs, neurons, strict=True))
    return [cards[k] for k in sorted(cards)]
