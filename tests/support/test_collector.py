"""The cycle collector rests while something works, and is afterwards what it was before."""

import gc

import pytest

from micronn.support.collector import collector_paused


@collector_paused()
def working(fails=False):
    """Whether the collector runs in here."""
    if fails:
        raise KeyboardInterrupt
    return gc.isenabled()


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_collector_rests_and_is_then_as_before(running, fails):
    before = gc.isenabled()
    (gc.enable if running else gc.disable)()
    try:
        if fails:
            with pytest.raises(KeyboardInterrupt):
                working(fails=True)
        else:
            assert working() is False
        assert gc.isenabled() is running
    finally:
        (gc.enable if before else gc.disable)()
