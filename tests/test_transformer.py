"""The transformer of lesson 45: the graph, its programs and PyTorch say the same.

PyTorch computes it another way: all tokens at once as matrices, with functions of its
own for embedding, normalisation and attention.  Skipped where it is not installed.
"""

import random
import re
import sys
from pathlib import Path

import pytest
from example_trainings import PROGRAMS

from micronn.draw import draw
from micronn.engine import topological_order
from micronn.graph.neurons import find_folds
from micronn.graph.rows import Graph
from micronn.optim import Adam

sys.path.append(str(Path(__file__).parent.parent / "demos"))
from transformer import Transformer, indices, one_hots, program_of

NAMES = ["ab", "cde", "fg", "hij", "ka", "abc"]
SIZES = {  # of its matrices: inputs, outputs
    "wq": (16, 16), "wk": (16, 16), "wv": (16, 16), "wo": (16, 16),
    "fc1": (16, 64), "fc2": (64, 16), "lm_head": (16, 27),
}  # fmt: skip


def transformer():
    """The same random weights every time."""
    return Transformer(random.Random(1))


def adam(model):
    """Adam with a rate that falls evenly to 0."""
    return Adam(model.parameters(), lr=lambda step: 0.01 * (1.0 - step / len(NAMES)))


def trained_by_graph(model):
    """The loss of each name before its step, looked up by index and recorded anew."""
    optimizer, losses = adam(model), []
    for name in NAMES:
        loss = model.loss(indices(name))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


@pytest.mark.parametrize("backend", PROGRAMS)
def test_one_program_for_each_length_learns_what_the_graph_learns(backend):
    model, other = transformer(), transformer()
    programs = {n: program_of(other, n, backend=backend) for n in (2, 3)}
    optimizer, losses = adam(other), []
    for name in NAMES:
        losses += programs[len(name)].train([one_hots(name)], optimizer, epochs=1)
    assert losses == pytest.approx(trained_by_graph(model), rel=1e-9)
    weights = [p.data for p in model.parameters()]
    assert [p.data for p in other.parameters()] == pytest.approx(weights, rel=1e-9, abs=1e-9)


def by_torch(model, tokens):
    """The loss of a text and its slopes by name, as PyTorch computes them."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    named = {name: rows for name, rows in vars(model).items() if isinstance(rows, list)}
    w = {
        name: torch.tensor([[p.data for p in row] for row in rows], dtype=torch.float64)
        for name, rows in named.items()
    }
    for tensor in w.values():
        tensor.requires_grad = True
    seen, following = torch.tensor(tokens[:-1]), torch.tensor(tokens[1:])

    def norm(x):
        return functional.rms_norm(x, (16,), eps=1e-5)

    def heads(x):
        return x.view(len(seen), model.heads, -1).transpose(0, 1)

    x = norm(functional.embedding(seen, w["wte"]) + w["wpe"][: len(seen)])
    query, key, value = [heads(norm(x) @ w[name].T) for name in ("wq", "wk", "wv")]
    heard = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    x = x + heard.transpose(0, 1).reshape(len(seen), -1) @ w["wo"].T
    x = x + (norm(x) @ w["fc1"].T).relu() @ w["fc2"].T
    loss = functional.cross_entropy(x @ w["lm_head"].T, following)
    loss.backward()
    return loss.item(), {
        f"{name}.{i}.{j}": g
        for name, tensor in w.items()
        for i, row in enumerate(tensor.grad.tolist())
        for j, g in enumerate(row)
    }


def test_pytorch_computes_the_same_loss_and_the_same_4192_slopes():
    model, tokens = transformer(), indices("abeldo")
    loss = model.loss(tokens)
    loss.backward()
    expected, slopes = by_torch(model, tokens)
    assert loss.data == pytest.approx(expected, rel=1e-9)
    found = {name: p.grad for name, p in model.named_parameters()}
    assert len(found) == 4192
    assert found == pytest.approx(slopes, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["a", "abel"])
def test_every_matrix_is_a_layer_of_its_own_for_one_token_and_for_many(name):
    model = transformer()
    loss = model.loss(indices(name)[: len(name) + 1])
    layers = find_folds(Graph(loss, model)).layers
    sizes = {x.scope: (len(x.neurons[0].weights), len(x.neurons)) for x in layers}
    assert sizes == SIZES
    assert [layer.neurons[0].activation for layer in layers] == ["", "", "", "", "relu", "", ""]


def test_words_read_as_one_hots_make_their_table_a_layer_too():
    # A place's row is added to the table's row: it is no bias, as each place has another.
    model = transformer()
    tokens = indices("abel")
    hot = [[float(k == token) for k in range(27)] for token in tokens]
    layers = find_folds(Graph(model.loss(hot), model)).layers
    assert {layer.scope: len(layer.params) for layer in layers} == {
        "wte": 27 * 16, **{name: nin * nout for name, (nin, nout) in SIZES.items()},
    }  # fmt: skip


def test_every_matrix_of_one_token_has_a_card():
    model = transformer()
    loss = model.loss(indices("a")[:2])
    loss.backward()
    titles = re.findall("<title>([a-z_0-9]+): ([0-9]+) → ([0-9]+) ", draw(loss, model).svg)
    assert {name: (int(nin), int(nout)) for name, nin, nout in titles} == SIZES


def test_every_number_of_one_token_is_drawn_forward_and_backward():
    model = transformer()
    loss = model.loss(indices("a")[:2])
    loss.backward()
    order = topological_order(loss)
    text = draw(loss, model, "values", limit=None).dot.replace("−", "-")
    numbers = r"(?m)^n(\d+) \[.*? \| data (\S+) \| grad (\S+) "
    cards = [(float(data), float(grad)) for _, data, grad in re.findall(numbers, text)]
    assert len(cards) == len(order)
    assert cards == [
        (pytest.approx(x.data, rel=1e-3), pytest.approx(x.grad, rel=1e-3)) for x in order
    ]


def test_the_first_token_teaches_neither_query_nor_key():
    # The softmax of one number is 1, whatever the number is.
    model = transformer()
    model.loss(indices("a")[:2]).backward()
    assert {p.grad for table in (model.wq, model.wk) for row in table for p in row} == {0.0}
    assert all(any(p.grad for row in table for p in row) for table in (model.wv, model.wo))
