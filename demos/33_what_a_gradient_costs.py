"""Demo 33.  What a gradient costs

Run:    python demos/33_what_a_gradient_costs.py
Takes:  a few seconds
Before: lessons 4, 32
After:  you can say what a gradient costs, for any net

The question.  A net has thousands of parameters.  Finding the slope of each by nudging
(finite difference) takes one more forward pass for each.  What does backward()
(reverse-mode automatic differentiation) take instead?

What you will see.  Operations counted in the program of a net, forward and backward;
then the same in time, beside nudges of all parameters, for nets of growing size.  The
backward pass costs about two forward passes, whatever the size.
"""

import random
import time

from rich.console import Console
from rich.table import Table

from micronn.compiler import compile_graph
from micronn.engine import Value, topological_order
from micronn.nn import MLP


def multiplications(root):
    """How many numbers are multiplied forward, and how many backward.

    A weighted sum of n terms multiplies n times; its backward pass 2n times: the
    gradient times every weight, for the inputs, and times every input, for the
    weights.  All the rest is one or two for each operand.
    """
    forward = backward = 0
    for node in topological_order(root):
        terms = len(node.operands) // 2 if node.op in ("dot", "*") else 0
        forward += terms
        backward += len(node.operands)
    return forward, backward


def seconds(work):
    """The best of three goes."""
    goes = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        goes.append(time.perf_counter() - start)
    return min(goes)


def slopes_by_nudging(forward, parameters, h=1e-5):
    """(f(p + h) - f(p - h)) / 2h for each parameter."""
    slopes = []
    for p in parameters:
        before = p.data
        p.data = before + h
        up = forward().data
        p.data = before - h
        slopes.append((up - forward().data) / (2.0 * h))
        p.data = before
    return slopes


table = Table("parameters", "forward, multiplications", "backward", "forward, ms",
              "backward, ms", "by nudging, ms", title="What one gradient costs")  # fmt: skip
agree, ratios = [], []
for width in (4, 8, 16, 24):
    model = MLP(4, [width, width, 1], "tanh", rng=random.Random(width))
    x = [Value(0.1 * k) for k in range(4)]
    parameters = model.parameters()
    root = model(x)
    counted = multiplications(root)
    ratios.append(counted[1] / counted[0])
    forward = seconds(lambda model=model, x=x: model(x))
    backward = seconds(root.backward)
    model.zero_grad()
    root.backward()
    nudging = time.perf_counter()
    nudged = slopes_by_nudging(lambda model=model, x=x: model(x), parameters)
    nudging = time.perf_counter() - nudging
    agree += [abs(p.grad - slope) < 1e-6 for p, slope in zip(parameters, nudged, strict=True)]
    times = [f"{1e3 * spent:.3g}" for spent in (forward, backward, nudging)]
    table.add_row(str(len(parameters)), str(counted[0]), str(counted[1]), *times)
Console(width=96).print(table)
print(f"all slopes agree to a millionth: {all(agree)}")
# prints: all slopes agree to a millionth: True
print(f"backward multiplies {min(ratios):.1f} to {max(ratios):.1f} times as often as forward")
# prints: backward multiplies 2.2 to 2.7 times as often as forward
print("Nudging needs two forward passes for every parameter; backward() needs one of itself.")

# The count can be read off the program: every line of its backward part is one slope.
program = compile_graph(root, x, parameters, backend="python")
forward_lines, backward_lines = program.source.split("# backward")
slopes = sum(" d" in line and " * " in line for line in backward_lines.splitlines())
print(f"the largest net as a program: {slopes} lines of backward multiply by a slope")
# prints: the largest net as a program: 1440 lines of backward multiply by a slope

# Change it:
#  - Take 64 neurons a layer.  Which columns grow with the square of the width?
#  - Ask the compiled program instead of the model, forward and backward.
#  - How many parameters can you nudge in the time one example of 784-16-16-10 takes?
