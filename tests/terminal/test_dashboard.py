"""The picture of a training run, at the sizes and in the colours of many terminals."""

import io
from contextlib import suppress

import pytest
from rich.console import Console
from rich.text import Text

from micronn.terminal.dashboard import Dashboard, downloads, duration, watched


def learning(epochs=20, done=8, **pictures):
    """A run in which the loss halves in every epoch."""
    board = Dashboard("moons", epochs, **pictures)
    for k in range(done):
        losses = {"train": 0.5**k, "validation": 0.5**k + 0.01}
        board.update(losses, "accuracy 97%", {"layer 1": 1e-3, "layer 2": 0.1}, epochs - k)
    return board


def filled(width, lines):
    """A picture that takes all the room it is given."""
    return Text("\n".join(["#" * width] * lines))


def lines_of(board, width, height, **options):
    file = io.StringIO()
    Console(file=file, width=width, height=height, **options).print(board)
    return file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 50), (60, 24), (40, 24), (100, 20)])
def test_a_dashboard_fits_its_terminal(width, height):
    lines = lines_of(learning(picture=filled, sample=filled), width, height, color_system=None)
    assert len(lines) < height
    assert max(map(len, lines)) <= width


def test_it_says_how_far_the_run_is_how_good_and_how_long_to_go():
    lines = lines_of(learning(), 80, 24, color_system=None)
    for words in ("moons", "epoch 8 of 20", "accuracy 97%", "0:13 left"):
        assert words in lines[0]
    assert "done" in lines_of(learning(done=20), 80, 24, color_system=None)[0]


def test_it_shows_losses_gradients_and_what_the_model_sees():
    text = "\n".join(lines_of(learning(picture=filled), 80, 24, color_system=None))
    for words in ("train", "valid", "layer 1", "layer 2", "####"):
        assert words in text
    assert "0.01781" in text  # 0.5**7 + 0.01, whole, beside a name that is cut short


def test_the_size_of_a_gradient_has_no_sign():
    text = "\n".join(lines_of(learning(), 80, 24, color_system=None))
    sizes = text.partition("size of the gradient")[2]
    assert "0.001" in sizes
    assert "0.1" in sizes
    assert "+" not in sizes


def test_a_narrow_terminal_gets_the_numbers_without_the_pictures():
    text = "\n".join(lines_of(learning(picture=filled), 50, 24, color_system=None))
    assert "####" not in text
    assert "layer 2" in text


def test_before_the_first_epoch_there_is_one_line():
    assert len(lines_of(Dashboard("moons", 20), 80, 24, color_system=None)) == 1


class Interrupting(io.StringIO):
    """A terminal in which Ctrl-C is pressed, once, at the given write."""

    def __init__(self, at):
        super().__init__()
        self.left = at

    def write(self, text):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return super().write(text)


def downloaded(console):
    with downloads(console) as report:
        report("a file", 1, 2)


def trained(console):
    board = Dashboard("moons", 3)
    with watched(board, console) as shown:
        for _ in range(3):
            board.update({"train": 0.5}, "", {}, 1.0)
            shown()


@pytest.mark.parametrize("run", [trained, downloaded])
@pytest.mark.parametrize("write", range(1, 12))
def test_the_cursor_is_there_again_after_ctrl_c_at_any_write(run, write):
    # ESC [ ? 25 l hides the cursor of a terminal, and h at the end shows it.
    file = Interrupting(write)
    with suppress(KeyboardInterrupt):
        run(Console(file=file, width=80, height=24, force_terminal=True))
    assert file.getvalue().rfind("\x1b[?25l") <= file.getvalue().rfind("\x1b[?25h")


def test_the_cursor_is_there_again_after_ctrl_c_while_the_first_picture_is_drawn():
    class Stopped(Dashboard):
        def headline(self, width):
            raise KeyboardInterrupt

    file = io.StringIO()
    console = Console(file=file, width=80, height=24, force_terminal=True)
    with pytest.raises(KeyboardInterrupt), watched(Stopped("moons", 3), console):
        pass
    assert "\x1b[?25l" in file.getvalue()
    assert file.getvalue().rfind("\x1b[?25l") < file.getvalue().rfind("\x1b[?25h")


def test_an_ascii_terminal_gets_letters_it_can_show():
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    Console(file=file, width=80, height=24, color_system=None).print(learning())
    file.flush()
    assert "━" not in file.buffer.getvalue().decode("ascii")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (0.1, "0:01"), (75.2, "1:16"), (3600, "60:00")]
)
def test_time_left_is_rounded_up(seconds, words):
    assert duration(seconds) == words
