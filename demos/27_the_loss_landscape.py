"""Demo 27.  The loss landscape

Run:    python demos/27_the_loss_landscape.py
Takes:  about three seconds
Before: lessons 23, 26
After:  you can draw the loss around a net, and say what the map leaves out
New:    landscape

The question.  A net of 33 parameters stands at a place with 33 coordinates, and the
loss is the height there (loss surface).  Nobody can draw 33 directions.  What do two
of them show, and what does a single one?

What you will see.  The walks (trajectories) of three nets in training, each on a map
of a plane that it walked in.  A net is blindfolded: it knows the slope (gradient) under its feet,
never the map.  How far the walk leaves the plane, which no map shows.  Then straight
cuts, along one direction, through the ground of shallow and deep nets: smooth or rough.

Source: Li and others, "Visualizing the loss landscape of neural nets", 2018.
"""

import math
import random
from pathlib import Path

from rich.console import Console

from micronn.data import moons
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.terminal import landscape

SEEDS, COLUMNS, ROWS = (1, 2, 3), 41, 25


def loss_at(net, place, examples):
    """The loss with these numbers as parameters; the net is left standing there."""
    for p, number in zip(net.parameters(), place, strict=True):
        p.data = number
    return mse([net(x) for x in examples[0]], examples[1])


def moved(place, *moves):
    """The place, and from there so far along each direction: (how far, direction), ..."""
    for far, direction in moves:
        place = [p + far * d for p, d in zip(place, direction, strict=True)]
    return place


def times(a, b):
    return sum(p * q for p, q in zip(a, b, strict=True))


def between(low, high, count):
    return [low + (high - low) * k / (count - 1) for k in range(count)]


def walked(seed):
    """A net, its examples, and where it stood before each of 81 steps."""
    rng = random.Random(seed)
    examples, walk = moons(16, noise=0.1, rng=rng), []
    net = MLP(2, [8, 1], "tanh", rng=rng)
    optimizer = SGD(net.parameters(), lr=0.1, momentum=0.8)
    for _ in range(81):
        walk.append([p.data for p in net.parameters()])
        loss = loss_at(net, walk[-1], examples)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net, examples, walk


def directions(walk):
    """Two at right angles, in the plane of the start, of step 20 and of the end."""
    u, v = (moved(place, (-1.0, walk[0])) for place in (walk[-1], walk[20]))
    v = moved(v, (-times(v, u) / times(u, u), u))
    return u, moved([0.0] * len(u), (math.hypot(*u) / math.hypot(*v), v))  # as long as u


def on_plane(place, start, u, v):
    """How far along u and v a place is, and how far beside the plane, in lengths of u."""
    way = moved(place, (-1.0, start))
    a, b = times(way, u) / times(u, u), times(way, v) / times(v, v)
    return a, b, math.hypot(*moved(way, (-a, u), (-b, v))) / math.hypot(*u)


# The walks.
print("THE WALKS.  Lengths are shares of the straight way from the start to the end")
print("seed   loss at start, end   length of the walk   farthest beside the plane")
maps, lengths, aside = [], [], []
for seed in SEEDS:
    net, examples, walk = walked(seed)
    u, v = directions(walk)
    points = [on_plane(place, walk[0], u, v) for place in walk]
    steps = [moved(after, (-1.0, b)) for b, after in zip(walk, walk[1:], strict=False)]
    lengths.append(sum(math.hypot(*step) for step in steps) / math.hypot(*u))
    aside.append(max(out for _, _, out in points))
    ends = [loss_at(net, place, examples).data for place in (walk[0], walk[-1])]
    print(f"{seed:4d} {ends[0]:13.2f} {ends[1]:6.2f} {lengths[-1]:19.2f} {aside[-1]:24.2f}")
    low, high = min(b for _, b, _ in points) - 0.3, max(b for _, b, _ in points) + 0.3
    across, up = between(-0.3, 1.3, COLUMNS), between(high, low, ROWS)
    heights = [
        [loss_at(net, moved(walk[0], (a, u), (b, v)), examples).data for a in across] for b in up
    ]
    pixels = [
        ((a + 0.3) / 1.6 * (COLUMNS - 1), (high - b) / (high - low) * (ROWS - 1))
        for a, b, _ in points
    ]
    maps.append((seed, heights, pixels))
print(f"no walk is straight, each at least a tenth longer: {min(lengths) > 1.1}")
# prints: no walk is straight, each at least a tenth longer: True
print(f"each leaves its plane by more than a hundredth: {min(aside) > 0.01}")
# prints: each leaves its plane by more than a hundredth: True
print("\nThe first of the three maps; o is every fourth step, from left to right")
Console(width=78).print(landscape(maps[0][1], [(round(x), round(y)) for x, y in maps[0][2][::4]]))


# A straight cut, in a direction that for each neuron is as long as its own parameters:
# otherwise a net with small weights would look steeper than one with large.
def random_direction(net, rng):
    direction = []
    for neuron in [neuron for layer in net.layers for neuron in layer.neurons]:
        numbers = [p.data for p in neuron.parameters()]
        steps = [rng.gauss(0.0, 1.0) for _ in numbers]
        direction += moved([0.0] * len(steps), (math.hypot(*numbers) / math.hypot(*steps), steps))
    return direction


