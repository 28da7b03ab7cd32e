"""Passes that go wrong as a whole: in their order, in how they begin, in what they leave.

Each is a way to put the nodes of a graph into an order; what comes between the nodes of one
that yields them comes between their messages.

    >>> [fault.cause for fault in PASSES if fault.backward is output_alone][0][:50]
    'only the operands of the output receive a gradient'
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice, permutations
from typing import Any

from micronn.engine import Value, topological_order
from micronn.grade.faults import Fault, Pass, clear_operands, cleared, in_order, pairs, send
from micronn.grade.formulas import function

Order = Callable[[Value], Iterable[Value]]

MOST_VISITS = 5_000  # of one graph; a fault that walks every way through it would never end


def visiting(order: Order) -> Pass:
    """The pass whose nodes send in this order, after it has begun as it should."""

    def backward(root: Value) -> None:
        cleared(root)
        send(order(root))

    return backward


# In which order the nodes are visited


def reading(root: Value, bits: int, distinct: bool = False) -> Callable[[Value], list[Value]]:
    """How operands are read: from the right at the nodes whose bit is set; as a set, if distinct.

    A set gives its elements in an order of its own at each node.
    """
    place = {node: k for k, node in enumerate(in_order(root))}

    def operands(node: Value) -> list[Value]:
        found = node.operands[:: -1 if bits >> place.get(node, 0) & 1 else 1]
        return [*dict.fromkeys(found)] if distinct else [*found]

    return operands


def walk(
    root: Value, bits: int = 0, distinct: bool = False, once: bool = False, level: bool = False,
    most: int = 2, seed: float | None = None,
) -> Iterator[Value]:  # fmt: skip
    """Each node before what it was made of, from the root on; depth first, or level by level.

    once: at its first visit alone.  most: how many of its operands are visited.
    seed: what a node's gradient is set to at its visit.
    """
    operands, seen, to_do = reading(root, bits, distinct), list[Value](), [root]
    while to_do and len(seen) < MOST_VISITS:
        node = to_do.pop(0 if level else -1)
        if once and node in seen:
            continue
        seen.append(node)
        node.grad = node.grad if seed is None else seed
        yield node
        to_do += operands(node)[:most][:: 1 if level else -1]


def any_way(order: Callable[..., Iterable[Value]], *all_bits: int, **options: Any) -> list[Order]:
    """An order, with the operands of each node read from either side."""
    return [partial(order, bits=bits, **options) for bits in all_bits or range(64)]


def two_steps(root: Value, step: int = 1) -> list[Value]:
    return [root, *dict.fromkeys(root.operands[::step])]


def in_some_order(k: int, root: Value) -> Iterable[Value]:
    """The k-th of all orders, of which five nodes have 120."""
    return next(islice(permutations(in_order(root)), k, None), ())


def by_number(root: Value, sign: float = 1.0, step: int = 1) -> list[Value]:
    """step: -1 where nodes with equal numbers are the other way round."""
    return sorted(in_order(root)[::step], key=lambda node: sign * node.data)


def by_depth(root: Value, k: int = 0, step: int = 1) -> list[Value]:
    """The deepest first, where the depth of a node is that of one operand and 1.

    step: -1 where nodes of equal depth are the other way round.
    """
    depth = dict[Value, int]()
    for node in topological_order(root):
        depth[node] = depth[node.operands[k]] + 1 if node.operands else 0
    return sorted(in_order(root)[::step], key=lambda node: -depth[node])


def not_if_zero(root: Value) -> list[Value]:
    """A computed Value whose number is 0 is taken for none."""
    return [node for node in in_order(root) if node.data or node is root]


def not_if_used_twice(root: Value, in_one: bool = False) -> list[Value]:
    """Nodes that are used more than once, or so by one other, never pass anything on."""
    nodes = in_order(root)
    twice = [x for node in nodes for x, n in Counter(node.operands).items() if n > 1]
    used = Counter([x for node in nodes for x in node.operands])
    return [node for node in nodes if (node not in twice if in_one else used[node] < 2)]


def shared_by_uses(root: Value) -> Iterator[Value]:
    """What a node has received is divided by how often it was used."""
    uses = Counter([x for node in in_order(root) for x in node.operands])
    for node in reversed(topological_order(root)):
        node.grad /= max(uses[node], 1)
        yield node


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


def finished(root: Value, bits: int = 0, key: Callable[[Value], object] = id) -> list[Value]:
    """Each node after its operands, as a recursive walk leaves them; key: what tells them apart."""
    operands, order, visited, to_do = reading(root, bits), list[Value](), set(), [(root, False)]
    while to_do:
        node, is_done = to_do.pop()
        if is_done:
            order.append(node)
        elif key(node) not in visited:
            visited.add(key(node))
            to_do += [(node, True), *[(x, False) for x in reversed(operands(node))]]
    return order


def ends_at_zero(root: Value, bits: int = 0) -> Iterator[Value]:
    for node in reversed(finished(root, bits)):
        if node.operands and not node.grad:
            return
        yield node


# How a pass begins, and what it leaves


def seeded(root: Value, seed: float | None = None) -> list[Value]:
    """seed: the gradient of the output; None for its data."""
    root.grad = root.data if seed is None else seed
    return in_order(root)


def one_gradient(root: Value) -> None:
    total = 1.0
    for node in in_order(root):
        for local_grad in node.local_grads:
            total += local_grad * total
    for node in topological_order(root):
        node.grad = total


def leaves_only(root: Value, left: float = 0.0) -> Iterator[Value]:
    yield from in_order(root)
    for node in in_order(root):
        node.grad = left


def changed(root: Value, change: Callable[[float], float], leaves: bool = False) -> Iterator[Value]:
    """The right gradients, changed when the pass is over; only those of leaves, if so."""
    yield from in_order(root)
    for node in topological_order(root):
        if not (leaves and node.operands):
            node.grad = change(node.grad)


def clears_leaves(root: Value) -> list[Value]:
    clear_operands(in_order(root))
    return in_order(root)


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


# What a pass keeps for the next, and which Values it knows beside its root's


class Remembering:
    """A pass with a memory.

    order: of a root, of what is kept from one pass to the next, and of all Values with a name,
        the last made last.
    """

    def __init__(self, order: Callable[..., Iterable[Value]]) -> None:
        self.order = order
        self.begin({})

    def begin(self, names: dict[str, object]) -> None:
        """Begin a new program, with these names."""
        self.names, self.kept = names, list[Any]()

    def __call__(self, root: Value) -> None:
        made = [x for x in self.names.values() if isinstance(x, Value)]
        send(self.order(root, self.kept, [*dict.fromkeys(made or [root])]))


def not_again(root: Value, kept: list[Value], made: list[Value]) -> list[Value]:
    """One set of visited nodes for all passes."""
    root.grad = 1.0
    new = [node for node in in_order(root) if node not in kept]
    kept[:0] = new
    return new


def on_one_tape(root: Value, kept: list[Value], made: list[Value]) -> list[Value]:
    """One list of nodes for all passes."""
    not_again(root, kept, made)
    return kept


def in_one_order(
    root: Value, kept: list[Value], made: list[Value], clears: bool = False
) -> list[Value]:
    """One list for the order of all passes, each of which adds all its nodes."""
    kept[:0] = in_order(root)
    for node in kept if clears else ():
        node.grad = 0.0
    root.grad = 1.0
    return kept


def of_all_ever(root: Value, kept: list[Value], made: list[Value]) -> Iterable[Value]:
    """All Values that ever were pass on what they have, the last made first."""
    known = dict.fromkeys([*topological_order(root), *made])
    kept += [x for x in known if x not in kept]
    root.grad = 1.0
    return reversed(kept)


def forgets_all(
    root: Value, kept: list[Value], made: list[Value], clears: bool = False
) -> list[Value]:
    """What is known of all Values is gone after a pass."""
    nodes = [node for node in in_order(root) if node not in kept]
    clear_operands(nodes if clears else ())
    root.grad = 1.0
    kept[:] = made
    return nodes


def keeps_gradients(
    root: Value, kept: list[tuple[Value, float]], made: list[Value]
) -> Iterator[Value]:
    """Gradients are kept apart from the Values, and added to in each pass."""
    known = dict(kept)
    for node in topological_order(root):
        node.grad = known.get(node, 0.0)
    root.grad = 1.0
    yield from in_order(root)
    kept += [(node, node.grad) for node in topological_order(root)]


def from_the_last(
    root: Value, kept: list[Value], made: list[Value], clears: bool = False
) -> list[Value]:
    """It begins at the Value that was made last."""
    cleared(made[-1])
    clear_operands(in_order(made[-1]) if clears else ())
    return in_order(made[-1])


def counts_all_uses(
    root: Value, kept: list[Value], made: list[Value], clears: bool = False
) -> Iterator[Value]:
    """A Value passes on when it has a message for each use, also for those in other results."""
    for node in topological_order(root) if clears else in_order(root):
        node.grad = 0.0
    root.grad, ready = 1.0, [root]
    uses = Counter([x for node in made for x in node.operands])
    for node in ready:
        yield node
        for operand in node.operands:
            uses[operand] -= 1
            ready += [operand] * (not uses[operand])


# The gallery


def fault(cause: str, remedy: str, *orders: Order, **options: Any) -> Fault:
    """The fault of passes that visit in these orders."""
    return Fault(cause, remedy, tuple(map(visiting, orders)), **options)


def remembering(cause: str, remedy: str, *orders: Callable[..., Iterable[Value]]) -> Fault:
    """The fault of passes that keep something for the next."""
    return Fault(cause, remedy, tuple(map(Remembering, orders)))


ORDER = "visit the nodes in reversed topological order"
SEED = "begin backward() with `self.grad = 1.0`: dy/dy is 1"
MEMORY = "begin each backward() with a new list and a new set"
FIRST = "without a topological order: a Value passes on its gradient before all that it should"
AFTER = {  # what becomes of gradients in the end
    "cut off (clipped) at a largest size": [
        f"clip(x, -{most}, {most})" for most in (1, 5, 10, 0.5, 2, 0.1)
    ],
    "rounded": [f"round(x, {n})" for n in range(9)],
    "made integers": ["int(x)"],
}
output_alone = visiting(lambda root: [root])
PASSES = [  # what the whole pass may do wrong
    fault(f"backward() visits breadth first, {FIRST} receive is there", ORDER,
          *any_way(walk, 0, 63, once=True, level=True)),
    fault(f"backward() visits depth first, {FIRST} receive is there", ORDER,
          *any_way(walk, 0, 63, once=True)),
    fault("backward() calls itself for each operand, which then passes on all that it has so far, "
          "and so some of it twice", "visit every node once, in reversed topological order", walk),
    fault("backward() calls itself for each operand, and sets its gradient to 1 each time",
          "set only the gradient of the output to 1, before the walk",
          partial(walk, seed=1.0), partial(walk, seed=1.0, distinct=True)),
    Fault("each message makes an operand pass on all that it has so far, and so some of it twice",
          "pass on the message alone, or visit every node once, in reversed topological order",
          (partial(overwrites, adds=True),)),
    Fault("backward() calls itself for each operand and sets its gradient to the last message, "
          "where it should add", "write `self.grad += ...`, and pass on the message alone",
          (overwrites,)),
    fault("a Value that is reached on two ways is visited twice, and passes on its gradient twice: "
          "what was visited is not remembered (`visited.add` is forgotten, or each node calls the "
          "backward() of its operands)", "remember in a set which nodes were visited",
          *any_way(walk), *any_way(walk, distinct=True), is_loose=True),
    fault("a Value that is reached on two ways is visited twice, level by level, and passes on its "
          "gradient twice", "remember in a set which nodes were visited",
          partial(walk, level=True)),
    fault("backward() visits the nodes in the order of their numbers", ORDER,
          *[partial(by_number, sign=k, step=n) for k in (1.0, -1.0) for n in (1, -1)]),
    Fault("only the operands of the output receive a gradient: backward() goes no further, or it "
          "begins at the leaves (`reversed` is forgotten, or is there twice), where there is "
          "nothing yet to pass on", "go from the output to the leaves, in reversed topological "
          "order", (output_alone,)),
    fault("backward() goes two steps down and no further", ORDER,
          two_steps, partial(two_steps, step=-1), is_loose=True),
    fault("a computed Value whose number is 0 passes nothing on, as `if child` takes 0 for False",
          "compare with None, or leave the test out", not_if_zero),
    fault("the whole walk ends at the first computed Value that has gradient 0, as `break` and "
          "`return` do", "write `continue`, or leave the test out", *any_way(ends_at_zero, 0, 63)),
    fault("the order of backward() is that of depths, and the depth of a Value is taken from one "
          "of its operands alone", "take 1 more than the largest depth of all operands, or a "
          "topological order",
          *[partial(by_depth, k=k, step=step) for k in (0, -1) for step in (1, -1)],
          is_loose=True),
    fault("backward() goes on through the first operand alone", ORDER, partial(walk, most=1)),
    fault("backward() goes on through one of the operands alone", ORDER,
          *any_way(walk, most=1), is_loose=True),
    fault("the output itself passes nothing on: the walk leaves out the node it begins with",
          "let the order include self", lambda root: in_order(root)[1:]),
    fault("a Value that is used twice never passes on what it received",
          "count a use for each message, or use a topological order",
          not_if_used_twice, partial(not_if_used_twice, in_one=True)),
    fault("a gradient is divided by how often its Value was used, where messages should be added",
          "add the messages, and divide by nothing", shared_by_uses),
    fault("the gradient of the output is not set to 1, or is set back to 0 before it is passed on: "
          "every gradient stays 0", "begin backward() with `self.grad = 1.0`",
          partial(seeded, seed=0.0)),
    fault("the gradient of the output is set to its data, not to 1", SEED, seeded),
    fault("the gradient of the output is set to another number than 1", SEED,
          partial(seeded, seed=2.0), is_loose=True,
          fitted=lambda k: visiting(partial(seeded, seed=k))),
    fault("backward() visits the nodes in an order that is not topological, as that of a set",
          ORDER, *[partial(in_some_order, k) for k in range(120)], is_loose=True),
    fault("nodes pass on their gradients twice: the walk is made twice, or a node stands in the "
          "order twice", "visit every node once", lambda root: in_order(root) * 2,
          lambda root: [root, *in_order(root)]),
    *[fault(f"the gradients are {what} when the pass is over", "leave them as they are",
            *[partial(changed, change=function("x", change), leaves=leaves)
              for change in changes for leaves in (True, False)])
      for what, changes in AFTER.items()],
    Fault("all Values share one gradient: it belongs to the class, or to a list made only once",
          "set `self.grad = 0.0` in __init__", (one_gradient,)),
    fault("backward() sets the gradients of computed Values back to 0 when it has passed them on",
          "clear them before the pass, if at all", leaves_only),
    fault("only leaves have a gradient after backward()", "", partial(leaves_only, left=math.nan),
          is_limit=True),
    fault("two Values with equal numbers are taken for one, since they compare or hash as equal",
          "leave `__eq__` and `__hash__` as they are, or tell nodes apart with `is` and id()",
          lambda root: reversed(finished(root, key=lambda node: node.data))),
    Fault("backward() starts with the gradients that an earlier pass has left in the middle of the "
          "graph, and passes them on once more", "set the gradient of every computed Value to 0 "
          "before the pass", (keeps_middle,), is_limit=True),
    Fault("backward() sets the gradients of the leaves to 0 before the pass, but not those in the "
          "middle of the graph, which are passed on once more", "set the gradient of every "
          "computed Value to 0 before the pass", (partial(keeps_middle, clears=True),)),
    remembering("backward() begins at the Value that was made last, not at the one that it is "
                "called on", "begin with self", from_the_last, partial(from_the_last, clears=True)),
    remembering("the gradients of earlier passes are kept beside the Values, as in a dict that all "
                "passes share, and added to", MEMORY, keeps_gradients),
    remembering("backward() forgets all nodes, also those of results that it was not called on: no "
                "other pass can follow", "keep what each Value was made of",
                forgets_all, partial(forgets_all, clears=True)),
    remembering("a Value waits for a message from each place where it was ever used, also from "
                "results that backward() was not called on, and passes nothing on where they send "
                "none", "count only the uses below self",
                counts_all_uses, partial(counts_all_uses, clears=True)),
    Fault("backward() adds 1 to the gradient that the output has from an earlier pass",
          "begin backward() with `self.grad = 1.0`, not `+= 1.0`",
          (adds_seed, partial(adds_seed, clears=True))),
    fault("backward() sets also the gradients of the leaves to 0, so two passes do not add up",
          "leave that to zero_grad(), so that the gradients of several examples can add up",
          clears_leaves, is_limit=True),
    remembering("a Value that one backward() has visited is never visited again: the set, or the "
                "mark on the Value, is not reset", MEMORY, not_again),
    remembering("the list of nodes is never emptied: each backward() passes on the gradients of "
                "earlier graphs once more", MEMORY, on_one_tape, of_all_ever, in_one_order,
                partial(in_one_order, clears=True)),
]  # fmt: skip
