"""A page on which a training goes on: the learner's own net, loss, data and optimiser.

Python writes it: the pictures of the last snapshot, the tapes that the page runs, and every
sentence, with places for numbers.  Without a script it is the replay of that snapshot.
"""

from collections.abc import Mapping
from typing import Any

from micronn.pictures.charts import CELLS, EQUAL, EXAMPLES, STEPS, TIMES, plane_around
from micronn.pictures.paint.page import html_page
from micronn.pictures.paint.palette import style
from micronn.pictures.paint.svg import escape
from micronn.support.numeric import as_list
from micronn.support.text import fmt
from micronn.viewer.computing.equation import SHADED
from micronn.viewer.levels.moving import Moving
from micronn.viewer.runs.below import LAST, STYLES, parts
from micronn.viewer.runs.run import Run
from micronn.viewer.toolbar import HERE, toolbar

SPEEDS = {"slow": 500, "normal": 60, "fast": 16}  # in milliseconds a step
PANELS = ("plane", "curves", "sizes", "network", "example")
SCRIPTS = (
    "page.js", "computing/numbers.js", "computing/packed.js", "computing/machine.js",
    "computing/arithmetic.js", "computing/redraw.js", "levels/moving.js", "runs/learner.js",
    "runs/example.js", "runs/training_charts.js", "runs/training_pictures.js", "runs/training.js",
    "runs/neuron_card.js",
)  # fmt: skip
WORDS = {
    "step": "Step {step}",
    "say": "Loss {loss}, as a mean over all examples.",
    "curve": "Loss over the steps of training",
    "at": "loss {loss}",
    "steps": STEPS,
    "equal": EQUAL,
    "times": TIMES,
    "validation": "dashed: validation, by Python",
    "strongest": "The gradient is largest in layer {layer}, {size}.",
    "sizes": "Size of the gradient in each layer",
    "layer": "layer {layer}",
    "rows": f"each row is {EQUAL}",
    "span": "each goes from {low} to {high}",
    "large": "Its graph has {values} values, too many for a card each at every step. The network "
    "above shows those of its neurons.",
    "neuron": "layer {layer}, neuron {neuron}",
    "changed": "Here {name} of {neuron} was set to {number}.",
    "rate": "The next steps have the learning rate {lr}.",
    "frozen": "The weights of {neuron} stay as they are.",
    "thawed": "The weights of {neuron} learn again.",
    "future": "{k}: loss {loss} at step {step}",
    "no_number": "“{text}” is no number; type one such as 0.5 or -2e-3.",
    "no_rate": "A learning rate is a number of at least 0, not “{text}”; 0.1 to 0.001 is usual.",
    "diverged": "Training stops before step {step}: the loss or its gradient is no longer a "
    "finite number. Go back and try a smaller learning rate.",
    "no_machine": "This browser cannot run WebAssembly, so nothing can be trained here. The "
    "pictures show the last snapshot.",
}


def training_page(
    run: Run,
    data: dict[str, Any],
    panels: Mapping[str, str],
    table: Mapping[str, str],
    legend: str,
    below: Moving | None,
) -> str:
    """The page as one HTML text.

    data: see trainable.py.  panels: the pictures of the last snapshot, SVG by name.
    table: heads and rows for all its snapshots.  legend: what the plane means, as HTML.
    below: what opens from the graph of the example.
    """
    states, validation = data["states"], run.curves.get("validation loss", [])
    known = {**data, "words": WORDS, "plane": plane_data(run), "validation": validation}
    shown = {name: panels.get(name, "") for name in PANELS}
    return html_page(
        HERE,
        ("runs/training.html", "runs/replay.css", "runs/training.css", *STYLES, *SCRIPTS)
        + LAST * bool(below),
        known,
        **{f"no_{name}": "" if shown[name] else " hidden" for name in PANELS},
        **shown,
        **table,
        **parts(below),
        wasm=True,
        title=run.title,
        summary=summary(run, data),
        style=style() + SHADED,
        toolbar=toolbar("step", len(states) - 1, SPEEDS),
        count=len(states),
        legend=legend,
        step=escape(WORDS["step"].format(step=states[-1]["step"])),
        say="",
        examples=options(example_names(run, data)),
        neurons=options(
            {
                f"{layer},{neuron}": WORDS["neuron"].format(layer=layer + 1, neuron=neuron)
                for layer, neurons in enumerate(run.layers)
                for neuron in range(len(neurons))
            }
        ),
    )


def summary(run: Run, data: Mapping[str, Any]) -> str:
    """What learns here, and from what."""
    count, batch, moved = data["count"], data["batch"], type(run.optimizer).__name__
    reads = f"all {count:,} examples"
    if batch < count:
        reads = f"the next {batch:,} of {count:,} examples, in the order of the data"
    return (
        f"{run.model!r}, {len(run.learned):,} parameters. Play lets it learn on in this page, with "
        f"{moved}: each step reads {reads}, as Python would, to the same numbers."
    )


def plane_data(run: Run) -> dict[str, Any] | None:
    """What the script must know of the plane; None for other than two inputs."""
    if not run.points or len(run.layers[0][0].w) != 2:
        return None
    plane = plane_around([point for point, _ in run.points])
    return {
        "across": plane.across[:4],
        "up": plane.up[:4],
        "cells": CELLS,
        "threshold": run.threshold,
        "outputs": len(run.layers[-1]),
    }


def example_names(run: Run, data: Mapping[str, Any]) -> dict[str, str]:
    """By index, what the examples are called that can be chosen."""
    targets = [", ".join(map(fmt, as_list(y))) for y in run.data[1][:EXAMPLES]] if run.data else []
    given = {"-1": "the recorder's"} if data["index"] < 0 or data["index"] >= EXAMPLES else {}
    return {**given, **{str(k): f"{k}, target {target}" for k, target in enumerate(targets)}}


def options(names: Mapping[str, str]) -> str:
    """Names to choose from, as HTML."""
    return "".join([f'<option value="{k}">{escape(name)}</option>' for k, name in names.items()])
