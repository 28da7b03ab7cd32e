"""How numbers and names are written, in pictures, pages and the terminal alike.

A picture of a computation is read like a page of sums: a number shown short is
exact, a number shown with four digits is rounded, and only zero looks like zero.

    >>> fmt(0.1), fmt(0.1 + 0.2), fmt(-0.00005), fmt(0.5, sign=True)
    ('0.1', '0.3000', '−5e−5', '+0.5')
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches

# Numbers

# a mark, and what is in it beside a place; no name contains them, as they are not printable
OPENS, CLOSES, BESIDE = "\ue000", "\ue001", "\ue002"
MARK = re.compile(f"{OPENS}(.)([^{CLOSES}]*){CLOSES}")


class Place(float):
    """A number that a page will fill in: in texts stands a mark for it instead of digits.

    at: which number it is.  A mark says that, and before it in one letter how the number is
    to be written, "f" as fmt() does and "r" as repr() does; arithmetic.js knows all letters.

    What is multiplied or added of places is a place, which is worked out when it is filled in;
    so is what of() makes of many.

    >>> (Place(2.0, "a") * Place(3.0, "b") - Place(1.0, "c")).at
    'a*b-c'
    """

    at: str

    def __new__(cls, number: float, at: str) -> "Place":
        place = super().__new__(cls, number)
        place.at = at
        return place

    @classmethod
    def of(cls, sign: str, numbers: Sequence[float | None]) -> "Place":
        """A number that is made of many places, as the sign says: see Places in moving.js."""
        places = [x for x in numbers if isinstance(x, Place)]
        return cls(places[0], sign + ",".join([x.at for x in places]))

    def mark(self, form: str, words: str = "") -> str:
        """The mark of this place; words: more that is known where it is filled in."""
        return f"{OPENS}{form}{self.at}{words and BESIDE + words}{CLOSES}"

    def __repr__(self) -> str:
        return self.mark("r")

    def __mul__(self, other: float) -> float:
        number = float(self) * float(other)
        if not isinstance(other, Place):
            return self if other == 1.0 else number
        return Place(number, f"{self.at}*{other.at}")

    __rmul__ = __mul__

    def __add__(self, other: float) -> float:
        number = float(self) + float(other)
        return Place(number, f"{self.at}+{other.at}") if isinstance(other, Place) else number

    def __radd__(self, other: float) -> float:
        return self if other == 0 else float(self) + other  # sum() begins with 0

    def __sub__(self, other: float) -> float:
        number = float(self) - float(other)
        if not isinstance(other, Place):
            return number
        return Place(number, f"{self.at}-{other.at.replace('+', '-')}")


def length(text: str) -> int:
    """How many characters a text has; a mark is at least one."""
    return len(MARK.sub("0", text) if OPENS in text else text)


def typical(text: str) -> str:
    """A text with something for each mark that is as wide as most of what is filled in.

    >>> typical(f"= {Place(2.0, 'a').mark('f')}")
    '= #123456'
    """
    if OPENS not in text:
        return text

    def shown(mark: re.Match[str]) -> str:
        return mark[2].split(BESIDE)[1] if mark[1] in "amMy" else "#123456"  # a colour, too

    return MARK.sub(shown, text)


def fmt(x: float, sign: bool = False, digits: int = 4) -> str:
    """A number as pictures show it: at most 11 characters, and honest.

    A number of up to `digits` significant digits is shown exactly; a longer one is
    rounded to that many and keeps its zeros.  Only zero is shown as 0.
    sign: put + before a positive number.

    >>> [fmt(x) for x in (2.0, 0.1 + 0.2, 1234.5, 10000.0, 0.99999, -math.inf)]
    ['2', '0.3000', '1234', '1e4', '1.000', '−∞']
    """
    if isinstance(x, Place):
        return x.mark({2: "2±", 3: "3+", 4: "fs"}[digits][sign])
    if x != x:
        return "NaN"
    if x == 0.0:
        return "0"
    before = "−" if x < 0.0 else "+" if sign or x == math.inf else ""
    if math.isinf(x):
        return before + "∞"
    size = Decimal(repr(float(abs(x)))).normalize()  # of NumPy's numbers, too
    if len(size.as_tuple().digits) > digits:
        size = Decimal(f"{abs(x):.{digits - 1}e}")
    if -3 <= size.adjusted() < digits:
        return f"{before}{size:f}"
    return f"{before}{size:e}".replace("e+", "e").replace("-", "−")


def number(x: float) -> str:
    """A number inside a formula: negative ones stand in parentheses."""
    if isinstance(x, Place):
        return x.mark("n")
    return f"({fmt(x)})" if x < 0.0 else fmt(x)


def bare(text: str) -> str:
    """A text without the parentheses around it, where a function has some already.

    >>> bare("(−2)"), bare("x"), bare("(a)(b)")
    ('−2', 'x', '(a)(b)')
    """
    text = text.replace(OPENS + "n", OPENS + "f") if text.startswith(OPENS) else text
    return re.sub(r"^[(]([^()]*)[)]$", r"\1", text)


DECIMAL = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"  # no digit fits two places


def decimal(text: str) -> float | None:
    """The number that a text spells in plain digits; None for any other text.

    A number beyond the largest float is inf.  float() alone would also take nan,
    infinity, 1_000 and the digits of every script.

    >>> decimal(" -0.5"), decimal("1e-3"), decimal("1e999"), decimal("1_000"), decimal("nan")
    (-0.5, 0.001, inf, None, None)
    """
    return float(text) if re.fullmatch(rf"[+-]?{DECIMAL}", text.strip()) else None


def as_typed(number: float) -> str:
    """A float as a reader types it: 3, not 3.0."""
    return repr(number).removesuffix(".0")


# Names: any text at all, made fit to be shown

LONGEST_NAME = 28


def clean(name: str) -> str:
    """A name fit to be shown: visible characters only, at most 28 of them.

    A control character, a lone surrogate or a mark that turns the reading
    direction becomes U+FFFD; the middle of a long name becomes …; blanks are no name.

    >>> clean("loss\\n"), clean("   "), len(clean("w" * 10_000))
    ('loss\ufffd', '', 28)
    """
    if not name.strip():
        return ""
    if len(name) > LONGEST_NAME:
        half = LONGEST_NAME // 2
        name = f"{name[:half]}…{name[len(name) - half + 1 :]}"
    return printable(name)


def printable(text: str) -> str:
    """Text with U+FFFD for every character that a terminal would obey or could not show.

    What joins two letters of a script that needs it, or two pictographs, stays.
    """
    if text.isprintable():
        return text
    around = zip(" " + text, text, text[1:] + " ", strict=False)
    return "".join([b if b.isprintable() or joins(a, b, c) else "\ufffd" for a, b, c in around])


def joins(before: str, c: str, after: str) -> bool:
    """Whether a character is a zero-width joiner or non-joiner where one has an effect."""
    two = before + after
    return c in JOINERS and two.isprintable() and not before.isascii() and not after.isascii()


JOINERS = "\u200c\u200d"
# Of a family of pictographs only the first takes room, and a tone of skin takes none.
JOINED = re.compile("\u200d[\u2190-\u2bff\U0001f000-\U0001faff]|[\U0001f3fb-\U0001f3ff]")


def counted(n: int, word: str) -> str:
    """A number of things.

    >>> counted(1, "loss"), counted(1200, "loss"), counted(2, "value")
    ('1 loss', '1,200 losses', '2 values')
    """
    return f"{n:,} {word}{'' if n == 1 else 'es' if word.endswith('s') else 's'}"


def few(texts: Sequence[str], most: int, more: str) -> list[str]:
    """All texts if they are at most so many, else the first and, in place of {}, how many more.

    >>> few(["a", "b"], 2, "{} more"), few(["a", "b", "c"], 2, "{} more")
    (['a', 'b'], ['a', '2 more'])
    """
    left_out = len(texts) - most + 1
    return [*texts[: most - 1], more.format(left_out)] if left_out > 1 else list(texts)


def brief(texts: Sequence[str], most: int = 9, more: str = "{} more") -> str:
    """Texts in a row with commas, or the first of them and how many more, as for few()."""
    return ", ".join(few(texts, most, more))


def layer_name(name: str) -> str:
    """The layer a parameter belongs to: layers.0 for layers.0.neurons.3.w.2."""
    layer, is_neuron, _ = name.partition("neurons")
    return (layer.rstrip(".") or "neurons") if is_neuron else name.split(".")[0]


def clipped(text: str) -> str:
    """At most 40 characters of a text, so that a message stays readable."""
    return text if len(text) <= 40 else f"{text[:20]}…{text[-19:]}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that offers the known name most like this one; "" if none is like it.

    >>> did_you_mean("Tahn", ["exp", "tanh"]), did_you_mean("x", ["tanh"])
    ("Did you mean 'tanh'?", '')
    """
    by_lower = {other.lower(): other for other in known}
    close = get_close_matches(name[:100].lower(), by_lower, n=1)
    return f"Did you mean {clipped(by_lower[close[0]])!r}?" if close else ""


def columns(text: str) -> float:
    """How many characters wide a text is, in a font where every letter is as wide.

    East Asian wide characters count 2, pictographs 2.5, marks on a letter and joiners 0.
    """
    if text.isascii():
        return float(len(text))
    return max(1.0, sum(map(column, JOINED.sub("", typical(text)))))


def column(c: str) -> float:
    """The width of one character."""
    if c < "\u0300":
        return 1.0
    if unicodedata.category(c) in ("Mn", "Me") or c in JOINERS:
        return 0.0
    if c >= "\U0001f000":
        return 2.5
    return 2.0 if unicodedata.east_asian_width(c) in "WF" else 1.0
