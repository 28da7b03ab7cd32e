"""The machine without a C compiler: the same file as WebAssembly, and the same numbers."""

import os
import signal
import subprocess
import sys
import threading
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from programs import GRAPHS, ROWS, has_native, native_only, task

from micronn.compiler import compile_graph
from micronn.compiler.machine import LIBRARIES, Machine, TooLarge, library
from micronn.engine import Value
from micronn.optim import Adam
from micronn.support import webassembly

ROOT = Path(__file__).parents[2]
wasmtime = pytest.importorskip("wasmtime")


def modules():
    return sorted(ROOT.glob("micronn/compiler/machine-*.wasm"))


def test_it_comes_for_both_dtypes_and_reaches_nothing_outside():
    assert [path.stem for path in modules()] == ["machine-float32", "machine-float64"]
    for path in modules():
        assert list(wasmtime.Module(wasmtime.Engine(), path.read_bytes()).imports) == []


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_is_what_the_source_compiles_to(dtype, tmp_path):
    pytest.importorskip("ziglang")
    build = [sys.executable, ROOT / ".ci" / "build_wasm.py", tmp_path]
    done = subprocess.run([*build, dtype], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    name = f"machine-{dtype}.wasm"
    built, kept = (tmp_path / name).read_bytes(), (ROOT / "micronn/compiler" / name).read_bytes()
    assert built == kept, "machine.c was changed: run make wasm"


@native_only
@pytest.mark.parametrize("name", GRAPHS)
def test_the_native_machine_agrees_but_for_the_last_digits(name):
    x, w = [Value(1.3), Value(0.4)], [Value(0.8), Value(-1.1)]
    program = compile_graph(GRAPHS[name](*x, *w), x, w, backend="native")
    rows = array("d", [number for row in ROWS for number in row]), len(ROWS)
    one, other = (
        Machine(program.tape, kind=kind).run(rows, program.weights()) for kind in LIBRARIES
    )
    for mine, its in zip(one, other, strict=True):
        assert list(mine) == pytest.approx(list(its), rel=1e-12, abs=1e-13)


def trained(backend):
    model, loss, x, rows = task()
    program = compile_graph(loss, x, model.parameters(), backend)
    losses = list(program.train(rows, Adam(model.parameters(), 0.01), epochs=20, batch_size=8))
    return losses, [p.data for p in model.parameters()]


def test_two_trainings_are_equal_to_the_bit():
    assert trained("wasm") == trained("wasm")


def test_a_training_ends_where_that_in_python_ends():
    losses, data = trained("wasm")
    assert (losses, data) == (pytest.approx(trained("python")[0], rel=1e-9),
                              pytest.approx(trained("python")[1], rel=1e-9))  # fmt: skip


def without_compiler(code, tmp_path, **environment):
    settings = {"PYTHONPATH": str(ROOT), "CC": "no-such-compiler", "MICRONN_CACHE": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env={**os.environ, **settings, **environment},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


RUN = (
    "from micronn.engine import Value; from micronn.compiler import compile_graph\n"
    "x = Value(2.0); p = compile_graph(x * x, [x])\n"
    "print(p.backend, p.machine.kind, p(3.0))"
)


def test_where_there_is_no_compiler_it_runs_by_itself_without_a_word(tmp_path):
    done = without_compiler(RUN, tmp_path)
    assert (done.stdout, done.stderr) == ("machine wasm (9.0, [6.0])\n", "")


@pytest.mark.parametrize(
    "problem",
    [
        "ImportError('no module of that name')",
        "RuntimeError('wasmtime only works on 64-bit platforms')",  # as in a browser's Python
        "OSError('its library cannot be loaded')",
    ],
)
def test_without_wasmtime_python_runs_and_says_what_to_install(problem, tmp_path):
    (tmp_path / "wasmtime.py").write_text(f"raise {problem}")
    code = "import warnings; warnings.simplefilter('default')\n" + RUN.replace(
        "p.machine.kind, ", ""
    )
    done = without_compiler(code, tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.stdout == "python (9.0, [6.0])\n"
    assert "pip install wasmtime" in done.stderr
    assert "no-such-compiler" in done.stderr


def test_it_is_compiled_once_and_again_if_another_version_of_wasmtime_did(tmp_path, monkeypatch):
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path))
    path = modules()[0]
    webassembly.compiled(wasmtime, path)
    (kept,) = tmp_path.rglob("*.cwasm")
    stamp = kept.stat().st_mtime_ns
    webassembly.compiled(wasmtime, path)
    assert [file.stat().st_mtime_ns for file in tmp_path.rglob("*.cwasm")] == [stamp]
    # Under a name that says it is whole, but not what this version of wasmtime makes:
    foreign = b"made by somebody else"
    kept.unlink()
    name = kept.name.rsplit("-", 1)[0]
    (kept.parent / f"{name}-{webassembly.digest(foreign)}.cwasm").write_bytes(foreign)
    _, module = webassembly.compiled(wasmtime, path)
    assert "machine_run" in [item.name for item in module.exports]


def test_memory_is_used_again():
    x = Value(1.0)
    program = compile_graph((x * 2.0).tanh(), [x], backend="wasm")
    sandbox = library("wasm", "float64")
    program.values([[0.5]] * 1000)
    before = sandbox.exports["memory"].data_len(sandbox.store)
    for _ in range(200):
        program.values([[0.5]] * 1000)
        compile_graph((x * 2.0).tanh(), [x], backend="wasm")
    assert sandbox.exports["memory"].data_len(sandbox.store) == before


def test_a_program_that_runs_again_asks_for_no_more_memory(monkeypatch):
    x, asked, sandbox = Value(1.0), [], library("wasm", "float64")
    program, call = compile_graph((x * 2.0).tanh(), [x], backend="wasm"), sandbox.call
    program.gradients([[0.5]] * 40)
    monkeypatch.setattr(sandbox, "call", lambda name, *a: asked.append(name) or call(name, *a))
    program.gradients([[0.25]] * 40)
    assert asked == ["machine_run"]


def test_threads_get_the_numbers_they_asked_for():
    x = Value(1.0)
    program = compile_graph(x * x, [x], backend="wasm")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: program.values([[float(k)]] * 50), range(200)))
    assert found == [[float(k * k)] * 50 for k in range(200)]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forked_while_a_thread_is_in_it_can_use_it_too():
    x = Value(1.0)
    program, rows = compile_graph(x.tanh(), [x], backend="wasm"), array("d", [0.0] * 100_000)
    inside, done = threading.Event(), threading.Event()

    def work():
        while not done.is_set():
            inside.set()
            program.values(rows)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(60)
    states = []
    for _ in range(5):  # the thread holds the lock nearly all the time
        child = os.fork()
        if not child:
            signal.alarm(10)  # to end a child that hangs
            os._exit(program.values([[0.0], [0.0]]) != [0.0, 0.0])
        states.append(os.waitpid(child, 0)[1])
    done.set()
    thread.join()
    assert states == [0] * 5


def test_a_graph_too_large_for_its_memory_is_refused_when_it_is_compiled(monkeypatch):
    monkeypatch.setattr(LIBRARIES["wasm"], "most_bytes", 1000)
    x = Value(1.0)
    with pytest.raises(TooLarge, match="bytes, and the machine has 1,000"):
        compile_graph(x * x + x, [x], backend="wasm")


@pytest.mark.skipif(not has_native, reason="no C compiler")
def test_where_both_are_the_native_one_is_taken():
    x = Value(1.0)
    assert compile_graph(x * x, [x]).machine.kind == "native"
