"""A model or a graph as one script of JavaScript, for node and for a page: C without its types.

A page reads it by <script src="...">, also from a file, and finds an object of the file's
name; node by require().
"""

import re

from micronn.export import to_c
from micronn.export.description import RESERVED, Net, StraightLine, safe_name
from micronn.export.proof import Runner
from micronn.export.python_text import body

# JavaScript has erfc not
ERFC = """
function erfc(x) {
    // Abramowitz, Stegun, "Handbook of mathematical functions", 1964: 7.1.6 near 0, else 7.1.14
    if (x < 0.0) return 2.0 - erfc(-x);
    const bell = exp(-x * x) / sqrt(Math.PI);
    if (x < 1.5) {
        let term = x, sum = x;
        for (let n = 1; term > 1e-17 * sum; n++) sum += term *= 2.0 * x * x / (2 * n + 1);
        return 1.0 - 2.0 * bell * sum;
    }
    let tail = x;
    for (let n = 100; n > 0; n--) tail = x + 0.5 * n / tail;
    return bell / tail;
}"""
TYPES = [  # what C writes, and what JavaScript does; in this order
    (r"^ *\(void\)\w+;\n", ""),
    (r"^static \w+ (\w+)\(", r"function \1("),
    (r"(?:const )?(?:double|int) \*?(\w+)(?=[,)])", r"\1"),
    (r"\(const double\[\]\)\{(.*?)\}", r"[\1]"),
    (r"\bdouble (\w+)\[(\d+)\](?: = \{0\})?;", r"const \1 = new Float64Array(\2);"),
    (r"\bconst (?:double|int) ", "const "),
    (r"\b(?:double|int) ", "let "),
    (r"->", "."),
    (r"\bfabs\b", "abs"),
    (r"\bINFINITY\b", "Infinity"),
    (r"\bNAN\b", "NaN"),
]  # fmt: skip
MATH = ("abs", "cos", "exp", "log", "log1p", "pow", "sin", "sqrt", "tanh")


def source(described: Net | StraightLine, file: str) -> str:
    """The text of the file."""
    parts, name = to_c.parts_of(described), safe_name(file[:-3], "model", {*RESERVED})
    outputs, dinputs = [f"new Float64Array({n})" for n in reversed(to_c.counts(described))]
    lines = [f"const outputs = {outputs};", *parts.forward, "return outputs;"]
    back = [
        f"const outputs = {outputs}, dinputs = {dinputs}, dparams = structuredClone(params);",
        *parts.forward, *to_c.BACK, *parts.backward, "return { outputs, dinputs, dparams };",
    ]  # fmt: skip
    forward, gradients = [body(to_c.needed(lines)[0]) for lines in (lines, back)]
    code = (
        f"// The outputs.\nfunction forward(params, inputs) {{\n{forward}}}\n\n"
        "// The outputs, and the gradients of the sum of each output times its upstream.\n"
        f"function value_and_gradients(params, inputs, upstream) {{\n{gradients}}}\n\n"
    )
    held = [f"    {key}: {to_c.table(value, '[]')},\n" for key, value in parts.arrays.items()]
    return (
        f"/* {to_c.about(described, file, 'in JavaScript')} */\n\n"
        f'"use strict";\n\nconst {name} = (() => {{\n\n'
        f"const {{ {', '.join(MATH)} }} = Math;\n\n"
        + without_types(f"const PARAMETERS = {{\n{''.join(held)}}};\n\n")
        + without_types(to_c.helpers([code], {"erfc": ERFC} | to_c.HELPERS))
        + without_types(code)
        + "return { PARAMETERS, forward, value_and_gradients };\n\n})();\n\n"
        + f'if (typeof module !== "undefined") module.exports = {name};\n'
    )


def without_types(text: str) -> str:
    """C as JavaScript; comments stay as they are."""
    parts = re.split(r"(//.*)", text)
    for k in range(0, len(parts), 2):
        for c, js in TYPES:
            parts[k] = re.sub(c, js, parts[k], flags=re.MULTILINE)
    return "".join(parts)


# Its test


def runner(described: Net | StraightLine, file: str) -> Runner:
    """How its test runs it."""
    imports = ["import shutil", "import subprocess", "from array import array"]
    return to_c.run_by(RUN, [*imports, "from itertools import islice"], described, file)


RUN = """
NODE = shutil.which("node")
if NODE is None:
    pytest.skip("needs node: apt install nodejs", allow_module_level=True)
PROGRAM = f'''
const source = require(process.argv[1]), n = {{N_INPUTS}}, m = {{N_OUTPUTS}}, found = [];
const given = new Float64Array(new Uint8Array(require("fs").readFileSync(0)).buffer);
for (let k = 0; k < given.length; k += n + m) {{{{
    const x = given.slice(k, k + n), upstream = given.slice(k + n, k + n + m);
    const all = source.value_and_gradients(source.PARAMETERS, x, upstream);
    const dparams = Object.values(all.dparams).flat(2);
    found.push(...source.forward(source.PARAMETERS, x), ...all.outputs, ...all.dinputs, ...dparams);
}}}}
process.stdout.write(new Uint8Array(new Float64Array(found).buffer));
'''


def exported(examples):
    \"\"\"The outputs of each example, and the gradients by inputs and parameters.\"\"\"
    given = array("d", [number for x, upstream in examples for number in [*x, *upstream]])
    command = [NODE, "-e", PROGRAM, str(HERE / "{file}")]
    done = subprocess.run(command, input=given.tobytes(), stdout=subprocess.PIPE, check=True)
    found, sizes = iter(array("d", done.stdout)), (N_OUTPUTS, N_OUTPUTS, N_INPUTS, N_PARAMETERS)
    for _ in examples:
        forward, y, dx, dw = [list(islice(found, size)) for size in sizes]
        assert same(forward, y)
        yield y, dx, by_neuron(dw)
"""
