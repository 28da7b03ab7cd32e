"""What a step page needs to compute: its operations as tapes, and its texts with places.

The script runs each operation's tape on the machine, which gives its number and its local
derivatives; the chain rule is one multiplication and one addition, in the engine's order.
Then it fills the numbers into the texts, which are made here for any numbers.

    >>> from micronn.graph.rows import Graph
    >>> changing(Story(Graph(Value(3.0, "x") * 2.0)), "")["computing"]["names"]
    ['x', 'v1', 'v2']
"""

import base64
import gzip
from collections.abc import Iterable
from functools import lru_cache
from math import inf
from typing import Any

from micronn.compiler.tape import write_tape
from micronn.engine import Value, computed
from micronn.graph.operations import kind_and_number, operation, rule
from micronn.graph.rows import Graph, Row
from micronn.graph.steps import LONGEST_TITLE, Story, among, computation
from micronn.graph.templates import Template, refusals
from micronn.pictures.paint import ids
from micronn.pictures.paint.legend import limits
from micronn.pictures.paint.page import json_for_script
from micronn.pictures.paint.palette import LIGHT
from micronn.pictures.views.grouping import make_plan
from micronn.pictures.views.heading import without_formula
from micronn.pictures.views.render import render
from micronn.pictures.views.value_view import ValueCards, first, kind_in_corner, sentence
from micronn.support.number import LEAVE_OUT
from micronn.support.text import Place, clean, counted, fmt
from micronn.viewer.computing.equation import equation
from micronn.viewer.computing.step_data import Slots, page_data
from micronn.viewer.computing.tapes import machine_data, packed, tape_data

LR = 0.1  # of a step downhill, unless another is typed


SAY = {  # what the script tells, with names and numbers for the words in braces
    "changed": "{name} is {data}, {root} is {out}.",
    "refused": "{name} is {data}: {error}. What is made of that is not computed.",
    "still": "{error}. What is made of that is not computed.",
    "none": "Not computed: {error}.",
    "no": "refused",
    "downhill": "{moved} moved by −{lr} × grad. By the slopes {root} should change by {foretold}; "
    "it changed by {came}, from {before} to {after}.",
    "flat": "No step: {why}.",
    "undone": "Undone: {root} is {out}.",
    "reset": "These are the numbers that Python wrote.",
    "typed": "Type a number, such as −0.5 or 1/2 or 1e-3, or inf or nan.",
    "rate": "a learning rate is a number above 0, such as 0.1",
    "lost": "the gradients are not all numbers",
    "unread": "Left out of the address, as this page knows no such number: {part}.",
    "unable": "The numbers cannot be changed here: this browser runs no WebAssembly in this page.",
}


def why_not(graph: Graph) -> str:
    """Why a page of a graph cannot compute; "" if it can."""
    for row in graph.nodes:
        if row.operands and not operation(row.op).machine:
            return (
                f"The numbers cannot be changed on this page: only Python knows how "
                f"{clean(row.op)} computes {row.title}."
            )
    return ""


def changing(story: Story, form: str) -> dict[str, Any]:
    """What the script needs to change numbers, or why they cannot be changed.

    form: the page's title, with {} for that of the picture; "" if it is another.
    """
    reason = why_not(story.graph)
    return {"cannot": reason} if reason else {"computing": computing(story, form), "say": SAY}


def computing(story: Story, form: str) -> dict[str, Any]:
    """What the script needs to compute.

    names: of each row in the address.  given: the numbers, packed, of the rows that are
        `free`.  moves: which of them a step downhill moves, and `moved` in words.
    rows: the operation, the operands, whether they can be left out, and the role of each.
    tapes: by operation and count of operands.  refusals: what the engine says, by row.
    powers: the number in the operation of each row.
    texts: all that has places, as JSON, compressed.
    svg: a picture to be filled in, if the one on the page shows more than one moment.
    """
    graph, told = story.graph, Template(story)
    free = [row.k for row in graph.nodes if not row.operands]
    moves = [k for k in free if graph.nodes[k].role == "param"]
    moves = moves or [k for k in free if graph.nodes[k].role == "input"]
    return {
        "machine": machine_data(),
        "names": unique(story.code_names),
        "titles": [row.title for row in graph.nodes],
        "free": free,
        "given": packed([graph.nodes[k].current for k in free]),
        "moves": moves,
        "moved": among_all([graph.nodes[k].title for k in moves]),
        **arithmetic(graph),
        "texts": compressed(json_for_script(texts(story, told, form))),
        "svg": picture_of(fresh(graph)) if any(map(of_two_moments, graph.nodes)) else "",
    }


def arithmetic(graph: Graph) -> dict[str, Any]:
    """What the script needs to work out a graph: rows, tapes, refusals, powers, and colours."""
    labels = [row.name for row in graph.nodes]
    return {
        "rows": [
            [tape_name(row), row.operands, row.op in LEAVE_OUT, row.role] for row in graph.nodes
        ],
        "tapes": {
            tape_name(row): tape_of(row.op, len(row.operands))
            for row in graph.nodes
            if row.operands
        },
        "refusals": {row.k: found for row in graph.nodes if (found := refusals(row, labels))},
        "powers": {row.k: kind_and_number(row.op)[1] for row in graph.nodes},
        "light": LIGHT,
    }


