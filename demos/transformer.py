"""A GPT of 4,192 numbers: letters look back at letters, and guess which one follows.

The model of lesson 45, small enough to be a graph of scalar Values: embeddings, one
block of attention in four heads and a hidden layer, scores.  GPT-3 has 96 such blocks,
each 768 times as wide, and hardly another kind of part.

Sources: Vaswani and others, "Attention is all you need", 2017; Radford and others,
GPT-2, 2019; Zhang and Sennrich, "Root mean square layer normalization", 2019.  These
sizes, and that a GPT fits on a page of scalars: Karpathy, microgpt, 2026.
"""

from micronn.compiler import compile_graph
from micronn.datasets import LETTERS, one_hot
from micronn.engine import Value, dot, mean
from micronn.losses import cross_entropy, softmax
from micronn.nn import Module


def matrix(rows, columns, rng):
    """A list of rows of random weights."""
    return [[Value(rng.gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]


def times(rows, x):
    """Matrix times vector: a layer of neurons with neither bias nor activation function."""
    return [dot(row, x) for row in rows]


def plus(x, y):
    """Two lists of the same length, added."""
    return [a + b for a, b in zip(x, y, strict=True)]


def rmsnorm(x):
    """x, scaled until the mean of its squares is 1, so that no number runs away."""
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def look_up(table, token):
    """The row of a token.  A one-hot picks it by a sum over all rows, most of them times 0."""
    if isinstance(token, int):
        return table[token]
    return [dot(token, column) for column in zip(*table, strict=True)]


class Transformer(Module):
    """One block between embeddings and scores.  All its parameters stand in matrices.

    width: how many numbers stand for a token.  heads: in how many parts they look back.
    longest: the most tokens that it reads; each place has a row of its own.

    wte, wpe: a row for each token, and for each place.
    wq, wk, wv: make the query of a token, its key and its value: what it asks the others,
        what it answers to, and what it then says.  wo: what is made of what was heard.
    fc1, fc2: into the hidden layer and out of it.  lm_head: the scores.
    """

    def __init__(self, rng, width=16, heads=4, longest=16):
        self.heads, tokens = heads, len(LETTERS)
        self.wte, self.wpe = matrix(tokens, width, rng), matrix(longest, width, rng)
        self.wq, self.wk, self.wv, self.wo = [matrix(width, width, rng) for _ in range(4)]
        self.fc1, self.fc2 = matrix(4 * width, width, rng), matrix(width, 4 * width, rng)
        self.lm_head = matrix(tokens, width, rng)

    def __call__(self, token, past):
        """A score for every token, of how likely it follows this one.

        token: an index, or the same as one-hot, for a program that is to read any token.
        past: a list of what each token before this one left, its key and its value; this
            one leaves its own.
        """
        x = rmsnorm(plus(look_up(self.wte, token), self.wpe[len(past)]))
        y = rmsnorm(x)
        past.append((times(self.wk, y), times(self.wv, y)))
        x = plus(x, times(self.wo, self.attend(times(self.wq, y), past)))
        hidden = [z.relu() for z in times(self.fc1, rmsnorm(x))]
        x = plus(x, times(self.fc2, hidden))
        return times(self.lm_head, x)

    def attend(self, query, past):
        """For each head the mean of the values, weighted by how well the keys fit the query."""
        heard, n = [], len(query) // self.heads
        for first in range(0, len(query), n):
            part = slice(first, first + n)
            fits = [dot(query[part], key[part]) / n**0.5 for key, _ in past]
            shares = softmax(fits)
            columns = zip(*[value[part] for _, value in past], strict=True)
            heard += [dot(shares, column) for column in columns]
        return heard

    def loss(self, tokens):
        """The mean loss over a text: how likely was, at each token, the one that followed?"""
        past, pairs = [], zip(tokens, tokens[1:], strict=False)
        return mean([cross_entropy(self(token, past), following) for token, following in pairs])


def indices(name):
    """A name as tokens, between two full stops."""
    return [LETTERS.index(letter) for letter in f".{name}."]


def one_hots(name):
    """The same as numbers for a program: 27 for each token."""
    return [x for index in indices(name) for x in one_hot(index, len(LETTERS))]


def program_of(model, length, **options):
    """The loss of any name of this length, as a program that reads one_hots(name)."""
    tokens = [[Value(x) for x in one_hot(index, len(LETTERS))] for index in indices("a" * length)]
    inputs = [x for token in tokens for x in token]
    return compile_graph(model.loss(tokens), inputs, model.parameters(), **options)
