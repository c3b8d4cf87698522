"""Sv39 page tables in simulated memory.

As xv6's `vm.c`. Where xv6 has globals, the functions take the kernel: `kernel.memory`,
`kernel.kmem` (frames), `kernel.charge` (cycles) and `kernel.leaf_flags`, the A and D bits that the
kernel sets in every leaf because the hart does not (Svade), or 0 because it does (Svadu).

A page table is named by the physical address of its root page. An entry with V=0 is a hole: a page
of the process that nobody has touched yet.
"""

from collections.abc import Iterator
from struct import Struct

from hdl.arch import (
    LEVELS,
    PAGE_SIZE,
    PTE_SIZE,
    PTES_PER_PAGE,
    Pte,
    make_pte,
    page_round_down,
    page_round_up,
    pte_to_pa,
    vpn,
)
from kernel_model.costs import Step
from kernel_model.layout import DOORBELL, MAXVA, TRAMPOLINE
from kernel_model.panic import KernelPanic

__all__ = [
    "freewalk",
    "getpte",
    "kvmmake",
    "kvmmap",
    "leaves",
    "mappages",
    "uvmalloc",
    "uvmclear",
    "uvmcreate",
    "uvmdealloc",
    "uvmfree",
    "uvmunmap",
    "walk",
    "walkaddr",
    "zalloc",
]

# Plain numbers: an operation on members of an IntEnum is several times slower.
_V = int(Pte.V)
_U = int(Pte.U)
_RWX = int(Pte.R | Pte.W | Pte.X)

_TABLE = Struct(f"<{PTES_PER_PAGE}Q")
#: Bytes that one entry covers, by level.
_SPAN = tuple(PAGE_SIZE * PTES_PER_PAGE**level for level in range(LEVELS))


def zalloc(kernel) -> int:
    """Take a frame and clear it; 0 if none is left."""
    frame = kernel.kmem.kalloc()
    if frame == 0:
        return 0
    kernel.charge(Step.ZERO_PAGE)
    kernel.memory.zero(frame, PAGE_SIZE)
    return frame


def walk(kernel, root: int, va: int, alloc: bool = False, level: int = 0) -> int:
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


def getpte(kernel, root: int, va: int) -> int:
    """The entry of the page at `va`; 0 if there is none."""
    entry = walk(kernel, root, va)
    return kernel.memory.read_u64(entry) if entry else 0


def walkaddr(kernel, root: int, va: int) -> int:
    """The physical address of the user page that holds `va`; 0 if none is mapped there."""
    if va >= MAXVA:
        return 0
    pte = getpte(kernel, root, va)
    if pte & (_V | _U) != _V | _U:
        return 0
    return pte_to_pa(pte)


def mappages(kernel, root: int, va: int, size: int, pa: int, perm: int) -> bool:
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


