"""Demo 41.  The blank and the next sentence

Run:    python demos/41_the_blank_and_the_next_sentence.py
Takes:  about three seconds, longer without a C compiler and WebAssembly
Before: lessons 39, 40
After:  you can make questions out of plain text, and learn from them
New:    sentence_pairs

The question.  A text needs no teacher to become a task: cover a word and ask for it,
or cover what follows.  What does a net learn from such questions that is still true of
a sentence it has never read?

What you will see.  Forty sentences, eight of them kept back, five times anew.  Two
nets fill the blanks: one reads two words before it, the other also two words after it.
Both are far better on what they have read than on what was kept back, and only the
second figure counts.  Then another task: which of all second sentences goes with this
first one?  Five pairs of twenty are kept back.

Source: Devlin and others, "BERT: pre-training of deep bidirectional transformers for
language understanding", 2019, which learned by these two tasks.
"""

import random

from micronn.datasets import bag_of_words, one_hot, sentence_pairs
from micronn.losses import binary_cross_entropy, cross_entropy, softmax
from micronn.nn import MLP
from micronn.optim import SGD, Adam
from micronn.training import accuracy, evaluate, fit

SEEDS = (1, 2, 3, 4, 5)
pairs = sentence_pairs()  # sentence_pairs: twenty times a sentence and the one that follows
sentences = [sentence for pair in pairs for sentence in pair]
known = sorted({word for line in sentences for word in line} | {"|"})  # | is beyond the edge
size = len(known)
print(f"{len(sentences)} sentences, {sum(map(len, sentences))} words, {size - 1} different\n")


def parts_of(items, kept_back, seed):
    """(to learn from, kept back), dealt at random."""
    dealt = items[:]
    random.Random(seed).shuffle(dealt)
    return dealt[kept_back:], dealt[:kept_back]


# 1. The covered word (masked language model).
def context(line, k, offsets):
    """The words at these distances from word k, one-hot, one after another."""
    seen = [line[k + o] if 0 <= k + o < len(line) else "|" for o in offsets]
    return [number for word in seen for number in one_hot(known.index(word), size)]


def blanks(lines, offsets):
    """Every word of the lines covered once: what stands around it, and which it is."""
    inputs = [context(line, k, offsets) for line in lines for k in range(len(line))]
    return inputs, [known.index(word) for line in lines for word in line]


readers = {"before": (-2, -1), "both sides": (-2, -1, 1, 2)}
print("THE BLANK.  Every word covered once: share guessed right")
print("        it reads before          it reads both sides       always")
print("seed    learned   kept back      learned   kept back        'the'")
models, scores = {}, {}
for seed in SEEDS:
    old, new = parts_of(sentences, 8, seed)
    for name, offsets in readers.items():
        rng = random.Random(seed)
        model = MLP(size * len(offsets), [12, size], "tanh", rng=rng)
        optimizer = Adam(model.parameters(), lr=0.02)
        fit(model, cross_entropy, blanks(old, offsets), optimizer, 5, 8, rng)
        models[seed, name] = model
        for part in (old, new):
            score = evaluate(model, cross_entropy, blanks(part, offsets), accuracy)
            scores.setdefault(name, []).append(score.metric)
    cells = "".join(f"{a:11.0%}{b:12.0%}   " for a, b in (row[-2:] for row in scores.values()))
    words = [word for line in new for word in line]
    print(f"{seed:4d}{cells}{words.count('the') / len(words):10.0%}")
held = {name: row[1::2] for name, row in scores.items()}
ahead = all(b > a for a, b in zip(held["before"], held["both sides"], strict=True))
print(f"on sentences kept back, to read both sides is better in every row: {ahead}")
# prints: on sentences kept back, to read both sides is better in every row: True
print("What stands after the blank helps to decide, and a net that writes from left to")
print("right does not have it yet.  So one kind of net fills blanks, another writes on.\n")

print("A sentence kept back, word by word covered, and what the nets of seed 1 say")
line = parts_of(sentences, 8, 1)[1][0]
print(f"   {'covered':12s}{'before':24s}{'both sides'}")
for k, word in enumerate(line[:-1]):
    row = ""
    for name, offsets in readers.items():
        shares = [p.data for p in softmax(models[1, name](context(line, k, offsets)))]
        best = max(range(size), key=lambda index: shares[index])
        text = f"{known[best]} {shares[best]:.0%}"
        row += f"{text + ('  right' if known[best] == word else ''):24s}"
    print(f"   {word:12s}{row.rstrip()}")
print()


# 2. Which second sentence goes with the first one?  A number for each word: is it in both?
def shared(first, second):
    bags = [bag_of_words(" ".join(sentence), known) for sentence in (first, second)]
    return [min(a, b) for a, b in zip(*bags, strict=True)]


table = [[shared(first, second) for _, second in pairs] for first, _ in pairs]


def found(judge, rows):
    """For how many firsts its own second has the highest score; of m equal ones, 1/m."""
    own = 0.0
    for k in rows:
        scores = [judge(x).data for x in table[k]]
        if scores[k] == max(scores):
            own += 1.0 / scores.count(max(scores))
    return own


print("THE NEXT SENTENCE, among all 20.  Every weight starts at 1: count the shared words")
print("        15 pairs learned from    5 pairs kept back")
print("seed    before   after           before   after      weights: " + "   the   cat")
before, after, articles = 0.0, 0.0, []
for seed in SEEDS:
    old, new = parts_of(list(range(20)), 5, seed)
    rng = random.Random(seed)
    others = [(k, j) for k in old for j in rng.sample([j for j in old if j != k], 3)]
    asked = [*[(k, k) for k in old], *others]
    examples = [table[k][j] for k, j in asked], [float(k == j) for k, j in asked]
    judge = MLP(size, [1], rng=rng)
    for w in judge.layers[0].neurons[0].w:
        w.data = 1.0
    start = found(judge, old), found(judge, new)
    fit(judge, binary_cross_entropy, examples, SGD(judge.parameters(), lr=2.0), 60, 60)
    end = found(judge, old), found(judge, new)
    the, cat = (judge.layers[0].neurons[0].w[known.index(word)].data for word in ("the", "cat"))
    cells = f"{start[0]:9.1f} {end[0]:7.1f} {start[1]:16.1f} {end[1]:7.1f}"
    print(f"{seed:4d} {cells}               {the:+6.1f}{cat:+6.1f}")
    before, after = before + start[1], after + end[1]
    articles.append(the < 0.5 * cat)
kept = 5 * len(SEEDS)
print(
    f"of the {kept} kept back: {before:.1f} found by counting, {after:.1f} after learning", end="; "
)
print(f"by guessing it would be {kept / 20:.0f}")
print(f"learning helps on pairs kept back: {after > before}")
# prints: learning helps on pairs kept back: True
print(f"a shared 'the' counts less than half of a shared 'cat' in every row: {all(articles)}")
# prints: a shared 'the' counts less than half of a shared 'cat' in every row: True
print("""Nobody told it that 'the' is everywhere and says nothing about a story.  It has found
out, because the question needed it, and that holds for sentences it has not read.""")

# Change it:
#  - readers["after"] = (1, 2): which is worth more, what came before or what comes?
#  - 25 epochs instead of 5: which column grows, and which does not?
#  - Leave out w.data = 1.0, so that the weights start at random.  What is lost, and why?
