import pytest

from hdl.arch import PAGE_SIZE, Pte, pte_to_pa
from kernel_model.facts.costs import IDEAL, Step
from kernel_model.facts.memlayout import MAXVA
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.lazy import vmfault
from kernel_model.mm.pagetable import getpte, mappages, uvmunmap
from kernel_model.mm.regions import Owner
from kernel_model.mm.served import Decision, Why
from tests.kernel_model.support import R, W, X, elf_file, failing_kalloc, make_hart, segment

MIB = 1 << 20


@pytest.fixture
def hart():
    hart = make_hart()
    hart.sbrk(64 * MIB)
    return hart


def test_maps_a_cleared_page_for_the_user(hart):
    kernel, proc = hart.kernel, hart.kernel.proc

    outcome = vmfault(kernel, proc.space, hart.heap + 0x123, Pte.R)

    frame = outcome.frame
    assert (outcome.decision, outcome.why) == (Decision.MAPPED, Why.UNTOUCHED)
    assert kernel.memory.read(frame, PAGE_SIZE) == bytes(PAGE_SIZE)
    flags = Pte.V | Pte.R | Pte.W | Pte.U | Pte.A | Pte.D
    assert hart.pte(hart.heap) == frame >> 12 << 10 | flags


@pytest.mark.parametrize("va, why", [(1 << 40, Why.PAST_SIZE), (0, Why.OWNER_RIGHTS)])
def test_a_page_that_is_not_there_is_refused_without_an_entry(va, why):
    hart = make_hart(elf_file(segment(4 * PAGE_SIZE, b"text", R | X), entry=4 * PAGE_SIZE))
    outcome = vmfault(hart.kernel, hart.proc.space, va, Pte.W)
    assert (outcome.decision, outcome.why, outcome.pte) == (Decision.REFUSED, why, 0)


