"""Demo 30.  The 3-5-1 net

Run:    python demos/30_the_3_5_1_net.py
Takes:  under a second
Before: lessons 9, 15
After:  you can read a net as sums, as matrices and as one formula

The question.  Books write a net as sums with three indices, as matrices, or as one
nested formula (a composition of functions).  Are they one thing, and what does each
index count?

What you will see.  Every weight named w_mn^(i): TO neuron m of layer i, FROM neuron n
of the layer before, so a row of the matrix is a neuron.  A net of nine numbers for
paper, the sum on the left and its matrix row on the right.  What happens when the two
indices are exchanged, which nobody notices in a square matrix.  Then the 3-5-1 net,
with its 26 names in a picture, and all ways of writing it, equal from five starts.
"""

import math
import random

from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP
from micronn.pictures import draw_network


def named(net):
    """The numbers of a net by name: w_mn^(i) and b_m^(i); its Values get them as labels.

    Layer 1 is the input and computes nothing, so the first layer of neurons is layer 2.
    """
    numbers = {}
    for i, layer in enumerate(net.layers, 2):
        for m, neuron in enumerate(layer.neurons, 1):
            neuron.b.label = f"b_{m}^({i})"
            for n, w in enumerate(neuron.w, 1):
                w.label = f"w_{m}{n}^({i})"
            numbers |= {p.label: p.data for p in neuron.parameters()}
    return numbers


def by_sums(net, x):
    """x_m^(i) = f(w_m1^(i)*x_1^(i-1) + w_m2^(i)*x_2^(i-1) + ... + b_m^(i)), name by name."""
    numbers = named(net)
    for i, layer in enumerate(net.layers, 2):
        x = [
            math.tanh(sum(numbers[f"w_{m}{n}^({i})"] * x_n for n, x_n in enumerate(x, 1))
                      + numbers[f"b_{m}^({i})"])
            for m in range(1, len(layer.neurons) + 1)
        ]  # fmt: skip
    return x


def matrices(net):
    """(w, b) for each layer: w has a row for each neuron, a column for each input."""
    return [
        ([[w.data for w in neuron.w] for neuron in layer.neurons],
         [neuron.b.data for neuron in layer.neurons])
        for layer in net.layers
    ]  # fmt: skip


def affine(w, x, b):
    """w . x + b: the matrix times the vector, plus the biases, all still inside f."""
    return [
        sum(a * v for a, v in zip(row, x, strict=True)) + bias
        for row, bias in zip(w, b, strict=True)
    ]


def f(vector):
    return [math.tanh(z) for z in vector]


# Nine numbers for paper.
NINE = (0.5, -0.3, 0.1, 0.8, 0.2, 0.0, 0.6, 0.9, 0.3)
small = MLP(2, [2, 1], activation=["tanh", "tanh"])
for p, number in zip(small.parameters(), NINE, strict=True):
    p.data = number
numbers, x = named(small), [1.0, -2.0]
print(f"{small}: {len(numbers)} numbers, f = tanh, x^(1) = {x}")
print("   as a sum                                                    as a row of a matrix")
for i, (w, b) in enumerate(matrices(small), 2):
    after = affine(w, x, b)
    for m, (row, bias, z) in enumerate(zip(w, b, after, strict=True), 1):
        terms = " + ".join(f"w_{m}{n}^({i})*x_{n}^({i - 1})" for n in range(1, len(row) + 1))
        left = f"x_{m}^({i}) = f({terms} + b_{m}^({i}))"
        right = f"[{' '.join(f'{a:4.1f}' for a in row)}] . x^({i - 1}) {bias:+.1f}"
        print(f"   {left:59s} {right}")
        products = " + ".join(f"{a:.4g}*{v:.4g}" for a, v in zip(row, x, strict=True))
        print(f"           = f({products} + {bias:.4g}) = f({z:.4f}) = {math.tanh(z):.4f}")
    x = f(after)
# prints: x_1^(2) = f(w_11^(2)*x_1^(1) + w_12^(2)*x_2^(1) + b_1^(2)) [ 0.5 -0.3] . x^(1) +0.1
# prints: = f(0.5*1 + -0.3*-2 + 0.1) = f(1.2000) = 0.8337

# FROM and TO exchanged: the matrix is read by columns.
(w, b), (v, c) = matrices(small)
exchanged = f(affine(v, f(affine(list(zip(*w, strict=True)), [1.0, -2.0], b)), c))
print(f"\nw_mn read as FROM m TO n: the net says {exchanged[0]:.4f} instead of {x[0]:.4f}.")
print(f"A 2 x 2 matrix fits both ways round; another answer: {abs(exchanged[0] - x[0]) > 0.1},")
# prints: A 2 x 2 matrix fits both ways round; another answer: True,
wide = MLP(3, [5, 1], rng=random.Random(1)).layers[0]
try:
    affine(list(zip(*[[w.data for w in n.w] for n in wide.neurons], strict=True)), [1.0] * 3, [])
    refused = False
except ValueError:
    refused = True
print(f"and no error.  With 3 inputs and 5 neurons it does not fit, and is refused: {refused}")
# prints: and no error. With 3 inputs and 5 neurons it does not fit, and is refused: True

# The 3-5-1 net in all ways.
print("\nTHE 3-5-1 NET, f = tanh")
print("seed   sums with indices   matrices            one formula         micronn")
apart = 0.0
for seed in range(1, 6):
    rng = random.Random(seed)
    net = MLP(3, [5, 1], activation=["tanh", "tanh"], rng=rng)
    x = [rng.uniform(-2.0, 2.0) for _ in range(3)]
    answers = by_sums(net, x)
    hidden = x
    for w, b in matrices(net):
        hidden = f(affine(w, hidden, b))
    (w2, b2), (w3, b3) = matrices(net)
    answers += [*hidden, *f(affine(w3, f(affine(w2, x, b2)), b3)), net(x).data]
    print(f"{seed:4d}   " + "   ".join(f"{y:.15f}"[:17] for y in answers))
    apart = max(apart, max(answers) - min(answers))
print(f"in every row equal to 12 digits: {apart < 1e-12}")
# prints: in every row equal to 12 digits: True
counts = [len(layer.parameters()) for layer in net.layers]
print(
    f"w^(2) is {len(w2)} x {len(w2[0])}, w^(3) is {len(w3)} x {len(w3[0])}: with the biases",
    end=" ",
)
print(f"{counts[0]} + {counts[1]} = {sum(counts)} parameters")
# prints: w^(2) is 5 x 3, w^(3) is 1 x 5: with the biases 20 + 6 = 26 parameters
print("one formula:  y = f(w^(3) . f(w^(2) . x^(1) + b^(2)) + b^(3)), read from inside out")

inputs = [Value(number, f"x_{n}^(1)") for n, number in enumerate(x, 1)]
named(net)
circles = draw_network(net, x=inputs, title="3-5-1").save("net_3_5_1.svg")
answer = net(inputs)
answer.backward()
cards = draw(answer, net, detail="values", open_dots=True).save("net_3_5_1_cards.svg")
print(f"\nwrote {circles}: circles and lines.  It counts from 0, and only layers")
print("that compute: its line 0 -> 3 into layer 1 is w_41^(2)")
print(f"wrote {cards}: every product and every sum, all weights by name")
# prints: wrote net_3_5_1_cards.svg

# Change it:
#  - Leave b out of affine().  Some books do, on the page with the matrix.
#  - Let f return its vector as it is.  Is there one row of three weights that says the same
#    as both layers?  (Multiply the matrices: w^(3) . w^(2).)
#  - A third layer, MLP(3, [5, 4, 1], ...): which of the four ways need a change?
