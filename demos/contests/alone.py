"""What has no rival: cost against size, what the first time costs, memory and pictures."""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from functools import partial
from pathlib import Path

from contests.programs import random_logic
from contests.turns import Contender, Contest, Disagreement, agree, go, machines, measured
from micronn.compiler import compile_graph
from micronn.data import moons
from micronn.draw import draw
from micronn.engine import Value, topological_order
from micronn.losses import hinge
from micronn.nn import MLP

ROOT = Path(__file__).resolve().parents[2]

# Cost against size


def sizes(quick, rounds):
    """Seconds of graphs without structure of 10**2 to 10**6 operations, for each way.

    "graph" records, and goes forward and backward; "native" goes forward and backward, and
    "native, making" is what it takes to make a program of the graph, once.
    """
    found = {}
    for power in range(2, 4 if quick else 7):
        contest, making = of_size(10**power)
        agree(contest)
        rows = measured(contest, min(rounds, 3))["contenders"]
        for who, seconds in [*((r["who"], r["seconds"]) for r in rows), *making.items()]:
            line = found.setdefault(who, {"who": who, "operations": [], "seconds": []})
            line["operations"].append(contest.operations)
            line["seconds"].append(seconds)
    return list(found.values())


def of_size(count):
    """One example forward and backward: the graph recorded anew, and a program of it.

    Returns the contest of both, and the seconds in which the program was made.
    """
    rng = random.Random(count)
    root, operations = random_logic(count, 20, rng)
    w = [Value(rng.random()) for _ in range(20)]

    def eagerly():
        for leaf in w:
            leaf.grad = 0.0
        node = root(w)
        node.backward()
        return node.data, [leaf.grad for leaf in w]

    contenders, making = [Contender("graph", "", eagerly)], {}
    for kind in machines()[:1]:
        graph = root(w)
        start = time.perf_counter()
        program = compile_graph(graph, [], w, kind)
        making[f"{kind}, making"] = time.perf_counter() - start
        run = partial(program.value_and_grad, program.weights(), [[]])
        contenders.append(Contender(kind, "", run))
    return Contest("size", f"{operations:,} operations", contenders, operations), making


# The first time in a process, and the first on a computer

PICTURE = """
import json, random, re, time
from micronn.draw import draw
from micronn.engine import Value
x, w = ([Value(0.1 * k, f"{name}{k}") for k in range(6)] for name in "xw")
o = sum(a * b for a, b in zip(x, w)).tanh()
o.backward()
start = time.perf_counter()
svg = draw(o, detail="values").svg
seconds = time.perf_counter() - start
print(json.dumps([seconds, re.findall(r">([^<>]+)</text>", svg)]))
"""
PROGRAM = """
import json, random, time
from micronn.compiler import compile_graph
from micronn.engine import Value
from micronn.nn import MLP
model, x = MLP(2, [16, 16, 1], rng=random.Random(6)), [Value(0.5), Value(0.25)]
loss = (1.0 - model(x)).relu()
start = time.perf_counter()
found = compile_graph(loss, x, model.parameters(), backend="{kind}").values([[0.5, 0.25]])
print(json.dumps([time.perf_counter() - start, [round(found[0], 9)]]))
"""


def processes(rounds):
    """Seconds in the first process of a computer, and in the next: medians over the rounds."""
    jobs, path = [], os.environ["PATH"]
    if shutil.which("dot"):
        jobs.append(("first picture, by the dot program", PICTURE, path))
    jobs.append(("first picture, no dot program", PICTURE, ""))
    for kind in machines():
        jobs.append((f"first program, {kind}", PROGRAM.replace("{kind}", kind), path))
    found, made = {title: [] for title, *_ in jobs}, {}
    for _ in range(rounds):
        for title, code, path in jobs:
            with tempfile.TemporaryDirectory() as cache:
                pair = [fresh(code, path, cache) for _ in range(2)]
            found[title].append([seconds for seconds, _ in pair])
            for _, result in pair:
                if made.setdefault(title.split(",")[0], result) != result:
                    raise Disagreement(f"{title}: {result} is not {made[title.split(',')[0]]}")
    return [
        {"title": title, "first": middle(pairs, 0), "second": middle(pairs, 1)}
        for title, pairs in found.items()
    ]


def middle(pairs, k):
    """The median of the numbers at place k."""
    return statistics.median(pair[k] for pair in pairs)


def fresh(code, path, cache):
    """What a new process says whose cache is that folder: its seconds, and what it made."""
    environment = {**os.environ, "PATH": path, "MICRONN_CACHE": cache, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


# Memory and pictures


def memory():
    """Bytes that one of 100,000 chained operations keeps after forward."""
    tracemalloc.start()
    x = y = Value(0.5)
    for _ in range(20_000):
        y = (y * 0.9 + x - 0.3).relu() / 1.5
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / 100_000


def picture_of_50_cards():
    """Seconds for an SVG of a neuron with 12 inputs, written with + and *, layout included."""
    x, w = ([Value(0.1 * k, f"{name}{k}") for k in range(12)] for name in "xw")
    o = (sum((a * b for a, b in zip(x[1:], w[1:], strict=True)), x[0] * w[0]) + Value(1.0)).tanh()
    o.backward()
    assert len(topological_order(o)) == 50
    return fastest(5, lambda: draw(o, detail="values").svg)


def picture_of_a_batch(points):
    """Seconds for the layers view of a 2-16-16-1 net on a batch, and how many values it has."""
    model = MLP(2, [16, 16, 1], activation="tanh", rng=random.Random(4))
    inputs, targets = moons(points, rng=random.Random(5))
    loss = hinge([model([Value(a), Value(b)]) for a, b in inputs], targets)
    loss.backward()
    params = dict(model.named_parameters())
    seconds = fastest(1, lambda: draw(loss, params=params, detail="layers").svg)
    return seconds, len(topological_order(loss))


def fastest(goes, work):
    """The shortest of some goes, in seconds."""
    return min(go(Contender("", "", work))[1] for _ in range(goes))


def measures(quick):
    """Numbers with their units and what they are of."""
    seconds, values = picture_of_a_batch(10 if quick else 620)
    return [
        {"title": "memory of an operation after forward", "number": memory(), "unit": "bytes"},
        {"title": "SVG of 50 cards, layout included", "number": picture_of_50_cards(), "unit": "s"},
        {
            "title": f"SVG of a net on a batch, {values:,} values folded to layers",
            "number": seconds,
            "unit": "s",
        },
    ]
