"""The address space of a process: its page table, how large it is, and whose its pages are."""

from dataclasses import dataclass, field

from hdl.arch import PAGE_SIZE, page_round_up
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.mm.regions import Owner, Region, Regions

__all__ = ["AddressSpace", "AreaUse", "HeapUse"]


@dataclass(slots=True, eq=False)
class AddressSpace:
    """What a process can address."""

    #: Physical address of the page table's root.
    root: int
    #: Bytes: the addresses below it are the process's, touched or not, and so are its areas.
    size: int = 0
    #: Whose its pages are, touched or not; but for areas they end with the page of the size.
    regions: Regions = field(default_factory=Regions)
    #: Pages in memory that are the process's own, the guard page included; and the most ever.
    resident: int = 0
    most: int = 0
    #: What `policies/prefault.py` has learned: the page of the last fault, -1 before the first, and
    #: how far it was from the one before.
    last_fault: int = -1
    stride: int = 0

    def region(self, va: int) -> Region | None:
        """The region that `va` lies in; None past the size, which is compared to the byte, unless
        an area is there."""
        return self.regions.at(va) if va < self.size else self.regions.area(va)

    def whole(self, region: Region) -> int:
        """The end of those pages of the region that the size covers in full; of an area all."""
        return region.end if region.area else min(region.end, self.size // PAGE_SIZE * PAGE_SIZE)

    @property
    def ceiling(self) -> int:
        """How large `sbrk` may make it: up to its lowest area."""
        return self.regions.areas[0].start if self.regions.areas else TRAPFRAME

    @property
    def pages(self) -> int:
        """Pages that are the process's, touched or not."""
        return page_round_up(self.size) // PAGE_SIZE + self.area_pages

    @property
    def waiting(self) -> int:
        """Pages that wait for their frames."""
        return self.pages - self.resident

    def reside(self, pages: int) -> None:
        """Note that so many pages more are in memory, or fewer."""
        self.resident += pages
        if self.resident > self.most:
            self.most = self.resident

    def resize(self, size: int) -> None:
        """Note that `sbrk` has made it `size` bytes large: what is new is the heap's."""
        self.size, self.regions = size, self.regions.resized(size)

    def copy_of(self, other: "AddressSpace", pages: int) -> None:
        """Note that it is a copy of `other`, of which `pages` were in memory."""
        self.size, self.regions = other.size, other.regions
        self.reside(pages)

    @property
    def area_pages(self) -> int:
        """Pages of its areas, touched or not."""
        return sum(area.pages for area in self.regions.areas)

    @property
    def heap_pages(self) -> int:
        """Pages of the heap, touched or not."""
        return self.regions.pages(Owner.HEAP)


@dataclass(slots=True)
class HeapUse:
    """What all processes have had of heap."""

    #: The most pages of a heap that a process's size ever covered, touched or not; a page that is
    #: covered in part counts.
    promised: int = 0
    #: Frames that heap pages have got by being touched. A page that is given back and touched
    #: again takes a frame again and counts again; a copy made by `fork` does not count.
    frames: int = 0
    #: Superpages that a touch has brought; and how often one was wanted, by a touch or for the copy
    #: of another, and no run of frames was left for it.
    superpages: int = 0
    without_run: int = 0


@dataclass(slots=True)
class AreaUse:
    """What all processes have had of areas that `mmap` makes."""

    #: The most pages that the areas of a process ever had, touched or not.
    promised: int = 0
    #: Frames that their pages have got by being touched. One that is shared counts once, whoever
    #: touches it besides; a copy made by `fork` does not count.
    frames: int = 0
