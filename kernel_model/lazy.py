"""Lazy allocation: a page of a process gets its frame when it is touched for the first time."""

from hdl.arch import PAGE_SIZE, Pte, page_round_down
from kernel_model.pagetable import getpte, mappages, zalloc
from kernel_model.proc import reside

__all__ = ["NO_FRAME", "vmfault"]

#: What `vmfault` says if memory is exhausted; more may follow.
NO_FRAME = "no frame left"

_V = int(Pte.V)
_USER_RW = int(Pte.R | Pte.W | Pte.U)


def vmfault(kernel, proc, va: int) -> tuple[int, str]:
    """Give the page of `proc` that holds `va` its frame, if it is one that waits for it.

    Return the frame's physical address and what was done, in words. The frame is 0, and nothing
    has changed, if `va` is not below the process's size, if a page is mapped there already (so the
    access itself was not allowed), or if no frame is left.
    """
    if va >= proc.sz:
        return 0, f"address past the size {proc.sz:#x}"
    page = page_round_down(va)
    pte = getpte(kernel, proc.pagetable, page)
    if pte & _V:
        return 0, _forbidden(pte)
    used = kernel.kmem.used
    frame = zalloc(kernel)
    if frame == 0:
        return 0, NO_FRAME
    if not mappages(kernel, proc.pagetable, page, PAGE_SIZE, frame, _USER_RW):
        kernel.kmem.kfree(frame)
        return 0, f"{NO_FRAME} for a page table"
    reside(proc, 1)
    if page >= proc.heap_base:
        kernel.heap_frames_used += 1
    return frame, _mapped(frame, tables=kernel.kmem.used - used - 1)


def _mapped(frame, tables):
    what = f"mapped frame {frame:#x}"
    if tables == 0:
        return what
    return f"{what} (+{tables} page table{'s' if tables > 1 else ''})"


def _forbidden(pte):
    """Why an access to a page that is mapped can have faulted."""
    if pte & Pte.U == 0:
        return "guard page"
    return "page is mapped " + "".join(
        name if pte & bit else "-" for name, bit in (("r", Pte.R), ("w", Pte.W), ("x", Pte.X))
    )
