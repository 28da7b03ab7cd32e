"""Demo 24.  Searching hyperparameters

Run:    python demos/24_searching_hyperparameters.py
Takes:  about three seconds
Before: lessons 21, 23
After:  you can search for what descent cannot find, and judge the result fairly

The question.  Descent finds the weights and biases.  Who finds the learning rate,
the number of layers and their width?  There is no slope (gradient) to follow: "three layers"
has no neighbour at three and a thousandth.

What you will see.  All that can be set about one net, in two lists: what is learned
(parameters) and what is chosen (hyperparameters).  Which choice matters most, when
each is made a quarter and four times as large.  Then a grid search and a random
search, five times over: which of them wins, and how often.

Source: Bergstra and Bengio, "Random search for hyper-parameter optimization", 2012.
"""

import random
from statistics import mean, median

from micronn.data import moons
from micronn.losses import hinge
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import evaluate, fit

example = MLP(2, [8, 8, 1], "tanh", rng=random.Random(1))
weights = sum(name.split(".")[-2] == "w" for name, _ in example.named_parameters())
biases = len(example.parameters()) - weights
print(f"{example}")
print(f"   learned by descent (parameters):     {weights} weights and {biases} biases")
print("   chosen by people (hyperparameters):  how many layers, how wide, activation,")
print("      starting weights, loss, optimizer, learning rate, batch size, epochs, seed")
# prints: learned by descent (parameters): 88 weights and 17 biases

SEEDS = (1, 2, 3, 4, 5)
DATA = {}
for seed in SEEDS:  # training, validation and test set
    rng = random.Random(seed)
    DATA[seed] = [moons(n, noise=0.2, rng=rng) for n in (100, 50, 500)]


def trial(seed, lr=0.03, layers=2, width=8, batch_size=20):
    """The loss on the validation set after a short training, and the model.

    The seed stands for all that is luck: the examples, the starting weights and the
    order of the batches.
    """
    train, validation, _ = DATA[seed]
    model = MLP(2, [width] * layers + [1], "tanh", "xavier", random.Random(seed))
    optimizer = Adam(model.parameters(), lr)
    fit(model, hinge, train, optimizer, 15, batch_size, random.Random(seed))
    return evaluate(model, hinge, validation).loss, model


print("\nWHICH CHOICE MATTERS?  One of them a quarter or four times as large, the others")
print("kept: the loss on the validation set, seed by seed, and its median")
losses, middles = {}, {}
for name, sizes in {
    "lr": (0.0075, 0.03, 0.12),
    "width": (2, 8, 32),
    "batch_size": (5, 20, 80),
}.items():
    for size in sizes:
        row = losses[name, size] = [trial(seed, **{name: size})[0] for seed in SEEDS]
        middles.setdefault(name, []).append(median(row))
        cells = " ".join(f"{loss:6.3f}" for loss in row)
        print(f"   {name:10s} {size:6g}   {cells}   {median(row):6.3f}")
effects = {name: max(row) - min(row) for name, row in middles.items()}
print("from the best median to the worst:", end=" ")
print(", ".join(f"{name} {effect:.3f}" for name, effect in effects.items()))
luck = max(losses["lr", 0.03]) - min(losses["lr", 0.03])
print(f"from the luckiest seed to the unluckiest, nothing else changed: {luck:.3f}")
for name, one, other in (("lr", 0.12, 0.0075), ("width", 8, 32), ("batch_size", 5, 80)):
    pairs = list(zip(losses[name, one], losses[name, other], strict=True))
    below = sum(a < b for a, b in pairs)
    print(f"   {name} {one} is below {name} {other} in {below} of {len(SEEDS)} columns")
# prints: lr 0.12 is below lr 0.0075 in 5 of 5 columns
far = luck > 0.5 * max(effects.values())
print(f"luck moves the loss more than half as far as any choice: {far}")
# prints: luck moves the loss more than half as far as any choice: True
print("""So one run of each setting says little.  What holds in every column is safe to say;
what holds in some of them is not.
""")

GRID = [(lr, layers, width) for lr in (0.003, 0.03, 0.3) for layers in (1, 2) for width in (4, 16)]
print(f"GRID SEARCH AGAINST RANDOM SEARCH: {len(GRID)} trials each, over the same ranges")
print("         grid                      random")
print("   seed  validation   test         validation   test     lower on validation")
rows = []
for seed in SEEDS:
    rng = random.Random(100 + seed)
    at_random = [
        (10.0 ** rng.uniform(-2.6, -0.5), rng.choice((1, 2)), round(2.0 ** rng.uniform(2.0, 4.0)))
        for _ in GRID
    ]
    best = []
    for settings in (GRID, at_random):
        loss, model = min([trial(seed, *setting) for setting in settings], key=lambda t: t[0])
        best.append((loss, evaluate(model, hinge, DATA[seed][2]).loss))
    rows.append(best)
    cells = "      ".join(f"{a:10.3f} {b:6.3f}" for a, b in best)
    print(f"   {seed:4d}  {cells}      {'random' if best[1] < best[0] else 'grid'}")
won = sum(drawn[0] < grid[0] for grid, drawn in rows)
print(f"the random search found the lower loss in {won} of {len(SEEDS)} rows", end="; ")
print(f"neither wins them all: {0 < won < len(SEEDS)}")
# prints: neither wins them all: True
print("""The grid tries 3 learning rates, however many trials; the random search tries 12.
That helps where one choice matters most and the grid steps over its best place.
Whether it does is luck too, so one row would have proved either search the better.
""")

gaps = [abs(seen - fresh) for row in rows for seen, fresh in row]
print(f"A winner's test loss is {mean(gaps):.3f} away from its validation loss, on average:")
print("50 examples say no more.  So the test set, used once and for nothing else, has the")
print("last word.  There is no formula.  There is looking, on examples kept for it.")

# Change it:
#  - 60 epochs in trial() instead of 15: which choice matters most now?
#  - The best lr of the first table for all: what is left to search for?
#  - SEEDS = range(1, 21), and half a minute: which search wins now, in how many rows?
