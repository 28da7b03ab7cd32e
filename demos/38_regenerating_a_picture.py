"""Demo 38.  Regenerating a picture

Run:    python demos/38_regenerating_a_picture.py
Takes:  about a second, and half a minute without a C compiler
Before: lessons 32, 35
After:  you can train a net without answers, to compress and redraw
New:    picture, total, .train()

The question.  Show a net a picture and ask for the same picture back: the loss is the
squared difference of every pixel, added up.  It could copy.  What must it do if it is
given too few numbers to copy with (autoencoder)?

What you will see.  A net that is asked for the grey at (x, y), and draws a face out of
nothing but places.  Then nets that look at 144 pixels, may keep one number, or four,
or sixteen (bottleneck), and have to draw the picture again from those: pictures they
have never seen.

Source of the second: Rumelhart, Hinton, Williams, "Learning internal representations
by error propagation", 1986.
"""

import random

from micronn.compiler import NoMachine, compile_graph
from micronn.datasets import picture, shapes
from micronn.engine import Value, total
from micronn.nn import MLP
from micronn.optim import Adam

SIDE = 12


def drawing(greys):
    """Rows of text, two characters a pixel, from blank for 0 to @ for 1.  greys: numbers."""
    marks = [2 * " .:-=+*#%@"[round(9 * min(1.0, max(0.0, g)))] for g in greys]
    return ["".join(marks[k : k + SIDE]) for k in range(0, len(marks), SIDE)]


def beside(names, drawings):
    print("".join(f"  {name:{2 * SIDE}s}" for name in names).rstrip())
    for row in zip(*drawings, strict=True):
        print(("  " + "  ".join(row)).rstrip())


def pixel_loss(said, wanted):
    """The squared difference of each pixel, added up: total() is the sum of many Values."""
    return total([(y - x) ** 2 for y, x in zip(said, wanted, strict=True)])


def compiled(loss, inputs, model):
    """The graph as a program, which can train() the net: same numbers, less waiting."""
    try:
        return compile_graph(loss, inputs, model.parameters(), backend="machine")
    except NoMachine:
        return compile_graph(loss, inputs, model.parameters(), backend="python")


# 1. From a place to a grey.  Large first weights, for a picture with many edges.
rng = random.Random(1)
places, greys = picture(SIDE)
model = MLP(2, [16, 16, 1], "tanh", "xavier", rng)
for neuron in model.layers[0].neurons:
    for p in neuron.parameters():
        p.data = rng.uniform(-4.0, 4.0)
x, y, grey = Value(0.0), Value(0.0), Value(0.0)
program = compiled(pixel_loss([model([x, y])], [grey]), [x, y, grey], model)
rows = [[*place, g] for place, g in zip(places, greys, strict=True)]
print(f"a picture of {len(rows)} greys; a net of {len(model.parameters())} parameters")
stages, sums = {}, []
optimizer = Adam(model.parameters(), lr=0.02)
for turn in range(1, 401):
    rng.shuffle(rows)
    list(program.train(rows, optimizer, epochs=1, batch_size=24))
    if turn in (10, 400):
        stages[f"after {turn} epochs"] = drawing([model(place).data for place in places])
        sums.append(sum(program.values(rows)))
beside([*stages, "the picture"], [*stages.values(), drawing(greys)])
print(f"squared differences, added up: {sums[0]:.0f}, then {sums[1]:.0f}")
print(f"the second is less than half of the first: {sums[1] < 0.5 * sums[0]}\n")
# prints: the second is less than half of the first: True

# 2. From 144 greys through a few numbers to 144 greys.
pictures, _ = shapes(260, specks=0, rng=random.Random(3))
train, new = pictures[:200], pictures[200:]
mean_picture = [sum(column) / len(train) for column in zip(*train, strict=True)]
losses = {0: sum(pixel_loss(mean_picture, p).data for p in new) / len(new)}
redrawn = {}
for kept in (1, 4, 16):
    net = MLP(144, [kept, 144], ["tanh", "linear"], "xavier", random.Random(2))
    pixels = [Value(0.0) for _ in range(144)]
    program = compiled(pixel_loss(net(pixels), pixels), pixels, net)
    optimizer, rng = Adam(net.parameters(), lr=0.01), random.Random(1)
    for _ in range(60):
        order = rng.sample(train, len(train))
        list(program.train(order, optimizer, epochs=1, batch_size=10))
    losses[kept] = sum(program.values(new)) / len(new)
    redrawn[kept] = net
print("numbers kept   loss on 60 new pictures")
for kept, loss in losses.items():
    print(f"{kept:8d} {loss:12.2f}   {'#' * round(3 * loss)}")
fall = all(a > b for a, b in zip(losses.values(), list(losses.values())[1:], strict=False))
print(f"each number more is a better picture: {fall}")
# prints: each number more is a better picture: True
for shown in (new[0], new[3]):
    beside(
        ["kept 4 numbers", "kept 16", "the new picture"],
        [*[drawing([v.data for v in redrawn[kept](shown)]) for kept in (4, 16)], drawing(shown)],
    )
print("With 0 it can only draw the mean of all.  With 16 of 144 it cannot copy either:")
print("it has found out what these pictures have in common, and keeps what differs.")

# Change it:
#  - shapes(260, specks=8): random dots cannot be kept in 16 numbers.  Where are they
#    in the redrawn picture?  Such nets remove noise (denoising).
#  - Feed the net a drawn "3" or a page of noise.  What does it draw?
#  - abs(y - x) instead of (y - x) ** 2: which pictures get sharper?
