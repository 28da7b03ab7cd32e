"""A page that steps through backpropagation: one file, no server, opened by double click.

Python writes the story and JavaScript turns the pages.  Every number on the page is
written here, with one number format; the script only moves texts and colours to where
the picture has room for them, so there is no second arithmetic that could be wrong.
Without JavaScript, and on paper, the page is a worked solution.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> page = to_html(a * b, title="a product")
    >>> page.startswith("<!doctype html>"), "∂v2/∂a = b" in page
    (True, True)
"""

from collections.abc import Iterable
from math import isfinite
from typing import Any

from micronn.engine import Value
from micronn.graph.operations import glyph
from micronn.graph.rows import Graph, Row
from micronn.graph.steps import Message, Step, Story, number
from micronn.nn import Module
from micronn.pictures import ids
from micronn.pictures.cards import derivative, message
from micronn.pictures.legend import limits
from micronn.pictures.network import draw_network
from micronn.pictures.page import filled, html_page, resource
from micronn.pictures.palette import LIGHT, SHADES, scale, shade
from micronn.pictures.render import DETAILS, Picture, render
from micronn.pictures.svg import escape
from micronn.pictures.value_view import ports_in, ports_out
from micronn.support.arguments import check_text
from micronn.support.text import fmt
from micronn.viewer.quiz import Question, questions

MOST_CARDS = 60  # that are stepped through
MOST_WIRES = 240  # between them
MOST_ROWS = 500  # of the table below a folded picture
MOST_LINES = 60  # of the messages that one step sends
SPEEDS = 2400, 1400, 700  # milliseconds a step stays when they turn by themselves
COUNT = '<span id="count"></span>'
MODES = (
    '<label><span class="word">mode</span><select id="mode" aria-label="mode">'
    '<option value="">watch</option><option value="gradients">predict grads</option>'
    '<option value="data">predict data</option></select></label>'
)


def to_html(
    root: Value | Graph,
    params: Any = None,
    detail: str = "auto",
    title: str | None = None,
    *,
    limit: int | None = 500,
    open_dots: bool = False,
) -> str:
    """A page, as text, that steps forward and backward through a computation.

    root: the output.  backward() need not have run: the page shows one backward pass,
        every gradient starting at 0, worked out on a copy, and says so if the values
        hold other gradients.  Or a Graph, which holds the numbers of an earlier moment.
    params: which values are parameters, as for draw.
    detail: "auto" and "values" step through up to 60 values with up to 240 wires, one
        card each.  A larger graph, or "neurons" or "layers", becomes the folded picture
        that draw makes of it, with a table of values and without steps.  For "network"
        params is the model, and the page switches between weights and gradients.
    title: the heading; left out, the computation as a formula.
    limit, open_dots: as for draw.

    Raises TypeError if root is not a Value, ValueError for an unknown detail or a
    graph too large for it, and NoLayout if no layout engine is installed.

    >>> "Backward 1 of 2" in to_html(Value(2.0, "x") * Value(3.0, "y"))
    True
    """
    if detail not in DETAILS:
        raise ValueError(f"unknown detail {detail!r}; choose one of {', '.join(DETAILS)}")
    if title is not None:
        check_text(title, "title")
    if detail == "network":
        return draw_network(model_of(params), root=root, title=title).html
    graph = root if isinstance(root, Graph) else Graph(root, params, open_dots)
    if detail in ("auto", "values") and is_small(graph):
        return stepping_page(Story(graph), title)
    picture = render(graph, detail, limit=limit)
    return folded_page(picture, graph, title)


def model_of(params: Any) -> Module:
    """params, if it is a model."""
    if not isinstance(params, Module):
        raise TypeError(
            f"detail='network' draws a model, got params of type {type(params).__name__}; "
            "pass the model itself, as in draw(loss, model, 'network')"
        )
    return params


def is_small(graph: Graph) -> bool:
    """Whether a graph is stepped through: few cards, and few wires between them."""
    wires = sum([len(node.operands) for node in graph.nodes])
    return len(graph) <= MOST_CARDS and wires <= MOST_WIRES


# The page


def stepping_page(story: Story, title: str | None) -> str:
    """The page of a small graph, with its steps."""
    slots = Slots(story)
    steps = [slots.step(step) for step in story.steps]
    data = {
        "steps": steps,
        "start": slots.start(),
        "computed": [ids.value(row.k) for row in story.rows if row.operands],
        "colours": {token: LIGHT[token] for token in (*SHADES, "bad", "card", "ink", "badink")},
        "quiz": {about: slots.quiz(about) for about in ("gradients", "data")},
    }
    picture = render(story.graph, "values", legend=False)
    title = clean_title(title) or f"{story.title()}, one step at a time"
    body = filled(
        __package__,
        "stepper.html",
        title=escape(title),
        summary=escape(story.summary()),
        note=escape(story.note),
        svg=picture.svg,
        width=picture.width,
        limits=escape(limits(slots.m)),
        toolbar=toolbar("step", len(steps) - 1, 0, SPEEDS, COUNT, MODES),
        values=values_table(story.rows),
        steps="\n".join([step_item(step) for step in story.steps]),
    )
    scripts = [resource(__package__, name) for name in ("page.js", "stepper.js", "quiz.js")]
    return html_page(title, body, resource(__package__, "stepper.css"), scripts, data)


