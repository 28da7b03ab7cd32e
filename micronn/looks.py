"""How numbers, names and colours look, on every picture and page alike.

A picture of a computation is read like a page of sums: a number shown short is
exact, a number shown with four digits is rounded, and only zero looks like zero.
A colour says how a gradient pushes and how hard, and never says it alone: the sign
is also a character or a dash.

Everything here is text: nothing is laid out, nothing knows what a Value is.

    >>> fmt(0.1), fmt(0.1 + 0.2), fmt(-0.00005), fmt(0.5, sign=True)
    ('0.1', '0.3000', '−5e−5', '+0.5')
    >>> shade(-0.2, scale([-0.2, 1.0, 0.001]))
    'neg2'
"""

import base64
import math
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal

# Colours: a token for each meaning, a light and a dark hex for each token.  Every
# light hex belongs to one token alone, so that a style rule can find it and turn
# it dark.  Blue and orange stay apart for the colour-blind, as green and red do not.

LIGHT = {
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
}
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

FONT = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace'


def scale(numbers: Iterable[float]) -> float:
    """The size that shades are measured against: the largest finite |number|, else 0."""
    return max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)


def shade(g: float, m: float) -> str:
    """The colour token of a number g in a picture whose largest number has size m.

    "pos3" or "neg3", strong, from m/3 on; "pos2" or "neg2", mid, from m/30 on;
    "pos1" or "neg1", pale, below; "zero" for exactly 0; "bad" for nan and infinity.
    One step is a factor of ten, because gradients die by factors.

    >>> [shade(g, 1.0) for g in (0.9, -0.2, 0.001, 0.0, math.inf)]
    ['pos3', 'neg2', 'pos1', 'zero', 'bad']
    """
    if not math.isfinite(g):
        return "bad"
    if g == 0.0:
        return "zero"
    strength = 3 if abs(g) >= m / 3.0 else 2 if abs(g) >= m / 30.0 else 1
    return f"{'pos' if g > 0.0 else 'neg'}{strength}"


def wire(message: float, m: float) -> tuple[str, float, str]:
    """Colour token, width and dash pattern of a wire that carries this message back.

    The dash repeats the sign: none for +, long for -, dots for 0.

    >>> wire(-0.2, 1.0)
    ('eneg', 1.7, '6 3')
    """
    token = shade(message, m)
    if token == "bad":
        return "bad", 3.0, ""
    if token == "zero":
        return "ezero", 1.2, "1.5 3"
    width = {"1": 1.0, "2": 1.7, "3": 2.6}[token[-1]]
    return ("epos", width, "") if message > 0.0 else ("eneg", width, "6 3")


def variables(palette: Mapping[str, str]) -> str:
    """A palette as CSS variables: --bg:#ffffff;--card:#fbfcfd;..."""
    return "".join([f"--{token}:{hex_};" for token, hex_ in palette.items()])


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


# Numbers


def fmt(x: float, sign: bool = False, digits: int = 4) -> str:
    """A number as pictures show it: at most 11 characters, and honest.

    A number of up to `digits` significant digits is shown exactly; a longer one is
    rounded to that many and keeps its zeros.  Only zero is shown as 0.
    sign: put + before a positive number.

    >>> [fmt(x) for x in (2.0, 0.1 + 0.2, 1234.5, 10000.0, 0.99999, -math.inf)]
    ['2', '0.3000', '1234', '1e4', '1.000', '−∞']
    """
    if x != x:
        return "NaN"
    if x == 0.0:
        return "0"
    before = "−" if x < 0.0 else "+" if sign or x == math.inf else ""
    return before + ("∞" if math.isinf(x) else size_text(abs(x), digits))


def size_text(size: float, digits: int) -> str:
    """A finite number above 0 as text, without a sign."""
    exact = Decimal(repr(size)).normalize().as_tuple()
    figures, power = "".join(map(str, exact.digits)), len(exact.digits) - 1 + int(exact.exponent)
    if len(figures) > digits:
        mantissa, _, power_text = f"{size:.{digits - 1}e}".partition("e")
        figures, power = mantissa.replace(".", ""), int(power_text)
    if 0 <= power < digits:
        figures = figures.ljust(power + 1, "0")
        return figures[: power + 1] + ("." if figures[power + 1 :] else "") + figures[power + 1 :]
    if -3 <= power < 0:
        return "0." + "0" * (-power - 1) + figures
    mantissa = figures[0] + ("." if figures[1:] else "") + figures[1:]
    return f"{mantissa}e{power}".replace("-", "−")


# Names: any text at all, made fit to be shown

GLYPHS = {
    "-": "−", "*": "×", "/": "÷", "**": "x^k", "**2": "x²", "**3": "x³",
    "sum": "Σ", "linear": "dot", "maximum": "max", "minimum": "min",
}  # fmt: skip
LONGEST_NAME = 28


def glyph(op: str) -> str:
    """An operation as a card's header shows it.

    >>> glyph("*"), glyph("**3"), glyph("**-0.5"), glyph("tanh")
    ('×', 'x³', 'x^−0.5', 'tanh')
    """
    if op not in GLYPHS and op.startswith("**"):
        return "x^" + fmt(float(op[2:]))
    return GLYPHS.get(op) or clean(op)


