"""What the scripts of the step page know: which texts of the picture change at which step.

They are told, as plain data, which places of the picture a step fills and with what; the
same data with places for numbers is filled in where a reader has changed one.  Such a slot
is an id, the text to put there, and the colour token of the box behind it, or "" for what
has no box.

    start   every slot as it is before the first step
    steps   each with its phase, the cards where the rule is applied (on), those it reads or
            that receive something (to), the wires along which it happens, the slots it fills (set)
    quiz    for gradients and for data, the slots as they are until they are answered (hidden),
            and the questions: what to ask; the answer as text, and what is accepted, from low
            to high, or as a word if it is not finite; a hint; and the index of the step that
            the answer amounts to, or else its own lesson, cards, wires and slots
    bad     the colour of a warning

    >>> from micronn.engine import Value
    >>> from micronn.graph.rows import Graph
    >>> x = Value(3.0, "x")
    >>> data = page_data(Slots(Story(Graph(x * x))))
    >>> data["steps"][1]["set"], data["steps"][1]["on"]
    ([('n1_data', '9', ''), ('n1_p0', '∂ 3', ''), ('n1_p1', '∂ 3', '')], ['n1'])
"""

from collections.abc import Iterable
from math import isfinite
from typing import Any

from micronn.graph.steps import Message, Step, Story
from micronn.pictures.paint import ids
from micronn.pictures.paint.palette import LIGHT, gradient_scale, idle, shade
from micronn.pictures.views.value_view import derivative, is_sum, message, ports_in, ports_out
from micronn.support.text import Place, fmt
from micronn.viewer.questions.quiz import ABOUT, Question, questions

Slot = tuple[str, str, str]


def page_data(slots: "Slots") -> dict[str, Any]:
    """All that the scripts of a story's page know."""
    return {
        "steps": [slots.step(step) for step in slots.story.steps],
        "start": slots.start(),
        "quiz": {about: slots.quiz(about) for about in ABOUT},
        "bad": LIGHT["bad"],
    }


class Slots:
    """The places of a picture that the steps of a story fill.

    m: the largest gradient, against which shades are measured.
    """

    def __init__(self, story: Story):
        self.story, rows = story, story.rows
        self.m = gradient_scale(rows)
        self.ins = [ports_in(row) for row in rows]
        self.outs = {row.k: ports_out(row) for row in rows if is_sum(row)}

    # The places of a number

    def grad(self, k: int, x: float) -> Slot:
        """A gradient of row k, which need not be the final one; grey for a constant."""
        token = idle(x) if self.story.rows[k].role == "const" else shade(x, self.m)
        return ids.grad(k), fmt(x, sign=True), token

    def data(self, k: int, text: str | None = None) -> Slot:
        """The data of row k, or another text in its place; nan and infinity have a box."""
        x = self.story.rows[k].data
        if text is not None:
            return ids.data(k), text, "" if isfinite(x) and not isinstance(x, Place) else "card"
        token = x.mark("b") if isinstance(x, Place) else "" if isfinite(x) else "bad"
        return ids.data(k), fmt(x), token

    def derivatives(self, k: int) -> list[Slot]:
        """The local derivatives of row k, as far as its card shows them."""
        shown, row_of = self.ins[k]
        texts = enumerate(map(derivative, self.story.rows[k].local_grads))
        return [
            (shown[row_of[j]].id, text, "") for j, text in texts if shown[row_of[j]].text == text
        ]

    def received(self, item: Message) -> list[Slot]:
        """What a message shows at the card it reaches."""
        sent = [self.grad(item.to, item.after)]
        if item.to in self.outs:
            shown, row_of = self.outs[item.to]
            port = shown[row_of[item.user, item.j]]
            if port.text == message(item.size):
                sent.append((port.id, port.text, ""))
        return sent

    # Steps

    def start(self) -> list[Slot]:
        """Every slot as it is before the first step."""
        slots = []
        for row in self.story.rows:
            nothing = Place(0.0, "Z") if isinstance(row.data, Place) else 0.0
            slots.append(self.grad(row.k, row.rest.size if row.rest else nothing))
            if row.operands:
                slots.append(self.data(row.k, ""))
                slots += emptied(self.derivatives(row.k))
        for item in [item for sent in self.story.messages for item in sent]:
            slots += emptied(self.received(item)[1:])
        return slots

    def step(self, step: Step) -> dict[str, Any]:
        """A step: its cards, wires and slots."""
        k, phase = step.active, step.phase
        found = [slot for item in step.messages for slot in self.received(item)]
        wires = [ids.edge(item.user, item.j) for item in step.messages]
        if k is not None and phase == "forward":
            found = [self.data(k), *self.derivatives(k)]
            wires = [ids.edge(k, j) for j in range(len(self.story.rows[k].operands))]
        elif k is not None and phase == "seed":
            found = [self.grad(k, self.story.rows[k].grad)]
        return {
            "phase": phase,
            "on": [] if k is None else [ids.value(k)],
            "to": list(map(ids.value, step.touched)),
            "wires": wires,
            "set": found,
        }

    # Questions

    def quiz(self, about: str) -> dict[str, Any]:
        """The questions of one kind, and what is hidden until they are answered."""
        asked = questions(self.story, about)
        targets = {question.k for question in asked}
        hidden = []
        for row in self.story.rows:
            mark = "?" if row.k in targets else ""
            if about == "gradients":
                hidden += [(ids.grad(row.k), mark, "card"), *emptied(self.derivatives(row.k))]
            else:
                hidden.append((ids.grad(row.k), "", "card"))
                if mark:
                    hidden.append(self.data(row.k, mark))
        return {"hidden": hidden, "questions": [self.question(question) for question in asked]}

    def question(self, question: Question) -> dict[str, Any]:
        """One question; what its step already says is not said again."""
        x, step = question.answer, question.step
        accepted: dict[str, Any] = {"low": question.low, "high": question.high}
        if isinstance(x, Place):
            accepted = {"low": x.mark("l"), "high": x.mark("h"), "word": x.mark("r")}
        elif not isfinite(x):
            accepted = {"word": str(x)}
        rest = {"step": self.story.steps.index(step)} if step else self.answered(question)
        hint: Any = question.hint
        if isinstance(x, Place) and question.messages:  # equal ones are left out by the script
            hint = [self.story.rule(item).symbol for item in question.messages]
        return {"ask": question.ask, "answer": fmt(x), "hint": hint, **accepted, **rest}

    def answered(self, question: Question) -> dict[str, Any]:
        """What is known with a gradient: the messages to its row, and how its readers made them."""
        k, messages = question.k, question.messages
        readers = list(dict.fromkeys([item.user for item in messages])) or [k]
        found = [slot for item in messages for slot in self.received(item)] or [
            self.grad(k, self.story.rows[k].grad)
        ]
        lesson: Any = "\n".join(question.lesson)
        if isinstance(question.answer, Place):
            whys = dict.fromkeys([self.story.rule(item).sentence for item in messages])
            lines = question.lesson[: len(question.lesson) - len(whys)]
            lesson = ["\n".join(lines), *whys]
        return {
            "lesson": lesson,
            "on": [ids.value(reader) for reader in readers if reader != k],
            "to": [ids.value(k)],
            "wires": [ids.edge(item.user, item.j) for item in messages],
            "set": found + [slot for reader in readers for slot in self.derivatives(reader)],
        }


def emptied(slots: Iterable[Slot]) -> list[Slot]:
    """The same slots with nothing in them."""
    return [(id, "", "") for id, _, _ in slots]
