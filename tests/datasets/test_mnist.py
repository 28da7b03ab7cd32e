"""IDX files are read only if they hold what they announce; downloads come whole or not at all."""

import gzip
import hashlib
import os
import resource
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from micronn.datasets.mnist import FILES, MIRRORS, Idx, MirrorError, fetch, load_mnist, read_idx


def idx(shape, numbers):
    """The bytes of an IDX file, written from the format's description."""
    header = b"\0\0\x08" + bytes([len(shape)])
    return header + b"".join(size.to_bytes(4, "big") for size in shape) + bytes(numbers)


PICTURES = idx((3, 2, 2), range(12))
LABELS = idx((3,), [7, 0, 9])


@pytest.fixture
def write(tmp_path):
    def write(content, name="some-file"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


# Reading


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("shape", "numbers", "nested"),
    [
        ((3,), [7, 0, 255], [7, 0, 255]),
        ((2, 3), range(6), [[0, 1, 2], [3, 4, 5]]),
        ((2, 2, 2), range(8), [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]),
        ((1, 1, 1, 1, 2), [4, 5], [[[[[4, 5]]]]]),
        ((0,), [], []),
        ((0, 28, 28), [], []),
        ((2, 0), [], [[], []]),
        ((), [5], 5),
    ],
)
def test_files_of_any_number_of_dimensions_are_read_packed_or_not(
    write, pack, shape, numbers, nested
):
    found = read_idx(write(pack(idx(shape, numbers))))
    assert found.shape == shape
    assert found.tolist() == nested


def test_an_idx_is_a_sequence_of_its_items():
    grid = Idx((2, 3), bytes(range(6)))
    assert len(grid) == 2
    assert [row.tolist() for row in grid] == [[0, 1, 2], [3, 4, 5]]
    assert grid[-1][2] == 5
    assert [row.tolist() for row in grid[1:]] == [[3, 4, 5]]
    with pytest.raises(IndexError):
        grid[2]


def test_gzip_is_known_by_its_content_not_by_its_name(write):
    assert read_idx(write(gzip.compress(LABELS), "labels.idx")).tolist() == [7, 0, 9]
    assert read_idx(write(LABELS, "labels.gz")).tolist() == [7, 0, 9]


def damaged_gzip(place):
    content = bytearray(gzip.compress(PICTURES))
    content[place] ^= 0xFF
    return bytes(content)


DAMAGED = {
    "empty": b"",
    "html": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "wrong magic": b"\1" + LABELS[1:],
    "floats": LABELS[:2] + b"\x0d" + LABELS[3:],
    "unknown type": LABELS[:2] + b"\x00" + LABELS[3:],
    "header cut off": LABELS[:6],
    "numbers cut off": PICTURES[:-1],
    "one byte too many": PICTURES + b"\0",
    "a whole file too many": PICTURES + PICTURES,
    "no items but bytes": idx((0, 4), [1]),
    "255 dimensions announced": b"\0\0\x08\xff" + bytes(40),
    "a number too many when packed": gzip.compress(PICTURES + b"\0"),
    "a number too few when packed": gzip.compress(PICTURES[:-1]),
    "nothing packed": gzip.compress(b""),
    "html packed": gzip.compress(b"<html></html>"),
    "junk behind gzip": gzip.compress(PICTURES) + b"junk",
    "zeros behind gzip": gzip.compress(PICTURES) + bytes(8),
    "two gzip files in one": gzip.compress(PICTURES) + gzip.compress(PICTURES),
    "gzip checksum": damaged_gzip(-8),
    "gzip size": damaged_gzip(-1),
    "gzip body": damaged_gzip(14),
    "gzip method": damaged_gzip(2),
    "only gzip's magic": b"\x1f\x8b",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_raises_value_error_with_its_name(write, content):
    with pytest.raises(ValueError, match="some-file"):
        read_idx(write(content))


@pytest.mark.parametrize("content", [PICTURES, gzip.compress(PICTURES)], ids=["plain", "packed"])
def test_a_file_cut_anywhere_is_refused(write, content):
    for end in range(len(content)):
        with pytest.raises(ValueError, match="some-file"):
            read_idx(write(content[:end]))


def test_short_data_says_how_much_was_expected_and_found(write):
    with pytest.raises(ValueError, match="12 numbers.*can hold 11"):
        read_idx(write(PICTURES[:-1]))
    with pytest.raises(ValueError, match="12 numbers expected.*only 11 found"):
        read_idx(write(gzip.compress(PICTURES[:-1])))


def test_a_giant_file_is_refused_whatever_its_header_says(tmp_path):
    with (tmp_path / "giant").open("wb") as file:
        file.write(idx((2**32 - 1, 256), b""))
        file.truncate(12 + (2**32 - 1) * 256)  # a terabyte of zeros that fills no disk
    with pytest.raises(ValueError, match=r"giant: .* can hold 1073741812 at most"):
        read_idx(tmp_path / "giant")


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "pipe"])
def test_devices_and_pipes_are_refused(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=name):
        read_idx(tmp_path / name)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")


