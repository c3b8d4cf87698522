"""Superpages of level 1: 2 MiB of a process by one entry.

Where a part of one is to be another way, it is demoted: a page table takes its place, and maps the
same frames. So a leaf becomes a pointer. Until SFENCE.VMA has named all that it covers, a hart may
go on with the superpage, or with both, which is unpredictable (privileged architecture, Supervisor
Memory-Management Fence Instruction). The trampoline executes one with both operands zero on each
way back to user mode.
"""

from struct import Struct
from typing import NamedTuple

from hdl.arch import PAGE_SIZE, PTES_PER_PAGE, Pte, make_pte, page_round_down, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.mm.pagetable import SPAN, frame_of, lookup, mappages, uvmunmap, walk, zalloc
from kernel_model.mm.served import PteWrite
from kernel_model.mm.state import MemoryState

__all__ = ["MEGAPAGE", "demote", "map_zeros", "run_of", "unmap"]

#: Bytes of one.
MEGAPAGE = SPAN[1]

_V = int(Pte.V)
_FLAGS = (1 << 10) - 1
_TABLE = Struct(f"<{PTES_PER_PAGE}Q")


def map_zeros(kernel: MemoryState, root: int, va: int, perm: int) -> list[PteWrite]:
    """Map a superpage of zeros at `va`, a multiple of its size; the entries written.

    No entry, and nothing has changed, if there is no run of frames for it, or none for a page
    table. Panics if something is there already.
    """
    writes: list[PteWrite] = []
    run = kernel.kmem.kalloc_run(PTES_PER_PAGE)
    if run == 0:
        return writes
    if not mappages(kernel, root, va, MEGAPAGE, run, perm, level=1, log=writes):
        kernel.kmem.kfree_all(list(run_of(run)))
        return []
    kernel.charge(Step.ZERO_PAGE, PTES_PER_PAGE)
    kernel.memory.zero(run, MEGAPAGE)
    return writes


def run_of(pa: int) -> range:
    """The frames of a superpage whose first is at `pa`."""
    return range(pa, pa + MEGAPAGE, PAGE_SIZE)


def demote(kernel: MemoryState, root: int, va: int, table: int) -> PteWrite:
    """Let the frame `table` map what the superpage does that holds `va`, a page an entry."""
    entry = walk(kernel, root, page_round_down(va), level=1)
    before = kernel.memory.read_u64(entry)
    flags = before & _FLAGS
    kernel.charge(Step.PTE, PTES_PER_PAGE + 1)
    leaves = (make_pte(pa, flags) for pa in run_of(pte_to_pa(before)))
    kernel.memory.write(table, _TABLE.pack(*leaves))
    after = make_pte(table, _V)
    kernel.memory.write_u64(entry, after)
    return PteWrite(entry, 1, before, after)


def unmap(kernel: MemoryState, root: int, start: int, end: int) -> int | None:
    """Free the pages from `start` to `end`, multiples of the page size; how many were mapped.

    A superpage of which a part stays is demoted. If no frame is left for that page table, it gets
    one of those that are given back. None, and nothing has changed, if others share all of these.
    """
    if start >= end:
        return 0
    cuts: list[_Cut] = []
    for block in _cut_blocks(kernel, root, start, end):
        cut = _prepare(kernel, root, block, start, end)
        if cut is None:
            for each in cuts:
                if each.page is None:
                    kernel.kmem.kfree(each.table)
            return None
        cuts.append(cut)
    for cut in cuts:
        demote(kernel, root, cut.block, cut.table)
        if cut.page is not None:
            uvmunmap(kernel, root, cut.page, 1, do_free=False)
    taken = sum(cut.page is not None for cut in cuts)
    return taken + uvmunmap(kernel, root, start, (end - start) // PAGE_SIZE, do_free=True)


class _Cut(NamedTuple):
    """A superpage that is to be demoted."""

    #: Its first address.
    block: int
    #: The frame for the page table; and the page that has had it so far, if any.
    table: int
    page: int | None


def _cut_blocks(kernel: MemoryState, root: int, start: int, end: int) -> list[int]:
    """The superpages that lie in part between `start` and `end`."""
    found = []
    for edge in (start, end):
        block = edge // MEGAPAGE * MEGAPAGE
        if edge == block or block in found:
            continue
        pte, level = lookup(kernel.memory, root, edge)
        if level == 1 and pte & _V:
            found.append(block)
    return found


def _prepare(kernel: MemoryState, root: int, block: int, start: int, end: int) -> _Cut | None:
    """Find a frame for the page table, from the pages between `start` and `end` if need be."""
    table = zalloc(kernel)
    if table:
        return _Cut(block, table, None)
    pte, level = lookup(kernel.memory, root, block)
    for page in range(max(start, block), min(end, block + MEGAPAGE), PAGE_SIZE):
        frame = frame_of(pte, level, page)
        if kernel.kmem.references(frame) == 1:
            return _Cut(block, frame, page)
    return None
