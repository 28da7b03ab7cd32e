"""What was measured, as tables for a terminal and as a picture.

A floor is what must not be lost again.  Floors are ratios where there is a rival, since
milliseconds are those of one computer.
"""

import math
from typing import NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from contests.turns import ratio
from micronn.pictures.charts import Axis, curve_path
from micronn.pictures.paint.svg import svg_circle, svg_frame, svg_line, svg_text, units


class Floor(NamedTuple):
    """In one contest, how many times as long a rival must take at least; and what we aim at."""

    key: str
    ours: str
    theirs: str
    floor: float
    aim: float


FLOORS = [
    Floor("expression", "graph", "micrograd", 3.0, 3.0),
    Floor("chains", "graph", "micrograd", 8.0, 8.0),
    Floor("moons", "graph", "micrograd", 60.0, 60.0),
    Floor("W1", "native", "PyTorch", 30.0, 50.0),
    Floor("W1", "native", "JAX jit", 4.0, 8.0),
    Floor("W1", "wasm", "PyTorch", 8.0, 12.0),
    Floor("W2", "native", "PyTorch", 4.5, 6.0),
    Floor("W2", "native", "JAX jit", 1.3, 2.0),
    Floor("W2", "native", "NumPy by hand", 1.5, 2.0),
    Floor("W2", "native float32", "JAX jit float32", 1.3, 2.0),
    Floor("W2", "wasm", "PyTorch", 1.0, 1.5),
]
NANOSECONDS = 1.2, 0.7  # of an operation and example in a graph without structure
NAMES, PICTURE = (0.1, 0.05), (0.25, 0.1)  # seconds of 1,000 names, and of a first picture


def floors(contests, processes):
    """Every floor whose two sides took part, as plain data: at least, or at most."""
    found = []
    for floor in FLOORS:
        rounds = {
            row["who"]: row["rounds"]
            for contest in contests
            if contest["key"] == floor.key
            for row in contest["contenders"]
        }
        if floor.ours in rounds and floor.theirs in rounds:
            number = ratio(rounds[floor.theirs], rounds[floor.ours])
            title = f"{floor.key}: {floor.ours}, times as fast as {floor.theirs}"
            found.append(held(title, number, "x", floor.floor, floor.aim))
    for contest in contests:
        if contest["operations"]:
            number = 1e9 * contest["contenders"][0]["seconds"] / contest["operations"]
            title = f"{contest['key']}: an operation and example, {contest['contenders'][0]['who']}"
            found.append(held(title, number, "ns", *NANOSECONDS))
        if contest["key"] == "names":
            title = f"names: {contest['contenders'][0]['who']}"
            found.append(held(title, contest["contenders"][0]["seconds"], "s", *NAMES))
    for process in processes:
        if "no dot" in process["title"]:
            title = f"{process['title']}, second process"
            found.append(held(title, process["second"], "s", *PICTURE))
    return found


def held(title, number, unit, floor, aim):
    """One floor and what was measured; a ratio must reach it, anything else stay below it."""
    reached = [number >= wanted if unit == "x" else number <= wanted for wanted in (floor, aim)]
    names = ("floor", "aim") if all(reached) else ("floor",) if reached[0] else ()
    return {
        "title": title, "number": number, "unit": unit, "floor": floor, "aim": aim,
        "reached": names[-1] if names else "neither",
    }  # fmt: skip


# Tables


def tables(found):
    """All that was measured, as tables, in the order of reading."""
    for contest in found["contests"]:
        yield contest_table(contest)
    if found["sizes"]:
        yield size_table(found["sizes"])
    if found["processes"]:
        rows = [[x["title"], *map(seconds_text, (x["first"], x["second"]))]
                for x in found["processes"]]  # fmt: skip
        head = ["", "first process", "next process"]
        yield plain("The first time: what is imported before is not timed", head, rows)
    if found["measures"]:
        rows = [[x["title"], with_unit(x["number"], x["unit"])] for x in found["measures"]]
        yield plain("Alone", ["", ""], rows)
    if found["floors"]:
        rows = [
            [x["title"], *[with_unit(x[what], x["unit"]) for what in ("number", "floor", "aim")],
             x["reached"]]
            for x in found["floors"]
        ]  # fmt: skip
        yield plain("Floors", ["", "measured", "floor", "aim", "reached"], rows)


def contest_table(contest):
    """Who, the median time, times as long as the first, and what is done."""
    rows = [
        [x["who"], seconds_text(x["seconds"]), times_text(x["ratio"]), x["how"]]
        for x in contest["contenders"]
    ]
    return plain(f"{contest['key']}: {contest['title']}", ["", "time", "ratio", ""], rows)


def size_table(lines):
    """Each way's times by size, and its exponent: 1 where the cost is in proportion."""
    head = ["", *[f"{n:,}" for n in lines[0]["operations"]], "exponent"]
    rows = [[x["who"], *map(seconds_text, x["seconds"]), f"{exponent(x):.2f}"] for x in lines]
    return plain("Cost of a graph without structure, by its operations", head, rows)


