"""micronn learn: the lessons listed, run, paged and copied."""

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

import micronn
from micronn.cli import learn
from micronn.cli.main import main

ROOT = Path(micronn.__file__).parent.parent
NUMBERS = [int(path.name[:2]) for path in sorted((ROOT / "demos").glob("[0-9]*.py"))]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lessons(tmp_path_factory, monkeypatch):
    """A folder of lessons that a test writes itself; returns what adds one."""
    folder = tmp_path_factory.mktemp("lessons")
    table = folder / "README.md"
    table.write_text("| | **All** | |\n")
    monkeypatch.setattr(learn, "lessons_folder", lambda: folder)

    def add(number, program, head="The question.  Is it?", row=""):
        name = f"{number:02}_lesson.py"
        (folder / name).write_text(f'"""Demo {number}.  A lesson\n\n{head}\n"""\n\n{program}\n')
        table.write_text(f"{table.read_text()}| [{number:02}]({name}) {row}| Is it? |\n")
        return folder / name

    return add


def output(capsys, *arguments):
    """What a command that must succeed prints."""
    status = main(list(arguments))
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


# The list


def test_every_lesson_is_listed_on_a_line_of_its_own_below_its_group(capsys):
    lines = output(capsys, "learn").splitlines()
    listed = [int(found[1]) for line in lines if (found := re.match(r" [ ★] ([ \d]\d)  \S", line))]
    assert sorted(listed) == NUMBERS
    assert "    1  A value and its slope" in [line.replace("★", " ") for line in lines]
    assert lines[0] == "Slopes"


def test_the_lessons_of_the_first_evening_are_marked(lessons, capsys):
    lessons(1, "")
    lessons(2, "", row="★")
    out = output(capsys, "learn")
    assert "   1  A lesson\n ★  2  A lesson\n" in out
    assert "★ is for the first evening" in out


# A lesson


def test_a_lesson_comes_with_its_question_what_it_prints_and_what_to_change(capsys):
    out = output(capsys, "learn", "2")
    parts = ["Lesson 2.  Why backward() needs an order", "The question.", "What you will see."]
    parts += ["16        32           131,070                 32", "Change it:", "--copy"]
    places = [out.index(part) for part in parts]
    assert places == sorted(places)
    assert "Run:" not in out
    assert "micronn learn 3 goes on" in out
    assert os.listdir() == []


@pytest.mark.parametrize("ideas", ["# Change it: lr=1.0", "# Change it:\n#  - lr=1.0\n#  - lr=2"])
def test_what_to_change_may_be_one_line_or_a_list(ideas, lessons, capsys):
    lessons(1, f"print('done')\n\n{ideas}")
    out = output(capsys, "learn", "1")
    assert "done\n\n" + ideas.replace("# Ch", "Ch").replace("#  -", " -") + "\n\n" in out


def test_every_lesson_has_something_to_change():
    for lesson in learn.lessons():
        assert "\n# Change it:" in lesson.path.read_text("utf-8"), lesson.path.name


def test_the_next_lesson_is_named_by_its_number(lessons, capsys):
    for number, mark in (5, "★"), (7, ""), (8, "★"), (9, ""):
        lessons(number, "", row=mark)
    for number, following in (5, 8), (7, 8), (8, 9):  # the first evening leaves some out
        assert f"micronn learn {following} goes on" in output(capsys, "learn", str(number))


def test_what_a_lesson_writes_is_here_and_is_named(lessons, capsys):
    save = "from pathlib import Path\nfor name in 'new.txt', 'old.txt': Path(name).write_text('a')"
    lessons(1, save)
    Path("old.txt").write_text("c")
    Path("other.txt").write_text("d")
    os.utime("old.txt", (1, 1))
    out = output(capsys, "learn", "01")
    assert f"written here, in {os.getcwd()}: new.txt, old.txt\n" in out
    assert "goes on" not in out  # it is the last one


def test_a_lesson_that_needs_what_is_not_installed_says_what_to_install(lessons, capsys):
    lessons(1, "import nosuchthing.nn")
    assert main(["learn", "1"]) == 1
    assert capsys.readouterr().err == (
        "micronn: error: lesson 1 needs nosuchthing, which is not installed; "
        "pip install nosuchthing, and run it again\n"
    )


