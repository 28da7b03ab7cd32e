"""micronn train: what it says, what it writes, and what it refuses."""

import json
import os
import random
import re
import resource
import shlex
import struct
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from micronn.checkpoint import load
from micronn.cli.main import main
from micronn.terminal import dashboard
from micronn.training.tasks import toy
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


# Tables


def table(name, header, *rows):
    """A table in a file."""
    Path(name).write_text("\n".join([header, *rows]) + "\n")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("old", "target: old, a class: 0, 1; --kind quantity predicts the number\n"),
        ("kind", "target: kind, a class: oak, rose\n"),
        ("price", "target: price, a quantity; --kind class takes each number for a class\n"),
    ],
)
def test_the_question_that_was_taken_is_said_and_how_to_ask_the_other(target, said, capsys):
    table("trees.csv", "price,old,kind", *[f"{k}.5,{k % 2},oak\n{k}.1,0,rose" for k in range(30)])
    out = train(capsys, "trees.csv", "--target", target, "--epochs", "1")
    assert said in out
    assert "0.5" not in out.split("\n")[1]


def test_the_other_question_can_be_asked(capsys):
    table("trees.csv", "x,old", *[f"{k},{k % 2}" for k in range(30)])
    out = train(capsys, "trees.csv", "--kind", "quantity", "--epochs", "1")
    assert "target: old, a quantity" in out
    assert "root mean squared error" in out


# Who lived on a ship, made up here: words, gaps, names that are different on every line.
SHIP = [
    f'{k},{k % 2},"P{k}, Mr",{("male", "female")[k % 2]},{"" if k % 5 else k}' for k in range(60)
]


def test_words_gaps_and_columns_to_drop_on_one_table(capsys):
    table("ship.csv", "Id,Survived,Name,Sex,Age", *SHIP)
    asked = ["ship.csv", "--target", "Survived", "--seed", "7"]
    assert main(["train", *asked]) == 2
    err = capsys.readouterr().err
    assert "ship.csv, line 3, column 'Age': '' is a gap. There are gaps in 48 of 60 lines" in err
    assert "--skip-gaps" in err
    assert "--drop" in err
    out = train(capsys, *asked, "--drop", "Age,Name", "--drop", "Id", "--save", "ship.json")
    assert "inputs: Sex (female, male)\n" in out
    assert score_on_test_set(out) == 100.0
    assert main(["predict", "ship.json", "female"]) == 0
    assert capsys.readouterr().out.startswith("class 1")
    status = main(["train", *asked, "--drop", "Name", "--skip-gaps", "--epochs", "1"])
    assert (status, capsys.readouterr().err) == (
        0, "micronn: note: ship.csv: 48 of 60 lines have a gap and are left out\n",
    )  # fmt: skip


def test_a_column_with_a_comma_in_its_name_can_be_dropped(capsys):
    table("a.csv", '"a, b",c,y', *[f"{k},{k},{k}.5" for k in range(9)])
    assert "inputs: c\n" in train(capsys, "a.csv", "--drop", '"a, b"', "--epochs", "1")


@pytest.mark.parametrize("name", ["iris.data", "iris.tsv", "iris.txt", "iris"])
def test_a_table_may_have_any_name_and_no_header(name, capsys):
    table(name, "5.1\t1.4\tsetosa", *["6.1\t4.4\tvirginica", "5.0\t1.3\tsetosa"] * 5)
    assert main(["train", name, "--epochs", "1"]) == 0
    out, err = capsys.readouterr()
    assert "target: 3, a class: setosa, virginica\ninputs: 1, 2\n" in out
    assert err.startswith(f"micronn: note: {name}: line 1 holds the number 5.1")
    assert "inputs: 1, 2\n" in train(capsys, name, "--epochs", "1", "--no-header")
    assert "inputs: 5.1, 1.4\n" in train(capsys, name, "--epochs", "1", "--header")


@pytest.mark.parametrize(("mark", "name"), [("|", "|"), ("\t", "tab"), (" ", "space")])
def test_a_separator_is_named_and_kept_for_a_resumed_run(mark, name, capsys):
    table("a.csv", mark.join(["x,1", "y"]), *[mark.join([str(k), f"{k}.5"]) for k in range(9)])
    asked = ["a.csv", "--epochs", "1", "--save", "a.json", "--separator", name]
    assert "inputs: x,1\n" in train(capsys, *asked)
    train(capsys, "a.csv", "--epochs", "2", "--resume", "a.json")


