"""The C compiler of this computer makes the tape machine once, and keeps it for every graph.

machine.c is compiled when it is first needed, with the instructions this processor
has, and kept in a private folder; later programs load what is there.
"""

import os
import platform
import shlex
import shutil
import subprocess
from functools import partial
from pathlib import Path

from micronn.support.cache import cached, digest

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
            name = f"machine-{dtype}-{digest(key.encode())}"
            return cached(name, ".so", partial(compile_to, [*compiler, *flags]))
        except NoMachine as failure:
            problem = str(failure)  # the next set of flags may do
        except OSError as error:
            advice = "make room there, or set MICRONN_CACHE to another folder"
            raise NoMachine(f"the built machine cannot be kept: {error}; {advice}") from None
    raise NoMachine(
        f"{shlex.join(compiler)} cannot build {SOURCE.name}: {problem}; see to it, or {INSTALL}"
    )


def compile_to(command: list[str], path: Path) -> None:
    """Compile machine.c to that file; NoMachine if it does not work."""
    run([*command, str(SOURCE), "-o", str(path), "-lm"])
