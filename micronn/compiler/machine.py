"""A tape runs on the machine in C: this file hands it arrays, and is as careful as C is not.

The tape is looked at once, when the Machine is made: one that would read or write
outside its arrays is refused, so that a mistake in Python cannot become a wrong number
or a crash in C.
"""

import functools
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from micronn.compiler.buffers import Buffer, Rows, packed
from micronn.compiler.build import NoMachine
from micronn.compiler.library import ARRAY, Library, Native, Room
from micronn.compiler.tape import Instruction, Tape
from micronn.compiler.wasm import Sandbox

LIBRARIES: dict[str, type[Library]] = {"native": Native, "wasm": Sandbox}


@functools.cache
def library(kind: str, dtype: str) -> Library:
    """The machine of a kind for float64 or float32, loaded once; NoMachine where it cannot be."""
    return LIBRARIES[kind](dtype)


class Memory(NamedTuple):
    """Where the numbers of a run are kept, for so many lanes; and what is said of it to C."""

    lanes: int
    address: int
    room: Room
    fields: Any
    run: Room


class TooLarge(NoMachine, ValueError):
    """The machine cannot hold so large a graph; Python can."""


class Machine:
    """One tape, checked, with the memory to run it.

    dtype: "float64" or "float32".
    kind: "native" or "wasm".

    Raises ValueError for a tape with an instruction that would reach outside the
    arrays, naming it; NoMachine where there is no machine of that kind.
    """

    def __init__(self, tape: Tape, dtype: str = "float64", kind: str = "native") -> None:
        self.kind, self.library = kind, library(kind, dtype)
        self.real = ARRAY[dtype]
        self.inputs, self.weights, self.slots = tape.inputs, tape.weights, tape.slots
        self.code = as_code(tape.instructions, self.library.operations)
        self.lists = as_int32("a list", tape.lists)
        self.constants = array(self.real, tape.constants)
        self.outputs = as_int32("the outputs", tape.outputs)
        self.spare: list[Memory] = []
        arrays = (self.code, self.lists, self.constants, self.outputs)
        self.rooms = [self.library.room(x) for x in arrays]
        self.fields, self.program = self.library.struct(
            "Program",
            *[room.address for room in self.rooms],
            *[len(tape.instructions), len(self.lists), tape.slots, tape.inputs, tape.weights],
            *[len(self.constants), len(self.outputs), tape.quiet, tape.direct],
        )
        self.check(tape)
        reals = self.library.call("machine_memory", self.program.address)
        self.lanes = self.library.call("machine_lanes", self.program.address)
        self.bytes_of_lane = self.constants.itemsize * reals
        needed, most = self.bytes_of_lane * self.lanes, self.library.most_bytes
        if needed > most:
            raise TooLarge(f"the graph needs {needed:,} bytes, and the machine has {most:,}")

    def check(self, tape: Tape) -> None:
        """Refuse counts that no arrays can have, and let C look at every instruction."""
        sizes = [tape.direct, tape.inputs, tape.slots, tape.quiet, tape.weights]
        if min(sizes) < 0 or sizes[:3] != sorted(sizes[:3]) or tape.quiet > tape.slots:
            raise ValueError(f"direct, inputs, slots, quiet, weights = {sizes} fit no tape")
        most = self.library.sizes.most_slots
        if max(sizes) > most:
            raise TooLarge(
                f"a tape has room for {most} slots and weights, got {max(sizes)}; "
                'use backend="python"'
            )
        bad = self.library.call("machine_check", self.program.address)
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
        room = self.library.room(bytearray(lanes * self.bytes_of_lane + 64))
        start = room.address + -room.address % 64  # SIMD likes addresses that 64 divides
        run = self.library.struct("Run", self.program.address, start, *[0] * 8)
        return Memory(lanes, start, room, *run)

    def run(
        self, rows: Rows, weights: Buffer, share: float | None = 1.0, of_inputs: bool = True
    ) -> tuple[Any, Any, Any] | None:
        """The results of each example, and the gradients where there is one result.

        rows: the examples, in the dtype or as doubles.  weights: the parameters, in the dtype.
        share: what gradients are multiplied by; None for no gradients.
        of_inputs: whether those of inputs are wanted.

        Returns values [example][output], the inputs' gradients [example][input] or None,
        and the sums of the parameters' gradients or None, as arrays; or None in place of
        all where the graph must be asked: it refuses an example, or a result is inf or nan.
        """
        examples, count = rows
        self.expect_examples(rows)
        self.expect("weights", weights, self.weights, self.constants.itemsize)
        if share is not None and len(self.outputs) > 1:
            raise ValueError(f"gradients of one result, not of {len(self.outputs)}")
        values, slopes, sums = zeros(self.real, count * len(self.outputs)), None, None
        if share is not None:
            slopes = zeros(self.real, count * self.inputs) if of_inputs else None
            sums = zeros(self.real, self.weights)
        memory = self.borrow(min(count, self.lanes))
        read = [self.library.room(numbers) for numbers in (examples, weights)]
        written = [None if x is None else self.library.room(x) for x in (sums, values, slopes)]
        call = memory.fields
        call.examples, call.floats, call.count = read[0].address, are_floats(examples), count
        call.weights, call.share = read[1].address, share or 0.0
        call.sums, call.values, call.slopes = [room.address if room else 0 for room in written]
        fine = self.library.call("machine_run", memory.run.address)
        self.spare.append(memory)
        for room in written if fine else []:
            if room:
                room.fetch()
        return (values, slopes, sums) if fine else None

    def expect_examples(self, rows: Rows) -> None:
        """Refuse a buffer of another length, or of floats for a machine of doubles."""
        size = self.constants.itemsize if are_floats(rows[0]) else 8
        self.expect("examples", rows[0], rows[1] * self.inputs, size)

    @staticmethod
    def expect(name: str, numbers: Buffer, count: int, itemsize: int) -> None:
        """Refuse a buffer of another length before any memory is touched."""
        size = memoryview(numbers).nbytes
        if size != count * itemsize:
            raise ValueError(f"{name}: expected {count * itemsize} bytes, got {size}")


