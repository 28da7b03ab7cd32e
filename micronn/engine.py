"""A number that remembers how it was made can tell how to change it.

Every operation on a Value makes a new Value that keeps three things: the operands
it was made from, the number that came out, and one local derivative for each
operand: how fast the result moves when that operand moves.  That is all the chain
rule needs.  `backward()` walks the record from the end to the start and multiplies.

    >>> a, b = Value(-2.0, "a"), Value(3.0, "b")
    >>> f = (a * b) * (a + b)
    >>> f.backward()
    >>> f.data, a.grad, b.grad
    (-6.0, -3.0, -8.0)
"""

import math
from operator import mul

from micronn.support.number import Number, as_float, deep_copied, pickled, shown
from micronn.support.numeric import (
    DomainError,
    exact_sum,
    exponent_slope,
    logistic,
    normal_cdf,
    power,
)
from micronn.support.text import as_typed, clipped


class Value(Number):
    """A number in a computation graph.

    data: the number, a float.
    grad: d(output)/d(this), after output.backward(); 0.0 before.
    op: what made it: "" for a given Value, "const" for a plain number that was
        used with Values, else the operation, as it is typed: "*", "tanh", "**3".
    operands: the Values the operation was applied to, in order, repeats kept.
    local_grads: d(this)/d(operand), one float for each operand.
    label: a name for pictures and messages; any text, never needed.

    Raises TypeError for anything that is not one real number, and OverflowError
    for a whole number beyond the range of floats.

    >>> x = Value(3, label="x")
    >>> y = x * x
    >>> y, y.op, y.local_grads
    (Value(data=9.0, grad=0.0), '*', (3.0, 3.0))
    """

    __slots__ = ("data", "grad", "op", "operands", "local_grads", "label", "__weakref__")

    def __init__(self, data, label=""):
        if not isinstance(label, str):
            raise TypeError(f"a label is text, got {clipped(repr(label))}; use label=str(...)")
        self.data = as_float(data)
        self.grad = 0.0
        self.op = ""
        self.operands: tuple[Value, ...] = ()
        self.local_grads: tuple[float, ...] = ()
        self.label = label

    # Arithmetic

    def __add__(self, other):
        """a + b.   d/da = 1,  d/db = 1."""
        if type(other) is not Value:
            other = as_value(other)
        return computed(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __sub__(self, other):
        """a - b.   d/da = 1,  d/db = -1."""
        if type(other) is not Value:
            other = as_value(other)
        return computed(self.data - other.data, "-", (self, other), (1.0, -1.0))

    def __mul__(self, other):
        """a * b.   d/da = b,  d/db = a."""
        if type(other) is not Value:
            other = as_value(other)
        return computed(self.data * other.data, "*", (self, other), (other.data, self.data))

    def __truediv__(self, other):
        """a / b.   d/da = 1/b,  d/db = -(a/b)/b."""
        if type(other) is not Value:
            other = as_value(other)
        a, b = self.data, other.data
        if b == 0.0:
            raise ZeroDivisionError(f"division of {shown(self)} by zero, {shown(other)}")
        return computed(a / b, "/", (self, other), (1.0 / b, -(a / b) / b))

    def __neg__(self):
        """-a.   d/da = -1."""
        return computed(-self.data, "neg", (self,), (-1.0,))

    def __pow__(self, exponent):
        """a ** k.   d/da = k * a**(k-1),  and for a Value k:  d/dk = a**k * log(a)."""
        if isinstance(exponent, Value):
            data, slope = power(self, exponent)
            slopes = slope, exponent_slope(self.data, exponent.data, data)
            return computed(data, "**", (self, exponent), slopes)
        typed = exponent if type(exponent) is int else as_typed(as_float(exponent))
        data, slope = power(self, as_float(exponent))
        return computed(data, f"**{typed}", (self,), (slope,))

    def __radd__(self, other):
        return as_value(other) + self

    def __rsub__(self, other):
        return as_value(other) - self

    def __rmul__(self, other):
        return as_value(other) * self

    def __rtruediv__(self, other):
        return as_value(other) / self

    def __rpow__(self, other):
        return as_value(other) ** self

    # Functions of one Value

    def __abs__(self):
        """abs(a).   d/da = the sign of a, and 0 at 0."""
        a = self.data
        slope = a if a != a else float((a > 0.0) - (a < 0.0))
        return computed(abs(a), "abs", (self,), (slope,))

    def exp(self):
        """e ** a.   d/da = e ** a."""
        try:
            data = math.exp(self.data)
        except OverflowError:
            raise OverflowError(f"exp of {shown(self)} is beyond the largest float") from None
        return computed(data, "exp", (self,), (data,))

    def log(self):
        """Natural logarithm.   d/da = 1/a.   Needs a > 0."""
        a = self.data
        if a <= 0.0:
            raise DomainError(f"log needs a number above zero, got {shown(self)}")
        return computed(math.log(a), "log", (self,), (1.0 / a,))

    def sqrt(self):
        """Square root.   d/da = 1 / (2 * sqrt(a)), infinite at 0.   Needs a >= 0."""
        if self.data < 0.0:
            raise DomainError(f"sqrt needs a number of at least zero, got {shown(self)}")
        root = math.sqrt(self.data)
        slope = 0.5 / root if root else math.inf
        return computed(root, "sqrt", (self,), (slope,))

    def sin(self):
        """Sine of an angle in radians.   d/da = cos(a)."""
        if math.isinf(self.data):
            raise DomainError(f"sin needs a finite angle, got {shown(self)}")
        return computed(math.sin(self.data), "sin", (self,), (math.cos(self.data),))

    def cos(self):
        """Cosine of an angle in radians.   d/da = -sin(a)."""
        if math.isinf(self.data):
            raise DomainError(f"cos needs a finite angle, got {shown(self)}")
        return computed(math.cos(self.data), "cos", (self,), (-math.sin(self.data),))

    def tanh(self):
        """Hyperbolic tangent, from -1 to 1.   d/da = 1 - tanh(a)**2."""
        t = math.tanh(self.data)
        return computed(t, "tanh", (self,), (1.0 - t * t,))

    def sigmoid(self):
        """1 / (1 + e**-a), from 0 to 1.   d/da = s * (1 - s), where s is the result."""
        s = logistic(self.data)
        return computed(s, "sigmoid", (self,), (s * (1.0 - s),))

    def relu(self):
        """a where a is above 0, else 0.   d/da = 1 or 0, and 0 at 0."""
        a = self.data
        if a != a:
            return computed(a, "relu", (self,), (a,))  # nan stays nan
        on = a > 0.0
        return computed(a if on else 0.0, "relu", (self,), (1.0 if on else 0.0,))

    def leaky_relu(self, negative_slope=0.01):
        """a where a is above 0, else negative_slope * a.   d/da = 1 or negative_slope."""
        leak = as_float(negative_slope)
        slope = 1.0 if self.data > 0.0 else leak
        return computed(self.data * slope, f"leaky_relu {as_typed(leak)}", (self,), (slope,))

    def softplus(self):
        """log(1 + e**a), a smooth relu.   d/da = sigmoid(a)."""
        a = self.data
        data = max(a, 0.0) + math.log1p(math.exp(-abs(a)))
        return computed(data if a == a else a, "softplus", (self,), (logistic(a),))

    def gelu(self):
        """a * P(a), where P(a) is the chance that a standard normal number is below a.

        d/da = P(a) + a * p(a), with p the bell curve of the normal distribution.
        Source: Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016.
        """
        a = self.data
        below, bell = normal_cdf(a), math.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
        if math.isinf(a):
            return computed(a if a > 0.0 else 0.0, "gelu", (self,), (below,))
        return computed(a * below, "gelu", (self,), (below + a * bell,))

    # The backward pass

    def backward(self):
        """Add d(this)/d(leaf) to the grad of every leaf this was computed from.

        Leaves (given Values and constants) collect: a second call adds the same
        amount again, until somebody sets their grad to 0.  The grad of a computed
        Value is started afresh.  Interrupted, it leaves the leaves as they were.
        """
        earlier = None
        try:
            order, earlier = fresh_start(self)
            for leaf in earlier:
                leaf.grad = 0.0
            self.grad = 1.0  # d(this)/d(this)
            for node in reversed(order):
                upstream = node.grad
                if upstream == 0.0 and math.isfinite(sum(node.local_grads)):
                    continue  # a dead relu, say: every message would be 0
                for operand, local_grad in zip(node.operands, node.local_grads):
                    operand.grad += local_grad * upstream  # the chain rule
            for leaf, grad in earlier.items():
                leaf.grad += grad
        except BaseException:  # Ctrl-C, most likely
            for node in topological_order(self):
                if node.operands:
                    node.grad = 0.0
                elif earlier is not None:  # else no leaf was touched yet
                    node.grad = earlier.get(node, 0.0)
            raise

    def __deepcopy__(self, memo):
        return deep_copied(topological_order(self), memo)

    def __reduce__(self):
        return pickled(topological_order(self))


# Functions of several Values


def maximum(a, b):
    """The larger of a and b.   Its slope is 1, the other's 0; 1/2 each when equal."""
    a, b = as_value(a), as_value(b)
    if a.data > b.data:
        return computed(a.data, "maximum", (a, b), (1.0, 0.0))
    if a.data < b.data:
        return computed(b.data, "maximum", (a, b), (0.0, 1.0))
    return tie(a, b, "maximum")


def minimum(a, b):
    """The smaller of a and b.   Its slope is 1, the other's 0; 1/2 each when equal."""
    a, b = as_value(a), as_value(b)
    if a.data < b.data:
        return computed(a.data, "minimum", (a, b), (1.0, 0.0))
    if a.data > b.data:
        return computed(b.data, "minimum", (a, b), (0.0, 1.0))
    return tie(a, b, "minimum")


def tie(a, b, op):
    """The larger or smaller where neither is: they are equal, or one is nan."""
    if a.data == b.data:
        return computed(a.data, op, (a, b), (0.5, 0.5))
    return computed(math.nan, op, (a, b), (math.nan, math.nan))


def dot(a, b):
    """a[0]*b[0] + a[1]*b[1] + ...   d/da[i] = b[i],  d/db[i] = a[i].

    a, b: equally many numbers or Values, at least one.  The operands are all of a,
    then all of b.  Where one side holds only plain numbers, nobody asks for their
    gradient: the op is then "weighted_sum", its operands are the Values of the other side
    and its local derivatives are the numbers.

    Raises ValueError for lengths that differ, or for nothing to multiply.

    >>> w = [Value(1.0), Value(2.0)]
    >>> dot(w, [3.0, 4.0]).data
    11.0
    """
    a, b = terms(a), terms(b)
    if len(a) != len(b):
        raise ValueError(f"dot needs two lists of one length, got {len(a)} and {len(b)} numbers")
    if type(a[0]) is float:
        a, b = b, a
    if type(a[0]) is float:  # both are plain
        a = tuple(map(as_value, a))
    return weighted_sum(a, b)


def weighted_sum(a, b):
    """dot(a, b) without its checks: a is a tuple of Values, b one of Values or of floats."""
    a_data = tuple([value.data for value in a])
    if type(b[0]) is float:
        return computed(sum(map(mul, a_data, b), 0.0), "weighted_sum", a, b)
    b_data = tuple([value.data for value in b])
    return computed(sum(map(mul, a_data, b_data), 0.0), "dot", a + b, b_data + a_data)


def total(values):
    """The sum of a list of Values, rounded once.   d/d(each) = 1.   ValueError for none."""
    values = tuple(map(as_value, terms(values)))
    data = exact_sum([value.data for value in values])
    return computed(data, "sum", values, (1.0,) * len(values))


def mean(values):
    """The average of a list of n Values.   d/d(each) = 1/n.   ValueError for none."""
    values = tuple(map(as_value, terms(values)))
    n = len(values)
    data = exact_sum([value.data for value in values]) / n
    if math.isinf(data):  # the sum was too big; the mean may not be
        data = exact_sum([value.data / n for value in values])
    return computed(data, "mean", values, (1.0 / n,) * n)


def logsumexp(values):
    """log(e**a + e**b + ...), also where e**a alone is beyond any float.

    d/d(each) = its share e**a / (e**a + e**b + ...), which is softmax.
    Raises ValueError for no values.

    >>> round(logsumexp([1000.0, 1000.0]).data, 4)  # 1000 + log(2)
    1000.6931
    """
    values = tuple(map(as_value, terms(values)))
    numbers = [value.data for value in values]
    top = max(numbers)
    shares = [1.0 if x == top else math.exp(x - top) for x in numbers]  # inf - inf is nan
    whole = exact_sum(shares)
    slopes = tuple([share / whole for share in shares])
    return computed(top + math.log(whole), "logsumexp", values, slopes)


# The graph


def topological_order(root):
    """Every Value below root and root itself, operands before what is made of them.

    Without an order, a Value would pass its grad on before all of it has arrived:
    in  b = a + a;  c = b + b  the second half of b's grad would come too late.
    A list of what is still to do stands in for recursion, so depth is no limit.
    """
    order, visited, to_do = [], set(), [root]
    while to_do:
        node = to_do.pop()
        if node is None:  # the mark below a node's operands: they are all in order now
            order.append(to_do.pop())
        elif node not in visited:
            visited.add(node)
            if node.operands:
                to_do += (node, None, *reversed(node.operands))
            else:
                order.append(node)
    return order


def fresh_start(root):
    """For backward(): the computed Values in order, with grad 0, and the leaves with a grad.

    The leaves come as a dict with what they hold.  It is set aside and added back at
    the end, so that a second pass adds exactly what the first one did.
    The order is that of topological_order.  A mark in grad, new for each pass, is
    three times faster than a set of the visited.
    """
    if not root.operands:
        return [], {root: root.grad}
    order: list[Value] = []
    earlier: dict[Value, float] = {}
    mark, to_do = object(), [root]
    while to_do:
        node = to_do.pop()
        if node is None:
            order.append(to_do.pop())
        elif node.grad is not mark:
            node.grad = mark
            to_do += (node, None)
            for operand in reversed(node.operands):
                if operand.operands:
                    to_do.append(operand)
                elif operand.grad:
                    earlier[operand] = operand.grad
    for node in order:
        node.grad = 0.0
    return order, earlier


# Making Values


def computed(data, op, operands, local_grads):
    """The Value that an operation made.  Short, because every operation pays for it."""
    value = new(Value)
    value.data = data
    value.grad = 0.0
    value.op = op
    value.operands = operands
    value.local_grads = local_grads
    value.label = ""
    return value


new = object.__new__


def as_value(x):
    """x itself if it is a Value, else a constant."""
    if isinstance(x, Value):
        return x
    return computed(x if type(x) is float else as_float(x), "const", (), ())


def terms(items):
    """items as a tuple of Values or, when there is none among them, of floats."""
    if type(items) is not list and type(items) is not tuple:
        if isinstance(items, (str, bytes, set, frozenset, dict)):
            raise TypeError(f"expected a list of numbers in order, got a {type(items).__name__}")
        items = tuple(items)
    kinds = set(map(type, items))
    if kinds in OF_ONE_KIND:
        return tuple(items)
    if not items:
        raise ValueError("expected at least one number, got none")
    return tuple(map(as_value if any(isinstance(x, Value) for x in items) else as_float, items))


OF_ONE_KIND = [{float}, {Value}]
