"""The gallery of faults: wrong backward passes, each as it is usually written.

Every one of them walks a graph that micronn's engine has recorded, so that on any program
it says what an engine with that fault would say.  An engine whose numbers are the same
on all programs has that fault.

    >>> from micronn.grade.programs import PROGRAMS, numbers
    >>> reuse = next(program for program in PROGRAMS if program.text == "a + a")
    >>> numbers(reuse.source, at(sets_grad, "+"))["a"], numbers(reuse.source, Value.backward)["a"]
    ((3.0, 1.0), (3.0, 2.0))
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from micronn.engine import Value, topological_order

MOST_VISITS = 5_000  # of one graph; a fault that walks every way through it would never end


class Fault(NamedTuple):
    """A wrong backward pass, and what is wrong with it, in a sentence and as a remedy."""

    backward: Callable[[Value], object]
    cause: str
    remedy: str


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


def send(nodes: Iterable[Value]) -> None:
    """The chain rule at these nodes, in this order."""
    for node in nodes:
        for operand, local_grad in pairs(node):
            operand.grad += local_grad * node.grad


# What a node does wrong: each of these sends its messages to its operands


def sets_grad(node: Value) -> None:
    for operand, local_grad in pairs(node):
        operand.grad = local_grad * node.grad


def operands_in_a_set(node: Value) -> None:
    for operand, local_grad in dict(pairs(node)).items():
        operand.grad += local_grad * node.grad


def forgets_upstream(node: Value) -> None:
    for operand, local_grad in pairs(node):
        operand.grad += local_grad


def operand_for_upstream(node: Value) -> None:
    for operand, local_grad in pairs(node):
        operand.grad += local_grad * operand.grad


def adds_upstream(node: Value) -> None:
    for operand, local_grad in pairs(node):
        operand.grad += local_grad + node.grad


def first_operand_alone(node: Value) -> None:
    node.operands[0].grad += node.local_grads[0] * node.grad


def last_operand_alone(node: Value) -> None:
    node.operands[-1].grad += node.local_grads[-1] * node.grad


def swapped_operands(node: Value) -> None:
    for operand, local_grad in zip(node.operands, reversed(node.local_grads), strict=True):
        operand.grad += local_grad * node.grad


def turned_round(node: Value) -> None:
    for operand, local_grad in pairs(node):
        operand.grad -= local_grad * node.grad


def at(send_wrong: Callable[[Value], object], ops: Iterable[str]) -> Callable[[Value], None]:
    """The backward pass whose nodes of these ops send so, and all others as they should."""

    def backward(root: Value) -> None:
        cleared(root)
        for node in in_order(root):
            if node.op in ops:
                send_wrong(node)
            else:
                send([node])

    return backward


# In which order the nodes are visited


def breadth_first(root: Value) -> None:
    cleared(root)
    order = [root]
    for node in order:
        order += [x for x in dict.fromkeys(node.operands) if x not in order]
    send(order)


def depth_first(root: Value) -> None:
    cleared(root)
    send(preorder(root, lambda node: node.operands))


def depth_first_from_the_right(root: Value) -> None:
    cleared(root)
    send(preorder(root, lambda node: node.operands[::-1]))


def preorder(root: Value, operands: Callable[[Value], tuple[Value, ...]]) -> list[Value]:
    """Each node before what it was made of, at its first visit."""
    order, to_do = dict[Value, None](), [root]
    while to_do:
        node = to_do.pop()
        if node not in order:
            order[node] = None
            to_do += reversed(operands(node))
    return [*order]


def every_visit(root: Value) -> None:
    """Depth first, and each node as often as it is reached."""
    cleared(root)
    order, to_do = list[Value](), [root]
    while to_do and len(order) < MOST_VISITS:
        order.append(to_do.pop())
        to_do += order[-1].operands
    send(order)


def every_visit_level_by_level(root: Value) -> None:
    cleared(root)
    order = [root]
    for node in order:
        order += node.operands if len(order) < MOST_VISITS else ()
    send(order)


def overwrites(root: Value) -> None:
    """A recursive backward() that sets each operand's gradient to the last message."""
    cleared(root)
    to_do = [(root, 1.0)]
    for _ in range(MOST_VISITS):
        if not to_do:
            return
        node, message = to_do.pop()
        node.grad = message
        to_do += [(operand, local_grad * node.grad) for operand, local_grad in pairs(node)][::-1]


def calls_itself(root: Value) -> None:
    """A recursive backward() that passes on all that the node has received so far."""
    cleared(root)
    to_do = [root]
    for _ in range(MOST_VISITS):
        if not to_do:
            return
        node = to_do.pop()
        send([node])
        to_do += reversed(node.operands)


def output_alone(root: Value) -> None:
    cleared(root)
    send([root])


def equal_numbers(root: Value) -> None:
    """Nodes are told apart by their data: of two with equal numbers the second is left out."""
    cleared(root)
    order, visited = list[Value](), {root.data}
    calls = [(root, iter(root.operands))]
    while calls:
        node, unseen = calls[-1]
        new = next((x for x in unseen if x.data not in visited), None)
        if new is None:
            order.append(node)
            calls.pop()
        else:
            visited.add(new.data)
            calls.append((new, iter(new.operands)))
    send(reversed(order))


