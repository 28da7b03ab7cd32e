"""Demo 47.  Forward and reverse

Run:    python demos/47_forward_and_reverse.py
Takes:  under a second
Before: lesson 33
After:  you can count which way through a graph finds derivatives with less work
New:    tangents, .log(), .sin(), dot

The question.  backward() begins at the result and walks to the leaves (reverse mode).
The chain rule is only products and sums, so why not begin at a leaf and walk to the
result, along with the numbers (forward mode)?  Which of the two is less work?

What you will see.  One graph walked in both ways, in numbers and as two picture files.
Then every multiplication counted, for functions of 1 to 16 inputs and 16 to 1 results.
The two ways cost the same where there are as many inputs as results; a net in training
has thousands of inputs, its parameters, and one result, its loss.
"""

import math
import random

from micronn.draw import draw
from micronn.engine import Value, dot, topological_order
from micronn.graph import tangents
from micronn.losses import mse
from micronn.nn import MLP

# One graph, two ways.  Baydin, Pearlmutter, Radul and Siskind print all its numbers in
# "Automatic differentiation in machine learning: a survey", 2018, tables 2 and 3.
# log() and sin() are operations of Values as tanh() is: y = log(x1) + x1 * x2 - sin(x2).
x1, x2 = Value(2.0, "x1"), Value(5.0, "x2")
v1, v2, v3 = x1.log(), x1 * x2, x2.sin()
v4 = v1 + v2
y = v4 - v3
for name, value in {"v1": v1, "v2": v2, "v3": v3, "v4": v4, "y": y}.items():
    value.label = name

# A tangent is how fast a value moves when x1 moves with speed 1: the seed.  Each value has
#     tangent = the sum of  local slope (local derivative) * tangent of the operand
# Number and tangent together are a pair that walks through the program (dual number).
# tangents() has them all, of every value below y.
found = tangents(y, {x1: 1.0})
y.backward()
print("                       forward, from x1    reverse, from y")
print("value       number              tangent               grad")
for value in (x1, x2, v1, v2, v3, v4, y):
    print(f"{value.label:<5}{value.data:13.3f}{found[value]:21.3f}{value.grad:19.3f}")
# prints: x1 2.000 1.000 5.500
# prints: x2 5.000 0.000 1.716
# prints: y 11.652 5.500 1.000
survey = [round(y.data, 3), round(found[y], 3), round(x2.grad, 3)] == [11.652, 5.5, 1.716]
print(f"these are the numbers of the survey: {survey}")
# prints: these are the numbers of the survey: True
pairs = [(tangents(y, {x: 1.0})[y], x.grad) for x in (x1, x2)]
agree = all(math.isclose(forward, reverse) for forward, reverse in pairs)
print(f"a walk from each leaf gives what one walk from y gave: {agree}")
# prints: a walk from each leaf gives what one walk from y gave: True
draw(y, forward={x1: 1.0}).save("forward.svg")
draw(y).save("reverse.svg")
print("wrote forward.svg and reverse.svg: the same cards; mind the small arrows, -> and <-\n")
# prints: wrote forward.svg and reverse.svg


# Now count.  A walk multiplies once for each wire (edge) of the graph that it takes.
class Counted(float):
    """A number that counts how often it is multiplied."""

    count = 0

    def __mul__(self, other):
        Counted.count += 1
        return float(self) * other


def multiplications(results, walk):
    """How many local slopes below some results a walk multiplies, and what it returns."""
    for node in {node for result in results for node in topological_order(result)}:
        node.local_grads = tuple(map(Counted, node.local_grads))
    Counted.count = 0
    answer = walk()
    return Counted.count, answer


def function(n, m, rng):
    """Values with n inputs and m results: two layers of 12 tanh between them, of plain weights."""
    inputs = values = [Value(rng.uniform(-1.0, 1.0)) for _ in range(n)]
    for width in (12, 12):
        # dot() multiplies two lists number by number, and adds up.
        rows = [[rng.gauss(0.0, 0.5) for _ in values] for _ in range(width)]
        values = [dot(values, row).tanh() for row in rows]
    return inputs, [dot(values, [rng.gauss(0.0, 1.0) for _ in values]) for _ in range(m)]


