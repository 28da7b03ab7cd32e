"""From wrong numbers to the mistake that makes them.

A wrong pass of the whole graph is looked up in the gallery of faults.  A wrong number of
one operation is compared with the formulas that people write in place of the right one:
whichever gives the engine's numbers at every point where it was tried is the mistake.
"""

import contextlib
import math
import operator
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from micronn.grade.programs import Numbers, Program, right
from micronn.support.text import fmt

Formula = Callable[[float, float, float], float]  # of a, b and y

UNARY: dict[str, Formula] = {  # what a function, or its derivative, may have become
    "1": lambda a, b, y: 1.0,
    "0": lambda a, b, y: 0.0,
    "a": lambda a, b, y: a,
    "y": lambda a, b, y: y,
    "1 - y**2": lambda a, b, y: 1.0 - y * y,
    "1 - y": lambda a, b, y: 1.0 - y,
    "1 + y**2": lambda a, b, y: 1.0 + y * y,
    "1 - a**2": lambda a, b, y: 1.0 - a * a,
    "1 - a": lambda a, b, y: 1.0 - a,
    "y * (1 - y)": lambda a, b, y: y * (1.0 - y),
    "y * (1 - a)": lambda a, b, y: y * (1.0 - a),
    "y * (1 + y)": lambda a, b, y: y * (1.0 + y),
    "a * (1 - a)": lambda a, b, y: a * (1.0 - a),
    "y**2": lambda a, b, y: y * y,
    "a**2": lambda a, b, y: a * a,
    "2 * a": lambda a, b, y: 2.0 * a,
    "2 * y": lambda a, b, y: 2.0 * y,
    "1 / a": lambda a, b, y: 1.0 / a,
    "1 / y": lambda a, b, y: 1.0 / y,
    "1 / a**2": lambda a, b, y: 1.0 / a**2,
    "1 / (2 * y)": lambda a, b, y: 0.5 / y,
    "1 / (2 * a)": lambda a, b, y: 0.5 / a,
    "2 / y": lambda a, b, y: 2.0 / y,
    "y / 2": lambda a, b, y: y / 2.0,
    "a * y": lambda a, b, y: a * y,
    "exp(a)": lambda a, b, y: math.exp(a),
    "exp(-a)": lambda a, b, y: math.exp(-a),
    "exp(y)": lambda a, b, y: math.exp(y),
    "a * exp(a)": lambda a, b, y: a * math.exp(a),
    "a * exp(a - 1)": lambda a, b, y: a * math.exp(a - 1.0),
    "log(a)": lambda a, b, y: math.log(a),
    "log2(a)": lambda a, b, y: math.log2(a),
    "log(1 + a)": lambda a, b, y: math.log1p(a),
    "2**a": lambda a, b, y: 2.0**a,
    "10**a": lambda a, b, y: 10.0**a,
    "sin(a * pi / 180)": lambda a, b, y: math.sin(math.radians(a)),
    "log10(a)": lambda a, b, y: math.log10(a),
    "1 / (a * log(10))": lambda a, b, y: 1.0 / (a * math.log(10.0)),
    "sqrt(a)": lambda a, b, y: math.sqrt(a),
    "sin(a)": lambda a, b, y: math.sin(a),
    "cos(a)": lambda a, b, y: math.cos(a),
    "sin(y)": lambda a, b, y: math.sin(y),
    "cos(y)": lambda a, b, y: math.cos(y),
    "tan(a)": lambda a, b, y: math.tan(a),
    "tanh(a)": lambda a, b, y: math.tanh(a),
    "1 - tanh(a)**2": lambda a, b, y: 1.0 - math.tanh(a) ** 2,
    "1 - tanh(y)**2": lambda a, b, y: 1.0 - math.tanh(y) ** 2,
    "sigmoid(a)": lambda a, b, y: 1.0 / (1.0 + math.exp(-a)),
    "sigmoid(y) * (1 - sigmoid(y))": lambda a, b, y: 1.0 / (2.0 + math.exp(-y) + math.exp(y)),
    "sigmoid(a) * (1 - sigmoid(a))": lambda a, b, y: 1.0 / (2.0 + math.exp(-a) + math.exp(a)),
    "1 + exp(-a)": lambda a, b, y: 1.0 + math.exp(-a),
    "log(1 + exp(a))": lambda a, b, y: math.log1p(math.exp(a)),
    "max(a, 0)": lambda a, b, y: max(a, 0.0),
    "1 if a > 0 else 0": lambda a, b, y: float(a > 0.0),
    "1 if a < 0 else 0": lambda a, b, y: float(a < 0.0),
    "1 if a > 0 else -1": lambda a, b, y: math.copysign(1.0, a),
    "abs(a)": lambda a, b, y: abs(a),
    "tanh(2 * a)": lambda a, b, y: math.tanh(2.0 * a),
    "tanh(a / 2)": lambda a, b, y: math.tanh(a / 2.0),
}
BINARY: dict[str, Formula] = {
    "1": lambda a, b, y: 1.0,
    "0": lambda a, b, y: 0.0,
    "a": lambda a, b, y: a,
    "b": lambda a, b, y: b,
    "y": lambda a, b, y: y,
    "a + b": lambda a, b, y: a + b,
    "a - b": lambda a, b, y: a - b,
    "b - a": lambda a, b, y: b - a,
    "a * b": lambda a, b, y: a * b,
    "1 if a > b else 0": lambda a, b, y: float(a > b),
    "1 if a < b else 0": lambda a, b, y: float(a < b),
    "max(a, b)": lambda a, b, y: max(a, b),
    "min(a, b)": lambda a, b, y: min(a, b),
    "a / b": lambda a, b, y: a / b,
    "b / a": lambda a, b, y: b / a,
    "a // b": lambda a, b, y: a // b,
    "1 / a": lambda a, b, y: 1.0 / a,
    "1 / b": lambda a, b, y: 1.0 / b,
    "1 / a**2": lambda a, b, y: 1.0 / a**2,
    "1 / b**2": lambda a, b, y: 1.0 / b**2,
    "a / b**2": lambda a, b, y: a / b**2,
    "b / a**2": lambda a, b, y: b / a**2,
    "a * b**2": lambda a, b, y: a * b**2,
    "a**2": lambda a, b, y: a * a,
    "b**2": lambda a, b, y: b * b,
    "a**int(b)": lambda a, b, y: a ** int(b),
    "a**b": lambda a, b, y: a**b,
    "b**a": lambda a, b, y: b**a,
    "b * a**(b - 1)": lambda a, b, y: b * a ** (b - 1.0),
    "a**b * log(a)": lambda a, b, y: a**b * math.log(a),
    "a * b**(a - 1)": lambda a, b, y: a * b ** (a - 1.0),
    "a**(b - 1)": lambda a, b, y: a ** (b - 1.0),
    "b * a**b": lambda a, b, y: b * a**b,
    "b * a**(b + 1)": lambda a, b, y: b * a ** (b + 1.0),
    "(b - 1) * a**(b - 1)": lambda a, b, y: (b - 1.0) * a ** (b - 1.0),
    "(b - 1) * a**b": lambda a, b, y: (b - 1.0) * a**b,
    "(b + 1) * a**b": lambda a, b, y: (b + 1.0) * a**b,
    "b * a**(b - 2)": lambda a, b, y: b * a ** (b - 2.0),
    "b - 1": lambda a, b, y: b - 1.0,
    "2 * a": lambda a, b, y: 2.0 * a,
    "log(a)": lambda a, b, y: math.log(a),
    "log(b)": lambda a, b, y: math.log(b),
    "y * log(a)": lambda a, b, y: y * math.log(a),
    "y * log(b)": lambda a, b, y: y * math.log(b),
    "b * y": lambda a, b, y: b * y,
    "a * y": lambda a, b, y: a * y,
    "y / b": lambda a, b, y: y / b,
    "y / a": lambda a, b, y: y / a,
}
RIGHT = {  # the derivatives, by operation
    "+": ("1", "1"), "-": ("1", "-1"), "*": ("b", "a"), "/": ("1 / b", "-a / b**2"),
    "**": ("b * a**(b - 1)", "y * log(a)"), "tanh": ("1 - y**2",), "sigmoid": ("y * (1 - y)",),
    "relu": ("1 if a > 0 else 0",), "exp": ("y",), "log": ("1 / a",), "sqrt": ("1 / (2 * y)",),
    "sin": ("cos(a)",), "cos": ("-sin(a)",), "softplus": ("sigmoid(a)",),
    "max": ("1 if a > b else 0", "1 if a < b else 0"),
    "min": ("1 if a < b else 0", "1 if a > b else 0"), "abs": ("1 if a > 0 else -1",),
    "-a": ("-1",),
}  # fmt: skip


