"""The same nets, losses and steps in NumPy by hand, PyTorch and JAX, for benchmark.py.

Each class takes the weights of a micronn MLP and trains it: `epoch` goes through all
the examples once, in order, and returns the last weights; `slopes` is one forward and
one backward pass.  All compute in float64.  Nothing here is needed by the library.
"""


def arrays_of(model):
    """Each layer of a micronn MLP as its matrix (nout, nin) and its biases."""
    import numpy as np

    return [
        (np.array([[w.data for w in neuron.w] for neuron in layer.neurons]),
         np.array([neuron.b.data for neuron in layer.neurons]))
        for layer in model.layers
    ]  # fmt: skip


class ByHand:
    """Back-propagation written out with matrices."""

    def __init__(self, model, task, lr, weight_decay=0.0):
        self.start, self.task = arrays_of(model), task
        self.lr, self.decay = lr, weight_decay

    def epoch(self, examples, targets, size):
        layers = [[w.copy(), b.copy()] for w, b in self.start]
        for first in range(0, len(examples), size):
            _, grads = self.slopes(
                examples[first : first + size], targets[first : first + size], layers
            )
            for (w, b), (dw, db) in zip(layers, grads, strict=True):
                w -= self.lr * (dw + self.decay * w)
                b -= self.lr * (db + self.decay * b)
        return layers[0][0][0, 0], layers[-1][1][-1]

    def slopes(self, x, targets, layers=None):
        import numpy as np

        layers, outs = layers or self.start, [x]
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

    def __init__(self, model, task, lr, weight_decay=0.0, adam=False):
        import torch

        self.torch, self.task, layers = torch, task, []
        for w, b in arrays_of(model):
            linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64)
            linear.weight.data, linear.bias.data = torch.tensor(w), torch.tensor(b)
            layers += [linear, torch.nn.ReLU() if task == "points" else torch.nn.Sigmoid()]
        self.net = torch.nn.Sequential(*layers[:-1])
        self.start = [p.detach().clone() for p in self.net.parameters()]
        kind = torch.optim.Adam if adam else torch.optim.SGD
        self.optimizer = lambda: kind(self.net.parameters(), lr=lr, weight_decay=weight_decay)

    def loss(self, x, targets):
        if self.task == "points":
            return (1.0 - targets * self.net(x)[:, 0]).relu().mean()
        return self.torch.nn.functional.cross_entropy(self.net(x), targets)

    def epoch(self, examples, targets, size):
        for p, start in zip(self.net.parameters(), self.start, strict=True):
            p.data.copy_(start)
        optimizer = self.optimizer()
        examples, targets = self.torch.from_numpy(examples), self.torch.from_numpy(targets)
        for first in range(0, len(examples), size):
            optimizer.zero_grad()
            self.loss(examples[first : first + size], targets[first : first + size]).backward()
            optimizer.step()
        return self.net[0].weight[0, 0].item(), self.net[-1].bias[-1].item()

    def slopes(self, x, targets):
        self.net.zero_grad()
        loss = self.loss(self.torch.from_numpy(x), self.torch.from_numpy(targets))
        loss.backward()
        return loss.item(), self.net[0].weight.grad, self.net[-1].bias.grad


class Jax:
    """A jitted step; SGD alone."""

    def __init__(self, model, task, lr, weight_decay=0.0):
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax, self.task = jax, task
        self.start = jax.tree.map(jax.numpy.array, arrays_of(model))
        self.slopes_of = jax.jit(jax.value_and_grad(self.loss))

        @jax.jit
        def step(layers, x, targets):
            grads = jax.grad(self.loss)(layers, x, targets)
            return jax.tree.map(lambda w, g: w - lr * (g + weight_decay * w), layers, grads)

        self.step = step

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

    def epoch(self, examples, targets, size):
        layers = self.start
        for first in range(0, len(examples), size):
            layers = self.step(
                layers, examples[first : first + size], targets[first : first + size]
            )
        return float(layers[0][0][0, 0]), float(layers[-1][1][-1])

    def slopes(self, x, targets):
        loss, grads = self.slopes_of(self.start, x, targets)
        return float(loss), grads[0][0], grads[-1][1]
