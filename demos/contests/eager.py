"""Contests of the engine itself: the graph is recorded and differentiated anew each time."""

import random
from functools import partial

from contests.turns import Contender, Contest, installed
from micronn.data import moons
from micronn.engine import Value
from micronn.losses import hinge, l2_penalty, mse
from micronn.nn import MLP
from micronn.optim import SGD


def expression(quick):
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
        return g, a, b

    title = "micrograd's README expression, forward and backward"
    return Contest("expression", title, engines(program))


def chains(quick):
    """Chains of 500 operations, summed: micrograd's recursion takes no longer ones."""
    count = 2 if quick else 200

    def program(V):
        x, a, c, roots = V(0.5), V(0.9), V(1.5), []
        for _ in range(count):
            y = x
            for _ in range(100):
                y = (y * a + x - 0.3).relu() / c
            roots.append(y)
        loss = sum(roots)
        loss.backward()
        return loss, x, a, c

    title = f"{500 * count:,} mixed operations in chains, forward and backward"
    return Contest("chains", title, engines(program))


def engines(program):
    """The same program run with the Values of all engines: the root, then the leaves."""
    how = "each operation a {}"
    found = [Contender("graph", how.format("Value"), partial(program, Value), numbers=slopes)]
    if installed("micrograd"):
        from micrograd.engine import Value as Theirs

        run = partial(program, Theirs)
        found.append(Contender("micrograd", how.format("Value"), run, numbers=slopes))
    if installed("torch"):
        import torch

        leaf = partial(torch.tensor, dtype=torch.float64, requires_grad=True)
        run, how = partial(program, leaf), how.format("tensor of one float64")
        found.append(Contender("PyTorch scalars", how, run, numbers=slopes))
    return found


def slopes(found):
    """The value of a root and the gradients of leaves."""
    root, *leaves = found
    return [float(root.data), *[float(leaf.grad) for leaf in leaves]]


# Nets


def moons_step(quick):
    """One full step on all the points: forward, max-margin loss with L2, backward, SGD."""
    inputs, targets = moons(20 if quick else 100, rng=random.Random(1))
    model = MLP(2, [16, 16, 1], init="micrograd", rng=random.Random(2))
    optimizer = SGD(model.parameters(), lr=1e-12)

    def ours():
        scores = [model(x) for x in inputs]
        loss = hinge(scores, targets) + 1e-4 * l2_penalty(model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss, *model.parameters()

    def theirs(twin):
        scores = [twin(x) for x in inputs]
        margins = [(1 + -t * s).relu() for t, s in zip(targets, scores, strict=True)]
        loss = sum(margins) * (1.0 / len(margins))
        loss = loss + 1e-4 * sum(p * p for p in twin.parameters())
        twin.zero_grad()
        loss.backward()
        for p in twin.parameters():
            p.data -= 1e-12 * p.grad
        return loss, *twin.parameters()

    how = "loss with L2, zero_grad, backward, SGD"
    title = f"MLP 2-16-16-1 on {len(inputs)} points, one training step, eagerly"
    return Contest("moons", title, both(model, [2, 16, 16, 1], how, ours, theirs))


def digit_example(quick):
    """One dense example of 784 numbers through 784-16-16-10 and back, squared error."""
    rng, nin = random.Random(3), 50 if quick else 784
    x = [rng.random() for _ in range(nin)]
    target = [float(k == 2) for k in range(10)]
    model = MLP(nin, [16, 16, 10], rng=rng)

    def ours():
        model.zero_grad()
        loss = mse(model(x), target)
        loss.backward()
        return loss, *model.parameters()

    def theirs(twin):
        twin.zero_grad()
        loss = sum((y - t) ** 2 for y, t in zip(twin(x), target, strict=True)) * 0.1
        loss.backward()
        return loss, *twin.parameters()

    how = "squared error, zero_grad, backward"
    title = f"MLP {nin}-16-16-10, one example, eagerly"
    return Contest("digit", title, both(model, [nin, 16, 16, 10], how, ours, theirs))


def both(model, shape, how, ours, theirs):
    """Our net, and micrograd's with the same weights where it is installed."""
    found = [Contender("graph", how, ours, numbers=slopes)]
    if installed("micrograd"):
        from micrograd.nn import MLP as Theirs

        twin = Theirs(shape[0], shape[1:])
        for its, p in zip(twin.parameters(), model.parameters(), strict=True):
            its.data = p.data
        found.append(Contender("micrograd", how, partial(theirs, twin), numbers=slopes))
    return found
