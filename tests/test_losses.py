"""Losses: the numbers of hand arithmetic and of PyTorch, and refusals in words."""

import math
import random

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micronn.check.gradcheck import gradcheck
from micronn.engine import Value
from micronn.losses import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    l2_penalty,
    loss_of,
    mae,
    mse,
    softmax,
    takes_lists,
)

LISTS = {  # loss, targets it takes
    "mse": (mse, [1.0, -2.0, 0.5]),
    "mae": (mae, [1.0, -2.0, 0.5]),
    "huber": (huber, [1.0, -2.0, 0.5]),
    "hinge": (hinge, [1, -1, 1]),
    "bce": (binary_cross_entropy, [1, 0, 0.25]),
}
over_lists = pytest.mark.parametrize(("loss", "targets"), LISTS.values(), ids=LISTS)


def values(numbers):
    return [Value(x) for x in numbers]


@pytest.mark.parametrize(
    ("loss", "by_hand"),
    [
        (lambda: mse(values([1.0, 5.0]), [0.0, 2.0]), (1 + 9) / 2),
        (lambda: mae(values([1.0, 5.0]), [0.0, 2.0]), (1 + 3) / 2),
        (lambda: huber(values([1.0, 5.0]), [0.0, 2.0]), (1 / 2 + (3 - 1 / 2)) / 2),
        (lambda: huber(values([1.0, 5.0]), [0.0, 2.0], delta=2.0), (1 / 2 + 2 * (3 - 1)) / 2),
        (lambda: hinge(values([2.0, 0.25, 0.25]), [1, 1, -1]), (0 + 0.75 + 1.25) / 3),
        (lambda: binary_cross_entropy(values([0.0, 0.0]), [1, 0]), math.log(2)),
        (lambda: binary_cross_entropy(values([math.log(3)]), [1]), -math.log(3 / 4)),
        (lambda: cross_entropy(values([0.0] * 5), 4), math.log(5)),
        (lambda: cross_entropy(values([math.log(3), 0.0]), 1), -math.log(1 / 4)),
        (lambda: l2_penalty(values([3.0, -4.0])), 25.0),
    ],
)
def test_a_loss_is_what_arithmetic_by_hand_says(loss, by_hand):
    assert loss().data == pytest.approx(by_hand, rel=1e-14)


def test_values_and_gradients_are_those_of_torch():
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    rng = random.Random(1)

    def tensor(numbers):
        return torch.tensor(numbers, dtype=torch.float64)

    for _ in range(60):
        n = rng.randint(1, 6)
        start = [rng.gauss(0.0, 3.0) for _ in range(n)]
        real = [rng.gauss(0.0, 3.0) for _ in range(n)]
        signs = [rng.choice([-1.0, 1.0]) for _ in range(n)]
        odds = [rng.choice([0.0, 1.0, rng.random()]) for _ in range(n)]
        shares = [x / sum(map(abs, real)) for x in map(abs, real)]
        k = rng.randrange(n)
        cases = {
            "mse": (lambda v: mse(v, real), lambda u: F.mse_loss(u, tensor(real))),
            "mae": (lambda v: mae(v, real), lambda u: F.l1_loss(u, tensor(real))),
            "huber": (
                lambda v: huber(v, real, 1.7),
                lambda u: F.huber_loss(u, tensor(real), delta=1.7),
            ),
            "hinge": (lambda v: hinge(v, signs), lambda u: F.relu(1 - tensor(signs) * u).mean()),
            "bce": (
                lambda v: binary_cross_entropy(v, odds),
                lambda u: F.binary_cross_entropy_with_logits(u, tensor(odds)),
            ),
            "index": (
                lambda v: cross_entropy(v, k),
                lambda u: F.cross_entropy(u, torch.tensor(k)),
            ),
            "probabilities": (
                lambda v: cross_entropy(v, shares),
                lambda u: F.cross_entropy(u, tensor(shares)),
            ),
            "softmax": (lambda v: softmax(v)[k], lambda u: F.softmax(u, 0)[k]),
        }
        for name, (ours, theirs) in cases.items():
            v, u = values(start), tensor(start).requires_grad_()
            loss, reference = ours(v), theirs(u)
            loss.backward()
            reference.backward()
            assert loss.data == pytest.approx(reference.item(), rel=1e-9, abs=1e-15), name
            assert [x.grad for x in v] == pytest.approx(u.grad.tolist(), rel=1e-9, abs=1e-12), name


@over_lists
def test_gradients_agree_with_nudging(loss, targets):
    preds = values([0.3, 1.4, -0.8])
    assert gradcheck(lambda: loss(preds, targets), preds)


