"""Demo 32.  Compile a graph

Run:    python demos/32_compile_a_graph.py
Takes:  a few seconds
Before: lessons 9, 15
After:  you can record a graph once and run it many times
New:    compile_graph, NoMachine, .source, .tape, .gradients()

The question.  A graph is recorded anew for every example (eager), although only its
numbers change.  What if it is recorded once (tracing), and written out as a program?

What you will see.  One neuron as a picture, as a Python function whose lines are the
boxes of the picture, and as a list of instructions (tape) for a small machine.  All
three give the same numbers.  Then how long each of them takes, and a trap.
"""

import random
import time

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from micronn.compiler import NoMachine, compile_graph
from micronn.draw import draw
from micronn.engine import Value
from micronn.nn import MLP

x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
w1, w2, b = Value(-3.0, "w1"), Value(1.0, "w2"), Value(6.8813735870195432, "b")
o = (x1 * w1 + x2 * w2 + b).tanh()
o.label = "o"

# compile_graph() makes a program of a graph: it has a source, and a tape of instructions.
program = compile_graph(o, inputs=[x1, x2], params=[w1, w2, b], backend="python")
path = draw(o, params={"w1": w1, "w2": w2, "b": b}).save("compiled_neuron.svg")
tables = [Panel(Text(program.source.rstrip()), title="program.source", width=74)]
tables.append(Panel(Text(str(program.tape)), title="program.tape", width=46))
Console(width=124).print(Columns(tables))
print(f"wrote {path}: the same graph as a picture\n")
# prints: v9 = tanh(v8)
# prints: wrote compiled_neuron.svg

# One recording serves every input: 2, 0 as recorded, then two new pairs.
for pair in ((2.0, 0.0), (2.0, 1.0), (-1.0, 0.5)):
    value, slopes = program(*pair)
    print(f"x1, x2 = {pair}: o = {value:.4f}, do/dx1 = {slopes[0]:.4f}, do/dx2 = {slopes[1]:.4f}")
# prints: x1, x2 = (2.0, 0.0): o = 0.7071, do/dx1 = -1.5000, do/dx2 = 0.5000
print(f"w1 has collected do/dw1 of all three calls: {w1.grad:.4f}\n")
# prints: w1 has collected do/dw1 of all three calls: 1.1774

# How long do value and gradients of a 2-16-16-1 net take, for one example?
model = MLP(2, [16, 16, 1], rng=random.Random(1))
rows = [[random.Random(k).uniform(-1.0, 1.0), 0.5] for k in range(320)]
leaves = [Value(0.1), Value(0.2)]
recorded = model(leaves)


def eager(rows):
    """Build the graph for each row, and differentiate it."""
    for row in rows:
        model(row).backward()


def microseconds(work):
    """For one row, the best of five goes."""
    goes = []
    for _ in range(5):
        start = time.perf_counter()
        work(rows)
        goes.append((time.perf_counter() - start) / len(rows))
    return min(goes) * 1e6


ways = {"the graph, built each time": eager}
for backend in ("python", "machine"):
    try:
        compiled = compile_graph(recorded, leaves, model.parameters(), backend)
        ways[f"the program, backend={backend!r}"] = compiled.gradients
    except NoMachine as problem:  # NoMachine: it cannot be built on this computer
        print(f"no machine: {problem}")
slowest = microseconds(eager)
for name, work in ways.items():
    spent = microseconds(work)
    print(f"{name:32} {spent:8.1f} microseconds, {slowest / spent:5.0f} times as fast")
# prints: the graph, built each time
# prints: the program, backend='python'
lines, steps = (len(str(form).splitlines()) for form in (compiled.source, compiled.tape))
print(f"""
In Python the program has {lines} lines, one for each number.  On the tape it has
{steps} instructions, for a layer is one of them, with all its weights as a matrix.  A
loop in Python asks before every product what is next.  Who is handed a whole matrix
knows it beforehand (vectorization): that is why the matrix form is the fast one.""")
# prints: In Python the program has 969 lines, one for each number.
# prints: 5 instructions, for a layer is one of them

# The trap: what Python decides while recording is not in the graph.
x = Value(2.0)
double_or_hundredfold = x * 2.0 if x.data > 0.0 else x * 100.0
frozen, _ = compile_graph(double_or_hundredfold, [x], backend="python")(-1.0)
follows, _ = compile_graph(x.relu() + 1.0, [x], backend="python")(-1.0)
print(f"\nan `if` recorded at x = 2, run at x = -1: {frozen} (the `if` would say -100.0)")
print(f"relu(x) + 1 recorded at x = 2, run at x = -1: {follows}")
# prints: run at x = -1: -2.0
# prints: run at x = -1: 1.0

# Change it:
#  - Print the source of a Neuron(2): its weighted sum is one line, a dot.
#  - Print the tape of the 2-16-16-1 net.  Which of its instructions are not layers?
#  - Use maximum(x * 2.0, x * 100.0) instead of the `if`, and run it at -1 again.
