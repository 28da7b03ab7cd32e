"""A model or a graph as ONNX, in float64: values alone, as the format has no gradients.

The file is written as ONNX's own text first, which the onnx package turns into its bytes.
Formulas become nodes by way of Python's syntax tree: `v1 * w + 2.0` is a Mul and an Add.
"""

import ast
from collections.abc import Sequence
from typing import Any

from micronn.export.description import FUNCTIONS, Net, StraightLine, called
from micronn.export.proof import Runner
from micronn.export.python_text import activation

OPSETS = '"" : 20, "micronn" : 1'


class NoPackage(RuntimeError):
    """A package is missing; the message says how to install it."""


def onnx_package() -> Any:
    """The onnx package.  Raises NoPackage where it is missing."""
    try:
        import onnx
    except ImportError as error:
        why = f"an ONNX file needs a package that is not there ({error})"
        raise NoPackage(f"{why}: pip install 'micronn[onnx]'") from None
    return onnx


def source(described: Net | StraightLine, file: str) -> bytes:
    """The bytes of the file.  Raises NoPackage without the onnx package."""
    onnx = onnx_package()
    model = onnx.parser.parse_model(text_of(described))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def text_of(described: Net | StraightLine) -> str:
    """The model as ONNX's text."""
    nodes = Nodes()
    if isinstance(described, Net):
        arrays = [tensor(name.replace(".", "_"), held) for name, held in described.arrays.items()]
        nin, nout, last = described.nin, described.nout, "inputs"
        for k, layer in enumerate(described.layers):
            weight, bias = f"layers_{k}_weight", f"layers_{k}_bias"
            sums = nodes.add(f"Gemm<transB=1>({last}, {weight}, {bias})", f"z{k + 1}")
            last = nodes.formula(activation(layer.op, a=sums)[0], f"x{k + 1}")
        nodes.add(f"Identity({last})", "outputs")
    else:
        arrays = [tensor(name, [[number]]) for name, number in described.params.items()]
        nin, nout = len(described.inputs), len(described.outputs)
        nodes.rows()
        for k, name in enumerate(described.inputs):
            nodes.add(f"Gather<axis=1>(inputs, {nodes.constant(f'int64[1] {{{k}}}')})", name)
        for line in described.forward:
            nodes.formula(line.text, line.name)
        nodes.add(nodes.side_by_side(described.outputs), "outputs")
    return (
        f'<ir_version: 10, opset_import: [{OPSETS}], producer_name: "micronn">\n'
        f"micronn_export (double[N,{nin}] inputs) => (double[N,{nout}] outputs)\n"
        f"<{', '.join(arrays)}>\n{{\n{''.join(nodes.lines)}}}\n"
        + "".join([function(name) for name in called(nodes.called, HELPERS)])
    )


