"""What is exported, in words that fit every language: a net's layers, or a list of lines.

A net is rows of weights, biases and the names of activations.  Any other graph is a list of
lines as python_source.py has them, with the labels of its Values as names: first each
number, then the chain rule.  The formulas are those of the one table of operations, and
call functions by the same names everywhere, so a target says only what `softplus` is there.

    >>> x, w = Value(2.0, "x"), Value(3.0, "weight of x")
    >>> described = describe_graph([(x * w).tanh()], [x], [w])
    >>> for line in described.forward + described.backward:
    ...     print(line.name, line.sign, line.text)
    v2 = x * weight_of_x
    v3 = tanh(v2)
    d_v3 = upstream[0]
    d_v2 = d_v3 * (1.0 - v3 * v3)
    d_x = d_v2 * weight_of_x
    d_weight_of_x = d_v2 * x
"""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from micronn.checkpoint import described_model
from micronn.compiler.python_source import literal, write_source
from micronn.compiler.rebuild import nodes_below
from micronn.engine import Value, dot
from micronn.graph.operations import kind_and_number, operation, partner
from micronn.nn import ACTIVATIONS, MLP
from micronn.support.text import clipped, printable

MOST = 50_000  # operands; a text that nobody reads, and no compiler likes


class Dense(NamedTuple):
    """A layer: activation(weight @ x + bias).   weight: shape (nout, nin); bias: (nout,).

    op: the activation as an operation of the engine, such as "leaky_relu 0.01"; "" for none.
    """

    weight: list[list[float]]
    bias: list[float]
    op: str


class Net(NamedTuple):
    """An MLP."""

    layers: list[Dense]

    @property
    def nin(self) -> int:
        return len(self.layers[0].weight[0])

    @property
    def nout(self) -> int:
        return len(self.layers[-1].bias)

    @property
    def arrays(self) -> dict[str, list[list[float]] | list[float]]:
        """Its numbers under PyTorch's names: layers.0.weight, layers.0.bias, ..."""
        rows = enumerate(self.layers)
        return {f"layers.{k}.{kind}": getattr(x, kind) for k, x in rows for kind in KINDS}


KINDS = ("weight", "bias")


class Line(NamedTuple):
    """An assignment.  sign: "=", or "+=" where a gradient grows.  note: a label, or ""."""

    name: str
    sign: str
    text: str
    note: str


class StraightLine(NamedTuple):
    """A recorded graph: names and numbers of its inputs and parameters, then its lines.

    constants: the names of those numbers of forward that no input and no parameter changes.
    outputs: the names of the results; the first lines of backward read upstream[0],
        upstream[1], ..., the gradient of what is wanted by each of them.
    backward: sets d_x for an input x, and so on, but for those that reach no output.
    reference: micronn's own compiled program, as Python.
    """

    inputs: dict[str, float]
    params: dict[str, float]
    forward: list[Line]
    backward: list[Line]
    constants: set[str]
    outputs: list[str]
    reference: str

    def gradients(self, names: Iterable[str]) -> list[str]:
        """The name of the gradient of each, or 0.0."""
        begun = {line.name for line in self.backward}
        return [f"d_{name}" if f"d_{name}" in begun else "0.0" for name in names]


# A net


def describe_net(model: MLP) -> Net:
    """The layers of an MLP.

    Raises ValueError for an activation of one's own, and what checkpoint.save() raises.
    """
    described = described_model(model)
    layers = []
    for k, name in enumerate(described["activations"]):
        if name not in OPS:
            raise ValueError(
                f"layers.{k} has the activation {clipped(name)!r}, which has no name elsewhere; a "
                f"net is exported with {', '.join(OPS)}, any other as the program of "
                "compile_graph(model(x), x, model.parameters())"
            )
        neurons = model.layers[k].neurons
        weight = [[float(w.data) for w in neuron.w] for neuron in neurons]
        layers.append(Dense(weight, [float(neuron.b.data) for neuron in neurons], OPS[name]))
    return Net(layers)


OPS = {name: ACTIVATIONS[name](Value(1.0)).op for name in [*ACTIVATIONS]}  # those of micronn itself


# A graph


def describe_graph(
    roots: Sequence[Value], inputs: Sequence[Value], params: Sequence[Value]
) -> StraightLine:
    """The lines of a graph.  Raises ValueError for one of more than 50,000 operands."""
    order = nodes_below(roots)
    size = sum(len(node.operands) for node in order)
    if size > MOST:
        raise ValueError(
            f"the graph has {size:,} operands, and one of more than {MOST:,} makes no text to "
            "read; export the MLP itself, or the graph of one example"
        )
    return Lines(order, [*roots], [*inputs], [*params]).described()


