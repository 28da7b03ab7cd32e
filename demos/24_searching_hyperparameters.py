"""Demo 24.  Searching hyperparameters

Run:    python demos/24_searching_hyperparameters.py
Takes:  about a second

The question.  Descent finds the weights and biases.  Who finds the learning rate,
the number of layers and their width?  There is no slope to follow: "three layers"
has no neighbour at three and a thousandth.

What you will see.  All that can be set about one net, in two lists: what is learned
and what is chosen.  Then a grid of choices and, with as many trials, a random
search, each trial a short training judged on the validation set.  And one of the
choices turns out to matter far more than the others.
"""

import random

from micronn.data import moons, split
from micronn.losses import hinge
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import accuracy, evaluate, fit

data = moons(250, noise=0.2, rng=random.Random(7))
train, validation, test = split(data, 0.3, 0.3, rng=random.Random(8))

example = MLP(2, [8, 8, 1], "tanh", rng=random.Random(1))
weights = sum(name.split(".")[-2] == "w" for name, _ in example.named_parameters())
biases = len(example.parameters()) - weights
print(f"{example}")
print(f"   learned by descent (parameters):     {weights} weights and {biases} biases")
print("   chosen by people (hyperparameters):  how many layers, how wide, which bend,")
print("      starting weights, loss, optimiser, learning rate, batch size, epochs, seed")
# prints: learned by descent (parameters): 88 weights and 17 biases


def trial(lr, layers, width):
    """The loss on the validation set after a short training, and the model."""
    model = MLP(2, [width] * layers + [1], "tanh", "xavier", random.Random(1))
    fit(model, hinge, train, Adam(model.parameters(), lr), 15, 20, rng=random.Random(2))
    return evaluate(model, hinge, validation).loss, model


grid = [(lr, layers, width) for lr in (0.0003, 0.01, 0.3) for layers in (1, 2) for width in (4, 16)]
rng = random.Random(3)
at_random = [
    (10.0 ** rng.uniform(-4.0, 0.0), rng.choice((1, 2)), round(2.0 ** rng.uniform(1.0, 4.0)))
    for _ in grid
]
found = {}
for name, settings in (("GRID", grid), ("RANDOM", at_random)):
    results = sorted([(trial(*setting)[0], setting) for setting in settings])
    found[name] = results
    rates = len({lr for lr, _, _ in settings})
    print(f"\n{name}: {len(settings)} trials, {rates} different learning rates")
    print("   loss on validation              lr   layers   width")
    for loss, (lr, layers, width) in [*results[:3], *results[-2:]]:
        bar = "#" * round(20 * min(loss, 1.0))
        print(f"   {loss:6.3f} {bar:20s} {lr:8.4f} {layers:6d} {width:8d}")
    print("   (the best three and the worst two)")


def spread(results, key):
    """How much the mean loss differs between the groups that share a setting."""
    groups = {}
    for loss, setting in results:
        groups.setdefault(key(setting), []).append(min(loss, 1.0))
    means = [sum(group) / len(group) for group in groups.values()]
    return max(means) - min(means)


print("\nWHICH CHOICE MATTERS?  How much the mean loss differs from setting to setting")
keys = {"learning rate": 0, "layers": 1, "width": 2}
effects = {}
for name, place in keys.items():
    effects[name] = spread(found["GRID"], lambda setting, place=place: setting[place])
    print(f"   {name:14s} {effects[name]:.3f} {'#' * round(60 * effects[name])}")
most = max(effects, key=effects.get)
print(f"here it is the {most}")
# prints: here it is the learning rate
print("""The grid spent its 12 trials on 3 learning rates; the random search tried 12.
When one choice matters most, and nobody knows which, chance tries more of it.
""")

loss, best = min(found["GRID"] + found["RANDOM"])
_, model = trial(*best)
score = evaluate(model, hinge, test, accuracy)
print(f"the best: lr {best[0]:.4f}, {best[1]} layers, width {best[2]}")
print(f"validation loss {loss:.3f}; on the test set, looked at once: {score.loss:.3f}, ", end="")
print(f"{score.metric:.0%} right")
print("24 trainings for one answer, and it holds for these data, this net, 15 epochs.")
print("There is no formula.  There is looking, on examples kept for it.")

# Change it:
#  - 60 epochs instead of 15: does the best learning rate stay, and does it still matter most?
#  - Search around the best of the first 24 with another 12.  Is it worth the time?
#  - Other seeds in trial(): how much of the difference between the best three is luck?
