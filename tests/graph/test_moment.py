"""A graph tells of the moment in which it was computed, and of what has changed since."""

import copy
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operations import OPERATIONS

from micronn.engine import Value, dot, topological_order
from micronn.graph.custom import custom_operation
from micronn.graph.moment import changed_since
from micronn.graph.notes import notes
from micronn.graph.rows import Graph, Rest
from micronn.losses import mse
from micronn.nn import MLP, Neuron
from micronn.optim import SGD


def stepped() -> Value:
    """A loss whose parameter was moved after backward(): w was 2 and is 2.6."""
    w = Value(2.0, "w")
    loss = (w - 5.0) ** 2
    loss.backward()
    w.data -= 0.1 * w.grad  # the slope is 2 * (2 - 5) = -6
    return loss


def row_of(graph, name):
    (row,) = [row for row in graph.rows() if row.title == name]
    return row


def test_a_leaf_that_an_update_moved_is_shown_with_the_number_that_was_computed_with():
    graph = Graph(stepped())
    w = row_of(graph, "w")
    assert (w.data, w.now, w.current) == (2.0, pytest.approx(2.6), pytest.approx(2.6))
    assert [row.data for row in graph.rows()] == [2.0, 5.0, -3.0, 9.0]  # 2 - 5 = -3, (-3)**2 = 9
    assert all(row.gives is None for row in graph.rows())
    assert "w has changed since: it was 2, now 2.6." in notes(graph)[0]


def test_every_parameter_that_an_optimizer_moved_is_found_and_no_sum_is_false():
    model = MLP(2, [3, 1], "tanh")
    loss = mse([model([x, 1.0]) for x in (0.5, -1.0)], [1.0, -1.0])
    loss.backward()
    before = {p: p.data for p in model.parameters()}
    SGD(model.parameters(), lr=0.5).step()
    graph = Graph(loss, model)
    for p, was in before.items():
        row = graph.nodes[graph.index[p]]
        assert (row.data, row.current) == (was, p.data)
    assert all(row.gives is None for row in graph.rows())


@pytest.mark.parametrize(
    ("name", "point"), [(name, point) for name in OPERATIONS for point in OPERATIONS[name].points]
)
def test_a_graph_whose_leaves_stayed_has_not_changed_and_one_whose_leaf_moved_has(name, point):
    leaves = [Value(x) for x in point]
    root = OPERATIONS[name].build(*leaves)
    assert changed_since(topological_order(root)) == ({}, {})
    root.backward()
    assert all((row.now, row.gives, row.rest) == (None, None, None) for row in Graph(root).rows())
    leaves[0].data *= 0.875
    since = changed_since(topological_order(root))
    assert since.misfits == {}
    # where an operation is flat, such as relu below 0, the new number fits as well as the old
    flat = OPERATIONS[name].build(*[Value(v.data) for v in leaves])
    same = (flat.data, flat.local_grads) == (root.data, root.local_grads)
    assert since.moved == ({} if same else {leaves[0]: point[0]})


def test_a_leaf_that_moved_before_any_backward_is_found_by_what_it_began_with():
    x = Value(3.0, "x")
    y = x.tanh()
    x.data = 4.0
    assert row_of(Graph(y), "x").data == 3.0


def test_a_leaf_may_go_to_where_its_operation_refuses_it():
    x = Value(2.0, "x")
    y = x.log()
    y.backward()
    x.data = -1.0
    row = row_of(Graph(y), "x")
    assert (row.data, row.now) == (2.0, -1.0)


def test_where_the_old_number_is_not_known_the_result_says_that_it_does_not_fit():
    x = Value(3.0, "x")
    x.data = 4.0
    y = x + 1.0
    y.label = "y"
    x.data = 6.0
    graph = Graph(y)
    y_row = row_of(graph, "y")
    assert (y_row.data, y_row.gives) == (5.0, 7.0)  # 4 + 1, and now 6 + 1
    assert "y is 5, not 7" in " ".join(notes(graph))


