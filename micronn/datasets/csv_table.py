"""Your own data: a CSV file whose first line names the columns.

    height,width,kind          one column is the target, chosen by its name;
    1.5,0.4,oak                all others are inputs and must hold numbers
    0.3,0.2,rose

A target column of numbers is a quantity to predict; one with words is a class, and
the words are numbered in order.  Whatever is wrong with a file is said
with its line and column.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from io import BytesIO, TextIOWrapper
from os import PathLike
from typing import NamedTuple

from micronn.support.files import read_limited
from micronn.support.text import decimal, did_you_mean

Path = str | PathLike[str]


class Table(NamedTuple):
    """A CSV file as examples.

    inputs: shape (n, nin), floats.
    targets: shape (n,), floats, or integers that are indices in classes.
    columns: the names of the nin inputs.
    classes: the different texts of the target column, in order; empty for quantities.
    """

    inputs: list[list[float]]
    targets: list[float] | list[int]
    columns: list[str]
    classes: list[str]


def read_csv(path: Path, target: str, classes: bool | None = None) -> Table:
    """Read examples from a file with comma-separated columns and a header.

    path: a UTF-8 text file.
    target: the name of the column to predict, exactly as the header has it; "" for the last.
    classes: True numbers the target's different texts even if they are numerals,
        False insists on numbers; left out, the first target that is no number makes
        all of them classes.

    Raises FileNotFoundError for no file, and ValueError, naming file, line and
    column, for anything else: an unknown or repeated column, a line with too many or
    too few cells, a cell that is not a finite number, a header of numbers alone, or no
    line below the header.
    """
    rows = lines_of(path)
    _, header = next(rows, (1, [""]))
    target = target or header[-1]
    index = column_index(path, header, target)
    columns = header[:index] + header[index + 1 :]
    inputs, answers = [], []
    for line, cells in rows:
        answers.append((line, cells.pop(index).strip()))
        inputs.append([number(path, line, *pair) for pair in zip(columns, cells, strict=True)])
    if not inputs:
        raise ValueError(f"{path}: no examples below the header; at least one line is needed")
    if classes is None:
        classes = not all(is_number(answer) for _, answer in answers)
    if not classes:
        targets = [number(path, line, target, answer) for line, answer in answers]
        return Table(inputs, targets, columns, [])
    for line, answer in answers:
        if not answer:
            cell = f"{path}, line {line}, column {target!r}"
            raise ValueError(f"{cell}: the class is empty; leave the line out")
    names = sorted({answer for _, answer in answers})
    if all(map(is_number, names)):
        names.sort(key=float)
    return Table(inputs, [names.index(answer) for _, answer in answers], columns, names)


def lines_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line that is not empty, the header first.

    Raises ValueError for a line with more or fewer cells than the header has.
    """
    width = 0
    with TextIOWrapper(BytesIO(read_limited(path)), "utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for cells in reader:
                width = width or len(cells)
                if len(cells) not in (0, width):
                    raise ValueError(
                        f"{path}, line {reader.line_num}: {len(cells)} cells, but the header has "
                        f"{width}; put a cell with a comma in quotes"
                    )
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path}: not a text file in UTF-8; save it as CSV UTF-8") from None


def column_index(path: Path, header: Sequence[str], target: str) -> int:
    """The index of the target column in the header, after a look at the header itself."""
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise ValueError(f"{path}, line 1: column {repeated[0]!r} is there twice; rename one")
    shown = repr(",".join(header)[:60])
    if len(header) < 2:
        needs = "the header needs at least two column names with commas between"
        raise ValueError(f"{path}, line 1: {needs}, got {shown}")
    if all(map(is_number, header)):
        needs = f"column names are needed, got only numbers, {shown}"
        raise ValueError(f"{path}, line 1: {needs}; write the names above them")
    if target not in header:
        advice = did_you_mean(target, header) or "Choose one of these."
        names = ", ".join(header[:20])
        raise ValueError(f"{path}: no column {target!r} among {names}. {advice}")
    return header.index(target)


def number(path: Path, line: int, column: str, cell: str) -> float:
    """A cell as a float."""
    if not is_number(cell):
        what = f"{cell[:40]!r} is not a finite number" if cell.strip() else "the cell is empty"
        advice = "write a number such as 1.5, or leave the line out"
        raise ValueError(f"{path}, line {line}, column {column!r}: {what}; {advice}")
    return float(cell)


def is_number(cell: str) -> bool:
    """True for the text of a finite number."""
    return decimal(cell) not in (None, math.inf, -math.inf)
