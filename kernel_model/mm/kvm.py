"""The kernel's own page table."""

from hdl.arch import LEVELS, PAGE_SIZE, Pte, make_pte, page_round_down
from kernel_model.facts.memlayout import DOORBELL, TRAMPOLINE
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.pagetable import SPAN, walk, zalloc
from kernel_model.mm.state import MemoryState

__all__ = ["kvmmake", "kvmmap"]


def kvmmap(kernel: MemoryState, root: int, va: int, pa: int, size: int, perm: int) -> None:
    """Map kernel memory by the largest pages that fit. Panics if no frame is left."""
    flags = int(perm) | kernel.leaf_flags | int(Pte.V)
    end = va + size
    while va < end:
        level = max(n for n in range(LEVELS) if (va | pa) % SPAN[n] == 0 and va + SPAN[n] <= end)
        entry = walk(kernel, root, va, alloc=True, level=level)
        if entry == 0:
            raise KernelPanic("kvmmap: no frame left")
        kernel.memory.write_u64(entry, make_pte(pa, flags))
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
