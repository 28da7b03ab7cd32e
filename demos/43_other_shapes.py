"""Demo 43.  Other shapes

Run:    python demos/43_other_shapes.py
Takes:  under a second
Before: lessons 36, 38
After:  you can build the famous nets out of sums and products
New:    dot

The question.  Convolution, RNN, LSTM, attention: the famous nets have names of their
own and pictures of their own.  Is any of them more than weighted sums and bends?

What you will see.  Each of the four in three to eight lines of Values, working on
numbers small enough for paper, and what each is for: find an edge anywhere, carry
something on, keep it, look back at what matters.  Four pictures are written.

Sources: LeCun and others, 1989 (convolution); Elman, 1990 (RNN); Hochreiter and
Schmidhuber, 1997, with Gers and others, 2000 (LSTM); Vaswani and others, 2017.
"""

import math

from micronn.draw import draw
from micronn.engine import Value, dot, topological_order, total
from micronn.losses import softmax


def values(numbers, name):
    return [Value(float(number), f"{name}{k}") for k, number in enumerate(numbers)]


def save(root, params, path):
    """Draw it, and say how often its weights are used."""
    root.backward()
    nodes = topological_order(root)
    uses = sum(operand in params for node in nodes for operand in node.operands)
    draw(root, {p.label: p for p in params}, "values").save(path)
    print(f"   wrote {path}: {len(nodes)} cards, {len(params)} weights used {uses} times\n")


print("CONVOLUTION: one small neuron, moved along the row")


def convolve(x, w):
    """The dot() of w with each piece of x as long as w: the products, added up."""
    return [dot(w, x[k : k + len(w)]) for k in range(len(x) - len(w) + 1)]


w = values([-1, 1], "w")
for row in ([0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]):
    edges = convolve(values(row, "x"), w)
    print(f"   {row}   right minus left: {' '.join(f'{z.data:2.0f}' for z in edges)}")
# prints: [0, 0, 0, 1, 1, 1] right minus left: 0 0 1 0 0
# prints: [0, 1, 1, 1, 1, 1] right minus left: 1 0 0 0 0
x = values([0, 0, 3, 3, 4, 4], "x")
save(total([z * z for z in convolve(x, w)]), w, "convolution.svg")
parts = [2.0 * (b.data - a.data) * b.data for a, b in zip(x, x[1:], strict=False)]
print("   Two weights find an edge anywhere; a layer would need 5 x 6.  w1 is used in")
print(f"   five places; its grad is what all five say: {parts} = {w[1].grad}")
# prints: [0.0, 18.0, 0.0, 8.0, 0.0] = 26.0

print("\nRNN CELL: h = tanh(w*x + u*h + b), again and again with the same w, u, b")


def rnn(xs, w, u, b):
    h = Value(0.0, "h")
    for x in xs:
        h = (w * x + u * h + b).tanh()
    return h


w, u, b = Value(1.0, "w"), Value(0.5, "u"), Value(0.0, "b")
for row in ([1, 0, 0], [0, 0, 1], [0, 0, 0]):
    print(f"   heard {row}: h ends at {rnn(values(row, 'x'), w, u, b).data:.3f}")
# prints: heard [0, 0, 0]: h ends at 0.000
print("   The same ones in another order end elsewhere: it has a memory.  It fades.")
save(rnn(values([1, 0, 0], "x"), w, u, b), [w, u, b], "rnn.svg")

print("LSTM CELL: beside h a memory c, and three gates, each from 0, shut, to 1, open")


def lstm(x, h, c, gates):
    """One step.  gates: for forget, put in, give out and the new content: w, u, b."""
    forget, put, out, new = [w * x + u * h + b for w, u, b in gates]
    c = forget.sigmoid() * c + put.sigmoid() * new.tanh()
    return out.sigmoid() * c.tanh(), c


def opened(forget_bias):
    """Gates that put in only when x is 1, and forget as their bias says."""
    numbers = {"f": (0, 0, forget_bias), "i": (10, 0, -5), "o": (0, 0, 5), "g": (2, 0, 0)}
    return [[Value(float(n), name + letter) for n, letter in zip(row, "wub", strict=True)]
            for name, row in numbers.items()]  # fmt: skip


print("   a 1, then 30 times 0:             memory at the end   d(end)/d(first x)")
kept = []
for name, forget_bias in (("forget gate open, sigmoid(5)", 5), ("half shut, sigmoid(0)", 0)):
    start, h, c = Value(1.0, "x"), Value(0.0, "h"), Value(0.0, "c")
    gates = opened(forget_bias)
    h, c = lstm(start, h, c, gates)
    for _ in range(30):
        h, c = lstm(Value(0.0), h, c, gates)
    c.backward()
    print(f"   {name:32s} {c.data:18.6f} {start.grad:18.9f}")
    kept.append(start.grad)
start = Value(1.0)
h = rnn([start, *[0.0] * 30], w, u, b)
h.backward()
print(f"   {'the RNN cell above':32s} {h.data:18.6f} {start.grad:18.9f}")
print(f"   the open gate lets through a million times more: {kept[0] > 1e6 * kept[1]}")
# prints: the open gate lets through a million times more: True
print("   c is passed on by a plus and one gate.  Open, its slope is nearly 1 and the")
print("   gradient comes back; the RNN multiplies by u and a bend, thirty times.")
gates = opened(0)  # afresh: the others hold gradients of the memories above
h, c = lstm(Value(1.0, "x"), Value(0.2, "h"), Value(0.5, "c"), gates)
save(h, [p for gate in gates for p in gate], "lstm.svg")

print("ATTENTION: which of the others is what I am looking for?")


def attend(query, keys, contents):
    """The mean of the contents, weighted by how well each key fits the query."""
    fits = [dot(query, key) / math.sqrt(len(query)) for key in keys]
    shares = softmax(fits)
    return shares, dot(shares, contents)


# Directions of query and key, made by hand: (animal, thing).  Contents: a number each.
line = ["the", "cat", "saw", "a", "mouse", "it", "ran"]
keys = [values(k, "key") for k in ([0, 0], [4, 0], [0, 0], [0, 0], [5, 0], [0, 0], [0, 0])]
contents = values([0, 1, 0, 0, 2, 0, 0], "content")
query = values([2, 0], "query")
shares, said = attend(query, keys, contents)
print("   'it' asks:  ", end="")
print("  ".join(f"{word} {share.data:.0%}" for word, share in zip(line, shares, strict=True)))
print(f"   what it takes with it: {said.data:.2f}, of cat = 1 and mouse = 2")
print(f"   it looks back at the mouse most: {max(shares) is shares[4]}")
# prints: it looks back at the mouse most: True
save(said, query, "attention.svg")
print("Dots, sums, products, tanh, sigmoid, softmax.  The engine knew them all before.")

# Change it:
#  - w = [0.5, 0.5]: what does this neuron do with a row?  And [-1, 2, -1]?
#  - u = 1.5 in the RNN: does it still forget?  And what does h end at for no ones?
#  - Turn the query to [0, 2]: it asks for a thing, and there is none.  Who answers?
