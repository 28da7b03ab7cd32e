"""The way back: a stack of linear layers and activations from elsewhere becomes an MLP.

Its numbers stay the same: a float32 is a float64 too.  What is no such stack is refused by
the name of what is in the way.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from micronn.export.description import Dense
from micronn.export.to_onnx import onnx_package
from micronn.nn import MLP
from micronn.support.files import Location
from micronn.support.text import clipped, printable

ACTIVATION_OF = {  # by their names in torch.nn and in ONNX
    "ReLU": "relu", "LeakyReLU": "leaky_relu", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "Softplus": "softplus", "GELU": "gelu",
    "Relu": "relu", "LeakyRelu": "leaky_relu", "Gelu": "gelu",
}  # fmt: skip
TORCH = "Linear, ReLU, LeakyReLU(0.01), Sigmoid, Tanh, Softplus, GELU, Identity and Flatten"
SAME = ("Identity", "Flatten")  # for an input that is a list of numbers
DOMAINS = ("", "ai.onnx", "micronn")
SUMS = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0}  # of a Gemm
ONNX = (
    "Gemm, MatMul and Add, Relu, LeakyRelu of 0.01, Sigmoid, Tanh, Softplus, Gelu, Identity "
    "and Flatten"
)


class Stack:
    """Layers as they are found, one after another."""

    def __init__(self, known: str) -> None:
        self.known, self.layers, self.is_open = known, list[Dense](), False

    def linear(self, weight: Any, bias: Any, name: str) -> None:
        """A layer.   weight: shape (nout, nin); bias: (nout,), or None."""
        rows = weight.tolist()
        if len(weight.shape) != 2 or 0 in weight.shape or not isinstance(rows[0][0], (int, float)):
            raise ValueError(
                f"{name} has weights of shape {tuple(weight.shape)} and type {weight.dtype}; a "
                "layer has a row of real numbers for each neuron"
            )
        if self.layers and len(self.layers[-1].bias) != len(rows[0]):
            before = len(self.layers[-1].bias)
            raise ValueError(f"{name} reads {len(rows[0])} numbers, but {before} come to it")
        self.layers.append(Dense(rows, [0.0] * len(rows), "linear"))
        self.is_open = True
        if bias is not None:
            self.biases(bias, name)

    def biases(self, bias: Any, name: str) -> None:
        """Those of the last layer.   bias: shape (nout,), or one number for all neurons."""
        nout, last = len(self.layers[-1].bias), bias.shape[-1] if bias.shape else 1
        if math.prod(bias.shape) != last or last not in (1, nout):
            shape = tuple(bias.shape)
            raise ValueError(
                f"{name} adds numbers of shape {shape} to {nout}; a bias has ({nout},)"
            )
        numbers = bias.reshape(-1).tolist() * (nout // last)
        self.layers[-1] = self.layers[-1]._replace(bias=numbers)

    def activation(self, kind: str, name: str, settings: Mapping[str, Any]) -> None:
        """What the sums of the last layer go through, if it is as micronn has it."""
        usual = {"negative_slope": 0.01, "alpha": 0.01, "approximate": "none", "beta": 1}
        for setting, value in settings.items():
            if usual.get(setting, value) != value:
                self.refuse(f"{kind}({setting}={value!r})", name)
        if kind not in ACTIVATION_OF or not self.is_open:
            self.refuse(kind, name)
        self.layers[-1] = self.layers[-1]._replace(op=ACTIVATION_OF[kind])
        self.is_open = False

    def refuse(self, kind: str, name: str) -> NoReturn:
        """Say what is in the way, and where."""
        where = f"{printable(clipped(name))} is {printable(clipped(kind))}"
        if kind in ACTIVATION_OF:
            raise ValueError(f"{where}, but no linear layer stands right before it")
        hint = ""
        if "Softmax" in kind:
            hint = "; leave it out: micronn's losses take the logits before it"
        raise ValueError(f"{where}, which no MLP has; it can hold {self.known}{hint}")

    def model(self) -> MLP:
        """The MLP of these layers."""
        if not self.layers:
            raise ValueError(f"there is no linear layer in it; an MLP can hold {self.known}")
        nouts = [len(layer.bias) for layer in self.layers]
        model = MLP(len(self.layers[0].weight[0]), nouts, [layer.op for layer in self.layers])
        pairs = [pair for x in self.layers for pair in zip(x.weight, x.bias, strict=True)]
        numbers = [number for row, bias in pairs for number in [*row, bias]]
        for parameter, number in zip(model.parameters(), numbers, strict=True):
            parameter.data = float(number)
        return model


def from_torch(sequential: Any) -> MLP:
    """The MLP with the numbers of a torch.nn.Sequential of Linear layers and activations.

    Of Linear, ReLU, LeakyReLU(0.01), Sigmoid, Tanh, Softplus, GELU, Identity and Flatten; a Linear
    without bias gets one of 0.  (PyTorch's Softplus is a line above 20, off by 2e-9.)

    Raises TypeError for no Sequential, ValueError for any other module in it.
    """
    stack = Stack(TORCH)
    for name, module in modules_of(sequential, ""):
        kind = type(module).__name__
        if kind == "Linear":
            stack.linear(module.weight, module.bias, f"module {name}")
        elif kind not in SAME:
            settings = vars(module) if kind in ACTIVATION_OF else {}
            stack.activation(kind, f"module {name}", settings)
    return stack.model()


def modules_of(sequential: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """The modules of a Sequential, and of those inside it, with their names."""
    if type(sequential).__name__ != "Sequential":
        raise TypeError(
            f"from_torch reads a torch.nn.Sequential, got {clipped(repr(type(sequential)))}; of "
            "another module with Linear layers, MLP.load_state_dict() takes the state_dict()"
        )
    for name, module in sequential._modules.items():  # children() leaves out what comes again
        if type(module).__name__ == "Sequential":
            yield from modules_of(module, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", module


def from_onnx(path: Location) -> MLP:
    """The MLP with the numbers of an ONNX file: linear layers and activations in a row.

    Of Gemm, MatMul and Add, Relu, LeakyRelu of 0.01, Sigmoid, Tanh, Softplus, Gelu, Identity
    and Flatten.  Nothing in the file is run.

    Raises NoPackage without the onnx package, OSError if the file cannot be read, and
    ValueError for one of another kind and for any other node in it.
    """
    onnx = onnx_package()
    try:
        file = onnx.load(path)
        onnx.checker.check_model(file)
        graph = file.graph
        arrays = {x.name: onnx.numpy_helper.to_array(x) for x in graph.initializer}
    except OSError:
        raise
    except Exception as error:  # protobuf's own, and what a damaged file leads to
        raise ValueError(f"{path} is no complete ONNX file: {printable(str(error))}") from None
    stack = Stack(ONNX)
    given = [x.name for x in graph.input if x.name not in arrays]
    if len(given) != 1 or len(graph.output) != 1:
        raise ValueError(f"{path} has {len(given)} inputs and {len(graph.output)} outputs, not one")
    last = given[0]
    for k, node in enumerate(graph.node):
        settings = {x.name: onnx.helper.get_attribute_value(x) for x in node.attribute}
        if node.op_type == "Constant" and "value" in settings:
            arrays[node.output[0]] = onnx.numpy_helper.to_array(settings["value"])
            continue
        where = f"node {node.name or k} of {path}"
        others = [arrays[x] for x in node.input if x in arrays]
        if list(node.input).count(last) != 1 or len(others) + 1 != len(node.input):
            raise ValueError(f"{where}, {printable(node.op_type)}, reads more than one layer")
        if node.domain not in DOMAINS or (node.op_type != "Add" and node.input[0] != last):
            stack.refuse(f"{node.domain} {node.op_type}({', '.join(node.input)})".strip(), where)
        read_node(stack, node.op_type, others, settings, where)
        last = node.output[0]
    if last != graph.output[0].name:
        raise ValueError(f"the output of {path} is not what its last node computes")
    return stack.model()


def read_node(
    stack: Stack, kind: str, arrays: Sequence[Any], settings: dict[str, Any], where: str
) -> None:
    """One more node; arrays: what it reads besides the numbers of the layer before."""
    layers = stack.layers
    if kind == "Gemm" and SUMS.items() >= settings.items() - {("transB", 1)}:
        weight, *bias = arrays
        weight = weight if settings.get("transB") else weight.T
        stack.linear(weight, bias[0] if bias else None, where)
    elif kind == "MatMul":
        stack.linear(arrays[0].T, None, where)
    elif kind == "Add" and stack.is_open and not any(layers[-1].bias):
        stack.biases(arrays[0], where)
    elif kind not in SAME:
        if kind == "LeakyRelu" and arrays:  # as export() writes it
            settings["alpha"] = arrays[0].item()
        settings = {
            name: round(x, 7) if isinstance(x, float) else x.decode() if isinstance(x, bytes) else x
            for name, x in settings.items()
        }
        stack.activation(kind, where, settings)
