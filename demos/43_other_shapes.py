"""Demo 43.  Other shapes

Run:    python demos/43_other_shapes.py
Takes:  about four seconds
Before: lessons 25, 36, 38
After:  you can build a convolution and a memory out of sums and products
New:    dot, Module

The question.  Convolution, RNN, LSTM: nets with names of their own and pictures of
their own.  They are sums, products and curves like any other net.  What do they do
differently, and what is gained by it?

What you will see.  They use the same weights again: the one along a row, the others
along time (weight sharing).  A convolution with two weights learns to find an edge
where it has never seen one, and a whole layer with 63 does not.  Two memories are to
keep the first number that they hear: a plain one, an RNN, and one with gates, an LSTM
(long short-term memory, in full).  Each from eight random starts, judged on what it has not
seen.  Three pictures are written.

Sources: LeCun and others, 1989 (convolution); Elman, 1990 (RNN); Hochreiter and
Schmidhuber, 1997, with Gers and others, 2000 (LSTM).
"""

import math
import random

from micronn.draw import draw
from micronn.engine import Value, dot, topological_order, total
from micronn.losses import mse
from micronn.nn import Layer, Module
from micronn.optim import Adam
from micronn.training import accuracy, evaluate, fit

SEEDS = range(1, 9)


def save(root, params, path):
    """Draw it, and say how often its weights are used."""
    root.backward()
    nodes = topological_order(root)
    uses = sum(operand in params.values() for node in nodes for operand in node.operands)
    draw(root, params, "values").save(path)
    print(f"   wrote {path}: {len(nodes)} cards, {len(params)} weights used {uses} times")


# A class of your own that inherits from Module has its parameters found: every Value that it
# keeps, in lists or alone.  dot(w, x) is the sum of the products of two lists.
print("CONVOLUTION: one small neuron, moved along a row of 8")


class Convolution(Module):
    """One neuron of `size` weights, without bias, that reads every run of so many numbers."""

    def __init__(self, size, rng):
        self.w = [Value(rng.uniform(-1.0, 1.0)) for _ in range(size)]

    def __call__(self, x):
        return [dot(self.w, x[k : k + len(self.w)]) for k in range(len(x) - len(self.w) + 1)]


def rows_with_a_step(places, rng):
    """30 rows of 8 that change once, at one of the places; wanted: right minus left."""
    rows = []
    for _ in range(30):
        place, left, right = rng.choice(places), rng.uniform(-1, 1), rng.uniform(-1, 1)
        rows.append([left] * place + [right] * (8 - place))
    return rows, [[b - a for a, b in zip(x, x[1:], strict=False)] for x in rows]


# In the rows to learn from the step is in the left half; in the others in the right half.
print("   it learns from steps in the left half.  Off by, on average (root mean squared error):")
print("   seed   its weights      steps left   steps right   a layer of 63: left   right")
far = []
for seed in SEEDS:
    rng = random.Random(seed)
    train, elsewhere = (rows_with_a_step(places, rng) for places in ((1, 2, 3), (5, 6, 7)))
    off, filter_ = [], Convolution(2, rng)
    for model in (filter_, Layer(8, 7, "linear", "xavier", rng)):
        fit(model, mse, train, Adam(model.parameters(), 0.05), 60, 10, rng)
        off += [math.sqrt(evaluate(model, mse, part).loss) for part in (train, elsewhere)]
    far.append(off)
    weights = ", ".join(f"{w.data:6.3f}" for w in filter_.w)
    print(f"   {seed:4d}   {weights}{off[0]:12.3f}{off[1]:14.3f}{off[2]:22.3f}{off[3]:8.3f}")
apart = all(off[1] < 0.1 * off[3] for off in far)
print(f"   where the layer has seen no step it is off ten times as far, at least: {apart}")
# prints: where the layer has seen no step it is off ten times as far, at least: True
x = [Value(number, f"x{k}") for k, number in enumerate((0.0, 0.0, 3.0, 3.0, 4.0, 4.0))]
w = {"w0": Value(-1.0), "w1": Value(1.0)}
edges = [dot(list(w.values()), x[k : k + 2]) for k in range(5)]
save(total([edge * edge for edge in edges]), w, "convolution.svg")
parts = [2.0 * (b.data - a.data) * b.data for a, b in zip(x, x[1:], strict=False)]
print("   in the picture w1 is used in five places; its gradient is what all five say:")
print(f"   {' + '.join(f'{part:.0f}' for part in parts)} = {w['w1'].grad:.0f}\n")
# prints: 0 + 18 + 0 + 8 + 0 = 26

