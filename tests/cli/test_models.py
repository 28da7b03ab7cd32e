"""micronn predict, show, fetch and export."""

import csv
import os
import random
import re
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from micronn.checkpoint import load, save
from micronn.cli.main import main
from micronn.nn import MLP
from micronn.support.numeric import logsumexp
from micronn.training.tasks import Question, toy
from micronn.training.traced import predict


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(name, nin, nouts, weights, question=None):
    """A linear model with the given parameters in a file."""
    model = MLP(nin, nouts, rng=random.Random(7))
    for parameter, number in zip(model.parameters(), weights, strict=True):
        parameter.data = number
    save(model, name, notes={"question": question._asdict()} if question else {})


SUM = (2, [1], [1.0, 10.0, 100.0])  # x + 10*y + 100
SIGN = Question("moons", "sign", ["x", "y"], ["−1", "+1"], [], [])
# (x - 5) / 2 and (y - 7) / 1 go in; what comes out is times 1000, plus 50.
PRICE = Question("houses.csv", "quantity", ["x", "y"], [], [5.0, 7.0, 50.0], [2.0, 1.0, 1000.0])


def output(capsys, *arguments):
    """What a command that must succeed prints."""
    status = main(list(arguments))
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


# predict


def test_a_model_without_a_question_gives_its_outputs(capsys):
    saved("sum.json", *SUM)
    assert output(capsys, "predict", "sum.json", "1", "-2e0") == "81.0\n"


def test_a_model_that_was_asked_for_a_class_names_it_and_its_probability(capsys):
    saved("moons.json", *SUM, SIGN)
    out = output(capsys, "predict", "moons.json", "-3", "-10")  # the logit is -3
    assert out.startswith("class −1, probability 95.3%")  # 1 / (1 + e**-3) = 0.9526


def test_a_quantity_comes_in_the_unit_of_the_data(capsys):
    saved("houses.json", *SUM, PRICE)
    # ((7 - 5)/2 + 10*(6 - 7) + 100) * 1000 + 50 = 91,050
    assert output(capsys, "predict", "houses.json", "7", "6") == "9.105e4\n"


def test_a_quantity_that_has_a_name_is_called_by_it(capsys):
    saved("houses.json", *SUM, PRICE._replace(target="price"))
    assert output(capsys, "predict", "houses.json", "7", "6") == "price: 9.105e4\n"


def test_every_line_of_a_table_is_answered_by_the_names_of_its_columns(capsys):
    saved("houses.json", *SUM, PRICE)
    Path("new.csv").write_text("y,colour,x\n6,red,7\n7,blue,5\n")
    out = output(capsys, "predict", "houses.json", "--csv", "new.csv")
    rows = list(csv.DictReader(out.splitlines()))
    assert [float(row["answer"]) for row in rows] == [91_050.0, 100_050.0]
    assert [row["x"] for row in rows] == ["7", "5"]


def test_a_class_name_from_a_file_gives_the_terminal_no_command(capsys):
    saved("moons.json", *SUM, SIGN._replace(classes=["up\x1b[31m", "down\x07"]))
    Path("new.csv").write_text("x,y\n-3,-10\n")
    out = output(capsys, "predict", "moons.json", "--csv", "new.csv")
    assert out.splitlines()[1] == "-3,-10,up\ufffd[31m"


COLOURS = Question(
    "trees.csv", "class", ["size", "colour"], ["oak", "rose"], [], [],
    {"colour": ["blue", "red"]}, "kind",
)  # fmt: skip
# Logits: size + 2 * red for an oak, 3 * blue for a rose.
TREES = (3, [2], [1.0, 0.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0])


