"""Demo 14.  Threshold neurons

Run:    python demos/14_threshold_neurons.py
Takes:  under a second
Before: lessons 5, 8
After:  you can build gates from neurons, and say why they cannot be trained
New:    .sigmoid()

The question.  The neuron of 1943 knew two answers: on when its weighted sum reaches a
threshold, off when not (step function).  What can one of them decide, what can three,
and why is it not the neuron we train today?

What you will see.  One neuron that is four different gates, by its threshold alone.  A
search through 35,937 neurons in which none is XOR; three neurons together are it.
Then the threshold on the other side of the sum (bias): books write -b and others +b,
and it makes no difference that anybody can see.  Last, why nobody can train an on-off
neuron by its slope (derivative).

Source: McCulloch, Pitts, "A logical calculus of the ideas immanent in nervous
activity", 1943.
"""

from itertools import product

from micronn.engine import Value

PAIRS = list(product((0, 1), repeat=2))  # (0, 0), (0, 1), (1, 0), (1, 1)


def fires(weights, threshold, x):
    """1 if the weighted sum reaches the threshold, else 0."""
    return int(sum(w * a for w, a in zip(weights, x, strict=True)) >= threshold)


# One neuron, weights 1 and 1.  Only the threshold slides.
print("which are on?      0,0  0,1  1,0  1,1")
for threshold, name in ((0, "always"), (1, "OR"), (2, "AND"), (3, "never")):
    on = ["  on" if fires((1, 1), threshold, x) else "   ." for x in PAIRS]
    print(f"threshold {threshold}      {' '.join(on)}   {name}")
# prints: threshold 1 . on on on OR
# prints: threshold 2 . . . on AND
print("weight -1, threshold 0:  NOT 0 is", fires((-1,), 0, (0,)), "and NOT 1 is", end=" ")
print(fires((-1,), 0, (1,)))
# prints: NOT 0 is 1 and NOT 1 is 0

# XOR: look at every neuron with weights and threshold from -4 to 4 in quarters.
quarters = [k / 4 for k in range(-16, 17)]
found = {"AND": 0, "OR": 0, "XOR": 0}
wanted = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}
for w1, w2, threshold in product(quarters, repeat=3):
    answers = [fires((w1, w2), threshold, x) for x in PAIRS]
    for name, column in wanted.items():
        found[name] += answers == column
print(f"\namong {len(quarters) ** 3:,} neurons: {found}")
# prints: among 35,937 neurons: {'AND': 680, 'OR': 1496, 'XOR': 0}


def xor(x):
    """Either, but not both: (a OR b) AND NOT (a AND b).  Three neurons, two layers."""
    either, both = fires((1, 1), 1, x), fires((1, 1), 2, x)
    return fires((1, -1), 1, (either, both))


print("three neurons, XOR of 0,0  0,1  1,0  1,1:", [xor(x) for x in PAIRS])
# prints: [0, 1, 1, 0]

# The bias is the threshold, moved to the other side.  Train both ways of writing it.
print("\n step    sigmoid(w*a - t)        t    sigmoid(w*a + b)        b")
w1, t, w2, b = Value(1.0), Value(2.0), Value(1.0), Value(-2.0)
for step in range(4):
    minus, plus = (w1 * 1.5 - t).sigmoid(), (w2 * 1.5 + b).sigmoid()
    print(f"{step:5d} {minus.data:15.6f} {t.data:12.4f} {plus.data:15.6f} {b.data:12.4f}")
    for out in (minus, plus):
        ((out - 1.0) ** 2).backward()
    for p in (w1, t, w2, b):
        p.data, p.grad = p.data - 2.0 * p.grad, 0.0
# prints: 0 0.377541 2.0000 0.377541 -2.0000
print(f"One function, learning alike, b = -t: {b.data == -t.data and w1.data == w2.data}")
# prints: One function, learning alike, b = -t: True

# The slope of an on-off answer.
print("\nsum - threshold:      -0.6 -0.3  0.0  0.3  0.6")
sums = [-0.6, -0.3, 0.0, 0.3, 0.6]
print("on-off                ", "    ".join(str(fires((1,), 0, (s,))) for s in sums))
soft = [Value(s) for s in sums]
for s in soft:
    s.sigmoid().backward()
print("sigmoid              ", " ".join(f"{s.sigmoid().data:.2f}" for s in soft))
print("slope of sigmoid     ", " ".join(f"{s.grad:.2f}" for s in soft))
print("The on-off answer is flat on both sides of its jump: its slope is 0, and says")
print("nothing about which way to turn a weight.  A smooth curve says something everywhere.")
# prints: nothing about which way to turn a weight.

# Change it:
#  - Find weights and a threshold for NAND, then build XOR from NAND neurons alone.
#  - Three inputs: which threshold makes weights 1, 1, 1 a majority vote?
#  - Give xor() a neuron with three inputs: a, b and AND.  How many neurons are needed now?
