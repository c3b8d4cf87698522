"""Which part of a process's memory belongs to whom, and what may be done there.

A page that has no frame is nobody's present: whether a touch brings one, and with which rights,
says the region that the page lies in. The regions of a process follow each other from address 0 to
its size, in whole pages; above them, with holes between, lie the areas that `mmap` has made.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from hdl.arch import PAGE_SIZE, Pte, page_round_up
from kernel_model.facts.panic import KernelPanic

__all__ = ["HEAP_RIGHTS", "Area", "Owner", "Region", "Regions"]

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
    #: `mmap`; the region has an `Area`.
    MMAP = "mmap"


class Area(NamedTuple):
    """What a region of `mmap`'s shows, and of which file."""

    #: Where its pages come from, a key of `MemoryState.backings`; 0 if they are zeros, and the
    #: process's own.
    backing: int
    #: What is stored there is seen by all who have the area, and goes to the file.
    shared: bool
    #: Number of the file's inode; 0 if there is no file.
    inum: int
    #: The address at which byte 0 of the file would be; it may be below 0.
    base: int

    @property
    def kind(self) -> str:
        """In words: "shared, file 24"."""
        what = f"file {self.inum}" if self.inum else "anonymous"
        return f"{'shared' if self.shared else 'private'}, {what}"


class Region(NamedTuple):
    """Pages with one owner."""

    #: First address, and the one behind the last: multiples of the page size.
    start: int
    end: int
    #: Bits R, W and X of `Pte`.
    rights: int
    owner: Owner
    #: Of MMAP.
    area: Area | None = None

    @property
    def pages(self) -> int:
        """How many it has."""
        return (self.end - self.start) // PAGE_SIZE

    @property
    def name(self) -> str:
        """Whose it is, and of an area what it shows: "mmap (shared, file 24 from 0x1000)"."""
        area = self.area
        if area is None:
            return self.owner.value
        where = f" from {self.start - area.base:#x}" if area.inum else ""
        return f"{self.owner.value} ({area.kind}{where})"


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a process, by address. It never changes: a child has its parent's."""

    #: Those from address 0 on, without holes, and the areas above them.
    parts: tuple[Region, ...] = ()
    areas: tuple[Region, ...] = ()

    @property
    def end(self) -> int:
        """The address behind the last of `parts`."""
        return self.parts[-1].end if self.parts else 0

    @property
    def heap(self) -> int:
        """Where the heap begins, or would begin."""
        return next((part.start for part in self.parts if part.owner is Owner.HEAP), self.end)

    @property
    def private_areas(self) -> tuple[Region, ...]:
        """The areas that are the process's own."""
        return tuple(each for each in self.areas if each.area and not each.area.shared)

    def at(self, va: int) -> Region | None:
        """The region of the page that holds `va`; None if that is nobody's."""
        # In plain steps: every fault asks.
        parts = self.parts
        if not parts or va >= parts[-1].end:
            return self.area(va) if self.areas else None
        for part in reversed(parts):
            if part.start <= va:
                return part
        return None

    def area(self, va: int) -> Region | None:
        """The area of the page that holds `va`; None if it is in none."""
        for area in self.areas:
            if area.start <= va < area.end:
                return area
        return None

    def whose(self, va: int) -> Region:
        """The region of the page that holds `va`. Panics if that is nobody's."""
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
            return replace(self, parts=(*before, last._replace(end=end)))
        return replace(self, parts=(*self.parts, Region(start, end, rights, owner)))

    def resized(self, sz: int) -> "Regions":
        """Those of a process whose size `sbrk` has changed to `sz` bytes.

        A page that is in part below the size stays whose it was. What is new is the heap, even if
        it was the stack's once or a segment's: xv6's `sbrk` unmaps them, and maps anew.
        """
        end = page_round_up(sz)
        if end >= self.end:
            return self.grown(end, HEAP_RIGHTS, Owner.HEAP)
        kept = (part._replace(end=min(part.end, end)) for part in self.parts if part.start < end)
        return replace(self, parts=tuple(kept))

    def with_area(self, area: Region) -> "Regions":
        """These, and one more area."""
        return replace(self, areas=tuple(sorted((*self.areas, area))))

    def without(self, start: int, end: int) -> "Regions":
        """These without the pages of areas from `start` to `end`: one may get two of it."""
        return replace(self, areas=tuple(_cut(self.areas, start, end)))

    def cover(self, start: int, end: int) -> bool:
        """Every page from `start` to `end`, multiples of the page size, is somebody's."""
        if start < self.end:
            start = min(self.end, end)
        for area in self.areas:
            if area.start <= start < area.end:
                start = min(area.end, end)
        return start == end


def _cut(areas: Iterable[Region], start: int, end: int) -> Iterator[Region]:
    """What is left of the areas without what lies from `start` to `end`."""
    for area in areas:
        if area.start < start:
            yield area._replace(end=min(area.end, start))
        if area.end > end:
            yield area._replace(start=max(area.start, end))
