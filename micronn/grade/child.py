"""Runs somebody else's engine, in a process of its own where it can do no harm.

This file is started by itself, with the standard library alone: it is the only one that
stands in the same process as the engine.  It is told on stdin what to try, and answers on
what was stdout, a line of JSON for each program; whatever the engine prints goes to stderr.

Four fences stand around the engine.  An audit hook, which Python asks before each such
deed, refuses to start processes, to open connections, to load libraries and to change any
file outside the folder that the engine was given.  A Linux that has Landlock refuses the last
by itself.  The system limits memory, time and the size of files.  And whoever started this
process ends it when time is over.  They keep mistakes and pranks from doing harm; whoever
knows Python's insides can climb the first, and so read files and open connections.
"""

import contextlib
import ctypes
import importlib.util
import inspect
import json
import math
import os
import struct
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

MEMORY = 2 << 30  # bytes
LARGEST_FILE = 1 << 24  # bytes
MOST_TEXT = 300  # characters of an error's message

STARTS = ("subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn",
          "os.startfile", "pty.", "os.kill", "signal.pthread_kill")  # fmt: skip
REACHES = ("socket.", "urllib.", "ftplib.", "smtplib.", "http.", "webbrowser.")
LOADS = ("ctypes.", "winreg.")
CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod",
           "os.chown", "os.truncate", "os.utime", "os.chflags", "os.lchflags", "os.setxattr",
           "os.removexattr", "shutil.", "tempfile.")  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


# The fences


class Refused(PermissionError):
    """What the guard does not let an engine do."""


class Guard:
    """Asked by Python before anything that reaches out of this process.

    refusals: what was refused, in words, and at which line of the engine.
    """

    def __init__(self, folder: Path, engine: Path) -> None:
        self.folder, self.engine, self.refusals = f"{folder}{os.sep}", engine, list[list[Any]]()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        why = self.verdict(event, arguments)
        if why:
            self.refusals.append([why, line_of(self.engine, frame=sys._getframe())])
            raise Refused(why)

    def verdict(self, event: str, arguments: tuple[Any, ...]) -> str:
        """Why it must not be, or nothing."""
        if event.startswith(STARTS):
            return "starts or stops a process"
        if event.startswith(REACHES):
            return "opens a connection"
        if event.startswith(LOADS):
            return "loads a library"
        if event.startswith(CHANGES):
            return "changes files"
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
            inside = isinstance(arguments[0], str) and self.is_inside(arguments[0])
            return "" if inside else "writes a file"
        return ""

    def is_inside(self, path: str) -> bool:
        """Whether a path is in the engine's own folder."""
        return os.path.realpath(path).startswith(self.folder)


def set_limits(seconds: float) -> None:
    """No more memory, time and disk than an engine needs, where the system knows limits."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    limits = {"AS": MEMORY, "CPU": math.ceil(seconds), "FSIZE": LARGEST_FILE, "CORE": 0}
    for name, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # already lower
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def confine(folder: Path) -> bool:
    """Let this process change no file outside a folder; False where the system has no Landlock.

    That is the kernel's own fence, which nothing in this process can take away again.
    Source: "Landlock: unprivileged access control", in the documentation of the Linux kernel.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    create, add, restrict, no_new_privileges = 444, 445, 446, 38
    version = libc.syscall(create, None, 0, 1)
    changes = 1 << 1 | 0x1FF << 4  # write; remove and make whatever there is
    changes |= (version >= 2) << 13 | (version >= 3) << 14  # link elsewhere; truncate
    rules = libc.syscall(create, struct.pack("=Q", changes), 8, 0)
    if version < 1 or rules < 0:
        return False
    beneath = os.open(folder, os.O_PATH)
    try:
        return not (
            libc.syscall(add, rules, 1, struct.pack("=Qi", changes, beneath), 0)
            or libc.prctl(no_new_privileges, 1, 0, 0, 0)
            or libc.syscall(restrict, rules, 0)
        )
    finally:
        os.close(rules)
        os.close(beneath)


# The engine


