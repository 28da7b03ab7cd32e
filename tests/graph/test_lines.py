"""Each Value remembers the line of the program that made it, while that is asked for."""

import copy
import gc
import importlib
import io
import linecache
import pickle
import runpy
import sys
import threading
import types
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from operations import EACH, OPERATIONS

from micronn import engine
from micronn.check import trace_nonfinite
from micronn.draw import draw
from micronn.engine import DomainError, Value, dot, topological_order, total
from micronn.graph import Graph, custom_operation, line_of, record_lines
from micronn.graph.lines import made
from micronn.nn import MLP
from micronn.support import number
from micronn.viewer import to_html

HERE = Path(__file__)
LESSONS = sorted((HERE.parents[2] / "demos").glob("[0-9]*.py"))
QUICK = {"08", "09", "12"}
LONG = {  # that train for seconds, or need files beside them
    "16", "19", "22", "23", "24", "25", "27", "31", "34", "36", "37", "40", "41", "42", "43",
    "45", "46", "49",
}  # fmt: skip


@pytest.fixture(autouse=True)
def off_again():
    yield
    record_lines(False)


@pytest.fixture
def run(tmp_path):
    """A function that runs a program, its lines recorded, and gives what its names hold."""

    def run_(text, name="net.py"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        with record_lines():
            return runpy.run_path(str(path), run_name="__main__")

    return run_


def here():
    """The number of the line that calls."""
    return sys._getframe(1).f_lineno


# Which line


def test_a_value_remembers_file_number_text_and_function(run, tmp_path):
    held = run(
        "from micronn.engine import Value\n"
        "def bent(a):\n"
        "    h = a * 2.0\n"
        "    return h.tanh()\n"
        "x = Value(0.5)\n"
        "y = bent(x)\n"
    )
    x, y = line_of(held["x"]), line_of(held["y"])
    assert (x.file, x.number, x.text) == (str(tmp_path / "net.py"), 5, "x = Value(0.5)")
    assert (x.function, y.function) == ("", "bent")
    assert (y.number, y.text, y.place) == (4, "return h.tanh()", "net.py:4")
    assert [line_of(v).number for v in held["y"].operands[0].operands] == [5, 3]  # x and the 2.0


@pytest.mark.parametrize("name", EACH)
def test_what_an_operation_makes_is_of_the_line_that_calls_it(name):
    case = OPERATIONS[name]
    leaves = [Value(abs(x)) for x in case.points[0]]
    with record_lines():
        result, line = case.build(*leaves), here()
    places = {line_of(v).place for v in topological_order(result) if v not in leaves}
    (place,) = places  # of the table of operations, where that calls it
    assert place == f"{HERE.name}:{line}" or place.startswith("operations.py:")


def test_what_a_model_makes_is_of_the_line_that_calls_it():
    with record_lines():
        model, parameters = MLP(2, [3, 1]), here()
        loss, called = (model([1.0, 2.0]) - 1.0) ** 2, here()
    lines = {v: line_of(v).number for v in topological_order(loss)}
    assert {lines[p] for p in model.parameters()} == {parameters}
    assert {line for v, line in lines.items() if v.operands} == {called}


def test_an_operation_of_ones_own_and_one_in_a_generator_are_of_their_lines():
    x = Value(2.0)
    with record_lines():
        own, line = custom_operation("twice", 2.0 * x.data, [x], [2.0]), here()
        summed = total(
            v * v
            for v in [x, own]
        )  # fmt: skip
    assert line_of(own).number == line
    assert [line_of(square).text for square in summed.operands] == ["v * v", "v * v"]


def test_libraries_are_no_part_of_the_learners_program(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "theirs.py").write_text("def doubled(v):\n    return v * 2.0\n")
    monkeypatch.syspath_prepend(folder)
    theirs = importlib.import_module("theirs")
    with record_lines():
        y, line = theirs.doubled(Value(1.0)), here()
        z = Counter({"z": Value(1.0)}) + Counter({"z": 2.0})  # which is Python in the library
    assert line_of(y).number == line
    assert line_of(z["z"]).number == line + 1


def test_a_value_of_a_subclass_remembers_its_line():
    class Node(Value):
        pass

    with record_lines():
        node, line = Node(1.0), here()
    assert line_of(node).number == line


def pickled(value):
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_is_of_the_line_that_copies(copied):
    y = Value(2.0, "x") * 3.0
    assert line_of(copied(y)) is None
    with record_lines():
        twin = copied(y)
        text = pickle.dumps(y)
    assert line_of(twin).text in ("twin = copied(y)", "return pickle.loads(pickle.dumps(value))")
    assert line_of(y) is None
    assert pickle.loads(text).data == 6.0


def test_lines_of_every_thread_are_recorded():
    found = []
    with record_lines():
        thread = threading.Thread(target=lambda: found.append(Value(1.0)))
        thread.start()
        thread.join()
    assert (
        line_of(found[0]).text
        == "thread = threading.Thread(target=lambda: found.append(Value(1.0)))"
    )


# Programs without a file


def test_a_program_without_a_file_has_lines_without_text():
    names = {"Value": Value}
    with record_lines():
        exec(compile("\n\nx = Value(1.0)", "<stdin>", "exec"), names)  # noqa: S102
    line = line_of(names["x"])
    assert (line.place, line.text, str(line)) == ("<stdin>:3", "", "<stdin>:3")


def test_a_notebooks_cell_is_called_as_the_notebook_calls_it():
    pytest.importorskip("IPython", reason="needs: pip install ipython")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_cell("from micronn.graph import record_lines\nfrom micronn.engine import Value")
        shell.run_cell("lines = record_lines()\nx = Value(2.0)\n\ny = x * x", store_history=True)
        line = line_of(shell.user_ns["y"])
        assert (line.place, line.text) == ("In[1]:4", "y = x * x")
    finally:
        InteractiveShell.clear_instance()


def test_a_file_that_was_edited_since_is_read_again(run):
    text = "from micronn.engine import Value\nx = Value({})"
    for data in ("1.0", "25.0"):
        assert line_of(run(text.format(data))["x"]).text == f"x = Value({data})"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("x = Value(1.0)  # \u202egnp", "x = Value(1.0)  # \ufffdgnp"),
        ("x = Value(1.0)  # \ue000d0\ue001", "x = Value(1.0)  # \ufffdd0\ufffd"),
        ("x = Value(1.0)  # " + "w" * 10_000, "x = Value(1.0)  # " + "w" * 182),
    ],
)
def test_a_hostile_line_is_cut_and_made_fit_to_be_shown(run, typed, shown):
    assert line_of(run(f"from micronn.engine import Value\n{typed}")["x"]).text == shown


