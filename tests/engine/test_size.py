"""How big a graph may be, and what each operation costs."""

import gc
import subprocess
import sys
import tracemalloc
import weakref

from small_stack import on_a_small_stack

from micronn.engine import Value, topological_order, total


def test_a_chain_of_200_000_operations_runs_on_a_small_stack():
    def work():
        limit = sys.getrecursionlimit()
        x = Value(1.0)
        y = x
        for _ in range(200_000):
            y = y + 0.001
        y.backward()
        assert x.grad == 1.0
        assert sys.getrecursionlimit() == limit
        del y

    on_a_small_stack(work)


def test_sum_of_100_000_values_has_slope_one_for_each():
    values = [Value(0.5) for _ in range(100_000)]

    def work():
        root = sum(values)
        root.backward()
        assert root.data == 50_000.0

    on_a_small_stack(work)
    assert all(value.grad == 1.0 for value in values)


def test_a_chain_of_any_length_is_dropped_on_a_stack_of_one_megabyte():
    # demos/COMING_FROM.md promises it of every Python; 3.13 is the one that needs that much.
    ends = []

    def work():
        y = Value(1.0)
        ends.append(weakref.ref(y))
        for _ in range(200_000):
            y = total([y, y, 1.0])
        ends.append(weakref.ref(y))

    on_a_small_stack(work, size=1024 * 1024)
    assert [end() for end in ends] == [None, None]


def test_a_graph_of_a_million_values_can_be_dropped_and_can_outlive_the_program():
    program = """
from micronn.engine import Value
def chain():
    y = Value(1.0)
    for _ in range(1_000_000):
        y = -y
    return y
y = chain()
y.backward()
del y
kept = chain()
print("done")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_an_operation_costs_at_most_400_bytes_and_1_400_during_backward():
    gc.collect()
    tracemalloc.start()
    try:
        x = Value(0.5)
        y = x
        for _ in range(10_000):
            y = (y * x + x).tanh() / x
        forward = tracemalloc.get_traced_memory()[0] / 40_000
        y.backward()
        peak = tracemalloc.get_traced_memory()[1] / 40_000
    finally:
        tracemalloc.stop()
    assert forward <= 400
    assert peak <= 1_400


def test_a_training_loop_does_not_grow():
    w = Value(0.5)

    def step():
        loss = total([(w * float(k) - 1.0) ** 2 for k in range(50)])
        w.grad = 0.0
        loss.backward()
        w.data -= 1e-6 * w.grad

    step()
    gc.collect()
    tracemalloc.start()
    try:
        step()
        start = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            step()
        growth = tracemalloc.get_traced_memory()[0] - start
    finally:
        tracemalloc.stop()
    assert growth < 20_000


class Watched(Value):
    """A Value that counts how often any of its kind is looked at."""

    __slots__ = ()
    looks = 0

    def __eq__(self, other):
        Watched.looks += 1  # by a search through a list, say
        return self is other

    def __hash__(self):
        Watched.looks += 1
        return id(self)

    @property
    def operands(self):
        Watched.looks += 1
        return Value.operands.__get__(self)

    @property
    def local_grads(self):
        Watched.looks += 1
        return Value.local_grads.__get__(self)


def test_backward_is_linear_where_paths_are_exponential():
    # Each step uses the last value twice: 2**steps paths, but only `steps` nodes.
    def looks(steps):
        y = Value(1.0)
        for _ in range(steps):
            y = y * 0.5 + y * 0.5
        nodes = topological_order(y)
        for node in nodes:
            node.__class__ = Watched
        Watched.looks = 0
        y.backward()
        assert Watched.looks < 20 * len(nodes)
        return Watched.looks

    small, large = looks(250), looks(2_000)
    assert 250 < large < 8.1 * small


def test_a_dropped_graph_is_freed_at_once_without_the_cycle_collector():
    gc.disable()
    try:
        x = Value(1.0)
        y = (x * 2.0).tanh()
        y.backward()
        watch = weakref.ref(y)
        del y
        assert watch() is None
    finally:
        gc.enable()
