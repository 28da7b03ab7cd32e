"""JSON that means one thing and holds finite numbers; anything else is refused.

Python's reader takes NaN and Infinity for numbers, which JSON has not, makes infinity of
1e999, and of two items with one key keeps the last.  Each would go unnoticed in a model.

    >>> parsed('{"lr": 0.1, "steps": 7}')
    {'lr': 0.1, 'steps': 7}

Source: RFC 8259, "The JavaScript Object Notation (JSON) Data Interchange Format", 2017,
sections 4 and 6.
"""

import json
import math
from typing import Any


def parsed(text: str) -> Any:
    """What a JSON text says.  ValueError, with the place, for anything but JSON."""
    return json.loads(
        text, parse_float=finite, parse_constant=finite, object_pairs_hook=no_key_twice
    )


def finite(text: str) -> float:
    """A number with a point or an exponent, or one of the words that are none."""
    if not math.isfinite(float(text)):
        raise ValueError(f"it holds {text[:40]}, which is no finite number")
    return float(text)


def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dictionary; of two items with one key the first would be lost."""
    found: dict[str, Any] = {}
    for key, item in pairs:
        if key in found:
            raise ValueError(f"it holds {key[:40]!r} twice in one place")
        found[key] = item
    return found
