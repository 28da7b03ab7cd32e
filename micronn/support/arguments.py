"""Every check of an argument, once: a mistake is refused where it is made, and in words.

Each function returns what it was given, ready to be used, or raises TypeError for
the wrong kind of thing and ValueError for a wrong number or name.  The message says
what was wrong, what is allowed, and what to write instead.

    >>> count(3, "epochs"), count(0, "steps", least=0)
    (3, 0)
"""

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sized
from typing import Any, TypeVar, cast

from micronn.support.number import Number, as_float, number_of, shown
from micronn.support.text import clipped

T = TypeVar("T")
Rng = random.Random | None  # None: Python's own random module

# Numbers


def integer(n: Any, name: str) -> int:
    """n, if it is a whole number; True and 3.0 are none."""
    if not hasattr(n, "__index__") or isinstance(n, (bool, Number)):
        raise TypeError(f"{name} must be a whole number, got {n!r:.60}; write one such as 10")
    return int(n.__index__())


def count(n: Any, name: str, least: int = 1) -> int:
    """n, if it is a whole number of at least `least`."""
    if integer(n, name) < least:
        raise ValueError(f"{name} must be at least {least}, got {n!r:.60}; write a larger number")
    return int(n)


def non_negative(x: Any, name: str) -> float:
    """x as a float that is finite and at least 0."""
    try:
        number = as_float(x)
    except OverflowError:  # a whole number beyond the largest float
        number = math.inf
    except TypeError:
        raise TypeError(f"{name} is a number, got {x!r:.60}; write one such as 0.1") from None
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, got {number!r}; try 0.1")
    return number


def fraction(x: Any, name: str) -> float:
    """x, if it is a share of the whole."""
    if non_negative(x, name) > 1.0:
        raise ValueError(f"{name} is a share, from 0 to 1, got {x!r:.60}; 0.2 is usual")
    return float(x)


def class_index(k: Any, classes: int) -> int:
    """k, if it names one of so many classes, also as a Value; IndexError if it names none."""
    given = int(k.data) if isinstance(k, Number) and k.data.is_integer() else k
    index = integer(given, "the target, the index of a class,")
    if not 0 <= index < classes:
        raise IndexError(
            f"target {given} names no class; {classes} classes have 0 to {classes - 1}"
        )
    return index


# Random numbers


def rng_or_default(rng: Rng) -> random.Random:
    """rng, or Python's own random module, which random.seed() rules."""
    if rng is None:
        return cast(random.Random, random)
    if not hasattr(rng, "gauss"):
        raise TypeError(f"rng draws random numbers, got {rng!r:.60}; use random.Random(7)")
    return rng


# Names


def check_text(x: Any, name: str) -> None:
    """Refuse what is no text, such as a number for a title."""
    if not isinstance(x, str):
        raise TypeError(f"a {name} is text, got {x!r:.60}; write it in quotes")


def check_choice(name: Any, names: Iterable[str], what: str) -> None:
    """Refuse any other name than these."""
    if name not in list(names):
        raise ValueError(f"unknown {what} {name!r:.60}; choose one of {', '.join(names)}")


def choice(table: Mapping[str, T], name: Any, what: str) -> T:
    """What the table has under that name."""
    check_choice(name, table, what)
    return table[name]


# Lists


def listed(items: Any, name: str, length: int | None = None) -> tuple[Any, ...]:
    """items as a tuple of that length, or of any; one number, text or a set is no list."""
    if not hasattr(items, "__iter__"):
        these = f"all {length} of them in brackets, [..., ...]"
        if length in (None, 1):
            these = f"[{items!r:.60}]"
        raise TypeError(f"{name} is a list, got one number, {items!r:.60}; write {these}")
    if isinstance(items, (str, bytes, set, frozenset, dict)):
        kind = type(items).__name__
        raise TypeError(f"{name} is a list of numbers in order, got a {kind}; write [..., ...]")
    given = tuple(items)
    if length is not None and len(given) != length:
        raise ValueError(f"expected {length} {name}, got {len(given)}; leave none out, add none")
    return given


