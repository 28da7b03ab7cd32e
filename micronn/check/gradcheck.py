"""A slope can be had without any calculus: nudge the number and watch the result.

The central finite difference (f(x + h) - f(x - h)) / 2h needs two runs of f for every
parameter, far too slow to train with, but it knows nothing of local derivatives and
of backward(), so it can catch both in a mistake.  It is never exact: with a large h
the curve bends between the two points, with a small h nearly all digits cancel.
`gradcheck` takes an h between, and smaller ones where the curve bends within that;
`step_size_table` shows what each h gives.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> report = gradcheck(lambda: (a * b) * (a + b), [a, b])
    >>> report.ok, [row.autograd for row in report.rows]
    (True, [-3.0, -8.0])
"""

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from micronn.engine import Value, topological_order
from micronn.support.arguments import check_callable, leaves
from micronn.support.number import as_float
from micronn.support.text import clipped

STEP_SIZES = tuple(10.0**-k for k in range(1, 13))
Function = Callable[[], Value]
Parameters = Iterable[Value | tuple[str, Value]]


@dataclass(frozen=True)
class Slope:
    """One slope, had in two ways.

    name: of the parameter: the one it came with, its label, or parameters[3].
    h: how far it was nudged to either side.
    autograd, numeric: d(result)/d(parameter) by backward() and by finite difference;
        numeric is nan where f has no value on one side.
    error: how far the two are apart.
    allowed: how far they may be apart.
    below, above: the slope that a nudge down alone gives, and a nudge up.
    note: that there is no slope but a kink, or why there is no difference; else empty.
    """

    name: str
    h: float
    autograd: float
    numeric: float
    error: float
    allowed: float
    below: float
    above: float
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether error is allowed; nan never is, nor infinity."""
        return self.error <= self.allowed < math.inf

    def __str__(self) -> str:
        numbers = f"{self.autograd:>16.9g} {self.numeric:>16.9g} {self.error:>9.1e}"
        return f"{clipped(self.name):<16} {self.h:>7.0e} {numbers}"


@dataclass(frozen=True)
class GradCheck:
    """A Slope for each parameter, in order; as a truth value, whether all agree."""

    rows: list[Slope]

    @property
    def ok(self) -> bool:
        """Whether every row is."""
        return all(row.ok for row in self.rows)

    @property
    def worst(self) -> Slope:
        """The row that is furthest off, measured by what it is allowed."""
        return max(self.rows, key=lambda r: r.error / r.allowed if r.error < math.inf else math.inf)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        heading = f"{'':<16} {'h':>7} {'autograd':>16} {'numeric':>16} {'error':>9}"
        rows = [f"{row}  {'ok' if row.ok else 'OFF'}  {row.note}".rstrip() for row in self.rows]
        return "\n".join([heading, *rows])


def gradcheck(
    f: Function, parameters: Parameters, h: float = 1e-5, tolerance: float = 1e-6
) -> GradCheck:
    """Compare the gradient of every parameter with a central difference.

    f: builds the result from the parameters, anew on each call, and always the same:
        for a net, lambda: mse([model(x)], [target]).
    parameters: Values, or pairs of name and Value such as model.named_parameters().
    h: how far to nudge, as a share of the parameter, or of 1 if it is smaller.
    tolerance: how far apart the two may be, as a share of the slope; the rounding
        that a difference cannot avoid is allowed on top.

    Where the two are too far apart, or f has no value so far away, h becomes ten times
    smaller, again and again, until rounding blurs the result: what the curvature
    did then goes away, a wrong slope stays.  The row is that of the h with least error.

    At a kink, such as relu at 0, there is no slope: nudging gives the average of both
    sides.  The row has a note, and is off unless backward() gives the average, too, as
    for abs at 0.  Grads and data are left as they were.

    Raises ValueError if f gives the same Value twice, or other numbers each time, if
    h is not above 0, and for a parameter that was computed; TypeError for what is no
    Value and no function.

    Source: Press and others, "Numerical recipes", 2007, section 5.7.
    """
    here, slopes = by_backward(f, parameters)
    rows = []
    for name, p, autograd in slopes:
        step = positive(h) * max(1.0, abs(p.data))
        size = max(abs(here), abs(autograd * p.data))  # a last place of p reaches here, too
        at = partial(compared, f, name, p, autograd, here, tolerance, rounding(size, step))
        rows.append(closest(at, step, size))
    return GradCheck(rows)


def step_size_table(
    f: Function, parameters: Parameters, step_sizes: Sequence[float] = STEP_SIZES
) -> list[Slope]:
    """A row for each parameter and each h: how the error of the difference itself behaves.

    As h falls, the error falls with h*h while the curvature causes it, and
    then rises with 1/h as digits cancel.  An error that stays the same in between is
    that of a wrong slope.  Arguments and Raises are those of gradcheck, but h is
    taken as it is.

    >>> x = Value(0.5, "x")
    >>> rows = step_size_table(lambda: x.tanh(), [x], [1e-1, 1e-2, 1e-3])
    >>> [f"{row.error:.0e}" for row in rows]
    ['9e-04', '9e-06', '9e-08']
    """
    here, slopes = by_backward(f, parameters)
    pairs = [(slope, positive(h)) for slope in slopes for h in step_sizes]
    return [compared(f, *slope, here, 1e-6, rounding(abs(here), h), h) for slope, h in pairs]


def by_backward(
    f: Function, parameters: Parameters
) -> tuple[float, list[tuple[str, Value, float]]]:
    """The result of f, and each parameter's name and gradient; the grads are put back."""
    if not hasattr(parameters, "__iter__"):
        raise TypeError(f"parameters is a list of Values, got {clipped(repr(parameters))}")
    pairs = [x if isinstance(x, tuple) and len(x) == 2 else ("", x) for x in parameters]
    if not leaves([p for _, p in pairs], "parameters"):
        raise ValueError("no parameters to check; pass model.parameters()")
    named = [(name or p.label or f"parameters[{k}]", p) for k, (name, p) in enumerate(pairs)]
    root = repeated(f)
    before = [(node, node.grad) for node in [*topological_order(root), *(p for _, p in named)]]
    try:
        for _, p in named:
            p.grad = 0.0
        root.backward()
        return root.data, [(name, p, p.grad) for name, p in named]
    finally:
        for node, grad in before:
            node.grad = grad


