"""Demo 23.  Learning too little and too much

Run:    python demos/23_learning_too_little_and_too_much.py
Takes:  about two seconds, longer without a C compiler
Before: lessons 20, 22
After:  you can tell a net that has learned a rule from one that knows answers
New:    curve, fit, .epoch, .loss, .validation_loss, evaluate, Curves

The question.  A net that is right about everything it was shown may have found the
rule (generalization), or may know the answers by heart (overfitting).  How can one
tell, without knowing the rule?

What you will see.  Examples dealt into three sets: to learn from (training set), to
choose by (validation set) and to judge by (test set).  Nets of growing width: too
small, they miss the rule (underfitting); too large, they learn the noise, and the gap
between two of the sets gives them away.  The same for a net that is trained too long.
Then one choice, and one honest look at the third set.
"""

import math
import random

from rich.console import Console

from micronn.data import curve
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.terminal import Curves
from micronn.training import evaluate, fit

NOISE, EPOCHS = 0.3, 1000
show = Console(width=78).print
rng = random.Random(4)
# curve(n): n points around one wave of a sine.
train, validation, test = curve(12, NOISE, rng), curve(40, NOISE, rng), curve(200, NOISE, rng)
print(f"""One wave of a sine, and noise.  Nobody can do better on new examples than a mean
squared error of {NOISE}**2 = {NOISE**2:.2f}, the noise itself.
   training    {len(train[0]):4d} examples, to learn from
   validation  {len(validation[0]):4d}, to choose by: how wide, how long
   test        {len(test[0]):4d}, to judge by, once, at the end""")


def training(width):
    """A net, and what fit() says of it: the epoch, loss and validation_loss of each step.

    fit() is the loop of predict, measure, backpropagate and step, with batches.
    """
    model = MLP(1, [width, width, 1], "tanh", "xavier", random.Random(1))
    optimizer = Adam(model.parameters(), lr=0.02)
    return model, fit(model, mse, train, optimizer, EPOCHS, 12, rng, validation=validation)


def board(model):
    """The net as -, the true wave as ., the examples as o; y runs up."""
    marks = {}
    for column in range(37):
        x = (column - 18) / 18.0
        marks[column, round(4.0 * math.sin(math.pi * x))] = "."
        marks[column, round(4.0 * model([x]).data)] = "-"
    for (x,), y in zip(*train, strict=True):
        marks[round(18.0 + 18.0 * x), round(4.0 * y)] = "o"
    for row in range(6, -7, -1):
        yield "".join(marks.get((column, row), " ") for column in range(37))


print(f"\nWIDTH   training   validation     gap    after {EPOCHS} epochs (# training, - gap)")
models, histories = {}, {}
for width in (1, 2, 4, 16):
    models[width], histories[width] = training(width)
    last = histories[width][-1]
    gap = last.validation_loss - last.loss
    bar = "#" * round(50 * last.loss) + "-" * round(50 * gap)
    print(f"{width:5d} {last.loss:10.3f} {last.validation_loss:12.3f} {gap:7.3f}    {bar}")
at_end = {width: history[-1] for width, history in histories.items()}
falls = [at_end[width].loss for width in at_end]
print(f"wider nets know the training set better: {falls == sorted(falls)[::-1]}")
# prints: wider nets know the training set better: True
chosen = min(at_end, key=lambda width: at_end[width].validation_loss)
print(f"the validation set chooses neither the smallest nor the largest: {chosen in (2, 4)}")
# prints: the validation set chooses neither the smallest nor the largest: True
print(f"\n   {'width 1: too little':37s}   width 16: too much")
for left, after in zip(board(models[1]), board(models[16]), strict=True):
    print(f"   {left}   {after}".rstrip())

print("\nHOW LONG?  width 16, both sets while it trains (cut off at 0.02 and 0.25)")
curves = {
    "training": [min(max(step.loss, 0.02), 0.25) for step in histories[16]],
    "validation": [min(max(step.validation_loss, 0.02), 0.25) for step in histories[16]],
}
show(Curves(curves, width=70))  # Curves: lists of numbers as lines of characters
lowest, best = min((step.validation_loss, step.epoch) for step in histories[16])
print(f"validation was lowest, {lowest:.3f}, after {best} epochs; at the end it is", end=" ")
print(f"{curves['validation'][-1]:.3f}")
print(f"it got worse while training went on falling: {lowest < 0.9 * curves['validation'][-1]}")
# prints: it got worse while training went on falling: True
print("To stop there (early stopping) is what early_stopping(steps(...), model) does.")

print("\nTHE TEST, once:")
score = evaluate(models[chosen], mse, test)  # evaluate(): the loss, and nothing is learned
print(f"   width {chosen}: validation {at_end[chosen].validation_loss:.3f}, test {score.loss:.3f}")
print("""The validation number was chosen for being low, so it is no fair judge any more.
The test set had no say in anything.  But look, choose another width, look
again, and it is a second validation set: nothing is left to judge by.""")

# Change it:
#  - 60 examples to learn from instead of 12.  Which gap closes, and why?
#  - l2=0.001 in fit(): a price on large weights (regularization).  What becomes of width 16?
#  - NOISE = 0.0: can a net still learn too much?
