"""A loss says in one number how wrong a model is, so that its slope says how to improve.

    asked for            loss                          given
    a number             mse, mae, huber               lists, over the examples
    one of two classes   hinge, binary_cross_entropy   lists, over the examples
    one of several       cross_entropy                 the scores of one example

Those that are given lists average over them and are marked `@takes_lists`.
Classes are read from logits, the unbounded scores before sigmoid or softmax: a
probability of 1e-400 rounds to 0, and its logarithm is gone; the score is still there.
Logarithms are natural: a loss made of them is in nats (1.44 bits).  Shape (n,): n numbers.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from micronn.engine import Value, as_value, dot, logsumexp, mean, minimum, terms, total
from micronn.support.arguments import check_pairs, class_index, cost_of, flat_list, probabilities
from micronn.support.number import as_float, number_of, shown
from micronn.support.numeric import as_list

Num = Value | float
LossT = TypeVar("LossT", bound=Callable[..., Value])


def takes_lists(loss: LossT) -> LossT:
    """Marks a loss as one over lists of predictions and targets; others take one of each."""
    loss.takes_lists = True  # type: ignore[attr-defined]  # a note that loss_of() reads
    return loss


def loss_of(loss: Callable[..., Value], output: Any, target: Any) -> Value:
    """What one example costs; a loss that takes lists is given lists of one."""
    if getattr(loss, "takes_lists", False):
        return loss(as_list(output), as_list(target))
    return cost_of(loss, output, target)


# How far off is a number?


@takes_lists
def mse(preds: Iterable[Num], targets: Iterable[Num]) -> Value:
    """Mean squared error, the average of (pred - target)**2: twice the error costs 4 times as much.

    preds, targets: shape (n_examples,), in one unit; the result is in that unit squared.

    Raises ValueError for lists of different length or empty ones, TypeError for
    anything but flat lists of numbers.  PyTorch's F.mse_loss.

    >>> mse([Value(1.0), Value(5.0)], [0.0, 2.0]).data  # (1 + 9) / 2
    5.0
    """
    return mean([(p - t) ** 2 for p, t in pairs(preds, targets, "preds")])


@takes_lists
def mae(preds: Iterable[Num], targets: Iterable[Num]) -> Value:
    """Mean absolute error, the average of abs(pred - target): twice the error costs twice as much.

    preds, targets: shape (n_examples,), in the same unit, which is the result's too.
    Raises as mse does.  PyTorch's F.l1_loss.

    >>> mae([Value(1.0), Value(5.0)], [0.0, 2.0]).data  # (1 + 3) / 2
    2.0
    """
    return mean([abs(p - t) for p, t in pairs(preds, targets, "preds")])


@takes_lists
def huber(preds: Iterable[Num], targets: Iterable[Num], delta: float = 1.0) -> Value:
    """Half the square of a small error; for a large one a straight line that goes on smoothly.

    preds, targets: shape (n_examples,), in the same unit.
    delta: where the square ends and the line begins, in that unit, above 0.

    With a the absolute error and c = min(a, delta), both cases are c * (a - c/2).
    Raises as mse does, and ValueError for a delta that is not above 0.

    Source: Huber, "Robust estimation of a location parameter", 1964.  F.huber_loss in PyTorch.

    >>> huber([Value(1.0), Value(5.0)], [0.0, 2.0]).data  # (1/2 + 5/2) / 2
    1.5
    """
    if not as_float(delta) > 0.0:  # not <=, so that nan is refused too
        raise ValueError(f"huber's delta must be above 0, got {delta!r}; 1.0 is usual")
    losses = []
    for p, t in pairs(preds, targets, "preds"):
        a = abs(p - t)
        c = minimum(a, delta)
        losses.append(c * (a - 0.5 * c))
    return mean(losses)


# Which of two classes?


@takes_lists
def hinge(scores: Iterable[Num], targets: Iterable[Num]) -> Value:
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
        if number_of(t) not in (-1.0, 1.0):
            raise ValueError(
                f"hinge needs targets of -1 or +1, got {shown(t)}; write 2*t - 1 for classes 0, 1"
            )
        losses.append((1.0 - t * s).relu())
    return mean(losses)


@takes_lists
def binary_cross_entropy(logits: Iterable[Num], targets: Iterable[Num]) -> Value:
    """The average of -log(probability of the right class), where class 1 has sigmoid(logit).

    logits: shape (n_examples,), any numbers, before sigmoid.
    targets: shape (n_examples,), each 0 or 1, or a probability between.

    Returns a Value >= 0, in nats.  A model that knows nothing scores log(2) = 0.6931.
    Raises as mse does, and ValueError for a target outside 0 to 1.

    Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.2.
    PyTorch's F.binary_cross_entropy_with_logits.

    >>> round(binary_cross_entropy([Value(0.0), Value(1000.0)], [1, 0]).data, 4)  # (log(2)+1000)/2
    500.3466
    """
    losses = []
    for z, t in pairs(logits, targets, "logits"):
        if not 0.0 <= t <= 1.0:
            raise ValueError(
                f"binary_cross_entropy needs targets from 0 to 1, got {shown(t)}; "
                "write (t + 1) / 2 for classes -1 and +1"
            )
        losses.append(log_loss(z, t))
    return mean(losses)


def log_loss(z: Value, t: Num) -> Value:
    """-t*log(p) - (1-t)*log(1-p), where p = sigmoid(z) is the probability of class 1.

    p is 1 / (1 + e**-z), so -log(p) = log(1 + e**-z) = softplus(-z); and 1 - p is
    sigmoid(-z), so -log(1-p) = softplus(z).  Thus a p that rounds to 0 does no harm.
    """
    if isinstance(t, Value) or 0.0 < t < 1.0:
        return t * (-z).softplus() + (1.0 - t) * z.softplus()
    return (-z).softplus() if t else z.softplus()  # a plain 0 or 1 leaves one of the two


# Which of several classes?  One example at a time


def softmax(logits: Iterable[Num]) -> list[Value]:
    """e**z / (e**z0 + e**z1 + ...) for each logit z: scores as probabilities, adding up to 1.

    logits: shape (n_classes,); the result has the same shape, each from 0 to 1.
    Adding one number to all logits changes nothing.  PyTorch's F.softmax.
    Raises ValueError for no logits, TypeError for anything but a flat list of numbers.

    >>> [round(p.data, 4) for p in softmax([Value(0.0), Value(1.0), Value(1000.0)])]
    [0.0, 0.0, 1.0]
    """
    zs = [as_value(z) for z in flat_list(logits, "logits")]
    log_of_sum = logsumexp(zs)
    shares = [(z - log_of_sum).exp() for z in zs]  # e**z / sum = e**(z - log(sum))
    rounded_sum = total(shares)  # 1, but for digits that large logits lose
    return [share / rounded_sum for share in shares]


def cross_entropy(logits: Iterable[Num], target: int | Value | Sequence[Num]) -> Value:
    """The log loss of the right class: -log(p), where p is its probability by softmax(logits).

    logits: shape (n_classes,), one unbounded score for each class, before softmax.
    target: index of the right class, from 0 to n_classes - 1; or, with shape
        (n_classes,), the probability of each class, adding up to 1.

    Returns a Value >= 0, in nats; log(3) = 1.0986 if nothing is known about 3 classes.

    Raises IndexError if target names no class, TypeError if it is no whole number,
    and ValueError for no logits or for probabilities that do not fit.

    Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.3.
    PyTorch's F.cross_entropy.

    >>> know_nothing = [Value(0.0), Value(0.0), Value(0.0)]
    >>> round(cross_entropy(know_nothing, target=2).data, 4)
    1.0986
    """
    zs = [as_value(z) for z in flat_list(logits, "logits")]
    if hasattr(target, "__iter__"):
        right = dot(probabilities(target, len(zs)), zs)
    else:
        right = zs[class_index(target, len(zs))]
    # -log(e**right / sum of e**z).  Subtracted first, so that a tiny loss keeps its digits;
    # where right is far off, what remains of the others would not.
    if max([z.data for z in zs]) - right.data > 100.0:
        top = max(zs)
        return logsumexp([z - top for z in zs]) + (top - right)
    return logsumexp([z - right for z in zs])


# What a model costs by itself


def l2_penalty(parameters: Iterable[Value]) -> Value:
    """The sum of the squares of the parameters, with no factor.   d/dp = 2p.

    Add it, times a strength such as 1e-4, to a loss.  weight_decay=s in plain SGD is the
    same as adding s/2 times it: either adds s*p to the gradient.
    Raises ValueError for no parameters, TypeError for anything but a flat list.

    >>> l2_penalty([Value(3.0), Value(-4.0)]).data
    25.0
    """
    numbers = flat_list(parameters, "parameters")
    return dot(numbers, numbers)


# What the losses are given


def pairs(preds: Any, targets: Any, name: str) -> list[tuple[Value, Num]]:
    """Each prediction, as a Value, with its target; zip alone would drop what is left over."""
    preds, targets = flat_list(preds, name), flat_list(targets, "targets")
    check_pairs(preds, targets, name)
    return list(zip(map(as_value, preds), terms(targets), strict=True))
