"""What is decided before any policy is asked: A bits that were cleared, and nothing else."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte
from kernel_model.mm.accessed import accessed, forget, set_again
from kernel_model.mm.pagetable import walk
from kernel_model.mm.served import Decision, Why
from tests.kernel_model.support import make_hart, switch_to


def forgotten(hart, va):
    for page, entry in accessed(hart.kernel, hart.proc.pagetable, va, va + PAGE_SIZE):
        forget(hart.kernel, hart.proc.pagetable, page, entry)


def test_a_bit_that_was_cleared_is_set_with_one_write():
    hart = make_hart()
    forgotten(hart, PAGE_SIZE)
    hart.trap(Cause.LOAD_PAGE, stval=PAGE_SIZE)
    outcome = hart.kernel.faults[-1].outcome
    assert (outcome.decision, outcome.why) == (Decision.MAPPED, Why.NOT_ACCESSED)
    (write,) = outcome.writes
    assert write.after == write.before | Pte.A
    assert outcome.tables == ()
    assert outcome.work.cycles > 0


@pytest.mark.parametrize("cause", [Cause.STORE_PAGE, Cause.FETCH_PAGE])
def test_a_clear_bit_gives_no_right(cause):
    hart = make_hart()
    hart.call("fork")
    switch_to(hart, 3)
    va = 0 if cause is Cause.STORE_PAGE else PAGE_SIZE
    forgotten(hart, va)
    hart.trap(cause, stval=va)
    assert hart.kernel.faults[-1].outcome.why is Why.PAGE_RIGHTS


def test_a_hart_that_sets_the_bits_itself_gets_no_such_answer():
    hart = make_hart(svadu=True)
    hart.call("fork")
    switch_to(hart, 3)
    hart.trap(Cause.LOAD_PAGE, stval=PAGE_SIZE)
    assert hart.kernel.faults[-1].outcome.decision is Decision.REFUSED


def test_a_clear_bit_does_not_make_the_kernels_page_the_users():
    hart = make_hart()
    hart.call("fork")
    switch_to(hart, 3)
    guard = hart.proc.sz - 2 * PAGE_SIZE
    entry = walk(hart.kernel, hart.proc.pagetable, guard)
    pte = hart.kernel.memory.read_u64(entry)
    assert pte & (Pte.V | Pte.U) == Pte.V
    hart.kernel.memory.write_u64(entry, pte & ~Pte.A)

    space = hart.proc.space
    hart.trap(Cause.LOAD_PAGE, stval=guard)
    outcome = hart.kernel.faults[-1].outcome
    assert outcome.decision is Decision.REFUSED
    assert set_again(hart.kernel, space, guard, Pte.R, outcome) is outcome
    assert hart.kernel.memory.read_u64(entry) & Pte.A == 0
