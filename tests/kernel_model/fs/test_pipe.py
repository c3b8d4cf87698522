import random

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.facts.abi import Abi
from kernel_model.facts.param import NFILE, PIPESIZE
from tests.kernel_model.files import BAD, BUFFER, Blocked, User, make_files


class Ends:
    """A pipe between two processes, each with one of its ends."""

    def __init__(self):
        self.kernel = make_files()
        self.reader, self.writer = User(self.kernel), User(self.kernel)
        self.out, self.into = self.reader.pipe()
        self.writer.proc.ofile[self.into] = self.reader.proc.ofile[self.into]
        self.reader.proc.ofile[self.into] = None

    def read(self, n):
        return self.reader.read(self.out, n)

    def write(self, data):
        return self.writer.write(self.into, data)


@pytest.fixture
def ends():
    return Ends()


def test_bytes_come_in_order(ends):
    assert ends.write(b"hello ") == 6
    assert ends.write(b"world") == 5
    assert [ends.read(4), ends.read(100)] == [b"hell", b"o world"]


def test_an_empty_pipe_makes_the_reader_wait(ends):
    assert ends.read(4) is Blocked
    assert ends.reader.proc.chan[0] == "pipe-read"
    ends.write(b"hello")
    assert not ends.reader.sleeps
    assert ends.reader.again() == 4
    assert ends.reader.get(4) == b"hell"


def test_it_waits_again_if_somebody_else_was_faster(ends):
    ends.read(4)
    other = User(ends.kernel)
    other.proc.ofile[0] = ends.reader.proc.ofile[ends.out]
    ends.write(b"x")
    assert other.read(0, 1) == b"x"
    assert ends.reader.again() is Blocked


@pytest.mark.parametrize("n", [0, -1])
def test_reading_nothing_waits_too_as_in_xv6(ends, n):
    assert ends.read(n) is Blocked
    ends.write(b"x")
    assert ends.reader.again() == 0
    assert ends.read(1) == b"x"


@pytest.mark.parametrize("n", [0, -1])
def test_writing_nothing(ends, n):
    assert ends.writer.call("write", ends.into, BAD, n) == 0


def test_a_full_pipe_makes_the_writer_wait(ends):
    data = bytes(range(256)) * 5
    assert ends.write(data) is Blocked
    assert ends.writer.proc.chan[0] == "pipe-write"
    got = ends.read(PIPESIZE + 1)
    assert len(got) == PIPESIZE
    assert not ends.writer.sleeps
    assert ends.writer.again() is Blocked
    got += ends.read(100)
    assert ends.writer.again() is Blocked
    got += ends.read(PIPESIZE)
    assert ends.writer.again() == len(data)
    got += ends.read(PIPESIZE)
    assert got == data


def test_a_waiting_reader_is_woken_by_a_full_pipe(ends):
    assert ends.read(1) is Blocked
    ends.writer.put(BUFFER, bytes(2 * PIPESIZE))
    assert ends.writer.call("write", ends.into, BUFFER, 2 * PIPESIZE) is Blocked
    assert not ends.reader.sleeps


def test_the_end_comes_when_nobody_can_write(ends):
    ends.write(b"rest")
    ends.writer.close(ends.into)
    assert [ends.read(100), ends.read(100), ends.read(100)] == [b"rest", 0, 0]


def test_a_waiting_reader_is_woken_by_the_end(ends):
    assert ends.read(1) is Blocked
    ends.writer.exit()
    assert not ends.reader.sleeps
    assert ends.reader.again() == 0


def test_a_second_descriptor_keeps_the_end_open(ends):
    ends.writer.call("dup", ends.into)
    ends.writer.close(ends.into)
    assert ends.read(1) is Blocked


def test_writing_to_nobody(ends):
    ends.reader.close(ends.out)
    assert ends.write(b"x") == -1


def test_a_waiting_writer_is_woken_when_nobody_reads_any_more(ends):
    assert ends.write(bytes(PIPESIZE + 1)) is Blocked
    ends.reader.exit()
    assert not ends.writer.sleeps
    assert ends.writer.again() == -1


@pytest.mark.parametrize("who, data", [("reader", 1), ("writer", bytes(PIPESIZE + 1))])
def test_a_killed_process_does_not_wait(ends, who, data):
    call = ends.read if who == "reader" else ends.write
    assert call(data) is Blocked
    getattr(ends, who).proc.killed = True
    assert getattr(ends, who).again() == -1


@pytest.mark.parametrize("first", ["reader", "writer"])
def test_its_frame_is_freed_with_the_second_end(ends, first):
    frames = ends.kernel.kmem.used
    closing = [(ends.reader, ends.out), (ends.writer, ends.into)]
    for user, fd in closing if first == "reader" else closing[::-1]:
        assert ends.kernel.kmem.used == frames
        user.close(fd)
    assert ends.kernel.kmem.used == frames - 1


def test_buffers_over_untouched_pages(ends):
    data = bytes(range(256))
    ends.write(data)
    va = BUFFER + 6 * PAGE_SIZE - 100
    assert ends.reader.call("read", ends.out, va, 256) == 256
    assert ends.reader.get(256, va) == data
    assert ends.writer.call("write", ends.into, va, 256) == 256
    assert ends.read(256) == bytes(256)


