"""A model or a graph as PyTorch: a Module in float64, whose gradients are autograd's."""

from micronn.compiler.python_source import wrapped
from micronn.export.description import Net, StraightLine
from micronn.export.proof import Runner, loaded
from micronn.export.python_text import activation, body, head, helpers, lines, numbers, opened


def source(described: Net | StraightLine, file: str) -> str:
    """The text of the file."""
    module = of_net(described) if isinstance(described, Net) else of_graph(described)
    called = helpers([module, numbers(described)], "torch", HELPERS)
    return (
        head(described, file, "as a PyTorch Module in float64")
        + "import math\n\n" * ("math." in called)
        + "import torch\nfrom torch import nn\n"
        + called
        + f"\n\n{module}\n\n{numbers(described)}"
    )


def of_net(net: Net) -> str:
    """An MLP as Linear layers; MLP.load_state_dict() of micronn takes its state_dict() too."""
    layers = [f"    nn.Linear({len(x.weight[0])}, {len(x.bias)})," for x in net.layers]
    steps = [activation(x.op, a=f"self.layers[{k}](x)")[0] for k, x in enumerate(net.layers)]
    return (
        f"class Net(nn.Module):\n{body([NET])}\n    def __init__(self):\n"
        + body(["super().__init__()", "self.layers = nn.ModuleList([", *layers, "])"], 2)
        + body(["self.double()", TENSORS, "self.load_state_dict(tensors)"], 2)
        + "\n    def forward(self, x):\n"
        + body([*[f"x = {step}" for step in steps], "return x"], 2)
    )


def of_graph(graph: StraightLine) -> str:
    """A graph with a Parameter for each of its parameters."""
    return (
        f"class Graph(nn.Module):\n{body([GRAPH])}\n    def __init__(self):\n"
        + body(["super().__init__()", TENSORS, "for name, tensor in tensors.items():"], 2)
        + body(["self.register_parameter(name, nn.Parameter(tensor))"], 3)
        + "\n    def forward(self, inputs):\n"
        + body(opened(graph.inputs, "inputs[..., {k}]"), 2)
        + body(opened(graph.params, "self.{name}"), 2)
        + body(["", *lines(graph.forward, graph.constants, TENSOR)], 2)
        + body([wrapped("outputs = ", f"[{', '.join(graph.outputs)}]")], 2)
        + body(["return torch.stack(torch.broadcast_tensors(*outputs), dim=-1)"], 2)
    )


def runner(described: Net | StraightLine, file: str) -> Runner:
    """How its test runs it."""
    is_net = isinstance(described, Net)
    code = f"""
        module = source.{"Net" if is_net else "Graph"}()
        for x, upstream in examples:
            inputs = torch.tensor(x, dtype=torch.float64, requires_grad=True)
            y = module(inputs)
            total = (y * torch.tensor(upstream, dtype=torch.float64)).sum() + inputs[:0].sum()
            dx, *dw = torch.autograd.grad(
                total, [inputs, *module.parameters()], allow_unused=True, materialize_grads=True
            )
            yield y.tolist(), dx.tolist(), {"by_neuron(dw)" if is_net else "[*map(float, dw)]"}
        """
    text = loaded(file, code) + (STATE if is_net else "")
    return Runner(text, ["import importlib.util", "from copy import deepcopy"], ["torch"])


TENSOR = "torch.tensor({text}, dtype=torch.float64)"
TENSORS = f"tensors = {{name: {TENSOR.format(text='held')} for name, held in NUMBERS.items()}}"
NET = '''"""The net.  inputs: shape (..., nin); the outputs: (..., nout)."""'''
GRAPH = '''"""The graph.  inputs: shape (..., n_inputs); the outputs: (..., n_outputs)."""'''
STATE = """

def test_the_state_dict_loads_back():
    model = deepcopy(MODEL)
    for p in model.parameters():
        p.data = 0.0
    model.load_state_dict(source.Net().state_dict())
    assert model.state_dict() == MODEL.state_dict()
"""

HELPERS = {
    "softplus": "-nn.functional.logsigmoid(-a)  # torch's softplus is a line above 20",
    "leaky_relu": "torch.where(a > 0.0, a, k * a)",
    "gelu": "a * normal_cdf(a)",
    "gelu_slope": "normal_cdf(a) + a * bell(a)",
    "normal_cdf": "0.5 * torch.special.erfc(-a / math.sqrt(2.0))",
    "bell": "torch.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)",
    "gate": "torch.where(b > 0.0, a, 0.0)",
    "exact_sum": "sum(numbers)",
    "mean": "sum(numbers) / len(numbers)",
    "logsumexp": "torch.logsumexp(torch.stack(torch.broadcast_tensors(*numbers)), dim=0)",
}
