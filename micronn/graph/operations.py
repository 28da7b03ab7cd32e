"""Everything that a reader of a graph must know of an operation: one row for each.

The engine keeps numbers: a value, and a local derivative for every operand.  What else
is to be known of an operation, how it is written, why its slope is what it is, how the
compiler says it, stands here, and every reader asks this table.  So a new operation is
a method of Value and a row of this table.  One without a row, which custom.py makes, is
drawn, explained and checked all the same, in plainer words; the compiler and grad() refuse it.

    >>> formula("*", ["a", "b"]), formula("**2", ["a"]), formula("dot", ["u", "v", "x", "y"])
    ('a × b', 'a²', 'u × x + v × y')
    >>> rule("*", 0, 3.0, ["a", "b"], "c")
    Rule(symbol='b', why='a product scales each operand by the other one')
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from micronn.engine import Value, dot, logsumexp, maximum, mean, minimum, total
from micronn.graph.slopes import gate, gelu_slope
from micronn.support.text import Place, as_typed, bare, clean, few, fmt

MOST_TERMS, MORE = 8, "… ({:,} more)"  # of a sum that are written out, and how others are told
TIGHT = 5  # how tightly a name, a number, or anything in parentheses binds


class Rule(NamedTuple):
    """A local derivative: as symbols, and why it is what it is."""

    symbol: str
    why: str

    @property
    def sentence(self) -> str:
        """The reason with a capital and a full stop."""
        return f"{self.why[0].upper()}{self.why[1:]}."


class Operation(NamedTuple):
    """What readers know of one operation.

    takes: how many operands; None for any number.
    sign: what stands in a card's header; "" for the name of the operation.
    words: it as a textbook writes it; "" for sign(operands, number).
    code: it as it is typed in Python; "" for a method of the first operand.
    binds, needs: how tightly that text binds, as in a typed formula (+ is 1, ** is 4),
        and how tightly the text of each operand has to, or it stands in parentheses.
    slopes: a rule for each operand, or one for all.
    cases: for an operation that chooses, the reason by the slope itself; None: any other.
    small: what is said where the slope is near 0.
    python: for the compiler, the value, then what each operand's gradient grows by, or
        one such text for all; grad() reads these with Values for numbers.
    machine: the name of its instruction in operations.h, for the machine in C.
    typed: its name in a typed formula; "" if it has none there.
    call: makes a Value of operands, and of the number in the op if there is one.

    In words and code {0}, {1} are operands, {all} the list of them, {k} the number in the
    op; in slopes too, with {out} for the result; in small, {x} is the operand and {op} the
    operation.  In python {a}, {b} are the operands, {v} the result, {d} its gradient.
    """

    takes: int | None = 1
    sign: str = ""
    words: str = ""
    code: str = ""
    binds: int = TIGHT
    needs: tuple[int, ...] = (0,)
    slopes: tuple[Rule, ...] = ()
    cases: Mapping[float | None, str] = {}
    small: str = "{op} flat at {x}"
    python: tuple[str, ...] = ()
    machine: str = ""
    typed: str = ""
    call: Callable[..., Value] | None = None


# The table

PASS = "a sum passes every change through unchanged"
SCALE = "a product scales each operand by the other one"
EXPONENT = "the exponent comes down as a factor, and the power is one less"
LET = "{op} lets the change through where its operand is above 0"
EQUAL = "both are equal, so each passes half of its change through"
WEIGHTED = "a weighted sum scales each factor by its partner"
MULTIPLIED = "{x} is multiplied by a small number"

OPERATIONS: dict[str, Operation] = {  # by op; k stands for any number in it
    "+": Operation(
        takes=2, words="{0} + {1}", code="{0} + {1}", binds=1, needs=(1, 1),
        slopes=(Rule("1", PASS), Rule("1", PASS)),
        python=("{a} + {b}", "{d}"),
        machine="ADD", call=operator.add,
    ),
    "-": Operation(
        takes=2, sign="−", words="{0} − {1}", code="{0} - {1}", binds=1, needs=(1, 2),
        slopes=(
            Rule("1", "what something is taken away from passes its change through unchanged"),
            Rule("−1", "what is taken away passes its change through with the sign turned round"),
        ),
        python=("{a} - {b}", "{d}", "-{d}"),
        machine="SUB", call=operator.sub,
    ),
    "*": Operation(
        takes=2, sign="×", words="{0} × {1}", code="{0} * {1}", binds=2, needs=(2, 2),
        slopes=(Rule("{1}", SCALE), Rule("{0}", SCALE)),
        small=MULTIPLIED,
        python=("{a} * {b}", "{d} * {b}", "{d} * {a}"),
        machine="MUL", call=operator.mul,
    ),
    "/": Operation(
        takes=2, sign="÷", words="{0} ÷ {1}", code="{0} / {1}", binds=2, needs=(2, 3),
        slopes=(
            Rule("1 ÷ {1}", "a quotient scales its numerator by one over the denominator"),
            Rule("−{out} ÷ {1}",
                 "a larger denominator makes the quotient smaller, in proportion to both"),
        ),
        small="{x} is in a quotient with a large number",
        python=("{a} / {b}", "{d} * (1.0 / {b})", "{d} * (-{v} / {b})"),
        machine="DIV", call=operator.truediv,
    ),
    "neg": Operation(
        words="−{0}", code="-{0}", binds=3, needs=(4,),
        slopes=(Rule("−1", "a minus sign turns every change round"),),
        python=("-{a}", "-{d}"),
        machine="NEG", call=operator.neg,
    ),
    "**": Operation(
        takes=2, sign="x^k", words="{0}^{1}", code="{0} ** {1}", binds=4, needs=(5, 5),
        slopes=(
            Rule("{1} × {0}^({1} − 1)", EXPONENT),
            Rule("{out} × log({0})",
                 "a larger exponent multiplies the power by its base once more"),
        ),
        python=("pow({a}, {b})", "{d} * power_slope({a}, {b})",
                "{d} * exponent_slope({a}, {b}, {v})"),
        machine="POW", call=operator.pow,
    ),
    "**k": Operation(  # k, the exponent, is a plain number; see POWERS too
        sign="x^{k}", words="{0}^{k}", code="{0} ** {k}", binds=4, needs=(5,),
        slopes=(Rule("{k} × {0}^{less}", EXPONENT),),
        small="**{k} flat at {x}",
        python=("pow({a}, {k})", "{d} * ({k} * pow({a}, {k} - 1.0))"),
        machine="POWER", call=operator.pow,
    ),
    "abs": Operation(
        words="|{0}|", code="abs({0})",
        cases={
            1.0: "above 0 a size passes its change through unchanged",
            -1.0: "below 0 a size turns every change round",
            0.0: "at 0 a size has a corner; its slope is taken as 0",
        },
        python=("abs({a})", "{d} * sign({a})"),
        machine="ABS", typed="abs", call=abs,
    ),
    "exp": Operation(
        slopes=(Rule("{out}", "exp grows as fast as it is large: it is its own derivative"),),
        python=("exp({a})", "{d} * {v}"),
        machine="EXP", typed="exp", call=Value.exp,
    ),
    "log": Operation(
        slopes=(Rule("1 ÷ {0}",
                     "log is steep near 0 and ever flatter beyond: one over its operand"),),
        python=("log({a})", "{d} * (1.0 / {a})"),
        machine="LOG", typed="log", call=Value.log,
    ),
    "sqrt": Operation(
        slopes=(Rule("1 ÷ (2 × {out})", "a square root is steep near 0 and ever flatter beyond"),),
        python=("sqrt({a})", "{d} * (0.5 / {v})"),
        machine="SQRT", typed="sqrt", call=Value.sqrt,
    ),
    "sin": Operation(
        slopes=(Rule("cos({0})", "the slope of sine is cosine"),),
        python=("sin({a})", "{d} * cos({a})"),
        machine="SIN", typed="sin", call=Value.sin,
    ),
    "cos": Operation(
        slopes=(Rule("−sin({0})", "the slope of cosine is minus sine"),),
        python=("cos({a})", "{d} * -sin({a})"),
        machine="COS", typed="cos", call=Value.cos,
    ),
    "tanh": Operation(
        slopes=(Rule("1 − {out}²", "tanh is steepest at 0 and flat where it is near −1 or 1"),),
        small="{op} saturated at {x}",
        python=("tanh({a})", "{d} * (1.0 - {v} * {v})"),
        machine="TANH", typed="tanh", call=Value.tanh,
    ),
    "sigmoid": Operation(
        slopes=(Rule("{out} × (1 − {out})", "sigmoid is steepest at 0.5 and flat near 0 and 1"),),
        small="{op} saturated at {x}",
        python=("sigmoid({a})", "{d} * ({v} * (1.0 - {v}))"),
        machine="SIGMOID", typed="sigmoid", call=Value.sigmoid,
    ),
    "relu": Operation(
        cases={1.0: LET, 0.0: "{op} stops the change where its operand is not above 0"},
        small="{op} off at {x}",
        python=("0.0 if {a} <= 0.0 else {a}", "gate({d}, {a})"),
        machine="RELU", typed="relu", call=Value.relu,
    ),
    "leaky_relu k": Operation(  # k is the slope below 0
        cases={1.0: LET, None: "{op} lets little of the change through below 0"},
        small="{op} leaks at {x}",
        python=("{a} * leak({a}, {k})", "{d} * leak({a}, {k})"),
        machine="LEAKY", typed="leaky_relu", call=Value.leaky_relu,
    ),
    "softplus": Operation(
        slopes=(Rule("sigmoid({0})", "softplus is a smooth relu: its slope goes from 0 to 1"),),
        small="{op} off at {x}",
        python=("softplus({a})", "{d} * sigmoid({a})"),
        machine="SOFTPLUS", typed="softplus", call=Value.softplus,
    ),
    "gelu": Operation(
        slopes=(Rule("P({0}) + {0} × p({0})",
                     "gelu is a smooth relu; p is the bell curve and P its area"),),
        python=("gelu({a})", "{d} * gelu_slope({a})"),
        machine="GELU", typed="gelu", call=Value.gelu,
    ),
    "gelu_slope": Operation(
        slopes=(Rule("p({0}) × (2 − {0}²)", "the slope of gelu changes most at 0"),),
        python=("gelu_slope({a})", "{d} * gelu_curve({a})"),
        code="gelu_slope({0})", machine="GELU_SLOPE", call=gelu_slope,
    ),
    "gate": Operation(
        takes=2, code="gate({all})",
        cases={
            1.0: "an open gate, whose second operand is above 0, passes every change through",
            0.0: "nothing comes through here: the gate is closed, or this operand only opens it",
        },
        python=("gate({a}, {b})", "gate({d}, {b})", "0.0"),
        machine="GATE", call=gate,
    ),
    "maximum": Operation(
        takes=2, sign="max", code="maximum({all})",
        cases={
            1.0: "the larger one decides and passes its change through",
            0.0: "the smaller one changes nothing: the larger one decides",
            0.5: EQUAL,
        },
        small="{x} is not the maximum",
        python=("maximum({a}, {b})", "passed({d}, is_larger({a}, {b}))",
                "passed({d}, is_larger({b}, {a}))"),
        machine="MAXIMUM", typed="maximum", call=maximum,
    ),
    "minimum": Operation(
        takes=2, sign="min", code="minimum({all})",
        cases={
            1.0: "the smaller one decides and passes its change through",
            0.0: "the larger one changes nothing: the smaller one decides",
            0.5: EQUAL,
        },
        small="{x} is not the minimum",
        python=("minimum({a}, {b})", "passed({d}, is_larger({b}, {a}))",
                "passed({d}, is_larger({a}, {b}))"),
        machine="MINIMUM", typed="minimum", call=minimum,
    ),
    "sum": Operation(
        takes=None, sign="Σ", words="{sum}", code="total([{all}])", binds=1, needs=(1,),
        slopes=(Rule("1", PASS),),
        python=("exact_sum({all})", "{d}"),
        machine="SUM", typed="total", call=lambda *values: total(values),
    ),
    "mean": Operation(
        takes=None, words="({sum}) ÷ {n}", code="mean([{all}])", binds=2, needs=(1,),
        slopes=(Rule("1 ÷ {n}", "a mean of {n} gives each of them a share of 1 ÷ {n}"),),
        small="{x} is one of many in a mean",
        python=("mean({all})", "{d} * {share}"),
        machine="MEAN", typed="mean", call=lambda *values: mean(values),
    ),
    "logsumexp": Operation(
        takes=None, code="logsumexp([{all}])",
        slopes=(Rule("e^({one} − {out})",
                     "logsumexp passes a change to each operand by its share, its softmax"),),
        small="{x} is far below the largest in logsumexp",
        python=("logsumexp({all})", "{d} * {share}"),
        machine="LOGSUMEXP", typed="logsumexp", call=lambda *values: logsumexp(values),
    ),
    "dot": Operation(  # the first half of the operands times the other half
        takes=None, words="{products}", code="dot([{left}], [{right}])", binds=1, needs=(3,),
        slopes=(Rule("{partner}", WEIGHTED),),
        small=MULTIPLIED, python=("", "{d} * {partner}"),
        machine="DOT", call=lambda *values: dot(*halves(values)),
    ),
    "weighted_sum": Operation(  # a dot whose other half, plain numbers, are its slopes
        takes=None, sign="dot",
        slopes=(Rule("{slope}", WEIGHTED),),
        small=MULTIPLIED, python=("", "{d} * {partner}"),
        machine="LAYER",
    ),
}  # fmt: skip

POWER = OPERATIONS["**k"]
HUGE_POWER = POWER._replace(python=("pow({a}, {k})", "{d} * power_slope({a}, {k})"))  # k - 1 rounds
POWERS = {
    0.0: POWER._replace(
        slopes=(Rule("0", "a power of 0 is 1, whatever the base"),), python=("1.0", "0.0")
    ),
    1.0: POWER._replace(slopes=(Rule("1", EXPONENT),), python=("{a}", "{d}")),
    2.0: POWER._replace(
        sign="x²", words="{0}²", slopes=(Rule("2 × {0}", EXPONENT),),
        python=("{a} ** 2.0", "{d} * (2.0 * {a})"), machine="SQUARE",
    ),
    3.0: POWER._replace(sign="x³", words="{0}³"),
}  # fmt: skip


# How the table is asked


@lru_cache(1000)
def kind_and_number(op: str) -> tuple[str, float | None]:
    """An op's text taken apart: what it does, and the number it does it with, if any.

    >>> kind_and_number("**3"), kind_and_number("leaky_relu 0.01"), kind_and_number("tanh")
    (('**', 3.0), ('leaky_relu', 0.01), ('tanh', None))
    """
    kind, number = ("**", op[2:]) if op.startswith("**") else op.partition(" ")[::2]
    try:
        return kind, float(number)
    except ValueError:
        return op, None


@lru_cache(1000)
def operation(op: str) -> Operation:
    """The row of an op; for one that the table does not know, a row with nothing to tell."""
    kind, number = kind_and_number(op)
    if kind == "**" and number is not None:
        return POWERS.get(number, POWER if abs(number) < 2.0**53 else HUGE_POWER)
    return OPERATIONS.get(kind if number is None else f"{kind} k") or Operation(takes=None)


def again(node: Value, operands: Sequence[Value]) -> Value:
    """A node's operation on other operands.  Raises whatever the operation raises for them."""
    if node.op == "weighted_sum":
        return dot(operands, node.local_grads)
    kind, number = kind_and_number(node.op)
    call = operation(node.op).call or getattr(Value, kind)
    return call(*operands) if number is None else call(*operands, number)


