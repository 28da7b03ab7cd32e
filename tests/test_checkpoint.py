"""A saved model comes back to the last bit; a file is believed only as far as it can be checked."""

import json
import math
import os
import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from micronn.checkpoint import load, load_training, save
from micronn.losses import hinge
from micronn.nn import MLP, Layer, Neuron
from micronn.optim import SGD, Adam, AdamW

INPUTS = [[0.5, -1.0], [1.5, 0.25], [-0.75, 0.1], [0.0, 1.0]]
TARGETS = [1.0, -1.0, 1.0, -1.0]


def model(*nouts, activation="tanh"):
    return MLP(2, nouts or (3, 1), activation=activation, rng=random.Random(7))


def step(net, optimizer):
    optimizer.zero_grad()
    hinge([net(x) for x in INPUTS], TARGETS).backward()
    optimizer.step()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.json"


# F1: bit-exact


@pytest.mark.parametrize(
    "number", [0.1, -0.0, 5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, 1 / 3, 1e22]
)
def test_every_finite_float_comes_back_to_the_last_bit(path, number):
    net = model()
    for parameter in net.parameters():
        parameter.data = number
    save(net, path)
    back = [parameter.data.hex() for parameter in load(path).parameters()]
    assert back == [number.hex()] * len(back)


def test_random_bit_patterns_come_back(path):
    rng, net = random.Random(1), model(40, 1)
    for parameter in net.parameters():
        number = math.nan
        while not math.isfinite(number):
            (number,) = struct.unpack("d", rng.randbytes(8))
        parameter.data = number
    save(net, path)
    assert load(path).state_dict() == net.state_dict()


def test_the_structure_comes_back_and_the_model_works(path):
    for net in [
        model(),
        model(1),
        model(4, 4, 3, activation=["relu", "leaky_relu", "sigmoid"]),
        MLP(1, [1, 1], activation="gelu"),
    ]:
        save(net, path)
        back = load(path)
        assert repr(back) == repr(net)
        assert list(back.state_dict().items()) == list(net.state_dict().items())
    x = [0.3]
    assert load(path)(x).data == net(x).data


def test_neither_saving_nor_loading_touches_the_random_state(path):
    net = model()
    before = random.getstate()
    save(net, path)
    load(path)
    assert random.getstate() == before


def test_paths_may_be_text_or_path_objects(path):
    save(model(), str(path))
    assert load(str(path)).state_dict() == load(path).state_dict()


# Going on with a training


