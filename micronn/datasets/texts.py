"""Text data: words and letters become numbers by counting and by index in a list.

Sentences to judge, a small corpus to fill blanks in, and first names to imitate;
and the few functions that turn them into lists of floats.

    >>> sentences, targets = sentiment()
    >>> known = vocabulary(sentences)
    >>> bag_of_words("What a waste of time", known).count(1.0)
    5
"""

from collections.abc import Iterable, Sequence

from micronn.support.arguments import count

# Sentences that praise, then sentences that complain, in turn

SENTIMENT = """
I loved the movie
What a waste of time
What a wonderful story
I hated the movie
The acting was great
The acting was awful
I enjoyed every minute
I regret every minute
A great movie with a wonderful cast
An awful movie with a boring plot
The story was funny and clever
The story was slow and boring
I loved the clever plot
I hated the slow plot
What a great time
What a terrible movie
A funny and charming film
A terrible and boring film
I loved every scene
A waste of a great cast
I would gladly see the film again
I would never see the film again
The music was charming
The music was terrible
Never boring and always clever
Never funny and always slow
""".strip().split("\n")

# Two sentences a line; the second goes on from the first.

CORPUS = """
the cat sat on the mat . the cat fell asleep on the mat .
the dog sat on the rug . the dog fell asleep on the rug .
the cat saw a mouse . the mouse ran into its hole .
the dog saw a bone . the dog ran to the bone .
the girl read a book . the book was about the sea .
the boy read a letter . the letter was about the war .
the sun rose over the sea . the sea was warm and blue .
the moon rose over the hill . the hill was cold and dark .
the king lost his crown . the crown lay in the river .
the queen lost her ring . the ring lay in the garden .
the girl threw the ball . the boy caught the ball .
the boy threw the stick . the dog caught the stick .
the farmer fed the hen . the hen laid an egg .
the farmer fed the cow . the cow gave him milk .
the bird built a nest . the nest was in the tree .
the bee built a hive . the hive was in the garden .
the man lit a fire . the fire was warm and bright .
the woman lit a lamp . the lamp was small and bright .
the fish swam in the river . the cat watched the fish .
the duck swam in the sea . the dog watched the duck .
""".strip().split("\n")

# First names that people bear, of 3 to 8 letters, for models that invent more of them

FIRST_NAMES = """
aaron abigail adam adele adrian agnes alan albert alice alison amanda amelia amy andrea
andrew angela anita ann anna anthony antonia arthur astrid audrey barbara beatrice
benjamin bernard bertha bettina boris brenda brian bruno camilla carla carlos carmen
carol caroline cecilia charles clara claudia clemens conrad cornelia craig cynthia
daniel daniela david deborah denise dennis diana dominic donald dora doris dorothy
douglas edgar edith edward edwin elaine eleanor elena elias elisa ella ellen emil emily
emma eric erika ernest esther ethan eva evelyn felix fiona florence frances francis
frank gabriel gabriela george gerald gerard gilbert gloria grace graham gregory hanna
hannah harold harriet harry hector heidi helen helena henry herbert hugo ian ida irene
iris isaac isabel isabella ivan jacob james jane janet jasmin jason jasper jean jennifer
jeremy jessica joan joanna john jonas jonathan joseph joshua judith julia julian juliet
karen karl kathleen keith kenneth kevin kim kirsten klara konrad larissa laura lauren
laurence lea lena leo leon leonard lillian linda lisa louis louisa lucas lucia lucy luis
luke lydia marcel marcus margaret maria marian marianne marie marina mario marion mark
martha martin mary matilda matthew maurice max maya melanie melissa michael michelle
miriam molly monica muriel nadia nancy naomi natalia natalie nathan nicholas nicole nina
noah nora norman olga oliver olivia oscar pamela patricia patrick paul paula peter
philip pia rachel ralph raymond rebecca regina renata richard rita robert robin roger
roland ronald rosa rosemary rudolf ruth samuel sandra sarah sharon sheila silvia simon
simone sofia sonia sophia stella stephen steven stuart susan susanna sylvia tamara tanja
teresa thea theodore theresa thomas timothy tobias ursula valentin valerie vanessa vera
veronica victor victoria vincent viola violet virginia walter wendy werner wilhelm
william xavier yvonne zachary zoe
"""
NAMES = FIRST_NAMES.split()

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # "." stands before and after every name


