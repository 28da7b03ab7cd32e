"""From level to level in a real browser: by mouse and by key, and the same number on each."""

import random
import re
from functools import cache

import pytest

from micronn.draw import draw
from micronn.engine import Value
from micronn.graph.rows import Graph
from micronn.losses import cross_entropy
from micronn.nn import MLP
from micronn.pictures.views.grouping import make_plan
from micronn.pictures.views.neuron_part import Parts
from micronn.support.text import fmt
from micronn.viewer import to_html

pytestmark = pytest.mark.browser

# What is marked: of the picture in words, and of what stands beside it.
MARKED = "[...document.querySelectorAll('#scene .here, #told [aria-current]')].map(e => " \
         "e.getAttribute('aria-label') ?? e.textContent)"  # fmt: skip
LEVEL = "document.querySelector('#tabs [aria-current]').textContent"
FOCUS = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"


@cache
def small():
    """MLP 2-3-1 and its loss, with 29 values."""
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(1))
    loss = (model([1.0, -2.0]) - 1.0) ** 2
    loss.backward()
    return loss, model


@cache
def wide():
    """MLP 784-16-16-10 on one image, with the loss of its answer."""
    rng = random.Random(1)
    model = MLP(784, [16, 16, 10], activation="tanh", rng=rng)
    loss = cross_entropy(model([rng.random() * (i % 3 == 0) for i in range(784)]), 3)
    loss.backward()
    return loss, model


@cache
def batch():
    """MLP 2-16-16-1 on 100 examples, and the mean of their losses."""
    rng = random.Random(2)
    model = MLP(2, [16, 16, 1], activation="tanh", rng=rng)
    losses = [(model([rng.uniform(-1, 1), rng.uniform(-1, 1)]) - 1.0) ** 2 for _ in range(100)]
    loss = sum(losses) / 100.0
    loss.backward()
    return loss, model


def out_of(root, model, layer, neuron):
    """The row of a neuron's output."""
    plan = make_plan(Graph(root, model))
    return plan.graph.nodes[Parts(plan).calls[layer][neuron].out]


def numbers(row):
    """How a page writes the two numbers of a row."""
    return f"data {fmt(row.data)}, grad {fmt(row.grad, sign=True)}"


html = cache(to_html)


@pytest.fixture
def opened(visit, tmp_path):
    """A function that opens the page of a graph, and waits until its levels are there."""

    def open_(root, model, detail="auto", **options):
        path = tmp_path / f"{detail}.html"
        path.write_text(html(root, model, detail), "utf-8")
        page = visit(path, **options)
        page.wait_for_selector(".levels")
        return page

    return open_


def hot(page, words):
    """The place in the picture that stands for a neuron or a value."""
    return page.locator(f'#scene .hot[aria-label*="{words}"]').last


# Down and up


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_a_neuron_is_the_same_numbers_on_every_level_of_a_wide_net(opened, by):
    root, model = wide()
    row = out_of(root, model, 0, 5)
    page = opened(root, model, "network")

    def down(words):
        target = hot(page, words)
        if by == "mouse":
            target.click()
        else:
            target.focus()
            page.keyboard.press("Enter")

    seen = []
    for words in ("neuron 5 of layer 1", "layer 1:", "h1.5:"):
        down(words)
        seen.append((page.evaluate(LEVEL), page.evaluate(MARKED)))
    assert [level for level, _ in seen] == ["layers", "neurons", "values"]
    for _, marked in seen:
        assert any(f"h1.5: {numbers(row)}" in words for words in marked), marked
    assert page.evaluate(FOCUS) == f"h1.5: {numbers(row)}"
    for level in ("neurons", "layers", "network"):
        if by == "mouse":
            page.click("#up")
        else:
            page.keyboard.press("Backspace")
        assert page.evaluate(LEVEL) == level
        assert any(f"h1.5: {numbers(row)}" in words for words in page.evaluate(MARKED))
    assert page.get_attribute("#up", "aria-disabled") == "true"


