"""Demo 6.  Build the engine yourself

Run:    python demos/06_build_the_engine.py
Takes:  under a second
Before: lessons 2, 4, 5
After:  you can write an engine that finds gradients, and check it as you go
New:    .tanh(), .topological_order()

The question.  How much has to be typed until a program finds the slopes of any formula
by itself, and how does one know after each step that it is right so far?

What you will see.  An engine that grows in five steps, to some 35 lines.  After
each step the same six formulas are tried at twenty random points, and every gradient
is compared with a slope measured by nudging (finite difference).  A step mends what
the one before it could not do.  At the end three numbers learn with it, and every
gradient agrees with that of micronn's own Value.

To type it yourself, with an empty file, a check after every line and hints:
    micronn exercise mine        writes mine/STEPS.md and mine/engine.py
    micronn grade mine           says which step stands, and what comes next
"""

import inspect
import math
import random

from micronn.engine import Value as Reference

# The formulas.  They are written for numbers, so they can be nudged, and for Values.


def tanh(z):
    return math.tanh(z) if isinstance(z, float) else z.tanh()


def doubled(a, b):
    c = a * b
    d = c + c  # c is used twice here, and once more below: a diamond
    return c + d


FORMULAS = {
    "a + b": lambda a, b: a + b,
    "a * b": lambda a, b: a * b,
    "(a+b)*b": lambda a, b: (a + b) * b,
    "a*a + a": lambda a, b: a * a + a,
    "diamond": doubled,
    "tanh": lambda a, b: tanh(a * b - b),
}


def slopes(formula, a, b, h=1e-5):
    """Both slopes at a point, each measured by a nudge to both sides."""
    return [
        (formula(a + h, b) - formula(a - h, b)) / (2.0 * h),
        (formula(a, b + h) - formula(a, b - h)) / (2.0 * h),
    ]


def verdict(formula):
    """right, if the gradients are the slopes at all of twenty points; wrong; or - : no answer."""
    rng = random.Random(6)
    for _ in range(20):
        numbers = [rng.uniform(-2.0, 2.0) for _ in range(2)]
        a, b = (Value(number) for number in numbers)
        try:
            formula(a, b).backward()
        except (AttributeError, TypeError):  # something is not written yet
            return "-"
        measured = slopes(formula, *numbers)
        if any(abs(p.grad - m) > 1e-6 for p, m in zip((a, b), measured, strict=True)):
            return "wrong"
    return "right"


def try_all(step):
    """One row of the table: what works after this step."""
    row = [verdict(formula) for formula in FORMULAS.values()]
    print(f"{step:22s}" + "".join(f"{word:>9s}" for word in row))
    return dict(zip(FORMULAS, row, strict=True))


print(f"{'after step':22s}" + "".join(f"{name:>9s}" for name in FORMULAS))


# STEP 1.  A number remembers what it was made from, and for each operand one local
# derivative: how fast the result moves when that operand moves.  For a sum, 1 and 1.


class Value:
    def __init__(self, data, operands=(), local_grads=()):
        self.data = data
        self.operands = operands
        self.local_grads = local_grads
        self.grad = 0.0

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def backward(self):
        self.grad = 1.0
        for operand, local_grad in zip(self.operands, self.local_grads, strict=True):
            operand.grad = local_grad


stands = try_all("1 remember, add")
assert stands["a + b"] == "right"


# STEP 2.  A product: the slope for one factor is the other.  And the chain rule: what
# arrives at a result goes on to each operand, times the local derivative.  (In a file of
# your own a step is written into the class; here it is put there from below.)


def multiply(self, other):
    return Value(self.data * other.data, (self, other), (other.data, self.data))


def pass_on(self, grad=1.0):
    self.grad = grad
    for operand, local_grad in zip(self.operands, self.local_grads, strict=True):
        operand.backward(local_grad * grad)


Value.__mul__, Value.backward = multiply, pass_on
stands = try_all("2 multiply, chain rule")
assert stands["a * b"] == "right"


# STEP 3.  What is used twice gets two messages (gradient contributions), and its gradient
# is their sum: += .


def add_up(self, grad=1.0):
    calls.append(self)  # not part of the engine: for counting
    self.grad += grad
    for operand, local_grad in zip(self.operands, self.local_grads, strict=True):
        operand.backward(local_grad * grad)


Value.backward, calls = add_up, []
stands = try_all("3 reuse: add up")
assert stands["(a+b)*b"] == stands["a*a + a"] == stands["diamond"] == "right"