def test_words_are_read_where_the_model_learned_from_words(capsys):
    saved("trees.json", *TREES, COLOURS)
    assert "class oak, probability 95.3%" in output(capsys, "predict", "trees.json", "1", "red")
    assert "class rose, probability 95.3%" in output(capsys, "predict", "trees.json", "0", "blue")
    Path("new.csv").write_text("name;colour;size\nmine;red;0,5\nhis;blue;1\n")
    out = output(capsys, "predict", "trees.json", "--csv", "new.csv")
    assert out.splitlines() == ["size,colour,answer", "0.5,red,oak", "1,blue,rose"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["1", "green"],
            "column 'colour': 'green' is none of the words that the model knows: blue, red",
        ),
        (["red", "1"], "column 'size': 'red' is not a number"),
        (["1"], "the model reads 2 numbers or words (size, colour), got 1"),
        (["1", "7"], "'7' is none of the words"),
        (["--csv", "new.csv"], "new.csv, line 3, column 'colour': 'green' is none of the words"),
    ],
)
def test_a_word_that_a_model_does_not_know_is_refused_with_those_it_knows(
    arguments, reason, capsys
):
    saved("trees.json", *TREES, COLOURS)
    Path("new.csv").write_text("size,colour\n1,red\n2,green\n")
    assert main(["predict", "trees.json", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("error:")) == ("", 1)
    assert reason in err


def test_lines_with_gaps_are_counted_and_left_out_if_that_is_asked_for(capsys):
    saved("houses.json", *SUM, PRICE)
    Path("new.csv").write_text("x,note,y\n7,,6\n5,,NA\n,,3\n5,,7\n")
    asked = ["predict", "houses.json", "--csv", "new.csv"]
    assert main(asked) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        "micronn: error: new.csv, line 3, column 'y': 'NA' is a gap. There are gaps in 2 of 4 "
        "lines: x 1, y 1. --skip-gaps leaves these lines out\n",
    )
    assert main([*asked, "--skip-gaps"]) == 0
    out, err = capsys.readouterr()
    assert out == "x,y,answer\n7,6,91050.0\n5,7,100050.0\n"
    assert err == "micronn: note: new.csv: 2 of 4 lines have a gap and are left out\n"


def test_the_separator_of_a_table_can_be_named(capsys):
    saved("houses.json", *SUM, PRICE)
    Path("new.csv").write_text("x|y\n7|6\n")
    for mark in "--separator=|", "--separator |":
        out = output(capsys, "predict", "houses.json", "--csv", "new.csv", *mark.split())
        assert out == "x,y,answer\n7,6,91050.0\n"


def test_a_question_that_the_model_cannot_answer_is_refused(capsys):
    saved("short.json", *TREES, COLOURS._replace(classes=["oak"]))
    for arguments in (["1", "red"], ["--csv", "new.csv"]):
        assert main(["predict", "short.json", *arguments]) == 2
        assert "short.json: notes.question.classes" in capsys.readouterr().err


def test_an_image_is_shown_with_the_answer(capsys):
    header = bytes([0, 0, 8, 3]) + b"".join(struct.pack(">I", n) for n in (2, 8, 8))
    Path("images").write_bytes(header + bytes(64) + bytes([255] * 64))
    digits = Question("digits", "class", [], ["0", "1"], [], [])
    saved("digits.json", 64, [2], [0.0] * 64 + [1.0] + [1.0] * 64 + [0.0], digits)
    white = output(capsys, "predict", "digits.json", "--images", "images", "--index", "0")
    black = output(capsys, "predict", "digits.json", "--images", "images", "--index", "1")
    assert "class 0, probability 73.1%" in white  # 1 / (1 + e**-1)
    assert "class 1, probability 100.0%" in black
    assert "@@@@@@@@" in black


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["moons.json", "1"], "the model reads 2 numbers (x, y), got 1"),
        (["moons.json", "1", "2", "3"], "got 3"),
        (["moons.json", "1", "two"], "'two' is not a number"),
        (["moons.json", "1", "nan"], "'nan' is not a number"),
        (["missing.json", "1"], "missing.json"),
        (["moons.json", "--csv", "missing.csv"], "missing.csv"),
        (["moons.json", "--csv", "bad.csv"], "line 2, column 'y'"),
        (["moons.json", "--csv", "short.csv"], "short.csv, line 2"),
        (["moons.json", "--csv", "bad.csv", "--separator", "ab"], "one mark such as |"),
        (["moons.json", "1", "2", "--skip-gaps"], "--skip-gaps and --separator are for --csv"),
        (["moons.json", "--csv", "other.csv"], "no column 'x'"),
        (["moons.json", "--images", "bad.csv"], "not an IDX file"),
        (["damaged.json", "1", "2"], "damaged.json: notes.question.kind"),
    ],
)
def test_what_cannot_be_answered_is_refused(arguments, reason, capsys):
    saved("moons.json", *SUM, SIGN)
    saved("damaged.json", *SUM, SIGN._replace(kind="riddle"))
    Path("bad.csv").write_text("x,y\n1,red\n")
    Path("short.csv").write_text("x,y\n1\n")
    Path("other.csv").write_text("a,b\n1,2\n")
    status = main(["predict", *arguments])
    out, err = capsys.readouterr()
    assert status in (1, 2)
    assert (out, err.count("error:")) == ("", 1)
    assert reason in err


