"""Pages whose content a process does not need any more, and which of them are in memory."""

from collections.abc import Iterator

from kernel_model.mm.pagetable import mapped_pages
from kernel_model.mm.regions import Owner
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.superpages import unmap

__all__ = ["discard", "may_discard", "owned", "resident"]

#: Whose pages are at the next touch what they were at the first, zeros or a file's. Of a program's
#: own nobody keeps what was there.
_AGAIN = (Owner.HEAP, Owner.STACK, Owner.MMAP)


def owned(space: AddressSpace, start: int, end: int) -> bool:
    """Every page from `start` to `end`, multiples of the page size, is the process's."""
    if start <= end <= space.regions.end or start == end:
        return True
    return start < end and space.regions.cover(start, end)


def may_discard(space: AddressSpace, start: int, end: int) -> bool:
    """Every page from `start` to `end` is of the heap, the stack or an area."""
    parts = (part for part in space.regions.parts if part.start < end and start < part.end)
    return owned(space, start, end) and all(part.owner in _AGAIN for part in parts)


def discard(kernel: MemoryState, space: AddressSpace, start: int, end: int) -> bool:
    """Free the frames of the pages from `start` to `end`; the next touch brings zeros, or what the
    file has, or of a shared area what all see.

    False, and nothing has changed, as `superpages.unmap`, if a frame lacks.
    """
    freed = unmap(kernel, space.root, start, end)
    if freed is None:
        return False
    space.reside(-freed)
    return True


def resident(kernel: MemoryState, space: AddressSpace, start: int, end: int) -> Iterator[int]:
    """The address of each page from `start` to `end` that has a frame, in order."""
    return (va for va, _, _ in mapped_pages(kernel, space.root, start, end))