OPTIMIZERS = {
    "sgd": lambda p: SGD(p, 0.05),
    "decay": lambda p: SGD(p, 0.05, weight_decay=0.01),
    "momentum": lambda p: SGD(p, 0.05, momentum=0.9),
    "nesterov": lambda p: SGD(p, 0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: Adam(p, 0.05, betas=(0.8, 0.99), eps=1e-7, weight_decay=0.02),
    "adamw": lambda p: AdamW(p, 0.05),
}


@pytest.mark.parametrize("build", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_a_training_that_was_saved_ends_as_one_that_was_not(path, build):
    straight = model()
    optimizer = build(straight.parameters())
    for _ in range(5):
        step(straight, optimizer)
    save(straight, path, optimizer)
    back = load_training(path)
    for _ in range(5):
        step(straight, optimizer)
        step(back.model, back.optimizer)
    assert back.model.state_dict() == straight.state_dict()
    assert back.optimizer.state_dict() == optimizer.state_dict()


def test_random_numbers_go_on_where_they_were(path):
    rng = random.Random(3)
    rng.gauss(0, 1)  # leaves a second number waiting inside
    save(model(), path, rng=rng)
    back = load_training(path).rng
    assert [back.gauss(0, 1) for _ in range(3)] == [rng.gauss(0, 1) for _ in range(3)]
    assert [back.random() for _ in range(700)] == [rng.random() for _ in range(700)]


def test_epochs_and_notes_come_back(path):
    notes = {"classes": ["oak", "rose"], "scale": 0.1, "of": {"data": None}}
    save(model(), path, epoch=12, notes=notes)
    training = load_training(path)
    assert (training.epoch, training.notes) == (12, notes)
    assert training.optimizer is None
    assert training.rng is None


# F2 and F4: damaged, foreign and forged files


def test_a_file_cut_anywhere_is_refused_with_its_name(path):
    net = model(2, 1)
    save(net, path, Adam(net.parameters()), random.Random(1))
    content = path.read_bytes()
    for end in [*range(0, len(content) - 2, 97), len(content) - 2]:
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match=r"model\.json"):
            load(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"\xff\xfe", b"null", b"[]", b"{}", b"1", b"<html>", b"\x89PNG\r\n", b'"MLP"',
     b"\x80\x04\x95", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_with_its_name(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.json"):
        load(path)


def test_a_missing_file_is_missing(path):
    with pytest.raises(FileNotFoundError, match=r"model\.json"):
        load(path)


def forge(path, change):
    net = model(3, 1)
    save(net, path, Adam(net.parameters()), random.Random(1), epoch=2)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


FORGERIES = {
    "another format": lambda c: c.update(format="torch"),
    "version 2": lambda c: c.update(version=2),
    "version '1'": lambda c: c.update(version="1"),
    "version true": lambda c: c.update(version=True),
    "no version": lambda c: c.pop("version"),
    "a weight too few": lambda c: c["parameters"].pop(),
    "a weight too many": lambda c: c["parameters"].append(0.0),
    "no weights": lambda c: c.pop("parameters"),
    "weights by name": lambda c: c.update(parameters={"w": 1.0}),
    "a weight of text": lambda c: c["parameters"].__setitem__(3, "0.5"),
    "a weight of code": lambda c: c["parameters"].__setitem__(3, "__import__('os').abort()"),
    "a weight of null": lambda c: c["parameters"].__setitem__(3, None),
    "a weight of true": lambda c: c["parameters"].__setitem__(3, True),
    "a weight in a list": lambda c: c["parameters"].__setitem__(3, [0.5]),
    "a weight of nan": lambda c: c["parameters"].__setitem__(3, math.nan),
    "a weight of infinity": lambda c: c["parameters"].__setitem__(3, -math.inf),
    "a weight beyond floats": lambda c: c["parameters"].__setitem__(3, 10**400),
    "a huge input": lambda c: c.update(nin=10**12),
    "a huge layer": lambda c: c.update(nouts=[10**12, 1]),
    "a layer of none": lambda c: c.update(nouts=[0, 1]),
    "a negative layer": lambda c: c.update(nouts=[-3, 1]),
    "half a layer": lambda c: c.update(nouts=[2.5, 1]),
    "a layer of text": lambda c: c.update(nouts=["3", 1]),
    "a layer of true": lambda c: c.update(nouts=[3, True]),
    "no layers": lambda c: c.update(nouts=[], activations=[]),
    "layers that are a number": lambda c: c.update(nouts=3),
    "an activation too few": lambda c: c["activations"].pop(),
    "an unknown activation": lambda c: c.update(activations=["own_bend", "linear"]),
    "an activation that is a list": lambda c: c.update(activations=[["tanh"], "linear"]),
    "an unknown key": lambda c: c.update(command="rm"),
    "an unknown optimiser": lambda c: c["optimizer"].update(kind="eval"),
    "an optimiser that is a list": lambda c: c.update(optimizer=[1]),
    "an optimiser of another kind": lambda c: c["optimizer"].update(kind="SGD"),
    "a memory too short": lambda c: c["optimizer"]["state"]["m"].pop(),
    "a memory of text": lambda c: c["optimizer"]["state"]["m"].__setitem__(0, "x"),
    "no memory": lambda c: c["optimizer"]["state"].pop("m"),
    "a learning rate of text": lambda c: c["optimizer"].update(lr="fast"),
    "a negative learning rate": lambda c: c["optimizer"].update(lr=-1.0),
    "steps of text": lambda c: c["optimizer"].update(steps="x"),
    "an unknown argument": lambda c: c["optimizer"]["arguments"].update(hook=1),
    "betas that are a number": lambda c: c["optimizer"]["arguments"].update(betas=1),
    "rng cut off": lambda c: c["rng"][1].pop(),
    "rng of text": lambda c: c.update(rng="seed"),
    "text in the rng": lambda c: c["rng"][1].__setitem__(0, "x"),
    "rng with a text waiting": lambda c: c["rng"].__setitem__(2, "x"),
    "epochs of text": lambda c: c.update(epoch="x"),
    "epochs below none": lambda c: c.update(epoch=-1),
    "notes that are a list": lambda c: c.update(notes=[]),
}

# What is changed, and the place that the refusal names.
BIG = 10**400  # a whole number, as JSON allows it, but beyond all floats
PLACES = {
    "a huge learning rate": (lambda c: c["optimizer"].update(lr=BIG), "optimiser's lr"),
    "a learning rate of true": (lambda c: c["optimizer"].update(lr=True), "optimiser's lr"),
    "a huge beta": (lambda c: c["optimizer"]["arguments"].update(betas=[BIG, 0.9]), "beta1"),
    "a huge decay": (
        lambda c: c["optimizer"]["arguments"].update(weight_decay=BIG),
        "weight_decay",
    ),
    "a huge memory": (lambda c: c["optimizer"]["state"]["m"].__setitem__(2, BIG), r"m\[2\]"),
    "a square below 0": (lambda c: c["optimizer"]["state"]["v"].__setitem__(2, -1e-9), "v are"),
    "an argument too few": (lambda c: c["optimizer"]["arguments"].pop("eps"), "arguments .*eps"),
    "huge steps": (lambda c: c["optimizer"].update(steps=BIG), "optimiser's steps"),
    "huge epochs": (lambda c: c.update(epoch=BIG), "epoch"),
    "a huge weight": (lambda c: c["parameters"].__setitem__(3, BIG), r"parameters\[3\]"),
    "a huge size": (lambda c: c.update(nin=BIG), "parameters"),
    "huge words in the rng": (lambda c: c["rng"][1].__setitem__(0, BIG), "rng"),
}


@pytest.mark.parametrize(("change", "place"), PLACES.values(), ids=PLACES.keys())
def test_a_refusal_names_the_file_and_the_place(path, change, place):
    forge(path, change)
    with pytest.raises(ValueError, match=rf"model\.json is no complete model file: .*{place}"):
        load(path)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("SGD", {"momentum": 0.9, "nesterov": "yes", "weight_decay": 0.0}),
        ("SGD", {"momentum": 0.9, "nesterov": [], "weight_decay": 0.0}),
        ("SGD", {"momentum": 0.9, "weight_decay": 0.0}),
        ("SGD", {}),
    ],
)
def test_arguments_of_an_optimiser_are_all_there_and_none_stands_for_another(path, kind, arguments):
    net = model(3, 1)
    save(net, path, SGD(net.parameters(), 0.1, momentum=0.9))
    content = json.loads(path.read_text())
    content["optimizer"]["arguments"] = arguments
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"model\.json .*arguments"):
        load(path)


