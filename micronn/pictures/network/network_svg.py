"""The network as SVG: lines for weights, circles for neurons, squares for inputs and biases.

Colour and dashes are the sign of a number, width and shade are its size.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

from micronn.pictures.layout.sketch import wrapped
from micronn.pictures.network.network_columns import TOP, Column, bottom
from micronn.pictures.paint import ids
from micronn.pictures.paint.palette import (
    LIGHT,
    SHADES,
    SIGNS,
    beside,
    odd,
    scale,
    shade,
    wire,
)
from micronn.pictures.paint.svg import (
    box,
    escape,
    pixel_path,
    svg_circle,
    svg_frame,
    svg_line,
    svg_rect,
    svg_text,
    text_width,
    units,
)
from micronn.support.numeric import magnitude
from micronn.support.text import BESIDE, OPENS, Place, fmt

NONE_YET = "No gradients yet: call backward() on a loss of this model."
SPARSE = 60  # up to so many lines between two columns, every line is opaque


class View(NamedTuple):
    """What a picture shows of every neuron and every weight.

    field: which number of a Value.
    css: the class of everything that only this view shows.
    weight: how a weight is named.
    steady: lines in order of index instead of weakest first, no numbers in tooltips, and
        strokes of positive numbers there but not seen, and names for what changes.  Two
        pictures of one model then have the same elements in the same order, as the pages
        of a flip book need.
    """

    field: str
    css: str
    words: str
    weight: str
    steady: bool = False


VIEWS = {
    "weights": View("data", "w", "weights and activations", "w"),
    "grads": View("grad", "g", "gradients", "grad"),
}


def network_svg(
    columns: list[Column],
    title: str,
    views: Sequence[View],
    apart: bool,
    legend: bool = True,
    prefix: str = "",
    told: Sequence[str] = (),
    missing: str = NONE_YET,
) -> str:
    """The views as one SVG with a legend: side by side, or one upon the other.

    told: what has changed since its numbers were computed, in sentences.
    missing: what the view of gradients says while there are none.
    """
    last, end, parts = columns[-1], bottom(columns), []
    width = last.x + max(80.0, last.radius + 8 + last.name_width() + 20)  # of one view
    for k, view in enumerate(views):
        parts.append(f'<g class="{view.css}" transform="translate({units(k * width * apart)} 0)">')
        parts.append(svg_text(20, 24, f"{title}: {view.words}", 13, bold=True))
        parts += [*view_parts(columns, view)]
        if is_missing(last, view) and not view.steady:  # a film keeps its elements
            parts.append(svg_text(20, end + 48, missing, 10))
        parts.append("</g>")
    title_width = text_width(f"{title}: {VIEWS['weights'].words}", 13) + 40
    full = max(width * (len(views) if apart else 1), title_width, 540 if legend else 0)
    if any(is_missing(last, view) and not view.steady for view in views):
        told = [note for note in told if not note.startswith("No backward()")]
        full, end = max(full, full - width + text_width(missing, 10) + 40), end + 15
    lines = wrapped([*answer(last), *told], int(full / 6) - 6)
    full = max([full, *[text_width(line, 10) + 40 for line in lines]])
    for i, line in enumerate(lines):
        parts.append(svg_text(20, end + 48 + 15 * i, line, 10))
    end += 15 * len(lines)
    parts += legend_parts(end + 56) if legend else []
    height = end + (108 if legend else 40)
    words = " ".join([description(columns), *told])
    return svg_frame(full, height, title, words, parts, prefix)


def view_parts(columns: list[Column], view: View) -> Iterator[str]:
    """All elements of one view: lines first, so that the units stand before them."""
    for left, right in pairwise(columns):
        yield from lines(left, right, view)
        middle = (left.x + right.x) / 2
        foot = f"max |{view.weight}| {fmt(right.largest(view.field), digits=2)}"
        foot = "none yet" if is_missing(right, view) else foot
        name = ids.largest(view.css, right.k) * view.steady
        yield svg_text(middle, bottom(columns) + 24, foot, 10, "mut", "middle", id=name)
    yield from input_image(columns[0])
    for column in columns:
        yield from column_text(column)
        yield from [unit_mark(column, unit, view) for unit in column.drawn]


# Weights


def is_missing(column: Column, view: View) -> bool:
    """Whether a view would show zeros where there is nothing yet."""
    return view.field == "grad" and not column.ran


class Line(NamedTuple):
    """A weight: its number, the unit it reads, the neuron it belongs to."""

    number: float
    i: int
    j: int


def lines(left: Column, right: Column, view: View) -> Iterator[str]:
    """The weights between two columns, weakest first; lines that look alike share a group."""
    weights = [
        Line(right.held(right.neurons[j].w[i], view.field), i, j)
        for j in right.drawn
        for i in left.drawn
    ]
    top, dense, missing = right.largest(view.field), len(weights) > SPARSE, is_missing(right, view)

    def size(weight: Line) -> str:
        return 'stroke-width="0.5"' if missing else size_look(weight.number, top, dense)

    def sign(weight: Line) -> str:
        return f'stroke="{LIGHT["rule"]}"' if missing else sign_look(weight.number)

    yield f'<g transform="translate({units(left.x + left.radius)} 0)">'
    if view.steady:
        ends = [tuple([(i, column.middles[i]) for i in column.drawn]) for column in (left, right)]
        width = right.x - right.radius - left.x - left.radius
        begun = lines_begun(view.css, right.k, width, *ends)
        yield from [
            f"{start} {size(weight)} {sign(weight)}/>"
            for weight, start in zip(weights, begun, strict=True)
        ]
        weights = []
    weights.sort(key=lambda weight: magnitude(weight.number))
    for look, alike in groupby(weights, size):
        yield f"<g {look}>"
        for colour, run in groupby(alike, sign):
            paths = [line(weight, left, right, view) for weight in run]
            yield f"<g {colour}>{''.join(paths)}</g>"
        yield "</g>"
    yield "</g>"


Middles = tuple[tuple[int, float], ...]  # of the units drawn, by index


@lru_cache(64)
def lines_begun(css: str, k: int, width: float, starts: Middles, ends: Middles) -> list[str]:
    """The names and paths of all lines to column k, in the order of a film's weights; it shows
    them in every frame.  Their group starts at the left column."""
    return [
        f'<path id="{ids.weight_line(css, k, j, i)}" d="M0 {units(y)} {units(width)} {units(tip)}"'
        for j, tip in ends
        for i, y in starts
    ]


def line(weight: Line, left: Column, right: Column, view: View) -> str:
    """One line with its tooltip; its group starts at the left column."""
    number, i, j = weight
    width = units(right.x - right.radius - left.x - left.radius)
    ends = f"M0 {units(left.middles[i])} {width} {units(right.middles[j])}"
    text = "none yet" if is_missing(right, view) else fmt(number, sign=True)
    title = f"{view.weight} {i}→{j}: {text}"
    return f'<path d="{ends}"><title>{title}</title></path>'


def sign_look(number: float) -> str:
    """A line shows its sign by colour, and by dashes for those who see none."""
    if isinstance(number, Place):
        token, _, dash = wire(number, 0.0)
        return f'stroke="{LIGHT[token]}" stroke-dasharray="{dash}"'
    return SIGN_LOOKS["pos3" if 0.0 < number < math.inf else shade(number, 0.0)]


SIGN_LOOKS = {  # by the shade of a number when every number counts as large
    "bad": f'stroke="{LIGHT["bad"]}"',
    **{
        token: f'stroke="{LIGHT[colour]}"' + f' stroke-dasharray="{dash}"' * bool(dash)
        for token, (_, colour, dash) in zip(("pos3", "neg3", "zero"), SIGNS, strict=True)
    },
}


def size_look(number: float, top: float, dense: bool) -> str:
    """A line shows by its width how big it is beside the strongest of its layer.

    Of many lines, the weak ones are also nearly transparent.
    """
    if isinstance(number, Place):
        wide, faint = [beside(number, top).mark(form) for form in ("V" if dense else "W", "O")]
        return f'stroke-width="{wide}"' + f' stroke-opacity="{faint}"' * dense
    if not math.isfinite(number):
        return 'stroke-width="3"'
    share = abs(number) / top if top else 0.0
    if not dense:
        return f'stroke-width="{0.5 + 3.5 * share:.1f}"'
    return f'stroke-width="{0.5 + 2 * share:.1f}" stroke-opacity="{0.18 + 0.82 * share:.1f}"'


# Units


def column_text(column: Column) -> Iterator[str]:
    """The heading of a column, the names beside its units, dots where some are left out."""
    x, drawn, size = column.x, column.drawn, len(column.names)
    count = f"{len(drawn)} of {size} shown" if len(drawn) < size else str(size)
    yield svg_text(x, TOP - 40, column.heading, 11, anchor="middle", bold=True)
    yield svg_text(x, TOP - 26, count, 10, "mut", "middle")
    for unit in drawn:
        yield name_text(column, unit)
    beyond, middles = 2 * column.radius + 14, column.middles
    ends = {-1: middles[drawn[0]] - beyond, size: middles[drawn[-1]] + beyond}
    for (before, above), (unit, below) in pairwise(sorted((middles | ends).items())):
        if unit > before + 1:
            y = (above + below) / 2
            dots = " ".join([f"M{units(x)} {units(y + dy)}h0" for dy in (-4, 0, 4)])
            ink = LIGHT["mut"]
            yield f'<path d="{dots}" stroke="{ink}" stroke-width="2" stroke-linecap="round"/>'


def name_text(column: Column, unit: int) -> str:
    """A name: left of an input, right of an output, above a hidden unit's lines."""
    edge, y = column.radius + 6, column.middles[unit] + 4
    name = column.unit_name(unit)
    if not column.neurons:
        return svg_text(column.x - edge, y, name, 11, "mut", "end")
    if column.heading.endswith("output"):
        told, ink = "bold" * (unit == column.answer), "ink" if unit == column.answer else "mut"
        if column.shares and isinstance(column.shares[0], Place):
            looks = ("bold", "normal"), ("ink", "mut")
            logits = Place.of("", column.numbers["data"])
            told, ink = [logits.mark("A", BESIDE.join([str(unit), *look])) for look in looks]
        return svg_text(column.x + edge, y, name, 11, ink, bold=told)
    text = svg_text(column.x - edge + 2, y - 9, name, 8, "mut", "end")
    halo = f'<g stroke="{LIGHT["bg"]}" stroke-width="3" paint-order="stroke">'
    return f"{halo}{text}</g>" if name else ""


