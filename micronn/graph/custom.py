"""An operation of your own is what any other is: a number, and a slope by each operand.

What is put together of the engine's operations needs nothing from here: it records and
differentiates itself.  A formula of your own is for what cannot be put together of them,
or is to be one node instead of ten:

    >>> import math
    >>> def swish(x):  # x * s, where s is the sigmoid of x
    ...     s = 1.0 / (1.0 + math.exp(-x.data))
    ...     return custom_operation("swish", x.data * s, [x], [s + x.data * s * (1.0 - s)])
    >>> x = Value(0.5, "x")
    >>> y = swish(x * 2.0)
    >>> y.backward()
    >>> y.op, round(y.data, 4), round(x.grad, 4)
    ('swish', 0.7311, 1.8553)

Whether the slopes are right, micronn.check.gradcheck tells.
"""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from micronn.engine import Value, as_value, computed
from micronn.graph.operations import OPERATIONS, kind_and_number
from micronn.support.arguments import check_text, listed
from micronn.support.number import as_float

# What the operands held, by the result, as nobody can do the operation again to find out.
computed_with: WeakKeyDictionary[Value, tuple[float, ...]] = WeakKeyDictionary()

TAKEN = {"const", *(row.typed for row in OPERATIONS.values())}
TAKEN |= {kind.removesuffix(" k") for kind in OPERATIONS}


def custom_operation(
    name: str, data: float, operands: Iterable[Value | float], local_grads: Iterable[float]
) -> Value:
    """The Value that an operation of your own makes; PyTorch's autograd.Function, in one call.

    name: what pictures, steps and messages call it: a word, and after it the number that
        it is done with, if there is one, as in "elu 0.5".
    data: the result, worked out from the operands' data.
    operands: what it was worked out from, at least one; a plain number becomes a constant.
    local_grads: d(result)/d(operand), a number for each operand.

    Everything that reads a graph takes it as it is.  Only a compiled program and a second
    derivative would need its formula too: compile_graph() raises UnknownOperation, grad()
    NotImplementedError, and a training with engine="auto" runs on graphs, and says so.

    Raises TypeError for what is no number and no text; ValueError for lists of different
    length, for no operands, and for a name that is no word or that of another operation.
    """
    check_text(name, "name of an operation")
    kind, _ = kind_and_number(name)
    if not kind.isidentifier():
        raise ValueError(
            f"an operation is called by a word, and maybe a number after it, got {name!r:.60}; "
            "write 'swish' or 'elu 0.5'"
        )
    if kind in TAKEN:
        raise ValueError(
            f"{kind!r} is an operation of the engine, which a compiled program would take it "
            f"for; choose another name, such as 'my_{kind}'"
        )
    values = tuple(map(as_value, listed(operands, "operands")))
    if not values:
        raise ValueError("an operation has at least one operand, got none; write Value(...)")
    slopes = listed(local_grads, "local derivatives, one for each operand", len(values))
    result = computed(as_float(data), name, values, tuple(map(as_float, slopes)))
    computed_with[result] = tuple([value.data for value in values])
    return result
