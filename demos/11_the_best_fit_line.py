"""Demo 11.  The best-fit line

Run:    python demos/11_the_best_fit_line.py
Takes:  under a second
Before: lessons 9, 10
After:  you can train a neuron, and say where it ends
New:    mse, SGD, .parameters(), .step()

The question.  A neuron with no curve behind its sum, w*x + b, is a straight line
(linear regression).  School finds the best line through points by solving two
equations (closed form).  Descent finds it by walking.  Do they agree, and if so, why
does nobody solve the equations of a net?

What you will see.  The line turning onto the points, step by step.  The two equations,
with numbers for paper.  Both answers, equal to six digits, from any start.  And what
becomes of the equations when the neuron gets a curve (activation function).
"""

from micronn.losses import mse
from micronn.nn import Neuron
from micronn.optim import SGD

XS, YS = [0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 5.0, 4.0]


def board(w, b):
    """The points o, the line -, and @ where the line meets a point; y runs up."""
    points = {(round(5 * x), round(2 * y)) for x, y in zip(XS, YS, strict=True)}
    for row in range(11, 0, -1):
        cells = []
        for column in range(22):
            point, line = (column, row) in points, round(2 * (w * column / 5 + b)) == row
            cells.append("@" if point and line else "o" if point else "-" if line else " ")
        yield "".join(cells)


def descend(w, b, steps, lr=0.1):
    """Gradient descent on a neuron from (w, b); yields it before each step.

    parameters() are its w and b, mse() is the mean squared error, and step() of SGD, which
    is gradient descent, is one line for each parameter: p.data = p.data - lr * p.grad.
    """
    neuron = Neuron(1, activation="linear")
    neuron.load_state_dict({"w.0": w, "b": b})
    optimizer = SGD(neuron.parameters(), lr)
    for _ in range(steps):
        loss = mse([neuron([x]) for x in XS], YS)
        optimizer.zero_grad()
        loss.backward()
        yield neuron, loss.data
        optimizer.step()


print("DESCENT      step        w        b     loss    dL/dw    dL/db")
boards = []
for step, (neuron, loss) in enumerate(descend(-0.5, 4.0, 301)):
    w, b = *neuron.w, neuron.b
    if step in (0, 1, 2, 5, 20, 100, 300):
        row = f"{w.data:8.4f} {b.data:8.4f} {loss:8.4f} {w.grad:z8.4f} {b.grad:z8.4f}"
        print(f"{step:17d} {row}")
    if step in (0, 2, 300):
        boards.append(board(w.data, b.data))
# prints: 0 -0.5000 4.0000 4.1000 -5.2000 0.0000
# prints: 300 0.8000 1.4000 0.7200 0.0000 0.0000
print(f"\n{'step 0':28s}{'step 2':28s}step 300")
for row in zip(*boards, strict=True):
    print("".join(f"{part:28s}" for part in row).rstrip())

# School: at the bottom both slopes are 0.  Two equations for two numbers:
#     dL/dw = 2 * mean((w*x + b - y) * x) = 0      dL/db = 2 * mean(w*x + b - y) = 0
n = len(XS)
x_mean, y_mean = sum(XS) / n, sum(YS) / n
xy_mean = sum(x * y for x, y in zip(XS, YS, strict=True)) / n
xx_mean = sum(x * x for x in XS) / n
w_best = (xy_mean - x_mean * y_mean) / (xx_mean - x_mean * x_mean)
b_best = y_mean - w_best * x_mean
print(f"""
SOLVED       w = (mean of x*y - mean x * mean y) / (mean of x*x - (mean x)**2)
               = ({xy_mean} - {x_mean} * {y_mean}) / ({xx_mean} - {x_mean * x_mean}) = {w_best:.6f}
             b = mean y - w * mean x = {b_best:.6f}
DESCENT ends w = {w.data:.6f}, b = {b.data:.6f}""")
# prints: = (7.6 - 2.0 * 3.0) / (6.0 - 4.0) = 0.800000
# prints: DESCENT ends w = 0.800000, b = 1.400000

ends = set()
for start in ((-0.5, 4.0), (10.0, -10.0), (-30.0, 99.0)):
    *_, (neuron, loss) = descend(*start, steps=500)
    ends.add((round(neuron.w[0].data, 6), round(neuron.b.data, 6)))
print(f"ends of three walks from far apart: {ends}")
# prints: ends of three walks from far apart: {(0.8, 1.4)}
print("""
The loss of a line is a bowl with one bottom (convex), so "slope zero" has one
solution, and walking finds the same.  Put tanh behind the sum, and w and b sit inside:
    mean((tanh(w*x + b) - y) * (1 - tanh(w*x + b)**2) * x) = 0
cannot be solved for w.  Walking asks only for the slope where it stands, so it
works on any net.  What is lost is the promise: there, a walk ends at A bottom,
and another start may end at a better one (demo 19).""")

# Change it:
#  - Move one point by hand, say y = 9 at x = 4.  How far does the solved line turn?
#  - lr=0.14, then lr=0.16: the step at which the walk stops arriving lies between.
#  - activation="tanh", and YS divided by 6.  Does every start still end alike?
