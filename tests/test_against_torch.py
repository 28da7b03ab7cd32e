"""The same programs in micronn and in PyTorch (float64) give the same numbers.

Skipped where PyTorch is not installed: it is a reference, never a dependency.
"""

import math
import random

import pytest

from micronn.engine import Value, logsumexp, maximum, mean, minimum, topological_order
from micronn.nn import MLP

torch = pytest.importorskip("torch")


def tensor(number):
    return torch.tensor(float(number), dtype=torch.float64, requires_grad=True)


def float64(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def same(ours, theirs, tolerance=1e-9):
    if math.isnan(theirs):
        return math.isnan(ours)
    return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=1e-12)


def one_variable(x):
    y = 3 * x - 1
    y += x * x + (x - 2).relu()
    return (-y).relu() + y**2 / 8 - 4 / (1 + x * x)


def two_variables(p, q):
    s, t = p - q, p * q
    s = s * s + 2
    t -= p * 3 + s**3
    s = s * (0.25 + t)
    return (s / 7 + (q - p).relu() - 2 * t) ** 2 + q**-2 + 1.5 - p


@pytest.mark.parametrize(
    ("program", "numbers"),
    [(one_variable, [-3.0]), (one_variable, [2.5]), (two_variables, [1.5, -2.0])],
)
def test_programs_written_for_micrograd_agree(program, numbers):
    ours, theirs = [Value(n) for n in numbers], [tensor(n) for n in numbers]
    y, t = program(*ours), program(*theirs)
    y.backward()
    t.backward()
    assert same(y.data, t.item())
    assert all(same(v.grad, u.grad.item()) for v, u in zip(ours, theirs, strict=True))


BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b * 0.5,
    "/": lambda a, b: a / (b * b + 1),
    "r-": lambda a, b: 1.5 - a + 0 * b,
    "r/": lambda a, b: 1.0 / (a * a + 2) + b * 0,
}
UNARY = {
    "neg": lambda a: -a,
    "square": lambda a: a**2,
    "tanh": lambda a: a.tanh(),
    "sigmoid": lambda a: a.sigmoid(),
    "relu": lambda a: a.relu(),
    "sin": lambda a: a.sin(),
    "cos": lambda a: a.cos(),
    "log": lambda a: (a * a + 1).log(),
    "sqrt": lambda a: (a * a + 1).sqrt(),
    "exp": lambda a: (a * 0.1).exp(),
    "abs": lambda a: abs(a),
    "const ** x": lambda a: 1.1**a,
}


@pytest.mark.parametrize("seed", range(40))
def test_every_node_of_a_random_graph_agrees(seed):
    rng = random.Random(seed)
    pool = []
    for _ in range(4):
        number = rng.uniform(-2, 2)
        pool.append((Value(number), tensor(number)))
    for _ in range(rng.randint(5, 200)):
        (a, ta), (b, tb) = rng.choice(pool), rng.choice(pool)
        if rng.random() < 0.5:
            f = rng.choice(list(BINARY.values()))
            made = f(a, b), f(ta, tb)
        else:
            f = rng.choice(list(UNARY.values()))
            made = f(a), f(ta)
        if abs(made[0].data) < 1e3:
            made[1].retain_grad()
            pool.append(made)
    root, troot = pool[-1]
    root.backward()
    troot.backward()
    inside = set(topological_order(root))
    for ours, theirs in pool:
        assert same(ours.data, theirs.item())
        expected = theirs.grad.item() if theirs.grad is not None else 0.0
        assert same(ours.grad, expected)
        assert ours in inside or ours.grad == 0.0


ONE = {  # functions of one number, at these numbers
    "tanh": (Value.tanh, torch.tanh),
    "sigmoid": (Value.sigmoid, torch.sigmoid),
    "relu": (Value.relu, torch.relu),
    "leaky_relu": (Value.leaky_relu, torch.nn.functional.leaky_relu),
    "softplus": (Value.softplus, torch.nn.functional.softplus),
    "gelu": (Value.gelu, torch.nn.functional.gelu),
    "abs": (abs, torch.abs),
    "x**3": (lambda v: v**3, lambda t: t**3),
}


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("number", [-1000.0, -3.0, -0.5, 0.0, 0.7, 2.0, 1000.0])
def test_functions_agree_also_far_out(name, number):
    f, g = ONE[name]
    x, t = Value(number), tensor(number)
    y, u = f(x), g(t)
    y.backward()
    u.backward()
    assert same(y.data, u.item())
    assert same(x.grad, t.grad.item())


TWO = {
    "maximum": (maximum, torch.maximum),
    "minimum": (minimum, torch.minimum),
    "power": (lambda a, b: a**b, lambda a, b: a**b),
    "logsumexp": (lambda a, b: logsumexp([a, b]), torch.logaddexp),
    "mean": (lambda a, b: mean([a, b]), lambda a, b: torch.stack([a, b]).mean()),
}  # fmt: skip
PAIRS = [(2.0, 3.0), (2.0, 2.0), (0.0, 2.0), (0.5, -1.0), (1000.0, 0.0), (3.0, 0.0), (0.0, 0.0),
         (-2.0, 3.0), (0.0, 0.5), (0.0, 1.0)]  # fmt: skip


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("pair", PAIRS)
def test_functions_of_two_numbers_agree(name, pair):
    f, g = TWO[name]
    ours, theirs = [Value(n) for n in pair], [tensor(n) for n in pair]
    y, u = f(*ours), g(*theirs)
    y.backward()
    u.backward()
    assert same(y.data, u.item())
    assert all(same(v.grad, t.grad.item()) for v, t in zip(ours, theirs, strict=True))


def twin_nets():
    """An MLP 3-5-4-2 and a torch.nn one with the same weights."""
    model = MLP(3, [5, 4, 2], rng=random.Random(11))
    linears = []
    for layer in model.layers:
        linear = torch.nn.Linear(len(layer.neurons[0].w), len(layer.neurons), dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(float64([[w.data for w in n.w] for n in layer.neurons]))
            linear.bias.copy_(float64([n.b.data for n in layer.neurons]))
        linears += [linear, torch.nn.ReLU()]
    return model, torch.nn.Sequential(*linears[:-1])


def torch_parameters(net):
    """The numbers of net in our order: neuron by neuron, weights then bias."""
    for linear in net[::2]:
        for weights, bias in zip(linear.weight, linear.bias, strict=True):
            yield from (*weights, bias)


def torch_gradients(net):
    for linear in net[::2]:
        for weights, bias in zip(linear.weight.grad, linear.bias.grad, strict=True):
            yield from (*weights, bias)


def test_a_net_agrees_in_outputs_gradients_and_after_20_steps():
    model, net = twin_nets()
    x = [0.5, -1.2, 2.0]
    for _ in range(20):
        outs, touts = model(x), net(float64(x))
        assert all(same(o.data, t.item()) for o, t in zip(outs, touts, strict=True))
        loss, tloss = sum((o - 1) ** 2 for o in outs), ((touts - 1) ** 2).sum()
        model.zero_grad()
        net.zero_grad()
        loss.backward()
        tloss.backward()
        pairs = zip(model.parameters(), torch_gradients(net), strict=True)
        assert all(same(p.grad, g.item()) for p, g in pairs)
        for p in model.parameters():
            p.data -= 0.01 * p.grad
        with torch.no_grad():
            for t in net.parameters():
                t -= 0.01 * t.grad
    pairs = zip(model.parameters(), torch_parameters(net), strict=True)
    assert all(same(p.data, t.item()) for p, t in pairs)
