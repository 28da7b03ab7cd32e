"""Demo 22.  Momentum and Adam

Run:    python demos/22_momentum_and_adam.py
Takes:  about two seconds
Before: lesson 16
After:  you can choose an optimizer, and say what it remembers
New:    Adam, .state

The question.  In a ravine (ill-conditioned) the slope points at the other wall, not
along the valley.  Plain descent bounces from wall to wall.  What can a memory of
earlier slopes (momentum) do?

What you will see.  Three walks down one ravine, drawn, each with the best learning
rate it was found to have.  Then inside Adam: two parameters whose gradients differ a
thousandfold take steps of one size.  Then a race on a net, at three rates each.
"""

import random

from micronn.data import moons
from micronn.engine import Value
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD, Adam

WAYS = {
    "plain": lambda params, lr: SGD(params, lr),
    "momentum": lambda params, lr: SGD(params, lr, momentum=0.9),
    "Adam": lambda params, lr: Adam(params, lr),
}


def ravine(x, y):
    """80 times as curved across (y) as along (x); the bottom is at (0, 0)."""
    return 0.5 * x**2 + 40.0 * y**2


def walk(way, lr, most=1000):
    """The places visited until the loss is below 0.001; None if it never is."""
    x, y = Value(-6.0), Value(1.0)
    optimizer, places = WAYS[way]([x, y], lr), []
    while len(places) <= most and abs(y.data) < 100.0:
        places.append((x.data, y.data))
        loss = ravine(x, y)
        if loss.data < 0.001:
            return places
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return None


def board(places):
    """The ravine from above: the first 60 places as o, the bottom as +; x goes right."""
    marks = {(round(9 * x), round(3 * y)): "o" for x, y in places[:60]} | {(0, 0): "+"}
    for row in range(3, -4, -1):
        yield "   " + "".join(marks.get((column, row), ".") for column in range(-54, 19))


rates = [m * 10.0**k for k in (-3, -2, -1) for m in (1, 2, 5)]
for way in WAYS:
    walks = {lr: walk(way, lr) for lr in rates}
    best = min((lr for lr in rates if walks[lr]), key=lambda lr: len(walks[lr]))
    failed = sum(places is None for places in walks.values())
    print(f"{way}: {len(walks[best]) - 1} steps with lr {best:g}", end="")
    print(f", the best of {len(rates)}; {failed} do not arrive")
    print("\n".join(board(walks[best])))
# prints: plain: 243 steps with lr 0.02, the best of 9
# prints: momentum: 83 steps with lr 0.02, the best of 9
# prints: Adam: 74 steps with lr 0.5, the best of 9
print("""Plain descent may not go faster: above a rate of 2/80 each bounce off a wall
is higher than the one before, and along the valley that rate is a crawl.
Momentum adds up what points the same way each time; what points to and fro
cancels.  Both overshoot, like any ball.
""")

print("INSIDE ADAM, lr 0.1, for two parameters: one with gradient 1000, one with 1")
print("step      g       m        v   moved by          g       m        v   moved by")
p, q = Value(0.0, "p"), Value(0.0, "q")
optimizer = Adam([p, q], lr=0.1)
for step in range(1, 5):
    optimizer.zero_grad()
    (1000.0 * p + q).backward()
    before = p.data, q.data
    optimizer.step()
    # Its state is what an optimizer remembers of each parameter.
    (m1, m2), (v1, v2) = optimizer.state["m"], optimizer.state["v"]
    left = f"{p.grad:6.0f} {m1:7.1f} {v1:8.1f} {p.data - before[0]:10.4f}"
    right = f"{q.grad:9.0f} {m2:7.4f} {v2:8.4f} {q.data - before[1]:10.4f}"
    print(f"{step:4d} {left}  {right}")
# prints: 1 1000 100.0 1000.0 -0.1000 1 0.1000 0.0010 -0.1000
# prints: 4 1000 343.9 3994.0 -0.1000 1 0.3439 0.0040 -0.1000
print("""m is a running mean of the slope (first moment), v one of its square (second
moment), both started at 0 and corrected for it (bias correction).  m / sqrt(v)
has no unit left: it is about 1 as long as the sign stays, whatever the size.
So lr is the length of a step, in both.
""")

print("THE RACE on two moons: steps until the mean squared error is below 0.15")
inputs, targets = moons(40, noise=0.1, rng=random.Random(7))
quickest = {}
for way in WAYS:
    needed = {}
    for lr in (0.03, 0.1, 0.3):
        model = MLP(2, [8, 1], "tanh", rng=random.Random(2))
        optimizer = WAYS[way](model.parameters(), lr)
        loss = mse([model(x) for x in inputs], targets)
        while loss.data > 0.15 and optimizer.steps < 150:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss = mse([model(x) for x in inputs], targets)
        needed[lr] = optimizer.steps if loss.data <= 0.15 else 999
    quickest[way] = min(needed.values())
    row = "   ".join(f"lr {lr}: {n if n < 999 else '>150':>4}" for lr, n in needed.items())
    print(f"   {way:10s} {row}")
slower = quickest["plain"] > 2 * max(quickest["momentum"], quickest["Adam"])
print(f"plain descent needs more than twice the steps of either: {slower}")
# prints: plain descent needs more than twice the steps of either: True
print("Momentum and Adam are close here.  Adam's gift is another: its steps do not")
print("depend on the unit of the loss, so one rate often suits the next net too.")

# Change it:
#  - Multiply ravine() by 1000.  Which of the three walks keeps its way?
#  - momentum=0.99: the ball remembers too long.  And nesterov=True, which looks ahead?
#  - Adam(..., betas=(0.0, 0.999)): Adam without momentum.  What is left of its walk?
