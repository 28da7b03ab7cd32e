"""Arithmetic on plain floats that stays right where the school formula overflows or loses digits.

An operation of the engine keeps the formula; the digits are looked after here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micronn.support.number import Number, number_of, shown


class DomainError(ValueError):
    """The operation has no real value for this number, as log has none for -1."""


def power(base: Number | float, exponent: Number | float) -> tuple[float, float]:
    """base ** exponent and its slope by base; both are Values or floats, named in errors."""
    a, k = number_of(base), number_of(exponent)
    try:
        data = a**k
        if type(data) is not float:
            if isinstance(data, complex):
                why = "a negative number has no such root"
                raise DomainError(f"{shown(base)} ** {shown(exponent)}: {why}")
            return power(float(a), float(k))  # data was set to a NumPy number, or to an int
        if a == 0.0:
            return data, k * (math.inf if 0.0 < k < 1.0 else 0.0 ** (k - 1.0)) if k else 0.0
    except ValueError:  # DomainError, or NumPy's integers, which have no negative powers
        if isinstance(a, float):
            raise
        return power(float(a), float(k))
    except (ZeroDivisionError, OverflowError) as error:
        zero = isinstance(error, ZeroDivisionError)
        why = ": zero has no negative power" if zero else " is beyond the largest float"
        raise type(error)(f"{shown(base)} ** {shown(exponent)}{why}") from None
    try:
        if a < 0.0 and k * k >= 2.0**106:  # k is even, and k - 1 is no float: a**k / a instead
            return data, k * (data / a)
        return data, k * a ** (k - 1.0) if k else 0.0
    except OverflowError:
        return data, k * data / a


def exponent_slope(a: float, k: float, data: float) -> float:
    """d(a**k)/dk, where data is a**k: as in PyTorch, nan for a < 0 and 0 at a = 0."""
    if a == 0.0 and k >= 0.0:
        return 0.0
    return data * math.log(a) if a > 0.0 else math.nan


def logistic(a: float) -> float:
    """1 / (1 + e**-a), never raising e to a positive power, which would overflow."""
    if a >= 0.0:
        return 1.0 / (1.0 + math.exp(-a))
    e = math.exp(a)
    return e / (1.0 + e)


def softplus(a: float) -> float:
    """log(1 + e**a), never raising e to a positive power."""
    return max(a, 0.0) + math.log1p(math.exp(-abs(a)))


def gelu(a: float) -> tuple[float, float]:
    """a * P(a) and its slope P(a) + a * p(a), where p is the bell curve and P its integral."""
    below = normal_cdf(a := float(a))
    if math.isinf(a):  # inf * 0 would be nan
        return max(a, 0.0), below
    bell = math.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
    return gelu_tail(a) if -40.0 < a < -37.5 else a * below, below + a * bell


def gelu_tail(a: float) -> float:
    """a * P(a) far below zero, where P(a) alone is too small to keep its digits.

    It is -p(a) * (1 - 1/a² + 3/a⁴ - 15/a⁶ + ...), with p(a) = e**(-a²/2) / sqrt(2 * pi).
    Source: Abramowitz, Stegun, "Handbook of mathematical functions", 1964, 26.2.12.
    """
    square, (high, low), series = a * a, halves(a), 1.0
    lost = ((high * high - square) + 2.0 * high * low) + low * low  # by rounding the square
    for k in (15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0):
        series = 1.0 - k / square * series
    larger = math.exp(600.0 - 0.5 * square)  # e**-600 comes last, or most digits would be lost
    return -larger * (series - 0.5 * lost) * 1.0573552448236364e-261  # e**-600 / sqrt(2 * pi)


def normal_cdf(a: float) -> float:
    """The probability that a standard normal number is below a:  erfc(-a / sqrt(2)) / 2.

    Far below zero erfc magnifies the rounding of its argument a hundredfold, so
    the rounding error is worked out (Dekker, "A floating-point technique for
    extending the available precision", 1971) and put right with erfc's slope.
    """
    if abs(a) > 40.0:
        return 1.0 if a > 0.0 else 0.0
    high, low = 0.7071067811865476, -4.833646656726457e-17  # together 1 / sqrt(2)
    t = -a * high
    (a1, a2), (h1, h2) = halves(-a), halves(high)
    error = ((a1 * h1 - t) + a1 * h2 + a2 * h1) + a2 * h2 - a * low
    return 0.5 * (math.erfc(t) - error * 2.0 / math.sqrt(math.pi) * math.exp(-t * t))


def halves(x: float) -> tuple[float, float]:
    """x as a sum of two numbers of half the digits, whose products are exact."""
    big = x * 134217729.0  # 2**27 + 1
    high = big - (big - x)
    return high, x - high


def gelu_curve(a: float) -> float:
    """The slope of gelu's slope: p(a) * (2 - a²), with p the bell curve."""
    bell = math.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
    return 2.0 * bell - a * (a * bell)  # a² may be inf


def gate(a: float, b: float) -> float:
    """a where b is above 0, else 0; nan where b is."""
    return a if b > 0.0 else 0.0 if b <= 0.0 else b


def leak(a: float, k: float) -> float:
    """The slope of a leaky relu."""
    return 1.0 if a > 0.0 else k


def sign(a: float) -> float:
    """1, -1 or, for 0, 0; nan for nan."""
    return 1.0 if a > 0.0 else -1.0 if a < 0.0 else abs(a)


def maximum(a: float, b: float) -> float:
    """The larger of two; nan if either is."""
    return float(max(a, b)) if a == a and b == b else math.nan


def minimum(a: float, b: float) -> float:
    """The smaller of two; nan if either is."""
    return float(min(a, b)) if a == a and b == b else math.nan


def is_larger(a: float, b: float) -> float:
    """The slope of maximum(a, b) by a, and of minimum(b, a) by b: a half each when equal."""
    return 1.0 if a > b else 0.0 if a < b else 0.5 if a == b else math.nan


# Of several numbers


def exact_sum(numbers: Sequence[float]) -> float:
    """The sum of the numbers, rounded once; inf or nan where a float sum gives that."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return float(sum(numbers, 0.0))


def mean(numbers: Sequence[float]) -> float:
    """The average, also where the sum is beyond any float."""
    n = len(numbers)
    average = exact_sum(numbers) / n
    if math.isinf(average):
        room = 2.0 ** n.bit_length()  # dividing by a power of two does not round such numbers
        return exact_sum([x / room for x in numbers]) / n * room
    return average


def logsumexp(numbers: Sequence[float]) -> tuple[float, list[float]]:
    """log(e**a + e**b + ...), and the share of each e**a in the sum, which is its slope.

    All are divided by the largest first, which no exp can then exceed.  The shares are the
    softmax of the numbers: probabilities, which add up to 1.

    >>> logsumexp([0.0, 1000.0])
    (1000.0, [0.0, 1.0])
    """
    top = float(max(numbers))
    sizes = [1.0 if x == top else math.exp(x - top) for x in numbers]  # inf - inf is nan
    total, rest = exact_sum(sizes), exact_sum([*sizes, -1.0])  # without the largest one
    return top + math.log1p(rest), [size / total for size in sizes]


def root_mean_square(numbers: Sequence[float]) -> float:
    """The typical size of some numbers.

    >>> root_mean_square([1.0, -7.0])
    5.0
    """
    return math.hypot(*numbers) / math.sqrt(len(numbers))


def magnitude(x: float) -> float:
    """How large a number is whatever its sign; nan is as large as infinity."""
    return abs(x) if x == x else math.inf


def predicted_class(output: float | Sequence[float], threshold: float = 0.0) -> int:
    """The class that a model's output stands for.

    output: one score, alone or in a list, which stands for class 1 above the threshold
        and else for class 0; or a score for each class, of which the first largest wins.
    threshold: 0.0 for a score without limits, 0.5 for a probability.

    >>> predicted_class(-0.3), predicted_class(0.8), predicted_class([0.1, 0.7, 0.2])
    (0, 1, 1)
    """
    scores = as_list(output)
    return int(scores[0] > threshold) if len(scores) == 1 else scores.index(max(scores))


def as_list(x: Any) -> list[Any]:
    """x as a list; one number, or one Value, is a list of one."""
    return list(x) if hasattr(x, "__iter__") else [x]
