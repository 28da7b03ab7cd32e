"""Where did the first nan or infinity come from?

One number that is not finite spoils all that is computed from it, forward and then
backward, so a loss of nan says nothing about its cause.  `trace_nonfinite` finds the
place where it was born: the first Value whose own operands are still finite.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from micronn.check.paths import Names, names_of
from micronn.engine import Value
from micronn.graph.operations import nested
from micronn.graph.rows import Parameters
from micronn.support.number import message


@dataclass(frozen=True)
class NonFinite:
    """The first number of a graph that is not finite.

    kind: "data", "local derivative" or "grad".
    node: where it was born: everything it was made from is still finite, if it was
        made from anything.
    sentence: the number and those around it.
    advice: what to try.
    """

    kind: str
    node: Value
    sentence: str
    advice: str

    def __str__(self) -> str:
        return f"{self.sentence}\n{self.advice}"


def trace_nonfinite(root: Value, params: Parameters = None) -> NonFinite | None:
    """The first nan or infinity below root, or None if every number is finite.

    Looks at all data from the operands up, then at all local derivatives, then at the
    grads that the last backward() left, from the root down.  params: as for why().

    >>> big = Value(1e200, "big")
    >>> print(trace_nonfinite(big * big + 1.0))
    the data of v1 is inf: (big = 1e+200) × (big = 1e+200)
    make the numbers smaller: scale the inputs, or lower the learning rate
    """
    names = names_of(root, params)
    order = list(names)
    for node in order:
        if not math.isfinite(node.data):
            return born_in_data(node, names)
    for node in order:
        if not all(map(math.isfinite, node.local_grads)):
            return born_in_slope(node, names)
    for node in reversed(order):
        if not math.isfinite(node.grad):
            return born_in_grad(node, order, names)
    return None


def born_in_data(node: Value, names: Names) -> NonFinite:
    """The report on a node whose data is not finite."""
    head = f"the data of {names[node]} is {node.data}"
    given = [x for x in node.local_grads if node.op == "weighted_sum" and not math.isfinite(x)]
    if given:
        sentence = f"{head}: {node.op} reads the plain input {given[0]}"
        return NonFinite("data", node, sentence, "look for it in the data set")
    if not node.operands:
        advice = "find where it was given; if it is a parameter, try a smaller learning rate"
        return NonFinite("data", node, f"{head}, as given", advice)
    advice = "make the numbers smaller: scale the inputs, or lower the learning rate"
    return NonFinite("data", node, f"{head}: {formula(node, names)}", advice)


def born_in_slope(node: Value, names: Names) -> NonFinite:
    """The report on a node with a local derivative that is not finite."""
    k = next(k for k, slope in enumerate(node.local_grads) if not math.isfinite(slope))
    operand = names[node.operands[k]]
    head = f"the local derivative of {names[node]} by {operand} is {node.local_grads[k]}"
    advice = f"keep {operand} away from there: add a small number such as 1e-8 before {node.op}"
    return NonFinite("local derivative", node, f"{head}: {formula(node, names)}", advice)


def born_in_grad(node: Value, order: Sequence[Value], names: Names) -> NonFinite:
    """The report on a node whose grad is not finite, with the message that made it so."""
    head = f"the grad of {names[node]} is {node.grad}"
    uses = [
        (user, slope)
        for user in reversed(order)
        for operand, slope in zip(user.operands, user.local_grads, strict=True)
        if operand is node
    ]
    advice = "the gradients explode: clip them, or start with smaller weights"
    for user, slope in uses:
        if not math.isfinite(message(user.op, slope, user.grad)):
            sent = f"{names[user]} sends {slope:.4g} * {user.grad:.4g}"
            return NonFinite("grad", node, f"{head}: {sent}", advice)
    if not math.isfinite(sum([message(user.op, slope, user.grad) for user, slope in uses])):
        return NonFinite("grad", node, f"{head}: {len(uses)} messages add up to that", advice)
    advice = "set the grads to 0 before backward(), with zero_grad()"
    return NonFinite("grad", node, f"{head}, left from an earlier backward()", advice)


def formula(node: Value, names: Names) -> str:
    """The operation of a node with the numbers it read, the largest six of many."""
    if len(node.operands) <= 2:
        return nested(node.op, [(f"{names[x]} = {x.data:.6g}", 0) for x in node.operands])
    largest = sorted(node.operands, key=lambda operand: -abs(operand.data))[:6]
    texts = [f"{names[x]} = {x.data:.6g}" for x in largest]
    left_out = len(node.operands) - len(largest)
    return f"{node.op} of {', '.join(texts)}" + f" and {left_out} smaller ones" * (left_out > 0)
