"""Cards that stand for many values: a neuron, a layer, a column of inputs, a loss.

A fold must stay honest: a neuron card still shows every number of its neuron, and a
layer card shows each parameter as a cell, or, where there are too many, how many
fall in each shade; below stands the largest with its sign.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from micronn.pictures import ids
from micronn.pictures.cards import (
    EDGE,
    NUMBER,
    ROW,
    Card,
    Cell,
    dot_text,
    frame,
    heading,
    record,
    record_width,
    upright,
)
from micronn.pictures.palette import LIGHT, SHADES, scale, shade
from micronn.pictures.svg import svg_chip, svg_line, svg_rect, svg_text, text_width, units
from micronn.support.numeric import magnitude, root_mean_square
from micronn.support.text import fmt

CELL = 10  # a cell of a matrix with the gap beside it
CELL_PATH = "h9v9h-9z"  # a cell, behind M and its corner; the flip book finds cells by it
MOST_CELLS = 32  # in a row or a column; more become a census
BAR = 160  # the least width of a census


# Many numbers in one line


def largest_and_rms(numbers: Sequence[float]) -> str:
    """The entry of largest size with its sign, and the root of the mean square.

    >>> largest_and_rms([3.0, -4.0])
    'max −4  rms 3.54'
    """
    top = max(numbers, key=magnitude)
    return f"max {fmt(top, sign=True, digits=3)}  rms {fmt(root_mean_square(numbers), digits=3)}"


def span(numbers: Sequence[float], sign: bool = False) -> str:
    """The smallest and the largest of some numbers; one number if they are all the same.

    >>> span([1.0, -2.5, 0.0])
    '−2.5 … 1'
    """
    if any(x != x for x in numbers):
        return "NaN"
    low, high = fmt(min(numbers), sign, 3), fmt(max(numbers), sign, 3)
    return low if low == high else f"{low} … {high}"


def census(numbers: Sequence[float]) -> list[tuple[str, float]]:
    """The share of each shade among some numbers, measured against their largest.

    >>> census([1.0, -0.1, 0.0, 0.0])
    [('neg2', 0.25), ('zero', 0.5), ('pos3', 0.25)]
    """
    m = scale(numbers)
    shades = [shade(x, m) for x in numbers]
    counts = [(token, shades.count(token) / len(shades)) for token in (*SHADES, "bad")]
    return [(token, share) for token, share in counts if share]


def census_bar(numbers: Sequence[float], x: float, y: float, width: float) -> str:
    """A bar whose parts are the shares of the shades."""
    shares = census(numbers)
    ends = [0.0, *accumulate([share for _, share in shares])]
    return "".join([
        svg_rect(x + width * start, y, width * share, 12, token)
        for (token, share), start in zip(shares, ends[:-1], strict=True)
    ])  # fmt: skip


def cells(matrix: Sequence[Sequence[float]], x: float, y: float) -> str:
    """A matrix as cells in the shade of each entry; one path a shade keeps the file small."""
    m = scale([entry for row in matrix for entry in row])
    paths: dict[str, list[str]] = {token: [] for token in (*SHADES, "bad")}
    for i, row in enumerate(matrix):
        for j, entry in enumerate(row):
            at = f"M{units(x + CELL * j)} {units(y + CELL * i)}{CELL_PATH}"
            paths[shade(entry, m)].append(at)
    return "".join([
        f'<path fill="{LIGHT[token]}" d="{"".join(parts)}"/>'
        for token, parts in paths.items()
        if parts
    ])  # fmt: skip


# The layer card


class Block(NamedTuple):
    """One quantity of a layer: its data and gradients as matrices of equal shape.

    bar: always as a census, as for the outputs of many calls.
    """

    name: str
    data: list[list[float]]
    grad: list[list[float]]
    bar: bool = False

    @property
    def folded(self) -> bool:
        """Whether it is drawn as a census."""
        return self.bar or max(len(self.data), len(self.data[0])) > MOST_CELLS

    @property
    def height(self) -> float:
        """The height of its drawing."""
        return 12 if self.folded else CELL * len(self.data)

    def sides(self) -> list[list[float]]:
        """Data and gradients, each as one list."""
        return [[x for row in matrix for x in row] for matrix in (self.data, self.grad)]

    def notes(self) -> list[str]:
        """The line below the data and the line below the gradients."""
        count = f"{len(self.sides()[0]):,}: " if self.folded else ""
        return [(count if i == 0 else "") + largest_and_rms(x) for i, x in enumerate(self.sides())]


def layer_card(
    id: str, css: str, name: str, shape: str, corner: str, blocks: list[Block], output: str = ""
) -> Card:
    """A layer: its weights, biases and outputs, data to the left and gradients to the right.

    shape: its sizes and activation, such as "16 → 16  tanh".
    corner: how many parameters it has.
    output: "output" if the picture is about what this layer says.
    """
    wide = max([BAR, *[text_width(note, 9) for block in blocks for note in block.notes()]])
    wide = max([wide, *[CELL * len(b.data[0]) for b in blocks if not b.folded]])
    left = 18 + max([text_width(block.name, 10) for block in blocks] + [36])
    tops = list(accumulate([38, *[block.height + 17 for block in blocks]]))
    header = 32 + text_width(name) + text_width(shape) + text_width(corner + "  " + output, 10)
    width, height = math.ceil(max(left + 2 * wide + 24, header)), tops[-1] + 2
    lines = [f"{name}  {shape}", f"{corner} {output}".strip()]
    for block in blocks:
        data, grad = block.notes()
        lines += [f"{block.name} data {data}", f"{block.name} grad {grad}"]
    label = "\\n".join([dot_text(line) for line in lines])
    card = Card(id, css, f"{name}: {shape}, {corner}", width, height, label, shape="box")
    second = left + wide + 14
    card.body += frame(card, css)
    card.body += [
        svg_text(8, 14, name, bold=True),
        svg_text(16 + text_width(name), 14, shape, fill="mut"),
        svg_text(width - 8, 14, f"{corner}  {output}".strip(), 10, "param", "end"),
        svg_text(left, 33, "data", 10, "mut"),
        svg_text(second, 33, "grad", 10, "mut"),
    ]
    for block, top in zip(blocks, tops[:-1], strict=True):
        card.body += block_svg(block, top, (left, second), wide)
    return card


def block_svg(block: Block, top: float, columns: tuple[float, float], width: float) -> list[str]:
    """A block of a layer card."""
    parts = [svg_text(8, top + 9, block.name, 10)]
    matrices = block.data, block.grad
    for x, numbers, matrix, note in zip(
        columns, block.sides(), matrices, block.notes(), strict=True
    ):
        parts.append(census_bar(numbers, x, top, width) if block.folded else cells(matrix, x, top))
        parts.append(svg_text(x, top + block.height + 9, note, 9, "mut"))
    return parts


# The facts card: inputs of many examples, a loss of many losses


class Fact(NamedTuple):
    """A line of a facts card; the text stands on a chip if there is a colour token."""

    word: str
    text: str
    token: str = ""


def facts_card(id: str, css: str, glyph: str, name: str, corner: str, facts: list[Fact]) -> Card:
    """A card of a few lines, each a word and a number."""
    left = 16 + max(text_width(fact.word, 10) for fact in facts)
    wide = max([60.0, *[text_width(fact.text) for fact in facts]]) + 12
    header = 24 + text_width(glyph) + 8 + text_width(name) + text_width(corner, 10)
    width = math.ceil(max(left + wide + 6, header))
    wide = width - 6 - left
    lines = [f"{glyph} {name} {corner}".strip(), *[f"{f.word} {f.text}" for f in facts]]
    label = "\\n".join([dot_text(line) for line in lines])
    title = f"{name}: {corner}, " + ", ".join([f"{f.word} {f.text}" for f in facts])
    card = Card(id, css, title, width, ROW * (len(facts) + 1), label, shape="box")
    card.body += frame(card, "bad" if any(f.token == "bad" for f in facts) else css)
    card.body += heading(width, glyph, name, corner, "mut" if css == "op" else css)
    for row, fact in enumerate(facts, start=1):
        card.body.append(svg_text(8, ROW * row + 14, fact.word, 10, "mut"))
        if fact.token:
            card.body.append(svg_chip(left, ROW * row, wide, fact.text, fact.token))
        else:
            middle = left + wide / 2
            card.body.append(svg_text(middle, ROW * row + 14, fact.text, anchor="middle"))
    return card


# The neuron card


class NeuronRow(NamedTuple):
    """A line of a neuron card: a parameter, the weighted sum, or the output.

    slope: what stands at the left, where the wire of an input ends.
    data, grad: a number each, or the numbers of many calls.
    """

    slope: str
    name: str
    data: float | list[float] | None = None
    grad: float | list[float] | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """Data and gradient as text."""
        if self.data is None or self.grad is None:
            return "", ""
        if isinstance(self.data, list) or isinstance(self.grad, list):
            return largest_and_rms(listed(self.data)), largest_and_rms(listed(self.grad))
        return fmt(self.data), fmt(self.grad, sign=True)


def listed(x: float | list[float] | None) -> list[float]:
    """A number as a list of one, no number as an empty list."""
    return x if isinstance(x, list) else [] if x is None else [x]


class NeuronFace(NamedTuple):
    """What a neuron card shows.

    expression: what the neuron computes, such as tanh(w·x + b).
    corner: its name, and whether it is the output.
    rows: its weights and its bias.  results: z and the output.
    """

    id: str
    css: str
    expression: str
    corner: str
    rows: list[NeuronRow]
    results: list[NeuronRow]


class Columns(NamedTuple):
    """Where the columns of a neuron card are: left edges, but the middle for data."""

    slopes: float
    names: float
    data: float
    grad: float
    wide: float


@dataclass
class NeuronTable:
    """What the neuron cards of one layer have in common: the widths of their columns."""

    slopes: float = 0.0
    names: float = 0.0
    data: float = 0.0
    grad: float = 0.0
    header: float = 0.0

    def widen(self, face: NeuronFace) -> None:
        """Make room for one more neuron."""
        header = text_width(face.expression, 12) + text_width(face.corner, 10) + 30
        self.header = max(self.header, header)
        for row in (*face.rows, *face.results):
            many = isinstance(row.data, list)
            sizes = [text_width(text, 9 if many else 12) for text in row.texts]
            size = 10 if "′" in row.slope else 12
            self.slopes = max(self.slopes, text_width(row.slope, size) + 14 if row.slope else 0)
            self.names = max(self.names, text_width(row.name) + 16)
            self.data = max(self.data, sizes[0] + 12, NUMBER)
            self.grad = max(self.grad, sizes[1] + 12, NUMBER)

    @property
    def width(self) -> float:
        """The width of the cards."""
        return math.ceil(max(self.slopes + self.names + self.data + self.grad + 18, self.header))

    def columns(self, width: float) -> Columns:
        """Where the columns are on a card of this width."""
        names, grad = self.slopes + 8, width - 4 - self.grad
        return Columns(self.slopes, names, (names + self.names + grad) / 2 - 4, grad, self.grad)


def neuron_card(face: NeuronFace, table: NeuronTable, m: float) -> Card:
    """One neuron: a row for each parameter, its weighted sum, its output."""
    lines, fields = (*face.rows, *face.results), neuron_fields(face)
    width = math.ceil(max(table.width, record_width(*fields)))
    high = len(face.rows) + sum(map(row_height, face.results)) + 2
    card = Card(face.id, face.css, spoken(face), width, ROW * high, record(*fields))
    stroke = face.css if all(map(finite, lines)) else "bad"
    columns = table.columns(width)
    ruled = ROW * (len(face.rows) + 2)
    card.body += frame(card, stroke)
    card.body += [
        svg_text(EDGE, 14, face.expression, bold=True),
        svg_text(width - EDGE, 14, face.corner, 10, "mut", "end"),
        svg_text(columns.names, ROW + 14, "param", 10, "param"),
        svg_text(columns.data, ROW + 14, "data", 10, "mut", "middle"),
        svg_text(columns.grad + table.grad / 2, ROW + 14, "grad", 10, "mut", "middle"),
        upright(table.slopes, ROW, ruled) if table.slopes else "",
        svg_line(f"M0 {ruled}L{units(width)} {ruled}", stroke),
    ]
    top = 2 * ROW
    for row in lines:
        card.body += neuron_row(row, top, columns, m, bold=row in face.results)
        top += ROW * row_height(row)
    return card


def spoken(face: NeuronFace) -> str:
    """What a neuron card is called aloud."""
    out, words = face.results[-1], f"{face.corner}: {face.expression}"
    if isinstance(out.data, list):
        return f"{words}, {len(out.data)} outputs, data {out.texts[0]}"
    return f"{words}, output data = {out.data!r}, grad = {out.grad!r}"


def finite(row: NeuronRow) -> bool:
    """Whether all numbers of a row are."""
    return all(map(math.isfinite, (*listed(row.data), *listed(row.grad))))


def row_height(row: NeuronRow) -> int:
    """How many rows of 20 units a line takes: a census has a note below it."""
    return 2 if isinstance(row.data, list) else 1


def neuron_row(row: NeuronRow, top: float, columns: Columns, m: float, bold: bool) -> list[str]:
    """A line of a neuron card."""
    base, ink = top + 14, "ink" if row.texts[0] else "mut"
    if "′" in row.slope:
        slope = svg_text(8, base, row.slope, 10, "mut")
    else:
        slope = svg_text(columns.slopes / 2, base, row.slope, 12, "mut", "middle")
    name = svg_text(columns.names, base, row.name, fill=ink, bold=bold)
    if isinstance(row.data, list):
        return [slope, name, *neuron_census(row, top, columns)]
    if row.data is None or not isinstance(row.grad, float):
        return [slope, name]
    if math.isfinite(row.data):
        data = svg_text(columns.data, base, row.texts[0], anchor="middle", bold=bold)
    else:
        data = svg_chip(columns.data - 26, top, 52, row.texts[0], "bad")
    chip = svg_chip(columns.grad, top, columns.wide, row.texts[1], shade(row.grad, m))
    return [slope, name, data, chip]


def neuron_census(row: NeuronRow, top: float, columns: Columns) -> list[str]:
    """The outputs of many calls as a bar for the data and a bar for the gradients."""
    bar = columns.wide - 12
    data, grad = (columns.data - bar / 2, row.data), (columns.grad + 6, row.grad)
    return [
        part
        for (x, numbers), note in zip((data, grad), row.texts, strict=True)
        for part in (
            census_bar(listed(numbers), x, top + 4, bar),
            svg_text(x, top + 29, note, 9, "mut"),
        )
    ]


def neuron_fields(face: NeuronFace) -> list[list[Cell]]:
    """The columns of a neuron card's record, with ports for its inputs and its output."""
    left: list[Cell] = [("", face.expression), ("", "")]
    right: list[Cell] = [("", face.corner), ("", "param data grad")]
    for number, row in enumerate(face.rows):
        left.append((ids.operand_port(number), row.slope))
        right.append(("", " ".join([row.name, *row.texts]).strip()))
    for row in face.results:
        port = ids.OUTPUT_PORT if row is face.results[-1] else ""
        left.append(("", row.slope))
        if isinstance(row.data, list):
            left.append(("", ""))
            right += [(port, f"{row.name} {row.texts[0]}"), ("", row.texts[1])]
        else:
            right.append((port, " ".join([row.name, *row.texts])))
    return [left, right]
