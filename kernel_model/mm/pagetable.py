"""Sv39 page tables in simulated memory.

Where xv6 has globals, the functions take the kernel: `kernel.memory`, `kernel.kmem` (frames),
`kernel.charge` (cycles) and `kernel.leaf_flags`, the A and D bits that the kernel sets in every
leaf because the hart does not (Svade), or 0 because it does (Svadu).

A page table is named by the physical address of its root page. An entry with V=0 is a hole: a page
of the process that nobody has touched yet.
"""

from collections.abc import Iterator
from itertools import compress
from struct import Struct

from hdl.arch import LEVELS, PAGE_SIZE, PTE_SIZE, PTES_PER_PAGE, Pte, make_pte, pte_to_pa, vpn
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import MAXVA
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.state import MemoryState

__all__ = [
    "SPAN",
    "count_tables",
    "entries",
    "freewalk",
    "getpte",
    "leaf_tables",
    "leaves",
    "mappages",
    "uvmunmap",
    "walk",
    "walkaddr",
    "zalloc",
]

#: Bytes that one entry covers, by level.
SPAN = tuple(PAGE_SIZE * PTES_PER_PAGE**level for level in range(LEVELS))

# Plain numbers: an operation on members of an IntEnum is several times slower.
_V = int(Pte.V)
_UV = int(Pte.V | Pte.U)
_RWX = int(Pte.R | Pte.W | Pte.X)

_TABLE = Struct(f"<{PTES_PER_PAGE}Q")
_EMPTY = bytes(PAGE_SIZE)
_INDEXES = tuple(range(PTES_PER_PAGE))


def zalloc(kernel: MemoryState) -> int:
    """Take a frame and clear it; 0 if none is left."""
    frame = kernel.kmem.kalloc()
    if frame == 0:
        return 0
    kernel.charge(Step.ZERO_PAGE)
    kernel.memory.zero(frame, PAGE_SIZE)
    return frame


def walk(kernel: MemoryState, root: int, va: int, alloc: bool = False, level: int = 0) -> int:
    """The physical address of the entry for `va` at `level`, or 0.

    With `alloc` the page-table pages that lack are made. 0 means that one lacks, or, with `alloc`,
    that no frame was left for it; then none is made.
    """
    if va >= MAXVA:
        raise KernelPanic(f"walk: {va:#x} is beyond MAXVA")
    memory = kernel.memory
    table = root
    made = 0  # the entry of the page-table page made last
    for depth in range(LEVELS - 1, level, -1):
        entry = table + PTE_SIZE * vpn(va, depth)
        pte = memory.read_u64(entry)
        kernel.charge(Step.PTE)
        if pte & _V == 0:
            if not alloc:
                return 0
            page = zalloc(kernel)
            if page == 0:
                if made:
                    kernel.kmem.kfree(pte_to_pa(memory.read_u64(made)))
                    memory.write_u64(made, 0)
                return 0
            pte = make_pte(page, _V)
            memory.write_u64(entry, pte)
            made = entry
        elif pte & _RWX:
            raise KernelPanic(f"walk: {va:#x} is in a superpage")
        table = pte_to_pa(pte)
    kernel.charge(Step.PTE)
    return table + PTE_SIZE * vpn(va, level)


def getpte(kernel: MemoryState, root: int, va: int) -> int:
    """The entry of the page at `va`; 0 if there is none."""
    entry = walk(kernel, root, va)
    return kernel.memory.read_u64(entry) if entry else 0


def walkaddr(kernel: MemoryState, root: int, va: int) -> int:
    """The physical address of the user page that holds `va`; 0 if none is mapped there."""
    if va >= MAXVA:
        return 0
    pte = getpte(kernel, root, va)
    if pte & _UV != _UV:
        return 0
    return pte_to_pa(pte)


