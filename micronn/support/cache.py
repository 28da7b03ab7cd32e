"""What takes long to make is made once: files in a folder that only this user can write to.

They are programs, so a damaged or a foreign one must never be run.  A file's name ends
with the digest of what is in it, by which it is known again; it appears under that name
only when it is complete and on the disk.
"""

import contextlib
import functools
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

NO_NUMBER = -1  # for users of Windows
HOUR = 3600.0  # seconds, in which whatever is being made is ready


def cached(name: str, suffix: str, make: Callable[[Path], object]) -> Path:
    """The file of that name and suffix, made before or now.

    make: writes it to the path that it is given, or raises what then is raised here.

    Raises OSError where there is no room for it.
    """
    folder = private_folder()
    return kept(folder, name, suffix) or kept_from_now(folder, name, suffix, make)


def private_folder() -> Path:
    """A folder that only this user can write to.

    It is made within the one that MICRONN_CACHE names, else within micronn in
    XDG_CACHE_HOME or ~/.cache; no other folder's permissions are touched.  Where it
    cannot be, a temporary folder for as long as this process runs.
    """
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    named = os.path.expanduser(os.environ.get("MICRONN_CACHE") or f"{home}/micronn")
    folder = Path(named, f"user-{user()}")
    homeless = named.startswith("~")  # nobody knows where this user's home is
    return Path(temporary_folder().name) if homeless or not made_private(folder) else folder


@functools.cache
def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder with mode 0700, deleted when Python ends."""
    return tempfile.TemporaryDirectory(prefix="micronn-")


def made_private(folder: Path) -> bool:
    """Make the folder with mode 0700 if it is not there; False if it is not ours alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(state.st_mode) and os.access(folder, os.W_OK | os.X_OK)
    alone = state.st_uid == user() and not state.st_mode & 0o077
    return ours and (alone or user() == NO_NUMBER)


def user() -> int:
    """The number of this user, where users have one."""
    return os.getuid() if hasattr(os, "getuid") else NO_NUMBER


def kept(folder: Path, name: str, suffix: str) -> Path | None:
    """The file made earlier; a damaged one is deleted, as running it can crash."""
    for path in folder.glob(f"{name}-*{suffix}"):
        with contextlib.suppress(FileNotFoundError):  # another process deleted it
            if path.name == f"{name}-{digest(path.read_bytes())}{suffix}":
                return path
            path.unlink()
    return None


def kept_from_now(folder: Path, name: str, suffix: str, make: Callable[[Path], object]) -> Path:
    """The file made now, complete or not at all.

    Two processes that do this at once each write a file of their own and then rename
    it, so that both find a complete one.
    """
    for left in folder.glob("making-*"):  # by a process that was killed
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - HOUR:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as place:
        new = Path(place, f"new{suffix}")
        make(new)
        with new.open("r+b") as file:
            known = f"{name}-{digest(file.read())}{suffix}"
            os.fsync(file.fileno())  # on the disk before it has its name
        return new.replace(folder / known)


def digest(data: bytes) -> str:
    """A short text that no two files have in common, unless they are equal."""
    return hashlib.sha256(data).hexdigest()[:24]
