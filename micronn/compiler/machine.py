"""A tape runs on the machine in C: this file hands it arrays, and is as careful as C is not.

The tape is looked at once, when the Machine is made: one that would read or write
outside its arrays is refused, so that a mistake in Python cannot become a wrong number
or a crash in C.  What both languages must agree on, the numbers of the operations and
where each field of a struct lies, is compared when the machine is loaded.
"""

import ctypes
import functools
import threading
from array import array
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from micronn.compiler.buffers import Buffer
from micronn.compiler.build import NoMachine, build
from micronn.compiler.tape import Instruction, Tape

ARRAY = {"float64": "d", "float32": "f"}  # the type code of each dtype in Python's arrays


# What C calls Instruction, Program and Training


class InstructionFields(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in Instruction._fields]


class ProgramFields(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("code", "constants", "outputs")],
        *[(name, ctypes.c_int64) for name in ("length", "slots", "inputs", "weights")],
        *[(name, ctypes.c_int64) for name in ("constant_count", "output_count", "quiet")],
    ]


class TrainingFields(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("program", "rule", "memory", "rule_memory")],
        ("examples", ctypes.c_void_p),
        *[(name, ctypes.c_int64) for name in ("count", "batch_size", "first_batch", "last_batch")],
        *[(name, ctypes.c_void_p) for name in ("columns", "next", "gradients", "numbers")],
        ("loss", ctypes.c_double),
    ]


class Fact(ctypes.Structure):
    """A row of machine_facts: what machine.c tells about itself."""

    _fields_ = [("name", ctypes.c_char_p), ("number", ctypes.c_int64), ("size", ctypes.c_int64)]


# Loading


class Library(NamedTuple):
    """The machine, loaded.

    functions: what Python calls.  operations: the number of each operation.
    lanes, rule_lanes, most_slots: LANES, RULE_LANES, MOST_SLOTS as machine.c chose them.
    """

    functions: ctypes.CDLL
    operations: dict[str, int]
    lanes: int
    rule_lanes: int
    most_slots: int


@functools.cache
def library(dtype: str) -> Library:
    """The machine for float64 or float32, built and loaded once in a process.

    Raises NoMachine where it cannot be built or loaded, or is not the one this file knows.
    """
    path = build(dtype)
    try:
        functions = ctypes.CDLL(str(path))
        names = ctypes.c_char.in_dll(functions, "machine_operations")
        facts = dict(facts_of(functions))
    except (OSError, ValueError) as error:
        path.unlink(missing_ok=True)  # a damaged file: the next attempt builds it anew
        raise NoMachine(f"{path} cannot be loaded: {error}; try again") from None
    for name, here in expected_facts(dtype).items():
        if facts.get(name) != here:
            raise NoMachine(
                f"machine.c and machine.py do not fit together: byte and size of {name} are "
                f"{facts.get(name)} there, {here} here; install micronn anew"
            )
    address, integer = ctypes.c_void_p, ctypes.c_int64
    arguments: dict[str, list[Any]] = {
        "machine_check": [address],
        "machine_memory": [address, integer],
        "machine_run": [*[address] * 3, integer, *[address] * 4, ctypes.c_double],
        "machine_train": [address],
    }
    for name, types in arguments.items():
        function = getattr(functions, name)
        function.argtypes, function.restype = types, integer
    operations = ctypes.string_at(ctypes.addressof(names)).decode().split()
    sizes = [facts[name][0] for name in ("LANES", "RULE_LANES", "MOST_SLOTS")]
    return Library(functions, {name: k for k, name in enumerate(operations)}, *sizes)


def facts_of(functions: ctypes.CDLL) -> Iterator[tuple[str, tuple[int, int]]]:
    """The rows of machine_facts, name by name; they end where one has no name."""
    table = ctypes.pointer(Fact.in_dll(functions, "machine_facts"))
    for k in count():
        if table[k].name is None:
            return
        yield table[k].name.decode(), (table[k].number, table[k].size)


