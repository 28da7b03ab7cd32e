"""A network is columns of neurons, and a picture shows which of them carry the signal.

The graph of one prediction has a card for every number; this picture has a circle
for every neuron and a line for every weight.  One view shows what goes forward
(weights and activations), the other what comes back (gradients).  Colour and dashes
are the sign, width is the size, and of a wide layer only the 16 units that matter
most are drawn.  It is drawn by Python alone: every position is a plain sum.

    >>> from micronn.nn import MLP
    >>> picture = draw_network(MLP(3, [5, 1]), x=[0.8, -1.5, 0.3])
    >>> picture.title, picture.svg[:4]
    ('3-5-1', '<svg')
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from micronn.engine import Value, topological_order, total
from micronn.nn import Layer, Module, Neuron, inputs
from micronn.pictures.charts import box, pixel_runs
from micronn.pictures.notebook import notebook_html
from micronn.pictures.page import HERE, filled, html_page, resource
from micronn.pictures.palette import LIGHT, SHADES, scale, shade
from micronn.pictures.svg import escape, svg_frame, svg_line, svg_rect, svg_text, text_width, units
from micronn.support.arguments import check_text
from micronn.support.files import write_whole
from micronn.support.text import clean, fmt

MOST = 16  # units drawn in one column
FEW = 8  # up to so many units in the tallest column, circles have room for a number
SPARSE = 60  # up to so many lines between two columns, every line is opaque
TOP = 84  # where the columns begin, below the headings


class View(NamedTuple):
    """What a picture shows of every neuron and every weight."""

    field: str  # which number of a Value
    css: str  # the class of everything that only this view shows
    words: str
    size: str  # the size of a weight, as the foot of the picture names it
    weight: str  # a weight, as its tooltip names it


VIEWS = {
    "weights": View("data", "w", "weights and activations", "max |w|", "w"),
    "grads": View("grad", "g", "gradients", "max |grad|", "grad"),
}


@dataclass
class Column:
    """The inputs, or the neurons of one layer, from top to bottom.

    neurons: empty for the inputs.
    numbers: by field, "data" and "grad", the number of each unit; None if not known.
    drawn: the indices of the units that are drawn, in order.
    """

    heading: str
    names: list[str]
    neurons: Sequence[Neuron]
    numbers: dict[str, list[float | None]]
    drawn: list[int]
    x: float = 0.0
    radius: float = 0.0
    middles: dict[int, float] = field(default_factory=dict)  # of units drawn, from the top

    def scale(self, view):
        """What the shades of this column are measured against."""
        return scale([number for number in self.numbers[view.field] if number is not None])


@dataclass(frozen=True)
class NetworkPicture:
    """A network as a picture; the last line of a notebook cell shows it.

    svg: the picture as SVG text, light or dark as the reader's screen is.
    html: a page of its own, with a switch between weights and gradients.
    """

    title: str
    svg: str
    html: str

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        """How a notebook shows it: the picture first, the page with its switch below."""
        return notebook_html(self.title, self.svg, self.html)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a .svg or .html file, whole or not at all.

        Raises ValueError for another ending and OSError for a place that cannot be
        written; an older file then stays as it was.
        """
        path = Path(path)
        texts = {".svg": self.svg, ".html": self.html}
        if path.suffix.lower() not in texts:
            raise ValueError(
                f"a network is saved as .svg or .html, got {path.name!r}; "
                f"try {path.with_suffix('.svg').name!r}"
            )
        write_whole(path, texts[path.suffix.lower()])
        return path


