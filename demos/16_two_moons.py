"""Demo 16.  Two moons

Run:    python demos/16_two_moons.py
Takes:  about a second
Before: lesson 15
After:  you can write the loop that trains a net, and draw what it has learned
New:    moons, hinge, .sigmoid(), decision_plane

The question.  Two half circles reach into each other.  A net of 105 random numbers is
to tell them apart.  It is never told how; what does it do instead, in a loop
(training)?

What you will see.  One turn of the loop, slowly, in four phases, and in which of them
the weights move.  Then 120 turns (epochs).  Then what the net is, a function of two
numbers, and the border where its answer changes (decision boundary), before and after.
"""

import random

from rich.console import Console
from rich.table import Table

from micronn.data import moons
from micronn.losses import hinge
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.terminal import decision_plane

inputs, targets = moons(100, noise=0.1, rng=random.Random(7))
model = MLP(2, [8, 8, 1], "tanh", rng=random.Random(2))
optimizer = SGD(model.parameters(), lr=0.5)


def right(scores):
    """How many scores (logits) have the sign of their target, which is -1 or +1."""
    return sum(s.data * t > 0.0 for s, t in zip(scores, targets, strict=True))


def picture():
    """decision_plane: the plane as the net sees it, and the points, x where the target is +1."""

    def probabilities(places):
        # sigmoid() makes a number from 0 to 1 of a score, and 1/2 of a score of 0.
        return [(1.0 - p, p) for p in (model(place).sigmoid().data for place in places)]

    return decision_plane(
        probabilities, inputs, [int(t > 0.0) for t in targets], width=37, height=30
    )


print(f"{model}, {len(model.parameters())} parameters")
# prints: MLP(2 -> 8 tanh -> 8 tanh -> 1 linear), 105 parameters
before = picture()
weight = model.layers[0].neurons[0].w[0]
start = weight.data


def report(phase, did):
    print(f"{phase:16s} {did:33s} moved {weight.data - start:.4f}   grad {weight.grad:7.4f}")


print("\nONE TURN, watching the first weight of the first neuron")
scores = [model(x) for x in inputs]
report("1 predict", f"100 scores, {right(scores)} on the right side")
loss = hinge(scores, targets)  # hinge: nothing for a score that is right by 1 or more
report("2 measure", f"one number, the loss: {loss.data:.3f}")
# prints: 2 measure one number, the loss:
optimizer.zero_grad()
loss.backward()
report("3 backpropagate", "a grad for each parameter")
still = weight.data == start
optimizer.step()
report("4 step", "each parameter, against its grad")
print(f"Backpropagation moved no weight: {still}.  The step did: {weight.data != start}.")
# prints: Backpropagation moved no weight: True.  The step did: True.

print("\nAGAIN AND AGAIN\nturn    loss   right of 100")
for turn in range(2, 121):
    scores = [model(x) for x in inputs]
    loss = hinge(scores, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if turn % 20 == 0:
        print(f"{turn:4d} {loss.data:7.3f}   {right(scores):5d}   {'#' * round(50 * loss.data)}")
# prints: 120 0.021 100

print("\nOrange, or blank: the net says o.  Blue, or dotted: it says x.")
print(f"{'BEFORE: one opinion everywhere':38s}AFTER")
side_by_side = Table.grid(padding=(0, 1))
side_by_side.add_row(before, picture())
Console().print(side_by_side)
print(f"right at the end: {right([model(x) for x in inputs])} of 100")
# prints: right at the end: 100 of 100
print("Nobody drew that border.  It is where the sum of the last neuron happens to be 0.")

# Change it:
#  - moons(100, noise=0.25): the moons now overlap.  Should all 100 be right?
#  - MLP(2, [1]): no hidden layer.  What is the best that one straight border can do?
#  - Ask right() about moons(100, noise=0.1, rng=random.Random(8)), which it has not seen
#    (generalization): is 100 of 100 on these points a promise for new ones?
