"""A graph written out as a Python function: first what it computes, then the chain rule.

Every operation of the graph is one line.  v5 is a number of the forward pass and d5
is d(result)/d(v5).  The backward lines come in the opposite order, and each one says:
the gradient of an operand grows by the gradient of the result times a local
derivative.  What a graph does step by step, this text does at once.

    >>> x, w = Value(2.0, "x"), Value(3.0, "w")
    >>> print(write_source([(x * w).tanh()], [x], [w]))
    def program(x, w, inputs_too=True):
        # x: inputs, w: parameters, v5: a number, d5: d(result)/d(v5)
        dx, dw = [0.0] * 1, [0.0] * 1
        v0, = x[0:1]  # x
        v1, = w[0:1]  # w
    <BLANKLINE>
        # forward
        v2 = v0 * v1
        v3 = tanh(v2)
    <BLANKLINE>
        # backward
        d3 = 1.0
        d2 = d3 * (1.0 - v3 * v3)
        d0 = d2 * v1
        d1 = d2 * v0
        dx[0:1] = d0,
        dw[0:1] = d1,
        return [v3], dx, dw
    <BLANKLINE>
"""

import math
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import mul
from typing import Any, TypeAlias

from micronn.compiler.rebuild import nodes_below
from micronn.engine import Value
from micronn.graph.operations import halves, kind_and_number, operation, partner
from micronn.support import numeric
from micronn.support.number import passed
from micronn.support.text import clipped

Side: TypeAlias = Sequence[Any]  # what a dot multiplies: a tuple of Values, a list of floats
SHORT = 32  # a longer dot is written with slices instead of term by term
WIDTH = 88
LEGEND = "# x: inputs, w: parameters, v5: a number, d5: d(result)/d(v5)"


def write_source(roots: Sequence[Value], inputs: Sequence[Value], params: Sequence[Value]) -> str:
    """The text of a function program(x, w, inputs_too=True) -> values, dx, dw.

    x: the numbers of the inputs, in order; w: those of the params.
    values: a number for each root.  dx, dw: the gradients of a single root, empty for
        several.  Without inputs_too, long rows of dx may stay 0.
    Any other leaf is a constant, which the text says.  Labels appear in comments alone.
    """
    return SourceWriter(roots, inputs, params).text()