def mappages(kernel: MemoryState, root: int, va: int, size: int, pa: int, perm: int) -> bool:
    """Map the pages of `va` to the frames from `pa` on; all three are multiples of the page size.

    False if there was no frame for a page-table page; then nothing is mapped. Panics if a page is
    mapped already.
    """
    if va % PAGE_SIZE or size % PAGE_SIZE:
        raise KernelPanic(f"mappages: {va:#x} or {size:#x} is not aligned")
    if size == 0:
        raise KernelPanic("mappages: size")
    flags = int(perm) | kernel.leaf_flags | _V
    for offset in range(0, size, PAGE_SIZE):
        entry = walk(kernel, root, va + offset, alloc=True)
        if entry == 0:
            uvmunmap(kernel, root, va, offset // PAGE_SIZE, do_free=False)
            return False
        if kernel.memory.read_u64(entry) & _V:
            raise KernelPanic(f"mappages: remap of {va + offset:#x}")
        kernel.memory.write_u64(entry, make_pte(pa + offset, flags))
    return True


def entries(
    kernel: MemoryState, table: int, first: int = 0, last: int = PTES_PER_PAGE
) -> list[tuple[int, int]]:
    """The (index, entry) of each valid entry of a page-table page, from `first` up to `last`."""
    if first >= last:
        return []
    kernel.charge(Step.PTE, last - first)
    return _valid(kernel.memory, table, first, last)


def _valid(memory, table, first=0, last=PTES_PER_PAGE):
    page = memory.read(table, PAGE_SIZE)
    if page == _EMPTY:
        return []
    ptes = _TABLE.unpack(page)
    used = compress(_INDEXES[first:last], ptes[first:last])
    return [(index, ptes[index]) for index in used if ptes[index] & _V]


def leaf_tables(
    kernel: MemoryState, root: int, start: int, end: int
) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Yield (va, page-table page, entries) for each one of level 0 with pages in `start` to `end`.

    The addresses that it maps begin at `va`; `entries` are the (index, entry) of the valid ones
    from `start` up to `end`. A hole costs one look at the level where it begins: the empty gigabyte
    of a sparse process is one entry, not 262,144.
    """
    for va, table in _tables(kernel, root, start, end):
        found = entries(kernel, table, *_range(start, end, va, PAGE_SIZE))
        if found:
            yield va, table, found


def leaves(kernel: MemoryState, root: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (va, address of the entry, entry) for each mapped page from `start` up to `end`."""
    for base, table, found in leaf_tables(kernel, root, start, end):
        for index, pte in found:
            yield base + index * PAGE_SIZE, table + PTE_SIZE * index, pte


def _tables(kernel: MemoryState, table, start, end, level=LEVELS - 1, base=0):
    """Yield (va, table) of level 0; `table` is one of `level` that maps from `base` on."""
    span = SPAN[level]
    for index, pte in entries(kernel, table, *_range(start, end, base, span)):
        va = base + index * span
        if pte & _RWX:
            raise KernelPanic(f"leaf_tables: {va:#x} is in a superpage")
        if level == 1:
            yield va, pte_to_pa(pte)
        else:
            yield from _tables(kernel, pte_to_pa(pte), start, end, level - 1, va)


def _range(start, end, base, span):
    """The first entry, and one past the last, for `start` up to `end` in a table from `base` on."""
    return max(start - base, 0) // span, min(-(-(end - base) // span), PTES_PER_PAGE)


def uvmunmap(kernel: MemoryState, root: int, va: int, npages: int, do_free: bool) -> int:
    """Remove the mappings of `npages` pages from `va`, a multiple of the page size. Skips holes.

    With `do_free` the frames are freed too. Return how many pages were mapped.
    """
    if va % PAGE_SIZE:
        raise KernelPanic(f"uvmunmap: {va:#x} is not aligned")
    frames = []
    for base, table, found in leaf_tables(kernel, root, va, va + npages * PAGE_SIZE):
        for index, pte in found:
            if pte & _RWX == 0:
                raise KernelPanic(f"uvmunmap: {base + index * PAGE_SIZE:#x} is not a leaf")
            frames.append(pte_to_pa(pte))
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
    middle = [pte_to_pa(pte) for _, pte in _valid(kernel.memory, root)]
    return 1 + len(middle) + sum(len(_valid(kernel.memory, table)) for table in middle)
