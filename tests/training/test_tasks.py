"""What is asked of a model, where the examples come from, and how answers are read."""

import json
import math
import random
import struct

import pytest

from micronn.engine import Value
from micronn.nn import MLP
from micronn.training.tasks import TOYS, Question, digits_from, from_csv, question_from, toy


def question(kind, classes=(), **more):
    fields = {"columns": [], "centres": [], "widths": [], **more}
    return Question("test", kind, classes=list(classes), **fields)


@pytest.mark.parametrize(
    ("name", "kind", "nin", "nout"),
    [
        ("moons", "sign", 2, 1),
        ("circles", "sign", 2, 1),
        ("spirals", "sign", 2, 1),
        ("xor", "sign", 2, 1),
        ("blobs", "class", 2, 3),
        ("yinyang", "class", 2, 3),
        ("line", "quantity", 1, 1),
        ("curve", "quantity", 1, 1),
        ("digits", "class", 784, 10),
    ],
)
def test_the_kind_of_a_task_follows_from_its_targets(name, kind, nin, nout):
    task = toy(name, examples=50, rng=random.Random(7))
    assert (task.question.kind, task.nin, task.question.nout) == (kind, nin, nout)
    assert len(task.question.classes) == (0 if kind == "quantity" else max(2, nout))
    assert [len(targets) for _, targets in task[1:]] == [30, 10, 10]


def test_the_same_seed_deals_the_same_examples():
    assert toy("moons", 50, random.Random(7)) == toy("moons", 50, random.Random(7))
    assert toy("moons", 50, random.Random(7)) != toy("moons", 50, random.Random(8))


def test_every_toy_has_examples_enough_for_a_test_set():
    assert all(enough >= 200 for _, enough in TOYS.values())


# What an answer costs, and what it means.  By hand:
#   sign, logit 0:  log 2.   class, two equal logits:  log 2.
@pytest.mark.parametrize(
    ("kind", "output", "target", "cost"),
    [
        ("sign", Value(0.0), -1.0, math.log(2)),
        ("sign", Value(2.0), 1.0, math.log(1 + math.exp(-2))),
        ("sign", Value(2.0), -1.0, math.log(1 + math.exp(2))),
        ("class", [Value(5.0), Value(5.0)], 1, math.log(2)),
    ],
)
def test_what_an_answer_costs(kind, output, target, cost):
    assert question(kind, "ab").loss(output, target).data == pytest.approx(cost, rel=1e-14)


def test_a_quantity_costs_its_squared_error_and_is_judged_in_its_own_unit():
    asked = question("quantity")
    assert asked.loss([Value(3.0)], [1.0]).data == 4.0
    assert asked.metric([3.0, 1.0], [1.0, 3.0]) == 2.0
    assert question("class", "ab").metric([[0.0, 1.0], [1.0, 0.0]], [1, 1]) == 0.5


def test_probabilities_are_shares_of_the_classes():
    assert question("sign", "ab").probabilities([0.0]) == [0.5, 0.5]
    assert question("sign", "ab").probabilities([math.log(3)]) == pytest.approx([0.25, 0.75])
    assert question("class", "abc").probabilities([0.0, math.log(2), 0.0]) == pytest.approx(
        [0.25, 0.5, 0.25]
    )
    assert question("class", "ab").probabilities([1e4, -1e4]) == [1.0, 0.0]
    assert question("sign", "ab").probabilities([-1e4]) == [1.0, 0.0]


QUANTITY = question("quantity", columns=["a"], centres=[1.0, 2.0], widths=[3.0, 4.0])
READER = MLP(1, [1])


def saved(asked, **damage):
    """The notes of a model file."""
    return {"question": json.loads(json.dumps({**asked._asdict(), **damage}))}


def test_a_question_survives_a_model_file():
    assert question_from(saved(QUANTITY), READER, "m.json") == QUANTITY
    assert question_from({}, READER, "m.json") is None
    for asked, model in (
        (question("sign", "ab"), MLP(2, [1])),
        (CLASS, MLP(2, [3])),
        (COLOURS, MLP(3, [2])),
    ):
        assert question_from(saved(asked), model, "m.json") == asked


CLASS = question("class", "abc", columns=["x", "y"])
COLOURS = question("class", "ab", columns=["a", "b"], words={"b": ["blue", "red"]}, target="kind")
DAMAGES = [
    (QUANTITY, "kind", "riddle"),
    (QUANTITY, "kind", ["sign"]),
    (QUANTITY, "columns", 3),
    (QUANTITY, "columns", [3]),
    (QUANTITY, "columns", ["a", "b"]),
    (QUANTITY, "classes", ["a"]),
    (QUANTITY, "centres", [1.0]),
    (QUANTITY, "centres", ["1", "2"]),
    (QUANTITY, "widths", None),
    (QUANTITY, "widths", [3.0]),
    (QUANTITY, "widths", [0.0, 4.0]),
    (QUANTITY, "widths", [-1.0, 4.0]),
    (QUANTITY, "name", 7),
    (QUANTITY, "target", None),
    (QUANTITY, "words", ["a"]),
    (QUANTITY, "words", {"a": "red"}),
    (QUANTITY, "words", {"a": [1]}),
    (CLASS, "classes", ["a", "b"]),
    (CLASS, "classes", ["a", "b", "c", "d"]),
    (CLASS, "classes", []),
    (CLASS, "kind", "sign"),  # has one output, the model has three
    (CLASS, "columns", ["x"]),
    (CLASS, "columns", ["x", "y", "z"]),
]


