"""What the tests in a browser share: how a page is opened, and that it keeps quiet."""

from itertools import count

import pytest

from micronn.viewer import to_html


@pytest.fixture
def visit(browser):
    """A function that opens a file in a browser of its own and gives the page.

    At the end nothing may have been heard from any: no message, no error, no dialog, no
    request beyond the file.
    """
    contexts, heard = [], []

    def visit_(path, hash="", width=1200, height=800, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **options))
        page, address = contexts[-1].new_page(), path.as_uri()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda r: r.url.split("#")[0] == address or heard.append(r.url))
        page.goto(address + hash)
        page.wait_for_selector(":root:not(.unpacking)", state="attached")  # also of an SVG
        return page

    yield visit_
    for context in contexts:
        context.close()
    assert heard == []


@pytest.fixture
def stepping(visit, tmp_path):
    """A function that opens the step page of a graph, and waits until it can compute."""
    files = count()

    def open_(root, params=None, title=None, **options):
        path = tmp_path / f"page{next(files)}.html"
        path.write_text(to_html(root, params, title=title), "utf-8")
        page = visit(path, **options)
        if options.get("java_script_enabled", True) and page.query_selector("#given"):
            page.wait_for_selector("#given:not([hidden])", state="attached")
        return page

    return open_
