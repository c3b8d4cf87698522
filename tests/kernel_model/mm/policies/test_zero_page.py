"""Loads share a page of zeros."""

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.mm.policy import make_policy
from kernel_model.mm.served import Why
from tests.kernel_model.mm.policies.looks import last
from tests.kernel_model.support import make_hart

PAGE = PAGE_SIZE


def test_loads_share_one_page_of_zeros_until_a_store():
    hart = make_hart(policy=make_policy("zero-page"))
    hart.sbrk(2 * PAGE)
    used = hart.kernel.kmem.used
    assert [hart.load(hart.heap), hart.load(hart.heap + PAGE)] == [0, 0]
    assert (hart.kernel.kmem.used, last(hart).why) == (used, Why.NEVER_STORED)
    assert not hart.pte(hart.heap) & Pte.W

    hart.store(hart.heap, 7)

    assert last(hart).why is Why.SHARED
    assert [hart.load(hart.heap), hart.load(hart.heap + PAGE)] == [7, 0]
    assert hart.kernel.kmem.used == used + 1
    hart.exit()
    assert hart.kernel.kmem.used == hart.kernel.own_frames


def test_a_store_past_the_size_gets_a_frame_if_the_page_is_there():
    hart = make_hart(policy=make_policy("zero-page"))
    hart.sbrk(100)
    hart.load(hart.heap)
    hart.store(hart.heap + 200, 7)
    assert hart.load(hart.heap + 200) == 7