def glyph(op: str) -> str:
    """An operation as a card's header shows it.

    >>> glyph("*"), glyph("**3"), glyph("**-0.5"), glyph("tanh")
    ('×', 'x³', 'x^−0.5', 'tanh')
    """
    number = kind_and_number(op)[1]
    return operation(op).sign.format(k=number if number is None else fmt(number)) or clean(op)


def formula(op: str, parts: Sequence[str]) -> str:
    """An operation on operands, as a textbook writes it.

    parts: a text for each operand: its name, its number, or a formula in parentheses.

    >>> formula("leaky_relu 0.01", ["x"]), formula("mean", ["a", "b"]), formula("**0.5", ["a"])
    ('leaky_relu(x, 0.01)', '(a + b) ÷ 2', 'a^0.5')
    """
    row, (kind, number) = operation(op), kind_and_number(op)
    if row.needs == (0,):
        parts = [bare(part) for part in parts]
    first, n = few(parts, MOST_TERMS, MORE), len(parts)
    if not row.words:
        numbers = [] if number is None else [as_typed(number)]
        return f"{row.sign or clean(kind)}({', '.join([*first, *numbers])})"
    products = [f"{a} × {b}" for a, b in zip(*halves(parts), strict=False)]
    return row.words.format(
        *parts,
        k="" if number is None else fmt(number),
        n=n,
        sum=" + ".join(first),
        products=" + ".join(few(products, MOST_TERMS, MORE)),
    )


