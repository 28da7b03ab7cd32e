"""The same programs in micronn and in PyTorch (float64) give the same numbers.

Skipped where PyTorch is not installed: it is a reference, never a dependency.
"""

import math
import random

import pytest
from operations import OPERATIONS, Case

from micronn.engine import Value, topological_order
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


WITH_TORCH = {name: case for name, case in OPERATIONS.items() if case.torch}
REFLECTED = [lambda a: 1.5 - a, lambda a: 1.0 / (a * a + 2), lambda a: 1.1**a, lambda a: 2 * a]
UNARY = [case for case in WITH_TORCH.values() if case.takes == 1]
UNARY += [Case(f, None, (), lambda torch, a, f=f: f(a)) for f in REFLECTED]
BINARY = [case for name, case in WITH_TORCH.items() if case.takes == 2 and name != "**"]


def in_domain(case, *numbers):
    """Numbers of any kind, ours or torch's, made fit for an operation and not too large."""
    first, *rest = numbers
    if case is OPERATIONS["/"]:
        return first, rest[0] * rest[0] + 1
    if case.positive:
        return (first * first + 1, *rest)
    return (first * 0.1,) if case is OPERATIONS["exp"] else numbers


@pytest.mark.parametrize("seed", range(40))
def test_every_node_of_a_random_graph_agrees(seed):
    rng = random.Random(seed)
    pool = []
    for _ in range(4):
        number = rng.uniform(-2, 2)
        pool.append((Value(number), tensor(number)))
    for _ in range(rng.randint(5, 200)):
        (a, ta), (b, tb) = rng.choice(pool), rng.choice(pool)
        case, takes = (rng.choice(BINARY), 2) if rng.random() < 0.5 else (rng.choice(UNARY), 1)
        made = (
            case.build(*in_domain(case, a, b)[:takes]),
            case.torch(torch, *in_domain(case, ta, tb)[:takes]),
        )
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


FAR = [(x,) for x in (-1000.0, -3.0, -0.5, 0.0, 0.7, 2.0, 1000.0)]
FAR_PAIRS = [(2.0, 3.0), (2.0, 2.0), (0.0, 2.0), (0.5, -1.0), (1000.0, 0.0), (3.0, 0.0),
             (0.0, 0.0), (-2.0, 3.0), (0.0, 0.5), (0.0, 1.0)]  # fmt: skip
COMPARED = [
    (name, point)
    for name, case in WITH_TORCH.items()
    for point in (*case.points, *{1: FAR, 2: FAR_PAIRS}.get(case.takes, ()))
]


@pytest.mark.parametrize(("name", "point"), COMPARED)
def test_operations_agree_also_far_out(name, point):
    ours, theirs = [Value(n) for n in point], [tensor(n) for n in point]
    u = OPERATIONS[name].torch(torch, *theirs)
    u.backward()
    try:
        y = OPERATIONS[name].build(*ours)
    except (ArithmeticError, ValueError):  # refused as Python's floats refuse it
        assert not math.isfinite(u.item())
        return
    y.backward()
    assert same(y.data, u.item())
    assert all(same(v.grad, t.grad.item()) for v, t in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("name", "point"), COMPARED)
def test_what_an_operation_leaves_out_gets_no_infinite_gradient_either(name, point):
    # sqrt at 0 has an infinite slope; relu, maximum, minimum and **0 pass nothing of it
    # to what they leave out, while x * 0 passes 0 * inf, which is nan.  (PyTorch also counts
    # an exponent that is a variable and happens to be 0; to us it may still move.)
    if name == "**" and point[1] == 0.0:
        return
    ours, theirs = [Value(n) for n in point], [tensor(n) for n in point]
    try:
        y = OPERATIONS[name].build(*ours)
    except (ArithmeticError, ValueError):
        return
    u = OPERATIONS[name].torch(torch, *theirs)
    (y - y.data).sqrt().backward()
    (u - u.item()).sqrt().backward()
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
