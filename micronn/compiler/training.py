"""Mini-batch descent on a program: the steps that the graph would take, without the graph.

In Python a step asks the program for the gradient of a batch, and then the optimiser
for its step.  In the machine both are programs: the optimiser's rule, called once with
Values, leaves a graph like any other.
"""

import math
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from micronn.compiler.buffers import Rows
from micronn.compiler.machine import KnownRule, Machine, Trainer
from micronn.compiler.rebuild import UnknownOperation
from micronn.compiler.tape import Tape, write_tape
from micronn.engine import Value, as_value
from micronn.optim import AdamW, Optimizer, Rule, adam_rule, momentum_rule, sgd_rule

# The rules that rules.h has: how many numbers each remembers, what its arguments are
CORRECTIONS, BETAS = ["correction1", "correction2"], ["beta1", "beta2"]
KNOWN: list[tuple[str, Rule, int, list[str], list[str]]] = [
    ("SGD", sgd_rule, 0, ["lr"], []),
    ("MOMENTUM", momentum_rule, 1, ["lr"], ["momentum"]),
    ("ADAM", adam_rule, 2, ["lr", *CORRECTIONS], [*BETAS, "eps"]),
]
PATIENCE = 0.05  # seconds between two looks at whether Ctrl-C was pressed


def training_of(program: Any, optimizer: Optimizer, rows: Rows, batch_size: int) -> "Training":
    """The quickest training there is: inside the machine, if it knows what the rule does."""
    if program.machine:
        try:
            return MachineTraining(program, optimizer, rows, batch_size)
        except UnknownOperation as refusal:
            message = f"steps are taken in Python, about 10 times slower: {refusal}"
            warnings.warn(message, RuntimeWarning, stacklevel=3)
    return Training(program, optimizer, rows, batch_size)


