"""From wrong answers to findings: which mistake explains them, the simplest program first.

Each operation is looked at in turn, on programs of nothing but it and those before it.  What
is known of it, right or wrong, goes into a model of the engine, which must give the engine's
own numbers; so a second fault is still named where a first one spoils everything.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from micronn.engine import Value
from micronn.grade.causes import Slip, agrees, close, operation, slip_of_one, spoken
from micronn.grade.ends import end_of, mistake_of
from micronn.grade.faults import CROSSED, MESSAGES, NODES, Fault, Pass, send_one, sending, sent_by
from micronn.grade.formulas import DERIVATIVES, LOOP, VALUES, function
from micronn.grade.passes import PASSES
from micronn.grade.programs import (
    EXTREMES,
    FUNCTIONS,
    KINDS,
    LIMITS,
    NO_NUMBER,
    Numbers,
    Program,
    numbers,
    right,
)
from micronn.grade.trial import Answer, Ended

Answers = dict[Program, Answer]
Calls = Mapping[Program, list[list[str]]]

OPS = {  # by method, as micronn's engine calls them
    "__add__": "+", "__mul__": "*", "__sub__": "-", "__truediv__": "/", "__pow__": "**",
    "__neg__": "neg", "__abs__": "abs", **{f: f for f in (*FUNCTIONS, *EXTREMES) if f != "__abs__"},
}  # fmt: skip
METHODS = OPS.keys() | {f"__r{op}__" for op in ("add", "sub", "mul", "truediv", "pow")}
SHORT = ("a ** 0", "a ** 1")  # often written apart from all other powers
SINGLE = ("one", "upstream", "reuse", "order")  # kinds of programs that one pass decides
APART = ("start", "one", "constant", "upstream", "large")  # of each operation the first is told
NOTHING = next(k for k, row in enumerate(MESSAGES) if row[0].startswith("nothing"))
EVERYWHERE = [  # what all nodes do wrong
    fault._replace(
        ways=tuple([sent_by({}, way) for way in fault.ways]),
        fitted=(lambda k: sent_by({}, sending(f"old + {k!r} * local * up")))
        if "constant" in fault.cause
        else None,
    )
    for fault in NODES
]
ONE_SIDED = [  # messages that are wrong for one of two operands
    Fault(f"for the {side} operand, {cause}", remedy, tuple([sending(new, k) for new in news]))
    for cause, remedy, news in MESSAGES
    for k, side in enumerate(("first", "second"))
]


class Finding(NamedTuple):
    """Something that is wrong, with the smallest program that shows it.

    kind: one of KINDS, or "engine" if there is none, or "deed".
    cause: the mistake, in a sentence.  remedy: what to write instead, if that is known.
    program: what shows it.  numbers: those of the engine; None if there are none.
    line: of the engine's file, if it raised something there.
    is_limit: whether it is no fault, but the end of what the engine can do.
    is_known: whether the cause names a mistake.
    """

    kind: str
    cause: str
    remedy: str = ""
    program: Program | None = None
    numbers: Numbers | None = None
    line: int | None = None
    is_limit: bool = False
    is_known: bool = True

    def first_wrong(self) -> tuple[str, str] | None:
        """The name of the first wrong number, and which it is: "data" or "grad"."""
        if self.program is None or self.numbers is None:
            return None
        true = right(self.program)
        forward = self.program.compared(true)
        backward = forward[::-1]
        for which, names in enumerate((forward, backward)):
            for name in names:
                said = self.numbers.get(name, NO_NUMBER)[which]
                if not close(said, true[name][which]):
                    return name, ("data", "grad")[which]
        return None


def diagnosed(tried: Answers, wrong: Answers, calls: Calls) -> list[Finding]:
    """The mistakes behind the wrong answers, simplest first, and of each kind the first.

    calls: the methods that each program called; empty if that is not known.
    What is wrong with an operation alone explains whatever else uses it.  A wrong pass of
    the whole graph explains all wrong gradients: what else is wrong shows when it is mended.
    """
    started = [p for p, a in wrong.items() if p.kind == "start" and is_wrong_before(p, a)]
    if started:
        return [found(started[0], wrong[started[0]], tried)]
    if any(p.text not in SHORT and spoken(p) == "a ** k" for p in wrong):
        tried, wrong = (
            {p: a for p, a in answers.items() if p.text not in SHORT} for answers in (tried, wrong)
        )
    inner = made_of(calls)
    plain = {p: a for p, a in tried.items() if is_plain(p, inner)}
    basic = {p: a for p, a in plain.items() if {*p.needs} <= {"__add__", "__mul__"} and p.needs}
    singles = {p: a for p, a in plain.items() if p.kind in SINGLE}
    later = {p: a for p, a in basic.items() if p not in singles}
    fault = fault_of_pass({p: a for p, a in basic.items() if p in singles}, singles, later)
    strict = fault and not fault.is_loose
    findings, suspects = ({}, set()) if strict else faults_of_operations(plain, tried, wrong)
    if fault and (strict or fault.fitted or not all(x.is_known for x in findings.values())):
        before = [(p, a) for p, a in wrong.items() if is_wrong_before(p, a)]
        return [shown_by(fault, singles), *[found(p, a, tried) for p, a in before]]
    if not suspects & {"__add__", "__mul__"}:
        # closures may read the data anew: a program that changes it says less of what is kept
        kept = {p: a for p, a in later.items() if ".data = " not in p.source}
        fault = fault_of_pass(kept, {}, {})
        if fault:
            findings[fault.cause] = shown_by(fault, later)
            wrong = {p: a for p, a in wrong.items() if p.kind not in ("fresh", "again")}
    for finding in of_each_kind(tried, wrong, inner, suspects, findings):
        findings.setdefault(finding.cause, finding)
    kinds = [*KINDS]
    return sorted(merged(findings.values()), key=lambda x: x.is_limit * (1 + kinds.index(x.kind)))


def of_each_kind(
    tried: Answers, wrong: Answers, inner: Mapping[str, set[str]], suspects: set[str],
    known: Mapping[str, Finding],
) -> Iterator[Finding]:  # fmt: skip
    """What the first wrong program of each kind tells that needs no suspect, which then is one."""
    for kind in KINDS:
        if kind == "mixed" and any(not finding.is_limit for finding in known.values()):
            continue
        here = [
            p
            for p, a in wrong.items()
            if p.kind == kind
            and not any(suspects & {x, *inner.get(x, ())} for x in p.needs)
            and not (kind == "mixed" and getattr(a, "kind", "") == "OverflowError")  # see "large"
        ]
        subjects = {p.needs if kind in APART else (): p for p in reversed(here)}
        for program in reversed(subjects.values()):
            yield found(program, wrong[program], tried)
        suspects |= {x for p in here if kind != "deep" for x in p.needs if len(p.needs) == 1}


def merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, those of several functions with one and the same wrong formula as one."""
    same = dict[str, list[tuple[str, Finding]]]()
    for finding in findings:
        found_one = re.match(
            r"the \w+ of (?:a\.)?(\w+)\(.*? comes out as (.+?)(?: \(the form|, and is|$)",
            finding.cause,
        )
        name, text = found_one.groups() if found_one else ("", finding.cause)
        same.setdefault(text.strip(), []).append((name, finding))
    for text, ((_, first), *others) in same.items():
        if others:
            also = f"; and so it is for {', '.join([name for name, _ in others])}"
            is_anothers = text in {*DERIVATIVES.values(), *VALUES.values()}
            also += f": {LOOP}" if is_anothers and LOOP not in first.cause else ""
            first = first._replace(cause=first.cause + also)
        else:  # one function alone is no sign of a loop
            first = first._replace(cause=first.cause.replace(f": {LOOP}", ""))
        yield first


