"""The command that makes a model:

    micronn train moons --hidden 16,16 --activation tanh --epochs 50 --seed 7 --live
    micronn train digits --save digits.json --replay run.html
    micronn train my.csv --target price

It ends with the one honest number: how good the model is on examples that played no
part in its making.  The same seed gives the same model.
"""

import argparse
import csv
import errno
import math
import os
import random
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from micronn.checkpoint import load_training, save
from micronn.cli.command import (
    A_FILE,
    A_SEPARATOR,
    Commands,
    Note,
    add_command,
    check_places,
    decimal,
    whole,
)
from micronn.cli.results import (
    BATCH_SIZE,
    METRIC_NAMES,
    figure,
    next_commands,
    still_learning,
    summary,
)
from micronn.datasets.csv_table import KINDS, as_cell
from micronn.nn import ACTIVATIONS, MLP
from micronn.optim import SGD, Adam, AdamW, Optimizer
from micronn.support.arguments import count, non_negative
from micronn.support.text import brief, did_you_mean
from micronn.terminal.dashboard import Dashboard, drawing, watched
from micronn.terminal.model_view import ModelView, is_image
from micronn.train import Step
from micronn.training.fit import early_stopping, evaluate, steps
from micronn.training.tasks import TOYS, Question, Task, digits_from, from_csv, toy
from micronn.viewer.runs.replay import Recorder

OPTIMIZERS = {"sgd": (SGD, 0.1), "adam": (Adam, 0.01), "adamw": (AdamW, 0.01)}  # and its lr
EPOCHS = 50
MOST_EXAMPLES = 1_000_000  # that can be made, and kept in memory
FIRST = 10_000  # examples that the loss before the first step is of
MOST_SHOWN = 30_000  # parameters of a net whose page shows the graph of an example
TABLES = {".csv", ".tsv", ".tab", ".data", ".txt"}
IMAGE_EPOCHS, IMAGE_SHARE = 15, 0.3  # images: fewer epochs, and smaller steps: many inputs add up


class Run(NamedTuple):
    """A training, fresh or resumed.

    args: what was typed.
    source: where the examples come from, as a model file can hold it.
    done: how many epochs were done before.
    """

    args: argparse.Namespace
    task: Task
    model: MLP
    optimizer: Optimizer
    rng: random.Random
    source: dict[str, Any]
    done: int

    @property
    def epochs(self) -> int:
        """How often to go through the examples."""
        default = IMAGE_EPOCHS if is_image(self.task.nin) else EPOCHS
        return default if self.args.epochs is None else int(self.args.epochs)


