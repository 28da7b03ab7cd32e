"""A flip book: many pictures of one shape become one picture and what changes in it.

The pictures of a training run differ in a few numbers, colours and widths.  Kept
complete they would fill a disk; here the last one is kept, and for each attribute that
ever changes a track says what it is on every page.  A browser then turns pages by
setting attributes; it computes nothing.

    >>> book = film(['<svg><circle r="1"/></svg>', '<svg><circle r="2"/></svg>'])
    >>> book.scenes[0].svg, book.scenes[0].tracks
    ('<svg><circle r="2" /></svg>', [(1, 'r', ['1', '2'], '01')])
"""

import re
import xml.etree.ElementTree as ET
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain, compress, groupby, pairwise
from operator import ne
from typing import NamedTuple
from xml.sax.saxutils import unescape

from micronn.pictures.views.layer_view import CELL_PATH

# One character stands for one value of a track: digits, letters, letters with accents,
# Greek and Cyrillic letters, more than a thousand.
MOST_PAGES = 1000
ALPHABET = "".join([c for c in map(chr, range(0x590)) if c.isalnum()])[:MOST_PAGES]

# What may change from page to page.  Nothing here can load or run anything.
TEXT = ""
CHANGEABLE = {
    TEXT, "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "d",
    "x", "y", "cx", "cy", "r", "rx", "x1", "y1", "x2", "y2", "width", "height", "viewBox",
    "transform", "font-size", "font-weight", "text-anchor", "textLength", "class", "points",
    "lengthAdjust", "id",
}  # fmt: skip

NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
CELL = re.compile(rf"(M([\d.]+) ([\d.]+){CELL_PATH})")  # of a matrix

# An opening tag after its <: its name, its attributes, the slash of an empty element, and what
# stands behind it.  Style sheets are no part of a film.
OPENING = re.compile(
    r"""(?!style)([A-Za-z]\w*)((?:\s[^\s=>]+=(?:"[^"]*"|'[^']*'))*)\s*(/?)>(.*)""", re.DOTALL
)
ATTRIBUTE = re.compile(r"\s([^\s=]+)=[\"']([^\"']*)")
ENTITIES = {"&quot;": '"', "&apos;": "'", "&#39;": "'"}

State = dict[str, str | None]  # of an element: its attributes, and under TEXT its text
States = list[tuple[int, State]]  # and from which page on
Track = tuple[int, str, list[str | None], str]
# Where an element stands: from the root down, the number of a run of children with the
# same tag, and its index in that run.
Address = tuple[int, ...]


class Film(NamedTuple):
    """Scenes, and for each page a character that says which scene it shows."""

    scenes: "list[Scene]"
    cuts: str

    def html(self) -> str:
        """The scenes one after another; only the one of the last page is shown."""
        shown = self.scenes[ALPHABET.index(self.cuts[-1])]
        tags = ["<svg " if scene is shown else '<svg hidden="" ' for scene in self.scenes]
        pairs = zip(tags, self.scenes, strict=True)
        return "".join([scene.svg.replace("<svg ", tag, 1) for tag, scene in pairs])


def film(frames: Iterable[str]) -> Film:
    """A flip book of SVG texts, one a page; see Reel."""
    reel = Reel()
    for frame in frames:
        reel.add(frame)
    return reel.film()


class Reel:
    """A flip book that is being made, page by page.

    A page may have more or fewer neighbours with the same tag than another: what it
    lacks is there without attributes, and so not seen.  A page of another shape opens
    another scene.

    Raises ValueError for more than 1,000 pages, and for an attribute that a page must
    not change.
    """

    def __init__(self) -> None:
        self.scenes: list[Scene] = []
        self.cuts = ""

    def add(self, frame: str) -> None:
        """One more page, an SVG text."""
        page = len(self.cuts)
        if page == MOST_PAGES:
            raise ValueError(f"a film has at most {MOST_PAGES} pages; record fewer snapshots")
        frame, cut = frame.replace(NAMESPACE, "", 1), len(self.scenes)
        if page and self.scenes[last := ALPHABET.index(self.cuts[-1])].turn(page, frame):
            cut = last
        else:
            elements = dict(addressed(ET.fromstring(frame)))
            cut = next((k for k, scene in enumerate(self.scenes) if scene.fits(elements)), cut)
            if cut == len(self.scenes):
                self.scenes.append(Scene())
            self.scenes[cut].add(page, elements)
            self.scenes[cut].read(frame, elements)
        self.cuts += ALPHABET[cut]

    def film(self) -> Film:
        """The finished book."""
        for scene in self.scenes:
            scene.svg, scene.tracks = scene.last_page(), list(scene.changes(len(self.cuts)))
        return Film(self.scenes, self.cuts)


