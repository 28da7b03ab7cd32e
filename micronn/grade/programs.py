"""What an engine is asked: small programs, from a single sum to graphs at random.

Each names every number that it computes, so that the first wrong one can be pointed at.
What is right is what micronn's own engine says; an engine is only asked for what its
class has methods for.

    >>> product = next(program for program in PROGRAMS if "a * b" in program.source)
    >>> print(product.source)
    a = Value(3.0)
    b = Value(-2.0)
    y = a * b
    y.backward()
    >>> right(product)["a"]  # its data, and its gradient
    (3.0, -2.0)
"""

import ast
import math
import random
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from itertools import product
from typing import Any, NamedTuple

from micronn.engine import Value
from micronn.graph import custom_operation

Numbers = dict[str, tuple[float, float]]  # data and grad by name
NO_NUMBER = (math.nan, math.nan)


class Program(NamedTuple):
    """One thing that an engine is asked to do.

    kind: what it shows, one of KINDS.
    text: the computation in a line.
    source: the whole program; `Value` in it is the engine's class.
    needs: the methods without which it cannot run, so that nothing is claimed.
    """

    kind: str
    text: str
    source: str
    needs: tuple[str, ...]

    def compared(self, names: Iterable[str]) -> list[str]:
        """Which of its numbers matter.

        After more than one pass the gradients in the middle are what an engine likes: then
        only those of the leaves.
        """
        leaves_only = self.kind in ("fresh", "again")
        return [name for name in names if not leaves_only or f"{name} = Value(" in self.source]


KINDS = {  # in the order in which they are tried; a limit is no fault
    "start": "a Value holds a number",
    "one": "one operation",
    "constant": "a plain number beside a Value",
    "upstream": "the chain rule through one more operation",
    "reuse": "a Value used twice",
    "order": "a Value passes on what it received only when it has received all",
    "fresh": "a new graph of old Values",
    "mixed": "operations at random",
    "deep": "a long chain",
    "shared": "many ways through one graph",
    "large": "functions of large numbers",
    "again": "backward() more than once",
}
LIMITS = ("deep", "shared", "large", "again")

METHODS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow"}
BINARY = ("+", "*", "-", "/", "**")
SMALL, POSITIVE, BOTH = (0.5, -1.25, 2.0, 0.0), (4.0, 2.25, 0.3, 1.0), (2.0, -3.0, 0.75)
FUNCTIONS = {  # by method: the numbers it is tried at
    "tanh": SMALL, "sigmoid": SMALL, "relu": BOTH, "exp": SMALL, "log": POSITIVE,
    "sqrt": POSITIVE, "sin": SMALL, "cos": SMALL, "softplus": SMALL, "abs": BOTH,
    "__abs__": BOTH,
}  # fmt: skip
# Numbers of a and b, for two operands: also those that a mistake treats in a way of their own
PAIRS = ((3.0, -2.0), (0.5, 4.0), (-1.5, 0.7), (0.0, 2.5), (2.5, 0.0), (-1.0, 1.0), (40.0, 30.0))
POWERS = ((3.0, 2.0), (0.5, -1.5), (1.7, 0.3))
CONSTANTS = ("a + 5", "5 + a", "a - 5", "5 - a", "a * 5", "5 * a", "a / 4", "6 / a", "a ** 2",
             "a ** 3", "a ** -1", "a ** 0.5", "2 ** a", "a + 0.5", "a * 0.5", "a + 0", "a * 0",
             "a * 1", "a ** 1", "a ** 0")  # fmt: skip
AT_0 = ("a ** -1", "a ** 0", "a ** 1")  # what some right engines cannot do at 0
EXTREMES = ("max", "min")  # methods of two operands


def program(
    kind: str, lines: str, leaves: dict[str, float], after: str = "y.backward()", text: str = ""
) -> Program:
    """A program of these leaves and lines, which ends with y and its backward pass.

    text: what is asked, if that is another thing than y.
    """
    given = [f"{name} = Value({number!r})" for name, number in leaves.items()]
    body = [line.strip() for line in lines.split(";")]
    source = "\n".join([*given, *body, *after.split("; ")])
    last, before = body[-1].removeprefix("y = "), ", ".join(body[:-1])
    text = text or (f"{last}, where {before}" if before else last)
    return Program(kind, text, source, tuple(sorted(set(needed("\n".join(body))))))