def draw_network(
    model: Module,
    x: Sequence[Value | float] | None = None,
    show: str = "weights",
    title: str | None = None,
    root: Value | None = None,
    *,
    legend: bool = True,
    prefix: str = "",
) -> NetworkPicture:
    """Draw a model as circles and lines, with the numbers that run through it.

    model: an MLP, a Layer, a Neuron, or a Module whose `layers` are Layers.
    x: one example, shape (nin,): the model is run on it, and its circles show what
        each neuron says.  Left out, circles stay empty.
    show: "weights" (and activations), "grads", or "both" side by side.  The gradients
        of parameters are their `grad` as it stands.
    title: text above the picture; left out, the sizes of the model.
    root: a Value computed from model(x), say a loss, on which backward() was called.
        The activations, and their gradients, are then read off its graph.  x may be
        left out if the graph holds one example only; of several, none is shown.  An
        input has a gradient there if it was passed as a Value.
    legend: whether the picture explains itself at its foot.
    prefix: goes before the ids in the SVG, for several pictures in one page.

    Raises TypeError for a model of another kind, ValueError for an unknown `show`,
    for x of the wrong length, and for a root that was not computed from model(x).

    >>> from micronn.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> loss = (model([1.0, -2.0]) - 1.0) ** 2
    >>> loss.backward()
    >>> draw_network(model, x=[1.0, -2.0], show="grads", root=loss).title
    '2-3-1'
    """
    if show not in (*VIEWS, "both"):
        raise ValueError(f'show is one of "weights", "grads", "both", got {show!r}')
    if root is not None and not isinstance(root, Value):
        raise TypeError(f"root is the Value that backward() was called on, got {root!r}")
    if title is not None:
        check_text(title, "title")
    columns = read(layers_of(model), x, root)
    place(columns)
    title = clean(title or "") or "-".join([str(len(column.names)) for column in columns])
    desc = description(columns)
    views = list(VIEWS.values()) if show == "both" else [VIEWS[show]]
    svg = drawing(columns, title, desc, views, True, legend, prefix)
    return NetworkPicture(title, svg, page(columns, title, desc, show))


# From a model to columns of numbers


def layers_of(model: Module) -> list[Sequence[Neuron]]:
    """The neurons of each layer; each layer reads all of the one before it."""
    if isinstance(model, Neuron):
        return [[model]]
    layers = [model] if isinstance(model, Layer) else getattr(model, "layers", None)
    if not layers or not all(isinstance(layer, Layer) for layer in layers):
        raise TypeError(
            f"draw_network draws an MLP, a Layer or a Neuron, got {type(model).__name__}; "
            "to draw any computation, pass its result to micronn.draw.draw"
        )
    for before, after in pairwise(layers):
        if len(after.neurons[0].w) != len(before.neurons):
            raise ValueError(
                f"each layer reads the one before it, got {after!r} behind {before!r}; "
                "draw such layers one by one"
            )
    return [layer.neurons for layer in layers]


def read(layers, x, root) -> list[Column]:
    """The columns of a model, with the numbers of one example if there is one."""
    sizes = [len(layers[0][0].w), *map(len, layers)]
    if x is None and root is not None:
        x = only_example(layers, root)
    runs = [[None] * size for size in sizes] if x is None else forward(layers, x)
    if x is not None and root is not None:
        runs = recorded(runs, root)
    return [
        Column(
            heading=heading(k, len(layers)),
            names=names(k, sizes, run),
            neurons=layers[k - 1] if k else (),
            numbers={
                "data": [None if value is None else float(value) for value in run],
                "grad": [None if root is None else getattr(value, "grad", None) for value in run],
            },
            drawn=most_active(run),
        )
        for k, run in enumerate(runs)
    ]


def forward(layers, x) -> list[Sequence]:
    """What came in, then what each layer says."""
    runs: list[Sequence] = [inputs(x, len(layers[0][0].w))]
    for neurons in layers:
        runs.append([neuron(runs[-1]) for neuron in neurons])
    return runs


def only_example(layers, root):
    """What the model was run on in the graph of root; None if on several examples, or none."""
    first = layers[0][0].w
    xs = [
        node.local_grads if node.op == "weighted_sum" else node.operands[len(first) :]
        for node in topological_order(root)
        if node.op in ("weighted_sum", "dot") and list(node.operands[: len(first)]) == first
    ]
    return xs[0] if len(xs) == 1 else None


def recorded(runs, root) -> list[Sequence]:
    """The same Values as they stand in the graph of root, where they have gradients.

    Two computed Values are the same if they come from the same operation on the same
    operands and, where it read plain numbers, on the same numbers.
    """
    made = {step(node, node.operands): node for node in topological_order(root) if node.op}
    known: dict[Value, Value] = {}
    for node in topological_order(total(runs[-1])):
        operands = tuple([known[operand] for operand in node.operands])
        known[node] = made.get(step(node, operands), node) if node.op else node
    if any(known[output] is output for output in runs[-1]):
        raise ValueError(
            "root was not computed from model(x) with this x; pass the x and the loss of one run"
        )
    return [[known.get(value, value) for value in run] for run in runs]


def step(node, operands):
    """What tells a computed Value, or a constant, from another one."""
    numbers = {"weighted_sum": node.local_grads, "const": (node.data,)}.get(node.op, ())
    return node.op, operands, numbers