def plain(title, head, rows):
    """A title and a table without a frame; numbers stand at the right."""
    table = Table(box=None)
    for k, name in enumerate(head):
        table.add_column(name, justify="right" if name else "left", no_wrap=k > 0)
    for row in rows:
        table.add_row(*row)
    return Group(Text(title, "bold"), table)


def exponent(line):
    """Of the power of the size that the cost grows by, over the last three sizes.

    Below them, a program's call costs more than its work.
    """
    spread = [math.log(line[what][-1] / line[what][-3:][0]) for what in ("seconds", "operations")]
    return spread[0] / spread[1]


def with_unit(number, unit):
    """A ratio as times_text(), seconds as seconds_text(), anything else with its unit."""
    if unit == "x":
        return times_text(number)
    return seconds_text(number) if unit == "s" else f"{number:.3g} {unit}"


def seconds_text(seconds):
    """0.00123 as 1.23 ms."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def times_text(ratio):
    """2.4647 as 2.46x, and 1090.3 as 1,090x."""
    return f"{ratio:,.0f}x" if ratio >= 100.0 else f"{ratio:.3g}x"


# The picture

LEFT, RIGHT, WIDTH = 170.0, 560.0, 720.0
OURS = {"graph", "native", "wasm", "python"}
COLOURS = ("epos", "eneg", "param")


def chart(found):
    """The contests as dots by how many times as long each took, then cost against size: an SVG."""
    parts, y = [], 20.0
    ratios = [row["ratio"] for contest in found["contests"] for row in contest["contenders"]]
    across = Axis(min([0.1, *ratios]), max([10.0, *ratios]), LEFT, RIGHT, log=True)
    for contest in found["contests"]:
        parts += contest_rows(contest, across, y)
        y += 40 + 18 * len(contest["contenders"])
    if found["sizes"]:
        parts += size_lines(found["sizes"], y)
        y += 300
    title = "The same work by each engine: times as long as the first of each group"
    desc = f"{len(found['contests'])} contests; dots by factors of ten, blue for micronn."
    return svg_frame(WIDTH, y, title, desc, parts)


def contest_rows(contest, across, y):
    """A title, hair lines at factors of ten, and a dot for each contender."""
    rows = contest["contenders"]
    foot = y + 10 + 18 * len(rows)
    yield svg_text(12, y, f"{contest['key']}: {contest['title']}", 11, bold=True)
    for number in across.ticks():
        path = f"M{units(across(number))} {units(y + 8)}V{units(foot)}"
        yield svg_line(path, "rule" if number == 1.0 else "hair")
        yield svg_text(across(number), foot + 11, f"{number:g}x", 9, "mut", "middle")
    for k, row in enumerate(rows):
        place, token = y + 20 + 18 * k, "epos" if row["who"].split()[0] in OURS else "const"
        yield svg_text(LEFT - 10, place + 4, row["who"], 11, anchor="end")
        yield svg_circle(across(row["ratio"]), place, 4.5, token, "bg", 1)
        words = f"{seconds_text(row['seconds'])}, {times_text(row['ratio'])}"
        yield svg_text(RIGHT + 14, place + 4, words, 11)


def size_lines(lines, y):
    """Seconds over operations, both by factors of ten: a cost in proportion is a straight line."""
    operations = [n for line in lines for n in line["operations"]]
    seconds = [s for line in lines for s in line["seconds"]]
    across = Axis(min(operations), max(operations), LEFT, RIGHT, log=True)
    up = Axis(min(seconds), max(seconds), y + 250, y + 60, log=True)
    yield svg_text(12, y, "Cost of a graph without structure, by its operations", 11, bold=True)
    for number in across.ticks():
        yield svg_line(f"M{units(across(number))} {units(up.end)}V{units(up.start)}", "hair")
        yield svg_text(across(number), up.start + 14, f"{number:,.0f}", 9, "mut", "middle")
    for number in up.ticks():
        yield svg_line(f"M{units(LEFT)} {units(up(number))}H{units(RIGHT)}", "hair")
        yield svg_text(LEFT - 10, up(number) + 4, seconds_text(number), 9, "mut", "end")
    for k, (line, token) in enumerate(zip(lines, COLOURS, strict=False)):
        points = tuple(zip(line["operations"], line["seconds"], strict=True))
        yield svg_line(curve_path(points, across, up), token, 1.8)
        yield from (svg_circle(across(n), up(s), 3.5, token, "bg", 1) for n, s in points)
        words = f"{line['who']}, exponent {exponent(line):.2f}"
        yield svg_line(f"M{units(LEFT)} {units(y + 16 + 14 * k)}h24", token, 1.8)
        yield svg_text(LEFT + 32, y + 20 + 14 * k, words, 11)
