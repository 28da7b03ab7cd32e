"""The questions of the quiz on paper: a sheet with blanks, and a sheet with the answers.

>>> a, b = Value(-2.0, "a"), Value(3.0, "b")
>>> sheet, answers = worksheet(a * b)
>>> "gradient of a = <span>" in sheet, "gradient of a = <b>3</b>" in answers
(True, True)
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from micronn.engine import Value
from micronn.graph.neurons import outputs_named
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.pictures.paint.page import html_page
from micronn.pictures.paint.svg import escape
from micronn.pictures.views.render import Picture, render
from micronn.support.files import Location, write_atomically
from micronn.support.text import fmt
from micronn.viewer.questions.quiz import Question, questions
from micronn.viewer.toolbar import HERE

PAPER = 1040  # units across A4 on its side, 275 mm: a unit is a CSS pixel, 0.26 mm


def worksheet(root: Value, params: Any = None, about: str = "gradients") -> tuple[str, str]:
    """A sheet with blanks and a sheet with the answers, as two HTML pages to print.

    root, params: as for draw.  about: "gradients", or "data" for both data and gradients.

    Raises ValueError for another about.
    """
    story = Story(outputs_named(Graph(root, params)))
    asked = questions(story, about) + (questions(story) if about == "data" else [])
    blank = ("grad", "data") if about == "data" else ("grad",)
    bare = render(story.graph, "values", legend=False, blank=blank, widest=PAPER)
    full = render(story.graph, "values", headed=False)
    blanks = [f"<li>{escape(question.ask)} = <span></span></li>" for question in asked]
    answers = sheet_html(story, "Answers", full, [answer(question) for question in asked])
    return sheet_html(story, "Work it out", bare, blanks, LEGEND), answers


def save_worksheet(
    root: Value, path: Location, params: Any = None, about: str = "gradients"
) -> tuple[Path, Path]:
    """Write the sheet where path says and the answers beside it; returns both paths.

    sheet.html comes with sheet-answers.html.  Raises OSError if they cannot be written.
    """
    path = Path(path)
    beside = path.with_name(f"{path.stem}-answers{path.suffix}")
    for file, page in zip((path, beside), worksheet(root, params, about), strict=True):
        write_atomically(file, page)
    return path, beside


LEGEND = (
    "∂ is the local derivative of a card by the operand whose wire ends there. "
    "← is the message (gradient contribution) that comes back on the wire (edge): "
    "∂ × grad of the card at its other end. "
    "grad is the sum of all ← of a card; of the output it is 1."
)


def sheet_html(
    story: Story, heading: str, picture: Picture, items: Sequence[str], legend: str = ""
) -> str:
    """One sheet as a page."""
    return html_page(
        HERE,
        ("questions/worksheet.html", "questions/worksheet.css"),
        title=f"{heading}: {story.title()}",
        summary=story.summary(),
        theme="light",
        svg=picture.svg,
        items="\n".join(items),
        legend=escape(legend),
        no_name="" if legend else " hidden",
    )


def answer(question: Question) -> str:
    """A question with its answer and how it comes about."""
    lesson = "<br>".join([escape(line) for line in question.lesson])
    return f"<li>{escape(question.ask)} = <b>{escape(fmt(question.answer))}</b><p>{lesson}</p></li>"
