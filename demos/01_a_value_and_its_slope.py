"""Demo 1.  A value and its slope

Run:    python demos/01_a_value_and_its_slope.py
Takes:  under a second
Before: no lesson; what a product of sums is
After:  you can say what a grad is, and measure one yourself
New:    Value, .data, .grad, .backward()

The question.  f = (a*b) * (a+b), with a = -2 and b = 3, is -6.  If a grows a little,
does f go up or down, and how many times as far?

What you will see.  The answer measured, by moving a and looking; then the same number
from backward(), which moves nothing.  Then what the number is: the slope of the curve
(derivative), at the place where you stand.
"""

from micronn.engine import Value


def f(a, b):
    return (a * b) * (a + b)


A, B = -2.0, 3.0

# Measure it: move a by h, see how far f moves, divide.
print("   h       f(a + h)    f moved by   for each unit of h")
for h in (1.0, 0.1, 0.01, 0.001):
    moved = f(A + h, B) - f(A, B)
    print(f"{h:6.3f} {f(A + h, B):13.6f} {moved:13.6f} {moved / h:14.3f}")
# prints:  1.000     -6.000000      0.000000          0.000
# prints:  0.100     -6.270000     -0.270000         -2.700
# prints:  0.010     -6.029700     -0.029700         -2.970
# prints:  0.001     -6.002997     -0.002997         -2.997
print("The smaller the step, the closer to one number.  A big step says nothing at all.\n")

# Now without moving anything, and for a and b at once (partial derivatives).
# A Value has a number, its data, and remembers how it was made; backward() fills in every
# grad.
a, b = Value(A, "a"), Value(B, "b")
out = f(a, b)
out.backward()
print(f"f = {out.data},  a.grad = {a.grad},  b.grad = {b.grad}")
# prints: f = -6.0,  a.grad = -3.0,  b.grad = -8.0
print(f"a.grad: when a grows by a small step, f moves by {a.grad:g} such steps; minus: it falls.")
print(f"b.grad: a step of b moves f by {b.grad:g} such steps, which is its sensitivity to b.\n")

# The slope as a picture.  a runs down the page, f from left to right.
print(f"   a      f(a)   o the curve f(a)   . the straight line of slope {a.grad:g}   @ both")
for k in range(13):
    at = A + 0.25 * (k - 5)
    curve, tangent = f(at, B), out.data + a.grad * (at - A)
    marks = {round(4 * curve): "o", round(4 * tangent): "."}
    if round(4 * curve) == round(4 * tangent):
        marks = {round(4 * curve): "@"}
    row = "".join(marks.get(column, " ") for column in range(-48, 13)).rstrip()
    print(f"{at:6.2f} {curve:z7.2f}   {row}{f'   <- a = {A:g}' * (at == A)}")
# prints: -2.00 -6.00 @ <- a = -2
print(f"Near a = {A:g} curve and line (tangent) are one.  That is what a slope is for.")

# Change it:
#  - By hand: with b = 3, f = 3a*a + 9a, so the slope is 6a + 9.  Does it give -3?
#    And why is the first table off by 3h: -2.7, -2.97, -2.997?
#  - Set A = -1.5.  What must a.grad be, where the curve turns round?
#  - Set B = 2.  f is 0 and both grads are -4.  Find out why.
