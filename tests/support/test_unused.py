"""A training that hands out its steps says it if nobody asks for them."""

import gc
import warnings

import pytest
from example_trainings import net, parameters, seeded

from micronn import train, training
from micronn.data import moons
from micronn.losses import hinge
from micronn.optim import SGD


def run(steps, model):
    return steps(model, hinge, moons(8), SGD(model.parameters(), 0.1), 2, 4, seeded())


def stopped(steps, model):
    return training.early_stopping(run(steps, model), model)


@pytest.mark.parametrize("form", [run, stopped])
@pytest.mark.parametrize("steps", [train.steps, training.steps], ids=["train", "training"])
def test_a_training_that_nobody_loops_over_says_that_it_took_no_step(steps, form):
    # early_stopping(steps(...), model) as a line of its own trains nothing
    model = net()
    before = parameters(model)
    with pytest.warns(RuntimeWarning, match=r"took no step; loop over it.*or call fit"):
        form(steps, model)
    assert parameters(model) == before


@pytest.mark.parametrize("form", [run, stopped])
@pytest.mark.parametrize("steps", [train.steps, training.steps], ids=["train", "training"])
def test_a_training_that_was_begun_says_nothing_however_it_ends(steps, form):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in form(steps, net()):
            break
        next(form(steps, net()))
        assert len(list(form(steps, net()))) == 2
        begun = run(steps, net())
        assert "took no step" in repr(begun)
        next(begun)
        assert "took no step" not in repr(begun)
        begun.close()
        assert list(begun) == []
        gc.collect()


def test_arguments_that_do_not_fit_are_refused_without_a_word_about_steps():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match="loss is a function"):
            training.steps(net(), "hinge", moons(8), SGD(net().parameters(), 0.1), 2)
