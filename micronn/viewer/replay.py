"""A training run as a page: everything that a snapshot shows, moving together.

The network, the border between its answers, the curves of the loss, the size of the gradient
in every layer and the graph of one example go forwards and backwards from snapshot to
snapshot.  Each of them is a film: Python draws every frame, and the page only turns them.
"""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from micronn.engine import Value
from micronn.graph.rows import Graph
from micronn.nn import Module
from micronn.pictures.charts import Curve, answers_svg, curves, plane_around, rows
from micronn.pictures.network_columns import layers_of, place, read_columns
from micronn.pictures.network_svg import VIEWS, network_svg
from micronn.pictures.page import filled, html_page, resource
from micronn.pictures.palette import style
from micronn.pictures.render import render
from micronn.pictures.svg import escape, svg_frame, svg_text, text_width
from micronn.support.numeric import as_list
from micronn.support.text import clean, fmt
from micronn.train import NOT_FINITE
from micronn.training.traced import predictor
from micronn.viewer.flipbook import ALPHABET, FilmData, film
from micronn.viewer.run import Point, Run, Snapshot, named_inputs, put
from micronn.viewer.toolbar import toolbar

PANELS = ("plane", "curves", "sizes", "network", "example")  # of the page, by id
SPEEDS = 500, 200, 70  # milliseconds a snapshot stays when they turn by themselves


def replay_page(run: Run, snapshots: Sequence[Snapshot]) -> str:
    """The replay of a run as one HTML text."""
    films = {name: film(frames) for name, frames in pictures(run, snapshots).items()}
    titles, says = page_names(snapshots), [sentence(run, snapshot) for snapshot in snapshots]
    (heads, lines), last = table(run, snapshots), len(snapshots) - 1
    body = filled(
        __package__, "replay.html",
        **{f"no_{name}": "" if name in films else " hidden" for name in PANELS},
        **{name: films[name].html() if name in films else "" for name in PANELS},
        title=escape(run.title), about=escape(about(run, snapshots)),
        toolbar=toolbar("snapshot", last, last, SPEEDS),
        count=len(snapshots), heads=heads, rows=lines,
        legend=escape(plane_words(run)), say=escape(says[-1]), step=escape(titles[-1]),
    )  # fmt: skip
    data: ReplayData = {
        "alphabet": ALPHABET[: max([film.most_values() for film in films.values()])],
        "titles": titles,
        "says": says,
        "films": {name: film.data() for name, film in films.items()},
    }
    scripts = [resource(__package__, name) for name in ("page.js", "replay.js")]
    look = style() + resource(__package__, "replay.css")
    return html_page(run.title, body, look, scripts, data)


class ReplayData(TypedDict):
    """What replay.js knows.

    alphabet: the letters that say which value a track has on a page; see flipbook.py.
    titles, says: of each snapshot, which it is and what it says, in words.
    films: by the id of the panel that they play in.
    """

    alphabet: str
    titles: list[str]
    says: list[str]
    films: dict[str, FilmData]


# The frames


def pictures(run: Run, snapshots: Sequence[Snapshot]) -> dict[str, Iterator[str]]:
    """The frames of each panel that the run has something for."""
    made = {
        "curves": loss_frames(run, snapshots),
        "sizes": size_frames(run, snapshots),
        "network": network_frames(run, snapshots),
    }
    if run.points is not None and len(run.layers[0][0].w) == 2:
        made["plane"] = plane_frames(run, run.points, snapshots)
    if run.example is not None:
        made["example"] = example_frames(run, snapshots)
    return made


