"""The memory of a process: what its page table maps, a page at a time.

Page tables themselves are in `pagetable.py`, the kernel's own one is in `kvm.py`. Pages that wait
for their frame are simply not there: see `lazy.py`.
"""

from collections.abc import Callable

from hdl.arch import PAGE_SIZE, PTE_SIZE, Pte, make_pte, page_round_up, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.pagetable import (
    SPAN,
    LeafTable,
    freewalk,
    getpte,
    leaf_tables,
    mappages,
    uvmunmap,
    walk,
    zalloc,
)
from kernel_model.mm.regions import HEAP_RIGHTS, Regions
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.superpages import run_of, unmap

__all__ = [
    "uvmalloc",
    "uvmallocheap",
    "uvmclear",
    "uvmcopy",
    "uvmcopyspace",
    "uvmcreate",
    "uvmdealloc",
    "uvmfill",
    "uvmforget",
    "uvmfree",
]

# Plain numbers: an operation on members of an IntEnum is several times slower.
_U = int(Pte.U)
_W = int(Pte.W)
_X = int(Pte.X)
_RWX = int(Pte.R | Pte.W | Pte.X)
_FLAGS = (1 << 10) - 1


def uvmcreate(kernel: MemoryState) -> int:
    """An empty page table; 0 if no frame is left."""
    return zalloc(kernel)


def uvmalloc(kernel: MemoryState, root: int, oldsz: int, newsz: int, perm: int) -> int:
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


