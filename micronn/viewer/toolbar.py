"""The toolbar of a page that can be turned, leaf by leaf; page.js is what makes it work."""

from micronn.pictures.page import filled


def toolbar(leaf: str, last: int, shown: int, speeds: tuple[int, int, int]) -> str:
    """The controls that turn leaves 0 to last, and choose a theme.

    leaf: what a leaf is called.  shown: the one that is shown without a script.
    speeds: how many milliseconds a leaf stays, slow, normal and fast, when they turn by themselves.
    """
    slow, normal, fast = speeds
    return filled(
        __package__, "toolbar.html", leaf=leaf, last=last, shown=shown,
        slow=slow, normal=normal, fast=fast,
    )  # fmt: skip
