"""A graph in words, for a terminal: the computation as a tree, backward() as a table.

The tree shows where each number comes from, the table where each gradient comes
from.  Both are read off the same rows as the pictures, and tell of the same moment: that
in which the graph was computed.  What has changed since is said where it is, and below.

    >>> from micronn.engine import Value
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> print(plain_text(computation_tree(y)))
    v1  ×  9  grad +1
    ├── ∂ 3  x  leaf  3  grad +6
    └── ∂ 3  x  leaf  3  grad +6
"""

import io
import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from micronn.check.gradcheck import Slope
from micronn.engine import Value
from micronn.graph.neurons import outputs_named
from micronn.graph.notes import notes
from micronn.graph.operations import glyph
from micronn.graph.rows import Graph, Parameters
from micronn.pictures.paint.palette import LIGHT, scale, shade
from micronn.support.text import clean, fmt

MOST_OPERANDS = 8  # of one value, in the tree
DEEPEST = 12  # levels of the tree: more of them leave no room for the numbers
ROLES = {"input": "green", "param": "magenta", "const": "dim"}  # else computed: cyan

# The computation


def computation_tree(root: Value, params: Parameters = None, limit: int = 60) -> RenderableType:
    """The output, below it its operands, below them theirs, each with data and grad.

    root: a Value; before its backward() has run, no gradients are shown.
    params: which Values are parameters, as for Graph.
    limit: about how many lines; values near the output come first.

    ∂ is the local derivative: how fast the value one level up moves with this one.
    A value that is used more than once is opened once.  What is left out is marked
    with … and counted.  A leaf that was changed since shows both numbers; what a leaf held
    before this pass, or whatever else its messages do not account for, stands at its grad.

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
                line.append(Text("opened elsewhere", "dim"))
            elif words.graph.nodes[operand].operands:
                to_do.append((operand, twig, depth + 1))
            shown.add(operand)
            lines += 1
        left_out = len(row.operands) - MOST_OPERANDS
        if left_out > 0:
            branch.add(Text(f"… {left_out:,} more operands", "dim"))
    left_out = len(words.graph) - len(shown)
    note = Text(f"{left_out:,} of {len(words.graph):,} values are left out", "dim")
    return Group(tree, *[note] * (left_out > 0), *map(Text, notes(words.graph)))


class Words:
    """A graph whose values can be said in a line each."""

    def __init__(self, root: Value, params: Parameters = None):
        self.graph = outputs_named(Graph(root, params))
        self.largest = scale(node.grad for node in self.graph.nodes)

    def name(self, k: int) -> Text:
        """The name of node k; bold if somebody gave it one."""
        row = self.graph.nodes[k]
        return Text(row.title, "bold" if row.name else "")

    def line(self, k: int, slope: float | None = None) -> "Line":
        """Node k: its slope where it is an operand, its name, what made it, its data, its grad."""
        row = self.graph.nodes[k]
        line = Line([] if slope is None else [Text(f"∂ {fmt(slope)}", "dim")])
        made = Text(glyph(row.op) if row.op else self.graph.kind(row), ROLES.get(row.role, "cyan"))
        line += [self.name(k), made, Text(fmt(row.current)).append(self.change(k), "red")]
        if self.graph.ran:
            line.append(Text("grad ").append(self.chip(row.grad)))
        if row.rest:
            line.append(Text(str(row.rest), "red"))
        return line

    def change(self, k: int) -> str:
        """What no longer fits at node k, in brackets."""
        change = self.graph.nodes[k].change
        return change and f" ({change})"

    def chip(self, number: float) -> Text:
        """A gradient on the colour that says its sign and size; the sign is also written."""
        token = shade(number, self.largest)
        ink = LIGHT["badink" if token == "bad" else "ink"]
        return Text(fmt(number, sign=True), f"{ink} on {LIGHT[token]}")


class Line(list[Text]):
    """Words and numbers side by side; those that find no room stand in a further line."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        room = max(20, options.max_width)
        line = Text(no_wrap=True, overflow="ellipsis")
        for text in self:
            if line and line.cell_len + 2 + text.cell_len > room:
                yield line
                line = Text(no_wrap=True, overflow="ellipsis")
            line.append("  " if line else "").append(text)
        yield line