print("MEMORY: a 1 or a -1, then 4 or 16 numbers of no use; asked for is the first one")


class Recurrent(Module):
    """An RNN cell: h = tanh(w*x + u*h + b), again and again; at the end v*h + c."""

    def __init__(self, rng):
        self.w, self.u, self.b, self.v, self.c = [Value(rng.uniform(-1, 1)) for _ in range(5)]

    def __call__(self, xs):
        h = Value(0.0, "h")
        for x in xs:
            h = (self.w * x + self.u * h + self.b).tanh()
        return self.v * h + self.c


GATES = ("forget", "put", "give", "new")


class Gated(Module):
    """An LSTM cell: beside h a memory m, and gates, each from 0, shut, to 1, open.

    gates: what is kept of m, what is put in, what is given out, and the new content: w, u
        and b each.
    """

    def __init__(self, rng):
        self.gates = [[Value(rng.uniform(-1, 1)) for _ in "wub"] for _ in GATES]
        self.gates[0][2].data = 3.0  # sigmoid(3) = 0.95: it begins by forgetting little
        self.v, self.c = [Value(rng.uniform(-1, 1)) for _ in range(2)]

    def step(self, x, h, m):
        """The next h and the next m."""
        forget, put, give, new = [w * x + u * h + b for w, u, b in self.gates]
        m = forget.sigmoid() * m + put.sigmoid() * new.tanh()
        return give.sigmoid() * m.tanh(), m

    def __call__(self, xs):
        h, m = Value(0.0), Value(0.0)
        for x in xs:
            h, m = self.step(x, h, m)
        return self.v * h + self.c


def heard(count, rng):
    """40 sequences, and the first number of each."""
    first = [rng.choice((-1.0, 1.0)) for _ in range(40)]
    return [[y, *[rng.uniform(-0.5, 0.5) for _ in range(count)]] for y in first], first


print("   right on 40 sequences not seen; d: how far the answer moves with the first number,")
print("   before any training (the mean of the 40)")
print("   numbers   cell     " + "".join(f"{f'seed {seed}':>8s}" for seed in SEEDS) + "        d")
learned, moved = {}, {}
for count in (4, 16):
    for cell in (Recurrent, Gated):
        row, slopes = [], []
        for seed in SEEDS:
            rng = random.Random(seed)
            model, train, unseen = cell(rng), heard(count, rng), heard(count, rng)
            for x in unseen[0]:
                first = Value(x[0])
                model([first, *x[1:]]).backward()
                slopes.append(abs(first.grad))
            fit(model, mse, train, Adam(model.parameters(), 0.03), 80, 10, rng)
            row.append(evaluate(model, mse, unseen, accuracy).metric)
        learned[cell, count] = sum(share > 0.9 for share in row)
        moved[cell, count] = sum(slopes) / len(slopes)
        shares = "".join(f"{share:8.0%}" for share in row)
        print(f"   {count:7d}   {cell.__name__:10s}{shares}{moved[cell, count]:10.0e}")
plain, gated = learned[Recurrent, 16], learned[Gated, 16]
print(
    f"   over 16 numbers {gated} of {len(SEEDS)} with gates have learned it, {plain} without;",
    end=" ",
)
print(f"at least three more: {gated >= plain + 3}")
# prints: at least three more: True
ratio = moved[Gated, 16] / moved[Recurrent, 16]
print(f"   through the gates comes ten times the slope, or more: {ratio > 10.0}")
# prints: through the gates comes ten times the slope, or more: True
print("""   m is passed on by a plus and one gate.  Open, its slope is nearly 1 and the gradient
   comes back; the plain cell multiplies by u and by a slope of tanh, sixteen times
   (vanishing gradient).  Gates help; they promise nothing.
""")
plain, gated = Recurrent(random.Random(1)), Gated(random.Random(1))
save(plain([Value(1.0, "x0"), Value(0.5, "x1")]), dict(plain.named_parameters()), "rnn.svg")
h, m = gated.step(Value(1.0, "x"), Value(0.2, "h"), Value(0.5, "m"))
names = {f"{gate}.{name}": p for gate, params in zip(GATES, gated.gates, strict=True)
         for name, p in zip("wub", params, strict=True)}  # fmt: skip
save(h, names, "lstm.svg")

# Change it:
#  - Convolution(3, rng): which three weights does it find?  Are they the only ones?
#  - Steps in the right half among those to learn from: what does the layer do now?
#  - The 3.0 of Gated as 0.0: how many of eight still learn it over 16 numbers?
