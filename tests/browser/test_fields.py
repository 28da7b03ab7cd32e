"""Changing a number on a step page as a person does: typing, arrow keys, dragging, downhill."""

import html

import pytest
from boxes import overlaps
from step_pages import bulb, follow, neuron, not_finite, step_of

from micronn.engine import Value
from micronn.graph.custom import custom_operation
from micronn.viewer import to_html

pytestmark = pytest.mark.browser

DATA = "id => document.getElementById(id + '_data').textContent"


def told(page):
    """What the page says about the last change."""
    return page.inner_text("#changed")


def field(page, name):
    return page.get_by_label(f"data of {name}", exact=True)


def division():
    """f = log(a) / b + c at a = 1, b = 2, c = 3."""
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    f = a.log() / b + c
    f.label = "f"
    f.backward()
    return f


# Fields


def test_a_typed_number_is_computed_with_at_once(stepping):
    # f = (a b) (a + b) at a = 1, b = 3 is 12
    page = stepping(bulb(), hash="#step-0")
    field(page, "a").fill("1")
    assert told(page) == "a is 1, f is 12."
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    # df/da = 2ab + b² = 15, df/db = a² + 2ab = 7
    assert page.locator("[data-slot=n0_grad]").inner_text() == "+15"
    assert page.locator("[data-slot=n1_grad]").inner_text() == "+7"


def test_what_is_typed_may_have_a_comma_a_minus_sign_or_be_infinite_but_must_be_a_number(stepping):
    page = stepping(bulb())
    for typed, shown in (("−0,5", "−0.5"), ("1e-3", "0.001"), ("inf", "+∞"), ("nan", "NaN")):
        field(page, "a").fill(typed)
        assert told(page).startswith(f"a is {shown}, f is")
    field(page, "a").fill("one")
    assert told(page) == "Type a number, such as −0.5 or 1/2 or 1e-3, or inf or nan."
    assert field(page, "a").get_attribute("aria-invalid") == "true"
    field(page, "a").fill("1")
    assert field(page, "a").get_attribute("aria-invalid") is None


def test_arrow_keys_change_a_number_by_a_tenth_and_with_shift_by_one(stepping):
    page = stepping(bulb(), hash="#step-2")
    field(page, "a").focus()
    for key, shown in (("ArrowUp", "-1.9"), ("Shift+ArrowUp", "-0.9"), ("ArrowDown", "-1")):
        page.keyboard.press(key)
        assert field(page, "a").input_value() == shown
    page.keyboard.press("ArrowLeft")  # moves the caret and turns no step
    assert page.inner_text("#count").startswith("step 2 ")


def test_a_number_is_dragged_on_its_card_and_that_is_one_change(stepping):
    page = stepping(bulb(), hash="#step-1")
    box = page.locator("#n0 .grip").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for far in (12, 24, 36):
        page.mouse.move(x + far, y)
    page.mouse.up()
    assert page.evaluate(DATA, "n0") == "−1.4"  # 36 px are six tenths
    page.wait_for_url("**#step-1&a=-1.4")
    page.click("#undo")
    assert page.evaluate(DATA, "n0") == "−2"
    page.locator("#n0 .grip").click(position={"x": 3, "y": 3})
    assert page.evaluate("document.activeElement.ariaLabel") == "data of a"


def test_constants_can_be_changed_and_the_title_follows(stepping):
    page = stepping(Value(3.0, "x") * 2.0)
    assert page.title() == "x × 2, one step at a time"
    field(page, "v1").fill("-4")
    assert page.title() == "x × (−4), one step at a time"
    assert page.inner_text("h1") == page.title()


# What cannot be computed


def test_a_refusal_stands_at_its_card_and_what_is_behind_it_is_not_computed(stepping):
    page = stepping(division(), hash="#step-9")
    before = page.evaluate("document.querySelector('.two, .lesson').innerText")
    field(page, "a").fill("-1")
    with pytest.raises(ValueError, match="log needs") as error:
        Value(-1.0, "a").log()
    words = str(error.value)
    assert words in told(page)
    assert page.locator(".refusal").text_content().replace("  ", " ") == words
    assert page.evaluate(DATA, "n1") == "refused"
    assert page.evaluate(DATA, "n3") == page.evaluate(DATA, "n5") == "·"
    assert page.locator("[data-slot=n1_grad]").inner_text() == "·"
    assert field(page, "c").input_value() == "3"
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#say") == f"{words}."
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#say") == f"Not computed: {words}."
    field(page, "a").fill("1")
    assert page.locator(".refusal").count() == 0
    follow(page, "#step-9")
    field(page, "a").blur()
    assert (
        page.evaluate("document.querySelector('.two, .lesson').innerText").replace(told(page), "")
        == before
    )


