"""Every operation of the engine, once, for all tests: how it is built, and what is true of it.

Each row builds a Value of leaves, every leaf read once and in order, so that the slopes
by the leaves are the local derivatives.  The exact number and slopes are worked out by
mpmath with 60 digits.  A new operation is one row here; the tests of the engine, of the
readers of a graph, of the compiler, of typed formulas and those against PyTorch follow.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
from mpmath import mpf

from micronn.engine import Value, dot, logsumexp, maximum, mean, minimum, total
from micronn.graph.slopes import gate, gelu_slope

mpmath.mp.dps = 60
inf = math.inf


class Case(NamedTuple):
    """One operation.

    build: makes it of Values.
    exact: its number, of mpmath's numbers.  slopes: d/d(each), of the same.
    torch: the same of tensors, after PyTorch itself; None where it has no such function.
    typed: it in a typed formula of a, b, c; "" where it cannot be typed.
    points: numbers to try it at; the first is no corner.
    limits: (numbers, the number it gives, its slopes), as a school book has them.
    positive: whether some numbers that are not above 0 are refused as its first operand.
    """

    build: Callable[..., Value]
    exact: Callable[..., Any]
    slopes: tuple[Callable[..., Any], ...]
    torch: Callable[..., Any] | None = None
    typed: str = ""
    points: tuple[tuple[float, ...], ...] = ((0.75,), (-1.25,))
    limits: tuple[tuple[tuple[float, ...], float, tuple[float, ...]], ...] = ()
    positive: bool = False

    @property
    def takes(self) -> int:
        """How many leaves it is built of."""
        return len(self.points[0])


def cdf(x: mpf) -> mpf:
    """The normal distribution function; mpmath's erfc gives up on huge arguments."""
    return mpf(x > 0) if abs(x) > 1e4 else mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def share(a: mpf, b: mpf) -> mpf:
    """What the larger of two numbers gets of the slope, where a is the one that asks."""
    return mpf(1) if a > b else mpf(0) if a < b else mpf(1) / 2


