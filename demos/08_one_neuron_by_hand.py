"""Demo 8.  One neuron by hand

Run:    python demos/08_one_neuron_by_hand.py
Takes:  under a second
Before: lessons 2, 5
After:  you can compute a neuron forward and backward on paper
New:    .tanh()

The question.  A neuron multiplies each input by a weight, adds a bias, and sends the
sum through a curve (activation function).  Which of its five numbers should change,
and which way, to make its output larger?

What you will see.  Every number forward (forward pass), then every number backward
(backward pass), each small enough for paper.  One of the two weights turns out to be
unable to learn anything from this example.
"""

from micronn.engine import Value, topological_order

x1, w1 = Value(2.0, "x1"), Value(-3.0, "w1")
x2, w2 = Value(0.0, "x2"), Value(1.0, "w2")
b = Value(6.8813735870195432, "b")

# Forward: from the inputs to the output.
p1, p2 = x1 * w1, x2 * w2
s = p1 + p2
n = s + b
o = n.tanh()
for value, name in ((p1, "x1*w1"), (p2, "x2*w2"), (s, "sum"), (n, "n"), (o, "o")):
    value.label = name

print("FORWARD: what each number is")
for node in topological_order(o):
    if node.op:
        made = f" {node.op} ".join(f"{v.data:.4f}" for v in node.operands)
        made = made if len(node.operands) == 2 else f"{node.op}({made})"
        print(f"  {node.label:6s}= {made:18s}= {node.data:7.4f}")
# prints: x1*w1 = 2.0000 * -3.0000 = -6.0000
# prints: n = -6.0000 + 6.8814 = 0.8814
# prints: o = tanh(0.8814) = 0.7071
print("  b was chosen so that o is 1 / sqrt(2) and o*o is 1/2: the rest fits on paper.\n")

# Backward: from the output to the inputs.  Every wire (edge) carries a message (gradient
# contribution): its local slope (local derivative) times the grad of the value it leaves.
o.backward()
print("BACKWARD: what o gains for each unit of it")
print("  from     to        local slope   * upstream   = message")
for node in reversed(topological_order(o)):
    for operand, local in zip(node.operands, node.local_grads, strict=True):
        wire = f"{node.label:8s} {operand.label:8s}"
        print(f"  {wire} {local:12.4f} {node.grad:12.4f} {local * node.grad:11.4f}")
# prints: o n 0.5000 1.0000 0.5000
# prints: n b 1.0000 0.5000 0.5000
# prints: x2*w2 w2 0.0000 0.5000 0.0000
# prints: x1*w1 w1 2.0000 0.5000 1.0000
print("""  tanh passes 1 - o*o = 1/2 on.  A plus passes on all it gets, to both sides.
  A times hands each side what it gets, times the OTHER side's number.
""")

print("SO: to make o larger")
for value in (x1, w1, x2, w2, b):
    direction = "raise" if value.grad > 0.0 else "lower" if value.grad < 0.0 else "leave"
    print(f"  {direction} {value.label:3s}  grad {value.grad:7.4f}")
# prints: lower x1 grad -1.5000
# prints: raise w1 grad 1.0000
# prints: raise x2 grad 0.5000
# prints: leave w2 grad 0.0000
# prints: raise b grad 0.5000
print("""  w2 is multiplied by x2 = 0.  Whatever w2 is, o is the same, so this example
  has nothing to teach it.  A weight learns only when its input is there.""")

# Change it:
#  - Let x2 = 0.5, and work out w2.grad before you run it.  (b moves n; use the new o.)
#  - Replace n.tanh() by n.relu(), then by n.sigmoid().  What stays the same
#    between the grads, whichever curve it is?
#  - Set b = 20.  Why is every grad printed as 0 now?  The curve is flat there (saturation).
