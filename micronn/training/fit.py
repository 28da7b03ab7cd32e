"""The loop of micronn.train for long runs: a hundred times faster, watched, and stopped in time.

    >>> import random
    >>> from micronn.data import moons, split
    >>> from micronn.losses import hinge
    >>> from micronn.nn import MLP
    >>> from micronn.optim import Adam
    >>> from micronn.training.metrics import accuracy
    >>> rng = random.Random(7)
    >>> train, validation, test = split(moons(200, rng=rng), rng=rng)
    >>> model = MLP(2, [8, 1], activation="tanh", rng=rng)
    >>> run = steps(model, hinge, train, Adam(model.parameters(), 0.05), 60, 20, rng,
    ...             validation=validation, metric=accuracy)
    >>> for step in early_stopping(run, model, patience=10):
    ...     pass  # print, draw or save here
    >>> evaluate(model, hinge, test, accuracy).metric
    1.0

`steps` hands out a Step after every epoch, with the model as it is then.  Whatever
should happen on the way is written in the body of your own loop: `break` stops, and
`early_stopping(steps(...), model)` is a loop around a loop.  `fit` goes through to the end,
or with `patience=10` to where that would stop.
"""

import math
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from micronn.check.health import parameters_by_layer
from micronn.data import Examples, batches, select
from micronn.nn import Module
from micronn.optim import Optimizer, clip_gradient, learning_rate
from micronn.support.arguments import Rng, check_callable, check_examples, count
from micronn.support.numeric import root_mean_square
from micronn.support.unused import told_if_unused
from micronn.train import NOT_FINITE, Diverged, Loss, Step, check_training, train_batch
from micronn.training.eager import Objective, eager_outputs
from micronn.training.metrics import accuracy
from micronn.training.traced import DECIDES, TracedLoss, on_the_graph, predictor, same, traced_loss

Metric = Callable[[Sequence[Any], Sequence[Any]], float]
Scorer = Callable[[TracedLoss | None], tuple[Any, float | None]]  # a loss or None, a metric


class Score(NamedTuple):
    """How good a model is on a data set: mean loss, and metric or None."""

    loss: float
    metric: float | None


def fit(
    model: Module, loss: Loss, data: Examples, optimizer: Optimizer, epochs: int,
    batch_size: int = 32, rng: Rng = None, *, patience: int | None = None, **options: Any,
) -> list[Step]:  # fmt: skip
    """Train a model to the end; returns all that steps() tells.  Arguments as for steps().

    patience: how many Steps to wait for a lower loss; the best model is kept, as
        early_stopping() does.  Left out, all epochs are done.
    """
    run = steps(model, loss, data, optimizer, epochs, batch_size, rng, **options)
    return list(run if patience is None else early_stopping(run, model, patience))


@told_if_unused
def steps(
    model: Module, loss: Loss, data: Examples, optimizer: Optimizer, epochs: int,
    batch_size: int = 32, rng: Rng = None, *,
    validation: Examples | None = None, metric: Metric | None = None,
    clip: float | None = None, l2: float = 0.0,
    every: int | None = None, done: int = 0, engine: str = "auto",
) -> Iterator[Step]:  # fmt: skip
    """Train a model on shuffled mini-batches, and tell how it goes.

    model, loss, data, optimizer, epochs, batch_size, rng: as for micronn.train.steps,
        which takes the same steps.
    validation: examples that are only measured, never learned from.
    metric: accuracy, rmse, or any function of outputs (floats, or lists of floats)
        and targets.
    clip: the longest that the gradient may be, all parameters together; a longer one
        is shortened.
    l2: adds l2 * (sum of the squares of the parameters) to every loss reported.
    every: a Step after so many batches and after each epoch; left out, only these.
    done: how many of the epochs were done earlier, by a training that goes on.
    engine: "graph" builds a graph for every batch, which is slow and shows all;
        "machine" records that of an example once and runs it in C, "python" in Python,
        with the same numbers; "auto" is the fastest that works, and warns where that is
        the graph.  What decides with an `if` on numbers wants "graph".

    After a Step, the grad of each parameter is the gradient of the last batch.

    Raises ValueError or TypeError, when called, for arguments that do not fit; and,
    while it runs, Diverged when a loss or a gradient is no longer finite, with the
    step and the place in the graph where that began.
    """
    for name, n in (("epochs", epochs), ("batch_size", batch_size), ("every", every)):
        count(1 if n is None else n, name)
    if count(done, "done", least=0) >= epochs:
        raise ValueError(f"{done} of {epochs} epochs are done already; ask for more epochs")
    if clip is not None and not clip > 0.0:
        raise ValueError(f"clip is a length above 0, got {clip!r}; 1.0 is usual")
    if not 0.0 <= l2 < math.inf:
        raise ValueError(f"l2 must be 0 or above, got {l2!r}; 0.0001 is usual")
    check_callable(metric=metric or accuracy)
    check_training(model, loss, optimizer)
    for part in (data, validation or data):
        check_examples(part)
    objective = Objective(model, loss, optimizer.params, l2)
    training = Training(objective, data, optimizer, math.inf if clip is None else clip, engine)
    judged, weighs = validation or data, validation is not None
    score = scorer(training.program, objective, judged, metric, engine, weighs)
    return training.steps(range(done + 1, epochs + 1), batch_size, rng, every, score)


