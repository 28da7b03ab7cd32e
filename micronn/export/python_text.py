"""What exports to Python's libraries share: the head, the lines of a graph, the numbers."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from textwrap import fill

from micronn.compiler.python_source import literal, wrapped
from micronn.export.description import FUNCTIONS, Line, Net, StraightLine, called, forms
from micronn.graph.operations import kind_and_number
from micronn.support.text import brief


def head(described: Net | StraightLine, file: str, what: str) -> str:
    """The docstring of a file: what it computes, and how that is proved."""
    if isinstance(described, Net):
        layers = [f"{len(x.bias)} {x.op or 'linear'}" for x in described.layers]
        about = f"the net {' -> '.join([str(described.nin), *layers])}"
        read = f"inputs: {described.nin} numbers; outputs: {described.nout}."
    else:
        about = "a graph that micronn recorded, line by line"
        read = f"inputs: {brief([*described.inputs]) or 'none'}; "
        read += f"params: {brief([*described.params]) or 'none'}; "
        read += f"outputs: {brief(described.outputs)}."
    test = f"test_{file}"
    return (
        f'"""{fill(f"{about[0].upper()}{about[1:]}, {what}.", 88)}\n\n{fill(read, 88)}\n\n'
        f"The same numbers as in micronn, to 12 digits; to prove it: python -m pytest {test}\n"
        '"""\n\n'
    )


def helpers(texts: Iterable[str], library: str, own: Mapping[str, str]) -> str:
    """What some texts call: the definitions of those in `own`, and an import of the others.

    library: the module that has these.
    own: an expression for each function, or "from" and another module that has it.
    """
    names = called(texts, own)
    words = set(re.findall(r"(?<![.\w])\w+", " ".join([*texts, *[own[name] for name in names]])))
    imports: dict[str, list[str]] = {}
    for name in sorted(words & {*FUNCTIONS, "inf", "nan"} - {"abs"}):  # abs is Python's own
        text = own.get(name, f"from {library}")
        imports.setdefault(text, []).append(name)
    parts = [f"{x} import {', '.join(imports[x])}\n" for x in imports if x.startswith("from")]
    for name in [name for name in names if not own[name].startswith("from")]:
        arguments, what = FUNCTIONS[name]
        parts += ["\n\n", body([f"def {name}({arguments}):"], 0)]
        parts += [body([f'"""{what}."""', f"return {own[name]}"])]
    return "".join(parts)


def opened(names: Iterable[str], form: str) -> list[str]:
    """Lines that give names to inputs or parameters; in the form, {k} and {name} are which."""
    return [f"{name} = {form.format(k=k, name=name)}" for k, name in enumerate(names)]


def lines(
    listed: Sequence[Line], constants: Collection[str] = (), form: str = "{text}"
) -> list[str]:
    """The lines of a graph.

    constants: the names of those whose text is to have the given form.
    """
    texts = [form.format(text=x.text) if x.name in constants else x.text for x in listed]
    return [
        wrapped(f"{line.name} {line.sign} ", text) + (f"  # {line.note}" if line.note else "")
        for line, text in zip(listed, texts, strict=True)
    ]


def body(parts: Iterable[str], depth: int = 1) -> str:
    """Lines as the body of a function."""
    return "".join([f"{'    ' * depth}{part}".rstrip() + "\n" for part in parts])


def activation(op: str, **words: str) -> tuple[str, str]:
    """The texts of a layer's activation and of what its operand's gradient is.

    words: what stands for a, v and d, as in Operation.python.
    """
    number = kind_and_number(op)[1]
    value, slope = forms(op) if op else ("{a}", "{d}")
    words = {"v": "", "d": ""} | words
    words["k"] = "" if number is None else literal(number)
    return value.format(**words), slope.format(**words)


def numbers(described: Net | StraightLine) -> str:
    """The parameters as a dictionary of nested lists, NUMBERS."""
    arrays = described.arrays if isinstance(described, Net) else described.params
    parts = [f'    "{name}": {rows(held)},\n' for name, held in arrays.items()]
    return f"NUMBERS = {{\n{''.join(parts)}}}\n"


def rows(held: Sequence[Sequence[float]] | Sequence[float] | float, margin: str = "    ") -> str:
    """A number, a list of them, or a list of lists, in lines that are not too long."""
    if isinstance(held, float):
        return repr(held)
    inner = margin + "    "
    if not isinstance(held[0], float):
        listed = "".join([f"{inner}{rows(row, inner)},\n" for row in held])
        return f"[\n{listed}{margin}]"
    text = ", ".join(map(repr, held))
    inside = fill(text, 96, initial_indent=inner, subsequent_indent=inner)
    return f"[{text}]" if len(text) < 70 else f"[\n{inside}\n{margin}]"