@pytest.mark.parametrize(
    ("logits", "target", "loss", "slopes"),
    [  # log(e**0 + e**-huge) = 0, and what is behind by d costs d
        ([1000.0, -1000.0], 0, 0.0, [0.0, 0.0]),
        ([1000.0, -1000.0], 1, 2000.0, [1.0, -1.0]),
        ([1e8, -1e8], 1, 2e8, [1.0, -1.0]),
        ([1e8, 1e8, 1e8], 0, math.log(3), [-2 / 3, 1 / 3, 1 / 3]),
        ([-1000.0, -1000.0], 1, math.log(2), [0.5, -0.5]),
        # The share of 0.75 beside 1.0 is 1 / (1 + e**0.25), however far off the third is.
        ([-1e16, 0.75, 1.0], 0, 1e16, [-1.0, 0.43782349911420193, 0.5621765008857981]),
        ([-1e8, 0.75, 1.0], 0, 1e8 + 1.5759394, [-1.0, 0.43782349911420193, 0.5621765008857981]),
        ([1e8, 1e8 + 200.0], 0, 200.0, [-1.0, 1.0]),
        # mpmath: log(1 + e**-39.9)
        ([0.1, 40.0], 1, 4.6951575726311966e-18, [4.6951575726311966e-18, -4.69515757263112e-18]),
    ],
)
def test_cross_entropy_is_right_for_huge_logits(logits, target, loss, slopes):
    logits = values(logits)
    out = cross_entropy(logits, target)
    out.backward()
    assert out.data == pytest.approx(loss, rel=1e-15, abs=1e-30)
    assert [z.grad for z in logits] == pytest.approx(slopes, rel=1e-14, abs=1e-30)


@pytest.mark.parametrize(
    ("logit", "target", "loss", "slope"),
    [
        (1000.0, 1, 0.0, 0.0),
        (1000.0, 0, 1000.0, 1.0),
        (-1000.0, 0, 0.0, 0.0),
        (-1000.0, 1, 1000.0, -1.0),
        (1e8, 0, 1e8, 1.0),
        (1e8, 0.75, 0.25e8, 0.25),
        (-1e8, 1, 1e8, -1.0),
        # log(1 + e**-30) = e**-30 - e**-60/2: not lost beside the logit's 30
        (30.0, 1, 9.357622968839863e-14, -9.357622968839299e-14),
        (-30.0, 0, 9.357622968839863e-14, 9.357622968839299e-14),
    ],
)
def test_binary_cross_entropy_is_right_for_huge_logits(logit, target, loss, slope):
    for right in (target, Value(target)):
        z = Value(logit)
        out = binary_cross_entropy([z], [right])
        out.backward()
        assert out.data == pytest.approx(loss, rel=1e-14)
        assert z.grad == pytest.approx(slope, rel=1e-14)