class Nodes:
    """The lines of an ONNX graph.   called: the functions that formulas call."""

    def __init__(self) -> None:
        self.lines, self.called = list[str](), set[str]()

    def add(self, text: str, name: str = "") -> str:
        """A node; returns the name of its result."""
        name = name or f"_{len(self.lines)}"  # no label begins so
        self.lines.append(f"    {name} = {text}\n")
        return name

    def constant(self, text: str) -> str:
        """A node for a number or a list of them, such as "double {2.0}"."""
        return self.add(f"Constant<value = {text}>()")

    def rows(self) -> None:
        """The shape of one number for each example."""
        zero = self.constant("int64[1] {0}")
        count = self.add(f"Gather<axis=0>({self.add('Shape(inputs)')}, {zero})")
        self.add(f"Concat<axis=0>({count}, {self.constant('int64[1] {1}')})", "_rows")

    def side_by_side(self, names: Sequence[str]) -> str:
        """The text of a node that puts numbers in columns, a row for each example."""
        return f"Concat<axis=1>({', '.join([self.add(f'Expand({x}, _rows)') for x in names])})"

    def formula(self, text: str, name: str) -> str:
        """The nodes of a formula as forms() has them."""
        return self.add(self.node(ast.parse(text, mode="eval").body), name)

    def name(self, tree: ast.expr) -> str:
        """The name of a part of a formula."""
        is_name = isinstance(tree, ast.Name) and tree.id not in ("inf", "nan")
        return ast.unparse(tree) if is_name else self.add(self.node(tree))

    def node(self, tree: ast.expr) -> str:
        """The text of the node that computes a formula."""
        match tree:
            case ast.Constant(number):
                return f"Constant<value = double {{{number!r}}}>()"
            case ast.Name("inf" | "nan" as number):
                return f"Constant<value = double {{{number}}}>()"
            case ast.UnaryOp(operand=operand):
                return f"Neg({self.name(operand)})"
            case ast.BinOp(left, operator, right):
                kind = {"Mult": "Mul"}.get(type(operator).__name__, type(operator).__name__)
                return f"{kind}({self.name(left)}, {self.name(right)})"
            case ast.Call(ast.Name(called), [ast.List(items)]):
                names = list(map(self.name, items))
                if called == "logsumexp":
                    axes = self.constant("int64[1] {1}")
                    return f"ReduceLogSumExp({self.add(self.side_by_side(names))}, {axes})"
                total = f"Sum({', '.join(names)})"
                if called == "mean":
                    total = f"Div({self.add(total)}, {self.constant(f'double {{{len(names)}}}')})"
                return total
            case ast.Call(ast.Name("erf"), [item]):  # onnxruntime has it in float32 alone
                single = self.add(f"Cast<to = 1>({self.name(item)})")
                return f"Cast<to = 11>({self.add(f'Erf({single})')})"
            case ast.Call(ast.Name(called), items):
                return f"{self.operator(called)}({', '.join(map(self.name, items))})"
            case ast.Compare(left, [ast.Gt()], [right]):
                return f"Greater({self.name(left)}, {self.name(right)})"
        return f"Identity({self.name(tree)})"

    def operator(self, function: str) -> str:
        """ONNX's name for a function: leaky_relu is LeakyRelu, of micronn's own domain."""
        self.called.add(function)
        name = {"maximum": "Max", "minimum": "Min"}.get(function, camel(function))
        return f"micronn.{name}" if function in HELPERS else name


def camel(name: str) -> str:
    """A name as ONNX writes it."""
    return name.title().replace("_", "")


def function(name: str) -> str:
    """The text of one of HELPERS."""
    nodes = Nodes()
    nodes.formula(HELPERS[name], "y")
    head = f'<domain: "micronn", opset_import: [{OPSETS}]>\n'
    return f"\n{head}{camel(name)} ({FUNCTIONS[name][0]}) => (y) {{\n{''.join(nodes.lines)}}}\n"


def tensor(name: str, held: Sequence[Sequence[float]] | Sequence[float]) -> str:
    """An initializer as text."""
    rows = [row if isinstance(row, Sequence) else [row] for row in held]
    width = f",{len(rows[0])}" if isinstance(held[0], Sequence) else ""
    numbers = ", ".join([repr(number) for row in rows for number in row])
    return f"double[{len(rows)}{width}] {name} = {{{numbers}}}"


def runner(described: Net | StraightLine, file: str) -> Runner:
    """How its test runs it."""
    rough = "Erf" in text_of(described)
    note = "An ONNX file computes no gradients, so only values are compared."
    if rough:
        note += (
            "  onnxruntime has erf\nin float32 alone, so of what gelu computes 6 digits are right."
        )
    code = CODE.format(file=file)
    packages = ["numpy", "onnxruntime"]
    return Runner(code, [], packages, 6 if rough else 12, note, gradients=False)


CODE = '''
def exported(examples):
    """The outputs of each example."""
    session = onnxruntime.InferenceSession(HERE / "{file}", providers=["CPUExecutionProvider"])
    inputs = numpy.array([x for x, _ in examples])
    (outputs,) = session.run(None, {{"inputs": inputs}})
    return [(y, None, None) for y in outputs.tolist()]
'''

HELPERS = {  # onnxruntime has ONNX's own of these names not in float64
    "softplus": "maximum(a, 0.0) + log(1.0 + exp(-abs(a)))",
    "leaky_relu": "where(a > 0.0, a, a * k)",
    "gelu": "a * normal_cdf(a)",
    "gelu_slope": "normal_cdf(a) + a * bell(a)",
    "normal_cdf": "0.5 + 0.5 * erf(a / 1.4142135623730951)",
    "bell": "exp(-0.5 * a * a) / 2.5066282746310002",
    "gate": "where(b > 0.0, a, 0.0)",
}
