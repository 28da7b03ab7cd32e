"""A neural network is nothing but many weighted sums, each passed through a simple curve.

A Neuron multiplies its inputs by weights, adds a bias, and passes the sum through
an activation function, also called a nonlinearity: without one, layers of sums
would be no more than one sum.  A Layer is neurons side by side; an MLP (multi-layer
perceptron) is layers one after another.  None of them computes a gradient: they
only build Values, and the engine does the rest.

    >>> model = MLP(2, [3, 1])
    >>> model, len(model.parameters())  # 3 * (2 weights + bias) + 1 * (3 weights + bias)
    (MLP(2 -> 3 relu -> 1 linear), 13)
    >>> model([1.0, -2.0]).backward()
    >>> model.layers[1].neurons[0].b.grad  # the output's own bias
    1.0

A model of your own is a class that inherits from Module, which finds its parameters.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from micronn.engine import Value, terms, unchecked_dot
from micronn.support.arguments import Rng, check_choice, count, listed
from micronn.support.initial_weights import initial_weights
from micronn.support.module import Module as Module  # `as`: import it from here, too

# What a neuron does to its weighted sum; "linear" is no curve.  One of your own is one line:
# ACTIVATIONS["mine"] = lambda z: z * z.sigmoid()
ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "linear": lambda z: z,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "sigmoid": Value.sigmoid,
    "tanh": Value.tanh,
    "softplus": Value.softplus,
    "gelu": Value.gelu,
}


def inputs(x: Iterable[Value | float], nin: int) -> tuple[Any, ...]:
    """x as a tuple of nin Values or of nin floats; anything else is an error that says why."""
    return terms(listed(x, "inputs", nin))


class Neuron(Module):
    """activation(w[0]*x[0] + w[1]*x[1] + ... + b): a weighted sum through an activation.

    nin: how many inputs it reads, at least 1.
    activation: a name in ACTIVATIONS.
    init: how widely the starting weights are drawn: "uniform", "xavier", "he" or
        "micrograd", which support/initial_weights.py explains.
    rng: where the weights are drawn from; Python's own random module if left out.
    nout: how many neurons its layer has; only "xavier" uses it.
    """

    def __init__(
        self, nin: int, activation: str = "relu", init: str = "uniform", rng: Rng = None,
        nout: int = 1,
    ):  # fmt: skip
        check_choice(activation, ACTIVATIONS, "activation")
        weights, bias = initial_weights(init, count(nin, "nin"), nout, rng)
        self.w = [Value(number) for number in weights]
        self.b = Value(bias)
        self.activation = activation

    def __call__(self, x: Iterable[Value | float]) -> Value:
        """x has shape (nin,): a list of nin numbers.  ValueError for more or less."""
        return self.fire(inputs(x, len(self.w)))

    def fire(self, x: tuple[Any, ...]) -> Value:
        """The formula itself, for inputs that are checked already."""
        z = unchecked_dot(tuple(self.w), x) + self.b  # w[0]*x[0] + w[1]*x[1] + ... + b
        return ACTIVATIONS[self.activation](z)

    def parameters(self) -> list[Value]:
        """The weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)} -> 1 {self.activation})"


class Layer(Module):
    """nout neurons side by side, all reading the same nin inputs."""

    def __init__(
        self, nin: int, nout: int, activation: str = "relu", init: str = "uniform", rng: Rng = None
    ):
        count(nout, "nout")
        self.neurons = [Neuron(nin, activation, init, rng, nout) for _ in range(nout)]

    def __call__(self, x: Iterable[Value | float]) -> list[Value]:
        """x has shape (nin,); the result has shape (nout,), even when nout is 1."""
        checked = inputs(x, len(self.neurons[0].w))
        return [neuron.fire(checked) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        """Those of the first neuron, then of the second, and so on."""
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        first = self.neurons[0]
        return f"Layer({len(first.w)} -> {len(self.neurons)} {first.activation})"


class MLP(Module):
    """Layers one after another, each reading what the one before it said.

    nin: how many inputs.
    nouts: the size of each layer, the last one being the number of outputs.
    activation: a name for all layers but the last, which stays linear; or a list
        with a name for each layer.
    init, rng: as for a Neuron.

    Raises ValueError for sizes below 1, no layers, an unknown name, or a list of
    activations of another length; TypeError for sizes that are not whole numbers.
    """

    def __init__(
        self, nin: int, nouts: Sequence[int], activation: str | Sequence[str] = "relu",
        init: str = "uniform", rng: Rng = None,
    ):  # fmt: skip
        sizes = [count(nin, "nin")]
        sizes += [count(nout, "each size in nouts") for nout in listed(nouts, "nouts")]
        if len(sizes) == 1:
            raise ValueError("nouts needs at least one layer, got an empty list; write [1]")
        if isinstance(activation, str):
            activation = [activation] * (len(sizes) - 2) + ["linear"]  # sizes also has nin
        names = listed(activation, "activations", len(sizes) - 1)
        self.layers = [
            Layer(before, size, name, init, rng)
            for before, size, name in zip(sizes[:-1], sizes[1:], names, strict=True)
        ]

    def __call__(self, x: Iterable[Value | float]) -> Any:
        """x has shape (nin,); the result is one Value, or a list where nout is above 1."""
        out: Any = x
        for layer in self.layers:
            out = layer(out)
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        """Those of the first layer, then of the second, and so on."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        nin = len(self.layers[0].neurons[0].w)
        layers = [f"{len(layer.neurons)} {layer.neurons[0].activation}" for layer in self.layers]
        return f"MLP({' -> '.join([str(nin), *layers])})"
