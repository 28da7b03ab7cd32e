"""A colour says how a gradient pushes and how hard, and never says it alone.

The sign is also a character or a dash.

    >>> shade(-0.2, scale([-0.2, 1.0, 0.001]))
    'neg2'
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from micronn.support.text import OPENS, Place


class Palette(dict[str, str]):
    """The hex of each token; of a mark that stands for a token, one that stands for its hex."""

    def __missing__(self, token: str) -> str:
        if not token.startswith(OPENS):
            raise KeyError(token)
        return f"{OPENS}c{token[1:]}"


# A token for each meaning, a light and a dark hex for each token.  Every light hex
# belongs to one token alone, so that a style rule can find it and turn it dark.
# Blue and orange stay apart for the colour-blind, as green and red do not.

LIGHT = Palette({
    "bg": "#ffffff",  # behind everything
    "card": "#fbfcfd",
    "lane": "#f4f6f8",  # behind a group of cards
    "ink": "#1b2027",  # text
    "mut": "#56616d",  # text of second rank, local derivatives, messages
    "rule": "#838e9a",  # borders of controls, wires not reached yet
    "hair": "#d5dbe1",  # thin lines
    "pos1": "#deeefd",  # positive: pale, mid, strong
    "pos2": "#a5d0f8",
    "pos3": "#58a6f0",
    "neg1": "#fde9d8",  # negative: pale, mid, strong
    "neg2": "#f8c08f",
    "neg3": "#ec9339",
    "zero": "#e2e6ea",  # exactly zero
    "epos": "#0865ae",  # wires that carry a positive, negative, zero message
    "eneg": "#a45200",
    "ezero": "#7d8894",
    "input": "#0b6b54",  # the kinds of values
    "param": "#6741b2",
    "const": "#5a6572",
    "op": "#3f4a56",
    "root": "#1b2028",
    "bad": "#b4002a",  # nan and infinity, and the text on them
    "badink": "#fffffe",
    "now": "#ffd23f",  # the ring around the card a step is about
})  # fmt: skip
DARK = {
    "bg": "#10151b", "card": "#171e26", "lane": "#141a21", "ink": "#e8edf2",
    "mut": "#a3afbb", "rule": "#6f7b87", "hair": "#323c47",
    "pos1": "#1d3145", "pos2": "#1f507f", "pos3": "#1f6ab3",
    "neg1": "#40301f", "neg2": "#74471f", "neg3": "#9a5719", "zero": "#2d333b",
    "epos": "#68b3f2", "eneg": "#eb9d58", "ezero": "#74808d",
    "input": "#71ccaf", "param": "#b8a2fb", "const": "#9aa6b2", "op": "#c0cad4",
    "root": "#e8edf3", "bad": "#ff6b7f", "badink": "#10151c", "now": "#ffd340",
}  # fmt: skip

SHADES = ("neg3", "neg2", "neg1", "zero", "pos1", "pos2", "pos3")  # from - to +

# The sign of what a line carries, its colour token, and its dashes for those who see no colour.
SIGNS = PLUS, MINUS, ZERO = ("+", "epos", ""), ("−", "eneg", "6 3"), ("0", "ezero", "1.5 3")

FONT = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace'


def scale(numbers: Iterable[float]) -> float:
    """The size that shades are measured against: the largest finite |number|, else 0."""
    numbers = list(numbers)
    if numbers and isinstance(numbers[0], Place):
        return Place.of("^", numbers)
    known = list(numbers)
    if not math.isfinite(sum(known)):  # the rare case
        known = list(filter(math.isfinite, known))
    return abs(max(max(known, default=0.0), -min(known, default=0.0)))


def gradient_scale(rows: Iterable[Any]) -> float:
    """The same for the gradients of all rows of a graph; that of a constant nobody uses."""
    m = scale([row.grad for row in rows if row.role != "const"])
    return Place(m, "M") if isinstance(m, Place) else m


def shade(g: float, m: float) -> str:
    """The colour token of a number g in a picture whose largest number has size m.

    "pos3" or "neg3", strong, from m/3 on; "pos2" or "neg2", mid, from m/30 on;
    "pos1" or "neg1", pale, below; "zero" for exactly 0; "bad" for nan and infinity.
    One step is a factor of ten, because gradients die by factors.

    >>> [shade(g, 1.0) for g in (0.9, -0.2, 0.001, 0.0, math.inf)]
    ['pos3', 'neg2', 'pos1', 'zero', 'bad']
    """
    if isinstance(g, Place):
        return beside(g, m).mark("t")
    if not math.isfinite(g):
        return "bad"
    if g == 0.0:
        return "zero"
    strength = 3 if abs(g) >= m / 3.0 else 2 if abs(g) >= m / 30.0 else 1
    return SHADES[3 + strength if g > 0.0 else 3 - strength]


def idle(g: float) -> str:
    """The colour token of a gradient that nobody uses: grey, unless it is nan or infinite."""
    if isinstance(g, Place):
        return g.mark("z")
    return "zero" if math.isfinite(g) else "bad"


def wire(message: float, m: float) -> tuple[str, float, str]:
    """Colour token, width and dash pattern of a wire that carries this message back.

    The dash repeats the sign: none for +, long for -, dots for 0.

    >>> wire(-0.2, 1.0)
    ('eneg', 1.7, '6 3')
    """
    if isinstance(message, Place):
        place = beside(message, m)
        return place.mark("o"), place, place.mark("j")
    token = shade(message, m)
    if token == "bad":
        return "bad", 3.0, ""
    _, colour, dash = ZERO if token == "zero" else PLUS if message > 0.0 else MINUS
    return colour, {"1": 1.0, "2": 1.7, "3": 2.6}.get(token[-1], 1.2), dash


def beside(x: Place, m: float) -> Place:
    """The place of a number and of what it is measured against, if that is not M."""
    return Place(x, f"{x.at}|{m.at}") if isinstance(m, Place) and m.at != "M" else x


def odd(numbers: Sequence[float], fine: str = "") -> str:
    """The colour token of numbers of which one is nan or infinite; `fine` if none is.

    >>> odd([1.0, math.inf]), odd([1.0], "op")
    ('bad', 'op')
    """
    if numbers and isinstance(numbers[0], Place):
        return Place.of("", numbers).mark("e", fine or "card")
    return fine if all(map(math.isfinite, numbers)) else "bad"


def variables(palette: Mapping[str, str]) -> str:
    """A palette as CSS variables: --bg:#ffffff;--card:#fbfcfd;..."""
    return "".join([f"--{token}:{hex_};" for token, hex_ in palette.items()])


@cache
def style() -> str:
    """The style sheet inside every picture: light, and dark where the screen is dark.

    Paper is always light.  A program that knows no CSS variables draws the light
    colours, which stand in the attributes.
    """
    recolour = [
        f'.mn [{attribute}="{hex_}"]{{{attribute}:var(--{token})}}'
        for token, hex_ in LIGHT.items()
        for attribute in ("fill", "stroke")
    ]
    return (
        f".mn{{{variables(LIGHT)}font-family:{FONT}}}"
        f"@media screen and (prefers-color-scheme:dark){{.mn{{{variables(DARK)}}}}}"
        ".mn text{font-family:inherit;white-space:pre}" + "".join(recolour)
    )