def test_a_class_that_is_the_only_one_is_refused_in_a_line(capsys):
    table("one.csv", "a,b", *[f"{k},x" for k in range(9)])
    assert main(["train", "one.csv"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "column 'b' says 'x' on every line" in err


def test_a_resumed_run_reads_the_table_as_the_first_one_did(capsys):
    table("ship.csv", "Id,Survived,Name,Sex,Age", *SHIP)
    asked = ["--target", "Survived", "--drop", "Age,Name", "--kind", "quantity", "--seed", "7"]
    train(capsys, "ship.csv", *asked, "--epochs", "4", "--save", "whole.json")
    train(capsys, "ship.csv", *asked, "--epochs", "2", "--save", "half.json")
    train(capsys, "ship.csv", "--epochs", "4", "--resume", "half.json", "--save", "rest.json")
    assert Path("rest.json").read_text() == Path("whole.json").read_text()


# The best epoch


def test_the_best_epoch_is_kept_judged_and_saved(capsys):
    # y is noise, so a net only learns its training part by heart: validation soon gets worse.
    rng = random.Random(1)
    table("noise.csv", "a,b,c,y", *[",".join(str(rng.random()) for _ in "abcy") for _ in range(60)])
    asked = ["noise.csv", "--seed", "7", "--lr", "0.05", "--epochs", "300"]
    out = train(capsys, *asked, "--patience", "10", "--save", "best.json")
    kept, end = map(int, re.search(r"kept epoch (\d+) of (\d+), by the lowest", out).groups())
    assert end == kept + 10 < 300
    until_then = train(capsys, *asked[:-1], str(kept), "--save", "until_then.json")
    assert Path("best.json").read_text() == Path("until_then.json").read_text()
    assert scores(out) == scores(until_then)


def scores(out):
    """The lines of the table of scores."""
    return [line for line in out.splitlines() if line.startswith("│")]


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
    html = Path("run.html").read_text("utf-8")
    assert html.startswith("<!doctype html>")
    # 300 of 500 moons to learn from, 32 a step: 10 steps an epoch, and before them the model
    # as it was born, whose loss on two classes is near log(2) = 0.693
    rows = re.findall(r'<tr><th>(\d+)</th><td class="number">([\d.]+)</td>', html)
    assert [step for step, _ in rows] == ["0", "10", "20", "30"]
    assert 0.4 < float(rows[0][1]) < 1.2


def test_the_page_of_a_run_on_digits_shows_an_image_and_what_the_net_answers(capsys):
    out = train(
        capsys,
        "digits",
        "--examples",
        "100",
        "--epochs",
        "2",
        "--seed",
        "7",
        "--replay",
        "run.html",
    )
    assert "wrote run.html" in out
    html = Path("run.html").read_text("utf-8")
    assert ">28 × 28 input</text>" in html
    # a picture of a digit: those of the validation set are dealt out by the seed
    (_, targets) = toy("digits", 100, random.Random(7)).validation
    says = json.loads(re.search(r'id="mn-data">(.*?)</script>', html, re.DOTALL)[1])["says"]
    assert len(says) == 3
    for said in says:
        assert re.search(
            rf"answers \d, with a probability of [\d.]+%. The example is {targets[0]}", said
        )
    assert "The weights of each neuron of layer 1, as images" in html


def test_a_page_that_is_drawn_shows_on_a_terminal_how_far_it_is(monkeypatch, capsys):
    with dashboard.drawing() as report:
        report(3, 12)
    assert capsys.readouterr().err == ""  # no terminal
    monkeypatch.setattr(dashboard, "Console", partial(Console, force_terminal=True))
    with dashboard.drawing() as report:
        report(3, 12)
    shown = capsys.readouterr()
    assert "25%" in shown.err
    assert shown.out == ""


def test_live_into_a_file_ends_with_the_picture(capsys):
    out = train(capsys, "moons", "--seed", "7", "--epochs", "10", "--live")
    assert "\x1b" not in out
    _, _, sizes = out.partition("size of the gradient")
    assert re.search(r"^layer 1 ", sizes, re.MULTILINE)  # as in the pictures
    assert "layers.0" not in out


# What comes next


def suggested(out):
    """The commands that a training ends with, in words as a shell splits them."""
    lines = [line.partition("   ")[0] for line in out.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("micronn ")]


@pytest.mark.parametrize(
    "arguments",
    [
        ["moons", "--epochs=5", "--batch-size", "64"],
        ["line", "--hidden", "0", "--epochs", "5", "--save", "my line.json", "--batch-size=16"],
        ["ship.csv", "--target", "Survived", "--drop", "Name,Id", "--skip-gaps", "--epochs", "2"],
        ["wide.csv", "--patience", "3", "--save", "wide.json"],
        ["digits", "--examples", "60", "--epochs", "1", "--hidden", "4"],
    ],
)
def test_a_training_ends_with_commands_that_work(arguments, capsys):
    table("ship.csv", "Id,Survived,Name,Sex,Age", *SHIP)
    table("wide.csv", ",".join("abcdefghijk"), *[",".join([f"{k}.5"] * 11) for k in range(20)])
    assert main(["train", *arguments]) == 0
    commands = suggested(capsys.readouterr().out)
    assert [words[1] for words in commands if words[1] != "train"][-1] == "show"
    for words in commands:
        assert main(words[1:]) == 0, words


def test_a_seed_is_in_the_command_that_keeps_a_model(capsys):
    first = train(capsys, "moons", "--epochs", "3")
    again = suggested(first)[0]
    assert again[-4:] == ["--seed", re.search(r"seed (\d+)", first)[1], "--save", "moons.json"]


def test_a_training_that_is_still_learning_says_so_and_how_to_go_on(capsys):
    # A line has no bottom but its noise, 0.1**2 = 0.01 in squares: 0.4 is far from it.
    started = ["line", "--hidden", "0", "--seed", "7"]
    words = "It has not finished learning: in the last 5 epochs the validation loss fell from "
    out = train(capsys, *started, "--save", "line.json")
    assert words in out
    (longer, *_) = suggested(out)
    again = "micronn train line --resume line.json --epochs 100 --save line.json"
    assert longer == again.split()
    assert "not finished" not in train(capsys, *started, "--epochs", "400", "--save", "line.json")


def test_a_class_that_is_always_right_has_finished_learning(capsys):
    # Its loss, a logarithm, falls for ever.
    out = train(capsys, "moons", "--seed", "7")
    assert score_on_test_set(out) == 100.0
    assert "not finished" not in out


REFUSALS = [
    (["moon"], "Did you mean 'moons'?"),
    (["elephants"], "Choose one of"),
    (["missing.csv"], "missing.csv"),
    (["mnist"], "micronn fetch mnist"),
    (["moons", "--hidden", "16,x"], "16,x"),
    (["moons", "--hidden", "16,0"], "each size of --hidden must be at least 1, got 0"),
    (["moons", "--hidden", "-1"], "each size of --hidden must be at least 1, got -1"),
    (["moons", "--activation", "tahn"], "tahn"),
    (["moons", "--epochs", "0"], "--epochs must be at least 1, got 0"),
    (["moons", "--epochs", "many"], "--epochs: 'many' is no whole number; write one such as 7"),
    (["moons", "--batch-size", "-1"], "--batch-size must be at least 1, got -1"),
    (["moons", "--batch-size", "1.5"], "--batch-size: '1.5' is no whole number"),
    (["moons", "--lr", "-1"], "--lr must be a finite number of at least 0, got -1.0"),
    (["moons", "--lr", "nan"], "--lr must be a finite number of at least 0, got nan"),
    (["moons", "--lr", "slow"], "--lr: 'slow' is no number; write one such as 0.1"),
    (
        ["moons", "--examples", "9" * 12],
        "--examples must be at most 1,000,000, got 999,999,999,999",
    ),
    (["moons", "--examples", "-5"], "--examples must be at least 1, got -5"),
    (["moons", "--examples", "0"], "--examples must be at least 1, got 0"),
    (["moons", "--examples", "2"], "too few"),
    (["moons", "--save", "missing/moons.json"], "missing/moons.json"),
    (["moons", "--replay", "run.svg"], "run.svg"),
    (["moons", "--replay", "missing/run.html"], "missing/run.html"),
    (["moons", "--resume", "missing.json"], "missing.json"),
    (["moons", "--patience", "0"], "--patience must be at least 1, got 0"),
    (["moons", "--patience", "5", "--resume", "moons.json"], "leave one out"),
    (["moons", "--drop", "x"], "--drop is for a table, but moons is none; leave it out"),
    (["moons", "--no-header"], "--header is for a table"),
    (["moons", "--separator", "|"], "--separator is for a table"),
    (["my.csv", "--skip-gaps", "--resume", "my.json"], "but my.json says how to read it"),
    (["moons", "--save", ""], "--save: a file needs a name"),
    (["moons", "--replay", ""], "--replay: a file needs a name"),
    (["moons", "--save", "."], "directory"),
    (["moons", "--save", "same.html", "--replay", "same.html"], "written too (--save)"),
    (["moons", "--save", "../x.html", "--replay", "./.././x.html"], "written too (--save)"),
    (["moons", "--kind", "riddle"], "riddle"),
]


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS)
def test_a_refusal_is_one_message_on_stderr(arguments, reason, capsys):
    status = main(["train", *arguments])
    out, err = capsys.readouterr()
    assert status in (1, 2)
    assert reason in err
    assert (out, err.count("error:")) == ("", 1)
    assert os.listdir() == []


TABLE = {"target": "", "kind": "", "drop": [], "header": None, "skip_gaps": False}
SOURCE = {"data": "moons", "examples": 0, "folder": "", "seed": 1, "table": TABLE}


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_nothing_that_is_read_is_written_over(link, capsys):
    os.makedirs("sub")
    table("my.csv", "a,b", *[f"{k},{k}.5" for k in range(9)])
    before, place = Path("my.csv").read_bytes(), "sub/../my.csv"
    if link:
        link("my.csv", place := "other.html")
    for option in ("--save", "--replay") if link else ("--save",):
        assert main(["train", "my.csv", option, place]) == 2
        out, err = capsys.readouterr()
        assert f"{option} {place} would overwrite my.csv, which is read too" in err
        assert (out, Path("my.csv").read_bytes()) == ("", before)


def test_a_model_may_go_on_in_its_own_file_but_no_page_may_take_it(capsys):
    train(capsys, "moons", "--epochs", "1", "--save", "moons.html")
    train(capsys, "moons", "--epochs", "2", "--resume", "moons.html", "--save", "moons.html")
    again = ["moons", "--epochs", "3", "--resume", "moons.html", "--replay", "moons.html"]
    assert main(["train", *again]) == 2
    assert "would overwrite moons.html, which is read too (--resume)" in capsys.readouterr().err


def test_a_page_into_a_folder_is_refused_before_the_training(capsys):
    os.makedirs("run.html")
    assert main(["train", "moons", "--replay", "run.html"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", "micronn: error: run.html: Is a directory\n")


def test_the_files_of_mnist_are_not_written_over(capsys):
    for name in ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        Path(name).write_text("")
        assert main(["train", "mnist", "--data", ".", "--save", name]) == 2
        assert f"would overwrite {name}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "arguments", "reason"),
    [
        ({}, ["circles", "--epochs", "4"], "learned moons, not circles"),
        ({}, ["moons", "--epochs", "2"], "2 of 2 epochs are done already; ask for more"),
        ({"notes": {}}, ["moons", "--epochs", "4"], "was not saved by micronn train"),
        (
            {"notes": {"source": SOURCE | {"table": {}}}},
            ["moons", "--epochs", "4"],
            "was not saved",
        ),
        (
            {"notes": {"source": SOURCE | {"table": TABLE | {"drop": [3]}}}},
            ["moons", "--epochs", "4"],
            "was not saved by",
        ),
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


def test_a_model_that_fits_no_memory_is_refused_in_a_line():
    # 200 MB of address space; 3,000,000 weights would need several times that.
    limit = 200_000_000
    ran = subprocess.run(
        [sys.executable, "-m", "micronn", "train", "xor", "--hidden", "1700,1700"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert "not enough memory; take a smaller model" in ran.stderr


def test_a_net_that_no_file_could_hold_is_refused_before_it_fills_the_memory(capsys):
    assert main(["train", "moons", "--hidden", "30000,30000"]) == 2
    said = capsys.readouterr().err
    # 3 * 30000 + 30001 * 30000 + 30001
    assert "900,150,001 parameters" in said
    assert "take smaller ones with --hidden" in said
