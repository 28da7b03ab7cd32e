"""Rows of numbers may come as lists, as arrays or as NumPy's; other shapes are refused."""

import math
from array import array

import pytest
from programs import GRAPHS, ROWS, each_backend, each_machine, program_of, task

from micronn.compiler import compile_graph
from micronn.engine import DomainError, Value
from micronn.optim import SGD


@each_backend
@pytest.mark.parametrize("batch", [[1.0, 2.0], [[1.0]], [[1.0, 2.0], [1.0]], "ab", ["ab"], None,
                                   3.0, [[1.0, "2"]], [[1.0, None]], {1.0: 2.0},
                                   array("d", [1.0] * 3), [[[1.0], 2.0]], [Value(1.0)],
                                   [[1.0, 2j]]])  # fmt: skip
def test_a_batch_of_another_shape_or_kind_is_refused(batch, backend):
    program, w = program_of(GRAPHS["dot"], backend)
    for use in (program.values, program.gradients, lambda b: program.value_and_grad([1.0, 1.0], b),
                lambda b: program.train(b, SGD(w, 0.1), 1)):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            use(batch)


@each_backend
def test_floats_are_read_as_they_are_where_the_program_has_floats(backend):
    rows = task()[3]
    floats = array("f", [number for row in rows for number in row])
    rounded, found = array("d", floats), []
    for batch in (floats, rounded, memoryview(floats).cast("B").cast("f").toreadonly()):
        model, loss, x, _ = task()
        program = compile_graph(loss, x, model.parameters(), backend, "float32")
        values = program.values(batch)
        losses = list(program.train(batch, SGD(model.parameters(), 0.1), 2, batch_size=32))
        found.append((values, losses))
        with pytest.raises(ValueError, match="inputs"):
            program.values(batch[1:])
    assert found[0] == found[1] == found[2]
    assert len(found[0][0]) == len(rows)


@each_machine
def test_floats_that_are_infinite_are_left_to_the_graph(kind):
    x, w = Value(1.0), Value(2.0)
    program = compile_graph((w * x).tanh(), [x], [w], kind, "float32")
    assert program.values(array("f", [math.inf, 0.0])) == [1.0, 0.0]
    with pytest.raises(DomainError, match="inf"):
        compile_graph(x.sin(), [x], [], kind, "float32").values(array("f", [math.inf]))


@each_backend
def test_numpy_arrays_and_other_buffers_of_doubles_are_batches(backend):
    np = pytest.importorskip("numpy")
    program, _ = program_of(GRAPHS["tanh"], backend)
    expected = program.values(ROWS)
    rows = np.array(ROWS)
    frozen = rows.copy()
    frozen.flags.writeable = False
    for batch in (
        rows,
        frozen,
        rows.ravel(),
        array("d", rows.ravel()),
        np.asfortranarray(rows),
        iter(ROWS),
    ):
        assert program.values(batch) == expected
    assert program.values(rows.astype("float32")) == pytest.approx(expected, rel=1e-6)
    assert program.values(np.zeros((0, 2))) == []
    nothing_given = compile_graph(Value(7.0) * 1.0, [], [], backend)
    assert nothing_given.values(np.zeros((5, 0))) == nothing_given.values([[]] * 5) == [7.0] * 5
    with pytest.raises(ValueError, match="shape"):
        program.values(np.zeros((2, 3)))