def limited(most: float, x: float) -> float:
    """x, cut off at this size."""
    return max(-most, min(most, x))


CHANGED: dict[str, Callable[[float], float]] = {  # the right number, or another, and then ...
    "{}": lambda x: x,
    "-({})": lambda x: -x,
    "2 * ({})": lambda x: 2.0 * x,
    "({}) / 2": lambda x: x / 2.0,
    "abs({})": abs,
    "({})**2": lambda x: x * x,
    "1 / ({})": lambda x: 1.0 / x,
    "int({})": lambda x: float(int(x)),
    "floor({})": math.floor,
    "max({}, 0)": lambda x: max(x, 0.0),
    **{f"round({{}}, {n})": partial(round, ndigits=n) for n in range(9)},
    "float32({})": lambda x: struct.unpack("f", struct.pack("f", x))[0],
    **{f"clip({{}}, -{most:g}, {most:g})": partial(limited, most)
       for most in (1.0, 0.5, 2.0, 3.0, 5.0, 6.0, 10.0, 20.0, 100.0, 0.1)},
}  # fmt: skip
JOINED: dict[str, Callable[[float, float], float]] = {  # two of the known formulas
    "{} * {}": operator.mul, "{} / {}": operator.truediv, "{} + {}": operator.add,
    "{} - {}": operator.sub,
}  # fmt: skip
WHERE: dict[str, Formula] = {  # numbers that a mistake may treat in a way of their own
    "a is 0": lambda a, b, y: a == 0.0,
    "b is 0": lambda a, b, y: b == 0.0,
    "the result is 0": lambda a, b, y: y == 0.0,
    "a is negative": lambda a, b, y: a < 0.0,
    "b is negative": lambda a, b, y: b < 0.0,
    "a or b is negative": lambda a, b, y: a < 0.0 or b < 0.0,
    "a and b are negative": lambda a, b, y: a < 0.0 and b < 0.0,
    "the result is negative": lambda a, b, y: y < 0.0,
    "a is positive": lambda a, b, y: a > 0.0,
    "b is positive": lambda a, b, y: b > 0.0,
    "a or b is 0": lambda a, b, y: a == 0.0 or b == 0.0,
    "a is below b": lambda a, b, y: a < b,
    "a is above b": lambda a, b, y: a > b,
    "a is no integer": lambda a, b, y: a != int(a),
    "b is no integer": lambda a, b, y: b != int(b),
    "b is an integer": lambda a, b, y: b == int(b),
    "b is 1": lambda a, b, y: b == 1.0,
    "a is above 1": lambda a, b, y: a > 1.0,
    "b is above 1": lambda a, b, y: b > 1.0,
    "a is at most 1": lambda a, b, y: abs(a) <= 1.0,
    "b is at most 1": lambda a, b, y: abs(b) <= 1.0,
}


