"""The network picture of a graph: circles and lines, with the numbers of the graph's own moment.

draw_network reads a model as it is now; here the columns are filled from the rows of a graph,
so that they say the same as every other picture of it.
"""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from micronn.graph.neurons import NeuronFold
from micronn.graph.notes import notes
from micronn.pictures.network.network_columns import (
    Column,
    has_softmax,
    most_active,
    place,
    tell_classes,
)
from micronn.pictures.network.network_svg import VIEWS, network_svg
from micronn.pictures.views.grouping import Plan
from micronn.pictures.views.neuron_part import Parts

Drawing = Callable[[str, str], tuple[list[Column], str]]  # of a prefix and a note


def network_of(plan: Plan, parts: Parts, drawn: Sequence[list[int]]) -> Drawing | None:
    """How to draw the network of a plan; None if its layers are not one chain, with biases."""
    layers, calls = plan.folds.layers, parts.calls
    outs = [[call.out for call in some] for some in calls]
    reads = [calls[0][0].inputs, *outs]
    is_chain = all(call.inputs == reads[n] for n, some in enumerate(calls) for call in some)
    if not is_chain or any(neuron.bias is None for layer in layers for neuron in layer.neurons):
        return None
    nodes = parts.rows

    def neuron(fold: NeuronFold) -> Any:
        weights, activation = [nodes[w] for w in fold.weights], fold.activation or "linear"
        return SimpleNamespace(w=weights, b=nodes[fold.bias or 0], activation=activation)

    neurons = [[], *[[neuron(fold) for fold in layer.neurons] for layer in layers]]
    columns = []
    for number, ks in enumerate(reads):
        ran, is_last = plan.graph.ran, number == len(outs)
        numbers: dict[str, list[float | None]] = {
            "data": [nodes[k].data for k in ks],
            "grad": [nodes[k].grad if ran else None for k in ks],
        }
        names = [parts.names.get(k, "") if is_last or not number else "" for k in ks]
        heading = f"layer {number}{' · output' * is_last}" if number else "input"
        shown = drawn[number - 1] if number else most_active(numbers["data"], neurons[1])
        columns.append(Column(heading, names, neurons[number], numbers, shown, {}, ran))
    values = {k: value for value, k in plan.graph.index.items()}
    logits = has_softmax(values[len(nodes) - 1], [values[k] for k in outs[-1]])
    tell_classes(columns, (), logits)
    place(columns)
    title = "-".join([str(len(ks)) for ks in reads])

    def drawing(prefix: str, note: str) -> tuple[list[Column], str]:
        told = [*filter(None, [note]), *notes(plan.graph)]
        return columns, network_svg(columns, title, list(VIEWS.values()), False, True, prefix, told)

    return drawing
