"""PNG and PDF are the SVG, painted: the same words, the same colours, on a page of its size."""

import html
import re
import shutil
import subprocess
import sys

import pytest
from drawn import picture
from example_graphs import net, neuron

from micronn.cli.main import main
from micronn.draw import draw
from micronn.pictures.paint import images
from micronn.pictures.paint.images import NoRenderer

PACKAGES = {".png": "resvg_py", ".pdf": "typst"}


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
@pytest.mark.parametrize("detail", ["values", "network"])
def test_a_picture_is_saved_as_an_image_the_same_every_time(suffix, start, detail, tmp_path):
    pytest.importorskip(PACKAGES[suffix])
    made = draw(*net(), detail).save(tmp_path / f"a{suffix}").read_bytes()
    assert made.startswith(start)
    assert made == draw(*net(), detail).save(tmp_path / f"b{suffix}").read_bytes()


def test_a_png_has_two_pixels_for_each_unit(tmp_path):
    pytest.importorskip("resvg_py")
    made = draw(*neuron())
    data = made.save(tmp_path / "a.png").read_bytes()
    size = tuple(int(x) for x in re.search(r'width="(\d+)" height="(\d+)"', made.svg).groups())
    # The header of a PNG holds its width and height from byte 16 on.
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (2 * size[0], 2 * size[1])


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs: apt install poppler-utils")
def test_the_words_of_a_pdf_can_be_searched(tmp_path):
    pytest.importorskip("typst")
    made = draw(*neuron())
    path = made.save(tmp_path / "a.pdf")
    said = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True)
    texts = list(map(html.unescape, re.findall(r">([^<>]+)</text>", made.svg)))
    assert len(texts) > 40
    found = said.stdout.replace("\n", " ")
    assert not [text for text in texts if text not in found]


@pytest.mark.parametrize(("suffix", "package"), [(".png", "resvg-py"), (".pdf", "typst")])
def test_without_its_package_an_image_is_refused_with_the_command_that_brings_it(
    suffix, package, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, PACKAGES[suffix], None)  # importing it fails
    path = tmp_path / f"a{suffix}"
    with pytest.raises(NoRenderer, match=f"pip install {package}; or save as .svg"):
        draw(*neuron()).save(path)
    assert main(["draw", "x*x", "x=3", "-o", str(path)]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("error:"), f"pip install {package}" in err) == ("", 1, True)
    assert not path.exists()


def test_where_there_is_no_font_an_image_is_refused_and_not_left_without_words(monkeypatch):
    pytest.importorskip("resvg_py")
    monkeypatch.setattr(images, "painted", lambda package, svg: b"nothing but the ground")
    with pytest.raises(NoRenderer, match="install DejaVu Sans Mono"):
        images.png(picture("neuron").svg, "neuron")
