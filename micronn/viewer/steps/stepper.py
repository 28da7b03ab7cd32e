"""A page that steps through backpropagation: one file, no server, opened by double click.

Python writes the story and JavaScript turns the pages.  Every number that the page comes
with is written here; the scripts move texts and colours to where the picture has room for
them.  Where a reader changes a given number, all that follows from it is computed in the
page, by the machine of the compiler and in sentences made here: see computing.py.
Without JavaScript, and on paper, the page is a worked solution.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> page = to_html(a * b, title="a product")
    >>> page.startswith("<!doctype html>"), "∂v2/∂a = b" in page
    (True, True)
"""

from collections.abc import Iterable, Mapping
from math import inf
from types import MappingProxyType
from typing import Any, cast

from micronn.engine import Value
from micronn.graph.neurons import outputs_named
from micronn.graph.operations import glyph
from micronn.graph.rows import Graph, Row
from micronn.graph.steps import Step, Story
from micronn.nn import Module
from micronn.pictures.network.network import draw_network
from micronn.pictures.paint import ids
from micronn.pictures.paint.legend import RULE, limits
from micronn.pictures.paint.page import filled, html_page, json_for_script
from micronn.pictures.paint.svg import SQUEEZED, breakable, escape
from micronn.pictures.views.render import DETAILS, Picture, render
from micronn.support.arguments import check_choice, check_text
from micronn.support.text import fmt, printable
from micronn.viewer.computing.computing import changing, compressed
from micronn.viewer.computing.equation import SHADED, equation
from micronn.viewer.computing.step_data import Slots, page_data
from micronn.viewer.levels.levels import levels_of
from micronn.viewer.steps.source import source_panel
from micronn.viewer.toolbar import HERE, toolbar

Levels = Mapping[str, str]  # what the skeleton of the levels takes; none for a page without them

