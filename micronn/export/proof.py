"""The test that comes with an export: micronn's own numbers beside those of the source.

Its text is the same for all targets but for one function, exported(examples), which the
target writes.  For each example, a pair (x, upstream), it gives three lists of floats: the
outputs, and the gradients by the inputs and by the parameters of the sum of each output
times its upstream.  Parameters come in micronn's order, those of a net neuron by neuron:
its weights, then its bias.
"""

from collections.abc import Sequence
from textwrap import dedent, indent
from typing import NamedTuple

from micronn.checkpoint import FORMAT, VERSION
from micronn.export.description import Net, StraightLine

SAVED = {"format": FORMAT, "version": VERSION, "epoch": 0, "notes": {}}


class Runner(NamedTuple):
    """How a test runs a source.

    code: the text of exported(examples), a generator of three lists each, and what it needs
        before it; HERE is the folder of the test.
    imports: lines of import that it needs besides.
    packages: what the test is skipped without.
    digits: two numbers agree if they differ by at most 1e-digits, as TOLERANCE says.
    note: what else is to be known of the comparison, a sentence or two.
    gradients: whether the source computes them; if not, its second and third list are None.
    """

    code: str
    imports: Sequence[str] = ()
    packages: Sequence[str] = ()
    digits: int = 12
    note: str = ""
    gradients: bool = True


def test_of(
    described: Net | StraightLine, original: str, file: str, test: str, runner: Runner
) -> str:
    """The text of the test of a source in `file`.

    original: the JSON of a net, or the Python of a program.
    """
    what = "values and gradients" if runner.gradients else "values"
    if isinstance(described, Net):
        uses = "import json", "from micronn.checkpoint import training_from\n"
        recorded, nout = [0.0] * described.nin, described.nout
        first = NET.replace("ORIGINAL_JSON", repr(original))
    else:
        uses = "from operator import mul", "from micronn.compiler.python_source import VOCABULARY\n"
        recorded, nout = list(described.inputs.values()), len(described.outputs)
        first = PROGRAM.replace("ORIGINAL_PYTHON", original)
        first = first.replace("N_INPUTS", str(len(recorded)))
        first = first.replace("PARAMETER_NUMBERS", repr(list(described.params.values())))
    imports = "\n".join(sorted([*runner.imports, uses[0], *IMPORTS], key=str.split)) + "\n"
    skips = "".join([f'{name} = pytest.importorskip("{name}")\n' for name in runner.packages])
    gradients = GRADIENTS if runner.gradients else ""
    note = f"\n{runner.note}\n" if runner.note else ""
    return f'''"""Whether {file} computes what micronn computes: python -m pytest {test}

The original is in here.  Both run on the same inputs, a recorded one and 100 random ones,
and their {what} are compared.
{note}"""

{imports}
import pytest

{uses[1]}from micronn.engine import Value, dot

{skips}HERE = Path(__file__).parent
TOLERANCE = 1e-{runner.digits}  # of the largest number of a list, or of 1 if all are smaller
RECORDED = {recorded!r}
N_OUTPUTS = {nout}

# The original

{first}


# What was exported

{runner.code.strip()}


# Both on the same inputs


{EXAMPLES}{gradients}'''


IMPORTS = ["import random", "from math import inf, isfinite, nan", "from pathlib import Path"]
NET = '''
MODEL = training_from(json.loads(ORIGINAL_JSON)).model


def original(x, upstream):
    """The outputs, and the gradients of their sum, each times its upstream."""
    MODEL.zero_grad()
    inputs = [Value(number) for number in x]
    outputs = MODEL(inputs)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    dot(outputs, upstream).backward()
    return [y.data for y in outputs], [v.grad for v in inputs], [p.grad for p in MODEL.parameters()]
'''.strip()

PROGRAM = '''
globals().update({"sumprod": lambda a, b: sum(map(mul, a, b))} | VOCABULARY)
PARAMETERS = PARAMETER_NUMBERS


ORIGINAL_PYTHON

def original(x, upstream):
    """The outputs, and the gradients of their sum, each times its upstream."""
    # To the program these factors are inputs too, and its gradients by them are the outputs
    _, dx, dw = program([*x, *upstream], PARAMETERS)
    return dx[N_INPUTS:], dx[:N_INPUTS], dw
'''.strip()

EXAMPLES = '''
def same(exported, original):
    """Whether two lists hold the same numbers; nan and infinities as well."""
    size = max([1.0, *[abs(b) for b in original if isfinite(b)]])
    assert len(exported) == len(original)
    for k, (a, b) in enumerate(zip(exported, original)):
        equal = a == b or (a != a and b != b) or abs(a - b) <= TOLERANCE * size
        assert equal, f"number {k} is {a!r} there and {b!r} in micronn"
    return True


@pytest.fixture(scope="module")
def both():
    """Pairs of what was exported and the original, on inputs that the original takes."""
    rng = random.Random(0)
    found = []
    examples = []
    for k in range(101):
        size = 0.0 if k == 0 else (0.1, 1.0, 10.0)[k % 3]
        x = [number + rng.gauss(0.0, size) for number in RECORDED]
        upstream = [rng.uniform(0.5, 2.0) for _ in range(N_OUTPUTS)]
        try:
            found.append(original(x, upstream))
        except (ValueError, ArithmeticError):  # log of a number below 0, say
            continue
        examples.append((x, upstream))
    assert examples, "micronn refuses every input"
    return list(zip(exported(examples), found, strict=True))


def test_the_values_are_the_same(both):
    for exported, original in both:
        assert same(exported[0], original[0])
'''.lstrip()

GRADIENTS = """

def test_the_gradients_by_the_inputs_are_the_same(both):
    for exported, original in both:
        assert same(exported[1], original[1])


def test_the_gradients_by_the_parameters_are_the_same(both):
    for exported, original in both:
        assert same(exported[2], original[2])
"""


def loaded(file: str, code: str) -> str:
    """A runner's code for a source that Python imports, as `source`."""
    name = file.removesuffix(".py")
    return LOADED.format(name=name, file=file) + indent(dedent(code).strip(), "    ")


LOADED = '''
spec = importlib.util.spec_from_file_location("{name}", HERE / "{file}")
source = importlib.util.module_from_spec(spec)
spec.loader.exec_module(source)


def by_neuron(gradients):
    """The arrays of a net's gradients as micronn lists them: each neuron's weights, its bias."""
    arrays = iter(gradients)
    layers = zip(arrays, arrays)
    neurons = [pair for weight, bias in layers for pair in zip(weight, bias)]
    return [float(x) for row, b in neurons for x in [*row, b]]


def exported(examples):
    """The outputs of each example, and the gradients by inputs and parameters."""
'''
