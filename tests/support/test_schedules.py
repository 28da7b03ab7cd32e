"""Schedules: the learning rates of PyTorch's, and refusals at once."""

import pytest

from micronn.optim import cosine_schedule, warmup_schedule


def test_schedules_are_those_of_torch():
    torch = pytest.importorskip("torch")
    schedulers = torch.optim.lr_scheduler

    def rates(make, steps):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
        scheduler = make(optimizer)
        for _ in range(steps):
            yield scheduler.get_last_lr()[0]
            optimizer.step()
            scheduler.step()

    for ours, theirs in [
        (cosine_schedule(0.3, 40, 0.1), lambda o: schedulers.CosineAnnealingLR(o, 40, 0.1)),
        (warmup_schedule(10, 0.3), lambda o: schedulers.LinearLR(o, 0.1, 1.0, 9)),
    ]:
        assert [ours(step) for step in range(40)] == pytest.approx(list(rates(theirs, 40)))


def test_warmup_meets_the_schedule_it_leads_to():
    schedule = warmup_schedule(5, cosine_schedule(1.0, steps=10))
    assert schedule(4) == schedule(5) == 1.0
    assert schedule(15) == schedule(99) == 0.0


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: cosine_schedule(0.1, steps=2.5), TypeError),
        (lambda: cosine_schedule(0.1, steps=0), ValueError),
        (lambda: cosine_schedule(-0.1, steps=5), ValueError),
        (lambda: cosine_schedule(0.1, steps=5, lowest=-0.1), ValueError),
        (lambda: warmup_schedule(0, then=0.1), ValueError),
        (lambda: warmup_schedule(3, then="0.1"), TypeError),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_at_once(build, error):
    with pytest.raises(error):
        build()
