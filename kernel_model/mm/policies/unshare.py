"""A store to a page whose frame others have too: the process gets one of its own.

A shared page is one that its region lets the process write, and that is mapped without W. So the
store traps though the entry is valid (cause 15). Whoever is the last to have the frame takes it
over as it is.

Rights that were taken away, by `fork` from the parent, count once the hart's TLBs have forgotten
the entry: whoever changes page tables has to execute SFENCE.VMA (privileged architecture,
Supervisor Memory-Management Fence Instruction; Sv39 lets a hart use an old translation until
then). The trampoline does so on each way back to user mode, with both operands zero. That one, too,
is what makes a changed frame be seen.
"""

from typing import NamedTuple

from hdl.arch import PAGE_SIZE, Pte, make_pte, page_round_down, pte_to_pa
from kernel_model.facts.costs import Mark, Step
from kernel_model.facts.memlayout import MAXVA
from kernel_model.mm.fault import refused
from kernel_model.mm.pagetable import frame_of, lookup, walk, zalloc
from kernel_model.mm.regions import Owner, Region
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite, Why
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.superpages import demote, run_of

__all__ = ["SharedPage", "shared_page", "unshare"]

_U, _W, _X, _UV = int(Pte.U), int(Pte.W), int(Pte.X), int(Pte.U | Pte.V)
_FLAGS = (1 << 10) - 1


class SharedPage(NamedTuple):
    """A page that is mapped without W, and its region, which has it."""

    pte: int
    #: 1 if it is a part of a superpage.
    level: int
    region: Region


def shared_page(kernel: MemoryState, space: AddressSpace, va: int) -> SharedPage | None:
    """The page of `va` if it is a shared one.

    Where it lies in the page does not matter, nor whether that is below the size: the page is
    there. Nothing is charged: why it faulted was looked up before.
    """
    region = space.regions.at(va) if va < MAXVA else None
    if region is None or not region.rights & _W:
        return None
    pte, level = lookup(kernel.memory, space.root, va)
    if pte & _UV != _UV or pte & _W:
        return None
    return SharedPage(pte, level, region)


def unshare(
    kernel: MemoryState, space: AddressSpace, va: int, shared: SharedPage, before: Mark
) -> FaultOutcome:
    """Let the process write the page. Refused, and nothing has changed, if a frame lacks.

    Of a superpage that others have, too, be it in part, that one page gets a frame: the superpage
    is demoted.
    """
    pte, level, region = shared
    old = frame_of(pte, level, va)
    why = Why.LAST_OWNER if kernel.kmem.references(old) == 1 else Why.SHARED
    frame = old if why is Why.LAST_OWNER else _copy(kernel, old)
    if frame == 0:
        return refused(kernel, space, Why.NO_COPY, region, pte, before)
    writes: list[PteWrite] = []
    if level and not _alone(kernel, pte):
        table = zalloc(kernel)
        if table == 0:
            if frame != old:
                kernel.kmem.kfree(frame)
            return refused(kernel, space, Why.NO_TABLE, region, pte, before)
        writes.append(demote(kernel, space.root, va, table))
        level = 0
    writes.append(_let_write(kernel, space.root, va, level, frame))
    if frame != old:
        kernel.kmem.kfree(old)
    if old == kernel.zero_frame and region.owner is Owner.HEAP:
        kernel.heap.frames += 1  # it has been touched before, but has got no frame for it
    if region.rights & _X:
        kernel.wrote_code = True
    return FaultOutcome(
        decision=Decision.MAPPED,
        why=why,
        size=space.size,
        region=region,
        pte=pte,
        frame=frame,
        writes=tuple(writes),
        work=kernel.meter.since(before),
    )


def _alone(kernel: MemoryState, pte: int) -> bool:
    """Nobody else has any frame of the superpage that `pte` maps."""
    return all(kernel.kmem.references(pa) == 1 for pa in run_of(pte_to_pa(pte)))


def _let_write(kernel: MemoryState, root: int, va: int, level: int, frame: int) -> PteWrite:
    """Add W to the leaf of `va`, at `level`; of a page it maps `frame` from now on."""
    entry = walk(kernel, root, page_round_down(va), level=level)
    before = kernel.memory.read_u64(entry)
    pa = pte_to_pa(before) if level else frame
    after = make_pte(pa, before & _FLAGS | _W | kernel.leaf_flags)
    kernel.memory.write_u64(entry, after)
    return PteWrite(entry, level, before, after)


def _copy(kernel: MemoryState, old: int) -> int:
    """A frame with what is in the frame `old`; 0 if none is left."""
    if old == kernel.zero_frame:
        return zalloc(kernel)
    frame = kernel.kmem.kalloc()
    if frame:
        kernel.charge(Step.COPY, PAGE_SIZE // 8)
        kernel.memory.write(frame, kernel.memory.read(old, PAGE_SIZE))
    return frame
