"""A training run is a story, and a recorded one can be read slowly, and backwards.

While a model learns, a Recorder keeps copies of its numbers.  Afterwards they become
one page that needs no network and no server: on it the network, the border between
its answers, the curves of the loss, the size of the gradient in every layer and the
graph of one example move together, forwards and backwards, from snapshot to snapshot.

    >>> from micronn.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> recorder = Recorder(model, title="a first run")
    >>> recorder.snapshot(step=0, loss=0.69)
    >>> recorder.to_html()[:15]
    '<!doctype html>'
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from micronn.engine import Value, as_value
from micronn.losses import loss_of
from micronn.nn import Module
from micronn.pictures.charts import Curve, answers_svg, curves, plane_around, rows
from micronn.pictures.network import draw_network
from micronn.pictures.network_columns import layers_of, place, read_columns
from micronn.pictures.network_svg import VIEWS, network_svg
from micronn.pictures.page import filled, html_page, resource
from micronn.pictures.palette import style
from micronn.pictures.render import render
from micronn.pictures.svg import escape, svg_frame, svg_text, text_width
from micronn.support.arguments import check_pairs, check_text, count, integer, pair
from micronn.support.files import write_whole
from micronn.support.text import clean, clipped, fmt
from micronn.support.vectors import as_list, root_mean_square
from micronn.train import Step
from micronn.training.eager import REFUSED
from micronn.training.traced import OutputProgram
from micronn.viewer.flipbook import ALPHABET, Film, film
from micronn.viewer.stepper import toolbar

PANELS = ("plane", "curves", "sizes", "network", "example")  # of the page, by id
SPEEDS = 500, 200, 70  # milliseconds a snapshot stays when they turn by themselves


class Snapshot(NamedTuple):
    """A moment of a run: every number that its pictures need.

    numbers: losses and metrics, by name.
    data, grads: of every parameter, in the order of model.parameters().
    """

    step: int
    numbers: dict[str, float]
    data: Sequence[float]
    grads: Sequence[float]


class Recorder:
    """Keeps snapshots of a model that learns, and turns them into a page.

    model: an MLP, a Layer, a Neuron, or a Module whose `layers` are Layers.
    loss: what one example costs, as for micronn.train.fit: loss(model(x), target).
    example: one (x, target) pair, whose graph and activations the page shows.
    data: all inputs and all targets, as the functions of micronn.data return them.
        With two inputs, the page shows the plane of the model's answers.
    threshold: where a model has one output, the number that parts its two classes; by
        default 0, and 0.5 behind a sigmoid.
    every: keep every so many calls of snapshot(); the last one is kept in any case.
    most: keep at most so many.  A longer run keeps every second one, and so on.
    title: the heading of the page, such as the name of the data set.

    With fit, loop over recorder.record(fit(...)).  In a loop of your own, call
    recorder.snapshot(step, loss) at every step.

    Raises TypeError for a model that cannot be drawn and for an example without a loss,
    ValueError for inputs and targets that are not equally many, and whatever the model or
    the loss raise for the example.

    >>> from micronn.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> run = Recorder(model, example=([1.0, 2.0], 1.0), loss=lambda out, y: (out - y) ** 2)
    """

    def __init__(
        self,
        model: Module,
        *,
        loss: Callable[[Any, Any], Value] | None = None,
        example: tuple[Sequence[Value | float], Any] | None = None,
        data: tuple[Sequence, Sequence] | None = None,
        threshold: float | None = None,
        every: int = 1,
        most: int = 200,
        title: str = "A training run",
    ):
        self.model: Any = model
        self.loss: Any = loss
        self.example: Any = example
        self.layers, place = layers_of(model), {p: k for k, p in enumerate(model.parameters())}
        self.places = [[place[p] for n in layer for p in (*n.w, n.b)] for layer in self.layers]
        self.points = None if data is None else points(data)
        self.threshold = usual_threshold(self.layers) if threshold is None else threshold
        self.every, self.most = count(every, "every"), count(most, "most", least=2)
        check_text(title, "title")
        self.title = clean(title) or "A training run"
        self.kept: list[Snapshot] = []
        self.last: Snapshot | None = None
        self.curves: dict[str, list[tuple[int, float]]] = {}
        self.calls = 0
        if example is not None:
            check_example(self)

    def snapshot(
        self,
        step: int,
        loss: Value | float,
        validation_loss: Value | float | None = None,
        **metrics: Value | float | None,
    ) -> None:
        """Note the losses and metrics of a step, and keep the model if its turn has come.

        Call it after backward(), at every step: the curves are drawn through all calls.
        step: a whole number, larger than at the call before.
        loss, validation_loss, metrics: numbers or Values; a metric may have any name.

        Raises ValueError for a step that goes back, TypeError for what is no number.
        """
        integer(step, "step")
        if self.last is not None and step <= self.last.step:
            raise ValueError(f"steps go up, got {step} after {self.last.step}")
        if loss is None:
            raise TypeError("every snapshot has a loss, got None; pass the number of this step")
        given = {"loss": loss, "validation loss": validation_loss, **metrics}
        numbers = {name: as_value(x).data for name, x in given.items() if x is not None}
        for name, number in numbers.items():
            self.curves.setdefault(name, []).append((step, number))
        parameters = self.model.parameters()
        data = array("d", [p.data for p in parameters])
        grads = array("d", [p.grad for p in parameters])
        self.last = Snapshot(step, numbers, data, grads)
        if self.calls % self.every == 0:
            self.kept.append(self.last)
        self.calls += 1
        if len(self.kept) > self.most:
            self.kept, self.every = self.kept[::2], self.every * 2

    def record(self, steps: Iterable[Step], metric: str = "metric") -> Iterator[Step]:
        """Hand on the Steps of micronn.train.fit, and note each of them.

        metric: what to call the metric of the Steps, such as "accuracy".
        To begin before the first step, call snapshot(0, loss) before the loop.

        >>> from micronn.losses import mse
        >>> from micronn.nn import MLP
        >>> from micronn.optim import SGD
        >>> from micronn.train import fit
        >>> model, data = MLP(1, [1]), ([[1.0], [2.0]], [3.0, 5.0])
        >>> recorder = Recorder(model, title="a line")
        >>> steps = fit(model, mse, data, SGD(model.parameters(), lr=0.1), epochs=3, engine="graph")
        >>> [step.epoch for step in recorder.record(steps)], len(recorder.snapshots())
        ([1, 2, 3], 3)
        """
        for step in steps:
            self.snapshot(step.step, step.loss, step.validation_loss, **{metric: step.metric})
            yield step

    def snapshots(self) -> list[Snapshot]:
        """The snapshots that the page shows: those kept, and the last one."""
        if self.last is None:
            raise ValueError("nothing is recorded yet; call snapshot(step, loss) in the loop")
        return self.kept if self.kept[-1] is self.last else [*self.kept, self.last]

    def to_html(self) -> str:
        """The page, one self-contained HTML text."""
        return page(self)

    def save(self, path: str | Path) -> Path:
        """Write the page to a .html file, whole or not at all.

        Raises ValueError for another ending, and OSError for a place that cannot be
        written; an older file then stays as it was.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a replay is a page, got {path.name!r}; end the name in .html")
        write_whole(path, self.to_html())
        return path

    def _repr_svg_(self) -> str | None:
        """In a notebook that runs no scripts: the network as it is now."""
        x = self.example[0] if self.example else None
        return draw_network(self.model, x, title=self.title).svg

    def _repr_html_(self) -> str | None:
        """In a notebook: the page, in a frame of its own."""
        if self.last is None:
            return None
        look = "width:100%;height:900px;border:0"
        return f'<iframe title="replay" style="{look}" srcdoc="{escape(self.to_html())}"></iframe>'


