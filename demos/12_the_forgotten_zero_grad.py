"""Demo 12.  The forgotten zero_grad()

Run:    python demos/12_the_forgotten_zero_grad.py
Takes:  under a second
Before: lesson 11
After:  you can see in a picture, or in a walk, that grads were not cleared
New:    computation_tree

The question.  backward() does not set a gradient, it adds to it.  What does that look
like, and where does a ball on a hill end, if nobody clears what was there before?

What you will see.  A gradient that is not the slope, and the row in its picture that
says why.  A ball that never comes to rest.  And the same adding, done on purpose.
"""

from rich.console import Console

from micronn.draw import draw
from micronn.engine import Value
from micronn.optim import SGD
from micronn.terminal import computation_tree

show = Console().print
w = Value(0.0, "w")
optimizer = SGD([w], lr=0.125)


def turn():
    """One turn of the loop on the hill (w - 3)**2, without its zero_grad()."""
    loss = (w - 3.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


# Two turns.  By hand: the slope is 2 * (w - 3), which is -6 at 0 and -4.5 at 0.75.
turn()
print(f"first turn:  w {w.data}, slope {2 * (w.data - 3)}, grad {w.grad}")
optimizer.step()
loss = turn()
print(f"second turn: w {w.data}, slope {2 * (w.data - 3)}, grad {w.grad}")
# prints: first turn: w 0.0, slope -6.0, grad -6.0
# prints: second turn: w 0.75, slope -4.5, grad -10.5
print("No error, no warning.  The next step will be more than twice too long.\n")

# computation_tree() is the picture of a graph in characters, the result at its root.
show(computation_tree(loss))
# prints: 0.75 grad −10.5 before −6
# prints: Held before this pass, or changed after it: w −6. zero_grad() clears it.
path = draw(loss).save("forgotten.svg")
print(f"\nwrote {path}: the card of w has two rows at its right,")
print("'before −6' and '← −4.5', and together they are the −10.5 of its grad.")
print("Where a picture says 'before', ask who should have cleared it.\n")


# What comes of it.  The same ball, 40 turns; each letter is a turn.
def walk(clear, turns=40):
    """The places of the ball, turn by turn."""
    w.data = w.grad = 0.0
    places = []
    for _ in range(turns):
        places.append(w.data)
        if clear:
            optimizer.zero_grad()
        turn()
        optimizer.step()
    return places


print("turn   with zero_grad()                     without      (| is the bottom, 3)")
walks = walk(clear=True), walk(clear=False)
for k in range(0, 40, 2):
    rows = []
    for places in walks:
        at = round(4 * places[k])
        rows.append("".join("o" if c == at else "|" if c == 12 else "." for c in range(-1, 27)))
    print(f"{k:4d}   {rows[0]}         {rows[1]}")
# prints: 0 .o...........|.............. .o...........|..............
# prints: 6 ...........o.|.............. .............|...........o..
# prints: 24 .............o.............. .o...........|..............
rest = [max(abs(place - 3.0) for place in places[-10:]) for places in walks]
print(f"farthest from 3 in the last ten turns: {rest[0]:.3f} and {rest[1]:.3f}")
# prints: farthest from 3 in the last ten turns: 0.001 and 3.082
print("""
Each step now takes the sum of all slopes there ever were.  That is a speed: it
grows downhill and shrinks uphill, and nothing slows it.  So the ball swings from
about 0 to about 6 and back for ever (oscillation).  With a little friction it is
called momentum: demo 22.
""")

# The same adding, wanted: examples that come in two halves, one zero_grad() before both.
halves = [(1.0, 2.0), (2.0, 3.0)], [(3.0, 7.0), (4.0, 9.0)]


def squares(examples):
    """The squared misses of w*x, added up."""
    return sum(((w * x - y) ** 2 for x, y in examples), Value(0.0))


w.data = 1.0
optimizer.zero_grad()
squares(halves[0]).backward()
first = w.grad
squares(halves[1]).backward()
added = w.grad
optimizer.zero_grad()
squares(halves[0] + halves[1]).backward()
print(f"first half {first}, both {added}; all four at once {w.grad}")
# prints: first half -6.0, both -70.0; all four at once -70.0
print("A gradient of a sum is the sum of the gradients.  That is why backward() adds, and how")
print("examples that do not fit into memory are learned in parts (gradient accumulation).")

# Change it:
#  - Put zero_grad() between backward() and step().  Where does the ball go, and what does
#    the picture say of w then?
#  - lr=0.01 in the walk without zero_grad().  How far does it swing now?  How long?
#  - Clear in every third turn only.  Does the ball come to rest?
