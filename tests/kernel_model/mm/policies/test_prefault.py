"""A stride of faults is learned."""

from hdl.arch import PAGE_SIZE
from kernel_model.mm.policy import make_policy
from tests.kernel_model.mm.policies.looks import mapped
from tests.kernel_model.support import make_hart

PAGE = PAGE_SIZE


def test_the_third_fault_of_a_stride_maps_ahead():
    hart = make_hart(policy=make_policy("prefault:2"))
    hart.sbrk(64 * PAGE)
    for page in (0, 3):
        hart.store(hart.heap + page * PAGE, 1)
    assert mapped(hart) == [0, 3]
    hart.store(hart.heap + 6 * PAGE, 1)
    assert mapped(hart) == [0, 3, 6, 9, 12]
    hart.store(hart.heap + 15 * PAGE, 1)  # what was mapped ahead counts as touched
    assert mapped(hart) == [0, 3, 6, 9, 12, 15, 18, 21]
    hart.store(hart.heap + 40 * PAGE, 1)
    assert mapped(hart)[-1] == 40


def test_a_stride_goes_down_too_and_stops_at_the_heap():
    hart = make_hart(policy=make_policy("prefault:8"))
    hart.sbrk(8 * PAGE)
    for page in (6, 5, 4):
        hart.store(hart.heap + page * PAGE, 1)
    assert mapped(hart) == [0, 1, 2, 3, 4, 5, 6]
