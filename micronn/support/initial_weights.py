"""How big is random?  Weights that start too small or too large do not learn.

With n inputs a weighted sum is about sqrt(n) times as large as its terms, so weights
are drawn smaller where there are many.  Each formula gives one weight.
"""

import math
import random

from micronn.support.arguments import Rng, choice, rng_or_default


def uniform(nin: int, nout: int, rng: random.Random) -> float:
    """Between -1/sqrt(nin) and 1/sqrt(nin), as torch.nn.Linear starts."""
    return rng.uniform(-1.0, 1.0) / math.sqrt(nin)


def xavier(nin: int, nout: int, rng: random.Random) -> float:
    """Between -sqrt(6/(nin+nout)) and its opposite: keeps the size of signals at tanh.

    Source: Glorot, Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", 2010, formula 16.
    """
    return rng.uniform(-1.0, 1.0) * math.sqrt(6.0 / (nin + nout))


def he(nin: int, nout: int, rng: random.Random) -> float:
    """From a bell curve of width sqrt(2/nin): keeps the size of signals through relu.

    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015, formula 10.
    """
    return rng.gauss(0.0, 1.0) * math.sqrt(2.0 / nin)


def micrograd(nin: int, nout: int, rng: random.Random) -> float:
    """Between -1 and 1 whatever the size of the layer, as micrograd starts."""
    return rng.uniform(-1.0, 1.0)


INITS = {draw.__name__: draw for draw in (uniform, xavier, he, micrograd)}


def initial_weights(init: str, nin: int, nout: int, rng: Rng) -> tuple[list[float], float]:
    """The weights and the bias that one neuron of a layer starts with.

    The bias starts like the weights for "uniform", as in PyTorch, else at 0.
    Raises ValueError for an init that is no name in INITS.
    """
    draw, rng = choice(INITS, init, "init"), rng_or_default(rng)
    weights = [draw(nin, nout, rng) for _ in range(nin)]
    return weights, draw(nin, nout, rng) if init == "uniform" else 0.0
