"""How fast is it, against engines that do the same work?

Run:    python demos/benchmark.py [--rounds 5] [--programs]
Takes:  about two minutes.  It compares with micrograd, NumPy, PyTorch and JAX where
        they are installed: pip install "micronn[bench]" brings the first two.

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
import tempfile
import time
import tracemalloc
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import rivals
from rich.console import Console
from rich.progress import track
from rich.table import Table

from micronn.compiler import build, compile_graph
from micronn.data import moons
from micronn.draw import draw
from micronn.engine import Value, topological_order, total
from micronn.losses import cross_entropy, hinge, l2_penalty, mse
from micronn.nn import MLP
from micronn.optim import SGD, Adam


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
        x, a, c, roots = V(0.5), V(0.9), V(1.5), []
        for _ in range(200):
            y = x
            for _ in range(100):
                y = (y * a + x - 0.3).relu() / c
            roots.append(y)
        loss = sum(roots)
        loss.backward()
        return loss.data, x.grad, a.grad, c.grad

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
        return [loss.data, *(layer.neurons[0].b.grad for layer in model.layers)]

    work = {"micronn": ours}
    twin = micrograd_twin(model, 784, [16, 16, 10])
    if twin:

        def theirs():
            twin.zero_grad()
            loss = sum((y - t) ** 2 for y, t in zip(twin(x), target, strict=True)) * 0.1
            loss.backward()
            return [loss.data, *(layer.neurons[0].b.grad for layer in twin.layers)]

        work["micrograd"] = theirs
    return Contest("MLP 784-16-16-10, one example: zero_grad, forward, backward", work)


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


# Recorded once: the graph of one example as a program (micronn/compiler)


def program_of(model, task, nin, backend="machine"):
    """The loss of one example as a program, recorded from numbers of no importance."""
    x = [Value(0.5) for _ in range(nin)]
    if task == "points":
        targets = [Value(1.0)]
        loss = (1.0 - targets[0] * model(x)).relu()
    else:
        targets = [Value(float(k == 0)) for k in range(10)]
        loss = cross_entropy(model(x), targets)
    return compile_graph(loss, [*x, *targets], model.parameters(), backend)


def points(copies):
    """The 100 points of the two moons, so many times over, and the net that learns them."""
    inputs, targets = moons(100, rng=random.Random(1))
    model = MLP(2, [16, 16, 1], rng=random.Random(2))
    rows = array("d", [x for p, t in zip(inputs, targets, strict=True) for x in (*p, t)] * copies)
    return model, rows, inputs * copies, [float(t) for t in targets] * copies


def digits(count):
    """Random pixels with random classes, as dense as examples can be, and a net of 13,002."""
    rng = random.Random(3)
    model = MLP(784, [16, 16, 10], "sigmoid", rng=rng)
    pixels = [[rng.random() for _ in range(784)] for _ in range(count)]
    classes = [rng.randrange(10) for _ in range(count)]
    rows = array("d")
    for x, c in zip(pixels, classes, strict=True):
        rows.extend([*x, *(float(k == c) for k in range(10))])
    return model, rows, pixels, classes


def rival_epochs(rivals, inputs, targets, size):
    """One epoch of each rival that is installed; NumPy holds the examples of all."""
    if not installed("numpy"):
        return {}
    import numpy as np

    x, t = np.array(inputs), np.array(targets)
    return {
        name: partial(make().epoch, x, t, size)
        for name, (needs, make) in rivals.items()
        if installed(needs)
    }


def epoch_of(program, optimizer, rows, size):
    """A function that trains one epoch from the same start and returns two weights."""
    start = [p.data for p in program.params]

    def epoch():
        for p, number in zip(program.params, start, strict=True):
            p.data = number
        (_,) = program.train(rows, optimizer(program.params), 1, size)
        return program.params[0].data, program.params[-1].data

    return epoch


def points_program():
    """Steps on all 100 points with weight decay, which is the L2 of micrograd's demo."""
    model, rows, inputs, targets = points(copies=200)
    options = {"lr": 0.05, "weight_decay": 2e-4}
    sgd = partial(SGD, **options)
    work = {"micronn, machine": epoch_of(program_of(model, "points", 2), sgd, rows, 100)}
    work |= rival_epochs(
        {
            "NumPy by hand": ("numpy", lambda: rivals.ByHand(model, "points", **options)),
            "PyTorch": ("torch", lambda: rivals.Torch(model, "points", **options)),
            "JAX jit": ("jax", lambda: rivals.Jax(model, "points", **options)),
        },
        inputs, targets, 100,
    )  # fmt: skip
    return Contest("200 steps of a 2-16-16-1 on 100 points, SGD", work, "micronn, machine")


def points_in_python():
    """The same step as a program in Python, and eagerly."""
    model, rows, inputs, targets = points(copies=3)
    sgd = partial(SGD, lr=0.05, weight_decay=2e-4)
    work = {
        "micronn, Python": epoch_of(program_of(model, "points", 2, "python"), sgd, rows, 100),
        "micronn, machine": epoch_of(program_of(model, "points", 2), sgd, rows, 100),
    }
    start = [p.data for p in model.parameters()]

    def eager():
        for p, number in zip(model.parameters(), start, strict=True):
            p.data = number
        optimizer = sgd(model.parameters())
        for first in range(0, len(inputs), 100):
            model.zero_grad()
            some = slice(first, first + 100)
            hinge([model(x) for x in inputs[some]], targets[some]).backward()
            optimizer.step()
        return model.parameters()[0].data, model.parameters()[-1].data

    work["micronn, eager"] = eager
    return Contest("3 such steps without a C compiler", work, "micronn, Python")


