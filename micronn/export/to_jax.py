"""A model or a graph as JAX: a pure function of parameters and inputs, to jit, vmap and grad."""

from micronn.compiler.python_source import wrapped
from micronn.export.description import Net, StraightLine
from micronn.export.proof import Runner, loaded
from micronn.export.python_text import activation, body, head, helpers, lines, numbers, opened


def source(described: Net | StraightLine, file: str) -> str:
    """The text of the file."""
    function = of_net(described) if isinstance(described, Net) else of_graph(described)
    return (
        head(described, file, "as a pure function f(params, inputs) for JAX")
        + "import jax\nimport jax.numpy as jnp\nimport numpy as np\n"
        + helpers([function, numbers(described)], "jax.numpy", HELPERS)
        + f"\n\n{function}\n\n{numbers(described)}"
        + "PARAMETERS = {name: np.array(held) for name, held in NUMBERS.items()}\n"
    )


def of_net(net: Net) -> str:
    """An MLP: a line for each layer."""
    steps = []
    for k, layer in enumerate(net.layers):
        sums = f'x @ params["layers.{k}.weight"].T + params["layers.{k}.bias"]'
        steps.append(f"x = {activation(layer.op, a=sums)[0]}")
    return f"def f(params, x):\n{body([NET, *steps, 'return x'])}"


def of_graph(graph: StraightLine) -> str:
    """A graph: a line for each operation."""
    return (
        f"def f(params, inputs):\n{body([GRAPH])}"
        + body(opened(graph.inputs, "inputs[..., {k}]"))
        + body(opened(graph.params, 'params["{name}"]'))
        + body(["", *lines(graph.forward)])
        + body([wrapped("outputs = ", f"[{', '.join(graph.outputs)}]")])
        + body(["return jnp.stack(jnp.broadcast_arrays(*outputs), axis=-1)"])
    )


def runner(described: Net | StraightLine, file: str) -> Runner:
    """How its test runs it: all examples at once, by jit, vmap and vjp."""
    flat = "by_neuron(dw)" if isinstance(described, Net) else "[*map(float, dw)]"
    code = f"""
        def pulled_back(x, upstream):
            y, back = jax.vjp(source.f, source.PARAMETERS, x)
            return y, *back(upstream)

        columns = [jax.numpy.array(column) for column in zip(*examples)]
        ys, dws, dxs = jax.jit(jax.vmap(pulled_back))(*columns)
        for k, (y, dx) in enumerate(zip(ys.tolist(), dxs.tolist())):
            dw = [dws[name][k].tolist() for name in source.PARAMETERS]
            yield y, dx, {flat}
        """
    note = "JAX computes in float32 unless it is told otherwise; here it is, jax_enable_x64."
    enabled = '\njax.config.update("jax_enable_x64", True)\n'
    imports = ["import importlib.util"]
    return Runner(enabled + loaded(file, code), imports, ["jax"], note=note)


NET = '''"""The outputs, shape (..., nout), for x of shape (..., nin)."""'''
GRAPH = '''"""The outputs, shape (..., n_outputs), for inputs of shape (..., n_inputs)."""'''

HELPERS = {
    "abs": "a * jax.lax.stop_gradient(jnp.sign(a))  # of JAX's own the slope at 0 is 1",
    "sigmoid": "from jax.nn",
    "softplus": "from jax.nn",
    "relu": "from jax.nn",
    "leaky_relu": "jnp.where(a > 0.0, a, k * a)",
    "gelu": "jax.nn.gelu(a, approximate=False)",
    "gelu_slope": "normal_cdf(a) + a * jax.scipy.stats.norm.pdf(a)",
    "normal_cdf": "0.5 * jax.lax.erfc(-a / jnp.sqrt(2.0))",
    "gate": "jnp.where(b > 0.0, a, 0.0)",
    "exact_sum": "sum(numbers)",
    "mean": "sum(numbers) / len(numbers)",
    "logsumexp": "jax.nn.logsumexp(jnp.stack(jnp.broadcast_arrays(*numbers)), axis=0)",
}