def test_a_number_held_in_between_is_not_taken_for_the_one_that_was_computed_with():
    # relu(x) is 0 for the -1 that was computed with and for the -2 that backward() found.
    x = Value(-1.0, "x")
    square = x * x
    square.label = "x*x"
    y = x.relu() + square
    x.data = -2.0
    y.backward()
    x.data = 3.0
    graph = Graph(y)
    assert (row_of(graph, "x").data, row_of(graph, "x").now) == (3.0, None)
    assert row_of(graph, "x*x").gives == 9.0


def test_the_products_of_an_opened_dot_are_those_that_were_added_up():
    # x was 2; 2 * 3 + 2 * 4 = 14, and with slopes 3 and 4 by x it stays so in the picture.
    x, u, v = Value(2.0, "x"), Value(3.0, "u"), Value(4.0, "v")
    y = dot([x, x], [u, v])
    x.data = 5.0
    y.backward()
    *_, first, second, total = Graph(y, open_dots=True).rows()
    assert (first.data, first.local_grads, first.gives) == (6.0, (3.0, 2.0), 15.0)
    assert (second.data, second.local_grads, second.gives) == (8.0, (4.0, 2.0), 20.0)
    assert (total.data, total.gives) == (14.0, None)
    square = dot([x], [x])  # 5 * 5, and with slope 5 also where x is -5
    x.data = -5.0
    square.backward()
    assert Graph(square, open_dots=True).rows()[1].gives == 25.0


def test_a_computed_value_that_was_overwritten_does_not_fit():
    a = Value(2.0, "a")
    h = a * 3.0
    h.label, h.data = "h", 10.0
    assert row_of(Graph(h + 1.0), "h").gives == 6.0  # 2 * 3
    h = dot([a, a], [a, 1.0])
    h.label, h.data = "h", 10.0
    assert row_of(Graph(h + 1.0, open_dots=True), "h").gives == 6.0  # 2 * 2 + 2 * 1


def test_a_leaf_that_was_read_before_and_after_it_moved_is_told_apart():
    x = Value(2.0, "x")
    first = x * 2.0
    x.data = 3.0
    second = x * 3.0
    graph = Graph(first + second)
    values = [graph.nodes[graph.index[v]] for v in (first, second)]
    assert [row.gives for row in values] != [None, None]  # one of them is not of x as it is shown


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: x])
def test_a_copy_of_a_graph_knows_what_its_leaves_were(copied):
    assert row_of(Graph(copied(stepped())), "w").data == 2.0


def test_an_operation_that_nobody_knows_is_believed_until_its_leaf_moves():
    x = Value(1.5, "x")
    y = x * 2.0
    y.op = "swish"
    assert Graph(y).rows()[-1].gives is None
    x.data = 1.0
    assert row_of(Graph(y), "x").data == 1.5


def test_the_plain_numbers_of_a_neuron_are_scaled_by_its_weights_as_they_were():
    neuron = Neuron(2, "linear")
    neuron.load_state_dict({"w.0": 1.0, "w.1": 2.0, "b": 0.0})
    y = neuron([3.0, 4.0])
    y.backward()
    for p in neuron.parameters():
        p.data += 10.0
    inputs = [row for row in Graph(y).rows() if row.role == "const"]
    assert [row.data for row in inputs] == [3.0, 4.0]
    assert [row.grad for row in inputs] == [1.0, 2.0]  # dy/dx is w: 1 and 2, not 11 and 12


def test_an_operation_of_ones_own_remembers_what_it_was_computed_with():
    x = Value(3.0, "x")
    y = custom_operation("square", 9.0, [x], [6.0])
    x.data = 10.0
    y.backward()  # finds 10 in x, and yet 9 is the square of 3
    row = row_of(Graph(y), "x")
    assert (row.data, row.now) == (3.0, 10.0)


def test_an_inner_value_that_backward_brought_nothing_is_not_said_to_have_been_left_out():
    x = Value(1.0, "x")
    y = x * -2.0
    (y.relu() * x).backward()
    assert "or none that reached v2" in notes(Graph(y))[0]


# Gradients that are not of one pass


