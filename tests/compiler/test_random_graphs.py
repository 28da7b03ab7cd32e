"""A program gives what its graph gives, on random graphs of every operation."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import OPERATIONS as CASES
from programs import each_backend

from micronn.compiler import compile_graph
from micronn.compiler.rebuild import nodes_below, rebuilt
from micronn.engine import Value, dot, logsumexp, maximum, mean, minimum, total
from micronn.graph.operations import OPERATIONS, kind_and_number

# Operations of any number that do not grow fast
TAME = [
    case.build
    for name, case in CASES.items()
    if case.takes == 1 and not case.positive and name != "exp" and name[:2] != "**"
]
BINARY = [Value.__add__, Value.__sub__, Value.__mul__, maximum, minimum]


def tamed(case, first, *others):
    """An operation where its result and its slopes are moderate, whatever the operands are."""
    first = abs(first.sin()) + 0.5 if case.positive else first.sin()
    return case.build(first, *[x.cos() + 1.5 for x in others])


def random_graph(rng, leaves, params, operations):
    """The last nodes of a graph that uses old and new nodes alike, in every operation."""
    nodes = list(leaves)
    for _ in range(operations):
        kind, several = rng.random(), rng.choices(nodes, k=rng.choice([1, 2, 3, 4, 5, 6, 35]))
        if kind < 0.3:
            node = rng.choice(TAME)(rng.choice(nodes))
        elif kind < 0.4:
            case = rng.choice(list(CASES.values()))
            node = tamed(case, *rng.choices(nodes, k=case.takes))
        elif kind < 0.6:
            other = rng.choice([*nodes, Value(rng.uniform(-2, 2))])
            node = rng.choice(BINARY)(rng.choice(nodes), other)
        elif kind < 0.7:
            node = dot(several, rng.choices(nodes, k=len(several))).tanh()
        elif kind < 0.8:
            node = dot(several, [rng.uniform(-1, 1) for _ in several]).sin()
        elif kind < 0.9:  # parameters and constants weigh the same Value
            count = min(len(several), 6)
            weights = rng.sample([*params, *map(Value, range(4)), 0.5, 2.0], k=count)
            biases = rng.choices([*params, *several, Value(0.5)], k=count)
            pairs = zip(weights, biases, strict=True)
            terms = [dot([weight], several[:1]) + bias for weight, bias in pairs]
            node = total(terms).tanh()
        elif kind < 0.93:
            node = rng.choice([mean, total, logsumexp])(several).tanh()
        else:
            node = total([*neurons(rng, params, several)]).tanh()
        nodes.append(node)
    return nodes[-5:]


def sizes_by_path(root):
    """For each Value the sum of the sizes of all products of slopes from it to the root.

    Its gradient is the sum of those products; how exact it can be is decided by their
    sizes, which may be many and cancel.
    """
    sizes = dict.fromkeys(nodes_below([root]), 0.0)
    sizes[root] = 1.0
    for node in reversed(sizes):
        for operand, slope in zip(node.operands, node.local_grads, strict=True):
            sizes[operand] += abs(slope) * sizes[node]
    return sizes


def neurons(rng, params, inputs):
    """Neurons with the same inputs, whose weights are overlapping rows of the parameters."""
    n, biases = min(len(inputs), len(params)), rng.choices([*params, 0.5], k=rng.randint(0, 2))
    for start in range(0, len(params) - n + 1, rng.randint(1, n)):
        neuron = dot(params[start : start + n], inputs[:n])
        for bias in biases:
            neuron = neuron + bias
        yield neuron.sin()


def graphs_numbers(order, roots, x, w, rows):
    """By the graph: values of all roots and, of the first, gradients by x, and by w with sizes."""
    values, slopes, sums, sizes = [], [], [0.0] * len(w), [1e-3] * len(w)
    for row in rows:
        nodes = rebuilt(order, dict(zip(x, row, strict=True)))
        nodes[roots[0]].backward()
        by_path = sizes_by_path(nodes[roots[0]])
        values.append([nodes[root].data for root in roots])
        slopes.append([nodes[v].grad if v in nodes else 0.0 for v in x])
        for k, p in enumerate(w):
            if p in nodes:
                sums[k] += nodes[p].grad
                sizes[k] += by_path.get(nodes[p], 0.0)
    return values, slopes, sums, sizes


def check_random_graph(backend, seed, operations, count):
    """One root with its gradients, and all roots in one program, for so many examples."""
    rng = random.Random(seed)
    x, w = ([Value(rng.uniform(-2, 2)) for _ in range(size)] for size in (4, 9))
    last = random_graph(rng, x + w, w, operations)
    roots = [total(last), *last]
    rows = [[rng.uniform(-2, 2) for _ in x] for _ in range(count)]
    values, slopes, sums, sizes = graphs_numbers(nodes_below(roots), roots, x, w, rows)
    largest = max((abs(g) for dx in slopes for g in dx), default=0.0) + 1.0
    program = compile_graph(roots[0], x, w, backend)
    several = compile_graph(roots, x, w, backend)
    first = [found[0] for found in values]
    assert program.values(rows) == pytest.approx(first, rel=1e-11, abs=1e-13)
    for found, expected in zip(several.values(rows), values, strict=True):
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-13)
    for dx, expected in zip(program.gradients(rows), slopes, strict=True):
        assert dx == pytest.approx(expected, rel=1e-11, abs=1e-13 * largest)
    for p, expected, size in zip(w, sums, sizes, strict=True):
        # near the ends of tanh, 1 - tanh**2 is off by what rounds a 1, however small it is
        assert abs(p.grad - expected) <= 1e-12 * max(size, 0.1) * largest


SEEDS, COUNTS = st.integers(0, 2**32), st.sampled_from([1, 2, 33, 40])


@each_backend
@settings(max_examples=60)
@given(seed=SEEDS, operations=st.integers(1, 80), count=COUNTS)
def test_random_graphs(backend, seed, operations, count):
    check_random_graph(backend, seed, operations, count)


@pytest.mark.slow
@each_backend
@settings(max_examples=2000, print_blob=True)
@given(seed=SEEDS, operations=st.integers(1, 120), count=COUNTS)
def test_many_more_random_graphs(backend, seed, operations, count):
    check_random_graph(backend, seed, operations, count)


@each_backend
def test_a_thousand_examples_go_through_as_one_does(backend):
    check_random_graph(backend, 5, 40, 1000)


def test_the_random_graphs_hold_every_operation_that_the_compiler_knows():
    rng, found = random.Random(1), set()
    for _ in range(50):
        x = [Value(rng.uniform(-2, 2)) for _ in range(4)]
        for node in nodes_below(random_graph(rng, x, x, 80)):
            kind, number = kind_and_number(node.op)
            found.add(kind if number is None else f"{kind}k" if kind == "**" else f"{kind} k")
    assert set(OPERATIONS) <= found
