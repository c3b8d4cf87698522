"""How a process comes into being by `fork`, ends, and is waited for.

`init`, the process with pid 1, is not a program here: the kernel does its work. It is the parent of
the first program and of every process whose parent has ended, and frees those that have ended.
"""

from kernel_model.calls.state import KernelState
from kernel_model.facts.costs import Step
from kernel_model.facts.panic import KernelPanic
from kernel_model.fs.file import fileclose, filedup
from kernel_model.fs.inode import idup, iput
from kernel_model.fs.log import end_op
from kernel_model.fs.mapped import dropareas
from kernel_model.mm.areas import retain_backings
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.usercopy import copyout
from kernel_model.proc.proc import addproc, allocproc, freeproc
from kernel_model.proc.sleep import sleep, wakeup
from kernel_model.proc.state import Proc, ProcState
from kernel_model.proc.trapframe import TrapFrame, copy_trapframe

__all__ = ["kexit", "kfork", "kkill", "kwait", "makeinit", "reap"]


def makeinit(kernel: KernelState) -> Proc:
    """The process with pid 1: without memory, asleep as in `wait`."""
    init = Proc(TrapFrame(kernel.memory, 0), AddressSpace(0), name="init", state=ProcState.SLEEPING)
    addproc(kernel, init, None)
    init.account.name = init.name
    init.chan = init
    return init


def reap(kernel: KernelState) -> None:
    """Init's turn: free what has ended. The first program is left to the caller."""
    kernel.procs.init.state = ProcState.SLEEPING
    kernel.procs.init.chan = kernel.procs.init
    for proc in list(kernel.procs):
        ended = proc.state is ProcState.ZOMBIE and proc.parent is kernel.procs.init
        if ended and proc is not kernel.first:
            freeproc(kernel, proc)


def kfork(kernel: KernelState, parent: Proc) -> int:
    """Make a copy of the process; its pid, or -1 if it cannot be, and then nothing has changed."""
    kernel.charge(Step.FORK)
    child = allocproc(kernel)
    if child is None:
        return -1
    if not kernel.policy.fork(kernel, parent.space, child.space):
        freeproc(kernel, child)
        return -1
    retain_backings(kernel, child.space)
    copy_trapframe(parent.trapframe, child.trapframe)
    child.trapframe.a0 = 0
    child.ofile = [filedup(file) if file else None for file in parent.ofile]
    child.cwd = idup(parent.cwd) if parent.cwd else None
    child.name = parent.name
    child.abi = parent.abi
    addproc(kernel, child, parent)
    return child.pid


def kexit(kernel: KernelState, proc: Proc, status: int) -> None:
    """End the process. Its memory, but for areas, stays until its parent waits for it."""
    if proc is kernel.procs.init:
        raise KernelPanic("kexit: init exiting")
    kernel.charge(Step.EXIT)
    dropareas(kernel, proc.space)
    for fd, file in enumerate(proc.ofile):
        if file:
            proc.ofile[fd] = None
            fileclose(kernel, file)
    if proc.cwd:
        iput(kernel, proc.cwd)
        end_op(kernel)
    proc.cwd = None
    _reparent(kernel, proc)
    proc.state = ProcState.ZOMBIE
    proc.chan = None
    proc.xstate = proc.account.exit_status = status
    wakeup(kernel, proc.parent)
    for watcher in kernel.watchers:
        watcher.exited(proc, kernel.clock.now)


def _reparent(kernel: KernelState, proc: Proc) -> None:
    """Give the children of `proc` to init."""
    for child in kernel.procs:
        if child.parent is proc:
            child.parent = kernel.procs.init
            wakeup(kernel, kernel.procs.init)


def kwait(kernel: KernelState, proc: Proc, addr: int) -> int:
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


def kkill(kernel: KernelState, pid: int) -> int:
    """Let the process exit with status -1 when it has its turn; wakes it. -1 if there is none.

    Init cannot be killed.
    """
    for proc in kernel.procs:
        if proc.pid == pid and proc is not kernel.procs.init:
            proc.killed = True
            if proc.state is ProcState.SLEEPING:
                proc.state = ProcState.RUNNABLE
                proc.chan = None
            return 0
    return -1
