"""Contests of recorded graphs: every backend, beside matrices in NumPy, PyTorch and JAX."""

import random
from array import array
from functools import partial

from contests import rivals
from contests.turns import EXACT, ROUNDED, Contender, Contest, flat, installed, machines
from micronn.compiler import compile_graph
from micronn.data import moons
from micronn.engine import Value, total
from micronn.losses import cross_entropy, hinge
from micronn.nn import MLP
from micronn.optim import SGD, Adam

# (name, backend, dtype) of the ways to run a program, the fastest first.
BACKENDS = [(name, name, "float64") for name in ("native", "wasm", "python")]
FLOATS = [("native float32", "native", "float32"), ("wasm float32", "wasm", "float32")]
TOLERANCE = {"float64": EXACT, "float32": ROUNDED}


def backends(floats=False):
    """The ways to run a program that this computer has: name, backend, dtype, tolerance."""
    here = [*machines(), "python"]
    return [
        (name, kind, dtype, TOLERANCE[dtype])
        for name, kind, dtype in [*BACKENDS, *FLOATS * floats]
        if kind in here
    ]


class Task:
    """A net, its examples in batches, and the loss of one example.

    kind: "points", relu and the max-margin loss, or "digits", sigmoid and cross-entropy.
    targets: for points 1 or -1, for digits the index of the right class.
    """

    def __init__(self, kind, shape, examples, targets, size):
        self.kind, self.examples, self.targets, self.size = kind, examples, targets, size
        activation = "relu" if kind == "points" else "sigmoid"
        self.model = MLP(shape[0], shape[1:], activation, rng=random.Random(2))
        self.start = [p.data for p in self.model.parameters()]
        self.rows = array("d")
        for x, target in zip(examples, targets, strict=True):
            self.rows.extend([*x, *self.columns(target)])

    def columns(self, target):
        """A target as inputs of the program: itself, or the probabilities of ten classes."""
        return [target] if self.kind == "points" else [float(k == target) for k in range(10)]

    def program(self, backend, dtype):
        """The loss of one example, recorded from numbers of no importance."""
        x = [Value(0.5) for _ in self.examples[0]]
        targets = [Value(number) for number in self.columns(1)]
        points = self.kind == "points"
        loss = (hinge([self.model(x)], targets) if points
                else cross_entropy(self.model(x), targets))  # fmt: skip
        return compile_graph(loss, [*x, *targets], self.model.parameters(), backend, dtype)

    def loss(self, examples, targets):
        """The mean loss of a batch as one graph."""
        outputs = [self.model(x) for x in examples]
        if self.kind == "points":
            return hinge(outputs, targets)
        return total(list(map(cross_entropy, outputs, targets))) / len(targets)

    def in_layers(self, numbers=None):
        """A number for each parameter, in the order of PyTorch: data, if none are given."""
        params = self.model.parameters()
        found = dict(zip(params, numbers or [p.data for p in params], strict=True))
        return [
            found[p]
            for layer in self.model.layers
            for p in [w for neuron in layer.neurons for w in neuron.w]
            + [neuron.b for neuron in layer.neurons]
        ]

    def data(self, dtype):
        """The examples as NumPy arrays."""
        import numpy as np

        kind = dtype if self.kind == "points" else "int64"
        return rivals.Data(np.array(self.examples, dtype), np.array(self.targets, kind), self.size)

    def others(self, work, classes, options, floats=False):
        """The rivals that are installed; work: "epoch" or "slopes"."""
        for dtype in ["float64", *["float32"] * floats]:
            for name, (needs, how, make) in classes.items():
                if installed("numpy") and installed(needs):
                    rival = make(self.model, self.kind, self.data(dtype), **options)
                    who = name if dtype == "float64" else f"{name} {dtype}"
                    work_ = getattr(rival, work)
                    yield Contender(who, how, work_, rival.reset, flat, TOLERANCE[dtype])


# Training: every step of an epoch, in one call

