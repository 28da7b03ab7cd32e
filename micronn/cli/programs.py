"""A learner's own program is run, and what one of its names holds is drawn.

    micronn draw net.py:loss

The file runs as `python net.py` would run it: as __main__, with its folder first on the path,
its own prints and its own errors.  It is the one thing typed at this command that is executed,
because it is a file of one's own, named as such.  Then its names are looked at: Values take
them as labels, a model tells which of them are parameters.
"""

import re
import runpy
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import micronn
from micronn.draw import draw
from micronn.engine import Value, topological_order
from micronn.graph import record_lines
from micronn.nn import Module
from micronn.pictures.network.network import draw_network
from micronn.pictures.views.render import Picture
from micronn.support.optimizer_state import OptimizerState
from micronn.support.text import brief, clipped, counted, did_you_mean, fmt

OURS = str(Path(micronn.__file__).parent)
PLACE = re.compile(r"(?P<path>.+\.pyw?)(?::(?P<name>.*))?", re.S)
DRAWN = (Value, Module, Picture)


class ProgramError(RuntimeError):
    """A program that did not come to its end; the message shows where it stopped, and why."""


class Place(NamedTuple):
    """A name in a program; "" is none."""

    path: str
    name: str


def place(text: str) -> Place | None:
    """The name in a program that a text such as "net.py:loss" leads to; None for a formula.

    No formula can look like that: a dot is part of a number, and a colon is nothing.

    >>> place("net.py:loss"), place("net.py"), place("x*y")
    (Place(path='net.py', name='loss'), Place(path='net.py', name=''), None)
    """
    found = PLACE.fullmatch(text)
    return Place(found["path"], (found["name"] or "").strip()) if found else None


# Running it


def run(path: str) -> dict[str, Any]:
    """The names of a program at its end.

    Raises OSError if the file cannot be read, and ProgramError if it stops with an error.
    """
    Path(path).read_bytes()  # an error of ours; what the program cannot read is one of its own
    try:
        with as_script(path):
            return runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        reason = f"{path} ended itself with exit({'' if end.code is None else end.code!r})"
        raise ProgramError(f"{reason} before it was done, and with it all its Values") from None
    except Exception as error:
        raise ProgramError(stopped(path, error)) from None


@contextmanager
def as_script(path: str) -> Iterator[None]:
    """The arguments and the search path of modules that `python path` has."""
    before = sys.argv, sys.path
    sys.argv, sys.path = [path], [str(Path(path).resolve().parent), *sys.path]
    try:
        yield
    finally:
        sys.argv, sys.path = before


def stopped(path: str, error: Exception) -> str:
    """Where a program stopped, and why; what is not of its making is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [k for k, frame in enumerate(frames) if frame.filename == path]
    theirs = [frame for frame in frames[own[0] if own else len(frames) :] if not is_ours(frame)]
    lines = [*traceback.format_list(theirs), *traceback.format_exception_only(error)]
    return f"{path} stopped with an error\n\n{''.join(lines)}".rstrip()


def is_ours(frame: traceback.FrameSummary) -> bool:
    """Whether a line of a traceback is one of micronn's own."""
    return frame.filename.startswith(OURS)


# What its names hold


def picture(
    where: Place, detail: str, params: str | None, lines: bool = True
) -> tuple[Picture, str]:
    """The picture of what a name holds, and what it is a picture of.

    lines: whether it says which lines of the program made its values.
    params: names of parameters, with commas between them; left out, the program is asked: its
        models that the Value was computed with, else its optimisers.

    Raises ValueError where nothing can be drawn, and what run() raises.
    """
    with record_lines() if lines else nullcontext():
        found = run(where.path)
    names = {name: held for name, held in found.items() if not name.startswith("__")}
    held = thing(where, names)
    if isinstance(held, Picture):
        return held, held.title
    if isinstance(held, Module):
        return network(where, held)
    label(names, where.name, held)
    nodes = topological_order(held)
    values = {name: value for name, value in names.items() if isinstance(value, Value)}
    known = parameters(names, nodes) if params is None else chosen(params, values)
    return draw(held, known, detail), counted(len(nodes), "value")


