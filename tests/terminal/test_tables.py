"""Trees and tables of a graph, rendered at a fixed width and without colour."""

import pytest

from micronn.engine import Value, total
from micronn.nn import MLP
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
        "│   ├── ∂ 1  a  input  −2  grad +3",
        "│   └── ∂ 1  b  input  3  grad +4",
        "└── ∂ 1  b  input  3  grad +4",
    ]


def test_the_table_has_a_row_for_each_message_in_the_order_of_backward():
    assert rows(backward_table(bulb())) == [
        ["v3", "v2", "3", "+1", "+3", "+3"],
        ["v3", "b", "1", "+1", "+1", "+1"],
        ["v2", "a", "1", "+3", "+3", "+3"],
        ["v2", "b", "1", "+3", "+3", "+4"],
    ]


def test_the_running_sum_starts_afresh_though_leaves_collect_over_passes():
    f = bulb()
    f.backward()
    assert f.operands[1].grad == 8.0
    assert rows(backward_table(f))[-1][-1] == "+4"


def test_a_value_used_twice_is_opened_once():
    x = Value(2.0, "x")
    square = x * x
    f = square + square
    f.backward()
    text = plain_text(computation_tree(f))
    assert text.count("x  input") == 2
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


def test_a_label_cannot_move_the_cursor_or_use_markup():
    x = Value(2.0, "[red]\x1b[31m\n")
    f = x * x
    f.backward()
    text = plain_text(computation_tree(f)) + plain_text(backward_table(f))
    assert "[red]" in text
    assert "\x1b" not in text


def test_something_that_is_no_value_is_refused_in_words():
    with pytest.raises(TypeError, match="starts from a Value"):
        computation_tree(3.0)


def test_a_confusion_table_gives_the_share_of_right_answers_in_each_class():
    lines = plain_text(confusion_table([[3, 1], [0, 2]], ["cat", "dog"])).splitlines()
    assert ["cat", "3", "1", "75%"] == [cell.strip() for cell in lines[3].split("│")[1:5]]
    assert ["dog", "·", "2", "100%"] == [cell.strip() for cell in lines[4].split("│")[1:5]]