def loss_frames(run: Run, snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """The curves of the losses, with a cursor at each snapshot."""
    looks = {"loss": ("op", ""), "validation loss": ("input", "5 3")}
    known = run.curves
    lines = [Curve(name, known[name], *look) for name, look in looks.items() if name in known]
    for snapshot in snapshots:
        yield curves(lines, snapshot.step, "Loss over the steps of training", "curves-")


def size_frames(run: Run, snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """How large the gradient is in each layer, with a cursor at each snapshot."""
    sizes = [(snapshot.step, run.layer_sizes(snapshot)) for snapshot in snapshots]
    lines = [
        Curve(f"layer {k + 1}", [(step, layers[k]) for step, layers in sizes], "op")
        for k in range(len(run.layers))
    ]
    for snapshot in snapshots:
        yield rows(lines, snapshot.step, "Size of the gradient in each layer", "sizes-")


def network_frames(run: Run, snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """The network at each snapshot, its units showing the example where it has an answer."""
    x = None if run.example is None else run.example[0]
    drawn = units_drawn(run.model, x)
    for model, snapshot in zip(run.states(snapshots), snapshots, strict=True):
        try:
            root = None if run.example is None else run.example_loss(model)
        except NOT_FINITE:
            root = None
        put(model, snapshot)
        yield film_frame(model, root, drawn, run.title, "network-")


def units_drawn(model: Module, x: Sequence[Value | float] | None) -> list[list[int]]:
    """Which units of each column a picture of the model on x would draw."""
    return [column.drawn for column in read_columns(layers_of(model), x, None)]


def film_frame(
    model: Module, root: Value | None, drawn: list[list[int]], title: str, prefix: str
) -> str:
    """Both views upon each other as SVG, alike but for attributes in every state of a model.

    drawn: the units to draw, which must not change from frame to frame.
    """
    columns = read_columns(layers_of(model), None, root)
    for column, chosen in zip(columns, drawn, strict=True):
        column.drawn = chosen
    place(columns)
    views = [view._replace(steady=True) for view in VIEWS.values()]
    return network_svg(columns, title, views, apart=False, prefix=prefix)


def example_frames(run: Run, snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """The graph of the example's loss at each snapshot, with its own gradients.

    Where a weight has grown so large that the loss cannot be computed, the reason.
    """
    for model in run.states(snapshots):
        try:
            root = run.example_loss(model)
        except NOT_FINITE as refusal:
            words = f"There is no loss here: {refusal}"
            text = svg_text(12, 24, words, bold=True)
            yield svg_frame(text_width(words) + 24, 40, words, words, [text], "example-")
        else:
            graph = Graph(root, model.named_parameters())
            yield render(graph, prefix="example-").svg


def plane_frames(run: Run, points: Sequence[Point], snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """What the model answers all over the plane at each snapshot."""
    plane = plane_around([point for point, _ in points])
    cells, words = plane.cells(), "What the model answers"
    chosen, names = None, ["x0", "x1"]
    if run.example is not None:
        inputs = named_inputs(run.example[0])
        chosen, names = [x.data for x in inputs], [clean(x.label) for x in inputs]
    predict = None
    for model in run.states(snapshots):
        predict = predict or predictor(model, cells)  # for 1,600 places a snapshot
        answers = [as_list(output) for output in predict(cells)]
        yield answers_svg(plane, answers, run.threshold, points, chosen, names, words, "plane-")


# Words


def page_names(snapshots: Sequence[Snapshot]) -> list[str]:
    """Which snapshot each of them is."""
    end = f"of {len(snapshots)}"
    return [f"Step {s.step}, snapshot {k} {end}" for k, s in enumerate(snapshots, 1)]


def sentence(run: Run, snapshot: Snapshot) -> str:
    """What a snapshot's pictures say, in words."""
    parts = [f"{clean(name.replace('_', ' '))} {fmt(x)}" for name, x in snapshot.numbers.items()]
    sizes = run.layer_sizes(snapshot)
    strong = max(range(len(sizes)), key=lambda k: sizes[k])
    words = f"{', '.join(parts)}. "
    if len(sizes) > 1 and sizes[strong]:
        words += f"The gradient is largest in layer {strong + 1}, {fmt(sizes[strong])}."
    return words[0].upper() + words[1:]


def plane_words(run: Run) -> str:
    """What the colours and marks on the plane mean."""
    if len(run.layers[-1]) > 2:
        return "A number is the class that the model answers there; a bold one is an example."
    return (
        "Blue: the model answers class 1, crosses. Orange: class 0, rings. "
        "The darker, the surer; the line is the border."
    )


def about(run: Run, snapshots: Sequence[Snapshot]) -> str:
    """The run in one line."""
    model = run.model
    return (
        f"{model!r}, {len(model.parameters())} parameters, "
        f"{len(snapshots)} snapshots from step {snapshots[0].step} to {snapshots[-1].step}."
    )


def table(run: Run, snapshots: Sequence[Snapshot]) -> tuple[str, str]:
    """The heads and the rows of the table of all snapshots, but for the head of the steps."""
    names = list(dict.fromkeys([name for snapshot in snapshots for name in snapshot.numbers]))
    heads = [clean(name.replace("_", " ")) for name in names]
    heads += [f"gradient of layer {k + 1}" for k in range(len(run.layers))]
    lines = []
    for snapshot in snapshots:
        known = snapshot.numbers
        texts = [fmt(known[name]) if name in known else "" for name in names]
        texts += [fmt(size) for size in run.layer_sizes(snapshot)]
        lines.append(f"<tr><th>{snapshot.step}</th>{cells('td', texts)}</tr>")
    return cells("th", heads), "\n".join(lines)


def cells(tag: str, texts: Sequence[str]) -> str:
    """Texts as cells of a table row."""
    return "".join([f'<{tag} class="number">{escape(text)}</{tag}>' for text in texts])
