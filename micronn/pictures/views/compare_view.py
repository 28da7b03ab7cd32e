"""Two graphs as one picture: a card for each value, with both its numbers and their difference.

What both sides have is drawn once; what one side has alone is a ghost, with dashes and a word.

        ╭───────────────────────────╮
        │ ×  h                      │
        │ data   2 → 3.5   Δ +1.5   │
        │ grad −12              =   │
        ╰───────────────────────────╯
"""

from collections.abc import Sequence
from typing import NamedTuple

from micronn.graph.matching import matched
from micronn.graph.moment import same
from micronn.graph.operations import glyph
from micronn.graph.rows import Graph, Row
from micronn.pictures.layout.sketch import Sketch, Wire
from micronn.pictures.paint import ids
from micronn.pictures.paint.cards import EDGE, ROW, Card, frame_around, name_left, record_card
from micronn.pictures.paint.legend import Item, shade_scale, words
from micronn.pictures.paint.palette import MINUS, shade
from micronn.pictures.paint.svg import svg_chip, svg_text, text_width
from micronn.pictures.views.grouping import make_plan
from micronn.pictures.views.heading import heading, without_formula
from micronn.support.text import brief, clean, counted, fmt

LABEL, ARROW, GAP = 40, 20, 12  # the room for data or grad, for →, and around the difference
FEW = 4  # cards where a difference begins, which are framed and named
BOTH = "a → b: from one side to the other; = the same number on both"
LIMITS = "pale < 1/30 of the larger number ≤ mid < 1/3 ≤ strong"
GHOST = "dashed card or wire: one side alone has it"
BEGINS = "thick frame: the difference begins here"

Names = tuple[str, str]  # what the two sides are called


class Line(NamedTuple):
    """The data or the grad of a card on each side, and how they differ.

    difference: "=" for one number; "≈" and the share of the larger number for two that differ
        by rounding, "Δ" and the difference for others; "" where a side has none.
    token: the colour of a difference, by its share of the larger number.
    """

    left: str = ""
    right: str = ""
    difference: str = ""
    token: str = ""

    def __str__(self) -> str:
        return f"{self.left} → {self.right}" if self.right else self.left

    @property
    def mark(self) -> str:
        """The sign of how they differ."""
        return self.difference[:1]


def compared(a: float | None, b: float | None, rel_tol: float, sign: bool = False) -> Line:
    """The numbers of both sides, None where one has none.

    >>> compared(2.0, 3.5, 1e-9)
    Line(left='2', right='3.5', difference='Δ +1.5', token='pos3')
    """
    left, right = ["–" if x is None else fmt(x, sign) for x in (a, b)]
    if a is None or b is None:
        return Line() if a is b else Line(left, right)
    if same(a, b):
        return Line(left, difference="=")
    largest = max(abs(a), abs(b)) or 1.0  # of 0 and nan that is 0
    share = b / largest - a / largest
    if abs(share) <= rel_tol:
        return Line(left, right, f"≈ {fmt(abs(share))}")
    return Line(left, right, f"Δ {fmt(b - a, sign=True)}", shade(share, 1.0))


class Pair(NamedTuple):
    """A card: the row of each side, or None, data and grad, and the cards that it was made of."""

    k: int
    rows: tuple[Row | None, Row | None]
    lines: tuple[Line, Line]
    operands: tuple[set[int], set[int]]

    @property
    def alone(self) -> int | None:
        """The number of the side that alone has it, if so."""
        return self.rows.index(None) ^ 1 if None in self.rows else None

    @property
    def name(self) -> str:
        """Its name, or both."""
        named = dict.fromkeys([clean(row.name) for row in self.rows if row])
        return " → ".join(filter(None, named)) or f"v{self.k}"

    @property
    def signs(self) -> list[str]:
        """Its operation, or both; an engine that remembers none has that of the other."""
        signs = {row.op.casefold(): glyph(row.op) for row in self.rows[::-1] if row and row.op}
        return [*reversed(signs.values())]

    @property
    def differs(self) -> bool:
        """Whether both sides have it, and not as the same."""
        return any(line.mark == "Δ" for line in self.lines) or len(self.signs) > 1