def digits_program(adam=False):
    """An epoch of 10,000 examples in batches of 32."""
    model, rows, inputs, targets = digits(10_000)
    optimizer, lr = (Adam, 0.001) if adam else (SGD, 0.1)
    program = program_of(model, "digits", 784)
    work = {"micronn, machine": epoch_of(program, partial(optimizer, lr=lr), rows, 32)}
    others = {"PyTorch": ("torch", lambda: rivals.Torch(model, "digits", lr, adam=adam))}
    if not adam:
        others["NumPy by hand"] = ("numpy", lambda: rivals.ByHand(model, "digits", lr))
        others["JAX jit"] = ("jax", lambda: rivals.Jax(model, "digits", lr))
    work |= rival_epochs(others, inputs, targets, 32)
    name = "Adam" if adam else "SGD"
    title = f"784-16-16-10, 10,000 examples in batches of 32, {name}"
    return Contest(title, work, "micronn, machine")


def one_digit():
    """One dense example through 784-16-16-10 and back, cross-entropy, into arrays."""
    model, row, inputs, targets = digits(1)
    program = program_of(model, "digits", 784)
    weights = array("d", [p.data for p in program.params])

    def ours():
        value, grads = program.value_and_grad(weights, row)
        return value, grads[0], grads[-1]

    def python():
        (value,), _, grads = program.example(list(row), list(weights), of_inputs=False)
        return value, grads[0], grads[-1]

    work = {"micronn, machine": ours, "micronn, Python": python}
    if installed("torch"):
        import numpy as np

        x, t = np.array(inputs), np.array(targets)
        torch = rivals.Torch(model, "digits", 0.1)

        def theirs():
            loss, dw, db = torch.slopes(x, t)
            return loss, dw[0, 0].item(), db[-1].item()

        work["PyTorch"] = theirs
    return Contest("784-16-16-10, one example, forward and backward", work, "micronn, machine")


EAGER = [small_expression, long_chains, moons_step, digit_example]
PROGRAMS = [
    points_program,
    points_in_python,
    digits_program,
    partial(digits_program, adam=True),
    one_digit,
]
CONTESTS = EAGER + PROGRAMS


# What has no rival: memory and pictures


def memory():
    """Bytes that one of 100,000 chained operations keeps after forward."""
    tracemalloc.start()
    x = y = Value(0.5)
    for _ in range(20_000):
        y = (y * 0.9 + x - 0.3).relu() / 1.5
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return f"{size / 100_000:.0f} bytes"


def picture_of_50_cards():
    """Seconds for an SVG of a neuron with 12 inputs, written with + and *, after the first one."""
    x, w = ([Value(0.1 * k, f"{name}{k}") for k in range(12)] for name in "xw")
    o = (sum((a * b for a, b in zip(x[1:], w[1:], strict=True)), x[0] * w[0]) + Value(1.0)).tanh()
    o.backward()
    assert len(topological_order(o)) == 50
    return seconds_text(best_of(5, lambda: draw(o, detail="values").svg))


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


def making(task, nin, nouts):
    """Seconds for recording the loss of one example and making its program."""
    activation = "relu" if task == "points" else "sigmoid"
    model = MLP(nin, nouts, activation, rng=random.Random(6))
    return seconds_text(best_of(5, lambda: program_of(model, task, nin)))


def irregular_operations():
    """Time for one operation of 20,000 that form no pattern, forward and backward."""
    rng = random.Random(7)
    x = [Value(rng.uniform(0.5, 1.5)) for _ in range(20)]
    nodes, kinds = list(x), [Value.__add__, Value.__mul__, Value.__sub__, Value.__truediv__]
    while len(nodes) < 20_020:
        a, b = rng.choices(nodes[-2000:], k=2)
        node = rng.choice(kinds)(a, b) if b.data else a.relu()
        nodes.append(node if 0.1 < abs(node.data) < 10.0 else (a + 0.5 * b) * 0.5)
    root = total(nodes[-100:])
    operations = sum(1 for node in topological_order(root) if node.operands)
    start = time.perf_counter()
    program = compile_graph(root, x, backend="machine")
    made = time.perf_counter() - start
    weights, rows = array("d"), array("d", [v.data for v in x] * 320)
    seconds = best_of(5, lambda: program.run((rows, 320), weights)) / 320 / operations
    return f"{seconds * 1e9:.3g} ns for each of {operations:,}, made in {seconds_text(made)}"


def building():
    """Seconds to build the machine, which happens once for a computer."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*build.find_compiler(), *build.FLAGS[0], "-Dreal=double"]
        return seconds_text(best_of(1, lambda: build.compile_to(Path(folder), "machine", command)))


MEASURES = {
    "recording and compiling the loss of a 2-16-16-1": partial(making, "points", 2, [16, 16, 1]),
    "the same for 784-16-16-10": partial(making, "digits", 784, [16, 16, 10]),
    "operations without a pattern, on the machine": irregular_operations,
    "building the machine": building,
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
    parser.add_argument("--programs", action="store_true", help="only the compiled programs")
    options = parser.parse_args()
    console = Console()
    console.print(machine())
    console.print(table_of(PROGRAMS if options.programs else CONTESTS, options.rounds))
    for title, measure in MEASURES.items():
        console.print(f"{title}: {measure()}")


if __name__ == "__main__":
    main()
