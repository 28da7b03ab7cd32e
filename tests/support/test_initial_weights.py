"""Starting weights: a seed decides them, and they have the size their sources give."""

import math
import random

import pytest

from micronn.nn import MLP, Layer


def weights(seed, **options):
    return [p.data for p in MLP(2, [3, 1], rng=random.Random(seed), **options).parameters()]


@pytest.mark.parametrize("init", ["uniform", "xavier", "he", "micrograd"])
def test_a_seed_decides_the_weights_and_the_global_state_does_not_move(init):
    state = random.getstate()
    assert weights(7, init=init) == weights(7, init=init) != weights(8, init=init)
    assert random.getstate() == state


def test_without_rng_the_global_seed_decides():
    random.seed(3)
    first = [p.data for p in MLP(2, [2]).parameters()]
    random.seed(3)
    assert [p.data for p in MLP(2, [2]).parameters()] == first


def test_init_micrograd_draws_as_micrograd_does():
    # micrograd: random.uniform(-1, 1) for each weight, neuron by neuron; bias 0.
    model = MLP(2, [2, 1], init="micrograd", rng=random.Random(5))
    draw = random.Random(5)
    for layer in model.layers:
        for neuron in layer.neurons:
            assert [w.data for w in neuron.w] == [draw.uniform(-1, 1) for _ in neuron.w]
            assert neuron.b.data == 0.0


def spread(init, nin, nout):
    neurons = Layer(nin, nout, init=init, rng=random.Random(0)).neurons
    numbers = [w.data for neuron in neurons for w in neuron.w]
    return math.sqrt(sum(x * x for x in numbers) / len(numbers)), max(map(abs, numbers))


def test_starting_weights_have_the_size_their_source_gives():
    # A uniform number from -a to a has the root mean square a/√3.
    for init, limit in (("uniform", 1 / math.sqrt(400)), ("xavier", math.sqrt(6 / 500))):
        rms, largest = spread(init, 400, 100)
        assert math.isclose(rms, limit / math.sqrt(3), rel_tol=0.02)
        assert largest <= limit
    assert math.isclose(spread("he", 400, 100)[0], math.sqrt(2 / 400), rel_tol=0.02)