def nested(op: str, parts: Sequence[tuple[str, int]]) -> str:
    """As formula(), with parentheses where a part binds less tightly than it has to.

    parts: a text for each operand, and how tightly that text binds.

    >>> nested("*", [("a + b", 1), ("c", TIGHT)]), nested("tanh", [("a + b", 1)])
    ('(a + b) × c', 'tanh(a + b)')
    """
    needs = operation(op).needs
    needs += needs[-1:] * len(parts)
    pairs = zip(parts, needs, strict=False)
    return formula(op, [text if binds >= need else f"({text})" for (text, binds), need in pairs])


def code(op: str, names: Sequence[str]) -> str:
    """An operation as it is typed in Python.

    >>> code("dot", ["u", "v", "x", "y"]), code("**3", ["a"]), code("tanh", ["a"])
    ('dot([u, v], [x, y])', 'a ** 3', 'a.tanh()')
    """
    row, (kind, number) = operation(op), kind_and_number(op)
    typed = [] if number is None else [as_typed(number)]
    if not row.machine:  # one of the reader's own, a function
        return f"{kind}({', '.join([*names, *typed])})"
    if not row.code:
        return f"{names[0]}.{kind}({', '.join([*names[1:], *typed])})"
    left, right = map(", ".join, halves(names))
    k = "".join(f"({text})" if text.startswith("-") else text for text in typed)
    return row.code.format(*names, k=k, all=", ".join(names), left=left, right=right)


