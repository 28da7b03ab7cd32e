"""A model or a graph as NumPy: on a batch at once, with the chain rule written out."""

from micronn.compiler.python_source import wrapped
from micronn.export.description import Net, StraightLine
from micronn.export.proof import Runner, loaded
from micronn.export.python_text import (
    activation,
    body,
    head,
    helpers,
    lines,
    numbers,
    opened,
)


def source(described: Net | StraightLine, file: str) -> str:
    """The text of the file."""
    functions = of_net(described) if isinstance(described, Net) else of_graph(described)
    called = helpers([functions, numbers(described)], "numpy", HELPERS)
    return (
        head(described, file, "as NumPy arrays; no gradient is left to a library")
        + "import math\n\n" * ("math." in called)
        + "import numpy as np\n"
        + called
        + f"\n\n{functions}\n\n{numbers(described)}"
        + "PARAMETERS = {name: np.array(held) for name, held in NUMBERS.items()}\n"
    )


def runner(described: Net | StraightLine, file: str) -> Runner:
    """How its test runs it."""
    flat = "by_neuron(dw.values())" if isinstance(described, Net) else "[*map(float, dw.values())]"
    code = f"""
        for x, upstream in examples:
            y, dx, dw = source.value_and_gradients(source.PARAMETERS, x, upstream)
            yield y.ravel().tolist(), dx.ravel().tolist(), {flat}
        """
    return Runner(loaded(file, code), ["import importlib.util"], ["numpy"])


def of_net(net: Net) -> str:
    """An MLP: a line for each layer's sums and one for its curve, and back again."""
    forward, backward = list[str](), list[str]()
    for k, layer in enumerate(net.layers):
        new = k + 1
        value, slope = activation(layer.op, a=f"z{new}", v=f"x{new}", d=f"dx{new}")
        weight, bias = f'"layers.{k}.weight"', f'"layers.{k}.bias"'
        forward += [f"z{new} = x{k} @ params[{weight}].T + params[{bias}]", f"x{new} = {value}"]
        backward[:0] = [
            f"dz{new} = {slope}",
            f"gradients[{weight}] = dz{new}.T @ x{k}",
            f"gradients[{bias}] = dz{new}.sum(axis=0)",
            f"dx{k} = dz{new} @ params[{weight}]",
        ]
    count = len(net.layers)
    return (
        f"def f(params, inputs):\n{body([NET_F])}"
        + body(["x0 = np.atleast_2d(inputs)", *forward, f"return x{count}"])
        + f"\n\ndef value_and_gradients(params, inputs, upstream=1.0):\n{body([NET_GRADIENTS])}"
        + body(["x0 = np.atleast_2d(inputs)", *forward, "", "# backward"])
        + body(
            ["gradients = dict.fromkeys(params)", f"dx{count} = np.zeros_like(x{count}) + upstream"]
        )
        + body([*backward, f"return x{count}, dx0, gradients"])
    )


def of_graph(graph: StraightLine) -> str:
    """A graph: a line for each operation, and one for each operand on the way back."""
    # A new array each time: += would also change those that share the old one
    backward = [
        x._replace(sign="=", text=f"{x.name} + {x.text}") if x.sign == "+=" else x
        for x in graph.backward
    ]
    grads = graph.gradients(graph.params)
    pairs = [f'"{name}": {grad}' for name, grad in zip(graph.params, grads, strict=True)]
    outputs, slopes = ", ".join(graph.outputs), ", ".join(graph.gradients(graph.inputs))
    return (
        COLUMNS
        + f"\n\ndef f(params, inputs):\n{body([GRAPH_F])}"
        + body(["return value_and_gradients(params, inputs)[0]"])
        + '\n\n@np.errstate(all="ignore")\n'
        + f"def value_and_gradients(params, inputs, upstream=np.ones({len(graph.outputs)})):\n"
        + body([GRAPH_GRADIENTS, "inputs = np.asarray(inputs, float)"])
        + body(opened(graph.inputs, "inputs[..., {k}]"))
        + body(opened(graph.params, 'params["{name}"]'))
        + body(["", *lines(graph.forward), "", "# backward", *lines(backward)])
        + body([wrapped("gradients = ", f"{{{', '.join(pairs)}}}")])
        + body([wrapped("outputs = ", f"columns(inputs, [{outputs}])")])
        + body([wrapped("return ", f"outputs, columns(inputs, [{slopes}]), gradients")])
    )


NET_F = '''"""The outputs, shape (n, nout), for inputs of shape (n, nin), or (nin,) for one."""'''
NET_GRADIENTS = '''"""The outputs, and the gradients of the sum of each output times its upstream.

    Returns the outputs, the gradients by the inputs, of their shape, and those by the
    parameters, added up over the examples.
    """'''
GRAPH_F = '''"""The outputs, shape (..., n_outputs), for inputs of shape (..., n_inputs)."""'''
GRAPH_GRADIENTS = '''"""The outputs, and the gradients of the sum of each output times its upstream.

    Returns the outputs, the gradients by the inputs, of their shape, and those by the
    parameters, for each example.
    """'''

COLUMNS = '''
def columns(inputs, numbers):
    """Numbers side by side, for each example of the inputs."""
    shape = inputs.shape[:-1]
    rows = np.array([np.broadcast_to(number, shape) for number in numbers])
    return np.moveaxis(rows.reshape(len(numbers), *shape), 0, -1)
'''.lstrip()

HELPERS = {
    "pow": "np.power(a, k)",
    "power_slope": "np.where(k == 0.0, 0.0, k * pow(a, k - 1.0))",
    "exponent_slope": "np.where((a == 0.0) & (k >= 0.0), 0.0, v * log(a))",
    "sigmoid": "np.where(a >= 0.0, 1.0, exp(-abs(a))) / (1.0 + exp(-abs(a)))",
    "softplus": "maximum(a, 0.0) + np.log1p(exp(-abs(a)))",
    "relu": "maximum(a, 0.0)",
    "leaky_relu": "a * leak(a, k)",
    "leak": "np.where(a > 0.0, 1.0, k)",
    "gelu": "a * normal_cdf(a)",
    "gelu_slope": "normal_cdf(a) + a * bell(a)",
    "gelu_curve": "2.0 * bell(a) - a * (a * bell(a))",
    "gate": "np.where(b > 0.0, a, 0.0)",
    "normal_cdf": "0.5 * np.vectorize(math.erfc)(-a / math.sqrt(2.0))  # NumPy has no erfc",
    "bell": "exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)",
    "is_larger": "np.where(a > b, 1.0, np.where(a < b, 0.0, 0.5))",
    "passed": "np.where(slope == 0.0, 0.0, d * slope)",
    "exact_sum": "sum(numbers)",
    "mean": "sum(numbers) / len(numbers)",
    "logsumexp": "np.logaddexp.reduce(np.broadcast_arrays(*numbers))",
    "softmax": "[1.0 / sum(exp(b - a) for b in numbers) for a in numbers]",
}
