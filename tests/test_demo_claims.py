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


def without_libraries(name, folder):
    """A lesson, and what it imports of its neighbours, where no library can be imported."""
    (lesson,) = DEMOS.glob(f"[0-9]*_{name}.py")
    for path in (lesson, DEMOS / "data_parallel.py"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    for package in LIBRARIES:  # what lies beside a program is imported first
        (folder / f"{package}.py").write_text("raise ImportError", "utf-8")
    return folder / lesson.name


@pytest.mark.parametrize("name", ["the_same_net_in_pytorch", "where_one_machine_ends"])
def test_a_library_that_is_missing_is_named_and_nothing_is_said_of_it(name, tmp_path):
    done = run(without_libraries(name, tmp_path), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for package, library in LIBRARIES.items():
        assert f"{library} is not installed here" in done.stdout
        assert f"pip install {package}" in done.stdout
        assert f"{library}: every loss" not in done.stdout


HALVES, PARTS = "slope(slice(2)), slope(slice(2, 4))", "slope(slice(1)), slope(slice(1, 4))"


@pytest.mark.parametrize(
    ("there", "instead", "claim"),
    [
        (HALVES, PARTS, "the mean of the halves' slopes is the slope of the mean: "),
        (PARTS, HALVES, "and of parts of two sizes it is not: "),
    ],
)
def test_that_machines_share_a_step_rests_on_parts_of_one_size(there, instead, claim, tmp_path):
    path = without_libraries("where_one_machine_ends", tmp_path)
    assert f"{claim}True" in run(path, tmp_path).stdout
    text = path.read_text("utf-8")
    assert there in text
    path.write_text(text.replace(there, instead), "utf-8")
    assert f"{claim}False" in run(path, tmp_path).stdout


def test_a_library_that_is_there_has_the_same_losses(tmp_path):
    there = [name for package, name in LIBRARIES.items() if find_spec(package)]
    if not there:
        pytest.skip("needs a library to compare with: pip install torch jax")
    said = run(SAME_NET, tmp_path).stdout
    for name in there:
        assert f"{name}: every loss of 5 runs agrees to 12 digits: True" in said


@pytest.mark.slow
def test_two_that_do_not_reduce_their_gradients_do_not_take_one_step(tmp_path):
    path = without_libraries("where_one_machine_ends", tmp_path)
    worker = tmp_path / "data_parallel.py"
    text, falls = worker.read_text("utf-8"), []
    for package, there, instead, claim in [
        (
            "torch",
            "torch.nn.parallel.DistributedDataParallel(model)",
            "model",
            "micronn's, to 12 digits: ",
        ),
        (
            "jax",
            "for n in (1, TWO)",
            "for n in (1, 1)",
            "an all-reduce into the step for two alone: ",
        ),
    ]:
        if find_spec(package):
            (tmp_path / f"{package}.py").unlink()
            assert there in text
            text = text.replace(there, instead)
            falls.append((LIBRARIES[package], f"{claim}False"))
    if not falls:
        pytest.skip("needs a library: pip install torch jax")
    worker.write_text(text, "utf-8")
    lines = run(path, tmp_path).stdout.splitlines()
    for library, claim in falls:
        assert any(line.startswith(library) and line.endswith(claim) for line in lines), lines
