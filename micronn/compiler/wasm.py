"""The machine for a computer without a C compiler: machine.c as WebAssembly, run by wasmtime.

machine-float64.wasm and machine-float32.wasm come with the package; `make wasm` builds
them, with the same compiler everywhere.  They import nothing: the machine reaches neither
files nor Python's memory, only its own.  wasmtime makes code for this processor of them
once, and that is kept like a native build.
"""

import ctypes
import os
import threading
import weakref
from pathlib import Path
from typing import Any

from micronn.compiler.build import NoMachine
from micronn.compiler.library import Library, Room
from micronn.support.webassembly import compiled

WRITABLE = 0x200  # PyBUF_WRITE
KEPT = 1 << 20  # bytes of the largest rooms that are kept for the next of their size
view = ctypes.pythonapi.PyMemoryView_FromMemory
view.restype, view.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int]


class Copy(Room):
    """Memory of the sandbox that was filled from a buffer."""

    def fetch(self) -> Any:
        """The buffer, after what the machine has written was copied to it."""
        memoryview(self.buffer).cast("B")[:] = self.bytes
        return self.buffer


class Sandbox(Library):
    """The machine in WebAssembly.  One call runs at a time, as wasmtime asks."""

    pointer, most_bytes = ctypes.c_uint32, 2**31

    def __init__(self, dtype: str) -> None:
        try:
            import wasmtime
        except (ImportError, OSError, RuntimeError) as error:  # or not for this platform
            raise NoMachine(f"no WebAssembly here: {error}; pip install wasmtime") from None
        path = Path(__file__).with_name(f"machine-{dtype}.wasm")
        engine, module = compiled(wasmtime, path)
        self.store = wasmtime.Store(engine)
        self.exports = self.instance(wasmtime, module)
        self.lock = threading.RLock()
        # Addresses that nobody uses any more, by size; and those of large rooms, to be freed
        self.unused: dict[int, list[int]] = {}
        self.large: list[int] = []
        if hasattr(os, "register_at_fork"):  # a child must not inherit a lock that is held
            release = self.lock.release
            os.register_at_fork(
                before=self.lock.acquire, after_in_parent=release, after_in_child=release
            )
        self.exports["_initialize"](self.store)
        super().__init__(dtype)

    def instance(self, wasmtime: Any, module: Any) -> Any:
        """What an instance of the module exports."""
        return wasmtime.Instance(self.store, module, []).exports(self.store)

    @property
    def base(self) -> int:
        """Where the sandbox's memory begins in this process."""
        return ctypes.addressof(self.exports["memory"].data_ptr(self.store).contents)

    def exported(self, name: str) -> int:
        """Where it lies in this process."""
        return self.base + int(self.exports[name].value(self.store))

    def call(self, name: str, *arguments: Any) -> int:
        """Addresses are those of rooms."""
        with self.lock:
            result: int = self.exports[name](
                self.store, *[0 if x is None else x for x in arguments]
            )
            return result

    def room(self, buffer: Any) -> Room:
        """A copy of the buffer, where the machine finds it."""
        given = memoryview(buffer).cast("B")
        size = 1 << len(given).bit_length()  # more than len(given)
        small = size <= KEPT
        unused = self.unused.setdefault(size, []) if small else self.large
        with self.lock:
            start = unused.pop() if small and unused else self.memory(size if small else len(given))
        bytes = view(self.base + start, len(given), WRITABLE)
        bytes[:] = given
        room = Copy(start, bytes, buffer)
        weakref.finalize(room, unused.append, start)
        return room

    def memory(self, size: int) -> int:
        """The address of new memory.  To ask for some takes longer than most programs run."""
        while self.large:
            self.call("free", self.large.pop())
        start = self.call("malloc", size)
        if not start:
            raise MemoryError(f"WebAssembly has no room for {size:,} more bytes")
        return start
