"""Record once, run at machine speed: a graph is a program that has been run one time.

Building Values for every example costs far more than the arithmetic in them.  So
compile_graph() takes one recorded graph and writes it out as straight-line Python
(python_source.py) and as instructions for a small machine in C (tape.py, machine.c), which
this computer's compiler builds, or which runs as WebAssembly.  All compute the same numbers
as the graph, for any new inputs and parameters.

    >>> x, w = Value(2.0, "x"), Value(3.0, "w")
    >>> program = compile_graph((w * x - 1.0) ** 2, [x], [w])
    >>> program(4.0)  # (3*4 - 1)**2, and its slope by x, 2 * 11 * w
    (121.0, [66.0])
    >>> w.grad  # 2 * 11 * x
    88.0

What is recorded is what is run again.  relu, abs and maximum decide by the new
numbers, but a Python `if` was decided while recording, and is not in the graph:

    >>> y = x * 2.0 if x.data > 0.0 else x * 100.0
    >>> compile_graph(y, [x])(-1.0)[0]  # the `if` would now say -100.0
    -2.0
"""

import functools
import math
import operator
import warnings
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from micronn.compiler.buffers import Buffer, Rows, doubles, in_rows, view_of
from micronn.compiler.build import REAL, NoMachine
from micronn.compiler.machine import LIBRARIES, Machine
from micronn.compiler.python_source import VOCABULARY, write_source
from micronn.compiler.rebuild import nodes_below, rebuilt
from micronn.compiler.tape import Tape, write_tape
from micronn.compiler.training import training_of
from micronn.engine import Value
from micronn.optim import Optimizer
from micronn.support.arguments import check_choice, leaves
from micronn.support.arguments import count as counted
from micronn.support.number import as_float
from micronn.support.text import clipped

Values: TypeAlias = Sequence[Value]
Root: TypeAlias = Value | Values
# values (n * n_roots,), slopes by inputs (n * n_inputs,), slopes by params (n_params,), summed
Found: TypeAlias = tuple[Sequence[float], Sequence[float], Sequence[float]]
KINDS = {"float64": "d", "float32": "df"}  # of buffers that are read as they are
BACKENDS = {  # and which kinds of machine are tried
    "auto": tuple(LIBRARIES), "machine": tuple(LIBRARIES), "native": ("native",),
    "wasm": ("wasm",), "python": (),
}  # fmt: skip


def compile_graph(
    root: Root, inputs: Values, params: Values = (), backend: str = "auto", dtype: str = "float64"
) -> "Program":
    """The graph below root as a program that takes new numbers for its inputs.

    root: what the program computes, one Value: the loss of one example, say.  Or a list
        of Values, the outputs of a net: values() gives such a list for each example, and
        what needs the gradient of one number refuses.
    inputs: the leaves that get new numbers at each call, in that order.  An input
        that root does not depend on has gradient 0.
    params: the leaves whose numbers are read from .data at each call, and whose
        gradients are added to .grad: model.parameters().
    backend: "native" for the machine that a C compiler of this computer makes, "wasm" for
        the one that comes with micronn as WebAssembly, 2 to 4 times slower; "machine" for
        the first of these that works.  "python" for generated Python, some 100 times
        slower.  "auto" for the machine or else, where the graph is too large for it or
        there is none, Python with a warning.  The last digits of two kinds may differ.
    dtype: "float64", or "float32" for numbers of half the size in the machine, which
        have 7 decimal digits instead of 16, and are 0 below 1e-45.  An example with a
        number beyond 3.4e38 is left to the graph.

    Every other leaf is a constant: the program keeps the number it was recorded with.
    So whatever differs from example to example is an input, its target too: for
    cross_entropy the probabilities of the classes, as the index of one would be frozen.

    Raises TypeError for anything but Values, ValueError for Values that were computed
    or are listed twice and for unknown names, UnknownOperation for an operation of your
    own, which the graph alone can run, and NoMachine if there is no such machine.

    >>> x, w = Value(1.0), Value(0.5)
    >>> compile_graph((w * x).tanh(), [x], [w], backend="python")
    Program(1 input, 1 parameter, 2 operations, backend='python')
    """
    roots = [root] if isinstance(root, Value) else root
    if not isinstance(roots, (list, tuple)) or not all(isinstance(x, Value) for x in roots):
        raise TypeError(
            f"root is the Value to compute, or a list of them, got {clipped(repr(root))}"
        )
    if not roots:
        raise ValueError("root is an empty list: a program computes at least one Value")
    inputs, params = leaves(inputs, "inputs"), leaves(params, "params")
    both = [*inputs, *params]
    if len({*both}) < len(both):
        (twice, _), *_ = Counter(both).most_common(1)
        raise ValueError(f"{twice!r} is listed twice among inputs and params; list it once")
    for name, value, known in (("backend", backend, BACKENDS), ("dtype", dtype, REAL)):
        check_choice(value, known, name)
    return Program(root, inputs, params, backend, dtype)


