"""What is exported passes the test that comes with it, and a changed number fails that test."""

import importlib.util
import math
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from operations import OPERATIONS as CASES

from micronn.checkpoint import save
from micronn.compiler import UnknownOperation, compile_graph
from micronn.engine import Value, logsumexp, maximum, mean, minimum, total
from micronn.export import export
from micronn.graph import custom_operation
from micronn.nn import ACTIVATIONS, MLP

NEEDS = {
    "numpy": ["numpy"],
    "torch": ["torch"],
    "jax": ["jax"],
    "onnx": ["numpy", "onnx", "onnxruntime"],
}
COMMANDS = {"c": ["cc", "gcc", "clang"], "js": ["node"]}  # one of these
QUICK = ["numpy", "c"]  # the others are slow to start
EACH = [
    to if to in QUICK else pytest.param(to, marks=pytest.mark.slow) for to in [*NEEDS, *COMMANDS]
]


def every_operation():
    """A program of every operation on random operands, each moderate, with several results."""
    rng = random.Random(1)
    x = [Value(0.3 + 0.2 * k, f"x{k}") for k in range(4)]
    w = [Value(1.5 - 0.3 * k, f"w{k}") for k in range(4)]
    nodes = [*x, *w]
    for case in CASES.values():
        first, *others = rng.choices(nodes, k=case.takes)
        first = abs(first.sin()) + 0.5 if case.positive else first.sin()
        nodes.append(case.build(first, *[other.cos() + 1.5 for other in others]))
    roots = [total(nodes).tanh(), nodes[20], total(nodes[8:]), x[0]]
    return compile_graph(roots, x, w, backend="python")


def xor():
    return MLP(2, [4, 1], "tanh", rng=random.Random(1))


def digit_net():
    return MLP(784, [16, 16, 10], rng=random.Random(1))


def every_activation():
    names = [*ACTIVATIONS, "linear"]
    return MLP(3, [4] * (len(names) - 1) + [2], names, rng=random.Random(1))


@pytest.fixture(params=EACH, scope="module")
def to(request):
    """A target whose packages are there."""
    for package in NEEDS.get(request.param, []):
        pytest.importorskip(package)
    commands = COMMANDS.get(request.param, [])
    if commands and not any(map(shutil.which, commands)):
        pytest.skip(f"needs one of {commands}: apt install gcc nodejs")
    return request.param


HOSTILE = [
    "lambda", "def", "x\nimport os", '"""', "# comment\\", "*/ }", "größe", "w0", "x",
    "\ud800", "", "a" * 99, "self", "tanh", "v5", "training", "1st", "int", "x.y", "x, a constant",
    "d_w0", "s_w0", "o", "f", "do",
]  # fmt: skip


def hostile():
    """A program whose Values have labels that no language takes for names."""
    values = [Value(0.1 * k, label) for k, label in enumerate(HOSTILE)]
    made = total([(value * value).tanh() for value in values])
    for node, label in zip(made.operands, HOSTILE, strict=True):
        node.label = label
    most = Value(math.inf, "most")
    return compile_graph([made, made + most], values[:9], [*values[9:], most], "python")


def change(source, old, new):
    """Write another number into an exported file."""
    if source.endswith(".onnx"):
        import onnx

        model, numbers = onnx.load(source), []
        for tensor in model.graph.initializer:
            array = onnx.numpy_helper.to_array(tensor).copy()
            numbers += array.ravel().tolist()
            array[array == old] = new
            tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
        onnx.save(model, source)
        assert numbers.count(old) == 1
        return
    text = Path(source).read_text("utf-8")
    assert text.count(str(old)) == 1
    Path(source).write_text(text.replace(str(old), str(new)), "utf-8")


@pytest.fixture(scope="module")
def told(to, tmp_path_factory):
    """What pytest says of the tests of some exports, of which one got another number."""
    folder = tmp_path_factory.mktemp(to)
    for make in MAKERS:
        export(make(), to, folder, make.__name__)
    model = xor()
    model.layers[1].neurons[0].w[2].data = 0.123456789
    change(export(model, to, folder, "changed")[0], 0.123456789, 0.123456788)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return done.stdout + done.stderr


