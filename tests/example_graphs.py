"""The graphs that the tests of pictures draw: small ones with numbers known from
school, nets with and without a batch, and names that nobody would give.
"""

import random
from itertools import pairwise

from micronn.engine import Value, mean, total
from micronn.losses import mse
from micronn.nn import MLP

HOSTILE = [
    "\\N", "\\G", "\\", "\\\\", '"', '\\"', "a|b", "{x}", "<f0> x", "a->b", "]; n0 [label=x",
    "</text><script>alert(1)</script>", "<script>alert(1)</script>", "</title></svg>",
    "<img src=x onerror=alert(1)>", "&lt;&amp;", "]]>", "<!--", "<FONT></FONT>", "'onload='x",
    "\x00", "a\nb\tc", "\x1b[31m", "\ud800", "\uffff", "\u202egnp.exe", "\u2028", "a\u0301\u0327",
    "漢字かな", "🙂🙃", "w" * 10_000, "   ", "http://x.example/", "</style>", "url(#x)",
]  # fmt: skip


def neuron():
    """o = tanh(x1*w1 + x2*w2 + b) with round gradients, and its parameters."""
    x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
    w1, w2, b = Value(-3.0, "w1"), Value(1.0, "w2"), Value(6.8813735870195432, "b")
    x1w1, x2w2 = x1 * w1, x2 * w2
    both = x1w1 + x2w2
    n = both + b
    o = n.tanh()
    made = {"x1w1": x1w1, "x2w2": x2w2, "x1w1+x2w2": both, "n": n, "o": o}
    for name, value in made.items():
        value.label = name
    o.backward()
    return o, {"w1": w1, "w2": w2, "b": b}


def overflow():
    """(a*a) * z with a = 1e200 and z = 0: infinity, and then nan."""
    a, z = Value(1e200, "a"), Value(0.0, "z")
    out = (a * a) * z
    out.backward()
    return out, None


def shared():
    """A value read four times, twice by the same product."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    out = a * a + (a * b) * (a + b)
    out.backward()
    return out, None


def net(examples=0, nouts=(3, 1), nin=2):
    """The loss of an MLP, on one example of Values or on many, and the model."""
    rng = random.Random(7)
    model = MLP(nin, list(nouts), activation="tanh", rng=rng)
    if not examples:
        x = [Value(rng.gauss(0, 1), f"x{i}") for i in range(nin)]
        loss = (model(x) - Value(1.0, "t")) ** 2
    else:
        xs = [[Value(rng.gauss(0, 1)) for _ in range(nin)] for _ in range(examples)]
        loss = mse([model(x) for x in xs], [Value(rng.gauss(0, 1)) for _ in xs])
    loss.label = "loss"
    loss.backward()
    return loss, model


def plain_net():
    """An MLP on plain numbers, as a learner types them."""
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(7))
    out = model([2.0, -1.0])
    out.backward()
    return out, model


def valley():
    """Many values and no neurons: Rosenbrock's valley in 20 dimensions."""
    xs = [Value(0.1 * i - 1.0, f"x{i}") for i in range(20)]
    loss = total([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(xs)])
    loss.backward()
    return loss, None


def wide(n=20):
    """A mean of many, a value read by all of them, and wide dots."""
    x = Value(0.5, "x")
    ws = [Value(0.1 * i, f"w{i}") for i in range(n)]
    out = mean([x * w for w in ws])
    out.backward()
    return out, {f"w{i}": w for i, w in enumerate(ws)}


def hostile():
    """A sum of values with hostile names, and a net whose scopes are hostile."""
    values = [Value(float(i), name) for i, name in enumerate(HOSTILE)]
    out = total(values)
    out.label = HOSTILE[10]
    out.backward()
    return out, dict(zip(HOSTILE, values, strict=True))


def hostile_net():
    """A net whose parameters, inputs and output have hostile names."""
    loss, model = net()
    named = list(model.named_parameters())
    params = [(f"{HOSTILE[i % 20]}.layers.{name}", value) for i, (name, value) in enumerate(named)]
    return loss, [(name.replace("layers.layers", "layers"), value) for name, value in params]


def infinite_net():
    """A net that an infinite input runs through."""
    model = MLP(2, [3, 1], activation="relu", rng=random.Random(7))
    out = model([Value(float("inf"), "x0"), Value(1.0, "x1")])
    out.backward()
    return out, model


