"""The levels above single values on a step page whose numbers a reader changes."""

import math
import random
import re
from collections import Counter
from functools import cache

import pytest
from step_pages import FOLLOWED

from micronn.engine import Value, mean
from micronn.graph.rows import Graph
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.pictures.views.grouping import make_plan
from micronn.pictures.views.layer_view import CELL_PATH
from micronn.pictures.views.render import choose
from micronn.viewer.levels.levels import scenes_of

pytestmark = pytest.mark.browser

# What a picture shows, whatever its order and its layout: each text with its colours; each box,
# circle and line with its colours, width and dashes; of a matrix each cell.
LOOKS = """svg => {
    const looks = [];
    for (const e of svg.querySelectorAll("text, rect, circle, path")) {
        if (e.closest(".hot") || e.getAttribute("width") === "0") continue;
        const {fill, stroke, strokeWidth, strokeDasharray, strokeOpacity} = getComputedStyle(e);
        const line = [stroke, stroke === "none" ? "" : `${parseFloat(strokeWidth).toFixed(1)}`,
                      stroke === "none" ? "" : strokeDasharray, strokeOpacity];
        const cells = (e.getAttribute("d") ?? "").split("CELL").length - 1;
        const title = e.querySelector("title")?.textContent ?? "";
        if (e.localName === "text") looks.push(`${e.textContent.trim()} ${fill}`);
        else if (cells) for (let k = 0; k < cells; k++) looks.push(`cell ${fill}`);
        else if (fill === "none" && line[0] === "none") continue;
        else if (e.localName !== "rect" || line[0] !== "none" || fill !== "rgb(251, 252, 253)") {
            looks.push(`${e.localName} ${fill} ${line} ${title}`);
        }
    }
    for (const e of svg.querySelectorAll(".hot")) looks.push(e.getAttribute("aria-label"));
    return looks;
}""".replace("CELL", CELL_PATH)
SEEN = f"() => ({LOOKS})(document.querySelector('#scene > svg'))"
# The same of a picture that Python wrote, put into the page for a moment.
WRITTEN = f"""text => {{
    const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    document.querySelector("#scene").append(svg);
    const looks = ({LOOKS})(svg);
    svg.remove();
    return looks;
}}"""
TOLD = "document.querySelector('#told').innerHTML"
PARSED = "text => new DOMParser().parseFromString(text, 'text/html').body.innerHTML"


def squared(model, numbers):
    return (model(numbers) - 1.0) ** 2


def classified(model, numbers):
    return cross_entropy(model(numbers), 1)


def skipping(model, numbers):
    """A layer whose input goes round it, and a penalty on one weight."""
    out = model.layers[1](model.layers[0](numbers))[0] + numbers[0]
    return (out - 0.5) ** 2 + 0.1 * model.layers[0].neurons[0].w[0] ** 2


def batched(model, numbers):
    return mean([(model([x]) - 0.5) ** 2 for x in numbers])


NETS = {
    "tanh": (2, [3, 1], "tanh", squared),
    "relu, two hidden layers": (1, [2, 2, 1], "relu", squared),
    "softmax": (2, [2, 3], "tanh", classified),
    "skip": (2, [2, 1], "sigmoid", skipping),
    "batch": (2, [2, 1], "tanh", batched),
}


@cache
def net(name, seed=3):
    """A loss, its model, and the Values that it was given, by what they are called."""
    nin, nouts, activation, loss_of = NETS[name]
    batch = loss_of is batched
    model = MLP(1 if batch else nin, nouts, activation, rng=random.Random(seed))
    given = [Value(x, f"in{i}") for i, x in enumerate([0.5, -1.5][:nin])]
    return loss_of, model, given


def computed(name, numbers=None):
    """The loss with these numbers of all parameters and inputs; those of the net if left out."""
    loss_of, model, given = net(name)
    leaves = [*model.parameters(), *given]
    before = [leaf.data for leaf in leaves]
    for leaf, x in zip(leaves, numbers or before, strict=True):
        leaf.data, leaf.grad = x, 0.0
    loss = loss_of(model, given)
    loss.backward()
    graph = Graph(loss, model)
    for leaf, x in zip(leaves, before, strict=True):
        leaf.data = x
    return graph, leaves


def scenes(graph, like):
    """Python's own scenes of a graph, where a page shows the levels as for another one."""
    plan = make_plan(like)
    return scenes_of(make_plan(graph), choose(like, plan, "auto") == "neurons", False)


def change(page, graph, leaves, numbers):
    """Type other numbers into the fields."""
    page.click("#tabs >> text=values")
    for leaf, x in zip(leaves, numbers, strict=True):
        page.locator(f'tr[data-n="n{graph.index[leaf]}"] input').fill(repr(x))


