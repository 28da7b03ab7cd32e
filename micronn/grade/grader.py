"""Is this engine right, and if not, why?  From the smallest expression upward.

>>> from micronn import tiny
>>> print(grade(tiny.__file__).verdict)
right in all that it does: +, *, -, tanh
"""

import inspect
import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from micronn.grade.causes import Tried, agrees, cause_of_one, cause_of_passing_on, close
from micronn.grade.faults import GALLERY, Fault
from micronn.grade.programs import (
    FUNCTIONS,
    KINDS,
    LIMITS,
    NINE,
    PROGRAMS,
    Numbers,
    Program,
    mixed,
    numbers,
    right,
)
from micronn.grade.trial import Ended, Trial, try_engine

Answers = dict[Program, Numbers | Ended]

# What is raised where an engine does not claim to do something, as with a plain number
NOT_CLAIMED = ("TypeError", "AttributeError", "AssertionError", "NotImplementedError")
PASSES = ("one", "upstream", "reuse", "order", "fresh")  # what a wrong pass of the graph spoils
# What engines make of other operations, by their methods: wrong if these are
MADE_OF = {
    "__mul__": ("__neg__", "__sub__", "__rsub__", "__truediv__", "__rtruediv__", "__rmul__"),
    "__add__": ("__sub__", "__rsub__", "__radd__"),
    "__neg__": ("__sub__", "__rsub__"),
    "__sub__": ("__rsub__",),
    "__pow__": ("__truediv__", "__rtruediv__", "sqrt"),
    "__truediv__": ("__rtruediv__",),
    "exp": ("sigmoid", "tanh"),
}
APART = ("one", "constant", "upstream", "large")  # of each operation the first is told
PLUS_AND_TIMES = {"__add__", "__mul__"}
RECURSION = (
    "a chain of thousands of operations is too deep, as backward() calls itself for each of them",
    "keep a list of what is still to be visited, as micronn/tiny.py does",
)
OVERFLOW = (
    "exp overflows inside a function whose own value is small",
    "take math.tanh, or exp of a negative number only",
)
KEPT = (
    "this program is right in a new process and wrong after others: something is kept from one "
    "graph or pass to the next",
    "look for a list or set that all Values share: a default argument such as `seen=set()`, or a "
    "name outside of the methods",
)
GONE = "something is kept of graphs that are gone, in a list of all nodes or under their id()"
ENDS = {  # of a program of that kind, by that exception
    ("deep", "RecursionError"): RECURSION,
    ("large", "OverflowError"): OVERFLOW,
    ("shared", "time"): (
        "backward() walks every way through the graph, and their number doubles with each reuse",
        "remember in a set which nodes were visited",
    ),
}


class Finding(NamedTuple):
    """Something that is wrong, with the smallest program that shows it.

    kind: one of KINDS, or "engine" if there is none, or "deed".
    cause: the mistake, in a sentence.  remedy: what to write instead, if that is known.
    program: what shows it.  numbers: those of the engine; None if there are none.
    line: of the engine's file, if it raised something there.
    is_limit: whether it is no fault, but the end of what the engine can do.
    """

    kind: str
    cause: str
    remedy: str = ""
    program: Program | None = None
    numbers: Numbers | None = None
    line: int | None = None
    is_limit: bool = False

    def first_wrong(self) -> tuple[str, str] | None:
        """The name of the first wrong number, and which it is: "data" or "grad"."""
        if self.program is None or self.numbers is None:
            return None
        true = right(self.program)
        forward = self.program.compared(true)
        backward = forward[::-1]
        for which, names in enumerate((forward, backward)):
            for name in names:
                said = self.numbers.get(name, (math.nan, math.nan))[which]
                if not close(said, true[name][which]):
                    return name, ("data", "grad")[which]
        return None


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
            return f"wrong: {wrong[0].cause}" + (
                f", and {len(wrong) - 1} more" if wrong[1:] else ""
            )
        if self.findings:
            return f"right within its limits: {'; '.join([x.cause for x in self.findings])}"
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
    works = claimed_methods(trial)
    more = try_engine(path, cls, mixed(works))
    trial.answers.update(more.answers)
    graded = judged(path, trial)
    shows = next((x for x in graded.findings if x.program and not x.is_limit), None)
    if shows and shows.program and is_right_alone(path, cls, shows.program):
        kept = shows._replace(cause=KEPT[0], remedy=KEPT[1])
        return graded._replace(findings=[kept, *[x for x in graded.findings if x.is_limit]])
    return graded


