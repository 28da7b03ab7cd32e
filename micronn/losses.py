"""A loss says in one number how wrong a model is, so that its slope says how to improve.

For predicting numbers: `mse`, `mae` and `huber`, which differ in how much a large
error counts.  For choosing between two classes: `hinge` and `binary_cross_entropy`;
among several: `softmax` and `cross_entropy`.  All but the last two take lists over
examples and average.  `l2_penalty` keeps weights small.

Each is a few operations on Values, so a picture shows it whole.  Classes are read
from logits, the unbounded scores before sigmoid or softmax: a probability rounds to
0 or 1 where the loss is still a large, useful number.
"""

from collections.abc import Iterable, Sequence

from micronn.engine import (
    Value,
    as_float,
    as_value,
    dot,
    logsumexp,
    mean,
    minimum,
    shown,
    terms,
)
from micronn.support.arguments import check_pairs, class_index, flat_list

Number = Value | float

# How far off is a number?


def mse(preds: Iterable[Number], targets: Iterable[Number]) -> Value:
    """Mean squared error, the average of (pred - target)**2: an error twice as big costs 4 times.

    preds, targets: shape (n_examples,), in the same unit; the result is in its square.

    Raises ValueError for lists of different length or empty ones, TypeError for
    anything but flat lists of numbers.

    Source: PyTorch's F.mse_loss.

    >>> mse([Value(1.0), Value(5.0)], [0.0, 2.0]).data  # (1 + 9) / 2
    5.0
    """
    return mean([(p - t) ** 2 for p, t in pairs(preds, targets, "preds")])


def mae(preds: Iterable[Number], targets: Iterable[Number]) -> Value:
    """Mean absolute error, the average of abs(pred - target): an outlier weighs what it measures.

    preds, targets: shape (n_examples,), in the same unit, which is the result's too.
    Raises as mse does.  PyTorch's F.l1_loss.

    >>> mae([Value(1.0), Value(5.0)], [0.0, 2.0]).data  # (1 + 3) / 2
    2.0
    """
    return mean([abs(p - t) for p, t in pairs(preds, targets, "preds")])


def huber(preds: Iterable[Number], targets: Iterable[Number], delta: float = 1.0) -> Value:
    """Half the square of a small error; for a large one a straight line that goes on smoothly.

    preds, targets: shape (n_examples,), in the same unit.
    delta: where the square ends and the line begins, in that unit, above 0.

    With a the absolute error and c = min(a, delta), both halves are c * (a - c/2).
    Raises as mse does, and ValueError for a delta that is not above 0.

    Source: Huber, "Robust estimation of a location parameter", 1964.  PyTorch's
    F.huber_loss.

    >>> huber([Value(1.0), Value(5.0)], [0.0, 2.0]).data  # (1/2 + 5/2) / 2
    1.5
    """
    delta = as_float(delta)
    if not delta > 0.0:
        raise ValueError(f"huber's delta must be above 0, got {delta!r}; 1.0 is usual")
    losses = []
    for p, t in pairs(preds, targets, "preds"):
        a = abs(p - t)
        c = minimum(a, delta)
        losses.append(c * (a - 0.5 * c))
    return mean(losses)


# Which of two classes?


def hinge(scores: Iterable[Number], targets: Iterable[Number]) -> Value:
    """The average of max(0, 1 - target * score): right by a margin of 1 costs nothing.

    scores: shape (n_examples,), any numbers; above 0 means the class +1.
    targets: shape (n_examples,), each -1 or +1.

    Raises as mse does, and ValueError for a target that is neither.

    Source: Cortes, Vapnik, "Support-vector networks", 1995.

    >>> hinge([Value(3.0), Value(0.5), Value(0.5)], [1, 1, -1]).data  # (0 + 0.5 + 1.5) / 3
    0.6666666666666666
    """
    losses = []
    for s, t in pairs(scores, targets, "scores"):
        if abs(float(t)) != 1.0:
            raise ValueError(
                f"hinge needs targets of -1 or +1, got {shown(t)}; "
                "write 2*t - 1 for classes 0 and 1"
            )
        losses.append((1.0 - t * s).relu())
    return mean(losses)


def binary_cross_entropy(logits: Iterable[Number], targets: Iterable[Number]) -> Value:
    """The average surprise when sigmoid(logit) is the chance given to class 1.

    logits: shape (n_examples,), any numbers, before sigmoid.
    targets: shape (n_examples,), each 0 or 1, or a chance between.

    Returns a Value >= 0, in nats.  A model that knows nothing scores log(2) = 0.6931.
    Raises as mse does, and ValueError for a target outside 0 to 1.

    Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.2.
    PyTorch's F.binary_cross_entropy_with_logits.

    >>> round(binary_cross_entropy([Value(0.0), Value(1000.0)], [1, 0]).data, 4)
    500.3466
    """
    return mean([surprise(z, chance(t)) for z, t in pairs(logits, targets, "logits")])


