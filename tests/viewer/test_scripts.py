"""The scripts and styles of the pages: sound by themselves, and installed with the package."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from micronn.engine import Value
from micronn.viewer import to_html
from micronn.viewer.runs import replay, training_page
from micronn.viewer.steps import stepper

PACKAGE = Path(__file__).parent.parent.parent / "micronn"
SCRIPTS = sorted(PACKAGE.rglob("*.js"))
STYLES = sorted(PACKAGE.rglob("*.css"))
TOGETHER = [
    [*stepper.SCRIPTS, "levels/levels.js"],
    replay.SCRIPTS,
    [name for name in replay.DEEP if name.endswith(".js")],
    training_page.SCRIPTS,
]  # as pages have them


def check(script):
    """Let node read a script without running it; it says where it is wrong."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node: apt install nodejs")
    done = subprocess.run([node, "--check", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_node_can_read_every_script(path):
    check(path)


@pytest.mark.parametrize("names", TOGETHER, ids=" ".join)
def test_node_can_read_the_scripts_of_a_page_together(names, tmp_path):
    # Two of them must not give the same name to two things; of two functions, the first is lost.
    whole = tmp_path / "whole.js"
    whole.write_text("".join([(PACKAGE / "viewer" / name).read_text("utf-8") for name in names]))
    check(whole)
    named = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", whole.read_text(), re.M)
    assert sorted(named) == sorted(set(named))


@pytest.mark.parametrize("path", SCRIPTS + STYLES, ids=lambda path: path.name)
def test_nothing_in_a_script_or_style_ends_its_element(path):
    text = path.read_text("utf-8")
    assert "</" not in text
    assert "<!--" not in text


def test_every_element_that_the_scripts_ask_for_is_on_the_page():
    page = to_html(Value(2.0, "x") * 3.0)
    script = page[page.rindex("<script>") :]
    asked = set(re.findall(r'byId\("([\w-]+)"\)', script))
    assert len(asked) > 20
    assert asked - set(re.findall(r'id="([\w-]+)"', page)) == set()
