"""Demo 40.  The next character

Run:    python demos/40_the_next_character.py
Takes:  about three seconds, and a minute without a C compiler and WebAssembly
Before: lesson 36
After:  you can train a model that writes, and measure it
New:    LETTERS, NAMES, next_letters, one_hot

The question.  A large language model does one thing: from the text so far it says
how likely each next piece is.  What can a net of a few thousand weights do, if it
reads first names letter by letter and is asked for the next one?

What you will see.  One letter of memory, two, three: how well each net expects names
that it has read and names that it has not, three times with other names kept back.
Then names made by asking again and again.  Some of them are in the list it learned
from, most are not: it does not know which, and it has no way to know.
"""

import math
import random

from micronn.datasets import LETTERS, NAMES, next_letters, one_hot
from micronn.losses import cross_entropy, softmax
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import evaluate, fit

KEPT, WINDOWS, SEEDS = 60, (0, 1, 2, 3), (7, 8, 9)
print(f"{len(NAMES)} names, such as {', '.join(NAMES[::60])}; {KEPT} of them are kept back")
# NAMES is a list of first names, LETTERS the alphabet with a full stop as the end of a name.
# next_letters() makes questions of names; a letter is a one_hot() list of 27 numbers.
inputs, targets = next_letters(["amelia"], window=3)
print(f"'amelia' is {len(targets)} questions:", end=" ")
print(" ".join(f"{('...amelia')[k : k + 3]}?{LETTERS[t]}" for k, t in enumerate(targets)))
# prints: 'amelia' is 7 questions: ...?a ..a?m .am?e ame?l mel?i eli?a lia?.


def examples(some, window):
    """What was seen and what came next; with window 0, nothing was seen."""
    inputs, targets = next_letters(some, max(window, 1))
    return (inputs if window else [[0.0] * 27] * len(targets)), targets


def parts(seed):
    """(names to learn from, names kept back)."""
    names = NAMES[:]
    random.Random(seed).shuffle(names)
    return names[KEPT:], names[:KEPT]


print(f"\nloss a letter (cross-entropy), in nats; a net that knows nothing: {math.log(27):.3f}")
print("letters                  names learned from        names kept back        a choice of")
print(
    "seen     parameters    "
    + 2 * ("  ".join(f"seed {s}" for s in SEEDS) + "    ")
    + "(perplexity)"
)
models, learned, unread = {}, {}, {}
for window in WINDOWS:
    for seed in SEEDS:
        train, new = parts(seed)
        rng = random.Random(seed)
        model = MLP(27 * max(window, 1), [24, 27] if window else [27], "tanh", rng=rng)
        fit(
            model,
            cross_entropy,
            examples(train, window),
            Adam(model.parameters(), 0.01),
            8,
            32,
            rng,
        )
        models[window, seed] = model
        learned[window, seed] = evaluate(model, cross_entropy, examples(train, window)).loss
        unread[window, seed] = evaluate(model, cross_entropy, examples(new, window)).loss
    row = f"{window:4d} {len(model.parameters()):13,d}    "
    for part in (learned, unread):
        row += "".join(f"{part[window, seed]:6.3f}  " for seed in SEEDS) + "    "
    typical = sum(unread[window, seed] for seed in SEEDS) / len(SEEDS)
    print(f"{row}{math.exp(typical):7.1f} letters")
first = all(unread[0, s] - unread[1, s] > unread[1, s] - unread[3, s] for s in SEEDS)
print(f"in every column the first letter seen is worth more than the next two: {first}")
# prints: in every column the first letter seen is worth more than the next two: True
gaps = [[unread[window, s] - learned[window, s] for window in WINDOWS] for s in SEEDS]
print(f"and the gap between learned and kept back grows: {all(row == sorted(row) for row in gaps)}")
# prints: and the gap between learned and kept back grows: True
print(
    f"With more memory it gets to know its own {len(NAMES) - KEPT} names by heart (overfitting).\n"
)


def invented(window, rng):
    """A name, letter by letter: ask for the probabilities, draw by them, append, ask again."""
    name = "." * 3
    while len(name) < 15:
        seen = name[-window:] if window else ""
        x = [number for letter in seen for number in one_hot(LETTERS.index(letter), 27)]
        shares = [p.data for p in softmax(models[window, SEEDS[0]](x or [0.0] * 27))]
        name += rng.choices(LETTERS, shares)[0]
        if name[-1] == ".":
            break
    return name.strip(".")


print("MADE BY THE NETS OF THE FIRST SEED, by how many letters they see")
for window in WINDOWS:
    rng = random.Random(4)
    print(f"   {window}:", " ".join(invented(window, rng) or "-" for _ in range(9)))
train, new = parts(SEEDS[0])
print("\nof 200 made with three letters      read   kept back   in neither list")
most = True
for seed in (1, 2, 3):
    rng = random.Random(seed)
    made = [invented(3, rng) for _ in range(200)]
    read, kept = (sum(name in some for name in made) for some in (train, new))
    print(f"   drawn with seed {seed} {read:20d} {kept:11d} {200 - read - kept:17d}")
    most = most and read + kept < 100
print(f"more than half are in neither list, each time: {most}")
# prints: more than half are in neither list, each time: True
print("""You can tell which of the names above somebody bears; the net cannot.  It says which
letter is likely to follow.  Whether the name exists was never asked, and nothing in
it could tell.  A net a billion times larger, which reads words, still answers the
same question: what is likely to follow?  Where the true answer is not the likely
one, it says the likely one, fluently (hallucination).""")

# Change it:
#  - Divide the scores (logits) by 0.5 before softmax, then by 2 (temperature): timid
#    names, wild names.
#  - Begin with name = "..z".  Which letters can follow, and how sure is the net?
#  - 30 epochs instead of 8: both parts of the first table drift apart.  Why?
