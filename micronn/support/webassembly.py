"""WebAssembly becomes code for this processor once, and is kept; wasmtime does the work."""

from pathlib import Path
from typing import Any

from micronn.support.cache import cached, digest


def compiled(wasmtime: Any, path: Path) -> tuple[Any, Any]:
    """An engine of the package wasmtime, and the module in that file as code for it.

    The code is made anew where it cannot be kept, or was made by another version of
    wasmtime or for another processor, which wasmtime sees by itself.
    """
    config = wasmtime.Config()
    config.memory_may_move = False  # so that Python may look into it
    engine, content = wasmtime.Engine(config), path.read_bytes()
    try:
        code = cached(
            f"{path.stem}-{digest(content)}",
            ".cwasm",
            lambda new: new.write_bytes(wasmtime.Module(engine, content).serialize()),
        )
        return engine, wasmtime.Module.deserialize_file(engine, str(code))
    except (OSError, wasmtime.WasmtimeError):
        return engine, wasmtime.Module(engine, content)