def folded_page(picture: Picture, graph: Graph, title: str | None) -> str:
    """The page of a large graph: its folded picture and a table of its last values."""
    rows = graph.rows(range(max(0, len(graph) - MOST_ROWS), len(graph)))
    notes = []
    if not any(node.grad for node in graph.nodes):
        notes.append("backward() has not run yet, so every gradient is 0.")
    if len(rows) < len(graph):
        notes.append(f"The table holds the last {len(rows):,} of {len(graph):,} values.")
    title = clean_title(title) or f"{rows[-1].title}: {len(graph):,} values"
    body = filled(
        __package__,
        "folded.html",
        title=escape(title),
        summary=escape(picture.sketch.caption),
        note=escape(" ".join(notes)),
        svg=picture.svg,
        values=values_table(rows),
    )
    return html_page(title, body, resource(__package__, "stepper.css"))


def toolbar(
    page: str, last: int, shown: int, speeds: tuple[int, int, int], count: str = "", modes: str = ""
) -> str:
    """The toolbar that page.js works with: it turns pages 0 to last.

    page: what a page is called.  shown: the one that is shown without a script.
    speeds: how many milliseconds a page stays when they turn by themselves.
    """
    slow, normal, fast = speeds
    return filled(
        __package__, "toolbar.html", page=page, last=last, shown=shown,
        slow=slow, normal=normal, fast=fast, count=count, modes=modes,
    )  # fmt: skip


def clean_title(title: str | None) -> str:
    """A title fit to be shown: visible characters only."""
    text = "".join([c if c.isprintable() else "\ufffd" for c in title or ""])
    return text if text.strip() else ""


def values_table(rows: Iterable[Row]) -> str:
    """A table of the values."""
    return filled(__package__, "values.html", rows="\n".join(table_rows(rows)))


def table_rows(rows: Iterable[Row]) -> list[str]:
    """The values as rows of a table, each number with all its digits as a tooltip."""
    return [
        f'<tr data-n="{ids.value(row.k)}"><th scope="row">{escape(row.title)}</th>'
        f"<td>{escape(role(row))}</td>"
        f'<td class="number" title="{row.data!r}">{fmt(row.data)}</td>'
        f'<td class="number" title="{row.grad!r}">{fmt(row.grad, sign=True)}</td></tr>'
        for row in rows
    ]


def role(row: Row) -> str:
    """What a value is, in words."""
    words = {"param": "parameter", "const": "constant", "op": "computed", "root": "output"}
    return words.get(row.role, row.role) + (f", {glyph(row.op)}" if row.op else "")


def step_item(step: Step) -> str:
    """A step as an item of the list in words; the script reads its texts from here."""
    why = f" <i>{escape(step.why)}</i>" if step.why else ""
    return (
        f"<li><b>{escape(step.title)}</b> <span>{escape(step.say)}</span>{why}"
        f"<code>{escape(step.code)}</code></li>"
    )


# What the script needs to know: which texts of the picture change when


