"""A graph becomes a picture: cards are painted, Graphviz places them, Python draws.

First everything is text that needs nothing installed: the DOT text holds every name
and number and can be drawn by any Graphviz.  Only when the SVG is asked for is a
layout engine looked for, and all it does is say where things go.  Begin with draw().
"""

import base64
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from micronn.graph.notes import notes
from micronn.graph.rows import Graph
from micronn.pictures.layout.layout import Layout, NoLayout, lowered
from micronn.pictures.layout.placing import placed
from micronn.pictures.layout.sketch import (
    MOST_NOTE,
    Sketch,
    dot_source,
    lane_svg,
    wire_svg,
    wrapped,
)
from micronn.pictures.paint.images import RENDERERS
from micronn.pictures.paint.legend import legend_svg, words
from micronn.pictures.paint.svg import escape, svg_frame, svg_text, text_width
from micronn.pictures.views.grouping import Plan, make_plan
from micronn.pictures.views.heading import heading
from micronn.pictures.views.layer_view import layers_view
from micronn.pictures.views.neuron_view import neurons_view
from micronn.pictures.views.value_view import values_view, window
from micronn.support.arguments import check_choice
from micronn.support.collector import collector_paused
from micronn.support.files import Location, write_atomically
from micronn.support.text import printable

DETAILS = ("auto", "values", "neurons", "layers", "network")
FEW_VALUES = 30  # so many values with a single neuron among them are drawn one by one
MOST_VALUES = 60  # so many still are, where there are no neurons to fold them into
MOST_CARDS = 24  # of the neurons view
MOST_NEURONS = 12  # in a layer of the neurons view
WIDEST = 1280  # units of a picture, as screens and columns are no wider
LINE = 18  # the height of a line of the title
WINDOW = 40  # cards, where neither helps

Made = Callable[[], str] | None  # what makes another form of a picture: its page, or it playing


@collector_paused()
def render(
    graph: Graph,
    detail: str = "auto",
    *,
    limit: int | None = 500,
    legend: bool = True,
    prefix: str = "",
    title: str | None = None,
    blank: tuple[str, ...] = (),
    told: bool = True,
    headed: bool = True,
    widest: float = WIDEST,
    page: Made = None,
    like: "Known | None" = None,
) -> "Picture":
    """A picture of a graph; the other arguments are those of draw().

    blank: of the values view, what is left out to be written in; see values_view.
    told: whether the picture says what has changed since the graph was computed.
    headed: whether its title stands above the cards; a page around it has the title already.
    widest: in units; a picture that would be wider is broken into lines.
    page: called when the picture's HTML page is asked for.
    like: what earlier pictures of one computation have found out, for the next one to use.
    """
    check_choice(detail, DETAILS, "detail")
    like = Known() if like is None else like
    plan = None if graph.forward else like.plan_of(graph)
    view = choose(graph, plan, detail)
    if view not in ("neurons", "layers"):
        chosen = window(graph, WINDOW) if view == "window" else list(range(len(graph)))
        check_limit(len(chosen), limit)
        sketch = values_view(graph, chosen, prefix, blank)
    elif plan is None:
        raise ValueError(
            f"no neurons found to draw as {view}; pass the model as params, as in "
            "draw(loss, model), or choose detail='values'"
        )
    elif view == "neurons":
        check_limit(plan.neuron_cards(), limit)
        sketch = neurons_view(plan, prefix)
    else:
        sketch = layers_view(plan)
    if not blank:
        like.heading = like.heading or heading(graph, plan)
        sketch.title = printable(title or "").strip() or like.heading
        sketch.notes = [*sketch.notes, *(notes(graph) if told else [])]
    return Picture(sketch, legend, prefix, page, headed, widest, like.layouts)


