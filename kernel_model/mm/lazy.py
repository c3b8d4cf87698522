"""Lazy allocation: a page of a process gets its frame when it is touched for the first time.

xv6 maps what `exec` makes at once, and what lies below the first segment and between two of them,
too (kernel/exec.c: `uvmalloc` goes from the size so far to each segment's end, with that segment's
rights). Here those pages wait as the heap's do: what can be seen of it is the same.
"""

from hdl.arch import PAGE_SIZE, Pte, page_round_down
from kernel_model.mm.areas import born_with, first_frame, is_common
from kernel_model.mm.fault import reason, refused
from kernel_model.mm.pagetable import mappages
from kernel_model.mm.regions import Owner, Region
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite, Why
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.vm import uvmallocheap, uvmcopyspace, uvmfill

__all__ = ["Lazy", "vmfault"]

_U = int(Pte.U)
_X = int(Pte.X)
# Found once: to find a member in its class takes as long as a call, and this is for every fault.
_MAPPED, _UNTOUCHED, _HEAP = Decision.MAPPED, Why.UNTOUCHED, Owner.HEAP


class Lazy:
    """The policy: nothing gets a frame before it is touched, but what `exec` has to fill."""

    def boot(self, kernel: MemoryState) -> None:
        """Needs nothing."""

    def grow(self, kernel: MemoryState, space: AddressSpace, size: int, eager: bool) -> bool:
        """Only promises pages, unless the program wants them at once."""
        return uvmallocheap(kernel, space, size) if eager else True

    def map(self, kernel: MemoryState, space: AddressSpace, area: Region) -> bool:
        """Only promises pages."""
        return True

    def fault(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """The page gets its frame, if it waits for it."""
        return vmfault(kernel, space, va, access)

    def copy(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """As if the process itself had touched the page."""
        return vmfault(kernel, space, va, access)

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Copies what was touched: what nobody has touched waits in the copy, too."""
        return uvmcopyspace(kernel, old, new)

    def exec(self, kernel: MemoryState, space: AddressSpace, start: int, end: int) -> bool:
        """The segment itself, and nothing around it."""
        return uvmfill(kernel, space, start, end)


def vmfault(kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
    """Give the page of `space` that holds `va` its frame, if it is one that waits for it.

    `access` is the right that is needed, Pte.R, W or X. It is refused, and nothing has changed, if
    `va` is neither below the size nor in an area, if a page is mapped there already (so the access
    itself was not allowed), if whoever owns the page does not allow the access, or if no frame is
    left.
    """
    before = kernel.meter.mark()
    why, region, pte = reason(kernel, space, va, access)
    if why is not _UNTOUCHED or region is None:
        return refused(kernel, space, why, region, pte, before)
    if region.area and is_common(kernel, region, va):
        why = Why.COMMON
    frame = first_frame(kernel, region, va)
    if frame == 0:
        return refused(kernel, space, Why.NO_FRAME, region, pte, before)
    page, perm, born = page_round_down(va), region.rights | _U, born_with(kernel, region, access)
    writes: list[PteWrite] = []
    if not mappages(kernel, space.root, page, PAGE_SIZE, frame, perm, log=writes, born=born):
        kernel.kmem.kfree(frame)
        return refused(kernel, space, Why.NO_TABLE, region, pte, before)
    space.reside(1)
    if region.owner is _HEAP:
        kernel.heap.frames += 1
    elif region.area and why is _UNTOUCHED:
        kernel.areas.frames += 1
    if region.rights & _X:
        kernel.wrote_code = True  # the frame may have held other code
    work = kernel.meter.since(before)
    return FaultOutcome(_MAPPED, why, space.size, region, 0, frame, tuple(writes), work)