def chain_of_doublings(n):
    """y = 2**n * x, by adding a Value to itself n times."""
    y = x = Value(1.0)
    for _ in range(n):
        y = y + y
    return x, y


calls.clear()
x, y = chain_of_doublings(16)
y.backward()
by_paths, right = len(calls), x.grad == 2.0**16


# STEP 4.  Right, and far too slow: every path is walked alone.  Put the graph in order,
# operands before results (topological order), and go back through it once: then a
# gradient is complete before it is passed on.  What is in the middle begins at 0.
# topological_order() is what lesson 2 imported.


def topological_order(self):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for operand in node.operands:
                visit(operand)
            order.append(node)

    visit(self)
    return order


def in_order(self):
    order = self.topological_order()
    for node in order:
        if node.operands:
            node.grad = 0.0
    self.grad += 1.0
    for node in reversed(order):
        calls.append(node)  # for counting
        for operand, local_grad in zip(node.operands, node.local_grads, strict=True):
            operand.grad += local_grad * node.grad


Value.topological_order, Value.backward = topological_order, in_order
stands = try_all("4 order")
assert stands["diamond"] == "right"
calls.clear()
x, y = chain_of_doublings(16)
y.backward()
once_each = len(calls)
assert right
assert x.grad == 2.0**16


# STEP 5.  A difference, and a curve: with t = tanh(a), its slope is 1 - t * t.


def subtract(self, other):
    return Value(self.data - other.data, (self, other), (1.0, -1.0))


def hyperbolic_tangent(self):
    t = math.tanh(self.data)
    return Value(t, (self,), (1.0 - t * t,))


Value.__sub__, Value.tanh = subtract, hyperbolic_tangent
stands = try_all("5 minus, tanh")
works = set(stands.values()) == {"right"}
print(f"every formula is right at all twenty points: {works}")
# prints: every formula is right at all twenty points: True
first, rest = (Value.__init__, Value.__add__), (subtract, hyperbolic_tangent)
pieces = (*first, multiply, topological_order, in_order, *rest)
source = "".join(inspect.getsource(piece) for piece in pieces).splitlines()
print(f"typed: {sum(bool(line.strip()) for line in source)} lines")
print(f"\n16 doublings: step 3 passes {by_paths:,} messages on, step 4 {once_each}; same gradient")
# prints: 16 doublings: step 3 passes 131,071 messages on, step 4 17; same gradient


# It learns: three numbers, and the step against the gradient.
EXAMPLES = [(0.0, 0.0, -1.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 1.0)]  # a or b


def loss_of(w1, w2, b, number):
    """The sum of the squares of what tanh(w1*x1 + w2*x2 + b) misses; number makes a Value."""
    loss = number(0.0)
    for x1, x2, wanted in EXAMPLES:
        miss = (w1 * number(x1) + w2 * number(x2) + b).tanh() - number(wanted)
        loss = loss + miss * miss
    return loss


print("\ntanh(w1*x1 + w2*x2 + b) LEARNS 'OR' WITH IT, from five random starts; 100 steps, rate 0.2")
print("seed   loss before   loss after   largest difference of a gradient from micronn's")
after, apart = [], []
for seed in range(1, 6):
    rng = random.Random(seed)
    parameters = [Value(rng.uniform(-1.0, 1.0)) for _ in range(3)]
    before = loss_of(*parameters, Value).data
    apart.append(0.0)
    for _ in range(100):
        for p in parameters:
            p.grad = 0.0
        loss_of(*parameters, Value).backward()
        theirs = [Reference(p.data) for p in parameters]
        loss_of(*theirs, Reference).backward()
        pairs = zip(parameters, theirs, strict=True)
        apart[-1] = max(apart[-1], *[abs(p.grad - q.grad) for p, q in pairs])
        for p in parameters:
            p.data -= 0.2 * p.grad
    after.append(loss_of(*parameters, Value).data)
    print(f"{seed:4d} {before:13.3f} {after[-1]:12.3f} {apart[-1]:20.0e}")
print(f"it has learned in every row, to a loss below 0.1: {max(after) < 0.1}")
# prints: it has learned in every row, to a loss below 0.1: True
print(f"and every gradient was micronn's, to 12 digits: {max(apart) < 1e-12}")
# prints: and every gradient was micronn's, to 12 digits: True

# Change it:
#  - In step 3, = instead of += .  Which formula notices, and why is "a * b" content?
#  - In step 4, leave out node.grad = 0.0 and call y.backward() twice.  What is x.grad?
#  - Now close this file, and type it yourself: micronn exercise mine.
