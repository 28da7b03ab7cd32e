"""Cards and wires that stand for many values, in both folded views.

A fold must stay honest: where a card cannot show every number, it shows how many fall in
each shade, the largest with its sign, or from where to where they reach.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from math import isfinite, log2
from typing import NamedTuple

from micronn.graph.again import is_fresh, numbers
from micronn.graph.operations import glyph
from micronn.graph.rows import Row
from micronn.pictures.layout.sketch import Sketch, Wire
from micronn.pictures.paint import ids
from micronn.pictures.paint.cards import ROW, Card, box_card
from micronn.pictures.paint.legend import Item
from micronn.pictures.paint.palette import LIGHT, SHADES, odd, scale, shade
from micronn.pictures.paint.svg import svg_chip, svg_rect, svg_text, text_width, units
from micronn.pictures.views.grouping import (
    Home,
    Plan,
    input_cards,
    readings,
    rest_cards,
    terms_of,
    times,
)
from micronn.support.numeric import magnitude, root_mean_square
from micronn.support.text import Place, counted, fmt

# Many numbers in one line


def largest_and_rms(numbers: Sequence[float]) -> str:
    """The entry of largest size with its sign, and the root of the mean square.

    >>> largest_and_rms([3.0, -4.0])
    'max −4  rms 3.54'
    """
    low, top = min(numbers), max(numbers)
    if isinstance(top, Place):
        top = Place.of("!", numbers)
    elif not isfinite(sum(numbers)) or -low == top:
        top = max(numbers, key=magnitude)
    elif -low > top:
        top = low
    return f"max {fmt(top, sign=True, digits=3)}  rms {rms(numbers)}"


def rms(numbers: Sequence[float]) -> str:
    """The root of the mean square, as text."""
    if isinstance(numbers[0], Place):
        return fmt(Place.of("~", numbers), digits=3)
    return fmt(root_mean_square(numbers), digits=3)


def span(numbers: Sequence[float], sign: bool = False) -> str:
    """The smallest and the largest of some numbers; one number if they are all the same.

    >>> span([1.0, -2.5, 0.0])
    '−2.5 … 1'
    """
    if isinstance(numbers[0], Place):
        return Place.of("", numbers).mark("mM"[sign], " … ".join(["#123456"] * len(numbers[:2])))
    if any(x != x for x in numbers):
        return "NaN"
    low, high = fmt(min(numbers), sign, 3), fmt(max(numbers), sign, 3)
    return low if low == high else f"{low} … {high}"


def changed(rows: Sequence[Row]) -> str:
    """How many numbers have changed since; nothing if none has."""
    moved = [row for row in rows if row.now is not None]
    misfits = [row for row in rows if row.gives is not None]
    found = {"changed since": len(moved), "no longer fit": len(misfits)}
    return ", ".join([f"{n:,} of {len(rows):,} {word}" for word, n in found.items() if n])


def held(rows: Sequence[Row]) -> str:
    """What a gradient holds beside the messages; of many rows, in how many, and how much."""
    if len(rows) == 1:
        return str(rows[0].rest or "")
    sizes: defaultdict[str, list[float]] = defaultdict(list)
    for rest in [row.rest for row in rows if row.rest]:
        sizes[rest.word].append(rest.size)
    texts = [f"{word} in {len(some):,}: rms {rms(some)}" for word, some in sizes.items()]
    return ", ".join(texts)


def census(numbers: Sequence[float]) -> list[tuple[str, float]]:
    """The share of each shade among some numbers, measured against their largest.

    >>> census([1.0, -0.1, 0.0, 0.0])
    [('neg2', 0.25), ('zero', 0.5), ('pos3', 0.25)]
    """
    rising, before = sorted(filter(isfinite, numbers)), 0
    m = scale([*rising[:1], *rising[-1:]])
    counts = {"bad": len(numbers) - len(rising)}
    for i, token in enumerate(SHADES):  # which rise with the numbers
        after = bisect_right(rising, i, before, key=lambda x: SHADES.index(shade(x, m)))
        counts[token], before = after - before, after
    tokens = (*SHADES, "bad")
    return [(token, counts[token] / len(numbers)) for token in tokens if counts[token]]


def census_bar(numbers: Sequence[float], x: float, y: float, width: float) -> str:
    """A bar whose parts are the shares of the shades."""
    bar, before = "", 0.0
    if isinstance(numbers[0], Place):
        for i, token in enumerate((*SHADES, "bad")):
            at = [Place.of("", numbers).mark(form, f"{i},{x},{width}") for form in "[]"]
            box = f'y="{units(y)}" height="12" fill="{LIGHT[token]}"'
            bar += f'<rect x="{at[0]}" width="{at[1]}" {box}/>'
        return bar
    for token, share in census(numbers):
        bar += svg_rect(x + width * before, y, width * share, 12, token)
        before += share
    return bar


# The facts card: inputs of many examples, a loss of many losses


class Fact(NamedTuple):
    """A line of a facts card; the text stands on a chip if there is a colour token."""

    word: str
    text: str
    token: str = ""
    ink: str = "ink"


def facts_card(
    id: str, css: str, glyph: str, name: str, corner: str, facts: list[Fact], numbers: list[float]
) -> Card:
    """A card of a few lines, each a word and a number; numbers: those it stands for."""
    left = 16 + max(text_width(fact.word, 10) for fact in facts)
    wide = max([60.0, *[text_width(fact.text) for fact in facts]]) + 12
    header = 24 + text_width(glyph) + 8 + text_width(name) + text_width(corner, 10)
    texts = [f"{fact.word} {fact.text}".strip() for fact in facts]
    title = f"{name}: {corner}, {', '.join(texts)}"
    lines = [f"{glyph} {name} {corner}".strip(), *texts]
    card = box_card(id, css, title, max(left + wide + 6, header), ROW * len(lines), lines)
    wide = card.width - 6 - left
    card.frame(odd(numbers, css))
    card.heading(glyph, name, corner, "mut" if css == "op" else css)
    for row, fact in enumerate(facts, start=1):
        card.body.append(svg_text(8, ROW * row + 14, fact.word, 10, "mut"))
        if fact.token:
            card.body.append(svg_chip(left, ROW * row, wide, fact.text, fact.token))
        else:
            middle = left + wide / 2
            text = svg_text(middle, ROW * row + 14, fact.text, fill=fact.ink, anchor="middle")
            card.body.append(text)
    return card


def folded_sketch(plan: Plan, cards: list[Card], neurons: bool, items: list[Item]) -> Sketch:
    """The cards of neurons or of layers, those of the values around them, and bundles as wires."""
    inputs = input_cards(plan, neurons)
    given = [spread_card(plan, home.id, name, ks) for home, name, ks in inputs]
    cards = [*given, *cards, *loose_cards(plan, neurons)]
    read = plan.once(("readings", neurons), lambda: readings(plan, neurons))
    return finished(plan, cards, [bundle(plan, *ends, ks) for ends, ks in read.items()], items)


def loose_cards(plan: Plan, neurons: bool) -> list[Card]:
    """The values between and after the layers."""
    cards, nodes = [], plan.graph.nodes
    for number, ks in rest_cards(plan, neurons):
        made = [k for k in ks if nodes[k].operands] or ks
        signs, names = {glyph(nodes[k].op) for k in ks}, {nodes[k].title for k in ks}
        name = counted(len(ks), "value") if len(names) > 1 else names.pop() + times(len(ks))
        if nodes[-1].k in ks:
            cards.append(root_card(plan, ids.rest(number), len(ks)))
        else:
            sign = signs.pop() if len(signs) == 1 else ""
            cards.append(spread_card(plan, ids.rest(number), name, made, sign))
    return cards


def spread_card(plan: Plan, id: str, name: str, ks: list[int], sign: str = "") -> Card:
    """Many values on one card: from where to where their data and their gradients reach."""
    nodes = [plan.graph.nodes[k] for k in (ks[:1] if is_fresh(plan.graph) else ks)]
    data, grad = numbers(plan.graph, ks, "data"), numbers(plan.graph, ks, "grad")
    role, word = nodes[0].role, " min…max" if len(ks) > 1 else ""
    since = changed(nodes)
    if len(ks) == 1:
        data, since = [nodes[0].current], nodes[0].change
    facts = [Fact(f"data{word}", span(data), odd(data))]
    facts += [Fact("", since, "", "eneg")] * bool(since)
    if plan.graph.ran:
        largest = Place.of("!", grad) if isinstance(grad[0], Place) else max(grad, key=magnitude)
        token = "zero" if role == "const" else shade(largest, plan.m)
        facts.append(Fact(f"grad{word}", span(grad, sign=True), token))
    else:
        facts.append(Fact("grad", ""))
    facts += [Fact("", held(nodes), "", "mut")] * bool(held(nodes))
    corner = "" if role == "op" else plan.graph.kind(nodes[0])
    seen = data + grad * (plan.graph.ran and role != "const")
    return facts_card(id, role, sign, name, corner, facts, seen)


def root_card(plan: Plan, id: str, count: int) -> Card:
    """The output, with what it is the mean or the sum of, else how many values it folds."""
    root = plan.graph.nodes[-1]
    word, terms = terms_of(plan.graph, root.k)
    facts = [Fact("folds", counted(count, "value"))] * (count > 1)
    if terms:
        facts = [
            Fact(f"{word} of", counted(len(terms), "loss" if word == "mean" else "value")),
            Fact("min…max", span([plan.graph.nodes[k].data for k in terms])),
        ]
    facts += [
        Fact("data", fmt(root.data), odd([root.data])),
        Fact("grad", fmt(root.grad, sign=True), shade(root.grad, plan.m))
        if plan.graph.ran
        else Fact("grad", ""),
    ]
    facts += [Fact("", root.change, "", "eneg")] * bool(root.change)
    seen = [root.data, *[root.grad] * plan.graph.ran]
    return facts_card(id, "root", glyph(root.op), root.title, "output", facts, seen)


# Wires that stand for many readings


def bundle(plan: Plan, tail: Home, head: Home, ks: list[int]) -> Wire:
    """The wire for all readings of values ks; its width says how many there are a call.

    The wires of single columns and of single neurons have no label: they would be many.
    """
    width = max(1, round(len(ks) / plan.calls))
    shown = width if head.kind in ("neuron", "layer") else len(ks)
    slope = rms(numbers(plan.graph, ks, "grad"))
    count = counted(shown, "value")
    single = tail.kind == "column" or "neuron" in (tail.kind, head.kind)
    ran = plan.graph.ran
    label = () if single else (f"{count} →", *[f"← grad rms {slope}"] * ran)
    title = f"{count} forward" + f", gradients of rms {slope} back" * ran
    id, thick = ids.bundle(tail.id, head.id), 1.2 + 0.6 * log2(width)
    return Wire(id, (tail.id, ""), (head.id, ""), "op", thick, "", title, label)


def finished(plan: Plan, cards: list[Card], wires: list[Wire], items: list[Item]) -> Sketch:
    """A sketch with its caption; it says in sight too how much is folded."""
    root = plan.graph.nodes[-1]
    count = f"{len(plan.graph):,} values in {len(cards)} cards"
    sizes = [len(layer.neurons) for layer in plan.folds.layers]
    layers = ", ".join([f"{plan.full_name(i)} of {size}" for i, size in enumerate(sizes)])
    caption = f"{count}. Neurons: {layers}. Output {root.title} = {fmt(root.data)}."
    return Sketch(cards, wires, caption, items, [f"{count}."])
