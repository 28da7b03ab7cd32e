"""Your own data: a table as a text file, whose first line names the columns.

    height,colour,kind         one column is the target, chosen by its name;
    1.5,grey,oak               all others are inputs, each of numbers or of words
    0.3,red,rose

The separator is a tab if the first line has one outside quotes, else a semicolon,
else a comma, unless it is named; with semicolons, 1,5 is read as 1.5.  A column holds
numbers alone or no number at all, or is refused with the line.  What a message calls
--drop or --skip-gaps is an argument here: drop, skip_gaps.
"""

import csv
import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from micronn.datasets.texts import one_hot
from micronn.support.arguments import check_choice
from micronn.support.files import Location, read_limited
from micronn.support.text import as_typed, brief, clipped, counted, decimal, did_you_mean, printable

Cell = float | str  # a finite number, or the text of anything else
Line = tuple[int, list[Cell]]  # and its number in the file
Words = Mapping[str, Sequence[str]]  # of each column that holds words: the different ones

KINDS = ("class", "quantity")
MOST_CLASSES = 10  # different whole numbers that are taken for classes
MOST_WORDS = 50  # different words in a column of inputs, for each becomes an input
GAPS = {"", "?", "na", "n/a", "nan", "null"}  # in capitals or not


class Table(NamedTuple):
    """A table as examples.

    inputs: shape (n, nin), floats.  A column of numbers is one input; a column of words
        is one for each of its words, 1 for the word that stands there, else 0.
    targets: shape (n,), floats, or integers that are indices in classes.
    columns: the names of the columns that the inputs come from.
    classes: a name for each class, in order; empty for quantities.
    words: the different words of each column that holds words, in order.
    target: the name of the column to predict.
    """

    inputs: list[list[float]]
    targets: list[float] | list[int]
    columns: list[str]
    classes: list[str]
    words: dict[str, list[str]]
    target: str


def read_csv(
    path: Location, target: str = "", kind: str = "", drop: Iterable[str] = (),
    header: bool | None = None, skip_gaps: bool = False, separator: str = "",
) -> Table:  # fmt: skip
    """Read examples from a table.

    path: a UTF-8 text file with commas, semicolons or tabs between the cells, or the separator.
    target: the name of the column to predict, exactly as the header has it; "" for the last.
    kind: of the target, "class" or "quantity".  Left out, words are classes, and so are
        at most ten different whole numbers that stand on two lines each, or more, on
        average; other numbers are quantities.
    drop: the names of columns to leave out.
    header: whether the first line names the columns.  Left out, it does unless it holds
        a number, or a word that stands again below it; then there is a warning.  Without
        header the columns are called 1, 2, 3 and so on.
    skip_gaps: leave out every line with a gap, and warn how many they are.  A gap is a
        cell that is empty or says ?, NA, N/A, NaN or null.
    separator: one character, such as |, where it is not to be seen in the first line.

    Raises FileNotFoundError for no file, and ValueError, naming file, line and column,
    for anything else: a gap, a column with both numbers and words, or with more than 50
    words, an unknown or repeated name, a line with too many or too few cells, a target
    that is the same on every line.
    """
    names, rows = named_rows(path, header, separator=separator)
    if len(names) < 2:
        marks = repr(separator) if separator else "commas, semicolons or tabs"
        needs = f"at least two columns are needed, with {marks} between"
        way = "name what stands between with --separator"
        raise ValueError(f"{path}, line 1: {needs}, got {clipped(names[0])!r}; {way}")
    if not rows:
        raise ValueError(f"{path}: no examples below the header; at least one line is needed")
    target, drop = target or names[-1], [drop] if isinstance(drop, str) else list(drop)
    indices = column_indices(path, names, [target, *drop])
    used = sorted({*range(len(names))} - {*indices})
    if not used or target in drop:
        to_do = f"{target!r} is the target; choose another --target, or drop fewer columns"
        left = "no column is left for the inputs; drop fewer columns"
        raise ValueError(f"{path}: {to_do if used else left}")
    rows = without_gaps(path, names, rows, [*used, indices[0]], skip_gaps)
    columns = [names[k] for k in used]
    words = {names[k]: found for k in used if (found := words_in(path, names[k], column(rows, k)))}
    targets, classes = answers(path, target, column(rows, indices[0]), kind)
    inputs = [encoded([row[k] for k in used], columns, words) for _, row in rows]
    return Table(inputs, targets, columns, classes, words, target)


# From a file to cells


def rows_of(
    path: Location, columns: Sequence[str], skip_gaps: bool = False, separator: str = ""
) -> tuple[list[str], list[Line]]:
    """Some columns of a table, in this order, or all if none is named: names, and lines.

    Raises as read_csv does for the file, for a gap and for a column that is not there.
    """
    names, rows = named_rows(path, columns=columns, separator=separator)
    indices = column_indices(path, names, columns or names)
    rows = without_gaps(path, names, rows, indices, skip_gaps, "")
    return [names[k] for k in indices], [(line, [row[k] for k in indices]) for line, row in rows]


