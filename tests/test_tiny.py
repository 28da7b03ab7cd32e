"""The page that shows the whole idea agrees with the engine, to the bit where that can be."""

import runpy

from hypothesis import given
from hypothesis import strategies as st

from micronn import engine, tiny

STEPS = st.lists(st.tuples(st.sampled_from("+-*t"), st.integers(0), st.integers(0)), max_size=30)


def grown(Value, numbers, steps, largest=50.0):
    """The Values that the steps make of the numbers: each uses any two that are there."""
    values = [Value(number) for number in numbers]
    for op, i, j in steps:
        a, b = values[i % len(values)], values[j % len(values)]
        made = {"+": a + b, "-": a - b, "*": a * b, "t": a.tanh()}[op]
        if abs(made.data) <= largest:
            values.append(made)
    return values


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4), STEPS)
def test_values_and_gradients_are_the_engines(numbers, steps):
    ours, theirs = (grown(Value, numbers, steps) for Value in (tiny.Value, engine.Value))
    ours[-1].backward()
    theirs[-1].backward()
    assert [v.data for v in ours] == [v.data for v in theirs]
    assert [v.grad for v in ours] == [v.grad for v in theirs]


# Small integers add up without rounding, in whatever order.
INTEGERS = st.lists(st.integers(-3, 3), min_size=1, max_size=4)
WITHOUT_ROUNDING = st.lists(
    st.tuples(st.sampled_from("+-*"), st.integers(0), st.integers(0)), max_size=8
)


@given(INTEGERS, WITHOUT_ROUNDING, st.lists(st.integers(0), min_size=2, max_size=4))
def test_several_passes_over_shared_parts_add_up_as_in_the_engine(numbers, steps, roots):
    ours, theirs = (grown(Value, numbers, steps) for Value in (tiny.Value, engine.Value))
    for k in [*roots, roots[0]]:  # several roots, and one of them twice
        ours[k % len(ours)].backward()
        theirs[k % len(theirs)].backward()
    assert [v.grad for v in ours] == [v.grad for v in theirs]


def test_a_chain_of_100_000_operations_is_no_recursion():
    y = x = tiny.Value(1.0)
    for _ in range(100_000):
        y = y + x
    y.backward()
    assert x.grad == 100_001.0


def test_a_neuron_is_the_tanh_of_a_weighted_sum():
    neuron = tiny.Neuron(2)
    for p, number in zip([*neuron.w, neuron.b], [2.0, -1.0, 0.5], strict=True):
        p.data = number
    # 2 * 0.25 - 1 * 1 + 0.5 = 0, where tanh is 0 and its slope 1
    y = neuron([tiny.Value(0.25), tiny.Value(1.0)])
    y.backward()
    assert y.data == 0.0
    assert [p.grad for p in [*neuron.w, neuron.b]] == [0.25, 1.0, 1.0]


def test_the_program_learns_xor(capsys):
    learned = runpy.run_path(tiny.__file__, run_name="__main__")
    answers = [y.data for y in learned["answers"]]
    assert [round(y) for y in answers] == [-1, 1, 1, -1]
    lines = capsys.readouterr().out.splitlines()
    losses = [float(line.split()[3]) for line in lines]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.03 < 4.0 < losses[0]
