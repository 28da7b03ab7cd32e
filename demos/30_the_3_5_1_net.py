"""Demo 30.  The 3-5-1 net

Run:    python demos/30_the_3_5_1_net.py
Takes:  under a second
Before: lessons 9, 15
After:  you can read a net as sums, as matrices and as one formula

The question.  A net with 3 inputs, 5 hidden neurons and 1 output is written as sums
with three indices, as two matrices, or as one nested formula.  Are they one thing?

What you will see.  Every weight named w_mn^(i): TO neuron m of layer i, FROM neuron
n of the layer before, so the row of the matrix is the neuron.  All six sums, with
numbers for paper.  The three ways of writing, equal.  The nested formula, opened
level by level.  And what is left of the net when the bends are taken out.
"""

import math
from functools import partial
from textwrap import fill

from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP
from micronn.pictures import draw_network

W2 = [[0.5, -0.3, 0.2], [-0.4, 0.1, 0.6], [0.3, 0.3, -0.8], [-0.2, -0.5, 0.4], [0.1, 0.7, -0.6]]
B2 = [0.1, -0.2, 0.5, 0.0, 0.3]
W3, B3 = [[0.6, -0.9, 0.4, -0.7, 0.8]], [-0.1]
X = [1.0, -2.0, 0.5]
wrap = partial(fill, width=78, subsequent_indent=" " * 12)

# The net: each weight gets its number and its name.
net = MLP(3, [5, 1], activation=["tanh", "tanh"])
for i, layer, weights, biases in ((2, net.layers[0], W2, B2), (3, net.layers[1], W3, B3)):
    for m, neuron in enumerate(layer.neurons, 1):
        neuron.b.data, neuron.b.label = biases[m - 1], f"b_{m}^({i})"
        for n, w in enumerate(neuron.w, 1):
            w.data, w.label = weights[m - 1][n - 1], f"w_{m}{n}^({i})"
counts = [len(layer.parameters()) for layer in net.layers]
print(f"{net}: {counts[0]} + {counts[1]} = {sum(counts)} parameters")
# prints: MLP(3 -> 5 tanh -> 1 tanh): 20 + 6 = 26 parameters
print("layer 1 is the input and computes nothing, layer 2 is hidden, 3 the output")

# 1. The sums, neuron by neuron.
print("\n1. SUMS, f = tanh")
inputs = x = [Value(number, f"x_{n}^(1)") for n, number in enumerate(X, 1)]
for i, layer in enumerate(net.layers, 2):
    after = layer(x)
    for m, (neuron, out) in enumerate(zip(layer.neurons, after, strict=True), 1):
        out.label = f"x_{m}^({i})"
        pairs = list(zip(neuron.w, x, strict=True))
        names = " + ".join(f"{w.label}*{v.label}" for w, v in pairs)
        numbers = " + ".join(f"{w.data:.4g}*{v.data:.4g}" for w, v in pairs)
        z = out.operands[0].data
        print(wrap(f"{out.label} = f({names} + {neuron.b.label})"))
        print(wrap(f"        = f({numbers} + {neuron.b.data}) = f({z:.4f}) = {out.data:.4f}"))
    x = after
# prints: x_1^(2) = f(w_11^(2)*x_1^(1) + w_12^(2)*x_2^(1) + w_13^(2)*x_3^(1)
# prints: = f(0.5*1 + -0.3*-2 + 0.2*0.5 + 0.1) = f(1.3000) = 0.8617
# prints: x_1^(3) = f(w_11^(3)*x_1^(2) + w_12^(3)*x_2^(2) + w_13^(3)*x_3^(2)
(by_sums,) = x


# 2. The same with matrices: a row for each neuron, a column for each input.
def affine(matrix, x, b):
    """matrix . x + b, which is where b belongs: inside f, beside the product."""
    return [
        sum(w * v for w, v in zip(row, x, strict=True)) + bias
        for row, bias in zip(matrix, b, strict=True)
    ]


def f(vector):
    return [math.tanh(z) for z in vector]


print("\n2. MATRICES: x^(i+1) = f(w^(i+1) . x^(i) + b^(i+1))")
for row, b, z in zip(W2, B2, affine(W2, X, B2), strict=True):
    print("   [" + " ".join(f"{w:4.1f}" for w in row) + f" ]   b {b:4.1f}   sum {z:7.4f}")
hidden = f(affine(W2, X, B2))
by_matrices = f(affine(W3, hidden, B3))[0]

# 3. As one formula, and as the engine says it.
by_nesting = f(affine(W3, f(affine(W2, X, B2)), B3))[0]
answers = [by_sums.data, by_matrices, by_nesting, net(X).data]
print(f"\n3. sums, matrices, nested, engine: {', '.join(f'{y:.6f}' for y in answers)}")
print(f"   equal to 12 digits: {max(answers) - min(answers) < 1e-12}")
# prints: equal to 12 digits: True

(z3,) = affine(W3, hidden, B3)
print(f"""
THE NEST, OPENED LEVEL BY LEVEL
   y                                                  = {by_nesting:.4f}
   f(w^(3) . x^(2) + b^(3))                           = f({z3:.4f})
   f(w^(3) . f(w^(2) . x^(1) + b^(2)) + b^(3))        = f(w^(3) . f(sums) + b)""")

# Without the bends, the nest collapses.
product = [[sum(W3[0][m] * W2[m][n] for m in range(5)) for n in range(3)]]
bias = affine(W3, B2, B3)
(flat,), (one,) = affine(W3, affine(W2, X, B2), B3), affine(product, X, bias)
print(f"\nWithout f: both layers {flat:.4f}; one neuron, weights w^(3) . w^(2), {one:.4f}")
# prints: Without f: both layers -0.6900; one neuron, weights w^(3) . w^(2), -0.6900
print("Five hidden neurons, gone.  The bend is what makes a second layer worth having.")

circles = draw_network(net, x=inputs, title="3-5-1").save("net_3_5_1.svg")
by_sums.backward()
cards = draw(by_sums, net, detail="values", open_dots=True).save("net_3_5_1_cards.svg")
print(f"\nwrote {circles}: circles and lines.  It counts from 0, and only layers")
print("that compute: its line 0 -> 3 into layer 1 is w_41^(2)")
print(f"wrote {cards}: every product and every sum, all weights by name")
# prints: wrote net_3_5_1_cards.svg

# Change it:
#  - Leave b out of affine().  Some books do, on the page with the matrix.
#  - Change X[1] from -2 to 2.  Which sums change most, and which column says so?
#  - Write w_mn the other way round, FROM m TO n.  What happens to the matrix product?
