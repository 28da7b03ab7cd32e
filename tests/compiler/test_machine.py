"""C and Python agree on the machine, and no tape makes it reach outside its arrays."""

import dataclasses
import math
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import each_machine, native_only

from micronn.compiler import NoMachine, build, compile_graph, machine
from micronn.compiler.tape import OF_TWO, Instruction, Tape, write_tape
from micronn.engine import Value, dot
from micronn.graph.operations import OPERATIONS, POWERS
from micronn.nn import MLP

ROOT = Path(build.__file__).parent.parent.parent
SOURCE = Path(machine.__file__).with_name("operations.h").read_text("utf-8")


def tape_of(
    *instructions, constants=(2.0, 3.0), slots=12, inputs=3, weights=4, quiet=3, outputs=(11,),
    lists=range(-1, 15), direct=0,
):  # fmt: skip
    """A tape with a list of the numbers from -1 on, so that entry a + 1 says slot a."""
    return Tape(
        inputs, weights, list(instructions), list(constants), list(outputs), slots, quiet,
        list(lists), direct,
    )  # fmt: skip


# What Python and C must agree on


def reloaded(monkeypatch, tmp_path, changes):
    """Load the machine once more, built from other texts; each change is made once."""
    texts = {path.name: path.read_text("utf-8") for path in build.SOURCE.parent.glob("*.[ch]")}
    for old, new in changes.items():
        assert sum(text.count(old) for text in texts.values()) == 1, old
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setattr(build, "SOURCE", tmp_path / build.SOURCE.name)
    monkeypatch.setattr(build, "FLAGS", [["-O0", "-shared", "-fPIC"]])  # quickly built
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path / "cache"))
    return machine.library.__wrapped__("native", "float64")


@native_only
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("int64_t length, list_length", "int64_t list_length, length", "fields of Program are"),
        ("int64_t direct;", "int64_t direct, more;", "'direct', 'more'] there, .* 'direct'] here"),
        ("    double loss; ", "    float loss; ", "cannot be loaded: 'float'"),
        ("int32_t a, b;", "int32_t b, a;", "'b', 'a', .* there, .* 'a', 'b', .* here"),
    ],
)
def test_a_struct_that_c_and_python_see_differently_is_refused_in_words(
    old, new, said, monkeypatch, tmp_path
):
    with pytest.raises(NoMachine, match=said):
        reloaded(monkeypatch, tmp_path, {old: new})


@native_only
def test_a_field_of_another_size_is_found_where_c_has_put_it(monkeypatch, tmp_path):
    new = reloaded(monkeypatch, tmp_path, {"int64_t quiet; ": "int32_t quiet; "}).structs
    old = machine.library("native", "float64").structs
    assert [kind["Program"].quiet.size for kind in (old, new)] == [8, 4]


@native_only
def test_numbers_of_another_size_are_refused(monkeypatch, tmp_path):
    monkeypatch.setitem(build.REAL, "float64", "float")
    with pytest.raises(NoMachine, match="real are 4 there, 8 here"):
        reloaded(monkeypatch, tmp_path, {})


@native_only
@pytest.mark.parametrize("name", ["machine_operations", "machine_sizes", "machine_check(const"])
def test_a_library_that_is_not_the_machine_is_refused_and_thrown_away(name, monkeypatch, tmp_path):
    with pytest.raises(NoMachine, match="cannot be loaded"):
        reloaded(monkeypatch, tmp_path, {name: name.replace("machine", "else")})
    assert list((tmp_path / "cache").rglob("*.so")) == []


@native_only
def test_sizes_and_the_order_of_operations_are_those_of_c(monkeypatch, tmp_path):
    changes = {
        "RULE_LANES = 256": "RULE_LANES = 64",
        "OP(SUM) ": "", "OP(DOT) ": "OP(SUM) OP(DOT) ",
    }  # fmt: skip
    found = reloaded(monkeypatch, tmp_path, changes)
    assert found.sizes.rule_lanes == 64
    assert list(found.operations)[-4:] == ["SUM", "DOT", "MEAN", "LOGSUMEXP"]


