"""What several test files share: the same random cases every time, and a browser."""

import shutil

import hypothesis
import pytest

# The usual run draws the same cases on every machine, so that red means broken.
# `pytest --hypothesis-profile=wide` draws new ones, and many more.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("wide", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("fixed")


def pytest_collection_modifyitems(config, items):
    """Leave the widest runs to `make wide`."""
    if config.getoption("--hypothesis-profile") != "wide":
        wide = [item for item in items if item.get_closest_marker("wide")]
        items[:] = [item for item in items if item not in set(wide)]
        config.hook.pytest_deselected(items=wide)


# No sandbox, because tests may run as root in a container; and nothing from the network.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def start_browser():
    """A function that starts a headless Chromium, with more switches if they are given.

    Tests that ask for it are skipped where there is none.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="needs: pip install playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs a browser: apt install chromium")
    with playwright.sync_playwright() as session:
        yield lambda *switches: session.chromium.launch(
            executable_path=chromium, args=[*QUIET, *switches]
        )


@pytest.fixture(scope="session")
def browser(start_browser):
    """A headless Chromium."""
    browser = start_browser()
    yield browser
    browser.close()


@pytest.fixture
def page(browser):
    """A fresh page of the browser."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
