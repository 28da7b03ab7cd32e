"""One graph on every level: network, layers, neurons, values, and how they hang together.

A picture of a net leaves numbers out, and the next picture down has them.  Here every scene
says where each value stands in it and what opens below, so that a click on a number finds
the same number again.  All words and pictures are made here; the script puts one scene after
the other on the page, and marks what was asked for.

A place is "scene/value" or "scene/value/message": a value is the k of a row of the graph, and
messages are counted as they are added to it.

    >>> import random
    >>> from micronn.nn import MLP
    >>> model = MLP(2, [3, 1], rng=random.Random(1))
    >>> loss = (model([1.0, 2.0]) - 1.0) ** 2
    >>> loss.backward()
    >>> list(scenes_of(make_plan(Graph(loss, model))))
    ['network', 'layers', 'neurons', 'rest', 'L0n0', 'L0n1', 'L0n2', 'L1n0']
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import accumulate
from typing import Any

from micronn.graph.rows import Graph
from micronn.graph.steps import Story
from micronn.graph.templates import graph_of_places
from micronn.pictures.layout.layout import Layout
from micronn.pictures.layout.sketch import Sketch
from micronn.pictures.network.network_columns import most_active
from micronn.pictures.network.plan_network import network_of
from micronn.pictures.paint import ids
from micronn.pictures.paint.cards import ROW, Card
from micronn.pictures.paint.palette import style
from micronn.pictures.paint.svg import escape, svg_frame, svg_text
from micronn.pictures.views.grouping import Plan, make_plan, rest_cards
from micronn.pictures.views.layer_view import layers_view
from micronn.pictures.views.neuron_part import Part, Parts
from micronn.pictures.views.neuron_view import (
    neuron_cards,
    neuron_face,
    neurons_view,
    shown_weights,
)
from micronn.pictures.views.render import Picture, choose
from micronn.pictures.views.value_view import values_view
from micronn.support.text import counted
from micronn.viewer.computing.computing import why_not
from micronn.viewer.levels.level_words import Teller, said

PREFIX = "lv-"  # of all ids in these pictures
WIDE = 1240  # units of a picture of many cards
GAP = 14  # between them
Box = tuple[float, float, float, float]


@dataclass
class Scene:
    """A picture of one level, and what is said beside it.

    above: the scene that this one opens from.
    has: the values that stand in it; the first one is marked if nothing else is asked for.
    panels: HTML by "value" or "value/message"; of a hot place, by its first value.
    wires: by the id of a wire, the place of its message.
    """

    level: str
    above: str = ""
    svg: str = ""
    has: list[int] = field(default_factory=list)
    panels: dict[str, str] = field(default_factory=dict)
    wires: dict[str, str] = field(default_factory=dict)

    def hot(self, ks: Sequence[int], to: str, box: Box, say: str) -> str:
        """A part of the picture, to be clicked or pressed, where values stand.

        to: the scene that opens, or "" where nothing does.  say: what stands there, in words.
        """
        self.has += ks
        x, y, wide, high = [f"{number:.1f}" for number in box]
        return (
            f'<g class="hot" role="button" tabindex="-1" data-n="{spaced(ks)}" data-to="{to}" '
            f'aria-label="{escape(say)}"><rect x="{x}" y="{y}" width="{wide}" height="{high}" '
            'rx="5" fill="none"/></g>'
        )


def scenes_of(plan: Plan, together: bool = True, with_values: bool = True) -> dict[str, Scene]:
    """The scenes of a graph with neurons, from the network down to the values of each neuron.

    together: whether all neurons stand in one scene; else each layer has its own.
    with_values: False where a page has a scene of its own for all values, called "values".
    """
    return Maker(plan, together, with_values).scenes()


class Maker:
    """Makes the scenes; drawn: of each layer, the neurons that are shown."""

    def __init__(self, plan: Plan, together: bool, with_values: bool):
        self.together, self.layouts = together, dict[str, Layout]()
        self.plan, self.graph, self.parts = plan, plan.graph, Parts(plan)
        nodes = self.graph.nodes
        outs = [[nodes[call.out].data for call in calls] for calls in self.parts.calls]
        self.drawn = [most_active(numbers, ()) for numbers in outs]
        self.below = dict.fromkeys(["rest", *self.seats()], "values")
        self.pieces = dict(self.all_parts()) if with_values else {}
        if with_values:
            self.below = {id: id if id in self.pieces else "" for id in self.below}

    def scenes(self) -> dict[str, Scene]:
        """Every scene, from the top down."""
        found = {"network": self.network(), "layers": self.layers()}
        found |= self.neurons()
        if not found["network"].svg:
            del found["network"]
            found["layers"].above = ""
        homes = {k: id for id, part in self.pieces.items() for k in part.made()}
        teller = Teller(self.parts, homes)
        return found | {id: self.values(id, part, teller) for id, part in self.pieces.items()}

    # What stands where

    def seats(self) -> dict[str, tuple[int, int]]:
        """The layer and the index of each neuron drawn, by its id."""
        pairs = [(number, i) for number, drawn in enumerate(self.drawn) for i in drawn]
        return {ids.neuron(*seat): seat for seat in pairs}

    def all_parts(self) -> Iterable[tuple[str, Part]]:
        """The parts of the graph that can be shown value by value."""
        made = [k for ks in self.plan.rest.values() for k in ks if self.graph.nodes[k].operands]
        for id, part in [("rest", self.parts.around(made) if made else None)]:
            if part:
                yield id, part
        for id, seat in self.seats().items():
            part = self.parts.neuron(*seat)
            if part:
                yield id, part

    def inside(self, number: int, index: int) -> list[int]:
        """The values of a neuron that are shown somewhere, its output first."""
        neuron = self.plan.folds.layers[number].neurons[index]
        call = self.parts.calls[number][index]
        own = [neuron.weights[i] for i in shown_weights(self.plan, neuron)]
        own += [] if neuron.bias is None else [neuron.bias]
        return list(dict.fromkeys([call.out, call.z, *own]))

    def neurons_scene(self, number: int) -> str:
        """The scene with the cards of the neurons of a layer."""
        return "neurons" if self.together else f"neurons{number}"

    def say(self, k: int) -> str:
        """A value in words."""
        return said(self.parts.named(self.graph.nodes[k], self.parts.names), self.graph.ran)

    def neuron_say(self, number: int, index: int) -> str:
        """A neuron in words: its output, and which one it is."""
        out = self.parts.calls[number][index].out
        return f"{self.say(out)}: neuron {index} of {self.plan.full_name(number)}"

    def part_note(self) -> str:
        """Which example is shown, if there are several."""
        if not self.plan.batched:
            return ""
        return (
            f"1 of {self.plan.calls:,} examples is shown, the first. Gradients of parameters "
            "are sums over all of them."
        )

    # The scenes

    def network(self) -> Scene:
        """Circles and lines; without a picture if the layers are no chain."""
        scene, found = Scene("network"), network_of(self.plan, self.parts, self.drawn)
        if found is None:
            return scene
        columns, scene.svg = found(PREFIX, self.part_note())
        hots = []
        for number, i in self.seats().values():
            column, r = columns[number + 1], columns[number + 1].radius + 3
            box = column.x - r, column.middles[i] - r, 2 * r, 2 * r
            say = self.neuron_say(number, i)
            hots.append(scene.hot(self.inside(number, i), "layers", box, say))
        scene.svg = scene.svg.replace("</svg>", "".join(hots) + "</svg>")
        return scene

    def layers(self) -> Scene:
        """A card for each layer; beside them the numbers of its neurons."""
        scene, sketch = Scene("layers", "network"), layers_view(self.plan)
        cards = {card.id: card for card in sketch.cards}
        for number, drawn in enumerate(self.drawn):
            card, to = cards[ids.layer(number)], self.neurons_scene(number)
            ks = [k for i in drawn for k in self.inside(number, i)]
            card.body.append(scene.hot(ks, to, whole(card), card.title))
            scene.panels[f"{ks[0]}"] = self.layer_panel(number, dict.fromkeys(drawn, to))
        self.heat_rest(scene, sketch.cards, rest_cards(self.plan, False))
        scene.svg = self.painted(sketch)
        return scene

    def layer_panel(self, number: int, to: Mapping[int, str]) -> str:
        """The neurons of a layer as a list of buttons, each with its output; to: what they open."""
        drawn, size = self.drawn[number], len(self.parts.calls[number])
        part = f", {len(drawn)} of them listed" if len(drawn) < size else ""
        items = "".join(
            [
                f'<li><button type="button" data-n="{spaced(self.inside(number, i))}" '
                f'data-to="{to[i]}">{escape(self.neuron_say(number, i))}</button></li>'
                for i in drawn
            ]
        )
        heading = f"{self.plan.full_name(number)}: {counted(size, 'neuron')}{part}"
        return f"<h2>{escape(heading)}</h2><p>{self.part_note()}</p><ul>{items}</ul>"

    def neurons(self) -> dict[str, Scene]:
        """The cards of all neurons, or those of each layer by themselves."""
        if not self.together:
            return {f"neurons{n}": self.neurons_of(n) for n in range(len(self.drawn))}
        scene, sketch = Scene("neurons", "layers"), neurons_view(self.plan, PREFIX)
        cards = {card.id: card for card in sketch.cards}
        for id, seat in self.seats().items():
            self.heat_neuron(scene, cards[id], seat)
        self.heat_rest(scene, sketch.cards, rest_cards(self.plan, True))
        scene.svg = self.painted(sketch)
        return {"neurons": scene}

    def neurons_of(self, number: int) -> Scene:
        """The cards of the neurons of a layer."""
        scene, drawn, cards = Scene("neurons", "layers"), [], neuron_cards(self.plan, number)
        for i in self.drawn[number]:
            self.heat_neuron(scene, cards[i], (number, i))
            drawn.append(cards[i])
        part = f", {len(drawn)} of them shown" if len(drawn) < len(cards) else ""
        title = f"{self.plan.full_name(number)}: {counted(len(cards), 'neuron')}{part}"
        scene.svg = grid(drawn, title)
        return scene

    def heat_neuron(self, scene: Scene, card: Card, seat: tuple[int, int]) -> None:
        """Make a neuron's card hot, and each line of it that shows one number."""
        to, (number, i) = self.below[ids.neuron(*seat)], seat
        inside, face = self.inside(*seat), neuron_face(self.plan, number, i)
        lines = (*face.given, *face.results)
        card.body.append(scene.hot(inside, to, whole(card), self.neuron_say(*seat)))
        tops = accumulate([2 * ROW, *[ROW * (1 + line.many) for line in lines]])
        for line, top in zip(lines, tops, strict=False):
            ks = [row.k for row in line.nodes if row.k in inside]
            if ks:
                box = (0, top, card.width, ROW * (1 + line.many))
                row = self.graph.nodes[ks[0]]._replace(name=line.name)
                say = said(row, self.graph.ran)
                if line.many:
                    say = f"{self.say(ks[0])}, on 1 of {len(line.nodes):,} examples"
                card.body.append(scene.hot(ks[:1], to, box, say))

    def heat_rest(
        self, scene: Scene, cards: Sequence[Card], rest: list[tuple[int, list[int]]]
    ) -> None:
        """Make the cards hot of what is in no neuron; rest: by card, in a folded picture."""
        singles = {ids.value(k): [k] for ks in self.plan.columns.values() for k in ks}
        singles |= {ids.value(k): [k] for ks in self.plan.rest.values() for k in ks}
        folded = {ids.rest(n): ks[::-1] for n, ks in rest}
        for card in cards:
            ks = singles.get(card.id) or folded.get(card.id)
            if ks:
                card.body.append(scene.hot(ks, self.home(ks[0]), whole(card), self.say(ks[0])))

    def home(self, k: int) -> str:
        """The scene of values that a value in no neuron stands in, "" for none."""
        if not self.pieces:
            return "values"
        return next((id for id, part in self.pieces.items() if k in part.chosen), "")

    def values(self, id: str, part: Part, teller: Teller, drawn: Part | None = None) -> Scene:
        """The values of a neuron, or around the neurons, and what each receives.

        drawn: the same rows with other numbers and as others are counted, for a picture that
            is filled in.
        """
        seat, shown = self.seats().get(id), drawn or part
        scene = Scene("values", "neurons" if seat is None else self.neurons_scene(seat[0]))
        if seat is None and not self.together:
            scene.above = "layers"
        sketch = values_view(shown, shown.chosen, PREFIX)
        at = dict(zip(part.chosen, shown.chosen, strict=True))
        rows = {ids.value(at[row.k]): row for row in part.rows()}
        for card in reversed(sketch.cards):  # the output first
            row = rows[card.id]
            card.body.append(scene.hot([row.k], "", whole(card), said(row, self.graph.ran)))
            scene.panels |= teller.panels(part, row, id)
            scene.wires |= {
                PREFIX + ids.edge(at[user], j): f"{id}/{place}"
                for (user, j), place in teller.wires(part, row).items()
                if user in at
            }
        title = (
            self.neuron_say(*seat) if seat else f"around the neurons: {self.say(max(part.chosen))}"
        )
        if drawn:  # numbers in a heading would be those of one moment
            title = self.plan.full_name(seat[0]) + f", neuron {seat[1]}" if seat else "the loss"
            sketch.legend = []
            for card in sketch.cards:
                card.title = ""
            for wire in sketch.wires:
                wire.title = ""
        notes = [note for note in (part.note, self.part_note()) if note]
        scene.svg = self.painted(replace(sketch, title=title, caption=f"{title}.", notes=notes))
        return scene

    def painted(self, sketch: Sketch) -> str:
        """A sketch as SVG."""
        return Picture(sketch, True, PREFIX, None, layouts=self.layouts).svg