def clean(name: str) -> str:
    """A name fit to be shown: visible characters only, at most 28 of them.

    A control character, a lone surrogate or a mark that turns the reading
    direction becomes U+FFFD; the middle of a long name becomes …; blanks are no name.

    >>> clean("loss\\n"), clean("   "), len(clean("w" * 10_000))
    ('loss\ufffd', '', 28)
    """
    if not name.strip():
        return ""
    if len(name) > LONGEST_NAME:
        half = LONGEST_NAME // 2
        name = f"{name[:half]}…{name[len(name) - half + 1 :]}"
    return "".join([c if c.isprintable() else "\ufffd" for c in name])


def columns(text: str) -> float:
    """How many characters wide a text is, in a font where every letter is as wide.

    East Asian wide characters count 2, pictographs 2.5, marks on a letter 0.
    """
    return max(1.0, sum(map(column, text))) if text else 0.0


def column(c: str) -> float:
    """The width of one character."""
    if c < "\u0300":
        return 1.0
    if unicodedata.category(c) in ("Mn", "Me"):
        return 0.0
    if c >= "\U0001f000":
        return 2.5
    return 2.0 if unicodedata.east_asian_width(c) in "WF" else 1.0


def text_width(text: str, size: float = 12) -> float:
    """The width of a text in units, one unit being one pixel."""
    return columns(text) * 0.6 * size


# SVG elements, as text

ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
)  # fmt: skip


def escape(text: str) -> str:
    """Text for SVG and HTML, between tags or in an attribute."""
    return text.translate(ENTITIES)


def units(x: float) -> str:
    """A coordinate with at most one decimal.

    >>> units(12.0), units(12.04), units(-0.01)
    ('12', '12', '0')
    """
    tenths = round(x * 10)
    return str(tenths // 10) if tenths % 10 == 0 else str(tenths / 10)


def svg_text(
    x: float,
    y: float,
    text: str,
    size: float = 12,
    fill: str = "ink",
    anchor: str = "start",
    bold: bool = False,
    id: str = "",
) -> str:
    """One line of text; y is its baseline, fill a colour token.

    textLength holds it to the width it was given room for, whatever the font.
    """
    if not text:
        return ""
    return (
        "<text"
        + (f' id="{id}"' if id else "")
        + f' x="{units(x)}" y="{units(y)}" font-size="{size}" fill="{LIGHT[fill]}"'
        + (f' text-anchor="{anchor}"' if anchor != "start" else "")
        + (' font-weight="bold"' if bold else "")
        + f' textLength="{units(text_width(text, size))}" lengthAdjust="spacingAndGlyphs">'
        + f"{escape(text)}</text>"
    )


def svg_rect(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    stroke: str = "",
    stroke_width: float = 1,
    radius: float = 0,
    dash: str = "",
) -> str:
    """A box; fill and stroke are colour tokens."""
    return (
        f'<rect x="{units(x)}" y="{units(y)}" width="{units(width)}" height="{units(height)}"'
        + f' fill="{LIGHT[fill]}"'
        + (f' rx="{units(radius)}"' if radius else "")
        + (f' stroke="{LIGHT[stroke]}" stroke-width="{units(stroke_width)}"' if stroke else "")
        + (f' stroke-dasharray="{dash}"' if dash else "")
        + "/>"
    )


def svg_line(path: str, stroke: str, width: float = 1, dash: str = "", css: str = "") -> str:
    """An open path; stroke is a colour token."""
    return (
        "<path"
        + (f' class="{css}"' if css else "")
        + f' d="{path}" fill="none" stroke="{LIGHT[stroke]}" stroke-width="{units(width)}"'
        + (f' stroke-dasharray="{dash}"' if dash else "")
        + "/>"
    )


def svg_chip(
    x: float, y: float, width: float, text: str, token: str, id: str = "", size: float = 12
) -> str:
    """A number on a rounded box of the colour that says how big it is."""
    ink = "badink" if token == "bad" else "ink"
    return (
        "<g"
        + (f' id="{id}"' if id else "")
        + ">"
        + svg_rect(x, y + 2, width, 15, token, radius=4)
        + svg_text(x + width / 2, y + 13.5, text, size, ink, "middle", bold=token == "bad")
        + "</g>"
    )


def svg_frame(
    width: float, height: float, title: str, desc: str, parts: Iterable[str], prefix: str = ""
) -> str:
    """A whole picture: its size, its name and description in words, its colours, its parts.

    prefix: goes before every id, so that several pictures can stand in one page.
    """
    size = f"{units(math.ceil(width))} {units(math.ceil(height))}"
    wide, high = size.split()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mn" role="img" '
        f'aria-labelledby="{prefix}mn-t {prefix}mn-d" '
        f'width="{wide}" height="{high}" viewBox="0 0 {size}">\n'
        f'<title id="{prefix}mn-t">{escape(title)}</title>\n'
        f'<desc id="{prefix}mn-d">{escape(desc)}</desc>\n'
        f"<style>{style()}</style>\n"
        f'<rect class="bg" width="{wide}" height="{high}" fill="{LIGHT["bg"]}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def notebook_html(title: str, svg: str, page: str) -> str:
    """A picture for a notebook cell, and below it, to be unfolded, the page that explains it.

    The picture is an image without scripts, which also a notebook that nobody has
    trusted yet may show; the page runs in a frame of its own.
    """
    image = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return (
        f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{image}">\n'
        f"<details><summary>open as a page</summary>\n"
        f'<iframe title="{escape(title)}" style="width:100%;height:900px;border:0" '
        f'srcdoc="{escape(page)}"></iframe></details>\n'
    )
