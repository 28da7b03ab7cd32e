"""micronn: a number that remembers how it was made, and everything that follows.

Nothing is re-exported here: `from micronn.engine import Value` tells you which file
to open.  The evening path, in reading order:

    tiny        the whole idea on one page
    engine      Value: records the graph, applies the chain rule backward
    nn          Neuron, Layer, MLP
    losses      one number that says how wrong a prediction is
    optim       SGD, Adam, learning-rate schedules
    data        toy data sets as plain numbers
    train       the training loop

    draw        a picture of any of it         checkpoint  a model on disk

Behind it are rooms, each of which can be taken away without harm to what is above it:

    support     what the path leans on: careful arithmetic, checks of arguments, texts
    graph       the record read as rows, and the one table of what each operation means
    check       is a gradient right, and why is it so?
    pictures    rows as SVG: cards and wires, the net as circles and lines, charts
    viewer      pages: backpropagation step by step, a quiz, the replay of a training run
    compiler    the same graph as a program
    export      the same for other engines, with proof
    training    the same loop, faster, on tasks, with scores
    datasets    digits, texts, tables, MNIST
    grade       an engine of your own, tried, and told where it is wrong
    terminal    trees, tables, plots and progress
    cli         the micronn command
"""

import sys

__version__ = "0.1.0"

TYPE_CHECKING = False  # type checkers know the name; `typing` would cost more than all of this

if "IPython" in sys.modules:
    from micronn.draw import show_in_notebook

    show_in_notebook()

if not TYPE_CHECKING:  # to a type checker it would mean that every name is here

    def __getattr__(name: str) -> None:
        """Say which import works for a name that is somewhere in the package."""
        if not name.startswith("_") and name.isidentifier() and (advice := advice_on(name)):
            raise advice
        raise AttributeError(f"module 'micronn' has no attribute {name!r}")


def advice_on(name: str) -> Exception | None:
    """What is said of a file or room that is not loaded, or of a name that has its home in one."""
    import re  # these here, so that a program that makes no mistake need not wait for them
    from pathlib import Path

    here = Path(__file__).parent
    if (here / name).is_dir() or (here / f"{name}.py").is_file():
        return AttributeError(f"micronn.{name} is not loaded; write import micronn.{name}")
    where = ""
    for file in ("engine", "nn", "losses", "optim", "data", "train", "draw", "checkpoint"):
        line = rf"^(class|def) {name}\b| import {name} as {name}$"
        if not where and re.search(line, (here / f"{file}.py").read_text("utf-8"), re.MULTILINE):
            where = f"micronn.{file}"
    rooms = [p for p in here.glob("*/__init__.py") if f'"{name}"' in p.read_text("utf-8")]
    if not where and rooms:
        where = f"micronn.{rooms[0].parent.name}"
    how = f"micronn re-exports nothing; write from {where} import {name}"
    return ImportError(how) if where else None
