"""Areas of memory that `mmap` makes: where they lie, and what their pages begin with.

An area is a region like others, so that faults, copies and policies find it as they find the heap.
What is its own: the first touch of a page brings what the file has there. And of a shared area all
processes that have it by `fork` have one frame for a page, whoever touched it first; the `Backing`
keeps it for those that come later. So `fork` copies nothing of it.

The page of a shared area of a file is to be written to the file if it was stored to. D tells that:
such a page is mapped without D by a load, also where the hart leaves A and D to the kernel.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hdl.arch import PAGE_SIZE, Pte, page_round_down
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.mm.pagetable import (
    mappages,
    missing_tables,
    missing_tables_of,
    uvmunmap,
    walk,
    zalloc,
)
from kernel_model.mm.regions import Area, Owner, Region
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState

if TYPE_CHECKING:  # an area holds what it never looks into
    from kernel_model.fs.state import File

__all__ = [
    "Backing",
    "add_backing",
    "born_with",
    "common_references",
    "drop_part",
    "first_frame",
    "is_common",
    "is_written_back",
    "make_area",
    "mark_stored",
    "parts_of",
    "populate",
    "retain_backings",
    "tables_wanted",
    "unmap_areas",
]

_U, _W, _D = int(Pte.U), int(Pte.W), int(Pte.D)
_AD = int(Pte.A | Pte.D)


@dataclass(slots=True, eq=False)
class Backing:
    """What the pages of one call of `mmap` come from; its areas in all processes have it."""

    #: The open file, to which it has a reference of its own; None for zeros.
    file: "File | None"
    #: What each area of it shows, in any process, by places in the file: the first, and the one
    #: behind the last.
    parts: list[tuple[int, int]]
    #: Of shared areas: the frame of each page that was touched, by its place in the file. It has a
    #: reference to each.
    frames: dict[int, int] = field(default_factory=dict)


def make_area(space: AddressSpace, length: int, rights: int, area: Area) -> Region | None:
    """A region of `length` bytes, as high as it fits below the trap frame and above the heap.

    `area.base` is the place in the file at which it begins, negated. None if there is no room.
    """
    top = TRAPFRAME
    for above in (*reversed(space.regions.areas), None):
        bottom = above.end if above else space.regions.end
        if top - bottom >= length:
            start = top - length
            return Region(start, top, rights, Owner.MMAP, area._replace(base=start + area.base))
        top = above.start if above else 0
    return None


def add_backing(kernel: MemoryState, region: Region, file: "File | None") -> Region:
    """The region of an area, with a new backing of which it is the only part."""
    area = region.area
    if area is None:
        return region
    key = 1 + max(kernel.backings, default=0)
    kernel.backings[key] = Backing(file, [_part(area, region.start, region.end)])
    return region._replace(area=area._replace(backing=key))


def retain_backings(kernel: MemoryState, space: AddressSpace) -> None:
    """Note that one more address space, a copy, has what its areas have of their backings."""
    for key, part in parts_of(space):
        kernel.backings[key].parts.append(part)


def drop_part(kernel: MemoryState, region: Region, start: int, end: int) -> Backing | None:
    """Note that the region of an area is without what lies from `start` to `end`, a part of it.

    What nobody can touch any more has no frames then. Returns the backing if nothing is left of it:
    whoever asks has to close its file.
    """
    area = region.area
    if area is None or not area.backing:
        return None
    backing = kernel.backings[area.backing]
    first, last = _part(area, start, end)
    before, behind = _part(area, region.start, region.end)
    backing.parts.remove((before, behind))
    left = ((before, first), (last, behind))
    backing.parts += [part for part in left if part[0] < part[1]]
    gone = [
        place
        for place in backing.frames
        if first <= place < last and not any(low <= place < top for low, top in backing.parts)
    ]
    kernel.kmem.kfree_all([backing.frames.pop(place) for place in gone])
    if backing.parts:
        return None
    return kernel.backings.pop(area.backing)


def unmap_areas(kernel: MemoryState, space: AddressSpace, start: int, end: int) -> list[Backing]:
    """Take the pages of areas from `start` to `end`; the backings of which nothing is left."""
    ended = []
    for region in space.regions.areas:
        first, last = max(region.start, start), min(region.end, end)
        if first < last:
            pages = (last - first) // PAGE_SIZE
            space.reside(-uvmunmap(kernel, space.root, first, pages, do_free=True))
            ended.append(drop_part(kernel, region, first, last))
    space.regions = space.regions.without(start, end)
    return [backing for backing in ended if backing]


def _part(area: Area, start: int, end: int) -> tuple[int, int]:
    """Addresses in an area, as places in its file."""
    return start - area.base, end - area.base


def parts_of(space: AddressSpace) -> Iterator[tuple[int, tuple[int, int]]]:
    """The key of each area's backing, and which part of that the area shows."""
    for region in space.regions.areas:
        area = region.area
        if area and area.backing:
            yield area.backing, _part(area, region.start, region.end)