class Training:
    """What takes the steps: a program, or where that cannot tell, graphs.

    program: the loss of an example, traced; None where graphs do it.
    """

    def __init__(
        self, objective: Objective, data: Examples, optimizer: Optimizer, clip: float, engine: str
    ):
        self.objective, self.data, self.optimizer, self.clip = objective, data, optimizer, clip
        self.program = traced_loss(objective, data, engine)
        learned, layers = set(optimizer.params), parameters_by_layer(objective.model)
        found = {k: [p for p in params if p in learned] for k, params in layers.items()}
        self.layers = {name: params for name, params in found.items() if params}

    def steps(
        self, epochs: range, batch_size: int, rng: Rng, every: int | None, score: Scorer
    ) -> Iterator[Step]:
        """The epochs, with a Step after each and wherever else one is due."""
        start, optimizer = time.perf_counter(), self.optimizer
        indices = cast(Any, range(len(self.data[1])))
        for epoch in epochs:
            order = [batch for batch, _ in batches((indices, indices), batch_size, rng)]
            for k in range(0, len(order), every or len(order)):
                loss = self.advance(order[k : k + (every or len(order))], epoch)
                yield Step(
                    optimizer.steps, epoch, loss, learning_rate(optimizer.lr, optimizer.steps - 1),
                    *score(self.program), self.gradients(), time.perf_counter() - start,
                    self.program.name if self.program else "graph",
                )  # fmt: skip

    def advance(self, batches: Sequence[Any], epoch: int) -> float:
        """A step for each batch; returns the mean loss of their examples.

        If the program's numbers are not finite, the steps are taken once more on
        graphs, which can say where that begins.  If they are not the graph's numbers,
        graphs are used from there on.
        """
        if self.program is None:
            return self.on_graphs(batches, epoch)
        params, optimizer = self.optimizer.params, self.optimizer
        before, memory = [p.data for p in params], optimizer.state_dict()
        try:
            mean = self.on_program(self.program, batches)
            after = [mean, *[p.data for p in params], *[p.grad for p in params]]
            if all(map(math.isfinite, after)):
                here = self.program.losses(self.program.batch(batches[-1][:1]))
                if same(here, self.objective.losses(*select(self.data, batches[-1][:1]))):
                    return mean
                self.program = None
                on_the_graph(DECIDES)
        except NOT_FINITE:
            pass
        for p, number in zip(params, before, strict=True):
            p.data = number
        optimizer.load_state_dict(memory)
        return self.on_graphs(batches, epoch)

    def on_graphs(self, batches: Sequence[Any], epoch: int) -> float:
        """Every step as micronn.train takes it."""
        objective, optimizer, total = self.objective, self.optimizer, 0.0
        for batch in batches:
            examples, loss = select(self.data, batch), objective.penalised()
            objective.zero_grad()  # also of what this optimizer does not move
            try:
                mean = train_batch(objective.model, loss, *examples, optimizer, self.clip)
            except NOT_FINITE:
                why, advice = objective.trouble(*examples)
                lr = learning_rate(optimizer.lr, optimizer.steps)
                rate = f"Try a smaller learning rate than {lr:g}, clip=1.0, or inputs"
                advice = advice or f"{rate} scaled to about -1 to 1."
                raise Diverged(optimizer.steps + 1, epoch, why, advice) from None
            total += mean * len(batch)
        return total / sum(map(len, batches))

    def on_program(self, program: TracedLoss, batches: Sequence[Any]) -> float:
        """All steps but the last inside the program, if nothing is to be done in between."""
        inside = batches[:-1] if self.clip == math.inf else []
        total = program.train(inside, self.optimizer) if inside else 0.0
        for batch in batches[len(inside) :]:
            total += program.gradient(batch) * len(batch)
            clip_gradient(self.optimizer.params, self.clip)
            self.optimizer.step()
        return total / sum(map(len, batches))

    def gradients(self) -> dict[str, float]:
        """The root mean square of the last gradient, for each layer that is learned."""
        layers = self.layers.items()
        return {name: root_mean_square([p.grad for p in params]) for name, params in layers}


