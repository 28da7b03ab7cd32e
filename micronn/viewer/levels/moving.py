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
    >>> list(moving(make_plan(Graph(loss, neuron))).scenes)
    ['L0', 'rest', 'L0n0']
"""

import base64
import copy
import json
import re
import zlib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, cast

from micronn.graph.again import Shape, column, shape_of
from micronn.graph.rows import Graph, Row
from micronn.graph.templates import graph_of_places
from micronn.pictures.paint import ids
from micronn.pictures.paint.palette import LIGHT
from micronn.pictures.views.grouping import Plan
from micronn.pictures.views.neuron_part import Part
from micronn.support.number import LEAVE_OUT
from micronn.support.text import BESIDE, MARK
from micronn.viewer.computing.computing import cases
from micronn.viewer.levels.level_words import Teller
from micronn.viewer.levels.levels import Maker, Scene, packed, unstyled

LEAF = re.compile(r"[dglm][0-9_]+|M")  # a number of the graph, in the name of a place


@dataclass
class MovingScene(Scene):
    """A scene with places for its numbers.

    names: what a value is called in it.  made: the values that are computed in it.
    """

    names: dict[str, int] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)


@dataclass
class Moving:
    """The scenes of a graph, and what fills them.

    rows: of the graph, with places.  places: all places in the scenes.
    chosen: the rows whose slope has a reason that depends on its number.
    """

    rows: list[Row]
    scenes: dict[str, MovingScene]
    places: set[str]
    chosen: set[int]

    def data(self) -> dict[str, Any]:
        """What the script gets, but for the numbers."""
        return {
            "cases": cases([self.rows[k] for k in sorted(self.chosen)]),
            "light": LIGHT,
        }

    def packed(self) -> str:
        """The scenes, for the skeleton of a page."""
        return packed({id: vars(scene) for id, scene in self.scenes.items()})


def moving(plan: Plan, by_layer: bool = True) -> Moving:
    """The values of each neuron and around the neurons; by_layer: opened from lists of a layer."""
    other = plan.again(graph_of_places(plan.graph))
    told = Maker(other, together=False, with_values=True)
    scenes = {}
    for number, shown in enumerate(told.drawn) if by_layer else ():
        seats = {i: ids.neuron(number, i) for i in shown}
        ks = [k for i in shown for k in told.inside(number, i)]
        panel = told.layer_panel(number, {i: told.below[id] for i, id in seats.items()})
        scenes[ids.layer(number)] = MovingScene("layer", has=ks, panels={f"{ks[0]}": panel})
    homes = {k: id for id, part in told.pieces.items() for k in part.made()}
    teller = Teller(told.parts, homes, {id: {*part.chosen} for id, part in told.pieces.items()})
    for id, part in told.pieces.items():
        scene = MovingScene(**vars(told.values(id, part, teller, counted_anew(part))))
        seat = told.seats().get(id)
        scene.above = ids.layer(seat[0]) if by_layer and seat else ""
        scene.svg = unstyled(scene.svg)
        scene.made, scene.names = part.made(), {row.title: row.k for row in part.rows()}
        scenes[id] = scene
    texts = json.dumps([vars(scene) for scene in scenes.values()], ensure_ascii=False)
    marks = {*MARK.findall(texts)}
    places = {at.partition(BESIDE)[0] for _, at in marks} | {"M"}
    chosen = {int(at[1:].split("_")[0]) for form, at in marks if form == "w"}
    return Moving(told.parts.rows, scenes, places, chosen)


def counted_anew(part: Part) -> Part:
    """A part whose rows are counted from 0, so that neurons that are alike share a layout.

    The same part, if a row of it has no name but its number.
    """
    if not all(row.name for row in part.rows()):
        return part
    at = {k: n for n, k in enumerate(part.chosen)}
    other = copy.copy(part)
    other.chosen, other.nodes = [*range(len(at))], []
    for row in part.rows():
        uses = [use._replace(user=at.get(use.user, len(at) + use.user)) for use in row.uses]
        operands = tuple([at[j] for j in row.operands])
        other.nodes.append(row._replace(k=at[row.k], operands=operands, uses=tuple(uses)))
    return other


# The numbers of a replay


class Tracks:
    """The numbers of every snapshot, for the places of some scenes.

    Messages are not kept, nor gradients that are one message: the page multiplies.
    aliases: by such a gradient, the message.  names: of all numbers that are kept.
    frames: the numbers of each snapshot; None where the graph could not be computed, or
        was of another shape.  missed: how many there were before the first graph.
    """

    def __init__(self, found: Moving, graph: Graph, missed: int = 0):
        self.graph, self.frames = graph, [cast(Any, None)] * missed
        self.shape = shape_of(graph)
        self.aliases, self.names = dict[str, str](), list[str]()
        uses = {f"g{row.k}": row.uses for row in found.rows}
        to_do = [name for at in sorted(found.places) for name in LEAF.findall(at)]
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

    def add(self, plan: Plan | None) -> None:
        """The numbers of the graph of the next snapshot; M is first of their names."""
        shape = shape_of(plan.graph) if plan and plan.graph is not self.graph else self.shape
        if shape is not self.shape and alike(shape, self.shape):
            self.shape = shape  # the next one will have the very same
        fits = plan and shape is self.shape
        self.frames.append([plan.m, *self.read(plan.graph)] if plan and fits else None)

    def read(self, graph: Graph) -> Iterable[float]:
        """The numbers of a graph, in the order of the names."""
        return chain.from_iterable([read(graph) for read in self.readers])

    @cached_property
    def readers(self) -> list[Callable[[Graph], Iterable[float]]]:
        """What reads these numbers, by the first letter of the names."""
        found: list[Callable[[Graph], Iterable[float]]] = []
        for kind, names in groupby(self.names[1:], itemgetter(0)):
            places = [[int(part) for part in name[1:].split("_") if part] for name in names]
            if kind == "l":
                js = {k: picker([j for _, j in some]) for k, some in groupby(places, itemgetter(0))}
                found.append(partial(slopes, js))
            else:
                field = {"d": "data", "g": "grad"}[kind]
                found.append(partial(picked, picker([k for (k,) in places]), field))
        return found

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
            "tracks": base64.b64encode(zlib.compress(planes)).decode(),
            "frames": len(self.frames),
            "gaps": gaps,
            "leaves_out": [row.k for row in self.graph.nodes if row.op in LEAVE_OUT],
        }


Picker = Callable[[Sequence[float]], Iterable[float]]


def picker(ks: Sequence[int]) -> Picker:
    """What takes the numbers of these indices out of a list, fast."""
    return itemgetter(*ks) if len(ks) > 1 else lambda numbers: [numbers[k] for k in ks]


def picked(pick: Picker, field: str, graph: Graph) -> Iterable[float]:
    """The data or gradients of some rows."""
    return pick(column(graph, field))


def slopes(pickers: Mapping[int, Picker], graph: Graph) -> Iterable[float]:
    """Some local derivatives of some rows."""
    return chain.from_iterable([pick(graph.nodes[k].local_grads) for k, pick in pickers.items()])


def alike(one: Shape, two: Shape) -> bool:
    """Whether two graphs have the same operations on the same operands."""
    return (one.looks, one.computed) == (two.looks, two.computed)
