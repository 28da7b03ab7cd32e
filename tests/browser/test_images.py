"""A PNG is what a browser shows of the SVG on a light screen."""

import io
import re

import pytest
from drawn import picture

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", ["neuron", "shared", "neurons", "layers", "hostile", "overflow"])
def test_a_png_is_what_the_browser_shows(browser, tmp_path, name):
    pytest.importorskip("resvg_py", reason="needs: pip install resvg-py")
    image = pytest.importorskip("PIL.Image", reason="needs: pip install pillow")
    chops = pytest.importorskip("PIL.ImageChops")
    made = picture(name)
    made.save(tmp_path / "a.svg")
    painted = image.open(made.save(tmp_path / "a.png")).convert("RGB")
    width, height = (int(x) for x in re.search(r'width="(\d+)" height="(\d+)"', made.svg).groups())
    size = {"width": width, "height": height}
    page = browser.new_page(viewport=size, device_scale_factor=2)
    page.goto((tmp_path / "a.svg").as_uri())
    shown = image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    assert shown.size == painted.size
    differing = chops.difference(shown, painted).convert("L").point(lambda d: 255 * (d > 64))
    # Of ten thousand pixels one or two differ: where emoji and marks on letters stand.
    assert differing.histogram()[255] < 2e-4 * shown.width * shown.height
