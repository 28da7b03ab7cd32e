"""Data to learn from: drawn digits and shapes, texts, your own tables, and MNIST."""

from micronn.datasets.csv_table import Table, read_csv
from micronn.datasets.digits import digits, picture, shapes
from micronn.datasets.mnist import Idx, MirrorError, fetch, load_mnist, read_idx
from micronn.datasets.texts import (
    LETTERS,
    NAMES,
    bag_of_words,
    next_letters,
    one_hot,
    sentence_pairs,
    sentiment,
    vocabulary,
    words,
)

__all__ = [
    "LETTERS",
    "NAMES",
    "Idx",
    "MirrorError",
    "Table",
    "bag_of_words",
    "digits",
    "fetch",
    "load_mnist",
    "next_letters",
    "one_hot",
    "picture",
    "read_csv",
    "read_idx",
    "sentence_pairs",
    "sentiment",
    "shapes",
    "vocabulary",
    "words",
]