def needed(lines: str) -> Iterator[str]:
    """The methods that Python calls for these lines."""
    for part in ast.walk(ast.parse(lines)):
        if isinstance(part, ast.BinOp):
            on_the_left = isinstance(part.left, ast.Constant)
            yield f"__{'r' * on_the_left}{METHODS[type(part.op)]}__"
        elif isinstance(part, ast.AugAssign):
            yield f"__{METHODS[type(part.op)]}__"
        elif isinstance(part, ast.UnaryOp) and not isinstance(part.operand, ast.Constant):
            yield "__neg__"
        elif isinstance(part, ast.Attribute) and part.attr not in ("data", "grad"):
            yield part.attr
        elif isinstance(part, ast.Name) and part.id == "abs":
            yield "__abs__"


def applied(function: str, x: str) -> str:
    """A function of x as it is typed."""
    return f"abs({x})" if function == "__abs__" else f"{x}.{function}()"


NINE = """\
a = Value(3.0)
b = Value(-2.0)
total = 0.0
for _ in range(9):
    a.grad = b.grad = 0.0
    y = a * b + a
    y.backward()
    del y
    total += a.grad
a.grad = total"""

A, AB = {"a": 3.0}, {"a": 3.0, "b": -2.0}
ONE = {  # one operation each, with a number that it can be tried at
    **{f"a {sign} b": 3.0 for sign in BINARY}, "-a": 3.0, "a ** 3": 3.0,
    **{applied(function, "a"): points[0] for function, points in FUNCTIONS.items()},
}  # fmt: skip


def written() -> Iterator[Program]:
    """All programs but those at random, simplest first."""
    yield from one_operation()
    for text, a in ONE.items():
        leaves = {"a": a, "b": 2.0} if "b" in text.split() else {"a": a}
        for d in (7.0, -7.0):
            yield program("upstream", f"c = {text}; y = c * d", {**leaves, "d": d})
        if "b" in leaves:
            later = [f"c{text[1:]}", f"b{text[1:-1]}c"]
        else:
            later = [re.sub("a(?!b)", "c", text, count=1)]
        for last in later:
            yield program("upstream", f"c = a * d; y = {last}", {**leaves, "a": 2.0, "d": 0.75})
    for sign in BINARY:
        yield program("reuse", f"y = a {sign} a", A)
    for text, a in ONE.items():
        leaves = {"a": a, "b": 0.75} if "b" in text.split() else {"a": a}
        for name in leaves:
            for sign in "+*":
                yield program("reuse", f"c = {text}; y = c {sign} {name}", leaves)
        if len(leaves) == 1:
            twice = f"c = {text}; d = {text.replace('a', 'b', 1)}; y = c + d"
            yield program("reuse", twice.replace("bbs(a)", "abs(b)"), {"a": a, "b": 0.75})
    for method in EXTREMES:
        yield program("reuse", f"y = a.{method}(a)", A)
    yield program("reuse", "c = a + b; y = c * c", AB)
    yield program("reuse", "c = a + b; y = c * b", {"a": 2.0, "b": 2.0})  # equal, but not the same
    yield program("reuse", "c = a + b; y = c * b", {"a": 2.0, "b": -2.0})  # c is 0
    yield program("order", "c = a * b; f = d * e; y = c + f", {**AB, "d": 0.5, "e": 4.0})
    for lines in ("c = a + b; d = c + c; y = c + d", "c = a + b; d = c + c; y = d + c",
                  "c = a * b; d = c * b; y = c + d", "c = a * b; d = c * b; y = d + c",
                  "c = b * b; d = c * b; y = a + d", "c = b * b; d = c * b; y = d + a",
                  "c = a * b; d = c + b; e = d * b; y = e + c",
                  "c = a * b; d = c + b; e = d * b; y = c + e",
                  "c = a + b; d = c * b; e = d * c; f = e + d; y = f * c"):  # fmt: skip
        yield program("order", lines, AB)
    yield program("order", "c = a * b; d = c * b; e = d * z; y = e + c", {**AB, "z": 0.0})
    yield from several_passes()
    for times in (200, 5_000):
        yield program("deep", f"y = a; for _ in range({times}): y = y + b", AB)
    yield program("shared", "y = a; for _ in range(50): y = y + y", A)
    for text in ("a.tanh()", "a.sigmoid()", "a.softplus()"):
        for a in (800.0, -800.0):
            yield program("large", f"y = {text}", {"a": a})


