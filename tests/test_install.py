"""What an install has, however it was made, far from any checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LESSONS = [path.name for path in sorted((ROOT / "demos").glob("[0-9]*.py"))]
LITTER = (".*", "build", "*.egg-info", "__pycache__", "tests")

pytestmark = pytest.mark.slow


def run(*command, cwd, **environment):
    """What a program prints that must succeed; no PYTHONPATH leads it to this checkout."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**own, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The checkout without what a build would leave in it."""
    place = tmp_path_factory.mktemp("source") / "micronn"
    shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*LITTER))
    return place


@pytest.fixture
def environment(tmp_path):
    """A fresh environment's Python, which takes from here what micronn depends on."""
    venv.create(tmp_path / "venv", with_pip=True)
    (folder,) = (tmp_path / "venv").rglob("site-packages")
    (folder / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def sdist(source, folder):
    """An archive of the source, as an index would have it."""
    pytest.importorskip("setuptools")
    program = f"import setuptools.build_meta as b; b.build_sdist({str(folder)!r})"
    run(sys.executable, "-c", program, cwd=source)
    return next(folder.glob("*.tar.gz"))


@pytest.mark.parametrize("form", ["wheel", "sdist", "in place"])
def test_the_lessons_come_with_every_form_of_install(form, source, environment, tmp_path):
    where = {"wheel": [source], "sdist": [source], "in place": ["-e", source]}[form]
    if form == "sdist":
        where = [sdist(source, tmp_path)]
    run(environment, "-m", "pip", "install", "--quiet", "--no-deps", *where, cwd=tmp_path)
    (here := tmp_path / "here").mkdir()
    program = "import micronn; from micronn.cli.learn import lessons_folder as f; print(f())"
    folder = Path(run(environment, "-c", program, cwd=here).strip())
    assert folder == source / "demos" if form == "in place" else "site-packages" in folder.parts
    assert [path.name for path in sorted(folder.glob("[0-9]*.py"))] == LESSONS
    command = environment.with_name("micronn")
    assert run(command, "learn", cwd=here).count("\n") > len(LESSONS)
    assert "131,070" in run(command, "learn", "2", cwd=here)
    for lesson in LESSONS:
        if "neuron.svg" in (folder / lesson).read_text("utf-8"):
            assert "neuron.svg" in run(command, "learn", lesson[:2], cwd=here)
            assert (here / "neuron.svg").exists()
            break
    run(command, "learn", "2", "--copy", cwd=here)
    (copy,) = here.glob("*.py")
    assert "131,070" in run(environment, copy.name, cwd=here)