def shown_by(fault: Fault, answers: Answers) -> Finding:
    """The finding of a fault that explains these answers, with the first that is wrong."""
    program = next(p for p, a in answers.items() if not agrees(a, p))
    said = finished(answers[program])
    return Finding(program.kind, fault.cause, fault.remedy, program, said, is_limit=fault.is_limit)


def made_of(calls: Calls) -> dict[str, set[str]]:
    """The operations that each method calls, as __sub__ may call __add__ and __neg__."""
    inner = dict[str, set[str]]()
    for program, called in calls.items():
        if program.kind in ("one", "constant"):
            groups = [{*names} & METHODS for names in called if not {*names} & {*program.needs}]
            inner.setdefault(program.needs[0], set()).update(*groups)
    return inner


def is_plain(program: Program, inner: Mapping[str, set[str]]) -> bool:
    """Whether a program shows what one pass does, or several, with nothing made of others."""
    if any(inner.get(name) for name in program.needs):
        return False
    kinds = (*SINGLE, "fresh", "again")
    return program.kind in kinds or program.kind == "constant" and spoken(program) == "a ** k"


def finished(answer: Answer) -> Numbers | None:
    """The numbers of an answer, if it has some."""
    return None if isinstance(answer, Ended) else answer


def is_wrong_before(program: Program, answer: Answer) -> bool:
    """Whether a program of one operation is wrong whatever its backward pass does."""
    if program.kind not in ("start", "one"):
        return False
    truth = right(program)
    return isinstance(answer, Ended) or any(
        not close(answer.get(name, NO_NUMBER)[0], truth[name][0]) for name in truth
    )


