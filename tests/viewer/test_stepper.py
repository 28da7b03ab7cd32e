"""The page as text: whole, safe, the same every time, and quickly made."""

import base64
import gzip
import json
import os
import random
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from micronn.draw import draw
from micronn.engine import Value, topological_order, total
from micronn.graph.rows import Graph
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.pictures.layout import placing
from micronn.viewer.steps.stepper import to_html

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "\\u003cscript\\u003e",
    "${alert(1)} $title $data $$",
    "line\u2028separator\u2029",
    "\u202eright to left",
    "\x00\x1b[31m",
    "\ud800 alone",
    "&lt;b&gt;",
    "{0} {out} %s",
    "\\",
    "w" * 10_000,
]


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the content of its scripts."""

    def __init__(self, page):
        super().__init__()
        self.found, self.scripts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "script":
            self.scripts.append(data)


def bulb(*labels):
    """f = (a + b) * b, with labels for a, b, the sum and f."""
    a, b = Value(-2.0), Value(3.0)
    c = a + b
    f = c * b
    for value, label in zip((a, b, c, f), labels, strict=False):
        value.label = label
    f.backward()
    return f


def sum_of_products(n_values):
    """A graph of that many values, each used about twice."""
    rng = random.Random(n_values)
    values = [Value(rng.uniform(-1.0, 1.0), f"x{i}") for i in range(n_values // 3)]
    loose = list(values)
    while len(values) < n_values:
        a = loose.pop(0)
        made = a * loose.pop(0) if len(values) % 2 else a + rng.choice(values)
        values.append(made)
        loose.append(made)
        if len(loose) == 1:
            loose += rng.sample(values[:-1], 3)
    return values[-1]


def rosenbrock(n):
    """The sum of (1 - p)**2 + 100*(q - p*p)**2 over neighbours, a graph without neurons."""
    x = [Value(0.3 * i - 1.0, f"x{i}") for i in range(n)]
    return sum((1 - p) ** 2 + 100 * (q - p * p) ** 2 for p, q in zip(x, x[1:], strict=False))


def data_of(page):
    """What the page tells its script; None if it has neither."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    found = re.search(r'id="mn-data">(.*?)</script>', page, re.S)
    if found is None:
        assert "<script" not in page
        return None
    return json.loads(found[1], parse_constant=refuse)


def test_the_page_declares_what_it_is_and_what_it_may_load():
    page = to_html(bulb("a", "b"))
    assert page.startswith('<!doctype html>\n<html lang="en"')
    assert '<meta charset="utf-8">' in page
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'" in page
    addresses = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')>]+)', page)
    assert addresses == []
    assert set(re.findall(r"https?://[^\"' <]+", page)) == {"http://www.w3.org/2000/svg"}


def test_every_step_is_in_the_page_in_words():
    page = to_html(bulb("a", "b", "e", "f"))
    steps = re.findall(r"<li><b>(.*?)</b> <span>(.*?)</span>", page)
    assert [title for title, _ in steps][-3:] == [
        "Backward 3 of 4: e → a",
        "Backward 4 of 4: e → b",
        "Done",
    ]
    assert len(data_of(page)["steps"]) == len(steps)


def test_saving_a_picture_as_html_writes_this_page(tmp_path):
    f = bulb("a", "b")
    path = draw(f).save(tmp_path / "graph.html")
    assert path.read_text("utf-8") == to_html(f)
    assert [file.name for file in tmp_path.iterdir()] == ["graph.html"]


def wires_of(text):
    """What the wires of a picture say; the page has the picture's title above it, not inside."""
    return re.findall('class="wire"><title>([^<]+)', text)


def test_saving_keeps_the_view_that_was_drawn(tmp_path):
    model = MLP(2, [3, 1], rng=random.Random(0))
    loss = (model([1.0, 2.0]) - 1.0) ** 2
    loss.backward()
    picture = draw(loss, model, "neurons")
    assert wires_of(picture.svg) == wires_of(
        picture.save(tmp_path / "neurons.html").read_text("utf-8")
    )
    opened = draw(loss, model, "values", open_dots=True).save(tmp_path / "opened.html")
    assert ">Σ<" in opened.read_text("utf-8")
    long = draw(rosenbrock(100), detail="values", limit=None)
    assert wires_of(long.svg) == wires_of(long.save(tmp_path / "long.html").read_text("utf-8"))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_adds_an_element_or_an_attribute(text):
    plain = Elements(to_html(bulb("a", "b", "e", "f"), title="a title"))
    named = Elements(to_html(bulb(text, text, text, text), {text: Value(1.0)}, title=text))
    assert named.found == plain.found
    assert named.scripts[1:] == plain.scripts[1:]  # [0] is the data
    to_html(bulb(text, text), title=text).encode("utf-8")


