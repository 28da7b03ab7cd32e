"""The sheets of paper: what is asked for is left out, and nothing gives it away."""

import re
import xml.etree.ElementTree as ET

import pytest

from micronn.cli.main import main
from micronn.engine import Value
from micronn.pictures.paint.palette import LIGHT
from micronn.viewer.questions.worksheet import save_worksheet, worksheet

PRODUCT = ["(a*b)*(a+b)", "a=-2", "b=3"]


def product_and_sum():
    """f = d*e, d = a*b, e = a+b at a = -2, b = 3."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    d, e = a * b, a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


def test_the_command_writes_a_sheet_and_its_answers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["quiz", *PRODUCT, "--worksheet", "sheet.html"]) == 0
    assert capsys.readouterr().out == "wrote sheet.html and sheet-answers.html\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["sheet-answers.html", "sheet.html"]


def picture(page):
    """The picture of a page, parsed."""
    return ET.fromstring(re.search(r"<svg.*</svg>", page, re.S)[0])


def texts(page):
    """Every text of the picture of a page."""
    return [
        element.text or "" for element in picture(page).iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.mark.parametrize("about", ["gradients", "data"])
def test_the_sheet_holds_no_answer_and_the_answers_hold_all(about):
    sheet, answers = worksheet(product_and_sum(), about=about)
    shown = {text for text in texts(sheet) if re.search(r"\d", text)}
    assert shown == {"gradients": {"−2", "3", "−6", "1"}, "data": {"−2", "3"}}[about]
    assert not any(text.startswith(("∂", "←", "+")) and text[1:].strip() for text in texts(sheet))
    assert sheet.count("<li>") == answers.count("<li>") == {"gradients": 5, "data": 8}[about]
    assert "gradient of b = <b>−8</b>" in answers
    assert "−8" not in sheet


def test_colours_dashes_and_tooltips_of_the_sheet_give_nothing_away():
    sheet, _ = worksheet(product_and_sum())
    root = picture(sheet)
    wires = [e for e in root.iter() if e.get("class") == "line"]
    assert len(wires) == 6
    assert {(e.get("stroke"), e.get("stroke-width"), e.get("stroke-dasharray")) for e in wires} == {
        ("#838e9a", "1.7", None)
    }
    assert not [e for e in root.iter() if e.tag.endswith(("title", "desc"))]
    assert root.get("aria-labelledby") is None  # for it would lead nowhere
    assert root.get("aria-label")


def test_labels_on_a_sheet_are_only_text():
    f = product_and_sum()
    f.label = "</title><script>alert(1)</script>"
    for page in worksheet(f):
        assert "<script" not in page
        assert page.count("</title>") <= 1 + page.count("<title")


def test_a_sheet_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        save_worksheet(product_and_sum(), tmp_path / "nowhere" / "sheet.html")


def test_infinity_does_not_show_on_the_card_where_it_is_asked_for():
    # a*a overflows: its card has a loud border and the word "first" where it is shown
    a, z = Value(1e200, "a"), Value(0.0, "z")
    sheet, answers = worksheet((a * a) * z, about="data")
    assert "first" not in "".join(texts(sheet))
    assert {LIGHT["bad"], LIGHT["badink"]}.isdisjoint(
        e.get(look) for e in picture(sheet).iter() for look in ("stroke", "fill")
    )
    assert "first +∞" in texts(answers)


@pytest.mark.parametrize(("about", "boxes"), [("gradients", 15), ("data", 18)])
def test_every_number_that_is_asked_for_has_a_box_to_write_in_of_20_x_7_mm(about, boxes):
    # 5 values, each with a gradient; 3 of them computed, each from 2 operands, so 6 local
    # derivatives; 2 are used twice, so 4 messages.  CSS: 96 pixels are an inch of 25.4 mm.
    root = picture(worksheet(product_and_sum(), about=about)[0])
    found = [e for e in root.iter() if e.get("stroke") == LIGHT["rule"] and e.get("rx")]
    assert len(found) == boxes
    for box in found:
        assert float(box.get("width")) * 25.4 / 96 >= 20.0
        assert float(box.get("height")) * 25.4 / 96 >= 7.0
    assert float(root.get("width")) * 25.4 / 96 <= 277.0  # A4 on its side, less the margins


def test_a_sheet_has_a_line_for_a_name_and_explains_its_signs():
    sheet, answers = worksheet(product_and_sum())
    assert '<p class="name">Name <span>' in sheet
    assert '<p class="name" hidden>' in answers
    for sign in ("∂ is the local derivative", "← is the message", "grad is the sum of all ←"):
        assert sign in sheet
        assert sign not in answers