def unit_mark(column: Column, unit: int, view: View) -> str:
    """An input's square, or a neuron's circle with the small square of its bias."""
    x, y, r = column.x, column.middles[unit], column.radius
    number = column.numbers[view.field][unit]
    fill = "card" if number is None else shade(number, column.scale(view.field))
    if column.neurons:
        shape = svg_circle(x, y, r, fill, "op", 1.2)
        biases, largest = column.biases(view.field)
        left, top, weight = x + 0.55 * r, y + 0.6 * r, biases[unit]
        token = "card" if is_missing(column, view) else shade(weight, largest)
        bias = svg_rect(left, top, 9, 9, token, "param")
        bias += minus(left + 4.5, top + 4.5, 5, weight, view)
        bias = named(ids.bias(view.css, column.k, unit), bias, view)
    else:
        shape, bias = svg_rect(x - r, y - r, 2 * r, 2 * r, fill, "input", 1.5), ""
    words = unit_words(column, unit, with_numbers=not view.steady)
    mark = "" if number is None else weightmark(x, y, r, number, view)
    body = named(ids.unit(view.css, column.k, unit), shape + mark, view)
    return f'<g class="neuron"><title>{escape(words)}</title>{body}{bias}</g>'


def named(name: str, parts: str, view: View) -> str:
    """Parts that a script finds by their name, where it repaints the picture."""
    return f'<g id="{name}">{parts}</g>' if view.steady else parts


