"""Everything the reader is shown is run: the docstrings, the README, the reading order."""

import doctest
import importlib.util
import io
import re
import shlex
from pathlib import Path

import pytest
from engines import CLOSURES

from micronn.cli.main import main

ROOT = Path(__file__).parent.parent
FILES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "micronn").rglob("*.py")
    if path.stem != "__main__"
)
PAGES = [ROOT / name for name in ("README.md", "demos/COMING_FROM.md", "micronn/grade/README.md")]
README = PAGES[0].read_text("utf-8")


@pytest.mark.parametrize("name", FILES)
def test_docstring_examples_print_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name.removesuffix(".__init__"))
    assert doctest.testmod(module).failed == 0


def blocks(language, page=README):
    """The fenced blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_programs_of_a_page_run_one_after_the_other_and_print_what_they_say(
    path, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    for program in blocks("python", path.read_text("utf-8")):
        if "import torch" in program and not importlib.util.find_spec("torch"):
            continue
        exec(compile(program, path.name, "exec"), names)  # noqa: S102
        promised = re.findall(r"#\s*prints:\s*(.*)$", program, re.M)
        assert capsys.readouterr().out.splitlines() == promised


# What the commands of the pages read, beside what earlier ones wrote.
PASSENGERS = [f"N{k},{'fm'[k % 2]},{20 + k % 40},T{k},{1 - k % 2}" for k in range(60)]
GIVEN = {
    "ship.csv": "\n".join(["Name,Sex,Age,Ticket,Survived", *PASSENGERS]),
    "more.csv": "Sex,Age\nf,30\nm,50\n",
    "net.py": "from micronn.engine import Value\n\nloss = Value(2.0, 'w') * 3.0\n",
    "engine.py": CLOSURES.replace(".grad += ", ".grad = "),
    "handed_in/mine.py": CLOSURES,
}
WRONG = ("micronn grade mine", "micronn grade engine.py")  # what these are given has faults
# They need the network or a window, or other tests run them: test_notebooks, test_plugin.
SETS_UP = ("python3 -m venv ", "source ", "pip install ", "python -m pytest ")
ELSEWHERE = (*SETS_UP, "python demos/notebooks.py ", "jupyter lab ", "pytest ")


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_commands_of_a_page_run_one_after_the_other_and_print_what_they_say(
    path, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda address: True)
    monkeypatch.setattr("sys.stdin", io.StringIO())  # who is asked has nothing to say
    (tmp_path / "handed_in").mkdir()
    for name, text in GIVEN.items():
        Path(name).write_text(text, "utf-8")
    page = path.read_text("utf-8")
    for line in "".join(blocks("(?:sh|shell|console)", page)).splitlines():
        command = line.removeprefix("$ ").removeprefix(".venv/bin/")
        if command.startswith("micronn "):
            capsys.readouterr()
            failed = main(shlex.split(command)[1:])
            out, err = capsys.readouterr()
            assert failed == command.startswith(WRONG), f"{command}\n{err}"
        elif not command.startswith(ELSEWHERE):
            assert line in out.splitlines()


def test_readme_gives_a_reading_order_of_files_that_exist():
    order = re.search(r"^Read in this order:(.*)$", README, re.M)
    names = re.findall(r"`(\w+)\.py`", order[1])
    assert names[:2] == ["tiny", "engine"]
    assert len(names) >= 6
    assert all((ROOT / "micronn" / f"{name}.py").exists() for name in names)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_of_a_page_lead_to_files_and_headings_that_exist(path):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", path.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.M)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, target


def test_the_first_command_of_the_readme_draws_its_first_picture(tmp_path, monkeypatch):
    # Layout engines differ by a pixel or two; every name, number and moment is the same.
    monkeypatch.chdir(tmp_path)
    command = next(line for line in blocks("sh")[0].splitlines() if "micronn draw" in line)
    assert main(shlex.split(command)[1:]) == 0
    shown = ROOT / re.search(r"!\[.*?\]\((.*?)\)", README)[1]
    assert shown.name == "neuron.svg"
    drawn = r"(?s)>([^<>]+)</|class=\"([^\"]*)"
    ours, theirs = (re.findall(drawn, f.read_text("utf-8")) for f in (Path("neuron.svg"), shown))
    assert len(ours) > 150
    assert ours == theirs


def test_the_two_first_sh_blocks_set_everything_up():
    # However such a block is marked, as a shell's own language or as what stands in one.
    first, second = blocks("(?:sh|bash|console)")[:2]
    assert [first, second] == blocks("sh")
    assert "venv" in first
    assert "micronn draw" in first
    assert "micronn explain" in first
    assert "pytest" in second
