"""Demo 27.  The loss landscape

Run:    python demos/27_the_loss_landscape.py
Takes:  about two seconds
Before: lessons 23, 26
After:  you can draw the loss around a net, and say what the map leaves out
New:    landscape

The question.  A net of 33 weights stands at a place with 33 coordinates, and the
loss is the height there.  Nobody can draw 33 directions.  What do two of them show?

What you will see.  The walk of a net in training on a map of the plane it walked in.
It is blindfolded: it knows the slope under its feet, never the map.  Then the ground
around the place where it ended, in two random directions, from above and as a
relief.  Last a straight cut through the ground of shallow and deep nets: some of it
is smooth, some is rough.

Source: Li and others, "Visualizing the loss landscape of neural nets", 2018.
"""

import math
import random

from rich.console import Console

from micronn.data import moons
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.terminal import Curves, landscape

show = Console(width=78).print
rng = random.Random(7)
inputs, targets = moons(16, noise=0.1, rng=rng)


def loss_at(net, place):
    """The loss with these numbers as parameters; the net is left standing there."""
    for p, number in zip(net.parameters(), place, strict=True):
        p.data = number
    return mse([net(x) for x in inputs], targets)


def random_direction(net):
    """A direction that, in each neuron, is as long as the neuron's own parameters.

    Without that, a net with small weights would look steeper than one with large.
    """
    direction = []
    for neuron in [neuron for layer in net.layers for neuron in layer.neurons]:
        numbers = [p.data for p in neuron.parameters()]
        steps = [rng.gauss(0.0, 1.0) for _ in numbers]
        scale = math.hypot(*numbers) / math.hypot(*steps)
        direction += [scale * step for step in steps]
    return direction


def heights(net, place, u, v, across, up, columns=52, rows=26):
    """The loss at place + a*u + b*v, for a in the range across and b in the range up."""
    grid = []
    for row in range(rows):
        b = up[1] - (up[1] - up[0]) * row / max(1, rows - 1)
        line = []
        for column in range(columns):
            a = across[0] + (across[1] - across[0]) * column / (columns - 1)
            there = [p + a * du + b * dv for p, du, dv in zip(place, u, v, strict=True)]
            line.append(loss_at(net, there).data)
        grid.append(line)
    return grid


def relief(grid, tall=10):
    """The far half of the heights as hills, one before the other, paler the farther."""
    hills = grid[: len(grid) // 2 + 1][::-3][::-1]
    low, high = min(map(min, grid)), max(map(max, hills))
    lines = [[" "] * 74 for _ in range(tall + len(hills))]
    for k, row in enumerate(hills):
        for column, height in enumerate(row):
            top = tall + k - round(tall * (height - low) / (high - low))
            for y in range(top, tall + k + 1):
                lines[y][column + 2 * (len(hills) - k)] = ".:-+#"[k]
    return "\n".join("   " + "".join(line).rstrip() for line in lines)


def along(a, b):
    return sum(p * q for p, q in zip(a, b, strict=True))


# The walk.  Three places make a plane: here the start, the end, and one between.
net = MLP(2, [8, 1], "tanh", rng=random.Random(2))
optimizer, walk = SGD(net.parameters(), lr=0.1, momentum=0.8), []
for _ in range(81):
    walk.append([p.data for p in net.parameters()])
    loss = loss_at(net, walk[-1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
start, end = walk[0], walk[-1]
u = [q - p for p, q in zip(start, end, strict=True)]
v = [q - p for p, q in zip(start, walk[20], strict=True)]
share = along(v, u) / along(u, u)
v = [q - share * p for p, q in zip(u, v, strict=True)]  # now at right angles to u
places = [[q - p for p, q in zip(start, place, strict=True)] for place in walk]
flat = [(along(p, u) / along(u, u), along(p, v) / along(v, v)) for p in places]


def around(numbers):
    """From the smallest to the largest number, and half as far again on both sides."""
    low, high = min(numbers), max(numbers)
    return low - 0.5 * (high - low), high + 0.5 * (high - low)


def pixel(number, ends, count):
    return round((count - 1) * (number - ends[0]) / (ends[1] - ends[0]))


across, up = (around(numbers) for numbers in zip(*flat, strict=True))
pixels = [(pixel(a, across, 52), 25 - pixel(b, up, 26)) for a, b in flat[::4]]
print(f"{net}: {len(start)} coordinates.  Loss {loss_at(net, start).data:.2f} at the start, left,")
print(f"{loss_at(net, end).data:.2f} at the end, right; o is every fourth step of the walk")
show(landscape(heights(net, start, u, v, across, up), pixels))
print("Steep one way and flat the other: the walk is no straight line.")

# The ground around the end, in two random directions.
loss_at(net, end)
grid = heights(net, end, random_direction(net), random_direction(net), (-1, 1), (-1, 1))
print("\nTHE GROUND AROUND THE END, up to one length of the weights away, from above")
show(landscape(grid))
print("as a relief, cut open where the net stands (# in front; behind it, the hills)")
print(relief(grid))
bottom, lowest = loss_at(net, end).data, min(map(min, grid))
print(f"The net stands at {bottom:.2f}; no spot of this map is lower: {lowest >= bottom}")
# prints: The net stands at 0.13; no spot of this map is lower: True
print("That holds for these two directions.  There are 31 more.\n")

# A straight cut through the ground, shallow and deep, small and large weights.
print("SMOOTH OR ROUGH.  How often does the ground turn from up to down or back, on a")
print("straight cut of 80 steps?")
cuts = {}
for hidden, scale in ((1, 1.0), (12, 1.0), (1, 3.0), (12, 3.0)):
    rng = random.Random(0)
    deep = MLP(2, [6] * hidden + [1], "tanh", "xavier", rng)
    place = [scale * p.data for p in deep.parameters()]
    loss_at(deep, place)
    direction = random_direction(deep)
    cut = heights(deep, place, direction, direction, (-1, 1), (0, 0), columns=81, rows=1)[0]
    ups = [after > before for before, after in zip(cut, cut[1:], strict=False)]
    turns = sum(one != other for one, other in zip(ups, ups[1:], strict=False))
    name = f"{hidden} hidden, weights x {scale:.0f}"
    print(f"   {hidden:2d} hidden layers, starting weights x {scale:.0f}: {turns:3d} turns")
    cuts[name] = [(height - min(cut)) / (max(cut) - min(cut)) for height in cut]
# prints: 1 hidden layers, starting weights x 1: 1 turns
print(f"deep, with large weights, it turns more than ten times as often: {turns > 10}")
# prints: more than ten times as often: True
show(Curves({name: cuts[name] for name in list(cuts)[2:]}, width=70, unit="place"))
print("(each cut scaled to go from 0 to 1)")
print("Deep nets with careless weights stand on rough ground, where the slope under")
print("the feet says little about a step away.  Start and shape of a net decide that.")

# Change it:
#  - Other directions: rng = random.Random(8) at the top.  Which features stay?
#  - scale = 1.0 in random_direction(): steps as they are drawn.  What do large weights hide?
#  - In loss_at(), replace net(x) by a function of yours that goes through net.layers
#    and adds h to each layer(h).  Does a way round each layer make the ground smoother?
