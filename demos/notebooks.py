"""The lessons as notebooks: the words of a lesson are text there, its paragraphs are cells.

    pip install jupyterlab jupytext
    python demos/notebooks.py my_notebooks
    jupyter lab my_notebooks

In a cell of its own, the name of a Value, a model, a picture or a Recorder shows it.  A
notebook that is there already is left as it is, with all that was changed in it.
"""

import ast
import re
import shutil
import sys
from pathlib import Path

try:
    import jupytext
except ImportError:
    sys.exit("lessons become notebooks by jupytext, which is missing: pip install jupytext")

DEMOS = Path(__file__).parent
PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}


def opening_as_comment(program: str) -> str:
    """The program with the text it begins with as a comment, of which jupytext makes a text."""
    end = ast.parse(program).body[0].end_lineno
    title, *words = program.split('"""')[1].splitlines()
    words = [line for line in words if not line.startswith("Run:")]  # in a notebook, cells are run
    words = "\n".join(words)
    words = re.sub(r"\n(?=(Before|After|New):)", "  \n", words)  # two spaces end a line
    comment = [f"# {line}" for line in (f"# {title}", *words.splitlines())]
    return "\n".join([*comment, *program.splitlines()[end:], ""])


def as_typed(text: str) -> str:
    """Markdown that shows a*b and x_1 as they are typed, and code as code."""
    parts = re.split(r"(`[^`]*`|^    .*)", text, flags=re.M)  # words and code, in turn
    parts[::2] = [re.sub(r"([*_$])", r"\\\1", words) for words in parts[::2]]
    return "".join(parts)


def write_notebooks(folder: Path, lessons: list[Path]) -> None:
    """A notebook for each lesson, and beside them the files that lessons import."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("transformer.py", "data_parallel.py"):
        shutil.copy(DEMOS / name, folder)
    for lesson in lessons:
        path = folder / f"{lesson.stem}.ipynb"
        if path.exists():
            print(f"{path} is there already and stays as it is")
            continue
        program = opening_as_comment(lesson.read_text("utf-8"))
        notebook = jupytext.reads(program, fmt="py:light")
        notebook.metadata["kernelspec"] = PYTHON
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = as_typed(cell.source)
        jupytext.write(notebook, path)
        print(f"wrote {path}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("say in which folder: python demos/notebooks.py my_notebooks")
    write_notebooks(Path(sys.argv[1]), sorted(DEMOS.glob("[0-9]*.py")))