def test_notes_every_entry_that_it_wrote(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.promise(4 << 30)

    none, one, two = (
        vmfault(kernel, proc.space, va, Pte.R) for va in (hart.heap, 32 * MIB, 3 << 30)
    )

    assert [len(outcome.tables) for outcome in (none, one, two)] == [0, 1, 2]
    for outcome in (none, one, two):
        levels = [write.level for write in outcome.writes]
        assert levels == list(range(len(outcome.tables), -1, -1))
        assert [write.before for write in outcome.writes] == [0] * len(levels)
        for write in outcome.writes:
            assert kernel.memory.read_u64(write.address) == write.after
        assert pte_to_pa(outcome.writes[-1].after) == outcome.frame
    assert two.writes[0].address == proc.pagetable + 8 * 3
    assert two.writes[1].address == two.tables[0]


def test_notes_every_step_and_what_it_cost(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.promise(4 << 30)
    before = kernel.cycles

    outcome = vmfault(kernel, proc.space, 3 << 30, Pte.R)

    # A page and two page tables; one look finds nothing in the root, and the way there is three.
    times = {step: times for step, times, _ in outcome.work.steps}
    assert times == {Step.FAULT: 1, Step.ALLOCATE: 3, Step.ZERO_PAGE: 3, Step.PTE: 1 + 3}
    assert all(cycles == n * IDEAL[step] for step, n, cycles in outcome.work.steps)
    assert outcome.work.cycles == kernel.cycles - before


def test_what_is_refused_has_cost_something_too(hart):
    outcome = vmfault(hart.kernel, hart.proc.space, hart.heap, Pte.X)

    looks = (Step.PTE, 3, 3 * IDEAL[Step.PTE])
    assert outcome.work.steps == ((Step.FAULT, 1, IDEAL[Step.FAULT]), looks)
    assert (outcome.frame, outcome.writes, outcome.tables) == (0, (), ())


def test_the_size_counts_to_the_byte(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.promise(hart.heap + 0x1001)

    assert vmfault(kernel, proc.space, proc.sz, Pte.R).why is Why.PAST_SIZE
    assert vmfault(kernel, proc.space, proc.sz - 1, Pte.R).decision is Decision.MAPPED


@pytest.mark.parametrize("va", [MAXVA - 1, MAXVA, 1 << 63, (1 << 64) - 1], ids=hex)
def test_refuses_what_is_past_the_size(hart, va):
    outcome = vmfault(hart.kernel, hart.kernel.proc.space, va, Pte.R)
    assert (outcome.frame, outcome.why, outcome.region) == (0, Why.PAST_SIZE, None)
    assert outcome.size == hart.kernel.proc.sz


@pytest.mark.parametrize(
    "below_heap, why",
    [
        (2 * PAGE_SIZE, Why.GUARD_PAGE),
        (PAGE_SIZE, Why.PAGE_RIGHTS),
        (5 * PAGE_SIZE, Why.PAGE_RIGHTS),
    ],
)
def test_refuses_a_page_that_is_mapped(hart, below_heap, why):
    kernel = hart.kernel
    used, before = kernel.kmem.used, hart.pte(hart.heap - below_heap)

    outcome = vmfault(kernel, kernel.proc.space, hart.heap - below_heap, Pte.R)

    assert (outcome.frame, outcome.why, outcome.pte) == (0, why, before)
    assert (kernel.kmem.used, hart.pte(hart.heap - below_heap)) == (used, before)
    assert before


def test_refuses_a_page_that_is_mapped_for_execution_alone(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    frame = kernel.kmem.kalloc()
    assert mappages(kernel, proc.pagetable, hart.heap, PAGE_SIZE, frame, Pte.X | Pte.U)

    outcome = vmfault(kernel, proc.space, hart.heap, Pte.R)

    assert (outcome.frame, outcome.why) == (0, Why.PAGE_RIGHTS)
    assert outcome.pte & (Pte.R | Pte.W | Pte.X) == Pte.X


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_takes_nothing_if_a_frame_lacks(hart, nth):
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.promise(4 << 30)
    used = kernel.kmem.used

    with failing_kalloc(kernel, nth) as calls:
        outcome = vmfault(kernel, proc.space, 3 << 30, Pte.R)  # a page and two page tables

    assert len(calls) == nth
    assert (outcome.frame, outcome.writes) == (0, ())
    assert outcome.why is (Why.NO_FRAME if nth == 1 else Why.NO_TABLE)
    assert kernel.kmem.used == used
    assert getpte(kernel, proc.pagetable, 3 << 30) == 0


FAR = 0x10000


@pytest.fixture
def far():
    """Linked as a plain compiler does: text at 64 KiB, data beyond a hole of a page."""
    return make_hart(
        elf_file(segment(FAR, b"text", R | X), segment(FAR + 2 * PAGE_SIZE, b"data", R | W))
    )


@pytest.mark.parametrize(
    "va, access, rights",
    [
        (0, Pte.W, Pte.R | Pte.X),
        (FAR - 1, Pte.W, Pte.R | Pte.X),
        (FAR + PAGE_SIZE, Pte.X, Pte.R | Pte.W),
    ],
)
def test_what_exec_left_unmapped_has_the_rights_of_the_segment_above(far, va, access, rights):
    used = far.kernel.kmem.used
    outcome = vmfault(far.kernel, far.proc.space, va, access)
    assert (outcome.frame, outcome.why) == (0, Why.OWNER_RIGHTS)
    assert (outcome.region.owner, outcome.region.rights) == (Owner.SEGMENT, rights)
    assert far.kernel.kmem.used == used
    assert not far.kernel.faults


@pytest.mark.parametrize(
    "va, access, rights",
    [
        (0, Pte.R, Pte.R | Pte.X),
        (FAR - 1, Pte.X, Pte.R | Pte.X),
        (FAR + PAGE_SIZE, Pte.W, Pte.R | Pte.W),
        (FAR + PAGE_SIZE, Pte.R, Pte.R | Pte.W),
    ],
)
def test_a_page_below_a_segment_gets_its_frame_when_it_may_be_touched(far, va, access, rights):
    far.kernel.wrote_code = False
    frame = vmfault(far.kernel, far.proc.space, va, access).frame
    flags = Pte.V | Pte.U | Pte.A | Pte.D | rights
    assert far.pte(va) == frame >> 12 << 10 | flags
    assert far.kernel.memory.read(frame, PAGE_SIZE) == bytes(PAGE_SIZE)
    assert far.kernel.wrote_code == bool(rights & Pte.X)
    assert far.kernel.heap_frames_used == 0
    assert far.proc.space.most == 5


def test_heap_pages_are_not_executed(hart):
    used = hart.kernel.kmem.used
    outcome = vmfault(hart.kernel, hart.kernel.proc.space, hart.heap, Pte.X)
    assert (outcome.decision, outcome.why) == (Decision.REFUSED, Why.OWNER_RIGHTS)
    assert outcome.region.owner is Owner.HEAP
    assert hart.kernel.kmem.used == used


def test_a_page_of_nobody_panics(hart):
    hart.proc.space.size += PAGE_SIZE
    with pytest.raises(KernelPanic, match=f"vmfault: {hart.proc.sz - 1:#x} is nobody's"):
        vmfault(hart.kernel, hart.proc.space, hart.proc.sz - 1, Pte.R)


def test_counts_heap_pages_only(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    uvmunmap(kernel, proc.pagetable, 0, 1, do_free=True)  # a hole below the heap

    assert vmfault(kernel, proc.space, 0, Pte.R).frame
    assert kernel.heap_frames_used == 0
    assert vmfault(kernel, proc.space, hart.heap, Pte.R).frame
    assert kernel.heap_frames_used == 1