def one_operation() -> Iterator[Program]:
    """A Value alone, and each operation alone."""
    yield Program("start", "Value(3.0)", "a = Value(3.0)", ())
    for a in (3.0, 0.7, -1.75, 0.123456789):
        yield program("start", "y = a", {"a": a})
    for sign in BINARY:
        for a, b in POWERS if sign == "**" else PAIRS:
            if b or sign != "/":
                yield program("one", f"y = a {sign} b", {"a": a, "b": b})
    for a in (3.0, -0.7):
        yield program("one", "y = -a", {"a": a})
    for method, (a, b) in product(EXTREMES, ((3.0, -2.0), (-2.0, 3.0), (0.5, 0.75), (-1.0, -4.0))):
        yield program("one", f"y = a.{method}(b)", {"a": a, "b": b})
    for function, points in FUNCTIONS.items():
        for a in points:
            yield program("one", f"y = {applied(function, 'a')}", {"a": a})
    for text in CONSTANTS:
        for a in (3.0, 1.5, 0.4, -2.0, 0.0):
            if a > 0.0 or text not in ("a ** 0.5", "6 / a") and (a or text not in AT_0):
                yield program("constant", f"y = {text}", {"a": a})


def several_passes() -> Iterator[Program]:
    """More than one graph of the same Values, or more than one pass of a graph."""
    zeroed = "y.backward(); a.grad = 0; b.grad = 0; "
    for lines, after, text in (
        ("c = a * b; y = c + a", "z = a + b", "a + b, after a pass of a * b + a"),
        ("y = a * b", "a.data = 5.0; z = a * b", "a * b, after a pass of it with another a"),
        ("c = a * b; y = c + a", "c.grad = 0; y.grad = 0; z = c * b",
         "c * b, after a pass of c + a, where c = a * b"),
    ):  # fmt: skip
        yield program("fresh", lines, AB, f"{zeroed}{after}; z.backward()", text)
    zero = "y.backward(); a.zero_grad(); b.zero_grad(); z = a + b; z.backward()"
    cleared = program("fresh", "c = a * b; y = c + a", AB, zero, "a + b, after zero_grad()")
    yield cleared._replace(needs=(*cleared.needs, "zero_grad"))
    for lines in ("c = a * b; z = c + a; y = c * b", "c = a * b; y = c * b; z = c + a"):
        yield program("fresh", lines, AB, text=f"c * b, where {lines.replace('; ', ', ')}")
    for function in FUNCTIONS:
        text, other = applied(function, "a"), "y.backward(); a.grad = 0; a.data = 0.75; z = "
        yield program("fresh", f"y = {text}", {"a": 2.0}, f"{other}{text}; z.backward()",
                      f"the same again of another number: {text}")  # fmt: skip
    yield Program("fresh", "nine graphs in turn of the same a and b", NINE, ("__add__", "__mul__"))
    for sign in "+-*":
        yield program("fresh", f"old = a; a {sign}= b; y = a * old", AB)
    yield program("again", "c = a * b; y = c * b", AB, "y.backward(); y.backward()")
    yield program("again", "y = a * b; z = a + b", AB, "y.backward(); z.backward()")
    yield program("again", "y = a * b", AB, "a.grad = 10.0; y.backward()",
                  "a * b, where a has a gradient of 10 already")  # fmt: skip


PROGRAMS = list(written())


