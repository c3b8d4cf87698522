"""Sv39 page tables in simulated memory.

A page table is named by the physical address of its root page. An entry with V=0 is a hole: a page
of the process that nobody has touched yet. A leaf above level 0 is a superpage, which maps as many
bytes as its entry covers: `SPAN`.
"""

from collections.abc import Iterable, Iterator
from itertools import compress
from struct import Struct
from typing import NamedTuple

from hdl.arch import (
    LEVELS,
    PAGE_BITS,
    PAGE_SIZE,
    PTE_SIZE,
    PTES_PER_PAGE,
    VPN_BITS,
    Pte,
    make_pte,
    page_round_down,
    pte_to_pa,
)
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import MAXVA
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.memory import PhysicalMemory, is_memory
from kernel_model.mm.served import PteWrite
from kernel_model.mm.state import MemoryState

__all__ = [
    "SPAN",
    "LeafTable",
    "count_tables",
    "entries",
    "find",
    "frame_of",
    "freewalk",
    "getpte",
    "leaf_tables",
    "leaves",
    "lookup",
    "mappages",
    "mapped_pages",
    "missing_tables",
    "missing_tables_of",
    "uvmunmap",
    "walk",
    "walkaddr",
    "zalloc",
]

#: Bytes that one entry covers, by level.
SPAN = tuple(PAGE_SIZE * PTES_PER_PAGE**level for level in range(LEVELS))

# Plain numbers: an operation on members of an IntEnum is several times slower. To find a member in
# its class takes as long as a call, so those that every fault needs are found once.
_PTE, _SCAN, _ZERO_PAGE = Step.PTE, Step.SCAN, Step.ZERO_PAGE
_V = int(Pte.V)
_UV = int(Pte.V | Pte.U)
_RWX = int(Pte.R | Pte.W | Pte.X)

# As `arch.vpn`, without its call: every fault looks up seven indexes.
_SHIFT = tuple(PAGE_BITS + VPN_BITS * level for level in range(LEVELS))
_INDEX = PTES_PER_PAGE - 1

_TABLE = Struct(f"<{PTES_PER_PAGE}Q")
_EMPTY = bytes(PAGE_SIZE)
_INDEXES = tuple(range(PTES_PER_PAGE))


def zalloc(kernel: MemoryState) -> int:
    """Take a frame and clear it; 0 if none is left."""
    frame = kernel.kmem.kalloc()
    if frame == 0:
        return 0
    kernel.charge(_ZERO_PAGE)
    kernel.memory.zero(frame, PAGE_SIZE)
    return frame


class LeafTable(NamedTuple):
    """A page-table page in which there are leaves, or one of them."""

    #: First virtual address that it maps.
    va: int
    #: Its physical address.
    table: int
    level: int
    #: The (index, entry) of each leaf.
    entries: list[tuple[int, int]]


def walk(
    kernel: MemoryState,
    root: int,
    va: int,
    alloc: bool = False,
    level: int = 0,
    log: list[PteWrite] | None = None,
) -> int:
    """The physical address of the entry for `va` at `level`, or 0.

    With `alloc` the page-table pages that lack are made, and the entries written for that are noted
    in `log`. 0 means that one lacks, or, with `alloc`, that no frame was left for it; then none is
    made. Panics in a superpage of a higher level.
    """
    if va >= MAXVA:
        raise KernelPanic(f"walk: {va:#x} is beyond MAXVA")
    memory = kernel.memory
    table = root
    made = 0  # the entry of the page-table page made last
    for depth in range(LEVELS - 1, level, -1):
        entry = table + PTE_SIZE * (va >> _SHIFT[depth] & _INDEX)
        pte = memory.read_u64(entry)
        if pte & _V == 0:
            page = zalloc(kernel) if alloc else 0
            if page == 0:
                kernel.charge(_PTE, LEVELS - depth)
                if made:
                    kernel.kmem.kfree(pte_to_pa(memory.read_u64(made)))
                    memory.write_u64(made, 0)
                return 0
            pte = make_pte(page, _V)
            memory.write_u64(entry, pte)
            made = entry
            if log is not None:
                log.append(PteWrite(entry, depth, 0, pte))
        elif pte & _RWX:
            raise KernelPanic(f"walk: {va:#x} is in a superpage")
        table = pte_to_pa(pte)
    kernel.charge(_PTE, LEVELS - level)
    return table + PTE_SIZE * (va >> _SHIFT[level] & _INDEX)


