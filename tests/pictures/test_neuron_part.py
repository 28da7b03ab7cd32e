"""A neuron cut out of a graph keeps the numbers of the whole, and they still add up."""

import random

import pytest

from micronn.graph.rows import Graph
from micronn.losses import cross_entropy, mse
from micronn.nn import MLP
from micronn.pictures.views.grouping import make_plan
from micronn.pictures.views.neuron_part import Parts


def one_example(sizes, seed, activation="tanh"):
    """A net with the loss of one example, and some gradient from before in its first weight."""
    rng = random.Random(seed)
    model = MLP(sizes[0], list(sizes[1:]), activation=activation, rng=rng)
    loss = cross_entropy(model([rng.gauss(0, 1) for _ in range(sizes[0])]), 0)
    model.parameters()[0].grad = 4.0
    loss.backward()
    return Graph(loss, model)


def examples(seed, n=20):
    """A net with the mean of the losses of some examples."""
    rng = random.Random(seed)
    model = MLP(2, [5, 4, 1], activation="tanh", rng=rng)
    outs = [model([rng.gauss(0, 1), rng.gauss(0, 1)]) for _ in range(n)]
    loss = mse(outs, [1.0] * n)
    loss.backward()
    return Graph(loss, model)


GRAPHS = {
    "small": lambda: one_example([2, 3, 2], 1),
    "wide": lambda: one_example([100, 16, 3], 2),
    "relu": lambda: one_example([30, 9, 9, 2], 3, "relu"),
    "batch": lambda: examples(4),
}


def parts_of(graph):
    """The part of each neuron."""
    parts = Parts(make_plan(graph))
    return [parts.neuron(n, i) for n, calls in enumerate(parts.calls) for i in range(len(calls))]


@pytest.mark.parametrize("name", GRAPHS)
def test_messages_and_what_is_held_beside_them_add_up_to_the_gradient_of_the_whole(name):
    graph = GRAPHS[name]()
    for part in parts_of(graph):
        for row in part.rows():
            if row.k < len(graph):
                assert row.grad == graph.nodes[row.k].grad
            total = sum([use.message for use in row.uses]) + (row.rest.size if row.rest else 0.0)
            assert total == pytest.approx(row.grad, rel=1e-9, abs=1e-12), row.title


@pytest.mark.parametrize("name", GRAPHS)
def test_whoever_is_said_to_send_a_message_reads_the_value(name):
    graph = GRAPHS[name]()
    for part in parts_of(graph):
        for row in part.rows():
            for use in row.uses:
                reader = part.nodes[use.user]
                operands = reader.operands or graph.nodes[use.user].operands  # made elsewhere
                assert operands[use.j] == row.k, (row.title, reader.title)


@pytest.mark.parametrize("name", GRAPHS)
def test_products_and_the_rest_of_them_add_up_to_the_weighted_sum(name):
    graph, sums = GRAPHS[name](), 0
    for part in parts_of(graph):
        for row in part.rows():
            if row.op == "sum" and graph.nodes[row.k].op == "dot":
                sums += 1
                total = sum([part.nodes[k].data for k in row.operands])
                assert total == pytest.approx(graph.nodes[row.k].data, rel=1e-12, abs=1e-15)
                assert len(row.operands) <= 8
    assert sums == len(parts_of(graph))


def test_a_part_says_how_many_of_the_weights_it_shows():
    notes = {part.note for part in parts_of(GRAPHS["wide"]())}
    words = "weights and their inputs are shown, those with the largest gradients."
    assert notes == {f"7 of 100 {words}", f"7 of 16 {words}"}
    assert {part.note for part in parts_of(GRAPHS["small"]())} == {""}


def test_every_neuron_is_shown_on_the_same_example():
    graph = examples(5)
    parts = Parts(make_plan(graph))
    for before, calls in zip(parts.calls, parts.calls[1:], strict=False):
        outs = {call.out for call in before}
        assert all(set(call.inputs) == outs for call in calls)
