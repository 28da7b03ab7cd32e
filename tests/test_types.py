"""Programs as users write them pass the type checkers that editors run."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "demos" / "COMING_FROM.md"]
PROGRAMS = [  # of each page, one below the other
    "\n".join(
        program
        for program in re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
        if "import torch" not in program
    )
    for page in PAGES
]
CHECKERS = {
    "mypy": ["-m", "mypy", "--strict", "--no-incremental"],
    "pyright": ["-m", "pyright", "--pythonpath", sys.executable],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_programs_of_the_first_pages_have_no_type_errors(checker, tmp_path):
    if shutil.which(checker, path=str(Path(sys.executable).parent)) is None:
        pytest.skip(f"needs: pip install {checker}")
    for k, program in enumerate(PROGRAMS):
        (tmp_path / f"program{k}.py").write_text(program, "utf-8")
    (tmp_path / "wrong.py").write_text("from micronn.nn import MLP\nMLP(2, None)\nMLP.layer\n")
    done = subprocess.run(
        [sys.executable, *CHECKERS[checker], *map(str, tmp_path.glob("*.py"))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    # The checker found our package, or it would not know what is wrong with wrong.py.
    assert "wrong.py" in done.stdout, done.stdout + done.stderr
    found = [line for line in done.stdout.splitlines() if re.search(r"program\d+\.py:\d+", line)]
    assert not found, "\n".join(found)
