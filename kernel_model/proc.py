"""Processes."""

from dataclasses import dataclass
from enum import Enum, auto

from hdl.arch import PAGE_SIZE, Pte, page_round_up
from kernel_model.layout import TRAMPOLINE, TRAPFRAME
from kernel_model.trapframe import SSTATUS_USER, TrapFrame
from kernel_model.vm import mappages, uvmcreate, uvmdealloc, uvmfree, uvmunmap, zalloc

__all__ = [
    "Proc",
    "ProcState",
    "allocproc",
    "freeproc",
    "growproc",
    "kexit",
    "proc_freepagetable",
    "proc_pagetable",
    "yield_",
]


class ProcState(Enum):
    """What a process is about: waiting for its turn, on the hart, or dead."""

    RUNNABLE = auto()
    RUNNING = auto()
    #: It has exited; `Proc.xstate` is its status.
    ZOMBIE = auto()


@dataclass(slots=True)
class Proc:
    """A process."""

    pid: int
    trapframe: TrapFrame
    #: Physical address of its page table's root.
    pagetable: int
    name: str = ""
    #: Size in bytes: the addresses below it are the process's, touched or not.
    sz: int = 0
    #: The size that `exec` gave it; the heap is what lies above.
    heap_base: int = 0
    state: ProcState = ProcState.RUNNABLE
    #: It is to exit with status -1 before it runs again.
    killed: bool = False
    #: Status of its `exit`.
    xstate: int = 0


def allocproc(kernel) -> Proc | None:
    """A process without a program; None if no frame is left."""
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
    return Proc(kernel.allocpid(), trapframe, pagetable)


def freeproc(kernel, proc: Proc) -> None:
    """Free all that a process has."""
    proc_freepagetable(kernel, proc.pagetable, proc.sz)
    kernel.kmem.kfree(proc.trapframe.pa)


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
    if not mappages(kernel, root, TRAPFRAME, PAGE_SIZE, trapframe.pa, Pte.R | Pte.W):
        uvmunmap(kernel, root, TRAMPOLINE, 1, do_free=False)
        uvmfree(kernel, root, 0)
        return 0
    return root


def proc_freepagetable(kernel, root: int, sz: int) -> None:
    """Free a process's page table and the `sz` bytes of memory it maps."""
    uvmunmap(kernel, root, TRAMPOLINE, 1, do_free=False)
    uvmunmap(kernel, root, TRAPFRAME, 1, do_free=False)
    uvmfree(kernel, root, sz)


def growproc(kernel, proc: Proc, n: int) -> bool:
    """Change the size by `n` bytes. False, and nothing changes, if it would leave its bounds.

    Growing only promises pages; shrinking frees those that had got a frame.
    """
    sz = proc.sz + n
    if not 0 <= sz <= TRAPFRAME:
        return False
    if n < 0:
        uvmdealloc(kernel, proc.pagetable, proc.sz, sz)
    proc.sz = sz
    promised = (page_round_up(sz) - proc.heap_base) // PAGE_SIZE
    kernel.pages_promised = max(kernel.pages_promised, promised)
    return True


def kexit(proc: Proc, status: int) -> None:
    """End the process; the scheduler frees what it has."""
    proc.state = ProcState.ZOMBIE
    proc.xstate = status


def yield_(proc: Proc) -> None:
    """The quantum is over: the process waits for its next turn."""
    proc.state = ProcState.RUNNABLE
