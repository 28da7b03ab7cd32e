"""The whole idea on one page: numbers that remember how they were made can learn.

A Value keeps the operands it was computed from and, for each of them, one local
derivative: how fast the result moves when that operand moves.  `backward()` goes
through the record from the end to the start and multiplies: the chain rule.

    >>> a, b = Value(2.0), Value(3.0)
    >>> y = a * b + a  # so dy/da = b + 1 and dy/db = a
    >>> y.backward()
    >>> a.grad, b.grad
    (4.0, 2.0)

`python -m micronn.tiny` lets four neurons learn XOR.  engine.py is the same with more
operations, with plain numbers as operands, and with all the care.
"""

from __future__ import annotations

import math
import random


class Value:
    """A number, with what it was computed from."""

    def __init__(
        self, data: float, operands: tuple[Value, ...] = (), local_grads: tuple[float, ...] = ()
    ) -> None:
        self.data = data
        self.operands = operands
        self.local_grads = local_grads  # d(this)/d(operand), one for each operand
        self.grad = 0.0  # d(result)/d(this), after result.backward()

    def __add__(self, other: Value) -> Value:
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other: Value) -> Value:
        return Value(self.data - other.data, (self, other), (1.0, -1.0))

    def __mul__(self, other: Value) -> Value:
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self) -> Value:
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,))

    def topological_order(self) -> list[Value]:
        """All below and this, operands first; so a grad is passed on when all of it is there."""
        order, visited, to_do = [], set(), [self]
        while to_do:
            node = to_do[-1]
            first = [operand for operand in node.operands if operand not in visited]
            if first:
                to_do += reversed(first)  # what is added last is looked at first
            elif to_do.pop() not in visited:
                visited.add(node)
                order.append(node)
        return order

    def backward(self) -> None:
        """Add d(this)/d(leaf) to the grad of every leaf: every Value that was not computed."""
        order = self.topological_order()
        for node in order:
            if node.operands:
                node.grad = 0.0  # only leaves add up from call to call
        self.grad += 1.0  # d(this)/d(this)
        for node in reversed(order):
            for operand, local_grad in zip(node.operands, node.local_grads, strict=True):
                operand.grad += local_grad * node.grad  # the chain rule


class Neuron:
    """tanh(w[0]*x[0] + w[1]*x[1] + ... + b): a weighted sum, then a nonlinearity."""

    def __init__(self, nin: int) -> None:
        self.w = [Value(random.uniform(-1.0, 1.0)) for _ in range(nin)]
        self.b = Value(0.0)

    def __call__(self, x: list[Value]) -> Value:
        return sum([wi * xi for wi, xi in zip(self.w, x, strict=True)], self.b).tanh()


if __name__ == "__main__":
    random.seed(1)
    inputs = [[Value(p), Value(q)] for p in (-1.0, 1.0) for q in (-1.0, 1.0)]
    targets = [Value(t) for t in (-1.0, 1.0, 1.0, -1.0)]  # XOR: 1 where p and q differ
    hidden, output = [Neuron(2) for _ in range(3)], Neuron(3)
    parameters = [p for neuron in [*hidden, output] for p in [*neuron.w, neuron.b]]
    for step in range(101):
        answers = [output([neuron(x) for neuron in hidden]) for x in inputs]
        loss = sum([(y - t) * (y - t) for y, t in zip(answers, targets, strict=True)], Value(0.0))
        loss.backward()
        for p in parameters:
            p.data -= 0.1 * p.grad  # against the slope: downhill
            p.grad = 0.0
        if step % 25 == 0:
            print(f"step {step:3}  loss {loss.data:.4f}", *[f"{y.data:+.2f}" for y in answers])
