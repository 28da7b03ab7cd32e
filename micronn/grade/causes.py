"""From wrong numbers to the formula that makes them.

A wrong number of one operation is compared with the formulas that people write in place of
the right one: whichever gives the engine's numbers at every point where it was tried is the
mistake.
"""

import contextlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from micronn.grade.formulas import (
    AGAIN,
    BINARY,
    CHANGED,
    DERIVATIVES,
    JOINED,
    OF_OPERAND,
    RIGHT,
    UNARY,
    VALUES,
    WHERE,
    function,
)
from micronn.grade.programs import NO_NUMBER, Numbers, Program, right
from micronn.grade.trial import Answer, Ended
from micronn.support.text import fmt

Place = tuple[float, float, float]  # a, b and y

LOOP = "closures made in a loop over functions all see the last one"


def close(x: float, y: float) -> bool:
    """Whether two numbers are the same but for rounding."""
    return (
        x == y or math.isnan(x) and math.isnan(y) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12)
    )


def agrees(answer: Answer, program: Program, truth: Numbers | None = None) -> bool:
    """Whether an answer has the right numbers, or those of truth, wherever it matters."""
    truth = truth or right(program)
    return not isinstance(answer, Ended) and all(
        close(x, y)
        for name in program.compared(truth)
        for x, y in zip(answer.get(name, NO_NUMBER), truth[name], strict=True)
    )


def constant_of(program: Program) -> float:
    """The plain number in a program, or 0."""
    numbers = [word for word in program.text.split() if word.lstrip("-").replace(".", "").isdigit()]
    return float(numbers[0]) if numbers else 0.0


def place(program: Program) -> Place:
    """a, b and y of a program of one operation; a plain number on the right is b, left a."""
    found, text = right(program), program.text
    a, y, k = found["a"][0], found["y" if "y" in found else "a"][0], constant_of(program)
    if "b" in found:
        return a, found["b"][0], y
    return (k, a, y) if text[0].isdigit() else (a, k, y)


def candidates(
    places: Sequence[Place], known: Iterable[str], better: str
) -> Iterator[tuple[str, Iterable[float]]]:
    """Formulas that may stand in place of the better one, likeliest first, and their numbers."""
    columns = {text: column for text in known if (column := numbers_at(places, text))}
    yield from columns.items()
    for change, text in product(CHANGED, sorted(columns, key=better.__ne__)):
        called = f"-{text}" if change == "-({})" and " " not in text else change.format(text)
        yield plainly(called), map(function("x", change.format("x")), columns[text])
    for change, text in product(OF_OPERAND, columns):
        called = re.sub(r"\ba\b", change, text)
        if numbers := numbers_at(places, called):
            yield called, numbers
    for sign, *texts in product(JOINED, columns, columns):
        brackets = " if " if sign == "{} + {}" else " "
        called = sign.format(*[f"({x})" if brackets in x else x for x in texts])
        join = function("x, z", sign.format("x", "z"))
        yield called, map(join, *[columns[x] for x in texts])


def numbers_at(places: Sequence[Place], text: str) -> list[float]:
    """What a formula gives at these places; empty if it has no number at one of them."""
    with contextlib.suppress(ArithmeticError, ValueError, TypeError):
        return [function("a, b, y", text)(*place) for place in places]
    return []


def plainly(text: str) -> str:
    """A formula without brackets around a name or a number."""
    return re.sub(r"(?<!\w)\(([\w.]+)\)(?!\*)", r"\1", text)


def formula(
    said: Sequence[float], programs: Iterable[Program], known: Iterable[str], better: str,
    truth: Sequence[float],
) -> tuple[str, str] | None:  # fmt: skip
    """Which formula gives these numbers at all places, in words and as text; None if unknown.

    better, truth: the right formula, and its numbers.  The text is empty where the words say
    less than a formula.
    """
    places = [place(program) for program in programs]
    for text, numbers in candidates(places, known, better) if len(said) > 1 else ():
        with contextlib.suppress(ArithmeticError, ValueError, TypeError):
            if all(map(close, numbers, said)):
                return text, text
    pairs = list(zip(said, truth, strict=True))
    k = next((x / y for x, y in pairs if x and y), 1.0)
    if len(said) > 1 and math.isfinite(k) and all(map(close, [k * y for y in truth], said)):
        return plainly(f"{k:g} * ({better})"), f"{k!r} * ({better})"
    if all(math.isclose(*pair, rel_tol=1e-3, abs_tol=1e-5) for pair in pairs):
        return f"almost {better} (is a small number added, or a constant typed by hand?)", ""
    wrong = [not close(*pair) for pair in pairs]
    for words, test in WHERE.items():
        if not all(wrong) and wrong == [function("a, b, y", test)(*at) for at in places]:
            return f"{fmt(said[wrong.index(True)])} where {words}", ""
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
    local_grads: tuple[str, ...] = ()


def slip_of_one(tried: Mapping[Program, Numbers], functions: Iterable[str] = ()) -> Slip | None:
    """Why one operation, alone, is wrong; None if its mistake is none of the usual ones.

    functions: what else the engine has, whose formulas it may have taken.
    """
    program, changed = next(iter(tried)), [name for name in "ab" if is_changed(name, tried)]
    text, is_start = spoken(program), program.kind == "start"
    if changed and not is_start:
        return Slip(f"{text}, or its backward pass, changes the number of {changed[0]} itself, "
                    "where it should make a new Value")  # fmt: skip
    better = RIGHT.get(operation(program), ("1",))
    known = BINARY if len(better) == 2 else UNARY
    y = "a" if is_start else "y"
    truth = [right(p)[y][0] for p in tried]
    data = [numbers.get(y, NO_NUMBER)[0] for numbers in tried.values()]
    if not all(map(close, data, truth)):
        of_operands = [text for text in known if not re.search(r"\by\b", text)]
        found = formula(data, tried, of_operands, VALUES.get(operation(program), "a"), truth)
        if found:
            other = of_another(found[0], VALUES, program, functions)
            return Slip(f"the value of {text} comes out as {named(found[0], program)}{other}")
        if is_start and "backward" in program.source:
            return Slip("backward() changes the numbers themselves, where it should set gradients")
        return None
    causes, slopes = [], []
    on_the_right = len(better) == 2 and "b" not in right(program) and program.text[-1] == "a"
    for name, best in zip("ba" if on_the_right else "ab", better, strict=False):
        slopes.append(best)
        wrong = {p: numbers[name][1] for p, numbers in tried.items() if name in numbers}
        said, truth = [*wrong.values()], [right(p)[name][1] for p in wrong]
        if all(map(close, said, truth)):
            continue
        found = formula(said, wrong, [*known, best], best, truth)
        if not found:
            return None
        slopes[-1] = found[1]
        causes.append(
            f"the derivative of {text} by {name} comes out as {named(found[0], program)}"
            f"{of_another(found[0], DERIVATIVES, program, functions)}, "
            f"and is {named(best, program)}"
            + (f" (nothing reaches {name}: is it among the operands?)" if found[0] == "0" else "")
        )
    told = "; ".join(causes)
    told = f"{told} (y is the result)" if re.search(r"\by\b", told) else told
    return Slip(told, tuple(slopes) if all(slopes) else ()) if told else None


def is_changed(name: str, tried: Mapping[Program, Numbers]) -> bool:
    """Whether an operand has another number than it was given."""
    return any(
        not close(numbers.get(name, NO_NUMBER)[0], right(program)[name][0])
        for program, numbers in tried.items()
        if name in right(program)
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
