"""The picture that plays by itself, as text: safe, small, and finished where nothing plays."""

import random
import re
import xml.etree.ElementTree as ET

import pytest
from drawn import SVG, words_in
from example_graphs import HOSTILE, PICTURES, net, neuron, overflow, shared

from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP
from micronn.pictures import draw_network


def animated(root, params=None, folder=None, **options):
    """The text of the file that animate=True writes."""
    return draw(root, params, **options).save(folder / "x.svg", animate=True).read_text("utf-8")


def still(tree):
    """What stands where nothing plays: no part that is hidden, and nothing that only plays."""
    for part in list(tree.iter()):
        for child in list(part):
            if child.get("visibility") == "hidden":
                part.remove(child)
        words = part.get("class", "").split()
        if "a" in words:
            part.set("class", " ".join(words[: words.index("a")]))
    for part in [part for part in tree.iter() if part.get("class") == ""]:
        del part.attrib["class"]
    return tree


@pytest.mark.parametrize("graph", [neuron, overflow, shared], ids=lambda graph: graph.__name__)
def test_where_nothing_plays_it_is_the_finished_picture(graph, tmp_path):
    root, params = graph()
    plays, finished = ET.fromstring(animated(root, params, tmp_path)), draw(root, params).svg
    for group in ("wires", "cards", "legend"):
        parts = [still(tree).find(f".//{SVG}g[@class='{group}']")
                 for tree in (plays, ET.fromstring(finished))]  # fmt: skip
        assert ET.tostring(parts[0]) == ET.tostring(parts[1])


def test_it_plays_without_a_script_and_asks_for_nothing(tmp_path):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    for name in HOSTILE:
        a.label = name
        tree = ET.fromstring(animated(a * b, folder=tmp_path))
        allowed = {"svg", "title", "desc", "style", "rect", "g", "path", "text"}
        assert {part.tag.removeprefix(SVG) for part in tree.iter()} <= allowed
        attributes = {attribute for part in tree.iter() for attribute in part.attrib}
        assert not [attribute for attribute in attributes if attribute.startswith(("on", "href"))]
        style = tree.find(f"{SVG}style").text
        assert not re.search(r"@import|url\(", style)


def test_the_equations_are_the_chain_rule_in_numbers(tmp_path):
    # o = tanh(2·−3 + 0·1 + b) = 1/√2, so do/dn = 1 − o² = 1/2, which each + hands on.
    svg = ET.fromstring(animated(*neuron(), tmp_path))
    said = words_in(svg)
    assert "x1w1 = x1 × w1 = 2 × (−3) = −6." in said
    assert "grad of n += ∂o/∂n × grad of o = 0.5000 × 1 = 0.5000" in said
    assert "grad of x1 += ∂x1w1/∂x1 × grad of x1w1 = (−3) × 0.5000 = −1.500" in said


def test_a_gradient_that_is_a_sum_grows_by_one_message_after_the_other(tmp_path):
    # d(x·x)/dx = x + x: 3, then 6.
    x = Value(3.0, "x")
    said = words_in(ET.fromstring(animated(x * x, folder=tmp_path)))
    rule = "grad of x += ∂v1/∂x × grad of v1 = 3 × 1 = 3; it was "
    spoken = " ".join(said)
    assert f"{rule}0, so it is 3" in spoken
    assert f"{rule}3, so it is 6" in spoken
    assert (said.count("+3"), said.count("+6"), said.count("← +3")) == (1, 1, 2)


def test_it_plays_one_pass_whether_backward_has_run_or_not(tmp_path):
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    before = animated(a * b, folder=tmp_path)
    f = a * b
    f.backward()
    assert before == animated(f, folder=tmp_path)


def test_the_picture_in_the_readme_is_light_enough_to_be_sent(tmp_path):
    assert len(animated(*neuron(), tmp_path).encode("utf-8")) < 80_000


def chain(n):
    """n values in a row."""
    value = Value(0.5, "x")
    for _ in range(n - 1):
        value = value.tanh()
    return value


def test_sixty_values_play_and_sixty_one_do_not(tmp_path):
    assert "@keyframes" in animated(chain(60), folder=tmp_path)
    with pytest.raises(ValueError, match=r"61 values .* cannot play: .* up to 60"):
        animated(chain(61), folder=tmp_path)


def test_what_has_no_steps_does_not_play_and_says_what_does(tmp_path):
    model = MLP(2, [3, 1], rng=random.Random(7))
    with pytest.raises(ValueError, match="no steps to play; draw"):
        draw_network(model).save(tmp_path / "x.svg", animate=True)
    loss, params = net()
    with pytest.raises(ValueError, match="detail='layers' cannot play"):
        draw(loss, params, "layers").save(tmp_path / "x.svg", animate=True)
    with pytest.raises(ValueError, match=r"plays in an \.svg alone, got 'x\.html'"):
        draw(loss, params).save(tmp_path / "x.html", animate=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["neuron", "shared"])
def test_the_prefix_goes_before_everything_that_has_a_name(name, tmp_path):
    graph, _ = PICTURES[name]
    root, params = graph()
    svg = animated(root, params, tmp_path, prefix="p-")
    assert set(re.findall(r"@keyframes (\S{2})", svg)) == {"p-"}
    assert set(re.findall(r'\bid="(..)', svg)) == {"p-"}
