"""Demo 46.  Everything is a list of numbers

Run:    python demos/46_everything_is_a_list_of_numbers.py
Takes:  about three seconds
Before: lessons 28, 35, 39
After:  you can make numbers of whatever a net is to read
New:    wave, predict

The question.  A net reads a list of numbers and knows nothing else.  How then can one
and the same program learn from a picture, from a sentence and from a sound?

What you will see.  One of each as the numbers that a net reads.  Then one function,
learn(), for all three, from five random starts each: what it gets right of examples it
has learned from and of examples it has not seen, beside what a rule without any
learning gets right.
"""

import random
from statistics import mean

from micronn.data import split, wave
from micronn.datasets import bag_of_words, shapes, vocabulary
from micronn.losses import hinge, mse
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import fit, predict

# What a listener writes down, without the marks at the end: which of them are questions?
QUESTIONS = """
where is the station
where is my brother
where did you leave the keys
where does your sister live
where do they sell soup
where is the next bus
what is your name
what did she say
what do you like
what does this letter say
what is in the house
what did they find
who wrote this letter
who is at the door
who closed the shop
who found my keys
who likes the soup
who said it was too late
did you close the window
did they find the house
did she like the sea
did the bus stop here
did my sister say that
did the train leave at ten
""".strip().split("\n")
STATEMENTS = """
the station is near the bridge
my name is on the door
the train leaves at nine
she wrote this letter
you open the window with a key
the shop is closed today
we left the keys at home
she said it was too late
the next bus comes at ten
my brother is at the door
the sea is not far from here
the train stopped at the bridge
we like the soup
we closed the window
the soup is too hot
the bus stops at the house
my brother is at home today
they know the way to the sea
my sister is near the station
the letter is in the house
the house is very old
they found my keys at the station
she likes the old house
we closed the shop at nine
""".strip().split("\n")

pictures, kinds = shapes(160, wanted="triangle", rng=random.Random(1))
print(f"A PICTURE is {len(pictures[0])} greys, row by row.  Every second row, and its middle row:")
for row in range(0, 12, 2):
    greys = pictures[0][12 * row : 12 * row + 12]
    print("   " + "".join(" .:-=+*#%@"[round(9 * grey)] * 2 for grey in greys).rstrip())
print("  ", *[f"{grey:.1f}" for grey in pictures[0][72:84]])

sentences = [*QUESTIONS, *STATEMENTS]
known = vocabulary(sentences)
bags = [bag_of_words(sentence, known) for sentence in sentences]
print(f"A SENTENCE is {len(known)} counts, one for each known word: '{sentences[0]}' is")
print("  ", "".join(f"{count:.0f}" for count in bags[0]))

heard, following = wave(160, window=8, rng=random.Random(4))
print("A SOUND is its samples, thousands a second.  Eight of them, and the next one:")
print("  ", *[f"{sample:.2f}" for sample in heard[0]], f"-> {following[0]:.2f}\n")


def learn(examples, loss, seed):
    """A net with one hidden layer of 8; it reads whatever numbers the examples have."""
    rng = random.Random(seed)
    net = MLP(len(examples[0][0]), [8, 1], "relu", "he", rng)
    fit(net, loss, examples, Adam(net.parameters(), lr=0.01), epochs=40, batch_size=10, rng=rng)
    return net


def share_right(answers, targets):
    """Of scores (logits) whose sign is the answer, and targets of 1 and -1."""
    return mean([float(y * t > 0.0) for y, t in zip(answers, targets, strict=True)])


def typical_miss(answers, targets):
    return mean([abs(y - t) for y, t in zip(answers, targets, strict=True)])


def by_a_coin(unseen):
    """Throw a coin, and be right half the time."""
    return 0.5


def by_the_last_sample(unseen):
    """Say what was heard last, once more."""
    return typical_miss([x[-1] for x in unseen[0]], unseen[1])


def dealt(examples, seed):
    """Seven tenths to learn from, dealt at random, and the rest."""
    train, _, unseen = split(examples, 0.0, 0.3, random.Random(seed))
    return train, unseen


def cut(examples, seed):
    """The sound up to a moment, and what comes later: its windows overlap, so dealt at
    random nearly every number would be in both parts."""
    inputs, targets = examples
    return (inputs[:110], targets[:110]), (inputs[118:], targets[118:])


kind_of = [1.0] * len(QUESTIONS) + [-1.0] * len(STATEMENTS)
TASKS = {
    "is the picture a triangle?": ((pictures, kinds), dealt, hinge, share_right, by_a_coin),
    "is the sentence a question?": ((bags, kind_of), dealt, hinge, share_right, by_a_coin),
    "which sample comes next?": ((heard, following), cut, mse, typical_miss, by_the_last_sample),
}

better = []
for task, (examples, parts, loss, score, rule) in TASKS.items():
    print(f"{task.upper()}  {'share right' if score is share_right else 'off by, on average'}")
    print("   seed   learned from   not seen   not seen, by the rule")
    rows = []
    for seed in range(1, 6):
        train, unseen = parts(examples, seed)
        net = learn(train, loss, seed)
        # predict() is what the net says of each input, as plain numbers.
        rows.append([score(predict(net, part[0]), part[1]) for part in (train, unseen)])
        rows[-1].append(rule(unseen))
        print(f"   {seed:4d}{rows[-1][0]:15.3f}{rows[-1][1]:11.3f}{rows[-1][2]:24.3f}")
    print(f"   the rule: {rule.__doc__}\n")
    better += [
        (seen > ruled) if score is share_right else (seen < ruled) for _, seen, ruled in rows
    ]
print(f"on what it has not seen, the net is better in all {len(better)} rows: {all(better)}")
# prints: on what it has not seen, the net is better in all 15 rows: True
print("""Nothing in learn() knows what a pixel, a word or a sample is.  Whoever turns a thing
into numbers decides what a net can find: a bag of words has lost the order, so no net
can tell "the dog bit the man" from "the man bit the dog".  A film is pictures, one
after another, beside a sound.""")

# Change it:
#  - Shuffle the 144 greys of every picture in the same way.  Does the net mind?  Would you?
#  - "you are at home" or "are you at home": what does bag_of_words() make of them?
#  - wave(160, window=1, ...): what can be known of the next sample from the last one alone?