def expected_facts(dtype: str) -> dict[str, tuple[int, int]]:
    """Where this file expects each field, and of what size, named as in machine_facts."""
    facts = {"real": (0, array(ARRAY[dtype]).itemsize)}
    for name, fields in (
        ("Instruction", InstructionFields), ("Program", ProgramFields),
        ("Training", TrainingFields),
    ):  # fmt: skip
        facts[name] = (0, ctypes.sizeof(fields))
        for field in fields._fields_:
            place = getattr(fields, field[0])
            facts[f"{name}.{field[0]}"] = (place.offset, place.size)
    return facts


# Running


class Machine:
    """One tape, checked, with the memory to run it.

    dtype: "float64" or "float32".

    Raises ValueError for a tape with an instruction that would reach outside the
    arrays, naming it; NoMachine where there is no compiler.
    """

    def __init__(self, tape: Tape, dtype: str = "float64") -> None:
        self.library = library(dtype)
        self.real = ARRAY[dtype]
        self.inputs, self.weights, self.slots = tape.inputs, tape.weights, tape.slots
        self.code = as_code(tape.instructions, self.library.operations)
        self.constants = array(self.real, tape.constants)
        self.outputs = array("i", tape.outputs)
        self.lock = threading.Lock()  # the memory serves one call at a time
        self.memory_bytes, self.memory_lanes, self.memory = bytearray(), 0, 0
        self.check_sizes(tape)
        self.fields = ProgramFields(
            *[address(numbers) for numbers in (self.code, self.constants, self.outputs)],
            *[len(tape.instructions), tape.slots, tape.inputs, tape.weights],
            *[len(self.constants), len(self.outputs), tape.quiet],
        )
        self.program = ctypes.addressof(self.fields)
        self.check_instructions(tape)

    def check_sizes(self, tape: Tape) -> None:
        """Refuse counts that no arrays can have."""
        sizes = [tape.inputs, tape.weights, tape.slots, tape.quiet]
        if min(sizes) < 0 or tape.inputs > tape.slots or tape.quiet > tape.slots:
            raise ValueError(f"inputs, weights, slots, quiet = {sizes} fit no tape")
        most = self.library.most_slots
        if max(sizes) > most:
            raise ValueError(
                f"a tape has room for {most} slots and weights, got {max(sizes)}; "
                'use backend="python"'
            )

    def check_instructions(self, tape: Tape) -> None:
        """Let the machine look at every instruction."""
        bad = self.library.functions.machine_check(self.program)
        if bad == len(tape.instructions) or not self.outputs:
            raise ValueError(f"the outputs {tape.outputs} are not among {tape.slots} slots")
        if bad >= 0:
            step = tape.instructions[bad]
            raise ValueError(
                f"instruction {bad} reaches outside its arrays: {step}; {tape.slots} slots, "
                f"{tape.inputs} inputs, {tape.weights} weights, {len(tape.constants)} constants"
            )

    def room(self, lanes: int) -> int:
        """The address of memory for that many lanes, kept from call to call."""
        if lanes > self.memory_lanes:
            needed = self.library.functions.machine_memory(self.program, lanes)
            self.memory_bytes = bytearray(needed * self.constants.itemsize + 64)
            start = address(self.memory_bytes) or 0
            self.memory = start + -start % 64  # SIMD likes addresses that 64 divides
            self.memory_lanes = lanes
        return self.memory

    def run(
        self,
        examples: Buffer,
        count: int,
        weights: Buffer,
        gradients: bool = True,
        of_inputs: bool = True,
        share: float = 1.0,
    ) -> tuple[Any, Any, Any] | None:
        """The results of each example, and the gradients where there is one result.

        examples: count * inputs doubles.  weights: the parameters, in the dtype.
        gradients: whether any are wanted.  of_inputs: whether those of inputs are.
        share: what they are multiplied by.

        Returns values [example][output], the inputs' gradients [example][input] or None,
        and the sums of the parameters' gradients or None, as arrays; or None in place of
        all where the graph must be asked: it refuses an example, or a result is inf or nan.
        """
        self.expect("examples", examples, count * self.inputs, 8)
        self.expect("weights", weights, self.weights, self.constants.itemsize)
        if gradients and len(self.outputs) > 1:
            raise ValueError(f"gradients of one result, not of {len(self.outputs)}")
        values = zeros(self.real, count * len(self.outputs))
        slopes = zeros(self.real, count * self.inputs) if gradients and of_inputs else None
        sums = zeros(self.real, self.weights) if gradients else None
        with self.lock:
            memory = self.room(min(count, self.library.lanes))
            arrays = map(address, (weights, sums, values, slopes))
            fine = self.library.functions.machine_run(
                self.program, memory, address(examples), count, *arrays, share
            )
        return (values, slopes, sums) if fine else None

    @staticmethod
    def expect(name: str, numbers: Buffer, count: int, itemsize: int) -> None:
        """Refuse a buffer of another length before any memory is touched."""
        size = memoryview(numbers).nbytes
        if size != count * itemsize:
            raise ValueError(f"{name}: expected {count * itemsize} bytes, got {size}")


