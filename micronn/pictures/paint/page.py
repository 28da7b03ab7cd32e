"""A page is one file: a skeleton, the styles, the data and the scripts, put together.

Each of them is a file of its own, in its own language.  In the page nothing is linked, so
it opens by double click and needs neither a network nor a server, and its content policy
lets nothing else in.

    >>> json_for_script("</script>")
    '"\\\\u003c/script>"'
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

from micronn.pictures.paint.palette import DARK, FONT, LIGHT, variables
from micronn.pictures.paint.svg import escape

UPRIGHT = 720  # so wide a picture is printed upright at its own size; a wider one across
ACROSS = "@page{size:landscape;margin:9mm}@media print{.stage>svg{max-height:17cm!important}}"
UNSAFE_WASM = " 'wasm-unsafe-eval'"  # allows WebAssembly alone, and no eval


def html_page(package: str, names: Sequence[str], data: Any = None, **parts: object) -> str:
    """A page, complete.

    names: files of the package: the skeleton of the page's body, style sheets beyond the
        one that all pages share, and scripts, in this order.
    data: what the scripts find as JSON in the element #mn-data.
    parts: any text as title and summary, and perhaps a note below them; theme, "light" for
        a page that is always light; wasm, True where the scripts run WebAssembly that the
        data bring along; style, more CSS; width, of the page's one picture if it has one;
        HTML for each $name of the skeleton.
    """
    across = ACROSS * (int(str(parts.get("width", 0))) > UPRIGHT)
    skeleton, style, script = (
        "".join([resource(package, name) for name in names if name.endswith(kind)])
        for kind in (".html", ".css", ".js")
    )
    shared = resource(__package__, "page.css")
    script = re.sub(
        r"(?m)^ *((//.*|/\*.*\*/)\n)?", "", script
    )  # without indents and lines of comments
    known = f'<script type="application/json" id="mn-data">{json_for_script(data)}</script>\n'
    allowed = "; script-src 'unsafe-inline'" + UNSAFE_WASM * bool(parts.get("wasm"))
    texts = ("title", "summary", "note", "theme")
    return filled(
        __package__,
        "page.html",
        **{name: escape(str(parts.get(name, ""))) for name in texts},
        style="".join([colours(), shared, style, str(parts.get("style", "")), across]),
        main=Template(skeleton).substitute(parts),
        script=f"{known}<script>\n{script}</script>" if script else "",
        allowed=allowed if script else "",
    )


def resource(package: str, name: str) -> str:
    """The text of a file that lies beside the code of a package."""
    return files(package).joinpath(name).read_text("utf-8")


def filled(package: str, name: str, **parts: object) -> str:
    """A skeleton with its $names replaced; every part is HTML already."""
    return Template(resource(package, name)).substitute(parts)


def json_for_script(data: Any) -> str:
    """Data as JSON that can stand in a script element: nothing in it can end the element.

    Raises ValueError for nan and infinity, which JSON does not know.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for unsafe in "<\u2028\u2029":
        text = text.replace(unsafe, f"\\u{ord(unsafe):04x}")
    return text


def colours() -> str:
    """The palette as CSS: light, dark where the screen is or the reader wants it; paper is light.

    .mn is a picture, which otherwise follows the screen.
    """
    light, dark = variables(LIGHT), variables(DARK)
    return (
        f":root{{color-scheme:light dark;--mono:{FONT};{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n@media screen{{\n"
        f":root[data-theme=light],:root[data-theme=light] .mn{{color-scheme:light;{light}}}\n"
        f":root[data-theme=dark],:root[data-theme=dark] .mn{{color-scheme:dark;{dark}}}\n}}\n"
    )
