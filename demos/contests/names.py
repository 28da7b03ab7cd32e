"""A contest of transformers: the one of lesson 45, and the same with tensors."""

import random
import string
from array import array
from types import SimpleNamespace

from transformer import Transformer, indices, one_hots, program_of

from contests.programs import one_example, training
from contests.turns import EXACT, Contender, installed
from micronn.engine import total
from micronn.optim import Adam

LETTERS = 6  # in each name, so that 7 tokens are read
LR, BETAS, EPS = 0.01, (0.9, 0.999), 1e-8  # of Adam


class Names:
    """Names drawn by lot, and the transformer that reads them one a step."""

    size = 1

    def __init__(self, count):
        rng = random.Random(5)
        names = ["".join(rng.choices(string.ascii_lowercase, k=LETTERS)) for _ in range(count)]
        self.model = Transformer(random.Random(1))
        self.start = [p.data for p in self.model.parameters()]
        self.examples = self.targets = list(map(indices, names))
        self.rows = array("d", [x for name in names for x in one_hots(name)])

    def program(self, backend, dtype):
        return program_of(self.model, LETTERS, backend=backend, dtype=dtype)

    def loss(self, examples, targets):
        return total(list(map(self.model.loss, examples))) / len(examples)

    def in_layers(self, numbers=None):
        """A number for each parameter, in the order of the matrices, row by row."""
        return numbers or [p.data for p in self.model.parameters()]

    def others(self, work, classes, options, floats=False):
        """The same with tensors: Adam's steps one by one ("epoch"), or one slope."""
        for name, (needs, how, make) in classes.items():
            if installed("numpy") and installed(needs):
                rival = make(self.model, self.examples)
                yield Contender(name, how, getattr(rival, work), rival.reset, tolerance=EXACT)


