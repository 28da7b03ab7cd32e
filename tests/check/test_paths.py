"""Explaining gradients: the paths they came by, their products, and what killed them."""

import math
import random

import pytest
from small_stack import on_a_small_stack

from micronn.check.paths import MANY, why
from micronn.engine import Value, dot, mean, total
from micronn.graph.rows import Graph
from micronn.nn import MLP


def random_graph(rng, operations=25):
    """A graph over four leaves in which Values are used many times."""
    values = [Value(rng.uniform(-1.5, 1.5), name) for name in "abcd"]
    leaves = list(values)
    for _ in range(operations):
        a, b = rng.choice(values), rng.choice(values)
        made = rng.choice([lambda: a * b, lambda: a + b, lambda: a - b, lambda: a.tanh()])
        values.append(made())
    return leaves, total(values[-3:])


@pytest.mark.parametrize("seed", range(20))
def test_the_products_of_all_paths_add_up_to_the_gradient(seed):
    leaves, root = random_graph(random.Random(seed))
    root.backward()
    for x in leaves:
        answer = why(x, root, limit=10**6)
        assert len(answer.paths) == answer.count
        assert sum(path.product for path in answer.paths) == pytest.approx(x.grad, abs=1e-12)
        assert answer.gradient == pytest.approx(x.grad, abs=1e-12)
        if answer.count:
            assert sum(b.total for b in answer.bundles) == pytest.approx(x.grad, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_counted_and_bundled_is_what_would_be_listed(seed):
    leaves, root = random_graph(random.Random(seed))
    for x in leaves:
        listed, counted = why(x, root, limit=10**6), why(x, root, limit=0)
        assert counted.paths == ()
        assert (counted.count, counted.gradient) == (listed.count, listed.gradient)
        if listed.paths:
            sizes = [abs(path.product) for path in listed.paths]
            assert sizes == sorted(sizes, reverse=True)
            assert abs(counted.largest.product) == pytest.approx(sizes[0], rel=1e-12)


def test_a_path_goes_from_the_output_to_x_along_the_operands():
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    product, sum_ = a * b, a + b
    f = product * sum_
    answer = why(a, f)
    # f = a*b * (a+b): through the sum d/da is a*b = -6, through the product b * (a+b) = 3.
    assert [path.product for path in answer.paths] == [-6.0, 3.0]
    assert [[w.operand for w in path.edges] for path in answer.paths] == [[sum_, a], [product, a]]
    assert [path.edges[0].node for path in answer.paths] == [f, f]


def test_an_operand_used_twice_has_two_paths():
    x = Value(3.0)
    assert [path.product for path in why(x, x * x).paths] == [3.0, 3.0]


def test_the_gradient_of_an_inner_value_and_of_the_output_itself():
    x = Value(3.0)
    y = x * 2.0
    z = y * y
    assert why(y, z).gradient == 12.0
    assert (why(z, z).gradient, why(z, z).count) == (1.0, 1)


def test_what_has_no_path_has_gradient_zero_and_says_so():
    x, y = Value(1.0, "x"), Value(2.0, "y") * 3.0
    answer = why(x, y)
    assert (answer.gradient, answer.count, answer.largest) == (0.0, 0, None)
    assert "x cannot change" in str(answer)


def test_paths_are_counted_without_walking_each():
    # Each step uses the last value twice: 2**20, then 2**5000 paths.
    x = y = Value(1.0, "x")
    for _ in range(20):
        y = y * 0.5 + y * 0.5
    assert why(x, y).count == 2**20
    for _ in range(4980):
        y = y * 0.5 + y * 0.5
    answer = why(x, y)
    assert (answer.count, answer.gradient) == (MANY, 1.0)
    assert "more than 10**15 paths" in str(answer)


def test_a_chain_of_20_000_needs_no_recursion():
    x = y = Value(1.0)
    for _ in range(20_000):
        y = y + 1.0
    answer, text = on_a_small_stack(lambda: (why(x, y), str(why(x, y))))
    assert (answer.gradient, len(answer.paths[0].edges)) == (1.0, 20_000)
    assert len(text) < 500


def test_bundles_start_where_the_paths_to_x_part():
    # All paths come through one product; they part above it.
    x = Value(2.0, "x")
    y = x * 3.0
    root = mean([y * k for k in (1.0, 5.0, 2.0)])
    answer = why(x, root, limit=2)
    assert [bundle.total for bundle in answer.bundles] == pytest.approx([5.0, 2.0, 1.0])
    assert [bundle.edge.operand for bundle in answer.bundles] == [y] * 3
    assert [bundle.paths for bundle in answer.bundles] == [1] * 3


def test_a_path_through_an_operation_that_leaves_x_out_adds_nothing():
    # relu at -1 does not depend on x, and sqrt at 0 has slope inf; PyTorch gives x.grad 0.
    x = Value(-1.0, "x")
    answer = why(x, x.relu().sqrt())
    assert [path.product for path in answer.paths] == [answer.gradient] == [0.0]
    root = x.relu().sqrt()
    for y in (root + root, x.relu().sqrt() + x.relu().sqrt()):
        assert [bundle.total for bundle in why(x, y, limit=0).bundles] == [0.0, 0.0]


def killed(answer):
    return [(edge.node.op, edge.slope) for edge in answer.killers]


def test_the_node_that_killed_a_gradient_is_named():
    x = Value(4.1, "x")
    answer = why(x, x.tanh() * 2.0)
    assert killed(answer) == [("tanh", 1.0 - math.tanh(4.1) ** 2)]
    assert "v1: tanh saturated at x = 4.1, local derivative 0.0011" in str(answer)


@pytest.mark.parametrize(
    ("kill", "words"),
    [
        (lambda x: x.relu(), "relu off at x = -3"),
        (lambda x: (x * 20.0).sigmoid(), "sigmoid saturated at"),
        (lambda x: x * 0.0, "x = -3 is multiplied by a small number"),
        (lambda x: dot([x], [0.0]), "x = -3 is multiplied by a small number"),
        (lambda x: (x + 3.0) ** 2, "**2 flat at v2 = 0"),
    ],
)
def test_the_reason_fits_the_operation(kill, words):
    x = Value(-3.0, "x")
    answer = why(x, kill(x) * 5.0)
    assert len(answer.killers) == 1
    assert words in str(answer)


def test_of_many_dead_paths_only_the_first_dead_edges_are_named():
    # Two relus are off; the one behind the first never gets a message.
    x = Value(-1.0, "x")
    off = x.relu()
    answer = why(x, off.relu() + off * 2.0)
    assert answer.gradient == 0.0
    assert [edge.operand for edge in answer.killers] == [off, x]
    assert [edge.node.op for edge in answer.killers] == ["relu", "relu"]


def test_a_gradient_that_shrinks_little_by_little_has_no_single_killer():
    x = y = Value(0.5, "x")
    for _ in range(2000):
        y = y * 0.25
    answer = why(x, y)
    assert answer.killers == ()
    assert answer.notes() == ["2000 factors of about 0.25 multiply; none does it alone"]


def test_a_steep_node_is_named_where_a_gradient_blows_up():
    x = Value(0.001, "x")
    assert why(x, (1.0 / x) * 100.0).notes() == ["v2: local derivative -1e+06"]


def test_paths_that_cancel_are_pointed_out():
    x = Value(2.0, "x")
    assert why(x, x * 3.0 - x * 2.9999).notes() == ["the paths nearly cancel each other"]


def test_explaining_changes_nothing():
    x = Value(2.0)
    y = x * x
    x.grad, y.grad = 5.0, 7.0
    why(x, y)
    assert (x.grad, y.grad) == (5.0, 7.0)


def test_values_are_called_as_in_pictures():
    model = MLP(2, [3, 1], rng=random.Random(1))
    loss = (model([1.0, 2.0]) - 0.5) ** 2
    names = why(loss, loss, model).names
    graph = Graph(loss, model)
    assert {row.title for row in graph.nodes} >= set(names.values())
    assert all(graph.nodes[graph.index[node]].title == name for node, name in names.items())


def test_why_takes_two_values():
    with pytest.raises(TypeError, match="x must be a Value, got 1.0"):
        why(1.0, Value(1.0))
    with pytest.raises(TypeError, match="starts from a Value, got None"):
        why(Value(1.0), None)


# One moment


def test_slopes_and_reasons_are_of_the_numbers_that_were_computed_with():
    # relu is off at -3; afterwards x is 4, where it would be on.
    x = Value(-3.0, "x")
    y = x.relu() * 5.0
    y.backward()
    x.data = 4.0
    text = str(why(x, y))
    assert "v1: relu off at x = -3, local derivative 0" in text
    assert "x has changed since: it was −3, now 4." in text


def test_an_answer_stays_what_it_was_when_leaves_move_later():
    x = Value(-3.0, "x")
    y = x.relu() * 5.0
    answer = why(x, y)
    before = str(answer)
    x.data = 4.0
    assert str(answer) == before


def test_a_leaf_that_moved_beside_the_path_is_told_because_its_number_is_a_slope():
    a, b, other = Value(2.0, "a"), Value(3.0, "b"), Value(5.0, "other")
    y = a * b + other * other
    y.backward()
    b.data = other.data = 7.0
    answer = why(a, y)
    assert [path.product for path in answer.paths] == [3.0]  # b as it was
    assert "b has changed since: it was 3, now 7." in str(answer)
    assert "other" not in " ".join(answer.told)  # no path to a reads it


def test_what_x_held_before_is_told_so_that_paths_and_grad_add_up():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    (x * x + w).backward()  # leaves 4 in x, 1 in w
    z = x * x + x * w
    z.backward()  # 2 + 2 + 3 for x
    answer = why(x, z)
    assert (answer.gradient, x.grad) == (7.0, 11.0)
    assert answer.told == (
        "Held before this pass, or changed after it: x +4. zero_grad() clears it.",
    )
    assert str(answer).endswith(answer.told[0])
    fresh = Value(2.0, "x")
    z = fresh * fresh
    z.backward()
    assert why(fresh, z).told == ()


def test_before_backward_an_answer_says_that_no_grad_holds_it_yet():
    x = Value(2.0, "x")
    y = x * x
    assert str(why(x, y)).endswith("No backward() yet, or none that reached v1: its grad is 0.")
    y.backward()
    assert "backward()" not in str(why(x, y))


def test_parameters_that_moved_are_counted_among_all_that_there_are():
    # Each of 3 neurons has 2 weights and a bias; the way to the last one reads its own 3.
    model = MLP(2, [2, 1], "tanh", rng=random.Random(1))
    y = model([1.0, 2.0])
    y.backward()
    for p in model.parameters():
        p.data += 0.1
    told = why(model.layers[1].neurons[0].w[0], y, model).told
    assert told[0].startswith("3 of 9 parameters have changed since: ")
