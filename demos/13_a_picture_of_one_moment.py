"""Demo 13.  A picture of one moment

Run:    python demos/13_a_picture_of_one_moment.py
Takes:  under a second
Before: lesson 12
After:  you can say of a graph which moment it holds, and put a loop's lines in order
New:    compare

The question.  loss.backward(), optimizer.step(), and then you draw the loss.  Which w
is in the picture, the one that the loss was computed with or the one after the step?

What you will see.  One graph at three moments: before backward(), after it, and after
the step.  Two of its moments side by side, by compare().  What a graph keeps and what it
cannot know.  And a training loop with one line in the wrong place, which runs, moves,
and learns nothing.
"""

from rich.console import Console

from micronn.draw import compare, draw
from micronn.engine import Value
from micronn.graph import Graph
from micronn.optim import SGD
from micronn.terminal import computation_tree

show = Console().print
w = Value(1.0, "w")
optimizer = SGD([w], lr=0.0625)


def loss_now():
    """How far w * 2 is from 5, squared.  The bottom is at w = 2.5."""
    h = w * 2.0
    h.label = "h"
    loss = (h - 5.0) ** 2
    loss.label = "loss"
    return loss


loss = loss_now()
print("BEFORE backward()")
show(computation_tree(loss))
draw(loss).save("moment_1_before.svg")
# prints: No backward() yet, or none that reached loss: its grad is 0.
print("Every local derivative (∂) is known as soon as its number is.  A gradient is a")
print("product of them, and nobody has multiplied yet.  w.grad is 0, but that is no slope.\n")

loss.backward()
print("AFTER backward()")
show(computation_tree(loss))
draw(loss).save("moment_2_after.svg")
# prints: loss x² 9 grad +1
# prints: 1 grad −12
print("By hand: 2 * (2 - 5) * 2 = -12.\n")
before = Graph(loss)  # the numbers of this moment, which no later step changes

optimizer.step()
print("AFTER step()")
show(computation_tree(loss))
draw(loss).save("moment_3_moved.svg")
# prints: loss x² 9 grad +1
# prints: 1.75 (was 1) grad −12
# prints: w has changed since: it was 1, now 1.75.
print("The step changed w and nothing else.  h is still 2: it is a number that was made of")
print("w = 1, and it does not look back.  1.75 * 2 = 2 would be false, so the picture says")
print("both: what w was when this graph was computed, and what it is now.\n")

# The graph knows the slope where it was computed, and only there.
optimizer.zero_grad()
loss.backward()
print(f"backward() again on the old graph: {w.grad}, the slope at w = 1")
optimizer.zero_grad()
anew = loss_now()
anew.backward()
print(f"the loss computed anew:            {w.grad}, the slope at w = 1.75")
# prints: backward() again on the old graph: -12.0, the slope at w = 1
# prints: the loss computed anew: -6.0, the slope at w = 1.75
path = compare(before, anew).save("moment_4_both.svg")
print(f"wrote {path}: both moments on each card, and what lies between them.  The")
print(
    f"loss goes from {loss.data} to {anew.data}, its slope at w from -12 to half of that.  A thick"
)
print("frame is around w: there the difference begins, and the rest follows from it.\n")
# prints: loss goes from 9.0 to 2.25


# One line in the wrong place: the loss is computed once, before the loop.
def train(inside, turns=8):
    """The places of w, with the loss computed inside the loop or before it."""
    w.data, places = 1.0, []
    loss = loss_now()
    for _ in range(turns):
        places.append(w.data)
        if inside:
            loss = loss_now()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return places, loss


for where, inside in (("inside the loop", True), ("before the loop", False)):
    places, last = train(inside)
    print(f"loss {where}: w = {'  '.join(f'{place:5.3f}' for place in places)}")
# prints: loss inside the loop: w = 1.000 1.750 2.125 2.312 2.406 2.453 2.477 2.488
# prints: loss before the loop: w = 1.000 1.750 2.500 3.250 4.000 4.750 5.500 6.250
show(computation_tree(last))
# prints: ∂ 1 h × 2 (now gives 14) grad −6
print("The second loop walks past the bottom at one speed: it has the slope of w = 1 for")
print("ever.  Its picture tells: h is 2, but its operands give something else.")

# Change it:
#  - Open moment_3_moved.svg.  Which corner of the card of w says what it was?
#  - Save "moment.html" after the step.  With which w does the page do its sums?
#  - Draw in the loop, after the step, and once more before it.  Which one shows was?
