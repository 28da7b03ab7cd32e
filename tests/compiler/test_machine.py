"""The machine is built once, in a private place, and no tape makes it reach outside its arrays."""

import math
import os
import re
import stat
import subprocess
import sys
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micronn.compiler import machine as native
from micronn.compiler.tape import Instruction, Tape

ROOT = Path(native.__file__).parent.parent.parent
RUN = (
    "from micronn.engine import Value; from micronn.compiler.program import compile_graph\n"
    "x = Value(2.0);"
    "p = compile_graph(x.tanh() * 3.0, [x]); print(p.backend, p(0.0))"
)
try:
    native.library("float64")
except native.NoMachine:
    pytest.skip("no C compiler", allow_module_level=True)


def python(code, **environment):
    """Run code in a new Python; returns what it did."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )


def tape_of(
    *instructions, constants=(2.0, 3.0), slots=12, inputs=3, weights=4, quiet=3, outputs=(11,)
):
    return Tape(inputs, weights, list(instructions), list(constants), list(outputs), slots, quiet)


# Building


def test_the_cache_is_private_and_used_again(tmp_path):
    folder = tmp_path / "a" / "cache"
    first = python(RUN, MICRONN_CACHE=str(folder))
    assert first.stdout == "machine (0.0, [3.0])\n", first.stderr
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (built,) = folder.iterdir()
    time = built.stat().st_mtime_ns
    assert python(RUN, MICRONN_CACHE=str(folder)).stdout == first.stdout
    assert (
        [built.stat().st_mtime_ns]
        == [file.stat().st_mtime_ns for file in folder.iterdir()]
        == [time]
    )


def test_an_open_folder_is_made_private_before_anything_is_loaded_from_it(tmp_path):
    tmp_path.chmod(0o777)
    assert native.made_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_link_a_file_or_a_place_without_permission_is_no_cache(tmp_path):
    (tmp_path / "link").symlink_to("/tmp")
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "file/below"):
        assert not native.made_private(tmp_path / name)


def test_a_home_that_cannot_be_written_leads_to_a_temporary_folder(tmp_path):
    (tmp_path / "home").write_text("a file, so that no folder can be made below it")
    done = python(RUN, HOME=str(tmp_path / "home"), XDG_CACHE_HOME="", MICRONN_CACHE="",
                  TMPDIR=str(tmp_path))  # fmt: skip
    assert done.stdout == "machine (0.0, [3.0])\n", done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["home"]  # cleaned up


def test_processes_that_build_at_once_all_get_a_whole_machine(tmp_path):
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda _: python(RUN, MICRONN_CACHE=str(tmp_path)), range(3)))
    assert [run.stdout for run in runs] == ["machine (0.0, [3.0])\n"] * 3, runs[0].stderr
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false"])
def test_without_a_working_compiler_python_runs_and_one_line_says_what_to_do(compiler, tmp_path):
    done = python(RUN, CC=compiler, MICRONN_CACHE=str(tmp_path))
    assert done.stdout == "python (0.0, [3.0])\n"
    warnings = [line for line in done.stderr.splitlines() if "Warning" in line]
    assert len(warnings) == 1
    assert "apt install gcc" in warnings[0]
    assert list(tmp_path.iterdir()) == []


def test_a_compiler_that_fails_leaves_nothing_behind(tmp_path):
    assert not native.compile_to(tmp_path / "machine.so", ["false"])
    assert list(tmp_path.iterdir()) == []


def test_cc_may_carry_arguments(monkeypatch):
    monkeypatch.setenv("CC", "cc -DTWO=2")
    assert native.find_compiler()[1:] == ["-DTWO=2"]


def test_the_operations_are_numbered_as_in_machine_c():
    source = native.SOURCE.read_text("utf-8")
    tables = re.findall(r"^    OP\((\w+),", source, re.M)
    rest = re.search(r"BINARY_OPERATIONS\(NAME2\)(.*?)OPERATIONS\n", source, re.S)[1]
    assert tables + re.findall(r"^    (\w+),", rest, re.M) == native.OPERATIONS


# Tapes that are refused

BAD = {
    "reads its own result": Instruction("NEG", 1, 5, 5),
    "reads a later slot": Instruction("ADD", 1, 5, 0, 6),
    "reads before the first slot": Instruction("NEG", 1, 5, -1),
    "reads over into its result": Instruction("NEG", 3, 5, 3),
    "writes over an input": Instruction("BROADCAST", 1, 2, 0),
    "writes behind the last slot": Instruction("NEG", 2, 11, 0),
    "does nothing": Instruction("NEG", 0, 5, 0),
    "a huge count": Instruction("NEG", 2**31 - 1, 5, 0),
    "a scalar that is not there": Instruction("BROADCAST", 1, 5, 6),
    "a scalar before the first": Instruction("BROADCAST", 1, 5, -1),
    "steps from parameters into constants": Instruction("BROADCAST", 2, 5, 3, stride=1),
    "steps backwards": Instruction("BROADCAST", 2, 5, 3, stride=-1),
    "huge steps": Instruction("BROADCAST", 2**20, 5, 0, stride=2**31 - 1),
    "a layer with too many weights": Instruction("LAYER", 2, 5, 0, 0, 3, 2),
    "a layer over parameters and constants": Instruction("LAYER", 1, 5, 0, 3, 2),
    "a layer without terms": Instruction("LAYER", 1, 5, 0, 0, 0),
    "a layer that reads its result": Instruction("LAYER", 2, 3, 1, 0, 3),
    "a bias that is not there": Instruction("LAYER", 1, 5, 0, 0, 2, bias=9),
    "a dot behind its result": Instruction("DOT", 1, 5, 0, 3, 3),
    "a dot of several results": Instruction("DOT", 2, 6, 0, 3, 3),
    "no room for shares": Instruction("LOGSUMEXP", 1, 9, 0, n=3),
    "a negative number of terms": Instruction("SUM", 1, 9, 0, n=-3),
    "an exponent that is not there": Instruction("POWER", 1, 5, 0, 99),
}


@pytest.mark.parametrize("name", BAD)
def test_a_tape_that_reaches_outside_its_arrays_is_refused(name):
    with pytest.raises(ValueError, match="instruction 1 reaches outside its arrays"):
        native.Machine(tape_of(Instruction("BROADCAST", 1, 4, 0), BAD[name]))


@pytest.mark.parametrize(
    "tape",
    [
        tape_of(outputs=[12]),
        tape_of(outputs=[-1]),
        tape_of(outputs=[]),
        tape_of(inputs=13),
        tape_of(inputs=-1),
        tape_of(quiet=13),
        tape_of(slots=2**40),
        tape_of(weights=-1),
        tape_of(Instruction("EVAL", 1, 5, 0)),
        tape_of(Instruction("NEG", 1, 2**40, 0)),
        tape_of(Instruction("NEG", 1, 5, 0.5)),
    ],
)
def test_sizes_and_names_that_are_wrong_are_refused(tape):
    with pytest.raises(ValueError, match=r"\d|instruction"):
        native.Machine(tape)


def test_buffers_of_another_length_are_refused():
    machine = native.Machine(tape_of(Instruction("NEG", 1, 11, 0)))
    examples, weights = array("d", [1.0] * 6), array("d", [1.0] * 4)
    assert list(machine.run(examples, 2, weights)[0]) == [-1.0, -1.0]
    for wrong in (
        (examples, 3, weights),
        (examples, 2, weights[:3]),
        (array("f", examples), 2, weights),
    ):
        with pytest.raises(ValueError, match="expected"):
            machine.run(*wrong)


# The same under the sanitizers, in a process of their own

numbers = st.integers(-2, 14)
steps = st.builds(
    Instruction, st.sampled_from(native.OPERATIONS), st.integers(0, 4), numbers, numbers, numbers,
    st.integers(-1, 5), st.integers(-1, 3), numbers,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=4), st.integers(1, 40))
def test_any_tape_is_refused_or_runs(instructions, count):
    examples, weights = array("d", [0.5] * 3 * count), array("d", [0.1] * 4)
    result, refused = None, ""
    try:
        result = native.Machine(tape_of(*instructions)).run(examples, count, weights)
    except ValueError as refusal:
        refused = str(refusal)
    assert not refused or re.match(r"instruction \d+ reaches outside", refused)
    assert (set(examples), set(weights)) == ({0.5}, {0.1})
    if result is not None:  # None: refused, or a number is inf or nan
        assert [len(part) for part in result] == [count, 3 * count, 4]
        assert all(math.isfinite(x) for part in result for x in part)


def test_the_sanitizers_find_nothing(tmp_path):
    """Every graph and tape of the tests, with the machine built to stop at a bad access."""
    if os.environ.get("MICRONN_SANITIZED"):
        pytest.skip("this is the run under the sanitizers")
    compiler = native.find_compiler()
    runtime = native.run([*compiler, "-print-file-name=libasan.so"])
    if not runtime or not os.path.isabs(runtime.strip()):
        pytest.skip("this compiler has no address sanitizer")
    checked = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -static-libubsan"
    settings = {
        "PYTHONPATH": str(ROOT),
        "MICRONN_SANITIZED": "1",
        "MICRONN_CACHE": str(tmp_path),
        "CC": f"{compiler[0]} {checked}",
        "LD_PRELOAD": runtime.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",
    }
    files = ["tests/compiler/test_program.py", "tests/compiler/test_machine.py"]
    chosen = "machine and (33 or net or training or random or float32) or any_tape"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-qxp", "no:cacheprovider", *files, "-k", chosen],
        cwd=ROOT, capture_output=True, text=True, timeout=300, env={**os.environ, **settings},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "passed" in done.stdout
