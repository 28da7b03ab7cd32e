"""The layers view: a whole layer on one card, and many examples on top.

Every parameter is still there, as a cell in its shade; a column of cells is a neuron.
A wire between two cards stands for all readings across, with what goes forward above
it and what comes back below: a vanishing gradient is one row of numbers that shrink
from right to left.
"""

from collections import defaultdict
from math import isfinite, log2

from micronn.graph.neurons import LayerFold
from micronn.graph.operations import glyph
from micronn.graph.rows import Row
from micronn.pictures import ids
from micronn.pictures.cards import Card
from micronn.pictures.edges import Lane, Wire
from micronn.pictures.folded_cards import Block, Fact, facts_card, layer_card, span
from micronn.pictures.grouping import MOST_INPUTS, Home, Plan, crowded_layers, homes, terms_of
from micronn.pictures.legend import Item, layer_legend, words
from micronn.pictures.palette import shade
from micronn.pictures.sketch import Sketch
from micronn.support.numeric import magnitude, root_mean_square
from micronn.support.text import counted, fmt

# The layers view


def layers_view(plan: Plan) -> Sketch:
    """A card for each layer, each column of inputs, and what comes between and after."""
    m, root = plan.m, len(plan.graph) - 1
    cards = input_cards(plan, m, MOST_INPUTS)
    for number, layer in enumerate(plan.folds.layers):
        is_root = root in layer.outs
        cards.append(layer_block_card(plan, number, layer, is_root))
    cards += rest_cards(plan, m)
    home = homes(plan, neurons=False)
    return finished(plan, cards, bundles(plan, home), layer_legend(), [], 0.3)


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
        ids.layer(number),
        "root" if is_root else "op",
        plan.full_name(number),
        shape,
        f"{len(set(layer.params)):,} params",
        blocks,
        "output" if is_root else "",
    )


def block(name: str, matrix: list[list[Row]], bar: bool = False) -> Block:
    """A block of a layer card from a matrix of nodes."""
    data = [[node.data for node in row] for row in matrix]
    return Block(name, data, [[node.grad for node in row] for row in matrix], bar)


def turned(rows: list[list[Row]]) -> list[list[Row]]:
    """A matrix with rows and columns exchanged; rows of unequal length end early."""
    high = max(map(len, rows))
    return [[row[i] for row in rows if i < len(row)] for i in range(high)]


# Cards that the neurons view has too


def input_cards(plan: Plan, m: float, most: int | None = None) -> list[Card]:
    """A card for each column of inputs; above `most` columns, one for all of a layer."""
    cards, crowded = [], crowded_layers(plan, most)
    for number in crowded:
        columns = [ks for column, ks in plan.columns.items() if column[0] == number]
        name = f"{len(columns):,} inputs" + times(max(map(len, columns)))
        cards.append(
            spread_card(plan, ids.all_inputs(number), name, [k for ks in columns for k in ks], m)
        )
    for column, ks in plan.columns.items():
        if column[0] not in crowded:
            name = plan.input_name(column) + times(len(ks) if plan.batched else 1)
            cards.append(spread_card(plan, ids.input_column(*column), name, ks, m))
    return cards


def times(n: int) -> str:
    """× 100, or nothing for once."""
    return f" × {n:,}" if n > 1 else ""


def spread_card(plan: Plan, id: str, name: str, ks: list[int], m: float) -> Card:
    """Many values on one card: from where to where their data and their gradients reach."""
    nodes = [plan.graph.nodes[k] for k in ks]
    data, grad = [node.data for node in nodes], [node.grad for node in nodes]
    role = plan.graph.nodes[ks[0]].role
    word = " min…max" if len(ks) > 1 else ""
    token = "zero" if role == "const" else shade(max(grad, key=magnitude), m)
    facts = [
        Fact(f"data{word}", span(data), "" if all(map(isfinite, data)) else "bad"),
        Fact(f"grad{word}", span(grad, sign=True), token),
    ]
    return facts_card(id, role, "", name, {"op": ""}.get(role, role), facts)


def rest_cards(plan: Plan, m: float) -> list[Card]:
    """The values between and after the layers, a card for each level."""
    cards, root = [], len(plan.graph) - 1
    for level, ks in plan.rest.items():
        if root in ks:
            cards.append(root_card(plan, ids.rest(level), ks, m))
        else:
            name = counted(len(ks), "value")
            made = [k for k in ks if plan.graph.nodes[k].operands] or ks
            cards.append(spread_card(plan, ids.rest(level), name, made, m))
    return cards


def root_card(plan: Plan, id: str, ks: list[int], m: float) -> Card:
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
    return facts_card(id, "root", glyph(root.op), root.title, "output", facts)


# Wires that stand for many readings


def bundles(plan: Plan, home: dict[int, Home]) -> list[Wire]:
    """One wire from card to card for all readings between them."""
    graph = plan.graph
    found: defaultdict[tuple[Home, Home], dict[int, None]] = defaultdict(dict)
    for row in graph.nodes:
        for k in row.operands:
            if home[k] != home[row.k]:
                found[home[k], home[row.k]][k] = None
    return [bundle(plan, tail, head, list(ks)) for (tail, head), ks in found.items()]


def bundle(plan: Plan, tail: Home, head: Home, ks: list[int]) -> Wire:
    """The wire for all readings of values ks; its width says how many there are a call.

    The wires of single columns and of single neurons have no label: they would be many.
    """
    width = len(ks) if not plan.batched else max(1, round(len(ks) / plan.calls))
    shown = width if head.kind in ("neuron", "layer") else len(ks)
    slope = fmt(root_mean_square([plan.graph.nodes[k].grad for k in ks]), digits=3)
    count = counted(shown, "value")
    single = tail.kind == "column" or "neuron" in (tail.kind, head.kind)
    label = () if single else (f"{count} →", f"← grad rms {slope}")
    title = f"{count} forward, gradients of rms {slope} back"
    id, thick = ids.bundle(tail.id, head.id), 1.2 + 0.6 * log2(width)
    return Wire(id, tail.id, head.id, "", "", "op", thick, "", title, label)


# The words around a folded picture


def finished(
    plan: Plan,
    cards: list[Card],
    wires: list[Wire],
    items: list[Item],
    lanes: list[Lane],
    ranksep: float,
) -> Sketch:
    """A sketch with its caption, which starts with what is folded."""
    graph = plan.graph
    root = graph.nodes[-1]
    count = f"{len(graph):,} values in {len(cards)} cards"
    layers = [
        f"{plan.full_name(i)} of {len(layer.neurons)}" for i, layer in enumerate(plan.folds.layers)
    ]
    caption = f"{count}: {', '.join(layers)}. Output {root.title} = {fmt(root.data)}."
    legend = [words(count), *items]
    return Sketch(cards, wires, f"Computation of {root.title}", caption, legend, lanes, ranksep)
