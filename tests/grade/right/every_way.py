"""A message goes on by itself, along each way to the leaves: right, and slow where ways meet."""


class Value:
    def __init__(self, data, back=None):
        self.data, self.grad, self.back = data, 0.0, back

    def __add__(self, other):
        return Value(self.data + other.data, lambda g: (self.receive(g), other.receive(g)))

    def __mul__(self, other):
        return Value(
            self.data * other.data,
            lambda g: (self.receive(g * other.data), other.receive(g * self.data)),
        )

    def receive(self, g):
        self.grad += g
        if self.back:
            self.back(g)

    def backward(self):
        self.receive(1.0)
