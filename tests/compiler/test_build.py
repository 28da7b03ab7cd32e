"""The machine is built once, in a private place, from C that no compiler warns about."""

import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from micronn.compiler import NoMachine, build

ROOT = Path(build.__file__).parent.parent.parent
RUN = (  # with a machine that is quickly built, as its speed does not matter here
    "from micronn.compiler import build; build.FLAGS = [['-O0', '-shared', '-fPIC']]\n"
    "from micronn.engine import Value; from micronn.compiler import compile_graph\n"
    "x = Value(2.0);"
    "p = compile_graph(x.tanh() * 3.0, [x]); print(p.backend, p(0.0))"
)
try:
    build.build("float64")
except NoMachine:
    pytest.skip("no C compiler", allow_module_level=True)


def python(code, **environment):
    """Run code in a new Python; returns what it did."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )


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
    assert build.made_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_link_a_file_or_a_place_without_permission_is_no_cache(tmp_path):
    (tmp_path / "link").symlink_to("/tmp")
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "file/below"):
        assert not build.made_private(tmp_path / name)


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


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "something else"])
def test_a_damaged_build_is_never_loaded_but_made_anew(damage, tmp_path):
    # Loading one that was cut kills Python with a bus error.
    built = build.build("float64")
    key = built.stem.rsplit("-", 1)[0]
    whole, kept = built.read_bytes(), tmp_path / built.name
    middle = len(whole) // 2
    kept.write_bytes({
        "empty": b"",
        "cut": whole[:middle],
        "changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "something else": b"no library",
    }[damage])  # fmt: skip
    assert build.kept(tmp_path, key) is None
    assert list(tmp_path.iterdir()) == []
    kept.write_bytes(whole)
    assert build.kept(tmp_path, key) == kept


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false"])
def test_without_a_working_compiler_python_runs_and_one_line_says_what_to_do(compiler, tmp_path):
    done = python(RUN, CC=compiler, MICRONN_CACHE=str(tmp_path))
    assert done.stdout == "python (0.0, [3.0])\n"
    warnings = [line for line in done.stderr.splitlines() if "Warning" in line]
    assert len(warnings) == 1
    assert "apt install gcc" in warnings[0]
    assert list(tmp_path.iterdir()) == []


def test_a_compiler_that_fails_leaves_nothing_behind(tmp_path):
    assert build.compile_to(tmp_path, "machine", ["false"]) is None
    assert list(tmp_path.iterdir()) == []


def test_cc_may_carry_arguments(monkeypatch):
    monkeypatch.setenv("CC", "cc -DTWO=2")
    assert build.find_compiler()[1:] == ["-DTWO=2"]


def warnings_of(compiler, real, *options):
    """What a compiler says about machine.c."""
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    strict = ["-std=c11", "-Wall", "-Wextra", f"-Dreal={real}"]
    command = [compiler, *strict, *options, build.SOURCE]
    return subprocess.run(command, capture_output=True, text=True).stderr


@pytest.mark.parametrize("real", build.REAL.values())
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_compiler_warns_about_machine_c(compiler, real):
    assert warnings_of(compiler, real, "-fsyntax-only") == ""


@pytest.mark.slow
@pytest.mark.parametrize("real", build.REAL.values())
@pytest.mark.parametrize("level", ["-O1", "-O3"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_compiler_warns_about_machine_c_when_it_improves_it(compiler, level, real, tmp_path):
    assert warnings_of(compiler, real, level, "-fPIC", "-c", "-o", tmp_path / "machine.o") == ""