def usual_threshold(layers) -> float:
    """The middle of what the last layer can say."""
    return 0.5 if layers[-1][0].activation == "sigmoid" else 0.0


def check_example(recorder) -> None:
    """Work the example out once, so that a mistake in it shows before the training."""
    if not callable(recorder.loss):
        raise TypeError(
            f"the graph of an example ends in its loss; pass loss=f(output, target), "
            f"got {recorder.loss!r}"
        )
    _, target = pair(recorder.example, "an example is a pair, x and target")
    root = loss_of(recorder.loss, recorder.model(example_inputs(recorder)), target)
    if not isinstance(root, Value):
        raise TypeError(f"loss(output, target) gives a Value, got {clipped(repr(root))}")


def points(data) -> list[tuple[list[float], int]]:
    """Each example as its inputs and its class."""
    inputs, targets = pair(data, "data is a pair, all inputs and all targets")
    check_pairs(inputs, targets, "inputs")
    places = [[float(number) for number in x] for x in inputs]
    return list(zip(places, classes(targets), strict=True))


def classes(targets) -> list[int]:
    """Targets as classes 0, 1, 2, ...: the smallest is 0.  Of numbers to predict, all are 0."""
    numbers = [float(target) for target in targets]
    kinds = sorted(set(numbers))
    return [kinds.index(number) if len(kinds) <= 10 else 0 for number in numbers]


