"""A training run as a page: everything that a snapshot shows, moving together.

The network, the border between its answers, the curves of the loss, the size of the gradient
in every layer and the graph of one example go forwards and backwards from snapshot to
snapshot.  Each of them is a film: Python draws every frame, and the page only turns them.
With an optimiser the page is another one, on which the training goes on: training_page.py.
"""

import math
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Any

from micronn.pictures.charts import Curve, answers_svg, curves, plane_around, rows
from micronn.pictures.network.network import draw_network
from micronn.pictures.network.network_columns import (
    Column,
    Layers,
    columns_of,
    has_softmax,
    layers_of,
    place,
    read_runs,
    tell_classes,
)
from micronn.pictures.network.network_svg import VIEWS, answer, network_svg
from micronn.pictures.network.weight_images import side_of, weight_images
from micronn.pictures.paint import ids
from micronn.pictures.paint.page import html_page, json_for_script
from micronn.pictures.paint.palette import style
from micronn.pictures.paint.svg import escape, svg_frame, svg_text, text_width
from micronn.pictures.views.render import Known, page_frame, render
from micronn.support.collector import collector_paused
from micronn.support.files import write_atomically
from micronn.support.numeric import as_list
from micronn.support.text import clean, fmt
from micronn.training.metrics import right_class
from micronn.training.traced import predictor
from micronn.viewer.computing.computing import compressed
from micronn.viewer.computing.equation import SHADED
from micronn.viewer.runs.below import LAST, MIDDLE, STYLES, Below, parts
from micronn.viewer.runs.example_graph import example_graph
from micronn.viewer.runs.flipbook import ALPHABET, Film, Reel, film
from micronn.viewer.runs.run import Moment, Run, Snapshot, named_inputs, put_grads
from micronn.viewer.runs.trainable import NotHere, thinned, training_data
from micronn.viewer.runs.training_page import training_page
from micronn.viewer.toolbar import HERE, toolbar

SPEEDS = {"slow": 500, "normal": 200, "fast": 70}  # in milliseconds a snapshot
PANELS = ("plane", "curves", "sizes", "network", "images", "example")  # of the page, by id
SCRIPTS = ("page.js", "computing/packed.js", "runs/replay.js", "runs/neuron_card.js")
DEEP = (*STYLES, "page.js", *MIDDLE, *SCRIPTS[2:], *LAST)
IMAGES = 10  # times that the weights of a run are drawn as images, which are large
Painter = Callable[[Moment], str]  # of a frame, as SVG
Progress = Callable[[int, int], object]


