"""The same nets, losses and steps in NumPy by hand, PyTorch and JAX.

Each class takes the weights of a micronn MLP and some data, and trains it: `epoch` goes
through all the examples once, in order, and returns the last weights; `slopes` is one
forward and one backward pass of all; `reset` goes back to the start.  The library needs
nothing of this.

task: "points", relu and the max-margin loss, or "digits", sigmoid and cross-entropy.
data: NumPy arrays of examples and targets, and how many go into a batch.
"""

from typing import Any, NamedTuple


class Data(NamedTuple):
    """What is trained on, in the dtype of the examples."""

    examples: Any
    targets: Any
    size: int

    def batches(self):
        """(examples, targets) of each batch."""
        for first in range(0, len(self.examples), self.size):
            some = slice(first, first + self.size)
            yield self.examples[some], self.targets[some]


def arrays_of(model, dtype):
    """Each layer of a micronn MLP as its matrix (nout, nin) and its biases."""
    import numpy as np

    return [
        (np.array([[w.data for w in neuron.w] for neuron in layer.neurons], dtype),
         np.array([neuron.b.data for neuron in layer.neurons], dtype))
        for layer in model.layers
    ]  # fmt: skip


class ByHand:
    """Back-propagation written out with matrices."""

    def __init__(self, model, task, data, lr, weight_decay=0.0):
        self.start, self.task, self.data = arrays_of(model, data.examples.dtype), task, data
        self.lr, self.decay = lr, weight_decay

    def reset(self):
        self.layers = [(w.copy(), b.copy()) for w, b in self.start]

    def epoch(self):
        for x, targets in self.data.batches():
            _, grads = self.slopes_of(x, targets)
            for layer, slopes in zip(self.layers, grads, strict=True):
                for w, dw in zip(layer, slopes, strict=True):
                    w -= self.lr * (dw + self.decay * w)
        return self.layers

    def slopes(self):
        return self.slopes_of(self.data.examples, self.data.targets)

    def slopes_of(self, x, targets):
        import numpy as np

        layers, outs = self.layers, [x]
        for k, (w, b) in enumerate(layers):
            z = outs[-1] @ w.T + b
            last = k == len(layers) - 1
            outs.append(z if last else np.maximum(z, 0.0) if self.task == "points"
                        else 1.0 / (1.0 + np.exp(-z)))  # fmt: skip
        loss, dz = self.loss(outs[-1], targets)
        grads = []
        for k in reversed(range(len(layers))):
            grads.append((dz.T @ outs[k], dz.sum(0)))
            if k:
                slope = outs[k] > 0 if self.task == "points" else outs[k] * (1.0 - outs[k])
                dz = (dz @ layers[k][0]) * slope
        return loss, grads[::-1]

    def loss(self, z, targets):
        """The mean loss of a batch and its slope by the outputs."""
        import numpy as np

        n = len(z)
        if self.task == "points":
            margin = 1.0 - targets[:, None] * z
            return np.maximum(margin, 0.0).mean(), -targets[:, None] * (margin > 0) / n
        z = z - z.max(1, keepdims=True)
        e = np.exp(z)
        p = e / e.sum(1, keepdims=True)
        rows = np.arange(n)
        loss = -(z[rows, targets] - np.log(e.sum(1))).mean()
        p[rows, targets] -= 1.0
        return loss, p / n


class Torch:
    """A torch.nn.Sequential with a torch.optim optimiser."""

    def __init__(self, model, task, data, lr, weight_decay=0.0, adam=False):
        import torch

        self.torch, self.task, layers = torch, task, []
        self.data = Data(*map(torch.from_numpy, data[:2]), data.size)
        for w, b in arrays_of(model, data.examples.dtype):
            linear = torch.nn.Linear(*w.shape[::-1], dtype=self.data.examples.dtype)
            linear.weight.data, linear.bias.data = torch.tensor(w), torch.tensor(b)
            layers += [linear, torch.nn.ReLU() if task == "points" else torch.nn.Sigmoid()]
        self.net = torch.nn.Sequential(*layers[:-1])
        self.params = list(self.net.parameters())
        self.start = [p.detach().clone() for p in self.params]
        kind = torch.optim.Adam if adam else torch.optim.SGD
        self.new_optimizer = lambda: kind(self.params, lr=lr, weight_decay=weight_decay)

    def reset(self):
        for p, start in zip(self.params, self.start, strict=True):
            p.data.copy_(start)
        self.optimizer = self.new_optimizer()

    def loss(self, x, targets):
        if self.task == "points":
            return (1.0 - targets * self.net(x)[:, 0]).relu().mean()
        return self.torch.nn.functional.cross_entropy(self.net(x), targets)

    def epoch(self):
        for x, targets in self.data.batches():
            self.optimizer.zero_grad()
            self.loss(x, targets).backward()
            self.optimizer.step()
        return self.params

    def slopes(self):
        self.net.zero_grad()
        loss = self.loss(self.data.examples, self.data.targets)
        loss.backward()
        return loss, [p.grad for p in self.params]


class Jax:
    """A jitted step of SGD, called for each batch."""

    def __init__(self, model, task, data, lr, weight_decay=0.0):
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax, self.task, self.data = jax, task, data
        self.start = jax.tree.map(jax.numpy.array, arrays_of(model, data.examples.dtype))
        self.slopes_of = jax.jit(jax.value_and_grad(self.loss))

        def step(layers, x, targets):
            grads = jax.grad(self.loss)(layers, x, targets)
            return jax.tree.map(lambda w, g: w - lr * (g + weight_decay * w), layers, grads)

        self.step = jax.jit(step)

    def reset(self):
        """A JAX array never changes."""

    def loss(self, layers, x, targets):
        jnp = self.jax.numpy
        for w, b in layers[:-1]:
            z = x @ w.T + b
            x = jnp.maximum(z, 0.0) if self.task == "points" else self.jax.nn.sigmoid(z)
        z = x @ layers[-1][0].T + layers[-1][1]
        if self.task == "points":
            return jnp.maximum(1.0 - targets * z[:, 0], 0.0).mean()
        right = jnp.take_along_axis(z, targets[:, None], 1)[:, 0]
        return (self.jax.scipy.special.logsumexp(z, axis=1) - right).mean()

    def epoch(self):
        layers = self.start
        for x, targets in self.data.batches():
            layers = self.step(layers, x, targets)
        return self.jax.block_until_ready(layers)

    def slopes(self):
        found = self.slopes_of(self.start, self.data.examples, self.data.targets)
        return self.jax.block_until_ready(found)


class JaxScan(Jax):
    """All batches in one jitted call; they lie on JAX's device beforehand."""

    def __init__(self, model, task, data, lr, weight_decay=0.0):
        super().__init__(model, task, data, lr, weight_decay)
        x, targets = map(self.jax.numpy.array, data[:2])
        self.batches = x.reshape(-1, data.size, x.shape[1]), targets.reshape(-1, data.size)
        scan, step = self.jax.lax.scan, self.step
        self.steps = self.jax.jit(
            lambda start, batches: scan(lambda now, some: (step(now, *some), None), start, batches)
        )

    def epoch(self):
        return self.jax.block_until_ready(self.steps(self.start, self.batches)[0])
