"""A large heap gets superpages; alone, with copy on write, and with the page of zeros."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.invariants import MemoryCheck
from kernel_model.mm.policy import make_policy
from kernel_model.mm.served import Decision, Why
from tests.kernel_model.mm.policies.looks import last, steps
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
from tests.kernel_model.tables import MIB2

PAGE = PAGE_SIZE
MIB = 1 << 20
BLOCK = MIB2  # the first one that is the heap's whole: the program lies below


def hart_under(policy, size=16 * MIB, heap=3 * MIB2, **options):
    """A process with a heap of so many bytes, of which nothing is touched."""
    hart = make_hart(size=size, policy=make_policy(policy), **options)
    hart.kernel.checks.append(MemoryCheck(hart.kernel))
    hart.sbrk(heap)
    return hart


def level(hart, va):
    return hart.leaf(va)[1]


def ends_well(hart):
    """All processes exit, and nothing has leaked."""
    while hart.proc is not hart.kernel.first:
        hart.call("exit", 0)
    hart.exit()
    kernel = hart.kernel
    assert (kernel.panicked, kernel.kmem.used) == (None, kernel.own_frames)


def test_a_touch_maps_one_of_zeros():
    hart = hart_under("superpage")
    resident = hart.proc.space.resident
    hart.store(BLOCK + 5 * PAGE, 7)
    outcome = last(hart)
    assert (outcome.decision, outcome.why, outcome.in_superpage) == (
        Decision.MAPPED,
        Why.UNTOUCHED,
        True,
    )
    assert outcome.frame == pte_to_pa(hart.pte(BLOCK)) + 5 * PAGE
    assert steps(outcome)[Step.ZERO_PAGE] == 512
    assert [hart.load(BLOCK + page * PAGE) for page in (0, 5, 511)] == [0, 7, 0]
    assert len(hart.kernel.faults) == 1
    assert hart.proc.space.resident == resident + 512
    assert (hart.kernel.heap.superpages, hart.kernel.heap_frames_used) == (1, 512)
    ends_well(hart)


@pytest.mark.parametrize("svadu", [False, True])
def test_its_entry_has_the_bits_that_the_hart_leaves_to_the_kernel(svadu):
    hart = hart_under("superpage", svadu=svadu)
    hart.trap(Cause.STORE_PAGE, stval=BLOCK)
    assert hart.pte(BLOCK) & 0xC0 == (0 if svadu else 0xC0)
    ends_well(hart)


def test_what_is_not_whole_the_heaps_gets_pages():
    hart = hart_under("superpage", heap=2 * MIB2 - PAGE)
    hart.store(hart.heap, 1)  # the program is in the same 2 MiB
    hart.store(2 * MIB2, 1)  # they end behind the size
    assert [level(hart, va) for va in (hart.heap, 2 * MIB2)] == [0, 0]
    assert hart.kernel.heap.superpages == 0
    ends_well(hart)


def test_the_size_is_compared_to_the_byte():
    hart = hart_under("superpage", heap=1)
    hart.sbrk(2 * MIB2 - hart.proc.sz - 1)
    hart.store(BLOCK, 1)
    assert level(hart, BLOCK) == 0
    ends_well(hart)


def test_a_heap_that_is_exactly_one_block_is_a_superpage():
    data = segment(MIB2 - 3 * PAGE, b"data", R | W)  # guard page and stack come behind it
    hart = hart_under("superpage", heap=MIB2, elf=elf_file(segment(0, b"\x13\0\0\0", R | X), data))
    assert (hart.heap, hart.proc.sz) == (MIB2, 2 * MIB2)
    hart.store(BLOCK, 1)
    assert level(hart, BLOCK) == 1
    ends_well(hart)


def test_a_block_with_pages_goes_on_with_pages():
    hart = hart_under("superpage", heap=MIB2)
    hart.store(BLOCK, 1)
    hart.sbrk(2 * MIB2)
    for va in (BLOCK + PAGE, 2 * MIB2):
        hart.store(va, 1)
    assert [level(hart, va) for va in (BLOCK + PAGE, 2 * MIB2)] == [0, 1]
    ends_well(hart)


def test_without_a_run_there_are_pages_and_it_is_counted():
    hart = hart_under("superpage", size=MIB)
    for va in (BLOCK, BLOCK + PAGE):
        hart.store(va, 7)
    assert (level(hart, BLOCK), hart.kernel.heap.without_run) == (0, 1)
    assert hart.kernel.heap_frames_used == 2
    ends_well(hart)


def test_a_heap_that_shrinks_demotes_the_last_one():
    hart = hart_under("superpage")
    hart.store(BLOCK + 9 * PAGE, 9)
    hart.store(BLOCK + 10 * PAGE, 10)
    used = hart.kernel.kmem.used
    hart.sbrk(BLOCK + 10 * PAGE - hart.proc.sz)
    assert hart.kernel.kmem.used == used - 502 + 1
    assert (level(hart, BLOCK), hart.load(BLOCK + 9 * PAGE)) == (0, 9)
    hart.sbrk(2 * MIB2)
    assert (hart.load(BLOCK + 10 * PAGE), level(hart, BLOCK + 10 * PAGE)) == (0, 0)
    ends_well(hart)


def test_a_heap_that_goes_and_comes_again_gets_another_one():
    hart = hart_under("superpage")
    hart.store(BLOCK, 1)
    hart.sbrk(-3 * MIB2)
    hart.sbrk(3 * MIB2)
    assert (hart.load(BLOCK), level(hart, BLOCK)) == (0, 1)
    ends_well(hart)


def test_a_system_call_may_be_the_first_to_touch_it():
    hart = hart_under("superpage", input=b"x" * PAGE + b"\n")
    va = BLOCK + 3 * PAGE + 100
    assert hart.call("pipe", BLOCK + 511 * PAGE - 4) == 0
    assert hart.get(BLOCK + 511 * PAGE - 4, 8) == b"\3\0\0\0\4\0\0\0"
    assert hart.read(va, PAGE) == PAGE
    assert (hart.get(va - 1, 2), hart.get(va + PAGE - 1, 2)) == (b"\0x", b"x\0")
    ends_well(hart)


def test_fork_copies_it_to_another_one():
    hart = hart_under("superpage")
    hart.store(BLOCK + PAGE, 7)
    run = pte_to_pa(hart.pte(BLOCK))
    assert hart.call("fork") == 3
    switch_to(hart, 3)
    assert (level(hart, BLOCK), hart.load(BLOCK + PAGE)) == (1, 7)
    assert pte_to_pa(hart.pte(BLOCK)) != run
    ends_well(hart)


@pytest.mark.parametrize("size, pid", [(5 * MIB, 3), (4 * MIB, -1)])
def test_fork_copies_it_to_pages_if_no_run_is_left(size, pid):
    hart = hart_under("superpage", size=size)
    hart.store(BLOCK + PAGE, 7)
    used = hart.kernel.kmem.used
    assert hart.call("fork") == pid
    assert hart.kernel.heap.without_run == 1
    if pid == -1:  # there are too few frames, whatever they are for
        assert hart.kernel.kmem.used == used
    else:
        switch_to(hart, pid)
        assert (level(hart, BLOCK), hart.load(BLOCK + PAGE)) == (0, 7)
    ends_well(hart)


@pytest.fixture
def shared():
    """A parent on the hart whose superpage its child has, too."""
    hart = hart_under("cow+superpage")
    hart.store(BLOCK, 1)
    hart.store(BLOCK + PAGE, 2)
    used = hart.kernel.kmem.used
    hart.call("fork")
    assert hart.kernel.kmem.used < used + 20
    return hart


def test_shared_it_stays_one_until_a_store(shared):
    hart = shared
    switch_to(hart, 3)
    assert (hart.load(BLOCK), level(hart, BLOCK)) == (1, 1)
    hart.store(BLOCK, 9)
    outcome = last(hart)
    assert (outcome.why, len(outcome.tables), outcome.in_superpage) == (Why.SHARED, 1, False)
    assert steps(outcome)[Step.COPY] == PAGE // 8
    assert (level(hart, BLOCK), hart.load(BLOCK), hart.load(BLOCK + PAGE)) == (0, 9, 2)
    switch_to(hart, 2)
    assert (level(hart, BLOCK), hart.load(BLOCK)) == (1, 1)
    ends_well(hart)


def test_bits_are_cleared_though_storing_them_has_split_the_superpage(shared):
    hart, mask = shared, BLOCK + 5 * PAGE
    switch_to(hart, 3)
    assert hart.call("pgaccess", BLOCK, 4, mask) == 0
    assert (level(hart, BLOCK), hart.get(mask, 4)) == (0, b"\x0f\0\0\0")
    assert hart.call("pgaccess", BLOCK, 8, mask) == 0
    assert hart.get(mask, 4) == b"\xf0\0\0\0"
    ends_well(hart)


def test_a_page_that_is_the_parents_alone_is_taken_over_from_a_superpage(shared):
    hart = shared
    switch_to(hart, 3)
    hart.store(BLOCK, 9)
    switch_to(hart, 2)
    hart.store(BLOCK, 8)
    assert (last(hart).why, len(last(hart).tables)) == (Why.LAST_OWNER, 1)
    hart.store(BLOCK + PAGE, 7)
    assert (last(hart).why, last(hart).tables) == (Why.SHARED, ())
    assert (hart.load(BLOCK), hart.load(BLOCK + PAGE)) == (8, 7)
    switch_to(hart, 3)
    assert (hart.load(BLOCK), hart.load(BLOCK + PAGE)) == (9, 2)
    ends_well(hart)


def test_the_last_owner_takes_all_of_it_over(shared):
    hart = shared
    switch_to(hart, 3)
    hart.call("exit", 0)
    hart.call("wait", 0)
    hart.store(BLOCK + 3 * PAGE, 4)
    assert (last(hart).why, last(hart).in_superpage) == (Why.LAST_OWNER, True)
    assert last(hart).frame == pte_to_pa(hart.pte(BLOCK)) + 3 * PAGE
    faults = len(hart.kernel.faults)
    hart.store(BLOCK, 5)
    assert (level(hart, BLOCK), len(hart.kernel.faults)) == (1, faults)
    ends_well(hart)


def test_a_system_call_writes_to_a_page_of_its_own(shared):
    hart = shared
    assert hart.call("pipe", BLOCK + PAGE - 4) == 0
    assert level(hart, BLOCK) == 0
    switch_to(hart, 3)
    assert hart.get(BLOCK + PAGE - 4, 5) == bytes(4) + b"\2"
    ends_well(hart)


@pytest.mark.parametrize("nth, why", [(1, Why.NO_COPY), (2, Why.NO_TABLE)])
def test_without_a_frame_for_the_copy_or_the_table_the_process_is_killed(shared, nth, why):
    hart = shared
    switch_to(hart, 3)
    with failing_kalloc(hart.kernel, nth):
        hart.trap(Cause.STORE_PAGE, stval=BLOCK)
    assert (last(hart).decision, last(hart).why) == (Decision.REFUSED, why)
    assert hart.call("wait", 0) == 3
    assert hart.load(BLOCK) == 1
    ends_well(hart)


def test_to_give_back_a_part_that_is_shared_needs_a_frame(shared):
    hart = shared
    size = hart.proc.sz
    with failing_kalloc(hart.kernel, 1):
        assert hart.sbrk(BLOCK + 5 * PAGE - size) == -1
    assert (hart.sbrk(0), level(hart, BLOCK)) == (size, 1)
    assert hart.sbrk(BLOCK + 5 * PAGE - size) == size
    assert hart.load(BLOCK + PAGE) == 2
    switch_to(hart, 3)
    assert (level(hart, BLOCK), hart.load(BLOCK + 6 * PAGE)) == (1, 0)
    ends_well(hart)


def test_a_load_gets_the_page_of_zeros_and_a_store_a_superpage():
    hart = hart_under("superpage+zero-page")
    hart.load(BLOCK)
    hart.store(BLOCK + PAGE, 1)
    hart.store(2 * MIB2, 1)
    hart.load(2 * MIB2 + PAGE)
    assert [level(hart, va) for va in (BLOCK, BLOCK + PAGE, 2 * MIB2)] == [0, 0, 1]
    assert hart.kernel.heap_frames_used == 1 + 512
    ends_well(hart)


def test_who_touches_too_much_is_killed_as_ever():
    hart = hart_under("superpage", size=4 * MIB, heap=64 * MIB)

    def touch_all():
        for va in range(BLOCK, 64 * MIB, PAGE):
            hart.store(va, 1)

    with pytest.raises(Killed):
        touch_all()
    assert last(hart).why is Why.NO_FRAME
    assert hart.kernel.kmem.used_max == 1024
    assert (hart.kernel.panicked, hart.kernel.kmem.used) == (None, hart.kernel.own_frames)
