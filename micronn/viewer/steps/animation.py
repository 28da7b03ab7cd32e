"""A picture that plays by itself: the steps of backpropagation as CSS keyframes in an SVG.

It holds no script, so it plays wherever an image is shown: in a README, on slides, in a
notebook that nobody trusts.  The finished picture is drawn first, and nothing is taken out
of it.  Each part is told until when it looks otherwise (a number is hidden, a wire is grey),
and each step adds a scene that is seen during that step alone: rings around its cards, a flow
along its wires, its equation below.  So where nothing moves, for readers who asked for less
motion and where the file itself is printed, the finished picture stands by itself.

    >>> from micronn.engine import Value
    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> svg = to_animation(Graph(a * b))
    >>> "@keyframes" in svg, "grad of a += ∂v2/∂a × grad of v2 = 3 × 1 = 3" in svg
    (True, True)
"""

import copy
import xml.etree.ElementTree as ET
from itertools import groupby
from textwrap import wrap
from typing import Any

from micronn.graph.rows import Graph
from micronn.graph.steps import Message, Step, Story
from micronn.pictures.paint.palette import LIGHT
from micronn.pictures.paint.svg import svg_line, svg_text, text_width, units
from micronn.pictures.views.render import render
from micronn.support.text import fmt, number
from micronn.viewer.computing.step_data import Slots
from micronn.viewer.steps.stepper import MOST_CARDS, MOST_WIRES, is_stepped

SECONDS = {"start": 2.5, "forward": 2.0, "seed": 2.5, "backward": 3.0, "done": 7.0}
MOST_SECONDS = 120  # that a long story takes, each step getting less
LEAST_WIDTH = 480  # units, for the equations below
SIZE, LINE, MARGIN = 14, 20, 14  # of an equation, from line to line, and at the left
XMLNS = ' xmlns="http://www.w3.org/2000/svg"'

Look = tuple[int, str]  # until which step a part has which CSS declarations
Entry = tuple[str, str]  # a text and the colour token of the box behind it, or ""


def to_animation(
    graph: Graph,
    detail: str = "auto",
    *,
    title: str | None = None,
    legend: bool = True,
    prefix: str = "",
) -> str:
    """The SVG of a graph that plays the steps of its passes, waits, and begins again.

    graph, detail, title, legend, prefix: as for draw.  What is played is the view of single values
        and one backward pass, whether backward() has run or not.

    Raises ValueError for a graph with too many values or wires to step through and for
    another view, NoLayout if no layout engine is installed.
    """
    if not is_stepped(graph, detail):
        wires = sum([len(node.operands) for node in graph.nodes])
        raise ValueError(
            f"a picture of {len(graph):,} values and {wires:,} wires with detail={detail!r} cannot "
            f"play: what plays is single values, up to {MOST_CARDS} with up to {MOST_WIRES} wires; "
            "draw a smaller graph with detail='values', or leave animate out"
        )
    story = Story(graph)
    picture = render(story.graph, "values", title=title, legend=legend, prefix=prefix)
    return Film(Slots(story), picture.svg, prefix).text()


