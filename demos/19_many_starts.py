"""Demo 19.  Many starts

Run:    python demos/19_many_starts.py
Takes:  about three seconds
Before: lesson 15
After:  you can say what descent promises and what it does not
New:    .sin()

The question.  Descent goes downhill until it is at a bottom (local minimum).  Is that
THE bottom (global minimum)?  And why not look everywhere and take the lowest?

What you will see.  One curve with four valleys, and a map of which start ends in
which.  Sixteen nets with the same task and different starts (initialization), which
end at four different losses, each of which can be explained on paper.  A lowest point
that is not one point but endlessly many.  And what looking everywhere would cost.
"""

import random

from micronn.data import xor
from micronn.engine import Value
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD


# A curve with valleys: a sine, sin(), on a parabola.
def bumpy(x):
    return (3.0 * x).sin() + 0.1 * x * x


def roll(start):
    """Where a ball from start comes to rest, or None if it is still moving."""
    x = Value(start)
    for _ in range(400):
        x.grad = 0.0
        bumpy(x).backward()
        x.data -= 0.02 * x.grad
    return round(x.data, 2) if abs(x.grad) < 0.001 else None


starts = [k / 8.0 for k in range(-28, 33)]
ends = [roll(x) for x in starts]
valleys = sorted(set(ends) - {None})
letters = dict(zip(valleys, "abcdefgh", strict=False))
heights = [bumpy(Value(x)).data for x in starts]
for level in range(8, -5, -1):
    print("".join("*" if round(4 * height) == level else " " for height in heights).rstrip())
print("".join(letters.get(end, "?") for end in ends), " ends here")
for x, letter in letters.items():
    print(f"   valley {letter} at x = {x:5.2f}, loss {bumpy(Value(x)).data:5.2f}")
# prints: valley b at x = -0.51, loss -0.97
print("A letter: where a ball from above it comes to rest.  Only b is the lowest; a")
print("ball knows the slope (gradient) under it and no other valley.\n")

# A net: 2 inputs, 2 hidden relu neurons, 1 output; XOR; sixteen random starts.
inputs, targets = xor(4, noise=0.0)


def loss_of(net):
    return mse([net(x) for x in inputs], targets)


def trained(seed):
    net = MLP(2, [2, 1], "relu", init="he", rng=random.Random(seed))
    optimizer = SGD(net.parameters(), lr=0.1)
    for _ in range(800):
        optimizer.zero_grad()
        loss_of(net).backward()
        optimizer.step()
    return net


nets = [trained(seed) for seed in range(16)]
rounded = [round(loss_of(net).data, 2) for net in nets]
reasons = {
    0.0: "solved",
    0.5: "two right; the others, -1 and +1, both answered 0",
    0.67: "one right; three answered by their mean, +-1/3",
    1.0: "all four answered 0",
}
print("sixteen nets after 800 steps")
for loss, reason in reasons.items():
    print(f"   loss {loss:.2f}: {rounded.count(loss):2d} {'#' * rounded.count(loss):10s} {reason}")
# prints: loss 0.00: 3 ### solved
# prints: loss 0.50: 3 ###
# prints: loss 1.00: 2 ##
print(f"all sixteen ended at one of these four: {set(rounded) == set(reasons)}\n")
# prints: all sixteen ended at one of these four: True

# A net is a point with nine coordinates.  Walk straight from one solution to another.
first, second = [net for net, loss in zip(nets, rounded, strict=True) if loss == 0.0][:2]
print("two solved nets, as places (parameter vectors), and the losses on the way between")
for name, net in (("A", first), ("B", second)):
    print(f"   {name}", " ".join(f"{p.data:6.2f}" for p in net.parameters()))
way = MLP(2, [2, 1], "relu")
for tenth in range(11):
    share = tenth / 10.0
    trio = zip(way.parameters(), first.parameters(), second.parameters(), strict=True)
    for p, a, b in trio:
        p.data = (1.0 - share) * a.data + share * b.data
    loss = loss_of(way).data
    print(f"   {share:3.1f}  {loss:5.2f} {'#' * round(20 * loss)}".rstrip())

# Not even one solution is one point.
one, two = first.layers[0].neurons
last = first.layers[1].neurons[0]
before = loss_of(first).data
for p in one.parameters():
    p.data *= 4.0
last.w[0].data /= 4.0
stretched = loss_of(first).data
first.layers[0].neurons = [two, one]
last.w.reverse()
print(f"\nA with a hidden neuron 4 times as large and read 1/4 as much: {stretched == before}")
print(f"A with its hidden neurons swapped: {abs(loss_of(first).data - before) < 1e-12}")
# prints: read 1/4 as much: True
# prints: A with its hidden neurons swapped: True
print('Other places, the same net, the same loss (symmetry).  "The" minimum does not exist.\n')

# Looking everywhere: ten values for each coordinate, one loss for each combination.
print("looking everywhere, ten values a parameter        losses to compute")
for name, parameters in (("the curve", 1), ("this net", 9), ("784-16-16-10", 13002)):
    print(f"   {name:13s} {parameters:6,d} parameters  10 to the power of {parameters:,}")
print("   descent, 800 steps of this net                800, and as many backward()")
print("Descent promises a bottom, cheaply; the bottom, never.")

# Change it:
#  - Three hidden neurons, then eight.  How many of sixteen starts still get stuck?
#  - "tanh" instead of "relu".  Which of the four losses disappear?
#  - Roll with steps of 0.6 instead of 0.02.  Can a ball be too fast to be caught?
