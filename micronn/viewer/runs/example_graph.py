"""The graph of one example's loss on the page of a training, to be filled in at every step.

The picture has a card for every value, so it is of small graphs; the page puts other inputs,
another target and other parameters into it, and works out the rest as a step page does.
"""

import copy
from collections.abc import Sequence
from typing import Any

from micronn.engine import Value
from micronn.graph.neurons import outputs_named
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.graph.templates import Template
from micronn.nn import Module
from micronn.pictures.network.network_svg import VIEWS
from micronn.pictures.paint import ids
from micronn.pictures.views.grouping import Plan, make_plan
from micronn.support.text import clean
from micronn.training.eager import Objective
from micronn.training.traced import TracedLoss
from micronn.viewer.computing.computing import SAY, arithmetic, picture_of
from micronn.viewer.computing.step_data import Slots, page_data
from micronn.viewer.levels.moving import Moving, moving
from micronn.viewer.runs.run import Run, named_inputs
from micronn.viewer.steps.stepper import MOST_CARDS, MOST_WIRES


def example_graph(
    run: Run, program: TracedLoss, model: Module
) -> tuple[dict[str, Any], str, Moving | None]:
    """What the script needs for the graph of the run's example, its picture, and what opens.

    model: a copy of the run's, at the moment that the picture is to show; loses its gradients.

    computing: see computing.py.  say: what stands where a number is refused.
    cards: for each neuron of the network the card of its output.
    given: of each given row its number, or whether it is an input "x" or a parameter "w" of
        the loss's tape, and which.  slots, wires: what the numbers change in the picture.
    levels: what fills the values of each neuron, see moving.py.
    values: how many there are; of a graph that is too large for cards nothing else, and the
        picture is "".
    """
    model.zero_grad()  # the gradients of the picture are of this example alone
    learned = [*model.parameters(), *run.learned[len(run.model.parameters()) :]]
    root, leaves = labelled(program, model, learned, run.shown)
    graph = outputs_named(Graph(root, [*model.named_parameters()]))
    wires = [(row.k, j) for row in graph.nodes for j in range(len(row.operands))]
    if len(graph) > MOST_CARDS or len(wires) > MOST_WIRES:
        return {"values": len(graph)}, "", None
    story = Story(graph)
    plan = make_plan(story.graph)
    below = moving(plan, by_layer=False) if plan else None
    places = Slots(Template(story))
    told, rows = page_data(places), graph.nodes
    sets = [told["start"], *[step["set"] for step in told["steps"]]]
    sets.append([places.data(row.k) for row in rows if not row.operands])
    slots = {slot[0]: slot for slots in sets for slot in slots}
    sources = {
        **{value: ("w", k) for k, value in enumerate(learned)},
        **{value: ("x", k) for k, value in enumerate(leaves)},
    }
    given = [
        [k, *sources.get(value, ("", graph.nodes[k].data))]
        for value, k in graph.index.items()
        if not graph.nodes[k].operands
    ]
    return (
        {
            "values": len(graph),
            "computing": arithmetic(story.graph),
            "say": {"no": SAY["no"]},
            "given": given,
            "slots": list(slots.values()),
            "cards": cards_of(plan),
            "wires": [[ids.edge(k, j), k, j] for k, j in wires],
            **({"levels": below.data()} if below else {}),
        },
        picture_of(story.graph),
        below,
    )


def cards_of(plan: Plan | None) -> dict[str, list[str]]:
    """For each neuron of the network, by id, the card of its output."""
    layers = plan.folds.layers if plan else []
    return {
        ids.unit(view.css, number, i): [ids.value(neuron.calls[0].out)]
        for view in VIEWS.values()
        for number, layer in enumerate(layers, 1)
        for i, neuron in enumerate(layer.neurons)
    }


def labelled(
    program: TracedLoss, model: Module, learned: Sequence[Value], example: Any
) -> tuple[Value, list[Value]]:
    """The loss of an example by the program's graph, and its named leaves."""
    other = copy.copy(program)
    other.objective = Objective(model, program.objective.loss, learned, program.objective.l2)
    x, target = example
    inputs = named_inputs(x)
    root, leaves = other.graph([value.data for value in inputs], target)
    goals = leaves[len(inputs) :]
    for leaf, named in zip(leaves, inputs, strict=False):
        leaf.label = clean(named.label)
    for k, leaf in enumerate(goals):
        leaf.label = "target" if len(goals) == 1 else f"target {k}"
    return root, leaves