class Recorder(Run):
    """Keeps snapshots of a model that learns, and turns them into a page.

    model: an MLP, a Layer, a Neuron, or a Module whose `layers` are Layers.
    loss: what one example costs, as for micronn.train: loss(model(x), target).
    example: one (x, target) pair, whose graph and activations the page shows.
    data: all inputs and all targets, as the functions of micronn.data return them.
        With two inputs, the page shows the plane of the model's answers.
    threshold: where a model has one output, the number that parts its two classes; by
        default 0, and 0.5 behind a sigmoid.
    every: keep every so many calls of snapshot(); the last one is kept in any case.
    most: keep at most so many.  A longer run keeps every second one, and so on.
    title: the heading of the page, such as the name of the data set.
    classes: what the outputs stand for, as for draw_network(): the page then says with which
        probability the model answers what.  None for nothing of the kind.

    Loop over recorder.record(steps(...)), with micronn.training.steps; or in a loop of your
    own, call recorder.snapshot(step, loss) at every step.

    Raises TypeError for a model that cannot be drawn and for an example without a loss,
    ValueError for inputs and targets that are not equally many, and whatever the model or
    the loss raise for the example.

    >>> from micronn.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> recorder = Recorder(model, example=([1.0, 2.0], 1.0), loss=lambda out, y: (out - y) ** 2)
    >>> recorder.snapshot(step=0, loss=0.69)
    >>> recorder.to_html()[:15]
    '<!doctype html>'

    A page that trains, from the start, and in which nothing was recorded:

    >>> from micronn.losses import mse
    >>> from micronn.optim import SGD
    >>> data, optimizer = ([[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0]), SGD(model.parameters(), lr=0.1)
    >>> page = Recorder(model, loss=mse, data=data, optimizer=optimizer).to_html()
    >>> "each step reads all 2 examples" in page
    True
    """

    @collector_paused()
    def to_html(self, progress: Progress | None = None) -> str:
        """The page, one self-contained HTML text; progress as for save()."""
        if self.optimizer is None:
            return replay_page(self, progress=progress)
        try:
            return learning_page(self)
        except NotHere as why:
            note = f"This page replays a training, and cannot go on with it: {why}."
            return replay_page(self, note, progress)

    def save(self, path: str | Path, progress: Progress | None = None) -> Path:
        """Write the page to a .html file, atomically.

        progress: called after each snapshot that is drawn, progress(how many, of how many).

        Raises ValueError for another ending, and OSError for a place that cannot be
        written; an older file then stays as it was.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a replay is a page, got {path.name!r}; end the name in .html")
        write_atomically(path, self.to_html(progress))
        return path

    def _repr_svg_(self) -> str | None:
        """In a notebook that runs no scripts: the network as it is now."""
        x = self.example[0] if self.example else None
        return draw_network(self.model, x, title=self.title, classes=self.classes or ()).svg

    def _repr_html_(self) -> str | None:
        """In a notebook: the page, in a frame of its own."""
        empty = self.last is None and self.optimizer is None
        return None if empty else page_frame("replay", self.to_html())


def learning_page(run: Run) -> str:
    """The page on which the run goes on.  Raises NotHere where it cannot."""
    (data, program), snapshots = training_data(run), run.snapshots()
    chosen = thinned(snapshots, len(data["states"]))
    last = copy(run)
    last.kept, last.last, last.example = [snapshots[-1]], snapshots[-1], run.shown
    last.classes = None  # its script repaints no probabilities
    panels = {name: each.html() for name, each in filmed(last).items()}
    moment = next(last.moments())
    panels["sizes"] = film([size_painter(run)(moment)]).html()  # of all snapshots
    known, svg, below = example_graph(run, program, moment.model)
    panels["example"] = svg or panels["example"]
    return training_page(
        run,
        data | known,
        panels,
        table(run, chosen),
        escape(plane_words(run)),
        below,
    )


def replay_page(run: Run, note: str = "", progress: Progress | None = None) -> str:
    """The replay of a run as one HTML text.

    note: what else the reader should know.
    progress: told how many snapshots are drawn, and of how many.

    Its script gets the titles and sentences of the snapshots, what turns the film of each
    panel, and the alphabet of their tracks; see flipbook.py.
    """
    model, snapshots = run.model, run.snapshots()
    steps, count = [snapshot.step for snapshot in snapshots], len(snapshots)
    told: list[str] = []
    below = Below()
    films = filmed(run, progress, told, below)
    titles = [f"Step {step}, snapshot {k} of {count}" for k, step in enumerate(steps, 1)]
    says = [
        f"{sentence(run, shot)} {words}".strip()
        for shot, words in zip(snapshots, told, strict=True)
    ]
    turned = {
        name: {"cuts": film.cuts, "scenes": [scene.tracks for scene in film.scenes]}
        for name, film in films.items()
    }
    return html_page(
        HERE,
        ("runs/replay.html", "runs/replay.css", *(DEEP if below.found else SCRIPTS)),
        {"alphabet": ALPHABET, "titles": titles, "says": says, "panels": list(films)}
        | {"films": compressed(json_for_script(turned), 6), "cards": cards_of(run)}
        | below.data(),
        **parts(below.found),
        **{f"no_{name}": "" if name in films else " hidden" for name in PANELS},
        **{name: films[name].html() if name in films else "" for name in PANELS},
        title=run.title,
        summary=(
            f"{model!r}, {len(model.parameters())} parameters, "
            f"{count} snapshots from step {steps[0]} to {steps[-1]}."
        ),
        note=note,
        style=style() + SHADED * bool(below.found),
        toolbar=toolbar("snapshot", count - 1, SPEEDS),
        count=count,
        **table(run, snapshots),
        legend=escape(plane_words(run)),
        pace=pace_of_images(run),
        say=escape(says[-1]),
        step=escape(titles[-1]),
    )


def cards_of(run: Run) -> dict[str, list[str]]:
    """For each neuron of the network, by id, its card in the graph of the example, or its layer's.

    Which of them there is depends on how large the graph is.
    """
    if run.example is None:
        return {}
    return {
        ids.unit(view.css, k + 1, i): [f"example-{ids.neuron(k, i)}", f"example-{ids.layer(k)}"]
        for view in VIEWS.values()
        for k, layer in enumerate(run.layers)
        for i in range(len(layer))
    }


# The frames


def filmed(
    run: Run,
    progress: Progress | None = None,
    told: list[str] | None = None,
    below: Below | None = None,
) -> dict[str, Film]:
    """The film of each panel that the run has something for.

    told: gets what the model answers to the example at each snapshot, in words.
    below: gets the graph of each.
    """
    painters, count = panels(run, told, below), len(run.snapshots())
    reels = {name: Reel() for name in painters}
    for k, moment in enumerate(run.moments(), 1):
        for name, paint in painters.items():
            reels[name].add(paint(moment))
        if below and run.example:
            below.add(moment.graph)
        if progress:
            progress(k, count)
    return {name: reel.film() for name, reel in reels.items()}


def panels(
    run: Run, told: list[str] | None = None, below: Below | None = None
) -> dict[str, Painter]:
    """What paints the frames of each panel that the run has something for; the rest as above."""
    made = {"sizes": size_painter(run), "network": network_painter(run, told)}
    if side_of(len(run.layers[0][0].w)):
        made["images"] = image_painter(run)
    if run.curves:
        made["curves"] = loss_painter(run)
    if run.points and len(run.layers[0][0].w) == 2:
        made["plane"] = plane_painter(run)
    if run.example is not None:
        made["example"] = example_painter(below or Below())
    return made


def loss_painter(run: Run) -> Painter:
    """Paints the curves of the losses, with a cursor at the snapshot."""
    looks, known = {"loss": ("op", ""), "validation loss": ("input", "5 3")}, run.curves
    lines = [Curve(name, known[name], *look) for name, look in looks.items() if name in known]
    title, reach = "Loss over the steps of training", [shot.step for shot in run.snapshots()]
    return lambda moment: curves(lines, moment.snapshot.step, title, "curves-", reach=reach)


def size_painter(run: Run) -> Painter:
    """Paints how large the gradient is in each layer, with a cursor at the snapshot."""
    sizes = [(snapshot.step, run.layer_sizes(snapshot)) for snapshot in run.snapshots()]
    lines = [
        Curve(f"layer {k + 1}", [(step, layers[k]) for step, layers in sizes], "op")
        for k in range(len(run.layers))
    ]
    title = "Size of the gradient in each layer"
    return lambda moment: rows(lines, moment.snapshot.step, title, "sizes-")


def network_painter(run: Run, told: list[str] | None = None) -> Painter:
    """Paints the network, its units showing the example where it has an answer.

    told: gets the answer at each snapshot, in words.
    """
    x, told = run.example[0] if run.example else None, [] if told is None else told
    drawn = [
        column.drawn for column in columns_of(run.layers, read_runs(run.layers, x, None), False)
    ]
    empty: list[Any] = [[None] * size for size in (len(run.layers[0][0].w), *map(len, run.layers))]
    places: list[list[int | None]] = []
    logits = False

    def paint(moment: Moment) -> str:
        nonlocal places, logits
        layers, runs = layers_of(moment.model), empty
        if moment.graph:
            values = list(moment.graph.index)
            if not moment.same:
                found = read_runs(layers, None, values[-1])
                places = [[moment.graph.index.get(unit) for unit in run] for run in found]
                logits = has_softmax(values[-1], found[-1])
            runs = [[k if k is None else values[k] for k in ks] for ks in places]
        put_grads(moment.params, moment.snapshot)
        columns = film_columns(layers, runs, drawn, any(moment.snapshot.grads))
        if run.classes is not None:
            tell_classes(columns, run.classes, logits)
        told.append(" ".join([*answer(columns[-1]), *right_answer(run)]))
        return film_frame(columns, run.title, "network-")

    return paint


def right_answer(run: Run) -> list[str]:
    """What the example is, in a sentence, if its class has a name."""
    if not run.classes or not run.example:
        return []
    return [f"The example is {clean(run.classes[right_class(run.example[1])])}."]


def film_columns(
    layers: Layers, runs: list[Any], drawn: list[list[int]], trained: bool
) -> list[Column]:
    """The columns of a network, for a frame.

    runs: the Values of each column, with their gradients.
    drawn: the units to draw, which must not change from frame to frame.
    trained: whether the parameters have gradients.
    """
    columns = columns_of(layers, runs, runs[-1][0] is not None, drawn=drawn)
    for column in columns:
        column.ran = trained
    return columns


def film_frame(columns: list[Column], title: str, prefix: str) -> str:
    """Both views upon each other as SVG, alike but for attributes in every state of a model."""
    place(columns)
    views = [view._replace(steady=True) for view in VIEWS.values()]
    return network_svg(columns, title, views, apart=False, prefix=prefix)


def image_painter(run: Run) -> Painter:
    """Paints the weights of the first layer as images, a few times in a run and at its end."""
    last, pace = run.snapshots()[-1], pace_of_images(run)
    turn, shown = 0, ""

    def paint(moment: Moment) -> str:
        nonlocal turn, shown
        if turn % pace == 0 or moment.snapshot is last:
            shown = weight_images(layers_of(moment.model)[0], "images-")
        turn += 1
        return shown

    return paint


def pace_of_images(run: Run) -> int:
    """How many snapshots the images of the weights stay."""
    return math.ceil(len(run.snapshots()) / IMAGES)


def example_painter(below: Below) -> Painter:
    """Paints the graph of the example's loss, with its own gradients.

    Where a weight has grown so large that the loss cannot be computed, the reason.
    """

    def paint(moment: Moment) -> str:
        if moment.graph is None:
            words = moment.refusal
            text = svg_text(12, 24, words, bold=True)
            return svg_frame(text_width(words) + 24, 40, words, words, [text], "example-")
        below.known = below.known if moment.same else Known()
        return render(moment.graph, prefix="example-", headed=False, like=below.known).svg

    return paint


def plane_painter(run: Run) -> Painter:
    """Paints what the model answers all over the plane."""
    plane = plane_around([point for point, _ in run.points])
    cells, words = plane.cells(), "What the model answers"
    chosen, names = None, ["x0", "x1"]
    if run.example is not None:
        inputs = named_inputs(run.example[0])
        chosen, names = [x.data for x in inputs], [clean(x.label) for x in inputs]
    predict = None

    def paint(moment: Moment) -> str:
        nonlocal predict
        predict = predict or predictor(moment.model, cells)
        answers = [as_list(output) for output in predict(cells)]
        return answers_svg(
            plane, answers, run.threshold, run.points, chosen, names, words, "plane-"
        )

    return paint


# Words


def sentence(run: Run, snapshot: Snapshot) -> str:
    """What a snapshot's pictures say, in words."""
    parts = [f"{clean(name.replace('_', ' '))} {fmt(x)}" for name, x in snapshot.numbers.items()]
    sizes = run.layer_sizes(snapshot)
    strong = max(range(len(sizes)), key=lambda k: sizes[k])
    words = f"{', '.join(parts)}. " if parts else ""
    if snapshot.step == 0:
        words = f"Before the first step. {words[:1].upper()}{words[1:]}"
    if len(sizes) > 1 and sizes[strong]:
        words += f"The gradient is largest in layer {strong + 1}, {fmt(sizes[strong])}."
    return words[:1].upper() + words[1:]


def plane_words(run: Run) -> str:
    """What the colours and marks on the plane mean."""
    if len(run.layers[-1]) > 2:
        return "A number is the class that the model answers there; a bold one is an example."
    return (
        "Blue: the model answers class 1, crosses. Orange: class 0, rings. "
        "The darker, the surer; the line is the border (decision boundary)."
    )


def table(run: Run, snapshots: Sequence[Snapshot]) -> dict[str, str]:
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
    return {"heads": cells("th", heads), "rows": "\n".join(lines)}


def cells(tag: str, texts: Sequence[str]) -> str:
    """Texts as cells of a table row."""
    return "".join([f'<{tag} class="number">{escape(text)}</{tag}>' for text in texts])
