"""A CSV file becomes examples, and whatever is wrong with it is said with its place."""

import csv
import re

import pytest

from micronn.datasets.csv_table import read_csv

TREES = "height,width,kind\n1.5,0.4,oak\n0.3,0.2,rose\n2,1e-1,oak\n"


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "my.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def test_words_in_the_target_column_are_classes_in_alphabetical_order(write):
    table = read_csv(write(TREES), "kind")
    assert table.inputs == [[1.5, 0.4], [0.3, 0.2], [2.0, 0.1]]
    assert table.targets == [0, 1, 0]
    assert table.columns == ["height", "width"]
    assert table.classes == ["oak", "rose"]


def test_numbers_in_the_target_column_are_quantities(write):
    table = read_csv(write("x,y\n1,2.5\n3,-4\n"), "x")
    assert table == ([[2.5], [-4.0]], [1.0, 3.0], ["y"], [])


def test_numerals_become_classes_on_request_in_order_of_size(write):
    table = read_csv(write("x,y\n1,10\n2,9\n3,10\n"), "y", classes=True)
    assert table.targets == [1, 0, 1]
    assert table.classes == ["9", "10"]


@pytest.mark.parametrize(
    "text",
    [
        TREES.replace("\n", "\r\n"),
        "\ufeff" + TREES,
        TREES + "\n\n",
        TREES.replace("oak", '"oak"'),
        TREES.replace(",oak", ", oak "),
        TREES.rstrip("\n"),
    ],
)
def test_line_ends_marks_blanks_and_quotes_do_not_matter(write, text):
    assert read_csv(write(text), "kind").targets == [0, 1, 0]
    assert read_csv(str(write(text)), "kind").classes == ["oak", "rose"]


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("a,b\n1,2\n3,four\n", "a", "line 3, column 'b': 'four' is not a finite number"),
        ("a,b\n1,2\n3,\n", "a", "line 3, column 'b': the cell is empty"),
        ("a,b\n1,2\n3,nan\n", "a", "line 3, column 'b': 'nan' is not a finite number"),
        ("a,b\n1,2\n3,1e999\n", "a", "line 3, column 'b': '1e999' is not a finite number"),
        ("a,b\n1,2\n3,1_000\n", "a", "line 3, column 'b': '1_000' is not"),
        ("a,b\n1,2\n\n3,4,5\n", "a", "line 4: 3 cells, but the header has 2"),
        ("a,b\n1,2\n3\n", "a", "line 3: 1 cells, but the header has 2"),
        ("a,b\n1,2\n", "c", "no column 'c' among a, b"),
        ("height,b\n1,2\n", "hieght", "Did you mean 'height'?"),
        ("a,a,b\n1,2,3\n", "b", "line 1: column 'a' is there twice"),
        ("a;b\n1;2\n", "a", "line 1: the header needs at least two column names"),
        ("", "a", "line 1: the header needs at least two"),
        ("1,2\n3,4\n5,6\n", "2", "line 1: column names are needed, got only numbers, '1,2'"),
        ("a,b\n", "a", "no examples below the header"),
        ("a,b\nx,1\n,2\n", "a", "line 3, column 'a': the class is empty"),
        ('a,b\n1,"2\n3,4\n', "a", "unexpected end of data"),
        ('a,b\n1,"2"x\n', "a", "line 2"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, text, target, message):
    path = write(text)
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        read_csv(path, target)
    assert str(path) in str(error.value)


def test_numbers_can_be_insisted_on(write):
    with pytest.raises(ValueError, match="line 2, column 'kind': 'oak' is not a finite number"):
        read_csv(write(TREES), "kind", classes=False)


@pytest.mark.parametrize(
    "bytes_", [b"a,b\n1,\xff\n", b"\x89PNG\r\n\x1a\n\0\0", TREES.encode("utf-16")]
)
def test_a_file_that_is_no_text_is_refused(write, bytes_):
    with pytest.raises(ValueError, match="my.csv"):
        read_csv(write(bytes_), "kind")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.csv"):
        read_csv(tmp_path / "nowhere.csv", "kind")


def test_an_endless_cell_is_refused_and_no_setting_of_the_process_changes(write):
    before = csv.field_size_limit()
    with pytest.raises(ValueError, match="my.csv, line"):
        read_csv(write('a,b\n1,"' + "2\n" * 100_000), "a")
    assert csv.field_size_limit() == before