def logistic(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


def one(*_: mpf) -> mpf:
    return mpf(1)


def power(k: float) -> Case:
    """A power of a plain number."""
    fraction = k != int(k)
    return Case(
        lambda a: a**k,
        lambda a: a ** mpf(k),
        (lambda a: mpf(k) * a ** (mpf(k) - 1) if k else mpf(0),),
        lambda torch, a: a**k,
        f"a**{k}",
        ((0.75,), (2.0,)) if fraction else ((0.75,), (-1.25,)),
        positive=fraction or k < 0,
    )


PAIRS = ((0.75, -1.25), (2.0, 0.5))

OPERATIONS: dict[str, Case] = {
    "+": Case(
        lambda a, b: a + b, lambda a, b: a + b, (one, one),
        lambda torch, a, b: a + b, "a + b", PAIRS,
    ),
    "-": Case(
        lambda a, b: a - b, lambda a, b: a - b, (one, lambda a, b: mpf(-1)),
        lambda torch, a, b: a - b, "a - b", PAIRS,
    ),
    "*": Case(
        lambda a, b: a * b, lambda a, b: a * b, (lambda a, b: b, lambda a, b: a),
        lambda torch, a, b: a * b, "a * b", PAIRS,
    ),
    "/": Case(
        lambda a, b: a / b, lambda a, b: a / b, (lambda a, b: 1 / b, lambda a, b: -a / b**2),
        lambda torch, a, b: a / b, "a / b", PAIRS,
    ),
    "neg": Case(
        lambda a: -a, lambda a: -a, (lambda a: mpf(-1),), lambda torch, a: -a, "-a",
    ),
    "**": Case(
        lambda a, b: a**b, lambda a, b: a**b,
        (lambda a, b: b * a ** (b - 1), lambda a, b: a**b * mpmath.log(a)),
        lambda torch, a, b: a**b, "a**b", PAIRS, positive=True,
    ),
    **{f"**{k}": power(k) for k in (0, 1, 2, 3, -1, -2, 0.5, 1.5, -0.5)},
    "abs": Case(
        abs, abs, (mpmath.sign,), lambda torch, a: a.abs(), "abs(a)",
        ((0.75,), (-1.25,), (0.0,)),
        (((-1000.0,), 1000.0, (-1.0,)), ((-inf,), inf, (-1.0,))),
    ),
    "exp": Case(
        Value.exp, mpmath.exp, (mpmath.exp,), lambda torch, a: a.exp(), "exp(a)",
        limits=(((-1000.0,), 0.0, (0.0,)), ((-inf,), 0.0, (0.0,)), ((inf,), inf, (inf,))),
    ),
    "log": Case(
        Value.log, mpmath.log, (lambda a: 1 / a,), lambda torch, a: a.log(), "log(a)",
        ((0.75,), (2.0,)), (((inf,), inf, (0.0,)),), positive=True,
    ),
    "sqrt": Case(
        Value.sqrt, mpmath.sqrt, (lambda a: 1 / (2 * mpmath.sqrt(a)),),
        lambda torch, a: a.sqrt(), "sqrt(a)",
        ((0.75,), (2.0,)), (((0.0,), 0.0, (inf,)), ((inf,), inf, (0.0,))), positive=True,
    ),
    "sin": Case(Value.sin, mpmath.sin, (mpmath.cos,), lambda torch, a: a.sin(), "sin(a)"),
    "cos": Case(
        Value.cos, mpmath.cos, (lambda a: -mpmath.sin(a),), lambda torch, a: a.cos(), "cos(a)",
    ),
    "tanh": Case(
        Value.tanh, mpmath.tanh, (lambda a: mpmath.sech(a) ** 2,),
        lambda torch, a: a.tanh(), "tanh(a)",
        limits=(((1000.0,), 1.0, (0.0,)), ((-inf,), -1.0, (0.0,))),
    ),
    "sigmoid": Case(
        Value.sigmoid, logistic, (lambda a: 1 / (2 + mpmath.exp(a) + mpmath.exp(-a)),),
        lambda torch, a: a.sigmoid(), "sigmoid(a)",
        limits=(
            ((1000.0,), 1.0, (0.0,)), ((-1000.0,), 0.0, (0.0,)),
            ((inf,), 1.0, (0.0,)), ((-inf,), 0.0, (0.0,)),
        ),
    ),
    "relu": Case(
        Value.relu, lambda a: max(a, mpf(0)), (lambda a: mpf(a > 0),),
        lambda torch, a: a.relu(), "relu(a)",
        ((0.75,), (-1.25,), (0.0,), (-0.0,)),
        (((1000.0,), 1000.0, (1.0,)), ((-inf,), 0.0, (0.0,)), ((inf,), inf, (1.0,))),
    ),
    "leaky_relu 0.01": Case(
        Value.leaky_relu, lambda a: a if a > 0 else a * mpf(0.01),
        (lambda a: mpf(1 if a > 0 else 0.01),),
        lambda torch, a: torch.nn.functional.leaky_relu(a), "leaky_relu(a)",
        ((0.75,), (-1.25,), (0.0,)), (((-1000.0,), -10.0, (0.01,)),),
    ),
    "leaky_relu 0.25": Case(
        lambda a: a.leaky_relu(0.25), lambda a: a if a > 0 else a / 4,
        (lambda a: mpf(1 if a > 0 else 0.25),),
        lambda torch, a: torch.nn.functional.leaky_relu(a, 0.25),
    ),
    "softplus": Case(
        Value.softplus, lambda a: mpmath.log1p(mpmath.exp(a)), (logistic,),
        lambda torch, a: torch.nn.functional.softplus(a), "softplus(a)",
        limits=(
            ((1000.0,), 1000.0, (1.0,)), ((-1000.0,), 0.0, (0.0,)), ((inf,), inf, (1.0,)),
        ),
    ),
    "gelu": Case(
        Value.gelu, lambda a: a * cdf(a), (lambda a: cdf(a) + a * mpmath.npdf(a),),
        lambda torch, a: torch.nn.functional.gelu(a), "gelu(a)",
        limits=(
            ((1000.0,), 1000.0, (1.0,)), ((-1000.0,), 0.0, (0.0,)),
            ((inf,), inf, (1.0,)), ((-inf,), 0.0, (0.0,)),
        ),
    ),
    "gelu_slope": Case(
        gelu_slope, lambda a: cdf(a) + a * mpmath.npdf(a),
        (lambda a: mpmath.npdf(a) * (2 - a**2),),
        limits=(
            ((1000.0,), 1.0, (0.0,)), ((-1000.0,), 0.0, (0.0,)), ((1e200,), 1.0, (0.0,)),
        ),
    ),
    "gate": Case(
        gate, lambda a, b: a if b > 0 else mpf(0),
        (lambda a, b: mpf(b > 0), lambda a, b: mpf(0)),
        points=(*PAIRS, (0.5, 0.0)),
        limits=(((inf, -1.0), 0.0, (0.0, 0.0)), ((inf, 1.0), inf, (1.0, 0.0))),
    ),
    "maximum": Case(
        maximum, max, (share, lambda a, b: share(b, a)),
        lambda torch, a, b: torch.maximum(a, b), "maximum(a, b)", (*PAIRS, (0.5, 0.5)),
    ),
    "minimum": Case(
        minimum, min, (lambda a, b: share(b, a), share),
        lambda torch, a, b: torch.minimum(a, b), "minimum(a, b)", (*PAIRS, (0.5, 0.5)),
    ),
    "sum": Case(
        lambda *x: total(x), lambda *x: sum(x), (one, one, one),
        lambda torch, *x: torch.stack(x).sum(), "total(a, b, c)", ((0.75, -1.25, 0.5),),
    ),
    "mean": Case(
        lambda *x: mean(x), lambda *x: sum(x) / len(x), (lambda *x: mpf(1) / len(x),) * 3,
        lambda torch, *x: torch.stack(x).mean(), "mean(a, b, c)", ((0.75, -1.25, 0.5),),
    ),
    "logsumexp": Case(
        lambda *x: logsumexp(x), lambda *x: mpmath.log(sum(map(mpmath.exp, x))),
        (
            lambda a, b: mpmath.exp(a) / (mpmath.exp(a) + mpmath.exp(b)),
            lambda a, b: mpmath.exp(b) / (mpmath.exp(a) + mpmath.exp(b)),
        ),
        lambda torch, a, b: torch.logaddexp(a, b), "logsumexp(a, b)",
        (*PAIRS, (0.5, 0.5)), (((inf, 1000.0), inf, (1.0, 0.0)), ((-inf, 0.0), 0.0, (0.0, 1.0))),
    ),
    "dot": Case(
        lambda a, b, c, d: dot([a, b], [c, d]), lambda a, b, c, d: a * c + b * d,
        (lambda a, b, c, d: c, lambda a, b, c, d: d, lambda a, b, c, d: a, lambda a, b, c, d: b),
        lambda torch, a, b, c, d: torch.dot(torch.stack([a, b]), torch.stack([c, d])),
        points=((0.75, -1.25, 0.5, 2.0),),
    ),
    "weighted_sum": Case(
        lambda a, b: dot([a, b], [3.0, -4.0]), lambda a, b: 3 * a - 4 * b,
        (lambda a, b: mpf(3), lambda a, b: mpf(-4)),
        lambda torch, a, b: 3.0 * a - 4.0 * b,
        points=PAIRS,
    ),
}  # fmt: skip


def built(name: str, point: tuple[float, ...]) -> Value:
    """An operation of leaves a, b, c, d at a point."""
    leaves = [Value(x, label) for x, label in zip(point, "abcd", strict=False)]
    return OPERATIONS[name].build(*leaves)


EACH = list(OPERATIONS)
AT_EACH_POINT = [(name, point) for name, case in OPERATIONS.items() for point in case.points]
