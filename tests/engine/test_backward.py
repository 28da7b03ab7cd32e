"""What backward() promises: the chain rule, in order, added up in the leaves."""

import math
import random
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micronn.engine import Value, maximum, minimum


def test_gradients_of_a_small_expression_by_hand():
    # f = (a*b)*(a+b) = a²b + ab²:  df/da = 2ab + b² = -12 + 9,  df/db = a² + 2ab = 4 - 12
    a, b = Value(-2.0), Value(3.0)
    f = (a * b) * (a + b)
    f.backward()
    assert (f.data, a.grad, b.grad, f.grad) == (-6.0, -3.0, -8.0, 1.0)


def test_a_value_in_the_middle_that_is_used_twice_collects_before_it_passes_on():
    # b = 2a, c = 2b, so dc/da = 4.  Passing on too early says 3.
    a = Value(1.0)
    b = a + a
    c = b + b
    c.backward()
    assert (b.grad, a.grad) == (2.0, 4.0)


def test_second_backward_adds_the_same_again_to_leaves_only():
    # y = 6x.  Two calls add up to 12, as in PyTorch.  An engine that lets the
    # middle Value keep its old grad says 18.
    x = Value(1.0)
    middle = x * 2.0
    y = middle * 3.0
    y.backward()
    y.backward()
    assert x.grad == 12.0
    assert middle.grad == 3.0


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.integers(2, 4))
def test_every_further_pass_adds_exactly_the_first(numbers, passes):
    a, b, c = map(Value, numbers)
    root = (a * b + c).tanh() * a + a * c * 0.1 + (a - b).sigmoid() * c
    root.backward()
    first = [a.grad, b.grad, c.grad]
    expected = list(first)
    for _ in range(passes - 1):
        root.backward()
        expected = [had + once for had, once in zip(expected, first, strict=True)]
    assert [a.grad, b.grad, c.grad] == expected


def test_two_roots_over_a_shared_part_add_up_in_the_leaves():
    # y = 2x; p = 3y, q = 5y: dp/dx + dq/dx = 6 + 10.
    x = Value(1.0)
    y = 2.0 * x
    p, q = 3.0 * y, 5.0 * y
    p.backward()
    q.backward()
    assert x.grad == 16.0


def test_backward_from_a_middle_value_then_from_the_root_adds_both():
    x = Value(1.0)
    y = 2.0 * x
    z = 3.0 * y
    y.backward()
    z.backward()
    assert x.grad == 2.0 + 6.0


def test_values_outside_the_walked_part_are_left_alone():
    x, other = Value(1.0), Value(5.0)
    y = x * 2.0
    above = y * other
    above.grad, other.grad = 7.0, 8.0
    y.backward()
    assert (above.grad, other.grad) == (7.0, 8.0)


def test_backward_on_a_leaf_sets_one_and_says_nothing():
    x = Value(4.0)
    assert x.backward() is None
    assert (x.data, x.grad) == (4.0, 1.0)


def test_changing_data_later_does_not_change_a_recorded_gradient():
    x, w = Value(2.0), Value(3.0)
    y = x * w
    w.data = 100.0
    y.backward()
    assert x.grad == 3.0


def test_an_interrupted_backward_leaves_the_leaves_as_they_were(monkeypatch):
    class Bomb(float):
        armed = False

        def __rmul__(self, other):
            raise KeyboardInterrupt

        __mul__ = __rmul__

    x = Value(3.0)
    y = x * x
    root = y.sin() * x
    x.grad = 0.5
    good = y.local_grads
    y.local_grads = (Bomb(3.0), Bomb(3.0))
    with pytest.raises(KeyboardInterrupt):
        root.backward()
    assert x.grad == 0.5
    assert y.grad == 0.0
    y.local_grads = good
    x.grad = 0.0
    root.backward()
    # d/dx x·sin(x²) = sin(x²) + 2x²·cos(x²)
    assert math.isclose(x.grad, math.sin(9.0) + 18.0 * math.cos(9.0), rel_tol=1e-14)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_backward_interrupted_before_its_first_message_leaves_every_grad(place):
    class Bomb(Value):
        armed = False

        @property
        def operands(self):
            if Bomb.armed:
                Bomb.armed = False
                raise KeyboardInterrupt
            return ()

        @operands.setter
        def operands(self, _):
            pass

    leaves = [Bomb(1.0) if k == place else Value(1.0) for k in range(3)]
    root = (leaves[0] + leaves[1]) * leaves[2]
    for leaf, grad in zip(leaves, (5.0, 6.0, 7.0), strict=True):
        leaf.grad = grad
    Bomb.armed = True
    with pytest.raises(KeyboardInterrupt):
        root.backward()
    assert [leaf.grad for leaf in leaves] == [5.0, 6.0, 7.0]
    assert (root.grad, root.operands[0].grad) == (0.0, 0.0)


