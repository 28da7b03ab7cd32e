"""Demo 4.  Checking a slope by nudging

Run:    python demos/04_checking_a_slope_by_nudging.py
Takes:  under a second
Before: lesson 1
After:  you can check any derivative, and know how far to trust the check
New:    gradcheck, .ok, .worst, .autograd, .numeric, custom_operation

The question.  backward() says that x*x*x has slope 12 at x = 2.  A nudge (finite
difference) can check that: move x by h, see how far the result moves.  How small
should h be?

What you will see.  Smaller is better, until it is suddenly much worse.  Nudging to
both sides (central difference) gets far closer than nudging to one.  And a wrong
derivative, the kind a person types on a tired evening, is caught (gradient check).
"""

import math
from functools import partial

from micronn.check import gradcheck
from micronn.engine import Value
from micronn.graph import custom_operation


def f(x):
    return x * x * x


X = 2.0
x = Value(X, "x")
f(x).backward()
slope = x.grad
print(f"backward() says {x.grad}\n")
# prints: backward() says 12.0

print("      h    error, one side   error, both sides   digits right (- one, = both)")
for k in range(1, 17):
    h = float(f"1e-{k}")
    one_side = (f(X + h) - f(X)) / h
    both_sides = (f(X + h) - f(X - h)) / (2.0 * h)
    errors = abs(one_side - slope), abs(both_sides - slope)
    digits = [max(0, round(-math.log10(error / slope))) if error else 16 for error in errors]
    bars = "-" * digits[0] + "=" * (digits[1] - digits[0])
    print(f"  1e-{k:02d} {errors[0]:15.1e} {errors[1]:19.1e}      {bars}")
# prints: 1e-01 6.1e-01 1.0e-02
# prints: 1e-02 6.0e-02 1.0e-04
# prints: 1e-05 6.0e-05
# prints: 1e-16 1.2e+01 1.2e+01
print("""
On the way down the curve is to blame, which is no straight line (truncation
error).  By hand: one side is off by 6h + h*h, both sides only by h*h.  Then,
from 1e-06 on, it is the computer (rounding error): 8 and 8 + 12h share nearly
all of their 16 digits, and subtracting leaves the few that differ.  At 1e-16,
2 + h is 2: nothing moves, and the slope looks like 0.  The best h lies in the
middle: 1e-05 to both sides.
""")


def cube(x):
    """x ** 3 as one operation, with the local derivative 2 * x**2.  (It is 3 * x**2.)

    custom_operation() takes its name, its result, its operands and their local derivatives.
    """
    return custom_operation("cube", x.data**3, [x], [2.0 * x.data**2])


# gradcheck() compares backward() with nudges to both sides.  In its report ok says whether
# they agree; worst is the row in which autograd, the slope of backward(), and numeric, that
# of the nudge, differ most.
for name, operation in (("x*x*x", f), ("cube(x)", cube)):
    report = gradcheck(partial(operation, x), [x])
    row = report.worst
    verdict = "ok" if report.ok else "WRONG"
    print(f"{name:8s} value {operation(x).data}   backward {row.autograd:7.3f}", end="   ")
    print(f"nudged {row.numeric:7.3f}   {verdict}")
# prints: x*x*x value 8.0 backward 12.000 nudged 12.000 ok
# prints: cube(x) value 8.0 backward 8.000 nudged 12.000 WRONG
print("Both give 8.  Only the slope is wrong, and training lives on slopes.")

# Change it:
#  - Put the right derivative into cube().
#  - Set X = 2000.0.  Which h is best now, and why does it grow with X?
#  - Nudge Value.relu at 0.  What do the two one-sided slopes say, and what does backward()?
