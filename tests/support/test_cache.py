"""What is made once is kept where nobody else can write, and is never run if it is damaged."""

import os
import stat
import time
from pathlib import Path

import pytest

from micronn.support import cache


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("open_to", [0o755, 0o777, 0o1777])
def test_a_folder_that_was_there_keeps_its_mode_and_has_a_private_one_inside(
    open_to, tmp_path, monkeypatch
):
    tmp_path.chmod(open_to)
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path))
    folder = cache.private_folder()
    assert folder.parent == tmp_path
    assert (mode(tmp_path), mode(folder)) == (open_to, 0o700)
    assert cache.private_folder() == folder


def test_a_folder_open_to_others_a_link_a_file_or_a_place_below_it_is_no_cache(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o770)
    (tmp_path / "link").symlink_to("/tmp")
    (tmp_path / "file").write_text("")
    for name in ("open", "link", "file", "file/below"):
        assert not cache.made_private(tmp_path / name)
    assert mode(tmp_path / "open") == 0o770


def test_a_folder_of_another_user_is_no_cache(tmp_path, monkeypatch):
    assert cache.made_private(tmp_path / "mine")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert not cache.made_private(tmp_path / "mine")


def test_a_user_without_a_home_gets_a_temporary_folder(tmp_path, monkeypatch):
    # expanduser() then leaves the ~ as it is, which would be a folder of that name.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    for name in ("MICRONN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache.private_folder() == Path(cache.temporary_folder().name)
    assert list(tmp_path.iterdir()) == []


WHOLE = bytes(range(256)) * 64


@pytest.mark.parametrize("damage", [b"", WHOLE[:5000], WHOLE[:-1] + b"x", b"something else"])
def test_what_is_damaged_is_never_given_out_but_made_anew(damage, tmp_path, monkeypatch):
    # Loading a library that was cut kills Python with a bus error.
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path))
    made = []

    def make(path):
        made.append(path.write_bytes(WHOLE))

    first = cache.cached("program", ".so", make)
    assert cache.cached("program", ".so", make) == first
    assert len(made) == 1
    first.write_bytes(damage)
    assert cache.cached("program", ".so", make).read_bytes() == WHOLE
    assert len(made) == 2


def test_names_and_suffixes_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("MICRONN_CACHE", str(tmp_path))
    for name, suffix in (("a", ".so"), ("a", ".cwasm"), ("a-b", ".so")):
        text = f"{name}{suffix}".encode()
        found = cache.cached(name, suffix, lambda path, text=text: path.write_bytes(text))
        assert found.read_bytes() == text
    assert len(list(cache.private_folder().iterdir())) == 3


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append([*tmp_path.glob("*.so")]) or fsync(file)
    )
    made = cache.kept_from_now(tmp_path, "machine", ".so", lambda path: path.write_bytes(WHOLE))
    assert synced == [[]]
    assert [*tmp_path.iterdir()] == [made]


def test_one_that_cannot_be_made_leaves_nothing(tmp_path):
    def make(path):
        path.write_bytes(WHOLE)
        raise ValueError("on the way")

    with pytest.raises(ValueError, match="on the way"):
        cache.kept_from_now(tmp_path, "machine", ".so", make)
    assert [*tmp_path.iterdir()] == []


def test_what_a_killed_program_left_is_deleted_when_it_is_old(tmp_path):
    for name, hours in (("making-old", 2), ("making-new", 0), ("another", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "new.so").write_text("")
        os.utime(tmp_path / name, times=(time.time() - 3600 * hours,) * 2)
    made = cache.kept_from_now(tmp_path, "machine", ".so", lambda path: path.write_bytes(WHOLE))
    assert {*tmp_path.iterdir()} == {tmp_path / "making-new", tmp_path / "another", made}
