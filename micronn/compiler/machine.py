"""A tape runs on the machine in C: this file hands it arrays, and is as careful as C is not.

The tape is looked at once, when the Machine is made: one that would read or write
outside its arrays is refused, so that a mistake in Python cannot become a wrong number
or a crash in C.  What both languages must agree on, the numbers of the operations and
where each field of a struct lies, is compared when the machine is loaded.
"""

import ctypes
import functools
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from micronn.compiler.buffers import Buffer, Rows
from micronn.compiler.build import NoMachine, build
from micronn.compiler.tape import Instruction, Tape

ARRAY = {"float64": "d", "float32": "f"}  # the type code of each dtype in Python's arrays
CTYPES = {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "double": ctypes.c_double}
ADDRESS, INTEGER = ctypes.c_void_p, ctypes.c_int64
ARGUMENTS: dict[str, list[Any]] = {  # of the functions that are called here
    "machine_check": [ADDRESS],
    "machine_memory": [ADDRESS],
    "machine_run": [*[ADDRESS] * 3, INTEGER, *[ADDRESS] * 4, ctypes.c_double],
    "machine_train": [ADDRESS],
}
STRUCTS = {  # the fields that are filled here, in C's order
    "Instruction": " ".join(Instruction._fields),
    "Program": "code constants outputs length slots inputs weights constant_count output_count "
    "quiet",
    "Training": "program rule memory rule_memory examples count batch_size first_batch "
    "last_batch columns next gradients values numbers loss steps",
    "Sizes": "lanes rule_lanes most_slots bytes_of_real",
}

# Loading


class Library(NamedTuple):
    """The machine, loaded.

    functions: what Python calls.  operations: the number of each operation.
    structs: Instruction, Program, Training and Sizes as C has them.
    sizes: LANES, RULE_LANES, MOST_SLOTS as machine.c chose them.
    """

    functions: ctypes.CDLL
    operations: dict[str, int]
    structs: dict[str, Any]
    sizes: Any


@functools.cache
def library(dtype: str) -> Library:
    """The machine for float64 or float32, built and loaded once in a process.

    Raises NoMachine where it cannot be built or loaded, or is not the one this file knows.
    """
    path = build(dtype)
    try:
        functions = ctypes.CDLL(str(path))
        operations = text(functions, "machine_operations").split()
        structs = {name: structure(name, text(functions, f"{name}_text")) for name in STRUCTS}
        sizes = structs["Sizes"].in_dll(functions, "machine_sizes")
        for name, types in ARGUMENTS.items():
            function = getattr(functions, name)
            function.argtypes, function.restype = types, INTEGER
    except (OSError, AttributeError, LookupError, ValueError) as error:
        path.unlink(missing_ok=True)  # not the machine: the next attempt builds it anew
        raise NoMachine(f"{path} cannot be loaded: {error}; try again") from None
    check_fits("bytes of a real", sizes.bytes_of_real, array(ARRAY[dtype]).itemsize)
    return Library(functions, {name: k for k, name in enumerate(operations)}, structs, sizes)


def text(functions: ctypes.CDLL, name: str) -> str:
    """A text that machine.c exports under that name."""
    return ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(functions, name))).decode()


def structure(name: str, declaration: str) -> Any:
    """A struct as C declares it, such as  int64_t length, slots; const real *constants;"""
    fields = []
    for line in declaration.split(";")[:-1]:
        kind, names = line.strip().removeprefix("const ").split(" ", 1)
        for field in names.split(","):
            ctype = ctypes.c_void_p if "*" in field else CTYPES[kind]
            fields.append((field.strip(" *"), ctype))
    check_fits(f"fields of {name}", [field for field, _ in fields], STRUCTS[name].split())
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def check_fits(what: str, there: Any, here: Any) -> None:
    """Refuse a machine.c that is not the one this file was written for."""
    if there != here:
        differ = f"{what} are {there} there, {here} here"
        raise NoMachine(f"machine.c and machine.py do not fit: {differ}; install micronn anew")


# Running


class Memory(NamedTuple):
    """Where the numbers of a run are kept, for so many lanes."""

    lanes: int
    address: int
    room: bytearray


class TooLarge(NoMachine, ValueError):
    """The machine cannot hold so large a graph; Python can."""


