"""Copies that end where the user's memory does, against xv6's a byte at a time."""

import random

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.mm.usercopy import copyin, copyin_part, copyout, copyout_part
from tests.kernel_model.files import BAD, BUFFER, User, make_files
from tests.kernel_model.support import make_hart

TOP = (1 << 64) - 1


@pytest.fixture
def user():
    """A process whose pages all wait for their frames, up to BAD."""
    return User(make_files())


def read(user, va, n):
    return copyin_part(user.kernel, user.proc, va, n)


def write(user, va, data):
    return copyout_part(user.kernel, user.proc, va, data)


@pytest.mark.parametrize("n", [1, 3, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE])
@pytest.mark.parametrize("va", [BUFFER, BUFFER + 5, BUFFER + PAGE_SIZE - 1])
def test_all_of_it_where_the_process_may(user, va, n):
    data = random.Random(n).randbytes(n)
    assert write(user, va, data) == n
    assert read(user, va, n) == data
    assert user.get(1, va - 1) == user.get(1, va + n) == b"\0"


@pytest.mark.parametrize("left", [1, 2, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 3])
def test_up_to_the_first_page_that_is_not_allowed(user, left):
    data = random.Random(left).randbytes(left + 100)
    assert write(user, BAD - left, data) == left
    assert user.get(left, BAD - left) == data[:left]
    assert read(user, BAD - left, left + 100) == data[:left]
    assert read(user, BAD - left, 1 << 30) == data[:left]


@pytest.mark.parametrize("va", [BAD, BAD + PAGE_SIZE, 1 << 38, 1 << 63, TOP])
def test_nothing_where_the_first_byte_is_not_allowed(user, va):
    assert read(user, va, 8) == b""
    assert write(user, va, b"12345678") == 0


@pytest.mark.parametrize("n", [0, -1, -(1 << 31)])
def test_nothing_is_read_anywhere(user, n):
    used = user.kernel.kmem.used
    assert read(user, BUFFER, n) == read(user, TOP, n) == b""
    assert write(user, TOP, b"") == 0
    assert user.kernel.kmem.used == used


def test_it_ends_where_no_frame_is_left(user):
    user.put(BUFFER + PAGE_SIZE - 4, b"abcd")
    while user.kernel.kmem.kalloc():
        pass
    assert read(user, BUFFER + PAGE_SIZE - 4, 8) == b"abcd"
    assert write(user, BUFFER + PAGE_SIZE - 4, b"12345678") == 4
    assert read(user, BUFFER + PAGE_SIZE - 4, 8) == b"1234"


def test_a_page_that_may_be_read_only_is_not_written():
    hart = make_hart()
    text = read(hart, 0, 8)
    assert len(text) == 8
    assert write(hart, 0, b"overrun!") == 0
    assert read(hart, 0, 8) == text


class ByteByByte:
    """The same copies as xv6 does them: each byte by a call of its own."""

    def __init__(self, user):
        self.user = user

    def read(self, va, n):
        data = b""
        while len(data) < n:
            part = copyin(self.user.kernel, self.user.proc, va + len(data), 1)
            if part is None:
                break
            data += part
        return data

    def write(self, va, data):
        for done, byte in enumerate(data):
            if not copyout(self.user.kernel, self.user.proc, va + done, bytes([byte])):
                return done
        return len(data)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_as_if_the_bytes_went_one_at_a_time(seed):
    rng = random.Random(seed)
    # A hart's process has a guard page and pages of all rights, unlike one that is only its files.
    ours, theirs = make_hart(), make_hart()
    model = ByteByByte(theirs)
    edges = [
        0,
        PAGE_SIZE,
        2 * PAGE_SIZE,
        ours.heap - 2 * PAGE_SIZE,
        ours.heap - PAGE_SIZE,
        ours.heap,
        ours.heap + PAGE_SIZE,
        ours.heap + 2 * PAGE_SIZE,
    ]
    for hart in (ours, theirs):
        hart.sbrk(2 * PAGE_SIZE)
    parts = 0
    for _ in range(150):
        va = max(0, rng.choice(edges) + rng.randrange(-40, 40))
        data = rng.randbytes(rng.randrange(80))
        done = write(ours, va, data)
        assert done == model.write(va, data), f"seed {seed}, {va:#x}"
        assert read(ours, va, len(data)) == model.read(va, len(data)), f"seed {seed}, {va:#x}"
        parts += 0 < done < len(data)
    assert ours.kernel.kmem.used == theirs.kernel.kmem.used
    assert parts > 4
