"""The values of each neuron of a graph whose numbers change while it is looked at.

A replay has the numbers of every snapshot, and a page that trains works them out.  So the
scenes are made once, with a place for each number, and the page fills in those of now.  The
levels above them are the page's own pictures.

    >>> from micronn.engine import Value
    >>> from micronn.graph.rows import Graph
    >>> from micronn.nn import Neuron
    >>> from micronn.pictures.views.grouping import make_plan
    >>> neuron = Neuron(2)
    >>> loss = neuron([Value(1.0, "a"), Value(2.0, "b")]) ** 2
    >>> loss.backward()
    >>> found = moving(make_plan(Graph(loss, neuron)))
    >>> list(found.scenes)
    ['L0', 'rest', 'L0n0']
"""

import base64
import json
import re
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

from micronn.graph.again import numbers, shape_of
from micronn.graph.rows import Graph, Row
from micronn.graph.templates import graph_of_places
from micronn.pictures.paint import ids
from micronn.pictures.paint.palette import LIGHT, scale, shade, style
from micronn.pictures.views.grouping import Plan
from micronn.pictures.views.neuron_part import Part
from micronn.pictures.views.value_view import ValueCards
from micronn.support.number import LEAVE_OUT
from micronn.support.text import CLOSES, OPENS, Place, fmt
from micronn.viewer.computing.computing import cases
from micronn.viewer.computing.step_data import Slot
from micronn.viewer.levels.level_words import Teller
from micronn.viewer.levels.levels import PREFIX, Maker, Scene, packed

MARK = re.compile(f"{OPENS}(.)([^{CLOSES}]*){CLOSES}")
LEAF = re.compile(r"[a-zM][0-9_]*")  # a number of the graph, in the name of a place


@dataclass
class MovingScene(Scene):
    """A scene with places for its numbers.

    names: what a value is called in it.  made: the values that are computed in it.
    slots: what numbers put into its picture, as in step_data.py.
    flows: of each wire its id, the place of its message, and whether nobody uses that.
    shades: the places of the gradients that its shades are measured against.
    """

    names: dict[str, int] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    flows: list[tuple[str, str, bool]] = field(default_factory=list)
    shades: list[str] = field(default_factory=list)


@dataclass
class Moving:
    """The scenes of a graph, and what fills them.

    plan: of one of the moments.  places: all places in the scenes.
    chosen: the rows whose slope has a reason that depends on its number.
    """

    plan: Plan
    scenes: dict[str, MovingScene]
    places: set[str]
    chosen: set[int]

    def data(self) -> dict[str, Any]:
        """What the script gets, but for the numbers."""
        nodes = self.plan.graph.nodes
        return {
            "cases": cases([nodes[k] for k in self.chosen]),
            "light": LIGHT,
        }

    def packed(self) -> str:
        """The scenes, for the skeleton of a page."""
        return packed({id: asdict(scene) for id, scene in self.scenes.items()})


def moving(plan: Plan, by_layer: bool = True) -> Moving:
    """The values of each neuron and around the neurons; by_layer: opened from lists of a layer."""
    other = plan.again(graph_of_places(plan.graph))
    told, drawn = (Maker(each, together=False, with_values=True) for each in (other, plan))
    scenes = {}
    for number, shown in enumerate(told.drawn) if by_layer else ():
        seats = {i: ids.neuron(number, i) for i in shown}
        ks = [k for i in shown for k in told.inside(number, i)]
        panel = told.layer_panel(number, {i: told.below[id] for i, id in seats.items()})
        scenes[ids.layer(number)] = MovingScene("layer", has=ks, panels={f"{ks[0]}": panel})
    homes = {k: id for id, part in told.pieces.items() for k in part.made()}
    teller = Teller(told.parts, homes, {id: {*part.chosen} for id, part in told.pieces.items()})
    for id, part in told.pieces.items():
        scene = MovingScene(**vars(told.values(id, part, teller, drawn.pieces[id])))
        seat = told.seats().get(id)
        scene.above = ids.layer(seat[0]) if by_layer and seat else ""
        scene.svg = scene.svg.replace(f"<style>{style()}</style>", "")  # the page's own will do
        scene.made = part.made()
        fill(scene, part)
        scenes[id] = scene
    texts = json.dumps([asdict(scene) for scene in scenes.values()], ensure_ascii=False)
    marks = {*MARK.findall(texts)}
    places = {at for _, at in marks} | {"M"}
    for scene in scenes.values():
        places |= {*scene.shades, *[at for _, at, _ in scene.flows]}
    chosen = {int(at[1:].split("_")[0]) for form, at in marks if form == "w"}
    return Moving(plan, scenes, places, chosen)


