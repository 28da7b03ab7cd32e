"""micronn train: what it says, what it writes, and what it refuses."""

import json
import os
import re
import struct
from pathlib import Path

import pytest

from micronn.checkpoint import load
from micronn.cli.main import main
from micronn.training.traced import predict


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(capsys, *arguments):
    """The output of a training that must succeed."""
    status = main(["train", *arguments])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


def score_on_test_set(out):
    """The last number of the line about the test set."""
    line = next(line for line in out.splitlines() if "never saw" in line)
    return float(re.findall(r"([\d.e−]+)%? *│$", line)[0].replace("−", "-"))


def test_two_moons_are_told_apart(capsys):
    out = train(capsys, "moons", "--seed", "7", "--epochs", "60")
    assert score_on_test_set(out) >= 95.0
    assert "100 it never saw" in out


def test_a_quantity_is_judged_in_the_unit_of_the_data(capsys):
    # price = 1000 * size: a line, so the error must be small beside the spread, 29,000.
    rows = [f"{size},{1950 + size % 7},{1000 * size}" for size in range(50, 150)]
    Path("houses.csv").write_text("\n".join(["size,year,price", *rows]))
    out = train(capsys, "houses.csv", "--seed", "7", "--epochs", "100", "--hidden", "8")
    assert 0.0 < score_on_test_set(out) < 3000.0
    assert "the mean of what it learned from" in out


def test_a_column_of_words_is_a_class(capsys):
    Path("trees.csv").write_text("kind,height\n" + "oak,10\nrose,1\n" * 30)
    out = train(capsys, "trees.csv", "--target", "kind", "--seed", "7", "--hidden", "4")
    assert score_on_test_set(out) == 100.0
    assert "oak" in out


@pytest.mark.parametrize("name", ["circles", "spirals", "xor", "blobs", "yinyang", "line", "curve"])
def test_every_toy_can_be_learned_from(name, capsys):
    out = train(capsys, name, "--seed", "7", "--epochs", "1", "--examples", "60")
    assert "12 it never saw" in out


def test_digits_are_read_by_a_small_net(capsys):
    out = train(capsys, "digits", "--seed", "7", "--epochs", "12", "--examples", "400")
    assert score_on_test_set(out) > 60.0  # guessing reads 10%


def idx(shape, numbers):
    header = bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape)
    return header + bytes(numbers)


def test_mnist_needs_only_the_four_files(capsys):
    for name, count in (("train", 60), ("t10k", 12)):
        images = idx((count, 2, 2), [255 * (k % 2) for k in range(count) for _ in range(4)])
        Path(f"{name}-images-idx3-ubyte").write_bytes(images)
        labels = idx((count,), [k % 2 for k in range(count)])
        Path(f"{name}-labels-idx1-ubyte").write_bytes(labels)
    out = train(capsys, "mnist", "--data", ".", "--seed", "7", "--hidden", "2", "--epochs", "100")
    assert score_on_test_set(out) == 100.0
    assert "50 training examples, 10 for validation, 12 for the test" in out


def without_times(text):
    return re.sub(r"[\d.]+ s,", "", text)


def test_the_same_seed_gives_the_same_run(capsys):
    arguments = ["moons", "--epochs", "5", "--seed", "3"]
    once = train(capsys, *arguments)
    assert without_times(train(capsys, *arguments)) == without_times(once)
    assert without_times(train(capsys, "moons", "--epochs", "5")) != without_times(once)


def test_a_run_without_a_seed_says_the_seed_that_repeats_it(capsys):
    once = train(capsys, "moons", "--epochs", "5")
    seed = re.search(r"seed (\d+)", once)[1]
    again = train(capsys, "moons", "--epochs", "5", "--seed", seed)
    assert without_times(again) == without_times(once)