# show


def test_a_model_is_drawn(capsys):
    saved("moons.json", *SUM, SIGN)
    out = output(capsys, "show", "moons.json", "-o", "moons.svg")
    assert "MLP(2 -> 1 linear), 3 parameters" in out
    assert "wrote moons.svg" in out
    assert Path("moons.svg").read_text("utf-8").startswith("<svg")


def test_the_weights_of_an_image_reader_are_images(capsys):
    saved("digits.json", 64, [2], [1.0] * 65 + [-1.0] * 65)
    out = output(capsys, "show", "digits.json", "--weights")
    assert "########" in out
    assert "========" in out
    assert "neuron 1" in out


def text_of(path):
    """What a picture or page shows, a text a line."""
    return re.findall(r"<text[^>]*>([^<]+)</text>", Path(path).read_text("utf-8"))


def test_a_reader_of_digits_is_drawn_with_an_image_the_answer_and_its_gradients(capsys):
    small = ["digits", "--examples", "60", "--epochs", "1", "--seed", "7", "--hidden", "8"]
    assert main(["train", *small, "--save", "digits.json"]) == 0
    capsys.readouterr()
    # 12 of 60 are for the test: drawn anew, dealt out anew, they are the same
    (inputs, targets) = toy("digits", 60, random.Random(7)).test
    outputs = predict(load("digits.json"), [inputs[5]])[0]
    shares = logsumexp(outputs)[1]
    out = output(capsys, "show", "digits.json", "--example", "5", "-o", "net.html")
    assert "shown: example 5 of the test set of digits" in out
    texts = text_of("net.html")
    assert f"digits, test 5: class {targets[5]}: weights and activations" in texts
    assert "28 × 28 input" in texts
    best = shares.index(max(shares))
    assert f"The model answers {best}, with a probability of {max(shares):.1%}." in texts
    for digit, share in enumerate(shares):
        assert f"{digit} {share:6.1%}" in texts
    drawn = {int(text) for text in texts if re.fullmatch(r"\d{2,3}", text) and text != "784"}
    assert min(inputs[5][pixel] for pixel in drawn if pixel > 27) > 0.9  # ink, no corner
    assert not any("radients yet" in text or "no gradients" in text for text in texts)
    assert "neuron 7" in texts


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ("moons", r"the model answers class [−+]1, probability \d+\.\d%; right is class [−+]1\n"),
        ("line", r"the model answers [−\d.e]+; right is [−\d.e]+\n"),
        ("sums.csv", r"the model answers c: [−\d.e]+; right is ([−\d.e]+)\n"),
    ],
)
def test_a_model_is_shown_with_its_answer_to_an_example_and_the_right_one(data, answer, capsys):
    rows = "".join([f"{k % 7},{k % 3},{1000.5 + k % 7 + k % 3}\n" for k in range(40)])
    Path("sums.csv").write_text("a,b,c\n" + rows)
    assert main(["train", data, "--epochs", "1", "--save", "it.json", "--seed", "1"]) == 0
    capsys.readouterr()
    out = output(capsys, "show", "it.json", "-o", "it.svg")
    found = re.search(answer, out)
    assert found, out
    if found.groups():  # in the unit of the data
        assert 1000 <= float(found[1]) <= 1009
    assert not any("o gradients" in text for text in text_of("it.svg"))


def test_a_model_without_an_example_says_why_it_has_no_gradients(capsys):
    saved("moons.json", *SUM, SIGN)
    output(capsys, "show", "moons.json", "-o", "net.html")
    assert "A saved model has no gradients: they belong to an example and its loss." in text_of(
        "net.html"
    )


def test_data_that_are_gone_are_no_reason_to_draw_nothing(capsys):
    rows = "".join([f"{k % 7},{k % 3},{k % 7 + k % 3}\n" for k in range(40)])
    Path("sums.csv").write_text("a,b,c\n" + rows)
    assert main(["train", "sums.csv", "--epochs", "1", "--save", "sums.json", "--seed", "1"]) == 0
    Path("sums.csv").unlink()
    capsys.readouterr()
    assert main(["show", "sums.json"]) == 0
    out, err = capsys.readouterr()
    assert "wrote network.svg" in out
    assert "drawn without an example: sums.csv: No such file" in err
    assert main(["show", "sums.json", "--example", "0"]) == 1
    assert "sums.csv: No such file" in capsys.readouterr().err


