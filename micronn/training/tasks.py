"""Something to learn: examples dealt out in three parts, and what an answer means.

What the targets are says what kind of question it is, and the kind says how many
outputs a model needs, what a wrong answer costs, and how its outputs are read:

    kind        targets         outputs              loss                   answer
    sign        -1.0 or +1.0    one, a logit         binary cross-entropy   its sign
    class       0, 1, 2, ...    one for each class   cross-entropy          the largest
    quantity    any number      one                  mean squared error     the output

    >>> task = toy("moons", examples=50)
    >>> task.question.kind, [len(targets) for _, targets in task[1:]]
    ('sign', [30, 10, 10])
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any, NamedTuple

from micronn import data
from micronn.data import Examples, split
from micronn.datasets.csv_table import Cell, Words, encoded, read_csv
from micronn.datasets.digits import digits
from micronn.datasets.mnist import load_mnist
from micronn.engine import Value
from micronn.losses import binary_cross_entropy, cross_entropy, mse
from micronn.nn import MLP
from micronn.support.arguments import Rng
from micronn.support.files import Location
from micronn.support.numeric import logsumexp
from micronn.support.text import counted, printable
from micronn.training.metrics import accuracy, rmse

# What there is to learn, and how many examples are enough for a test to mean something.
TOYS: dict[str, tuple[Callable[..., Examples], int]] = {
    "moons": (data.moons, 500),
    "circles": (data.circles, 500),
    "spirals": (data.spirals, 500),
    "xor": (data.xor, 500),
    "blobs": (data.blobs, 450),
    "yinyang": (data.yin_yang, 1000),
    "line": (data.line, 200),
    "curve": (data.curve, 200),
    "digits": (digits, 10_000),
}


class Question(NamedTuple):
    """What is asked, without the examples: what a saved model must know to be asked.

    name: what is learned.
    kind: "sign", "class" or "quantity".
    columns: a name for each input; empty where they have none.
    classes: a name for each class; empty for a quantity.
    centres, widths: for each input, and at last for a quantity, what was taken off
        and what it was divided by; empty where the numbers are used as they are.
    words: the words of each column that holds words; each of them is an input.
    target: the name of the column to predict; "" where it has none.
    """

    name: str
    kind: str
    columns: list[str]
    classes: list[str]
    centres: list[float]
    widths: list[float]
    words: Words = {}
    target: str = ""

    @property
    def nout(self) -> int:
        """How many outputs a model needs."""
        return len(self.classes) if self.kind == "class" else 1

    @property
    def loss(self) -> Callable[..., Value]:
        """What one example costs: loss(output, target), where output is model(x)."""
        losses: dict[str, Callable[..., Value]]
        losses = {"sign": sign_loss, "class": cross_entropy, "quantity": mse}
        return losses[self.kind]

    @property
    def metric(self) -> Callable[[Sequence[Any], Sequence[Any]], float]:
        """How good answers are, for people: the share of right ones, or the usual error."""
        return rmse if self.kind == "quantity" else accuracy

    def probabilities(self, outputs: Sequence[float]) -> list[float]:
        """The probability that the model gives each class; they add up to 1."""
        return logsumexp([0.0, outputs[0]] if self.kind == "sign" else outputs)[1]

    def inputs(self, cells: Sequence[Cell], where: str = "") -> list[float]:
        """What the model is given for the cells of its columns; see csv_table.encoded()."""
        columns = self.columns or [str(k) for k in range(1, len(cells) + 1)]
        return self.scaled(encoded(cells, columns, self.words, where))

    def cells(self, x: Sequence[float]) -> list[Cell]:
        """What stands in the columns where the model is given x: what inputs() takes, nearly."""
        scales = zip(x, self.centres, self.widths, strict=False)  # a quantity has one more
        rest = [number * width + centre for number, centre, width in scales] or list(x)
        cells: list[Cell] = []
        for name in self.columns or map(str, range(len(x))):
            words = self.words.get(name, [])
            part, rest = rest[: len(words) or 1], rest[len(words) or 1 :]
            cells.append(words[part.index(max(part))] if words else part[0])
        return cells

    def scaled(self, x: Sequence[float]) -> list[float]:
        """Inputs as the model is given them."""
        if not self.centres:
            return list(x)
        pairs = zip(x, self.centres[: len(x)], self.widths[: len(x)], strict=True)
        return [(number - centre) / width for number, centre, width in pairs]

    @property
    def unit(self) -> float:
        """How much of the data's unit is 1 in the model's output."""
        return self.widths[-1] if self.widths else 1.0

    def quantity(self, output: float) -> float:
        """The model's output in the units of the data."""
        return output * self.widths[-1] + self.centres[-1] if self.centres else output


def sign_loss(output: Value, target: Value | float) -> Value:
    """Binary cross-entropy for targets of -1 and +1: they stand for the probabilities 0 and 1."""
    return binary_cross_entropy([output], [(target + 1.0) / 2.0])


