"""An engine on trial: each program is run in a process that is stopped if it takes too long.

What comes back is plain data.  The engine may end its process, loop for ever, print without
end or raise anything at all: each of these is an answer like any other.
"""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from micronn.grade.programs import Numbers, Program

LARGEST = 1 << 20  # bytes of an engine's file; the largest known have some ten thousand
SECONDS = 5.0  # for one program
START = 10.0  # seconds until the engine is imported
MOST_PRINTED = 1 << 20  # bytes
MOST_ENDS = 5  # of its processes, before no more is tried
ENDLESS = "it has not ended after {:g} seconds"


class Ended(NamedTuple):
    """How a program ended without numbers.

    kind: the exception's class, or "time", "exit" or "output".
    line: of the engine's file, where it was; None if that is not known.
    """

    kind: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = "" if self.line is None else f", line {self.line}"
        what = f"{self.kind}: {self.message}" if self.kind[:1].isupper() else self.message
        return f"{what}{where}"


Answer = Numbers | Ended


class Trial(NamedTuple):
    """What an engine answered.

    abilities: the methods that its class has.
    answers: for each program its numbers, or how it ended.  A number that is none is nan.
    calls: for each program the names of each method that it called.
    deeds: what it tried to do beside computing, in words, with lines.
    failed: why there is no engine to try, if so.
    """

    name: str
    abilities: set[str]
    answers: dict[Program, Answer]
    deeds: list[Ended]
    calls: dict[Program, list[list[str]]]
    failed: Ended | None = None


def try_engine(path: Path, cls: str | None, programs: Iterable[Program]) -> Trial:
    """Run programs with the engine in a file, in processes of their own.

    The file is copied to a folder of its own, which is deleted in the end: nothing else can
    be written.  A file that imports its neighbours cannot do so here.
    """
    trial, waiting = Trial("", set(), {}, [], {}), list(programs)
    size = path.stat().st_size
    if size > LARGEST:
        told = f"the file has {size:,} bytes, and an engine at most {LARGEST:,}"
        return trial._replace(failed=Ended("size", told))
    with tempfile.TemporaryDirectory(prefix="micronn-grade-", ignore_cleanup_errors=True) as place:
        folder = Path(place).resolve()
        for _ in range(MOST_ENDS):
            copy = folder / path.name
            shutil.copyfile(path, copy)
            trial, finished = one_process(copy, cls, waiting, trial)
            waiting = [program for program in waiting if program not in trial.answers]
            if finished or trial.failed or not waiting:
                break
    return trial


def one_process(
    copy: Path, cls: str | None, programs: list[Program], trial: Trial
) -> tuple[Trial, bool]:
    """As many programs as one process gets through, and whether it came to its end."""
    job = {
        "file": str(copy), "folder": str(copy.parent), "cls": cls,
        "seconds": SECONDS * len(programs),
        "programs": [[str(k), program.source] for k, program in enumerate(programs)],
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", str(Path(__file__).with_name("child.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=copy.parent,
        env=surroundings(copy.parent), start_new_session=True,
    )  # fmt: skip
    heard: queue.Queue[dict[str, Any] | None] = queue.Queue()
    printed = Printed(stream_of(process.stderr))
    threading.Thread(target=listen, args=(stream_of(process.stdout), heard), daemon=True).start()
    threading.Thread(target=printed.read, daemon=True).start()
    with contextlib.suppress(OSError), stream_of(process.stdin) as given:
        given.write(json.dumps(job).encode() + b"\n")
    begun = "import"
    try:
        for answer in answers(heard, printed):
            if isinstance(answer, Ended):
                break
            begun = answer.get("begins", begun)
            if "done" in answer or "failed" in answer:
                return finished(trial, answer), True
            trial = taken(trial, answer, programs)
        else:
            answer = Ended("exit", f"it ended the process, with status {ended(process)}")
    finally:
        kill(process)
    if begun == "import":
        return trial._replace(failed=answer), True
    trial.answers[programs[int(begun)]] = answer
    return trial, False


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of the process: its folder for home, and no secrets of ours."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(folder))
    return {**kept, **places, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def stream_of(stream: IO[bytes] | None) -> IO[bytes]:
    """A pipe to a process, which Popen makes where it was asked to."""
    if stream is None:
        raise ValueError("this process has no such pipe")
    return stream


# Listening


class Printed:
    """What a process prints: counted and thrown away."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.count = stream, 0

    def read(self) -> None:
        """Read to the end, or until the process is killed and its pipe closed."""
        with contextlib.suppress(ValueError, OSError):
            while part := self.stream.read1(1 << 16):  # type: ignore[attr-defined]
                self.count += len(part)


def listen(stream: IO[bytes], heard: "queue.Queue[dict[str, Any] | None]") -> None:
    """Put each line of JSON into a queue; None when there are no more, or it is none."""
    with contextlib.suppress(ValueError, OSError):
        while line := stream.readline(LARGEST):
            answer = json.loads(line)
            if not isinstance(answer, dict):
                break
            heard.put(answer)
    heard.put(None)


def answers(
    heard: "queue.Queue[dict[str, Any] | None]", printed: Printed
) -> Iterator[dict[str, Any] | Ended]:
    """Each answer in time, up to the end of the process, or why no more is waited for."""
    waited, patience = 0.0, START
    while waited < patience:
        try:
            answer = heard.get(timeout=0.1)
        except queue.Empty:
            waited += 0.1
            if printed.count > MOST_PRINTED:
                yield Ended("output", f"it printed more than {MOST_PRINTED:,} bytes")
                return
            continue
        if answer is None:
            return
        waited = 0.0
        patience = START if answer.get("begins") == "import" else SECONDS
        yield answer
    yield Ended("time", ENDLESS.format(patience))


def ended(process: "subprocess.Popen[bytes]") -> str:
    """A process's exit status, or the signal that ended it."""
    try:
        status = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return "unknown"
    return str(status) if status >= 0 else signal.Signals(-status).name


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process and whatever it may have started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            with contextlib.suppress(OSError, ValueError):
                stream.close()


# Understanding


def taken(trial: Trial, answer: dict[str, Any], programs: list[Program]) -> Trial:
    """What one answer adds to a trial."""
    if "loaded" in answer:
        return trial._replace(name=answer["loaded"], abilities={*answer["abilities"]})
    if "name" in answer:
        program = programs[int(answer["name"])]
        trial.calls[program] = answer["calls"]
        trial.answers[program] = Ended(**answer["error"]) if "error" in answer else {
            name: (read_number(data), read_number(grad))
            for name, (data, grad) in answer["numbers"].items()
        }  # fmt: skip
    return trial


def read_number(text: str) -> float:
    """A number; what is none is nan."""
    try:
        return float.fromhex(text)
    except ValueError:
        return float("nan")


def finished(trial: Trial, answer: dict[str, Any]) -> Trial:
    """A trial at its end: with what the engine did beside computing."""
    deeds = [Ended("guard", f"it {why}", line) for why, line in answer.get("refusals", [])]
    deeds += [Ended(**told) for told in answer.get("unraisable", [])]
    failed = Ended(**answer["failed"]) if "failed" in answer else None
    return trial._replace(deeds=list(dict.fromkeys([*trial.deeds, *deeds])), failed=failed)
