"""Neurons are found by shape and name, whoever built them and however."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micronn.engine import Value, dot, maximum, total
from micronn.graph import custom_operation
from micronn.graph.neurons import dotted, find_folds, matrix_of, parent, scope_of
from micronn.graph.rows import Graph
from micronn.nn import ACTIVATIONS, MLP, Layer, Module, Neuron
from micronn.pictures.views.render import render


def by_products(neuron, x):
    """micrograd's way to write a neuron: a chain of additions."""
    return sum((w * xi for w, xi in zip(neuron.w, x, strict=True)), neuron.b)


def by_products_from_zero(neuron, x):
    """The same, starting from Python's own 0, the bias last."""
    return sum(xi * w for w, xi in zip(neuron.w, x, strict=True)) + neuron.b


def by_total(neuron, x):
    """One sum of products and bias."""
    return total([*[w * xi for w, xi in zip(neuron.w, x, strict=True)], neuron.b])


def by_dot(neuron, x):
    """One dot and a bias; the inputs come first."""
    return neuron.b + dot(x, neuron.w)


@pytest.mark.parametrize("shape", [by_products, by_products_from_zero, by_total, by_dot])
@pytest.mark.parametrize("activation", ["tanh", ""])
def test_every_way_to_write_a_neuron_is_recognised(shape, activation):
    neuron = Neuron(3, rng=random.Random(7))
    x = [Value(1.0), Value(2.0), Value(3.0)]
    z = shape(neuron, x)
    out = z.tanh() if activation else z
    loss = (out - 1.0) ** 2
    graph = Graph(loss, neuron)
    (layer,) = find_folds(graph).layers
    (found,) = layer.neurons
    assert found.weights == [graph.index[w] for w in neuron.w]
    assert found.bias == graph.index[neuron.b]
    assert found.activation == activation
    (call,) = found.calls
    assert call.inputs == [graph.index[value] for value in x]
    assert (call.z, call.out) == (graph.index[z], graph.index[out])
    for k, (user, j) in zip(call.inputs, call.reads, strict=True):
        assert graph.nodes[user].operands[j] == k


def test_layers_hold_their_neurons_and_neurons_their_calls():
    model = MLP(2, [4, 3, 1], rng=random.Random(7))
    outs = [model([Value(0.1 * i), Value(1.0)]) for i in range(5)]
    folds = find_folds(Graph(total(outs), model))
    assert [layer.scope for layer in folds.layers] == ["layers.0", "layers.1", "layers.2"]
    assert [len(layer.neurons) for layer in folds.layers] == [4, 3, 1]
    assert {len(n.calls) for layer in folds.layers for n in layer.neurons} == {5}
    assert [len(layer.params) for layer in folds.layers] == [12, 15, 4]
    assert len(folds.home) == 31 + 5 * (4 + 3 + 1) * 3 - 5 * 1  # dot, +, relu; the last is linear


def test_neurons_of_modules_with_other_names_are_found():
    class Net(Module):
        def __init__(self):
            self.body = Layer(2, 2, "tanh", rng=random.Random(7))
            self.head = Neuron(2, "sigmoid", rng=random.Random(7))

        def __call__(self, x):
            return self.head(self.body(x))

    net = Net()
    folds = find_folds(Graph(net([Value(1.0), Value(2.0)]), net))
    assert [layer.scope for layer in folds.layers] == ["body", "head"]


def test_rows_of_weights_in_one_scope_are_neurons_side_by_side():
    w = [[Value(0.1), Value(0.2)], [Value(0.3), Value(0.4)]]
    x = [Value(1.0), Value(2.0)]
    params = {f"net.w.{i}.{j}": w[i][j] for i in range(2) for j in range(2)}
    folds = find_folds(Graph(total([dot(row, x) for row in w]), params))
    assert [(layer.scope, len(layer.neurons)) for layer in folds.layers] == [("net", 2)]


def matrix(rows, columns, seed):
    """Rows of random weights."""
    rng = random.Random(seed)
    return [[Value(rng.uniform(-1.0, 1.0)) for _ in range(columns)] for _ in range(rows)]


def times(rows, x):
    """Matrix times vector."""
    return [dot(row, x) for row in rows]


def scopes_and_sizes(root, params):
    """The layers that are found: scope -> (weights of a neuron, neurons)."""
    layers = find_folds(Graph(root, params)).layers
    return {layer.scope: (len(layer.neurons[0].weights), len(layer.neurons)) for layer in layers}


