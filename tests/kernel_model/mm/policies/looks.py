"""What the tests of paging policies look at."""

from hdl.arch import PAGE_SIZE
from kernel_model.mm.pagetable import leaves

__all__ = ["last", "mapped", "steps"]


def mapped(hart):
    """Numbers of the heap's pages that are mapped, counted from the heap's start."""
    space = hart.proc.space
    heap = space.regions.heap
    found = leaves(hart.kernel, space.root, heap, space.regions.end)
    return [(va - heap) // PAGE_SIZE for va, _, _ in found]


def last(hart):
    """What came of the last fault."""
    return hart.kernel.faults[-1].outcome


def steps(outcome):
    """How often each step of its work was done."""
    return {step: times for step, times, _ in outcome.work.steps}
