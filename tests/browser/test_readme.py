"""The screenshots in the README are what its commands show today."""

import importlib.util
import statistics
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent.parent


def test_the_screenshots_of_the_readme_are_what_its_commands_show(browser, tmp_path):
    # Fonts differ between computers, and so do wraps; where pages change, `make pictures`.
    image = pytest.importorskip("PIL.Image", reason="needs: pip install pillow")
    script = importlib.util.spec_from_file_location("pictures", ROOT / ".ci" / "pictures.py")
    pictures = importlib.util.module_from_spec(script)
    script.loader.exec_module(pictures)
    pictures.take(browser, tmp_path)
    for name in pictures.SHOTS:
        shown, taken = pictures.FOLDER / f"{name}.png", tmp_path / f"{name}.png"
        assert f"](demos/pictures/{name}.png)" in (ROOT / "README.md").read_text("utf-8")
        assert shown.stat().st_size < 100_000
        ours, theirs = (image.open(path).convert("RGB") for path in (taken, shown))
        assert ours.size == theirs.size
        a, b = (picture.resize((40, 24)).tobytes() for picture in (ours, theirs))
        off = statistics.fmean(abs(x - y) for x, y in zip(a, b, strict=True))
        assert off < 4.0, f"{name}.png is off by {off:.1f} of 255 levels: make pictures"
