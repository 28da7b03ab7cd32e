"""What stands above a picture, so that it explains itself wherever it is pasted.

That is the computation as a formula.  Of a net the formula would fill a page, so there
it is the shape of the net, and what was computed from its outputs: the loss.

    >>> from micronn.engine import Value
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> heading(Graph((a + b) * b), None)
    '(a + b) × b'
"""

from micronn.graph.rows import Graph
from micronn.graph.steps import computation
from micronn.pictures.views.grouping import Plan, terms_of
from micronn.support.text import counted


def heading(graph: Graph, plan: Plan | None) -> str:
    """The formula, or the net and its loss; of what is too long for that, how long it is."""
    told = computation(graph.nodes) or without_formula(graph, plan)
    return f"{told}, in forward mode from {graph.forward}" if graph.forward else told


def without_formula(graph: Graph, plan: Plan | None) -> str:
    """The net and its loss, or how long the computation is."""
    if plan is None:
        return f"{graph.nodes[-1].title}, from {counted(len(graph) - 1, 'value')}"
    return ", ".join(filter(None, [net_name(plan), result(plan)]))


def net_name(plan: Plan) -> str:
    """What a net is called: its class and its sizes, if each layer reads the one before it."""
    name = type(plan.graph.model).__name__ if plan.graph.model else "net"
    layers = [layer.neurons for layer in plan.folds.layers]
    reads = [{len(neuron.weights) for neuron in neurons} for neurons in layers]
    chained = all(read == {len(before)} for before, read in zip(layers, reads[1:], strict=False))
    if not chained or len(reads[0]) > 1:
        return f"{name} of {counted(len(layers), 'layer')}"
    return f"{name} {'-'.join(map(str, [*reads[0], *map(len, layers)]))}"


def result(plan: Plan) -> str:
    """What the net was used for: its loss as a formula, or what that is the mean of."""
    root, home = plan.graph.nodes[-1], plan.folds.home
    if plan.batched:
        word, terms = terms_of(plan.graph, root.k)
        made = f"{word} of {counted(len(terms), 'loss' if word == 'mean' else 'value')}"
        return f"{root.title} = {made}" if terms else root.title
    outs = {k for layer in plan.folds.layers for k in layer.outs}
    named = {k: plan.out_name(*home[k]) for k in outs}
    return computation(plan.graph.nodes, named) or root.title
