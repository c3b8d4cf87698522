"""Eager allocation, as in xv6 before the lab: a page has its frame from the start."""

from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.areas import populate
from kernel_model.mm.fault import reason, refused
from kernel_model.mm.lazy import vmfault
from kernel_model.mm.regions import Owner, Region
from kernel_model.mm.served import FaultOutcome, Why
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.vm import uvmallocheap, uvmcopyspace, uvmfill, uvmforget

__all__ = ["Eager"]


class Eager:
    """The policy: no page waits, so that any page fault kills, and `sbrk` may fail.

    But for what programs and users have asked to wait: pages that `madvise` has taken back, and
    those of a stack that may grow.
    """

    def boot(self, kernel: MemoryState) -> None:
        """Needs nothing."""

    def grow(self, kernel: MemoryState, space: AddressSpace, size: int, eager: bool) -> bool:
        """Every page gets its frame, whether or not the program has asked for it."""
        return uvmallocheap(kernel, space, size)

    def map(self, kernel: MemoryState, space: AddressSpace, area: Region) -> bool:
        """Every page gets its frame."""
        return populate(kernel, space, area)

    def fault(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """Refuses, unless the page is one of those few that wait for their frame."""
        owned = space.region(va)
        if owned is not None and owned.owner in (Owner.HEAP, Owner.STACK, Owner.MMAP):
            return vmfault(kernel, space, va, access)
        before = kernel.meter.mark()
        why, region, pte = reason(kernel, space, va, access)
        if why is Why.UNTOUCHED:
            raise KernelPanic(f"vmfault: {va:#x} has no frame")
        return refused(kernel, space, why, region, pte, before)

    def copy(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """As if the process itself had touched the page."""
        return self.fault(kernel, space, va, access)

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Copies all that there is, and maps shared areas."""
        if not uvmcopyspace(kernel, old, new):
            return False
        shared = (area for area in new.regions.areas if area.area and area.area.shared)
        if all(populate(kernel, new, area) for area in shared):
            return True
        uvmforget(kernel, new)
        return False

    def exec(self, kernel: MemoryState, space: AddressSpace, start: int, end: int) -> bool:
        """All up to the segment's end: what lies below it in no segment gets frames, too."""
        return uvmfill(kernel, space, 0, end)
