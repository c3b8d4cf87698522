"""What the tests of page tables share."""

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.mm import kvm, pagetable

__all__ = ["MIB2", "RWU", "charged", "map_new", "map_superpage", "superpage_table"]

RWU = Pte.R | Pte.W | Pte.U
#: Bytes of a superpage of level 1.
MIB2 = 2 << 20


def map_new(kernel, root, va, perm=RWU):
    """Map a frame at `va` and return it."""
    frame = pagetable.zalloc(kernel)
    assert pagetable.mappages(kernel, root, va, PAGE_SIZE, frame, perm)
    return frame


def map_superpage(kernel, root, va, perm=RWU):
    """Map a run of 512 frames at `va`, as one leaf, and return the first."""
    run = kernel.kmem.kalloc_run(512)
    assert run
    assert pagetable.mappages(kernel, root, va, MIB2, run, perm, level=1)
    return run


def charged(kernel, *steps):
    """How often any of `steps` was charged, as `kernel.charge` is replaced by a count."""
    counts = dict.fromkeys(Step, 0)

    def charge(what, n=1):
        counts[what] += n

    kernel.charge = charge
    return lambda: sum(counts[step] for step in steps)


def superpage_table(kernel):
    """A page table with a 2 MiB page at KERNBASE."""
    root = pagetable.zalloc(kernel)
    kvm.kvmmap(kernel, root, KERNBASE, KERNBASE, 2 << 20, Pte.R)
    return root
