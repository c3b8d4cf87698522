"""What holds of memory whenever the kernel has answered: looked up anew each time, for `--check`.

All page tables are walked, and what they map is compared with what the allocator has counted. What
an entry may be says Sv39 (privileged architecture, Sv39: Page-Based 39-bit Virtual-Memory System);
the rest is the kernel's own promise. Nothing is changed, and nothing charged.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache, partial
from struct import Struct
from typing import NamedTuple, NoReturn

from hdl.arch import (
    LEVELS,
    PAGE_BITS,
    PAGE_SIZE,
    PTE_SIZE,
    PTES_PER_PAGE,
    Pte,
    page_round_up,
    pte_to_pa,
)
from kernel_model.calls.state import KernelState
from kernel_model.facts.memlayout import TRAMPOLINE, TRAPFRAME
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.areas import parts_of
from kernel_model.mm.memory import PhysicalMemory
from kernel_model.mm.pagetable import SPAN
from kernel_model.mm.regions import Owner, Region
from kernel_model.proc.state import Proc

__all__ = ["MemoryCheck"]

_V, _R, _W, _X, _U = (int(bit) for bit in (Pte.V, Pte.R, Pte.W, Pte.X, Pte.U))
_RWX = _R | _W | _X
_G = int(Pte.G)
#: Reserved bits, and those of Svnapot and Svpbmt, which the hart lacks: with one of them an access
#: faults (privileged architecture, Sv39).
_RESERVED = (1 << 64) - (1 << 54)
_TABLE = Struct(f"<{PTES_PER_PAGE}Q")
_KERNEL = "the kernel"


class _Place(NamedTuple):
    """An entry: whose it is, its own address, and for which address it is."""

    whose: str
    entry: int
    va: int
    pte: int

    def broken(self, what: str) -> NoReturn:
        """Panics, since the entry is as it must not be."""
        raise KernelPanic(
            f"check: {self.whose}, entry {self.pte:#x} at {self.entry:#x} for {self.va:#x} {what}"
        )


class _Content(NamedTuple):
    """What is in a page-table page, each entry as (index, entry)."""

    pointers: tuple[tuple[int, int], ...] = ()
    #: Leaves past the process's size, and in no area.
    beyond: tuple[tuple[int, int], ...] = ()
    #: The frames, of 4 KiB each, that the other leaves map; and those with W, outside of shared
    #: areas.
    frames: tuple[int, ...] = ()
    writable: frozenset[int] = frozenset()
    #: Leaves in shared areas: the index, the entry, the area's backing and the place there.
    common: tuple[tuple[int, int, int, int], ...] = ()
    #: An entry that is wrong whatever else there is, and how.
    wrong: tuple[int, int, str] | None = None


class MemoryCheck:
    """Looks at all memory of `kernel` when it is called, and panics at what must not be.

    - No entry has reserved bits, and no page of the user's is global. A leaf is aligned to what it
      covers, and is not both written and executed, nor written without
      being read. Its rights are those of its region, or fewer; where that has none, the user cannot
      reach it. Past a process's size there are areas, the trap frame and the trampoline alone, and
      those two are not the user's.
    - No page of a process is a frame of the kernel's: its page tables, trap frames, pipes.
    - Each frame has as many references as uses: none is free and mapped, none mapped twice unless
      it is counted, none lost. Only one of a single reference may be written; but in a shared area
      a page is mapped to the frame that its backing has for it.
    - A backing knows which parts of it the areas of all processes show, and has frames for no
      others.

    The panic names the process, the entry and what is wrong.
    """

    def __init__(self, kernel: KernelState):
        self._kernel = kernel
        #: What the kernel itself uses a frame for; how often pages of processes map each frame, and
        #: which of these let it be written.
        self._own: dict[int, str] = {}
        self._mapped: Counter[int] = Counter()
        self._writable: set[int] = set()

    def __call__(self) -> None:
        kernel = self._kernel
        self._own, self._mapped, self._writable = {}, Counter(), set()
        self._take(kernel.trampoline, "the trampoline")
        if kernel.zero_frame:
            self._take(kernel.zero_frame, "the page of zeros")
        for place in self._walk(_root(kernel.satp), _KERNEL, 0, ()):
            if place.pte & _U:
                place.broken("lets the user in")
        for proc in kernel.procs[1:]:
            self._look_at(proc)
        self._look_at_backings()
        for pipe in {id(each.pipe): each.pipe for each in kernel.ftable if each.pipe}.values():
            self._take(pipe.frame, "a pipe")
        self._compare()

    def _take(self, frame: int, what: str) -> None:
        """Note that the kernel uses the frame, for `what`."""
        if frame in self._own:
            raise KernelPanic(f"check: frame {frame:#x} is {self._own[frame]}, and {what}")
        self._own[frame] = what

    def _look_at(self, proc: Proc) -> None:
        whose, space, frame = _name(proc), proc.space, proc.trapframe.pa
        self._take(frame, f"the trap frame of {whose}")
        waiting = {TRAPFRAME: frame, TRAMPOLINE: self._kernel.trampoline}
        end = page_round_up(space.size)
        regions = (*space.regions.parts, *space.regions.areas)
        for place in self._walk(space.root, whose, end, regions):
            if waiting.pop(place.va, None) != pte_to_pa(place.pte):
                place.broken("is past the size")
            if place.pte & _U:
                place.broken("lets the user in")
        if waiting:
            raise KernelPanic(f"check: {whose} has nothing at {min(waiting):#x}")

    def _look_at_backings(self) -> None:
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for proc in self._kernel.procs[1:]:
            for key, part in parts_of(proc.space):
                found[key].append(part)
        for key, backing in self._kernel.backings.items():
            if sorted(found[key]) != sorted(backing.parts):
                known = f"{_ranges(found[key])}, and knows of {_ranges(backing.parts)}"
                raise KernelPanic(f"check: backing {key} is shown at {known}")
            for place in backing.frames:
                if not any(start <= place < end for start, end in backing.parts):
                    raise KernelPanic(f"check: backing {key} keeps {place:#x}, which no area shows")

    def _walk(
        self, root: int, whose: str, end: int, regions: tuple[Region, ...]
    ) -> Iterator[_Place]:
        """Take a page table into the books; yields its leaves past `end`."""
        waiting = [(root, LEVELS - 1, 0)]
        while waiting:
            table, level, base = waiting.pop()
            self._take(table, f"a page table of {whose}")
            place = partial(_place, whose, table, base, SPAN[level])
            found = _read(self._kernel.memory.read(table, PAGE_SIZE), level, base, end, regions)
            if found.wrong is not None:
                index, pte, what = found.wrong
                place(index, pte).broken(what)
            self._mapped.update(found.frames)
            self._writable |= found.writable
            for index, pte, backing, where in found.common:
                frame = self._kernel.backings[backing].frames.get(where)
                if frame != pte_to_pa(pte):
                    place(index, pte).broken("is not the page of its area")
            for index, pte in found.beyond:
                yield place(index, pte)
            for index, pte in found.pointers:
                below = pte_to_pa(pte)
                if not self._kernel.kmem.references(below):
                    place(index, pte).broken("points to a page table in a frame that is free")
                waiting.append((below, level - 1, base + index * SPAN[level]))

    def _compare(self) -> None:
        """Panic unless what was found is what the allocator has counted."""
        kmem, own, mapped = self._kernel.kmem, self._own, self._mapped
        private = own.keys() & mapped.keys() - {self._kernel.zero_frame}
        for frame in sorted(private):
            self._find(frame).broken(f"maps the kernel's frame: {own[frame]}")
        for frame in sorted(kmem.shared_frames & self._writable):
            count = kmem.references(frame)
            self._find(frame, _W, alone=True).broken(
                f"lets a frame be written that is shared, by {count}"
            )
        uses, counted = mapped.copy(), kmem.counted()
        uses.update(own.keys())
        for backing in self._kernel.backings.values():
            uses.update(backing.frames.values())
        if uses == counted:
            return
        wrong = (each for each in uses | counted if uses[each] != counted.get(each, 0))
        frame = min(wrong, key=lambda each: (each not in mapped, each))
        count = counted.get(frame, 0)
        if frame not in mapped:
            what = own.get(frame, "nobody's")
            raise KernelPanic(f"check: frame {frame:#x}, {what}, is counted {count} times")
        if count == 0:
            self._find(frame).broken(f"maps {frame:#x}, which is free")
        many = f"mapped {mapped[frame]} times and counted {count} times"
        self._find(frame).broken(f"maps {frame:#x}, which is {many}")

    def _find(self, frame: int, rights: int = 0, alone: bool = False) -> _Place:
        """The last entry of a process that maps the frame, with all of `rights`; if it is to be
        `alone` one outside of shared areas."""
        found: _Place | None = None
        for proc in self._kernel.procs[1:]:
            for place, span in _leaves(self._kernel.memory, proc):
                region = proc.space.region(place.va)
                if alone and region and region.area and region.area.shared:
                    continue
                first = pte_to_pa(place.pte)
                if first <= frame < first + span and place.pte & rights == rights:
                    found = place
        assert found is not None
        return found


def _ranges(parts: list[tuple[int, int]]) -> str:
    """In words: "0x0 to 0x2000, 0x1000 to 0x2000"."""
    return ", ".join(f"{start:#x} to {end:#x}" for start, end in sorted(parts)) or "nowhere"


def _name(proc: Proc) -> str:
    return f"pid {proc.pid} ({proc.name})"


def _root(satp: int) -> int:
    return (satp & (1 << 44) - 1) << PAGE_BITS


def _place(whose: str, table: int, base: int, span: int, index: int, pte: int) -> _Place:
    return _Place(whose, table + PTE_SIZE * index, base + span * index, pte)


def _leaves(memory: PhysicalMemory, proc: Proc) -> Iterator[tuple[_Place, int]]:
    """Each leaf below the size of a process, and how many bytes it covers."""
    waiting = [(proc.space.root, LEVELS - 1, 0)]
    while waiting:
        table, level, base = waiting.pop()
        for index, pte in enumerate(_TABLE.unpack(memory.read(table, PAGE_SIZE))):
            place = _place(_name(proc), table, base, SPAN[level], index, pte)
            if pte & _V == 0:
                continue
            if pte & _RWX == 0 and level:
                waiting.append((pte_to_pa(pte), level - 1, place.va))
            elif proc.space.region(place.va):
                yield place, SPAN[level]


@lru_cache(maxsize=1 << 10)
def _read(content: bytes, level: int, base: int, end: int, regions: tuple[Region, ...]) -> _Content:
    """What is in a page-table page of `level` that maps from `base` on.

    The process has `regions`, those without an area up to `end`. Most pages are as they were when
    it was looked last: so this is remembered.
    """
    pointers, beyond, frames, writable = [], [], list[int](), list[int]()
    common = []
    for index, pte in enumerate(_TABLE.unpack(content)):
        if pte & _V == 0:
            continue
        if pte & _RESERVED:
            return _Content(wrong=(index, pte, "has reserved bits"))
        if pte & _RWX == 0 and level:
            pointers.append((index, pte))
            continue
        va = base + index * SPAN[level]
        region = _region(va, level, regions)
        mine = va < end or region is not None
        wrong = _wrong(pte, level) or (_unlike(pte, region) if mine else "")
        if wrong:
            return _Content(wrong=(index, pte, wrong))
        if not mine:
            beyond.append((index, pte))
            continue
        pa = pte_to_pa(pte)
        covered = range(pa, pa + SPAN[level], PAGE_SIZE)
        frames += covered
        if region and region.area and region.area.shared:
            common.append((index, pte, region.area.backing, va - region.area.base))
        elif pte & _W:
            writable += covered
    rest = tuple(frames), frozenset(writable), tuple(common)
    return _Content(tuple(pointers), tuple(beyond), *rest)


def _wrong(pte: int, level: int) -> str:
    """What is wrong with a leaf wherever it is; "" if nothing."""
    if pte & _RWX == 0:
        return "is a pointer at level 0"
    if pte & _W and pte & _X:
        return "can be written and executed"
    if pte & _W and not pte & _R:
        return "can be written and not read"
    return f"is not aligned to {SPAN[level]:#x}" if pte_to_pa(pte) % SPAN[level] else ""


def _region(va: int, level: int, regions: tuple[Region, ...]) -> Region | None:
    """The region that has all pages of a leaf for `va`."""
    last = va + SPAN[level] - 1
    return next((each for each in regions if each.start <= va and last < each.end), None)


def _unlike(pte: int, region: Region | None) -> str:
    """How a leaf is not as its region allows; "" if it is."""
    if region is None:
        return "is in no region, or in two"
    if not pte & _U:
        return "" if region.owner is Owner.GUARD else "is not the user's"
    if pte & _G:
        return "is global, and the user's"
    more = pte & _RWX & ~region.rights
    return f"has rights that its region, {region.owner.value}, has not" if more else ""
