"""MNIST: 70,000 handwritten digits in four files, read from disk or fetched first.

An IDX file is a header that says how many numbers follow, then the numbers, one byte
each; often packed with gzip.  The header is a claim, so it is checked against what
is there, and nothing is read that it does not announce.

    fetch("data/mnist")                       # once, 11 MB
    train, test = load_mnist("data/mnist")
    inputs, targets = train                   # 60,000 lists of 784 greys; digits

Source: LeCun, Cortes, Burges, "The MNIST database", yann.lecun.com/exdb/mnist.
"""

import gzip
import math
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from http.client import HTTPException
from itertools import takewhile
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, overload
from urllib.request import urlopen

from micronn.support.files import Location, without_waiting, write_atomically

GZIP = b"\x1f\x8b"  # what a gzip file begins with
PIECE = 2**16  # bytes, 64 kB: read at a time
UNPACKED = 50_000_000  # bytes a gzip file may always unpack to: MNIST's largest has 47 million;
RATIO = 50  # beyond that, only to so many times its own size: MNIST's shrink about 5 times
LARGEST = 2**30  # bytes that any file may hold: the largest set in MNIST's layout has 547 million


# Reading IDX files


class Idx(Sequence[Any]):
    """The numbers of an IDX file, a sequence of items: pictures, rows, numbers.

    shape: how many items there are along each dimension, such as (60000, 28, 28).
    data: all numbers in a row, each from 0 to 255.

    >>> grid = Idx((2, 3), bytes([1, 2, 3, 4, 5, 6]))
    >>> len(grid), grid[1].tolist(), grid[1][0]
    (2, [4, 5, 6], 4)
    """

    def __init__(self, shape: tuple[int, ...], data: bytes | memoryview):
        self.shape = shape
        self.data = memoryview(data)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an IDX file without dimensions holds one number, in data[0]")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        """An Idx with a dimension less, or in the last dimension a number."""
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        if len(self.shape) == 1:
            return self.data[index]
        size = math.prod(self.shape[1:])
        return Idx(self.shape[1:], self.data[index * size : (index + 1) * size])

    def __repr__(self) -> str:
        return f"Idx(shape={self.shape})"

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        if len(self.shape) > 1:
            return [item.tolist() for item in self]
        return self.data.tolist() if self.shape else self.data[0]


def read_idx(path: Location) -> Idx:
    """Read an IDX file of bytes, plain or packed with gzip, whatever its name.

    Returns the numbers with their shape; a file of no items has length 0.

    Raises FileNotFoundError for no file, and ValueError with the file's name for one
    that is damaged, cut, too long, of another kind, or packed to burst.
    """
    with open(path, "rb", opener=without_waiting) as file:
        try:
            if not file.seekable():
                raise ValueError("a pipe tells no size; write it to a file first")
            packed, size = file.read(2) == GZIP, file.seek(0, os.SEEK_END)
            file.seek(0)
            if not packed:
                return read_numbers(file, size, size)
            with gzip.GzipFile(fileobj=file) as unpacked:
                numbers = read_numbers(unpacked, max(UNPACKED, RATIO * size), size)
                unpacked_size = unpacked.tell()
            file.seek(-4, os.SEEK_END)  # a gzip file ends with the size of what it holds
            if int.from_bytes(file.read(4), "little") != unpacked_size % 2**32:
                raise ValueError("more bytes follow after the packed numbers")
            return numbers
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: damaged gzip file, {error}; fetch it again") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def read_numbers(file: BinaryIO | gzip.GzipFile, limit: int, size: int) -> Idx:
    """The header and the numbers of an IDX file, which must end there.

    limit: how many bytes can be read from it at most; size: how many there are on the disk.
    """
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise ValueError(f"not an IDX file: it begins with {magic!r}, not with two zero bytes")
    if magic[2] != 8:
        raise ValueError(f"numbers of type 0x{magic[2]:02x}; only bytes, type 0x08, can be read")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise ValueError(f"cut off in the header, which has {magic[3]} dimensions")
    shape = tuple(int.from_bytes(sizes[k : k + 4], "big") for k in range(0, len(sizes), 4))
    count, head = math.prod(shape), 4 + len(sizes)
    claim = f"the header announces {count} numbers, shape {shape}"
    if head + count > (limit := min(limit, LARGEST)):
        raise ValueError(f"{claim}, but the file can hold {limit - head} at most")
    if not count and math.prod(takewhile(bool, shape)) > size:  # as many lists, all empty
        raise ValueError(f"{claim}, but the file has only {size} bytes")
    data = file.read(count + 1)
    if len(data) != count:
        found = "more" if len(data) > count else f"only {len(data)}"
        raise ValueError(f"{count} numbers expected, shape {shape}, but {found} found")
    return Idx(shape, data)


# MNIST's layout: pictures in one file, labels in another


class Greys(Idx):
    """Pictures as lists of floats from 0.0 to 1.0, made one by one when asked for.

    All of MNIST's as lists would fill 400 MB; as bytes they fill 47.
    """

    def __init__(self, pictures: Idx):
        super().__init__((len(pictures), math.prod(pictures.shape[1:])), pictures.data)

    def __getitem__(self, index: Any) -> Any:
        item = super().__getitem__(index)
        return item if isinstance(index, slice) else [GREY[byte] for byte in item.data]


GREY = [byte / 255.0 for byte in range(256)]
Digits = tuple[Greys, list[int]]


@overload
def load_mnist(images: Location) -> tuple[Digits, Digits]: ...
@overload
def load_mnist(images: Location, labels: Location) -> Digits: ...
def load_mnist(images: Location, labels: Location | None = None) -> Digits | tuple[Digits, Digits]:
    """Read pictures and their labels, plain or packed with gzip.

    images, labels: the paths of two files in MNIST's layout; or only images, then a
        folder with MNIST's four standard files.

    Returns a pair (inputs, targets): for each picture a list of greys from 0.0 to
    1.0, row by row, made when asked for, and its label, an integer.  For a folder,
    two such pairs: 60,000 to train on and 10,000 to test with.

    Raises FileNotFoundError for a missing file, and ValueError, naming the file, for
    a damaged one, for files that are swapped, and for different counts.
    """
    if labels is None:
        paths = [file_in(images, name.removesuffix(".gz")) for name in FILES]
        return load_mnist(paths[0], paths[1]), load_mnist(paths[2], paths[3])
    pictures, targets = read_idx(images), read_idx(labels)
    if len(pictures.shape) < 2 or len(targets.shape) != 1:
        shapes = f"{images} has shape {pictures.shape} and {labels} has shape {targets.shape}"
        raise ValueError(f"{shapes}, not (n, rows, columns) and (n,): are the two swapped?")
    if len(pictures) != len(targets):
        counts = f"{len(pictures)} pictures in {images}, but {len(targets)} labels in {labels}"
        raise ValueError(f"{counts}; take both from one set")
    return Greys(pictures), targets.tolist()


def file_in(folder: Location, name: str) -> Path:
    """The path of a file of the folder, packed or not."""
    for path in (Path(folder, name), Path(folder, f"{name}.gz")):
        if path.exists():
            return path
    command = f"micronn fetch mnist --data {folder}"
    raise FileNotFoundError(f"no {name} or {name}.gz in {folder}; fetch it there with: {command}")


# Fetching

# Name, size in bytes and SHA-256 of each file.  Sources: the sizes are on the page above,
# the checksums in torchvision's prototype datasets (mnist.py).
TABLE = """
train-images-idx3-ubyte.gz 9912422 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
train-labels-idx1-ubyte.gz 28881 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
t10k-images-idx3-ubyte.gz 1648877 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
t10k-labels-idx1-ubyte.gz 4542 f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6
""".strip().splitlines()
FILES = {name: (int(size), checksum) for name, size, checksum in map(str.split, TABLE)}

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
Report = Callable[[int, int], object]  # bytes so far, bytes in all


class MirrorError(OSError):
    """A mirror did not send the file: the reason is in the message."""


def fetch(
    folder: Location,
    mirrors: str | Sequence[str] = MIRRORS,
    progress: Callable[[str, int, int], object] | None = None,
    timeout: float = 20.0,
    files: Mapping[str, tuple[int, str]] = FILES,
) -> list[Path]:
    """Download the files that are not in the folder yet, each whole or not at all.

    A file that is there is never replaced, whatever it is.

    folder: where they go; made if it is not there.
    mirrors: addresses, http or https, that a file's name is put behind; tried in
        order.
    progress: called as progress(name, bytes so far, bytes in all).
    timeout: seconds in which a mirror must send 64 kB, or it is given up.
    files: size and SHA-256 of each file by name; other sets in MNIST's layout have
        files of the same names.

    Returns the paths of the files.

    Raises MirrorError, an OSError, if no mirror sent a file with the right checksum;
    it says what went wrong at each.  FileExistsError for another file of such a name.
    ValueError for an address of another kind.
    """
    mirrors = [mirrors] if isinstance(mirrors, str) else mirrors
    for mirror in mirrors:
        if not mirror.startswith(("http://", "https://")):
            raise ValueError(f"a mirror begins with http:// or https://, got {mirror!r}")
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [Path(folder, name) for name in files]
    for path in paths:
        if path.exists() and not is_whole(path, *files[path.name]):
            raise FileExistsError(
                f"{path} is not the file to be fetched: its checksum is another. It may belong to "
                "a set with the same names, so it stays; move it away or choose another folder."
            )
    for path in paths:
        size, checksum = files[path.name]
        report = partial(progress or (lambda name, done, size: None), path.name)
        if path.exists():
            report(size, size)
        else:
            write_atomically(path, downloaded(path, size, checksum, mirrors, report, timeout))
    return paths


def is_whole(path: Path, size: int, checksum: str) -> bool:
    """True for a file of that size and SHA-256."""
    same_size = path.is_file() and path.stat().st_size == size
    return same_size and sha256(path.read_bytes()).hexdigest() == checksum


def downloaded(
    path: Path, size: int, checksum: str, mirrors: Sequence[str], report: Report, timeout: float
) -> bytes:
    """The bytes of one file, from the first mirror that has it."""
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{path.name}"
        try:
            return received(url, size, checksum, report, timeout)
        except TimeoutError:
            reason = f"sent less than {PIECE // 1024} kB in {timeout:g} seconds"
        except (OSError, HTTPException) as error:
            reason = str(error) or repr(error)
        failures.append(f"  {url}: {reason}")
    reasons = "\n".join(failures) or "  there is no mirror in the list"
    raise MirrorError(
        f"{path.name} could not be fetched:\n{reasons}\n"
        f"Try other mirrors, or put the file into {path.parent} yourself."
    )


def received(url: str, size: int, checksum: str, report: Report, timeout: float) -> bytes:
    """What a mirror sends, which must be the gzip file of that size and SHA-256."""
    data = bytearray()
    with urlopen(url, timeout=timeout) as response:
        wanted, due = PIECE, monotonic() + timeout
        while piece := response.read1(PIECE):
            data += piece
            if len(data) >= wanted:
                wanted, due = len(data) + PIECE, monotonic() + timeout
            elif monotonic() > due:  # a byte now and then is not worth waiting for
                raise TimeoutError
            if not GZIP.startswith(bytes(data[:2])):
                raise MirrorError(f"sent no gzip file but something that begins {piece[:20]!r}")
            if len(data) > size:
                raise MirrorError(f"sent more than the {size} bytes of the file")
            report(len(data), size)
    if len(data) < size:
        raise MirrorError(f"broke off after {len(data)} of {size} bytes")
    if sha256(data).hexdigest() != checksum:
        raise MirrorError("sent another file: its checksum is wrong")
    return bytes(data)