def heading(k, layers) -> str:
    """The name of column k of a model with that many layers."""
    if k == 0:
        return "input"
    return f"layer {k} · output" if k == layers else f"layer {k}"


def names(k, sizes, run) -> list[str]:
    """What stands beside each unit: an input's label, else x0, x1, ..., and y0, y1, ..."""
    if 0 < k < len(sizes) - 1:
        return [""] * sizes[k]
    letter = "y" if k else "x"
    usual = [letter] if sizes[k] == 1 else [f"{letter}{i}" for i in range(sizes[k])]
    labels = [clean(getattr(value, "label", "")) for value in run]
    return [label or name for label, name in zip(labels, usual, strict=True)]


def most_active(run) -> list[int]:
    """The units to draw: of too many, those with the largest |data|; without data, the ends."""
    every = range(len(run))
    if len(run) <= MOST:
        return list(every)
    if run[0] is None:
        return [*every[: MOST // 2], *every[-MOST // 2 :]]
    return sorted(sorted(every, key=lambda i: -loudness(float(run[i])))[:MOST])


def loudness(number: float) -> float:
    """The size of a number, with nan and infinity the largest of all."""
    return abs(number) if math.isfinite(number) else math.inf


# Where everything goes


def place(columns: list[Column]) -> None:
    """Give every unit drawn its place; columns are centred on one another."""
    big = max(len(column.drawn) for column in columns) <= FEW
    radius, pitch, gap = (21, 54, 190) if big else (11, 28, 240)
    for k, column in enumerate(columns):
        column.x, column.radius = left_margin(columns[0]) + radius + k * gap, radius
        column.middles = {
            unit: TOP + radius + row * pitch + 12 * gaps_above(column.drawn, row)
            for row, unit in enumerate(column.drawn)
        }
    lowest = bottom(columns)
    for column in columns:
        shift = (lowest - bottom([column])) / 2
        column.middles = {unit: y + shift for unit, y in column.middles.items()}


def bottom(columns) -> float:
    """Where the longest column ends."""
    return max(
        column.middles[column.drawn[-1]] + column.radius + 12 * ends_elided(column)
        for column in columns
    )


def gaps_above(drawn, row) -> int:
    """How many times units are left out above this row of a column."""
    return sum(unit > before + 1 for before, unit in pairwise([-1, *drawn[: row + 1]]))


def ends_elided(column) -> bool:
    """Whether units below the last one drawn are left out."""
    return column.drawn[-1] < len(column.names) - 1


def left_margin(column) -> float:
    """The room that the names of the inputs, and their thumbnail, need."""
    width = max(text_width(unit_name(column, unit), 11) for unit in column.drawn)
    image = thumbnail_size(column) + 20 if side(column) else 0
    return math.ceil(max(40.0, width + 26) + image)


def picture_width(columns) -> float:
    """The width of one view, the names of the outputs included."""
    last = columns[-1]
    width = max(text_width(unit_name(last, unit), 11) for unit in last.drawn)
    return last.x + max(80.0, last.radius + 8 + width + 20)


def unit_name(column, unit) -> str:
    """The text beside a unit: its name, or only its index where others are left out."""
    name = column.names[unit]
    elided = len(column.drawn) < len(column.names)
    return str(unit) if elided and name in ("", f"x{unit}", f"y{unit}") else name


# Painting


def drawing(columns, title, desc, views, apart, legend=True, prefix="", bare=False) -> str:
    """The views as one SVG with a legend: side by side, or one upon the other."""
    width, end, parts = picture_width(columns), bottom(columns), []
    for k, view in enumerate(views):
        parts.append(f'<g class="{view.css}" transform="translate({units(k * width * apart)} 0)">')
        parts.append(svg_text(20, 24, f"{title}: {view.words}", 13, bold=True))
        parts += [*view_parts(columns, view, bare), "</g>"]
    parts += legend_parts(end + 56) if legend else []
    title_width = text_width(f"{title}: {VIEWS['weights'].words}", 13) + 40
    whole = max(width * (len(views) if apart else 1), title_width, 540 if legend else 0)
    return svg_frame(whole, end + (108 if legend else 40), title, desc, parts, prefix)


def view_parts(columns, view, bare=False) -> Iterator[str]:
    """All elements of one view: lines first, so that the units stand before them.

    bare: lines in order of index instead of weakest first, no numbers in tooltips, and
        strokes of positive numbers there but not seen.  Two pictures of one model then
        have the same elements in the same order, as the pages of a flip book need.
    """
    for left, right in pairwise(columns):
        yield from lines(left, right, view, bare)
        middle, largest = (left.x + right.x) / 2, fmt(strongest(right, view), digits=2)
        foot = f"{view.size} {largest}"
        yield svg_text(middle, bottom(columns) + 24, foot, 10, "mut", "middle")
    yield from thumbnail(columns[0])
    for column in columns:
        yield from column_text(column)
        yield from [unit_mark(column, unit, view, bare) for unit in column.drawn]


class Line(NamedTuple):
    """A weight: its number, the unit it reads, the neuron it belongs to."""

    number: float
    i: int
    j: int


def lines(left, right, view, bare) -> Iterator[str]:
    """The weights between two columns, weakest first; lines that look alike share a group."""
    weights = [
        Line(getattr(right.neurons[j].w[i], view.field), i, j)
        for j in right.drawn
        for i in left.drawn
    ]
    if not bare:
        weights.sort(key=lambda weight: loudness(weight.number))
    top, dense = strongest(right, view), len(weights) > SPARSE

    def size(weight):
        return size_look(weight.number, top, dense), bare and weight[1:]

    def sign(weight):
        return sign_look(weight.number), bare and weight[1:]

    yield f'<g transform="translate({units(left.x + left.radius)} 0)">'
    for (look, _), alike in groupby(weights, size):
        yield f"<g {look}>"
        for (colour, _), run in groupby(alike, sign):
            paths = [line(weight, left, right, "" if bare else view.weight) for weight in run]
            yield f"<g {colour}>{''.join(paths)}</g>"
        yield "</g>"
    yield "</g>"


def line(weight, left, right, word) -> str:
    """One line, with a tooltip if there is a word for it; its group starts at the left column."""
    number, i, j = weight
    width = units(right.x - right.radius - left.x - left.radius)
    ends = f"M0 {units(left.middles[i])} {width} {units(right.middles[j])}"
    if not word:
        return f'<path d="{ends}"/>'
    return f'<path d="{ends}"><title>{word} {i}→{j}: {fmt(number, sign=True)}</title></path>'


def strongest(column, view) -> float:
    """The size of the largest weight of a layer, drawn or not."""
    return scale([getattr(w, view.field) for neuron in column.neurons for w in neuron.w])


def sign_look(number) -> str:
    """A line shows its sign by colour, and by dashes for those who see none."""
    if not math.isfinite(number):
        return f'stroke="{LIGHT["bad"]}"'
    if number == 0.0:
        return f'stroke="{LIGHT["ezero"]}" stroke-dasharray="1.5 3"'
    if number < 0.0:
        return f'stroke="{LIGHT["eneg"]}" stroke-dasharray="6 3"'
    return f'stroke="{LIGHT["epos"]}"'


def size_look(number, top, dense) -> str:
    """A line shows by its width how big it is beside the strongest of its layer.

    Of many lines, the weak ones are also nearly transparent.
    """
    if not math.isfinite(number):
        return 'stroke-width="3"'
    share = abs(number) / top if top else 0.0
    if not dense:
        return f'stroke-width="{0.5 + 3.5 * share:.1f}"'
    return f'stroke-width="{0.5 + 2 * share:.1f}" stroke-opacity="{0.18 + 0.82 * share:.1f}"'


def column_text(column) -> Iterator[str]:
    """The heading of a column, the names beside its units, dots where some are left out."""
    x, drawn, size = column.x, column.drawn, len(column.names)
    count = f"{len(drawn)} of {size} shown" if len(drawn) < size else str(size)
    yield svg_text(x, TOP - 40, column.heading, 11, anchor="middle", bold=True)
    yield svg_text(x, TOP - 26, count, 10, "mut", "middle")
    for unit in drawn:
        yield name_text(column, unit)
    for before, unit in pairwise([-1, *drawn, size]):
        if unit > before + 1:
            yield dots(x, gap_middle(column, before, unit))


def name_text(column, unit) -> str:
    """A name: left of an input, right of an output, above a hidden unit's lines."""
    edge, y = column.radius + 6, column.middles[unit] + 4
    name = unit_name(column, unit)
    if not column.neurons:
        return svg_text(column.x - edge, y, name, 11, "mut", "end")
    if column.heading.endswith("output"):
        return svg_text(column.x + edge, y, name, 11, "mut")
    halo = f'<g stroke="{LIGHT["bg"]}" stroke-width="3" paint-order="stroke">'
    return (
        f"{halo}{svg_text(column.x - edge + 2, y - 9, name, 8, 'mut', 'end')}</g>" if name else ""
    )


def gap_middle(column, before, unit) -> float:
    """How far down the dots stand between two units drawn, or beyond the first or last."""
    room = column.radius + 6
    if before < 0:
        return column.middles[unit] - room - 1
    if unit == len(column.names):
        return column.middles[before] + room + 1
    return (column.middles[before] + column.middles[unit]) / 2


def dots(x, y) -> str:
    """Three dots, one below the other."""
    places = " ".join([f"M{units(x)} {units(y + dy)}h0" for dy in (-4, 0, 4)])
    return f'<path d="{places}" stroke="{LIGHT["mut"]}" stroke-width="2" stroke-linecap="round"/>'


def unit_mark(column, unit, view, bare=False) -> str:
    """An input's square, or a neuron's circle with the small square of its bias."""
    x, y, r = column.x, column.middles[unit], column.radius
    number = column.numbers[view.field][unit]
    fill = "card" if number is None else shade(number, column.scale(view))
    if column.neurons:
        shape = circle(x, y, r, fill)
        biases = [getattr(neuron.b, view.field) for neuron in column.neurons]
        bias = bias_mark(x + 0.55 * r, y + 0.6 * r, biases[unit], scale(biases), bare)
    else:
        shape, bias = svg_rect(x - r, y - r, 2 * r, 2 * r, fill, "input", 1.5), ""
    title = f"<title>{escape(unit_words(column, unit) if bare else spoken(column, unit))}</title>"
    return f'<g class="neuron">{title}{shape}{number_mark(x, y, r, number, view, bare)}{bias}</g>'


def circle(x, y, r, fill) -> str:
    """A neuron; fill is a colour token."""
    return (
        f'<circle cx="{units(x)}" cy="{units(y)}" r="{r}" fill="{LIGHT[fill]}" '
        f'stroke="{LIGHT["op"]}" stroke-width="1.2"/>'
    )


def number_mark(x, y, r, number, view, bare) -> str:
    """The number inside a big circle; in a small one only a stroke if it is negative."""
    if number is None:
        return ""
    if r < 20:
        return minus(x, y, 8, number, bare)
    text = fmt(number, sign=view.field == "grad", digits=2)
    size = min(10.0, (2 * r - 4) / text_width(text, 1))
    ink = "ink" if math.isfinite(number) else "badink"
    return svg_text(x, y + 3.5, text, round(size, 1), ink, "middle")


def bias_mark(x, y, number, top, bare) -> str:
    """The small square that stands for a bias."""
    square = svg_rect(x, y, 9, 9, shade(number, top), "param")
    return square + minus(x + 4.5, y + 4.5, 5, number, bare)


def minus(x, y, width, number, bare) -> str:
    """The stroke that marks a negative number, for eyes and printers without colour."""
    stroke = svg_line(f"M{units(x - width / 2)} {units(y)}h{width}", "ink", 1.5)
    if number < 0.0:
        return stroke
    return stroke.replace(LIGHT["ink"], "none") if bare else ""


def unit_words(column, unit) -> str:
    """Which unit it is."""
    return f"{column.heading} {column.names[unit] or f'#{unit}'}"


def spoken(column, unit) -> str:
    """A unit in words, with its numbers in full."""
    known = [
        f"{name} = {numbers[unit]!r}"
        for name, numbers in column.numbers.items()
        if numbers[unit] is not None
    ]
    words = f"{unit_words(column, unit)}: {', '.join(known) or 'no data'}"
    if not column.neurons:
        return words
    bias = column.neurons[unit].b
    return f"{words}; bias: data = {bias.data!r}, grad = {bias.grad!r}"


# The thumbnail of an image


def side(column) -> int:
    """The number of pixels along a side if the inputs are a square image, else 0."""
    n = len(column.names)
    pixels = math.isqrt(n)
    known = column.numbers["data"][0] is not None
    return pixels if known and n >= 64 and pixels * pixels == n else 0


def pixel_size(column) -> int:
    """The side of one pixel in the thumbnail."""
    return max(1, 84 // side(column))


def thumbnail_size(column) -> int:
    """The side of the thumbnail."""
    return side(column) * pixel_size(column)


def thumbnail(column) -> Iterator[str]:
    """The inputs as an image, left of their column; the pixels drawn there are outlined."""
    pixels = side(column)
    if not pixels:
        return
    size, pixel = thumbnail_size(column), pixel_size(column)
    y = (min(column.middles.values()) + max(column.middles.values()) - size) / 2
    yield f'<g class="image" transform="translate(12 {units(y)})">'
    yield svg_rect(0, 0, size, size, "zero", "input")
    top, data = column.scale(VIEWS["weights"]), column.numbers["data"]
    shades = [shade(number, top) for number in data]
    for token in sorted({*shades} - {"zero"}):
        boxes = "".join(pixel_runs(shades, token, pixels, pixel, pixel))
        yield f'<path fill="{LIGHT[token]}" d="{boxes}"/>'
    for unit in column.drawn:
        yield svg_line(box(unit % pixels * pixel, unit // pixels * pixel, pixel, pixel), "ink")
    yield svg_text(size / 2, size + 14, f"{pixels} × {pixels} input", 10, "mut", "middle")
    yield "</g>"


# Words


def legend_parts(y) -> Iterator[str]:
    """What colours, dashes and widths mean; every picture explains itself."""
    yield '<g class="legend" aria-hidden="true">'
    for k, token in enumerate(SHADES):
        yield svg_rect(20 + 22 * k, y, 22, 13, token)
        yield svg_text(31 + 22 * k, y + 10, "−  0  +"[k], 10, anchor="middle")
    yield svg_text(182, y + 10, "strong: at least 1/3 of the largest in its column,", 10, "mut")
    yield svg_text(
        182, y + 24, "mid: at least 1/30, pale: less; a stroke marks a negative", 10, "mut"
    )
    for k, (token, dash, sign) in enumerate(
        [("epos", "", "+"), ("eneg", "6 3", "−"), ("ezero", "1.5 3", "0")]
    ):
        yield svg_line(f"M{20 + 46 * k} {units(y + 33)}h28", token, 2, dash)
        yield svg_text(52 + 46 * k, y + 36, sign, 10, "mut")
    yield svg_text(182, y + 38, "wider: larger; square: input; small square: bias", 10, "mut")
    yield "</g>"


def description(columns) -> str:
    """The picture in sentences, for those who do not see it."""
    layers = ", ".join([f"{len(c.neurons)} {c.neurons[0].activation}" for c in columns[1:]])
    count = sum(len(neuron.w) + 1 for column in columns for neuron in column.neurons)
    text = f"Inputs: {len(columns[0].names)}; neurons by layer: {layers}; {count} parameters."
    outputs = columns[-1]
    for unit in outputs.drawn:
        number = outputs.numbers["data"][unit]
        text += "" if number is None else f" {outputs.names[unit]} = {fmt(number)}."
    return text


# Pages and files


def page(columns, title, desc, show) -> str:
    """A page of its own, where two radio buttons switch between the views."""
    svg = drawing(columns, title, desc, list(VIEWS.values()), apart=False)
    on = {name: " checked" if (name == "grads") == (show == "grads") else "" for name in VIEWS}
    body = filled(HERE, "network.html", title=escape(title), desc=escape(desc), svg=svg, **on)
    return html_page(title, body, resource(HERE, "network.css"))


def units_drawn(model, x) -> list[list[int]]:
    """Which units of each column a picture of the model on x would draw."""
    return [column.drawn for column in read(layers_of(model), x, None)]


def film_frame(model, root, drawn, title, prefix) -> str:
    """Both views upon each other as SVG, alike but for attributes in every state of a model.

    drawn: the units to draw, which must not change from frame to frame.
    """
    columns = read(layers_of(model), None, root)
    for column, chosen in zip(columns, drawn, strict=True):
        column.drawn = chosen
    place(columns)
    views = list(VIEWS.values())
    return drawing(columns, title, description(columns), views, False, True, prefix, bare=True)


def model_svg(model: Module) -> str | None:
    """What a notebook shows for a model; nothing if it is no stack of layers."""
    try:
        return draw_network(model).svg
    except (TypeError, ValueError):
        return None


# Attached from here, because nn knows no pictures: `import micronn.pictures.network` in a
# notebook, and a model in the last line of a cell shows itself.
Module._repr_svg_ = model_svg  # type: ignore[attr-defined]
