"""Passes that depend on Values which they were not called on: all that there are, or were.

>>> a = Value(3.0)
>>> y, z = 2.0 * a, 5.0 * a
>>> wrong = FromTheLast()
>>> wrong.scope = {"a": a, "y": y, "z": z}
>>> wrong(y)
>>> a.grad  # that of z
5.0
"""

from collections import Counter

from micronn.engine import Value, topological_order
from micronn.grade.faults import clears_leaves, in_order, send


class Surveying:
    """A pass that depends on all Values that there are, not only on those below its root."""

    def __init__(self, clears: bool = False) -> None:
        self.scope, self.clears = dict[str, object](), clears

    def made(self) -> list[Value]:
        """All Values with a name, the last made last."""
        return [*dict.fromkeys([x for x in self.scope.values() if isinstance(x, Value)])]


class Emptied(Surveying):
    """What is known of all Values is gone after a pass."""

    def forget(self) -> None:
        """Begin a new program."""
        self.gone = list[Value]()

    def __call__(self, root: Value) -> None:
        nodes = [node for node in in_order(root) if node not in self.gone]
        for node in nodes if self.clears else ():
            for operand in node.operands:
                operand.grad = 0.0
        root.grad = 1.0
        send(nodes)
        self.gone = self.made()


class ReplaysAll(Surveying):
    """All Values that ever were pass on what they have, the last made first."""

    def forget(self) -> None:
        """Begin a new program."""
        self.kept = list[Value]()

    def __call__(self, root: Value) -> None:
        known = [*topological_order(root), *self.made()]
        self.kept += [x for x in dict.fromkeys(known) if x not in self.kept]
        root.grad = 1.0
        send(reversed(self.kept))


class KeepsAll(Surveying):
    """Gradients are kept apart from the Values, and added to in each pass."""

    def forget(self) -> None:
        """Begin a new program."""
        self.kept = dict[Value, float]()

    def __call__(self, root: Value) -> None:
        nodes = topological_order(root)
        for node in nodes:
            node.grad = self.kept.get(node, 0.0)
        root.grad = 1.0
        send(in_order(root))
        self.kept |= {node: node.grad for node in nodes}


class FromTheLast(Surveying):
    """It begins at the Value that was made last."""

    def __call__(self, root: Value) -> None:
        last = self.made()[-1]
        (clears_leaves if self.clears else Value.backward)(last)


class CountsAllUses(Surveying):
    """A Value passes on when it has a message for each use, also for those in other results."""

    def __call__(self, root: Value) -> None:
        for node in reversed(topological_order(root)) if self.clears else in_order(root):
            node.grad = 0.0
        root.grad, ready = 1.0, [root]
        uses = Counter([x for node in self.made() for x in node.operands])
        for node in ready:
            send([node])
            for operand in node.operands:
                uses[operand] -= 1
                ready += [operand] * (not uses[operand])
