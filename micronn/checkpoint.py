"""A trained model is a short list of numbers, so a file of readable JSON can hold it.

`save` writes an MLP, and whatever is needed to go on training it: the optimiser with
its memory and the state of the random number generator.  A training that is
stopped, saved, loaded and continued ends with the same numbers, to the last bit, as
one that was never stopped.

A file is data and stays data: it is checked against what such a file may hold, and
nothing in it is ever run.

    save(model, "moons.json")
    model = load("moons.json")
"""

import json
import math
import random
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from micronn.nn import MLP
from micronn.optim import SGD, Adam, AdamW, Optimizer
from micronn.support.arguments import choice, count
from micronn.support.files import LARGEST, Location, read_limited, write_atomically
from micronn.support.strict_json import parsed
from micronn.support.text import printable

FORMAT, VERSION = "micronn model", 1
KEYS = "format version nin nouts activations parameters optimizer rng epoch notes"
OPTIMIZERS = {kind.__name__: kind for kind in (SGD, Adam, AdamW)}


class Training(NamedTuple):
    """What save() was given; the optimizer and the rng are None where none was saved."""

    model: MLP
    optimizer: Optimizer | None
    rng: random.Random | None
    epoch: int
    notes: dict[str, Any]


# Saving


def save(
    model: MLP,
    path: Location,
    optimizer: Optimizer | None = None,
    rng: random.Random | None = None,
    epoch: int = 0,
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Write a model to a file, with what is needed to go on training it.

    path: where; the file is there whole or not at all, and an old one is replaced.
    optimizer: an SGD, Adam or AdamW on the model's parameters, saved with its memory.
    rng: the random.Random that shuffles the batches, saved with its state.
    epoch: how many epochs were done.
    notes: anything that JSON can hold, by name: what the inputs mean, class names.

    Raises ValueError for a number that is nan or infinite, TypeError for what cannot
    be saved, OSError for a place that cannot be written; an old file then stays.
    """
    if rng is not None and not hasattr(rng, "getstate"):
        raise TypeError(f"rng is the random.Random that shuffles the batches, got {rng!r}")
    content = {
        "format": FORMAT,
        "version": VERSION,
        **described_model(model),
        "optimizer": None if optimizer is None else described_optimizer(optimizer, model),
        "rng": None if rng is None else rng.getstate(),
        "epoch": count(expect(epoch, int, "epoch"), "epoch", least=0),
        "notes": dict(notes or {}),
    }
    lines = [f"{json.dumps(key)}: {as_json(key, item)}" for key, item in content.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"  # all of it ASCII
    if len(text) > LARGEST:
        raise ValueError(f"the file would have {len(text):,} bytes, but load() reads {LARGEST:,}")
    write_atomically(path, text)


def described_model(model: MLP) -> dict[str, Any]:
    """The arguments that build the MLP again, and its parameters in order."""
    if type(model) is not MLP:
        raise TypeError(
            f"only an MLP can be saved, got {type(model).__name__}; for a model of your own "
            "keep model.state_dict(), a dictionary of numbers"
        )
    layers = [layer.neurons for layer in model.layers]
    for k, neurons in enumerate(layers):
        if len({(len(neuron.w), neuron.activation) for neuron in neurons}) > 1:
            raise ValueError(f"layers.{k} mixes neurons of several kinds; no MLP can be built so")
    for name, parameter in model.named_parameters():
        if not math.isfinite(parameter.data):
            raise ValueError(
                f"{name} is {parameter.data}, so the model is of no use any more; go back to an "
                "earlier one and try a smaller learning rate"
            )
    return {
        "nin": len(layers[0][0].w),
        "nouts": [len(neurons) for neurons in layers],
        "activations": [neurons[0].activation for neurons in layers],
        "parameters": [parameter.data for parameter in model.parameters()],
    }


def described_optimizer(optimizer: Optimizer, model: MLP) -> dict[str, Any]:
    """The arguments that build the optimiser again, and its memory."""
    if OPTIMIZERS.get(type(optimizer).__name__) is not type(optimizer):
        raise TypeError(
            f"only {', '.join(OPTIMIZERS)} can be saved, got {type(optimizer).__name__}; "
            "leave it out and keep optimizer.state_dict()"
        )
    if list(map(id, optimizer.params)) != list(map(id, model.parameters())):
        needed = "the optimiser must move all parameters of this model, in order, and no others"
        raise ValueError(f"{needed}; build it with model.parameters()")
    return {**optimizer.state_dict(), "arguments": optimizer.arguments()}


def as_json(key: str, item: Any) -> str:
    """One line of JSON."""
    try:
        return json.dumps(item, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"{key} cannot be saved, JSON has no place for it: {error}") from None


# Loading


def load(path: Location) -> MLP:
    """The model from a file that save() wrote; its numbers are the same to the last bit.

    Raises FileNotFoundError for no file, and ValueError, with the file's name and the
    place in it, for one that is cut, damaged, of another kind or another version.
    """
    return load_training(path).model


def load_training(path: Location) -> Training:
    """All that save() wrote: model, optimiser, random number generator, epochs done, notes.

    Raises as load does.
    """
    content = read_limited(path)
    try:
        return training_from(parsed(str(content, "utf-8")))
    except (ValueError, TypeError, RecursionError) as error:  # the last: brackets in brackets
        raise ValueError(
            f"{path} is no complete model file: {printable(str(error))}; save() writes one, "
            "and so does micronn train moons --save model.json"
        ) from None


def training_from(content: Any) -> Training:
    """The Training that a file's content describes."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'it does not say "format": "{FORMAT}"')
    if content.get("version") != VERSION or type(content["version"]) is not int:
        raise ValueError(
            f"it has version {content.get('version')!r}, and this program reads version "
            f"{VERSION}; save it again with the micronn that wrote it, or update micronn"
        )
    expect_keys(content, KEYS, "the file")
    model = model_from(content)
    optimizer, rng, notes = content["optimizer"], content["rng"], content["notes"]
    return Training(
        model,
        None if optimizer is None else optimizer_from(optimizer, model),
        None if rng is None else rng_from(rng),
        times(content["epoch"], "epoch"),
        expect(notes, dict, "notes"),
    )


def model_from(content: Mapping[str, Any]) -> MLP:
    """The MLP; its sizes are believed only if the parameters are as many as they say."""
    nin = count(content["nin"], "nin")
    nouts = [count(n, "each of nouts") for n in expect(content["nouts"], list, "nouts")]
    sizes = zip([nin, *nouts], nouts, strict=False)  # from each layer to the next
    wanted = sum((before + 1) * after for before, after in sizes)
    data = numbers(content["parameters"], wanted, "parameters")
    names = expect(content["activations"], list, "activations")
    model = MLP(nin, nouts, names, rng=random.Random(0))
    for parameter, x in zip(model.parameters(), data, strict=True):
        parameter.data = x
    return model


def optimizer_from(saved: Any, model: MLP) -> Optimizer:
    """The optimiser of a kind we know, with its memory."""
    expect_keys(saved, "kind steps lr state arguments", "the optimiser")
    arguments = expect(saved["arguments"], dict, "the optimiser's arguments")
    for name, column in expect(saved["state"], dict, "the optimiser's state").items():
        least = min(numbers(column, len(model.parameters()), f"the optimiser's {name}"))
        if name == "v" and least < 0.0:
            raise ValueError("the optimiser's v are averages of squares, but one is below 0")
    times(saved["steps"], "the optimiser's steps")
    kind = choice(OPTIMIZERS, saved["kind"], "optimiser")
    optimizer = kind(model.parameters(), number(saved["lr"], "the optimiser's lr"), **arguments)
    if optimizer.arguments() != arguments:  # one is missing, or a word stands for yes
        raise ValueError(f"the optimiser's arguments should be like {optimizer.arguments()}")
    optimizer.load_state_dict(saved)
    return optimizer


def rng_from(state: Any) -> random.Random:
    """A random number generator in a saved state."""
    rng = random.Random(0)
    try:
        version, words, gauss = state
        rng.setstate((version, tuple(words), gauss))
    except (TypeError, ValueError, OverflowError):
        raise ValueError("rng is not the state of a random.Random") from None
    if not (gauss is None or type(gauss) is float):
        raise ValueError(f"rng's last number is {gauss!r}")
    return rng


# Checks: a file from anywhere is refused unless it holds just what it may


def expect(item: Any, kind: type, name: str) -> Any:
    """item, if it is of that kind."""
    if not isinstance(item, kind):
        raise ValueError(f"{name} should be a {kind.__name__}, got {str(item)[:40]}")
    return item


def expect_keys(item: Any, keys: str, name: str) -> None:
    """Refuse anything but a dictionary with these keys and no others."""
    differing = sorted(expect(item, dict, name).keys() ^ set(keys.split()))
    if differing:
        raise ValueError(f"{name} should hold {keys}; missing or unknown: {str(differing)[:80]}")


def numbers(items: Any, wanted: int, name: str) -> list[float]:
    """items as that many finite floats."""
    if len(expect(items, list, name)) != wanted:
        raise ValueError(f"{wanted} numbers are needed for {name}, but {len(items)} are there")
    return [number(x, f"{name}[{k}]") for k, x in enumerate(items)]


def number(x: Any, name: str) -> float:
    """x as a finite float."""
    if type(x) not in (int, float) or not abs(x) <= sys.float_info.max:
        raise ValueError(f"{name} should be a finite number, got {str(x)[:40]}")
    return float(x)


def times(n: Any, name: str) -> int:
    """n, if something can have been done so many times."""
    if count(n, name, least=0) > 2**53:
        raise ValueError(f"{name} should be at most 2**53, got {str(n)[:40]}")
    return int(n)
