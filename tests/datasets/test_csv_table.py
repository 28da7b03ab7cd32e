"""A table becomes examples, and whatever is wrong with it is said with its place."""

import csv
import math
import os
import re
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micronn.datasets import csv_table
from micronn.datasets.csv_table import read_csv, rows_of

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
    assert table == ([[2.5], [-4.0]], [1.0, 3.0], ["y"], [], {}, "x")


def test_numerals_become_classes_on_request_in_order_of_size(write):
    table = read_csv(write("x,y\n1,10\n2,9\n3,10\n"), "y", kind="class")
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
        ("a,b\n1,2\n3,1e999\n", "a", "line 3, column 'b': '1e999' is not a finite number"),
        ("a,b\n1,2\n3,1_000\n", "a", "line 3, column 'b': '1_000' is not"),
        ("a,b\n1,2\n3,\n", "a", "line 3, column 'b': '' is a gap"),
        ("a,b\n1,2\n3,nan\n", "a", "line 3, column 'b': 'nan' is a gap"),
        ("a,b\n1,2\n3,?\n", "b", "line 3, column 'b': '?' is a gap"),
        ("a,b\nx,1\n,2\n", "a", "line 3, column 'a': '' is a gap"),
        ("a,b\n1,2\n\n3,4,5\n", "a", "line 4: 3 cells, but the first line has 2, with ','"),
        ("a,b\n1,2\n3\n", "a", "line 3: 1 cells, but the first line has 2"),
        ("a,b\n1,2\n", "c", "no column 'c' among a, b"),
        ("height,b\n1,2\n", "hieght", "Did you mean 'height'?"),
        ("a,a,b\n1,2,3\n", "b", "line 1: column 'a' is there 2 times; rename one, or say"),
        ("a b\n1 2\n", "a", "line 1: at least two columns are needed"),
        ("", "a", "is empty"),
        ("a,b\n", "a", "no examples below the header"),
        ("a,b\n1,x\n2,x\n", "b", "column 'b' says 'x' on every line"),
        ("a,b\n1,7\n2,7\n", "b", "column 'b' says '7' on every line"),
        ('a,b\n1,"2\n3,4\n', "a", "unexpected end of data"),
        ('a,b\n1,"2"x\n', "a", "line 2: ',' expected after"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, text, target, message):
    path = write(text)
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        read_csv(path, target)
    assert str(path) in str(error.value)


def test_numbers_can_be_insisted_on(write):
    with pytest.raises(ValueError, match="line 2, column 'kind': 'oak' is not a finite number"):
        read_csv(write(TREES), "kind", kind="quantity")


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


# Which question


@pytest.mark.parametrize(
    ("targets", "classes"),
    [
        ("0 1 1 0", ["0", "1"]),
        ("1 2 3 3 2 1", ["1", "2", "3"]),
        ("-1 1 1 -1", ["-1", "1"]),
        ("0.0 1.0 0.0 1.0", ["0", "1"]),
        ("no yes no 0", None),
        ("0.5 1.5 0.5 1.5", []),
        ("2 4 6 8", []),  # as many numbers as lines: a quantity
        (" ".join(map(str, [*range(11)] * 5)), []),  # more than ten of them
    ],
)
def test_a_few_whole_numbers_are_classes_and_other_numbers_quantities(write, targets, classes):
    path = write("x,y\n" + "".join(f"{k},{y}\n" for k, y in enumerate(targets.split())))
    if classes is None:  # numbers and words: nothing is guessed, but a class may be asked for
        with pytest.raises(ValueError, match="line 2, column 'y': 'no' is not .* --kind class"):
            read_csv(path)
        assert read_csv(path, kind="class").classes == ["0", "no", "yes"]
        return
    table = read_csv(path)
    assert table.classes == classes
    wanted = [float(y) for y in targets.split()]
    assert (
        [float(classes[k]) for k in table.targets] == wanted
        if classes
        else (table.targets == wanted)
    )


def test_the_question_can_be_said(write):
    path = write("x,y\n1,0\n2,1\n3,1\n4,0\n")
    assert read_csv(path, kind="quantity").targets == [0.0, 1.0, 1.0, 0.0]
    assert read_csv(path, kind="class").classes == ["0", "1"]
    with pytest.raises(ValueError, match="unknown kind 'regression'; choose one of class, quant"):
        read_csv(path, kind="regression")


# Gaps, and columns to leave out

GAPS = "name,age,kind\nAda,36,a\nBob,NA,b\nCy,,a\nDee,4,\nEve,9,b\n"


