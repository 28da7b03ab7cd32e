"""A graph in words, for a terminal: the computation as a tree, backward() as a table.

The tree shows where each number comes from, the table where each gradient comes
from.  Both are read off the same rows as the pictures.

    >>> from micronn.engine import Value
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> print(plain_text(computation_tree(y)))
    v1  ×  9  grad +1
    ├── ∂ 3  x  input  3  grad +6
    └── ∂ 3  x  input  3  grad +6
"""

import io
import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from micronn.check.gradcheck import Slope
from micronn.engine import Value
from micronn.graph.operations import glyph
from micronn.graph.rows import Graph, Parameters
from micronn.pictures.palette import LIGHT, scale, shade
from micronn.support.text import clean, fmt

MOST_OPERANDS = 8  # of one value, in the tree
DEEPEST = 12  # levels of the tree: more of them leave no room for the numbers
ROLES = {"input": "green", "param": "magenta", "const": "dim"}  # else computed: cyan

# The computation


def computation_tree(root: Value, params: Parameters = None, limit: int = 60) -> RenderableType:
    """The output, below it its operands, below them theirs, each with data and grad.

    root: a Value whose backward() has run.
    params: which Values are parameters, as for Graph.
    limit: about how many lines; values near the output come first.

    ∂ is the local derivative: how fast the value one level up moves with this one.
    A value that is used more than once is opened once.  What is left out is marked
    with … and counted in a last line.

    Raises TypeError for a root that is not a Value.
    """
    words = Words(root, params)
    top = len(words.graph) - 1
    tree = Tree(words.line(top), guide_style="dim")
    shown, lines = {top}, 1
    to_do = deque([(top, tree, 1)])
    while to_do:
        k, branch, depth = to_do.popleft()
        if depth > DEEPEST or lines >= limit:
            branch.add(Text("…", "dim"))
            continue
        row = words.graph.nodes[k]
        for operand, slope in list(zip(row.operands, row.local_grads, strict=True))[:MOST_OPERANDS]:
            line = words.line(operand, slope)
            twig = branch.add(line)
            if words.graph.nodes[operand].operands and operand in shown:
                line.append("  opened elsewhere", "dim")
            elif words.graph.nodes[operand].operands:
                to_do.append((operand, twig, depth + 1))
            shown.add(operand)
            lines += 1
        left_out = len(row.operands) - MOST_OPERANDS
        if left_out > 0:
            branch.add(Text(f"… {left_out:,} more operands", "dim"))
    left_out = len(words.graph) - len(shown)
    note = Text(f"{left_out:,} of {len(words.graph):,} values are left out", "dim")
    return Group(tree, note) if left_out else tree


class Words:
    """A graph whose values can be said in a line each."""

    def __init__(self, root: Value, params: Parameters = None):
        self.graph = Graph(root, params)
        self.largest = scale(node.grad for node in self.graph.nodes)

    def name(self, k: int) -> Text:
        """The name of node k; bold if somebody gave it one."""
        row = self.graph.nodes[k]
        return Text(row.title, "bold" if row.name else "")

    def line(self, k: int, slope: float | None = None) -> Text:
        """Node k: its slope where it is an operand, its name, what made it, its data, its grad."""
        row = self.graph.nodes[k]
        made = glyph(row.op) if row.op else row.role
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append("" if slope is None else f"∂ {fmt(slope)}  ", "dim").append(self.name(k))
        line.append(f"  {made}", ROLES.get(row.role, "cyan")).append(f"  {fmt(row.data)}  grad ")
        return line.append(self.chip(row.grad))

    def chip(self, number: float) -> Text:
        """A gradient on the colour that says its sign and size; the sign is also written."""
        token = shade(number, self.largest)
        ink = LIGHT["badink" if token == "bad" else "ink"]
        return Text(fmt(number, sign=True), f"{ink} on {LIGHT[token]}")


# The backward pass


def backward_table(root: Value, params: Parameters = None, limit: int = 200) -> Table:
    """The backward pass, a row for each message, in the order of the engine.

    root, params: as for computation_tree.
    limit: at most this many messages; a last row says how many more there are.

    Each row is the chain rule once: from a value to one of its operands goes
    message = local derivative × upstream gradient.  The last column adds up what
    the operand has received so far; where a value is used more than once, it
    takes several rows until that is its gradient.
    """
    words = Words(root, params)
    top = len(words.graph) - 1
    title = f"backward(): {words.name(top)} starts with grad 1"
    table = Table("from", "to", title=title, title_justify="left", title_style="")
    for heading in ("local derivative", "× upstream", "= message", "grad so far"):
        table.add_column(heading, justify="right")
    so_far = [0.0] * (top + 1)
    messages = 0
    for k in range(top, -1, -1):
        node = words.graph.nodes[k]
        for operand, slope in zip(node.operands, node.local_grads, strict=True):
            message = slope * node.grad
            so_far[operand] += message
            messages += 1
            if messages <= limit:
                factors = fmt(slope), fmt(node.grad, sign=True)
                results = words.chip(message), fmt(so_far[operand], sign=True)
                table.add_row(words.name(k), words.name(operand), *factors, *results)
    if messages > limit:
        table.add_row("…", f"{messages - limit:,} more")
    return table


# The check


def check_table(slopes: Iterable[Slope]) -> Table:
    """Slopes by backward() beside finite differences, a row for each step size h.

    slopes: the rows of gradcheck.step_size_table, those of one name together.

    The bars say how many digits the two have in common: few for a large h, because
    the curve bends between the two points, and few for a small one, because a
    float has no more digits to take the difference of.  In between, if the slope
    is right, there are many.
    """
    table = Table("name", "h")
    for heading in ("backward()", "numeric", "apart by"):
        table.add_column(heading, justify="right")
    table.add_column("digits alike")
    for _, rows in groupby(slopes, key=lambda slope: slope.name):
        for slope in rows:
            numbers = [f"{slope.autograd:.9g}", f"{slope.numeric:.9g}", f"{slope.error:.1e}"]
            table.add_row(Text(clean(slope.name)), f"{slope.h:.0e}", *numbers, digits_alike(slope))
        table.add_section()
    return table


def digits_alike(slope: Slope) -> str:
    """A bar as long as the number of digits that both slopes share, at most 16."""
    if not math.isfinite(slope.error):
        return "no value there"
    size = max(abs(slope.autograd), abs(slope.numeric))
    digits = -math.log10(slope.error / size) if slope.error else 16.0
    return "■" * max(0, min(16, math.floor(digits)))


# How often a model is right


def confusion_table(counts: Sequence[Sequence[int]], names: Sequence[str] = ()) -> Table:
    """How often each class was taken for each other; the right answers are the diagonal.

    counts: counts[actual][predicted], a square.
    names: of the classes; their indices if left out.
    """
    names = list(names) or [str(k) for k in range(len(counts))]
    table = Table("actual\\predicted", *names, "right", padding=(0, 1) if len(names) < 8 else 0)
    for column in table.columns[1:]:
        column.justify = "right"
    for actual, row in enumerate(counts):
        cells = [Text(str(n), "bold red") if n else Text("·", "dim") for n in row]
        if row[actual]:
            cells[actual].style = "bold green"
        share = f"{row[actual] / sum(row):.0%}" if sum(row) else "–"
        table.add_row(names[actual], *cells, share)
    return table


# Renderables as text


def plain_text(renderable: RenderableType, width: int = 80) -> str:
    """What a terminal without colours shows, without blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join([line.rstrip() for line in capture.get().splitlines()])
