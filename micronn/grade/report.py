"""What was found, told: in words, as plain data, for a gradebook, and as a picture.

>>> from micronn import tiny
>>> from micronn.grade.grader import grade
>>> told(grade(tiny.__file__))[0]
'tiny.py, class Value: right in all that it does: +, *, -, tanh'
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

from micronn.grade.causes import close
from micronn.grade.diagnosis import Finding
from micronn.grade.grader import Grade
from micronn.grade.programs import KINDS, NO_NUMBER, Program, right, values_of
from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.pictures.paint import ids
from micronn.pictures.paint.cards import frame_around
from micronn.pictures.views.render import Picture, render
from micronn.support.text import clean, few, fmt, printable
from micronn.viewer.steps.stepper import stepping_page

MOST_NAMES = 12  # of one table


# In words


def told(graded: Grade) -> list[str]:
    """All there is to say, line by line."""
    lines = [f"{printable(graded.file.name)}, class {printable(graded.name)}: {graded.verdict}"]
    if graded.tried:
        lines.append(f"tried on {graded.tried} small programs, right on {graded.passed}")
    if graded.lacks and graded.does:
        lines.append(f"not tried, since it does not do it: {', '.join(graded.lacks)}")
    for number, finding in enumerate(graded.findings, 1):
        first, *others = shown(finding)
        lines += ["", f"{number}. {first}", *[f"   {line}" for line in others]]
    return lines


def shown(finding: Finding) -> list[str]:
    """One finding: the mistake, the program that shows it, the numbers, the remedy."""
    word = "A limit: " if finding.is_limit else ""
    lines = [f"{word}{printable(finding.cause)}"]
    if finding.program:
        lines += ["", *[f"    {line}" for line in finding.program.source.splitlines()]]
        lines += [f"    {line}".rstrip() for line in ["", *table(finding)] if finding.numbers]
    if finding.remedy:
        lines += ["", f"{capital(finding.remedy)}."]
    return lines


def table(finding: Finding) -> list[str]:
    """The right numbers beside the engine's, with a mark at the first wrong one."""
    if finding.program is None or finding.numbers is None:
        return []
    first = finding.first_wrong()
    lines = [f"{'':8}{'data':>12}{'yours':>12}{'grad':>12}{'yours':>12}"]
    for name, true in [*right(finding.program).items()][-MOST_NAMES:]:
        said = finding.numbers.get(name, NO_NUMBER)
        cells = [text for pair in zip(true, said, strict=True) for text in as_different(*pair)]
        mark = f"   <- the first wrong {first[1]}" if first and first[0] == name else ""
        lines.append(f"{name:8}" + "".join([f"{cell:>12}" for cell in cells]) + mark)
    return lines


def as_different(x: float, y: float) -> tuple[str, str]:
    """Two numbers as text, with as many digits as show that they differ."""
    short = fmt(x), fmt(y)
    return short if short[0] != short[1] or close(x, y) else (f"{x:.12g}", f"{y:.12g}")


# As data


def as_data(graded: Grade) -> dict[str, Any]:
    """A grade as what JSON can hold."""
    return {
        "file": graded.file.name,
        "class": graded.name,
        "right": graded.is_right,
        "verdict": graded.verdict,
        "tried": graded.tried,
        "passed": graded.passed,
        "does": graded.does,
        "lacks": graded.lacks,
        "findings": [
            {
                "kind": finding.kind,
                "cause": finding.cause,
                "remedy": finding.remedy,
                "limit": finding.is_limit,
                "line": finding.line,
                "program": finding.program.source if finding.program else None,
                "first_wrong": finding.first_wrong(),
            }
            for finding in graded.findings
        ],
    }


def as_json(grades: Sequence[Grade]) -> str:
    """Grades as JSON text."""
    return json.dumps([as_data(graded) for graded in grades], indent=2, ensure_ascii=False) + "\n"