def a_value():
    """A graph that is not compiled yet, of labelled Values and plain numbers."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    return (a * b) * (a + b) / 4.0 + abs(a) ** 1.5


MAKERS = (xor, a_value, digit_net, every_activation, every_operation, hostile)


def test_every_export_passes_the_test_that_comes_with_it(told):
    ends = re.findall(r"^test_(\w+?)_[a-z]+[.]py::\w+ ([A-Z]+)", told, re.MULTILINE)
    found = {(name, end) for name, end in ends if name != "changed"}
    assert found == {(make.__name__, "PASSED") for make in MAKERS}, told


def test_a_weight_that_is_changed_in_its_ninth_digit_fails_the_test(told):
    assert re.search("^test_changed_[a-z]+[.]py::test_the_values_are_the_same FAILED", told, re.M)
    assert re.search(r"number 0 is \S+ there and \S+ in micronn", told)


def module_of(path):
    """The module that an export to one of Python's libraries is; of others their test is one."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def values_and_slopes(to, module, x, n):
    """The outputs of a function of one input, and the slope of each."""
    if to == "torch":
        import torch

        graph, inputs = module.Graph(), torch.tensor([x], dtype=torch.float64)
        slopes = torch.autograd.functional.jacobian(graph, inputs)
        return graph(inputs).tolist(), slopes.ravel().tolist()
    if to == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        inputs, f = jax.numpy.array([x]), module.f
        return f({}, inputs).tolist(), jax.jacobian(f, 1)({}, inputs).ravel().tolist()
    units = [[float(j == k) for j in range(n)] for k in range(n)]
    if to in COMMANDS:
        found = list(module.exported([([x], unit) for unit in units]))
        return found[0][0], [dx[0] for _, dx, _ in found]
    found = [module.value_and_gradients({}, [x], unit) for unit in units]
    return found[0][0].tolist(), [dx.item() for _, dx, _ in found]


FAR = [0.0, 0.75, 8.0, 30.0, 600.0, -0.75, -8.0, -30.0, -600.0]


@pytest.mark.parametrize("points", [FAR, [x for x in FAR if x > 0.0]], ids=["all", "above 0"])
def test_far_from_0_and_at_corners_an_operation_is_as_exact_as_in_micronn(to, points, tmp_path):
    if to == "onnx":
        pytest.skip("onnxruntime has no float64 for some operations, and no gradients")
    positive = points is not FAR
    cases = {
        name: case for name, case in CASES.items()
        if case.takes == 1 and (positive or not case.positive)
    }  # fmt: skip
    x = Value(0.75, "x")
    several = [maximum(x, x), minimum(x, 0.75), mean([x, x * 2.0]), logsumexp([x, x * 0.5, -x])]
    roots = [*[case.build(x) for case in cases.values()], *several]
    source, test = export(compile_graph(roots, [x], [], "python"), to, tmp_path)
    module = module_of(test if to in COMMANDS else source)
    for point in points:
        x.data = point
        wanted = [case.build(x) for case in cases.values()]
        wanted += [maximum(x, x), minimum(x, 0.75), mean([x, x * 2.0])]
        wanted += [logsumexp([x, x * 0.5, -x])]
        values, slopes = values_and_slopes(to, module, point, len(roots))
        assert values == pytest.approx([root.data for root in wanted], rel=1e-12, abs=1e-15)
        for root, slope in zip(wanted, slopes, strict=True):
            x.grad = 0.0
            root.backward()  # 1 - tanh² is a difference: near 0 it has digits after the comma
            assert slope == pytest.approx(x.grad, rel=1e-12, abs=1e-15), (root.op, point)


