"""Another run of the same computation: the rows are those that reading its graph anew gives."""

import random

import pytest

from micronn.engine import Value, total
from micronn.graph.again import again, order_like
from micronn.graph.rows import Graph
from micronn.nn import MLP


def cost(model, xs, labelled=""):
    """The loss of an MLP on some examples, after backward() from cleared gradients."""
    model.zero_grad()
    loss = total([(model([Value(x, f"x{k}") for k, x in enumerate(row)]) - 1.0) ** 2 for row in xs])
    loss.label = labelled
    loss.backward()
    return loss


def test_another_run_gives_the_rows_that_reading_it_anew_gives():
    rng = random.Random(3)
    model = MLP(2, [3, 1], rng=rng)
    graph = Graph(cost(model, [[1.0, 2.0], [-1.0, 0.5]]), model)
    for _ in range(3):
        for p in model.parameters():
            p.data += rng.gauss(0.0, 1.0)
        root = cost(model, [[rng.random(), rng.random()] for _ in range(2)])
        graph = again(graph, order_like(graph, root))
        fresh = Graph(root, model)
        assert (list(graph.nodes), graph.index, graph.params) == (
            fresh.nodes,
            fresh.index,
            fresh.params,
        )
        assert graph.rows() == fresh.rows()


@pytest.mark.parametrize(
    "other",
    [
        lambda model: cost(model, [[1.0, 2.0]]),  # fewer values
        lambda model: cost(model, [[1.0, 2.0], [3.0, 4.0]], "loss"),  # another name
        lambda model: cost(MLP(2, [2, 1]), [[1.0, 2.0], [3.0, 4.0]]),  # another model
        lambda model: cost(MLP(2, [3, 1], "relu"), [[1.0, 2.0], [3.0, 4.0]]),  # other operations
    ],
)
def test_a_run_of_another_computation_has_no_rows_in_common(other):
    model = MLP(2, [3, 1], "tanh", rng=random.Random(3))
    graph = Graph(cost(model, [[1.0, 2.0], [3.0, 4.0]]), model)
    assert order_like(graph, other(model)) is None


def test_a_constant_that_changes_and_operands_that_change_places_are_another_computation():
    def run(a, b, factor):
        f = (a - b) * factor
        f.backward()
        return f

    a, b = Value(1.0), Value(2.0)
    graph = Graph(run(a, b, 2.0))
    assert order_like(graph, run(Value(5.0), Value(4.0), 2.0))
    assert order_like(graph, run(a, b, 3.0)) is None
    a, b = Value(1.0), Value(2.0)
    plain = Graph(total_of_differences(a, b, a))
    assert order_like(plain, total_of_differences(a, b, b)) is None


def total_of_differences(a, b, c):
    """(a - b) + (b - c), differentiated."""
    f = (a - b) + (b - c)
    f.backward()
    return f