class Machine:
    """One tape, checked, with the memory to run it.

    dtype: "float64" or "float32".

    Raises ValueError for a tape with an instruction that would reach outside the
    arrays, naming it; NoMachine where there is no compiler.
    """

    def __init__(self, tape: Tape, dtype: str = "float64") -> None:
        self.library = library(dtype)
        functions = self.library.functions
        self.real = ARRAY[dtype]
        self.inputs, self.weights, self.slots = tape.inputs, tape.weights, tape.slots
        self.code = as_code(tape.instructions, self.library.operations)
        self.constants = array(self.real, tape.constants)
        self.outputs = array("i", tape.outputs)
        self.spare: list[Memory] = []
        self.fields = self.library.structs["Program"](
            *[address(numbers) for numbers in (self.code, self.constants, self.outputs)],
            *[len(tape.instructions), tape.slots, tape.inputs, tape.weights],
            *[len(self.constants), len(self.outputs), tape.quiet],
        )
        self.program = ctypes.addressof(self.fields)
        self.check(tape)
        self.bytes_of_lane = self.constants.itemsize * functions.machine_memory(self.program)

    def check(self, tape: Tape) -> None:
        """Refuse counts that no arrays can have, and let C look at every instruction."""
        sizes = [tape.inputs, tape.weights, tape.slots, tape.quiet]
        if min(sizes) < 0 or tape.inputs > tape.slots or tape.quiet > tape.slots:
            raise ValueError(f"inputs, weights, slots, quiet = {sizes} fit no tape")
        most = self.library.sizes.most_slots
        if max(sizes) > most:
            raise TooLarge(
                f"a tape has room for {most} slots and weights, got {max(sizes)}; "
                'use backend="python"'
            )
        bad = self.library.functions.machine_check(self.program)
        if bad == len(tape.instructions) or not self.outputs:
            raise ValueError(f"the outputs {tape.outputs} are not among {tape.slots} slots")
        if bad >= 0:
            step = tape.instructions[bad]
            raise ValueError(
                f"instruction {bad} reaches outside its arrays: {step}; {tape.slots} slots, "
                f"{tape.inputs} inputs, {tape.weights} weights, {len(tape.constants)} constants"
            )

    def borrow(self, lanes: int) -> Memory:
        """Memory for that many lanes, for one call; append it to spare when that is done.

        Every call has its own, so threads do not wait for each other, and no fork can
        copy a lock that nobody opens any more.
        """
        try:
            memory = self.spare.pop()
            if memory.lanes >= lanes:
                return memory
        except IndexError:
            pass  # all in use, or the first call
        room = bytearray(lanes * self.bytes_of_lane + 64)
        start = address(room) or 0
        return Memory(lanes, start + -start % 64, room)  # SIMD likes addresses that 64 divides

    def run(
        self, rows: Rows, weights: Buffer, share: float | None = 1.0, of_inputs: bool = True
    ) -> tuple[Any, Any, Any] | None:
        """The results of each example, and the gradients where there is one result.

        rows: the examples.  weights: the parameters, in the dtype.
        share: what gradients are multiplied by; None for no gradients.
        of_inputs: whether those of inputs are wanted.

        Returns values [example][output], the inputs' gradients [example][input] or None,
        and the sums of the parameters' gradients or None, as arrays; or None in place of
        all where the graph must be asked: it refuses an example, or a result is inf or nan.
        """
        examples, count = rows
        self.expect("examples", examples, count * self.inputs, 8)
        self.expect("weights", weights, self.weights, self.constants.itemsize)
        if share is not None and len(self.outputs) > 1:
            raise ValueError(f"gradients of one result, not of {len(self.outputs)}")
        values, slopes, sums = zeros(self.real, count * len(self.outputs)), None, None
        if share is not None:
            slopes = zeros(self.real, count * self.inputs) if of_inputs else None
            sums = zeros(self.real, self.weights)
        memory = self.borrow(min(count, self.library.sizes.lanes))
        arrays = map(address, (weights, sums, values, slopes))
        fine = self.library.functions.machine_run(
            self.program, memory.address, address(examples), count, *arrays, share or 0.0
        )
        self.spare.append(memory)
        return (values, slopes, sums) if fine else None

    @staticmethod
    def expect(name: str, numbers: Buffer, count: int, itemsize: int) -> None:
        """Refuse a buffer of another length before any memory is touched."""
        size = memoryview(numbers).nbytes
        if size != count * itemsize:
            raise ValueError(f"{name}: expected {count * itemsize} bytes, got {size}")