# A wrong pass


def fault_of_pass(first: Answers, singles: Answers, later: Answers) -> Fault | None:
    """The fault that says the same on all these programs.

    first: those of + and * alone, which show the whole pass.  singles: those of any operation,
        for what all nodes do.  later: those of several passes, to choose between faults.
    """
    matches = [
        fault
        for faults, answers in ((PASSES, first), (EVERYWHERE, singles))
        if not all(agrees(answer, program) for program, answer in answers.items())
        for fault in faults
        if way_of(fault, answers)
    ]
    return max(
        matches,
        key=lambda fault: (
            sum([bool(way_of(fault, {p: a})) for p, a in later.items()]) - 100 * fault.is_loose
        ),
        default=None,
    )


def way_of(fault: Fault, answers: Answers) -> Pass | None:
    """The variant of a fault that gives all these answers, or one of them if it is loose."""
    asked = sorted(answers.items(), key=lambda item: agrees(item[1], item[0]))
    if not fault.is_loose:
        ways = ways_of(fault, *asked[0]) if asked else ()
        return next((way for way in ways if all(gives(way, p, a) for p, a in asked)), None)
    if all(any(gives(way, p, a) for way in ways_of(fault, p, a)) for p, a in asked):
        return fault.backward
    return None


def ways_of(fault: Fault, program: Program, answer: Answer) -> Sequence[Pass]:
    """The variants of a fault, also those with a factor that an answer shows."""
    if fault.fitted is None or isinstance(answer, Ended):
        return fault.ways
    pairs = [
        (answer[name][1], grad) for name, (_, grad) in right(program).items() if name in answer
    ]
    factors = {x for x, _ in pairs} | {x / y for x, y in pairs if y}
    return [*fault.ways, *[fault.fitted(k) for k in sorted(factors)]]


def gives(backward: Pass, program: Program, answer: Answer) -> bool:
    """Whether a backward pass gives these numbers."""
    try:
        return agrees(answer, program, numbers(program.source, backward))
    except (ArithmeticError, ValueError):
        return False


# A wrong operation


def faults_of_operations(
    plain: Answers, tried: Answers, wrong: Answers
) -> tuple[dict[str, Finding], set[str]]:
    """What each operation does wrong, and the methods of those that do."""
    model = dict[str, Pass]()
    found_faults = dict[str, tuple[Fault, list[str], Program]]()
    findings, suspects = dict[str, Finding](), set[str]()
    helpers = {
        OPS[name] for name in ("__add__", "__mul__")
        if all(agrees(a, p) for p, a in plain.items() if p.needs == (name,))
    }  # fmt: skip
    for method, op in OPS.items():
        allowed = {op, *model, *helpers}
        mine = {
            p: a for p, a in plain.items()
            if p.kind in (*SINGLE, "constant") and method in p.needs
            and {OPS.get(x) for x in p.needs} <= allowed
        }  # fmt: skip
        ended = [p for p, a in mine.items() if isinstance(a, Ended)]
        mine = {p: a for p, a in mine.items() if p not in ended}
        odd = [p for p in mine if not gives(sent_by(model), p, mine[p])]
        if not odd and not ended:
            model.update({op: send_one} if mine else {})
            continue
        suspects.add(method)
        fault = fault_of_operation(op, mine, odd, model, tried) if odd else None
        if fault:
            model[op] = fault.backward
            found_faults.setdefault(fault.cause, (fault, [], odd[0]))[1].append(op)
        else:
            program = next(p for p in plain if p in odd or p in ended)
            finding = found(program, plain[program], tried)
            findings.setdefault(finding.cause, finding)
    for fault, ops, program in found_faults.values():
        cause = (where(ops, [*model]) if fault.remedy else "") + fault.cause
        findings[cause] = Finding(
            program.kind, cause, fault.remedy, program, finished(wrong[program])
        )
    return findings, suspects


