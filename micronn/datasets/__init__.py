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

__all__ = ["digits", "picture", "shapes", "Table", "read_csv"]
__all__ += ["Idx", "MirrorError", "fetch", "load_mnist", "read_idx"]
__all__ += ["LETTERS", "NAMES", "next_letters", "one_hot", "sentence_pairs"]
__all__ += ["bag_of_words", "sentiment", "vocabulary", "words"]
