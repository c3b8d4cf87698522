import pytest

from hdl.arch import PAGE_SIZE
from tests.kernel_model.support import failing_kalloc, make_hart


@pytest.mark.parametrize("fd", [0, 1, 2])
def test_write_prints(fd):
    hart = make_hart()
    assert hart.write(0x1000, 4, fd=fd) == 4
    assert hart.kernel.console.printed == b"data"


@pytest.mark.parametrize("fd", [-1, 3, 15, 1 << 31])
def test_bad_descriptors(fd):
    hart = make_hart(input=b"text")
    assert hart.write(0x1000, 4, fd=fd) == -1
    assert hart.read(0x1000, 4, fd=fd) == -1
    assert hart.printed == ""


@pytest.mark.parametrize("n", [0, -1, -(1 << 31)])
def test_nothing_to_copy(n):
    hart = make_hart(input=b"text")
    assert hart.write(0x1000, n) == 0
    assert hart.read(0x1000, n) == 0
    assert hart.read(0x1000, 4) == 4


def test_write_from_untouched_pages():
    hart = make_hart()
    hart.sbrk(5 * PAGE_SIZE)
    assert hart.write(hart.heap + 100, 4 * PAGE_SIZE) == 4 * PAGE_SIZE
    assert hart.kernel.console.printed == bytes(4 * PAGE_SIZE)
    assert hart.kernel.heap_frames_used == 5


def test_write_of_more_than_there_is():
    hart = make_hart()
    assert hart.write(0x2FFE, 1 << 30) == -1
    assert hart.kernel.console.printed == b"\0\0"


def test_read_into_untouched_pages():
    text = bytes(range(256)) * 40
    hart = make_hart(input=text)
    hart.sbrk(5 * PAGE_SIZE)

    assert hart.read(hart.heap + PAGE_SIZE - 1, 1 << 20) == len(text)

    assert hart.load(hart.heap + PAGE_SIZE - 1) == text[0]
    assert hart.load(hart.heap + PAGE_SIZE + 5000) == text[5001]


def test_read_at_the_end_of_input():
    hart = make_hart(input=b"ab")
    assert [hart.read(0x1000, 100) for _ in range(3)] == [2, 0, 0]
    assert hart.load(0x1001) == ord("b")


@pytest.mark.parametrize("address", [0, 0x3000, 0x5000, 1 << 38, (1 << 64) - 1], ids=hex)
def test_read_to_a_bad_buffer(address):
    hart = make_hart(input=b"text")
    assert hart.read(address, 4) == -1
    assert not hart.kernel.halted


@pytest.mark.parametrize("call", ["read", "write"])
@pytest.mark.parametrize("nth", [1, 2])
def test_no_frame_left(call, nth):
    hart = make_hart(input=b"x" * 2 * PAGE_SIZE)
    hart.sbrk(2 * PAGE_SIZE)
    with failing_kalloc(hart.kernel, nth):
        assert getattr(hart, call)(hart.heap, 2 * PAGE_SIZE) == -1
    assert hart.kernel.heap_frames_used == nth - 1
    hart.exit()
    assert hart.kernel.panicked is None
