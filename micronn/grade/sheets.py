"""A set of sheets for a class: one formula, other numbers for everybody, and one key.

The numbers are chosen at random, but such that paper is enough; the same seed gives a
colleague the same sheets.

    >>> product = lambda x: Value(x["a"], "a") * Value(x["b"], "b")
    >>> parts = class_set(product, ["a", "b"], count=2, seed=7)
    >>> [part.count("<section") for part in parts]
    [2, 1]
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from micronn.engine import Value
from micronn.grade.faults import NODES, Fault, sent_by
from micronn.grade.passes import PASSES
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.pictures.paint.page import html_page
from micronn.pictures.paint.svg import escape
from micronn.pictures.views.render import render
from micronn.support.arguments import check_choice
from micronn.support.files import Location, write_atomically
from micronn.support.text import counted, fmt
from micronn.viewer.questions.quiz import ABOUT, questions
from micronn.viewer.questions.worksheet import PAPER

Make = Callable[[Mapping[str, float | Value]], Value]

PAPERS = {"A4": "A4", "letter": "letter"}
FIND = "fault"  # what is asked beside ABOUT: the first wrong number of a wrong engine
FRIENDLY = (-4.0, -3.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 3.0, 4.0)
LARGEST = 200.0  # number on a sheet
TRIES = 2_000  # for each sheet


class Sheet(NamedTuple):
    """One learner's sheet: its numbers, its graph with the gradients shown on it, the answers.

    fault: of the engine whose gradients they are, if that is the question.
    """

    numbers: dict[str, float]
    graph: Graph
    answers: list[tuple[str, str]]
    fault: Fault | None = None


def class_set(
    make: Make, names: Sequence[str], count: int, seed: int, about: str = ABOUT[0],
    paper: str = "A4", title: str = "",
) -> tuple[str, str]:  # fmt: skip
    """Sheets to print, each on a page of its own, and their key, as two HTML texts.

    make: computes the root from a number for each name.
    about: "gradients", "data", or "fault" for finding the first wrong number.
    paper: "A4" or "letter".

    Raises ValueError for an unknown about or paper, for a formula without names, and where
    there are not so many different sheets with numbers that suit paper.
    """
    check_choice(about, (*ABOUT, FIND), "kind of question")
    check_choice(paper, PAPERS, "paper")
    if not names:
        raise ValueError("no name, nothing to vary; put a variable in, such as x")
    rng = random.Random(seed)
    sheets, seen = list[Sheet](), set[tuple[float, ...]]()
    for numbers in at_random(rng, names, count * TRIES):
        if len(sheets) == count:
            break
        if tuple(numbers.values()) not in seen:
            seen.add(tuple(numbers.values()))
            sheets += sheet_of(make, numbers, about, rng)
    if len(sheets) < count:
        found = counted(len(sheets), "different sheet")
        raise ValueError(f"this formula has {found} whose numbers suit paper, not {count}")
    style = f"@page {{ size: {PAPERS[paper]}; margin: 14mm }}"
    texts = [sheet_html(n, sheet, about) for n, sheet in enumerate(sheets, 1)]
    key = [key_html(n, sheet) for n, sheet in enumerate(sheets, 1)]
    return (
        set_page(title or "Work it out", f"{counted(count, 'sheet')}, seed {seed}", texts, style),
        set_page(
            "Key", f"{title} seed {seed}".strip(), [f"<section>{''.join(key)}</section>"], style
        ),
    )


def save_class_set(path: Location, sheets: str, key: str) -> tuple[Path, Path]:
    """Write the sheets where path says and the key beside them; returns both paths."""
    path = Path(path)
    beside = path.with_name(f"{path.stem}-key{path.suffix}")
    for file, text in ((path, sheets), (beside, key)):
        write_atomically(file, text)
    return path, beside


# Choosing numbers


def at_random(rng: random.Random, names: Sequence[str], tries: int) -> Iterator[dict[str, float]]:
    """Numbers for the names, no two of one set alike while there are enough."""
    draw = rng.sample if len(names) <= len(FRIENDLY) else lambda few, k: rng.choices(few, k=k)
    for _ in range(tries):
        yield dict(zip(names, draw(FRIENDLY, k=len(names)), strict=True))


def sheet_of(make: Make, numbers: dict[str, float], about: str, rng: random.Random) -> list[Sheet]:
    """The sheet with these numbers, if they suit paper."""
    try:
        root = make(numbers)
        root.backward()
        graph = Graph(root)
    except (ArithmeticError, ValueError):
        return []
    if not all(suits_paper(x) for row in graph.rows() for x in (row.data, row.grad)):
        return []
    if about == FIND:
        return faulty_sheet(make, numbers, graph, rng)
    asked = questions(Story(graph), about)
    return [Sheet(numbers, graph, [(question.ask, fmt(question.answer)) for question in asked])]


def suits_paper(x: float) -> bool:
    """Whether a number can be written down: of moderate size, and not taken for 0."""
    return math.isfinite(x) and abs(x) <= LARGEST and (x == round(x, 2) or abs(x) >= 0.01)


def faulty_sheet(
    make: Make, numbers: dict[str, float], true: Graph, rng: random.Random
) -> list[Sheet]:
    """The sheet of an engine with a fault that these numbers show, if there is one."""
    faults = [*PASSES, *[fault._replace(ways=(sent_by({}, fault.backward),)) for fault in NODES]]
    rng.shuffle(faults)
    for fault in faults:
        root = make(numbers)
        fault.backward(root)
        graph = Graph(root)
        graph.nodes = [row._replace(rest=None) for row in graph.nodes]
        pairs = zip(reversed(true.rows()), reversed(graph.rows()), strict=True)
        wrong = [(right, said) for right, said in pairs if right.grad != said.grad]
        if wrong and wrong[0][0].k < len(true) - 1 and all(suits_paper(s.grad) for _, s in wrong):
            right, said = wrong[0]
            answer = (
                f"{right.title}: {fmt(said.grad, sign=True)} should be {fmt(right.grad, sign=True)}"
            )
            return [Sheet(numbers, graph, [("first wrong number", answer)], fault)]
    return []


# On paper


def sheet_html(n: int, sheet: Sheet, about: str) -> str:
    """One sheet."""
    given = ", ".join([f"{name} = {fmt(x)}" for name, x in sheet.numbers.items()])
    if sheet.fault:
        blank: tuple[str, ...] = ()
        items = [
            "Somebody's engine gives these gradients. Going back from the output, the first "
            "that is wrong is that of <span></span>",
            "It says <span></span> and should say <span></span>",
            "What may be wrong in that engine? <span class='long'></span>",
        ]
    else:
        blank = ("grad", "data") if about == "data" else ("grad",)
        items = [f"{escape(ask)} = <span></span>" for ask, _ in sheet.answers]
    svg = render(
        sheet.graph, "values", legend=False, blank=blank, told=False, prefix=f"s{n}-", widest=PAPER
    ).svg
    return (
        f'<section class="sheet"><h2>Sheet {n}</h2><p class="name">Name <span></span></p>'
        f"<p>Given: {escape(given)}</p>"
        f'<div class="stage">{svg}</div><ol>'
        + "".join([f"<li>{item}</li>" for item in items])
        + "</ol></section>"
    )


def key_html(n: int, sheet: Sheet) -> str:
    """The answers to one sheet, in a line."""
    given = ", ".join([f"{name} = {fmt(x)}" for name, x in sheet.numbers.items()])
    answers = "; ".join([f"{ask} = {answer}" for ask, answer in sheet.answers])
    if sheet.fault:
        answers = f"{sheet.answers[0][1]}. The fault: {sheet.fault.cause}"
    return f"<p><b>{n}</b> ({escape(given)}): {escape(answers)}</p>"


def set_page(title: str, summary: str, parts: Sequence[str], style: str) -> str:
    """Sheets as one page."""
    return html_page(
        __package__, ("sheets.html", "sheets.css"), title=title, summary=summary, theme="light",
        style=style, sheets="\n".join(parts),
    )  # fmt: skip