def pairs_of(one: Graph, other: Graph, rel_tol: float) -> list[Pair]:
    """The rows of both graphs, each once, in the order of the second."""
    twins, at = matched(one, other), len(other)
    order = [(k, 1, -1) for k in {*range(len(other))}.difference(twins.values())]
    for row in reversed(one.nodes):
        at = twins.get(row.k, at)
        order.append((at, int(row.k in twins), row.k))
    order.sort()
    mine = {a: n for n, (_, _, a) in enumerate(order)}
    yours = {b: n for n, (b, there, _) in enumerate(order) if there}
    found = []
    for n, (b, there, a) in enumerate(order):
        p, q = one.nodes[a] if a >= 0 else None, other.nodes[b] if there else None
        data = compared(p and p.data, q and q.data, rel_tol)
        slopes = p.grad if p and one.ran else None, q.grad if q and other.ran else None
        made = (
            {mine[j] for j in p.operands} if p else set(),
            {yours[j] for j in q.operands} if q else set(),
        )
        found.append(Pair(n, (p, q), (data, compared(*slopes, rel_tol, sign=True)), made))
    return found


def where_it_begins(pairs: Sequence[Pair]) -> tuple[str, list[Pair]]:
    """The cards whose data differ, though all that they are made of is the same.

    Where no data differ, those whose grad does, though all that this comes from is the same.
    """
    made = {pair.k: set[int]().union(*pair.operands) for pair in pairs}
    read = {pair.k: set[int]() for pair in pairs}
    for pair in pairs:
        for j in made[pair.k]:
            read[j].add(pair.k)
    for line, (word, sources) in enumerate((("data", made), ("grad", read))):
        off = {pair.k for pair in pairs if pair.lines[line].mark == "Δ"}
        hidden = off.union([pair.k for pair in pairs if pair.alone is not None])
        if off:
            return word, [p for p in pairs if p.k in off and hidden.isdisjoint(sources[p.k])]
    return "", []


def compare_view(
    one: Graph, other: Graph, names: Names, rel_tol: float, limit: int | None
) -> Sketch:
    """A card for each value of two graphs; the arguments are those of compare()."""
    most = max(len(one), len(other))
    if limit is not None and most > limit:
        raise ValueError(
            f"{most:,} cards are more than the limit of {limit}; compare a part, such as the "
            "output of one neuron or the loss of one example, or pass limit=None"
        )
    pairs = pairs_of(one, other, rel_tol)
    word, begins = where_it_begins(pairs)
    framed = begins if len(begins) <= FEW else []  # frames around most cards would say nothing
    cards = [card(pair, names, pair in framed) for pair in pairs]
    wires = [
        wire(pairs[j], pair, names) for pair in pairs for j in sorted(set().union(*pair.operands))
    ]
    notes = [verdict(pairs, names)]
    if begins:
        places = [f"{pair.name} ({word} {pair.lines[word == 'grad']})" for pair in begins]
        notes.append(f"The difference begins at {brief(places, FEW, more='and {} more')}.")
    ends = [f"{p.name} {p.lines[0]}" for p in pairs if any(r and r.role == "root" for r in p.rows)]
    caption = f"{counted(len(pairs), 'card')}, from left to right."
    caption += f" Output {', '.join(ends)}." if ends else ""
    return Sketch(
        cards, wires, caption, legend_of(pairs, framed, rel_tol), notes, title_of(one, other, names)
    )


def legend_of(pairs: Sequence[Pair], framed: Sequence[Pair], rel_tol: float) -> list[Item]:
    """What the marks mean that a picture has."""
    marks = {line.mark for pair in pairs for line in pair.lines}
    lone = any(p.alone is not None or p.operands[0] != p.operands[1] for p in pairs)
    rounding = f"≈ differs by rounding: this share of the larger number, at most {fmt(rel_tol)}"
    return [
        words(BOTH, "ink"),
        *[shade_scale("Δ difference", LIMITS)] * ("Δ" in marks),
        *[words(rounding)] * ("≈" in marks),
        *[words(GHOST)] * lone,
        *[words(BEGINS)] * bool(framed),
    ]


def title_of(one: Graph, other: Graph, names: Names) -> str:
    """What is compared: the formula, or both; that of another engine only if none is ours."""
    graphs = dict(zip(names, (one, other), strict=True))
    ours = {name: g for name, g in graphs.items() if any(row.local_grads for row in g.nodes)}
    heads = {name: heading(g, make_plan(g)) for name, g in ours.items()}
    heads = heads or {name: without_formula(g, None) for name, g in graphs.items()}
    if len({*heads.values()}) == 1:
        return f"{[*heads.values()][0]}: {names[0]} → {names[1]}"
    return "; ".join([f"{name}: {head}" for name, head in heads.items()])


