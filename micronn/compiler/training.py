"""Mini-batch descent on a program: the steps that the graph would take, without the graph.

In Python a step asks the program for the gradient of a batch, and then the optimiser
for its step.  In the machine both are programs: the optimiser's rule, called once with
Values, leaves a graph like any other.
"""

import time
import warnings
from collections.abc import Iterator
from typing import Any

from micronn.compiler.buffers import Rows
from micronn.compiler.machine import Machine, Trainer
from micronn.compiler.rebuild import UnknownOperation
from micronn.compiler.tape import Tape, write_tape
from micronn.engine import Value, as_value
from micronn.optim import Optimizer

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
        kept = [p.grad for p in program.params]
        try:
            for p, g in zip(program.params, slopes, strict=True):
                p.grad = g / count
            self.optimizer.step()
        finally:
            for p, g in zip(program.params, kept, strict=True):
                p.grad = g
        return float(sum(values))


class MachineTraining(Training):
    """Epochs inside the machine.  A batch that the graph would refuse is left to Python."""

    def __init__(self, program: Any, optimizer: Optimizer, rows: Rows, batch_size: int) -> None:
        super().__init__(program, optimizer, rows, batch_size)
        rule = Machine(rule_tape(optimizer), program.dtype)
        self.trainer = Trainer(program.machine, rule, rows, batch_size)
        index = {p: k for k, p in enumerate(optimizer.params)}
        self.indices = [index[p] for p in program.params]  # in the optimizer's lists

    def epoch(self) -> float:
        """As many batches at a time as leave Ctrl-C some patience; then the sum of the values."""
        self.load()
        total, done, chunk = 0.0, 0, 1
        try:
            while done < self.batches:
                start, end = time.perf_counter(), min(done + chunk, self.batches)
                reached, loss = self.advance(done, end)
                total += loss
                if reached < end:
                    self.store()
                    total += self.batch(reached)
                    self.load()
                    reached += 1
                done = reached
                chunk = chunk * 2 if time.perf_counter() - start < PATIENCE else max(1, chunk // 2)
        finally:
            self.store()
        return total

    def advance(self, first: int, last: int) -> tuple[int, float]:
        """Batches from first up to last, as far as the machine gets; the sum of the values."""
        optimizer, before = self.optimizer, self.optimizer.steps
        table: list[float] = []
        try:
            for _ in range(first, last):
                table += optimizer.step_arguments().values()
                optimizer.steps += 1
        finally:
            optimizer.steps = before
        reached, loss = self.trainer.train(first, last, table)
        optimizer.steps += reached - first
        return reached, loss

    def load(self) -> None:
        """Bring the numbers of the Values and of the optimizer to the machine."""
        memory = self.optimizer.state.values()
        columns = [[column[k] for k in self.indices] for column in memory]
        self.trainer.load([[p.data for p in self.program.params], *columns])

    def store(self) -> None:
        """Bring them back; once more if Ctrl-C comes in between."""
        try:
            self.store_once()
        except KeyboardInterrupt:
            self.store_once()
            raise

    def store_once(self) -> None:
        """Copy parameters and the optimiser's memory from the machine to their owners."""
        data, *columns = self.trainer.columns()
        for p, number in zip(self.program.params, data, strict=True):
            p.data = number
        if columns:  # plain SGD has no memory
            for k, numbers in zip(self.indices, zip(*columns, strict=True), strict=True):
                self.optimizer.memory[k] = list(numbers)


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
