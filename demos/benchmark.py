"""How fast is it, against engines that do the same work?

Run:    python demos/benchmark.py [--rounds 5]
Takes:  about a minute.  It compares with micrograd, NumPy and PyTorch where they
        are installed: pip install "micronn[bench]" brings the first two.

Every contest is one piece of work that several engines do.  First they must agree
on its numbers; then they take turns, round after round, so that a busy moment of
the machine hits all of them.  What one leaves behind is collected before the next
begins; within a turn everybody goes at least twice and meets its own garbage.  The
table shows the median time of each and the
median of the ratios within a round.  Read the ratios, not the milliseconds.
"""

import argparse
import gc
import importlib.metadata
import importlib.util
import math
import platform
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from micronn.data import moons
from micronn.draw import draw
from micronn.engine import Value, topological_order
from micronn.losses import hinge, l2_penalty, mse
from micronn.nn import MLP
from micronn.optim import SGD


class Contest(NamedTuple):
    """One piece of work and who does it.

    work: each contender's name and a function that does the work once and returns
        numbers, which must be the same for all (to 1e-9, relative).
    ours: the contender that the ratios are about.
    """

    title: str
    work: dict[str, Callable[[], Sequence[float]]]
    ours: str = "micronn"


# Eager: the graph is recorded and differentiated anew each time


def small_expression():
    """The example of micrograd's README: 20 operations on two leaves."""

    def program(V):
        a, b = V(-4.0), V(2.0)
        c = a + b
        c = c + (c + 1)
        c = c + (1 + c + -a)
        d = a * b + b**3
        d = d + (d * 2 + (b + a).relu())
        d = d + (3 * d + (b - a).relu())
        e = (c - d) ** 2
        g = e / 2.0 + 10.0 / e
        g.backward()
        return g.data, a.grad, b.grad

    return Contest("micrograd's README expression, forward and backward", engines(program))


def long_chains():
    """200 chains of 500 operations (micrograd's recursion takes no longer ones), summed."""

    def program(V):
        x, roots = V(0.5), []
        for _ in range(200):
            y = x
            for _ in range(100):
                y = (((y * 0.9 + x) - 0.3).relu()) / 1.5
            roots.append(y)
        loss = sum(roots)
        loss.backward()
        return loss.data, x.grad

    return Contest("100,000 mixed operations in chains, forward and backward", engines(program))


