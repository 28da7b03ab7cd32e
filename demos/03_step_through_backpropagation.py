"""Demo 3.  Step through backpropagation

Run:    python demos/03_step_through_backpropagation.py
Takes:  about a second
Before: lesson 2
After:  you can draw any computation, step through it, and test yourself on it
New:    draw, .save(), Graph, Story, .steps, .phase, .code, save_worksheet

The question.  f = (a*b) * (a+b) uses a twice and b twice.  In which order does
backward() visit the graph, and when exactly is each gradient finished?

What you will see.  The same steps three times: below as a list, in step.html as a
picture that moves when you press the arrow keys, and in sheet.html as empty boxes for
you and a pencil.  All files go into the current folder.
"""

from micronn.draw import draw
from micronn.engine import Value
from micronn.graph import Graph, Story
from micronn.viewer import save_worksheet

a, b = Value(-2.0, "a"), Value(3.0, "b")
d, e = a * b, a + b
f = d * e
d.label, e.label, f.label = "d", "e", "f"
f.backward()

# What backward() did, one line a step.  Graph(f) is f with all that it is made of, and
# Story(...) what happens in it: steps with a phase, a title and the code for it.
for step in Story(Graph(f)).steps:
    if step.phase in ("seed", "backward"):
        print(f"{step.title:<24} {step.code}")
# prints: Backward: seed f         f.grad = 1.0
# prints: Backward 1 of 6: f → d   d.grad += 1.0 * 1.0   # d.grad == 1.0
# prints: Backward 3 of 6: e → a   a.grad += 1.0 * -6.0   # a.grad == -6.0
# prints: Backward 5 of 6: d → a   a.grad += 3.0 * 1.0   # a.grad == -3.0
# prints: Backward 6 of 6: d → b   b.grad += -2.0 * 1.0   # b.grad == -8.0
print("""
After step 3 a.grad is -6, and that is not yet the answer: the other use of a has
not reported.  Had a been computed from something, that would have to wait: backward()
takes a value's turn only after all of its uses, so each step finds a finished grad.
Every line has the same form (chain rule):  += local derivative * gradient of the result.
""")
# prints: After step 3 a.grad is -6, and that is not yet the answer

# draw() is the picture of a graph, and save() writes it; as .html it is a page of steps.
# save_worksheet() writes two pages, the empty boxes and the answers.
page = draw(f).save("step.html")
sheet, answers = save_worksheet(f, "sheet.html")
print(f"wrote {page}: open it, press the right arrow key; press p to be asked first")
print(f"wrote {sheet} and {answers}: print the first, hide the second")
# prints: wrote step.html: open it, press the right arrow key; press p to be asked first
# prints: wrote sheet.html and sheet-answers.html: print the first, hide the second

# Change it:
#  - In step.html press p and work out all five gradients before you look.
#  - Draw (a*a) * b.  How many wires (edges) lead to a, and what do their messages
#    (gradient contributions) add up to?
#  - Set b = 2.0, so that e is 0.  Which wire is dotted now, and which gradients die?