def test_a_resumed_run_ends_as_one_that_was_never_stopped(capsys):
    train(capsys, "moons", "--seed", "7", "--epochs", "6", "--save", "whole.json")
    train(capsys, "moons", "--seed", "7", "--epochs", "3", "--save", "half.json")
    train(capsys, "moons", "--epochs", "6", "--resume", "half.json", "--save", "rest.json")
    assert Path("rest.json").read_text() == Path("whole.json").read_text()


def test_a_saved_model_answers_as_it_should(capsys):
    train(capsys, "xor", "--seed", "7", "--epochs", "100", "--save", "xor.json")
    answers = predict(load("xor.json"), [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert [answer > 0.0 for answer in answers] == [False, True, True, False]


def test_a_run_becomes_a_page(capsys):
    out = train(capsys, "moons", "--seed", "7", "--epochs", "3", "--replay", "run.html")
    assert "wrote run.html" in out
    assert Path("run.html").read_text("utf-8").startswith("<!doctype html>")


def test_live_into_a_file_ends_with_the_picture(capsys):
    out = train(capsys, "moons", "--seed", "7", "--epochs", "10", "--live")
    assert "\x1b" not in out
    assert "size of the gradient" in out


REFUSALS = [
    (["moon"], "Did you mean 'moons'?"),
    (["elephants"], "Choose one of"),
    (["missing.csv"], "missing.csv"),
    (["mnist"], "micronn fetch mnist"),
    (["moons", "--hidden", "16,x"], "16,x"),
    (["moons", "--hidden", "16,0"], "at least 1"),
    (["moons", "--activation", "tahn"], "tahn"),
    (["moons", "--epochs", "0"], "epochs must be at least 1"),
    (["moons", "--epochs", "many"], "many"),
    (["moons", "--batch-size", "-1"], "batch_size must be at least 1"),
    (["moons", "--lr", "-1"], "-1"),
    (["moons", "--lr", "nan"], "nan"),
    (["moons", "--examples", "-5"], "--examples must be at least 1, got -5"),
    (["moons", "--examples", "0"], "--examples must be at least 1, got 0"),
    (["moons", "--examples", "2"], "too few"),
    (["moons", "--save", "missing/moons.json"], "missing/moons.json"),
    (["moons", "--replay", "run.svg"], "run.svg"),
    (["moons", "--replay", "missing/run.html"], "missing/run.html"),
    (["moons", "--resume", "missing.json"], "missing.json"),
]


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS)
def test_a_refusal_is_one_message_on_stderr(arguments, reason, capsys):
    status = main(["train", *arguments])
    out, err = capsys.readouterr()
    assert status in (1, 2)
    assert reason in err
    assert (out, err.count("error:")) == ("", 1)
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("change", "arguments", "reason"),
    [
        ({}, ["circles", "--epochs", "4"], "learned moons, not circles"),
        ({}, ["moons", "--epochs", "2"], "2 of 2 epochs are done already; ask for more"),
        ({"notes": {}}, ["moons", "--epochs", "4"], "was not saved by micronn train"),
        ({"notes": {"source": {"data": 3}}}, ["moons", "--epochs", "4"], "was not saved by"),
        ({"optimizer": None}, ["moons", "--epochs", "4"], "no optimiser"),
    ],
)
def test_a_model_that_cannot_go_on_is_refused(change, arguments, reason, capsys):
    train(capsys, "moons", "--seed", "7", "--epochs", "2", "--save", "moons.json")
    saved = {**json.loads(Path("moons.json").read_text()), **change}
    Path("moons.json").write_text(json.dumps(saved))
    assert main(["train", *arguments, "--resume", "moons.json"]) == 2
    assert reason in capsys.readouterr().err


def test_a_run_that_diverges_says_where_and_what_to_try(capsys):
    status = main(["train", "line", "--optimizer", "sgd", "--lr", "1e200", "--seed", "7"])
    assert status == 1
    err = capsys.readouterr().err
    assert "training stops at step" in err
    assert "smaller learning rate" in err
