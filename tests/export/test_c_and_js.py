"""Exports to C and JavaScript: no warning, no label that gets into the code, no digit lost."""

import json
import math
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import AT_EACH_POINT, built

from micronn.compiler import compile_graph
from micronn.engine import Value, logsumexp, total
from micronn.export import export
from micronn.export.description import RESERVED
from micronn.export.to_js import ERFC
from micronn.nn import ACTIVATIONS, MLP

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
NOTHING = ["-c", "-o", os.devnull]  # is written, but all warnings come
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node: apt install nodejs")


@pytest.fixture(params=["gcc", pytest.param("clang", marks=pytest.mark.slow)])
def compiler(request):
    if shutil.which(request.param) is None:
        pytest.skip(f"needs {request.param}: apt install {request.param}")
    return request.param


def accepted(command):
    """Assert that a compiler has nothing to say."""
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def digit_net():
    return MLP(784, [16, 16, 10], rng=random.Random(1))


def unusual():
    """A graph of every operation, and graphs that leave out what others have."""
    every = [built(name, point) for name, point in AT_EACH_POINT]
    leaves = [leaf for node in every for leaf in node.operands if not leaf.operands]
    yield compile_graph(every, leaves[::2], leaves[1::2], "python")
    x, w, c = Value(1.0, "x"), Value(2.0, "w"), Value(3.0, "c")
    yield compile_graph(w * c, [x], [w], "python")
    yield compile_graph([x, x, w], [x], [w], "python")
    yield compile_graph(Value(2.0) * c, [], [], "python")
    yield compile_graph((x * 0.0) ** 0.0 + math.inf, [x], [], "python")
    yield compile_graph(logsumexp([x, c, Value(-1000.0)]), [x], [c], "python")


def test_no_compiler_warns_of_anything(compiler, tmp_path):
    net = MLP(3, [4] * len(ACTIVATIONS), list(ACTIVATIONS))
    for what in (net, digit_net(), *unusual()):
        source, _ = export(what, "c", tmp_path)
        accepted([compiler, *STRICT, *NOTHING, source])


def test_the_digit_net_is_less_than_200_lines_of_c(tmp_path):
    source, _ = export(digit_net(), "c", tmp_path)
    assert len(Path(source).read_text("utf-8").splitlines()) < 200


def labelled(labels):
    """A graph whose leaves and results have these labels, each twice."""
    leaves = [Value(0.5, label) for label in labels]
    nodes = [(leaf * leaf).tanh() for leaf in leaves]
    for node, label in zip(nodes, labels, strict=True):
        node.label = label
    return compile_graph(total(nodes), leaves[::2], leaves[1::2], "python")


NAMES = ["y0", "j1", "gamma", "isnan", "exp2", "I", "div", "printf", "let", "yield", "of", "async"]
HOSTILE = ["*/ int x; /*", "// \\", "??/", "a\nb", "\u2028", "-->", "<!--", "`${x}`", "\x00", "v3"]
labels = st.text() | st.sampled_from([*sorted(RESERVED), *NAMES, *HOSTILE])


@pytest.mark.parametrize("to", ["c", pytest.param("js", marks=pytest.mark.slow)])
def test_any_label_is_a_name_or_a_comment_and_never_code(to):
    command = [NODE, "--check"] if to == "js" else [shutil.which("gcc"), *STRICT, *NOTHING]
    if not command[0]:
        pytest.skip("needs gcc and node: apt install gcc nodejs")

    @settings(max_examples=15, deadline=None)
    @given(st.lists(labels, min_size=8, max_size=30))
    def holds(found):
        with tempfile.TemporaryDirectory() as folder:
            source, _ = export(labelled(found), to, folder)
            plain, _ = export(labelled([""] * len(found)), to, folder, "plain")
            accepted([*command, source])
            codes = [
                re.split(b"#include|use strict", Path(path).read_bytes())
                for path in (source, plain)
            ]
        assert len(codes[0][1].splitlines()) == len(codes[1][1].splitlines())

    holds()


EXTREME = [5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, 0.1, -0.0, 1e16, 1 / 3,
           math.inf, -math.inf, math.nan]  # fmt: skip


def bits(numbers):
    return [struct.pack("d", number) for number in numbers]


@needs_node
def test_every_double_is_the_same_double_in_javascript(tmp_path):
    leaves = [Value(number) for number in EXTREME]
    source, _ = export(compile_graph(total(leaves), [], leaves, "python"), "js", tmp_path)
    program = (
        "const numbers = Object.values(require(process.argv[1]).PARAMETERS);"
        "process.stdout.write(new Uint8Array(new Float64Array(numbers).buffer));"
    )
    done = subprocess.run([NODE, "-e", program, source], capture_output=True, check=True)
    assert bits(struct.unpack(f"{len(EXTREME)}d", done.stdout)[:-1]) == bits(EXTREME[:-1])
    assert math.isnan(struct.unpack(f"{len(EXTREME)}d", done.stdout)[-1])


@needs_node
def test_the_error_function_of_javascript_has_14_digits():
    # of erfc itself, not of 1: what gelu multiplies far below 0 is nothing else
    points = [k / 8 for k in range(-48, 200)] + [1.4999999999, 1.5, 26.0]
    program = f"const {{ exp, sqrt }} = Math;{ERFC}\n"
    program += f"console.log(JSON.stringify({points}.map(erfc)))"
    done = subprocess.run([NODE, "-e", program], capture_output=True, check=True)
    for x, found in zip(points, json.loads(done.stdout), strict=True):
        with mpmath.workdps(30):
            exact = mpmath.erfc(x)
            assert abs(found - exact) < 2e-14 * (1 + x * x) * exact, x


@needs_node
def test_a_page_that_reads_the_script_finds_an_object_of_the_files_name(tmp_path):
    model = MLP(2, [3, 1], "tanh", rng=random.Random(1))
    source, _ = export(model, "js", tmp_path, "my net")
    program = (  # a page has neither module nor require, and one script sees the names of another
        "const vm = require('vm'), page = vm.createContext({ structuredClone });"
        "vm.runInContext(require('fs').readFileSync(process.argv[1], 'utf8'), page);"
        "console.log(vm.runInContext('my_net.forward(my_net.PARAMETERS, [0.5, -2])[0]', page));"
    )
    done = subprocess.run([NODE, "-e", program, source], capture_output=True, check=True)
    assert float(done.stdout) == pytest.approx(model([0.5, -2.0]).data, rel=1e-12)
