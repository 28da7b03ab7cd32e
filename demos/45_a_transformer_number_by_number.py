"""Demo 45.  A transformer, number by number

Run:    python demos/45_a_transformer_number_by_number.py
Takes:  a few seconds, and half a minute without a C compiler and WebAssembly
Before: lesson 44
After:  you can follow a letter through a transformer, forward and backward
New:    .params, .weights(), .value_and_grad()

The question.  Large language models are transformers.  What does one compute between
reading a letter and guessing the next, and can each of its numbers be looked at?

What you will see.  The transformer of transformer.py, the file beside this one; read
it first.  It has 4,192 weights, each a Value.  One letter's way through it and back,
as a picture.  Then a thousand names that it learns from, one a step, through one
program for each length of a name.  And the names that it makes up.
"""

import math
import random
import time

from transformer import Transformer, indices, one_hots, program_of

from micronn.datasets import LETTERS, NAMES
from micronn.draw import draw
from micronn.engine import topological_order
from micronn.losses import softmax
from micronn.optim import Adam

model = Transformer(random.Random(1))
names = NAMES[:]
random.Random(7).shuffle(names)
train, new = names[60:], names[:60]  # kept back as in lesson 40, by its first seed

print("ONE LETTER (token): at the start of a name, and 'a' follows")
loss = model.loss(indices("a")[:2])
loss.backward()
print(f"   {len(topological_order(loss)):,} values, loss {loss.data:.3f}")
# prints: 3,962 values
print("   matrix    rows x columns   weights   largest gradient")
tables = {name: rows for name, rows in vars(model).items() if isinstance(rows, list)}
largest = {}
for name, rows in tables.items():
    largest[name] = max(abs(p.grad) for row in rows for p in row)
    count = len(rows) * len(rows[0])
    print(f"   {name:8} {len(rows):6} x {len(rows[0]):<7} {count:9,} {largest[name]:18.4f}")
print(f"   together {len(model.parameters()):,} weights")
# prints: together 4,192 weights
path = draw(loss, model).save("one_token.svg")
print(f"   wrote {path}: every matrix a card; wq, wk and wv read side by side")
# prints: wrote one_token.svg: every matrix a card
print(f"   wq and wk have no gradient: {largest['wq'] == largest['wk'] == 0.0}")
# prints: wq and wk have no gradient: True
print("""   With one token there is nothing to choose from.  The softmax of one number is 1,
   whatever query and key say, so nothing is to be gained from changing them.\n""")

print("ONE PROGRAM FOR EACH LENGTH")
start = time.perf_counter()
programs = {n: program_of(model, n) for n in sorted({len(name) for name in names})}
spent = time.perf_counter() - start
for n, program in programs.items():
    print(f"   names of {n} letters: {program}")
print(f"   recorded and compiled in {spent:.1f} s")
model.zero_grad()
start = time.perf_counter()
loss = model.loss(indices("amelia"))  # looked up by index, recorded for this name alone
loss.backward()
spent = time.perf_counter() - start
row, program = one_hots("amelia"), programs[6]  # seven one-hots in, any name of six letters
# value_and_grad() leaves the Values alone: it takes weights, and gives slopes for its params.
value, slopes = program.value_and_grad(program.weights(), [row])
off = max(abs(p.grad - g) for p, g in zip(program.params, slopes, strict=True))
print(f"   loss and all 4,192 slopes are the graph's: {abs(value - loss.data) + off < 1e-12}")
# prints: loss and all 4,192 slopes are the graph's: True
start = time.perf_counter()
for _ in range(100):
    program.value_and_grad(program.weights(), [row])
quick = (time.perf_counter() - start) / 100
print(f"   {spent * 1e3:.1f} ms by the graph, {quick * 1e3:.2f} ms by the program\n")

print("A THOUSAND NAMES, ONE A STEP")


def loss_on(some):
    """The mean loss of a letter over some names."""
    losses = [programs[len(name)].values([one_hots(name)])[0] for name in some]
    letters = [len(name) + 1 for name in some]
    return sum(x * n for x, n in zip(losses, letters, strict=True)) / sum(letters)


steps, at_once, rng = 1000, 100, random.Random(3)
optimizer = Adam(model.parameters(), lr=lambda step: 0.01 * (1.0 - step / steps))
print(f"   before:          {loss_on(train):.3f} a letter; log(27) = {math.log(27):.3f}")
start = time.perf_counter()
for _ in range(steps // at_once):
    drawn = rng.sample(train, at_once)
    for n, program in programs.items():  # all of one length, then all of the next
        rows = [one_hots(name) for name in drawn if len(name) == n]
        if rows:
            list(program.train(rows, optimizer, epochs=1, batch_size=1))
    print(f"   {optimizer.steps:4} names read: {loss_on(train):.3f}")
print(f"   in {time.perf_counter() - start:.1f} s")
unread = loss_on(new)
like = f"{unread:.3f}, like a choice of {math.exp(unread):.1f} letters (perplexity)"
print(f"   on the {len(new)} names kept back: {like}")
print(f"   below 2.290, where three letters of memory end in lesson 40: {unread < 2.290}")
# prints: below 2.290, where three letters of memory end in lesson 40: True


def invented(rng):
    """A name drawn letter by letter (sampling); the past grows by a key and a value with each."""
    past, name = [], "."
    while len(name) < 16:
        scores = model(LETTERS.index(name[-1]), past)  # a score (logit) for each letter
        name += rng.choices(LETTERS, [p.data for p in softmax(scores)])[0]
        if name[-1] == ".":
            break
    return name.strip(".")


rng = random.Random(5)
made = [invented(rng) for _ in range(60)]
print(f"   made up: {' '.join(made[:12])}")
others = sum(name not in names for name in made)
print(f"   of {len(made)}, {others} are in no list; more than half: {others > len(made) / 2}")
# prints: more than half: True

# Change it:
#  - In transformer.py, leave out "plus(x, ...)" around attention: what is lost?
#  - heads=1, heads=16; or relu() ** 2 in the hidden layer, as some do.
#  - draw(model.loss(indices("abel")), model): five tokens, and wq learns.
