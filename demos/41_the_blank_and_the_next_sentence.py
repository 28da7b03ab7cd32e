"""Demo 41.  The blank and the next sentence

Run:    python demos/41_the_blank_and_the_next_sentence.py
Takes:  about two seconds, longer without a C compiler
Before: lessons 39, 40
After:  you can make questions out of plain text, and learn from them
New:    words, sentence_pairs

The question.  A text needs no teacher to become a task: cover a word and ask for it,
or cover what follows.  What does a net learn from such questions, and is it the
same if it may read only what stands before?

What you will see.  Two nets, one text of forty sentences, the same words covered.
One reads two words before the blank, the other also two words after.  Then a third
task: do these two sentences belong together, or was the second taken from elsewhere?

Source: Devlin and others, "BERT: pre-training of deep bidirectional transformers for
language understanding", 2019, which learned by the second and the third.
"""

import random

from micronn.datasets import bag_of_words, one_hot, sentence_pairs, words
from micronn.losses import binary_cross_entropy, cross_entropy, softmax
from micronn.nn import MLP
from micronn.optim import SGD, Adam
from micronn.training import accuracy, evaluate, fit

pairs = sentence_pairs()
lines = [first + second for first, second in pairs]
known = sorted({word for line in lines for word in line} | {"|"})  # | is beyond the edge
size = len(known)
print(f"{len(pairs)} pairs of sentences, {sum(map(len, lines))} words, {size - 1} different")


def context(line, k, offsets):
    """The words at these distances from word k, one-hot, one after another."""
    seen = [line[k + o] if 0 <= k + o < len(line) else "|" for o in offsets]
    return [number for word in seen for number in one_hot(known.index(word), size)]


# 1. The covered word.
readers = {"before": (-2, -1), "both sides": (-2, -1, 1, 2)}
models, shares = {}, {}
covered = [known.index(word) for line in lines for word in line]
print("\nevery word covered once      surprise, in nats   guessed right")
for name, offsets in readers.items():
    model = MLP(size * len(offsets), [12, size], "tanh", rng=random.Random(1))
    inputs = [context(line, k, offsets) for line in lines for k in range(len(line))]
    optimizer, rng = Adam(model.parameters(), lr=0.02), random.Random(2)
    fit(model, cross_entropy, (inputs, covered), optimizer, 25, 8, rng)
    score = evaluate(model, cross_entropy, (inputs, covered), accuracy)
    print(f"   it reads {name:14s} {score.loss:16.2f} {score.metric:15.0%}")
    models[name], shares[name] = model, score.metric
print(f"reading on helps: {shares['both sides'] > shares['before']}")
# prints: reading on helps: True


def guesses(reader, text):
    """The three likeliest words for the blank _, with their chances."""
    line = words(text)
    model, offsets = models[reader], readers[reader]
    chances = [p.data for p in softmax(model(context(line, line.index("_"), offsets)))]
    best = sorted(range(size), key=lambda k: -chances[k])[:3]
    return {known[k]: chances[k] for k in best}


for text in ("the _ laid an egg .", "the farmer fed the _ .", "the _ was warm and blue ."):
    print(f"\n   {text}")
    for reader in readers:
        said = guesses(reader, text)
        row = "   ".join(f"{word} {chance:.0%}" for word, chance in said.items())
        print(f"      {reader:12s} {row}")
first = guesses("both sides", "the _ laid an egg .")
print(f"\nWho laid the egg?  Reading on, it says: {max(first, key=first.get)}")
# prints: Who laid the egg? Reading on, it says: hen
print("""What stands after the blank decides, and a net that writes from left to right
does not have it yet.  So one kind of net fills blanks, another goes on writing.
Neither was told what an egg is: hen is the word that keeps that company here.
""")

# 3. Do these two belong together?  A number for each word: is it in both sentences?
firsts, seconds = zip(*pairs, strict=True)


def shared(first, second):
    bags = [bag_of_words(" ".join(sentence), known) for sentence in (first, second)]
    return [min(a, b) for a, b in zip(*bags, strict=True)]


asked = [(k, (k + shift) % 20) for k in range(20) for shift in (0, 1, 6, 11)]
inputs = [shared(firsts[k], seconds[j]) for k, j in asked]
targets = [float(k == j) for k, j in asked]
judge = MLP(size, [1], rng=random.Random(1))
optimizer = SGD(judge.parameters(), lr=2.0)
for step in range(61):
    loss = binary_cross_entropy([judge(x) for x in inputs], targets)
    if step % 20 == 0:
        print(f"step {step:2d}   do they belong together?   loss {loss.data:.3f}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

scores = [[judge(shared(first, second)).data for second in seconds] for first in firsts]
found = sum(row.index(max(row)) == k for k, row in enumerate(scores))
print(f"of all 20 seconds (it has seen 4) it picks the right one for {found} of 20 firsts")
print(f"by chance it would be 1; it is more than 12: {found > 12}")
# prints: by chance it would be 1; it is more than 12: True
weights = dict(zip(known, [w.data for w in judge.layers[0].neurons[0].w], strict=True))
print("a word in both sentences counts:", end=" ")
print(", ".join(f"{word} {weights[word]:+.1f}" for word in ("the", "cat", "hill", "crown")))
print("That both have a 'the' means nothing, a shared 'hill' nearly all.  It has found")
print("out which words carry a story on, because the question needed it.")

# Change it:
#  - readers["after"] = (1, 2): which is worth more, what came before or what comes?
#  - (-4, -3, -2, -1): more memory.  Which of the three blanks can it fill now?
#  - Write a line of your own into the text: "the hen ran ...".  Who laid the egg now?
