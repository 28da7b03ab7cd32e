"""Is this engine right, and if not, why?  From the smallest expression upward.

>>> from micronn import tiny
>>> print(grade(tiny.__file__).verdict)
right in all that it does: +, *, -, tanh
"""

import inspect
import math
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import NamedTuple

from micronn.grade.causes import agrees, close, operation
from micronn.grade.diagnosis import Answers, Finding, diagnosed, finished, found
from micronn.grade.ends import KEPT, end_of
from micronn.grade.passes import PASSES
from micronn.grade.programs import NO_NUMBER, PROGRAMS, Program, mixed, smaller
from micronn.grade.trial import Answer, Ended, Trial, try_engine

ONE_GRAPH = ("start", "one", "upstream", "reuse", "order", "fresh", "again")  # kinds of programs
# What is raised where an engine does not claim to do something, as with a plain number
NOT_CLAIMED = ("TypeError", "AttributeError", "AssertionError", "NotImplementedError")


class Grade(NamedTuple):
    """What there is to say of an engine.

    name: of its class.  file: where it stands.
    does: what it was found to do, such as "+" and "tanh"; lacks: what it does not do.
    findings: what is wrong, simplest first, and the limits.
    tried: how many programs it was tried on; passed: on how many it was right.
    """

    name: str
    file: Path
    does: list[str]
    lacks: list[str]
    findings: list[Finding]
    tried: int
    passed: int
    results: dict[Program, str]

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong; a limit is allowed."""
        return all(finding.is_limit for finding in self.findings)

    @property
    def verdict(self) -> str:
        """The result in a line."""
        wrong = [finding for finding in self.findings if not finding.is_limit]
        if wrong:
            more = f", and {len(wrong) - 1} more" if wrong[1:] else ""
            return f"wrong: {wrong[0].cause}{more}"
        if self.findings:
            return f"no wrong number, but a limit: {'; '.join([x.cause for x in self.findings])}"
        return f"right in all that it does: {', '.join(self.does)}"


def grade(engine: str | Path | type, cls: str | None = None) -> Grade:
    """Try an engine, and say what is wrong and why.

    engine: a Python file, or the class itself, whose file is then read.
    cls: the name of the class in the file; left out, Value, or the only class that has a
        backward().

    The engine runs in a process of its own, with limits; nothing but data, grad, operators
    and backward() is asked of it.

    Raises OSError for a file that cannot be read, and ValueError for a class that was
    written in no file.
    """
    if isinstance(engine, type):
        cls, engine = engine.__name__, file_of(engine)
    path = Path(engine).resolve()
    trial = try_engine(path, cls, PROGRAMS)
    if trial.failed:
        finding = Finding(
            "engine", f"there is no engine to try: {trial.failed}", line=trial.failed.line
        )
        return Grade(cls or path.stem, path, [], [], [finding], 0, 0, {})
    more = try_engine(path, cls, mixed(claimed_methods(trial)))
    trial.answers.update(more.answers)
    trial.calls.update(more.calls)
    graded = judged(path, trial)
    shows = [x.program for x in graded.findings if x.program and can_run(x.program, trial)]
    changed = [p for p, a in alone(path, cls, shows).items() if not is_same(a, trial.answers[p])]
    return smallest(
        path, cls, regraded(path, cls, trial, graded, changed[0]) if changed else graded
    )


def is_same(answer: Answer, other: Answer) -> bool:
    """Whether two answers to one program say the same."""
    if isinstance(answer, Ended) or isinstance(other, Ended):
        return getattr(answer, "kind", "") == getattr(other, "kind", "")
    return answer.keys() == other.keys() and all(
        close(x, y) for name in answer for x, y in zip(answer[name], other[name], strict=True)
    )


def can_run(program: Program, trial: Trial) -> bool:
    """Whether a program was tried, and ended in time."""
    return getattr(trial.answers.get(program, Ended("time", "")), "kind", "") != "time"


def alone(path: Path, cls: str | None, programs: Sequence[Program]) -> Answers:
    """What the engine answers in processes that have run no other program before."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        trials = pool.map(lambda program: try_engine(path, cls, [program]), programs)
    return {p: t.answers.get(p, Ended("", "")) for p, t in zip(programs, trials, strict=True)}


def regraded(path: Path, cls: str | None, trial: Trial, graded: Grade, program: Program) -> Grade:
    """The grade of an engine whose answer to a program changes after other programs."""
    causes = {fault.cause for fault in PASSES}
    answers = [alone(path, cls, [program])[program] for _ in range(3)]
    if not all(is_same(answer, answers[0]) for answer in answers):
        return graded  # it depends on chance, as on the order of a set
    loose = {x.cause for x in PASSES if x.is_loose and agrees(answers[0], program)}
    if (causes - loose).intersection([x.cause for x in graded.findings if not x.is_limit]):
        return graded
    kept = Finding(program.kind, *KEPT, program, finished(trial.answers[program]))
    basic = {"__add__", "__mul__"}
    wrong = [
        p for p, a in trial.answers.items()
        if p.kind in ONE_GRAPH and basic.issuperset(p.needs) and not agrees(a, p)
    ]  # fmt: skip
    trial.answers.update(alone(path, cls, wrong))
    again = judged(path, trial)
    named = [x for x in again.findings if x.cause in causes and not x.is_limit]
    return again._replace(findings=named or [kept])