@native_only
def test_a_graph_too_large_for_the_machine_runs_in_python_and_says_so(monkeypatch, tmp_path):
    small = reloaded(monkeypatch, tmp_path, {"MOST_SLOTS = 1 << 22": "MOST_SLOTS = 4"})
    monkeypatch.setattr(machine, "library", lambda kind, dtype: small)
    x = Value(1.0)
    with pytest.warns(RuntimeWarning, match='room for 4 slots .* got 6; use backend="python"'):
        program = compile_graph(x.sin().cos().tanh().exp().sin(), [x])
    assert program.backend == "python"
    with pytest.raises(ValueError, match="room for 4 slots"):
        compile_graph(x.sin().cos().tanh().exp().sin(), [x], backend="machine")


@each_machine
def test_every_operation_of_the_table_is_one_of_the_machine(kind):
    names = {row.machine for row in [*OPERATIONS.values(), *POWERS.values()]}
    assert names <= set(machine.library(kind, "float64").operations)


# Tapes that are refused

BAD = {
    "reads its own result": Instruction("NEG", 1, 5, 6),
    "reads a later slot": Instruction("ADD", 1, 5, 1, 7),
    "reads a later slot first": Instruction("ADD", 1, 5, 7, 1),
    "reads before the first slot": Instruction("NEG", 1, 5, 0),
    "reads over into its result": Instruction("NEG", 3, 5, 4),
    "reads over into its result beside others": Instruction("MUL", 3, 5, 1, 4),
    "a list before the first": Instruction("NEG", 1, 5, -1),
    "a list that ends too late": Instruction("NEG", 2, 5, 15),
    "a list that begins behind the last": Instruction("NEG", 1, 5, 16),
    "a second list that is not there": Instruction("ADD", 1, 5, 1),
    "writes over an input": Instruction("BROADCAST", 1, 2, 1),
    "writes behind the last slot": Instruction("NEG", 2, 11, 1),
    "does nothing": Instruction("NEG", 0, 5, 1),
    "a huge count": Instruction("NEG", 2**31 - 1, 5, 1),
    "a scalar that is not there": Instruction("BROADCAST", 1, 5, 7),
    "a scalar before the first": Instruction("BROADCAST", 1, 5, 0),
    "a layer with too many weights": Instruction("LAYER", 2, 5, 0, 0, 3, 2),
    "a layer over parameters and constants": Instruction("LAYER", 1, 5, 0, 3, 2),
    "a layer that steps backwards": Instruction("LAYER", 2, 5, 0, 3, 1, stride=-1),
    "a layer of huge steps": Instruction("LAYER", 2, 5, 0, 0, 1, stride=2**31 - 1),
    "a layer without terms": Instruction("LAYER", 1, 5, 0, 0, 0),
    "a layer that reads its result": Instruction("LAYER", 2, 3, 1, 0, 3),
    "a bias that is not there": Instruction("LAYER", 1, 5, 0, 0, 2, bias=9),
    "a dot behind its result": Instruction("DOT", 1, 5, 1, 4, 3),
    "several dots, the last behind its result": Instruction("DOT", 2, 5, 1, 1, 3),
    "a sum of a list that ends too late": Instruction("SUM", 1, 11, 13, n=5),
    "no room for shares": Instruction("LOGSUMEXP", 1, 9, 1, n=3),
    "no room for the shares of several": Instruction("LOGSUMEXP", 2, 6, 1, n=3),
    "terms where there are none": Instruction("NEG", 1, 5, 1, n=2**31 - 1),
    "a second operand where there is none": Instruction("SUM", 1, 5, 1, 2**31 - 1, 3),
    "a negative number of terms": Instruction("SUM", 1, 9, 1, n=-3),
    "no terms": Instruction("MEAN", 1, 9, 1),
    "an exponent that is not there": Instruction("POWER", 1, 5, 1, 99),
}


