"""Demo 37.  The gallery of broken engines

Run:    python demos/37_the_gallery_of_broken_engines.py
Takes:  under a second

The question.  An engine fits on a page.  Which of its lines can be wrong without
anybody noticing, and what is the smallest expression that gives it away?

What you will see.  A working engine of forty lines, and seven that differ from it
in one place: mistakes that everybody makes once.  Each is right on w * x + b, the
first thing one tries.  Each is betrayed by an expression small enough for paper.
"""

import math


class Number:
    """A working engine: + * exp, and backward()."""

    def __init__(self, data, operands=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.operands, self.slopes = operands, slopes

    def __add__(self, other):
        return type(self)(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return type(self)(self.data * other.data, (self, other), (other.data, self.data))

    def exp(self):
        return type(self)(math.exp(self.data), (self,), (math.exp(self.data),))

    def order(self):
        """Operands before what is made of them.  (Recursion, to fit on the page.)"""
        done = []

        def visit(node):
            if node not in done:
                for operand in node.operands:
                    visit(operand)
                done.append(node)

        visit(self)
        return done

    def backward(self):
        order = self.order()
        for node in order:
            if node.operands:
                node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            node.push()

    def push(self):
        for operand, slope in zip(self.operands, self.slopes, strict=True):
            operand.grad += slope * self.grad


# The gallery: each class differs from Number in one place.


class SetsGrad(Number):
    """= where += belongs: the last message wins."""

    def push(self):
        for operand, slope in zip(self.operands, self.slopes, strict=True):
            operand.grad = slope * self.grad


class NoOrder(Number):
    """Breadth first from the output: a node passes on before it has heard all."""

    def order(self):
        found, to_do = [], [self]
        while to_do:
            node = to_do.pop(0)
            if node not in found:
                found.append(node)
                to_do += node.operands
        return found[::-1]


class OperandSet(Number):
    """Operands kept in a set, as who would use one twice?"""

    def push(self):
        for operand in set(self.operands):
            operand.grad += self.slopes[self.operands.index(operand)] * self.grad


class PowerRule(Number):
    """d(e**a)/da taken to be a * e**(a-1), by the rule for a**n.  The value is right."""

    def exp(self):
        slope = self.data * math.exp(self.data - 1.0)
        return type(self)(math.exp(self.data), (self,), (slope,))


class EqualByValue(Number):
    """Two numbers with the same data are equal, so `in` takes one for the other."""

    def __eq__(self, other):
        return self.data == other.data

    __hash__ = None


class OldGrads(Number):
    """The middle keeps its grad from the last call, and passes it on once more."""

    def backward(self):
        self.grad = 1.0
        for node in reversed(self.order()):
            node.push()


class LateReader(Number):
    """The slopes of * read off in backward(), when data may be another already."""

    def push(self):
        if self.operands and self.slopes != (1.0, 1.0):
            self.slopes = self.operands[1].data, self.operands[0].data
        super().push()


# The exhibits.  Each is a function of a and b; the grads by paper are for a = 2, b = 3.


def once(engine, f):
    """The grads of a and b after one backward()."""
    a, b = engine(2.0), engine(3.0)
    f(a, b).backward()
    return a.grad, b.grad


def twice(engine, f):
    """After two calls of backward() on one graph, which should add up."""
    a, b = engine(2.0), engine(3.0)
    y = f(a, b)
    y.backward()
    y.backward()
    return a.grad, b.grad


def moved(engine, f):
    """a is given a new number before backward(): the graph was built with the old one."""
    a, b = engine(2.0), engine(3.0)
    y = f(a, b)
    a.data = 100.0
    y.backward()
    return a.grad, b.grad


def nudged(f, h=1e-5):
    """The slopes of f by nudging a and b, from values alone."""

    def value(a, b):
        return f(Number(a), Number(b)).data

    across = (value(2.0 + h, 3.0) - value(2.0 - h, 3.0)) / (2.0 * h)
    return across, (value(2.0, 3.0 + h) - value(2.0, 3.0 - h)) / (2.0 * h)


def shared(a, b):
    c = a * b
    return c + c * b


def product(a, b):
    return a * b


EXHIBITS = [
    (SetsGrad, "a + a", lambda a, b: a + a, once, (2.0, 0.0)),
    (NoOrder, "c + c*b, c = a*b", shared, once, (12.0, 14.0)),
    (OperandSet, "a * a", lambda a, b: a * a, once, (4.0, 0.0)),
    (PowerRule, "exp(a) * b", lambda a, b: a.exp() * b, once, (22.16717, 7.38906)),
    (EqualByValue, "a*b + (b+b)", lambda a, b: a * b + (b + b), once, (3.0, 4.0)),
    (OldGrads, "(a*b)*b, twice", lambda a, b: (a * b) * b, twice, (18.0, 24.0)),
    (LateReader, "a*b, then a = 100", product, moved, (3.0, 2.0)),
]


def close(p, q):
    return all(abs(x - y) < 1e-4 for x, y in zip(p, q, strict=True))


print("the mistake    w*x+b  gives itself away   paper says       it says      a nudge")
for engine, text, f, way, paper in EXHIBITS:
    w, x, b = engine(2.0), engine(3.0), engine(1.0)
    (w * x + b).backward()
    first = "right" if (w.grad, x.grad, b.grad) == (3.0, 2.0, 1.0) else "WRONG"
    said = way(engine, f)
    found = "finds it" if not close(once(engine, f), nudged(f)) else "misses"
    numbers = f"{paper[0]:6.4g} {paper[1]:6.4g} {said[0]:7.4g} {said[1]:6.4g}"
    print(f"{engine.__name__:14s} {first:6s} {text:18s} {numbers}   {found}")
    if close(said, paper) or not close(way(Number, f), paper):
        print("   ... and this exhibit shows nothing")
# prints: SetsGrad right a + a 2 0 1 0 finds it
# prints: NoOrder right c + c*b, c = a*b 12 14 3 8 finds it
# prints: OperandSet right a * a 4 0 2 0 finds it
# prints: EqualByValue right a*b + (b+b) 3 4 3 2 finds it
# prints: OldGrads right (a*b)*b, twice 18 24
# prints: LateReader right a*b, then a = 100 3 2 3 100 misses
print("""
All seven pass the first try: every number is used once, nothing happens between
forward and backward.  Use a number twice, and four give way.  A nudge finds
five of seven, with no idea of how the engine works.  The last two it cannot
find: they are wrong about time, not about slopes.  They need their own tests.""")

# Change it:
#  - Find the smallest expression that tells SetsGrad from OperandSet.
#  - Break a copy of Number in a way of your own that a nudge does not find.
#  - OldGrads: by how much is it wrong after three calls, on (a*b)*b and on a*b?