def moons_step():
    """One full step on all the points: forward, max-margin loss with L2, backward, SGD."""
    inputs, targets = moons(100, rng=random.Random(1))
    model = MLP(2, [16, 16, 1], init="micrograd", rng=random.Random(2))
    optimizer = SGD(model.parameters(), lr=1e-12)

    def ours():
        scores = [model(x) for x in inputs]
        loss = hinge(scores, targets) + 1e-4 * l2_penalty(model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.data, model.parameters()[0].grad, model.parameters()[-1].grad

    work = {"micronn": ours}
    twin = micrograd_twin(model, 2, [16, 16, 1])
    if twin:

        def theirs():
            scores = [twin(x) for x in inputs]
            margins = [(1 + -t * s).relu() for t, s in zip(targets, scores, strict=True)]
            loss = sum(margins) * (1.0 / len(margins))
            loss = loss + 1e-4 * sum(p * p for p in twin.parameters())
            twin.zero_grad()
            loss.backward()
            for p in twin.parameters():
                p.data -= 1e-12 * p.grad
            return loss.data, twin.parameters()[0].grad, twin.parameters()[-1].grad

        work["micrograd"] = theirs
    return Contest("MLP 2-16-16-1 on 100 points, one training step", work)


def digit_example():
    """One dense example of 784 numbers through 784-16-16-10 and back, squared error."""
    rng = random.Random(3)
    x = [rng.random() for _ in range(784)]
    target = [float(k == 2) for k in range(10)]
    model = MLP(784, [16, 16, 10], rng=rng)

    def ours():
        model.zero_grad()
        loss = mse(model(x), target)
        loss.backward()
        return loss.data, model.parameters()[0].grad, model.parameters()[-1].grad

    work = {"micronn": ours}
    twin = micrograd_twin(model, 784, [16, 16, 10])
    if twin:

        def theirs():
            twin.zero_grad()
            loss = sum((y - t) ** 2 for y, t in zip(twin(x), target, strict=True)) * 0.1
            loss.backward()
            return loss.data, twin.parameters()[0].grad, twin.parameters()[-1].grad

        work["micrograd"] = theirs
    return Contest("MLP 784-16-16-10, one example, forward and backward", work)


def engines(program):
    """The same program run with our Value and with micrograd's, where it is installed."""
    work = {"micronn": lambda: program(Value)}
    if installed("micrograd"):
        from micrograd.engine import Value as Theirs

        work["micrograd"] = lambda: program(Theirs)
    return work


def micrograd_twin(model, nin, nouts):
    """A micrograd MLP with the weights of ours, or None without micrograd."""
    if not installed("micrograd"):
        return None
    from micrograd.nn import MLP as Theirs

    twin = Theirs(nin, nouts)
    for theirs, ours in zip(twin.parameters(), model.parameters(), strict=True):
        theirs.data = ours.data
    return twin


CONTESTS = [small_expression, long_chains, moons_step, digit_example]


# What has no rival: memory and pictures


def memory():
    """Bytes that one of 100,000 chained operations keeps after forward."""
    tracemalloc.start()
    x = y = Value(0.5)
    for _ in range(20_000):
        y = (((y * 0.9 + x) - 0.3).relu()) / 1.5
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return f"{size / 100_000:.0f} bytes"


def picture_of_50_cards():
    """Seconds for an SVG of 50 values, layout included, after the first one."""
    x = y = Value(0.5, "x")
    for _ in range(49):
        y = (y * x).tanh() if len(y.operands) == 2 else y * x
    y.backward()
    return seconds_text(best_of(3, lambda: draw(y, detail="values").svg))


def picture_of_65_000_values():
    """Seconds for the layers view of a 2-16-16-1 net on 620 examples."""
    model = MLP(2, [16, 16, 1], activation="tanh", rng=random.Random(4))
    inputs, targets = moons(620, rng=random.Random(5))
    points = [[Value(a), Value(b)] for a, b in inputs]
    loss = hinge([model(x) for x in points], targets)
    loss.backward()
    params = dict(model.named_parameters())
    seconds = best_of(1, lambda: draw(loss, params=params, detail="layers").svg)
    return f"{seconds_text(seconds)} for {len(topological_order(loss)):,} values"


MEASURES = {
    "memory of an operation after forward": memory,
    "SVG of 50 cards, layout included": picture_of_50_cards,
    "SVG of a net on a batch, folded to layers": picture_of_65_000_values,
}


# Taking turns


def checked(contest):
    """The contest, after every contender gave the same numbers."""
    ours = contest.work[contest.ours]()
    for name, work in contest.work.items():
        for mine, yours in zip(ours, work(), strict=True):
            if not math.isclose(mine, yours, rel_tol=1e-9, abs_tol=1e-12):
                raise SystemExit(f"{contest.title}: {name} says {yours!r}, we say {mine!r}")
    return contest


def times(contest, rounds):
    """Seconds for one go, by contender: a list with a number for each round."""
    goes = {name: max(2, int(0.02 / best_of(2, work))) for name, work in contest.work.items()}
    result = {name: [] for name in contest.work}
    for _ in range(rounds):
        for name, work in contest.work.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(goes[name]):
                work()
            result[name].append((time.perf_counter() - start) / goes[name])
    return result


def best_of(n, work):
    """The shortest of n goes, in seconds."""
    result = math.inf
    for _ in range(n):
        start = time.perf_counter()
        work()
        result = min(result, time.perf_counter() - start)
    return result


# The table


def table_of(contests, rounds):
    """A row for each contender of each contest."""
    table = Table("work", "who", "time", "ratio to ours", title="Times of the same work")
    console = Console(stderr=True)
    for make in track(contests, description="measuring", transient=True, console=console):
        contest = checked(make())
        measured = times(contest, rounds)
        ours = measured[contest.ours]
        for name, theirs in measured.items():
            ratio = statistics.median(t / o for t, o in zip(theirs, ours, strict=True))
            shown = "" if name == contest.ours else f"{ratio:.3g}"
            title = contest.title if name == contest.ours else ""
            table.add_row(title, name, seconds_text(statistics.median(theirs)), shown)
        table.add_section()
    return table


def seconds_text(seconds):
    """0.00123 as 1.23 ms."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def machine():
    """Processor, Python and the versions of everybody who takes part."""
    names = ("micrograd", "numpy", "torch", "jax")
    found = [f"{name} {importlib.metadata.version(name)}" for name in names if installed(name)]
    return ", ".join(
        [f"{platform.machine()} {platform.system()}", f"Python {platform.python_version()}", *found]
    )


def installed(name):
    return importlib.util.find_spec(name) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody takes a turn")
    rounds = parser.parse_args().rounds
    console = Console()
    console.print(machine())
    console.print(table_of(CONTESTS, rounds))
    for title, measure in MEASURES.items():
        console.print(f"{title}: {measure()}")


if __name__ == "__main__":
    main()