def where(ops: Sequence[str], all_ops: Sequence[str]) -> str:
    """Words for the operations that have a fault; none if all have it, or if it says so."""
    names = [f"`{'-a' if op == 'neg' else op}`" for op in ops]
    if len(ops) == 1:
        return f"in {names[0]} alone: " if len(all_ops) > 1 else ""
    return "" if len(ops) == len(all_ops) else f"in {', '.join(names[:-1])} and {names[-1]}: "


def fault_of_operation(
    op: str, mine: Answers, odd: Sequence[Program], model: Mapping[str, Pass], tried: Answers
) -> Fault | None:
    """The fault of one operation that gives all the numbers, together with a model of the rest."""
    one = next((p for p in odd if p.kind in ("one", "constant")), None)
    cause, slopes = (one and slip_of(one, tried)) or ("", ())
    likely = [Fault(cause, "", (partial(send_slopes, slopes),))] if slopes else []
    if " as 0" in cause:  # so does `self.grad` for `out.grad`, but not everywhere
        everywhere = cause.count(" as 0") == cause.count(" comes out ")
        likely = [*NODES[: NOTHING + everywhere], *ONE_SIDED[: 2 * NOTHING], *likely]
    if op not in ("-", "+") or "as 2 * 1" in cause:  # else derivatives are too alike to tell
        likely = [*CROSSED, *likely]
    for fault in [*likely, *NODES, *ONE_SIDED]:
        ways: dict[Pass, Pass] = {sent_by({**model, op: send}): send for send in fault.ways}
        way = way_of(fault._replace(ways=tuple(ways)), mine)
        if way:
            return fault._replace(ways=(ways[way],))
    return None


def send_slopes(slopes: Sequence[str], node: Value) -> None:
    """The chain rule with other local derivatives than the right ones."""
    b = float(node.op[2:] or 0.0) if node.op[:2] == "**" else 0.0  # a constant power
    a, b, *_ = [*[x.data for x in node.operands], b]
    for operand, slope in zip(node.operands, slopes, strict=False):
        operand.grad += function("a, b, y", slope)(a, b, node.data) * node.grad


def slip_of(program: Program, tried: Answers) -> Slip | None:
    """What is wrong in the operation of a program, from all programs of it alone."""
    text, functions = spoken(program), [operation(p) for p in tried if p.kind == "one"]
    alike = [p for p in tried if p.kind == program.kind and spoken(p) == text]
    answers = {p: a for p in alike if not isinstance(a := tried[p], Ended)}
    return slip_of_one(answers, dict.fromkeys(functions)) if answers else None


# What one program tells


def found(program: Program, answer: Answer, tried: Answers) -> Finding:
    """What a wrong program tells, as far as it does."""
    kind = program.kind
    if isinstance(answer, Ended):
        unnamed = f"{program.text} does not work: {answer}", ""
        cause, remedy = end_of(kind, answer, program.text) or unnamed
        is_limit = kind in LIMITS or (  # a ** b by logarithms
            answer.kind == "ValueError" and "**" in program.text and "Value(-" in program.source
        )
        return Finding(kind, cause, remedy, program, None, answer.line, is_limit)
    cause = ""
    if kind in ("start", "one", "constant"):
        slip = slip_of(program, tried)
        cause = slip.cause if slip else ""
    mistake, remedy = mistake_of(program)
    cause = mistake or cause
    is_known = bool(cause)
    cause = cause or located(program, answer)
    return Finding(
        kind, cause, remedy, program, answer, is_limit=kind == "again", is_known=is_known
    )


def located(program: Program, answer: Numbers) -> str:
    """Where a program goes wrong by no mistake that is known here."""
    asks = f"it asks for {KINDS[program.kind]}"
    told = f"{program.text} is wrong, by no mistake that is known here; {asks}"
    first = Finding(program.kind, "", "", program, answer).first_wrong()
    lines = program.source.splitlines()
    if first and first[1] == "data":
        made = [line for line in lines if line.startswith(f"{first[0]} = ")]
        return f"{told}; the first wrong number is the value of `{made[-1]}`" if made else told
    sent = [line for line in lines if first and re.search(rf"= .*\b{first[0]}\b", line)]
    if not first or not sent:
        return told
    return f"{told}; the first wrong gradient is that of {first[0]}, from `{'` and `'.join(sent)}`"
