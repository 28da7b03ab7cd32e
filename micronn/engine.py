"""A number that remembers how it was made can tell how to change it.

As in tiny.py, every operation makes a new Value that keeps the operands it was made
from and one local derivative for each of them: how fast the result moves when that
operand moves.  That is all the chain rule needs: `backward()` goes from the end to the
start, multiplies along every way, and adds where ways meet.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> f = (a * b) * (a + b)  # = a²b + ab², so df/da = 2ab + b² and df/db = a² + 2ab
    >>> f.backward()
    >>> f.data, a.grad, b.grad
    (-6.0, -3.0, -8.0)

In support/, numeric.py works out what a formula alone would overflow at or lose digits
of, and number.py lets a Value compare, print and copy like Python's own numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import mul
from typing import Any

from micronn.support import number, numeric
from micronn.support.arguments import listed
from micronn.support.number import Number, as_float, shown
from micronn.support.numeric import DomainError
from micronn.support.text import as_typed, clipped

__all__ = ["DomainError", "Value", "dot", "logsumexp", "maximum", "mean", "minimum",
           "topological_order", "total"]  # fmt: skip

# Making Values

new = object.__new__  # makes a Value without a call of __init__


def computed(
    data: float, op: str, operands: tuple[Value, ...], local_grads: tuple[float, ...]
) -> Value:
    """The Value that an operation made: a constructor without checks, since all pay for it."""
    if type(data) is not float:  # an operand's data was set to another kind of number
        return number.repeated(op, operands)
    value = new(Value)
    value.data = data
    value.grad = 0.0
    value.op = op
    value.operands = operands
    value.local_grads = local_grads
    value.label = ""
    return value


def as_value(x: Value | float) -> Value:
    """x itself if it is a Value, else a constant: a Value that holds the number x."""
    if isinstance(x, Value):
        return x
    return computed(as_float(x), "const", (), ())


class Value(Number):
    """A number in a computation graph.

    data: the number, a float; whatever else you set it to becomes one when it is used.
    grad: d(output)/d(this), after output.backward(); 0.0 before.  The gradient of the
        output is the grads of all its leaves together.
    op: what made it: "" for Value(...), "const" for a plain number that was used with
        Values, else the operation, as it is typed: "*", "tanh", "**3".
    operands: the Values the operation was applied to, in order, repeats kept.  A leaf
        is a Value without operands: typed in, not computed.
    local_grads: d(this)/d(operand), one float for each operand.
    label: a name for pictures and messages; any text, never needed.
    was: of a leaf, the data that it began with or that the last backward() found in it.

    == asks whether two Values are one and the same; < <= > >= compare the numbers.

    Raises TypeError for anything that is not one real number, and OverflowError
    for an integer beyond the range of floats.

    >>> x = Value(3, label="x")
    >>> y = x * x
    >>> y, y.op, y.local_grads
    (Value(data=9.0, grad=0.0), '*', (3.0, 3.0))
    """

    # Only these: that saves memory, and a misspelt one is an error.  To add some of your own,
    # class Node(Value): pass; operations still give plain Values.  The last is for weakref.
    __slots__ = ("data", "grad", "op", "operands", "local_grads", "label", "was", "__weakref__")

    def __init__(self, data: float, label: str = "") -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is text, got {clipped(repr(label))}; use label=str(...)")
        self.data = self.was = as_float(data)
        self.grad = 0.0
        self.op = ""
        self.operands: tuple[Value, ...] = ()
        self.local_grads: tuple[float, ...] = ()
        self.label = label

    # Arithmetic.  Each operation gives computed() the result, its own name, its operands
    # and its local derivatives.  (The test by type is quicker than a call of as_value.)

    def __add__(self, other: Value | float) -> Value:
        """a + b.   d/da = 1,  d/db = 1."""
        if type(other) is not Value:
            other = as_value(other)
        return computed(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __sub__(self, other: Value | float) -> Value:
        """a - b.   d/da = 1,  d/db = -1."""
        if type(other) is not Value:
            other = as_value(other)
        return computed(self.data - other.data, "-", (self, other), (1.0, -1.0))

    def __mul__(self, other: Value | float) -> Value:
        """a * b.   d/da = b,  d/db = a."""
        if type(other) is not Value:
            other = as_value(other)
        return computed(self.data * other.data, "*", (self, other), (other.data, self.data))

    def __truediv__(self, other: Value | float) -> Value:
        """a / b.   d/da = 1/b,  d/db = -a/b**2."""
        if type(other) is not Value:
            other = as_value(other)
        a, b = self.data, other.data
        if b == 0.0:
            raise ZeroDivisionError(f"division of {shown(self)} by zero, {shown(other)}")
        return computed(a / b, "/", (self, other), (1.0 / b, -(a / b) / b))  # b**2 may overflow

    def __neg__(self) -> Value:
        """-a.   d/da = -1."""
        return computed(-self.data, "neg", (self,), (-1.0,))

    def __pow__(self, exponent: Value | float) -> Value:
        """a ** k.   d/da = k * a**(k-1),  and for a Value k:  d/dk = a**k * log(a)."""
        data, slope = numeric.power(self, exponent)
        if isinstance(exponent, Value):
            slopes = slope, numeric.exponent_slope(self.data, exponent.data, data)
            return computed(data, "**", (self, exponent), slopes)
        typed = exponent if type(exponent) is int else as_typed(as_float(exponent))  # 3, not 3.0
        return computed(data, f"**{typed}", (self,), (slope,))

    # number + Value and the like: Python calls these when the number gives up

    def __radd__(self, other: float) -> Value:
        return as_value(other) + self

    def __rsub__(self, other: float) -> Value:
        return as_value(other) - self

    def __rmul__(self, other: float) -> Value:
        return as_value(other) * self

    def __rtruediv__(self, other: float) -> Value:
        return as_value(other) / self

    def __rpow__(self, other: float) -> Value:
        return as_value(other) ** self

    # Functions of one Value

    def __abs__(self) -> Value:
        """abs(a).   d/da = the sign of a, and 0 at 0."""
        return computed(abs(self.data), "abs", (self,), (numeric.sign(self.data),))

    def exp(self) -> Value:
        """e ** a.   d/da = e ** a."""
        try:
            data = math.exp(self.data)
        except OverflowError:
            raise OverflowError(f"exp of {shown(self)} is beyond the largest float") from None
        return computed(data, "exp", (self,), (data,))

    def log(self) -> Value:
        """Natural logarithm.   d/da = 1/a.   Needs a > 0."""
        if self.data <= 0.0:
            raise DomainError(f"log needs a number above zero, got {shown(self)}")
        return computed(math.log(self.data), "log", (self,), (1.0 / math.fabs(self.data),))

    def sqrt(self) -> Value:
        """Square root.   d/da = 1 / (2 * sqrt(a)), infinite at 0.   Needs a >= 0."""
        if self.data < 0.0:
            raise DomainError(f"sqrt needs a number of at least zero, got {shown(self)}")
        root = math.sqrt(self.data)
        return computed(root, "sqrt", (self,), (0.5 / root if root else math.inf,))

    def sin(self) -> Value:
        """Sine of an angle in radians.   d/da = cos(a)."""
        if math.isinf(self.data):
            raise DomainError(f"sin needs a finite angle, got {shown(self)}")
        return computed(math.sin(self.data), "sin", (self,), (math.cos(self.data),))

    def cos(self) -> Value:
        """Cosine of an angle in radians.   d/da = -sin(a)."""
        if math.isinf(self.data):
            raise DomainError(f"cos needs a finite angle, got {shown(self)}")
        return computed(math.cos(self.data), "cos", (self,), (-math.sin(self.data),))

    def tanh(self) -> Value:
        """Hyperbolic tangent, from -1 to 1.   d/da = 1 - tanh(a)**2."""
        t = math.tanh(self.data)
        return computed(t, "tanh", (self,), (1.0 - t * t,))

    def sigmoid(self) -> Value:
        """1 / (1 + e**-a), from 0 to 1.   d/da = s * (1 - s), where s is the result."""
        s = numeric.logistic(self.data)
        return computed(s, "sigmoid", (self,), (s * (1.0 - s),))

    def relu(self) -> Value:
        """a where a is above 0, else 0.   d/da = 1 or 0, and 0 at 0."""
        a = self.data
        data, slope = (a, 1.0) if a > 0.0 else (0.0, 0.0) if a <= 0.0 else (a, a)  # or nan
        return computed(data, "relu", (self,), (slope,))

    def leaky_relu(self, negative_slope: float = 0.01) -> Value:
        """a where a is above 0, else negative_slope * a.   d/da = 1 or negative_slope."""
        leak = as_float(negative_slope)
        slope = 1.0 if self.data > 0.0 else leak
        return computed(self.data * slope, f"leaky_relu {as_typed(leak)}", (self,), (slope,))

    def softplus(self) -> Value:
        """log(1 + e**a), a smooth relu.   d/da = sigmoid(a)."""
        data, slope = numeric.softplus(self.data), numeric.logistic(self.data)
        return computed(data, "softplus", (self,), (slope,))

    def gelu(self) -> Value:
        """a * P(a), where P(a) is the probability that a standard normal number is below a.

        d/da = P(a) + a * p(a), with p the bell curve of the normal distribution.
        Source: Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016.
        """
        data, slope = numeric.gelu(self.data)
        return computed(data, "gelu", (self,), (slope,))

    # The backward pass

    def backward(self) -> None:
        """Add d(this)/d(leaf) to the grad of every leaf this was computed from.

        Leaves collect: a second call adds the same again, until somebody sets their grad to 0.
        A computed Value's grad starts afresh in each call, or it would be passed on once more.
        If it is interrupted, every leaf keeps its old grad.  Threads must not share Values.
        """
        # held: the grads of leaves from before.  The walk finds them, and leaves the leaves
        # out, since they pass nothing on.  It says why there must be an order.
        held: dict[Value, float] = {} if self.operands else {self: self.grad}
        order = topological_order(self, held)
        with number.KeptLeaves(order, held):  # Ctrl-C in here gives them back
            for node in [*order, *held]:
                node.grad = 0.0
            self.grad = 1.0  # d(this)/d(this)
            for node in reversed(order):
                upstream = node.grad
                if upstream - upstream:  # inf or nan, with which number.message() is careful
                    node._backward()
                elif upstream or not math.isfinite(sum(node.local_grads)):  # 0 * inf must show
                    for operand, local_grad in zip(node.operands, node.local_grads):
                        operand.grad += local_grad * upstream  # the chain rule
            for leaf, grad in held.items():  # last, so that each call adds the same amount
                leaf.grad += grad

    # A copy or a pickle of a Value takes its graph along

    def __deepcopy__(self, memo: dict[int, object]) -> Value:
        return number.deep_copied(topological_order(self), memo)

    def __reduce__(self) -> tuple[object, ...]:
        return number.pickled(topological_order(self))


def topological_order(root: Value, held: dict[Value, float] | None = None) -> list[Value]:
    """Every Value below root and root itself, operands before what is made of them.

    Without an order, a Value would pass its grad on before all of it has arrived:
    in  b = a + a;  c = b + b  the second half of b's grad would come too late.
    With recursion the walk is

        def visit(node):
            visited.add(node)
            for operand in node.operands:
                if operand not in visited:
                    visit(operand)
            order.append(node)

    Here two lists keep what Python keeps for visit(), so that depth is no limit:
    the calls that are open, and for each of them the operands that it has not seen yet.

    held: given by backward() alone: leaves are then left out of the order, and those that
    have a grad are put into this dict with it.  Each remembers what its data was.
    """
    order: list[Value] = []
    visited, calls, unseen = {root}, [root], [iter(root.operands)]
    while calls:
        for operand in unseen[-1]:  # goes on where it stopped the last time
            if held is not None and not operand.operands:
                operand.was = operand.data
                if operand.grad:
                    held[operand] = operand.grad
            elif operand not in visited:
                visited.add(operand)
                calls.append(operand)
                unseen.append(iter(operand.operands))
                break
        else:  # no break: every operand is in the order already
            order.append(calls.pop())
            unseen.pop()
    return order


# Functions of several Values


def maximum(a: Value | float, b: Value | float) -> Value:
    """The larger of a and b.   Its slope is 1, the other's 0; 1/2 each when equal."""
    a, b = as_value(a), as_value(b)
    slopes = numeric.is_larger(a.data, b.data), numeric.is_larger(b.data, a.data)
    return computed(numeric.maximum(a.data, b.data), "maximum", (a, b), slopes)