@pytest.mark.parametrize("make", [xor, every_operation])
def test_a_batch_has_the_outputs_and_the_input_gradients_of_its_examples(make, tmp_path):
    numpy = pytest.importorskip("numpy")
    module = module_of(export(make(), "numpy", tmp_path)[0])
    n = 2 if make is xor else 4
    batch = numpy.random.default_rng(1).normal(size=(5, n))
    outputs, dx, gradients = module.value_and_gradients(module.PARAMETERS, batch)
    for k, x in enumerate(batch):
        y, slopes, _ = module.value_and_gradients(module.PARAMETERS, x)
        assert outputs[k] == pytest.approx(y.ravel(), rel=1e-12)
        assert dx[k] == pytest.approx(slopes.ravel(), rel=1e-12)
    assert (outputs == module.f(module.PARAMETERS, batch)).all()
    assert list(gradients) == list(module.PARAMETERS)


def test_labels_that_any_language_takes_stay_as_they_are(tmp_path):
    x, w = Value(2.0, "x"), Value(3.0, "w")
    f = x * w
    f.label = "f"
    o = f.tanh()
    o.label = "o"
    source, _ = export(compile_graph(o, [x], [w], "python"), "numpy", tmp_path)
    text = Path(source).read_text("utf-8")
    lines = ["f = x * w", "o = tanh(f)", "d_f = d_o * (1.0 - o * o)", "d_w = d_f * x"]
    assert all(f"    {line}\n" in text for line in lines)


def test_a_saved_model_is_exported_under_its_own_name(tmp_path):
    save(xor(), tmp_path / "my xor.json")
    paths = export(tmp_path / "my xor.json", "numpy", tmp_path / "new")
    names = "my_xor_numpy.py", "test_my_xor_numpy.py"
    assert paths == [str(tmp_path / "new" / name) for name in names]


def test_weights_that_are_integers_are_exported(tmp_path):
    # relu(2 * 3 + 1) = 7
    model = MLP(1, [1], ["relu"])
    model.parameters()[0].data, model.parameters()[1].data = 2, 1
    pytest.importorskip("numpy")
    module = module_of(export(model, "numpy", tmp_path)[0])
    assert module.f(module.PARAMETERS, [3.0]) == 7.0


def test_a_label_that_looks_like_a_name_of_the_files_own_is_taken(tmp_path):
    onnx = pytest.importorskip("onnx")
    labels = ["t_0", "_0", "t_rows", "_rows", "y"]
    inputs = [Value(float(k), label) for k, label in enumerate(labels)]
    source, _ = export(compile_graph(total(inputs), inputs, backend="python"), "onnx", tmp_path)
    onnx.checker.check_model(onnx.load(source))


def test_both_files_are_written_or_none(tmp_path):
    (tmp_path / "model_numpy.py").write_text("mine")
    (tmp_path / "test_model_numpy.py").mkdir()
    with pytest.raises(IsADirectoryError):
        export(xor(), "numpy", tmp_path)
    assert (tmp_path / "model_numpy.py").read_text() == "mine"
    assert len([*tmp_path.iterdir()]) == 2


def test_what_cannot_be_exported_is_said(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'numpy'"):
        export(xor(), "numpie", tmp_path)
    with pytest.raises(TypeError, match=r"MLP, .*got 3 \(int\)"):
        export(3, "numpy", tmp_path)
    with pytest.raises(TypeError, match="a name of an export is text, got 3"):
        export(xor(), "numpy", tmp_path, name=3)
    with pytest.raises(FileNotFoundError):
        export("nowhere.json", "numpy", tmp_path)
    x = Value(1.0)
    with pytest.raises(ValueError, match="has 50,001 operands.*export the MLP itself"):
        export(total([x] * 50_001), "numpy", tmp_path)
    with pytest.raises(UnknownOperation, match="'cube'"):
        export(custom_operation("cube", 1.0, [x], [3.0]), "numpy", tmp_path)
    monkeypatch.setitem(ACTIVATIONS, "mine", lambda z: z * z.sigmoid())
    with pytest.raises(ValueError, match="'mine', which has no name elsewhere.*compile_graph"):
        export(MLP(2, [1, 1], "mine"), "numpy", tmp_path)
    assert not [*tmp_path.iterdir()]
