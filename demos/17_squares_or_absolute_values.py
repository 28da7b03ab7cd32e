"""Demo 17.  Squares or absolute values

Run:    python demos/17_squares_or_absolute_values.py
Takes:  under a second
Before: lesson 11
After:  you can choose a loss by what you think of outliers
New:    mae, huber, .lr

The question.  Misses can be squared before they are added (mean squared error), or
only stripped of their sign (mean absolute error).  Both are 0 when all is right.  Does
it matter which one a net is given?

What you will see.  Five numbers, one of them far from the rest (outlier), and one
number to stand for them all.  The two losses choose 20 and 3, and neither is wrong.
Then one neuron and one set of points, with three losses and three different lines.
And what the slope of |x| is at 0, where it has none (subgradient).
"""

import math
import random

from micronn.engine import Value
from micronn.losses import huber, mae, mse
from micronn.nn import Neuron
from micronn.optim import SGD

NUMBERS = [1.0, 2.0, 3.0, 4.0, 90.0]


def best(loss, neuron, inputs, targets, lr):
    """Descent with steps that shrink to nothing, so that it settles even at a corner."""
    optimizer = SGD(neuron.parameters(), lr)
    for step in range(1000):
        optimizer.lr = lr * (1.0 - step / 1000)
        now = loss([neuron(x) for x in inputs], targets)
        optimizer.zero_grad()
        now.backward()
        optimizer.step()
    return neuron


# One number c for all five: a neuron whose input is always 0 has only its bias.
print("one number c to stand for", NUMBERS)
print("loss        c   slope of the term of each, at c       sum   share of the 90")
for loss, lr in ((mse, 0.1), (mae, 0.5)):
    neuron = Neuron(1, activation="linear", rng=random.Random(7))
    c = round(best(loss, neuron, [[0.0]] * len(NUMBERS), NUMBERS, lr).b.data, 2)
    pulls = [2.0 * (c - y) if loss is mse else (c > y) - (c < y) for y in NUMBERS]
    share = abs(pulls[-1]) / sum(abs(pull) for pull in pulls)
    row = "".join(f"{pull:6.0f}" for pull in pulls)
    print(f"{loss.__name__:5s} {c:7.2f}  {row} {sum(pulls):8.0f} {share:12.0%}")
# prints: mse 20.00 38 36 34 32 -140 0 50%
# prints: mae 3.00 1 1 0 -1 -1 0 25%
print("""Squares: every miss pulls as hard as it is long.  The outlier 90 alone balances
the other four, and c is the mean, a number that none of the five is near.
Absolute values: every miss pulls alike, so c is the one in the middle, the
median.  90 could be 9000, and c would still be 3.
""")

# At 0 the curve |x| has a corner.
zero = Value(0.0)
abs(zero).backward()
print(f"|x| at 0: slope {(abs(0.0) - abs(-1e-6)) / 1e-6:.0f} from the left", end=", ")
print(f"{(abs(1e-6) - abs(0.0)) / 1e-6:.0f} from the right; the engine says {zero.grad:.0f}")
# prints: |x| at 0: slope -1 from the left, 1 from the right; the engine says 0
print("Any number between would do.  0 says: this one is right, leave it alone.")
miss = [3.0, -4.0]
length, absolute, squares = math.hypot(*miss), sum(map(abs, miss)), sum(m * m for m in miss)
print(f"Bars are single on purpose.  For the misses {miss} the length ||m|| is")
print(f"{length:.0f}, the sum of |m| {absolute:.0f}, of the squares {squares:.0f}: three losses.\n")
# prints: 5, the sum of |m| 7, of the squares 25: three losses.

# One neuron, one set of points, three objectives.
xs, ys = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0.0, 1.0, 2.0, 3.0, 14.0]
print("points: (0,0) (1,1) (2,2) (3,3) and (4,14).  What comes at x = 5?")
for name, loss, lr in (("mse", mse, 0.05), ("huber", huber, 0.2), ("mae", mae, 0.1)):
    neuron = best(loss, Neuron(1, activation="linear", rng=random.Random(7)), xs, ys, lr)
    w, b = neuron.w[0].data, neuron.b.data
    line = f"{w:.1f}*x {'+' if b > -0.05 else '-'} {abs(b):.1f}"
    print(f"  {name:6s} learned {line:12s} and says {w * 5.0 + b:5.1f}")
# prints: mse learned 3.0*x - 2.0 and says 13.0
# prints: mae learned 1.0*x + 0.0 and says 5.0
print("""Same neuron, same points, same descent.  If 14 is a slip of the pen, mae is
right; if it is the one fire in five years, mse is.  The data do not say.  You
do, by choosing the loss.""")

# Change it:
#  - Six numbers, 1 2 3 4 90 91: where does mae settle now, and is there one answer?
#  - Make a loss of your own: misses above count three times as much as below.
#  - partial(huber, delta=100), and delta=0.01 with lr 20: what does each turn into?