def turns(cut):
    """How often the ground turns from up to down or back."""
    ups = [after > before for before, after in zip(cut, cut[1:], strict=False)]
    return sum(one != other for one, other in zip(ups, ups[1:], strict=False))


print("\nSMOOTH OR ROUGH.  Turns from up to down or back on a straight cut of 80 steps")
print("hidden layers   starting weights   " + "   ".join(f"seed {seed}" for seed in SEEDS))
cuts, found = {}, {}
for hidden, scale in ((1, 1.0), (12, 1.0), (1, 3.0), (12, 3.0)):
    for seed in SEEDS:
        rng = random.Random(seed)
        examples = moons(16, noise=0.1, rng=rng)
        net = MLP(2, [6] * hidden + [1], "tanh", "xavier", rng)
        place = [scale * p.data for p in net.parameters()]
        loss_at(net, place, examples)
        line = random_direction(net, rng)
        ways = between(-1.0, 1.0, 81)
        cut = [loss_at(net, moved(place, (a, line)), examples).data for a in ways]
        cuts[hidden, scale, seed] = cut
        found.setdefault((hidden, scale), []).append(turns(cut))
    row = "".join(f"{count:9d}" for count in found[hidden, scale])
    print(f"{hidden:13d} {'xavier':>13s} x {scale:.0f} {row}")
rough = found.pop((12, 3.0))
most = max(max(row) for row in found.values())
print(f"deep with large weights: five times as many as any other: {min(rough) > 5 * most}")
# prints: deep with large weights: five times as many as any other: True
print("""There the slope under the feet says little about a step away.  Start and shape of a
net decide whether the ground is smooth, before any training.""")


# One picture of it all: the maps with their walks, the same as reliefs, and a cut each.
def line(points, left, top, look):
    way = " ".join(f"{left + x:.1f},{top + y:.1f}" for x, y in points)
    return f'<polyline points="{way}" {look}/>'


def svg_map(heights, pixels, left, top):
    """From above, 8 points a pixel, in ten bands: dark is low, bright is high."""
    low, high = min(map(min, heights)), max(map(max, heights))
    for y, row in enumerate(heights):
        for x, height in enumerate(row):
            band = int(9.99 * (height - low) / (high - low))
            grey = f"rgb({60 + 20 * band},{90 + 17 * band},{140 + 10 * band})"
            at = f'x="{left + 8 * x}" y="{top + 8 * y}"'
            yield f'<rect {at} width="8" height="8" fill="{grey}"/>'
    way = [(8 * x + 4, 8 * y + 4) for x, y in pixels]
    yield line(way, left, top, 'fill="none" stroke="#c00" stroke-width="2"')
    yield f'<circle cx="{left + way[-1][0]:.1f}" cy="{top + way[-1][1]:.1f}" r="4"/>'


def svg_relief(heights, left, top):
    """From the side: each row of the map a hill, the far ones behind the near ones."""
    low, high = min(map(min, heights)), max(map(max, heights))
    for k, row in enumerate(heights):
        edge, foot = 2 * (ROWS - k), 80 + 2 * k
        hill = [(edge + 7 * x, foot - 75 * (h - low) / (high - low)) for x, h in enumerate(row)]
        foot_line = [(hill[-1][0], foot), (edge, foot)]
        yield line([*hill, *foot_line], left, top, 'fill="#e8eef6" stroke="#3c5a8c"')


parts = []
for k, (seed, heights, pixels) in enumerate(maps):
    left, cut = 20 + 350 * k, cuts[12, 3.0, seed]
    low, high = min(cut), max(cut)
    points = [(4 * x, 70 - 70 * (y - low) / (high - low)) for x, y in enumerate(cut)]
    words = (
        "dark is low, the walk ends at the dot",
        "as a relief",
        "a cut, 12 layers, weights x 3",
    )
    for y, text in zip((28, 266, 436), words, strict=True):
        parts += [f'<text x="{left}" y="{y}" font-size="14">seed {seed}: {text}</text>']
    parts += [*svg_map(heights, pixels, left, 40), *svg_relief(heights, left, 276)]
    parts += [line(points, left, 446, 'fill="none" stroke="#06c"')]
svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1060" height="530" font-family="sans-serif">'
svg += f'<rect width="1060" height="530" fill="white"/>{"".join(parts)}</svg>\n'
Path("loss_landscapes.svg").write_text(svg, "utf-8")
print("\nwrote loss_landscapes.svg: the three maps, the same as reliefs, and three of the cuts")
# prints: wrote loss_landscapes.svg

# Change it:
#  - walk[5] instead of walk[20] in directions(): another plane.  What stays of the map?
#  - The factor in random_direction() left out: what do large weights hide then?
#  - momentum=0.0 in walked(): what does the walk look like, and where does it end?
