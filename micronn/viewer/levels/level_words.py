"""What is said beside a value and beside a message, where the levels of a graph are walked.

A value is told with what it was made of and with every message that was added to its
gradient; a message with its two factors and the rule behind the local derivative.

    >>> said(Row(0, "input", "x", "", -2.0, 3.0, (), ()), ran=True)
    'x: data −2, grad +3'
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from micronn.graph.operations import formula, rule
from micronn.graph.rows import Row, Use
from micronn.pictures.paint.cards import largest
from micronn.pictures.paint.palette import gradient_scale, idle, shade
from micronn.pictures.paint.svg import breakable, escape
from micronn.pictures.views.neuron_part import Part, Parts, Reading
from micronn.support.text import counted, fmt, number
from micronn.viewer.computing.equation import three_boxes

MOST = 16  # messages that are listed


def said(row: Row, ran: bool) -> str:
    """A value in words, with its two numbers."""
    was = f", {row.change}" if row.change else ""
    grad = f"grad {fmt(row.grad, sign=True)}" if ran else "no grad yet"
    return f"{row.title}: data {fmt(row.current)}{was}, {grad}"


class Teller:
    """Tells of the values in the parts of a graph.

    homes: the scene in which a value is made, for each that is made in one.
    shown: the values in each scene; with them a message is told in the scene of its sender.
    m: the largest gradient, against which shades are measured.
    """

    def __init__(
        self,
        parts: Parts,
        homes: Mapping[int, str],
        shown: Mapping[str, Collection[int]] = MappingProxyType({}),
    ):
        self.parts, self.homes, self.ran = parts, homes, parts.plan.graph.ran
        self.shown = shown
        self.m = gradient_scale(parts.rows)
        self.title, self.words = cache(self.title_of), cache(self.words_of)

    def panels(self, part: Part, row: Row, id: str) -> dict[str, str]:
        """What is said of a value and of each message to it, by their places in a scene."""
        uses = self.uses(row)
        found = {f"{row.k}": self.value_panel(part, row, uses, id)}
        for i, use in self.listed(uses):
            if self.home(row, use, id) == id:
                found[f"{row.k}/{i}"] = self.message_panel(part, row, use, id)
        return found

    def home(self, row: Row, use: Use, id: str) -> str:
        """The scene in which a message to a row is told, for readers of the scene id."""
        home = self.homes.get(use.user, id)
        return home if row.k in self.shown.get(home, ()) else id

    def wires(self, part: Part, row: Row) -> dict[Reading, str]:
        """The place of the message of each wire that begins at a value, by where it ends."""
        here = {(use.user, use.j): i for i, use in self.listed(self.uses(row))}
        moved = {ends: part.readings.get(ends, ends) for ends in here}
        return {moved[ends]: f"{row.k}/{i}" for ends, i in here.items()}

    def uses(self, row: Row) -> list[Use]:
        """Every reading of a value in the whole graph, in the order in which backward() adds."""
        rows = self.parts.rows
        return list(reversed(rows[row.k].uses if row.k < len(rows) else row.uses))

    def listed(self, uses: Sequence[Use]) -> list[tuple[int, Use]]:
        """The messages that are listed: of many, the largest."""
        return [(i, uses[i]) for i in largest([use.message for use in uses], MOST)]

    # Names

    def title_of(self, k: int) -> str:
        """What a value is called outside of its neuron; the sums in a neuron by its output."""
        parts, folds = self.parts, self.parts.plan.folds
        row = parts.named(parts.rows[k], parts.names)
        if row.name or k not in folds.home:
            return row.title
        number, index = folds.home[k]
        out = parts.calls[number][index].out
        return f"the sum in {parts.names.get(out, row.title)}"

    def words_of(self, k: int) -> list[str]:
        """The operands of a value, as a formula has them."""
        rows = self.parts.rows
        return [
            number(rows[j].data) if rows[j].role == "const" and not rows[j].name else self.title(j)
            for j in rows[k].operands
        ]

    # Panels

    def value_panel(self, part: Part, row: Row, uses: Sequence[Use], id: str) -> str:
        """A value: how it was computed, and the messages that its gradient is the sum of."""
        lines = [f"<h2>{escape(said(row, self.ran))}</h2>"]
        if row.operands:
            rows = [part.nodes[j] for j in row.operands]
            texts = [row.title, formula(row.op, [operand.title for operand in rows])]
            if row.gives is None:
                texts.append(formula(row.op, [number(operand.data) for operand in rows]))
            lines.append(f"<p>{escape(' = '.join([*texts, fmt(row.data)]))}</p>")
        if not self.ran:
            return "".join([*lines, "<p>No backward() yet, so nothing came back.</p>"])
        rest = self.parts.rows[row.k].rest if row.k < len(self.parts.rows) else None
        count, grad = len(uses), self.chip(row, row.grad)
        if not uses and rest is None:
            seed = row.k == len(self.parts.rows) - 1
            text = "it is where backward() begins" if seed else "no message came back"
            return "".join([*lines, f"<p>grad {grad}: {text}.</p>"])
        held = f" and what it holds besides: {rest}" if rest else ""
        word = "is this message" if count == 1 else f"is the sum of {counted(count, 'message')}"
        lines.append(f"<p>grad {grad} {word}{escape(held)}</p><ul>")
        shown = self.listed(uses)
        for i, use in shown:
            lines.append(
                f'<li><button type="button" data-n="{row.k}/{i}" '
                f'data-to="{self.home(row, use, id)}/{row.k}/{i}">'
                f"{fmt(use.message, sign=True)}</button> from {escape(self.sender(part, use))}</li>"
            )
        if len(shown) < count:
            others = [use.message for use in uses if use not in [use for _, use in shown]]
            added = fmt(sum(others), sign=True)
            lines.append(f"<li>{added} from {len(others):,} others, added up</li>")
        return "".join([*lines, "</ul>"])

    def sender(self, part: Part, use: Use) -> str:
        """Who sends a message."""
        if use.user in part.chosen:
            return part.nodes[use.user].title
        return self.title(use.user)

    def message_panel(self, part: Part, row: Row, use: Use, id: str) -> str:
        """A message: local derivative times upstream gradient, and why."""
        whole = self.parts.rows
        is_product = use.user >= len(whole)
        user = (part.nodes if is_product or row.k >= len(whole) else whole)[use.user]
        local, sender = user.local_grads[use.j], self.sender(part, use)
        inside = [part.nodes[j].title for j in user.operands] if user.k >= len(whole) else None
        if row.k >= len(whole):
            inside = [part.nodes[j].title for j in user.operands]
        names = inside or self.words(user.k)
        why = rule(user.op, use.j, local, names, sender)
        size, upstream = self.chip(row, use.message), self.chip(user, user.grad)
        symbol = breakable(f"∂{sender}/∂{row.title} = {why.symbol}")
        to = self.homes.get(use.user, id if use.user in part.chosen else "")
        go = (
            f'<p><button type="button" data-to="{to}/{use.user}">{escape(sender)}: where the '
            "upstream gradient comes from</button></p>"
            if to
            else ""
        )
        to_name, user_name = escape(row.title), escape(sender)
        ends = [breakable(name) for name in (row.title, sender)]
        boxes = three_boxes((size, ends[0]), (fmt(local), symbol), (upstream, ends[1]))
        heading = f"<h2>message to {to_name} from {user_name}</h2>"
        return f"{heading}{boxes}<p>{escape(why.sentence)}</p>{go}"

    def chip(self, row: Row, x: float) -> str:
        """A gradient in its colour, grey for a constant, whose gradient nobody uses."""
        token = idle(x) if row.role == "const" else shade(x, self.m)
        return f'<b><mark class="{token}">{fmt(x, sign=True)}</mark></b>'
