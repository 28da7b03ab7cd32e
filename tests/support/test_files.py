"""What saving promises: the whole new file, or the old one untouched, and nothing else.

And what reading promises: a file without end is refused before it fills the memory.
"""

import os
import re
import resource
import stat
import subprocess
import sys
import threading
import time

import pytest

from micronn.support import files
from micronn.support.files import read_limited, write_atomically


def test_a_file_is_written_in_utf8_whatever_the_locale(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    write_atomically(tmp_path / "a.svg", "−∂\n")
    assert (tmp_path / "a.svg").read_bytes() == "−∂\n".encode()
    assert os.listdir(tmp_path) == ["a.svg"]


# Failures


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step, failure):
    target = tmp_path / "a.svg"
    target.write_text("old")

    def fail(*_):
        raise failure

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(failure)) as caught:
        write_atomically(target, "new")
    if isinstance(failure, OSError):  # it names the file that was asked for, and no other
        assert str(caught.value) == f"[Errno 28] No space left on device: '{target}'"
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.svg"]


def test_a_place_that_cannot_be_written_is_an_oserror(tmp_path):
    for place in (tmp_path, tmp_path / "missing" / "a.svg"):
        with pytest.raises(OSError, match=re.escape(str(tmp_path))):
            write_atomically(place, "text")
    (tmp_path / "locked").write_text("old")
    (tmp_path / "locked").chmod(stat.S_IREAD)
    if not os.access(tmp_path / "locked", os.W_OK):  # root may write anywhere
        with pytest.raises(PermissionError):
            write_atomically(tmp_path / "locked", "new")


def test_content_is_on_the_disk_before_it_takes_its_place_and_the_place_after(
    tmp_path, monkeypatch
):
    # A power cut between the two would else leave a file of the new name without content.
    steps, sync, replace = [], os.fsync, os.replace

    def noted_sync(handle):
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def noted_replace(*paths):
        steps.append("replace")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_atomically(tmp_path / "a", "text")
    assert steps == ["file", "replace", "folder"]


# Permissions, names and links


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444, 0o755])
def test_a_file_keeps_the_permissions_of_the_one_it_replaces(tmp_path, mode):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(mode)
    if os.access(path, os.W_OK):  # root may write what is write-protected
        write_atomically(path, "new")
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_gets_the_permissions_of_any_new_file(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "a", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def test_what_was_private_is_private_at_every_moment(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("old")
    (tmp_path / "key").chmod(0o600)
    modes, sync = [], os.fsync

    def noted(handle):
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        sync(handle)

    opened = os.open

    def noted_open(path, flags, mode=0o777, **more):
        modes.append(mode if flags & os.O_CREAT else 0o600)
        return opened(path, flags, mode, **more)

    monkeypatch.setattr(files, "settle", lambda folder: None)
    monkeypatch.setattr(os, "open", noted_open)
    monkeypatch.setattr(os, "fsync", noted)
    write_atomically(tmp_path / "key", "new")
    assert set(modes) == {0o600}


@pytest.mark.parametrize("name", ["a" * 250, "a" * 255, "∂" * 85, ".hidden", "a b\nc", "-"])
def test_any_name_that_the_system_takes_can_be_written(tmp_path, name):
    for text in ("old", "new"):
        write_atomically(tmp_path / name, text)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "new"


def test_a_link_stays_a_link_and_the_file_it_points_to_is_replaced(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "early").symlink_to("later")  # to a file that is not there yet
    for name in ("link", "early"):
        write_atomically(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "real").read_text() == (tmp_path / "later").read_text() == "new"


def test_a_link_in_a_circle_is_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "a", "text")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
    assert (tmp_path / "a").is_symlink()


def test_the_name_it_is_written_under_is_another_each_time(tmp_path, monkeypatch):
    # Who can foresee it can put a link there, and so choose which file is overwritten.
    names, replace = set(), os.replace

    def noted(source, target):
        names.add(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", noted)
    for _ in range(20):
        write_atomically(tmp_path / "a", "text")
    assert len(names) == 20


def test_a_link_under_that_name_is_not_followed_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "victim").write_text("precious")
    monkeypatch.setattr(files.secrets, "token_hex", lambda count: "0123456789abcdef")
    (tmp_path / ".micronn-0123456789abcdef.tmp").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError, match="a.json"):
        write_atomically(tmp_path / "a.json", "text")
    assert (tmp_path / "victim").read_text() == "precious"
    assert len(os.listdir(tmp_path)) == 2


def test_a_device_and_a_pipe_are_written_to_directly():
    write_atomically("/dev/null", "text")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    reader, writer = os.pipe()
    write_atomically(f"/dev/fd/{writer}", "text")
    os.close(writer)
    with open(reader) as file:
        assert file.read() == "text"


# Several at once, and what a killed program leaves


def test_with_four_writers_at_once_every_read_finds_one_whole_file(tmp_path):
    path, failures, rounds = tmp_path / "a", [], 60
    sizes = {str(k): 20_000 * k + 1 for k in range(1, 5)}
    write_atomically(path, "1" * sizes["1"])

    def write(letter):
        try:
            for _ in range(rounds):
                write_atomically(path, letter * sizes[letter])
        except OSError as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(letter,)) for letter in sizes]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        text = path.read_text()
        if text != text[:1] * sizes.get(text[:1], -1):
            failures.append(f"{len(text)} letters {text[:1]!r}")
    for writer in writers:
        writer.join()
    assert failures == []
    assert os.listdir(tmp_path) == ["a"]


def test_what_a_killed_program_left_is_removed_after_an_hour(tmp_path):
    old, young = ".micronn-0123456789abcdef.tmp", ".micronn-fedcba9876543210.tmp"
    others = ["model.json.123.tmp", ".micronn-notes.tmp", ".micronn-0123456789abcdeF.tmp"]
    for name in (old, young, *others):
        (tmp_path / name).write_text("half")
        two_hours_ago = time.time() - 7200.0
        if name != young:
            os.utime(tmp_path / name, (two_hours_ago, two_hours_ago))
    write_atomically(tmp_path / "a", "text")
    assert sorted(os.listdir(tmp_path)) == sorted(["a", young, *others])


# Reading


def test_a_file_is_read_whole_and_not_beyond_its_limit(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_limited(tmp_path / "a") == read_limited(tmp_path / "a", most=5) == b"12345"
    with pytest.raises(ValueError, match=r"a holds more than 4 bytes"):
        read_limited(tmp_path / "a", most=4)
    for missing in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(OSError, match=re.escape(str(missing))):
            read_limited(missing)


def test_what_never_ends_is_refused_before_it_fills_the_memory(tmp_path):
    # 700 MB of address space for the whole interpreter; reading on ends in a MemoryError.
    with (tmp_path / "giant").open("wb") as file:
        file.truncate(2**40)
    program = (
        "import sys; from micronn.support.files import read_limited\n"
        "for path in sys.argv[1:]:\n"
        "    try: read_limited(path)\n"
        "    except ValueError as error: print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "/dev/zero", tmp_path / "giant"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (700_000_000, 700_000_000)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stderr == ""
    refusals = ran.stdout.splitlines()
    assert [line.split(" holds more than 268,435,456 bytes")[0] for line in refusals] == [
        "/dev/zero",
        str(tmp_path / "giant"),
    ]


def test_a_pipe_is_read_to_its_end_and_one_without_a_writer_is_empty(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert read_limited(tmp_path / "pipe") == b""
    reader, writer = os.pipe()
    with open(writer, "wb") as file:
        file.write(b"words")
    try:
        assert read_limited(f"/dev/fd/{reader}") == b"words"
    finally:
        os.close(reader)
