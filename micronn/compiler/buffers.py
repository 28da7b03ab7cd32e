"""Rows of numbers, in whatever form they come, as one array that C can read."""

import struct
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from micronn.engine import Value
from micronn.support.arguments import listed
from micronn.support.number import as_float
from micronn.support.text import clipped

Buffer: TypeAlias = "array[float] | memoryview[Any]"
Rows: TypeAlias = tuple[Buffer, int]  # numbers row after row, and how many rows there are


def doubles(rows: Iterable[Any], width: int, name: str, kinds: str = "d") -> Rows:
    """Rows of numbers as one buffer of doubles.

    kinds: "d", or "df" where a buffer of floats will do as well.

    A buffer of these kinds is taken as it is; anything else is read row by row.
    """
    if isinstance(rows, (str, bytes, dict, set, Value)) or not hasattr(rows, "__iter__"):
        raise TypeError(f"expected rows of {width} {name}, got {clipped(repr(rows))}")
    view = view_of(rows, kinds)
    if view is None:
        return doubles_by_row(rows, width, name)
    size, shape, kind = view.nbytes // view.itemsize, view.shape or (), view.format[-1]
    if len(shape) > 2 or (len(shape) == 2 and shape[1] != width) or size % max(width, 1):
        raise ValueError(f"expected rows of {width} {name}, got an array of shape {shape}")
    count = shape[0] if len(shape) == 2 else size // max(width, 1)
    if view.readonly or not size:
        return array(kind, view.tobytes()), count
    flat: Any = view.cast("B")
    return flat.cast(kind), count


def view_of(numbers: Any, kinds: str = "d") -> "memoryview[Any] | None":
    """A view of the memory of an array of these kinds of numbers; None for anything else."""
    try:
        view = memoryview(numbers)
    except TypeError:
        return None
    known = view.format in [order + kind for order in ("", "@", "=") for kind in kinds]
    return view if known and view.c_contiguous else None


def doubles_by_row(rows: Iterable[Any], width: int, name: str) -> Rows:
    """As doubles(), from lists, tuples or other rows."""
    flat, count = array("d", []), 0
    for count, row in enumerate(rows, 1):
        if type(row) not in (list, tuple) or len(row) != width:
            row = listed(row, f"{name} in row {count - 1}", width)
        flat.extend(row if {*map(type, row)} <= {float, int} else map(as_float, row))
    return flat, count


def packed(kind: str, numbers: Sequence[float]) -> "array[float]":
    """An array of numbers; in one of floats those that are too large for it are inf."""
    try:
        return array(kind, struct.pack(f"{len(numbers)}{kind}", *numbers))  # in a third of the time
    except OverflowError:
        return array(kind, numbers)


def in_rows(flat: list[float], count: int, width: int) -> list[list[float]]:
    """A flat list cut into so many rows."""
    return [flat[k * width : (k + 1) * width] for k in range(count)]
