"""Gradients are gathered in a dict, and added to the Values at the end; nodes are weak there."""

import itertools
import math
import weakref

count = itertools.count()
alive = weakref.WeakSet()


class Tensor:
    __slots__ = ("__weakref__", "data", "grad", "number", "parents")

    def __init__(self, data, *parents):
        self.data, self.grad, self.parents, self.number = data, 0.0, parents, next(count)
        alive.add(self)

    def __add__(self, other):
        return Tensor(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __sub__(self, other):
        return Tensor(self.data - other.data, (self, lambda g: g), (other, lambda g: -g))

    def __mul__(self, other):
        a, b = self.data, other.data
        return Tensor(a * b, (self, lambda g: g * b), (other, lambda g: g * a))

    def __neg__(self):
        return Tensor(-self.data, (self, lambda g: -g))

    def __pow__(self, k):
        a = self.data
        return Tensor(a**k, (self, lambda g: g * k * a ** (k - 1)))

    def cos(self):
        a = self.data
        return Tensor(math.cos(a), (self, lambda g: -g * math.sin(a)))

    def backward(self):
        received = {self: 1.0}
        todo = [self]
        seen = {self}
        while todo:
            for parent, _ in todo.pop().parents:
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        for node in sorted(seen, key=lambda node: -node.number):
            g = received[node]
            for parent, rule in node.parents:
                received[parent] = received.get(parent, 0.0) + rule(g)
        for node, g in received.items():
            node.grad = g if node.parents else node.grad + g
