"""Demo 25.  Squashing

Run:    python demos/25_squashing.py
Takes:  about three seconds

The question.  A neuron's sum can be any number.  The sigmoid squashes it between 0
and 1, which looks like brightness and like a chance.  Why then do deep nets of today
use relu, which squashes nothing?

What you will see.  The curve of the sigmoid and of its slope, which is never above
1/4.  A layer of neurons as heat bars.  What four such slopes, multiplied, do to a
gradient on its way to the first layer.  And a race: the same net, from the same
start, on the same data, bent by the one and by the other.
"""

import random

from micronn.data import circles
from micronn.engine import Value
from micronn.losses import mse
from micronn.nn import MLP, Layer
from micronn.optim import Adam

# The curves.
print("     z   sigmoid                           slope               relu  slope")
for k in range(-6, 7):
    s, r = Value(k), Value(k)
    out, ramp = s.sigmoid(), r.relu()
    out.backward()
    ramp.backward()
    bars = f"{'#' * round(24 * out.data):24s} {s.grad:6.3f} {'#' * round(40 * s.grad):10s}"
    print(f"{k:6d} {out.data:6.3f} {bars} {ramp.data:5.0f} {r.grad:6.0f}")
# prints: -6 0.002
# prints: 0 0.500 ############ 0.250 ##########
# prints: 6 0.998
print("By hand: the slope is s * (1 - s), which is largest at s = 1/2: 1/4.\n")

# Eight neurons looking at one point: how bright is each?
for activation in ("sigmoid", "tanh", "relu"):
    layer = Layer(2, 8, activation, init="micrograd", rng=random.Random(3))
    said = [out.data for out in layer([1.5, -2.0])]
    heat = "|".join(".:-=+*#%@"[max(0, min(8, int(9 * a)))] * 7 for a in said)
    print(f"{activation:8s} {heat}\n         " + " ".join(f"{a:^7.2f}" for a in said))
print("From . for 0 and below to @ for 1 and above.  Only the sigmoid stays between; a")
print("tanh goes down to -1, and a relu is never fully on.\n")

# A deep net: 2 inputs, four hidden layers of 8, one output.  How big are the
# gradients of each layer's weights at the start?
inputs, targets = circles(40, noise=0.05, rng=random.Random(7))


def new_net(activation):
    return MLP(2, [8, 8, 8, 8, 1], activation, init="he", rng=random.Random(1))


def loss_of(net):
    return mse([net(x) for x in inputs], targets)


print("typical gradient of a weight, layer by layer, before any training")
for activation in ("sigmoid", "relu"):
    net = new_net(activation)
    loss_of(net).backward()
    typical = []
    for layer in net.layers:
        sizes = [abs(w.grad) for neuron in layer.neurons for w in neuron.w]
        typical.append(sum(sizes) / len(sizes))
    row = " ".join(f"{size:8.1e}" for size in typical)
    print(f"{activation:8s} {row}   first / last = {typical[0] / typical[-1]:.4f}")
# prints: first / last = 0.0001
# prints: first / last = 0.2589
print("Every sigmoid on the way back multiplies by a slope of at most 1/4.\n")

# The race.
print("steps until the loss is below 0.1, with Adam, lr 0.01")
needed = {}
for activation in ("relu", "sigmoid"):
    net = new_net(activation)
    optimizer = Adam(net.parameters(), lr=0.01)
    while (loss := loss_of(net)).data >= 0.1 and optimizer.steps < 400:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    needed[activation] = optimizer.steps
    print(f"{activation:8s} {'#' * (optimizer.steps // 4)} {optimizer.steps}")
print(f"the sigmoid needs more than 5 times as many: {needed['sigmoid'] > 5 * needed['relu']}")
# prints: the sigmoid needs more than 5 times as many: True

# Change it:
#  - Use one hidden layer, MLP(2, [8, 1]).  Is the sigmoid still so slow?
#  - Put "tanh" into the race.  Its slope at 0 is 1, not 1/4.
#  - Other starts: random.Random(2), or init="xavier".  Does the order ever change?
