"""Which part of a process's memory belongs to whom, and what may be done there.

A page that has no frame is nobody's present: whether a touch brings one, and with which rights,
says the region that the page lies in. The regions of a process follow each other from address 0 to
its size, in whole pages.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from hdl.arch import PAGE_SIZE, Pte, page_round_up
from kernel_model.facts.panic import KernelPanic

__all__ = ["HEAP_RIGHTS", "Owner", "Region", "Regions"]

#: What the owner of a heap may do.
HEAP_RIGHTS = int(Pte.R | Pte.W)


class Owner(Enum):
    """What made the pages of a region."""

    #: `exec`, for a segment of the program: from the end of what was there before to the segment's.
    SEGMENT = "segment"
    #: `exec`: nobody may touch it.
    GUARD = "guard"
    STACK = "stack"
    #: `sbrk`.
    HEAP = "heap"


class Region(NamedTuple):
    """Pages with one owner."""

    #: First address, and the one behind the last: multiples of the page size.
    start: int
    end: int
    #: Bits R, W and X of `Pte`.
    rights: int
    owner: Owner


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a process, by address. It never changes: a child has its parent's."""

    parts: tuple[Region, ...] = ()

    @property
    def end(self) -> int:
        """The address behind the last region."""
        return self.parts[-1].end if self.parts else 0

    @property
    def heap(self) -> int:
        """Where the heap begins, or would begin."""
        return next((part.start for part in self.parts if part.owner is Owner.HEAP), self.end)

    def at(self, va: int) -> Region | None:
        """The region of the page that holds `va`; None behind the last one."""
        # In plain steps: every fault asks.
        parts = self.parts
        if not parts or va >= parts[-1].end:
            return None
        for part in reversed(parts):
            if part.start <= va:
                return part
        return None

    def whose(self, va: int) -> Region:
        """The region of the page that holds `va`. Panics behind the last one."""
        region = self.at(va)
        if region is None:
            raise KernelPanic(f"vmfault: {va:#x} is nobody's")
        return region

    def pages(self, owner: Owner) -> int:
        """How many pages are the owner's."""
        own = (part for part in self.parts if part.owner is owner)
        return sum(part.end - part.start for part in own) // PAGE_SIZE

    def grown(self, end: int, rights: int, owner: Owner) -> "Regions":
        """These, and one up to the page of `end` if that lies behind them."""
        start, end = self.end, page_round_up(end)
        if end <= start:
            return self
        *before, last = self.parts or (None,)
        if last and (last.rights, last.owner) == (rights, owner):
            return Regions((*before, last._replace(end=end)))
        return Regions((*self.parts, Region(start, end, rights, owner)))

    def resized(self, sz: int) -> "Regions":
        """Those of a process whose size `sbrk` has changed to `sz` bytes.

        A page that is in part below the size stays whose it was. What is new is the heap, even if
        it was the stack's once or a segment's: xv6's `sbrk` unmaps them, and maps anew.
        """
        end = page_round_up(sz)
        if end >= self.end:
            return self.grown(end, HEAP_RIGHTS, Owner.HEAP)
        kept = (part._replace(end=min(part.end, end)) for part in self.parts if part.start < end)
        return Regions(tuple(kept))
