"""The exercise: an engine in eight small steps, each with its text, its checks and hints.

The texts stand in exercise.md, which a learner gets without the hints.

    >>> [step.title for step in STEPS][:3]
    ['Add', 'Multiply', 'Reuse']
"""

import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from micronn.grade.causes import agrees
from micronn.grade.diagnosis import diagnosed
from micronn.grade.programs import PROGRAMS, Program
from micronn.grade.report import shown
from micronn.grade.trial import Ended, Trial, try_engine
from micronn.support.files import write_atomically

TEXT = files(__package__).joinpath("exercise.md").read_text("utf-8")
ENGINE, STEPS_FILE = "engine.py", "STEPS.md"


class Step(NamedTuple):
    """A step of the exercise.

    text: what to do.  hints: each says more than the one before.
    programs: what must work when it is done.
    """

    title: str
    text: str
    hints: list[str]
    programs: list[Program]


# The checks of each step

ZERO = Program("fresh", "zero_grad([a, b])", """\
a = Value(3.0)
b = Value(-2.0)
y = a * b
y.backward()
zero_grad([a, b])
z = a + b
z.backward()""", ())  # fmt: skip
MADE = """\
neuron = Neuron(2)
u, v = neuron.w
b = neuron.b
u.data, v.data, b.data = 0.5, -0.25, 0.1
a = Value(1.0)
c = Value(-2.0)
"""
NEURON = Program("mixed", "a neuron", MADE + "y = neuron([a, c])\ny.backward()", ())
LEARNING = Program("mixed", "a neuron that learns", MADE + """\
for step in range(20):
    loss = (neuron([a, c]) - Value(-0.5)) ** 2
    zero_grad([u, v, b])
    loss.backward()
    for p in (u, v, b):
        p.data = p.data - 0.1 * p.grad""", ())  # fmt: skip


def programs_of(kind: str, *needs: str) -> list[Program]:
    """The programs of a kind that need some of these methods and, but for *, nothing else."""
    return [
        p for p in PROGRAMS
        if p.kind == kind and p.needs and {*needs}.intersection(p.needs)
        and {*needs, "__mul__"}.issuperset(p.needs)
    ]  # fmt: skip


CHECKS = [
    programs_of("one", "__add__"),
    programs_of("one", "__mul__") + programs_of("upstream", "__add__", "__mul__"),
    programs_of("reuse", "__add__", "__mul__"),
    programs_of("order", "__add__", "__mul__"),
    programs_of("one", "tanh") + programs_of("upstream", "tanh"),
    [
        *programs_of("one", "__sub__"), *programs_of("one", "__neg__"),
        *[p for p in programs_of("constant", "__pow__") if "0.5" not in p.text],
        *programs_of("one", "__truediv__"),
    ],
    [*programs_of("again", "__add__", "__mul__"), ZERO],
    [NEURON, LEARNING],
]  # fmt: skip


def read_steps() -> list[Step]:
    """The steps as exercise.md tells them."""
    steps = []
    for (title, text), checks in zip(
        re.findall(r"^## \d\. (.*?)\n\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S), CHECKS, strict=True
    ):
        lines = text.splitlines()
        quoted = "\n".join([line[1:].strip() for line in lines if line.startswith(">")])
        told = "\n".join([line for line in lines if not line.startswith(">")]).strip()
        hints = [" ".join(hint.split("\n")) for hint in quoted.split("\n\n")]
        steps.append(Step(title, told, hints, checks))
    return steps


STEPS = read_steps()


# Giving it out


def write_exercise(folder: Path) -> list[Path]:
    """Write the starter and the texts of the steps into a folder; returns both paths.

    Raises ValueError if an engine.py is there already: it may be somebody's work.
    """
    engine, steps = folder / ENGINE, folder / STEPS_FILE
    if engine.exists():
        raise ValueError(f"{engine} is there already; choose another folder, or go on with it")
    folder.mkdir(parents=True, exist_ok=True)
    starter = re.findall(r"^```python\n(.*?)^```\n", TEXT, re.M | re.S)[0]
    write_atomically(engine, starter)
    write_atomically(steps, without_hints())
    return [engine, steps]


def without_hints() -> str:
    """exercise.md as a learner gets it, the starter in a file of its own."""
    text = re.sub(r"^```python\n.*?^```\n\n", "", TEXT, flags=re.M | re.S)
    return re.sub(r"\n(?:>.*\n)+", "", text)


def is_exercise(folder: Path) -> bool:
    """Whether a folder was made by write_exercise."""
    return (folder / ENGINE).is_file() and (folder / STEPS_FILE).is_file()


# Taking it in


def where_it_stands(folder: Path, hint: int = 0) -> tuple[int, list[str]]:
    """How many steps are done, and what there is to say.

    hint: which hint for the next step to give, from 1; 0 for none.
    """
    trial = try_engine(folder / ENGINE, "Value", [p for step in STEPS for p in step.programs])
    if trial.failed:
        return 0, [f"{ENGINE} cannot be tried: {trial.failed}"]
    done = 0
    while done < len(STEPS) and all(is_right(p, trial) for p in STEPS[done].programs):
        done += 1
    lines = [
        f"{n + 1}. {step.title:<30} {'done' if n < done else 'next' if n == done else ''}".rstrip()
        for n, step in enumerate(STEPS)
    ]
    if done == len(STEPS):
        return done, [*lines, "", "All eight steps stand. micronn grade engine.py tries the rest."]
    return done, [*lines, "", STEPS[done].text, "", *what_is_missing(STEPS[done], trial, hint)]


def is_right(program: Program, trial: Trial) -> bool:
    """Whether the engine has run the program and its numbers are right."""
    return agrees(trial.answers.get(program, Ended("", "it was not tried")), program)


def what_is_missing(step: Step, trial: Trial, hint: int) -> list[str]:
    """The first program of the step that does not work, why, and the hint."""
    tried = {p: trial.answers[p] for p in step.programs if p in trial.answers}
    wrong = {p: a for p, a in tried.items() if not is_right(p, trial)}
    findings = diagnosed(tried, wrong, trial.calls)
    lines = shown(findings[0]) if findings else ["the engine ended before this step was tried"]
    count = len(step.hints)
    if not hint:
        return [*lines, "", f"--hint 1 gives the first of {count} hints."]
    return [*lines, "", f"Hint {min(hint, count)} of {count}: {step.hints[min(hint, count) - 1]}"]