# How a pass begins, and what it leaves


def no_seed(root: Value) -> None:
    cleared(root)
    root.grad = 0.0
    send(in_order(root))


def seed_is_data(root: Value) -> None:
    cleared(root)
    root.grad = root.data
    send(in_order(root))


def keeps_middle(root: Value) -> None:
    root.grad = 1.0
    send(in_order(root))


def adds_seed(root: Value) -> None:
    root.grad += 1.0
    send(in_order(root))


def clears_leaves(root: Value) -> None:
    for node in in_order(root):
        for operand in node.operands:
            operand.grad = 0.0
    cleared(root)
    send(in_order(root))


NODES = [  # what a node may do wrong
    Fault(
        sets_grad,
        "backward() sets the gradient of an operand where it should add to it",
        "write `operand.grad += ...` for `operand.grad = ...`: a Value that is used twice gets "
        "two messages",
    ),
    Fault(
        operands_in_a_set,
        "the operands are kept in a set or as keys, so that `a * a` has one operand, not two",
        "keep them in a tuple or a list",
    ),
    Fault(
        forgets_upstream,
        "the local derivative is not multiplied by the gradient that comes from above (upstream)",
        "a message is local derivative × out.grad",
    ),
    Fault(
        operand_for_upstream,
        "the local derivative is multiplied by the operand's own gradient, not by the result's",
        "a message is local derivative × out.grad",
    ),
    Fault(
        adds_upstream,
        "the local derivative is added to the upstream gradient, not multiplied by it",
        "a message is local derivative × out.grad",
    ),
    Fault(
        first_operand_alone,
        "only the first operand of an operation receives a gradient",
        "send a message to each operand",
    ),
    Fault(
        last_operand_alone,
        "only the last operand of an operation receives a gradient",
        "send a message to each operand",
    ),
    Fault(
        turned_round,
        "every message has the wrong sign: it is subtracted",
        "add it: the gradient says where the output grows",
    ),
]

PASSES = [  # what the whole pass may do wrong
    Fault(
        at(swapped_operands, "*"),
        "in `*` each operand gets the gradient of the other one",
        "d(a * b)/da is b, and d(a * b)/db is a",
    ),
    Fault(
        breadth_first,
        "backward() visits breadth first, without a topological order: a Value passes on its "
        "gradient before all that it should receive is there",
        "visit the nodes in reversed topological order",
    ),
    Fault(
        depth_first,
        "backward() visits depth first, without a topological order: a Value passes on its "
        "gradient before all that it should receive is there",
        "visit the nodes in reversed topological order",
    ),
    Fault(
        depth_first_from_the_right,
        "backward() visits depth first, the last operand first, without a topological order",
        "visit the nodes in reversed topological order",
    ),
    Fault(
        calls_itself,
        "backward() calls itself for each operand, which then passes on all that it has so far, "
        "and so some of it twice",
        "visit every node once, in reversed topological order",
    ),
    Fault(
        overwrites,
        "backward() calls itself for each operand and sets its gradient to the last message, where "
        "it should add",
        "write `self.grad += ...`, and pass on the message alone",
    ),
    Fault(
        every_visit,
        "a Value that is reached on two ways is visited twice, and passes on its gradient twice",
        "remember in a set which nodes were visited",
    ),
    Fault(
        every_visit_level_by_level,
        "a Value that is reached on two ways is visited twice, and passes on its gradient twice",
        "remember in a set which nodes were visited",
    ),
    Fault(
        output_alone,
        "only the operands of the output receive a gradient: backward() goes no further, or it "
        "begins at the leaves, where there is nothing yet to pass on",
        "go from the output to the leaves, in reversed topological order",
    ),
    Fault(
        no_seed,
        "the gradient of the output is not set to 1, or backward() does nothing: every gradient "
        "stays 0",
        "begin backward() with `self.grad = 1.0`",
    ),
    Fault(
        seed_is_data,
        "the gradient of the output is set to its data, not to 1",
        "begin backward() with `self.grad = 1.0`: dy/dy is 1",
    ),
    Fault(
        equal_numbers,
        "two Values with equal numbers are taken for one, since they compare or hash as equal",
        "leave `__eq__` and `__hash__` as they are, or tell nodes apart with `is` and id()",
    ),
    Fault(
        keeps_middle,
        "backward() starts with the gradients that an earlier pass has left in the middle of "
        "the graph, and passes them on once more",
        "set the gradient of every computed Value to 0 before the pass",
    ),
    Fault(
        adds_seed,
        "backward() adds 1 to the gradient that the output has from an earlier pass",
        "begin backward() with `self.grad = 1.0`, not `+= 1.0`",
    ),
    Fault(
        clears_leaves,
        "backward() sets also the gradients of the leaves to 0, so two passes do not add up",
        "leave that to zero_grad(), so that the gradients of several examples can add up",
    ),
]

EVERYWHERE = ("+", "*")
GALLERY = [
    *[fault._replace(backward=at(fault.backward, EVERYWHERE)) for fault in NODES],
    *PASSES,
    *[
        Fault(at(fault.backward, op), f"in `{op}` alone: {fault.cause}", fault.remedy)
        for op in EVERYWHERE
        for fault in NODES
    ],
]
