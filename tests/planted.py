"""Mistakes, each planted by changing a line or two of a right engine, and what is said of them.

planted.txt has for each of them its name, the methods where it is, and words of what is said;
then what is replaced (the whole body if nothing is), and by what.
"""

import re
from pathlib import Path
from typing import NamedTuple

from engines import RIGHT

BASE = RIGHT["all_closures"]
ONLY_LIMITS = ("leaves cleared", "naive tanh")
ZIP, SEND = "zip(v.children, v.slopes, strict=True)", "child.grad += slope * v.grad"
LATE = "self, function=function, slope=slope"
ELSEWHERE = [  # in engines of other styles: which, what is replaced, by what, what is said
    ("slopes", SEND, "child.grad += slope * child.grad", "`self.grad` for `out.grad`"),
    ("slopes", SEND, "child.grad += v.grad", "wrong: the upstream gradient is passed on as it is"),
    ("slopes", SEND, "child.grad -= slope * v.grad", "wrong: every message has the wrong sign"),
    ("slopes", SEND, "child.grad *= slope * v.grad", "(`*=` for `+=`)"),
    ("slopes", ZIP, "zip(sorted(v.children, key=lambda c: c.data), v.slopes)", "are sorted"),
    ("slopes", "self.grad = 1\n", "self.grad = len(order)\n", "set to another number than 1"),
    ("taped", "        for out, _ in tape:\n            out.grad = 0.0\n", "", "is never emptied"),
    ("looped", LATE, "self, function=function", "closures made in a loop over functions all see"),
    ("looped", LATE, "self", "the formula of another function, relu: closures made in a loop"),
    ("looped", "waiting[id(child)] += 1", "waiting[id(child)] = 1", "visits breadth first"),
    ("looped", "if waiting[id(child)] == 0:", "if True:", "is visited twice, level by level"),
    ("counted", "operand.readers += 1", "operand.readers = 1", "visits depth first"),
    ("dictionary", "received.get(parent, 0.0) + rule(g)", "rule(g)", "sets the gradient"),
    ("every_way", "self.back(g)", "self.back(self.grad)", "pass on all that it has so far"),
]


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