def surprise(z: Value, t: Number) -> Value:
    """-t*log(p) - (1-t)*log(1-p) for p = sigmoid(z), where -log(p) = softplus(-z)."""
    if isinstance(t, Value) or 0.0 < t < 1.0:
        return t * (-z).softplus() + (1.0 - t) * z.softplus()
    return (-z).softplus() if t else z.softplus()


def chance(t: Number) -> Number:
    """t, if it is from 0 to 1."""
    if not 0.0 <= t <= 1.0:
        raise ValueError(
            f"binary_cross_entropy needs targets from 0 to 1, got {shown(t)}; "
            "write (t + 1) / 2 for classes -1 and +1"
        )
    return t


# Which of several classes?  One example at a time


def softmax(logits: Iterable[Number]) -> list[Value]:
    """e**z / (e**z0 + e**z1 + ...) for each logit z: scores as chances that add up to 1.

    logits: shape (n_classes,); the result has the same shape, each from 0 to 1.
    Adding one number to all logits changes nothing.  PyTorch's F.softmax.
    Raises ValueError for no logits, TypeError for anything but a flat list of numbers.

    >>> [round(p.data, 4) for p in softmax([Value(0.0), Value(1.0), Value(1000.0)])]
    [0.0, 0.0, 1.0]
    """
    zs = scores_of_classes(logits)
    whole = logsumexp(zs)
    return [(z - whole).exp() for z in zs]


def cross_entropy(logits: Iterable[Number], target: int | Value | Sequence[Number]) -> Value:
    """How surprised softmax(logits) is by the right class: -log p[target].

    logits: shape (n_classes,), one unbounded score for each class, before softmax.
    target: index of the right class, from 0 to n_classes - 1; or, with shape
        (n_classes,), the chance of each class, adding up to 1.

    Returns a Value >= 0, in nats.  A model that knows nothing about n classes
    scores log(n): 1.0986 for three.  Computed as log(sum of e**(z - z[target])),
    because only the lead of each class over the right one counts.

    Raises IndexError if target names no class, TypeError if it is no whole number,
    and ValueError for no logits or for chances that do not fit.

    Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.3.
    PyTorch's F.cross_entropy.

    >>> know_nothing = [Value(0.0), Value(0.0), Value(0.0)]
    >>> round(cross_entropy(know_nothing, target=2).data, 4)
    1.0986
    """
    zs = scores_of_classes(logits)
    if hasattr(target, "__iter__"):
        right = dot(chances(target, len(zs)), zs)
    else:
        if isinstance(target, Value) and target.data.is_integer():
            target = int(target.data)
        right = zs[class_index(target, len(zs))]
    return logsumexp([z - right for z in zs])


# What a model costs by itself


def l2_penalty(parameters: Iterable[Value]) -> Value:
    """The sum of the squares of the parameters, with no factor.   d/dp = 2p.

    Add it to a loss times a strength, such as 1e-4.  Half of it times s is what
    weight_decay=s does in plain SGD, whose gradient is s*p.
    Raises ValueError for no parameters, TypeError for anything but a flat list.

    >>> l2_penalty([Value(3.0), Value(-4.0)]).data
    25.0
    """
    parameters = flat_list(parameters, "parameters")
    return dot(parameters, parameters)


# Checks: what zip would pass over in silence


def pairs(preds, targets, name) -> list[tuple[Value, Number]]:
    """Each prediction, as a Value, with its target."""
    preds, targets = flat_list(preds, name), flat_list(targets, "targets")
    check_pairs(preds, targets, name)
    return list(zip(map(as_value, preds), terms(targets), strict=True))


def scores_of_classes(logits) -> list[Value]:
    """logits as a list of at least one Value."""
    logits = flat_list(logits, "logits")
    if not logits:
        raise ValueError("no logits: there must be at least one class")
    return list(map(as_value, logits))


def chances(target, classes):
    """target as one chance for each class."""
    target = flat_list(target, "target")
    if len(target) != classes:
        raise ValueError(
            f"{classes} logits and {len(target)} chances: every class needs one of each"
        )
    numbers = [float(chance) for chance in target]
    if not (min(numbers) >= 0.0 and abs(sum(numbers) - 1.0) < 1e-6):
        raise ValueError(
            f"the chances of the classes must be at least 0 and add up to 1, got {numbers[:10]!r}"
        )
    return target
