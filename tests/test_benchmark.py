"""The benchmark agrees before it times, counts what it divides by, and says all it measured."""

import json
import math
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from micronn.engine import Value, topological_order

OURS = "benchmark", "contests", "transformer"
DEMOS = Path(__file__).parent.parent / "demos"


@pytest.fixture
def contests(monkeypatch):
    """The modules of the benchmark, found as its command finds them."""
    monkeypatch.syspath_prepend(DEMOS)
    import benchmark
    import contests
    import contests.report  # noqa: F401

    contests.benchmark = benchmark
    yield contests
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """What the quick benchmark says, its JSON and its chart.  Everybody here has agreed."""
    folder = tmp_path_factory.mktemp("benchmark")
    command = [sys.executable, DEMOS / "benchmark.py", "--quick"]
    done = subprocess.run(
        [*command, "--json", folder / "b.json", "--svg", folder / "b.svg"],
        capture_output=True, text=True, encoding="utf-8", timeout=600,
        env={**os.environ, "PYTHONPATH": str(DEMOS.parent), "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "b.json").read_text("utf-8"))
    return done.stdout, found, (folder / "b.svg").read_text("utf-8")


def test_every_contest_tells_who_did_what_in_each_round(quick):
    found = quick[1]
    assert found["rounds"] == 1
    keys = "expression chains moons digit W1 W2 Adam example unstructured name names"
    assert [contest["key"] for contest in found["contests"]] == keys.split()
    for contest in found["contests"]:
        first, *_ = contest["contenders"]
        assert first["ratio"] == 1.0
        for row in contest["contenders"]:
            assert row["who"]
            assert row["how"]
            assert [row["seconds"]] == row["rounds"]
            assert row["ratio"] == pytest.approx(row["seconds"] / first["seconds"])


def test_every_way_to_run_a_graph_stands_beside_the_others(quick):
    found = quick[1]
    ways = {"graph", "python", "native", "wasm"} - set(found["computer"]["absent"])
    for contest in found["contests"]:
        if contest["key"] not in ("expression", "chains", "moons", "digit"):  # eagerly alone
            assert ways <= {row["who"] for row in contest["contenders"]}
    for name in ("micrograd", "numpy", "torch", "jax"):
        there = name in found["computer"]["versions"], name in found["computer"]["absent"]
        assert sorted(there) == [False, True]


def test_what_has_no_rival_is_there_too(quick):
    found = quick[1]
    for line in found["sizes"]:
        assert len(line["operations"]) == len(line["seconds"]) == 2
    assert "first picture, no dot program" in [job["title"] for job in found["processes"]]
    assert all(job["first"] > 0.0 and job["second"] > 0.0 for job in found["processes"])
    assert {measure["unit"] for measure in found["measures"]} == {"bytes", "s"}
    assert found["floors"] == []  # small work says nothing about them


def test_table_and_chart_name_everybody(quick):
    printed, found, svg = quick
    shown = [text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    for contest in found["contests"]:
        assert f"{contest['key']}: {contest['title']}" in printed
        for row in contest["contenders"]:
            assert row["who"] in shown
            assert row["who"] in printed
            assert row["how"] in printed


@pytest.mark.parametrize(
    "other", [[1.0, 2.0 + 1e-8], [1.0, math.nan], [1.0], [1.0, 2.0, 3.0], [2.0, 1.0]]
)
def test_one_other_number_is_a_disagreement(contests, other):
    one = contests.turns.Contender("one", "", lambda: [1.0, 2.0])
    two = contests.turns.Contender("two", "", lambda: other)
    with pytest.raises(contests.turns.Disagreement, match="two"):
        contests.turns.agree(contests.turns.Contest("", "a title", [one, two]))


def test_nobody_is_timed_where_two_disagree(contests, monkeypatch, tmp_path):
    turns, benchmark = contests.turns, contests.benchmark
    pair = [turns.Contender(str(k), "", lambda k=k: [k]) for k in range(2)]
    broken = turns.Contest("W1", "a title", pair)
    monkeypatch.setattr(benchmark, "CONTESTS", {"W1": lambda quick: broken})
    monkeypatch.setattr(benchmark, "measured", None)
    path = tmp_path / "b.json"
    monkeypatch.setattr(sys, "argv", ["benchmark.py", "--only", "W1", "--json", str(path)])
    with pytest.raises(SystemExit, match="do not agree: a title: 1 says 1.0 where 0 says 0.0"):
        benchmark.main()
    assert not path.exists()


def test_a_graph_without_structure_has_the_operations_it_says_and_small_numbers(contests):
    rng = random.Random(1)
    root, operations = contests.programs.random_logic(2_000, 20, rng)
    node = root([Value(rng.random()) for _ in range(20)])
    order = topological_order(node)
    # What the root does not reach would be computed by nobody, and yet divided by.
    assert operations == sum(1 for value in order if value.operands)
    assert all(-1.0 <= value.data <= 1.0 for value in order if value.op == "*")


@pytest.mark.parametrize("power", [1, 2])
def test_the_exponent_is_the_power_that_the_cost_grows_by(contests, power):
    line = {"operations": [10, 100, 1000, 10_000], "seconds": [5.0, 1.0, 10.0**power, 100.0**power]}
    assert contests.report.exponent(line) == pytest.approx(power)


@pytest.mark.parametrize(
    ("number", "unit", "reached"),
    [(29.0, "x", "neither"), (30.0, "x", "floor"), (50.0, "x", "aim"),
     (51.0, "s", "neither"), (50.0, "s", "floor"), (30.0, "s", "aim")],
)  # fmt: skip
def test_a_ratio_must_reach_its_floor_and_a_time_stay_below_it(contests, number, unit, reached):
    floor, aim = (30.0, 50.0) if unit == "x" else (50.0, 30.0)
    assert contests.report.held("", number, unit, floor, aim)["reached"] == reached