def fill(scene: MovingScene, part: Part) -> None:
    """Write down what the numbers of a part change in its picture."""
    rows = part.rows()
    cards, roles = ValueCards(part, rows, 1.0), {row.k: row.role for row in rows}
    for row in rows:
        scene.names[row.title] = row.k
        sides = [cards.ins.get(row.k), cards.outs.get(row.k)]
        scene.slots += numbers_of(row)
        scene.slots += [(port.id, port.text, "") for side in sides if side for port in side.rows]
        if row.role != "const":
            scene.shades += [row.grad.at] if isinstance(row.grad, Place) else []
        for j, k in enumerate(row.operands if row.k not in cards.below else ()):
            size = row.message(j)
            if k in roles and isinstance(size, Place):
                scene.flows.append((PREFIX + ids.edge(row.k, j), size.at, roles[k] == "const"))
    scene.slots = [(PREFIX + id, text, token) for id, text, token in scene.slots if OPENS in text]


def numbers_of(row: Row) -> Iterator[Slot]:
    """The data and the gradient of a row."""
    if isinstance(row.data, Place):
        yield ids.data(row.k), fmt(row.data), row.data.mark("b")
    if isinstance(row.grad, Place):
        token = row.grad.mark("z") if row.role == "const" else shade(row.grad, 1.0)
        yield ids.grad(row.k), fmt(row.grad, sign=True), token


# The numbers of a replay


class Tracks:
    """The numbers of every snapshot, for the places of some scenes.

    Messages are not kept, nor gradients that are one message: the page multiplies.
    aliases: by such a gradient, the message.  names: of all numbers that are kept.
    frames: the numbers of each snapshot; None where the graph could not be computed, or
        was of another shape.  missed: how many there were before the first graph.
    """

    def __init__(self, found: Moving, missed: int = 0):
        self.graph, self.frames = found.plan.graph, [cast(Any, None)] * missed
        self.aliases, self.names = dict[str, str](), list[str]()
        uses = {f"g{row.k}": row.uses for row in self.graph.rows()}
        to_do = [name for at in found.places for name in LEAF.findall(at)]
        seen = {*to_do}
        while to_do:
            name = to_do.pop()
            new = []
            if len(own := uses.get(name, ())) == 1:
                new = [f"m{own[0].user}_{own[0].j}"]
                self.aliases[name] = new[0]
            elif name[0] == "m":
                new = [f"l{name[1:]}", f"g{name[1:].partition('_')[0]}"]
            else:
                self.names.append(name)
            to_do += [each for each in new if each not in seen]
            seen.update(new)
        self.names.sort()

    def add(self, graph: Graph | None) -> None:
        """The numbers of the next snapshot."""
        if graph and graph is not self.graph and not is_like(graph, self.graph):
            graph = None
        self.frames.append([*self.read(graph)] if graph else None)

    def read(self, graph: Graph) -> Iterator[float]:
        """The numbers of a graph, in the order of the names."""
        for kind, ks in self.places.items():
            if kind == "M":
                yield scale(numbers(graph, self.own, "grad"))
            elif kind == "l":
                for k, several in groupby(ks, itemgetter(0)):
                    slopes = graph.nodes[k].local_grads
                    yield from [slopes[j] for _, j in several]
            else:
                yield from numbers(graph, [k for (k,) in ks], {"d": "data", "g": "grad"}[kind])

    @cached_property
    def places(self) -> dict[str, list[list[int]]]:
        """By the first letter of the names, the numbers in them."""
        return {
            kind: [[int(part) for part in name[1:].split("_") if part] for name in names]
            for kind, names in groupby(self.names, itemgetter(0))
        }

    @cached_property
    def own(self) -> list[int]:
        """The rows that the largest gradient is looked for in."""
        return [row.k for row in self.graph.nodes if row.role != "const"]

    def data(self) -> dict[str, Any]:
        """What the script gets.

        places: the index of the number of each name, or the message that it is.
        fixed: the numbers that never change.  tracks: after them those that do, all snapshots
        of one number after the other.  frames: how many.  gaps: which have no numbers.
        """
        gaps = [k for k, frame in enumerate(self.frames) if frame is None]
        columns = zip(*[frame or [0.0] * len(self.names) for frame in self.frames], strict=True)
        kept = [array("d", column).tobytes() for column in columns]
        fixed = {c: None for c in kept if c == c[:8] * len(self.frames)}
        tracks = {c: None for c in kept if c not in fixed}
        index = {column: i for i, column in enumerate([*fixed, *tracks])}
        raw = b"".join(tracks)
        planes = b"".join([raw[i::8] for i in range(8)])  # which zlib makes shorter
        return {
            "places": {name: index[c] for name, c in zip(self.names, kept, strict=True)}
            | self.aliases,
            "fixed": base64.b64encode(b"".join([c[:8] for c in fixed])).decode(),
            "tracks": base64.b64encode(zlib.compress(planes, 9)).decode(),
            "frames": len(self.frames),
            "gaps": gaps,
            "leaves_out": [row.k for row in self.graph.nodes if row.op in LEAVE_OUT],
        }


def is_like(graph: Graph, other: Graph) -> bool:
    """Whether two graphs have the same shape."""
    one, two = shape_of(graph), shape_of(other)
    return one is two or (one.looks, one.computed) == (two.looks, two.computed)