class Film:
    """A finished picture, and what its parts do over time.

    svg: the picture as a tree, which the steps of the story make play.
    steps: as the scripts of a page know them, see step_data.py.
    starts: when each step begins, and at the end when the last one ends, in percent.
    looks: what is played, each with the name of its keyframes.
    """

    def __init__(self, slots: Slots, svg: str, prefix: str):
        self.story, self.prefix = slots.story, prefix
        self.svg = ET.fromstring(svg.replace(XMLNS, "", 1))
        self.parts = {part.get("id", ""): part for part in self.svg.iter()}
        self.steps = [slots.step(step) for step in slots.story.steps]
        seconds = [SECONDS[step.phase] for step in slots.story.steps]
        self.seconds = min(sum(seconds), MOST_SECONDS)
        self.starts = [100 * sum(seconds[:k]) / sum(seconds) for k in range(len(seconds) + 1)]
        self.looks: dict[tuple[Look, ...], str] = {}
        seen = self.histories(slots)
        self.play_cards(seen)
        self.play_slots(seen)
        self.play_wires()
        self.add_scenes()

    def part(self, id: str) -> ET.Element:
        """A part of the picture by its id."""
        return self.parts[self.prefix + id]

    # What plays

    def until(self, part: ET.Element, *looks: Look) -> None:
        """Let a part look otherwise, one look after the other, until it looks as it is drawn."""
        looks = tuple([look for look in looks if look[0] > 0])
        if looks:
            name = self.looks.setdefault(looks, f"{self.prefix}a{len(self.looks)}")
            part.set("class", f"{part.get('class', '')} a {name}".strip())

    def during(self, part: ET.Element, first: int, end: int) -> None:
        """Let a part be seen from one step until another begins, and never where nothing plays."""
        if end < len(self.steps):
            part.set("visibility", "hidden")
            self.until(part, (first, "visibility:hidden"), (end, "visibility:visible"))
        else:
            self.until(part, (first, "visibility:hidden"))

    # The parts of the picture

    def histories(self, slots: Slots) -> dict[str, list[Entry]]:
        """What stands in each slot during each step."""
        now = {id: (text, token) for id, text, token in slots.start()}
        seen: dict[str, list[Entry]] = {id: [] for id in now}
        for step in self.steps:
            now |= {id: (text, token) for id, text, token in step["set"]}
            for id, entry in now.items():
                seen[id].append(entry)
        return seen

    def play_slots(self, seen: dict[str, list[Entry]]) -> None:
        """Numbers come when they are known, and of a gradient the sum so far before the whole."""
        parents = {part: parent for parent in self.svg.iter() for part in parent}
        for id, entries in seen.items():
            part, looks, k = self.part(id), [], 0
            for entry, run in groupby(entries):
                first, k = k, k + len(list(run))
                looks.append((k, "visibility:hidden"))
                if entry == entries[-1]:
                    looks[-1] = k, "visibility:visible"
                elif entry[0]:
                    earlier = filled(part, *entry)
                    self.during(earlier, first, k)
                    parents[part].append(earlier)
            self.until(part, *looks[:-1])

    def play_cards(self, seen: dict[str, list[Entry]]) -> None:
        """Cards are pale until they are computed, and calm until they hold nan or infinity."""
        for k, step in enumerate(self.steps):
            if step["phase"] == "forward":
                self.until(self.part(step["on"][0]), (k, "opacity:.38"))
        for card in [
            part for part in self.svg.iter("g") if "card" in part.get("class", "").split()
        ]:
            slots = [part.get("id", "").removeprefix(self.prefix) for part in card.iter()]
            tokens = [[token for _, token in seen[slot]] for slot in slots if slot in seen]
            known = min([line.index("bad") for line in tokens if "bad" in line], default=0)
            for part in card:
                if part.get("stroke") == LIGHT["bad"]:
                    self.until(part, (known, "stroke:var(--rule)"))
                elif part.tag == "text" and part.get("fill") == LIGHT["bad"] and not part.get("id"):
                    self.until(part, (known, "visibility:hidden"))  # first +∞

    def play_wires(self) -> None:
        """Wires are pale, then grey once a number came along, then of their message's colour."""
        used: dict[str, list[int]] = {}
        for k, step in enumerate(self.steps):
            for wire in step["wires"]:
                used.setdefault(wire, []).append(k)
        for wire, (forward, backward) in used.items():
            for part in self.part(wire).iter("path"):
                self.until(part, (forward, grey("hair", 1)), (backward + 1, grey("rule", 1.3)))

    # The scenes

    def add_scenes(self) -> None:
        """What is seen during one step alone, above the picture and below it."""
        width = max(float(self.svg.get("width", 0)), LEAST_WIDTH)
        top, room = float(self.svg.get("height", 0)), int((width - 2 * MARGIN) / (0.6 * SIZE))
        captions = [wrap(caption(self.story, step), room) for step in self.story.steps]
        height = top + 34 + LINE * max(map(len, captions))
        self.svg.set("width", units(width))
        self.svg.set("height", units(height))
        self.svg.set("viewBox", f"0 0 {units(width)} {units(height)}")
        for part in self.svg.findall("rect"):  # the ground
            part.set("width", units(width))
            part.set("height", units(height))
        line = f"M{MARGIN} {units(top + 4)}H{units(width - MARGIN)}"
        self.svg.append(ET.fromstring(svg_line(line, "hair")))
        bar = ET.fromstring(svg_line(line, "ink", 3, css="bar"))
        bar.set("visibility", "hidden")
        self.svg.append(bar)
        for k, (step, lines) in enumerate(zip(self.story.steps, captions, strict=True)):
            texts = [svg_text(MARGIN, top + 20, step.title, 11, "mut")]
            texts += [
                svg_text(MARGIN, top + 38 + LINE * i, text, SIZE) for i, text in enumerate(lines)
            ]
            scene = ET.fromstring(f"<g>{''.join([*self.pointers(self.steps[k]), *texts])}</g>")
            self.during(scene, k, k + 1)
            self.svg.append(scene)

    def pointers(self, step: dict[str, Any]) -> list[str]:
        """Rings around the cards of a step, and a flow along its wires."""
        found = [self.ring(card, "now", 7, 4) + self.ring(card, "ink", 2, 4) for card in step["on"]]
        found += [
            self.ring(card, "ink", 2, 3, "5 3") for card in step["to"] if card not in step["on"]
        ]
        way = "flow" if step["phase"] == "forward" else "flow rev"
        for wire in step["wires"]:
            line, head = (part.get("d", "") for part in self.part(wire).iter("path"))
            found.append(svg_line(line, "ink", 3.2, "9 5", way))
            found.append(f'<path d="{head}" fill="{LIGHT["ink"]}"/>')
        return found

    def ring(self, card: str, token: str, wide: float, gap: float, dash: str = "") -> str:
        """A line around a card."""
        part = self.part(card)
        frame = part.find("rect")
        assert frame is not None  # the border of every card
        width, height = (units(float(frame.get(side, 0)) + 2 * gap) for side in ("width", "height"))
        return (
            f'<rect transform="{part.get("transform")}" x="{-gap}" y="{-gap}" width="{width}" '
            f'height="{height}" rx="9" fill="none" stroke="{LIGHT[token]}" stroke-width="{wide}"'
            + (f' stroke-dasharray="{dash}"' if dash else "")
            + "/>"
        )

    # As text

    def text(self) -> str:
        """The picture with its keyframes."""
        style = self.svg.find("style")
        assert style is not None  # of every picture
        style.text = f"{style.text}{self.keyframes()}"
        return ET.tostring(self.svg, "unicode").replace("<svg", f"<svg{XMLNS}", 1) + "\n"

    def keyframes(self) -> str:
        """The style that makes it play, where the reader wants motion and the page can move.

        Every animation jumps at the start of a stretch to how the stretch ends, so a look
        is written at its end, and what is not written is how the part is drawn.
        """
        long, flow, bar = f"{units(self.seconds)}s", f"{self.prefix}flow", f"{self.prefix}bar"
        rules = [
            f".mn .a{{animation:{long} steps(1,start) infinite}}",
            ".mn .line{fill:none!important}.mn .head{stroke:none!important}",
            f".mn .flow{{animation:{flow} .7s linear infinite}}",
            ".mn .rev{animation-direction:reverse}",
            f"@keyframes {flow}{{to{{stroke-dashoffset:-28}}}}",
            f".mn .bar{{visibility:visible;animation:{bar} {long} linear infinite;"
            f"transform-origin:{MARGIN}px 0}}",
            f"@keyframes {bar}{{from{{transform:scaleX(0)}}}}",
        ]
        for looks, name in self.looks.items():
            frames = "".join([f"{self.starts[k]:.4g}%{{{look}}}" for k, look in looks])
            rules.append(f".mn .{name}{{animation-name:{name}}}@keyframes {name}{{{frames}}}")
        return f"@media screen and (prefers-reduced-motion:no-preference){{{''.join(rules)}}}"


