"""The C compiler of this computer makes the tape machine once, and keeps it for every graph.

machine.c is compiled when it is first needed, with the instructions this processor
has, and kept in a private folder; later programs load what is there.
"""

import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from micronn.support.cache import cached, digest

SOURCE = Path(__file__).with_name("machine.c")
INSTALL = (
    "install a C compiler (Debian: apt install clang; macOS: xcode-select --install; Windows, "
    "untried: winget install LLVM.LLVM, as Microsoft's cl cannot build it; anywhere, "
    "without an administrator: pip install ziglang) or set CC"
)
KNOWN = ("clang", "gcc", "cc")  # clang's machine is up to 15 % faster than gcc's

# Flags to try, the fastest first.  A product and a sum are not joined (fp-contract),
# and nothing is reordered (no -ffast-math), so that numbers are those of the graph.
# LATE is for gcc: loops of 8 are vectorised before they are unrolled, or the sums
# of add_tile() in sums.h do not stay in registers, which makes it 14 times slower.
# GENERIC is for it, too: as tuned for an older relative of a processor that it does not
# know, dot_tile() reads each number again for every product.
GENERIC = "-mtune=generic"
LATE = "--param=max-completely-peel-times=7"
EXACT = ["-shared", "-fPIC", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
FLAGS = [
    ["-O3", "-march=native", "-mprefer-vector-width=512", GENERIC, LATE, *EXACT],
    ["-O3", "-march=native", LATE, *EXACT],
    ["-O3", "-march=native", *EXACT],
    ["-O3", "-mcpu=native", *EXACT],
    ["-O2", "-shared", "-fPIC", "-ffp-contract=off"],
]
REAL = {"float64": "double", "float32": "float"}  # the name of each dtype in C


class NoMachine(RuntimeError):
    """The machine cannot be built here; the message says why and what to do."""


def compilers() -> list[list[str]]:
    """The commands of the C compilers here, in the order to try them: what CC names, or all known.

    The last one is zig's, if the package ziglang is installed.
    Raises NoMachine where there is none.
    """
    given = os.environ.get("CC", "")
    try:
        named = shlex.split(given)
    except ValueError as error:
        raise NoMachine(f"CC={given} is no command: {error}; {INSTALL}") from None
    commands = [named] if named else [[name] for name in KNOWN]
    paths = [shutil.which(command[0]) for command in commands]
    found = [[path, *rest] for path, (_, *rest) in zip(paths, commands, strict=True) if path]
    if not named and importlib.util.find_spec("ziglang"):
        found.append([sys.executable, "-m", "ziglang", "cc"])
    if not found:
        why = f"CC names {named[0]!r}, which is not there" if named else "no C compiler found"
        raise NoMachine(f"{why}; {INSTALL}")
    return found


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


def build(dtype: str) -> Path:
    """The path of the machine, built now if it is not in the cache.

    Raises NoMachine if no compiler here can build it, or if there is no place for it.
    """
    problems = []
    for compiler in compilers():
        try:
            return build_with(compiler, dtype)
        except NoMachine as failure:
            problems.append(f"{shlex.join(compiler)} cannot build {SOURCE.name}: {failure}")
        except OSError as error:
            advice = "make room there, or set MICRONN_CACHE to another folder"
            raise NoMachine(f"the built machine cannot be kept: {error}; {advice}") from None
    raise NoMachine(f"{'; '.join(problems)}; see to it, or {INSTALL}")


def build_with(compiler: list[str], dtype: str) -> Path:
    """As build(), by one compiler; NoMachine, with why the last one failed, if no flags do."""
    for flags in FLAGS:
        command = [*compiler, *flags, f"-Dreal={REAL[dtype]}"]
        try:
            # The compiler's own macros tell its version and what the processor can do.
            macros = run([*command, "-dM", "-E", str(SOURCE)])
            sources = [SOURCE, *sorted(SOURCE.parent.glob("*.h"))]
            texts = [path.read_text("utf-8") for path in sources]
            key = "\0".join([*texts, *command, macros, platform.machine()])
            name = f"machine-{dtype}-{digest(key.encode())}"
            return cached(name, ".so", partial(compile_to, command))
        except NoMachine as failure:
            problem = failure  # the next set of flags may do
    raise problem


def compile_to(command: list[str], path: Path) -> None:
    """Compile machine.c to that file; NoMachine if it does not work."""
    run([*command, str(SOURCE), "-o", str(path), "-lm"])