def test_softmax_adds_up_to_1_and_does_not_overflow():
    ps = softmax(values([1000.0, 999.0, -1000.0]))
    assert sum(p.data for p in ps) == pytest.approx(1.0, rel=1e-12)
    assert ps[0].data == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-12)
    assert ps[2].data == 0.0


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6))
def test_softmax_is_probabilities_whatever_the_logits(logits):
    # mpmath: the shares of e**(z - top), whose differences are exact there
    zs = values(logits)
    ps = softmax(zs)
    sizes = [mpmath.exp(mpmath.mpf(z) - max(logits)) for z in logits]
    exact = [float(size / sum(sizes)) for size in sizes]
    assert sum(p.data for p in ps) == pytest.approx(1.0, rel=1e-12)
    assert [p.data for p in ps] == pytest.approx(exact, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("top", [0.0, 1000.0, 1e8, 1e12, 1e16])
def test_softmax_of_equal_logits_shares_alike_and_pulls_alike(top):
    zs = values([top, top])
    p, q = softmax(zs)
    assert (p.data, q.data) == (0.5, 0.5)
    p.backward()  # dp/dz = p (1 - p) for its own logit, -p q for the other
    assert [z.grad for z in zs] == pytest.approx([0.25, -0.25], rel=1e-12)


def test_huber_joins_its_two_halves_without_a_kink():
    # At the join the slope is delta on both sides.
    for error in (2.0 - 1e-9, 2.0, 2.0 + 1e-9):
        p = Value(error)
        huber([p], [0.0], delta=2.0).backward()
        assert p.grad == pytest.approx(2.0, rel=1e-8)


def test_l2_penalty_has_slope_2p_and_no_factor():
    ps = values([3.0, -4.0])
    l2_penalty(ps).backward()
    assert [p.grad for p in ps] == [6.0, -8.0]


@over_lists
def test_targets_may_be_values_and_either_side_any_iterable(loss, targets):
    preds = [0.3, 1.4, -0.8]
    plain = loss(values(preds), targets).data
    assert loss(values(preds), values(targets)).data == pytest.approx(plain, rel=1e-14)
    assert loss(preds, values(targets)).data == pytest.approx(plain, rel=1e-14)
    assert loss(iter(preds), iter(targets)).data == plain
    assert isinstance(loss(preds, targets), Value)


def test_a_class_may_be_a_value_or_a_one_hot_list():
    logits = [0.3, 1.4, -0.8]
    loss = cross_entropy(logits, 1).data
    assert cross_entropy(logits, Value(1)).data == loss
    assert cross_entropy(logits, [0, 1, 0]).data == loss
    assert cross_entropy(logits, values([0, 1, 0])).data == loss


def test_probabilities_may_miss_1_by_the_rounding_of_32_bit_floats():
    # The 32-bit float next to 0.1; the loss of ten equal logits is log(10).
    tenths = [0.10000000149011612] * 10
    assert cross_entropy([0.0] * 10, tenths).data == pytest.approx(math.log(10), rel=1e-15)


@pytest.mark.parametrize("off", [2e-6, 1e-3, -1e-3, 1e-2])
def test_probabilities_that_miss_1_by_more_than_rounding_are_refused(off):
    with pytest.raises(ValueError, match=r"add up to 1, got \["):
        cross_entropy(values([1.0, 2.0]), [0.25, 0.75 + off])


@over_lists
def test_lengths_that_differ_are_refused_naming_both(loss, targets):
    with pytest.raises(ValueError, match="2 .* and 3 targets"):
        loss(values([0.1, 0.2]), targets)


@over_lists
def test_an_empty_batch_is_refused(loss, targets):
    with pytest.raises(ValueError, match="at least one number"):
        loss([], [])


@over_lists
def test_a_bare_value_is_refused_with_the_list_to_write(loss, targets):
    with pytest.raises(TypeError, match="is a list, got one number.*write \\["):
        loss(Value(1.0), targets)
    with pytest.raises(TypeError, match="targets is a list"):
        loss(values([0.1]), 1.0)


@over_lists
@pytest.mark.parametrize("preds", [[[1.0], [2.0], [3.0]], "abc", {1.0, 2.0, 3.0}, [None] * 3])
def test_what_is_no_flat_list_of_numbers_is_refused(loss, targets, preds):
    with pytest.raises(TypeError):
        loss(preds, targets)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (3, IndexError),
        (-1, IndexError),
        (1.0, TypeError),
        (True, TypeError),
        (None, TypeError),
        ("1", TypeError),
        (Value(0.5), TypeError),
        (Value(math.nan), TypeError),
        (Value(3.0), IndexError),
        ([0.5, 0.5], ValueError),
        ([0.5, 0.5, 0.5], ValueError),
        ([0.5, 0.5, 0.001], ValueError),
        ([0.5, 0.499, 0.0], ValueError),
        ([1.5, -0.5, 0.0], ValueError),
        ([math.nan, 0.5, 0.5], ValueError),
    ],
)
def test_a_target_that_names_no_class_is_refused(target, error):
    with pytest.raises(error):
        cross_entropy(values([0.1, 0.2, 0.3]), target)


@pytest.mark.parametrize(
    "loss",
    [
        lambda: hinge([0.5], [0]),
        lambda: hinge([0.5], [Value(0.5)]),
        lambda: binary_cross_entropy([0.5], [-1]),
        lambda: binary_cross_entropy([0.5], [math.nan]),
        lambda: huber([0.5], [1.0], delta=0.0),
        lambda: huber([0.5], [1.0], delta=math.nan),
        lambda: cross_entropy([], 0),
        lambda: softmax([]),
        lambda: l2_penalty([]),
    ],
)
def test_numbers_outside_the_range_of_a_loss_are_refused(loss):
    with pytest.raises(ValueError):  # noqa: PT011
        loss()


def test_a_loss_says_whether_it_takes_lists():
    # Whoever trains asks the loss, not a list of names kept elsewhere.
    marked = [mse, mae, huber, hinge, binary_cross_entropy]
    assert all(loss.takes_lists for loss in marked)
    assert not any(hasattr(loss, "takes_lists") for loss in (cross_entropy, softmax, l2_penalty))


def test_a_loss_of_ones_own_is_marked_in_the_same_way():
    @takes_lists
    def cubed(preds, targets):
        return mse(preds, targets) ** 1.5

    assert cubed.takes_lists
    assert cubed([Value(3.0)], [1.0]).data == pytest.approx(8.0)


def test_a_loss_over_lists_may_be_asked_about_one_example():
    assert loss_of(mse, Value(3.0), 1.0).data == 4.0
    assert loss_of(mse, [Value(3.0), Value(1.0)], [1.0, 1.0]).data == 2.0
    assert loss_of(hinge, Value(0.25), -1.0).data == 1.25
    assert loss_of(lambda y, t: y * t, Value(3.0), 2.0).data == 6.0
