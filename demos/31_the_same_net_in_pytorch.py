"""Demo 31.  The same net in PyTorch

Run:    python demos/31_the_same_net_in_pytorch.py
Takes:  under a second, and a few more if PyTorch is installed

The question.  The tool that people work with is PyTorch.  It knows no neurons, only
matrices.  Is it the same thing?  And what is gained by the matrices?

What you will see.  One net written twice, word beside word, and trained for five
steps from the same numbers: every loss agrees to twelve digits.
Without PyTorch on this computer, ours is compared with what it said elsewhere.  Then
a layer as neurons, as a matrix in a loop, and as a matrix in PyTorch: one answer,
and very different times.
"""

import random
import time

from micronn.losses import mse
from micronn.nn import MLP, Layer
from micronn.optim import Adam

try:
    import torch
except ImportError:
    torch = None

XS = [[0.5, -1.0], [1.5, 2.0], [-1.0, 0.25], [2.0, -0.5]]
YS = [1.0, -1.0, 0.5, 0.0]
FIRST = [[0.5, -0.3], [0.2, 0.8], [-0.7, 0.4]]  # weights: a row for each neuron
LAST = [[0.6, -0.5, 0.9]]

# What PyTorch 2.13 printed for in_torch() below.
BY_TORCH = [
    0.278276712720704, 0.057325487643755, 0.048555472981936, 0.090347910020810, 0.088463631339662,
]  # fmt: skip


def in_micronn():
    model = MLP(2, [3, 1], activation="tanh")
    for layer, weights in zip(model.layers, (FIRST, LAST), strict=True):
        for neuron, row in zip(layer.neurons, weights, strict=True):
            neuron.b.data = 0.1
            for w, number in zip(neuron.w, row, strict=True):
                w.data = number
    optimizer = Adam(model.parameters(), lr=0.1)
    losses = []
    for _ in range(5):
        loss = mse([model(x) for x in XS], YS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


def in_torch():
    torch.set_default_dtype(torch.float64)  # as many digits as a Python float has
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    for layer, weights in zip(model[::2], (FIRST, LAST), strict=True):
        layer.weight.data = torch.tensor(weights)
        layer.bias.data.fill_(0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    losses = []
    for _ in range(5):
        loss = torch.nn.functional.mse_loss(model(torch.tensor(XS)).squeeze(1), torch.tensor(YS))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


ours = in_micronn()
theirs = in_torch() if torch else BY_TORCH
print("theirs: run here" if torch else "theirs: recorded; pip install torch, to run it here")
print("step         ours                 theirs")
for step, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
    print(f"{step:4d}   {a:.15f}    {b:.15f}")
agree = all(abs(a - b) < 1e-12 for a, b in zip(ours, theirs, strict=True))
print(f"five steps of Adam agree to 12 digits: {agree}")
# prints: five steps of Adam agree to 12 digits: True
print("""
   micronn                              torch
   MLP(2, [3, 1], activation="tanh")    Sequential(Linear, Tanh, Linear)
   neuron.w, neuron.b                   layer.weight, layer.bias
   mse, cross_entropy, Adam, SGD        F.mse_loss, F.cross_entropy, Adam, SGD
   zero_grad(), backward(), step()      the same words
   a Value for each number              a tensor for each layer
""")

# One layer in three forms.  Row m of the matrix holds the weights of neuron m.
SIZE, TIMES = 100, 30
rng = random.Random(7)
layer = Layer(SIZE, SIZE, "linear", rng=rng)
x = [rng.uniform(-1.0, 1.0) for _ in range(SIZE)]
matrix = [[w.data for w in neuron.w] for neuron in layer.neurons]
bias = [neuron.b.data for neuron in layer.neurons]


def as_neurons():
    return [out.data for out in layer(x)]


def as_matrix():
    rows = zip(matrix, bias, strict=True)
    return [sum(w * a for w, a in zip(row, x, strict=True)) + b for row, b in rows]


def milliseconds(form):
    """The quickest of some runs; the others were disturbed."""
    runs = []
    for _ in range(TIMES):
        start = time.perf_counter()
        form()
        runs.append(time.perf_counter() - start)
    return 1000.0 * min(runs)


forms = {"neurons, ready for backward()": as_neurons, "matrix, a loop in Python": as_matrix}
if torch:
    tensor, column, shift = torch.tensor(matrix), torch.tensor(x), torch.tensor(bias)
    forms["matrix, PyTorch"] = lambda: tensor @ column + shift
print(f"a layer of {SIZE} neurons with {SIZE} inputs: {SIZE * SIZE:,} products")
for name, form in forms.items():
    print(f"   {name:32s} {milliseconds(form):8.3f} ms")
answers = [[float(number) for number in form()] for form in forms.values()]
apart = max(max(column) - min(column) for column in zip(*answers, strict=True))
print(f"   all give the same numbers, to 12 digits: {apart < 1e-12}")
# prints: all give the same numbers, to 12 digits: True
print("""The formula w . x + b is the same in every form.  A matrix can be handed over
whole to a routine that knows the machine; a million single numbers cannot.
That is what PyTorch is for.  (Demo 32 goes part of the way.)""")

# Change it:
#  - SIZE = 300, then 10.  From which size on is it worth it?
#  - Leave out float64 in in_torch(): how many digits agree now?
#  - Let 32 examples through at once: torch.rand(32, SIZE) @ tensor.T.  32 times as long?