def unescaped(text: str) -> str:
    """A text of XML as it is read."""
    return unescape(text, ENTITIES) if "&" in text else text


def opened(piece: str) -> tuple[str, State]:
    """The tag of the element that a piece opens, "" for none, and what this is like."""
    tag = OPENING.match(piece)
    if not tag:
        return "", {}
    text = unescaped(tag[4]) or None if not tag[3] else None  # none is in an empty element
    return tag[1], {TEXT: text} | {name: unescaped(x) for name, x in ATTRIBUTE.findall(tag[2])}


def tags(frame: str) -> list[str]:
    """A frame tag by tag, each with the text behind it; the paths of a matrix are one."""
    pieces = frame.split("<")
    if CELL_PATH not in frame:
        return pieces
    found: list[str] = []
    for has_cells, run in groupby(pieces, lambda piece: CELL_PATH in piece):
        together = [*run]
        found += ["<".join(together)] if has_cells else together
    return found


def cells_of(paths: str) -> Iterator[tuple[str, str]]:
    """The path of each cell of a matrix, and its colour."""
    for path in paths.split("<"):
        known = dict(ATTRIBUTE.findall(path))
        for corner in known["d"].split(CELL_PATH)[:-1]:
            yield corner + CELL_PATH, known["fill"]


def addressed(root: ET.Element) -> Iterator[tuple[Address, ET.Element]]:
    """Every element with its address, parents first."""
    to_do: list[tuple[Address, ET.Element]] = [((), root)]
    while to_do:
        address, element = to_do.pop()
        yield address, element
        if len(element):
            for run, (_, alike) in enumerate(groupby(parts(element), lambda part: part.tag)):
                to_do += [((*address, run, k), part) for k, part in enumerate(alike)]


def parts(element: ET.Element) -> Iterator[ET.Element]:
    """The children but for style sheets; the cells of a matrix, one path a shade, one by one.

    A cell then changes its colour from page to page, and not its place.
    """
    for has_cells, run in groupby(element, lambda child: child.get("d", "").endswith(CELL_PATH)):
        if not has_cells:
            yield from (child for child in run if child.tag != "style")
            continue
        cells = [
            (float(y), float(x), cell, path.get("fill", ""))
            for path in run
            for cell, x, y in CELL.findall(path.get("d", ""))
        ]
        yield from (ET.Element("path", d=d, fill=fill) for _, _, d, fill in sorted(cells))


