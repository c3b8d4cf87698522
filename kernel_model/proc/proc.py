"""How processes get their place, and their memory, and lose them."""

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.abi import Abi
from kernel_model.facts.memlayout import TRAMPOLINE, TRAPFRAME
from kernel_model.facts.param import NPROC
from kernel_model.mm.pagetable import count_tables, mappages, uvmunmap, zalloc
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.vm import uvmcreate, uvmdealloc, uvmfree
from kernel_model.proc.state import Proc, ProcessState
from kernel_model.proc.trapframe import SSTATUS_USER, TrapFrame

__all__ = [
    "addproc",
    "allocproc",
    "freeproc",
    "growproc",
    "proc_freepagetable",
    "proc_pagetable",
    "take_account",
]


def allocproc(kernel: ProcessState) -> Proc | None:
    """A process without a program, a pid and a parent; None if no frame or place is left."""
    if len(kernel.procs) >= NPROC:
        return None
    frame = zalloc(kernel)
    if frame == 0:
        return None
    trapframe = TrapFrame(kernel.memory, frame)
    root = proc_pagetable(kernel, trapframe)
    if root == 0:
        kernel.kmem.kfree(frame)
        return None
    trapframe.kernel_satp = kernel.satp
    trapframe.sstatus = SSTATUS_USER
    return Proc(trapframe, AddressSpace(root), abi=kernel.abi or Abi.LAB)


def addproc(kernel: ProcessState, proc: Proc, parent: Proc | None) -> None:
    """Give the process a pid that was never used, and its place in the table."""
    proc.pid = kernel.procs.allocpid()
    proc.parent = parent
    proc.account.pid = proc.pid
    kernel.procs.append(proc)
    kernel.accounts.append(proc.account)


def freeproc(kernel: ProcessState, proc: Proc) -> None:
    """Free a process's memory and its place; its files are closed already."""
    take_account(kernel, proc)
    proc_freepagetable(kernel, proc.space.root, proc.space.size)
    kernel.kmem.kfree(proc.trapframe.pa)
    if proc in kernel.procs:
        kernel.procs.remove(proc)


def proc_pagetable(kernel: ProcessState, trapframe: TrapFrame) -> int:
    """A page table with nothing but trampoline and trap frame; 0 if no frame is left.

    Neither is the user's: only the trampoline runs with this page table in S-mode.
    """
    root = uvmcreate(kernel)
    if root == 0:
        return 0
    if not mappages(kernel, root, TRAMPOLINE, PAGE_SIZE, kernel.trampoline, Pte.R | Pte.X):
        uvmfree(kernel, root, 0)
        return 0
    # Just below the trampoline: the tables for it are there.
    mappages(kernel, root, TRAPFRAME, PAGE_SIZE, trapframe.pa, Pte.R | Pte.W)
    return root


def proc_freepagetable(kernel: ProcessState, root: int, sz: int) -> None:
    """Free a process's page table and the `sz` bytes of memory it maps."""
    uvmunmap(kernel, root, TRAPFRAME, 2, do_free=False)  # and the trampoline above it
    uvmfree(kernel, root, sz)


def growproc(kernel: ProcessState, proc: Proc, n: int, eager: bool = False) -> bool:
    """Change the size by `n` bytes. False, and nothing changes, if it would leave its bounds.

    What growing takes is the policy's: it may fail for want of frames, at least if they are wanted
    at once, `eager`. Shrinking frees the pages that had got a frame; it fails only if a superpage
    that others have, too, is to stay in part, and there is no frame for the page table of that.
    """
    space = proc.space
    size = space.size + n
    if not 0 <= size <= space.ceiling:
        return False
    if n < 0:
        freed = uvmdealloc(kernel, space.root, space.size, size)
        if freed is None:
            return False
        space.reside(-freed)
    elif n > 0 and not kernel.policy.grow(kernel, space, size, eager):
        return False
    space.resize(size)
    kernel.heap.promised = max(kernel.heap.promised, space.heap_pages)
    return True


def take_account(kernel: ProcessState, proc: Proc) -> None:
    """Bring up to date what the process's account says of its size, name and page table."""
    account = proc.account
    account.name = proc.name
    account.size = proc.space.size
    account.resident = proc.space.most
    account.abi = proc.abi.value
    account.page_tables = count_tables(kernel, proc.space.root)
