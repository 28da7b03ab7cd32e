"""backward() as a story: one step for each thing that happens, in the engine's order.

First each value is computed from its operands, then the output's gradient is set to
1, then each operation sends a message to each of its operands:

    message = local derivative × upstream gradient

and each value adds up what it receives.  Every step is plain data: a sentence, a line
of Python, the values it is about, and the numbers it brings to light.  How that looks
on a page is decided elsewhere.

    >>> from micronn.engine import Value
    >>> x = Value(3.0, "x")
    >>> for step in Story(Graph(x * x)).steps:
    ...     print(f"{step.title} | {step.code}")
    Start | x = Value(3.0)
    Forward 1 of 1: v1 | v1 = x * x
    Backward: seed v1 | v1.grad = 1.0
    Backward 1 of 2: v1 → x | x.grad += 3.0 * 1.0   # x.grad == 3.0
    Backward 2 of 2: v1 → x | x.grad += 3.0 * 1.0   # x.grad == 6.0
    Done | v1.backward()   # the whole backward pass
"""

import keyword
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from micronn.graph.moment import same
from micronn.graph.notes import gradients, since
from micronn.graph.operations import MOST_TERMS, TIGHT, Rule, code, formula, nested, operation, rule
from micronn.graph.rows import Graph, Row, held_before
from micronn.support.number import message
from micronn.support.text import Place, clean, counted, few, fmt, length, number

MOST_MESSAGES = 8  # that get a step each; an operation with more operands gets one for all


class Message(NamedTuple):
    """What operand number j of row `user` receives: local × upstream, added to `before`.

    size: that product, the message itself.
    to: the row that receives it.  after: what that row has received by then.
    nth, total: which of its messages this is, from 1, and how many it gets in all.
    """

    user: int
    j: int
    to: int
    local: float
    upstream: float
    size: float
    before: float
    after: float
    nth: int
    total: int

    @property
    def is_added(self) -> bool:
        """Whether its sum is worth showing: there is something else to add."""
        return self.total > 1 or self.before != 0.0


class Step(NamedTuple):
    """One thing that happens.

    phase: "start", "forward", "seed", "backward" or "done".
    active: the row where the rule is applied, if there is one.
    touched: the rows it reads, or those that receive something.
    lines: the equation, line by line; for a backward step its messages say it all.
    """

    phase: str
    title: str
    say: str
    why: str
    code: str
    active: int | None = None
    touched: tuple[int, ...] = ()
    lines: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()


