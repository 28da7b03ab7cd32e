"""A slope that no engine operation computes is an operation too: so it has a slope itself.

The slope of tanh(a), 1 - tanh(a)², is made of operations that the engine has.  That of relu
is not, which jumps from 0 to 1, nor that of gelu.  They need one operation each:

    >>> upstream, a = Value(3.0), Value(-1.0)
    >>> gate(upstream, a).data  # what relu(a) lets through
    0.0
"""

from micronn.engine import Value, as_value, computed
from micronn.support import numeric


def gate(a: Value | float, b: Value | float) -> Value:
    """a where b is above 0, else 0.   d/da = 1 or 0,  d/db = 0."""
    a, b = as_value(a), as_value(b)
    data, slope = numeric.gate(float(a.data), b.data), numeric.gate(1.0, b.data)
    return computed(data, "gate", (a, b), (slope, 0.0))


def gelu_slope(a: Value) -> Value:
    """P(a) + a * p(a), the slope of a.gelu().   d/da = p(a) * (2 - a**2)."""
    data = float(a.data)
    return computed(numeric.gelu(data)[1], "gelu_slope", (a,), (numeric.gelu_curve(data),))