def forward_slopes(inputs, results):
    """All slopes of all results, one walk for each input: a walk serves every result."""
    walks = [tangents(results, {x: 1.0}) for x in inputs]
    return [[walk[result] for walk in walks] for result in results]


def reverse_slopes(inputs, results):
    """The same, one walk for each result: a walk serves every input."""
    rows = []
    for result in results:
        for x in inputs:
            x.grad = 0.0
        result.backward()
        rows.append([x.grad for x in inputs])
    return rows


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


rng = random.Random(47)
same, cheaper = [], {}
print("inputs  results   multiplications, forward   reverse")
for n, m in [(1, 16), (2, 16), (4, 12), (8, 8), (12, 4), (16, 2), (16, 1)]:
    inputs, results = function(n, m, rng)
    forward, one = multiplications(results, lambda i=inputs, r=results: forward_slopes(i, r))
    reverse, other = multiplications(results, lambda i=inputs, r=results: reverse_slopes(i, r))
    same += [close(a, b) for row, twin in zip(one, other, strict=True)
             for a, b in zip(row, twin, strict=True)]  # fmt: skip
    cheaper[n, m] = "forward" if forward < reverse else "reverse" if reverse < forward else "both"
    print(f"{n:6d}{m:9d}{forward:27,d}{reverse:10,d}   {cheaper[n, m]}")
# prints: 1 16 372 3,072 forward
# prints: 8 8 2,208 2,208 both
# prints: 16 1 3,072 372 reverse
print(f"all {len(same)} slopes agree: {all(same)}")
# prints: all 256 slopes agree: True
fewer = all((n < m) == (word == "forward") for (n, m), word in cheaper.items())
print(f"forward is less work exactly where inputs are fewer than results: {fewer}\n")
# prints: forward is less work exactly where inputs are fewer than results: True

# A net in training: as many inputs as parameters, and one result.
net = MLP(4, [8, 8, 1], "tanh", rng=rng)
examples = [[rng.uniform(-1.0, 1.0) for _ in range(4)] for _ in range(10)]
loss = mse([net(example) for example in examples], [1.0] * 10)
parameters = net.parameters()
reverse, _ = multiplications([loss], loss.backward)
forward, _ = multiplications([loss], lambda: forward_slopes(parameters, [loss]))
print(f"a net of {len(parameters)} parameters and its loss on {len(examples)} examples:")
print(f"  reverse, 1 walk:    {reverse:9,d} multiplications")
print(f"  forward, {len(parameters)} walks: {forward:9,d}, {forward / reverse:.0f} times as many")
# prints: a net of 121 parameters and its loss on 10 examples
print("Not 121 times as many: a walk forward takes only the wires above its parameter.\n")

# But one walk forward is enough for the slope along one direction, here that of a step of
# gradient descent (directional derivative): minus the length of the gradient, squared.
step = {p: -p.grad for p in parameters}
once, walk = multiplications([loss], lambda: tangents(loss, step))
downhill = close(walk[loss], -sum(p.grad**2 for p in parameters))
print(f"along one direction, forward takes one walk: {once:,} multiplications")
print(f"and what it finds is minus the squared length of the gradient: {downhill}")
# prints: and what it finds is minus the squared length of the gradient: True
print("""
Reverse has its price: all numbers must be kept until the walk back.  Forward could do
without a record, since a tangent is known as soon as its number is.""")

# Change it:
#  - Let the widths of the layers be (12, 3) instead of (12, 12).  Where do the two ways meet now?
#  - draw(y, forward={x1: 1.0, x2: 1.0}): what is the tangent of y, in words?
#  - A clock has one input, the time, and the hands of 50 wheels.  Which way would you walk?
