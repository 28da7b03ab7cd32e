"""What an exception, a time that is over, or a program with one purpose says of an engine.

>>> end_of("deep", Ended("RecursionError", ""))[0][:40]
'a chain of thousands of operations is to'
"""

import re

from micronn.grade.programs import NINE, Program
from micronn.grade.trial import Ended

STATE = (
    "look for a list or set that all Values share: a default argument such as `seen=set()` or "
    "`operands=[]`, or a name outside of the methods"
)
KEPT = (
    "this program gives other numbers after others than in a new process: something is kept from "
    "one graph or pass to the next, in a list or set that all Values share",
    STATE,
)
GONE = (
    "something is kept of graphs that are gone, in a list of all nodes or under their id()",
    STATE,
)
ENDS = [  # the kind of program, the exception and its words; the mistake, its remedy
    ("deep", "RecursionError",
     "a chain of thousands of operations is too deep, as backward() calls itself for each of them",
     "keep a list of what is still to be visited, as micronn/tiny.py does"),
    ("large", "OverflowError", "exp overflows inside a function whose own value is small",
     "take math.tanh, or exp of a negative number only"),
    ("shared", "time",
     "backward() walks every way through the graph, and their number doubles with each reuse",
     "remember in a set which nodes were visited"),
    (".*", "RecursionError", "{text} does not end: a method calls itself, or another that calls it "
     "again, as `self + other` in __radd__ does where __add__ calls __radd__", ""),
    (".*", "TypeError: .*unhashable type", "a Value cannot be put into a set: a class with __eq__ "
     "has no __hash__ of its own any more",
     "write `__hash__ = object.__hash__`, or leave both out"),
    (".*", "(Attribute|Type)Error: .*'?NoneType'?", "{text} meets None: `return out` is forgotten, "
     "or a gradient begins as None", "return the new Value from each operation; begin with 0.0"),
    (".*", "ValueError: not enough values to unpack", "the operands are kept in a set, so that "
     "`a * a` has one operand, not two", "keep them in a tuple or a list"),
    (".*", "AttributeError: '(int|float)' object has no attribute 'backward'",
     "{text} gives a plain number, not a Value", "put the result into a Value"),
    (".*", "(AttributeError: '(int|float)' object has no|TypeError: .*'(int|float)' object is not)",
     "{text} meets a plain number, where it expects a Value",
     "begin with `other = other if isinstance(other, Value) else Value(other)`"),
    ("one|constant", "ZeroDivisionError", "{text} divides by 0 where an operand is 0",
     "leave out what cancels: the derivative of a ** k is k * a ** (k - 1), not k * y / a"),
    (".*", "TypeError: 'float' object is not callable", "{text} calls a number: a method and an "
     "attribute have the same name", ""),
]  # fmt: skip


def end_of(kind: str, ended: Ended, text: str = "this program") -> tuple[str, str] | None:
    """The mistake behind an end, and its remedy; None if its words say no more."""
    for kinds, words, cause, remedy in ENDS:
        if re.fullmatch(kinds, kind) and re.match(words, f"{ended.kind}: {ended.message}"):
            raised = f" ({ended})" if ended.kind[:1].isupper() and kinds == ".*" else ""
            return cause.format(text=text) + raised, remedy
    return None


def mistake_of(program: Program) -> tuple[str, str]:
    """The mistake that a program was written for, and its remedy; empty if it may be any."""
    augmented = re.search(r"\ba (.)= b$", program.source, re.M)
    if augmented:
        sign, method = augmented[1], {"+": "iadd", "-": "isub", "*": "imul"}[augmented[1]]
        words = f"`a {sign}= b` changes a itself, where it should make a new Value"
        return f"{words} (see __{method}__)", ""
    if program.source == NINE:
        return GONE
    if program.kind == "reuse" and re.search(r"c = (.*)a(.*)\nd = \1b\2\n", program.source):
        second = f"the second {program.needs[-1].strip('_')}() spoils the first"
        return f"{second}: a closure uses a name that both share, such as a global one", ""
    if "zero_grad" in program.needs:
        return "zero_grad() does not set the gradient to 0", ""
    if program.text.startswith("the same again"):
        return "a result is kept with its operand, and given again when the operand has changed", ""
    if program.text in ("a.max(a)", "a.min(a)"):
        shares = "where both operands are equal, their shares should add up to 1"
        return f"{program.text} does not have the derivative 1: {shares}", ""
    if program.kind == "deep":
        ends = "the walk, or a list of nodes, ends after so many"
        return f"a long chain loses gradients: {ends}", ""
    return "", ""