class Scene:
    """Pages of one shape, element by element.

    svg: the last of them, to stand in an HTML page; without a style sheet of its own.
    tracks: (number of the element in document order, attribute or "" for its text,
        its different values, and which of them it has on each page of the film, a
        character a page).  None as a value: the attribute is not there.
    pages: where its pages stand in the film.
    tags: of every element that ever was there, by address.
    states: by address, what an element was like, and from which of these pages on.
    """

    def __init__(self) -> None:
        self.svg, self.tracks = "", list[Track]()
        self.pages: list[int] = []
        self.pieces, self.opened = list[str](), dict[str, tuple[str, State]]()
        self.places: dict[int, tuple[str, States]] = {}
        self.cells: dict[int, dict[str, States]] = {}
        self.tags: dict[Address, str] = {}
        self.states: dict[Address, States] = {}

    def fits(self, elements: dict[Address, ET.Element]) -> bool:
        """Whether a page has the same shape: the same tag wherever both have an element,
        and, inside what both have, the same runs of tags."""
        if elements.keys() == self.tags.keys():
            return all(elements[a].tag == tag for a, tag in self.tags.items())
        both = elements.keys() & self.tags.keys()
        only = elements.keys() ^ self.tags.keys()
        return all(elements[a].tag == self.tags[a] for a in both) and not any(
            a[-1] == 0 and a[:-2] in both for a in only if a
        )

    def read(self, frame: str, elements: dict[Address, ET.Element]) -> None:
        """Remember the text of the latest page, tag by tag, and which element each tag opens."""
        self.pieces = tags(frame)
        opening = [k for k, piece in enumerate(self.pieces) if OPENING.match(piece)]
        own = [k for k in opening if CELL_PATH not in self.pieces[k]]
        paths = {a: elements[a].get("d", "") for a in sorted(elements)}
        single = [a for a, d in paths.items() if not d.endswith(CELL_PATH)]
        states = [(self.tags[a], self.states[a]) for a in single]
        self.places = dict(zip(own, states, strict=True))
        cells = groupby([a for a, d in paths.items() if d.endswith(CELL_PATH)], lambda a: a[:-1])
        matrices = [k for k in opening if CELL_PATH in self.pieces[k]]
        groups = [{paths[a]: self.states[a] for a in group} for _, group in cells]
        self.cells = dict(zip(matrices, groups, strict=True))

    def turn(self, page: int, frame: str) -> bool:
        """Write down a page by what differs in its text from the latest one.

        False, and nothing is written, if that is more than the attributes and texts of
        elements that stay.
        """
        pieces = tags(frame)
        changed = compress(range(len(pieces)), map(ne, self.pieces, pieces))
        new: list[tuple[States, State]] = []
        for k in changed if len(pieces) == len(self.pieces) else [-1]:
            if k in self.cells:
                fills = dict(cells_of(pieces[k]))
                if fills.keys() != self.cells[k].keys():
                    return False
                for d, states in self.cells[k].items():
                    if states[-1][1]["fill"] != fills[d]:
                        new.append((states, {TEXT: None, "d": d, "fill": fills[d]}))
                continue
            if (piece := pieces[k]) not in self.opened:
                self.opened[piece] = opened(piece)
            tag, state = self.opened[piece]
            if k not in self.places or tag != self.places[k][0]:
                return False
            new.append((self.places[k][1], state))
        for states, state in new:
            states.append((len(self.pages), state))
        self.pages.append(page)
        self.pieces = pieces
        return True

    def add(self, page: int, elements: dict[Address, ET.Element]) -> None:
        """Write down what has changed since the last page; what is not there has no attributes."""
        for address in elements.keys() - self.tags.keys():
            self.tags[address], self.states[address] = elements[address].tag, [(0, {})]
        for address, states in self.states.items():
            now = elements.get(address)
            state: State = {} if now is None else {TEXT: now.text, **now.attrib}
            if states[-1][1] != state:
                states.append((len(self.pages), state))
        self.pages.append(page)

    def last_page(self) -> str:
        """The last page as SVG, with all elements that any page has."""
        elements: dict[Address, ET.Element] = {}
        for address in sorted(self.tags):
            state = self.states[address][-1][1]
            known = {name: value for name, value in state.items() if name != TEXT and value}
            elements[address] = ET.Element(self.tags[address], known)
            elements[address].text = state.get(TEXT)
            if address:
                elements[address[:-2]].append(elements[address])
        return ET.tostring(elements[()], encoding="unicode")

    def changes(self, count: int) -> Iterator[Track]:
        """Every attribute with more than one value, on all pages of a film of so many.

        On the pages of other scenes it keeps its value: nobody sees it there.
        """
        latest = [max(0, bisect_right(self.pages, page) - 1) for page in range(count)]
        for k, address in enumerate(sorted(self.tags)):
            states = [*self.states[address], (len(self.pages), {})]
            spans = [(b - a, state) for (a, state), (b, _) in pairwise(states) if b > a]
            kinds = {id(state): state for _, state in spans}.values()  # of many spans few
            for attribute in dict.fromkeys(chain(*kinds)):
                found = dict.fromkeys([state.get(attribute) for state in kinds])
                if len(found) < 2:
                    continue
                if attribute not in CHANGEABLE:
                    raise ValueError(f"{attribute!r} must be the same on every page of a film")
                codes = dict(zip(found, ALPHABET, strict=False))
                pages = "".join([codes[state.get(attribute)] * length for length, state in spans])
                yield k, attribute, list(codes), "".join([pages[n] for n in latest])
