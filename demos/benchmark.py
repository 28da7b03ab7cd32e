"""How fast is it, against engines that do the same work?

Run:    python demos/benchmark.py [--quick] [--rounds 5] [--only W1 W2]
                                  [--json FILE] [--svg FILE] [--threads 1]
Takes:  about ten minutes; --quick, which makes everything small, some seconds.  It
        compares with micrograd, NumPy, PyTorch and JAX where they are installed:
        pip install "micronn[bench]" brings the first two.

Every contest is one piece of work that several engines do.  First they must agree on
all its numbers, or nothing is timed; then they take turns, round after round, so that
a busy moment of the machine hits all of them.  The table shows the median time of each
and the median of the ratios within a round.  Read the ratios, not the milliseconds.

The ways of micronn: `graph` records and differentiates anew each time; `python`,
`native` and `wasm` run a graph recorded once, as generated Python, on the machine that
the C compiler here has built, and on the same machine as WebAssembly, which is what a
computer without a compiler gets.
"""

import argparse
import json
import os
import platform
from pathlib import Path

from contests.alone import measures, processes, sizes
from contests.eager import chains, digit_example, expression, moons_step
from contests.names import names, one_name
from contests.programs import digit_batches, digit_batches_adam, one_digit, points, unstructured
from contests.report import chart, floors, tables
from contests.turns import Disagreement, absent, agree, measured, versions
from rich.console import Console
from rich.progress import track

CONTESTS = {
    "expression": expression,
    "chains": chains,
    "moons": moons_step,
    "digit": digit_example,
    "W1": points,
    "W2": digit_batches,
    "Adam": digit_batches_adam,
    "example": one_digit,
    "unstructured": unstructured,
    "name": one_name,
    "names": names,
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"  # says the same to JAX


def main():
    options = arguments()
    os.environ.update(dict.fromkeys(THREADS, str(options.threads)))  # before they are imported
    if options.threads == 1:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {ONE_THREAD}"
    console, rounds = Console(), 1 if options.quick else options.rounds
    computer = {
        "platform": f"{platform.machine()} {platform.system()}",
        "python": platform.python_version(),
        "threads": options.threads,
        "versions": versions(),
        "absent": absent(),
    }
    console.print(*described(computer), sep="\n")
    try:
        found = all_of(options, rounds)
    except Disagreement as fault:
        raise SystemExit(f"no times, since the engines do not agree: {fault}") from None
    for table in tables(found):
        console.print("", table)
    whole = {"computer": computer, "quick": options.quick, "rounds": rounds, **found}
    if options.json:
        options.json.write_text(json.dumps(whole, indent=1), "utf-8")
    if options.svg:
        options.svg.write_text(chart(found), "utf-8")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small work, one round")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody takes a turn")
    names = ", ".join(CONTESTS)
    parser.add_argument("--only", nargs="+", choices=CONTESTS, metavar="NAME", help=names)
    parser.add_argument("--json", type=Path, metavar="FILE", help="all numbers, to this file")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="a chart, to this file")
    parser.add_argument("--threads", type=int, default=1, help="for the rivals; ours has one")
    return parser.parse_args()


def described(computer):
    """What took part, and what is missing here."""
    here = {"Python": computer["python"], **computer["versions"], "threads": computer["threads"]}
    yield ", ".join([computer["platform"], *[f"{name} {what}" for name, what in here.items()]])
    for name, why in computer["absent"].items():
        yield f"not here: {name} ({why})"


def all_of(options, rounds):
    """Everything that was asked for: first all agree, then all are timed."""
    console = Console(stderr=True)
    names = options.only or list(CONTESTS)
    contests = [CONTESTS[name](options.quick) for name in names]
    for contest in track(contests, "agreeing", transient=True, console=console):
        agree(contest)
    timed = [
        measured(contest, rounds)
        for contest in track(contests, "measuring", transient=True, console=console)
    ]
    alone = not options.only
    started = processes(rounds) if alone else []
    return {
        "contests": timed,
        "sizes": sizes(options.quick, rounds) if alone else [],
        "processes": started,
        "measures": measures(options.quick) if alone else [],
        "floors": [] if options.quick else floors(timed, started),
    }


if __name__ == "__main__":
    main()
