"""The commands that take a model from a file, and the one that fetches data.

micronn predict moons.json 0.5 0.25
micronn predict houses.json --csv new.csv
micronn show digits.json --example 17 -o digits.html
micronn export moons.json --to torch
micronn fetch mnist
"""

import argparse
import csv
import random
import shlex
from collections.abc import Callable, Sequence
from typing import IO, Any, NamedTuple, cast

from rich.console import Console, RenderableType

from micronn.checkpoint import Training, load_training
from micronn.cli.command import (
    A_FILE,
    A_SEPARATOR,
    Commands,
    Note,
    a_file,
    add_command,
    check_places,
    refused,
    whole,
)
from micronn.cli.train import is_source, task_from
from micronn.datasets.csv_table import Cell, as_cell, rows_of, text_of
from micronn.datasets.mnist import MIRRORS, Greys, fetch, read_idx
from micronn.engine import Value
from micronn.export.exporting import TARGETS, export
from micronn.losses import loss_of
from micronn.nn import MLP
from micronn.pictures.network.network import NetworkPicture, draw_network
from micronn.support.numeric import as_list, predicted_class
from micronn.support.text import brief, fmt, printable
from micronn.terminal.dashboard import downloads
from micronn.terminal.images import gallery, grey_image, signed_image, square
from micronn.terminal.model_view import is_image
from micronn.terminal.plots import bars
from micronn.train import NOT_FINITE
from micronn.training.metrics import right_class
from micronn.training.tasks import Question, question_from
from micronn.training.traced import predict

# predict


def predict_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Say what a model answers to numbers, to the lines of a table, or to an image."""
    saved = load_training(args.model)
    model, question = saved.model, question_from(saved.notes, saved.model, args.model)
    if args.csv:
        write_answers(model, question, args, console.file)
        return 0
    if args.skip_gaps or args.separator:
        raise ValueError("--skip-gaps and --separator are for --csv; leave them out")
    greys = image(args.images, args.index) if args.images else []
    cells: Sequence[Cell] = greys or [as_cell(text.strip()) for text in args.cells]
    outputs = answer_to(model, question, cells)
    if is_image(len(greys)):
        console.print(grey_image(square(greys)))
    for part in answer(question, outputs):
        console.print(part)
    return 0


def answer_to(
    model: MLP, question: Question | None, cells: Sequence[Cell], where: str = ""
) -> list[float]:
    """The outputs of a model for numbers in the units of its data, and words, one a column.

    where: begins what is said of a cell that cannot be read.
    """
    asked = question or Question("", "", [], [], [], [])
    wanted = len(asked.columns) or len(model.layers[0].neurons[0].w)
    if len(cells) != wanted:
        names = f" ({brief(asked.columns)})" if asked.columns else ""
        what = "numbers or words" if asked.words else "numbers"
        raise ValueError(f"the model reads {wanted:,} {what}{names}, got {len(cells):,}")
    (output,) = predict(model, [asked.inputs(cells, where)])
    return as_list(output)


def answer(question: Question | None, outputs: Sequence[float]) -> list[RenderableType]:
    """An answer for people."""
    said = in_words(question, outputs)
    if question is None or question.kind == "quantity":
        return [said]
    shares = dict(zip(question.classes, question.probabilities(outputs), strict=True))
    return [said, bars(shares, show="{:.1%}".format)]


def in_words(question: Question | None, outputs: Sequence[float]) -> str:
    """An answer in a few words: a class and its probability, or a number and what it is."""
    if question is None:
        return "  ".join([repr(output) for output in outputs])
    if question.kind == "quantity":
        number = fmt(question.quantity(outputs[0]))
        return f"{question.target}: {number}" if question.target else number
    probabilities = question.probabilities(outputs)
    best = predicted_class(probabilities)
    return f"class {question.classes[best]}, probability {probabilities[best]:.1%}"


def write_answers(
    model: MLP, question: Question | None, args: argparse.Namespace, file: IO[str]
) -> None:
    """The inputs of a table with the answers, as another table."""
    path, columns = args.csv, question.columns if question else []
    header, rows = rows_of(path, columns, args.skip_gaps, args.separator)
    table = [[*header, "answer"]]
    for line, cells in rows:
        outputs = answer_to(model, question, cells, f"{path}, line {line}, ")
        table.append([*map(text_of, cells), answer_cell(question, outputs)])
    csv.writer(file, lineterminator="\n").writerows([[*map(printable, row)] for row in table])


def answer_cell(question: Question | None, outputs: Sequence[float]) -> str:
    """An answer in a table: a class, or a number to all its digits."""
    if question is None:
        return " ".join(map(repr, outputs))
    if question.kind == "quantity":
        return repr(question.quantity(outputs[0]))
    return question.classes[predicted_class(outputs)]


def image(path: str, index: int) -> list[float]:
    """One image of an IDX file, as greys from 0 to 1."""
    images = Greys(read_idx(path))
    if not 0 <= index < len(images):
        raise ValueError(f"{path} has images 0 to {len(images) - 1}, got --index {index}")
    return list(images[index])


# show


def show_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Say what is in a model file, and draw its network with an example in it."""
    saved = load_training(args.model)
    model, question = saved.model, question_from(saved.notes, saved.model, args.model)
    neurons = model.layers[0].neurons
    check_places({"MODEL": args.model, "--images": args.images}, {"--output": args.output})
    if args.weights and not is_image(len(neurons[0].w)):
        raise ValueError(f"{len(neurons[0].w)} weights make no image; leave --weights out")
    shown = shown_example(saved, question, args, note)
    path = drawn_network(model, question, shown).save(args.output)
    count = len(model.parameters())
    console.print(f"{model!r}, {count:,} parameters", soft_wrap=True)
    if question:
        console.print(f"learned {question.name} in {saved.epoch:,} epochs", soft_wrap=True)
    if shown:
        console.print(f"shown: {shown.name}", soft_wrap=True)
        (output,) = predict(model, [shown.x])
        said = in_words(question, as_list(output))
        console.print(f"the model answers {said}{rightly(question, shown)}", soft_wrap=True)
    if args.weights:  # what each neuron of the first layer looks for: blue wants ink, orange none
        rows = [square([weight.data for weight in neuron.w]) for neuron in neurons]
        console.print(gallery({f"neuron {k}": signed_image(row) for k, row in enumerate(rows)}))
    console.print(f"wrote {path}", soft_wrap=True)
    return 0


