"""Demo 48.  Slopes of slopes

Run:    python demos/48_slopes_of_slopes.py
Takes:  a few seconds
Before: lessons 18, 22, 32
After:  you can differentiate a gradient, and use what it says
New:    grad, hessian

The question.  backward() leaves a number in .grad, and a number has no slope.  But a
slope changes from place to place as the curve itself does.  How fast?  And what is it
good for to know that?

What you will see.  grad() gives a slope as a Value, which has slopes like any other.
The bends of a curve, in numbers and as a picture of the graph that computes them.  A
walk downhill that knows how the ground bends, and arrives in four steps where gradient
descent takes a thousand.  Then a net that is fined for being steep.
"""

import math
import random

from micronn.compiler import compile_graph
from micronn.draw import draw
from micronn.engine import Value
from micronn.graph import grad, hessian
from micronn.losses import binary_cross_entropy
from micronn.nn import MLP
from micronn.optim import Adam

# A curve, its slope, and the slope of that: how it bends (second derivative).  grad(y, x)
# is dy/dx as a Value.  What can be done with a Value can be done with it: here, the same again.
print("     x       y     dy/dx   d(dy/dx)/dx")
right = []
for place in (-2.0, -1.0, 0.0, 1.0, 2.0):
    x = Value(place, "x")
    y = x**3 - 3.0 * x
    y.label = "y"
    slope = grad(y, x)
    bend = grad(slope, x)
    right.append((slope.data, bend.data) == (3.0 * place**2 - 3.0, 6.0 * place))
    words = {-1: "bends down, a hill", 0: "straight here", 1: "bends up, a valley"}
    word = words[(bend.data > 0.0) - (bend.data < 0.0)]
    print(f"{place:6.1f}{y.data:8.1f}{slope.data:10.1f}{bend.data:14.1f}   {word}")
# prints: -1.0 2.0 0.0 -6.0 bends down, a hill
# prints: 1.0 -2.0 0.0 6.0 bends up, a valley
print(f"as by hand, 3x² - 3 and 6x: {all(right)}")
# prints: as by hand, 3x² - 3 and 6x: True
third = grad(bend, x)
print(f"and once more, d(d(dy/dx)/dx)/dx: {third.data:g}, everywhere")
# prints: and once more, d(d(dy/dx)/dx)/dx: 6, everywhere

# The slope of a neuron is a computation as the neuron is, so it can be drawn.  Its
# backward() goes through the forward pass of the neuron and through its backward pass
# (double backpropagation), and leaves the bend in x.grad.
x, w = Value(0.5, "x"), Value(2.0, "w")
out = (w * x).tanh()
out.label = "out"
slope = grad(out, x)
slope.backward()
path = draw(slope).save("slope.svg")
by_hand = -2.0 * math.tanh(1.0) * (1.0 - math.tanh(1.0) ** 2) * 2.0**2
print(f"wrote {path}: d out/dx = {slope.data:.3f}, and its slope by x is {x.grad:.3f}")
# prints: wrote slope.svg: d out/dx = 0.840, and its slope by x is -2.559
print(f"as by hand, -2t(1 - t²)w²: {math.isclose(x.grad, by_hand)}\n")
# prints: as by hand, -2t(1 - t²)w²: True

# Newton's method.  Where gradient descent knows which way is down, it does not know how
# far.  The bend says so: with slope g and bend h, a parabola has its bottom g / h away.
# Two parameters have four bends, a table (Hessian), which hessian() gives: row i, column j
# says how the slope by parameter i changes with parameter j.  Here: hours of practice, and
# who passed.
HOURS, PASSED = [1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 1, 0, 1, 0, 1, 1]
FLAT = 1e-6  # how long the gradient is where a walk ends


def loss_of(w, b):
    """The log loss of one neuron, sigmoid(w * hours + b), on all of them."""
    return binary_cross_entropy([w * hours + b for hours in HOURS], PASSED)


def newton():
    """Walk from 0, 0 to the bottom of the parabola that fits here; again until it is flat."""
    w, b, steps = Value(0.0, "w"), Value(0.0, "b"), 0
    while True:
        loss = loss_of(w, b)
        by_w, by_b = (slope.data for slope in grad(loss, [w, b]))
        if math.hypot(by_w, by_b) < FLAT:
            return loss.data, steps
        (ww, wb), (bw, bb) = [[bend.data for bend in row] for row in hessian(loss, [w, b])]
        size = ww * bb - wb * bw  # the determinant: what follows solves two equations
        w.data -= (bb * by_w - wb * by_b) / size
        b.data -= (ww * by_b - bw * by_w) / size
        steps += 1
        print(f"   step {steps}: loss {loss_of(w, b).data:.8f}")