def test_the_messages_listed_beside_a_value_add_up_to_its_gradient(opened):
    root, model = wide()
    row = out_of(root, model, 1, 2)
    page = opened(root, model)
    page.evaluate("location.hash = '#L1n2'")
    page.wait_for_selector("#told ul")
    assert page.inner_text("#told h2") == f"h2.2: {numbers(row)}"
    texts = page.locator("#told li button").all_inner_texts()
    sizes = [float(text.replace("\u2212", "-")) for text in texts]
    assert len(sizes) == 10  # each of the ten outputs reads it once
    assert sum(sizes) == pytest.approx(row.grad, abs=1e-3 * max(map(abs, sizes)))


def test_a_message_is_its_two_factors_and_leads_to_where_it_came_from(opened):
    root, model = wide()
    graph = Graph(root, model)
    k = out_of(root, model, 1, 2).k
    use = graph.rows([k])[0].uses[-1]  # backward() adds the last reader's first
    user = graph.nodes[use.user]
    page = opened(root, model)
    page.evaluate("location.hash = '#L1n2'")
    page.locator("#told li button").first.click()
    size, local, upstream = page.locator("#told .boxes b").all_inner_texts()
    assert size == fmt(use.message, sign=True)
    assert (local, upstream) == (fmt(user.local_grads[use.j]), fmt(user.grad, sign=True))
    assert page.evaluate("document.activeElement.id") == "told"
    page.keyboard.press("Backspace")
    assert page.inner_text("#told h2").startswith("h2.2:")
    page.locator("#told li button").first.click()
    page.click("#told > p button")
    assert fmt(user.grad, sign=True) in page.inner_text("#told h2")
    assert page.url.endswith(f"#L2n9/{use.user}")


def test_a_wire_is_a_message(opened):
    page = opened(*wide())
    page.evaluate("location.hash = '#L2n0'")
    page.wait_for_selector("#told ul")
    page.evaluate("document.querySelector('#scene .wire .head').dispatchEvent("
                  "new MouseEvent('click', {bubbles: true}))")  # fmt: skip
    assert page.inner_text("#told h2").startswith("message to ")
    assert page.locator("#scene .wire.here").count() == 1