def is_common(kernel: MemoryState, region: Region, va: int) -> bool:
    """Whether the page of `va` has its frame already, since somebody who shares it has touched
    it."""
    area = region.area
    if area is None or not area.shared:
        return False
    return page_round_down(va) - area.base in kernel.backings[area.backing].frames


def first_frame(kernel: MemoryState, region: Region, va: int) -> int:
    """The frame that the page of `va` begins with, which no page table of the process has yet.

    One that was cleared, or has the file's bytes, or is that of all who share the area; 0 if none
    is left. The reference is the caller's.
    """
    area = region.area
    if area is None or not area.backing:
        return zalloc(kernel)
    backing = kernel.backings[area.backing]
    place = page_round_down(va) - area.base
    if place in backing.frames:
        kernel.kmem.share(backing.frames[place])
        return backing.frames[place]
    frame = _filled(kernel, backing, place)
    if frame and area.shared:
        kernel.kmem.share(frame)
        backing.frames[place] = frame
    return frame


def _filled(kernel: MemoryState, backing: Backing, place: int) -> int:
    """A frame with the page that the backing has at `place`; 0 if none is left."""
    if backing.file is None:
        return zalloc(kernel)
    frame = kernel.kmem.kalloc()
    if frame:
        data = kernel.file_page(backing.file, place)
        kernel.charge(Step.COPY, PAGE_SIZE // 8)
        kernel.memory.write(frame, data.ljust(PAGE_SIZE, b"\0"))
    return frame


def is_written_back(region: Region) -> bool:
    """What is stored to its pages has to go to a file."""
    area = region.area
    return bool(area and area.shared and area.inum and region.rights & _W)


def born_with(kernel: MemoryState, region: Region, access: int) -> int:
    """The A and D bits with which a page is mapped for that access, Pte.R, W or X."""
    if region.area is None or not is_written_back(region):
        return kernel.leaf_flags
    return _AD if access == _W else kernel.leaf_flags & ~_D


def mark_stored(kernel: MemoryState, space: AddressSpace, va: int) -> None:
    """The kernel has stored to the page of `va` for the process: as the hart, it sets D."""
    region = space.region(va)
    if region is None or not is_written_back(region):
        return
    entry = walk(kernel, space.root, page_round_down(va))
    kernel.memory.write_u64(entry, kernel.memory.read_u64(entry) | _D)


def populate(kernel: MemoryState, space: AddressSpace, region: Region) -> bool:
    """Map all pages of an area, of which none is; False, and none is, if a frame lacks."""
    for va in range(region.start, region.end, PAGE_SIZE):
        frame = first_frame(kernel, region, va)
        perm, born = region.rights | _U, born_with(kernel, region, 0)
        if frame and mappages(kernel, space.root, va, PAGE_SIZE, frame, perm, born=born):
            continue
        if frame:
            kernel.kmem.kfree(frame)
        done = (va - region.start) // PAGE_SIZE
        uvmunmap(kernel, space.root, region.start, done, do_free=True)
        return False
    space.reside(region.pages)
    kernel.wrote_code |= bool(region.rights & Pte.X)
    return True


def tables_wanted(kernel: MemoryState, space: AddressSpace, root: int) -> int:
    """How many page-table pages `root` lacks for all pages of an address space."""
    areas = [(area.start, area.end) for area in space.regions.areas]
    below = missing_tables(kernel.memory, root, space.size)
    return below + missing_tables_of(kernel.memory, root, areas)


def common_references(kernel: MemoryState) -> int:
    """References beyond the first to frames of shared areas: nobody will want a copy of those."""
    frames = (frame for each in kernel.backings.values() for frame in each.frames.values())
    return sum(kernel.kmem.references(frame) - 1 for frame in frames)
