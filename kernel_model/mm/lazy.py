"""Lazy allocation: a page of a process gets its frame when it is touched for the first time.

xv6 maps what `exec` makes at once, and what lies below the first segment and between two of them,
too (kernel/exec.c: `uvmalloc` goes from the size so far to each segment's end, with that segment's
rights). Here those pages wait as the heap's do: what can be seen of it is the same.
"""

from hdl.arch import PAGE_SIZE, Pte, page_round_down
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.pagetable import getpte, mappages, zalloc
from kernel_model.mm.regions import Owner
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState

__all__ = ["NO_FRAME", "vmfault"]

#: What `vmfault` says if memory is exhausted; more may follow.
NO_FRAME = "no frame left"

_V = int(Pte.V)
_U = int(Pte.U)
_X = int(Pte.X)


def vmfault(kernel: MemoryState, space: AddressSpace, va: int, access: int) -> tuple[int, str]:
    """Give the page of `space` that holds `va` its frame, if it is one that waits for it.

    `access` is the right that is needed, Pte.R, W or X. Return the frame's physical address and
    what was done, in words. The frame is 0, and nothing has changed, if `va` is not below the
    size, if a page is mapped there already (so the access itself was not allowed), if
    whoever owns the page does not allow the access, or if no frame is left.
    """
    if va >= space.size:
        return 0, f"address past the size {space.size:#x}"
    page = page_round_down(va)
    pte = getpte(kernel, space.root, page)
    if pte & _V:
        return 0, _forbidden(pte)
    region = space.region(va)
    if region is None:
        raise KernelPanic(f"vmfault: {va:#x} is nobody's")
    if region.rights & access == 0:
        return 0, f"page is the {region.owner.value}'s, {_rights(region.rights)}"
    used = kernel.kmem.used
    frame = zalloc(kernel)
    if frame == 0:
        return 0, NO_FRAME
    if not mappages(kernel, space.root, page, PAGE_SIZE, frame, region.rights | _U):
        kernel.kmem.kfree(frame)
        return 0, f"{NO_FRAME} for a page table"
    space.reside(1)
    if region.owner is Owner.HEAP:
        kernel.heap.frames += 1
    if region.rights & _X:
        kernel.wrote_code = True  # the frame may have held other code
    return frame, _mapped(frame, tables=kernel.kmem.used - used - 1)


def _mapped(frame: int, tables: int) -> str:
    what = f"mapped frame {frame:#x}"
    if tables == 0:
        return what
    return f"{what} (+{tables} page table{'s' if tables > 1 else ''})"


def _forbidden(pte: int) -> str:
    """Why an access to a page that is mapped can have faulted."""
    if pte & Pte.U == 0:
        return "guard page"
    return f"page is mapped {_rights(pte)}"


def _rights(flags: int) -> str:
    """R, W and X as `ls` writes them."""
    return "".join(
        name if flags & bit else "-" for name, bit in (("r", Pte.R), ("w", Pte.W), ("x", Pte.X))
    )