VALUES = {
    "tanh": "tanh(a)", "sigmoid": "sigmoid(a)", "relu": "max(a, 0)", "exp": "exp(a)",
    "log": "log(a)", "sqrt": "sqrt(a)", "sin": "sin(a)", "cos": "cos(a)",
    "softplus": "log(1 + exp(a))", "abs": "abs(a)", **{sign: f"a {sign} b" for sign in "+-*/"},
    "**": "a**b", "max": "max(a, b)", "min": "min(a, b)",
}  # fmt: skip
DERIVATIVES = {name: texts[0] for name, texts in RIGHT.items() if len(texts) == 1}
AGAIN = {  # derivatives, computed from the operand once more
    "tanh": "1 - tanh(a)**2", "sigmoid": "sigmoid(a) * (1 - sigmoid(a))", "exp": "exp(a)",
}  # fmt: skip
DERIVED: dict[str, Formula] = {  # right derivatives that are not among the known formulas
    "-1": lambda a, b, y: -1.0,
    "-sin(a)": lambda a, b, y: -math.sin(a),
    "-a / b**2": lambda a, b, y: -a / (b * b),
}
LOOP = "closures made in a loop over functions all see the last one"
NOTHING = (math.nan, math.nan)


def nothing(a: float, b: float, y: float) -> float:
    """In place of a formula that is not known."""
    return math.nan


class Tried(NamedTuple):
    """A program, and the engine's numbers for it."""

    program: Program
    numbers: Numbers


