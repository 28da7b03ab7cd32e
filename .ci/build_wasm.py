"""Compile machine.c to WebAssembly, for computers without a C compiler: `make wasm`.

It writes machine-float64.wasm and machine-float32.wasm beside machine.c, with
ziglang 0.17.1, so that everybody gets the same bytes.
"""

import subprocess
import sys
from pathlib import Path

ROOM = Path(__file__).resolve().parents[1] / "micronn" / "compiler"
REAL = {"float64": "double", "float32": "float"}
FLAGS = (
    "-target wasm32-wasi -mexec-model=reactor -O3 -msimd128 -ffp-contract=off -fno-math-errno -s"
)
EXPORTS = (
    "machine_check machine_lanes machine_memory machine_run machine_train malloc free "
    "machine_sizes machine_operations machine_rules Sizes_text Instruction_text "
    "Program_text Run_text Training_text"
)


def build(dtype: str, folder: Path = ROOM) -> Path:
    """Compile it for numbers of that dtype; returns the file."""
    exports = [f"-Wl,--export={name}" for name in EXPORTS.split()]
    compiler = [sys.executable, "-m", "ziglang", "cc", *FLAGS.split(), f"-Dreal={REAL[dtype]}"]
    target = folder / f"machine-{dtype}.wasm"
    subprocess.run([*compiler, *exports, "machine.c", "-o", str(target)], cwd=ROOM, check=True)
    return target


if __name__ == "__main__":
    folder, *dtypes = sys.argv[1:] or [ROOM]
    for dtype in dtypes or REAL:
        build(dtype, Path(folder))