# On and off


def held_by_modules():
    """What the modules of the package hold under the names that are exchanged."""
    names = ("computed", "restored", "shown", "as_float")
    modules = [m for name, m in [*sys.modules.items()] if name.startswith("micronn.")]
    return {(m.__name__, name): vars(m)[name] for m in modules for name in names if name in vars(m)}


def test_while_it_is_off_nothing_is_remembered_and_every_function_is_the_engines_own():
    before = held_by_modules()
    assert before["micronn.graph.custom", "computed"] is engine.computed
    record_lines()
    assert held_by_modules() != before
    record_lines(False)
    assert held_by_modules() == before
    assert line_of(Value(1.0) * 2.0) is None


def test_a_module_that_is_imported_while_it_is_on_gets_the_plain_functions_afterwards():
    late = types.ModuleType("micronn.late")
    with record_lines():
        late.computed, late.shown = engine.computed, number.shown
        sys.modules[late.__name__] = late
    del sys.modules[late.__name__]
    assert (late.computed, late.shown) == (engine.computed, number.shown)


def test_an_exception_ends_it():
    with pytest.raises(ZeroDivisionError), record_lines():
        Value(1.0) / 0.0
    assert line_of(Value(1.0)) is None


def test_what_is_no_value_was_made_at_no_line():
    with record_lines():
        assert line_of(2.0) is line_of([Value(1.0)]) is None


def test_a_block_inside_of_another_does_not_end_it():
    with record_lines():
        with record_lines():
            pass
        assert line_of(Value(1.0))
    assert line_of(Value(1.0)) is None


def test_blocks_that_overlap_as_those_of_threads_do_end_with_the_last():
    first, second = record_lines(), record_lines()
    first.__exit__(None, None, None)
    assert line_of(Value(1.0))
    second.__exit__(None, None, None)
    assert line_of(Value(1.0)) is None


def test_off_ends_it_however_often_it_was_turned_on():
    record_lines()
    record_lines()
    record_lines(False)
    assert line_of(Value(1.0)) is None


