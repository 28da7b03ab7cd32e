"""Everything the reader is shown is run: the docstrings, the README, the reading order."""

import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest

from micronn.cli.main import main

ROOT = Path(__file__).parent.parent
FILES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "micronn").rglob("*.py")
    if path.stem != "__main__"
)
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", FILES)
def test_docstring_examples_print_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name.removesuffix(".__init__"))
    assert doctest.testmod(module).failed == 0


def blocks(language):
    """The fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


@pytest.mark.parametrize("program", blocks("python"), ids=lambda p: p.strip().splitlines()[0])
def test_readme_programs_run_and_print_what_they_say(program, tmp_path, monkeypatch, capsys):
    if "import torch" in program:
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102
    promised = re.findall(r"#\s*prints:\s*(.*)$", program, re.M)
    assert capsys.readouterr().out.splitlines() == promised


def test_readme_gives_a_reading_order_of_files_that_exist():
    order = re.search(r"^Read in this order:(.*)$", README, re.M)
    names = re.findall(r"`(\w+)\.py`", order[1])
    assert names[:2] == ["tiny", "engine"]
    assert len(names) >= 6
    assert all((ROOT / "micronn" / f"{name}.py").exists() for name in names)


def test_readme_links_lead_to_files_that_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


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
    first, second = blocks("sh")[:2]
    assert "venv" in first
    assert "micronn draw" in first
    assert "micronn explain" in first
    assert "pytest" in second