def transformer_loss(p, tokens, lib):
    """The loss of one name, all its tokens at once.

    p: the matrices by name.  lib: the functions of PyTorch or JAX, and the mask that
    hides from each token those that follow it.
    """
    count, width = len(tokens) - 1, p["wte"].shape[1]

    def norm(x):
        return x * ((x * x).sum(-1)[:, None] / width + 1e-5) ** -0.5

    def heads(name):
        return (y @ p[name].T).reshape(count, 4, width // 4)

    x = norm(p["wte"][tokens[:-1]] + p["wpe"][:count])
    y = norm(x)
    fits = lib.einsum("ihd,jhd->hij", heads("wq"), heads("wk")) / (width // 4) ** 0.5
    shares = lib.softmax(fits + lib.mask, -1)
    x = x + lib.einsum("hij,jhd->ihd", shares, heads("wv")).reshape(count, width) @ p["wo"].T
    x = x + lib.relu(norm(x) @ p["fc1"].T) @ p["fc2"].T
    scores = lib.log_softmax(x @ p["lm_head"].T, -1)
    return -scores[lib.arange(count), tokens[1:]].mean()


def matrices(model):
    """The model's matrices by name, as NumPy arrays; and the mask."""
    import numpy as np

    found = {
        name: np.array([[p.data for p in row] for row in rows])
        for name, rows in vars(model).items()
        if isinstance(rows, list)
    }
    return found, np.triu(np.full((LETTERS + 1, LETTERS + 1), -np.inf), 1)


class Torch:
    """Tensors, backward() and torch.optim.Adam."""

    def __init__(self, model, names):
        import torch

        self.torch, (start, mask) = torch, matrices(model)
        self.start = {name: torch.tensor(x) for name, x in start.items()}
        self.p = {name: x.clone().requires_grad_() for name, x in self.start.items()}
        self.names = torch.tensor(names)
        self.lib = SimpleNamespace(
            einsum=torch.einsum, softmax=torch.softmax, log_softmax=torch.log_softmax,
            relu=torch.relu, arange=torch.arange, mask=torch.tensor(mask),
        )  # fmt: skip

    def reset(self):
        for name, start in self.start.items():
            self.p[name].data.copy_(start)
        self.optimizer = self.torch.optim.Adam(self.p.values(), LR, BETAS, EPS)

    def epoch(self):
        for name in self.names:
            self.optimizer.zero_grad()
            transformer_loss(self.p, name, self.lib).backward()
            self.optimizer.step()
        return list(self.p.values())

    def slopes(self):
        self.optimizer.zero_grad()
        loss = transformer_loss(self.p, self.names[0], self.lib)
        loss.backward()
        return loss, [p.grad for p in self.p.values()]


class Jax:
    """A jitted step of Adam, called for each name."""

    def __init__(self, model, names):
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax, (start, mask) = jax, matrices(model)
        self.names = jax.device_get(jax.numpy.array(names))  # rows that are taken out quickly
        lib = SimpleNamespace(
            einsum=jax.numpy.einsum, softmax=jax.nn.softmax, log_softmax=jax.nn.log_softmax,
            relu=jax.nn.relu, arange=jax.numpy.arange, mask=mask,
        )  # fmt: skip
        self.order = list(start)  # a jitted function gives dictionaries back in another one
        self.start = {name: jax.numpy.array(x) for name, x in start.items()}
        self.slopes_of = jax.jit(jax.value_and_grad(lambda p, name: transformer_loss(p, name, lib)))
        self.step = jax.jit(self.adam)

    def reset(self):
        zeros = self.jax.tree.map(self.jax.numpy.zeros_like, self.start)
        self.state = self.start, zeros, zeros, 0

    def adam(self, state, name):
        """Kingma and Ba, 2015, algorithm 1: parameters, both moments and the step, renewed."""
        p, m, v, t = state
        _, g = self.slopes_of(p, name)
        (one, two), each, t = BETAS, self.jax.tree.map, t + 1
        m = each(lambda m, g: one * m + (1 - one) * g, m, g)
        v = each(lambda v, g: two * v + (1 - two) * g * g, v, g)
        p = each(
            lambda p, m, v: p - LR * m / (1 - one**t) / ((v / (1 - two**t)) ** 0.5 + EPS), p, m, v
        )
        return p, m, v, t

    def epoch(self):
        state = self.state
        for name in self.names:
            state = self.step(state, name)
        return self.jax.block_until_ready([state[0][name] for name in self.order])

    def slopes(self):
        loss, g = self.slopes_of(self.start, self.names[0])
        return self.jax.block_until_ready((loss, [g[name] for name in self.order]))


class JaxScan(Jax):
    """All steps in one jitted call."""

    def __init__(self, model, names):
        super().__init__(model, names)
        scan, step = self.jax.lax.scan, self.step
        self.steps = self.jax.jit(
            lambda state, names: scan(lambda now, name: (step(now, name), None), state, names)[0]
        )

    def epoch(self):
        p = self.steps(self.state, self.names)[0]
        return self.jax.block_until_ready([p[name] for name in self.order])


TRAINERS = {
    "PyTorch": ("torch", "all tokens of a name at once, a loop", Torch),
    "JAX jit": ("jax", "the same, a jitted step in a loop", Jax),
    "JAX scan": ("jax", "the same, all steps in one jitted lax.scan", JaxScan),
}


def names(quick):
    """A thousand names.  Graph and Python would take half a minute: one_name() has them."""
    task = Names(3 if quick else 1000)
    count = f"{len(task.examples):,}"
    title = f"transformer of 4,192 weights, {count} names of 7 tokens, one a step, Adam"
    return training("names", title, task, Adam, {"lr": LR}, TRAINERS, slow=quick)


def one_name(quick):
    """Loss and gradient of one name, by every backend."""
    hows = {
        "PyTorch": ("torch", "all tokens at once, backward()", Torch),
        "JAX jit": ("jax", "the same, jitted value_and_grad", Jax),
    }
    title = "transformer of 4,192 weights, one name of 7 tokens, value and gradient"
    return one_example("name", title, Names(1), hows, {})
