"""Passes that go wrong as a whole: in their order, in how they begin, in what they leave.

>>> [fault.cause for fault in PASSES if fault.backward is output_alone][0][:50]
'only the operands of the output receive a gradient'
"""

import math
from collections.abc import Callable
from functools import partial
from itertools import islice, permutations

from micronn.engine import Value, topological_order
from micronn.grade.faults import Fault, Pass, cleared, clears_leaves, in_order, pairs, send
from micronn.grade.surveying import CountsAllUses, Emptied, FromTheLast, KeepsAll, ReplaysAll

Operands = Callable[[Value], tuple[Value, ...]]

MOST_VISITS = 5_000  # of one graph; a fault that walks every way through it would never end


# In which order the nodes are visited


def reading(root: Value, bits: int, distinct: bool = False) -> Operands:
    """How operands are read: from the right at the nodes whose bit is set; as a set, if distinct.

    A set gives its elements in an order of its own at each node.
    """
    place = {node: k for k, node in enumerate(in_order(root))}

    def operands(node: Value) -> tuple[Value, ...]:
        found = node.operands[:: -1 if bits >> place.get(node, 0) & 1 else 1]
        return tuple(dict.fromkeys(found)) if distinct else found

    return operands


def any_way(walk: Callable[..., object], *all_bits: int, **options: bool) -> tuple[Pass, ...]:
    """A walk through a graph, with the operands of each node read from either side."""
    return tuple([partial(walk, bits=bits, **options) for bits in all_bits or range(64)])


def breadth_first(root: Value, bits: int = 0) -> None:
    cleared(root)
    operands, order = reading(root, bits, distinct=True), [root]
    for node in order:
        order += [x for x in operands(node) if x not in order]
    send(order)


def depth_first(root: Value, bits: int = 0) -> None:
    """Each node before what it was made of, at its first visit."""
    cleared(root)
    operands, order, to_do = reading(root, bits), dict[Value, None](), [root]
    while to_do:
        node = to_do.pop()
        if node not in order:
            order[node] = None
            to_do += reversed(operands(node))
    send(order)


def every_visit(root: Value, bits: int = 0, distinct: bool = False) -> None:
    """Depth first, and each node as often as it is reached."""
    cleared(root)
    operands, order, to_do = reading(root, bits, distinct), list[Value](), [root]
    while to_do and len(order) < MOST_VISITS:
        order.append(to_do.pop())
        to_do += reversed(operands(order[-1]))
    send(order)


def every_visit_level_by_level(root: Value) -> None:
    cleared(root)
    order = [root]
    for node in order:
        order += node.operands if len(order) < MOST_VISITS else ()
    send(order)


def in_some_order(k: int, root: Value) -> None:
    """The k-th of all orders, of which five nodes have 120."""
    cleared(root)
    send(next(islice(permutations(in_order(root)), k, None), ()))


def by_number(root: Value, sign: float = 1.0, step: int = 1) -> None:
    """step: -1 where nodes with equal numbers are the other way round."""
    cleared(root)
    send(sorted(in_order(root)[::step], key=lambda node: sign * node.data))


def along_one_operand(root: Value, bits: int = 0) -> None:
    cleared(root)
    operands = reading(root, bits)
    while root.operands:
        send([root])
        root = operands(root)[0]


def by_depth(root: Value, k: int = 0, step: int = 1) -> None:
    """The deepest first, where the depth of a node is that of one operand and 1.

    step: -1 where nodes of equal depth are the other way round.
    """
    cleared(root)
    depth = dict[Value, int]()
    for node in topological_order(root):
        depth[node] = depth[node.operands[k]] + 1 if node.operands else 0
    send(sorted(in_order(root)[::step], key=lambda node: -depth[node]))


def not_if_zero(root: Value) -> None:
    """A computed Value whose number is 0 is taken for none."""
    cleared(root)
    send([node for node in in_order(root) if node.data or node is root])


def below_the_output(root: Value) -> None:
    cleared(root)
    send(in_order(root)[1:])


def not_if_used_twice(root: Value, in_one: bool = False) -> None:
    """Nodes that are used more than once, or so by one other, never pass anything on."""
    cleared(root)
    used = [x for node in in_order(root) for x in (node.operands if not in_one else doubles(node))]
    send([node for node in in_order(root) if used.count(node) < (1 if in_one else 2)])


def doubles(node: Value) -> list[Value]:
    """The operands that a node has more than once."""
    return [x for x in dict.fromkeys(node.operands) if node.operands.count(x) > 1]