def named_rows(
    path: Location, header: bool | None = None, columns: Sequence[str] = (), separator: str = ""
) -> tuple[list[str], list[Line]]:
    """The names of the columns, and the lines below the header, or all if there is none.

    columns: some of the names, if they are known: there is a header unless it does not
        name them and they are called 1, 2, 3, ...
    """
    lines = lines_of(path, separator)
    start, first = next(lines, (0, []))
    if not first:
        raise ValueError(f"{path} is empty; a line of column names is needed, and examples below")
    rows = [(line, [as_cell(cell) for cell in cells]) for line, cells in lines]
    if columns:
        header = set(columns) <= set(first) or not all(map(str.isdigit, columns))
    if header is None:
        sign = sign_of_an_example(first, rows)
        header = not sign
        if sign:
            warnings.warn(
                f"{path}: line {start} holds {sign}, so it is taken for an example, and the "
                f"columns are called 1 to {len(first)}; --header says that it names them",
                stacklevel=3,
            )
    if header:
        return [name or str(k) for k, name in enumerate(first, 1)], rows
    numbers = [str(k) for k in range(1, len(first) + 1)]
    return numbers, [(start, [as_cell(cell) for cell in first]), *rows]


def sign_of_an_example(first: Sequence[str], rows: Sequence[Line]) -> str:
    """What a first line holds that a header does not; "" if nothing."""
    for k, cell in enumerate(first):
        if isinstance(as_cell(cell), float):
            return f"the number {cell}"
        if cell and any(row[k] == cell for _, row in rows):
            return f"{clipped(cell)!r}, which stands again in a line below"
    return ""


