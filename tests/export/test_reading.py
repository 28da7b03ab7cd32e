"""What comes from PyTorch or ONNX has the same numbers here, and what is no MLP is named."""

import random

import pytest

from micronn.engine import Value
from micronn.export import export, from_onnx, from_torch
from micronn.nn import ACTIVATIONS, MLP


def parameters(model):
    return [p.data for p in model.parameters()]


# PyTorch


@pytest.mark.slow
@pytest.mark.parametrize("bias", [True, False])
def test_a_sequential_of_every_activation_becomes_an_mlp_with_the_same_numbers(bias):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(1)
    names = ["ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Softplus", "GELU"]
    inner = [part for name in names for part in (nn.Linear(3, 3, bias), getattr(nn, name)())]
    net = nn.Sequential(nn.Flatten(), nn.Sequential(*inner), nn.Linear(3, 2, bias), nn.Identity())
    model = from_torch(net)
    assert [layer.neurons[0].activation for layer in model.layers] == [*ACTIVATIONS][1:] + [
        "linear"
    ]
    for _ in range(20):
        x = torch.randn(1, 3, dtype=torch.float64)
        wanted = net.double()(x)[0].tolist()  # float64 holds every float32
        assert [y.data for y in model(x[0].tolist())] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.slow
def test_an_activation_that_comes_again_is_applied_again():
    nn = pytest.importorskip("torch").nn
    relu = nn.ReLU()
    model = from_torch(nn.Sequential(nn.Linear(1, 2), relu, nn.Linear(2, 2), relu, nn.Linear(2, 1)))
    assert repr(model) == "MLP(1 -> 2 relu -> 2 relu -> 1 linear)"


@pytest.mark.slow
def test_a_module_that_no_mlp_has_is_named():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    linear = nn.Linear(2, 2)
    for parts, reason in [
        ([linear, nn.Softmax(dim=1)], "module 1 is Softmax.*leave it out"),
        ([nn.Conv2d(1, 1, 3), linear], "module 0 is Conv2d.*it can hold Linear, ReLU"),
        ([linear, nn.LeakyReLU(0.2)], r"LeakyReLU\(negative_slope=0.2\)"),
        ([linear, nn.GELU("tanh")], r"GELU\(approximate='tanh'\)"),
        ([linear, nn.Softplus(beta=2)], r"Softplus\(beta=2"),
        ([linear, nn.ReLU(), nn.ReLU()], "module 2 is ReLU, but no linear layer stands right"),
        ([nn.Sequential(linear, nn.Dropout())], "module 0.1 is Dropout"),
        ([linear, nn.Linear(3, 1)], "module 1 reads 3 numbers, but 2 come to it"),
        ([], "no linear layer"),
        ([nn.Linear(2, 1, dtype=torch.complex64)], r"module 0 has .*\(1, 2\).*complex64"),
    ]:
        with pytest.raises(ValueError, match=reason):
            from_torch(nn.Sequential(*parts))
    with pytest.raises(TypeError, match="state_dict"):
        from_torch(linear)


# ONNX


def test_a_net_that_was_exported_comes_back_with_the_same_numbers(tmp_path):
    pytest.importorskip("onnx")
    names = [*ACTIVATIONS, "linear"]
    model = MLP(3, [4] * 7 + [1], names, rng=random.Random(1))
    back = from_onnx(export(model, "onnx", tmp_path)[0])
    assert repr(back) == repr(model)
    assert parameters(back) == parameters(model)


def written(text, path):
    """A file of a graph in ONNX's own text."""
    onnx = pytest.importorskip("onnx")
    start = '<ir_version: 10, opset_import: ["" : 20, "own" : 1]> g '
    onnx.save(onnx.parser.parse_model(start + text), path)
    return path


def test_a_file_of_other_nodes_for_the_same_layers_is_read(tmp_path):
    # (1 2) [[1 2 3] [4 5 6]] + (10 20 30) = (19 32 45); relu; (19 32 45) . (1 -1 0.5) = 9.5
    text = """(float[N,2] x) => (float[N,1] y)
    <float[2,3] w = {1, 2, 3, 4, 5, 6}, float[3] b = {10, 20, 30}, float[3,1] v = {1, -1, 0.5}> {
        flat = Flatten(x)
        product = MatMul(flat, w)
        sums = Add(b, product)
        above = Relu(sums)
        y = Gemm<alpha = 1.0>(above, v)
    }"""
    model = from_onnx(written(text, tmp_path / "net.onnx"))
    assert repr(model) == "MLP(2 -> 3 relu -> 1 linear)"
    assert model([Value(1.0), Value(2.0)]).data == 9.5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # its own, and PyTorch's about that exporter
