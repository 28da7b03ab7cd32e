"""Demo 31.  The same net in PyTorch and JAX

Run:    python demos/31_the_same_net_in_pytorch.py
Takes:  under a second, and a few more where PyTorch and JAX are installed
Before: lesson 30
After:  you can hand a net to PyTorch or JAX, and check that it is the same

The question.  The tools that people work with are PyTorch and JAX.  They know no
neurons, only arrays of numbers.  Is what they do the same thing?

What you will see.  One net, handed over: the weights that micronn drew become tensors
and arrays.  Then fifty steps of gradient descent in each, from five random starts,
every loss beside the others.  What is not installed here is named, and nothing is
claimed of it.  What always runs is the same net once more, as matrices in plain
Python, with the derivatives worked out by hand.
"""

import math
import random
from functools import partial

from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD

try:
    import torch
except ImportError:
    torch = None
try:
    import jax
except ImportError:
    jax = None

XS = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]  # XOR
YS = [-1.0, 1.0, 1.0, -1.0]
LR, STEPS, SEEDS = 0.2, 50, (1, 2, 3, 4, 5)


def handed_over(model):
    """The numbers of a net, by layer: its weights, a row for each neuron, and its biases."""
    return [
        ([[w.data for w in neuron.w] for neuron in layer.neurons],
         [neuron.b.data for neuron in layer.neurons])
        for layer in model.layers
    ]  # fmt: skip


# Each of the four takes those numbers and returns the loss before each of the steps.
def in_micronn(model):
    """A Value for each number; backward() adds to .grad, and step() moves .data."""
    optimizer, losses = SGD(model.parameters(), LR), []
    for _ in range(STEPS):
        loss = mse([model(x) for x in XS], YS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


def in_torch(layers):
    """A tensor for each layer's weights; the words are the same."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    double = partial(torch.tensor, dtype=torch.float64)  # the digits of a Python float
    model.double()
    for layer, (weights, biases) in zip(model[::2], layers, strict=True):
        layer.load_state_dict({"weight": double(weights), "bias": double(biases)})
    optimizer, losses = torch.optim.SGD(model.parameters(), LR), []
    for _ in range(STEPS):
        loss = torch.nn.functional.mse_loss(model(double(XS)).squeeze(1), double(YS))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def in_jax(layers):
    """No .grad anywhere: from a function, jax.grad makes the function of its slopes."""
    jax.config.update("jax_enable_x64", True)
    params = [(jax.numpy.array(weights), jax.numpy.array(biases)) for weights, biases in layers]
    xs, ys = jax.numpy.array(XS), jax.numpy.array(YS)

    def loss(params):
        (w1, b1), (w2, b2) = params
        said = jax.numpy.tanh(xs @ w1.T + b1) @ w2.T + b2
        return ((said[:, 0] - ys) ** 2).mean()

    losses = []
    for _ in range(STEPS):
        losses.append(float(loss(params)))
        params = jax.tree.map(lambda p, g: p - LR * g, params, jax.grad(loss)(params))
    return losses


def times(row, column):
    """The sum of the products: how a matrix is multiplied, number by number."""
    return sum(a * b for a, b in zip(row, column, strict=True))


def by_hand(layers):
    """Matrices as lists of rows, and the slopes as calculus gives them."""
    (w, b), ([v], [c]) = layers
    w, b, v, losses = [row[:] for row in w], b[:], v[:], []
    for _ in range(STEPS):
        loss, dw, db = 0.0, [[0.0] * len(row) for row in w], [0.0] * len(b)
        dv, dc = [0.0] * len(v), 0.0
        for x, t in zip(XS, YS, strict=True):
            z = [times(row, x) + bias for row, bias in zip(w, b, strict=True)]
            h = [math.tanh(number) for number in z]
            miss = times(v, h) + c - t
            loss += miss**2 / len(XS)
            dy = 2.0 * miss / len(XS)  # of the mean of the squares
            dc += dy
            for m in range(len(b)):
                dv[m] += dy * h[m]
                dz = dy * v[m] * (1.0 - h[m] ** 2)  # the chain rule, through tanh
                db[m] += dz
                for n in range(len(x)):
                    dw[m][n] += dz * x[n]
        losses.append(loss)
        w = [[p - LR * g for p, g in zip(*rows, strict=True)] for rows in zip(w, dw, strict=True)]
        b, v = ([p - LR * g for p, g in zip(*pair, strict=True)] for pair in ((b, db), (v, dv)))
        c -= LR * dc
    return losses


ways = {"PyTorch": in_torch if torch else None, "JAX": in_jax if jax else None, "by hand": by_hand}
for name, way in ways.items():
    if way is None:
        package = {"PyTorch": "torch", "JAX": "jax"}[name]
        print(f"{name} is not installed here, so its column is empty: pip install {package}")

runs = {}
for seed in SEEDS:
    model = MLP(2, [3, 1], "tanh", rng=random.Random(seed))
    layers = handed_over(model)  # before the training, which moves the model's numbers
    runs[seed] = {name: way(layers) for name, way in ways.items() if way}
    runs[seed]["micronn"] = in_micronn(model)

columns = ["micronn", *ways]
print(f"\n{model}, seed {SEEDS[-1]}: the loss before each step")
print("step" + "".join(f"{name:>20s}" for name in columns))
for step in (0, 1, 2, 10, STEPS - 1):
    losses = [runs[SEEDS[-1]].get(name) for name in columns]
    print(f"{step:4d}" + "".join(f"{run[step]:20.15f}" if run else f"{'':20s}" for run in losses))

print(f"\nlargest difference from micronn in {STEPS} steps")
print("seed   first loss   last loss" + "".join(f"{name:>12s}" for name in ways))
apart = {name: [] for name, way in ways.items() if way}
for seed, losses in runs.items():
    ours, row = losses["micronn"], ""
    for name in ways:
        if name in apart:
            pairs = zip(ours, losses[name], strict=True)
            apart[name].append(max(abs(a - b) for a, b in pairs))
        row += f"{apart[name][-1]:12.0e}" if name in apart else f"{'':12s}"
    print(f"{seed:4d} {ours[0]:12.4f} {ours[-1]:11.4f}{row}")
for name, differences in apart.items():
    print(
        f"{name}: every loss of {len(SEEDS)} runs agrees to 12 digits: {max(differences) < 1e-12}"
    )
# prints: by hand: every loss of 5 runs agrees to 12 digits: True
print("""
   micronn                    PyTorch                         JAX
   a Value for each number    a tensor for each layer         an array for each layer
   MLP(2, [3, 1], "tanh")     Sequential(Linear, Tanh, ...)   a function of your own
   neuron.w, neuron.b         layer.weight, layer.bias        params, passed in
   mse(...)                   F.mse_loss(...)                 (... ** 2).mean()
   loss.backward(), p.grad    loss.backward(), p.grad         jax.grad(loss)(params)
   zero_grad(), step()        zero_grad(), step()             new params from the old
""")
print("One row of a weight matrix is one neuron.  By hand, the slopes of the next net are to")
print("be worked out anew; the other three find them for any net.")

# Change it:
#  - Leave out model.double() and dtype: how many digits agree now, with 32 bits a number?
#  - In by_hand(), forget the factor (1.0 - h[m] ** 2).  After which step can one see it?
#  - Adam in all three: torch.optim.Adam, and for JAX the rule of lesson 22 in one function.