# How people name the number in row 3, column 2 of a matrix.  Each with what is found.
SPELLINGS = {
    "{m}.{i}.{j}": "{m}",
    "layer0.attn_{m}.{i}.{j}": "layer0.attn_{m}",
    "h.0.attn.{m}.{i}.{j}": "h.0.attn.{m}",
    "h[0].attn.{m}[{i}][{j}]": "h.0.attn.{m}",
    "layer0.{m}[{i}][{j}]": "layer0.{m}",
    "{m}[{i}][{j}]": "{m}",
    "{m}[{i}, {j}]": "{m}",
    "{m}({i},{j})": "{m}",
    "{m}_{i}_{j}": "{m}",
    "layer0_{m}_{i}_{j}": "layer0_{m}",
    "{m}/{i}/{j}": "{m}",
    "{m} {i} {j}": "{m}",
    "{m}.weight.{i}.{j}": "{m}",
    "{m}.row.{i}.w.{j}": "{m}",
    "{m}.{i}.w.{j}": "{m}",
    "net.{m}[{i}].w[{j}]": "net.{m}",
}


@pytest.mark.parametrize(("spelling", "scope"), SPELLINGS.items(), ids=SPELLINGS)
@pytest.mark.parametrize("by_column", [False, True])
def test_each_matrix_is_a_layer_however_its_indices_are_spelled(spelling, scope, by_column):
    # Two matrices that read the same inputs and one that reads what they make.
    if by_column and ".w" in spelling:
        return  # those names say which neuron it is
    tables = {"wq": matrix(4, 3, 1), "wk": matrix(4, 3, 2), "wo": matrix(2, 4, 3)}
    x = [Value(1.0), Value(2.0), Value(3.0)]
    pairs = zip(times(tables["wq"], x), times(tables["wk"], x), strict=True)
    root = total(times(tables["wo"], [a * b for a, b in pairs]))
    params = {
        spelling.format(m=m, i=j if by_column else i, j=i if by_column else j): w
        for m, table in tables.items()
        for i, row in enumerate(table)
        for j, w in enumerate(row)
    }
    sizes = {"wq": (3, 4), "wk": (3, 4), "wo": (4, 2)}
    expected = {scope.format(m=m): size for m, size in sizes.items()}
    assert scopes_and_sizes(root, params) == expected


@pytest.mark.parametrize("bias", ["b{k}.{i}", "b{k}[{i}]", "b{k}_{i}", "b.{k}.{i}", "c{k}{i}"])
@pytest.mark.parametrize(
    "weight", ["w{k}.{i}.{j}", "w{k}[{i}][{j}]", "w{k}_{i}_{j}", "w.{k}.{i}.{j}"]
)
def test_the_biases_of_a_matrix_are_found_beside_it(weight, bias):
    x, params = [Value(1.0), Value(2.0)], {}
    for k, rows in enumerate((3, 2, 1)):
        table, biases = matrix(rows, len(x), k), matrix(1, rows, 9 + k)[0]
        for i, row in enumerate(table):
            params[bias.format(k=k, i=i)] = biases[i]
            params |= {weight.format(k=k, i=i, j=j): w for j, w in enumerate(row)}
        x = [(z + b).tanh() for z, b in zip(times(table, x), biases, strict=True)]
    layers = find_folds(Graph(x[0], params)).layers
    named = weight.format(k="{k}", i=0, j=0).replace("[0]", "").removesuffix("_0_0")
    assert [layer.scope for layer in layers] == [
        named.removesuffix(".0.0").format(k=k) for k in range(3)
    ]
    assert [len(layer.params) for layer in layers] == [9, 8, 3]


def test_a_matrix_that_is_alone_goes_by_what_it_is_in():
    w = matrix(2, 2, 1)
    root = total(times(w, [Value(1.0), Value(2.0)]))
    rows = [(f"{i}.{j}", w[i][j]) for i in range(2) for j in range(2)]
    assert scopes_and_sizes(root, {f"net.out.w.{k}": p for k, p in rows}) == {"net.out": (2, 2)}
    assert scopes_and_sizes(root, {f"w.{k}": p for k, p in rows}) == {"w": (2, 2)}


