"""A typed formula becomes a Value, and nothing that was typed is ever run as Python.

Three steps, each a plain list that can be printed: text, tokens, a program in
postfix order, Values.  Postfix means operands first:

    tanh(w*x + b)     is     w  x  *  b  +  tanh

so a stack is all it takes to compute it: a name puts its Value on the stack, an
operation takes its operands off and puts its result on.  Of several lines each but the
last has a name for its result, h = tanh(w*x), which the lines below may read.  The parser
is Dijkstra's shunting yard, "Algol 60 translation", 1961.  It has a stack of its own where
others call themselves, so 10,000 nested parentheses are no deeper than one.

    >>> root = parse("tanh(w*x + b)")({"w": 0.5, "x": 2.0, "b": -1.0})
    >>> root, root.op
    (Value(data=0.0, grad=0.0), 'tanh')
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from micronn.engine import Value, as_value
from micronn.graph.operations import OPERATIONS
from micronn.support.numeric import DomainError
from micronn.support.text import DECIMAL, clipped, columns, decimal, did_you_mean

# What may be typed

PRECEDENCE = {op: OPERATIONS[op].binds for op in ("+", "-", "*", "/", "neg", "**")}
FUNCTIONS = {row.typed: row.takes for row in OPERATIONS.values() if row.typed}
CALLS = {row.typed or op: row.call for op, row in OPERATIONS.items() if row.call}

HINTS = {
    "^": "A power is written **, as in x**2.",
    **dict.fromkeys("[{", "Only round parentheses group."),
    "=": "A number for a name comes after the expression: NAME=NUMBER.",
    **dict.fromkeys("×·", "A product is written *."),
    "÷": "A quotient is written /.",
    "−": "Minus is the sign - on the keyboard.",
    "²": "A power is written **, as in x**2.",
    "³": "A power is written **, as in x**3.",
}

NAME = r"[^\W\d]\w*"  # as in Python: letters of any alphabet, digits and _, no digit first
SIGN, BREAK = r"\*\*|[-+*/(),=]", r";|\r?\n"
TOKEN = re.compile(
    rf"(?P<number>{DECIMAL})|(?P<name>{NAME})|(?P<sign>{SIGN})|(?P<break>{BREAK})|\s+"
)
WIDTH = 70  # characters of the expression that a message shows


class ExpressionError(ValueError):
    """What was typed is no expression, or has no value; the message points at the place."""


class Token(NamedTuple):
    """A number, a name, a sign, a break or the end of the text; start is its index in the text."""

    kind: str
    text: str
    start: int


class PostfixStep(NamedTuple):
    """One step of a program: what to do, to how many operands, and where it was typed.

    op: "=" gives the result of a line the name in the token.
    """

    op: str
    takes: int
    token: Token


class Expression:
    """A parsed formula, ready to be given numbers, as often as one likes.

    text: what was typed.
    program: its PostfixSteps, in order.
    names: the variables in order of appearance.
    computed: the names of lines, each with whether another line reads it; the last is the root.

    Called with a number for each name, it gives the root of a new graph whose
    leaves carry the names as labels.  A Value given for a name is the leaf itself.
    Numbers for other names are left alone.

    Raises ExpressionError where a name has no number, and where an operation has
    no value, as log(-1) has none.

    >>> f = parse("a*a - b")
    >>> f.names, f({"a": 3, "b": 2}).data
    (['a', 'b'], 7.0)
    """

    def __init__(self, text: str, program: list[PostfixStep]):
        self.text = text
        self.program = program
        words = dict.fromkeys([step.op for step in program if step.token.kind == "name"])
        lines = [step.token.text for step in program if step.op == "="]
        self.computed = {name: name in words or name == self.result() for name in lines}
        known = {"=", *FUNCTIONS, *lines}
        self.names = [word for word in words if word not in known]

    def __call__(self, numbers: Mapping[str, float | Value]) -> Value:
        values = self.leaves(numbers)
        stack: list[Value] = []
        unnamed: set[Value] = set()  # computed from plain numbers alone
        for step in self.program:
            cut = len(stack) - step.takes
            operands = stack[cut:]
            if step.op == "=":
                (value,) = operands
                value.label = value.label or step.token.text
                values[step.token.text] = value
                continue
            named = step.token.kind == "name" and not operands
            value = values[step.op] if named else self.run(step, operands, unnamed)
            if not named and unnamed.issuperset(operands):
                unnamed.add(value)
            stack[cut:] = [value]
        return stack[-1]

    def result(self) -> str:
        """The name of the last line, or ""."""
        last = self.program[-1]
        return last.token.text if last.op == "=" else ""

    def leaves(self, numbers: Mapping[str, float | Value]) -> dict[str, Value]:
        """A Value for each name in the formula, labelled with it."""
        for step in self.program:
            name = step.op
            if name == "=" and step.token.text in numbers:
                line = clipped(step.token.text)
                advice = f"Leave out {line}=..., or give the line another name."
                raise pointed(self.text, step.token, f"{line!r} is given as a number too", advice)
            known = name in numbers or name in self.computed
            if step.token.kind == "name" and not step.takes and not known:
                advice = did_you_mean(name, numbers) or f"Give it one: {clipped(name)}=0.5"
                raise pointed(self.text, step.token, f"{clipped(name)!r} has no number", advice)
        given = {name: numbers[name] for name in self.names}
        return {name: x if isinstance(x, Value) else Value(x, name) for name, x in given.items()}

    def run(self, step: PostfixStep, operands: list[Value], unnamed: set[Value]) -> Value:
        """The result of one step that is not a name.

        -2 is one number, as in Python.  An exponent without a name in it stays a
        plain number: nobody asks for its gradient, which is NaN for a negative base.
        """
        op, arguments = step.op, list[Value | float](operands)
        if op == "number":
            return as_value(float(step.token.text))
        if op == "neg" and operands[0].op == "const":
            return as_value(-operands[0].data)
        if op == "**" and operands[1] in unnamed:
            arguments[1] = operands[1].data
        try:
            return CALLS[op](*arguments)
        except (DomainError, ZeroDivisionError, OverflowError) as error:
            raise pointed(self.text, step.token, str(error)) from None


# From text to a program


def parse(text: str) -> Expression:
    """The formula in a text, or the formulas in its lines.

    text: decimal numbers, names, + - * / **, parentheses and the FUNCTIONS, with
        Python's precedence: -x**2 is -(x**2), and 2**3**2 is 2**9.  Before it may stand
        NAME =, which labels the result; lines that have one, with a line break or ; between
        them, compute what the lines below them read.

    Raises ExpressionError, pointing at the place, for anything else.

    >>> [step.op for step in parse("-x**2").program]
    ['x', 'number', '**', 'neg']
    >>> parse("h = w*x; y = tanh(h)")({"w": 0.5, "x": 2.0}).label
    'y'
    """
    program: list[PostfixStep] = []
    read: dict[str, Token] = {}
    taken: set[str] = set()
    found = list(lines([*tokens(text), Token("end", "", len(text))]))
    if not found:
        raise ExpressionError('the expression is empty; write one, such as "tanh(w*x + b)"')
    for line in found:
        name = line[0] if line[0].kind == "name" and line[1].text == "=" else None
        if name:
            line = named_line(text, line, taken)
            taken.add(name.text)
        elif line is not found[-1]:
            advice = "Write NAME = before it; only the last line may go without."
            raise pointed(text, line[0], "no line can read the result of this one", advice)
        parser = Parser(text)
        for token, following in zip(line, line[1:] + line[-1:], strict=True):
            parser.take(token, following)
        for step in parser.program:
            if step.token.kind == "name" and not step.takes:
                read.setdefault(step.op, step.token)
        program += parser.program
        if name and name.text in read:
            reason = f"{clipped(name.text)!r} is read here before its line gives it a value"
            advice = "Put its line first, or take another name for one of the two."
            raise pointed(text, read[name.text], reason, advice)
        if name:
            program.append(PostfixStep("=", 1, name))
    return Expression(text, program)


def lines(found: Iterable[Token]) -> Iterator[list[Token]]:
    """The tokens of each line.

    Inside parentheses, and behind an operator, a line break is a blank.
    """
    line: list[Token] = []
    depth = 0
    for token in found:
        depth += (token.text == "(") - (token.text == ")")
        if token.kind not in ("break", "end"):
            line.append(token)
        elif token.text in (";", "") or not (depth > 0 or line and is_operator(line[-1])):
            if line:
                yield [*line, Token("end", "", token.start)]
            line, depth = [], 0


def is_operator(token: Token) -> bool:
    """Whether an operand must come behind a token."""
    return token.kind == "sign" and token.text != ")"


def named_line(text: str, line: list[Token], taken: set[str]) -> list[Token]:
    """The formula of a line that begins with NAME =, below lines with the names taken."""
    name, equals, *rest = line
    if name.text in taken:
        reason = f"{clipped(name.text)!r} is computed twice; take another name for one of the two"
        raise pointed(text, name, reason)
    if name.text in FUNCTIONS:
        reason = f"{name.text} is a function; choose another name for the result"
        raise pointed(text, name, reason)
    if [token.kind for token in rest if token.text not in ("+", "-")] == ["number", "end"]:
        raise stray(text, equals.start)
    return rest


def tokens(text: str) -> Iterator[Token]:
    """The words of a formula, without the blanks between them."""
    start = 0
    while start < len(text):
        match = TOKEN.match(text, start)
        if match is None or (match["name"] and not match["name"].isidentifier()):
            raise stray(text, start)
        if match.lastgroup:
            yield Token(match.lastgroup, match[0], start)
        start = match.end()


def stray(text: str, start: int) -> ExpressionError:
    """The error for the first character from start on that belongs to no word."""
    first = start
    while ("_" * (start > first) + text[start]).isidentifier():
        start += 1
    char = text[start]
    advice = HINTS.get(char, "Numbers, names, + - * / ** , ( ) make an expression.")
    return pointed(text, Token("stray", char, start), f"{char!r} has no meaning here", advice)


class Parser:
    """Puts tokens into postfix order.

    program: the PostfixSteps whose place is settled.
    waiting: operations, functions and open parentheses whose operands are not
        complete; what an open parenthesis takes is its commas + 1.
    operand_next: whether an operand comes next (at the start, after an operator),
        or an operator (after an operand).
    """

    def __init__(self, text: str):
        self.text = text
        self.program: list[PostfixStep] = []
        self.waiting: list[PostfixStep] = []
        self.operand_next = True

    def take(self, token: Token, following: Token) -> None:
        """Take the next token, knowing which one comes after it."""
        if token.text == "=":
            raise stray(self.text, token.start)
        if not self.operand_next:
            self.take_operator(token)
        elif token.kind == "number":
            if math.isinf(float(token.text)):
                reason = f"{clipped(token.text)} is beyond the largest float"
                raise pointed(self.text, token, reason)
            self.program.append(PostfixStep("number", 0, token))
            self.operand_next = False
        elif token.kind == "name":
            self.take_name(token, following)
        elif token.text == "(":
            self.waiting.append(PostfixStep("(", 1, token))
        elif token.text == "-":
            self.waiting.append(PostfixStep("neg", 1, token))
        elif token.kind == "end":
            reason = "the expression ends too early"
            raise pointed(self.text, token, reason, "An operand is missing.")
        elif token.text != "+":
            reason = f"a number, a name or ( is missing before {token.text!r}"
            raise pointed(self.text, token, reason)

    def take_name(self, token: Token, following: Token) -> None:
        """A variable; or a function, which waits for its parentheses to close."""
        name, call = token.text, following.text == "("
        if call and name not in FUNCTIONS:
            advice = did_you_mean(name, FUNCTIONS) or f"The functions are {', '.join(FUNCTIONS)}."
            raise pointed(self.text, token, f"unknown function {clipped(name)!r}", advice)
        if name in FUNCTIONS and not call:
            raise pointed(self.text, token, f"{name} is a function", f"Write {name}(...).")
        (self.waiting if call else self.program).append(PostfixStep(name, 0, token))
        self.operand_next = call

    def take_operator(self, token: Token) -> None:
        """Between operands: an operator, a comma, a closing parenthesis, or the end."""
        if token.text in PRECEDENCE:
            self.settle(PRECEDENCE[token.text] + (token.text == "**"))
            self.waiting.append(PostfixStep(token.text, 2, token))
            self.operand_next = True
        elif token.text == ",":
            self.settle()
            if len(self.waiting) < 2 or self.waiting[-2].op not in FUNCTIONS:
                advice = "It stands between the arguments of a function; a decimal point is a dot."
                raise pointed(self.text, token, "a comma has no meaning here", advice)
            opened = self.waiting[-1]
            self.waiting[-1] = opened._replace(takes=opened.takes + 1)
            self.operand_next = True
        elif token.text == ")":
            self.close(token)
        elif token.kind == "end":
            self.settle()
            if self.waiting:
                raise pointed(self.text, self.waiting[-1].token, "this parenthesis is never closed")
        else:
            reason = f"an operator is missing before {shown_text(token.text)}"
            raise pointed(self.text, token, reason, "A product is written with a *.")

    def settle(self, least: int = 0) -> None:
        """Move to the program what waits with at least this precedence, up to a parenthesis."""
        while self.waiting and PRECEDENCE.get(self.waiting[-1].op, -1) >= least:
            self.program.append(self.waiting.pop())

    def close(self, token: Token) -> None:
        """End a parenthesis, and with it the call of a function before it."""
        self.settle()
        if not self.waiting:
            raise pointed(self.text, token, "this parenthesis was never opened")
        count = self.waiting.pop().takes
        if self.waiting and self.waiting[-1].op in FUNCTIONS:
            call = self.waiting.pop()
            wanted = FUNCTIONS[call.op]
            if wanted not in (count, None):
                wants = "1 argument" if wanted == 1 else f"{wanted} arguments"
                raise pointed(self.text, call.token, f"{call.op} takes {wants}, got {count}")
            self.program.append(call._replace(takes=count))


# NAME=NUMBER


def read_numbers(assignments: Iterable[str]) -> dict[str, float]:
    """The numbers given for names, from texts such as "x=2" and "w = -0.5".

    Raises ExpressionError for another form, a name that is a function or is given
    twice, and what is not a decimal number.

    >>> read_numbers(["x=2", "w = -0.5"])
    {'x': 2.0, 'w': -0.5}
    """
    numbers: dict[str, float] = {}
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals or not name.isidentifier():
            advice = "write x=0.5 for a variable x, and the expression, before it, in quotes"
            raise ExpressionError(f"{shown_text(assignment)} is not NAME=NUMBER; {advice}")
        if name in FUNCTIONS:
            raise ExpressionError(f"{name} is a function; choose another name for the variable")
        if name in numbers:
            raise ExpressionError(f"{clipped(name)} is given twice; keep one of the two")
        number, x = decimal(text), clipped(name)
        if number is None:
            reason = f"not a decimal number; write one such as {x}=-0.5 or {x}=1e-3"
            raise ExpressionError(f"{x}={shown_text(text)}: {reason}")
        if math.isinf(number):
            raise ExpressionError(f"{x}={clipped(text)}: beyond the largest float, 1.8e308")
        numbers[name] = number
    return numbers


# Messages that point at the place


def pointed(text: str, token: Token, reason: str, advice: str = "") -> ExpressionError:
    """The error at a token: the reason, the text with carets below the token, advice."""
    begin, end = text.rfind("\n", 0, token.start) + 1, text.find("\n", token.start)
    end = len(text) if end < 0 else end
    first = max(begin, min(token.start - WIDTH // 2, end - WIDTH))
    last = min(end, first + WIDTH)
    before, after = "..." if first > begin else "", "..." if last < end else ""
    seen = before + printable(text[first:last]) + after
    blanks = " " * int(columns(before + printable(text[first : token.start])))
    under = printable(text[token.start : min(last, token.start + len(token.text))])
    carets = "^" * max(1, int(columns(under)))
    lines = [reason, "", f"    {seen}", f"    {blanks}{carets}", advice]
    return ExpressionError("\n".join(lines).rstrip())


def shown_text(text: str) -> str:
    """A typed text in quotes, short and safe to print."""
    return f"'{clipped(printable(text))}'"


def printable(text: str) -> str:
    """The text with a blank or ? for each character that would move the cursor."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)