@each_machine
@pytest.mark.parametrize("name", BAD)
def test_a_tape_that_reaches_outside_its_arrays_is_refused(name, kind):
    with pytest.raises(ValueError, match="instruction 1 reaches outside its arrays"):
        machine.Machine(tape_of(Instruction("BROADCAST", 1, 4, 1), BAD[name]), kind=kind)


@each_machine
@pytest.mark.parametrize(
    "step",
    [
        Instruction("NEG", 1, 5, 2),
        Instruction("ADD", 1, 5, 3, 2),
        Instruction("SUM", 1, 5, 1, n=2),
        Instruction("LAYER", 1, 5, 1, 0, 2),
    ],
)
def test_an_input_that_was_brought_to_no_slot_is_not_read_there(step, kind):
    with pytest.raises(ValueError, match="instruction 0 reaches outside its arrays"):
        machine.Machine(tape_of(step, direct=2), kind=kind)
    machine.Machine(tape_of(step, direct=0), kind=kind)


@each_machine
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("count", [1, 3, 32, 39, 41, 72])
def test_a_net_of_many_inputs_reads_them_as_they_came_and_finds_the_same(count, dtype, kind):
    rng = random.Random(count)
    model, x = MLP(130, [5, 2], "tanh", rng=rng), [Value(0.5) for _ in range(131)]
    tape = write_tape([dot(model(x[:130]), [x[130], 2.0])], x, model.parameters())
    assert tape.direct == 130
    rows = array("d", [rng.uniform(-1.0, 1.0) for _ in range(131 * count)])
    weights = array(machine.ARRAY[dtype], [p.data for p in model.parameters()])
    one, other = (
        machine.Machine(dataclasses.replace(tape, direct=direct), dtype, kind)
        .run((rows, count), weights) for direct in (130, 0)
    )  # fmt: skip
    for mine, its in zip(one, other, strict=True):
        near = {"float64": 1e-13, "float32": 1e-5}[dtype] * max(map(abs, its))
        assert list(mine) == pytest.approx(list(its), rel=0, abs=near)


@each_machine
def test_an_infinite_input_is_left_to_the_graph_wherever_it_is_read(kind):
    x, w = [Value(0.5) for _ in range(130)], [Value(0.0) for _ in range(130)]
    net = machine.Machine(write_tape([dot(w, x).relu()], x, w), "float32", kind)
    weights = array("f", bytes(4 * 130))
    assert net.run((array("d", [1.0] * 130), 1), weights)
    assert net.run((array("d", [1e39] + [1.0] * 129), 1), weights) is None  # beyond a float


@each_machine
@pytest.mark.parametrize(
    "tape",
    [
        tape_of(outputs=[12]),
        tape_of(outputs=[-1]),
        tape_of(outputs=[]),
        tape_of(inputs=13),
        tape_of(inputs=-1),
        tape_of(quiet=13),
        tape_of(direct=4),
        tape_of(direct=-1),
        tape_of(direct=1, outputs=[0]),
        tape_of(slots=2**40),
        tape_of(weights=-1),
        tape_of(Instruction("EVAL", 1, 5, 1)),
        tape_of(Instruction("NEG", 1, 2**40, 1)),
        tape_of(Instruction("NEG", 1, 5, 0.5)),
        tape_of(Instruction("NEG", 1, 5, 0), lists=[2**40]),
        tape_of(Instruction("NEG", 1, 5, 0), lists=["0"]),
        tape_of(Instruction("NEG", 1, 5, 0), lists=[]),
    ],
)
def test_sizes_and_names_that_are_wrong_are_refused(tape, kind):
    with pytest.raises(ValueError, match=r"\d|instruction"):
        machine.Machine(tape, kind=kind)