def uvmallocheap(kernel: MemoryState, space: AddressSpace, size: int) -> bool:
    """Fill the pages that `space` gets if the heap grows to `size`; False if no frame was left."""
    if uvmalloc(kernel, space.root, space.size, size, HEAP_RIGHTS | _U) == 0:
        return False
    space.reside((page_round_up(size) - page_round_up(space.size)) // PAGE_SIZE)
    return True


def uvmfill(kernel: MemoryState, space: AddressSpace, start: int, end: int) -> bool:
    """Fill the pages from `start` to `end` that are not mapped, each with its region's rights.

    Both are multiples of the page size. False if no frame was left; what is mapped then stays.
    """
    for va in range(start, end, PAGE_SIZE):
        if getpte(kernel, space.root, va):
            continue
        perm = space.regions.whose(va).rights | _U
        if uvmalloc(kernel, space.root, va, va + PAGE_SIZE, perm) == 0:
            return False
        space.reside(1)
    return True


def uvmdealloc(kernel: MemoryState, root: int, oldsz: int, newsz: int) -> int | None:
    """Give back the pages that a size of `oldsz` covers and one of `newsz` does not.

    Return how many of them were mapped; None, as `superpages.unmap`, if a frame lacks.
    """
    return unmap(kernel, root, page_round_up(newsz), page_round_up(oldsz))


def uvmcopyspace(
    kernel: MemoryState,
    old: AddressSpace,
    new: AddressSpace,
    share: Callable[[int], bool] | None = None,
) -> bool:
    """Make the empty address space `new` a copy of `old`, as `uvmcopy` does.

    Of shared areas nothing is copied: their pages wait in the copy, for the same frames.
    """
    copied = 0
    new.copy_of(old, 0)
    spans = [(0, old.size)]
    spans += [(area.start, area.end) for area in old.regions.private_areas]
    for start, end in spans:
        pages = uvmcopy(kernel, old.root, new.root, end, share, start)
        if pages is None:
            uvmforget(kernel, new)
            return False
        copied += pages
    new.reside(copied)
    return True


def uvmforget(kernel: MemoryState, space: AddressSpace) -> None:
    """Free the pages of a copy that could not be made in full: it is empty again."""
    for area in space.regions.areas:
        uvmunmap(kernel, space.root, area.start, area.pages, do_free=True)
    pages = page_round_up(min(space.size, TRAPFRAME)) // PAGE_SIZE
    uvmunmap(kernel, space.root, 0, pages, do_free=True)
    space.size, space.regions, space.resident = 0, Regions(), 0


def uvmcopy(
    kernel: MemoryState,
    old: int,
    new: int,
    sz: int,
    share: Callable[[int], bool] | None = None,
    start: int = 0,
) -> int | None:
    """Copy what `old` maps from `start` to `sz`, with its permissions, to the page table `new`.

    Nothing is mapped there yet. Return how many pages were mapped; None if no frame was left, or if
    `sz` is past the limit of a size, and then none is mapped. Skips holes: what nobody has touched
    waits in the copy, too. A superpage is copied to another one, or to pages if there is no run of
    frames. What is to be shared, says `share` of its physical address, is not copied: both have it
    then, without W.
    """
    if sz > TRAPFRAME:
        return None
    count = 0
    for found in leaf_tables(kernel, old, start, page_round_up(sz)):
        copied = _copy_table(kernel, new, found, share)
        count += copied * (SPAN[found.level] // PAGE_SIZE)
        if copied < len(found.entries):
            pages = (page_round_up(sz) - start) // PAGE_SIZE
            uvmunmap(kernel, new, start, pages, do_free=True)
            return None
    return count


def _copy_table(
    kernel: MemoryState, new: int, found: LeafTable, share: Callable[[int], bool] | None
) -> int:
    """Copy the pages that the entries of a page-table page map; how many could be."""
    first = walk(kernel, new, found.va, alloc=True, level=found.level)
    if first == 0:
        return 0
    span = SPAN[found.level]
    memory, kmem = kernel.memory, kernel.kmem
    for count, (index, pte) in enumerate(found.entries):
        if pte & _RWX == 0:
            raise KernelPanic(f"uvmcopy: {found.va + index * span:#x} is not a leaf")
        if share is not None and share(pte_to_pa(pte)):
            entries = found.table + PTE_SIZE * index, first + PTE_SIZE * index
            _share_page(kernel, *entries, pte, span)
            continue
        frame = kmem.kalloc_run(span // PAGE_SIZE) if found.level else kmem.kalloc()
        if frame == 0:
            if found.level == 1 and _copy_in_pages(kernel, new, found.va + index * span, pte):
                continue
            return count
        kernel.charge(Step.COPY, span // 8)
        memory.write(frame, memory.read(pte_to_pa(pte), span))
        memory.write_u64(first + PTE_SIZE * index, make_pte(frame, pte & _FLAGS))
        if pte & _X:
            kernel.wrote_code = True
    return len(found.entries)


def _copy_in_pages(kernel: MemoryState, new: int, va: int, pte: int) -> bool:
    """Copy the superpage that `pte` maps to frames as they come; False if there are too few."""
    kernel.heap.without_run += 1
    first = walk(kernel, new, va, alloc=True)
    if first == 0:
        return False
    for index, old in enumerate(run_of(pte_to_pa(pte))):
        frame = kernel.kmem.kalloc()
        if frame == 0:
            return False
        kernel.charge(Step.COPY, PAGE_SIZE // 8)
        kernel.charge(Step.PTE)
        kernel.memory.write(frame, kernel.memory.read(old, PAGE_SIZE))
        kernel.memory.write_u64(first + PTE_SIZE * index, make_pte(frame, pte & _FLAGS))
    kernel.wrote_code |= bool(pte & _X)
    return True


def _share_page(kernel: MemoryState, old: int, new: int, pte: int, span: int) -> None:
    """Write what maps `span` bytes, `pte`, from the entry `old` to `new`, too; without W in both.

    To share a superpage costs what a page does: a kernel may count its frames as one.
    """
    for pa in range(pte_to_pa(pte), pte_to_pa(pte) + span, PAGE_SIZE):
        kernel.kmem.share(pa)
    kernel.charge(Step.PTE)
    kernel.memory.write_u64(new, pte & ~_W)
    if pte & _W:
        # The parent's TLB may have the right still: see policies/unshare.py for who fences.
        kernel.charge(Step.PTE)
        kernel.memory.write_u64(old, pte & ~_W)


def uvmclear(kernel: MemoryState, root: int, va: int) -> None:
    """Take the page at `va` from the user: the guard page below the stack."""
    entry = walk(kernel, root, va)
    if entry == 0:
        raise KernelPanic(f"uvmclear: {va:#x} is not mapped")
    kernel.memory.write_u64(entry, kernel.memory.read_u64(entry) & ~_U)


def uvmfree(kernel: MemoryState, root: int, sz: int) -> None:
    """Free a process's pages, `sz` bytes from 0, and its page table."""
    uvmunmap(kernel, root, 0, page_round_up(sz) // PAGE_SIZE, do_free=True)
    freewalk(kernel, root)
