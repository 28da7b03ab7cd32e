"""A training run at a glance: where the loss goes, what the model sees, who still learns.

Four pictures share a terminal: the losses so far, what the model makes of the data,
the size of the gradient in each layer (a layer that gets none learns nothing), and
a few examples with the model's answers.  They are drawn for the size of the terminal
each time it is asked for, so a window may be resized while a model learns.

    >>> board = Dashboard("moons", epochs=50)
    >>> board.update({"train": 0.7, "validation": 0.8}, "half right", {"layer 1": 0.1}, 2.5)
    >>> board.epoch, board.losses["train"]
    (1, [0.7])
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress import DownloadColumn, Progress, TaskID, TransferSpeedColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from micronn.support.text import fmt
from micronn.terminal.plots import Curves, bars

NARROW = 60  # characters; below, there is only room for one column
Picture = Callable[[int, int], RenderableType]  # for a width and a height in characters
Numbers = Mapping[str, float]


@dataclass
class Dashboard:
    """The state of a training run as one picture.

    title: what is learned.
    epochs: how many there will be.
    picture: draws what the model makes of the data, for a width and a height in
        characters; left out where there is nothing to see.
    sample: draws a few examples with the model's answers, likewise.
    short: only one line, with a bar.
    """

    title: str
    epochs: int
    picture: Picture | None = None
    sample: Picture | None = None
    short: bool = False
    epoch: int = field(default=0, init=False)
    losses: dict[str, list[float]] = field(default_factory=dict, init=False)
    metric: str = field(default="", init=False)
    gradients: Numbers = field(default_factory=dict, init=False)
    seconds_left: float = field(default=0.0, init=False)

    def update(self, losses: Numbers, metric: str, gradients: Numbers, seconds_left: float) -> None:
        """Take in one more epoch.

        losses: the loss on each part of the data, such as train and validation.
        metric: how good the model is, in words.
        gradients: the size of the gradient in each layer.
        """
        self.epoch += 1
        for name, loss in losses.items():
            self.losses.setdefault(name, []).append(loss)
        self.metric, self.gradients, self.seconds_left = metric, dict(gradients), seconds_left

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = max(12, (options.height or console.height) - 3)
        yield self.headline(options.max_width)
        if self.short or not self.losses:
            return
        if options.max_width < NARROW:
            yield self.numbers(options.max_width, lines)
            return
        right = min(options.max_width // 2 - 1, 2 * lines)
        left = options.max_width - right - 2
        columns = Table.grid(padding=(0, 2, 0, 0))
        columns.add_column(width=left)
        columns.add_column(width=right)
        columns.add_row(self.numbers(left, lines), self.pictures(right, lines))
        yield columns

    def headline(self, width: int) -> RenderableType:
        """How far the run is, on one line."""
        before = f"{self.title}  epoch {self.epoch:,} of {self.epochs:,}"
        left = f"{duration(self.seconds_left)} left" if self.epoch < self.epochs else "done"
        loss = "".join([f"{fmt(losses[-1])}  " for losses in self.losses.values()][:1])
        after = f"{'loss ' + loss if self.short and loss else ''}{self.metric}  {left}"
        line = Table.grid(padding=(0, 2, 0, 0))
        room = width - len(before) - len(after) - 6
        bar = [ProgressBar(self.epochs, self.epoch, width=room)] if room > 4 else []
        line.add_row(Text(before, "bold"), *bar, after)
        return line

    def numbers(self, width: int, lines: int) -> RenderableType:
        """The losses so far, and the gradient of each layer."""
        curves = Curves(self.losses, lines - len(self.gradients) - 2, width)
        longest = max(map(len, self.gradients), default=0)
        sizes = bars(self.gradients, max(5, width - longest - 13), factors=True, show=fmt)
        return Group(curves, "", Text("size of the gradient", "dim"), sizes)

    def pictures(self, width: int, lines: int) -> RenderableType:
        """What the model makes of the data, and a few examples."""
        parts = []
        for_sample = min(8, lines // 3) if self.sample else 0
        if self.picture:
            parts.append(self.picture(width, lines - for_sample - bool(for_sample)))
        if self.sample:
            parts += [*[""] * bool(parts), self.sample(width, for_sample)]
        return Group(*parts)


@contextmanager
def watched(board: Dashboard, console: Console) -> Iterator[Callable[[], None]]:
    """Shows a dashboard while it changes; call what is given after each update.

    In a terminal the picture stays in its place, and is drawn a hundred times in a
    run, or ten times a second if that is more.
    In a file, or where lines cannot be drawn over, there is a line every tenth of the
    way instead, and at last the picture.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        live = Live(board, console=console, auto_refresh=False)
        with ended(live), live:
            due = 0.0

            def redraw() -> None:
                nonlocal due
                if board.epoch % max(1, board.epochs // 100) == 0 or time.monotonic() >= due:
                    live.refresh()
                    due = time.monotonic() + 0.1

            yield redraw
        return
    yield lambda: report(board, console)
    if not board.short:
        console.print(board)


@contextmanager
def ended(live: Live) -> Iterator[None]:
    """Gives the terminal its cursor back even if Ctrl-C comes while Rich begins or ends."""
    try:
        yield
    finally:
        with suppress(IndexError):  # from Rich, if it had hardly begun
            live.stop()
        live.console.show_cursor()


def report(board: Dashboard, console: Console) -> None:
    """A line about an epoch, if it is the first, the last, or ends a tenth of the way."""
    if board.epoch % max(1, board.epochs // 10) == 0 or board.epoch in (1, board.epochs):
        losses = "  ".join([f"{name} {fmt(losses[-1])}" for name, losses in board.losses.items()])
        where = f"epoch {board.epoch:,} of {board.epochs:,}"
        console.print(f"{where}  {losses}  {board.metric}", soft_wrap=True)


@contextmanager
def downloads(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each file on its way: report(name, bytes so far, bytes in all).

    Where there is no terminal to draw on, nothing is drawn.
    """
    columns = *Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn()
    tasks: dict[str, TaskID] = {}
    progress = Progress(*columns, console=console, disable=not console.is_terminal)
    with ended(progress.live), progress:

        def report(name: str, done: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=size)
            progress.update(tasks[name], completed=done)

        yield report


@contextmanager
def drawing() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr while a page is drawn: report(snapshots so far, snapshots in all).

    Where stderr is no terminal, nothing is drawn.
    """
    console = Console(stderr=True)
    progress = Progress(console=console, disable=not console.is_terminal, transient=True)
    task = progress.add_task("drawing the replay")
    with ended(progress.live), progress:
        yield lambda done, count: progress.update(task, completed=done, total=count)


def duration(seconds: float) -> str:
    """Seconds as minutes and seconds, rounded up.

    >>> duration(75.2), duration(3600.0)
    ('1:16', '60:00')
    """
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}:{rest:02d}"