TRAINERS = {
    "NumPy by hand": ("numpy", "gradients as matrices, a loop", rivals.ByHand),
    "PyTorch": ("torch", "nn.Linear and torch.optim, a loop", rivals.Torch),
    "JAX jit": ("jax", "a jitted step, called in a loop", rivals.Jax),
    "JAX scan": ("jax", "all steps in one jitted lax.scan", rivals.JaxScan),
}


def training(key, title, task, optimizer, options, classes, floats=False, slow=True):
    """A contest of epochs; all parameters must agree at its end.

    classes: the rivals.  floats: with float32, too.  slow: with the graph and Python, too.
    """
    params = task.model.parameters()

    def back():  # as for the rivals, whose optimisers are new then
        for p, number in zip(params, task.start, strict=True):
            p.data = number
        task.optimizer = optimizer(params, **options)

    def numbers(_):
        return task.in_layers()

    found = []
    for who, kind, dtype, near in backends(floats):
        if who == "python" and not slow:
            continue
        program = task.program(kind, dtype)
        rows = task.rows if dtype == "float64" else array("f", task.rows)  # as the rivals' are

        def run(program=program, rows=rows):
            list(program.train(rows, task.optimizer, 1, task.size))

        how = "recorded once, one train()"
        found.append(Contender(who, how, run, back, numbers, near))
    if slow:
        eagerly = partial(by_graph, task)
        found.append(Contender("graph", "a graph recorded for each batch", eagerly, back, numbers))
    back()
    return Contest(key, title, [*found, *task.others("epoch", classes, options, floats)])


def by_graph(task):
    """The same epoch with the engine alone."""
    for first in range(0, len(task.examples), task.size):
        some = slice(first, first + task.size)
        task.optimizer.zero_grad()
        task.loss(task.examples[some], task.targets[some]).backward()
        task.optimizer.step()


def points(quick):
    """Steps on all 100 points with weight decay, which is the L2 of micrograd's demo."""
    steps, count = (2, 20) if quick else (200, 100)
    inputs, targets = moons(count, rng=random.Random(1))
    targets = [float(target) for target in targets]
    task = Task("points", [2, 16, 16, 1], inputs * steps, targets * steps, count)
    title = f"MLP 2-16-16-1 relu, max-margin with L2, {count} points, {steps} steps of SGD"
    return training("W1", title, task, SGD, {"lr": 0.05, "weight_decay": 2e-4}, TRAINERS)


def digits(count, nin):
    """Random pixels with random classes, as dense as examples can be."""
    rng = random.Random(3)
    pixels = [[rng.random() for _ in range(nin)] for _ in range(count)]
    classes = [rng.randrange(10) for _ in range(count)]
    return Task("digits", [nin, 16, 16, 10], pixels, classes, min(count, 32))


def digit_batches(quick):
    """64 batches of 32, dense."""
    return digit_training(quick, "W2", SGD, {"lr": 0.1}, TRAINERS, floats=True)


def digit_batches_adam(quick):
    """The same with Adam."""
    torch = {"PyTorch": TRAINERS["PyTorch"][:2] + (partial(rivals.Torch, adam=True),)}
    return digit_training(quick, "Adam", Adam, {"lr": 0.001}, torch)


def digit_training(quick, key, optimizer, options, classes, floats=False):
    batches, nin = (2, 50) if quick else (64, 784)
    title = (
        f"MLP {nin}-16-16-10 sigmoid, softmax cross-entropy, {batches} batches of 32, "
        f"{optimizer.__name__}"
    )
    return training(key, title, digits(32 * batches, nin), optimizer, options, classes, floats)


# One example, forward and backward


def one_digit(quick):
    """One dense example through 784-16-16-10 and back, cross-entropy: loss and gradient."""
    task = digits(1, 50 if quick else 784)
    title = f"MLP {len(task.examples[0])}-16-16-10, one example, value and gradient"
    hows = {
        "NumPy by hand": ("numpy", "gradients as matrices", rivals.ByHand),
        "PyTorch": ("torch", "nn.Linear, backward()", rivals.Torch),
        "JAX jit": ("jax", "jitted value_and_grad", rivals.Jax),
    }
    return one_example("example", title, task, hows, {"lr": 0.1})


