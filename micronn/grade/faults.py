"""The gallery of faults: wrong backward passes, each as it is usually written.

Every one of them walks a graph that micronn's engine has recorded, so that on any program
it says what an engine with that fault would say.  An engine whose numbers are the same
on all programs has that fault.

    >>> from micronn.grade.programs import PROGRAMS, numbers
    >>> reuse = next(program for program in PROGRAMS if program.text == "a + a")
    >>> sets = sent_by({"+": NODES[0].backward})
    >>> numbers(reuse.source, sets)["a"], numbers(reuse.source, Value.backward)["a"]
    ((3.0, 1.0), (3.0, 2.0))
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from micronn.engine import Value, topological_order
from micronn.grade.formulas import function

Pass = Callable[[Value], object]  # of a whole graph, or of one node to its operands


class Fault(NamedTuple):
    """A wrong backward pass, and what is wrong with it, in a sentence and as a remedy.

    ways: all passes with this fault; an engine has it if one of them gives its answers.
    is_limit: whether a right engine may be so.
    is_loose: whether each program may ask for another way, as where a set gives the
        operands in an order of its own.
    fitted: the pass with this fault and a number that an engine's answer shows.
    """

    cause: str
    remedy: str
    ways: tuple[Pass, ...]
    is_limit: bool = False
    is_loose: bool = False
    fitted: Callable[[float], Pass] | None = None

    @property
    def backward(self) -> Pass:
        """The usual pass with this fault."""
        return self.ways[0]


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


def clear_operands(nodes: Iterable[Value]) -> None:
    for node in nodes:
        for operand in node.operands:
            operand.grad = 0.0


def send(nodes: Iterable[Value]) -> None:
    """The chain rule at these nodes, in this order."""
    for node in nodes:
        for operand, local_grad in pairs(node):
            operand.grad += local_grad * node.grad


# What a node does wrong: each of these sends its messages to its operands


def sending(new: str, only: int | None = None) -> Pass:
    """A node whose messages make new gradients; all of them, or that to one operand.

    new: the formula of the new gradient.  old: the operand's gradient, and local: its local
        derivative; up: the upstream gradient; x: the operand, and y: the result.
    """

    def send_wrong(node: Value) -> None:
        for k, (x, local) in enumerate(pairs(node)):
            message = new if only in (None, k) else "old + local * up"
            x.grad = function("old, local, up, x, y", message)(x.grad, local, node.grad, x, node)

    return send_wrong


def routed(routes: Iterable[tuple[int, int]], node: Value) -> None:
    """The message of one operand is sent to another: for each route from which, and to which."""
    for k, to in routes if len(node.operands) == 2 else [(0, 0)]:
        node.operands[to].grad += node.local_grads[k] * node.grad


def operands_in_a_set(node: Value) -> None:
    for operand, local_grad in dict(pairs(node)).items():
        operand.grad += local_grad * node.grad


def zipped(order: Callable[[Value], float], step: int, node: Value) -> None:
    """The operands are put into another order, and the derivatives are not; a set if step."""
    operands = [*dict.fromkeys(node.operands)][::step] if step else node.operands
    for operand, local_grad in zip(sorted(operands, key=order), node.local_grads, strict=False):
        operand.grad += local_grad * node.grad


def by_chance(bits: int, x: Value) -> float:
    """A place in a set, which nobody knows: a bit for each number."""
    return bits >> hash(x.data) % 6 & 1


def clears_operands(node: Value) -> None:
    clear_operands([node])
    send([node])


def forgetting(lost: tuple[int, ...], node: Value) -> tuple[int, ...]:
    """A node that sends all its messages, and is not known to be made of the lost operands."""
    send([node])
    return lost


def op_of(node: Value) -> str:
    """The operation of a node, whatever its power is."""
    return "**" if node.op.startswith("**") else node.op


def send_one(node: Value) -> None:
    send([node])


def sent_by(sends: Mapping[str, Pass], rest: Pass = send_one) -> Callable[[Value], None]:
    """The backward pass whose nodes send as their op does, and those of other ops as the rest."""

    def backward(root: Value) -> None:
        cleared(root)
        reached = {root}
        for node in in_order(root):
            if node in reached:
                lost = sends.get(op_of(node), rest)(node)
                known = lost if isinstance(lost, tuple) else ()
                reached.update(x for k, x in enumerate(node.operands) if k not in known)

    return backward


ADD = (
    "write `operand.grad += ...` for `operand.grad = ...`: a Value that is used twice gets two "
    "messages"
)
MESSAGE = "a message is local derivative × out.grad, and is added to the operand's gradient"
MESSAGES: list[tuple[str, str, list[str]]] = [  # the mistake, its remedy, the new gradient
    ("backward() sets the gradient of an operand where it should add to it", ADD,
     ["local * up"]),
    ("the local derivative is not multiplied by the gradient that comes from above (upstream): "
     "the upstream gradient is forgotten", MESSAGE, ["old + local"]),
    ("the local derivative is multiplied by the operand's own gradient, not by the result's "
     "(`self.grad` for `out.grad`)", MESSAGE,
     ["old + local * old", *[f"old + local * y.operands[{k}].grad" for k in (0, -1)]]),
    ("the local derivative is added to the upstream gradient, not multiplied by it", MESSAGE,
     ["old + local + up"]),
    ("the upstream gradient is passed on as it is: the local derivative is forgotten", MESSAGE,
     ["old + up"]),
    ("every message has the wrong sign: it is subtracted",
     "add it: the gradient says where the output grows",
     ["old - local * up"]),
    ("the local derivative is multiplied by the operand's number, not by the upstream gradient "
     "(`self.data` for `out.grad`)", MESSAGE, ["old + local * x.data"]),
    ("the local derivative is multiplied by the result's number, not by its gradient (`out.data` "
     "for `out.grad`)", MESSAGE, ["old + local * y.data"]),
    ("the gradient of an operand is multiplied by the message, where it should be added "
     "(`*=` for `+=`)", MESSAGE, ["old * local * up"]),
    ("only the first message counts: a gradient that is not 0 is left as it is "
     "(`if self.grad`, perhaps)", ADD,
     ["old or local * up"]),
    ("only the larger of two messages is kept", ADD,
     ["max(old, local * up) if old else local * up", "max(old, local * up)",
      "max(old, local * up, key=abs)"]),
    ("what is there already is added once more with each message (`self.grad += self.grad + ...`)",
     MESSAGE, ["2 * old + local * up"]),
    ("two messages are averaged, where they should be added", MESSAGE,
     ["(old + local * up) / 2", "(old + local * up) / 2 if old else local * up"]),
    ("the gradient is set to the local derivative: neither is the upstream gradient multiplied "
     "to it, nor is it added", MESSAGE, ["local"]),
    ("nothing is passed on: are they among the operands, and is out.grad read only when backward() "
     "runs?", MESSAGE, ["old"]),
    ("the local derivative is divided by the upstream gradient, not multiplied by it", MESSAGE,
     ["old + (local / up if up else 0)"]),
    ("the message is local derivative × upstream gradient², where it should be taken once", MESSAGE,
     ["old + local * up * up"]),
    ("the local derivative is squared", MESSAGE, ["old + local * local * up"]),
    ("the local derivative × the size of the upstream gradient is passed on: its sign is lost",
     MESSAGE, ["old + local * abs(up)", "old + abs(local * up)"]),
    ("the size of the local derivative is passed on: its sign is lost", MESSAGE,
     ["old + abs(local) * up"]),
    ("the upstream gradient itself is passed on where it is positive, and 0 where it is not: the "
     "derivative looks at out.grad, where it should look at the operand", MESSAGE,
     ["old + max(up, 0)"]),
    ("0 is passed on where the upstream gradient is negative", MESSAGE,
     ["old + local * max(up, 0)"]),
    ("0 is passed on where the message or the local derivative is negative", MESSAGE,
     ["old + max(local * up, 0)", "old + max(local, 0) * up", "max(old + local * up, 0)"]),
    ("an operand whose number is 0 receives nothing, as `if self.data` or `x or y` takes 0 for "
     "False", "compare with None, or leave the test out",
     ["old + (local * up if x.data else 0)"]),
    ("an operand whose number is negative receives nothing", MESSAGE,
     ["old + (local * up if x.data >= 0 else 0)"]),
    ("messages are rounded", "pass them on as they are",
     ["old + int(local * up)", *[f"old + round(local * up, {n})" for n in range(8)],
      *[f"round(old + local * up, {n})" for n in range(8)]]),
    ("messages are cut off (clipped) at a largest size", "pass them on as they are",
     [new for most in (1, 5, 10, 0.5, 2, 0.1, 3, 100)
      for new in (f"old + clip(local * up, -{most}, {most})",
                  f"clip(old + local * up, -{most}, {most})")]),
    ("every message is multiplied by a constant that does not belong there", MESSAGE,
     ["old + 2 * local * up"]),
]  # fmt: skip
LOOP = "bind what a closure needs as a default argument, or put it into a tuple"
BY_NUMBER = attrgetter("data")
BOTH = "the messages of both operands go to the"
AGAIN = "operand gets its message once for each operand"
CROSSED = [  # messages that go the wrong way
    Fault("each operand gets the gradient of the other one", "send each operand its own: "
          "d(a * b)/da is b, and d(a * b)/db is a", (partial(routed, ((0, 1), (1, 0))),)),
    Fault("the operands are sorted, and their derivatives are not: they change places",
          "keep both in the order of the operation",
          (partial(zipped, BY_NUMBER, 0), partial(zipped, lambda x: -x.data, 0))),
    Fault("the operands are kept in a set, whose order is not that of the derivatives: they "
          "change places", "keep them in a tuple or a list",
          tuple([partial(zipped, partial(by_chance, k % 64), 1 - k // 64 * 2) for k in range(128)]),
          is_loose=True),
    *[Fault(cause, remedy, (partial(routed, routes),)) for cause, remedy, routes in (
        (f"the last {AGAIN}, as closures made in a loop do: each sees the last", LOOP,
         ((1, 1), (1, 1))),
        (f"{BOTH} last one, as closures made in a loop do: each sees the last", LOOP,
         ((0, 1), (1, 1))),
        (f"{BOTH} first one", "send each operand its own", ((0, 0), (1, 0))),
        (f"the first {AGAIN}", "send each operand its own", ((0, 0), (0, 0))))],
]  # fmt: skip
NODES = [  # what a node may do wrong
    *[Fault(cause, remedy, tuple(map(sending, news))) for cause, remedy, news in MESSAGES],
    Fault("the operands are kept in a set or as keys, so that `a * a` has one operand, not two",
          "keep them in a tuple or a list", (operands_in_a_set,)),
    Fault("the gradients of the operands are set to 0 before a message is added: those that came "
          "earlier are lost", "clear all gradients before the pass, none in it",
          (clears_operands,)),
    Fault("a Value whose number is 0 passes nothing on, as `if v.data` takes 0 for False",
          "leave the test out", (lambda node: send([node] if node.data else []),)),
    *[Fault(f"only the {which} operand of an operation receives a gradient",
            "send a message to each operand", (partial(routed, [route]),))
      for which, route in (("first", (0, 0)), ("last", (1, 1)))],
    *CROSSED,
    *[Fault(f"backward() does not go on to {which}: the result does not know it as an operand "
            "(a child)", "keep all operands with the new Value", (partial(forgetting, lost),))
      for lost, which in (((0, 1), "what it was made of"), ((0,), "the first operand"),
                          ((1,), "the second operand"))],
]  # fmt: skip
