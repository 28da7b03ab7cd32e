"""Demo 7.  The gallery of broken engines

Run:    python demos/07_the_gallery_of_broken_engines.py
Takes:  under a second
Before: lessons 2, 4
After:  you can read tiny.py, and know which mistakes a first test does not see
New:    tiny, .tanh()

The question.  micronn/tiny.py is an engine on one page.  Which of its lines can be
wrong without anybody noticing, and what is the smallest expression that gives it away?

What you will see.  Seven engines that differ from tiny.py in a line or two: mistakes
that everybody makes once.  Each is right on w * x + b, the first thing one tries.
Each is betrayed by an expression small enough for paper.
"""

from pathlib import Path

from micronn import tiny


def broken(changes):
    """tiny's Value, with lines of its page replaced by wrong ones."""
    page = Path(tiny.__file__).read_text("utf-8")
    for line, wrong in changes.items():
        assert line in page, line
        page = page.replace(line, wrong)
    names = {"__name__": "broken"}
    exec(page, names)  # noqa: S102 (our own page, with our own changes)
    return names["Value"]


# The gallery: what is on the page, and what stands there instead.

# = where += belongs: the last message (gradient contribution) wins.
SetsGrad = broken({"operand.grad += local_grad": "operand.grad = local_grad"})

# Breadth first from the output: a node passes on before it has got all.
NoOrder = broken({"        order = self.topological_order()\n": """
        order = [self]
        for node in order:
            order += [operand for operand in node.operands if operand not in order]
        order.reverse()
"""})  # fmt: skip

# One slope for each operand, as who would use one twice?
OperandSet = broken({
    "zip(node.operands, node.local_grads, strict=True)":
    "dict(zip(node.operands, node.local_grads)).items()",
})  # fmt: skip

# The slope of tanh is 1 - t**2.  At 0, where one looks first, 1 - t is as good.
LostSquare = broken({"(1.0 - t * t,)": "(1.0 - t,)"})

# Two Values with the same data are equal, so `in` takes one for the other.
EqualByValue = broken({"    def __add__": """
    def __eq__(self, other):
        return self.data == other.data

    def __hash__(self):
        return hash(self.data)

    def __add__"""})  # fmt: skip

# The middle keeps its grad from the last call, and passes it on once more.
OldGrads = broken({"node.grad = 0.0": "pass"})

# The slopes of * read off in backward(), when data may be another already.
LateReader = broken({
    "(other.data, self.data)": "(other, self)",
    "local_grad * node.grad": "getattr(local_grad, 'data', local_grad) * node.grad",
})  # fmt: skip


# The exhibits.  Each is a function of a and b; the grads by paper are for a = 2, b = 3.


def once(Value, f):
    """The grads of a and b after one backward()."""
    a, b = Value(2.0), Value(3.0)
    f(a, b).backward()
    return a.grad, b.grad


def twice(Value, f):
    """After two calls of backward() on one graph, which should add up."""
    a, b = Value(2.0), Value(3.0)
    y = f(a, b)
    y.backward()
    y.backward()
    return a.grad, b.grad


def moved(Value, f):
    """a is given a new number before backward(): the graph was built with the old one."""
    a, b = Value(2.0), Value(3.0)
    y = f(a, b)
    a.data = 100.0
    y.backward()
    return a.grad, b.grad


def nudged(f, h=1e-5):
    """The slopes of f by nudging a and b (finite differences), from values alone."""

    def value(a, b):
        return f(tiny.Value(a), tiny.Value(b)).data

    across = (value(2.0 + h, 3.0) - value(2.0 - h, 3.0)) / (2.0 * h)
    return across, (value(2.0, 3.0 + h) - value(2.0, 3.0 - h)) / (2.0 * h)


def shared(a, b):
    c = a * b
    return c + c * b


EXHIBITS = {
    "SetsGrad": (SetsGrad, "a + a", lambda a, b: a + a, once, (2.0, 0.0)),
    "NoOrder": (NoOrder, "c + c*b, c = a*b", shared, once, (12.0, 14.0)),
    "OperandSet": (OperandSet, "a * a", lambda a, b: a * a, once, (4.0, 0.0)),
    "LostSquare": (LostSquare, "tanh(a) * b", lambda a, b: a.tanh() * b, once, (0.212, 0.964)),
    "EqualByValue": (EqualByValue, "a*b + (b+b)", lambda a, b: a * b + (b + b), once, (3.0, 4.0)),
    "OldGrads": (OldGrads, "(a*b)*b, twice", lambda a, b: (a * b) * b, twice, (18.0, 24.0)),
    "LateReader": (LateReader, "a*b, then a = 100", lambda a, b: a * b, moved, (3.0, 2.0)),
}


def close(p, q):
    return all(abs(x - y) < 1e-4 for x, y in zip(p, q, strict=True))


print("the mistake    w*x+b  gives itself away   paper says       it says      a nudge")
for name, (Value, text, f, way, paper) in EXHIBITS.items():
    w, x, b = Value(2.0), Value(3.0), Value(1.0)
    (w * x + b).backward()
    first = "right" if (w.grad, x.grad, b.grad) == (3.0, 2.0, 1.0) else "WRONG"
    said = way(Value, f)
    found = "finds it" if not close(once(Value, f), nudged(f)) else "misses"
    numbers = f"{paper[0]:6.4g} {paper[1]:6.4g} {said[0]:7.4g} {said[1]:6.4g}"
    print(f"{name:14s} {first:6s} {text:18s} {numbers}   {found}")
    if close(said, paper) or not close(way(tiny.Value, f), paper):
        print("   ... and this exhibit shows nothing")
# prints: SetsGrad right a + a 2 0 1 0 finds it
# prints: NoOrder right c + c*b, c = a*b 12 14 3 8 finds it
# prints: OperandSet right a * a 4 0 2 0 finds it
# prints: LostSquare right tanh(a) * b 0.212 0.964 0.1079 0.964 finds it
# prints: EqualByValue right a*b + (b+b) 3 4 3 2 finds it
# prints: OldGrads right (a*b)*b, twice 18 24
# prints: LateReader right a*b, then a = 100 3 2 3 100 misses
print("""
All seven pass the first try: every number is used once, nothing happens between
forward and backward, and there is no tanh in it: what a test does not touch, it does
not test.  Use a number twice, and four give way.  A nudge finds five of seven, with
no idea of how the engine works.  The last two it cannot find: they are wrong about
time, not about slopes.  They need their own tests.""")

# Change it:
#  - Find the smallest expression that tells SetsGrad from OperandSet.
#  - Break tiny.py in a way of your own that a nudge does not find.
#  - OldGrads: by how much is it wrong after three calls, on (a*b)*b and on a*b?
