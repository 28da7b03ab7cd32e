"""Demo 37.  Two losses for ten classes

Run:    python demos/37_two_losses_for_ten_classes.py
Takes:  about three seconds
Before: lesson 36
After:  you can choose a loss for many classes, and watch accuracy beside it
New:    one_hot, total

The question.  A net with ten outputs should say which digit it sees.  Squared errors
of ten sigmoids will do; softmax with cross-entropy is what everybody uses.  Is there
a difference, and is the loss what we are after at all?

What you will see.  How hard each of the two pushes a net that is sure and wrong: one
of them not at all.  The same net trained with both, from five random starts, each
with three learning rates; a validation set chooses the rate, a test set judges.  And
a loss that falls by more than half while hardly more answers become right.
"""

import random

from micronn.datasets import digits, one_hot
from micronn.engine import Value, total
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.training import steps


def squares(scores, target):
    """The squared errors of ten sigmoids, each of which should say 0 or 1, added up.

    target: ten numbers, 1 for the right class and 0 for the others (one-hot); one_hot() makes
    them.  total() is the sum of many Values at once.
    """
    return total([(z.sigmoid() - t) ** 2 for z, t in zip(scores, target, strict=True)])


LOSSES = {"squares": squares, "cross-entropy": cross_entropy}

# The push.  Ten scores (logits); the right class 0 has score -s, a wrong one has s.
print("sure and wrong by s: how hard is the score of the right class pushed up?")
print("      s        squares   cross-entropy")
for s in (0.0, 2.0, 5.0, 10.0, 20.0):
    row = []
    for loss in LOSSES.values():
        scores = [Value(-s), Value(s)] + [Value(0.0) for _ in range(8)]
        loss(scores, one_hot(0, 10)).backward()
        row.append(-scores[0].grad)
    print(f"{s:7.0f} {row[0]:14.6f} {row[1]:15.6f}   {'#' * round(30 * row[1])}")
# prints: 0 0.250000 0.900000
# prints: 20 0.000000 1.000000
print("The more wrong the answer, the less the squares say: the sigmoid is flat there.")
print("Cross-entropy pushes by 1 - p, always; p is the probability of the right class.\n")

# Drawn digits of 28 x 28 pixels, seen through a coarse 7 x 7 grid.
pictures, classes = digits(300, rng=random.Random(7))


def coarse(picture):
    """The mean of each square of 4 x 4 pixels."""
    return [
        sum(picture[28 * (y + j) + x + k] for j in range(4) for k in range(4)) / 16.0
        for y in range(0, 28, 4)
        for x in range(0, 28, 4)
    ]


inputs = [coarse(picture) for picture in pictures]
train = inputs[:100], [one_hot(k, 10) for k in classes[:100]]
validation, test = (inputs[100:200], classes[100:200]), (inputs[200:], classes[200:])


def right(model, examples):
    """How many of the examples it reads right: the highest score is its answer."""
    said = [[score.data for score in model(x)] for x in examples[0]]
    answers = [scores.index(max(scores)) for scores in said]
    return sum(answer == k for answer, k in zip(answers, examples[1], strict=True))


RATES, SEEDS, MARKS = (0.3, 1.0, 3.0), (1, 2, 3, 4, 5), (8, 20)
print("THE RACE, 49-16-10.  Of 100 digits for validation, read right after 8 and 20 epochs")
print("                lr   " + "   ".join(f"seed {seed}" for seed in SEEDS) + "   last loss")
found = {}  # by loss, seed and epoch: for each rate, right in validation and in the test
for name, loss in LOSSES.items():
    for lr in RATES:
        row, last = [], []
        for seed in SEEDS:
            model = MLP(49, [16, 10], "tanh", rng=random.Random(seed))
            optimizer, rng = SGD(model.parameters(), lr), random.Random(seed)
            for step in steps(model, loss, train, optimizer, MARKS[-1], 10, rng):
                if step.epoch in MARKS:
                    score = right(model, validation), right(model, test)
                    found.setdefault((name, seed, step.epoch), []).append(score)
                    row.append(f"{score[0]:3d}")
            last.append(step.loss)
        cells = "  ".join(f"{a} {b}" for a, b in zip(row[::2], row[1::2], strict=True))
        print(f"{name:13s} {lr:4.1f}  {cells}   {min(last):5.2f} to {max(last):5.2f}")
print(f"Cross-entropy at 3 blew up, every loss above log(10) = 2.3: {min(last) > 2.31}.")
# prints: Cross-entropy at 3 blew up, every loss above log(10) = 2.3: True
print("""To know nothing costs log(10), and to guess is right in 10 of 100.  Its slope
(gradient) is steeper, and the step too long for it; see the ball on the hill.  That is
no verdict on the loss, so each may choose its own rate:\n""")

print("of 100 digits for the test, each loss with the rate that its validation prefers")
print("   epochs                " + "   ".join(f"seed {seed}" for seed in SEEDS))
ahead = []
for epoch in MARKS:
    best = {
        name: [max(found[name, seed, epoch], key=lambda score: score[0])[1] for seed in SEEDS]
        for name in LOSSES
    }
    for name, row in best.items():
        print(f"   {epoch:4d}   {name:13s}" + "".join(f"{score:9d}" for score in row))
    rows = zip(best["cross-entropy"], best["squares"], strict=True)
    ahead.append([entropy - square for entropy, square in rows])
print(f"cross-entropy is ahead in every column: {min(map(min, ahead)) > 0}")
# prints: cross-entropy is ahead in every column: True
early, late = (sum(leads) / len(leads) for leads in ahead)
print(f"by {early:.0f} digits on average after 8 epochs and by {late:.0f} after 20;", end=" ")
print(f"the squares catch up: {late < early}\n")
# prints: the squares catch up: True

# What falls is the loss.  What we want is something else.
print("SQUARES, the first steps: 100 digits a step, lr 1.  Validation digits read right")
halved, most = [], 0
for seed in SEEDS:
    model = MLP(49, [16, 10], "tanh", rng=random.Random(seed))
    known, losses = [right(model, validation)], []
    for step in steps(model, squares, train, SGD(model.parameters(), 1.0), 7, 100):
        losses.append(step.loss)
        known.append(right(model, validation))
    halved.append(losses[-1] < 0.5 * losses[0])
    most = max(most, *known[:-1])  # a step's loss is the one before it
    print(f"   seed {seed}   loss " + " ".join(f"{loss:.2f}" for loss in losses))
    print("            right" + " ".join(f"{k:4d}" for k in known[:-1]))
print(f"every loss has more than halved: {all(halved)}; never more than 30 right: {most <= 30}")
# prints: every loss has more than halved: True; never more than 30 right: True
print("""The net has found out that nine of ten outputs should be 0, and says nearly 0 with
all ten.  That is a good answer to the question it was asked: by squares, saying 0.1
everywhere costs 0.90, of about 2.5 at the start.  It is no answer to ours.  The loss is
what descent can see; the accuracy is what we want.  Watch both.""")

# Change it:
#  - Divide squares() by 10, as a mean.  What happens to its best lr, and why?
#  - LOSSES["ten yes-or-no"] = binary_cross_entropy, from micronn.losses.  Which of the
#    two others does it resemble, and which part made the difference?
#  - Start the last layer's biases at -2.2, where the sigmoid says 0.1.  What is gained?