def minimum(a: Value | float, b: Value | float) -> Value:
    """The smaller of a and b.   Its slope is 1, the other's 0; 1/2 each when equal."""
    a, b = as_value(a), as_value(b)
    slopes = numeric.is_larger(b.data, a.data), numeric.is_larger(a.data, b.data)
    return computed(numeric.minimum(a.data, b.data), "minimum", (a, b), slopes)


def terms(items: Iterable[Value | float]) -> tuple[Any, ...]:
    """items as a tuple of Values or, when there is none among them, of floats."""
    if type(items) is not list and type(items) is not tuple:
        items = listed(items, "each operand")
    if set(map(type, items)) in ({float}, {Value}):  # the usual case, quickly
        return tuple(items)
    if not items:
        raise ValueError("expected at least one number, got none")
    return tuple(map(as_value if any(isinstance(x, Value) for x in items) else as_float, items))


def dot(a: Iterable[Value | float], b: Iterable[Value | float]) -> Value:
    """a[0]*b[0] + a[1]*b[1] + ...   d/da[i] = b[i],  d/db[i] = a[i].

    a, b: equally many numbers or Values, at least one.  The operands are all of a,
    then all of b.  Where one side holds only plain numbers, nobody asks for their grads:
    the op is then "weighted_sum", its operands are the Values of the other side and
    its local derivatives are the numbers.

    Raises ValueError for lengths that differ, or for nothing to multiply.

    >>> w = [Value(1.0), Value(2.0)]
    >>> dot(w, [3.0, 4.0]).data
    11.0
    """
    left, right = terms(a), terms(b)
    if len(left) != len(right):
        raise ValueError(f"dot needs two lists of one length, got {len(left)} and {len(right)}")
    if type(left[0]) is float:
        left, right = right, left
    if type(left[0]) is float:  # both are plain: the first become Values
        left = tuple(map(as_value, left))
    return unchecked_dot(left, right)


