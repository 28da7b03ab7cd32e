"""The command as a user meets it: what it prints, where, and its exit status."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import micronn
from micronn.cli.main import VALUED, WORDY, main, options_first, parser

NEURON = ["tanh(x*w+b)", "x=2", "w=-3", "b=1"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def micronn_process(*arguments, **options):
    """The command in a process of its own, as a shell starts it."""
    root = str(Path(micronn.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, **options.pop("environment", {})}
    return subprocess.run(
        [sys.executable, "-m", "micronn", *arguments],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
        **options,
    )


# draw


def test_draw_writes_a_picture_that_names_the_variables(capsys):
    assert main(["draw", *NEURON, "-o", "out.svg"]) == 0
    out, err = capsys.readouterr()
    assert out == "wrote out.svg: 6 values\n"
    assert err == ""
    svg = Path("out.svg").read_text("utf-8")
    for text in (">x<", ">w<", ">b<", ">data<", ">grad<", ">tanh<"):
        assert text in svg


def test_draw_without_a_place_says_which_it_chose(capsys):
    assert main(["draw", "x*x", "x=3"]) == 0
    assert "graph.svg" in capsys.readouterr().out
    assert Path("graph.svg").read_text("utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("expression", "number"), [("-x**2", "−9"), ("2**-x", "0.125"), ("2**3**2", "512")]
)
def test_draw_follows_pythons_precedence(expression, number):
    numbers = ["x=3"] if "x" in expression else []
    assert main(["draw", expression, *numbers, "-o", "out.svg"]) == 0
    assert f">{number}<" in Path("out.svg").read_text("utf-8")


def test_options_may_stand_anywhere_and_an_expression_may_begin_with_a_minus():
    for arguments in (
        ["-o", "a.dot", "-x**2", "x=3"],
        ["-x**2", "-o", "a.dot", "x=3"],
        ["--output=a.dot", "--detail", "values", "-x**2", "x=3"],
        ["-o", "a.dot", "--", "-x**2", "x=3"],
    ):
        Path("a.dot").unlink(missing_ok=True)
        assert main(["draw", *arguments]) == 0
        assert "−9" in Path("a.dot").read_text("utf-8")


def test_a_variable_may_have_the_name_of_an_option():
    assert options_first(["-o*2", "o=3"]) == ["--", "-o*2", "o=3"]
    assert main(["explain", "-h**2", "h=3"]) == 0


def test_options_that_take_a_value_are_known_where_words_may_begin_with_a_minus():
    commands = parser().commands
    for name in WORDY:
        options = [action for action in commands[name]._actions if action.option_strings]
        taking = {text for action in options if action.nargs != 0 for text in action.option_strings}
        assert taking <= set(VALUED), name


def test_a_sum_of_1500_terms_is_drawn():
    assert main(["draw", "+".join(["x"] * 1500), "x=1", "-o", "sum.svg"]) == 0
    assert Path("sum.svg").exists()


def test_an_unused_number_is_pointed_out(capsys):
    assert main(["draw", "x*x", "x=3", "y=4", "-o", "out.svg"]) == 0
    assert "y" in capsys.readouterr().err
    assert Path("out.svg").exists()


def test_what_is_computed_and_not_read_is_pointed_out(capsys):
    assert main(["explain", "h = x*x; k = x + 1; 2*h", "x=3"]) == 0
    assert capsys.readouterr().err == "micronn: note: computed, but not read by the result: k\n"


def test_parameters_have_their_colour_and_the_result_its_name():
    main(["draw", "o = w*x + b", "w=1", "x=2", "b=3", "--params", "w,b", "-o", "out.svg"])
    svg = Path("out.svg").read_text("utf-8")
    assert (svg.count('class="card param"'), svg.count('class="card input"')) == (2, 1)
    assert ">o<" in svg


def test_draw_makes_a_picture_that_plays(capsys):
    assert main(["draw", *NEURON, "-o", "out.svg", "--animate"]) == 0
    assert "@keyframes" in Path("out.svg").read_text("utf-8")


# Refusals

REFUSALS = [
    (["draw", "x +", "x=1"], "ends too early"),
    (["draw", "tahn(x)", "x=1"], "Did you mean 'tanh'?"),
    (["draw", "x*y", "x=1"], "'y' has no number"),
    (["draw", "x", "x=1", "x=2"], "x is given twice"),
    (["draw", "x", "x=one"], "'one'"),
    (["draw", "tanh", "tanh=1"], "tanh is a function"),
    (["draw", "x.__class__", "x=1"], "'.'"),
    (["draw", "__import__(x)", "x=1"], "__import__"),
    (["draw", "9**9**9"], "beyond the largest float"),
    (["draw", "log(x)", "x=-1"], "log needs a number above zero, got x = -1.0"),
    (["draw", "x/0", "x=1"], "zero"),
    (["draw", "x", "x=inf"], "'inf'"),
    (["draw", "x", "x=1", "-o", "out.bmp"], "out.bmp"),
    (["draw", "x", "x=1", "-o", "missing/out.svg"], "missing/out.svg"),
    (["draw", "x", "x=1", "-o", ""], "a file needs a name"),
    (["draw", "x", "x=1", "-o"], "expected one argument"),
    (["draw", "x", "x=1", "--detial"], "--detial; see micronn draw --help"),
    (["fetch", "mnist", "here"], "here; see micronn fetch --help"),
    (["--detial"], "--detial; see micronn --help"),
    (["draw", "x", "x=1", "--detail", "atoms"], "atoms"),
    (["draw", "x", "x=1", "--detail", "network"], "network"),  # an expression is no model
    (["draw", "x*x", "x=1", "--animate", "-o", "out.html"], "plays in an .svg alone"),
    (["draw", "+".join(["x"] * 70), "x=1", "--animate"], "cannot play"),
    (["draw", "o = w*x", "w=1", "x=2", "--params", "o"], "'o' is not there, so it is no parameter"),
    (["draw", "w*x", "w=1", "x=2", "--params", "w,y"], "Given are w, x."),
    (["draw"], "EXPR"),
    (["drwa", "x"], "there is no command 'drwa'. Did you mean 'draw'?"),
    (["zzz"], "there is no command 'zzz'. Choose one of learn, draw, explain, "),
    ([""], "there is no command ''. Choose one of learn"),
    ([], "COMMAND"),
    (["explain", "x ** ", "x=1"], "ends too early"),
    (["check", "1 + 2"], "nothing to nudge"),
    (["quiz", "x", "x=1", "--worksheet", "sheet.txt"], "sheet.txt"),
    (["quiz", "x", "x=1", "--worksheet", "missing/sheet.html"], "missing/sheet.html"),
    (["quiz", "x", "x=1", "--about", "life"], "life"),
]


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS)
def test_a_refusal_is_one_message_on_stderr_and_nothing_else(arguments, reason, capsys):
    status = main(arguments)
    out, err = capsys.readouterr()
    assert status in (1, 2)
    assert out == ""
    assert reason in err
    assert err.count("error:") == 1
    assert "Traceback" not in err
    assert os.listdir() == []


def test_a_failing_command_keeps_the_old_picture():
    Path("out.svg").write_text("old")
    assert main(["draw", "log(x)", "x=-1", "-o", "out.svg"]) == 2
    assert Path("out.svg").read_text() == "old"


def test_help_and_version(capsys):
    assert main(["--help"]) == 0
    assert "draw" in capsys.readouterr().out
    assert main(["draw", "--help"]) == 0
    assert "--output" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"micronn {micronn.__version__}\n"


def test_without_a_command_the_help_comes_before_the_error(capsys):
    # What scripts read, stdout, stays empty, and the status says that nothing was done.
    assert main([]) == 2
    out, err = capsys.readouterr()
    main(["--help"])
    assert (out, err.startswith(capsys.readouterr().out)) == ("", True)
    assert err.endswith("a COMMAND is needed; micronn learn is a good one to begin with\n")


def test_help_may_be_asked_for_in_a_word(capsys):
    for asked, option in (["help"], ["--help"]), (["help", "draw"], ["draw", "--help"]):
        assert (main(asked), main(option)) == (0, 0)
        out = capsys.readouterr().out
        assert out[: len(out) // 2] == out[len(out) // 2 :]


# explain and check


def test_explain_prints_the_tree_and_the_table(capsys):
    # By hand: f = (a + b)*b, so df/da = b = 3 and df/db = b + (a + b) = 4.
    assert main(["explain", "(a + b)*b", "a=-2", "b=3"]) == 0
    out, err = capsys.readouterr()
    assert "a  leaf  −2  grad +3" in out
    assert "b  leaf  3  grad +4" in out
    assert "grad so far" in out
    assert err == ""


def test_check_agrees_with_finite_differences(capsys):
    # By hand: d/dx = exp(0.5)/2 = 0.824360635, d/dy = -exp(0.5)/4 = -0.412180318.
    assert main(["check", "exp(x)/y", "x=0.5", "y=2"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "backward()", "finite", "difference"]
    cells = [row.split() for row in rows]
    assert [[cell[0], cell[1], cell[3]] for cell in cells] == [
        ["x", "0.824360635", "agree"],
        ["y", "-0.412180318", "agree"],
    ]


def test_check_shows_what_each_nudge_gives_if_it_is_asked_for(capsys):
    assert main(["check", "--table", "-x*y", "x=0.5", "y=2"]) == 0
    out = capsys.readouterr().out
    assert (out.count("│ x "), out.count("│ y "), out.count("agree")) == (12, 12, 2)


def test_check_fails_at_a_kink_and_says_so(capsys):
    assert main(["check", "relu(x) + y", "x=0", "y=1"]) == 1
    out, err = capsys.readouterr()
    assert [line.split()[-1] for line in out.splitlines()[1:]] == ["differ", "agree"]
    assert "kink" in err


def test_check_agrees_on_a_smooth_curve_however_it_bends(capsys):
    assert main(["check", "log(x)", "x=0.001"]) == 0
    out, err = capsys.readouterr()
    assert ("agree" in out, err) == (True, "")


def test_check_tells_of_a_kink_where_both_give_the_average_of_its_slopes(capsys):
    assert main(["check", "maximum(x, y)", "x=1", "y=1"]) == 0
    out, err = capsys.readouterr()
    assert "agree" in out
    assert err.count("average of two slopes. a kink: slope 0 below, 1 above") == 2


# quiz


def test_quiz_asks_for_each_gradient_and_explains_what_was_missed(capsys, monkeypatch):
    # By hand: grads are 1 for the output, b = 3 for the sum, 3 for a, 4 for b.
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n3\n7\n4\n"))
    assert main(["quiz", "(a + b)*b", "a=-2", "b=3"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("3 of 4 right\n")
    assert "no: gradient of a = 3" in out


def test_quiz_ends_with_the_input(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    assert main(["quiz", "(a + b)*b", "a=-2", "b=3"]) == 0
    assert capsys.readouterr().out.endswith("1 of 1 right; 3 not asked\n")


def test_quiz_on_paper_is_two_sheets(capsys):
    assert main(["quiz", "(a + b)*b", "a=-2", "b=3", "--worksheet", "sheet.html"]) == 0
    assert "sheet.html and sheet-answers.html" in capsys.readouterr().out
    assert sorted(os.listdir()) == ["sheet-answers.html", "sheet.html"]


def test_draw_makes_a_page_that_steps_through_the_computation():
    assert main(["draw", *NEURON, "-o", "step.html"]) == 0
    assert Path("step.html").read_text("utf-8").startswith("<!doctype html>")


# Streams


@pytest.mark.parametrize(
    "arguments", [["explain", "x**2*θ/3", "x=1", "θ=1e9"], ["draw", "θ", "θ=1"]]
)
def test_an_ascii_terminal_is_enough(arguments):
    done = micronn_process(*arguments, environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert done.returncode == 0
    assert done.stderr == b""
    assert done.stdout.isascii()


def test_an_ascii_terminal_has_a_star_for_the_lessons_of_the_evening():
    done = micronn_process("learn", environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert b" *  1  A value and its slope\n" in done.stdout


def test_a_message_about_bytes_that_are_no_text_is_printed():
    done = micronn_process("draw", b"x*\xff", "x=1")
    assert done.returncode == 2
    assert b"has no meaning here" in done.stderr


def test_a_reader_that_stops_reading_is_no_fault():
    command = f"{sys.executable} -m micronn explain '{'+'.join(['x'] * 300)}' x=1 | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(Path(micronn.__file__).parent.parent)}
    done = subprocess.run(
        command, shell=True, env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def in_a_shell(command, **environment):
    """A command line with `micronn` and what only a shell can do to its streams."""
    command = command.replace("micronn", f"{sys.executable} -m micronn")
    root = str(Path(micronn.__file__).parent.parent)
    return subprocess.run(
        command, shell=True, env={**os.environ, "PYTHONPATH": root, **environment},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a place that is full")
@pytest.mark.parametrize("arguments", ["--version", "--help", "draw --help", "explain x x=1"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_place_that_takes_nothing_is_an_error_in_words(arguments, unbuffered):
    done = in_a_shell(f"micronn {arguments} >/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (1, b"micronn: error: No space left on device\n")


@pytest.mark.skipif(os.name != "posix", reason="closes streams with the shell")
def test_a_quiz_that_nobody_can_answer_ends_at_once():
    done = in_a_shell("micronn quiz x*x x=1 <&-")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"0 of 0 right; 2 not asked\n")


def test_a_note_is_a_note_also_where_warnings_are_errors():
    Path("no_header.csv").write_text("1,a\n2,b\n" * 9)
    done = in_a_shell("micronn train no_header.csv --epochs 1", PYTHONWARNINGS="error")
    assert done.returncode == 0
    assert done.stderr.startswith(b"micronn: note: no_header.csv: line 1 holds the number 1")


ESCAPE = "\x1b]0;owned\x07"  # gives a terminal another title


@pytest.mark.parametrize(
    "arguments",
    [
        ["draw", "x", "x=1", "-o", f"{ESCAPE}/x.svg"],
        ["draw", "x", "x=1", "-o", f"{ESCAPE}.bmp"],
        ["draw", "x", "x=1", f"--{ESCAPE}"],
        ["draw", "x", "x=1", "-o", f"{ESCAPE}.svg"],
        ["quiz", "x", "x=1", "--worksheet", f"{ESCAPE}.html"],
        ["predict", f"{ESCAPE}.json"],
        ["predict", "bad.json", "1"],
        ["train", f"{ESCAPE}.csv"],
        ["train", f"{ESCAPE}"],
        ["train", "my.csv", "--target", "nothing", "--save", f"{ESCAPE}.json"],
        ["train", "my.csv", "--epochs", "1", "--save", f"{ESCAPE}.json", "--live"],
        ["train", "my.csv", "--epochs", "1", "--replay", f"{ESCAPE}.html"],
        ["fetch", "mnist", "--mirror", f"ftp://{ESCAPE}"],
        ["fetch", ESCAPE],
        ["export", "bad.json", "--to", ESCAPE],
    ],
)
def test_nothing_from_a_file_or_its_name_gives_the_terminal_a_command(arguments, capsys):
    Path("bad.json").write_text(json.dumps({"format": "micronn model", "version": ESCAPE}))
    lines = [f"{k},up{ESCAPE}\n{k},down{ESCAPE}\n" for k in range(9)]
    Path("my.csv").write_text(f'"x{ESCAPE}",y\n' + "".join(lines))
    main(arguments)
    out, err = capsys.readouterr()
    assert (out + err).replace("\n", "").isprintable()
    assert "owned" in out + err


@pytest.mark.skipif(os.name != "posix", reason="closes streams with the shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
@pytest.mark.parametrize(("expression", "status"), [("x", 0), ("x +", 2)])
def test_closed_streams_are_no_fault(closed, expression, status):
    done = in_a_shell(f"micronn explain '{expression}' x=1 {closed}")
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
