"""The lessons as notebooks: converted by one command, and run as a learner runs them."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEMOS = Path(__file__).parent.parent / "demos"
LESSON = "03_step_through_backpropagation"

# Cells are run in a process of its own, which prints what they printed, then what was shown.
RUN = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
if sys.argv[3:]:
    notebook.cells.append(nbformat.v4.new_code_cell(sys.argv[3]))
place = {"metadata": {"path": sys.argv[2]}}
NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
outputs = [output for cell in notebook.cells if "outputs" in cell for output in cell.outputs]
for output in outputs:
    print(output["text"] if "text" in output else output["data"]["text/plain"])
print(outputs[-1].get("data", {}).get("text/html", "")[:9])
"""


@pytest.fixture
def convert(tmp_path):
    """A function that converts all lessons as a reader does, and returns what was said."""
    pytest.importorskip("jupytext", reason="needs: pip install jupytext")

    def convert_():
        command = [sys.executable, DEMOS / "notebooks.py", tmp_path / "notebooks"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return convert_


def test_every_lesson_becomes_a_notebook_once_and_one_that_was_changed_stays(convert, tmp_path):
    lessons = sorted(path.stem for path in DEMOS.glob("[0-9]*.py"))
    assert [Path(line).stem for line in convert()] == lessons
    mine = tmp_path / "notebooks" / f"{LESSON}.ipynb"
    mine.write_text("changed", "utf-8")
    assert all(line.endswith("is there already and stays as it is") for line in convert())
    assert mine.read_text("utf-8") == "changed"


def test_what_a_lesson_says_is_text_and_what_it_does_is_cells(convert, tmp_path):
    convert()
    nbformat = pytest.importorskip("nbformat")
    for path in (tmp_path / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        assert [cells[0].cell_type, cells[-1].cell_type] == ["markdown", "markdown"], path
        assert cells[0].source.startswith(f"# Demo {int(path.name[:2])}."), path
        assert cells[-1].source.startswith("Change it"), path
        assert not any(cell.source.startswith('"""') for cell in cells), path


def test_a_formula_in_the_text_of_a_notebook_is_not_taken_for_markdown(convert, tmp_path):
    # Unescaped, the two middle stars of x*x + 9*y*y are gone, and all between them leans.
    convert()
    markdown = pytest.importorskip("markdown_it").MarkdownIt()
    nbformat = pytest.importorskip("nbformat")
    for lesson in DEMOS.glob("[0-9]*.py"):
        path = tmp_path / "notebooks" / f"{lesson.stem}.ipynb"
        text = nbformat.read(path, as_version=4).cells[0].source
        said = html.unescape(re.sub(r"<[^>]*>", "", markdown.render(text)))
        typed = lesson.read_text("utf-8").split('"""')[1].replace("`", "")
        for line in typed.splitlines():
            assert line.startswith("Run:") or line.strip() in said, lesson.name


@pytest.fixture
def run_in_a_kernel(convert, tmp_path):
    """A function that runs the notebook of a lesson, and a cell more, and returns what it said."""
    for needed in ("nbclient", "ipykernel"):
        pytest.importorskip(needed, reason=f"needs: pip install {needed}")
    convert()
    (tmp_path / "home").mkdir()

    def run(lesson, *more):
        mine = dict.fromkeys(["HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR"], str(tmp_path / "home"))
        mine |= {"PYTHONPATH": str(DEMOS.parent), "PYTHONIOENCODING": "utf-8"}
        notebook = tmp_path / "notebooks" / f"{lesson}.ipynb"
        done = subprocess.run(
            [sys.executable, "-c", RUN, notebook, notebook.parent, *more],
            env={**os.environ, **mine},
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def test_a_lesson_prints_in_a_notebook_what_it_promises_and_its_values_show_themselves(
    run_in_a_kernel, tmp_path
):
    *printed, shown = run_in_a_kernel(LESSON, "f")
    program = (DEMOS / f"{LESSON}.py").read_text("utf-8")
    promised = re.findall(r"# prints:\s*(.*?)\s*$", program, re.M)
    said = "\n".join(" ".join(line.split()) for line in printed)
    assert promised
    for claim in promised:
        assert " ".join(claim.split()) in said
    assert shown == "<img alt="
    assert (tmp_path / "notebooks" / "step.html").exists()


# The others run as programs do, but for those that look at themselves or around them.
CURIOUS = [
    path.stem
    for path in sorted(DEMOS.glob("[0-9]*.py"))
    if re.search(r"inspect|sys\.|__file__|from transformer", path.read_text("utf-8"))
]


@pytest.mark.slow
@pytest.mark.parametrize("lesson", CURIOUS)
def test_a_lesson_that_looks_around_itself_runs_in_a_notebook(run_in_a_kernel, lesson):
    assert run_in_a_kernel(lesson)
