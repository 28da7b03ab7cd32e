"""The package itself: it re-exports nothing, and says where a name is instead."""

import copy
import doctest
import importlib
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import micronn

ROOT = Path(micronn.__file__).parent.parent
HOMES = [
    ("Value", "micronn.engine"),
    ("MLP", "micronn.nn"),
    ("cross_entropy", "micronn.losses"),
    ("SGD", "micronn.optim"),
    ("cosine_schedule", "micronn.optim"),
    ("moons", "micronn.data"),
    ("blobs", "micronn.data"),
    ("fit", "micronn.train"),
    ("save", "micronn.checkpoint"),
    ("gradcheck", "micronn.check"),
    ("compile_graph", "micronn.compiler"),
    ("custom_operation", "micronn.graph"),
    ("tangents", "micronn.graph"),
    ("digits", "micronn.datasets"),
]


@pytest.mark.parametrize(("name", "home"), HOMES)
def test_an_import_from_the_package_itself_fails_with_the_one_that_works(name, home):
    told = f"write from {home} import {name}$"
    with pytest.raises(ImportError, match=told):
        getattr(micronn, name)
    with pytest.raises(ImportError, match=told):
        exec(f"from micronn import {name}")  # noqa: S102
    assert hasattr(importlib.import_module(home), name)


def test_a_file_that_is_not_loaded_yet_is_named():
    program = "import micronn; micronn.losses.mse"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "write import micronn.losses" in done.stderr
    program = "from micronn import losses, graph; losses.mse, graph.Graph"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize("name", ["x", "nonsense", "__wrapped__", "__all__", "re.*", "", "_Value"])
def test_a_name_that_is_nowhere_is_no_attribute(name):
    assert not hasattr(micronn, name)
    assert getattr(micronn, name, None) is None


def test_the_package_itself_loads_nothing_so_that_the_command_hears_ctrl_c_at_once():
    program = "import sys; own = {*sys.modules}; import micronn; print({*sys.modules} - own)"
    lonely = [sys.executable, "-S", "-c", program]  # site loads some, too
    done = subprocess.run(lonely, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{'micronn'}\n", "")


def test_tools_that_probe_a_module_find_nothing_odd():
    assert inspect.unwrap(micronn) is micronn
    assert doctest.DocTestFinder().find(micronn)
    assert copy.copy(micronn.__version__) == pickle.loads(pickle.dumps(micronn.__version__))
    assert "Value" not in dict(inspect.getmembers(micronn))