def load_engine(path: Path, name: str | None) -> type:
    """The class in a file: the one of that name, or the only one with a backward().

    Of several those that have operators, and of these not the ones made of another.
    """
    spec = importlib.util.spec_from_file_location("engine", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file; end its name in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["engine"] = module
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    classes = {n: c for n, c in vars(module).items() if inspect.isclass(c) and n == c.__name__}
    engines = [n for n, c in classes.items() if hasattr(c, "backward")]
    able = [n for n in engines if {"__add__", "__mul__"} & {*dir(classes[n])}]
    engines = [
        n for n in able if not {*able} & {c.__name__ for c in classes[n].__mro__[1:]}
    ] or engines
    chosen = name or ("Value" if "Value" in engines else engines[0] if len(engines) == 1 else None)
    if chosen in classes:
        return classes[chosen]
    if name:
        known = ", ".join(classes) or "none"
        raise LookupError(f"there is no class {name!r} in this file; its classes: {known}")
    raise LookupError(
        f"which class is the engine? {', '.join(engines)}; name it, as in engine.py:{engines[0]}"
        if engines
        else "no class in this file has a method backward(), so there is nothing to grade"
    )


def abilities(cls: type) -> list[str]:
    """The names of all that the class defines, and not what float or object gave it."""
    own = [c for c in cls.__mro__ if c.__module__ != "builtins"]
    return sorted({name for c in own for name in vars(c)})


def run(cls: Any, source: str, engine: Path) -> dict[str, Any]:
    """A program's numbers, or how it ended.  Whatever an engine does is an answer."""
    around = vars(sys.modules.get("engine", sys))  # a Neuron, say, that stands beside the class
    names: dict[str, Any] = {**around, "Value": cls}
    called = set[Any]()
    sys.setprofile(lambda frame, event, _: called.add(frame.f_code))
    try:
        exec(compile(source, "<program>", "exec"), names)  # noqa: S102 (a program of ours)
        sys.setprofile(None)
        values = {n: x for n, x in names.items() if isinstance(x, cls) and around.get(n) is not x}
        found = {name: [number(x.data), number(x.grad)] for name, x in values.items()}
        return {"numbers": found, "calls": methods(cls, called)}
    except BaseException as error:  # noqa: BLE001 (also SystemExit)
        return {"error": told(error, engine), "calls": methods(cls, called)}
    finally:
        sys.setprofile(None)


def methods(cls: type, called: set[Any]) -> list[list[str]]:
    """Of each function of the class that was called, its names there."""
    names = dict[Any, list[str]]()
    for name in abilities(cls):
        code = getattr(getattr(cls, name, None), "__code__", None)
        if code in called:
            names.setdefault(code, []).append(name)
    return list(names.values())


def number(x: Any) -> Any:
    """A number as JSON can say it, or what it is instead."""
    try:
        return float(x).hex()
    except Exception:  # noqa: BLE001 (an engine may raise anything)
        return f"a {type(x).__name__}"[:MOST_TEXT]


def told(error: BaseException, engine: Path) -> dict[str, Any]:
    """An exception as plain data: its kind, its message, and where in the engine it arose."""
    try:
        message = str(error)[:MOST_TEXT]
    except BaseException:  # noqa: BLE001
        message = ""
    line = line_of(engine, trace=error.__traceback__)
    if line is None and isinstance(error, SyntaxError) and error.filename == str(engine):
        line = error.lineno
    return {"kind": type(error).__name__, "message": message, "line": line}


def line_of(engine: Path, trace: TracebackType | None = None, frame: Any = None) -> int | None:
    """The line of the engine that was last at work, if any."""
    path = str(engine)
    places = traceback.walk_tb(trace) if trace else traceback.walk_stack(frame)
    lines = [line for place, line in places if place.f_code.co_filename == path]
    return None if not lines else lines[-1] if trace else lines[0]


# The conversation


def serve(job: dict[str, Any], answers: TextIO, cls: type | None = None) -> None:
    """Try all programs of a job; each answer is a line, and so is the name of what begins.

    cls: the engine, if it is here already; or else the file to load it from.
    """

    def answer(**data: Any) -> None:
        answers.write(json.dumps(data) + "\n")
        answers.flush()

    engine, unraisable = Path(job["file"]), list[dict[str, Any]]()
    guard = Guard(Path(job["folder"]), engine)
    sys.unraisablehook = lambda u: unraisable.append(
        told(u.exc_value or u.exc_type(), engine)  # a __del__ that raises, for one
    )
    set_limits(job["seconds"])
    sys.addaudithook(guard)
    try:
        answer(begins="import")
        cls = cls or load_engine(engine, job["cls"])
        answer(loaded=cls.__name__, abilities=abilities(cls))
    except BaseException as error:  # noqa: BLE001
        answer(failed=told(error, engine), refusals=guard.refusals)
        return
    for name, source in job["programs"]:
        answer(begins=name)
        answer(name=name, **run(cls, source, engine))
    answer(done=True, refusals=guard.refusals, unraisable=unraisable)


def main() -> None:
    """Answers go where stdout went; from now on stdout is stderr."""
    sys.dont_write_bytecode = True
    job = json.loads(sys.stdin.readline())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.close()
    confine(Path(job["folder"]))
    serve(job, answers)
    answers.flush()
    os._exit(0)  # without whatever the engine left to be done at the end


if __name__ == "__main__":
    main()
