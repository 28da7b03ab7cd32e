"""The C compiler of this computer makes the tape machine once, and every graph runs on it.

machine.c is compiled when it is first needed, with the instructions this processor
has, and kept in a private folder; later programs load what is there.  A Machine is
that library with one tape.  The tape is looked at once, when the Machine is made: a
tape that would read or write outside its arrays is refused, so that a mistake in
Python cannot become a wrong number or a crash in C.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import stat
import subprocess
import tempfile
import threading
from array import array
from pathlib import Path

SOURCE = Path(__file__).with_name("machine.c")
INSTALL = "install one (Debian: apt install gcc; macOS: xcode-select --install) or set CC"

# Flags to try, the fastest first.  A product and a sum are not joined (fp-contract),
# and nothing is reordered (no -ffast-math), so that numbers are those of the graph.
# gcc alone knows LATE: loops of 8 are vectorised before they are unrolled, or the sums
# of add_tile() in machine.c do not stay in registers, which makes it 14 times slower.
LATE = "--param=max-completely-peel-times=7"
EXACT = ["-shared", "-fPIC", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
FLAGS = [
    ["-O3", "-march=native", "-mprefer-vector-width=512", LATE, *EXACT],
    ["-O3", "-march=native", LATE, *EXACT],
    ["-O3", "-march=native", *EXACT],
    ["-O3", "-mcpu=native", *EXACT],
    ["-O2", "-shared", "-fPIC", "-ffp-contract=off"],
]
REAL = {"float64": ("double", "d", ctypes.c_double), "float32": ("float", "f", ctypes.c_float)}
MOST_SLOTS = 2**22  # so that a slot's place times the lanes stays a 32-bit number
LANES, RULE_LANES = 32, 256

# The operations in the order of machine.c
OPERATIONS = [
    "COPY", "NEG", "ABS", "EXP", "LOG", "SQRT", "SIN", "COS", "TANH", "SIGMOID", "RELU",
    "SOFTPLUS", "GELU", "LEAKY", "SQUARE", "POWER", "ADD", "SUB", "MUL", "DIV", "MAXIMUM",
    "MINIMUM", "POW", "BROADCAST", "LAYER", "DOT", "SUM", "MEAN", "LOGSUMEXP",
]  # fmt: skip


class NoMachine(RuntimeError):
    """The machine cannot be built here; the message says why and what to do."""


# Building


def find_compiler() -> list[str]:
    """The command of a C compiler: what CC names, else cc, gcc or clang.

    Raises NoMachine where there is none.
    """
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        path = shutil.which(command[0])
        if path:
            return [path, *command[1:]]
    wanted = f"CC names {named[0]!r}, which is not there" if named else "no C compiler found"
    raise NoMachine(f"{wanted}; {INSTALL}")


def run(command: list[str]) -> str | None:
    """What a command writes, or None if it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=120, stdin=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None  # the next set of flags may do
    return done.stdout.decode("utf-8", "replace")