@dataclass
class Known:
    """What pictures of one computation have in common, so that it is found out once.

    plan: of the latest of them.  layouts: by the sizes that were laid out.
    heading: what they compute.
    """

    plan: Plan | None = None
    heading: str = ""
    layouts: dict[str, Layout] = field(default_factory=dict)

    def plan_of(self, graph: Graph) -> Plan | None:
        """The plan of a graph, which again() has made if there is one already."""
        self.plan = self.plan.again(graph) if self.plan else make_plan(graph)
        return self.plan


def choose(graph: Graph, plan: Plan | None, detail: str) -> str:
    """The view that shows most and can still be read: neurons from the second neuron on."""
    if detail != "auto":
        return detail
    if plan is None:
        return "values" if len(graph) <= MOST_VALUES else "window"
    sizes = [len(layer.neurons) for layer in plan.folds.layers]
    if sum(sizes) < 2 and len(graph) <= FEW_VALUES:
        return "values"
    widest = max(sizes)
    small = plan.neuron_cards() <= MOST_CARDS and widest <= MOST_NEURONS
    return "neurons" if small else "layers"


def check_limit(cards: int, limit: int | None) -> None:
    """Refuse a picture that nobody can read."""
    if limit is not None and cards > limit:
        raise ValueError(
            f"{cards:,} cards are more than the limit of {limit}; leave detail out to see what "
            "can be read, choose 'layers', or pass limit=None"
        )


