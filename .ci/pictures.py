"""The screenshots of the README: `make pictures` types its commands and takes them again.

What is on them is what a reader sees after typing the same: the page that steps through a
formula, in the middle of the way back, and the page of a training, at its end.
"""

import re
import shlex
import shutil
from contextlib import chdir
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from micronn.cli.main import main

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "demos" / "pictures"

# Of each page: its size, and the keys that lead to the moment worth a look.
SHOTS = {
    "step": ((1280, 720), ["ArrowRight"] * 8),  # the gradient of b, which is a sum
    "moons": ((1280, 760), ["End"]),  # when it has learned
}


def command(name):
    """The command in the README that writes the page, without opening it."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"^(?:\$ )?micronn (.* {name}\.html.*)$", text, re.M)
    return [word for word in shlex.split(found[1]) if word not in ("--open", "--live")]


def take(browser, folder):
    """Write the pictures into a folder."""
    for name, ((width, height), keys) in SHOTS.items():
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
        with TemporaryDirectory() as place, chdir(place):
            assert main(command(name)) == 0
            page.goto(Path(f"{name}.html").resolve().as_uri())
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_timeout(1000)  # until nothing moves any more
        picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
        few = picture.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(folder / f"{name}.png", optimize=True)
        page.close()


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as session:
        installed = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = session.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        take(browser, FOLDER)
        browser.close()
