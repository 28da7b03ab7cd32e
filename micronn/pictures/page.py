"""A page is one file: a skeleton, the styles, the data and the scripts, put together.

Each of them is a file of its own, in its own language.  In the page nothing is linked, so
it opens by double click and needs neither a network nor a server, and its content policy
lets nothing else in.

    >>> html_page("1 < 2", "<p>body</p>").count("1 &lt; 2"), json_for_script("</script>")
    (1, '"\\\\u003c/script>"')
"""

import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

from micronn.pictures.palette import DARK, FONT, LIGHT, variables
from micronn.pictures.svg import escape

HERE = "micronn.pictures"


def html_page(
    title: str, body: str, style: str = "", scripts: Sequence[str] = (), data: Any = None,
    theme: str = "",
) -> str:  # fmt: skip
    """A page, complete.

    title: any text; it is made safe here.  body: HTML, as `filled` makes it.
    style: more CSS than all pages share.
    scripts: JavaScript, in order; the first finds data as JSON in the element #mn-data.
    theme: "light" for a page that is always light.
    """
    program = f'<script type="application/json" id="mn-data">{json_for_script(data)}</script>\n'
    return filled(
        HERE,
        "page.html",
        title=escape(title),
        style=colours() + resource(HERE, "page.css") + style,
        body=body,
        script="".join([program, "<script>\n", *scripts, "</script>"]) if scripts else "",
        allowed="; script-src 'unsafe-inline'" if scripts else "",
        theme=f' data-theme="{theme}"' if theme else "",
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
    for character in "<\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
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
