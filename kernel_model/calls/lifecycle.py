"""How a process comes into being by `fork`, ends, and is waited for.

`init`, the process with pid 1, is not a program here: the kernel does its work. It is the parent of
the first program and of every process whose parent has ended, and frees those that have ended.
"""

from kernel_model.facts.panic import KernelPanic
from kernel_model.fs.file import fileclose, filedup
from kernel_model.fs.inode import idup, iput
from kernel_model.mm.usercopy import copyout
from kernel_model.mm.vm import uvmcopy
from kernel_model.proc.proc import Proc, ProcState, addproc, allocproc, freeproc, reside
from kernel_model.proc.sleep import sleep, wakeup
from kernel_model.proc.trapframe import copy_trapframe

__all__ = ["kexit", "kfork", "kkill", "kwait", "makeinit", "reap"]


def makeinit(kernel) -> Proc:
    """The process with pid 1: without memory, asleep as in `wait`."""
    init = Proc(None, 0, name="init", state=ProcState.SLEEPING)
    addproc(kernel, init, None)
    init.account.name = init.name
    init.chan = init
    return init


def reap(kernel) -> None:
    """Init's turn: free what has ended. The first program is left to the caller."""
    kernel.init.state = ProcState.SLEEPING
    kernel.init.chan = kernel.init
    for proc in list(kernel.procs):
        ended = proc.state is ProcState.ZOMBIE and proc.parent is kernel.init
        if ended and proc is not kernel.first:
            freeproc(kernel, proc)


def kfork(kernel, parent: Proc) -> int:
    """Make a copy of the process; its pid, or -1 if it cannot be, and then nothing has changed."""
    child = allocproc(kernel)
    if child is None:
        return -1
    pages = uvmcopy(kernel, parent.pagetable, child.pagetable, parent.sz)
    if pages is None:
        freeproc(kernel, child)
        return -1
    child.sz, child.regions = parent.sz, parent.regions
    reside(child, pages)
    copy_trapframe(parent.trapframe, child.trapframe)
    child.trapframe.a0 = 0
    child.ofile = [filedup(file) if file else None for file in parent.ofile]
    child.cwd = idup(parent.cwd)
    child.name = parent.name
    child.abi = parent.abi
    addproc(kernel, child, parent)
    return child.pid


def kexit(kernel, proc: Proc, status: int) -> None:
    """End the process. Its memory stays until its parent waits for it."""
    if proc is kernel.init:
        raise KernelPanic("kexit: init exiting")
    for fd, file in enumerate(proc.ofile):
        if file:
            proc.ofile[fd] = None
            fileclose(kernel, file)
    iput(kernel, proc.cwd)
    proc.cwd = None
    _reparent(kernel, proc)
    proc.state = ProcState.ZOMBIE
    proc.chan = None
    proc.xstate = proc.account.exit_status = status
    wakeup(kernel, proc.parent)
    kernel.tell("exited", proc, kernel.now)


def _reparent(kernel, proc):
    """Give the children of `proc` to init."""
    for child in kernel.procs:
        if child.parent is proc:
            child.parent = kernel.init
            wakeup(kernel, kernel.init)


def kwait(kernel, proc: Proc, addr: int) -> int:
    """Wait for a child to end, and free it; its pid.

    Its status is stored at `addr` unless that is 0. -1 if there is no child, or if the status
    cannot be stored; then the child is still there to be waited for.
    """
    children = [child for child in kernel.procs if child.parent is proc]
    for child in children:
        if child.state is ProcState.ZOMBIE:
            status = (child.xstate & 0xFFFF_FFFF).to_bytes(4, "little")
            if addr and not copyout(kernel, proc, addr, status):
                return -1
            freeproc(kernel, child)
            return child.pid
    if children and not proc.killed:
        sleep(kernel, proc, proc)
    return -1


def kkill(kernel, pid: int) -> int:
    """Let the process exit with status -1 when it has its turn; wakes it. -1 if there is none.

    Init cannot be killed.
    """
    for proc in kernel.procs:
        if proc.pid == pid and proc is not kernel.init:
            proc.killed = True
            if proc.state is ProcState.SLEEPING:
                proc.state = ProcState.RUNNABLE
                proc.chan = None
            return 0
    return -1
