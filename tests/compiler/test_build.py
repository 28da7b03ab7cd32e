"""The machine is built once, in a private place, from C that no compiler warns about."""

import errno
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from micronn.compiler import NoMachine, build
from micronn.support import cache
from micronn.support.cache import private_folder

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


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_cache_is_private_and_used_again(tmp_path):
    folder = tmp_path / "a" / "cache"
    first = python(RUN, MICRONN_CACHE=str(folder))
    assert first.stdout == "machine (0.0, [3.0])\n", first.stderr
    (built,) = folder.rglob("*.so")
    assert mode(built.parent) == 0o700
    time = built.stat().st_mtime_ns
    assert python(RUN, MICRONN_CACHE=str(folder)).stdout == first.stdout
    assert [file.stat().st_mtime_ns for file in built.parent.iterdir()] == [time]


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
    assert len(list(tmp_path.rglob("*.so"))) == 1


@pytest.mark.parametrize(
    ("compiler", "why"),
    [
        ("no-such-compiler", "CC names 'no-such-compiler', which is not there"),
        ("false", "false cannot build machine.c: it does not say why"),
        ("'", "CC=' is no command: No closing quotation"),
    ],
)
def test_without_a_working_compiler_nothing_is_built_and_one_line_says_what_to_do(
    compiler, why, tmp_path, monkeypatch
):
    monkeypatch.setenv("CC", compiler)
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path))
    with pytest.raises(NoMachine, match=re.escape(why)) as refusal:
        build.build("float64")
    assert "apt install clang" in str(refusal.value)
    assert "without an administrator: pip install ziglang" in str(refusal.value)
    assert "Windows, untried: winget install LLVM.LLVM" in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert list(tmp_path.rglob("*.so")) == []


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing_behind(tmp_path, monkeypatch):
    # As on a full disk: what comes before the compiling works.
    script = tmp_path / "cc"
    script.write_text("""#!/bin/sh
        case "$*" in *-E*) exit 0;; esac
        echo "In file included from machine.c" >&2
        echo "cc1: error: No space left on device" >&2
        exit 1""")
    script.chmod(0o700)
    monkeypatch.setenv("CC", str(script))
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path / "cache"))
    with pytest.raises(NoMachine, match=r"cannot build machine.c: cc1: error: No space left"):
        build.build("float64")
    assert list(private_folder().iterdir()) == []


def test_a_cache_without_room_for_one_more_file_leads_to_python_and_says_why(monkeypatch, tmp_path):
    def full(prefix, dir):
        raise OSError(errno.ENOSPC, "No space left on device", str(dir))

    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path))
    monkeypatch.setattr(cache.tempfile, "TemporaryDirectory", full)
    with pytest.raises(NoMachine, match=r"cannot be kept: .* No space left .*MICRONN_CACHE"):
        build.build("float64")


def test_cc_may_carry_arguments(monkeypatch):
    monkeypatch.setenv("CC", "cc -DTWO=2")
    ((_, *arguments),) = build.compilers()
    assert arguments == ["-DTWO=2"]


def test_a_compiler_that_cannot_build_it_leaves_it_to_the_next(monkeypatch, tmp_path):
    broken = tmp_path / "clang"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    works = build.compilers()[0]
    (tmp_path / "gcc").write_text(f'#!/bin/sh\nexec {shlex.join(works)} "$@"\n')
    (tmp_path / "gcc").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "FLAGS", [["-O0", "-shared", "-fPIC"]])
    assert build.compilers()[0] == [str(broken)]
    assert build.build("float64").suffix == ".so"


def test_where_no_compiler_can_build_it_each_says_why(monkeypatch, tmp_path):
    for name in build.KNOWN:
        (tmp_path / name).write_text(f"#!/bin/sh\necho error: {name} is tired >&2\nexit 1\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NoMachine) as refusal:
        build.build("float64")
    for name in build.KNOWN:
        assert f"{tmp_path / name} cannot build machine.c: error: {name} is tired; " in str(
            refusal.value
        )


def test_compilers_are_tried_in_the_order_of_their_speed_and_zigs_package_last(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(build.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda name: name == "ziglang" or None)
    zig = [sys.executable, "-m", "ziglang", "cc"]
    assert build.compilers() == [["/bin/clang"], ["/bin/gcc"], ["/bin/cc"], zig]
    monkeypatch.setenv("CC", "tcc -w")
    assert build.compilers() == [["/bin/tcc", "-w"]]
    monkeypatch.delenv("CC")
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    assert build.compilers() == [zig]


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
