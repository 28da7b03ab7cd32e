"""A value has one name, wherever it is shown."""

import random
import re

import pytest

from micronn.draw import draw
from micronn.nn import MLP
from micronn.terminal.tables import backward_table, computation_tree, plain_text
from micronn.viewer import to_html
from micronn.viewer.questions.worksheet import worksheet


def net():
    """MLP 2-3-1 and its loss.  Without names, v10, v16 and v22 would be the outputs of layer 1."""
    model = MLP(2, [3, 1], rng=random.Random(1))
    loss = (model([1.0, -2.0]) - 1.0) ** 2
    loss.backward()
    return loss, model


VIEWS = {
    "picture of values": lambda *net: draw(*net, "values").svg,
    "picture of neurons": lambda *net: draw(*net, "neurons").svg,
    "dot": lambda *net: draw(*net, "values").dot,
    "page": to_html,
    "worksheet": lambda *net: "".join(worksheet(*net)),
    "tree": lambda *net: plain_text(computation_tree(*net)),
    "table": lambda *net: plain_text(backward_table(*net)),
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_output_of_a_neuron_is_called_alike_in_every_view(view):
    text = VIEWS[view](*net())
    for name in ("h1.0", "h1.1", "h1.2"):
        assert name in text
    assert not re.search(r"\bv(10|16|22|25)\b", text)
