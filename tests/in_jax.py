"""Every operation in JAX (float64), and random graphs that both engines build.

Who imports this is skipped where JAX is not installed.
"""

import operator

import pytest
from operations import OPERATIONS

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)  # its numbers are float32 otherwise
jnp, nn = jax.numpy, jax.nn

IN_JAX = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "neg": operator.neg, "**": jnp.power, "abs": jnp.abs, "exp": jnp.exp, "log": jnp.log,
    "sqrt": jnp.sqrt, "sin": jnp.sin, "cos": jnp.cos, "tanh": jnp.tanh,
    "sigmoid": nn.sigmoid, "relu": nn.relu, "softplus": nn.softplus,
    "leaky_relu 0.01": nn.leaky_relu, "leaky_relu 0.25": lambda a: nn.leaky_relu(a, 0.25),
    "gelu": lambda a: nn.gelu(a, approximate=False),
    "gate": lambda a, b: jnp.where(b > 0, a, 0.0),
    "gelu_slope": lambda a: jax.scipy.stats.norm.cdf(a) + a * jax.scipy.stats.norm.pdf(a),
    "maximum": jnp.maximum, "minimum": jnp.minimum,
    "sum": lambda *x: jnp.array(x).sum(), "mean": lambda *x: jnp.array(x).mean(),
    "logsumexp": lambda *x: nn.logsumexp(jnp.array(x)),
    "dot": lambda a, b, c, d: jnp.dot(jnp.array([a, b]), jnp.array([c, d])),
    "weighted_sum": lambda a, b: jnp.dot(jnp.array([a, b]), jnp.array([3.0, -4.0])),
}  # fmt: skip
IN_JAX |= {f"**{k}": lambda a, k=k: a**k for k in (0, 1, 2, 3, -1, -2, 0.5, 1.5, -0.5)}
OURS = {name: case.build for name, case in OPERATIONS.items()}


def random_recipe(rng, leaves, steps):
    """Operations, each with the nodes it reads, and constants to put beside and between them."""
    recipe = []
    for size in range(leaves, leaves + steps):
        name = rng.choice(list(OPERATIONS))
        read = [rng.randrange(size) for _ in range(OPERATIONS[name].takes)]
        recipe.append((name, read, rng.uniform(-1, 1), rng.randrange(3)))
    return recipe


def computed(recipe, leaves, functions):
    """The last node of a recipe: every node is a sine, so that no number grows large."""
    nodes = list(leaves)
    for name, read, number, side in recipe:
        operands = [nodes[k] for k in read]
        if OPERATIONS[name].positive or name == "/":
            operands = [a * a + 0.5 for a in operands]
        node = functions[name](*operands)
        node = [number - node, node + number, number * node + 0.3][side]
        nodes.append(functions["sin"](node))
    return functions["sum"](*nodes)
