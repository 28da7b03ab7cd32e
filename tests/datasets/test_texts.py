"""Texts become numbers by counting and by place, and lose nothing they should keep."""

import pytest

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


def test_the_two_sentences_of_the_article_are_among_the_reviews():
    reviews = dict(zip(*sentiment(), strict=True))
    assert reviews["I loved the movie"] == 1.0
    assert reviews["What a waste of time"] == 0.0


def test_reviews_are_half_praise_and_no_sentence_comes_twice():
    sentences, targets = sentiment()
    assert len(set(sentences)) == len(sentences) == len(targets)
    assert targets.count(1.0) == targets.count(0.0)


def test_reviews_can_be_told_apart_by_their_words():
    # The perceptron stops without a mistake only if some weights part the bags.
    sentences, targets = sentiment()
    known = vocabulary(sentences)
    weights, mistakes = [0.0] * (len(known) + 1), 1
    for _ in range(1000):
        mistakes = 0
        for sentence, target in zip(sentences, targets, strict=True):
            bag = [*bag_of_words(sentence, known), 1.0]
            if (sum(w * x for w, x in zip(weights, bag, strict=True)) > 0) != (target > 0.5):
                mistakes += 1
                step = 2.0 * target - 1.0
                weights = [w + step * x for w, x in zip(weights, bag, strict=True)]
        if not mistakes:
            break
    assert mistakes == 0


def test_every_pair_of_the_corpus_is_two_whole_sentences():
    for first, second in sentence_pairs():
        assert first[-1] == second[-1] == "."
        assert first.count(".") == second.count(".") == 1


def test_a_second_sentence_shares_a_word_with_its_first_one():
    # Otherwise nothing would tell a true second sentence from any other.
    common = {"the", "a", ".", "in", "on", "was", "and", "about", "to", "of"}
    assert all(set(a) & set(b) - common for a, b in sentence_pairs())


def test_names_are_distinct_and_spelt_with_the_letters():
    assert len(set(NAMES)) == len(NAMES) > 100
    assert set("".join(NAMES)) <= set(LETTERS[1:])


def test_a_vocabulary_is_every_word_once_in_order():
    assert vocabulary(["b a", "A c"]) == ["a", "b", "c"]
    assert words("  What a\twaste \n") == ["what", "a", "waste"]


def test_a_bag_counts_and_passes_over_unknown_words():
    assert bag_of_words("the cat the hat", ["cat", "the"]) == [1.0, 2.0]


def test_next_letters_asks_for_each_letter_and_for_the_end():
    inputs, targets = next_letters(["bab"], window=2, letters=".ab")
    seen = [[row[:3].index(1.0), row[3:].index(1.0)] for row in inputs]
    assert seen == [[0, 0], [0, 2], [2, 1], [1, 2]]
    assert targets == [2, 1, 2, 0]


def test_wrong_letters_indices_and_windows_are_refused():
    with pytest.raises(ValueError, match="'é' in 'zoé'"):
        next_letters(["zoé"])
    with pytest.raises(ValueError, match="window must be at least 1"):
        next_letters(window=0)
    with pytest.raises(IndexError, match="index 3 is outside 0 to 2"):
        one_hot(3, 3)
