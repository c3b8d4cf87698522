"""What published solutions of the lazy-allocation lab get wrong; each is a test here.

Under every policy, but those that refuse so much memory, or whose frames are others.
"""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import TRAMPOLINE, TRAPFRAME
from kernel_model.mm.served import Decision, Why
from tests.kernel_model.support import (
    Killed,
    R,
    W,
    X,
    elf_file,
    failing_kalloc,
    make_hart,
    segment,
    switch_to,
)
from tests.kernel_model.under import COMBINED, every_policy, has_given, is_lazy, unless

GIB = 1 << 30
INT_MIN = -(1 << 31)

pytestmark = pytest.mark.usefixtures("policy")
pytest_generate_tests = every_policy


@pytest.fixture
def hart():
    return make_hart()


def refusal(hart):
    """Why the last fault was refused, and the rights of the page that was there."""
    outcome = hart.kernel.faults[-1].outcome
    assert outcome.decision is Decision.REFUSED
    return outcome.why, outcome.pte & (Pte.R | Pte.W | Pte.X)


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


@unless("eager")
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


@unless("eager")
def test_the_third_gigabyte_has_a_64_bit_address(hart):
    assert [hart.sbrk(GIB) for _ in range(3)][2] == hart.heap + 2 * GIB
    hart.store(hart.heap + 3 * GIB - 1, 7)
    assert hart.load(hart.heap + 3 * GIB - 1) == 7


def test_growth_past_the_trap_frame_is_refused(hart):
    hart.promise(TRAPFRAME - PAGE_SIZE)
    assert hart.sbrk(PAGE_SIZE + 1) == -1
    assert hart.sbrk(2 * PAGE_SIZE) == -1
    assert hart.sbrk(PAGE_SIZE) == TRAPFRAME - PAGE_SIZE


@pytest.mark.parametrize("va", [TRAPFRAME, TRAMPOLINE, 1 << 38, (1 << 64) - 8], ids=hex)
def test_touching_past_the_trap_frame_kills(hart, va):
    hart.promise(TRAPFRAME)
    with pytest.raises(Killed):
        hart.trap(Cause.LOAD_PAGE, stval=va)
    assert killed(hart)


@unless("eager")
def test_exit_at_the_largest_size(hart):
    hart.promise(TRAPFRAME)
    hart.store(TRAPFRAME - PAGE_SIZE, 7)
    hart.exit()
    assert hart.kernel.panicked is None


def test_a_buffer_over_several_untouched_pages():
    hart = make_hart(input=b"x" * 3 * PAGE_SIZE)
    hart.sbrk(8 * PAGE_SIZE)
    assert hart.read(hart.heap + 10, 3 * PAGE_SIZE) == 3 * PAGE_SIZE
    assert hart.write(hart.heap + 4 * PAGE_SIZE + 10, 3 * PAGE_SIZE) == 3 * PAGE_SIZE
    has_given(hart, 8)


def test_a_pipe_whose_descriptors_straddle_two_untouched_pages(hart):
    hart.sbrk(2 * PAGE_SIZE)
    descriptors = hart.heap + PAGE_SIZE - 4
    assert hart.call("pipe", descriptors) == 0
    assert hart.get(descriptors, 8) == b"\3\0\0\0\4\0\0\0"
    has_given(hart, 2)


def test_a_string_over_two_untouched_pages(hart):
    hart.sbrk(2 * PAGE_SIZE)
    hart.store(hart.heap + PAGE_SIZE, 0)
    # The first page is empty, too: the name is.
    assert hart.call("open", hart.heap + PAGE_SIZE - 1, 0) == 3
    has_given(hart, 2)


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
    assert refusal(hart) == (Why.PAGE_RIGHTS, Pte.R | Pte.X)


@pytest.mark.parametrize("sp", [0, 0x3800, 0x5000], ids=hex)
def test_touching_the_guard_page_kills(hart, sp):
    hart.frame.sp = sp
    with pytest.raises(Killed):
        hart.store(0x3FF8, 1)
    assert killed(hart)
    assert refusal(hart)[0] is Why.GUARD_PAGE


@pytest.mark.parametrize("sp", [0, 0x100, TRAMPOLINE, (1 << 64) - 16], ids=hex)
def test_where_the_stack_pointer_is_does_not_matter(hart, sp):
    # What tells the guard page is the page table, not a comparison with any stack pointer.
    hart.sbrk(PAGE_SIZE)
    hart.frame.sp = sp
    hart.store(hart.heap, 7)
    assert hart.load(hart.heap) == 7


