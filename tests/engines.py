"""Engines as their learners write them, right and wrong, for the tests of grading.

The right ones are files in tests/grade/right; each wrong one is one of them with a
mistake in it.
"""

from pathlib import Path

RIGHT = {path.stem: path.read_text("utf-8") for path in Path(__file__).parent.glob("grade/right/*")}
CLOSURES = RIGHT["closures"]

ADD = """\
            self.grad += out.grad
            other.grad += out.grad
"""
MUL = """\
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
"""
EXP = "self.grad += out.data * out.grad"
SEED = "        self.grad = 1.0\n"
CLEAR = "        for v in topo:\n            v.grad = 0.0\n"
ORDER = CLOSURES[CLOSURES.index("        topo = []") :]
WALK = """\
        todo, visited = [self], set()
        self.grad = 1.0
        while todo:
            v = todo.pop({end})
            if v not in visited:
                visited.add(v)
                v._backward()
                todo.extend(v._prev)
"""
BY_NUMBER = """\
    def __eq__(self, other):
        return self.data == other.data

    def __hash__(self):
        return hash(self.data)

    def __neg__"""
NAIVE_TANH = "t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)"

# The mistake: what it replaces by what, and words of what should be said of it
WRONG = {
    "= for += in add": (ADD, ADD.replace("+=", "="), "in `+` alone: backward() sets"),
    "= for += everywhere": (".grad += ", ".grad = ", "backward() sets the gradient"),
    "breadth first": (ORDER, WALK.format(end=0), "breadth first"),
    "depth first": (ORDER, WALK.format(end=""), "depth first"),
    "order not reversed": ("reversed(topo)", "topo", "begins at the leaves"),
    "output alone": (
        "        for v in reversed(topo):\n            v._backward()",
        "        self._backward()",
        "only the operands of the output",
    ),
    "no seed": (SEED, "", "is not set to 1"),
    "seed is data": (SEED, SEED.replace("1.0", "self.data"), "set to its data"),
    "seed added": (SEED, SEED.replace("=", "+="), "adds 1"),
    "operands in a set": (
        ADD,
        "            for v in {self, other}:\n                v.grad += out.grad\n",
        "kept in a set",
    ),
    "own data in mul": (
        MUL,
        MUL.replace("other.data", "x").replace("self.data", "other.data").replace("x", "self.data"),
        "gradient of the other one",
    ),
    "upstream forgotten in tanh": (
        "(1 - t**2) * out.grad", "(1 - t**2)", "the upstream gradient is forgotten",
    ),
    "upstream forgotten everywhere": (" * out.grad", "", "not multiplied by the gradient"),
    "square forgotten in tanh": ("1 - t**2", "1 - t", "comes out as 1 - y, and is 1 - y**2"),
    "slope of tanh at its operand": ("1 - t**2", "1 - self.data**2", "comes out as 1 - a**2"),
    "power rule without k": (
        "k * self.data ** (k - 1)", "self.data ** (k - 1)", "comes out as a**(k - 1)",
    ),
    "power rule at k": ("self.data ** (k - 1) *", "self.data ** k *", "comes out as k * a**k"),
    "sub the wrong way": ("return self + (-other)", "return other + (-self)", "comes out as b - a"),
    "rsub the wrong way": ("return other + (-self)", "return self - other", "comes out as a - 5"),
    "rtruediv the wrong way": ("other * self**-1", "self / other", "comes out as a / 6"),
    "exp as a power": (
        EXP, "self.grad += self.data * math.exp(self.data - 1) * out.grad", "a * exp(a - 1)",
    ),
    "relu lets all through": ("(self.data > 0) * out.grad", "out.grad", "a.relu() by a"),
    "equal by number": ("    def __neg__", BY_NUMBER, "equal numbers"),
    "no memory of visits": ("if v not in visited:", "if True:", "visited twice"),
    "leaves cleared": (SEED, CLEAR + SEED, "gradients of the leaves"),
    "naive tanh": ("t = math.tanh(self.data)", NAIVE_TANH, "exp overflows"),
    "in place": (
        "    def __neg__",
        "    def __iadd__(self, other):\n        self.data += other.data\n        return self\n\n"
        "    def __neg__",
        "`a += b` changes a itself",
    ),
    "no plain number on the left": (
        "    def __radd__", "    def radd", "`5 + a` does not work, unlike `a + 5`",
    ),
    "rounded": ("out = Value(math.exp(self.data), ", "out = Value(round(math.exp(self.data), 4), ",
                "comes out as round(exp(a), 4)"),
    "not connected": (
        "        return self * -1", "        return Value(-self.data)", "nothing is passed on",
    ),
    "a name mistyped": ("(-other)", "(-othr)", "NameError"),
}  # fmt: skip


def wrong_engine(name: str) -> str:
    """The text of a wrong engine."""
    right, wrong, _ = WRONG[name]
    assert right in CLOSURES
    text = CLOSURES.replace(right, wrong)
    return (
        text.replace("+= out.grad", "+= 1.0") if name == "upstream forgotten everywhere" else text
    )
