"""What published solutions of the lazy-allocation lab get wrong; each is a test here."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte
from kernel_model.layout import TRAMPOLINE, TRAPFRAME
from tests.kernel_model.support import Killed, failing_kalloc, make_hart

GIB = 1 << 30
INT_MIN = -(1 << 31)


@pytest.fixture
def hart():
    return make_hart()


def killed(hart):
    """The process was killed, nothing leaked, and the kernel is well."""
    return (hart.kernel.halted, hart.kernel.exit_status, hart.kernel.panicked) == (True, -1, None)


@pytest.mark.parametrize("below", [1, PAGE_SIZE])
def test_shrinking_below_zero_changes_nothing(hart, below):
    hart.sbrk(PAGE_SIZE)
    hart.store(hart.heap, 7)
    size, used = hart.kernel.proc.sz, hart.kernel.kmem.used

    assert hart.sbrk(-(size + below)) == -1

    assert (hart.kernel.proc.sz, hart.kernel.kmem.used) == (size, used)
    assert hart.load(hart.heap) == 7


def test_int_min_with_a_smaller_size_changes_nothing(hart):
    size = hart.kernel.proc.sz
    assert hart.sbrk(INT_MIN) == -1
    assert hart.sbrk(0) == size


def test_int_min_with_a_larger_size(hart):
    for _ in range(3):
        hart.sbrk(GIB)
    assert hart.sbrk(INT_MIN) == hart.heap + 3 * GIB
    assert hart.sbrk(0) == hart.heap + GIB


def test_shrinking_to_exactly_zero_succeeds(hart):
    size = hart.kernel.proc.sz
    assert hart.sbrk(-size) == size
    assert hart.sbrk(0) == 0
    with pytest.raises(Killed):
        hart.fetch(0)
    assert killed(hart)


def test_the_third_gigabyte_has_a_64_bit_address(hart):
    assert [hart.sbrk(GIB) for _ in range(3)][2] == hart.heap + 2 * GIB
    hart.store(hart.heap + 3 * GIB - 1, 7)
    assert hart.load(hart.heap + 3 * GIB - 1) == 7


def test_growth_past_the_trap_frame_is_refused(hart):
    hart.kernel.proc.sz = TRAPFRAME - PAGE_SIZE
    assert hart.sbrk(PAGE_SIZE + 1) == -1
    assert hart.sbrk(2 * PAGE_SIZE) == -1
    assert hart.sbrk(PAGE_SIZE) == TRAPFRAME - PAGE_SIZE


@pytest.mark.parametrize("va", [TRAPFRAME, TRAMPOLINE, 1 << 38, (1 << 64) - 8], ids=hex)
def test_touching_past_the_trap_frame_kills(hart, va):
    hart.kernel.proc.sz = TRAPFRAME
    with pytest.raises(Killed):
        hart.trap(Cause.LOAD_PAGE, stval=va)
    assert killed(hart)


def test_exit_at_the_largest_size(hart):
    hart.kernel.proc.sz = TRAPFRAME
    hart.store(TRAPFRAME - PAGE_SIZE, 7)
    hart.exit()
    assert hart.kernel.panicked is None


def test_a_buffer_over_several_untouched_pages():
    hart = make_hart(input=b"x" * 3 * PAGE_SIZE)
    hart.sbrk(8 * PAGE_SIZE)
    assert hart.read(hart.heap + 10, 3 * PAGE_SIZE) == 3 * PAGE_SIZE
    assert hart.write(hart.heap + 4 * PAGE_SIZE + 10, 3 * PAGE_SIZE) == 3 * PAGE_SIZE
    assert hart.kernel.heap_frames_used == 8


def test_heap_below_a_stack_pointer_in_the_heap(hart):
    hart.sbrk(4 * PAGE_SIZE)
    hart.frame.sp = hart.heap + 3 * PAGE_SIZE
    hart.store(hart.heap, 7)
    assert hart.load(hart.heap) == 7


def test_storing_to_a_read_only_page_kills(hart):
    assert hart.load(0) == 0x13
    with pytest.raises(Killed):
        hart.store(0, 1)
    assert killed(hart)
    assert hart.kernel.faults[-1].what == "killed: page is mapped r-x"


@pytest.mark.parametrize("sp", [0, 0x3800, 0x5000], ids=hex)
def test_touching_the_guard_page_kills(hart, sp):
    hart.frame.sp = sp
    with pytest.raises(Killed):
        hart.store(0x3FF8, 1)
    assert killed(hart)
    assert hart.kernel.faults[-1].what == "killed: guard page"


def test_executing_the_heap_kills(hart):
    hart.sbrk(PAGE_SIZE)
    hart.store(hart.heap, 0x13)
    assert not hart.pte(hart.heap) & Pte.X
    with pytest.raises(Killed):
        hart.fetch(hart.heap)
    assert killed(hart)


def test_executing_an_untouched_page_kills(hart):
    hart.sbrk(PAGE_SIZE)
    with pytest.raises(Killed):
        hart.fetch(hart.heap)
    assert killed(hart)
    assert hart.kernel.heap_frames_used == 0


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_mapping_that_fails_half_way_kills_and_frees_all(hart, nth):
    for _ in range(3):
        hart.sbrk(GIB)
    with failing_kalloc(hart.kernel, nth) as calls, pytest.raises(Killed):
        hart.store(hart.heap + 2 * GIB, 1)  # a page and two page tables
    assert len(calls) == nth
    assert killed(hart)


def test_out_of_memory_kills_and_frees_all(hart):
    hart.sbrk(GIB)
    page = hart.heap
    while hart.kernel.kmem.free:
        hart.store(page, 1)
        page += PAGE_SIZE
    with pytest.raises(Killed):
        hart.store(page, 1)
    assert killed(hart)
    assert hart.kernel.faults[-1].what == "killed: no frame left"
    assert hart.kernel.frames_used == hart.kernel.memory.size // PAGE_SIZE
    assert "usertrap(): unexpected scause 0xf pid=2\n" in hart.printed


def test_one_byte_past_the_size_kills(hart):
    hart.sbrk(PAGE_SIZE + 1)
    hart.store(hart.heap + PAGE_SIZE, 1)
    # The rest of that page is mapped; the next page is not the process's.
    hart.store(hart.heap + PAGE_SIZE + 1, 1)
    with pytest.raises(Killed):
        hart.store(hart.heap + 2 * PAGE_SIZE, 1)
    assert killed(hart)


def test_the_size_is_compared_before_rounding(hart):
    hart.sbrk(1)
    with pytest.raises(Killed):
        hart.store(hart.heap + 1, 1)
    assert killed(hart)