def verdict(pairs: Sequence[Pair], names: Names) -> str:
    """How many cards differ, and in which way."""
    close = [any(line.mark == "≈" for line in p.lines) and not p.differs for p in pairs]
    found = {
        "differ": sum(pair.differs for pair in pairs),
        "differ by rounding": sum(close),
        f"only {names[0]}": sum(pair.alone == 0 for pair in pairs),
        f"only {names[1]}": sum(pair.alone == 1 for pair in pairs),
    }
    some = ", ".join([f"{n:,} {what}" for what, n in found.items() if n])
    return f"Of {counted(len(pairs), 'card')}: {some or 'all are the same on both sides'}."


def card(pair: Pair, names: Names, framed: bool) -> Card:
    """Operation, name and kind above both numbers, as data and as grad."""
    sides = [(name, row) for name, row in zip(names, pair.rows, strict=True) if row]
    role, ends = sides[0][1].role, [name for name, row in sides if row.role == "root"]
    kind = "" if role in ("op", "root") else role
    if ends:
        role, kind = "root", "output" if len(ends) == len(sides) else f"output of {ends[0]}"
    ghost = pair.alone is not None
    alone = f"{'+' if pair.rows[0] is None else '−'} only {sides[0][0]}" if ghost else ""
    corner, ink = ", ".join(filter(None, [kind, alone])), "mut" if ghost else "ink"
    lines = [*zip(("data", "grad"), pair.lines, strict=True)]
    left, right, room = [max([text_width(line[k]) for line in pair.lines]) for k in range(3)]
    first = LABEL + left
    second = first + (ARROW + right if right else 0)
    sign = " → ".join(pair.signs)
    header = name_left(sign) + text_width(pair.name) + EDGE + text_width(corner, 10) + 12
    cells = [f"{sign} {pair.name} {corner}"]
    cells += [f"{word} {line} {line.difference}" for word, line in lines]
    made = record_card(
        ids.value(pair.k), role, full(pair, sides), max(header, second + room + 2 * GAP), 3,
        [("", cell.strip()) for cell in cells],
    )  # fmt: skip
    made.css = "input" if role == "const" else role  # of a constant no dashes, a ghost has them
    made.frame("mut" if ghost else role, ghost)
    made.css = role
    made.heading(sign, pair.name, corner, "mut", ink if sides[0][1].name else "mut")
    if framed:
        made.body.insert(0, frame_around(made.width, made.height, 4.0, 4.0))
    middle = made.width - GAP - room / 2
    for y, (word, line) in zip((ROW, 2 * ROW), lines, strict=True):
        chip = svg_chip(middle - room / 2 - 5, y, room + 10, line.difference, line.token or "zero")
        made.body += [
            svg_text(7, y + 14, word, 10, "mut"),
            svg_text(first, y + 14, line.left, 12, ink, "end"),
            svg_text(first + ARROW / 2, y + 14, "→" * bool(line.right), 12, "mut", "middle"),
            svg_text(second, y + 14, line.right, 12, ink, "end"),
            chip if line.token else svg_text(middle, y + 14, line.difference, 12, "mut", "middle"),
        ]
    return made


def full(pair: Pair, sides: Sequence[tuple[str, Row]]) -> str:
    """What a card says of itself: the numbers of each side with all digits."""
    numbers = [f"{name} data = {row.data!r}, grad = {row.grad!r}" for name, row in sides]
    return f"{pair.name}: {'; '.join(numbers)}"


def wire(source: Pair, pair: Pair, names: Names) -> Wire:
    """The wire from one card to another; dashed if one side alone has it."""
    on = [name for name, ks in zip(names, pair.operands, strict=True) if source.k in ks]
    both, title = len(on) == 2, f"{source.name} into {pair.name}"
    return Wire(
        ids.edge(pair.k, source.k), (ids.value(source.k), ""), (ids.value(pair.k), ""),
        "op" if both else "rule", 1.2, "" if both else MINUS[2],
        title if both else f"{title}, only {on[0]}",
    )  # fmt: skip