def whole(card: Card) -> Box:
    """The place of a card on itself."""
    return 0, 0, card.width, card.height


def spaced(ks: Iterable[int]) -> str:
    """Numbers as an attribute."""
    return " ".join(map(str, ks))


def grid(cards: Sequence[Card], title: str) -> str:
    """Cards in rows, as many side by side as can be read."""
    wide = max(card.width for card in cards) + GAP
    across, top, parts = max(1, int(WIDE // wide)), 40.0, [svg_text(GAP, 22, title, 13, bold=True)]
    for start in range(0, len(cards), across):
        row = cards[start : start + across]
        high = max(card.height for card in row)
        for i, card in enumerate(row):
            middle = GAP + wide * i + card.width / 2, top + card.height / 2
            parts.append(card.svg(middle, PREFIX))
        top += high + GAP
    width = GAP + wide * min(across, len(cards))
    return svg_frame(max(width, 320.0), top, title, title, parts, PREFIX)


# What the page gets


def levels_of(graph: Graph, detail: str, story: Story | None = None) -> dict[str, str]:
    """The parts of the skeleton levels.html; none for a graph without neurons.

    detail: the level that the page opens with, or "auto" for the one that draw() chooses.
    story: what a page tells that steps through all values, which then are its lowest level;
        if it can compute, each scene has another, "moved", with places for its numbers.
    """
    steps = story is not None
    plan = make_plan(graph) if detail != "values" or steps else None
    if plan is None:
        return {}
    level = choose(graph, plan, detail)
    scenes = scenes_of(plan, level == "neurons", not steps)
    known = {id: asdict(scene) for id, scene in scenes.items()}
    if story and not why_not(graph):
        placed = plan.again(graph_of_places(story.graph))
        for id, scene in scenes_of(placed, level == "neurons", False).items():
            known[id]["moved"] = {"svg": unstyled(scene.svg), "panels": scene.panels}
    if steps and detail == "auto":
        level = "values"
    start = next((id for id, scene in scenes.items() if scene.level == level), "")
    if detail == "network" and not start:
        return {}
    names = dict.fromkeys([*[scene.level for scene in scenes.values()], *["values"] * steps])
    buttons = [f'<button type="button" data-level="{name}">{name}</button>' for name in names]
    return {
        "tabs": "".join(buttons),
        "scene": scenes[start].svg if start else "",
        "start": start or level,
        "card": ids.value(""),
        "scenes": packed(known),
    }


def unstyled(svg: str) -> str:
    """A picture for a page that has another with its style."""
    return svg.replace(f"<style>{style()}</style>", "")


def packed(scenes: Mapping[str, Any]) -> str:
    """Scenes as the script reads them."""
    known = json.dumps(scenes, separators=(",", ":"))
    return base64.b64encode(zlib.compress(known.encode("utf-8"), 9)).decode("ascii")
