"""Demo 35.  One against the rest

Run:    python demos/35_one_against_the_rest.py
Takes:  under a second
Before: lesson 34
After:  you can build a yes-or-no detector, and choose its threshold
New:    shapes, grey_image, signed_image, square, confusion_matrix, confusion_table

The question.  Is this the one we are looking for, or is it not?  A face, a cat, here a
triangle, against everything that is not one (one-vs-rest).  How is one output turned
into a yes, and who decides how sure it must be?

What you will see.  Pictures of 144 greys, and the sum that one neuron makes of them:
it gives every pixel a random weight at first.  What training makes of the weights.
Then the errors, of two kinds: a triangle missed (false negative), and another shape
taken for one (false positive).  And a knob that trades one for the other.
"""

import random

from rich.console import Console
from rich.table import Table

from micronn.datasets import shapes
from micronn.losses import hinge
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.terminal import confusion_table, grey_image, signed_image, square
from micronn.training import confusion_matrix, fit

show = Console(width=78).print
rng = random.Random(7)


def side_by_side(*pictures):
    table = Table.grid(padding=(0, 3))
    table.add_row(*pictures)
    show(table)


# shapes() draws triangles, squares and circles, and says +1.0 of what is wanted.
train = shapes(200, "triangle", specks=30, rng=rng)
new = shapes(400, "triangle", specks=30, rng=rng)
print("triangle, other, triangle, other: 144 greys each, 30 of them replaced (noise)")
# square() cuts a list into rows, which grey_image() and signed_image() show.
side_by_side(*[grey_image(square(picture)) for picture in train[0][:4]])


def right(model):
    """The share of new pictures whose sum has the right sign."""
    pairs = zip(*new, strict=True)
    return sum(model(x).data * target > 0.0 for x, target in pairs) / len(new[1])


model = MLP(144, [1], rng=random.Random(3))
(neuron,) = model.layers[0].neurons
before, at_random = [w.data for w in neuron.w], right(model)
fit(model, hinge, train, Adam(model.parameters(), lr=0.01), 20, 20, rng)
print(f"\n{model}: a weight for each pixel.  Of {len(new[1])} new pictures right:")
print(f"   at random {at_random:4.0%} {'#' * round(40 * at_random)}")
print(f"   trained   {right(model):4.0%} {'#' * round(40 * right(model))}")
print(f"   more than 90 %: {right(model) > 0.9}")
# prints: more than 90 %: True
print("Its 144 weights before and after: # + speak for a triangle, = - against it")
side_by_side(*[signed_image(square(w)) for w in (before, [w.data for w in neuron.w])])

# Yes or no is the sum against a threshold (decision threshold), which people choose.
sums = [model(x).data for x in new[0]]
yes = [s for s, target in zip(sums, new[1], strict=True) if target > 0.0]
no = [s for s, target in zip(sums, new[1], strict=True) if target < 0.0]
print("\nHOW SURE MUST IT BE?      triangles missed    others taken for one    right")
missed, taken = [], []
for threshold in (-2.0, -1.0, 0.0, 1.0, 2.0):
    missed.append(sum(s <= threshold for s in yes))
    taken.append(sum(s > threshold for s in no))
    share = 1.0 - (missed[-1] + taken[-1]) / len(sums)
    print(f"   yes if sum > {threshold:4.1f} {missed[-1]:14d} {taken[-1]:20d} {share:15.0%}")
trade = missed == sorted(missed) and taken == sorted(taken)[::-1]
print(f"missed goes up, taken goes down: {trade}")
# prints: missed goes up, taken goes down: True
print("No threshold is the right one.  It depends on what each of the two errors costs.\n")
# confusion_matrix() counts what was said of each class; confusion_table() shows it.
show(confusion_table(confusion_matrix(sums, new[1]), ["other", "triangle"]))

print("\nTHE TWO WORST ERRORS: the triangle it refuses most, and the other shape that")
print("it takes for a triangle most")
worst_yes = min(range(0, len(sums), 2), key=sums.__getitem__)
worst_no = max(range(1, len(sums), 2), key=sums.__getitem__)
side_by_side(*[grey_image(square(new[0][k])) for k in (worst_yes, worst_no)])

# Rare things (class imbalance).
rare = yes[:10]
whole, found, alarms = len(rare) + len(no), sum(s > 0.0 for s in rare), sum(s > 0.0 for s in no)
right_share = (found + len(no) - alarms) / whole
print(f"If only 10 of {whole} were triangles, always no would be right {len(no) / whole:.0%}")
print(f"of the time (accuracy).  The neuron: {right_share:.0%}.  It finds {found} of 10 (recall),")
print(f"and of the {found + alarms} it points at {found} are triangles (precision).")
print("Of one number for both kinds of error, ask what it would say of a lazy answer.")

# Change it:
#  - wanted "square" or "circle": which shape is hardest to tell from the rest, and why?
#  - MLP(144, [12, 1]): does a hidden layer help, on new pictures?
#  - Train on 20 triangles and 180 others.  Which error grows?  Which threshold repairs it?