def shared_by_uses(root: Value) -> None:
    """What a node has received is divided by how often it was used."""
    cleared(root)
    nodes = [*reversed(topological_order(root))]
    uses = [x for node in nodes for x in node.operands]
    for node in nodes:
        node.grad /= max(uses.count(node), 1)
        send([node])


def overwrites(root: Value, adds: bool = False) -> None:
    """A recursive backward() that sets each operand's gradient to the last message.

    adds: it adds the message to it, and passes on the sum.
    """
    cleared(root)
    root.grad = 0.0
    to_do = [(root, 1.0)]
    for _ in range(MOST_VISITS):
        if not to_do:
            return
        node, message = to_do.pop()
        node.grad = message + (node.grad if adds else 0.0)
        to_do += [(operand, local_grad * node.grad) for operand, local_grad in pairs(node)][::-1]


def calls_itself(
    root: Value, seed: float | None = None, bits: int = 0, distinct: bool = False
) -> None:
    """A recursive backward() that passes on all that the node has received so far, or the seed."""
    cleared(root)
    operands, to_do = reading(root, bits, distinct), [root]
    for _ in range(MOST_VISITS):
        if not to_do:
            return
        node = to_do.pop()
        node.grad = node.grad if seed is None else seed
        send([node])
        to_do += reversed(operands(node))


def output_alone(root: Value) -> None:
    cleared(root)
    send([root])


def two_steps(root: Value, bits: int = 0) -> None:
    cleared(root)
    send([root, *reading(root, bits, distinct=True)(root)])


def finished(root: Value, bits: int = 0, key: Callable[[Value], object] = id) -> list[Value]:
    """Each node after its operands, as a recursive walk leaves them; key: what tells them apart."""
    operands, order, visited = reading(root, bits), list[Value](), {key(root)}
    calls = [(root, iter(operands(root)))]
    while calls:
        node, unseen = calls[-1]
        new = next((x for x in unseen if key(x) not in visited), None)
        if new is None:
            order.append(node)
            calls.pop()
        else:
            visited.add(key(new))
            calls.append((new, iter(operands(new))))
    return order


def equal_numbers(root: Value) -> None:
    """Nodes are told apart by their data: of two with equal numbers the second is left out."""
    cleared(root)
    send(reversed(finished(root, key=lambda node: node.data)))


def ends_at_zero(root: Value, bits: int = 0) -> None:
    cleared(root)
    for node in reversed(finished(root, bits)):
        if node.operands and not node.grad:
            return
        send([node])


def twice(root: Value, which: str = "all") -> None:
    """The whole order twice, or the output."""
    cleared(root)
    order = in_order(root)
    send(order + order if which == "all" else [root, *order])


# How a pass begins, and what it leaves


def seeded(root: Value, seed: float | None = None) -> None:
    """seed: the gradient of the output; None for its data."""
    cleared(root)
    root.grad = root.data if seed is None else seed
    send(in_order(root))


def one_gradient(root: Value) -> None:
    total = 1.0
    for node in in_order(root):
        for local_grad in node.local_grads:
            total += local_grad * total
    for node in topological_order(root):
        node.grad = total


def leaves_only(root: Value, left: float = 0.0) -> None:
    root.backward()
    for node in in_order(root):
        node.grad = left


def changed(root: Value, change: Callable[[float], float], leaves: bool = False) -> None:
    """The right gradients, changed when the pass is over; only those of leaves, if so."""
    root.backward()
    for node in topological_order(root):
        if not (leaves and node.operands):
            node.grad = change(node.grad)


def limited(most: float, x: float) -> float:
    """x, cut off at this size."""
    return max(-most, min(most, x))


def keeps_middle(root: Value, clears: bool = False) -> None:
    for leaf in topological_order(root) if clears else ():
        leaf.grad = leaf.grad if leaf.operands else 0.0
    root.grad = 1.0
    send(in_order(root))


def adds_seed(root: Value, clears: bool = False) -> None:
    for node in in_order(root)[1:] if clears else ():
        node.grad = 0.0
    root.grad += 1.0
    send(in_order(root))


class VisitedForEver:
    """One set of visited nodes for all passes."""

    def __init__(self) -> None:
        self.nodes = list[Value]()

    def forget(self) -> None:
        """Begin a new program."""
        self.nodes = []

    def __call__(self, root: Value) -> None:
        root.grad = 1.0
        send(self.added(root))

    def added(self, root: Value) -> list[Value]:
        """The nodes that no pass before has seen."""
        new = [node for node in in_order(root) if node not in self.nodes]
        self.nodes = new + self.nodes
        return new