def weightmark(x: float, y: float, r: float, number: float, view: View) -> str:
    """The number inside a big circle; in a small one only a stroke if it is negative."""
    if r < 20:
        return minus(x, y, 8, number, view)
    text = fmt(number, sign=view.field == "grad", digits=2)
    size = min(10.0, (2 * r - 4) / text_width(text, 1))
    ink = odd([number], "ink")
    ink = "badink" if ink == "bad" else f"{OPENS}k{ink[1:]}" if OPENS in ink else ink
    return svg_text(x, y + 3.5, text, round(size, 1), ink, "middle")


def minus(x: float, y: float, width: float, number: float, view: View) -> str:
    """The stroke that marks a negative number, for eyes and printers without colour."""
    stroke = svg_line(f"M{units(x - width / 2)} {units(y)}h{width}", "ink", 1.5)
    if isinstance(number, Place):
        return stroke.replace(LIGHT["ink"], number.mark("_"))
    if number < 0.0:
        return stroke
    return stroke.replace(LIGHT["ink"], "none") if view.steady else ""


def unit_words(column: Column, unit: int, with_numbers: bool) -> str:
    """A unit in words, and perhaps its numbers in full."""
    name = f"{column.heading} {column.names[unit] or f'#{unit}'}"
    if not with_numbers:
        return name
    numbers = {field: numbers[unit] for field, numbers in column.numbers.items()}
    known = [f"{field} = {x!r}" for field, x in numbers.items() if x is not None]
    words = f"{name}: {', '.join(known) or 'no data'}"
    if not column.neurons:
        return words
    bias = column.neurons[unit].b
    words += f"; bias: data = {column.held(bias, 'data')!r}"
    return words + f", grad = {column.held(bias, 'grad')!r}" * column.ran


