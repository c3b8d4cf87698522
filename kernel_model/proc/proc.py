"""Processes: what they are, and how they get and lose their memory."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from hdl.arch import PAGE_SIZE, Pte, page_round_up
from kernel_model.facts.abi import Abi
from kernel_model.facts.accounts import Account
from kernel_model.facts.memlayout import TRAMPOLINE, TRAPFRAME
from kernel_model.facts.param import NOFILE, NPROC
from kernel_model.mm.pagetable import count_tables, mappages, uvmunmap, zalloc
from kernel_model.mm.regions import Owner, Regions
from kernel_model.mm.vm import uvmalloc, uvmcreate, uvmdealloc, uvmfree
from kernel_model.proc.trapframe import SSTATUS_USER, TrapFrame

__all__ = [
    "Proc",
    "ProcState",
    "addproc",
    "allocproc",
    "freeproc",
    "growproc",
    "reside",
    "take_account",
    "proc_freepagetable",
    "proc_pagetable",
]


class ProcState(Enum):
    """What a process is about; the values are xv6's words for it."""

    RUNNABLE = "runble"
    RUNNING = "run"
    #: It waits for `Proc.chan`.
    SLEEPING = "sleep"
    #: It has exited; `Proc.xstate` is its status.
    ZOMBIE = "zombie"


@dataclass(slots=True, eq=False)
class Proc:
    """A process.

    One that `allocproc` has just made has no pid, and is in no table: `addproc` does that.
    """

    #: None, and no page table, for init alone: it has no user memory.
    trapframe: TrapFrame | None
    #: Physical address of its page table's root.
    pagetable: int
    pid: int = 0
    name: str = ""
    #: Size in bytes: the addresses below it are the process's, touched or not.
    sz: int = 0
    #: Whose its pages are, touched or not; they end with the page of the size.
    regions: Regions = field(default_factory=Regions)
    #: Whose `sbrk` its program calls.
    abi: Abi = Abi.LAB
    #: Pages in memory that are the process's own, the guard page included.
    resident: int = 0
    state: ProcState = ProcState.RUNNABLE
    #: What it waits for if it sleeps.
    chan: Hashable = None
    #: Who gets its status.
    parent: "Proc | None" = None
    #: It is to exit with status -1 before it runs again.
    killed: bool = False
    #: Status of its `exit`.
    xstate: int = 0
    #: A system call has begun and not ended: it begins again with the process's next turn.
    in_syscall: bool = False
    #: What that call has done so far, in a unit of its own; 0 when it starts.
    done: int = 0
    #: Open files by descriptor (`file.File`), and the working directory (`inode.Inode`).
    ofile: list[Any] = field(default_factory=lambda: [None] * NOFILE)
    cwd: Any = None
    account: Account = field(default_factory=lambda: Account(0))


def allocproc(kernel) -> Proc | None:
    """A process without a program, a pid and a parent; None if no frame or place is left."""
    if len(kernel.procs) >= NPROC:
        return None
    frame = zalloc(kernel)
    if frame == 0:
        return None
    trapframe = TrapFrame(kernel.memory, frame)
    pagetable = proc_pagetable(kernel, trapframe)
    if pagetable == 0:
        kernel.kmem.kfree(frame)
        return None
    trapframe.kernel_satp = kernel.satp
    trapframe.sstatus = SSTATUS_USER
    return Proc(trapframe, pagetable, abi=kernel.abi or Abi.LAB)


def addproc(kernel, proc: Proc, parent: Proc | None) -> None:
    """Give the process a pid that was never used, and its place in the table."""
    proc.pid = kernel.allocpid()
    proc.parent = parent
    proc.account.pid = proc.pid
    kernel.procs.append(proc)
    kernel.accounts.append(proc.account)


def freeproc(kernel, proc: Proc) -> None:
    """Free a process's memory and its place; its files are closed already."""
    take_account(kernel, proc)
    proc_freepagetable(kernel, proc.pagetable, proc.sz)
    kernel.kmem.kfree(proc.trapframe.pa)
    if proc in kernel.procs:
        kernel.procs.remove(proc)


def proc_pagetable(kernel, trapframe: TrapFrame) -> int:
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


def proc_freepagetable(kernel, root: int, sz: int) -> None:
    """Free a process's page table and the `sz` bytes of memory it maps."""
    uvmunmap(kernel, root, TRAPFRAME, 2, do_free=False)  # and the trampoline above it
    uvmfree(kernel, root, sz)


def growproc(kernel, proc: Proc, n: int, eager: bool = False) -> bool:
    """Change the size by `n` bytes. False, and nothing changes, if it would leave its bounds.

    Growing only promises pages, unless `eager`: then they get their frames now, or it is False.
    Shrinking frees those that had got a frame.
    """
    sz = proc.sz + n
    if not 0 <= sz <= TRAPFRAME:
        return False
    if n < 0:
        reside(proc, -uvmdealloc(kernel, proc.pagetable, proc.sz, sz))
    elif eager and n > 0:
        if uvmalloc(kernel, proc.pagetable, proc.sz, sz, Pte.R | Pte.W | Pte.U) == 0:
            return False
        reside(proc, (page_round_up(sz) - page_round_up(proc.sz)) // PAGE_SIZE)
    proc.sz = sz
    proc.regions = proc.regions.resized(sz)
    kernel.pages_promised = max(kernel.pages_promised, proc.regions.pages(Owner.HEAP))
    return True


def reside(proc: Proc, pages: int) -> None:
    """Note that the process has got so many pages, or given them back."""
    proc.resident += pages
    proc.account.resident = max(proc.account.resident, proc.resident)


def take_account(kernel, proc: Proc) -> None:
    """Bring up to date what the process's account says of its size, name and page table."""
    account = proc.account
    account.name = proc.name
    account.size = proc.sz
    account.abi = proc.abi.value
    account.page_tables = count_tables(kernel, proc.pagetable)
