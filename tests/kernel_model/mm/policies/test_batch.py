"""A fault maps the block around it."""

from hdl.arch import PAGE_SIZE
from kernel_model.facts.costs import Step
from kernel_model.mm.policy import make_policy
from kernel_model.mm.served import Decision
from tests.kernel_model.mm.policies.looks import last, mapped, steps
from tests.kernel_model.support import failing_kalloc, make_hart

PAGE = PAGE_SIZE


def test_a_batch_is_the_aligned_block():
    hart = make_hart(policy=make_policy("batch:8"))
    hart.sbrk(40 * PAGE)
    first = -hart.heap // PAGE % 8  # of an aligned block in the heap
    hart.store(hart.heap + (first + 11) * PAGE, 1)
    assert mapped(hart) == list(range(first + 8, first + 16))
    assert len(last(hart).ahead) == 7
    assert steps(last(hart))[Step.ZERO_PAGE] == 8


def test_a_batch_ends_at_its_region_and_before_a_page_that_is_not_whole():
    hart = make_hart(policy=make_policy("batch:512"))
    hart.sbrk(3 * PAGE + 100)
    hart.store(hart.heap, 1)
    assert mapped(hart) == [0, 1, 2]
    hart.store(hart.heap + 3 * PAGE, 1)
    assert mapped(hart) == [0, 1, 2, 3]


def test_a_batch_takes_what_there_is():
    hart = make_hart(policy=make_policy("batch:8"))
    hart.sbrk(16 * PAGE)
    with failing_kalloc(hart.kernel, 3):
        hart.store(hart.heap, 1)
    assert (len(mapped(hart)), last(hart).decision) == (2, Decision.MAPPED)