MOST_CARDS = 60  # that are stepped through
MOST_WIRES = 240  # between them
MOST_WRITTEN = 60  # steps whose equations stand in the page as they are
MOST_ROWS = 500  # of the table below a folded picture
SPEEDS = {"slow": 2400, "normal": 1400, "fast": 700}  # in milliseconds a step
STYLES = ("computing/equation.css", "steps/stepper.css")
SCRIPTS = (  # in this order
    "page.js", "computing/numbers.js", "computing/packed.js", "computing/machine.js",
    "steps/stage.js", "steps/stepper.js", "steps/walk.js", "questions/quiz.js",
    "computing/arithmetic.js", "levels/moving.js", "computing/compute.js", "computing/redraw.js",
    "computing/fields.js",
)  # fmt: skip


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
        hold other gradients.  Or a Graph, which holds the numbers of an earlier moment;
        not for "network".
    params: which values are parameters, as for draw.
    detail: "auto" and "values" step through up to 60 values with up to 240 wires, one
        card each; a larger graph becomes the folded picture that draw makes of it, with a
        table of values and without steps.  Where there are neurons, the page leads from
        each level to the next, and opens with the one asked for: "network", for which
        params is the model, "layers", "neurons" or "values".
    title: the heading; left out, the computation as a formula.
    limit, open_dots: as for draw.

    Raises TypeError if root is not a Value, ValueError for an unknown detail or a
    graph too large for it, and NoLayout if no layout engine is installed.

    >>> "Backward 1 of 2" in to_html(Value(2.0, "x") * Value(3.0, "y"))
    True
    """
    check_choice(detail, DETAILS, "detail")
    if title is not None:
        check_text(title, "title")
    graph = outputs_named(root if isinstance(root, Graph) else Graph(root, params, open_dots))
    if detail == "network":
        network = draw_network(model_of(params), root=cast(Value, root), title=title)
        return network_page(graph, title, network.html)
    heading = printable(title or "").strip()
    if is_stepped(graph, detail):
        story = Story(graph)
        return stepping_page(story, heading, levels=levels_of(graph, detail, story))
    picture = render(graph, detail, limit=limit, headed=False)  # which refuses what is too large
    return folded_page(picture, graph, heading, levels_of(graph, detail))


def network_page(graph: Graph, title: str | None, spare: str) -> str:
    """The page that opens with the network, or `spare` if the graph has none that is a chain."""
    heading = printable(title or "").strip()
    story = Story(graph) if is_stepped(graph, "auto") else None
    levels = levels_of(graph, "network", story)
    if not levels:
        return spare
    if story:
        return stepping_page(story, heading, levels=levels)
    return folded_page(render(graph, headed=False), graph, heading, levels)


def is_stepped(graph: Graph, detail: str) -> bool:
    """Whether a graph is small enough to step through, in a view that has steps."""
    wires = sum([len(node.operands) for node in graph.nodes])
    return detail in ("auto", "values") and len(graph) <= MOST_CARDS and wires <= MOST_WIRES


def model_of(params: Any) -> Module:
    """params, if it is a model."""
    if not isinstance(params, Module):
        raise TypeError(
            f"detail='network' draws a model, got params of type {type(params).__name__}; "
            "pass the model itself, as in draw(loss, model, 'network')"
        )
    return params


# The page


def stepping_page(
    story: Story,
    title: str,
    begin: int = 0,
    picture: Picture | None = None,
    note: str = "",
    levels: Levels = MappingProxyType({}),
) -> str:
    """The page of a small graph, with its steps, and with the levels above single values.

    begin: the step that it opens at.  picture: of the values, in place of the plain one.
    note: what to say above it, in place of what the story says.
    """
    picture = picture or render(
        story.graph, "values", legend=False, told=False, headed=False, widest=inf
    )
    slots, last, form = Slots(story), len(story.steps) - 1, "{}, one step at a time"
    source = source_panel(story.graph)
    files = ["steps/source.css", "steps/source.js"] * bool(source)
    return html_page(
        HERE,
        page_files("steps/stepper.html", *STYLES, *SCRIPTS, *files, levels=levels),
        packed_data(story, slots) | {"begin": begin} | changing(story, "" if title else form),
        title=title or form.format(picture.title),
        wasm=True,
        summary=story.summary(),
        note=note or story.note,
        style=SHADED,
        svg=picture.svg.replace(SQUEEZED, ""),  # the script puts it back, as it is at every text
        width=picture.width,
        limits=escape(limits(slots.m)),
        rule=RULE,
        toolbar=toolbar("step", last, SPEEDS),
        source=source,
        values=values_table(story.graph, story.rows),
        steps="\n".join([step_item(step, slots) for step in story.steps]),
        **levels,
    )


def packed_data(story: Story, slots: Slots) -> dict[str, Any]:
    """What step_data.py tells the scripts, with the questions packed: not all read them.

    The equations too, if they are so many that they make the page large.
    """
    told = page_data(slots)
    later = {"quiz": told["quiz"]}
    if len(story.steps) > MOST_WRITTEN:
        later["equations"] = [equation(step, slots) for step in story.steps]
    return told | {name: compressed(json_for_script(what)) for name, what in later.items()}


def page_files(*names: str, levels: Levels) -> list[str]:
    """The files of a page, those of the levels first, if it has any: its styles are the last."""
    return [
        *["levels/levels.html"] * bool(levels),
        *names,
        *["levels/levels.css", "levels/levels.js"] * bool(levels),
    ]


def folded_page(picture: Picture, graph: Graph, title: str, levels: Levels) -> str:
    """The page of a large graph: its folded picture, or its levels, and a table of values."""
    chosen = foremost(graph, MOST_ROWS)
    found = {row.k: row for row in graph.rows(chosen)}
    rows = [found[k] for k in chosen]
    part = f"The table holds {len(rows):,} of {len(graph):,} values: {ORDER}."
    return html_page(
        HERE,
        page_files(
            "steps/table.html" if levels else "steps/folded.html",
            *STYLES,
            levels=levels,
        ),
        title=title or picture.title,
        summary=picture.sketch.caption,
        note=part if len(rows) < len(graph) else "",
        style=SHADED,
        svg="" if levels else picture.svg,
        width=0 if levels else picture.width,
        values=values_table(graph, rows),
        **levels,
    )


ORDER = "the output, parameters, what was given, then what was computed, the last first"


RANK = {"root": 0, "param": 1, "input": 2, "op": 3, "const": 4}


def foremost(graph: Graph, most: int) -> list[int]:
    """The rows of a table; of too many those that a reader looks for, in the order of RANK."""
    if len(graph) <= most:
        return list(range(len(graph)))
    places = [(RANK[row.role], -row.k if row.operands else row.k, row.k) for row in graph.nodes]
    return [k for _, _, k in sorted(places)[:most]]


def values_table(graph: Graph, rows: Iterable[Row]) -> str:
    """A table of the values, each number with all its digits as a tooltip.

    Below a number stands what it is now, and what a gradient held before its messages came.
    """
    lines = [
        f'<tr data-n="{ids.value(row.k)}"><th scope="row">{breakable(row.title)}</th>'
        f"<td>{escape(role(graph, row))}</td>"
        f'<td class="number">{cell(ids.data(row.k), row.data, fmt(row.data))}'
        f"{below('now', row.now)}{below('now gives', row.gives)}</td>"
        f'<td class="number">{cell(ids.grad(row.k), row.grad, fmt(row.grad, True) * graph.ran)}'
        f"{below(row.rest.word, row.rest.size, sign=True) if row.rest else ''}</td></tr>"
        for row in rows
    ]
    return filled(HERE, "steps/values.html", rows="\n".join(lines))


def cell(slot: str, number: float, text: str) -> str:
    """A number of the table, that the script finds and changes; nothing for no text."""
    return f'<span data-slot="{slot}" title="{number!r}">{text}</span>' * bool(text)


def below(word: str, number: float | None, sign: bool = False) -> str:
    """A second number in a cell of the table, and what it is."""
    return "" if number is None else f"<small>{word} {fmt(number, sign)}</small>"


def role(graph: Graph, row: Row) -> str:
    """What a value is, in words."""
    words = {"param": "parameter", "const": "constant", "op": "computed", "root": "output"}
    return words.get(row.role, graph.kind(row)) + (f", {glyph(row.op)}" if row.op else "")


def step_item(step: Step, slots: Slots) -> str:
    """A step as an item of the list in words; the script reads its texts and equation from here."""
    why = f" <i>{escape(step.why)}</i>" if step.why else ""
    return (
        f"<li><b>{escape(step.title)}</b> <span>{escape(step.say)}</span>{why}"
        f"<code>{escape(step.code)}</code>"
        + f"<template>{equation(step, slots)}</template>" * (len(slots.story.steps) <= MOST_WRITTEN)
        + "</li>"
    )