def question_from(notes: Mapping[str, Any], model: MLP, path: Location) -> Question | None:
    """The question in the notes of a saved model; None if there is none.

    Its texts come without characters that a terminal would obey.

    Raises ValueError, with the name of the file and of the field, for one that is
    damaged, or that another model was asked.
    """
    saved = notes.get("question")
    if saved is None:
        return None
    if not isinstance(saved, dict) or saved.keys() != set(Question._fields):
        fields = ", ".join(Question._fields)
        raise ValueError(f"{path}: notes.question should have {fields}; train the model again")
    question = Question(**saved)
    name, kind, columns, classes, centres, widths, words, target = question
    nin, nout = len(model.layers[0].neurons[0].w), len(model.layers[-1].neurons)
    names = {"sign": 2, "class": nout, "quantity": 0}.get(str(kind), -1)
    of_words = isinstance(words, dict) and all(all_are(str, texts) for texts in words.values())
    named = of_words and all_are(str, columns)
    inputs = sum(len(words.get(name, [name])) for name in columns) if named else -1
    right = {
        "name": isinstance(name, str),
        "words": of_words,
        "target": isinstance(target, str),
        "kind": names >= 0 and nout == (names if kind == "class" else 1),
        "columns": inputs in (0, nin),
        "classes": all_are(str, classes) and len(classes) == names,
        "centres": all_are(float, centres) and len(centres) in (0, nin + (kind == "quantity")),
        "widths": all_are(float, widths) and all(width > 0.0 for width in widths),
    }
    right["widths"] = right["widths"] and right["centres"] and len(widths) == len(centres)
    wrong = [field for field in right if not right[field]]
    if wrong:
        raise ValueError(
            f"{path}: notes.question.{wrong[0]} is damaged, or fits no model of "
            f"{counted(nin, 'input')} and {counted(nout, 'output')}; train the model again"
        )
    clean = {printable(name): [*map(printable, texts)] for name, texts in words.items()}
    return Question(
        printable(name), kind, [*map(printable, columns)], [*map(printable, classes)],
        centres, widths, clean, printable(target),
    )  # fmt: skip


def all_are(kind: type, items: Any) -> bool:
    """True for a list of nothing but that."""
    return isinstance(items, list) and all(isinstance(item, kind) for item in items)


class Task(NamedTuple):
    """A question and its examples: to learn from, to watch, and to judge by at the end."""

    question: Question
    train: Examples
    validation: Examples
    test: Examples

    @property
    def nin(self) -> int:
        """How many inputs a model needs."""
        return len(self.train[0][0])


# Where the examples come from


def toy(name: str, examples: int | None = None, rng: Rng = None) -> Task:
    """A data set that needs no file: three fifths to learn from, one to watch, one to judge.

    name: one of TOYS.
    examples: how many in all; if left out, enough for the test to mean something.
    rng: draws the random numbers.
    """
    make, enough = TOYS[name]
    inputs, targets = make(enough if examples is None else examples, rng=rng)
    columns = {1: ["x"], 2: ["x", "y"]}.get(len(inputs[0]), [])
    kind, classes = kind_and_classes(targets)
    question = Question(name, kind, columns, classes, [], [])
    return Task(question, *dealt((inputs, targets), rng))


def dealt(examples: Examples, rng: Rng) -> tuple[Examples, Examples, Examples]:
    """Three fifths, one, and one, none of them empty."""
    parts = split(examples, rng=rng)
    if not all(targets for _, targets in parts):
        raise ValueError(
            f"{len(examples[1])} examples are too few to be dealt out to training, validation "
            "and test; 3 is the least"
        )
    return parts


def digits_from(folder: Location, examples: int | None = None) -> Task:
    """MNIST, or another set in its layout, from a folder with its four files.

    examples: how many to take of those to learn from; all if left out.

    The last sixth of the training pictures is for watching; the test set stays
    the test set.  Raises FileNotFoundError and ValueError as load_mnist does.
    """
    (inputs, targets), test = load_mnist(folder)
    count = min(len(targets), examples or len(targets))
    cut = count - count // 6
    train = Part(inputs, range(cut)), targets[:cut]
    validation = Part(inputs, range(cut, count)), targets[cut:count]
    question = Question("mnist", "class", [], kind_and_classes(targets)[1], [], [])
    return Task(question, train, validation, test)


class Part(Sequence[Any]):
    """Some items of a sequence, fetched when they are asked for."""

    def __init__(self, items: Sequence[Any], indices: range):
        self.items, self.indices = items, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, k: Any) -> Any:
        found = self.indices[k]
        return Part(self.items, found) if isinstance(k, slice) else self.items[found]


def from_csv(path: Location, target: str = "", rng: Rng = None, **options: Any) -> Task:
    """Your own table: columns of numbers or words, and a target of numbers or words.

    target: the name of the column to predict; the last one if left out.
    options: kind, drop, header, skip_gaps and separator, as for read_csv.

    Columns of different size, such as years and prices, are brought to one: each
    has its mean taken off and is divided by its spread, both over the training part.
    Words stay 0 and 1.
    """
    table = read_csv(path, target, **options)
    kind = "class" if table.classes else "quantity"
    parts = dealt((table.inputs, table.targets), rng)
    inputs, targets = parts[0]
    columns = [*zip(*inputs, strict=True), *([targets] if kind == "quantity" else [])]
    words = table.words
    of_words = [name in words for name in table.columns for _ in words.get(name, [name])]
    scales = [
        (0.0, 1.0) if is_word else (fmean(column), pstdev(column) or 1.0)
        for column, is_word in zip(columns, [*of_words, False], strict=False)
    ]
    centres, widths = [list(numbers) for numbers in zip(*scales, strict=True)]
    question = Question(
        str(path), kind, table.columns, table.classes, centres, widths, words, table.target
    )
    return Task(question, *[rescaled(part, question) for part in parts])


def rescaled(part: Examples, question: Question) -> Examples:
    """The examples as the model is given them."""
    inputs, targets = part
    if question.kind == "quantity":
        targets = [(y - question.centres[-1]) / question.widths[-1] for y in targets]
    return [question.scaled(x) for x in inputs], targets


def kind_and_classes(targets: Sequence[Any]) -> tuple[str, list[str]]:
    """The kind of question that these targets answer, and a name for each class."""
    if all(isinstance(target, int) for target in targets):
        return "class", [str(k) for k in range(max(targets) + 1)]
    return ("sign", ["−1", "+1"]) if {*targets} <= {-1.0, 1.0} else ("quantity", [])