def test_lines_with_gaps_are_refused_counted_or_left_out_and_never_in_silence(write):
    path = write(GAPS)
    with pytest.raises(ValueError, match=re.escape("in 3 of 5 lines: age 2, kind 1")):
        read_csv(path, drop=["name"])
    with pytest.warns(UserWarning, match="3 of 5 lines have a gap and are left out"):
        table = read_csv(path, drop=["name"], skip_gaps=True)
    assert (table.inputs, table.targets) == ([[36.0], [9.0]], [0, 1])


def test_a_gap_in_a_column_that_is_left_out_does_not_matter(write):
    path = write("a,b,c\n1,NA,2.5\n3,4,1.5\n")
    assert read_csv(path, drop=["b"]) == ([[1.0], [3.0]], [2.5, 1.5], ["a"], [], {}, "c")
    assert read_csv(path, drop="b").columns == ["a"]


@pytest.mark.parametrize(
    ("drop", "message"),
    [
        (["nmae"], "Did you mean 'name'?"),
        (["kind"], "'kind' is the target; choose another --target"),
        (["name", "age"], "no column is left for the inputs"),
    ],
)
def test_what_cannot_be_left_out_is_refused(write, drop, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_csv(write(GAPS), drop=drop)


def test_a_table_of_gaps_alone_is_refused(write):
    with pytest.raises(ValueError, match="every line has a gap"):
        read_csv(write("a,b\n1,\n,2\n"), skip_gaps=True)


# Words as inputs


def test_a_column_of_words_is_an_input_for_each_word(write):
    table = read_csv(write("size,colour,y\n1,red,0.5\n2,blue,1.5\n3,red,2.5\n"))
    assert table.inputs == [[1.0, 0.0, 1.0], [2.0, 1.0, 0.0], [3.0, 0.0, 1.0]]
    assert table.columns == ["size", "colour"]
    assert table.words == {"colour": ["blue", "red"]}


def test_too_many_words_are_names_and_no_inputs(write):
    path = write("name,y\n" + "".join(f"n{k},{k / 2}\n" for k in range(51)))
    with pytest.raises(ValueError, match="column 'name': 51 different words.*--drop 'name'"):
        read_csv(path)


@pytest.mark.parametrize("cell", ["1,234", "50 %", "+1'000", "1e999"])
def test_what_is_written_as_a_number_is_never_taken_for_a_word(write, cell):
    for column in ("x", "y"):
        path = write(f'x,y\n"{cell}","{cell}"\n"{cell}0","{cell}0"\n'.replace("%0", "5%"))
        with pytest.raises(ValueError, match=f"column '{column}': .* is not a finite number"):
            read_csv(path, target={"x": "y", "y": "x"}[column], kind="class")


def test_signs_without_digits_are_words(write):
    path = write("x,y\n%,+\n',-\n%,+\n")
    assert read_csv(path)[1:5] == ([0, 1, 0], ["x"], ["+", "-"], {"x": ["%", "'"]})


# Separators and headers


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_separator_is_seen_in_the_first_line(write, mark):
    assert read_csv(write(TREES.replace(",", mark)), "kind") == read_csv(write(TREES), "kind")


def test_a_separator_in_quotes_separates_nothing(write):
    table = read_csv(write('"a;\tb",c\n1,2.5\n2,1.5\n'))
    assert table.columns == ["a;\tb".replace("\t", "\ufffd")]


@pytest.mark.parametrize("mark", ["|", " ", "\t", ";", ",", ":", "¦"])
def test_a_separator_can_be_named(write, mark):
    text = "a|b|kind\n1|2|x\n3|4|y\n".replace("|", mark)
    table = read_csv(write(text), separator=mark)
    assert (table.columns, table.inputs) == (["a", "b"], [[1.0, 2.0], [3.0, 4.0]])


def test_a_named_separator_counts_more_than_those_of_the_first_line(write):
    path = write("length; in cm,kind\n1,x\n3,y\n")
    with pytest.raises(ValueError, match="line 2: 1 cells, .* or name another mark with --separat"):
        read_csv(path)
    assert read_csv(path, separator=",").columns == ["length; in cm"]
    with pytest.raises(
        ValueError, match=r"with '\|' between, got .*; name what stands between wit"
    ):
        read_csv(path, separator="|")


def test_blanks_between_columns_may_be_several(write):
    table = read_csv(write("a  b   kind\n1  2.5 x\n3  4   y\n"), separator=" ")
    assert table.inputs == [[1.0, 2.5], [3.0, 4.0]]


@pytest.mark.parametrize("mark", ["||", "a", "1", '"', "\n", "-", "."])
def test_what_separates_no_cells_is_refused(write, mark):
    with pytest.raises(ValueError, match="--separator is one mark such as | or a tab, got"):
        read_csv(write(TREES), separator=mark)


def test_with_semicolons_a_comma_is_a_decimal_comma(write):
    table = read_csv(write("x;y\n1,5;0,25\n-2;0\nred, blue;1\n".replace("red, blue", "3")))
    assert (table.inputs, table.targets) == ([[1.5], [-2.0], [3.0]], [0.25, 0.0, 1.0])


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("5.1,3.5,setosa\n4.9,3,setosa\n6.2,3,virginica\n", "the number 5.1"),
        ("x,s,edible\nb,s,edible\nx,y,poisonous\n", "'x', which stands again in a line below"),
        ("1,2\n3,4\n5,6\n", "the number 1"),
    ],
)
def test_a_first_line_that_is_an_example_is_no_header_and_that_is_said(write, text, sign):
    path = write(text)
    with pytest.warns(UserWarning, match=sign):
        table = read_csv(path)
    assert len(table.inputs) == 3
    assert table.columns == [str(k) for k in range(1, len(table.columns) + 1)]
    assert read_csv(path, header=False) == table