def example_inputs(recorder) -> list[Value]:
    """The inputs of the example as named Values, so that they have gradients too."""
    return [
        Value(float(number), getattr(number, "label", "") or f"x{k}")
        for k, number in enumerate(recorder.example[0])
    ]


# The page


def page(recorder: Recorder) -> str:
    """The replay of a run as one HTML text."""
    snapshots = recorder.snapshots()
    films = {name: film(frames) for name, frames in pictures(recorder, snapshots).items()}
    titles = [page_name(k, snapshots) for k in range(len(snapshots))]
    says = [sentence(recorder, snapshot) for snapshot in snapshots]
    book = {
        "alphabet": ALPHABET[: max(map(longest, films.values()))],
        "titles": titles,
        "says": says,
        "films": {name: {"cuts": book.cuts, "scenes": [s.tracks for s in book.scenes]}
                  for name, book in films.items()},
    }  # fmt: skip
    last = len(snapshots) - 1
    body = filled(
        __package__, "replay.html",
        **{f"no_{name}": "" if name in films else " hidden" for name in PANELS},
        **{name: scenes(films[name]) if name in films else "" for name in PANELS},
        title=escape(recorder.title), about=escape(about(recorder, snapshots)),
        toolbar=toolbar("snapshot", last, last, SPEEDS),
        count=len(snapshots), heads=cells("th", table_heads(recorder, snapshots)),
        rows="\n".join([table_row(recorder, snapshots, k) for k in range(len(snapshots))]),
        legend=escape(plane_words(recorder)), say=escape(says[-1]), step=escape(titles[-1]),
    )  # fmt: skip
    scripts = [resource(__package__, name) for name in ("page.js", "replay.js")]
    look = style() + resource(__package__, "replay.css")
    return html_page(recorder.title, body, look, scripts, book)


def pictures(recorder: Recorder, snapshots: list[Snapshot]) -> dict[str, Iterator[str]]:
    """The frames of each panel that the run has something for."""
    made = {
        "curves": loss_frames(recorder, snapshots),
        "sizes": size_frames(recorder, snapshots),
        "network": network_frames(recorder, snapshots),
    }
    if recorder.points is not None and len(recorder.layers[0][0].w) == 2:
        made["plane"] = plane_frames(recorder, snapshots)
    if recorder.example is not None:
        made["example"] = example_frames(recorder, snapshots)
    return made


def states(recorder: Recorder, snapshots) -> Iterator[Module]:
    """A model of its own, put into the state of one snapshot after the other."""
    model = deepcopy(recorder.model)
    parameters = model.parameters()
    for snapshot in snapshots:
        put(parameters, snapshot)
        yield model


def put(parameters, snapshot) -> None:
    """Set every parameter and its gradient to what they were."""
    for parameter, data, grad in zip(parameters, snapshot.data, snapshot.grads, strict=True):
        parameter.data, parameter.grad = data, grad


def loss_frames(recorder, snapshots) -> Iterator[str]:
    """The curves of the losses, with a cursor at each snapshot."""
    looks = {"loss": ("op", ""), "validation loss": ("input", "5 3")}
    known = recorder.curves
    lines = [Curve(name, known[name], *look) for name, look in looks.items() if name in known]
    for snapshot in snapshots:
        yield curves(lines, snapshot.step, "Loss over the steps of training", "curves-")


def size_frames(recorder, snapshots) -> Iterator[str]:
    """How large the gradient is in each layer, with a cursor at each snapshot."""
    lines = [
        Curve(f"layer {k + 1}", [(s.step, layer_sizes(recorder, s)[k]) for s in snapshots], "op")
        for k in range(len(recorder.layers))
    ]
    for snapshot in snapshots:
        yield rows(lines, snapshot.step, "Size of the gradient in each layer", "sizes-")


def layer_sizes(recorder, snapshot) -> list[float]:
    """The root of the mean square of the gradients of each layer's parameters."""
    return [root_mean_square([snapshot.grads[k] for k in places]) for places in recorder.places]


def network_frames(recorder, snapshots) -> Iterator[str]:
    """The network at each snapshot, its units showing the example where it has an answer."""
    x = None if recorder.example is None else recorder.example[0]
    drawn = units_drawn(recorder.model, x)
    for model, snapshot in zip(states(recorder, snapshots), snapshots, strict=True):
        try:
            root = None if recorder.example is None else example_loss(recorder, model)
        except REFUSED:
            root = None
        put(model.parameters(), snapshot)
        yield film_frame(model, root, drawn, recorder.title, "network-")


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


