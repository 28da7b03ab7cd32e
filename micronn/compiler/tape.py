"""A graph becomes a list of instructions, and equal operations of a level become one.

The machine works on slots, numbered places that each hold one quantity of the graph.
Here every Value gets its slot.  Nodes are taken level by level (a level needs only
results of the levels before it).  Equal operations of a level are one instruction, with
lists of the slots that they read; so what to do is decided once for all of them.
The neurons of a layer end up side by side, and what was recorded number by number runs
as a matrix library would run it.

    >>> x, w = Value(2.0), Value(3.0)
    >>> print(write_tape([(x * w).tanh() + x * x], [x], [w]))
    0  BROADCAST  v1 = w0
    1  MUL        v2..v3 = v0 v0, v0..v1
    2  TANH       v4 = v3
    3  ADD        v5 = v4, v2
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from micronn.compiler.rebuild import nodes_below
from micronn.engine import Value
from micronn.graph.operations import OPERATIONS, halves, kind_and_number, operation

WIDE = 128  # terms; fewer are weighed sooner in slots, 32 examples side by side
OF_TWO = {row.machine for row in OPERATIONS.values() if row.takes == 2}


class Instruction(NamedTuple):
    """One step of the tape; machine.c says what each number means for an op.

    op: what to do.  times: for how many neighbouring results.  out: the slot of the
    first.  a, b: where the lists of what is read begin in Tape.lists; b is the scalar
    that an operation of one number has, as POWER its exponent, or -1 for none.  n: terms
    in one result.

    A LAYER reads neighbours without a list: a is the first slot, b the first scalar.
    stride: from the scalars of one result to those of the next.  bias: the first scalar
    that it adds, -1 for none.
    """

    op: str
    times: int
    out: int
    a: int
    b: int = -1
    n: int = 0
    stride: int = 0
    bias: int = -1


@dataclass
class Tape:
    """Instructions, and how much room they need.  print(tape) shows a table.

    inputs: how many; they are the first slots, v0, v1, ...
    weights: how many parameters; they are the first scalars, w0, w1, ...
    constants: the other scalars, c0, c1, ...
    lists: of the slots that instructions read; of scalars for a BROADCAST.
    slots: how many places there are for numbers that differ from example to example.
    outputs: the slots of the results.
    quiet: so many slots at the start need no gradient when the inputs need none.
    direct: so many of the inputs are read by wide layers alone, which need them in no slots.
    """

    inputs: int
    weights: int
    instructions: list[Instruction] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    slots: int = 0
    quiet: int = 0
    lists: list[int] = field(default_factory=list)
    direct: int = 0

    def __str__(self) -> str:
        wide = len(str(len(self.instructions)))
        return "\n".join(
            f"{k:{wide}}  {step.op:<9}  {self.in_words(step)}"
            for k, step in enumerate(self.instructions)
        )

    def in_words(self, step: Instruction) -> str:
        """What an instruction makes from what: v4..v5 = v0 v2, v1 v1."""
        results = named(range(step.out, step.out + step.times))
        if step.op == "LAYER":
            bias = " + " + self.scalars(step.bias, 1, step) if step.bias >= 0 else ""
            read = named(range(step.a, step.a + step.n))
            return f"{results} = {self.scalars(step.b, step.n, step)} · {read}{bias}"
        count = step.times * (step.n or 1)
        first, second = self.lists[step.a : step.a + count], ""
        if step.op == "BROADCAST":
            return f"{results} = {named(first, self.scalar_name)}"
        if step.op in OF_TWO or step.op == "DOT":
            mark = " · " if step.op == "DOT" else ", "
            second = mark + named(self.lists[step.b : step.b + count])
        elif step.b >= 0:
            second = f", {self.constants[step.b - self.weights]!r}"
        return f"{results} = {named(first)}{second}"

    def scalar_name(self, k: int) -> str:
        """w3 for a parameter, c3 for a constant."""
        return f"w{k}" if k < self.weights else f"c{k - self.weights}"

    def scalars(self, first: int, n: int, step: Instruction) -> str:
        """The rows of scalars that a LAYER reads, such as  w0..w15 (and 15 more, every 17)."""
        times, stride = step.times, step.stride
        if n == stride == 1:
            n, times = times, 1
        text = named(range(first, first + n), self.scalar_name)
        return text if times == 1 else f"{text} (and {times - 1} more, every {stride})"


def named(numbers: Sequence[int], name: Callable[[int], str] = "v{}".format, most: int = 6) -> str:
    """Slots or scalars, neighbours as a range: v3 v5..v7.  Of many the middle is left out."""
    words = []
    for run in runs([(k,) for k in numbers]):
        first, last = (name(numbers[k]) for k in (run.start, run.stop - 1))
        words.append(first if first == last else f"{first}..{last}")
    if len(words) > most:
        words[most - 2 : -1] = [f"... ({len(numbers)} in all) ..."]
    return " ".join(words)


def write_tape(roots: Sequence[Value], inputs: Sequence[Value], params: Sequence[Value]) -> Tape:
    """The graph below the roots as a tape; leaves that are neither are constants."""
    order = nodes_below(roots)
    writer = TapeWriter(Tape(len(inputs), len(params)), inputs, params)
    writer.number_constants(order)
    writer.find_layers(order, roots)
    writer.place_leaves(order, roots)
    for nodes in writer.levels(order):
        writer.write_level(nodes)
    tape = writer.tape
    tape.outputs = [writer.slot[root] for root in roots]
    tape.direct = read_directly(tape)
    return tape


class TapeWriter:
    """What is known while a tape is written.

    scalar: the number of each parameter and constant.  slot: where each Value lies.
    layers: of the weighted sums whose weights lie side by side: where these begin, the
    Values they weigh, and where the bias is, or -1.  taken_in: dots that a layer does in
    one with the addition of a bias.
    """

    def __init__(self, tape: Tape, inputs: Sequence[Value], params: Sequence[Value]) -> None:
        self.tape = tape
        self.slot = {value: k for k, value in enumerate(inputs)}
        self.scalar = {value: k for k, value in enumerate(params)}
        self.layers: dict[Value, tuple[int, Sequence[Value], int]] = {}
        self.taken_in: set[Value] = set()
        self.numbers: dict[Value | str | int, int] = {}
        self.copied: dict[tuple[int, ...], int] = {}
        tape.slots = len(inputs)

    # Scalars

    def number_constants(self, order: Sequence[Value]) -> None:
        """A scalar for each leaf that is neither input nor parameter."""
        for node in order:
            if not node.operands and node not in self.slot and node not in self.scalar:
                self.scalar[node] = self.constant(node, [node.data])

    def constant(self, key: Value | str | int, numbers: Sequence[float]) -> int:
        """The scalar where these constants begin; those of one key are added once."""
        if key not in self.numbers:
            self.numbers[key] = self.tape.weights + len(self.tape.constants)
            self.tape.constants += numbers
        return self.numbers[key]

    # Weighted sums

    def find_layers(self, order: Sequence[Value], roots: Sequence[Value]) -> None:
        """Dots whose weights lie side by side, each with its bias if that is all that follows."""
        uses: dict[Value, int] = dict.fromkeys(roots, 1)
        for node in order:
            for operand in node.operands:
                uses[operand] = uses.get(operand, 0) + 1
        for node in order:
            if node.op in ("dot", "weighted_sum"):
                self.find_weights(node)
            elif node.op == "+":
                for dot, bias in (node.operands, node.operands[::-1]):
                    plain = dot in self.layers and self.layers[dot][2] < 0  # with no bias yet
                    if plain and uses[dot] == 1 and bias in self.scalar:
                        self.layers[node] = *self.layers[dot][:2], self.scalar[bias]
                        self.taken_in.add(dot)
                        break

    def find_weights(self, node: Value) -> None:
        """A dot as a layer, if one of its sides is a row of neighbouring scalars."""
        if node.op == "weighted_sum":
            first = self.constant(id(node.local_grads), node.local_grads)
            self.layers[node] = first, node.operands, -1
            return
        left, right = halves(node.operands)
        n = len(left)
        for side, other in ((left, right), (right, left)):
            first = self.scalar.get(side[0], self.tape.weights)
            fits = first + n <= self.tape.weights
            if fits and [self.scalar.get(x) for x in side] == list(range(first, first + n)):
                self.layers[node] = first, other, -1
                return

    def reads(self, node: Value) -> Sequence[Value]:
        """The Values that a node needs in slots; none for a dot that a layer has taken in."""
        if node in self.layers:
            return () if node in self.taken_in else self.layers[node][1]
        return node.operands

    # Slots

    def room(self, count: int) -> int:
        """The first of count new slots."""
        self.tape.slots += count
        return self.tape.slots - count

    def write(self, op: str, times: int, *fields: int, **more: int) -> None:
        """One more instruction."""
        self.tape.instructions.append(Instruction(op, times, *fields, **more))

    def place_leaves(self, order: Sequence[Value], roots: Sequence[Value]) -> None:
        """A slot for each scalar that an operation other than a layer reads."""
        read = dict.fromkeys(root for root in roots if root in self.scalar)
        for node in order:
            read.update(dict.fromkeys(x for x in self.reads(node) if x in self.scalar))
        scalars = sorted(read, key=self.scalar.__getitem__)
        constants = [x for x in scalars if self.scalar[x] >= self.tape.weights]
        self.broadcast(constants)
        self.tape.quiet = self.tape.slots
        self.broadcast(scalars[: len(scalars) - len(constants)])

    def broadcast(self, leaves: Sequence[Value]) -> None:
        """An instruction that brings these scalars to slots."""
        if leaves:
            scalars = self.listed(self.scalar[leaf] for leaf in leaves)
            self.write("BROADCAST", len(leaves), self.results(leaves), scalars)

    def listed(self, numbers: Iterable[int]) -> int:
        """Where the list of these numbers begins, which is now the last one."""
        start = len(self.tape.lists)
        self.tape.lists += numbers
        return start

    def results(self, nodes: Sequence[Value], extra: int = 0) -> int:
        """Gives the nodes neighbouring slots; returns the first."""
        first = self.room(len(nodes) + extra)
        self.slot.update(zip(nodes, range(first, first + len(nodes)), strict=True))
        return first

    def contiguous(self, values: Sequence[Value]) -> int:
        """The first of neighbouring slots that hold these Values; copies where it must."""
        places = tuple([self.slot[value] for value in values])
        if places == tuple(range(places[0], places[0] + len(places))):
            return places[0]
        if places not in self.copied:
            self.copied[places] = self.room(len(places))
            self.write("COPY", len(places), self.copied[places], self.listed(places))
        return self.copied[places]

    # Instructions

    def levels(self, order: Sequence[Value]) -> list[list[Value]]:
        """The computed nodes, in groups that need only what earlier groups made."""
        level: dict[Value, int] = {}
        for node in order:
            operands = self.reads(node)
            if operands:
                level[node] = 1 + max(map(level.get, operands, [0] * len(operands)))
        nodes = sorted(level, key=level.__getitem__)
        return [list(group) for _, group in groupby(nodes, level.__getitem__)]

    def write_level(self, nodes: Sequence[Value]) -> None:
        """All operations of a level, equal ones together."""
        kinds: dict[str, list[Value]] = {}
        for node in nodes:
            kinds.setdefault("LAYER" if node in self.layers else node.op, []).append(node)
        for op, group in kinds.items():
            if op == "LAYER":
                self.write_layers(group)
            elif operation(op).takes is None:
                self.write_several(op, group)
            else:
                self.write_elementwise(op, group)

    def write_layers(self, nodes: Sequence[Value]) -> None:
        """Weighted sums; those that read the same Values and evenly spaced weights are one."""
        rows = []
        for node in nodes:
            weights, values, bias = self.layers[node]
            constant = (weights >= self.tape.weights, bias >= self.tape.weights)
            a = self.contiguous(values)
            rows.append((a, len(values), bias >= 0, constant, weights, bias, node))
        rows.sort(key=lambda row: row[:-1])
        for (a, n, has_bias, _), group in groupby(rows, lambda row: row[:4]):
            *_, firsts, biases, members = zip(*group, strict=True)
            spaced = list(zip(firsts, biases if has_bias else firsts, strict=True))
            for run in runs(spaced, even=True):
                stride = firsts[run.start + 1] - firsts[run.start] if len(run) > 1 else 0
                # One instruction writes the gradients of several rows at once: not if they overlap
                for part in [run] if stride >= n else [range(k, k + 1) for k in run]:
                    out = self.results(members[part.start : part.stop])
                    first, bias = firsts[part.start], biases[part.start]
                    self.write("LAYER", len(part), out, a, first, n, stride, bias)

    def write_several(self, op: str, nodes: Sequence[Value]) -> None:
        """Results of several terms: dot, sum, mean, logsumexp; those of equally many are one."""
        nodes = sorted(nodes, key=lambda node: len(node.operands))
        for _, same in groupby(nodes, lambda node: len(node.operands)):
            group = list(same)
            pairs = [halves(node.operands) if op == "dot" else (node.operands,) for node in group]
            n, times = len(pairs[0][0]), len(group)
            starts = [
                self.listed(self.slot[x] for side in sides for x in side)
                for sides in zip(*pairs, strict=True)
            ]
            out = self.results(group, times * n if op == "logsumexp" else 0)
            self.write(operation(op).machine, times, out, *starts, n=n)

    def write_elementwise(self, op: str, nodes: Sequence[Value]) -> None:
        """Operations of one or two Values, in the order of the slots that they read."""
        name, number = operation(op).machine, kind_and_number(op)[1]
        nodes = sorted(nodes, key=lambda node: [self.slot[x] for x in node.operands])
        starts = [
            self.listed(self.slot[x] for x in column)
            for column in zip(*[node.operands for node in nodes], strict=True)
        ]
        if number is not None and name != "SQUARE":
            starts.append(self.constant(op, [number]))
        self.write(name, len(nodes), self.results(nodes), *starts)


def read_directly(tape: Tape) -> int:
    """How many of the inputs, from the first on, are read by wide layers alone."""
    layers, read = [], [tape.inputs, *tape.outputs]
    for step in tape.instructions:
        if step.op == "LAYER":
            layers.append((step.a, step.a + step.n if step.n >= WIDE else tape.slots))
        elif step.op != "BROADCAST":
            count = step.times * (step.n or 1)
            read.append(min(tape.lists[step.a : step.a + count]))
            if step.op in OF_TWO or step.op == "DOT":
                read.append(min(tape.lists[step.b : step.b + count]))
    direct = min(read)
    for first, end in sorted(layers, reverse=True):
        direct = min(direct, first) if end > direct else direct
    return direct


def runs(rows: Sequence[tuple[int, ...]], even: bool = False) -> list[range]:
    """Ranges of rows in which every number grows by 1 from row to row.

    even: by any amount above 0, if it is the same for all the numbers and rows.
    """
    found: list[range] = []
    start, step = 0, None if even else 1
    for k in range(1, len(rows) + 1):
        gaps = {b - a for a, b in zip(rows[k - 1], rows[k], strict=True)} if k < len(rows) else {0}
        gap = gaps.pop()
        if not gaps and gap > 0 and gap == (step or gap):
            step = gap
        else:
            found.append(range(start, k))
            start, step = k, None if even else 1
    return found