def test_a_backward_interrupted_at_any_line_gives_each_leaf_all_of_its_gradient_or_none():
    a, b, c = Value(0.5), Value(2.0), Value(3.0)
    root = (a * b).tanh() * a + c
    before = [5.0, 0.0, 7.0]
    for leaf, grad in zip((a, b, c), before, strict=True):
        leaf.grad = grad
    root.backward()
    after = [a.grad, b.grad, c.grad]

    def interrupted(line):
        """Whether backward(), stopped before so many lines had run, was stopped at all."""
        lines = iter(range(line))

        def trace(frame, event, _):
            if event == "line" and next(lines, None) is None:
                raise KeyboardInterrupt
            return trace

        tracer = sys.gettrace()
        sys.settrace(trace)
        try:
            root.backward()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(tracer)
        return False

    for line in range(1000):
        a.grad, b.grad, c.grad = before
        again = interrupted(line)
        assert [a.grad, b.grad, c.grad] in (before, after), f"line {line}"
        if not again:
            break
    assert 50 < line < 999


def test_a_grad_set_to_none_is_refused_with_what_to_set_instead():
    # PyTorch's way to clear a gradient; here a grad is a number at all times.
    x, w = Value(3.0, "x"), Value(2.0, "w")
    w.grad = 5.0
    x.grad = None
    y = x * w
    with pytest.raises(TypeError, match=r"grad of x = 3.0 was set to None.*set it to 0\.0"):
        y.backward()
    assert (x.grad, w.grad) == (0.0, 5.0)
    y.backward()
    assert (x.grad, w.grad) == (2.0, 8.0)


def test_zero_times_infinity_in_the_chain_rule_is_not_hidden():
    # d/dx 0·sqrt(x) at 0 is 0 times infinity; PyTorch says nan too.
    x = Value(0.0)
    (x.sqrt() * 0.0).backward()
    assert math.isnan(x.grad)


LEFT_OUT = [  # each is 0 for x = -2 and around it, so its root has no slope there
    lambda x: x.relu(),
    lambda x: maximum(x, 0.0),
    lambda x: minimum(-x, 0.0),
    lambda x: x**0 - 1.0,
    lambda x: x**-0.0 - 1.0,
]


@pytest.mark.parametrize("build", LEFT_OUT)
def test_what_does_not_change_a_result_gets_no_share_of_an_infinite_gradient(build):
    # The root of 0 has an infinite slope; 0 * inf would be nan.  PyTorch says 0 too.
    x = Value(-2.0)
    y = build(x)
    root = y.sqrt()
    root.backward()
    assert (y.grad, x.grad) == (math.inf, 0.0)


def test_the_chain_rule_one_node_at_a_time_by_hand_gives_what_backward_gives():
    # The neuron of Karpathy's lecture: tanh(n) = 0.7071, so do/dn = 0.5 and
    # do/dx1 = w1/2 = -1.5, do/dw1 = x1/2 = 1, do/dx2 = w2/2 = 0.5, do/dw2 = x2/2 = 0.
    x1, x2, w1, w2 = map(Value, (2.0, 0.0, -3.0, 1.0))
    a, b = x1 * w1, x2 * w2
    s = a + b
    n = s + 6.8813735870195432
    o = n.tanh()
    o.grad = 1.0
    for node in (o, n, s, b, a, x1, x2):
        node._backward()
    grads = [x1.grad, x2.grad, w1.grad, w2.grad]
    assert grads == pytest.approx([-1.5, 0.5, 1.0, 0.0], abs=1e-12)
    o.backward()  # adds the same once more
    assert [x1.grad, x2.grad, w1.grad, w2.grad] == [2.0 * grad for grad in grads]


def test_one_step_by_hand_adds_up_and_leaves_out_as_backward_does():
    x = Value(-2.0)
    y = x.relu()
    y.grad = math.inf
    y._backward()
    assert x.grad == 0.0
    z = x * x
    z.grad = 3.0
    z._backward()  # 3 * (-2) along either way
    assert x.grad == -12.0


def test_threads_with_graphs_of_their_own_do_not_disturb_each_other():
    results = {}

    def work(k):
        for _ in range(200):
            x = Value(float(k))
            y = x
            for _ in range(20):
                y = y * 1.0 + x
            y.backward()
            results.setdefault(k, set()).add(x.grad)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {k: {21.0} for k in range(4)}


@settings(max_examples=50)
@given(st.integers(0, 10**6))
def test_random_graphs_agree_with_forward_mode_differentiation(seed):
    # Forward mode (dual numbers) is another algorithm for the same derivative.
    rng = random.Random(seed)
    x = Value(rng.uniform(-2, 2))
    pool = [(x, 1.0), (Value(rng.uniform(-2, 2)), 0.0)]  # a Value and its d/dx
    for _ in range(60):
        (a, da), (b, db) = rng.choice(pool), rng.choice(pool)
        y, dy = rng.choice(
            [
                lambda: (a + b, da + db),
                lambda: (a - b, da - db),
                lambda: (a * b * 0.5, 0.5 * (da * b.data + a.data * db)),
                lambda: (a.tanh(), da / math.cosh(a.data) ** 2),
                lambda: (a.sin(), da * math.cos(a.data)),
                lambda: (-a, -da),
                lambda: (a / (b * b + 1.0), (da - a.data / (b.data**2 + 1) * 2 * b.data * db)
                         / (b.data**2 + 1)),
            ]
        )()  # fmt: skip
        if abs(y.data) < 50.0:
            pool.append((y, dy))
    root, slope = pool[-1]
    root.backward()
    if root is x:
        slope = 1.0
    assert math.isclose(x.grad, slope, rel_tol=1e-8, abs_tol=1e-8)
