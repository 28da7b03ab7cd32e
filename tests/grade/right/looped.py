"""Functions come from a table, in a loop; each closure is given what it needs."""

import math
from dataclasses import dataclass, field

TABLE = {
    "exp": (math.exp, lambda x, y: y),
    "log": (math.log, lambda x, y: 1 / x),
    "sin": (math.sin, lambda x, y: math.cos(x)),
    "tanh": (math.tanh, lambda x, y: 1 - y * y),
    "relu": (lambda x: max(x, 0.0), lambda x, y: float(x > 0)),
}


@dataclass(eq=False)
class Node:
    data: float
    grad: float = 0.0
    edges: list = field(default_factory=list)

    def __add__(self, other):
        return Node(self.data + other.data, edges=[(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Node(self.data * other.data, edges=[(self, other.data), (other, self.data)])

    def backward(self):
        waiting, order = {}, [self]
        for node in order:
            for child, _ in node.edges:
                if id(child) not in waiting:
                    waiting[id(child)] = 0
                    order.append(child)
                waiting[id(child)] += 1
        for node in order:
            if node.edges:
                node.grad = 0.0
        self.grad = 1.0
        ready = [self]
        while ready:
            node = ready.pop(0)
            for child, slope in node.edges:
                child.grad += slope * node.grad
                waiting[id(child)] -= 1
                if waiting[id(child)] == 0:
                    ready.append(child)


for name, (function, slope) in TABLE.items():

    def method(self, function=function, slope=slope):
        y = function(self.data)
        return Node(y, edges=[(self, slope(self.data, y))])

    setattr(Node, name, method)
