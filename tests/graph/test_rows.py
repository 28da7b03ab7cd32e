"""A graph as rows: every value once, in order, with its part, its name, its messages."""

import random

import pytest

from micronn.engine import Value, dot, total
from micronn.graph.rows import Graph
from micronn.nn import MLP, Layer, Neuron


def diamond():
    """f = (a*b) * (a+b) at a = -2, b = 3."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    f = (a * b) * (a + b)
    f.backward()
    return f


def test_operands_come_before_what_is_made_of_them():
    rows = Graph(diamond()).rows()
    assert [row.k for row in rows] == list(range(5))
    assert all(k < row.k for row in rows for k in row.operands)


def test_a_row_says_what_part_a_value_plays():
    x, w = Value(2.0, "x"), Value(3.0)
    rows = Graph(x * w + 1.0, {"w": w}).rows()
    assert [(row.role, row.title, row.name) for row in rows] == [
        ("input", "x", "x"), ("param", "w", "w"), ("op", "v2", ""), ("const", "v3", ""),
        ("root", "v4", ""),
    ]  # fmt: skip


def test_messages_are_listed_in_the_order_of_use():
    # f = d*e, d = a*b = -6, e = a+b = 1: a hears 1*3 = 3 from d, then -6*1 from e.
    rows = Graph(diamond()).rows()
    assert [use.message for use in rows[0].uses] == [3.0, -6.0]
    assert rows[0].grad == -3.0


def test_a_value_used_twice_by_one_operation_has_two_uses():
    x = Value(3.0)
    y = x * x
    y.backward()
    row = Graph(y).rows()[0]
    assert [(use.user, use.j, use.message) for use in row.uses] == [(1, 0, 3.0), (1, 1, 3.0)]


def test_messages_in_the_order_of_backward_add_up_to_the_gradient_exactly():
    rng = random.Random(7)
    for _ in range(50):
        values = [Value(rng.uniform(-2, 2)) for _ in range(4)]
        for _ in range(40):
            a, b = rng.choice(values), rng.choice(values)
            values.append(rng.choice([a + b, a * b, a - b, a.tanh(), dot([a, b], [b, a])]))
        root = total(values)
        root.backward()
        for row in Graph(root).rows()[:-1]:
            added = 0.0
            for use in sorted(row.uses, key=lambda use: (-use.user, use.j)):
                added += use.message
            assert added == row.grad


def test_plain_numbers_of_a_linear_become_constants_that_its_neighbours_share():
    layer = Layer(2, 3, "linear", rng=random.Random(7))
    out = total(layer([2.0, -1.0]))
    out.backward()
    rows = Graph(out, layer).rows()
    constants = [row for row in rows if row.role == "const"]
    assert [row.data for row in constants] == [2.0, -1.0]
    assert [len(row.uses) for row in constants] == [3, 3]
    dots = [row for row in rows if row.op == "dot"]
    w = layer.neurons[0].w
    assert dots[0].local_grads == (2.0, -1.0, w[0].data, w[1].data)
    # d(out)/d(x0) is the sum of the weights that x0 is multiplied with.
    assert constants[0].grad == pytest.approx(sum(n.w[0].data for n in layer.neurons), abs=1e-15)


@pytest.mark.parametrize("numbers", [False, True], ids=["values", "plain numbers"])
def test_an_opened_dot_says_the_same_as_a_closed_one(numbers):
    neuron = Neuron(3, "tanh", rng=random.Random(7))
    x = [0.5, -1.0, 2.0] if numbers else [Value(0.5), Value(-1.0), Value(2.0)]
    out = neuron(x)
    out.backward()
    rows = Graph(out, neuron, open_dots=True).rows()
    assert [row.op for row in rows if row.op] == ["*", "*", "*", "sum", "+", "tanh"]
    assert [row.data for row in rows if row.op == "sum"] == [out.operands[0].operands[0].data]
    for row in rows[:-1]:
        assert sum(use.message for use in row.uses) == pytest.approx(row.grad, rel=1e-15)


def test_the_products_of_an_opened_dot_stand_in_the_order_of_its_terms():
    u, v = [Value(k, f"u{k}") for k in range(3)], [Value(k, f"v{k}") for k in range(3)]
    rows = Graph(dot(u, v), open_dots=True).rows()
    assert rows[-1].op == "sum"
    products = [rows[k] for k in rows[-1].operands]
    assert [row.k for row in products] == sorted(row.k for row in products)
    names = [[rows[k].name for k in row.operands] for row in products]
    assert names == [["u0", "v0"], ["u1", "v1"], ["u2", "v2"]]


def test_reading_changes_nothing():
    model = MLP(2, [3, 1], rng=random.Random(7))
    out = model([1.0, 2.0])
    out.backward()
    before = [(p.data, p.grad, p.label) for p in model.parameters()], out.operands, out.grad
    Graph(out, model, open_dots=True).rows()
    assert before == (
        [(p.data, p.grad, p.label) for p in model.parameters()],
        out.operands,
        out.grad,
    )


def test_a_graph_stays_as_it_was_read_when_its_values_move_on():
    x = Value(3.0, "x")
    y = x * x
    y.backward()
    graph = Graph(y)
    before = graph.rows()
    x.data, x.grad, x.label, y.grad = 5.0, 0.0, "z", 7.0
    assert graph.rows() == before
    assert (before[0].data, before[0].grad, before[0].title) == (3.0, 6.0, "x")


def test_a_label_goes_before_the_name_of_a_parameter():
    w, v = Value(1.0, "weight"), Value(2.0)
    assert [row.name for row in Graph(w * v, [("a.w", w), ("a.v", v)]).rows()][:2] == [
        "weight",
        "a.v",
    ]


def test_no_name_and_no_number_depends_on_an_address():
    def table():
        f = MLP(2, [3, 1], rng=random.Random(7))([1.0, 2.0])
        f.backward()
        return Graph(f).rows()

    assert table() == table()


def test_a_window_is_whole_levels_before_the_root():
    xs = [Value(float(i)) for i in range(8)]
    pairs = [a + b for a, b in zip(xs[::2], xs[1::2], strict=True)]
    root = total([pairs[0] * pairs[1], pairs[2] * pairs[3]])
    graph = Graph(root)
    assert len(graph.window(100)) == 15
    assert [graph.nodes[k].op for k in graph.window(8)] == ["+", "+", "*", "+", "+", "*", "sum"]
    assert [graph.nodes[k].op for k in graph.window(6)] == ["*", "*", "sum"]


def test_a_stub_counts_each_value_behind_it_once():
    a = Value(1.0)
    b = a + a  # from 1 value
    c = b * b  # from 2
    d = c - b  # from 3
    graph = Graph(d)
    assert graph.counts_below([1, 2, 3]) == {1: 1, 2: 2, 3: 3}


@pytest.mark.parametrize("root", [1.0, "x", None, [Value(1.0)]])
def test_a_graph_starts_from_a_value(root):
    with pytest.raises(TypeError, match="starts from a Value"):
        Graph(root)


@pytest.mark.parametrize(
    "params", [[Value(1.0)], [("w", 1.0)], {"w": 1.0}, [(1, Value(1.0))], 5, "ab"]
)
def test_parameters_are_names_with_values(params):
    with pytest.raises(TypeError, match="pairs"):
        Graph(Value(1.0), params)