class Lines:
    """What is known while the lines of a graph are written.

    name: of each Value, or its number for one that was typed.
    given: what has no line: inputs, parameters and such numbers.
    """

    def __init__(
        self, order: list[Value], roots: list[Value], inputs: list[Value], params: list[Value]
    ) -> None:
        self.order, self.roots, self.inputs, self.params = order, roots, inputs, params
        self.name: dict[Value, str] = {}
        self.begun: set[str] = set()
        self.backward: list[Line] = []
        taken, apart = set(RESERVED), not_in_formulas(order, roots)
        for letter, values in (("x", inputs), ("w", params)):
            for k, value in enumerate(values):
                self.name[value] = safe_name(value.label, f"{letter}{k}", taken)
        self.given = {*inputs, *params}
        for node in order:
            if node.op == "const" and node not in apart:
                self.name[node] = literal(node.data)
                self.given.add(node)
            elif node not in self.name:
                self.name[node] = safe_name(node.label, f"v{len(self.name)}", taken)

    def described(self) -> StraightLine:
        """All of it."""
        names, upstream = self.name, [Value(1.0) for _ in self.roots]
        forward = [self.line(node) for node in self.order if node not in self.given]
        for k, root in enumerate(self.roots):
            self.add(root, f"upstream[{k}]")
        for node in reversed(self.order):
            if node.operands and f"d_{names[node]}" in self.begun:
                self.pass_back(node)
        return StraightLine(
            {names[x]: x.data for x in self.inputs},
            {names[w]: w.data for w in self.params},
            forward,
            self.backward,
            {line.name for line in forward if line.text == "1.0"}  # a power of 0
            | {names[node] for node in self.order if not node.operands}
            - {*map(self.text, self.given)},
            [names[root] for root in self.roots],
            write_source([dot(self.roots, upstream)], [*self.inputs, *upstream], self.params),
        )

    def line(self, node: Value) -> Line:
        """The line that computes a node."""
        name = self.name[node]
        note = "" if node.label == name else comment(node.label)
        if not node.operands:
            return Line(name, "=", literal(node.data), f"{note}, a constant".lstrip(", "))
        if node.op in ("dot", "weighted_sum"):
            pairs = [(x, partner(node, k)) for k, x in enumerate(node.operands)]
            half = len(pairs) // 2 if node.op == "dot" else len(pairs)
            text = " + ".join([f"{self.text(x)} * {self.text(y)}" for x, y in pairs[:half]])
        else:
            text = forms(node.op)[0].format(**self.words(node))
        return Line(name, "=", text, note)

    def text(self, x: Value | float) -> str:
        """A Value by its name, a number by its digits."""
        return self.name[x] if isinstance(x, Value) else literal(x)

    def words(self, node: Value) -> dict[str, str]:
        """What stands for a, b, v, d and the rest in a form."""
        names = [self.name[operand] for operand in node.operands]
        v, number = self.name[node], kind_and_number(node.op)[1]
        return {
            "a": names[0], "b": names[-1], "v": v, "d": f"d_{v}", "all": f"[{', '.join(names)}]",
            "k": "" if number is None else literal(number),
        }  # fmt: skip

    def pass_back(self, node: Value) -> None:
        """A line for each operand of a node, whose gradient grows."""
        words, (_, *slopes) = self.words(node), forms(node.op)
        shares = f"s_{words['v']}" if node.op == "logsumexp" else ""
        if shares:
            self.backward.append(Line(shares, "=", f"softmax({words['all']})", ""))
        for k, operand in enumerate(node.operands):
            words["share"] = f"{shares}[{k}]" if shares else repr(1.0 / len(node.operands))
            words["partner"] = self.text(partner(node, k)) if "partner" in slopes[0] else ""
            self.add(operand, slopes[k % len(slopes)].format(**words))

    def add(self, operand: Value, text: str) -> None:
        """The line by which a gradient grows; the first one sets it.  A constant has none."""
        name = f"d_{self.name[operand]}"
        if operand.operands or operand in self.given and operand.op != "const":
            self.backward.append(Line(name, "+=" if name in self.begun else "=", text, ""))
            self.begun.add(name)


# Texts

OWN = {  # forms that hold for arrays too, and in languages without Python's `if`
    "relu": ("relu({a})", "gate({d}, {a})"),
    "leaky_relu": ("leaky_relu({a}, {k})", "{d} * leak({a}, {k})"),
}


def not_in_formulas(order: Iterable[Value], roots: Iterable[Value]) -> set[Value]:
    """The nodes that a name stands for even if they are plain numbers: a function reads them.

    A target's functions may take nothing but its own kind of number, which operators do not.
    """
    found = {*roots}
    for node in order:
        if node.op not in ("+", "-", "*", "/") or {x.op for x in node.operands} == {"const"}:
            found.update(node.operands)
    return found


def forms(op: str) -> tuple[str, ...]:
    """As Operation.python says: the value, then what each operand's gradient grows by.

    Of what calls a list, as in mean([a, b]), the list stands in brackets.  inf and nan are names.
    """
    texts = OWN.get(kind_and_number(op)[0]) or operation(op).python
    return tuple([text.replace("{a} ** 2.0", "{a} * {a}") for text in texts])


