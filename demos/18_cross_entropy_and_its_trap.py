"""Demo 18.  Cross-entropy and its trap

Run:    python demos/18_cross_entropy_and_its_trap.py
Takes:  under a second
Before: lessons 10, 14
After:  you can use log loss without a crash, and say why it takes logits
New:    DomainError, .log(), record_lines, binary_cross_entropy

The question.  A net says how likely the answer is 1: p (probability).  The loss is
-y*log(p) - (1-y)*log(1-p) (log loss), which is 0 when p is right.  Type it in as it
stands, give it a perfect answer, and the program stops.  Why, and what to type
instead?

What you will see.  The table of the loss, and its slope (derivative), which is the plainest of all:
p - y.  The typed formula failing on the best answer there is, with the line that made
the number it fails on (record_lines), and a popular repair that is silent just where
the net is most wrong.  Then the loss computed from the score before the sigmoid
(logit), which has neither fault.
"""

import math

from micronn.engine import DomainError, Value
from micronn.graph import record_lines
from micronn.losses import binary_cross_entropy


def typed(p, y):
    """The formula, letter by letter."""
    return -y * math.log(p) - (1 - y) * math.log(1 - p)


print("   p   loss if y = 1               loss if y = 0")
for p in (0.01, 0.1, 0.5, 0.9, 0.99):
    one, zero = typed(p, 1), typed(p, 0)
    bars = "#" * round(4 * one), "#" * round(4 * zero)
    print(f"{p:5.2f} {one:6.3f} {bars[0]:20s} {zero:6.3f} {bars[1]}".rstrip())
# prints: 0.50 0.693 ### 0.693 ###
# prints: 0.99 0.010
print("By hand: log(1) = 0, so being right costs nothing.  Not knowing costs log(2).")
print("Each factor of 10 in the p given to the truth costs log(10) = 2.303.\n")

print("p = 1 and y = 1, a perfect answer: -1*log(1) - 0*log(0), which should be 0")
try:
    print(typed(1.0, 1))
except ValueError as error:
    print(f"  math.log(0) raises {type(error).__name__}: on paper 0*log(0) is 0, but a")
    print("  program works out log(0) first, and there is no such number")
# prints: math.log(0) raises ValueError
try:  # DomainError: a function was asked where it has no value
    with record_lines():  # in here, each Value remembers the line that made it
        p = Value(40.0, "score").sigmoid()
        q = 1.0 - p
        q.log()
except DomainError as error:
    print(f"  the engine says, and where that number comes from:\n  {error}")
# prints: log needs a number above zero, got 0.0 (made at
# prints: q = 1.0 - p)
print(f"  It is no rare case: sigmoid(37) is {Value(37.0).sigmoid().data!r} to every digit a")
print("  float has, and a trained net gives scores of 37\n")
# prints: It is no rare case: sigmoid(37) is 1.0

# From the score z.  With p = sigmoid(z),  -log(p) = softplus(-z) and -log(1-p) =
# softplus(z), where softplus(z) = log(1 + e**z) never meets a log of 0.  That is what
# binary_cross_entropy() computes.
print("y = 0, and the net gets surer and surer that it is 1:")
print("score            p       p + 1e-12 repair           from the score")
print("                          loss     slope             loss     slope   p - y")
for score in (0.0, 2.0, 10.0, 37.0, 100.0, 1000.0):
    z = Value(score)
    p = z.sigmoid()
    repaired = -(1.0 - p + 1e-12).log()
    repaired.backward()
    slope, z.grad = z.grad, 0.0
    loss = binary_cross_entropy([z], [0])
    loss.backward()
    columns = f"{repaired.data:8.3f}  {slope:8.5f}         {loss.data:8.3f}  {z.grad:8.5f}"
    print(f"{score:5.0f}   {p.data:10.7f}   {columns} {p.data:7.4f}")
# prints: 0 0.5000000 0.693 0.50000 0.693 0.50000 0.5000
# prints: 100 1.0000000 27.631 0.00000 100.000 1.00000 1.0000
print("""
The repair stops the crash and hides the fault.  At a score of 100 a net could
hardly be more wrong, and its slope is 0: the sigmoid is flat there (saturation),
and it will never learn.  From the score, the slope of the
sigmoid, p*(1-p), and the slope of the log, 1/(1-p), cancel on paper before
they do harm in a float.  What is left is what you said minus what was true:
p = 0.9, y = 1: slope -0.1, push up a little; y = 0: slope 0.9, push down hard""")

# Change it:
#  - Which p gives a loss of exactly 1?  And of 2?  (They are powers of e.)
#  - Print the slope of (p - y)**2 by the score, in the same table.  Where does it die?
#  - Replace 0 * log(0) by 0 with an if.  Does the slope come back at a score of 100?