class KnownRule(NamedTuple):
    """An optimiser's rule that rules.h has, under this name.

    columns: the parameters, and each number that it remembers of them.
    weights: how many arguments change from step to step.
    constants: the other arguments, as one_pass() in rules.h wants them.
    """

    name: str
    columns: int
    weights: int
    constants: list[float]


class Trainer:
    """A Machine, an optimiser's rule, and what both work on.

    columns: the parameters, and each number that the optimiser remembers of them.
    steps: how many it has taken.

    buffers: the columns one after the other; now, and next.  C says which is now.
    """

    def __init__(
        self, machine: Machine, rule: Machine | KnownRule, rows: Rows, batch_size: int,
        columns: Sequence[Sequence[float]], steps: int,
    ) -> None:  # fmt: skip
        self.machine, self.rule, self.batch_size = machine, rule, batch_size
        self.examples, self.count = rows
        machine.expect_examples(rows)
        if isinstance(rule, KnownRule):
            width, program, number = rule.columns, None, machine.library.rules[rule.name]
            constants = packed(machine.real, rule.constants)
        else:
            width, program, number = len(rule.outputs), rule.program.address, 0
            constants = array(machine.real)
            if rule.inputs != width + 1:
                raise ValueError(f"a rule of {rule.inputs} inputs and {width} results")
        flat: array[float] = array(machine.real)
        for column in columns:
            flat += packed(machine.real, column)
        Machine.expect("columns", flat, machine.weights * width, flat.itemsize)
        room = machine.library.room
        self.buffers = [room(flat), room(flat[:])]
        self.given, self.constants = room(self.examples), room(constants)
        self.gradients = room(zeros(machine.real, machine.weights))
        self.values = room(zeros(machine.real, batch_size * len(machine.outputs)))
        self.fields, self.training = machine.library.struct(
            "Training",
            *[machine.program.address, program, None, None],
            *[self.given.address, are_floats(self.examples), self.count, batch_size, 0, 0],
            *[x.address for x in (*self.buffers, self.gradients, self.values)],
            *[None, rule.weights, number, self.constants.address, 0.0, steps],
        )

    @property
    def steps(self) -> int:
        """How many steps the columns have behind them."""
        return int(self.fields.steps)

    def columns(self) -> list["array[float]"]:
        """The parameters, and each number that the optimiser remembers of them."""
        now = self.buffers[self.fields.columns != self.buffers[0].address]
        flat, n = now.fetch(), self.machine.weights
        return [flat[start : start + n] for start in range(0, len(flat), n)]

    def train(
        self, first: int, last: int, numbers: Sequence[float], before: float = 0.0
    ) -> tuple[int, float]:
        """Do the batches from first up to last; how far it came, and the sum of all values.

        numbers: the rule's arguments that change, as many for each batch as it has weights.
        before: the sum up to here.
        """
        table, fields = array(self.machine.real, numbers), self.fields
        Machine.expect("numbers", table, (last - first) * self.rule.weights, table.itemsize)
        if not 0 <= first <= last <= -(-self.count // self.batch_size):
            raise ValueError(f"no batches {first} to {last} in {self.count} examples")
        spare = [(self.machine, self.machine.borrow(self.machine.lanes))]
        fields.memory = spare[0][1].address
        if isinstance(self.rule, Machine):
            spare.append((self.rule, self.rule.borrow(self.rule.library.sizes.rule_lanes)))
            fields.rule_memory = spare[1][1].address
        fields.first_batch, fields.last_batch = first, last
        changing = self.machine.library.room(table)
        fields.numbers, fields.loss = changing.address, before
        done = self.machine.library.call("machine_train", self.training.address)
        for machine, memory in spare:
            machine.spare.append(memory)
        return done, fields.loss


def as_code(instructions: Sequence[Instruction], operations: dict[str, int]) -> "array[int]":
    """Instructions as the 32-bit numbers that C reads; refuses what does not fit."""
    try:
        flat = [number for op, *numbers in instructions for number in (operations[op], *numbers)]
    except KeyError as error:
        raise ValueError(f"no instruction of the machine: {error}") from None
    return as_int32("an instruction", flat)


def as_int32(what: str, numbers: Sequence[int]) -> "array[int]":
    """The numbers as C reads them; refuses what does not fit."""
    try:
        return array("i", numbers)
    except (OverflowError, TypeError) as error:
        raise ValueError(f"{what} of the machine has 32-bit integers: {error}") from None


def are_floats(numbers: Buffer) -> bool:
    """Whether these numbers have half the size of doubles."""
    return memoryview(numbers).itemsize == 4


def zeros(kind: str, count: int) -> "array[float]":
    return array(kind, [0.0]) * count
