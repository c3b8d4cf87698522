"""Why a page faults, which is asked before anything is changed, whatever the policy is."""

import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.costs import IDEAL, Step
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.fault import reason, refused
from kernel_model.mm.pagetable import uvmunmap
from kernel_model.mm.regions import Owner
from kernel_model.mm.served import Decision, Why
from tests.kernel_model.support import make_hart


@pytest.fixture
def hart():
    """Of its heap of two pages, which begins behind text, data, guard and stack, one is mapped."""
    hart = make_hart()
    hart.sbrk(2 * PAGE_SIZE)
    hart.load(hart.heap)
    return hart


def why(hart, va, access):
    return reason(hart.kernel, hart.proc.space, va, access)


@pytest.mark.parametrize("va", [0, 1 << 38, (1 << 64) - 1], ids=hex)
def test_past_the_size_there_is_no_region_and_no_entry(hart, va):
    assert why(hart, max(va, hart.proc.sz), Pte.R) == (Why.PAST_SIZE, None, 0)


@pytest.mark.parametrize(
    "pages, access, expected, owner",
    [
        (0, Pte.X, Why.PAGE_RIGHTS, Owner.HEAP),
        (-1, Pte.X, Why.PAGE_RIGHTS, Owner.STACK),
        (-2, Pte.W, Why.GUARD_PAGE, Owner.GUARD),
        (-5, Pte.W, Why.PAGE_RIGHTS, Owner.SEGMENT),
    ],
)
def test_what_is_mapped_does_not_allow_the_access(hart, pages, access, expected, owner):
    va = hart.heap + pages * PAGE_SIZE
    found, region, pte = why(hart, va, access)
    assert (found, region.owner, pte) == (expected, owner, hart.pte(va))
    assert pte & Pte.V


@pytest.mark.parametrize(
    "access, expected",
    [(Pte.R, Why.UNTOUCHED), (Pte.W, Why.UNTOUCHED), (Pte.X, Why.OWNER_RIGHTS)],
)
def test_what_waits_for_its_frame_has_its_owners_rights(hart, access, expected):
    found, region, pte = why(hart, hart.heap + PAGE_SIZE, access)
    assert (found, region.owner, pte) == (expected, Owner.HEAP, 0)


def test_a_page_below_the_size_that_is_nobodys_is_a_broken_invariant(hart):
    hart.proc.space.size += PAGE_SIZE
    with pytest.raises(KernelPanic, match="is nobody's"):
        why(hart, hart.proc.sz - 1, Pte.R)


def test_asking_changes_nothing(hart):
    uvmunmap(hart.kernel, hart.proc.pagetable, 0, 1, do_free=True)
    memory, used = hart.kernel.memory.read(0x8000_0000, 1 << 20), hart.kernel.kmem.used
    for va in range(0, hart.proc.sz + PAGE_SIZE, PAGE_SIZE):
        why(hart, va, Pte.R)
    assert hart.kernel.memory.read(0x8000_0000, 1 << 20) == memory
    assert hart.kernel.kmem.used == used


def test_a_refusal_tells_what_was_found_and_what_the_look_has_cost(hart):
    before = hart.kernel.meter.mark()
    found, region, pte = why(hart, hart.heap, Pte.X)
    outcome = refused(hart.kernel, hart.proc.space, found, region, pte, before)
    assert (outcome.decision, outcome.why) == (Decision.REFUSED, Why.PAGE_RIGHTS)
    assert (outcome.region, outcome.pte, outcome.size) == (region, pte, hart.proc.sz)
    assert (outcome.frame, outcome.writes) == (0, ())
    looks = (Step.PTE, 3, 3 * IDEAL[Step.PTE])
    assert outcome.work.steps == ((Step.FAULT, 1, IDEAL[Step.FAULT]), looks)
