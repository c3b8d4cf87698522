"""Whether more memory may be promised than there is, as Linux's `vm.overcommit_memory` has it.

Mode 1, always: whoever touches the page that is too much is killed. Mode 2, never: `sbrk`, `mmap`
and `fork` fail before that (kernel documentation, Overcommit Accounting).
"""

from typing import Protocol

from hdl.arch import PAGE_SIZE, page_round_up
from kernel_model.mm.areas import common_references, tables_wanted
from kernel_model.mm.pagetable import missing_tables, missing_tables_of
from kernel_model.mm.regions import Region
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState

__all__ = ["Always", "Commit", "Strict"]


class Commit(Protocol):
    """What may be promised."""

    def grow(self, kernel: MemoryState, space: AddressSpace, size: int) -> bool:
        """Whether a process may become `size` bytes large, which is more than now."""

    def map(self, kernel: MemoryState, space: AddressSpace, area: Region) -> bool:
        """Whether a process may have one more area."""

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Whether there may be a copy of `old`, in `new`, which is empty."""


class Always:
    """Anything may."""

    def grow(self, kernel: MemoryState, space: AddressSpace, size: int) -> bool:
        """Always."""
        return True

    def map(self, kernel: MemoryState, space: AddressSpace, area: Region) -> bool:
        """Always."""
        return True

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Always."""
        return True


class Strict:
    """No more than there is.

    That are the frames that are free without those that were promised already: pages that wait for
    their frame, copies of shared ones, and the page tables for both. What the kernel takes for
    itself later, as for a pipe, is not counted. Pages of a file count as others do, for the kernel
    has no way to get their frames back.
    """

    def grow(self, kernel: MemoryState, space: AddressSpace, size: int) -> bool:
        """Whether all would fit if all that was promised were touched."""
        tables = missing_tables(kernel.memory, space.root, size)
        tables -= missing_tables(kernel.memory, space.root, space.size)
        return _fits(kernel, _pages(size) - _pages(space.size) + tables)

    def map(self, kernel: MemoryState, space: AddressSpace, area: Region) -> bool:
        """The same, for all pages of the area."""
        if not _fits(kernel, area.pages):
            return False
        tables = missing_tables_of(kernel.memory, space.root, [(area.start, area.end)])
        return _fits(kernel, area.pages + tables)

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """The same, if the copy may come to have frames of its own for all its pages."""
        return _fits(kernel, old.pages + tables_wanted(kernel, old, new.root))


def _pages(size: int) -> int:
    return page_round_up(size) // PAGE_SIZE


def _fits(kernel: MemoryState, frames: int) -> bool:
    """So many frames are left besides those that were promised."""
    copies = kernel.kmem.extra_references - common_references(kernel)
    return kernel.promised + copies + frames <= kernel.kmem.free