def mixed(works: set[str], count: int = 30) -> Iterator[Program]:
    """Programs at random, of the methods that work, from short to long; the same ones each time.

    Only those with plain numbers: nothing huge, no relu and no abs near its corner.
    """
    rng = random.Random(7)
    signs = [sign for sign, name in zip("+-*", ("add", "sub", "mul"), strict=True)
             if f"__{name}__" in works]  # fmt: skip
    functions = [f for f in FUNCTIONS if f in works and f not in ("log", "sqrt")]
    for length in range(2, 2 + count if signs else 0):
        for _ in range(100):  # until its numbers are plain
            found = at_random(rng, 2 + length // 3, signs, functions)
            if is_plain(found):
                yield found
                break


def smaller(asked: Program) -> Iterator[Program]:
    """A program at random with one of its operations left out, in each way."""
    given = dict(re.findall(r"^(\w) = Value\((.*)\)$", asked.source, re.M))
    lines = re.findall(r"^(\w) = (?!Value)(.*)$", asked.source, re.M)
    for k, (name, text) in enumerate(lines):
        for instead in dict.fromkeys(re.findall(r"\b[a-y]\b", text)):
            left = [(n, re.sub(rf"\b{name}\b", instead, t)) for n, t in lines[:k] + lines[k + 1 :]]
            if k + 1 < len(lines) or left and left[-1][0] == instead:
                left[-1:] = [("y", t) for _, t in left[-1:]]
                used = {x: float(number) for x, number in given.items()
                        if any(re.search(rf"\b{x}\b", t) for _, t in left)}  # fmt: skip
                yield program("mixed", "; ".join([f"{n} = {t}" for n, t in left]), used)


def at_random(rng: random.Random, length: int, signs: list[str], functions: list[str]) -> Program:
    """So many operations on the last results, or on any."""
    names, lines = ["a", "b"], list[str]()
    for name in [*"cdefghijklmn"[: length - 1], "y"]:
        last = names[-1] if lines else rng.choice(names)
        if functions and rng.random() < 0.3:
            lines.append(f"{name} = {applied(rng.choice(functions), last)}")
        else:
            lines.append(f"{name} = {last} {rng.choice(signs)} {rng.choice(names)}")
        names.append(name)
    leaves = {name: rng.choice((-1.5, -0.75, 0.5, 1.25, 2.0)) for name in "ab"}
    return program("mixed", "; ".join(lines), leaves)


def is_plain(asked: Program) -> bool:
    """Whether all its numbers are finite, of moderate size, and away from the corners."""
    try:
        numbers = right(asked)
    except (ArithmeticError, ValueError):
        return False
    sizes = [abs(x) for pair in numbers.values() for x in pair]
    corners = re.findall(r"(\w+)\.(?:relu|abs)|abs\((\w+)", asked.source)
    return all(math.isfinite(x) and x < 1e4 for x in sizes) and all(
        abs(numbers[first or second][0]) > 0.01 for first, second in corners
    )


# What is right


@lru_cache(1000)
def right(asked: Program) -> Numbers:
    """The numbers of micronn's own engine."""
    return numbers(asked.source, Value.backward)


def numbers(source: str, backward: Callable[[Value], object]) -> Numbers:
    """The numbers of a program with this backward pass in place of Value's own.

    backward: has begin(names), if it remembers something from one pass to the next.
    """
    return {name: (x.data, x.grad) for name, x in values_of(source, backward).items()}


def values_of(
    source: str, backward: Callable[[Value], object] = Value.backward
) -> dict[str, Value]:
    """The Values of a program by name, those made first before those made of them."""
    names: dict[str, Any] = {"Value": Value, "Neuron": Neuron, "zero_grad": zero_grad}
    names |= {"backward": backward, "max": partial(extreme, "max"), "min": partial(extreme, "min")}
    getattr(backward, "begin", len)(names)
    source = source.replace(".zero_grad()", ".grad = 0.0")
    source = re.sub(r"(\w+)\.backward\(\)", r"backward(\1)", source)
    source = re.sub(r"(\w+)\.(max|min)\(", r"\2(\1, ", source)
    source = re.sub(r"(\w+)\.abs\(", r"abs(\1", source)
    exec(source, names)  # noqa: S102 (ours)
    return {name: x for name, x in names.items() if isinstance(x, Value)}


def extreme(which: str, x: Value, y: Value) -> Value:
    """The larger or the smaller of two Values, which micronn's engine has no method for."""
    first = (x.data > y.data) == (which == "max")
    data = x.data if first else y.data
    return custom_operation(which, data, [x, y], [float(first), float(not first)])


# What the exercise asks for beside a Value


def zero_grad(values: Iterable[Value]) -> None:
    """Set each gradient to 0."""
    for value in values:
        value.grad = 0.0


class Neuron:
    """tanh(w[0]*x[0] + w[1]*x[1] + ... + b), whose numbers the program chooses."""

    def __init__(self, nin: int) -> None:
        self.w, self.b = [Value(0.0) for _ in range(nin)], Value(0.0)

    def __call__(self, x: list[Value]) -> Value:
        return sum([w * x for w, x in zip(self.w, x, strict=True)], self.b).tanh()
