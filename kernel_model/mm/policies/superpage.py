"""A touch of a large heap maps 2 MiB by one entry: one fault, one entry of a TLB, no page table.

As the lab on page tables of 2024 has it for `sbrk`, and Linux for anonymous memory (transparent
huge pages), which falls back to pages, too, where no run of frames is left.
"""

from hdl.arch import Pte
from kernel_model.mm.pagetable import lookup
from kernel_model.mm.regions import Owner, Region
from kernel_model.mm.served import PteWrite
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.superpages import MEGAPAGE, map_zeros

__all__ = ["Superpage"]

_U = int(Pte.U)


class Superpage:
    """The first touch in 2 MiB, aligned, that are the heap's and whole below the size.

    What has a page table already goes on with pages: what was touched before the heap was as large,
    had no run of frames, or was demoted.
    """

    def fill(
        self, kernel: MemoryState, space: AddressSpace, va: int, region: Region
    ) -> list[PteWrite]:
        """A superpage, if there is a run of frames; else it is counted that there was none."""
        block = va // MEGAPAGE * MEGAPAGE
        end = min(region.end, space.size)
        if region.owner is not Owner.HEAP or block < region.start or end < block + MEGAPAGE:
            return []
        _, level = lookup(kernel.memory, space.root, va)  # the fault has paid for it
        if level == 0:
            return []
        writes = map_zeros(kernel, space.root, block, region.rights | _U)
        if writes:
            kernel.heap.superpages += 1
        else:
            kernel.heap.without_run += 1
        return writes