def thing(where: Place, names: Mapping[str, Any]) -> Any:
    """What can be drawn under a name of a program."""
    drawn = [name for name, held in names.items() if isinstance(held, DRAWN)]
    listed = "\n".join([f"  {where.path}:{name}   {told(names[name])}" for name in drawn[:20]])
    if len(drawn) > 20:
        listed += f"\n  and {len(drawn) - 20:,} more"
    ends = f"At its end it holds\n{listed}" if drawn else (
        "At its end no name holds a Value or a model; keep one in a name, such as loss, outside "
        "of any function."
    )  # fmt: skip
    if not where.name:
        raise ValueError(f"say what to draw of {where.path}, as in net.py:loss. {ends}")
    if where.name not in names:
        advice = did_you_mean(where.name, drawn or names)
        reason = f"{where.path} has no name {clipped(where.name)!r}. {advice}".rstrip()
        raise ValueError(f"{reason}\n{ends}")
    held = names[where.name]
    if isinstance(held, DRAWN):
        return held
    reason = f"{clipped(where.name)} in {where.path} is {told(held)}"
    if isinstance(held, float):
        reason += ", which remembers no graph; draw the Value it was taken from, before .data"
    raise ValueError(f"{reason}\n{ends}")


def told(held: object) -> str:
    """What a name holds, in a few words."""
    if isinstance(held, Value):
        return f"Value {fmt(held.data)}, {counted(len(topological_order(held)), 'value')}"
    if isinstance(held, float):
        return f"the float {held!r}"
    if isinstance(held, Module):
        return clipped(repr(held))
    return f"of type {type(held).__name__}"


def network(where: Place, model: Module) -> tuple[Picture, str]:
    """The picture of a model as circles and lines."""
    try:
        drawn = draw_network(model)
    except TypeError as error:
        raise ValueError(f"{where.name} in {where.path} cannot be drawn: {error}") from None
    return drawn, f"network {drawn.title}"


def label(names: Mapping[str, Any], first: str, root: Value) -> None:
    """Let Values without a label have the name that the program gave them.

    The parameters of a model have better names of their own.
    """
    models = [held for held in names.values() if isinstance(held, Module)]
    theirs = {value for model in models for value in model.parameters()}
    for name, held in {first: root, **names}.items():
        if isinstance(held, Value) and not held.label and held not in theirs:
            held.label = name


def parameters(names: Mapping[str, Any], nodes: list[Value]) -> Module | dict[str, Value] | None:
    """What the program says are parameters of a graph with these nodes."""
    inside = set(nodes)
    models = {name: held for name, held in names.items() if isinstance(held, Module)}
    sets = {name: set(model.parameters()) & inside for name, model in models.items()}
    parts = {name for name in models for whole in sets.values() if sets[name] < whole}
    used = [name for name in models if sets[name] and name not in parts]
    if len({id(models[name]) for name in used}) == 1:
        return models[used[0]]
    found = {
        f"{name}.{inner}": value
        for name in used
        for inner, value in models[name].named_parameters()
    }
    for held in names.values():
        if isinstance(held, OptimizerState) and not found:
            found = {p.label or f"p{k}": p for k, p in enumerate(held.params) if p in inside}
    return found or None


def chosen(params: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """The given Values whose names stand in a text, with commas between them.

    Raises ValueError for any other name.
    """
    found = {}
    for name in [part.strip() for part in params.split(",") if part.strip()]:
        if name not in values or values[name].operands:
            given = [known for known, value in values.items() if not value.operands]
            why = "is computed" if name in values else "is not there"
            advice = did_you_mean(name, given) or f"Given are {brief(given) or 'none'}."
            raise ValueError(f"--params: {clipped(name)!r} {why}, so it is no parameter. {advice}")
        found[name] = values[name]
    return found
