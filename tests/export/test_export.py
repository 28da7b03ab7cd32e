"""What is exported passes the test that comes with it, and a changed number fails that test."""

import random
import re
import subprocess
import sys

import pytest
from operations import OPERATIONS as CASES

from micronn.checkpoint import save
from micronn.compiler import compile_graph
from micronn.engine import Value, total
from micronn.export import export
from micronn.nn import ACTIVATIONS, MLP

NEEDS = {"numpy": ["numpy"]}
TARGETS = list(NEEDS)


def every_operation():
    """A program of every operation on random operands, each moderate, with several results."""
    rng = random.Random(1)
    x = [Value(0.3 + 0.2 * k, f"x{k}") for k in range(4)]
    w = [Value(1.5 - 0.3 * k, f"w{k}") for k in range(4)]
    nodes = [*x, *w]
    for case in CASES.values():
        first, *others = rng.choices(nodes, k=case.takes)
        first = abs(first.sin()) + 0.5 if case.positive else first.sin()
        nodes.append(case.build(first, *[other.cos() + 1.5 for other in others]))
    roots = [total(nodes).tanh(), nodes[20], total(nodes[8:]), x[0]]
    return compile_graph(roots, x, w, backend="python")


def xor():
    return MLP(2, [4, 1], "tanh", rng=random.Random(1))


def digit_net():
    return MLP(784, [16, 16, 10], rng=random.Random(1))


def every_activation():
    names = [*ACTIVATIONS, "linear"]
    return MLP(3, [4] * (len(names) - 1) + [2], names, rng=random.Random(1))


def passes(folder):
    """What pytest says of the tests in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True, text=True, cwd=folder,
    )  # fmt: skip


@pytest.fixture(params=TARGETS)
def to(request):
    """A target whose packages are there."""
    for package in NEEDS[request.param]:
        pytest.importorskip(package)
    return request.param


def test_every_export_passes_the_test_that_comes_with_it(to, tmp_path):
    for make in (xor, digit_net, every_activation, every_operation):
        export(make(), to, tmp_path, make.__name__)
    done = passes(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_a_weight_that_is_changed_fails_the_test(to, tmp_path):
    model = xor()
    model.layers[1].neurons[0].w[2].data = 0.123456789
    source, _ = export(model, to, tmp_path)
    with open(source, encoding="utf-8") as file:
        text = file.read()
    changed = text.replace("0.123456789", "0.123456788")
    assert changed.count("0.123456788") == 1
    with open(source, "w", encoding="utf-8") as file:
        file.write(changed)
    done = passes(tmp_path)
    assert done.returncode == 1
    assert re.search(r"number 0 is \S+ there and \S+ in micronn", done.stdout)


HOSTILE = ["lambda", "def", "x\nimport os", '"""', "# comment\\", "*/ }", "größe", "w0", "dw0", "x",
           "\ud800", "", "a" * 99, "self", "tanh", "v5", "training", "1st", "int"]  # fmt: skip


def test_labels_become_names_and_never_code(to, tmp_path):
    values = [Value(0.1 * k, label) for k, label in enumerate(HOSTILE)]
    made = total([(value * value).tanh() for value in values])
    for node, label in zip(made.operands, HOSTILE, strict=True):
        node.label = label
    export(compile_graph(made, values[:9], values[9:], "python"), to, tmp_path)
    done = passes(tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_saved_model_is_exported_under_its_own_name(tmp_path):
    save(xor(), tmp_path / "my xor.json")
    paths = export(tmp_path / "my xor.json", "numpy", tmp_path / "new")
    names = "my_xor_numpy.py", "test_my_xor_numpy.py"
    assert paths == [str(tmp_path / "new" / name) for name in names]


def test_both_files_are_written_or_none(tmp_path):
    (tmp_path / "model_numpy.py").write_text("mine")
    (tmp_path / "test_model_numpy.py").mkdir()
    with pytest.raises(IsADirectoryError):
        export(xor(), "numpy", tmp_path)
    assert (tmp_path / "model_numpy.py").read_text() == "mine"
    assert len([*tmp_path.iterdir()]) == 2


def test_what_cannot_be_exported_is_said(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'numpy'"):
        export(xor(), "numpie", tmp_path)
    with pytest.raises(TypeError, match=r"MLP, .*got 3 \(int\)"):
        export(3, "numpy", tmp_path)
    with pytest.raises(FileNotFoundError):
        export("nowhere.json", "numpy", tmp_path)
    monkeypatch.setitem(ACTIVATIONS, "mine", lambda z: z * z.sigmoid())
    with pytest.raises(ValueError, match="'mine', which has no name elsewhere.*compile_graph"):
        export(MLP(2, [1, 1], "mine"), "numpy", tmp_path)
    assert not [*tmp_path.iterdir()]
