"""Every value of a folded graph has exactly one home, and the homes make sense."""

import random

import pytest
from example_graphs import net, penalty

from micronn.engine import Value, mean, total
from micronn.graph.rows import Graph
from micronn.nn import MLP
from micronn.pictures.views.grouping import homes, make_plan, terms_of


def plan_of(root, model):
    """The plan of a net's graph."""
    graph = Graph(root, model)
    return make_plan(graph)


@pytest.mark.parametrize("neurons", [False, True], ids=["layers", "neurons"])
@pytest.mark.parametrize("graph", [net, lambda: net(5), penalty], ids=["one", "batch", "penalty"])
def test_every_value_has_a_home(graph, neurons):
    plan = plan_of(*graph())
    assert homes(plan, neurons).keys() == set(range(len(plan.graph)))


def test_inputs_stand_before_the_layers_and_the_loss_behind_them():
    plan = plan_of(*net(5))
    assert [len(ks) for ks in plan.columns.values()] == [5, 5]
    assert list(plan.rest) == [2]  # targets, differences, squares, mean: behind two layers
    assert len(plan.rest[2]) == 3 * 5 + 1


def test_what_is_done_to_inputs_stands_before_the_first_layer():
    model = MLP(2, [3, 1], rng=random.Random(7))
    x = Value(2.0, "x")
    plan = plan_of(model([x * 0.5, x * x]) ** 2, model)
    assert sorted(plan.rest) == [0, 2]
    assert plan.columns == {}


def test_a_penalty_stands_behind_the_layer_whose_parameters_it_reads():
    root, model = penalty()
    plan = plan_of(root, model)
    products = [row for row in plan.graph.nodes if row.op == "*"]
    squares = [row.k for row in products if len(set(row.operands)) == 1]
    level = {k: level for level, ks in plan.rest.items() for k in ks}
    assert [level[k] for k in squares] == [1] * 12 + [2] * 5


def test_outputs_are_called_h_inside_the_net_and_y_at_its_end():
    plan = plan_of(*net(0, (3, 1)))
    assert [plan.out_name(0, i) for i in range(3)] == ["h1.0", "h1.1", "h1.2"]
    assert plan.out_name(1, 0) == "y"
    assert [plan.full_name(i) for i in (0, 1)] == ["layer 1", "layer 2"]


def values(n):
    """n squares, each a value of its own."""
    return [Value(float(i)) ** 2 for i in range(n)]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: mean(values(5)), ("mean", 5)),
        (lambda: total(values(5)), ("sum", 5)),
        (lambda: sum(values(5)), ("sum", 5)),
        (lambda: sum(values(5)) / 5, ("mean", 5)),
        (lambda: sum(values(5)) * (1.0 / 5), ("mean", 5)),
        (lambda: 0.2 * total(values(5)), ("mean", 5)),
        (lambda: sum(values(5)) / 4, ("", 0)),
        (lambda: 5 / sum(values(5)), ("", 0)),
        (lambda: Value(3.0).tanh(), ("", 0)),
        (lambda: Value(3.0) * Value(2.0), ("", 0)),
    ],
)
def test_a_loss_says_what_it_is_the_mean_or_sum_of(build, expected):
    graph = Graph(build())
    word, terms = terms_of(graph, len(graph) - 1)
    assert (word, len(terms)) == expected
    assert all(graph.nodes[k].op == "**2" for k in terms)