def grey(token: str, width: float) -> str:
    """How a wire looks whose message has not come yet; a line is not filled, its arrow is."""
    colour = f"stroke:var(--{token});fill:var(--{token})"
    return f"{colour};stroke-width:{width}px;stroke-dasharray:none"


def filled(part: ET.Element, text: str, token: str) -> ET.Element:
    """A copy of a slot with another text, and another colour behind it."""
    part = copy.deepcopy(part)
    part.attrib.pop("id")
    box, label = part.find("rect"), part.find("text")
    if box is not None and label is not None and token:
        width = text_width(text)
        label.text = text
        label.set("textLength", units(min(width, float(box.get("width", width)) - 4)))
        label.set("fill", LIGHT["badink" if token == "bad" else "ink"])
        label.set("font-weight", "bold" if token == "bad" else "normal")
        box.set("fill", LIGHT[token])
    return part


# What is said


def caption(story: Story, step: Step) -> str:
    """A step in numbers: its equation, or a sentence where it has none."""
    return message_line(story, step.messages[0]) if len(step.messages) == 1 else step.say


def message_line(story: Story, item: Message) -> str:
    """The chain rule for one message, and the sum it becomes part of."""
    to, product = story.name(item.to), f"{number(item.local)} × {number(item.upstream)}"
    symbol = story.rule(item).symbol.partition(" = ")[0]
    line = (
        f"grad of {to} += {symbol} × grad of {story.name(item.user)} = {product} = {fmt(item.size)}"
    )
    if item.is_added:
        line += f"; it was {fmt(item.before)}, so it is {fmt(item.after)}"
    return line
