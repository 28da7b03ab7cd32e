"""What turns the leaves of a page: to the first, back, play, on, to the last; a slider, a pace."""

from micronn.pictures.paint.page import filled

HERE = __package__  # the files of every page are named from here


def toolbar(leaf: str, last: int, speeds: dict[str, int]) -> str:
    """The controls of a page as HTML.

    leaf: what a leaf is called on this page, as step.  last: the number of the last one; the
        first has 0.  speeds: how long play shows one, in milliseconds: slow, normal, fast.
    """
    return filled(HERE, "toolbar.html", leaf=leaf, last=last, **speeds)
