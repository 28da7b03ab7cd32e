"""Demo 44.  Attention

Run:    python demos/44_attention.py
Takes:  about three seconds
Before: lessons 40, 43
After:  you can let a net look back at the word that is meant, in a line of any length

The question.  In "the girl left the book in the garden and found it" the word "it"
stands for one of the others.  How can a net look back at the right one, wherever it
stands and however long the line is?

What you will see.  Fourteen weights: the word that asks makes a query, each other word
makes a key, and how well the two fit is a dot product.  From five random starts they
learn which words are meant, in lines of 5 words, and are right in lines of 12 as well,
which a net that reads places cannot even be asked.  Then whom they look at, word by
word, in a picture, and the line in which they cannot decide.

Source: Vaswani and others, "Attention is all you need", 2017.
"""

import math
import random

from micronn.data import split
from micronn.datasets import one_hot
from micronn.draw import draw
from micronn.engine import Value, dot
from micronn.losses import cross_entropy, softmax
from micronn.nn import MLP, Module
from micronn.optim import Adam
from micronn.training import accuracy, evaluate, fit

SEEDS = (1, 2, 3, 4, 5)
WORDS = {  # by kind: persons, things, places and all the others
    "she": ("girl", "woman", "queen", "sister", "teacher", "nurse"),
    "it": ("book", "ball", "letter", "lamp", "crown", "key"),
    "there": ("garden", "house", "river", "station", "school", "tower"),
    "": ("the", "old", "saw", "left", "near", "small", "and", "a", "found"),
}
KINDS = list(WORDS)
ASKS = KINDS[:3]  # each stands for a word of its own kind


def numbers_of(asks, line):
    """What a net reads: who asks, one-hot, and then the kind of each word, one-hot."""
    kinds = [next(k for k, kind in enumerate(KINDS) if word in WORDS[kind]) for word in line]
    return [*one_hot(ASKS.index(asks), 3), *[x for kind in kinds for x in one_hot(kind, 4)]]


def lines_of(length, count, rng):
    """Lines with one person, one thing, one place and others; which word is meant?"""
    inputs, targets = [], []
    for _ in range(count):
        meant = {kind: rng.choice(WORDS[kind]) for kind in ASKS}
        line = [*meant.values(), *[rng.choice(WORDS[""]) for _ in range(length - 3)]]
        rng.shuffle(line)
        asks = rng.choice(ASKS)
        inputs.append(numbers_of(asks, line))
        targets.append(line.index(meant[asks]))
    return inputs, targets


class Attention(Module):
    """How well the key of each word fits the query of the one that asks: a score for each.

    query: 2 rows of weights for who asks.  key: 2 rows for the kind of a word.
    """

    def __init__(self, rng):
        self.query = [[Value(rng.uniform(-1, 1)) for _ in range(3)] for _ in range(2)]
        self.key = [[Value(rng.uniform(-1, 1)) for _ in range(4)] for _ in range(2)]

    def __call__(self, x):
        query = [dot(row, x[:3]) for row in self.query]
        keys = [[dot(row, x[k : k + 4]) for row in self.key] for k in range(3, len(x), 4)]
        return [dot(query, key) / math.sqrt(2.0) for key in keys]


print("WHICH WORD IS MEANT?  Share right on lines not seen; 60 lines of 5 words to learn from")
print("        attention, 14 weights      a net of 23-16-5")
print("seed    5 words    12 words        5 words   12 words")
found = []
for seed in SEEDS:
    rng = random.Random(seed)
    train, _, unseen = split(lines_of(5, 160, rng), 0.0, 0.625, rng)
    longer = lines_of(12, 100, rng)
    row, places = [], MLP(23, [16, 5], "tanh", rng=rng)
    attention = Attention(rng)
    for model in (attention, places):
        fit(model, cross_entropy, train, Adam(model.parameters(), 0.05), 40, 10, rng)
        row.append(evaluate(model, cross_entropy, unseen, accuracy).metric)
    row.append(evaluate(attention, cross_entropy, longer, accuracy).metric)
    found.append(row)
    print(f"{seed:4d}{row[0]:11.0%}{row[2]:12.0%}{row[1]:15.0%}           -")
right = min(min(row[0], row[2]) for row in found)
print(f"attention is right in 95% or more, in each row, for both lengths: {right >= 0.95}")
# prints: attention is right in 95% or more, in each row, for both lengths: True
print(f"and beats the net of places in each row: {all(row[0] > row[1] for row in found)}")
# prints: and beats the net of places in each row: True
print("""The same two small matrices read every word, so a word means the same wherever it
stands.  The net of places has weights of its own for each place, and must learn each
word anew for each; a sixth word it cannot read at all.
""")


def looks(asks, text):
    """The words of a text, each with the share of attention it gets."""
    line = text.split()
    return dict(zip(line, softmax(attention(numbers_of(asks, line))), strict=True))


print("WHOM IT LOOKS AT, the net of the last seed; softmax shares, which add up to 100%")
TEXT = "the queen left book near garden"
for asks in ASKS:
    row = "  ".join(f"{word} {share.data:.0%}" for word, share in looks(asks, TEXT).items())
    print(f"   {asks:6s} {row}")
shares = looks("she", "the girl saw old queen near river")
row = "  ".join(f"{word} {share.data:.0%}" for word, share in shares.items())
print(f"   she    {row}")
even = abs(shares["girl"].data - shares["queen"].data) < 1e-12
print(f"two persons get the same share: {even}")
# prints: two persons get the same share: True
print("""Nothing here knows the order of the words; a transformer adds numbers for the place
to those of the word.
""")

# What is taken along: the mean of what the words say, their values, weighted by the shares.
line = ["the", "girl", "saw", "queen"]
fits = [Value(fit.data, f"fit of {word}")
        for word, fit in zip(line, attention(numbers_of("she", line)), strict=True)]  # fmt: skip
shares = softmax(fits)
says = [
    Value(number, f"{word} says") for word, number in zip(line, (0.0, 1.0, 0.0, 2.0), strict=True)
]
for word, share in zip(line, shares, strict=True):
    share.label = f"share of {word}"
taken = dot(shares, says)
taken.label = "she takes"
taken.backward()
path = draw(taken, {v.label: v for v in says}, "values").save("attention.svg")
print(f"'she' takes {taken.data:.2f}, of girl = 1 and queen = 2; wrote {path}")
# prints: 'she' takes 1.50, of girl = 1 and queen = 2; wrote attention.svg

# Change it:
#  - Ask for "a person or a place": give ASKS a fourth word whose target is either of them.
#  - One row in query and key instead of two: which words get mixed up, from which starts?
#  - numbers_of() with the place in the line as one number more: can it now tell two persons
#    apart, if the nearer one is meant?