def among_all(titles: list[str]) -> str:
    """What moves downhill, in words: up to three names, or how many they are."""
    return among(titles) if 0 < len(titles) < 4 else counted(len(titles), "value")


def unique(names: list[str]) -> list[str]:
    """Names of which no two are equal."""
    seen: dict[str, int] = {}
    for k, name in enumerate(names):
        seen.setdefault(name, k)
    return [name if seen[name] == k else f"row{k}" for k, name in enumerate(names)]


def of_two_moments(row: Row) -> bool:
    """Whether a row has moved, or holds what did not come from this pass."""
    return any(x is not None for x in (row.rest, row.now, row.gives))


def fresh(graph: Graph) -> Graph:
    """The graph with nothing moved and nothing held, for a picture that is to be filled in."""
    other = graph.with_grads([row.grad for row in graph.nodes])
    other.nodes = [
        row._replace(data=row.current, rest=None, now=None, gives=None) for row in other.nodes
    ]
    return other


def picture_of(graph: Graph) -> str:
    """The picture of a step page."""
    return render(graph, "values", legend=False, told=False, headed=False, widest=inf).svg


def compressed(text: str, level: int = 9) -> str:
    """Text, packed as the machine is; level: 6 where there is much of it."""
    return base64.b64encode(gzip.compress(text.encode(), level, mtime=0)).decode()


# Tapes


def tape_name(row: Row) -> str:
    """What tells a tape from others; "" for a given value."""
    return f"{row.op} {len(row.operands)}" if row.operands else ""


@lru_cache(1000)
def tape_of(op: str, count: int) -> dict[str, Any]:
    """One operation on so many operands, each in a slot of its own."""
    leaves = [Value(0.0) for _ in range(count)]
    return tape_data(write_tape([computed(0.0, op, tuple(leaves), (0.0,) * count)], leaves, []))


# Texts


def texts(story: Story, told: Template, form: str) -> dict[str, Any]:
    """Every text of the page that numbers stand in, with their places.

    The steps as in step_data.py, with `sets` for what they set; words, equations: of each.
    tips, desc: what the picture's cards and wires, and it itself, are called.
    table: the text and the tooltip of each slot.  wires: of each its row and operand.
    corners: of each card word, colour, and word where nan or infinity begins.
    limits: of shades.  cases: the reasons for a slope, by row and slope.
    """
    slots, rows = Slots(told), told.rows
    data = page_data(slots)
    cards = ValueCards(told.graph, rows, slots.m)
    wires = [(row, j) for row in rows for j in range(len(row.operands))]
    numbers = [
        (slot, text, x.mark("r") if isinstance(x, Place) else "")
        for row in rows
        for slot, text, x in (
            (ids.data(row.k), fmt(row.data), row.data),
            (ids.grad(row.k), fmt(row.grad, sign=True), row.grad),
        )
    ]
    return {
        "start": data["start"] + [slots.data(row.k) for row in rows if not row.operands],
        "sets": [step["set"] for step in data["steps"]],
        "quiz": data["quiz"],
        "words": [[step.title, step.say, step.why, step.code] for step in told.steps],
        "equations": [equation(step, slots) for step in told.steps],
        "tips": {
            **{ids.value(row.k): cards.words(row, row.title) for row in rows},
            **{ids.edge(row.k, j): cards.wire(row, j).title for row, j in wires},
        },
        "desc": sentence(rows, len(rows), ran=True),
        "table": numbers,
        "corners": [
            [ids.value(row.k), word, token, first(word, row.data)]
            for row in rows
            for word, token in [kind_in_corner(told.graph, row)]
        ],
        "wires": [[ids.edge(row.k, j), row.k, j] for row, j in wires],
        "limits": limits(Place(1.0, "M")),
        "cases": cases(story.rows),
        "heading": title_of(told, form),
    }


def cases(rows: Iterable[Row]) -> dict[int, dict[str, str]]:
    """The reasons of operations that choose, by row and by slope as JavaScript writes it."""
    found = {}
    for row in rows:
        slopes = {"other": 0.1, **{f"{x:g}": x for x in operation(row.op).cases if x is not None}}
        if len(slopes) > 1:
            reasons = {key: rule(row.op, 0, x, [""], "") for key, x in slopes.items()}
            found[row.k] = {key: reason.sentence[:-1] for key, reason in reasons.items()}
    return found


def title_of(told: Template, form: str) -> dict[str, Any]:
    """What the page's title is made of: the formula, or if that is too long another."""
    root = told.rows[-1]
    start = len(f"{root.title} = ") if root.name and root.op else 0
    return {
        "formula": computation(told.graph.nodes), "most": LONGEST_TITLE + start,
        "other": without_formula(told.graph, make_plan(told.graph)), "form": form,
    }  # fmt: skip