def compared(
    f: Function, name: str, p: Value, autograd: float, here: float, tolerance: float,
    rounded: float, h: float,
) -> Slope:  # fmt: skip
    """The Slope of one parameter for one h.

    here: f's result before any nudge.
    tolerance, rounded: how far apart the two may be, as a share of the slope and on top.
    """
    down, up, note = both_sides(f, p, h)
    numeric = (up - down) / ((p.data + h) - (p.data - h) or math.nan)
    allowed = tolerance * max(abs(autograd), abs(numeric)) + rounded
    below, above = (here - down) / h, (up - here) / h
    return Slope(name, h, autograd, numeric, abs(autograd - numeric), allowed, below, above, note)


def rounding(size: float, h: float, units: float = 64.0) -> float:
    """What some units of the last place of a number of that size, at least 1, do to a slope."""
    return units * sys.float_info.epsilon * max(1.0, size) / h


def closest(at: Callable[[float], Slope], h: float, size: float) -> Slope:
    """The first Slope that is ok of h, h/10, h/100, ..., or else the one of least error.

    at: gives the Slope for an h.
    size: of the numbers that are rounded.

    The search ends where rounding could account for what was off.
    """
    rows = [at(h)]
    while not rows[-1].ok:
        valued = [row for row in rows if not math.isnan(row.error)] or rows
        off = max(valued[0].allowed, valued[0].error)  # allowed, if the error is nan
        h /= 10.0
        if not rounding(size, h, 4.0) < off < math.inf:
            rows.append(min(valued, key=lambda row: row.error + rounding(size, row.h, 1.0)))
            break
        rows.append(at(h))
    return replace(rows[-1], note=rows[-1].note or kink(rows[-1], at, size))


def kink(row: Slope, at: Callable[[float], Slope], size: float) -> str:
    """A note of the slopes to both sides, if a tenth of h brings them no closer; else "".

    On a smooth curve they come about ten times closer.
    """
    apart = abs(row.above - row.below)
    if apart > 0.01 * max(abs(row.below), abs(row.above)) + rounding(size, row.h):
        nearer = at(row.h / 10.0)
        if abs(nearer.above - nearer.below) > 0.5 * apart + rounding(size, nearer.h):
            return f"a kink: slope {row.below:.3g} below, {row.above:.3g} above"
    return ""


def both_sides(f: Function, p: Value, h: float) -> tuple[float, float, str]:
    """f with p at x - h and at x + h, or nan and the reason; p.data is put back."""
    x = p.data
    if x + h == x - h:
        return math.nan, math.nan, f"h = {h:g} is lost beside {x:.9g}"
    try:
        p.data = x - h
        down = built(f).data
        p.data = x + h
        return down, built(f).data, ""
    except (ValueError, ArithmeticError) as error:
        return math.nan, math.nan, f"no value at {p.data:.9g}: {error}"
    finally:
        p.data = x


# Checks


def repeated(f: Function) -> Value:
    """What f gives, if it builds that anew each time, and the same."""
    first, second = built(f), built(f)
    if first is second and first.operands:
        advice = "build it inside f, where a nudge reaches it: lambda: w * x, not lambda: y"
        raise ValueError(f"f gave the same Value twice; {advice}")
    if repr(first.data) != repr(second.data):
        gave = f"f gave {first.data!r}, then {second.data!r}, with nothing changed"
        raise ValueError(f"{gave}; make it repeat itself, say with a fixed random seed")
    return first


def built(f: Function) -> Value:
    """What f gives, if that is a Value."""
    check_callable(f=f)
    root = f()
    if not isinstance(root, Value):
        raise TypeError(f"f must give one Value, got {clipped(repr(root))}")
    return root


def positive(h: float) -> float:
    """h as a float, if it is above 0 and finite."""
    h = as_float(h)
    if not 0.0 < h < math.inf:
        raise ValueError(f"h must be above 0 and finite, got {h!r}; 1e-5 is usual")
    return h
