"""From a sketch to places: what an engine is asked, and what is made of its answer.

An engine gets sizes and wires, and two things are kept from it.  The neurons of a layer
stand in their own order: they are one tall box to the engine, with a port for each of
their rows.  And every wire has a weight of its own, since of two equally good places one
engine would choose this one and another that.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from micronn.pictures.layout.layout import Box, Layout, Point, arrange
from micronn.pictures.layout.lines import in_lines
from micronn.pictures.layout.sketch import Sketch, Wire, arrow_length, dot_shape, dot_source
from micronn.pictures.paint.cards import ROW, Card
from micronn.pictures.paint.svg import text_width
from micronn.support.text import typical

WEIGHTS = 61  # different ones: a prime, so that few sums of them are equal


def placed(sketch: Sketch, widest: float = inf, known: dict[str, Layout] | None = None) -> Layout:
    """Where everything goes, in lines of at most this width.  Raises NoLayout without an engine.

    known: what engines have answered, by the sizes that they were asked about.
    """
    known, shape = {} if known is None else known, dot_shape(sketch)
    if shape not in known:
        known[shape] = asked(sketch)
    layout, labels = straightened(known[shape], sketch), []
    for wire in [wire for wire in sketch.wires if wire.label]:
        x, half = layout.wires[wire.id].label[0], max(text_width(t, 10) for t in wire.label) / 2
        labels.append((x - half, x + half))
    around = [box_of(card, layout.nodes[card.id]) for card in sketch.cards]
    return in_lines(layout, around, labels, widest)


def asked(sketch: Sketch) -> Layout:
    """Where an engine puts everything, in one line."""
    stacks = {f"stack{i}": cards for i, cards in enumerate(crowds(sketch))}
    inside = {card.id: (id, card) for id, cards in stacks.items() for card in cards}
    boxes = [card for card in sketch.cards if card.id not in inside]
    boxes += [stacked(id, cards) for id, cards in stacks.items()]
    wires = [in_stacks(wire, inside) for wire in sketch.wires]
    text = typical(dot_source(replace(sketch, cards=boxes, wires=wires), weights=WEIGHTS))
    names = [[item.id for item in items] for items in (boxes, wires, sketch.lanes)]
    layout = arrange(text, *names)
    for id, cards in stacks.items():
        x, y = layout.nodes.pop(id)
        right = x + max([card.width for card in cards]) / 2  # where wires begin
        top = y - sum([card.height + ROW for card in cards], -ROW) / 2
        for card in cards:
            layout.nodes[card.id] = right - card.width / 2, top + card.height / 2
            top += card.height + ROW
    return layout


def straightened(layout: Layout, sketch: Sketch) -> Layout:
    """A wire is one curve from end to end, the same from every engine, if no card is between."""
    boxes = sorted([box_of(card, layout.nodes[card.id]) for card in sketch.cards])
    lefts, widest = [box[0] for box in boxes], max(card.width for card in sketch.cards)
    wires = dict(layout.wires)
    for wire in sketch.wires:
        (x0, y0), (x1, y1) = wires[wire.id].points[0], wires[wire.id].tip
        end = x1 - arrow_length(wire.width) + 1
        near = boxes[bisect_left(lefts, x0 - widest) : bisect_left(lefts, x1 - 1)]
        low, high, half = min(y0, y1) - 4, max(y0, y1) + 4, (end - x0) / 2
        free = not any(c > x0 + 1 and b < high and d > low for _, b, c, d in near)
        if free and half > 4:
            way = [(x0, y0), (x0 + half, y0), (end - half, y1), (end, y1)]
            wires[wire.id] = wires[wire.id]._replace(points=way)
    return layout._replace(wires=wires)


def box_of(card: Card, middle: Point) -> Box:
    """The box of a card."""
    x, y = middle
    return x - card.width / 2, y - card.height / 2, x + card.width / 2, y + card.height / 2


def crowds(sketch: Sketch) -> list[list[Card]]:
    """The cards of each lane, and those that all the same cards of lanes read.

    None of a crowd is computed from another.
    """
    heads: defaultdict[str, set[str]] = defaultdict(set)
    for wire in sketch.wires:
        heads[wire.tail[0]].add(wire.head[0])
    lanes = {card.id: card.lane for card in sketch.cards}
    found: defaultdict[tuple[str, ...], list[Card]] = defaultdict(list)
    for card in sketch.cards:
        if card.height % ROW == 0 and card.lane:
            found[card.lane, ""].append(card)
        elif card.height % ROW == 0 and heads[card.id] and all(map(lanes.get, heads[card.id])):
            found["", *sorted(heads[card.id])].append(card)
    return [cards for cards in found.values() if len(cards) > 1 and not returns(cards, heads)]


def returns(cards: Sequence[Card], heads: dict[str, set[str]]) -> bool:
    """Whether the wires that leave some cards come back to one of them."""
    start = {card.id for card in cards}
    found: set[str] = set()
    to_do = [head for id in start for head in heads.get(id, ())]
    while to_do:
        id = to_do.pop()
        if id not in found:
            found.add(id)
            to_do += heads.get(id, ())
    return not found.isdisjoint(start)


def stacked(id: str, cards: Sequence[Card]) -> Card:
    """Cards as one record, with a port for each row of theirs that a wire may end at."""
    sides: list[list[str]] = [[], []]
    for card in cards:
        for side, fields in enumerate(sides):
            rows = padded(card, side)
            rows[len(rows) // 2] = middle(card, side)
            names = [port and f"<{card.id}{port}>" for port in rows]
            fields += [*[""] * bool(fields), *names]
    label = " | ".join([f"{{ {' | '.join(fields)} }}" for fields in sides])
    high, wide = ROW * len(sides[0]), max(card.width for card in cards)
    return Card(id, "op", "", wide, high, f"{{ {label} }}", "record", lane=cards[0].lane)


def padded(card: Card, side: int) -> list[str]:
    """The ports at the left, 0, or at the right, 1, of a card, one for each of its rows."""
    ports = card.ports[-side] if card.ports else []
    return [*ports, *[""] * (round(card.height / ROW) - len(ports))]


def middle(card: Card, side: int) -> str:
    """The port in the middle of a side of a card, for wires that end at no row of it."""
    ports = padded(card, side)
    return ports[len(ports) // 2] or ("right" if side else "left")


def in_stacks(wire: Wire, inside: Mapping[str, tuple[str, Card]]) -> Wire:
    """A wire from a port of a stack, or to one, where its card stands in a stack."""
    ends = []
    for side, (id, port) in ((1, wire.tail), (0, wire.head)):
        if id in inside:
            stack, card = inside[id]
            ends.append((stack, f"{id}{port or middle(card, side)}"))
        else:
            ends.append((id, port))
    return replace(wire, tail=ends[0], head=ends[1])