@pytest.mark.parametrize("by_column", [False, True])
def test_the_rows_of_a_matrix_stand_in_their_own_order_in_whatever_order_they_are_called(by_column):
    w, x = matrix(12, 2, 1), [Value(1.0), Value(2.0)]
    called = [dot(w[k], x) for k in (11, 3, 0, 10, 2, 1, 9, 4, 8, 5, 7, 6)]
    params = {f"net.w.{j if by_column else i}.{i if by_column else j}": w[i][j]
              for i in range(12) for j in range(2)}  # fmt: skip
    graph = Graph(total(called), params)
    folds = find_folds(graph)
    (layer,) = folds.layers
    assert [neuron.weights for neuron in layer.neurons] == [
        [graph.index[p] for p in row] for row in w
    ]
    assert [folds.home[graph.index[row[1]]] for row in w] == [(0, k) for k in range(12)]


@given(st.text(alphabet="w1[]._, (0)/:x²", max_size=20))
def test_a_name_with_dots_before_its_indices_stays_as_it_is(name):
    once = dotted(name)
    assert dotted(once) == once
    assert matrix_of(once).startswith(scope_of(once))


def test_what_two_matrices_make_together_is_one_layer():
    # A recurrent cell, tanh(w x + u h + b), and beside it a matrix that reads it.
    w, u, out = matrix(3, 2, 1), matrix(3, 3, 2), matrix(2, 3, 3)
    b, x, h = matrix(1, 3, 4)[0], matrix(1, 2, 5)[0], matrix(1, 3, 6)[0]
    both = zip(times(w, x), times(u, h), b, strict=True)
    root = total(times(out, [(a + c + d).tanh() for a, c, d in both]))
    tables = {"w": w, "u": u, "out": out, "b": [[p] for p in b]}
    params = {
        f"cell.{m}.{i}.{j}": p
        for m, table in tables.items()
        for i, row in enumerate(table)
        for j, p in enumerate(row)
    }
    assert scopes_and_sizes(root, params) == {"cell": (5, 3), "cell.out": (3, 2)}


@pytest.mark.parametrize("channels", [1, 2])
def test_the_kernels_of_a_convolution_are_one_layer(channels):
    # conv.w.out.in.k: three indices, of which the first says the neuron.
    kernels = [matrix(channels, 3, k) for k in range(4)]
    x = [Value(float(k)) for k in range(3 * channels)]
    outs = [dot([w for row in kernel for w in row], x) for kernel in kernels]
    params = {
        f"conv.w.{k}.{i}.{j}": w
        for k, kernel in enumerate(kernels)
        for i, row in enumerate(kernel)
        for j, w in enumerate(row)
    }
    assert scopes_and_sizes(total(outs), params) == {"conv": (3 * channels, 4)}


def test_lists_of_neurons_in_one_model_are_layers_of_their_own():
    class Net(Module):
        def __init__(self):
            rng = random.Random(7)
            self.hidden = [Neuron(2, "tanh", rng=rng) for _ in range(3)]
            self.output = [Neuron(3, "linear", rng=rng) for _ in range(2)]

        def __call__(self, x):
            hidden = [neuron(x) for neuron in self.hidden]
            return [neuron(hidden) for neuron in self.output]

    net = Net()
    root = total(net([Value(1.0), Value(2.0)]))
    assert scopes_and_sizes(root, net) == {"hidden": (2, 3), "output": (3, 2)}


def test_what_is_added_to_the_same_weights_here_and_not_there_is_no_bias():
    # A row for each place in a text, added to what a word is: three places, one bias none.
    words, places = matrix(2, 2, 1), matrix(3, 2, 2)
    x = [[Value(1.0), Value(0.0)], [Value(0.0), Value(1.0)], [Value(1.0), Value(0.0)]]
    sums = [
        z + b for token, row in zip(x, places, strict=True)
        for z, b in zip(times(words, token), row, strict=True)
    ]  # fmt: skip
    params = {f"wte.{i}.{j}": words[i][j] for i in range(2) for j in range(2)}
    params |= {f"wpe.{i}.{j}": places[i][j] for i in range(3) for j in range(2)}
    graph = Graph(total([z.tanh() for z in sums]), params)
    folds = find_folds(graph)
    (layer,) = folds.layers
    assert (layer.scope, len(layer.params)) == ("wte", 4)
    assert [neuron.bias for neuron in layer.neurons] == [None, None]
    assert not {graph.index[p] for row in places for p in row} & folds.home.keys()


def test_what_is_no_weighted_sum_is_left_alone():
    a, b, x = Value(1.0), Value(2.0), Value(3.0)
    sums = [a * a + b * b, a * x + 0.0, total([a * x, b, b])]  # the last has two biases
    for out in (*sums, (a * x) * (b * x), a.exp() * b, a * b, a * x):
        assert find_folds(Graph(out, {"m.a": a, "m.b": b})).layers == []


