"""From wrong numbers to the mistake that makes them.

A wrong pass of the whole graph is looked up in the gallery of faults.  A wrong number of
one operation is compared with the formulas that people write in place of the right one:
whichever gives the engine's numbers at every point where it was tried is the mistake.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from micronn.grade.programs import Numbers, Program, right

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
    "a**b": lambda a, b, y: a**b,
    "b**a": lambda a, b, y: b**a,
    "b * a**(b - 1)": lambda a, b, y: b * a ** (b - 1.0),
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
    "abs": ("1 if a > 0 else -1",), "-a": ("-1",),
}  # fmt: skip
CHANGED: dict[str, Callable[[float], float]] = {  # the right number, or another, and then ...
    "{}": lambda x: x,
    "-({})": lambda x: -x,
    "2 * ({})": lambda x: 2.0 * x,
    "({}) / 2": lambda x: x / 2.0,
    "int({})": lambda x: float(int(x)),
    **{f"round({{}}, {n})": partial(round, ndigits=n) for n in range(7)},
}
PASSED: dict[str, Formula] = {  # of local, upstream and the operand's data: what a message became
    "the local derivative alone: the upstream gradient is forgotten": lambda p, g, a: p,
    "the upstream gradient alone: the local derivative is forgotten": lambda p, g, a: g,
    "local derivative + upstream gradient, which should be multiplied": lambda p, g, a: p + g,
    "local derivative × upstream gradient²": lambda p, g, a: p * g * g,
    "local derivative × the operand's data, not the upstream gradient": lambda p, g, a: p * a,
    "0, as it is where the upstream gradient is negative": lambda p, g, a: p * max(g, 0.0),
    "0: nothing is passed on": lambda p, g, a: 0.0,
    "the local derivative × the size of the upstream gradient": lambda p, g, a: p * abs(g),
    "the product with the wrong sign": lambda p, g, a: -p * g,
}


NOTHING = (math.nan, math.nan)


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
    a, y, k = found["a"][0], found["y"][0], constant_of(tried.program)
    if "b" in found:
        return a, found["b"][0], y
    return (k, a, y) if text[0].isdigit() else (a, k, y)


def formula(wrong: Sequence[float], tried: Sequence[Tried], known: Mapping[str, Formula]) -> str:
    """Which formula, perhaps with a mistake at its end, gives these numbers at all places."""
    for change, text in product(CHANGED, known):
        try:
            numbers = [CHANGED[change](known[text](*place(item))) for item in tried]
        except (ArithmeticError, ValueError, TypeError):
            continue
        if all(map(close, numbers, wrong)):
            return change.format(text) if change != "-({})" or " " in text else f"-{text}"
    return ""


def named(text: str, program: Program) -> str:
    """A formula of a and b, with the plain number of a program in place of what it stands for."""
    words = program.text.split()
    if "b" in right(program) or len(words) != 3:
        return text
    letters = {"a": words[0], "b": words[2]}
    return re.sub(r"\b[ab]\b", lambda letter: letters[letter[0]], text)


def operation(program: Program) -> str:
    """The operation of a program of one: its sign, or its function's name."""
    words = program.text.split()
    return words[1] if len(words) == 3 else re.sub(r"[a.()]*(abs|\w{2,})[a.()]*", r"\1", words[0])


def cause_of_one(tried: Sequence[Tried]) -> str:
    """Why one operation, alone, is wrong; "" if its mistake is none of the usual ones."""
    program = tried[0].program
    better = RIGHT[operation(program)]
    known = BINARY if len(better) == 2 else UNARY
    data = [item.numbers["y"][0] for item in tried]
    if not all(map(close, data, [right(item.program)["y"][0] for item in tried])):
        of_operands = {text: known[text] for text in known if not re.search(r"\by\b", text)}
        found = formula(data, tried, of_operands)
        return f"the value of {program.text} comes out as {named(found, program)}" if found else ""
    causes = []
    on_the_right = len(better) == 2 and "b" not in right(program) and program.text[-1] == "a"
    for name, text in zip("ba" if on_the_right else "ab", better, strict=False):
        wrong = [item for item in tried if name in item.numbers]
        said = [item.numbers[name][1] for item in wrong]
        if not wrong or all(map(close, said, [right(item.program)[name][1] for item in wrong])):
            continue
        found = formula(said, wrong, known)
        if not found:
            return ""
        causes.append(
            f"the derivative of {program.text} by {name} comes out as {named(found, program)}, "
            f"and is {named(text, program)}"
            + (f" (nothing reaches {name}: is it among the operands?)" if found == "0" else "")
        )
    told = "; ".join(causes)
    return f"{told} (y is the result)" if re.search(r"\by\b", told) else told


def cause_of_passing_on(tried: Tried) -> str:
    """Why the chain rule fails behind one operation that is right alone."""
    found, said = right(tried.program), tried.numbers
    upstream = found["c"][1]
    for text, message in PASSED.items():
        wrong = [
            name for name in "ab" if name in found and not close(said[name][1], found[name][1])
        ]
        if wrong and all(
            close(message(found[name][1] / upstream, upstream, found[name][0]), said[name][1])
            for name in wrong
        ):
            line = tried.program.text.partition("c = ")[2]
            return f"the message to {' and '.join(wrong)} of {line} is {text}"
    return ""
