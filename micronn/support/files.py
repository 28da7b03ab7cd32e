"""A file is written whole or not at all, and read only as far as it makes sense to read.

A program may be killed, or a disk be full, in the middle of a write; another program
may write the same file, or read it, at that moment.  So a file is written under a
name that nobody else has, and takes its place in one step of the system.

These functions stand under every picture, page, model and table.
"""

import os
import re
import secrets
import stat
import time
from contextlib import suppress

Location = str | os.PathLike[str]

# Writing

HOUR = 3600.0  # seconds; a file that was not written to for so long has lost its writer


def write_atomically(path: Location, content: str | bytes) -> None:
    """Write a file so that it is there whole or not at all; text becomes UTF-8.

    It is written under a random name in the same folder, handed to the disk, and then
    takes its place.  So a full disk, Ctrl-C or a power cut leaves the old file as it
    was, of two writers at once one has the last word, and a reader sees one whole file.

    The new file keeps the permissions of the one it replaces.  A symbolic link stays,
    and the file it points to is replaced; a hard link to the old file keeps the old
    content.  Anything that is no ordinary file, such as a pipe or a terminal behind
    /dev/stdout, is written to directly.

    Raises OSError if the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    mode = None
    with suppress(FileNotFoundError):
        mode = os.stat(path).st_mode
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as file:
            file.write(data)
        return
    if mode is not None and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is write-protected; choose another place")
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    beside = os.path.join(folder, f".micronn-{secrets.token_hex(8)}.tmp")
    try:
        write_new(beside, data, mode)
        os.replace(beside, target)
    except BaseException as error:
        if not isinstance(error, FileExistsError):  # or it is not ours
            with suppress(OSError):
                os.remove(beside)
        if isinstance(error, OSError):  # name the place asked for, not the one beside it
            raise OSError(error.errno, error.strerror, os.fspath(path)) from None
        raise
    settle(folder)


def write_new(path: str, data: bytes, mode: int | None) -> None:
    """Write a file that is not there yet, to the disk; mode: its permissions, if not the usual."""
    usual = 0o666 if mode is None else stat.S_IMODE(mode)
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, usual)) as file:
        file.write(data)
        file.flush()
        if mode is not None:  # those that the system took away from a new file
            os.chmod(file.fileno() if os.chmod in os.supports_fd else path, usual)
        os.fsync(file.fileno())


def settle(folder: str) -> None:
    """Hand the folder's new entry to the disk, and remove what killed programs left in it.

    The file has its place by now, so nothing that fails here is a failure to save.
    """
    with suppress(OSError):  # some systems open no folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if re.fullmatch(r"\.micronn-[0-9a-f]{16}\.tmp", entry.name):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > HOUR:
                        os.remove(entry)


# Reading

LARGEST = 2**28  # bytes, 256 MB: four million parameters with all that Adam remembers of them
PIECE = 2**20  # bytes read at a time


def read_limited(path: Location, most: int = LARGEST) -> bytearray:
    """The content of a file that does not begin with its size, such as JSON or CSV.

    A pipe is read like a file; one that nobody writes into is empty.

    Raises ValueError for a file of more than `most` bytes, before it fills the memory:
    a device such as /dev/zero never ends.
    """
    content = bytearray()
    with open(path, "rb", buffering=0, opener=without_waiting) as file:
        while piece := file.read(PIECE):
            content += piece
            if len(content) > most:
                raise ValueError(f"{path} holds more than {most:,} bytes; take a smaller file")
    return content


def without_waiting(path: str, flags: int) -> int:
    """Open for reading as os.open does, without waiting until somebody writes into a pipe."""
    if not stat.S_ISFIFO(os.stat(path).st_mode):
        return os.open(path, flags)
    handle = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(handle, True)
    return handle
