"""A picture before it is laid out, and the DOT text that tells Graphviz what to lay out.

The DOT text holds every name and number of the picture, and any Graphviz can draw it.
"""

from dataclasses import dataclass, field

from micronn.pictures.cards import Card, dot_text
from micronn.pictures.edges import Lane, Wire
from micronn.pictures.legend import Item
from micronn.pictures.palette import LIGHT, NEGATIVE_DASH, ZERO_DASH


@dataclass
class Sketch:
    """A picture before it is laid out: cards, wires, lanes, and what is said about them.

    caption: a sentence or two with the most important numbers.
    ranksep: the room between two columns of cards, in inches.
    """

    cards: list[Card]
    wires: list[Wire]
    title: str
    caption: str
    legend: list[Item]
    lanes: list[Lane] = field(default_factory=list)
    ranksep: float = 0.5


def dot_source(sketch: Sketch) -> str:
    """A sketch as DOT text; everything a wire or a lane is named with is ASCII.

    A Graphviz without a font library counts bytes as characters, and those names
    would push the cards apart; the cards themselves have a fixed size.
    """
    lines = [
        "digraph micronn {",
        f"graph [rankdir=LR nodesep=0.2 ranksep={sketch.ranksep} pad=0.15 "
        'outputorder=edgesfirst fontname="Courier New" fontsize=11];',
        'node [fixedsize=true fontname="Courier New" fontsize=11 margin="0.03,0.01"];',
        'edge [arrowsize=0.6 fontname="Courier New" fontsize=10];',
        *lane_lines(sketch, ""),
        *[dot_node(card) for card in sketch.cards if not card.lane],
        *[dot_edge(item) for item in sketch.wires],
        "}",
    ]
    return "\n".join(lines) + "\n"


def lane_lines(sketch: Sketch, outer: str) -> list[str]:
    """The clusters of a sketch, those inside a cluster between its braces."""
    lines = []
    for lane in [lane for lane in sketch.lanes if lane.inside == outer]:
        lines += [
            f"subgraph {lane.id} {{",
            f'graph [label="{dot_text(ascii_only(lane.name))}" labeljust=l margin=8];',
            *[dot_node(card) for card in sketch.cards if card.lane == lane.id],
            *lane_lines(sketch, lane.id),
            "}",
        ]
    return lines


def ascii_only(text: str) -> str:
    """Text with ? for what is not ASCII."""
    return text.encode("ascii", "replace").decode()


def dot_node(card: Card) -> str:
    """A card as a box of its size."""
    return (
        f"{card.id} [id={card.id} shape={card.shape} width={card.width / 72:.4f} "
        f'height={card.height / 72:.4f} color="{LIGHT[card.css]}" label="{card.label}"];'
    )


def dot_edge(item: Wire) -> str:
    """A wire from port to port, in the colour and dashes of its message."""
    tail = f"{item.tail}:{item.tail_port}:e" if item.tail_port else f"{item.tail}:e"
    head = f"{item.head}:{item.head_port}:w" if item.head_port else f"{item.head}:w"
    style = {"": "", NEGATIVE_DASH: " style=dashed", ZERO_DASH: " style=dotted"}[item.dash]
    label = "\\n".join([dot_text(line) for line in (*item.label, " ")]) if item.label else ""
    label = label.replace("→", "->").replace("←", "<-")
    return (
        f'{tail} -> {head} [id={item.id} color="{LIGHT[item.token]}" penwidth={item.width:.1f}'
        + style
        + (f' label="{label}"' if label else "")
        + (f" minlen={item.minlen}" if item.minlen > 1 else "")
        + "];"
    )