def close(x: float, y: float) -> bool:
    """Whether two numbers are the same but for rounding."""
    return (
        x == y or math.isnan(x) and math.isnan(y) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12)
    )


def agrees(answer: Numbers, program: Program, truth: Numbers | None = None) -> bool:
    """Whether an answer has the right numbers, or those of truth, wherever it matters."""
    truth = truth or right(program)
    return all(
        close(x, y)
        for name in program.compared(truth)
        for x, y in zip(answer.get(name, NOTHING), truth[name], strict=True)
    )


def constant_of(program: Program) -> float:
    """The plain number in a program, or 0."""
    numbers = [word for word in program.text.split() if word.lstrip("-").replace(".", "").isdigit()]
    return float(numbers[0]) if numbers else 0.0


def place(tried: Tried) -> tuple[float, float, float]:
    """a, b and y of a program of one operation; a plain number on the right is b, left a."""
    found, text = right(tried.program), tried.program.text
    a, y, k = found["a"][0], found["y" if "y" in found else "a"][0], constant_of(tried.program)
    if "b" in found:
        return a, found["b"][0], y
    return (k, a, y) if text[0].isdigit() else (a, k, y)


def candidates(known: Mapping[str, Formula], better: str) -> Iterator[tuple[str, Formula]]:
    """Formulas that may stand in place of the better one, the likeliest first."""
    yield from known.items()
    for change, text in product(CHANGED, sorted(known, key=better.__ne__)):
        called = f"-{text}" if change == "-({})" and " " not in text else change.format(text)
        yield plainly(called), partial(in_turn, CHANGED[change], known[text])
    for change, text in product(("abs({})", "int({})", "round({}, 0)"), known):  # of the operand
        called = re.sub(r"\ba\b", change.format("a"), text)
        yield called, partial(inside, CHANGED[change], known[text])
    for sign, *texts in product(JOINED, known, known):
        called = sign.format(*[f"({x})" if " " in x and sign != "{} + {}" else x for x in texts])
        yield called, partial(joined, JOINED[sign], known[texts[0]], known[texts[1]])


def in_turn(change: Callable[[float], float], f: Formula, a: float, b: float, y: float) -> float:
    """A formula, and then a change."""
    return change(f(a, b, y))


def inside(change: Callable[[float], float], f: Formula, a: float, b: float, y: float) -> float:
    """A formula of the first operand after a change."""
    return f(change(a), b, y)


def joined(
    join: Callable[[float, float], float], f: Formula, g: Formula, a: float, b: float, y: float
) -> float:
    """Two formulas, and what joins them."""
    return join(f(a, b, y), g(a, b, y))


def plainly(text: str) -> str:
    """A formula without brackets around a name or a number."""
    return re.sub(r"(?<!\w)\(([\w.]+)\)(?!\*)", r"\1", text)


def formula(
    said: Sequence[float], tried: Sequence[Tried], known: Mapping[str, Formula], better: str = "",
    truth: Sequence[float] = (),
) -> tuple[str, Formula | None] | None:  # fmt: skip
    """Which formula gives these numbers at all places, in words; None if none is known.

    better, truth: the right formula, and its numbers.
    """
    places = [place(item) for item in tried]
    for text, candidate in candidates(known, better) if len(said) > 1 or not better else ():
        with contextlib.suppress(ArithmeticError, ValueError, TypeError):
            if all(close(candidate(*at), x) for at, x in zip(places, said, strict=True)):
                return text, candidate
    k = next((x / y for x, y in zip(said, truth, strict=False) if x and y), 1.0)
    in_proportion = all(close(k * y, x) for x, y in zip(said, truth, strict=False))
    if len(said) > 1 and better and math.isfinite(k) and in_proportion:
        return plainly(f"{k:g} * ({better})"), lambda a, b, y: k * known[better](a, b, y)
    near = [
        math.isclose(x, y, rel_tol=1e-3, abs_tol=1e-5) for x, y in zip(said, truth, strict=False)
    ]
    if better and near and all(near):
        return f"almost {better} (is a small number added, or a constant typed by hand?)", None
    wrong = [not close(x, y) for x, y in zip(said, truth, strict=False)]
    for text, test in WHERE.items():
        if not all(wrong) and wrong == [test(*at) for at in places]:
            first = wrong.index(True)
            return f"{fmt(said[first])} where {text}", None
    return None