def flat_list(items: Any, name: str) -> tuple[Any, ...]:
    """items as a tuple of at least one, with no list inside."""
    given = listed(items, name)
    if not given:
        raise ValueError(f"{name} is an empty list; at least one number is needed")
    for item in given:
        if isinstance(item, (list, tuple)):
            raise TypeError(
                f"{name} is a flat list of numbers, got a list inside, {item!r:.60}; "
                "take one list after the other"
            )
    return given


def probabilities(target: Any, classes: int) -> tuple[Any, ...]:
    """target as one probability for each class, Values or floats."""
    given = listed(flat_list(target, "target"), "probabilities, one for each class", classes)
    numbers = [number_of(p) for p in given]
    if not (min(numbers) >= 0.0 and abs(sum(numbers) - 1.0) < 1e-6):
        raise ValueError(
            f"probabilities must be at least 0 and add up to 1, got {numbers[:10]!r}; "
            "divide each by their sum"
        )
    return given


def pair(x: Any, what: str) -> Any:
    """x, if it is two of something; `what` begins the message: betas is a pair of numbers."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise TypeError(f"{what}, got {x!r:.60}; put both in one pair of parentheses")
    return x


def check_pairs(items: Sized, targets: Sized, name: str) -> None:
    """Refuse lists of different length, and empty ones.  name: what the targets belong to."""
    if len(items) != len(targets):
        raise ValueError(
            f"{len(items)} {name} and {len(targets)} targets: every example needs one of each"
        )
    if not len(items):
        raise ValueError(f"{name} and targets are empty; at least one example is needed")


def check_examples(data: Any) -> None:
    """Refuse anything but equally many inputs and targets, at least one of each."""
    inputs, targets = pair(data, "a data set is a pair, inputs and targets")
    check_pairs(inputs, targets, "inputs")


def check_callable(**functions: Any) -> None:
    """Refuse what cannot be called."""
    for name, function in functions.items():
        if not callable(function):
            raise TypeError(f"{name} is a function, got {function!r:.60}; pass it without quotes")


# Losses


def cost_of(loss: Callable[..., T], output: Any, target: Any) -> T:
    """loss(output, target), which must be a Value: what one example costs."""
    try:
        cost = loss(output, target)
    except TypeError as error:
        if getattr(loss, "__module__", "") == "micronn.losses":
            raise
        raise TypeError(
            f"{error}.  The loss was called for one example, as loss(output, target); one over "
            "lists, such as a partial of huber, is passed as takes_lists(loss), of micronn.losses"
        ) from error
    if not isinstance(cost, Number):
        raise TypeError(
            f"the loss of an example is a Value, got {clipped(repr(cost))} "
            f"({type(cost).__name__}); compute it from the output itself, not from its .data"
        )
    return cost


def check_learns(graph: Iterable[Any], params: Iterable[Any]) -> None:
    """Refuse a loss whose graph holds none of the parameters, since they would never move."""
    if set(params).isdisjoint(graph):
        raise ValueError(
            "the loss was computed from none of the optimizer's parameters, so nothing would be "
            "learned; compute it from the model's output itself, not from its .data"
        )


# Parameters


def leaves(values: Any, name: str) -> list[Any]:
    """values as a list of Values that were not computed."""
    if not hasattr(values, "__iter__"):
        hint = "[x] for one Value, model.parameters() for a model"
        raise TypeError(f"{name} is a list of Values, got {values!r:.60}; write {hint}")
    found = list(values)
    # A model has thousands of them, so first all are looked at in the quickest way
    if not all(issubclass(kind, Number) for kind in {type(value) for value in found}):
        wrong = next(value for value in found if not isinstance(value, Number))
        raise TypeError(f"{name} holds {wrong!r:.60}, not a Value; write Value(...)")
    for value in [value for value in found if value.operands]:
        raise ValueError(
            f"{name} holds {shown(value)}, which {value.op!r} computed; "
            "list the Values it was computed from"
        )
    return found


def parameters(params: Any) -> list[Any]:
    """params as a list of leaf Values, at least one, each once."""
    found = leaves(params, "params")
    if not found:
        raise ValueError("no parameters to move; pass model.parameters()")
    return found if len({*found}) == len(found) else list(dict.fromkeys(found))