def is_right_alone(path: Path, cls: str | None, program: Program) -> bool:
    """Whether a program is right in a process that has run no other."""
    answer = try_engine(path, cls, [program]).answers.get(program, Ended("", ""))
    return not isinstance(answer, Ended) and agrees(answer, program)


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
        if program.kind == "one" and not isinstance(answer, Ended) and agrees(answer, program):
            works |= {*program.needs}
    return works & trial.abilities


# Judging


def judged(path: Path, trial: Trial) -> Grade:
    """The grade that the answers deserve."""
    tried = {p: a for p, a in trial.answers.items() if is_claimed(p, a, trial.abilities)}
    wrong = {p: a for p, a in tried.items() if isinstance(a, Ended) or not agrees(a, p)}
    findings = [Finding("deed", str(deed), line=deed.line) for deed in trial.deeds]
    findings += [*diagnosed(tried, wrong), *forgotten(tried, trial.abilities)]
    results = {
        p: "wrong" if p in wrong else "right" if p in tried else "not claimed"
        for p in trial.answers
    }
    does, lacks = abilities(tried, trial)
    passed = len(tried) - len(wrong)
    return Grade(trial.name, path, does, lacks, findings, len(tried), passed, results)


def forgotten(tried: Answers, methods: set[str]) -> list[Finding]:
    """Operators that lack a plain number on their left, while others take it there."""
    by_text = {p.text: p for p in PROGRAMS if p.kind == "constant"}
    pairs = [("5 + a", "a + 5"), ("5 - a", "a - 5"), ("5 * a", "a * 5"), ("6 / a", "a / 4")]
    taken = [left for left, _ in pairs if by_text[left] in tried]
    return [
        Finding(
            "constant",
            f"`{left}` does not work, though `{right}` and `{taken[0]}` do: "
            f"there is no {by_text[left].needs[0]}",
            program=by_text[left],
            is_limit=True,
        )
        for left, right in pairs
        if taken and by_text[right] in tried and not methods.issuperset(by_text[left].needs)
    ]


def is_claimed(program: Program, answer: Numbers | Ended, methods: set[str]) -> bool:
    """Whether the engine says that it can do this: it has the methods, and takes the operands."""
    if not methods.issuperset(program.needs):
        return False
    refused = isinstance(answer, Ended) and answer.kind in NOT_CLAIMED
    return not (refused and (program.kind == "constant" or "**" in program.text))


def abilities(tried: Iterable[Program], trial: Trial) -> tuple[list[str], list[str]]:
    """What the engine does, as operators and functions, and what it does not."""
    does, all_known = {}, {}
    for program in trial.answers:
        if program.kind in ("one", "constant"):
            name = spoken(program)
            all_known[name] = True
            if program in tried:
                does[name] = True
    return [*does], [name for name in all_known if name not in does]


def spoken(program: Program) -> str:
    """The operation of a program, as one says it: +, 5 - a, tanh."""
    function = program.needs[0].strip("_") if program.needs else ""
    if program.kind == "constant":
        return program.text
    return (
        function
        if function in FUNCTIONS
        else program.text.split()[1]
        if " " in program.text
        else "-a"
    )


