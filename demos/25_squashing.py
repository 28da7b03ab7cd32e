"""Demo 25.  Squashing

Run:    python demos/25_squashing.py
Takes:  about three seconds
Before: lesson 23
After:  you can choose an activation function for a deep net
New:    ACTIVATIONS, circles, Layer, steps

The question.  A neuron's sum can be any number.  The sigmoid squashes it between 0
and 1, which looks like brightness and like a probability.  Deep nets of today use
relu, which squashes nothing.  Is it the squashing that makes the sigmoid slow?

What you will see.  The curve of the sigmoid and its slope (derivative), which is never above 1/4.
Layers of neurons as bars of brightness.  Then a race of one net with five activation
functions (nonlinearities), from seven random starts each.  Four of the five squash,
and one of these four keeps up with relu.
"""

import random
from statistics import median

from micronn.data import circles
from micronn.engine import Value
from micronn.losses import mse
from micronn.nn import ACTIVATIONS, MLP, Layer
from micronn.optim import Adam
from micronn.training import steps

# The curves.
print("     z   sigmoid                           slope             tanh  slope   relu  slope")
for k in range(-4, 5):
    row = []
    for activation in ("sigmoid", "tanh", "relu"):
        z = Value(k)
        out = ACTIVATIONS[activation](z)
        out.backward()
        row += [out.data, z.grad]
    bar, slope = "#" * round(24 * row[0]), "#" * round(40 * row[1])
    rest = f"{row[2]:6.2f} {row[3]:6.3f} {row[4]:6.0f} {row[5]:6.0f}"
    print(f"{k:6d} {row[0]:6.3f} {bar:24s} {row[1]:6.3f} {slope:10s} {rest}")
# prints: -4 0.018
# prints: 0 0.500 ############ 0.250 ########## 0.00 1.000
# prints: 4 0.982
print("By hand: the sigmoid's slope is s * (1 - s), largest at s = 1/2: 1/4.  The slope")
print("of tanh is 1 - t * t, largest at t = 0: 1.\n")

# Eight neurons looking at one point: how bright is each?
SHADES = ".:-=+*#%@"  # for 0 and below ... for 8/9 and above
for activation in ("sigmoid", "tanh", "relu"):
    # A Layer is neurons side by side, here eight that read two inputs.
    layer = Layer(2, 8, activation, init="micrograd", rng=random.Random(3))
    said = [out.data for out in layer([1.5, -2.0])]
    shades = [SHADES[max(0, min(8, int(9 * a)))] for a in said]
    print(f"{activation:8s} " + "|".join(shade * 7 for shade in shades))
    print(" " * 9 + " ".join(f"{a:^7.2f}" for a in said))
print("Only the sigmoid stays between 0 and 1.  The tanh squashes too, between -1 and 1.\n")

# Two sigmoids, each changed in one way: steeper, its slope at 0 is 1; or moved down, so
# that it says 0 for 0.  Changed in both ways it is tanh: tanh(z) = 2 * sigmoid(2z) - 1.
ACTIVATIONS["steeper"] = lambda z: (4.0 * z).sigmoid()
ACTIVATIONS["moved down"] = lambda z: z.sigmoid() - 0.5

# circles(): two rings of points.  steps() is fit() that can be watched, epoch by epoch.
examples = circles(40, noise=0.05, rng=random.Random(7))
MOST = 400


def steps_needed(activation, seed):
    """How many steps of Adam until the mean squared error is below 0.1; at most MOST."""
    net = MLP(2, [8, 8, 8, 8, 1], activation, "xavier", random.Random(seed))
    optimizer = Adam(net.parameters(), lr=0.01)
    for step in steps(net, mse, examples, optimizer, epochs=MOST, batch_size=40):
        if step.loss < 0.1:
            break
    return step.step


SEEDS = range(1, 8)
print("THE RACE: four hidden layers of 8, steps until the loss is below 0.1")
print("seed           " + "".join(f"{seed:6d}" for seed in SEEDS) + "    median")
needed = {}
for activation in ("relu", "tanh", "steeper", "moved down", "sigmoid"):
    needed[activation] = [steps_needed(activation, seed) for seed in SEEDS]
    row = "".join(f"{'>' * (n == MOST) + str(n):>6s}" for n in needed[activation])
    print(f"{activation:15s}{row} {median(needed[activation]):8d}")

pairs = {name: list(zip(needed[name], needed["sigmoid"], strict=True)) for name in needed}
ratio = min(slow / fast for name in ("relu", "tanh") for fast, slow in pairs[name])
print(f"\nin every column relu and tanh are more than 4 times as fast: {ratio > 4.0}")
# prints: in every column relu and tanh are more than 4 times as fast: True
print(f"   (at least {ratio:.1f} times)")
ahead = sum(relu < tanh for relu, tanh in zip(needed["relu"], needed["tanh"], strict=True))
print(f"   relu is ahead of tanh in {ahead} of {len(SEEDS)} columns")
for name in ("steeper", "moved down"):
    helped = all(fast < slow for fast, slow in pairs[name])
    print(f"{name:10s} beats the plain sigmoid in every column: {helped}")
# prints: steeper    beats the plain sigmoid in every column: True
# prints: moved down beats the plain sigmoid in every column: True
print("""So it is not the squashing: tanh squashes as well and runs beside relu.  Two other
things slow the sigmoid.  It passes back at most a quarter of what it hears, in
each of four layers; and it says 1/2 where it should say nothing, so every layer
hears a large constant.  Mend either, still squashing, and it is faster.""")

# Change it:
#  - One hidden layer, MLP(2, [8, 1], ...).  Is the sigmoid still so slow?
#  - init "he", which suits relu, or "micrograd".  Which sentences stay true?
#  - ACTIVATIONS["both"] = lambda z: 4.0 * (z.sigmoid() - 0.5): where does it come in?
