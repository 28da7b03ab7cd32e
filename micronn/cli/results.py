"""How a training ends: how good the model is, whether it could go on, and what to type next."""

import argparse
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import fmean

from rich.console import RenderableType
from rich.table import Column, Table

from micronn.datasets.csv_table import text_of
from micronn.nn import MLP
from micronn.support.text import fmt
from micronn.terminal.model_view import ModelView
from micronn.terminal.tables import confusion_table
from micronn.train import Step
from micronn.training.fit import Score, evaluate
from micronn.training.metrics import confusion_matrix, right_class
from micronn.training.tasks import Question, Task

BATCH_SIZE = 32  # if nothing else is typed
MOST_CELLS = 8  # columns of a table whose numbers one might type

# How good it is


def summary(model: MLP, task: Task, last: Step, kept: Step) -> list[RenderableType]:
    """How good the model is on the test set, which it sees here for the first time.

    last, kept: the end of the training, and the Step whose model is judged.
    """
    question, (inputs, targets) = task.question, task.test
    score = evaluate(model, question.loss, task.test, question.metric)
    took = f"{last.step:,} steps in {last.seconds:.1f} s, {ENGINE_NAMES[last.engine]}"
    scores = scores_table(question, kept, score, len(targets))
    parts: list[RenderableType] = [took, "", scores, "", baseline(task)]
    if question.kind != "quantity":
        answers = ModelView(model, question, task.test, last.engine).answers(inputs)
        counts = confusion_matrix(answers, targets)
        parts += ["", confusion_table(counts, question.classes)]
    return parts


ENGINE_NAMES = {
    "machine": "on the compiled graph, run by the machine in C",
    "python": "on the compiled graph, run as a Python program",
    "graph": "on a new graph for each batch",
}


def scores_table(question: Question, kept: Step, test: Score, count: int) -> Table:
    """Loss and metric on each part; the last line is the one to quote."""
    metric = METRIC_NAMES[question.kind]
    table = Table("examples", Column("loss", justify="right"), Column(metric, justify="right"))
    table.add_row("training", fmt(kept.loss), "")
    assert kept.validation_loss is not None
    table.add_row("validation", fmt(kept.validation_loss), figure(question, kept.metric))
    words = f"test: {count:,} it never saw"
    table.add_row(words, fmt(test.loss), figure(question, test.metric), style="bold")
    return table


METRIC_NAMES = {"sign": "accuracy", "class": "accuracy", "quantity": "root mean squared error"}


def figure(question: Question, metric: float | None) -> str:
    """A metric in a table: the share of right answers, or an error in the data's unit."""
    if metric is None:
        return ""
    return fmt(metric * question.unit) if question.kind == "quantity" else f"{metric:.1%}"


def baseline(task: Task) -> str:
    """How good one is on the test set without looking at the inputs."""
    question, (_, targets), (_, unseen) = task.question, task.train, task.test
    if question.kind == "quantity":
        centre = fmean(targets)
        said = f"{fmt(question.quantity(centre))}, the mean"
        score = f"off by {figure(question, question.metric([centre] * len(unseen), unseen))}"
    else:
        ((common, _),) = Counter(map(right_class, targets)).most_common(1)
        said = f"{question.classes[common]}, the commonest class"
        share = fmean([right_class(target) == common for target in unseen])
        score = f"right in {share:.1%} of cases"
    return f"Always saying {said} of what it learned from, would be {score}."


# What comes next


def still_learning(question: Question, losses: Sequence[float], kept: Step) -> str:
    """That the validation loss was still falling when the training ended; "" if it was not.

    losses: of the validation set, after each epoch.

    It was if the last tenth of the epochs brought it down by a twentieth, unless there is
    nothing left to learn.
    """
    some = max(1, len(losses) // 10)
    if len(losses) <= some or (question.kind != "quantity" and kept.metric == 1.0):
        return ""
    before, after = min(losses[:-some]), min(losses[-some:])
    if after > 0.95 * before:
        return ""
    epochs = "epoch" if some == 1 else f"{some} epochs"
    return (
        f"It has not finished learning: in the last {epochs} the validation loss fell from "
        f"{fmt(before)} to {fmt(after)}."
    )


def next_commands(
    args: argparse.Namespace, task: Task, seed: int, more: int
) -> Iterator[tuple[str, str]]:
    """What to type next, and what for.

    more: how many epochs would be better; 0 if it learned to its end.
    """
    columns, place = task.question.columns, args.save or f"{Path(args.data).stem}.json"
    if not args.save:
        longer = {"--epochs": more} if more else {}
        same = {} if args.resume else {"--seed": seed}
        why = "trains it longer, and keeps it" if more else "keeps it"
        yield retyped(args.typed, {**longer, **same, "--save": place}), why
    elif more:
        options = {"--resume": place, "--epochs": more, "--save": place}
        batches = [f"--batch-size={args.batch_size}"] * (args.batch_size != BATCH_SIZE)
        yield retyped(["train", args.data, *batches], options), "goes on with it"
    if 0 < len(columns) <= MOST_CELLS:
        cells = task.question.cells(task.test[0][0])
        texts = [text_of(float(f"{x:.4g}") if isinstance(x, float) else x) for x in cells]
        yield shlex.join(["micronn", "predict", place, *texts]), "asks it"
    elif columns:
        how = ["--skip-gaps"] * args.skip_gaps
        how += [f"--separator={args.separator}"] * bool(args.separator)
        yield shlex.join(["micronn", "predict", place, "--csv", args.data, *how]), "asks it"
    yield shlex.join(["micronn", "show", place, "-o", f"{Path(place).stem}.svg"]), "draws it"


def retyped(typed: Sequence[str], options: Mapping[str, object]) -> str:
    """A command as it was typed, but with these options.

    >>> retyped(["train", "moons", "--epochs", "5", "--live"], {"--epochs": 10})
    'micronn train moons --live --epochs 10'
    """
    words, rest = ["micronn"], iter(typed)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name not in options:
            words.append(word)
        elif not equals:
            next(rest, None)  # its value
    return shlex.join([*words, *map(str, chain(*options.items()))])