@pytest.mark.parametrize(
    ("text", "other", "place"),
    [
        ('"nin": 2', '"nin": 2, "nin": 2', "'nin' twice"),
        ('"lr": 0.001', '"lr": 0.5, "lr": 0.001', "'lr' twice"),
        ('"lr": 0.001', '"lr": 1e999', "1e999"),
        ('"scale": 0.5', '"scale": 1e999', "1e999"),
        ('"scale": 0.5', '"scale": -Infinity', "-Infinity"),
        ('"scale": 0.5', '"scale": 0.5, "scale": 0.5', "'scale' twice"),
    ],
)
def test_a_text_that_says_two_things_or_no_number_is_refused(path, text, other, place):
    net = model()
    save(net, path, Adam(net.parameters()), notes={"scale": 0.5})
    content = path.read_text()
    assert text in content
    path.write_text(content.replace(text, other))
    with pytest.raises(ValueError, match=rf"model\.json .*{place}"):
        load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda c, text: c.update(version=text),
        lambda c, text: c.update(activations=[text, "linear"]),
        lambda c, text: c.update({text: 1}),
        lambda c, text: c.update(epoch=text),
        lambda c, text: c["optimizer"].update(kind=text),
        lambda c, text: c["optimizer"]["arguments"].update({text: 1}),
        lambda c, text: c["parameters"].__setitem__(0, text),
    ],
)
def test_a_refusal_holds_nothing_that_a_terminal_would_obey(path, change):
    forge(path, lambda content: change(content, "\x1b]0;owned\x07\u202e\n"))
    with pytest.raises(ValueError, match=r"model\.json") as caught:
        load(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("place", ["/dev/zero", "pipe"])
def test_a_file_without_end_or_without_a_writer_is_refused(tmp_path, place):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=place):
        load(tmp_path / place)


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_file_is_refused_with_its_name(path, change):
    forge(path, change)
    with pytest.raises(ValueError, match=r"model\.json"):
        load(path)


def test_a_file_that_is_not_forged_is_read(path):
    forge(path, lambda content: None)
    assert load_training(path).epoch == 2


def test_another_version_is_named(path):
    forge(path, lambda content: content.update(version=99))
    with pytest.raises(ValueError, match="version 99"):
        load(path)


def test_the_file_is_json_with_a_version(path):
    save(model(), path)
    content = json.loads(path.read_text("utf-8"))
    assert content["version"] == 1
    assert (content["nin"], content["nouts"]) == (2, [3, 1])
    assert len(content["parameters"]) == 13


def test_the_reader_cannot_run_anything():
    source = (Path(__file__).parent.parent / "micronn" / "checkpoint.py").read_text("utf-8")
    for word in ("pickle", "eval(", "exec(", "marshal", "import_module", "__import__", "getattr"):
        assert word not in source