@each_machine
def test_buffers_of_another_length_are_refused(kind):
    negated = machine.Machine(tape_of(Instruction("NEG", 1, 11, 1)), kind=kind)
    examples, weights = array("d", [1.0] * 6), array("d", [1.0] * 4)
    assert list(negated.run((examples, 2), weights)[0]) == [-1.0, -1.0]
    for wrong in (
        ((examples, 3), weights),
        ((examples, 2), weights[:3]),
        ((array("f", examples), 2), weights),
    ):
        with pytest.raises(ValueError, match="expected"):
            negated.run(*wrong)


# The same under the sanitizers, in a process of their own


def mostly(usual):
    """Numbers that may be right, and in between any others."""
    return st.one_of(*[st.sampled_from(usual)] * 15, st.integers(-2, 14))


def steps_of(op):
    """Instructions of one operation, of which many are safe."""
    terms = [0] if OPERATION_NAMES.index(op) < OPERATION_NAMES.index("LAYER") else [1, 2, 3]
    second = range(4) if op in {*OF_TWO, "DOT", "LAYER"} else [-1]
    return st.builds(
        Instruction, st.just(op), mostly([1, 1, 2]), mostly(range(5, 11)), mostly(range(4)),
        mostly(second), mostly(terms), mostly([0, 1]), mostly([-1, 0, 4]),
    )  # fmt: skip


OPERATION_NAMES = re.findall(r"\bOP[(]([A-Z]+)", SOURCE)
steps = st.sampled_from(OPERATION_NAMES).flatmap(steps_of)


@each_machine
@settings(max_examples=300, deadline=None)
@given(
    instructions=st.lists(steps, max_size=4), count=st.integers(1, 150),
    lists=st.lists(st.sampled_from([*range(5)] * 5 + [*range(-1, 13)]), min_size=9, max_size=16),
    direct=st.sampled_from([0, 0, 1, 3]),
)  # fmt: skip
def test_any_tape_is_refused_or_runs(kind, instructions, count, lists, direct):
    examples, weights = array("d", [0.5] * 3 * count), array("d", [0.1] * 4)
    tape, result, refused = tape_of(*instructions, lists=lists, direct=direct), None, ""
    try:
        result = machine.Machine(tape, kind=kind).run((examples, count), weights)
    except ValueError as refusal:
        refused = str(refusal)
    assert not refused or re.match(r"instruction \d+ reaches outside", refused)
    assert (set(examples), set(weights)) == ({0.5}, {0.1})
    if result is not None:  # None: refused, or a number is inf or nan
        assert [len(part) for part in result] == [count, 3 * count, 4]
        assert all(math.isfinite(x) for part in result for x in part)


@native_only
@pytest.mark.slow
def test_the_sanitizers_find_nothing(tmp_path):
    """Every graph and tape of the tests, with the machine built to stop at a bad access."""
    if os.environ.get("MICRONN_SANITIZED"):
        pytest.skip("this is the run under the sanitizers")
    compiler = shutil.which("gcc")
    runtime = build.run([compiler, "-print-file-name=libasan.so"]) if compiler else ""
    if not os.path.isabs(runtime.strip()):
        pytest.skip("no gcc with an address sanitizer")
    checked = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -static-libubsan"
    script = tmp_path / "checking-compiler"  # the last -O counts: -O3 takes many times longer
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(compiler)} "$@" {checked}\n', "utf-8")
    script.chmod(0o700)
    settings = {
        "PYTHONPATH": str(ROOT),
        "MICRONN_SANITIZED": "1",
        "MICRONN_CACHE": str(tmp_path),
        "CC": str(script),
        "LD_PRELOAD": runtime.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",
    }
    chosen = "native and (33 or 275 or net or training or random or float or any_tape)"
    command = [sys.executable, "-m", "pytest", "-qxp", "no:cacheprovider", "-k", chosen]
    done = subprocess.run(
        [*command, "tests/compiler"],
        cwd=ROOT, capture_output=True, text=True, timeout=600, env={**os.environ, **settings},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "passed" in done.stdout