def lookup(memory: PhysicalMemory, root: int, va: int) -> tuple[int, int]:
    """The entry where the translation of `va` ends, a leaf or a hole, and its level.

    Nothing is charged for it. `va` is below MAXVA.
    """
    table = root
    for level in range(LEVELS - 1, 0, -1):
        pte = memory.read_u64(table + PTE_SIZE * (va >> _SHIFT[level] & _INDEX))
        if pte & _V == 0 or pte & _RWX:
            return pte, level
        table = pte_to_pa(pte)
    return memory.read_u64(table + PTE_SIZE * (va >> _SHIFT[0] & _INDEX)), 0


def find(kernel: MemoryState, root: int, va: int) -> tuple[int, int]:
    """As `lookup`, at the kernel's cost of a look at each level. Panics beyond MAXVA."""
    if va >= MAXVA:
        raise KernelPanic(f"walk: {va:#x} is beyond MAXVA")
    pte, level = lookup(kernel.memory, root, va)
    kernel.charge(_PTE, LEVELS - level)
    return pte, level


def getpte(kernel: MemoryState, root: int, va: int) -> int:
    """The entry that maps the page at `va`, at whichever level; 0 if there is none."""
    pte, _ = find(kernel, root, va)
    return pte  # a hole is 0


def walkaddr(kernel: MemoryState, root: int, va: int, need: int = _UV) -> int:
    """The physical address of the page that holds `va` if its entry has all flags of `need`, or 0.

    By default those of any user page. Of a superpage it is the 4 KiB that hold `va`.
    """
    if va >= MAXVA:
        return 0
    pte, level = find(kernel, root, va)
    if pte & need != need:
        return 0
    return frame_of(pte, level, va)


def frame_of(pte: int, level: int, va: int) -> int:
    """The physical address of the 4 KiB that hold `va`, which the leaf `pte` of `level` maps."""
    return pte_to_pa(pte) + page_round_down(va % SPAN[level])


