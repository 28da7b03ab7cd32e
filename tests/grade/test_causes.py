"""An engine is told whether it is right, and if not, which mistake was made."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from engines import CLOSURES, RIGHT, WRONG, wrong_engine
from planted import ELSEWHERE, ONLY_LIMITS, PLANTED, planted

from micronn import engine, tiny
from micronn.grade import grade, trial
from micronn.grade.diagnosis import gives
from micronn.grade.faults import NODES, sent_by
from micronn.grade.passes import PASSES
from micronn.grade.programs import LIMITS, PROGRAMS, numbers, right, values_of
from micronn.grade.report import as_json, as_junit, page_of, picture_of, told

NUDGED = [p for p in PROGRAMS if p.kind in ("one", "constant", "upstream", "reuse", "order")]


@pytest.fixture
def graded(tmp_path):
    """A function that grades the text of an engine."""

    def graded_(text, cls=None):
        path = tmp_path / "engine.py"
        path.write_text(text, "utf-8")
        return grade(path, cls)

    return graded_


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """An endless loop is called so after two seconds."""
    monkeypatch.setattr(trial, "SECONDS", 2.0)


def some_quickly(names, every=8):
    """All names; most of them are for wide runs."""
    wide = pytest.mark.wide
    return [pytest.param(x, marks=[wide] if k % every else []) for k, x in enumerate(names)]


# Right engines


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_engine_of_any_style_gets_no_finding_but_limits(name, graded):
    found = graded(RIGHT[name])
    assert found.is_right, told(found)
    assert found.verdict.startswith(("right", "no wrong number"))
    wrong = [program.kind for program, result in found.results.items() if result == "wrong"]
    assert {*wrong} <= {*LIMITS}


@pytest.mark.parametrize("module", [engine, tiny])
def test_our_own_engines_are_right_without_limits(module):
    found = grade(module.__file__)
    assert (found.findings, found.passed) == ([], found.tried)


def test_what_an_engine_does_not_claim_is_told_and_not_held_against_it():
    found = grade(tiny.__file__)
    assert found.does == ["+", "*", "-", "tanh"]
    assert {"/", "**", "5 - a", "relu"} <= {*found.lacks}


# Wrong ones


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_engine_is_told_its_mistake(name, graded):
    found = graded(wrong_engine(name))
    causes = [finding.cause for finding in found.findings]
    assert any(WRONG[name][-1] in cause for cause in causes), causes


def test_only_what_is_wrong_in_itself_is_told_of_operations_made_of_each_other(graded):
    """a - b is made of the wrong power rule of nothing, a / b is: only ** is named."""
    found = graded(wrong_engine("power rule without k"))
    wrong = [finding.cause for finding in found.findings if not finding.is_limit]
    assert wrong == [
        "the derivative of a ** k by a comes out as a**(k - 1), and is k * a**(k - 1)",
    ]


@pytest.mark.parametrize("name", some_quickly(PLANTED))
def test_a_planted_mistake_is_told_first(name, graded):
    found = graded(planted(name))
    assert PLANTED[name][-1] in found.verdict
    assert found.verdict.startswith("no wrong number") == (name in ONLY_LIMITS)


@pytest.mark.parametrize(("style", "right", "wrong", "said"), ELSEWHERE)
def test_the_same_mistakes_are_told_in_engines_of_other_styles(style, right, wrong, said, graded):
    assert right in RIGHT[style]
    found = graded(RIGHT[style].replace(right, wrong))
    assert said in found.verdict
    assert not found.is_right


def test_a_mistake_that_only_long_programs_show_is_told_with_the_shortest_of_them(graded):
    slope = "(1 - t * t) * (2 if self._op == 'sin' else 1)"
    found = graded(RIGHT["all_closures"].replace("(1 - t * t)", slope)).findings[0]
    assert found.program.text == "c.tanh(), where c = a.sin()"
    assert found.first_wrong() == ("c", "grad")


def test_a_second_graph_is_called_by_what_it_computes(graded):
    kept = (
        "        Value.kept = [*Value.__dict__.get('kept', []), *topo]\n        topo = Value.kept\n"
    )
    text = RIGHT["closures"].replace(
        "        self.grad = 1.0\n", kept + "        self.grad = 1.0\n"
    )
    finding = graded(text).findings[0]
    assert "the list of nodes is never emptied" in finding.cause
    assert finding.program.text == "a + b, after a pass of a * b + a"


def test_each_wrong_pass_differs_from_the_right_one_and_from_all_others():
    plain = [p for p in PROGRAMS if {"__add__", "__mul__"}.issuperset(p.needs)]
    plain = [p for p in plain if p.kind not in ("deep", "shared")]
    strict = [fault for fault in PASSES if not fault.is_loose]
    says = [repr([numbers(p.source, fault.backward) for p in plain]) for fault in strict]
    assert len({*says}) == len(says)
    assert repr([right(p) for p in plain]) not in says


def test_each_wrong_message_is_wrong_in_some_operation():
    plain = [p for p in PROGRAMS if p.kind in ("one", "upstream", "reuse", "order")]
    for fault in NODES:
        for send in fault.ways:
            wrong = sent_by({}, send)
            assert any(not gives(wrong, program, right(program)) for program in plain), fault.cause


def test_the_smallest_program_that_shows_a_fault_is_shown_with_its_first_wrong_number(graded):
    found = graded(wrong_engine("= for += everywhere")).findings[0]
    assert found.program.source == "a = Value(3.0)\ny = a + a\ny.backward()"
    assert found.numbers["a"] == (3.0, 1.0)  # one message of two, each 1
    assert found.first_wrong() == ("a", "grad")


def test_a_wrong_value_is_found_before_any_gradient(graded):
    found = graded(CLOSURES.replace("self.data * other.data, (", "self.data + other.data, ("))
    assert found.findings[0].first_wrong() == ("y", "data")
    assert found.findings[0].cause == "the value of a * b comes out as a + b"


def test_a_mistake_that_nobody_has_thought_of_is_still_wrong(graded):
    found = graded(CLOSURES.replace("(1 - t**2) * out.grad", "(0.37 - t) * out.grad"))
    assert not found.is_right
    assert "a.tanh() is wrong, by no mistake that is known here" in found.findings[0].cause


@pytest.mark.parametrize("program", NUDGED, ids=lambda program: program.text)
def test_what_is_called_right_is_what_nudging_each_leaf_finds(program):
    """From values alone: (f(x + h) - f(x - h)) / 2h, for each number that is given."""
    h = 1e-6
    for name, number in re.findall(r"^(\w) = Value\((.*)\)$", program.source, re.M):
        given = f"{name} = Value({number})"
        values = [
            values_of(program.source.replace(given, f"{name} = Value({float(number) + step})"))["y"]
            for step in (h, -h)
        ]
        slope = (values[0].data - values[1].data) / (2.0 * h)
        assert right(program)[name][1] == pytest.approx(slope, rel=1e-6, abs=1e-7)


# How it is told


def test_json_holds_all_that_was_found(graded):
    data = json.loads(as_json([graded(wrong_engine("square forgotten in tanh"))]))[0]
    assert (data["right"], data["class"]) == (False, "Value")
    assert data["findings"][0]["program"] == "a = Value(0.5)\ny = a.tanh()\ny.backward()"


def test_junit_counts_what_it_lists(graded):
    suite = ET.fromstring(as_junit([graded(wrong_engine("no seed"))])).find("testsuite")
    cases = suite.findall("testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(len(failed)))
    assert failed


def test_the_picture_of_a_fault_frames_one_card_and_says_both_numbers(graded):
    finding = graded(wrong_engine("= for += everywhere")).findings[0]
    picture = picture_of(finding)
    ET.fromstring(picture.svg)
    assert "The engine's grad of a is 1, right is 2" in " ".join(picture.sketch.notes)
    assert picture.svg.count('stroke-width="6"') == 1


def test_the_page_of_a_fault_opens_at_the_step_that_goes_wrong(graded):
    page = page_of(graded(wrong_engine("= for += everywhere")).findings[0])
    data = json.loads(page.partition('id="mn-data">')[2].partition("</script>")[0])
    assert data["begin"] == 4  # start, forward, seed, first message, second message


@pytest.mark.parametrize("name", ["int data", "visited kept", "iadd in place", "zero_grad forgets"])
def test_a_fault_is_drawn_whatever_program_shows_it(name, graded):
    finding = graded(planted(name)).findings[0]
    assert "The engine's" in " ".join(picture_of(finding).sketch.notes)
    assert page_of(finding)


def test_a_finding_without_numbers_has_no_picture(graded):
    finding = graded(wrong_engine("a name mistyped")).findings[0]
    assert finding.line == CLOSURES.splitlines().index("        return self + (-other)") + 1
    with pytest.raises(ValueError, match="no numbers to draw"):
        picture_of(finding)