def input_image(column: Column) -> Iterator[str]:
    """The inputs as an image, left of their column; the pixels drawn there are outlined."""
    if not column.pixels:
        return
    side, pixel = column.pixels, column.pixel_size
    size = side * pixel
    y = (min(column.middles.values()) + max(column.middles.values()) - size) / 2
    yield f'<g class="image" transform="translate(12 {units(y)})">'
    yield svg_rect(0, 0, size, size, "zero", "input")
    yield from painted_pixels(tuple(column.numbers["data"]), side, pixel)
    for unit in column.drawn:
        yield svg_line(box(unit % side * pixel, unit // side * pixel, pixel, pixel), "ink")
    yield svg_text(size / 2, size + 14, f"{side} × {side} input", 10, "mut", "middle")
    yield "</g>"


@lru_cache(4)
def painted_pixels(numbers: Sequence[float | None], side: int, pixel: int) -> list[str]:
    """The pixels of an image, one path for each shade; a film shows the same image many times."""
    top = scale([number or 0.0 for number in numbers])
    shades = [shade(number or 0.0, top) for number in numbers]
    return [
        f'<path fill="{LIGHT[token]}" d="{pixel_path(shades, token, side, pixel, pixel)}"/>'
        for token in sorted({*shades} - {"zero"})
    ]


# Words


def legend_parts(y: float) -> Iterator[str]:
    """What colours, dashes and widths mean; every picture explains itself."""
    yield '<g class="legend" aria-hidden="true">'
    for k, token in enumerate(SHADES):
        yield svg_rect(20 + 22 * k, y, 22, 13, token)
        yield svg_text(31 + 22 * k, y + 10, "−  0  +"[k], 10, anchor="middle")
    yield svg_text(182, y + 10, "strong: at least 1/3 of the largest in its column,", 10, "mut")
    marks = "mid: at least 1/30, pale: less; a stroke marks a negative"
    yield svg_text(182, y + 24, marks, 10, "mut")
    for k, (sign, token, dash) in enumerate(SIGNS):
        yield svg_line(f"M{20 + 46 * k} {units(y + 33)}h28", token, 2, dash)
        yield svg_text(52 + 46 * k, y + 36, sign, 10, "mut")
    yield svg_text(182, y + 38, "wider: larger; square: input; small square: bias", 10, "mut")
    yield "</g>"


def description(columns: list[Column]) -> str:
    """The picture in sentences, for those who do not see it."""
    layers = ", ".join([f"{len(c.neurons)} {c.neurons[0].activation}" for c in columns[1:]])
    count = sum(len(neuron.w) + 1 for column in columns for neuron in column.neurons)
    text = f"Inputs: {len(columns[0].names)}; neurons by layer: {layers}; {count} parameters."
    outputs = columns[-1]
    for unit in outputs.drawn:
        number = outputs.numbers["data"][unit]
        text += "" if number is None else f" {outputs.names[unit]} = {fmt(number)}."
    return " ".join([text, *answer(outputs)])


def answer(outputs: Column) -> list[str]:
    """The likeliest class in a sentence, where the outputs have probabilities."""
    if outputs.shares and isinstance(outputs.shares[0], Place):
        texts = ["The model answers {name}, with a probability of {share}.", *outputs.names]
        return [Place.of("", outputs.numbers["data"]).mark("a", BESIDE.join(texts))]
    if outputs.answer is None:
        return []
    if len(outputs.shares) == 1:  # of the second of two classes
        name = outputs.names[0].rpartition(": ")[2]
        return [f"The model gives {name} a probability of {outputs.shares[0]:.1%}."]
    name, share = outputs.names[outputs.answer], outputs.shares[outputs.answer]
    return [f"The model answers {name}, with a probability of {share:.1%}."]