class Program:
    """A recorded graph that runs again with other numbers.  compile_graph() makes it.

    root: what compile_graph() was given.  roots: the same, always as a list.
    backend: "machine" or "python".  dtype: "float64" or "float32".
    machine: what runs it, of kind "native" or "wasm"; None for Python.
    source: the program as Python text.  tape: the same as a table of instructions.
    """

    def __init__(
        self, root: Root, inputs: Values, params: Values, backend: str, dtype: str
    ) -> None:
        self.root, self.roots = root, [root] if isinstance(root, Value) else list(root)
        self.inputs, self.params, self.asked, self.dtype = inputs, params, backend, dtype
        self.order = nodes_below(self.roots)
        self.machine = self.find_machine(backend)
        self.backend = "machine" if self.machine else "python"

    def find_machine(self, backend: str) -> Machine | None:
        """The tape machine, or None with a warning where this computer cannot have it."""
        problems: list[NoMachine] = []
        for kind in BACKENDS[backend]:
            try:
                return Machine(self.tape, self.dtype, kind)
            except NoMachine as problem:
                problems.append(problem)
        why = "; ".join(map(str, problems))
        if problems and backend != "auto":
            raise type(problems[0])(why)
        if problems:
            message = f"running in Python, about 100 times slower than the machine: {why}"
            warnings.warn(message, RuntimeWarning, stacklevel=4)
        return None

    @functools.cached_property
    def source(self) -> str:
        """The program as straight-line Python: the forward pass, then the chain rule."""
        return write_source(self.roots, self.inputs, self.params)

    @functools.cached_property
    def tape(self) -> Tape:
        """The program as numbered instructions; print(program.tape) shows a table."""
        return write_tape(self.roots, self.inputs, self.params)

    @functools.cached_property
    def function(self) -> Callable[..., Any]:
        """The function that source defines.  No text but the generator's gets here."""
        names: dict[str, Any] = dict(VOCABULARY)
        exec(compile(self.source, "<program.source>", "exec"), names)  # noqa: S102
        program: Callable[..., Any] = names["program"]
        return program

    def __repr__(self) -> str:
        operations = sum(1 for node in self.order if node.operands)
        words = {"input": len(self.inputs), "parameter": len(self.params), "operation": operations}
        parts = [f"{n} {word}{'s' * (n != 1)}" for word, n in words.items()]
        return f"Program({', '.join(parts)}, backend={self.backend!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle: what it was compiled from, as no machine can be taken along."""
        return compile_graph, (self.root, self.inputs, self.params, self.asked, self.dtype)

    # Running

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        """The value for these inputs and its gradient by each; adds to the parameters' grads.

        numbers: one for each input, in the order given to compile_graph().

        Raises ValueError for another count of numbers and for several roots, TypeError for
        what is no number, and what the graph raises for numbers outside the domain of an
        operation.
        """
        self.check_one_root()
        if len(numbers) != len(self.inputs):
            expected = f"expected {len(self.inputs)} numbers, one for each input"
            raise ValueError(f"{expected}, got {len(numbers)}")
        values, slopes = self.run_and_add((array("d", map(as_float, numbers)), 1))
        return values[0], list(slopes)

    def values(self, batch: Iterable[Any]) -> list[Any]:
        """The value of each example; a list of values for each if root is a list.

        batch: shape (n, n_inputs): rows of numbers, or a buffer of doubles such as a
            NumPy array or array("d"), row after row; for float32 also one of floats.

        Raises ValueError for rows of another length, TypeError for what is no number.

        >>> x = Value(0.0)
        >>> compile_graph([x * 2.0, x * x], [x]).values([[3.0], [4.0]])
        [[6.0, 9.0], [8.0, 16.0]]
        """
        rows = self.rows(batch)
        flat = list(self.run(rows, self.weights(), share=None)[0])
        return flat if isinstance(self.root, Value) else in_rows(flat, rows[1], len(self.roots))

    def gradients(self, batch: Iterable[Any]) -> list[list[float]]:
        """For each example the gradients of its inputs; the parameters' are added to grad.

        batch: as for values().  A parameter's grad grows by the sum over the examples.
        """
        self.check_one_root()
        rows = self.rows(batch)
        return in_rows(list(self.run_and_add(rows)[1]), rows[1], len(self.inputs))

    def value_and_grad(
        self, weights: Iterable[float], batch: Iterable[Any]
    ) -> tuple[float, Sequence[float]]:
        """The mean value over a batch and its gradient, for parameters given as numbers.

        weights: shape (n_params,), a list or, quickest, a buffer of doubles; no Value is
            read or changed.
        batch: as for values(), with at least one example.

        >>> x, w = Value(1.0), Value(1.0)
        >>> value, grad = compile_graph(w * w * x, [x], [w]).value_and_grad([3.0], [[1.0], [2.0]])
        >>> value, list(grad)  # 9 and 18 on average; 2 * 3 * 1 and 2 * 3 * 2
        (13.5, [9.0])
        """
        rows = self.some_rows(batch)
        table = weights if view_of(weights) else [weights]
        numbers, height = doubles(table, len(self.params), "weights")
        if height != 1:
            raise ValueError(f"expected one row of {len(self.params)} weights, got {height}")
        values, _, slopes = self.run(rows, numbers, 1.0 / rows[1], of_inputs=False)
        return sum(values) / rows[1], slopes

    def weights(self) -> "array[float]":
        """The parameters' numbers."""
        return array("d", [p.data for p in self.params])

    def rows(self, batch: Iterable[Any]) -> Rows:
        """A batch as a buffer of doubles or of the dtype, and the number of its rows."""
        return doubles(batch, len(self.inputs), "inputs", KINDS[self.dtype])

    def some_rows(self, batch: Iterable[Any]) -> Rows:
        """As rows(), at least one, to take the mean of one result."""
        self.check_one_root()
        examples, count = self.rows(batch)
        if not count:
            raise ValueError("no examples, and a mean needs at least one; pass rows of numbers")
        return examples, count

    def check_one_root(self) -> None:
        """Refuse gradients where there are several numbers to differentiate."""
        if len(self.roots) > 1:
            raise ValueError(
                f"a gradient is that of one number, and this program computes {len(self.roots)}; "
                "compile the one you mean, or their total()"
            )

    def run_and_add(self, rows: Rows) -> tuple[Sequence[float], Sequence[float]]:
        """Values and slopes by the inputs; those by the parameters are added to their grads."""
        values, slopes, sums = self.run(rows, self.weights())
        for p, g in zip(self.params, sums, strict=True):
            p.grad += g
        return values, slopes

    def run(
        self, rows: Rows, weights: Buffer, share: float | None = 1.0, of_inputs: bool = True
    ) -> Found:
        """Values and gradients by the machine; where it cannot tell, of one example at a time.

        share: what the gradients of each example are multiplied by; None for none wanted.
        of_inputs: whether those of the inputs are wanted; the others may then be 0 or None.
        """
        found = self.by_machine(rows, weights, share, of_inputs)
        if found:
            return found
        values, slopes, sums = self.one_by_one(rows, weights, share is not None, of_inputs)
        if share not in (None, 1.0):
            sums = array("d", [share * g for g in sums])
        return values, slopes, sums

    def by_machine(
        self, rows: Rows, weights: Buffer, share: float | None, of_inputs: bool
    ) -> tuple[Any, Any, Any] | None:
        """What the machine says, if there is one and it can tell."""
        if not self.machine:
            return None
        own = weights if self.dtype == "float64" else array("f", weights)
        return self.machine.run(rows, own, share, of_inputs)

    def one_by_one(self, rows: Rows, weights: Buffer, slopes_too: bool, of_inputs: bool) -> Found:
        """The same of one example after the other: so only what the graph must say is slow."""
        share = 1.0 if slopes_too else None
        values: list[float] = []
        slopes: list[float] = []
        w: list[float] = list(weights)
        sums = [0.0] * len(w)
        for x in in_rows(list(rows[0]), rows[1], len(self.inputs)):
            alone = self.by_machine((array("d", x), 1), weights, share, of_inputs)
            found, dx, dw = alone or self.example(x, w, of_inputs)
            values += found
            slopes += dx or []
            sums = list(map(operator.add, sums, dw or []))
        return values, slopes, sums

    def example(self, x: list[float], w: list[float], of_inputs: bool) -> Found:
        """One example without the machine; the graph decides wherever it is not plain."""
        if self.machine:  # to write and compile the Python text takes far longer than the graph
            return self.by_graph(x, w)
        try:
            found: Found = self.function(x, w, of_inputs)
        except (ValueError, ZeroDivisionError, OverflowError):
            return self.by_graph(x, w)
        return found if all(map(math.isfinite, found[0])) else self.by_graph(x, w)

    def by_graph(self, x: list[float], w: list[float]) -> Found:
        """Values and gradients from the graph itself, which refuses in words."""
        given = dict(zip([*self.inputs, *self.params], [*x, *w], strict=True))
        nodes = rebuilt(self.order, given)
        roots = [nodes[root] for root in self.roots]
        if len(roots) == 1:
            roots[0].backward()
        grads = [nodes[leaf].grad if leaf in nodes else 0.0 for leaf in given]
        return [root.data for root in roots], grads[: len(x)], grads[len(x) :]

    # Training

    def train(
        self, examples: Iterable[Any], optimizer: Optimizer, epochs: int, batch_size: int = 32
    ) -> Iterator[float]:
        """Mini-batch descent on the mean value; yields each epoch's mean value.

        The graph is the loss of one example.  What does not belong to an example, an
        L2 penalty, is the optimizer's weight_decay: half of it times the squares.

        examples: as for values(); each epoch takes them in the order given, so shuffle them
            before: micronn.data does.
        optimizer: SGD, Adam or any other Optimizer of just the program's parameters.
            Its rule is recorded as a graph, and runs on the same machine.
        epochs: how often to go through all the examples.
        batch_size: examples for each step; the last batch of an epoch may be smaller.

        Whenever it yields, the parameters and the optimizer hold the newest numbers;
        what is changed there meanwhile, lr for one, counts from the next epoch on.
        The same is true after Ctrl-C.  grad is left alone.

        Raises what compile_graph() and the graph raise, and ValueError for no examples
        or for an optimizer of other parameters.

        >>> from micronn.optim import SGD
        >>> x, y, w = Value(0.0), Value(0.0), Value(0.0)
        >>> program = compile_graph((w * x - y) ** 2, [x, y], [w])
        >>> for loss in program.train([[1.0, 3.0], [2.0, 6.0]], SGD([w], lr=0.1), epochs=20):
        ...     pass
        >>> round(w.data, 4)
        3.0
        """
        rows = self.some_rows(examples)
        epochs = counted(epochs, "epochs", least=0)
        batch_size = min(counted(batch_size, "batch_size"), rows[1])
        theirs = getattr(optimizer, "params", ())
        if theirs != self.params and {*theirs} != {*self.params}:
            raise ValueError(
                "the optimizer moves other parameters than the program has; give both the same list"
            )
        return training_of(self, optimizer, rows, batch_size).epochs(epochs)