class Example(NamedTuple):
    """An input with its name; and if it is of the test set, its index there and its target."""

    name: str
    x: Sequence[float]
    k: int = 0
    target: Any = None


def rightly(question: Question | None, shown: Example) -> str:
    """What the answer should have been, if that is known."""
    if question is None or shown.target is None:
        return ""
    if question.kind == "quantity":
        return f"; right is {fmt(question.quantity(shown.target))}"
    return f"; right is class {question.classes[right_class(shown.target)]}"


def shown_example(
    saved: Training, question: Question | None, args: argparse.Namespace, note: Note
) -> Example | None:
    """The example that was asked for; else the first of the test set, if that can be had."""
    if args.images:
        return Example(f"image {args.index} of {args.images}", image(args.images, args.index))
    source: Any = saved.notes.get("source")
    if question is None or not is_source(source):
        if args.example is not None:
            raise ValueError(
                f"{args.model} does not say what it learned from, so there is no example "
                f"{args.example}; leave --example out, or show an image of a file with --images"
            )
        return None
    try:
        task = task_from(source, random.Random(source["seed"]))
        task_question, (inputs, targets) = task.question, task.test
        if len(inputs[0]) != len(saved.model.layers[0].neurons[0].w):
            raise ValueError(f"{task_question.name} has {len(inputs[0])} inputs now")
    except (OSError, ValueError) as refusal:
        if args.example is not None:
            raise
        note(f"drawn without an example: {refused(refusal)}")
        return None
    k = args.example or 0
    if not 0 <= k < len(targets):
        raise ValueError(f"the test set has examples 0 to {len(targets) - 1}, got --example {k}")
    return Example(f"example {k} of the test set of {question.name}", inputs[k], k, targets[k])