def smallest(path: Path, cls: str | None, graded: Grade) -> Grade:
    """The same grade, with the smallest program at random that is wrong."""
    findings = []
    for finding in graded.findings:
        program = finding.program if finding.kind == "mixed" else None
        while program:
            answers = try_engine(path, cls, smaller(program)).answers
            wrong = {p: a for p, a in answers.items() if not agrees(a, p)}
            program = min(wrong, key=lambda p: len(p.source), default=None)
            finding = found(program, wrong[program], wrong) if program else finding
        findings.append(finding)
    return graded._replace(findings=findings)


def file_of(cls: type) -> str:
    """The file in which a class is written."""
    try:
        return inspect.getsourcefile(cls) or ""
    except (OSError, TypeError):
        raise ValueError(
            f"{cls.__name__} was not written in a file; save it in one, such as engine.py, "
            'and grade that: grade("engine.py")'
        ) from None


def claimed_methods(trial: Trial) -> set[str]:
    """The methods that gave right numbers alone, so that programs at random may use them."""
    works = set()
    for program, answer in trial.answers.items():
        if program.kind == "one" and agrees(answer, program):
            works |= {*program.needs}
    return works & trial.abilities


# Judging


def judged(path: Path, trial: Trial) -> Grade:
    """The grade that the answers deserve."""
    tried = {p: a for p, a in trial.answers.items() if is_claimed(p, a, trial.abilities)}
    wrong = {p: a for p, a in tried.items() if not agrees(a, p)}
    findings = [Finding("deed", str(deed), line=deed.line) for deed in trial.deeds]
    findings += [*diagnosed(tried, wrong, trial.calls), *forgotten(tried, trial)]
    results = {
        p: "wrong" if p in wrong else "right" if p in tried else "not claimed"
        for p in trial.answers
    }
    does, lacks = abilities(tried, trial)
    passed = len(tried) - len(wrong)
    return Grade(trial.name, path, does, lacks, findings, len(tried), passed, results)


def forgotten(tried: Answers, trial: Trial) -> list[Finding]:
    """Operators that take no plain number on a side, though others do, or it does on the other.

    A method that is not there is a limit; one that fails with a plain number is a fault.
    """
    by_text = {p.text: p for p in PROGRAMS if p.kind == "constant"}
    pairs = [("5 + a", "a + 5"), ("5 - a", "a - 5"), ("5 * a", "a * 5"), ("6 / a", "a / 4")]
    findings = list[Finding]()
    for whole, part in (("a + 5", "a + 0.5"), ("a * 5", "a * 0.5")):
        if by_text[whole] in tried and by_text[part] not in tried:
            cause = f"`{part}` does not work, unlike `{whole}`: a float is not taken for a number"
            findings.append(Finding("constant", cause, "ask isinstance(other, (int, float))",
                                    by_text[part]))  # fmt: skip
    for side, (texts, mirrored) in product((0, 1), [(pair, pair[::-1]) for pair in pairs]):
        program, other = by_text[texts[side]], by_text[mirrored[side]]
        taken = [x for pair in pairs if (x := by_text[pair[side]]) in tried]
        lacks = not trial.abilities.issuperset(program.needs)
        if program in tried or side and (lacks or not taken) or not side and other not in tried:
            continue
        if lacks and not taken:
            continue
        also = dict.fromkeys([f"`{x.text}`" for x in (other, *taken[:1]) if x in tried])
        ended = trial.answers.get(program)
        why = f"there is no {program.needs[0]}"
        if not lacks and isinstance(ended, Ended):
            why = (end_of(program.kind, ended, program.needs[0]) or [str(ended)])[0]
        cause = f"`{program.text}` does not work, unlike {' and '.join(also)}: {why}"
        is_limit = lacks or not side and any(x.is_limit for x in findings)  # 5 - a may be 5 + -a
        findings.append(Finding("constant", cause, program=program, is_limit=is_limit))
    return findings


def is_claimed(program: Program, answer: Answer, methods: set[str]) -> bool:
    """Whether the engine says that it can do this: it has the methods, and takes the operands."""
    if not methods.issuperset(program.needs):
        return False
    refused = isinstance(answer, Ended) and answer.kind in NOT_CLAIMED
    may_refuse = program.kind == "constant" or "**" in program.text or "zero_grad" in program.needs
    said = answer.get("y", NO_NUMBER)[0] if isinstance(answer, dict) else 0.0
    no_number = program.text == "a ** b" and math.isnan(said)  # a power with a Value in it
    return not (no_number or refused and may_refuse)


def abilities(tried: Iterable[Program], trial: Trial) -> tuple[list[str], list[str]]:
    """What the engine does, as operators and functions, and what it does not."""
    said = {p: p.text if p.kind == "constant" else operation(p)
            for p in trial.answers if p.kind in ("one", "constant")}  # fmt: skip
    does = dict.fromkeys([name for p, name in said.items() if p in tried])
    return [*does], [name for name in dict.fromkeys(said.values()) if name not in does]
