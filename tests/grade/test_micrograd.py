"""The engine that most learners know, graded."""

import pytest

from micronn.grade import grade


def test_micrograd_is_right_within_its_limits():
    micrograd = pytest.importorskip("micrograd.engine")
    found = grade(micrograd.Value)
    assert found.is_right
    assert ["deep", "again"] == [finding.kind for finding in found.findings]