def test_a_system_call_may_not_touch_the_guard_page_either():
    hart = make_hart(input=b"x")
    assert hart.write(0x3FF8, 1) == hart.read(0x3FF8, 1) == 0  # bytes that were copied
    assert hart.call("pipe", 0x3FF8) == hart.call("fstat", 0, 0x3FF8) == -1
    assert not hart.kernel.halted


def test_a_system_call_may_not_store_to_a_read_only_page(hart):
    text = hart.get(0, 8)
    assert hart.call("pipe", 0) == hart.call("fstat", 0, 0) == -1
    assert hart.get(0, 8) == text


@pytest.mark.parametrize("va", [0, 8, 0xF000, 0xFFF8], ids=hex)
def test_what_exec_left_unmapped_below_a_segment_is_no_heap(va):
    """As xv6's exec, which maps it with the segment's rights: read and run, but not written."""
    elf = elf_file(segment(0x10000, b"text", R | X), segment(0x11000, b"data", R | W))
    hart = make_hart(elf)
    used = hart.kernel.kmem.used
    assert hart.load(va) == 0
    if is_lazy(hart):
        assert hart.kernel.kmem.used - used in (1, 2, 3)  # with page tables
    hart.fetch(va)
    with pytest.raises(Killed):
        hart.store(va, 5)
    assert killed(hart)
    assert "unexpected scause 0xf " in hart.printed


@pytest.mark.parametrize("back", [1, 2, 3, 4, 5])
def test_what_sbrk_takes_back_and_gives_again_is_the_heaps(hart, back):
    """Be it stack, guard page, data or text; the page is new, and is written but not run."""
    size = hart.proc.sz
    assert hart.sbrk(-back * PAGE_SIZE) == size
    assert hart.sbrk(back * PAGE_SIZE) == size - back * PAGE_SIZE
    for va in range(size - back * PAGE_SIZE, size, PAGE_SIZE):
        assert hart.load(va) == 0
        hart.store(va, 7)
    assert hart.kernel.pages_promised == back
    has_given(hart, back)
    with pytest.raises(Killed):
        hart.fetch(size - back * PAGE_SIZE)
    assert killed(hart)


def test_text_that_is_kept_in_part_stays_text(hart):
    hart.sbrk(-hart.proc.sz + 1)
    hart.sbrk(2 * PAGE_SIZE)
    hart.fetch(0)
    hart.store(PAGE_SIZE, 7)
    with pytest.raises(Killed):
        hart.store(PAGE_SIZE - 1, 7)
    assert killed(hart)


def test_a_childs_pages_are_whose_its_parents_were():
    hart = make_hart(elf_file(segment(0x10000, b"text", R | X)))
    assert hart.call("fork") == 3
    switch_to(hart, 3)
    assert hart.load(0) == 0
    child = hart.proc
    hart.trap(Cause.STORE_PAGE, 0)
    assert (child.xstate, refusal(hart)) == (-1, (Why.PAGE_RIGHTS, Pte.R | Pte.X))


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


@unless("eager")
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_mapping_that_fails_half_way_kills_and_frees_all(hart, nth):
    for _ in range(3):
        hart.sbrk(GIB)
    with failing_kalloc(hart.kernel, nth) as calls, pytest.raises(Killed):
        hart.store(hart.heap + 2 * GIB, 1)  # a page and two page tables
    assert len(calls) >= nth
    assert killed(hart)


@unless("eager", "batch:8", "prefault:4", COMBINED)
def test_out_of_memory_kills_and_frees_all(hart):
    hart.sbrk(GIB)
    page = hart.heap
    while hart.kernel.kmem.free:
        hart.store(page, 1)
        page += PAGE_SIZE
    with pytest.raises(Killed):
        hart.store(page, 1)
    assert killed(hart)
    assert refusal(hart)[0] is Why.NO_FRAME
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


@unless("eager")
def test_the_size_is_compared_before_rounding(hart):
    hart.sbrk(1)
    with pytest.raises(Killed):
        hart.store(hart.heap + 1, 1)
    assert killed(hart)