def test_a_line_is_forgotten_with_its_value():
    gc.collect()
    before = len(made)
    with record_lines():
        value = Value(1.0)
        for _ in range(100_000):
            value = value * 1.0
    assert len(made) == before + 200_001  # each 1.0 is a constant
    del value
    assert len(made) == before


# What is said of them


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("h.log()", "log needs a number above zero, got h = -1.0 (MADE)"),
        ("h.sqrt()", "sqrt needs a number of at least zero, got h = -1.0 (MADE)"),
        ("h ** 0.5", "h = -1.0 (MADE) ** 0.5: a negative number has no such root"),
        ("1 / (h + 1)", "division of 1.0 by zero, 0.0 (made at net.py:5: 1 / (h + 1))"),
        ("h / 0", "division of h = -1.0 (MADE) by zero, 0.0"),
        ("(h * -1e9).exp()", "exp of 1000000000.0 (made at net.py:5: (h * -1e9).exp()) is beyond"),
        ("math.sin(h)", "h = -1.0 (MADE) is a Value, and a plain number would lose"),
    ],
)
def test_a_refusal_names_the_line_where_its_operand_was_made(run, operation, said):
    text = "import math; from micronn.engine import Value\nx = Value(2)\nh = x - 3\nh.label = 'h'\n"
    with pytest.raises((ArithmeticError, ValueError, TypeError)) as refused:
        run(f"{text}{operation}")
    assert str(refused.value).startswith(said.replace("MADE", "made at net.py:3: h = x - 3"))


def test_a_refusal_says_what_it_always_said_where_no_lines_are_recorded():
    with pytest.raises(DomainError, match="^log needs a number above zero, got -1.0$"):
        Value(-1.0).log()


def test_the_report_on_the_first_nan_names_its_line(run):
    loss = run("from micronn.engine import Value\nbig = Value(1e200, 'big')\nloss = big * big + 1")
    report = str(trace_nonfinite(loss["loss"]))
    assert report.splitlines()[1] == "made at net.py:3: loss = big * big + 1"


def test_rows_have_the_lines_of_their_values_and_so_have_products_of_an_opened_dot():
    with record_lines():
        w, leaves = [Value(1.0), Value(2.0)], here()
        root, line = dot(w, [3.0, 4.0]), here()
    rows = Graph(root, open_dots=True).nodes
    assert [(row.op or row.role, row.line.number) for row in rows] == [
        ("input", leaves), ("input", leaves), ("const", line), ("const", line),
        ("*", line), ("*", line), ("sum", line),
    ]  # fmt: skip


# Pictures and pages


def products():
    x, y = Value(2.0, "x"), Value(-3.0, "y")
    f = x * y + x
    f.backward()
    return f


def test_pictures_and_pages_are_the_same_bytes_while_no_value_has_a_line():
    plain = draw(products())
    with record_lines():
        Value(1.0)
        once_more = plain.dot, plain.svg, plain.as_page()
    assert (draw(products()).dot, draw(products()).svg, draw(products()).as_page()) == once_more


def test_what_a_page_says_of_refused_numbers_names_no_line_of_who_draws():
    with record_lines():
        page = to_html(Value(2.0, "x").log())
    assert "log needs a number above zero, got x = " in page
    assert ", made at test_lines.py:" in page
    assert "(made at" not in page


# The lessons


def lesson_of(path):
    number = path.name[:2]
    return pytest.param(path, id=path.stem, marks=[] if number in QUICK else pytest.mark.wide)


@pytest.mark.parametrize("path", [lesson_of(p) for p in LESSONS if p.name[:2] not in LONG])
def test_every_value_of_a_lesson_is_of_a_line_of_that_lesson(path, tmp_path, monkeypatch):
    found, read = [], Graph.read
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Graph, "read", lambda graph, order, *rest: (
        found.extend([line_of(value) for value in order]), read(graph, order, *rest)
    ))  # fmt: skip
    gc.collect()
    before = {id(thing) for thing in gc.get_objects() if issubclass(type(thing), Value)}
    with redirect_stdout(io.StringIO()), record_lines():
        held = runpy.run_path(str(path), run_name="__main__")
        new = [x for x in gc.get_objects() if id(x) not in before]
        values = [x for x in new if issubclass(type(x), Value)]
    found += [line_of(value) for value in values]
    assert held
    assert {line and line.file for line in found} <= {str(path)}
    assert all(line.text == linecache.getline(line.file, line.number).strip() for line in found)
