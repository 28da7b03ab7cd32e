"""Demo 36.  The digit reader

Run:    python demos/36_the_digit_reader.py [how many digits to learn from]
Takes:  about five seconds; without a C compiler longer, for only 400 digits
Before: lessons 18, 21, 28, 32, 35
After:  you can train the net of the articles, and say what it looks for
New:    digits, cross_entropy, softmax, accuracy, AdamW, cosine_schedule, compilers

The question.  784 pixels go in, ten scores come out (logits), the largest is the
answer.  Between them are 13,002 random numbers.  Show it a "2": what does each part of
the net want, and what becomes of it after 6000 digits?

What you will see.  The net before it has learned anything, and one "2": how each of
its three levers should move (the bias, the weights, what comes in), by how much, and
what a neuron hears from all ten outputs.  Then the training, and what came of it: how
well it reads digits it has not seen, what its first neurons look for (features), and
which digits it still takes for others (confusion matrix).

The digits are drawn by the program, each anew.  For those of MNIST, see "Change it".
"""

import random
import sys

from rich.console import Console
from rich.table import Table

from micronn.compiler.build import NoMachine, compilers
from micronn.datasets import digits
from micronn.losses import cross_entropy, softmax
from micronn.nn import MLP
from micronn.optim import AdamW, cosine_schedule
from micronn.pictures import draw_network
from micronn.terminal import bars, grey_image, signed_image, square
from micronn.training import accuracy, confusion_matrix, steps

EPOCHS, BATCH = 10, 32
show = Console(width=78).print
rng = random.Random(7)


def side_by_side(*pictures):
    table = Table.grid(padding=(0, 2))
    table.add_row(*pictures)
    show(table)


def progress(done, whole):
    """A bar on the error stream, if a person is watching."""
    if sys.stderr.isatty():
        end = "\n" if done == whole else ""
        print(f"\r   [{'#' * done:{whole}s}]", end=end, file=sys.stderr, flush=True)


def usual_count():
    """How many digits this computer can learn from in a few seconds."""
    try:
        compilers()  # the C compilers that are here
    except NoMachine as problem:
        print(f"Few digits, and slow: {problem}")
        return 400
    return 6000


count = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else usual_count()
train, new = digits(count, rng=rng), digits(max(300, count // 6), rng=rng)
model = MLP(784, [16, 16, 10], "relu", "xavier", random.Random(1))
counts = [len(layer.parameters()) for layer in model.layers]
print(f"{model}:")
print(f"   {' + '.join(f'{n:,}' for n in counts)} = {sum(counts):,} parameters")
# prints: 12,560 + 272 + 170 = 13,002 parameters
print("two digits to learn from: 28 x 28 greys are 784 inputs")
side_by_side(*[grey_image(square(train[0][train[1].index(digit)])) for digit in (2, 5)])

# One "2", before any training.  softmax() makes probabilities of scores, and
# cross_entropy() is minus the logarithm of the one that the right digit got.
place = train[1].index(2)
x, target = train[0][place], train[1][place]
hidden = model.layers[1](model.layers[0](x))
scores = model.layers[2](hidden)
probabilities = [p.data for p in softmax(scores)]  # from 0 to 1, together 1
loss = cross_entropy(scores, target)
loss.backward()
wish = [-score.grad for score in scores]  # by how much each output should rise
print(f"\nONE {target}, BEFORE TRAINING: how likely it takes each digit to be (probability), and")
print("what the loss wishes for each score (negative gradient)")
for k, (probability, wanted) in enumerate(zip(probabilities, wish, strict=True)):
    print(f"   {k}   {probability:4.0%} {'#' * round(20 * probability):20s} wish {wanted:+.2f}")
least = min((w, k) for k, w in enumerate(wish))[1]
print(f"The wish is 1 - p for the {target} and -p for the others; the {least} is to fall most.")
alone = all(w < 0.0 for k, w in enumerate(wish) if k != 2)
print(f"only the 2 is to be more active: {alone and wish[2] > 0.0}")
# prints: only the 2 is to be more active: True

neuron = model.layers[2].neurons[2]
order = sorted(range(16), key=lambda j: -hidden[j].data)
print(f"\nTHE THREE LEVERS of output 2 (its wish: {wish[2]:+.3f})")
print(f"   1. its bias: {-neuron.b.grad:+.3f}, the wish itself")
print("   2. a weight, times how active its neuron is   3. what comes in, times weight")
for j in order[:4] + order[-1:]:
    a, w = hidden[j].data, neuron.w[j]
    left = f"neuron {j:2d}: {wish[2]:.3f} * {a:5.3f} = {-w.grad:+.3f}"
    print(f"      {left}          {wish[2]:.3f} * {w.data:+.3f} = {wish[2] * w.data:+.3f}")
exact = all(abs(-w.grad - wish[2] * h.data) < 1e-12 for w, h in zip(neuron.w, hidden, strict=True))
print(f"   each weight's wish is the output's, in proportion to the activation: {exact}")
# prints: in proportion to the activation: True
print("   A weight from a neuron that is off can do nothing, from a bright one most.")

print("\nFIRE TOGETHER, WIRE TOGETHER?  Hebb's rule: more weight where both are active")
j = order[0]
print(f"   from neuron {j}:    Hebb, in * out      the gradient, in * wish")
for k in (2, least):
    hebb = hidden[j].data * probabilities[k]
    print(f"   to output {k}:  {hebb:+16.3f} {hidden[j].data * wish[k]:+24.3f}")
print("   Both are in proportion to what comes in.  But Hebb's rule knows no target: it")
print(f"   strengthens {least} as well, which is wrong.  The gradient weakens it.")

print(f"\nWHAT HIDDEN NEURON {j} HEARS: each output's wish, times the weight to it")
wishes = [w * model.layers[2].neurons[k].w[j].data for k, w in enumerate(wish)]
print("   " + " ".join(f"{part:+.3f}" for part in wishes))
print(f"   added up {sum(wishes):+.3f}; backward() says {-hidden[j].grad:+.3f}")
print(f"   the same: {abs(sum(wishes) + hidden[j].grad) < 1e-12}; a wish of its own, to pass back")
# prints: the same: True

# Training, on mini-batches, with a price on large weights (weight decay).  The new digits
# are only looked at.
print(f"\nTRAINING on {count} digits, {BATCH} a step; {len(new[1])} new ones are kept back")
model.zero_grad()
# AdamW is Adam with weight decay; cosine_schedule() lets its rate fall to 0; accuracy() is
# the share of right answers.
slower = cosine_schedule(0.005, EPOCHS * count // BATCH)
optimizer = AdamW(model.parameters(), lr=slower, weight_decay=0.3)
learning = steps(model, cross_entropy, train, optimizer, EPOCHS, BATCH, rng,
                 validation=new, metric=accuracy)  # fmt: skip
history = []
for step in learning:
    history.append(step)
    progress(step.epoch, EPOCHS)
for step in history[::3]:
    row = f"loss {step.loss:.4f}   new digits read right {step.metric:.1%}"
    print(f"   epoch {step.epoch:2d}   {row}")
goal = 0.97 if count >= 6000 else 0.5
print(f"   at least {goal:.0%} of them: {history[-1].metric >= goal}")
# prints: of them: True

outputs = [[score.data for score in model(new[0][k])] for k in range(300)]
wrong = [k for k in range(300) if outputs[k].index(max(outputs[k])) != new[1][k]]
print("\nTHE ANSWER IS THE MOST ACTIVE OUTPUT: a new 2, and the first digit read wrong")
two = new[1].index(2)
shown = [two, *wrong[:1]]
for k in shown:
    probabilities = [p.data for p in softmax(outputs[k])]
    side_by_side(
        grey_image(square(new[0][k])),
        bars(
            {f"{digit}": probability for digit, probability in enumerate(probabilities)}, width=24
        ),
    )
    print(f"   it is a {new[1][k]}; the net says {probabilities.index(max(probabilities))}")
counts = confusion_matrix(outputs, new[1][:300])
mixed = [(counts[a][b], a, b) for a in range(10) for b in range(10) if a != b and counts[a][b]]
taken = ", ".join(f"{a} for {b} ({n})" for n, a, b in sorted(mixed, reverse=True)[:4])
print(f"of 300 new digits, taken for another: {taken or 'none'}")

print("\nWHAT THE FIRST NEURONS LOOK FOR: two of the 16, their 784 weights as a picture")
print("(# + where ink counts for it, = - where against; in colour blue and orange)")
first = model.layers[0].neurons
busiest = sorted(range(16), key=lambda j: -sum(abs(w.data) for w in first[j].w))[:2]
side_by_side(*[signed_image(square([w.data for w in first[j].w])) for j in busiest])
print("Is that an edge, a line, a loop?  Seldom: whatever helps is kept, tidy or not.")
picture = draw_network(model, x=new[0][two], title="A new 2 in the digit reader")
path = picture.save("digit_reader.svg")
print(f"\nwrote {path}: the whole net at work on that 2")

# Change it:
#  - "sigmoid" instead of "relu": how many epochs until 90 of 100 are right?
#  - An afternoon's digits: python demos/36_the_digit_reader.py 30000.
#  - MNIST itself: from micronn.datasets import fetch, load_mnist; fetch("data/mnist");
#    train, new = load_mnist("data/mnist").  Real hands are harder; about 95 of 100.
#  - Give it a page of noise, [rng.random() for _ in range(784)].  How sure is it?
