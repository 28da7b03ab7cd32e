"""A node sends its messages when the last of its readers has sent its own: no order is built."""

import math


class Value:
    def __init__(self, data, made_of=()):
        self.data, self.grad, self.made_of, self.readers = float(data), 0.0, made_of, 0

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def sin(self):
        return Value(math.sin(self.data), ((self, math.cos(self.data)),))

    def cos(self):
        return Value(math.cos(self.data), ((self, -math.sin(self.data)),))

    def sqrt(self):
        root = math.sqrt(self.data)
        return Value(root, ((self, 0.5 / root),))

    def backward(self):
        below = {id(self): self}
        todo = [self]
        while todo:
            node = todo.pop()
            if node.made_of:
                node.grad = 0.0
            for operand, _ in node.made_of:
                operand.readers += 1
                if id(operand) not in below:
                    below[id(operand)] = operand
                    todo.append(operand)
        self.grad = 1.0
        ready = [self]
        while ready:
            node = ready.pop()
            for operand, slope in node.made_of:
                operand.grad += slope * node.grad
                operand.readers -= 1
                if not operand.readers:
                    ready.append(operand)
