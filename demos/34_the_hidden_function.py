"""Demo 34.  The hidden function

Run:    python demos/34_the_hidden_function.py
Takes:  about three seconds
Before: lesson 23
After:  you can learn a function from pairs, and say where it can be trusted

The question.  Somewhere there is a function D.  Nobody shows it to you; you only get
pairs of what went in and what came out.  How do you find it, or do without it?  And
where may what you found be trusted?

What you will see.  A guessing game in which every guess fits until the next pair.
Nets of 33 numbers that never guess a rule and come close on pairs they never saw, as
long as these lie where the examples lay (interpolation).  Then the same nets outside
(extrapolation), ring by ring, from six random starts each.
"""

import random

from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import fit


def hidden(a, b):
    """D.  Cover this line and play the game first."""
    return max(abs(a), abs(b))


# The game.
guesses = {
    "the sum": lambda a, b: a + b,
    "the second": lambda a, b: b,
    "the larger": max,
    "size of larger": lambda a, b: abs(max(a, b)),
}
alive = dict(guesses)
print(f"  a   b   D   {'   '.join(guesses)}")
for a, b in ((2, 5), (1, 3), (4, 1), (-7, 2)):
    said = []
    for name, guess in guesses.items():
        fits = guess(a, b) == hidden(a, b)
        text = "" if name not in alive else str(guess(a, b)) + (" " if fits else " out")
        said.append(f"{text:>{len(name)}s}")
        if not fits:
            alive.pop(name, None)
    print(f"{a:3d} {b:3d} {hidden(a, b):3d}   {'   '.join(said)}")
print(f"still alive: {', '.join(alive) or 'none'}.  Fitting the pairs seen is no proof.\n")
# prints: still alive: none.


def learned(f, activation, seed):
    """A net that has seen 80 pairs, all from the square from -1 to 1, 800 times."""
    rng = random.Random(seed)
    pairs = [[rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)] for _ in range(80)]
    net = MLP(2, [8, 1], activation, "xavier", rng)
    answers = [f(a, b) for a, b in pairs]
    fit(net, mse, (pairs, answers), Adam(net.parameters(), 0.02), epochs=800, batch_size=80)
    return net


def ring(inner, outer, rng):
    """150 points of the square from -outer to outer, none from -inner to inner."""
    points = []
    while len(points) < 150:
        a, b = rng.uniform(-outer, outer), rng.uniform(-outer, outer)
        points += [(a, b)] if max(abs(a), abs(b)) >= inner else []
    return points


RINGS = [ring(inner, outer, random.Random(9)) for inner, outer in ((0, 1), (1, 2), (2, 4), (4, 8))]


def off(answer, f):
    """How far an answer is off in each ring, on average: points that no net has seen."""
    return [sum(abs(answer(a, b) - f(a, b)) for a, b in part) / len(part) for part in RINGS]


print("how far off on points nobody has seen, on average")
print("                    seed    inside   1 to 2   2 to 4   4 to 8   for D(-7, 2) = 7")
by_guess = {name: off(guess, hidden) for name, guess in guesses.items()}
for name, row in by_guess.items():
    print(f"{name:24s}" + "".join(f"{error:9.2f}" for error in row), end="")
    print(f"{guesses[name](-7, 2):12.1f}")
by_net, nets = {}, {}
for activation in ("relu", "tanh"):
    for seed in range(1, 7):
        net = nets[activation] = learned(hidden, activation, seed)
        row = by_net[activation, seed] = off(lambda a, b, net=net: net([a, b]).data, hidden)
        print(
            f"MLP of 8 {activation:11s}{seed:4d}" + "".join(f"{error:9.2f}" for error in row),
            end="",
        )
        print(f"{net([-7.0, 2.0]).data:12.1f}")
worst = max(row[0] for row in by_net.values())
best = min(row[0] for row in by_guess.values())
print(f"inside, each of the 12 nets is closer than any guess: {worst < best}")
# prints: inside, each of the 12 nets is closer than any guess: True
grows = all(row == sorted(row) for row in by_net.values())
print(f"each of them is worse in every further ring: {grows}\n")
# prints: each of them is worse in every further ring: True

# Where is it off?
SIDE, FAR = 17, 4.0
steps = [FAR * (2 * k / (SIDE - 1) - 1) for k in range(SIDE)]
print(f"HOW FAR OFF, from -{FAR:.0f} to {FAR:.0f}, by the last net of each kind.  . below 0.2,")
print(": below 0.5, + below 1, # more.  All examples lay between [ and ].")


def marks(net, b):
    """One line of the map."""
    line = ""
    for a in steps:
        error = abs(net([a, b]).data - hidden(a, b))
        edge = {-1.0: "[", 1.5: "]"}.get(a, " ") if abs(b) <= 1.0 else " "
        line += edge + ".:+#"[sum(error >= limit for limit in (0.2, 0.5, 1.0))]
    return line


for b in reversed(steps):
    print("   " + "      ".join(marks(net, b) for net in nets.values()))
print("   " + "      ".join(f"{activation:^{2 * SIDE}s}" for activation in nets) + "\n")

# Is relu good outside, then?
print("ANOTHER D, a * b, learned in the same way: how far off, the worst of six")
for activation in ("relu", "tanh"):
    rows = []
    for seed in range(1, 7):
        net = learned(lambda a, b: a * b, activation, seed)
        rows.append(off(lambda a, b, net=net: net([a, b]).data, lambda a, b: a * b))
    print(
        f"   {activation:21s}"
        + "".join(f"{max(column):9.2f}" for column in zip(*rows, strict=True))
    )
print("""A relu net goes on in straight lines outside, and the first D is made of straight
lines; a tanh net levels off.  Neither has seen anything there: what it says outside
is the shape of its curves, not the rule.  Trust a net where its examples lay.""")

# Change it:
#  - Hide another D: a + b, or 1 if a > b else 0.  Which net is right outside, and why?
#  - Learn from 8 pairs instead of 80.  Does it still beat the guesses inside?
#  - Draw the pairs from -4 to 4 instead of -1 to 1.  Which columns mend?
