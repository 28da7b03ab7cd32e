"""Where did the first nan or infinity come from?

One number that is not finite spoils all that is computed from it, forward and then
backward, so a loss of nan says nothing about its cause.  `trace_nonfinite` finds the
place where it was born: the first Value whose own operands are still finite.
"""

import math
from dataclasses import dataclass

from micronn.engine import Value
from micronn.graph.lines import line_of
from micronn.graph.notes import since
from micronn.graph.operations import nested
from micronn.graph.rows import Graph, Parameters, Row
from micronn.support.number import message

Rows = dict[Value, Row]  # in topological order


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
        line = line_of(self.node)
        return "\n".join([self.sentence, *[f"made at {line}"] * bool(line), self.advice])


def trace_nonfinite(root: Value, params: Parameters = None) -> NonFinite | None:
    """The first nan or infinity below root, or None if every number is finite.

    Looks at all data from the operands up, as it was computed, then at all local
    derivatives, then at the grads that the last backward() left, from the root down, and
    last at what leaves hold now.  params: as for why().

    >>> big = Value(1e200, "big")
    >>> print(trace_nonfinite(big * big + 1.0))
    the data of v1 is inf: (big = 1e+200) × (big = 1e+200)
    make the numbers smaller: scale the inputs, or lower the learning rate
    """
    graph = Graph(root, params)
    rows = {node: graph.nodes[k] for node, k in graph.index.items()}
    for node, row in rows.items():
        if not math.isfinite(row.data):
            return born_in_data(node, rows)
    for node in rows:
        if not all(map(math.isfinite, node.local_grads)):
            return born_in_slope(node, rows)
    for node in reversed(rows):
        if not math.isfinite(node.grad):
            return born_in_grad(node, rows)
    for node, row in rows.items():
        if not math.isfinite(row.current):
            return born_since(node, row)
    return None


def born_in_data(node: Value, rows: Rows) -> NonFinite:
    """The report on a node whose data is not finite."""
    row = rows[node]
    head = f"the data of {row.title} is {row.data}"
    if row.gives is not None:
        sentence = f"{head}, and its operands give {row.gives:.6g} now"
        return NonFinite("data", node, sentence, "compute the graph anew, and look again")
    given = [x for x in node.local_grads if node.op == "weighted_sum" and not math.isfinite(x)]
    if given:
        sentence = f"{head}: {node.op} reads the plain input {given[0]}"
        return NonFinite("data", node, sentence, "look for it in the data set")
    if not node.operands:
        advice = "find where it was given; if it is a parameter, try a smaller learning rate"
        now = "" if row.now is None else f"; it was changed since, to {row.now:.6g}"
        return NonFinite("data", node, f"{head}, as given{now}", advice)
    advice = "make the numbers smaller: scale the inputs, or lower the learning rate"
    return NonFinite("data", node, f"{head}: {formula(node, rows)}", advice)


def born_in_slope(node: Value, rows: Rows) -> NonFinite:
    """The report on a node with a local derivative that is not finite."""
    k = next(k for k, slope in enumerate(node.local_grads) if not math.isfinite(slope))
    operand = rows[node.operands[k]].title
    head = f"the local derivative of {rows[node].title} by {operand} is {node.local_grads[k]}"
    advice = f"keep {operand} away from there: add a small number such as 1e-8 before {node.op}"
    return NonFinite("local derivative", node, f"{head}: {formula(node, rows)}", advice)


def born_in_grad(node: Value, rows: Rows) -> NonFinite:
    """The report on a node whose grad is not finite, with the message that made it so."""
    head = f"the grad of {rows[node].title} is {node.grad}"
    uses = [
        (user, slope)
        for user in reversed(rows)
        for operand, slope in zip(user.operands, user.local_grads, strict=True)
        if operand is node
    ]
    advice = "the gradients explode: clip them, or start with smaller weights"
    for user, slope in uses:
        if not math.isfinite(message(user.op, slope, user.grad)):
            sent = f"{rows[user].title} sends {slope:.4g} * {user.grad:.4g}"
            return NonFinite("grad", node, f"{head}: {sent}", advice)
    if not math.isfinite(sum([message(user.op, slope, user.grad) for user, slope in uses])):
        return NonFinite("grad", node, f"{head}: {len(uses)} messages add up to that", advice)
    advice = "set the grads to 0 before backward(), with zero_grad()"
    return NonFinite("grad", node, f"{head}, left from an earlier backward()", advice)


def born_since(node: Value, row: Row) -> NonFinite:
    """The report on a leaf that was changed to nan or inf when everything was finite."""
    sentence = (
        f"the data of {row.title} is {row.now} now; the graph was computed with {row.data:.6g}"
    )
    return NonFinite("data", node, sentence, "find what moved it; try a smaller learning rate")


def formula(node: Value, rows: Rows) -> str:
    """The operation of a node with the numbers it read, the largest six of many."""
    read = [rows[operand] for operand in node.operands]
    if len(read) <= 2:
        text = nested(node.op, [(f"{row.title} = {row.data:.6g}", 0) for row in read])
    else:
        largest = sorted(read, key=lambda row: -abs(row.data))[:6]
        left_out = len(read) - len(largest)
        text = f"{node.op} of {', '.join([f'{row.title} = {row.data:.6g}' for row in largest])}"
        text += f" and {left_out} smaller ones" * (left_out > 0)
    return "\n".join([text, *since(list(dict.fromkeys(read)), list(rows.values()))])