def test_what_pytorch_writes_as_onnx_is_read_too(tmp_path):
    torch, _ = pytest.importorskip("torch"), pytest.importorskip("onnx")
    nn = torch.nn
    names = ["ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Softplus"]
    inner = [part for name in names for part in (nn.Linear(3, 3), getattr(nn, name)())]
    net = nn.Sequential(*inner, nn.Linear(3, 2, bias=False))
    torch.onnx.export(net, (torch.randn(1, 3),), tmp_path / "net.onnx", dynamo=False)
    assert parameters(from_onnx(tmp_path / "net.onnx")) == parameters(from_torch(net))


def test_a_bias_of_one_number_is_that_of_every_neuron(tmp_path):
    text = """(float[N,1] x) => (float[N,2] y) <float[1,2] w = {1, 2}, float[1] b = {5}> {
        y = Gemm(x, w, b)
    }"""
    assert parameters(from_onnx(written(text, tmp_path / "net.onnx"))) == [1.0, 5.0, 2.0, 5.0]


NUMBERS = """float[2,2] w = {1, 2, 3, 4}, float[2] b = {5, 6}, float[2,1] column = {5, 6},
    float[3] three = {5, 6, 7}"""


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ("y = Softmax(x)", "is Softmax.*leave it out"),
        ("y = Conv(x, w)", "is Conv, which no MLP has; it can hold Gemm"),
        ("y = Relu(x)", "no linear layer stands right before"),
        ("a = MatMul(x, w) y = Mul(a, a)", "Mul, reads more than one layer"),
        ("a = MatMul(x, w) y = LeakyRelu<alpha = 0.5>(a)", "LeakyRelu.alpha=0.5"),
        ("y = Gemm<alpha = 2.0>(x, w)", "is Gemm"),
        ("y = Gemm<transA = 1>(x, w)", "is Gemm"),
        ("y = MatMul(x, w) a = Relu(y)", "not what its last node computes"),
        ("y = Identity(x)", "no linear layer"),
        ("y = MatMul(w, x)", r"is MatMul\(w, x\)"),
        ("y = Gemm(w, b, x)", r"is Gemm\(w, b, x\)"),
        ("a = MatMul(x, w) y = own.Relu(a)", "is own Relu"),
        ("y = MatMul(x, b)", r"node 0 .* shape \(2,\) and"),
        ("a = MatMul(x, w) y = Add(a, column)", r"node 1 .* shape \(2, 1\) to 2"),
        ("a = MatMul(x, w) y = Add(a, three)", r"node 1 .* shape \(3,\) to 2"),
        ("x = MatMul(x, w) y = Relu(x)", "SSA"),
    ],
)
def test_a_node_that_no_mlp_has_is_named(nodes, reason, tmp_path):
    text = f"(float[N,2] x) => (float[N,2] y) <{NUMBERS}> {{ {nodes} }}"
    with pytest.raises(ValueError, match=reason):
        from_onnx(written(text, tmp_path / "net.onnx"))


@pytest.mark.parametrize("content", [b"", b"no ONNX", b"\x08\x0a\x12" * 9, bytes(range(256))])
def test_a_file_of_another_kind_is_refused(content, tmp_path):
    pytest.importorskip("onnx")
    (tmp_path / "other.onnx").write_bytes(content)
    with pytest.raises(ValueError, match="other.onnx"):
        from_onnx(tmp_path / "other.onnx")
    with pytest.raises(FileNotFoundError):
        from_onnx(tmp_path / "nowhere.onnx")


def test_without_the_onnx_package_it_is_said_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    for call in (lambda: from_onnx("net.onnx"), lambda: export(MLP(1, [1]), "onnx", tmp_path)):
        with pytest.raises(RuntimeError, match=r"pip install 'micronn\[onnx\]'"):
            call()
    assert not [*tmp_path.iterdir()]