class Story:
    """The steps of one backward pass through a graph, as it was when root was computed.

    It is told from the rows, so it can be told before backward() has run.  Every gradient
    starts at 0, but those of leaves that hold something from before.
    graph: the same rows with the gradients of that one pass.  rows: with their uses.
    note: what to tell a reader whose own values hold other numbers, else "".
    """

    def __init__(self, graph: Graph):
        grads, messages = one_pass(graph)
        self.read(graph.with_grads(grads), messages, note(graph, grads))

    def read(self, graph: Graph, messages: list[list[Message]], note: str) -> None:
        """Tell the story of a graph whose gradients are those of these messages."""
        self.graph, self.messages, self.note = graph, messages, note
        self.rows = self.graph.rows()
        self.code_names = code_names(self.rows)
        # Each row in a formula and in a line of Python: a plain number as itself
        pairs = list(zip(self.rows, self.code_names, strict=True))
        self.words = [number(row.data) if is_plain(row) else row.title for row in self.rows]
        self.code_words = [repr(row.data) if is_plain(row) else name for row, name in pairs]
        self.terms = [[self.words[k] for k in row.operands] for row in self.rows]
        self.steps = list(self.tell())

    # Names and numbers in sentences

    def name(self, k: int) -> str:
        """What row k is called."""
        return self.rows[k].title

    def rule(self, message: Message) -> Rule:
        """Why the local derivative behind a message is what it is."""
        row = self.rows[message.user]
        out = self.name(row.k)
        found = rule(row.op, message.j, message.local, self.terms[row.k], out)
        return Rule(f"∂{out}/∂{self.name(message.to)} = {found.symbol}", found.why)

    # The steps

    def tell(self) -> Iterable[Step]:
        """All steps in order."""
        computed = [row for row in self.rows if row.operands]
        yield self.start()
        for i, row in enumerate(computed, 1):
            yield self.forward(row, f"Forward {i} of {len(computed)}: {self.name(row.k)}")
        yield self.seed()
        sent: list[list[Message]] = []
        for row in reversed(computed):
            messages = self.messages[row.k]
            sent += [messages] if len(messages) > MOST_MESSAGES else [[m] for m in messages]
        for i, messages in enumerate(sent, 1):
            yield self.backward(messages, f"Backward {i} of {len(sent)}")
        yield self.done()

    def start(self) -> Step:
        """The given values."""
        given = [row for row in self.rows if not row.operands]
        say = (
            f"{counted(len(given), 'value')} {'is' if len(given) == 1 else 'are'} given. "
            "Every other value is computed from them, and every gradient starts at 0"
        )
        pairs = [(row, row.rest.size) for row in given if row.rest and not is_plain(row)]
        held = [f"{row.title} {fmt(size, sign=True)}" for row, size in pairs]
        say += f", but some hold one from before: {among(held)}." if held else "."
        lines = [
            f"{self.code_names[row.k]} = Value({row.data!r})" for row in given if not is_plain(row)
        ]
        lines += [
            f"{self.code_names[row.k]}.grad = {size!r}   # from before" for row, size in pairs
        ]
        lines = few(lines, MOST_TERMS, "# and {:,} more given values")
        return Step("start", "Start", say, "", "\n".join(lines))

    def forward(self, row: Row, title: str) -> Step:
        """One value is computed from its operands."""
        name, result = self.name(row.k), fmt(row.data)
        in_names = formula(row.op, self.terms[row.k])
        in_numbers = formula(row.op, [number(self.rows[k].data) for k in row.operands])
        lines: tuple[str, ...] = (f"{name} = {in_names}", f"= {in_numbers}", f"= {result}")
        if row.gives is not None:
            then = f"{name} is {result}, from numbers that are not here any more"
            lines = f"{name} = {in_names}", then
        words = [self.code_words[k] for k in row.operands]
        plain = all(is_plain(self.rows[k]) for k in row.operands)
        first = self.rows[row.operands[0]]
        if plain:  # 2.0.tanh()
            words[0] = f"Value({words[0]})"
        elif row.op == "**" and is_plain(first):
            words[0] = base(first.data)
        line = f"{self.code_names[row.k]} = {code(row.op, words)}"
        touched = tuple(dict.fromkeys(row.operands))
        say = (" " if row.gives is None else ": ").join(lines) + "."
        return Step("forward", title, say, "", line, row.k, touched, lines)

    def seed(self) -> Step:
        """The gradient of the output by itself."""
        k = len(self.rows) - 1
        name, line = self.name(k), f"{self.code_names[k]}.grad = 1.0"
        say = (
            f"The backward pass starts at the output. If {name} changes by some amount, {name} "
            f"changes by that same amount, so the gradient of {name} is 1."
        )
        lines = (f"grad of {name} = 1",)
        return Step("seed", f"Backward: seed {name}", say, "", line, k, lines=lines)

    def backward(self, messages: Sequence[Message], title: str) -> Step:
        """One operation sends its messages."""
        first, name = messages[0], self.name(messages[0].user)
        if len(messages) == 1:
            to, say = self.name(first.to), self.sentence(first)
        else:
            to = f"{len(messages):,} operands"
            say = (
                f"Each of the {to} of {name} receives its local derivative × upstream gradient, "
                f"which is {fmt(first.upstream)} for all."
            )
        why = " ".join(dict.fromkeys([self.rule(message).sentence for message in messages]))
        lines = [self.code_line(message) for message in messages[:MOST_MESSAGES]]
        if len(lines) < len(messages):
            lines.append(f"# and {len(messages) - len(lines):,} more")
        line, touched = "\n".join(lines), tuple(dict.fromkeys([m.to for m in messages]))
        title, sent = f"{title}: {name} → {to}", tuple(messages)
        return Step("backward", title, say, why, line, first.user, touched, messages=sent)

    def sentence(self, message: Message) -> str:
        """One message, and the sum it becomes part of."""
        name = self.name(message.to)
        say = (
            f"Gradient of {name} += local derivative × upstream gradient = "
            f"{number(message.local)} × {number(message.upstream)} = {fmt(message.size)}."
        )
        if message.is_added:
            so_far = "" if message.nth == message.total else " so far"
            held = self.rows[message.to].rest
            because = f"{name} is used {message.total:,} times" if message.total > 1 else ""
            if held:
                because += f"{' and' if because else name} held {fmt(held.size)} before"
            say += (
                f" Because {because}, its gradient is a sum: "
                f"{fmt(message.before)} + {number(message.size)} = {fmt(message.after)}{so_far}."
            )
        if self.rows[message.to].role == "const":
            say += f" {name} is a constant, so nobody will use its gradient."
        return say

    def code_line(self, message: Message) -> str:
        """One message with all digits; a plain number in the code has no gradient there."""
        sent, name = f"{message.local!r} * {message.upstream!r}", self.code_words[message.to]
        if is_plain(self.rows[message.to]):
            return f"# the constant {name} would get {sent}"
        return f"{name}.grad += {sent}   # {name}.grad == {message.after!r}"

    def done(self) -> Step:
        """What the gradients now mean."""
        root, line = self.rows[-1].title, f"{self.code_names[-1]}.backward()"
        say = (
            f"Every gradient now says how fast {root} changes if that value alone "
            f"changes: a small step of a value moves {root} by step × gradient."
        )
        held = [row.title for row in self.rows if row.rest and not is_plain(row)]
        say += f" Not so for {among(held)}, with what was held before still in it." if held else ""
        return Step("done", "Done", say, "", f"{line}   # the whole backward pass")

    # About the whole

    def title(self) -> str:
        """The computation as a formula if it is short, else the name of its output."""
        return computation(self.rows) or self.name(len(self.rows) - 1)

    def summary(self) -> str:
        """One line: how many values and wires, and which gradients are sums."""
        wires = sum(len(row.operands) for row in self.rows)
        text = f"{counted(len(self.rows), 'value')}, {counted(wires, 'wire')}."
        shared = [row.title for row in self.rows if len(row.uses) > 1 and row.role != "const"]
        if len(shared) == 1:
            return f"{text} {shared[0]} is used more than once, so its gradient is a sum."
        if shared:
            text += f" {among(shared)} are used more than once, so their gradients are sums."
        return text