def mappages(
    kernel: MemoryState,
    root: int,
    va: int,
    size: int,
    pa: int,
    perm: int,
    level: int = 0,
    log: list[PteWrite] | None = None,
    born: int | None = None,
) -> bool:
    """Map the pages of `va` to the frames from `pa` on, by leaves of `level`.

    All three are multiples of what such a leaf covers. The entries written are noted in `log`. They
    have the A and D bits `born`, or those that the kernel sets in all.
    False if there was no frame for a page-table page; then nothing is mapped. Panics if a page is
    mapped already.
    """
    span = SPAN[level]
    if va % span or size % span or pa % span:
        raise KernelPanic(f"mappages: {va:#x}, {size:#x} or {pa:#x} is not aligned")
    if size == 0:
        raise KernelPanic("mappages: size")
    flags = int(perm) | (kernel.leaf_flags if born is None else born) | _V
    for offset in range(0, size, span):
        entry = walk(kernel, root, va + offset, alloc=True, level=level, log=log)
        if entry == 0:
            uvmunmap(kernel, root, va, offset // PAGE_SIZE, do_free=False)
            return False
        before, after = kernel.memory.read_u64(entry), make_pte(pa + offset, flags)
        if before & _V:
            raise KernelPanic(f"mappages: remap of {va + offset:#x}")
        kernel.memory.write_u64(entry, after)
        if log is not None:
            log.append(PteWrite(entry, level, before, after))
    return True


def entries(
    kernel: MemoryState, table: int, first: int = 0, last: int = PTES_PER_PAGE
) -> list[tuple[int, int]]:
    """The (index, entry) of each valid entry of a page-table page, from `first` up to `last`."""
    if first >= last:
        return []
    kernel.charge(_SCAN, last - first)
    return _valid(kernel.memory, table, first, last)


def _valid(
    memory: PhysicalMemory, table: int, first: int = 0, last: int = PTES_PER_PAGE
) -> list[tuple[int, int]]:
    page = memory.read(table, PAGE_SIZE)
    if page == _EMPTY:
        return []
    ptes = _TABLE.unpack(page)
    used = compress(_INDEXES[first:last], ptes[first:last])
    return [(index, ptes[index]) for index in used if ptes[index] & _V]


def leaf_tables(kernel: MemoryState, root: int, start: int, end: int) -> Iterator[LeafTable]:
    """Yield the page-table pages that map something from `start` up to `end`, by address.

    Of level 0 each comes once, with all its valid entries there; a superpage comes by itself. A
    hole costs one look at the level where it begins: the empty gigabyte of a sparse process is one
    entry, not 262,144.
    """
    yield from _below(kernel, root, start, end, LEVELS - 1, 0)


def _below(
    kernel: MemoryState, table: int, start: int, end: int, level: int, base: int
) -> Iterator[LeafTable]:
    """As `leaf_tables`, from `table` down: it is one of `level` that maps from `base` on."""
    span = SPAN[level]
    found = entries(kernel, table, *_range(start, end, base, span))
    if level == 0:
        if found:
            yield LeafTable(base, table, 0, found)
        return
    for index, pte in found:
        if pte & _RWX:
            yield LeafTable(base, table, level, [(index, pte)])
        else:
            yield from _below(kernel, pte_to_pa(pte), start, end, level - 1, base + index * span)


def leaves(kernel: MemoryState, root: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (va, address of the entry, entry) for each leaf from `start` up to `end`."""
    for base, table, level, found in leaf_tables(kernel, root, start, end):
        for index, pte in found:
            yield base + index * SPAN[level], table + PTE_SIZE * index, pte


def mapped_pages(
    kernel: MemoryState, root: int, start: int, end: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (va, address of the entry, entry) for each page from `start` up to `end` that has one.

    The pages of a superpage share an entry.
    """
    for base, table, level, found in leaf_tables(kernel, root, start, end):
        span = SPAN[level]
        for index, pte in found:
            leaf = base + index * span
            for va in range(max(leaf, start), min(leaf + span, end), PAGE_SIZE):
                yield va, table + PTE_SIZE * index, pte


def _range(start: int, end: int, base: int, span: int) -> tuple[int, int]:
    """The first entry, and one past the last, for `start` up to `end` in a table from `base` on."""
    return max(start - base, 0) // span, min(-(-(end - base) // span), PTES_PER_PAGE)


def uvmunmap(kernel: MemoryState, root: int, va: int, npages: int, do_free: bool) -> int:
    """Remove the mappings of `npages` pages from `va`, a multiple of the page size. Skips holes.

    With `do_free` the frames are freed too. Return how many pages were mapped. Panics if a part of
    a superpage is to stay.
    """
    if va % PAGE_SIZE:
        raise KernelPanic(f"uvmunmap: {va:#x} is not aligned")
    end = va + npages * PAGE_SIZE
    frames: list[int] = []
    for base, table, level, found in leaf_tables(kernel, root, va, end):
        span = SPAN[level]
        for index, pte in found:
            leaf = base + index * span
            if pte & _RWX == 0:
                raise KernelPanic(f"uvmunmap: {leaf:#x} is not a leaf")
            if leaf < va or leaf + span > end:
                raise KernelPanic(f"uvmunmap: a part of the superpage at {leaf:#x}")
            pa = pte_to_pa(pte)
            frames += range(pa, pa + span, PAGE_SIZE)
        first, last = found[0][0], found[-1][0]
        kernel.memory.zero(table + PTE_SIZE * first, PTE_SIZE * (last - first + 1))
    if do_free:
        kernel.kmem.kfree_all(frames)
    return len(frames)


def freewalk(kernel: MemoryState, table: int) -> None:
    """Free a page table and those below it. Panics if a page is still mapped."""
    for _, pte in entries(kernel, table):
        if pte & _RWX:
            raise KernelPanic("freewalk: leaf")
        freewalk(kernel, pte_to_pa(pte))
    kernel.kmem.kfree(table)


def count_tables(kernel: MemoryState, root: int) -> int:
    """How many page-table pages there are, the root included; nothing is charged for counting."""
    middle = _pointers(kernel.memory, root)
    return 1 + len(middle) + sum(len(_pointers(kernel.memory, table)) for table in middle)


def missing_tables(memory: PhysicalMemory, root: int, size: int) -> int:
    """How many page-table pages lack for pages of 4 KiB everywhere below `size`.

    A superpage has none: it may be that one takes its place. Nothing is charged for counting.
    """
    wanted: list[int] = [-(-size // SPAN[level]) for level in (2, 1)]
    middle = [(index, pte_to_pa(pte)) for index, pte in _valid(memory, root) if not pte & _RWX]
    there = 0
    for index, table in middle:
        below = wanted[1] - index * PTES_PER_PAGE
        if below > 0:
            low = (number for number, pte in _valid(memory, table) if not pte & _RWX)
            there += 1 + sum(number < below for number in low)
    return sum(wanted) - there


def missing_tables_of(memory: PhysicalMemory, root: int, areas: Iterable[tuple[int, int]]) -> int:
    """As `missing_tables`, for pages of 4 KiB everywhere from a start to an end, or several."""
    wanted = {
        (level, va // SPAN[level])
        for start, end in areas
        for level in (1, 2)
        for va in range(start // SPAN[level] * SPAN[level], end, SPAN[level])
    }
    return sum(lookup(memory, root, number * SPAN[level])[1] >= level for level, number in wanted)


def _pointers(memory: PhysicalMemory, table: int) -> list[int]:
    """The page-table pages that the entries of a page-table page point to, if it is one."""
    if not is_memory(memory, table, PAGE_SIZE):
        return []
    return [pte_to_pa(pte) for _, pte in _valid(memory, table) if pte & _RWX == 0]
