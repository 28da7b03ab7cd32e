"""The story of a graph for any numbers: its sentences with places where the numbers go.

A page that computes needs every sentence again when a number changes, and sentences are
made in Python alone.  So the story is told once more with a Place for each number, which
is written as a mark; the page has only to fill in the marks.  They are

    d3      the data of row 3, g3 its gradient
    l5_0    the local derivative of row 5 by its operand 0;  m5_0 the message to it,
            b5_0 and a5_0 the gradient before and after that is added
    M       the largest gradient;  Z what a gradient is before the first message, 0

    >>> from micronn.engine import Value
    >>> from micronn.graph.rows import Graph
    >>> told = Template(Story(Graph(Value(3.0, "x") * 2.0)))
    >>> told.steps[1].lines[1].translate({0xE000: "[", 0xE001: "]"})
    '= [nd0] × [nd1]'
"""

import copy
from collections.abc import Sequence

from micronn.engine import Value
from micronn.graph.operations import again, kind_and_number
from micronn.graph.rows import Graph, Row
from micronn.graph.steps import Message, Story
from micronn.support.number import message
from micronn.support.text import Place, clipped, printable


class PlacedRow(Row):
    """A row whose numbers are places."""

    def message(self, j: int) -> float:
        """The place of the message to operand j; of a dot that was opened, its own gradient."""
        local = self.local_grads[j]
        if not isinstance(local, Place):
            return self.grad
        size = message(self.op, float(local), float(self.grad))
        return Place(size, f"m{local.at[1:]}")


class Template(Story):
    """A story with places for its numbers: of a first pass, nothing moved and nothing held."""

    def __init__(self, story: Story):
        graph = graph_of_places(story.graph)
        messages = [[placed_message(item) for item in sent] for sent in story.messages]
        self.read(graph, messages, "")


def graph_of_places(graph: Graph) -> Graph:
    """A graph with places for its numbers."""
    other = copy.copy(graph)
    other.nodes = [placed(row) for row in graph.nodes]
    return other


def placed(row: Row) -> Row:
    """A row with places."""
    slopes = tuple([Place(x, f"l{row.k}_{j}") for j, x in enumerate(row.local_grads)])
    data, grad = Place(row.current, f"d{row.k}"), Place(row.grad, f"g{row.k}")
    known = row.k, row.role, row.name, row.op, data, grad, row.operands, slopes
    return PlacedRow(*known, line=row.line)


def placed_message(item: Message) -> Message:
    """A message with places."""
    at = f"{item.user}_{item.j}"
    return item._replace(
        local=Place(item.local, f"l{at}"),
        upstream=Place(item.upstream, f"g{item.user}"),
        size=Place(item.size, f"m{at}"),
        before=Place(0.0, f"b{at}"),
        after=Place(item.after, f"a{at}"),
    )


# What an operation says where it has no number

REFUSED: dict[str, Sequence[tuple[float, ...]]] = {  # by kind: operands for each of its errors
    "/": [(1.0, 0.0)],
    "**": [(0.0, -1.0), (-2.0, 0.5), (1e200, 2.0)],
    "exp": [(1000.0,)],
    "log": [(-1.0,)],
    "sqrt": [(-1.0,)],
    "sin": [(float("inf"),)],
    "cos": [(float("inf"),)],
}


def refusals(row: Row, names: Sequence[str]) -> dict[str, str]:
    """What the engine says where it refuses a row's operands, by the kind of error.

    names: the label of each row.
    """
    kind, power = kind_and_number(row.op)
    found: dict[str, str] = {}
    for numbers in REFUSED.get(kind, ()):
        operands = [Value(0.0, printable(clipped(names[k]))) for k in row.operands]
        for k, operand, x in zip(row.operands, operands, numbers, strict=False):
            operand.data = Place(x, f"d{k}")
        op = row.op if power is None else f"**{numbers[1]!r}"
        node = Value(0.0)
        node.op = op
        try:
            again(node, operands)
        except (ArithmeticError, ValueError) as error:
            text = str(error)
            found[type(error).__name__] = text.replace(f"** {numbers[-1]!r}", f"** {power!r}")
    return found
