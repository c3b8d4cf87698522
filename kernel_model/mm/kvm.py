"""The kernel's own page table."""

from hdl.arch import LEVELS, PAGE_SIZE, Pte, page_round_down
from kernel_model.facts.memlayout import DOORBELL, TRAMPOLINE
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.pagetable import SPAN, mappages, zalloc
from kernel_model.mm.state import MemoryState

__all__ = ["kvmmake", "kvmmap"]


def kvmmap(kernel: MemoryState, root: int, va: int, pa: int, size: int, perm: int) -> None:
    """Map kernel memory by the largest pages that fit. Panics if no frame is left."""
    end = va + size
    while va < end:
        level = max(n for n in range(LEVELS) if (va | pa) % SPAN[n] == 0 and va + SPAN[n] <= end)
        if not mappages(kernel, root, va, SPAN[level], pa, perm, level):
            raise KernelPanic("kvmmap: no frame left")
        va += SPAN[level]
        pa += SPAN[level]


def kvmmake(kernel: MemoryState, trampoline: int) -> int:
    """The kernel's page table: RAM and the doorbell where they are, and the trampoline.

    RAM is not executable: the frame `trampoline` runs at TRAMPOLINE only.
    """
    root = zalloc(kernel)
    if root == 0:
        raise KernelPanic("kvmmake: no frame left")
    ram = kernel.memory
    kvmmap(kernel, root, page_round_down(DOORBELL), DOORBELL, PAGE_SIZE, Pte.R | Pte.W)
    kvmmap(kernel, root, ram.base, ram.base, ram.size, Pte.R | Pte.W)
    kvmmap(kernel, root, TRAMPOLINE, trampoline, PAGE_SIZE, Pte.R | Pte.X)
    return root
