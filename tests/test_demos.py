"""Every demo runs as a learner runs it, and prints what its `# prints:` lines say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from example_trainings import has_machine

DEMOS = Path(__file__).parent.parent / "demos"
NO_NETWORK = Path(__file__).parent / "no_network"  # its sitecustomize.py refuses connections
NUMBERED = sorted(DEMOS.glob("[0-9]*.py"))
BIG = {  # nets that Python alone trains ten times as long as the machine
    "the_digit_reader",
    "regenerating_a_picture",
    "the_next_character",
    "the_blank_and_the_next_sentence",
    "a_transformer_number_by_number",
}

LIBRARIES = "where_one_machine_ends"  # begins PyTorch and JAX anew, more than once
EACH = [
    pytest.param(path, marks=pytest.mark.slow) if path.stem[3:] == LIBRARIES else path
    for path in NUMBERED
]


def run(path, folder):
    """The demo in a folder of its own, without colour, 100 characters wide."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    environment["PYTHONPATH"] = os.pathsep.join([str(NO_NETWORK), str(DEMOS.parent)])
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.mark.parametrize("path", EACH, ids=lambda path: path.stem)
def test_a_demo_prints_what_it_promises(path, tmp_path):
    if path.stem[3:] in BIG and not has_machine():
        pytest.skip("needs a C compiler, or takes minutes: apt install gcc")
    done = run(path, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    promised = re.findall(r"#\s*prints:\s*(.*?)\s*$", path.read_text("utf-8"), re.M)
    assert promised, "a demo without a claim teaches nothing that can be checked"
    said = [" ".join(line.split()) for line in done.stdout.splitlines()]
    place = 0
    for claim in promised:
        wanted = " ".join(claim.split())
        assert any(wanted in line for line in said[place:]), f"{claim!r} in\n{done.stdout}"
        place += next(k for k, line in enumerate(said[place:]) if wanted in line)


def test_a_demo_that_asks_the_network_would_not_pass(tmp_path):
    asks = tmp_path / "asks.py"
    asks.write_text("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')\n")
    done = run(asks, tmp_path)
    assert done.returncode == 1
    assert "a demo asked the network" in done.stderr


def test_demos_are_numbered_without_gaps():
    numbers = [int(path.name[:2]) for path in NUMBERED]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_demo_that_takes_minutes_without_the_machine_exists():
    assert {path.stem[3:] for path in NUMBERED} >= BIG


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_a_demo_opens_with_its_question(path):
    text = path.read_text("utf-8")
    head = text.split('"""')[1]
    assert head.startswith(f"Demo {int(path.name[:2])}.  ")
    for part in (f"python demos/{path.name}", "Takes:", "The question.", "What you will see."):
        assert part in head, part


def test_the_picture_in_the_readme_is_the_one_that_its_demo_draws(tmp_path):
    # Layout engines differ by a pixel or two; every name and number is the same.
    assert run(DEMOS / "09_drawing_the_neuron.py", tmp_path).returncode == 0
    drawn, shown = (
        re.findall(r">([^<>]+)</text>", (folder / "neuron.svg").read_text("utf-8"))
        for folder in (tmp_path, DEMOS)
    )
    assert len(shown) > 40
    assert drawn == shown


def test_the_first_lesson_says_what_is_so_with_other_numbers(tmp_path):
    # By hand: f = a*a*b + a*b*b, so df/da = b * (2*a + b), 0 where a is -1.5 and b is 3.
    lesson = DEMOS / "01_a_value_and_its_slope.py"
    changed = lesson.read_text("utf-8").replace("A, B = -2.0, 3.0", "A, B = -1.5, 3.0")
    (tmp_path / lesson.name).write_text(changed, "utf-8")
    said = run(tmp_path / lesson.name, tmp_path).stdout
    assert "f moves by 0 such steps" in said
    assert "slope 0 " in said
    assert "a = -2 " not in said
