"""A training run that is recorded step by step, for the tests of the recorder and its page."""

import random

from micronn.data import moons
from micronn.nn import MLP
from micronn.optim import SGD
from micronn.viewer import Recorder


def squared(out, target):
    return (out - target) ** 2


def recorded(steps=4, nouts=(3, 1), data=True, **keywords):
    """An MLP that learns two moons, recorded before every step."""
    inputs, targets = moons(20, noise=0.1, rng=random.Random(7))
    model = MLP(2, list(nouts), activation="tanh", rng=random.Random(2))
    optimizer = SGD(model.parameters(), lr=0.1)
    keywords = {"loss": squared, "example": (inputs[0], targets[0]), **keywords}
    recorder = Recorder(model, data=(inputs, targets) if data else None, **keywords)
    for step in range(steps):
        loss = sum(squared(model(x), t) for x, t in zip(inputs, targets, strict=True)) / 20
        optimizer.zero_grad()
        loss.backward()
        recorder.snapshot(step, loss, validation_loss=2.0 * loss, right=step / 10)
        optimizer.step()
    return recorder
