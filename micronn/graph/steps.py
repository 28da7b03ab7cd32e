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
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from micronn.graph.operations import (
    MOST_TERMS,
    TIGHT,
    Rule,
    code,
    formula,
    nested,
    operation,
    rule,
)
from micronn.graph.rows import Graph, Row
from micronn.support.text import clean, fmt

MOST_MESSAGES = 8  # that get a step each; an operation with more operands gets one for all


class Message(NamedTuple):
    """What operand number j of row `user` receives: local × upstream, added to `before`.

    to: the row that receives it.  after: what that row has received by then.
    nth, total: which of its messages this is, from 1, and how many it gets in all.
    """

    user: int
    j: int
    to: int
    local: float
    upstream: float
    before: float
    after: float
    nth: int
    total: int

    @property
    def size(self) -> float:
        """The message itself."""
        return self.local * self.upstream


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
    """The steps of one backward pass through a graph, every gradient starting at 0.

    It is told from the rows, so it can be told before backward() has run.
    graph: the same rows with the gradients of that one pass.  rows: with their uses.
    note: what to tell a reader whose own values hold other gradients, else "".
    """

    def __init__(self, graph: Graph):
        grads, self.messages = one_pass(graph)
        self.graph, self.note = graph.with_grads(grads), note(graph.nodes, grads)
        self.rows = self.graph.rows()
        self.code_names = code_names(self.rows)
        self.terms = [[self.term(k) for k in row.operands] for row in self.rows]
        self.steps = list(self.tell())

    # Names and numbers in sentences

    def name(self, k: int) -> str:
        """What row k is called."""
        return self.rows[k].title

    def term(self, k: int) -> str:
        """Row k in a formula: its name, or the number itself if it is a plain constant."""
        row = self.rows[k]
        return number(row.data) if row.role == "const" and not row.name else self.name(k)

    def rule(self, message: Message) -> Rule:
        """Why the local derivative behind a message is what it is."""
        row = self.rows[message.user]
        out = self.name(row.k)
        found = rule(row.op, message.j, message.local, self.terms[row.k], out)
        return Rule(f"∂{out}/∂{self.name(message.to)} = {found.symbol}", found.why)

    def code_term(self, k: int) -> str:
        """Row k in a line of Python."""
        row = self.rows[k]
        return repr(row.data) if row.role == "const" and not row.name else self.code_names[k]

    # The steps

    def tell(self) -> Iterable[Step]:
        """All steps in order."""
        computed = [row for row in self.rows if row.operands]
        yield self.start()
        for i, row in enumerate(computed, 1):
            yield self.forward(row, f"Forward {i} of {len(computed)}: {self.name(row.k)}")
        yield self.seed()
        sent = [group for row in reversed(computed) for group in self.sent_by(row)]
        for i, messages in enumerate(sent, 1):
            where = f"Backward {i} of {len(sent)}: {self.name(messages[0].user)} → "
            yield self.backward(messages, where)
        yield self.done()

    def start(self) -> Step:
        """The given values."""
        given = [row for row in self.rows if not row.operands]
        some = "1 value is given." if len(given) == 1 else f"{len(given):,} values are given."
        say = f"{some} Every other value is computed from them, and every gradient starts at 0."
        lines = [
            f"{self.code_names[row.k]} = Value({row.data!r})"
            for row in given
            if row.role != "const" or row.name
        ]
        if len(lines) > MOST_TERMS:
            lines[MOST_TERMS - 1 :] = [f"# and {len(lines) - MOST_TERMS + 1:,} more given values"]
        return Step("start", "Start", say, "", "\n".join(lines))

    def forward(self, row: Row, title: str) -> Step:
        """One value is computed from its operands."""
        name, result = self.name(row.k), fmt(row.data)
        in_names = formula(row.op, self.terms[row.k])
        in_numbers = formula(row.op, [number(self.rows[k].data) for k in row.operands])
        lines = (f"{name} = {in_names}", f"= {in_numbers}", f"= {result}")
        typed = code(row.op, [self.code_term(k) for k in row.operands])
        touched = tuple(dict.fromkeys(row.operands))
        line = f"{self.code_names[row.k]} = {typed}"
        return Step("forward", title, " ".join(lines) + ".", "", line, row.k, touched, lines)

    def seed(self) -> Step:
        """The gradient of the output by itself."""
        k = len(self.rows) - 1
        name = self.name(k)
        say = (
            f"The backward pass starts at the output. If {name} changes by some amount, {name} "
            f"changes by that same amount, so the gradient of {name} is 1."
        )
        line = f"{self.code_names[k]}.grad = 1.0"
        return Step(
            "seed", f"Backward: seed {name}", say, "", line, k, (), (f"grad of {name} = 1",)
        )

    def sent_by(self, row: Row) -> list[tuple[Message, ...]]:
        """The messages of one operation, one a step, or all in one step if they are many."""
        messages = tuple(self.messages[row.k])
        return [messages] if len(messages) > MOST_MESSAGES else [(m,) for m in messages]

    def backward(self, messages: tuple[Message, ...], where: str) -> Step:
        """One operation sends its messages."""
        first = messages[0]
        touched = tuple(dict.fromkeys([message.to for message in messages]))
        if len(messages) == 1:
            title, say = where + self.name(first.to), self.sentence(first)
        else:
            title = f"{where}{len(messages):,} operands"
            say = (
                f"Each of the {len(messages):,} operands of {self.name(first.user)} receives its "
                f"local derivative × upstream gradient, which is {fmt(first.upstream)} for all."
            )
        whys = dict.fromkeys([self.rule(message).sentence for message in messages])
        lines = [self.code_line(message) for message in messages[:MOST_MESSAGES]]
        if len(lines) < len(messages):
            lines.append(f"# and {len(messages) - len(lines):,} more")
        return Step(
            "backward", title, say, " ".join(whys), "\n".join(lines),
            first.user, touched, (), messages,
        )  # fmt: skip

    def sentence(self, message: Message) -> str:
        """One message, and the sum it becomes part of."""
        name = self.name(message.to)
        say = (
            f"Gradient of {name} += local derivative × upstream gradient = "
            f"{number(message.local)} × {number(message.upstream)} = {fmt(message.size)}."
        )
        if message.total > 1:
            so_far = "" if message.nth == message.total else " so far"
            say += (
                f" Because {name} is used {message.total:,} times, its gradient is a sum: "
                f"{fmt(message.before)} + {number(message.size)} = {fmt(message.after)}{so_far}."
            )
        if self.rows[message.to].role == "const":
            say += f" {name} is a constant, so nobody will use its gradient."
        return say

    def code_line(self, message: Message) -> str:
        """One message with all digits; a plain number in the code has no gradient there."""
        if self.code_term(message.to) != self.code_names[message.to]:
            sent = f"{message.local!r} * {message.upstream!r}"
            return f"# the constant {self.code_term(message.to)} would get {sent}"
        target = f"{self.code_names[message.to]}.grad"
        return (
            f"{target} += {message.local!r} * {message.upstream!r}   "
            f"# {target} == {message.after!r}"
        )

    def done(self) -> Step:
        """What the gradients now mean."""
        root = len(self.rows) - 1
        say = (
            f"Every gradient now says how fast {self.name(root)} changes if that value alone "
            f"changes: a small step of a value moves {self.name(root)} by step × gradient."
        )
        line = f"{self.code_names[root]}.backward()   # the whole backward pass"
        return Step("done", "Done", say, "", line)

    # About the whole

    def title(self) -> str:
        """The computation as a formula if it is short, else the name of its output."""
        texts: list[tuple[str, int]] = []  # a text and how tightly it binds, for each row
        for row in self.rows:
            parts = [texts[k] for k in row.operands]
            text = nested(row.op, parts) if parts else self.term(row.k)
            if len(text) > LONGEST_TITLE:
                return self.name(len(self.rows) - 1)
            texts.append((text, operation(row.op).binds if parts else TIGHT))
        last = self.rows[-1]
        return f"{self.name(last.k)} = {text}" if last.name and last.op else text

    def summary(self) -> str:
        """One line: how many values and wires, and which gradients are sums."""
        wires = sum(len(row.operands) for row in self.rows)
        values = "1 value" if len(self.rows) == 1 else f"{len(self.rows):,} values"
        text = f"{values}, {wires:,} wire{'' if wires == 1 else 's'}."
        shared = [
            self.name(row.k) for row in self.rows if len(row.uses) > 1 and row.role != "const"
        ]
        if len(shared) == 1:
            return f"{text} {shared[0]} is used more than once, so its gradient is a sum."
        if shared:
            names = shared if len(shared) <= 5 else [*shared[:4], f"{len(shared) - 4:,} more"]
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            text += f" {listed} are used more than once, so their gradients are sums."
        return text


