"""System calls about memory: those of the course's labs. Each returns the value for `a0`."""

from hdl.arch import PAGE_SIZE, page_round_down, page_round_up
from kernel_model.calls.args import argaddr, argint
from kernel_model.calls.state import KernelState
from kernel_model.dev.printf import print_pagetable
from kernel_model.facts.abi import MADV_DONTNEED
from kernel_model.facts.memlayout import MAXVA
from kernel_model.facts.param import PGACCESS_PAGES
from kernel_model.fs.mapped import filesync
from kernel_model.mm.accessed import accessed, forget
from kernel_model.mm.discard import discard, may_discard, owned, resident
from kernel_model.mm.usercopy import copyout
from kernel_model.proc.state import Proc

__all__ = ["pages_of", "sys_madvise", "sys_mincore", "sys_pgaccess", "sys_vmprint"]


def sys_pgaccess(kernel: KernelState, proc: Proc) -> int:
    """pgaccess(va, n, unsigned *mask): which of `n` pages were accessed since it was asked last.

    Bit i is the page of `va` + 4096 * i; `mask` has a whole `unsigned` for each 32 pages.
    """
    start, n, mask = page_round_down(argaddr(proc, 0)), argint(proc, 1), argaddr(proc, 2)
    end = start + n * PAGE_SIZE
    if not 0 <= n <= PGACCESS_PAGES or not owned(proc.space, start, end):
        return -1
    found = list(accessed(kernel, proc.space.root, start, end))
    bits = sum(1 << (va - start) // PAGE_SIZE for va, _ in found)
    if not copyout(kernel, proc, mask, bits.to_bytes((n + 31) // 32 * 4, "little")):
        return -1
    for va, entry in found:
        forget(kernel, proc.space.root, va, entry)
    return 0


def sys_madvise(kernel: KernelState, proc: Proc) -> int:
    """madvise(va, length, MADV_DONTNEED): the pages are not needed any more."""
    pages = pages_of(proc)
    if pages is None or argint(proc, 2) != MADV_DONTNEED or not may_discard(proc.space, *pages):
        return -1
    filesync(kernel, proc.space, *pages)
    return 0 if discard(kernel, proc.space, *pages) else -1


def sys_mincore(kernel: KernelState, proc: Proc) -> int:
    """mincore(va, length, unsigned char *vector): a byte for each page, 1 if it has a frame."""
    pages, vector = pages_of(proc), argaddr(proc, 2)
    if pages is None or not owned(proc.space, *pages):
        return -1
    start, end = pages
    step = PAGE_SIZE * PAGE_SIZE  # what a page of the vector tells about
    for first in range(start, end, step):
        last = min(first + step, end)
        told = bytearray((last - first) // PAGE_SIZE)
        for va in resident(kernel, proc.space, first, last):
            told[(va - first) // PAGE_SIZE] = 1
        if not copyout(kernel, proc, vector + (first - start) // PAGE_SIZE, bytes(told)):
            return -1
    return 0


def sys_vmprint(kernel: KernelState, proc: Proc) -> int:
    """vmprint(): print the process's page table."""
    print_pagetable(kernel, proc.space)
    return 0


def pages_of(proc: Proc) -> tuple[int, int] | None:
    """The pages that the first two arguments name, address and bytes; None if they are bad."""
    start, length = argaddr(proc, 0), argaddr(proc, 1)
    if start % PAGE_SIZE or start + length > MAXVA:
        return None
    return start, page_round_up(start + length)
