"""Which pages were accessed: the A bits of their entries, read and cleared.

As the call `pgaccess` of the page-table lab. Whoever clears an A bit has to execute SFENCE.VMA:
until then a TLB may go on with a copy of the entry in which it is set, and the next access would
leave no trace (privileged architecture, Supervisor Memory-Management Fence Instruction, and Sv39's
"Virtual Address Translation Process"). The trampoline does so on each way back to user mode.
"""

from collections.abc import Iterator

from hdl.arch import Pte, page_round_down
from kernel_model.facts.costs import Step
from kernel_model.mm.areas import born_with, is_written_back
from kernel_model.mm.pagetable import frame_of, lookup, mapped_pages, walk
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite, Why
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState

__all__ = ["accessed", "forget", "set_again"]

_A, _U, _RWX = int(Pte.A), int(Pte.U), int(Pte.R | Pte.W | Pte.X)
_AU = _A | _U


def accessed(kernel: MemoryState, root: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (va, address of its entry) for each page from `start` to `end` whose A bit is set.

    Pages that are not the user's are left out. A superpage has one bit for all its pages.
    """
    for va, entry, pte in mapped_pages(kernel, root, start, end):
        if pte & _AU == _AU:
            yield va, entry


def forget(kernel: MemoryState, root: int, va: int, entry: int) -> None:
    """Clear the A bit of the page of `va`, whose leaf was at the physical address `entry`.

    It is another one if that was a superpage's, and pages of it have got frames of their own.
    """
    pte = kernel.memory.read_u64(entry)
    if not pte & _RWX:
        entry = walk(kernel, root, va)
        pte = kernel.memory.read_u64(entry)
    if pte & _A:
        kernel.charge(Step.PTE)
        kernel.memory.write_u64(entry, pte & ~_A)


def set_again(
    kernel: MemoryState, space: AddressSpace, va: int, access: int, outcome: FaultOutcome
) -> FaultOutcome:
    """Set the bits that the hart has missed; `outcome`, a refusal, if it was for another reason.

    That is so where the hart leaves A and D to the kernel (Svade), and nothing else than a clear A
    bit keeps the process from the page; or, of a file's that is written back, a clear D bit.
    """
    pte, region = outcome.pte, outcome.region
    if not pte & _U or not pte & access or not kernel.leaf_flags or region is None:
        return outcome
    born = born_with(kernel, region, access)
    if not born & ~pte:
        return outcome
    before = kernel.meter.mark()
    _, level = lookup(kernel.memory, space.root, va)
    entry = walk(kernel, space.root, page_round_down(va), level=level)
    after = pte | born
    kernel.memory.write_u64(entry, after)
    return outcome._replace(
        decision=Decision.MAPPED,
        why=Why.CLEAN if pte & _A and is_written_back(region) else Why.NOT_ACCESSED,
        frame=frame_of(pte, level, va),
        writes=(PteWrite(entry, level, pte, after),),
        work=outcome.work.plus(kernel.meter.since(before)),
    )
