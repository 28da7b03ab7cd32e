"""Demo 40.  The next character

Run:    python demos/40_the_next_character.py
Takes:  about two seconds, and a minute without a C compiler
Before: lesson 36
After:  you can train a model that writes, and measure it
New:    LETTERS, NAMES, next_letters, one_hot

The question.  A large language model does one thing: from the text so far it says
how likely each next piece is.  What can a net of a few thousand weights do, if it
reads names letter by letter and is asked for the next one?

What you will see.  One letter of memory, two, three: how surprised each net is by
names it has never read.  Then names that nobody has thought of, made by asking again
and again.  Some of them are in the list it learned from, most are not: it does not
know which, and it has no way to know.
"""

import math
import random

from micronn.datasets import LETTERS, NAMES, next_letters, one_hot
from micronn.losses import cross_entropy, softmax
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import evaluate, fit

rng = random.Random(7)
names = NAMES[:]
rng.shuffle(names)
train, new = names[20:], names[:20]
print(f"{len(train)} names to learn from, such as {', '.join(train[:4])}; {len(new)} kept back")


inputs, targets = next_letters(["abeldo"], window=3)
print(f"'abeldo' is {len(targets)} questions:", end=" ")
print(" ".join(f"{('...abeldo')[k : k + 3]}?{LETTERS[t]}" for k, t in enumerate(targets)))
# prints: 'abeldo' is 7 questions: ...?a ..a?b .ab?e abe?l bel?d eld?o ldo?.


def examples(some, window):
    """What was seen and what came next; with window 0, nothing was seen."""
    inputs, targets = next_letters(some, max(window, 1))
    return (inputs if window else [[0.0] * 27] * len(targets)), targets


print(f"\nsurprise a letter, in nats; a net that knows nothing: log(27) = {math.log(27):.3f}")
print("letters seen   parameters   names learned from   new names   like a choice of")
models, surprise, gaps = {}, {}, {}
for window in (0, 1, 2, 3):
    nouts = [24, 27] if window else [27]
    model = MLP(27 * max(window, 1), nouts, "tanh", rng=random.Random(1))
    optimizer, rng = Adam(model.parameters(), lr=0.01), random.Random(2)
    fit(model, cross_entropy, examples(train, window), optimizer, 15, 32, rng)
    learned = evaluate(model, cross_entropy, examples(train, window)).loss
    surprise[window] = evaluate(model, cross_entropy, examples(new, window)).loss
    models[window], gaps[window] = model, surprise[window] - learned
    row = f"{window:12d} {len(model.parameters()):12d} {learned:20.3f} {surprise[window]:11.3f}"
    print(f"{row} {math.exp(surprise[window]):10.1f} letters")
print(f"to see one letter is worth most: {surprise[0] - surprise[1] > surprise[1] - surprise[3]}")
# prints: to see one letter is worth most: True
print(f"the gap between the columns grows: {gaps[1] < gaps[2] < gaps[3]}")
# prints: the gap between the columns grows: True
print("With more memory it gets to know its own names by heart: 137 are too few.\n")


def invented(window, rng):
    """A name, letter by letter: ask for the chances, draw by them, append, ask again."""
    name = "." * 3
    while len(name) < 15:
        seen = name[-window:] if window else ""
        x = [number for letter in seen for number in one_hot(LETTERS.index(letter), 27)]
        chances = [p.data for p in softmax(models[window](x or [0.0] * 27))]
        name += rng.choices(LETTERS, chances)[0]
        if name[-1] == ".":
            break
    return name.strip(".")


print("INVENTED, by how many letters are seen")
for window in (0, 1, 2, 3):
    rng = random.Random(4)
    print(f"   {window}:", " ".join(invented(window, rng) or "-" for _ in range(9)))
rng, made = random.Random(5), []
for _ in range(200):
    made.append(invented(3, rng))
known = [name for name in made if name in train]
kept = [name for name in made if name in new]
print(f"\nof 200 made with three letters, {len(known)} are names it has read, {len(kept)} are")
print(f"names that were kept back, {200 - len(known) - len(kept)} are nobody's")
print(f"more than half are nobody's: {200 - len(known) - len(kept) > 100}")
# prints: more than half are nobody's: True
print("""The net says which letter is likely to follow.  Whether the name exists was
never asked, and nothing in it could tell.  A net a billion times larger, which
reads words, still answers the same question: what is likely to follow?  Where
the true answer is not the likely one, it says the likely one, fluently.""")

# Change it:
#  - Divide the scores by 0.5 before softmax, then by 2: timid names, wild names.
#  - Begin with name = "..z".  Which letters can follow, and how sure is the net?
#  - [48, 27] and 60 epochs: both columns of the first table drift apart.  Why?
