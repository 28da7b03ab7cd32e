"""Predict, then reveal: the numbers of a graph as questions, with the rule one missed.

Whoever works a number out before seeing it finds out what they have not understood.
A question knows its answer, how far off a rounded calculation may be, and the line of
reasoning that leads to it.  The same questions are asked on the page, in the terminal
and on paper.

    >>> from micronn.engine import Value
    >>> from micronn.graph.rows import Graph
    >>> x = Value(3.0, "x")
    >>> seed, slope = questions(Story(Graph(x * x)))
    >>> slope.ask, slope.answer, slope.mark("6"), slope.mark("9"), slope.mark("six")
    ('gradient of x', 6.0, True, False, None)
"""

import math
import re
import sys
from collections.abc import Callable, Iterable
from itertools import chain
from typing import NamedTuple

from micronn.graph.steps import Message, Step, Story
from micronn.support.arguments import check_choice
from micronn.support.text import decimal, fmt, number

ABOUT = ("gradients", "data")
NOT_FINITE = re.compile("[+-]?inf(inity)?|nan")  # an answer may be that
OWN_SLACK, TERM_SLACK = 0.01, 0.002  # see allowed


class Question(NamedTuple):
    """One number to work out.

    k: the row it belongs to.  ask: which number, in words.  answer: that number.
    low, high: what is accepted; both are the answer itself if it is not finite.
    hint: the rule as symbols, without the numbers.
    lesson: how the answer comes about, line by line, and the rules in words.
    step: the forward step it belongs to; for gradients the messages that make it up.
    """

    k: int
    ask: str
    answer: float
    low: float
    high: float
    hint: str
    lesson: tuple[str, ...]
    step: Step | None
    messages: tuple[Message, ...]

    def mark(self, typed: str) -> bool | None:
        """True for a right number, False for a wrong one, None for no number at all."""
        x = read_number(typed)
        if x is None:
            return None
        if self.answer != self.answer:
            return x != x
        return self.low <= x <= self.high


def read_number(typed: str) -> float | None:
    """A typed number; − and a decimal comma are understood, and ∞ and a fraction.

    >>> read_number(" −0,5 "), read_number("1e-3"), read_number("-3/4"), read_number("one")
    (-0.5, 0.001, -0.75, None)
    """
    above, slash, below = typed.partition("/")
    if slash:
        a, b = decimal(plain(above)), decimal(plain(below))
        return a / b if a is not None and b else None
    text = plain(typed)
    return float(text) if NOT_FINITE.fullmatch(text) else decimal(text)


def plain(typed: str) -> str:
    """What was typed, as Python writes numbers."""
    return typed.strip().lower().replace("−", "-").replace("∞", "inf").replace(",", ".")


def allowed(answer: float, terms: Iterable[float]) -> tuple[float, float]:
    """The smallest and the largest number that counts as right.

    terms: what the answer is the sum of.  The numbers on a picture are rounded to
    four digits, so a sum of large terms can come out a little off even where they
    cancel: 1 % of the answer and 0.2 % of the terms are allowed.  An answer of 0
    that is made of zeros must be 0.
    """
    if not math.isfinite(answer):
        return answer, answer
    size = sum([abs(term) for term in terms if math.isfinite(term)])
    slack = OWN_SLACK * abs(answer) + TERM_SLACK * size
    largest = sys.float_info.max
    return max(-largest, answer - slack), min(largest, answer + slack)


# From a story to its questions


def questions(story: Story, about: str = "gradients") -> list[Question]:
    """Every number of one kind, in the order in which it can be worked out.

    about: "gradients" asks from the output back, constants left out; "data" asks for
        every computed value.

    Raises ValueError for anything else.
    """
    check_choice(about, ABOUT, "kind of question")
    if about == "data":
        return [data_question(story, step) for step in story.steps if step.phase == "forward"]
    arrived: dict[int, list[Message]] = {len(story.rows) - 1: []}
    for message in chain.from_iterable(reversed(story.messages)):
        so_far = arrived.pop(message.to, [])  # put in again: the last to be complete stands last
        arrived[message.to] = so_far
        so_far.append(message)
    return [
        gradient_question(story, k, tuple(messages))
        for k, messages in arrived.items()
        if story.rows[k].role != "const"
    ]