class Training:
    """Epochs of a program: gradients of a batch, then a step of the optimizer in Python.

    program: a Program of one root.  rows: its examples.
    """

    def __init__(self, program: Any, optimizer: Optimizer, rows: Rows, batch_size: int) -> None:
        self.program, self.optimizer, self.batch_size = program, optimizer, batch_size
        self.data, self.count = rows
        self.batches = -(-self.count // batch_size)

    def epochs(self, epochs: int) -> Iterator[float]:
        """Yields the mean value of each epoch."""
        for _ in range(epochs):
            yield self.epoch() / self.count

    def epoch(self) -> float:
        """All the batches; returns the sum of the values."""
        return sum(map(self.batch, range(self.batches)))

    def batch(self, k: int) -> float:
        """One step on the k-th batch; returns the sum of the values."""
        program, first = self.program, k * self.batch_size
        count, width = min(self.batch_size, self.count - first), len(program.inputs)
        rows = self.data[first * width : (first + count) * width], count
        values, _, slopes = program.run(rows, program.weights(), of_inputs=False)
        self.step([g / count for g in slopes])
        return float(sum(values))

    def step(self, gradient: Sequence[float]) -> None:
        """A step of the optimizer, or none if Ctrl-C comes amid it; then grads as before."""
        params, optimizer = self.program.params, self.optimizer
        before, grads = [p.data for p in params], [p.grad for p in params]
        memory, steps = optimizer.memory, optimizer.steps
        try:
            put_grads(params, gradient)
            optimizer.step()
        except BaseException:
            put_data(params, before)
            optimizer.memory, optimizer.steps = memory, steps
            raise
        finally:
            try:
                put_grads(params, grads)
            except BaseException:  # Ctrl-C amid this
                put_grads(params, grads)
                raise


class MachineTraining(Training):
    """Epochs inside the machine.  A batch that the graph would refuse is left to Python."""

    def __init__(self, program: Any, optimizer: Optimizer, rows: Rows, batch_size: int) -> None:
        super().__init__(program, optimizer, rows, batch_size)
        self.rule = known_rule(optimizer) or Machine(
            rule_tape(optimizer), program.dtype, program.machine.kind
        )
        # Where the parameters are in the optimizer's lists, which are the same ones as a rule
        self.indices: Sequence[int] = range(len(program.params))
        if optimizer.params != program.params:
            index = {p: k for k, p in enumerate(optimizer.params)}
            self.indices = [index[p] for p in program.params]

    def epoch(self) -> float:
        """As many batches at a time as leave Ctrl-C some patience; then the sum of the values."""
        self.load()
        total, done, chunk = 0.0, 0, 1
        try:
            while done < self.batches:
                start, end = time.perf_counter(), min(done + chunk, self.batches)
                reached, total = self.advance(done, end, total)
                if reached < end:
                    self.store()
                    total += self.batch(reached)
                    self.load()
                    reached += 1
                done = reached
                times = PATIENCE / max(time.perf_counter() - start, PATIENCE / 100)
                chunk = math.ceil(times * chunk)  # at least 1
        finally:
            try:
                self.store()
            except BaseException:  # Ctrl-C amid this
                self.store()
                raise
        return total

    def advance(self, first: int, last: int, before: float) -> tuple[int, float]:
        """Batches from first up to last, as far as the machine gets; the sum of all values.

        before: the sum up to here, to go on from, so that its bits do not depend on the clock.
        """
        return self.trainer.train(first, last, self.arguments(last - first), before)

    def arguments(self, steps: int) -> list[float]:
        """Those of the rule that change from step to step, for so many steps to come."""
        optimizer, stored = self.optimizer, self.optimizer.steps
        plain = type(optimizer).step_arguments is Optimizer.step_arguments
        if plain and not callable(optimizer.lr):  # then every step has the same
            return [*optimizer.step_arguments().values()] * steps
        table: list[float] = []
        try:
            for k in range(steps):
                optimizer.steps = self.trainer.steps + k
                table += optimizer.step_arguments().values()
        finally:
            optimizer.steps = stored
        return table

    def load(self) -> None:
        """Bring the numbers of the Values and of the optimizer to the machine."""
        memory = self.optimizer.state.values()
        columns = [[column[k] for k in self.indices] for column in memory]
        columns.insert(0, [p.data for p in self.program.params])
        self.trainer = Trainer(
            self.program.machine, self.rule, (self.data, self.count), self.batch_size,
            columns, self.optimizer.steps,
        )  # fmt: skip

    def store(self) -> None:
        """Bring them back, with the steps that they have behind them."""
        data, *columns = self.trainer.columns()
        put_data(self.program.params, data)
        if columns:  # plain SGD has no memory
            for k, numbers in zip(self.indices, zip(*columns, strict=True), strict=True):
                self.optimizer.memory[k] = numbers
        self.optimizer.steps = self.trainer.steps


def put_data(params: Sequence[Value], numbers: Iterable[float]) -> None:
    """Set the data of each parameter."""
    for p, number in zip(params, numbers, strict=True):
        p.data = number


def put_grads(params: Sequence[Value], numbers: Iterable[float]) -> None:
    """Set the grad of each parameter."""
    for p, number in zip(params, numbers, strict=True):
        p.grad = number


def known_rule(optimizer: Optimizer) -> KnownRule | None:
    """The optimizer's rule, if rules.h has it and nobody has overridden a part of it."""
    decays = getattr(optimizer.decayed, "__func__", None)
    arguments = [*optimizer.step_arguments()], [*optimizer.constants]
    for name, rule, remembered, *expected in KNOWN:
        if rule is not optimizer.rule or [*arguments] != expected:
            continue
        if len(optimizer.names) != remembered or decays not in (Optimizer.decayed, AdamW.decayed):
            continue
        decay = optimizer.weight_decay
        numbers = [0.0, decay] if decays is AdamW.decayed else [decay, 0.0]
        for argument, number in optimizer.constants.items():
            numbers += [number, 1.0 - number] if argument in BETAS else [number]
        return KnownRule(name, 1 + remembered, len(arguments[0]), numbers)
    return None


def rule_tape(optimizer: Optimizer) -> Tape:
    """An optimiser's rule as a tape: parameter, gradient, memory -> parameter, memory.

    The rule is called once with Values; the arguments that change from step to step
    are the parameters of this little graph.
    """
    inputs = p, g, *memory = [Value(1.0) for _ in range(2 + len(optimizer.state))]
    numbers = {name: Value(number) for name, number in optimizer.step_arguments().items()}
    moved = optimizer.decayed(p, g, numbers["lr"])
    results = optimizer.rule(*moved, *memory, **numbers, **optimizer.constants)
    return write_tape([as_value(x) for x in results], inputs, list(numbers.values()))