def lines_of(path: Location, mark: str) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line that is not empty; the first says how many cells.

    mark: what separates the cells; "" if the first line shows it.

    The cells come without blanks around them, and without characters that a terminal
    would obey.  Raises ValueError for a line with more or fewer cells than the first.
    """
    width = 0
    if mark not in ("", "\t") and not (re.fullmatch(r'[^\w"+.-]', mark) and mark.isprintable()):
        raise ValueError(f"--separator is one mark such as | or a tab, got {clipped(mark)!r}")
    try:
        text = read_limited(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a text file in UTF-8; save it as CSV UTF-8") from None
    mark = mark or seen_separator(text.lstrip("\r\n").partition("\n")[0])
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=mark, strict=True, skipinitialspace=mark == " ")
    try:
        for cells in reader:
            width = width or len(cells)
            if len(cells) not in (0, width):
                raise ValueError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells, but the first line has "
                    f"{width}, with {mark!r} between; put a cell that holds {mark!r} in quotes, or "
                    "name another mark with --separator"
                )
            if cells:
                yield reader.line_num, [cleaned(cell, mark) for cell in cells]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None


def seen_separator(first: str) -> str:
    """What stands between the cells: a tab, else a semicolon, else a comma."""
    unquoted = re.sub(r'"[^"]*("|$)', "", first)
    return "\t" if "\t" in unquoted else ";" if ";" in unquoted else ","


def cleaned(cell: str, mark: str) -> str:
    """The text of a cell; where semicolons separate, a decimal comma becomes a point."""
    cell = printable(cell.strip())
    with_point = cell.replace(",", ".", 1)
    return cell if mark != ";" or decimal(with_point) is None else with_point


def as_cell(text: str) -> Cell:
    """A float if the text is a finite number, else the text."""
    number = decimal(text)
    return text if number is None or not isfinite(number) else number


# From cells to examples


def column_indices(path: Location, names: Sequence[str], wanted: Iterable[str]) -> list[int]:
    """Where the wanted columns stand."""
    for name, times in Counter(names).items():
        if times > 1:
            what = f"column {clipped(name)!r} is there {times} times"
            raise ValueError(f"{path}, line 1: {what}; rename one, or say --no-header")
    places = {name: k for k, name in enumerate(names)}
    for name in wanted:
        if name not in places:
            advice = did_you_mean(name, names) or "Choose one of these."
            known = brief([clipped(known) for known in names], 20)
            raise ValueError(f"{path}: no column {name!r} among {known}. {advice}")
    return [places[name] for name in wanted]


def without_gaps(
    path: Location, names: Sequence[str], rows: list[Line], used: Sequence[int], skip_gaps: bool,
    way: str = ", --drop a column",
) -> list[Line]:  # fmt: skip
    """The lines that have a number or a word in every column that is used.

    way: what else there is to do about a gap than to skip its line.

    Raises ValueError for a gap, unless lines with gaps are to be skipped.
    """
    gaps = {line: k for line, row in rows for k in used if is_gap(row[k])}
    if not gaps:
        return rows
    of_all = f"{len(gaps):,} of {counted(len(rows), 'line')}"
    if not skip_gaps:
        times = Counter(k for _, row in rows for k in used if is_gap(row[k]))
        columns = [f"{names[k]} {times[k]:,}" for k in used if k in times]
        where = brief(columns, more="{} more columns")
        line, row = next((line, row) for line, row in rows if line in gaps)
        k = gaps[line]
        raise ValueError(
            f"{path}, line {line}, column {names[k]!r}: {row[k]!r} is a gap. There are gaps in "
            f"{of_all}: {where}. --skip-gaps leaves these lines out{way}"
        )
    if len(gaps) == len(rows):
        raise ValueError(f"{path}: every line has a gap; drop the columns with many of them first")
    warnings.warn(f"{path}: {of_all} have a gap and are left out", stacklevel=3)
    return [(line, row) for line, row in rows if line not in gaps]


def is_gap(cell: Cell) -> bool:
    """Whether a cell says that its number or word is not known."""
    return isinstance(cell, str) and cell.lower() in GAPS


def column(rows: Sequence[Line], k: int) -> list[tuple[int, Cell]]:
    """The cells of a column, each with the number of its line."""
    return [(line, row[k]) for line, row in rows]


def words_in(path: Location, name: str, cells: Sequence[tuple[int, Cell]]) -> list[str]:
    """The different words of a column of inputs; none if it holds numbers alone."""
    texts = [(line, cell) for line, cell in cells if isinstance(cell, str)]
    if not texts:
        return []
    if len(texts) < len(cells) or any(like_a_number(cell) for _, cell in texts):
        raise no_number(path, *texts[0], name, len(cells) - len(texts), f"--drop {name!r}")
    words = sorted({cell for _, cell in texts})
    if len(words) > MOST_WORDS:
        raise ValueError(
            f"{path}, column {name!r}: {len(words):,} different words, {clipped(words[0])!r} for "
            f"one; at most {MOST_WORDS} become inputs, so leave it out with --drop {name!r}"
        )
    return words


def like_a_number(text: str) -> bool:
    """Whether a text is written as numbers are, such as 1,234 or 50 %, though we read none."""
    rest = text.lstrip("+-").strip("0123456789.,' %")
    return decimal(text) is not None or (not rest and any(map(str.isdigit, text)))


def no_number(path: Location, line: int, got: str, name: str, numbers: int, way: str) -> ValueError:
    """What is said of a cell in a column of numbers."""
    others = f", though {numbers:,} cells of the column are" if numbers else ""
    return ValueError(
        f"{path}, line {line}, column {name!r}: {clipped(got)!r} is not a finite number{others}; "
        f"write one such as 1.5, or nothing for a gap, or say {way}"
    )


def answers(
    path: Location, target: str, cells: Sequence[tuple[int, Cell]], kind: str
) -> tuple[list[float] | list[int], list[str]]:
    """The targets, and the names of their classes; no names for quantities."""
    texts = [(line, cell) for line, cell in cells if isinstance(cell, str)]
    numbers = [cell for _, cell in cells if isinstance(cell, float)]
    different = {cell for _, cell in cells}
    if len(different) < 2:
        raise ValueError(
            f"{path}: column {target!r} says {clipped(text_of(cells[0][1]))!r} on every line, so "
            "there is nothing to tell apart; choose another --target"
        )
    in_doubt = numbers or any(like_a_number(text) for _, text in texts)
    if texts and (kind == "quantity" or (not kind and in_doubt)):
        raise no_number(path, *texts[0], target, len(numbers), "--kind class")
    few_whole = len(different) <= min(MOST_CLASSES, len(cells) // 2) and all(
        number.is_integer() for number in numbers
    )
    kind = kind or ("class" if texts or few_whole else "quantity")
    check_choice(kind, KINDS, "kind")
    if kind == "quantity":
        return numbers, []
    classes = sorted(different, key=lambda cell: (isinstance(cell, str), cell))
    indices = {cell: k for k, cell in enumerate(classes)}
    return [indices[cell] for _, cell in cells], [text_of(cell) for cell in classes]


def encoded(
    cells: Sequence[Cell], columns: Sequence[str], words: Words, where: str = ""
) -> list[float]:
    """The cells of an example as inputs: numbers as they are, words one-hot.

    where: begins what is said of a cell that is none of the column's words, or no number.
    """
    x: list[float] = []
    for name, cell in zip(columns, cells, strict=True):
        known = words.get(name)
        if known is None and isinstance(cell, float):
            x.append(cell)
        elif known is None:
            got = f"{clipped(str(cell))!r} is not a number" if cell else "the cell is empty"
            raise ValueError(f"{where}column {name!r}: {got}; write one such as 0.5 or 1e-3")
        elif cell in known:
            x += one_hot(known.index(str(cell)), len(known))
        else:
            got = f"{clipped(text_of(cell))!r} is none of the words that the model knows"
            raise ValueError(f"{where}column {name!r}: {got}: {', '.join(known)}")
    return x


def text_of(cell: Cell) -> str:
    """A cell as it was written, or nearly."""
    return as_typed(cell) if isinstance(cell, float) else cell