class SourceWriter:
    """What is known while a source is written.

    number: k of each Value's v<k>.  home: where a leaf is found, such as ("x", 3).
    rows: the name of each list of operands that long dots read, by their Values.
    last_use: the first node in the order that reads such a list; backward, the last.
    begun: the Values whose gradient, such as d5, has had its first contribution.
    begun_rows: the same of lists such as dh7, by name, and of dx and dw, by leaf.
    """

    def __init__(
        self, roots: Sequence[Value], inputs: Sequence[Value], params: Sequence[Value]
    ) -> None:
        self.roots, self.order = roots, nodes_below(roots)
        leaves = [*inputs, *params]
        self.home = {x: ("x", k) for k, x in enumerate(inputs)}
        self.home |= {w: ("w", k) for k, w in enumerate(params)}
        others = [node for node in self.order if node not in self.home]
        self.number = {node: k for k, node in enumerate(leaves + others)}
        self.inputs, self.params = list(inputs), list(params)
        self.rows: dict[Sequence[Value], str] = {}
        self.last_use: dict[str, Value] = {}
        self.begun: set[Value] = set()
        self.begun_rows: set[Value | str] = set()
        self.lines: list[str] = []

    def text(self) -> str:
        """All of the function."""
        forward = [line for node in self.order if node.operands for line in self.operation(node)]
        sizes, backward = "[], []", list[str]()
        if len(self.roots) == 1:
            sizes = f"[0.0] * {len(self.inputs)}, [0.0] * {len(self.params)}"
            backward = ["", "# backward", *self.backward(*self.roots)]
        body = [LEGEND, f"dx, dw = {sizes}", *self.leaves(), "", "# forward", *forward, *backward]
        body.append(f"return [{', '.join(map(self.name, self.roots))}], dx, dw")
        lines = ["def program(x, w, inputs_too=True):", *(f"    {line}" for line in body), ""]
        return "\n".join(line.rstrip() for line in lines)

    # Names

    def name(self, node: Value | float) -> str:
        """v<number>, or the number itself for one that was typed."""
        if isinstance(node, float):
            return literal(node)
        return literal(node.data) if node.op == "const" else f"v{self.number[node]}"

    def names(self, nodes: Sequence[Value]) -> str:
        return ", ".join(map(self.name, nodes)) + ("," if len(nodes) == 1 else "")

    def grad(self, node: Value) -> str:
        return f"d{self.number[node]}"

    def is_constant(self, node: Value) -> bool:
        return not node.operands and node not in self.home

    def single_leaves(self) -> list[Value]:
        """The leaves that are read one by one, not only in slices."""
        seen = dict.fromkeys(self.roots)
        for node in self.order:
            for side in self.sides(node) if self.is_long(node) else [node.operands]:
                if isinstance(side, tuple) and not (self.is_long(node) and self.slice(side)):
                    seen.update(dict.fromkeys(side))
        return [node for node in seen if not node.operands]

    # Leaves

    def leaves(self) -> list[str]:
        """Lines that give inputs, parameters and constants their names."""
        singles, lines = self.single_leaves(), []
        for letter, members in (("x", self.inputs), ("w", self.params)):
            used = sorted(self.home[n][1] for n in singles if self.home.get(n, " ")[0] == letter)
            for first, last in stretches(used, 8):
                part = members[first:last]
                lines.append(f"{self.names(part)} = {letter}[{first}:{last}]{comment(part)}")
        for node in singles:
            if self.is_constant(node) and node.op != "const":
                note = (comment([node]) + ("," if node.label else "  #")) + " a constant"
                lines.append(
                    f"{self.name(node)} = {literal(node.data)}{note}: no input, no parameter"
                )
        return lines

    # Long dots

    def is_long(self, node: Value) -> bool:
        """Whether a node is a dot of so many terms that slices are shorter and faster."""
        terms = len(node.operands) // 2 if node.op == "dot" else len(node.operands)
        return node.op in ("dot", "weighted_sum") and terms > SHORT

    def sides(self, node: Value) -> tuple[Side, Side]:
        """The two rows that a dot multiplies: Values in a tuple, or a list of numbers."""
        if node.op == "weighted_sum":
            return node.operands, list(node.local_grads)
        return halves(node.operands)

    def slice(self, values: Sequence[Value]) -> str | None:
        """x[a:b] or w[a:b], if that is where all the Values are."""
        letter, first = self.home.get(values[0], ("", 0))
        row = [(letter, first + k) for k in range(len(values))]
        if not letter or [self.home.get(value) for value in values] != row:
            return None
        return f"{letter}[{first}:{first + len(values)}]"

    def row(self, side: Side, node: Value | None = None) -> tuple[str, list[str]]:
        """The name of a row, and the line that makes it if a node is the first to read it."""
        if isinstance(side, list):
            return "(" + ", ".join(map(literal, side)) + ")", []
        name = self.slice(side) or self.rows.get(side)
        if name or node is None:
            return name or "", []
        name = self.rows[side] = f"h{len(self.rows)}"
        self.last_use[name] = node
        return name, [wrapped(f"{name} = ", f"[{self.names(side)}]")]

    # Forward

    def operation(self, node: Value) -> list[str]:
        """The line that computes a node; before it, that of a list it reads."""
        before = []
        if self.is_long(node):
            (a, make_a), (b, make_b) = (self.row(side, node) for side in self.sides(node))
            before, text = make_a + make_b, DOT.format(a=a, b=b)
        elif node.op in ("dot", "weighted_sum"):
            pairs = zip(*self.sides(node), strict=True)
            text = " + ".join(f"{self.name(x)} * {self.name(y)}" for x, y in pairs)
        else:
            text = operation(node.op).python[0].format(**self.words(node))
        target = self.name(node) + (f", s{self.number[node]}" if node.op == "logsumexp" else "")
        return [*before, wrapped(f"{target} = ", text) + comment([node])]

    def words(self, node: Value) -> dict[str, Any]:
        """What stands for a, b, v, d and the rest in a form."""
        a, *b = map(self.name, node.operands[:2])
        number = kind_and_number(node.op)[1]
        return {
            "a": a, "b": b[0] if b else "", "v": self.name(node), "d": self.grad(node),
            "k": "" if number is None else literal(number), "all": f"({self.names(node.operands)})",
        }  # fmt: skip

    # Backward

    def backward(self, root: Value) -> list[str]:
        """A line for each operand of each operation, from the result to the leaves."""
        self.lines, self.begun = [f"{self.grad(root)} = 1.0"], {root}
        for node in reversed(self.order):
            if self.is_long(node):
                self.long_dot_backward(node)
            elif node.operands:
                self.operation_backward(node)
        self.collect("dx", self.inputs)
        self.collect("dw", self.params)
        return self.lines

    def add(self, operand: Value, message: str) -> None:
        """The line by which a gradient grows; the first one sets it."""
        if not self.is_constant(operand):
            sign = "+=" if operand in self.begun else "="
            self.begun.add(operand)
            self.lines.append(f"{self.grad(operand)} {sign} {message}")

    def operation_backward(self, node: Value) -> None:
        """A line for each operand, in the form that the table of operations has."""
        words, messages = self.words(node), operation(node.op).python[1:]
        number, equal = self.number[node], repr(1.0 / len(node.operands))
        for k, operand in enumerate(node.operands):
            words["share"] = f"s{number}[{k}]" if node.op == "logsumexp" else equal
            words["partner"] = self.name(partner(node, k))
            self.add(operand, messages[k % len(messages)].format(**words))

    def long_dot_backward(self, node: Value) -> None:
        """Each side's gradient grows by that of the result times the other side."""
        left, right = self.sides(node)
        for side, other in ((left, right), (right, left)):
            if isinstance(side, tuple):
                self.add_row(side, self.grad(node), self.row(other)[0])
        for side in {left: 0, right: 0} if isinstance(right, tuple) else [left]:
            if self.last_use.get(self.rows.get(side, "")) is node:
                for k, value in enumerate(side):
                    self.add(value, f"d{self.rows[side]}[{k}]")

    def add_row(self, side: Side, grad: str, factors: str) -> None:
        """The gradients of a row of Values grow by grad times the factors, number by number."""
        name, is_slice = self.row(side)[0], self.slice(side) is not None
        guard = "if inputs_too: " if is_slice and name[0] == "x" else ""
        if self.begun_rows.isdisjoint(side if is_slice else [name]):
            text = f"[{grad} * f for f in {factors}]"
        else:
            text = f"[g + {grad} * f for g, f in zip(d{name}, {factors})]"
        self.begun_rows.update(side if is_slice else [name])
        self.lines.append(f"{guard}d{name} = {text}")

    def collect(self, target: str, members: Sequence[Value]) -> None:
        """The lines that put gradients kept one by one into dx or dw."""
        single = [k for k, x in enumerate(members) if x in self.begun]
        apart = [k for k in single if members[k] not in self.begun_rows]
        for first, last in stretches(apart, 8):
            grads = ", ".join(map(self.grad, members[first:last]))
            self.lines.append(f"{target}[{first}:{last}] = {grads}" + "," * (last - first == 1))
        for k in single:
            if members[k] in self.begun_rows:
                self.lines.append(f"{target}[{k}] += {self.grad(members[k])}")


