"""A model or a graph as one file of C99 that needs nothing but its own mathematics.

The parameters are a constant struct and an argument of both functions, so they can be
trained, too; their gradients come in a struct of the same kind.  Nothing is allocated.
JavaScript is the same text without its types: to_js.py takes them out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from micronn.export.description import FUNCTIONS, Line, Net, StraightLine, called
from micronn.export.proof import Runner
from micronn.export.python_text import activation, head

Numbers: TypeAlias = Sequence[Sequence[float]] | Sequence[float] | float


class Parts(NamedTuple):
    """What is put together to a file.

    arrays: the parameters by name.  forward: lines that set outputs[0], outputs[1], ...
    backward: lines that read upstream and set dinputs and dparams.
    """

    arrays: Mapping[str, Numbers]
    forward: list[str]
    backward: list[str]


def parts_of(described: Net | StraightLine) -> Parts:
    """The parts of a file."""
    return net_parts(described) if isinstance(described, Net) else graph_parts(described)


def source(described: Net | StraightLine, file: str) -> str:
    """The text of the file."""
    parts = parts_of(described)
    members = [f"    double {name}{sizes(held)};\n" for name, held in parts.arrays.items()]
    held = [f"    .{name} = {table(value)},\n" for name, value in parts.arrays.items()]
    functions = [
        function(FORWARD, parts.forward),
        function(GRADIENTS, [*parts.forward, *BACK, *parts.backward]),
    ]
    return (
        f"/* {about(described, file, 'in C99; link with -lm')} */\n\n#include <math.h>\n\n"
        f"typedef struct {{\n{''.join(members) or NONE[0]}}} Params;\n\n"
        f"const Params PARAMETERS = {{\n{''.join(held) or NONE[1]}}};\n\n"
        f"{helpers(functions)}"
        f"// Sets outputs.\n{functions[0]}\n"
        "// Sets outputs, and the gradients of the sum of each output times its upstream.\n"
        + functions[1]
    )


def about(described: Net | StraightLine, file: str, what: str) -> str:
    """What the file says of itself."""
    return head(described, f"{file.replace('.', '_')}.py", what).strip('"\n')


def counts(described: Net | StraightLine) -> tuple[int, int]:
    """The numbers of inputs and outputs."""
    if isinstance(described, Net):
        return described.nin, described.nout
    return len(described.inputs), len(described.outputs)


# A net


def net_parts(net: Net) -> Parts:
    """A loop over the neurons of each layer, and another one back."""
    forward, backward = list[str](), list[str]()
    for k, layer in enumerate(net.layers):
        last = k == len(net.layers) - 1
        nout, nin = len(layer.weight), len(layer.weight[0])
        x, y, z = f"x{k}" if k else "inputs", "outputs" if last else f"x{k + 1}", f"z{k + 1}"
        dx, dy = f"dx{k}" if k else "dinputs", "upstream" if last else f"dx{k + 1}"
        curve, slope = activation(layer.op, a=f"{z}[j]", v=f"{y}[j]", d=f"{dy}[j]")
        weight, bias = f"params->layers_{k}_weight[j]", f"params->layers_{k}_bias[j]"
        forward += [f"double {name}[{nout}];" for name in ([z] if last else [z, y])]
        forward += [
            f"for (int j = 0; j < {nout}; j++) {{",
            f"    {z}[j] = {bias};",
            f"    for (int i = 0; i < {nin}; i++) {z}[j] += {weight}[i] * {x}[i];",
            f"    {y}[j] = {in_c(curve)};",
            "}",
        ]
        clear = f"double {dx}[{nin}] = {{0}};"
        backward[:0] = [
            clear if k else f"for (int i = 0; i < {nin}; i++) {dx}[i] = 0.0;",
            f"for (int j = 0; j < {nout}; j++) {{",
            f"    const double dz = {in_c(slope)};",
            f"    d{bias} = dz;",
            f"    for (int i = 0; i < {nin}; i++) {{",
            f"        d{weight}[i] = dz * {x}[i];",
            f"        {dx}[i] += dz * {weight}[i];",
            "    }",
            "}",
        ]
    arrays = {name.replace(".", "_"): held for name, held in net.arrays.items()}
    return Parts(arrays, forward, backward)


# A graph


def graph_parts(graph: StraightLine) -> Parts:
    """A line for each operation, and one for each of its operands on the way back."""
    forward = [f"const double {name} = inputs[{k}];" for k, name in enumerate(graph.inputs)]
    forward += [f"const double {name} = params->{name};" for name in graph.params]
    forward += [line for each in graph.forward for line in declared(each, "const double")]
    forward += [f"outputs[{k}] = {name};" for k, name in enumerate(graph.outputs)]
    backward = [line for each in graph.backward for line in declared(each, "double")]
    slopes = enumerate(graph.gradients(graph.inputs))
    backward += [f"dinputs[{k}] = {slope};" for k, slope in slopes]
    pairs = zip(graph.params, graph.gradients(graph.params), strict=True)
    backward += [f"dparams->{name} = {slope};" for name, slope in pairs]
    return Parts(graph.params, forward, backward)


def declared(line: Line, kind: str) -> list[str]:
    """A line as an assignment; the first one to a name declares it."""
    note = f"  // {line.note}" if line.note else ""
    if line.text.startswith("softmax("):
        array = f"double {line.name}[{line.text.count(',') + 1}];"
        return [array, f"{in_c(line.text)[:-1]}, {line.name});{note}"]
    first = f"{kind} " if line.sign == "=" else ""
    return [f"{first}{line.name} {line.sign} {in_c(line.text)};{note}"]


# Texts


def in_c(text: str) -> str:
    """A formula of description.py as C: its lists, and the names of numbers."""
    for name, c in {"inf": "INFINITY", "nan": "NAN", "abs": "fabs"}.items():
        text = re.sub(rf"\b{name}\b", c, text)
    return re.sub(r"\(\[(.*?)\]", with_count, text)


def with_count(found: re.Match[str]) -> str:
    """A list as C has it: how many, and the numbers."""
    return f"({found[1].count(',') + 1}, (const double[]){{{found[1]}}}"


def function(head: str, lines: Sequence[str]) -> str:
    """The text of a function; an argument that it does not use is named, or compilers warn."""
    kept, used = needed(lines)
    unused = [f"(void){name};" for name in re.findall(r"\*(\w+)", head) if name not in used]
    return head + "".join([f"    {line}".rstrip() + "\n" for line in [*kept, *unused]]) + "}\n"


def needed(lines: Sequence[str]) -> tuple[list[str], set[str]]:
    """The lines without those that set what no later line reads, and all names that are read."""
    kept, used = list[str](), set[str]()
    for line in reversed(lines):
        code = re.sub(r"->\w+", "[]", line.partition("//")[0])
        sets = re.match(r"(?:(?:const )?double )?(\w+) \+?= ", code)
        if not sets or sets[1] in used:
            kept.append(line)
            used.update(re.findall(r"\w+", code[sets.end() if sets else 0 :]))
    return kept[::-1], used


def sizes(held: Numbers) -> str:
    """The sizes of an array, as it is declared."""
    return "" if isinstance(held, float) else f"[{len(held)}]{sizes(held[0])}"


def table(held: Numbers, brackets: str = "{}") -> str:
    """Numbers as they are written where they are declared, a line for each row."""
    if isinstance(held, float):
        return in_c(repr(held))
    parts = [table(part, brackets) for part in held]
    if isinstance(held[0], float):
        return f"{brackets[0]}{', '.join(parts)}{brackets[1]}"
    rows = "".join([f"        {part},\n" for part in parts])
    return f"{brackets[0]}\n{rows}    {brackets[1]}"


FORWARD = "void forward(const Params *params, const double *inputs, double *outputs) {\n"
GRADIENTS = """
void value_and_gradients(const Params *params, const double *inputs, const double *upstream,
                         double *outputs, double *dinputs, Params *dparams) {
""".lstrip()
BACK = ["", "// the chain rule, from the outputs to the inputs"]
NONE = "    char none;\n", "    0\n"  # a struct of C has a member

# What formulas call and <math.h> has not: an expression, or the whole text.
HELPERS = {
    "sign": "a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : fabs(a)",
    "relu": "a <= 0.0 ? 0.0 : a",
    "leak": "a > 0.0 ? 1.0 : k",
    "leaky_relu": "a * leak(a, k)",
    "sigmoid": "(a >= 0.0 ? 1.0 : exp(a)) / (1.0 + exp(-fabs(a)))",
    "softplus": "(a > 0.0 ? a : 0.0) + log1p(exp(-fabs(a)))",
    "normal_cdf": "0.5 * erfc(-a / sqrt(2.0))",
    "bell": "exp(-0.5 * a * a) / 2.5066282746310002",
    "gelu": "a < -40.0 ? 0.0 : a * normal_cdf(a)",
    "gelu_slope": "normal_cdf(a) + (fabs(a) > 40.0 ? 0.0 : a * bell(a))",
    "gelu_curve": "fabs(a) > 40.0 ? 0.0 : (2.0 - a * a) * bell(a)",
    "gate": "b > 0.0 ? a : b <= 0.0 ? 0.0 : b",
    "is_larger": "a > b ? 1.0 : a < b ? 0.0 : a == b ? 0.5 : NAN",
    "maximum": "a >= b ? a : a < b ? b : NAN",
    "minimum": "a <= b ? a : a > b ? b : NAN",
    "passed": "slope == 0.0 ? 0.0 : d * slope",
    # from 2**53 on k is even, and k - 1, which is odd, would be rounded
    "power_slope": "k == 0.0 ? 0.0 : a < 0.0 && fabs(k) > 9e15 ? k * (pow(a, k) / a) "
    ": k * pow(a, k - 1.0)",
    "exponent_slope": "a == 0.0 && k >= 0.0 ? 0.0 : a > 0.0 ? v * log(a) : NAN",
    "exact_sum": """
static double exact_sum(int n, const double *x) {
    double sum = 0.0, lost = 0.0;  // by rounding
    for (int i = 0; i < n; i++) {
        const double next = sum + x[i];
        lost += fabs(sum) >= fabs(x[i]) ? (sum - next) + x[i] : (x[i] - next) + sum;
        sum = next;
    }
    return sum - sum == 0.0 ? sum + lost : sum;  // inf - inf is nan
}""",
    "mean": "exact_sum(n, x) / n",
    "largest": """
static int largest(int n, const double *x) {
    int best = 0;
    for (int i = 1; i < n; i++) if (x[i] > x[best]) best = i;
    return best;
}""",
    "logsumexp": """
static double logsumexp(int n, const double *x) {
    const int best = largest(n, x);  // e**x[best] is taken out of the sum, and exceeds no float
    double rest = 0.0;
    for (int i = 0; i < n; i++) if (i != best) rest += x[i] == x[best] ? 1.0 : exp(x[i] - x[best]);
    return x[best] + log1p(rest);
}""",
    "softmax": """
static void softmax(int n, const double *x, double *shares) {
    const double top = x[largest(n, x)];
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += shares[i] = x[i] == top ? 1.0 : exp(x[i] - top);
    for (int i = 0; i < n; i++) shares[i] /= sum;
}""",
}
OWN = {"erfc": ("x", "the complement of the error function"),
       "largest": ("numbers", "where in a list the largest is")}  # fmt: skip


def helpers(texts: Iterable[str], bodies: Mapping[str, str] = HELPERS) -> str:
    """The definitions of what some texts call."""
    found = []
    for name in called([re.sub("//.*", "", text) for text in texts], bodies):
        arguments, what = (FUNCTIONS | OWN)[name]
        text = bodies[name].strip()
        if not text.endswith("}"):
            typed = ", ".join([f"double {argument}" for argument in arguments.split(", ")])
            typed = "int n, const double *x" if arguments == "numbers" else typed
            text = f"static double {name}({typed}) {{\n    return {text};\n}}"
        found.append(f"// {what}\n{text}\n\n")
    return "".join(found)


# Its test


def runner(described: Net | StraightLine, file: str) -> Runner:
    """How its test compiles and runs it."""
    imports = [f"import {name}" for name in ("ctypes", "shutil", "subprocess", "tempfile")]
    return run_by(RUN, imports, described, file)


def run_by(code: str, imports: list[str], described: Net | StraightLine, file: str) -> Runner:
    """A runner of some code, which is told the sizes of layers; a graph is one column."""
    if isinstance(described, Net):
        shapes = [(len(x.weight), len(x.weight[0])) for x in described.layers]
    else:
        shapes = [(len(described.params), 0)]
    n_inputs, _ = counts(described)
    return Runner((SIZES + code).format(n_inputs=n_inputs, shapes=shapes, file=file), imports)


SIZES = """
SHAPES = {shapes}
N_INPUTS, N_PARAMETERS = {n_inputs}, sum([nout * (nin + 1) for nout, nin in SHAPES])


def by_neuron(flat):
    \"\"\"Parameters that come layer by layer, weights and then biases, as micronn lists them.\"\"\"
    found = []
    for nout, nin in SHAPES:
        weights, biases, flat = flat[:nout * nin], flat[nout * nin:], flat[nout * (nin + 1):]
        for j in range(nout):
            found += [*weights[j * nin:][:nin], biases[j]]
    return found


"""
RUN = """
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
if COMPILER is None:
    pytest.skip("needs a C compiler: apt install gcc", allow_module_level=True)


def exported(examples):
    \"\"\"The outputs of each example, and the gradients by inputs and parameters.\"\"\"
    with tempfile.TemporaryDirectory() as folder:
        library = str(Path(folder) / "library.so")
        made = ["-std=c99", "-shared", "-fPIC", str(HERE / "{file}"), "-o", library, "-lm"]
        subprocess.run([COMPILER, *made], check=True)
        source = ctypes.CDLL(library)
    inputs, outputs, params = [ctypes.c_double * n for n in (N_INPUTS, N_OUTPUTS, N_PARAMETERS)]
    given = params.in_dll(source, "PARAMETERS")
    for x, upstream in examples:
        forward, y, dx, dw = outputs(), outputs(), inputs(), params()
        source.forward(given, inputs(*x), forward)
        source.value_and_gradients(given, inputs(*x), outputs(*upstream), y, dx, dw)
        assert same(list(forward), list(y))
        yield list(y), list(dx), by_neuron(list(dw))
"""