LONGEST_TITLE = 60


def base(x: float) -> str:
    """A plain number before **: a Value where Python would read -(3.0 ** x) for -3.0 ** x."""
    if isinstance(x, Place):
        return x.mark("v")
    return f"Value({x!r})" if repr(x).startswith("-") else repr(x)


def is_plain(row: Row) -> bool:
    """Whether a row is a plain number, which stands for itself wherever it is read."""
    return row.role == "const" and not row.name


def computation(rows: Sequence[Row], named: Mapping[int, str] | None = None) -> str:
    """What the last row is, as a formula; "" if that is longer than a title may be.

    named: rows that the formula calls by a name and does not look into.
    """
    named = named or {}
    needed, to_do = set(), [len(rows) - 1]
    while to_do:
        k = to_do.pop()
        to_do += [] if k in named or k in needed else rows[k].operands
        needed.add(k)
        if len(needed) > 20 * LONGEST_TITLE:
            return ""
    texts: dict[int, tuple[str, int]] = {}  # a text and how tightly it binds
    for k in sorted(needed):
        row = rows[k]
        if k in named or not row.operands:
            plain = number(row.data) if is_plain(row) else row.title
            texts[k] = named.get(k, plain), TIGHT
        else:
            binds = operation(row.op).binds
            texts[k] = nested(row.op, [texts[j] for j in row.operands]), binds
        if length(texts[k][0]) > LONGEST_TITLE:
            return ""
    last, text = rows[-1], texts[len(rows) - 1][0]
    return f"{last.title} = {text}" if last.name and last.op and last.k not in named else text


def among(names: Sequence[str]) -> str:
    """Names in a sentence: a, b and c; of more than five the first four."""
    *others, last = few(names, 5, "{:,} more")
    return f"{', '.join(others)} and {last}" if others else last


def code_names(rows: list[Row]) -> list[str]:
    """A Python name for each row: its label where that is one and is its own, else v<k>.

    That of an output h1.0 is h1_0.
    """
    named = [re.sub(r"^(h[0-9]+)\.([0-9]+)$", r"\1_\2", row.name) for row in rows]
    often = Counter([name or row.title for name, row in zip(named, rows, strict=True)])
    return [
        name
        if name.isidentifier() and not keyword.iskeyword(name) and often[name] == 1
        else f"v{row.k}"
        for name, row in zip(named, rows, strict=True)
    ]


def one_pass(graph: Graph) -> tuple[list[float], list[list[Message]]]:
    """All gradients, and the messages that each row sends, added as the engine adds them."""
    nodes = graph.nodes
    uses = Counter(k for row in nodes for k in row.operands)
    held = [rest.size if (rest := held_before(row)) else 0.0 for row in nodes]
    grads, counts = [*held[:-1], 1.0], [0] * len(nodes)
    sent: list[list[Message]] = [[] for _ in nodes]
    for row in reversed(nodes):
        upstream = grads[row.k]
        for j, (to, local) in enumerate(zip(row.operands, row.local_grads, strict=True)):
            before, size = grads[to], message(row.op, local, upstream)
            grads[to] += size
            counts[to] += 1
            numbers = local, upstream, size, before, grads[to], counts[to], uses[to]
            sent[row.k].append(Message(row.k, j, to, *numbers))
    return grads, sent


def note(graph: Graph, grads: list[float]) -> str:
    """What has changed since, and why gradients in a program differ from these; "" if none do."""
    pairs = zip(graph.nodes, grads, strict=True)
    other = [row for row, grad in pairs if row.role != "const" and not alike(row.grad, grad)]
    told = since(graph.nodes)
    if not graph.ran:
        told.append("backward() has not run yet; this is what it will do.")
    if any(map(held_before, graph.nodes)):
        told += gradients(graph)[-1:]
    elif other and graph.ran:
        shown = [f"{clean(row.name) or 'one without a name'} {fmt(row.grad)}" for row in other]
        told.append(
            "This is one backward pass, every gradient starting at 0. "
            f"In the program some values hold something else: {among(shown)}."
        )
    return " ".join(told)


def alike(a: float, b: float) -> bool:
    """True for equal gradients, whatever the order in which they were added."""
    return same(a, b) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-300)