def test_a_refusal_stands_at_its_card_however_the_browser_writes_where_that_is(stepping):
    # Firefox writes the place of a card as a matrix, once a script has asked for it.
    page = stepping(division())
    places = []
    for written in ("", "matrix(1, 0, 0, 1, ${e}, ${f})"):
        field(page, "a").fill("1")
        page.evaluate("""written => document.querySelectorAll(".card").forEach(card => {
            const {e, f} = card.transform.baseVal.consolidate().matrix;
            const text = written.replace("${e}", e).replace("${f}", f);
            card.setAttribute("transform", text || card.getAttribute("transform"));
        })""", written)  # fmt: skip
        field(page, "a").fill("-1")
        places.append(page.locator(".refusal rect").bounding_box())
    assert places[0] == places[1]


@pytest.mark.parametrize(
    ("make", "typed", "words"),
    [
        (lambda x, y: x / y, (1.0, 0.0), "division of x = 1.0 by zero, y = 0.0"),
        (lambda x, y: x.sqrt() + y, (-4.0, 1.0), "at least zero, got x = -4.0"),
        (lambda x, y: x.exp() + y, (1000.0, 1.0), "exp of x = 1000.0 is beyond"),
        (lambda x, y: x.sin() + y, ("inf", 1.0), "a finite angle, got x = inf"),
        (lambda x, y: x**y, (0.0, -1.0), "x = 0.0 ** y = -1.0: zero has no negative power"),
        (lambda x, y: x**y, (-2.0, 0.5), "x = -2.0 ** y = 0.5: a negative number has no such"),
        (lambda x, y: x**y, (1e200, 2.0), "x = 1e+200 ** y = 2.0 is beyond the largest float"),
        (lambda x, y: x**0.5 * y, (-2.0, 1.0), "x = -2.0 ** 0.5: a negative number has no such"),
        (lambda x, y: x**-2 * y, (0.0, 1.0), "x = 0.0 ** -2.0: zero has no negative power"),
    ],
)
def test_every_refusal_is_said_in_the_words_of_python(stepping, make, typed, words):
    page = stepping(make(Value(0.5, "x"), Value(2.0, "y")))
    for name, x in zip("xy", typed, strict=True):
        field(page, name).fill(str(x))
    with pytest.raises((ArithmeticError, ValueError)) as error:
        make(*[Value(float(x), name) for name, x in zip("xy", typed, strict=True)])
    assert words in str(error.value)
    assert str(error.value) in told(page)


def test_nan_and_infinity_have_their_box_and_lose_it(stepping):
    page = stepping(bulb())
    page.keyboard.press("End")
    field(page, "a").fill("1e200")
    assert page.evaluate(DATA, "n4") == "+∞"
    assert page.locator("#n4 > text", has_text="first +∞").is_visible()
    field(page, "a").fill("1")
    assert page.locator("#n4 > text", has_text="first").count() == 0


def test_numbers_of_an_operation_that_only_python_knows_have_no_fields(stepping):
    x = Value(2.0, "x")
    page = stepping(custom_operation("twice", 2.0 * x.data, [x], [2.0]) + 1.0)
    assert page.locator("input.given").count() == 0
    assert page.inner_text("#given").strip() == (
        "The numbers cannot be changed on this page: only Python knows how twice computes v1."
    )


# Downhill, and back


def test_a_step_downhill_moves_the_parameters_and_compares_what_was_foretold(stepping):
    # (w - 5)² at w = 2: slope -6.  A step of 0.1 goes to 2.6; foretold -0.1 * 36, came 5.76 - 9
    w = Value(2.0, "w")
    loss = (w - 5.0) ** 2
    loss.label = "loss"
    page = stepping(loss, {"w": w}, hash="#step-1")
    page.click("#downhill")
    assert told(page) == (
        "w moved by −0.1 × grad. By the slopes loss should change by −3.600; "
        "it changed by −3.24, from 9 to 5.76."
    )
    assert field(page, "w").input_value() == "2.6"
    page.fill("#rate", "0.5")
    page.click("#downhill")
    assert field(page, "w").input_value() == "5"
    page.keyboard.press("Control+z")
    assert field(page, "w").input_value() == "2.6"
    page.click("#reset")
    assert told(page) == "These are the numbers that Python wrote."
    page.wait_for_url("**#step-1")
    page.fill("#rate", "0")
    page.click("#downhill")
    assert told(page) == "No step: a learning rate is a number above 0, such as 0.1."


def test_a_step_downhill_leaves_inputs_alone_where_there_are_parameters(stepping):
    page = stepping(*neuron())
    before = [field(page, name).input_value() for name in ("x0", "x1")]
    page.click("#downhill")
    assert [field(page, name).input_value() for name in ("x0", "x1")] == before
    assert "should change by" in told(page)


def test_resetting_gives_the_page_that_python_wrote(stepping):
    for root in (bulb(), not_finite()):
        page = stepping(root, hash="#step-3")
        page.mouse.click(2, 2)
        before = page.evaluate("document.querySelector('.lesson').innerHTML")
        page.locator("input.given").first.fill("0.25")
        assert page.evaluate("document.querySelector('.lesson').innerHTML") != before
        page.click("#reset")
        page.evaluate("document.getElementById('changed').textContent = ''")
        assert page.evaluate("document.querySelector('.lesson').innerHTML") == before


