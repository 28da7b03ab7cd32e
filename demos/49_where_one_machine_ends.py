"""Demo 49.  Where one machine ends

Run:    python demos/49_where_one_machine_ends.py
Takes:  a second, and some fifteen where PyTorch and JAX are installed
Before: lessons 20, 31, 36
After:  you can share one step of training among processes or devices, and check that it is one
New:    export

The question.  The digit reader has 13,002 parameters, and one computer has time for
them.  Nets of a million times as many are trained by thousands of computers together.
How can a thousand computers take one step, and is it the step that one would have taken?

What you will see.  First in Values: the batch is dealt out in halves, and what the
halves find is put together again (all-reduce).  Then the digit reader, handed over to
the two engines that are made for this: to PyTorch in two processes, each with the whole
net and half of each batch (data parallelism), and to JAX, whose arrays are cut over two
devices (sharding).  Every loss stands beside those of one process and of micronn.  What
is not installed here is named, and nothing is claimed of it.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import data_parallel  # the file beside this one: what PyTorch and JAX are asked to do

from micronn.datasets import digits
from micronn.engine import Value, mean
from micronn.export import export
from micronn.losses import cross_entropy, mse
from micronn.nn import MLP
from micronn.optim import SGD

LR, BATCH, STEPS = 0.1, 16, 20

# A neuron with one weight, and a batch of four examples: which way should the weight go?
XS, YS = [1.0, 2.0, 4.0, 5.0], [3.0, 2.0, 1.0, 5.0]


def slope(part):
    """d(loss)/dw, where the loss is the mean over a part of the batch."""
    w = Value(0.5, "w")
    mse([w * x for x in XS[part]], YS[part]).backward()
    return w.grad


print("ONE WEIGHT, FOUR EXAMPLES: the slope of the mean loss, by who has seen what")
everything, left, right = slope(slice(4)), slope(slice(2)), slope(slice(2, 4))
mean_of_two = (left + right) / 2
print(f"   one machine, all four:              {everything:8.3f}")
print(f"   machine A, the first two:           {left:8.3f}")
print(f"   machine B, the last two:            {right:8.3f}")
print(f"   (A + B) / 2, which both then hold:  {mean_of_two:8.3f}")
print(f"the mean of the halves' slopes is the slope of the mean: {mean_of_two == everything}")
# prints: the mean of the halves' slopes is the slope of the mean: True
one, three = slope(slice(1)), slope(slice(1, 4))
print(f"   in parts of one and three: ({one:.3f} + {three:.3f}) / 2 = {(one + three) / 2:.3f}")
print(f"and of parts of two sizes it is not: {(one + three) / 2 != everything}")
# prints: and of parts of two sizes it is not: True
print("""
That mean is all that the machines have to tell each other.  Each has the whole net, takes
its part of the batch, walks backward alone, and hands its gradients in; each gets the mean
of all of them back (all-reduce).  They began with one net and take one step, so they hold
one net again: once they have begun, no parameter is sent, only gradients.
""")

rng = random.Random(7)
inputs, targets = digits(BATCH * STEPS, rng=rng)
batches = [(inputs[k : k + BATCH], targets[k : k + BATCH]) for k in range(0, len(inputs), BATCH)]
model = MLP(784, [16, 16, 10], "relu", "xavier", random.Random(1))

print(f"THE DIGIT READER, {model}")
found = {}
with tempfile.TemporaryDirectory() as folder:
    problem = {"batches": batches, "lr": LR}
    Path(folder, "batches.json").write_text(json.dumps(problem), "utf-8")
    for package, name in {"torch": "PyTorch", "jax": "JAX"}.items():
        # export() writes the net as a source for the other engine, and a test that compares
        # the two.  The engine gets a process of its own.
        export(model, package, folder, "digit_reader")
        command = [sys.executable, data_parallel.__file__, package, folder]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            print(f"{name} trains digit_reader_{package}.py")
            found[name] = json.loads(done.stdout.splitlines()[-1])
        else:
            why = (done.stderr.splitlines() or [f"{name} stopped"])[-1]
            print(f"{why}; its columns stay empty")

optimizer, ours = SGD(model.parameters(), LR), []  # only now, as a step moves the numbers
for xs, digit in batches:
    loss = mean([cross_entropy(model(x), t) for x, t in zip(xs, digit, strict=True)])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    ours.append(loss.data)

columns = [(name, way) for name in ("PyTorch", "JAX") for way in ("alone", "shared")]
print(f"\nthe loss before each step, {BATCH} digits a step")
print(f"{'':20s}{'PyTorch':>16s}{'PyTorch':>16s}{'JAX':>16s}{'JAX':>16s}")
heads = ["micronn", "one process", "two processes", "one device", "two devices"]
print("step" + "".join(f"{head:>16s}" for head in heads))
for step in (0, 1, 2, 10, STEPS - 1):
    row = f"{step:4d}{ours[step]:16.12f}"
    for name, way in columns:
        row += f"{found[name][way][step]:16.12f}" if name in found else f"{'':16s}"
    print(row.rstrip())
print()


def apart(a, b):
    """The largest difference between two lists of losses."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


agree = {}
for name, losses in found.items():
    two = "two processes" if name == "PyTorch" else "two devices"
    others = losses["alone"], ours
    agree[name] = max(apart(losses["shared"], other) for other in others) < 1e-12
    print(f"{name}: every loss of {two} is that of one, and micronn's, to 12 digits: {agree[name]}")
if "JAX" in found:
    alone, shared = found["JAX"]["all-reduce"]
    print(f"JAX: its compiler put an all-reduce into the step for two alone: {shared > alone}")
print(f"no engine that is here takes another step than micronn: {all(agree.values())}")
# prints: no engine that is here takes another step than micronn: True
if found:
    print("Only the last digits differ, where sums were taken in another order.")
print("""
What is to be gained is time, and only where a part of the batch takes far longer than to
hand 13,002 gradients round; this net is too small for it.  A net that is too large for the
memory of one machine is itself cut into pieces (model parallelism), by the same engines.  A
scalar engine ends long before that.  What it leaves you is to know what they do, and to
check it.""")

# Change it:
#  - BATCH = 15: what becomes of the last digit of each batch, and what should be done?
#  - In data_parallel.py, let rank 1 begin with another net.  Who notices, and who repairs it?
#  - Leave DistributedDataParallel out, so that each process follows its own half.  After
#    which step can one see it in the losses?