def test_a_sum_that_somebody_else_reads_is_no_inner_part():
    a, b, x = Value(1.0), Value(2.0), Value(3.0)
    part = a * x
    both = part + b
    (layer,) = find_folds(Graph(both * part, {"m.a": a, "m.b": b})).layers or [None]
    assert layer is None or len(layer.neurons[0].calls) == 1


def test_names_without_dots_are_nobodys():
    w, x, b = Value(1.0), Value(2.0), Value(3.0)
    assert find_folds(Graph((w * x + b).tanh(), {"w": w, "b": b})).layers == []


def test_scopes_are_read_off_dotted_names():
    assert scope_of("layers.0.neurons.3.w.2") == "layers.0.neurons.3"
    assert scope_of("w.2") == scope_of("b") == scope_of("3") == scope_of("") == ""
    assert parent("layers.0.neurons.3") == "layers.0"
    assert parent("neurons.3") == ""


def own_bend(z):
    return z * z.sigmoid()


CURVES = {  # each is made of z and plain numbers alone, and has a name for its slope at z
    "composite": own_bend,
    "tanh": Value.tanh,
    "sine": Value.sin,
    "clipped": lambda z: maximum(z, 0.0),
    "tanh formula of gelu": lambda z: 0.5 * z * (1.0 + (0.8 * (z + 0.045 * z**3)).tanh()),
}


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_whatever_is_made_of_the_weighted_sum_alone_is_its_activation(curve):
    w, b = [Value(0.5), Value(-0.25)], Value(0.1)
    z = dot(w, [1.0, 2.0]) + b
    out = curve(z)
    out.backward()
    slope = z.grad
    loss = (out - 1.0) ** 2
    graph = Graph(loss, {"n.w.0": w[0], "n.w.1": w[1], "n.b": b})
    folds = find_folds(graph)
    ((neuron,),) = [layer.neurons for layer in folds.layers]
    (call,) = neuron.calls
    assert (call.z, call.out) == (graph.index[z], graph.index[out])
    assert call.slope(graph) == pytest.approx(slope, rel=1e-15)
    outside = [graph.nodes[k].op for k in range(len(graph)) if k not in folds.home]
    assert [op for op in outside if op] == ["-", "**2"]
    alone = [row for row in graph.nodes[:-1] if row.k not in {*folds.home, *call.inputs}]
    assert {row.role for row in alone} == {"op", "const"}
    assert len([row for row in alone if row.role == "const"]) == 1  # the 1.0 of the loss


@pytest.mark.parametrize(
    "use",
    [
        lambda z, x: z * z,  # no function among it
        lambda z, x: (z - 1.0) ** 2,
        lambda z, x: z.sigmoid() * x,  # reads something else: the sigmoid alone is an activation
        lambda z, x: z * x.sigmoid(),
        lambda z, x: maximum(z, x),
        lambda z, x: z * z.sigmoid() + z.tanh() * x,
    ],
)
def test_what_reads_anything_else_is_no_activation(use):
    w, x = Value(0.5), Value(2.0)
    z = dot([w], [3.0])
    graph = Graph(use(z, x) * 2.0, {"n.w": w})
    ((neuron,),) = [layer.neurons for layer in find_folds(graph).layers]
    assert neuron.activation == ("sigmoid" if use(z, x).operands[0].op == "sigmoid" else "")


def test_a_composite_activation_folds_into_its_neurons_under_its_own_name(monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "own_bend", own_bend)
    model = MLP(2, [4, 1], "own_bend", rng=random.Random(7))
    graph = Graph(model([1.0, 2.0]), model)
    folds = find_folds(graph)
    names = [[neuron.activation for neuron in layer.neurons] for layer in folds.layers]
    assert names == [["own_bend"] * 4, [""]]
    assert len(render(graph, detail="neurons").sketch.cards) == 4 + 1 + 2  # and two inputs
    nameless = find_folds(Graph(model([1.0, 2.0]), list(model.named_parameters())))
    assert nameless.layers[0].neurons[0].activation == "sigmoid ×"


def test_an_operation_of_ones_own_bends_a_neuron_like_any_other():
    w = Value(0.5)
    z = dot([w], [3.0])
    out = custom_operation("quintic", z.data**5, [z], [5.0 * z.data**4])
    ((neuron,),) = [layer.neurons for layer in find_folds(Graph(out * 2.0, {"n.w": w})).layers]
    assert neuron.activation == "quintic"