class Picture:
    """A graph at one moment, as DOT text, as SVG text, and as a file.

    title: what it is a picture of.
    dot: needs nothing installed.
    svg: needs a layout engine; a string without an XML prolog, to stand in any page.
    width: of the SVG, in units, once it was asked for.
    """

    suffixes: tuple[str, ...] = (".dot", ".svg", ".html", ".png", ".pdf")
    animation: Made = None  # what makes the SVG that plays its steps, where it has some

    def __init__(
        self,
        sketch: Sketch,
        legend: bool,
        prefix: str,
        page: Made,
        headed: bool = True,
        widest: float = WIDEST,
        layouts: dict[str, Layout] | None = None,
    ):
        self.sketch, self.legend, self.prefix, self.page = sketch, legend, prefix, page
        self.headed, self.widest, self.layouts = headed, widest, layouts
        self.title = sketch.title

    @cached_property
    def dot(self) -> str:
        """The picture as Graphviz reads it, with every name and number in it."""
        return dot_source(self.sketch, told=True)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, light or dark as the screen is.

        Raises NoLayout, and leaves the DOT text in a temporary file, if no layout
        engine works.
        """
        return self.painted()

    def painted(self, spare: str | Path = "") -> str:
        """The cards where an engine puts them; without one, DOT text in the file `spare`."""
        sketch, prefix = self.sketch, self.prefix
        cards, wires, lanes = sketch.cards, sketch.wires, sketch.lanes
        above = wrapped([sketch.title]) if self.headed else []
        try:
            layout = lowered(placed(sketch, self.widest, self.layouts), LINE * len(above))
        except NoLayout as error:
            if not spare:
                handle, spare = tempfile.mkstemp(prefix="micronn-", suffix=".dot")
                os.close(handle)
            write_atomically(spare, self.dot)
            message = f"{error}\nThe graph is in {spare}; any Graphviz can draw it."
            raise NoLayout(message) from None
        parts = [
            group(
                "lanes", [lane_svg(lane, box) for lane in lanes for box in layout.lanes[lane.id]]
            ),
            group("wires", [wire_svg(item, layout.wires[item.id], prefix) for item in wires]),
            group("cards", [card.svg(layout.nodes[card.id], prefix) for card in cards]),
        ]
        width, height = layout.width, layout.height
        room = min(int(width / 6) - 4, MOST_NOTE)
        if above:
            lines = [svg_text(14, 20 + LINE * i, t, 13, bold=True) for i, t in enumerate(above)]
            parts.insert(0, group("heading", lines))
            width = max([width, *[text_width(line, 13) + 28 for line in above]])
        told = [words(line, "ink") for line in wrapped(sketch.notes, room)]
        for css, items in ("notes", told), ("legend", sketch.legend if self.legend else []):
            if items:
                across = width if css == "legend" else 0.0  # a line of a note stands alone
                part, needed, height = legend_svg(items, across, height + 6, css)
                width = max(width, needed)
                parts.append(part)
        self.width = math.ceil(width)
        caption = " ".join([sketch.caption, *[n for n in sketch.notes if n not in sketch.caption]])
        return svg_frame(width, height, sketch.title, caption, parts, prefix)

    def save(self, path: Location, animate: bool = False) -> Path:
        """Write the picture, atomically; the suffix says as what.

        .dot, .svg: text, in UTF-8; without a layout engine an .svg leaves a .dot.
        .html: a page that steps through the computation.
        .png, .pdf: the .svg in light colours, painted by resvg or by typst; see images.py.
        animate: write an .svg that plays the steps of backpropagation one after the other, over
            and over, without a script: in a README, on slides.  For readers who asked for less
            motion, and where the file itself is printed, it is the finished picture.

        Returns the path.  Raises ValueError for another suffix, and for a picture that has no
        steps to play or to page through; OSError for a place that cannot be written, NoLayout
        if what is needed is not installed, NoRenderer for .png and .pdf.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in self.suffixes:
            known = f"{', '.join(self.suffixes[:-1])} or {self.suffixes[-1]}"
            raise ValueError(f"a picture is saved as {known}, got {path.name!r}")
        if animate:
            write_atomically(path, self.playing(path))
            return path
        if suffix not in (".dot", ".html") and "svg" not in vars(self):
            self.svg = self.painted(path.with_suffix(".dot"))
        if suffix == ".html":
            content: str | bytes = self.as_page()
        elif suffix in (".dot", ".svg"):
            content = self.dot if suffix == ".dot" else self.svg
        else:
            content = RENDERERS[suffix](self.svg, self.title)
        write_atomically(path, content)
        return path

    def playing(self, path: Path) -> str:
        """The SVG that plays by itself, to be written as a file of this name."""
        if path.suffix.lower() != ".svg":
            raise ValueError(f"animate=True plays in an .svg alone, got {path.name!r}")
        if self.animation is None:
            raise ValueError(
                f"{self.title!r} has no steps to play; draw(...) a Value, without forward, "
                "or leave animate out"
            )
        return self.animation()

    def as_page(self) -> str:
        """The page that steps through the computation, as HTML text; ValueError if it has none."""
        if self.page is None:
            raise ValueError(
                f"there is no page of steps for {self.title!r}; save it as .svg, .png, .pdf or "
                ".dot, or draw(...) a Value, without forward, for one"
            )
        return self.page()

    def image(self) -> str:
        """The picture in a notebook's cell, and never wider than the cell.

        It is an image without scripts, so also a notebook that nobody has trusted yet shows it.
        """
        data = base64.b64encode(self.svg.encode("utf-8")).decode("ascii")
        source = f"data:image/svg+xml;base64,{data}"
        return f'<img alt="{escape(self.title)}" style="max-width:100%" src="{source}">'

    def _repr_html_(self) -> str:
        """How a notebook shows it: the picture first, the page to step through below, folded."""
        if self.page is None:
            return self.image()
        return (
            f"{self.image()}\n"
            "<details><summary>open as a page</summary>\n"
            f"{page_frame(self.title, self.as_page())}</details>\n"
        )

    def _repr_svg_(self) -> str:
        """How a notebook shows it."""
        return self.svg


def page_frame(title: str, page: str) -> str:
    """A page in a frame of its own, where its style and its scripts touch nothing else.

    The sandbox lets its scripts run and denies all else, such as reading the notebook,
    opening windows and sending forms.
    """
    return (
        f'<iframe title="{escape(title)}" sandbox="allow-scripts" '
        'style="width:100%;max-width:100%;height:900px;border:0" '
        f'srcdoc="{escape(page)}"></iframe>'
    )


def group(css: str, parts: list[str]) -> str:
    """A group of elements, one a line."""
    return "\n".join([f'<g class="{css}">', *parts, "</g>"])