def unchecked_dot(a: tuple[Value, ...], b: tuple[Any, ...]) -> Value:
    """dot(a, b), where b is known to hold only Values, or only floats."""
    a_data = tuple([value.data for value in a])
    b_data = b if type(b[0]) is float else tuple([value.data for value in b])
    data = sum(map(mul, a_data, b_data), 0.0)
    if type(data) is not float:  # as in computed()
        return unchecked_dot(number.of_floats(a), number.of_floats(b))
    if b_data is b:
        return computed(data, "weighted_sum", a, b)
    return computed(data, "dot", a + b, b_data + a_data)


def total(values: Iterable[Value | float]) -> Value:
    """The sum of a list of Values, one operation "sum".   d/d(each) = 1.   ValueError for none."""
    operands = tuple(map(as_value, terms(values)))
    data = numeric.exact_sum([value.data for value in operands])
    return computed(data, "sum", operands, (1.0,) * len(operands))


def mean(values: Iterable[Value | float]) -> Value:
    """The average of a list of n Values.   d/d(each) = 1/n.   ValueError for none."""
    operands = tuple(map(as_value, terms(values)))
    data, n = numeric.mean([value.data for value in operands]), len(operands)
    return computed(data, "mean", operands, (1.0 / n,) * n)


def logsumexp(values: Iterable[Value | float]) -> Value:
    """log(e**a + e**b + ...), also where e**a alone is beyond any float.

    d/d(each) = its share e**a / (e**a + e**b + ...), which is softmax.
    Raises ValueError for no values.

    >>> round(logsumexp([1000.0, 1000.0]).data, 4)  # 1000 + log(2)
    1000.6931
    """
    operands = tuple(map(as_value, terms(values)))
    data, shares = numeric.logsumexp([value.data for value in operands])
    return computed(data, "logsumexp", operands, tuple(shares))