def diagnosed(tried: Answers, wrong: Answers) -> list[Finding]:
    """The mistakes behind the wrong answers, simplest first, and of each kind the first.

    What is wrong with an operation alone explains whatever else uses it.  A wrong pass of
    the whole graph explains all wrong gradients: what else is wrong shows when it is mended.
    """
    fault = fault_of_pass({p: a for p, a in tried.items() if p.kind in PASSES})
    if fault:
        shows = next(p for p in wrong if p.kind in PASSES and is_said_by(fault, p, wrong[p]))
        first = [Finding(shows.kind, fault.cause, fault.remedy, shows, finished(wrong[shows]))]
        return first + [found(p, a, tried) for p, a in wrong.items() if is_wrong_before(p, a)]
    findings = dict[str, Finding]()
    suspects = {x for p in wrong if p.kind in ("one", "constant") for x in p.needs}
    suspects = {x for name in suspects for x in MADE_OF.get(name, ())}
    for kind in KINDS:
        if kind == "mixed" and findings:
            continue
        here = [p for p in wrong if p.kind == kind and not suspects.intersection(p.needs)]
        subjects = {p.needs if kind in APART else (): p for p in reversed(here)}
        for program in reversed(subjects.values()):
            finding = found(program, wrong[program], tried)
            findings.setdefault(finding.cause, finding)
        suspects |= {x for p in here for x in p.needs if x != "__mul__" or len(p.needs) == 1}
    return sorted(findings.values(), key=lambda finding: finding.is_limit)


def finished(answer: Numbers | Ended) -> Numbers | None:
    """The numbers of an answer, if it has some."""
    return None if isinstance(answer, Ended) else answer


def is_wrong_before(program: Program, answer: Numbers | Ended) -> bool:
    """Whether a program of one operation is wrong whatever its backward pass does."""
    if program.kind != "one":
        return False
    return isinstance(answer, Ended) or not close(answer["y"][0], right(program)["y"][0])


def fault_of_pass(tried: Answers) -> Fault | None:
    """The fault of the gallery that says the same on all these programs of + and *."""
    plain = {p: a for p, a in tried.items() if PLUS_AND_TIMES.issuperset(p.needs) and p.needs}
    if all(not isinstance(a, Ended) and agrees(a, p) for p, a in plain.items()):
        return None
    faults = [f for f in GALLERY if all(is_said_by(f, p, a) for p, a in plain.items())]
    return faults[0] if faults else None


def is_said_by(fault: Fault, program: Program, answer: Numbers | Ended) -> bool:
    """Whether an engine with this fault would answer so."""
    return not isinstance(answer, Ended) and agrees(
        answer, program, numbers(program.source, fault.backward)
    )


def found(program: Program, answer: Numbers | Ended, tried: Answers) -> Finding:
    """What a wrong program tells, as far as it does."""
    kind = program.kind
    if isinstance(answer, Ended):
        cause, remedy = ENDS.get(
            (kind, answer.kind), (f"{program.text} does not work: {answer}", "")
        )
        return Finding(kind, cause, remedy, program, None, answer.line, is_limit=kind in LIMITS)
    cause = remedy = ""
    if kind in ("one", "constant"):
        alike = [p for p in tried if p.kind == kind and spoken(p) == spoken(program)]
        answers = [Tried(p, a) for p in alike if not isinstance(a := tried[p], Ended)]
        cause = cause_of_one(answers)
    elif kind == "upstream":
        cause = cause_of_passing_on(Tried(program, answer))
    elif kind == "again":
        fault = fault_of_pass({p: a for p, a in tried.items() if p.kind == kind})
        cause, remedy = (fault.cause, fault.remedy) if fault else ("", "")
    if "a += b" in program.source:
        cause = "`a += b` changes a itself, where it should make a new Value (see __iadd__)"
    if program.source == NINE:
        cause, remedy = GONE, KEPT[1]
    cause = cause or (
        f"{program.text} is wrong, by no mistake that is known here; it asks for {KINDS[kind]}"
    )
    return Finding(kind, cause, remedy, program, answer, is_limit=kind == "again")