def test_a_parameter_and_a_scope_may_be_called_anything():
    weight = Value(2.0)
    loss = (weight * 3.0 - 1.0) ** 2
    page = to_html(loss, {f"w.{HOSTILE[0]}": weight})
    assert page.count("<script") == 2
    assert "w.&lt;/script&gt;" in page


def test_the_script_data_holds_no_angle_bracket_and_no_line_separator():
    text = re.search(r'id="mn-data">(.*?)</script>', to_html(bulb(*HOSTILE[:4])), re.S)[1]
    assert not set("<\u2028\u2029") & set(text)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_page_is_the_same_in_every_process(seed):
    program = (
        "import hashlib, random; from micronn.engine import Value; from micronn.nn import MLP; "
        "from micronn.viewer import to_html; m = MLP(2, [3, 1], rng=random.Random(1)); "
        "y = (m([Value(1.0, 'x'), Value(2.0, 'y')]) - 1) ** 2; y.backward(); "
        "print(hashlib.sha256(to_html(y, m).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in (seed, "12345")
    }
    assert len(runs) == 1


ROOT = Path(__file__).parent.parent.parent


def test_the_viewer_loads_no_other_package_until_it_draws():
    program = (
        "import sys, micronn.viewer.steps.stepper\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name for name in done.stdout.split() if not name.startswith("_")}
    assert loaded <= {"micronn", *sys.stdlib_module_names}


def test_making_a_page_changes_nothing_in_the_graph():
    f = bulb("a", "b")
    before = [(v.data, v.grad, v.operands, v.label) for v in topological_order(f)]
    to_html(f)
    assert [(v.data, v.grad, v.operands, v.label) for v in topological_order(f)] == before


def test_a_page_begins_with_the_gradient_that_a_leaf_held_before():
    f = bulb("a", "b")  # backward() gives a 3 and b 4
    once = to_html(f)
    f.backward()
    twice = to_html(f)
    starts = [{id: text for id, text, _ in data_of(page)["start"]} for page in (once, twice)]
    assert [(start["n0_grad"], start["n1_grad"]) for start in starts] == [("0", "0"), ("+3", "+4")]
    ends = [
        {id: text for s in data_of(page)["steps"] for id, text, _ in s["set"]}
        for page in (once, twice)
    ]
    assert [(end["n0_grad"], end["n1_grad"]) for end in ends] == [("+3", "+4"), ("+6", "+8")]
    assert "Held before this pass, or changed after it: a +3, b +4." in twice
    assert "before +3" in twice
    assert "Held before" not in once


def test_the_slots_of_all_steps_end_at_the_texts_of_the_picture():
    f = bulb("a", "b")
    texts = dict(re.findall(r'<text id="(\w+)"[^>]*>([^<]*)<', draw(f).svg))
    chips = re.findall(r'<g id="(\w+)"><rect[^>]*/><text[^>]*>([^<]*)<', draw(f).svg)
    data = data_of(to_html(f))
    shown = {id: text for step in data["steps"] for id, text, _ in step.get("set", [])}
    expected = {id: text for id, text in (texts | dict(chips)).items() if id in shown}
    assert shown == expected
    assert {id for id, _, _ in data["start"]} == set(shown)


def test_nan_and_infinity_stand_in_the_page_as_texts():
    a, z = Value(1e200, "a"), Value(0.0, "z")
    page = to_html((a * a) * z)
    kinds = json.loads(gzip.decompress(base64.b64decode(data_of(page)["quiz"]))).values()
    words = {question.get("word") for kind in kinds for question in kind["questions"]}
    assert {"inf", "nan"} <= words


@pytest.mark.parametrize(("n", "steps"), [(6, True), (7, False)])
def test_up_to_sixty_values_are_stepped_through(n, steps):
    root = rosenbrock(n)
    assert (len(topological_order(root)) <= 60) == steps
    page = to_html(root)
    assert (data_of(page) is not None) == steps
    assert ("Forward 1 of" in page) == steps
    assert "All values" in page


def test_two_cards_with_a_thousand_wires_are_not_stepped_through():
    page = to_html(total([Value(2.0, "x")] * 1000))
    assert data_of(page) is None
    assert "All values" in page


def test_a_folded_page_shows_the_picture_that_draw_folds(tmp_path):
    model = MLP(2, [4, 1], rng=random.Random(0))
    loss = sum((model([x, 1.0]) - 1.0) ** 2 for x in range(5))
    loss.backward()
    page = to_html(loss, model)
    assert wires_of(draw(loss, model).svg) == wires_of(page)
    assert f'title="{loss.grad!r}"' in page


def test_the_table_of_a_huge_graph_is_cut_and_says_so():
    x = Value(1.0, "x")
    for _ in range(20_000):
        x = x * 1.0
    page = to_html(x)
    assert "The table holds 500 of 40,001 values: the output, parameters, what was given," in page
    assert "No backward() yet" in page
    assert len(page) < 250_000


def test_the_table_of_a_huge_graph_begins_with_what_a_reader_looks_for():
    model = MLP(2, [16, 16, 1], rng=random.Random(0))
    loss = total([(model([float(x), 1.0]) - 1.0) ** 2 for x in range(30)])
    loss.label = "loss"
    loss.backward()
    page = to_html(loss, model).replace("<wbr>", "")
    names = re.findall('<tr data-n="n[0-9]+"><th scope="row">([^<]+)', page)
    parameters = dict(model.named_parameters())
    assert names[0] == "loss"
    assert set(names[1 : 1 + len(parameters)]) == parameters.keys()
    assert len(names) == 500


def test_the_legend_of_a_page_begins_with_the_chain_rule():
    legend = to_html(bulb("a", "b")).partition("<summary>Legend</summary>")[2]
    words = re.sub("<[^>]+>", " ", legend).split("  ")[0].strip()
    assert words.startswith("← = ∂ × grad of the card it came from; grad = sum of ←")


def test_a_page_of_a_part_of_a_graph_says_how_much_above_it():
    head = to_html(rosenbrock(100)).partition("<main>")[0]
    assert re.search(r"[0-9]+ of [0-9,]+ values are shown", head)


def test_detail_chooses_the_picture():
    model = MLP(2, [3, 1], rng=random.Random(0))
    loss = (model([1.0, 2.0]) - 1.0) ** 2
    loss.backward()
    assert "Forward 1 of" in to_html(loss, model, "values")
    page = to_html(loss, model, "neurons")
    assert wires_of(draw(loss, model, "neurons").svg) == wires_of(page)
    assert 'type="radio"' in to_html(loss, model, "network")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((3.0,), TypeError, "starts from a Value"),
        ((Value(1.0), None, "cards"), ValueError, "unknown detail 'cards'"),
        ((Value(1.0), None, "auto", 3), TypeError, "a title is text"),
        ((Value(1.0), [1.0]), TypeError, "params holds"),
        ((Value(1.0), None, "network"), TypeError, "pass the model itself"),
    ],
)
def test_nonsense_is_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        to_html(*arguments)


def test_a_page_reads_its_graph_once_and_lays_it_out_once(monkeypatch):
    done = []
    init, arrange = Graph.__init__, placing.arrange
    monkeypatch.setattr(Graph, "__init__", lambda *args: done.append("read") or init(*args))
    monkeypatch.setattr(placing, "arrange", lambda *args: done.append("laid out") or arrange(*args))
    page = to_html(sum_of_products(50))
    assert page.count('class="card') >= 40
    assert sorted(done) == ["laid out", "read"]


def test_a_page_of_sixty_cards_stays_below_400_kilobytes():
    net = MLP(2, [5, 3], rng=random.Random(1))  # with every level above its values
    loss = cross_entropy(net([1.0, -2.0]), 1)
    for page, root in ((to_html(rosenbrock(6)), rosenbrock(6)), (to_html(loss, net), loss)):
        assert 55 <= len(topological_order(root)) <= 60
        assert len(page.encode()) < 400_000