def example_frames(recorder, snapshots) -> Iterator[str]:
    """The graph of the example's loss at each snapshot, with its own gradients.

    Where a weight has grown so large that the loss cannot be computed, the reason.
    """
    for model in states(recorder, snapshots):
        try:
            root = example_loss(recorder, model)
        except REFUSED as refusal:
            words = f"There is no loss here: {refusal}"
            text = svg_text(12, 24, words, bold=True)
            yield svg_frame(text_width(words) + 24, 40, words, words, [text], "example-")
        else:
            yield render(root, model.named_parameters(), prefix="example-").svg


def example_loss(recorder, model) -> Value:
    """The loss of the example after backward(); gradients are those of this example alone."""
    model.zero_grad()
    root = loss_of(recorder.loss, model(example_inputs(recorder)), recorder.example[1])
    root.backward()
    return root


def plane_frames(recorder, snapshots) -> Iterator[str]:
    """What the model answers all over the plane at each snapshot."""
    plane = plane_around([point for point, _ in recorder.points])
    cells, words = plane.cells(), "What the model answers"
    chosen, names = None, ["x0", "x1"]
    if recorder.example is not None:
        inputs = example_inputs(recorder)
        chosen, names = [x.data for x in inputs], [clean(x.label) for x in inputs]
    program = None
    for model in states(recorder, snapshots):
        program = program or OutputProgram(model, cells[0], "auto")  # 1,600 runs a snapshot
        answers = [as_list(output) for output in program(cells)]
        limit, examples = recorder.threshold, recorder.points
        yield answers_svg(plane, answers, limit, examples, chosen, names, words, "plane-")


# Words


def page_name(k, snapshots) -> str:
    """Which snapshot it is."""
    return f"Step {snapshots[k].step}, snapshot {k + 1} of {len(snapshots)}"


def sentence(recorder, snapshot) -> str:
    """What a snapshot's pictures say, in words."""
    parts = [f"{clean(name.replace('_', ' '))} {fmt(x)}" for name, x in snapshot.numbers.items()]
    sizes = layer_sizes(recorder, snapshot)
    strong = max(range(len(sizes)), key=lambda k: sizes[k])
    words = f"{', '.join(parts)}. "
    if len(sizes) > 1 and sizes[strong]:
        words += f"The gradient is largest in layer {strong + 1}, {fmt(sizes[strong])}."
    return words[0].upper() + words[1:]


def plane_words(recorder) -> str:
    """What the colours and marks on the plane mean."""
    if len(recorder.layers[-1]) > 2:
        return "A number is the class that the model answers there; a bold one is an example."
    return (
        "Blue: the model answers class 1, crosses. Orange: class 0, rings. "
        "The darker, the surer; the line is the border."
    )


def about(recorder, snapshots) -> str:
    """The run in one line."""
    model = recorder.model
    return (
        f"{model!r}, {len(model.parameters())} parameters, "
        f"{len(snapshots)} snapshots from step {snapshots[0].step} to {snapshots[-1].step}."
    )


def column_names(snapshots) -> list[str]:
    """The names of all losses and metrics, in the order in which they first came."""
    names = dict.fromkeys([name for snapshot in snapshots for name in snapshot.numbers])
    return list(names)


def table_heads(recorder, snapshots) -> list[str]:
    """What stands above the columns of the table, but for the step."""
    layers = [f"gradient of layer {k + 1}" for k in range(len(recorder.layers))]
    return [clean(name.replace("_", " ")) for name in column_names(snapshots)] + layers


def table_row(recorder, snapshots, k) -> str:
    """A snapshot as a row of the table."""
    snapshot, names = snapshots[k], column_names(snapshots)
    texts = [fmt(snapshot.numbers[name]) if name in snapshot.numbers else "" for name in names]
    sizes = [fmt(size) for size in layer_sizes(recorder, snapshot)]
    return f"<tr><th>{snapshot.step}</th>{cells('td', [*texts, *sizes])}</tr>"


def cells(tag, texts) -> str:
    """Texts as cells of a table row."""
    return "".join([f'<{tag} class="number">{escape(text)}</{tag}>' for text in texts])


def scenes(book: Film) -> str:
    """The scenes of a film one after another; only the one of the last page is shown."""
    shown = ALPHABET.index(book.cuts[-1])
    return "".join(
        [
            scene.svg if k == shown else scene.svg.replace("<svg ", '<svg hidden="" ', 1)
            for k, scene in enumerate(book.scenes)
        ]
    )


def longest(book: Film) -> int:
    """How many characters of the alphabet a film needs."""
    return max(
        [len(values) for scene in book.scenes for _, _, values, _ in scene.tracks], default=1
    )