# F5 and F6: what cannot be saved leaves everything as it was


class Stranger(SGD):
    pass


def broken(name):
    """A model, and what else is passed to save, of which one part cannot be saved."""
    net = model()
    more = {}
    if name in ("nan", "inf", "-inf"):
        net.layers[1].neurons[0].w[2].data = float(name)
    elif name == "neuron":
        net = Neuron(2)
    elif name == "layer":
        net = Layer(2, 2)
    elif name == "none":
        net = None
    elif name == "mixed layer":
        net.layers[0].neurons[1] = Neuron(2, "relu")
    elif name == "infinite memory":
        more["optimizer"] = SGD(net.parameters(), 0.1, momentum=0.9)
        more["optimizer"].memory[0] = [math.inf]
    elif name == "optimiser of another model":
        more["optimizer"] = SGD(model().parameters(), 0.1)
    elif name == "strange optimiser":
        more["optimizer"] = Stranger(net.parameters(), 0.1)
    elif name == "notes":
        more["notes"] = {"when": time}
    elif name == "seed for rng":
        more["rng"] = 7
    elif name == "epoch of text":
        more["epoch"] = "3"
    elif name == "nan in notes":
        more["notes"] = {"loss": math.nan}
    return net, more


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nan", ValueError),
        ("inf", ValueError),
        ("-inf", ValueError),
        ("neuron", TypeError),
        ("layer", TypeError),
        ("none", TypeError),
        ("mixed layer", ValueError),
        ("infinite memory", ValueError),
        ("optimiser of another model", ValueError),
        ("strange optimiser", TypeError),
        ("notes", TypeError),
        ("nan in notes", ValueError),
        ("seed for rng", TypeError),
        ("epoch of text", ValueError),
    ],
)
def test_what_cannot_be_saved_is_refused_and_the_old_file_stays(path, name, error):
    save(model(), path)
    old = path.read_bytes()
    net, more = broken(name)
    with pytest.raises(error):
        save(net, path, **more)
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == [path.name]


def test_memory_goes_to_the_parameters_it_belongs_to_or_is_refused(path):
    # It is saved by position, so an optimiser with the same parameters in another
    # order would hand the memory of one to another.
    net = model()
    backwards = SGD(net.parameters()[::-1], 0.1, momentum=0.9)
    step(net, backwards)
    with pytest.raises(ValueError, match="in order"):
        save(net, path, backwards)
    assert os.listdir(path.parent) == []


def test_what_would_be_too_big_to_load_is_not_saved(path, monkeypatch):
    save(model(), path)
    old = path.read_bytes()
    monkeypatch.setattr("micronn.checkpoint.LARGEST", len(old) - 1)
    with pytest.raises(ValueError, match=rf"{len(old):,} bytes"):
        save(model(), path)
    assert path.read_bytes() == old
    monkeypatch.setattr("micronn.checkpoint.LARGEST", len(old))
    save(model(), path)


def test_a_parameter_that_is_nan_is_named(path):
    net, _ = broken("nan")
    with pytest.raises(ValueError, match=r"layers\.1\.neurons\.0\.w\.2 is nan"):
        save(net, path)
    assert os.listdir(path.parent) == []


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in [tmp_path, tmp_path / "missing" / "m.json", tmp_path / "file" / "m.json"]:
        with pytest.raises(OSError, match=r"missing|file|test_a_place"):
            save(model(), place)
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(path):
    # A limit on file size stands in for the full disk: the write fails half way.
    save(model(), path)
    old = path.read_bytes()
    program = (
        "import random, resource, signal, sys\n"
        "from micronn.checkpoint import save\n"
        "from micronn.nn import MLP\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: save(MLP(50, [50, 1]), sys.argv[1])\n"
        "except OSError as error: print('refused')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("refused\n", "")
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == [path.name]


def test_a_training_killed_at_any_moment_leaves_a_whole_file(path):
    # The program saves without pause; each model's parameters all hold one number,
    # so a mixture of two files would show.
    program = (
        "import random, sys\n"
        "from micronn.checkpoint import save\n"
        "from micronn.nn import MLP\n"
        "net, k = MLP(20, [20, 1], rng=random.Random(1)), 0.0\n"
        "while True:\n"
        "    for p in net.parameters(): p.data = k\n"
        "    save(net, sys.argv[1]); k += 0.1\n"
        "    if k < 0.15: print('saved', flush=True)\n"
    )
    rng = random.Random(5)
    for _ in range(8):
        run = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
        run.stdout.readline()  # there is a first file from here on
        time.sleep(rng.uniform(0.0, 0.05))
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()
        assert len(set(load(path).state_dict().values())) == 1