def drawn_network(model: MLP, question: Question | None, shown: Example | None) -> NetworkPicture:
    """The network of a model, with the answer to an example and the gradients of its loss."""
    title = question.name if question else None
    classes = question.classes if question else []
    if shown is None:
        return draw_network(model, title=title, classes=classes, missing=NO_GRADIENTS)
    x = [Value(number) for number in shown.x]
    if question is None or shown.target is None:
        missing = f"No gradients: what {shown.name} shows is not known, so it has no loss."
        return draw_network(model, x, title=title, classes=classes, missing=missing)
    try:
        model.zero_grad()
        loss = loss_of(question.loss, cast(Callable[..., Any], model)(x), shown.target)
        loss.backward()
    except NOT_FINITE as refusal:
        missing = f"No gradients: {refusal}"
        return draw_network(model, title=title, classes=classes, missing=missing)
    title = f"{question.name}, test {shown.k}"
    if question.classes:
        title += f": class {question.classes[right_class(shown.target)]}"
    return draw_network(model, x, title=title, root=loss, classes=classes)


NO_GRADIENTS = "A saved model has no gradients: they belong to an example and its loss."


# fetch


def fetch_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Download MNIST's four files, each whole or not at all."""
    with downloads(console) as report:
        paths = fetch(args.data, args.mirror or MIRRORS, report)
    console.print(f"{len(paths)} files are in {args.data}", soft_wrap=True)
    return 0


# export


def export_command(args: argparse.Namespace, console: Console, note: Note) -> int:
    """Write a model for another engine, and the test that compares both."""
    source, test = export(args.model, args.to, args.output)
    console.print(f"wrote {source}\nwrote {test}, which compares it with micronn:", soft_wrap=True)
    console.print(shlex.join(["python", "-m", "pytest", test]), soft_wrap=True)
    return 0


# Arguments


def add_to(commands: Commands) -> None:
    """Give a parser these commands."""
    a_model = {**A_FILE, "metavar": "MODEL", "help": "a file that micronn train saved"}
    words = "moons.json 0.5 0.25"
    option = add_command(commands, "predict", "ask a saved model", words, predict_command)
    option("model", **a_model)
    option(
        "cells", nargs="*", metavar="NUMBER", help="or word, one for each column it learned from"
    )
    option("--csv", **A_FILE, help="answer every line of a table instead")
    option("--skip-gaps", action="store_true", help="leave out its lines with an empty cell or NA")
    option("--separator", **A_SEPARATOR)
    option("--images", **A_FILE, help="answer an image of an IDX file instead")
    option("--index", type=whole, default=0, help="which image, from 0")

    words = "moons.json -o moons.svg"
    option = add_command(commands, "show", "draw a saved model", words, show_command)
    option("model", **a_model)
    option("-o", "--output", metavar="FILE", default="network.svg", help=".svg or .html")
    option("--weights", action="store_true", help="also print the first weights as images")
    option(
        "--example",
        type=whole,
        metavar="N",
        help="show it example N of its test set; the default is 0",
    )
    option("--images", **A_FILE, help="show an image of an IDX file instead")
    option("--index", type=whole, default=0, help="which image, from 0")

    words = "moons.json --to torch -o moons_torch"
    summary = "write a saved model for another engine, with a test that compares both"
    option = add_command(commands, "export", summary, words, export_command)
    option("model", **a_model)
    targets = option("--to", required=True, metavar="TARGET", help=", ".join(TARGETS))
    targets.completer = lambda **_: TARGETS  # type: ignore[attr-defined]  # for argcomplete
    option("-o", "--output", metavar="FOLDER", type=a_file, default=".", help="where to")

    words = "mnist --data mnist"
    option = add_command(commands, "fetch", "download MNIST", words, fetch_command)
    option("set", choices=["mnist"], help="what to download")
    option("--data", metavar="FOLDER", default="mnist", help="where to")
    option("--mirror", action="append", metavar="ADDRESS", help="from there; may be given again")
