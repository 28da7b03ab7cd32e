"""Rows of numbers, in whatever form they come, as one array of doubles that C can read."""

from array import array
from collections.abc import Iterable
from typing import Any, TypeAlias

from micronn.engine import Value
from micronn.support.arguments import listed
from micronn.support.number import as_float
from micronn.support.text import clipped

Buffer: TypeAlias = "array[float] | memoryview[Any]"
Rows: TypeAlias = tuple[Buffer, int]  # numbers row after row, and how many rows there are


def doubles(rows: Iterable[Any], width: int, name: str) -> Rows:
    """Rows of numbers as one buffer of doubles.

    A buffer of doubles is taken as it is; anything else is read row by row.
    """
    if isinstance(rows, (str, bytes, dict, set, Value)) or not hasattr(rows, "__iter__"):
        raise TypeError(f"expected rows of {width} {name}, got {clipped(repr(rows))}")
    view = view_of_doubles(rows)
    if view is None:
        return doubles_by_row(rows, width, name)
    size, shape = view.nbytes // 8, view.shape or ()
    if len(shape) > 2 or (len(shape) == 2 and shape[1] != width) or size % max(width, 1):
        raise ValueError(f"expected rows of {width} {name}, got an array of shape {shape}")
    count = shape[0] if len(shape) == 2 else size // max(width, 1)
    if view.readonly or not size:
        return array("d", view.tobytes()), count
    return view.cast("B").cast("d"), count


def view_of_doubles(numbers: Any) -> "memoryview[Any] | None":
    """A view of the memory of an array of doubles; None for anything else."""
    try:
        view = memoryview(numbers)
    except TypeError:
        return None
    return view if view.format in ("d", "@d", "=d") and view.c_contiguous else None


def doubles_by_row(rows: Iterable[Any], width: int, name: str) -> Rows:
    """As doubles(), from lists, tuples or other rows."""
    flat, count = array("d", []), 0
    for count, row in enumerate(rows, 1):
        if type(row) not in (list, tuple) or len(row) != width:
            row = listed(row, f"{name} in row {count - 1}", width)
        flat.extend(row if {*map(type, row)} <= {float, int} else map(as_float, row))
    return flat, count


def in_rows(flat: list[float], count: int, width: int) -> list[list[float]]:
    """A flat list cut into so many rows."""
    return [flat[k * width : (k + 1) * width] for k in range(count)]
