"""A contest is fair when all do the same work, agree on its numbers and take turns.

They agree before anybody is timed.  Then everybody goes once a round, so that a busy
moment of the machine hits all; what was alive before is out of the collector's sight,
as in a fresh process, and what one leaves behind is collected before the next begins.
"""

import gc
import importlib.metadata
import importlib.util
import math
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from micronn.compiler import NoMachine, compile_graph
from micronn.engine import Value

RIVALS = ("micrograd", "numpy", "torch", "jax")
MACHINES = ("native", "wasm")
EXACT, ROUNDED = 1e-9, 1e-4  # how closely float64 agrees, and float32


def flat(numbers):
    """Numbers of any engine, however nested, as one list of floats."""
    if isinstance(numbers, Value):
        return [numbers.data]
    listed = numbers.tolist() if hasattr(numbers, "tolist") else numbers
    if isinstance(listed, Iterable):
        return [number for part in listed for number in flat(part)]
    return [float(listed)]


def nothing():
    """No preparation."""


class Contender(NamedTuple):
    """Who takes part, and how.

    how: what is done, so that nobody has easier work than the title says.
    run: does the work once.  reset: what comes before each go and is not timed.
    numbers: of what run() returned, those that all must agree on, as floats.
    tolerance: how closely, beside the largest of these numbers.
    """

    who: str
    how: str
    run: Callable[[], Any]
    reset: Callable[[], Any] = nothing
    numbers: Callable[[Any], list[float]] = flat
    tolerance: float = EXACT


class Contest(NamedTuple):
    """One piece of work; the ratios are about the first of those who do it.

    operations: how many one go has, where the time of one is asked for.
    """

    key: str
    title: str
    contenders: list[Contender]
    operations: int = 0


class Disagreement(Exception):
    """Two engines do not do the same work."""


def installed(name):
    return importlib.util.find_spec(name) is not None


def machines(dtype="float64"):
    """The kinds of machine that this computer has."""
    return [kind for kind in MACHINES if missing_machine(kind, dtype) is None]


def missing_machine(kind, dtype="float64"):
    """Why there is no such machine here, or None."""
    x = Value(1.0)
    try:
        compile_graph(x * x, [x], backend=kind, dtype=dtype)
    except NoMachine as problem:
        return str(problem)
    return None


def absent():
    """Who cannot take part on this computer, and why."""
    why = {name: f"pip install {name}" for name in RIVALS if not installed(name)}
    return why | {kind: missing_machine(kind) for kind in MACHINES if missing_machine(kind)}


def versions():
    """The versions of the engines that are here."""
    return {name: importlib.metadata.version(name) for name in RIVALS if installed(name)}


def go(contender):
    """What one go returns, and its seconds."""
    contender.reset()
    start = time.perf_counter()
    result = contender.run()
    return result, time.perf_counter() - start


def agree(contest):
    """Raise Disagreement unless all give the numbers of the first."""
    first, *others = contest.contenders
    expected = first.numbers(go(first)[0])
    scale = max(map(abs, expected))
    for contender in others:
        found = contender.numbers(go(contender)[0])
        if len(found) != len(expected):
            raise Disagreement(
                f"{contest.title}: {contender.who} has {len(found)} numbers, "
                f"{first.who} {len(expected)}"
            )
        near = contender.tolerance
        for k, (mine, its) in enumerate(zip(expected, found, strict=True)):
            if not math.isclose(mine, its, rel_tol=near, abs_tol=near * scale):
                raise Disagreement(
                    f"{contest.title}: {contender.who} says {its!r} where {first.who} says "
                    f"{mine!r}, number {k}"
                )


def times(contest, rounds):
    """For each contender, by name, the seconds of one go in each round."""
    gc.collect()
    gc.freeze()
    try:
        goes = [(c, goes_of(go(c)[1])) for c in contest.contenders]
        found = {c.who: [] for c in contest.contenders}
        for _ in range(rounds):
            for contender, count in goes:
                gc.collect()
                seconds = [go(contender)[1] for _ in range(count)]
                found[contender.who].append(statistics.fmean(seconds))
    finally:
        gc.unfreeze()
    return found


def goes_of(seconds):
    """How often one goes in a turn: for 20 ms, and twice, to meet garbage of one's own."""
    return 1 if seconds > 0.5 else max(2, int(0.02 / seconds))


def measured(contest, rounds):
    """The times of a contest as plain data: the first row is what ratios refer to."""
    found = times(contest, rounds)
    ours = found[contest.contenders[0].who]
    rows = [
        {
            "who": c.who,
            "how": c.how,
            "seconds": statistics.median(found[c.who]),
            "ratio": ratio(found[c.who], ours),
            "rounds": found[c.who],
        }
        for c in contest.contenders
    ]
    return {**contest._asdict(), "contenders": rows}


def ratio(theirs, ours):
    """The median, over the rounds, of how many times as long they took."""
    return statistics.median(t / o for t, o in zip(theirs, ours, strict=True))