# The backward pass


def backward_table(root: Value, params: Parameters = None, limit: int = 200) -> Table:
    """The backward pass, a row for each message, in the order of the engine.

    root, params: as for computation_tree.
    limit: at most this many rows; a last one says how many more there are.

    Each row is the chain rule once: from a value to one of its operands goes
    message = local derivative × upstream gradient.  The last column adds up what
    the operand has received so far; where a value is used more than once, it
    takes several rows until that is its gradient.  A gradient that a leaf held before
    is its first row.
    """
    words = Words(root, params)
    nodes, told = words.graph.nodes, notes(words.graph)
    starts = f"starts with grad {fmt(nodes[-1].grad)}" if words.graph.ran else "has no grad yet"
    table = Table(title_justify="left", title_style="", caption_justify="left")
    table.title = Text(f"backward(): {words.name(-1)} {starts}")
    for heading in ("from", "to"):
        table.add_column(heading, overflow="fold")
    table.caption, table.caption_style = Text("\n".join(told)) if told else None, ""
    for heading in ("local derivative", "× upstream", "= message", "grad so far"):
        table.add_column(heading, justify="right")
    for cells in islice(backward_rows(words), limit):
        table.add_row(*cells)
    more = sum([len(row.operands) + (row.rest is not None) for row in nodes]) - limit
    if more > 0:
        table.add_row("…", f"{more:,} more")
    return table


def backward_rows(words: Words) -> Iterator[list[str | Text]]:
    """The cells of each row: the messages, and what a gradient holds beside its messages."""
    nodes, ran = words.graph.nodes, words.graph.ran
    left = Counter(chain.from_iterable([row.operands for row in nodes]))
    so_far: dict[int, float] = {}

    def to(k: int) -> Text:
        return words.name(k).append("" if k in so_far else words.change(k), "not bold red")

    def added(k: int, size: float, *cells: str | Text) -> list[str | Text]:
        so_far[k] = so_far.get(k, 0.0) + size
        return [*cells, words.chip(size), fmt(so_far[k], sign=True)]

    for row in reversed(nodes):
        for j, (k, slope) in enumerate(zip(row.operands, row.local_grads, strict=True)):
            rest, upstream = nodes[k].rest, fmt(row.grad, sign=True)
            if rest and rest.word == "before" and k not in so_far:
                yield added(k, rest.size, Text(rest.word, "red"), to(k), "", "")
            factors = words.name(row.k), to(k), fmt(slope)
            yield added(k, row.message(j), *factors, upstream) if ran else [*factors]
            left[k] -= 1
            if rest and rest.word != "before" and not left[k]:
                yield added(k, rest.size, Text(rest.word, "red"), to(k), "", "")


# The check


def verdict_table(slopes: Iterable[Slope]) -> Table:
    """Slopes by backward() beside finite differences, a line for each name.

    slopes: the rows of a gradcheck.
    """
    table = Table("name", box=None, pad_edge=False)
    for heading in ("backward()", "finite difference"):
        table.add_column(heading, justify="right")
    table.add_column()
    for slope in slopes:
        numbers = [f"{slope.autograd:.9g}", f"{slope.numeric:.9g}"]
        table.add_row(Text(clean(slope.name)), *numbers, "agree" if slope.ok else "differ")
    return table


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
    texts = [Text(clean(name)) for name in names or map(str, range(len(counts)))]
    table = Table("actual\\predicted", padding=(0, 1) if len(texts) < 8 else 0)
    for heading in (*texts, Text("right")):
        table.add_column(heading, justify="right")
    for actual, row in enumerate(counts):
        cells = [Text(str(n), "bold red") if n else Text("·", "dim") for n in row]
        if row[actual]:
            cells[actual].style = "bold green"
        share = f"{row[actual] / sum(row):.0%}" if sum(row) else "–"
        table.add_row(texts[actual], *cells, share)
    return table


# Renderables as text


def plain_text(renderable: RenderableType, width: int = 80) -> str:
    """What a terminal without colours shows, without blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join([line.rstrip() for line in capture.get().splitlines()])
