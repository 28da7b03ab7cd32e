"""A picture in a notebook cell, and the page that explains it below."""

import base64

from micronn.pictures.svg import escape


def notebook_html(title: str, svg: str, page: str) -> str:
    """A picture for a notebook cell, and below it, to be unfolded, the page that explains it.

    The picture is an image without scripts, which also a notebook that nobody has
    trusted yet may show; the page runs in a frame of its own.
    """
    image = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return (
        f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{image}">\n'
        f"<details><summary>open as a page</summary>\n{page_frame(title, page)}</details>\n"
    )


def page_frame(title: str, page: str) -> str:
    """A page in a frame of its own, where its style and its scripts touch nothing else."""
    return (
        f'<iframe title="{escape(title)}" style="width:100%;height:900px;border:0" '
        f'srcdoc="{escape(page)}"></iframe>'
    )