def sentiment() -> tuple[list[str], list[float]]:
    """Tiny film reviews: 1.0 for praise, 0.0 for complaint, in turn.

    Returns sentences and targets, for binary_cross_entropy.

    >>> sentences, targets = sentiment()
    >>> sentences[0], targets[0], sentences[1], targets[1]
    ('I loved the movie', 1.0, 'What a waste of time', 0.0)
    """
    return list(SENTIMENT), [1.0 - k % 2 for k in range(len(SENTIMENT))]


def sentence_pairs() -> list[tuple[list[str], list[str]]]:
    """The corpus as pairs of sentences, each a list of words with its full stop.

    >>> sentence_pairs()[0][0]
    ['the', 'cat', 'sat', 'on', 'the', 'mat', '.']
    """
    lines = [line.split(".") for line in CORPUS]
    return [(words(first + "."), words(second + ".")) for first, second, _ in lines]


# From text to numbers


def words(text: str) -> list[str]:
    """The words of a text in lower case; what stands between blanks is a word.

    >>> words("I loved the movie")
    ['i', 'loved', 'the', 'movie']
    """
    return text.lower().split()


def vocabulary(texts: Iterable[str]) -> list[str]:
    """Every word of the texts once, in alphabetical order: its index is its number."""
    return sorted({word for text in texts for word in words(text)})


def bag_of_words(text: str, known: Sequence[str]) -> list[float]:
    """How often each known word is in the text; order is lost, unknown words do not count.

    known: n words, such as vocabulary(...); the result has shape (n,).

    >>> bag_of_words("so so good", ["bad", "good", "so"])
    [0.0, 1.0, 2.0]
    """
    found = words(text)
    return [float(found.count(word)) for word in known]


def one_hot(index: int, size: int) -> list[float]:
    """All 0.0 but a 1.0 at that index: how a net reads one of several things.

    Raises IndexError for an index outside 0 to size - 1.

    >>> one_hot(1, 3)
    [0.0, 1.0, 0.0]
    """
    if not 0 <= index < size:
        raise IndexError(f"index {index} is outside 0 to {size - 1}")
    return [1.0 if k == index else 0.0 for k in range(size)]


def next_letters(
    names: Iterable[str] = tuple(NAMES), window: int = 3, letters: str = LETTERS
) -> tuple[list[list[float]], list[int]]:
    """From the last few letters, say the next one: what a language model is asked.

    names: texts of these letters.
    window: how many letters the net reads, at least 1.
    letters: all there are; the first one stands before and after every name.

    Returns one input for each letter and end of a name, `window` one-hot lists in a
    row, and the index of the next letter in `letters` as target.

    Raises ValueError for a letter that is not among them.

    >>> inputs, targets = next_letters(["ab"], window=1, letters=".ab")
    >>> inputs, targets
    ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [1, 2, 0])
    """
    count(window, "window")
    inputs, targets = [], []
    for name in names:
        unknown = sorted(set(name) - set(letters))
        if unknown:
            letter = f"{unknown[0]!r} in {name!r} is none of the letters {letters!r}"
            raise ValueError(f"{letter}; pass letters=... with it")
        indices = [letters.index(c) for c in letters[0] * window + name + letters[0]]
        for k in range(window, len(indices)):
            seen = indices[k - window : k]
            inputs.append([x for index in seen for x in one_hot(index, len(letters))])
            targets.append(indices[k])
    return inputs, targets