def test_exec_that_fails_half_way_leaves_the_old_image():
    # It needs more than is left, and finds out when it has loaded most of it.
    large = elf_file(segment(0, b"x", memsz=GIB))
    hart = make_hart(files=lambda: {"large": large})
    hart.sbrk(PAGE_SIZE)
    path = hart.put(hart.heap, b"large\0")
    used = hart.kernel.kmem.used

    assert hart.call("exec", path, hart.heap + 8) == -1

    assert (hart.proc.name, hart.kernel.kmem.used) == ("prog", used)
    assert hart.get(hart.heap, 5) == b"large"
    assert hart.fetch(0) == b"\x13\0"


def test_forking_a_process_past_the_largest_size(hart):
    hart.promise(TRAPFRAME + PAGE_SIZE)  # no `sbrk` gets there
    hart.kernel.checks.clear()
    used = hart.kernel.kmem.used
    assert hart.call("fork") == -1
    assert (hart.kernel.kmem.used, hart.kernel.panicked) == (used, None)


@unless("eager")
def test_forking_a_process_of_the_largest_size():
    hart = make_hart()
    hart.promise(TRAPFRAME)
    hart.store(TRAPFRAME - 1, 7)
    hart.store(100 * GIB, 8)
    assert hart.call("fork") == 3
    hart.timer()
    assert (hart.load(TRAPFRAME - 1), hart.load(100 * GIB)) == (7, 8)
    assert hart.call("fork") == 4
    hart.call("exit", 0)
    while hart.proc.pid != 2:
        hart.timer()
    hart.exit()
    assert hart.kernel.panicked is None


@unless("eager")
@pytest.mark.parametrize("sparse", [1, 200], ids="{} GiB".format)
def test_forking_and_unmapping_skip_holes_by_level(hart, sparse):
    for _ in range(sparse):
        hart.sbrk(GIB)
    hart.store(hart.heap + GIB - 1, 7)
    assert hart.call("fork") == 3
    looked_at = hart.kernel.cycles // hart.kernel.meter.costs[Step.PTE]
    assert looked_at < 10_000  # a gigabyte has 262,144 pages
    hart.timer()
    assert hart.load(hart.heap + GIB - 1) == 7


class TestTheReleaseOf2025:
    """The same, where it says otherwise."""

    @pytest.fixture
    def hart(self):
        return make_hart(abi="2025")

    @pytest.mark.parametrize("n", [INT_MIN, -0x5001, -0x6000], ids=hex)
    @pytest.mark.parametrize("type", [1, 2])
    def test_shrinking_below_zero_changes_nothing_but_is_no_error(self, hart, n, type):
        size, used = hart.kernel.proc.sz, hart.kernel.kmem.used
        assert hart.call("sbrk", n, type) == size == 0x5000
        assert (hart.kernel.proc.sz, hart.kernel.kmem.used) == (size, used)

    def test_shrinking_to_zero(self, hart):
        assert hart.call("sbrk", -0x5000, 1) == 0x5000
        assert hart.call("sbrk", 0, 1) == 0

    @pytest.mark.parametrize("type", [1, 2])
    def test_growth_past_the_trap_frame_is_refused(self, hart, type):
        hart.promise(TRAPFRAME - PAGE_SIZE)
        assert hart.call("sbrk", PAGE_SIZE + 1, type) == -1
        assert hart.call("sbrk", 0, type) == TRAPFRAME - PAGE_SIZE

    @unless("eager")
    def test_a_lazy_one_takes_no_frame_and_an_eager_one_all(self, hart):
        used = hart.kernel.kmem.used
        hart.call("sbrk", 10 * PAGE_SIZE, 2)
        assert hart.kernel.kmem.used == used
        hart.call("sbrk", 10 * PAGE_SIZE, 1)
        assert hart.kernel.kmem.used == used + 10
        assert hart.pte(hart.heap + 9 * PAGE_SIZE) == 0
        assert hart.pte(hart.heap + 10 * PAGE_SIZE) & (Pte.R | Pte.W | Pte.U | Pte.V)

    @unless("eager")
    def test_an_eager_one_that_does_not_fit_changes_nothing(self, hart):
        size, used = hart.kernel.proc.sz, hart.kernel.kmem.used
        assert hart.call("sbrk", GIB, 1) == -1
        assert (hart.kernel.proc.sz, hart.kernel.kmem.used) == (size, used)
        assert hart.call("sbrk", GIB, 2) == size

    def test_strings_are_faulted_in(self, hart):
        hart.call("sbrk", PAGE_SIZE, 2)
        assert hart.call("open", hart.heap, 0) == 3
        has_given(hart, 1)
