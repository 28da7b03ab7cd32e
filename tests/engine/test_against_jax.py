"""The same random graphs in micronn and in JAX (float64) give the same numbers.

JAX differentiates functions, not graphs that were kept, so it is a second opinion of
another kind.  Skipped where JAX is not installed: a reference, never a dependency.
"""

import random

import pytest
from in_jax import IN_JAX, OURS, computed, jax, jnp, random_recipe
from operations import OPERATIONS

from micronn.engine import Value


def test_jax_knows_every_operation_of_the_engine():
    assert set(IN_JAX) == set(OPERATIONS)


@pytest.mark.parametrize("seed", range(30))
def test_random_graphs_have_the_values_and_gradients_of_jax(seed):
    rng = random.Random(seed)
    recipe = random_recipe(rng, leaves=4, steps=rng.randint(5, 80))
    points = [[rng.uniform(-2, 2) for _ in range(4)] for _ in range(5)]
    theirs = jax.vmap(jax.value_and_grad(lambda x: computed(recipe, list(x), IN_JAX)))
    values, gradients = theirs(jnp.array(points))
    for point, value, gradient in zip(points, values, gradients, strict=True):
        leaves = [Value(number) for number in point]
        root = computed(recipe, leaves, OURS)
        root.backward()
        assert root.data == pytest.approx(float(value), rel=1e-11)
        largest = max(map(abs, gradient.tolist()))
        expected = pytest.approx(gradient.tolist(), rel=1e-9, abs=1e-12 * largest)
        assert [leaf.grad for leaf in leaves] == expected