# Pieces of text


def literal(number: float) -> str:
    """A float as Python text; nan and inf are names that the text may use."""
    text = repr(number)
    return f"({text})" if text.startswith("-") else text


def comment(nodes: Sequence[Value]) -> str:
    """The labels of some Values as a comment, or nothing."""
    labels = ", ".join(printable(node.label) for node in nodes if node.label)
    return f"  # {labels}" if labels else ""


def printable(text: str) -> str:
    """A label that can neither end a comment nor hide in it."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in clipped(text))


def stretches(numbers: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Ranges (first, last) that cover rising numbers without gaps, at most so long."""
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        for start in range(0, len(run), most):
            part = run[start : start + most]
            yield part[0], part[-1] + 1


def wrapped(target: str, text: str) -> str:
    """An assignment over several lines, in parentheses, if it is too long for one."""
    if len(target) + len(text) <= WIDTH:
        return target + text
    lines = [""]
    for piece in re.findall(r".+?(?: \+ |, |$)", text):
        if len(lines[-1]) + len(piece) > WIDTH:
            lines.append("")
        lines[-1] += piece
    inside = "".join(f"\n        {line.rstrip()}" for line in lines)
    return f"{target}({inside}\n    )"


VOCABULARY = {  # what the text may call
    name: getattr(math, name)
    for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "pow", "inf", "nan")
} | {
    name: getattr(numeric, name)
    for name in ("exact_sum", "exponent_slope", "gate", "gelu_curve", "is_larger", "leak",
                 "logsumexp", "maximum", "mean", "minimum", "sign", "softplus")
} | {
    "sigmoid": numeric.logistic, "mul": mul, "power_slope": lambda a, k: numeric.power(a, k)[1],
    "gelu": lambda a: numeric.gelu(a)[0], "gelu_slope": lambda a: numeric.gelu(a)[1],
    "passed": passed,
}  # fmt: skip
DOT = "sum(map(mul, {a}, {b}))"
if sys.version_info >= (3, 12):
    DOT, VOCABULARY["sumprod"] = "sumprod({a}, {b})", math.sumprod
