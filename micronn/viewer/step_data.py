"""What the script of the step page knows: which texts of the picture change at which step.

The script computes no number.  It is told, as plain data, which places of the picture a
step fills and with what; PageData is all of it, and stepper.js and quiz.js read nothing else.

    >>> from micronn.engine import Value
    >>> from micronn.graph.rows import Graph
    >>> x = Value(3.0, "x")
    >>> data = page_data(Story(Graph(x * x)))
    >>> data["steps"][1]["set"], data["steps"][1]["on"]
    ([['n1_data', '9', ''], ['n1_p0', '∂ 3', ''], ['n1_p1', '∂ 3', '']], ['n1'])
"""

from math import isfinite
from typing import NotRequired, TypedDict

from micronn.graph.steps import Message, Step, Story, number
from micronn.pictures import ids
from micronn.pictures.palette import LIGHT, SHADES, scale, shade
from micronn.pictures.value_view import derivative, message, ports_in, ports_out
from micronn.support.text import fmt
from micronn.viewer.quiz import Question, questions

MOST_LINES = 60  # of the messages that one step sends

# A place of the picture: its id, the text to put there, and the colour token of the box
# behind it, or "" for what has no box.
Slot = list[str]

# A line of an equation: a text, then perhaps a number and the colour token behind it.
Line = list[str]


class StepData(TypedDict):
    """A step; what would be empty is left out.

    on, to: the cards where the rule is applied, and those it reads or that receive something.
    wires: along which it happens.  set: the slots that it fills.
    product: the chain rule, if one message is sent: message and its colour, local
        derivative and its symbol, upstream gradient and its colour.
    lines: of the equation.
    """

    phase: str
    on: NotRequired[list[str]]
    to: NotRequired[list[str]]
    wires: NotRequired[list[str]]
    set: NotRequired[list[Slot]]
    product: NotRequired[list[str]]
    lines: NotRequired[list[Line]]


class QuestionData(TypedDict):
    """A question.  An answer that is not finite is compared as a word.

    ask: which number, in words.  target: the card that it belongs to.
    low, high: what is accepted.
    step: of a question about data, the number of its step, which says all the rest.
    steps: of a question about a gradient, those that add to it; wires: along which.
    """

    ask: str
    target: str
    low: NotRequired[float]
    high: NotRequired[float]
    word: NotRequired[str]
    step: NotRequired[int]
    answer: NotRequired[str]
    hint: NotRequired[str]
    lesson: NotRequired[str]
    wires: NotRequired[list[str]]
    steps: NotRequired[list[int]]


class QuizData(TypedDict):
    """The questions about one kind of number, and what is hidden until they are answered."""

    hidden: list[Slot]
    questions: list[QuestionData]


class PageData(TypedDict):
    """Everything.

    start: every slot as it is before the first step.
    computed: the cards that are dimmed until their step.
    numbers: the slots of the data and the grad of each value, in the order of the table.
    colours: the hex of each colour token that a slot may name.
    """

    steps: list[StepData]
    start: list[Slot]
    computed: list[str]
    numbers: list[tuple[str, str]]
    colours: dict[str, str]
    quiz: dict[str, QuizData]


def page_data(story: Story) -> PageData:
    """What the script of the page of a story knows."""
    slots = Slots(story)
    return {
        "steps": [slots.step(step) for step in story.steps],
        "start": slots.start(),
        "computed": [ids.value(row.k) for row in story.rows if row.operands],
        "numbers": [(ids.data(row.k), ids.grad(row.k)) for row in story.rows],
        "colours": {token: LIGHT[token] for token in (*SHADES, "bad", "card", "ink", "badink")},
        "quiz": {"gradients": slots.quiz("gradients"), "data": slots.quiz("data")},
    }


def gradient_scale(story: Story) -> float:
    """The largest gradient, against which shades are measured."""
    return scale([row.grad for row in story.rows if row.role != "const"])