LONGEST_TITLE = 60


def number(x: float) -> str:
    """A number inside a formula: negative ones stand in parentheses."""
    return f"({fmt(x)})" if x < 0.0 else fmt(x)


def code_names(rows: list[Row]) -> list[str]:
    """A Python name for each row: its label where that is one and is its own, else v<k>."""
    often = Counter(row.name or row.title for row in rows)
    return [
        row.name
        if row.name.isidentifier() and not keyword.iskeyword(row.name) and often[row.name] == 1
        else f"v{row.k}"
        for row in rows
    ]


def one_pass(graph: Graph) -> tuple[list[float], list[list[Message]]]:
    """All gradients, and the messages that each row sends, added as the engine adds them."""
    nodes = graph.nodes
    uses = Counter(k for row in nodes for k in row.operands)
    grads, counts = [0.0] * (len(nodes) - 1) + [1.0], [0] * len(nodes)
    sent: list[list[Message]] = [[] for _ in nodes]
    for row in reversed(nodes):
        upstream = grads[row.k]
        for j, (to, local) in enumerate(zip(row.operands, row.local_grads, strict=True)):
            before = grads[to]
            grads[to] += local * upstream
            counts[to] += 1
            numbers = local, upstream, before, grads[to], counts[to], uses[to]
            sent[row.k].append(Message(row.k, j, to, *numbers))
    return grads, sent


def note(rows: list[Row], grads: list[float]) -> str:
    """Why gradients in a program may differ from those of one pass; "" if they do not."""
    pairs = zip(rows, grads, strict=True)
    other = [row for row, grad in pairs if row.role != "const" and not same(row.grad, grad)]
    if not other:
        return ""
    if not any(row.grad for row in rows):
        return "backward() has not run yet; this is what it will do."
    shown = [f"{clean(row.name) or 'one without a name'} {fmt(row.grad)}" for row in other[:4]]
    more = f" and {len(other) - 4:,} more" if len(other) > 4 else ""
    return (
        "This is one backward pass, every gradient starting at 0. "
        f"In the program some values hold the sum of several passes: {', '.join(shown)}{more}."
    )


def same(a: float, b: float) -> bool:
    """True for equal gradients, whatever the order in which they were added; nan equals nan."""
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-300) or (a != a and b != b)