def data_question(story: Story, step: Step) -> Question:
    """What a value is, computed from its operands."""
    row = story.rows[step.active or 0]
    pairs = zip(row.operands, row.local_grads, strict=True)
    bounds = allowed(row.data, [slope * story.rows[k].data for k, slope in pairs])
    ask, lesson = f"data of {story.name(row.k)}", (" ".join(step.lines),)
    return Question(row.k, ask, row.data, *bounds, step.lines[0], lesson, step, ())


def gradient_question(story: Story, k: int, messages: tuple[Message, ...]) -> Question:
    """How fast the output moves with a value, added up from its messages."""
    row, name = story.rows[k], story.name(k)
    held = [row.rest.size] if row.rest else []
    terms = [*held, *[message.size for message in messages]]
    bounds = allowed(row.grad, terms)
    rules = [story.rule(message) for message in messages]
    hint = ", ".join(dict.fromkeys([rule.symbol for rule in rules]))
    lesson = [
        f"from {story.name(message.user)}: "
        f"{number(message.local)} × {number(message.upstream)} = {fmt(message.size)}"
        for message in messages
    ]
    lesson[:0] = [f"before: {fmt(size)}" for size in held]
    if len(terms) > 1:
        texts = [fmt(terms[0]), *map(number, terms[1:])]
        lesson.append(f"together: {' + '.join(texts)} = {fmt(row.grad)}")
    lesson += dict.fromkeys([rule.sentence for rule in rules])
    if not messages:
        hint = f"∂{name}/∂{name}: the output moves as fast as itself"
        lesson = [step.say for step in story.steps if step.phase == "seed"]
    ask = f"gradient of {name}" + "".join([f", which held {fmt(size)} before" for size in held])
    return Question(k, ask, row.grad, *bounds, hint, tuple(lesson), None, messages)


# In the terminal


class Score(NamedTuple):
    """How a quiz went."""

    right: int
    asked: int
    total: int

    def __str__(self) -> str:
        unasked = self.total - self.asked
        rest = f"; {unasked} not asked" if unasked else ""
        return f"{self.right} of {self.asked} right{rest}"


def take(
    asked: list[Question], ask: Callable[[str], str | None], tell: Callable[[str], None]
) -> Score:
    """Ask the questions one by one, mark the answers, and explain what was missed.

    ask: shows a prompt and gives the typed line, or None when there are no more.
    tell: shows a line of text.
    """
    right, total = 0, len(asked)
    for k, question in enumerate(asked):
        mark = None
        while mark is None:
            typed = ask(f"{k + 1} of {total}  {question.ask} = ")
            if typed is None:
                tell("")  # the prompt still stands on its line
                return Score(right, k, total)
            mark = marked(question, typed, tell)
        right += mark
    return Score(right, total, total)


def marked(question: Question, typed: str, tell: Callable[[str], None]) -> bool | None:
    """Mark one line; None if the question stays open."""
    if typed.strip() == "?":
        tell(f"  hint: {question.hint}")
        return None
    mark = question.mark(typed)
    if mark is None:
        tell("  type a number, such as -0.5 or 1/2 or 1e-3 or inf; ? gives a hint, Ctrl-D ends")
    elif mark:
        tell(f"  right: {fmt(question.answer)}")
    else:
        tell(f"  no: {question.ask} = {fmt(question.answer)}")
        for line in question.lesson:
            tell(f"    {line}")
    return mark


def known(story: Story, about: str) -> list[str]:
    """What is told before the questions: the given values, and each value's formula."""
    given = [f"{story.name(row.k)} = {fmt(row.data)}" for row in story.rows if not row.operands]
    lines = ["given     " + ", ".join(given)]
    for step in story.steps:
        if step.phase == "forward":
            end = f" = {fmt(story.rows[step.active or 0].data)}" if about == "gradients" else ""
            lines.append(f"computed  {step.lines[0]}{end}")
    return lines