def test_a_header_can_be_insisted_on(write):
    assert read_csv(write("1990,1991\n3.5,4\n5,6\n"), header=True).columns == ["1990"]
    with pytest.raises(ValueError, match="column '1': 'height' is not a finite number"):
        read_csv(write(TREES), header=False)


def test_a_column_without_a_name_is_called_by_its_number(write):
    assert read_csv(write(",a,y\n0,5,1.5\n1,6,2.5\n"), drop=["1"]).columns == ["a"]


def test_some_columns_of_a_table_come_in_the_order_asked_for(write):
    assert rows_of(write(TREES), ["kind", "height"]) == (
        ["kind", "height"],
        [(2, ["oak", 1.5]), (3, ["rose", 0.3]), (4, ["oak", 2.0])],
    )
    assert rows_of(write("5,6\n7,8\n"), ["2"]) == (["2"], [(1, [6.0]), (2, [8.0])])
    assert rows_of(write("1,2\n7,8\n"), ["2"]) == (["2"], [(2, [8.0])])


# Files from anywhere


def test_no_cell_brings_a_terminal_command(write):
    table = read_csv(write("a\x1b]0\x07,y\n1,up\x1b[2J\n2,down\n"))
    assert all(text.isprintable() for text in [*table.columns, *table.classes])


def test_the_work_grows_with_the_table_and_not_with_its_square(write, monkeypatch):
    # Comparisons of names are counted: every pair of 2,000 columns would make 4,000,000.
    count = 0

    class Text(str):
        def __eq__(self, other):
            nonlocal count
            count += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    as_it_was = csv_table.cleaned
    monkeypatch.setattr(csv_table, "cleaned", lambda *cell: Text(as_it_was(*cell)))
    names = [f"c{k}" for k in range(2000)]
    path = write("\n".join([",".join(names), ",".join(["1"] * 2000), ",".join(["2"] * 2000)]))
    read_csv(path)
    rows_of(path, names)
    wide, count = count, 0
    path = write("x,y\n" + "".join(f"{k},k{k}\n" for k in range(2000)))
    assert len(read_csv(path).classes) == 2000
    assert max(wide, count) < 100_000


@pytest.mark.parametrize("place", ["/dev/zero", "pipe"])
def test_a_table_without_end_or_without_a_writer_is_refused(tmp_path, place):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=place):
        read_csv(tmp_path / place)


def test_a_table_that_another_program_writes_into_a_pipe_is_read():
    reader, writer = os.pipe()
    with open(writer, "w") as file:
        file.write(TREES)
    try:
        assert read_csv(f"/dev/fd/{reader}").targets == [0, 1, 0]
    finally:
        os.close(reader)


CELLS = st.sampled_from(
    ["1", "-2.5", "NA", "", "red", "a b", '"x,;y"', '"', "1,5", "\0", "\x1b[2J"]
)
TEXTS = st.lists(CELLS | st.sampled_from([",", ";", "\t", "\n"]), max_size=40).map("".join)


@given(TEXTS | st.text(max_size=60), st.booleans(), st.sampled_from([None, True, False]))
def test_any_text_is_a_table_of_finite_numbers_or_refused_in_a_line(text, skip_gaps, header):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder, "my.csv")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            table = read_csv(path, header=header, skip_gaps=skip_gaps)
        except ValueError as error:
            table, refusal = None, str(error)
    if table is None:
        assert refusal.startswith(str(path))
        assert "\n" not in refusal
        return
    nin = sum(len(table.words.get(name, [name])) for name in table.columns)
    assert {len(x) for x in table.inputs} == {nin}
    assert len(table.inputs) == len(table.targets)
    assert all(math.isfinite(number) for x in table.inputs for number in x)
    assert all(name.isprintable() for name in [*table.columns, *table.classes])