def test_a_bad_buffer_to_write_from(ends):
    assert ends.writer.call("write", ends.into, BAD, 4) == 0
    ends.writer.put(BAD - 2, b"ab")
    assert ends.writer.call("write", ends.into, BAD - 2, 4) == 2  # as far as it goes
    assert ends.read(4) == b"ab"


def test_a_bad_buffer_to_read_to(ends):
    ends.write(b"abcd")
    assert ends.reader.call("read", ends.out, BAD, 4) == 0  # `a` is lost
    assert ends.reader.call("read", ends.out, BAD - 2, 4) == 2
    assert ends.reader.get(2, BAD - 2) == b"bc"  # `d` is lost
    ends.write(b"ef")
    assert ends.read(4) == b"ef"
    assert ends.read(1) is Blocked


def test_in_2025_what_could_not_be_stored_is_still_there(ends):
    ends.reader.proc.abi = Abi.RELEASE_2025
    ends.write(b"abcd")
    assert ends.reader.call("read", ends.out, BAD, 4) == -1
    assert ends.reader.call("read", ends.out, BAD - 2, 4) == 2
    assert ends.reader.get(2, BAD - 2) == b"ab"
    assert ends.read(4) == b"cd"


def test_the_ends_are_for_one_direction(ends):
    assert ends.reader.write(ends.out, b"x") == -1
    assert ends.writer.read(ends.into, 1) == -1


def test_descriptors_over_two_untouched_pages():
    user = User(make_files())
    assert user.pipe(BUFFER + 9 * PAGE_SIZE - 4) == [0, 1]


@pytest.mark.parametrize("address", [BAD, BAD - 4, (1 << 64) - 4])
def test_descriptors_to_a_bad_address(address):
    user = User(make_files())
    user.put(BAD - 4, b"page")  # its frame is taken
    used = user.kernel.kmem.used
    assert user.call("pipe", address) == -1
    assert (user.kernel.ftable, user.kernel.kmem.used) == ([], used)
    assert set(user.proc.ofile) == {None}


@pytest.mark.parametrize("free", [0, 1])
def test_no_descriptors_left(free):
    user = User(make_files())
    while user.open("/") < 15 - free:
        pass
    files, used = list(user.kernel.ftable), user.kernel.kmem.used
    assert user.call("pipe", BUFFER) == -1
    assert (user.kernel.ftable, user.kernel.kmem.used) == (files, used)
    assert user.proc.ofile.count(None) == free


@pytest.mark.parametrize("left", [0, 1])
def test_no_files_left(left):
    kernel = make_files()
    users = [User(kernel) for _ in range(8)]
    for _ in range(NFILE - left):
        assert any(user.open("/") >= 0 for user in users)
    last = User(kernel)
    assert last.open("/") == (0 if left else -1)
    last.close(0)
    used = kernel.kmem.used
    assert last.pipe() == -1
    assert kernel.kmem.used == used


def test_every_frame_that_pipe_needs_may_be_missing():
    """Those of the pipe and of two untouched pages and their tables: -1, and none is lost."""
    nth = 0
    while True:
        user = User(make_files())
        kernel, kalloc = user.kernel, user.kernel.kmem.kalloc
        calls = []

        def limited(calls=calls, kalloc=kalloc, nth=nth):
            calls.append(1)
            return 0 if len(calls) > nth else kalloc()

        kernel.kmem.kalloc = limited
        result = user.call("pipe", 3 * PAGE_SIZE - 4)
        kernel.kmem.kalloc = kalloc
        if result == 0:
            break
        assert result == -1
        assert kernel.ftable == []
        assert set(user.proc.ofile) == {None}
        # Besides its root table the process keeps the page that it got, and that one's tables.
        assert kernel.kmem.used == (4 if nth == 4 else 1)
        nth += 1
    assert nth == 5


@pytest.mark.parametrize("seed", range(4))
def test_load(seed):
    """Pieces of any size go in on one side; what comes out of the other is the same."""
    rng = random.Random(seed)
    ends = Ends()
    for user in (ends.reader, ends.writer):
        user.put(BUFFER, bytes(5000))
    frames = ends.kernel.kmem.used
    sent, got = bytearray(), bytearray()
    writing, reading = 0, False  # bytes of the write that waits; a read waits
    for _ in range(600):
        writers_turn = rng.random() < 0.5
        if writers_turn and writing and not ends.writer.sleeps:
            result = ends.writer.again()
            assert result in (Blocked, writing)
            writing = writing if result is Blocked else 0
        elif writers_turn and not writing:
            piece = rng.randbytes(rng.choice([1, 7, 511, 512, 513, 2000]))
            sent += piece
            writing = len(piece) if ends.write(piece) is Blocked else 0
        elif not writers_turn and not ends.reader.sleeps:
            wanted = rng.choice([1, 100, 512, 5000])
            n = (
                ends.reader.again()
                if reading
                else ends.reader.call("read", ends.out, BUFFER, wanted)
            )
            reading = n is Blocked
            got += b"" if reading else ends.reader.get(n)
    assert len(got) > 10_000
    assert sent.startswith(got)
    assert len(sent) - len(got) <= writing + PIPESIZE
    ends.reader.exit()
    ends.writer.exit()
    assert ends.kernel.ftable == []
    assert ends.kernel.kmem.used == frames - 1  # that of the pipe
