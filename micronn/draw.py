"""A graph becomes a picture, and the picture a file: the front door.

>>> a, b = Value(-2.0, "a"), Value(3.0, "b")
>>> f = a * b
>>> f.backward()
>>> picture = draw(f)
>>> "a" in picture.dot, "grad +3" in picture.dot
(True, True)

A picture tells of the moment in which its graph was computed.  Drawn after optimizer.step(),
a parameter shows its new number and, in the corner, `was 2`; after a forgotten zero_grad(),
its gradient begins with a row `before +4`, so that all rows still add up.  Before backward()
no gradient is drawn.  The tree, the tables and the pages do the same.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from micronn.engine import Value
from micronn.graph.forward import in_forward_mode
from micronn.graph.matching import sides
from micronn.graph.neurons import outputs_named
from micronn.graph.rows import Graph
from micronn.nn import Module
from micronn.pictures.network.network import draw_network, model_image
from micronn.pictures.views.compare_view import compare_view
from micronn.pictures.views.render import Picture, render
from micronn.support.arguments import check_text, fraction, pair
from micronn.support.text import clean, printable
from micronn.viewer.steps.animation import to_animation
from micronn.viewer.steps.stepper import model_of, network_page, to_html


def draw(
    root: Value,
    params: Any = None,
    detail: str = "auto",
    *,
    title: str | None = None,
    limit: int | None = 500,
    legend: bool = True,
    prefix: str = "",
    open_dots: bool = False,
    forward: Mapping[Value, float] | None = None,
) -> Picture:
    """A picture of everything that root was computed from.

    root: the output, after root.backward() if gradients are to be seen.
    params: the parameters among the given Values: a model, what its named_parameters()
        gives, or a dict from name to Value.  Their names say what is a neuron and what a
        layer: hidden.3.w.2 and hidden.3.b, or of matrices fc1.3.2, fc1[3][2], fc1_3_2.
    detail: "values", a card for each value; "neurons", a card for each neuron; "layers",
        a card for each layer, on any number of examples; "network", circles and lines,
        for which params must be the model; "auto", neurons from the second one on, layers
        where those are many, and without neurons values, of a big graph those next to the
        output.
    title: text above the cards; left out, the computation as a formula, or the net and its loss.
    limit: the most cards "values" and "neurons" may have; None for any number.
    legend: whether the colours are explained below.
    prefix: goes before every id in the SVG, so that several can stand in one page.
    open_dots: show each dot as its products and their sum.
    forward: draw forward mode from these seeds, such as {x: 1.0}: tangents in place of
        gradients, and each message goes forward.  See micronn.graph.tangents.  There is no
        page of it, and it does not play.

    Returns a Picture.  Raises TypeError for a root that is no Value, ValueError for an
    unknown detail, for more cards than limit, for folding without neurons, and for forward
    mode folded.

    >>> x = Value(3.0, "x")
    >>> draw(x * x).dot.count("->")  # two wires: x is read twice
    2
    """
    if forward is not None and detail in ("neurons", "layers", "network"):
        raise ValueError(
            f"forward mode is drawn with a card for each value, got detail={detail!r}; leave "
            "detail out, or choose 'values'"
        )
    if detail == "network":
        model = model_of(params)
        network = draw_network(model, root=root, title=title, legend=legend, prefix=prefix)
        network.page = partial(network_page, outputs_named(Graph(root, model)), title, network.html)
        return network
    if title is not None:
        check_text(title, "title")
    # read once, so that all files tell of one moment
    graph = outputs_named(Graph(root, params, open_dots))
    if forward is not None:
        return render(
            in_forward_mode(graph, forward), detail, limit=limit, legend=legend, prefix=prefix,
            title=title,
        )  # fmt: skip
    page = partial(to_html, graph, detail=detail, title=title, limit=limit)
    picture = render(
        graph, detail, limit=limit, legend=legend, prefix=prefix, title=title, page=page
    )
    picture.animation = partial(
        to_animation, graph, detail, title=title, legend=legend, prefix=prefix
    )
    return picture


def compare(
    before: Any,
    after: Any,
    params: Any = None,
    *,
    names: tuple[str, str] = ("before", "after"),
    rel_tol: float = 1e-9,
    title: str | None = None,
    limit: int | None = 500,
    legend: bool = True,
    prefix: str = "",
) -> Picture:
    """Two graphs, or two moments of one, as one picture: both numbers, and where they differ.

    before, after: each a Value, or a Graph: that keeps the numbers of the moment in which it
        is made, so make one before an optimizer steps.  Or the result of another engine, with
        data, grad and operands (or _prev, children), and, if it has them, op and label.
    params: as for draw(); it names the leaves of both.
    names: what the two are called.
    rel_tol: numbers that differ by at most this share of the larger are told to differ by
        rounding; 1e-6 suits float32 against float64.
    title, limit, legend, prefix: as for draw().

    A card is on both sides if it is the same Value, has the same name, or was computed in the
    same way from such cards.  What one side has alone is drawn with dashes.  A thick frame is
    around each card where a difference begins.

    Returns a Picture, without a page of steps.  Raises TypeError for what is no graph, and
    ValueError for more cards than limit and for a Value whose leaves have moved too far.

    >>> from micronn.graph import Graph
    >>> w = Value(1.0, "w")
    >>> loss = (w * 2.0 - 5.0) ** 2
    >>> loss.backward()
    >>> before = Graph(loss)
    >>> w.data -= 0.0625 * w.grad
    >>> picture = compare(before, (w * 2.0 - 5.0) ** 2)
    >>> "data 1 → 1.75 Δ +0.75" in picture.dot
    True
    """
    if title is not None:
        check_text(title, "title")
    one, two = pair(names, "names are what the two sides are called")
    for name in (one, two):
        check_text(name, "name of a side")
    if not clean(one) or clean(one) == clean(two) or not clean(two):
        raise ValueError(f"names tell two sides apart, got {names!r:.60}; give each its own")
    left, right, notes = sides(before, after, params)
    sketch = compare_view(
        left, right, (clean(one), clean(two)), fraction(rel_tol, "rel_tol"), limit
    )
    sketch.title = printable(title or "").strip() or sketch.title
    sketch.notes = [*sketch.notes, *notes]
    return Picture(sketch, legend, prefix, None)


def show_in_notebook() -> None:
    """From now on the notebook that runs this shows Values and models as pictures.

    IPython keeps a table of how to show which type, so neither class has to know.
    """
    from IPython import get_ipython  # nothing we need; it is there where a notebook is

    shell = get_ipython()
    if shell is not None:
        table = shell.display_formatter.formatters["text/html"]
        table.for_type(Value, lambda value: draw(value).image())
        table.for_type(Module, model_image)