def test_the_lowest_level_of_a_small_net_is_its_steps(opened):
    root, model = small()
    page = opened(root, model)
    assert page.evaluate(LEVEL) == "values"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#count") == "step 1 of 47"
    page.click("#tabs >> text=network")
    row = out_of(root, model, 0, 1)
    hot(page, "neuron 1 of layer 1").click()
    page.keyboard.press("Enter")
    assert page.evaluate(MARKED) == [f"h1.1: {numbers(row)}"]
    page.keyboard.press("ArrowUp")  # from place to place, and no step is turned
    assert page.evaluate(MARKED)[0].startswith("z: ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate(LEVEL) == "values"
    ringed = page.locator(f"#n{row.k}:has(.halo)")
    assert ringed.locator(f"#n{row.k}_data").text_content() == fmt(row.data)
    assert ringed.locator(f"#n{row.k}_grad").text_content() == fmt(row.grad, sign=True)
    page.keyboard.press("Backspace")
    assert page.evaluate(MARKED) == [f"h1.1: {numbers(row)}"]


def test_a_weight_is_found_below_and_above(opened):
    root, model = small()
    weight = model.layers[0].neurons[2].w[1]
    page = opened(root, model)
    page.click("#tabs >> text=neurons")
    k = Graph(root, model).index[weight]
    page.locator(f'.hot[data-n="{k}"]').click()
    assert page.inner_text("#say").startswith("Gradient of layers.0.neurons.2.w.1 +=")
    page.click("#up")
    assert page.evaluate(MARKED) == [f"w.1: data {fmt(weight.data)}, grad {fmt(weight.grad, True)}"]
    page.click("#up")
    assert page.locator(f'#scene .here[data-n~="{k}"]').count() == 1


# Batches, addresses, frames, other windows


def test_on_a_batch_a_page_says_which_example_it_shows(opened):
    root, model = batch()
    page = opened(root, model)
    for level in ("layers", "values", "network"):
        page.click(f"#tabs >> text={level}")
        assert "1 of 100 examples is shown, the first." in page.inner_text("#levels")
    weight = model.layers[0].neurons[3].w[0]
    page.evaluate(f"location.hash = '#L0n3/{Graph(root, model).index[weight]}'")
    page.wait_for_selector("#told ul")
    assert f"{fmt(weight.grad, sign=True)} is the sum of 100 messages" in page.inner_text("#told")


def test_an_address_names_a_place_and_the_page_opens_there(opened, visit, tmp_path):
    root, model = wide()
    row = out_of(root, model, 2, 3)
    page = opened(root, model)
    assert page.evaluate(LEVEL) == "layers"
    page = visit(tmp_path / "auto.html", f"#L2n3/{row.k}")
    page.wait_for_selector(".levels")
    assert page.evaluate(MARKED) == [f"y3: {numbers(row)}"]


def test_levels_work_in_a_frame_that_has_no_address(visit, tmp_path):
    path = tmp_path / "frame.html"
    escaped = html(*small(), "network").replace("&", "&amp;").replace('"', "&quot;")
    path.write_text(
        f'<iframe sandbox="allow-scripts" width="1100" height="700" srcdoc="{escaped}">'
    )
    frame = visit(path).frame_locator("iframe")
    frame.locator('#scene .hot[aria-label*="neuron 1 of layer 1"]').click()
    assert frame.locator("#tabs [aria-current]").inner_text() == "layers"


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_what_is_marked_is_in_sight_and_the_page_does_not_scroll_sideways(opened, width):
    page = opened(*wide(), width=width, height=720)
    for place in ("neurons0", "neurons2", "L0n0", "L2n9", "network", "layers"):
        page.evaluate(f"location.hash = '#{place}'")
        page.wait_for_timeout(30)
        here = page.locator("#scene .here").bounding_box()
        assert -2 <= here["x"] < width, place
        assert 0 <= here["y"] < 720, place
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_that_was_asked_for_neurons_opens_with_them_and_has_their_values_below(opened):
    root, model = small()
    page = opened(root, model, "neurons")
    assert page.evaluate(LEVEL) == "neurons"
    hot(page, "h1.2:").click()
    row = out_of(root, model, 0, 2)
    assert page.inner_text("#told h2") == f"h1.2: {numbers(row)}"
    assert "= tanh(z) = tanh(" in page.inner_text("#told")


def test_a_picture_keeps_its_size_on_the_page_of_a_small_net(opened):
    page = opened(*small(), width=1280, height=720)
    page.click("#tabs >> text=neurons")
    box, svg = page.locator("#scene > svg").bounding_box(), page.locator("#scene > svg")
    size = [float(svg.get_attribute(side)) for side in ("width", "height")]
    assert [box["width"], box["height"]] == size


def test_on_paper_the_places_of_a_level_stand_above_the_table(opened):
    page = opened(*wide(), width=720, height=1000)  # about what a sheet of A4 gives
    page.click("#tabs >> text=layers")
    page.emulate_media(media="print")
    places, table = page.locator("#told li").last.bounding_box(), page.locator("table")
    assert places["y"] + places["height"] <= table.bounding_box()["y"]


def test_names_that_mean_harm_are_only_names(opened):
    x = [Value(1.0, "</script><img src=x onerror=alert(1)>"), Value(2.0, '"><svg onload=alert(1)>')]
    model = MLP(2, [3, 1], rng=random.Random(1))
    root = (model(x) - 1.0) ** 2
    root.backward()
    page = opened(root, model, "network")
    for level in ("layers", "neurons", "values"):
        page.click(f"#tabs >> text={level}")
    assert page.locator("img, [onload], [onerror]").count() == 0


def test_without_a_script_the_page_is_its_picture_and_its_table(visit, tmp_path):
    path = draw(*wide()).save(tmp_path / "page.html")
    page = visit(path, java_script_enabled=False)
    assert page.locator("#scene svg .card").count() == 5
    assert page.locator("tbody tr").count() == 500
    assert not page.locator("#tabs").is_visible()


def test_a_saved_network_opens_its_own_levels(visit, tmp_path):
    model = MLP(2, [3, 1], rng=random.Random(1))
    root = (model([1.0, -2.0]) - 1.0) ** 2
    root.backward()
    picture = draw(root, model, "network")
    for parameter in model.parameters():
        parameter.data = 7.0
    page = visit(picture.save(tmp_path / "network.html"))
    page.wait_for_selector(".levels")
    assert page.evaluate(LEVEL) == "network"
    hot(page, "neuron 0 of layer 1").click()
    assert not re.search(r"data 7\b", " ".join(page.evaluate(MARKED)))
