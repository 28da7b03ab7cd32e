"""The story of a backward pass: the engine's numbers in the engine's order, nothing changed."""

import math
import random
from itertools import chain

import pytest

from micronn.engine import Value, as_value, dot, logsumexp, maximum, mean, topological_order, total
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.nn import MLP

WORDS = {"Value": Value, "dot": dot, "total": total, "mean": mean, "logsumexp": logsumexp}
WORDS |= {"maximum": maximum, "abs": abs, "inf": math.inf, "nan": math.nan}


def product_and_sum():
    """f = d*e, d = a*b, e = a+b at a = -2, b = 3: by hand a.grad = -3, b.grad = -8."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    d, e = a * b, a + b
    d.label, e.label = "d", "e"
    f = d * e
    f.label = "f"
    return f


def random_graph(seed, size=25):
    """A graph in which values are used again and again, all the way to the root."""
    rng = random.Random(seed)
    values = [Value(rng.uniform(-2.0, 2.0), f"x{i}") for i in range(3)]
    for _ in range(size):
        a, b = rng.choice(values), rng.choice(values)
        made = rng.choice(
            [a + b, a * b, a - 0.3, a.tanh(), b.relu(), maximum(a, b), mean([a, b, a])]
        )
        values.append(made)
    return sum(values[1:], values[0])


def of_step(story, title):
    """The step of a title."""
    return next(step for step in story.steps if step.title == title)


def test_the_steps_come_in_the_engines_order():
    assert [step.title for step in Story(Graph(product_and_sum())).steps] == [
        "Start",
        "Forward 1 of 3: d",
        "Forward 2 of 3: e",
        "Forward 3 of 3: f",
        "Backward: seed f",
        "Backward 1 of 6: f → d",
        "Backward 2 of 6: f → e",
        "Backward 3 of 6: e → a",
        "Backward 4 of 6: e → b",
        "Backward 5 of 6: d → a",
        "Backward 6 of 6: d → b",
        "Done",
    ]


def test_a_step_says_its_arithmetic_and_its_rule():
    step = of_step(Story(Graph(product_and_sum())), "Backward 6 of 6: d → b")
    assert step.say == (
        "Gradient of b += local derivative × upstream gradient = (−2) × 1 = −2. "
        "Because b is used 2 times, its gradient is a sum: −6 + (−2) = −8."
    )
    assert step.why == "A product scales each operand by the other one."
    assert step.code == "b.grad += -2.0 * 1.0   # b.grad == -8.0"


@pytest.mark.parametrize("seed", range(20))
def test_the_lines_of_code_are_a_program_that_finds_the_engines_gradients(seed):
    root = random_graph(seed)
    root.label = "loss"
    story, names = Story(Graph(root)), dict(WORDS)
    for step in story.steps[:-1]:
        exec(step.code, names)  # noqa: S102
        for line in step.code.splitlines():
            claim = line.partition("#")[2]
            assert "==" not in claim or eval(claim, names), line  # noqa: S307
    root.backward()
    for leaf in [node for node in topological_order(root) if node.label.startswith("x")]:
        assert names[leaf.label].grad == leaf.grad


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_the_gradients_of_a_story_are_those_of_the_engine(seed, opened):
    model = MLP(2, [3, 1], "tanh", rng=random.Random(seed))
    root = random_graph(seed) * model([0.5, Value(-1.0)]) + dot(model.parameters(), [0.25] * 13)
    root.backward()
    graph = Graph(root, model, open_dots=opened)
    story = Story(graph)
    close = 1e-12 if opened else 0.0  # the products of an opened dot send in another order
    assert [row.grad for row in story.rows] == pytest.approx(
        [row.grad for row in graph.nodes], rel=close, abs=close
    )
    assert story.note == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda x: as_value(2.0).tanh() * x,
        lambda x: abs(as_value(-2.0)) * x,
        lambda x: (as_value(2.0) + as_value(3.0)) * x,
        lambda x: total([as_value(2.0), as_value(3.0)]) * x,
        lambda x: (-3.0) ** (as_value(2.0) * 1.0) * x,
    ],
)
def test_lines_of_code_run_where_plain_numbers_begin_a_computation(make):
    x = Value(1.5, "x")
    y = make(x)
    y.backward()
    y.backward()  # which leaves gradients in the constants too
    program = [line for step in Story(Graph(y)).steps[:-1] for line in step.code.splitlines()]
    names = dict(WORDS)
    exec("\n".join(program), names)  # noqa: S102
    assert names["x"].grad == pytest.approx(2 * y.data / 1.5)  # all are y = number * x
    assert not any(line.startswith("v") and "from before" in line for line in program)


@pytest.mark.parametrize("x", [0.0, math.inf, math.nan])
def test_a_gradient_that_is_not_finite_is_that_of_the_engine(x):
    leaf = Value(x)
    root = leaf.sqrt() * 0.0 + leaf.relu() * leaf
    root.backward()
    (row,) = [row for row in Story(Graph(root)).rows if row.role == "input"]
    assert repr(row.grad) == repr(leaf.grad)


def test_the_story_is_the_same_before_and_after_backward_and_changes_nothing():
    f = product_and_sum()
    before = Story(Graph(f))
    assert [node.grad for node in topological_order(f)] == [0.0] * 5
    f.backward()
    once = Story(Graph(f))
    f.backward()
    twice = Story(Graph(f))
    assert before.steps == once.steps
    assert [step.messages[0].upstream for step in twice.steps if step.messages] == [
        step.messages[0].upstream for step in once.steps if step.messages
    ]
    assert [node.grad for node in topological_order(f)] == [-6.0, -16.0, 1.0, -6.0, 1.0]
    assert (before.note[:24], once.note) == ("backward() has not run y", "")
    assert "a −3, b −8" in twice.note


def test_gradients_left_by_another_root_are_where_the_story_begins():
    f = product_and_sum()
    a = f.operands[0].operands[0]
    (a * 10.0).backward()
    f.backward()
    story = Story(Graph(f))
    assert "a +10" in story.note
    assert "a +10" in story.steps[0].say
    assert "a.grad = 10.0" in story.steps[0].code
    sums = [(m.before, m.after) for m in chain.from_iterable(story.messages) if m.to == 0]
    # f = (a*b) * (a+b) at a = -2, b = 3: b·(a+b) = 3 and a·b = -6; the last reader comes first
    assert sorted(sums) == [(4.0, 7.0), (10.0, 4.0)]
    assert "a" in story.steps[-1].say.partition("Not so")[2]


def test_an_operation_that_leaves_its_operand_out_sends_nothing_of_an_infinite_gradient():
    # relu at -1 does not depend on x, and sqrt at 0 has slope inf; PyTorch gives x.grad 0.
    y = Value(-1.0, "x").relu().sqrt()
    y.backward()
    graph = Graph(y)
    assert [use.message for use in graph.rows()[0].uses] == [0.0]
    assert [row.rest for row in graph.nodes] == [None, None, None]
    story = Story(graph)
    assert [(m.size, m.after) for m in story.steps[-2].messages] == [(0.0, 0.0)]
    assert story.note == ""


def test_a_value_used_twice_by_one_operation_gets_two_messages():
    x = Value(3.0, "x")
    story = Story(Graph(x * x))
    assert [step.say for step in story.steps if step.phase == "backward"] == [
        "Gradient of x += local derivative × upstream gradient = 3 × 1 = 3. "
        "Because x is used 2 times, its gradient is a sum: 0 + 3 = 3 so far.",
        "Gradient of x += local derivative × upstream gradient = 3 × 1 = 3. "
        "Because x is used 2 times, its gradient is a sum: 3 + 3 = 6.",
    ]


def test_an_operation_with_many_operands_sends_all_its_messages_in_one_step():
    story = Story(Graph(total([Value(float(i), f"x{i}") for i in range(9)])))
    (step,) = [step for step in story.steps if step.phase == "backward"]
    assert step.title == "Backward 1 of 1: v9 → 9 operands"
    assert len(step.messages) == 9
    assert step.code.splitlines()[-1] == "# and 1 more"


def test_a_single_value_has_a_start_a_seed_and_an_end():
    story = Story(Graph(Value(2.0, "x")))
    assert [step.title for step in story.steps] == ["Start", "Backward: seed x", "Done"]


def test_nan_and_infinity_are_told_like_any_number():
    # (a*a)*z with a*a beyond the floats and z = 0: inf * 0 is nan.
    a, z = Value(1e200, "a"), Value(0.0, "z")
    story = Story(Graph((a * a) * z))
    assert of_step(story, "Forward 1 of 2: v1").say == "v1 = a × a = 1e200 × 1e200 = +∞."
    assert of_step(story, "Forward 2 of 2: v3").say == "v3 = v1 × z = +∞ × 0 = NaN."
    assert of_step(story, "Backward 2 of 4: v3 → z").code == "z.grad += inf * 1.0   # z.grad == inf"


def test_plain_numbers_stand_in_formulas_as_themselves():
    story = Story(Graph(Value(3.0, "x") * -2.0))
    assert story.steps[1].say == "v2 = x × (−2) = 3 × (−2) = −6."
    assert story.steps[1].code == "v2 = x * -2.0"
    assert story.steps[4].say.endswith("v1 is a constant, so nobody will use its gradient.")


@pytest.mark.parametrize("label", ["my name", "lambda", "x.w", "x\u202e", "1st", ""])
def test_a_label_that_is_no_python_name_is_replaced_in_code(label):
    story = Story(Graph(Value(1.0, label).exp()))
    assert story.steps[1].code == "v1 = v0.exp()"


def test_two_values_of_one_name_are_told_apart_in_code():
    assert Story(Graph(Value(1.0, "x") + Value(2.0, "x"))).steps[1].code == "v2 = v0 + v1"


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (lambda a, b: (a + b) * (a - b), "(a + b) × (a − b)"),
        (lambda a, b: a - (b - a), "a − (b − a)"),
        (lambda a, b: a / (b * a), "a ÷ (b × a)"),
        (lambda a, b: (a**2) ** 3, "(a²)³"),
        (lambda a, b: -(a + b).tanh(), "−tanh(a + b)"),
        (lambda a, b: abs((a + 1) * (b + 2)), "|(a + 1) × (b + 2)|"),
        (lambda a, b: -a * b + 2, "−a × b + 2"),
    ],
)
def test_the_title_is_the_formula_with_no_parentheses_too_few(make, title):
    assert Story(Graph(make(Value(2.0, "a"), Value(3.0, "b")))).title() == title


def test_a_label_that_looks_like_the_name_of_another_value_is_not_typed():
    y = Value(2.0, "v2") * Value(3.0, "x")
    assert Story(Graph(y)).steps[1].code == "v2 = v0 * x"


def test_the_title_of_a_long_computation_is_its_name():
    root = sum(Value(1.0, f"x{i}") ** 2 for i in range(20))
    root.label = "loss"
    assert Story(Graph(root)).title() == "loss"


def test_a_net_is_told_with_the_names_of_its_parameters():
    model = MLP(2, [2, 1], rng=random.Random(0))
    story = Story(Graph(model([1.0, 2.0]), model))
    assert {row.role for row in story.rows} == {"param", "const", "op", "root"}
    assert any("layers.1.neurons.0.w.1" in step.title for step in story.steps)


def test_an_opened_dot_is_told_as_products_and_their_sum():
    x, w = [Value(2.0, "x0"), Value(3.0, "x1")], [Value(-1.0, "w0"), Value(0.5, "w1")]
    titles = [step.title for step in Story(Graph(dot(w, x), open_dots=True)).steps]
    assert titles[1:4] == ["Forward 1 of 3: v4", "Forward 2 of 3: v5", "Forward 3 of 3: v6"]
    assert "Backward 6 of 6: v4 → x0" in titles


def test_a_chain_of_ten_thousand_steps_is_told_without_recursion():
    x = Value(0.5, "x")
    for _ in range(10_000):
        x = x.sin()
    assert len(Story(Graph(x)).steps) == 3 + 2 * 10_000


def test_something_that_is_no_value_is_refused():
    with pytest.raises(TypeError, match="starts from a Value"):
        Story(Graph(3.0))
