"""The gallery of faults: wrong backward passes, each as it is usually written.

Every one of them walks a graph that micronn's engine has recorded, so that on any program
it says what an engine with that fault would say.  An engine whose numbers are the same
on all programs has that fault.

    >>> from micronn.grade.programs import PROGRAMS, numbers
    >>> reuse = next(program for program in PROGRAMS if program.text == "a + a")
    >>> sets = at(NODES[0].backward, "+")
    >>> numbers(reuse.source, sets)["a"], numbers(reuse.source, Value.backward)["a"]
    ((3.0, 1.0), (3.0, 2.0))
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from micronn.engine import Value, topological_order

Pass = Callable[[Value], object]  # of a whole graph, or of one node to its operands
New = Callable[[float, float, float, Value, Value], float]  # of an operand: its new gradient


class Fault(NamedTuple):
    """A wrong backward pass, and what is wrong with it, in a sentence and as a remedy.

    variants: all passes with this fault; an engine has it if one of them gives its answers.
    is_limit: whether a right engine may be so.
    is_loose: whether each program may ask for another variant, as where a set gives the
        operands in an order of its own.
    fitted: the pass with this fault and a number that an engine's answer shows.
    """

    backward: Pass
    cause: str
    remedy: str
    variants: tuple[Pass, ...] = ()
    is_limit: bool = False
    is_loose: bool = False
    fitted: Callable[[float], Pass] | None = None


def pairs(node: Value) -> Iterable[tuple[Value, float]]:
    """Each operand with its local derivative."""
    return zip(node.operands, node.local_grads, strict=True)


def in_order(root: Value) -> list[Value]:
    """The computed nodes, results before operands, as they should be."""
    return [node for node in reversed(topological_order(root)) if node.operands]


def cleared(root: Value) -> None:
    """As every right backward begins: computed nodes at 0, the output at 1."""
    for node in in_order(root):
        node.grad = 0.0
    root.grad = 1.0


def clears_leaves(root: Value) -> None:
    for node in in_order(root):
        for operand in node.operands:
            operand.grad = 0.0
    cleared(root)
    send(in_order(root))


def send(nodes: Iterable[Value]) -> None:
    """The chain rule at these nodes, in this order."""
    for node in nodes:
        for operand, local_grad in pairs(node):
            operand.grad += local_grad * node.grad


# What a node does wrong: each of these sends its messages to its operands


def sending(new: New, only: int | None = None) -> Pass:
    """A node whose messages make new gradients; all of them, or that to one operand."""

    def send_wrong(node: Value) -> None:
        for k, (operand, local) in enumerate(pairs(node)):
            message = right_message if only not in (None, k) else new
            operand.grad = message(operand.grad, local, node.grad, operand, node)

    return send_wrong


def right_message(old: float, local: float, up: float, x: Value, y: Value) -> float:
    return old + local * up


def operands_in_a_set(node: Value) -> None:
    for operand, local_grad in dict(pairs(node)).items():
        operand.grad += local_grad * node.grad


def first_operand_alone(node: Value) -> None:
    node.operands[0].grad += node.local_grads[0] * node.grad


def last_operand_alone(node: Value) -> None:
    node.operands[-1].grad += node.local_grads[-1] * node.grad


def to_one(k: int, node: Value) -> None:
    """Every message goes to the same operand."""
    for local_grad in node.local_grads:
        node.operands[k].grad += local_grad * node.grad


def one_for_all(k: int, node: Value) -> None:
    """The message of one operand is sent as often as there are operands, to that one."""
    for _ in node.operands:
        node.operands[k].grad += node.local_grads[k] * node.grad


def zipped(order: Callable[[Value], float], step: int, node: Value) -> None:
    """The operands are put into another order, and the derivatives are not; a set if step."""
    operands = [*dict.fromkeys(node.operands)][::step] if step else node.operands
    for operand, local_grad in zip(sorted(operands, key=order), node.local_grads, strict=False):
        operand.grad += local_grad * node.grad


def by_chance(bits: int, x: Value) -> float:
    """A place in a set, which nobody knows: a bit for each number."""
    return bits >> hash(x.data) % 6 & 1


def clears_operands(node: Value) -> None:
    for operand in node.operands:
        operand.grad = 0.0
    send([node])


def swapped_operands(node: Value) -> None:
    for operand, local_grad in zip(node.operands, reversed(node.local_grads), strict=True):
        operand.grad += local_grad * node.grad


class Forgetting:
    """A node that sends all its messages, and is not known to be made of these operands."""

    def __init__(self, *lost: int) -> None:
        self.lost = lost

    def __call__(self, node: Value) -> None:
        send([node])


def op_of(node: Value) -> str:
    """The operation of a node, whatever its power is."""
    return "**" if node.op.startswith("**") else node.op


def at(send_wrong: Pass, ops: Iterable[str]) -> Callable[[Value], None]:
    """The backward pass whose nodes of these ops send so, and all others as they should."""
    return sent_by(dict.fromkeys(ops, send_wrong))


def sent_by(sends: Mapping[str, Pass]) -> Callable[[Value], None]:
    """The backward pass whose nodes send as their op does, and those of other ops rightly."""

    def backward(root: Value) -> None:
        cleared(root)
        reached = {root}
        for node in in_order(root):
            send_it = sends.get(op_of(node), sends.get(node.op, send_one))
            if node in reached:
                send_it(node)
                lost = send_it.lost if isinstance(send_it, Forgetting) else ()
                reached.update(x for k, x in enumerate(node.operands) if k not in lost)

    return backward


def send_one(node: Value) -> None:
    send([node])


def times(k: float, old: float, local: float, up: float, x: Value, y: Value) -> float:
    return old + k * local * up


def limited(most: float) -> Iterable[New]:
    """Messages, or sums of them, that are cut off at this size."""
    yield lambda old, local, up, x, y: old + max(-most, min(most, local * up))
    yield lambda old, local, up, x, y: max(-most, min(most, old + local * up))


ADD = (
    "write `operand.grad += ...` for `operand.grad = ...`: a Value that is used twice gets two "
    "messages"
)
MESSAGE = "a message is local derivative × out.grad, and is added to the operand's gradient"
MESSAGES: list[tuple[str, str, list[New]]] = [  # the mistake, its remedy, the new gradient
    ("backward() sets the gradient of an operand where it should add to it", ADD,
     [lambda old, local, up, x, y: local * up]),
    ("the local derivative is not multiplied by the gradient that comes from above (upstream): "
     "the upstream gradient is forgotten", MESSAGE,
     [lambda old, local, up, x, y: old + local]),
    ("the local derivative is multiplied by the operand's own gradient, not by the result's "
     "(`self.grad` for `out.grad`)", MESSAGE,
     [lambda old, local, up, x, y: old + local * old,
      lambda old, local, up, x, y: old + local * y.operands[0].grad,
      lambda old, local, up, x, y: old + local * y.operands[-1].grad]),
    ("the local derivative is added to the upstream gradient, not multiplied by it", MESSAGE,
     [lambda old, local, up, x, y: old + local + up]),
    ("the upstream gradient is passed on as it is: the local derivative is forgotten", MESSAGE,
     [lambda old, local, up, x, y: old + up]),
    ("every message has the wrong sign: it is subtracted",
     "add it: the gradient says where the output grows",
     [lambda old, local, up, x, y: old - local * up]),
    ("the local derivative is multiplied by the operand's number, not by the upstream gradient "
     "(`self.data` for `out.grad`)", MESSAGE,
     [lambda old, local, up, x, y: old + local * x.data]),
    ("the local derivative is multiplied by the result's number, not by its gradient (`out.data` "
     "for `out.grad`)", MESSAGE,
     [lambda old, local, up, x, y: old + local * y.data]),
    ("the gradient of an operand is multiplied by the message, where it should be added "
     "(`*=` for `+=`)", MESSAGE,
     [lambda old, local, up, x, y: old * local * up]),
    ("only the first message counts: a gradient that is not 0 is left as it is "
     "(`if self.grad`, perhaps)", ADD,
     [lambda old, local, up, x, y: old or local * up]),
    ("only the larger of two messages is kept", ADD,
     [lambda old, local, up, x, y: max(old, local * up) if old else local * up,
     lambda old, local, up, x, y: max(old, local * up),
     lambda old, local, up, x, y: max(old, local * up, key=abs)]),
    ("what is there already is added once more with each message (`self.grad += self.grad + ...`)",
     MESSAGE, [lambda old, local, up, x, y: 2.0 * old + local * up]),
    ("two messages are averaged, where they should be added", MESSAGE,
     [lambda old, local, up, x, y: (old + local * up) / 2.0,
     lambda old, local, up, x, y: (old + local * up) / 2.0 if old else local * up]),
    ("the gradient is set to the local derivative: neither is the upstream gradient multiplied "
     "to it, nor is it added", MESSAGE, [lambda old, local, up, x, y: local]),
    ("nothing is passed on: are they among the operands, and is out.grad read only when backward() "
     "runs?", MESSAGE, [lambda old, local, up, x, y: old]),
    ("the local derivative is divided by the upstream gradient, not multiplied by it", MESSAGE,
     [lambda old, local, up, x, y: old + (local / up if up else 0.0)]),
    ("the message is local derivative × upstream gradient², where it should be taken once", MESSAGE,
     [lambda old, local, up, x, y: old + local * up * up]),
    ("the local derivative is squared", MESSAGE,
     [lambda old, local, up, x, y: old + local * local * up]),
    ("the local derivative × the size of the upstream gradient is passed on: its sign is lost",
     MESSAGE, [lambda old, local, up, x, y: old + local * abs(up),
     lambda old, local, up, x, y: old + abs(local * up)]),
    ("the size of the local derivative is passed on: its sign is lost", MESSAGE,
     [lambda old, local, up, x, y: old + abs(local) * up]),
    ("the upstream gradient itself is passed on where it is positive, and 0 where it is not: the "
     "derivative looks at out.grad, where it should look at the operand", MESSAGE,
     [lambda old, local, up, x, y: old + max(up, 0.0)]),
    ("0 is passed on where the upstream gradient is negative", MESSAGE,
     [lambda old, local, up, x, y: old + local * max(up, 0.0)]),
    ("0 is passed on where the message or the local derivative is negative", MESSAGE,
     [lambda old, local, up, x, y: old + max(local * up, 0.0),
     lambda old, local, up, x, y: old + max(local, 0.0) * up,
     lambda old, local, up, x, y: max(old + local * up, 0.0)]),
    ("an operand whose number is 0 receives nothing, as `if self.data` or `x or y` takes 0 for "
     "False", "compare with None, or leave the test out",
     [lambda old, local, up, x, y: old + (local * up if x.data else 0.0)]),
    ("an operand whose number is negative receives nothing", MESSAGE,
     [lambda old, local, up, x, y: old + (local * up if x.data >= 0.0 else 0.0)]),
    ("messages are rounded", "pass them on as they are",
     [lambda old, local, up, x, y: old + int(local * up),
     *[partial(lambda n, old, local, up, x, y: old + round(local * up, n), n) for n in range(8)],
     *[partial(lambda n, old, local, up, x, y: round(old + local * up, n), n) for n in range(8)]]),
    ("messages are cut off (clipped) at a largest size", "pass them on as they are",
     [*[new for most in (1.0, 5.0, 10.0, 0.5, 2.0, 0.1, 3.0, 100.0) for new in limited(most)]]),
    ("every message is multiplied by a constant that does not belong there", MESSAGE,
     [partial(times, 2.0)]),
]  # fmt: skip
LOOP = "bind what a closure needs as a default argument, or put it into a tuple"
BY_NUMBER = attrgetter("data")
CROSSED = [  # messages that go the wrong way
    Fault(swapped_operands, "each operand gets the gradient of the other one",
          "send each operand its own: d(a * b)/da is b, and d(a * b)/db is a"),
    Fault(partial(zipped, BY_NUMBER, 0), "the operands are sorted, and their derivatives are "
          "not: they change places", "keep both in the order of the operation",
          (partial(zipped, BY_NUMBER, 0), partial(zipped, lambda x: -x.data, 0))),
    Fault(partial(zipped, BY_NUMBER, 1), "the operands are kept in a set, whose order is not "
          "that of the derivatives: they change places", "keep them in a tuple or a list",
          tuple([partial(zipped, partial(by_chance, k % 64), 1 - k // 64 * 2) for k in range(128)]),
          is_loose=True),
    Fault(partial(one_for_all, -1), "the last operand gets its message once for each operand, as "
          "closures made in a loop do: each sees the last", LOOP),
    Fault(partial(to_one, -1), "the messages of both operands go to the last one, as "
          "closures made in a loop do: each sees the last", LOOP),
    Fault(partial(to_one, 0), "the messages of both operands go to the first one",
          "send each operand its own"),
    Fault(partial(one_for_all, 0), "the first operand gets its message once for each operand",
          "send each operand its own"),
]  # fmt: skip
NODES = [  # what a node may do wrong
    *[Fault(sending(news[0]), cause, remedy, tuple(map(sending, news)))
      for cause, remedy, news in MESSAGES],
    Fault(operands_in_a_set, "the operands are kept in a set or as keys, so that `a * a` has one "
          "operand, not two", "keep them in a tuple or a list"),
    Fault(clears_operands, "the gradients of the operands are set to 0 before a message is added: "
          "those that came earlier are lost", "clear all gradients before the pass, none in it"),
    Fault(lambda node: send([node] if node.data else []), "a Value whose number is 0 passes "
          "nothing on, as `if v.data` takes 0 for False", "leave the test out"),
    Fault(first_operand_alone, "only the first operand of an operation receives a gradient",
          "send a message to each operand"),
    Fault(last_operand_alone, "only the last operand of an operation receives a gradient",
          "send a message to each operand"),
    *CROSSED,
    *[Fault(Forgetting(*lost), f"backward() does not go on to {which}: the result does not know "
            "it as an operand (a child)", "keep all operands with the new Value")
      for lost, which in (((0, 1), "what it was made of"), ((0,), "the first operand"),
                          ((1,), "the second operand"))],
]  # fmt: skip
