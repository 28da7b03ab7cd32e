"""Demo 20.  How many examples a step

Run:    python demos/20_how_many_examples_a_step.py
Takes:  about a second
Before: lesson 11
After:  you can choose a batch size, and say what it costs
New:    line, batches

The question.  The loss is an average over all examples, and so is its gradient.  Does
a step have to wait until every example has been heard?

What you will see.  The wishes of six examples (negative gradients), as arrows, and
their mean.  Then 60 examples, and three walks: all 60 for each step (full batch), 10
(mini-batch), or 1 (stochastic gradient descent).  Count their steps, and they are
equal; count the examples they heard, which is the work, and one is sixty times as
fast.  And see what it pays for that.
"""

import random
import time
from itertools import islice

from micronn.data import batches, line
from micronn.losses import mse
from micronn.nn import Neuron
from micronn.optim import SGD

# Six examples, each with a wish for w and b of the line w*x + b.
inputs, targets = line(6, noise=0.6, slope=2.0, intercept=1.0, rng=random.Random(3))
neuron = Neuron(1, activation="linear")
neuron.load_state_dict({"w.0": 1.0, "b": 0.5})
(w,), b = neuron.w, neuron.b


def wish_of(examples):
    """Minus the gradient of the loss over these examples: where w and b should go."""
    neuron.zero_grad()
    xs, ys = zip(*examples, strict=True)
    mse([neuron(x) for x in xs], ys).backward()
    return -w.grad, -b.grad


examples = list(zip(inputs, targets, strict=True))
wishes = [wish_of([example]) for example in examples]
for (x, y), (dw, db) in zip(examples, wishes, strict=True):
    arrow = "-" * round(6 * abs(dw))
    arrow = f"{'<' + arrow if dw < 0 else '':>12s}|{arrow + '>' if dw >= 0 else ''}"
    print(f"x {x[0]:5.2f}  y {y:5.2f}   wishes w {dw:+6.2f}, b {db:+6.2f}   {arrow}")
averages = [sum(side) / 6.0 for side in zip(*wishes, strict=True)]
together = wish_of(examples)
print(f"mean of the six wishes  w {averages[0]:+6.2f}, b {averages[1]:+6.2f}")
print(f"wish of all six at once w {together[0]:+6.2f}, b {together[1]:+6.2f}")
same = all(abs(p - q) < 1e-12 for p, q in zip(averages, together, strict=True))
print(f"the gradient of the average is the average of the gradients: {same}\n")
# prints: the gradient of the average is the average of the gradients: True

# Sixty examples, three walks, each until the loss over all sixty is below 0.12.
# line() makes points along a line, batches() deals them into groups in a new order.
data = line(60, noise=0.3, slope=2.0, intercept=1.0, rng=random.Random(7))


def loss_over_all():
    return mse([neuron(x) for x in data[0]], data[1]).data


def walk(batch_size, lr=0.1):
    """Step for ever; yields how many examples each step heard, and its seconds."""
    optimizer, rng = SGD(neuron.parameters(), lr), random.Random(1)
    while True:
        for xs, ys in batches(data, batch_size, rng=rng):
            start = time.perf_counter()
            optimizer.zero_grad()
            mse([neuron(x) for x in xs], ys).backward()
            optimizer.step()
            yield len(ys), time.perf_counter() - start


print("step hears   steps   examples heard   a step takes   60 steps on: loss between")
paths = {}
for size in (60, 10, 1):
    neuron.load_state_dict({"w.0": -1.0, "b": -1.0})
    steps, heard, seconds, paths[size] = walk(size), 0, 0.0, []
    while loss_over_all() > 0.12:
        count, took = next(steps)
        heard, seconds = heard + count, seconds + took
        paths[size].append((w.data, b.data))
    taken = len(paths[size])
    after = [loss_over_all() for _ in islice(steps, 60)][20:]
    row = f"{size:4d} of 60 {taken:7d} {heard:16d} {1e6 * seconds / taken:11.0f} us"
    print(f"{row} {min(after):13.3f} and {max(after):.3f}")
# prints: 60 of 60 29 1740
# prints: 10 of 60 29 290
# prints: 1 of 60 28 28
print("""In steps they are equal: one example points roughly where all sixty do.  In
work they are not: a step that hears sixty costs sixty times as much.  "Faster"
means faster per step.  The price is at the end: single examples pull about for
ever, and the loss goes up and down (gradient noise).  Machines that compute many
examples at once change the prices; that is why 10 to 100 a step is usual.
""")

print("The walks; w to the right, b up.  @ all sixty, o ten, . one; S start, X truth")
grid = {}
for size, mark in ((1, "."), (10, "o"), (60, "@")):
    for x, y in paths[size]:
        grid[round(16 * x), round(6 * y)] = mark
grid[-16, -6], grid[32, 6] = "S", "X"
for row in range(7, -7, -1):
    print("   " + "".join(grid.get((column, row), " ") for column in range(-20, 45)).rstrip())

# Change it:
#  - lr=0.4.  Which of the three walks still arrives, and whose loss is the noisiest?
#  - noise=0: all examples agree.  What does the last column say now, and why?
#  - Leave out the shuffle: take the examples in order, left to right.  What goes wrong?
