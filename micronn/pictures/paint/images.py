"""A picture as PNG and PDF: its SVG in light colours, painted by somebody else's renderer.

Programs that write letters and slides take no SVG, or not the style in it that turns it dark
on a dark screen.  So that style is left out; what is drawn is what every browser draws.

    .png   resvg, 3 MB, paints pixels: twice as many as units, so that print is sharp
    .pdf   typst, 80 MB, writes curves and text that can be searched

Both are packages of their own, imported when an image is asked for: `pip install
"micronn[png]"` and `"micronn[pdf]"` bring them.
"""

from collections.abc import Callable
from types import ModuleType

from micronn.pictures.paint.palette import FONT, style

KEEP_BLANKS = '<svg xml:space="preserve"'  # which the style tells browsers
SCALE = 2.0  # pixels of a PNG for each unit
PAGE = """#set page(width: auto, height: auto, margin: 0pt)
#set document(title: sys.inputs.title, date: none)
#image(bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.title)
"""
LETTER = f"<text y='9' font-family='{FONT}'>0</text>"


class NoRenderer(RuntimeError):
    """What paints an image of this kind is not there; the message says how to get it."""


def png(svg: str, title: str) -> bytes:
    """An SVG of ours in pixels; it has no place for a title.

    Raises NoRenderer without resvg, and where it finds no font to write with.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise missing("PNG", "resvg-py", error) from None
    letter = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{LETTER}</svg>'
    if painted(resvg_py, letter) == painted(resvg_py, letter.replace(LETTER, "")):
        raise NoRenderer(
            "PNG needs a font with letters of one width, and there is none: install DejaVu Sans "
            "Mono (apt install fonts-dejavu-core), or save as .svg"
        )
    return painted(resvg_py, still(svg))


def painted(resvg_py: ModuleType, svg: str) -> bytes:
    """An SVG as PNG."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=SCALE))


def pdf(svg: str, title: str) -> bytes:
    """An SVG of ours on a page of its size, the same bytes every time.

    Raises NoRenderer without typst.
    """
    try:
        import typst
    except ImportError as error:
        raise missing("PDF", "typst", error) from None
    inputs = {"svg": still(svg), "title": title}
    return bytes(typst.compile(PAGE.encode(), format="pdf", sys_inputs=inputs))


RENDERERS: dict[str, Callable[[str, str], bytes]] = {".png": png, ".pdf": pdf}


def still(svg: str) -> str:
    """A picture without the style that only browsers know; its light colours are attributes."""
    return svg.replace(style(), f".mn{{font-family:{FONT}}}", 1).replace("<svg", KEEP_BLANKS, 1)


def missing(kind: str, package: str, error: ImportError) -> NoRenderer:
    """What to say where the package for a kind of image is not there."""
    return NoRenderer(
        f"{kind} needs the package {package} ({error}): pip install {package}; or save as .svg, "
        "which needs none and which every browser can print"
    )