def descent(lr):
    """The same by gradient descent; None if it is nowhere flat after 5,000 steps."""
    w, b = Value(0.0), Value(0.0)
    for steps in range(5000):
        w.grad = b.grad = 0.0
        loss = loss_of(w, b)
        loss.backward()
        if math.hypot(w.grad, b.grad) < FLAT:
            return loss.data, steps
        w.data -= lr * w.grad
        b.data -= lr * b.grad
    return None


print("Newton's method, from w = b = 0:")
bottom, few = newton()
# prints: step 4: loss 0.52809882
walks = {lr: descent(lr) for lr in (0.1, 0.2, 0.4, 0.8)}
for lr, walk in walks.items():
    arrived = f"{walk[1]:,} steps to loss {walk[0]:.8f}" if walk else "nowhere in 5,000 steps"
    print(f"gradient descent, lr = {lr}: {arrived}")
# prints: gradient descent, lr = 0.4
arrivals = [walk for walk in walks.values() if walk]
same = all(math.isclose(loss, bottom, rel_tol=1e-9) for loss, _ in arrivals)
fewer = 100 * few < min(steps for _, steps in arrivals)
print(f"all that arrive find one bottom: {same}")
# prints: all that arrive find one bottom: True
print(f"Newton takes {few} steps, less than a hundredth of any other: {fewer}")
# prints: Newton takes 4 steps, less than a hundredth of any other: True
print("""A net of 1,000 parameters has 1,000,000 bends, and equations as large to solve.  So nets
go downhill by gradients, many of them, and Adam guesses the bends from how these change.
""")

# A fine for steepness (gradient penalty).  A net of 97 parameters learns ten noisy points of
# a sine by heart (overfitting), and swings between them.  So its loss gets one term more, the
# square of its slope dy/dx at random places.  Training then needs the slopes of that slope by all
# parameters.  Each term is recorded once, and compiled; .values() runs a program forward.
PENALTY, EPOCHS = 0.03, 1500


def rule(x):
    """What the points would show without noise."""
    return math.sin(2.0 * x)


def trained(seed, penalty):
    """How far a net is from the rule on the whole range, and its steepest slope there."""
    rng = random.Random(seed)
    places = [-2.0 + 4.0 * k / 9.0 for k in range(10)]
    points = [[place, rule(place) + rng.gauss(0.0, 0.4)] for place in places]
    net = MLP(1, [32, 1], "tanh", rng=rng)
    x, target = Value(0.5, "x"), Value(0.0, "target")
    y = net([x])
    slope = grad(y, x)
    parameters = net.parameters()
    fit = compile_graph((y - target) ** 2, [x, target], parameters)
    fine = compile_graph(penalty * slope**2, [x], parameters)
    adam = Adam(parameters, lr=0.02)
    for _ in range(EPOCHS):
        adam.zero_grad()
        fit.gradients(points)
        fine.gradients([[rng.uniform(-2.0, 2.0)] for _ in points])
        adam.step()
    grid = [[-2.0 + 0.02 * k] for k in range(201)]
    outputs = compile_graph([y, slope], [x], parameters).values(grid)
    squares = [(y - rule(x)) ** 2 for (x,), (y, _) in zip(grid, outputs, strict=True)]
    return math.sqrt(sum(squares) / len(grid)), max(abs(steep) for _, steep in outputs)


print("start   far from the rule   steepest slope       the same with a penalty")
nearer, flatter = [], []
for seed in (1, 2, 3):
    far, steep = trained(seed, 0.0)
    far_fined, steep_fined = trained(seed, PENALTY)
    nearer.append(far_fined < far)
    flatter.append(steep_fined < steep)
    print(f"{seed:5d}{far:20.2f}{steep:17.1f}{far_fined:16.2f}{steep_fined:14.1f}")
print(f"with the penalty every net is less steep: {all(flatter)}")
# prints: with the penalty every net is less steep: True
print(f"and nearer to the rule: {all(nearer)}")
# prints: and nearer to the rule: True

# Change it:
#  - Take PENALTY = 3.0.  What does a net do that is fined so hard?
#  - Begin Newton's method at w = 3, b = -3, where the parabola is no good guess.  What happens?
#  - Let a net be fined for bends instead, with grad(slope, x) ** 2.