def halves(items: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """The operands of a dot as the two lists that it was given."""
    return items[: len(items) // 2], items[len(items) // 2 :]


def partner(node: Value, j: int) -> Value | float:
    """What operand j of a dot is multiplied by."""
    n = len(node.operands)
    return node.local_grads[j] if node.op == "weighted_sum" else node.operands[(j + n // 2) % n]


def rule(op: str, j: int, slope: float, names: Sequence[str], out: str) -> Rule:
    """The rule behind the local derivative of an operation by its operand number j.

    slope: that derivative.
    names: a text for each operand; out: a text for the result.

    >>> rule("relu", 0, 0.0, ["x"], "y")
    Rule(symbol='0', why='relu stops the change where its operand is not above 0')
    """
    row, (kind, number), n = operation(op), kind_and_number(op), len(names)
    if row.cases:
        if isinstance(slope, Place):  # the page will choose one
            return Rule(fmt(slope), slope.mark("w"))
        why = row.cases.get(slope) or row.cases.get(None) or "NaN has no slope but NaN"
        return Rule(fmt(slope), why.format(op=kind))
    if not row.slopes:
        return Rule(fmt(slope), f"{glyph(op)} computed this slope together with its value")
    words = {"out": out, "one": names[j], "partner": names[(j + n // 2) % n], "slope": fmt(slope)}
    words |= {"n": str(n)}
    words |= {} if number is None else {"k": fmt(number), "less": fmt(number - 1.0)}
    symbol, why = row.slopes[j if len(row.slopes) > 1 else 0]
    return Rule(symbol.format(*names, **words), why.format(*names, **words))


def why_small(op: str, x: str) -> str:
    """Why the slope of an operation is near 0, where x tells its operand and its number.

    >>> why_small("relu", "x = -3")
    'relu off at x = -3'
    """
    kind, number = kind_and_number(op)
    return operation(op).small.format(op=kind, x=x, k="" if number is None else as_typed(number))