class Slots:
    """The places of a picture that a step fills: texts with an id, and what goes there.

    A slot is [id, text, shade]; a shade is a colour token for the box behind it, or "".
    """

    def __init__(self, story: Story):
        self.story = story
        rows = story.rows
        self.m = scale([row.grad for row in rows if row.role != "const"])
        self.ins = {row.k: ports_in(row) for row in rows if row.operands}
        self.outs = {row.k: ports_out(row) for row in rows if len(row.uses) > 1}

    def shade(self, k: int, grad: float) -> str:
        """The colour behind a gradient; grey for a constant, as in the picture."""
        token = shade(grad, self.m)
        return "zero" if self.story.rows[k].role == "const" and token != "bad" else token

    # One number each

    def data(self, k: int) -> list[str]:
        """The data of row k."""
        x = self.story.rows[k].data
        return [ids.data(k), fmt(x), "" if isfinite(x) else "bad"]

    def grad(self, k: int, x: float) -> list[str]:
        """A gradient of row k, which need not be the final one."""
        return [ids.grad(k), fmt(x, sign=True), self.shade(k, x)]

    def derivatives(self, k: int) -> list[list[str]]:
        """The local derivatives of row k, as far as its card shows them."""
        row, (shown, row_of) = self.story.rows[k], self.ins[k]
        return [
            [shown[row_of[j]].id, derivative(slope), ""]
            for j, slope in enumerate(row.local_grads)
            if shown[row_of[j]].text == derivative(slope)
        ]

    def received(self, item: Message) -> list[list[str]]:
        """What a message shows at the card it reaches."""
        sent = [self.grad(item.to, item.after)]
        if item.to in self.outs:
            shown, row_of = self.outs[item.to]
            port = shown[row_of[item.user, item.j]]
            if port.text == message(item.size):
                sent.append([port.id, port.text, ""])
        return sent

    # Steps

    def start(self) -> list[list[str]]:
        """Every slot as it is before the first step."""
        slots = []
        for row in self.story.rows:
            slots.append([ids.grad(row.k), "0", "zero"])
            if row.operands:
                slots.append([ids.data(row.k), "", "" if isfinite(row.data) else "card"])
                slots += [[id, "", ""] for id, *_ in self.derivatives(row.k)]
        return slots + [
            [slot[0], "", ""]
            for sent in self.story.messages
            for item in sent
            for slot in self.received(item)[1:]
        ]

    def step(self, step: Step) -> dict:
        """A step for the script: cards, wires, slots and the equation; nothing empty."""
        wires = [ids.edge(item.user, item.j) for item in step.messages]
        if step.phase == "forward":
            row = self.story.rows[step.active or 0]
            wires = [ids.edge(row.k, j) for j in range(len(row.operands))]
        known = {
            "phase": step.phase,
            "on": [] if step.active is None else [ids.value(step.active)],
            "to": [ids.value(k) for k in step.touched],
            "wires": wires,
            "set": self.set(step),
            "product": self.product(step.messages[0]) if len(step.messages) == 1 else [],
            "lines": self.lines(step),
        }
        return {key: value for key, value in known.items() if value}

    def set(self, step: Step) -> list[list[str]]:
        """The slots that a step fills, each once."""
        if step.phase == "forward" and step.active is not None:
            return [self.data(step.active), *self.derivatives(step.active)]
        if step.phase == "seed" and step.active is not None:
            return [self.grad(step.active, 1.0)]
        slots = [slot for item in step.messages for slot in self.received(item)]
        return list({slot[0]: slot for slot in slots}.values())

    def product(self, item: Message) -> list[str]:
        """The chain rule: message, local derivative, its symbol, upstream gradient.

        Message and upstream gradient are followed by the colour behind them.
        """
        back, up = fmt(item.size, sign=True), fmt(item.upstream, sign=True)
        symbol = self.story.rule(item).symbol
        colours = self.shade(item.to, item.size), shade(item.upstream, self.m)
        return [back, colours[0], fmt(item.local), symbol, up, colours[1]]

    def lines(self, step: Step) -> list[list[str]]:
        """The lines of the equation: a text, then perhaps a number and the colour behind it."""
        if len(step.messages) != 1:
            lines = [self.message_line(item) for item in step.messages[:MOST_LINES]]
            more = len(step.messages) - len(lines)
            return [[line] for line in step.lines] + lines + [[f"… {more:,} more"]] * (more > 0)
        item = step.messages[0]
        if item.total == 1:
            return []
        added = f"grad of {self.story.name(item.to)}: {fmt(item.before)} + {number(item.size)} = "
        return [[added, *self.grad(item.to, item.after)[1:]]]

    def message_line(self, item: Message) -> list[str]:
        """One of many messages, in a line."""
        product = f"{number(item.local)} × {number(item.upstream)} = "
        text = f"to {self.story.name(item.to)}: {product}"
        return [text, fmt(item.size, sign=True), self.shade(item.to, item.size)]

    # Questions

    def quiz(self, about: str) -> dict:
        """The questions for the script, and what is hidden until they are answered."""
        asked = questions(self.story, about)
        kind, slot = ("grad", ids.grad) if about == "gradients" else ("data", ids.data)
        targets = {question.k for question in asked}
        hidden = [
            [slot(row.k), "?", "card" if kind == "grad" or not isfinite(row.data) else ""]
            for row in self.story.rows
            if row.k in targets
        ]
        hidden += [
            [ids.grad(row.k), "", "card"]
            for row in self.story.rows
            if kind == "data" or row.k not in targets
        ]
        hidden += [[id, "", ""] for k in self.ins for id, *_ in self.derivatives(k)]
        return {"hidden": hidden, "questions": [self.question(question) for question in asked]}

    def question(self, question: Question) -> dict:
        """One question for the script; what its step already says is not said again.

        An answer that is not finite is compared as a word.
        """
        asked: dict[str, Any] = {"ask": question.ask, "target": ids.value(question.k)}
        if isfinite(question.answer):
            asked |= {"low": question.low, "high": question.high}
        else:
            asked |= {"word": str(question.answer)}
        if question.step:
            return asked | {"step": self.story.steps.index(question.step)}
        return asked | {
            "answer": fmt(question.answer),
            "hint": question.hint,
            "lesson": "\n".join(question.lesson),
            "wires": [ids.edge(item.user, item.j) for item in question.messages],
            "steps": [k for k, step in enumerate(self.story.steps) if brings(step, question)],
        }


def brings(step: Step, question: Question) -> bool:
    """True for a step that adds to the gradient a question asks for."""
    if step.phase == "seed":
        return step.active == question.k
    return any(item.to == question.k for item in step.messages)