class Trainer:
    """A Machine, the Machine of an optimiser's rule, and what both work on.

    columns: the parameters, then each column of the optimiser's memory.
    """

    def __init__(
        self, machine: Machine, rule: Machine, examples: Buffer, count: int, batch_size: int
    ) -> None:
        Machine.expect("examples", examples, count * machine.inputs, 8)
        if rule.inputs != len(rule.outputs) + 1:
            raise ValueError(f"a rule of {rule.inputs} inputs and {len(rule.outputs)} results")
        self.machine, self.rule = machine, rule
        self.examples, self.count, self.batch_size = examples, count, batch_size
        size = machine.weights * len(rule.outputs)
        self.buffers = zeros(machine.real, size), zeros(machine.real, size)
        self.gradients = zeros(machine.real, machine.weights)
        self.current = 0

    def load(self, columns: Sequence[Sequence[float]]) -> None:
        """Set the parameters and the optimiser's memory, a list of numbers for each."""
        flat = array(self.machine.real, [x for column in columns for x in column])
        Machine.expect("columns", flat, len(self.buffers[0]), flat.itemsize)
        self.buffers[self.current][:] = flat

    def columns(self) -> list[list[float]]:
        """The parameters and the optimiser's memory, a list of numbers for each."""
        flat, n = self.buffers[self.current].tolist(), self.machine.weights
        return [flat[start : start + n] for start in range(0, len(flat), n)]

    def train(self, first: int, last: int, numbers: Sequence[float]) -> tuple[int, float]:
        """Do the batches from first up to last; how far it came, and the sum of their values.

        numbers: the rule's arguments that change, as many for each batch as it has weights.
        """
        table = array(self.machine.real, numbers)
        Machine.expect("numbers", table, (last - first) * self.rule.weights, table.itemsize)
        if not 0 <= first <= last <= -(-self.count // self.batch_size):
            raise ValueError(f"no batches {first} to {last} in {self.count} examples")
        with self.machine.lock, self.rule.lock:
            library = self.machine.library
            memory = self.machine.room(library.lanes), self.rule.room(library.rule_lanes)
            columns, other = self.buffers[self.current], self.buffers[1 - self.current]
            fields = TrainingFields(
                *[self.machine.program, self.rule.program, *memory],
                *[address(self.examples), self.count, self.batch_size, first, last],
                *map(address, (columns, other, self.gradients, table)),
            )
            done = library.functions.machine_train(ctypes.addressof(fields))
            self.current = self.current if fields.columns == address(columns) else 1 - self.current
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
    """count zeros."""
    return array(kind, [0.0]) * count


def address(buffer: Any) -> int | None:
    """Where the numbers of an array or any other buffer lie; None for None."""
    if buffer is None:
        return None
    if isinstance(buffer, array):
        return buffer.buffer_info()[0]
    view = memoryview(buffer).cast("B")
    return ctypes.addressof(ctypes.c_char.from_buffer(view)) if len(view) else 0