class TapeForEver(VisitedForEver):
    """One list of nodes for all passes."""

    def __call__(self, root: Value) -> None:
        root.grad = 1.0
        self.added(root)
        send(self.nodes)


class OrderForEver(VisitedForEver):
    """One list for the order of all passes, each of which adds all its nodes."""

    def __init__(self, clears: bool = False) -> None:
        super().__init__()
        self.clears = clears

    def __call__(self, root: Value) -> None:
        self.nodes = in_order(root) + self.nodes
        for node in self.nodes if self.clears else ():
            node.grad = 0.0
        root.grad = 1.0
        send(self.nodes)


ORDER = "visit the nodes in reversed topological order"
SEED = "begin backward() with `self.grad = 1.0`: dy/dy is 1"
MEMORY = "begin each backward() with a new list and a new set"
AFTER: dict[str, list[Callable[[float], float]]] = {  # what becomes of gradients in the end
    "cut off (clipped) at a largest size": [
        partial(limited, most) for most in (1.0, 5.0, 10.0, 0.5, 2.0, 0.1)
    ],
    "taken without their sign": [abs],
    "turned round": [lambda x: -x],
    "rounded": [partial(round, ndigits=n) for n in range(9)],
    "made integers": [int],
}
PASSES = [  # what the whole pass may do wrong
    Fault(breadth_first, "backward() visits breadth first, without a topological order: a Value "
          "passes on its gradient before all that it should receive is there", ORDER,
          any_way(breadth_first, 0, 63)),
    Fault(depth_first, "backward() visits depth first, without a topological order: a Value "
          "passes on its gradient before all that it should receive is there", ORDER,
          any_way(depth_first, 0, 63)),
    Fault(calls_itself, "backward() calls itself for each operand, which then passes on all that "
          "it has so far, and so some of it twice", "visit every node once, in reversed "
          "topological order"),
    Fault(partial(calls_itself, seed=1.0), "backward() calls itself for each operand, and sets "
          "its gradient to 1 each time", "set only the gradient of the output to 1, before the "
          "walk",
          (partial(calls_itself, seed=1.0), partial(calls_itself, seed=1.0, distinct=True))),
    Fault(partial(overwrites, adds=True), "each message makes an operand pass on all that it has "
          "so far, and so some of it twice", "pass on the message alone, or visit every node "
          "once, in reversed topological order"),
    Fault(overwrites, "backward() calls itself for each operand and sets its gradient to the last "
          "message, where it should add", "write `self.grad += ...`, and pass on the message "
          "alone"),
    Fault(every_visit, "a Value that is reached on two ways is visited twice, and passes on its "
          "gradient twice: what was visited is not remembered (`visited.add` is forgotten, or "
          "each node calls the backward() of its operands)", "remember in a set which nodes were "
          "visited", (*any_way(every_visit), *any_way(every_visit, distinct=True)), is_loose=True),
    Fault(every_visit_level_by_level, "a Value that is reached on two ways is visited twice, "
          "level by level, and passes on its gradient twice", "remember in a set which nodes were "
          "visited"),
    Fault(by_number, "backward() visits the nodes in the order of their numbers", ORDER,
          tuple([partial(by_number, sign=k, step=n) for k in (-1.0, 1.0) for n in (-1, 1)])),
    Fault(output_alone, "only the operands of the output receive a gradient: backward() goes no "
          "further, or it begins at the leaves (`reversed` is forgotten, or is there twice), "
          "where there is nothing yet to pass on", "go from the output to the leaves, in reversed "
          "topological order"),
    Fault(two_steps, "backward() goes two steps down and no further", ORDER,
          any_way(two_steps, 0, 63), is_loose=True),
    Fault(not_if_zero, "a computed Value whose number is 0 passes nothing on, as `if child` takes "
          "0 for False", "compare with None, or leave the test out"),
    Fault(ends_at_zero, "the whole walk ends at the first computed Value that has gradient 0, as "
          "`break` and `return` do", "write `continue`, or leave the test out",
          any_way(ends_at_zero, 0, 63)),
    Fault(by_depth, "the order of backward() is that of depths, and the depth of a Value is taken "
          "from one of its operands alone", "take 1 more than the largest depth of all operands, "
          "or a topological order",
          tuple([partial(by_depth, k=k, step=step) for k in (0, -1) for step in (1, -1)]),
          is_loose=True),
    Fault(along_one_operand, "backward() goes on through the first operand alone", ORDER),
    Fault(along_one_operand, "backward() goes on through one of the operands alone", ORDER,
          any_way(along_one_operand), is_loose=True),
    Fault(below_the_output, "the output itself passes nothing on: the walk leaves out the node it "
          "begins with", "let the order include self"),
    Fault(not_if_used_twice, "a Value that is used twice never passes on what it received",
          "count a use for each message, or use a topological order",
          (not_if_used_twice, partial(not_if_used_twice, in_one=True))),
    Fault(shared_by_uses, "a gradient is divided by how often its Value was used, where messages "
          "should be added", "add the messages, and divide by nothing"),
    Fault(partial(seeded, seed=0.0), "the gradient of the output is not set to 1, or is set back "
          "to 0 before it is passed on: every gradient stays 0", "begin backward() with "
          "`self.grad = 1.0`"),
    Fault(seeded, "the gradient of the output is set to its data, not to 1", SEED),
    Fault(partial(seeded, seed=2.0), "the gradient of the output is set to another number than 1",
          SEED, is_loose=True, fitted=lambda k: partial(seeded, seed=k)),
    Fault(partial(in_some_order, 0), "backward() visits the nodes in an order that is not "
          "topological, as that of a set", ORDER,
          tuple([partial(in_some_order, k) for k in range(120)]), is_loose=True),
    Fault(twice, "nodes pass on their gradients twice: the walk is made twice, or a node stands in "
          "the order twice", "visit every node once", (twice, partial(twice, which="output"))),
    *[Fault(ways[0], f"the gradients are {what} when the pass is over", "leave them as they are",
            ways)
      for what, changes in AFTER.items()
      for ways in [tuple([partial(changed, change=change, leaves=leaves)
                          for change in changes for leaves in (True, False)])]],
    Fault(one_gradient, "all Values share one gradient: it belongs to the class, or to a list "
          "made only once", "set `self.grad = 0.0` in __init__"),
    Fault(leaves_only, "backward() sets the gradients of computed Values back to 0 when it has "
          "passed them on", "clear them before the pass, if at all"),
    Fault(partial(leaves_only, left=math.nan), "only leaves have a gradient after backward()", "",
          is_limit=True),
    Fault(equal_numbers, "two Values with equal numbers are taken for one, since they compare or "
          "hash as equal", "leave `__eq__` and `__hash__` as they are, or tell nodes apart with "
          "`is` and id()"),
    Fault(keeps_middle, "backward() starts with the gradients that an earlier pass has left in "
          "the middle of the graph, and passes them on once more", "set the gradient of every "
          "computed Value to 0 before the pass", is_limit=True),
    Fault(partial(keeps_middle, clears=True), "backward() sets the gradients of the leaves to 0 "
          "before the pass, but not those in the middle of the graph, which are passed on once "
          "more", "set the gradient of every computed Value to 0 before the pass"),
    Fault(FromTheLast(), "backward() begins at the Value that was made last, not at the one that "
          "it is called on", "begin with self", (FromTheLast(), FromTheLast(clears=True))),
    Fault(KeepsAll(), "the gradients of earlier passes are kept beside the Values, as in a dict "
          "that all passes share, and added to", MEMORY),
    Fault(Emptied(), "backward() forgets all nodes, also those of results that it was not called "
          "on: no other pass can follow", "keep what each Value was made of",
          (Emptied(), Emptied(clears=True))),
    Fault(CountsAllUses(), "a Value waits for a message from each place where it was ever used, "
          "also from results that backward() was not called on, and passes nothing on where they "
          "send none", "count only the uses below self",
          (CountsAllUses(), CountsAllUses(clears=True))),
    Fault(adds_seed, "backward() adds 1 to the gradient that the output has from an earlier pass",
          "begin backward() with `self.grad = 1.0`, not `+= 1.0`",
          (adds_seed, partial(adds_seed, clears=True))),
    Fault(clears_leaves, "backward() sets also the gradients of the leaves to 0, so two passes do "
          "not add up", "leave that to zero_grad(), so that the gradients of several examples can "
          "add up", is_limit=True),
    Fault(VisitedForEver(), "a Value that one backward() has visited is never visited again: the "
          "set, or the mark on the Value, is not reset", MEMORY),
    Fault(TapeForEver(), "the list of nodes is never emptied: each backward() passes on the "
          "gradients of earlier graphs once more", MEMORY,
          (TapeForEver(), ReplaysAll(), OrderForEver(), OrderForEver(clears=True))),
]  # fmt: skip
