"""Demo 42.  Sure but wrong

Run:    python demos/42_sure_but_wrong.py
Takes:  about two seconds
Before: lesson 36
After:  you can say why a net is sure where it has seen nothing
New:    blobs

The question.  A net that tells three kinds of points apart also says how sure it is
(confidence).  Ask it about something far from everything it has seen
(out-of-distribution).  Does it say "I don't know"?

What you will see.  Its certainty on a map: low only along the borders between the
kinds (decision boundary), and higher the farther you go into the unknown.  Why that
must be so, in one line of arithmetic.  Then a repair, a fourth answer, and why it is
no cure.
"""

import math
import random

from micronn.data import blobs
from micronn.engine import mean
from micronn.losses import cross_entropy, softmax
from micronn.nn import MLP
from micronn.optim import Adam

rng = random.Random(7)
# blobs(): round clouds of points, a class each.
inputs, targets = blobs(45, classes=3, noise=0.4, rng=rng)


def train(inputs, targets, classes, steps=50):
    model = MLP(2, [12, classes], "relu", "he", random.Random(3))
    optimizer = Adam(model.parameters(), lr=0.05)
    for _ in range(steps):
        loss = mean([cross_entropy(model(x), t) for x, t in zip(inputs, targets, strict=True)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def answer(model, x):
    """The likeliest class and how likely it is (probability)."""
    chances = [p.data for p in softmax(model(x))]
    best = max(range(len(chances)), key=chances.__getitem__)
    return best, chances[best]


def board(model, reach, points=()):
    """Rows of text: the class where its probability is above 99 %, else a dot."""
    marks = {(round(6 * x), round(3 * y)): "o" for x, y in points}
    for row in range(9, -10, -1):
        line = []
        for column in range(-18, 19):
            best, sure = answer(model, [reach * column / 18, reach * row / 9])
            line.append(marks.get((column, row), "ABC?"[best] if sure > 0.99 else "."))
        yield "".join(line)


model = train(inputs, targets, 3)
right = sum(answer(model, x)[0] == t for x, t in zip(inputs, targets, strict=True))
print(f"three kinds of points, o, all within 4 of the middle; {right} of {len(targets)} right")
print("A, B, C: more than 99 % sure.  A dot: less.\n")
print(f"   {'from -3 to 3':37s}   from -100 to 100")
for near, far in zip(board(model, 3.0, inputs), board(model, 100.0), strict=True):
    print(f"   {near}   {far}")

print("\nOne direction, farther and farther: the lead of the best score over the next")
leads = {}
for distance in (1, 10, 100, 1000):
    x = [0.9 * distance, 0.3 * distance]
    *_, second, first = sorted(z.data for z in model(x))
    best, sure = answer(model, x)
    leads[distance] = first - second
    print(f"   {distance:5d} away: {'ABC'[best]}, lead {leads[distance]:7.1f}", end="   ")
    print(f"probability of a mistake, it says: {math.exp(second - first):.1e}")
ratio = leads[1000] / leads[100]
print(f"Ten times as far, {ratio:.1f} times the lead.  Far out no relu changes sides any more,")
print("so every score (logit) is a straight line, and a mistake has probability e**-lead.")
print(f"sure beyond any doubt, where it has seen nothing: {leads[1000] > 100.0}")
# prints: sure beyond any doubt, where it has seen nothing: True


# A fourth answer: "none of these", with examples of its own.
def ring(n):
    """Points 4 to 8 from the middle, where nothing was."""
    for _ in range(n):
        angle, radius = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(4.0, 8.0)
        yield [radius * math.cos(angle), radius * math.sin(angle)]


model = train([*inputs, *ring(45)], [*targets, *[3] * 45], 4, steps=80)
right = sum(answer(model, x)[0] == t for x, t in zip(inputs, targets, strict=True))
asked = list(ring(200))
refused = sum(answer(model, x)[0] == 3 for x in asked)
print("\nTAUGHT A FOURTH ANSWER, ?, by 45 points 4 to 8 from the middle: from -8 to 8")
print("\n".join(f"   {row}" for row in board(model, 8.0)))
print(f"{right} of {len(inputs)} right; of 200 new points 4 to 8 away it says ? to {refused}")
print(f"it has learned when to say no: {refused > 170}")
# prints: it has learned when to say no: True
print("""In the plane 45 points surround all there is.  A picture has 784 directions,
and a question in words more: there is no surrounding them.  Whatever is neither
like the examples nor like the counter-examples gets a sure answer, as above.
A probability that a net gives is one among its answers.  It is not knowledge.""")

# Change it:
#  - "tanh" instead of "relu": the scores stop growing far out.  Is it less sure there?
#  - Ask at [50, 20] after removing the third of the ring that lies on that side.
#  - Average the probabilities of five nets with other starts (ensemble).  Where do they disagree?
