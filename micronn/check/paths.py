"""A gradient is a sum over paths, so whatever it is, some node on some path made it so.

why(x, loss) follows every path from the loss down to x and multiplies the local
derivatives along each: the products add up to the gradient of x.  The answer is an
object that holds the numbers; str() of it is a text to read.  Values without a label
are called as in pictures: v3 is the fourth in the order.  Like them, the answer tells of
the moment in which the graph was computed, and says what has changed since.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> f = (a * b) * (a + b)
    >>> f.backward()
    >>> print(why(a, f))
    d(v4)/d(a) = -3, the sum over 2 paths:
              -6 = -6 * 1   v4 (*) <- v3 (+) <- a
               3 = 1 * 3    v4 (*) <- v2 (*) <- a
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from typing import NamedTuple

from micronn.engine import Value
from micronn.graph.notes import gradients, since
from micronn.graph.operations import why_small
from micronn.graph.rows import Graph, Parameters
from micronn.support.number import message
from micronn.support.text import clean, clipped, counted

MANY = 10**15  # paths are counted up to here
Names = dict[Value, str]


class Edge(NamedTuple):
    """One use of a Value: node reads operand, and slope is d(node)/d(operand)."""

    node: Value
    operand: Value
    slope: float


Edges = dict[Value, list[Edge]]  # by the node that reads
Trail = tuple[Edge, "Trail"] | None  # the last edge of a path, and the trail before it


@dataclass(frozen=True)
class Path:
    """One way from the output down to x, and the product of the slopes along it."""

    edges: tuple[Edge, ...]

    @property
    def product(self) -> float:
        """What this path adds to the gradient of x; 1 for the path of no edges."""
        return passed_down(self.edges, 1.0)


class Bundle(NamedTuple):
    """All paths that come to x through one edge.

    paths: how many, at most MANY.
    total: what they add to the gradient of x together.
    """

    edge: Edge
    paths: int
    total: float


@dataclass(frozen=True)
class Why:
    """Why the gradient of x is what it is.

    gradient: d(root)/d(x), the sum of the products of all paths.
    count: how many paths lead from root to x, at most MANY.
    paths: all of them, largest product first; empty if there are too many to list.
    bundles: the same sum over fewer terms: one for each edge at the fork nearest to
        x, largest first.
    largest: the path with the largest product, or None if no path leads to x.
    killers: the edges that made the gradient small: where all paths are dead, the
        first dead edges met from the output; else those of the largest path with a
        slope below 0.01.
    names, numbers: of each Value below root, what it is called, and what was computed with.
    told: what has changed on the way since, and what is in the grad of x beside gradient.
    """

    x: Value
    root: Value
    gradient: float
    count: int
    paths: tuple[Path, ...]
    bundles: tuple[Bundle, ...]
    largest: Path | None
    killers: tuple[Edge, ...]
    names: Names
    numbers: dict[Value, float]
    told: tuple[str, ...]

    __repr__ = object.__repr__  # the paths of a deep graph are too long to show in full

    def notes(self) -> list[str]:
        """What stands out, in sentences: what killed the gradient, blew it up, or cancelled."""
        if self.largest is None:
            return [f"{self.names[self.x]} cannot change {self.names[self.root]}"]
        notes = []
        for node, operand, slope in self.killers[:5]:
            reason = why_small(node.op, f"{self.names[operand]} = {self.numbers[operand]:.4g}")
            notes.append(f"{self.names[node]}: {reason}, local derivative {slope:.2g}")
        if len(self.killers) > 5:
            notes.append(f"and {len(self.killers) - 5} more such edges")
        sizes = [size(edge.slope) for edge in self.largest.edges]
        steep = [edge for edge in self.largest.edges if abs(edge.slope) > 100.0]
        if sum(sizes) > math.log(1e6) and steep:
            notes += [f"{self.names[w.node]}: local derivative {w.slope:.2g}" for w in steep[:5]]
        elif abs(sum(sizes)) > math.log(1e6) and not notes:
            factor = math.exp(sum(sizes) / len(sizes))
            notes.append(f"{len(sizes)} factors of about {factor:.2g} multiply; none does it alone")
        if abs(self.gradient) < 1e-3 * abs(self.largest.product):
            notes.append("the paths nearly cancel each other")
        return notes

    def __str__(self) -> str:
        d = f"d({self.names[self.root]})/d({self.names[self.x]}) = {self.gradient:.6g}"
        if self.largest is None:
            return "\n".join([f"{d}: no path", *self.notes()])
        head = f"{d}, the sum over {paths_counted(self.count)}"
        if self.paths:
            lines = [f"{head}:", *self.path_lines(self.paths)]
        else:
            lines = [f"{head}, which come", *self.bundle_lines(), "the largest path:"]
            lines += self.path_lines([self.largest])
        return "\n".join([*lines, *self.notes(), *self.told])

    def path_lines(self, paths: Sequence[Path]) -> list[str]:
        """Each path as a row: its product, its factors, its nodes."""
        factors = [shortened([f"{w.slope:.4g}" for w in path.edges], " * ") for path in paths]
        width = max(map(len, factors))
        lines = []
        for path, product in zip(paths, factors, strict=True):
            nodes = [self.root, *[edge.operand for edge in path.edges]]
            way = shortened([self.title(node) for node in nodes], " <- ")
            lines.append(f"{path.product + 0.0:>12.6g} = {product or '1':<{width}}   {way}")
        return lines

    def bundle_lines(self) -> list[str]:
        """Each of the ten largest bundles as a row: its sum, its edge, its paths; then the rest."""
        lines = []
        for edge, paths, sum_ in self.bundles[:10]:
            way = f"{self.title(edge.node)} <- {self.title(edge.operand)}"
            lines.append(f"{sum_ + 0.0:>12.6g}   through {way}, {paths_counted(paths)}")
        rest = [bundle.total for bundle in self.bundles[10:]]
        if rest:
            lines.append(f"{math.fsum(rest):>12.6g}   through {counted(len(rest), 'more edge')}")
        return lines

    def title(self, node: Value) -> str:
        """The name of a node, and the operation that made it."""
        return f"{self.names[node]} ({node.op})" if node.operands else self.names[node]


def why(x: Value, root: Value, params: Parameters = None, limit: int = 12) -> Why:
    """Every path from root to x, with the product of local derivatives along each.

    x: a Value that root was computed from, given or computed itself.
    params: a model, or what model.named_parameters() gives, for the names in the text.
    limit: how many paths are listed one by one.  Beyond it they are only counted
        and added up, in time proportional to the graph, however many they are.

    The sum of the products is what root.backward() adds to x.grad; that need not
    have been called, but then the answer says so.  Raises TypeError for what is not a Value.
    """
    if not isinstance(x, Value):
        raise TypeError(f"x must be a Value, got {clipped(repr(x))}; pass a parameter, say")
    graph = Graph(root, params)
    rows = {node: graph.nodes[k] for node, k in graph.index.items()}
    names = {node: row.title for node, row in rows.items()}
    numbers = {node: row.data for node, row in rows.items()}
    order = list(names)
    names.setdefault(x, clean(x.label) or "x")
    edges = edges_between(x, order)
    if root is not x and not edges:
        return Why(x, root, 0.0, 0, (), (), None, (), names, numbers, ())
    grads, counts, largest = pass_down(x, root, edges)
    paths = all_paths(x, root, edges) if counts[x] <= limit else []
    paths.sort(key=lambda path: -abs(path.product))
    terms = sorted(bundles(x, edges, grads, counts), key=lambda bundle: -abs(bundle.total))
    found = largest, tuple(killers(edges, grads, largest))
    read = {v: rows[v] for node in reversed(edges) for v in (*node.operands, node)}
    told = *since(list(read.values()), graph.nodes), *gradients(graph, [rows[x]])
    sums = tuple(paths), tuple(terms)
    return Why(x, root, grads[x], counts[x], *sums, *found, names, numbers, told)


def edges_between(x: Value, order: Sequence[Value]) -> Edges:
    """The edges on paths from the last Value of order to x, by the node that reads, root first."""
    edges: Edges = {}
    for node in order:
        pairs = zip(node.operands, node.local_grads, strict=True)
        found = [Edge(node, o, slope) for o, slope in pairs if o is x or o in edges]
        if found and node is not x:
            edges[node] = found
    return dict(reversed(edges.items()))


def pass_down(
    x: Value, root: Value, edges: Edges
) -> tuple[dict[Value, float], dict[Value, int], Path]:
    """For each node on the way: d(root)/d(node), and how many paths; and the largest path to x.

    Products are compared by logarithm: a thousand factors of 0.1 are below any float.
    """
    grads, counts, log_of_largest = {root: 1.0}, {root: 1}, {root: 0.0}
    trails: dict[Value, Trail] = {root: None}
    for edge in chain.from_iterable(edges.values()):
        node, operand, slope = edge
        grads[operand] = grads.get(operand, 0.0) + message(node.op, slope, grads[node])
        counts[operand] = min(counts.get(operand, 0) + counts[node], MANY)
        log = log_of_largest[node] + size(slope)
        if operand not in log_of_largest or log > log_of_largest[operand]:
            log_of_largest[operand], trails[operand] = log, (edge, trails[node])
    return grads, counts, path_of(trails[x])


def passed_down(edges: Iterable[Edge], upstream: float) -> float:
    """What is left of a gradient behind edges, each of which multiplies it by its slope."""
    return reduce(lambda up, edge: message(edge.node.op, edge.slope, up), edges, upstream)


def all_paths(x: Value, root: Value, edges: Edges) -> list[Path]:
    """Every path from root to x."""
    paths = []
    to_do: list[tuple[Value, Trail]] = [(root, None)]
    while to_do:
        node, trail = to_do.pop()
        if node is x:
            paths.append(path_of(trail))
        else:
            to_do += [(edge.operand, (edge, trail)) for edge in reversed(edges[node])]
    return paths


def path_of(trail: Trail) -> Path:
    """A trail, first edge first."""
    way: list[Edge] = []
    while trail:
        edge, trail = trail
        way.append(edge)
    return Path(tuple(reversed(way)))


def bundles(
    x: Value, edges: Edges, grads: Mapping[Value, float], counts: Mapping[Value, int]
) -> list[Bundle]:
    """The sum for x, one term a edge, at the first node above x that is used more than once."""
    uses: dict[Value, list[Edge]] = {}
    for edge in chain.from_iterable(edges.values()):
        uses.setdefault(edge.operand, []).append(edge)
    node, below = x, deque[Edge]()
    while len(uses.get(node, ())) == 1 and uses[node][0].node in uses:
        below.appendleft(uses[node][0])
        node = below[0].node
    slope = passed_down(below, 1.0)
    left_out = passed_down(below, math.inf) == 0.0  # x is, whatever comes down
    return [
        Bundle(edge, counts[edge.node], 0.0 if left_out else slope * passed_down([edge], up))
        for edge in uses.get(node, ())
        for up in [grads[edge.node]]
    ]


def killers(edges: Edges, grads: Mapping[Value, float], largest: Path) -> list[Edge]:
    """The edges that made a gradient small, in the order in which backward() meets them."""
    if all(edge.slope for edge in largest.edges):
        return [edge for edge in largest.edges if abs(edge.slope) < 0.01]
    every = chain.from_iterable(edges.values())
    return [edge for edge in every if edge.slope == 0.0 and grads[edge.node] != 0.0]


# Words and numbers


def size(slope: float) -> float:
    """log of abs(slope): -inf for 0, inf for nan."""
    if slope != slope:
        return math.inf
    return math.log(abs(slope)) if slope else -math.inf


def paths_counted(n: int) -> str:
    """1 path, 2 paths, more than 10**15 paths."""
    return "more than 10**15 paths" if n >= MANY else counted(n, "path")


def shortened(texts: Sequence[str], between: str) -> str:
    """The texts joined; of more than eight, the first four and the last three."""
    if len(texts) > 8:
        texts = [*texts[:4], f"({len(texts) - 7} more)", *texts[-3:]]
    return between.join(texts)
