"""A network is columns of neurons, and a picture shows which of them carry the signal.

The graph of one prediction has a card for every number; this picture has a circle
for every neuron and a line for every weight.  One view shows what goes forward
(weights and activations), the other what comes back (gradients).  Colour and dashes
are the sign, width is the size, and of a wide layer only the 16 units that matter
most are drawn.  It is drawn by Python alone: every position is a plain sum.

    >>> from micronn.nn import MLP
    >>> picture = draw_network(MLP(3, [5, 1]), x=[0.8, -1.5, 0.3])
    >>> picture.title, picture.svg[:4]
    ('3-5-1', '<svg')
"""

from collections.abc import Sequence
from typing import Any

from micronn.engine import Value
from micronn.graph.notes import notes
from micronn.graph.rows import Graph
from micronn.nn import Module
from micronn.pictures.network.network_columns import (
    Column,
    Layers,
    columns_of,
    examples,
    has_softmax,
    layers_of,
    place,
    read_runs,
    tell_classes,
)
from micronn.pictures.network.network_svg import NONE_YET, VIEWS, description, network_svg
from micronn.pictures.network.weight_images import side_of, weight_images
from micronn.pictures.paint.page import html_page
from micronn.pictures.views.render import Picture
from micronn.support.arguments import check_text
from micronn.support.text import clean


class NetworkPicture(Picture):
    """A network at one moment, as SVG text, and as a file.

    html: a page of its own, with a switch between weights and gradients.
    """

    suffixes = (".svg", ".html", ".png", ".pdf")

    def __init__(self, title: str, svg: str, html: str):
        self.title, self.svg, self.html, self.page = title, svg, html, lambda: html

    @property
    def dot(self) -> str:
        """Nothing: no Graphviz is asked where the circles go."""
        raise TypeError("a network has no DOT text; save it as .svg or .html")


def draw_network(
    model: Module,
    x: Sequence[Value | float] | None = None,
    show: str = "weights",
    title: str | None = None,
    root: Value | None = None,
    *,
    legend: bool = True,
    prefix: str = "",
    classes: Sequence[str] = (),
    missing: str = NONE_YET,
) -> NetworkPicture:
    """Draw a model as circles and lines, with the numbers that run through it.

    model: an MLP, a Layer, a Neuron, or a Module whose `layers` are Layers.
    x: one example, shape (nin,): the model is run on it, and its circles show what
        each neuron says.  Left out, circles stay empty.
    show: "weights" (and activations), "grads", or "both" side by side.  The gradients
        of parameters are their `grad` as it stands; 0 everywhere are none yet.
    title: text above the picture; left out, the sizes of the model.
    root: a Value computed from model(x), say a loss, on which backward() was called.
        The activations, and their gradients, are then read off its graph.  x may be
        left out if the graph holds one example only; of several, none is shown.  An
        input has a gradient there if it was passed as a Value.  Weights are those that
        root was computed with; what has changed since is said below.
    legend: whether the picture explains itself at its foot.
    prefix: goes before the ids in the SVG, for several pictures in one page.
    classes: a name for each output, which then stands there with its probability, as also
        where root takes a cross-entropy of the outputs.  They must be logits; or it is one
        output, above 0 or a sigmoid above 0.5 for the second of two names.
    missing: what the view of gradients says while there are none.

    Raises TypeError for a model of another kind, ValueError for an unknown `show`, for x of
    the wrong length, for other than a name for each class, and for a foreign root.

    >>> from micronn.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> loss = (model([1.0, -2.0]) - 1.0) ** 2
    >>> loss.backward()
    >>> draw_network(model, x=[1.0, -2.0], show="grads", root=loss).title
    '2-3-1'
    """
    if show not in (*VIEWS, "both"):
        raise ValueError(f'show is one of "weights", "grads", "both", got {show!r}')
    if root is not None and not isinstance(root, Value):
        raise TypeError(f"root is the Value that backward() was called on, got {root!r}")
    if title is not None:
        check_text(title, "title")
    layers, graph = layers_of(model), None if root is None else Graph(root, model)
    runs = read_runs(layers, x, root)
    ran, moved = (False, None) if graph is None else (graph.ran, graph.was())
    columns = columns_of(layers, runs, ran, graph is not None, moved)
    tell_classes(columns, classes, root is not None and has_softmax(root, runs[-1]))
    place(columns)
    title = clean(title or "") or "-".join([str(len(column.names)) for column in columns])
    views = list(VIEWS.values()) if show == "both" else [VIEWS[show]]
    told = [] if graph is None or root is None else [*part(layers, root, x), *notes(graph)]
    svg = network_svg(columns, title, views, True, legend, prefix, told, missing)
    return NetworkPicture(title, svg, page(columns, title, show, told, missing))


def part(layers: Layers, root: Value, x: Any) -> list[str]:
    """How many of the examples in the graph of root are shown, if not all."""
    count = len(examples(layers, root))
    if count < 2:
        return []
    shown = "none of them is shown: pass x to choose one" if x is None else "1 of them is shown"
    return [f"{count:,} examples in this graph, {shown}."]


def page(columns: list[Column], title: str, show: str, told: list[str], missing: str) -> str:
    """A page of its own, where two radio buttons switch between the views."""
    views, neurons = list(VIEWS.values()), columns[1].neurons
    svg = network_svg(columns, title, views, apart=False, told=told, missing=missing)
    parts = {"svg": svg, "weights_hidden": " hidden", "weight_images": ""}
    if side_of(len(neurons[0].w)):
        parts |= {"weights_hidden": "", "weight_images": weight_images(neurons, "images-")}
    on = {name: " checked" if (name == "grads") == (show == "grads") else "" for name in VIEWS}
    summary = description(columns)
    return html_page(__package__, ["network.html"], title=title, summary=summary, **parts, **on)


def model_image(model: Module) -> str | None:
    """What a notebook shows for a model; nothing if it is no stack of layers."""
    try:
        return draw_network(model).image()
    except (TypeError, ValueError):
        return None
