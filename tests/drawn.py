"""What the tests of pictures share: drawing the example graphs, and reading SVG."""

import xml.etree.ElementTree as ET

from example_graphs import PICTURES

from micronn.draw import draw
from micronn.engine import Value

SVG = "{http://www.w3.org/2000/svg}"
NAMES = list(PICTURES)


def picture(name):
    """One of the pictures, drawn afresh."""
    graph, options = PICTURES[name]
    root, params = graph()
    return draw(root, params, **options)


def parsed(svg):
    """The SVG as a tree, and its elements by id."""
    tree = ET.fromstring(svg)
    return tree, {e.get("id"): e for e in tree.iter() if e.get("id")}


def words_in(element):
    """All texts in an element."""
    return [text.text for text in element.iter(f"{SVG}text")]


def cards(made):
    """How many cards a picture has."""
    return made.svg.count('class="card ')


def chain(n):
    """A graph of n values without neurons."""
    value = Value(1.0)
    for _ in range(n - 1):
        value = value.tanh()
    return value