def as_junit(grades: Sequence[Grade]) -> str:
    """Grades as JUnit's XML: a suite for each engine, a case for each program it was tried on."""
    suites = ET.Element("testsuites")
    for graded in grades:
        suite = ET.SubElement(suites, "testsuite", name=clean(graded.file.name))
        for program, result in graded.results.items():
            case = ET.SubElement(suite, "testcase", classname=program.kind, name=program.text)
            if result == "not claimed":
                ET.SubElement(case, "skipped", message="the engine does not do this")
            elif result == "wrong":
                failure = ET.SubElement(case, "failure", message=clean(KINDS[program.kind]))
                failure.text = program.source
        for finding in [finding for finding in graded.findings if not finding.is_limit]:
            cause = clean(finding.cause)
            case = ET.SubElement(suite, "testcase", classname="finding", name=cause)
            failure = ET.SubElement(case, "failure", message=cause)
            failure.text = clean("\n".join(shown(finding)))
        cases = suite.findall("testcase")
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


# As a picture


def graph_of(program: Program) -> Graph:
    """The graph of a program as it should be, its Values called what the program calls them."""
    named = values_of(program.source)
    for name, value in reversed(named.items()):  # of two names the one that was there first
        value.label = name
    return Graph([*named.values()][-1])


def picture_of(finding: Finding, legend: bool = True) -> Picture:
    """The graph of a finding's program, right, with the card marked where the engine errs.

    Raises ValueError for a finding without numbers: there is nothing to draw.
    """
    graph, name, _ = what_to_draw(finding)
    picture = render(graph, "values", told=False, legend=legend, headed=legend)
    row = next(row for row in graph.rows() if row.title == name)
    card = next(card for card in picture.sketch.cards if card.id == ids.value(row.k))
    card.body.append(frame_around(card.width, card.height))
    framed = "The thick frame is around the first card that the engine has wrong."
    picture.sketch.notes = [framed, sentences(finding)] if legend else [framed]
    return picture


def sentences(finding: Finding) -> str:
    """What is wrong in the numbers, and why."""
    return f"{capital(wrong_numbers(finding))}. {capital(finding.cause)}."


def capital(text: str) -> str:
    """A sentence's beginning."""
    return text[:1].upper() + text[1:]


def page_of(finding: Finding) -> str:
    """The page that steps through a finding's program, and opens where its engine goes wrong."""
    graph, name, which = what_to_draw(finding)
    story = Story(graph)
    k = next(row.k for row in story.rows if row.title == name)
    begin = 0 if which == "data" else len(story.steps) - 1
    for n, step in enumerate(story.steps):
        computed = step.phase == "forward" and step.active == k
        received = step.phase == "backward" and k in step.touched
        begin = n if (computed if which == "data" else received) else begin
    title = f"Where it goes wrong: {finding.program.text}" if finding.program else ""
    return stepping_page(story, title, begin, picture_of(finding, legend=False), sentences(finding))


def what_to_draw(finding: Finding) -> tuple[Graph, str, str]:
    """The graph of a finding, the name of its first wrong number, and which it is."""
    first = finding.first_wrong()
    if finding.program is None or first is None:
        raise ValueError(f"there are no numbers to draw: {finding.cause}")
    graph = graph_of(finding.program)
    if first[0] not in [row.title for row in graph.rows()]:
        raise ValueError(f"{first[0]} is not in the last graph, which is what is drawn")
    return graph, *first


def wrong_numbers(finding: Finding) -> str:
    """The engine's wrong numbers beside the right ones, in a sentence."""
    texts = []
    truth = right(finding.program) if finding.program else {}
    for name in finding.program.compared(truth) if finding.program else ():
        true = truth[name]
        said = (finding.numbers or {}).get(name, NO_NUMBER)
        for which, x, y in zip(("data", "grad"), true, said, strict=True):
            if not close(x, y):
                texts.append(f"the engine's {which} of {name} is {fmt(y)}, right is {fmt(x)}")
    return "; ".join(few(texts, MOST_NAMES, "… {} more"))