# What each claims, and how many zero bytes follow in the file.
BOMBS = {
    "says much, holds little": ((60_000, 28, 28), 10, bytes),
    "says more than any memory": ((2**32 - 1,) * 3, 10, bytes),
    "says more than any memory, packed": ((2**32 - 1,) * 3, 10, gzip.compress),
    "says little, packs 268 MB": ((10,), 2**28, None),
    "says and packs 268 MB": ((2**28,), 2**28, None),
    "says much, packs little": ((48_000_000,), 1000, gzip.compress),
    "says many rows of nothing": ((2**32 - 1, 0), 0, bytes),
    "says many rows of nothing, packed": ((40_000_000, 0, 28), 0, gzip.compress),
    "says many rows of rows of nothing": ((5000, 5000, 0, 7), 0, bytes),
}


@pytest.mark.parametrize(("shape", "zeros", "pack"), BOMBS.values(), ids=BOMBS.keys())
def test_false_claims_and_bombs_are_refused_within_100_megabytes(tmp_path, shape, zeros, pack):
    # 100 MB of address space for the whole interpreter; without the refusal it ends
    # in a MemoryError.
    path = tmp_path / "bomb"
    if pack:
        path.write_bytes(pack(idx(shape, bytes(zeros))))
    else:
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(idx(shape, b""))
            for _ in range(zeros >> 20):
                file.write(bytes(1 << 20))
    program = (
        "import sys; from micronn.datasets.mnist import read_idx\n"
        "try: read_idx(sys.argv[1]).tolist()\n"
        "except ValueError as error: print(error)\n"
    )
    limit = 100_000_000
    ran = subprocess.run(
        [sys.executable, "-c", program, path],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stderr == ""
    assert str(path) in ran.stdout


def test_pictures_and_labels_come_as_greys_and_digits(write):
    inputs, targets = load_mnist(write(PICTURES, "pictures"), write(LABELS, "labels"))
    assert len(inputs) == 3
    assert inputs[2] == [8 / 255, 9 / 255, 10 / 255, 11 / 255]
    assert inputs[-1] == inputs[2]
    assert inputs[1:] == [inputs[1], inputs[2]]
    assert targets == [7, 0, 9]
    with pytest.raises(IndexError):
        inputs[3]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (LABELS, PICTURES, "are the two swapped"),
        (PICTURES, PICTURES, "are the two swapped"),
        (LABELS, LABELS, "are the two swapped"),
        (PICTURES, idx((2,), [1, 2]), "3 pictures in .*, but 2 labels in"),
        (PICTURES, LABELS[:-1], "labels"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(write, images, labels, message):
    with pytest.raises(ValueError, match=message):
        load_mnist(write(images, "pictures"), write(labels, "labels"))


def test_a_folder_gives_training_and_test_set_packed_or_not(write, tmp_path):
    write(gzip.compress(PICTURES), "train-images-idx3-ubyte.gz")
    write(LABELS, "train-labels-idx1-ubyte")
    write(idx((1, 2, 2), [255] * 4), "t10k-images-idx3-ubyte")
    with pytest.raises(FileNotFoundError, match="t10k-labels-idx1-ubyte.*micronn fetch mnist"):
        load_mnist(tmp_path)
    write(gzip.compress(idx((1,), [4])), "t10k-labels-idx1-ubyte.gz")
    train, test = load_mnist(str(tmp_path))
    assert train[1] == [7, 0, 9]
    assert [list(part) for part in test] == [[[1.0] * 4], [4]]


def test_the_standard_files_are_named_as_the_reader_looks_for_them():
    assert list(FILES) == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert all(len(checksum) == 64 for _, checksum in FILES.values())
    assert all(mirror.startswith("https://") for mirror in MIRRORS)


# Fetching, from a server of our own that does not always behave

CONTENT = gzip.compress(bytes(200_000) + bytes(range(256)) * 400, mtime=0)[:10]
CONTENT += hashlib.sha256(b"seed").digest() * 6000  # 192,010 bytes behind gzip's magic
NAME = "digits.gz"
SET = {NAME: (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())}


class Mirror(BaseHTTPRequestHandler):
    """Sends CONTENT, or misbehaves as the first part of the path says."""

    requests: list[str] = []
    stop = threading.Event()

    def log_message(self, *args):
        pass

    def send(self, length, content):
        """A length, and a content that need not have it."""
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        manner = self.path.split("/")[1]
        self.requests.append(manner)
        getattr(self, manner)()

    def good(self):
        self.send(len(CONTENT), CONTENT)

    def stalls(self):
        self.send(len(CONTENT), CONTENT[:50_000])
        self.wfile.flush()
        self.stop.wait(30)

    def drips(self):
        """Begins with a single byte, and the next ones come later."""
        self.send(len(CONTENT), CONTENT[:1])
        self.stop.wait(0.1)
        self.wfile.write(CONTENT[1:])

    def trickles(self):
        """A byte now and then, so that it never stalls; and after a while no more."""
        self.send(len(CONTENT), CONTENT[:2])
        with suppress(OSError):  # the reader has gone
            for k in range(2, 40):
                self.stop.wait(0.05)
                self.wfile.write(CONTENT[k : k + 1])

    def silent(self):
        self.stop.wait(30)

    def cuts(self):
        self.send(len(CONTENT), CONTENT[:80_000])

    def long(self):
        """Says it sends more than it should, and does."""
        self.send(len(CONTENT) + 5_000, CONTENT + bytes(5_000))

    def boasts(self):
        self.send(10**15, CONTENT[:1000])

    def short(self):
        """Says there is less than there is."""
        self.send(1000, CONTENT)

    def html(self):
        page = b"<html><body>Please log in.</body></html>"
        self.send(len(page), page)

    def absent(self):
        self.send_error(404)

    def other(self):
        """The right length, the wrong bytes."""
        self.send(len(CONTENT), CONTENT[:-1] + b"\0")

    def garbles(self):
        self.wfile.write(b"\xff\xfe nonsense\r\n\r\n")


@pytest.fixture
def mirror():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    server.daemon_threads = True
    Mirror.requests.clear()
    Mirror.stop.clear()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield lambda *manners: [f"http://127.0.0.1:{server.server_port}/{m}/" for m in manners]
    Mirror.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_good_mirror_fills_the_folder_and_tells_how_far_it_is(mirror, tmp_path):
    calls = []
    folder = tmp_path / "new" / "folder"
    paths = fetch(folder, mirror("good"), progress=lambda *call: calls.append(call), files=SET)
    assert paths == [folder / NAME]
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert paths[0].read_bytes() == CONTENT
    assert calls[-1] == (NAME, len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)


def test_a_mirror_may_send_as_little_at_a_time_as_it_likes(mirror, tmp_path):
    fetch(tmp_path, mirror("drips"), files=SET)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_file_that_is_there_is_not_fetched_again(mirror, tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    fetch(tmp_path, mirror("good"), files=SET)
    assert Mirror.requests == []


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"\0", CONTENT[:-1], b"", b"old"])
def test_another_file_of_the_same_name_stays_and_nothing_is_fetched(mirror, tmp_path, content):
    # Fashion-MNIST's files are called like MNIST's.
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(FileExistsError, match=r"digits\.gz is not the file.*move it away"):
        fetch(tmp_path, mirror("good"), files={"first.gz": SET[NAME], **SET})
    assert (tmp_path / NAME).read_bytes() == content
    assert os.listdir(tmp_path) == [NAME]
    assert Mirror.requests == []


def test_four_downloads_into_one_folder_at_once_all_end_well(mirror, tmp_path):
    names = [f"{k}.gz" for k in range(12)]
    ends = []

    def run():
        try:
            ends.append(fetch(tmp_path, mirror("good"), files=dict.fromkeys(names, SET[NAME])))
        except OSError as error:
            ends.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [[tmp_path / name for name in names]] * 4
    assert sorted(os.listdir(tmp_path)) == sorted(names)
    assert {(tmp_path / name).read_bytes() for name in names} == {CONTENT}


REASONS = {
    "stalls": r"sent less than 64 kB in 0\.3 seconds",
    "silent": r"sent less than 64 kB in 0\.3 seconds",
    "trickles": r"sent less than 64 kB in 0\.3 seconds",
    "cuts": "broke off after 80000 of 192010 bytes",
    "long": "sent more than the 192010 bytes",
    "boasts": "broke off after 1000 of 192010 bytes",
    "short": "broke off after 1000 of 192010 bytes",
    "html": "begins b'<html>",
    "absent": "HTTP Error 404",
    "other": "its checksum is wrong",
    "garbles": "digits.gz",
}


@pytest.mark.parametrize("manner", REASONS)
def test_after_a_bad_mirror_the_next_one_is_tried(mirror, tmp_path, manner):
    fetch(tmp_path, mirror(manner, "good"), timeout=0.3, files=SET)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("manner", REASONS)
def test_without_a_good_mirror_there_is_no_file_but_a_reason(mirror, tmp_path, manner):
    with pytest.raises(MirrorError, match=REASONS[manner]):
        fetch(tmp_path, mirror(manner), timeout=0.3, files=SET)
    assert list(tmp_path.iterdir()) == []
    assert Mirror.requests == [manner]


def test_nobody_there_is_a_reason_too(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(MirrorError, match="refused"):
        fetch(tmp_path, [f"http://127.0.0.1:{port}/"], files=SET)
    with pytest.raises(MirrorError, match="there is no mirror"):
        fetch(tmp_path, [], files=SET)


@pytest.mark.parametrize("mirror", ["file:///etc/", "ftp://example.org/", "example.org"])
def test_only_web_addresses_are_mirrors(tmp_path, mirror):
    with pytest.raises(ValueError, match="begins with http"):
        fetch(tmp_path, [mirror], files=SET)


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        fetch(tmp_path / "file" / "folder", [], files=SET)
