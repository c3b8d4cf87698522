"""A bits, read and cleared."""

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.costs import Step
from kernel_model.mm.accessed import accessed, forget
from tests.kernel_model.support import make_hart


def pages(hart, start, end):
    return [va for va, _ in accessed(hart.kernel, hart.proc.pagetable, start, end)]


def test_pages_that_are_not_the_users_are_left_out():
    hart = make_hart()
    size = hart.proc.sz
    assert pages(hart, size - 2 * PAGE_SIZE, size) == [size - PAGE_SIZE]  # the guard page


def test_a_bit_that_is_cleared_is_gone_and_the_others_stay():
    hart = make_hart()
    (va, entry), *_ = accessed(hart.kernel, hart.proc.pagetable, PAGE_SIZE, 2 * PAGE_SIZE)
    pte, before = hart.kernel.memory.read_u64(entry), hart.kernel.meter.mark()
    forget(hart.kernel, hart.proc.pagetable, va, entry)
    work = hart.kernel.meter.since(before)
    assert pages(hart, 0, 2 * PAGE_SIZE) == [0]
    assert hart.kernel.memory.read_u64(entry) == pte & ~Pte.A
    assert [step for step, *_ in work.steps] == [Step.PTE]


def test_a_page_that_was_written_and_whose_bit_is_clear_was_not_accessed():
    hart = make_hart()
    (_, entry), *_ = accessed(hart.kernel, hart.proc.pagetable, PAGE_SIZE, 2 * PAGE_SIZE)
    hart.kernel.memory.write_u64(entry, hart.kernel.memory.read_u64(entry) & ~Pte.A | Pte.D)
    assert pages(hart, PAGE_SIZE, 2 * PAGE_SIZE) == []


def test_a_hart_that_has_accessed_nothing_has_left_no_bit():
    assert pages(make_hart(svadu=True), 0, 2 * PAGE_SIZE) == []