def test_a_page_of_several_moments_becomes_one_of_the_present_when_a_number_changes(stepping):
    w = Value(2.0, "w")
    loss = (w - 5.0) ** 2
    loss.backward()
    w.data -= 0.1 * w.grad
    page = stepping(loss)
    assert "w has changed since" in page.inner_text(".note")
    assert "was 2" in page.locator(".stage").inner_text()
    field(page, "w").fill("3")
    assert page.inner_text(".note") == ""
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert "was 2" not in page.locator(".stage").inner_text()
    assert page.locator("[data-slot=n0_grad]").inner_text() == "−4"
    page.click("#reset")
    assert "was 2" in page.locator(".stage").inner_text()


# The address, which is written when nothing has changed for a moment

ADDRESS_IS = "hash => location.hash === hash"


def test_numbers_live_in_the_address_so_that_a_link_is_a_lesson(stepping):
    page = stepping(bulb(), hash="#step-4&a=0.5&b=-1e3")
    page.wait_for_function(ADDRESS_IS, arg="#step-4&a=0.5&b=-1000")
    assert page.evaluate(DATA, "n1") == "−1000"
    page.keyboard.press("ArrowRight")
    page.wait_for_function(ADDRESS_IS, arg="#step-5&a=0.5&b=-1000")
    follow(page, "#step-2&b=7")
    assert [field(page, name).input_value() for name in "ab"] == ["-2", "7"]
    assert page.inner_text("#count").startswith("step 2 ")
    follow(page, "#predict-data&a=1")
    assert "Question 1" in page.inner_text("#title")
    page.fill("#typed", "3")
    page.click("#check")
    assert page.inner_text("#say").startswith("Right: the data of d is 3.")


def test_an_address_that_makes_no_sense_is_left_out_in_words(stepping):
    hostile = "#step-2&a=<script>alert(1)</script>&zz=3&b=%FF&__proto__=1&a=4"
    page = stepping(bulb(), hash=hostile)
    assert told(page).startswith("Left out of the address, as this page knows no such number: a=")
    assert field(page, "a").input_value() == "4"
    assert step_of(stepping(bulb(), hash="#step-2")) == 2


# Wherever it is opened


def test_it_computes_in_a_sandboxed_frame_without_an_address(visit, tmp_path):
    page_text = html.escape(to_html(bulb()), quote=True)
    path = tmp_path / "frame.html"
    path.write_text(
        f'<iframe sandbox="allow-scripts" width="1200" height="700" srcdoc="{page_text}"></iframe>',
        "utf-8",
    )
    frame = visit(path).frame_locator("iframe")
    frame.get_by_label("data of a", exact=True).fill("1")
    assert frame.locator("#changed").inner_text() == "a is 1, f is 12."
    frame.locator("#undo").click()
    assert frame.locator("#changed").inner_text() == "Undone: f is −6."


def test_without_webassembly_there_are_no_fields_and_a_reason(visit, tmp_path):
    path = tmp_path / "page.html"
    refused = "<script>\nWebAssembly.instantiate = () => { throw new Error(); };\n"
    path.write_text(to_html(bulb()).replace("<script>\n", refused), "utf-8")
    page = visit(path)
    page.wait_for_selector("#given:not([hidden])")
    assert page.inner_text("#given").strip().startswith("The numbers cannot be changed here: ")
    assert page.locator("input.given").count() == 0
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#count").startswith("step 1 ")


def test_without_a_script_and_on_paper_the_table_shows_numbers_and_no_fields(stepping):
    page = stepping(bulb(), java_script_enabled=False)
    assert page.locator("#given").is_hidden()
    assert page.locator("[data-slot=n0_data]").inner_text() == "−2"
    page = stepping(bulb())
    field(page, "a").fill("7")
    page.emulate_media(media="print")
    assert page.locator("[data-slot=n0_data]").inner_text() == "7"
    assert field(page, "a").is_hidden()


def test_the_policy_of_the_page_lets_webassembly_in_and_no_eval():
    page = to_html(bulb())
    assert "'wasm-unsafe-eval'" in page
    assert "'unsafe-eval'" not in page


def test_what_a_refusal_says_covers_no_card_and_no_other_refusal(stepping):
    a = Value(2.0, "a")
    total = sum([a.log() * weight for weight in (1.0, 2.0, 3.0, 4.0)])
    total.backward()
    page = stepping(total)
    field(page, "a").fill("-1")
    page.wait_for_selector(".refusal", state="attached")
    boxes = page.evaluate(
        """[...document.querySelectorAll('.stage .card, .refusal')].map(part => {
            const {left, top, right, bottom} = part.querySelector('rect').getBoundingClientRect();
            return [left, top, right, bottom, part.id || 'refusal'] })"""
    )
    assert sum(box[4] == "refusal" for box in boxes) == 4
    assert overlaps(boxes) == []
