"""Demo 2.  Why backward() needs an order

Run:    python demos/02_why_backward_needs_an_order.py
Takes:  under a second
Before: lesson 1
After:  you can walk a graph backward on paper, and say why its order matters
New:    topological_order, .operands, .local_grads, .op, .label, .relu()

The question.  A Value knows its operands, and they theirs (computation graph).  So why
does backward() first put the whole graph in order (topological order)?  Could each
Value not pass its grad on as soon as it gets one?

What you will see.  The eager way is right on a chain and wrong on a diamond, where a
Value is used twice.  A careful eager way is right everywhere, at a price that doubles
with every step.  The order is right and walks along every wire (edge) once.
"""

import math

from micronn.engine import Value, topological_order


def eager(root, careful):
    """Pass each message (gradient contribution) on: all of grad so far, or only what is new."""
    walked, to_do = 0, [(root, 1.0)]
    while to_do:
        node, message = to_do.pop()
        node.grad += message
        upstream = message if careful else node.grad
        # local_grads: the slope of node by each of its operands, in their order.
        for operand, local_grad in zip(node.operands, node.local_grads, strict=True):
            walked += 1
            to_do.append((operand, local_grad * upstream))
    return walked


def chain(a):
    return (a * 2.0) * 2.0


def diamond(a):
    b = a + a
    return b + b


ways = {
    "eager": lambda root: eager(root, careful=False),
    "careful": lambda root: eager(root, careful=True),
    "in order": Value.backward,
}
# Both are f = 4a, so the right answer is 4, whatever a is.
print("               chain   diamond")
for name, way in ways.items():
    answers = []
    for build in (chain, diamond):
        a = Value(5.0)
        way(build(a))
        answers.append(a.grad)
    print(f"{name:12s} {answers[0]:7.1f} {answers[1]:9.1f}")
# prints: eager            4.0       6.0
# prints: careful          4.0       4.0
# prints: in order         4.0       4.0
print("Eager: b gets 1, passes it on, gets 1 more, and passes the first 1 on again.\n")

# Careful passes on only what is new, so it walks every path.  Paths multiply.
# topological_order(x) is a list of all that x is made of, each behind its own operands.
print("diamonds in a row     wires   walked, careful   walked, in order")
for diamonds in (1, 2, 4, 8, 16):
    x = Value(1.0)
    for _ in range(diamonds):
        x = x + x
    wires = sum(len(node.operands) for node in topological_order(x))
    print(f"{diamonds:17d} {wires:9d} {eager(x, careful=True):17,d} {wires:18d}")
# prints: 16 32 131,070 32
print("60 diamonds: more walks than seconds since the universe began.  In order: 120.\n")

# The order of a longer graph.  relu() makes a negative number 0 and leaves the others.
x, w1, w2 = Value(2.0, "x"), Value(0.5, "w1"), Value(-3.0, "w2")
z1 = x * w1
h = z1.relu()
z2 = h * w2
loss = z2**2
# label is a name to print; op is what made a Value, and empty where it was given.
for value, name in ((z1, "z1"), (h, "h"), (z2, "z2"), (loss, "loss")):
    value.label = name
loss.backward()
for step, node in enumerate(reversed(topological_order(loss)), 1):
    made = (
        f"by {node.op} from {', '.join(v.label for v in node.operands)}"
        if node.op
        else "given (leaf)"
    )
    print(f"{step}. {node.label:5s} data {node.data:5.1f}   grad {node.grad:6.1f}   {made}")
# prints: 1. loss data 9.0 grad 1.0 by **2 from z2
# prints: 3. w2 data -3.0 grad -6.0 given
# prints: 6. w1 data 0.5 grad 36.0 given
print("The end is done before the beginning gets anything (backpropagation).\n")

print("Along the path loss -> z2 -> h -> z1 -> w1, one slope a wire (local derivative),")
print("and all of them multiplied (chain rule):")
slopes = (loss.local_grads[0], z2.local_grads[0], h.local_grads[0], z1.local_grads[1])
print(*[f"({slope:g})" for slope in slopes], f"multiplied: {math.prod(slopes):g} = w1.grad")
# prints: (-6) (-3) (1) (2) multiplied: 36 = w1.grad

# Change it:
#  - Let diamond() add three times: b = a + a + a.  How far off is eager now?
#  - In eager(), pop(0) instead of pop(): first come, first served.  Better or worse?
#  - Set w1 = -0.5.  Which numbers of the list become 0, and which operation did it?
