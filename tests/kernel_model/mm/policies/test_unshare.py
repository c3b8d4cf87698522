"""What ends the sharing of a page."""

from hdl.arch import PAGE_SIZE, Cause, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.mm.served import Why
from tests.kernel_model.mm.policies.looks import last, steps
from tests.kernel_model.support import failing_kalloc, switch_to

PAGE = PAGE_SIZE


def test_the_last_owner_takes_over_without_a_copy(forked):
    hart = forked
    hart.store(hart.heap, 1)
    switch_to(hart, 3)
    frame = pte_to_pa(hart.pte(hart.heap))
    hart.store(hart.heap, 2)
    assert (last(hart).why, last(hart).frame) == (Why.LAST_OWNER, frame)
    assert Step.COPY not in steps(last(hart))


def test_a_system_call_that_writes_ends_the_sharing(forked):
    hart = forked
    assert hart.call("pipe", hart.heap + PAGE - 4) == 0
    assert hart.get(hart.heap + PAGE - 4, 8) == b"\3\0\0\0\4\0\0\0"
    switch_to(hart, 3)
    assert hart.get(hart.heap + PAGE - 4, 8) == bytes(4) + b"\x09\0\0\0"


def test_without_a_frame_for_the_copy_the_process_is_killed_and_the_other_goes_on(forked):
    hart = forked
    switch_to(hart, 3)
    with failing_kalloc(hart.kernel, 1):
        hart.trap(Cause.STORE_PAGE, stval=hart.heap)
    assert last(hart).why is Why.NO_COPY
    assert hart.call("wait", 0) == 3
    hart.store(hart.heap, 5)
    assert last(hart).why is Why.LAST_OWNER
    hart.exit()
    assert hart.kernel.kmem.used == hart.kernel.own_frames
