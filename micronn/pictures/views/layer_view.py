"""The layers view: a whole layer on one card, and many examples on top.

Every parameter is still there, as a cell in its shade; a column of cells is a neuron.
A wire between two cards stands for all readings across, with what goes forward above
it and what comes back below: a vanishing gradient is one row of numbers that shrink
from right to left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate, chain
from typing import NamedTuple

from micronn.graph.again import is_fresh, numbers
from micronn.graph.lines import made_at
from micronn.graph.rows import Graph
from micronn.pictures.layout.sketch import Sketch
from micronn.pictures.paint import ids
from micronn.pictures.paint.cards import Card, box_card
from micronn.pictures.paint.legend import LAYERS
from micronn.pictures.paint.palette import LIGHT, SHADES, scale, shade
from micronn.pictures.paint.svg import svg_text, text_width, units
from micronn.pictures.views.folded_cards import (
    census_bar,
    changed,
    folded_sketch,
    held,
    largest_and_rms,
)
from micronn.pictures.views.grouping import Plan

CELL = 10  # a cell of a matrix with the gap beside it
CELL_PATH = "v9h9v-9z"  # a cell, behind M and its corner; nothing else is drawn that way round
MOST_CELLS = 32  # in a row or a column; more become a census
BAR = 160  # the least width of a census


def layers_view(plan: Plan) -> Sketch:
    """A card for each layer, each column of inputs, and what comes between and after."""
    cards = [layer_card(plan, number) for number in range(len(plan.folds.layers))]
    return replace(folded_sketch(plan, cards, False, LAYERS), ranksep=0.3)


def layer_card(plan: Plan, number: int) -> Card:
    """A layer: its weights, biases and outputs, data to the left and gradients to the right."""
    layer, name = plan.folds.layers[number], plan.full_name(number)
    nin = max(len(neuron.weights) for neuron in layer.neurons)
    shape = f"{nin} → {len(layer.neurons)}  {layer.neurons[0].activation or 'linear'}"
    count = plan.once(("params", number), lambda: f"{len(set(layer.params)):,} params")
    css, output = ("root", "output") if len(plan.graph) - 1 in layer.outs else ("op", "")
    blocks = blocks_of(plan, number)
    notes = [note for block in blocks for side in block.notes for note in side]
    wide = max([BAR, *[text_width(note, 9) for note in notes]])
    wide = max([wide, *[CELL * b.shape.lengths[0] for b in blocks if not b.folded]])
    left = 18 + max([text_width(block.shape.name, 10) for block in blocks] + [36])
    tops = list(accumulate([38, *[block.height + 7 for block in blocks]]))
    header = 32 + text_width(name) + text_width(shape) + text_width(f"{count}  {output}", 10)
    lines = [f"{name}  {shape}", f"{count} {output}".strip()]
    for block in blocks:
        for word, texts in zip(("data", "grad"), block.notes, strict=True):
            lines += [f"{block.shape.name} {word} {', '.join(texts)}"] * bool(texts)
    made = plan.once(
        ("made", number), lambda: made_at([plan.graph.nodes[k].line for k in layer.outs])
    )
    title, second = f"{name}: {shape}, {count}{made}", left + wide + 14
    grad = "grad" if plan.graph.ran else "grad: none yet"
    narrow = max(
        [text_width(text, 10) for text in (grad, *[t for b in blocks for t in b.notes[1]])]
    )
    width = max(second + (wide if plan.graph.ran else narrow) + 10, header)
    card = box_card(ids.layer(number), css, title, width, tops[-1] + 2, lines)
    card.frame(css)
    card.body += [
        svg_text(8, 14, name, bold=True),
        svg_text(16 + text_width(name), 14, shape, fill="mut"),
        svg_text(card.width - 8, 14, f"{count}  {output}".strip(), 10, "param", "end"),
        svg_text(left, 33, "data", 10, "mut"),
        svg_text(second, 33, grad, 10, "mut"),
    ]
    for block, top in zip(blocks, tops[:-1], strict=True):
        card.body += block_svg(block, top, (left, second), wide)
    return card


class Shape(NamedTuple):
    """A matrix of the graph: its name, the length of each row, and its entries row by row."""

    name: str
    lengths: list[int]
    ks: list[int]


@dataclass
class Block:
    """One quantity of a layer, as a matrix of the graph.

    shape: where its entries are.
    bar: always as a census, as for the outputs of many calls.
    """

    graph: Graph
    shape: Shape
    bar: bool = False

    @property
    def folded(self) -> bool:
        """Whether it is drawn as a census."""
        return self.bar or max(len(self.shape.lengths), self.shape.lengths[0]) > MOST_CELLS

    @property
    def height(self) -> float:
        """The height of its drawing and of the notes below it."""
        lines = max(len(side) for side in self.notes)
        return (12 if self.folded else CELL * len(self.shape.lengths)) + 10 * lines

    @cached_property
    def sides(self) -> list[list[float]]:
        """The data that was computed with, and the gradients if there are any."""
        fields = ["data", "grad"] if self.graph.ran else ["data"]
        return [numbers(self.graph, self.shape.ks, field) for field in fields]

    @cached_property
    def notes(self) -> tuple[list[str], list[str]]:
        """The lines below the data and those below the gradients."""
        rows = [] if is_fresh(self.graph) else [self.graph.nodes[k] for k in self.shape.ks]
        data, grad = [*map(largest_and_rms, self.sides), ""][:2]
        first = f"{len(self.shape.ks):,}: {data}" if self.folded else data
        sides = [first, changed(rows)], [grad, held(rows)]
        return list(filter(None, sides[0])), list(filter(None, sides[1]))


def blocks_of(plan: Plan, number: int) -> list[Block]:
    """The weights, a column for each neuron, the biases and the outputs of a layer."""
    layer = plan.folds.layers[number]
    several = len(layer.outs) > len(layer.neurons)
    return [
        Block(plan.graph, shape, several and shape.name.startswith("out "))
        for shape in plan.once(("shapes", number), lambda: shapes_of(plan, number))
    ]


def shapes_of(plan: Plan, number: int) -> list[Shape]:
    """Where the matrices of a layer are in the graph."""
    layer = plan.folds.layers[number]
    weights = [neuron.weights for neuron in layer.neurons]
    if len(weights) > 1:  # a column for each; neurons with fewer weights end early
        high = range(max(map(len, weights)))
        weights = [[own[i] for own in weights if i < len(own)] for i in high]
    biases = [neuron.bias for neuron in layer.neurons if neuron.bias is not None]
    label = plan.out_label(number, 0) if len(layer.neurons) == 1 else ""
    out = f"out {label or ('h' if plan.folds.hidden(number) else 'y')}"
    matrices = {"W": weights, "b": [biases] if biases else [], out: [layer.outs]}
    return [
        Shape(name, list(map(len, matrix)), list(chain.from_iterable(matrix)))
        for name, matrix in matrices.items()
        if matrix
    ]


def block_svg(block: Block, top: float, columns: tuple[float, float], width: float) -> list[str]:
    """A block of a layer card."""
    parts = [svg_text(8, top + 9, block.shape.name, 10)]
    for x, side in zip(columns, block.sides, strict=False):
        if block.folded:
            parts.append(census_bar(side, x, top, width))
        else:
            parts.append(cells(side, block.shape.lengths, x, top))
    high = 12 if block.folded else CELL * len(block.shape.lengths)
    for x, texts in zip(columns, block.notes, strict=True):
        for i, text in enumerate(texts):
            ink = "eneg" if i and x == columns[0] else "mut"
            parts.append(svg_text(x, top + high + 9 + 10 * i, text, 9, ink))
    return parts


def cells(numbers: Sequence[float], lengths: Sequence[int], x: float, y: float) -> str:
    """Rows of these lengths as cells in the shade of each number; one path a shade is short."""
    m, paths = scale(numbers), dict.fromkeys((*SHADES, "bad"), "")
    for number, path in zip(numbers, cell_paths(tuple(lengths), x, y), strict=True):
        token = shade(number, m)
        paths[token] = paths.get(token, "") + path
    return "".join([f'<path fill="{LIGHT[token]}" d="{d}"/>' for token, d in paths.items() if d])


@lru_cache(64)
def cell_paths(lengths: tuple[int, ...], x: float, y: float) -> list[str]:
    """The path of each cell, which a film needs many times."""
    return [
        f"M{units(x + CELL * j)} {units(y + CELL * i)}{CELL_PATH}"
        for i, length in enumerate(lengths)
        for j in range(length)
    ]
