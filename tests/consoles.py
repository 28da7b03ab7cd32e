"""What a terminal of a given kind shows of a renderable, line by line."""

import io

from rich.console import Console


def rendered(renderable, width=60, **options):
    """What a console writes, line by line."""
    file = io.StringIO()
    Console(file=file, width=width, **options).print(renderable)
    return file.getvalue().splitlines()


def in_marks(renderable, width=60):
    return rendered(renderable, width, color_system=None)


def in_colours(renderable, width=60):
    return rendered(renderable, width, color_system="truecolor", force_terminal=True)
