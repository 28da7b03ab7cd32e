"""The whole idea on one page: numbers that remember how they were made can learn.

A Value keeps the operands it was computed from and, for each, one local derivative:
how fast the result moves when that operand moves.  `backward()` goes from a result
back: along a way it multiplies the local derivatives, and where several ways lead to
one Value it adds.  That is the chain rule.

    >>> a, b = Value(2.0), Value(3.0)
    >>> y = a * b + a  # a is used twice: dy/da = b + 1, and dy/db = a
    >>> y.backward()
    >>> a.grad, b.grad
    (4.0, 2.0)

`python -m micronn.tiny` lets four neurons learn XOR: one or the other, but not both.
engine.py is the same with more operations, with plain numbers, and with all the care.
"""

from __future__ import annotations  # lets a class name itself in its own annotations

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
        self.grad = 0.0  # its gradient: d(result)/d(this), after result.backward()

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
        """All that this was computed from, operands before results, and this last."""
        order, visited, to_do = [], set(), [(self, False)]
        while to_do:
            node, operands_are_done = to_do.pop()
            if operands_are_done:
                order.append(node)
            elif node not in visited:
                visited.add(node)
                to_do.append((node, True))  # comes up again when its operands are done
                to_do += [(operand, False) for operand in reversed(node.operands)]
        return order

    def backward(self) -> None:
        """Add d(this)/d(leaf) to the grad of every leaf, a Value that was not computed."""
        order = self.topological_order()
        for node in order:
            if node.operands:
                node.grad = 0.0  # only leaves add up from call to call
        self.grad += 1.0  # d(this)/d(this)
        for node in reversed(order):  # so a grad is complete before it is passed on
            for operand, local_grad in zip(node.operands, node.local_grads, strict=True):
                operand.grad += local_grad * node.grad  # the chain rule: multiply, and add up


class Neuron:
    """tanh(w[0]*x[0] + w[1]*x[1] + ... + b): inputs times weights, plus bias, then a curve."""

    def __init__(self, nin: int) -> None:
        self.w = [Value(random.uniform(-1.0, 1.0)) for _ in range(nin)]
        self.b = Value(0.0)

    def __call__(self, x: list[Value]) -> Value:
        return sum([wi * xi for wi, xi in zip(self.w, x, strict=True)], self.b).tanh()


if __name__ == "__main__":
    random.seed(1)
    inputs = [[Value(a), Value(b)] for a in (-1.0, 1.0) for b in (-1.0, 1.0)]
    targets = [Value(t) for t in (-1.0, 1.0, 1.0, -1.0)]  # XOR: 1 where a and b differ
    hidden, output = [Neuron(2) for _ in range(3)], Neuron(3)  # the output reads the hidden ones
    parameters = [p for neuron in [*hidden, output] for p in [*neuron.w, neuron.b]]
    for step in range(101):
        answers = [output([neuron(x) for neuron in hidden]) for x in inputs]
        misses = [y - t for y, t in zip(answers, targets, strict=True)]
        loss = sum([m * m for m in misses], Value(0.0))  # 0 when every answer is right
        loss.backward()
        for p in parameters:
            p.data -= 0.1 * p.grad  # a small step against the slope: downhill
            p.grad = 0.0  # or the next backward() would add to it
        if step % 25 == 0:
            print(f"step {step:3}  loss {loss.data:.4f}", *[f"{y.data:+.2f}" for y in answers])