def scorer(
    program: TracedLoss | None, objective: Objective, data: Examples, metric: Metric | None,
    engine: str, weighs: bool = True,
) -> Scorer:  # fmt: skip
    """A function that measures the model on a data set, and is told with what program.

    program: the loss, traced; None where graphs do it, from now on or from later on.
    weighs: whether it is to tell the loss too.
    """
    model, (inputs, targets) = objective.model, data
    if program and weighs:
        rows = array("d", b"".join(program.encoded(inputs, targets)))
    if program and metric:
        outputs = predictor(model, inputs, engine)

    def score(program: TracedLoss | None) -> tuple[Any, float | None]:
        loss = None
        if weighs:
            loss = program.losses(rows) if program else objective.losses(inputs, targets)
        if not metric:
            return loss, None
        return loss, metric(outputs(inputs) if program else eager_outputs(model, inputs), targets)

    return score


def evaluate(
    model: Module, loss: Loss, data: Examples, metric: Metric | None = None, engine: str = "auto"
) -> Score:
    """How good a model is on examples: once, at the end, on a test set it never saw.

    loss, data, metric, engine: as for steps().

    Raises ValueError or TypeError for arguments that do not fit.
    """
    check_examples(data)
    check_callable(loss=loss, metric=metric or accuracy)
    objective = Objective(model, loss, model.parameters())
    program = traced_loss(objective, data, engine)
    return Score(*scorer(program, objective, data, metric, engine)(program))


def early_stopping(
    steps: Iterable[Step], model: Module, patience: int = 5, least: float = 0.0
) -> Iterator[Step]:
    """Hand on the Steps until the loss no longer falls, then go back to the best model.

    steps: steps(...), with a validation set; without one the training loss decides.
    patience: how many Steps to wait for a loss lower than the lowest so far.
    least: by how much lower.

    However the loop ends, the model has the parameters of its best Step then.
    Raises ValueError for a patience below 1, TypeError for one that is no integer
    and for the finished list that fit() returns.

    Source: Prechelt, "Early stopping - but when?", 1998.
    """
    count(patience, "patience")
    return until_no_better(under_way(steps, "stopped"), model, patience, least)


def under_way(steps: Iterable[Step], what: str) -> Iterator[Step]:
    """The Steps of a training that is not over; refuses the list that fit() returns."""
    if not isinstance(steps, Iterator):
        raise TypeError(
            f"only a training that is under way can be {what}, got a {type(steps).__name__}, of "
            "one that is over or of one moment; write steps(...), or fit(..., patience=10)"
        )
    return steps


def until_no_better(
    steps: Iterator[Step], model: Module, patience: int, least: float
) -> Iterator[Step]:
    """The Steps that early_stopping hands on."""
    lowest, best, waited = math.inf, model.state_dict(), 0
    try:
        for step in steps:
            loss = step.loss if step.validation_loss is None else step.validation_loss
            waited += 1
            if loss < lowest - least:
                lowest, best, waited = loss, model.state_dict(), 0
            yield step
            if waited >= patience:
                return
    finally:
        model.load_state_dict(best)
