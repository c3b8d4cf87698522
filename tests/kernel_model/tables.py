"""What the tests of page tables share."""

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.mm import kvm, pagetable

__all__ = ["RWU", "charged", "map_new", "superpage_table"]

RWU = Pte.R | Pte.W | Pte.U


def map_new(kernel, root, va, perm=RWU):
    """Map a frame at `va` and return it."""
    frame = pagetable.zalloc(kernel)
    assert pagetable.mappages(kernel, root, va, PAGE_SIZE, frame, perm)
    return frame


def charged(kernel, step):
    """How often `step` was charged, as `kernel.charge` is replaced by a count."""
    counts = dict.fromkeys(Step, 0)

    def charge(what, n=1):
        counts[what] += n

    kernel.charge = charge
    return lambda: counts[step]


def superpage_table(kernel):
    """A page table with a 2 MiB page at KERNBASE."""
    root = pagetable.zalloc(kernel)
    kvm.kvmmap(kernel, root, KERNBASE, KERNBASE, 2 << 20, Pte.R)
    return root