def one_example(key, title, task, hows, options):
    """A contest about the value and the gradient of a task's one example."""
    weights = array("d", task.start)

    def numbers(found):
        return [found[0], *task.in_layers(list(found[1]))]

    found = []
    for who, kind, dtype, near in backends():
        run = partial(task.program(kind, dtype).value_and_grad, weights, task.rows)
        how = "recorded once, value_and_grad()"
        found.append(Contender(who, how, run, numbers=numbers, tolerance=near))

    def eagerly():
        task.model.zero_grad()
        loss = task.loss(task.examples, task.targets)
        loss.backward()
        return loss.data, [p.grad for p in task.model.parameters()]

    found.append(Contender("graph", "the graph recorded anew", eagerly, numbers=numbers))
    return Contest(key, title, [*found, *task.others("slopes", hows, options)])


# No layers and no pattern


def random_logic(count, leaves, rng):
    """Recipe of a graph without structure, of at least `count` operations + - *.

    Numbers between 0 and 1 stay there, whatever is drawn: `a and b` is a*b, `a or b` is
    a + b - a*b, and `a if c else b` is b + c*(a - b); each of earlier results.  What
    nobody reads is added up at the end.  Returns the function from the leaves to the
    root, and how many operations it has.
    """
    kinds = [  # operations, operands
        (1, 2, lambda a, b: a * b),
        (3, 2, lambda a, b: a + b - a * b),
        (3, 3, lambda a, b, c: b + c * (a - b)),
    ]
    steps, operations, unread = [], 0, dict.fromkeys(range(leaves))
    while operations < count:
        size, takes, kind = rng.choices(kinds, (1, 1, 3))[0]
        place = leaves + len(steps)
        chosen = [rng.randrange(max(0, place - 1000), place) for _ in range(takes)]
        steps.append((kind, chosen))
        operations += size
        unread[place] = None
        for number in chosen:
            unread.pop(number, None)

    def root(leaves):
        nodes = list(leaves)
        for kind, chosen in steps:
            nodes.append(kind(*[nodes[k] for k in chosen]))
        return add_up([nodes[k] for k in unread])

    return root, operations + len(unread) - 1


def add_up(nodes):
    """Their sum with + alone, which every engine has."""
    first, *others = nodes
    for node in others:
        first = first + node
    return first


def unstructured(quick):
    """A graph that no matrix fits, for 256 examples at once: mean value and gradient."""
    rng = random.Random(7)
    wanted, count = (300, 40) if quick else (10_000, 256)
    root, operations = random_logic(wanted, 20, rng)
    start, rows = [[rng.random() for _ in range(10)] for _ in range(2)], array("d")
    examples = [[rng.random() for _ in range(10)] for _ in range(count)]
    for x in examples:
        rows.extend(x)
    x, w = ([Value(number) for number in numbers] for numbers in start)
    weights, graph, found = array("d", start[1]), root([*x, *w]), []
    for who, kind, dtype, near in backends(floats=True):
        run = partial(compile_graph(graph, x, w, kind, dtype).value_and_grad, weights, rows)
        how = "recorded once, value_and_grad()"
        found.append(Contender(who, how, run, tolerance=near))

    def eagerly():
        for leaf in w:
            leaf.grad = 0.0
        values = []
        for numbers in examples:
            node = root([*map(Value, numbers), *w]) / count
            node.backward()
            values.append(node.data)
        return sum(values), [leaf.grad for leaf in w]

    found.append(Contender("graph", f"{count} graphs recorded anew", eagerly))
    if installed("torch"):
        how = f"each operation on a tensor of {count} numbers"
        found.append(Contender("PyTorch", how, by_torch(root, examples, start[1])))
    title = f"a graph without structure, {operations:,} operations + - *, {count} examples"
    return Contest("unstructured", title, found, operations * count)


def by_torch(root, examples, weights):
    """A function for mean value and gradient, with tensors of an input of all examples."""
    import torch

    x = torch.tensor(examples, dtype=torch.float64).T.contiguous()
    w = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in weights]

    def run():
        for leaf in w:
            leaf.grad = None
        value = root([*x, *w]).mean()
        value.backward()
        return value, [leaf.grad for leaf in w]

    return run