def named(text: str, program: Program) -> str:
    """A formula of a and b, with the plain number of a program in place of what it stands for."""
    words = program.text.split()
    if "b" in right(program) or len(words) != 3:
        return text
    letters = {"a": words[0], "b": "k" if words[1] == "**" and words[0] == "a" else words[2]}
    return re.sub(r"\b[ab]\b", lambda letter: letters[letter[0]], text)


def spoken(program: Program) -> str:
    """The operation of a program, as one says it: a + b, 5 - a, a ** k, a.tanh()."""
    return re.sub(r"^a \*\* -?[\d.]+$", "a ** k", program.text)


def operation(program: Program) -> str:
    """The operation of a program of one: its sign, or its function's name."""
    words, function = program.text.split(), re.search(r"\w\w+", program.text)
    return words[1] if len(words) == 3 else function[0] if function else words[0]


class Slip(NamedTuple):
    """What is wrong in one operation.

    local_grads: the formula that each operand has for its derivative, right or wrong; none
        where that is not known.
    """

    cause: str
    local_grads: tuple[Formula, ...] = ()


def slip_of_one(tried: Sequence[Tried], functions: Iterable[str] = ()) -> Slip | None:
    """Why one operation, alone, is wrong; None if its mistake is none of the usual ones.

    functions: what else the engine has, whose formulas it may have taken.
    """
    program, changed = tried[0].program, [name for name in "ab" if is_changed(name, tried)]
    text = spoken(program)
    if program.kind == "start":
        changed = []
    if changed:
        return Slip(f"{text}, or its backward pass, changes the number of {changed[0]} itself, "
                    "where it should make a new Value")  # fmt: skip
    better = RIGHT.get(operation(program), ("1",))
    known = BINARY if len(better) == 2 else UNARY
    y = "y" if program.kind != "start" else "a"
    truth = [right(item.program)[y][0] for item in tried]
    data = [item.numbers.get(y, NOTHING)[0] for item in tried]
    if not all(map(close, data, truth)):
        of_operands = {text: known[text] for text in known if not re.search(r"\by\b", text)}
        found = formula(data, tried, of_operands, VALUES.get(operation(program), "a"), truth)
        if program.kind == "start" and not found and "backward" in program.source:
            return Slip("backward() changes the numbers themselves, where it should set gradients")
        cause = f"the value of {text} comes out as {named(found[0], program)}" if found else ""
        return Slip(cause + of_another(found[0], VALUES, program, functions)) if found else None
    causes, formulas = [], []
    on_the_right = len(better) == 2 and "b" not in right(program) and program.text[-1] == "a"
    for name, best in zip("ba" if on_the_right else "ab", better, strict=False):
        formulas.append(known.get(best, DERIVED.get(best, nothing)))
        wrong = [item for item in tried if name in item.numbers]
        said = [item.numbers[name][1] for item in wrong]
        truth = [right(item.program)[name][1] for item in wrong]
        if not wrong or all(map(close, said, truth)):
            continue
        found = formula(said, wrong, {**known, best: formulas[-1]}, best, truth)
        if not found:
            return None
        formulas[-1] = found[1] or nothing
        causes.append(
            f"the derivative of {text} by {name} comes out as {named(found[0], program)}"
            f"{of_another(found[0], DERIVATIVES, program, functions)}, "
            f"and is {named(best, program)}"
            + (f" (nothing reaches {name}: is it among the operands?)" if found[0] == "0" else "")
        )
    told = "; ".join(causes)
    told = f"{told} (y is the result)" if re.search(r"\by\b", told) else told
    return Slip(told, () if " where " in told else tuple(formulas)) if told else None


def is_changed(name: str, tried: Sequence[Tried]) -> bool:
    """Whether an operand has another number than it was given."""
    return any(
        not close(item.numbers.get(name, NOTHING)[0], right(item.program)[name][0])
        for item in tried
        if name in right(item.program)
    )


def of_another(
    text: str, table: Mapping[str, str], program: Program, functions: Iterable[str]
) -> str:
    """Words for a formula that belongs to another function of the engine."""
    if " " in program.text or re.fullmatch(r"\w", text):  # one letter may stand there by chance
        return ""
    others = [f for f in functions if table.get(f) == text and f != operation(program)]
    others += [f for f in functions if AGAIN.get(f) == text and f != operation(program)]
    return f" (the formula of another function, {others[0]}: {LOOP})" if others else ""
