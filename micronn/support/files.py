"""A file that is half written is worse than none, so a file appears whole or not at all.

The one function here stands under every picture, page and model that is saved.
"""

import os


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file so that it is there whole or not at all; text becomes UTF-8.

    It is written under another name in the same folder and then takes its place, so
    a full disk or Ctrl-C leaves the old file as it was.  Anything that is no
    ordinary file, such as /dev/stdout, is written to directly.

    Raises OSError if the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:
            file.write(data)
        return
    if os.path.exists(target) and not os.access(target, os.W_OK):
        raise PermissionError(f"{target} is write-protected; choose another place")
    beside = f"{target}.{os.getpid()}.tmp"
    try:
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, target)
    except BaseException as error:
        if os.path.exists(beside):
            os.remove(beside)
        if isinstance(error, OSError):
            error.filename = os.fspath(path)  # the place asked for, not the one beside it
        raise
