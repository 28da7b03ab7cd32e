"""What saving promises: the whole new file, or the old one untouched, and nothing else."""

import os
import re
import stat

import pytest

from micronn.support.files import write_atomically


def test_a_file_is_written_in_utf8_whatever_the_locale(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    write_atomically(tmp_path / "a.svg", "−∂\n")
    assert (tmp_path / "a.svg").read_bytes() == "−∂\n".encode()
    assert os.listdir(tmp_path) == ["a.svg"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "a.svg"
    target.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(target, "new")
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


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