class Trainer:
    """A Machine, the Machine of an optimiser's rule, and what both work on.

    columns: the parameters, and each number that the optimiser remembers of them.
    steps: how many it has taken.

    buffers: the columns one after the other; now, and next.  C says which is now.
    """

    def __init__(
        self, machine: Machine, rule: Machine, rows: Rows, batch_size: int,
        columns: Sequence[Sequence[float]], steps: int,
    ) -> None:  # fmt: skip
        self.machine, self.rule, self.batch_size = machine, rule, batch_size
        self.examples, self.count = rows
        Machine.expect("examples", self.examples, self.count * machine.inputs, 8)
        if rule.inputs != len(rule.outputs) + 1:
            raise ValueError(f"a rule of {rule.inputs} inputs and {len(rule.outputs)} results")
        flat = array(machine.real, [x for column in columns for x in column])
        Machine.expect("columns", flat, machine.weights * len(rule.outputs), flat.itemsize)
        self.buffers = [flat, flat[:]]
        self.gradients = zeros(machine.real, machine.weights)
        self.values = zeros(machine.real, batch_size * len(machine.outputs))
        self.fields = machine.library.structs["Training"](
            *[machine.program, rule.program, None, None],
            *[address(self.examples), self.count, batch_size, 0, 0],
            *map(address, (*self.buffers, self.gradients, self.values)),
            *[None, 0.0, steps],
        )

    @property
    def steps(self) -> int:
        """How many steps the columns have behind them."""
        return int(self.fields.steps)

    def columns(self) -> list[list[float]]:
        """The parameters and the optimiser's memory, a list of numbers for each."""
        now = self.buffers[self.fields.columns != address(self.buffers[0])]
        flat, n = now.tolist(), self.machine.weights
        return [flat[start : start + n] for start in range(0, len(flat), n)]

    def train(self, first: int, last: int, numbers: Sequence[float]) -> tuple[int, float]:
        """Do the batches from first up to last; how far it came, and the sum of their values.

        numbers: the rule's arguments that change, as many for each batch as it has weights.
        """
        table, fields = array(self.machine.real, numbers), self.fields
        Machine.expect("numbers", table, (last - first) * self.rule.weights, table.itemsize)
        if not 0 <= first <= last <= -(-self.count // self.batch_size):
            raise ValueError(f"no batches {first} to {last} in {self.count} examples")
        sizes = self.machine.library.sizes
        memory, rule_memory = self.machine.borrow(sizes.lanes), self.rule.borrow(sizes.rule_lanes)
        fields.memory, fields.rule_memory = memory.address, rule_memory.address
        fields.first_batch, fields.last_batch = first, last
        fields.numbers, fields.loss = address(table), 0.0
        done = self.machine.library.functions.machine_train(ctypes.addressof(fields))
        self.machine.spare.append(memory)
        self.rule.spare.append(rule_memory)
        return done, fields.loss


def as_code(instructions: Sequence[Instruction], operations: dict[str, int]) -> "array[int]":
    """Instructions as the 32-bit numbers that C reads; refuses what does not fit."""
    try:
        return array("i", [
            number for op, *numbers in instructions for number in (operations[op], *numbers)
        ])  # fmt: skip
    except KeyError as error:
        raise ValueError(f"no instruction of the machine: {error}") from None
    except (OverflowError, TypeError) as error:
        raise ValueError(f"an instruction of the machine has 32-bit integers: {error}") from None


def zeros(kind: str, count: int) -> "array[float]":
    return array(kind, [0.0]) * count


def address(buffer: Any) -> int | None:
    """Where the numbers of an array or any other buffer lie; None for None."""
    if buffer is None:
        return None
    if isinstance(buffer, array):
        return buffer.buffer_info()[0]
    view = memoryview(buffer).cast("B")
    return ctypes.addressof(ctypes.c_char.from_buffer(view)) if len(view) else 0
