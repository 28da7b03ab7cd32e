"""A plugin of pytest: `pytest --micronn-engine=engine.py:Value` makes each rule a test.

The engine runs in a process of its own, once, when tests are collected; the tests tell
what it answered.  Without that option nothing is added to a test run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("micronn").addoption(
        "--micronn-engine",
        metavar="FILE[:CLASS]",
        help="a test for each rule that this autograd engine should follow",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the tests of the engine that was named, if one was."""
    named = config.getoption("--micronn-engine")
    if named:
        items += rules(session, named, config.invocation_params.dir)


def rules(session: pytest.Session, named: str, folder: Path) -> Iterator[pytest.Item]:
    """A test for each program; one that fails if there is no engine to try."""
    from micronn.grade.grader import grade
    from micronn.grade.report import told  # not at import: every run of pytest loads this file

    text, _, cls = named.partition(".py:")
    try:
        graded = grade(folder / (f"{text}.py" if cls else named), cls or None)
    except OSError as error:
        raise pytest.UsageError(f"--micronn-engine={named}: {error.strerror}") from None
    words = "\n".join(told(graded))
    results = dict[str, str]()
    for program, result in graded.results.items():  # of one text with several numbers, the worst
        name = f"{program.kind}: {program.text}"
        results[name] = "wrong" if results.get(name) == "wrong" else result
    if any(f.kind in ("engine", "deed") for f in graded.findings):
        results["the engine"] = "wrong"
    for name, result in results.items():
        yield Rule.from_parent(session, name=name, result=result, words=words)


class Rule(pytest.Item):
    """What one program says of the engine."""

    def __init__(self, *, result: str, words: str, **known: Any) -> None:
        super().__init__(**known)
        self.result, self.words = result, words

    def runtest(self) -> None:
        if self.result == "not claimed":
            pytest.skip("the engine does not do this")
        if self.result == "wrong":
            raise WrongError(self.words)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The words of the grade, without a traceback through this file."""
        if isinstance(excinfo.value, WrongError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class WrongError(Exception):
    """An engine breaks a rule; its message is all that was found."""
