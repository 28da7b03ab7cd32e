"""A neural network is nothing but many weighted sums, each bent by a curve.

A Neuron multiplies its inputs by weights, adds a bias, and bends the sum with an
activation.  A Layer is neurons side by side; an MLP (multi-layer perceptron) is
layers one after another.  None of them computes a gradient: they only build Values,
and the engine does the rest.

    >>> model = MLP(2, [3, 1])
    >>> model, len(model.parameters())
    (MLP(2 -> 3 relu -> 1 linear), 13)
    >>> model([1.0, -2.0]).backward()
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from micronn.engine import Value, terms, weighted_sum
from micronn.support.arguments import choice, count, listed, rng_or_default, some
from micronn.support.number import as_float

# Activations: what a neuron does to its weighted sum

ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "linear": lambda z: z,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "sigmoid": Value.sigmoid,
    "tanh": Value.tanh,
    "softplus": Value.softplus,
    "gelu": Value.gelu,
}


# Starting weights: how big is random?


def uniform_init(nin: int, nout: int, rng) -> float:
    """Between -1/sqrt(nin) and 1/sqrt(nin), as torch.nn.Linear starts."""
    return rng.uniform(-1.0, 1.0) / math.sqrt(nin)


def xavier_init(nin: int, nout: int, rng) -> float:
    """Between -sqrt(6/(nin+nout)) and its opposite: keeps the size of signals at tanh.

    Source: Glorot, Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", 2010, formula 16.
    """
    return rng.uniform(-1.0, 1.0) * math.sqrt(6.0 / (nin + nout))


def he_init(nin: int, nout: int, rng) -> float:
    """From a bell curve of width sqrt(2/nin): keeps the size of signals through relu.

    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015, formula 10.
    """
    return rng.gauss(0.0, 1.0) * math.sqrt(2.0 / nin)


def micrograd_init(nin: int, nout: int, rng) -> float:
    """Between -1 and 1 whatever the size of the layer, as micrograd starts."""
    return rng.uniform(-1.0, 1.0)


INITS = {
    "uniform": uniform_init,
    "xavier": xavier_init,
    "he": he_init,
    "micrograd": micrograd_init,
}


# Modules: things with parameters


class Module:
    """Anything that holds parameters.  A model of your own inherits from it.

    Its parameters are the leaf Values found in its attributes, in lists of them,
    and in the Modules among them.
    """

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its dotted name, such as layers.0.neurons.3.w.2."""
        to_do = [("", self)]
        while to_do:
            name, thing = to_do.pop()
            if isinstance(thing, Value) and not thing.operands:
                yield name, thing
                continue
            if isinstance(thing, Module):
                parts = vars(thing).items()
            elif isinstance(thing, (list, tuple)):
                parts = enumerate(thing)
            else:
                continue
            dot_ = "." if name else ""
            to_do.extend(reversed([(f"{name}{dot_}{key}", part) for key, part in parts]))

    def parameters(self) -> list[Value]:
        """Every parameter, in the order of named_parameters()."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0, before the next backward()."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The numbers the model has learned, by parameter name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter to the number of its name; all of them, or none.

        Raises ValueError for a name too few or too many, TypeError for what is not
        a number.
        """
        parameters = dict(self.named_parameters())
        missing, unknown = parameters.keys() - state.keys(), state.keys() - parameters.keys()
        if missing or unknown:
            raise ValueError(
                f"the state fits another model: {some(missing)} missing, {some(unknown)} unknown; "
                f"build the model with the sizes it was saved with"
            )
        numbers = {name: as_float(number) for name, number in state.items()}
        for name, parameter in parameters.items():
            parameter.data = numbers[name]


class Neuron(Module):
    """activation(w[0]*x[0] + w[1]*x[1] + ... + b): a weighted sum, bent by a curve.

    nin: how many inputs it reads, at least 1.
    activation: a name in ACTIVATIONS.
    init: a name in INITS: how the starting weights are drawn.
    rng: where the weights are drawn from; Python's own random module if left out.
    nout: how many neurons stand side by side, which some inits want to know.

    The bias starts like the weights for "uniform", as in PyTorch, else at 0.
    """

    def __init__(self, nin, activation="relu", init="uniform", rng=None, nout=1):
        draw, rng = choice(INITS, init, "init"), rng_or_default(rng)
        choice(ACTIVATIONS, activation, "activation")
        self.w = [Value(draw(nin, nout, rng)) for _ in range(count(nin, "nin"))]
        self.b = Value(draw(nin, nout, rng) if init == "uniform" else 0.0)
        self.activation = activation

    def __call__(self, x: Sequence[Value | float]) -> Value:
        """x has shape (nin,); the result is one Value.  Another length is a ValueError."""
        return self.fire(inputs(x, len(self.w)))

    def fire(self, x: Sequence[Value | float]) -> Value:
        """The formula itself, for inputs that are checked already."""
        return ACTIVATIONS[self.activation](weighted_sum(tuple(self.w), x) + self.b)

    def parameters(self) -> list[Value]:
        """The weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)} -> 1 {self.activation})"


class Layer(Module):
    """nout neurons side by side, all reading the same nin inputs."""

    def __init__(self, nin, nout, activation="relu", init="uniform", rng=None):
        count(nout, "nout")
        self.neurons = [Neuron(nin, activation, init, rng, nout) for _ in range(nout)]

    def __call__(self, x: Sequence[Value | float]) -> list[Value]:
        """x has shape (nin,); the result has shape (nout,), even when nout is 1."""
        x = inputs(x, len(self.neurons[0].w))
        return [neuron.fire(x) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        """Those of the first neuron, then of the second, and so on."""
        return list(chain.from_iterable(neuron.parameters() for neuron in self.neurons))

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

    def __init__(self, nin, nouts, activation="relu", init="uniform", rng=None):
        sizes = [count(nin, "nin"), *layer_sizes(nouts)]
        activations = activation_list(activation, len(sizes) - 1)
        self.layers = [
            Layer(n, nout, name, init, rng)
            for n, nout, name in zip(sizes[:-1], sizes[1:], activations, strict=True)
        ]

    def __call__(self, x: Sequence[Value | float]) -> Value | list[Value]:
        """x has shape (nin,); the result is one Value, or a list where nout is above 1."""
        out = self.layers[0](x)
        for layer in self.layers[1:]:
            out = layer(out)
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        """Those of the first layer, then of the second, and so on."""
        return list(chain.from_iterable(layer.parameters() for layer in self.layers))

    def __repr__(self) -> str:
        nin = len(self.layers[0].neurons[0].w)
        layers = [f"{len(layer.neurons)} {layer.neurons[0].activation}" for layer in self.layers]
        return f"MLP({' -> '.join([str(nin), *layers])})"


# Checks: what zip would pass over in silence


def inputs(x, nin):
    """x as a tuple of nin Values or floats; refuses anything else in words."""
    return terms(listed(x, "inputs", nin))


def layer_sizes(nouts):
    """nouts as a list of sizes."""
    sizes = [count(nout, "each size in nouts") for nout in listed(nouts, "nouts")]
    if not sizes:
        raise ValueError("nouts needs at least one layer, got an empty list")
    return sizes


def activation_list(activation, layers):
    """One activation for each layer."""
    if isinstance(activation, str):
        return [activation] * (layers - 1) + ["linear"]
    names = list(activation)
    if len(names) != layers:
        raise ValueError(f"expected {layers} activations, one for each layer, got {len(names)}")
    return names
