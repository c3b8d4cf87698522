"""A policy made of no parts does what the lazy one does, to the step of work."""

from hdl.arch import PAGE_SIZE
from kernel_model.mm.policies.paging import Paging
from tests.kernel_model.support import make_hart


def test_without_any_part_it_is_lazy():
    outcomes = []
    for options in ({}, {"policy": Paging()}):
        hart = make_hart(**options)
        hart.sbrk(2 * PAGE_SIZE)
        hart.store(hart.heap, 1)
        hart.call("fork")
        outcomes.append((hart.kernel.faults, hart.kernel.kmem.used))
    assert outcomes[0] == outcomes[1]