class Slots:
    """The places of a picture that the steps of a story fill.  m: its largest gradient."""

    def __init__(self, story: Story):
        self.story = story
        rows = story.rows
        self.m = gradient_scale(story)
        self.ins = {row.k: ports_in(row) for row in rows if row.operands}
        self.outs = {row.k: ports_out(row) for row in rows if len(row.uses) > 1}

    def shade(self, k: int, grad: float) -> str:
        """The colour behind a gradient; grey for a constant, as in the picture."""
        token = shade(grad, self.m)
        return "zero" if self.story.rows[k].role == "const" and token != "bad" else token

    # One number each

    def data(self, k: int) -> Slot:
        """The data of row k."""
        x = self.story.rows[k].data
        return [ids.data(k), fmt(x), "" if isfinite(x) else "bad"]

    def grad(self, k: int, x: float) -> Slot:
        """A gradient of row k, which need not be the final one."""
        return [ids.grad(k), fmt(x, sign=True), self.shade(k, x)]

    def derivatives(self, k: int) -> list[Slot]:
        """The local derivatives of row k, as far as its card shows them."""
        row, (shown, row_of) = self.story.rows[k], self.ins[k]
        return [
            [shown[row_of[j]].id, derivative(slope), ""]
            for j, slope in enumerate(row.local_grads)
            if shown[row_of[j]].text == derivative(slope)
        ]

    def received(self, item: Message) -> list[Slot]:
        """What a message shows at the card it reaches."""
        sent = [self.grad(item.to, item.after)]
        if item.to in self.outs:
            shown, row_of = self.outs[item.to]
            port = shown[row_of[item.user, item.j]]
            if port.text == message(item.size):
                sent.append([port.id, port.text, ""])
        return sent

    # Steps

    def start(self) -> list[Slot]:
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

    def step(self, step: Step) -> StepData:
        """A step for the script: cards, wires, slots and the equation; nothing empty."""
        wires = [ids.edge(item.user, item.j) for item in step.messages]
        if step.phase == "forward":
            row = self.story.rows[step.active or 0]
            wires = [ids.edge(row.k, j) for j in range(len(row.operands))]
        known: StepData = {
            "phase": step.phase,
            "on": [] if step.active is None else [ids.value(step.active)],
            "to": [ids.value(k) for k in step.touched],
            "wires": wires,
            "set": self.set(step),
            "product": self.product(step.messages[0]) if len(step.messages) == 1 else [],
            "lines": self.lines(step),
        }
        return {name: found for name, found in known.items() if found}  # type: ignore[return-value]

    def set(self, step: Step) -> list[Slot]:
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

    def lines(self, step: Step) -> list[Line]:
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

    def message_line(self, item: Message) -> Line:
        """One of many messages, in a line."""
        product = f"{number(item.local)} × {number(item.upstream)} = "
        text = f"to {self.story.name(item.to)}: {product}"
        return [text, fmt(item.size, sign=True), self.shade(item.to, item.size)]

    # Questions

    def quiz(self, about: str) -> QuizData:
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

    def question(self, question: Question) -> QuestionData:
        """One question for the script; what its step already says is not said again."""
        asked: QuestionData = {"ask": question.ask, "target": ids.value(question.k)}
        if isfinite(question.answer):
            asked |= {"low": question.low, "high": question.high}
        else:
            asked["word"] = str(question.answer)
        if question.step:
            asked["step"] = self.story.steps.index(question.step)
        else:
            asked["answer"] = fmt(question.answer)
            asked["hint"] = question.hint
            asked["lesson"] = "\n".join(question.lesson)
            asked["wires"] = [ids.edge(item.user, item.j) for item in question.messages]
            asked["steps"] = [k for k, s in enumerate(self.story.steps) if brings(s, question)]
        return asked


def brings(step: Step, question: Question) -> bool:
    """True for a step that adds to the gradient a question asks for."""
    if step.phase == "seed":
        return step.active == question.k
    return any(item.to == question.k for item in step.messages)