def called(texts: Iterable[str], helpers: Mapping[str, str]) -> list[str]:
    """The names of those helpers that some texts, and they themselves, call; in order.

    helpers: what a target has to say of FUNCTIONS, by name: an expression, say.
    """
    found: set[str] = set()
    new = {word for text in texts for word in re.findall(r"\w+", text)} & helpers.keys()
    while new - found:
        found |= new
        new = {word for name in new for word in re.findall(r"\w+", helpers[name])} & helpers.keys()
    return [name for name in helpers if name in found]


def safe_name(label: str, otherwise: str, taken: set[str]) -> str:
    """A label as a name that every language takes, and that none of `taken` is.

    >>> taken = set(RESERVED)
    >>> [safe_name(label, "v7", taken) for label in ("größe", "x1·w1", "lambda", "x; exit()", "")]
    ['groe', 'x1w1', 'lambda_2', 'x_exit', 'v7']
    """
    plain = unicodedata.normalize("NFKD", label[:40]).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", plain).strip("_")
    first = name = name if re.match("[A-Za-z]", name) else otherwise
    k = 2
    while not taken.isdisjoint({name, f"d_{name}", f"s_{name}"}):  # its gradient, its shares
        name, k = f"{first}_{k}", k + 1
    taken |= {name, f"d_{name}", f"s_{name}"}
    return name


def comment(label: str) -> str:
    """A label that can neither end a comment nor go on in the next line."""
    return re.sub(r"[\\?*/]", "_", printable(clipped(label)).strip())


# What formulas call: the arguments, and what it is.  `numbers` is a list.
FUNCTIONS = {
    "abs": ("a", "the size of a"),
    "exp": ("a", "e ** a"),
    "log": ("a", "the natural logarithm"),
    "sqrt": ("a", "the square root"),
    "sin": ("a", "the sine of an angle in radians"),
    "cos": ("a", "the cosine of an angle in radians"),
    "tanh": ("a", "the hyperbolic tangent"),
    "pow": ("a, k", "a ** k"),
    "power_slope": ("a, k", "d(a ** k)/da"),
    "exponent_slope": ("a, k, v", "d(a ** k)/dk, where v is a ** k"),
    "sign": ("a", "1, -1 or, for 0, 0"),
    "sigmoid": ("a", "1 / (1 + e**-a), never raising e to a positive power"),
    "softplus": ("a", "log(1 + e**a), never raising e to a positive power"),
    "relu": ("a", "a where it is above 0, else 0"),
    "leaky_relu": ("a, k", "a where it is above 0, else k * a"),
    "leak": ("a, k", "1 above 0, else k"),
    "gelu": ("a", "a times the probability that a standard normal number is below a"),
    "gelu_slope": ("a", "d(gelu(a))/da"),
    "gelu_curve": ("a", "the slope of gelu_slope"),
    "gate": ("a, b", "a where b is above 0, else 0"),
    "normal_cdf": ("a", "the probability that a standard normal number is below a"),
    "bell": ("a", "the density of a standard normal number, e**(-a * a / 2) / sqrt(2 pi)"),
    "maximum": ("a, b", "the larger one"),
    "minimum": ("a, b", "the smaller one"),
    "is_larger": ("a, b", "the slope of maximum(a, b) by a: a half when both are equal"),
    "passed": ("d, slope", "d * slope, and 0 for an operand that is left out, whatever d is"),
    "exact_sum": ("numbers", "the sum of a list"),
    "mean": ("numbers", "the average of a list"),
    "logsumexp": ("numbers", "log(e**a + e**b + ...), never raising e to a positive power"),
    "softmax": ("numbers", "the share of each e**a in their sum: the slopes of logsumexp"),
}

WORDS = """
inf nan erfc columns inputs params upstream gradients outputs numbers np nn jax jnp torch self
main count dinputs dparams bell largest Params PARAMETERS value_and_gradients

auto char const default do double enum extern float goto inline int long register restrict short
signed sizeof static struct switch typedef union unsigned void volatile linux unix errno asm
NULL NAN INFINITY EOF fabs log1p HUGE_VAL HUGE_VALF HUGE_VALL HUGE FP_NAN FP_INFINITE FP_ZERO
FP_NORMAL FP_SUBNORMAL FP_FAST_FMA FP_FAST_FMAF FP_FAST_FMAL FP_ILOGB0 FP_ILOGBNAN MATH_ERRNO
MATH_ERREXCEPT math_errhandling signgam DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS

abstract arguments boolean byte case catch debugger delete eval export extends final function
implements instanceof interface let native new null package private protected public super
synchronized this throw throws transient true false typeof undefined var NaN Infinity Math Number
Array Float64Array Object module exports require structuredClone window document location top

T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda
dump_patches extra_repr forward get_buffer get_extra_state get_parameter get_submodule half ipu
load_state_dict modules mtia named_buffers named_children named_modules named_parameters
parameters register_backward_hook register_buffer register_forward_hook
register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
"""  # what the files themselves name; C; JavaScript; PyTorch's Module
RESERVED = {*keyword.kwlist, *keyword.softkwlist, *FUNCTIONS, *WORDS.split()}
