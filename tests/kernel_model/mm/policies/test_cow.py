"""Fork shares, and a store copies."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.mm.pagetable import leaves
from kernel_model.mm.policy import make_policy
from kernel_model.mm.served import Decision, Why
from tests.kernel_model.mm.policies.looks import last, steps
from tests.kernel_model.support import failing_kalloc, make_hart, switch_to
from tests.kernel_model.tables import charged

PAGE = PAGE_SIZE


def test_fork_shares_and_the_first_store_copies(forked):
    hart = forked
    frame = pte_to_pa(hart.pte(hart.heap))
    assert hart.kernel.kmem.references(frame) == 2

    hart.store(hart.heap, ord("n"))

    outcome = last(hart)
    assert (outcome.why, hart.kernel.faults[-1].cause) == (Why.SHARED, Cause.STORE_PAGE)
    assert steps(outcome)[Step.COPY] == PAGE // 8
    assert (outcome.frame != frame, outcome.pte & Pte.V) == (True, Pte.V)
    assert hart.get(hart.heap, 3) == b"nld"
    switch_to(hart, 3)
    assert hart.get(hart.heap, 3) == b"old"


def test_text_that_is_shared_stays_read_only(forked):
    hart = forked
    switch_to(hart, 3)
    hart.trap(Cause.STORE_PAGE, stval=0)
    assert (last(hart).decision, last(hart).why) == (Decision.REFUSED, Why.PAGE_RIGHTS)


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_fork_that_lacks_a_frame_leaves_the_parent_its_pages(nth):
    hart = make_hart(policy=make_policy("cow"))
    hart.sbrk(PAGE)
    hart.store(hart.heap, 1)
    used = hart.kernel.kmem.used
    with failing_kalloc(hart.kernel, nth) as calls:
        result = hart.call("fork")
    assert (result == -1) == (len(calls) >= nth)
    if result == -1:
        assert (hart.kernel.kmem.used, hart.kernel.kmem.shared) == (used, 0)
    hart.store(hart.heap, 2)
    assert hart.load(hart.heap) == 2


def charged_by_two_forks(step):
    """How often each of two forks of the same parent is charged `step`, and its pages with W."""
    hart = make_hart(policy=make_policy("cow"))
    hart.sbrk(2 * PAGE)
    for page in (0, 1):
        hart.store(hart.heap + page * PAGE, 1)
    space = hart.proc.space
    found = leaves(hart.kernel, space.root, 0, space.size)
    writable = sum(bool(pte & Pte.W) for _, _, pte in found)
    counts = []
    for _ in range(2):
        count = charged(hart.kernel, step)
        hart.call("fork")
        counts.append(count())
    return counts, writable


def test_nothing_is_copied_by_fork():
    assert charged_by_two_forks(Step.COPY)[0] == [0, 0]


def test_w_is_taken_from_the_parents_entries_once():
    (first, second), writable = charged_by_two_forks(Step.PTE)
    assert first - second == writable >= 2