@pytest.mark.parametrize(("asked", "field", "damage"), DAMAGES)
def test_a_damaged_question_is_refused_with_the_file_and_the_field(asked, field, damage):
    model = READER if asked is QUANTITY else MLP(2, [3])
    with pytest.raises(ValueError, match=rf"m\.json: notes\.question\.{field} .*train"):
        question_from(saved(asked, **{field: damage}), model, "m.json")


def test_a_question_with_other_fields_is_refused():
    for notes in (saved(QUANTITY, more=1), {"question": "none"}, {"question": {}}):
        with pytest.raises(ValueError, match=r"m\.json: notes\.question should have name, kind"):
            question_from(notes, READER, "m.json")


def test_no_text_of_a_model_file_can_command_the_terminal():
    asked = CLASS._replace(
        name="\x1b[2J",
        target="\x1b",
        words={"\x07": ["\x1b"]},
        columns=["\x07", "y\u202e"],
        classes=["a", "\x1b]0;owned\x07", "\ud800"],
    )
    model = MLP(2, [3])
    name, _, columns, classes, *_, words, target = question_from(saved(asked), model, "m.json")
    assert (words, target) == ({"\ufffd": ["\ufffd"]}, "\ufffd")
    assert (name, columns) == ("\ufffd[2J", ["\ufffd", "y\ufffd"])
    assert classes == ["a", "\ufffd]0;owned\ufffd", "\ufffd"]


# Tables


@pytest.fixture
def houses(tmp_path):
    """Price = 1000 * size exactly; the year does not matter."""
    path = tmp_path / "houses.csv"
    rows = [f"{size},{1950 + size % 7},{1000 * size}" for size in range(50, 150)]
    path.write_text("\n".join(["size,year,price", *rows]))
    return path


def test_a_table_is_brought_to_one_scale_and_answers_come_back_in_its_units(houses):
    task = from_csv(houses, rng=random.Random(7))
    asked = task.question
    assert (asked.kind, asked.columns, asked.nout) == ("quantity", ["size", "year"], 1)
    for column in zip(*task.train[0], strict=True):
        assert sum(column) / 60 == pytest.approx(0.0, abs=1e-12)
        assert sum(x * x for x in column) / 60 == pytest.approx(1.0)
    inputs, targets = task.test
    for x, y in zip(inputs, targets, strict=True):
        size = x[0] * asked.widths[0] + asked.centres[0]
        assert asked.quantity(y) == pytest.approx(1000 * size)


def test_the_scale_is_measured_on_the_training_part_alone(houses):
    task = from_csv(houses, rng=random.Random(7))
    sizes = [x[0] * task.question.widths[0] + task.question.centres[0] for x in task.train[0]]
    assert task.question.centres[0] == pytest.approx(sum(sizes) / 60)


def test_any_column_can_be_the_target_and_words_are_classes(tmp_path):
    path = tmp_path / "trees.csv"
    path.write_text("kind,height\n" + "oak,10\nrose,1\n" * 10)
    asked = from_csv(path, "kind").question
    assert (asked.kind, asked.classes, asked.columns) == ("class", ["oak", "rose"], ["height"])


def test_a_column_without_spread_is_left_at_zero(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_text("a,b,y\n" + "".join(f"5,{k},{k}\n" for k in range(10)))
    assert {x[0] for x in from_csv(path).train[0]} == {0.0}


def test_words_of_a_table_stay_0_and_1_and_are_read_again(tmp_path):
    path = tmp_path / "trees.csv"
    path.write_text("colour,height,kind\n" + "red,10,oak\nblue,1,rose\nred,2,rose\n" * 10)
    task = from_csv(path, rng=random.Random(7))
    asked = task.question
    assert (asked.columns, asked.words) == (["colour", "height"], {"colour": ["blue", "red"]})
    assert (asked.target, task.nin) == ("kind", 3)
    assert {tuple(x[:2]) for x in task.train[0]} == {(1.0, 0.0), (0.0, 1.0)}
    assert asked.inputs(["red", asked.centres[2]]) == [0.0, 1.0, 0.0]
    with pytest.raises(ValueError, match="'colour': 'green' is none of the words .*: blue, red"):
        asked.inputs(["green", 10.0])
    with pytest.raises(ValueError, match="'height': 'tall' is not a number"):
        asked.inputs(["red", "tall"])
    for x in task.train[0]:  # and back: a cell for each column, in the unit of the table
        colour, height = asked.cells(x)
        assert (colour, round(height, 9)) in {("red", 10), ("blue", 1), ("red", 2)}
        assert asked.inputs([colour, height]) == pytest.approx(x)


def test_a_table_is_read_as_it_is_asked_to_be(tmp_path):
    path = tmp_path / "trees.csv"
    path.write_text("name,height,old\n" + "".join(f"n{k},{k},{k % 2}\n" for k in range(60)))
    assert from_csv(path, drop=["name"]).question.classes == ["0", "1"]
    assert from_csv(path, drop=["name"], kind="quantity").question.kind == "quantity"


# MNIST's layout


def idx(shape, numbers):
    header = bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape)
    return header + bytes(numbers)


def test_digits_come_from_a_folder_with_four_files(tmp_path):
    for name, count in (("train", 12), ("t10k", 4)):
        images = idx((count, 2, 2), [k for k in range(count) for _ in range(4)])
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(images)
        labels = idx((count,), [k % 3 for k in range(count)])
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(labels)
    task = digits_from(tmp_path)
    assert [len(targets) for _, targets in task[1:]] == [10, 2, 4]
    assert task.nin == 4
    assert task.question.classes == ["0", "1", "2"]
    assert list(task.validation[0]) == [[10 / 255] * 4, [11 / 255] * 4]
    assert [len(targets) for _, targets in digits_from(tmp_path, examples=6)[1:]] == [5, 1, 4]
