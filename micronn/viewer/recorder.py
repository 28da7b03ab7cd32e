"""While a model learns, a Recorder keeps copies of its numbers, to be read slowly afterwards.

>>> from micronn.nn import MLP
>>> model = MLP(2, [3, 1])
>>> recorder = Recorder(model, title="a first run")
>>> recorder.snapshot(step=0, loss=0.69)
>>> recorder.to_html()[:15]
'<!doctype html>'
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from micronn.engine import Value, as_value
from micronn.nn import Module
from micronn.pictures.network import draw_network
from micronn.pictures.render import page_frame
from micronn.support.arguments import count, integer
from micronn.support.files import write_atomically
from micronn.train import Step
from micronn.training.fit import under_way
from micronn.viewer.replay import replay_page
from micronn.viewer.run import Example, Loss, Run, Snapshot


class Recorder:
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

    Loop over recorder.record(steps(...)), with micronn.training.steps; or in a loop of your
    own, call recorder.snapshot(step, loss) at every step.

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
        loss: Loss | None = None,
        example: Example | None = None,
        data: tuple[Sequence[Any], Sequence[Any]] | None = None,
        threshold: float | None = None,
        every: int = 1,
        most: int = 200,
        title: str = "A training run",
    ):
        self.run = Run(model, loss, example, data, threshold, title)
        self.every, self.most = count(every, "every"), count(most, "most", least=2)
        self.kept: list[Snapshot] = []
        self.last: Snapshot | None = None
        self.calls = 0

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
            self.run.curves.setdefault(name, []).append((step, number))
        parameters = self.run.model.parameters()
        data = array("d", [p.data for p in parameters])
        grads = array("d", [p.grad for p in parameters])
        self.last = Snapshot(step, numbers, data, grads)
        if self.calls % self.every == 0:
            self.kept.append(self.last)
        self.calls += 1
        if len(self.kept) > self.most:
            self.kept, self.every = self.kept[::2], self.every * 2

    def record(self, steps: Iterable[Step], metric: str = "metric") -> Iterator[Step]:
        """Hand on the Steps of micronn.training.steps, and note each of them.

        metric: what to call the metric of the Steps, such as "accuracy".
        To begin before the first step, call snapshot(0, loss) before the loop.

        >>> from micronn.losses import mse
        >>> from micronn.nn import MLP
        >>> from micronn.optim import SGD
        >>> from micronn.training import steps
        >>> model, data = MLP(1, [1]), ([[1.0], [2.0]], [3.0, 5.0])
        >>> recorder = Recorder(model, title="a line")
        >>> run = steps(model, mse, data, SGD(model.parameters(), lr=0.1), epochs=3)
        >>> [step.epoch for step in recorder.record(run)], len(recorder.snapshots())
        ([1, 2, 3], 3)
        """
        for step in under_way(steps, "recorded"):
            self.snapshot(step.step, step.loss, step.validation_loss, **{metric: step.metric})
            yield step

    def snapshots(self) -> list[Snapshot]:
        """The snapshots that the page shows: those kept, and the last one."""
        if self.last is None:
            raise ValueError("nothing is recorded yet; call snapshot(step, loss) in the loop")
        return self.kept if self.kept[-1] is self.last else [*self.kept, self.last]

    def to_html(self) -> str:
        """The page, one self-contained HTML text."""
        return replay_page(self.run, self.snapshots())

    def save(self, path: str | Path) -> Path:
        """Write the page to a .html file, atomically.

        Raises ValueError for another ending, and OSError for a place that cannot be
        written; an older file then stays as it was.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a replay is a page, got {path.name!r}; end the name in .html")
        write_atomically(path, self.to_html())
        return path

    def _repr_svg_(self) -> str | None:
        """In a notebook that runs no scripts: the network as it is now."""
        x = self.run.example[0] if self.run.example else None
        return draw_network(self.run.model, x, title=self.run.title).svg

    def _repr_html_(self) -> str | None:
        """In a notebook: the page, in a frame of its own."""
        return None if self.last is None else page_frame("replay", self.to_html())
