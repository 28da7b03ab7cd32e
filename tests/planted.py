"""Mistakes, each planted by changing a line or two of a right engine, and what is said of them.

planted.txt has for each of them its name, the methods where it is, and words of what is said;
then what is replaced (the whole body if nothing is), and by what.
"""

import re
from pathlib import Path
from typing import NamedTuple

from engines import RIGHT

BASE = RIGHT["all_closures"]
ONLY_LIMITS = ("naive tanh",)


class Mistake(NamedTuple):
    """What is changed in these methods of an engine, and words of what is said of it."""

    places: list[str]
    old: str
    new: str
    said: str


def read():
    """The mistakes of planted.txt, by name."""
    text = Path(__file__).with_name("grade").joinpath("planted.txt").read_text("utf-8")
    for part in text.split("# ")[1:]:
        head, *lines = part.splitlines()
        name, places, said = head.split(": ", 2)
        old, new = ("\n".join([x[1:] for x in lines if x[:1] == sign]) for sign in "-+")
        yield name, Mistake(places.split(), old, new, said)


PLANTED = dict(read())


def planted(name):
    """The text of an engine with this mistake in it."""
    text, (places, old, new, _) = BASE, PLANTED[name]
    if not places:
        assert re.search(old, text)
        return re.sub(old, new, text)
    for place in places:
        begin = text.index(f"    def {place}(self")
        end = text.find("\n    def ", begin) + 1 or len(text)
        part = text[begin:end]
        old = old or part.partition("\n")[2]
        assert old in part, (place, old)
        text = text[:begin] + part.replace(old, new) + text[end:]
    return text