def cache_folder() -> Path:
    """A folder that only this user can write to, where the built machine is kept.

    MICRONN_CACHE names it; else micronn in XDG_CACHE_HOME or ~/.cache; where that cannot
    be written, a temporary folder for as long as this process runs.
    """
    named = os.environ.get("MICRONN_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(named) if named else Path(home, "micronn")
    return folder if made_private(folder) else Path(temporary_folder().name)


@functools.cache
def temporary_folder():
    """A new folder with mode 0700, deleted when Python ends."""
    return tempfile.TemporaryDirectory(prefix="micronn-")


def made_private(folder: Path) -> bool:
    """Make the folder with mode 0700; False if it is not ours or cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.lstat()
        ours = not hasattr(os, "getuid") or state.st_uid == os.getuid()
        if not ours or not stat.S_ISDIR(state.st_mode):
            return False
        if stat.S_IMODE(state.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def build(dtype: str) -> Path:
    """The path of the machine, built now if it is not in the cache.

    Raises NoMachine if no set of flags works.
    """
    compiler = find_compiler()
    for flags in FLAGS:
        flags = [*flags, f"-Dreal={REAL[dtype][0]}"]
        # The compiler's own macros tell its version and what the processor can do.
        macros = run([*compiler, *flags, "-dM", "-E", str(SOURCE)])
        if macros is None:
            continue
        key = "\0".join([SOURCE.read_text("utf-8"), *compiler, *flags, macros, platform.machine()])
        name = f"machine-{dtype}-{hashlib.sha256(key.encode()).hexdigest()[:24]}.so"
        path = cache_folder() / name
        if path.exists() or compile_to(path, [*compiler, *flags]):
            return path
    raise NoMachine(f"{shlex.join(compiler)} cannot build {SOURCE.name}; {INSTALL}")


def compile_to(path: Path, command: list[str]) -> bool:
    """Build the machine at path, whole or not at all; True if it worked.

    Two processes that do this at once each write a file of their own and then rename
    it, so that both find a whole one.
    """
    handle, name = tempfile.mkstemp(prefix="building-", suffix=".so", dir=path.parent)
    os.close(handle)
    try:
        if run([*command, str(SOURCE), "-o", name, "-lm"]) is None:
            return False
        os.replace(name, path)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


@functools.cache
def library(dtype: str) -> ctypes.CDLL:
    """The machine for float64 or float32, built and loaded once in a process.

    Raises NoMachine where it cannot be built or loaded.
    """
    path = build(dtype)
    try:
        machine = ctypes.CDLL(str(path))
    except OSError as error:
        path.unlink(missing_ok=True)  # a damaged file: the next attempt builds it anew
        raise NoMachine(f"{path} cannot be loaded: {error}; try again") from None
    machine.machine_check.restype = ctypes.c_int64
    machine.machine_memory.restype = ctypes.c_int64
    machine.machine_run.restype = ctypes.c_int64
    machine.machine_train.restype = ctypes.c_int64
    machine.machine_shuffle.restype = None
    return machine


# What C calls Program and Training


class ProgramFields(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("code", "constants", "outputs")],
        *[(name, ctypes.c_int64) for name in ("length", "slots", "inputs", "weights")],
        *[(name, ctypes.c_int64) for name in ("constant_count", "output_count", "quiet")],
    ]


class TrainingFields(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("program", "rule", "memory", "rule_memory")],
        *[(name, ctypes.c_void_p) for name in ("examples", "order")],
        *[(name, ctypes.c_int64) for name in ("count", "batch_size", "first_batch", "last_batch")],
        *[(name, ctypes.c_void_p) for name in ("columns", "next", "gradients", "numbers")],
        ("loss", ctypes.c_double),
    ]


class Machine:
    """One tape, checked, with the memory to run it.

    tape: a Tape, or anything with its fields.
    dtype: "float64" or "float32".

    Raises ValueError for a tape with an instruction that would reach outside the
    arrays, naming it; NoMachine where there is no compiler.
    """

    def __init__(self, tape, dtype: str = "float64"):
        self.library = library(dtype)
        self.real, self.real_type = REAL[dtype][1:]
        self.inputs, self.weights, self.slots = tape.inputs, tape.weights, tape.slots
        self.code = as_code(tape.instructions)
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

    def check_sizes(self, tape):
        """Refuse counts that no arrays can have."""
        sizes = [tape.inputs, tape.weights, tape.slots, tape.quiet]
        if min(sizes) < 0 or tape.inputs > tape.slots or tape.quiet > tape.slots:
            raise ValueError(f"inputs, weights, slots, quiet = {sizes} fit no tape")
        if max(sizes) > MOST_SLOTS:
            raise ValueError(
                f"a tape has room for {MOST_SLOTS} slots and weights, got {max(sizes)}; "
                'use backend="python"'
            )

    def check_instructions(self, tape):
        """Let the machine look at every instruction."""
        bad = self.library.machine_check(ctypes.c_void_p(self.program))
        if bad == len(tape.instructions) or not self.outputs:
            raise ValueError(f"the outputs {tape.outputs} are not among {tape.slots} slots")
        if bad >= 0:
            step = tape.instructions[bad]
            raise ValueError(
                f"instruction {bad} reaches outside its arrays: {step}; {tape.slots} slots, "
                f"{tape.inputs} inputs, {tape.weights} weights, {len(tape.constants)} constants"
            )

    def room(self, lanes):
        """The address of memory for that many lanes, kept from call to call."""
        if lanes > self.memory_lanes:
            program, count = ctypes.c_void_p(self.program), ctypes.c_int64(lanes)
            needed = self.library.machine_memory(program, count)
            self.memory_bytes = bytearray(needed * self.constants.itemsize + 64)
            start = address(self.memory_bytes)
            self.memory = start + -start % 64  # SIMD likes addresses that 64 divides
            self.memory_lanes = lanes
        return self.memory

    def run(self, examples, count, weights, gradients=True, of_inputs=True, share=1.0):
        """The results of each example, and the gradients where there is one result.

        examples: count * inputs doubles.  weights: the parameters, in the dtype.
        gradients: whether any are wanted.  of_inputs: whether those of inputs are.
        share: what they are multiplied by.

        Returns (values [example][output], input gradients [example][input] or None, sums of the
        parameters' gradients or None), as arrays; or None where the graph must be
        asked: it refuses one of the examples, or a result is inf or nan.
        """
        self.expect("examples", examples, count * self.inputs, 8)
        self.expect("weights", weights, self.weights, self.constants.itemsize)
        if gradients and len(self.outputs) > 1:
            raise ValueError(f"gradients of one result, not of {len(self.outputs)}")
        values = zeros(self.real, count * len(self.outputs))
        slopes = zeros(self.real, count * self.inputs) if gradients and of_inputs else None
        sums = zeros(self.real, self.weights) if gradients else None
        with self.lock:
            memory = self.room(min(count, LANES))
            fine = self.library.machine_run(
                *map(ctypes.c_void_p, (self.program, memory, address(examples))),
                ctypes.c_int64(count),
                *map(ctypes.c_void_p, map(address, (weights, sums, values, slopes))),
                ctypes.c_double(share),
            )
        return (values, slopes, sums) if fine else None

    @staticmethod
    def expect(name, numbers, count, itemsize):
        """Refuse a buffer of another length before any memory is touched."""
        size = memoryview(numbers).nbytes
        if size != count * itemsize:
            raise ValueError(f"{name}: expected {count * itemsize} bytes, got {size}")


class Trainer:
    """A Machine, the Machine of an optimiser's rule, and what both work on.

    columns: the parameters, then each column of the optimiser's memory.
    """

    def __init__(self, machine, rule, examples, count, batch_size):
        Machine.expect("examples", examples, count * machine.inputs, 8)
        if rule.inputs != len(rule.outputs) + 1:
            raise ValueError(f"a rule of {rule.inputs} inputs and {len(rule.outputs)} results")
        self.machine, self.rule = machine, rule
        self.examples, self.count, self.batch_size = examples, count, batch_size
        size = machine.weights * len(rule.outputs)
        self.buffers = zeros(machine.real, size), zeros(machine.real, size)
        self.gradients = zeros(machine.real, machine.weights)
        self.order: array | tuple = ()  # none: the order given
        self.current = 0

    def load(self, columns):
        """Set the parameters and the optimiser's memory, a list of numbers for each."""
        flat = array(self.machine.real, [x for column in columns for x in column])
        Machine.expect("columns", flat, len(self.buffers[0]), flat.itemsize)
        self.buffers[self.current][:] = flat

    def columns(self):
        """The parameters and the optimiser's memory, a list of numbers for each."""
        flat, n = self.buffers[self.current].tolist(), self.machine.weights
        return [flat[start : start + n] for start in range(0, len(flat), n)]

    def shuffle(self, seed):
        """Put the examples in a new order."""
        self.order = self.order or array("q", range(self.count))
        self.machine.library.machine_shuffle(
            ctypes.c_void_p(address(self.order)), ctypes.c_int64(self.count), ctypes.c_uint64(seed)
        )

    def train(self, first, last, numbers):
        """Do the batches from first up to last; returns how far it came, and the sum of values.

        numbers: the rule's arguments that change, as many for each batch as it has weights.
        """
        table = array(self.machine.real, numbers)
        Machine.expect("numbers", table, (last - first) * self.rule.weights, table.itemsize)
        if not 0 <= first <= last <= -(-self.count // self.batch_size):
            raise ValueError(f"no batches {first} to {last} in {self.count} examples")
        with self.machine.lock, self.rule.lock:
            memory = self.machine.room(LANES), self.rule.room(RULE_LANES)
            columns, other = self.buffers[self.current], self.buffers[1 - self.current]
            fields = TrainingFields(
                *[self.machine.program, self.rule.program, *memory],
                *[address(self.examples), address(self.order or None)],
                *[self.count, self.batch_size, first, last],
                *map(address, (columns, other, self.gradients, table)),
            )
            done = self.machine.library.machine_train(ctypes.byref(fields))
            self.current = self.current if fields.columns == address(columns) else 1 - self.current
        return done, fields.loss


def shuffle(order, seed):
    """What machine_shuffle does, in Python."""
    for i in range(len(order) - 1, 0, -1):
        seed = (seed + 0x9E3779B97F4A7C15) % 2**64
        z = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        j = (z ^ z >> 31) % (i + 1)
        order[i], order[j] = order[j], order[i]


def as_code(instructions):
    """Instructions as the 32-bit numbers that C reads; refuses what does not fit."""
    try:
        return array("i", [
            number for op, *numbers in instructions for number in (OPERATIONS.index(op), *numbers)
        ])  # fmt: skip
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"no instruction of the machine: {error}") from None


def zeros(kind, count):
    """count zeros."""
    return array(kind, [0.0]) * count


def address(buffer):
    """Where the numbers of an array or any other buffer lie; None for None."""
    if buffer is None:
        return None
    if isinstance(buffer, array):
        return buffer.buffer_info()[0]
    view = memoryview(buffer).cast("B")
    return ctypes.addressof(ctypes.c_char.from_buffer(view)) if len(view) else 0
