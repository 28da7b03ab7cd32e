"""Demo 28.  A training run, replayed, and another one begun

Run:    python demos/28_replay_of_moons.py
Takes:  a few seconds.  It writes moons.html into the current folder: open it.
Before: lesson 24
After:  you can record a training, and look at any moment of it
New:    split, steps, .metric, Recorder, .record(), .snapshots()

The question.  A curve that falls says that a net learned, not how.  What happened on
the way, and in which order: to the weights, to the border (decision boundary), to the
gradients?

What you will see.  A page that needs no network.  Drag its slider, or press the arrow
keys: the net, the border between its answers, the loss and the size of the gradient in
each layer move together.  Look for three moments: the border is still a straight line;
it bends; nothing moves any more.  Then press Play at the end: the net learns on in the
page, by this loss and this optimiser.  Go back to the straight border, set another
learning rate or freeze a neuron, and press Play: the curve forks.
"""

import random

from micronn.data import moons, split
from micronn.losses import hinge
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import steps
from micronn.viewer import Recorder

rng = random.Random(7)
# split() deals examples into three sets.
train, validation, _ = split(moons(100, noise=0.1, rng=rng), rng=rng)
model = MLP(2, [6, 1], "tanh", rng=random.Random(2))
optimizer = Adam(model.parameters(), lr=0.05)


def margin(score, target):
    """What one example costs: nothing, if it is right by a margin of 1."""
    return hinge([score], [target])


def accuracy(scores, targets):
    """The share of scores (logits) on the right side of 0."""
    return sum(s * t > 0 for s, t in zip(scores, targets, strict=True)) / len(targets)


example = train[0][0], train[1][0]
# A Recorder keeps what a page needs to show a training: its snapshots().
recorder = Recorder(
    model, loss=margin, example=example, data=train, optimizer=optimizer, batch_size=20,
    every=5, title="Two moons, 2-6-1",
)  # fmt: skip
# steps() trains, and says after each epoch what came of it, with accuracy() as its metric;
# record() keeps every fifth.
learning = steps(model, margin, train, optimizer, epochs=100, batch_size=20,
                 validation=validation, metric=accuracy, engine="python", rng=rng)  # fmt: skip
run = list(recorder.record(learning))

first, last = run[0], run[-1]
print(f"after epoch   1   {first.metric:.0%} of the validation set right")
print(f"after epoch 100  {last.metric:.0%}")
# prints: after epoch 100 100%
print("the loss fell" if last.validation_loss < first.validation_loss / 5 else "it did not")
# prints: the loss fell

recorder.save("moons.html")
print(f"\nwrote moons.html: {len(recorder.snapshots())} moments of the run")
# prints: wrote moons.html:

# Change it: lr=1.0, and watch the border jump; "relu" for "tanh", and find the corners
# of the border; MLP(2, [2, 1]), and see which moon two neurons have to give up.