def test_a_lesson_that_may_not_write_here_says_so(lessons, capsys):
    lessons(1, 'open("missing/picture.svg", "w")')
    assert main(["learn", "1"]) == 1
    err = capsys.readouterr().err
    assert err == "micronn: error: missing/picture.svg: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["99"], f"there is no lesson 99; they are 1 to {max(NUMBERS)}; micronn learn lists them"),
        (["0"], "there is no lesson 0"),
        (["-1"], "there is no lesson -1"),
        (["2.5"], "a lesson has a number, got '2.5'; micronn learn lists them"),
        (["zebra"], "a lesson has a number, got 'zebra'; micronn learn lists them"),
        ([""], "a lesson has a number, got ''; micronn learn lists them"),
        (["XOR"], "XOR needs a hidden layer"),
        (["2", "3"], "no argument of it: 3; see micronn learn --help"),
        (["--copy"], "--copy takes the number of a lesson"),
    ],
)
def test_what_names_no_lesson_is_refused(arguments, reason, capsys):
    assert main(["learn", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("error:")) == ("", 1)
    assert reason in err


# A copy


def test_a_copy_runs_and_can_be_changed(capsys):
    out = output(capsys, "learn", "2", "--copy")
    assert os.listdir() == ["02_why_backward_needs_an_order.py"]
    assert "change it, then: " in out
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, *os.listdir()], env=environment, capture_output=True, text=True
    )
    assert (ran.returncode, "131,070" in ran.stdout) == (0, True)


def test_a_copy_brings_what_the_lesson_imports_from_beside_it(lessons, capsys):
    path = lessons(1, "from beside_lesson import x\nimport os\nprint(x)")
    path.with_name("beside_lesson.py").write_text("x = 12345\n")
    assert "12345" in output(capsys, "learn", "1")
    output(capsys, "learn", "1", "--copy")
    assert sorted(os.listdir()) == ["01_lesson.py", "beside_lesson.py"]


def test_a_copy_takes_no_file_s_place(capsys):
    Path("02_why_backward_needs_an_order.py").write_text("mine")
    assert main(["learn", "2", "--copy"]) == 2
    assert "02_why_backward_needs_an_order.py is here already" in capsys.readouterr().err
    assert Path("02_why_backward_needs_an_order.py").read_text() == "mine"


# Pages


def on_a_terminal(program, answers, height=12):
    """What a terminal of some lines shows, and the exit status; each answer is for one prompt."""
    code = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may ignore it
from pathlib import Path
from micronn.cli import learn
from micronn.cli.main import main
learn.lessons = lambda: [learn.Lesson(1, Path("lesson.py"), "", False, "Demo 1.  A lesson")]
sys.exit(main(["learn", "1"]))
"""
    Path("lesson.py").write_text(program)
    child, terminal = pty.fork()
    if not child:
        own = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "LINES": str(height), "COLUMNS": "60"}
        os.execve(sys.executable, [sys.executable, "-c", code], {**os.environ, **own})
    shown, answers = "", list(answers)
    while True:
        assert select.select([terminal], [], [], 60)[0], f"no more than {shown}"
        try:
            some = os.read(terminal, 65536).decode()
        except OSError:  # the end, as Linux says it
            break
        shown += some
        if not some:
            break
        if shown.endswith("] "):
            os.write(terminal, answers.pop(0))
            shown += "\n"
    os.close(terminal)
    return shown.replace("\r", ""), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


COUNTING = 'for k in range(25):\n    print(f"line {k}.")'
PROMPT = "[Enter goes on, q ends]"


def test_on_a_terminal_enter_brings_the_next_page(capfd):
    shown, status = on_a_terminal(COUNTING, [b"\n"] * 9)
    assert status == 0
    assert "[Enter runs it]" in shown.partition("line 0.")[0]
    # a screen of 12: 10 lines, the prompt, and the line that Enter ends
    pages = [re.findall(r"line (\d+)\.", page) for page in shown.split(PROMPT)]
    assert [len(page) for page in pages[:3]] == [10, 10, 5]
    assert sum(pages, []) == [str(k) for k in range(25)]


def test_a_line_that_is_wider_than_the_terminal_counts_for_more(capfd):
    # 120 characters on a terminal of 60 fill two lines; colours have no width
    program = 'for k in range(9):\n    print("\\x1b[32m" + "x" * 119 + "\\x1b[0m!")'
    shown, _ = on_a_terminal(program, [b"\n"] * 9)
    assert shown.partition(PROMPT)[0].count("!") == 5  # 10 lines of 12


def test_q_ends_a_lesson_and_so_does_the_end_of_the_input(capfd):
    for answer in (b"q\n", b"\x04"):
        shown, status = on_a_terminal(COUNTING, [b"\n", answer])
        assert (status, "line 9." in shown, "line 10." in shown) == (0, True, False)
        assert "Traceback" not in shown


def test_ctrl_c_ends_a_lesson_in_one_line(capfd):
    shown, status = on_a_terminal(COUNTING, [b"\n", b"\x03"])
    assert status == 130
    assert shown.endswith("micronn: error: interrupted\n")
    assert "Traceback" not in shown
