"""Trees and tables of a graph, rendered at a fixed width and without colour."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micronn.engine import Value, dot, total
from micronn.graph.rows import Graph
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.support.text import fmt
from micronn.terminal.tables import backward_table, computation_tree, confusion_table, plain_text


def bulb():
    """f = (a + b) * b, by hand: df/da = b = 3, df/db = b + (a + b) = 4."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    f = (a + b) * b
    f.backward()
    return f


def rows(table, width=80):
    """The cells of a table, row by row, without its borders."""
    lines = [line for line in plain_text(table, width).splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_the_tree_shows_each_value_below_the_one_made_from_it():
    assert plain_text(computation_tree(bulb())).splitlines() == [
        "v3  ×  3  grad +1",
        "├── ∂ 3  v2  +  1  grad +3",
        "│   ├── ∂ 1  a  leaf  −2  grad +3",
        "│   └── ∂ 1  b  leaf  3  grad +4",
        "└── ∂ 1  b  leaf  3  grad +4",
    ]


def test_the_table_has_a_row_for_each_message_in_the_order_of_backward():
    assert rows(backward_table(bulb())) == [
        ["v3", "v2", "3", "+1", "+3", "+3"],
        ["v3", "b", "1", "+1", "+1", "+1"],
        ["v2", "a", "1", "+3", "+3", "+3"],
        ["v2", "b", "1", "+3", "+3", "+4"],
    ]


def test_an_operation_that_leaves_its_operand_out_sends_nothing_of_an_infinite_gradient():
    # relu at -1 does not depend on x, and sqrt at 0 has slope inf; PyTorch gives x.grad 0.
    y = Value(-1.0, "x").relu().sqrt()
    y.backward()
    assert rows(backward_table(y))[-1] == ["v1", "x", "0", "+∞", "0", "0"]


def test_a_value_used_twice_is_opened_once():
    x = Value(2.0, "x")
    square = x * x
    f = square + square
    f.backward()
    text = plain_text(computation_tree(f))
    assert text.count("x  leaf") == 2
    assert text.count("opened elsewhere") == 1


def test_parameters_and_constants_are_told_apart():
    model = MLP(2, [1])
    y = model([1.0, 2.0])
    y.backward()
    text = plain_text(computation_tree(y, params=model))
    assert text.count("  param  ") == 3
    assert text.count("  const  ") == 2
    assert "layers.0.neurons.0.w.1" in text


def test_a_deep_graph_is_folded_and_says_so():
    # 100,000 additions: 100,001 values with the leaf, far beyond the recursion limit.
    x = Value(1.0, "x")
    f = x
    for _ in range(100_000):
        f = f + x
    f.backward()
    text = plain_text(computation_tree(f)).splitlines()
    assert len(text) < 70
    assert text[-1].endswith("of 100,001 values are left out")
    assert rows(backward_table(f, limit=3))[-1][:2] == ["…", "199,997 more"]


def test_a_wide_sum_is_folded_and_says_so():
    leaves = [Value(1.0, f"x{k}") for k in range(300)]
    f = total(leaves)
    f.backward()
    text = plain_text(computation_tree(f))
    assert "… 292 more operands" in text
    assert text.endswith("292 of 301 values are left out")


@pytest.mark.parametrize("width", [40, 80, 160])
def test_nothing_is_wider_than_the_terminal(width):
    x = Value(1e-300, "a name that is far too long to be shown in full " * 3)
    f = (x * x + x).tanh()
    f.backward()
    for renderable in (computation_tree(f), backward_table(f)):
        assert max(map(len, plain_text(renderable, width).splitlines())) <= width


def test_where_the_terminal_is_narrow_no_number_is_cut():
    model = MLP(2, [1], rng=random.Random(1))
    for _ in range(2):
        loss = mse([model([1.0, 2.0])], [1.0])
        loss.backward()
    SGD(model.parameters(), lr=0.1).step()
    for width in (80, 120):
        text = plain_text(computation_tree(loss, model), width)
        table = plain_text(backward_table(loss, model), width)
        assert "…" not in text + table
        words = " ".join(re.sub("[│├└─]", " ", text).split())
        assert words == " ".join(
            re.sub("[│├└─]", " ", plain_text(computation_tree(loss, model), 200)).split()
        )


def test_a_label_cannot_move_the_cursor_or_use_markup():
    x = Value(2.0, "[red]\x1b[31m\n")
    f = x * x
    f.backward()
    text = plain_text(computation_tree(f)) + plain_text(backward_table(f))
    assert "[red]" in text
    assert "\x1b" not in text


def test_a_name_is_no_markup_where_the_pass_begins():
    f = Value(2.0, "x") * 3.0
    f.label = "[/red]"
    f.backward()
    assert plain_text(backward_table(f)).startswith("backward(): [/red] starts with grad 1")


def test_something_that_is_no_value_is_refused_in_words():
    with pytest.raises(TypeError, match="starts from a Value"):
        computation_tree(3.0)


# One moment


def moved():
    """(w - 5)**2 at w = 2: the slope is 2 * (2 - 5) = -6, so a step of 0.1 leads to 2.6."""
    w = Value(2.0, "w")
    loss = (w - 5.0) ** 2
    loss.backward()
    w.data -= 0.1 * w.grad
    return loss


def held():
    """x holds 4 of x*x, then gets 2 + 2 of x*x and 3 of x*3: 11."""
    x = Value(2.0, "x")
    (x * x).backward()
    z = x * x + x * 3.0
    z.backward()
    return z


def test_the_tree_shows_what_a_leaf_that_moved_was_and_the_graph_as_it_was_computed():
    assert plain_text(computation_tree(moved())).splitlines() == [
        "v3  x²  9  grad +1",
        "└── ∂ −6  v2  −  −3  grad −6",
        "    ├── ∂ 1  w  leaf  2.6 (was 2)  grad −6",
        "    └── ∂ −1  v1  const  5  grad +6",
        "w has changed since: it was 2, now 2.6. This shows the graph as it was computed,",
        "with 2.",
    ]


def test_the_table_says_which_leaf_moved():
    table = backward_table(moved())
    assert ["v2", "w (was 2)", "1", "−6", "−6", "−6"] in rows(table)
    assert "w has changed since: it was 2, now 2.6." in plain_text(table)


def test_a_result_that_its_operands_do_not_give_says_what_they_give():
    a = Value(2.0, "a")
    h = a * 3.0
    h.label, h.data = "h", 10.0
    assert "h  ×  10 (now gives 6)" in plain_text(computation_tree(h + 1.0))


def test_the_tree_shows_what_a_leaf_held_before():
    text = plain_text(computation_tree(held())).splitlines()
    assert "├── ∂ 3  x  leaf  2  grad +11  before +4" in text[5]
    assert text[-1] == "Held before this pass, or changed after it: x +4. zero_grad() clears it."


def test_in_the_table_a_gradient_from_before_is_the_first_that_is_added():
    table = backward_table(held())
    sums = [[row[0], *row[-2:]] for row in rows(table) if row[1] == "x"]
    assert sums == [
        ["before", "+4", "+4"],
        ["v3", "+3", "+7"],
        ["v1", "+2", "+9"],
        ["v1", "+2", "+11"],
    ]
    assert "Held before this pass" in plain_text(table)


def test_what_is_left_out_of_the_table_counts_what_was_held_too():
    # 6 messages, and the 4 that x held
    assert rows(backward_table(held(), limit=3))[-1][:2] == ["…", "4 more"]
    assert len(rows(backward_table(held(), limit=7))) == 7


def test_what_was_cleared_or_came_from_elsewhere_is_the_last_that_is_added():
    z = held()
    z.operands[1].operands[0].grad = 0.0
    assert [row for row in rows(backward_table(z)) if row[1] == "x"][-1] == [
        "cleared", "x", "", "", "−7", "0"
    ]  # fmt: skip
    x = Value(2.0, "x")
    h = x * x
    (h * 3.0 + x * 7.0).backward()
    table = backward_table(h)
    assert rows(table)[-1] == ["elsewhere", "x", "", "", "+7", "+19"]  # 2 * 2 * 3 + 7
    assert plain_text(table).startswith("backward(): v1 starts with grad 3")


def test_before_backward_the_tree_shows_no_gradient():
    x = Value(2.0, "x")
    assert plain_text(computation_tree(x * x)).splitlines() == [
        "v1  ×  4",
        "├── ∂ 2  x  leaf  2",
        "└── ∂ 2  x  leaf  2",
        "No backward() yet, or none that reached v1: its grad is 0.",
    ]


def test_before_backward_the_table_has_local_derivatives_and_what_a_leaf_holds():
    x = Value(2.0, "x")
    (x * x).backward()
    table = backward_table(x * 3.0)
    assert rows(table) == [
        ["before", "x", "", "", "+4", "+4"],
        ["v2", "x", "3", "", "", ""],
        ["v2", "v1", "2", "", "", ""],
    ]
    text = plain_text(table)
    assert "v2 has no grad yet" in text
    assert "No backward() yet" in text


@settings(max_examples=40)
@given(
    held=st.lists(st.integers(-9, 9), min_size=3, max_size=3),
    cleared=st.booleans(),
    part=st.booleans(),
)
def test_the_last_column_ends_at_each_gradient_whatever_was_held_before(held, cleared, part):
    a, b, c = leaves = [Value(x, name) for x, name in zip((2.0, 3.0, 5.0), "abc", strict=True)]
    for leaf, grad in zip(leaves, held, strict=True):
        leaf.grad = float(grad)
    root = inner = dot([a, b, a], [c, c, b]) * (a + b)
    if part:
        root = inner * a + c
    root.backward()
    b.grad = 0.0 if cleared else b.grad
    inner.label = "inner"
    ends = {row[1]: row[-1] for row in rows(backward_table(inner))}
    graph = Graph(inner)
    assert len(ends) == len(graph) - 1
    assert ends == {row.title: fmt(row.grad, sign=True) for row in graph.nodes[:-1]}


# Tables of another kind


def test_a_confusion_table_gives_the_share_of_right_answers_in_each_class():
    lines = plain_text(confusion_table([[3, 1], [0, 2]], ["cat", "dog"])).splitlines()
    assert ["cat", "3", "1", "75%"] == [cell.strip() for cell in lines[3].split("│")[1:5]]
    assert ["dog", "·", "2", "100%"] == [cell.strip() for cell in lines[4].split("│")[1:5]]


def test_the_name_of_a_class_is_shown_as_it_is_and_commands_nothing():
    text = plain_text(confusion_table([[1, 0], [0, 1]], ["[red]up[/]", "down\x1b]0;x\x07"]))
    assert text.count("[red]up[/]") == 2
    assert text.count("down\ufffd]0;x\ufffd") == 2
