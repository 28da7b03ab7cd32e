"""Everything is written down on one tape, in the order in which it was computed."""

import math

tape = []


class Value:
    def __init__(self, data):
        self.data, self.grad = data, 0.0

    def _apply(self, data, *operands):
        out = type(self)(data)
        tape.append((out, operands))
        return out

    def __add__(self, other):
        return self._apply(self.data + other.data, (self, 1.0), (other, 1.0))

    def __sub__(self, other):
        return self._apply(self.data - other.data, (self, 1.0), (other, -1.0))

    def __mul__(self, other):
        return self._apply(self.data * other.data, (self, other.data), (other, self.data))

    def __truediv__(self, other):
        y = self.data / other.data
        return self._apply(y, (self, 1.0 / other.data), (other, -y / other.data))

    def tanh(self):
        y = math.tanh(self.data)
        return self._apply(y, (self, 1.0 - y * y))

    def sigmoid(self):
        y = 0.5 * (1.0 + math.tanh(0.5 * self.data))
        return self._apply(y, (self, y * (1.0 - y)))

    def __abs__(self):
        return self._apply(abs(self.data), (self, math.copysign(1.0, self.data)))

    def backward(self):
        for out, _ in tape:
            out.grad = 0.0
        self.grad = 1.0
        for out, operands in reversed(tape):
            for operand, slope in operands:
                operand.grad += slope * out.grad