def test_an_image_of_a_file_is_shown_to_the_model(capsys):
    header = bytes([0, 0, 8, 3]) + b"".join(struct.pack(">I", n) for n in (2, 8, 8))
    Path("images").write_bytes(header + bytes(64) + bytes([255] * 64))
    digits = Question("digits", "class", [], ["0", "1"], [], [])
    saved("digits.json", 64, [2], [0.0] * 64 + [1.0] + [1.0] * 64 + [0.0], digits)
    output(capsys, "show", "digits.json", "--images", "images", "--index", "0", "-o", "net.svg")
    # 1 / (1 + e**-1) = 0.7311 on paper without ink
    assert "The model answers 0, with a probability of 73.1%." in text_of("net.svg")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["moons.json", "--example", "3"], "does not say what it learned from"),
        (["missing.json"], "missing.json"),
        (["text.json"], "text.json"),
        (["moons.json", "-o", "moons.bmp"], "moons.bmp"),
        (["moons.json", "-o", "missing/moons.svg"], "missing/moons.svg"),
        (["moons.json", "--weights"], "2 weights make no image"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, reason, capsys):
    saved("moons.json", *SUM, SIGN)
    Path("text.json").write_text("not a model")
    status = main(["show", *arguments])
    out, err = capsys.readouterr()
    assert status in (1, 2)
    assert (out, err.count("error:")) == ("", 1)
    assert reason in err
    assert sorted(os.listdir()) == ["moons.json", "text.json"]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_picture_takes_no_model_s_place(link, capsys):
    saved("moons.json", *SUM, SIGN)
    link("moons.json", "net.svg")
    before = Path("moons.json").read_text()
    assert main(["show", "moons.json", "-o", "net.svg"]) == 2
    assert "net.svg would overwrite moons.json, which is read too" in capsys.readouterr().err
    assert Path("moons.json").read_text() == before


# fetch


class Silent(BaseHTTPRequestHandler):
    """A mirror that has nothing."""

    def do_GET(self):  # noqa: N802
        self.send_error(404)

    def log_message(self, *arguments):
        pass


def test_a_mirror_without_the_files_is_named(capsys):
    server = HTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        status = main(["fetch", "mnist", "--data", "here", "--mirror", address])
    finally:
        server.shutdown()
        server.server_close()
    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert address in err


def test_an_address_of_another_kind_is_refused(capsys):
    assert main(["fetch", "mnist", "--mirror", "ftp://somewhere"]) == 2
    assert "ftp://somewhere" in capsys.readouterr().err


# export


def test_export_writes_a_source_and_the_test_that_compares_it(capsys):
    save(MLP(2, [2, 1]), "my net.json")
    assert main(["export", "my net.json", "--to", "numpy", "-o", "new folder"]) == 0
    out, err = capsys.readouterr()
    source, test = Path("new folder/my_net_numpy.py"), Path("new folder/test_my_net_numpy.py")
    assert out.splitlines() == [
        f"wrote {source}",
        f"wrote {test}, which compares it with micronn:",
        f"python -m pytest '{test}'",
    ]
    assert err == ""
    assert sorted(Path("new folder").iterdir()) == [source, test]


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["model.json", "--to", "touch"], 2, "to 'touch'. Did you mean 'torch'?"),
        (["model.json", "--to", "elsewhere"], 2, "Choose one of torch, jax, numpy, onnx"),
        (["model.json"], 2, "required: --to"),
        (["other.json", "--to", "numpy"], 2, "other.json is no complete model file"),
        (["nowhere.json", "--to", "numpy"], 1, "nowhere.json: No such file"),
        (["model.json", "--to", "numpy", "--output", "other.json"], 1, "other.json: "),
        (["model.json", "--to", "onnx"], 1, "pip install 'micronn[onnx]'"),
    ],
)
def test_what_cannot_be_exported_is_one_message(arguments, status, reason, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    save(MLP(2, [1]), "model.json")
    Path("other.json").write_text("{}")
    assert main(["export", *arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err
    assert err.count("\n") == 1
    assert sorted(os.listdir()) == ["model.json", "other.json"]
