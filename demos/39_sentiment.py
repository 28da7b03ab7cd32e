"""Demo 39.  Sentiment

Run:    python demos/39_sentiment.py
Takes:  under a second
Before: lessons 18, 24
After:  you can let a neuron judge sentences, and say what it has not understood
New:    sentiment, vocabulary, bag_of_words

The question.  "I loved the movie" is praise, "What a waste of time" is not.  Nobody
can write the rule down.  Can a neuron find it from 26 examples, and what has it then
understood?

What you will see.  Sentences turned into counts of words (bag of words), and one
neuron, a weight for each word.  After training the weights are a dictionary of
feelings that nobody wrote.  Then sentences it has never met: some show what it has
learned, and some what it has not.
"""

import math
import random

from rich.console import Console

from micronn.datasets import bag_of_words, sentiment, vocabulary
from micronn.losses import binary_cross_entropy
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.terminal import bars

show = Console(width=78).print
# sentiment() is a list of sentences and a 1 for praise; vocabulary() their words, sorted;
# bag_of_words() counts each of these in a sentence.
sentences, targets = sentiment()
known = vocabulary(sentences)
inputs = [bag_of_words(sentence, known) for sentence in sentences]
counted = [word for word, count in zip(known, inputs[1], strict=True) if count]
print(f"{len(sentences)} sentences, {len(known)} different words: {len(known)} numbers each")
print(f"   {sentences[1]!r} has a 1 at {', '.join(counted)}, else 0\n")

model = MLP(len(known), [1], rng=random.Random(7))
optimizer = SGD(model.parameters(), lr=1.0)
for step in range(201):
    scores = [model(x) for x in inputs]  # a score (logit) above 0 is praise
    loss = binary_cross_entropy(scores, targets)
    right = sum((s.data > 0.0) == (t == 1.0) for s, t in zip(scores, targets, strict=True))
    if step in (0, 5, 20, 200):
        print(f"step {step:3d}   loss {loss.data:.3f}   right {right:2d} of {len(targets)}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
# prints: step 200
# prints: right 26 of 26


def judge(sentence):
    """How likely praise is (probability): its words' weights and the bias, through a sigmoid."""
    z = model(bag_of_words(sentence, known)).data
    return 1.0 / (1.0 + math.exp(-z))


weights = {word: w.data for word, w in zip(known, model.layers[0].neurons[0].w, strict=True)}
ranked = sorted(known, key=lambda word: -weights[word])
print("\nTHE DICTIONARY IT MADE: the six best words and the six worst")
show(bars({word: weights[word] for word in ranked[:6] + ranked[-6:]}, width=40))
print(f"'loved' is good and 'waste' is bad: {weights['loved'] > 0.5 > -0.5 > weights['waste']}")
# prints: 'loved' is good and 'waste' is bad: True
print(f"'the' is in both kinds, and weighs {weights['the']:+.2f}; 'of' came only with 'waste', and")
print(f"weighs {weights['of']:+.2f}.  To the neuron 'of' is as bad a word as 'waste'.")

print("\nPROBABILITY OF PRAISE, for sentences it has never met")
for sentence in (
    "I loved the film",
    "A terrible waste of a story",
    "A charming film and never boring",
    "A boring film and never charming",
    "Not great",
    "Zut alors quel navet",
):
    unknown = [word for word in sentence.lower().split() if word not in known]
    note = f"   (never seen: {', '.join(unknown)})" if unknown else ""
    print(f"   {judge(sentence):4.0%}  {sentence}{note}")
one, other = judge("A charming film and never boring"), judge("A boring film and never charming")
print(f"The middle two get the same probability, digit by digit: {one == other}")
# prints: The middle two get the same probability, digit by digit: True
print("""It counts words, so order is lost, and with it "never".  "Not" was in none of
the examples, so it counts for nothing.  Of a sentence without a known word only
the bias is left.  It has learned which words stood beside praise in 26 sentences
(correlation).  That was enough to be right, and is not understanding.""")

# Change it:
#  - Add a sentence with "not" to sentences and targets.  How many does it need?
#  - Count pairs of neighbours ("never boring") as words of their own.
#  - Give "of" a sentence of praise to stand in.  What becomes of its weight?
