"""Demo 37.  Two losses for ten classes

Run:    python demos/37_two_losses_for_ten_classes.py
Takes:  about four seconds

The question.  A net with ten outputs should say which digit it sees.  Squared errors
of ten sigmoids will do; softmax with cross-entropy is what everybody uses.  Is there
a difference, and is the loss what we are after at all?

What you will see.  How hard each of the two pushes a net that is sure and wrong:
one of them not at all.  The same net trained with both.  And a case where the loss
falls, step by step, while the number of right answers does not move.
"""

import random

from micronn.data import batches
from micronn.datasets import digits
from micronn.engine import Value, mean, total
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.optim import SGD


def squares(scores, target):
    """The squared errors of ten sigmoids, each of which should say 0 or 1, added up."""
    return total([(z.sigmoid() - float(k == target)) ** 2 for k, z in enumerate(scores)])


LOSSES = {"squares of sigmoids": squares, "cross-entropy": cross_entropy}

# The push.  Ten scores; the right class 0 has score -s, a wrong one has score s.
print("sure and wrong by s: how hard is the score of the right class pushed up?")
print("      s   squares of sigmoids   cross-entropy")
for s in (0.0, 2.0, 5.0, 10.0, 20.0):
    row = []
    for loss in LOSSES.values():
        scores = [Value(-s), Value(s)] + [Value(0.0) for _ in range(8)]
        loss(scores, 0).backward()
        row.append(-scores[0].grad)
    print(f"{s:7.0f} {row[0]:21.6f} {row[1]:15.6f}   {'#' * round(30 * row[1])}")
# prints: 0 0.250000 0.900000
# prints: 20 0.000000 1.000000
print("The more wrong the answer, the less the squares say: the sigmoid is flat there.")
print("Cross-entropy pushes by 1 - p, always.\n")

# The race, on drawn digits of 28 x 28 pixels, seen through a coarse 7 x 7 grid.
pictures, targets = digits(250, rng=random.Random(7))


def coarse(picture):
    """The mean ink of each square of 4 x 4 pixels."""
    return [
        sum(picture[28 * (y + j) + x + k] for j in range(4) for k in range(4)) / 16.0
        for y in range(0, 28, 4)
        for x in range(0, 28, 4)
    ]


inputs = [coarse(picture) for picture in pictures]
train = inputs[:150], targets[:150]


def right(model):
    """How many of the 100 digits it has not learned from it reads right."""
    said = [[score.data for score in model(x)] for x in inputs[150:]]
    answers = [scores.index(max(scores)) for scores in said]
    return sum(answer == target for answer, target in zip(answers, targets[150:], strict=True))


def descend(model, loss_of, data, optimizer):
    """One step on the mean loss of the examples; returns that loss."""
    optimizer.zero_grad()
    loss = mean([loss_of(model(x), t) for x, t in zip(*data, strict=True)])
    loss.backward()
    optimizer.step()
    return loss.data


print("THE RACE, 49-16-10: new digits read right, of 100, after 2, 4, ... epochs")
best = {}
for name, loss_of in LOSSES.items():
    for lr in (1.0, 3.0):
        rng = random.Random(1)
        model = MLP(49, [16, 10], "tanh", rng=rng)
        optimizer, marks = SGD(model.parameters(), lr), []
        for epoch in range(1, 9):
            for batch in batches(train, 10, rng):
                descend(model, loss_of, batch, optimizer)
            marks += [right(model)] if epoch % 2 == 0 else []
        print(f"   {name:20s} lr {lr:.0f}   {marks}")
        best[name] = max(best.get(name, 0), marks[-1])
ahead = best["cross-entropy"] > best["squares of sigmoids"]
print(f"cross-entropy is ahead, each with its better rate: {ahead}\n")
# prints: cross-entropy is ahead, each with its better rate: True

# What falls is the loss.  What we want is something else.
print("SQUARES OF SIGMOIDS, the first steps of all, 150 digits a step, lr 1")
model = MLP(49, [16, 10], "tanh", rng=random.Random(1))
optimizer, history = SGD(model.parameters(), lr=1.0), []
for step in range(7):
    known = right(model)
    loss = descend(model, squares, train, optimizer)
    history.append((loss, known))
    print(f"   step {step}   loss {loss:.2f} {'#' * round(18 * loss):46s} right {known:3d}")
fallen = history[-1][0] < 0.5 * history[0][0]
print(f"   the loss has more than halved: {fallen}", end=", ")
print(f"never more than 25 of 100 right: {max(known for _, known in history) <= 25}")
# prints: more than halved: True, never more than 25 of 100 right: True
print("""The net has found out that nine of ten outputs should be 0, and says 0 with all
ten.  That is a good answer to the question it was asked: by squares, saying 0.1
everywhere costs 0.90, of 2.50 at the start.  It is no answer to ours.  The loss
is what descent can see; the accuracy is what we want.  Watch both.""")

# Change it:
#  - Divide squares() by 10, as a mean.  What happens to its best lr, and why?
#  - LOSSES["ten yes-or-no"]: binary_cross_entropy(scores, [float(k == target) ...]).
#    Which of the two others does it resemble, and which part made the difference?
#  - Start the last layer's biases at -2.2, where the sigmoid says 0.1.  What is gained?
