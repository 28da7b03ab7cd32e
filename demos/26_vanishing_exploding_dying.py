"""Demo 26.  Vanishing, exploding, dying

Run:    python demos/26_vanishing_exploding_dying.py
Takes:  under a second
Before: lessons 21, 25
After:  you can find the layer where a gradient is lost, and repair it
New:    health, .gradient

The question.  A gradient travels from the loss to the first layer, and is multiplied
by a slope at every step.  What becomes of a number that is multiplied twenty times?

What you will see.  In a deep sigmoid net it vanishes (vanishing gradient), and the
first layer learns nothing; three repairs, side by side.  In a net that feeds itself it
explodes (exploding gradient).  And a relu can die of one step that was too big (dying
relu), and never come back; a leak saves it.

Source: Karpathy, "Yes you should understand backprop", 2016, has the same three cases.
"""

import random

from rich.console import Console

from micronn.check import health
from micronn.engine import Value
from micronn.nn import MLP, Neuron
from micronn.terminal import bars

show = Console(width=78).print


def gradients(depth, activation, init, skip=False):
    """The health of a net of 8 neurons a layer, after one backward(), layer by layer."""
    rng = random.Random(7)
    net = MLP(8, [8] * depth + [1], activation, init, rng)
    x = [rng.uniform(-1.0, 1.0) for _ in range(8)]
    h = x
    for layer in net.layers[:-1]:
        h = [a + b for a, b in zip(layer(h), h, strict=True)] if skip else layer(h)
    loss = (net.layers[-1](h)[0] - 1.0) ** 2
    loss.backward()
    return [layer.gradient for layer in health(net, [x]).layers]


print("VANISHING.  Sigmoid, torch's usual init.  First layer's gradient, as a share of")
print("the last layer's; each factor of ten is a sixth of the longest bar")
shares = {}
for depth in (1, 2, 4, 8, 16):
    layers = gradients(depth, "sigmoid", "uniform")
    shares[f"{depth:2d} hidden"] = layers[0] / layers[-1]
show(bars(shares, width=48, factors=True))
print("Each sigmoid multiplies by at most 1/4, each weight by less than 1: by the")
print(f"16th layer, less than a millionth is left: {shares['16 hidden'] < 1e-6}")
# prints: 16th layer, less than a millionth is left: True

print("\nTHREE REPAIRS, 16 hidden layers: first layer's gradient / last layer's")
repaired = {
    "as above": gradients(16, "sigmoid", "uniform"),
    "relu, he init": gradients(16, "relu", "he"),
    "tanh, xavier init": gradients(16, "tanh", "xavier"),
    "sigmoid, residual": gradients(16, "sigmoid", "uniform", skip=True),
}
repaired = {name: layers[0] / layers[-1] for name, layers in repaired.items()}
show(bars(repaired, width=40, factors=True))
before, *after = repaired.values()
print(f"each keeps a billion times more: {min(after) > 1e9 * before}")
# prints: each keeps a billion times more: True
print("A curve with slope 1, a start that keeps sizes (initialization), or a way round each")
print("layer (residual connection):")
print("out = layer(h) + h has slope 1 by the second path, whatever the layer does.\n")

print("EXPLODING.  h = w * h, fifty times, as a net that reads its own output does")
for w in (0.5, 0.9, 1.0, 1.1, 1.5):
    start = h = Value(1.0)
    for _ in range(50):
        h = h * w
    h.backward()
    word = "vanishes" if start.grad < 0.01 else "explodes" if start.grad > 100.0 else "stays"
    print(f"   w = {w}   d(end)/d(start) = w**50 = {start.grad:10.3g}   {word}")
# prints: w = 0.9 d(end)/d(start) = w**50 = 0.00515 vanishes
# prints: w = 1.0 d(end)/d(start) = w**50 = 1 stays
# prints: w = 1.1 d(end)/d(start) = w**50 = 117 explodes
print("   The edge is sharp.  The usual repair (gradient clipping): if its length is")
print("   above 1, divide it by its length.  Here 6.38e+08 would step like 1.\n")

print("DYING.  One step with lr 2, then 6000 good ones with lr 0.1.  It should say 0.5")
for activation in ("relu", "leaky_relu"):
    neuron = Neuron(1, activation)
    neuron.load_state_dict({"w.0": 1.0, "b": 1.0})
    for step in range(6001):
        neuron.zero_grad()
        loss = (neuron([1.0]) - 0.5) ** 2
        loss.backward()
        if step in (0, 1, 1000, 6000):
            w, b = neuron.w[0], neuron.b
            row = f"w {w.data:5.2f}  b {b.data:5.2f}  says {neuron([1.0]).data:6.3f}"
            print(f"   {activation:10s} step {step:4d}   {row}   dL/dw {w.grad:z6.3f}")
        for p in neuron.parameters():
            p.data -= (2.0 if step == 0 else 0.1) * p.grad
# prints: relu step 1 w -5.00 b -5.00 says 0.000 dL/dw 0.000
# prints: relu step 6000 w -5.00 b -5.00 says 0.000 dL/dw 0.000
# prints: leaky_relu step 1 w -5.00 b -5.00 says -0.100
# prints: leaky_relu step 6000 w 0.25 b 0.25 says 0.500
print("   Where a relu says 0 its slope is 0 too: no gradient, no step, no way back.")
print("   The leak of 0.01 is a hundredth of a slope, and enough to climb out.")

# Change it:
#  - Take init="micrograd" (weights up to 1, whatever the layer's size) with "relu".
#    What explodes now, without any loop?
#  - "tanh" with "uniform": which of the two, curve or start, was the culprit?
#  - A leak of 0.1 instead of 0.01: how many steps until the leaky neuron is right?
