"""machine.c, loaded: natively, or as WebAssembly where there is no C compiler.

A native library reads and writes Python's arrays where they lie.  WebAssembly sees nothing
but memory of its own, so numbers are copied there before a call and back after it.  What
Python and C must agree on, the numbers of the operations and where each field of a struct
lies, is compared here.
"""

import ctypes
import sys
from array import array
from collections.abc import Callable
from typing import Any

from micronn.compiler.build import NoMachine, build
from micronn.compiler.tape import Instruction

ARRAY = {"float64": "d", "float32": "f"}  # the type code of each dtype in Python's arrays
CTYPES = {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "double": ctypes.c_double}
ADDRESS, INTEGER = ctypes.c_void_p, ctypes.c_int64
ARGUMENTS: dict[str, list[Any]] = {  # of the functions that are called here
    "machine_check": [ADDRESS],
    "machine_memory": [ADDRESS],
    "machine_lanes": [ADDRESS],
    "machine_run": [ADDRESS],
    "machine_train": [ADDRESS],
}
STRUCTS = {  # the fields that are filled here, in C's order
    "Instruction": " ".join(Instruction._fields),
    "Program": "code lists constants outputs length list_length slots inputs weights "
    "constant_count output_count quiet direct",
    "Run": "program memory examples floats count weights sums values slopes share",
    "Training": "program rule memory rule_memory examples floats count batch_size first_batch "
    "last_batch columns next gradients values numbers arguments in_one_pass constants loss steps",
    "Sizes": "rule_lanes most_slots bytes_of_real",
}


class Room:
    """Memory that the machine reaches, for as long as this object lives.

    address: where it is for the machine.
    bytes: what is there, for Python.
    buffer: what it was made for.
    """

    def __init__(self, address: int, bytes: memoryview, buffer: Any) -> None:
        self.address, self.bytes, self.buffer = address, bytes, buffer

    def fetch(self) -> Any:
        """The buffer, holding what the machine has written."""
        return self.buffer


class Library:
    """What machine.c exports, and how Python reaches it.

    operations: the number of each operation.  rules: of each optimiser's rule in rules.h.
    structs: Instruction, Program, Run, Training and Sizes as C has them.
    sizes: RULE_LANES, MOST_SLOTS as machine.c chose them.
    """

    pointer: Any  # how C writes an address
    most_bytes: int = sys.maxsize  # of memory for one call

    def __init__(self, dtype: str) -> None:
        names = self.text("machine_operations").split()
        self.operations = {name: k for k, name in enumerate(names)}
        self.rules = {name: k for k, name in enumerate(self.text("machine_rules").split())}
        self.structs = {name: self.structure(name) for name in STRUCTS}
        self.sizes = self.structs["Sizes"].from_address(self.exported("machine_sizes"))
        check_fits("bytes of a real", self.sizes.bytes_of_real, array(ARRAY[dtype]).itemsize)

    def exported(self, name: str) -> int:
        """Where Python finds what machine.c exports under that name."""
        raise NotImplementedError

    def call(self, name: str, *arguments: Any) -> int:
        """What a function of machine.c returns; an address of None is NULL."""
        raise NotImplementedError

    def room(self, buffer: Any) -> Room:
        """Memory that holds what a buffer holds."""
        raise NotImplementedError

    def text(self, name: str) -> str:
        """A text that machine.c exports under that name."""
        return ctypes.string_at(self.exported(name)).decode()

    def structure(self, name: str) -> Any:
        """A struct as C declares it, such as  int64_t length, slots; const real *constants;"""
        fields = []
        for line in self.text(f"{name}_text").split(";")[:-1]:
            kind, names = line.strip().removeprefix("const ").split(" ", 1)
            for field in names.split(","):
                ctype = self.pointer if "*" in field else CTYPES[kind]
                fields.append((field.strip(" *"), ctype))
        check_fits(f"fields of {name}", [field for field, _ in fields], STRUCTS[name].split())
        return type(name, (ctypes.Structure,), {"_fields_": fields})

    def struct(self, name: str, *fields: Any) -> tuple[Any, Room]:
        """A struct in memory that the machine reaches, and that memory."""
        room = self.room(bytearray(ctypes.sizeof(self.structs[name])))
        struct = self.structs[name].from_buffer(room.bytes)
        for field, value in zip(STRUCTS[name].split(), fields, strict=True):
            setattr(struct, field, value or 0)
        return struct, room


def check_fits(what: str, there: Any, here: Any) -> None:
    """Refuse a machine.c that is not the one this file was written for."""
    if there != here:
        differ = f"{what} are {there} there, {here} here"
        raise NoMachine(f"machine.c and library.py do not fit: {differ}; install micronn anew")


class Native(Library):
    """The machine that this computer's C compiler made."""

    pointer = ADDRESS

    def __init__(self, dtype: str) -> None:
        path = build(dtype)
        try:
            self.functions = ctypes.CDLL(str(path))
            super().__init__(dtype)
            for name, types in ARGUMENTS.items():
                function = getattr(self.functions, name)
                function.argtypes, function.restype = types, INTEGER
        except (OSError, AttributeError, LookupError, ValueError) as error:
            path.unlink(missing_ok=True)  # not the machine: the next attempt builds it anew
            raise NoMachine(f"{path} cannot be loaded: {error}; try again") from None

    def exported(self, name: str) -> int:
        """Where it lies in this process."""
        return ctypes.addressof(ctypes.c_char.in_dll(self.functions, name))

    def call(self, name: str, *arguments: Any) -> int:
        """Python's other threads run meanwhile."""
        function: Callable[..., int] = getattr(self.functions, name)
        return function(*arguments)

    def room(self, buffer: Any) -> Room:
        """The buffer itself."""
        bytes = memoryview(buffer).cast("B")
        start = ctypes.addressof(ctypes.c_char.from_buffer(bytes)) if len(bytes) else 0
        return Room(start, bytes, buffer)
