"""A page's machine: the browser runs the same WebAssembly, and gets the same bits."""

import base64
import ctypes
import zlib
from pathlib import Path

import pytest
from programs import task

from micronn.compiler import compile_graph, machine, training
from micronn.compiler.wasm import Sandbox
from micronn.optim import Adam

pytest.importorskip("wasmtime")
pytestmark = pytest.mark.browser

MODULES = Path(__file__).parents[2] / "micronn" / "compiler"
STEPS, BATCH = 1000, 3

# The module, with the memory that wasmtime's had before a call; what the call leaves in it.
CALL = """async ([module, before, address]) => {
  const through = async (data, stream) => new Uint8Array(
    await new Response(new Blob([data]).stream().pipeThrough(stream)).arrayBuffer());
  const sent = async text => through(
    Uint8Array.from(atob(text), c => c.charCodeAt(0)), new DecompressionStream('deflate'));
  const {instance} = await WebAssembly.instantiate(await sent(module), {});
  const {memory, machine_train} = instance.exports, given = await sent(before);
  memory.grow((given.length - memory.buffer.byteLength) / 65536);
  new Uint8Array(memory.buffer).set(given);
  const done = Number(machine_train(address));
  const packed = await through(memory.buffer, new CompressionStream('deflate'));
  let text = '';
  for (let k = 0; k < packed.length; k += 32768)
    text += String.fromCharCode(...packed.subarray(k, k + 32768));
  return [done, btoa(text)];
}"""


def packed(data):
    """Bytes as text for a page; most of a memory is zeros."""
    return base64.b64encode(zlib.compress(data, 1)).decode()


def unpacked(text):
    return zlib.decompress(base64.b64decode(text))


@pytest.fixture(params=["float64", "float32"])
def recorded(request, monkeypatch):
    """The module, and the calls of a training in wasmtime, with its memory before and after."""
    sandbox, calls = Sandbox(request.param), []  # a new one, whose memory has not grown
    monkeypatch.setattr(machine, "library", lambda kind, dtype: sandbox)
    monkeypatch.setattr(training, "PATIENCE", 1e9)  # few calls, however slow their copies are
    run = sandbox.call

    def memory():
        size = sandbox.exports["memory"].data_len(sandbox.store)
        return ctypes.string_at(sandbox.base, size)

    def call(name, *arguments):
        if name != "machine_train":
            return run(name, *arguments)
        before = memory()
        result = run(name, *arguments)
        calls.append((before, *arguments, result, memory()))  # result: the steps done so far
        return result

    monkeypatch.setattr(sandbox, "call", call)
    model, loss, x, rows = task()
    program = compile_graph(loss, x, model.parameters(), "wasm", request.param)
    optimizer = Adam(model.parameters(), 0.01)
    list(program.train(rows * (STEPS * BATCH // len(rows)), optimizer, 1, BATCH))
    assert optimizer.steps == calls[-1][2] == STEPS  # all of them in the machine
    return (MODULES / f"machine-{request.param}.wasm").read_bytes(), calls


def test_a_training_of_1000_steps_leaves_the_same_memory_in_a_browser(page, recorded):
    # V8 and wasmtime make code of the module independently of each other.  Parameters, Adam's
    # memory, losses and the last scratch number must agree in every bit.
    module, calls = recorded
    for before, address, result, after in calls:
        done, left = page.evaluate(CALL, [packed(module), packed(before), address])
        assert (done, unpacked(left) == after) == (result, True)
        assert before != after
