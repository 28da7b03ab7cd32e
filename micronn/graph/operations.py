"""Each operation in words: how it is written, and why its slope is what it is.

The engine keeps the numbers: a local derivative for every operand.  This file keeps
the sentences, so that a page, a quiz or a table can say where the numbers come from.
Everything here is text; nothing is computed.

    >>> formula("*", ["a", "b"]), formula("**2", ["a"]), formula("dot", ["u", "v", "x", "y"])
    ('a × b', 'a²', 'u × x + v × y')
    >>> rule("*", 0, 3.0, ["a", "b"], "c")
    Rule(symbol='b', why='a product scales each operand by the other one')
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from micronn.support.text import fmt, glyph

INFIX = {"+": "+", "-": "−", "*": "×", "/": "÷"}
FUNCTIONS_IN_CODE = {"sum": "total", "mean": "mean", "logsumexp": "logsumexp"}  # of one list
MOST_TERMS = 8  # of a sum that are written out


class Rule(NamedTuple):
    """A local derivative: as symbols, and why it is what it is."""

    symbol: str
    why: str

    @property
    def sentence(self) -> str:
        """The reason with a capital and a full stop."""
        return f"{self.why[0].upper()}{self.why[1:]}."


# How an operation is written


def formula(op: str, parts: Sequence[str]) -> str:
    """An operation on operands, as a textbook writes it.

    parts: a text for each operand: its name, its number, or a formula in parentheses.

    >>> formula("leaky_relu 0.01", ["x"]), formula("mean", ["a", "b"]), formula("**0.5", ["a"])
    ('leaky_relu(x, 0.01)', '(a + b) ÷ 2', 'a^0.5')
    """
    if op in INFIX:
        return f"{parts[0]} {INFIX[op]} {parts[1]}"
    if op == "neg":
        return f"−{parts[0]}"
    if op == "abs":
        return f"|{re.sub(r'^[(]([^()]*)[)]$', lambda inner: inner[1], parts[0])}|"
    if op == "**":
        return f"{parts[0]}^{parts[1]}"
    if op.startswith("**"):
        return parts[0] + glyph(op).removeprefix("x")
    if op in ("sum", "mean"):
        return added(parts) if op == "sum" else f"({added(parts)}) ÷ {len(parts)}"
    if op == "dot":
        n = len(parts) // 2
        return added([f"{a} × {b}" for a, b in zip(parts[:n], parts[n:], strict=True)])
    name, *numbers = op.split()
    return f"{glyph(name)}({', '.join([*shortened(parts), *numbers])})"


def added(parts: Sequence[str]) -> str:
    """A sum of many terms, the middle left out if there are too many."""
    return " + ".join(shortened(parts))


def shortened(parts: Sequence[str]) -> list[str]:
    """All parts, or the first ones and how many more there are."""
    if len(parts) <= MOST_TERMS:
        return list(parts)
    return [*parts[: MOST_TERMS - 1], f"… ({len(parts) - MOST_TERMS + 1:,} more)"]


def code(op: str, names: Sequence[str]) -> str:
    """An operation as it is typed in Python.

    >>> code("dot", ["u", "v", "x", "y"]), code("**3", ["a"]), code("tanh", ["a"])
    ('dot([u, v], [x, y])', 'a ** 3', 'a.tanh()')
    """
    if op in ("+", "-", "*", "/", "**"):
        return f"{names[0]} {op} {names[1]}"
    if op == "neg":
        return f"-{names[0]}"
    if op == "dot":
        n = len(names) // 2
        return f"dot([{', '.join(names[:n])}], [{', '.join(names[n:])}])"
    if op in FUNCTIONS_IN_CODE:
        return f"{FUNCTIONS_IN_CODE[op]}([{', '.join(names)}])"
    if op in ("abs", "maximum", "minimum"):
        return f"{op}({', '.join(names)})"
    if op.startswith("**"):
        return f"{names[0]} ** {op[2:]}" if op[2] != "-" else f"{names[0]} ** ({op[2:]})"
    method, *numbers = op.split()
    return f"{names[0]}.{method}({', '.join(numbers)})"


# Why its slope is what it is.  {0} and {1} stand for the operands, {out} for the result.

PASS = "a sum passes every change through unchanged"
SCALE = "a product scales each operand by the other one"
EXPONENT = "the exponent comes down as a factor, and the power is one less"

RULES: dict[str, Sequence[tuple[str, str]]] = {
    "+": [("1", PASS), ("1", PASS)],
    "-": [
        ("1", "what something is taken away from passes its change through unchanged"),
        ("−1", "what is taken away passes its change through with the sign turned round"),
    ],
    "*": [("{1}", SCALE), ("{0}", SCALE)],
    "/": [
        ("1 ÷ {1}", "a quotient scales its numerator by one over the denominator"),
        ("−{out} ÷ {1}", "a larger denominator makes the quotient smaller, in proportion to both"),
    ],
    "neg": [("−1", "a minus sign turns every change round")],
    "**": [
        ("{1} × {0}^({1} − 1)", EXPONENT),
        ("{out} × log({0})", "a larger exponent multiplies the power by its base once more"),
    ],
    "exp": [("{out}", "exp grows as fast as it is large: it is its own derivative")],
    "log": [("1 ÷ {0}", "log is steep near 0 and ever flatter beyond: one over its operand")],
    "sqrt": [("1 ÷ (2 × {out})", "a square root is steep near 0 and ever flatter beyond")],
    "sin": [("cos({0})", "the slope of sine is cosine")],
    "cos": [("−sin({0})", "the slope of cosine is minus sine")],
    "tanh": [("1 − {out}²", "tanh is steepest at 0 and flat where it is near −1 or 1")],
    "sigmoid": [("{out} × (1 − {out})", "sigmoid is steepest at 0.5 and flat near 0 and 1")],
    "softplus": [("sigmoid({0})", "softplus is a smooth relu: its slope goes from 0 to 1")],
    "gelu": [
        ("P({0}) + {0} × p({0})", "gelu is a smooth relu; p is the bell curve and P its area")
    ],
}  # fmt: skip

# Some slopes are a choice: the number itself says which side was taken.
LET = "{op} lets the change through where its operand is above 0"
CHOICES = {
    ("relu", 1.0): LET,
    ("relu", 0.0): "relu stops the change where its operand is not above 0",
    ("leaky_relu", 1.0): LET,
    ("leaky_relu", None): "leaky_relu lets little of the change through below 0",
    ("abs", 1.0): "above 0 a size passes its change through unchanged",
    ("abs", -1.0): "below 0 a size turns every change round",
    ("abs", 0.0): "at 0 a size has a corner; its slope is taken as 0",
    ("maximum", 1.0): "the larger one decides and passes its change through",
    ("maximum", 0.0): "the smaller one changes nothing: the larger one decides",
    ("minimum", 1.0): "the smaller one decides and passes its change through",
    ("minimum", 0.0): "the larger one changes nothing: the smaller one decides",
    ("maximum", 0.5): "both are equal, so each passes half of its change through",
    ("minimum", 0.5): "both are equal, so each passes half of its change through",
}
CHOOSING = {op for op, _ in CHOICES}


def rule(op: str, j: int, slope: float, names: Sequence[str], out: str) -> Rule:
    """The rule behind the local derivative of an operation by its operand number j.

    slope: that derivative.
    names: a text for each operand; out: a text for the result.

    >>> rule("relu", 0, 0.0, ["x"], "y")
    Rule(symbol='0', why='relu stops the change where its operand is not above 0')
    """
    kind = op.split()[0]
    if kind in CHOOSING:
        why = CHOICES.get((kind, slope)) or CHOICES.get((kind, None)) or "NaN has no slope but NaN"
        return Rule(fmt(slope), why.format(op=kind))
    if kind in RULES:
        symbol, why = RULES[kind][j]
        return Rule(symbol.format(*names, out=out), why)
    return rule_of_many(kind, j, slope, names, out)


def rule_of_many(op: str, j: int, slope: float, names: Sequence[str], out: str) -> Rule:
    """The rule of a power of a plain number, or of an operation on any number of operands."""
    n = len(names)
    if op.startswith("**"):
        return power_rule(float(op[2:]), names[0])
    if op == "sum":
        return Rule("1", PASS)
    if op == "mean":
        return Rule(f"1 ÷ {n}", f"a mean of {n} gives each of them a share of 1 ÷ {n}")
    if op == "dot":
        why = "a weighted sum scales each factor by its partner"
        return Rule(names[(j + n // 2) % n], why)
    if op == "logsumexp":
        why = "logsumexp passes a change to each operand by its share, its softmax"
        return Rule(f"e^({names[j]} − {out})", why)
    return Rule(fmt(slope), f"{glyph(op)} computed this slope together with its value")


def power_rule(k: float, base: str) -> Rule:
    """The rule of base ** k."""
    rest = "" if k == 1.0 else f" × {base}" if k == 2.0 else f" × {base}^{fmt(k - 1.0)}"
    return Rule(
        fmt(k) + rest if k else "0", EXPONENT if k else "a power of 0 is 1, whatever the base"
    )
