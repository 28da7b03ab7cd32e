"""What a demo claims is measured by it: change what the claim rests on, and it says False."""

from importlib.util import find_spec

import pytest
from example_trainings import has_machine
from test_demos import BIG, DEMOS, run

# A demo's name without its number; what is changed in it, into what; the claim that falls.
CHANGES = [
    (
        "other_shapes",
        "rows_with_a_step(places, rng) for places in ((1, 2, 3), (5, 6, 7))",
        "rows_with_a_step(places, rng) for places in ((1, 2, 3), (1, 2, 3))",
        "ten times as far, at least",
    ),
    ("other_shapes", "data = 3.0", "data = -3.0", "at least three more"),
    ("attention", "dot(row, x[k : k + 4])", "dot(row, x[3:7])", "in 95% or more"),
    ("a_table_of_your_own", "epochs=60", "epochs=1", "in every row a net is nearer"),
    (
        "a_table_of_your_own",
        "net(x).data * spread",
        "net(scaled(x, by)).data * spread",
        "3 times as far",
    ),
    ("build_the_engine", "(1.0 - t * t,)", "(1.0 - t,)", "every formula is right at all twenty"),
    ("squashing", "(4.0 * z).sigmoid()", "(0.5 * z).sigmoid()", "steeper    beats"),
    ("squashing", "[8, 8, 8, 8, 1]", "[8, 1]", "more than 4 times as fast"),
    ("searching_hyperparameters", "random.Random(seed)", "random.Random(1)", "luck moves"),
    (
        "the_3_5_1_net",
        'numbers[f"w_{m}{n}^({i})"]',
        'numbers[f"w_{m}1^({i})"]',
        "in every row equal",
    ),
    ("the_same_net_in_pytorch", "* (1.0 - h[m] ** 2)", "", "by hand: every loss of 5 runs agrees"),
    ("the_loss_landscape", "scale * p.data", "p.data", "deep with large weights: five times"),
    ("the_hidden_function", "epochs=800", "epochs=1", "closer than any guess"),
    (
        "everything_is_a_list_of_numbers",
        "epochs=40",
        "epochs=1",
        "the net is better in all 15 rows",
    ),
    ("the_blank_and_the_next_sentence", "(-2, -1, 1, 2)", "(-2, -1, -2, -1)", "is better in every"),
    (
        "the_blank_and_the_next_sentence",
        "float(k == j)",
        "float(k != j)",
        "a shared 'the' counts less",
    ),
    (
        "the_next_character",
        "WINDOWS, SEEDS = 60, (0, 1, 2, 3)",
        "WINDOWS, SEEDS = 60, (0, 3, 2, 1)",
        "and the gap between",
    ),
    (
        "two_losses_for_ten_classes",
        '"squares": squares, "cross-entropy": cross_entropy',
        '"squares": cross_entropy, "cross-entropy": squares',
        "cross-entropy is ahead in every column",
    ),
    (
        "forward_and_reverse",
        "for width in (12, 12)",
        "for width in (12, 3)",
        "are fewer than results",
    ),
    (
        "forward_and_reverse",
        "walk[result] for walk in walks",
        "walk[x] for x, walk in zip(inputs, walks, strict=True)",
        "slopes agree",
    ),
    (
        "slopes_of_slopes",
        "data -= (bb * by_w - wb * by_b) / size",
        "data -= 0.01 * by_w",
        "of any other",
    ),
    ("slopes_of_slopes", "PENALTY, EPOCHS = 0.03", "PENALTY, EPOCHS = 3.0", "nearer to the rule"),
]
LIBRARIES = {"torch": "PyTorch", "jax": "JAX"}
(SAME_NET,) = DEMOS.glob("[0-9]*_the_same_net_in_pytorch.py")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "there", "instead", "claim"), CHANGES)
def test_a_claim_falls_when_what_it_rests_on_is_taken_away(name, there, instead, claim, tmp_path):
    if name in BIG and not has_machine():
        pytest.skip("takes minutes without a C compiler and WebAssembly: apt install gcc")
    (path,) = DEMOS.glob(f"[0-9]*_{name}.py")
    text = path.read_text("utf-8")
    assert there in text
    assert claim in text
    changed = tmp_path / path.name
    changed.write_text(text.replace(there, instead), "utf-8")
    done = run(changed, tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if claim in line]
    assert lines, done.stdout
    assert all(line.split(claim)[1].endswith("False") for line in lines), lines


def test_a_library_that_is_missing_is_named_and_nothing_is_said_of_it(tmp_path):
    for package in LIBRARIES:  # what lies beside a program is imported first
        (tmp_path / f"{package}.py").write_text("raise ImportError", "utf-8")
    path = tmp_path / SAME_NET.name
    path.write_text(SAME_NET.read_text("utf-8"), "utf-8")
    done = run(path, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for package, name in LIBRARIES.items():
        assert f"{name} is not installed here" in done.stdout
        assert f"pip install {package}" in done.stdout
        assert f"{name}: every loss" not in done.stdout


def test_a_library_that_is_there_has_the_same_losses(tmp_path):
    there = [name for package, name in LIBRARIES.items() if find_spec(package)]
    if not there:
        pytest.skip("needs a library to compare with: pip install torch jax")
    said = run(SAME_NET, tmp_path).stdout
    for name in there:
        assert f"{name}: every loss of 5 runs agrees to 12 digits: True" in said