def test_what_a_leaf_held_before_stands_beside_the_messages():
    x = Value(2.0, "x")
    (x * x).backward()  # 4
    z = x * x + x * 3.0
    z.backward()  # 2 + 2 + 3
    row = row_of(Graph(z), "x")
    assert (row.grad, [use.message for use in row.uses]) == (11.0, [2.0, 2.0, 3.0])
    assert row.rest == Rest("before", 4.0)


@pytest.mark.parametrize("held", [0.1, 0.001, 1e-9, 1 / 3, -2.5e17])
def test_what_was_held_before_is_told_with_the_digits_that_it_had(held):
    x = Value(0.7, "x")
    x.grad = held
    z = x * 3.3
    z.backward()  # the sum is rounded, and so is the difference
    size = row_of(Graph(z), "x").rest.size
    assert size == pytest.approx(held, rel=1e-6)
    assert len(repr(size)) <= len(repr(held))


def test_gradients_that_were_cleared_are_told_from_those_that_never_came():
    x = Value(2.0, "x")
    z = x * x
    z.backward()
    x.grad = 0.0
    assert row_of(Graph(z), "x").rest == Rest("cleared", -4.0)
    other = x * 3.0
    assert not Graph(other).ran


def test_before_backward_nothing_is_a_gradient_but_what_leaves_hold_is_told():
    x = Value(2.0, "x")
    (x * x).backward()
    graph = Graph(x * 3.0)
    assert not graph.ran
    assert [row.grad for row in graph.rows()] == [0.0, 0.0, 0.0]
    assert [row.uses for row in graph.rows()] == [(), (), ()]
    assert row_of(graph, "x").rest == Rest("before", 4.0)
    assert notes(graph)[0].startswith("No backward() yet")


def test_what_a_constant_held_before_is_in_its_row_and_in_no_note():
    # Nobody uses it, and zero_grad() does not clear it.
    x = Value(2.0, "x")
    y = x * 3.0
    y.backward()
    x.grad = 0.0
    y.backward()
    graph = Graph(y)
    assert [row.rest for row in graph.nodes] == [None, Rest("before", 2.0), None]
    assert notes(graph) == []


def test_in_a_backward_pass_by_hand_what_has_not_arrived_is_not_yet_there():
    a = Value(2.0, "a")
    h = a * 3.0
    h.label = "h"
    root = h * 5.0
    root.grad = 1.0
    assert row_of(Graph(root), "h").rest == Rest("not yet", -5.0)


def test_part_of_a_graph_says_what_came_from_elsewhere():
    x = Value(2.0, "x")
    h = x * x
    root = h * 3.0 + x * 7.0
    root.backward()
    row = row_of(Graph(h), "x")
    assert [use.message for use in row.uses] == [6.0, 6.0]  # 3 * 2, twice
    assert row.rest == Rest("elsewhere", 7.0)


@given(
    held=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    numbers=st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3),
)
def test_messages_and_rest_always_add_up_to_the_gradient(held, numbers):
    leaves = [Value(x) for x in numbers]
    for leaf, grad in zip(leaves, held, strict=True):
        leaf.grad = grad
    a, b, c = leaves
    root = dot([a, b, a], [c, c, b]) * (a + b) + (a * 0.1).tanh()
    root.backward()
    for row in Graph(root).rows():
        parts = [use.message for use in row.uses] + [row.rest.size if row.rest else 0.0]
        if row.role != "root":
            size = math.fsum(map(abs, parts))
            assert math.isclose(math.fsum(parts), row.grad, rel_tol=1e-9, abs_tol=1e-8 * size)


def test_a_gradient_that_was_changed_after_its_pass_is_not_told_as_held_before_it_alone():
    # w**2 has the slope 4 at 2: halved by hand, as clipping does, and with a later pass on top
    w = Value(2.0, "w")
    loss = w * w
    loss.backward()
    w.grad *= 0.5
    (told,) = notes(Graph(loss))
    assert "or changed after it: w −2." in told
    w.grad = 4.0
    (w * 3.0).backward()
    (told,) = notes(Graph(loss))
    assert "or changed after it: w +3." in told
