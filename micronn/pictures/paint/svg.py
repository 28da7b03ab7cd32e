"""SVG elements as text: lines of text, boxes, paths, chips, and the frame around a picture.

Colours are tokens of the palette, and a text is held to the width it was given room for,
whatever the font of the reader.

    >>> svg_rect(0, 0, 20, 10.04, "card")
    '<rect x="0" y="0" width="20" height="10" fill="#fbfcfd"/>'
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from micronn.pictures.paint.palette import LIGHT, style
from micronn.support.text import OPENS, Place, columns

ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escape(text: str) -> str:
    """Text for SVG and HTML, between tags or in an attribute."""
    return text.translate(ENTITIES)


def breakable(name: str) -> str:
    """A name for HTML that is broken behind a dot, where there is no room for it in one line.

    >>> breakable("h1.0")
    'h1.<wbr>0'
    """
    return escape(name).replace(".", ".<wbr>")


def units(x: float) -> str:
    """A coordinate with at most one decimal.

    >>> units(12.0), units(12.04), units(-0.01)
    ('12', '12', '0')
    """
    if isinstance(x, Place):
        return x.mark("i")  # the width of a wire
    tenths = round(x * 10)
    return str(tenths // 10) if tenths % 10 == 0 else str(tenths / 10)


def text_width(text: str, size: float = 12) -> float:
    """The width of a text in units, one unit being one pixel."""
    return columns(text) * 0.6 * size


SQUEEZED = ' lengthAdjust="spacingAndGlyphs"'  # letters too, not the room between them alone


def svg_text(
    x: float,
    y: float,
    text: str,
    size: float = 12,
    fill: str = "ink",
    anchor: str = "start",
    bold: bool | str = False,
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
        + (f' font-weight="{bold if isinstance(bold, str) else "bold"}"' if bold else "")
        + f' textLength="{units(text_width(text, size))}"{SQUEEZED}>'
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


def svg_circle(x: float, y: float, radius: float, fill: str, stroke: str, width: float) -> str:
    """A circle; fill is a colour token or "none", stroke a colour token."""
    return (
        f'<circle cx="{units(x)}" cy="{units(y)}" r="{radius}" '
        f'fill="{fill if fill == "none" else LIGHT[fill]}" '
        f'stroke="{LIGHT[stroke]}" stroke-width="{width}"/>'
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


def pixel_runs(shades: Sequence[str], token: str, across: int) -> Iterator[tuple[int, int, int]]:
    """Where the pixels of one shade are: row, column and length of each run in a row."""
    for row in range(len(shades) // across):
        x = 0
        for found, run in groupby(shades[row * across : (row + 1) * across]):
            length = len(list(run))
            if found == token:
                yield row, x, length
            x += length


def pixel_path(shades: Sequence[str], token: str, across: int, wide: float, high: float) -> str:
    """The pixels of one shade as boxes, in one path."""
    runs = pixel_runs(shades, token, across)
    return "".join([box(x * wide, row * high, length * wide, high) for row, x, length in runs])


def box(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as a path."""
    return f"M{units(x)} {units(y)}h{units(width)}v{units(height)}h{units(-width)}z"


def svg_chip(
    x: float, y: float, width: float, text: str, token: str, id: str = "", bold: bool = False
) -> str:
    """A number on a rounded box of the colour that says how big it is."""
    ink, bold = "badink" if token == "bad" else "ink", bold or token == "bad"
    ink = f"{OPENS}k{token[1:]}" if token.startswith(OPENS) else ink
    back = svg_rect(x, y + 2, width, 15, token, radius=4)
    words = svg_text(x + width / 2, y + 13.5, text, 12, ink, "middle", bold)
    named = f' id="{id}"' if id else ""
    return f"<g{named}>{back}{words}</g>"


def svg_title(text: str) -> str:
    """What an element is called, and the tooltip that says so; nothing for no text."""
    return f"<title>{escape(text)}</title>" if text else ""


def svg_frame(
    width: float, height: float, title: str, desc: str, parts: Iterable[str], prefix: str = ""
) -> str:
    """A whole picture: its size, its name and description in words, its colours, its parts.

    title, desc: "" for a picture that must not be described.
    prefix: goes before every id, so that several pictures can stand in one page.
    """
    words = (
        f'<title id="{prefix}mn-t">{escape(title)}</title>\n'
        f'<desc id="{prefix}mn-d">{escape(desc)}</desc>\n'
    )
    named = f'aria-labelledby="{prefix}mn-t {prefix}mn-d"'
    if not title and not desc:
        named, words = 'aria-label="computation graph"', ""
    wide, high = math.ceil(width), math.ceil(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mn" role="img" '
        f'{named} width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
        f'font-family="monospace">\n' + words + f"<style>{style()}</style>\n"
        f'<rect class="bg" width="{wide}" height="{high}" fill="{LIGHT["bg"]}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
