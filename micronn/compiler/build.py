"""The C compiler of this computer makes the tape machine once, and keeps it for every graph.

machine.c is compiled when it is first needed, with the instructions this processor
has, and kept in a private folder; later programs load what is there.
"""

import functools
import hashlib
import os
import platform
import shlex
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("machine.c")
INSTALL = "install one (Debian: apt install gcc; macOS: xcode-select --install) or set CC"

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
REAL = {"float64": "double", "float32": "float"}  # the name of each dtype in C


class NoMachine(RuntimeError):
    """The machine cannot be built here; the message says why and what to do."""


def find_compiler() -> list[str]:
    """The command of a C compiler: what CC names, else cc, gcc or clang.

    Raises NoMachine where there is none.
    """
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        path = shutil.which(command[0])
        if path:
            return [path, *command[1:]]
    wanted = f"CC names {named[0]!r}, which is not there" if named else "no C compiler found"
    raise NoMachine(f"{wanted}; {INSTALL}")


def run(command: list[str]) -> str | None:
    """What a command writes, or None if it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=120, stdin=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None  # the next set of flags may do
    return done.stdout.decode("utf-8", "replace")


def cache_folder() -> Path:
    """A folder that only this user can write to, where the built machine is kept.

    MICRONN_CACHE names it; else micronn in XDG_CACHE_HOME or ~/.cache; where that cannot
    be written, a temporary folder for as long as this process runs.
    """
    named = os.environ.get("MICRONN_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(named) if named else Path(home, "micronn")
    return folder if made_private(folder) else Path(temporary_folder().name)


@functools.cache
def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder with mode 0700, deleted when Python ends."""
    return tempfile.TemporaryDirectory(prefix="micronn-")


def made_private(folder: Path) -> bool:
    """Make the folder with mode 0700; False if it is not ours or cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.lstat()
        ours = not hasattr(os, "getuid") or state.st_uid == os.getuid()
        if not ours or not stat.S_ISDIR(state.st_mode):
            return False
        if stat.S_IMODE(state.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def build(dtype: str) -> Path:
    """The path of the machine, built now if it is not in the cache.

    Raises NoMachine if no set of flags works.
    """
    compiler = find_compiler()
    for flags in FLAGS:
        flags = [*flags, f"-Dreal={REAL[dtype]}"]
        # The compiler's own macros tell its version and what the processor can do.
        macros = run([*compiler, *flags, "-dM", "-E", str(SOURCE)])
        if macros is None:
            continue
        sources = [SOURCE, *sorted(SOURCE.parent.glob("*.h"))]
        texts = [path.read_text("utf-8") for path in sources]
        key = "\0".join([*texts, *compiler, *flags, macros, platform.machine()])
        folder, name = cache_folder(), f"machine-{dtype}-{digest(key.encode())}"
        path = kept(folder, name) or compile_to(folder, name, [*compiler, *flags])
        if path:
            return path
    raise NoMachine(f"{shlex.join(compiler)} cannot build {SOURCE.name}; {INSTALL}")


def kept(folder: Path, name: str) -> Path | None:
    """An earlier build of that name; a damaged one is deleted, as loading it can crash.

    A file's name ends with the digest of what is in it, so that it tells by itself.
    """
    for path in folder.glob(f"{name}-*.so"):
        if path.stem == f"{name}-{digest(path.read_bytes())}":
            return path
        path.unlink(missing_ok=True)
    return None


def compile_to(folder: Path, name: str, command: list[str]) -> Path | None:
    """Build the machine in the folder, complete or not at all; None if it did not work.

    Two processes that do this at once each write a file of their own and then rename
    it, so that both find a complete one.
    """
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder) as place:
        building = Path(place, "machine.so")
        if run([*command, str(SOURCE), "-o", str(building), "-lm"]) is None:
            return None
        return building.replace(folder / f"{name}-{digest(building.read_bytes())}.so")


def digest(data: bytes) -> str:
    """A short text that no two files have in common, unless they are equal."""
    return hashlib.sha256(data).hexdigest()[:24]
