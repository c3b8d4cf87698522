"""A kernel whose pages never wait: no page fault maps anything, and growing may fail."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.pagetable import leaves, uvmunmap
from kernel_model.mm.policy import POLICIES
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

EAGER = POLICIES["eager"]
MIB = 1 << 20
#: Text at 64 KiB, and data beyond a hole of a page.
FAR = 0x10000
FAR_PROGRAM = elf_file(segment(FAR, b"text", R | X), segment(FAR + 2 * PAGE_SIZE, b"data", R | W))


@pytest.fixture
def hart():
    return make_hart(policy=EAGER)


def mapped(hart):
    """The addresses of the process that are mapped."""
    space = hart.proc.space
    return [va for va, _, _ in leaves(hart.kernel, space.root, 0, space.size)]


def test_growing_takes_the_frames_at_once(hart):
    used = hart.kernel.kmem.used
    hart.sbrk(3 * PAGE_SIZE + 1)
    assert hart.kernel.kmem.used == used + 4
    assert mapped(hart) == list(range(0, hart.heap + 4 * PAGE_SIZE, PAGE_SIZE))
    assert hart.proc.space.resident == len(mapped(hart))


def test_without_frames_growing_fails_and_changes_nothing(hart):
    size, used = hart.proc.sz, hart.kernel.kmem.used
    assert hart.sbrk(16 * MIB) == -1
    assert (hart.proc.sz, hart.kernel.kmem.used) == (size, used)
    assert hart.proc.space.resident == len(mapped(hart))


def test_a_program_of_2025_that_wants_lazy_pages_gets_them_at_once():
    hart = make_hart(policy=EAGER, abi="2025")
    hart.call("sbrk", 2 * PAGE_SIZE, 2)
    assert hart.pte(hart.heap + PAGE_SIZE) & Pte.V


def test_a_new_program_has_the_pages_below_and_between_its_segments():
    hart = make_hart(FAR_PROGRAM, policy=EAGER)
    assert mapped(hart) == list(range(0, hart.proc.sz, PAGE_SIZE))
    assert [hart.pte(va) & (Pte.R | Pte.W | Pte.X) for va in (0, FAR + PAGE_SIZE)] == [
        Pte.R | Pte.X,
        Pte.R | Pte.W,
    ]
    assert hart.proc.space.resident == len(mapped(hart)) == FAR // PAGE_SIZE + 3 + 2


@pytest.mark.parametrize("nth", [4, 12, 22])
def test_exec_that_lacks_a_frame_leaves_the_old_program(nth):
    hart = make_hart(policy=EAGER, files=lambda: {"new": FAR_PROGRAM})
    hart.sbrk(PAGE_SIZE)
    path = hart.put(hart.heap, b"new\0")
    used, before = hart.kernel.kmem.used, mapped(hart)

    with failing_kalloc(hart.kernel, nth):
        assert hart.call("exec", path, hart.put(hart.heap + 8, bytes(8))) == -1

    assert (hart.kernel.kmem.used, mapped(hart), hart.proc.name) == (used, before, "prog")


def test_a_child_has_all_pages_of_its_own(hart):
    hart.sbrk(2 * PAGE_SIZE)
    pages = mapped(hart)
    hart.call("fork")
    switch_to(hart, 3)
    assert mapped(hart) == pages
    assert hart.proc.space.resident == len(pages)


@pytest.mark.parametrize(
    "cause, past, why",
    [
        (Cause.LOAD_PAGE, 0, Why.PAST_SIZE),
        (Cause.FETCH_PAGE, -PAGE_SIZE, Why.PAGE_RIGHTS),
        (Cause.STORE_PAGE, -3 * PAGE_SIZE, Why.GUARD_PAGE),
    ],
)
def test_any_page_fault_kills(hart, cause, past, why):
    hart.sbrk(PAGE_SIZE)
    with pytest.raises(Killed):
        hart.trap(cause, stval=hart.proc.sz + past)
    (fault,) = hart.kernel.faults
    assert (fault.outcome.decision, fault.outcome.why) == (Decision.REFUSED, why)


@pytest.mark.parametrize("va", [0, 1 << 38, (1 << 64) - 1], ids=hex)
def test_a_system_call_gets_nothing_from_a_bad_pointer(hart, va):
    bad = va or hart.heap
    assert hart.write(bad, 1) == 0
    assert hart.call("pipe", bad) == -1
    assert hart.kernel.faults == []


def test_a_page_without_a_frame_is_a_broken_invariant(hart):
    uvmunmap(hart.kernel, hart.proc.pagetable, 0, 1, do_free=True)
    with pytest.raises(KernelPanic, match="vmfault: 0x10 has no frame"):
        EAGER.fault(hart.kernel, hart.proc.space, 0x10, Pte.R)