def train_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Train a model, and judge it by examples that it never saw."""
    check(args)
    run = resumed(args) if args.resume else fresh(args)
    recorder = recorder_for(run) if args.replay else None
    question = run.task.question
    epochs = steps(
        run.model, question.loss, run.task.train, run.optimizer, run.epochs, args.batch_size,
        run.rng, validation=run.task.validation, metric=question.metric, done=run.done,
    )  # fmt: skip
    if args.patience:
        epochs = early_stopping(epochs, run.model, args.patience)
    console.print(opening(run), soft_wrap=True)
    if recorder:  # the model before its first step
        parts = [[part[:FIRST] for part in data] for data in run.task[1:3]]
        scores = [evaluate(run.model, question.loss, (part[0], part[1])).loss for part in parts]
        recorder.snapshot(run.optimizer.steps, *scores)
    last, kept, losses = trained(run, epochs, console, recorder)
    console.print()
    if args.patience:
        console.print(f"kept epoch {kept.epoch:,} of {last.epoch:,}, by the lowest validation loss")
    for part in summary(run.model, run.task, last, kept):
        console.print(part)
    if args.save:
        console.print(f"saved the model in {args.save}", soft_wrap=True)
    if recorder:
        with drawing() as report:
            path = recorder.save(args.replay, report)
        console.print(f"wrote {path}", soft_wrap=True)
    unfinished = still_learning(question, losses, kept)
    console.print(f"\n{unfinished}".rstrip(), soft_wrap=True)
    more = 2 * last.epoch if unfinished else 0
    commands = list(next_commands(args, run.task, run.source["seed"], more))
    width = max(len(command) for command, _ in commands)
    for command, why in commands:
        console.print(f"{command:{width}}   {why}", soft_wrap=True)
    return 0


# Beginning


def check(args: argparse.Namespace) -> None:
    """Refuse before the work, not after it, what cannot be done."""
    for name in ("epochs", "batch_size", "examples", "patience"):
        if (number := getattr(args, name)) is not None:
            count(number, f"--{name.replace('_', '-')}")
    for size in args.hidden:
        count(size, "each size of --hidden")
    if args.lr is not None:
        non_negative(args.lr, "--lr")
    if (args.examples or 0) > MOST_EXAMPLES:
        raise ValueError(f"--examples must be at most {MOST_EXAMPLES:,}, got {args.examples:,}")
    if args.patience is not None and args.resume:
        why = "the best epoch may lie before those that it would see"
        raise ValueError(f"--patience cannot go on with --resume, as {why}; leave one out")
    for name, value in [(name, getattr(args, name)) for name in TABLE]:
        said = value is not None and (value or name == "header")
        if said and (args.resume or args.data in (*TOYS, "mnist")):
            what = f"{args.resume} says how to read it" if args.resume else f"{args.data} is none"
            raise ValueError(f"--{name.replace('_', '-')} is for a table, but {what}; leave it out")
    if args.replay and Path(args.replay).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"a replay is a page, got {args.replay!r}; end the name in .html")
    outputs = {"--save": args.save, "--replay": args.replay}
    for place in filter(None, outputs.values()):
        if not Path(place).absolute().parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
        if Path(place).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place)
    inputs = {} if args.data in TOYS else {"DATA": args.data}
    if args.data == "mnist":
        inputs = {path.name: str(path) for path in Path(args.folder).glob("*ubyte*")}
    check_places(inputs, outputs)
    check_places({"--resume": args.resume}, {"--replay": args.replay})  # --save may go on there


SOURCE = {"data": str, "examples": int, "table": dict, "folder": str, "seed": int}
MOST_PARAMETERS = 4_000_000  # that a file can hold with all that Adam remembers of them
TABLE = {"target": str, "kind": str, "drop": list, "header": bool, "skip_gaps": bool}
TABLE |= {"separator": str}


def fresh(args: argparse.Namespace) -> Run:
    """A new model for a task."""
    seed = random.randrange(1_000_000) if args.seed is None else args.seed
    table = {name: getattr(args, name) for name in TABLE}
    source = {"data": args.data, "examples": args.examples or 0, "table": table}
    source |= {"folder": args.folder, "seed": seed}
    rng = random.Random(seed)
    task = task_from(source, rng)
    sizes = [*args.hidden, task.question.nout]
    parameters = sum([(nin + 1) * nout for nin, nout in pairwise([task.nin, *sizes])])
    if parameters > MOST_PARAMETERS:
        raise ValueError(
            f"layers of {', '.join(map(str, [task.nin, *sizes]))} have {parameters:,} parameters, "
            f"and a model file holds {MOST_PARAMETERS:,}; take smaller ones with --hidden"
        )
    model = MLP(task.nin, sizes, activation=args.activation, rng=rng)
    kind, lr = OPTIMIZERS[args.optimizer]
    lr *= IMAGE_SHARE if is_image(task.nin) else 1.0
    optimizer = kind(model.parameters(), lr=lr if args.lr is None else args.lr)
    return Run(args, task, model, optimizer, rng, source, 0)


def resumed(args: argparse.Namespace) -> Run:
    """The model of a file, to go on with: its data, optimiser and random state come from there."""
    saved = load_training(args.resume)
    source: Any = saved.notes.get("source")
    if not is_source(source):
        raise ValueError(f"{args.resume} was not saved by micronn train, so it cannot go on")
    if saved.optimizer is None or saved.rng is None:
        raise ValueError(f"{args.resume} holds no optimiser or no random state")
    if source["data"] != args.data:
        raise ValueError(f"{args.resume} learned {source['data']}, not {args.data}")
    task = task_from(source, random.Random(source["seed"]))
    return Run(args, task, saved.model, saved.optimizer, saved.rng, source, saved.epoch)


def is_source(source: Any) -> bool:
    """Whether the notes of a model say where its examples came from, as fresh() writes it."""

    def kinds(fields: Any) -> Any:
        return isinstance(fields, dict) and {name: type(field) for name, field in fields.items()}

    if kinds(source) != SOURCE:
        return False
    table = source["table"]
    known = {"separator": "", **table, "header": bool(table.get("header"))}  # None: not said
    return kinds(known) == TABLE and all(isinstance(name, str) for name in table["drop"])


def task_from(source: Mapping[str, Any], rng: random.Random) -> Task:
    """The examples that a source names."""
    name = source["data"]
    if name in TOYS:
        return toy(name, source["examples"] or None, rng)
    if name == "mnist":
        return digits_from(source["folder"], source["examples"] or None)
    if Path(name).suffix.lower() in TABLES or Path(name).is_file():
        return from_csv(name, rng=rng, **source["table"])
    known = [*TOYS, "mnist"]
    advice = did_you_mean(name, known) or f"Choose one of {', '.join(known)} or a table, a .csv"
    raise ValueError(f"nothing to learn is called {name!r}. {advice}")


def opening(run: Run) -> str:
    """What is about to happen, in two lines."""
    counts = [f"{len(targets):,}" for _, targets in run.task[1:]]
    on = f", going on after {run.done} epochs" if run.done else ""
    question = run.task.question
    return (
        f"{question.name}: {counts[0]} training examples, {counts[1]} for validation, "
        f"{counts[2]} for the test; seed {run.source['seed']}{on}\n"
        f"{columns_in_words(question) if question.target else ''}"
        f"{run.model!r}, {len(run.model.parameters()):,} parameters"
    )


def columns_in_words(question: Question) -> str:
    """What is learned from which columns of a table, and how to have it otherwise."""
    words = {name: f" ({brief(texts)})" for name, texts in question.words.items()}
    names = [f"{name}{words.get(name, '')}" for name in question.columns]
    if question.kind == "quantity":
        said = "a quantity; --kind class takes each number for a class"
    else:
        said = f"a class: {brief(question.classes)}"
        if all(isinstance(as_cell(name), float) for name in question.classes):
            said += "; --kind quantity predicts the number"
    return f"target: {question.target}, {said}\ninputs: {brief(names, 20)}\n"


# Training


def trained(
    run: Run, epochs: Iterator[Step], console: Console, recorder: Recorder | None
) -> tuple[Step, Step, list[float]]:
    """Train to the end; returns the last Step, the one whose model is kept, and the losses
    of the validation set.

    The model is saved after every epoch that is kept, so a stop loses little.
    """
    question, path = run.task.question, run.args.save
    notes = {"question": question._asdict(), "source": run.source}
    view = ModelView(run.model, question, run.task.validation)
    board = Dashboard(question.name, run.epochs, view.picture(), view.sample(), not run.args.live)
    board.epoch, lowest = run.done, None
    with watched(board, console) as redraw:
        for step in epochs:
            view.engine = step.engine
            left = step.seconds / (step.epoch - run.done) * (run.epochs - step.epoch)
            assert step.validation_loss is not None  # steps_of() asks for it
            losses = {"training": step.loss, "validation": step.validation_loss}
            score = f"{METRIC_NAMES[question.kind]} {figure(question, step.metric)}"
            sizes = {shown_layer(name): size for name, size in step.gradients.items()}
            board.update(losses, score, sizes, left)
            if recorder:
                recorder.snapshot(step.step, step.loss, step.validation_loss)
            if lowest is None or not run.args.patience or step.validation_loss < lowest:
                kept, lowest = step, step.validation_loss
                if path:
                    save(run.model, path, run.optimizer, run.rng, step.epoch, notes)
            redraw()
    return step, kept, board.losses["validation"]


def shown_layer(name: str) -> str:
    """What pictures call a layer: layer 1 for layers.0."""
    word, _, index = name.partition(".")
    return f"layer {int(index) + 1}" if word == "layers" and index.isdigit() else name


def recorder_for(run: Run) -> Recorder:
    """A recorder of the run, whose page goes on with it if that is not too much for a page.

    It has an example's graph if that is not too big to look at.
    """
    (inputs, targets), parameters = run.task.validation, len(run.model.parameters())
    return Recorder(
        run.model,
        loss=run.task.question.loss,
        example=(list(inputs[0]), targets[0]) if parameters <= MOST_SHOWN else None,
        data=run.task.train,
        every=math.ceil(run.epochs / 200),
        most=201,  # and the model before its first step
        title=run.task.question.name,
        optimizer=run.optimizer,
        batch_size=run.args.batch_size,
        classes=run.task.question.classes,
    )


# Arguments


def add_to(commands: Commands) -> None:
    """Give a parser this command."""
    summary = "train a net, and judge it by examples it never saw"
    example = "moons --hidden 16,16 --epochs 50 --seed 7 --live"
    add = add_command(commands, "train", summary, example, train_command)
    sets = [*TOYS, "mnist"]
    data = add("data", metavar="DATA", help=f"{', '.join(sets)}, or a table: a .csv, .tsv or .data")
    data.completer = lambda **_: sets  # type: ignore[attr-defined]  # for argcomplete
    add("--hidden", type=sizes, default=[16, 16], metavar="N,N", help="hidden layers; 0 for none")
    add("--activation", choices=list(ACTIVATIONS), default="tanh", help="of the hidden layers")
    add("--optimizer", choices=list(OPTIMIZERS), default="adam", help="what moves the parameters")
    add("--lr", type=decimal, help="learning rate; default 0.01, for sgd 0.1; images a third")
    add("--epochs", type=whole, help="how often to go through the examples; default 50, images 15")
    stop = "stop after N epochs without a lower validation loss, and keep the best"
    add("--patience", type=whole, metavar="N", help=stop)
    add("--batch-size", type=whole, default=BATCH_SIZE, help="examples for each step")
    add("--examples", type=whole, help="how many examples to make, or to take of mnist")
    add("--seed", type=whole, help="the same seed gives the same model")
    add("--target", default="", metavar="COLUMN", help="of a table: what to predict, or the last")
    add("--kind", choices=KINDS, default="", help="what the target is, if it is not as guessed")
    out = "columns to leave out"
    add("--drop", type=names, action="extend", default=[], metavar="A,B", help=out)
    add("--header", action=argparse.BooleanOptionalAction, help="whether line 1 names the columns")
    add("--skip-gaps", action="store_true", help="leave out lines with an empty cell or NA")
    add("--separator", **A_SEPARATOR)
    add("--data", dest="folder", default="mnist", metavar="FOLDER", help="of mnist's files")
    add("--live", action="store_true", help="watch it learn")
    add("--save", **A_FILE, help="keep the model, a .json, after every epoch")
    add("--resume", **A_FILE, help="go on with a saved model, its optimiser and examples")
    add("--replay", **A_FILE, help="write a page, a .html, to scrub through the run")


def names(text: str) -> list[str]:
    """The names of columns, such as Name,Ticket; one with a comma stands in double quotes."""
    return next(csv.reader([text]), [])


def sizes(text: str) -> list[int]:
    """The sizes of hidden layers, such as 16,16; 0 or nothing for none."""
    if text.strip() in ("", "0"):
        return []
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} are no sizes; write 16,16 or 0") from None
