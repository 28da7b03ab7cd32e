"""Formulas that people write in place of the right one, as texts that Python can compute.

a and b are the operands, or a plain number on the right; y is the result.

    >>> function("a, b, y", "1 - y**2")(0.0, 0.0, 0.5)
    0.75
"""

import math
import struct
from collections.abc import Callable
from functools import lru_cache


@lru_cache(10_000)
def function(names: str, text: str) -> Callable[..., float]:
    """A formula as a function of these names."""
    found: Callable[..., float] = eval(f"lambda {names}: {text}", CALLED)  # noqa: S307 (ours)
    return found


def formulas(text: str) -> list[str]:
    """The formulas of a list."""
    return [part.strip() for part in text.split(";")]


CALLED = {  # what formulas may call
    **vars(math),
    "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)),
    "clip": lambda x, least, most: max(least, min(most, x)),
    "float32": lambda x: struct.unpack("f", struct.pack("f", x))[0],
}
UNARY = formulas(  # what a function, or its derivative, may have become
    "1; 0; a; y; 1 - y**2; 1 - y; 1 + y**2; 1 - a**2; 1 - a; y * (1 - y); y * (1 - a); y * (1 + y);"
    "a * (1 - a); y**2; a**2; 2 * a; 2 * y; 1 / a; 1 / y; 1 / a**2; 1 / (2 * y); 1 / (2 * a);"
    "2 / y; y / 2; a * y; exp(a); exp(-a); exp(y); a * exp(a); a * exp(a - 1); log(a); log2(a);"
    "log(1 + a); 2**a; 10**a; sin(a * pi / 180); log10(a); 1 / (a * log(10)); sqrt(a); sin(a);"
    "cos(a); sin(y); cos(y); tan(a); tanh(a); 1 - tanh(a)**2; 1 - tanh(y)**2; sigmoid(a);"
    "sigmoid(y) * (1 - sigmoid(y)); sigmoid(a) * (1 - sigmoid(a)); 1 + exp(-a); log(1 + exp(a));"
    "max(a, 0); 1 if a > 0 else 0; 1 if a < 0 else 0; 1 if a > 0 else -1; abs(a); tanh(2 * a);"
    "tanh(a / 2)"
)
BINARY = formulas(
    "1; 0; a; b; y; a + b; a - b; b - a; a * b; 1 if a > b else 0; 1 if a < b else 0; max(a, b);"
    "min(a, b); a / b; b / a; a // b; 1 / a; 1 / b; 1 / a**2; 1 / b**2; a / b**2; b / a**2;"
    "a * b**2; a**2; b**2; a**int(b); a**b; b**a; b * a**(b - 1); a**b * log(a); a * b**(a - 1);"
    "a**(b - 1); b * a**b; b * a**(b + 1); (b - 1) * a**(b - 1); (b - 1) * a**b; (b + 1) * a**b;"
    "b * a**(b - 2); b - 1; 2 * a; log(a); log(b); y * log(a); y * log(b); b * y; a * y; y / b;"
    "y / a"
)
RIGHT = {  # the derivatives, by operation
    "+": ("1", "1"), "-": ("1", "-1"), "*": ("b", "a"), "/": ("1 / b", "-a / b**2"),
    "**": ("b * a**(b - 1)", "y * log(a)"), "tanh": ("1 - y**2",), "sigmoid": ("y * (1 - y)",),
    "relu": ("1 if a > 0 else 0",), "exp": ("y",), "log": ("1 / a",), "sqrt": ("1 / (2 * y)",),
    "sin": ("cos(a)",), "cos": ("-sin(a)",), "softplus": ("sigmoid(a)",),
    "max": ("1 if a > b else 0", "1 if a < b else 0"),
    "min": ("1 if a < b else 0", "1 if a > b else 0"), "abs": ("1 if a > 0 else -1",),
    "-a": ("-1",),
}  # fmt: skip
CHANGED = [  # the right number, or another, and then ...
    *formulas("-({}); 2 * ({}); ({}) / 2; abs({}); ({})**2; 1 / ({}); int({}); floor({})"),
    "max({}, 0)", *[f"round({{}}, {n})" for n in range(9)], "float32({})",
    *[f"clip({{}}, -{most:g}, {most:g})" for most in (1, 0.5, 2, 3, 5, 6, 10, 20, 100, 0.1)],
]  # fmt: skip
OF_OPERAND = ("abs(a)", "int(a)", "round(a, 0)")
JOINED = ("{} * {}", "{} / {}", "{} + {}", "{} - {}")  # two of the known formulas
WHERE = {  # numbers that a mistake may treat in a way of their own
    "a is 0": "a == 0", "b is 0": "b == 0", "the result is 0": "y == 0",
    "a is negative": "a < 0", "b is negative": "b < 0", "a or b is negative": "a < 0 or b < 0",
    "a and b are negative": "a < 0 and b < 0", "the result is negative": "y < 0",
    "a is positive": "a > 0", "b is positive": "b > 0", "a or b is 0": "a == 0 or b == 0",
    "a is below b": "a < b", "a is above b": "a > b", "a is no integer": "a != int(a)",
    "b is no integer": "b != int(b)", "b is an integer": "b == int(b)", "b is 1": "b == 1",
    "a is above 1": "a > 1", "b is above 1": "b > 1", "a is at most 1": "abs(a) <= 1",
    "b is at most 1": "abs(b) <= 1",
}  # fmt: skip
VALUES = {
    "tanh": "tanh(a)", "sigmoid": "sigmoid(a)", "relu": "max(a, 0)", "exp": "exp(a)",
    "log": "log(a)", "sqrt": "sqrt(a)", "sin": "sin(a)", "cos": "cos(a)",
    "softplus": "log(1 + exp(a))", "abs": "abs(a)", **{sign: f"a {sign} b" for sign in "+-*/"},
    "**": "a**b", "max": "max(a, b)", "min": "min(a, b)",
}  # fmt: skip
DERIVATIVES = {name: texts[0] for name, texts in RIGHT.items() if len(texts) == 1}
AGAIN = {  # derivatives, computed from the operand once more
    "tanh": "1 - tanh(a)**2", "sigmoid": "sigmoid(a) * (1 - sigmoid(a))", "exp": "exp(a)",
}  # fmt: skip
LOOP = "closures made in a loop over functions all see the last one"
