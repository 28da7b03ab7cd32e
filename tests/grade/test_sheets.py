"""Sheets for a class: other numbers for everybody, the right key, the same for the same seed."""

import re

import pytest

from micronn.cli.main import main
from micronn.engine import Value
from micronn.grade.sheets import class_set


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def product_and_sum(numbers):
    a, b = (Value(numbers[name], name) for name in "ab")
    return (a * b) * (a + b)


def lines_of(key):
    """The key, sheet by sheet: the numbers given, and the answers by name."""
    for given, answers in re.findall(r"<p><b>\d+</b> \((.*?)\): (.*?)</p>", key):
        numbers = {name: read(x) for name, x in re.findall(r"(\w) = (−?[\d.]+)", given)}
        yield (
            numbers,
            {n: read(x) for n, x in re.findall(r"gradient of (\w+) = (−?[\d.]+)", answers)},
        )


def read(text):
    return float(text.replace("−", "-"))


def test_no_two_sheets_are_alike_and_the_key_has_the_gradients():
    sheets, key = class_set(product_and_sum, ["a", "b"], count=30, seed=7)
    assert sheets.count('<section class="sheet">') == 30
    found = list(lines_of(key))
    assert len({tuple(numbers.values()) for numbers, _ in found}) == 30
    for numbers, answers in found:
        a, b = numbers["a"], numbers["b"]
        # by hand: f = ab(a + b) = a²b + ab², so df/da = 2ab + b² and df/db = a² + 2ab
        assert answers["a"] == pytest.approx(2 * a * b + b * b, rel=1e-3)
        assert answers["b"] == pytest.approx(a * a + 2 * a * b, rel=1e-3)


def test_a_sheet_itself_does_not_say_the_gradients():
    sheets, _ = class_set(product_and_sum, ["a", "b"], count=3, seed=7)
    assert "grad +" not in sheets
    assert len(re.findall(r"gradient of \w+ = <span>", sheets)) == 3 * 5


def test_the_same_seed_gives_the_same_sheets_and_another_seed_others():
    first, again, other = (
        class_set(product_and_sum, ["a", "b"], count=5, seed=seed) for seed in (7, 7, 8)
    )
    assert first == again
    assert first[1] != other[1]


@pytest.mark.parametrize("seed", range(4))
def test_any_seed_gives_a_wrong_engine_and_the_same_one_each_time(seed):
    first, again = (
        class_set(product_and_sum, ["a", "b"], count=5, seed=seed, about="fault") for _ in "12"
    )
    assert first == again


def test_ids_differ_from_sheet_to_sheet():
    sheets, _ = class_set(product_and_sum, ["a", "b"], count=5, seed=7)
    ids = re.findall(r' id="([^"]*)"', sheets)
    assert len({*ids}) == len(ids)


def test_the_first_wrong_number_of_a_wrong_engine_is_in_the_key_and_on_the_sheet():
    sheets, key = class_set(product_and_sum, ["a", "b"], count=5, seed=7, about="fault")
    found = re.findall(r"(\w+): ([+−]?[\d.]+) should be ([+−]?[\d.]+)\. The fault: \w", key)
    assert len(found) == 5
    for part, (_, wrong, right) in zip(sheets.split("<section")[1:], found, strict=True):
        assert wrong != right
        assert f">{wrong}<" in part


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a*b", "--sheets", "0"], "--sheets is from 1 to 200, got 0"),
        (["a*b", "a=1", "b=2", "--sheets", "3"], "all sheets would be alike"),
        (["2*3", "--sheets", "3"], "no name, nothing to vary"),
        (["exp(exp(a*9))", "--sheets", "30"], "different sheets whose numbers suit paper, not 30"),
        (["a*b", "a=1", "b=2", "--about", "fault"], "say how many sheets"),
        (["a*b", "--sheets", "3", "--worksheet", "sheets.pdf"], "end the name in .html"),
    ],
)
def test_what_gives_no_set_is_refused_in_a_line(words, message, capsys, tmp_path):
    assert main(["quiz", *words]) == 2
    assert message in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_the_command_writes_the_sheets_and_the_key(tmp_path, capsys):
    assert main(["quiz", "(a*b)*(a+c)", "c=2", "--sheets", "4", "--paper", "letter"]) == 0
    assert capsys.readouterr().out == "wrote sheets.html and sheets-key.html\n"
    assert "size: letter" in (tmp_path / "sheets.html").read_text("utf-8")
    assert (tmp_path / "sheets-key.html").read_text("utf-8").count("<p><b>") == 4
