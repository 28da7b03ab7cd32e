"""An export is two files: the source in another language, and the test that compares the two.

The test needs micronn and what the source needs, and nothing of what made it: it holds the
original itself, a net as the JSON that checkpoint.save() writes, a graph as the Python that
compile_graph() runs.  Both run on the same inputs; values and gradients are compared.

    export("moons.json", "numpy", "out")  # out/moons_numpy.py, out/test_moons_numpy.py
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from micronn.checkpoint import KEYS, described_model, load
from micronn.compiler import Program, compile_graph
from micronn.engine import Value, topological_order
from micronn.export import proof, to_c, to_jax, to_js, to_numpy, to_onnx, to_torch
from micronn.export.description import Net, StraightLine, describe_graph, describe_net, safe_name
from micronn.nn import MLP
from micronn.support.arguments import check_text
from micronn.support.files import Location, write_atomically
from micronn.support.text import clipped, did_you_mean

Described: TypeAlias = Net | StraightLine


class Target(NamedTuple):
    """What something can be exported to.

    file: the name of the source, with {} for that of the model.
    source: makes its text or bytes of what is described; it is told the name of the file.
    runner: makes the part of the test that runs it, see proof.py; it is told that name.
    """

    file: str
    source: Callable[[Described, str], str | bytes]
    runner: Callable[[Described, str], proof.Runner]


TARGETS = {
    "torch": Target("{}_torch.py", to_torch.source, to_torch.runner),
    "jax": Target("{}_jax.py", to_jax.source, to_jax.runner),
    "numpy": Target("{}_numpy.py", to_numpy.source, to_numpy.runner),
    "onnx": Target("{}.onnx", to_onnx.source, to_onnx.runner),
    "c": Target("{}.c", to_c.source, to_c.runner),
    "js": Target("{}.js", to_js.source, to_js.runner),
}


def export(what: Any, to: str, folder: Location = ".", name: str = "") -> list[str]:
    """Write a model or a graph as a source for another engine, and a test that compares both.

    what: an MLP, or the file of a saved one; a Program, or a Value, whose leaves without
        the op "const" are its inputs then.  For a graph with parameters pass
        compile_graph(root, inputs, params).
    to: "torch", "jax", "numpy", "onnx", "c" or "js".
    folder: where; it is made if it is not there.  Files of these names are replaced.
    name: what the files are called by; else the name of the model's file, model, or program.

    Returns the paths of the source and of its test.

    Raises ValueError for an unknown target and for what cannot be exported, TypeError for
    anything but a model or a graph, UnknownOperation for a graph with an operation of your
    own, OSError for a place that cannot be written, NoPackage for ONNX without its package.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as new:
    ...     [os.path.basename(path) for path in export(MLP(2, [3, 1]), "numpy", new)]
    ['model_numpy.py', 'test_model_numpy.py']
    """
    if to not in TARGETS:
        advice = did_you_mean(str(to), TARGETS) or f"Choose one of {', '.join(TARGETS)}."
        raise ValueError(f"nothing can be exported to {clipped(str(to))!r}. {advice}")
    check_text(name, "name of an export")
    described, original, kind = described_with_original(what)
    stem = Path(what).stem if isinstance(what, (str, os.PathLike)) else kind
    stem = safe_name(name or stem, kind, set())
    target = TARGETS[to]
    file = target.file.format(stem)
    test = f"test_{stem}_{to}.py"
    contents = {
        file: target.source(described, file),
        test: proof.test_of(described, original, file, test, target.runner(described, file)),
    }
    os.makedirs(folder, exist_ok=True)
    return write_all({os.path.join(folder, path): text for path, text in contents.items()})


def described_with_original(what: Any) -> tuple[Described, str, str]:
    """What is exported, the text of its original in a test, and what kind of thing it is."""
    if isinstance(what, (str, os.PathLike)):
        what = load(what)
    if isinstance(what, MLP):
        content = dict.fromkeys(KEYS.split()) | described_model(what)
        return describe_net(what), json.dumps(content | proof.SAVED), "model"
    if isinstance(what, Value):
        leaves = [node for node in topological_order(what) if not node.operands]
        what = compile_graph(what, [leaf for leaf in leaves if leaf.op != "const"], [], "python")
    if isinstance(what, Program):
        described = describe_graph(what.roots, what.inputs, what.params)
        return described, described.reference, "program"
    raise TypeError(
        f"an MLP, the file of a saved one, a Program or a Value can be exported, got "
        f"{clipped(repr(what))} ({type(what).__name__}); compile_graph() makes a Program"
    )


def write_all(contents: dict[str, str | bytes]) -> list[str]:
    """Write all files, or leave every place as it was."""
    before = {path: Path(path).read_bytes() if Path(path).is_file() else None for path in contents}
    done = []
    try:
        for path, content in contents.items():
            write_atomically(path, content)
            done.append(path)
    except BaseException:
        for path in done:
            old = before[path]
            with suppress(OSError):
                Path(path).unlink() if old is None else write_atomically(path, old)
        raise
    return done
