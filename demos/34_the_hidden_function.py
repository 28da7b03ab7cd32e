"""Demo 34.  The hidden function

Run:    python demos/34_the_hidden_function.py
Takes:  about three seconds

The question.  Somewhere there is a function D.  Nobody shows it to you; you only get
pairs of what went in and what came out.  How do you find it, or do without it?

What you will see.  A guessing game in which every guess fits until the next pair.
A net of 33 numbers that never guesses a rule and comes close on pairs it never saw.
Then the same few lines of program learning from pictures, from sentences and from
sound, because each of them is a list of numbers too.
"""

import random

from micronn.data import split, wave
from micronn.datasets import bag_of_words, sentiment, shapes, vocabulary
from micronn.losses import hinge, mse
from micronn.nn import MLP
from micronn.optim import Adam


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


def learn(inputs, targets, loss, hidden_neurons, epochs, rng):
    """A net with one hidden layer that has seen the pairs `epochs` times."""
    model = MLP(len(inputs[0]), [hidden_neurons, 1], "relu", init="he", rng=rng)
    optimizer = Adam(model.parameters(), lr=0.02)
    for _ in range(epochs):
        optimizer.zero_grad()
        loss([model(x) for x in inputs], targets).backward()
        optimizer.step()
    return model


# The same D, learned from 80 pairs between -1 and 1, tried on 200 others.
rng = random.Random(5)
pairs = [[rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)] for _ in range(280)]
answers = [hidden(a, b) for a, b in pairs]
net = learn(pairs[:80], answers[:80], mse, hidden_neurons=8, epochs=200, rng=rng)


def typical_error(f):
    errors = [abs(f(a, b) - y) for (a, b), y in zip(pairs[80:], answers[80:], strict=True)]
    return sum(errors) / len(errors)


print("how far off on 200 pairs nobody has seen, on average")
errors = {name: typical_error(guess) for name, guess in guesses.items()}
errors[f"{net}"] = typical_error(lambda a, b: net([a, b]).data)
for name, error in errors.items():
    print(f"   {name:32s} {error:5.2f} {'#' * round(40 * error)}")
closest = min(errors, key=errors.get)
print(f"closest: {closest}, {len(net.parameters())} numbers and no rule\n")
# prints: closest: MLP(2 -> 8 relu -> 1 linear), 33 numbers and no rule
print(f"and far outside, D(-7, 2) = 7: the net says {net([-7.0, 2.0]).data:.1f}\n")

# Pictures, sentences and sound are lists of numbers as well.
pictures, kinds = shapes(120, wanted="triangle", rng=random.Random(1))
print("A PICTURE is 144 greys.  As characters, every second row, and its middle row:")
for row in range(0, 12, 2):
    greys = pictures[0][12 * row : 12 * row + 12]
    print("   " + "".join(" .:-=+*#%@"[round(9 * grey)] * 2 for grey in greys).rstrip())
print("  ", *[f"{grey:.1f}" for grey in pictures[0][72:84]])
(inputs, targets), _, (unseen, truth) = split((pictures, kinds), 0.0, 0.5, random.Random(2))
net = learn(inputs, targets, hinge, 8, epochs=30, rng=random.Random(3))
right = sum(net(x).data * t > 0.0 for x, t in zip(unseen, truth, strict=True))
print(f"triangle or not: {right} of {len(truth)} unseen pictures right\n")

sentences, praise = sentiment()
known = vocabulary(sentences)
bags = [bag_of_words(sentence, known) for sentence in sentences]
print(f"A SENTENCE is {len(known)} counts, one a word: '{sentences[0]}' is")
print("  ", "".join(f"{count:.0f}" for count in bags[0]))
net = learn(bags, [2.0 * p - 1.0 for p in praise], hinge, 4, epochs=40, rng=random.Random(3))
for sentence in ("I loved the story", "What a boring waste"):
    score = net(bag_of_words(sentence, known)).data
    print(f"   {sentence:22s} {'praise' if score > 0.0 else 'complaint'}")
# prints: I loved the story praise
# prints: What a boring waste complaint

heard, following = wave(120, window=8, rng=random.Random(4))
print("\nA SOUND is its samples.  Eight of them, and the one that follows:")
print("  ", *[f"{sample:.2f}" for sample in heard[0]], f"-> {following[0]:.2f}")
net = learn(heard[:80], following[:80], mse, 8, epochs=80, rng=random.Random(3))
error = mse([net(x) for x in heard[80:]], following[80:]).data
lazy = mse([x[-1] for x in heard[80:]], following[80:]).data
print(f"next sample, on sound not heard before: mean squared error {error:.3f}")
print(f"saying the last sample again: {lazy:.3f}; the net is better: {error < lazy}")
# prints: the net is better: True
print("One learn() for all four.  A film is pictures, one after another.")

# Change it:
#  - Hide another D: a * b, or 1 if a > b else 0.  Which one is hard for the net?
#  - Learn from 8 pairs instead of 80.  Does it still beat the guesses?
#  - Shuffle the 144 pixels of every picture the same way.  Does the net mind?