def differing(page, found):
    """What the levels of a page show otherwise than scenes that Python wrote."""
    wrong = []
    for id, scene in found.items():
        page.evaluate("id => document.querySelector(`#tabs [data-level=${id}]`).click()", id)
        seen, written = Counter(page.evaluate(SEEN)), Counter(page.evaluate(WRITTEN, scene.svg))
        wrong += [f"{id}: not {text}" for text in sorted((seen - written).elements())]
        wrong += [f"{id}: lacks {text}" for text in sorted((written - seen).elements())]
        for k, html in scene.panels.items():
            page.evaluate(FOLLOWED, f"#{id}/{k}" + page.evaluate("leaf.address()"))
            if page.evaluate(PARSED, html) != page.evaluate(
                TOLD.replace("innerHTML", "innerHTML.replace(/ aria-current=\"true\"/g, '')")
            ):
                wrong.append(f"{id}: does not say {html}")
    return wrong


WIDE = [pytest.param(name, 4, marks=pytest.mark.wide) for name in NETS]  # twenty changes


@pytest.mark.parametrize(("name", "changes"), [("softmax", 1), *WIDE])
def test_every_level_shows_what_python_computes_for_the_changed_numbers(stepping, name, changes):
    graph, leaves = computed(name)
    rng, page = random.Random(name), stepping(graph)
    for _ in range(changes):
        numbers = [round(rng.gauss(0.0, 1.3), rng.choice([0, 1, 3, 9])) for _ in leaves]
        change(page, graph, leaves, numbers)
        other, _ = computed(name, numbers)
        assert differing(page, scenes(other, graph)) == []
    page.click("#tabs >> text=values")
    page.click("#reset")
    assert differing(page, scenes(graph, graph)) == []


def labels(page, level="neurons"):
    """What the places of a level are called, with their numbers."""
    page.click(f"#tabs >> text={level}")
    return page.evaluate("[...document.querySelectorAll('#scene .hot')].map(e => e.ariaLabel)")


def written(graph, level="neurons"):
    """The same as Python writes it."""
    return re.findall('aria-label="([^"]*)"', scenes(graph, graph)[level].svg)


def test_levels_follow_a_link_a_step_downhill_a_drag_and_what_is_undone(stepping):
    graph, leaves = computed("tanh")
    numbers = [leaf.data for leaf in leaves]
    numbers[-2] = 2.0
    linked, _ = computed("tanh", numbers)
    page = stepping(graph, hash="#neurons&in0=2")
    assert labels(page) == written(linked)
    page.click("#tabs >> text=values")
    page.click("#downhill")
    slopes = [linked.nodes[linked.index[leaf]].grad for leaf in leaves]
    moved = [x - 0.1 * slope for x, slope in zip(numbers, slopes, strict=True)]
    downhill, _ = computed("tanh", moved[:-2] + numbers[-2:])
    assert labels(page) == written(downhill)
    assert labels(page, "layers") == written(downhill, "layers")
    page.keyboard.press("Control+z")  # while another level is open
    assert page.evaluate("document.querySelector('#tabs [aria-current]').innerText") == "layers"
    assert labels(page, "layers") == written(linked, "layers")
    page.click("#tabs >> text=values")
    k = graph.index[leaves[-2]]
    grip = page.locator(f"#n{k} .grip")
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 65, box["y"] + 5)
    page.mouse.up()
    numbers[-2] = float(page.locator(f'tr[data-n="n{k}"] input').input_value())
    assert numbers[-2] == 3.0  # ten times 6 pixels, a tenth each
    dragged, _ = computed("tanh", numbers)
    assert labels(page) == written(dragged)


def test_where_a_number_is_refused_no_level_shows_another(stepping):
    model = MLP(1, [2, 1], "relu", rng=random.Random(3))
    out = model([Value(1.0, "x")])
    loss = (out * out + Value(1.0, "c")).log()
    loss.backward()
    page = stepping(loss, model)
    page.get_by_label("data of c", exact=True).fill("-9")
    for level in ("network", "layers", "neurons"):
        said = " ".join(labels(page, level)) + page.inner_text("#scene") + page.inner_text("#told")
        assert "grad ·" in said
        assert not re.search("NaN|undefined|null", page.locator("#scene > svg").inner_html())
    assert "data refused, grad ·" in said


def test_a_number_that_is_none_stands_in_its_box_on_every_level(stepping):
    graph, leaves = computed("tanh")
    numbers = [leaf.data for leaf in leaves]
    numbers[-4] = math.nan  # a weight of the output
    page, (other, _) = stepping(graph), computed("tanh", numbers)
    field = page.locator(f'tr[data-n="n{graph.index[leaves[-4]]}"] input')
    field.fill("nan")
    for id, scene in scenes(other, graph).items():
        page.click(f"#tabs >> text={id}")
        seen, wanted = page.evaluate(SEEN), page.evaluate(WRITTEN, scene.svg)
        boxes = [sorted(text for text in texts if "NaN rgb" in text) for texts in (seen, wanted)]
        assert boxes[0] == boxes[1] != []
