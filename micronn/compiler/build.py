"""The C compiler of this computer makes the tape machine once, and keeps it for every graph.

machine.c is compiled when it is first needed, with the instructions this processor
has, and kept in a private folder; later programs load what is there.
"""

import contextlib
import functools
import hashlib
import os
import platform
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).with_name("machine.c")
INSTALL = "install a C compiler (Debian: apt install gcc; macOS: xcode-select --install) or set CC"

# Flags to try, the fastest first.  A product and a sum are not joined (fp-contract),
# and nothing is reordered (no -ffast-math), so that numbers are those of the graph.
# gcc alone knows LATE: loops of 8 are vectorised before they are unrolled, or the sums
# of add_tile() in machine.c do not stay in registers, which makes it 14 times slower.
LATE = "--param=max-completely-peel-times=7"
EXACT = ["-shared", "-fPIC", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
FLAGS = [
    ["-O3", "-march=native", "-mprefer-vector-width=512", LATE, *EXACT],
    ["-O3", "-march=native", LATE, *EXACT],
    ["-O3", "-march=native", *EXACT],
    ["-O3", "-mcpu=native", *EXACT],
    ["-O2", "-shared", "-fPIC", "-ffp-contract=off"],
]
NO_NUMBER = -1  # for users of Windows
REAL = {"float64": "double", "float32": "float"}  # the name of each dtype in C


class NoMachine(RuntimeError):
    """The machine cannot be built here; the message says why and what to do."""


def find_compiler() -> list[str]:
    """The command of a C compiler: what CC names, else cc, gcc or clang.

    Raises NoMachine where there is none.
    """
    given = os.environ.get("CC", "")
    try:
        named = shlex.split(given)
    except ValueError as error:
        raise NoMachine(f"CC={given} is no command: {error}; {INSTALL}") from None
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        path = shutil.which(command[0])
        if path:
            return [path, *command[1:]]
    wanted = f"CC names {named[0]!r}, which is not there" if named else "no C compiler found"
    raise NoMachine(f"{wanted}; {INSTALL}")


def run(command: list[str]) -> str:
    """What a command writes; NoMachine with the line in which it tells its error."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoMachine(f"{error}") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").splitlines() or ["it does not say why"]
        telling = [line for line in lines if "error" in line or "failed" in line]
        raise NoMachine([*telling, *lines][0])
    return done.stdout.decode("utf-8", "replace")


def cache_folder() -> Path:
    """A folder that only this user can write to, where the built machine is kept.

    It is made within the one that MICRONN_CACHE names, else within micronn in
    XDG_CACHE_HOME or ~/.cache; no other folder's permissions are touched.  Where it
    cannot be, a temporary folder for as long as this process runs.
    """
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    named = os.path.expanduser(os.environ.get("MICRONN_CACHE") or f"{home}/micronn")
    folder = Path(named, f"machine-{user()}")
    homeless = named.startswith("~")  # nobody knows where this user's home is
    return Path(temporary_folder().name) if homeless or not made_private(folder) else folder


@functools.cache
def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder with mode 0700, deleted when Python ends."""
    return tempfile.TemporaryDirectory(prefix="micronn-")


def made_private(folder: Path) -> bool:
    """Make the folder with mode 0700 if it is not there; False if it is not ours alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(state.st_mode) and os.access(folder, os.W_OK | os.X_OK)
    alone = state.st_uid == user() and not state.st_mode & 0o077
    return ours and (alone or user() == NO_NUMBER)


def user() -> int:
    """The number of this user, where users have one."""
    return os.getuid() if hasattr(os, "getuid") else NO_NUMBER


def build(dtype: str) -> Path:
    """The path of the machine, built now if it is not in the cache.

    Raises NoMachine if no set of flags works, or if there is no place for it.
    """
    compiler, problem = find_compiler(), ""
    for flags in FLAGS:
        flags = [*flags, f"-Dreal={REAL[dtype]}"]
        try:
            # The compiler's own macros tell its version and what the processor can do.
            macros = run([*compiler, *flags, "-dM", "-E", str(SOURCE)])
            sources = [SOURCE, *sorted(SOURCE.parent.glob("*.h"))]
            texts = [path.read_text("utf-8") for path in sources]
            key = "\0".join([*texts, *compiler, *flags, macros, platform.machine()])
            folder, name = cache_folder(), f"machine-{dtype}-{digest(key.encode())}"
            return kept(folder, name) or compile_to(folder, name, [*compiler, *flags])
        except NoMachine as failure:
            problem = str(failure)  # the next set of flags may do
        except OSError as error:
            advice = "make room there, or set MICRONN_CACHE to another folder"
            raise NoMachine(f"the built machine cannot be kept: {error}; {advice}") from None
    raise NoMachine(
        f"{shlex.join(compiler)} cannot build {SOURCE.name}: {problem}; see to it, or {INSTALL}"
    )


def kept(folder: Path, name: str) -> Path | None:
    """An earlier build of that name; a damaged one is deleted, as loading it can crash.

    A file's name ends with the digest of what is in it, so that it tells by itself.
    """
    for path in folder.glob(f"{name}-*.so"):
        with contextlib.suppress(FileNotFoundError):  # another process deleted it
            if path.stem == f"{name}-{digest(path.read_bytes())}":
                return path
            path.unlink()
    return None


def compile_to(folder: Path, name: str, command: list[str]) -> Path:
    """Build the machine in the folder, complete or not at all; NoMachine if it did not work.

    Two processes that do this at once each write a file of their own and then rename
    it, so that both find a complete one.
    """
    for left in folder.glob("building-*"):  # by a process that was killed
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - 3600.0:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder) as place:
        building = Path(place, "machine.so")
        run([*command, str(SOURCE), "-o", str(building), "-lm"])
        with building.open("r+b") as file:
            name = f"{name}-{digest(file.read())}.so"
            os.fsync(file.fileno())  # on the disk before it has its name
        return building.replace(folder / name)


def digest(data: bytes) -> str:
    """A short text that no two files have in common, unless they are equal."""
    return hashlib.sha256(data).hexdigest()[:24]