def penalty():
    """A loss with a penalty on every parameter."""
    loss, model = net(5, (4, 1))
    whole = loss + 0.01 * total([p * p for p in model.parameters()])
    whole.backward()
    return whole, model


def hostile_scopes():
    """A net whose layers and neurons have hostile names, on their nets too."""
    loss, model = net()
    return loss, [(f"</title><script>.{name}", value) for name, value in model.named_parameters()]


def fresh(examples=0):
    """A loss before backward()."""
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(7))
    xs = [[Value(0.5 + i, "x0"), -1.0] for i in range(max(1, examples))]
    losses = [(model(x) - 1.0) ** 2 for x in xs]
    return mean(losses) if examples else losses[0], model


def moved_twice(examples=0):
    """Two passes and two updates without zero_grad(), drawn after both."""
    _, model = fresh(examples)
    for _ in range(2):
        xs = [[Value(0.5 + i, "x0"), -1.0] for i in range(max(1, examples))]
        losses = [(model(x) - 1.0) ** 2 for x in xs]
        loss = mean(losses) if examples else losses[0]
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
    return loss, model


def held_by_fresh(examples=0):
    """A loss before backward(), whose parameters hold gradients of another one."""
    loss, model = fresh(examples)
    (model([1.0, 2.0]) ** 2).backward()
    return loss, model


# name -> graph, what draw() is told beside it
SEEDED = Value(-0.5, "x" * 30), Value(1e200, HOSTILE[9])


def seeded():
    """Two leaves for forward mode, that reach cards with many operands, infinity and nan."""
    x, big = SEEDED
    many = mean([x] * 10)
    return (many - x.tanh() * big) + (big * big) * Value(0.0, "z"), None


PICTURES = {
    "neuron": (neuron, {}),
    "overflow": (overflow, {}),
    "shared": (shared, {}),
    "values of a net": (plain_net, {"detail": "values"}),
    "dots opened": (plain_net, {"detail": "values", "open_dots": True}),
    "neurons": (net, {"detail": "neurons"}),
    "neurons on plain numbers": (plain_net, {"detail": "neurons"}),
    "neurons on a batch": (lambda: net(100), {"detail": "neurons"}),
    "neurons with many inputs": (lambda: net(nin=12), {"detail": "neurons"}),
    "layers": (lambda: net(nouts=(16, 16, 1)), {}),
    "layers on a batch": (lambda: net(100, (16, 16, 1)), {}),
    "wide layers": (lambda: net(3, (40, 40, 1), 50), {}),
    "window": (valley, {}),
    "wide": (wide, {"detail": "values"}),
    "a single value": (lambda: (Value(2.0, "a"), None), {}),
    "hostile": (hostile, {"detail": "values"}),
    "hostile net": (hostile_net, {}),
    "hostile scopes": (hostile_scopes, {"detail": "neurons"}),
    "hostile scopes folded": (hostile_scopes, {"detail": "layers"}),
    "an infinite net": (infinite_net, {"detail": "neurons"}),
    "an infinite net folded": (infinite_net, {"detail": "layers"}),
    "a penalty": (penalty, {"detail": "layers"}),
    "values before backward": (fresh, {"detail": "values"}),
    "neurons before backward": (fresh, {"detail": "neurons"}),
    "neurons of a batch before backward": (lambda: fresh(5), {"detail": "neurons"}),
    "layers before backward": (lambda: fresh(5), {"detail": "layers"}),
    "neurons that hold gradients before backward": (held_by_fresh, {"detail": "neurons"}),
    "layers that hold gradients before backward": (held_by_fresh, {"detail": "layers"}),
    "tangents": (seeded, {"forward": {SEEDED[0]: 1.0, SEEDED[1]: -1.0}}),
    "values that moved": (moved_twice, {"detail": "values"}),
    "neurons that moved": (moved_twice, {"detail": "neurons"}),
    "neurons of a batch that moved": (lambda: moved_twice(5), {"detail": "neurons"}),
    "layers that moved": (moved_twice, {"detail": "layers"}),
    "layers of a batch that moved": (lambda: moved_twice(5), {"detail": "layers"}),
}