def leaves(
    kernel, table: int, start: int, end: int, level: int = LEVELS - 1, base: int = 0
) -> Iterator[tuple[int, int, int]]:
    """Yield (va, address of the entry, entry) for each mapped page from `start` up to `end`.

    `table` is a page-table page of `level` that maps from `base` on. A hole costs one look at the
    level where it begins: the empty gigabyte of a sparse process is one entry, not 262,144.
    """
    span = _SPAN[level]
    first = max(start - base, 0) // span
    last = min(-(-(end - base) // span), PTES_PER_PAGE)
    kernel.charge(Step.PTE, max(last - first, 0))
    entries = _TABLE.unpack(kernel.memory.read(table, PAGE_SIZE))
    for index, pte in enumerate(entries[first:last], first):
        if pte & _V == 0:
            continue
        va = base + index * span
        if level == 0:
            yield va, table + PTE_SIZE * index, pte
        elif pte & _RWX:
            raise KernelPanic(f"leaves: {va:#x} is in a superpage")
        else:
            yield from leaves(kernel, pte_to_pa(pte), start, end, level - 1, va)


def uvmunmap(kernel, root: int, va: int, npages: int, do_free: bool) -> None:
    """Remove the mappings of `npages` pages from `va`, a multiple of the page size. Skips holes.

    With `do_free` the frames are freed too.
    """
    if va % PAGE_SIZE:
        raise KernelPanic(f"uvmunmap: {va:#x} is not aligned")
    for page, entry, pte in leaves(kernel, root, va, va + npages * PAGE_SIZE):
        if pte & _RWX == 0:
            raise KernelPanic(f"uvmunmap: {page:#x} is not a leaf")
        if do_free:
            kernel.kmem.kfree(pte_to_pa(pte))
        kernel.memory.write_u64(entry, 0)


def uvmcreate(kernel) -> int:
    """An empty page table; 0 if no frame is left."""
    return zalloc(kernel)


def uvmalloc(kernel, root: int, oldsz: int, newsz: int, perm: int) -> int:
    """Fill the pages from `oldsz` to `newsz`, which need not be aligned, with cleared frames.

    Return `newsz`, or 0 if no frame was left; then nothing is mapped.
    """
    for va in range(page_round_up(oldsz), newsz, PAGE_SIZE):
        frame = zalloc(kernel)
        if frame == 0:
            uvmdealloc(kernel, root, va, oldsz)
            return 0
        if not mappages(kernel, root, va, PAGE_SIZE, frame, perm):
            kernel.kmem.kfree(frame)
            uvmdealloc(kernel, root, va, oldsz)
            return 0
    return newsz


def uvmdealloc(kernel, root: int, oldsz: int, newsz: int) -> int:
    """Give back the pages that a size of `oldsz` covers and one of `newsz` does not.

    Return the new size.
    """
    if newsz >= oldsz:
        return oldsz
    start = page_round_up(newsz)
    npages = (page_round_up(oldsz) - start) // PAGE_SIZE
    if npages:
        uvmunmap(kernel, root, start, npages, do_free=True)
    return newsz


def uvmclear(kernel, root: int, va: int) -> None:
    """Take the page at `va` from the user: the guard page below the stack."""
    entry = walk(kernel, root, va)
    if entry == 0:
        raise KernelPanic(f"uvmclear: {va:#x} is not mapped")
    kernel.memory.write_u64(entry, kernel.memory.read_u64(entry) & ~_U)


def freewalk(kernel, table: int) -> None:
    """Free a page table and those below it. Panics if a page is still mapped."""
    kernel.charge(Step.PTE, PTES_PER_PAGE)
    for pte in filter(None, _TABLE.unpack(kernel.memory.read(table, PAGE_SIZE))):
        if pte & _RWX:
            raise KernelPanic("freewalk: leaf")
        if pte & _V:
            freewalk(kernel, pte_to_pa(pte))
    kernel.kmem.kfree(table)


def uvmfree(kernel, root: int, sz: int) -> None:
    """Free a process's pages, `sz` bytes from 0, and its page table."""
    uvmunmap(kernel, root, 0, page_round_up(sz) // PAGE_SIZE, do_free=True)
    freewalk(kernel, root)


def kvmmap(kernel, root: int, va: int, pa: int, size: int, perm: int) -> None:
    """Map kernel memory by the largest pages that fit. Panics if no frame is left."""
    flags = int(perm) | kernel.leaf_flags | _V
    end = va + size
    while va < end:
        level = max(n for n in range(LEVELS) if (va | pa) % _SPAN[n] == 0 and va + _SPAN[n] <= end)
        entry = walk(kernel, root, va, alloc=True, level=level)
        if entry == 0:
            raise KernelPanic("kvmmap: no frame left")
        kernel.memory.write_u64(entry, make_pte(pa, flags))
        va += _SPAN[level]
        pa += _SPAN[level]


def kvmmake(kernel, trampoline: int) -> int:
    """The kernel's page table: RAM and the doorbell where they are, and the trampoline.

    RAM is not executable: the frame `trampoline` runs at TRAMPOLINE only.
    """
    root = uvmcreate(kernel)
    if root == 0:
        raise KernelPanic("kvmmake: no frame left")
    ram = kernel.memory
    kvmmap(kernel, root, page_round_down(DOORBELL), DOORBELL, PAGE_SIZE, Pte.R | Pte.W)
    kvmmap(kernel, root, ram.base, ram.base, ram.size, Pte.R | Pte.W)
    kvmmap(kernel, root, TRAMPOLINE, trampoline, PAGE_SIZE, Pte.R | Pte.X)
    return root
