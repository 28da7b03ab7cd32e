"""Demo 9.  Drawing the neuron

Run:    python demos/09_drawing_the_neuron.py
Takes:  under a second
Before: lessons 3, 8
After:  you can read the picture of a neuron, as a graph and as a circle
New:    Neuron, .w, .b, .load_state_dict(), .zero_grad(), draw_network

The question.  A neuron is five numbers given and five computed.  Can one picture show
all of them, forward and backward, so that nothing is left to believe?

What you will see.  Two picture files in the current folder: the neuron as a graph with
a card for every number, which plays its two passes step by step, and the same neuron
as a circle with a line for every weight.  Open both in a browser.  Below, what to look
for in them.
"""

from micronn.draw import draw
from micronn.engine import Value, topological_order
from micronn.nn import Neuron
from micronn.pictures import draw_network

# Neuron(2) has two weights, w, and a bias, b, drawn at random; load_state_dict() puts our
# numbers in their place.
neuron = Neuron(2, activation="tanh")
neuron.load_state_dict({"w.0": -3.0, "w.1": 1.0, "b": 6.8813735870195432})
(w1, w2), b = neuron.w, neuron.b
x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")

# Written out, so that every product and every sum gets a card of its own.
o = (x1 * w1 + x2 * w2 + b).tanh()
o.label = "o"
o.backward()
picture = draw(o, params={"w1": w1, "w2": w2, "b": b})
path = picture.save("neuron.svg", animate=True)

nodes = topological_order(o)
given = [node for node in nodes if not node.op]
wires = sum(len(node.operands) for node in nodes)
print(f"wrote {path}: {len(nodes)} cards, {len(given)} of them given; {wires} wires")
# prints: wrote neuron.svg: 10 cards, 5 of them given; 9 wires
halves = sum(f"{node.grad:.4f}" == "0.5000" for node in nodes)
print(f"""
Read it from left to right for the data, from right to left for the grads:
  - green frames are inputs, violet ones parameters, the heavy one the output
  - a number beside the letter for "partial" is a local slope (local derivative):
    tanh has 1/2, each plus 1 and 1, and a times has, on each line, the OTHER factor
  - a grad is the local slopes multiplied along the way to the output.
    {halves} cards say +0.5000: only tanh, plus and a factor of 1 lie behind them
  - blue is positive, orange negative, grey is exactly 0
  - one wire (edge) is dotted, from w2 to x2 * w2: its local slope there is x2 = 0
""")
# prints: 6 cards say +0.5000
names = {w1: "w1", w2: "w2", b: "b"}
dead = [names.get(node, node.label) for node in nodes if node.grad == 0.0]
print(f"cards with grad 0: {', '.join(dead)}")
# prints: cards with grad 0: w2

# The same neuron as draw_network() and people draw it: a line is a weight, and only that.
# zero_grad() sets every grad back to 0, because the weights are used once more.
neuron.zero_grad()
x = Value(2.0, "x1"), Value(0.0, "x2")
same = neuron(x)
same.backward()
circles = draw_network(neuron, x=x, show="both", root=same, title="one neuron")
print(f"\nwrote {circles.save('neuron_as_circle.svg')}: a line for each of {len(neuron.w)} weights")
# prints: wrote neuron_as_circle.svg: a line for each of 2 weights
print(f"""On the left a wide line is a strong weight, a dashed one a negative weight.
On the right they are the grads of the weights: what a small change does to o.
Both pictures say o = {same.data:.4f}, and in both the line of w2 has nothing to gain.""")
# prints: Both pictures say o = 0.7071

# Change it:
#  - Leave animate=True out: the same picture, finished at once.
#  - Save "neuron.html" instead: a page that steps through the computation.
#  - Draw `same` with draw(same, neuron): one card, a "dot", does the whole sum.
#  - Let x2 = 2, draw again, and find out what happened to the dotted wire.
