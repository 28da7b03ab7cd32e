"""Rows of numbers may come as lists, as arrays or as NumPy's; other shapes are refused."""

from array import array

import pytest
from programs import GRAPHS, ROWS, each_backend, program_of

from micronn.compiler import compile_graph
from micronn.engine import Value
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
